"""A source's server that scores how it is asked: by several processes at once, across restarts, on each database.

Times are the server's. It may notice a request late, and so find two starts closer than they were; never further apart.
"""

import json
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.commands import daemon, forked, until
from tests.newsroom import item, rss
from tests.servers import Answer, Request, Server

LATE = 0.6  # seconds that the server may notice one request later than another


@pytest.fixture
def asked() -> Iterator[Server]:
    with Server() as server:
        server.put("*", rss(item(1)))
        yield server


def configure(folder: Path, url: str, sources: Sequence[str], **fetch: Any) -> None:
    settings = {
        "database": url,
        "fetch": {"allow_private": ["127.0.0.1/32"], **fetch},
        "sources": [{"name": source.rpartition("/")[2], "url": source} for source in sources],
    }
    (folder / "feeds.yaml").write_text(yaml.safe_dump(settings))


def assert_paced(requests: Sequence[Request], gap: float) -> None:
    starts = [request.at for request in requests]
    for first, start in enumerate(starts):
        for second in range(first + 1, len(starts)):
            assert starts[second] - start >= (second - first) * gap - LATE, (first, second, starts)


def most_in_flight(requests: Sequence[Request], pause: float) -> int:
    """How many requests were unanswered at once. Exact: who waits for an answer has not got it before it was sent."""
    return max(sum(earlier.at <= request.at < earlier.at + pause for earlier in requests) for request in requests)


def two_at_once(folder: Path) -> list[dict[str, Any]]:
    """What two processes of `once --all` say that they did."""
    words = ("once", "--all", "--json")
    with forked(*words, cwd=folder) as first, forked(*words, cwd=folder) as second:
        outputs = [process.communicate(timeout=120) for process in (first, second)]
    assert [process.returncode for process in (first, second)] == [0, 0], outputs
    assert [errors for _, errors in outputs] == ["", ""]
    return [json.loads(output) for output, _ in outputs]


def test_two_processes_keep_the_gap_between_them_and_fetch_everything(url: str, asked: Server, tmp_path: Path) -> None:
    configure(tmp_path, url, [asked.url(f"/{name}") for name in "ab"], host_gap="2s")
    figures = two_at_once(tmp_path)
    assert [(figure["fetched"], figure["skipped"], figure["failed"]) for figure in figures] == [(2, 0, 0)] * 2
    assert len(asked.requests) == 4
    assert_paced(asked.requests, 2)


def test_two_processes_together_have_no_more_in_flight_than_one(url: str, asked: Server, tmp_path: Path) -> None:
    pause = 1.5  # long enough for the second to begin while the first is at it
    asked.put("*", lambda _: Answer(body=rss(item(1)), pause=pause))
    configure(tmp_path, url, [asked.url(f"/{number}") for number in range(6)], host_gap="0s", per_host=2)
    figures = two_at_once(tmp_path)
    assert [figure["fetched"] for figure in figures] == [6, 6]
    assert most_in_flight(asked.requests, pause) == 2


def test_the_gap_holds_across_a_reload_and_a_restart(url: str, asked: Server, tmp_path: Path) -> None:
    sources = [asked.url(f"/{name}") for name in "abc"]
    configure(tmp_path, url, sources[:1], host_gap="3s")
    with daemon(tmp_path) as (process, _):
        until(lambda: len(asked.requests) == 1)
        configure(tmp_path, url, sources[:2], host_gap="3s", contact="https://example.org/us")  # for another fetcher
        until(lambda: len(asked.requests) == 2, 60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    configure(tmp_path, url, sources, host_gap="3s")
    with daemon(tmp_path) as (process, _):
        until(lambda: len(asked.requests) == 3, 60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert [request.path for request in asked.requests] == ["/a", "/b", "/c"]
    assert_paced(asked.requests, 3)
