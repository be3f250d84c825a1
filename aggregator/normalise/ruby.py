"""Ruby with the `rb` and `rtc` of XHTML and HTML 5.0, written as browsers show it: each base before its reading. Pure.

The cleaner knows neither: readings would stand behind all bases, and those of an `rtc` among the text.
"""

from itertools import zip_longest

from aggregator.normalise.tags import HtmlTag, html_tags

_OLDER = frozenset({"rb", "rtc"})
_NAMES = _OLDER | {"ruby", "rbc", "rt", "rp"}


def may_have_older_ruby(source: str) -> bool:
    """Return True if `source` may hold ruby of an older form: a cheap test."""
    return "<rb" in source or "<rtc" in source


def with_present_ruby(source: str) -> str:
    """Return `source` with each ruby of an older form written anew; one within another stays as it is."""
    written: list[str] = []
    position = start = depth = 0
    parts: list[HtmlTag] = []  # tags in the outermost ruby
    for tag in html_tags(source, _NAMES):
        if tag.name != "ruby":
            parts += [tag] * (depth == 1)
        elif not tag.ends:
            depth += 1
            if depth == 1:
                start, parts = tag.end, []
        elif depth:
            depth -= 1
            if not depth and any(part.name in _OLDER for part in parts):
                written += [source[position:start], _written(source, start, tag.start, parts)]
                position = tag.start
    return "".join(written) + source[position:]


class _Group:
    """Bases, and the rows of readings that belong to them."""

    def __init__(self) -> None:
        self.bases: list[str] = []
        self.rows: list[list[str]] = []

    def html(self) -> str:
        first, *others = self.rows or [[]]
        if len(first) < len(self.bases):
            html = "".join(self.bases).strip() + "".join(map(_reading, first))
        else:
            html = "".join(base.strip() + _reading(text) for base, text in zip_longest(self.bases, first, fillvalue=""))
        for row in others:
            html = f"<ruby>{html}</ruby>{_reading(' '.join(row))}"
        return html


def _written(source: str, start: int, end: int, parts: list[HtmlTag]) -> str:
    """Return the content of a ruby from `start` to `end` of `source`, whose tags are `parts`."""
    groups = [_Group()]
    in_row = False
    for tag, following in zip([None, *parts], [*parts, None], strict=True):
        text = source[tag.end if tag else start : following.start if following else end]
        opened = tag.name if tag and not tag.ends else ""
        if opened in _OLDER or (tag and tag.name == "rtc"):
            in_row = opened == "rtc"
        if opened != "rp":
            _add(groups, opened, text, in_row=in_row)
    return "".join(group.html() for group in groups)


def _add(groups: list[_Group], opened: str, text: str, *, in_row: bool) -> None:
    """Add `text`, which follows the start tag of `opened`, or another tag if that is "", to the last of `groups`."""
    bases, rows = groups[-1].bases, groups[-1].rows
    if opened == "rtc" or (opened == "rt" and not rows):
        rows.append([])
    if opened == "rt" or (in_row and text.strip()):
        rows[-1].append(text.strip())
    elif opened == "rb" or text.strip():
        if rows:
            groups.append(_Group())
        groups[-1].bases.append(text)
    elif bases and not rows:
        bases[-1] += text


def _reading(text: str) -> str:
    return f"<rp>(</rp><rt>{text}</rt><rp>)</rp>" if text else ""
