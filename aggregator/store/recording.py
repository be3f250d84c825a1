"""What was decided on one document, written in one transaction. The same decisions again write no article row."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, not_, select, update

from aggregator.model import Decision, Duplicate, FeedInfo, Keyed, New, RecordCounts, SourceState, Unchanged, Updated
from aggregator.names import ALL, category_name
from aggregator.settings import Fetch
from aggregator.store import hubs
from aggregator.store.clusters import hide_in_stories, mates
from aggregator.store.identifiers import article_id, insert_keys
from aggregator.store.inserts import insert_new
from aggregator.store.leases import write_states
from aggregator.store.rows import listed
from aggregator.store.schema import article, article_category, article_source, category, source
from aggregator.store.statements import Insert
from aggregator.store.updates import revise
from aggregator.websub import HubTopic, hub_topic

_ids = listed("ids")
_SOURCE = (
    select(
        *source.c["settings", "feed_info", "url", "readdressed"],
        hubs.stored_wish("hub").label("hub"),
        hubs.stored_wish("topic").label("topic"),
    )
    .where(source.c.id == bindparam("id"))
    .with_for_update(key_share=True)
)
_LINKS = select(*article_source.c["article_id", "link"]).where(
    article_source.c.source_id == bindparam("source_id"), article_source.c.article_id.in_(_ids)
)
_credit_source = Insert(article_source, ("article_id", "source_id", "link", "at"))
_RELINK = (
    update(article_source)
    .where(article_source.c.article_id == bindparam("of"), article_source.c.source_id == bindparam("by"))
    .values(link=bindparam("to"))
)
_PLACES = select(*article.c["id", "published", "first_seen", "position"]).where(
    article.c.id.in_(_ids), not_(article.c.pruned)
)
_PLACED = select(*article_category.c["article_id", "category"]).where(article_category.c.article_id.in_(_ids))
_place_article = Insert(article_category, ("article_id", "category", "published", "first_seen", "position", "hidden"))
_MARK_ARTICLES = (
    update(article)
    .where(article.c.id.in_(_ids), not_(article.c.pruned))
    .values(pending=True, version=article.c.version + 1)
)
_CATEGORIES = select(article_category.c.category).distinct()
_CATEGORIES_OF_STORIES = _CATEGORIES.where(article_category.c.article_id.in_(mates(_ids)))
_CATEGORIES_OF_SOURCE = _CATEGORIES.where(
    article_category.c.article_id.in_(
        select(article_source.c.article_id).where(article_source.c.source_id == bindparam("source_id"))
    )
)
# Locked in one order, or two recordings could wait for each other; without the key, which their new rows refer to.
_in_order = (
    select(category.c.name)
    .where(category.c.name.in_(listed("names")))
    .order_by(category.c.name)
    .with_for_update(key_share=True)
    .cte("in_order")
)
_MARK_CATEGORIES = (
    update(category)
    .where(category.c.name.in_(select(_in_order.c.name)))
    .values(pending=True, version=category.c.version + 1)
)


def record(
    connection: Connection,
    source_id: int,
    state: SourceState,
    decisions: Sequence[Decision],
    now: datetime,
    name: Callable[[Keyed], str],
    *,
    pushed: bool = False,
    unpaced: Collection[str] = (),
    fetch: Fetch,
) -> RecordCounts:
    """Write state, articles, revisions, credits, keys, categories, and the marks of all that has to be published."""
    own = connection.execute(_SOURCE, {"id": source_id}).one()
    if pushed:
        hubs.write_seen(connection, source_id, state)
    else:
        write_states(connection, ((source_id, state),), unpaced)
        if not own.readdressed:
            before = HubTopic(hub=own.hub, topic=own.topic) if own.hub else None
            hubs.follow(
                connection, source_id, before, hub_topic(state.feed_info, state.moved_to or own.url), now, fetch
            )
    fresh = insert_new(connection, source_id, (one for one in decisions if isinstance(one, New)), name)
    revised = revise(connection, source_id, (one for one in decisions if isinstance(one, Updated)), now)
    credited, relinked = _credit(connection, source_id, decisions, fresh, now)
    keys = insert_keys(connection, decisions, fresh.keys())
    categories = {ALL, *map(category_name, own.settings.categories or ())}
    _place(connection, credited, fresh, categories)
    touched = {*revised.ids, *credited, *relinked}
    if others := sorted(touched - fresh.keys()):
        connection.execute(_MARK_ARTICLES, {"ids": others})
    told = touched.difference(one for one, new in fresh.items() if not new.cluster)
    renamed = source_id if _shown(own.feed_info) != _shown(state.feed_info) else None
    mark_categories(connection, told, renamed, categories if len(told) < len(touched) else ())
    return RecordCounts(
        new=len(fresh),
        updated=revised.texts,
        duplicates=sum(isinstance(one, Duplicate) for one in decisions),
        rows=len(fresh) + len(revised.ids) + revised.texts + len(credited) + len(relinked) + keys,
    )


def _shown(facts: FeedInfo) -> tuple[str, str | None]:
    return facts.title, facts.link


def _credit(
    connection: Connection, source_id: int, decisions: Sequence[Decision], fresh: Mapping[str, New], now: datetime
) -> tuple[list[str], list[str]]:
    """Ids of the articles that the source is credited with from now on, and of those to which its link changed."""
    named = {article_id(one): one for one in reversed(decisions) if not isinstance(one, Unchanged)}
    links = {bearer: one.keyed.draft.link for bearer, one in named.items()}
    stored: dict[str, str] = {}
    if older := sorted(named.keys() - fresh.keys()):
        rows = connection.execute(_LINKS, {"source_id": source_id, "ids": older})
        stored = {row.article_id: row.link for row in rows}
    credited = sorted(named.keys() - stored.keys())
    _credit_source(connection, [(one, source_id, links[one], now) for one in credited])
    relinked = sorted(
        bearer for bearer, link in stored.items() if isinstance(named[bearer], Updated) and links[bearer] != link
    )
    if relinked:
        connection.execute(_RELINK, [{"of": one, "by": source_id, "to": links[one]} for one in relinked])
    return credited, relinked


def _place(connection: Connection, credited: Sequence[str], fresh: Mapping[str, New], names: Collection[str]) -> None:
    """Put the articles into the categories of the source that is credited with them now."""
    places: list[tuple[str, Any]] = [(one, fresh[one].keyed.draft) for one in credited if one in fresh]
    placed: set[tuple[str, ...]] = set()
    if older := [one for one in credited if one not in fresh]:
        places += [(row.id, row) for row in connection.execute(_PLACES, {"ids": older})]
        placed = {tuple(row) for row in connection.execute(_PLACED, {"ids": older})}
    rows = [
        (article_id, name, place.published, place.first_seen, place.position, False)
        for article_id, place in places
        for name in sorted(names)
        if (article_id, name) not in placed
    ]
    _place_article(connection, rows)
    told = [*older, *(one for one in credited if one in fresh and fresh[one].cluster)]
    if told:
        hide_in_stories(connection, told)


def mark_categories(
    connection: Connection,
    touched: Collection[str],
    renamed_source: int | None = None,
    filled: Collection[str] = (),
) -> None:
    """Mark every category that shows an article of the stories touched, or credits a source of another name.

    `filled` are those that have got articles which stand alone.
    """
    names = set(filled)
    if touched:
        names.update(connection.scalars(_CATEGORIES_OF_STORIES, {"ids": sorted(touched)}))
    if renamed_source is not None:
        names.update(connection.scalars(_CATEGORIES_OF_SOURCE, {"source_id": renamed_source}))
    if names:
        connection.execute(_MARK_CATEGORIES, {"names": sorted(names)})
