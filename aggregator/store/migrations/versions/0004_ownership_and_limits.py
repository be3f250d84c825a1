"""Owners of articles, and counters of the limits."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Change nothing yet."""
