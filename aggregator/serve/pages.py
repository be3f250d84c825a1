"""HTML pages. Each endpoint is synchronous, so Starlette runs it, and its reads of the store, in a thread. Edge.

The templates escape all text of sources; only an article's HTML, which `normalise` cleaned, is inserted as it is.
"""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import cached_property, partial
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from aggregator.app import App, waiting_retention
from aggregator.commonmark import plain_text
from aggregator.model import Listing, StoredArticle, StoredSource
from aggregator.names import ALL, category_name, feed_url, page_url
from aggregator.pictures.pictures import Pictures
from aggregator.publish.after import last_failure
from aggregator.render import FORMATS
from aggregator.render.word_diff import word_diff
from aggregator.search_terms import query_terms
from aggregator.secret_urls import masked_url, without_secrets
from aggregator.serve.article_html import page_body
from aggregator.serve.chart import chart
from aggregator.serve.day_groups import MAX_IN_A_ROW, day_groups, reading_minutes
from aggregator.serve.health import Health
from aggregator.serve.negotiation import is_not_modified
from aggregator.serve.page_images import PageImages
from aggregator.serve.phrases import (
    CONDITION_HEADINGS,
    DUE_REASONS,
    HTTP_ERRORS,
    INTERNAL_ERROR,
    clock_time,
    differences_notice,
    duration,
    enclosure_name,
    is_sound,
    readers,
    sentence,
    short_time,
    time_element,
)
from aggregator.status import (
    CONDITIONS,
    Condition,
    archive_progress,
    condition,
    hub_problem,
    limit_problem,
    pause_reason,
    waiting_work,
)
from aggregator.timestamps import rfc3339
from aggregator.urls import is_http

if TYPE_CHECKING:
    from jinja2 import Environment

PAGE_ARTICLES = 50
PAGE_SOURCES = 100
MAX_DEPTH = 10  # of a path below which links are relative; no page is as deep

STYLE, ICON, FAVICON, TOUCH_ICON = (
    (Path(__file__).parent / name).read_bytes() for name in ("style.css", "icon.svg", "favicon.ico", "touch-icon.png")
)

POLICY = "default-src 'none'; style-src 'self'; img-src {}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
SOUND = "; media-src https: http:"  # podcasts count their listeners on several hosts before the file comes
HEADERS = {
    "Content-Security-Policy": POLICY.format("'self'"),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",  # stored, and revalidated with its ETag
}


