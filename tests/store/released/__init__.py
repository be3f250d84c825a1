"""Databases as released versions of the program left them, one file a version of the schema, each with every table.

`python -m tests.store.released` prints one as the code that it runs with makes it: run it once, before a release whose
schema is new, and keep what it prints as `<revision>.json`. `restored` makes a database of it again, by the migrations
up to that revision and plain INSERTs. URLs of the sources are kept without their server, which is another each time.
"""

import json
import warnings
from datetime import timedelta
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, LargeBinary, MetaData, Table, create_engine, func, insert, inspect, select
from sqlalchemy.exc import SAWarning

from aggregator.settings import SourceSettings
from aggregator.store.partitions import make_partitions
from tests.newsroom import Newsroom, item, newsroom, prose, rss
from tests.servers import Server

FOLDER = Path(__file__).parent
REVISIONS = tuple(sorted(path.stem for path in FOLDER.glob("*.json")))
SERVER = "http://released.example"  # stands for the server's address
ALEMBIC = "alembic_version"
PARTITIONED_BEFORE = ("article_text", "searchable", "revision")  # by schema 0004

RENAMED = {  # table and column, as they were: the column now
    ("source", "wish"): "requested_interval",
    ("source", "facts"): "feed_info",
    ("article", "story"): "cluster",
}

Rows = dict[str, list[dict[str, Any]]]


def documents(edition: int) -> dict[str, bytes]:
    """What each source says in its first, second or third edition; the third stays."""
    ordinal = ("first", "second", "last")[edition]
    ancient = item(9, pubDate="Tue, 24 Nov 2015 10:00:00 +0000")
    edited = item(2, description=f"&lt;p&gt;{prose(2)}, as the {ordinal} edition has it.&lt;/p&gt;")
    author = item(1, author="a@source.example (Ann Ämter)", category="Ötzi &amp; co")
    enclosure = '<enclosure url="https://source.example/1.mp3" type="audio/mpeg" length="77"/>'
    near = item(4, guid="wire-4", link="https://wire.example/4", title="Story number 4, told again")
    return {
        "/paper": rss(author + enclosure, edited, item(3), item(4), ancient, *([item(5)] if edition else [])),
        "/mirror": rss(item(1, guid="mirror-1"), item(6, pubDate="")),
        "/wire": rss(near, item(7, title="&#38;lt;b&gt; 日本語 عربي \U0001f5de")),
    }


def sources(server: Server, edition: int) -> list[dict[str, Any]]:
    """The configuration in that edition: a category gives way to another, a source leaves."""
    wire = "wires" if edition < 2 else "agencies"
    return [
        {"name": "paper", "url": server.url("/paper"), "category": "World News", "tags": ["daily"]},
        {"name": "mirror", "url": server.url("/mirror"), "category": "mirrors", "language": "en"},
        {"name": "wire", "url": server.url("/wire"), "category": wire},
        {"name": "lost", "url": server.url("/lost"), "category": "desk"},
        *([{"name": "left", "url": server.url("/busy"), "category": "desk"}] if edition < 2 else []),
    ]


def restored(url: str, revision: str, server: Server) -> Rows:
    """Make the new database at `url` one of that revision, and give its rows."""
    rows: Rows = json.loads((FOLDER / f"{revision}.json").read_text().replace(SERVER, server.url("")))
    engine = engine_of(url)
    if engine.url.get_backend_name() == "sqlite":
        Path(engine.url.database or "").parent.mkdir(exist_ok=True)
    with engine.begin() as connection:
        _migrate(connection, revision)
        tables = _tables(connection)
        make_partitions(connection, (line["number"] for line in rows.get("article_text", ())), PARTITIONED_BEFORE)
        for name, table in tables.items():  # each after those that it refers to
            if rows.get(name):
                connection.execute(insert(table), [_loaded(table, line) for line in rows[name]])
        if engine.dialect.name == "postgresql":
            for numbered in ("source", "revision") if "article_text" not in tables else ("source",):
                connection.exec_driver_sql(f"SELECT setval('{numbered}_id_seq', (SELECT max(id) FROM {numbered}))")
    engine.dispose()
    return rows


def found(url: str, wanted: Rows) -> Rows:
    """What the database has now in the tables and columns that it had then, by their names then, in the same order."""
    engine = engine_of(url)
    with engine.connect() as connection:
        tables = _tables(connection)
        now = {}
        for name, lines in wanted.items():
            columns = lines[0] if lines else {}
            table = tables[name]
            if columns:
                table = _with_texts(tables, table, columns)
            names = {RENAMED.get((name, column), column): column for column in columns if column not in table.columns}
            dumped = _dumped(connection, table, {*columns, *names})
            if name == "source" and "settings" in table.columns and "settings" not in columns:
                dumped = _with_settings(connection, table, dumped)
            if name == "article" and "label" in tables and "terms" in columns:
                terms = _terms(connection, tables["label"])
                dumped = [line | {"terms": terms.get(line["id"], [])} for line in dumped]
            lines_now = [{names.get(column, column): value for column, value in line.items()} for line in dumped]
            now[name] = sorted(lines_now, key=lambda line: json.dumps(line, sort_keys=True))
    engine.dispose()
    return now


