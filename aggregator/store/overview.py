"""Sources as `/status`, `/metrics` and `sources` show them: pages of them, and figures.

A page is read from an index, so that it takes no longer because there are more sources. Figures are counted over all.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection, Integer, bindparam, case, func, or_, select, tuple_

from aggregator.model import Source, SourceState, StoredSource
from aggregator.settings import SourceSettings
from aggregator.store.columns import EPOCH, Moment
from aggregator.store.hubs import hub_error
from aggregator.store.schema import failing, failing_since, host, idle, longest_first, sound, source, unasked
from aggregator.store.source_days import published_per_day
from aggregator.store.waiting_work import waiting_pages, waiting_translations

_SHOWN_STATE = (
    "moved_to",
    "last_fetch",
    "next_fetch",
    "due_reason",
    "http_status",
    "failures",
    "error",
    "paused",
    "entries",
    "pushed_until",
    "feed_info",
    "last_new",
    "lost",
)
_NAME_BYTES = 8  # of an entry in `source.waiting`
_BEFORE_ALL = timedelta(days=-1)

_is_present = source.c.present.is_(True)
_SHOWN = select(
    *source.c[("id", "name", "settings", *_SHOWN_STATE)],
    hub_error().label("hub_error"),
    (func.coalesce(func.length(source.c.waiting, type_=Integer), 0) // _NAME_BYTES).label("waiting_entries"),
)
_ALL = _SHOWN.where(_is_present).order_by(source.c.ordinal)
_NAMED = _SHOWN.where(source.c.name == bindparam("name")).order_by(source.c.present.desc()).limit(1)
_CONDITION = case(
    (or_(source.c.paused.is_not(None), source.c.enabled.is_(False)), "paused"),
    (source.c.failures > 0, "failing"),
    (source.c.last_fetch.is_not(None), "working"),
    else_="new",
).label("condition")
_in_order = _SHOWN.where(source.c.ordinal > bindparam("ordinal")).order_by(source.c.ordinal).limit(bindparam("limit"))
_behind = tuple_(bindparam("since", type_=Moment), -bindparam("failures", type_=Integer), bindparam("ordinal"))
_IN_ORDER = _in_order.where(_is_present)
_BY_CONDITION = {
    "failing": _SHOWN.where(failing, tuple_(*longest_first) > _behind)
    .order_by(*longest_first)
    .limit(bindparam("limit")),
    "paused": _in_order.where(idle),
    "new": _in_order.where(unasked),
    "working": _in_order.where(sound, source.c.last_fetch.is_not(None)),
}
_FIRST: dict[str, Any] = {"since": EPOCH + _BEFORE_ALL, "failures": 0, "ordinal": -1}
_PLACE = (
    select(*source.c["ordinal", "present", "failures"], failing_since.label("since"), _CONDITION)
    .where(source.c.name == bindparam("name"))
    .order_by(source.c.present.desc())
    .limit(1)
)
_FIGURES = (
    select(
        _CONDITION,
        source.c.due_reason,
        func.count().label("number"),
        func.sum(case((source.c.pushed_until > bindparam("now"), 1), else_=0)).label("pushed"),
        func.max(source.c.last_fetch).label("last_fetch"),
    )
    .where(_is_present)
    .group_by(_CONDITION, source.c.due_reason)
)
FIRST_DUE = select(func.min(host.c.due)).where(host.c.due > EPOCH)
_FAILURES = select(*source.c["name", "failures", "last_success"]).limit(bindparam("limit"))
_FAILING_LONGEST = _FAILURES.where(failing).order_by(*longest_first)
_SOUND = _FAILURES.where(sound).order_by(source.c.ordinal)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePage:
    """Some of the configured sources, in an order."""

    sources: tuple[StoredSource, ...]
    after: str | None  # name of the last of them, behind which the next page begins; None: there is no next one


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSummary:
    """Figures of the configured sources."""

    conditions: Mapping[str, int]  # number of sources in each `status.Condition` that at least one is in
    due_reasons: Mapping[str, int]  # number of polled sources by the reason of their next fetch (`due_reason`)
    pushed: int  # number of sources that a hub pushes
    due_first: datetime | None  # earliest due time; None if no source was fetched yet
    last_fetch: datetime | None  # of the source that was fetched last

    @property
    def total(self) -> int:
        """Number of the sources."""
        return sum(self.conditions.values())

    @property
    def failing(self) -> int:
        """Number of sources whose last fetch failed; the front page names it."""
        return self.conditions.get("failing", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFailures:
    """Failures of a source since its last success."""

    name: str
    failures: int  # in a row
    last_success: datetime | None


def all_sources(connection: Connection, now: datetime) -> tuple[StoredSource, ...]:
    """Return the configured sources, in the configuration's order."""
    return _shown(connection, connection.execute(_ALL).all(), now)


