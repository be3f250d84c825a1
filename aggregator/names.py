"""Names of files and URLs made from people's words. Pure."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import TypeVar
from urllib.parse import quote

from anyascii import anyascii

RESERVED_SLUGS = frozenset({"index"})  # Hugo: a file `index.md` swallows every other article of its folder
MAX_SLUG = 80  # characters
ALL = "all"  # the category feed that holds every article; no category may take its name

T = TypeVar("T")

_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_NOT_WORD = re.compile(r"[^\w]+|_+")


def slug(text: str) -> str:
    """`text` as ASCII words joined by "-", at most 80 characters, cut at a word; "" where nothing is left.

    Other scripts are transliterated, so that an Urdu or Chinese title keeps a telling name.
    """
    plain = _NOT_SLUG.sub("-", anyascii(text[:400]).lower().replace("'", "")).strip("-")
    if len(plain) > MAX_SLUG:
        head, cut, _ = plain[: MAX_SLUG + 1].rpartition("-")
        plain = head if cut else plain[:MAX_SLUG]
    return "" if plain in RESERVED_SLUGS else plain


def category_name(label: str) -> str:
    """File name of a category: its label in lower case, words joined by "-"; "" without a letter or digit in it."""
    folded = unicodedata.normalize("NFC", label).lower()
    return _NOT_WORD.sub("-", folded).strip("-")[:80].strip("-")


def feed_url(public_url: str, category: str, suffix: str) -> str:
    """Where readers find the feed of a category (its file name) in the format with this suffix."""
    return f"{public_url}feeds/{quote(category)}.{suffix}"


def page_url(public_url: str, category: str) -> str:
    """Where people read a category (its file name); the front page for `all`."""
    return public_url if category == ALL else f"{public_url}category/{quote(category)}"


def feed_title(title: str, category: str, label: str) -> str:
    """Title of a category's feed, in every format and in the OPML: the newsroom's, and the label but for `all`."""
    return title if category == ALL else f"{title}: {label}"


def distinct(values: Iterable[T], name: Callable[[T], str]) -> tuple[T, ...]:
    """`values` without those whose name an earlier one has."""
    first: dict[str, T] = {}
    for value in values:
        first.setdefault(name(value), value)
    return tuple(first.values())
