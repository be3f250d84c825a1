"""Every setting, with its default and its meaning. Pure.

A field here is a key of `feeds.yaml`: its JSON Schema and the name of its environment variable follow from it. Values
are checked one by one here; `config` checks those that depend on each other, and knows their positions in a file.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import chain
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, Field, GetJsonSchemaHandler, PrivateAttr, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from aggregator.secret_urls import literal_secrets
from aggregator.settings.references import reference_problems, referenced_names, resolved
from aggregator.settings.rules import Rule
from aggregator.settings.section import Section
from aggregator.settings.values import (
    ByteSize,
    CategoryLabel,
    Contact,
    CssSelector,
    DatabaseUrl,
    Duration,
    Flag,
    HeaderName,
    HeaderValue,
    HostName,
    HubUrl,
    Interval,
    LanguageTag,
    Network,
    PositiveDuration,
    PositiveNumber,
    ProxyUrl,
    PublicUrl,
    SourceName,
    SourceUrl,
    StoragePlace,
    TextLine,
    Timeout,
    TimeZone,
    TranslationUrl,
    WholeNumber,
)

T = TypeVar("T")

BUCKET = "s3://"
BUCKET_SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
DEFAULT_BASE_URL = "http://127.0.0.1:8080/"


class Fetch(Section):
    """Fetching of sources."""

    interval: Interval = Field(timedelta(minutes=30), description="Time between two polls of a source without its own.")
    timeout: Timeout = Field(timedelta(seconds=20), description="Time-out of a whole request, including the body.")
    concurrency: WholeNumber = Field(64, ge=1, le=1000, description="Concurrent requests.")
    per_host: WholeNumber = Field(2, ge=1, le=100, description="Concurrent requests to one host.")
    host_gap: Duration = Field(timedelta(seconds=1), description="Time between the starts of two requests to one host.")
    min_interval: Duration = Field(
        timedelta(minutes=5), description="Shortest time between two scheduled polls of a source."
    )
    max_bytes: ByteSize = Field(10_000_000, description="Largest response body, after decompression.")
    max_in_flight_bytes: ByteSize = Field(
        100_000_000, description="Bytes of all response bodies that are being received or wait, together."
    )
    contact: Contact | None = Field(None, description="A page or mail address for the User-Agent header.")
    allow_private: tuple[Network, ...] = Field((), description="Private networks that may be connected to.")
    unpaced: tuple[HostName, ...] = Field((), description="Hosts to which host_gap and per_host do not apply.")
    proxy: ProxyUrl | None = Field(
        None,
        repr=False,
        description="HTTP proxy for all requests; it resolves names, and allow_private does not apply.",
    )


class Articles(Section):
    """Files of articles."""

    path: TextLine = Field("articles", description="Folder, relative to storage, or absolute.")
    name: TextLine = Field("{source}/{year}/{month}/{day}-{slug}.md", description="Name of an article's file.")
    front_matter: Literal["mainroad", "hugo", "jekyll", "zola"] = Field(
        "mainroad", description="Format of the front matter."
    )
    summary_words: WholeNumber = Field(50, ge=1, le=1000, description="Length of the summary in words.")
    keys: tuple[Literal["author", "canonical", "audio", "image_credit"], ...] = Field(
        (), description="Further keys of the front matter mainroad; the other formats have them all."
    )
    after: tuple[TextLine, ...] | None = Field(
        None, min_length=1, description="Command that runs after articles changed, as a list; only in the file."
    )


FormatName = Literal["rss", "atom", "json"]


class Feeds(Section):
    """The published feeds."""

    formats: tuple[FormatName, ...] = Field(("rss", "atom", "json"), min_length=1, description="Formats to write.")
    limit: WholeNumber = Field(50, ge=1, le=1000, description="Number of newest articles in each feed, up to 512 KB.")
    hub: HubUrl | None = Field(None, description="WebSub hub that the feeds link to and that is notified.")
    min_age: Duration | None = Field(
        None, description="Least time between two renderings of one feed: none, or 10s where several processes publish."
    )


class PageSettings(Section):
    """Pages for people."""

    pictures: Literal["proxy", "direct", "off"] = Field(
        "proxy", description="Pictures: fetched, scaled and served from here; loaded from their sources; or links."
    )
    picture_cache: ByteSize = Field(
        500_000_000, description="Size of storage/pictures/; the least recently used ones go first."
    )
    timezone: TimeZone = Field("UTC", description="IANA time zone of the times on pages, such as Europe/Berlin.")


class Translate(Section):
    """The server that translates articles."""

    url: TranslationUrl | None = Field(
        None, description="URL of a LibreTranslate-compatible server; may be in a private network."
    )
    key: HeaderValue | None = Field(
        None, repr=False, description="Its API key; ${NAME} is replaced from the environment."
    )


_SHOWN = "shown"
Shown = Annotated[T, _SHOWN]  # a setting that articles and feeds show: if it changes, they are published again


class SourceSettings(Section):
    """A source: its settings, or the URL of its feed alone."""

    name: Shown[SourceName | None] = Field(
        None, description="Name in links, files and commands; made from the host if left out."
    )
    url: Shown[SourceUrl] = Field(
        description="URL of its feed, http or https; ${NAME} is replaced from the environment, for requests alone."
    )
    title: TextLine | None = Field(None, description="Title on pages and in OPML; that of its feed if left out.")
    category: CategoryLabel | None = Field(None, description="Its only category; its name if left out.")
    categories: Shown[tuple[CategoryLabel, ...] | None] = Field(
        None, min_length=1, description="Its categories, instead of `category`."
    )
    tags: Shown[tuple[TextLine, ...] | None] = Field(None, description="Tags of its articles; its name if left out.")
    language: Shown[LanguageTag | None] = Field(
        None, description="Language of its articles, such as en; declared by its entries or detected if left out."
    )
    interval: Interval | None = Field(None, description="Time between two polls; fetch.interval if left out.")
    headers: dict[HeaderName, HeaderValue] = Field(
        {},
        repr=False,
        description="Headers of requests to its own host; ${NAME} is replaced from the environment.",
        json_schema_extra={"additionalProperties": False},  # invalid names of headers
    )
    max_new: PositiveNumber | None = Field(
        500, description="New articles on a day (UTC), without those of its first document; null for no limit."
    )
    full_text: Flag = Field(False, description="true reads the page of each new article, and publishes its text.")
    content: CssSelector | None = Field(
        None, description="CSS selector of the text on these pages, where the extraction needs help."
    )
    remove: tuple[CssSelector, ...] = Field((), description="CSS selectors of parts of the text to leave out.")
    backfill: Literal["none", "all"] = Field(
        "none", description="all reads its archive once: the pages of older entries that its feed names."
    )
    translate: Shown[tuple[LanguageTag, ...]] = Field(
        (), description="Languages in which its articles are published too, such as [de, fr]."
    )
    rules: Shown[tuple[Rule, ...]] = Field((), description="Rules for its entries, before those of all sources.")
    enabled: Flag = Field(True, description="false stops fetching it.")

    def is_translated(self, original: str | None, language: str) -> bool:
        """Return True if an article in the language `original` is published in `language` too."""
        primary = (original or "").partition("-")[0].lower()
        return language in self.translate and language.partition("-")[0].lower() != primary

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


class Settings(Section):
    """The whole configuration. Paths are absolute once `config.load` made it."""

    title: TextLine = Field("aggregator", description="Title of the published feeds.")
    base_url: PublicUrl | None = Field(
        None, description="URL at which readers reach the feeds, with a slash at the end."
    )
    storage: StoragePlace = Field(
        "storage", description="Folder, relative to the configuration file, or s3://bucket/prefix with PostgreSQL."
    )
    database: DatabaseUrl | None = Field(
        None, repr=False, description="sqlite:///… or postgresql://…; a file in storage if left out."
    )
    fetch: Fetch = Field(default_factory=Fetch)
    articles: Articles = Field(default_factory=Articles)
    feeds: Feeds = Field(default_factory=Feeds)
    pages: PageSettings = Field(default_factory=PageSettings)
    dedupe: Literal["near", "exact"] = Field(
        "near", description="Duplicates with other links: near-equal ones, or exact ones only."
    )
    websub: Literal["auto", "always", "never"] = Field("auto", description="Subscribe to the WebSub hubs of sources.")
    retention: PositiveDuration | None = Field(
        None, description="Time for which articles are kept; for ever if left out."
    )
    translate: Translate = Field(default_factory=Translate)
    rules: tuple[Rule, ...] = Field((), description="Rules for the entries of all sources.")
    sources: tuple[SourceSettings, ...] = Field(min_length=1, description="The sources.")
    _written: "Settings | None" = PrivateAttr(None)
    _has_own_url: bool = PrivateAttr(False)

    @property
    def written(self) -> "Settings | None":
        """The settings above the sources as the file alone gives them, None if the environment gives none of them."""
        return self._written

    def with_written(self, written: "Settings") -> "Settings":
        """Return these settings, in part from the environment, with those that the file gives."""
        settings = self.model_copy()
        settings._written = written
        return settings

    def with_own_url(self, url: str | None) -> "Settings":
        """Return these settings with a `base_url`: the given one if none is configured."""
        if self.base_url or not url:
            return self
        settings = self.model_copy(update={"base_url": url})
        settings._has_own_url = True
        return settings

    @property
    def configured_url(self) -> str | None:
        """The `base_url`, None if it was not configured."""
        return None if self._has_own_url else self.base_url

    @property
    def bucket(self) -> str:
        """The `storage` if it is in a bucket, else ""."""
        return self.storage if self.storage.startswith(BUCKET) else ""

    @property
    def public_url(self) -> str:
        """The `base_url` or its default, always with a slash at the end."""
        url = self.base_url or DEFAULT_BASE_URL
        return url if url.endswith("/") else url + "/"


FILE_ONLY = frozenset({("articles", "after")})  # settings that no variable of the environment gives


def setting_paths(model: type[BaseModel] = Settings) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Yield the path of each setting but the sources, such as ("fetch", "timeout"), and whether it is a list."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from (((name, *path), is_list) for path, is_list in setting_paths(field.annotation))
        elif name != "sources":
            yield (name,), get_origin(field.annotation) is tuple


def keys_at(location: Iterable[str | int]) -> tuple[str, ...]:
    """Return the keys of the section at `location`, numbers of list items included."""
    model: type[BaseModel] = Settings
    for name in (part for part in location if isinstance(part, str)):
        field = next(field for key, field in model.model_fields.items() if name == (field.alias or key))
        model = next(part for part in _parts(field.annotation) if issubclass(part, BaseModel))
    return tuple(field.alias or name for name, field in model.model_fields.items())


def _parts(annotation: Any) -> Iterator[type]:
    """Yield the classes that a type is made of."""
    if isinstance(annotation, type):
        yield annotation
    for part in get_args(annotation):
        yield from _parts(part)


def secret_variables(settings: Settings) -> frozenset[str]:
    """Return the names of the environment's variables that hold secrets: those that sources refer to."""
    of_sources = (value for source in settings.sources for value in (source.url, *source.headers.values()))
    values = chain(of_sources, filter(None, (settings.translate.key,)))
    return frozenset(name for value in values for name in referenced_names(value))


def secrets(settings: Settings, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return every text that no log, page or file may show.

    They are passwords and secret parameters in URLs, the words of headers as sent, and what the environment gives.
    """
    of_sources = tuple(source.url for source in settings.sources)
    urls = (settings.database, settings.fetch.proxy, settings.translate.url, *of_sources)
    passwords = (urlsplit(url).password for url in urls if url)
    parameters = (value for url in of_sources for value in literal_secrets(url))
    names = {name for source in settings.sources for name in referenced_names(source.url)}
    given = {environ[name].strip() for name in sorted(names) if environ.get(name)}
    headers = (value for source in settings.sources for value in source.headers.values())
    values = chain(headers, filter(None, (settings.translate.key,)))
    sent = (resolved(value, environ) for value in values if not reference_problems(value, environ))
    words = (word for value in sent for word in value.split())
    keys = filter(None, map(environ.get, BUCKET_SECRETS)) if settings.bucket else ()
    return tuple(
        dict.fromkeys(
            secret for secret in (*passwords, *parameters, *given, *map(quote, given), *words, *keys) if secret
        )
    )
