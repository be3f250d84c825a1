"""Sources found, added, taken out, carried from reader to reader; against a real server on loopback."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from aggregator.config import load
from aggregator.errors import AggregatorError, ConfigError, UsageError
from aggregator.model import Failure
from aggregator.parse.discovery import USUAL_NAMES, FeedLink
from aggregator.sandbox import Limits
from aggregator.subscribe import (
    AddedSource,
    AddResult,
    Dialog,
    ExistingSource,
    SkippedOutline,
    add,
    export_opml,
    finder,
    import_opml,
    import_planet,
    remove,
)
from aggregator.subscribe.finder import FoundFeed
from tests.newsroom import LastingSandbox, item, rss
from tests.servers import Server

HEAD = "fetch: {allow_private: [127.0.0.1/32], host_gap: 0s, timeout: 60s}  # of the test\n"
LINK = '<link rel="alternate" type="application/rss+xml" href="{}" title="{}">'

Find = Callable[..., tuple[AddResult, ...]]


def first(links: Sequence[FeedLink]) -> FeedLink:
    return links[0]


@pytest.fixture(autouse=True)
def lasting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin no process for each call."""
    monkeypatch.setattr(finder, "Sandbox", LastingSandbox)


@pytest.fixture
def file(tmp_path: Path, server: Server) -> Path:
    server.put("/feed.rss", rss(item(1)))
    server.put("/other.rss", rss(item(2)))
    path = tmp_path / "feeds.yaml"
    path.write_text(f"{HEAD}sources:\n  - https://there.example/feed  # since ever\n")
    return path


@pytest.fixture
def find(file: Path) -> Find:
    """Adds URLs to the file."""

    def find(*urls: str, choose: Any = first, show: Any = lambda feed: None, **words: Any) -> tuple[AddResult, ...]:
        return add(file, {}, urls, Dialog(choose=choose, show=show), **words)

    return find


def names(file: Path) -> list[str]:
    return [source.name or "" for source in load(file, {}).sources]


def test_the_url_of_a_feed_is_added_as_it_is(find: Find, file: Path, server: Server) -> None:
    url = server.url("/feed.rss?x=1")
    assert find(url) == (AddedSource(name="127-0-0-1", url=url),)
    assert file.read_text().endswith(f"  # since ever\n  - name: 127-0-0-1\n    url: {url}\n")
    assert len(server.requests) == 1


def test_name_and_category_are_as_wished(find: Find, file: Path, server: Server) -> None:
    find(server.url("/feed.rss"), name="mine", category="World news")
    added = load(file, {}).sources[-1]
    assert (added.name, added.categories) == ("mine", ("World news",))


def test_a_page_leads_to_its_feed(find: Find, server: Server) -> None:
    page = server.put("/page", f"<html><head>{LINK.format('/feed.rss', 'All')}</head></html>")
    assert find(page) == (AddedSource(name="127-0-0-1", url=server.url("/feed.rss")),)


def test_a_link_in_the_header_of_a_page_may_have_blanks(find: Find, file: Path, server: Server) -> None:
    server.put("/my%20feed.rss", rss(item(1)))
    header = '</my feed.rss>; rel=alternate; type="application/rss+xml"'
    page = server.put("/page", "<html></html>", headers={"Link": header})
    assert find(page) == (AddedSource(name="127-0-0-1", url=server.url("/my%20feed.rss")),)
    assert load(file, {}).sources[-1].url == server.url("/my%20feed.rss")


def test_of_several_feeds_one_is_chosen_and_the_others_are_named(find: Find, file: Path, server: Server) -> None:
    page = server.put("/page", LINK.format("/feed.rss", "All") + LINK.format("/other.rss", "Comments"))
    all_, comments = (
        FeedLink(url=server.url("/feed.rss"), title="All"),
        FeedLink(url=server.url("/other.rss"), title="Comments"),
    )
    assert find(page) == (AddedSource(name="127-0-0-1", url=all_.url, alternatives=(comments,)),)
    assert find(page, choose=lambda links: links[1]) == (
        AddedSource(name="127-0-0-1-2", url=comments.url, alternatives=(all_,)),
    )
    assert names(file) == ["there-example", "127-0-0-1", "127-0-0-1-2"]


def test_a_link_that_leads_to_no_feed_is_passed_over(find: Find, server: Server) -> None:
    page = server.put("/page", LINK.format("/gone", "Gone") + LINK.format("/feed.rss", "All"))
    (added,) = find(page)
    assert isinstance(added, AddedSource)
    assert added.url == server.url("/feed.rss")


