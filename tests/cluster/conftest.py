"""Servers that the tests of clusters share, PostgreSQL and an object store, and folders of processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.s3 import ObjectStore, object_store_server
from tests.whole.conftest import postgresql as postgresql


@pytest.fixture(scope="session")
def object_store() -> Iterator[ObjectStore]:
    """Give a server of buckets, in which each test makes one of its own."""
    with object_store_server() as running:
        yield running


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """Folders of two processes."""
    folders = [tmp_path / name for name in ("first", "second")]
    for folder in folders:
        folder.mkdir()
    return folders
