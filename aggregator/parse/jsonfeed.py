"""JSON Feed 1.0 and 1.1 (jsonfeed.org). Pure.

Only `version` is required. Any other field may be missing or of a wrong type, and then counts as absent.
"""

import json
from collections.abc import Iterator
from math import isfinite
from typing import Any

from aggregator.model import Enclosure, Entry, Failure, Feed, Link, Person, Term, TextConstruct
from aggregator.parse.constructs import part, parts, string, unique, url
from aggregator.parse.digest import with_digest
from aggregator.parse.encoding import without_controls
from aggregator.parse.not_a_feed import parse_failure
from aggregator.parse.raw import Values

_DIGITS = 308  # of a double, as which JavaScript reads numbers; Python reads no more than 4300
_MAX_SIZE = 2**63  # bytes
_MAX_SECONDS = 10**8
_VERSION = "jsonfeed.org/version/1"


def json_feed(text: str, document: str, max_entries: int) -> Feed | Failure:
    """Return the feed `text` at the URL `document`, with at most `max_entries` entries."""
    try:
        # Not strict: sources write line breaks in strings.
        values = json.loads(text, strict=False, parse_int=_int, object_pairs_hook=_clean)
    except json.JSONDecodeError as fault:
        return parse_failure(document, f"the server returned invalid JSON (line {fault.lineno}, column {fault.colno})")
    except RecursionError:
        return parse_failure(document, "the server returned JSON that is nested too deeply")
    version = (string(values, "version") or "") if isinstance(values, dict) else ""
    if _VERSION not in version:
        return parse_failure(document, "the server returned JSON, but not a JSON Feed")
    items = parts(values, "items")
    entries = (_entry(item, document) for item in items[:max_entries])
    return Feed(
        format="json11" if version.endswith("/1.1") else "json1",
        url=document,
        title=_text(values, "title"),
        link=url(values, "home_page_url", base=document),
        language=string(values, "language"),
        links=tuple(_feed_links(values, document)),
        authors=_authors(values, document),
        entries=tuple(entry for entry in entries if entry),
        left_out=max(0, len(items) - max_entries),
    )


def _entry(item: Values, document: str) -> Entry | None:
    """Return the entry, None if it has neither title, link nor text."""
    title = _text(item, "title")
    links = tuple(_links(item, document))
    contents = tuple(_contents(item))
    number = _number(item, "id")  # readers must accept it (1.1, "id")
    if not (title or links or contents):
        return None
    return with_digest(
        Entry(
            digest=b"",
            guid=string(item, "id") if number is None else str(number),
            links=links,
            title=title,
            contents=contents,
            published=string(item, "date_published"),
            updated=string(item, "date_modified"),
            language=string(item, "language"),
            authors=_authors(item, document),
            enclosures=tuple(_enclosures(item, document)),
            image=url(item, "image", base=document) or url(item, "banner_image", base=document),
            terms=unique(_terms(item)),
        )
    )


def _clean(members: list[tuple[str, Any]]) -> Values:
    """Return an object without control characters in its strings."""
    return {key: without_controls(value) if isinstance(value, str) else value for key, value in members}


def _number(values: Values, key: str) -> int | float | None:
    value = values.get(key)
    return value if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) else None


def _amount(values: Values, key: str, limit: int) -> int | None:
    """Return a positive number below `limit`, rounded down, None if it is none or 0."""
    number = _number(values, key)
    return int(number) or None if number is not None and 0 < number < limit else None


def _int(digits: str) -> int | None:
    """Return the number, None if it has more digits than other readers of JSON can hold."""
    return int(digits) if len(digits) <= _DIGITS else None


def _text(values: Values, key: str) -> TextConstruct | None:
    value = string(values, key)
    return TextConstruct(value=value, kind="plain") if value else None


def _contents(item: Values) -> Iterator[TextConstruct]:
    """Yield the texts, the best first; the plain one has often lost its links and lists, so that it comes last."""
    if html := string(item, "content_html"):
        yield TextConstruct(value=html, kind="html")
    for key in ("summary", "content_text"):
        if text := _text(item, key):
            yield text


def _links(item: Values, document: str) -> Iterator[Link]:
    """Yield the link to the entry's own page, then the one to the page that it is about."""
    for rel, key in (("alternate", "url"), ("related", "external_url")):
        if href := url(item, key, base=document):
            yield Link(rel=rel, href=href)


def _feed_links(values: Values, document: str) -> Iterator[Link]:
    for rel, key in (("self", "feed_url"), ("next", "next_url")):
        if href := url(values, key, base=document):
            yield Link(rel=rel, href=href)
    for hub in parts(values, "hubs"):
        if (string(hub, "type") or "").lower() == "websub" and (href := url(hub, "url", base=document)):
            yield Link(rel="hub", href=href)


def _authors(values: Values, document: str) -> tuple[Person, ...]:
    """Return `authors` of 1.1, else `author` of 1.0, each once."""
    authors = parts(values, "authors") or [part(values, "author")]
    persons = (Person(name=string(author, "name"), url=url(author, "url", base=document)) for author in authors)
    return unique(person for person in persons if person.name or person.url)


def _enclosures(item: Values, document: str) -> Iterator[Enclosure]:
    for file in parts(item, "attachments"):
        if href := url(file, "url", base=document):
            yield Enclosure(
                url=href,
                type=string(file, "mime_type"),
                length=_amount(file, "size_in_bytes", _MAX_SIZE),
                title=string(file, "title"),
                duration=_amount(file, "duration_in_seconds", _MAX_SECONDS),
            )


def _terms(item: Values) -> Iterator[Term]:
    tags = item.get("tags")
    for tag in tags if isinstance(tags, list) else ():
        if isinstance(tag, str) and (term := without_controls(tag).strip()):
            yield Term(term=term)
