"""The routes."""

from html import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from aggregator.app import App
from aggregator.serve.folder import FeedFolder
from aggregator.status import source_facts

LEAST_MAX_AGE, MOST_MAX_AGE = 60, 3600  # seconds for which a reader may keep a feed

PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def site(app: App) -> Starlette:
    """The ASGI application over what `app` publishes."""

    async def index(request: Request) -> Response:
        return HTMLResponse(_index(app), headers=PAGE_HEADERS)

    async def status(request: Request) -> Response:
        return JSONResponse({"sources": [source_facts(one) for one in app.store.sources()]})

    async def feeds(request: Request) -> Response:
        return RedirectResponse("/", 308)

    return Starlette(
        routes=[
            Route("/", index),
            Route("/status.json", status),
            Route("/feeds/", feeds),
            Route("/feeds/{name}", FeedFolder(app.feeds_root, lambda _: _max_age(app))),
        ]
    )


def _max_age(app: App) -> int:
    """Nothing new can appear before the most eager source is asked again."""
    shortest = min(source.interval for source in app.sources)
    return int(min(max(shortest.total_seconds(), LEAST_MAX_AGE), MOST_MAX_AGE))


def _index(app: App) -> str:
    """A plain page that names every feed."""
    rows = "".join(_row(app, name) for name in app.store.categories())
    title = escape(app.settings.title)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"></head>'
        f'<body><h1>{title}</h1><ul>{rows}</ul><p><a href="/feeds/feeds.opml">All feeds as OPML</a></p></body></html>'
    )


def _row(app: App, name: str) -> str:
    links = ", ".join(f'<a href="/feeds/{escape(name)}.{suffix}">{suffix}</a>' for suffix in app.settings.feeds.formats)
    return f"<li>{escape(name)}: {links}</li>"
