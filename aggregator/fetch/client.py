"""The HTTP client: one source in; a document, "not modified" or a failure out. Edge.

Rule: polite and bounded. A source is asked with its validators, at its host's pace, over at most five redirects that
are each checked as the first, within one time limit and one size. What a server does is a value, never an exception.
"""

import asyncio
from base64 import b64encode
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from types import MappingProxyType, TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

import aiohttp
import httpx

from aggregator import __version__
from aggregator.clock import Clock
from aggregator.fetch.answer import Answer, read_answer
from aggregator.fetch.failures import AnswerError, error_reason
from aggregator.fetch.guard import Guard, Lookup, Names, SpellingError, spelled_address, system_lookup
from aggregator.fetch.outcome import Outcome, failure, outcome, refusal
from aggregator.fetch.rate_limit import Admit, Hosts
from aggregator.fetch.redirects import KEEPING_METHOD, REDIRECTS, Hop, bare_hop, first_hop, next_hop
from aggregator.fetch.transport import FastTransport
from aggregator.model import Failure, FeedDocument, Source, SourceState, Validators
from aggregator.settings import Fetch
from aggregator.settings.references import resolved
from aggregator.urls import is_http

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
)
EMPTY: Mapping[str, str] = MappingProxyType({})
WHOLE = timedelta(seconds=1)  # moments are kept as whole seconds: so much later they may have been


class Fetcher:
    """The client, open within an `async with`; one for all sources, since it keeps the hosts' pace."""

    def __init__(
        self, settings: Fetch, clock: Clock, *, environ: Mapping[str, str] = EMPTY, lookup: Lookup = system_lookup
    ) -> None:
        self._settings, self._clock, self._environ, self._lookup = settings, clock, environ, lookup
        contact = f" (+{settings.contact})" if settings.contact else ""
        self._headers = {
            "User-Agent": f"aggregator/{__version__}{contact}",
            "Accept": ACCEPT,
            "Accept-Encoding": "gzip",  # a bomb of br took 737 MB; zlib's output is bounded while it inflates
        }

    async def __aenter__(self) -> Self:
        proxy = self._settings.proxy
        guard = None if proxy else Guard(self._settings.allow_private)  # a proxy resolves and connects in our stead
        self._tls = cache(httpx.create_ssl_context)  # read when first needed: a file of 200 KB
        self._hosts = Hosts(self._settings)
        self._names = Names(guard, self._lookup, self._settings.concurrency)
        self._fast = FastTransport(self._names, guard, self._tls, proxy)
        self._lenient: httpx.AsyncBaseTransport | None = None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._fast.aclose()
        if self._lenient:
            await self._lenient.aclose()
        self._names.close()

    def idle(self, hosts: Iterable[str]) -> tuple[str, ...]:
        """Those of these hosts (`urls.host_key`) that this fetcher is not about to ask."""
        return self._hosts.idle(hosts)

    def asked(self, moments: Mapping[str, datetime]) -> None:
        """Start nothing on these hosts sooner than their gap after others asked them."""
        now = self._clock()
        self._hosts.asked({host: now - moment - WHOLE for host, moment in moments.items()})

    @property
    def next_starts(self) -> Mapping[str, float]:
        """When each host may be asked next, in the loop's time."""
        return self._hosts.next_starts

    def follow(self, next_starts: Mapping[str, float]) -> None:
        """Keep the pace of the fetcher that this one takes the place of."""
        self._hosts.follow(next_starts)

    def waiting(self, document: FeedDocument) -> AbstractContextManager[None]:
        """Within it the document waits to be recorded; where too much does, nothing more is asked for."""
        return self._hosts.backlog.holding(len(document.body))

    async def fetch(
        self, source: Source, state: SourceState, *, conditional: bool = True, admit: Admit = lambda _host: True
    ) -> Outcome | None:
        """What the source has now; None if `admit` said no, to its host or to one that it redirects to.

        `admit` hears the host (`urls.host_key`) when its turn has come, which may be long after the call. With
        `conditional` off the validators stay at home.
        """
        validators = state.validators if conditional else Validators()
        seconds = self._settings.timeout.total_seconds()
        asking = _Asking(source, validators, admit, seconds, self._environ)
        first = first_hop(source, state)
        reached = await self._walk(asking, first)
        if isinstance(reached, Failure):
            return reached
        answer, hop = reached
        return outcome(answer, first, hop, state, asking.conditions(hop), self._clock()) if answer else None

    async def post(self, url: str, form: bytes) -> int | Failure:
        """The status, 2xx, with which `url` takes a form (URL-encoded), else why it does not.

        Only redirects that keep the method are followed (307, 308), and the form goes along. What else the answer says
        is not read.
        """
        asking = _Asking(None, Validators(), lambda _host: True, self._settings.timeout.total_seconds(), EMPTY, form)
        first = bare_hop(url)
        reached = await self._walk(asking, first)
        if isinstance(reached, Failure):
            return reached
        answer, hop = reached
        assert answer is not None  # everybody is admitted
        return answer.status if 200 <= answer.status < 300 else refusal(answer, first, hop, self._clock())

    async def _walk(self, asking: "_Asking", first: Hop) -> tuple[Answer | None, Hop] | Failure:
        """The answer at the end of all redirects, and the hop that gave it; None as in `_ask`."""
        hop = first
        try:
            while (answer := await self._ask(asking, hop)) and answer.status in asking.redirects:
                hop = next_hop(hop, answer.status, answer.headers.get("location", ""))
            return answer, hop
        except AnswerError as error:
            return failure(first, hop, error.reason, error.advice, status=error.status)
        except TimeoutError:
            return failure(
                first, hop, f"it gave no complete answer within {self._settings.timeout.total_seconds():g} s"
            )
        except (aiohttp.ClientError, httpx.TransportError, httpx.InvalidURL, OSError, ValueError) as error:
            return failure(first, hop, *error_reason(error))

    async def _ask(self, asking: "_Asking", hop: Hop) -> Answer | None:
        """The answer of one hop; None if `admit` said no. What aiohttp cannot read gets the second try."""
        if not is_http(hop.url):
            raise AnswerError("its URL is no http or https address")
        host = urlsplit(hop.url).hostname or ""
        if address := spelled_address(host):
            raise SpellingError(host, address)
        try:
            return await self._exchange(self._fast, hop, asking)
        except aiohttp.ServerDisconnectedError:
            if asking.form is None:
                raise
            return await self._exchange(self._fast, hop, asking)  # an idle connection was given up: no POST is lost
        except aiohttp.ClientHttpProxyError:
            raise
        except aiohttp.ClientResponseError:
            return await self._exchange(self._second_try(), hop, asking)

    def _second_try(self) -> httpx.AsyncBaseTransport:
        from aggregator.fetch.lenient import LenientTransport

        if self._lenient is None:
            self._lenient = LenientTransport(self._names, self._tls(), self._settings.proxy)
        return self._lenient

    async def _exchange(self, transport: httpx.AsyncBaseTransport, hop: Hop, asking: "_Asking") -> Answer | None:
        loop = asyncio.get_running_loop()
        async with self._hosts.turn(hop.url, asking.admit) as place:
            if place is None:
                return None
            headers = _encoded(self._headers | asking.headers(hop))  # not before: thousands may wait for their turn
            method = "GET" if asking.form is None else "POST"
            request = httpx.Request(method, hop.url, headers=headers, content=asking.form)
            started = loop.time()
            try:
                async with asyncio.timeout(asking.seconds_left):
                    most = self._settings.max_bytes if asking.form is None else 0
                    return await read_answer(transport, request, most, place.heard)
            finally:
                asking.seconds_left -= loop.time() - started  # waiting for a turn is free


