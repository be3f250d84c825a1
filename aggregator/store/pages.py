"""Pages of articles: the marks to read them, their texts, and robots.txt of their sites."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    Connection,
    RowMapping,
    bindparam,
    delete,
    exists,
    insert,
    literal,
    not_,
    or_,
    select,
    update,
)

from aggregator.model import ClaimedPage, DuePage, PageText, Source
from aggregator.store.article_numbers import numbers_of
from aggregator.store.article_rows import BODY, TEXT
from aggregator.store.claimable import IS_NAMED
from aggregator.store.columns import Moment
from aggregator.store.database import Database
from aggregator.store.outbox import Outbox
from aggregator.store.row_leases import RowLeases
from aggregator.store.rows import listed
from aggregator.store.schema import (
    article,
    article_text,
    of_article,
    original,
    page,
    page_text,
    robots_txt,
    source,
    unpublished,
)
from aggregator.store.search import index_articles

_NONE_FOUND: dict[str, Any] = {"has_text": False, "link": None}

_VERSIONS = (
    select(*article.c["id", "text_digest"], bindparam("now", type_=Moment), literal(0), literal(False))
    .where(article.c.id.in_(listed("ids")), article.c.source_id == bindparam("source_id"))
    .where(article.c.link_key.is_not(None), not_(article.c.pruned))
)
_of_articles = page.c.article_id.in_(listed("ids"))
_DUE = (
    select(page.c.article_id, article.c.link, (page.c.digest == article.c.text_digest).label("is_current"))
    .join(article)
    .where(page.c.due <= bindparam("now"))
    .where(not_(exists().where(unpublished.c.article_id == page.c.article_id)))
    .where(or_(article.c.dropped.is_(None), bindparam("with_dropped", type_=Boolean)))
    .order_by(page.c.due, page.c.article_id)
    .limit(bindparam("limit"))
)
_is_of_named = article.c.source_id.in_(select(source.c.id).where(IS_NAMED))
_CLAIM = (
    select(*page.c["article_id", "digest", "failures"], article.c.link, *source.c["id", "settings"])
    .add_columns(*article.c["number", "title"], article_text.c.html)
    .select_from(page)
    .join(article)
    .join(source)
    .join(article_text, of_article)
    .where(_of_articles, page.c.due <= bindparam("now"))
    .where(page.c.digest == article.c.text_digest)
    .order_by(page.c.due, page.c.article_id)
    .with_for_update(of=page, skip_locked=True)
)
_of_version = (page.c.article_id == bindparam("of"), page.c.digest == bindparam("version"))
_END = (
    update(page)
    .where(*_of_version)
    .values(lease_until=None, **{name: bindparam(f"new_{name}") for name in (*_NONE_FOUND, "due", "failures", "error")})
)
_ORIGINALS = select(*original.c["number", "title", "html"]).where(original.c.number.in_(listed("numbers")))
_PUBLISHED = select(*article.c["number", "title"], *article_text.c[BODY]).where(
    of_article, article.c.number == bindparam("of"), article_text.c.number == bindparam("of")
)
_SHOW = (
    update(article_text)
    .where(article_text.c.number == bindparam("of"))
    .values({name: bindparam(f"new_{name}") for name in BODY})
)
_DROP_TEXT = delete(page_text).where(page_text.c.number == bindparam("of"))
_KEEP_TEXT = insert(page_text)
_DROP = delete(page).where(_of_articles)
_ROBOTS_TXT = select(*robots_txt.c["fetched", "body", "error"]).where(robots_txt.c.origin == bindparam("origin"))
_DROP_ROBOTS_TXT = delete(robots_txt).where(robots_txt.c.fetched < bindparam("before"))


class PageStore:
    """Marks to complete articles from their pages, which are set in the transaction of the change that they follow."""

    def __init__(self, database: Database, outbox: Outbox) -> None:
        self._database, self._outbox = database, outbox
        self._leases = RowLeases(database, page, _of_articles)
        self._due, self._claim = _DUE.where(self._leases.free), _CLAIM.where(self._leases.free)
        self._due_of = self._due.where(_is_of_named)
        self._end_lease = _END.where(self._leases.owned)
        kept = database.dialect.insert(original).from_select(("number", *TEXT), _PUBLISHED)
        self._keep_original = kept.on_conflict_do_nothing()

    def mark(self, articles: Collection[str], source_id: int, now: datetime) -> None:
        """Mark those of these articles whose text this source brought, each version of an entry once.

        Articles without a link of their own have no page.
        """
        if not articles:
            return
        statement = self._database.dialect.insert(page).from_select(
            ("article_id", "digest", "due", "failures", "has_text"), _VERSIONS
        )
        new = {"digest": statement.excluded.digest, "due": statement.excluded.due, "failures": 0}
        upsert = statement.on_conflict_do_update(
            index_elements=[page.c.article_id],
            set_=_NONE_FOUND | new | {"error": None, "lease_until": None},
            where=page.c.digest != statement.excluded.digest,
        )
        with self._database.writing() as connection:
            connection.execute(upsert, {"ids": sorted(articles), "source_id": source_id, "now": now})

    def due(
        self, now: datetime, limit: int, *, with_dropped: bool = False, names: Collection[str] | None = None
    ) -> tuple[DuePage, ...]:
        """Return up to `limit` marks of published articles that are due and free, longest due first.

        With `with_dropped` also those of articles that rules dropped; with `names` those of these sources alone.
        """
        of_names = {} if names is None else {"names": sorted(names)}
        parameters = {"now": now, "limit": limit, "with_dropped": with_dropped} | of_names
        with self._database.reading() as connection:
            rows = connection.execute(self._due_of if of_names else self._due, parameters)
            return tuple(DuePage(article_id=row.article_id, link=row.link, is_current=row.is_current) for row in rows)

    def claim(self, ids: Collection[str], now: datetime, lease: timedelta) -> tuple[ClaimedPage, ...]:
        """Lease those of these articles' pages that are still due and free, until they are recorded or it is over."""
        if not ids:
            return ()
        with self._database.writing() as connection:
            rows = connection.execute(self._claim, {"ids": sorted(ids), "now": now}).mappings().all()
            if rows:
                self._leases.take({"ids": sorted(row["article_id"] for row in rows)}, now, lease)
            numbers = [row["number"] for row in rows]
            originals = {row.number: row for row in connection.execute(_ORIGINALS, {"numbers": numbers})}
            return tuple(_claimed(row, originals.get(row["number"])) for row in rows)

    def extend(self, ids: Collection[str], now: datetime, lease: timedelta) -> None:
        """Have the leases of these articles' pages last for `lease` from now on."""
        self._leases.extend({"ids": sorted(ids)}, now, lease)

    def release(self, ids: Collection[str]) -> None:
        """End the leases of these articles' pages; their marks stay."""
        self._leases.release({"ids": sorted(ids)})

    def drop(self, ids: Collection[str]) -> None:
        """Remove the marks of these articles."""
        if ids:
            with self._database.writing() as connection:
                connection.execute(_DROP, {"ids": sorted(ids)})

    def record(self, claimed: ClaimedPage, text: PageText) -> None:
        """Publish the text of a page, unless its entry changed meanwhile, or another process has claimed it.

        Rules judge it when it is published.
        """
        found = {"has_text": bool(text.html), "link": text.link or None}
        with self._database.writing() as connection:
            if not self._end(connection, claimed, **found, due=None, failures=0, error=text.refusal or None):
                return
            (number,) = numbers_of(connection, [claimed.article_id]).values()
            connection.execute(_DROP_TEXT, {"of": number})  # of an earlier version of the entry
            if text.html:
                body = {name: getattr(text, name) for name in BODY}
                connection.execute(self._keep_original, {"of": number})
                connection.execute(_KEEP_TEXT, {"number": number} | body)
                connection.execute(_SHOW, {"of": number} | {f"new_{name}": value for name, value in body.items()})
                index_articles(connection, [claimed.article_id])
            if text.html or text.link:
                self._outbox.mark_articles([claimed.article_id])
                self._outbox.mark_categories([claimed.article_id])

    def postpone(self, claimed: ClaimedPage, due: datetime | None, error: str, *, failures: int) -> None:
        """Have a page asked for again, or never if `due` is None."""
        with self._database.writing() as connection:
            self._end(connection, claimed, **_NONE_FOUND, due=due, failures=failures, error=error)

    def _end(self, connection: Connection, claimed: ClaimedPage, **values: Any) -> bool:
        new = {f"new_{name}": value for name, value in values.items()}
        parameters = {"of": claimed.article_id, "version": claimed.digest, **new}
        return connection.execute(self._end_lease, parameters).rowcount > 0

    def robots_txt(self, origin: str) -> tuple[datetime, str, str | None] | None:
        """Return when robots.txt of this origin was read, its text, and the failure to read it, if any."""
        with self._database.reading() as connection:
            row = connection.execute(_ROBOTS_TXT, {"origin": origin}).one_or_none()
            return (row.fetched, row.body, row.error) if row else None

    def keep_robots_txt(self, origin: str, fetched: datetime, body: str, error: str | None, keep: timedelta) -> None:
        """Keep robots.txt of this origin, and forget those that were read longer than `keep` ago."""
        statement = self._database.dialect.insert(robots_txt)
        new = {name: statement.excluded[name] for name in ("fetched", "body", "error")}
        upsert = statement.on_conflict_do_update(index_elements=[robots_txt.c.origin], set_=new)
        with self._database.writing() as connection:
            connection.execute(_DROP_ROBOTS_TXT, {"before": fetched - keep})
            connection.execute(upsert, {"origin": origin, "fetched": fetched, "body": body, "error": error})


def _claimed(row: RowMapping, original_row: Any) -> ClaimedPage:
    values = {name: row[name] for name in ("article_id", "digest", "link", "title", "html", "failures")}
    if original_row:
        values |= {"title": original_row.title, "html": original_row.html}
    return ClaimedPage(source=Source(id=row["id"], settings=row["settings"]), **values)
