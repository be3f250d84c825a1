"""Opens what a command works with, and closes it again. Shell: the one place that wires the edges together."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from aggregator import config, files, logs
from aggregator.clock import Clock, utc_now
from aggregator.model import Source
from aggregator.sandbox import Sandbox
from aggregator.settings import Settings, secrets
from aggregator.store import Store

if TYPE_CHECKING:
    from aggregator.document import ReadResult

READ = "aggregator.document:read"  # by name: the libraries that read documents are loaded where there is one
ADDRESS = "address"  # the note of where the daemon listens: commands beside it write the same addresses into feeds

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The settings, the store in step with them, and the clock."""

    settings: Settings
    environ: Mapping[str, str] = field(repr=False)  # secrets that headers of sources refer to
    sources: tuple[Source, ...]  # as configured, in the order of the file
    store: Store
    clock: Clock
    worker: ThreadPoolExecutor = field(repr=False)  # the one thread that writes, so that the store has one writer
    sandbox: "Sandbox[ReadResult]" = field(repr=False)  # reads documents that may cost too much

    async def in_worker(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` gives, done in the worker thread while the event loop goes on."""
        return await asyncio.get_running_loop().run_in_executor(self.worker, partial(work, *args, **kwargs))

    @property
    def articles_root(self) -> Path:
        """Folder of the articles' files."""
        return Path(self.settings.articles.path)

    @property
    def feeds_root(self) -> Path:
        """Folder of the feeds that go out."""
        return Path(self.settings.storage) / "feeds"


@contextmanager
def opened(path: Path, environ: Mapping[str, str]) -> Iterator[App]:
    """The app of the configuration at `path`. Raises ConfigError, StoreError, FilesError."""
    settings = config.affordable(config.load(path, environ))
    with opened_with(settings, environ) as app:
        yield app


@contextmanager
def opened_with(
    settings: Settings, environ: Mapping[str, str], clock: Clock = utc_now, *, check: int = 0
) -> Iterator[App]:
    """The app of these settings, over a database that is whole (`Store.check`, up to `check` bytes; 0: who knows).

    Raises StoreError, FilesError.
    """
    logs.hide(secrets(settings, environ))
    files.make_folder(Path(settings.storage))
    configured = tuple(Source(settings=source) for source in settings.sources)
    with (
        Store.open(settings.database or "") as store,
        ThreadPoolExecutor(1, thread_name_prefix="worker") as worker,
        Sandbox["ReadResult"](READ) as sandbox,
    ):
        if check:
            store.database.check(check)
        store.sources.sync(configured, clock(), settings.fetch)
        store.maintenance.reset_future_times(clock())
        settings = _reachable(settings, store)
        yield App(
            settings=settings,
            environ=environ,
            sources=configured,
            store=store,
            clock=clock,
            worker=worker,
            sandbox=sandbox,
        )


def _reachable(settings: Settings, store: Store) -> Settings:
    """The settings, with the address that the daemon noted for a `base_url` that they do not name."""
    here = None if settings.base_url else store.meta.get(ADDRESS)
    return settings.model_copy(update={"base_url": here}) if here else settings


def reconfigured(app: App, settings: Settings) -> App:
    """`app` with these settings, over the same store, which is in step with them then. Raises StoreError."""
    logs.hide(secrets(settings, app.environ))
    configured = tuple(Source(settings=source) for source in settings.sources)
    app.store.sources.sync(configured, app.clock(), settings.fetch)
    return replace(app, settings=settings, sources=configured)
