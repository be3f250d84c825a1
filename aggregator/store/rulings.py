"""Entries as rules judge them, and the labels, texts and places that rulings give their articles.

An article's row holds the text that is published. Where that is not the entry's own, `original` keeps the latter.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection, CursorResult, RowMapping, bindparam, delete, func, insert, not_, or_, select, update

from aggregator.model import SHARDS, ArticleRuling, Draft, EntrySource, Job, Mark, StoredEntry, Term, end_of
from aggregator.names import ALL
from aggregator.store.article_rows import BODY, TEXT, draft_from
from aggregator.store.database import Database
from aggregator.store.labels import LabelRow, entry_terms, insert_labels, labels_in_force
from aggregator.store.maintenance import MaintenanceStore, Placement
from aggregator.store.outbox import Outbox
from aggregator.store.places import CATEGORIES
from aggregator.store.rows import Columns, listed
from aggregator.store.schema import (
    article,
    article_source,
    article_text,
    current_page,
    label,
    of_article,
    original,
    page,
    page_text,
    pending_article,
    source,
)
from aggregator.store.search import index_articles
from aggregator.store.source_days import count_articles, discount_articles

_ids = listed("ids")
_PENDING = (
    select(article.c.id)
    .where(pending_article, not_(article.c.pruned), article.c.id > bindparam("after"))
    .order_by(article.c.id)
    .limit(bindparam("limit"))
)
_OF_SOURCE = (
    select(article.c.id)
    .join(article_source)
    .where(
        article_source.c.source_id == bindparam("source_id"),
        not_(article.c.pruned),
        article.c.id > bindparam("after"),
    )
    .order_by(article.c.id)
    .limit(bindparam("limit"))
)
_ENTRIES = (
    select(article, *article_text.c[BODY], func.coalesce(page.c.has_text, False).label("has_page_text"))
    .select_from(article)
    .join(article_text, of_article)
    .outerjoin(page, current_page)
    .where(article.c.id.in_(_ids), not_(article.c.pruned))
    .order_by(article.c.id)
)
# Statements of their own: PostgreSQL looks into the partitions of these numbers alone.
_ORIGINALS = select(original).where(original.c.number.in_(listed("numbers")))
_WITH_ORIGINAL = select(original.c.number).where(original.c.number.in_(listed("numbers")))
_PAGE_TEXTS = select(page_text).where(page_text.c.number.in_(listed("numbers")))
_SOURCES = (
    select(*article_source.c["article_id", "source_id", "link"], source.c.settings)
    .join(source)
    .where(article_source.c.article_id.in_(_ids))
    .order_by(article_source.c.at, article_source.c.source_id)
)
_LABELS = select(label).where(label.c.article_id.in_(_ids), label.c.origin != "entry")
_LABELLED = select(label.c.article_id).where(label.c.article_id.in_(_ids), label.c.origin == "rule").distinct()
_DELETE_LABELS = delete(label).where(label.c.article_id.in_(_ids), label.c.origin != "entry")
_PUBLISHED = (
    select(*article.c["id", "number", "version", "dropped", "title"], *article_text.c[BODY])
    .select_from(article)
    .join(article_text, of_article)
    .where(article.c.id.in_(_ids))
    .order_by(article.c.id)
    .with_for_update(of=article, key_share=True)  # an edit that comes now is judged the next time
)
_JUDGED = ("dropped", "title")  # columns of the article that a ruling sets, beside its text
_UPDATE = (
    update(article).where(article.c.id == bindparam("of")).values({name: bindparam(f"new_{name}") for name in _JUDGED})
)
_UPDATE_TEXT = (
    update(article_text)
    .where(article_text.c.number == bindparam("of"))
    .values({name: bindparam(f"new_{name}") for name in BODY})
)
_DELETE_ORIGINALS = delete(original).where(original.c.number.in_(listed("numbers")))
_MARK_ALL = (
    update(article)
    .where(not_(article.c.pruned), not_(article.c.pending))
    .values(pending=True, version=article.c.version + 1)
)
_has_no_file = or_(article.c.dropped.is_not(None), article.c.withdrawn.is_not(None))
_DROPPED = (
    select(*article.c["id", "version", "path"])
    .where(pending_article, _has_no_file, article.c.id > bindparam("after"))
    .order_by(article.c.id)
    .limit(bindparam("limit"))
)
_DROPPED_OF_SHARD = _DROPPED.where(article.c.id < bindparam("end"))
_ALL_DROPPED = select(article.c.id).where(article.c.dropped.is_not(None))
_DROPPED_AMONG = select(article.c.id).where(article.c.id.in_(_ids), article.c.dropped.is_not(None))

Judged = tuple[StoredEntry, ArticleRuling]
JudgedRow = tuple[RowMapping, StoredEntry, ArticleRuling]


class RulingStore:
    """Entries to judge, and the rulings on them."""

    def __init__(self, database: Database, outbox: Outbox, maintenance: MaintenanceStore) -> None:
        self._database, self._outbox, self._maintenance = database, outbox, maintenance

    def pending(self, after: str | None, limit: int) -> tuple[str, ...]:
        """Return the ids of the next `limit` articles that are marked to be published, dropped ones too."""
        with self._database.reading() as connection:
            return tuple(connection.scalars(_PENDING, {"after": after or "", "limit": limit}))

    def of_source(self, source_id: int, after: str | None, limit: int) -> tuple[str, ...]:
        """Return the ids of the next `limit` articles that the source carries, dropped ones too."""
        parameters = {"source_id": source_id, "after": after or "", "limit": limit}
        with self._database.reading() as connection:
            return tuple(connection.scalars(_OF_SOURCE, parameters))

    def entries(self, ids: Collection[str]) -> tuple[StoredEntry, ...]:
        """Return the entries of these articles, without those that were pruned."""
        sources: dict[str, list[EntrySource]] = defaultdict(list)
        with self._database.reading() as connection:
            rows = _with_texts_of_entries(connection, connection.execute(_ENTRIES, {"ids": ids}).mappings().all())
            terms = entry_terms(connection, ids)
            labelled = frozenset(connection.scalars(_LABELLED, {"ids": ids}))
            for row in connection.execute(_SOURCES, {"ids": ids}):
                carried = EntrySource(id=row.source_id, settings=row.settings, link=row.link)
                sources[row.article_id].append(carried)
        return tuple(
            _entry(row, terms.get(row["id"], ()), sources[row["id"]], is_labelled=row["id"] in labelled) for row in rows
        )

    def apply(self, judged: Iterable[Judged], now: datetime) -> None:
        """Give articles the labels, texts and places of these rulings, and mark what is to be published anew.

        An article that changed since its entry was read is left out: it is marked.
        """
        by_id = {entry.id: (entry, ruling) for entry, ruling in judged if ruling.has_effect or not entry.is_plain}
        if not by_id:
            return
        with self._database.writing() as connection:
            rows = connection.execute(_PUBLISHED, {"ids": sorted(by_id)}).mappings().all()
            current = [(row, *by_id[row["id"]]) for row in rows if row["version"] == by_id[row["id"]][0].version]
            numbers = {"numbers": [row["number"] for row, *_ in current]}
            originals = frozenset(connection.scalars(_WITH_ORIGINAL, numbers)) if current else frozenset[int]()
            pairs = [(entry, ruling) for _, entry, ruling in current]
            changed = {*_relabel(connection, pairs), *self._place(connection, pairs)}
            updates = {row["id"]: _columns(row, entry.draft, ruling, now) for row, entry, ruling in current}
            written = [row for row in rows if updates.get(row["id"])]
            rewritten = [row["id"] for row in written]
            if written:
                for statement, names, key in ((_UPDATE, _JUDGED, "id"), (_UPDATE_TEXT, BODY, "number")):
                    values = ({f"new_{name}": updates[row["id"]][name] for name in names} for row in written)
                    rows_by_key = zip(written, values, strict=True)
                    connection.execute(statement, [{"of": row[key], **new} for row, new in rows_by_key])
                index_articles(connection, rewritten)
            changed.update(rewritten, _replace_originals(connection, current, originals))
            self._count(connection, current, now)
            self._outbox.mark_articles(changed)
            self._outbox.mark_categories(changed)

    def _count(self, connection: Connection, judged: Sequence[JudgedRow], now: datetime) -> None:
        """Keep the counts of the sources' articles by day without dropped ones."""
        dropped: dict[int, list[datetime]] = defaultdict(list)
        returned: dict[int, list[datetime]] = defaultdict(list)
        for row, entry, ruling in judged:
            if ruling.dropped != (row["dropped"] is not None):
                for source_ in entry.sources:
                    (dropped if ruling.dropped else returned)[source_.id].append(entry.draft.published)
        for source_id, published in dropped.items():
            discount_articles(connection, source_id, published)
        for source_id, published in returned.items():
            count_articles(connection, self._database.dialect, source_id, published, now)

    def _place(self, connection: Connection, judged: Sequence[Judged]) -> Iterable[str]:
        """Put the articles into the categories of their rulings, and return the ids of those that moved."""
        actual: dict[str, set[str]] = defaultdict(set)
        for article_id, name in connection.execute(CATEGORIES, {"ids": [entry.id for entry, _ in judged]}):
            actual[article_id].add(name)
        placements = [
            Placement(id=entry.id, actual=frozenset(actual[entry.id]), expected=_categories(entry, ruling))
            for entry, ruling in judged
        ]
        misplaced = [placement for placement in placements if placement.actual != placement.expected]
        if misplaced:
            self._outbox.mark_articles([placement.id for placement in misplaced])  # and those that list them as yet
            self._maintenance.place(misplaced)
        return (placement.id for placement in misplaced)

    def mark_all(self) -> None:
        """Mark all articles to be published, and judged before."""
        with self._database.writing() as connection:
            connection.execute(_MARK_ALL)
            self._database.defer(Job("articles", shard) for shard in SHARDS)

    def dropped(self, limit: int, after: str = "", shard: str = "") -> tuple[tuple[str, Mark], ...]:
        """Return the paths of marked articles behind this id that are dropped or withdrawn, each with its mark.

        They are at most `limit`, of one `shard` if it is given.
        """
        statement, parameters = _DROPPED, dict[str, int | str](limit=limit, after=after)
        if shard:
            statement, parameters = _DROPPED_OF_SHARD, {"limit": limit, "after": after or shard, "end": end_of(shard)}
        with self._database.reading() as connection:
            rows = connection.execute(statement, parameters)
            return tuple((row.path, Mark(kind="article", id=row.id, version=row.version)) for row in rows)

    def all_dropped(self) -> frozenset[str]:
        """Return the ids of all articles that are dropped."""
        with self._database.reading() as connection:
            return frozenset(connection.scalars(_ALL_DROPPED))

    def dropped_among(self, ids: Collection[str]) -> frozenset[str]:
        """Return the ids of those of these articles that are dropped."""
        with self._database.reading() as connection:
            return frozenset(connection.scalars(_DROPPED_AMONG, {"ids": sorted(ids)}))


