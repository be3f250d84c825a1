"""Fingerprints of texts, which tell equal, near-equal and different ones apart. Pure; the only importer of rensa.

The signature of a text is its MinHash: the share of equal values at the same place in two signatures estimates the
share of common three-word runs (Jaccard), with a standard deviation of 0.03. It is the same in every process.
"""

import re
import sys
import unicodedata
from array import array
from hashlib import blake2b
from operator import eq

from rensa import RMinHash

from aggregator.model import Fingerprint

PLACES = 128  # values in a signature
# Of the values. A fifth of the sentences may differ. Of the labelled pairs (tests/dedupe/pairs) it finds 93 % of these
# rewrites, 0.8 only 62 %; follow-ups share less than half, but issues of a series up to two thirds.
NEAR = 0.68
SIGNED_WORDS = 20  # below that, one changed word makes another text: only equality counts
# They find 99.7 % of the pairs at Jaccard 0.8, 95 % at 0.68, 20 % at 0.3; a band is a row in the database.
BANDS, ROWS = 8, 3

_QUOTES = "'\"‘’“”"  # newspapers change an agency's quotation marks to their own style
_WORD = re.compile(r"\w+")
# Scripts without spaces between words, with their punctuation: Thai, Lao, Burmese, Khmer, Chinese and Japanese. Hangul
# has spaces. Whatever stands between them are words, so that a European footer changes nothing else.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uff65\U00020000-\U0003ffff"
)
_HAS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_TOKEN = re.compile(f"[{_UNSPACED}]|[^\\s{_UNSPACED}]+")


def fingerprint(title: str, text: str) -> Fingerprint:
    """Return the fingerprint of a title and the plain text of a body."""
    words = text.split()
    text = " ".join(words)
    tokens = _tokens(text, words)
    return Fingerprint(
        digest=_digest(f"{' '.join(title.split())}\n{text}", 16),
        title=_digest(_folded_title(title), 8),
        signature=_signature(tokens),
        words=len(tokens),
    )


def near(a: Fingerprint, b: Fingerprint, share: float = NEAR) -> bool:
    """Return whether two texts are near-equal, whatever their titles: they have that `share` of their runs in common.

    Short texts are near-equal only if their words are equal; an empty text is near-equal to none.
    """
    if len(a.signature) != len(b.signature) or not a.signature:
        return False
    if a.signature == b.signature:
        return True
    if a.words < SIGNED_WORDS:
        return False
    places = map(eq, memoryview(a.signature).cast("H"), memoryview(b.signature).cast("H"))
    return bool(sum(places) >= share * PLACES)


def runs(text: str) -> frozenset[str]:
    """Return the three-word runs of a text, which its signature stands for; of a shorter text its words together."""
    words = text.casefold().split()
    tokens = _tokens(" ".join(words), words)
    return frozenset(map(" ".join, zip(tokens, tokens[1:], tokens[2:], strict=False))) or frozenset(tokens)


def bands(signature: bytes) -> tuple[bytes, ...]:
    """Return parts of a long text's signature; near-equal texts most likely share one."""
    width = ROWS * 2
    return tuple(bytes([band]) + signature[band * width : (band + 1) * width] for band in range(BANDS))


def _tokens(text: str, words: list[str]) -> list[str]:
    """Return the words without quotation marks; of scripts without spaces between words, the characters."""
    bare = text
    for mark in _QUOTES:
        bare = bare.replace(mark, "")
    if not bare.isascii() and _HAS_UNSPACED.search(bare):
        return _TOKEN.findall(bare)
    return words if len(bare) == len(text) else bare.split()


def _signature(tokens: list[str]) -> bytes:
    if len(tokens) < SIGNED_WORDS:
        return _digest(" ".join(tokens).casefold(), 16) if tokens else b""
    minhash = RMinHash(num_perm=PLACES, seed=1)
    minhash.update(map(" ".join, zip(tokens, tokens[1:], tokens[2:], strict=False)))
    values = array("I", minhash.digest())
    if sys.byteorder == "big":
        values.byteswap()
    return memoryview(values).cast("B").cast("H")[::2].tobytes()  # the low 16 bits of each tell them apart


def _folded_title(title: str) -> str:
    """Return the words of a title without case and punctuation, or the title if it has no word."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", title).casefold())) or title


def _digest(text: str, size: int) -> bytes:
    return blake2b(unicodedata.normalize("NFC", text).encode(), digest_size=size).digest()
