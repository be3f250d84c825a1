"""Articles and feeds in other languages. Shell. Nothing is looked for while there is no server."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from aggregator.app import App
from aggregator.model import CategoryFeed, StoredArticle
from aggregator.render import MAX_BYTES
from aggregator.translation import article_digest, in_all_languages, in_language, translated_path


def with_translations(app: App, articles: Iterable[StoredArticle]) -> Iterator[StoredArticle]:
    """Yield these articles, and behind each one its translations."""
    if not _has_server(app):
        yield from articles
        return
    batch = tuple(articles)
    translations = app.store.translations.of_articles([article.id for article in batch])
    for article in batch:
        yield from in_all_languages(article, translations.get(article.id, ()))


def renew_outdated(app: App, articles: Iterable[StoredArticle]) -> None:
    """Have articles translated again whose text changed since: rules give another one, or their page was read."""
    if not _has_server(app):
        return
    digests = {article.id: article_digest(article) for article in articles}
    translations = app.store.translations.of_articles(digests)
    outdated = [
        article_id
        for article_id, digest in digests.items()
        if any(each.digest != digest for each in translations.get(article_id, ()))
    ]
    app.store.translations.renew(outdated, app.clock())


def feeds_by_language(app: App, name: str) -> Iterator[CategoryFeed]:
    """Yield the category's feeds of the languages into which articles of it were translated."""
    for language in languages_of(app, name):
        limit = app.settings.feeds.limit
        feed = app.store.feeds.category_feed(name, limit, max_body=MAX_BYTES, named=True, language=language)
        translations = app.store.translations.of_articles([article.id for article in feed.articles])
        articles = []
        for article in feed.articles:
            available = {each.language: each for each in translations.get(article.id, ())}
            articles.append(in_language(article, available[language]) if language in available else article)
        updated = max((article.updated for article in articles), default=feed.updated)
        label = f"{feed.label} ({language})"
        yield replace(feed, name=f"{name}.{language}", label=label, updated=updated, articles=tuple(articles))


def languages_of(app: App, name: str = "") -> tuple[str, ...]:
    """Return the languages into which articles of this category, or of any, were translated."""
    return app.store.translations.languages(name) if _has_server(app) else ()


def translated_paths(app: App, paths: Iterable[str]) -> Iterator[str]:
    """Yield the paths of articles, and those that their translations may have."""
    languages = languages_of(app)
    for path in paths:
        yield path
        yield from (translated_path(path, language) for language in languages)


def _has_server(app: App) -> bool:
    return app.settings.translate.url is not None
