"""Tables of data told apart from tables that only lay a page out. Pure."""

import re

from lxml.etree import _Element as Element

MAX_COLUMNS = 60

Grid = list[list[Element | None]]  # rows of equal length; None where a cell spans

_CELLS = frozenset({"td", "th"})
# A cell of Markdown is one line of text.
_BLOCKS = ("table", "ul", "ol", "dl", "pre", "blockquote", "hr", "figure", "h1", "h2", "h3", "h4", "h5", "h6")
_SPAN = re.compile(r"\d{1,3}")


def grid(table: Element) -> Grid | None:
    """The cells of `table` by row and column, None where it is not a table of data that Markdown can show.

    That is: two rows and two columns at least, no blocks in the cells, and not so uneven that padding would swell it.
    """
    if any(block is not table for block in table.iter(*_BLOCKS)):
        return None
    rows = [cells for row in table.iter("tr") if (cells := [cell for cell in row if cell.tag in _CELLS])]
    filled = _filled(rows)
    columns = max(map(len, filled), default=0)
    if len(rows) != len(filled) or len(rows) < 2 or not 2 <= columns <= MAX_COLUMNS:
        return None
    if columns * len(rows) > _most(rows):
        return None
    return [row + [None] * (columns - len(row)) for row in filled]


def _filled(rows: list[list[Element]]) -> Grid:
    """`rows` with None for each place that a cell of the same row or of one above spans, cut where that swells it."""
    filled: Grid = []
    below: dict[int, int] = {}  # column: rows that a cell above still covers
    budget = _most(rows)
    for cells in rows:
        row: list[Element | None] = []
        for cell in cells:
            _skip_covered(row, below)
            for offset in range(_span(cell, "colspan")):
                below[len(row)] = _span(cell, "rowspan") - 1
                row.append(None if offset else cell)
        _skip_covered(row, below)
        budget -= len(row)
        if budget < 0:
            break
        filled.append(row)
    return filled


def _most(rows: list[list[Element]]) -> int:
    """Cells that a grid of `rows` may have before it is more padding than table."""
    return 4 * sum(map(len, rows)) + 20


def _skip_covered(row: list[Element | None], below: dict[int, int]) -> None:
    while below.get(len(row), 0) > 0:
        below[len(row)] -= 1
        row.append(None)


def _span(cell: Element, name: str) -> int:
    value = cell.get(name, "").strip()
    return min(max(int(value), 1), MAX_COLUMNS) if _SPAN.fullmatch(value) else 1
