"""What a hub pushed, taken to its end like what was fetched: read, decided and recorded. Shell."""

from aggregator.app import App
from aggregator.document import ReadResult, read
from aggregator.model import FeedDocument, Push, StoredSource
from aggregator.parse import is_plain
from aggregator.pipeline.record import record_push, work
from aggregator.pipeline.report import Outcome
from aggregator.sandbox import Aborted
from aggregator.schedule.headers import links


async def take_push(app: App, push: Push) -> Outcome | None:
    """Record the articles of a push; None where its source is not subscribed any more.

    Its bytes are a hub's, or whoever's the hub believed: they are read with the same caution as a source's. They may
    be a part of the source's document, and stand for no poll of it. Raises StoreError.
    """
    now = app.clock()
    one, topic = await app.in_worker(_subscribed, app, push.token)
    if one is None:
        return None
    document = FeedDocument(
        url=one.source.url,
        final_url=topic,
        body=push.body,
        digest=b"",
        content_type=push.content_type,
        links=links(push.link, topic),
    )
    found = await _read(app, one, document)
    return await app.in_worker(record_push, app, one, found, now)


def _subscribed(app: App, token: str) -> tuple[StoredSource | None, str]:
    subscription = app.store.hubs.subscription(token)
    return (app.store.sources.pushed(token), subscription.topic) if subscription else (None, "")


async def _read(app: App, one: StoredSource, document: FeedDocument) -> ReadResult | Aborted:
    arguments = work(app, (one,), document, app.clock())
    if not is_plain(document):
        return await app.sandbox.call(*arguments)
    try:
        return await app.in_worker(read, *arguments)
    except Exception as bug:  # noqa: BLE001  # whatever one push provokes must not stop the others
        return Aborted(cause="error", detail=type(bug).__name__)
