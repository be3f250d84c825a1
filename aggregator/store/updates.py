"""Articles that their source changed: the row follows, and the replaced text is kept as a revision."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, insert, not_, or_, select, update

from aggregator.model import Term, Updated
from aggregator.store.archive_marks import note_edits
from aggregator.store.article_rows import BODY, ENTRY, FINGERPRINT, OWNER, entry_columns, owner_columns, text_columns
from aggregator.store.inserts import insert_texts
from aggregator.store.labels import entry_terms, replace_entry_terms
from aggregator.store.rows import Columns, listed, slices
from aggregator.store.schema import article, article_text, original, revision

_CHANGEABLE = (*OWNER, *ENTRY, "title", *FINGERPRINT, "updated", "edited", "pruned", "withdrawn")
_CURRENT = (
    select(*article.c[*_CHANGEABLE, "id", "number"])
    .where(article.c.id.in_(listed("ids")), or_(not_(article.c.pruned), article.c.withdrawn.is_not(None)))
    .order_by(article.c.id)
    .with_for_update(key_share=True)  # as all columns are written again, as they are read here
)
# A statement of its own: PostgreSQL would join a row that it waited for with the text of before that wait.
_TEXTS = select(*article_text.c["number", *BODY]).where(article_text.c.number.in_(listed("numbers")))
_UPDATE = (
    update(article)
    .where(article.c.id == bindparam("article_id"))
    .values({name: bindparam(name) for name in _CHANGEABLE} | {"pending": True, "version": article.c.version + 1})
)
_UPDATE_TEXT = (
    update(article_text)
    .where(article_text.c.number == bindparam("of"))
    .values({name: bindparam(f"new_{name}") for name in BODY})
)
MAX_REVISIONS = 10  # of an article
_LAST_NUMBERS = (
    select(revision.c.article_number, func.max(revision.c.number).label("number"))
    .where(revision.c.article_number.in_(listed("numbers")))
    .group_by(revision.c.article_number)
)
# Without the texts themselves, ten of which may be as many megabytes.
_FORMER_TEXTS = select(
    *revision.c["article_number", "title", "summary"], func.length(revision.c.html).label("length")
).where(revision.c.article_number.in_(listed("numbers")))
_INSERT_REVISION = insert(revision)
_DELETE_ORIGINALS = delete(original).where(original.c.number.in_(listed("numbers")))
_DELETE_OLD = delete(revision).where(
    revision.c.article_number == bindparam("of"), revision.c.number <= bindparam("last") - MAX_REVISIONS
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edits:
    """Ids of the articles that changed, and the number of those with another text."""

    ids: tuple[str, ...]
    texts: int


def update_articles(connection: Connection, source_id: int, decisions: Iterable[Updated], now: datetime) -> Edits:
    """Update the articles that differ from what was decided; ids, uids, paths and the first dates stay.

    An article that goes back and forth between texts, as where two servers give the document in turn, has the text that
    came last, but counts as edited for the first return only: readers would have it as news at each poll.
    """
    decided = {decision.id: decision for decision in reversed(tuple(decisions))}
    rows: list[Columns] = []
    terms: dict[str, tuple[Term, ...]] = {}
    for part in slices(sorted(decided)):
        rows += _current(connection, part)
        terms |= entry_terms(connection, part)
    changed_terms = {
        row["id"]: draft.terms
        for row in rows
        if (draft := decided[row["id"]].keyed.draft).terms != terms.get(row["id"], ())
        and (row["source_id"] == source_id or decided[row["id"]].takes_over)
    }
    alternating = _alternating(connection, rows, decided)
    changes = {
        row["id"]: _changes(row, decided[row["id"]], source_id, now, is_edit=row["id"] not in alternating)
        for row in rows
    }
    changed = [row for row in rows if changes[row["id"]] or row["id"] in changed_terms]
    replaced = [row for row in changed if "edited" in changes[row["id"]]]
    if changed:
        current = ({name: row[name] for name in _CHANGEABLE} | {"article_id": row["id"]} for row in changed)
        connection.execute(
            _UPDATE,
            [
                {name: changes[columns["article_id"]].get(name, value) for name, value in columns.items()}
                for columns in current
            ],
        )
    _write_texts(connection, [(row, changes[row["id"]]) for row in changed if "html" in changes[row["id"]]])
    if replaced:
        _insert_revisions(connection, replaced, now)
        note_edits(connection, [row["id"] for row in replaced])
    rewritten = [row["number"] for row in changed if "text_digest" in changes[row["id"]]]
    if rewritten:  # the rules have yet to see the new text
        connection.execute(_DELETE_ORIGINALS, {"numbers": rewritten})
    replace_entry_terms(connection, source_id, changed_terms)
    return Edits(ids=tuple(row["id"] for row in changed), texts=len(replaced))


def _current(connection: Connection, ids: Sequence[str]) -> Iterator[Columns]:
    """Yield the rows of these articles, locked, with their texts."""
    rows = connection.execute(_CURRENT, {"ids": ids}).mappings().all()
    numbers = [row["number"] for row in rows]
    texts = {text["number"]: text for text in connection.execute(_TEXTS, {"numbers": numbers}).mappings()}
    for row in rows:
        text = texts.get(row["number"])
        yield {**row, **(text or dict.fromkeys(BODY, "")), "has_text": text is not None}


def _alternating(connection: Connection, rows: Iterable[Columns], decided: Mapping[str, Updated]) -> frozenset[str]:
    """Return the ids of the articles whose text was replaced before, by one that is replaced by the other again."""
    edited = {row["number"]: row for row in rows if row["edited"] and decided[row["id"]].is_edit}
    former = {
        (text.article_number, text.title, text.summary, text.length)
        for part in slices(sorted(edited))
        for text in connection.execute(_FORMER_TEXTS, {"numbers": part})
    }
    found: set[str] = set()
    for number, row in edited.items():
        draft = decided[row["id"]].keyed.draft
        texts = (row["title"], row["summary"], row["html"]), (draft.title, draft.summary, draft.html)
        if former.issuperset((number, title, summary, len(html)) for title, summary, html in texts):
            found.add(row["id"])
    return frozenset(found)


def _changes(row: Columns, decision: Updated, source_id: int, now: datetime, *, is_edit: bool) -> Columns:
    """Return the columns that differ. Only the article's owner may change it."""
    wanted: Columns = {}
    if decision.takes_over:
        wanted = owner_columns(decision.keyed) | entry_columns(decision.keyed)
    elif row["source_id"] == source_id:
        wanted = entry_columns(decision.keyed)
    changes = {name: value for name, value in wanted.items() if row[name] != value}
    if decision.text_changed and row["text_digest"] != decision.keyed.fingerprint.digest:
        changes |= text_columns(decision.keyed)
        published = decision.keyed.draft.updated
        if decision.is_edit and is_edit:
            moment = published if published > row["updated"] else now
            changes |= {"updated": moment, "edited": moment}
        if row["withdrawn"]:  # readers take what is older than the tombstone for deleted (RFC 6721, 3)
            moment = published if published > row["withdrawn"] else now
            changes |= {"updated": moment, "pruned": False, "withdrawn": None}
    return changes


