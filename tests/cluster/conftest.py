"""Servers that the tests of clusters share: PostgreSQL, and an object store."""

from collections.abc import Iterator

import pytest

from tests.s3 import ObjectStore, object_store_server
from tests.whole.conftest import postgresql as postgresql


@pytest.fixture(scope="session")
def object_store() -> Iterator[ObjectStore]:
    """Give a server of buckets, in which each test makes one of its own."""
    with object_store_server() as running:
        yield running
