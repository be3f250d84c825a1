"""Articles before their first publication: joined, put into clusters and named before anybody sees them."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection, bindparam, delete, func, select, update

from aggregator.model import Fingerprint, Job, KnownArticle, shard_of
from aggregator.store.article_rows import FINGERPRINT, fingerprint_from
from aggregator.store.clusters import clusters_of, hide_members
from aggregator.store.database import Database
from aggregator.store.free_names import WantedNames, free_paths, free_uids, numbered
from aggregator.store.known import article_rows, carriers_of, credited_sources, html_of, known_article
from aggregator.store.outbox import Outbox
from aggregator.store.partitions import delete_texts
from aggregator.store.places import CATEGORIES, place_articles
from aggregator.store.rows import listed, slices
from aggregator.store.schema import (
    article,
    article_category,
    article_source,
    key,
    label,
    page,
    source,
    translation,
    unpublished,
)
from aggregator.store.source_days import discount_recorded
from aggregator.store.statements import InsertRows, SelectByValues

_ids = listed("ids")
_ANY = select(unpublished.c.article_id).limit(1)
_FINGERPRINTS = (
    select(*article.c[("id", *FINGERPRINT)])
    .join(unpublished)
    .where(unpublished.c.article_id > bindparam("after"))
    .order_by(unpublished.c.article_id)
    .limit(bindparam("limit"))
)
_all = select(unpublished.c.article_id)
_SHARED_LINKS = (  # with IN, as SQLite begins a join with the larger table
    select(article.c.link_key)
    .where(article.c.id.in_(_all), article.c.link_key.is_not(None))
    .group_by(article.c.link_key)
    .having(func.count(article.c.source_id.distinct()) > 1)
)
_OF_SHARED_LINKS = (
    select(*article.c["link_key", "id"])
    .where(article.c.id.in_(_all), article.c.link_key.in_(_SHARED_LINKS))
    .order_by(article.c.link_key, article.c.id)
)
# Where several processes record at once, an article that was unpublished when another source's was decided may be
# published when that one is recorded. They share the key of their link, which is weak with one of them.
_own, _other = article.alias("own"), article.alias("other")
_own_key, _same_key = key.alias("own_key"), key.alias("same_key")
_WITH_PUBLISHED = (
    select(_own.c.link_key, _own.c.id.label("own"), _other.c.id.label("other"))
    .select_from(unpublished)
    .join(_own, _own.c.id == unpublished.c.article_id)
    .join(_own_key, _own_key.c.article_id == _own.c.id)
    .join(_same_key, (_same_key.c.digest == _own_key.c.digest) & (_same_key.c.article_id != _own.c.id))
    .join(_other, _other.c.id == _same_key.c.article_id)
    .where(
        _other.c.link_key == _own.c.link_key,
        _other.c.source_id != _own.c.source_id,
        _other.c.pruned.is_(False),
        _other.c.withdrawn.is_(None),
    )
    .distinct()
)
_KEYS = select(*key.c["digest", "article_id", "strong"]).where(key.c.article_id.in_(_ids))
_select_keys = SelectByValues(select(*key.c["digest", "article_id", "strong"]), key.c.digest)
_SHARED_KEYS = (
    select(key.c.digest).where(key.c.digest.in_(listed("digests"))).group_by(key.c.digest).having(func.count() > 1)
)
_insert_keys = InsertRows(key, ("digest", "article_id", "strong"))
_DELETE_KEY = delete(key).where(key.c.digest == bindparam("of"), key.c.article_id == bindparam("by"))
_AT = select(*article_source.c["article_id", "at"]).where(article_source.c.article_id.in_(_ids))
_MOVE_CREDIT = (
    update(article_source)
    .where(article_source.c.article_id == bindparam("of"))
    .values(article_id=bindparam("to"), at=bindparam("since"))
)
_FIRST_SEEN = select(*article.c["source_id", "first_seen"]).where(article.c.id.in_(_ids))
_DELETE_TERMS = delete(label).where(label.c.article_id.in_(_ids), label.c.origin == "entry")
_MOVE_LABELS = update(label).where(label.c.article_id == bindparam("of")).values(article_id=bindparam("to"))
_DELETE = [
    *(
        delete(table).where(table.c.article_id.in_(_ids))
        for table in (article_category, page, translation, unpublished)
    ),
    delete(article).where(article.c.id.in_(_ids)),
]
_SET_CLUSTER = update(article).where(article.c.id == bindparam("of")).values(cluster=bindparam("to"))
_names = select(
    *unpublished.c["article_id", "path", "uid"],
    article.c.path.label("present_path"),
    article.c.uid.label("present_uid"),
    source.c.ordinal,
    article.c.position,
).select_from(unpublished.join(article).join(source))
_RENAMED = _names.where((unpublished.c.path != article.c.path) | (unpublished.c.uid != article.c.uid))
_with_path = SelectByValues(select(*article.c["id", "path"]), article.c.path)
_with_uid = SelectByValues(select(*article.c["id", "uid"]), article.c.uid)
_NAMES = _names.where(unpublished.c.article_id.in_(_ids))
_SET_NAMES = (
    update(article).where(article.c.id == bindparam("of")).values(path=bindparam("new_path"), uid=bindparam("new_uid"))
)

_ALL = select(unpublished.c.article_id)
_MARK_ARTICLES = (
    update(article)
    .where(article.c.id.in_(_ids), article.c.pruned.is_(False))
    .values(pending=True, version=article.c.version + 1)
)
_SHOWN_IN = select(article_category.c.category).where(article_category.c.article_id.in_(_ids)).distinct()
_CLEAR = delete(unpublished).where(unpublished.c.article_id.in_(_ids))


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """The article `id` becomes a credit of the article `into`."""

    id: str
    into: str
    is_published: bool = False  # the article that it joins


class UnpublishedStore:
    """Articles that were recorded but never published: their ids, paths, uids and clusters may still change."""

    def __init__(self, database: Database, outbox: Outbox) -> None:
        self._database, self._outbox = database, outbox

    def exist(self) -> bool:
        """Return whether there are any."""
        with self._database.reading() as connection:
            return connection.scalar(_ANY) is not None

    def all(self) -> tuple[str, ...]:
        """Return the ids of all of them."""
        with self._database.reading() as connection:
            return tuple(connection.scalars(_ALL))

    def with_shared_links(self) -> Sequence[Collection[str]]:
        """Return the ids of the articles of several sources under one canonical link, link by link.

        Where several processes record at once, published ones are among them.
        """
        links: dict[str, dict[str, None]] = defaultdict(dict)
        with self._database.reading() as connection:
            if self._database.dialect.one_writer:
                for link, article_id in connection.execute(_OF_SHARED_LINKS):
                    links[link][article_id] = None
            else:
                for link, *ids in connection.execute(_WITH_PUBLISHED):
                    links[link] |= dict.fromkeys(ids)
        return tuple(map(tuple, links.values()))

    def read(self, ids: Collection[str]) -> Sequence[KnownArticle]:
        """Return these articles with their bodies and owners."""
        with self._database.reading() as connection:
            articles = _known(connection, ids, html_of(connection, ids))
            credited = credited_sources(connection, ids)
            return [replace(article, credited=credited[article.id]) for article in articles]

    def fingerprints(self, after: str | None, limit: int) -> Mapping[str, Fingerprint]:
        """Return the fingerprints of the next `limit` articles after the id `after`, by id in their order."""
        with self._database.reading() as connection:
            rows = connection.execute(_FINGERPRINTS, {"after": after or "", "limit": limit}).mappings()
            return {row["id"]: fingerprint_from(row) for row in rows}

    def known(self, ids: Collection[str]) -> Sequence[KnownArticle]:
        """Return these articles, published or not, without their bodies."""
        with self._database.reading() as connection:
            return _known(connection, ids)

    def with_shared_keys(self, digests: Collection[bytes]) -> Mapping[bytes, Collection[str]]:
        """Return those of these keys that several articles have, published or not, with the articles' ids."""
        ids: dict[bytes, list[str]] = defaultdict(list)
        with self._database.reading() as connection:
            parts = slices(digests)
            shared = [digest for part in parts for digest in connection.scalars(_SHARED_KEYS, {"digests": part})]
            for digest, article_id, _ in _select_keys(connection, shared):
                ids[digest].append(article_id)
        return ids

    def join(self, joins: Sequence[Join]) -> None:
        """Make articles credits of others: their labels, categories and keys go with them, their texts are deleted.

        They do not count for the limits of new articles of their sources (`max_new`). Published ones that others join
        are to be published again.
        """
        with self._database.writing() as connection:
            for part in slices(joins):
                _join(connection, {join.id: join.into for join in part})
            if published := {join.into for join in joins if join.is_published}:
                hide_members(connection, clusters_of(connection, published))  # others have no cluster yet
                self._outbox.mark_articles(published)
                self._outbox.mark_categories(published)

    def set_clusters(self, clusters: Mapping[str, str]) -> None:
        """Put articles, by id, into clusters; all members and the feeds that show them are to be published."""
        if not clusters:
            return
        with self._database.writing() as connection:
            connection.execute(_SET_CLUSTER, [{"of": member, "to": head} for member, head in clusters.items()])
            hide_members(connection, set(clusters.values()))
            self._outbox.mark_articles(clusters)
            self._outbox.mark_categories(clusters)

    def give_names(self) -> None:
        """Give the articles their uids and paths; of several that want the same the first in feeds.yaml has it."""
        with self._database.writing() as connection:
            renamed = {row.article_id: row for row in connection.execute(_RENAMED)}
            if not renamed:
                return
            rivals = renamed
            while rivals:
                rivals = {row.article_id: row for row in _rivals(connection, rivals.values())}
                rivals = {article_id: row for article_id, row in rivals.items() if article_id not in renamed}
                renamed |= rivals
            rows = sorted(renamed.values(), key=lambda row: (row.ordinal, row.position, row.article_id))
            names = [WantedNames(row.article_id, row.path, row.uid) for row in rows]
            uids = free_uids(connection, names, {row.present_uid for row in rows})
            paths = free_paths(connection, [name.path for name in names], {row.present_path for row in rows})
            changes = [
                {"of": row.article_id, "new_path": path, "new_uid": uid}
                for row, path, uid in zip(rows, paths, uids, strict=True)
                if (row.present_path, row.present_uid) != (path, uid)
            ]
            if changes:  # first to names that nobody has: two may exchange theirs
                placeholders = [{"of": each["of"], "new_path": each["of"], "new_uid": each["of"]} for each in changes]
                connection.execute(_SET_NAMES, placeholders)
                connection.execute(_SET_NAMES, changes)

    def clear(self, ids: Iterable[str]) -> None:
        """Note that these articles are to be published: their ids, paths and uids stay from now on.

        They are marked anew: another process that published meanwhile left them out.
        """
        names: set[str] = set()
        with self._database.writing() as connection:
            for part in slices(sorted(ids)):
                connection.execute(_MARK_ARTICLES, {"ids": part})
                names.update(connection.scalars(_SHOWN_IN, {"ids": part}))
                self._database.defer(Job("articles", shard_of(article_id)) for article_id in part)
                connection.execute(_CLEAR, {"ids": part})
            self._outbox.mark_categories((), names=names)


