"""Articles and feeds in other languages. Shell. Nothing is looked for where nothing was ever translated."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from msgspec.structs import replace

from aggregator.app import App
from aggregator.model import CategoryFeed, Retraction, StoredArticle, Translation
from aggregator.render import MAX_BYTES
from aggregator.translation import article_digest, in_all_languages, in_language, translated_path, translated_uid


def with_translations(app: App, articles: Iterable[StoredArticle]) -> Iterator[StoredArticle]:
    """Yield these articles, and behind each one its translations."""
    if not app.has_translations:
        yield from articles
        return
    batch = tuple(articles)
    translations = _wanted(app, batch)
    for article in batch:
        yield from in_all_languages(article, translations[article.id])


def renew_outdated(app: App, articles: Iterable[StoredArticle]) -> None:
    """Have articles translated again whose text changed since: rules give another one, or their page was read."""
    if not app.has_translations:
        return
    digests = {article.id: article_digest(article) for article in articles}
    translations = app.store.translations.of_articles(digests)
    outdated = [
        article_id
        for article_id, digest in digests.items()
        if any(each.digest != digest for each in translations.get(article_id, ()))
    ]
    app.store.translations.renew(outdated, app.clock())


def remove_unwanted(app: App, articles: Iterable[StoredArticle]) -> bool:
    """Remove the translations of these articles that their sources name no more; return True if a file was removed.

    Files go first: after a kill in between, the article is still marked. Raises FilesError.
    """
    if not app.has_translations:
        return False
    paths = {article.id: article.path for article in articles}
    unwanted = app.store.translations.unwanted(paths)
    removed = app.article_folder.remove((translated_path(paths[of], language) for of, language in unwanted))
    app.store.translations.drop(unwanted)
    return bool(removed)


def feeds_by_language(app: App, name: str) -> Iterator[CategoryFeed]:
    """Yield the category's feeds of the languages into which articles of it are translated."""
    for language in _languages_of(app, name):
        limit = app.settings.feeds.limit
        feed = app.store.feeds.category_feed(name, limit, max_body=MAX_BYTES, language=language)
        translations = _wanted(app, feed.articles)
        articles = []
        for article in feed.articles:
            available = {each.language: each for each in translations[article.id]}
            if language in available:
                articles.append(in_language(article, available[language]))
            elif article.language == language:
                articles.append(article)
        updated = max((article.updated for article in articles), default=feed.updated)
        label = f"{feed.label} ({language})"
        retractions = tuple(chain.from_iterable(_in_either(each, language) for each in feed.retractions))
        feed = replace(feed, label=label, updated=updated, articles=tuple(articles), retractions=retractions)
        yield replace(feed, name=f"{name}.{language}")


def _in_either(retraction: Retraction, language: str) -> tuple[Retraction, Retraction]:
    """Return the tombstones of an article and of its translation: a feed of a language showed one of them."""
    return retraction, replace(retraction, uid=translated_uid(retraction.article_id, language))


def known_languages(app: App) -> tuple[str, ...]:
    """Return all languages into which an article was ever translated."""
    return app.store.translations.languages() if app.has_translations else ()


def stale_languages(app: App, names: Iterable[str]) -> Iterator[str]:
    """Yield the names of feeds, of these categories and known languages, that have no translation any more."""
    languages = frozenset(known_languages(app))
    for name in names if languages else ():
        yield from (f"{name}.{language}" for language in sorted(languages.difference(_languages_of(app, name))))


def translated_paths(app: App, paths: Iterable[str]) -> Iterator[str]:
    """Yield the paths of articles, and those that their translations may have."""
    languages = known_languages(app)
    for path in paths:
        yield path
        yield from (translated_path(path, language) for language in languages)


def _wanted(app: App, articles: Sequence[StoredArticle]) -> Mapping[str, tuple[Translation, ...]]:
    """Return the translations of each of these articles that its source still names."""
    translations = app.store.translations.of_articles([article.id for article in articles])
    return {
        article.id: tuple(each for each in translations.get(article.id, ()) if each.is_wanted) for article in articles
    }


def _languages_of(app: App, name: str) -> tuple[str, ...]:
    return app.store.translations.of_category(name) if app.has_translations else ()