def _write_texts(connection: Connection, changes: Sequence[tuple[Columns, Columns]]) -> None:
    """Write changed texts; that of an article that was withdrawn may be gone, and comes anew."""
    rows = [(row, {name: columns[name] for name in BODY}) for row, columns in changes]
    updates = [
        {"of": row["number"]} | {f"new_{name}": text for name, text in texts.items()}
        for row, texts in rows
        if row["has_text"]
    ]
    if updates:
        connection.execute(_UPDATE_TEXT, updates)
    insert_texts(connection, ((row["number"], *texts.values()) for row, texts in rows if not row["has_text"]))


def _insert_revisions(connection: Connection, rows: Sequence[Columns], now: datetime) -> None:
    """Keep the texts that were replaced, and the last MAX_REVISIONS of each article."""
    articles = sorted(row["number"] for row in rows)
    last: dict[int, int] = {}
    for part in slices(articles):
        last |= {row.article_number: row.number for row in connection.execute(_LAST_NUMBERS, {"numbers": part})}
    numbers = {article: last.get(article, 0) + 1 for article in articles}
    connection.execute(_INSERT_REVISION, [_revision(row, numbers[row["number"]], now) for row in rows])
    surplus = [{"of": article, "last": number} for article, number in numbers.items() if number > MAX_REVISIONS]
    if surplus:
        connection.execute(_DELETE_OLD, surplus)


def _revision(row: Columns, number: int, now: datetime) -> Columns:
    texts = {name: row[name] for name in ("title", "html", "summary")}
    return {"article_number": row["number"], "number": number, "at": now} | texts
