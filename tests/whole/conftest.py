"""Processes of the command and a PostgreSQL server, which take seconds to start: the tests of a process share them."""

from collections.abc import Iterator

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
