"""Processes of the command and a PostgreSQL server, which take seconds to start: the tests of a process share them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clusters import Cluster, cluster
from tests.whole.forking import Forks


@pytest.fixture
def forks() -> Forks:
    """Begin processes of the command at once."""
    return Forks()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """Give a server, in which each test makes databases of its own."""
    with cluster() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> dict[str, str]:
    """Give the setting of each database in turn."""
    if request.param == "sqlite":
        return {}
    running: Cluster = request.getfixturevalue("postgresql")
    return {"database": running.database()}


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of each database in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/storage/aggregator.db"
    running: Cluster = request.getfixturevalue("postgresql")
    return running.database()
