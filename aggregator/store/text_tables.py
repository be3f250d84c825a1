"""The tables of the texts of articles, nine tenths of a database; PostgreSQL partitions them by month (`partitions`).

Their key is the number of the article, which is in the order of dates. They have no foreign key: PostgreSQL would lock
the table of articles whenever a partition is made or dropped.
"""

from sqlalchemy import BigInteger, Column, Integer, Table

from aggregator.store.columns import Moment, Words
from aggregator.store.metadata import by_month, metadata, required

_number = BigInteger().with_variant(Integer, "sqlite")  # there the number of the row itself

article_text = Table(  # of the articles that were not pruned
    "article_text",
    metadata,
    Column("number", _number, primary_key=True, autoincrement=False),
    required("html", Words),
    required("markdown", Words),
    required("summary", Words),
    **by_month("number"),
)

original = Table(  # text of an article as its entry gives it, where rules or its page give another
    "original",
    metadata,
    Column("number", _number, primary_key=True, autoincrement=False),
    required("title", Words),
    required("html", Words),
    required("markdown", Words),
    required("summary", Words),
    **by_month("number"),
)

page_text = Table(  # full text of an article, as its page gives it; `page` is the mark
    "page_text",
    metadata,
    Column("number", _number, primary_key=True, autoincrement=False),
    required("html", Words),
    required("markdown", Words),
    required("summary", Words),
    **by_month("number"),
)

searchable = Table(  # terms of articles for the search; the index over them is `search_index.py`'s
    "searchable",
    metadata,
    # An index of SQLite gives its rows in the order of their numbers alone.
    Column("number", _number, primary_key=True, autoincrement=False),
    required("terms", Words),
    **by_month("number"),
)

revision = Table(
    "revision",
    metadata,
    Column("article_number", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),  # of the edit, from 1; never changes
    required("at", Moment),  # when the text below was replaced
    required("title", Words),
    required("html", Words),
    required("summary", Words),
    **by_month("article_number"),
)
