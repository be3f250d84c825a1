"""Every setting, with its default and its meaning. Pure.

A field here is a key of `feeds.yaml`: its JSON Schema and the name of its environment variable follow from it. Values
are checked one by one here; `config` checks those that depend on each other, and knows their positions in a file.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, TypeVar, get_origin
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from aggregator.settings.references import reference_problems, resolved
from aggregator.settings.values import (
    ByteSize,
    CategoryLabel,
    Contact,
    DatabaseUrl,
    Duration,
    Flag,
    HeaderName,
    HeaderValue,
    HostName,
    Interval,
    LanguageTag,
    Network,
    PositiveDuration,
    PublicUrl,
    SourceName,
    TextLine,
    Timeout,
    WebUrl,
    WholeNumber,
    is_null,
)

T = TypeVar("T")

DEFAULT_BASE_URL = "http://127.0.0.1:8080/"


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _without_unset(cls, values: Any) -> Any:
        """Leave out known keys without a value, and with null if their default is None."""
        if not isinstance(values, dict):
            return values
        nulls = {
            key: cls.model_fields[key] for key, value in values.items() if is_null(value) and key in cls.model_fields
        }
        unset = {key for key, field in nulls.items() if not values[key] or field.default is None}
        return {key: value for key, value in values.items() if key not in unset}


class Fetch(_Section):
    """Fetching of sources."""

    interval: Interval = Field(timedelta(minutes=30), description="Interval of a source that does not name its own.")
    timeout: Timeout = Field(timedelta(seconds=20), description="Of a whole request, its body included.")
    concurrency: WholeNumber = Field(64, ge=1, le=1000, description="Requests in flight at once.")
    per_host: WholeNumber = Field(2, ge=1, le=100, description="Requests in flight to one host.")
    host_gap: Duration = Field(timedelta(seconds=1), description="Between the starts of two requests to one host.")
    min_interval: Duration = Field(timedelta(minutes=5), description="No source is polled more often by the schedule.")
    max_bytes: ByteSize = Field(10_000_000, description="Of a body, after decompression.")
    contact: Contact | None = Field(None, description="A page or mail address that goes into the User-Agent.")
    allow_private: tuple[Network, ...] = Field((), description="Private networks that sources may live in.")
    unpaced: tuple[HostName, ...] = Field((), description="Hosts without host_gap and per_host, such as your own.")
    proxy: WebUrl | None = Field(
        None, repr=False, description="HTTP proxy for all requests; it resolves names then, not allow_private."
    )


class Articles(_Section):
    """Files of articles."""

    path: TextLine = Field("articles", description="Folder, relative to storage, or absolute.")
    name: TextLine = Field("{source}/{year}/{month}/{day}-{slug}.md", description="Name of an article's file.")
    front_matter: Literal["mainroad", "hugo", "jekyll", "zola"] = Field("mainroad", description="Layout of the head.")
    summary_words: WholeNumber = Field(50, ge=1, le=1000, description="Words of the summary.")


FormatName = Literal["rss", "atom", "json"]


class Feeds(_Section):
    """The feeds that go out."""

    formats: tuple[FormatName, ...] = Field(("rss", "atom", "json"), min_length=1, description="Formats to write.")
    limit: WholeNumber = Field(
        50, ge=1, le=1000, description="Newest articles in each feed, before its size of 512 KB."
    )
    hub: WebUrl | None = Field(None, description="WebSub hub to announce and ping.")


_SHOWN = "shown"
Shown = Annotated[T, _SHOWN]  # a setting that articles and feeds show: if it changes, they are published again


class SourceSettings(_Section):
    """One source: its settings, or the URL of its feed alone."""

    name: Shown[SourceName | None] = Field(
        None, description="Names it in links, files and commands; else made from its host."
    )
    url: Shown[WebUrl] = Field(description="Of its feed, http or https.")
    category: CategoryLabel | None = Field(None, description="Its one category; its name where left out.")
    categories: Shown[tuple[CategoryLabel, ...] | None] = Field(
        None, min_length=1, description="Its categories, not one `category`."
    )
    tags: Shown[tuple[TextLine, ...] | None] = Field(None, description="Tags of its articles; its name where left out.")
    language: Shown[LanguageTag | None] = Field(
        None, description="Of its entries, such as en; else they tell, or are asked."
    )
    interval: Interval | None = Field(None, description="Its own interval.")
    headers: dict[HeaderName, HeaderValue] = Field(
        {},
        repr=False,
        description="Sent to its own host alone; ${NAME} comes from the environment.",
        json_schema_extra={"additionalProperties": False},  # invalid names of headers
    )
    enabled: Flag = Field(True, description="false: it stays in the file, and is not fetched.")

    @model_validator(mode="before")
    @classmethod
    def _from_url(cls, value: Any) -> Any:
        """Accept a URL alone as a source."""
        return {"url": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        full = handler(core_schema)
        full["not"] = {"required": ["category", "categories"]}
        return {"anyOf": [{**full["properties"]["url"], "description": "A source by its URL alone."}, full]}


SHOWN_SETTINGS = frozenset(name for name, field in SourceSettings.model_fields.items() if _SHOWN in field.metadata)


class Settings(_Section):
    """The whole configuration. Paths are absolute once `config.load` made it."""

    title: TextLine = Field("aggregator", description="Of the feeds that go out.")
    base_url: PublicUrl | None = Field(None, description="Where readers reach the feeds, with a slash at the end.")
    storage: TextLine = Field("storage", description="Folder, relative to the configuration file.")
    database: DatabaseUrl | None = Field(
        None, repr=False, description="sqlite:///… or postgresql://…; by default in storage."
    )
    fetch: Fetch = Field(default_factory=Fetch)
    articles: Articles = Field(default_factory=Articles)
    feeds: Feeds = Field(default_factory=Feeds)
    dedupe: Literal["near", "exact"] = Field("near", description="One story under several links: near marks it.")
    websub: Literal["auto", "always", "never"] = Field("auto", description="Subscribe to hubs that sources name.")
    retention: PositiveDuration | None = Field(None, description="How long articles are kept; for ever where left out.")
    sources: tuple[SourceSettings, ...] = Field(min_length=1, description="What to read.")

    @property
    def public_url(self) -> str:
        """The `base_url` or its default, always with a slash at the end."""
        url = self.base_url or DEFAULT_BASE_URL
        return url if url.endswith("/") else url + "/"


def setting_paths(model: type[BaseModel] = Settings) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Yield the path of each setting but the sources, such as ("fetch", "timeout"), and whether it is a list."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from (((name, *path), is_list) for path, is_list in setting_paths(field.annotation))
        elif name != "sources":
            yield (name,), get_origin(field.annotation) is tuple


def secrets(settings: Settings, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return every text that no log, page or file may show: passwords in URLs, and the words of headers as sent."""
    urls = (settings.database, settings.fetch.proxy, *(source.url for source in settings.sources))
    passwords = (urlsplit(url).password for url in urls if url)
    values = (value for source in settings.sources for value in source.headers.values())
    sent = (resolved(value, environ) for value in values if not reference_problems(value, environ))
    words = (word for value in sent for word in value.split())
    return tuple(dict.fromkeys(secret for secret in (*passwords, *words) if secret))
