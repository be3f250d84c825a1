"""Plain text: without the characters that no reader should meet, on one line, or cut to a summary. Pure."""

import re

# Plain ranges, those of most texts first: this match costs a sixth of a search for what is not in them.
_ORDINARY = re.compile(
    "[a-z\x20-\x7e\n\t\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufdcf\ufdf0-\ufefe\uff00-\ufffd"
    "\U00010000-\U0001fffd\U00020000-\U0002fffd\U00030000-\U0003fffd\U000e0000-\U000efffd]*+"
)
_BIDI = "\u202a-\u202e\u2066-\u2069"  # overrides, embeddings and isolates: they reorder what stands around them
_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
)
_FORBIDDEN = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{_BIDI}\ufeff{_NONCHARACTERS}\ud800-\udfff]")
_LINE_END = re.compile("\r\n?")
_SEPARATOR = re.compile("[\u2028\u2029]")
# Zero-width ones, but for U+200C and U+200D (Persian, emoji), and tag characters.
_INVISIBLE = re.compile("[\u061c\u180e\u200b\u200e\u200f\u2060-\u2064\u206a-\u206f\ufff9-\ufffb\U000e0000-\U000e007f]")

# Han and kana put no blank between words: there a character counts as one, with the punctuation that follows it.
_UNSPACED = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(f"[{_UNSPACED}][^\\s\\w]*|[^\\s{_UNSPACED}]+")
_HAS_UNSPACED = re.compile(f"[{_UNSPACED}]")


def scrub(text: str) -> str:
    """`text` without control (tab and line feed apart), bidi-override and noncharacters, BOM and lone surrogates.

    A carriage return becomes a line feed, U+2028 and U+2029 a blank. What Persian, Arabic, Hebrew and emoji need
    (U+200C to U+200F) stays.
    """
    if _ORDINARY.fullmatch(text):
        return text
    return _FORBIDDEN.sub("", _SEPARATOR.sub(" ", _LINE_END.sub("\n", text)))


def one_line(text: str) -> str:
    """`text` for a title or a name: scrubbed, without invisible characters, every run of white space one blank."""
    if text.isascii() and text.isprintable():  # most names: nothing to look for
        return " ".join(text.split())
    return " ".join(_INVISIBLE.sub("", scrub(text)).split())


def summary(text: str, words: int) -> str:
    """The first `words` words of `text` joined by single blanks, and "..." directly behind if it has more."""
    parts = text.split(None, words)  # and the rest
    start = " ".join(parts[:words])
    if start.isascii() or not _HAS_UNSPACED.search(start):
        return f"{start}..." if len(parts) > words else start
    end = 0
    for count, word in enumerate(_WORD.finditer(text)):
        if count == words:
            return " ".join(text[:end].split()) + "..."
        end = word.end()
    return " ".join(text.split())
