"""One cycle over all due sources, as `aggregator once` runs it. Shell."""

from collections.abc import Callable, Collection
from contextlib import aclosing

from aggregator.app import App
from aggregator.fetch import Fetcher
from aggregator.first_publication import prepare
from aggregator.model import Selection
from aggregator.pipeline.host_states import HostStates
from aggregator.pipeline.leases import claim_in_parts
from aggregator.pipeline.refresh import Refresher, task_group
from aggregator.pipeline.report import Report, SourceOutcome


async def run_cycle(
    app: App,
    report: Callable[[SourceOutcome], None],
    *,
    names: Collection[str] | None = None,
    everything: bool = False,
) -> Report:
    """Refresh the sources that are due; `names` or `everything` overrule due times. Raises StoreError.

    `report` gets each outcome at once. All new entries have one time of first sight, so that the order of the answers
    makes no difference. Sources whose hosts another process works on are waited for.
    """
    selection = Selection(names=names, everything=everything)
    cycle = Report(sources=len(set(names)) if names else len(app.sources))

    def add(outcome: SourceOutcome) -> None:
        if not names or outcome.source in names:  # another source of the same URL is refreshed as well
            cycle.outcomes.append(outcome)
        report(outcome)

    with app.store.leases.fetching():
        async with (
            Fetcher(app.settings.fetch, app.clock, environ=app.environ) as fetcher,
            task_group() as tasks,
            aclosing(claim_in_parts(app, selection)) as parts,
        ):
            refresher = Refresher(app, fetcher, HostStates(app.store), add, first_seen=app.clock())
            async for claimed in parts:
                tasks.create_task(refresher.refresh(claimed, selection))
        await app.in_writer(app.store.leases.end_unused)
        near = app.settings.dedupe == "near"
        cycle.joined = await app.in_writer(prepare, app.store, near_duplicates=near)
    return cycle
