import os
import re
import sqlite3
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, make_url, text

from aggregator.errors import UNREACHABLE, StoreBusyError, StoreDamagedError, StoreError
from aggregator.store import Store
from aggregator.store import migrate as migrating
from aggregator.store.dialect import PostgreSQL
from aggregator.store.schema import VERSION, metadata
from tests.store.conftest import database
from tests.store.values import LEASE, NOW, article, new, record, source, sync_sources

PARTITION = re.compile(r"_\d{4}_\d\d$")  # of a month, that a test before has left
SOON = timedelta(milliseconds=50)


def engine_of(url: str) -> Engine:
    return create_engine(url.replace("postgresql:", "postgresql+psycopg:"))


def test_a_database_is_made_with_its_folder_and_migrated(empty_url: str) -> None:
    with Store.open(empty_url) as store:
        sync_sources(store, [source()], NOW)
    with Store.open(empty_url) as store:
        assert len(store.sources.all()) == 1


def test_a_database_file_is_its_owners_alone(sqlite_template: Path, tmp_path: Path) -> None:
    made, wide = tmp_path / "made.db", tmp_path / "wide.db"
    wide.write_bytes(sqlite_template.read_bytes())
    wide.chmod(0o644)
    before = os.umask(0)
    try:
        for path in (made, wide):
            with Store.open(f"sqlite:///{path}") as store:
                sync_sources(store, [source()], NOW)
                modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob(f"{path.name}*")}
            assert modes == dict.fromkeys((path.name, f"{path.name}-wal", f"{path.name}-shm"), 0o600)
    finally:
        os.umask(before)


# Of an index over an expression, which SQLAlchemy does not read from SQLite; a test below compares its text.
expression_indexes = pytest.mark.filterwarnings(
    "ignore:Skipped unsupported reflection of expression", "ignore:autogenerate skipping metadata-specified expression"
)


