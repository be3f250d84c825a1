"""What is said about an entry beside its text: people, media, categories. Pure.

RSS escapes names twice now and then, as it does titles: with `is_rss`, entities in them are decoded once more.
"""

import re
from collections.abc import Iterable

from aggregator.model import Enclosure, Person, Term
from aggregator.normalise import text
from aggregator.normalise.links import printable
from aggregator.normalise.titles import decoded

_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+")
_SCHEME_URI = re.compile(r"(?:tag|urn):[\w;/?:@&=+$.\-!~*'(),%]+", re.ASCII)


def people(persons: Iterable[Person], base: str, *, is_rss: bool = False) -> tuple[Person, ...]:
    """`persons` fit to print, each once; those without name, e-mail or URL left out."""
    printed = (
        Person(name=_name(p.name, is_rss), email=_email(p.email), url=printable(p.url, base) if p.url else None)
        for p in persons
    )
    return tuple(dict.fromkeys(one for one in printed if one.name or one.email or one.url))


def enclosures(published: Iterable[Enclosure], base: str) -> tuple[Enclosure, ...]:
    """The media files that lie on the web, each URL once."""
    by_url: dict[str, Enclosure] = {}
    for enclosure in published:
        if url := printable(enclosure.url, base):
            length = enclosure.length if enclosure.length and enclosure.length > 0 else None
            kept = Enclosure(url=url, type=_line(enclosure.type), length=length, title=_line(enclosure.title))
            by_url.setdefault(url, kept)
    return tuple(by_url.values())


def terms(published: Iterable[Term], *, is_rss: bool = False) -> tuple[Term, ...]:
    """The categories that have a name, each once; a scheme that is no URI is dropped (RFC 4287, 4.2.2.2)."""
    printed = (
        Term(term=_name(t.term, is_rss) or "", scheme=_scheme(t.scheme), label=_name(t.label, is_rss))
        for t in published
    )
    return tuple(dict.fromkeys(term for term in printed if term.term))


def _name(value: str | None, is_rss: bool) -> str | None:
    return _line(decoded(value) if value and is_rss else value)


def _line(value: str | None) -> str | None:
    return text.one_line(value) or None if value else None


def _email(value: str | None) -> str | None:
    line = _line(value)
    return line if line and _EMAIL.fullmatch(line) else None


def _scheme(value: str | None) -> str | None:
    if not value:
        return None
    return value if _SCHEME_URI.fullmatch(value) else printable(value, None)
