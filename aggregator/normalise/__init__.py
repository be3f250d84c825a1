"""Feed, Source -> Articles: entries as kept, safe to print anywhere. Pure.

Tolerates anything that a source writes, and never raises.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from aggregator.commonmark import markdown
from aggregator.model import Article, Credit, Entry, Feed, FeedFacts, Source
from aggregator.normalise import text
from aggregator.normalise.body import fullest
from aggregator.normalise.dates import moments
from aggregator.normalise.identity import Names, article_id, names, public_id
from aggregator.normalise.language import detected, primary_subtag
from aggregator.normalise.links import printable
from aggregator.normalise.metadata import enclosures, people, terms
from aggregator.normalise.titles import plain_title, stand_in
from aggregator.urls import is_http, without_credentials

__all__ = ["Normalised", "normalise"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalised:
    """A feed as kept: its new or changed entries as articles, and what it says of itself."""

    articles: tuple[Article, ...]  # in the document's order; `position` is the place in the document
    standing: frozenset[str]  # guids and links that name an entry of the document, be it seen before; () if no articles
    facts: FeedFacts


def normalise(
    feed: Feed, source: Source, now: datetime, *, seen: frozenset[bytes] = frozenset(), summary_words: int = 50
) -> Normalised:
    """The entries of `feed` as articles, and what `feed` says of itself.

    Left out are entries whose digest is in `seen` (last time's, word for word) and repetitions within the document:
    they cost nothing. `now`, in UTC, is when the others are first seen.
    """
    facts = _facts(feed)
    fresh = tuple(_fresh(feed, seen))
    if not fresh:
        return Normalised(articles=(), standing=frozenset(), facts=facts)
    known = names(feed, source)
    return Normalised(
        articles=tuple(_article(feed, source, facts, now, place, known[place], summary_words) for place in fresh),
        standing=frozenset(key for one in known for key in (one.guid_key, one.link_key) if key),
        facts=facts,
    )


def _fresh(feed: Feed, seen: frozenset[bytes]) -> Iterator[int]:
    """The positions of entries that are new or changed, each once."""
    passed = set(seen)
    for position, entry in enumerate(feed.entries):
        if entry.digest not in passed:
            passed.add(entry.digest)
            yield position


def _article(
    feed: Feed, source: Source, facts: FeedFacts, now: datetime, position: int, known: Names, summary_words: int
) -> Article:
    entry = feed.entries[position]
    body = fullest(entry.contents, known.link)
    title = plain_title(entry.title) or stand_in(body.text, known.link)
    declared = _declared_language(feed, source, entry)
    dates = moments(entry, declared, now)
    is_rss = feed.format.startswith("rss")
    own_id = article_id(source.id, known, entry, title, body.text)
    return Article(
        id=own_id,
        uid=public_id(known, own_id),
        source_id=source.id,
        source=source.name,
        guid=known.guid,
        guid_key=known.guid_key,
        link=known.link,
        link_key=known.link_key,
        title=title,
        html=body.html,
        markdown=markdown(body.html),
        summary=text.summary(body.text, summary_words),
        text=body.text,
        language=declared or detected(f"{title}\n{body.text}"),
        published=dates.published,
        updated=dates.updated,
        first_seen=now,
        position=position,
        authors=people(entry.authors, feed.url, is_rss=is_rss) or people(feed.authors, feed.url, is_rss=is_rss),
        enclosures=enclosures(entry.enclosures, feed.url),
        image=printable(entry.image, feed.url) if entry.image else None,
        terms=terms(entry.terms, is_rss=is_rss),
        flags=dates.flags,
        credits=(_credit(facts, source, known.link),),
        categories=source.categories,
        tags=source.tags,
    )


def _declared_language(feed: Feed, source: Source, entry: Entry) -> str | None:
    tags = (source.language, entry.language, feed.language)
    return next((language for tag in tags if (language := primary_subtag(tag))), None)


def _facts(feed: Feed) -> FeedFacts:
    first = {link.rel: link.href for link in reversed(feed.links) if is_http(link.href)}
    return FeedFacts(
        title=plain_title(feed.title),
        link=printable(feed.link, feed.url) if feed.link else None,
        language=feed.language,
        self_link=first.get("self"),
        hub=first.get("hub"),
    )


def _credit(facts: FeedFacts, source: Source, link: str) -> Credit:
    return Credit(
        source=source.name,
        link=link,
        feed_title=facts.title,
        feed_link=facts.link,
        feed_url=without_credentials(source.url),
    )
