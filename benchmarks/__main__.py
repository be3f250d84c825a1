"""`make bench`: measures polls beside other programs, the daemon, growth, and the parts of a poll. Asserts no time.

    python -m benchmarks [TABLE]... [--corpus FOLDER] [--write FILE]

`--write` puts the tables into a Markdown file, in place of those between its two marks. The real feeds are those of
FOLDER, of AGGREGATOR_CORPUS, or of ../shared/corpus.
"""

import argparse
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import growth, resident, rounds, serving, stages
from benchmarks.corpus import VARIABLE, corpus_folder
from benchmarks.measuring import machine

BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"
UNDECLARED = 30  # sources that declare no language


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The folder of real feeds, None without one, and the sizes of the generated ones."""

    corpus: Path | None
    copies: int
    sources: int
    entries: int
    repeat: int
    articles: int

    @property
    def generated(self) -> tuple[object, ...]:
        return "generated", self.sources, self.entries, 4000

    @property
    def real(self) -> tuple[object, ...]:
        return "corpus", self.corpus, self.copies

    @property
    def best(self) -> tuple[tuple[object, ...], str]:
        """Return the real feeds, or the generated ones where there are none, and their name."""
        return (self.real, "the real feeds") if self.corpus else (self.generated, "generated feeds")


def table(*columns: str) -> str:
    """Return the head of a Markdown table."""
    return f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}"


def real_tables(options: Options) -> Iterator[str]:
    """Yield the tables of polls of the real feeds."""
    if options.corpus:
        yield from poll_tables("real feeds", options.real, options.repeat)
    else:
        yield "\nThe folder of real feeds does not exist, so all figures are of generated feeds.\n"


def generated_tables(options: Options) -> Iterator[str]:
    """Yield the tables of polls of generated feeds."""
    yield from poll_tables(f"generated feeds x {options.entries} entries of 4 KB", options.generated, options.repeat)


def poll_tables(title: str, words: tuple[object, ...], repeat: int) -> Iterator[str]:
    """Yield the tables of the first poll and of the later ones."""
    polls = rounds.polls(words, repeat)
    reader = {poll.name: poll for poll in polls if poll.program == "reader"}
    yield f"\n### First poll of {polls[0].requests} {title}\n"
    yield table(
        "program",
        "CPU s",
        "of reader",
        "of it system",
        "articles",
        "CPU ms an article",
        "of reader",
        "wall s",
        "peak MB",
    )
    for poll in (poll for poll in polls if poll.name == rounds.FIRST):
        yield (
            f"| {poll.program} | {poll.cost.cpu:.2f} | {_ratio(poll, reader, _cpu)} | {poll.cost.system:.2f} "
            f"| {poll.articles:,} | {_ms_an_article(poll):.2f} | {_ratio(poll, reader, _ms_an_article)} "
            f"| {poll.cost.wall:.2f} | {poll.cost.peak_mb:.0f} |"
        )
    yield f"\n### Later polls of the {title}\n"
    yield table("poll", "program", "CPU s", "of reader", "of it system", "wall s", "peak MB", "requests")
    for poll in (poll for poll in polls if poll.name in rounds.LATER):
        yield (
            f"| {poll.name} | {poll.program} | {poll.cost.cpu:.2f} | {_ratio(poll, reader, _cpu)} "
            f"| {poll.cost.system:.2f} | {poll.cost.wall:.2f} | {poll.cost.peak_mb:.0f} | {poll.requests} |"
        )


def _cpu(poll: rounds.Poll) -> float:
    return poll.cost.cpu


def _ms_an_article(poll: rounds.Poll) -> float:
    return 1000 * poll.cost.cpu / max(poll.articles, 1)


def _ratio(poll: rounds.Poll, reader: dict[str, rounds.Poll], figure: Callable[[rounds.Poll], float]) -> str:
    """Return how many times reader's figure in the same poll this one is."""
    return f"{figure(poll) / figure(reader[poll.name]):.2f}" if poll.name in reader else "-"


def stages_table(options: Options) -> Iterator[str]:
    """Yield the table of the CPU time of a first poll by package."""
    words, name = options.best
    spent = stages.stages(words)
    yield f"\n### First poll of {name} by package, child processes included\n"
    yield table("package", "CPU s", "share")
    for package, seconds in spent.most_common(15):
        yield f"| {package} | {seconds:.2f} | {100 * seconds / spent.total():.0f} % |"


def memory_table(options: Options) -> Iterator[str]:
    """Yield the table of a daemon's memory with sources that declare no language."""
    if not options.corpus:
        return
    memory = resident.memory(("undeclared", options.corpus, UNDECLARED))
    yield f"\n### Memory of the daemon with {UNDECLARED} real feeds that declare no language\n"
    yield table("MB between polls", "peak MB", "MB of its child processes after the poll")
    yield f"| {memory.between_polls:.0f} | {memory.peak:.0f} | {memory.children:.0f} |"


