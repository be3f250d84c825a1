"""Settings of a source as one value, and labels of articles as rows; standard names for columns."""

import json
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Any

import sqlalchemy as sa
from alembic import op

from aggregator.names import category_name, distinct

revision = "0003"
down_revision = "0002"

RENAMED = (
    ("source", "wish", "requested_interval"),
    ("source", "facts", "feed_info"),
    ("source", "categories", "settings"),  # SQLite adds no column that is NOT NULL
    ("article", "story", "cluster"),
)

BATCH = 1_000  # articles, or labels

UNITS = {"d": 86_400_000_000, "h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000, "ms": 1000}  # microseconds


def upgrade() -> None:
    op.drop_index("ix_article_story", "article")
    for table, column, name in RENAMED:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO {name}")
    op.create_index("ix_article_cluster", "article", ["cluster"])
    op.add_column("source", sa.Column("truncated_digest", sa.LargeBinary()))
    _create_labels()  # from columns of the source that are gone afterwards
    _join_settings()


def _create_labels() -> None:
    op.create_table(
        "label",
        sa.Column("article_id", sa.String(length=32), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=6), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text()),
        sa.Column("label", sa.Text()),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="fk_label_article_id"),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_label_source_id"),
        sa.PrimaryKeyConstraint("article_id", "source_id", "origin", "position", name="pk_label"),
        sqlite_with_rowid=False,
    )
    names = ("article_id", "source_id", "origin", "position", "kind", "value", "scheme", "label")
    label = sa.table("label", *map(sa.column, names))
    rows = _labels(op.get_bind())
    while batch := list(islice(rows, BATCH)):
        op.bulk_insert(label, batch)
    op.drop_column("article", "terms")


def _labels(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    """Yield the labels of the articles that have their text."""
    configured = {
        source_id: [
            *(("category", category_name(label), label) for label in distinct(_loaded(categories), category_name)),
            *(("tag", tag, None) for tag in distinct(_loaded(tags), str)),
        ]
        for source_id, categories, tags in connection.execute(sa.text("SELECT id, settings, tags FROM source"))
    }
    last = ""
    while articles := _page(connection, last):
        last = articles[-1].id
        sources = defaultdict(list)
        query = "SELECT article_id, source_id FROM article_source WHERE article_id BETWEEN :first AND :last"
        for article_id, source_id in connection.execute(sa.text(query), {"first": articles[0].id, "last": last}):
            sources[article_id].append(source_id)
        for article_id, owner, terms in articles:
            for source_id in sources[article_id]:
                for position, (kind, value, written) in enumerate(configured[source_id]):
                    key = {"article_id": article_id, "source_id": source_id, "origin": "source", "position": position}
                    yield key | {"kind": kind, "value": value, "scheme": None, "label": written}
            for position, term in enumerate(_loaded(terms)):
                key = {"article_id": article_id, "source_id": owner, "origin": "entry", "position": position}
                values = {"value": term["term"], "scheme": term.get("scheme"), "label": term.get("label")}
                yield key | {"kind": "term"} | values


def _page(connection: sa.Connection, after: str) -> list[Any]:
    query = "SELECT id, source_id, terms FROM article WHERE NOT pruned AND id > :after ORDER BY id LIMIT :limit"
    return list(connection.execute(sa.text(query), {"after": after, "limit": BATCH}))


def _loaded(value: Any) -> Any:
    """Return the value of a JSON column, of which the databases give the text."""
    return json.loads(value) if isinstance(value, str) else value


def _join_settings() -> None:
    """Write the settings of each source into one column; headers follow when the configuration is read next."""
    connection = op.get_bind()
    columns: list[Any] = [sa.column(name) for name in ("id", "name", "url", "language", "interval", "enabled")]
    columns += [sa.column("tags", sa.JSON()), sa.column("settings", sa.JSON())]
    source = sa.table("source", *columns)
    joined: Any = sa.bindparam("joined", type_=sa.Text())
    if connection.dialect.name != "sqlite":
        joined = sa.cast(joined, sa.JSON())
    update = source.update().where(source.c.id == sa.bindparam("of")).values(settings=joined)
    for row in connection.execute(sa.select(source)).mappings().all():
        settings = _settings(row)
        text = json.dumps(settings, ensure_ascii=False, separators=(",", ":"))
        connection.execute(update, {"of": row["id"], "joined": text})
    for name in ("tags", "language", "interval"):
        op.drop_column("source", name)


def _settings(row: Any) -> dict[str, Any]:
    """Return settings that differ from their defaults, as `SettingsJSON` writes them."""
    unit = next(unit for unit in UNITS if row["interval"] % UNITS[unit] == 0)
    settings = {
        "name": row["name"],
        "url": row["url"],
        "categories": _loaded(row["settings"]),
        "tags": _loaded(row["tags"]),
    }
    if row["language"] is not None:
        settings["language"] = row["language"]
    settings["interval"] = f"{row['interval'] // UNITS[unit]}{unit}"
    if not row["enabled"]:
        settings["enabled"] = False
    return settings
