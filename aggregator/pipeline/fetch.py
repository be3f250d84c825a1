"""One request for all sources that share a URL and its credentials. Shell."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from msgspec.structs import replace

from aggregator.app import App
from aggregator.fetch import Fetcher
from aggregator.model import Failure, FeedDocument, NotModified, SourceState, StoredSource, Validators
from aggregator.pipeline.host_states import HostStates
from aggregator.pipeline.leases import HostVisits
from aggregator.schedule.state import asks_own_url, is_conditional
from aggregator.urls import host_key, same_origin

SourceGroup = tuple[StoredSource, ...]  # sources that one request serves


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Result without an answer: the host asked to be left alone until then."""

    until: datetime
    redirected_at: datetime | None = None  # if a redirect led to that host; None if no request was made
    is_leased: bool = False  # the host did not ask for it: another process has its lease until then


@dataclass(frozen=True, slots=True, kw_only=True)
class SameTruncated:
    """A truncated document whose bytes came again: it fails again, and need not be read again."""

    document: FeedDocument


NoDocument = NotModified | Failure | Held | SameTruncated  # results with nothing new to read


def group_by_request(claimed: Iterable[StoredSource]) -> tuple[SourceGroup, ...]:
    """Return the sources in groups of the same URL, headers and password; with the own URL where it is asked too."""
    groups: dict[tuple[object, ...], list[StoredSource]] = {}
    for stored in claimed:
        url, source = request_url(stored), stored.source
        own_url = source.url if asks_own_url(stored.state) else ""
        # Headers and passwords are for the configured origin only: none are sent after a move to another one.
        trusted = own_url or same_origin(source.url, url)
        secrets = (
            (tuple(source.settings.headers.items()), urlsplit(source.url).netloc.rpartition("@")[0])
            if trusted
            else ((), "")
        )
        groups.setdefault((url, *secrets, own_url), []).append(stored)
    return tuple(map(tuple, groups.values()))


def request_url(stored: StoredSource) -> str:
    """Return the URL at which the source is asked."""
    return stored.state.moved_to or stored.source.url


async def load_hosts(app: App, fetcher: Fetcher, hosts: HostStates, names: Collection[str]) -> None:
    """Take over what other processes, or this one before a restart, learned of these hosts. Raises StoreError."""
    store, idle, now = app.store, fetcher.limiter.idle_hosts(names), app.clock()
    states, last_asked = await app.in_writer(lambda: (store.sources.hosts(names), store.leases.last_asked(idle, now)))
    hosts.load(names, states)
    fetcher.note_requests(last_asked)


def without_move(group: SourceGroup) -> SourceGroup:
    """Return the sources as they are to be asked at their own URL, which they moved away from."""
    return tuple(
        replace(stored, state=replace(stored.state, moved_to=None, validators=Validators())) for stored in group
    )


async def fetch_group(
    app: App, fetcher: Fetcher, hosts: HostStates, group: SourceGroup, *, is_leased: bool = True
) -> FeedDocument | NoDocument:
    """Ask once for all sources of the group, and note what the answer says of the hosts. Raises StoreError.

    Their host `is_leased` with their claim; else it is leased for the request, as are those that redirects lead to.
    """
    first_host = host = host_key(request_url(group[0]))
    visits = HostVisits(app, fetcher)

    async def admit(name: str) -> bool:
        nonlocal host
        host = name
        if hosts.held_until(name, app.clock()) is not None:
            return False
        return (is_leased and name == first_host) or await visits.begin(name)

    state, conditional = _common_state(group, app.clock())
    try:
        with hosts.outage.asking():
            answer = await fetcher.fetch(group[0].source, state, conditional=conditional, admit=admit)
    finally:
        await visits.end()
    now = app.clock()
    if answer is None:
        if visits.free_at:
            return Held(until=visits.free_at, redirected_at=now, is_leased=True)
        until = hosts.held_until(host, now) or now
        return Held(until=until, redirected_at=now if host != first_host else None)
    for name in _answering_hosts(answer, first_host):
        hosts.learn(name, answer, now)
    is_unreachable = isinstance(answer, Failure) and answer.is_unreachable
    if is_leased or not is_unreachable:  # a second URL of one source is no second witness of an outage
        hosts.outage.learn(host, answer, now)
    if isinstance(answer, FeedDocument) and answer.digest == state.truncated_digest:
        return SameTruncated(document=answer)
    return answer


def _common_state(group: SourceGroup, now: datetime) -> tuple[SourceState, bool]:
    """Return the state to ask with; the request is conditional only if all sources saw the same document last."""
    first = group[0].state
    states = [stored.state for stored in group]
    if len({(state.validators, state.digest, state.truncated_digest) for state in states}) == 1:
        return first, is_conditional(first, now)
    return replace(first, validators=Validators(), digest=b"", truncated_digest=None), False


def _answering_hosts(answer: FeedDocument | NotModified | Failure, first: str) -> Collection[str]:
    """Return the hosts that the answer speaks for: after a redirect to a good end, the redirecting host too."""
    last = host_key(answer.final_url) if isinstance(answer, FeedDocument) else answer.host or first
    return {last} if isinstance(answer, Failure) else {first, last}
