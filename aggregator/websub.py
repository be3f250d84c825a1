"""WebSub (W3C Recommendation of 2018) as values: its forms, its verifications, signatures, leases. Pure.

We are both ends of it. As a subscriber we ask the hub that a source names to push the source's news to a callback of
ours; as a publisher we tell our own hub which of our feeds changed. Nothing here raises on what strangers send.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import Literal
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from aggregator.addresses import is_public, unwrapped
from aggregator.model import FeedInfo
from aggregator.urls import absolute, is_http, without_credentials

LEASE = timedelta(days=10)  # what we ask for; the hub decides
SHORTEST_LEASE, LONGEST_LEASE = timedelta(minutes=1), timedelta(days=30)  # of what a hub grants, taken at its word
DENIED_FOR = timedelta(days=7)  # a hub that said no is not asked again before
MAX_URL = 2000  # characters of a hub's or a topic's URL
MAX_FIELDS = 50  # of a verification request's query
ALGORITHMS = ("sha1", "sha256", "sha384", "sha512")

Mode = Literal["subscribe", "unsubscribe", "denied"]

_MODES: Mapping[str, Mode] = {"subscribe": "subscribe", "unsubscribe": "unsubscribe", "denied": "denied"}
_AT_HOME = frozenset({"localhost", "local", "internal", "lan", "home.arpa", "test", "invalid"})  # never public names


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A subscription that a source makes possible: which hub to ask, and for which topic."""

    hub: str
    topic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a hub asks a callback (WebSub, 5.2 and 5.3): whether a subscription is meant, or that it will be none."""

    mode: Mode
    topic: str
    challenge: str = ""  # to be echoed; "" only where denied
    lease: timedelta = LEASE  # as granted, within our bounds
    reason: str = ""  # of a denial, one line


def wish(facts: FeedInfo, url: str) -> Wish | None:
    """The subscription that a feed with these facts, found at `url`, offers; None without a hub that can be asked.

    The topic is the self link, else `url`; one with credentials is told to nobody.
    """
    topic, hub = facts.self_link or url, facts.hub
    if not hub or topic != without_credentials(topic):
        return None
    possible = all(len(one) <= MAX_URL and is_http(one) for one in (hub, topic))
    return Wish(hub=hub, topic=topic) if possible else None


def publish_form(topic: str) -> bytes:
    """The form that tells a hub that `topic`, one of our feeds, changed.

    The Recommendation leaves it to hubs; those since PubSubHubbub read `hub.url`, some younger ones `hub.topic`.
    """
    return urlencode({"hub.mode": "publish", "hub.url": topic, "hub.topic": topic}).encode()


def subscribe_form(*, callback: str, topic: str, secret: str) -> bytes:
    """The form that asks a hub to push `topic` to `callback`, signed with `secret` (WebSub, 5.1)."""
    fields = {
        "hub.mode": "subscribe",
        "hub.topic": topic,
        "hub.callback": callback,
        "hub.lease_seconds": LEASE // timedelta(seconds=1),
        "hub.secret": secret,
        "hub.verify": "async",  # demanded by hubs of PubSubHubbub 0.3
    }
    return urlencode(fields).encode()


def verification(query: str) -> Verification | None:
    """What a callback's raw query asks; None where it is no request of a hub."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return None
    fields = dict(reversed(pairs))  # of a field given twice the first counts
    mode, topic = _MODES.get(fields.get("hub.mode", "")), fields.get("hub.topic", "")
    challenge = fields.get("hub.challenge", "")
    if mode == "denied" and topic:
        return Verification(mode=mode, topic=topic, reason=_line(fields.get("hub.reason", "")))
    if mode is None or not topic or not challenge:
        return None
    lease = granted(fields.get("hub.lease_seconds", ""))
    return Verification(mode=mode, topic=topic, challenge=challenge, lease=lease)


def granted(lease_seconds: str) -> timedelta:
    """The lease that a hub's `hub.lease_seconds` grants, within bounds; what we asked for where it cannot be read."""
    text = lease_seconds.strip()
    if not (text.isascii() and text.isdigit()):
        return LEASE
    seconds = int(text) if len(text) < 10 else LONGEST_LEASE // timedelta(seconds=1)
    return min(max(timedelta(seconds=seconds), SHORTEST_LEASE), LONGEST_LEASE)


def renewal(lease: timedelta) -> timedelta:
    """When, from its grant on, a lease is renewed: with a quarter of it left to try again in."""
    return lease * 3 // 4


def is_signed(body: bytes, secret: str, signature: str) -> bool:
    """Whether `signature`, an X-Hub-Signature header, is `body`'s with our `secret` (WebSub, 7.1); in constant time."""
    method, _, written = signature.strip().partition("=")
    if method.lower() not in ALGORITHMS:
        return False
    digest = hmac.new(secret.encode(), body, method.lower()).hexdigest()
    return hmac.compare_digest(digest.encode(), written.strip().lower().encode("utf-8", "replace"))


def callbacks_url(public_url: str) -> str:
    """Where all our callbacks lie."""
    return f"{public_url}websub/"


def callback_url(public_url: str, token: str) -> str:
    """The callback of the subscription with this token."""
    return callbacks_url(public_url) + token


def topic_url(public_url: str, path: str) -> str:
    """The self link of our feed in the file `path`."""
    return f"{public_url}feeds/{quote(path)}"


def link_header(*, hub: str, self_url: str) -> str:
    """The Link header of a feed of ours that `hub` passes on (WebSub, 4), in ASCII."""
    return f'<{absolute(hub) or hub}>; rel="hub", <{absolute(self_url) or self_url}>; rel="self"'


def is_reachable(public_url: str) -> bool:
    """Whether a hub somewhere on the Internet may be able to reach us at `public_url`, as far as its host tells."""
    try:
        host = (urlsplit(public_url).hostname or "").rstrip(".")
    except ValueError:
        return False
    try:
        address = ip_address(host)
        return address == unwrapped(address) and is_public(address)
    except ValueError:
        pass
    labels = host.split(".")
    if len(labels) < 2 or labels[-1].isdigit() or labels[-1].startswith("0x"):  # 127.1 and 0x7f.1 are addresses too
        return False
    return labels[-1] not in _AT_HOME and ".".join(labels[-2:]) not in _AT_HOME


def _line(text: str) -> str:
    """`text` as one line of at most 200 printable characters."""
    printable = "".join(character if character.isprintable() else " " for character in text[:1000])
    return " ".join(printable.split())[:200]
