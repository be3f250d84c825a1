"""File names and URLs made from titles and labels. Pure."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import TypeVar
from urllib.parse import quote

from anyascii import anyascii

RESERVED_SLUGS = frozenset({"index"})  # Hugo: a file `index.md` hides every other article of its folder
MAX_SLUG = 80  # characters
ALL = "all"  # the feed of all articles; no category may have this name

T = TypeVar("T")

_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_NOT_WORD = re.compile(r"[^\w]+|_+")


def slug(text: str) -> str:
    """Return `text` as ASCII words joined by "-", at most 80 characters, cut at a word; "" if nothing is left.

    Other scripts are transliterated, so that an Urdu or Chinese title keeps a readable name.
    """
    words = _NOT_SLUG.sub("-", anyascii(text[:400]).lower().replace("'", "")).strip("-")
    if len(words) > MAX_SLUG:
        words = words[: MAX_SLUG + 1].rpartition("-")[0] or words[:MAX_SLUG]
    return "" if words in RESERVED_SLUGS else words


def category_name(label: str) -> str:
    """Return the file name of a category: its label in lower case, joined by "-"; "" without letters or digits."""
    folded = unicodedata.normalize("NFC", label).lower()
    return _NOT_WORD.sub("-", folded).strip("-")[:80].strip("-")


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return `number` with its noun: "1 source", "2 sources"."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def no_source_named(name: str, names: Iterable[str]) -> str:
    """Return the sentence for a source `name` that is not among `names`, with the nearest of them if one is near."""
    close = get_close_matches(name, list(names), n=1)
    advice = f"did you mean {close[0]}?" if close else "`aggregator sources` lists them"
    return f"no source is named {name}; {advice}"


def feed_url(public_url: str, category: str, suffix: str) -> str:
    """Return the URL of the feed of a category (its file name) in the format with this suffix."""
    return f"{public_url}feeds/{quote(category)}.{suffix}"


def page_url(public_url: str, category: str) -> str:
    """Return the URL of the page of a category (its file name); the front page for `all`."""
    return public_url if category == ALL else f"{public_url}category/{quote(category)}"


def feed_title(title: str, category: str, label: str) -> str:
    """Return the title of a category's feed, in every format: `title`, and the label except for `all`."""
    return title if category == ALL else f"{title}: {label}"


def distinct(values: Iterable[T], name: Callable[[T], str]) -> tuple[T, ...]:
    """Return `values` without those whose name an earlier one has."""
    first: dict[str, T] = {}
    for value in values:
        first.setdefault(name(value), value)
    return tuple(first.values())
