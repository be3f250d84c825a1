"""Redirects: followed by hand, each hop checked as the first, and only the permanent ones remembered."""

from base64 import b64decode, b64encode
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

import pytest

from aggregator.fetch import Fetcher
from aggregator.fetch.failures import ResponseError
from aggregator.fetch.redirects import Hop, next_hop
from aggregator.model import Failure, FeedDocument, NotModified
from tests.fetch.conftest import FEED, Get, known, settings, source
from tests.servers import Server


@pytest.fixture
def second_server() -> Iterator[Server]:
    """A server of another origin."""
    with Server() as running:
        yield running


def chain(server: Server, *statuses: int) -> str:
    """URL from which redirects of these statuses lead over /1, /2, ... to a document."""
    for number, status in enumerate(statuses):
        server.put(f"/{number}", status=status, headers={"Location": f"{number + 1}?next#top"})
    server.put(f"/{len(statuses)}", FEED)
    return server.url("/0")


@pytest.mark.parametrize(
    ("statuses", "permanent"),
    [
        ((301,), "/1?next"),
        ((308, 301), "/2?next"),
        ((302,), None),
        ((303,), None),
        ((307,), None),
        ((302, 301), None),
        ((301, 302), "/1?next"),
        ((308, 301, 307, 301), "/2?next"),
    ],
)
async def test_a_source_moves_as_far_as_301_and_308_lead_before_any_other_redirect(
    server: Server, get: Get, statuses: tuple[int, ...], permanent: str | None
) -> None:
    answer = await get(chain(server, *statuses))
    assert isinstance(answer, FeedDocument)
    assert answer.url == server.url("/0")
    assert answer.final_url == server.url(f"/{len(statuses)}?next")
    assert answer.permanent_url == (permanent and server.url(permanent))


async def test_five_hops_are_followed_and_no_sixth(server: Server, get: Get) -> None:
    assert isinstance(await get(chain(server, *[302] * 5)), FeedDocument)
    answer = await get(chain(server, *[302] * 6))
    assert isinstance(answer, Failure)
    assert (answer.status, answer.reason) == (302, "too many redirects (more than 5)")
    assert answer.advice == "check the source's URL in a browser"
    server.put("/3", status=302, headers={"Location": "/4", "Set-Cookie": "seen=1"})
    answer = await get(server.url("/0"))
    assert isinstance(answer, Failure)
    assert "headers: {Cookie: …}" in answer.advice


LOOP = "redirect loop: the redirect ({}) leads to a URL that was requested before"


@pytest.mark.parametrize("round_trip", [("/loop",), ("/loop", "/a"), ("/loop", "/a", "/b", "/c", "/d")])
async def test_a_loop_ends_before_a_url_is_requested_again(
    server: Server, get: Get, round_trip: tuple[str, ...]
) -> None:
    for path, following in zip(round_trip, (*round_trip[1:], "/loop#top"), strict=True):
        server.put(path, status=301, headers={"Location": following})
    answer = await get(server.url("/loop"))
    assert isinstance(answer, Failure)
    assert (answer.status, answer.reason) == (301, LOOP.format(301))
    assert answer.advice == "check the source's URL in a browser"
    assert [request.path for request in server.requests] == list(round_trip)


async def test_a_loop_into_which_other_urls_lead_ends_too(server: Server, get: Get) -> None:
    server.put("/a", status=301, headers={"Location": "/b"})
    server.put("/b", status=302, headers={"Location": "/b"})
    answer = await get(server.url("/a"))
    assert isinstance(answer, Failure)
    assert answer.reason == LOOP.format(302)
    assert len(server.requests) == 2


async def test_another_query_is_no_loop(server: Server, get: Get) -> None:
    server.put("/feed.xml?try=1", status=302, headers={"Location": "/feed.xml?try=2"})
    server.put("/feed.xml?try=2", FEED)
    assert isinstance(await get(server.url("/feed.xml?try=1")), FeedDocument)


async def test_a_loop_that_sets_a_cookie_names_the_header(server: Server, get: Get) -> None:
    server.put("/wall", status=302, headers={"Location": "/loop"})
    answer = await get(server.put("/loop", status=302, headers={"Location": "/wall", "Set-Cookie": "seen=1; path=/"}))
    assert isinstance(answer, Failure)
    assert answer.reason == LOOP.format(302)
    assert "headers: {Cookie: …}" in answer.advice
    assert all(request.header("Cookie") is None for request in server.requests)


async def test_the_first_of_several_locations_counts(server: Server, get: Get) -> None:
    server.put("/a", FEED)
    server.put("/b", FEED + b"<!-- -->")
    raw = b"HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"
    for head in (raw, raw.replace(b"Content-Length", b"NoColon\r\nContent-Length")):
        answer = await get(server.put("/moved", raw=head))
        assert isinstance(answer, FeedDocument)
        assert answer.final_url == server.url("/a")


