"""References that XML does not know, in documents that are not well-formed: a bare `&`, HTML's names. Pure."""

import re
import sys
from html import escape, unescape

from aggregator.characters import FORBIDDEN_IN_XML

_DECLARATION = re.compile("<!ENTITY", re.IGNORECASE)
_PLACE = re.compile(
    r"(<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z))"  # in which "&" is nothing special
    r"|&(#[0-9]+;|#[xX][0-9a-fA-F]+;|[A-Za-z][A-Za-z0-9]{1,31};|)",
    re.DOTALL,
)
_XML_NAMES = frozenset({"amp;", "lt;", "gt;", "quot;", "apos;"})  # XML 1.0, 4.6
_FORBIDDEN = re.compile(f"[{FORBIDDEN_IN_XML}]")
_MAX_DIGITS = 7  # of the number of a character
_BREAKS = frozenset({0x0B, 0x0C})  # of lines and pages, between words


def declares_entities(text: str) -> bool:
    """Return whether an XML document declares entities, of which a kilobyte can expand to gigabytes."""
    return _DECLARATION.search(text) is not None


def with_xml_references(text: str) -> str:
    """Return an XML document with no other references than XML's own; one that declares entities as it is.

    HTML's names become their characters, any other "&" an ampersand: `?a=1&lang=en` has no angle bracket in it.
    """
    return text if declares_entities(text) else _PLACE.sub(_xml_reference, text)


def _xml_reference(match: re.Match[str]) -> str:
    section, name = match.groups()
    if section or name in _XML_NAMES:
        return match[0]
    if not name:
        return "&amp;"
    return _numeric_reference(name) if name.startswith("#") else escape(unescape(match[0]))


def referenced_number(reference: str) -> int:
    """Return the number of the character that `reference` (8217 or x2019) names, above all numbers if endless."""
    digits, base = (reference[1:], 16) if reference[0] in "xX" else (reference, 10)
    digits = digits.lstrip("0")
    return int(digits or "0", base) if len(digits) <= _MAX_DIGITS else sys.maxunicode + 1


def _numeric_reference(name: str) -> str:
    number = referenced_number(name[1:-1])
    if number in _BREAKS:
        return " "
    return "" if number > sys.maxunicode or _FORBIDDEN.match(chr(number)) else f"&{name}"