class Pages:
    """Endpoints of the HTML pages."""

    def __init__(self, app: App, health: Health, pictures: Pictures) -> None:
        self._app, self._health = app, health
        self._images = PageImages(app.settings, pictures)
        self._zone = ZoneInfo(app.settings.pages.timezone)

    def front(self, request: Request) -> Response:
        """`/`: the newest articles of all categories; with `?before=ID` older ones."""
        return self._articles(request, ALL, heading="")

    def category(self, request: Request) -> Response:
        """`/category/<name>`: its newest articles; 301 to its successor, 410 if it was dropped without one."""
        name, dropped = request.path_params["name"], self._app.store.feeds.dropped_categories()
        if successor := dropped.get(name):
            return _moved(request, successor)
        if name in dropped:
            raise HTTPException(410)
        return self._articles(request, name)

    def source(self, request: Request) -> Response:
        """`/source/<name>`: the source and its articles, also if it was removed; 301 if it was renamed."""
        name, store = request.path_params["name"], self._app.store
        now = self._app.clock()
        stored = store.sources.shown(name, now)
        if stored is None:
            if present := store.sources.renamed(name):
                return _moved(request, present)
            raise HTTPException(404)
        counts = store.sources.published_by_day(now, [stored.source.id])
        served = store.feeds.categories()
        names = ((category_name(label), label) for label in stored.source.categories)
        return self._listing(
            request,
            "source.html",
            partial(store.listings.of_source, name),
            heading=stored.title,
            feed=None,
            stored=stored,
            chart=chart(counts.get(stored.source.id, {}), now.date()),
            archive=self._archives([stored], now).get(stored.source.id),
            is_configured=any(source.name == name for source in self._app.sources),
            own_categories=[(name, label) for name, label in names if name in served],
        )

    def search(self, request: Request) -> Response:
        """`/search?q=…`: the articles that match a query, newest first; without one a form."""
        query = request.query_params.get("q", "")
        terms = query_terms(query)
        return self._listing(
            request,
            "search.html",
            partial(self._app.store.search.find, terms),
            heading="Search",
            feed=None,
            query=query,
            has_terms=bool(terms),
        )

    def _articles(self, request: Request, name: str, heading: str | None = None) -> Response:
        store = self._app.store
        try:
            (feed,) = store.feeds.category_heads([name])
        except KeyError:
            raise HTTPException(404) from None
        label = "Everything" if name == ALL else feed.label
        return self._listing(
            request,
            "articles.html",
            partial(store.listings.of_category, name),
            heading=label if heading is None else heading,
            feed=feed,
        )

    def _listing(
        self, request: Request, template: str, listing_of: Callable[[int, str | None], Listing], **values: object
    ) -> Response:
        """Return a page of articles, with links to the older and the newest ones."""
        store, now, before = self._app.store, self._app.clock(), request.query_params.get("before")
        try:
            listing = listing_of(PAGE_ARTICLES, before)
        except KeyError:
            raise HTTPException(404) from None
        most = len(listing.articles) if template != "articles.html" else MAX_IN_A_ROW
        names = store.feeds.categories()
        return self._page(
            request,
            template,
            days=list(day_groups(listing.articles, now, self._zone, most)),
            older=listing.older,
            is_start=before is None,
            categories=store.feeds.category_heads(name for name in names if name != ALL),
            sources=list(dict.fromkeys((article.source, article.source_title) for article in listing.articles)),
            summary=store.sources.summary(now),
            description=f"News of {self._app.settings.title}",
            **values,
        )

    def article(self, request: Request) -> Response:
        """`/article/<id>`: its text, its sources, and links to its last revisions."""
        store = self._app.store
        article = store.articles.get(request.path_params["id"])
        if article is None:
            raise HTTPException(self._status_of_missing(request))
        served = store.feeds.categories()
        names = ((category_name(label), label) for label in article.categories)
        further_sources = {member.source for member in article.also}
        return self._page(
            request,
            "article.html",
            article=article,
            files=self._images.files(article),
            sounds=[file for file in article.enclosures if is_sound(file)],
            categories=[(name, label) for name, label in names if name in served],
            revisions=store.articles.revisions(article.id),
            titles={name: stored.title for name in further_sources if (stored := store.sources.by_name(name))},
        )

    def revision(self, request: Request) -> Response:
        """`/article/<id>/revisions/<n>`: what its n-th edit changed, of the last ten edits."""
        store, digits = self._app.store, request.path_params["number"]
        number = int(digits) if re.fullmatch("[0-9]{1,9}", digits) else 0  # of no revision
        article = store.articles.get(request.path_params["id"])
        revision = store.articles.revision(article.id, number) if article else None
        if article is None or revision is None:
            raise HTTPException(self._status_of_missing(request))
        edited = store.articles.revision(article.id, number + 1) or article
        return self._page(
            request,
            "revision.html",
            article=article,
            revision=revision,
            title=edited.title,
            title_changes=word_diff(revision.title, edited.title),
            text_changes=word_diff(plain_text(revision.html), plain_text(edited.html)),
        )

    def _status_of_missing(self, request: Request) -> int:
        return 410 if self._app.store.withdrawals.is_gone(request.path_params["id"]) else 404

    def status(self, request: Request) -> Response:
        """`/status`: the sources, those with problems first; with `?after=NAME` the next ones."""
        now, sources, after = self._app.clock(), self._app.store.sources, request.query_params.get("after")
        try:
            page = sources.page_by_condition(now, after, PAGE_SOURCES)
        except KeyError:
            raise HTTPException(404) from None
        counts = sources.published_by_day(now, [stored.source.id for stored in page.sources])
        summary = sources.summary(now)
        conditions = summary.conditions
        cluster = self._app.store.workers.state(now)
        notices = self._health.notice, waiting_retention(self._app), last_failure(self._app)
        return self._page(
            request,
            "status.html",
            tally=[(name, CONDITION_HEADINGS[name], conditions[name]) for name in CONDITIONS if name in conditions],
            groups=_by_condition(page.sources),
            now=now,
            archives=self._archives(page.sources, now),
            after=page.after,
            is_start=after is None,
            charts={source_id: chart(days, now.date()) for source_id, days in counts.items()},
            notices=[notice for notice in (*notices, differences_notice(cluster.differences)) if notice],
            cluster=cluster,
            lag=max(int((now - (summary.due_first or now)).total_seconds()), 0),
        )

    def _archives(self, sources: Collection[StoredSource], now: datetime) -> dict[int, str]:
        """Return how far the archives of those that have one to be read were read, by the ids of the sources."""
        archived = [stored for stored in sources if stored.source.settings.backfill != "none"]
        places = self._app.store.backfills.progress([stored.source.id for stored in archived]) if archived else {}
        texts = ((stored.source.id, archive_progress(stored, places.get(stored.source.id), now)) for stored in archived)
        return {source_id: text for source_id, text in texts if text}

    def http_error(self, request: Request, error: Exception) -> Response:
        """Return the page of an HTTP error; it repeats nothing of the request."""
        if isinstance(error, HTTPException):
            return self._error(request, error.status_code, error.headers or {})
        return self._error(request, 500, {})

    def unavailable(self, request: Request, error: Exception) -> Response:
        """Return the page for an unreadable database; `/healthz` and the log give the operator the reason."""
        return self._error(request, 503, {"Retry-After": "60"})

    def _error(self, request: Request, status: int, headers: Mapping[str, str]) -> Response:
        heading, text = HTTP_ERRORS.get(status, INTERNAL_ERROR)
        html = self._html(request, "error.html", heading=heading, text=text)
        return HTMLResponse(html, status, headers={**headers, **HEADERS})

    def _page(self, request: Request, template: str, **values: object) -> Response:
        html = self._html(request, template, **values)
        etag = f'"{blake2b(html.encode(), digest_size=12).hexdigest()}"'
        policy = POLICY.format(self._images.origins) + (SOUND if values.get("sounds") else "")
        # A weak ETag: the same for both encodings.
        headers = {**HEADERS, "Content-Security-Policy": policy, "ETag": f"W/{etag}"}
        if is_not_modified(request.headers, etag, None):
            return Response(status_code=304, headers={**headers, "Vary": "Accept-Encoding"})
        return HTMLResponse(html, headers=headers)

    def _html(self, request: Request, template: str, **values: object) -> str:
        # Links are relative, so that a proxy can serve the pages below any path.
        depth = request.scope["path"].count("/") - 1
        root = "../" * depth if 0 < depth <= MAX_DEPTH else "./"
        return self._templates.get_template(template).render(root=root, **values)

    @cached_property
    def _templates(self) -> "Environment":  # Jinja is loaded for the first page: many a daemon never serves one
        from jinja2 import Environment, PackageLoader, StrictUndefined
        from markupsafe import Markup

        settings = self._app.settings
        templates = Environment(
            loader=PackageLoader("aggregator.serve"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        templates.globals |= {
            "site_title": settings.title,
            "public_url": settings.public_url,
            "formats": [format_ for format_ in FORMATS if format_.name in settings.feeds.formats],
            "style": blake2b(STYLE, digest_size=6).hexdigest(),
            "due_reasons": DUE_REASONS,
            "feed_url": feed_url,
            "readers": readers,
            "page_url": page_url,
            "thumbnail": lambda article, root: Markup(self._images.thumbnail(article, root)),  # noqa: S704  # escaped
            "lead": lambda article, root: Markup(self._images.lead(article, root)),  # noqa: S704  # escaped
            "open_graph_image": self._images.open_graph,
            "body": self._body,
            "category_name": category_name,
            "hub_problem": hub_problem,
            "limit_problem": limit_problem,
            "pause_reason": pause_reason,
            "waiting_work": waiting_work,
        }
        templates.filters |= {
            "time": partial(time_element, zone=self._zone),
            "clock_time": partial(clock_time, zone=self._zone),
            "short_time": partial(short_time, zone=self._zone),
            "minutes": reading_minutes,
            "rfc3339": rfc3339,
            "enclosure_name": enclosure_name,
            "sentence": sentence,
            "masked_url": masked_url,
            "without_secrets": without_secrets,
            "duration": duration,
        }
        templates.tests["web"] = is_http
        return templates

    def _body(self, article: StoredArticle, root: str) -> str:
        from markupsafe import Markup

        html = page_body(article.html, self._images.of_page(article.id, root))
        return Markup(html)  # noqa: S704  # cleaned by `normalise`


def _moved(request: Request, name: str) -> Response:
    """Return the redirect to the page of this name beside the requested one, with the same query."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{name}{query}", 301, headers=HEADERS)


def _by_condition(sources: Collection[StoredSource]) -> list[tuple[Condition, str, list[StoredSource]]]:
    """Return each condition that occurs, its heading and its sources: of those that do not fail, hub problems first."""
    ordered = sorted(sources, key=lambda source: bool(source.state.failures) or not hub_problem(source))
    groups = ((name, [source for source in ordered if condition(source) == name]) for name in CONDITIONS)
    return [(name, CONDITION_HEADINGS[name], members) for name, members in groups if members]
