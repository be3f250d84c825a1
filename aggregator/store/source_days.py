"""Counters of each source's articles by day (UTC), so that overviews and limits need not count articles."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, func, select, update

from aggregator.store.columns import EPOCH
from aggregator.store.dialect import Dialect
from aggregator.store.rows import listed, slices
from aggregator.store.schema import source_day

DAYS = 28  # that are kept
_DAY = timedelta(days=1)

_PUBLISHED = select(*source_day.c["source_id", "day", "published"]).where(
    source_day.c.source_id.in_(listed("ids")), source_day.c.published > 0, source_day.c.day > bindparam("before")
)
_TOTALS = (
    select(source_day.c.source_id, func.sum(source_day.c.published))
    .where(source_day.c.day > bindparam("before"))
    .group_by(source_day.c.source_id)
)
_TOTALS_OF = _TOTALS.where(source_day.c.source_id.in_(listed("ids")))
_DISCOUNT = (
    update(source_day)
    .where(source_day.c.source_id == bindparam("of"), source_day.c.day == bindparam("on"))
    .where(source_day.c.published >= bindparam("number"))
    .values(published=source_day.c.published - bindparam("number"))
)
_DISCOUNT_RECORDED = (
    update(source_day)
    .where(source_day.c.source_id == bindparam("of"), source_day.c.day == bindparam("on"))
    .where(source_day.c.recorded >= bindparam("number"))
    .values(recorded=source_day.c.recorded - bindparam("number"))
)
_RECORDED = select(source_day.c.recorded).where(
    source_day.c.source_id == bindparam("of"), source_day.c.day == bindparam("today")
)
_DELETE_OLD = delete(source_day).where(
    source_day.c.source_id == bindparam("of"), source_day.c.day <= bindparam("before")
)


def count_articles(
    connection: Connection,
    dialect: Dialect,
    source_id: int,
    published: Iterable[datetime],
    now: datetime,
    recorded: int = 0,
) -> None:
    """Count articles that the source is credited with from now on, by the day on which it published them.

    `recorded` of them count for the limit of new articles of the day of `now`.
    """
    today = day_number(now)
    counts = Counter(day for day in map(day_number, published) if today - DAYS < day <= today)
    if recorded:
        counts[today] += 0
    if not counts:
        return
    connection.execute(_DELETE_OLD, {"of": source_id, "before": today - DAYS})
    statement = dialect.insert(source_day)
    totals = {name: source_day.c[name] + statement.excluded[name] for name in ("published", "recorded")}
    upsert = statement.on_conflict_do_update(index_elements=["source_id", "day"], set_=totals)
    rows = [
        {"source_id": source_id, "day": day, "published": count, "recorded": recorded if day == today else 0}
        for day, count in sorted(counts.items())
    ]
    connection.execute(upsert, rows)


def discount_articles(connection: Connection, source_id: int, published: Iterable[datetime]) -> None:
    """Take back the count of articles of the source that are not published any more."""
    days = Counter(map(day_number, published))
    if rows := [{"of": source_id, "on": day, "number": count} for day, count in sorted(days.items())]:
        connection.execute(_DISCOUNT, rows)


def discount_recorded(connection: Connection, articles: Iterable[tuple[int, datetime]]) -> None:
    """Take back from the limits of sources, by id, articles first seen at these moments that were not new after all."""
    days = Counter((source_id, day_number(first_seen)) for source_id, first_seen in articles)
    rows = [{"of": source_id, "on": day, "number": number} for (source_id, day), number in sorted(days.items())]
    connection.execute(_DISCOUNT_RECORDED, rows)


def recorded_on(connection: Connection, source_id: int, now: datetime) -> int:
    """Return how many new articles of the source count for the limit of the day of `now`."""
    return connection.scalar(_RECORDED, {"of": source_id, "today": day_number(now)}) or 0


def published_by_day(connection: Connection, now: datetime, ids: Collection[int]) -> Mapping[int, Counter[date]]:
    """Return how many articles each of these sources, by id, published on each of the last DAYS."""
    counts: dict[int, Counter[date]] = defaultdict(Counter)
    for part in slices(ids):
        for source_id, day, number in connection.execute(_PUBLISHED, {"before": day_number(now) - DAYS, "ids": part}):
            counts[source_id][(EPOCH + day * _DAY).date()] += number
    return counts


def published_per_day(connection: Connection, now: datetime, ids: Collection[int] | None) -> Mapping[int, float]:
    """Return the mean number of articles that each of these sources, by id, published on a day of the last DAYS.

    None for `ids` means all sources.
    """
    parameters = {"before": day_number(now) - DAYS}
    if ids is None:
        rows = list(connection.execute(_TOTALS, parameters))
    else:
        rows = [row for part in slices(ids) for row in connection.execute(_TOTALS_OF, {**parameters, "ids": part})]
    return {source_id: round(int(total) / DAYS, 2) for source_id, total in rows}


def day_number(moment: datetime) -> int:
    """Return the day of this moment, counted from 1970-01-01."""
    return (moment - EPOCH) // _DAY
