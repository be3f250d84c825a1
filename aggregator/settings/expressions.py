"""Regular expressions in RE2's syntax, which match in a time linear in the text, whatever the expression. Pure.

This is the only importer of `re2`.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

_REFERENCE = re.compile(r"\\(.?)", re.DOTALL)


class TextMatch(NamedTuple):
    """A match in a text: where it is, and what its groups matched, `groups[0]` all of it."""

    start: int
    end: int
    groups: tuple[str, ...]  # "" for a group that took no part


class Expression:
    """A compiled expression. Raises ValueError with RE2's reason if it refuses the text."""

    def __init__(self, text: str, *, ignore_case: bool) -> None:
        import re2  # 50 ms and 5 MB, which only rules need

        options = re2.Options()
        options.case_sensitive = not ignore_case
        options.log_errors = False
        try:
            self._compiled = re2.compile(text, options)
        except re2.error as error:
            reason = error.args[0]
            raise ValueError(reason.decode(errors="replace") if isinstance(reason, bytes) else reason) from None
        self.groups: int = self._compiled.groups

    def found_in(self, text: str) -> bool:
        """Return True if the expression matches anywhere in `text`."""
        return self._compiled.search(text.encode(errors="replace")) is not None

    def matches(self, text: str) -> Iterator[TextMatch]:
        """Yield the matches in `text` from left to right, without overlaps."""
        last = (-1, -1)
        is_ascii = text.isascii()  # then positions in bytes are those in characters, at a third of the time
        for match in self._compiled.finditer(text.encode() if is_ascii else _encodable(text)):
            if match.span() != last:  # `$` is given twice
                start, end = last = match.span()
                groups = (match.group(), *match.groups())
                yield TextMatch(
                    start, end, tuple(map(_decoded, groups) if is_ascii else (part or "" for part in groups))
                )


@lru_cache(maxsize=10_000)
def compiled(text: str, *, ignore_case: bool = True) -> Expression:
    """Return the compiled expression. Raises ValueError with RE2's reason if it refuses the text."""
    return Expression(text, ignore_case=ignore_case)


def expanded(template: str, match: TextMatch) -> str:
    r"""Return `template` with `\0` to `\9` replaced by the match's groups, and `\\` by a backslash."""

    def value(reference: re.Match[str]) -> str:
        return match.groups[int(reference[1])] if reference[1].isdecimal() else reference[1]

    return _REFERENCE.sub(value, template)


def template_fault(template: str, groups: int) -> str | None:
    r"""Return what is wrong with a template for matches with so many groups, None if it is valid."""
    for reference in _REFERENCE.finditer(template):
        name = reference[1]
        if name == "\\":
            continue
        if not (name.isascii() and name.isdecimal()):
            return r"has a backslash before something else than a digit or a backslash; write \\ for a backslash"
        if int(name) > groups:
            return f"refers to group {name}, but `find` has {groups or 'none'}; put parentheses around that part of it"
    return None


def _encodable(text: str) -> str:
    """Return `text` without lone surrogates, which a JSON Feed can hold and UTF-8 cannot; its length stays."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def _decoded(group: bytes | None) -> str:
    return group.decode() if group else ""
