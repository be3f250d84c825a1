"""HTTP client: a source in; a document, "not modified" or a failure out. Edge.

It is polite and bounded: conditional requests, a rate limit for each host, at most five redirects that are each checked
like the first URL, one time limit and one size limit. Failures of a server are values, never exceptions.
"""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from types import MappingProxyType, TracebackType
from typing import Self
from urllib.parse import quote, unquote, urlsplit

import aiohttp
import httpx
from msgspec.structs import replace

from aggregator import __version__
from aggregator.addresses import is_unusual_ipv4
from aggregator.clock import Clock
from aggregator.fetch.failures import ResponseError, error_reason, is_unreachable
from aggregator.fetch.guard import AddressGuard, Lookup, Resolver, system_lookup
from aggregator.fetch.rate_limit import Admit, RateLimiter
from aggregator.fetch.redirects import (
    KEEPING_METHOD,
    REDIRECTS,
    Hop,
    first_hop,
    first_page_hop,
    first_post_hop,
    next_hop,
)
from aggregator.fetch.response import Bounds, HttpResponse, read_response
from aggregator.fetch.result import FetchResult, failure, fetch_result, page_result, status_failure
from aggregator.fetch.transport import AiohttpTransport
from aggregator.model import Failure, FeedDocument, NotModified, Page, Source, SourceState, Validators
from aggregator.secret_urls import masked_url
from aggregator.settings import Fetch
from aggregator.settings.references import referenced_names, resolved
from aggregator.urls import is_http

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
)
ACCEPT_PAGE = "text/html, application/xhtml+xml, text/plain;q=0.9, */*;q=0.1"
ACCEPT_PICTURE = "image/avif, image/webp, image/jpeg, image/png, image/gif;q=0.8, image/*;q=0.1"
EMPTY: Mapping[str, str] = MappingProxyType({})
Permit = Callable[[str], Awaitable[None]]
CLOCK_STEP = timedelta(seconds=1)  # stored times are whole seconds: a request may have been sent so much later


async def _permit_all(_url: str) -> None:
    """Permit any request."""


async def _admit_all(_host: str) -> bool:
    """Let any host be asked."""
    return True


