"""Names of sources and places of files, made certain: what `load` fills in once every value is right."""

import os
from pathlib import Path

from aggregator.config.naming import named
from aggregator.names import category_name, distinct
from aggregator.settings import Fetch, Settings, SourceSettings

_SQLITE = "sqlite:///"


def settled(settings: Settings, folder: Path) -> Settings:
    """The settings with a name for each source and every path absolute.

    Paths start from `folder`, which holds the configuration, those of articles from `storage`; `~` is home.
    """
    storage = _absolute(settings.storage, folder)
    articles = settings.articles.model_copy(update={"path": str(_absolute(settings.articles.path, storage))})
    if settings.database is None:
        database = f"{_SQLITE}{storage / 'aggregator.db'}"
    else:
        database = _absolute_database(settings.database, folder)
    return settings.model_copy(
        update={
            "storage": str(storage),
            "articles": articles,
            "database": database,
            "sources": tuple(with_defaults(source, settings.fetch) for source in named(settings.sources)),
        }
    )


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


def _absolute(path: str, folder: Path) -> Path:
    """Without `.` and `..`; links stay as they are, for what they point at may move."""
    return Path(os.path.abspath(folder / Path(path).expanduser()))  # noqa: PTH100  # Path.resolve follows links


def _absolute_database(url: str, folder: Path) -> str:
    if not url.startswith(_SQLITE):
        return url
    path, mark, options = url.removeprefix(_SQLITE).partition("?")
    return f"{_SQLITE}{_absolute(path, folder)}{mark}{options}"
