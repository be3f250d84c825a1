"""Parts of untrusted HTML that the cleaner would drop, in a form that it keeps; parts that nobody sees, dropped. Pure.

One pass over the tags, in linear time on any text.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from html import escape
from itertools import takewhile

from aggregator.normalise import unseen
from aggregator.normalise.formulas import presentation, tex_text
from aggregator.normalise.media import PLAYER_ELEMENTS, ReadableImage, player_link, readable_image
from aggregator.normalise.ruby import may_have_older_ruby, with_present_ruby
from aggregator.normalise.small_links import end_of_permanent_link, end_of_reference, may_have_small_links
from aggregator.normalise.styles import PLAIN, STYLED, is_plain, may_be_styled, style_tags
from aggregator.normalise.tags import HtmlTag, html_tags

_BLOCKS = """
    address article aside center details dialog fieldset footer header hgroup legend main nav search section summary
"""
RENAMED = {
    **dict.fromkeys(_BLOCKS.split(), "div"),
    "acronym": "abbr",
    "dir": "ul",
    "listing": "pre",
    "menu": "ul",
    "strike": "s",
    "tt": "code",
}
_AMP_IMAGES = frozenset({"amp-img", "amp-anim"})
_FRAMES = frozenset({"iframe", "embed", "amp-iframe"})
_PLAYERS = frozenset({"video", "audio", "object", *PLAYER_ELEMENTS})  # with a fallback inside
_FORMULAS = frozenset({"math", "mml:math", "m:math"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_NAMES = frozenset(
    {"button", "img", "picture", "source", "noscript", "param", "input"}.union(
        _AMP_IMAGES, _FRAMES, _PLAYERS, _FORMULAS, RENAMED
    )
)
_MAX_SOURCES = 10  # of a picture; each of its images looks at all
_TEX_SCRIPT = "math/tex"  # MathJax: <script type="math/tex">
_TEX_NAMES = frozenset({"script"})
_ANY_NAME = re.compile(rf"<(?:{'|'.join(sorted(_NAMES))})\b", re.IGNORECASE)
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
_ROOTS = frozenset({"html", "body", "head"})

_LINK_NAMES = frozenset({*_HEADINGS, "a"})
_STYLED_NAMES = STYLED.union(PLAIN, _HEADINGS)

_ITEM_START = re.compile(r"<li\b[^<>]*>\s*(?:<(?:p|label|span|div)\b[^<>]*>\s*)*", re.IGNORECASE)
_ITEM_REACH = 300  # characters before a checkbox in which its item starts

_TAG = re.compile(r"<[^<>]*>?")
_FALLBACK_REACH = 1000  # characters of a fallback that are looked at
_SOURCES = 8  # tags in a player that are looked at
_APOLOGY = re.compile(r"java ?script|\bbrowser|\bnavigat|\bnavegador|ブラウザ|浏览器|html ?5", re.IGNORECASE)
_SHOWN = re.compile(r"<(?:img|a)\b", re.IGNORECASE)

_PLACEHOLDER = "\ue7a0{0}\ue7a1"  # private use: it passes the cleaner as any letter does
_PLACEHOLDERS = re.compile("\ue7a0([0-9]{1,6})\ue7a1|<[^<>]*>")


class Rewritten:
    """HTML for the cleaner, with placeholders for the formulas that must not pass it."""

    def __init__(self, html: str, formulas: tuple[str, ...] = ()) -> None:
        self.html = html
        self._formulas = formulas

    def with_formulas(self, cleaned: str) -> str:
        """Return `cleaned`, this HTML after the cleaner, with each formula where its placeholder stands in the text."""
        if not self._formulas:
            return cleaned
        waiting = dict(enumerate(self._formulas))  # each once, or a few characters could be a thousand formulas

        def formula(match: re.Match[str]) -> str:
            return waiting.pop(int(match[1]), "") if match[1] else f"<{_PLACEHOLDERS.sub('', match[0][1:-1])}>"

        return _PLACEHOLDERS.sub(formula, cleaned)


def rewritten(source: str, base: str | None) -> Rewritten:
    """Return `source` with late images, players, formulas and newer block tags as text and tags that the cleaner knows.

    URLs of images and players are joined to `base`. What is hidden, numbers of lines and signs of permanent links go.
    """
    if may_have_older_ruby(source):
        source = with_present_ruby(source)
    if unseen.may_be_unseen(source):
        return _Rewriting(source, base, [*html_tags(source, None)], finds_unseen=True).result()
    names = _TEX_NAMES if _TEX_SCRIPT in source else frozenset[str]()
    if may_have_small_links(source):
        names |= _LINK_NAMES
    if may_be_styled(source):
        names |= _STYLED_NAMES
    if not (names or _ANY_NAME.search(source)):
        return Rewritten(source)
    names |= _NAMES
    return _Rewriting(source, base, [*html_tags(source, names)]).result()


class _Rewriting:
    """Rewrites a text in one pass over its tags."""

    def __init__(self, source: str, base: str | None, tags: list[HtmlTag], *, finds_unseen: bool = False) -> None:
        self._source = source
        self._base = base
        self._tags = tags
        self._ends: defaultdict[str, list[int]] = defaultdict(list)  # indices of end tags, by name
        for index, tag in enumerate(tags):
            if tag.ends:
                self._ends[tag.name].append(index)
        self._written: list[str] = []
        self._position = 0  # of the source, up to where it is written
        self._pictures: list[Mapping[str, str]] = []  # attributes of the sources of the picture around
        self._image: ReadableImage | None = None  # the last one
        self._image_at = 0  # its index in `written`
        self._in_heading = False
        self._formulas: list[str] = []
        self._formula_reach = -1  # end of the last formula, with the few tags behind it
        self._finds_unseen = finds_unseen
        self._has_code = "<pre" in source
        self._partners: dict[int, int] | None = None  # indices of start tags and their end tags
        self._ends_written: dict[int, str] = {}  # in place of end tags, by their indices
        self._no_number_at = -1  # a place that is known not to belong to line numbers

    def result(self) -> Rewritten:
        for index, tag in enumerate(self._tags):
            if tag.start >= self._position:
                self._rewrite(index, tag)
        html = "".join(self._written) + self._source[self._position :]
        return Rewritten(html, tuple(self._formulas))

    def _rewrite(self, index: int, tag: HtmlTag) -> None:
        if self._finds_unseen and not tag.ends and unseen.has_hint(tag.attributes_text):
            end = self._unseen_end(index, tag)
            if end is not None:
                self._replace(tag, "", end)
                return
        if tag.name in RENAMED:
            self._replace(tag, f"<{'/' * tag.ends}{RENAMED[tag.name]}>")
        elif tag.name in _HEADINGS:
            self._in_heading = not tag.ends
        elif write := _WRITE.get(tag.name):
            write(self, index, tag)

    def _replace(self, tag: HtmlTag, html: str, end: int | None = None) -> None:
        self._written += [self._source[self._position : tag.start], html]
        self._position = tag.end if end is None else end

    def _end_of(self, index: int, name: str) -> int:
        """Return the index of the next end tag of `name` behind the tag at `index`, or `index` if there is none."""
        ends = self._ends[name]
        place = bisect_left(ends, index)
        return ends[place] if place < len(ends) else index

    def _partner(self, index: int) -> int | None:
        """Return the index of the tag that ends the element whose start tag is at `index`, None if there is none."""
        if self._partners is None:
            self._partners = _partners(self._tags)
        return self._partners.get(index)

    def _fallback(self, start: HtmlTag, end: HtmlTag) -> str:
        return self._source[start.end : min(end.start, start.end + _FALLBACK_REACH)]

    # --------------------------------------------------------------------------------------- what is not to be seen

    def _unseen_end(self, index: int, tag: HtmlTag) -> int | None:
        """Return the end of the element that starts with `tag` if it is not to be seen, else None."""
        attributes = tag.attributes
        if tag.name in _VOID:
            copies = unseen.is_hidden_from_readers(attributes) and tag.start <= self._formula_reach
            return tag.end if copies else None
        partner = None if tag.name in _ROOTS else self._partner(index)
        if partner is None:
            return None
        end = self._tags[partner]
        if unseen.is_hidden(attributes):  # Wikipedia hides its formulas, for the sake of a picture of each
            return None if unseen.precedes_formula(self._source, tag.end) else end.end
        if unseen.is_hidden_from_readers(attributes) and (
            tag.start <= self._formula_reach or unseen.precedes_formula(self._source, end.end)
        ):
            return end.end
        if self._has_code and unseen.is_gutter(attributes) and self._is_numbers(tag.end, end.start):
            return end.end
        return None

    def _is_numbers(self, start: int, end: int) -> bool:
        """Return True if nothing but numbers stands from `start` to `end`."""
        if start <= self._no_number_at < end:
            return False
        numbers_end = unseen.end_of_numbers(self._source, start)
        if numbers_end < end:
            self._no_number_at = numbers_end
        return numbers_end >= end

    def _rewrite_link(self, _: int, tag: HtmlTag) -> None:
        """Drop a link that is nothing but the sign of a heading's permanent link; raise the mark of a footnote."""
        if tag.ends:
            return
        if end := end_of_permanent_link(self._source, tag, in_heading=self._in_heading):
            self._replace(tag, "", end)
        elif end := end_of_reference(self._source, tag):
            self._replace(tag, f"<sup>{self._source[tag.start : end]}</sup>", end)

    # -------------------------------------------------------------------------------------------------- images

    def _rewrite_image(self, _: int, tag: HtmlTag) -> None:
        if tag.ends:
            return
        image = self._image = readable_image(tag.attributes, self._base, self._pictures)
        html = image.html if image else ""
        if image and image.late and not image.url:  # its alternative text, which is a word of its own
            html = f"{' ' * self._source[tag.start - 1 : tag.start].isalnum()}{html}"
            html = f"{html}{' ' * self._source[tag.end : tag.end + 1].isalnum()}"
        self._replace(tag, html)
        self._image_at = len(self._written) - 1

    def _rewrite_amp_image(self, index: int, tag: HtmlTag) -> None:
        """Write it as an image; what is inside is for where it does not show."""
        self._rewrite_image(index, tag)
        partner = None if tag.ends or tag.attributes_text.endswith("/") else self._partner(index)
        if self._image and partner is not None:
            self._position = self._tags[partner].end

    def _rewrite_picture(self, _: int, tag: HtmlTag) -> None:
        self._pictures = []

    def _rewrite_source(self, _: int, tag: HtmlTag) -> None:
        if not tag.ends and len(self._pictures) < _MAX_SOURCES:
            self._pictures.append(tag.attributes)

    def _rewrite_noscript(self, index: int, tag: HtmlTag) -> None:
        """Unwrap it; an image in it, which a script would put in place of the one before it, takes its place."""
        end = self._tags[self._end_of(index, "noscript")]
        following = (self._tags[at] for at in range(index + 1, len(self._tags)))
        inside = takewhile(lambda inner: inner.name != "noscript", following)
        first = next((inner for inner in inside if inner.name == "img"), None)
        if tag.ends or first:
            if first and not tag.ends and self._replaces_image(tag, first):
                self._written[self._image_at] = ""
            self._replace(tag, "")
        else:
            is_apology = _APOLOGY.search(self._fallback(tag, end))
            self._replace(tag, "", end.end if is_apology else None)

    def _replaces_image(self, noscript: HtmlTag, inside: HtmlTag) -> bool:
        """Return True if the image just before `noscript` waits for a script, or is the same as the one `inside`."""
        between = "".join(self._written[self._image_at + 1 :]) + self._source[self._position : noscript.start]
        if self._image is None or between.strip():
            return False
        image = readable_image(inside.attributes, self._base)
        return image is not None and (self._image.late or self._image.url == image.url)

    # -------------------------------------------------------------------------------------------------- players

    def _rewrite_frame(self, index: int, tag: HtmlTag) -> None:
        if tag.ends:
            return
        alone = tag.name == "embed" or tag.attributes_text.endswith("/")  # XHTML's <iframe/> holds nothing
        end = index if alone else self._end_of(index, tag.name)
        # WordPress puts a quotation before such a frame, and a script shows one of the two.
        has_fallback = "wp-embedded-content" in tag.attributes.get("class", "")
        self._replace(tag, "" if has_fallback else player_link(tag, (), self._base), self._tags[end].end)

    def _rewrite_player(self, index: int, tag: HtmlTag) -> None:
        """Write a link to what is played, and unwrap the fallback if that says more than that nothing can be played."""
        if tag.ends:
            self._replace(tag, "")
            return
        end_index = index if tag.attributes_text.endswith("/") else self._partner(index) or index
        end = self._tags[end_index]
        inside = self._tags[index + 1 : min(end_index, index + 1 + _SOURCES)]
        fallback = self._fallback(tag, end)
        shows = not _APOLOGY.search(fallback) and bool(_TAG.sub("", fallback).strip() or _SHOWN.search(fallback))
        link = player_link(tag, inside, self._base, any_host=not shows)
        if tag.name == "object":
            self._replace(tag, link, None if shows and not link else end.end)
        else:
            self._replace(tag, "" if shows and "href" in fallback else link, None if shows else end.end)

    # -------------------------------------------------------------------------------------------------- text

    def _rewrite_checkbox(self, _: int, tag: HtmlTag) -> None:
        """Write the checkbox that an item of a list starts with as a character."""
        attributes = tag.attributes
        if attributes.get("type", "").strip().lower() != "checkbox":
            return
        start = self._source.rfind("<li", max(0, tag.start - _ITEM_REACH), tag.start)
        starts_item = start >= 0 and _ITEM_START.fullmatch(self._source, start, tag.start)
        if starts_item or "task-list" in attributes.get("class", ""):
            gap = "" if self._source[tag.end : tag.end + 1].isspace() else " "
            self._replace(tag, ("☑" if "checked" in attributes else "☐") + gap)

    def _rewrite_styled(self, index: int, tag: HtmlTag) -> None:
        """Write tags that mean what the style does, but no bold in a heading: it is bold."""
        if tag.ends:
            self._rewrite_end(index, tag)
            return
        names = [name for name in style_tags(tag.attributes) if name != "b" or not self._in_heading]
        if names and (partner := self._partner(index)) is not None:
            self._replace(tag, "".join(f"<{name}>" for name in names))
            self._ends_written[partner] = "".join(f"</{name}>" for name in reversed(names))

    def _rewrite_plain(self, index: int, tag: HtmlTag) -> None:
        """Leave out the tags of an element whose style takes its meaning."""
        if tag.ends:
            self._rewrite_end(index, tag)
        elif is_plain(tag.name, tag.attributes) and (partner := self._partner(index)) is not None:
            self._replace(tag, "")
            self._ends_written[partner] = ""

    def _rewrite_end(self, index: int, tag: HtmlTag) -> None:
        if index in self._ends_written:
            self._replace(tag, self._ends_written[index])

    def _rewrite_button(self, index: int, tag: HtmlTag) -> None:
        if not tag.ends and (partner := self._partner(index)) is not None:
            end = self._tags[partner]
            if unseen.copies_code(tag.attributes, _TAG.sub("", self._fallback(tag, end))):
                self._replace(tag, "", end.end)

    def _rewrite_formula(self, index: int, tag: HtmlTag) -> None:
        end = self._tags[self._end_of(index, tag.name)]
        if tag.ends or end is tag:
            self._replace(tag, "")  # or the cleaner drops all that follows
            return
        formula = presentation(tag, self._source[tag.end : end.start])
        self._replace(tag, _PLACEHOLDER.format(len(self._formulas)) if formula else "", end.end)
        self._formulas.append(formula)
        self._formula_reach = unseen.end_of_tags(self._source, end.end)

    def _rewrite_script(self, index: int, tag: HtmlTag) -> None:
        """Write the TeX that a script is to draw, unless its formula stands just before it."""
        end = self._tags[self._end_of(index, "script")]
        if tag.ends or end is tag or not tag.attributes.get("type", "").lower().startswith(_TEX_SCRIPT):
            return
        tex = tex_text(self._source[tag.end : end.start]) if tag.start > self._formula_reach else ""
        self._replace(tag, escape(f"${tex}$") if tex else "", end.end)


