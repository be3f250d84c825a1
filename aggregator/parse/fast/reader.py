"""Expat drives, the tables of `listed` say what each element does, and what is said is put down. Pure."""

import re
from typing import Any
from xml.parsers import expat

from aggregator.parse.encoding import is_encoded_twice
from aggregator.parse.fast.addresses import based
from aggregator.parse.fast.names import Namespaces, NotListed, known, prefix_of
from aggregator.parse.fast.state import Attributes, Element, Finish, State, Table
from aggregator.parse.fast.supported import AUTHOR, DOCUMENT, NOTHING, RESERVED, STRICT
from aggregator.parse.raw import Extra, Reading, Values

_MARK = b"\xef\xbb\xbf"
_BLANKS = b" \t\r\n"
_DECLARATION = re.compile(rb"<\?xml[ \t\r\n][\t\r\n -=?-~]*>")
_SECOND_DECLARATION = re.compile(rb"<\?xml[ \t\r\n]")  # expat would go by it where we take away the first
# feedparser takes the control characters beyond ASCII for those of windows-1252, however they are written.
_CONTROLS = re.compile(rb"\xc2[\x80-\x9f]")
_CONTROL_REFERENCES = re.compile(rb"&#(?:0*1(?:2[89]|[345][0-9])|x0*[89][0-9A-Fa-f]);")
_NETSCAPE_HEAD = 16_384  # bytes in which a document type of Netscape's could be found
_BUFFER = 1 << 18  # bytes, as in `handlers`
_MAX_ATTRIBUTES = 50  # of an element
_QUOTE = '"'
_XML = "http://www.w3.org/XML/1998/namespace "
_XLINK = "http://www.w3.org/1999/xlink"  # feedparser hands its declaration on as an attribute


def quick_reading(body: bytes, base: str, max_entries: int) -> Reading | None:
    """What the document says, with `base` as its URL; None where it is not listed."""
    document = _document(body)
    if document is None:
        return None
    try:
        reader = _Reader(base, max_entries)
        parser = _parser(reader)
        parser.Parse(document, True)
    except (NotListed, expat.ExpatError):
        return None
    if not (reader.is_feed or reader.entries):  # a root alone makes none
        return None
    if reader.version == "rss091u" and b"netscape" in document[:_NETSCAPE_HEAD].lower():
        return None
    return Reading(said=reader)


def _document(body: bytes) -> bytes | None:
    """The document in UTF-8 without mark and XML declaration; None where a character of it would need mending."""
    document = body.lstrip(_BLANKS).removeprefix(_MARK).lstrip(_BLANKS)
    if declaration := _DECLARATION.match(document):
        document = document[declaration.end() :]
    if not document.lstrip(_BLANKS).startswith(b"<") or _SECOND_DECLARATION.match(document):
        return None
    if b"&#" in document and _CONTROL_REFERENCES.search(document):
        return None
    if document.isascii():
        return document
    if _CONTROLS.search(document) or not _is_utf8(document):
        return None
    return document


def _is_utf8(document: bytes) -> bool:
    """Whether the document is encoded to UTF-8, and only once."""
    try:
        return not is_encoded_twice(document.decode())
    except UnicodeDecodeError:
        return False


def _parser(reader: "_Reader") -> Any:
    parser = expat.ParserCreate("UTF-8", " ")
    parser.namespace_prefixes = True
    parser.buffer_text = True
    parser.buffer_size = _BUFFER
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.pieces.append
    parser.StartNamespaceDeclHandler = reader.declare
    parser.StartDoctypeDeclHandler = _refuse
    return parser


def _refuse(*_type: object) -> None:
    raise NotListed("document type")


class _Names(dict[str, str]):
    """Names of the document's elements by what expat calls them."""

    def __init__(self, namespaces: Namespaces) -> None:
        super().__init__()
        self._namespaces = namespaces

    def __missing__(self, name: str) -> str:
        self[name] = key = known(name) or self._namespaces.unknown(name)
        return key


