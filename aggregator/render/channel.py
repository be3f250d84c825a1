"""A published feed and its articles with everything decided, so that a format only serialises them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from operator import attrgetter
from typing import TypeVar, cast

from msgspec import Struct
from msgspec.structs import asdict, replace

from aggregator.characters import strip_unsafe
from aggregator.model import (
    NO_DETAILS,
    ClusterMember,
    Credit,
    Details,
    Enclosure,
    Person,
    Podcast,
    Retraction,
    StoredArticle,
    Term,
)
from aggregator.names import distinct
from aggregator.render.escape import uri

GENERATOR = "aggregator"  # without a version: a new one must not change every feed
MAX_TOMBSTONE_BYTES, TOMBSTONE_BYTES = 64_000, 80  # of a document; of one without its id
UNKNOWN_TYPE = "application/octet-stream"  # of an enclosure; RSS and JSON Feed require a type


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Head of a published feed in one format."""

    title: str
    self_url: str
    page_url: str
    media_type: str  # of the format
    hub: str | None  # WebSub
    updated: datetime
    podcast: Podcast | None = None
    retractions: tuple[Retraction, ...] = ()  # in Atom alone
    links: tuple[tuple[str, str], ...] = ()  # relations and URLs of an archive (RFC 5005)
    language: str | None = None  # of all articles (BCP 47), None if they differ
    namespaces: Mapping[str, str] = field(default_factory=dict)  # of its entries, by prefix, that not every feed has

    @property
    def is_archive(self) -> bool:
        """Return whether this is a page of the archive: only these name the current document."""
        return any(relation == "current" for relation, _ in self.links)


def feed_article(article: StoredArticle) -> StoredArticle:
    """Return the article as every format shows it: URLs as URIs, lists without repetitions, at least one author.

    The other members of its cluster end the body as a paragraph of links. Characters that XML 1.0 forbids are removed:
    one of them would invalidate the whole feed.
    """
    clean = _strip_all(article) if _has_unsafe(article) else article
    return replace(
        clean,
        uid=uri(clean.uid),
        link=uri(clean.link),
        html=strip_unsafe(clean.html) + _also_paragraph(clean.also),
        language=clean.language if clean.language and _LANGUAGE.fullmatch(clean.language) else None,
        authors=tuple(map(_person, clean.authors)) or (_source_as_person(clean),),
        enclosures=distinct(map(_enclosure, clean.enclosures), attrgetter("url")),
        image=_web_uri(clean.image),
        external_url=_web_uri(clean.external_url),
        terms=distinct((term for term in map(_term, clean.terms) if term.term), attrgetter("term")),
        credits=tuple(map(_credit, clean.credits)),
        details=NO_DETAILS if clean.details == NO_DETAILS else _details(clean.details),
        also=tuple(replace(member, link=uri(member.link)) for member in clean.also),
    )


def contributors(article: StoredArticle) -> tuple[Credit, ...]:
    """Return the credits of an article that several sources carry; () if only one does, which `source` names."""
    return article.credits if len(article.credits) > 1 else ()


def sources_paragraph(article: StoredArticle) -> str:
    """Return a paragraph that links each source's own page of the article, "" if there is one source."""
    links = (f'<a href="{escape(credit.link)}">{escape(credit.feed_title)}</a>' for credit in contributors(article))
    line = ", ".join(links)
    return f"<p>Sources: {line}</p>" if line else ""


def with_summary_only(article: StoredArticle) -> StoredArticle:
    """Return the article with its summary in place of its body."""
    return replace(article, html=f"<p>{escape(article.summary, quote=False)}</p>" if article.summary else "")


