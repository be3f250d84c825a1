"""Routes of the HTTP server. Edge."""

from dataclasses import asdict
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from aggregator import websub
from aggregator.app import FEEDS, App
from aggregator.errors import AggregatorError
from aggregator.names import ALL
from aggregator.pictures.pictures import Pictures
from aggregator.render import FORMATS
from aggregator.serve.cache_control import max_ages
from aggregator.serve.callbacks import Callbacks, PushQueue
from aggregator.serve.compression import Compression
from aggregator.serve.folder import CROSS_ORIGIN, PAGE, FeedFolder
from aggregator.serve.health import Health
from aggregator.serve.metrics import MAX_SOURCES, Metrics
from aggregator.serve.pages import FAVICON, ICON, STYLE, TOUCH_ICON, Pages
from aggregator.serve.pictures import picture_endpoint
from aggregator.serve.slashes import SlashRedirects
from aggregator.settings import Settings
from aggregator.status import source_status
from aggregator.store import ClusterState
from aggregator.timestamps import rfc3339

STATUS_SOURCES = 1_000  # of a page of `/status.json`
NOSNIFF = {"X-Content-Type-Options": "nosniff"}
ROBOTS = "User-agent: *\nDisallow: /search\nDisallow: /picture/\nDisallow: /status\n"
OF_FEEDS = {**NOSNIFF, **CROSS_ORIGIN}  # a reader in a browser follows and sees only responses that have it
NO_STORE = {**NOSNIFF, "Cache-Control": "no-store"}
ONE_DAY = {**NOSNIFF, "Cache-Control": "public, max-age=86400"}
SUFFIXES = frozenset(f".{format_.suffix}" for format_ in FORMATS)
COMPRESSED = (Middleware(Compression, minimum_size=1000, compresslevel=5),)


def site(
    app: App, health: Health, metrics: Metrics, queue: PushQueue | None = None, pictures: Pictures | None = None
) -> Starlette:
    """Return the ASGI application that serves what `app` publishes; its `state.feeds` is the feeds' folder.

    Pushes of hubs go into `queue`; without one nobody is subscribed.
    """
    pictures = pictures or Pictures(app, metrics.count_picture)
    pages, feeds = Pages(app, health, pictures), _feed_folder(app, health)
    site = Starlette(
        routes=[
            Route("/", pages.front, middleware=COMPRESSED),
            Route("/category/{name}", pages.category, middleware=COMPRESSED),
            Route("/source/{name}", pages.source, middleware=COMPRESSED),
            Route("/search", pages.search, middleware=COMPRESSED),
            Route("/article/{id}", pages.article, middleware=COMPRESSED),
            Route("/article/{id}/revisions/{number}", pages.revision, middleware=COMPRESSED),
            Route("/picture/{name}", picture_endpoint(app.settings, pictures)),
            Route("/status", pages.status, middleware=COMPRESSED),
            Route("/style.css", lambda _: Response(STYLE, 200, ONE_DAY, "text/css"), middleware=COMPRESSED),
            Route("/icon.svg", lambda _: Response(ICON, 200, ONE_DAY, "image/svg+xml")),
            Route("/favicon.ico", lambda _: Response(FAVICON, 200, ONE_DAY, "image/x-icon")),
            Route("/apple-touch-icon.png", lambda _: Response(TOUCH_ICON, 200, ONE_DAY, "image/png")),
            Route("/robots.txt", lambda _: PlainTextResponse(ROBOTS, headers=ONE_DAY)),
            Route("/feeds/", lambda _: RedirectResponse("../", 308)),
            Route("/feeds/{name}", feeds),
            Route("/feeds/{category}/{name}", feeds),
            Route("/websub/{token}", Callbacks(app, metrics, queue)),
            *_machine_routes(app, health, metrics, pictures, feeds),
        ],
        exception_handlers={
            HTTPException: pages.http_error,
            AggregatorError: pages.unavailable,
            Exception: pages.http_error,
        },
    )
    site.router.redirect_slashes = False  # Starlette's redirects repeat the request's Host
    site.router.default = SlashRedirects(site.routes)
    site.state.feeds = feeds
    return site


