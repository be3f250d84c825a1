"""A document's text through feedparser: strictly if it is well-formed, else loosely; and where it was cut off. Pure."""

import re
from xml.parsers.expat import errors
from xml.sax import SAXParseException

from aggregator.parse.handlers import AsPublished, Driver, Loose, Strict
from aggregator.parse.raw import Reading

_DECLARATION = re.compile(r"\s*<\?xml\s[^>]*>")
_NETSCAPE = re.compile(r"<!DOCTYPE[^>]{0,200}netscape", re.IGNORECASE)
_END = re.compile(r"</(?:\w+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)
_CUT_OFF = frozenset(
    {errors.XML_ERROR_NO_ELEMENTS, errors.XML_ERROR_UNCLOSED_TOKEN, errors.XML_ERROR_UNCLOSED_CDATA_SECTION}
)
_RDF = frozenset({"rss090", "rss10"})
_HEAD = 4096  # characters in which a document type stands


def reading(text: str, base: str, max_entries: int) -> Reading:
    """What the document `text` says, with `base` as its URL: at most `max_entries` of its entries, none of them half.

    A fault in mid-document costs nothing but exactness: the loose parser reads on. What follows the feed's end
    (a cache's comments, mostly) is no fault.
    """
    document = _undeclared(text)
    strict = Strict(base, max_entries)
    fault = _fault(document, strict)
    if fault is None or (strict.is_feed and fault.getMessage() == errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT):
        return _finished(strict, document)
    if fault.getMessage() in _CUT_OFF:
        return _finished(strict, document, cut_at=fault.getLineNumber() if _is_open(strict) else None)
    loose = Loose(base, max_entries)
    loose.feed(document)
    is_cut = _is_open(loose) and not _END.search(document)
    return _finished(loose, document, cut_at=document.count("\n") + 1 if is_cut else None)


def _undeclared(text: str) -> str:
    """`text` without its XML declaration, whose encoding and version expat would go by; lines keep their numbers."""
    declaration = _DECLARATION.match(text)
    return "\n" * declaration[0].count("\n") + text[declaration.end() :] if declaration else text


def _fault(document: str, handler: Strict) -> SAXParseException | None:
    """Feeds `document` to `handler`, up to the first fault, which it gives: None for well-formed XML."""
    driver = Driver(namespaceHandling=1)
    driver.setContentHandler(handler)
    try:
        driver.feed(document.encode())
        driver.close()
    except SAXParseException as fault:
        return fault
    return None


def _is_open(said: AsPublished) -> bool:
    """Whether more entries may have been meant to follow; RDF's channel ends before its items begin."""
    return bool(said.infeed or said.inentry or said.version in _RDF)


def _finished(said: AsPublished, document: str, cut_at: int | None = None) -> Reading:
    if cut_at is not None and said.inentry and said.entries:
        said.drop_last_entry()
    if said.version == "rss091u" and _NETSCAPE.search(document[:_HEAD]):
        said.version = "rss091n"
    return Reading(said=said, cut_at=cut_at)
