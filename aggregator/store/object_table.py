"""The table of the objects of a bucket, and the numbers of those who write them."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Sequence, Table, Text

from aggregator.store.columns import Moment, Words
from aggregator.store.metadata import metadata, required, where

stored_object = Table(  # what publishing knows of its objects; a removed one keeps its row for a while
    "object",
    metadata,
    Column("path", Text().with_variant(Text(collation="C"), "postgresql"), primary_key=True),
    Column("digest", LargeBinary),  # of its bytes; None: not known
    Column("etag", Words),  # None: there is no such object
    required("version", BigInteger),  # from the sequence; an object that has a later one is not overwritten
    required("modified", Moment),
)
is_removed = stored_object.c.etag.is_(None)
Index("ix_object_removed", stored_object.c.modified, **where(is_removed))
object_version = Sequence("object_version", metadata=metadata)  # PostgreSQL alone has one, and buckets
