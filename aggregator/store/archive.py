"""Archives of categories (RFC 5005): articles numbered as they join, and closed pages with the texts that they show.

An article keeps its number in a category while it is in it. A closed page shows versions of its articles that no edit,
credit or other change reaches any more.
"""

import zlib
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from itertools import islice

import msgspec
from sqlalchemy import bindparam, func, select, update

from aggregator.model import ArchivePage, StoredArticle
from aggregator.store.database import Database
from aggregator.store.feeds import WITH_BODY, bounded
from aggregator.store.rows import listed
from aggregator.store.schema import (
    archive_page,
    archived,
    article,
    article_category,
    article_text,
    category,
    current_page,
    of_article,
    on_closed_page,
    on_open_page,
    page,
    pending_page,
    shown,
    source,
)
from aggregator.store.statements import InsertRows
from aggregator.store.stored_articles import ROW_BY_ROW, has_names, is_published, stored_articles

_in_category = article_category.c.category == bindparam("category")
_is_unnumbered = (
    article_category.c.category == bindparam("of"),
    on_open_page,
    article_category.c.number.is_(None),
    is_published,
    has_names,
)
_ANY_UNNUMBERED = select(article_category.c.article_id).join(article).where(*_is_unnumbered).limit(1)
_oldest_first = (
    article_category.c.first_seen,
    article_category.c.published,
    article_category.c.ordinal.desc(),
    article_category.c.position.desc(),
    article_category.c.article_id.desc(),
)
_unnumbered = (
    select(article_category.c.article_id, func.row_number().over(order_by=_oldest_first).label("place"))
    .join(article)
    .where(*_is_unnumbered)
    .subquery()
)
_JOINED = select(category.c.joined).where(category.c.name == bindparam("of"))
_SET_JOINED = update(category).where(category.c.name == bindparam("of")).values(joined=bindparam("last"))
_NUMBER = (
    update(article_category)
    .where(article_category.c.category == bindparam("of"), article_category.c.article_id == _unnumbered.c.article_id)
    .values(number=bindparam("last") + _unnumbered.c.place)
)
_OPEN = (
    select(*WITH_BODY)
    .select_from(article)
    .join(source)
    .join(article_category)
    .join(article_text, of_article)
    .outerjoin(page, current_page)
    .where(_in_category, on_open_page, article_category.c.number.is_not(None), is_published)
    .order_by(article_category.c.number)
    .limit(bindparam("limit"))
)
_OPEN_IDS = (
    select(article_category.c.article_id)
    .where(_in_category, on_open_page, article_category.c.number.is_not(None))
    .order_by(article_category.c.number)
    .limit(bindparam("limit"))
)
_LAST_PAGE = select(func.max(archive_page.c.number)).where(archive_page.c.category == bindparam("category"))
_LAST_SHOWN = select(func.max(article_category.c.archive_page)).where(_in_category, on_closed_page, shown)
_SHOWN_PAGES = select(article_category.c.archive_page).distinct().where(_in_category, on_closed_page, shown)
_PAGE = select(archive_page).where(
    archive_page.c.category == bindparam("category"), archive_page.c.number == bindparam("number")
)
_PENDING = (
    select(archive_page.c.number)
    .where(archive_page.c.category == bindparam("category"), pending_page)
    .order_by(archive_page.c.number)
)
_VERSIONS = (
    select(archived.c.version)
    .select_from(article_category)
    .join(article)
    .join(
        archived,
        (archived.c.article_number == article.c.number) & (archived.c.digest == article_category.c.archived),
    )
    .where(_in_category, article_category.c.archive_page == bindparam("number"), on_closed_page, shown)
    .order_by(article_category.c.number)
)
_LABEL = select(category.c.label).where(category.c.name == bindparam("category"))
_CLOSE = (
    update(article_category)
    .where(article_category.c.category == bindparam("of"), article_category.c.article_id == bindparam("by"))
    .values(archive_page=bindparam("page"), archived=bindparam("version_digest"), edited_after=None)
)
_WRITTEN = (
    update(archive_page)
    .where(archive_page.c.category == bindparam("of"), archive_page.c.number == bindparam("page"))
    .where(archive_page.c.pending == bindparam("seen"))
    .values(pending=0)
)
_MARK_ALL = update(archive_page).values(pending=archive_page.c.pending + 1)

# Those that were pruned since the page was read are left out. Nobody drops a partition that this reads.
_NUMBERS = select(*article.c["id", "number"]).join(article_text, of_article).where(article.c.id.in_(listed("ids")))
_STORED = select(*archived.c["article_number", "digest"]).where(archived.c.article_number.in_(listed("numbers")))
_insert_versions = InsertRows(archived, ("article_number", "digest", "version"))
_decoder = msgspec.json.Decoder(StoredArticle)


