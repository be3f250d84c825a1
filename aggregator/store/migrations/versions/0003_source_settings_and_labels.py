"""Standard names for columns; the digest of a truncated document."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

RENAMED = (
    ("source", "wish", "requested_interval"),
    ("source", "facts", "feed_info"),
    ("article", "story", "cluster"),
)


def upgrade() -> None:
    op.drop_index("ix_article_story", "article")
    for table, column, name in RENAMED:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO {name}")
    op.create_index("ix_article_cluster", "article", ["cluster"])
    op.add_column("source", sa.Column("truncated_digest", sa.LargeBinary()))
