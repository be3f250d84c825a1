"""RSS and Atom through feedparser, well-formed or not; finds truncated documents. Pure."""

import re
from xml.parsers.expat import errors
from xml.sax import SAXParseException

from aggregator.parse.encoding import without_declaration
from aggregator.parse.handlers import ExpatDriver, FeedHandler, LooseHandler, StrictHandler
from aggregator.parse.raw import TOMBSTONES, RawFeed
from aggregator.parse.references import with_xml_references

_NETSCAPE = re.compile(r"<!DOCTYPE[^>]{0,200}netscape", re.IGNORECASE)
_END = re.compile(r"</(?:\w+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)
_TRUNCATED = frozenset(
    {errors.XML_ERROR_NO_ELEMENTS, errors.XML_ERROR_UNCLOSED_TOKEN, errors.XML_ERROR_UNCLOSED_CDATA_SECTION}
)
_REFERENCES = frozenset(
    {errors.XML_ERROR_INVALID_TOKEN, errors.XML_ERROR_UNDEFINED_ENTITY, errors.XML_ERROR_BAD_CHAR_REF}
)
_RDF = frozenset({"rss090", "rss10"})
_HEAD = 4096  # characters in which a document type stands


def read_with_feedparser(text: str, base: str, max_entries: int) -> RawFeed | None:
    """Return what the document `text` at the URL `base` says, None if it is not a feed.

    At most `max_entries` of its entries are read, none of them incomplete. A fault in the middle costs nothing but
    exactness: references are mended, else the loose parser reads on. Text after the feed's end (mostly a cache's
    comments) is not a fault.
    """
    document = without_declaration(text)
    handler: FeedHandler = StrictHandler(base, max_entries)
    fault = _feed(document, handler)
    if fault and fault.getMessage() in _REFERENCES and (mended := with_xml_references(document)) != document:
        document, handler = mended, StrictHandler(base, max_entries)
        fault = _feed(document, handler)
    line = None
    if fault and fault.getMessage() in _TRUNCATED:
        line = fault.getLineNumber() if _expects_entries(handler) else None
    elif fault and not (handler.is_feed and fault.getMessage() == errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT):
        handler = LooseHandler(base, max_entries)
        handler.feed(document)
        is_truncated = _expects_entries(handler) and not _END.search(document)
        line = document.count("\n") + 1 if is_truncated else None
    if line is not None and handler.inentry and handler.raw.entries:
        handler.raw.entries.pop()
    raw = handler.raw
    if TOMBSTONES not in handler.namespaces_in_use.values():  # feedparser goes by the prefix then
        raw.tombstones.clear()
    raw.version, raw.values, raw.truncated_in_line = handler.version, handler.feeddata, line
    if raw.version == "rss091u" and _NETSCAPE.search(document[:_HEAD]):
        raw.version = "rss091n"
    return raw if handler.is_feed else None


def _feed(document: str, handler: FeedHandler) -> SAXParseException | None:
    """Feed `document` to `handler` up to its first fault, and return that; None for well-formed XML."""
    driver = ExpatDriver(namespaceHandling=1)
    driver.setContentHandler(handler)
    try:
        driver.feed(document.encode())
        driver.close()
    except SAXParseException as fault:
        return fault
    return None


def _expects_entries(handler: FeedHandler) -> bool:
    """Return whether more entries could follow; the channel of RDF ends before its items begin."""
    return bool(handler.infeed or handler.inentry or handler.version in _RDF)
