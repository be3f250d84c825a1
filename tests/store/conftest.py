"""A store on each database; PostgreSQL is `TEST_DATABASE_URL`, else one that is started for the tests.

Migrating takes longer than most tests, so it is done once: SQLite's file is copied, PostgreSQL's tables are emptied.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, NullPool, create_engine, make_url, text

from aggregator.store import Store
from aggregator.store.schema import metadata
from tests.clusters import started

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


@contextmanager
def administrator(url: str) -> Iterator[Engine]:
    """Connections to the server at `url` that may make and drop databases."""
    driver_url = make_url(url).set(drivername="postgresql+psycopg")
    engine = create_engine(
        driver_url, isolation_level="AUTOCOMMIT", poolclass=NullPool
    )  # another test may stop the server
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def server() -> Iterator[Engine]:
    """An administrator's connections to PostgreSQL; skips, with the reason, where none can be had."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        with administrator(given) as engine:
            yield engine
        return
    with started() as own, administrator(own.get_uri()) as engine:
        yield engine


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
        migrated = request.getfixturevalue("migrated")
        yield migrated
        _empty(migrated)


def _empty(url: str) -> None:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
        connection.execute(text("ALTER SEQUENCE source_id_seq RESTART"))
        connection.execute(text("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE"))
    engine.dispose()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """An open store without rows."""
    with Store.open(url) as opened:
        yield opened
