"""Moves the texts of articles to tables of their own, for version 0004 of the schema."""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from aggregator.store.article_numbers import number_of
from aggregator.store.columns import EPOCH
from aggregator.store.job_tables import create_job_tables
from aggregator.store.partitions import make_partitions
from aggregator.store.search import index_all
from aggregator.store.search_index import SEARCH_INDEXES

BATCH = 1_000  # articles
TABLES = ("article_text", "searchable", "revision")


def number_articles() -> None:
    """Give the articles their numbers, in the order of dates."""
    op.add_column("article", sa.Column("number", sa.BigInteger(), nullable=False, server_default="0"))
    connection = op.get_bind()
    page = sa.text("SELECT id, published FROM article WHERE id > :last ORDER BY id LIMIT :limit")
    update = sa.text("UPDATE article SET number = :number WHERE id = :article")
    last, used = "", set[int]()
    while rows := connection.execute(page, {"last": last, "limit": BATCH}).all():
        last = rows[-1].id
        numbers = []
        for article_id, published in rows:
            number = number_of(article_id, EPOCH + timedelta(microseconds=published))
            while number in used:
                number += 1
            used.add(number)
            numbers.append({"article": article_id, "number": number})
        connection.execute(update, numbers)
    op.create_index("uq_article_number", "article", ["number"], unique=True)


def move_texts() -> None:
    """Move texts and revisions to tables that PostgreSQL partitions, and fill that of the search."""
    connection = op.get_bind()
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "article_text",
        sa.Column("number", number, autoincrement=False, nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("markdown", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_article_text"),
        postgresql_partition_by="RANGE (number)",
    )
    op.create_table(
        "searchable",
        sa.Column("number", number, autoincrement=False, nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_searchable"),
        postgresql_partition_by="RANGE (number)",
    )
    op.rename_table("revision", "revision_before")
    if connection.dialect.name == "postgresql":
        op.execute("ALTER INDEX pk_revision RENAME TO pk_revision_before")
    op.create_table(
        "revision",
        sa.Column("article_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("article_number", "number", name="pk_revision"),
        postgresql_partition_by="RANGE (article_number)",
    )
    SEARCH_INDEXES[connection.dialect.name].create(connection)
    if connection.dialect.name == "postgresql":
        create_job_tables(connection)
    is_kept = "NOT pruned"
    numbers = connection.scalars(sa.text(f"SELECT number FROM article WHERE {is_kept}")).all()  # noqa: S608 - our own text
    make_partitions(connection, numbers, TABLES)
    op.execute(
        "INSERT INTO article_text (number, html, markdown, summary)"  # noqa: S608 - it too
        f" SELECT number, html, markdown, summary FROM article WHERE {is_kept} ORDER BY number"
    )
    op.execute(
        "INSERT INTO revision (article_number, number, at, title, html, summary)"
        " SELECT article.number, revision.number, at, revision.title, revision.html, revision.summary"
        " FROM revision_before AS revision JOIN article ON article.id = article_id"
    )
    op.drop_table("revision_before")
    if connection.dialect.name == "sqlite":  # it writes each row anew for each column that goes
        op.execute("UPDATE article SET html = '', markdown = '', summary = ''")
    for name in ("html", "markdown", "summary"):
        op.drop_column("article", name)
    index_all(connection)
