"""CPU seconds by stage of one cycle: `python -m benchmarks.stages FEEDS_YAML` prints one JSON object.

Each stage's entry is wrapped with a clock of its thread. What is left of the process is the event loop with the
fetches in it, start-up included.
"""

import asyncio
import json
import os
import resource
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from aggregator import files, normalise, publish
from aggregator.app import opened
from aggregator.normalise import html
from aggregator.pipeline import run_cycle
from aggregator.publish import output
from aggregator.store import Store

take = import_module("aggregator.pipeline.record")  # the package has a function of that name
read = import_module("aggregator.document")
SPENT: dict[str, float] = defaultdict(float)


INNER = threading.local()  # CPU seconds of the timed calls within the present one


def timed(stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """`work`, its CPU seconds added to `stage`, less those of timed work that it calls."""

    def timing(*args: Any, **kwargs: Any) -> Any:
        outer, INNER.seconds = getattr(INNER, "seconds", 0.0), 0.0
        started = time.thread_time()
        try:
            return work(*args, **kwargs)
        finally:
            spent = time.thread_time() - started
            SPENT[stage] += spent - INNER.seconds
            INNER.seconds = outer + spent

    return timing


def instrument() -> None:
    """Wrap the stages where the shell calls them."""
    for module, name, stage in (
        (read, "parse", "parse"),
        (read, "normalise", "normalise"),
        (html, "clean", "clean"),
        (normalise, "markdown", "Markdown"),
        (read, "keyed", "dedupe"),
        (take, "decide", "dedupe"),
        (Store, "known", "store"),
        (Store, "record", "store"),
        (Store, "record_states", "store"),
        (Store, "claim", "store"),
        (Store, "pending_articles", "store"),
        (Store, "category_feed", "store"),
        (Store, "published", "store"),
        (output, "article_file", "render"),
        (output, "feed_files", "render"),
        (files, "write", "files"),
    ):
        setattr(module, name, timed(stage, getattr(module, name)))


def main() -> None:
    """One cycle over everything, and its publication."""
    instrument()
    with opened(Path(sys.argv[1]), os.environ) as app:
        report = asyncio.run(run_cycle(app, lambda outcome: None, everything=True))
        publish.publish_changed(app)
    spent = dict(SPENT)
    whole = time.process_time()
    spent["fetch, event loop, start"] = whole - sum(spent.values())
    print(
        json.dumps(
            {
                "articles": report.total("new"),
                "cpu": whole,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "stages": spent,
            }
        )
    )


if __name__ == "__main__":
    main()
