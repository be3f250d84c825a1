"""One request as the server sees it, and what its answer becomes."""

import re
from datetime import datetime, timedelta
from hashlib import blake2b

import pytest

from aggregator import __version__
from aggregator.fetch import Fetcher
from aggregator.model import Failure, FeedDocument, Freshness, Link, NotModified, Validators
from tests.fetch.conftest import FEED, Get, known, settings, source
from tests.servers import Server


async def test_a_document_comes_with_all_that_its_headers_say(server: Server, get: Get) -> None:
    headers = {
        "Content-Type": "application/rss+xml; charset=latin-1",
        "ETag": '"1"',
        "Last-Modified": "then",
        "Cache-Control": "max-age=600",
        "Link": '</hub>; rel="hub"',
    }
    url = server.put("/feed.xml", FEED, headers=headers)
    assert await get(url) == FeedDocument(
        url=url,
        final_url=url,
        body=FEED,
        digest=blake2b(FEED, digest_size=16).digest(),
        content_type="application/rss+xml; charset=latin-1",
        validators=Validators(etag='"1"', last_modified="then"),
        freshness=Freshness(fresh_for=timedelta(minutes=10), header="max-age"),
        links=(Link(rel="hub", href=server.url("/hub")),),
    )


async def test_a_request_has_these_headers_and_no_others(server: Server, get: Get) -> None:
    await get(server.put("/feed.xml", FEED), contact="https://example.org/about")
    (request,) = server.requests
    headers = dict(request.headers)
    assert request.method == "GET"
    assert headers.pop("Host") == f"127.0.0.1:{server.port}"
    assert headers.pop("User-Agent") == f"aggregator/{__version__} (+https://example.org/about)"
    assert headers.pop("Accept-Encoding") == "gzip"
    assert {"application/rss+xml", "application/atom+xml", "application/feed+json"} <= set(
        re.split(r", |;", headers.pop("Accept"))
    )
    assert headers == {}


async def test_without_a_contact_the_user_agent_is_the_name_alone(server: Server, get: Get) -> None:
    await get(server.put("/feed.xml", FEED))
    assert server.requests[0].header("User-Agent") == f"aggregator/{__version__}"


@pytest.mark.parametrize(
    "target", ["/a%7Eb%2fc?q=a+b%20c&q=1&&empty=#top", "/a//b/;p?x=%C3%BC&y=[1]|2", "/%e4%b8%ad?%41=~"]
)
async def test_the_url_goes_out_as_it_is_written(server: Server, get: Get, target: str) -> None:
    server.put("*", FEED)
    await get(server.url(target))
    assert server.requests[0].target == target.partition("#")[0]


@pytest.mark.parametrize("etag", ['"1"', 'W/"a b"', "no-quotes", '"ü"', '"', "W/", '""'])
async def test_validators_come_back_byte_for_byte(server: Server, now: datetime, etag: str) -> None:
    raw = b"HTTP/1.1 200 OK\r\nETag: %b\r\nLast-Modified: some  Day\r\nContent-Length: 3\r\n\r\nabc" % etag.encode()
    url = server.put("/feed.xml", raw=raw)
    async with Fetcher(settings(), lambda: now) as fetcher:
        first = await fetcher.fetch(source(url), known())
        assert isinstance(first, FeedDocument)
        await fetcher.fetch(source(url), known(first.validators.etag, first.validators.last_modified))
    assert server.requests[0].header("If-None-Match") is None
    sent = server.requests[1].header("If-None-Match") or ""
    assert sent.encode("latin-1").decode() == etag
    assert server.requests[1].header("If-Modified-Since") == "some  Day"


async def test_an_etag_that_is_no_text_is_not_kept(server: Server, get: Get) -> None:
    url = server.put("/feed.xml", raw=b'HTTP/1.1 200 OK\r\nETag: "\xe9"\r\nContent-Length: 3\r\n\r\nabc')
    answer = await get(url)
    assert isinstance(answer, FeedDocument)
    assert answer.validators == Validators()


async def test_304_keeps_old_validators_and_takes_new_ones(server: Server, get: Get) -> None:
    url = server.put("/feed.xml", status=304, headers={"ETag": '"2"', "Cache-Control": "max-age=60"})
    assert await get(url, known('"1"', "then")) == NotModified(
        url=url,
        status=304,
        validators=Validators(etag='"2"', last_modified="then"),
        freshness=Freshness(fresh_for=timedelta(minutes=1), header="max-age"),
    )


async def test_last_times_bytes_are_not_modified_and_bring_their_validators(server: Server, get: Get) -> None:
    url = server.put("/feed.xml", FEED, headers={"ETag": '"2"'})
    state = known('"1"', "then", digest=blake2b(FEED, digest_size=16).digest())
    assert await get(url, state) == NotModified(url=url, status=200, validators=Validators(etag='"2"'))


async def test_unconditionally_no_validators_go_out(server: Server, get: Get) -> None:
    url = server.put("/feed.xml", FEED, headers={"ETag": '"1"'})
    assert isinstance(await get(url, known('"1"', "then"), conditional=False), FeedDocument)
    assert server.requests[0].header("If-None-Match") is None
    assert server.requests[0].header("If-Modified-Since") is None


