"""The polls in the life of a source, program after program on the same sources."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks.measuring import Cost, Sources, new_folder
from benchmarks.programs import PROGRAMS, Program

# The name of each poll and the command that the server gets before it. A poll without a name is not measured: newsboat
# forgets the validators of the first response, so all programs poll once more before the round in which nothing is new.
POLLS = (
    ("first poll", "count"),
    ("", "count"),
    ("all 304", "count"),
    ("5 % changed", "newer 2 5"),
    ("", "validators off"),
    ("no validators, same bytes", "count"),
)
FIRST, *LATER = [name for name, _ in POLLS if name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """One poll by one program, the requests that the server saw, and the articles that the program held then."""

    program: str
    name: str
    cost: Cost
    requests: int
    articles: int


def polls(words: tuple[object, ...], repeat: int) -> list[Poll]:
    """Return each program's polls of the documents that `words` name to the server.

    All of it is done `repeat` times. Of each poll the cheapest counts: other work on the machine disturbed it least.
    """
    measured: dict[tuple[str, str], list[Poll]] = {}
    for _ in range(repeat):
        for poll in _polls(words):
            measured.setdefault((poll.name, poll.program), []).append(poll)
    return [min(repeated, key=lambda poll: poll.cost.cpu) for repeated in measured.values()]


def _polls(words: tuple[object, ...]) -> Iterator[Poll]:
    programs: list[tuple[Program, Sources]] = []
    with ExitStack() as servers:
        for program in (make() for make in PROGRAMS):
            if program.is_installed():
                sources = servers.enter_context(Sources(*words))
                program.prepare(new_folder(), sources)
                programs.append((program, sources))
        for name, command in POLLS:
            for program, sources in programs:
                before = sources.tell(command)
                cost = program.poll()
                if name:
                    requests = sources.tell() - before
                    articles = program.articles()
                    yield Poll(program=program.name, name=name, cost=cost, requests=requests, articles=articles)
