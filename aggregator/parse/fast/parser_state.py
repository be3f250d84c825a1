"""State of the fast reader, and the table entries that act on it. Pure."""

from collections.abc import Callable
from typing import NamedTuple

from aggregator.parse.raw import RawFeed, Values

Attributes = dict[str, str]
Begin = Callable[["ParserState", Attributes], None]
Finish = Callable[["ParserState", str], None]  # is given the element's own text, stripped


class Element(NamedTuple):
    """Actions at the start and end of an element, and the elements inside it: None for those supported around it."""

    begin: Begin | None = None
    finish: Finish | None = None
    inside: "Table | None" = None


Table = dict[str, Element]  # by name, as in `namespaces`


class ParserState:
    """The feed as read so far, and what the next element depends on."""

    def __init__(self, base: str, max_entries: int) -> None:
        self.feed = RawFeed()
        self.values: Values = self.feed.values  # of the entry, else of the feed
        self.max_entries = max_entries
        self.base = base  # xml:base in force
        self.depth = 0  # of the element that ended last
        self.pieces: list[str] = []  # text since the last start or end of an element
        self.has_channel = False
        self.has_title = False  # a title that counts was read: those after it do not
        self.media_title_depth = 0
        self.media: Attributes | None = None  # of the media:content that has begun
        self.media_groups = self.media_group = 0  # number of the groups of files, and of the open one
        self.categories_open = 0  # of iTunes' module
        self.has_attributes = False  # the element of a source that began
        self.guid_is_link = False
        self.link_is_open = False  # the last link has its address as text
        self.text_type = self.text_base = ""  # of the text construct that began

    def keep_media_text(self, element: str, text: str) -> None:
        """Store a text of Media RSS with the media:content that has begun, else with the group or the entry."""
        if text and self.media is not None:
            self.media.setdefault(element, text)
        elif text:
            self.feed.entries[-1].add_media_text(self.media_group, element, text)
