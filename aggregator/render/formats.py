"""The formats of feeds, and a category as a file in each."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from aggregator.model import CategoryFeed, OutputFile, StoredArticle
from aggregator.names import feed_title, feed_url, page_url
from aggregator.render.atom import atom
from aggregator.render.jsonfeed import jsonfeed
from aggregator.render.outgoing import Channel, outgoing, without_body
from aggregator.render.rss import rss
from aggregator.settings import Settings

MAX_BYTES = 512_000  # of a document: readers give up on larger ones
MOST_GROWTH = 40  # bytes of a document for each character of an article: 12 in a URL that is not ASCII, said twice


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format of feeds: its name in `feeds.formats`, its files' suffix, its media type, and what writes it."""

    name: str
    suffix: str
    media_type: str
    document: Callable[[Channel], bytes]


FORMATS = (
    Format(name="rss", suffix="rss", media_type="application/rss+xml", document=rss),
    Format(name="atom", suffix="atom", media_type="application/atom+xml", document=atom),
    Format(name="json", suffix="json", media_type="application/feed+json", document=jsonfeed),
)

Documents = tuple[bytes, ...]  # one a configured format
Render = Callable[[tuple[StoredArticle, ...]], Documents]  # of articles as `outgoing` gives them


def feed_files(feed: CategoryFeed, settings: Settings) -> tuple[OutputFile, ...]:
    """The category's feed in every configured format, paths relative to the feeds' folder.

    All hold the same articles in the same order: as many of the newest as the largest document has room for.
    """
    formats = tuple(known for known in FORMATS if known.name in settings.feeds.formats)
    channels = tuple(_channel(feed, settings, known) for known in formats)

    def render(articles: tuple[StoredArticle, ...]) -> Documents:
        return tuple(
            known.document(replace(channel, articles=articles))
            for known, channel in zip(formats, channels, strict=True)
        )

    documents = _fitting_documents(feed.articles, render)
    return tuple(
        OutputFile(path=f"{feed.name}.{known.suffix}", data=data)
        for known, data in zip(formats, documents, strict=True)
    )


def _channel(feed: CategoryFeed, settings: Settings, known: Format) -> Channel:
    """The head of the feed in this format, no articles yet."""
    base = settings.public_url
    return Channel(
        title=feed_title(settings.title, feed.name, feed.label),
        self_url=feed_url(base, feed.name, known.suffix),
        page_url=page_url(base, feed.name),
        media_type=known.media_type,
        hub=settings.feeds.hub,
        updated=feed.updated,
    )


def _fitting_documents(articles: tuple[StoredArticle, ...], render: Render) -> Documents:
    """Documents of at most MAX_BYTES each, with as many of the newest articles as go into all of them."""
    documents = render(tuple(map(outgoing, articles)))
    if _fit(documents):
        return documents
    fitting = tuple(smaller for article in articles for smaller in _fitting_article(article, render))

    @cache
    def newest(count: int) -> Documents:
        return render(fitting[:count])

    return newest(bisect_left(range(len(fitting)), True, key=lambda last: not _fit(newest(last + 1))))


def _fitting_article(article: StoredArticle, render: Render) -> tuple[StoredArticle, ...]:
    """The article; with its summary for a body where it alone would pass MAX_BYTES; nothing where even that would."""
    if len(repr(replace(article, markdown=""))) * MOST_GROWTH < MAX_BYTES:
        return (outgoing(article),)
    versions = (outgoing(article), outgoing(without_body(article)))
    return next(((version,) for version in versions if _fit(render((version,)))), ())


def _fit(documents: Documents) -> bool:
    return all(len(document) <= MAX_BYTES for document in documents)
