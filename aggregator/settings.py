"""Every setting, with its default and its meaning. Pure.

One field here is one key of `feeds.yaml`: its schema, its environment name and its place in the documentation follow.
Values are checked one by one; what needs two of them at once, or a place in a file, is `config`'s.
"""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from aggregator.model import Source
from aggregator.names import category_name

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_SIZES = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}
_DURATION = re.compile(r"(\d{1,9})(ms|s|m|h|d)")
_SIZE = re.compile(r"(\d{1,9})(B|KB|MB|GB)", re.IGNORECASE)


def duration(value: Any) -> timedelta:
    """The span that `30s`, `15m`, `6h` or `7d` names; a `timedelta` as it is. Raises ValueError for anything else."""
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(str(value))
    if not match:
        raise ValueError("is no duration; write a whole number and a unit, such as 30s, 15m, 6h or 7d")
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def size(value: Any) -> int:
    """The bytes that `10MB` names (powers of 1000); an int as it is. Raises ValueError for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = _SIZE.fullmatch(str(value))
    if not match:
        raise ValueError("is no size; write a whole number and a unit, such as 500KB or 10MB")
    return int(match[1]) * _SIZES[match[2].upper()]


Duration = Annotated[
    timedelta,
    BeforeValidator(duration),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,9}(ms|s|m|h|d)$", "examples": ["30s", "15m", "6h", "7d"]}),
]
Size = Annotated[
    int,
    BeforeValidator(size),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,9}([bB]|[kKmMgG][bB])$", "examples": ["500KB", "10MB"]}),
]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Fetch(_Part):
    """How sources are fetched."""

    interval: Duration = Field(timedelta(minutes=30), description="Interval of a source that does not name its own.")
    timeout: Duration = Field(timedelta(seconds=20), description="Of a whole request, its body included.")
    concurrency: int = Field(64, ge=1, le=1000, description="Requests in flight at once.")
    per_host: int = Field(2, ge=1, le=100, description="Requests in flight to one host.")
    host_gap: Duration = Field(timedelta(seconds=1), description="Between the starts of two requests to one host.")
    min_interval: Duration = Field(timedelta(minutes=5), description="No source is polled more often by the schedule.")
    max_bytes: Size = Field(10_000_000, description="Of a body, after decompression.")
    contact: str | None = Field(None, description="A page or address that goes into the User-Agent.")
    allow_private: tuple[str, ...] = Field((), description="Private networks that sources may live in.")
    unpaced: tuple[str, ...] = Field((), description="Hosts without host_gap and per_host, such as your own.")
    proxy: str | None = Field(None, description="HTTP proxy for all requests; it resolves names then.")


class Articles(_Part):
    """Where and how articles are written."""

    path: str = Field("articles", description="Folder, relative to storage, or absolute.")
    name: str = Field("{source}/{year}/{month}/{day}-{slug}.md", description="Name of an article's file.")
    front_matter: Literal["mainroad", "hugo", "jekyll", "zola"] = Field("mainroad", description="Layout of the head.")
    summary_words: int = Field(50, ge=1, le=1000, description="Words of the summary.")


FormatName = Literal["rss", "atom", "json"]


class Feeds(_Part):
    """The feeds that go out."""

    formats: tuple[FormatName, ...] = Field(("rss", "atom", "json"), min_length=1, description="Formats to write.")
    limit: int = Field(50, ge=1, le=1000, description="Newest articles in each feed, before its size of 512 KB.")
    hub: str | None = Field(None, description="WebSub hub to announce and ping.")


class SourceSettings(_Part):
    """One source."""

    name: str | None = Field(None, description="[a-z0-9][a-z0-9-]*; made from the host where left out.")
    url: str = Field(description="Of its feed, http or https.")
    category: str | None = Field(None, description="Its one category; its name where left out.")
    categories: tuple[str, ...] | None = Field(None, description="Its categories, instead of `category`.")
    tags: tuple[str, ...] | None = Field(None, description="Its tags; its name where left out.")
    language: str | None = Field(None, description="Language of its entries, such as en.")
    interval: Duration | None = Field(None, description="Its own interval.")
    headers: dict[str, str] = Field({}, description="Sent to its own host; ${NAME} comes from the environment.")
    enabled: bool = Field(True, description="false: kept in the file, not fetched.")


DEFAULT_BASE_URL = "http://127.0.0.1:8080/"


class Settings(_Part):
    """The whole configuration. Paths are absolute once `config.load` made it."""

    title: str = Field("aggregator", description="Of the feeds that go out.")
    base_url: str | None = Field(None, description="Where readers reach the feeds, with a slash at the end.")
    storage: str = Field("storage", description="Folder, relative to the configuration file.")
    database: str | None = Field(None, description="sqlite:///… or postgresql://…; by default in storage.")
    fetch: Fetch = Field(Fetch(), description="How sources are fetched.")
    articles: Articles = Field(Articles(), description="Where and how articles are written.")
    feeds: Feeds = Field(Feeds(), description="The feeds that go out.")
    dedupe: Literal["near", "exact"] = Field("near", description="One story under several links: near marks it.")
    websub: Literal["auto", "always", "never"] = Field("auto", description="Subscribe to hubs that sources name.")
    retention: Duration | None = Field(None, description="How long articles are kept; for ever where left out.")
    sources: tuple[SourceSettings, ...] = Field(min_length=1, description="What to read.")

    @property
    def public_url(self) -> str:
        """`base_url` or its default, always with a slash at the end."""
        url = self.base_url or DEFAULT_BASE_URL
        return url if url.endswith("/") else url + "/"


def sources(settings: Settings) -> tuple[Source, ...]:
    """The sources with their defaults filled in; `config.load` has given each a name by now."""
    return tuple(_source(entry, settings) for entry in settings.sources)


def _source(entry: SourceSettings, settings: Settings) -> Source:
    name = entry.name or ""
    return Source(
        name=name,
        url=entry.url,
        categories=_distinct(entry.categories or ((entry.category,) if entry.category else (name,))),
        tags=(name,) if entry.tags is None else entry.tags,
        language=entry.language,
        interval=settings.fetch.interval if entry.interval is None else entry.interval,
        headers=tuple(entry.headers.items()),
        enabled=entry.enabled,
    )


def _distinct(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Labels without those that give a file name which an earlier one gives."""
    kept: dict[str, str] = {}
    for label in labels:
        kept.setdefault(category_name(label), label)
    return tuple(kept.values())
