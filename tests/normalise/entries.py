"""Feeds and entries built by hand, as `parse` makes them."""

from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Literal

from msgspec.structs import fields, replace

from aggregator.dedupe import keyed
from aggregator.model import Entry, Feed, Link, SourceContext, StoredArticle, TextConstruct
from aggregator.normalise import normalise

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
SOURCE = SourceContext(id=7, url="https://example.org/feed.xml")


def entry(
    title: str | TextConstruct | None = None, link: str | None = None, body: str | None = None, **more: Any
) -> Entry:
    """An RSS entry; its digest is that of everything in it, as in `parse`."""
    if link is not None:
        more["links"] = (Link(rel="alternate", href=link),)
    if body is not None:
        more["contents"] = (rss(body),)
    made = Entry(digest=b"", title=rss(title) if isinstance(title, str) else title, **more)
    digest = blake2b(repr(made).encode(errors="surrogatepass"), digest_size=8).digest()
    return replace(made, digest=digest)


def feed(*entries: Entry, format: str = "rss20", **more: Any) -> Feed:  # noqa: A002  # the field's name
    more = {"url": SOURCE.url, "link": "https://example.org/"} | more
    return Feed(format=format, entries=entries, **more)


def articles(
    document: Feed, source: SourceContext = SOURCE, now: datetime = NOW, *, name: str = "example", **more: Any
) -> tuple[StoredArticle, ...]:
    """The entries of a document as the store would keep them, from the source of this name, credited to nobody."""
    entries = normalise(document, source, now, **more).entries
    drafts = [keyed(entry.draft, entry.text, entry.date) for entry in entries]
    return tuple(
        StoredArticle(
            id=draft.id,
            uid=draft.uid,
            source=name,
            categories=("News",) if name == "example" else (name,),
            tags=("daily",) if name == "example" else (name,),
            **{field.name: getattr(draft.draft, field.name) for field in fields(draft.draft)},
        )
        for draft in drafts
    )


def rss(value: str) -> TextConstruct:
    return TextConstruct(value=value, kind="rss")


def text(value: str, kind: Literal["plain", "html", "rss"], base: str | None = None) -> TextConstruct:
    return TextConstruct(value=value, kind=kind, base=base)
