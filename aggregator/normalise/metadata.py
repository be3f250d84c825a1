"""People, media and categories of an entry. Pure.

RSS sometimes escapes names twice, as it does titles: with `is_rss`, entities in them are decoded once more.
"""

import re
from collections.abc import Iterable

from aggregator.model import Enclosure, Person, Term
from aggregator.normalise import text
from aggregator.normalise.links import clean_url
from aggregator.normalise.titles import decoded_entities

_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+")
_SCHEME_URI = re.compile(r"(?:tag|urn):[\w;/?:@&=+$.\-!~*'(),%]+", re.ASCII)


def people(persons: Iterable[Person], base: str, *, is_rss: bool = False) -> tuple[Person, ...]:
    """Return `persons` fit to print, each once, without those that have no name, e-mail or URL."""
    printed = (
        Person(name=_name(p.name, is_rss), email=_email(p.email), url=clean_url(p.url, base) if p.url else None)
        for p in persons
    )
    return tuple(dict.fromkeys(person for person in printed if person.name or person.email or person.url))


def enclosures(published: Iterable[Enclosure], base: str) -> tuple[Enclosure, ...]:
    """Return the media files that lie on the web, each URL once."""
    by_url: dict[str, Enclosure] = {}
    for enclosure in published:
        if url := clean_url(enclosure.url, base):
            length = enclosure.length if enclosure.length and enclosure.length > 0 else None
            media = Enclosure(url=url, type=_line(enclosure.type), length=length, title=_line(enclosure.title))
            by_url.setdefault(url, media)
    return tuple(by_url.values())


def terms(published: Iterable[Term], *, is_rss: bool = False) -> tuple[Term, ...]:
    """Return the categories that have a name, each once; a scheme that is no URI is dropped (RFC 4287, 4.2.2.2)."""
    printed = (
        Term(term=_name(t.term, is_rss) or "", scheme=_scheme(t.scheme), label=_name(t.label, is_rss))
        for t in published
    )
    return tuple(dict.fromkeys(term for term in printed if term.term))


def _name(value: str | None, is_rss: bool) -> str | None:
    return _line(decoded_entities(value) if value and is_rss else value)


def _line(value: str | None) -> str | None:
    return text.one_line(value) or None if value else None


def _email(value: str | None) -> str | None:
    line = _line(value)
    return line if line and _EMAIL.fullmatch(line) else None


def _scheme(value: str | None) -> str | None:
    if not value:
        return None
    return value if _SCHEME_URI.fullmatch(value) else clean_url(value, None)
