"""Translations of articles: the marks to make them, their texts, and the memory of all texts that were translated."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, and_, bindparam, delete, exists, func, insert, literal, not_, select, update

from aggregator.model import ClaimedTranslation, Source, TranslatedText, Translation
from aggregator.settings import SourceSettings
from aggregator.store.article_numbers import numbers_of
from aggregator.store.claimable import IS_NAMED
from aggregator.store.columns import Moment
from aggregator.store.database import Database
from aggregator.store.meta import MetaStore
from aggregator.store.outbox import Outbox
from aggregator.store.row_leases import RowLeases
from aggregator.store.rows import listed
from aggregator.store.schema import (
    article,
    article_category,
    article_text,
    current_page,
    due_page,
    of_article,
    source,
    translated_text,
    translation,
    translation_text,
    unpublished,
)
from aggregator.store.stored_articles import is_published

_LANGUAGES = "languages"  # note: those into which an article was ever translated

_NEW = (
    select(article.c.id, bindparam("language"), bindparam("now", type_=Moment), literal(0), literal(0))
    .where(article.c.id.in_(listed("ids")), article.c.source_id == bindparam("source_id"))
    .where(not_(article.c.pruned))
)
_RENEW = (
    update(translation)
    .where(translation.c.article_id.in_(listed("ids")))
    .values(due=bindparam("now", type_=Moment), failures=0, version=translation.c.version + 1)
)
_CLAIM = (
    select(*translation.c["article_id", "language", "failures", "version"])
    .add_columns(*article.c["title", "link"], *article_text.c["summary", "html"])
    .add_columns(article.c.language.label("original_language"))
    .add_columns(*source.c["id", "settings"])
    .select_from(translation)
    .join(article)
    .join(source)
    .join(article_text, of_article)
    .where(translation.c.due <= bindparam("now"), is_published)
    .where(not_(exists().where(unpublished.c.article_id == article.c.id)))
    .where(not_(exists().where(current_page, due_page)))  # its full text is to come
    .order_by(translation.c.failures > 0, translation.c.due, translation.c.article_id, translation.c.language)
    .limit(1)
    .with_for_update(of=translation, skip_locked=True)
)
_this = and_(translation.c.article_id == bindparam("of"), translation.c.language == bindparam("in_language"))
_of_version = translation.c.version == bindparam("at")
_TEXT = ("title", "html", "markdown", "summary")
_RECORD = (
    update(translation)
    .where(_this, _of_version)
    .values(
        due=None,
        lease_until=None,
        failures=0,
        error=None,
        updated=bindparam("now", type_=Moment),
        digest=bindparam("new_digest"),
    )
)
_DELETE_TEXT = delete(translation_text).where(
    translation_text.c.article_number == bindparam("of"), translation_text.c.language == bindparam("in_language")
)
_KEEP_TEXT = insert(translation_text)
_POSTPONE = (
    update(translation)
    .where(_this, _of_version)
    .values({name: bindparam(f"new_{name}") for name in ("due", "failures", "error")} | {"lease_until": None})
)
_there = translation.c.updated.is_not(None)
_DROP_MARK = delete(translation).where(_this, not_(_there))
_DROP_TEXT = delete(translation).where(_this, _there, translation.c.due.is_(None))
_KEEP_MARK = update(translation).where(_this, _there).values(updated=None)
_GIVE_UP = update(translation).where(_this).values(due=None, lease_until=None)

_TEXTS = select(*translated_text.c["digest", "text"]).where(translated_text.c.digest.in_(listed("digests")))
_USE = (
    update(translated_text)
    .where(translated_text.c.digest.in_(listed("digests")))
    .values(used=bindparam("now", type_=Moment))
)
_FORGET = delete(translated_text).where(translated_text.c.used < bindparam("before"))

_wanted_by = (article.c.language.label("original_language"), source.c.settings)
_OF_ARTICLES = (
    select(*translation.c["article_id", "language", "updated", "digest"], *translation_text.c[_TEXT], *_wanted_by)
    .select_from(translation.join(article).join(source))
    .join(
        translation_text,
        (translation_text.c.article_number == article.c.number)
        & (translation_text.c.language == translation.c.language),
    )
    .where(translation.c.article_id.in_(listed("ids")), _there)
    .order_by(translation.c.article_id, translation.c.language)
)
_NAMES = (
    select(*translation.c["article_id", "language", "digest"], *_wanted_by)
    .select_from(translation.join(article).join(source))
    .where(translation.c.article_id.in_(listed("ids")), _there)
    .order_by(translation.c.article_id, translation.c.language)
)
_COUNT = select(func.count()).select_from(translation).where(_there)
_OF_PATHS = (
    select(article.c.path, *translation.c["language", "digest"], *_wanted_by)
    .select_from(translation.join(article).join(source))
    .where(article.c.path.in_(listed("paths")), _there)
)
_OF_CATEGORY = (
    select(translation.c.language)
    .join(article_category, article_category.c.article_id == translation.c.article_id)
    .where(_there, article_category.c.category == bindparam("category"))
    .distinct()
    .order_by(translation.c.language)
)


class TranslationStore:
    """Marks to translate articles, which are set in the transaction of the change that they follow."""

    def __init__(self, database: Database, outbox: Outbox, meta: MetaStore) -> None:
        self._database, self._outbox, self._meta = database, outbox, meta
        self._leases = RowLeases(database, translation, _this)
        owned = self._leases.owned
        self._claim = _CLAIM.where(self._leases.free)
        self._claim_of = self._claim.where(IS_NAMED)
        self._record, self._postpone = _RECORD.where(owned), _POSTPONE.where(owned)
        self._drop_mark, self._give_up = _DROP_MARK.where(owned), _GIVE_UP.where(owned)

    def mark(self, articles: Collection[str], source_id: int, languages: Sequence[str], now: datetime) -> None:
        """Mark those of these articles whose text this source brought, for each of these languages."""
        if not (articles and languages):
            return
        statement = self._database.dialect.insert(translation).from_select(
            ("article_id", "language", "due", "failures", "version"), _NEW
        )
        renewed = {"due": statement.excluded.due, "failures": 0, "version": translation.c.version + 1}
        upsert = statement.on_conflict_do_update(
            index_elements=[translation.c.article_id, translation.c.language], set_=renewed
        )
        with self._database.writing() as connection:
            for language in languages:
                parameters = {"ids": sorted(articles), "source_id": source_id, "language": language, "now": now}
                connection.execute(upsert, parameters)

    def renew(self, articles: Collection[str], now: datetime) -> None:
        """Have the translations of these articles made again: their texts changed."""
        if articles:
            with self._database.writing() as connection:
                connection.execute(_RENEW, {"ids": sorted(articles), "now": now})

    def claim(self, now: datetime, lease: timedelta, names: Collection[str] | None = None) -> ClaimedTranslation | None:
        """Lease the translation that is due longest, of a published article that waits for no page; None: none is.

        With `names`, of an article of these sources alone.
        """
        of_names = {} if names is None else {"names": sorted(names)}
        with self._database.writing() as connection:
            rows = connection.execute(self._claim_of if of_names else self._claim, {"now": now} | of_names)
            row = rows.mappings().one_or_none()
            if row is None:
                return None
            self._leases.take({"of": row["article_id"], "in_language": row["language"]}, now, lease)
        names = ("article_id", "language", "failures", "version", "title", "summary", "html", "link")
        return ClaimedTranslation(
            source=Source(id=row["id"], settings=row["settings"]),
            original_language=row["original_language"],
            **{name: row[name] for name in names},
        )

    def extend(self, claimed: ClaimedTranslation, now: datetime, lease: timedelta) -> None:
        """Have the lease last for `lease` from now on."""
        self._leases.extend(_key(claimed), now, lease)

    def release(self, claimed: ClaimedTranslation) -> None:
        """End the lease; the mark stays."""
        self._leases.release(_key(claimed))

    def give_up(self, claimed: ClaimedTranslation) -> None:
        """Remove the mark of a translation that is not wanted; if it has a text, publishing its article removes it."""
        with self._database.writing() as connection:
            if connection.execute(self._drop_mark, _key(claimed)).rowcount:
                return
            if connection.execute(self._give_up, _key(claimed)).rowcount:
                self._mark(claimed.article_id)

    def drop(self, translations: Iterable[tuple[str, str]]) -> None:
        """Remove these translations (ids of articles, and languages), whose files are gone; marks to make them stay."""
        with self._database.writing() as connection:
            for article_id, language in translations:
                for statement in (_DROP_TEXT, _KEEP_MARK):
                    connection.execute(statement, {"of": article_id, "in_language": language})
                for number in numbers_of(connection, [article_id]).values():
                    connection.execute(_DELETE_TEXT, {"of": number, "in_language": language})

    def record(self, claimed: ClaimedTranslation, text: TranslatedText, digest: bytes, now: datetime) -> None:
        """Publish a translation of the text with this digest, unless its article changed or another process has it."""
        texts = {name: getattr(text, name) for name in _TEXT}
        with self._database.writing() as connection:
            key = _key(claimed) | {"at": claimed.version}
            if not connection.execute(self._record, key | {"new_digest": digest, "now": now}).rowcount:
                self._leases.release(_key(claimed))
                return
            (number,) = numbers_of(connection, [claimed.article_id]).values()
            connection.execute(_DELETE_TEXT, {"of": number, "in_language": claimed.language})  # an earlier one
            connection.execute(_KEEP_TEXT, {"article_number": number, "language": claimed.language} | texts)
            self._mark(claimed.article_id)
            if claimed.language not in (languages := self.languages()):
                self._meta.set(_LANGUAGES, " ".join(sorted((*languages, claimed.language))))

    def _mark(self, article_id: str) -> None:
        self._outbox.mark_articles([article_id])
        self._outbox.mark_categories([article_id])

    def postpone(self, claimed: ClaimedTranslation, due: datetime | None, error: str, *, failures: int) -> None:
        """Have a translation made later, or not before its article changes if `due` is None."""
        values = {"new_due": due, "new_failures": failures, "new_error": error}
        with self._database.writing() as connection:
            if not connection.execute(self._postpone, _key(claimed) | {"at": claimed.version} | values).rowcount:
                self._leases.release(_key(claimed))

    def of_articles(self, articles: Collection[str]) -> dict[str, tuple[Translation, ...]]:
        """Return the translations that these articles have, unwanted ones too, in the order of their languages."""
        if not articles:
            return {}
        by_article: defaultdict[str, list[Translation]] = defaultdict(list)
        with self._database.reading() as connection:
            for row in connection.execute(_OF_ARTICLES, {"ids": sorted(articles)}).mappings():
                values = {name: row[name] for name in ("language", "updated", "digest", *_TEXT)}
                by_article[row["article_id"]].append(Translation(is_wanted=_is_wanted(row), **values))
        return {article_id: tuple(translations) for article_id, translations in by_article.items()}

    def unwanted(self, articles: Collection[str]) -> tuple[tuple[str, str], ...]:
        """Return ids and languages of translations of these articles that are to go."""
        with self._database.reading() as connection:
            rows = connection.execute(_NAMES, {"ids": sorted(articles)}).mappings()
            return tuple((row["article_id"], row["language"]) for row in rows if not _is_wanted(row))

    def count(self) -> int:
        """Return the number of translations that have a text."""
        with self._database.reading() as connection:
            return connection.scalar(_COUNT) or 0

    def of_paths(self, paths: Collection[str]) -> frozenset[tuple[str, str]]:
        """Return the wanted translations, by path and language, of the articles at these paths."""
        with self._database.reading() as connection:
            rows = connection.execute(_OF_PATHS, {"paths": sorted(paths)}).mappings()
            return frozenset((row["path"], row["language"]) for row in rows if _is_wanted(row))

    def languages(self) -> tuple[str, ...]:
        """Return all languages into which an article was ever translated."""
        return tuple((self._meta.get(_LANGUAGES) or "").split())

    def of_category(self, category: str) -> tuple[str, ...]:
        """Return the languages into which articles of this category are translated."""
        with self._database.reading() as connection:
            return tuple(connection.scalars(_OF_CATEGORY, {"category": category}))

    def texts(self, digests: Collection[bytes], now: datetime) -> dict[bytes, str]:
        """Return those of the texts with these digests that were translated before, and note that they are used."""
        with self._database.writing() as connection:
            rows = connection.execute(_TEXTS, {"digests": sorted(digests)}).all()
            if rows:
                connection.execute(_USE, {"digests": sorted(digests), "now": now})
        return {bytes(row.digest): row.text for row in rows}

    def remember(self, digest: bytes, text: str, now: datetime) -> None:
        """Keep the translation of a text, so that it is not requested again."""
        statement = self._database.dialect.insert(translated_text).on_conflict_do_nothing()
        with self._database.writing() as connection:
            connection.execute(statement, {"digest": digest, "text": text, "used": now})

    def forget(self, before: datetime) -> None:
        """Remove the remembered texts that were last used before that moment."""
        with self._database.writing() as connection:
            connection.execute(_FORGET, {"before": before})


def _is_wanted(row: RowMapping) -> bool:
    settings: SourceSettings = row["settings"]
    return row["digest"] != b"" and settings.is_translated(row["original_language"], row["language"])


def _key(claimed: ClaimedTranslation) -> dict[str, Any]:
    return {"of": claimed.article_id, "in_language": claimed.language}