class Fetcher:
    """The client, open within an `async with`; one for all sources, because of the rate limits in `limiter`."""

    def __init__(
        self, settings: Fetch, clock: Clock, *, environ: Mapping[str, str] = EMPTY, lookup: Lookup = system_lookup
    ) -> None:
        self._settings, self._clock, self._environ, self._lookup = settings, clock, environ, lookup
        self._seconds = settings.timeout.total_seconds()  # of one call
        contact = f" (+{settings.contact})" if settings.contact else ""
        self._headers = {
            "User-Agent": f"aggregator/{__version__}{contact}",
            "Accept": ACCEPT,
            "Accept-Encoding": "gzip",  # a bomb of br took 737 MB; zlib's output is bounded while it inflates
        }

    async def __aenter__(self) -> Self:
        proxy = self._settings.proxy
        guard = None if proxy else AddressGuard(self._settings.allow_private)  # a proxy resolves and connects for us
        self._tls = cache(_ssl_context)  # on first use: it reads a file of 200 KB
        self.limiter = RateLimiter(self._settings)
        self._resolver = Resolver(guard, self._lookup, self._settings.concurrency)
        self._transport = AiohttpTransport(self._resolver, guard, self._tls, proxy)
        self._lenient: httpx.AsyncBaseTransport | None = None
        self._irregular: set[str] = set()  # hosts whose responses only `_lenient` reads
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.aclose()
        if self._lenient:
            await self._lenient.aclose()
        await self._resolver.close()

    def note_requests(self, times: Mapping[str, datetime]) -> None:
        """Keep the gap after the last requests of other processes, by host."""
        now = self._clock()
        self.limiter.note_requests({host: now - time - CLOCK_STEP for host, time in times.items()})

    async def fetch(
        self, source: Source, state: SourceState, *, conditional: bool = True, admit: Admit = _admit_all
    ) -> FetchResult | None:
        """Request the source and return the result; None if `admit` refused its host or one that it redirects to.

        `admit` is called with the host (`urls.host_key`) when its turn has come, which may be long after this call.
        Without `conditional` no validators are sent.
        """
        validators = state.validators if conditional else Validators()
        call = _Call(source, validators, admit, self._seconds, self._environ)
        try:
            hop = first_hop(source, state, self._environ)
        except ResponseError as error:
            return Failure(stage="fetch", subject=masked_url(source.url), reason=error.reason, advice=error.advice)
        end = await self._follow(call, hop)
        if end is None or isinstance(end, Failure):
            return end
        response, hop = end
        return fetch_result(response, hop, state, call.conditions(hop), self._clock())

    async def fetch_page(
        self, url: str, source: Source | None, *, admit: Admit, permit: Permit = _permit_all, text_only: bool = True
    ) -> Page | Failure | None:
        """Request a page and return it; None if `admit` refused its host or one that it redirects to.

        The headers of `source` are sent only if the page is of its origin. `permit` is awaited with each URL before it
        is requested, and ends the request by what it raises. With `text_only` no body of another media type is read.
        """
        call = _Call(source, Validators(), admit, self._seconds, self._environ, ACCEPT_PAGE, permit, text_only)
        end = await self._follow(call, first_page_hop(url, source))
        if end is None or isinstance(end, Failure):
            return end
        return page_result(*end, self._clock())

    async def fetch_archive_page(
        self, url: str, source: Source, *, admit: Admit, permit: Permit
    ) -> FeedDocument | Failure | None:
        """Request a page of the source's archive and return it, as `fetch_page` does."""
        call = _Call(source, Validators(), admit, self._seconds, self._environ, permit=permit)
        end = await self._follow(call, first_page_hop(url, source))
        if end is None or isinstance(end, Failure):
            return end
        result = fetch_result(*end, SourceState(), Validators(), self._clock())
        assert not isinstance(result, NotModified)  # nothing was asked for that could be
        return result

    async def fetch_picture(self, url: str, *, admit: Admit, permit: Permit) -> Page | Failure | None:
        """Request a picture, without any source's headers, and return it, whatever it is, as `fetch_page` does."""
        call = _Call(None, Validators(), admit, self._seconds, accept=ACCEPT_PICTURE, permit=permit)
        end = await self._follow(call, first_page_hop(url, None))
        if end is None or isinstance(end, Failure):
            return end
        return page_result(*end, self._clock())

    async def post(self, url: str, form: bytes) -> int | Failure:
        """Post a form (URL-encoded) and return the status, 2xx, or the failure.

        Only redirects that keep the method (307, 308) are followed. The response's body is not read.
        """
        call = _Call(None, Validators(), _admit_all, self._seconds, form=form)
        end = await self._follow(call, first_post_hop(url))
        assert end is not None  # every host is admitted
        if isinstance(end, Failure):
            return end
        response, hop = end
        return response.status if 200 <= response.status < 300 else status_failure(response, hop, self._clock())

    async def _follow(self, call: "_Call", hop: Hop) -> tuple[HttpResponse, Hop] | Failure | None:
        """Return the last response of a chain of redirects and its request, a failure, or None if not admitted."""
        try:
            await call.permit(hop.url)
            while (response := await self._request(call, hop)) and response.status in call.redirects:
                sets_cookie = "set-cookie" in response.headers
                location = response.headers.get("location", "")
                hop = next_hop(hop, response.status, location, sets_cookie=sets_cookie)
                await call.permit(hop.url)
        except ResponseError as error:
            return failure(hop, error.reason, error.advice, status=error.status)
        except TimeoutError:
            return failure(hop, f"timeout: no complete response within {self._seconds:g} s")
        except (aiohttp.ClientError, httpx.TransportError, httpx.InvalidURL, OSError, ValueError) as error:
            return replace(failure(hop, *error_reason(error)), is_unreachable=is_unreachable(error))
        return (response, hop) if response else None

    async def _request(self, call: "_Call", hop: Hop) -> HttpResponse | None:
        """Return the response to one request, None if not admitted.

        A response that aiohttp rejects is requested again by the lenient transport, later ones of its host at once.
        """
        if not is_http(hop.url):
            raise ResponseError("the URL is not an http or https URL")
        parts = urlsplit(hop.url)
        host = parts.hostname or ""
        if is_unusual_ipv4(host):
            advice = "write an IPv4 address as four decimal numbers"
            raise ResponseError(f"the host {host} is an unusual form of an IPv4 address", advice)
        if parts.netloc in self._irregular:
            return await self._exchange(self._lenient_transport(), hop, call)
        try:
            return await self._exchange(self._transport, hop, call)
        except aiohttp.ServerDisconnectedError:
            if call.form is None:
                raise
            return await self._exchange(self._transport, hop, call)  # a kept connection was closed: no POST is lost
        except aiohttp.ClientHttpProxyError:
            raise
        except aiohttp.ClientResponseError:
            response = await self._exchange(self._lenient_transport(), hop, call)
            self._irregular.add(parts.netloc)
            return response

    def _lenient_transport(self) -> httpx.AsyncBaseTransport:
        from aggregator.fetch.lenient import LenientTransport

        if self._lenient is None:
            self._lenient = LenientTransport(self._resolver, self._tls(), self._settings.proxy)
        return self._lenient

    async def _exchange(self, transport: httpx.AsyncBaseTransport, hop: Hop, call: "_Call") -> HttpResponse | None:
        loop = asyncio.get_running_loop()
        async with self.limiter.acquire(hop.url, call.admit) as slot:
            if slot is None:
                return None
            # Built late, because thousands of calls may wait; as bytes, because httpx accepts ASCII text only and
            # validators are arbitrary.
            headers = [(key.encode(), value.encode()) for key, value in (self._headers | call.headers(hop)).items()]
            method = "GET" if call.form is None else "POST"
            request = httpx.Request(method, hop.url, headers=headers, content=call.form)
            started = loop.time()
            try:
                async with asyncio.timeout(call.seconds_left):
                    max_bytes = self._settings.max_bytes if call.form is None else 0
                    bounds = Bounds(
                        max_bytes=max_bytes,
                        backlog=self.limiter.backlog,
                        on_data=slot.on_data,
                        text_only=call.text_only,
                    )
                    return await read_response(transport, request, bounds)
            finally:
                call.seconds_left -= loop.time() - started  # waiting for a slot does not count


