"""Decoding of documents whose labels may be wrong. Pure.

HTTP charset, XML declaration and bytes often disagree. The strongest evidence counts: a byte order mark, then bytes
that are UTF-8, then a label that fits the bytes, and at last windows-1252, to which browsers fall back.
"""

import codecs
import re

from aggregator.characters import FORBIDDEN_IN_XML

# One character for each byte, as in browsers (WHATWG Encoding): five bytes without a character stand for themselves.
_WINDOWS_1252 = "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(256))
_TO_WINDOWS_1252 = codecs.charmap_build(_WINDOWS_1252)

_MARKS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# By a label of a small character set its largest superset is meant, which decodes the same bytes.
_FAMILIES = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
# Only what browsers read: Python has codecs that are no character set (punycode) or can exhaust memory. UTF-8 and
# UTF-16 are missing: a label counts only if the bytes are neither.
_LABELLED = frozenset(
    {f"cp{page}" for page in (866, 874, 932, 949, *range(1250, 1259))}
    | {f"iso8859-{number}" for number in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)}
    | {"big5hkscs", "euc_jp", "gb18030", "iso2022_jp", "koi8-r", "koi8-u", "mac-cyrillic", "mac-roman"}
)
# Labels of WHATWG Encoding, 4.2, that Python does not know and that documents use.
_UNKNOWN_TO_PYTHON = """
    cn-big5=big5hkscs dos-874=cp874 gb_2312=gb18030 gb_2312-80=gb18030 iso-8859-6-e=iso8859-6 iso-8859-6-i=iso8859-6
    iso-8859-8-e=iso8859-8 iso-8859-8-i=iso8859-8 koi8=koi8-r koi8-ru=koi8-u ks_c_5601-1989=cp949 ksc_5601=cp949
    logical=iso8859-8 mac=mac-roman mac-ukrainian=mac-cyrillic visual=iso8859-8 windows-31j=cp932 windows-874=cp874
    windows-949=cp949
"""
_CODECS = dict(label.split("=") for label in _UNKNOWN_TO_PYTHON.split())
_HTTP_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE | re.ASCII)
_XML_ENCODING = re.compile(rb"""<\?xml\s[^>]*?encoding\s*=\s*["']([\w.:-]+)["']""")
_MARK = re.compile(r"(\s*)\ufeff+")
_STRAY = re.compile("[\udc80-\udcff]")
_NOT_ASCII = re.compile("[^\x00-\x7f]")
_FORBIDDEN = re.compile(f"[{FORBIDDEN_IN_XML}]")
_C1 = re.compile("[\x80-\x9f]")  # controls in Latin-1, which nobody means
_C1_REFERENCE = re.compile("&#(?:0*(1(?:2[89]|[345][0-9]))|[xX]0*([89][0-9A-Fa-f]));")
_DECLARATION = re.compile(r"\s*<\?xml\s[^>]*>")

# A text is UTF-8 with accidents if it has so many proper characters beyond ASCII for each stray byte, by its label. In
# windows-1252 two bytes form a character of UTF-8 too, but rarely: a capital letter and a closing quotation mark.
_SURE = 4  # labelled as of another character set
_LIKELY = 1.5  # labelled as Latin-1, the unconsidered default
_DECLARED = 0.25  # labelled as UTF-8, or not labelled
_THROUGHOUT = 2  # different characters that must be doubly encoded: one alone may be a title about mojibake


def decode(body: bytes, content_type: str | None = None) -> str:
    """Return the text of a document with the bytes `body` and the HTTP Content-Type `content_type`.

    It has no byte order mark and no character that XML 1.0 forbids (2.2). A document that was encoded to UTF-8 twice is
    decoded twice, unless only a part of its text looks so.
    """
    text = _C1_REFERENCE.sub(_referenced, without_controls(_decoded(body, content_type)))
    mark = _MARK.match(text)
    return mark[1] + text[mark.end() :] if mark else text


def without_controls(text: str) -> str:
    """Return `text` without the characters that XML 1.0 forbids: most controls, noncharacters, lone surrogates.

    Those that break lines and pages become blanks; controls beyond ASCII, the characters of windows-1252 that browsers
    and feedparser read for the bytes of these numbers.
    """
    return _FORBIDDEN.sub("", _of_windows_1252(text).replace("\x0b", " ").replace("\x0c", " "))


def _of_windows_1252(text: str) -> str:
    return text if text.isascii() else _C1.sub(lambda control: _WINDOWS_1252[ord(control[0])], text)


