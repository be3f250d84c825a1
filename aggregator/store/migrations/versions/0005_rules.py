"""Rules: dropped articles and texts of entries; full text: pages and robots.txt; details of entries."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("article", sa.Column("dropped", sa.BigInteger()))
    op.add_column("article", sa.Column("details", sa.JSON(), nullable=False, server_default="{}"))
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
    op.create_table(
        "page",
        sa.Column("article_id", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("due", sa.BigInteger()),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("html", sa.Text()),
        sa.Column("markdown", sa.Text()),
        sa.Column("summary", sa.Text()),
        sa.Column("link", sa.Text()),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="fk_page_article_id"),
        sa.PrimaryKeyConstraint("article_id", name="pk_page"),
        sqlite_with_rowid=False,
    )
    is_due = sa.text("due IS NOT NULL")
    op.create_index("ix_page_due", "page", ["due"], sqlite_where=is_due, postgresql_where=is_due)
    op.create_table(
        "robots_txt",
        sa.Column("origin", sa.String(length=300), nullable=False),
        sa.Column("fetched", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("origin", name="pk_robots_txt"),
        sqlite_with_rowid=False,
    )
