"""Forms for hubs: posted whole, along the redirects that keep the method, never into a private network."""

import asyncio

import pytest

from aggregator.clock import utc_now
from aggregator.fetch import Fetcher
from aggregator.model import Failure
from aggregator.settings import Fetch
from tests.servers import Answer, Request, Server

FORM = b"hub.mode=publish&hub.url=https%3A%2F%2Fnews.example%2Ffeeds%2Fall.rss"


def post(url: str, **changes: object) -> int | Failure:
    settings = Fetch.model_validate({"allow_private": ("127.0.0.1/32",), "host_gap": "0s", "timeout": "60s", **changes})

    async def posted() -> int | Failure:
        async with Fetcher(settings, utc_now) as fetcher:
            return await fetcher.post(url, FORM)

    return asyncio.run(posted())


@pytest.mark.parametrize("status", [200, 202])
def test_a_form_is_posted_whole(server: Server, status: int) -> None:
    assert post(server.put("/hub", b"taken" * 100_000, status=status)) == status
    (asked,) = server.requests
    assert (asked.method, asked.body) == ("POST", FORM)
    assert asked.header("Content-Type") == "application/x-www-form-urlencoded"
    assert asked.header("Content-Length") == str(len(FORM))
    assert (asked.header("User-Agent") or "").startswith("aggregator/")
    assert asked.header("Cookie") is None


@pytest.mark.parametrize("status", [307, 308])
def test_it_goes_along_a_redirect_that_keeps_the_method(server: Server, status: int) -> None:
    server.put("/hub", status=status, headers={"Location": "/new"})
    server.put("/old", status=status, headers={"Location": "/hub"})
    server.put("/new", status=202)
    assert post(server.url("/old")) == 202
    assert server.asked("/new")[-1].body == FORM


@pytest.mark.parametrize("status", [301, 302, 303, 400, 404, 429, 500])
def test_any_other_answer_is_a_failure_with_its_status(server: Server, status: int) -> None:
    server.put("/hub", status=status, headers={"Location": "/new", "Retry-After": "90"})
    failed = post(server.url("/hub"))
    assert isinstance(failed, Failure)
    assert failed.status == status
    assert failed.retry_after is not None
    assert str(status) in failed.reason
    assert server.asked("/new") == ()


def test_redirects_end(server: Server) -> None:
    for number in range(6):
        server.put(f"/{number}", status=307, headers={"Location": f"/{number + 1}"})
    failed = post(server.url("/0"))
    assert isinstance(failed, Failure)
    assert failed.reason == "too many redirects (more than 5)"
    assert len(server.requests) == 6


def test_a_private_network_is_refused_on_every_hop(server: Server) -> None:
    failed = post(server.url("/hub"), allow_private=())
    assert isinstance(failed, Failure)
    assert "private network" in failed.reason
    server.put("/hub", status=307, headers={"Location": "http://127.0.0.2:9/"})
    failed = post(server.url("/hub"))
    assert isinstance(failed, Failure)
    assert "private network" in failed.reason


def test_a_hub_that_hangs_or_is_not_there_is_a_failure(server: Server) -> None:
    server.put("/hub", hang=True)
    for url in (server.url("/hub"), "http://127.0.0.1:9/", "ftp://hub.example/"):
        failed = post(url, timeout="200ms")
        assert isinstance(failed, Failure)
        assert failed.status is None


def test_a_connection_that_the_hub_gave_up_meanwhile_loses_no_form(server: Server) -> None:
    seen: list[Request] = []

    def once_a_connection(request: Request) -> Answer:
        seen.append(request)
        return Answer(raw=b"") if len(seen) == 2 else Answer(status=202)

    url = server.put("/hub", once_a_connection)

    async def posted() -> list[int | Failure]:
        settings = Fetch.model_validate({"allow_private": ("127.0.0.1/32",), "host_gap": "0s"})
        async with Fetcher(settings, utc_now) as fetcher:
            return [await fetcher.post(url, FORM) for _ in range(2)]

    assert asyncio.run(posted()) == [202, 202]
    assert len(seen) == 3
