"""Due sources in, recorded articles out. Shell: orders fetch, parse, normalise, dedupe, schedule and store.

The network waits in the event loop; what is written happens in one worker thread, one batch of documents after the
other, so that the store has one writer. Plain documents are read there too, all others in processes that can be
stopped. What goes wrong with one source is a `Failure` in its outcome.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from aggregator.app import App
from aggregator.errors import AggregatorError, StoreBusyError
from aggregator.fetch import Fetcher
from aggregator.model import Failure, FeedDocument, NotModified, SourceState, StoredSource, Validators
from aggregator.pipeline.host_states import Hosts
from aggregator.pipeline.leases import LEASE, claimed_parts, share_of_host
from aggregator.pipeline.queue import Batches, Fetched
from aggregator.pipeline.report import Outcome, Report, outcome_of, outcome_of_same_truncated, outcome_without_document
from aggregator.schedule import after_failure, after_not_modified, after_same_truncated, is_conditional
from aggregator.urls import host_key, same_origin

__all__ = ["LEASE", "Hosts", "Outcome", "Report", "refresh", "run_cycle", "share_of_host"]

SETTLE = 0.5  # seconds between two writes of the states of sources that had nothing new
EXTEND = 60.0  # seconds between two extensions of the leases of what takes longer

Tell = Callable[[Outcome], None]


async def run_cycle(app: App, tell: Tell, *, names: Collection[str] | None = None, everything: bool = False) -> Report:
    """One cycle over the sources that are due; `names` or `everything` overrule due times. Raises StoreError.

    Sources whose hosts another process works on are waited for.
    """
    report = Report(sources=len(set(names)) if names else len(app.sources))

    def note(outcome: Outcome) -> None:
        if not names or outcome.source in names:  # another source of the same URL comes along
            report.outcomes.append(outcome)
        tell(outcome)

    with app.store.sources.fetching():
        async with Fetcher(app.settings.fetch, app.clock, environ=app.environ) as fetcher:
            await _refresh_all(app, fetcher, note, names, everything)
    return report


async def _refresh_all(app: App, fetcher: Fetcher, tell: Tell, names: Collection[str] | None, everything: bool) -> None:
    hosts = Hosts(app.store)
    try:
        async with asyncio.TaskGroup() as tasks, aclosing(claimed_parts(app, names, everything)) as parts:
            async for claimed in parts:
                tasks.create_task(refresh(app, fetcher, claimed, tell, hosts, names=names, everything=everything))
    except* AggregatorError as several:
        raise several.exceptions[0] from None


async def refresh(
    app: App,
    fetcher: Fetcher,
    claimed: Sequence[StoredSource],
    tell: Tell,
    hosts: Hosts,
    *,
    names: Collection[str] | None = None,
    everything: bool = False,
) -> None:
    """Fetch the claimed sources and record what came; `tell` hears of each source as it is done.

    One URL named by several sources is fetched once for all of them, due or not. One that takes a request of its own,
    with other headers, waits for its own time; `names` and `everything` overrule that as they do in `Store.claim`.
    `hosts` is shared by all that runs at the same time. Raises StoreError; what was not recorded by then is released,
    and its host left alone for the length of a gap.
    """
    now = app.clock()

    def is_wanted(one: StoredSource) -> bool:
        return everything or (one.source.name in names if names else (one.state.next_fetch or now) <= now)

    cycle = _Cycle(app, fetcher, tell, claimed, hosts)
    try:
        await cycle.run(same for same in _same_url(claimed) if any(map(is_wanted, same)))
    finally:
        if cycle.unfinished:  # in the worker: a locked database must not stop the loop
            end = app.clock() + app.settings.fetch.host_gap
            await app.in_worker(app.store.sources.release, cycle.unfinished, end)


def _same_url(claimed: Iterable[StoredSource]) -> tuple[tuple[StoredSource, ...], ...]:
    groups: dict[tuple[object, ...], list[StoredSource]] = {}
    for one in claimed:
        groups.setdefault((_url(one), *_credentials(one)), []).append(one)
    return tuple(map(tuple, groups.values()))


def _url(one: StoredSource) -> str:
    return one.state.moved_to or one.source.url


def _credentials(one: StoredSource) -> tuple[object, str]:
    """The headers and the password that `one` sends along and others may not; none once it moved to another origin."""
    if not same_origin(one.source.url, _url(one)):
        return (), ""
    return tuple(one.source.settings.headers.items()), urlsplit(one.source.url).netloc.rpartition("@")[0]


class _Cycle:
    """One run over claimed sources: who is unfinished, which hosts hold us off, which states wait to be written."""

    def __init__(self, app: App, fetcher: Fetcher, tell: Tell, claimed: Sequence[StoredSource], hosts: Hosts) -> None:
        self._app, self._fetcher, self._tell, self._hosts = app, fetcher, tell, hosts
        self._settled: list[tuple[int, SourceState]] = []
        self._batches = Batches(app)
        self._untold = {one.source.id for one in claimed}
        self._unwritten: set[int] = set()  # sources that were told of, and whose states are not yet in the store

    @property
    def unfinished(self) -> frozenset[int]:
        """Ids of the sources that are claimed still: those whose states could not be written among them."""
        return frozenset(self._untold | self._unwritten)

    async def run(self, groups: Iterable[tuple[StoredSource, ...]]) -> None:
        groups = tuple(groups)
        await self._go_on_with({host_key(_url(same[0])) for same in groups})
        over = asyncio.Event()
        settling = asyncio.create_task(self._settle_regularly(over))
        try:
            async with asyncio.TaskGroup() as tasks:
                for same in groups:
                    tasks.create_task(self._one_url(same))
        except* AggregatorError as several:
            raise several.exceptions[0] from None
        finally:
            over.set()  # not cancelled: states that wait for the worker would be lost
            await settling

    async def _go_on_with(self, hosts: Collection[str]) -> None:
        """Go on where other processes, or this one before it was started anew, stopped asking these hosts."""
        store, idle, now = self._app.store, self._fetcher.idle_hosts(hosts), self._app.clock()
        states, asked = await self._app.in_worker(
            lambda: (store.sources.hosts(hosts), store.sources.last_asked(idle, now))
        )
        self._hosts.take_over(hosts, states)
        self._fetcher.note_requests(asked)

    async def _one_url(self, same: tuple[StoredSource, ...]) -> None:
        host = asked = host_key(_url(same[0]))

        def admit(name: str) -> bool:
            nonlocal asked
            asked = name
            return self._held_until(name) is None

        state, conditional = _common_state(same, self._app.clock())
        answer = await self._fetcher.fetch(same[0].source, state, conditional=conditional, admit=admit)
        now = self._app.clock()
        if answer is None:
            self._stay_away(same, self._held_until(asked) or now, redirected_at=now if asked != host else None)
            return
        for name in _answering(answer, host):
            self._hosts.learn(name, answer, now)
        if isinstance(answer, FeedDocument) and answer.digest == state.truncated_digest:
            self._truncated_again(same, answer, now)
        elif isinstance(answer, FeedDocument):
            with self._fetcher.pending(answer):
                self._done(same, await self._taken(same, answer, now))
        else:
            self._without_document(same, answer, now)

    async def _taken(self, same: tuple[StoredSource, ...], document: FeedDocument, now: datetime) -> Sequence[Outcome]:
        from aggregator.parse import is_plain  # does without parser, cleaner and renderer
        from aggregator.pipeline.record import work  # not before: a round of nothing but 304s

        fetched = Fetched(same=same, document=document, now=now)
        if not is_plain(document):
            fetched = replace(fetched, found=await self._app.sandbox.call(*work(self._app, same, document, now)))
        return await self._batches.taken(fetched)

    def _held_until(self, host: str) -> datetime | None:
        return self._hosts.held_until(host, self._app.clock())

    def _stay_away(self, same: tuple[StoredSource, ...], until: datetime, redirected_at: datetime | None) -> None:
        """Leave the sources until then, unasked, or asked and redirected to a host that is left alone."""
        if redirected_at:
            until = max(until, redirected_at + self._app.settings.fetch.min_interval)
        for one in same:
            due, fetched = max(until, one.state.next_fetch or until), redirected_at or one.state.last_fetch
            state = replace(one.state, last_fetch=fetched, next_fetch=due, due_reason="retry-after")
            self._settle_soon(one, state)
        self._done(same, [outcome_of(one.source, "skipped") for one in same])

    def _without_document(self, same: tuple[StoredSource, ...], answer: NotModified | Failure, now: datetime) -> None:
        fetch = self._app.settings.fetch
        for one in same:
            if isinstance(answer, Failure):
                state = after_failure(answer, one.state, one.source, fetch, now)
            else:
                state = after_not_modified(answer, one.state, one.source, fetch, now)
            self._settle_soon(one, state)
        self._done(same, [outcome_without_document(one.source, answer) for one in same])

    def _truncated_again(self, same: tuple[StoredSource, ...], document: FeedDocument, now: datetime) -> None:
        """Report the failure of a truncated document whose bytes came again, without parsing them again."""
        for one in same:
            state = after_same_truncated(document, one.state, one.source, self._app.settings.fetch, now)
            self._settle_soon(one, state)
        self._done(same, [outcome_of_same_truncated(one, document) for one in same])

    def _done(self, same: Iterable[StoredSource], outcomes: Iterable[Outcome]) -> None:
        self._untold.difference_update(one.source.id for one in same)
        for outcome in outcomes:
            self._tell(outcome)

    def _settle_soon(self, one: StoredSource, state: SourceState) -> None:
        self._settled.append((one.source.id, state))
        self._unwritten.add(one.source.id)

    async def _settle_regularly(self, over: asyncio.Event) -> None:
        time = asyncio.get_running_loop().time
        extended = time()
        while not over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), SETTLE)
            await self._settle()
            if self.unfinished and time() - extended >= EXTEND:
                extended = time()
                with suppress(StoreBusyError):  # the lease lasts for some more tries
                    await self._app.in_worker(
                        self._app.store.sources.extend, tuple(self.unfinished), self._app.clock() + LEASE
                    )

    async def _settle(self) -> None:
        states, self._settled = self._settled, []
        hosts = self._hosts.changes()
        if states or hosts:
            await self._app.in_worker(self._app.store.sources.record_states, states, hosts)
            self._hosts.recorded(hosts)
        self._unwritten.difference_update(source_id for source_id, _ in states)


def _answering(answer: FeedDocument | NotModified | Failure, asked: str) -> frozenset[str]:
    """Hosts that `answer` says something of: where a redirect led to a good end, who redirected is well too."""
    last = host_key(answer.final_url) if isinstance(answer, FeedDocument) else answer.host or asked
    return frozenset({last}) if isinstance(answer, Failure) else frozenset({asked, last})


def _common_state(same: tuple[StoredSource, ...], now: datetime) -> tuple[SourceState, bool]:
    """What to ask with on behalf of all sources of one URL: conditions only if all of them saw the same document."""
    first = same[0].state
    if len({(one.state.validators, one.state.digest, one.state.truncated_digest) for one in same}) == 1:
        return first, is_conditional(first, now)
    return replace(first, validators=Validators(), digest=b"", truncated_digest=None), False
