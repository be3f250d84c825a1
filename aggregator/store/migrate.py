"""Creation and migration of a database's schema."""

from importlib.resources import files
from itertools import chain

from sqlalchemy import Column, Connection, Index, MetaData, String, Table, insert, inspect, text

from aggregator.errors import OutdatedError, StoreError
from aggregator.store.job_tables import create_job_tables
from aggregator.store.schema import VERSION, metadata
from aggregator.store.search_index import SEARCH_INDEXES

_version = Table(  # as Alembic makes it
    "alembic_version",
    MetaData(naming_convention={"pk": "%(table_name)s_pkc"}),
    Column("version_num", String(32), primary_key=True),
)


def version(connection: Connection) -> str | None:
    """Return the version of the schema, None if there is none. Raises OutdatedError if it is newer than the program."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    stored: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if stored is not None and stored > VERSION:
        raise OutdatedError(
            f"A newer aggregator made this database (schema {stored}, this one has {VERSION}); update aggregator"
        )
    return stored


def create(connection: Connection) -> None:
    """Create the schema in a database that has none, in this transaction, without loading the migrations.

    A test verifies that it is the one that they lead to.
    Raises StoreError if the database cannot hold texts of all languages.
    """
    is_server = connection.dialect.name == "postgresql"
    if is_server and (encoding := connection.scalar(text("SHOW server_encoding"))) != "UTF8":
        name = connection.engine.url.database
        advice = f"make it anew with `createdb --encoding=UTF8 --template=template0 {name}`"
        raise StoreError(f"The database {name} has the encoding {encoding}; {advice}")
    tables = metadata.tables.values()
    parts: list[Table | Index] = [*tables, *chain.from_iterable(table.indexes for table in tables)]
    for part in parts:
        options = part.info.get(connection.dialect.name, {})
        part.dialect_options[connection.dialect.name].update(options)
    metadata.create_all(connection, checkfirst=False)
    SEARCH_INDEXES[connection.dialect.name].create(connection)
    if connection.dialect.name == "postgresql":
        create_job_tables(connection)
    _version.create(connection)
    connection.execute(insert(_version), {"version_num": VERSION})


def migrate(connection: Connection) -> None:
    """Run the missing migrations in this transaction: all of them or, if the process dies, none."""
    from alembic import command  # half a second and 15 MB, for migrations alone
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("aggregator.store") / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
