"""How sources are asked, over several fetches: what goes out, when, and to whom."""

import gzip
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from aggregator.model import Failure, Feed, FeedDocument
from aggregator.parse import parse
from tests.newsroom import START, Newsroom, item, newsroom, rss
from tests.servers import Answer, Request, Server


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Newsroom:
    return newsroom(tmp_path, [{"name": "paper", "url": server.url("/feed"), "language": "en"}])


@pytest.fixture
def second_server() -> Iterator[Server]:
    """A second host: an address counts with its port."""
    with Server() as running:
        yield running


def wait_of(room: Newsroom, name: str = "paper") -> timedelta:
    due = room.state(name).state.next_fetch
    assert due is not None
    return due - room.now


@pytest.mark.parametrize(
    ("headers", "head", "hours"),
    [
        ({}, "", 0.5),
        ({"Cache-Control": "max-age=7200", "Age": "3600"}, "", 1),
        ({"Cache-Control": "max-age=10"}, "", 0.5),
        ({"Cache-Control": "no-cache, max-age=7200"}, "", 0.5),
        ({"Cache-Control": "max-age=31536000"}, "", 24),
        ({"Date": "Tue, 24 Nov 2026 08:00:00 GMT", "Expires": "Tue, 24 Nov 2026 11:00:00 GMT"}, "", 3),
        ({}, "<ttl>240</ttl>", 4),
        ({"Cache-Control": "max-age=7200"}, "<ttl>60</ttl>", 2),
        (
            {},
            '<sy:updatePeriod xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">daily</sy:updatePeriod>'
            '<sy:updateFrequency xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">2</sy:updateFrequency>',
            12,
        ),
        ({}, "<skipHours><hour>12</hour><hour>13</hour></skipHours>", 2),
        ({}, "<skipDays><day>Tuesday</day></skipDays>", 12),
    ],
)
def test_the_longest_wish_says_when_a_source_is_due(
    room: Newsroom, server: Server, headers: dict[str, str], head: str, hours: float
) -> None:
    server.put("/feed", rss(item(1), head=head), headers=headers)
    room.once()
    assert timedelta(hours=hours) <= wait_of(room) <= timedelta(hours=hours * 1.05)


def test_a_304_is_rescheduled_by_what_it_says_and_by_the_documents_own_wish(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(item(1), head="<ttl>120</ttl>"), headers={"ETag": '"1"'})
    room.once()
    server.put("/feed", status=304, headers={"Cache-Control": "max-age=36000", "ETag": '"2"'})
    room.once()
    assert timedelta(hours=10) <= wait_of(room) <= timedelta(hours=10.5)
    server.put("/feed", status=304)
    room.once()
    assert timedelta(hours=2) <= wait_of(room) <= timedelta(hours=2.1)
    assert [request.header("If-None-Match") for request in server.requests] == [None, '"1"', '"2"']


def test_validators_are_dropped_by_a_200_without_them(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(item(1)), headers={"ETag": 'W/"1"', "Last-Modified": "yesterday, about noon"})
    room.once()
    server.put("/feed", rss(item(1), item(2)))
    room.once()
    room.once()
    sent = [(request.header("If-None-Match"), request.header("If-Modified-Since")) for request in server.requests]
    assert sent == [(None, None), ('W/"1"', "yesterday, about noon"), (None, None)]


@pytest.mark.parametrize("body", [b"", b"<html><body>Sorry</body></html>"])
def test_validators_are_dropped_by_an_answer_that_is_no_feed(room: Newsroom, server: Server, body: bytes) -> None:
    server.put("/feed", rss(item(1)), headers={"ETag": '"1"'})
    room.once()
    server.put("/feed", body)
    assert room.once().kinds == {"paper": "failed"}
    room.once()
    assert [request.header("If-None-Match") for request in server.requests] == [None, '"1"', None]


def test_validators_are_dropped_by_a_new_url(room: Newsroom, server: Server) -> None:
    for path in ("/feed", "/new"):
        server.put(path, rss(item(1)), headers={"ETag": '"1"'})
    room.once()
    room.configuration["sources"][0]["url"] = server.url("/new")
    assert room.once(everything=False).kinds == {"paper": "fetched"}
    assert server.asked("/new")[0].header("If-None-Match") is None


