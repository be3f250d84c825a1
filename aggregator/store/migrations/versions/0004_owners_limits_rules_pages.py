"""Owners, limits, rules, full text and details of articles; leases of hosts."""

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa
from alembic import op

from aggregator.store.migrations.texts import move_texts, number_articles

revision = "0004"
down_revision = "0003"

DAY = 86_400_000_000  # in the unit of columns of moments: microseconds
DAYS = 28
REVISIONS = 10  # of an article that are kept
SIGNED_WORDS = 20  # shorter texts have no bands
BEFORE, SINCE = (4, 5), (8, 3)  # bands of a signature, and the values in each
BATCH = 1_000  # articles
POLLABLE = {
    "sqlite": "present IS 1 AND enabled IS 1 AND paused IS NULL",
    "postgresql": "present IS TRUE AND enabled IS TRUE AND paused IS NULL",
}


def upgrade() -> None:
    """Add the tables of owners, counters and limits, and fill those that articles tell."""
    op.create_table(
        "unpublished",
        sa.Column("article_id", sa.String(length=32), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="fk_unpublished_article_id"),
        sa.PrimaryKeyConstraint("article_id", name="pk_unpublished"),
        sqlite_with_rowid=False,
    )
    op.add_column("article", sa.Column("external_url", sa.Text()))
    op.add_column("source", sa.Column("reading", sa.Integer()))
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
    _replace_bands()
    op.create_index("ix_key_article_id", "key", ["article_id"])
    _count_days()
    _number_revisions()
    _add_rules_and_pages()
    number_articles()
    move_texts()
    _add_archive()
    _add_backfill()
    _move_leases_to_hosts()
    _add_overviews()
    _add_objects()
    _add_workers()


