"""Tags that the cleaner would drop, put in a form that it keeps; URLs made absolute. Pure."""

import re
from bisect import bisect_left
from collections import defaultdict
from itertools import takewhile

from aggregator.normalise.media import Image, best_candidate, image, player_link
from aggregator.normalise.tags import Tag, tags

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
_NAMES = frozenset({"img", "picture", "source", "noscript", "param", *_PLAYERS, *_RENAMED})
_ANY_NAME = re.compile(rf"<(?:{'|'.join(sorted(_NAMES))})\b", re.IGNORECASE)


def rewritten(source: str, base: str | None) -> str:
    """`source` with late images, players and newer block tags as tags of old, URLs joined to `base`."""
    return _Rewriting(source, base).result() if _ANY_NAME.search(source) else source


class _Rewriting:
    """One pass over the tags of a text."""

    def __init__(self, source: str, base: str | None) -> None:
        self._source = source
        self._base = base
        self._tags = [*tags(source, _NAMES)]
        self._ends: defaultdict[str, list[int]] = defaultdict(list)  # indices of end tags, by name
        for index, tag in enumerate(self._tags):
            if tag.ends:
                self._ends[tag.name].append(index)
        self._written: list[str] = []
        self._position = 0  # of the source, up to where it is written
        self._candidate = ""  # of the picture around
        self._image: Image | None = None  # the last one
        self._image_at = 0  # its index in `written`

    def result(self) -> str:
        for index, tag in enumerate(self._tags):
            if tag.start >= self._position:
                self._take(index, tag)
        return "".join(self._written) + self._source[self._position :]

    def _take(self, index: int, tag: Tag) -> None:
        name = tag.name
        if name in _RENAMED:
            self._replace(tag, f"<{'/' * tag.ends}{_RENAMED[name]}>")
        elif name == "noscript":
            self._take_noscript(index, tag)
        elif name == "picture":
            self._candidate = ""
        elif tag.ends:
            return
        elif name == "img":
            self._take_image(tag)
        elif name == "source":
            self._candidate = self._candidate or best_candidate(tag.attributes.get("srcset", ""))
        elif name in _PLAYERS:
            self._take_player(index, tag)

    def _replace(self, tag: Tag, html: str, end: int | None = None) -> None:
        self._written += [self._source[self._position : tag.start], html]
        self._position = tag.end if end is None else end

    def _end_of(self, index: int, name: str) -> int:
        """Index of the next end tag of `name` behind that of `index`; `index` itself where there is none."""
        ends = self._ends[name]
        place = bisect_left(ends, index)
        return ends[place] if place < len(ends) else index

    def _take_image(self, tag: Tag) -> None:
        found = image(tag.attributes, self._base, self._candidate)
        self._replace(tag, found.html if found else "")
        self._image, self._image_at = found, len(self._written) - 1

    def _take_noscript(self, index: int, tag: Tag) -> None:
        """An image in it is the one that a script would have put in place of that before it; other text is a plea."""
        following = (self._tags[at] for at in range(index + 1, len(self._tags)))
        inside = takewhile(lambda part: part.name != "noscript", following)
        first = next((part for part in inside if part.name == "img"), None)
        if tag.ends or first:
            if first and not tag.ends and self._replaces_image(tag, first):
                self._written[self._image_at] = ""
            self._replace(tag, "")
        else:
            self._replace(tag, "", self._tags[self._end_of(index, "noscript")].end)

    def _replaces_image(self, noscript: Tag, inside: Tag) -> bool:
        """Whether the image before `noscript`, with nothing between, is the one `inside`, or waits for a script."""
        between = "".join(self._written[self._image_at + 1 :]) + self._source[self._position : noscript.start]
        if self._image is None or between.strip():
            return False
        found = image(inside.attributes, self._base)
        return found is not None and (self._image.late or self._image.url == found.url)

    def _take_player(self, index: int, tag: Tag) -> None:
        alone = tag.name == "embed" or tag.attributes_text.endswith("/")  # XHTML's <iframe/> holds nothing
        end = index if alone else self._end_of(index, tag.name)
        inside = (part for part in self._tags[index + 1 : end] if part.name in {"source", "embed", "param"})
        self._replace(tag, player_link(tag, inside, self._base), self._tags[end].end)
