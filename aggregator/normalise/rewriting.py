"""Tags that the cleaner would drop, put in a form that it keeps. Pure."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from itertools import takewhile

from aggregator.normalise.media import ReadableImage, player_link, readable_image
from aggregator.normalise.tags import HtmlTag, html_tags

_BLOCKS = "address article aside center details fieldset footer header hgroup main nav search section summary"
_RENAMED = {
    **dict.fromkeys(_BLOCKS.split(), "div"),
    "acronym": "abbr",
    "dir": "ul",
    "listing": "pre",
    "menu": "ul",
    "strike": "s",
    "tt": "code",
}
_PLAYERS = frozenset({"iframe", "video", "audio", "object", "embed"})
_MAX_SOURCES = 10  # of a picture; each of its images looks at all
_NAMES = frozenset({"img", "picture", "source", "noscript", "param", *_PLAYERS, *_RENAMED})
_ANY_NAME = re.compile(rf"<(?:{'|'.join(sorted(_NAMES))})\b", re.IGNORECASE)


def rewritten(source: str, base: str | None) -> str:
    """Return `source` with late images, players and newer block tags as the tags that the cleaner knows.

    URLs of images and players are joined to `base`.
    """
    return _Rewriting(source, base).result() if _ANY_NAME.search(source) else source


class _Rewriting:
    """Rewrites a text in one pass over its tags."""

    def __init__(self, source: str, base: str | None) -> None:
        self._source = source
        self._base = base
        self._tags = [*html_tags(source, _NAMES)]
        self._ends: defaultdict[str, list[int]] = defaultdict(list)  # indices of end tags, by name
        for index, tag in enumerate(self._tags):
            if tag.ends:
                self._ends[tag.name].append(index)
        self._written: list[str] = []
        self._position = 0  # of the source, up to where it is written
        self._pictures: list[Mapping[str, str]] = []  # attributes of the sources of the picture around
        self._image: ReadableImage | None = None  # the last one
        self._image_at = 0  # its index in `written`

    def result(self) -> str:
        for index, tag in enumerate(self._tags):
            if tag.start >= self._position:
                self._rewrite(index, tag)
        return "".join(self._written) + self._source[self._position :]

    def _rewrite(self, index: int, tag: HtmlTag) -> None:
        name = tag.name
        if name in _RENAMED:
            self._replace(tag, f"<{'/' * tag.ends}{_RENAMED[name]}>")
        elif name == "noscript":
            self._rewrite_noscript(index, tag)
        elif name == "picture":
            self._pictures = []
        elif tag.ends:
            return
        elif name == "img":
            self._rewrite_image(tag)
        elif name == "source":
            self._pictures = [*self._pictures[:_MAX_SOURCES], tag.attributes]
        elif name in _PLAYERS:
            self._rewrite_player(index, tag)

    def _replace(self, tag: HtmlTag, html: str, end: int | None = None) -> None:
        self._written += [self._source[self._position : tag.start], html]
        self._position = tag.end if end is None else end

    def _end_of(self, index: int, name: str) -> int:
        """Return the index of the next end tag of `name` behind the tag at `index`, or `index` if there is none."""
        ends = self._ends[name]
        place = bisect_left(ends, index)
        return ends[place] if place < len(ends) else index

    def _rewrite_image(self, tag: HtmlTag) -> None:
        image = self._image = readable_image(tag.attributes, self._base, self._pictures)
        html = image.html if image else ""
        if image and image.late and not image.url:  # its alternative text, which is a word of its own
            html = f"{' ' * self._source[tag.start - 1 : tag.start].isalnum()}{html}"
            html = f"{html}{' ' * self._source[tag.end : tag.end + 1].isalnum()}"
        self._replace(tag, html)
        self._image_at = len(self._written) - 1

    def _rewrite_noscript(self, index: int, tag: HtmlTag) -> None:
        """Keep an image in it, which a script would put in place of the one before it, and drop any other text."""
        following = (self._tags[at] for at in range(index + 1, len(self._tags)))
        inside = takewhile(lambda inner: inner.name != "noscript", following)
        first = next((inner for inner in inside if inner.name == "img"), None)
        if tag.ends or first:
            if first and not tag.ends and self._replaces_image(tag, first):
                self._written[self._image_at] = ""
            self._replace(tag, "")
        else:
            self._replace(tag, "", self._tags[self._end_of(index, "noscript")].end)

    def _replaces_image(self, noscript: HtmlTag, inside: HtmlTag) -> bool:
        """Return True if the image just before `noscript` waits for a script, or is the same as the one `inside`."""
        between = "".join(self._written[self._image_at + 1 :]) + self._source[self._position : noscript.start]
        if self._image is None or between.strip():
            return False
        image = readable_image(inside.attributes, self._base)
        return image is not None and (self._image.late or self._image.url == image.url)

    def _rewrite_player(self, index: int, tag: HtmlTag) -> None:
        alone = tag.name == "embed" or tag.attributes_text.endswith("/")  # XHTML's <iframe/> holds nothing
        end = index if alone else self._end_of(index, tag.name)
        inside = (inner for inner in self._tags[index + 1 : end] if inner.name in {"source", "embed", "param"})
        self._replace(tag, player_link(tag, inside, self._base), self._tags[end].end)