_WRITE = {
    **dict.fromkeys(_AMP_IMAGES, _Rewriting._rewrite_amp_image),
    **dict.fromkeys(_FRAMES, _Rewriting._rewrite_frame),
    **dict.fromkeys(_PLAYERS, _Rewriting._rewrite_player),
    **dict.fromkeys(STYLED, _Rewriting._rewrite_styled),
    **dict.fromkeys(PLAIN, _Rewriting._rewrite_plain),
    **dict.fromkeys(_FORMULAS, _Rewriting._rewrite_formula),
    "a": _Rewriting._rewrite_link,
    "button": _Rewriting._rewrite_button,
    "img": _Rewriting._rewrite_image,
    "input": _Rewriting._rewrite_checkbox,
    "noscript": _Rewriting._rewrite_noscript,
    "picture": _Rewriting._rewrite_picture,
    "script": _Rewriting._rewrite_script,
    "source": _Rewriting._rewrite_source,
}


def _partners(tags: list[HtmlTag]) -> dict[int, int]:
    """Return the index of the end tag for that of each start tag of `tags` that has one."""
    partners: dict[int, int] = {}
    waiting: defaultdict[str, list[int]] = defaultdict(list)
    for index, tag in enumerate(tags):
        if tag.ends and waiting[tag.name]:
            partners[waiting[tag.name].pop()] = index
        elif not tag.ends:
            if tag.name == "p":  # a paragraph ends where the next one starts
                waiting["p"].clear()
            waiting[tag.name].append(index)
    return partners