def _known(
    connection: Connection, ids: Iterable[str], html: Mapping[str, str] = MappingProxyType({})
) -> list[KnownArticle]:
    rows = article_rows(connection, ids)
    carriers = carriers_of(connection, {row["source_id"] for row in rows})
    return [
        known_article(
            row,
            credited=frozenset({row["source_id"]}),
            carriers=(carriers[row["source_id"]],),
            keys=frozenset(),
            html=html.get(row["id"], ""),
        )
        for row in rows
    ]


def _join(connection: Connection, into: Mapping[str, str]) -> None:
    """Give all that each of these articles has to the one that it joins, and delete its row."""
    _move_keys(connection, into)
    discount_recorded(connection, map(tuple, connection.execute(_FIRST_SEEN, {"ids": sorted(into)})))
    since = dict(map(tuple, connection.execute(_AT, {"ids": sorted(set(into.values()))})))
    connection.execute(_MOVE_CREDIT, [{"of": old, "to": new, "since": since[new]} for old, new in into.items()])
    connection.execute(_DELETE_TERMS, {"ids": sorted(into)})
    connection.execute(_MOVE_LABELS, [{"of": old, "to": new} for old, new in into.items()])
    _move_places(connection, into)
    delete_texts(connection, sorted(into))
    for statement in _DELETE:
        connection.execute(statement, {"ids": sorted(into)})


