"""Private networks stay closed, whatever form an address takes and whatever leads to it."""

import re
import socket
from collections.abc import Iterator, Sequence
from datetime import datetime
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from aggregator.addresses import is_public, unwrapped
from aggregator.fetch import Fetcher
from aggregator.fetch.guard import AddressGuard, system_lookup
from aggregator.model import Failure, FeedDocument
from aggregator.urls import absolute
from tests.cases import for_each
from tests.fetch.conftest import FEED, Get, known, settings, source
from tests.hostile.answers import ASTRAY, NOT_WEB, NUMBERS, PRIVATE
from tests.servers import Server

PRIVATE_ADDRESSES = [
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
    *("100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1", "64:ff9b:1::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::"),
    *("2002:a00:1::1", "::ffff:224.0.0.1", "2001:0:7f00:1::", "fe80::1%1"),
    *("192.0.0.0", "192.0.0.8", "192.0.0.9", "192.0.0.10", "192.0.0.192", "192.0.0.255"),  # some are global by Python
    *("192.88.99.1", "168.63.129.16", "198.51.100.1", "203.0.113.1", "100.100.100.200", "0.1.2.3"),
    *("::ffff:0:7f00:1", "::ffff:0:1.1.1.1", "200::1", "3ff::1", "1fff:ffff::1", "4000::1", "5f00::1", "8000::1"),
    *("3fff::1", "3fff:fff:ffff::1", "100::1", "64:ff9b:1::1.1.1.1", "2001:1::1", "2001:2::1", "2001:20::1"),
    *("2001:1ff:ffff::1", "2606:4700::5efe:7f00:1", "2606:4700::200:5efe:1.1.1.1", "2606:4700::300:5efe:10.0.0.1"),
    *("::ffff:168.63.129.16", "64:ff9b::192.0.0.8", "2002:c058:6301::1", "2002:a83f:8110::", "::192.88.99.1"),
    "::1.1.1.1",  # v4-compatible, which is nobody's any more (RFC 4291, 2.5.5.1)
]
PUBLIC_ADDRESSES = [
    "1.1.1.1",
    "93.184.216.34",
    "2606:4700::1111",
    "::ffff:1.1.1.1",
    "64:ff9b::101:101",
    "2002:101:101::1",
    *("192.0.1.0", "191.255.255.255", "192.88.98.255", "192.88.100.0", "168.63.129.15", "168.63.129.17"),
    *("1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0"),
    *("169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.3.0", "192.167.255.255", "192.169.0.0"),
    *(
        "198.17.255.255",
        "198.20.0.0",
        "198.51.99.255",
        "198.51.101.0",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
    ),
    *("2000::1", "2001:200::1", "2001:db7:ffff::1", "2001:db9::1", "2003::1", "3ffe:ffff::1", "3fff:1000::1"),
    *("2606:4700::5eff:1.1.1.1", "2606:4700:5efe::1", "2a00:1450:4001::5efe"),
]


@for_each("address", PRIVATE_ADDRESSES)
def test_private_addresses_are_refused(address: str) -> None:
    assert not AddressGuard(()).permits(address)


@for_each("address", PUBLIC_ADDRESSES)
def test_public_addresses_are_permitted(address: str) -> None:
    assert AddressGuard(()).permits(address)


def test_a_named_network_is_permitted_and_its_neighbour_is_not() -> None:
    guard = AddressGuard(("127.0.0.1/32", "fd00::/8"))
    assert guard.permits("127.0.0.1")
    assert guard.permits("::ffff:127.0.0.1")
    assert guard.permits("fd00::1")
    assert not guard.permits("127.0.0.2")
    assert not guard.permits("::1")


@examples(max_examples=300)
@given(st.ip_addresses(v=4))
def test_no_wrapping_of_an_ipv4_address_changes_the_verdict(address: object) -> None:
    plain = ip_address(str(address))
    verdict = is_public(plain)
    number = int(plain)
    for wrapped in (0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80):
        inner = unwrapped(ip_address(wrapped.to_bytes(16, "big")))
        assert is_public(inner) == verdict
    assert not is_public(unwrapped(ip_address(number.to_bytes(16, "big"))))


@pytest.fixture
def canary() -> Iterator[Server]:
    """A server in a private network that is not allowed; nobody may even connect."""
    with Server("127.0.0.2") as running:
        running.put("*", FEED)
        yield running
        assert running.connections == 0


def forms(urls: Sequence[str], canary: Server) -> list[str]:
    """URLs of the hostile sources that lead to the canary, absolute."""
    return [
        f"http:{url}" if url.startswith("//") else url
        for url in (template.format(port=canary.port) for template in urls)
    ]


async def test_no_form_of_a_private_address_gets_through(server: Server, canary: Server, get: Get) -> None:
    for url in forms(PRIVATE, canary):
        location = absolute(url)
        assert location is not None, url
        direct, redirected = await get(location), await get(moved(server, location))
        for answer in (direct, redirected):
            assert isinstance(answer, Failure), url
            assert "is in a private network" in answer.reason, (url, answer.reason)
            assert "fetch.allow_private" in answer.advice


