"""The tables of translations."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from aggregator.store.columns import Moment, Words
from aggregator.store.metadata import by_month, metadata, required, where

translation = Table(  # of an article into one language: the mark to make it, and what its text was made of
    "translation",
    metadata,
    Column("article_id", String(32), ForeignKey("article.id"), primary_key=True),
    Column("language", String(35), primary_key=True),
    Column("due", Moment),  # when it is to be made; None: it was, or was given up
    Column("lease_until", Moment),  # until then a process is at it
    Column("owner", String(32)),  # the process that leased it last: what others write is dropped
    required("failures", Integer),  # in a row
    required("version", Integer),  # of the mark
    Column("error", Words),  # sentence of the last failure
    Column("updated", Moment),  # when its text came; None: it has none yet
    Column("digest", LargeBinary),  # of the text that it translates; b"": it has gone with that, its file has yet to go
    sqlite_with_rowid=False,
)
Index("ix_translation_due", translation.c.due, **where(translation.c.due.is_not(None)))

translation_text = Table(
    "translation_text",
    metadata,
    Column("article_number", BigInteger, primary_key=True, autoincrement=False),
    Column("language", String(35), primary_key=True),
    required("title", Words),
    required("html", Words),
    required("markdown", Words),
    required("summary", Words),
    **by_month("article_number"),
)

translated_text = Table(  # so that no text is requested twice
    "translated_text",
    metadata,
    Column("digest", LargeBinary, primary_key=True),  # of the text and both languages
    required("text", Words),  # as the server gave it
    required("used", Moment),  # last
    sqlite_with_rowid=False,
)
Index("ix_translated_text_used", translated_text.c.used)
