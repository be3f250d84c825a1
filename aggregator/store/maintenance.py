"""Maintenance: pruning of old articles, and checks of the tables against each other."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, case, delete, exists, func, not_, or_, select, true, union, update

from aggregator.model import Keyed, Unchanged
from aggregator.names import ALL
from aggregator.store.archive_marks import mark_pages
from aggregator.store.article_rows import draft_from, fingerprint_from
from aggregator.store.clusters import clusters_of, hide_members
from aggregator.store.columns import Moment
from aggregator.store.database import Database
from aggregator.store.due_hosts import refresh_all_due
from aggregator.store.identifiers import insert_keys
from aggregator.store.outbox import Outbox
from aggregator.store.partitions import delete_texts, drop_partitions, first_kept
from aggregator.store.places import CATEGORIES, place_articles
from aggregator.store.rows import listed
from aggregator.store.schema import (
    TEXTS,
    article,
    article_category,
    article_source,
    article_text,
    backfill,
    due_backfill,
    due_page,
    hidden,
    host,
    key,
    label,
    of_article,
    page,
    pending_article,
    revision,
    searchable,
    shown,
    source,
    subscription,
    topic,
    translation,
    unnotified,
    unpublished,
)

CLOCK_DIFFERENCE = timedelta(minutes=5)  # processes on two machines may share a database
MAX_HOLD = timedelta(days=32)  # no answer holds a host off for longer than 31 days

_ids = listed("ids")
_OLD = [  # those shown in `all`, and those behind the head of their cluster: an index has each in the order of dates
    select(*article.c["id", "path"])
    .join(article_category)
    .where(article_category.c.category == ALL, condition, article_category.c.published < bindparam("before"))
    .order_by(article_category.c.published)
    .limit(bindparam("limit"))
    for condition in (shown, hidden)
]
_COUNT = select(func.count()).where(article_category.c.category == ALL)
_COUNT_SHOWN = select(func.count()).select_from(searchable)  # an index has all that it needs, unlike `all`
_COUNT_OLD = _COUNT.where(article_category.c.published < bindparam("before"))
_is_dropped = article.c.dropped.is_not(None)
_is_old_dropped = (
    _is_dropped,
    or_(article.c.published < bindparam("before"), article.c.dropped < bindparam("dropped_before")),
)
_OLD_DROPPED = (
    select(*article.c["id", "path"]).where(*_is_old_dropped).order_by(article.c.dropped).limit(bindparam("limit"))
)
_COUNT_DROPPED = select(func.count()).where(_is_dropped)
_COUNT_OLD_DROPPED = select(func.count()).where(*_is_old_dropped)
_OTHER_MEMBERS = (
    select(*article.c["id", "cluster"])
    .where(article.c.cluster.in_(listed("clusters")), article.c.id.not_in(_ids))
    .order_by(article.c.first_seen, article.c.position, article.c.id)
)
_EMPTY = (
    update(article).where(article.c.id.in_(_ids)).values(pruned=True, dropped=None, pending=False, cluster=article.c.id)
)
_DELETE_ROWS = [
    delete(table).where(table.c.article_id.in_(_ids))
    for table in (article_category, label, page, translation, unpublished)
]
_SET_CLUSTER = update(article).where(article.c.id == bindparam("of")).values(cluster=bindparam("to"))

_LAST_FETCH = select(func.max(source.c.last_fetch))
_touched = union(
    select(article_source.c.article_id).where(article_source.c.at >= bindparam("since")),
    select(article.c.id)
    .join(revision, revision.c.article_number == article.c.number)
    .where(revision.c.at >= bindparam("since")),
).subquery()
_TOUCHED = select(_touched.c.article_id).where(_touched.c.article_id.not_in(select(unpublished.c.article_id)))
_MARKS = (  # tables of work that is due at a time, with the conditions of their indexes
    (page, due_page),
    (backfill, due_backfill),
    (translation, translation.c.due.is_not(None)),
    (topic, unnotified),
    (subscription, true()),
)
_ANY_FUTURE = select(
    or_(
        exists().where(source.c.last_fetch > bindparam("latest")),
        exists().where(host.c.not_before > bindparam("latest_hold")),
        *(exists().where(is_due, table.c.due > bindparam("latest_hold")) for table, is_due in _MARKS),
    )
)
_RESET_SOURCES = (
    update(source)
    .where(source.c.last_fetch > bindparam("latest"))
    .values(
        next_fetch=bindparam("now", type_=Moment) + (source.c.next_fetch - source.c.last_fetch),
        last_fetch=bindparam("now", type_=Moment),
        last_success=case(
            (source.c.last_success > bindparam("now", type_=Moment), bindparam("now", type_=Moment)),
            else_=source.c.last_success,
        ),
    )
)
_RESET_HOSTS = (
    update(host).where(host.c.not_before > bindparam("latest_hold")).values(not_before=bindparam("until", type_=Moment))
)
_RESET_LEASES = update(host).where(host.c.last_asked > bindparam("latest")).values(last_asked=None, lease_until=None)
_RESET_MARKS = [
    update(table)
    .where(is_due, table.c.due > bindparam("latest_hold"))
    .values(due=bindparam("now", type_=Moment), **({"lease_until": None} if "lease_until" in table.c else {}))
    for table, is_due in _MARKS
]
_OWNED = select(*article.c["path", "pruned", "dropped"]).where(article.c.path.in_(listed("paths")))
_PENDING = select(article.c.id).where(article.c.id.in_(_ids), pending_article)
_WITHOUT_KEYS = (
    select(article, *TEXTS)
    .outerjoin(article_text, of_article)
    .where(article.c.id > bindparam("after"), not_(exists().where(key.c.article_id == article.c.id)))
    .order_by(article.c.id)
    .limit(bindparam("limit"))
)
_PAGE = (
    select(*article.c["id", "pruned", "dropped"])
    .where(article.c.id > bindparam("after"))
    .order_by(article.c.id)
    .limit(bindparam("limit"))
)
_LABELS = select(label.c.article_id, label.c.value).where(label.c.article_id.in_(_ids), label.c.kind == "category")
_DELETE_CATEGORY = delete(article_category).where(
    article_category.c.article_id == bindparam("of"), article_category.c.category == bindparam("name")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The categories (names) whose feeds show an article, and those of its labels."""

    id: str
    actual: frozenset[str]
    expected: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSize:
    """Amount of what is stored."""

    articles: int  # that have a page: neither pruned nor dropped
    bytes: int


