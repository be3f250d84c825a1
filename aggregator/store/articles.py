"""Articles: recorded from decisions, found by their keys and ids."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, select, update

from aggregator.model import (
    BackfillStep,
    ClaimedBackfill,
    Decision,
    Duplicate,
    FeedInfo,
    HubTopic,
    Job,
    KnownArticle,
    New,
    RecordCounts,
    Revision,
    RevisionHead,
    SourceState,
    StoredArticle,
    Updated,
)
from aggregator.names import ALL
from aggregator.store.archive_marks import mark_pages
from aggregator.store.backfills import BackfillStore
from aggregator.store.credits import insert_credits, insert_labels_and_categories
from aggregator.store.database import Database
from aggregator.store.departures import leave_articles
from aggregator.store.hubs import HubStore
from aggregator.store.identifiers import decided_id, insert_keys
from aggregator.store.inserts import insert_articles
from aggregator.store.known import article_rows, carriers_of, credited_sources, html_of, known_article
from aggregator.store.labels import SourceLabels, entry_terms
from aggregator.store.outbox import Outbox
from aggregator.store.pages import PageStore
from aggregator.store.rows import listed, slices
from aggregator.store.schema import article, article_category, key, revision, source
from aggregator.store.search import index_articles
from aggregator.store.source_days import count_articles
from aggregator.store.sources import SourceStore
from aggregator.store.statements import SelectByValues
from aggregator.store.stored_articles import ARTICLES, ROW_BY_ROW, first_rows, stored_articles
from aggregator.store.translations import TranslationStore
from aggregator.store.updates import update_articles

_select_articles_of_keys = SelectByValues(select(key.c.digest, key.c.article_id), key.c.digest)
_SOURCE = (
    select(*source.c["settings", "feed_info", "readdressed", "ordinal"])
    .where(source.c.id == bindparam("id"))
    .with_for_update(key_share=True)
)
_NOTE_NEW = update(source).where(source.c.id == bindparam("of")).values(last_new=bindparam("now"))
_ARTICLE = ARTICLES.where(article.c.id == bindparam("id"))
_is_hidden = article.c.id.in_(select(article_category.c.article_id).where(article_category.c.hidden))
_BY_IDS = ARTICLES.where(article.c.id.in_(listed("ids"))).order_by(article.c.id)
_PAGE = ARTICLES.where(article.c.id > bindparam("after")).order_by(article.c.id).limit(bindparam("limit"))
_REVISIONS = (
    select(*revision.c["number", "at", "title"])
    .join(article, article.c.number == revision.c.article_number)
    .where(article.c.id == bindparam("id"))
    .order_by(revision.c.number.desc())
)
_REVISION = (
    select(*revision.c["number", "at", "title", "html"])
    .join(article, article.c.number == revision.c.article_number)
    .where(article.c.id == bindparam("id"), revision.c.number == bindparam("number"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One document of a source to record: the source's new state, and the decisions on its entries.

    A document that a hub `pushed` stands for no poll: of the state only `seen` and `waiting` are written, and the lease
    continues. A page of the source's archive writes nothing of the state, only the next `step` in the archive.
    """

    source_id: int
    state: SourceState
    decisions: Sequence[Decision]
    paths: Mapping[str, str]  # wanted path of each new article, by id
    now: datetime
    dropped: frozenset[str] = frozenset()  # ids of new articles that rules will drop
    pushed: bool = False
    hub: HubTopic | None = None  # that the document names
    is_limited: bool = False  # its new articles count for `max_new`
    due_without_push: tuple[datetime, str] | None = None  # next fetch and its reason, if no hub pushes any more
    page: ClaimedBackfill | None = None  # of the source's archive, that the document is
    step: BackfillStep | None = None  # next place in the archive; None: none is to be read


