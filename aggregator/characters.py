"""Characters that text from outside must not carry. Pure.

Each set is written for a class of a regular expression: `re.compile(f"[{UNSAFE}]")`.
"""

import re

SURROGATES = "\ud800-\udfff"  # UTF-8 cannot encode one that stands alone
BYTE_ORDER_MARK = "\ufeff"
LINE_SEPARATORS = "\u2028\u2029"
BIDI_CONTROLS = "\u202a-\u202e\u2066-\u2069"  # overrides, embeddings and isolates reorder the text around them
NONCHARACTERS = "\ufdd0-\ufdef" + "".join(  # Unicode, 23.7
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
)
# Zero-width characters, but for U+200C and U+200D (Persian and emoji need them), and the tag characters.
INVISIBLE = "\u061c\u180e\u200b\u200e\u200f\u2060-\u2064\u206a-\u206f\ufff9-\ufffb\U000e0000-\U000e007f"

FORBIDDEN_IN_XML = f"\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff{SURROGATES}"  # XML 1.0, 2.2
# Forbidden in any text that is kept or published: controls except tab and line feed, and the sets above.
UNSAFE = f"\x00-\x08\x0b-\x1f\x7f-\x9f{BIDI_CONTROLS}{BYTE_ORDER_MARK}{NONCHARACTERS}{SURROGATES}"
UNPRINTABLE = f"\t\n{LINE_SEPARATORS}{UNSAFE}"  # forbidden in a text of one line: a name, a line of the log

# All that `strip_unsafe` keeps, the most frequent ranges first: a search for UNSAFE takes 25 times as long.
_SAFE = re.compile(
    "[a-z\x20-\x7e\n\t\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufdcf\ufdf0-\ufefe\uff00-\ufffd"
    "\U00010000-\U0001fffd\U00020000-\U0002fffd\U00030000-\U0003fffd\U000e0000-\U000efffd]*+"
)
_UNSAFE = re.compile(f"[{UNSAFE}]")
_LINE_END = re.compile("\r\n?")
_LINE_SEPARATOR = re.compile(f"[\x0b\x0c{LINE_SEPARATORS}]")


def strip_unsafe(text: str) -> str:
    """Return `text` without the characters of UNSAFE.

    A carriage return becomes a line feed; U+2028, U+2029, vertical tab and form feed, which stand between words, a
    blank. U+200C to U+200F, which Persian, Arabic, Hebrew and emoji need, stay.
    """
    if _SAFE.fullmatch(text):
        return text
    return _UNSAFE.sub("", _LINE_SEPARATOR.sub(" ", _LINE_END.sub("\n", text)))
