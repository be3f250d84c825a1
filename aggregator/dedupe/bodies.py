"""Comparison of two bodies under one link: excerpts, and stubs that only point to the page. Pure."""

import re
from html import unescape

from aggregator.dedupe.fingerprint import runs

STUB_WORDS = 25  # beside its links; a shorter body is a comment link or a stub, no article
CONTAINED = 0.8  # of the runs of the shorter text; feeds end an excerpt with words of their own

_TAG = re.compile(r"<[^<>]*>")
_LINK = re.compile(r"<a\s[^<>]*>.*?</a>", re.DOTALL)


def is_stub(html: str) -> bool:
    """Return whether a clean body has fewer than 25 words beside its links."""
    return len(_text(_LINK.sub(" ", html)).split()) < STUB_WORDS


def contains(first: str, second: str) -> bool:
    """Return whether one of two clean bodies holds the text of the other."""
    shorter, longer = sorted((runs(_text(first)), runs(_text(second))), key=len)
    return bool(shorter) and len(shorter & longer) >= CONTAINED * len(shorter)


def _text(html: str) -> str:
    return unescape(_TAG.sub(" ", html))
