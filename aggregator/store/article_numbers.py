"""Numbers of articles, in the order of their dates: the place of an article in the search, and the key of its texts."""

from collections.abc import Iterable
from datetime import datetime
from zlib import crc32

from sqlalchemy import Connection, select

from aggregator.store.schema import article
from aggregator.store.statements import SelectByValues

SECONDS = 31  # bits below the seconds since 1970
_LAST_SECOND = 2**32 - 1

_select_numbers = SelectByValues(select(article.c.number), article.c.number)
_numbers_of = SelectByValues(select(*article.c["id", "number"]), article.c.id)


def number_of(article_id: str, published: datetime) -> int:
    """Return the number that an article gets unless it is taken: by its second, and within that the same everywhere."""
    return first_number(published) + (crc32(article_id.encode()) >> 1)


def first_number(moment: datetime) -> int:
    """Return the least number of an article that is published in the second of `moment`."""
    return min(max(0, int(moment.timestamp())), _LAST_SECOND) << SECONDS


def numbers_of(connection: Connection, ids: Iterable[str]) -> dict[str, int]:
    """Return the numbers of these articles, by id."""
    return dict(map(tuple, _numbers_of(connection, ids)))


def free_numbers(connection: Connection, articles: Iterable[tuple[str, datetime]]) -> list[int]:
    """Return numbers for new articles, given by id and date; one that is taken gives way to the next."""
    preferred = [number_of(article_id, published) for article_id, published in articles]
    used = {number for (number,) in _select_numbers(connection, preferred)}
    numbers: list[int] = []
    for first in preferred:
        number = first
        while number in used:
            number += 1
            used.update(number_in_use for (number_in_use,) in _select_numbers(connection, [number]))
        used.add(number)
        numbers.append(number)
    return numbers
