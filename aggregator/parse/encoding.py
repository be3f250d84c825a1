"""Bytes to characters, whatever the labels say of them. Pure.

HTTP charset, XML declaration and bytes often disagree. What decides is the evidence, strongest first: a byte order
mark, bytes that are UTF-8, a label that fits, and at last windows-1252, which browsers fall back to.
"""

import codecs
import re

from aggregator.characters import FORBIDDEN_IN_XML

# One character a byte, as browsers do (WHATWG Encoding): the five bytes without a character stand for themselves.
_WINDOWS_1252 = "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(256))
_TO_WINDOWS_1252 = codecs.charmap_build(_WINDOWS_1252)

_MARKS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# A label names the least of its family; what is meant is the greatest, which reads all the others' bytes.
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
# Only what browsers read: Python also has codecs that are no character set (punycode) or a way to run out of memory.
# UTF-8 and UTF-16 are missing, since labels are asked only when the bytes are neither.
_LABELLED = frozenset(
    {f"cp{page}" for page in (866, 874, 932, 949, *range(1250, 1259))}
    | {f"iso8859-{number}" for number in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)}
    | {"big5hkscs", "euc_jp", "gb18030", "iso2022_jp", "koi8-r", "koi8-u", "mac-cyrillic", "mac-roman"}
)
# Labels that browsers read (WHATWG Encoding, 4.2) and Python does not know, less those that nobody writes.
_UNKNOWN_TO_PYTHON = {
    "cn-big5": "big5hkscs",
    "dos-874": "cp874",
    "gb_2312": "gb18030",
    "gb_2312-80": "gb18030",
    "iso-8859-6-e": "iso8859-6",
    "iso-8859-6-i": "iso8859-6",
    "iso-8859-8-e": "iso8859-8",
    "iso-8859-8-i": "iso8859-8",
    "koi8": "koi8-r",
    "koi8-ru": "koi8-u",
    "ks_c_5601-1989": "cp949",
    "ksc_5601": "cp949",
    "logical": "iso8859-8",
    "mac": "mac-roman",
    "mac-ukrainian": "mac-cyrillic",
    "visual": "iso8859-8",
    "windows-31j": "cp932",
    "windows-874": "cp874",
    "windows-949": "cp949",
}
_HTTP_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE | re.ASCII)
_XML_ENCODING = re.compile(rb"""<\?xml\s[^>]*?encoding\s*=\s*["']([\w.:-]+)["']""")
_MARK = re.compile(r"\A(\s*)\ufeff+")
_STRAY = re.compile("[\udc80-\udcff]")
_NOT_ASCII = re.compile("[^\x00-\x7f]")
_FORBIDDEN = re.compile(f"[{FORBIDDEN_IN_XML}]")

_SURE = 4  # a text is UTF-8 with accidents if it has four proper characters beyond ASCII for each stray byte
_THROUGHOUT = 2  # different characters that must be doubly encoded: one alone may be a title about mojibake


def characters(body: bytes, content_type: str | None = None) -> str:
    """The text of a document whose bytes are `body` and whose HTTP Content-Type is `content_type`.

    Without byte order mark and without the characters that XML 1.0 forbids (2.2). A document that was encoded to
    UTF-8 twice is read as what it was before; one where only some of the text looks so is left as published.
    """
    return _MARK.sub(r"\1", legible(_decoded(body, content_type)), count=1)


def legible(text: str) -> str:
    """`text` without the characters that XML 1.0 forbids: most control characters, noncharacters, lone surrogates."""
    return _FORBIDDEN.sub("", text)


def _decoded(body: bytes, content_type: str | None) -> str:
    if codec := _wide(body):
        return body.decode(codec, "replace")
    labels = _labels(body, content_type)
    if b"\x1b" in body and "iso2022_jp" in labels:  # seven bits: it would pass for UTF-8
        return body.decode("iso2022_jp", "replace")
    try:
        return _decoded_once_more(body.decode())
    except UnicodeDecodeError:
        return _utf8_with_strays(body) or _as_labelled(body, labels)


def _wide(body: bytes) -> str | None:
    """The UTF-16 or UTF-32 that `body` begins in, by its mark or by the zero in its first character."""
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
    """Codecs that HTTP and the XML declaration name, in this order (RFC 7303, 3), Latin-1 last.

    Latin-1 reads any bytes, and is what servers and templates say that never thought about it.
    """
    http = _HTTP_CHARSET.search(content_type or "")
    xml = _XML_ENCODING.search(body[:1024])
    named = [http[1]] if http else []
    named += [xml[1].decode("ascii", "replace")] if xml else []
    codecs_named = [codec for codec in map(_codec, named) if codec]
    return tuple(sorted(codecs_named, key=lambda codec: codec == "cp1252"))


def _codec(label: str) -> str | None:
    plain = label.lower().removeprefix("x-")
    try:
        name = codecs.lookup(_UNKNOWN_TO_PYTHON.get(plain, plain)).name
    except LookupError:
        return None
    name = _FAMILIES.get(name, name)
    return name if name in _LABELLED else None


def _utf8_with_strays(body: bytes) -> str | None:
    """UTF-8 with bytes of windows-1252 pasted in, or cut in the middle of a character; None where it is no UTF-8."""
    text = body.decode("utf-8", "surrogateescape")
    proper = len(_NOT_ASCII.findall(_STRAY.sub("", text)))
    strays = len(_STRAY.findall(text))
    if proper < _SURE * strays:
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


def is_encoded_twice(text: str) -> bool:
    """Whether `text`, which was UTF-8, would be read as something else."""
    return _decoded_once_more(text) is not text


def _decoded_once_more(text: str) -> str:
    """`text` as it was before windows-1252 was taken for its encoding, where that happened to all of it; else `text`.

    Of 24 feeds of that kind no one had a single character that escaped it, so one that did says: as published.
    """
    if text.isascii():
        return text
    try:
        once = codecs.charmap_encode(text.removeprefix("\ufeff"), "strict", _TO_WINDOWS_1252)[0].decode()
    except UnicodeError:
        return text
    return once if len(set(_NOT_ASCII.findall(once))) >= _THROUGHOUT else text
