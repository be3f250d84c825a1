"""Stored articles, assembled from their rows, credits, labels and cluster members by a few queries for all."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Connection, RowMapping, func, not_, select

from aggregator.model import ClusterMember, Credit, StoredArticle
from aggregator.secret_urls import without_secrets
from aggregator.store.article_rows import BODY, article_from
from aggregator.store.clusters import MAX_MEMBERS, clusters_of, first_members
from aggregator.store.labels import read_labels
from aggregator.store.rows import listed
from aggregator.store.schema import (
    article,
    article_source,
    article_text,
    current_page,
    of_article,
    page,
    source,
    unpublished,
)

MAX_CHARACTERS = 4_000_000  # of Markdown read at once; an article has 3,000 in the mean
ROW_BY_ROW = {"stream_results": True, "max_row_buffer": 5}  # PostgreSQL's driver reads all rows else

is_published = not_(article.c.pruned) & article.c.dropped.is_(None)
DERIVED = source.c.name.label("source"), page.c.link.label("canonical")  # columns beside those of the article
# Another process may have recorded it since this one prepared what it publishes: its id and path may change.
has_names = article.c.id.not_in(select(unpublished.c.article_id))
ARTICLES = (
    select(article, *article_text.c[BODY], *DERIVED)
    .select_from(article)
    .join(source)
    .join(article_text, of_article)
    .outerjoin(page, current_page)
    .where(is_published)
)

_CREDITS = (
    select(*article_source.c["article_id", "source_id", "link"])
    .where(article_source.c.article_id.in_(listed("ids")))
    .order_by(article_source.c.at, article_source.c.source_id)
)
_SOURCES = select(*source.c["id", "name", "url", "feed_info"]).where(source.c.id.in_(listed("ids")))
_MEMBERS = (
    select(*article.c["id", "title"], func.coalesce(page.c.link, article.c.link).label("link"), source.c.name)
    .join(source)
    .outerjoin(page, current_page)
    .where(article.c.id.in_(listed("ids")))
)


def first_rows(rows: Iterable[RowMapping]) -> list[RowMapping]:
    """Return the first rows, at least one, whose Markdown together has at most MAX_CHARACTERS; read one by one."""
    fitting: list[RowMapping] = []
    characters = 0
    for row in rows:
        characters += len(row["markdown"])
        if fitting and characters > MAX_CHARACTERS:
            break
        fitting.append(row)
    return fitting


def stored_articles(connection: Connection, rows: Sequence[RowMapping]) -> tuple[StoredArticle, ...]:
    """Return the articles of rows of `ARTICLES`, in their order."""
    if not rows:
        return ()
    credited = _credits(connection, rows)
    labels = read_labels(connection, {article_id: tuple(by_source) for article_id, by_source in credited.items()})
    members = _members(connection, [row["id"] for row in rows])
    return tuple(
        article_from(
            {**row, "link": row["canonical"]} if row["canonical"] else row,
            source=row["source"],
            credits=tuple(credited[row["id"]].values()),
            also=tuple(member for member_id, member in members.get(row["cluster"], ()) if member_id != row["id"])[
                :MAX_MEMBERS
            ],
            **labels[row["id"]]._asdict(),
        )
        for row in rows
    )


def _credits(connection: Connection, rows: Sequence[RowMapping]) -> Mapping[str, Mapping[int, Credit]]:
    """Return the credits of each article by the id of their source; the source that brought the article is first.

    That one's link is the canonical link of the article's page, if it names one.
    """
    links: dict[str, dict[int, str]] = {row["id"]: {} for row in rows}
    owners = {row["id"]: row["source_id"] for row in rows}
    rows_of_credits = connection.execute(_CREDITS, {"ids": tuple(links)}).all()
    for article_id, source_id, link in rows_of_credits:
        links[article_id][source_id] = link
    for row in rows:
        if row["canonical"]:
            links[row["id"]][row["source_id"]] = row["canonical"]
    ids = sorted({source_id for _, source_id, _ in rows_of_credits})
    sources = {row.id: _credit_fields(row) for row in connection.execute(_SOURCES, {"ids": ids})}
    return {
        article_id: {
            source_id: Credit(link=by_source[source_id], **sources[source_id])
            for source_id in sorted(by_source, key=lambda source_id: source_id != owners[article_id])  # stable
        }
        for article_id, by_source in links.items()
    }


def _credit_fields(row: Any) -> dict[str, Any]:
    feed = row.feed_info
    url = without_secrets(row.url)
    return {"source": row.name, "feed_title": feed.title, "feed_link": feed.link, "feed_url": url}


def _members(connection: Connection, articles: Collection[str]) -> Mapping[str, list[tuple[str, ClusterMember]]]:
    """Return the first members, with their ids, of the articles' clusters that have several; the head comes first."""
    first = first_members(connection, clusters_of(connection, articles))
    ids = sorted(chain.from_iterable(first.values()))
    members = {
        row.id: ClusterMember(title=row.title, link=row.link, source=row.name)
        for row in (connection.execute(_MEMBERS, {"ids": ids}) if ids else ())
    }
    return {cluster: [(member_id, members[member_id]) for member_id in ids] for cluster, ids in first.items()}