@pytest.mark.parametrize(
    "location", ["", " ", "file:///etc/passwd", "gopher://x/", "javascript:1", "http://", "http://[x/", "data:,x"]
)
async def test_a_redirect_to_no_web_address_is_a_failure(server: Server, get: Get, location: str) -> None:
    answer = await get(server.put("/moved", status=302, headers={"Location": location}))
    assert isinstance(answer, Failure)
    assert (answer.status, answer.reason) == (302, "the redirect (302) does not lead to an http or https URL")


async def test_a_redirect_without_a_location_is_a_failure(server: Server, get: Get) -> None:
    assert isinstance(await get(server.put("/moved", status=302)), Failure)


def test_https_is_never_left_for_http() -> None:
    with pytest.raises(ResponseError, match="from https to http"):
        next_hop(Hop(url="https://example.org/a", start="https://example.org/a"), 301, "http://example.org/a")
    upgraded = next_hop(Hop(url="http://example.org/a", start="http://example.org/a"), 301, "https://example.org/a")
    assert upgraded.moved_to == "https://example.org/a"


def test_a_redirects_credentials_and_fragment_are_dropped() -> None:
    assert (
        next_hop(Hop(url="http://example.org/a", start="http://example.org/a"), 301, "//me:secret@example.net/b#c").url
        == "http://example.net/b"
    )


async def test_credentials_never_reach_another_origin(server: Server, second_server: Server, get: Get) -> None:
    second_server.put("/elsewhere", status=302, headers={"Location": server.url("/back")})
    server.put("/feed.xml", status=302, headers={"Location": "/inside"})
    server.put("/inside", status=302, headers={"Location": second_server.url("/elsewhere")})
    server.put("/back", FEED)
    url = server.url("/feed.xml").replace("http://", "http://user:hunter2@")
    assert isinstance(await get(source(url, headers={"X-Token": "t0ken"})), FeedDocument)
    (elsewhere,) = second_server.requests
    asked, inside, back = server.requests
    for trusted in (asked, inside):
        assert (trusted.header("X-Token"), trusted.header("Authorization")) == ("t0ken", "Basic dXNlcjpodW50ZXIy")
    for stranger in (elsewhere, back):  # who came back was sent by the other origin
        assert {name for name, _ in stranger.headers} == {"Host", "User-Agent", "Accept", "Accept-Encoding"}


async def test_a_source_that_moved_to_another_origin_is_asked_there_without_its_headers(
    server: Server, second_server: Server, get: Get
) -> None:
    moved_to = second_server.put("/feed.xml", FEED)
    moved = source(server.url("/old").replace("http://", "http://u:p@"), headers={"X-Token": "t0ken"})
    answer = await get(moved, known(moved_to=moved_to))
    assert isinstance(answer, FeedDocument)
    assert (answer.url, answer.permanent_url) == (moved_to, None)
    assert server.requests == []
    assert second_server.requests[0].header("X-Token") is None
    assert second_server.requests[0].header("Authorization") is None


async def test_validators_go_along_a_temporary_redirect(server: Server, get: Get) -> None:
    url = server.put("/feed.xml", status=302, headers={"Location": "/today.xml"})
    server.put("/today.xml", FEED, headers={"ETag": '"1"'})
    answer = await get(url, known('"1"'))
    assert isinstance(answer, NotModified)
    assert (answer.status, answer.url, answer.permanent_url) == (304, url, None)


async def test_validators_are_dropped_where_the_source_has_moved_for_good(server: Server, get: Get) -> None:
    url = server.put("/feed.xml", status=301, headers={"Location": "/new.xml"})
    server.put("/new.xml", FEED, headers={"ETag": '"1"'})
    answer = await get(url, known('"1"', "then"))
    assert isinstance(answer, FeedDocument)
    assert answer.permanent_url == server.url("/new.xml")
    assert [request.header("If-None-Match") for request in server.requests] == ['"1"', None]
    assert [request.header("If-Modified-Since") for request in server.requests] == ["then", None]


async def test_validators_go_no_further_once_the_source_moved(server: Server, get: Get) -> None:
    answer = await get(chain(server, 301, 302), known('"1"'))
    assert isinstance(answer, FeedDocument)
    assert [request.header("If-None-Match") for request in server.requests] == ['"1"', None, None]


async def test_last_times_bytes_at_a_new_url_move_the_source_too(server: Server, get: Get) -> None:
    state = known(digest=blake2b(FEED, digest_size=16).digest())
    answer = await get(chain(server, 301), state)
    assert isinstance(answer, NotModified)
    assert (answer.status, answer.permanent_url) == (200, server.url("/1?next"))


async def test_a_failure_after_a_redirect_names_the_host_that_answered(
    server: Server, second_server: Server, get: Get
) -> None:
    second_server.put("/busy", status=429, headers={"Retry-After": "60"})
    answer = await get(server.put("/feed.xml", status=302, headers={"Location": second_server.url("/busy")}))
    assert isinstance(answer, Failure)
    assert (answer.subject, answer.host) == (server.url("/feed.xml"), f"127.0.0.1:{second_server.port}")