async def test_numbers_that_some_read_as_an_address_are_no_name(server: Server, canary: Server, get: Get) -> None:
    for url in forms(NUMBERS, canary):
        for answer in (await get(url), await get(moved(server, url))):
            assert isinstance(answer, Failure), url
            assert "is an unusual form of an IPv4 address" in answer.reason, (url, answer.reason)
            assert answer.advice == "write an IPv4 address as four decimal numbers"


async def test_what_can_be_read_in_two_ways_gets_through_in_neither(server: Server, canary: Server, get: Get) -> None:
    for url in (*forms(ASTRAY, canary), *forms(NOT_WEB, canary)):
        for answer in (await get(url), await get(moved(server, url))):
            assert isinstance(answer, Failure), url


async def test_public_numbers_are_no_name_either(get: Get) -> None:
    answer = await get("http://16843009/")
    assert isinstance(answer, Failure)
    assert answer.reason == "the host 16843009 is an unusual form of an IPv4 address"


def moved(server: Server, location: str) -> str:
    headers = {"Location": location.encode().decode("latin-1")}
    return server.put("/feed.xml", status=301, headers=headers)


async def test_a_name_that_resolves_to_a_private_address_is_refused(canary: Server, get: Get) -> None:
    answer = await get(f"http://innocent.example:{canary.port}/", lookup=lambda _host, _port: ["127.0.0.2"])
    assert isinstance(answer, Failure)
    assert answer.reason == "the address 127.0.0.2 is in a private network"


async def test_of_several_addresses_the_permitted_one_is_taken(server: Server, canary: Server, get: Get) -> None:
    server.put("/feed.xml", FEED)
    url = f"http://mixed.example:{server.port}/feed.xml"
    assert isinstance(await get(url, lookup=lambda _host, _port: ["127.0.0.2", "127.0.0.1", "::1"]), FeedDocument)


async def test_a_name_that_turns_private_is_refused_when_it_does(server: Server, canary: Server, get: Get) -> None:
    """The permitted lookup is what is connected to: a second one, with another answer, is never made for it."""
    lookups: list[str] = []

    def flips(host: str, _port: int) -> Sequence[str]:
        lookups.append(host)
        return ["127.0.0.1" if len(lookups) == 1 else "127.0.0.2"]

    server.put("/feed.xml", status=302, headers={"Location": f"http://b.example:{canary.port}/"})
    answer = await get(f"http://a.example:{server.port}/feed.xml", lookup=flips)
    assert isinstance(answer, Failure)
    assert answer.reason.startswith("the address 127.0.0.2 is in a private network (redirected to ")
    assert lookups == ["a.example", "b.example"]
    assert len(server.requests) == 1


async def test_the_second_try_is_guarded_too(server: Server, canary: Server, get: Get) -> None:
    """A first answer that only the second transport can read, from a name that has turned private by then."""
    lookups: list[str] = []

    def flips(host: str, _port: int) -> Sequence[str]:
        lookups.append(host)
        return ["127.0.0.1" if len(lookups) == 1 else "127.0.0.2"]

    server.put("/odd", raw=b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc")
    answer = await get(f"http://a.example:{server.port}/odd", lookup=flips)
    assert isinstance(answer, Failure)
    assert answer.reason == "the address 127.0.0.2 is in a private network"
    assert lookups == ["a.example", "a.example"]


async def test_a_kept_connection_lends_itself_to_no_other_name(server: Server, canary: Server, now: datetime) -> None:
    """Neither an open connection nor an answer of the resolver that is kept serves a name that turned private."""
    lookups: list[str] = []

    def flips(host: str, _port: int) -> Sequence[str]:
        lookups.append(host)
        return ["127.0.0.1" if lookups.count(host) == 1 else "127.0.0.2"]

    server.put("*", FEED)
    async with Fetcher(settings(), lambda: now, lookup=flips) as fetcher:
        urls = [f"http://{name}.example:{server.port}/{n}" for name in "ab" for n in range(3)]
        answers = [await fetcher.fetch(source(url), known()) for url in urls]
        away = await fetcher.fetch(source(f"http://a.example:{canary.port}/"), known())
    assert all(isinstance(answer, FeedDocument) for answer in answers)
    assert len(server.requests) == 6
    assert isinstance(away, Failure)
    assert away.reason == "the address 127.0.0.2 is in a private network"


async def test_forms_to_hubs_are_posted_to_no_private_network(server: Server, canary: Server, now: datetime) -> None:
    async with Fetcher(settings(), lambda: now) as fetcher:
        for url in (*forms(PRIVATE[:4], canary), *forms(NUMBERS, canary)):
            location = absolute(url) or url
            headers = {"Location": location}
            redirecting = server.put("/hub", status=307, headers=headers)
            for answer in (await fetcher.post(location, b"a=b"), await fetcher.post(redirecting, b"a=b")):
                assert isinstance(answer, Failure), url
                assert re.search("private network|unusual form", answer.reason)


async def test_a_name_that_does_not_resolve_is_a_failure(get: Get) -> None:
    def nowhere(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    answer = await get("http://nowhere.example/", lookup=nowhere)
    assert isinstance(answer, Failure)
    assert answer.reason == "DNS lookup failed: Name or service not known"


def test_the_systems_lookup_gives_each_address_once() -> None:
    assert list(system_lookup("127.0.0.1", 80)) == ["127.0.0.1"]