def test_a_failure_keeps_validators_and_the_next_answer_ends_it(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(item(1)), headers={"ETag": '"1"'})
    room.once()
    server.put("/feed", status=500)
    room.once()
    server.put("/feed", rss(item(1)), headers={"ETag": '"1"'})
    assert room.once().kinds == {"paper": "not_modified"}
    assert (room.state("paper").state.failures, room.state("paper").state.error) == (0, None)


@pytest.mark.parametrize("body", [b"<html><body>Sorry</body></html>", b"{}", b""])
def test_the_http_status_of_an_answer_that_is_no_feed_is_known(room: Newsroom, server: Server, body: bytes) -> None:
    server.put("/feed", body)
    room.once()
    assert room.state("paper").state.http_status == 200


def test_min_interval_holds_for_the_schedule_and_not_for_names(room: Newsroom, server: Server) -> None:
    room.configuration["sources"][0]["interval"] = "1m"
    server.put("/feed", rss(item(1)))
    room.once(everything=False)
    room.later(minutes=4, seconds=50)
    assert room.once(everything=False).report.count("skipped") == 1
    assert room.once("paper").kinds == {"paper": "fetched"}
    room.later(minutes=6)
    assert room.once(everything=False).kinds == {"paper": "fetched"}


def test_a_refused_host_stays_refused_though_an_answer_that_was_under_way_comes(tmp_path: Path, server: Server) -> None:
    room = newsroom(tmp_path, [{"name": name, "url": server.url(f"/{name}")} for name in "ab"])
    server.put("/a", status=429, headers={"Retry-After": "7200"})
    server.put("/b", rss(item(1)), pause=0.3)
    assert room.once().kinds == {"a": "failed", "b": "fetched"}
    room.later(hours=1)
    assert room.once().kinds == {"a": "skipped", "b": "skipped"}


def test_a_host_that_a_redirect_leads_to_is_left_alone_across_restarts(
    tmp_path: Path, server: Server, second_server: Server
) -> None:
    room = newsroom(tmp_path, [{"name": "paper", "url": server.url("/feed")}])
    server.put("/feed", status=302, headers={"Location": second_server.url("/there")})
    second_server.put("/there", status=429, headers={"Retry-After": "7200"})
    room.once()
    room.later(hours=1)
    room.once()
    assert len(second_server.requests) == 1


def test_a_source_that_redirects_to_a_held_host_is_skipped_until_that_hosts_time_is_over(
    tmp_path: Path, server: Server, second_server: Server
) -> None:
    sources: list[dict[str, Any] | str] = [
        {"name": "paper", "url": server.url("/feed")},
        {"name": "busy", "url": second_server.url("/busy")},
    ]
    room = newsroom(tmp_path, sources)
    second_server.put("/busy", status=429, headers={"Retry-After": "7200"})
    second_server.put("/there", rss(item(1)))
    server.put("/feed", status=302, headers={"Location": second_server.url("/there")})
    room.once("busy")
    assert room.once("paper").kinds == {"paper": "skipped"}
    skipped = room.state("paper").state
    assert (skipped.failures, skipped.error, skipped.due_reason) == (0, None, "retry-after")
    assert skipped.next_fetch == room.now + timedelta(hours=2)
    room.later(hours=2)
    second_server.put("/busy", rss(item(2)))  # or its next 429 might come before the redirect
    assert room.once(everything=False).kinds["paper"] == "fetched"


def test_three_403_on_one_host_keep_away_from_it(tmp_path: Path, server: Server) -> None:
    sources = [{"name": f"s{n}", "url": server.url(f"/{n}")} for n in range(5)]
    room = newsroom(tmp_path, sources, fetch={"per_host": 1})
    server.put("*", status=403)
    first = room.once()
    assert sorted(first.kinds.values()) == ["failed"] * 3 + ["skipped"] * 2
    assert len(server.requests) == 3
    room.later(minutes=59)
    assert set(room.once().kinds.values()) == {"skipped"}
    room.later(minutes=2)
    room.once()
    assert len(server.requests) == 4


