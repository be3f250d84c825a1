"""Tables of data told apart from tables that only lay out a page. Pure."""

import re

from lxml.etree import _Element as Element

MAX_COLUMNS = 60

TableRow = list[Element | None]  # None where a cell spans several columns or rows

_CELLS = frozenset({"td", "th"})
# A cell of Markdown is one line of text: some blocks can be put there if they are short, some cannot.
_BLOCKS = ("ul", "ol", "dl", "pre", "blockquote", "figure", "hr", "h1", "h2", "h3", "h4", "h5", "h6")
MAX_BLOCK_CHARS = 500  # of a cell that holds blocks, in a table with a head
MAX_BLOCK_CHARS_HEADLESS = 100  # the same in a table without: most of them lay out a page
_SPAN = re.compile(r"\d{1,3}")


def data_rows(table: Element) -> list[TableRow] | None:
    """Return the rows of `table`, of equal length, or None if it is not a table of data that Markdown can show.

    That is: two rows and two columns at least, short blocks in the cells if any, and not so uneven that padding would
    swell it.
    """
    if table.get("role") or any(inner is not table for inner in table.iter("table")):
        return None
    if any(caption is not table[0] for caption in table.iter("caption")):  # what stands between rows would leave them
        return None
    if next(table.iter(*_BLOCKS), None) is not None and not _has_short_blocks(table):
        return None
    published = [cells for row in table.iter("tr") if (cells := [cell for cell in row if cell.tag in _CELLS])]
    max_cells = 4 * sum(map(len, published)) + 20  # above it the rows are more padding than table
    rows = _spanned(published, max_cells)
    columns = max(map(len, rows), default=0)
    if len(rows) != len(published) or len(rows) < 2 or not 2 <= columns <= MAX_COLUMNS:
        return None
    if columns * len(rows) > max_cells:
        return None
    return [row + [None] * (columns - len(row)) for row in rows]


def _has_short_blocks(table: Element) -> bool:
    headless = next(table.iter("th"), None) is None
    if headless and next(table.iter("hr"), None) is not None:  # between the parts of a page
        return False
    most = MAX_BLOCK_CHARS_HEADLESS if headless else MAX_BLOCK_CHARS
    cells = (cell for cell in table.iter(*_CELLS) if next(cell.iter(*_BLOCKS), None) is not None)
    return all(sum(map(len, cell.itertext())) <= most for cell in cells)


def _spanned(published: list[list[Element]], max_cells: int) -> list[TableRow]:
    """Return the rows with None for each place that a cell of the same row or one above spans, up to `max_cells`."""
    rows: list[TableRow] = []
    covered: dict[int, int] = {}  # column: rows that a cell above still covers
    for cells in published:
        row: TableRow = []
        for cell in cells:
            _skip_covered(row, covered)
            for offset in range(_span(cell, "colspan")):
                covered[len(row)] = _span(cell, "rowspan") - 1
                row.append(None if offset else cell)
        _skip_covered(row, covered)
        max_cells -= len(row)
        if max_cells < 0:
            break
        rows.append(row)
    return rows


def _skip_covered(row: TableRow, covered: dict[int, int]) -> None:
    while covered.get(len(row), 0) > 0:
        covered[len(row)] -= 1
        row.append(None)


def _span(cell: Element, attribute: str) -> int:
    value = cell.get(attribute, "").strip()
    return min(max(int(value), 1), MAX_COLUMNS) if _SPAN.fullmatch(value) else 1
