"""What real sources do to an aggregator, each as a story told over several fetches."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.pipeline import run_cycle
from tests.newsroom import START, Newsroom, front_matter, item, newsroom, prose, rss
from tests.servers import Answer, Request, Server


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Newsroom:
    return newsroom(tmp_path, [{"name": "paper", "url": server.url("/feed"), "language": "en"}])


def test_guid_and_headline_changed_after_publication(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(item(1), item(2)))
    room.once()
    before = room.articles()
    renamed = item(1, guid="https://source.example/?p=1&amp;v=2", title="Story number one, renamed")
    server.put("/feed", rss(renamed, item(2)))
    room.later(hours=1)
    second = room.once()
    assert (second.new, second.updated) == (0, 1)
    assert list(room.articles()) == list(before)
    assert "Story number one, renamed" in room.titles()
    assert room.once().new == 0


def test_http_guids_become_https(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(*(item(n, guid=f"http://source.example/?p={n}", link="") for n in range(5))))
    assert room.once().new == 5
    before = room.files()
    server.put("/feed", rss(*(item(n, guid=f"https://source.example/?p={n}", link="") for n in range(5))))
    second = room.once()
    assert (second.new, second.updated, second.published.articles) == (0, 0, 0)
    assert room.files() == before


@pytest.mark.parametrize(
    "picture",
    [
        '<description>&lt;img src="https://source.example/{}.png"&gt;</description>',
        '<media:content url="https://source.example/{}.png" medium="image"/>',
        '<media:thumbnail url="https://source.example/{}.png"/>',
        '<enclosure url="https://source.example/{}.png" type="image/png" length="1"/>',
    ],
)
def test_pictures_of_one_title_and_time_are_articles_of_their_own(room: Newsroom, server: Server, picture: str) -> None:
    for first in (0, 3, 6):
        entries = (item(n, title="Photo", description="", pubDate="Tue, 24 Nov 2026 08:00:01 GMT") for n in range(9))
        pictures = [entry + picture.format(number) for number, entry in enumerate(entries)]
        server.put("/feed", rss(*pictures[first : first + 3]))
        assert room.once().new == 3
        room.later(hours=1)


def test_sessions_in_links_are_none_of_them(room: Newsroom, server: Server) -> None:
    def link(number: int, session: str) -> str:
        return f"https://source.example/stories/{number};jsessionid={session}?PHPSESSID={session}"

    for session in ("A1", "B2"):
        server.put(
            "/feed", rss(*(item(n, guid="", link=link(n, session), description="", pubDate="") for n in range(5)))
        )
        done = room.once()
        room.later(hours=1)
    assert (done.new, done.rows, done.published.articles) == (0, 0, 0)
    assert "jsessionid" not in "".join(room.articles().values())


def test_new_guids_for_all_entries_are_no_new_articles(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(*(item(n) for n in range(5))))
    room.once()
    server.put("/feed", rss(*(item(n, guid=f"uuid-{n}") for n in range(5))))
    second = room.once()
    assert (second.new, second.published.articles) == (0, 0)
    server.put("/feed", rss(*(item(n, guid=f"uuid-{n}", link=f"https://new.example/{n}") for n in range(5))))
    assert room.once().new == 0


def test_guids_that_count_places_in_the_document_lose_no_article(room: Newsroom, server: Server) -> None:
    for newest in range(4, 10):
        server.put("/feed", rss(*(item(newest - place, guid=f"place-{place}") for place in range(3))))
        done = room.once()
        assert (done.new, done.updated) == (3 if newest == 4 else 1, 0)
        assert room.once("paper").rows == 0
        room.later(hours=1)
    assert room.titles() == [f"Story number {number}" for number in range(2, 10)]


def test_one_guid_on_all_entries_is_no_name(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(*(item(n, guid="tag:everything") for n in range(5))))
    assert room.once().new == 5
    assert room.once().new == 0


def test_one_link_on_all_entries_is_no_name(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(*(item(n, guid="", link="https://source.example/stream") for n in range(5))))
    assert room.once().new == 5
    server.put("/feed", rss(*(item(n, guid="", link="https://source.example/stream") for n in range(6))))
    assert room.once().new == 1


def test_neither_guid_nor_date(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(*(item(n, guid="", pubDate="") for n in range(3))))
    assert room.once().new == 3
    room.later(days=1)
    second = room.once()
    assert (second.new, second.updated) == (0, 0)
    assert {head["date"] for head in room.heads()} == {"2026-11-24 12:00:00"}


def test_neither_guid_nor_link(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(*(item(n, guid="", link="") for n in range(3))))
    assert room.once().new == 3
    server.put("/feed", rss(*(item(n, guid="", link="") for n in range(4))))
    assert room.once().new == 1


def test_two_near_equal_entries_never_flip_flop(room: Newsroom, server: Server) -> None:
    text = prose(1, 80)
    twins = (
        item(1, title="Market closes higher", description=f"&lt;p&gt;{text} morning&lt;/p&gt;"),
        item(2, title="Market closes higher", description=f"&lt;p&gt;{text} evening&lt;/p&gt;"),
    )
    server.put("/feed", rss(*twins))
    first = room.once()
    assert first.new + first.duplicates == 2
    for documents in (twins, twins[::-1], twins):
        server.put("/feed", rss(*documents, head=f"<!-- {documents == twins} -->"))
        again = room.once()
        assert (again.new, again.updated, again.rows, again.published.articles) == (0, 0, 0, 0)


def test_undated_entries_are_dated_once_and_keep_the_order_of_their_document(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(*(item(n, pubDate="") for n in (1, 2, 3))))
    room.once()
    room.later(hours=5)
    server.put("/feed", rss(*(item(n, pubDate="") for n in (0, 1, 2, 3))))
    room.once()
    assert [head["date"] for head in room.heads()].count("2026-11-24 12:00:00") == 3
    feed = room.feed("paper.rss").decode()
    places = [feed.index(f"<title>Story number {n}</title>") for n in (0, 1, 2, 3)]
    assert places == sorted(places)


def test_all_dates_stamped_anew_at_each_fetch_change_nothing(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(*(item(n) for n in range(5))))
    room.once()
    before = room.files()
    room.later(hours=2)
    stamped = "Tue, 24 Nov 2026 14:00:00 GMT"
    server.put("/feed", rss(*(item(n, pubDate=stamped) for n in range(5))))
    second = room.once()
    assert (second.new, second.updated, second.rows, second.published.feeds) == (0, 0, 0, 0)
    assert room.files() == before


def test_future_dates_are_clamped_to_first_sight_and_stay(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(item(1, pubDate="Mon, 01 Jan 2035 00:00:00 GMT")))
    room.once()
    assert room.heads()[0]["date"] == "2026-11-24 12:00:00"
    room.later(days=2)
    assert room.once().rows == 0


@pytest.mark.parametrize(
    "date", ["next Tuesday", "30 Feb 2026", "Mon, 01 Jan 0001 00:00:00 GMT", "2026-13-45", "12345"]
)
def test_unreadable_dates_count_as_absent(room: Newsroom, server: Server, date: str) -> None:
    server.put("/feed", rss(item(1, pubDate=date)))
    room.once()
    assert room.heads()[0]["date"] == "2026-11-24 12:00:00"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"   \n", id="blank"),
        pytest.param(b"<!doctype html><html><head><title>Home</title></head><body>Hello</body></html>", id="html"),
        pytest.param(b"<html><title>Just a moment...</title><body>Checking your browser</body></html>", id="challenge"),
        pytest.param(b'{"error": "not found"}', id="json"),
    ],
)
def test_a_200_that_is_no_feed_touches_no_entry_and_stores_no_validator(
    room: Newsroom, server: Server, body: bytes
) -> None:
    server.put("/feed", rss(item(1)), headers={"ETag": '"good"'})
    room.once()
    before = room.files()
    server.put("/feed", body, headers={"ETag": '"bad"', "Content-Type": "text/html"})
    bad = room.once()
    assert bad.kinds == {"paper": "failed"}
    assert room.files() == before
    server.put("/feed", rss(item(1)), headers={"ETag": '"good"'})
    room.once()
    assert server.asked("/feed")[-1].header("If-None-Match") in (None, '"good"')
    assert '"bad"' not in {request.header("If-None-Match") for request in server.requests}


def test_truncated_xml_keeps_what_came_before_the_cut(room: Newsroom, server: Server) -> None:
    complete = rss(*(item(n) for n in range(4)))
    cut = complete[: complete.index(b"Story number 3") + 200]
    server.put("/feed", cut, headers={"ETag": '"cut"'})
    first = room.once()
    assert first.new == 3
    assert first.kinds == {"paper": "failed"}
    assert room.titles() == ["Story number 0", "Story number 1", "Story number 2"]
    server.put("/feed", complete, headers={"ETag": '"whole"'})
    second = room.once()
    assert server.asked("/feed")[-1].header("If-None-Match") is None
    assert (second.new, second.updated, second.kinds) == (1, 0, {"paper": "fetched"})


@pytest.mark.parametrize("as_date", [False, True])
def test_429_with_retry_after_holds_for_the_host_and_after_a_restart(
    tmp_path: Path, server: Server, as_date: bool
) -> None:
    room = newsroom(
        tmp_path,
        [{"name": "a", "url": server.url("/a")}, {"name": "b", "url": server.url("/b")}],
        fetch={"per_host": 1},
    )
    until = START + timedelta(hours=2)
    value = until.strftime("%a, %d %b %Y %H:%M:%S GMT") if as_date else "7200"
    server.put("*", status=429, headers={"Retry-After": value})
    first = room.once()
    assert sorted(first.kinds.values()) == ["failed", "skipped"]
    asked = len(server.requests)
    server.put("*", rss(item(1)))
    room.later(hours=1, minutes=59)
    assert set(room.once().kinds.values()) <= {"skipped"}
    assert len(server.requests) == asked
    room.later(minutes=2)
    assert set(room.once().kinds.values()) == {"fetched"}


def test_a_source_that_fails_for_a_week_and_returns(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(item(1)))
    room.once()
    before = room.articles()
    server.put("/feed", status=503)
    with room.opened() as app:
        for _ in range(7 * 12):
            room.later(hours=2)
            asyncio.run(run_cycle(app, lambda outcome: None))
    assert 8 <= len(server.asked("/feed")) <= 20
    assert room.state("paper").state.failures >= 7
    server.put("/feed", rss(item(2), item(1)))
    room.later(days=1.1)
    back = room.once(everything=False)
    assert (back.kinds, back.new) == ({"paper": "fetched"}, 1)
    assert before.items() <= room.articles().items()


def test_a_server_that_always_says_304_is_asked_without_conditions_after_eight_days(
    room: Newsroom, server: Server
) -> None:
    def lying(request: Request) -> Answer:
        if request.header("If-None-Match"):
            return Answer(status=304)
        return Answer(body=rss(item(len(server.requests))), headers={"ETag": '"for ever"'})

    server.put("/feed", lying)
    room.once()
    for _ in range(9):
        room.later(days=1)
        room.once()
    unconditional = [request for request in server.asked("/feed") if not request.header("If-None-Match")]
    assert len(unconditional) == 2
    assert len(room.articles()) == 2


def test_a_301_to_a_feed_is_kept_and_the_configuration_left_alone(room: Newsroom, server: Server) -> None:
    server.put("/feed", status=301, headers={"Location": "/moved"})
    server.put("/moved", rss(item(1)), headers={"ETag": '"m"'})
    assert room.once().kinds == {"paper": "fetched"}
    assert room.state("paper").state.moved_to == server.url("/moved")
    assert room.once().kinds == {"paper": "not_modified"}
    assert len(server.asked("/feed")) == 1
    assert (room.root / "feeds.yaml").read_text().count(server.url("/feed")) == 1


def test_a_301_to_a_maintenance_page_is_not_kept(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(item(1)))
    room.once()
    server.put("/feed", status=301, headers={"Location": "/sorry"})
    server.put("/sorry", b"<html><body>Back soon</body></html>", headers={"Content-Type": "text/html"})
    assert room.once().kinds == {"paper": "failed"}
    assert room.state("paper").state.moved_to is None
    page = (
        f"the server returned a web page, not a feed (redirected to {server.url('/sorry')}); run `aggregator add URL`"
    )
    assert (room.state("paper").state.error or "").startswith(page)
    server.put("/feed", rss(item(2)))
    assert room.once().new == 1


def test_a_302_is_followed_and_forgotten(room: Newsroom, server: Server) -> None:
    server.put("/feed", status=302, headers={"Location": "/elsewhere"})
    server.put("/elsewhere", status=301, headers={"Location": "/there"})
    server.put("/there", rss(item(1)))
    assert room.once().kinds == {"paper": "fetched"}
    assert room.state("paper").state.moved_to is None


@pytest.mark.parametrize(
    ("declared", "actual", "content_type"),
    [
        ('<?xml version="1.0" encoding="windows-1251"?>', "windows-1251", "application/xml"),
        ('<?xml version="1.0"?>', "utf-8", "application/rss+xml"),
        ('<?xml version="1.0"?>', "utf-8", "text/xml"),
        ('<?xml version="1.0" encoding="windows-1251"?>', "windows-1251", "text/xml; charset=windows-1251"),
    ],
)
def test_cyrillic_comes_through_whatever_it_is_called(
    room: Newsroom, server: Server, declared: str, actual: str, content_type: str
) -> None:
    document = f"{declared}<rss version='2.0'><channel><item><title>Погода в Москве</title></item></channel></rss>"
    server.put("/feed", document.encode(actual), headers={"Content-Type": content_type})
    room.once()
    assert room.titles() == ["Погода в Москве"]


@pytest.mark.parametrize("declared", ['<?xml version="1.0" encoding="UTF-8"?>', "<?xml version='1.0'?>", ""])
def test_windows_1252_called_utf8_shows_no_replacement_character(room: Newsroom, server: Server, declared: str) -> None:
    document = f"{declared}<rss version='2.0'><channel><item><title>“Café” – 5 €</title></item></channel></rss>"
    server.put("/feed", document.encode("windows-1252"), headers={"Content-Type": "text/xml; charset=utf-8"})
    room.once()
    assert room.titles() == ["“Café” – 5 €"]


@pytest.mark.parametrize(
    ("published", "shown"),
    [
        ("Tom &amp;amp; Jerry", "Tom & Jerry"),
        ("It&amp;#8217;s", "It’s"),
        ("a &lt;b&gt;bold&lt;/b&gt; claim", "a bold claim"),
        ("Vec&lt;T&gt; explained", "Vec<T> explained"),
        ("He said &quot;no: never&quot; # 5", 'He said "no: never" # 5'),
        ("back\\slash and 'quotes'", "back\\slash and 'quotes'"),
        ("yes", "yes"),
        ("12:30", "12:30"),
        ("---", "---"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("bell &amp;#7; and override &#x202E;", "bell and override"),
    ],
)
def test_titles_are_plain_text_in_one_line(room: Newsroom, server: Server, published: str, shown: str) -> None:
    server.put("/feed", rss(item(1, title=published)))
    room.once()
    assert room.titles() == [shown]


def test_lazy_images_and_relative_links(room: Newsroom, server: Server) -> None:
    body = (
        '<p>See <a href="/about">about</a> and <a href="page.html">this</a>.</p>'
        '<p><img src="data:image/gif;base64,R0lGOD" data-src="/pictures/one.jpg" alt="One"></p>'
        '<p><img src="https://pixel.example/p.gif" width="1" height="1"></p>'
    )
    escaped = body.replace("&", "&amp;").replace("<", "&lt;")
    server.put("/feed", rss(item(1, link="https://source.example/stories/1/", description=escaped)))
    room.once()
    (text,) = room.articles().values()
    assert "[about](https://source.example/about)" in text
    assert "[this](https://source.example/stories/1/page.html)" in text
    assert "![One](https://source.example/pictures/one.jpg)" in text
    assert "pixel.example" not in text


def test_two_sources_with_one_canonical_link_are_one_article(tmp_path: Path, server: Server) -> None:
    room = newsroom(
        tmp_path,
        [
            {"name": "one", "url": server.url("/1"), "category": "World"},
            {"name": "two", "url": server.url("/2"), "category": "Politics"},
        ],
    )
    server.put("/1", rss(item(1, guid="one-1")))
    server.put("/2", rss(item(1, guid="two-1", link="https://source.example/stories/1?utm_source=two")))
    both = room.once()
    assert (both.new, both.duplicates) == (1, 1)
    (text,) = room.articles().values()
    assert sorted(front_matter(text)["categories"]) == ["Politics", "World"]
    assert "[one](https://source.example/stories/1)" in text
    assert "[two](https://source.example/stories/1)" in text
    for name in ("world", "politics", "all"):
        assert room.feed(f"{name}.rss").count(b"<item>") == 1
    again = room.once()
    assert (again.new, again.duplicates, again.rows) == (0, 0, 0)


def test_a_link_blogs_comment_under_the_same_link_is_its_own_article(tmp_path: Path, server: Server) -> None:
    room = newsroom(tmp_path, [{"name": n, "url": server.url(f"/{n}")} for n in ("paper", "blog")])
    server.put("/paper", rss(item(1)))
    server.put("/blog", rss(item(1, guid="b", title="On bridges", description=f"&lt;p&gt;{prose(99)}&lt;/p&gt;")))
    assert room.once().new == 2


def test_near_equal_stories_are_marked_not_merged(tmp_path: Path, server: Server) -> None:
    sources = [{"name": n, "url": server.url(f"/{n}"), "category": "news"} for n in ("one", "two")]
    room = newsroom(tmp_path, sources)
    text = f"&lt;p&gt;{prose(5, 200)}&lt;/p&gt;"
    server.put("/one", rss(item(1, title="Agency story", description=text)))
    server.put("/two", rss(item(2, title="Agency story", link="https://two.example/2", description=text)))
    assert room.once().new == 2
    assert len(room.articles()) == 2
    feed = room.feed("news.rss").decode()
    assert feed.count("<item>") == 1
    assert "https://two.example/2" in feed or "https://source.example/stories/1" in feed
    assert "two.example/2" in feed


def test_exact_leaves_near_equal_stories_apart(tmp_path: Path, server: Server) -> None:
    sources = [{"name": n, "url": server.url(f"/{n}"), "category": "news"} for n in ("one", "two")]
    room = newsroom(tmp_path, sources, dedupe="exact")
    text = f"&lt;p&gt;{prose(5, 200)}&lt;/p&gt;"
    server.put("/one", rss(item(1, title="Agency story", description=text)))
    server.put("/two", rss(item(2, title="Agency story", link="https://two.example/2", description=text)))
    room.once()
    assert room.feed("news.rss").count(b"<item>") == 2


def test_an_edited_article_keeps_its_file_and_date_and_gains_lastmod(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(item(1), item(2)))
    room.once()
    paths, dates = list(room.articles()), [head["date"] for head in room.heads()]
    room.later(hours=3)
    edited = f"&lt;p&gt;{prose(1)} corrected&lt;/p&gt;"
    server.put("/feed", rss(item(1, title="Story number 1, corrected", description=edited), item(2)))
    second = room.once()
    assert (second.new, second.updated, second.published.articles) == (0, 1, 1)
    assert list(room.articles()) == paths
    assert [head["date"] for head in room.heads()] == dates
    assert [head.get("lastmod") for head in room.heads()] == ["2026-11-24 15:00:00", None]


def test_two_servers_that_give_two_texts_in_turn_edit_an_article_once_each(room: Newsroom, server: Server) -> None:
    versions = [item(1, description=f"&lt;p&gt;{prose(1)} {end}&lt;/p&gt;") for end in ("before", "corrected")]
    modified = []
    for number in range(8):
        server.put("/feed", rss(versions[number % 2]))
        room.later(hours=1)
        done = room.once()
        (text,) = room.articles().values()
        assert ("before", "corrected")[number % 2] in text
        modified.append((done.updated, front_matter(text).get("lastmod")))
    assert [edits for edits, _ in modified] == [0, 1, 1, 0, 0, 0, 0, 0]
    assert len({moment for _, moment in modified}) == 3
    server.put("/feed", rss(item(1, description=f"&lt;p&gt;{prose(1)} corrected again&lt;/p&gt;")))
    assert room.once().updated == 1


def test_changes_of_markup_alone_change_nothing(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(item(1)))
    room.once()
    before = room.files()
    server.put(
        "/feed", rss(item(1, description=f"&lt;div class=&quot;x&quot;&gt;&lt;p&gt;{prose(1)}&lt;/p&gt;&lt;/div&gt;"))
    )
    assert room.once().updated == 0
    assert room.files() == before


def test_gone_from_the_feed_is_not_retracted(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(item(1), item(2)))
    room.once()
    server.put("/feed", rss(item(2)))
    room.once()
    assert len(room.articles()) == 2
    server.put("/feed", rss(item(1), item(2)))
    assert room.once().new == 0


def test_410_stops_polling_even_for_all_until_the_url_is_edited(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(item(1)))
    room.once()
    server.put("/feed", status=410)
    assert room.once().kinds == {"paper": "failed"}
    room.later(days=3)
    assert room.once().kinds == {}
    assert room.state("paper").state.paused
    assert len(room.articles()) == 1
    server.put("/new", rss(item(1), item(2)))
    room.configuration["sources"][0]["url"] = server.url("/new")
    assert room.once().new == 1


def test_one_url_named_twice_is_fetched_once(tmp_path: Path, server: Server) -> None:
    sources = [{"name": n, "url": server.url("/feed"), "category": n} for n in ("left", "right")]
    room = newsroom(tmp_path, sources)
    server.put("/feed", rss(item(1)), headers={"ETag": '"1"'})
    first = room.once()
    assert len(server.requests) == 1
    assert (first.new, first.duplicates) == (1, 1)
    assert room.once().kinds == {"left": "not_modified", "right": "not_modified"}
    assert len(server.requests) == 2


def test_a_source_added_beside_another_with_its_url_gets_the_document(tmp_path: Path, server: Server) -> None:
    room = newsroom(tmp_path, [{"name": "left", "url": server.url("/feed")}])
    server.put("/feed", rss(item(1)), headers={"ETag": '"1"'})
    room.once()
    room.configuration["sources"].append({"name": "right", "url": server.url("/feed")})
    assert room.once().duplicates == 1
    assert room.feed("right.rss").count(b"<item>") == 1


def test_three_kinds_of_rounds_are_told_apart(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(item(1)), headers={"ETag": '"1"'})
    first = room.once()
    assert (first.report.count("fetched"), first.report.entries, first.new) == (1, 1, 1)
    unmodified = room.once()
    assert (unmodified.report.count("not_modified"), unmodified.report.entries) == (1, 0)
    server.put("/feed", rss(item(1)))
    unchanged = room.once()
    assert (unchanged.report.count("fetched"), unchanged.report.entries, unchanged.rows) == (1, 0, 0)
    server.put("/feed", rss(item(2), item(1)))
    more = room.once()
    assert (more.report.count("fetched"), more.report.entries, more.new) == (1, 2, 1)


def test_the_same_document_twice_writes_no_row_and_no_file(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(*(item(n) for n in range(10))))
    room.once()
    before = room.files()
    room.later(hours=1)
    server.put("/feed", rss(*(item(n) for n in range(10)), head="<!-- other bytes, same entries -->"))
    second = room.once()
    assert (second.rows, second.published.articles, second.published.feeds) == (0, 0, 0)
    assert room.files() == before
