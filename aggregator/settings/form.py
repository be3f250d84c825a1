"""The form of a cluster's files: the settings that shape all of them, and that all its processes must share. Pure."""

import json
from collections.abc import Mapping
from typing import Any

from aggregator.settings import Settings

Form = Mapping[str, Any]  # values by the names of settings


def form_of(settings: Settings) -> Form:
    """Return the form of the files by these settings, without what differs between machines: where the storage is."""
    articles = settings.articles.model_dump(mode="json", exclude={"after"})
    articles["path"] = _within(settings.articles.path, settings.storage)
    sections = {"articles": articles, "feeds": settings.feeds.model_dump(mode="json", exclude={"min_age"})}
    values = {f"{section}.{name}": value for section, part in sections.items() for name, value in part.items()}
    values |= {name: getattr(settings, name) for name in ("title", "dedupe")}
    values |= {"base_url": settings.configured_url, "storage": settings.bucket}
    return dict(json.loads(json.dumps(values)))


def differing(first: Form, second: Form) -> tuple[str, ...]:
    """Return the names of the settings in which two forms differ."""
    return tuple(sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name)))


def _within(path: str, storage: str) -> str:
    """Return the path as seen from the storage if it is in there."""
    return path.removeprefix(storage.rstrip("/") + "/")