@dataclass(slots=True)
class _Call:
    """One call of `fetch`, `fetch_page` or `post`: what it sends, and the time that is left."""

    source: Source | None
    validators: Validators
    admit: Admit
    seconds_left: float
    environ: Mapping[str, str] = field(default_factory=dict)  # secrets that the source's headers refer to
    accept: str = ACCEPT
    permit: Permit = _permit_all
    text_only: bool = False
    form: bytes | None = None  # to post; None for a GET

    @property
    def redirects(self) -> frozenset[int]:
        """Statuses that are followed."""
        return REDIRECTS if self.form is None else KEEPING_METHOD

    def conditions(self, hop: Hop) -> Validators:
        """Return the validators to send with one request.

        Validators belong to the document at one URL. They are sent through a temporary redirect, behind which they
        were received, but not through a permanent one, behind which the document has a new URL.
        """
        return Validators() if hop.moved_to else self.validators

    def headers(self, hop: Hop) -> dict[str, str]:
        """Return the headers of one request beyond those of every request."""
        if self.form is not None:
            return {"Accept": "*/*", "Content-Type": "application/x-www-form-urlencoded"}
        conditions = self.conditions(hop)
        headers = {"Accept": self.accept}
        if conditions.etag:
            headers["If-None-Match"] = conditions.etag
        if conditions.last_modified:
            headers["If-Modified-Since"] = conditions.last_modified
        return headers | _credentials(self.source, self.environ) if self.source and hop.trusted else headers


def _ssl_context() -> ssl.SSLContext:
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # ssl.SSLError among them
        reason = f"the trusted certificates cannot be read ({(error.strerror or str(error)).lower()})"
        raise ResponseError(reason, "check SSL_CERT_FILE and SSL_CERT_DIR") from error


def _credentials(source: Source, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the source's own headers, with those for the credentials in its URL (RFC 7617)."""
    try:
        headers = {name.title(): resolved(value, environ) for name, value in source.settings.headers.items()}
    except ValueError as error:  # the configuration was loaded with another environment
        reason, _, advice = str(error).partition("; ")
        raise ResponseError(f"a header of the source cannot be sent: {reason}", advice) from error
    parts = urlsplit(source.url)
    if parts.username is None or "Authorization" in headers:
        return headers
    # What only an escape makes a reference is none: `add` and `import` take such URLs from strangers.
    escaped = {name: quote(environ.get(name, ""), safe="") for name in referenced_names(parts.netloc)}
    user, password = (unquote(resolved(part or "", escaped)).strip() for part in (parts.username, parts.password))
    pair = f"{user}:{password}"
    return headers | {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
