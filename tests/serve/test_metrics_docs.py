"""docs/metrics.md describes every metric that is served, and no other."""

import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from aggregator.serve import Metrics
from aggregator.serve.metrics import SECONDS
from aggregator.store import ClusterState, SourceFailures, SourceSummary

DOCS = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| ([^|]+) \| (?:`(\w+)`|–) \| (.+) \|$", re.MULTILINE)
NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
OPEN_LABELS = {"source", "version"}  # whose values the documentation cannot list


class Described(NamedTuple):
    """A row of the table."""

    kind: str
    unit: str
    label: str
    meaning: str


DESCRIBED = {name: Described(*columns) for name, *columns in ROW.findall(DOCS)}


@pytest.fixture(scope="module")
def exposition() -> str:
    summary = SourceSummary(conditions={}, due_reasons={}, pushed=0, due_first=None, last_fetch=None)
    source = SourceFailures(name="paper", failures=0, last_success=NOW)
    metrics = Metrics()
    metrics.note_cluster(ClusterState(), NOW)
    return metrics.exposition(summary, [source], healthy=True, now=NOW).decode()


def test_every_metric_is_described_with_its_type_and_help_text(exposition: str) -> None:
    helps = dict(re.findall(r"^# HELP (\w+) (.+)$", exposition, re.MULTILINE))
    kinds = dict(re.findall(r"^# TYPE (\w+) (.+)$", exposition, re.MULTILINE))
    assert {name: row.kind for name, row in DESCRIBED.items()} == kinds
    assert [name for name, row in DESCRIBED.items() if not row.meaning.startswith(helps[name])] == []
    assert list(DESCRIBED) == sorted(DESCRIBED)


def test_every_label_and_its_values_are_described(exposition: str) -> None:
    labels: dict[str, str] = dict.fromkeys(DESCRIBED, "")
    for name, label, value in re.findall(r'^(\w+)\{(\w+)="([^"]*)"\}', exposition, re.MULTILINE):
        if label == "le":
            continue
        labels[name] = label
        assert label in OPEN_LABELS or f"`{value}`" in DESCRIBED[name].meaning, (name, value)
    assert {name: row.label for name, row in DESCRIBED.items()} == labels


def test_names_end_in_their_unit_and_counters_in_total() -> None:
    for name, row in DESCRIBED.items():
        assert name.endswith("_total") == (row.kind == "counter"), name
        base = name.removesuffix("_total")
        assert base.endswith("_seconds") == row.unit.startswith("seconds"), name
        assert base.endswith("_bytes") == (row.unit == "bytes"), name
        is_moment = base.endswith(("_timestamp_seconds", "_start_time_seconds"))
        assert is_moment == (row.unit == "seconds since 1970"), name


def test_buckets_are_described() -> None:
    *most, last = [f"{bound:g}" for bound in SECONDS]
    assert f"{', '.join(most)} and {last} seconds" in DOCS


def test_promtool_finds_no_fault(exposition: str) -> None:
    if not shutil.which("promtool"):
        pytest.skip("there is no promtool here")
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=exposition, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
