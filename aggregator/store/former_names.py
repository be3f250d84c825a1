"""Names that sources had before they were renamed, as notes: their pages lead to those of the present names."""

from collections.abc import Iterable
from hashlib import blake2b

from sqlalchemy import Connection, bindparam, select

from aggregator.store.dialect import Dialect
from aggregator.store.schema import note, source

_ID = select(note.c.value).where(note.c.name == bindparam("note"))
_NAME = select(source.c.name).where(source.c.id == bindparam("id"))


def remember_names(connection: Connection, dialect: Dialect, names: Iterable[tuple[str, int]]) -> None:
    """Store former names, each with the id of its source; the source that had a name last counts."""
    if rows := [{"name": _note_name(name), "value": str(source_id)} for name, source_id in names]:
        statement = dialect.insert(note)
        latest = statement.on_conflict_do_update(index_elements=[note.c.name], set_={"value": statement.excluded.value})
        connection.execute(latest, rows)


def present_name(connection: Connection, former: str) -> str | None:
    """Return the present name of the source that had this name, None if none had it."""
    source_id = connection.scalar(_ID, {"note": _note_name(former)})
    name: str | None = connection.scalar(_NAME, {"id": int(source_id)}) if source_id else None
    return name


def _note_name(name: str) -> str:
    """Return the name of the note, which has room for less than the longest name of a source."""
    return f"renamed {blake2b(name.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}"
