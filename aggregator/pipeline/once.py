"""One cycle over all due sources, as `aggregator once` runs it. Shell."""

from collections.abc import Collection
from contextlib import aclosing

from aggregator.app import App
from aggregator.fetch import Fetcher
from aggregator.pipeline.host_states import HostStates
from aggregator.pipeline.leases import claim_in_parts
from aggregator.pipeline.refresh import ReportOutcome, refresh, task_group
from aggregator.pipeline.report import Report, SourceOutcome


async def run_cycle(
    app: App, report: ReportOutcome, *, names: Collection[str] | None = None, everything: bool = False
) -> Report:
    """Refresh the sources that are due; `names` or `everything` overrule due times. Raises StoreError.

    `report` gets each outcome at once. Sources whose hosts another process works on are waited for.
    """
    cycle = Report(sources=len(set(names)) if names else len(app.sources))
    hosts = HostStates(app.store)

    def add(outcome: SourceOutcome) -> None:
        if not names or outcome.source in names:  # another source of the same URL is refreshed as well
            cycle.outcomes.append(outcome)
        report(outcome)

    with app.store.sources.fetching():
        async with (
            Fetcher(app.settings.fetch, app.clock, environ=app.environ) as fetcher,
            task_group() as tasks,
            aclosing(claim_in_parts(app, names, everything)) as parts,
        ):
            async for claimed in parts:
                tasks.create_task(refresh(app, fetcher, claimed, add, hosts, names=names, everything=everything))
    return cycle
