"""Articles completed from their pages: claim the marks, ask, extract, record. Shell.

The mark is a row of its own, set with the record of a new version of an entry. A page is asked for after the article's
first publication, at its host's pace. Work that was cut off is done again: what is recorded twice is the same.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from functools import partial

from aggregator.app import App
from aggregator.errors import AggregatorError
from aggregator.fetch import Fetcher
from aggregator.model import ClaimedPage, Failure, HostState, PageQuestion, PageText
from aggregator.pipeline.due_pages import LOOKED_AT, REST, DuePages
from aggregator.pipeline.fetch import Held
from aggregator.pipeline.host_states import HostStates
from aggregator.pipeline.leases import PageVisits
from aggregator.pipeline.robots import DisallowedError, HeldError, Robots
from aggregator.sandbox import Aborted
from aggregator.schedule.pages import next_request
from aggregator.store import PageStore
from aggregator.timestamps import rfc3339
from aggregator.urls import host_key

log = logging.getLogger(__name__)


class Completer(DuePages[ClaimedPage, str]):
    """Completes articles whose pages are due. `report` is called for each page.

    With `names`, only the articles of these sources are completed.
    """

    def __init__(
        self,
        app: App,
        fetcher: Fetcher,
        hosts: HostStates,
        report: Callable[[], None] = lambda: None,
        names: Collection[str] | None = None,
    ) -> None:
        super().__init__(app, fetcher, hosts)
        self._report, self._names, self._robots = report, names, Robots(app, fetcher)

    def _due(self, now: datetime) -> Iterable[tuple[str, str]]:
        pages = self._app.store.pages
        due = pages.due(now, LOOKED_AT, with_dropped=self._app.features.rules_on_text, names=self._names)
        if outdated := [mark.article_id for mark in due if not mark.is_current]:
            pages.drop(outdated)
        return [(mark.article_id, mark.link) for mark in due if mark.is_current]

    @property
    def _marks(self) -> PageStore:
        return self._app.store.pages

    def _id(self, page: ClaimedPage) -> str:
        return page.article_id

    def _url(self, page: ClaimedPage) -> str:
        return page.link

    async def _work(self, claimed: ClaimedPage) -> None:
        try:
            result = await self._read(claimed)
        except AggregatorError:
            raise
        except Exception as error:  # it would be asked for again for ever
            log.debug("while reading %s", claimed.link, exc_info=True)
            result = Failure(stage="parse", subject=claimed.link, reason=f"internal error ({type(error).__name__})")
        hosts = self._hosts.changes()
        await self._app.in_writer(self._record, claimed, result, hosts)
        self._hosts.stored(hosts)
        self._report()

    async def _read(self, claimed: ClaimedPage) -> PageText | Failure | Held:
        app, source, settings = self._app, claimed.source, claimed.source.settings
        if not settings.full_text:  # any more
            return PageText()
        visits = PageVisits(app, self._fetcher, self._hosts)
        permit = partial(self._robots.permit, admit=visits.admit)
        try:
            async with visits:
                answer = await self._fetcher.fetch_page(claimed.link, source, admit=visits.admit, permit=permit)
        except DisallowedError as error:
            if error.failure is None:
                return PageText(refusal="robots.txt does not allow it")
            answer = error.failure
        except HeldError:
            answer = None
        now = app.clock()
        if answer is None:
            return Held(until=visits.due_again(host_key(claimed.link), REST))
        if isinstance(answer, Failure):
            self._hosts.learn_refusal(answer, claimed.link, now)
            return Held(until=now + REST) if answer.is_unreachable and self._hosts.outage.is_on else answer
        question = PageQuestion(
            page=answer,
            title=claimed.title,
            link=claimed.link,
            html=claimed.html,
            content=settings.content,
            remove=settings.remove,
            summary_words=app.settings.articles.summary_words,
            now=now,
        )
        with self._fetcher.limiter.backlog.hold(len(answer.body)):
            text = await app.extractor.call(question)
        if isinstance(text, Aborted):
            return Failure(stage="parse", subject=claimed.link, reason=text.reason)
        assert isinstance(text, PageText)
        return text

    def _record(self, claimed: ClaimedPage, result: PageText | Failure | Held, hosts: Mapping[str, HostState]) -> None:
        """Record the result of a page, in the writer thread, and changed states of hosts."""
        pages, sources, now = self._app.store.pages, self._app.store.sources, self._app.clock()
        name = claimed.source.name
        match result:
            case PageText():
                pages.record(claimed, result)
                if result.refusal:
                    log.info("%s: no full text of %s: %s", name, claimed.link, result.refusal)
            case Held(until=until):
                pages.postpone(claimed, until, "", failures=claimed.failures)
            case Failure():
                failures = claimed.failures + 1
                due = next_request(result, failures, now)
                pages.postpone(claimed, due, result.reason, failures=failures)
                again = f"it is asked for again at {rfc3339(due)}" if due else "it is not asked for again"
                log.info("%s: no full text of %s: %s; %s", name, claimed.link, result.reason, again)
        if hosts:
            sources.record_states((), hosts)


async def complete_all(
    app: App, report: Callable[[], None] = lambda: None, names: Collection[str] | None = None
) -> bool:
    """Complete all articles whose pages are due; return True if there were any. Raises StoreError.

    `report` is called for each page. With `names`, only the articles of these sources are completed.
    """
    has_pages = False
    with app.store.leases.fetching():
        async with Fetcher(app.settings.fetch, app.clock, environ=app.environ) as fetcher:
            completer = Completer(app, fetcher, HostStates(app.store), report, names)
            try:
                while await completer.start_due():
                    has_pages = True
                    await completer.wait(until_first=True)
            finally:
                await completer.drain(0)
    return has_pages
