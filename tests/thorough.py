"""`make test` has a short form of the longest tests; `make crash` and `make hostile` run all of each (THOROUGH=1)."""

import os
from collections.abc import Sequence
from typing import TypeVar

import pytest

THOROUGH = os.environ.get("THOROUGH") == "1"

_DATABASES = ["sqlite", "postgresql"] if THOROUGH else ["sqlite"]
on_each_database = pytest.mark.parametrize("database_url", _DATABASES, indirect=True)  # of tests that name its URL
with_each_database = pytest.mark.parametrize("database", _DATABASES, indirect=True)  # of those that take the setting

T = TypeVar("T")


def examples(count: int) -> int:
    """So many examples of a property in a thorough run, a fifth of them in another."""
    return count if THOROUGH else -(-count // 5)


def some(values: Sequence[T], every: int) -> list[T]:
    """Every so manieth of the values; all of them in a thorough run."""
    return list(values[:: 1 if THOROUGH else every])
