"""What the reader of a listed document knows where an element begins or ends, and what an element does then. Pure."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from aggregator.parse.raw import Extra, Values

Attributes = dict[str, str]
Begin = Callable[["State", Attributes], None]
Finish = Callable[["State", str], None]


class Element(NamedTuple):
    """What an element does at its start and at its end, and what may stand in it: None for what may stand around it."""

    begin: Begin | None = None
    finish: Finish | None = None  # is given its own text, stripped
    inside: "Table | None" = None


Table = dict[str, Element]


class State(Protocol):
    """How far the document has been read."""

    version: str
    base: str
    feeddata: Values
    entries: list[Values]
    extras: list[Extra]
    skip_hours: list[str]
    skip_days: list[str]
    max_entries: int
    values: Values  # of the entry, else of the feed
    depths: dict[str, int]  # how deep the texts of the entry stood
    depth: int  # of the element that begins or ends
    is_feed: bool  # whether a feed's own element has begun
    in_feed: bool  # between the start and the end of the feed's own element
    title_depth: int  # of the last title that was not empty, -1 where none came yet
    guid_is_link: bool
    link_is_open: bool  # whether the link that began has its address as text
    type: str  # of the text construct that began, "" outside
    text_base: str  # its base
    outer: list[str]  # text of the person around the element

    def set_aside(self) -> None:
        """Moves text that was read to `outer`."""

    def close(self, tag: str) -> None:
        """Puts down the end of an element inside a text construct."""

    def forbid_text(self) -> None:
        """NotListed where there is text before the element that begins, or in the one that ends."""

    def markup(self) -> str:
        """The text construct that ends, which is XHTML."""