class ArticleStore:
    """Articles with their keys, credits, labels and revisions."""

    def __init__(
        self,
        database: Database,
        sources: SourceStore,
        hubs: HubStore,
        outbox: Outbox,
        *,
        pages: PageStore,
        translations: TranslationStore,
    ) -> None:
        self._database, self._sources, self._hubs, self._outbox = database, sources, hubs, outbox
        self._pages, self._translations, self._backfills = pages, translations, BackfillStore(database)

    def lookup(
        self, digests: Iterable[bytes], source_id: int = 0, links: Collection[bytes] = ()
    ) -> Mapping[bytes, tuple[KnownArticle, ...]]:
        """Return the articles that have each of these keys, first seen first; keys of no article are left out.

        Articles that other sources than `source_id` carry come with their carriers, and those that it does not carry
        with their bodies if they have one of the keys `links`.
        """
        keys: dict[str, set[bytes]] = defaultdict(set)
        articles: dict[bytes, list[KnownArticle]] = defaultdict(list)
        with self._database.reading() as connection:
            for digest, article_id in _select_articles_of_keys(connection, digests):
                keys[article_id].add(digest)
            if not keys:
                return {}
            credited = credited_sources(connection, keys)
            terms = {key: value for ids in slices(keys) for key, value in entry_terms(connection, ids).items()}
            shared = {article_id for article_id, sources in credited.items() if sources != {source_id}}
            carriers = carriers_of(connection, set(chain.from_iterable(credited[article_id] for article_id in shared)))
            foreign = {
                article_id
                for article_id in shared
                if source_id not in credited[article_id] and not keys[article_id].isdisjoint(links)
            }
            html = html_of(connection, foreign)
            for row in article_rows(connection, keys):
                article_id = row["id"]
                match = known_article(
                    row,
                    credited=credited.get(article_id, frozenset()),
                    carriers=tuple(carriers[source] for source in sorted(credited[article_id]))
                    if article_id in shared
                    else (),
                    keys=frozenset(keys[article_id]),
                    terms=terms.get(article_id, ()),
                    html=html.get(article_id, ""),
                )
                for digest in match.keys:
                    articles[digest].append(match)
        return {digest: tuple(matches) for digest, matches in articles.items()}

    def record(self, recording: Recording) -> RecordCounts:
        """Write a document's articles, revisions, credits, keys and labels, its source's state, and all marks.

        All of it is written or nothing; nothing if another process has leased the source's host since. The same
        decisions again change no article. Raises RacedError if another process recorded one of the articles first:
        `lookup`, decide and record again.
        """
        source_id, decisions, now = recording.source_id, recording.decisions, recording.now
        with self._database.writing() as connection:
            row = connection.execute(_SOURCE, {"id": source_id}).mappings().one()
            if not self._record_state(recording, row):
                return RecordCounts()
            new = (decision for decision in decisions if isinstance(decision, New))
            inserted = insert_articles(connection, source_id, new, recording.paths)
            updated = (decision for decision in decisions if isinstance(decision, Updated))
            edits = update_articles(connection, source_id, updated, now)
            left = leave_articles(connection, source_id, inserted.values())
            credited, relinked = insert_credits(connection, source_id, decisions, inserted, now)
            self._count_credited(connection, recording, credited, len(inserted.keys() - recording.dropped))
            keys = insert_keys(connection, decisions, inserted.keys())
            labels = SourceLabels.of(row["settings"])
            insert_labels_and_categories(connection, source_id, credited, inserted, labels, row["ordinal"])
            index_articles(connection, {*inserted, *edits.ids})
            if row["settings"].full_text:
                self._pages.mark({*inserted, *edits.ids}, source_id, now)
            self._translations.mark({*inserted, *edits.ids}, source_id, row["settings"].translate, now)
            changed = {*edits.ids, *credited, *relinked, *left} - inserted.keys()
            self._outbox.mark_articles(changed)
            names = {ALL, *dict(labels.categories)} if inserted else ()
            is_renamed = not recording.page and _credited_as(row["feed_info"]) != _credited_as(
                recording.state.feed_info
            )
            renamed = source_id if is_renamed else None
            self._outbox.mark_categories(changed, source_id=renamed, of_unpublished=names)
            if inserted:
                self._database.defer([Job("prepare")])
        return RecordCounts(
            new=len(inserted),
            updated=edits.texts,
            duplicates=sum(map(_is_duplicate, decisions)),
            rows=len(inserted) + len(edits.ids) + edits.texts + len(credited) + len(relinked) + keys,
        )

    def _count_credited(
        self, connection: Connection, recording: Recording, credited: Collection[str], new: int
    ) -> None:
        """Count the articles that the source is credited with only now, and note when it had a new one."""
        if credited:
            dates = {decided_id(decision): decision.keyed.draft.published for decision in recording.decisions}
            published = (dates[article_id] for article_id in credited)
            limited, dialect = new if recording.is_limited else 0, self._database.dialect
            count_articles(connection, dialect, recording.source_id, published, recording.now, limited)
        if new and not recording.page:
            connection.execute(_NOTE_NEW, {"of": recording.source_id, "now": recording.now})

    def _record_state(self, recording: Recording, row: RowMapping) -> bool:
        """Write the source's state; return False if the process has lost the lease that it was fetched with."""
        source_id = recording.source_id
        if recording.page and recording.step:
            self._backfills.move(recording.page, recording.step, recording.now)
            return True
        if recording.pushed:
            self._sources.record_pushed(source_id, recording.state)
        elif not self._sources.record_states(((source_id, recording.state),), {}):
            return False
        if recording.step and not row["readdressed"]:
            self._backfills.begin(source_id, recording.step, recording.now)
        if recording.pushed:
            return True
        if (recording.hub or row["feed_info"].hub) and not row["readdressed"]:
            self._hubs.follow(source_id, recording.hub, recording.due_without_push, recording.now)
        return True

    def is_empty(self) -> bool:
        """Return True while no article was ever recorded."""
        with self._database.reading() as connection:
            return connection.scalar(select(article.c.id).limit(1)) is None

    def get(self, article_id: str) -> StoredArticle | None:
        """Return the article, or None if it is unknown or its text was pruned."""
        articles = self._read(_ARTICLE, {"id": article_id})
        return articles[0] if articles else None

    def by_ids(self, ids: Collection[str]) -> tuple[StoredArticle, ...]:
        """Return those of these articles that still have their text, in the order of their ids."""
        return self._read(_BY_IDS, {"ids": ids})

    def page(self, after: str | None, limit: int) -> tuple[StoredArticle, ...]:
        """Return the next articles after the id `after` in the order of their ids; () at the end.

        They are `limit`, or fewer if they are long.
        """
        parameters = {"after": after or "", "limit": limit}
        with self._database.reading() as connection:
            with connection.execute(_PAGE, parameters, execution_options=ROW_BY_ROW) as result:
                rows = first_rows(result.mappings())
            return stored_articles(connection, rows)

    def _read(self, statement: Any, parameters: Mapping[str, Any]) -> tuple[StoredArticle, ...]:
        with self._database.reading() as connection:
            return stored_articles(connection, connection.execute(statement, parameters).mappings().all())

    def revisions(self, article_id: str) -> tuple[RevisionHead, ...]:
        """Return the heads of the article's revisions, the latest first."""
        with self._database.reading() as connection:
            rows = connection.execute(_REVISIONS, {"id": article_id}).mappings()
            return tuple(RevisionHead(**row) for row in rows)

    def revision(self, article_id: str, number: int) -> Revision | None:
        """Return the revision of the article with this number, None if there is none (any more)."""
        with self._database.reading() as connection:
            row = connection.execute(_REVISION, {"id": article_id, "number": number}).mappings().one_or_none()
            return Revision(**row) if row else None

    def dissolve_clusters(self) -> None:
        """Make every article the only member of its cluster, and show all that were hidden."""
        with self._database.writing() as connection:
            connection.execute(update(article).where(article.c.cluster != article.c.id).values(cluster=article.c.id))
            mark_pages(connection, select(article.c.id).where(_is_hidden))
            connection.execute(update(article_category).where(article_category.c.hidden).values(hidden=False))


def _is_duplicate(decision: Decision) -> bool:
    return isinstance(decision, Duplicate) or (isinstance(decision, Updated) and decision.takes_over)


def _credited_as(info: FeedInfo) -> tuple[object, ...]:
    """Return the part of `info` that published feeds show."""
    return info.title, info.link, info.podcast
