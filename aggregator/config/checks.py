"""Problems between settings, each of which may be right by itself."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aggregator.config.problems import Problem
from aggregator.config.yaml_document import Location
from aggregator.names import ALL
from aggregator.settings import BUCKET, Articles
from aggregator.settings.values import is_null, quoted


def conflicts(data: Any) -> Iterator[Problem]:
    """Yield the problems of the file's paths and patterns, within each source, and between sources."""
    yield from _path_problems(data)
    yield from _bucket_problems(data)
    first_with: dict[str, int] = {}
    yield from _translation_problems(data)
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


def _path_problems(data: Any) -> Iterator[Problem]:
    file = data if isinstance(data, dict) else {}
    articles = section if isinstance(section := file.get("articles"), dict) else {}
    for location, value in ((("storage",), file.get("storage")), (("articles", "path"), articles.get("path"))):
        try:
            Path(_text(value)).expanduser()
        except RuntimeError:
            message = f"{quoted(_text(value))} begins at a home that this machine does not know; write the folder"
            yield Problem(location, message)
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
