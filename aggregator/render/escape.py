"""Text that stays text inside YAML and TOML, and URLs that stay one URL. Pure."""

import json
import re
from urllib.parse import quote

from aggregator.characters import BYTE_ORDER_MARK, LINE_SEPARATORS, SURROGATES

# ------------------------------------------------------------------------------------------------------ YAML and TOML

_UNQUOTABLE = re.compile(
    f"[\x7f-\x9f{LINE_SEPARATORS}{BYTE_ORDER_MARK}\ufffe\uffff]"
)  # JSON leaves them raw, YAML and TOML trip
_SURROGATE = re.compile(f"[{SURROGATES}]")  # no character: Hugo would write a page that is not UTF-8
_literal = json.JSONEncoder(ensure_ascii=False).encode  # made once: json.dumps makes one at each call


def quoted(text: str) -> str:
    """`text` as a double-quoted string of one line that YAML 1.1, YAML 1.2 and TOML 1.0 read alike."""
    if text.isascii() and "\x7f" not in text:
        return _literal(text)
    literal = _literal(_SURROGATE.sub("\ufffd", text))
    return _UNQUOTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", literal)


# --------------------------------------------------------------------------------------------------------------- URLs

_AUTHORITY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
_IN_URI = r"!#$&'()*+,\-./0-9:;=?@A-Z_a-z~"
_URI = re.compile(rf"(?:[{_IN_URI}]|%[0-9A-Fa-f]{{2}})*+")
_NOT_IN_URI = re.compile(rf"[^%{_IN_URI}]|%(?![0-9A-Fa-f]{{2}})")


def uri(text: str) -> str:
    """`text`, a URL or a tag:, as RFC 3986 allows it to be written; what is right already stays as it is."""
    if _URI.fullmatch(text):
        return text
    authority = _AUTHORITY.match(text)
    end = authority.end() if authority else 0  # an IPv6 address keeps its brackets
    return re.sub(r"[^\x21-\x7e]", _percent_encoded, text[:end]) + _NOT_IN_URI.sub(_percent_encoded, text[end:])


def _percent_encoded(match: re.Match[str]) -> str:
    return quote(match[0], safe="", errors="replace")
