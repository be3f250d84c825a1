"""The first schema: sources, hosts, categories, articles and their names."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _where(condition: str) -> dict[str, Any]:
    # SQLite takes a partial index only for a query that words the condition as SQLAlchemy does for it.
    numbered = condition.replace("TRUE", "1").replace("FALSE", "0")
    return {"sqlite_where": sa.text(numbered), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    op.create_table(
        "category",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("successor", sa.String(length=80)),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_category"),
    )
    op.create_index("ix_category_pending", "category", ["name"], **_where("pending IS TRUE"))
    op.create_table(
        "host",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("not_before", sa.BigInteger()),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("forbidden", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_host"),
    )
    op.create_table(
        "source",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("language", sa.Text()),
        sa.Column("interval", sa.BigInteger(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("readdressed", sa.Boolean(), nullable=False),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("moved_to", sa.Text()),
        sa.Column("etag", sa.Text()),
        sa.Column("last_modified", sa.Text()),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("seen", sa.LargeBinary(), nullable=False),
        sa.Column("last_fetch", sa.BigInteger()),
        sa.Column("next_fetch", sa.BigInteger(), nullable=False),
        sa.Column("due_reason", sa.Text(), nullable=False),
        sa.Column("http_status", sa.Integer()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("paused", sa.Text()),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("unmodified_since", sa.BigInteger()),
        sa.Column("wish", sa.BigInteger(), nullable=False),
        sa.Column("skip_hours", sa.JSON(), nullable=False),
        sa.Column("skip_days", sa.JSON(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_source"),
    )
    op.create_index(
        "ix_source_due", "source", ["next_fetch"], **_where("present IS TRUE AND enabled IS TRUE AND paused IS NULL")
    )
    op.create_index("ix_source_moved_to", "source", ["moved_to"], postgresql_using="hash")
    op.create_index("ix_source_url", "source", ["url"], postgresql_using="hash")
    op.create_table(
        "article",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("guid", sa.Text()),
        sa.Column("guid_key", sa.Text()),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("link_key", sa.Text()),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("markdown", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("language", sa.Text()),
        sa.Column("published", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("edited", sa.BigInteger()),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("enclosures", sa.JSON(), nullable=False),
        sa.Column("image", sa.Text()),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("text_digest", sa.LargeBinary(), nullable=False),
        sa.Column("title_digest", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("story", sa.String(length=32), nullable=False),
        sa.Column("pruned", sa.Boolean(), nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_article_source_id"),
        sa.PrimaryKeyConstraint("id", name="pk_article"),
        sa.UniqueConstraint("path", name="uq_article_path"),
        sa.UniqueConstraint("uid", name="uq_article_uid"),
    )
    op.create_index("ix_article_pending", "article", ["id"], **_where("pending IS TRUE"))
    op.create_index("ix_article_story", "article", ["story"])
    op.create_table(
        "article_category",
        sa.Column("article_id", sa.String(length=32), nullable=False),
        sa.Column("category", sa.String(length=80), nullable=False),
        sa.Column("published", sa.BigInteger(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="fk_article_category_article_id"),
        sa.ForeignKeyConstraint(["category"], ["category.name"], name="fk_article_category_category"),
        sa.PrimaryKeyConstraint("article_id", "category", name="pk_article_category"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_article_category_newest",
        "article_category",
        ["category", sa.text("published DESC"), sa.text("first_seen DESC"), "position", "article_id"],
        **_where("hidden IS FALSE"),
    )
    op.create_table(
        "article_source",
        sa.Column("article_id", sa.String(length=32), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="fk_article_source_article_id"),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_article_source_source_id"),
        sa.PrimaryKeyConstraint("article_id", "source_id", name="pk_article_source"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_article_source_source_id", "article_source", ["source_id"])
    op.create_table(
        "key",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("article_id", sa.String(length=32), nullable=False),
        sa.Column("strong", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="fk_key_article_id"),
        sa.PrimaryKeyConstraint("digest", "article_id", name="pk_key"),
        sqlite_with_rowid=False,
    )
    op.create_index("uq_key_strong", "key", ["digest"], unique=True, **_where("strong IS TRUE"))
    op.create_table(
        "revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="fk_revision_article_id"),
        sa.PrimaryKeyConstraint("id", name="pk_revision"),
    )
    op.create_index("ix_revision_article_id", "revision", ["article_id"])
    op.create_table(
        "note",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_note"),
    )
