"""Redirects: where they lead, what may follow them, and their limit. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from aggregator.fetch.failures import ResponseError
from aggregator.model import Source, SourceState
from aggregator.secret_urls import HIDDEN, masked_url
from aggregator.settings.references import reference_problems, referenced_names, resolved
from aggregator.urls import absolute, host_key, same_origin, without_credentials

PERMANENT = frozenset({301, 308})
TEMPORARY = frozenset({302, 303, 307})
REDIRECTS = PERMANENT | TEMPORARY
KEEPING_METHOD = frozenset({307, 308})  # a POST is followed by a POST
MAX_REDIRECTS = 5
MAX_SHOWN = 200  # characters of a URL in a message
_COOKIE_ADVICE = (
    "the server may want the cookie back that it sets: copy it from a browser to the source's headers: {Cookie: …}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One request of a chain of redirects; URLs are without credentials and fragment."""

    url: str
    start: str  # URL of the chain's first request as it is shown
    secrets: tuple[str, ...] = ()  # of the source's URL, from the environment
    permanent: bool = True  # only 301 and 308 led here
    moved_to: str | None = None  # the source's new URL: as far as 301 and 308 alone led
    trusted: bool = True  # the chain never left the origin of the source's URL, so that its credentials may be sent
    earlier: tuple[str, ...] = ()  # URLs of the chain's requests before this one
    cookie: bool = False  # a response of the chain set one

    @property
    def public_url(self) -> str:
        """URL of this request without the secrets of the environment."""
        if not self.secrets:
            return self.url
        url = self.url.partition("?")[0]
        for secret in self.secrets:
            url = url.replace(secret, HIDDEN)
        return url

    @property
    def redirected_to(self) -> str:
        """URL of this request as a message shows it, without its query; "" if no redirect led to it."""
        return masked_url(self.public_url.partition("?")[0][:MAX_SHOWN]) if self.earlier else ""

    @property
    def other_host(self) -> str | None:
        """The host (`urls.host_key`) of this request, None if it is the host of the first one."""
        host = host_key(self.url)
        return host if host != host_key(self.start) else None


def first_hop(source: Source, state: SourceState, environ: Mapping[str, str]) -> Hop:
    """Return the first request for a source: to the URL it moved to, else to its own.

    Raises ResponseError if the environment lacks what the URL refers to.
    """
    written = (state.moved_to or source.url).partition("#")[0]
    trusted = state.moved_to is None or same_origin(source.url, written)
    url, secrets = _completed(written, environ)
    return Hop(url=url, start=masked_url(written), secrets=secrets, trusted=trusted)


def _completed(written: str, environ: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Return a URL with the environment's texts in it, without credentials, and these texts.

    Raises ResponseError if one is missing.
    """
    for problem in reference_problems(written, environ):  # the configuration was loaded with another environment
        reason, _, advice = problem.partition("; ")
        raise ResponseError(f"the URL of the source is incomplete: {reason}", advice)
    texts = {name: _in_url(environ[name]) for name in referenced_names(written)}
    return resolved(without_credentials(written), texts), tuple(texts.values())


def first_page_hop(url: str, source: Source | None) -> Hop:
    """Return the first request for a page, for which `source` has credentials if the page is of its origin."""
    trusted = source is not None and same_origin(source.url, url)
    return Hop(url=_bare(url), start=_bare(url), trusted=trusted)


def first_post_hop(url: str) -> Hop:
    """Return the first request for a form that is posted to `url`."""
    return Hop(url=_bare(url), start=masked_url(_bare(url)), trusted=False)


def next_hop(hop: Hop, status: int, location: str, *, sets_cookie: bool = False) -> Hop:
    """Return the request that follows a response with `status` (one of REDIRECTS) and `location`.

    Everything behind a temporary redirect is temporary. The new URL of a source whose URL has a secret of the
    environment may hold it, and is not kept. A chain that left the origin is not trusted again when it
    comes back, because the other origin chose the URL. Raises ResponseError if the redirect must not be followed.
    """
    url = absolute(location, base=hop.url) if location.strip() else None
    if url is None:
        raise ResponseError(f"the redirect ({status}) does not lead to an http or https URL", status=status)
    if urlsplit(hop.url).scheme == "https" and urlsplit(url).scheme == "http":
        raise ResponseError("insecure redirect from https to http refused", status=status)
    url, requested, cookie = _bare(url), (*hop.earlier, hop.url), hop.cookie or sets_cookie
    advice = _COOKIE_ADVICE if cookie else "check the source's URL in a browser"
    if url in requested:  # it would get the same answer again
        reason = f"redirect loop: the redirect ({status}) leads to a URL that was requested before"
        raise ResponseError(reason, advice, status)
    if len(requested) > MAX_REDIRECTS:
        raise ResponseError(f"too many redirects (more than {MAX_REDIRECTS})", advice, status)
    permanent = hop.permanent and status in PERMANENT
    return Hop(
        url=url,
        start=hop.start,
        secrets=hop.secrets,
        permanent=permanent,
        moved_to=url if permanent and not hop.secrets else hop.moved_to,
        trusted=hop.trusted and same_origin(hop.url, url),
        earlier=requested,
        cookie=cookie,
    )


def _in_url(text: str) -> str:
    """Return a value of the environment as it stands in a URL: what could end the URL's part is percent-encoded."""
    return quote(text.strip(), safe="%!$&'()*+,;=:@/?-._~")


def _bare(url: str) -> str:
    return without_credentials(url.partition("#")[0])