@expression_indexes
def test_the_migrations_make_the_schema_that_the_code_uses(url: str) -> None:
    engine = engine_of(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": _is_ours})
        assert context.get_current_revision() == VERSION
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def _is_ours(item: Any, name: str | None, kind: str, is_reflected: bool, _: object) -> bool:
    """Leave out the tables of jobs, and what a database adds for its full-text index; the next test compares that."""
    if not is_reflected:
        return True
    if PARTITION.search(str(item.table.name if kind in ("column", "index") else name)):
        return False
    full_name = f"{item.table.name}.{name}" if kind in ("column", "index") else str(name)
    of_database = ("procrastinate", "search_index", "searchable.words", "searchable.ix_searchable_")
    return not full_name.startswith(of_database)


@expression_indexes
def test_a_new_database_has_the_schema_that_the_migrations_lead_to(
    empty_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    Store.open(empty_url).close()
    with another(empty_url, tmp_path / "other.db", request) as url:
        engine = engine_of(url)
        with engine.begin() as connection:
            migrating.migrate(connection)
        engine.dispose()
        assert structure(empty_url) == structure(url)


@contextmanager
def another(url: str, path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """URL of another new database of the same kind."""
    if url.startswith("sqlite"):
        yield f"sqlite:///{path}"
    else:
        with database(request.getfixturevalue("server")) as made:
            yield made


def structure(url: str) -> dict[str, object]:
    """Everything that the database says of its tables."""
    engine = engine_of(url)
    look = inspect(engine)
    description: dict[str, object] = {
        table: (
            sorted(
                (column["name"], str(column["type"]), column["nullable"], column["default"])
                for column in look.get_columns(table)
            ),
            look.get_pk_constraint(table),
            sorted(map(repr, look.get_unique_constraints(table))),
            sorted(map(repr, look.get_foreign_keys(table))),
            sorted(
                (str(index["name"]), str(index["column_names"]), str(index["unique"]))
                for index in look.get_indexes(table)
            ),
        )
        for table in look.get_table_names()
    }
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            made = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'index'")
            description["indexes"] = {name: sql and sql.replace('"', "") for name, sql in made}  # with their conditions
            rowids = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE sql LIKE '%WITHOUT ROWID%'")
            description["without rowid"] = sorted(name for (name,) in rowids)
    else:
        with engine.connect() as connection:
            made = connection.exec_driver_sql("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'")
            description["indexes"] = dict(map(tuple, made))
    engine.dispose()
    return description


def test_partial_indexes_have_the_conditions_of_the_schema(sqlite_template: Path, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'made.db'}")
    metadata.create_all(engine)
    engine.dispose()
    wanted = (
        "SELECT name, replace(sql, '\"', '') FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        " AND name != 'ix_searchable_number'"  # of the full-text index, not of the schema
    )
    indexes = []
    for path in (sqlite_template, tmp_path / "made.db"):
        with closing(sqlite3.connect(path)) as connection:
            indexes.append(dict(connection.execute(wanted).fetchall()))
    assert indexes[0] == indexes[1]


def test_a_database_of_a_newer_program_is_refused(empty_url: str) -> None:
    Store.open(empty_url).close()
    engine = engine_of(empty_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
    engine.dispose()
    with pytest.raises(StoreError, match=r"newer aggregator made this database .*0999.*update aggregator"):
        Store.open(empty_url)


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://host/name", "postgresql://host:port/name"])
def test_a_url_of_no_database_we_know_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="write sqlite:///FILE or postgresql://"):
        Store.open(url)


def test_several_may_open_a_new_database_at_once(empty_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        for opened in list(pool.map(Store.open, [empty_url] * 4)):
            opened.close()


# --------------------------------------------------------------------------------------------------------------- SQLite


def test_sqlite_is_durable_and_holds_to_its_references(sqlite_template: Path) -> None:
    with Store.open(f"sqlite:///{sqlite_template}") as store, store.database.reading() as connection:
        pragmas = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert pragmas == ["wal", 2, 1, 30_000]


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    path.write_text("This is no database. " * 100)
    with pytest.raises(StoreError, match=rf"{path} is damaged, or not an SQLite database at all; .*move it away"):
        Store.open(f"sqlite:///{path}")


@pytest.mark.parametrize("offset", [4096 * 2, 4096 * 5, 4096 * 9])
def test_a_damaged_database_is_found_by_the_check(sqlite_template: Path, tmp_path: Path, offset: int) -> None:
    path = tmp_path / "aggregator.db"
    path.write_bytes(sqlite_template.read_bytes())
    with Store.open(f"sqlite:///{path}") as store:
        store.database.check()
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"\xff" * 4096)
    with pytest.raises(StoreError, match="is damaged"), Store.open(f"sqlite:///{path}") as store:
        store.database.check()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"folder of the database .* cannot be created"):
        Store.open(f"sqlite:///{tmp_path / 'file' / 'aggregator.db'}")


def test_a_path_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=rf"{tmp_path} cannot be opened for writing; a folder is in its place"):
        Store.open(f"sqlite:///{tmp_path}")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_without_permission_to_write_is_said(sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    path.write_bytes(sqlite_template.read_bytes())
    path.chmod(stat.S_IRUSR)
    with pytest.raises(StoreError, match="cannot be opened for writing"), Store.open(f"sqlite:///{path}") as store:
        sync_sources(store, [source()], NOW)


def test_a_full_disk_is_said_and_loses_nothing_that_was_there(sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    path.write_bytes(sqlite_template.read_bytes())
    with Store.open(f"sqlite:///{path}") as store:
        sync_sources(store, [source()], NOW)
        with store.database.reading() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreError, match=r"disk is full, or fails, .* free some space"):
            record(store, new(article(html="x" * 100_000)))
        assert store.articles.page(None, 9) == ()
        with store.database.reading() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 100000")
        assert record(store, new(article(html="x" * 100_000))).new == 1


def test_a_locked_database_is_said_once_waiting_is_over_and_can_be_read_meanwhile(
    sqlite_template: Path, tmp_path: Path
) -> None:
    path = tmp_path / "aggregator.db"
    path.write_bytes(sqlite_template.read_bytes())
    with Store.open(f"sqlite:///{path}", busy_timeout=SOON) as store, closing(sqlite3.connect(path)) as connection:
        sync_sources(store, [source()], NOW)
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusyError, match=rf"The database {path} is locked by another process; wait"):
            record(store, new(article()))
        sync_sources(store, [source()], NOW)
        assert len(store.sources.all()) == 1
        connection.rollback()
        assert record(store, new(article())).new == 1


def test_a_database_that_may_not_be_looked_at_is_not_missed(sqlite_template: Path, tmp_path: Path) -> None:
    folder, away = tmp_path / "folder", tmp_path / "away"
    folder.mkdir()
    path = folder / "aggregator.db"
    path.write_bytes(sqlite_template.read_bytes())
    with Store.open(f"sqlite:///{path}") as store:
        sync_sources(store, [source()], NOW)
        folder.rename(away)
        folder.symlink_to(folder)  # for root, whom no mode keeps from looking
        with pytest.raises(StoreError, match="cannot be opened for writing; let this user write") as failure:
            store.sources.all()
        assert not isinstance(failure.value, StoreDamagedError)
        folder.unlink()
        away.rename(folder)
        assert len(store.sources.all()) == 1


def test_a_database_that_is_taken_away_is_missed_and_used_again_once_it_is_back(
    sqlite_template: Path, tmp_path: Path
) -> None:
    path, away = tmp_path / "aggregator.db", tmp_path / "away"
    path.write_bytes(sqlite_template.read_bytes())
    with Store.open(f"sqlite:///{path}") as store:
        sync_sources(store, [source()], NOW)
        path.rename(away)
        for _ in range(2):
            with pytest.raises(StoreDamagedError, match=rf"The database {path} no longer exists; put back a copy"):
                record(store, new(article()))
        assert not path.exists()  # a new and empty one would hide what is the matter
        away.rename(path)
        assert record(store, new(article())).new == 1


def test_another_database_in_the_place_of_the_one_that_was_open_is_used_from_then_on(
    sqlite_template: Path, tmp_path: Path
) -> None:
    path, copy = tmp_path / "aggregator.db", tmp_path / "copy.db"
    copy.write_bytes(sqlite_template.read_bytes())
    with Store.open(f"sqlite:///{copy}") as earlier:
        sync_sources(earlier, [source("earlier")], NOW)
    path.write_bytes(sqlite_template.read_bytes())
    with Store.open(f"sqlite:///{path}") as store:
        sync_sources(store, [source("later")], NOW)
        for suffix in ("-wal", "-shm"):
            (tmp_path / f"aggregator.db{suffix}").unlink(missing_ok=True)
        copy.rename(path)
        assert [stored.source.name for stored in store.sources.all()] == ["earlier"]
        store.meta.set("written", "to the new one")
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT value FROM note").fetchall() == [("to the new one",)]


# ----------------------------------------------------------------------------------------------------------- PostgreSQL


def test_a_server_that_is_not_there_is_said_without_the_password() -> None:
    with pytest.raises(StoreError) as caught:
        Store.open("postgresql://user:secret@127.0.0.1:1/name?password=secret&connect_timeout=2")
    assert "The database postgresql://user:***@127.0.0.1:1/name cannot be reached" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_database_that_is_not_there_is_said(server: Engine) -> None:
    url = server.url.set(drivername="postgresql", database="aggregator_nobody").render_as_string(hide_password=False)
    with pytest.raises(StoreError, match=r"aggregator_nobody cannot be reached \(.*does not exist"):
        Store.open(url)


def test_the_driver_reaches_the_database_by_the_urls_password_and_options_with_spaces(server: Engine) -> None:
    with database(server) as url:
        options = {**make_url(url).query, "application_name": "the+news of+today"}
        written = make_url(url).set(query=options).render_as_string(hide_password=False)
        written = re.sub(r"//[^/]*(?=@)", lambda user: user[0].partition(":")[0] + ":a%20b%22+%2B%3F", written)
        with Store.open(written) as store, psycopg.connect(store.database.url) as connection:
            assert connection.info.password == 'a b"++?'
            assert connection.info.parameter_status("application_name") == "the+news of+today"


def test_a_database_of_another_encoding_is_said(server: Engine) -> None:
    with database(server) as url:
        name = make_url(url).database
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name}"))
            connection.execute(text(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0"))
        with pytest.raises(StoreError, match=f"{name} has the encoding SQL_ASCII; make it anew with `createdb --enc"):
            Store.open(url)


def test_a_user_who_may_not_write_is_told_so(server: Engine) -> None:
    with database(server) as url:
        Store.open(url).close()
        name = make_url(url).database
        with server.connect() as connection:
            connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
        with Store.open(url) as store, pytest.raises(StoreError, match="this user may not write to the database"):
            sync_sources(store, [source()], NOW)


def test_a_row_that_another_transaction_holds_is_said_once_waiting_is_over(server: Engine) -> None:
    with database(server) as url, Store.open(url, busy_timeout=SOON) as store:
        sync_sources(store, [source()], NOW)
        engine = engine_of(url)
        with engine.begin() as connection:
            connection.execute(text("SELECT * FROM source, host FOR UPDATE"))
            assert store.leases.claim(NOW, limit=1, lease=LEASE) == ()
            with pytest.raises(StoreBusyError, match="is locked by other processes"):
                record(store, new(article()))
        engine.dispose()
        assert record(store, new(article())).new == 1


@pytest.mark.parametrize("limited", ["ROLE", "DATABASE"])
def test_a_server_without_a_free_connection_is_said(server: Engine, limited: str) -> None:
    with database(server) as url:
        name = make_url(url).database
        with server.connect() as connection:
            connection.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD 'secret'"))
            connection.execute(text(f"ALTER {limited} {name} CONNECTION LIMIT 0"))
        try:
            limited_url = make_url(url).set(username=name, password="secret")
            with pytest.raises(StoreBusyError) as caught:
                Store.open(limited_url.render_as_string(hide_password=False))
        finally:
            with server.connect() as connection:
                connection.execute(text(f"DROP ROLE {name}"))
    assert "has no free connection (connection failed: " in str(caught.value)
    assert f'too many connections for {limited.lower()} "{name}"); raise its `max_connections`' in str(caught.value)
    assert caught.value.cause == UNREACHABLE


@pytest.mark.parametrize(
    "reason",
    [
        "sorry, too many clients already",
        "remaining connection slots are reserved for roles with the SUPERUSER attribute",
        "no more connections allowed (max_client_conn)",  # PgBouncer's
    ],
)
def test_every_word_for_no_free_connection_is_known(reason: str) -> None:
    error = psycopg.OperationalError(f"connection failed: FATAL:  {reason}")
    assert "has no free connection" in str(PostgreSQL().failure(error, "postgresql://x"))


def test_connections_that_the_server_closed_are_made_anew(server: Engine) -> None:
    with database(server) as url, Store.open(url) as store:
        sync_sources(store, [source()], NOW)
        with server.connect() as connection:
            ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
            connection.execute(text(ended), {"name": make_url(url).database})
        assert record(store, new(article())).new == 1


def test_a_note_is_kept_for_later_runs_and_written_over(store: Store) -> None:
    assert store.meta.get("style") is None
    store.meta.set("style", "one")
    store.meta.set("style", "two")
    assert store.meta.get("style") == "two"
    assert store.meta.get("other") is None