def _referenced(reference: re.Match[str]) -> str:
    return _WINDOWS_1252[int(reference[1]) if reference[1] else int(reference[2], 16)]


def without_declaration(document: str) -> str:
    """Return an XML document without the declaration, whose encoding and version expat obeys; lines keep numbers."""
    declaration = _DECLARATION.match(document)
    return "\n" * declaration[0].count("\n") + document[declaration.end() :] if declaration else document


def _decoded(body: bytes, content_type: str | None) -> str:
    if codec := _wide(body):
        return body.decode(codec, "replace")
    labels = _labels(body, content_type)
    if b"\x1b" in body and "iso2022_jp" in labels:  # seven bits: it would pass for UTF-8
        return body.decode("iso2022_jp", "replace")
    try:
        return _decoded_once_more(body.decode())
    except UnicodeDecodeError:  # not UTF-8 throughout
        return _utf8_with_strays(body, _sureness(body, content_type, labels)) or _as_labelled(body, labels)


def _wide(body: bytes) -> str | None:
    """Return UTF-16 or UTF-32 if `body` begins with its byte order mark or with the zero of a wide character."""
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return codec
    match [byte == 0 for byte in body[:2]]:
        case [False, True]:
            return "utf-16-le"
        case [True, False]:
            return "utf-16-be"
    return None


def _labels(body: bytes, content_type: str | None) -> tuple[str, ...]:
    """Return the codecs that HTTP and the XML declaration name, in this order (RFC 7303, 3), Latin-1 last.

    Latin-1 decodes any bytes, and is the unconsidered default of servers and templates.
    """
    codecs_named = [codec for codec in map(_codec, _names(body, content_type)) if codec in _LABELLED]
    return tuple(sorted(codecs_named, key=lambda codec: codec == "cp1252"))


def _names(body: bytes, content_type: str | None) -> list[str]:
    """Return the labels of HTTP and of the XML declaration as they stand."""
    http = _HTTP_CHARSET.search(content_type or "")
    xml = _XML_ENCODING.search(body[:1024])
    return ([http[1]] if http else []) + ([xml[1].decode("ascii", "replace")] if xml else [])


def _codec(label: str) -> str | None:
    label = label.lower().removeprefix("x-")
    try:
        name = codecs.lookup(_CODECS.get(label, label)).name
    except LookupError:  # a label of no encoding: the bytes decide
        return None
    return _FAMILIES.get(name, name)


def _sureness(body: bytes, content_type: str | None, labels: tuple[str, ...]) -> float:
    """Return the number of proper characters for each stray byte that makes a document UTF-8, whatever its label."""
    if labels and labels[0] != "cp1252":
        return _SURE
    return _DECLARED if not labels or "utf-8" in map(_codec, _names(body, content_type)) else _LIKELY


def _utf8_with_strays(body: bytes, sureness: float) -> str | None:
    """Decode UTF-8 with each stray byte, pasted or left of a truncated character, as windows-1252 by itself.

    Return None if it has fewer proper characters for each stray byte than `sureness`, so that it is not UTF-8.
    """
    text = body.decode("utf-8", "surrogateescape")
    proper = len(_NOT_ASCII.findall(_STRAY.sub("", text)))
    strays = len(_STRAY.findall(text))
    if not proper or proper < sureness * strays:
        return None
    return _STRAY.sub(lambda stray: _WINDOWS_1252[ord(stray[0]) - 0xDC00], text)


def _as_labelled(body: bytes, labels: tuple[str, ...]) -> str:
    for codec in labels:
        if codec == "cp1252":
            break
        try:
            return body.decode(codec)
        except UnicodeDecodeError:
            text = body.decode(codec, "replace")
            if len(_NOT_ASCII.findall(text)) > _SURE * text.count("\ufffd"):  # right label, some broken bytes
                return text
    return codecs.charmap_decode(body, "strict", _WINDOWS_1252)[0]


def _decoded_once_more(text: str) -> str:
    """Return `text` decoded again if all of it was encoded to UTF-8 twice; else as it is.

    The way may have been windows-1252, or Latin-1 as in PHP's `utf8_encode`, which gives controls for its quotes.

    In 24 feeds of that kind no character had escaped the second encoding; a text with such a character is intended.
    """
    if text.isascii():
        return text
    try:
        unmarked = _of_windows_1252(text.removeprefix("\ufeff"))
        once = codecs.charmap_encode(unmarked, "strict", _TO_WINDOWS_1252)[0].decode()
    except UnicodeError:  # encoded once, as it should be
        return text
    return once if len(set(_NOT_ASCII.findall(once))) >= _THROUGHOUT else text
