"""Our hub is told of feeds that changed, once their new bytes are on disk (WebSub, 6). Shell.

Which feeds those are is a column of their rows: whoever publishes notes it, and it stays until the hub heard of it.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from aggregator.app import App
from aggregator.fetch import Fetcher
from aggregator.model import Failure, Topic
from aggregator.schedule.backoff import publish_backoff
from aggregator.websub import publish_form, topic_url

MOST = 100  # feeds of one call
LONGEST_STAY_AWAY = timedelta(days=1)  # that a hub's Retry-After may ask for


async def tell(app: App, fetcher: Fetcher, count: Callable[[bool], None] = lambda _told: None) -> Failure | None:
    """Tell our hub of each feed that is due, one after the other; `count` hears of each whether it was told.

    Gives the last failure, None without one. What could not be told is due again later; if the hub cannot be reached at
    all, so is the rest. Raises StoreError.
    """
    hub, address = app.settings.feeds.hub, app.settings.public_url
    if hub is None:
        return None
    last: Failure | None = None
    topics = await app.in_worker(app.store.hubs.due_topics, app.clock(), MOST)
    for place, one in enumerate(topics):
        answer = await fetcher.post(hub, publish_form(topic_url(address, one.path)))
        count(not isinstance(answer, Failure))
        if not isinstance(answer, Failure):
            await app.in_worker(app.store.hubs.topic_notified, one)
            continue
        last, of_all = answer, _is_of_all(answer)
        untold = topics[place:] if of_all else (one,)
        await app.in_worker(app.store.hubs.postpone_topics, _again(untold, answer, app.clock()))
        if of_all:
            break
    return last


async def tell_within(app: App, limit: timedelta) -> Failure | None:
    """Tell our hub of the feeds that are due, as far as that is done within `limit`; the others stay due.

    Gives the failure that kept it from hearing. Raises StoreError.
    """
    if not await app.in_worker(app.store.hubs.due_topics, app.clock(), 1):
        return None
    async with Fetcher(app.settings.fetch, app.clock) as fetcher:
        try:
            async with asyncio.timeout(limit.total_seconds()):
                return await tell(app, fetcher)
        except TimeoutError:
            reason = f"it did not hear of all changed feeds within {limit.total_seconds():g} s"
            return Failure(stage="publish", subject=app.settings.feeds.hub or "", reason=reason)


def _is_of_all(failure: Failure) -> bool:
    """Whether the hub would say the same of any feed, or say nothing at all."""
    return failure.status is None or failure.status == 429 or failure.status >= 500


def _again(topics: Sequence[Topic], failure: Failure, now: datetime) -> dict[str, datetime]:
    wish = min(failure.retry_after or timedelta(0), LONGEST_STAY_AWAY)
    return {one.path: now + max(publish_backoff(one.failures + 1), wish) for one in topics}