@dataclass(slots=True)
class _Asking:
    """One call of `fetch` or `post`: what it may send where, and the time it has left."""

    source: Source | None
    validators: Validators
    admit: Admit
    seconds_left: float
    environ: Mapping[str, str]  # secrets that the source's headers refer to
    form: bytes | None = None  # to be posted; None: a GET

    @property
    def redirects(self) -> frozenset[int]:
        """Statuses that lead on."""
        return REDIRECTS if self.form is None else KEEPING_METHOD

    def conditions(self, hop: Hop) -> Validators:
        """Validators for one hop.

        They name a state of the document at one URL. They go along a temporary redirect, at whose end they were given;
        not along a permanent one, after which the document is to be known by another URL.
        """
        return Validators() if hop.moved else self.validators

    def headers(self, hop: Hop) -> dict[str, str]:
        """Headers for one hop beyond those that every request has."""
        if self.source is None:
            return {"Accept": "*/*", "Content-Type": "application/x-www-form-urlencoded"}
        conditions = self.conditions(hop)
        headers: dict[str, str] = {}
        if conditions.etag:
            headers["If-None-Match"] = conditions.etag
        if conditions.last_modified:
            headers["If-Modified-Since"] = conditions.last_modified
        return headers | _credentials(self.source, self.environ) if hop.trusted else headers


def _credentials(source: Source, environ: Mapping[str, str]) -> dict[str, str]:
    """The source's own headers, and those that the credentials in its URL amount to (RFC 7617)."""
    try:
        own = {name.title(): resolved(value, environ) for name, value in source.settings.headers.items()}
    except ValueError as error:  # the configuration was loaded with another environment
        reason, _, advice = str(error).partition("; ")
        raise AnswerError(f"a header of the source cannot be sent: {reason}", advice) from error
    parts = urlsplit(source.url)
    if parts.username is None or "Authorization" in own:
        return own
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return own | {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def _encoded(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as bytes, since httpx takes ASCII text only and validators are whatever the server chose."""
    return [(name.encode(), value.encode()) for name, value in headers.items()]