def named(connection: Connection, now: datetime, name: str) -> StoredSource | None:
    """Return the source of this name, also if it is not configured any more."""
    rows = connection.execute(_NAMED, {"name": name}).all()
    sources = _shown(connection, rows, now, [row[0] for row in rows])
    return sources[0] if sources else None


def page_in_order(connection: Connection, now: datetime, after: str | None, limit: int) -> SourcePage:
    """Return the next `limit` sources behind that one, in the configuration's order. Raises KeyError for no source."""
    ordinal = _place(connection, after)["ordinal"] if after is not None else -1
    rows = connection.execute(_IN_ORDER, {"ordinal": ordinal, "limit": limit + 1}).all()
    return _page(connection, rows, now, limit)


def page_by_condition(connection: Connection, now: datetime, after: str | None, limit: int) -> SourcePage:
    """Return the next `limit` sources behind that one, those first that fail, for longest. Raises KeyError."""
    names = list(_BY_CONDITION)
    place = _FIRST
    if after is not None:
        place = _place(connection, after)
        names = names[names.index(place["condition"]) :]
    rows: list[Any] = []
    for name in names:
        if len(rows) <= limit:
            rows += connection.execute(_BY_CONDITION[name], {**place, "limit": limit + 1 - len(rows)})
        place = _FIRST
    return _page(connection, rows, now, limit)


def summary(connection: Connection, now: datetime) -> SourceSummary:
    """Return the figures of the configured sources, counted by the database."""
    rows = connection.execute(_FIGURES, {"now": now}).all()
    conditions, due_reasons = Counter[str](), Counter[str]()
    for row in rows:
        conditions[row.condition] += row.number
        if row.condition != "paused":
            due_reasons[row.due_reason] += row.number
    return SourceSummary(
        conditions=conditions,
        due_reasons=due_reasons,
        pushed=sum(row.pushed for row in rows),
        due_first=connection.scalar(FIRST_DUE),
        last_fetch=max((row.last_fetch for row in rows if row.last_fetch), default=None),
    )


def failing_longest(connection: Connection, limit: int) -> Sequence[SourceFailures]:
    """Return up to `limit` polled sources: first those that fail, for longest, then others."""
    rows = list(connection.execute(_FAILING_LONGEST, {"limit": limit}).mappings())
    if len(rows) < limit:
        rows += connection.execute(_SOUND, {"limit": limit - len(rows)}).mappings()
    return [SourceFailures(**row) for row in rows]


def _place(connection: Connection, name: str) -> dict[str, Any]:
    """Return the place of a source in each order; one that is not configured any more has its last one."""
    row = connection.execute(_PLACE, {"name": name}).mappings().one_or_none()
    if row is None:
        raise KeyError(name)
    # Those behind it may have moved up to its place since.
    return {**row, "ordinal": row["ordinal"] - (not row["present"])}


def _page(connection: Connection, rows: Sequence[Any], now: datetime, limit: int) -> SourcePage:
    sources = _shown(connection, rows[:limit], now, [row.id for row in rows[:limit]])
    return SourcePage(sources=sources, after=rows[limit - 1].name if len(rows) > limit else None)


def _shown(
    connection: Connection, rows: Sequence[Any], now: datetime, ids: Sequence[int] | None = None
) -> tuple[StoredSource, ...]:
    """Return the sources of these rows, which have the `ids`; None: they are all sources."""
    per_day = published_per_day(connection, now, ids)
    sources = [_source(per_day.get(row[0], 0.0), *row) for row in rows]
    settings = [stored.source.settings for stored in sources]
    pages = waiting_pages(connection) if any(source.full_text for source in settings) else {}
    translations = waiting_translations(connection) if any(source.translate for source in settings) else {}
    return tuple(_with_waiting_work(stored, pages, translations) for stored in sources)


def _source(new_per_day: float, source_id: int, _name: str, settings: SourceSettings, *values: Any) -> StoredSource:
    state = dict(zip((*_SHOWN_STATE, "hub_error", "waiting_entries"), values, strict=True))
    state["new_per_day"] = None if state["last_fetch"] is None else new_per_day
    if state["next_fetch"] == EPOCH:
        state["next_fetch"] = None
    return StoredSource(source=Source(id=source_id, settings=settings), state=SourceState(**state))


def _with_waiting_work(stored: StoredSource, pages: Mapping[int, int], translations: Mapping[int, int]) -> StoredSource:
    if not pages and not translations:
        return stored
    of = stored.source.id
    state = replace(stored.state, waiting_pages=pages.get(of, 0), waiting_translations=translations.get(of, 0))
    return replace(stored, state=state)
