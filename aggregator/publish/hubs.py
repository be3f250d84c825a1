"""Notification of our hub about feeds that changed, once their new bytes are on disk (WebSub, 6). Shell.

A column of its row says that a feed is due: publishing sets it, and a successful notification clears it.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from aggregator.app import App
from aggregator.fetch import Fetcher
from aggregator.model import Failure, Topic
from aggregator.schedule.backoff import publish_backoff
from aggregator.websub import publish_form, topic_url

MAX_TOPICS = 100  # feeds of one call
MAX_RETRY_AFTER = timedelta(days=1)


async def notify_hub(
    app: App, fetcher: Fetcher, count: Callable[[bool], None] = lambda _is_notified: None
) -> Failure | None:
    """Notify our hub of each feed that is due, one after the other; `count` gets the success of each.

    Returns the last failure, if any. A feed that failed is due again later; if the hub cannot be reached at all, so are
    the rest. Raises StoreError.
    """
    hub = app.settings.feeds.hub
    if hub is None:
        return None
    last_failure: Failure | None = None
    topics = await app.in_writer(app.store.hubs.due_topics, app.clock(), MAX_TOPICS)
    for position, topic in enumerate(topics):
        answer = await fetcher.post(hub, publish_form(topic_url(app.settings.public_url, topic.path)))
        count(not isinstance(answer, Failure))
        if not isinstance(answer, Failure):
            await app.in_writer(app.store.hubs.topic_notified, topic)
            continue
        last_failure = answer
        # Without an answer, or with one of these, the hub would answer the same for any feed.
        concerns_all = answer.status is None or answer.status == 429 or answer.status >= 500
        failed = topics[position:] if concerns_all else (topic,)
        await app.in_writer(app.store.hubs.postpone_topics, _retry_times(failed, answer, app.clock()))
        if concerns_all:
            break
    return last_failure


async def notify_hub_within(app: App, limit: timedelta) -> Failure | None:
    """Notify our hub of the due feeds as far as `limit` allows; return the failure, if any. Raises StoreError."""
    if not await app.in_writer(app.store.hubs.due_topics, app.clock(), 1):
        return None
    async with Fetcher(app.settings.fetch, app.clock, environ=app.environ) as fetcher:
        try:
            async with asyncio.timeout(limit.total_seconds()):
                return await notify_hub(app, fetcher)
        except TimeoutError:
            reason = f"it was not notified of all changed feeds within {limit.total_seconds():g} s"
            return Failure(stage="publish", subject=app.settings.feeds.hub or "", reason=reason)


def _retry_times(topics: Sequence[Topic], failure: Failure, now: datetime) -> dict[str, datetime]:
    """Return for each topic's path when to try again."""
    requested = min(failure.retry_after or timedelta(0), MAX_RETRY_AFTER)
    return {topic.path: now + max(publish_backoff(topic.failures + 1), requested) for topic in topics}
