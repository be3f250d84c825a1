"""Sources and categories as configured: rows to compare with the configuration, and the changes that follow from it."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, not_, select, update

from aggregator.model import Job, SourceState
from aggregator.settings import SourceSettings
from aggregator.source_changes import CategoryRow, SourceChanges, SourceRow, SourceUpdate
from aggregator.store.columns import EPOCH, settings_text
from aggregator.store.database import Database
from aggregator.store.due_hosts import insert_hosts, refresh_all_due
from aggregator.store.former_names import remember_names
from aggregator.store.labels import SourceLabels, relabel
from aggregator.store.rows import Columns, listed, slices, state_columns
from aggregator.store.schema import article, article_source, backfill, category, source

INSERTED_ROWS = 500  # at once: ten thousand would take 20 MB

_SOURCES = select(*source.c["id", "settings", "ordinal", "present", "host", "moved_to"]).order_by(source.c.id)
_CATEGORIES = select(*category.c["name", "label", "present"])
_REMOVE = update(source).where(source.c.id.in_(listed("ids"))).values(present=False)
_MARKED = {"pending": True, "version": category.c.version + 1}
_MARK_ARTICLES = (
    update(article)
    .where(
        article.c.id.in_(select(article_source.c.article_id).where(article_source.c.source_id.in_(listed("sources")))),
        not_(article.c.pruned),
    )
    .values(pending=True, version=article.c.version + 1)
)
_SET_LANGUAGE = (  # of the articles that it owns; its credits have an index
    update(article)
    .where(
        article.c.source_id == bindparam("of"),
        article.c.id.in_(select(article_source.c.article_id).where(article_source.c.source_id == bindparam("of"))),
    )
    .values(language=bindparam("to"))
)
_UNREAD = {"etag": None, "last_modified": None, "digest": b"", "truncated_digest": None}  # read again when it is due
_STATE_AT_NEW_URL = {  # nothing that the old URL said, and due now
    "moved_to": None,
    "seen": b"",
    "reading": None,
    "waiting": None,
    "lost": 0,
    "next_fetch": EPOCH,
    "due_reason": "",
    "failures": 0,
    "error": None,
    "paused": None,
    "unmodified_since": None,
    "last_success": None,
    "requested_interval": timedelta(0),
    "skip_hours": (),
    "skip_days": (),
    "readdressed": True,
    "pushed_until": None,
}


class ConfigurationStore:
    """Sources and categories as configured."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sources(self, configured: Iterable[SourceSettings]) -> tuple[SourceRow, ...]:
        """Return all stored sources; settings that equal some of `configured` are these objects.

        They need not be validated then, which takes a second for 10,000.
        """
        for settings in configured:
            settings_text(settings)  # remembers them by their text
        with self._database.reading() as connection:
            return tuple(SourceRow(*row) for row in connection.execute(_SOURCES))

    def categories(self) -> tuple[CategoryRow, ...]:
        """Return all stored categories."""
        with self._database.reading() as connection:
            return tuple(CategoryRow(*row) for row in connection.execute(_CATEGORIES))

    def lock(self) -> None:
        """Wait until no other process changes sources, and keep others from it until the transaction ends."""
        with self._database.writing() as connection:
            self._database.dialect.lock(connection)

    def apply(self, changes: SourceChanges, now: datetime) -> None:
        """Write the changes. Articles follow their sources' categories, tags and language, and are to be published."""
        with self._database.writing() as connection:
            for ids in slices(changes.removed):
                connection.execute(_REMOVE, {"ids": ids})
            for changed in changes.updated:
                columns = _columns(changed.settings, changed.ordinal, changed.host)
                renewed = columns | (_STATE_AT_NEW_URL if changed.at_new_url else {})
                if changed.at_new_url or _begins_backfill(changed):
                    renewed |= _UNREAD
                    connection.execute(delete(backfill).where(backfill.c.source_id == changed.id, *_left(changed)))
                connection.execute(update(source).where(source.c.id == changed.id).values(renewed))
            renamed_sources = [changed for changed in changes.updated if changed.is_renamed]
            former = [(changed.before.name or "", changed.id) for changed in renamed_sources]
            remember_names(connection, self._database.dialect, former)
            fresh = state_columns(SourceState()) | {"first_seen": now, "readdressed": False}
            hosts = {changed.host for changed in changes.updated} | {added.host for added in changes.added}
            insert_hosts(connection, self._database.dialect, hosts)
            for start in range(0, len(changes.added), INSERTED_ROWS):
                part = changes.added[start : start + INSERTED_ROWS]
                rows = [_columns(added.settings, added.ordinal, added.host) | fresh for added in part]
                connection.execute(insert(source), rows)
            refresh_all_due(connection)
            for name, label in changes.new_categories:
                columns = {"name": name, "label": label, "first_seen": now, "present": True}
                connection.execute(insert(category).values(columns | {"pending": True, "version": 1}))
            for renamed in changes.updated_categories:
                columns = {"label": renamed.label, "present": renamed.present, "successor": renamed.successor}
                connection.execute(update(category).where(category.c.name == renamed.name).values(columns | _MARKED))
            if shown := [changed for changed in changes.updated if changed.changes_articles]:
                _update_articles(connection, shown)
            if shown or changes.new_categories or changes.updated_categories:
                self._database.defer([Job("sweep")])  # which finds all these marks


def _columns(settings: SourceSettings, ordinal: int, host: str | None) -> Columns:
    selected = {"name": settings.name, "url": settings.url, "enabled": settings.enabled}
    return selected | {"settings": settings, "ordinal": ordinal, "present": True, "host": host}


def _begins_backfill(changed: SourceUpdate) -> bool:
    """Return True if the source's archive is to be read from now on: its next document says where it starts."""
    return changed.settings.backfill != changed.before.backfill == "none"


def _left(changed: SourceUpdate) -> tuple[ColumnElement[bool], ...]:
    """Return the condition of a place in an archive that is left: at the same URL only that at its end."""
    return () if changed.at_new_url else (backfill.c.url.is_(None),)


def _update_articles(connection: Connection, updates: Collection[SourceUpdate]) -> None:
    """Update the articles of these sources, and mark them and all feeds to be published; their files keep their names.

    Without a language an article keeps the one it has: what its entry declared is not stored.
    """
    for changed in updates:
        if changed.changes_labels:
            relabel(connection, changed.id, SourceLabels.of(changed.settings))
        if changed.settings.language and changed.settings.language != changed.before.language:
            connection.execute(_SET_LANGUAGE, {"of": changed.id, "to": changed.settings.language})
    for ids in slices(changed.id for changed in updates):
        connection.execute(_MARK_ARTICLES, {"sources": ids})
    connection.execute(update(category).where(category.c.present).values(_MARKED))
