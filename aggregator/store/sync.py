"""The source and category tables follow `feeds.yaml`, and articles what it says of their sources."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, exists, false, insert, literal, not_, select, update

from aggregator.model import Source, SourceState
from aggregator.names import ALL, category_name
from aggregator.schedule.intervals import due_by_shorter_interval
from aggregator.settings import Fetch
from aggregator.store import hubs
from aggregator.store.clusters import hide_in_stories
from aggregator.store.columns import EPOCH
from aggregator.store.leases import reschedule
from aggregator.store.rows import Columns, listed, slices, source_columns, source_from, state_columns, state_from
from aggregator.store.schema import article, article_category, article_source, category, source
from aggregator.urls import paced_host

Row = RowMapping | Columns

ROWS = 500  # inserted at once: ten thousand would take 20 MB
SHOWN_OF_SOURCES = ("name", "url", "categories", "tags", "language")  # by articles or by feeds

_CONFIGURED = select(
    *source.c["id", "ordinal", "name", "url", "categories", "tags", "language", "interval", "enabled", "present"],
    *source.c["host", "moved_to"],
).order_by(source.c.id)
_STATES = select(source).where(source.c.id.in_(listed("ids")))
_PLACE = update(source).where(source.c.id == bindparam("source_id")).values(host=bindparam("host"))
_CATEGORIES = select(*category.c["name", "label", "present"])
_MARKED = {"pending": True, "version": category.c.version + 1}
_AT_NEW_URL = {  # nothing that the old URL said, and due now
    "moved_to": None,
    "etag": None,
    "last_modified": None,
    "digest": b"",
    "truncated_digest": None,
    "seen": b"",
    "next_fetch": EPOCH,
    "due_reason": "",
    "failures": 0,
    "error": None,
    "paused": None,
    "unmodified_since": None,
    "requested_interval": timedelta(0),
    "skip_hours": (),
    "skip_days": (),
    "lease_until": None,
    "readdressed": True,
    "pushed_until": None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What makes the tables agree with `feeds.yaml`; a source's or category's columns are those that differ."""

    added: tuple[Columns, ...]
    changed: tuple[tuple[RowMapping, Columns], ...]
    placed: tuple[Columns, ...]  # source_id and host of those that are on another host now, or not to be paced any more
    gone: tuple[int, ...]
    new_categories: tuple[Columns, ...]
    changed_categories: tuple[tuple[str, Columns], ...]

    def __bool__(self) -> bool:
        return any((self.added, self.changed, self.placed, self.gone, self.new_categories, self.changed_categories))


def changes(connection: Connection, sources: Sequence[Source], unpaced: Collection[str]) -> Changes:
    """What differs between the database and `sources`; falsy where nothing does."""
    rows = connection.execute(_CONFIGURED).mappings().all()
    wanted = [source_columns(one, ordinal) for ordinal, one in enumerate(sources)]
    matched = _matched(wanted, rows)
    pairs = [(row, wanted[place]) for place, row in matched.items()]
    kept = {row["id"] for row in matched.values()}
    stored = {row["name"]: row for row in connection.execute(_CATEGORIES).mappings()}
    labels = _labels(sources)
    return Changes(
        added=tuple(
            columns | {"host": paced_host(columns["url"], unpaced)}
            for place, columns in enumerate(wanted)
            if place not in matched
        ),
        changed=tuple((row, differing) for row, columns in pairs if (differing := _differing(columns, row))),
        placed=tuple(
            {"source_id": row["id"], "host": host}
            for row, columns in pairs
            if (host := paced_host(_asked_at(row, columns), unpaced)) != row["host"]
        ),
        gone=tuple(row["id"] for row in rows if row["present"] and row["id"] not in kept),
        new_categories=tuple({"name": name, "label": labels[name]} for name in labels if name not in stored),
        changed_categories=tuple(_changed_categories(stored, labels, pairs)),
    )


def _asked_at(row: RowMapping, columns: Columns) -> str:
    """URL that the source is asked at from now on."""
    return str(row["moved_to"] if row["moved_to"] and row["url"] == columns["url"] else columns["url"])


def _matched(wanted: Sequence[Columns], rows: Sequence[RowMapping]) -> dict[int, RowMapping]:
    """The row of each source, by place: the one with its name, else with its URL; rows that had left come last."""
    matched: dict[int, RowMapping] = {}
    taken: set[int] = set()
    for present in (True, False):
        for names in (("name", "url"), ("name",), ("url",)):
            free = defaultdict(list)
            for row in reversed(rows):
                if row["present"] == present and row["id"] not in taken:
                    free[_values(row, names)].append(row)
            for place, columns in enumerate(wanted):
                if place not in matched and (alike := free[_values(columns, names)]):
                    matched[place] = alike.pop()
                    taken.add(matched[place]["id"])
    return matched


def _values(row: Row, names: Iterable[str]) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


def _differing(columns: Columns, row: RowMapping) -> Columns:
    return {name: value for name, value in columns.items() if row[name] != value}


def _labels(sources: Iterable[Source]) -> dict[str, str]:
    labels = {ALL: ALL}
    for one in sources:
        for label in one.categories:
            labels.setdefault(category_name(label), label)
    return labels


