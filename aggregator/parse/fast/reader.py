"""Expat drives the tables of `supported`. Pure."""

import re
from xml.parsers import expat

from aggregator.parse.encoding import without_declaration
from aggregator.parse.fast.actions import join_base
from aggregator.parse.fast.namespaces import Namespaces, Unsupported, attribute_names
from aggregator.parse.fast.parser_state import Attributes, Element, Finish, ParserState, Table
from aggregator.parse.fast.supported import (
    AUTHOR,
    DOCUMENT,
    RESERVED,
    SOURCE,
    STRICT,
    UNKNOWN,
    UNKNOWN_IN_AUTHOR,
    UNKNOWN_IN_SOURCE,
)
from aggregator.parse.raw import TOMBSTONES, RawFeed

# feedparser replaces the control characters beyond ASCII by those of windows-1252, however they are written.
_CONTROLS = re.compile(rb"\xc2[\x80-\x9f]|&#(?:0*1(?:2[89]|[345][0-9])|x0*[89][0-9A-Fa-f]);")
_DECLARATION = re.compile(r"<\?xml\s")  # a second one, which expat would obey
_BUFFER = 1 << 18  # bytes, as in `handlers`
_MAX_ATTRIBUTES = 50  # of an element
_XLINK = "http://www.w3.org/1999/xlink"  # feedparser takes its declaration for an attribute


def read_fast(text: str, base: str, max_entries: int) -> RawFeed:
    """Return what the document `text` at the URL `base` says; raise Unsupported if only feedparser can tell."""
    document = without_declaration(text)
    encoded = document.encode()
    if _DECLARATION.match(document) or _CONTROLS.search(encoded):
        raise Unsupported("character")
    reader = _Reader(base, max_entries)
    parser = expat.ParserCreate("UTF-8", " ")
    parser.namespace_prefixes = True
    parser.buffer_text = True
    parser.buffer_size = _BUFFER
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.pieces.append
    parser.StartNamespaceDeclHandler = reader.declare
    parser.StartDoctypeDeclHandler = _refuse_document_type
    try:
        parser.Parse(encoded, True)
    except expat.ExpatError as error:
        raise Unsupported(str(error)) from None
    version = reader.feed.version
    is_netscape = version == "rss091u" and "netscape" in document.lower()
    if is_netscape or not version or not (reader.has_channel or reader.feed.entries):
        raise Unsupported(version)
    if not reader.has_tombstones:
        reader.feed.tombstones.clear()
    return reader.feed


def _refuse_document_type(*_type: object) -> None:
    raise Unsupported("document type")


class _Reader(ParserState):
    """Handlers of expat."""

    def __init__(self, base: str, max_entries: int) -> None:
        super().__init__(join_base(base, base), max_entries)
        self._namespaces = Namespaces()
        self.has_tombstones = False  # their namespace is declared: an element of this name is one
        self._table: Table = DOCUMENT  # of the elements that may begin here
        self._open: list[tuple[Finish | None, Table]] = []  # elements that began, and the tables around them
        self._bases: list[tuple[int, str]] = []  # of elements with a base of their own: depth, and the base outside

    def declare(self, prefix: str | None, uri: str | None) -> None:
        """Record the declaration of a namespace, which comes before the start of its element."""
        self._namespaces.declare(prefix, uri)
        self.has_tombstones |= uri == TOMBSTONES
        if not self._open:
            self.feed.version = self._namespaces.version
        elif uri == _XLINK:
            raise Unsupported(uri)

    def start(self, name: str, attributes: Attributes) -> None:
        """Begin an element."""
        table = self._table
        if attributes:
            attributes = self._named(attributes)
        key = self._namespaces[name]
        begin, finish, inside = table.get(key) or self._unknown(key)
        if begin is not None:
            begin(self, attributes)
        self._open.append((finish, table))
        self.pieces.clear()
        if inside is not None:
            self._table = inside

    def end(self, _name: str) -> None:
        """End an element."""
        self.depth = depth = len(self._open)
        finish, self._table = self._open.pop()
        pieces = self.pieces
        if finish is not None:
            finish(self, "".join(pieces).strip())
        pieces.clear()
        if self._bases and self._bases[-1][0] == depth:
            self.base = self._bases.pop()[1]

    def _unknown(self, key: str) -> Element:
        if key in RESERVED or any(self._table is table for table in STRICT):
            raise Unsupported(key)
        if self._table is SOURCE:
            return UNKNOWN_IN_SOURCE
        return UNKNOWN_IN_AUTHOR if self._table is AUTHOR else UNKNOWN

    def _named(self, attributes: Attributes) -> Attributes:
        """Return the attributes by their names in feedparser, and obey the base that they state."""
        if len(attributes) > _MAX_ATTRIBUTES:
            raise Unsupported("attributes")
        if any(" " in name for name in attributes):
            attributes = attribute_names(attributes)
        named = {}
        for name, value in attributes.items():
            key = name.lower()
            named[key] = value.lower() if key in ("rel", "type") else value
        if stated := named.get("xml:base", named.get("base")):
            self._bases.append((len(self._open) + 1, self.base))
            self.base = join_base(self.base, stated)
        return named
