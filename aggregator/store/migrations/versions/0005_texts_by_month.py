"""Texts of entries, pages, translations and archives under the numbers of articles, by month on PostgreSQL."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from aggregator.store.partitions import partition_as_texts

revision = "0005"
down_revision = "0004"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOVED = ("original", "page", "translation", "archived")


def upgrade() -> None:
    """Move the texts, and leave the marks to read pages and to make translations without them."""
    for name in ("ix_page_due", "ix_translation_due"):
        op.drop_index(name)
    for name in MOVED:
        op.rename_table(name, f"{name}_before")
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"ALTER INDEX pk_{name} RENAME TO pk_{name}_before")
    _create_texts()
    _create_marks()
    partition_as_texts(op.get_bind(), ("original", "page_text", "translation_text", "archived"))
    _move("original", "number", "title, html, markdown, summary")
    _move("page", "number", "html, markdown, summary", into="page_text", condition="html IS NOT NULL")
    _move(
        "translation",
        "article_number",
        "language, title, html, markdown, summary",
        into="translation_text",
        condition="updated IS NOT NULL",
    )
    _move("archived", "article_number", "digest, version")
    _keep("page", "article_id, digest, due, lease_until, owner, failures, error, link", has_text="html IS NOT NULL")
    _keep("translation", "article_id, language, due, lease_until, owner, failures, version, error, updated, digest")
    for name in MOVED:
        op.drop_table(f"{name}_before")


def _create_texts() -> None:
    body = ("html", "markdown", "summary")
    _create_by_month("original", "number", [_text(name) for name in ("title", *body)])
    _create_by_month("page_text", "number", [_text(name) for name in body])
    language = sa.Column("language", sa.String(length=35), nullable=False)
    texts = [_text(name) for name in ("title", *body)]
    _create_by_month("translation_text", "article_number", [language, *texts], key="language")
    version = [sa.Column(name, sa.LargeBinary(), nullable=False) for name in ("digest", "version")]
    _create_by_month("archived", "article_number", version, key="digest")


def _create_by_month(name: str, number: str, columns: list[Any], key: str | None = None) -> None:
    keys = (number, key) if key else (number,)
    op.create_table(
        name,
        sa.Column(number, sa.BigInteger() if key else NUMBER, autoincrement=False, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint(*keys, name=f"pk_{name}"),
        postgresql_partition_by=f"RANGE ({number})",
    )


def _text(name: str) -> Any:
    return sa.Column(name, sa.Text(), nullable=False)


def _create_marks() -> None:
    op.create_table(
        "page",
        sa.Column("article_id", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        *_leased(),
        sa.Column("error", sa.Text()),
        sa.Column("has_text", sa.Boolean(), nullable=False),
        sa.Column("link", sa.Text()),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="fk_page_article_id"),
        sa.PrimaryKeyConstraint("article_id", name="pk_page"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "translation",
        sa.Column("article_id", sa.String(length=32), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        *_leased(),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("updated", sa.BigInteger()),
        sa.Column("digest", sa.LargeBinary()),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="fk_translation_article_id"),
        sa.PrimaryKeyConstraint("article_id", "language", name="pk_translation"),
        sqlite_with_rowid=False,
    )
    is_due = sa.text("due IS NOT NULL")
    for name in ("page", "translation"):
        op.create_index(f"ix_{name}_due", name, ["due"], sqlite_where=is_due, postgresql_where=is_due)


def _leased() -> tuple[Any, ...]:
    return (
        sa.Column("due", sa.BigInteger()),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("owner", sa.String(length=32)),
        sa.Column("failures", sa.Integer(), nullable=False),
    )


def _move(name: str, key: str, columns: str, *, into: str = "", condition: str = "") -> None:
    """Copy the texts of articles that were not pruned; nothing reads those of others."""
    qualified = ", ".join(f"before.{column}" for column in columns.split(", "))
    of_text = "JOIN article_text ON article_text.number = article.number"
    where = f" WHERE before.{condition}" if condition else ""
    op.execute(
        f"INSERT INTO {into or name} ({key}, {columns}) SELECT article.number, {qualified}"  # noqa: S608 - our own text
        f" FROM {name}_before AS before JOIN article ON article.id = before.article_id {of_text}{where}"
    )


def _keep(name: str, columns: str, **computed: str) -> None:
    names, values = ", ".join((columns, *computed)), ", ".join((columns, *computed.values()))
    op.execute(f"INSERT INTO {name} ({names}) SELECT {values} FROM {name}_before")  # noqa: S608 - our own text
