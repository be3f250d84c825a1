"""Where a redirect leads, and what may follow it there. Pure."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from aggregator.fetch.failures import AnswerError
from aggregator.model import Source, SourceState
from aggregator.urls import absolute, same_origin, without_credentials

PERMANENT = frozenset({301, 308})
TEMPORARY = frozenset({302, 303, 307})
REDIRECTS = PERMANENT | TEMPORARY
KEEPING_METHOD = frozenset({307, 308})  # what was posted is posted again
MAX_HOPS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One URL of a chain, without credentials and fragment."""

    url: str
    permanent: bool = True  # the source's URL and 301 or 308 alone led here
    trusted: bool = True  # never left the origin of the source's URL: its credentials may be sent
    count: int = 0  # redirects that led here

    @property
    def moved(self) -> bool:
        """Whether the source's URL is this one from now on."""
        return self.permanent and self.count > 0


def first_hop(source: Source, state: SourceState) -> Hop:
    """Where a source is asked: the URL it moved to, else its own as written."""
    url = _bare(state.moved_to or source.url)
    return Hop(url=url, trusted=state.moved_to is None or same_origin(source.url, url))


def bare_hop(url: str) -> Hop:
    """Where a form is posted."""
    return Hop(url=_bare(url), trusted=False)


def next_hop(hop: Hop, status: int, location: str) -> Hop:
    """Where an answer with `status` (one of REDIRECTS) and `location` leads. Raises AnswerError if not followed.

    What follows a temporary redirect is temporary. Who left the origin once is not trusted again on coming back: the
    other origin chose the URL.
    """
    url = absolute(location, base=hop.url) if location.strip() else None
    if url is None:
        raise AnswerError(f"it redirects ({status}) to what is no http or https address", status=status)
    if hop.count == MAX_HOPS:
        raise AnswerError(f"it redirects more than {MAX_HOPS} times", "check the source's URL in a browser", status)
    if urlsplit(hop.url).scheme == "https" and urlsplit(url).scheme == "http":
        raise AnswerError("it redirects from https to http, which is not followed", status=status)
    return Hop(
        url=_bare(url),
        permanent=hop.permanent and status in PERMANENT,
        trusted=hop.trusted and same_origin(hop.url, url),
        count=hop.count + 1,
    )


def _bare(url: str) -> str:
    return without_credentials(url.partition("#")[0])
