"""People, media and categories of an entry. Pure.

RSS sometimes escapes names twice, as it does titles: with `is_rss`, entities in them are decoded once more. What is too
long or too much is cut: a name of two megabytes would push all other articles out of every feed.
"""

import re
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from aggregator.model import Enclosure, Person, Rendition, Term, TextConstruct
from aggregator.normalise import text
from aggregator.normalise.links import clean_url
from aggregator.normalise.titles import decoded_entities, plain_title
from aggregator.urls import MAX_LENGTH

MAX_NAME = 200  # characters of the name of a person or category
MAX_PEOPLE = MAX_TERMS = 50
MAX_ENCLOSURES = 100
_MAX_MEDIA_TYPE = 100  # characters
_MAX_RAW_NAME = 10_000  # characters that are looked at; more are references and blanks
_MAX_EMAIL = 254  # characters of an address (RFC 5321, 4.5.3.1)

_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+")
_SCHEME_URI = re.compile(r"(?:tag|urn):[\w;/?:@&=+$.\-!~*'(),%]+", re.ASCII)


def people(persons: Iterable[Person], base: str, *, is_rss: bool = False) -> tuple[Person, ...]:
    """Return `persons` fit to print, each once, without those that have no name, e-mail or URL."""
    printed = (
        Person(name=name(p.name, is_rss), email=_email(p.email), url=clean_url(p.url, base) if p.url else None)
        for p in persons
    )
    distinct = dict.fromkeys(person for person in printed if person.name or person.email or person.url)
    return tuple(distinct)[:MAX_PEOPLE]


def enclosures(published: Iterable[Enclosure], base: str, *, is_rss: bool = False) -> tuple[Enclosure, ...]:
    """Return the media files that lie on the web, each URL once."""
    by_url: dict[str, Enclosure] = {}
    for enclosure in published:
        if (url := clean_url(enclosure.url, base)) and url not in by_url:
            title = TextConstruct(value=enclosure.title or "", kind="rss" if is_rss else "plain")
            by_url[url] = Enclosure(
                url=url,
                type=media_type(enclosure.type),
                length=enclosure.length if enclosure.length and enclosure.length > 0 else None,
                title=plain_title(title) or None,
                duration=enclosure.duration,
                credit=name(enclosure.credit, is_rss),
                renditions=tuple(_renditions(enclosure.renditions, base)),
            )
        if len(by_url) == MAX_ENCLOSURES:
            break
    return tuple(by_url.values())


def _renditions(published: Iterable[Rendition], base: str) -> Iterator[Rendition]:
    for rendition in published:
        if url := clean_url(rendition.url, base):
            yield replace(rendition, url=url, type=media_type(rendition.type))


def terms(published: Iterable[Term], *, is_rss: bool = False) -> tuple[Term, ...]:
    """Return the categories that have a name, each once; a scheme that is no URI is dropped (RFC 4287, 4.2.2.2)."""
    printed = (
        Term(term=name(t.term, is_rss) or "", scheme=_scheme(t.scheme), label=name(t.label, is_rss)) for t in published
    )
    return tuple(dict.fromkeys(term for term in printed if term.term))[:MAX_TERMS]


def media_type(value: str | None) -> str | None:
    """Return a media type on one line."""
    return _line(value, _MAX_MEDIA_TYPE)


def name(value: str | None, is_rss: bool) -> str | None:
    """Return the name of a person or category on one line."""
    if value and is_rss:
        value = decoded_entities(value[:_MAX_RAW_NAME])
    return _line(value, MAX_NAME)


def _line(value: str | None, max_length: int) -> str | None:
    """Return `value` on one line, cut to `max_length` characters, None if nothing is left."""
    return text.one_line(value[:_MAX_RAW_NAME])[:max_length].rstrip() or None if value else None


def _email(value: str | None) -> str | None:
    line = _line(value, _MAX_EMAIL)
    return line if line and _EMAIL.fullmatch(line) else None


def _scheme(value: str | None) -> str | None:
    if not value:
        return None
    return value if len(value) <= MAX_LENGTH and _SCHEME_URI.fullmatch(value) else clean_url(value, None)
