"""What feeds and entries of RSS and Atom have in common, from feedparser's dictionaries. Pure.

They are asked by `dict.get`: their own look-up is slow, and answers for absent keys with others. An element of the
document may bear the name of any key, so that what is no text or list where one belongs counts as absent.
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
_LONGEST_NAME = 500  # characters; nobody's name and address together are longer


def string(values: Values, *keys: str) -> str | None:
    """The first of `values[key]` that is text and not blank, stripped."""
    for key in keys:
        value = dict.get(values, key)
        if isinstance(value, str) and (stripped := value.strip()):
            return stripped
    return None


def part(values: Values, key: str) -> Values:
    """`values[key]` where it is a dictionary, else {}."""
    found = dict.get(values, key)
    return found if isinstance(found, dict) else {}


def parts(values: Values, key: str) -> list[Values]:
    """`values[key]` where it is a list of dictionaries, else []."""
    found = dict.get(values, key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def title(values: Values, document: str, *, atom: bool) -> TextConstruct | None:
    """The title of a feed or an entry in the document at `document`, else its picture's, None where both are empty."""
    key = "title" if string(values, "title") else "media_title"
    value, detail = string(values, key), part(values, f"{key}_detail")
    if value is None:
        return None
    is_html = string(detail, "type") in HTML_TYPES
    kind: Literal["plain", "html", "rss"] = "rss" if not atom else "html" if is_html else "plain"
    return TextConstruct(value=value, kind=kind, base=stated_base(string(detail, "base"), document))


def stated_base(base: str | None, document: str) -> str | None:
    """`base` where an xml:base gave it, None where it is only the document's URL: then an entry's link knows better."""
    return base if base and base != document and urldefrag(base).url != document else None


def links(values: Values, base: str) -> tuple[Link, ...]:
    """All links but those to enclosures, the page itself first; none that is not http or https, it leads to no page."""
    found = [
        Link(rel=string(link, "rel") or "alternate", href=href, type=string(link, "type"))
        for link in parts(values, "links")
        if dict.get(link, "rel") != "enclosure" and (href := url(link, "href", base=base))
    ]
    if len(found) > 1:
        found.sort(key=lambda link: link.type in _FEED_TYPES if link.rel == "alternate" else 2)
    return tuple(found)


def url(values: Values, *keys: str, base: str) -> str | None:
    """The first of `values[key]` that is there, as an absolute URL; None where it is not http or https."""
    href = string(values, *keys)
    return absolute(href, base) if href else None


def persons(values: Values) -> tuple[Person, ...]:
    """The authors, each once."""
    return each_once(person for author in parts(values, "authors") if (person := _person(author)))


def each_once(values: Iterable[T]) -> tuple[T, ...]:
    """`values` without repetitions."""
    found = tuple(values)
    return tuple(dict.fromkeys(found)) if len(found) > 1 else found


def _person(author: Values) -> Person | None:
    name, email, href = string(author, "name"), string(author, "email"), string(author, "href")
    url = absolute(href) if href else None
    if name and not email and "@" in name and len(name) <= _LONGEST_NAME:
        name, email = _name_and_email(name)
    return Person(name=name, email=email, url=url) if name or email or url else None


def _name_and_email(text: str) -> tuple[str | None, str | None]:
    """RSS writes `jane@example.org (Jane Doe)`, mail programs `Jane Doe <jane@example.org>`."""
    if match := _MAILBOX.fullmatch(text):
        return (match[2] or "").strip() or None, match[1].removeprefix("mailto:").partition("?")[0]
    if match := _NAMED_MAILBOX.fullmatch(text):
        return match[1].strip().strip('"') or None, match[2]
    return text, None