def _with_texts_of_entries(connection: Connection, rows: Sequence[RowMapping]) -> list[Columns]:
    """Return the rows with the texts as the articles' pages or feeds give them."""
    with_page = [row["number"] for row in rows if row["has_page_text"]]
    pages = _by_number(connection.execute(_PAGE_TEXTS, {"numbers": with_page})) if with_page else {}
    originals = _by_number(connection.execute(_ORIGINALS, {"numbers": [row["number"] for row in rows]}))
    return [
        {**row, **originals.get(row["number"], {}), **pages.get(row["number"], {})}
        | {"has_original": row["number"] in originals}
        for row in rows
    ]


def _by_number(result: CursorResult[Any]) -> dict[int, RowMapping]:
    return {row["number"]: row for row in result.mappings()}


def _entry(row: Columns, terms: tuple[Term, ...], sources: Sequence[EntrySource], *, is_labelled: bool) -> StoredEntry:
    owner_first = sorted(sources, key=lambda source: source.id != row["source_id"])  # stable
    draft = replace(draft_from(row), terms=terms)
    return StoredEntry(
        id=row["id"],
        version=row["version"],
        draft=draft,
        sources=tuple(owner_first),
        has_page_text=row["has_page_text"],
        is_plain=len(sources) == 1 and not (is_labelled or row["has_original"] or row["dropped"]),
    )