class _Reader(State):
    """Where the parser stands, and what was said so far."""

    def __init__(self, base: str, max_entries: int) -> None:
        self.base = based(base, base)
        self.max_entries = max_entries
        self.version = ""
        self.feeddata: Values = {}
        self.entries: list[Values] = []
        self.extras: list[Extra] = []
        self.skip_hours: list[str] = []
        self.skip_days: list[str] = []
        self.left_out = 0
        self.values = self.feeddata
        self.depths: dict[str, int] = {}
        self.depth = 0
        self.is_feed = self.in_feed = False
        self.title_depth = -1
        self.guid_is_link = self.link_is_open = False
        self.type = self.text_base = ""
        self.outer: list[str] = []
        self.pieces: list[str] = []  # text since the last start or end
        self.marked: list[str] = []  # markup of the text construct that is read
        self._namespaces = Namespaces()
        self._names = _Names(self._namespaces)
        self._here: Table = DOCUMENT
        self._stack: list[tuple[Finish | None, Table]] = []
        self._bases: list[tuple[int, str]] = []  # outside the element at that depth

    # ------------------------------------------------------------------------------------------------- expat's calls

    def declare(self, prefix: str | None, uri: str | None) -> None:
        """A namespace's declaration, before the start of its element."""
        self._namespaces.declare(prefix, uri)
        if not self._stack:
            self.version = self._namespaces.version
        elif uri == _XLINK:
            raise NotListed(uri)

    def start(self, name: str, attributes: Attributes) -> None:
        """The start of an element."""
        stack, here = self._stack, self._here
        given = attributes
        if attributes:
            attributes = self._attributes(attributes)
        key = self._names[name]
        begin, finish, inside = here.get(key) or self._unlisted(name, key, given, attributes)
        if begin is not None:
            begin(self, attributes)
        stack.append((finish, here))
        self.pieces.clear()
        if inside is not None:
            self._here = inside

    def end(self, _name: str) -> None:
        """The end of an element."""
        stack = self._stack
        self.depth = depth = len(stack)
        finish, self._here = stack.pop()
        pieces = self.pieces
        if finish is not None:
            finish(self, "".join(pieces).strip())
        pieces.clear()
        if self._bases and self._bases[-1][0] == depth:
            self.base = self._bases.pop()[1]

    # ------------------------------------------------------------------------------------------------- names

    def _attributes(self, given: Attributes) -> Attributes:
        if len(given) > _MAX_ATTRIBUTES:
            raise NotListed("attributes")
        found: Attributes = {}
        for name, value in given.items():
            if " " in name:
                found = self._namespaces.attributes(given)
                break
            key = name.lower()
            found[key] = value.lower() if key in ("rel", "type") else value
        if stated := found.get("xml:base", found.get("base")):
            self._bases.append((len(self._stack) + 1, self.base))
            self.base = based(self.base, stated)
        return found

    # ------------------------------------------------------------------------------------------------- what is unlisted

    def _unlisted(self, name: str, key: str, given: Attributes, attributes: Attributes) -> Element:
        """An element inside a text, or one that nobody reads: a leaf, or one around others."""
        if self._here is NOTHING:
            return self._inline(name, key, given, attributes)
        if key in RESERVED or any(self._here is table for table in STRICT):
            raise NotListed(key)
        if self._here is AUTHOR:
            self.set_aside()
            return _WORDLESS if attributes else _LEAF
        return _AROUND

    def _inline(self, name: str, key: str, given: Attributes, attributes: Attributes) -> Element:
        """An element of XHTML inside a text construct, put down as it was written."""
        uri, _, rest = name.partition(" ")
        tag = rest.partition(" ")[0].lower() if rest else key
        is_html = not rest or prefix_of(uri) in ("", "xhtml")
        if self.type != "application/xhtml+xml" or not is_html or key in RESERVED or tag in ("math", "svg"):
            raise NotListed(name)
        if any(" " in each and not each.startswith(_XML) for each in given):
            raise NotListed(name)
        written = "".join(f' {key}="{_escaped(value).replace(_QUOTE, "&quot;")}"' for key, value in attributes.items())
        self.marked += map(_escaped, self.pieces)
        self.marked.append(f"<{tag}{written}>")
        return Element(None, _close(tag), NOTHING)

    # ------------------------------------------------------------------------------------------------- texts

    def set_aside(self) -> None:
        """Moves text that was read to that of the person around the element."""
        self.outer += self.pieces

    def close(self, tag: str) -> None:
        """Puts down the end of an element inside a text construct."""
        self.marked += map(_escaped, self.pieces)
        self.marked.append(f"</{tag}>")

    def forbid_text(self) -> None:
        """NotListed where there is text before the element that begins, or in the one that ends."""
        if self.pieces and "".join(self.pieces).strip():
            raise NotListed("text")

    def markup(self) -> str:
        """The text construct that ends, without the `div` that Atom puts around XHTML (RFC 4287, 3.1.1.3)."""
        pieces = [*self.marked, *map(_escaped, self.pieces)]
        self.marked.clear()
        return "".join(_without_div(pieces) if self.version == "atom10" else pieces).strip()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _without_div(pieces: list[str]) -> list[str]:
    """`pieces` without blank ones at both ends, and without the `div` where one is around all the others."""
    first, last = 0, len(pieces)
    while last - first > 1 and not pieces[last - 1].strip():
        last -= 1
    while last - first > 1 and not pieces[first].strip():
        first += 1
    pieces = pieces[first:last]
    return pieces[1:-1] if pieces and _is_in_div(pieces) else pieces


def _is_in_div(pieces: list[str]) -> bool:
    if not (pieces[0] == "<div>" or pieces[0].startswith("<div ")) or pieces[-1] != "</div>":
        return False
    depth = 0
    for piece in pieces[:-1]:
        if piece.startswith("</"):
            depth -= 1
            if depth == 0:
                return False
        elif piece.startswith("<"):
            depth += 1
    return True


def _close(tag: str) -> Finish:
    def finish(state: State, _text: str) -> None:
        state.close(tag)

    return finish


def _end_wordless(state: State, _text: str) -> None:
    state.forbid_text()


_AROUND = Element()
_LEAF = Element(inside=NOTHING)
_WORDLESS = Element(None, _end_wordless, NOTHING)
