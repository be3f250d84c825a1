"""Places in the archives of sources, which move in the transaction that records a page."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, Text, bindparam, cast, func, select, update

from aggregator.model import BackfillProgress, BackfillStep, ClaimedBackfill, DueBackfill
from aggregator.store.claimable import IS_NAMED
from aggregator.store.database import Database
from aggregator.store.row_leases import RowLeases
from aggregator.store.rows import listed, slices, stored_source
from aggregator.store.schema import article, article_source, backfill, due_backfill, pollable, source

_is_due = (due_backfill, backfill.c.due <= bindparam("now"), pollable)
_of_sources = backfill.c.source_id.in_(listed("ids"))
_is_wanted = cast(source.c.settings["backfill"], Text) == '"all"'
_DUE = (
    select(*backfill.c["source_id", "url"])
    .join(source)
    .where(*_is_due, _is_wanted)
    .order_by(backfill.c.due, backfill.c.source_id)
    .limit(bindparam("limit"))
)
_OF_PAGE = [backfill.c[name].label(f"page_{name}") for name in ("url", "pages", "seen", "failures")]
_CLAIM = (
    select(source, *_OF_PAGE)
    .join(backfill)
    .where(_of_sources, *_is_due)
    .order_by(backfill.c.due, backfill.c.source_id)
    .with_for_update(of=backfill, skip_locked=True)
)
_STEP = (
    update(backfill)
    .where(backfill.c.source_id == bindparam("of"), backfill.c.url == bindparam("read"))
    .values(lease_until=None)
)
_MOVE = _STEP.values({name: bindparam(f"new_{name}") for name in ("url", "pages", "seen", "due", "failures", "error")})
_POSTPONE = _STEP.values({name: bindparam(f"new_{name}") for name in ("due", "failures", "error")})
_GIVE_UP = _STEP.values(url=None, due=None, error=bindparam("new_error"))
_HAS_BEGUN = select(backfill.c.source_id).where(backfill.c.source_id == bindparam("source_id"))
_PROGRESS = select(*backfill.c["source_id", "url", "pages", "due", "failures", "error"]).where(
    backfill.c.source_id.in_(listed("ids"))
)
_OLDEST = (
    select(func.min(article.c.published))
    .join(article_source, article_source.c.article_id == article.c.id)
    .where(article_source.c.source_id == bindparam("source_id"))
)


class BackfillStore:
    """Places in the archives of sources: the page that is read next, and what was read before."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._leases = RowLeases(database, backfill, _of_sources)
        owned = self._leases.owned
        self._due, self._claim = _DUE.where(self._leases.free), _CLAIM.where(self._leases.free)
        self._due_of = self._due.where(IS_NAMED)
        self._move, self._postpone, self._give_up = (part.where(owned) for part in (_MOVE, _POSTPONE, _GIVE_UP))

    def has_begun(self, source_id: int) -> bool:
        """Return True if the source's archive is being read, or was read."""
        with self._database.reading() as connection:
            return connection.scalar(_HAS_BEGUN, {"source_id": source_id}) is not None

    def begin(self, source_id: int, step: BackfillStep, now: datetime) -> None:
        """Have the source's archive read from this place, unless it has begun."""
        columns = {"source_id": source_id, "lease_until": None, **_columns(step, now)}
        statement = self._database.dialect.insert(backfill).on_conflict_do_nothing()
        with self._database.writing() as connection:
            connection.execute(statement, columns)

    def due(self, now: datetime, limit: int, names: Collection[str] | None = None) -> tuple[DueBackfill, ...]:
        """Return up to `limit` pages that are due and free, longest due first, of sources with `backfill: all`.

        With `names`, of these sources alone.
        """
        of_names = {} if names is None else {"names": sorted(names)}
        with self._database.reading() as connection:
            rows = connection.execute(self._due_of if of_names else self._due, {"now": now, "limit": limit} | of_names)
            return tuple(DueBackfill(source_id=row.source_id, url=row.url) for row in rows)

    def claim(self, ids: Collection[int], now: datetime, lease: timedelta) -> tuple[ClaimedBackfill, ...]:
        """Lease the next pages of these sources that are still due and free, until they are recorded or it is over."""
        if not ids:
            return ()
        with self._database.writing() as connection:
            rows = connection.execute(self._claim, {"ids": sorted(ids), "now": now}).mappings().all()
            if rows:
                self._leases.take({"ids": sorted(row["id"] for row in rows)}, now, lease)
            return tuple(map(_claimed, rows))

    def extend(self, ids: Collection[int], now: datetime, lease: timedelta) -> None:
        """Have the leases of these sources' pages last for `lease` from now on."""
        self._leases.extend({"ids": sorted(ids)}, now, lease)

    def release(self, ids: Collection[int]) -> None:
        """End the leases of these sources' pages; their places stay."""
        self._leases.release({"ids": sorted(ids)})

    def move(self, claimed: ClaimedBackfill, step: BackfillStep, now: datetime) -> None:
        """Go on to the next page, unless another process has claimed this one, or the source has another URL."""
        new = {f"new_{name}": value for name, value in _columns(step, now).items()}
        with self._database.writing() as connection:
            connection.execute(self._move, _of(claimed) | new)

    def postpone(self, claimed: ClaimedBackfill, due: datetime | None, error: str, *, failures: int) -> None:
        """Have a page asked for again, or leave the rest of the archive unread if `due` is None."""
        new = {"new_error": error or None}
        with self._database.writing() as connection:
            if due is None:
                connection.execute(self._give_up, _of(claimed) | new)
            else:
                connection.execute(self._postpone, _of(claimed) | new | {"new_due": due, "new_failures": failures})

    def progress(self, ids: Collection[int]) -> Mapping[int, BackfillProgress]:
        """Return the places in the archives of those of these sources, by id, whose archives are or were read."""
        with self._database.reading() as connection:
            rows = (row for part in slices(ids) for row in connection.execute(_PROGRESS, {"ids": part}).mappings())
            return {row["source_id"]: _progress(row) for row in rows}

    def oldest(self, source_id: int) -> datetime | None:
        """Return the date of the source's oldest article, None if it has none."""
        with self._database.reading() as connection:
            oldest: datetime | None = connection.scalar(_OLDEST, {"source_id": source_id})
            return oldest


def _columns(step: BackfillStep, now: datetime) -> dict[str, Any]:
    due = now if step.url else None
    of_step = {"url": step.url, "pages": step.pages, "seen": step.seen, "error": step.problem or None}
    return of_step | {"due": due, "failures": 0}


def _of(claimed: ClaimedBackfill) -> dict[str, Any]:
    return {"of": claimed.stored.source.id, "read": claimed.url}


def _claimed(row: RowMapping) -> ClaimedBackfill:
    values = {name: row[f"page_{name}"] for name in ("url", "pages", "seen", "failures")}
    return ClaimedBackfill(stored=stored_source(row), **values)


def _progress(row: RowMapping) -> BackfillProgress:
    values = {name: row[name] for name in ("url", "pages", "due", "failures")}
    return BackfillProgress(problem=row["error"], **values)
