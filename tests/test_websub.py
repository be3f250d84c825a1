"""WebSub's values: what is said to hubs, what they say, what is believed."""

import hashlib
import hmac
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import websub
from aggregator.model import FeedInfo, HubTopic
from aggregator.websub import Verification
from tests.cases import for_each

TOPIC = "https://source.example/feed?a=1&b=ü"
HUB = "https://hub.example/"
SECRET = "s" * 43
AT_HOME = """
    127.0.0.1 127.0.0.1:8080 10.1.2.3 192.168.1.1 172.16.0.1 169.254.1.1 100.64.0.1 0.0.0.0 224.0.0.1
    255.255.255.255 127.1 2130706433 0x7f000001 0x7f.1 0177.0.0.1 8.8.8.8.8 [::1] [::] [fe80::1] [fc00::1]
    [ff02::1] [::ffff:127.0.0.1] [::ffff:8.8.8.8] [64:ff9b::7f00:1] [2002:7f00:1::] [::127.0.0.1]
    [2001:db8::1] localhost LOCALHOST. server my.localhost printer.local db.internal box.lan nas.home.arpa
    x.test x.invalid [::1
"""


def facts(**changes: Any) -> FeedInfo:
    return FeedInfo(**{"hub": HUB, "self_link": TOPIC, **changes})


def query(**fields: str) -> str:
    return urlencode({f"hub.{name}": value for name, value in fields.items()})


def test_the_topic_is_the_self_link_else_the_url_of_the_source() -> None:
    assert websub.hub_topic(facts(), "https://source.example/") == HubTopic(hub=HUB, topic=TOPIC)
    assert websub.hub_topic(facts(self_link=None), "https://source.example/") == HubTopic(
        hub=HUB, topic="https://source.example/"
    )


@for_each(
    ("hub", "self_link", "url"),
    [
        (None, TOPIC, TOPIC),
        ("ftp://hub.example/", TOPIC, TOPIC),
        ("hub.example", TOPIC, TOPIC),
        (HUB, "urn:x", TOPIC),
        (HUB, None, "https://user:secret@source.example/feed"),
        (HUB, "https://user:secret@source.example/feed", TOPIC),
        (HUB + "x" * 2000, TOPIC, TOPIC),
        (HUB, TOPIC + "x" * 2000, TOPIC),
    ],
)
def test_what_cannot_be_asked_or_told_is_no_topic(hub: str | None, self_link: str | None, url: str) -> None:
    assert websub.hub_topic(facts(hub=hub, self_link=self_link), url) is None


def test_forms() -> None:
    assert parse_qs(websub.publish_form(TOPIC).decode())["hub.url"] == [TOPIC]
    assert parse_qs(websub.publish_form(TOPIC).decode())["hub.mode"] == ["publish"]
    form = parse_qs(websub.subscribe_form(callback="https://us.example/websub/t", topic=TOPIC, secret=SECRET).decode())
    assert form["hub.mode"] == ["subscribe"]
    assert form["hub.topic"] == [TOPIC]
    assert form["hub.callback"] == ["https://us.example/websub/t"]
    assert form["hub.secret"] == [SECRET]
    assert form["hub.lease_seconds"] == ["864000"]


def test_a_verification_is_read() -> None:
    asked = websub.verification(query(mode="subscribe", topic=TOPIC, challenge="a b&c", lease_seconds="3600"))
    assert asked == Verification(mode="subscribe", topic=TOPIC, challenge="a b&c", lease=timedelta(hours=1))
    denied = websub.verification(query(mode="denied", topic=TOPIC, reason="no\nroom\x1b[31m " + "x" * 300))
    assert denied
    assert denied.reason.startswith("no room [31m xxx")
    assert len(denied.reason) == 200
    assert websub.verification(query(mode="denied", topic=TOPIC)) == Verification(mode="denied", topic=TOPIC)


@for_each(
    "asked",
    [
        "",
        "hub.mode=subscribe",
        query(mode="subscribe", topic=TOPIC),
        query(mode="subscribe", topic=TOPIC, challenge=""),
        query(mode="subscribe", topic="", challenge="c"),
        query(mode="publish", topic=TOPIC, challenge="c"),
        query(mode="denied"),
        "&".join(f"a{number}=1" for number in range(1000)),
    ],
)
def test_what_is_no_verification(asked: str) -> None:
    assert websub.verification(asked) is None


