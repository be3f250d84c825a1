"""The CPU time of a first poll by package of aggregator, child processes included, from samples."""

import json
import os
from collections import Counter
from pathlib import Path

from benchmarks.measuring import Sources, aggregator, configure, new_folder, run

SAMPLER = Path(__file__).with_name("sampler")


def stages(words: tuple[object, ...]) -> Counter[str]:
    """Return the CPU seconds of each package in a first poll of these sources."""
    with Sources(*words) as sources:
        samples = new_folder()
        environ = {**os.environ, "PYTHONPATH": str(SAMPLER), "SAMPLES": str(samples)}
        run(aggregator(configure(new_folder(), sources), "once", "--all"), environ)
    return sum((Counter(json.loads(path.read_text())) for path in samples.glob("*.json")), Counter[str]())
