"""What is said about an entry beside its text: people, media, categories. Pure."""

import re
from collections.abc import Iterable

from aggregator.model import Enclosure, Person, Term
from aggregator.normalise import text
from aggregator.normalise.links import printable

_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+")
_SCHEME_URI = re.compile(r"(?:tag|urn):[\w;/?:@&=+$.\-!~*'(),%]+", re.ASCII)


def people(persons: Iterable[Person], base: str) -> tuple[Person, ...]:
    """`persons` fit to print, each once; those without name, e-mail or URL left out."""
    printed = (
        Person(name=_line(p.name), email=_email(p.email), url=printable(p.url, base) if p.url else None)
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


def terms(published: Iterable[Term]) -> tuple[Term, ...]:
    """The categories that have a name, each once; a scheme that is no URI is dropped (RFC 4287, 4.2.2.2)."""
    printed = (Term(term=_line(t.term) or "", scheme=_scheme(t.scheme), label=_line(t.label)) for t in published)
    return tuple(dict.fromkeys(term for term in printed if term.term))


def _line(value: str | None) -> str | None:
    return text.one_line(value) or None if value else None


def _email(value: str | None) -> str | None:
    line = _line(value)
    return line if line and _EMAIL.fullmatch(line) else None


def _scheme(value: str | None) -> str | None:
    if not value:
        return None
    return value if _SCHEME_URI.fullmatch(value) else printable(value, None)