def test_a_page_without_links_is_asked_for_the_usual_places(find: Find, server: Server) -> None:
    page = server.put("/blog/", "<html><p>Hello</p></html>")
    server.put("/atom.xml", rss(item(3)))
    (added,) = find(page)
    assert isinstance(added, AddedSource)
    assert added.url == server.url("/atom.xml")
    assert len(server.requests) <= 2 * len(USUAL_NAMES) + 1


def test_a_page_without_any_feed_is_a_failure_and_stops_nothing_else(find: Find, file: Path, server: Server) -> None:
    page = server.put("/page", "<html></html>")
    outcomes = find(page, server.url("/404"), server.url("/feed.rss"))
    assert [type(outcome) for outcome in outcomes] == [Failure, Failure, AddedSource]
    assert "usual places" in str(outcomes[0])
    assert names(file) == ["there-example", "127-0-0-1"]


def test_a_host_in_trouble_is_not_asked_in_every_place(find: Find, server: Server) -> None:
    page = server.put("/page", "<html></html>")
    server.put("*", status=503)
    (failure,) = find(page)
    assert "503" in str(failure)
    assert len(server.requests) == 2


def test_a_profile_has_the_feed_of_its_site(find: Find, server: Server) -> None:
    server.put("/@someone.rss", rss(item(4)))
    assert find(server.url("/@someone")) == (AddedSource(name="127-0-0-1", url=server.url("/@someone.rss")),)
    assert not server.asked("/@someone")


def test_a_profile_without_such_a_feed_is_read_like_any_page(find: Find, server: Server) -> None:
    page = server.put("/@someone", LINK.format("/feed.rss", "All"))
    assert find(page) == (AddedSource(name="127-0-0-1", url=server.url("/feed.rss")),)
    assert [request.path for request in server.requests] == ["/@someone.rss", "/@someone", "/feed.rss"]


def test_a_page_names_its_profile(find: Find, server: Server) -> None:
    server.put("/@someone.rss", rss(item(4)))
    page = server.put("/c/someone", '<html><link rel="canonical" href="/@someone"></html>')
    assert find(page) == (AddedSource(name="127-0-0-1", url=server.url("/@someone.rss")),)


def test_the_data_of_a_podcasts_page_names_its_feed(find: Find, server: Server) -> None:
    url = server.url("/feed.rss")
    data = '<script type="application/json">[{{"data": {{"feedUrl" : "{}"}}}}]</script>'
    page = server.put("/us/podcast/id1", f"<html>{data.format(url.replace('/', chr(92) + 'u002F'))}</html>")
    assert find(page) == (AddedSource(name="127-0-0-1", url=url),)


def test_a_feed_is_shown_before_it_is_added(find: Find, file: Path, server: Server) -> None:
    dated = "<title>{}</title><pubDate>Sat, {} Nov 2026 10:00:00 GMT</pubDate>"
    server.put("/two.rss", rss(dated.format("a", 14), dated.format("b", 21)))
    before, shown = file.read_text(), []

    def show(feed: FoundFeed) -> None:
        assert file.read_text() == before
        shown.append((feed.title, feed.summary.entries, f"{feed.summary.newest:%Y-%m-%d}"))

    find(server.url("/two.rss"), server.url("/404"), show=show)
    assert shown == [("A source", 2, "2026-11-21")]
    find(server.url("/two.rss"), show=shown.append)
    assert len(shown) == 1