def resident_table(options: Options) -> Iterator[str]:
    """Yield the table of the daemon while nothing is new."""
    measured = resident.resident(options.generated)
    yield f"\n### The daemon, {options.sources} generated feeds that answer 304\n"
    yield table("CPU ms a request", "requests", "peak MB")
    yield f"| {measured.cpu_ms:.2f} | {measured.requests} | {measured.peak_mb:.0f} |"


def serving_table(_options: Options) -> Iterator[str]:
    """Yield the table of responses beside nginx."""
    if not serving.tools()[0]:
        yield "\nwrk is not installed, so no responses of the daemon were measured.\n"
        return
    loads = serving.serving()
    nginx = {load.status: load for load in loads if load.server == "nginx"}
    yield f"\n### One feed of {serving.ENTRIES} entries of 4 KB, gzip, over {serving.CONNECTIONS} connections\n"
    yield table("server", "status", "bytes", "requests/s", "of nginx", "CPU µs a request", "of nginx")
    for load in loads:
        peer = nginx.get(load.status)
        rate, cpu = (f"{load.per_second / peer.per_second:.2f}", f"{load.cpu / peer.cpu:.1f}") if peer else ("-", "-")
        yield (
            f"| {load.server} | {load.status} | {load.size:,} | {load.per_second:,.0f} | {rate} "
            f"| {load.cpu:.1f} | {cpu} |"
        )


def growth_tables(options: Options) -> Iterator[str]:
    """Yield the tables of CPU time a source by the number of sources."""
    if options.corpus:
        yield "\n### By the number of sources: the real feeds, once and in copies on other hosts\n"
        yield from _growth(
            growth.by_sources([("corpus", options.corpus, copies) for copies in (1, 2, 4)]), "sources", by_source=True
        )
    yield f"\n### By the number of sources: generated feeds x {growth.ENTRIES} entries of 1 KB\n"
    kinds = [("generated", number, growth.ENTRIES, growth.BODY_BYTES) for number in (100, 500, 2_000, 10_000)]
    yield from _growth(growth.by_sources(kinds), "sources", by_source=True)


def stored_table(options: Options) -> Iterator[str]:
    """Yield the table of CPU time by the number of stored articles."""
    yield f"\n### By the number of articles stored, {options.sources} generated feeds\n"
    limits = (options.articles // 10, options.articles)
    yield from _growth(growth.by_articles(options.sources, limits), "articles stored", by_source=False)


def _growth(rows: Iterable[growth.Growth], subject: str, *, by_source: bool) -> Iterator[str]:
    unit = "CPU ms a source" if by_source else "CPU s"
    head = ""
    for row in rows:
        if not head:
            head = table(subject, *(f"{name}, {unit}" for name in row.polls), "peak MB")
            yield head
        factor = 1000 / row.number if by_source else 1
        figures = " | ".join(f"{cost.cpu * factor:.2f}" for cost in row.polls.values())
        yield f"| {row.number:,} | {figures} | {max(cost.peak_mb for cost in row.polls.values()):.0f} |"


TABLES: dict[str, Callable[[Options], Iterator[str]]] = {
    "real": real_tables,
    "memory": memory_table,
    "stages": stages_table,
    "generated": generated_tables,
    "resident": resident_table,
    "serving": serving_table,
    "growth": growth_tables,
    "stored": stored_table,
}


def write(path: Path, tables: str) -> None:
    """Put the tables between the marks of the file."""
    before, _, after = path.read_text().partition(BEGIN)
    path.write_text(f"{before}{BEGIN}\n{tables}\n{END}{after.partition(END)[2]}")


def main() -> None:
    """Print the tables as they are made."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("tables", nargs="*", choices=[*TABLES, []], help="all by default")
    parser.add_argument("--corpus", type=Path, help="folder of real feeds")
    parser.add_argument("--copies", type=int, default=1, help="of the real feeds, on other hosts")
    parser.add_argument("--sources", type=int, default=500, help="number of generated feeds")
    parser.add_argument("--entries", type=int, default=20, help="of each generated feed")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each poll, of which the cheapest counts")
    parser.add_argument("--articles", type=int, default=100_000, help="most articles in the table `stored`")
    parser.add_argument("--write", type=Path, help="Markdown file to put the tables into")
    arguments = vars(parser.parse_args())
    names, file = arguments.pop("tables") or TABLES, arguments.pop("write")
    options = Options(**arguments | {"corpus": corpus_folder(arguments["corpus"])})
    os.environ.pop(VARIABLE, None)  # aggregator would take it for a misspelt setting
    lines = [f"{machine()}.\n"]
    print(lines[0], flush=True)
    for name in names:
        for line in TABLES[name](options):
            print(line, flush=True)
            lines.append(line)
    if file:
        write(file, "\n".join(lines))


if __name__ == "__main__":
    main()
