"""Settings of a source as one value; standard names for columns; the digest of a truncated document."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

RENAMED = (
    ("source", "wish", "requested_interval"),
    ("source", "facts", "feed_info"),
    ("source", "categories", "settings"),  # SQLite adds no column that is NOT NULL
    ("article", "story", "cluster"),
)

UNITS = {"d": 86_400_000_000, "h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000, "ms": 1000}  # microseconds


def upgrade() -> None:
    op.drop_index("ix_article_story", "article")
    for table, column, name in RENAMED:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO {name}")
    op.create_index("ix_article_cluster", "article", ["cluster"])
    op.add_column("source", sa.Column("truncated_digest", sa.LargeBinary()))
    _join_settings()


def _join_settings() -> None:
    """Write the settings of each source into one column; headers follow when the configuration is read next."""
    connection = op.get_bind()
    in_text = connection.dialect.name == "sqlite"
    columns: list[Any] = [sa.column(name) for name in ("id", "name", "url", "language", "interval", "enabled")]
    columns += [sa.column("tags", sa.JSON()), sa.column("settings", sa.JSON())]
    source = sa.table("source", *columns)
    joined = sa.bindparam("joined", type_=sa.Text() if in_text else sa.JSON())
    update = source.update().where(source.c.id == sa.bindparam("of")).values(settings=joined)
    for row in connection.execute(sa.select(source)).mappings().all():
        settings = _settings(row)
        text = json.dumps(settings, ensure_ascii=False, separators=(",", ":"))
        connection.execute(update, {"of": row["id"], "joined": text if in_text else settings})
    for name in ("tags", "language", "interval"):
        op.drop_column("source", name)


def _settings(row: Any) -> dict[str, Any]:
    """Return settings that differ from their defaults, as `SettingsJSON` writes them."""
    unit = next(unit for unit in UNITS if row["interval"] % UNITS[unit] == 0)
    settings = {"name": row["name"], "url": row["url"], "categories": row["settings"], "tags": row["tags"]}
    if row["language"] is not None:
        settings["language"] = row["language"]
    settings["interval"] = f"{row['interval'] // UNITS[unit]}{unit}"
    if not row["enabled"]:
        settings["enabled"] = False
    return settings