_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_EMAIL = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+\.[^\s@<>\"]+")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_WEB = re.compile(r"https?://[^\s/]", re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+", re.ASCII)

T = TypeVar("T")

_TEXTS = ("uid", "link", "title", "summary", "language", "image", "external_url", "source")
_VALUES = ("authors", "enclosures", "terms", "credits", "also", "details")
shown_fields = attrgetter(*_TEXTS, *_VALUES, "published", "updated")  # all that a feed shows of an article but its body

_texts, _values = attrgetter(*_TEXTS), attrgetter(*_VALUES)


def _has_unsafe(article: StoredArticle) -> bool:
    """Return whether a short field that feeds carry may have an unsafe character, as few have.

    `repr` shows it, since it escapes every unprintable character.
    """
    values = [value for value in _values(article) if value and value != NO_DETAILS]
    return not "".join(text or "" for text in _texts(article)).isprintable() or "\\" in repr(values)


def _strip_all(value: T) -> T:
    """Return `value` with the unsafe characters removed from every string it contains."""
    if isinstance(value, str):
        return cast(T, strip_unsafe(value))
    if isinstance(value, tuple):
        return cast(T, tuple(map(_strip_all, value)))
    if isinstance(value, Struct):
        return cast(T, replace(value, **{name: _strip_all(field) for name, field in asdict(value).items()}))
    return value


def _also_paragraph(members: tuple[ClusterMember, ...]) -> str:
    links = (
        f'<a href="{escape(uri(member.link))}">{escape(member.title)}</a> ({escape(member.source)})'
        for member in members
    )
    return f"<p>Also: {', '.join(links)}</p>" if members else ""


def _person(person: Person) -> Person:
    if person.name and person.email is None and person.url is None:
        return person
    email = person.email if person.email and _EMAIL.fullmatch(person.email) else None
    return Person(name=person.name or person.email or person.url, email=email, url=_web_uri(person.url))


def _source_as_person(article: StoredArticle) -> Person:
    """Return the source as the author of an article without one: Atom requires an author."""
    credit = next(iter(article.credits), Credit(source=article.source, link=article.link))
    return _person(Person(name=credit.feed_title or credit.source, url=credit.feed_link))


def _enclosure(enclosure: Enclosure) -> Enclosure:
    return Enclosure(
        url=uri(enclosure.url),
        type=_type(enclosure.type) or UNKNOWN_TYPE,
        length=enclosure.length if enclosure.length and enclosure.length > 0 else None,
        title=enclosure.title,
        duration=enclosure.duration,
        credit=enclosure.credit,
        renditions=tuple(replace(each, url=uri(each.url), type=_type(each.type)) for each in enclosure.renditions),
    )


def _web_uri(url: str | None) -> str | None:
    """Return `url` as a URI, None unless it is an absolute http or https URL."""
    return uri(url) if url and _WEB.match(url) else None


def _term(term: Term) -> Term:
    scheme = uri(term.scheme) if term.scheme and _ABSOLUTE.fullmatch(term.scheme) else None
    text = " ".join(term.term.split())
    return term if text == term.term and scheme == term.scheme else Term(term=text, scheme=scheme, label=term.label)


def feed_retractions(retractions: tuple[Retraction, ...]) -> tuple[Retraction, ...]:
    """Return the latest tombstones of a feed, as many as leave room for articles, with ids as articles have."""
    room, shown = MAX_TOMBSTONE_BYTES, []
    for retraction in retractions:
        uid = uri(strip_unsafe(retraction.uid))
        room -= len(uid) + TOMBSTONE_BYTES
        if room < 0:
            break
        shown.append(replace(retraction, uid=uid))
    return tuple(shown)


def feed_podcast(podcast: Podcast | None) -> Podcast | None:
    """Return the tags of a podcast as every format shows them."""
    return replace(_strip_all(podcast), image=_web_uri(podcast.image)) if podcast else None


def _details(details: Details) -> Details:
    """Return details with URIs; what needs a URL and has none that can be printed is left out."""
    chapters, origin = details.chapters, details.origin
    chapters_url = _web_uri(chapters.url) if chapters else None
    return replace(
        details,
        comments=_web_uri(details.comments),
        origin=replace(origin, url=_web_uri(origin.url)) if origin else None,
        chapters=replace(chapters, url=chapters_url, type=_type(chapters.type)) if chapters and chapters_url else None,
        transcripts=tuple(
            replace(transcript, url=url, type=_type(transcript.type))
            for transcript in details.transcripts
            if (url := _web_uri(transcript.url))
        ),
        people=tuple(
            replace(person, url=_web_uri(person.url), image=_web_uri(person.image)) for person in details.people
        ),
    )


def _type(media_type: str | None) -> str | None:
    match = _MEDIA_TYPE.match(media_type or "")
    return match[0].lower() if match else None


def _credit(credit: Credit) -> Credit:
    return Credit(
        source=credit.source,
        link=uri(credit.link),
        feed_title=credit.feed_title or credit.source,
        feed_link=_web_uri(credit.feed_link),
        feed_url=uri(credit.feed_url),
    )
