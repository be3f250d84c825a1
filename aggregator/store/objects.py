"""Objects of a bucket: what publishing wrote there, and from which state of the database. Only with PostgreSQL."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain
from operator import itemgetter
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from aggregator.model import ObjectState
from aggregator.store.database import Database
from aggregator.store.object_table import is_removed, object_version, stored_object
from aggregator.store.rows import listed, slices

REMOVED_FOR = timedelta(days=1)  # a process that read the database before an object was removed has ended by then
PAGE = 1_000  # rows

_next_version = select(object_version.next_value())
_BY_PATH = select(stored_object).where(stored_object.c.path.in_(listed("paths")))
_BETWEEN = (
    select(stored_object)
    .where(stored_object.c.path > bindparam("after"), stored_object.c.path < bindparam("end"))
    .where(stored_object.c.etag.is_not(None))
    .order_by(stored_object.c.path)
    .limit(PAGE)
)
_LATER = select(stored_object.c.path).where(
    stored_object.c.path.in_(listed("paths")), stored_object.c.version > bindparam("than")
)
_CONFIRM = (
    update(stored_object)
    .where(stored_object.c.path == bindparam("of"), stored_object.c.version < bindparam("to"))
    .values(version=bindparam("to"))
)
_FORGET = delete(stored_object).where(is_removed, stored_object.c.modified < bindparam("before"))


class ObjectRows:
    """The rows of the objects."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def next_version(self) -> int:
        """Return a number that is higher than all before; whoever draws it reads the database after that."""
        with self._database.reading() as connection:
            return int(connection.execute(_next_version).scalar_one())

    def get(self, paths: Iterable[str]) -> Mapping[str, ObjectState]:
        """Return the objects at these paths, removed ones among them."""
        with self._database.reading() as connection:
            return {
                row.path: ObjectState(**row._mapping)
                for part in slices(paths)
                for row in connection.execute(_BY_PATH, {"paths": part})
            }

    def below(self, folder: str) -> Iterator[ObjectState]:
        """Yield the objects that exist below a path that ends in a slash, in the order of their paths."""
        after, end = folder, f"{folder[:-1]}0"  # the character behind the slash
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(_BETWEEN, {"after": after, "end": end}).all()
            yield from (ObjectState(**row._mapping) for row in rows)
            if len(rows) < PAGE:
                return
            after = rows[-1].path

    def put(self, objects: Iterable[ObjectState], version: int) -> frozenset[str]:
        """Note objects that were written or removed from the state of the database with this number.

        Returns the paths of those that have a later one: of these nothing is noted.
        """
        insert = self._database.dialect.insert(stored_object)
        new = insert.excluded
        statement = insert.on_conflict_do_update(
            index_elements=[stored_object.c.path],
            set_={name: new[name] for name in ("digest", "etag", "version", "modified")},
            where=stored_object.c.version <= new.version,
        )
        rows = _in_order(objects)
        if not rows:
            return frozenset()
        with self._database.writing() as connection:
            connection.execute(statement, rows)
            paths = slices(row["path"] for row in rows)
            later = (connection.scalars(_LATER, {"paths": part, "than": version}) for part in paths)
            return frozenset(chain.from_iterable(later))

    def confirm(self, paths: Iterable[str], version: int) -> None:
        """Note that these objects have the bytes that the state of the database with this number gives."""
        if rows := [{"of": path, "to": version} for path in sorted(paths)]:
            with self._database.writing() as connection:
                connection.execute(_CONFIRM, rows)

    def correct(self, objects: Iterable[ObjectState], noted: Mapping[str, str | None]) -> None:
        """Note what objects are found to be; `noted` are the ETags that the rows had, which nobody changed since."""
        insert = self._database.dialect.insert(stored_object)
        statement = insert.on_conflict_do_update(
            index_elements=[stored_object.c.path],
            set_={"digest": None, "etag": insert.excluded.etag, "modified": insert.excluded.modified},
            where=stored_object.c.etag.is_not_distinct_from(bindparam("noted")),
        )
        if rows := [{**row, "noted": noted.get(row["path"])} for row in _in_order(objects)]:
            with self._database.writing() as connection:
                connection.execute(statement, rows)

    def forget_removed(self, now: datetime) -> None:
        """Forget objects that were removed long ago."""
        with self._database.writing() as connection:
            connection.execute(_FORGET, {"before": now - REMOVED_FOR})


def _in_order(objects: Iterable[ObjectState]) -> list[dict[str, Any]]:
    """Return the objects as columns, in the order in which all processes lock their rows."""
    rows = ({column.name: getattr(state, column.name) for column in stored_object.c} for state in objects)
    return sorted(rows, key=itemgetter("path"))
