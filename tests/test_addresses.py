"""Addresses: public ones, and IPv4 in forms that hide it."""

import socket

from hypothesis import given
from hypothesis import strategies as st

from aggregator.addresses import is_unusual_ipv4
from tests.cases import for_each


@for_each("host", ["2130706433", "0x7f.1", "0X7F.0.0.1", "0177.0.0.1", "127.1", "127.0.0.1.", "0", "999.1.1.1"])
def test_an_unusual_form_is_seen(host: str) -> None:
    assert is_unusual_ipv4(host)


@for_each("host", ["127.0.0.1", "8.8.8.8", "1.example", "0x7g", "example.org", "", "::1", "3com.com"])
def test_everything_else_is_not(host: str) -> None:
    assert not is_unusual_ipv4(host)


@given(st.text(alphabet="01279abfxX.", max_size=12))
def test_no_form_that_the_system_reads_is_missed(host: str) -> None:
    try:
        address = socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return
    assert is_unusual_ipv4(host) or address == host
