"""The rounds of a source's life, program after program on the same sources."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.measuring import Cost, Sources, folder
from benchmarks.programs import PROGRAMS, Program

# What the server is told before each round. newsboat forgets the validators of the first answer, so each program gets
# one round more, which does not count, before the one in which nothing is new.
ROUNDS = (
    ("first poll", "count"),
    ("", "count"),
    ("all 304", "count"),
    ("5 % changed", "newer 2 5"),
    ("", "validators off"),
    ("no validators, same bytes", "count"),
)
COUNTED = tuple(name for name, _ in ROUNDS if name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round of one program, with the requests that the server saw."""

    program: str
    name: str
    cost: Cost
    requests: int


def rounds(number: int, entries: int, body_bytes: int = 4000) -> Iterator[Round]:
    """All rounds of each program that is installed; each has a server of its own, with the same documents."""
    for program in (make() for make in PROGRAMS):
        if program.is_here():
            yield from _of(program, number, entries, body_bytes)


def _of(program: Program, number: int, entries: int, body_bytes: int) -> Iterator[Round]:
    with Sources(number, entries, body_bytes) as sources:
        program.prepare(folder(), sources)
        for name, order in ROUNDS:
            before = sources.tell(order)
            cost = program.poll()
            if name:
                yield Round(program=program.name, name=name, cost=cost, requests=sources.tell("count") - before)
