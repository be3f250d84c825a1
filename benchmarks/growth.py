"""The cost of a poll by the number of sources, and by the number of articles in the database."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.measuring import Cost, Sources, new_folder
from benchmarks.programs import Aggregator

ENTRIES, BODY_BYTES = 4, 1000  # of each of ten thousand generated sources
STORED_ENTRIES, STORED_BYTES = 20, 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """The polls of aggregator with `number` sources, or `number` stored articles, by their names."""

    number: int
    polls: dict[str, Cost]


def by_sources(kinds: Sequence[tuple[object, ...]]) -> Iterator[Growth]:
    """Measure the first poll, one with nothing new, and one with 5 % changed, of each kind of sources."""
    for words in kinds:
        with Sources(*words) as sources:
            program = Aggregator()
            program.prepare(new_folder(), sources)
            first = program.poll()
            yield Growth(number=sources.number, polls={"first poll": first, **_later(program, sources)})


def by_articles(number: int, limits: Sequence[int]) -> Iterator[Growth]:
    """Measure the later polls of `number` sources when so many articles are stored, smallest number first."""
    with Sources("generated", number, STORED_ENTRIES, STORED_BYTES) as sources:
        program = Aggregator()
        program.prepare(new_folder(), sources)
        program.poll()
        for limit in limits:
            while program.articles() < limit:
                sources.tell(f"newer {STORED_ENTRIES} 100")
                program.poll()
            yield Growth(number=program.articles(), polls=_later(program, sources))


def _later(program: Aggregator, sources: Sources) -> dict[str, Cost]:
    """Measure a poll with nothing new, the cheapest of three, and one with 5 % changed."""
    unchanged = min((program.poll() for _ in range(3)), key=lambda cost: cost.cpu)
    sources.tell("newer 2 5")
    return {"all 304": unchanged, "5 % changed": program.poll()}
