"""Documents that hubs push: read and recorded like fetched ones. Shell."""

from aggregator.app import App
from aggregator.model import Failure, FeedDocument, Push, StoredSource
from aggregator.pipeline.read import ReceivedDocument, read_expensive
from aggregator.pipeline.record import RecordQueue
from aggregator.pipeline.report import SourceOutcome, failed
from aggregator.schedule.headers import links


async def record_push(app: App, push: Push) -> SourceOutcome | None:
    """Record the articles of a push; return None if its source is not subscribed any more. Raises StoreError.

    Its bytes come from anyone whom the hub believed, and are read with the same caution as a source's. A push counts as
    no poll of the source, and one that cannot be read changes nothing.
    """
    now = app.clock()
    stored, topic = await app.in_writer(_subscribed, app, push.token)
    if stored is None:
        return None
    document = FeedDocument(
        url=stored.source.url,
        final_url=topic,
        body=push.body,
        digest=b"",
        content_type=push.content_type,
        links=links(push.link, topic),
    )
    received = ReceivedDocument(sources=(stored,), document=document, now=now, is_pushed=True)
    outcomes = await RecordQueue(app).record(await read_expensive(app, received))
    return failed(stored.source, outcomes) if isinstance(outcomes, Failure) else outcomes[0]


def _subscribed(app: App, token: str) -> tuple[StoredSource | None, str]:
    subscription = app.store.hubs.subscription(token)
    return (app.store.sources.pushed(token), subscription.topic) if subscription else (None, "")