def _add_rules_and_pages() -> None:
    op.add_column("article", sa.Column("dropped", sa.BigInteger()))
    op.add_column("article", sa.Column("details", sa.JSON(), nullable=False, server_default="{}"))
    where = sa.text("dropped IS NOT NULL")
    op.add_column("article", sa.Column("withdrawn", sa.BigInteger()))
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
        sa.Column("owner", sa.String(length=32)),
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
        "tombstone",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_tombstone"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "retraction",
        sa.Column("category", sa.String(length=80), nullable=False),
        sa.Column("article_id", sa.String(length=32), nullable=False),
        sa.Column("deleted", sa.BigInteger(), nullable=False),
        sa.Column("joined", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["category"], ["category.name"], name="fk_retraction_category"),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="fk_retraction_article_id"),
        sa.PrimaryKeyConstraint("category", "article_id", name="pk_retraction"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "translation",
        sa.Column("article_id", sa.String(length=32), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("due", sa.BigInteger()),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("owner", sa.String(length=32)),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("updated", sa.BigInteger()),
        sa.Column("digest", sa.LargeBinary()),
        sa.Column("title", sa.Text()),
        sa.Column("html", sa.Text()),
        sa.Column("markdown", sa.Text()),
        sa.Column("summary", sa.Text()),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="fk_translation_article_id"),
        sa.PrimaryKeyConstraint("article_id", "language", name="pk_translation"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_translation_due", "translation", ["due"], sqlite_where=is_due, postgresql_where=is_due)
    op.create_table(
        "translated_text",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_translated_text"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_translated_text_used", "translated_text", ["used"])
    op.create_table(
        "robots_txt",
        sa.Column("origin", sa.String(length=300), nullable=False),
        sa.Column("fetched", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("origin", name="pk_robots_txt"),
        sqlite_with_rowid=False,
    )


def _add_archive() -> None:
    """Add what archives need; articles are numbered at the next publication, in the order of their first sight."""
    op.add_column("category", sa.Column("joined", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("category", sa.Column("rendered", sa.BigInteger()))
    for name, kind in (
        ("number", sa.Integer()),
        ("archive_page", sa.Integer()),
        ("archived", sa.LargeBinary()),
        ("edited_after", sa.Integer()),
    ):
        op.add_column("article_category", sa.Column(name, kind))
    is_hidden = sa.text("hidden IS 1" if op.get_bind().dialect.name == "sqlite" else "hidden IS TRUE")
    op.create_index(
        "ix_article_category_hidden",
        "article_category",
        ["category", "published"],
        sqlite_where=is_hidden,
        postgresql_where=is_hidden,
    )
    is_shown = "hidden IS 0" if op.get_bind().dialect.name == "sqlite" else "hidden IS FALSE"
    for name, column, condition in (
        ("open", "number", f"{is_shown} AND archive_page IS NULL"),
        ("page", "archive_page", "archive_page IS NOT NULL"),
        ("edited", "edited_after", "edited_after IS NOT NULL"),
    ):
        where = sa.text(condition)
        options: dict[str, Any] = {"sqlite_where": where, "postgresql_where": where}
        op.create_index(f"ix_article_category_{name}", "article_category", ["category", column], **options)
    op.create_table(
        "archive_page",
        sa.Column("category", sa.String(length=80), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("pending", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["category"], ["category.name"], name="fk_archive_page_category"),
        sa.PrimaryKeyConstraint("category", "number", name="pk_archive_page"),
        sqlite_with_rowid=False,
    )
    is_pending = sa.text("pending > 0")
    op.create_index(
        "ix_archive_page_pending",
        "archive_page",
        ["category", "number"],
        sqlite_where=is_pending,
        postgresql_where=is_pending,
    )
    op.create_table(
        "archived",
        sa.Column("article_id", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="fk_archived_article_id"),
        sa.PrimaryKeyConstraint("article_id", "digest", name="pk_archived"),
        sqlite_with_rowid=False,
    )


def _add_backfill() -> None:
    op.create_table(
        "backfill",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text()),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("seen", sa.LargeBinary(), nullable=False),
        sa.Column("due", sa.BigInteger()),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("owner", sa.String(length=32)),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_backfill_source_id"),
        sa.PrimaryKeyConstraint("source_id", name="pk_backfill"),
    )
    is_due = sa.text("due IS NOT NULL")
    op.create_index("ix_backfill_due", "backfill", ["due"], sqlite_where=is_due, postgresql_where=is_due)


def _add_overviews() -> None:
    present, true, false, most = "present IS 1", "IS 1", "IS 0", "-failures"
    if op.get_bind().dialect.name != "sqlite":
        present, true, false, most = "present IS TRUE", "IS TRUE", "IS FALSE", "(-failures)"
    polled = f"{present} AND enabled {true} AND paused IS NULL"
    since = sa.text("coalesce(last_success, first_seen)")
    indexes: list[tuple[str, list[Any], str]] = [
        ("ordinal", ["ordinal"], present),
        ("failing", [since, sa.text(most), "ordinal"], f"{polled} AND failures > 0"),
        ("unasked", ["ordinal"], f"{polled} AND failures = 0 AND last_fetch IS NULL"),
        ("idle", ["ordinal"], f"{present} AND (enabled {false} OR paused IS NOT NULL)"),
    ]
    op.create_index("ix_source_name", "source", ["name"], postgresql_using="hash")
    for name, columns, condition in indexes:
        where = sa.text(condition)
        op.create_index(f"ix_source_{name}", "source", columns, sqlite_where=where, postgresql_where=where)


def _add_objects() -> None:
    op.create_table(
        "object",
        sa.Column("path", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("digest", sa.LargeBinary()),
        sa.Column("etag", sa.Text()),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("modified", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("path", name="pk_object"),
    )
    is_removed = sa.text("etag IS NULL")
    op.create_index("ix_object_removed", "object", ["modified"], sqlite_where=is_removed, postgresql_where=is_removed)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.schema.CreateSequence(sa.Sequence("object_version")))


def _add_workers() -> None:
    op.create_table(
        "worker",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.Column("leases", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_worker"),
    )


def _count_days() -> None:
    op.create_table(
        "source_day",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("published", sa.Integer(), nullable=False),
        sa.Column("recorded", sa.Integer(), nullable=False, server_default="0"),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_source_day_source_id"),
        sa.PrimaryKeyConstraint("source_id", "day", name="pk_source_day"),
        sqlite_with_rowid=False,
    )
    op.add_column("source", sa.Column("last_new", sa.BigInteger()))
    op.add_column("source", sa.Column("last_success", sa.BigInteger()))
    op.execute("UPDATE source SET last_success = last_fetch WHERE failures = 0")
    op.add_column("source", sa.Column("waiting", sa.LargeBinary()))
    op.add_column("source", sa.Column("lost", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE source SET last_new = (SELECT max(first_seen) FROM article WHERE source_id = source.id)")
    # From the last fetch back: a migration reads no clock.
    op.execute(
        "INSERT INTO source_day (source_id, day, published)"  # noqa: S608 - our own numbers
        f" SELECT article_source.source_id, article.published / {DAY}, count(*)"
        " FROM article_source JOIN article ON article.id = article_source.article_id"
        f" WHERE article.published > (SELECT max(last_fetch) FROM source) - {DAY * DAYS}"
        f" GROUP BY article_source.source_id, article.published / {DAY}"
    )


def _number_revisions() -> None:
    op.add_column("revision", sa.Column("number", sa.Integer()))
    op.execute(
        "UPDATE revision SET number = (SELECT count(*) FROM revision AS earlier"
        " WHERE earlier.article_id = revision.article_id AND earlier.id <= revision.id)"
    )
    op.execute(
        "DELETE FROM revision WHERE number <= (SELECT max(later.number) FROM revision AS later"  # noqa: S608 - our own number
        f" WHERE later.article_id = revision.article_id) - {REVISIONS}"
    )


def _replace_bands() -> None:
    """Replace the keys of texts: more bands of fewer values find more of the near-equal texts."""
    connection = op.get_bind()
    page = sa.text("SELECT id, signature FROM article WHERE words >= :words AND id > :last ORDER BY id LIMIT :limit")
    delete = sa.text("DELETE FROM key WHERE digest = :digest AND article_id = :article")
    insert = sa.text("INSERT INTO key (digest, article_id, strong) VALUES (:digest, :article, false)")
    last = ""
    while rows := connection.execute(page, {"words": SIGNED_WORDS, "last": last, "limit": BATCH}).all():
        last = rows[-1].id
        for statement, (bands, values) in ((delete, BEFORE), (insert, SINCE)):
            keys = [
                {"digest": digest, "article": article_id}
                for article_id, signature in rows
                for digest in dict.fromkeys(_keys(bytes(signature), bands, 2 * values))
            ]
            connection.execute(statement, keys)


def _keys(signature: bytes, bands: int, width: int) -> Iterator[bytes]:
    """Yield the digests of the keys that a signature gives."""
    for band in range(bands):
        value = bytes([band]) + signature[band * width : (band + 1) * width]
        yield blake2b(value, digest_size=16, person=b"text").digest()


def _move_leases_to_hosts() -> None:
    for name in ("ix_source_leased", "ix_source_host", "ix_source_due"):
        op.drop_index(name, "source")
    for name in ("lease_until", "claimed_by"):
        op.drop_column("source", name)
    for column in (
        sa.Column("due", sa.BigInteger()),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("owner", sa.String(length=32)),
        sa.Column("token", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("last_asked", sa.BigInteger()),
    ):
        op.add_column("host", column)
    pollable = POLLABLE[op.get_bind().dialect.name]
    op.create_index("ix_source_host_due", "source", ["host", "next_fetch"], **_where(pollable))
    op.create_index("ix_host_due", "host", ["due", "name"], **_where("due IS NOT NULL"))
    op.execute(
        "INSERT INTO host (name, refusals, forbidden) SELECT DISTINCT host, 0, 0 FROM source"
        " WHERE host IS NOT NULL AND host NOT IN (SELECT name FROM host)"
    )
    of_host = "FROM source WHERE source.host = host.name"
    op.execute(f"UPDATE host SET last_asked = (SELECT max(last_fetch) {of_host})")  # noqa: S608 - our own text
    op.execute(f"UPDATE host SET due = (SELECT min(next_fetch) {of_host} AND {pollable})")  # noqa: S608 - it too


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}
