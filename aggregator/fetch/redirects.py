"""Redirects: where they lead, what may follow them, and their limit. Pure."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from aggregator.fetch.failures import ResponseError
from aggregator.model import Source, SourceState
from aggregator.urls import absolute, host_key, same_origin, without_credentials

PERMANENT = frozenset({301, 308})
TEMPORARY = frozenset({302, 303, 307})
REDIRECTS = PERMANENT | TEMPORARY
KEEPING_METHOD = frozenset({307, 308})  # a POST is followed by a POST
MAX_REDIRECTS = 5
_COOKIE_ADVICE = (
    "the server may want the cookie back that it sets: copy it from a browser to the source's headers: {Cookie: …}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One request of a chain of redirects; URLs are without credentials and fragment."""

    url: str
    start: str  # URL of the chain's first request
    permanent: bool = True  # only 301 and 308 led here
    trusted: bool = True  # the chain never left the origin of the source's URL, so that its credentials may be sent
    count: int = 0  # redirects so far
    cookie: bool = False  # a response of the chain set one

    @property
    def moved(self) -> bool:
        """True if this is the source's new URL."""
        return self.permanent and self.count > 0

    @property
    def other_host(self) -> str | None:
        """The host (`urls.host_key`) of this request, None if it is the host of the first one."""
        host = host_key(self.url)
        return host if host != host_key(self.start) else None


def first_hop(source: Source, state: SourceState) -> Hop:
    """Return the first request for a source: to the URL it moved to, else to its own."""
    url = _bare(state.moved_to or source.url)
    return Hop(url=url, start=url, trusted=state.moved_to is None or same_origin(source.url, url))


def first_post_hop(url: str) -> Hop:
    """Return the first request for a form that is posted to `url`."""
    return Hop(url=_bare(url), start=_bare(url), trusted=False)


def next_hop(hop: Hop, status: int, location: str, *, sets_cookie: bool = False) -> Hop:
    """Return the request that follows a response with `status` (one of REDIRECTS) and `location`.

    Everything behind a temporary redirect is temporary. A chain that left the origin is not trusted again when it
    comes back, because the other origin chose the URL. Raises ResponseError if the redirect must not be followed.
    """
    url = absolute(location, base=hop.url) if location.strip() else None
    if url is None:
        raise ResponseError(f"the redirect ({status}) does not lead to an http or https URL", status=status)
    if hop.count == MAX_REDIRECTS:
        advice = _COOKIE_ADVICE if hop.cookie or sets_cookie else "check the source's URL in a browser"
        raise ResponseError(f"too many redirects (more than {MAX_REDIRECTS})", advice, status)
    if urlsplit(hop.url).scheme == "https" and urlsplit(url).scheme == "http":
        raise ResponseError("insecure redirect from https to http refused", status=status)
    return Hop(
        url=_bare(url),
        start=hop.start,
        permanent=hop.permanent and status in PERMANENT,
        trusted=hop.trusted and same_origin(hop.url, url),
        count=hop.count + 1,
        cookie=hop.cookie or sets_cookie,
    )


def _bare(url: str) -> str:
    return without_credentials(url.partition("#")[0])
