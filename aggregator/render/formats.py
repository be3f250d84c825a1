"""Registry of feed formats, and a category's feed in each of them."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from aggregator.model import ArchiveLinks, CategoryFeed, OutputFile, StoredArticle
from aggregator.names import feed_title, feed_url, page_url
from aggregator.render.atom import atom, atom_entry
from aggregator.render.channel import Channel, feed_article, feed_podcast, feed_retractions, with_summary_only
from aggregator.render.entries import EntryCache, RenderedEntry
from aggregator.render.jsonfeed import json_item, jsonfeed
from aggregator.render.podcast import namespaces
from aggregator.render.rss import rss, rss_item
from aggregator.settings import Settings

MAX_BYTES = 512_000  # of a document: some readers reject larger ones
CACHE_BYTES = 8_000_000  # of entries: about a thousand articles in three formats


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A feed format: its name in `feeds.formats`, its file suffix, its media type and its serialisers."""

    name: str
    suffix: str
    media_type: str
    entry: Callable[[StoredArticle], bytes]  # of an article as `feed_article` returns it
    document: Callable[[Channel, Sequence[bytes]], bytes]


FORMATS = (
    Format(name="rss", suffix="rss", media_type="application/rss+xml", entry=rss_item, document=rss),
    Format(name="atom", suffix="atom", media_type="application/atom+xml", entry=atom_entry, document=atom),
    Format(name="json", suffix="json", media_type="application/feed+json", entry=json_item, document=jsonfeed),
)

Documents = tuple[bytes, ...]  # one per configured format
Render = Callable[[Sequence[RenderedEntry]], Documents]
RenderEntry = Callable[[StoredArticle], RenderedEntry]

_entries = EntryCache(CACHE_BYTES)


def feed_files(feed: CategoryFeed, settings: Settings) -> tuple[OutputFile, ...]:
    """Return the category's feed in every configured format, paths relative to the feeds' folder.

    All have the same articles in the same order: as many of the newest as fit into the largest document.
    """
    return fitting_files(feed, settings)[1]


def fitting_files(feed: CategoryFeed, settings: Settings) -> tuple[int, tuple[OutputFile, ...]]:
    """Return the files of `feed_files`, and the number of the feed's first articles that they have."""
    formats = tuple(format_ for format_ in FORMATS if format_.name in settings.feeds.formats)
    names = tuple(format_.name for format_ in formats)
    channels = tuple(_channel(feed, settings, format_) for format_ in formats)

    def entry(article: StoredArticle) -> RenderedEntry:
        return _entries.entry(names, article, lambda: _entry(article, formats))

    def render(entries: Sequence[RenderedEntry]) -> Documents:
        languages = {entry.language for entry in entries}
        language = languages.pop() if len(languages) == 1 else None
        needed = {prefix: name for entry in entries for prefix, name in entry.namespaces.items()}
        return tuple(
            format_.document(
                replace(channels[number], language=language, namespaces=needed),
                [entry.texts[number] for entry in entries],
            )
            for number, format_ in enumerate(formats)
        )

    count, documents = _fitting_documents(feed.articles, entry, render)
    return count, tuple(
        OutputFile(path=f"{feed.name}.{format_.suffix}", data=data)
        for format_, data in zip(formats, documents, strict=True)
    )


def _entry(article: StoredArticle, formats: Sequence[Format]) -> RenderedEntry:
    entry = feed_article(article)
    texts = tuple(format_.entry(entry) for format_ in formats)
    return RenderedEntry(texts=texts, language=entry.language, namespaces=namespaces(entry))


def _channel(feed: CategoryFeed, settings: Settings, format_: Format) -> Channel:
    """Return the head of the feed in this format."""
    base, links = settings.public_url, feed.links or ArchiveLinks()
    names = (("current", links.current), ("prev-archive", links.previous), ("next-archive", links.next))
    category = feed.name.partition("/")[0]  # in front of a page's number
    return Channel(
        title=feed_title(settings.title, category, feed.label),
        self_url=feed_url(base, feed.name, format_.suffix),
        page_url=page_url(base, category.partition(".")[0]),  # a language has no page of its own
        media_type=format_.media_type,
        hub=None if links.current else settings.feeds.hub,  # pages of an archive are no topics
        updated=feed.updated,
        podcast=feed_podcast(feed.podcast),
        retractions=feed_retractions(feed.retractions),
        links=tuple((relation, feed_url(base, name, format_.suffix)) for relation, name in names if name),
    )


def _fitting_documents(
    articles: tuple[StoredArticle, ...], entry: RenderEntry, render: Render
) -> tuple[int, Documents]:
    """Return documents of at most MAX_BYTES each, with as many of the first articles as fit into all of them.

    With them the number of these articles.
    """
    articles = tuple(with_summary_only(article) if len(article.html) > MAX_BYTES else article for article in articles)
    documents = render(tuple(map(entry, articles)))
    if _fit(documents):
        return len(articles), documents
    versions = [_fitting_entry(article, entry, render) for article in articles]
    fitting = tuple(version for version_of in versions for version in version_of)

    @cache
    def newest(count: int) -> Documents:
        return render(fitting[:count])

    fitted = bisect_left(range(len(fitting)), True, key=lambda last: not _fit(newest(last + 1)))
    positions = [position for position, version_of in enumerate(versions) if version_of]
    return (positions[fitted] if fitted < len(positions) else len(articles)), newest(fitted)


def _fitting_entry(article: StoredArticle, entry: RenderEntry, render: Render) -> tuple[RenderedEntry, ...]:
    """Return the article's entry, with only its summary if it alone exceeds MAX_BYTES, or () if that does too."""
    complete = entry(article)
    if complete.size < MAX_BYTES // 2:  # a head has fewer
        return (complete,)
    versions = (complete, entry(with_summary_only(article)))
    return next(((version,) for version in versions if _fit(render((version,)))), ())


def _fit(documents: Documents) -> bool:
    return all(len(document) <= MAX_BYTES for document in documents)
