"""IP addresses: those of the public Internet, and unusual forms of IPv4 addresses. Pure."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address

# IANA's registry of special-purpose addresses, multicast, reserved, and the one of a cloud's host. The lists are ours,
# because those of `ipaddress` differ between versions of Python.
_SPECIAL_PURPOSE = """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
    192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
"""
_SPECIAL_V4 = tuple(map(IPv4Network, _SPECIAL_PURPOSE.split()))
_GLOBAL_UNICAST = IPv6Network("2000::/3")  # RFC 4291, 2.4
_SPECIAL_V6 = tuple(  # within it: protocol assignments (Teredo, ORCHID, benchmarks), documentation, 6to4
    map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
)
_ISATAP = 0x5EFE  # upper half of an interface identifier, but for two bits (RFC 5214, 6.1)
_ISATAP_MASK = 0xFCFF_FFFF
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052
_NUMBER = r"(?:0x[0-9a-f]*|\d+)"
_NUMBERS = re.compile(rf"{_NUMBER}(?:\.{_NUMBER})*\.?", re.IGNORECASE)


def unwrapped(address: Address) -> Address:
    """Return the IPv4 address inside an IPv6 one (mapped, NAT64, 6to4), else `address` itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def is_public(address: Address) -> bool:
    """Return True if `address`, already unwrapped, belongs to one host on the public Internet."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL_V4)
    if address not in _GLOBAL_UNICAST or any(address in network for network in _SPECIAL_V6):
        return False
    return int(address) >> 32 & _ISATAP_MASK != _ISATAP  # it leads to the IPv4 address within


def is_unusual_ipv4(host: str) -> bool:
    """Return True if `host` is an IPv4 address in a form other than four decimal numbers, such as 2130706433 or 0x7f.1.

    Some programs accept such forms (inet_aton(3)), others take them for a name. A trailing dot counts too.
    """
    if not _NUMBERS.fullmatch(host):
        return False
    try:
        IPv4Address(host)
    except AddressValueError:
        return True
    return False
