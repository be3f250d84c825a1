"""Defaults that depend on other settings, names of sources, and absolute paths. Pure."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, unquote

from aggregator.config.naming import named
from aggregator.names import category_name, distinct
from aggregator.settings import BUCKET, Fetch, Settings, SourceSettings

SQLITE = "sqlite:///"


def resolve(settings: Settings, folder: Path) -> Settings:
    """Return the settings with each source's defaults filled in and every path absolute.

    Paths start from `folder`, which holds the configuration, those of articles from `storage`; `~` is home.
    """
    sources = tuple(with_defaults(source, settings.fetch) for source in named(settings.sources))
    if settings.bucket:  # then there is a URL of a database, and the path of articles is one in the bucket
        path = settings.articles.path.strip("/")
        articles = settings.articles.model_copy(update={"path": path})
        return settings.model_copy(update={"articles": articles, "sources": sources})
    storage = absolute_path(settings.storage, folder)
    database = database_url(settings.database, folder) if settings.database else _sqlite_url(storage / "aggregator.db")
    articles = settings.articles.model_copy(update={"path": str(absolute_path(settings.articles.path, storage))})
    return settings.model_copy(
        update={"storage": str(storage), "articles": articles, "database": database, "sources": sources}
    )


def local_folder(settings: Settings, environ: Mapping[str, str]) -> Path:
    """Return the folder on this machine for locks and cached pictures: the storage, or one beside other caches.

    Where the storage is a bucket the folder may be deleted at any time. `CACHE_DIRECTORY` comes from systemd.
    """
    if not settings.bucket:
        return Path(settings.storage)
    cache = environ.get("CACHE_DIRECTORY") or environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - Path's raises where there is no home
    return Path(cache, "aggregator", quote(settings.bucket.removeprefix(BUCKET), safe=""))


def database_url(url: str, folder: Path) -> str:
    """Return the URL of a database with the path of an SQLite file absolute."""
    if not url.startswith(SQLITE):
        return url
    path, mark, options = url.removeprefix(SQLITE).partition("?")
    return f"{_sqlite_url(absolute_path(unquote(path), folder))}{mark}{options}"


def _sqlite_url(file: Path) -> str:
    return SQLITE + str(file).replace("%", "%25").replace("?", "%3F")


def with_defaults(source: SourceSettings, fetch: Fetch) -> SourceSettings:
    """Return the settings of a source that has a name, with its categories, tags and interval filled in."""
    name = source.name or ""
    return source.model_copy(
        update={
            "category": None,
            "categories": distinct(source.categories or (source.category or name,), category_name),
            "tags": (name,) if source.tags is None else source.tags,
            "interval": fetch.interval if source.interval is None else source.interval,
        }
    )


def absolute_path(path: str, folder: Path) -> Path:
    """Return `path` as seen from `folder`, without `.` and `..`; links stay as they are, for their targets may move."""
    return Path(os.path.abspath(folder / os.path.expanduser(path)))  # noqa: PTH100, PTH111  # Path's follow links, or raise
