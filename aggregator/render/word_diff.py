"""Differences of two texts by words, for readers. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from types import MappingProxyType
from typing import Literal

from diff_match_patch import diff_match_patch

Operation = Literal["delete", "equal", "insert"]

SECONDS = 0.5  # spent on looking for the smallest difference; beyond, a larger one will do
_OPERATIONS: Mapping[int, Operation] = MappingProxyType({-1: "delete", 0: "equal", 1: "insert"})
_SURROGATES = range(0xD800, 0xE000)
# Words; in scripts without blanks between them (Thai, Japanese, Chinese), characters.
_CHARACTERS = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff"
_TOKEN = re.compile(rf"\n|[^\S\n]+|[{_CHARACTERS}]|[^\W{_CHARACTERS}]+|.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A part of a text that an edit deleted, left as it was, or inserted."""

    operation: Operation
    text: str


def word_diff(old: str, new: str) -> Sequence[Sequence[Change]]:
    """Return the changes that make `old` into `new`, by lines; both are plain text."""
    engine = diff_match_patch()
    engine.Diff_Timeout = SECONDS
    characters: dict[str, str] = {}
    free = (chr(number) for number in count(1) if number not in _SURROGATES)
    texts = ["".join(_characters(text, characters, free)) for text in (old, new)]
    diff = engine.diff_main(*texts, False)
    engine.diff_cleanupSemantic(diff)
    tokens = {character: token for token, character in characters.items()}
    lines: list[list[Change]] = [[]]
    for operation, part in diff:
        text = "".join(tokens[character] for character in part)
        for number, line in enumerate(text.split("\n")):
            if number:
                lines.append([])
            if line:
                lines[-1].append(Change(operation=_OPERATIONS[operation], text=line))
    return [line for line in lines if line]


def _characters(text: str, characters: dict[str, str], free: Iterator[str]) -> Iterator[str]:
    """Yield a character for each word of `text`, the same for the same word."""
    for token in _TOKEN.findall(text):
        if token not in characters:
            characters[token] = next(free)
        yield characters[token]