class ArchiveStore:
    """Archives of categories. Only the process that publishes numbers articles and closes pages."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def number(self, category_name: str) -> None:
        """Give numbers to published articles that joined the category: in the order of their first sight, oldest first.

        Nothing happens to those that have one.
        """
        parameters = {"of": category_name}
        with self._database.reading() as connection:
            if connection.scalar(_ANY_UNNUMBERED, parameters) is None:
                return
        with self._database.writing() as connection:
            joined = connection.scalars(_JOINED, parameters).one()
            count = connection.execute(_NUMBER, {**parameters, "last": joined}).rowcount
            connection.execute(_SET_JOINED, {**parameters, "last": joined + count})

    def open_page(self, category_name: str, limit: int, max_body: int) -> tuple[ArchivePage, bool]:
        """Return the page behind the closed ones with its first `limit` articles, and whether there are more.

        It has fewer where their HTML has more than `max_body` characters in all; a longer body is cut off behind them.
        """
        parameters = {"category": category_name, "limit": limit + 1}
        with self._database.reading() as connection:
            last = connection.scalar(_LAST_PAGE, parameters) or 0
            label = connection.scalars(_LABEL, parameters).one()
            with connection.execute(_OPEN, parameters, execution_options=ROW_BY_ROW) as result:
                rows = result.mappings()
                first = list(islice(bounded(rows, max_body), limit + 1))
            articles = stored_articles(connection, first[:limit])
            has_more = len(first) > limit or len(connection.execute(_OPEN_IDS, parameters).all()) > len(first)
        opened = ArchivePage(category=category_name, label=label, number=last + 1, is_closed=False, articles=articles)
        return opened, has_more

    def open_articles(self, category_name: str, limit: int) -> frozenset[str]:
        """Return the ids of the first `limit` articles of the page behind the closed ones."""
        with self._database.reading() as connection:
            return frozenset(connection.scalars(_OPEN_IDS, {"category": category_name, "limit": limit}))

    def close(self, opened: ArchivePage) -> None:
        """Close a page with these articles as they are; it is marked to be written."""
        names = {"of": opened.category, "page": opened.number}
        versions = {article.id: msgspec.json.encode(article) for article in opened.articles}
        digests = {article_id: _digest(version) for article_id, version in versions.items()}
        places = [{**names, "by": article_id, "version_digest": digest} for article_id, digest in digests.items()]
        with self._database.writing() as connection:
            numbers = connection.execute(_NUMBERS, {"ids": list(versions)}).all()
            stored = set(map(tuple, connection.execute(_STORED, {"numbers": [row.number for row in numbers]})))
            new = [row for row in numbers if (row.number, digests[row.id]) not in stored]
            _insert_versions(
                connection, ((row.number, digests[row.id], zlib.compress(versions[row.id], 1)) for row in new)
            )
            connection.execute(_CLOSE, places)
            connection.execute(
                archive_page.insert(),
                {"category": opened.category, "number": opened.number, "label": opened.label, "pending": 1},
            )

    def page(self, category_name: str, number: int) -> ArchivePage:
        """Return a closed page, without the articles that left it. Raises KeyError if there is none of this number."""
        parameters = {"category": category_name, "number": number}
        with self._database.reading() as connection:
            row = connection.execute(_PAGE, parameters).one_or_none()
            if row is None:
                raise KeyError(number)
            versions = connection.scalars(_VERSIONS, parameters).all()
        return ArchivePage(
            category=category_name,
            label=row.label,
            number=number,
            is_closed=True,
            articles=tuple(_decoder.decode(zlib.decompress(version)) for version in versions),
            pending=row.pending,
        )

    def closed_pages(self, category_name: str) -> int:
        """Return the number of closed pages of the category."""
        with self._database.reading() as connection:
            return connection.scalar(_LAST_PAGE, {"category": category_name}) or 0

    def last_shown(self, category_name: str) -> int | None:
        """Return the number of the newest closed page that still has an article, None without one."""
        with self._database.reading() as connection:
            last: int | None = connection.scalar(_LAST_SHOWN, {"category": category_name})
            return last

    def shown_pages(self, category_name: str) -> frozenset[int]:
        """Return the numbers of the closed pages that still have an article."""
        with self._database.reading() as connection:
            return frozenset(connection.scalars(_SHOWN_PAGES, {"category": category_name}))

    def pending(self, category_name: str) -> Sequence[int]:
        """Return the numbers of the closed pages whose files are to be written, in their order."""
        with self._database.reading() as connection:
            return connection.scalars(_PENDING, {"category": category_name}).all()

    def written(self, closed: Iterable[ArchivePage]) -> None:
        """Remove the marks of pages whose files are on disk, unless they were renewed since the pages were read."""
        parameters = [{"of": page.category, "page": page.number, "seen": page.pending} for page in closed]
        if parameters:
            with self._database.writing() as connection:
                connection.execute(_WRITTEN, parameters)

    def mark_all(self) -> None:
        """Mark all closed pages to be written."""
        with self._database.writing() as connection:
            connection.execute(_MARK_ALL)


def _digest(version: bytes) -> bytes:
    return blake2b(version, digest_size=16).digest()