def _feed_folder(app: App, health: Health) -> FeedFolder:
    ages = max_ages(app.sources)
    suffixes = {format_.suffix for format_ in FORMATS if format_.name in app.settings.feeds.formats}

    def max_age(file: str) -> int:
        return ages.get(file.partition(".")[0].partition("/")[0], ages[ALL])

    def absent(file: str) -> Response:
        """Return the response for an absent file, whose category may have been renamed or dropped."""
        name, _, form = file.partition(".")  # form: a suffix, behind a language if it is a feed of translations
        if form.rpartition(".")[2] not in suffixes:
            return PlainTextResponse("no such feed\n", 404, headers=OF_FEEDS)
        dropped = app.store.feeds.dropped_categories()
        if page := PAGE.fullmatch(file):
            return _absent_page(app, page[1], int(page[2]), is_dropped=page[1] in dropped)
        if successor := dropped.get(name):
            return RedirectResponse(f"{successor}.{form}", 301, headers=OF_FEEDS)
        if name in dropped:
            return PlainTextResponse("no source has this category any more\n", 410, headers=OF_FEEDS)
        return PlainTextResponse("no such feed\n", 404, headers=OF_FEEDS)

    link = partial(_link, app.settings)
    if app.bucket:
        from aggregator.serve.bucket import FeedBucket  # with obstore

        return FeedBucket(app.bucket.folder(FEEDS), health, max_age, absent, link)
    return FeedFolder(app.feeds_root, max_age, absent, link)


def _absent_page(app: App, category: str, number: int, *, is_dropped: bool) -> Response:
    """Return the response for a page of an archive that has no file."""
    closed = app.store.archive.closed_pages(category)
    if is_dropped or (closed and number <= closed + 1):
        return PlainTextResponse("no article of this page is left\n", 410, headers=OF_FEEDS)
    return PlainTextResponse("no such page\n", 404, headers=OF_FEEDS)


def _link(settings: Settings, file: str) -> str:
    """Return the Link header of a feed (WebSub, 4), with the same hub and self as in the document; "" without a hub."""
    if not settings.feeds.hub or "/" in file or Path(file).suffix not in SUFFIXES:
        return ""
    return websub.link_header(hub=settings.feeds.hub, self_url=websub.topic_url(settings.public_url, file))


def cluster_status(cluster: ClusterState) -> dict[str, object]:
    """Return the workers and the queue as in `/status.json`."""
    workers = [
        {"name": worker.name, "leases": worker.leases, "last_seen": rfc3339(worker.last_seen)}
        for worker in cluster.workers
    ]
    return {"workers": workers, "queue": asdict(cluster.queue), "differences": cluster.differences}


def _machine_routes(app: App, health: Health, metrics: Metrics, pictures: Pictures, feeds: FeedFolder) -> list[Route]:
    def status(request: Request) -> Response:
        try:
            page = app.store.sources.page(app.clock(), request.query_params.get("after"), STATUS_SOURCES)
        except KeyError:
            return PlainTextResponse("no source has the name in `after`\n", 404, headers=NO_STORE)
        body: dict[str, object] = {"sources": [source_status(source) for source in page.sources]}
        body |= cluster_status(app.store.workers.state(app.clock()))
        if page.after is not None:
            body["next"] = f"?{urlencode({'after': page.after})}"
        return JSONResponse(body, headers=NO_STORE)

    async def healthz(request: Request) -> Response:
        problems = health.problems()
        if problems:
            await run_in_threadpool(feeds.recheck)
            problems = health.problems()
        return PlainTextResponse("\n".join(problems or ("ok",)) + "\n", 503 if problems else 200, headers=NO_STORE)

    def exposition(request: Request) -> Response:
        now = app.clock()
        summary, failing = app.store.sources.summary(now), app.store.sources.failing_longest(MAX_SOURCES)
        if app.settings.pages.pictures == "proxy":
            metrics.picture_cache.set(pictures.cached_bytes())
        metrics.note_cluster(app.store.workers.state(now), now)
        text = metrics.exposition(summary, failing, healthy=not health.problems(), now=now)
        return Response(text, media_type=CONTENT_TYPE_LATEST, headers=NO_STORE)

    return [Route("/status.json", status), Route("/healthz", healthz), Route("/metrics", exposition)]
