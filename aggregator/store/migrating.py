"""Brings the schema of a database up to this program's, and refuses one that is newer."""

from importlib.resources import files

from sqlalchemy import Connection, inspect, text

from aggregator.errors import StoreError
from aggregator.store.schema import VERSION


def version(connection: Connection) -> str | None:
    """The schema's version; None for a database without one. Raises StoreError if it is newer than the program."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if found is not None and found > VERSION:
        raise StoreError(
            f"A newer aggregator made this database (schema {found}, where this one knows {VERSION}); update aggregator"
        )
    return found


def migrate(connection: Connection) -> None:
    """Run the missing migrations in this transaction: all of them or, should the process die, none."""
    from alembic import command  # a second of processor time that only a migration is worth
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("aggregator.store") / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