def _label_rows(entry: StoredEntry, ruling: ArticleRuling) -> Iterator[LabelRow]:
    """Yield the rows of the labels that the article has from settings and rules of its sources."""
    for source_ in entry.sources:
        if of_source := ruling.rulings.get(source_.id):
            yield from labels_in_force(entry.id, source_.id, source_.settings, of_source)


def _categories(entry: StoredEntry, ruling: ArticleRuling) -> frozenset[str]:
    """Return the names of the categories that the article belongs in."""
    names = {row.value for row in _label_rows(entry, ruling) if row.kind == "category"}
    return frozenset() if ruling.dropped else frozenset({ALL, *names})


def _relabel(connection: Connection, judged: Sequence[Judged]) -> list[str]:
    """Write the labels that differ, and return the ids of their articles."""
    present: dict[str, set[LabelRow]] = defaultdict(set)
    for row in connection.execute(_LABELS, {"ids": [entry.id for entry, _ in judged]}):
        present[row.article_id].add(LabelRow(*row))
    expected = {entry.id: set(_label_rows(entry, ruling)) for entry, ruling in judged}
    changed = [article_id for article_id, rows in expected.items() if rows != present[article_id]]
    if changed:
        connection.execute(_DELETE_LABELS, {"ids": changed})
        insert_labels(connection, (row for article_id in changed for row in sorted(expected[article_id], key=str)))
    return changed


def _columns(row: RowMapping, draft: Draft, ruling: ArticleRuling, now: datetime) -> Columns:
    """Return the columns of the article's row if one of them changes, else none."""
    text = ruling.text or draft
    columns = {name: getattr(text, name) for name in TEXT}
    columns["dropped"] = (row["dropped"] or now) if ruling.dropped else None
    if all(row[name] == value for name, value in columns.items()):
        return {}
    return columns


def _replace_originals(connection: Connection, judged: Sequence[JudgedRow], present: frozenset[int]) -> list[str]:
    """Keep the texts of entries where another one is published, and only there; return the ids where that changed.

    `present` are the numbers of the articles whose entries' texts are kept.
    """
    surplus = [
        row for row, entry, ruling in judged if row["number"] in present and not (ruling.text or entry.has_page_text)
    ]
    missing = [(row, entry.draft) for row, entry, ruling in judged if ruling.text and row["number"] not in present]
    if surplus:
        connection.execute(_DELETE_ORIGINALS, {"numbers": [row["number"] for row in surplus]})
    if missing:
        texts = [{"number": row["number"]} | {name: getattr(draft, name) for name in TEXT} for row, draft in missing]
        connection.execute(insert(original), texts)
    return [row["id"] for row in (*surplus, *(row for row, _ in missing))]