class MaintenanceStore:
    """Pruning, and what `verify` and `repair` read and write."""

    def __init__(self, database: Database, outbox: Outbox) -> None:
        self._database, self._outbox = database, outbox

    def old_articles(
        self, before: datetime | None, limit: int, *, dropped_before: datetime | None = None
    ) -> Mapping[str, str]:
        """Return the paths, by id, of up to `limit` articles published before that moment that have their text.

        Among them are those that rules dropped before `dropped_before`.
        """
        old: dict[str, str] = {}
        with self._database.reading() as connection:
            for statement in (*_OLD, _OLD_DROPPED):
                parameters = {"before": before, "dropped_before": dropped_before, "limit": limit - len(old)}
                old |= {row.id: row.path for row in connection.execute(statement, parameters)}
        return old

    def count_articles(self, before: datetime | None) -> tuple[int, int]:
        """Return the number of published articles that were published before that moment, and of all."""
        with self._database.reading() as connection:
            old, total = (connection.scalar(statement, {"before": before}) or 0 for statement in (_COUNT_OLD, _COUNT))
        return old, total

    def count_dropped(self, before: datetime | None, dropped_before: datetime | None) -> tuple[int, int]:
        """Return the number of dropped articles that `old_articles` finds with these moments, and of all dropped."""
        parameters = {"before": before, "dropped_before": dropped_before}
        with self._database.reading() as connection:
            old = connection.scalar(_COUNT_OLD_DROPPED, parameters) or 0
            return old, connection.scalar(_COUNT_DROPPED) or 0

    def prune(self, ids: Collection[str], before: datetime | None = None) -> None:
        """Delete the texts and labels of these articles; their keys and fingerprints stay, so that they never return.

        A cluster that loses its first member is led by the earliest of the others. If all articles of months `before`
        that moment are pruned, texts in partitions of these months are left to `drop_old_months`.
        """
        parameters = {"ids": sorted(ids)}
        with self._database.writing() as connection:
            self._outbox.mark_categories(ids)
            mark_pages(connection, ids)
            clusters = clusters_of(connection, ids)
            remaining = connection.execute(_OTHER_MEMBERS, {**parameters, "clusters": clusters}).all()
            delete_texts(connection, parameters["ids"], first=first_kept(connection, before))
            for statement in (*_DELETE_ROWS, _EMPTY):
                connection.execute(statement, parameters)
            if remaining:
                leaders: dict[str, str] = {}
                led = [row for row in remaining if row.cluster in parameters["ids"]]
                moved = [{"of": row.id, "to": leaders.setdefault(row.cluster, row.id)} for row in led]
                if moved:
                    connection.execute(_SET_CLUSTER, moved)
                hide_members(connection, {leaders.get(row.cluster, row.cluster) for row in remaining})
                self._outbox.mark_articles([row.id for row in remaining])

    def drop_old_months(self, before: datetime) -> int:
        """Drop the texts of whole months before that moment whose articles are all pruned; return how many months."""
        return drop_partitions(self._database, before)

    def reset_future_times(self, now: datetime) -> None:
        """Make waits count from `now` that an earlier clock noted which ran ahead; they would last for as long.

        How long a host asked to be left alone is unknown then: an hour, as after a 429 without a time.
        """
        latest, latest_hold = now + CLOCK_DIFFERENCE, now + MAX_HOLD
        with self._database.reading() as connection:
            if not connection.scalar(_ANY_FUTURE, {"latest": latest, "latest_hold": latest_hold}):
                return
        with self._database.writing() as connection:
            connection.execute(_RESET_SOURCES, {"now": now, "latest": latest})
            connection.execute(_RESET_HOSTS, {"latest_hold": latest_hold, "until": now + timedelta(hours=1)})
            connection.execute(_RESET_LEASES, {"latest": latest})
            refresh_all_due(connection)
            for statement in _RESET_MARKS:
                connection.execute(statement, {"latest_hold": latest_hold, "now": now})

    def size(self) -> StoreSize:
        """Return how much is stored. Counting takes 0.15 s a million articles: it is for now and then."""
        with self._database.reading() as connection:
            dialect = self._database.dialect
            estimate = dialect.estimated_rows(connection, searchable)
            articles = (connection.scalar(_COUNT_SHOWN) or 0) if estimate is None else estimate
            return StoreSize(articles=articles, bytes=dialect.size(connection))

    def touched_articles(self, within: timedelta) -> tuple[str, ...]:
        """Return the ids of the articles that were new, edited or credited within that time before the last fetch.

        Those that were never published are left out: they may yet join another one, and their file would stay.
        """
        with self._database.reading() as connection:
            last = connection.scalar(_LAST_FETCH)
            return tuple(connection.scalars(_TOUCHED, {"since": last - within})) if last else ()

    def owned_paths(self, paths: Collection[str]) -> Mapping[str, bool]:
        """Return which of these paths belong to an article; False if that has no file (pruned, dropped, withdrawn)."""
        with self._database.reading() as connection:
            return {
                row.path: not row.pruned and row.dropped is None for row in connection.execute(_OWNED, {"paths": paths})
            }

    def pending(self, ids: Collection[str]) -> frozenset[str]:
        """Return which of these articles are marked in the outbox."""
        with self._database.reading() as connection:
            return frozenset(connection.scalars(_PENDING, {"ids": ids}))

    def articles_without_keys(self, after: str | None, limit: int) -> Mapping[str, Keyed]:
        """Return the next `limit` articles without a key, pruned ones too, by the path of their file."""
        with self._database.reading() as connection:
            rows = connection.execute(_WITHOUT_KEYS, {"after": after or "", "limit": limit}).mappings()
            return {
                row["path"]: Keyed(
                    id=row["id"], uid=row["uid"], draft=draft_from(row), keys=(), fingerprint=fingerprint_from(row)
                )
                for row in rows
            }

    def add_keys(self, keyed: Sequence[Keyed]) -> None:
        """Give articles those of these keys that they lack; a strong key of another article stays with it."""
        decisions = [Unchanged(id=article.id, keyed=article, reason="keys written again") for article in keyed]
        with self._database.writing() as connection:
            insert_keys(connection, decisions, frozenset())

    def placements(self, after: str | None, limit: int) -> tuple[Placement, ...]:
        """Return the categories of the next `limit` articles, pruned and dropped ones too; those belong in none."""
        actual: dict[str, set[str]] = defaultdict(set)
        expected: dict[str, set[str]] = defaultdict(lambda: {ALL})
        with self._database.reading() as connection:
            rows = connection.execute(_PAGE, {"after": after or "", "limit": limit}).all()
            ids = {"ids": [row.id for row in rows]}
            for article_id, name in connection.execute(CATEGORIES, ids):
                actual[article_id].add(name)
            for article_id, name in connection.execute(_LABELS, ids):
                expected[article_id].add(name)
        return tuple(
            Placement(
                id=row.id,
                actual=frozenset(actual[row.id]),
                expected=frozenset() if row.pruned or row.dropped else frozenset(expected[row.id]),
            )
            for row in rows
        )

    def place(self, placements: Collection[Placement]) -> None:
        """Put these articles into the categories where they are expected, and mark the feeds that change."""
        ids = sorted(placement.id for placement in placements)
        surplus = [{"of": place.id, "name": name} for place in placements for name in place.actual - place.expected]
        missing = [(place.id, name) for place in placements for name in place.expected - place.actual]
        with self._database.writing() as connection:
            self._outbox.mark_categories(ids)
            if surplus:
                mark_pages(connection, ids)
                connection.execute(_DELETE_CATEGORY, surplus)
            if missing:
                place_articles(connection, missing)
            hide_members(connection, clusters_of(connection, ids))
            self._outbox.mark_categories(ids)
