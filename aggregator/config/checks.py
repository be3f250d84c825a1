"""Problems between settings, each of which may be right by itself."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from aggregator.config.problems import Problem
from aggregator.config.resolve import SQLITE, absolute_path
from aggregator.config.yaml_document import Location
from aggregator.names import ALL
from aggregator.settings import BUCKET, Articles, Settings
from aggregator.settings.values import is_null, quoted


def conflicts(data: Any, folder: Path) -> Iterator[Problem]:
    """Yield the problems of paths, which start from `folder`, and patterns, within each source, and between sources."""
    yield from _path_problems(data, folder)
    yield from _bucket_problems(data)
    yield from _translation_problems(data)
    first_with: dict[str, int] = {}
    for number, source in sources_of(data):
        location: Location = ("sources", number)
        yield from _source_problems(source, location)
        name = _text(source.get("name"))
        first = first_with.setdefault(name, number) if name else number
        if first != number:
            yield Problem((*location, "name"), f"{quoted(name)} is the name of source {first + 1} already; change one")


def sources_of(data: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the sources that are written with settings, each with its number in the list, from 0."""
    sources = data.get("sources") if isinstance(data, dict) else None
    if isinstance(sources, list):
        yield from ((number, source) for number, source in enumerate(sources) if isinstance(source, dict))


def headers_of(source: dict[str, Any]) -> dict[str, Any]:
    """Return the headers of a source, as written."""
    headers = source.get("headers")
    return headers if isinstance(headers, dict) else {}


def _source_problems(source: dict[str, Any], location: Location) -> Iterator[Problem]:
    category_keys = [key for key in ("category", "categories") if key in source and not is_null(source[key])]
    if len(category_keys) == 2:
        yield Problem((*location, "categories"), "`category` and `categories` exclude each other; keep one", True)
    if not category_keys and _text(source.get("name")) == ALL:
        message = f"`{ALL}` would be its category too, and is taken by the feed of all; write a `category`"
        yield Problem((*location, "name"), message)
    headers = headers_of(source)
    counts = Counter(map(str.lower, headers))
    for header in headers:
        if counts[header.lower()] > 1:
            message = f"{quoted(header)} stands here in two spellings, and means one header; keep one"
            yield Problem((*location, "headers", header), message, True)


def _translation_problems(data: Any) -> Iterator[Problem]:
    section = data.get("translate") if isinstance(data, dict) else None
    if isinstance(section, dict) and not is_null(section.get("url")):
        return
    for number, source in sources_of(data):
        if source.get("translate"):
            message = "`translate` needs a server: set `translate.url` above the sources"
            yield Problem(("sources", number, "translate"), message)


def _path_problems(data: Any, folder: Path) -> Iterator[Problem]:
    file = data if isinstance(data, dict) else {}
    articles = section if isinstance(section := file.get("articles"), dict) else {}
    storage, path = _text(file.get("storage")), _text(articles.get("path"))
    database = unquote(_text(file.get("database")).removeprefix(SQLITE))
    paths: dict[Location, str] = {("storage",): storage, ("database",): database, ("articles", "path"): path}
    for location, value in paths.items():
        if os.path.expanduser(value).startswith("~"):  # noqa: PTH111  # Path's raises
            message = f"{quoted(value)} begins at a home that this machine does not know; write the folder"
            yield Problem(location, message)
    root = absolute_path(storage or Settings.model_fields["storage"].default, folder)
    for name in ("feeds",) if storage.startswith(BUCKET) else ("feeds", "pictures"):
        if absolute_path(path, root).is_relative_to(root / name):
            message = f"{quoted(path)} lies in the folder of the {name} in `storage`; write another, such as articles"
            yield Problem(("articles", "path"), message)
    pattern = _text(articles.get("name"))
    if pattern and pattern != Articles().name:
        from aggregator.render.article import pattern_fault  # imports feedgen and lxml, which few commands need

        if fault := pattern_fault(pattern):
            yield Problem(("articles", "name"), f"`articles.name` {fault}")


def _bucket_problems(data: Any) -> Iterator[Problem]:
    """Yield what does not go together with a bucket as the storage."""
    file = data if isinstance(data, dict) else {}
    if not _text(file.get("storage")).startswith(BUCKET):
        return
    if not _text(file.get("database")).startswith("postgresql"):
        message = "a bucket needs PostgreSQL: set `database` to postgresql://user@host/name, or name a folder"
        yield Problem(("storage",), message)
    articles = section if isinstance(section := file.get("articles"), dict) else {}
    if articles.get("after"):
        message = "`articles.after` finds no files where `storage` is a bucket; remove it, or name a folder"
        yield Problem(("articles", "after"), message)
    path = _text(articles.get("path"))
    if path.startswith(("/", "~")) or not {"", ".", ".."}.isdisjoint(path.strip("/").split("/") if path else ()):
        message = f"{quoted(path)} is no folder in the bucket of `storage`; write a path such as articles"
        yield Problem(("articles", "path"), message)


def _text(value: object) -> str:
    return str(value).strip() if isinstance(value, str) else ""