DEAR = rss(*(["<title>t</title>" + "<odd:x>1</odd:x>" * 40] * 9_000))  # a prefix that nothing declares: some 5 s


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is read gets less than half a second of CPU time."""
    monkeypatch.setattr(finder, "LIMITS", Limits(seconds=0.4, deadline=600))


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("at", ["/dear", "/page", "/blog/"])
def test_a_document_that_takes_too_long_is_stopped_and_said(find: Find, file: Path, server: Server, at: str) -> None:
    server.put("/dear", DEAR)
    server.put("/page", LINK.format("/dear", "Dear") + LINK.format("/feed.rss", "All"))
    server.put("/blog/", "<html><p>Hello</p></html>")
    server.put("/blog/feed", DEAR)
    before = file.read_text()
    (failure,) = find(server.url(at))
    dear = server.url("/blog/feed" if at == "/blog/" else "/dear")
    assert str(failure) == (
        f"{dear}: it took longer than 8 s to read; it was not added; ask its owner what is wrong with the document"
    )
    assert file.read_text() == before


def test_a_document_that_takes_too_much_memory_is_stopped(
    find: Find, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finder, "LIMITS", Limits(seconds=600, deadline=600, memory=20_000_000))
    (failure,) = find(server.put("/dear", DEAR))
    assert "it took more than 1.5 GB of memory to read; it was not added" in str(failure)


@pytest.mark.usefixtures("hasty")
def test_a_list_that_takes_too_long_is_stopped_and_said(file: Path, tmp_path: Path) -> None:
    attributes = " ".join(f"a{number}=''" for number in range(100_000))
    (tmp_path / "dear.opml").write_text(f"<opml><body><outline {attributes}/></body></opml>")
    before = file.read_text()
    with pytest.raises(AggregatorError, match=r"dear\.opml: it took longer than 8 s to read; nothing was added"):
        import_opml(file, {}, tmp_path / "dear.opml")
    assert file.read_text() == before


def test_private_networks_are_refused(file: Path, find: Find, server: Server) -> None:
    file.write_text("sources:\n  - https://there.example/feed\n")
    (failure,) = find(server.url("/feed.rss"))
    assert isinstance(failure, Failure)
    assert "allow_private" in str(failure)
    assert server.requests == []


def test_what_is_there_is_left_out_and_said(find: Find, file: Path, server: Server) -> None:
    url = server.url("/feed.rss")
    assert [type(outcome) for outcome in find(url, url + "/../feed.rss")] == [AddedSource, ExistingSource]
    before = file.read_text()
    server.requests.clear()
    assert find(url, name="127-0-0-1") == (ExistingSource(name="127-0-0-1", url=url),)
    assert file.read_text() == before
    assert server.requests == []


def test_passwords_are_kept_in_the_file_and_shown_nowhere(find: Find, file: Path, server: Server) -> None:
    url = server.url("/feed.rss").replace("//", "//user:s3cret@")
    (added,) = find(url)
    assert "s3cret" not in repr(added)
    assert "s3cret" in file.read_text()
    assert b"s3cret" not in export_opml(file, {})


@pytest.mark.parametrize(
    ("urls", "words", "sentence"),
    [
        (["https://a.example/", "https://b.example/"], {"name": "a"}, "one source"),
        (["https://a.example/"], {"name": "Not a name"}, "is no name"),
        (["https://a.example/"], {"name": "all"}, "`all` is taken"),
        (["https://a.example/"], {"category": "all"}, "is taken"),
        (["ftp://a.example/"], {}, "the URL is no web address"),
        (["a b"], {}, "blank"),
    ],
)
def test_words_that_cannot_be_used_are_refused_before_anything_is_asked(
    find: Find, urls: list[str], words: dict[str, str], sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        find(*urls, **words)


def test_a_name_that_is_taken_is_refused(find: Find, file: Path, server: Server) -> None:
    before = file.read_text()
    with pytest.raises(UsageError, match="is named there-example already"):
        find(server.url("/feed.rss"), name="there-example")
    assert file.read_text() == before


def test_a_configuration_without_sources_gets_its_first(find: Find, file: Path, server: Server) -> None:
    file.write_text(f"{HEAD}sources:\n")
    find(server.url("/feed.rss"))
    assert file.read_text() == f"{HEAD}sources:\n  - name: 127-0-0-1\n    url: {server.url('/feed.rss')}\n"


def test_a_broken_configuration_is_said_before_anything_is_asked(find: Find, file: Path, server: Server) -> None:
    file.write_text(HEAD + "sources: [\n")
    with pytest.raises(ConfigError):
        find(server.url("/feed.rss"))
    assert server.requests == []


def test_a_source_is_taken_out_by_its_name(file: Path, find: Find, server: Server) -> None:
    before = file.read_text()
    find(server.url("/feed.rss"), name="mine")
    remove(file, {}, "mine")
    assert file.read_text() == before


def test_what_is_not_there_or_alone_is_not_taken_out(file: Path) -> None:
    with pytest.raises(UsageError, match="did you mean there-example"):
        remove(file, {}, "there-exmple")
    with pytest.raises(AggregatorError, match="only source"):
        remove(file, {}, "there-example")
    with pytest.raises(ConfigError, match="no such file"):
        remove(file.with_name("elsewhere.yaml"), {}, "there-example")


OPML = """<opml version="2.0"><body>
  <outline text="News"><outline text="World">
    <outline text="The Times" xmlUrl="https://times.example/feed"/>
    <outline text="The Times!" xmlUrl="https://other-times.example/feed" language="en"/>
  </outline></outline>
  <outline text="all"><outline text="世界" xmlUrl="https://www.sekai.example/feed"/></outline>
  <outline text="" xmlUrl="https://there.example/feed/"/>
  <outline text="Odd" xmlUrl="gopher://odd.example/"/>