async def test_304_to_an_unconditional_request_is_a_failure(server: Server, get: Get) -> None:
    answer = await get(server.put("/feed.xml", status=304))
    assert isinstance(answer, Failure)
    assert (answer.status, answer.reason) == (304, "the server answered 304 Not Modified to an unconditional request")


async def test_an_empty_answer_is_a_failure(server: Server, get: Get) -> None:
    answer = await get(server.put("/feed.xml", b""))
    assert isinstance(answer, Failure)
    assert (answer.status, answer.reason) == (200, "the response body is empty")


@pytest.mark.parametrize("status", [204, 206, 300, 400, 401, 403, 404, 410, 418, 429, 500, 502, 503, 599])
async def test_other_statuses_are_failures_with_the_status(server: Server, get: Get, status: int) -> None:
    answer = await get(server.put("/feed.xml", b"secret page", status=status))
    assert isinstance(answer, Failure)
    assert answer.status == status
    assert answer.reason.startswith(f"the server answered {status}")
    assert answer.subject == server.url("/feed.xml")
    assert answer.host is None


async def test_retry_after_is_read_in_both_forms(server: Server, get: Get) -> None:
    seconds = await get(server.put("/a", status=429, headers={"Retry-After": "90"}))
    date = await get(server.put("/b", status=503, headers={"Retry-After": "Tue, 24 Nov 2026 12:05:00 GMT"}))
    none = await get(server.put("/c", status=429, headers={"Retry-After": "soon"}))
    assert [answer.retry_after for answer in (seconds, date, none) if isinstance(answer, Failure)] == [
        timedelta(seconds=90),
        timedelta(minutes=5),
        None,
    ]


async def test_cookies_are_never_sent_back(server: Server, now: datetime) -> None:
    url = server.put("/feed.xml", FEED, headers={"Set-Cookie": "id=1; Path=/"})
    async with Fetcher(settings(), lambda: now) as fetcher:
        for _ in range(2):
            await fetcher.fetch(source(url), known())
    assert [request.header("Cookie") for request in server.requests] == [None, None]


async def test_connections_are_used_again(server: Server, now: datetime) -> None:
    url = server.put("/feed.xml", FEED, headers={"ETag": '"1"'})
    async with Fetcher(settings(), lambda: now) as fetcher:
        for state in (known(), known('"1"'), known('"1"')):
            await fetcher.fetch(source(url), state)
    assert server.connections == 1


async def test_a_source_is_not_asked_when_its_host_is_not_admitted(server: Server, now: datetime) -> None:
    asked: list[str] = []

    async def admit(host: str) -> bool:
        asked.append(host)
        return False

    async with Fetcher(settings(), lambda: now) as fetcher:
        assert await fetcher.fetch(source(server.url("/feed.xml")), known(), admit=admit) is None
    assert asked == [f"127.0.0.1:{server.port}"]
    assert server.requests == []


async def test_the_sources_headers_and_the_urls_credentials_are_sent(server: Server, get: Get) -> None:
    server.put("/feed.xml", FEED)
    url = server.url("/feed.xml").replace("http://", "http://user:p%40ss@")
    answer = await get(source(url, headers={"X-Token": "ü", "accept": "text/plain"}))
    (request,) = server.requests
    assert request.header("Authorization") == "Basic dXNlcjpwQHNz"
    assert request.header("X-Token") == "ü".encode().decode("latin-1")
    assert [value for name, value in request.headers if name.lower() == "accept"] == ["text/plain"]
    assert isinstance(answer, FeedDocument)
    assert "p%40ss" not in repr(answer)


async def test_a_configured_authorization_wins_over_the_urls(server: Server, get: Get) -> None:
    server.put("/feed.xml", FEED)
    url = server.url("/feed.xml").replace("http://", "http://user:pass@")
    await get(source(url, headers={"authorization": "Bearer 1"}))
    values = [value for name, value in server.requests[0].headers if name.lower() == "authorization"]
    assert values == ["Bearer 1"]


async def test_references_of_headers_are_resolved_for_the_request_alone(server: Server, get: Get) -> None:
    referring = source(server.put("/feed.xml", FEED), headers={"X-Token": "Bearer ${TOKEN}"})
    assert isinstance(await get(referring, environ={"TOKEN": "t0ken"}), FeedDocument)
    assert server.requests[0].header("X-Token") == "Bearer t0ken"
    assert referring.settings.headers == {"X-Token": "Bearer ${TOKEN}"}
    answer = await get(referring, environ={"TOKEN": ""})
    assert isinstance(answer, Failure)
    assert answer.reason == "a header of the source cannot be sent: `${TOKEN}` is not in the environment"
    assert len(server.requests) == 1


async def test_credentials_are_in_no_failure(server: Server, get: Get) -> None:
    url = server.url("/none").replace("http://", "http://user:hunter2@")
    answer = await get(url)
    assert isinstance(answer, Failure)
    assert "hunter2" not in repr(answer)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://127.0.0.1/", "feed.xml", "http://", "http://[x/", ""])
async def test_only_http_and_https_are_asked(get: Get, url: str) -> None:
    answer = await get(url)
    assert isinstance(answer, Failure)
    assert answer.reason == "the URL is not an http or https URL"
