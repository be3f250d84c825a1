"""The files of articles. Shell. The caller holds the lock of the outbox."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from aggregator.app import App
from aggregator.errors import FilesError
from aggregator.model import OutputFile, StoredArticle
from aggregator.pictures.cache import cache_of
from aggregator.publish.after import note_changed
from aggregator.publish.translations import remove_unwanted, renew_outdated, translated_paths, with_translations
from aggregator.render import article_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Files that were written because their bytes differed."""

    files: int
    digests: dict[str, bytes] = field(default_factory=dict)  # of all feeds, by path, if a hub passes them on


def write_articles(app: App, articles: Iterable[StoredArticle]) -> Written:
    """Write the files of these articles. Raises FilesError."""
    articles = tuple(articles)
    renew_outdated(app, articles)
    is_changed = remove_unwanted(app, articles)
    try:
        written = len(app.article_folder.write(article_files(app, articles)))
    except FilesError:  # those before it may have been written
        note_changed(app)
        raise
    if written or is_changed:
        note_changed(app)
    return Written(files=written)


def remove_articles(app: App, gone: Iterable[tuple[str, str]]) -> Written:
    """Remove the files and pictures of articles, by ids and paths, that rules dropped or sources withdrew.

    Raises FilesError.
    """
    paths = dict(gone)
    if app.article_folder.remove(translated_paths(app, paths.values())):
        note_changed(app)
    cache_of(app).remove(paths)
    return Written(files=0)


def article_files(app: App, articles: Iterable[StoredArticle]) -> Iterator[OutputFile]:
    """Yield the file of each article."""
    return (article_file(article, app.settings.articles) for article in with_translations(app, articles))


def all_articles(app: App, batch_size: int) -> Iterator[tuple[StoredArticle, ...]]:
    """Yield all articles that have their text, in batches."""
    last: str | None = None
    app.begin_output()
    while batch := app.store.articles.page(last, batch_size):
        yield batch
        last = batch[-1].id
        app.begin_output()
