"""Owners of articles, and counters of the limits."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "unpublished",
        sa.Column("article_id", sa.String(length=32), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="fk_unpublished_article_id"),
        sa.PrimaryKeyConstraint("article_id", name="pk_unpublished"),
        sqlite_with_rowid=False,
    )
    op.drop_index("ix_article_cluster", "article")
    op.create_index("ix_article_cluster", "article", ["cluster", "first_seen", "position", "id"])
    # Articles that are stored already keep their order: they all have the same ordinal.
    op.add_column("article_category", sa.Column("ordinal", sa.Integer(), nullable=False, server_default="0"))
    op.drop_index("ix_article_category_newest", "article_category")
    columns: list[Any] = [
        "category",
        sa.text("published DESC"),
        "ordinal",
        sa.text("first_seen DESC"),
        "position",
        "article_id",
    ]
    where = sa.text("hidden IS 0" if op.get_bind().dialect.name == "sqlite" else "hidden IS FALSE")
    options: dict[str, Any] = {"sqlite_where": where, "postgresql_where": where}
    op.create_index("ix_article_category_newest", "article_category", columns, **options)
