"""Short texts that one run leaves for the next."""

from sqlalchemy import Connection, bindparam, select

from aggregator.store.dialect import Dialect
from aggregator.store.schema import note

_NOTE = select(note.c.value).where(note.c.name == bindparam("name"))


def read(connection: Connection, name: str) -> str | None:
    """What was written under `name`; None if nothing was."""
    value: str | None = connection.scalar(_NOTE, {"name": name})
    return value


def write(connection: Connection, dialect: Dialect, name: str, value: str) -> None:
    """Write `value` under `name`, in place of what was there."""
    written = dialect.insert(note).values(name=name, value=value)
    connection.execute(written.on_conflict_do_update(index_elements=[note.c.name], set_={"value": value}))
