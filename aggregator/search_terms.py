"""Terms of the search: of an article's title and text, and of a query. Pure.

Both databases get the same words, so that both find the same articles: case and accents are folded, nothing is stemmed,
and scripts without spaces are indexed by pairs of characters.
"""

import re
import unicodedata
from dataclasses import dataclass
from html import unescape
from itertools import groupby

SEPARATOR = "¶"  # between title and text, so that no phrase spans both; a term of every article, and of no query
MAX_WORD = 64  # characters of a word
MAX_CHARACTERS = 125_000  # of an article's terms: a `tsvector` of PostgreSQL holds a megabyte
MAX_QUERY, MAX_TERMS = 500, 20  # characters and terms of a query

# Combining marks that are accents, or vowel points of Arabic and Hebrew. Those of other scripts are letters.
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670]")
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ı": "i", "_": " "})  # Unicode decomposes none
_MARKS = "".join(
    chr(point)
    for block in (range(0x300, 0x2000), range(0xA600, 0xAC00), range(0x3099, 0x309B))
    for point in block
    if unicodedata.category(chr(point)) in ("Mn", "Mc")
)
_ASCII_WORD = re.compile("[a-z0-9]+")
_WORD = re.compile(f"[\\w{_MARKS}]+")
# Thai, Lao, Burmese, Khmer, Japanese and Chinese. Hangul has spaces.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3031-\u3035\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
_HAS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_PART = re.compile(f"([{_UNSPACED}]+)|[^{_UNSPACED}]+")

_INLINE = "a|abbr|b|bdi|bdo|cite|code|del|dfn|em|i|ins|kbd|mark|q|s|samp|small|span|strong|sub|sup|u|var|wbr"
_ATTRIBUTES = r"""[^>"]*+(?:"[^"]*+"[^>"]*+)*+>"""
_INLINE_TAG = re.compile(f"</?(?:{_INLINE})(?=[\\s>]){_ATTRIBUTES}")
_TAG = re.compile(f"<{_ATTRIBUTES}")
_PUNCTUATION = re.compile("[\xa0\u2010-\u2027«»]")  # of texts that are ASCII otherwise
_TERM = re.compile(r'(-?)(?:"([^"]*)"?|([^\s"]+))')


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchTerm:
    """Successive words that an article must have or, if the term is `excluded`, must not have."""

    words: tuple[str, ...]
    is_prefix: bool = False  # the last word is the start of one: a single character of a script without spaces
    excluded: bool = False


def article_terms(title: str, html: str) -> str:
    """Return the words of an article's title and clean HTML, in their order, with a blank between two."""
    text = unescape(_TAG.sub(" ", _INLINE_TAG.sub("", html)))
    terms = " ".join([*_words(title), SEPARATOR, *_words(text)])
    return terms if len(terms) <= MAX_CHARACTERS else terms[: terms.rindex(" ", 0, MAX_CHARACTERS)]


def query_terms(query: str) -> tuple[SearchTerm, ...]:
    """Return the terms of a query; () if it has no word. An article must match all of them.

    Words in quotes stand next to each other; a `-` excludes the term behind it. Every text is a query.
    """
    terms: dict[SearchTerm, None] = {}
    for minus, phrase, word in _TERM.findall(query[:MAX_QUERY]):
        words = _words(phrase or word)
        if words:
            terms.setdefault(_term(words, excluded=bool(minus)))
    chosen = tuple(terms)[:MAX_TERMS]
    if chosen and all(term.excluded for term in chosen):
        return (SearchTerm(words=(SEPARATOR,)), *chosen)
    return chosen


def _term(words: list[str], *, excluded: bool) -> SearchTerm:
    is_single = len(words[-1]) == 1 and bool(_HAS_UNSPACED.match(words[-1]))
    if is_single and len(words) > 1 and len(words[-2]) > 1 and words[-2].endswith(words[-1]):
        # It ends the pair before, which any text may follow.
        return SearchTerm(words=tuple(words[:-1]), excluded=excluded)
    return SearchTerm(words=tuple(words), is_prefix=is_single, excluded=excluded)


def _words(text: str) -> list[str]:
    """Return the folded words of `text`; of a script without spaces each character with the next, the last alone."""
    words: list[str] = []
    for is_ascii, parts in groupby(_PUNCTUATION.sub(" ", text).split(), str.isascii):
        part = " ".join(parts)
        if is_ascii:
            words += _ASCII_WORD.findall(part.lower())
            continue
        for word in _WORD.findall(_folded(part)):
            words += _parts(word) if _HAS_UNSPACED.search(word) else [word]
    return [word[:MAX_WORD] for word in words]


def _parts(word: str) -> list[str]:
    parts: list[str] = []
    for match in _PART.finditer(word):
        part = match[0]
        parts += [part[at : at + 2] for at in range(len(part))] if match[1] else [part]
    return parts


def _folded(text: str) -> str:
    letters = _ACCENTS.sub("", unicodedata.normalize("NFKD", text)).casefold()
    return unicodedata.normalize("NFC", letters).translate(_LETTERS)
