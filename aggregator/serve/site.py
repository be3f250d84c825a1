"""The routes."""

from functools import partial
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from aggregator import websub
from aggregator.app import App
from aggregator.errors import AggregatorError
from aggregator.names import ALL
from aggregator.render import FORMATS
from aggregator.serve.cache_control import max_ages
from aggregator.serve.callbacks import Callbacks, Inbox
from aggregator.serve.folder import FeedFolder, FeedsFirst
from aggregator.serve.health import Health
from aggregator.serve.metrics import Metrics
from aggregator.serve.pages import ICON, STYLE, Pages
from aggregator.settings import Settings
from aggregator.status import source_facts

NOSNIFF = {"X-Content-Type-Options": "nosniff"}
FRESH = {**NOSNIFF, "Cache-Control": "no-store"}
FIXED = {**NOSNIFF, "Cache-Control": "public, max-age=86400"}
SUFFIXES = frozenset(f".{known.suffix}" for known in FORMATS)
PACKED = (Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5),)


def site(app: App, health: Health, metrics: Metrics, inbox: Inbox | None = None) -> FeedsFirst:
    """The ASGI application over what `app` publishes; `health` and `metrics` are the daemon's.

    What hubs push goes into `inbox`; without one nobody is subscribed.
    """
    pages, feeds = Pages(app, health), _feed_folder(app)
    routed = Starlette(
        routes=[
            *_for_people(pages),
            Route("/feeds/", lambda _: RedirectResponse("../", 308)),
            Route("/feeds/{name}", feeds),
            Route("/websub/{token}", Callbacks(app, metrics, inbox)),
            *_for_programs(app, health, metrics),
        ],
        exception_handlers={
            HTTPException: pages.refused,
            AggregatorError: pages.unavailable,
            Exception: pages.refused,
        },
    )
    return FeedsFirst(feeds, routed)


def _for_people(pages: Pages) -> list[Route]:
    def style(request: Request) -> Response:
        return Response(STYLE, media_type="text/css", headers=FIXED)

    def icon(request: Request) -> Response:
        return Response(ICON, media_type="image/svg+xml", headers=FIXED)

    return [
        Route("/", pages.front, middleware=PACKED),
        Route("/category/{name}", pages.category, middleware=PACKED),
        Route("/article/{id}", pages.article, middleware=PACKED),
        Route("/status", pages.status, middleware=PACKED),
        Route("/style.css", style, middleware=PACKED),
        Route("/icon.svg", icon),
    ]


def _feed_folder(app: App) -> FeedFolder:
    ages = max_ages(app.sources)

    def max_age(file: str) -> int:
        return ages.get(file.rpartition(".")[0], ages[ALL])

    def absent(file: str) -> Response:
        """The answer for a file that is not there: its category may have another name now, or be gone for good."""
        name, _, suffix = file.rpartition(".")
        dropped = app.store.dropped_categories()
        if successor := dropped.get(name):
            return RedirectResponse(f"{successor}.{suffix}", 301, headers=NOSNIFF)
        if name in dropped:
            return PlainTextResponse("no source names this category any more\n", 410, headers=NOSNIFF)
        return PlainTextResponse("there is no such feed\n", 404, headers=NOSNIFF)

    return FeedFolder(app.feeds_root, max_age, absent, partial(_link, app.settings))


def _link(settings: Settings, file: str) -> str:
    """The Link header of a feed that a hub passes on (WebSub, 4): the same hub and self as in the document."""
    if not settings.feeds.hub or Path(file).suffix not in SUFFIXES:
        return ""
    return websub.link_header(hub=settings.feeds.hub, self_url=websub.topic_url(settings.public_url, file))


def _for_programs(app: App, health: Health, metrics: Metrics) -> list[Route]:
    def status(request: Request) -> Response:
        return JSONResponse({"sources": [source_facts(one) for one in app.store.overview()]}, headers=FRESH)

    async def healthz(request: Request) -> Response:
        troubles = health.troubles()
        return PlainTextResponse("\n".join(troubles or ("ok",)) + "\n", 503 if troubles else 200, headers=FRESH)

    def figures(request: Request) -> Response:
        healthy = not health.troubles()
        now = app.clock()
        text = metrics.exposition(app.store.standing(now), healthy=healthy, now=now)
        return Response(text, media_type=CONTENT_TYPE_LATEST, headers=FRESH)

    return [Route("/status.json", status), Route("/healthz", healthz), Route("/metrics", figures)]
