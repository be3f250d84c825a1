"""Differences of two texts by words, for readers. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from types import MappingProxyType
from typing import Literal

from diff_match_patch import diff_match_patch

Operation = Literal["delete", "equal", "insert"]
_Part = tuple[int, str]  # -1, 0 or 1, as diff-match-patch has it, and a text

WORK = 10_000_000  # about how many steps a comparison may take, less than a second; then a larger difference will do
MAX_ROUNDS = 1000  # of one comparison: each looks for one more insertion and deletion from both ends
MAX_CLEANED = 5000  # tokens of a change; the search for overlaps of longer ones may be quadratic
LARGE = 50_000  # characters of both texts; above, lines are compared first, and then the words of changed ones
_OPERATIONS: Mapping[int, Operation] = MappingProxyType({-1: "delete", 0: "equal", 1: "insert"})
_SURROGATES = range(0xD800, 0xE000)
# Words; in scripts without blanks between them (Thai, Japanese, Chinese), characters.
_CHARACTERS = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff"
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_TOKEN = re.compile(rf"\n|[^\S\n]+|[{_CHARACTERS}]|[^\W{_CHARACTERS}]+|.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A part of a text that an edit deleted, left as it was, or inserted."""

    operation: Operation
    text: str


class _Rounds:
    """A deadline for diff-match-patch that passes after a number of rounds, whatever the clock says."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __lt__(self, _now: float) -> bool:
        self._number -= 1
        return self._number < 0


def word_diff(old: str, new: str) -> Sequence[Sequence[Change]]:
    """Return the changes that make `old` into `new`, by lines; both are plain text.

    The result and about the time it takes depend on the texts alone.
    """
    if len(old) + len(new) > LARGE:
        parts = _by_lines(old, new)
    else:
        words = _TOKEN.findall(old), _TOKEN.findall(new)
        parts = _compare(*words, _rounds(*words))
    lines: list[list[Change]] = [[]]
    for operation, text in parts:
        for number, line in enumerate(text.split("\n")):
            if number:
                lines.append([])
            if line:
                lines[-1].append(Change(operation=_OPERATIONS[operation], text=line))
    return [line for line in lines if line]


def _by_lines(old: str, new: str) -> Iterator[_Part]:
    """Yield the parts of large texts: of lines, and of the words of those that changed."""
    lines = _LINE.findall(old), _LINE.findall(new)
    blocks: list[tuple[dict[int, str], str]] = []  # texts deleted and inserted, and the equal text behind them
    changed = {-1: "", 1: ""}
    for operation, text in (*_compare(*lines, _rounds(*lines)), (0, "")):
        if operation:
            changed[operation] += text
        else:
            blocks.append((changed, text))
            changed = {-1: "", 1: ""}
    words = [[_TOKEN.findall(block[operation]) for block, _ in blocks] for operation in (-1, 1)]
    rounds = _rounds(*chain.from_iterable(words))
    for deleted, inserted, (_, text) in zip(*words, blocks, strict=True):
        yield from _compare(deleted, inserted, rounds)
        yield 0, text


def _rounds(*texts: Sequence[str]) -> int:
    """Return how many rounds the comparisons of these tokens may take."""
    return min(MAX_ROUNDS, WORK // (1 + sum(map(len, texts))))


def _compare(old: Iterable[str], new: Iterable[str], rounds: int) -> Iterator[_Part]:
    """Yield the parts that make the tokens `old` into the tokens `new`."""
    engine = diff_match_patch()
    engine.Diff_Timeout = 0  # no look at the clock, and no search for a common half, whose cost nothing bounds
    characters: dict[str, str] = {}
    free = (chr(number) for number in count(1) if number not in _SURROGATES)
    texts = ["".join(_characters(tokens, characters, free)) for tokens in (old, new)]
    diff = engine.diff_main(*texts, False, _Rounds(rounds))
    if all(len(part) <= MAX_CLEANED for operation, part in diff if operation):
        engine.diff_cleanupSemantic(diff)
    words = {character: token for token, character in characters.items()}
    for operation, part in diff:
        yield operation, "".join(words[character] for character in part)


def _characters(tokens: Iterable[str], characters: dict[str, str], free: Iterator[str]) -> Iterator[str]:
    """Yield a character for each token, the same for the same one."""
    for token in tokens:
        if token not in characters:
            characters[token] = next(free)
        yield characters[token]