def test_of_a_field_given_twice_the_first_counts() -> None:
    first = query(mode="subscribe", topic=TOPIC, challenge="c")
    asked = websub.verification(f"{first}&{query(topic='https://other.example/')}")
    assert asked
    assert asked.topic == TOPIC


@given(st.text())
def test_reading_a_verification_never_raises(asked: str) -> None:
    websub.verification(asked)
    websub.verification(f"hub.mode=subscribe&hub.topic=t&hub.challenge=c&hub.lease_seconds={asked}")


@given(st.text())
def test_any_lease_is_within_bounds_and_renewed_before_its_end(written: str) -> None:
    lease = websub.granted_lease(written)
    assert websub.SHORTEST_LEASE <= lease <= websub.LONGEST_LEASE
    assert timedelta(0) < websub.renewal_delay(lease) < lease


@for_each(
    ("written", "lease"),
    [
        ("864000", timedelta(days=10)),
        ("1", websub.SHORTEST_LEASE),
        ("0", websub.SHORTEST_LEASE),
        ("9" * 5000, websub.LONGEST_LEASE),
        ("99999999", websub.LONGEST_LEASE),
        ("-5", websub.LEASE),
        ("²", websub.LEASE),
        ("soon", websub.LEASE),
        ("", websub.LEASE),
    ],
)
def test_leases(written: str, lease: timedelta) -> None:
    assert websub.granted_lease(written) == lease


@pytest.mark.parametrize("method", websub.ALGORITHMS)
@given(body=st.binary())
def test_what_is_signed_with_our_secret_is_believed_and_nothing_else(method: str, body: bytes) -> None:
    digest = hmac.new(SECRET.encode(), body, getattr(hashlib, method)).hexdigest()
    assert websub.is_signed(body, SECRET, f"{method}={digest}")
    assert websub.is_signed(body, SECRET, f"{method.upper()}={digest.upper()}")
    assert not websub.is_signed(body + b"x", SECRET, f"{method}={digest}")
    assert not websub.is_signed(body, SECRET + "x", f"{method}={digest}")
    assert not websub.is_signed(body, SECRET, f"{method}={digest[:-1]}")
    assert not websub.is_signed(body, SECRET, digest)
    assert not websub.is_signed(body, SECRET, f"{method}=")


def test_weaker_ways_of_signing_are_not_believed() -> None:
    digest = hmac.new(SECRET.encode(), b"body", hashlib.md5).hexdigest()
    assert not websub.is_signed(b"body", SECRET, f"md5={digest}")


@given(body=st.binary(), signature=st.text())
def test_no_signature_raises(body: bytes, signature: str) -> None:
    assert not websub.is_signed(body, SECRET, signature)
    assert not websub.is_signed(body, SECRET, f"sha256={signature}")


@for_each(
    "url",
    [
        "https://news.example.org/",
        "http://news.example.org:8080/path/",
        "https://NEWS.Example.ORG./",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]/",
        "https://xn--bcher-kva.example.com/",
        "https://local.example.org/",
    ],
)
def test_reachable(url: str) -> None:
    assert websub.is_reachable(url)


@for_each(
    "host",
    AT_HOME.split(),
)
def test_not_reachable(host: str) -> None:
    assert not websub.is_reachable(f"http://{host}/")


@given(st.text())
def test_reachability_of_anything_is_decided(url: str) -> None:
    websub.is_reachable(url)
    websub.is_reachable(f"http://{url}/")


def test_the_link_header_is_ascii() -> None:
    assert websub.link_header(hub=HUB, self_url="https://us.example/feeds/all.rss") == (
        '<https://hub.example/>; rel="hub", <https://us.example/feeds/all.rss>; rel="self"'
    )
    assert websub.link_header(hub="https://hüb.example/ü", self_url="https://us.example/").isascii()


def test_addresses() -> None:
    assert websub.callback_url("https://us.example/a/", "token") == "https://us.example/a/websub/token"
    assert websub.topic_url("https://us.example/", "größe.rss") == "https://us.example/feeds/gr%C3%B6%C3%9Fe.rss"
