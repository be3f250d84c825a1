"""Articles that their sources withdrew (RFC 6721), the tombstones that did it, and those of ours that follow."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, func, insert, literal, not_, select, update

from aggregator.model import Departure, Details, Job, Retraction, Withdrawal, shard_of
from aggregator.store.archive_marks import leave_pages
from aggregator.store.article_rows import BODY
from aggregator.store.database import Database
from aggregator.store.departures import leave_article
from aggregator.store.dialect import RacedError
from aggregator.store.known import credited_sources
from aggregator.store.maintenance import MaintenanceStore
from aggregator.store.outbox import Outbox
from aggregator.store.partitions import delete_texts
from aggregator.store.rows import listed, slices
from aggregator.store.schema import (
    article,
    article_category,
    article_source,
    article_text,
    category,
    original,
    page,
    page_text,
    retraction,
    revision,
    source,
    tombstone,
    translation,
    translation_text,
    unpublished,
)
from aggregator.store.search import index_articles
from aggregator.store.source_days import discount_articles

_ids = listed("ids")
_TOMBSTONES = select(*tombstone.c["digest", "at"]).where(tombstone.c.digest.in_(listed("digests")))
_DATES = select(article.c.published).where(article.c.id.in_(_ids), article.c.dropped.is_(None))
_other_place = article_category.alias()
_unnumbered = (  # articles that joined, and get their numbers when the category is published
    select(func.count())
    .where(
        _other_place.c.category == article_category.c.category,
        _other_place.c.hidden.is_(False),
        _other_place.c.archive_page.is_(None),
        _other_place.c.number.is_(None),
    )
    .scalar_subquery()
)
_RETRACT = insert(retraction).from_select(
    ["category", "article_id", "deleted", "joined"],
    select(*article_category.c["category", "article_id"], article.c.withdrawn, category.c.joined + _unnumbered)
    .join(article, article.c.id == article_category.c.article_id)
    .join(category, category.c.name == article_category.c.category)
    .where(
        article_category.c.article_id.in_(_ids),
        not_(exists().where(unpublished.c.article_id == article_category.c.article_id)),
    ),
)
_DELETE_RETRACTIONS = delete(retraction).where(retraction.c.article_id.in_(_ids))
_LEAVE = delete(article_source).where(article_source.c.article_id.in_(_ids))
_NO_ENTRY: dict[str, Any] = {  # the columns that an entry fills and a tombstone empties
    "authors": (),
    "enclosures": (),
    "image": None,
    "external_url": None,
    "details": Details(),
    "edited": None,
    "text_digest": b"",
}
_WITHDRAW = (
    update(article)
    .where(article.c.id == bindparam("of"))
    .values(withdrawn=bindparam("when"), version=article.c.version + 1)
)
_EMPTY_ALONE = update(article).where(article.c.id.in_(_ids)).values(_NO_ENTRY | {"pending": True})
_next_link = (
    select(article_source.c.link)
    .where(article_source.c.article_id == article.c.id, article_source.c.source_id == article.c.source_id)
    .scalar_subquery()
)
_EMPTY = update(article).where(article.c.id.in_(_ids)).values(_NO_ENTRY | {"link": _next_link})
_EMPTY_TEXT = (
    update(article_text)
    .where(article_text.c.number.in_(select(article.c.number).where(article.c.id.in_(_ids))))
    .values(dict.fromkeys(BODY, ""))
)
_DELETE_MARKS = [
    delete(page).where(page.c.article_id.in_(_ids)),
    delete(translation).where(translation.c.article_id.in_(_ids), translation.c.updated.is_(None)),
    update(translation).where(translation.c.article_id.in_(_ids)).values(due=None, digest=b""),
]
_FORGET_ENTRIES = update(source).where(source.c.id == bindparam("of")).values(seen=b"")
_IS_GONE = select(literal(1)).where(article.c.id == bindparam("id"), article.c.pruned)


class WithdrawalStore:
    """Tombstones of entries, and the articles that they withdraw."""

    def __init__(self, database: Database, outbox: Outbox, maintenance: MaintenanceStore) -> None:
        self._database, self._outbox, self._maintenance = database, outbox, maintenance

    def tombstones(self, digests: Iterable[bytes]) -> Mapping[bytes, datetime]:
        """Return the times at which entries were deleted, by the key of their guid."""
        with self._database.reading() as connection:
            parts = slices(digests)
            return {row.digest: row.at for part in parts for row in connection.execute(_TOMBSTONES, {"digests": part})}

    def is_gone(self, article_id: str) -> bool:
        """Return whether the article's source withdrew it, or whether it was pruned."""
        with self._database.reading() as connection:
            return connection.scalar(_IS_GONE, {"id": article_id}) is not None

    def record(self, source_id: int, tombstones: Mapping[bytes, datetime], withdrawals: Collection[Withdrawal]) -> None:
        """Store tombstones that count, by the keys of guids, and withdraw the source's articles.

        Raises RacedError if another source carries one of them since: `lookup` and decide again.
        """
        by_id = {withdrawal.id: withdrawal for withdrawal in withdrawals}
        alone = [withdrawal for withdrawal in by_id.values() if withdrawal.next_owner is None]
        shared = [withdrawal for withdrawal in by_id.values() if withdrawal.next_owner is not None]
        with self._database.writing() as connection:
            self._store(connection, tombstones)
            credited = credited_sources(connection, [withdrawal.id for withdrawal in alone])
            if any(sources != {source_id} for sources in credited.values()):
                raise RacedError("Another process recorded the article for another source; try again")
            if not by_id:
                return
            dates = connection.scalars(_DATES, {"ids": sorted(by_id)}).all()
            discount_articles(connection, source_id, dates)
            if alone:
                self._withdraw(connection, alone)
            if shared:
                self._leave(connection, source_id, shared)

    def forget_entries(self, source_id: int) -> None:
        """Have all entries of the source's next document read, also those that its last one had."""
        with self._database.writing() as connection:
            connection.execute(_FORGET_ENTRIES, {"of": source_id})

    def _store(self, connection: Connection, tombstones: Mapping[bytes, datetime]) -> None:
        if tombstones:
            statement = self._database.dialect.insert(tombstone)
            later = statement.on_conflict_do_update(
                index_elements=["digest"],
                set_={"at": statement.excluded.at},
                where=statement.excluded.at > tombstone.c.at,
            )
            connection.execute(later, [{"digest": digest, "at": at} for digest, at in sorted(tombstones.items())])

    def _withdraw(self, connection: Connection, withdrawals: Collection[Withdrawal]) -> None:
        """Withdraw articles that nobody else carries; their keys stay, so that a newer entry is known as theirs."""
        parameters = {"ids": sorted(withdrawal.id for withdrawal in withdrawals)}
        connection.execute(_WITHDRAW, [{"of": withdrawal.id, "when": withdrawal.when} for withdrawal in withdrawals])
        connection.execute(_DELETE_RETRACTIONS, parameters)
        connection.execute(_RETRACT, parameters)
        self._maintenance.prune(parameters["ids"])
        for statement in (_LEAVE, _EMPTY_ALONE):
            connection.execute(statement, parameters)
        self._database.defer(Job("articles", shard_of(withdrawal.id)) for withdrawal in withdrawals)

    def _leave(self, connection: Connection, source_id: int, withdrawals: Collection[Withdrawal]) -> None:
        """Take the source from articles that others carry, and its text from those that it owned.

        The next owner's document is read again; until then such an article has a title and the next owner's link.
        """
        ids = sorted(withdrawal.id for withdrawal in withdrawals)
        self._outbox.mark_categories(ids)
        emptied = [
            withdrawal.id
            for withdrawal in withdrawals
            if withdrawal.next_owner is not None
            and leave_article(connection, source_id, Departure(id=withdrawal.id, next_owner=withdrawal.next_owner))
        ]
        if emptied:
            delete_texts(connection, emptied, tables=(original, page_text, revision, translation_text))
            for statement in (_EMPTY, _EMPTY_TEXT, *_DELETE_MARKS):
                connection.execute(statement, {"ids": emptied})
            leave_pages(connection, emptied)
            index_articles(connection, emptied)
        self._outbox.mark_articles(ids)


_SHOWN = (
    select(article.c.uid, *retraction.c["article_id", "deleted"])
    .select_from(retraction)
    .join(article, article.c.id == retraction.c.article_id)
    .join(category, category.c.name == retraction.c.category)
    .where(
        retraction.c.category == bindparam("category"),
        retraction.c.joined > category.c.joined - bindparam("limit"),
        not_(
            exists().where(
                article_category.c.article_id == retraction.c.article_id,
                article_category.c.category == retraction.c.category,
            )
        ),
    )
    .order_by(retraction.c.joined.desc(), retraction.c.deleted.desc(), article.c.id)
    .limit(bindparam("limit"))
)


def retractions(connection: Connection, category_name: str, limit: int) -> tuple[Retraction, ...]:
    """Return the latest tombstones of the category's feed, each until `limit` articles have joined after it."""
    rows = connection.execute(_SHOWN, {"category": category_name, "limit": limit})
    return tuple(Retraction(article_id=row.article_id, uid=row.uid, when=row.deleted) for row in rows)
