"""`make bench`: what a round costs, beside other programs, as it grows, and by stage. Asserts nothing of time.

    python -m benchmarks [rounds|resident|growth|stored|serving|stages]... [--sources N] [--entries N]

Everything by default, 500 sources of 20 entries of 4 KB; `--write FILE` puts the tables into a Markdown file, in place
of those between its two marks.
"""

import argparse
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from benchmarks import growth, resident, rounds, serving
from benchmarks.measuring import Sources, configured, folder, machine, python

BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"


def rounds_tables(sources: int, entries: int) -> Iterator[str]:
    """Each program's rounds, and how many times ours they cost."""
    done = list(rounds.rounds(sources, entries))
    yield f"### One round of {sources} sources x {entries} entries of 4 KB\n"
    yield "| round | program | CPU s | of it system | of ours | wall s | peak MB | requests |"
    yield "|---|---|---|---|---|---|---|---|"
    for name in rounds.COUNTED:
        these = [one for one in done if one.name == name]
        for one in these:
            yield (
                f"| {name} | {one.program} | {one.cost.cpu:.2f} | {one.cost.system:.2f} "
                f"| {one.cost.cpu / these[0].cost.cpu:.1f} "
                f"| {one.cost.wall:.2f} | {one.cost.peak_mb:.0f} | {one.requests} |"
            )


def resident_table(sources: int, entries: int) -> Iterator[str]:
    """The daemon while nothing is new."""
    found = resident.resident(sources, entries)
    yield f"\n### The daemon, {sources} sources that answer 304\n"
    yield "| CPU ms a request | requests | peak MB |\n|---|---|---|"
    yield f"| {found.cpu_ms:.2f} | {found.requests} | {found.peak_mb:.0f} |"


def growth_table(_sources: int, _entries: int) -> Iterator[str]:
    """CPU a source by the number of sources."""
    yield f"\n### By the number of sources, {growth.ENTRIES} entries of 1 KB each\n"
    yield from _growth(growth.sources((100, 500, 2_000, 10_000)), "sources", by_source=True)


def stored_table(sources: int, _entries: int) -> Iterator[str]:
    """CPU of a round by the number of articles that are stored."""
    yield f"\n### By the number of articles stored, {sources} sources\n"
    yield from _growth(growth.stored(sources, (10_000, 100_000, 1_000_000)), "articles stored", by_source=False)


def _growth(found: Iterable[growth.Growth], what: str, *, by_source: bool) -> Iterator[str]:
    header = ""
    for one in found:
        if not header:
            header = " | ".join(f"{name}, {'CPU ms a source' if by_source else 'CPU s'}" for name in one.rounds)
            yield f"| {what} | {header} | peak MB |\n|---|{'---|' * (len(one.rounds) + 1)}"
        share = 1000 / one.number if by_source else 1
        figures = " | ".join(f"{cost.cpu * share:.2f}" for cost in one.rounds.values())
        yield f"| {one.number:,} | {figures} | {max(cost.peak_mb for cost in one.rounds.values()):.0f} |"


def stages_table(sources: int, entries: int) -> Iterator[str]:
    """CPU of a first poll by stage, in one process with a clock around the entry of each."""
    with Sources(sources, entries) as served:
        figures = json.loads(python("benchmarks.stages", str(configured(folder(), served))).printed)
    yield f"\n### A first poll by stage: {figures['articles'] / figures['cpu']:.0f} articles a CPU second\n"
    yield "| stage | CPU s | share |\n|---|---|---|"
    for stage, seconds in sorted(figures["stages"].items(), key=lambda spent: -spent[1]):
        yield f"| {stage} | {seconds:.2f} | {100 * seconds / figures['cpu']:.0f} % |"


TABLES: dict[str, Callable[[int, int], Iterator[str]]] = {
    "rounds": rounds_tables,
    "resident": resident_table,
    "serving": lambda _sources, _entries: serving.table(),
    "stages": stages_table,
    "growth": growth_table,
    "stored": stored_table,
}


def written(path: Path, tables: str) -> None:
    """Put the tables between the marks of the file."""
    before, _, rest = path.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    path.write_text(f"{before}{BEGIN}\n{tables}\n{END}{after}")


def main() -> None:
    """The tables that were asked for, printed as they are made."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("tables", nargs="*", choices=[*TABLES, []], help="all by default")
    parser.add_argument("--sources", type=int, default=500)
    parser.add_argument("--entries", type=int, default=20)
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    lines = [f"{machine()}.\n"]
    print(lines[0], flush=True)
    for name in asked.tables or TABLES:
        for line in TABLES[name](asked.sources, asked.entries):
            print(line, flush=True)
            lines.append(line)
    if asked.write:
        written(asked.write, "\n".join(lines))


if __name__ == "__main__":
    main()
