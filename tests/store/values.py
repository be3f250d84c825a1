"""Values to put into a store, each field with something in it."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

from aggregator import sync
from aggregator.model import (
    CategoryFeed,
    Decision,
    Draft,
    Duplicate,
    Enclosure,
    FeedInfo,
    Fingerprint,
    Key,
    Keyed,
    New,
    Person,
    RecordCounts,
    Rendition,
    Source,
    SourceState,
    StoredArticle,
    Term,
    Unchanged,
    Updated,
    Validators,
)
from aggregator.schedule.due import due_without_push
from aggregator.settings import Fetch
from aggregator.store import Recording, Store
from aggregator.websub import hub_topic
from tests.sources import source as configured

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FETCH = Fetch()
LEASE = timedelta(minutes=5)


def source(name: str = "thehill", **changes: Any) -> Source:
    given: dict[str, Any] = {"url": f"https://{name}.example/feed", "categories": (name,), "tags": (name,)}
    return configured(name, **(given | changes))


def sync_sources(store: Store, sources: Sequence[Source], now: datetime = NOW, fetch: Fetch = FETCH) -> None:
    sync.sync_sources(store, sources, now, fetch)


def state(**changes: Any) -> SourceState:
    given: dict[str, Any] = {
        "moved_to": "https://moved.example/feed",
        "validators": Validators(etag='W/"1"', last_modified="Tue, 24 Nov 2026 10:00:00 GMT"),
        "digest": b"d" * 16,
        "seen": b"s" * 16,
        "last_fetch": NOW,
        "next_fetch": NOW + 30 * MINUTE,
        "due_reason": "interval",
        "http_status": 200,
        "failures": 2,
        "error": "it was odd",
        "entries": 2,
        "unmodified_since": NOW - MINUTE,
        "requested_interval": timedelta(hours=1),
        "skip_hours": (1, 2),
        "skip_days": (0,),
        "feed_info": FeedInfo(title="The Hill", link="https://thehill.example/", language="en-US"),
    }
    return SourceState(**(given | changes))


def article(number: int = 1, source_id: int = 1, **changes: Any) -> StoredArticle:
    link = f"https://thehill.example/{source_id}/{number}"
    given: dict[str, Any] = {
        "id": f"{source_id:08x}{number:024x}",
        "uid": link,
        "source_id": source_id,
        "source": "thehill",
        "guid": f"guid {number}",
        "guid_key": f"guid {number}",
        "link": link,
        "link_key": link,
        "title": f"Title {number}",
        "html": f"<p>Body {number} “ü”</p>",
        "markdown": f"Body {number} “ü”",
        "summary": f"Body {number}",
        "language": "en",
        "published": NOW - number * MINUTE,
        "updated": NOW - number * MINUTE,
        "first_seen": NOW,
        "position": number,
        "authors": (Person(name="A. Writer", email="a@example.org"),),
        "enclosures": (
            Enclosure(url="https://thehill.example/a.mp3", type="audio/mpeg", length=3_000_000_000),
            Enclosure(
                url="https://thehill.example/a.png",
                renditions=(
                    Rendition(url="https://thehill.example/a.png", type="image/png", width=9, height=8, length=7),
                    Rendition(url="https://thehill.example/b.png"),
                ),
            ),
        ),
        "image": "https://thehill.example/a.jpg",
        "terms": (Term(term="politics", label="Politics"),),
        "flags": ("published in the future",),
    }
    return StoredArticle(**(given | changes))


def keyed(article: StoredArticle, *names: str, weak: Sequence[str] = (), text: str | None = None) -> Keyed:
    """`article` with a strong key for each of `names` (its link, if none is given) and weak ones."""
    strong_keys = tuple(Key(rule="link", digest=digest(name), strong=True) for name in names or (article.link,))
    weak_keys = tuple(Key(rule="title", digest=digest(name), strong=False) for name in weak)
    body = digest(text or article.title + article.html)
    marks = Fingerprint(digest=body, title=digest(article.title)[:8], signature=b"m" * 64, words=2)
    return Keyed(id=article.id, uid=article.uid, draft=article, keys=strong_keys + weak_keys, fingerprint=marks)


def digest(name: str) -> bytes:
    return blake2b(name.encode(), digest_size=16).digest()


class NewMember(New, frozen=True, kw_only=True):
    """A new article, and the cluster that it joins before its first publication."""

    cluster: str


def new(value: StoredArticle | Keyed, cluster: str | None = None) -> New:
    given, reason = value if isinstance(value, Keyed) else keyed(value), "not seen before"
    return NewMember(keyed=given, cluster=cluster, reason=reason) if cluster else New(keyed=given, reason=reason)


def updated(value: StoredArticle | Keyed, *, of: str | None = None, text_changed: bool = True) -> Updated:
    given = value if isinstance(value, Keyed) else keyed(value)
    return Updated(id=of or given.id, keyed=given, text_changed=text_changed, reason="edited")


def duplicate(value: StoredArticle | Keyed, of: str) -> Duplicate:
    return Duplicate(id=of, keyed=value if isinstance(value, Keyed) else keyed(value), reason="same link")


def unchanged(value: StoredArticle | Keyed, of: str | None = None) -> Unchanged:
    given = value if isinstance(value, Keyed) else keyed(value)
    return Unchanged(id=of or given.id, keyed=given, reason="same guid")


def path(article: Draft) -> str:
    return f"thehill/{article.published:%Y/%m/%d}-{article.title.lower().replace(' ', '-')}.md"


def record(store: Store, *decisions: Decision, by: int = 1, at: datetime = NOW, **changes: Any) -> RecordCounts:
    return record_as(store, state(**changes), *decisions, by=by, at=at)


def record_as(
    store: Store,
    state: SourceState,
    *decisions: Decision,
    by: int = 1,
    at: datetime = NOW,
    name: Callable[[Draft], str] = path,
    pushed: bool = False,
) -> RecordCounts:
    """Record as the pipeline does, by the default settings."""
    hub, due = None, None
    if state.feed_info.hub or state.due_reason != "interval":
        (own,) = (stored.source for stored in store.sources.all() if stored.source.id == by)
        hub = hub_topic(state.feed_info, state.moved_to or own.url)
        due = due_without_push(own, state, FETCH, at)
    recording = Recording(
        source_id=by,
        state=state,
        decisions=decisions,
        paths={decision.keyed.id: name(decision.keyed.draft) for decision in decisions if isinstance(decision, New)},
        now=at,
        pushed=pushed,
        hub=hub,
        due_without_push=due,
    )
    recorded = store.articles.record(recording)
    clusters: dict[str, str] = {}
    for decision in decisions:
        if isinstance(decision, NewMember):
            clusters[decision.keyed.id] = clusters.get(decision.cluster, decision.cluster)
    store.unpublished.set_clusters(clusters)
    return recorded


def publish_everything(store: Store) -> None:
    """Take all marks away, as if every file had been written."""
    store.outbox.published([mark for _, mark in store.outbox.articles(1000)], NOW)
    store.outbox.published([mark for _, mark in store.outbox.categories()], NOW)


def marked_articles(store: Store) -> set[str]:
    return {article.id for article, _ in store.outbox.articles(1000)}


def marked_categories(store: Store) -> set[str]:
    return {name for name, _ in store.outbox.categories()}


def titles(store: Store, category: str) -> list[str]:
    return [article.title for article in category_feed(store, category, 50).articles]


def category_feed(store: Store, name: str, limit: int, **options: Any) -> CategoryFeed:
    """The feed of a category, once the ids of all articles are for good."""
    store.unpublished.clear(store.unpublished.all())
    return store.feeds.category_feed(name, limit, **{"max_body": 1_000_000, **options})
