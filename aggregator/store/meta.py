"""Short texts that one run leaves for the next."""

from sqlalchemy import bindparam, select

from aggregator.store.database import Database
from aggregator.store.schema import note

UNFINISHED_COPY = "unfinished copy"  # of a copy of another database: number of rows that stand in it, by table

_VALUE = select(note.c.value).where(note.c.name == bindparam("name"))


class MetaStore:
    """Notes by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> str | None:
        """Return the note, or None if there is none."""
        with self._database.reading() as connection:
            value: str | None = connection.scalar(_VALUE, {"name": name})
        return value

    def set(self, name: str, value: str) -> None:
        """Write the note, in place of an earlier one."""
        insert = self._database.dialect.insert(note).values(name=name, value=value)
        with self._database.writing() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=[note.c.name], set_={"value": value}))

    def made_once(self, name: str, value: str) -> str:
        """Return the note; it becomes `value` if there is none yet, even if several processes write theirs at once."""
        if present := self.get(name):
            return present
        insert = self._database.dialect.insert(note).values(name=name, value=value)
        with self._database.writing() as connection:
            connection.execute(insert.on_conflict_do_nothing(index_elements=[note.c.name]))
        return self.get(name) or value
