"""JSON Feed 1.0 and 1.1 (jsonfeed.org). Pure.

Only `version` is insisted on. Everything else may be missing or of a wrong type, and then counts as absent.
"""

import json
from collections.abc import Iterator
from math import isfinite
from typing import Any

from aggregator.model import Enclosure, Entry, Failure, Feed, Link, Person, Term, TextConstruct
from aggregator.parse.digest import with_digest
from aggregator.parse.encoding import legible
from aggregator.parse.not_a_feed import failure
from aggregator.urls import absolute

Values = dict[str, Any]

_DIGITS = 308  # of a double, which is what numbers are to JavaScript; Python reads no more than 4300
_LARGEST = 2**63  # bytes; what is more is no size
_VERSION = "jsonfeed.org/version/1"


def is_json(text: str) -> bool:
    """Whether `text` is meant as JSON: no feed in XML begins like that."""
    return text.lstrip().startswith(("{", "["))


def json_feed(text: str, document: str, max_entries: int) -> Feed | Failure:
    """The feed that `text` is, at the URL `document`; no more than `max_entries` of its entries."""
    try:
        values = json.loads(text, strict=False, parse_int=_whole)  # not strict: raw line ends in strings
    except json.JSONDecodeError as fault:
        return failure(
            document, f"the answer is JSON that cannot be read from line {fault.lineno}, column {fault.colno}"
        )
    except RecursionError:
        return failure(document, "the answer is JSON that is nested too deeply")
    if not isinstance(values, dict) or _VERSION not in (_string(values, "version") or ""):
        return failure(document, "the answer is JSON, but not a JSON Feed")
    items = _parts(values, "items")
    entries = (_entry(item, document) for item in items[:max_entries])
    return Feed(
        format="json11" if (_string(values, "version") or "").endswith("/1.1") else "json1",
        url=document,
        title=_text(values, "title"),
        link=_url(values, "home_page_url", document),
        language=_string(values, "language"),
        links=tuple(_feed_links(values, document)),
        authors=_authors(values, document),
        image=_url(values, "icon", document) or _url(values, "favicon", document),
        entries=tuple(each for each in entries if each),
        left_out=max(0, len(items) - max_entries),
    )


def _entry(item: Values, document: str) -> Entry | None:
    """None where the item has neither title, link nor text."""
    title = _text(item, "title")
    links = tuple(_links(item, document))
    contents = tuple(_contents(item))
    if not (title or links or contents):
        return None
    return with_digest(
        guid=_id(item),
        links=links,
        title=title,
        contents=contents,
        published=_string(item, "date_published"),
        updated=_string(item, "date_modified"),
        language=_string(item, "language"),
        authors=_authors(item, document),
        enclosures=tuple(_enclosures(item, document)),
        image=_url(item, "image", document) or _url(item, "banner_image", document),
        terms=tuple(_terms(item)),
    )


def _string(values: Values, key: str) -> str | None:
    value = values.get(key)
    return legible(value).strip() or None if isinstance(value, str) else None


def _id(item: Values) -> str | None:
    """A number is an id too: readers must take it (1.1, "id")."""
    number = _number(item, "id")
    return _string(item, "id") if number is None else str(number)


def _number(values: Values, key: str) -> int | float | None:
    value = values.get(key)
    return value if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) else None


def _whole(digits: str) -> int | None:
    """The number, None for one of more digits than any that JSON's other readers can hold."""
    return int(digits) if len(digits) <= _DIGITS else None


def _url(values: Values, key: str, document: str) -> str | None:
    href = _string(values, key)
    return absolute(href, document) if href else None


def _parts(values: Values, key: str) -> list[Values]:
    found = values.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _text(values: Values, key: str) -> TextConstruct | None:
    value = _string(values, key)
    return TextConstruct(value=value, kind="plain") if value else None


def _contents(item: Values) -> Iterator[TextConstruct]:
    if html := _string(item, "content_html"):
        yield TextConstruct(value=html, kind="html")
    for key in ("content_text", "summary"):
        if text := _text(item, key):
            yield text


def _links(item: Values, document: str) -> Iterator[Link]:
    """The entry's own page first; `external_url` is what it writes about."""
    for rel, key in (("alternate", "url"), ("related", "external_url")):
        if href := _url(item, key, document):
            yield Link(rel=rel, href=href)


def _feed_links(values: Values, document: str) -> Iterator[Link]:
    for rel, key in (("self", "feed_url"), ("next", "next_url")):
        if href := _url(values, key, document):
            yield Link(rel=rel, href=href)
    for hub in _parts(values, "hubs"):
        if (_string(hub, "type") or "").lower() == "websub" and (href := _url(hub, "url", document)):
            yield Link(rel="hub", href=href)


def _authors(values: Values, document: str) -> tuple[Person, ...]:
    """`authors` of 1.1, else `author` of 1.0."""
    author = values.get("author")
    given = _parts(values, "authors") or ([author] if isinstance(author, dict) else [])
    found = (Person(name=_string(each, "name"), url=_url(each, "url", document)) for each in given)
    return tuple(dict.fromkeys(person for person in found if person.name or person.url))


def _enclosures(item: Values, document: str) -> Iterator[Enclosure]:
    for file in _parts(item, "attachments"):
        if url := _url(file, "url", document):
            size = _number(file, "size_in_bytes")
            length = int(size) if size is not None and 0 < size < _LARGEST else None
            yield Enclosure(url=url, type=_string(file, "mime_type"), length=length, title=_string(file, "title"))


def _terms(item: Values) -> Iterator[Term]:
    tags = item.get("tags")
    for tag in dict.fromkeys(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ():
        if term := legible(tag).strip():
            yield Term(term=term)
