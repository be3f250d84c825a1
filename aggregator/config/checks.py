"""What is wrong between settings, each of which may be right by itself; found beside the faults of single values."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aggregator.config.document import Location
from aggregator.config.problems import Trouble
from aggregator.names import ALL
from aggregator.settings import Articles
from aggregator.settings.values import is_nothing, quoted


def clashes(data: Any) -> Iterator[Trouble]:
    """What is wrong with the file's names and patterns, within each source, and between sources."""
    yield from _unfit_paths(data)
    first_with: dict[str, int] = {}
    for number, entry in sources_of(data):
        location: Location = ("sources", number)
        yield from _within(entry, location)
        name = _text(entry.get("name"))
        first = first_with.setdefault(name, number) if name else number
        if first != number:
            yield Trouble((*location, "name"), f"{quoted(name)} is the name of source {first + 1} already; change one")


def sources_of(data: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """The sources that are written with settings, each with its place in the list, from 0."""
    entries = _at(data, ("sources",))
    if isinstance(entries, list):
        yield from ((number, entry) for number, entry in enumerate(entries) if isinstance(entry, dict))


def headers_of(entry: dict[str, Any]) -> dict[str, Any]:
    """The headers of a source, as written."""
    headers = entry.get("headers")
    return headers if isinstance(headers, dict) else {}


def _within(entry: dict[str, Any], location: Location) -> Iterator[Trouble]:
    chosen = [key for key in ("category", "categories") if key in entry and not is_nothing(entry[key])]
    if len(chosen) == 2:
        yield Trouble((*location, "categories"), "`category` and `categories` exclude each other; keep one", True)
    if not chosen and _text(entry.get("name")) == ALL:
        message = f"`{ALL}` would be its category too, and is taken by the feed of all; write a `category`"
        yield Trouble((*location, "name"), message)
    headers = headers_of(entry)
    counts = Counter(map(str.lower, headers))
    for header in headers:
        if counts[header.lower()] > 1:
            message = f"{quoted(header)} stands here in two spellings, and means one header; keep one"
            yield Trouble((*location, "headers", header), message, True)


def _unfit_paths(data: Any) -> Iterator[Trouble]:
    for location in (("storage",), ("articles", "path")):
        path = _text(_at(data, location))
        try:
            Path(path).expanduser()
        except RuntimeError:
            yield Trouble(
                location, f"{quoted(path)} begins at a home that this machine does not know; write the folder"
            )
    pattern = _text(_at(data, ("articles", "name")))
    if pattern and pattern != Articles().name:
        from aggregator.render.article import pattern_fault  # brings feedgen and lxml, which few commands need

        if fault := pattern_fault(pattern):
            yield Trouble(("articles", "name"), f"`articles.name` {fault}")


def _at(data: Any, location: tuple[str, ...]) -> Any:
    for part in location:
        data = data.get(part) if isinstance(data, dict) else None
    return data


def _text(value: object) -> str:
    return str(value).strip() if isinstance(value, str) else ""