def _with_texts(tables: dict[str, Table], table: Any, wanted: Any) -> Any:
    """The table with the columns that are in another one since, or are named after another key."""
    if "article_text" not in tables:
        return table
    article, texts = tables["article"], tables["article_text"]
    if table.name == "article" and "html" in wanted:
        joined = table.outerjoin(texts, texts.c.number == table.c.number)
        columns = (func.coalesce(texts.c[name], "").label(name) for name in ("html", "markdown", "summary"))
        return select(table, *columns).select_from(joined).subquery("article")
    if table.name == "revision" and "id" in wanted:
        rows = func.row_number().over(order_by=table.c["article_number", "number"]).label("id")
        joined = table.join(article, article.c.number == table.c.article_number)
        return select(table, article.c.id.label("article_id"), rows).select_from(joined).subquery("revision")
    return table


def _terms(connection: Connection, label: Table) -> dict[str, list[dict[str, Any]]]:
    """The terms of the entries, by article, as the column `terms` had them."""
    terms: dict[str, list[dict[str, Any]]] = {}
    chosen = select(label).where(label.c.origin == "entry").order_by(label.c.article_id, label.c.position)
    for row in connection.execute(chosen).mappings():
        term = {"term": row["value"], "scheme": row["scheme"], "label": row["label"]}
        terms.setdefault(row["article_id"], []).append({name: value for name, value in term.items() if value})
    return terms


def _with_settings(connection: Connection, table: Table, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lines of sources with their settings as the columns that they were."""
    columns = {}
    for source_id, settings in connection.execute(select(table.c.id, table.c.settings)):
        values = SourceSettings.model_validate(settings)
        assert values.interval is not None
        columns[source_id] = {
            "categories": list(values.categories or ()),
            "tags": list(values.tags or ()),
            "language": values.language,
            "interval": values.interval // timedelta(microseconds=1),
        }
    return [line | columns[line["id"]] for line in lines]


def engine_of(url: str) -> Engine:
    """An engine for a URL as `feeds.yaml` has it."""
    return create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))


def _migrate(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", "aggregator:store/migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _tables(connection: Connection) -> dict[str, Table]:
    metadata = MetaData()
    with warnings.catch_warnings(category=SAWarning, action="ignore"):  # of indexes of expressions; rows are compared
        metadata.reflect(connection)
    return {table.name: table for table in metadata.sorted_tables}


def _dumped(connection: Connection, table: Table, columns: Any = ()) -> list[dict[str, Any]]:
    chosen = [column for column in table.columns if not columns or column.name in columns]
    lines = connection.execute(select(*chosen)).mappings()
    plain = [
        {name: value.hex() if isinstance(value, bytes) else value for name, value in line.items()} for line in lines
    ]
    return sorted(plain, key=lambda line: json.dumps(line, sort_keys=True))


def _loaded(table: Table, line: dict[str, Any]) -> dict[str, Any]:
    binary = {column.name for column in table.columns if isinstance(column.type, LargeBinary)}
    return {
        name: bytes.fromhex(value) if name in binary and value is not None else value for name, value in line.items()
    }


def edition(room: Newsroom, server: Server, number: int) -> None:
    """Serve that edition, and have the newsroom read it."""
    for path, document in documents(number).items():
        server.put(path, document, headers={"ETag": f'"{number}"'})
    server.put("/busy", status=429, headers={"Retry-After": "7200"})
    room.configuration["sources"] = sources(server, number)
    room.once()


def printed(root: Path) -> str:
    """The rows of a database that this code made in three editions and a pruning, as JSON."""
    from aggregator.maintain.prune import prune_all

    with Server() as server:
        room = newsroom(root, [], retention="3650d")
        for number in range(3):
            edition(room, server, number)
            room.later(hours=1)
        with room.opened() as app:
            assert prune_all(app) == 1
        engine = engine_of(f"sqlite:///{room.storage}/aggregator.db")
        with engine.connect() as connection:
            names = [name for name in inspect(connection).get_table_names() if name != ALEMBIC]
            names = [name for name in names if not name.startswith("search_index")]  # SQLite makes it of `searchable`
            tables = _tables(connection)
            rows = {name: _dumped(connection, tables[name]) for name in names}
        engine.dispose()
        tables_as_json = (f"{json.dumps(name)}: [\n{_lines(rows[name])}\n]" for name in rows)
        return "{" + ",\n".join(tables_as_json).replace(server.url(""), SERVER) + "}\n"


def _lines(rows: list[dict[str, Any]]) -> str:
    return ",\n".join(json.dumps(row, sort_keys=True) for row in rows)
