"""A property for each pure stage: takes any bytes, asserts what must hold, gives nothing."""

import pickle
import tomllib
from collections.abc import Callable
from datetime import UTC, timedelta

import yaml

from aggregator import urls, websub
from aggregator.characters import strip_unsafe
from aggregator.commonmark import safety_check
from aggregator.model import Enclosure, Entry, Failure, FeedDocument, Person, StoredArticle, Term, TextConstruct
from aggregator.normalise import normalise
from aggregator.normalise.dates import EARLIEST, entry_dates, parsed_date
from aggregator.normalise.html import clean, paragraphs
from aggregator.normalise.language import detected_language, primary_subtag
from aggregator.normalise.links import clean_url
from aggregator.normalise.text import one_line, summary
from aggregator.normalise.titles import MAX_LENGTH, plain_title, substitute_title
from aggregator.opml import subscriptions
from aggregator.parse import parse
from aggregator.parse.discovery import feed_links, usual_feed_urls
from aggregator.render import LAYOUTS, article_file
from aggregator.schedule.headers import freshness, http_date, links, retry_after
from aggregator.settings import Articles
from tests.commonmark.writing import markdown, plain_text
from tests.normalise.entries import NOW, SOURCE, articles
from tests.normalise.rendering import Page, active, rendered
from tests.render.examples import article

URL = "https://a.example/posts/feed"
MONTH = timedelta(days=31)


def text_in(data: bytes) -> str:
    """`data` as text; what is no UTF-8 becomes lone surrogates, which no stage may trip over."""
    return data.decode("utf-8", "surrogateescape")


def fuzz_parse(data: bytes) -> None:
    """A document has an answer, the same each time, and what is made of it is safe."""
    _document(data, None)


def fuzz_jsonfeed(data: bytes) -> None:
    """A JSON Feed, too."""
    _document(data, "application/feed+json")
    head = b'{"version": "https://jsonfeed.org/version/1.1", "items": ['
    _document(head + data + b"]}", "application/feed+json")


def _document(data: bytes, content_type: str | None) -> None:
    document = FeedDocument(url=URL, final_url=URL, body=data, digest=b"", content_type=content_type)
    answer = parse(document)
    assert pickle.loads(pickle.dumps(answer)) == answer == parse(document)
    if isinstance(answer, Failure):
        assert "\n" not in str(answer)
        return
    assert len(answer.entries) <= len(data)
    made = normalise(answer, SOURCE, NOW)
    assert made == normalise(answer, SOURCE, NOW)
    for stored in articles(answer, SOURCE, NOW)[:5]:
        _article(stored, len(data))


def _article(stored: StoredArticle, size: int) -> None:
    assert urls.is_http(stored.link)
    assert stored.title
    assert stored.title == one_line(stored.title)
    assert EARLIEST <= stored.published <= stored.updated <= NOW
    assert len(stored.html) <= 8 * size + 4000
    assert active(stored.html) == []
    assert active(rendered(stored.markdown)) == []
    for layout in LAYOUTS:
        article_file(stored, Articles(front_matter=layout)).data.decode()


def fuzz_clean(data: bytes) -> None:
    """Clean HTML and its Markdown do nothing, say the same, and change no more when cleaned again."""
    text = text_in(data)
    for html in (clean(text, URL), clean(paragraphs(text), URL)):
        assert clean(html, URL) == html
        assert clean(html) == html
        assert len(html) <= 8 * len(text) + 2000
        assert active(html) == []
        written = markdown(html)
        assert len(written) < 8 * len(html) + 100  # "~" is "&#126;"
        assert safety_check.active(written) is None
        shown = rendered(written)
        assert active(shown) == []
        before, after = Page(html), Page(shown)
        assert (before.unnumbered, before.images) == (after.unnumbered, after.images)
    assert "".join(plain_text(paragraphs(text)).split()) == "".join(strip_unsafe(text).split())


def fuzz_dates(data: bytes) -> None:
    """A date is read or not, in UTC and whole seconds; what is read can be written and read again."""
    text = text_in(data)
    for language in (None, "de", "fr"):
        moment = parsed_date(text, language)
        if moment:
            assert (moment.tzinfo, moment.microsecond) == (UTC, 0)
            assert parsed_date(moment.isoformat()) == moment
    dates = entry_dates(Entry(digest=b"", published=text, updated=text), "en", NOW)
    assert EARLIEST <= dates.published <= dates.updated <= NOW


