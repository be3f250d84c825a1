"""Stored articles as de-duplication sees them, assembled from their rows by a few queries for all."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from aggregator.model import Carrier, KnownArticle
from aggregator.store.article_rows import FINGERPRINT, fingerprint_from
from aggregator.store.rows import listed, slices
from aggregator.store.schema import (
    article,
    article_source,
    article_text,
    of_article,
    original,
    source,
    unpublished,
)

FIELDS = (
    "id",
    "source_id",
    "guid",
    "link",
    "link_key",
    "title",
    "published",
    "cluster",
    "pruned",
    "position",
    "updated",
)
BESIDE_TEXT = ("authors", "enclosures", "image", "external_url", "details")
_ARTICLES = (
    select(
        *article.c[*FIELDS, *BESIDE_TEXT, *FINGERPRINT, "first_seen", "withdrawn"],
        unpublished.c.article_id.label("unpublished"),
    )
    .outerjoin(unpublished)
    .where(article.c.id.in_(listed("ids")))
)
_HTML = (
    select(*article.c["id", "number"], func.coalesce(article_text.c.html, "").label("html"))
    .outerjoin(article_text, of_article)
    .where(article.c.id.in_(listed("ids")))
)
_ORIGINALS = select(*original.c["number", "html"]).where(original.c.number.in_(listed("numbers")))
_CREDITED = select(*article_source.c["article_id", "source_id"]).where(article_source.c.article_id.in_(listed("ids")))
_CARRIERS = select(*source.c["id", "ordinal", "url", "feed_info"]).where(source.c.id.in_(listed("ids")))


def article_rows(connection: Connection, ids: Iterable[str]) -> list[RowMapping]:
    """Return the rows of these articles, first seen first."""
    rows = [row for part in slices(ids) for row in connection.execute(_ARTICLES, {"ids": part}).mappings()]
    return sorted(rows, key=lambda row: (row["first_seen"], row["position"], row["id"]))


def html_of(connection: Connection, ids: Iterable[str]) -> Mapping[str, str]:
    """Return the bodies of these articles, by id: as the entries give them, whatever rules publish."""
    html: dict[str, str] = {}
    for part in slices(ids):
        rows = connection.execute(_HTML, {"ids": part}).all()
        originals = dict(map(tuple, connection.execute(_ORIGINALS, {"numbers": [row.number for row in rows]})))
        html |= {row.id: originals.get(row.number, row.html) for row in rows}
    return html


def credited_sources(connection: Connection, ids: Iterable[str]) -> Mapping[str, frozenset[int]]:
    """Return the ids of the sources that each of these articles is credited to."""
    credited: dict[str, set[int]] = defaultdict(set)
    for part in slices(ids):
        for article_id, source_id in connection.execute(_CREDITED, {"ids": part}):
            credited[article_id].add(source_id)
    return {article_id: frozenset(sources) for article_id, sources in credited.items()}


def carriers_of(connection: Connection, sources: Collection[int]) -> Mapping[int, Carrier]:
    """Return these sources as carriers, by id."""
    return {
        row.id: Carrier.of(row.id, row.ordinal, row.url, row.feed_info.link)
        for part in slices(sorted(sources))
        for row in connection.execute(_CARRIERS, {"ids": part})
    }


def known_article(row: RowMapping, **derived: Any) -> KnownArticle:
    """Return the article in a row of `article_rows`; `derived` are the fields that come from other tables."""
    columns = {name: row[name] for name in (*FIELDS, *BESIDE_TEXT)}
    columns["withdrawn"] = row["withdrawn"] is not None
    return KnownArticle(
        fingerprint=fingerprint_from(row), is_published=row["unpublished"] is None, **columns, **derived
    )
