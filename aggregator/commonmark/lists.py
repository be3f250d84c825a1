"""Numbers of the items of ordered lists (HTML, 4.4.5 and 4.4.8), as far as Markdown can show them. Pure."""

import re
from collections.abc import Iterable, Iterator
from typing import TypeVar

from lxml.etree import _Element as Element

T = TypeVar("T")  # content of an item

_NUMBER = re.compile(r"-?[0-9]{1,8}")
_MAX_NUMBER = 999_999_999  # CommonMark, 5.2


def numbered_items(element: Element, items: Iterable[tuple[Element, T]]) -> Iterator[tuple[int, T]]:
    """Yield the content of each of `items` with its number in the list `element`."""
    reverse = element.get("reversed") is not None
    first = _number(element.get("start"))
    number = first if first is not None else sum(1 for _ in element.iterchildren("li")) if reverse else 1
    for item, content in items:
        value = _number(item.get("value"))
        number = number if value is None else value
        yield number, content
        number += -1 if reverse else 1


def number_runs(items: Iterable[tuple[int, T]]) -> list[list[tuple[int, T]]]:
    """Return `items` as runs of consecutive numbers, each of which is a list of its own to Markdown."""
    runs: list[list[tuple[int, T]]] = []
    for number, item in items:
        if not 0 <= number <= _MAX_NUMBER:
            return [[*enumerate((item for _, item in items), start=1)]]
        if not runs or number != runs[-1][-1][0] + 1:
            runs.append([])
        runs[-1].append((number, item))
    return runs


def _number(value: str | None) -> int | None:
    return int(value) if value and _NUMBER.fullmatch(value := value.strip()) else None
