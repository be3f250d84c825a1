"""What the tests of fetching share: a way to fetch one URL from loopback and see what comes."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from aggregator.fetch import Fetcher
from aggregator.fetch.result import FetchResult
from aggregator.model import Source, SourceState, Validators
from aggregator.settings import Fetch
from tests.sources import source as configured

FEED = b"<rss version='2.0'><channel><title>A feed</title></channel></rss>"
LOOPBACK = Fetch(allow_private=("127.0.0.1/32",), host_gap=timedelta(0), timeout=timedelta(seconds=60))


def settings(**changes: Any) -> Fetch:
    """Settings for fetching from 127.0.0.1, and from nowhere else in private."""
    return LOOPBACK.model_copy(update=changes)


def source(url: str, **fields: Any) -> Source:
    return configured("a", url, **fields)


def known(etag: str | None = None, last_modified: str | None = None, **fields: Any) -> SourceState:
    return SourceState(validators=Validators(etag=etag, last_modified=last_modified), **fields)


Get = Callable[..., Awaitable[FetchResult]]


@pytest.fixture
def get(now: datetime) -> Get:
    """Fetches one source, given by URL or whole, with a fetcher of its own."""

    async def get(asked: str | Source, state: SourceState = SourceState(), **changes: Any) -> FetchResult:
        given = source(asked) if isinstance(asked, str) else asked
        options = {name: changes.pop(name) for name in ("lookup", "environ") if name in changes}
        call = {name: changes.pop(name) for name in ("conditional", "admit") if name in changes}
        async with Fetcher(settings(**changes), lambda: now, **options) as fetcher:
            answer = await fetcher.fetch(given, state, **call)
        assert answer is not None
        return answer

    return get