</body></opml>"""


def test_subscriptions_are_imported_with_their_folders(file: Path, tmp_path: Path) -> None:
    opml = tmp_path / "mine.opml"
    opml.write_text(OPML)
    outcomes = import_opml(file, {}, opml)
    assert [type(outcome).__name__ for outcome in outcomes] == [
        "AddedSource",
        "AddedSource",
        "AddedSource",
        "ExistingSource",
        "Failure",
    ]
    assert "gopher" not in file.read_text()
    assert yaml.safe_load(file.read_text())["sources"][1:] == [
        {
            "name": "the-times",
            "url": "https://times.example/feed",
            "title": "The Times",
            "categories": ["News", "World"],
        },
        {
            "name": "the-times-2",
            "url": "https://other-times.example/feed",
            "title": "The Times!",
            "categories": ["News", "World"],
            "language": "en",
        },
        {"name": "shijie", "url": "https://www.sekai.example/feed", "title": "世界"},
    ]
    assert [type(outcome) for outcome in import_opml(file, {}, opml)[:4]] == [ExistingSource] * 4


def test_a_file_that_is_no_opml_or_not_there_is_said(file: Path, tmp_path: Path) -> None:
    with pytest.raises(AggregatorError, match="no OPML"):
        import_opml(file, {}, file)
    with pytest.raises(AggregatorError, match="no such file"):
        import_opml(file, {}, tmp_path / "nowhere.opml")
    (tmp_path / "empty.opml").write_text("<opml><body/></opml>")
    with pytest.raises(AggregatorError, match="no subscriptions"):
        import_opml(file, {}, tmp_path / "empty.opml")


def test_an_opml_file_keeps_what_is_disabled_and_its_categories(file: Path, tmp_path: Path) -> None:
    (tmp_path / "list.opml").write_text(
        '<opml><body><outline text="off" xmlUrl="feed://off.example/?a=b&format=rss" disabled="true"/>'
        '<outline text="on" xmlUrl="https://on.example/feed" category="/News/World,tech"/></body></opml>'
    )
    import_opml(file, {}, tmp_path / "list.opml")
    sources = {source.name: source for source in load(file, {}).sources}
    assert (sources["off"].url, sources["off"].enabled) == ("http://off.example/?a=b&format=rss", False)
    assert (sources["on"].categories, sources["on"].enabled) == (("World", "tech"), True)
    assert "enabled: true" not in file.read_text()


def test_a_list_of_others_reads_nothing_from_the_environment(file: Path, tmp_path: Path) -> None:
    url = "https://evil.example/feed?x=${SECRET}"
    opml, planet = tmp_path / "list.opml", tmp_path / "planet.ini"
    opml.write_text(f'<opml><body><outline text="evil" xmlUrl="{url}"/><outline xmlUrl="{url}{{"/></body></opml>')
    planet.write_text(f"[Planet]\nname = theirs\n[{url}]\nname = Evil\n")
    before = file.read_text()
    outcomes = (*import_opml(file, {"SECRET": "1234"}, opml), *import_planet(file, {"SECRET": "1234"}, planet))
    assert [type(outcome) for outcome in outcomes] == [SkippedOutline] * 3
    assert file.read_text() == before
    own = file.read_text() + f"  - name: own\n    url: {url}\n"
    file.write_text(own)
    assert [type(outcome) for outcome in import_opml(file, {"SECRET": "1234"}, opml)[:1]] == [ExistingSource]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1252"])
def test_the_list_of_a_planet_is_decoded_like_a_feed(file: Path, tmp_path: Path, encoding: str) -> None:
    planet = tmp_path / "planet.ini"
    planet.write_bytes("[Planet]\r\nname = Plänet\r\n[https://e.example/feed]\r\nname = Jürgen\r\n".encode(encoding))
    import_planet(file, {}, planet)
    assert [(source.name, source.title) for source in load(file, {}).sources[1:]] == [("jurgen", "Jürgen")]


def test_what_export_masks_is_no_source_to_import(tmp_path: Path) -> None:
    urls = "https://example.org/a?token=s3cret", "https://me:s3cret@example.org/b?key=s3cret", "https://example.org/c"
    file, opml, other = tmp_path / "feeds.yaml", tmp_path / "list.opml", tmp_path / "other.yaml"
    file.write_text(yaml.safe_dump({"sources": list(urls)}))
    before = file.read_text()
    opml.write_bytes(export_opml(file, {}))
    assert [type(outcome) for outcome in import_opml(file, {}, opml)] == [ExistingSource] * 3
    assert file.read_text() == before
    results = import_opml(other, {}, opml)
    assert [type(result) for result in results] == [SkippedOutline, SkippedOutline, AddedSource]
    assert isinstance(results[0], SkippedOutline)
    assert "in place of a secret" in results[0].reason
    assert "***" not in other.read_text()