def fuzz_titles(data: bytes) -> None:
    """A title is one line of bounded length, and is its own title."""
    text = text_in(data)
    for kind in ("plain", "html", "rss"):
        title = plain_title(TextConstruct(value=text, kind=kind))
        assert len(title) <= MAX_LENGTH + 3
        assert title == one_line(title) == plain_title(TextConstruct(value=title, kind="plain"))
        title.encode()
    assert substitute_title(text, "https://a.example/")
    assert one_line(text) == one_line(one_line(text))
    assert summary(text, 7) == " ".join(summary(text, 7).split())
    assert strip_unsafe(text) == strip_unsafe(strip_unsafe(text))


def fuzz_links(data: bytes) -> None:
    """A URL is one of the web or none; printing and comparing it settle."""
    text = text_in(data)
    for url in (urls.absolute(text), urls.absolute(text, URL), clean_url(text, URL)):
        if url is not None:
            assert urls.is_http(url)
            assert url.isascii()
            assert " " not in url
            assert urls.absolute(url) == url
            assert urls.canonical_key(urls.canonical_key(url) or "") == urls.canonical_key(url)
            urls.host_key(url)
    assert "@" not in (urls.host_key(text))
    for link in links(text, URL):
        assert urls.is_http(link.href)


def fuzz_page(data: bytes) -> None:
    """The feeds that a page names are on the web."""
    page = FeedDocument(url=URL, final_url=URL, body=data, digest=b"")
    links = feed_links(page)
    assert len({link.url for link in links}) == len(links) <= len(data)
    assert all(map(urls.is_http, (*(link.url for link in links), *usual_feed_urls(page))))


def fuzz_opml(data: bytes) -> None:
    """A list of subscriptions is read or refused."""
    for document in (data, b"<opml version='2.0'><body>" + data + b"</body></opml>"):
        answer = subscriptions(document)
        assert isinstance(answer, Failure) or len(answer) <= len(document)


def fuzz_headers(data: bytes) -> None:
    """What servers and hubs write is understood or ignored, and bounded."""
    text = text_in(data)
    names = ("cache-control", "expires", "age", "date", "last-modified")
    for headers in (dict.fromkeys(names, text), {"cache-control": text}, {"expires": text, "date": text}):
        fresh = freshness(headers, NOW)
        assert fresh.fresh_for is None or fresh.fresh_for >= timedelta(0)
    wait = retry_after(text, NOW)
    assert wait is None or isinstance(wait, timedelta)
    moment = http_date(text)
    assert moment is None or moment.tzinfo is not None
    websub.verification(text)
    assert timedelta(0) < websub.granted_lease(text) < 12 * MONTH
    websub.is_signed(data, "0123456789abcdef", text)
    websub.is_reachable(text)
    assert primary_subtag(text) == primary_subtag(primary_subtag(text))
    language = detected_language(text)
    assert language is None or language == primary_subtag(language)


def fuzz_article(data: bytes) -> None:
    """Whatever an article says, its file holds it as strings, in every layout."""
    text = text_in(data)
    line = one_line(text) or "x"
    given = article(
        title=line,
        summary=line,
        source=line,
        categories=(line,),
        tags=(line,),
        authors=(Person(name=line),),
        terms=(Term(term=line),),
        enclosures=(Enclosure(url="https://a.example/1", title=line),),
        markdown=markdown(clean(text)),
        credits=(),
    )
    for layout in LAYOUTS:
        file = article_file(given, Articles(front_matter=layout)).data.decode()
        head = _head(file)
        assert head["title"] == line, layout
        assert all(isinstance(key, str) and key.isidentifier() for key in head), layout
        assert active(rendered(file.partition("\n+++\n" if layout == "zola" else "\n---\n")[2])) == [], layout


def _head(file: str) -> dict[str, object]:
    if file.startswith("+++\n"):
        return tomllib.loads(file.removeprefix("+++\n").partition("\n+++\n")[0])
    loaded = yaml.safe_load(file.removeprefix("---\n").partition("\n---\n")[0])
    assert isinstance(loaded, dict)
    return loaded


PROPERTIES: dict[str, Callable[[bytes], None]] = {
    name.removeprefix("fuzz_"): value for name, value in list(globals().items()) if name.startswith("fuzz_")
}
