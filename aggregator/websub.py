"""WebSub (W3C Recommendation of 2018): forms, verification of intent, signatures and leases. Pure.

As a subscriber we ask the hub that a source names to push new entries to a callback of ours; as a publisher we notify
our own hub of feeds that changed. No input from the network makes a function here raise.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import Literal
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from aggregator.addresses import is_public, unwrapped
from aggregator.model import FeedInfo, HubTopic
from aggregator.secret_urls import has_secret
from aggregator.urls import absolute, is_http

LEASE = timedelta(days=10)  # requested; the hub decides
SHORTEST_LEASE, LONGEST_LEASE = timedelta(minutes=1), timedelta(days=30)  # bounds on what a hub grants
DENIED_FOR = timedelta(days=7)  # until a hub that denied a subscription is asked again
MAX_URL = 2000  # characters
MAX_FIELDS = 50  # of the query of a verification request
ALGORITHMS = ("sha1", "sha256", "sha384", "sha512")

Mode = Literal["subscribe", "unsubscribe", "denied"]

_MODES: Mapping[str, Mode] = {"subscribe": "subscribe", "unsubscribe": "unsubscribe", "denied": "denied"}
_PRIVATE_DOMAINS = frozenset({"localhost", "local", "internal", "lan", "home.arpa", "test", "invalid"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """A hub's request to a callback: verification of intent (WebSub, 5.3) or denial (5.2)."""

    mode: Mode
    topic: str
    challenge: str = ""  # to echo; "" only in a denial
    lease: timedelta = LEASE  # granted, within our bounds
    reason: str = ""  # of a denial, one line


def hub_topic(feed_info: FeedInfo, url: str) -> HubTopic | None:
    """Return the subscription that the feed at `url` offers, None without a usable hub.

    The topic is the self link, else `url`. A topic with a secret is not revealed to a hub, nor is a source whose URL
    the environment completes.
    """
    topic, hub = feed_info.self_link or url, feed_info.hub
    if not hub or has_secret(topic) or "${" in url:
        return None
    usable = all(len(address) <= MAX_URL and is_http(address) for address in (hub, topic))
    return HubTopic(hub=hub, topic=topic) if usable else None


def publish_form(topic: str) -> bytes:
    """Return the form that notifies a hub that `topic`, one of our feeds, changed.

    The Recommendation leaves its fields open; hubs since PubSubHubbub read `hub.url`, some newer ones `hub.topic`.
    """
    return urlencode({"hub.mode": "publish", "hub.url": topic, "hub.topic": topic}).encode()


def subscribe_form(*, callback: str, topic: str, secret: str) -> bytes:
    """Return the form that asks a hub to push `topic` to `callback`, signed with `secret` (WebSub, 5.1)."""
    fields = {
        "hub.mode": "subscribe",
        "hub.topic": topic,
        "hub.callback": callback,
        "hub.lease_seconds": LEASE // timedelta(seconds=1),
        "hub.secret": secret,
        "hub.verify": "async",  # required by hubs of PubSubHubbub 0.3
    }
    return urlencode(fields).encode()


def verification(query: str) -> Verification | None:
    """Return the request in a callback's raw query, None if it is not one of a hub."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:  # too many fields for a hub's request: answered as one of nobody
        return None
    fields = dict(reversed(pairs))  # the first of repeated fields counts
    mode, topic = _MODES.get(fields.get("hub.mode", "")), fields.get("hub.topic", "")
    challenge = fields.get("hub.challenge", "")
    if mode == "denied" and topic:
        return Verification(mode=mode, topic=topic, reason=_one_line(fields.get("hub.reason", "")))
    if mode is None or not topic or not challenge:
        return None
    lease = granted_lease(fields.get("hub.lease_seconds", ""))
    return Verification(mode=mode, topic=topic, challenge=challenge, lease=lease)


def granted_lease(lease_seconds: str) -> timedelta:
    """Return the lease that `hub.lease_seconds` grants, within bounds; the requested one if it is unreadable."""
    text = lease_seconds.strip()
    if not (text.isascii() and text.isdigit()):
        return LEASE
    seconds = int(text) if len(text) < 10 else LONGEST_LEASE // timedelta(seconds=1)
    return min(max(timedelta(seconds=seconds), SHORTEST_LEASE), LONGEST_LEASE)


def renewal_delay(lease: timedelta) -> timedelta:
    """Return the time from a grant to the renewal of its lease: a quarter of the lease is left for retries."""
    return lease * 3 // 4


def is_signed(body: bytes, secret: str, signature: str) -> bool:
    """Return True if `signature`, an X-Hub-Signature header, fits `body` and `secret` (WebSub, 7.1); constant time."""
    method, _, received = signature.strip().partition("=")
    if method.lower() not in ALGORITHMS:
        return False
    digest = hmac.new(secret.encode(), body, method.lower()).hexdigest()
    return hmac.compare_digest(digest.encode(), received.strip().lower().encode("utf-8", "replace"))


def callbacks_url(public_url: str) -> str:
    """Return the common prefix of our callbacks."""
    return f"{public_url}websub/"


def callback_url(public_url: str, token: str) -> str:
    """Return the callback of the subscription with this token."""
    return callbacks_url(public_url) + token


def topic_url(public_url: str, path: str) -> str:
    """Return the self link of our feed in the file `path`."""
    return f"{public_url}feeds/{quote(path)}"


def link_header(*, hub: str, self_url: str) -> str:
    """Return the Link header of a feed of ours that `hub` distributes (WebSub, 4), in ASCII."""
    return f'<{absolute(hub) or hub}>; rel="hub", <{absolute(self_url) or self_url}>; rel="self"'


def is_reachable(public_url: str) -> bool:
    """Return True if the host of `public_url` may be reachable from the public Internet."""
    try:
        host = (urlsplit(public_url).hostname or "").rstrip(".")
    except ValueError:  # no URL, as the setting's own check says
        return False
    try:
        address = ip_address(host)
        return address == unwrapped(address) and is_public(address)
    except ValueError:
        pass  # a name, judged below
    labels = host.split(".")
    if len(labels) < 2 or labels[-1].isdigit() or labels[-1].startswith("0x"):  # 127.1 and 0x7f.1 are addresses
        return False
    return labels[-1] not in _PRIVATE_DOMAINS and ".".join(labels[-2:]) not in _PRIVATE_DOMAINS


def _one_line(text: str) -> str:
    """Return `text` as one line of at most 200 printable characters."""
    printable = "".join(character if character.isprintable() else " " for character in text[:1000])
    return " ".join(printable.split())[:200]
