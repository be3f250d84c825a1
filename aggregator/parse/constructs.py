"""Values that feeds and entries have in common, from feedparser's dictionaries. Pure.

The dictionaries are read by `dict.get`: feedparser's own look-up is slow, and gives other values for absent keys. An
unknown element may have the name of any key, so a value of another type than expected counts as absent.
"""

import re
from collections.abc import Iterable
from typing import Literal, TypeVar
from urllib.parse import urldefrag

from aggregator.model import Link, Person, TextConstruct
from aggregator.parse.raw import Values
from aggregator.urls import absolute

T = TypeVar("T")

HTML_TYPES = frozenset({"text/html", "application/xhtml+xml", "application/xml", "text/xml"})
_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/feed+json", "application/json"})
_MAILBOX = re.compile(r"([^\s@()<>]+@[^\s@()<>]+)\s*(?:\(([^()]*)\))?")
_NAMED_MAILBOX = re.compile(r"([^<>]+)<([^\s@<>]+@[^\s@<>]+)>")
_CDATA_START, _CDATA_END = "<![CDATA[", "]]>"
_MAX_CDATA = 3  # marks on each side of a text
_MAX_NAME = 500  # characters of a name with its address


def string(values: Values, *keys: str) -> str | None:
    """Return the first of `values[key]` that is a string and not blank, stripped."""
    for key in keys:
        value = dict.get(values, key)
        if isinstance(value, str) and (stripped := value.strip()):
            return without_cdata_marks(stripped)
    return None


def without_cdata_marks(text: str) -> str | None:
    """Return a text without the marks around it that a source wrote twice, or escaped; None if nothing is left.

    A section cannot hold another one: the inner start is text then, and so is the outer end.
    """
    if not text.endswith(_CDATA_END):
        return text or None
    bare = text
    for _ in range(_MAX_CDATA):
        bare = bare.removeprefix(_CDATA_START).removesuffix(_CDATA_END).strip()
    return text if _CDATA_START in bare else bare or None


def part(values: Values, key: str) -> Values:
    """Return `values[key]` if it is a dictionary, else {}."""
    value = dict.get(values, key)
    return value if isinstance(value, dict) else {}


def parts(values: Values, key: str) -> list[Values]:
    """Return the dictionaries in the list `values[key]`, [] if it is no list."""
    value = dict.get(values, key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def integer(text: str | None, max_digits: int) -> int | None:
    """Return the number that `text` is, None if it is no number or longer than `max_digits`."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= max_digits else None


def title(values: Values, document: str, *, atom: bool) -> TextConstruct | None:
    """Return the title of a feed or entry in the document at `document`, else its media's, None if both are empty."""
    key = "title" if string(values, "title") else "media_title"
    value, detail = string(values, key), part(values, f"{key}_detail")
    if value is None:
        return None
    is_html = string(detail, "type") in HTML_TYPES
    kind: Literal["plain", "html", "rss"] = "rss" if not atom else "html" if is_html else "plain"
    return TextConstruct(value=value, kind=kind, base=stated_base(string(detail, "base"), document))


def stated_base(base: str | None, document: str) -> str | None:
    """Return `base` if an xml:base stated it, None if it is only the document's URL: an entry's link is better then."""
    return base if base and base != document and urldefrag(base).url != document else None


def links(values: Values, base: str) -> tuple[Link, ...]:
    """Return the http and https links but for those to enclosures, the link to the page first."""
    pages = [
        Link(rel=string(link, "rel") or "alternate", href=href, type=string(link, "type"))
        for link in parts(values, "links")
        if dict.get(link, "rel") != "enclosure" and (href := url(link, "href", base=base))
    ]
    if len(pages) > 1:
        pages.sort(key=lambda link: link.type in _FEED_TYPES if link.rel == "alternate" else 2)
    return tuple(pages)


def url(values: Values, *keys: str, base: str) -> str | None:
    """Return the first of `values[key]` that is not blank as an absolute URL, None if it is not http or https."""
    href = string(values, *keys)
    return absolute(href, base) if href else None


def persons(values: Values) -> tuple[Person, ...]:
    """Return the authors, each once."""
    return unique(person for author in parts(values, "authors") if (person := _person(author)))


def unique(values: Iterable[T]) -> tuple[T, ...]:
    """Return `values` without repetitions, in their order."""
    items = tuple(values)
    return tuple(dict.fromkeys(items)) if len(items) > 1 else items


def _person(author: Values) -> Person | None:
    name, email, href = string(author, "name"), string(author, "email"), string(author, "href")
    url = absolute(href) if href else None
    if name and not email and "@" in name and len(name) <= _MAX_NAME:
        name, email = _name_and_email(name)
    return Person(name=name, email=email, url=url) if name or email or url else None


def _name_and_email(text: str) -> tuple[str | None, str | None]:
    """Split `jane@example.org (Jane Doe)`, as in RSS, or `Jane Doe <jane@example.org>`, as in mail."""
    if match := _MAILBOX.fullmatch(text):
        return (match[2] or "").strip() or None, match[1].removeprefix("mailto:").partition("?")[0]
    if match := _NAMED_MAILBOX.fullmatch(text):
        return match[1].strip().strip('"') or None, match[2]
    return text, None