def _move_keys(connection: Connection, into: Mapping[str, str]) -> None:
    """Give the keys of each joined article to the one that it joined; a strong key stays strong."""
    moved = connection.execute(_KEYS, {"ids": sorted(into)}).all()
    rows = list(_select_keys(connection, {row.digest for row in moved}))
    strong: dict[tuple[bytes, str], bool] = {}
    for row in rows:
        name = row.digest, into.get(row.article_id, row.article_id)
        strong[name] = strong.get(name, False) or row.strong
    changed = {(row.digest, into[row.article_id]) for row in moved}
    present = {(row.digest, row.article_id) for row in rows}
    replaced = {(row.digest, row.article_id) for row in moved} | (changed & present)
    if replaced:
        connection.execute(_DELETE_KEY, [{"of": digest, "by": article_id} for digest, article_id in sorted(replaced)])
    _insert_keys(connection, [(*name, strong[name]) for name in sorted(changed)])


def _move_places(connection: Connection, into: Mapping[str, str]) -> None:
    """Put the articles into the categories of those that joined them."""
    targets = sorted(set(into.values()))
    present = {tuple(row) for row in connection.execute(CATEGORIES, {"ids": targets})}
    wanted = {(into[row.article_id], row.category) for row in connection.execute(CATEGORIES, {"ids": sorted(into)})}
    place_articles(connection, sorted(wanted - present))


def _rivals(connection: Connection, rows: Iterable[Any]) -> Iterator[Any]:
    """Yield the unpublished articles that have a name which those of `rows` may get."""
    rows = list(rows)
    counts = Counter(row.path for row in rows)
    paths = {name for path, count in counts.items() for name in numbered(path, 0, count + 1)}
    paths |= {row.present_path for row in rows}
    ids = {row.id for row in _with_path(connection, paths)}
    ids |= {row.id for row in _with_uid(connection, {row.uid for row in rows})}
    for part in slices(sorted(ids)):
        yield from connection.execute(_NAMES, {"ids": part})
