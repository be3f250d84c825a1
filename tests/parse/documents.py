"""Documents for the tests of this package, and what they must become."""

from urllib.parse import urldefrag

from aggregator.model import Entry, Failure, Feed, FeedDocument
from aggregator.parse import parse, parse_slowly
from aggregator.parse.encoding import decode
from aggregator.urls import without_credentials

URL = "https://example.org/blog/feed.xml"
NAMESPACES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in (
        ("atom", "http://www.w3.org/2005/Atom"),
        ("content", "http://purl.org/rss/1.0/modules/content/"),
        ("dc", "http://purl.org/dc/elements/1.1/"),
        ("dcterms", "http://purl.org/dc/terms/"),
        ("feedburner", "http://rssnamespace.org/feedburner/ext/1.0"),
        ("itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"),
        ("media", "http://search.yahoo.com/mrss/"),
        ("podcast", "https://podcastindex.org/namespace/1.0"),
        ("sy", "http://purl.org/rss/1.0/modules/syndication/"),
    )
)


def document(body: bytes | str, *, content_type: str | None = None, url: str = URL) -> FeedDocument:
    body = body.encode() if isinstance(body, str) else body
    return FeedDocument(url=url, final_url=url, body=body, digest=b"", content_type=content_type)


def rss(items: str = "", channel: str = "<title>A feed</title>") -> str:
    return f'<rss version="2.0" {NAMESPACES}><channel>{channel}{items}</channel></rss>'


def item(inner: str) -> str:
    return rss(f"<item><title>One</title>{inner}</item>")


def atom(entries: str = "", attributes: str = "", head: str = "<title>A feed</title>") -> str:
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/" {attributes}>'
        f"{head}{entries}</feed>"
    )


def read(document: FeedDocument) -> Feed | Failure:
    """Return the result of `parse`, which must not depend on whether `fast` supports the document."""
    result = parse(document)
    url = urldefrag(without_credentials(document.final_url)).url
    assert result == parse_slowly(decode(document.body, document.content_type), url, 10_000)
    return result


def feed_of(body: bytes | str, *, content_type: str | None = None, url: str = URL) -> Feed:
    feed = read(document(body, content_type=content_type, url=url))
    assert isinstance(feed, Feed), feed
    return feed


def entry_of(body: bytes | str, *, content_type: str | None = None, url: str = URL) -> Entry:
    """The one entry of a document."""
    (entry,) = feed_of(body, content_type=content_type, url=url).entries
    return entry


def failure_of(body: bytes | str, *, url: str = URL) -> Failure:
    failure = read(document(body, url=url))
    assert isinstance(failure, Failure), failure
    return failure


def title_of(body: bytes | str, *, content_type: str | None = None) -> str:
    title = entry_of(body, content_type=content_type).title
    assert title is not None
    return title.value
