"""Articles that their source changed: the row follows, the replaced text stays as a revision."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, insert, not_, select, update

from aggregator.model import Revision, Updated
from aggregator.store.rows import ENTRY, FINGERPRINT, TEXT, Columns, entry_columns, listed, slices, text_columns
from aggregator.store.schema import article, revision

_FOLLOWING = (*ENTRY, *TEXT, *FINGERPRINT, "updated", "edited")
_CURRENT = select(*article.c[*_FOLLOWING, "id", "source_id"]).where(
    article.c.id.in_(listed("ids")), not_(article.c.pruned)
)
_REVISE = (
    update(article)
    .where(article.c.id == bindparam("of"))
    .values({name: bindparam(name) for name in _FOLLOWING} | {"pending": True, "version": article.c.version + 1})
)
_KEEP = insert(revision)
_REPLACED = (
    select(*revision.c["at", "title", "html"])
    .where(revision.c.article_id == bindparam("id"))
    .order_by(revision.c.id.desc())
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revised:
    """Ids of the articles that changed, and how many of them have another text."""

    ids: tuple[str, ...]
    texts: int


def revise(connection: Connection, source_id: int, decisions: Iterable[Updated], now: datetime) -> Revised:
    """Change the articles that differ from what was decided; id, uid, path, place and first dates stay."""
    wanted = {decision.id: decision for decision in reversed(tuple(decisions))}
    rows: list[RowMapping] = []
    for part in slices(sorted(wanted)):
        rows += connection.execute(_CURRENT, {"ids": part}).mappings()
    changed = [(row, _changes(row, wanted[row["id"]], source_id, now)) for row in rows]
    changed = [(row, columns) for row, columns in changed if columns]
    replaced = [_revision(row, now) for row, columns in changed if "edited" in columns]
    if changed:
        following = [{name: row[name] for name in _FOLLOWING} | {"of": row["id"]} | new for row, new in changed]
        connection.execute(_REVISE, following)
    if replaced:
        connection.execute(_KEEP, replaced)
    return Revised(ids=tuple(row["id"] for row, _ in changed), texts=len(replaced))


def revisions(connection: Connection, article_id: str) -> tuple[Revision, ...]:
    """What the article said before each edit of its text, the latest first."""
    return tuple(Revision(**row) for row in connection.execute(_REPLACED, {"id": article_id}).mappings())


def _changes(row: RowMapping, decision: Updated, source_id: int, now: datetime) -> Columns:
    """Columns that differ. Only the source that brought the article may change more than its text."""
    wanted = entry_columns(decision.keyed) if row["source_id"] == source_id else {}
    changes = {name: value for name, value in wanted.items() if row[name] != value}
    if decision.text_changed and row["text_digest"] != decision.keyed.fingerprint.digest:
        claimed = decision.keyed.draft.updated
        moment = claimed if claimed > row["updated"] else now
        changes |= text_columns(decision.keyed) | {"updated": moment, "edited": moment}
    return changes


def _revision(row: RowMapping, now: datetime) -> Columns:
    return {"article_id": row["id"], "at": now, "title": row["title"], "html": row["html"], "summary": row["summary"]}