def _changed_categories(
    stored: Mapping[str, RowMapping], labels: Mapping[str, str], pairs: Sequence[tuple[RowMapping, Columns]]
) -> Iterator[tuple[str, Columns]]:
    for name, row in stored.items():
        if name not in labels and row["present"]:
            yield name, {"present": False, "successor": _successor(name, pairs)}
        elif name in labels and (differing := _differing({"label": labels[name], "present": True}, row)):
            yield name, differing | {"successor": None}


def _successor(name: str, pairs: Iterable[tuple[RowMapping, Columns]]) -> str | None:
    """The one category that all sources of `name` name instead."""
    instead = {
        frozenset((now - before) or now)
        for before, now in ((_names(row), _names(columns)) for row, columns in pairs if row["present"])
        if name in before
    }
    only = instead.pop() if len(instead) == 1 else frozenset()
    return next(iter(only)) if len(only) == 1 else None


def _names(row: Row) -> set[str]:
    return {category_name(label) for label in row["categories"]}


def apply(connection: Connection, found: Changes, now: datetime, fetch: Fetch) -> None:
    """Write `found`, in the transaction that found it."""
    connection.execute(update(source).where(source.c.id.in_(found.gone)).values(present=False))
    for row, columns in found.changed:
        renewed = columns | (_AT_NEW_URL if "url" in columns else {})
        connection.execute(update(source).where(source.c.id == row["id"]).values(renewed))
    if found.placed:
        connection.execute(_PLACE, found.placed)
    _reschedule(connection, found.changed, fetch)
    hubs.let_go(connection, [*found.gone, *_disabled(found)], now, fetch)
    hubs.forget(connection, [row["id"] for row, columns in found.changed if "url" in columns])
    fresh = state_columns(SourceState()) | {"first_seen": now, "readdressed": False}
    for start in range(0, len(found.added), ROWS):
        connection.execute(insert(source), [columns | fresh for columns in found.added[start : start + ROWS]])
    for columns in found.new_categories:
        marked = {"first_seen": now, "present": True, "pending": True, "version": 1}
        connection.execute(insert(category).values(columns | marked))
    for name, columns in found.changed_categories:
        connection.execute(update(category).where(category.c.name == name).values(columns | _MARKED))
    if shown := [pair for pair in found.changed if not pair[1].keys().isdisjoint(SHOWN_OF_SOURCES)]:
        _follow(connection, shown)


def _disabled(found: Changes) -> list[int]:
    return [row["id"] for row, columns in found.changed if columns.get("enabled") is False]


def _reschedule(connection: Connection, changed: Sequence[tuple[RowMapping, Columns]], fetch: Fetch) -> None:
    """A shorter interval counts from the last fetch."""
    shorter = [row["id"] for row, columns in changed if "interval" in columns and columns["interval"] < row["interval"]]
    rows = (row for part in slices(shorter) for row in connection.execute(_STATES, {"ids": part}).mappings())
    due = [(row["id"], due_by_shorter_interval(source_from(row, {}), state_from(row), fetch)) for row in rows]
    reschedule(connection, due)


def _follow(connection: Connection, changed: Sequence[tuple[RowMapping, Columns]]) -> None:
    """Categories, tags, language, name and URL hold for the articles that are there; their files keep their names."""
    for row, columns in changed:
        if "categories" in columns:
            _recategorise(connection, row["id"], before=_names(row), now=_names(columns))
        if columns.get("language"):  # without one an article keeps what it has: what its entry said is not kept
            theirs = article.c.source_id == row["id"], article.c.id.in_(_articles_of(row["id"]))
            connection.execute(update(article).where(*theirs).values(language=columns["language"]))
    articles = _articles_of(*(row["id"] for row, _ in changed))
    marked = {"pending": True, "version": article.c.version + 1}
    connection.execute(update(article).where(article.c.id.in_(articles), not_(article.c.pruned)).values(marked))
    connection.execute(update(category).where(category.c.present).values(_MARKED))


def _articles_of(*sources: int) -> Any:
    return select(article_source.c.article_id).where(article_source.c.source_id.in_(sources))


def _recategorise(connection: Connection, source_id: int, *, before: set[str], now: set[str]) -> None:
    for name in sorted(now - before):
        _enter(connection, source_id, name)
    for name in sorted(before - now):
        _leave(connection, source_id, name)
    hide_in_stories(connection, _articles_of(source_id))


def _enter(connection: Connection, source_id: int, name: str) -> None:
    there = exists().where(article_category.c.article_id == article.c.id, article_category.c.category == name)
    row = (article.c.id, literal(name), article.c.published, article.c.first_seen, article.c.position, false())
    entering = select(*row).where(article.c.id.in_(_articles_of(source_id)), not_(article.c.pruned), not_(there))
    columns = ("article_id", "category", "published", "first_seen", "position", "hidden")
    connection.execute(insert(article_category).from_select(columns, entering))


def _leave(connection: Connection, source_id: int, name: str) -> None:
    """An article stays in a category as long as another of its sources names it, one that left `feeds.yaml` too."""
    naming = [row.id for row in connection.execute(_CONFIGURED) if name in _names(row._mapping)]
    connection.execute(
        delete(article_category).where(
            article_category.c.category == name,
            article_category.c.article_id.in_(_articles_of(source_id)),
            article_category.c.article_id.not_in(_articles_of(*naming)),
        )
    )
