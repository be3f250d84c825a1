"""The tables of archives (RFC 5005); the place of an article in one is in `article_category`."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, literal_column

from aggregator.store.columns import Words
from aggregator.store.metadata import by_month, metadata, required, where

archive_page = Table(  # closed pages
    "archive_page",
    metadata,
    Column("category", String(80), ForeignKey("category.name"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    required("label", Words),  # of the category when it was closed
    required("pending", Integer),  # marks "to publish" since its files were written
    sqlite_with_rowid=False,
)
pending_page = archive_page.c.pending > literal_column("0")  # a parameter would hide it from the index
Index("ix_archive_page_pending", *archive_page.c["category", "number"], **where(pending_page))

archived = Table(  # articles as closed pages show them
    "archived",
    metadata,
    Column("article_number", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary, primary_key=True),  # of the version
    required("version", LargeBinary),  # compressed
    **by_month("article_number"),
)
