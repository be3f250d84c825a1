"""What all formats share: an article and its feed with everything decided, so that a format only writes it down."""

import re
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime
from html import escape
from operator import attrgetter
from typing import Any, TypeVar, cast

from aggregator.characters import UNSAFE, strip_unsafe
from aggregator.model import ClusterMember, Credit, Enclosure, Person, StoredArticle, Term
from aggregator.names import distinct
from aggregator.render.escape import uri

GENERATOR = "aggregator"  # without a version: a new one must not change every feed
UNKNOWN_TYPE = "application/octet-stream"  # of an enclosure; RSS and JSON Feed demand a type


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A feed that goes out, in one format: what stands in its head, and its articles newest first."""

    title: str
    self_url: str
    page_url: str
    media_type: str  # of the format
    hub: str | None  # WebSub
    updated: datetime
    articles: tuple[StoredArticle, ...] = ()  # as `outgoing` gives them

    @property
    def language(self) -> str | None:
        """The language of all articles (BCP 47), None where they differ."""
        languages = {article.language for article in self.articles}
        return languages.pop() if len(languages) == 1 else None


def outgoing(article: StoredArticle) -> StoredArticle:
    """The article as every format shows it: each URL a URI, each list without repetitions, at least one author.

    Stories that are told elsewhere too end the body as a paragraph of links. Characters that XML 1.0 forbids are gone:
    one of them would lose the whole feed.
    """
    clean = _clean(article)
    return replace(
        clean,
        uid=uri(clean.uid),
        link=uri(clean.link),
        html=clean.html + _also_paragraph(clean.also),
        language=clean.language if clean.language and _LANGUAGE.fullmatch(clean.language) else None,
        authors=tuple(map(_person, clean.authors)) or (_source_as_person(clean),),
        enclosures=distinct(map(_enclosure, clean.enclosures), lambda enclosure: enclosure.url),
        image=_web(clean.image),
        terms=distinct(filter(_named, map(_term, clean.terms)), _named),
        credits=tuple(map(_credit, clean.credits)),
        also=tuple(replace(other, link=uri(other.link)) for other in clean.also),
    )


def without_body(article: StoredArticle) -> StoredArticle:
    """The article with its summary in the place of its body."""
    return replace(article, html=f"<p>{escape(article.summary, quote=False)}</p>" if article.summary else "")


_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_EMAIL = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+\.[^\s@<>\"]+")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_WEB = re.compile(r"https?://[^\s/]", re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+", re.ASCII)

T = TypeVar("T")

_UNSAFE_ASCII = bytes(code for code in range(128) if re.match(f"[{UNSAFE}]", chr(code)))
_short_texts = attrgetter(
    *(part.name for part in fields(StoredArticle) if part.name not in {"html", "markdown", "text"})
)


def _clean(article: StoredArticle) -> StoredArticle:
    """The article without such characters in anything that goes out; most have none, which is seen cheaply.

    `repr` puts a backslash before each character that cannot be printed, and these are among them.
    """
    if "\\" in repr(_short_texts(article)):
        return _without_unsafe(article)
    html = article.html
    if html.isascii() and len(html.encode().translate(None, _UNSAFE_ASCII)) == len(html):
        return article
    return replace(article, html=strip_unsafe(html))


def _without_unsafe(value: T) -> T:
    """`value`, and whatever it holds, with no unsafe character."""
    if isinstance(value, str):
        return cast(T, strip_unsafe(value))
    if isinstance(value, tuple):
        return cast(T, tuple(map(_without_unsafe, value)))
    if is_dataclass(value):
        parts: dict[str, Any] = {part.name: _without_unsafe(getattr(value, part.name)) for part in fields(value)}
        return cast(T, replace(cast(Any, value), **parts))
    return value


def _also_paragraph(others: tuple[ClusterMember, ...]) -> str:
    links = (
        f'<a href="{escape(uri(other.link))}">{escape(other.title)}</a> ({escape(other.source)})' for other in others
    )
    return f"<p>Also: {', '.join(links)}</p>" if others else ""


def _person(person: Person) -> Person:
    email = person.email if person.email and _EMAIL.fullmatch(person.email) else None
    return Person(name=person.name or person.email or person.url, email=email, url=_web(person.url))


def _source_as_person(article: StoredArticle) -> Person:
    """Who is named where the source names nobody: the source itself. Atom demands an author."""
    credit = next(iter(article.credits), Credit(source=article.source, link=article.link))
    return _person(Person(name=credit.feed_title or credit.source, url=credit.feed_link))


def _enclosure(enclosure: Enclosure) -> Enclosure:
    media_type = _MEDIA_TYPE.match(enclosure.type or "")
    length = enclosure.length if enclosure.length and enclosure.length > 0 else None
    return replace(
        enclosure, url=uri(enclosure.url), type=media_type[0].lower() if media_type else UNKNOWN_TYPE, length=length
    )


def _web(url: str | None) -> str | None:
    """`url` as a URI, None unless it is an absolute one of the web."""
    return uri(url) if url and _WEB.match(url) else None


def _term(term: Term) -> Term:
    scheme = uri(term.scheme) if term.scheme and _ABSOLUTE.fullmatch(term.scheme) else None
    return replace(term, term=" ".join(term.term.split()), scheme=scheme)


def _named(term: Term) -> str:
    return term.term


def _credit(credit: Credit) -> Credit:
    return replace(
        credit,
        link=uri(credit.link),
        feed_title=credit.feed_title or credit.source,
        feed_link=_web(credit.feed_link),
        feed_url=uri(credit.feed_url),
    )
