"""A process of a cluster that does jobs and nothing else."""

from collections.abc import Collection
from contextlib import nullcontext
from typing import Any

from aggregator.app import App
from aggregator.jobs import Jobs, ReportPublished, TaskFunctions, Watched
from aggregator.model import RequestTask


async def _nothing_due() -> Collection[RequestTask]:
    return ()


def _ignore(*_: object) -> None:
    pass


def _unwatched(_: object) -> Any:
    return nullcontext()


def jobs_of(
    app: App,
    *,
    watched: Watched = _unwatched,
    work: TaskFunctions | None = None,
    report: ReportPublished = _ignore,
) -> Jobs:
    """The jobs of this app; failures are raised unless they are `watched`."""
    return Jobs(lambda: app, watched, work or {}, _nothing_due, report, _ignore)
