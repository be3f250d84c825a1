"""What a cycle claims, beside other processes that may work on the same hosts. Shell."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Collection, Sequence
from datetime import timedelta

from aggregator.app import App
from aggregator.model import StoredSource
from aggregator.settings import Fetch

LEASE = timedelta(minutes=10)  # a source claimed by a process that died comes back after this, if not before
AGAIN = 0.5  # seconds between two looks at what other processes have
SILENT = 30.0  # seconds of waiting for them that need no word

log = logging.getLogger(__name__)


async def claimed_parts(
    app: App, names: Collection[str] | None, everything: bool
) -> AsyncGenerator[Sequence[StoredSource]]:
    """The wanted sources, each once: first those that are free, then what other processes let go of.

    Ends when none is left. What no process lets go of for the length of a lease is left out, and said.
    """
    seen: set[str] = set()
    clock, patience = asyncio.get_running_loop().time, LEASE.total_seconds()
    left, deadline, said = names, clock() + patience, clock() + SILENT
    while clock() < deadline:
        claimed = await _claimed(app, left, everything and not seen, but=seen)
        if claimed:
            deadline = clock() + patience
            seen.update(one.source.name for one in claimed)
            yield claimed
        still = app.store.sources.wanted(app.clock(), names=left, everything=everything and left is None) - seen
        if not still:
            return
        if everything or names is not None:
            left = still
        if clock() >= said:
            log.info("waiting for another process that works on the hosts of %s", _listed(still))
            said = deadline + patience
        await asyncio.sleep(AGAIN)
    log.warning("left out, since another process goes on working on their hosts: %s; try again later", _listed(still))


def _listed(names: Collection[str]) -> str:
    """A few of the names, and how many more there are."""
    first = ", ".join(sorted(names)[:3])
    return f"{first} and {len(names) - 3} more" if len(names) > 3 else first


async def _claimed(
    app: App, names: Collection[str] | None, everything: bool, *, but: Collection[str]
) -> Sequence[StoredSource]:
    """What is free of what is wanted, but for what this cycle had already."""
    most = len(app.sources)
    claim = app.in_worker(
        app.store.sources.claim, app.clock(), limit=most, lease=LEASE, names=names, everything=everything
    )
    claiming = asyncio.ensure_future(claim)
    try:
        claimed = await asyncio.shield(claiming)
    except asyncio.CancelledError:  # the worker goes on claiming
        await app.in_worker(app.store.sources.release, [one.source.id for one in await claiming])
        raise
    if again := [one.source.id for one in claimed if one.source.name in but]:
        await app.in_worker(app.store.sources.release, again)
    return [one for one in claimed if one.source.name not in but]


def share_of_host(fetch: Fetch, tick: timedelta) -> int:
    """How many sources of one host are worth having claimed, where one can claim anew at each `tick`.

    As many as can be in flight, or started until two ticks later, so that its queue never runs dry; and of a host that
    needs no gap, what leaves room for others.
    """
    most = max(fetch.concurrency // 2, fetch.per_host)
    if not fetch.host_gap:
        return most
    starts = -(-tick // fetch.host_gap)  # rounded up
    return min(most, fetch.per_host + 2 * starts)
