"""Articles that rules dropped, and the texts of entries where rules publish another."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("article", sa.Column("dropped", sa.BigInteger()))
    where = sa.text("dropped IS NOT NULL")
    op.create_index("ix_article_dropped", "article", ["dropped"], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "original",
        sa.Column("article_id", sa.String(length=32), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("markdown", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="fk_original_article_id"),
        sa.PrimaryKeyConstraint("article_id", name="pk_original"),
    )
