"""Pages for people. Each endpoint is synchronous, so Starlette runs it, and its reads of the store, in a thread.

All that a source says is escaped by the templates; only an article's HTML, which `normalise` cleaned, goes in as it is.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from aggregator.app import App
from aggregator.model import StoredSource
from aggregator.names import ALL, category_name, feed_url, page_url
from aggregator.render import FORMATS
from aggregator.serve.article_html import page_body
from aggregator.serve.chart import DAYS, chart
from aggregator.serve.health import Health
from aggregator.serve.negotiation import is_not_modified
from aggregator.serve.phrases import BROKEN, CONDITION_WORDS, REFUSALS, medium, moment, reason, sentence
from aggregator.status import CONDITIONS, Condition, condition, hub_trouble, paused
from aggregator.urls import is_http, without_credentials

if TYPE_CHECKING:
    from jinja2 import Environment

NEWEST = 30  # articles on the front page

STYLE = (Path(__file__).parent / "style.css").read_bytes()
ICON = (Path(__file__).parent / "icon.svg").read_bytes()

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",  # kept, and asked for again with its ETag
}


class Pages:
    """The endpoints over what `app` keeps."""

    def __init__(self, app: App, health: Health) -> None:
        self._app, self._health = app, health

    def front(self, request: Request) -> Response:
        """`/`: the categories with their feeds, and the newest articles."""
        store = self._app.store
        categories = [store.category_feed(name, 1) for name in store.categories() if name != ALL]
        newest = store.category_feed(ALL, NEWEST)
        return self._page(request, "front.html", categories=categories, newest=newest)

    def category(self, request: Request) -> Response:
        """`/category/<name>`: its newest articles; 301 to the category that took its place, 410 where none did."""
        name, dropped = request.path_params["name"], self._app.store.dropped_categories()
        if successor := dropped.get(name):
            return RedirectResponse(successor, 301, headers=HEADERS)
        if name in dropped:
            raise HTTPException(410)
        try:
            feed = self._app.store.category_feed(name, self._app.settings.feeds.limit)
        except KeyError:
            raise HTTPException(404) from None
        return self._page(request, "category.html", feed=feed)

    def article(self, request: Request) -> Response:
        """`/article/<id>`: the clean text, its sources, and what it said before its edits."""
        store = self._app.store
        article = store.article(request.path_params["id"])
        if article is None:
            raise HTTPException(404)
        present = store.categories()
        names = ((category_name(label), label) for label in article.categories)
        return self._page(
            request,
            "article.html",
            article=article,
            categories=[(name, label) for name, label in names if name in present],
            revisions=store.revisions(article.id),
        )

    def status(self, request: Request) -> Response:
        """`/status`: every source, those first that need a look."""
        today = self._app.clock()
        sources = self._app.store.overview()
        days = self._app.store.days(today - timedelta(days=DAYS))
        charts = {one: chart(counts, today.date()) for one, counts in days.items()}
        return self._page(
            request, "status.html", groups=_by_condition(sources), charts=charts, notice=self._health.notice
        )

    def refused(self, request: Request, error: Exception) -> Response:
        """The page of an HTTP error; nothing of the request or of a source is in it."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = (error.headers if isinstance(error, HTTPException) else None) or {}
        return self._error(request, status, headers)

    def unavailable(self, request: Request, error: Exception) -> Response:
        """The page of a database that cannot be read; its error is the operator's, `/healthz` and the log say it."""
        return self._error(request, 503, {"Retry-After": "60"})

    def _error(self, request: Request, status: int, headers: Mapping[str, str]) -> Response:
        heading, sentence = REFUSALS.get(status, BROKEN)
        html = self._html(request, "error.html", heading=heading, sentence=sentence)
        return HTMLResponse(html, status, headers={**headers, **HEADERS})

    def _page(self, request: Request, template: str, **values: object) -> Response:
        html = self._html(request, template, **values)
        etag = f'"{blake2b(html.encode(), digest_size=12).hexdigest()}"'
        headers = {**HEADERS, "ETag": f"W/{etag}"}  # weak: compressed or not, it is the page
        if is_not_modified(request.headers, etag, None):
            return Response(status_code=304, headers={**headers, "Vary": "Accept-Encoding"})
        return HTMLResponse(html, headers=headers)

    @cached_property
    def _templates(self) -> "Environment":  # made for the first page: many a daemon is never looked at
        return _templates(self._app)

    def _html(self, request: Request, template: str, **values: object) -> str:
        # Links are relative, so that a proxy may serve us below any path.
        root = "../" * (request.url.path.count("/") - 1) or "./"
        return self._templates.get_template(template).render(root=root, **values)


def _templates(app: App) -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    templates = Environment(
        loader=PackageLoader("aggregator.serve"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals |= {
        "site_title": app.settings.title,
        "public_url": app.settings.public_url,
        "formats": [known for known in FORMATS if known.name in app.settings.feeds.formats],
        "style": blake2b(STYLE, digest_size=6).hexdigest(),
        "feed_url": feed_url,
        "page_url": page_url,
        "category_name": category_name,
        "hub_trouble": hub_trouble,
        "paused": paused,
    }
    templates.filters |= {
        "moment": moment,
        "medium": medium,
        "reason": reason,
        "sentence": sentence,
        "without_credentials": without_credentials,
        "body": lambda clean_html: Markup(page_body(clean_html)),  # noqa: S704  # clean by `normalise`
    }
    templates.tests["web"] = is_http
    return templates


def _by_condition(sources: Collection[StoredSource]) -> list[tuple[Condition, str, list[StoredSource]]]:
    ordered = sorted(sources, key=lambda one: (-one.state.failures, not hub_trouble(one)))
    groups = ((each, [one for one in ordered if condition(one) == each]) for each in CONDITIONS)
    return [(each, CONDITION_WORDS[each], members) for each, members in groups if members]
