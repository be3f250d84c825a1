"""A database of many sources and articles: a source and an article that the program wrote, multiplied by SQL."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, Table, text

from aggregator.model import FeedInfo
from aggregator.store import Store
from aggregator.store.article_numbers import SECONDS as SECONDS_OF_NUMBER
from aggregator.store.article_numbers import first_number
from aggregator.store.columns import settings_text
from aggregator.store.partitions import make_partitions
from aggregator.store.schema import (
    article,
    article_category,
    article_source,
    article_text,
    host,
    key,
    label,
    searchable,
    source,
    source_day,
)
from tests.store.values import article as article_value
from tests.store.values import keyed, new, record, sync_sources
from tests.store.values import source as source_value

CATEGORIES = 20
WORDS = 400  # different ones in the texts, of which an article has forty
SECONDS = 60  # between two articles
_MICROSECONDS = "* 1000000"


def fill(store: Store, now: datetime, sources: int, articles: int) -> None:
    """Fill an empty database with so many sources, of which one in fifty fails, and articles of them, one a minute."""
    names = [f"c{number}" for number in range(CATEGORIES)]
    first = source_value("s1", url="https://s1.example/feed", categories=(names[0],), tags=())
    further = [source_value(name, url=f"https://{name}.example/feed", categories=(name,)) for name in names[1:]]
    sync_sources(store, [first, *further], now - timedelta(days=700))
    record(store, new(keyed(article_value(1, published=now, updated=now), "1")), feed_info=FeedInfo(title="A"), at=now)
    with store.database.engine.begin() as connection:
        _sources(connection, settings_text(first.settings), sources)
        _articles(connection, now, sources, articles)
    with store.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _sources(connection: Connection, settings: str, sources: int) -> None:
    changes = {
        "id": "100 + n",
        "ordinal": "100 + n",
        "name": "'x' || n",
        "url": "'https://x' || n || '.example/feed'",
        "host": "'x' || n || '.example'",
        "moved_to": "NULL",
        "settings": f"replace('{settings}', 's1', 'x' || n)::json",
        "failures": "CASE WHEN n % 50 = 0 THEN 1 + n % 7 ELSE 0 END",
        "error": "CASE WHEN n % 50 = 0 THEN 'The server answered 500' END",
        "next_fetch": f"source.last_fetch + (n % 1800) {_MICROSECONDS}",
    }
    _multiply(connection, source, changes, f"source.id = 1 AND n <= {sources - CATEGORIES}", sources)
    _multiply(connection, host, {"name": "'x' || n || '.example'"}, "host.name = 's1.example'", sources)
    days = {"source_id": "100 + n", "day": "source_day.day - n % 28"}
    _multiply(connection, source_day, days, f"n <= {sources - CATEGORIES}", sources)


def _articles(connection: Connection, now: datetime, sources: int, articles: int) -> None:
    published = f"{int(now.timestamp())}::bigint - n * {SECONDS}"
    article_id, source_id = "md5(n::text)", f"102 + n % {sources - CATEGORIES - 1}"
    words = f"(SELECT string_agg('word' || (n * (m + 7) + m * m) % {WORDS}, ' ') FROM generate_series(1, 40) AS m)"
    dates = dict.fromkeys(("published", "updated", "first_seen"), f"({published}) {_MICROSECONDS}")
    number = f"(({published}) << {SECONDS_OF_NUMBER}) + n"
    days = range(articles * SECONDS // 86_400 + 2)
    make_partitions(connection, (first_number(now - timedelta(days=day)) for day in days))
    own = {
        "id": article_id,
        "uid": "'urn:' || n",
        "path": "'articles/' || n || '.md'",
        "link": "'https://x.example/' || n",
        "source_id": source_id,
        "cluster": article_id,
        "number": number,
        "pending": "false",
        **dates,
    }
    where = f"n < {articles}"
    _multiply(connection, article, own, where, articles)
    body = {"number": number, "html": f"'<p>' || {words} || '</p>'"}
    _multiply(connection, article_text, body, where, articles)
    shown = {"article_id": article_id, **dates, "number": "NULL"}
    _multiply(connection, article_category, shown, f"article_category.category = 'all' AND {where}", articles)
    named = {**shown, "category": f"'c' || n % {CATEGORIES}"}
    _multiply(connection, article_category, named, f"article_category.category = 'c0' AND {where}", articles)
    _multiply(connection, article_source, {"article_id": article_id, "source_id": source_id}, where, articles)
    labels = {"article_id": article_id, "source_id": source_id, "value": f"'c' || n % {CATEGORIES}"}
    _multiply(connection, label, labels, f"label.kind = 'category' AND {where}", articles)
    keys = {"article_id": article_id, "digest": f"decode({article_id}, 'hex')"}
    _multiply(connection, key, keys, f"key.strong AND {where}", articles)
    terms = {"number": number, "terms": f"'title ' || {words}"}
    _multiply(connection, searchable, terms, where, articles)


def _multiply(connection: Connection, table: Table, changes: dict[str, str], where: str, number: int) -> None:
    """Insert the rows that meet a condition again, for each `n` from 2 to `number`, with some columns changed."""
    columns = [column.name for column in table.columns]
    values = ", ".join(changes.get(name, f'"{table.name}"."{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    connection.execute(
        text(
            f'INSERT INTO "{table.name}" ({names}) SELECT {values} FROM "{table.name}",'
            f" generate_series(2, {number}) AS n WHERE {where}"
        )
    )
