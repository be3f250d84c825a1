"""Meaning that HTML carries in its tags, written with characters: raised and lowered text, quotation marks. Pure."""

import re
from collections.abc import Mapping

_SUPERSCRIPT = str.maketrans("0123456789+-\u2212\u2013=()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾")
_SUBSCRIPT = str.maketrans("0123456789+-\u2212\u2013=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₋₌₍₎")
_IN_UNICODE = re.compile("[0-9+\\-\u2212\u2013=()]+")
_RANGE = "[0-9]{1,3}(?:\\s*[-\u2013]\\s*[0-9]{1,3})?"
_REFERENCES = re.compile(f"{_RANGE}(?:,\\s*{_RANGE})+")  # marks of footnotes in a row: their commas stay
_TRADE_MARK = str.maketrans({"T": "™", "t": "™", "M": None, "m": None})
# Ordinals and abbreviations are raised for their looks alone: 1st, 2e, 3ème, nº, Mme.
_ORDINAL = re.compile(r"(?:st|nd|rd|th|er|re|ère|e|è|ème|eme|ième|nde?|es|o|a|os|as|ª|º|s|de|ste|te|gr|mes?|lles?|r)")
_TWO_WORDS = re.compile(r"[^\W\d_]{2,}\s+[^\W\d_]{2,}")
_BASE = re.compile(r"[^\W_]|[])}|*'\"’”′∗]")  # character that something can be raised or lowered beside
_MAX_SCRIPT = 24  # characters; longer text is small print

Characters = Mapping[int, int | str | None]  # for str.translate
Marks = tuple[str, Characters | None, str]  # before, for each character within, behind
_UNMARKED: Marks = ("", None, "")

# Opening and closing marks, and those of a quotation within a quotation (CLDR).
_ENGLISH = "“”‘’"
_GERMAN, _FRENCH, _SPANISH, _CORNERS, _CURVED = "„“‚‘", "«»‹›", "«»“”", "「」『』", "””’’"
_QUOTATION_MARKS = {
    **dict.fromkeys(("de", "bg", "cs", "sk", "sl", "lt", "is", "et", "lb", "ka"), _GERMAN),
    **dict.fromkeys(("fr", "hy", "fa", "sq"), _FRENCH),
    **dict.fromkeys(("es", "it", "pt", "ca", "gl", "eu", "el", "ar", "no", "nb", "nn", "da"), _SPANISH),
    **dict.fromkeys(("ru", "uk", "be"), "«»„“"),
    **dict.fromkeys(("pl", "ro", "hu"), "„”«»"),
    **dict.fromkeys(("hr", "sr", "bs"), "„”‘’"),
    **dict.fromkeys(("sv", "fi"), _CURVED),
    "ja": _CORNERS,
    "he": "””’’",
}
_QUOTED = re.compile(r"\s*[\"'“”„«»‹›‘’‚「『]")


def script_marks(name: str, text: str, before: str, *, nested: bool = False) -> Marks:
    """Return the marks for `text` in a `sup` or `sub` (`name`) behind the character `before` ("" if there is none).

    Unicode's raised and lowered figures where it has them, `^(…)` or `_(…)` where the text would mean something else,
    none for ordinals, signs and small print. `nested` tells that `text` itself holds raised or lowered text.
    """
    text = text.strip()
    if not nested and _IN_UNICODE.fullmatch(text):
        return "", _SUPERSCRIPT if name == "sup" else _SUBSCRIPT, ""
    if name == "sup" and not nested and not before.isdigit() and _REFERENCES.fullmatch(text):
        return "", _SUPERSCRIPT, ""
    if name == "sup" and text in {"TM", "tm"}:
        return "", _TRADE_MARK, ""
    if (
        not _BASE.fullmatch(before)
        or len(text) > _MAX_SCRIPT
        or _TWO_WORDS.search(text)
        or not any(map(str.isalnum, text))
    ):
        return _UNMARKED
    if (text[0], text[-1]) == ("[", "]") or (name == "sup" and _is_ordinal(text, before)):
        return _UNMARKED
    return "^(" if name == "sup" else "_(", None, ")"


def _is_ordinal(text: str, before: str) -> bool:
    if not _ORDINAL.fullmatch(text.lower().rstrip(".")):
        return False
    return before.isdigit() or (len(text) > 1 and before.isupper()) or (text in {"o", "os"} and before in "nN")


def quotation_marks(text: str, language: str | None, depth: int) -> tuple[str, str]:
    """Return the marks around the quotation `text` in `language`, within `depth` others; none if it brings its own."""
    if _QUOTED.match(text):
        return "", ""
    marks = _QUOTATION_MARKS.get(language or "", _ENGLISH)
    return (marks[2], marks[3]) if depth % 2 else (marks[0], marks[1])