@pytest.mark.parametrize("etag", [{}, {"ETag": '"1"'}])
def test_an_answer_at_the_end_of_a_redirect_comes_between_403s(
    tmp_path: Path, server: Server, second_server: Server, etag: dict[str, str]
) -> None:
    room = newsroom(tmp_path, [{"name": "a", "url": server.url("/a")}, {"name": "b", "url": second_server.url("/b")}])
    server.put("/a", status=302, headers={"Location": second_server.url("/there")})
    second_server.put("/there", rss(item(1)), headers=etag)
    second_server.put("/b", status=403)
    for _ in range(4):
        assert room.once("b").kinds == {"b": "failed"}
        assert room.once("a").kinds["a"] in ("fetched", "not_modified")


def test_403s_at_the_end_of_a_redirect_are_not_those_of_who_redirects(
    tmp_path: Path, server: Server, second_server: Server
) -> None:
    room = newsroom(tmp_path, [{"name": "a", "url": server.url("/a")}, {"name": "b", "url": server.url("/b")}])
    server.put("/a", status=302, headers={"Location": second_server.url("/there")})
    second_server.put("/there", status=403)
    server.put("/b", rss(item(1)))
    assert [room.once("a").kinds["a"] for _ in range(4)] == ["failed"] * 3 + ["skipped"]
    assert room.once("b").kinds == {"b": "fetched"}


def test_a_source_that_redirects_to_a_held_host_is_not_asked_more_often_for_it(
    tmp_path: Path, server: Server, second_server: Server
) -> None:
    room = newsroom(
        tmp_path, [{"name": "paper", "url": server.url("/feed")}, {"name": "busy", "url": second_server.url("/busy")}]
    )
    second_server.put("/busy", status=429, headers={"Retry-After": "60"})
    server.put("/feed", status=302, headers={"Location": second_server.url("/there")})
    room.once("busy")
    assert room.once("paper").kinds == {"paper": "skipped"}
    assert wait_of(room) == timedelta(minutes=5)


def test_what_the_document_of_another_url_wished_is_forgotten_with_it(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(item(1), head="<ttl>600</ttl><skipHours><hour>12</hour><hour>13</hour></skipHours>"))
    room.once()
    room.configuration["sources"][0]["url"] = server.url("/new")
    server.put("/new", status=500)
    assert room.once(everything=False).kinds == {"paper": "failed"}
    assert wait_of(room) < timedelta(hours=1)


def test_back_off_doubles_to_a_day_and_ends_with_the_first_answer(room: Newsroom, server: Server) -> None:
    server.put("/feed", status=404)
    waits = []
    for _ in range(8):
        room.once(everything=False)
        waits.append(wait_of(room))
        room.later(seconds=waits[-1].total_seconds())
    hours = [0.5, 1, 2, 4, 8, 16, 24, 24]
    assert all(timedelta(hours=n) <= wait <= timedelta(hours=n * 1.05) for n, wait in zip(hours, waits, strict=True))
    server.put("/feed", rss(item(1)))
    assert room.once(everything=False).kinds == {"paper": "fetched"}
    assert wait_of(room) < timedelta(hours=1)


