"""Plain text on one line, or cut to a summary. Pure."""

import re

from aggregator.characters import INVISIBLE, strip_unsafe

# Characters of a summary, or of each of its words on average: a text without blanks may have a megabyte.
MAX_SUMMARY, MAX_WORD = 1000, 40

_INVISIBLE = re.compile(f"[{INVISIBLE}]")

# Han and kana put no blank between words: a character counts as a word, with the punctuation that follows it.
_UNSPACED = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HAS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_WORD = re.compile(f"[{_UNSPACED}][^\\s\\w]*|[^\\s{_UNSPACED}]+")


def one_line(text: str) -> str:
    """Return `text` for a title or a name: without unsafe and invisible characters, one blank for white space."""
    return " ".join(_INVISIBLE.sub("", strip_unsafe(text)).split())


def summary(text: str, words: int) -> str:
    """Return the first `words` words of `text` joined by single blanks, and "..." directly behind if it has more.

    A summary of endless words is cut within one.
    """
    first = _first_words(text, words)
    longest = max(MAX_SUMMARY, MAX_WORD * words)
    return first if len(first) <= longest else first[: longest - 3].rstrip() + "..."


def _first_words(text: str, words: int) -> str:
    parts = text.split(None, words)  # the last one is all that follows
    start = " ".join(parts[:words])
    if not _HAS_UNSPACED.search(start):
        return f"{start}..." if len(parts) > words else start
    end = 0
    for count, word in enumerate(_WORD.finditer(text)):
        if count == words:
            return " ".join(text[:end].split()) + "..."
        end = word.end()
    return " ".join(text.split())


def word_count(text: str) -> int:
    """Return the number of words of `text`, counted as for a summary."""
    return len(_WORD.findall(text)) if _HAS_UNSPACED.search(text) else len(text.split())
