"""Fixtures that every test may use."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

SHARED = Path(__file__).parent.parent.parent / "shared"


@pytest.fixture
def now() -> datetime:
    """A fixed moment, later than every date of the corpus that is honest."""
    return datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
