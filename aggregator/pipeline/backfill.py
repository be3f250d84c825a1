"""Archives of sources, read page by page: claim the places, ask, record. Shell.

The place in an archive is a row of its own. It moves in the transaction that records a page, so work that was cut off
is done again: what is recorded twice is the same.
"""

import logging
from collections.abc import Callable, Collection, Iterable
from datetime import datetime

from aggregator.app import App
from aggregator.errors import AggregatorError
from aggregator.fetch import Fetcher
from aggregator.fetch.failures import ResponseError
from aggregator.model import ClaimedBackfill, Failure, FeedDocument
from aggregator.pipeline.due_pages import LOOKED_AT, REST, DuePages
from aggregator.pipeline.fetch import Held
from aggregator.pipeline.host_states import HostStates
from aggregator.pipeline.leases import PageVisits
from aggregator.pipeline.report import SourceOutcome
from aggregator.schedule.archive import is_of_site
from aggregator.schedule.pages import next_request
from aggregator.secret_urls import masked_url
from aggregator.store import BackfillStore
from aggregator.timestamps import rfc3339
from aggregator.urls import host_key

PAGES_OF_RUN = 50  # of each source that one run of `once` reads; the next one goes on
GONE = 410

log = logging.getLogger(__name__)


class Backfiller(DuePages[ClaimedBackfill, int]):
    """Reads the pages of archives that are due, of each source one at a time.

    `report` gets the outcome of each page that was recorded. With `names`, only the archives of these sources are read.
    """

    def __init__(
        self,
        app: App,
        fetcher: Fetcher,
        hosts: HostStates,
        report: Callable[[SourceOutcome], None] = lambda outcome: None,
        names: Collection[str] | None = None,
    ) -> None:
        super().__init__(app, fetcher, hosts)
        self._report, self._names = report, names

    def _due(self, now: datetime) -> Iterable[tuple[int, str]]:
        due = self._app.store.backfills.due(now, LOOKED_AT, self._names)
        return [(page.source_id, page.url) for page in due]

    @property
    def _marks(self) -> BackfillStore:
        return self._app.store.backfills

    def _id(self, page: ClaimedBackfill) -> int:
        return page.stored.source.id

    def _url(self, page: ClaimedBackfill) -> str:
        return page.url

    async def _work(self, claimed: ClaimedBackfill) -> None:
        try:
            result = await self._read(claimed)
        except AggregatorError:
            raise
        except Exception as error:  # it would be asked for again for ever
            log.debug("while reading %s", masked_url(claimed.url), exc_info=True)
            reason = f"internal error ({type(error).__name__})"
            result = Failure(stage="parse", subject=masked_url(claimed.url), reason=reason)
        hosts = self._hosts.changes()
        if hosts:
            await self._app.in_writer(self._app.store.sources.record_states, (), hosts)
            self._hosts.stored(hosts)
        if isinstance(result, SourceOutcome):
            self._report(result)
        else:
            await self._app.in_writer(self._postpone, claimed, result)

    async def _read(self, claimed: ClaimedBackfill) -> SourceOutcome | Failure | Held:
        app, source = self._app, claimed.stored.source

        async def permit(url: str) -> None:
            if not is_of_site(url, source.url, claimed.url):
                raise ResponseError("the page is redirected to another host")

        async with PageVisits(app, self._fetcher, self._hosts) as visits:
            answer = await self._fetcher.fetch_archive_page(claimed.url, source, admit=visits.admit, permit=permit)
        now = app.clock()
        if isinstance(answer, FeedDocument):
            with self._fetcher.limiter.backlog.hold(len(answer.body)):
                return await self._record(claimed, answer)
        if isinstance(answer, Failure):
            is_held = self._hosts.learn_refusal(answer, claimed.url, now)
            is_held |= answer.is_unreachable and self._hosts.outage.is_on
            if not is_held:
                return answer
        until = visits.due_again(host_key(claimed.url), REST)
        return Held(until=until, is_leased=visits.free_at is not None)

    async def _record(self, claimed: ClaimedBackfill, document: FeedDocument) -> SourceOutcome | Failure:
        # Imported with the first page: a process that reads none loads no parser, cleaner or renderer for it.
        from aggregator.pipeline.read import ReceivedDocument, read_expensive
        from aggregator.pipeline.record import RecordQueue

        app = self._app
        received = ReceivedDocument(sources=(claimed.stored,), document=document, now=app.clock(), page=claimed)
        outcomes = await RecordQueue(app).record(await read_expensive(app, received))
        return outcomes if isinstance(outcomes, Failure) else outcomes[0]

    def _postpone(self, claimed: ClaimedBackfill, result: Failure | Held) -> None:
        """Have a page asked for again later, or never, in the writer thread."""
        backfills, now = self._app.store.backfills, self._app.clock()
        if isinstance(result, Held):
            reason = "another process asks its host" if result.is_leased else "its host asks to be left alone"
            if self._hosts.outage.is_on:
                reason = "this machine's network is out"
            backfills.postpone(claimed, result.until, reason, failures=claimed.failures)
            return
        failures = claimed.failures + 1
        due = None if result.status == GONE else next_request(result, failures, now)
        backfills.postpone(claimed, due, result.reason, failures=failures)
        name, page = claimed.stored.source.name, masked_url(claimed.url)
        if due:
            log.info("%s: page %s of its archive: %s; it is read again at %s", name, page, result.reason, rfc3339(due))
        else:
            log.warning("%s: page %s of its archive: %s; the pages behind it are not read", name, page, result.reason)


async def backfill_all(app: App, names: Collection[str] | None = None) -> bool:
    """Read the pages of archives that are due, of each source up to PAGES_OF_RUN; return True if there were any.

    With `names`, those of these sources alone. Raises StoreError.
    """
    has_pages = False
    with app.store.leases.fetching():
        async with Fetcher(app.settings.fetch, app.clock, environ=app.environ) as fetcher:
            backfiller = Backfiller(app, fetcher, HostStates(app.store), names=names)
            try:
                for _ in range(PAGES_OF_RUN):
                    if not await backfiller.start_due():
                        break
                    has_pages = True
                    await backfiller.wait()
            finally:
                await backfiller.drain(0)
    return has_pages
