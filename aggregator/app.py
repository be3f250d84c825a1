"""Opens and closes everything that a command works with. Shell: the only place that wires the edges together."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from aggregator import config, files, logs
from aggregator.clock import Clock, utc_now
from aggregator.errors import AggregatorError, FilesError, StoreError
from aggregator.model import Source
from aggregator.output_folder import Folder, OutputFolder
from aggregator.sandbox import Sandbox
from aggregator.settings import Settings, secrets
from aggregator.settings.features import Features
from aggregator.settings.form import differing, form_of
from aggregator.settings.stored import StoredSettings
from aggregator.storage_identity import refuse_other_storage
from aggregator.store import UNFINISHED_COPY, Store
from aggregator.sync import sync_settings, unpaced_hosts

if TYPE_CHECKING:  # its libraries are loaded with the first document
    from aggregator.document import ReadResult
    from aggregator.model import PageText, ScaledPicture
    from aggregator.objects import Bucket

READ = "aggregator.document:read"
ANSWER = "aggregator.full_text:answer"
SCALED = "aggregator.scaling:scaled"
EXTRACTORS = 2  # processes, of 100 MB; a page takes one 40 ms
SCALERS = 2  # processes, of 40 MB and the picture that they have in hand
ADDRESS = "address"  # note with the daemon's URL: commands beside it write the same URLs into feeds
FEEDS = "feeds"  # folder of the feeds in the storage
RETENTION = "retention"  # note with the seconds of the retention that may prune by itself
RETENTION_WAITS = "retention waits"  # note with the seconds of the retention that waits for a prune by hand, and why

log = logging.getLogger("aggregator")

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """Settings, the store in step with them, the clock, and where work is done."""

    settings: Settings
    environ: Mapping[str, str] = field(repr=False)  # secrets that headers of sources refer to
    folder: Path  # that of the configuration
    local_folder: Path  # of locks and pictures: the storage, unless that is a bucket
    bucket: "Bucket | None" = None  # that the storage is in
    sources: tuple[Source, ...] = ()  # as configured, in the order of the file
    features: Features = field(default_factory=Features)  # that the sources use: what none uses is not looked for
    has_translations: bool = False  # or may have some: a source is translated, or was
    store: Store
    clock: Clock
    writer: ThreadPoolExecutor = field(repr=False)  # a single thread, so that the store has one writer
    sandbox: "Sandbox[ReadResult]" = field(repr=False)  # reads documents that may cost too much
    extractor: "Sandbox[PageText | bool]" = field(repr=False)  # reads pages of articles, and robots.txt
    scaler: "Sandbox[ScaledPicture | None]" = field(repr=False)  # writes pictures of articles anew

    async def in_writer(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the result of `work`, done in the writer thread while the event loop goes on."""
        return await asyncio.get_running_loop().run_in_executor(self.writer, partial(work, *args, **kwargs))

    @property
    def has_rules(self) -> bool:
        """True if there are rules for all sources, or for one."""
        return self.features.rules

    @property
    def article_folder(self) -> OutputFolder:
        """The files of articles."""
        return article_folder(self.settings, self.bucket)

    @property
    def owns_article_folder(self) -> bool:
        """Nothing but articles belongs there: one outside of the storage, or the storage itself, holds other files."""
        storage = Path(self.settings.storage).resolve()
        return bool(self.bucket) or storage in Path(self.settings.articles.path).resolve().parents

    @property
    def pictures_root(self) -> Path:
        """Folder of the articles' pictures, a cache."""
        return self.local_folder / "pictures"

    @property
    def feed_folder(self) -> OutputFolder:
        """The files of feeds."""
        return feed_folder(self.settings, self.bucket)

    def refuse_other_storage(self) -> None:
        """Raise AggregatorError if the storage is not the one that the database belongs to."""
        refuse_other_storage(self.store, self.settings.storage, self.bucket, self.clock())

    def begin_output(self) -> None:
        """Note that what is read from now on is written: a later process does not have its bytes overwritten."""
        if self.bucket:
            self.bucket.begin()

    @property
    def feeds_root(self) -> Path:
        """Folder of the published feeds."""
        return Path(self.settings.storage) / FEEDS


@contextmanager
def opened(path: Path, environ: Mapping[str, str], *, writes: bool = True) -> Iterator[App]:
    """Open the app of the configuration at `path`; with `writes` its storage has to be that of the database.

    Raises ConfigError, StoreError, FilesError, AggregatorError (it is another storage).
    """
    settings = config.fit_to_fd_limit(config.load(path, environ))
    files.act_as_owner(config.local_folder(settings, environ))
    with opened_with(settings, environ, folder=path.absolute().parent) as app:
        if writes:
            app.refuse_other_storage()
        yield app


@contextmanager
def opened_with(
    settings: Settings,
    environ: Mapping[str, str],
    clock: Clock = utc_now,
    *,
    folder: Path | None = None,
    store: Store | None = None,
    check_bytes: int = 0,
) -> Iterator[App]:
    """Open the app of these settings, after a check of the database (`Database.check`; 0: no check).

    `folder` is that of the configuration, the present one if left out. A `store` that is open already stays open.
    Raises StoreError, FilesError.
    """
    logs.hide(secrets(settings, environ))  # before the database is opened, whose URL may hold a password
    with _parts(settings, environ, clock, folder, store) as app:
        if check_bytes:
            app.store.database.check(check_bytes)
        _refuse_unfinished(app.store)
        app = reconfigured(app, settings)
        _warn_if_lost(app)
        app.store.maintenance.reset_future_times(clock())
        yield replace(app, settings=with_noted_url(app.store, settings))