def test_entries_beyond_ten_thousand_are_left_out_and_said(
    room: Newsroom, server: Server, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert signature(parse).parameters["max_entries"].default == 10_000
    monkeypatch.setattr(import_module("aggregator.document"), "parse", partial(parse, max_entries=10))
    server.put("/feed", rss(*(item(n) for n in range(13))))
    first = room.once()
    assert (first.report.entries, first.kinds) == (10, {"paper": "fetched"})
    assert "paper: its document is too long; entries left out at its end: 3" in caplog.text


def test_sources_of_one_url_with_other_headers_are_asked_apart_and_at_their_own_time(
    tmp_path: Path, server: Server
) -> None:
    room = newsroom(
        tmp_path,
        [
            {"name": "often", "url": server.url("/feed")},
            {"name": "seldom", "url": server.url("/feed"), "headers": {"X-Key": "secret"}, "interval": "6h"},
        ],
    )
    server.put("/feed", rss(item(1)))
    room.once()
    assert sorted(str(request.header("X-Key")) for request in server.requests) == ["None", "secret"]
    room.later(hours=1)
    assert room.once(everything=False).kinds == {"often": "fetched"}
    assert len(server.requests) == 3
    assert room.once("often").kinds == {"often": "fetched"}
    assert len(server.requests) == 4


@pytest.mark.parametrize("names", ["ab", "ba"])
def test_a_source_that_moved_to_anothers_url_takes_none_of_its_headers(
    tmp_path: Path, server: Server, second_server: Server, names: str
) -> None:
    sources = {"a": server.url("/feed"), "b": second_server.url("/there")}
    room = newsroom(tmp_path, [{"name": n, "url": sources[n], "headers": {"X-Key": "secret"}} for n in names])
    server.put("/feed", status=301, headers={"Location": second_server.url("/there")})
    second_server.put("/there", rss(item(1)))
    for _ in range(2):
        room.once()
        assert sorted(str(request.header("X-Key")) for request in second_server.requests) == ["None", "secret"]
        second_server.requests.clear()


def test_a_source_that_moved_to_anothers_url_is_asked_together_with_it(tmp_path: Path, server: Server) -> None:
    room = newsroom(tmp_path, [{"name": "a", "url": server.url("/feed")}, {"name": "b", "url": server.url("/there")}])
    server.put("/feed", status=301, headers={"Location": "/there"})
    server.put("/there", rss(item(1)))
    room.once()
    server.requests.clear()
    assert room.once().kinds == {"a": "fetched", "b": "fetched"}
    assert [request.path for request in server.requests] == ["/there"]


def test_a_source_that_moved_behind_its_password_is_asked_apart(tmp_path: Path, server: Server) -> None:
    private = server.url("/feed").replace("//", "//user:pass@")
    room = newsroom(tmp_path, [{"name": "a", "url": private}, {"name": "b", "url": server.url("/there")}])
    server.put("/feed", status=301, headers={"Location": "/there"})
    server.put("/there", rss(item(1)))
    for _ in range(2):
        room.once()
        assert len({request.header("Authorization") for request in server.asked("/there")}) == 2
        server.requests.clear()


def test_headers_never_reach_another_host(tmp_path: Path, server: Server, second_server: Server) -> None:
    room = newsroom(tmp_path, [{"name": "paper", "url": server.url("/feed"), "headers": {"X-Key": "secret"}}])
    server.put("/feed", status=301, headers={"Location": second_server.url("/there")})
    second_server.put("/there", rss(item(1)))
    room.once()
    room.once()
    assert len(server.requests) == 1
    assert [request.header("X-Key") for request in second_server.requests] == [None, None]


def test_a_disabled_source_is_never_asked(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(item(1)))
    room.configuration["sources"][0]["enabled"] = False
    for round_ in (room.once(), room.once("paper"), room.once(everything=False)):
        assert (round_.report.sources, round_.report.count("skipped")) == (1, 1)
    assert server.requests == []


def test_a_source_in_a_private_network_is_refused_before_and_after_a_redirect(tmp_path: Path, server: Server) -> None:
    room = newsroom(
        tmp_path,
        [{"name": "straight", "url": server.url("/a", host="127.0.0.2")}, {"name": "bent", "url": server.url("/b")}],
    )
    server.put("/b", status=302, headers={"Location": server.url("/a", host="127.0.0.2")})
    assert room.once().kinds == {"straight": "failed", "bent": "failed"}
    assert server.asked("/a") == ()
    assert all("private" in str(outcome.failure) for outcome in room.once().report.failures)


@pytest.mark.parametrize(
    "document",
    [
        b'<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><id>1</id><title>One</title></entry>'
        b"<entry><id>2</id><title>Two and a ha",
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
        b'<channel><title>t</title></channel><item rdf:about="1"><title>One</title></item>'
        b'<item rdf:about="2"><title>Two and',
        b'<rss version="2.0"><channel><item><title>One</title></item><item><title>Two</title><descr',
    ],
)
def test_truncated_documents_keep_what_is_whole(room: Newsroom, server: Server, document: bytes) -> None:
    server.put("/feed", document, headers={"ETag": '"cut"'})
    first = room.once()
    assert (first.kinds, first.new, room.titles()) == ({"paper": "failed"}, 1, ["One"])
    room.once()
    assert [request.header("If-None-Match") for request in server.requests] == [None, None]


def test_the_same_truncated_document_fails_again_without_being_parsed_again(
    room: Newsroom, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[bytes] = []

    def counting_parse(document: FeedDocument) -> Feed | Failure:
        parsed.append(document.body)
        return parse(document)

    monkeypatch.setattr("aggregator.document.parse", counting_parse)
    complete = rss(item(1), item(2))
    truncated = complete[: complete.index(b"</item></channel>")]
    server.put("/feed", truncated, headers={"ETag": '"cut"'})
    first = room.once()
    second, third = room.once(), room.once()
    assert parsed == [truncated]
    for again in (second, third):
        assert again.kinds == {"paper": "failed"}
        assert (again.report.entries, again.new) == (first.report.entries, 0) == (1, 0)
        assert again.report.failures[0].failure == first.report.failures[0].failure
    assert [request.header("If-None-Match") for request in server.requests] == [None, None, None]
    state = room.state("paper").state
    assert (state.failures, state.error) == (3, first.report.failures[0].failure.sentence)  # type: ignore[union-attr]
    server.put("/feed", complete, headers={"ETag": '"whole"'})
    assert (room.once().new, parsed[1:]) == (1, [complete])
    state = room.state("paper").state
    assert (state.failures, state.error) == (0, None)
    assert room.once().kinds == {"paper": "not_modified"}


def test_a_truncated_document_is_parsed_again_for_a_source_that_is_new_and_after_another_failure(
    room: Newsroom, server: Server
) -> None:
    complete = rss(item(1), item(2))
    truncated = complete[: complete.index(b"</item></channel>")]
    server.put("/feed", truncated)
    room.once()
    server.put("/feed", status=404)
    assert room.once().report.failures[0].failure.status == 404  # type: ignore[union-attr]
    server.put("/feed", truncated)
    assert "truncated" in str(room.once().report.failures[0].failure)
    room.configuration["sources"].append({"name": "journal", "url": server.url("/feed"), "categories": ["Other"]})
    both = room.once()
    assert both.kinds == {"paper": "failed", "journal": "failed"}
    assert all("truncated" in str(outcome.failure) for outcome in both.report.failures)


def test_truncated_json_and_gzip_touch_nothing(room: Newsroom, server: Server) -> None:
    complete = (
        b'{"version": "https://jsonfeed.org/version/1.1", "title": "t", "items": [{"id": "1", "content_text": "One"}]}'
    )
    server.put("/feed", complete)
    assert room.once().new == 1
    before = room.files()
    server.put("/feed", complete[:-20], headers={"ETag": '"cut"'})
    assert room.once().kinds == {"paper": "failed"}
    server.put("/feed", gzip.compress(rss(item(1)))[:-20], headers={"Content-Encoding": "gzip"})
    assert room.once().kinds == {"paper": "failed"}
    assert room.files() == before
    assert [request.header("If-None-Match") for request in server.requests] == [None, None, None]


def test_a_bomb_a_flood_and_a_drip_are_failures_of_their_sources_alone(tmp_path: Path, server: Server) -> None:
    names = ("bomb", "flood", "drip", "good")
    sources = [{"name": name, "url": server.url(f"/{name}")} for name in names]
    room = newsroom(tmp_path, sources, fetch={"timeout": "1s", "max_bytes": "100KB", "per_host": 4})
    server.put("/bomb", gzip.compress(bytes(50_000_000)), headers={"Content-Encoding": "gzip"})
    server.put("/flood", rss(*(item(n) for n in range(500))))
    server.put("/drip", chunks=(b"<" for _ in range(100)), pause=0.3)
    server.put("/good", rss(item(1)))
    first = room.once()
    assert first.kinds == dict.fromkeys(names[:3], "failed") | {"good": "fetched"}
    assert "100,000 bytes" in str(first.outcomes["bomb"].failure)
    assert "100,000 bytes" in str(first.outcomes["flood"].failure)
    assert "within 1 s" in str(first.outcomes["drip"].failure)


@pytest.mark.parametrize("status", [301, 302])
def test_a_redirect_to_a_refused_scheme_or_without_end_is_a_failure(
    room: Newsroom, server: Server, status: int
) -> None:
    server.put("/feed", status=status, headers={"Location": "/feed"})
    assert room.once().kinds == {"paper": "failed"}
    assert len(server.requests) == 1
    assert room.state("paper").state.moved_to is None


def test_a_source_that_moved_for_good_is_told_and_an_edit_forgets_it(room: Newsroom, server: Server) -> None:
    server.put("/feed", status=308, headers={"Location": "/a"})
    server.put("/a", status=301, headers={"Location": "/b"})
    server.put("/b", rss(item(1)))
    room.once()
    assert room.state("paper").state.moved_to == server.url("/b")
    server.put("/c", rss(item(2)))
    room.configuration["sources"][0]["url"] = server.url("/c")
    assert room.once().new == 1
    assert room.state("paper").state.moved_to is None


def test_a_503_concerns_its_source_alone_unless_it_names_a_time(tmp_path: Path, server: Server) -> None:
    room = newsroom(
        tmp_path, [{"name": n, "url": server.url(f"/{n}")} for n in ("busy", "well")], fetch={"per_host": 1}
    )
    server.put("/busy", status=503)
    server.put("/well", rss(item(1)))
    assert room.once().kinds == {"busy": "failed", "well": "fetched"}
    assert wait_of(room, "busy") == timedelta(hours=1)
    server.put("/busy", status=503, headers={"Retry-After": "600"})
    room.later(hours=1)
    assert room.once("busy").kinds == {"busy": "failed"}
    assert room.once().kinds == {"busy": "skipped", "well": "skipped"}
    assert wait_of(room, "well") == timedelta(minutes=10)


def test_a_document_without_a_change_says_so_by_its_bytes(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(item(1)), headers={"ETag": '"1"'}, conditional=False)
    room.once()
    server.put("/feed", rss(item(1)), headers={"ETag": '"2"'}, conditional=False)
    second = room.once()
    assert (second.kinds, second.report.entries) == ({"paper": "fetched"}, 0)
    room.once()
    assert server.requests[-1].header("If-None-Match") == '"2"'


def test_requests_carry_no_more_than_they_must(tmp_path: Path, server: Server) -> None:
    url = server.url("/Feed%7e;x?b=2&a=%20'1'&&utm_source=x#part")
    room = newsroom(tmp_path, [url], fetch={"contact": "https://example.org/about"})
    server.put("*", rss(item(1)), headers={"Set-Cookie": "a=b"})
    room.once()
    room.once()
    for request in server.requests:
        assert request.target == "/Feed%7e;x?b=2&a=%20'1'&&utm_source=x"
        names = {name.lower() for name, _ in request.headers}
        assert names <= {"host", "user-agent", "accept", "accept-encoding", "connection"}
        assert str(request.header("User-Agent")).endswith(" (+https://example.org/about)")
        assert request.header("Accept-Encoding") == "gzip"


def test_all_that_was_asked_for_is_counted_once(tmp_path: Path, server: Server) -> None:
    def answer(request: Request) -> Answer:
        return {"/404": Answer(status=404), "/304": Answer(status=304)}.get(request.path) or Answer(body=rss(item(1)))

    server.put("*", answer)
    sources: list[dict[str, object] | str] = [
        {"name": name, "url": server.url(f"/{name}")} for name in ("404", "304", "a")
    ]
    room = newsroom(tmp_path, [*sources, {"name": "off", "url": server.url("/off"), "enabled": False}])
    report = room.once().report
    counts = [report.count(kind) for kind in ("fetched", "not_modified", "skipped", "failed")]
    assert (sum(counts), counts) == (report.sources, [1, 0, 1, 2])
    assert room.now == START