@pytest.mark.parametrize("answer", [{"status": 404}, {"status": 200}, {"hang": True}, {"reset": True}])
async def test_a_failure_after_a_redirect_says_where_it_led(server: Server, get: Get, answer: dict[str, Any]) -> None:
    server.put("/lost", **answer)
    target = "/lost?next=/feed.xml&token=s3cret"
    failure = await get(server.put("/feed.xml", status=302, headers={"Location": target}), timeout=timedelta(seconds=1))
    assert isinstance(failure, Failure)
    assert failure.reason.endswith(f" (redirected to {server.url('/lost')})")


async def test_a_redirect_to_a_host_that_wants_to_be_left_alone_is_not_followed(
    server: Server, second_server: Server, now: datetime
) -> None:
    url = server.put("/feed.xml", status=302, headers={"Location": second_server.url("/busy")})
    alone = f"127.0.0.1:{second_server.port}"

    async def admit(host: str) -> bool:
        return host != alone

    async with Fetcher(settings(), lambda: now) as fetcher:
        answer = await fetcher.fetch(source(url), known(), admit=admit)
    assert answer is None
    assert len(server.requests) == 1
    assert second_server.requests == []


SECRET = "s3cret/+ &#?"
ENVIRON = {"TOKEN": SECRET, "USER_NAME": "reader@x", "PASS": "p:/@"}


async def test_the_environment_completes_a_url_for_requests_alone(server: Server, get: Get) -> None:
    server.put("/feed", FEED, headers={"Link": '<>; rel="self", <?page=2>; rel="next"'})
    url = server.url("/feed?a=b&token=${TOKEN}")
    answer = await get(url, environ=ENVIRON)
    assert isinstance(answer, FeedDocument)
    assert server.requests[0].target == "/feed?a=b&token=s3cret/+%20&%23?"
    assert answer.url == url
    assert "s3cret" not in repr(answer)
    assert [link.href for link in answer.links] == [server.url("/feed"), server.url("/feed?page=2")]


async def test_credentials_may_come_from_the_environment(server: Server, get: Get) -> None:
    url = server.put("/feed", FEED).replace("//", "//${USER_NAME}:${PASS}@")
    answer = await get(url, environ=ENVIRON)
    assert isinstance(answer, FeedDocument)
    expected = b64encode(b"reader@x:p:/@").decode()
    assert server.requests[0].header("Authorization") == f"Basic {expected}"
    assert answer.final_url == server.url("/feed")


@pytest.mark.parametrize("written", ["%24%7BTOKEN%7D", "$%7BTOKEN%7D", "me:%24%7BTOKEN%7D"])
async def test_what_is_no_reference_as_it_is_written_gets_nothing_of_the_environment(
    server: Server, get: Get, written: str
) -> None:
    """`add` and `import` take such URLs from strangers, whose `${NAME}` they refuse."""
    url = server.put("/feed", FEED).replace("//", f"//{written}@")
    assert isinstance(await get(url, environ=ENVIRON), FeedDocument)
    sent = b64decode((server.requests[0].header("Authorization") or "").removeprefix("Basic ")).decode()
    assert "${TOKEN}" in sent


async def test_escapes_and_references_may_stand_in_one_password(server: Server, get: Get) -> None:
    url = server.put("/feed", FEED).replace("//", "//me%40home:%25${PASS}%3A@")
    assert isinstance(await get(url, environ={"PASS": "50%25"}), FeedDocument)
    sent = b64decode((server.requests[0].header("Authorization") or "").removeprefix("Basic ")).decode()
    assert sent == "me@home:%50%25:"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_of_such_a_url_is_followed_and_not_stored(server: Server, get: Get, status: int) -> None:
    server.put("/feed", status=status, headers={"Location": "/s3cret/feed?token=s3cret"})
    server.put("/s3cret/feed", FEED)
    answer = await get(server.url("/feed?token=${TOKEN}"), environ={"TOKEN": "s3cret"})
    assert isinstance(answer, FeedDocument)
    assert server.requests[-1].target == "/s3cret/feed?token=s3cret"
    assert answer.permanent_url is None
    assert answer.final_url == server.url("/***/feed")


async def test_failures_of_such_a_url_name_it_as_written(server: Server, get: Get) -> None:
    server.put("/gone", status=301, headers={"Location": "/lost?token=s3cret"})
    url = server.url("/gone?token=${TOKEN}")
    answer = await get(url, environ={"TOKEN": "s3cret"})
    assert isinstance(answer, Failure)
    assert answer.subject == url
    assert answer.reason == f"the server answered 404 Not Found (redirected to {server.url('/lost')})"
    assert "s3cret" not in repr(answer)
    answer = await get(url, environ={})
    assert isinstance(answer, Failure)
    assert answer.subject == url
    assert answer.reason == "the URL of the source is incomplete: `${TOKEN}` is not in the environment"
    assert answer.advice == "set TOKEN there"


async def test_literal_secrets_are_masked_in_failures(server: Server, get: Get) -> None:
    url = server.url("/lost?a=b&token=s3cret")
    answer = await get(url)
    assert isinstance(answer, Failure)
    assert server.requests[0].target == "/lost?a=b&token=s3cret"
    assert str(answer).startswith(server.url("/lost?a=b&token=***: "))