@contextmanager
def opened_by_rows(
    settings: Settings, stored: StoredSettings, environ: Mapping[str, str], store: Store, clock: Clock = utc_now
) -> Iterator[App]:
    """Open the app of a worker, which reads the settings and sources in the store, and changes neither.

    Raises StoreError, FilesError.
    """
    _refuse_unfinished(store)
    with _parts(settings, environ, clock, None, store) as app:
        yield reconfigured_by_rows(app, settings, stored)


@contextmanager
def _parts(
    settings: Settings, environ: Mapping[str, str], clock: Clock, folder: Path | None, store: Store | None
) -> Iterator[App]:
    """Open all parts of the app, whose store is not in step with the settings yet."""
    local_folder = config.local_folder(settings, environ)
    files.make_folder(local_folder)
    with (
        nullcontext(store) if store else Store.open(settings.database or "") as store,
        opened_bucket(settings, environ, store, clock) as bucket,
        ThreadPoolExecutor(1, thread_name_prefix="writer") as writer,
        Sandbox["ReadResult"](READ) as sandbox,
        Sandbox["PageText | bool"](ANSWER, max_processes=EXTRACTORS) as extractor,
        Sandbox["ScaledPicture | None"](SCALED, max_processes=SCALERS) as scaler,
    ):
        yield App(
            settings=settings,
            environ=environ,
            folder=folder or Path.cwd(),
            local_folder=local_folder,
            bucket=bucket,
            store=store,
            clock=clock,
            writer=writer,
            sandbox=sandbox,
            extractor=extractor,
            scaler=scaler,
        )


def _refuse_unfinished(store: Store) -> None:
    if store.meta.get(UNFINISHED_COPY) is not None:
        raise StoreError(
            f"The database {store.database.name} is an unfinished copy; end it with `aggregator migrate --to`"
        )


def refuse_other_form(settings: Settings, now: datetime) -> None:
    """Raise AggregatorError if another daemon goes by settings that give the files of the cluster another form.

    Each start of one of both would have everything written anew.
    """
    with Store.open(settings.database or "") as store:
        form, keeper = store.settings.form(), store.settings.keeper(now)
        if form and keeper and (names := differing(form, form_of(settings))):
            raise AggregatorError(
                f"the daemon {keeper}, seen within 30 s, goes by other settings, with the same database: "
                f"{', '.join(names)}; use the same feeds.yaml and environment for both, or stop that one first"
            )


def with_noted_url(store: Store, settings: Settings) -> Settings:
    """Return the settings with a `base_url`, that of the daemon of this storage if none is configured."""
    return settings if settings.base_url else settings.with_own_url(store.meta.get(ADDRESS))


def article_folder(settings: Settings, bucket: "Bucket | None") -> OutputFolder:
    """Return the files of articles by these settings."""
    path = settings.articles.path
    return bucket.folder(path) if bucket else Folder(Path(path))


def feed_folder(settings: Settings, bucket: "Bucket | None") -> OutputFolder:
    """Return the files of feeds by these settings."""
    return bucket.folder(FEEDS) if bucket else Folder(Path(settings.storage) / FEEDS)


@contextmanager
def opened_bucket(
    settings: Settings, environ: Mapping[str, str], store: Store, clock: Clock
) -> Iterator["Bucket | None"]:
    """Open the bucket, if the storage is in one. Raises FilesError."""
    if not settings.bucket:
        yield None
        return
    try:
        from aggregator.objects import Bucket  # its library is loaded where there is a bucket
    except ModuleNotFoundError as error:
        raise FilesError(f"{settings.bucket} needs obstore; install aggregator[cluster]") from error
    with closing(Bucket.open(settings.bucket, environ, store.objects, clock)) as bucket:
        yield bucket


def waiting_retention(app: App) -> str:
    """Return why the present retention waits for a prune by hand, "" if it does not."""
    if app.settings.retention is None:
        return ""
    seconds, _, reason = (app.store.meta.get(RETENTION_WAITS) or "").partition(" ")
    waits = seconds == str(app.settings.retention.total_seconds()) != app.store.meta.get(RETENTION)
    return reason if waits else ""


def _warn_if_lost(app: App) -> None:
    """Warn of an empty database beside articles."""
    if app.owns_article_folder and app.store.articles.is_empty() and next(app.article_folder.listed(), None):
        log.warning(
            "the database %s is empty, but %s holds articles; if it was lost, put back a copy that `aggregator backup "
            "FILE` made, with `aggregator restore FILE`",
            app.store.database.name,
            app.settings.articles.path,
        )


def reconfigured(app: App, settings: Settings) -> App:
    """Return the app with other settings over the same store, and bring the store in step. Raises StoreError."""
    logs.hide(secrets(settings, app.environ))
    sources = sync_settings(app.store, settings, app.clock())
    return _with_features(replace(app, settings=settings, sources=sources), Features.of(settings))


def reconfigured_by_rows(app: App, settings: Settings, stored: StoredSettings) -> App:
    """Return the app of a worker with other settings, which the store has. Raises StoreError."""
    names = (app.environ.get(name, "").strip() for name in stored.variables)
    logs.hide((*secrets(settings, app.environ), *filter(None, names)))
    app.store.sources.unpaced = unpaced_hosts(settings.fetch)
    return _with_features(replace(app, settings=settings), stored.features)


def _with_features(app: App, features: Features) -> App:
    has_translations = features.translations or bool(app.store.translations.languages())
    return replace(app, features=features, has_translations=has_translations)
