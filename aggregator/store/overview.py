"""How the sources are doing: what people and monitors see of them, and no more, since it is asked often."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, func, or_, select

from aggregator.model import Source, SourceState, StoredSource
from aggregator.settings import SourceSettings
from aggregator.store.columns import EPOCH
from aggregator.store.hubs import stored_error
from aggregator.store.schema import pollable, source

_SOURCE = ("id", "name", "url", "categories", "enabled")
_STATE = (
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
)
_PRESENT = source.c.present.is_(True)
_TOLD = (*source.c[_SOURCE + _STATE], stored_error().label("hub_error"))
_SEEN = select(*_TOLD).where(_PRESENT).order_by(source.c.ordinal)
_CONDITION = case(
    (or_(source.c.paused.is_not(None), source.c.enabled.is_(False)), "paused"),
    (source.c.failures > 0, "failing"),
    (source.c.last_fetch.is_not(None), "working"),
    else_="new",
).label("condition")
_CONDITIONS = select(_CONDITION, func.count().label("number")).where(_PRESENT).group_by(_CONDITION)
_PUSHED = select(func.count()).where(_PRESENT, source.c.pushed_until > bindparam("now"))
_DUE_FIRST = select(func.min(source.c.next_fetch)).where(pollable, source.c.next_fetch > EPOCH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The sources of `feeds.yaml` in figures."""

    conditions: Mapping[str, int]  # how many are in each (`status.Condition`); without those that none is in
    pushed: int  # how many a hub pushes
    due_first: datetime | None  # when the first of them is due, or was; None where none was ever asked


def overview(connection: Connection) -> tuple[StoredSource, ...]:
    """All sources of `feeds.yaml`, in its order, with what people see of them alone."""
    return tuple(map(_seen, connection.execute(_SEEN)))


def _seen(row: Row[Any]) -> StoredSource:
    width = len(_SOURCE)
    state = dict(zip((*_STATE, "hub_error"), row[width:], strict=True))
    if state["next_fetch"] == EPOCH:
        state["next_fetch"] = None
    source_id, *configured = row[:width]
    settings = SourceSettings.model_construct(**dict(zip(_SOURCE[1:], configured, strict=True)))
    return StoredSource(source=Source(id=source_id, settings=settings), state=SourceState(**state))


def standing(connection: Connection, now: datetime) -> Standing:
    """How the sources are doing now; counted by the database."""
    return Standing(
        conditions={row.condition: row.number for row in connection.execute(_CONDITIONS)},
        pushed=connection.scalar(_PUSHED, {"now": now}) or 0,
        due_first=connection.scalar(_DUE_FIRST),
    )
