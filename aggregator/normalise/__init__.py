"""Entries of a feed -> drafts, safe to print anywhere. Pure; never raises, whatever a source publishes."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.model import Draft, Entry, Feed, FeedInfo, SourceContext
from aggregator.normalise import text
from aggregator.normalise.body import preferred_content
from aggregator.normalise.dates import entry_dates
from aggregator.normalise.details import details, podcast
from aggregator.normalise.identity import EntryIdentity, identities, printable_guid
from aggregator.normalise.language import detected_language, primary_subtag
from aggregator.normalise.links import clean_url, external_link
from aggregator.normalise.metadata import enclosures, people, terms
from aggregator.normalise.titles import plain_title, substitute_title
from aggregator.normalise.tombstones import deletions
from aggregator.urls import is_http

__all__ = ["Normalised", "NormalisedEntry", "normalise"]

_MAX_LANGUAGE_TAG = 100  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalisedEntry:
    """A draft, and what its keys need beside it."""

    draft: Draft
    text: str  # of the body, plain
    date: str | None  # as published


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalised:
    """A normalised feed: its new or changed entries, and the feed's own title and links."""

    entries: tuple[NormalisedEntry, ...]  # in the document's order
    still_listed: frozenset[str]  # guid and link keys of all entries of the document; empty if `entries` is
    feed_info: FeedInfo
    deleted: Mapping[str, datetime] = field(default_factory=dict)  # times of deletion of entries, by guid
    undeleted: frozenset[str] = frozenset()  # guids of all other entries of the document; empty if `deleted` is


def normalise(
    feed: Feed, source: SourceContext, now: datetime, *, seen: frozenset[bytes] = frozenset(), summary_words: int = 50
) -> Normalised:
    """Normalise the entries of `feed`, and the feed's own title and links.

    Entries whose digest is in `seen` (those of the last document) and repetitions within the document are left out;
    not so deleted ones, so that they are known to have been in the document.
    `now`, in UTC, is the time of first sight of the others.
    """
    feed_info = _feed_info(feed)
    deleted = deletions(feed, now)
    undeleted = frozenset(_guids(feed)) - deleted.keys() if deleted else frozenset[str]()
    positions = tuple(_fresh(feed, seen, deleted))
    if not positions:
        return Normalised(
            entries=(), still_listed=frozenset(), feed_info=feed_info, deleted=deleted, undeleted=undeleted
        )
    all_identities = identities(feed, source)
    return Normalised(
        entries=tuple(
            _normalised(feed, source, now, position, all_identities[position], summary_words) for position in positions
        ),
        still_listed=frozenset(key for each in all_identities for key in (each.guid_key, each.link_key) if key),
        feed_info=feed_info,
        deleted=deleted,
        undeleted=undeleted,
    )


def _guids(feed: Feed) -> Iterator[str]:
    """Yield the guids of the document's entries."""
    for entry in feed.entries:
        if entry.guid and (guid := printable_guid(entry.guid)):
            yield guid


def _fresh(feed: Feed, seen: frozenset[bytes], deleted: Collection[str]) -> Iterator[int]:
    """Yield the positions of entries that are new, changed or deleted, each once."""
    digests = set(seen)
    if deleted:
        digests -= {entry.digest for entry in feed.entries if entry.guid and printable_guid(entry.guid) in deleted}
    for position, entry in enumerate(feed.entries):
        if entry.digest not in digests:
            digests.add(entry.digest)
            yield position


def _normalised(
    feed: Feed, source: SourceContext, now: datetime, position: int, identity: EntryIdentity, summary_words: int
) -> NormalisedEntry:
    entry = feed.entries[position]
    declared = _declared_language(feed, source, entry)
    body = preferred_content(entry.contents, identity.link, declared, source.remove)
    title = plain_title(entry.title, declared) or substitute_title(body.text, identity.link)
    dates = entry_dates(entry, declared, now)
    is_rss = feed.format.startswith("rss")
    external = external_link(entry, feed.format)
    draft = Draft(
        source_id=source.id,
        guid=identity.guid,
        guid_key=identity.guid_key,
        link=identity.link,
        link_key=identity.link_key,
        title=title,
        html=body.html,
        markdown=body.markdown,
        summary=text.summary(body.text, summary_words),
        language=declared or detected_language(f"{title}\n{body.text}"),
        published=dates.published,
        updated=dates.updated,
        first_seen=now,
        position=position,
        authors=people(entry.authors, feed.url, is_rss=is_rss) or people(feed.authors, feed.url, is_rss=is_rss),
        enclosures=enclosures(entry.enclosures, feed.url, is_rss=is_rss),
        image=clean_url(entry.image, feed.url) if entry.image else None,
        external_url=clean_url(external, feed.url) if external else None,
        terms=terms(entry.terms, is_rss=is_rss),
        details=details(entry.details, feed.url),
        flags=dates.flags,
    )
    return NormalisedEntry(draft=draft, text=body.text, date=entry.published)


def _declared_language(feed: Feed, source: SourceContext, entry: Entry) -> str | None:
    tags = (source.language, entry.language, feed.language)
    return next((language for tag in tags if (language := primary_subtag(tag))), None)


def _feed_info(feed: Feed) -> FeedInfo:
    first = {link.rel: link.href for link in reversed(feed.links) if is_http(link.href)}
    return FeedInfo(
        title=plain_title(feed.title),
        link=clean_url(feed.link, feed.url) if feed.link else None,
        language=feed.language[:_MAX_LANGUAGE_TAG] if feed.language else None,
        self_link=first.get("self"),
        hub=first.get("hub"),
        podcast=podcast(feed.podcast, feed.url),
    )
