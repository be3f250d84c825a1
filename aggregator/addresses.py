"""IP addresses: those of the public Internet, and unusual forms of IPv4 addresses. Pure."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_network

Address = IPv4Address | IPv6Address

_GLOBAL_UNICAST = ip_network("2000::/3")  # RFC 4291, 2.4
_NAT64 = ip_network("64:ff9b::/96")  # RFC 6052
_V4_COMPATIBLE = ip_network("::/96")  # RFC 4291, 2.5.5.1
_NUMBER = r"(?:0x[0-9a-f]*|\d+)"
_NUMBERS = re.compile(rf"{_NUMBER}(?:\.{_NUMBER})*\.?", re.IGNORECASE)


def unwrapped(address: Address) -> Address:
    """Return the IPv4 address inside an IPv6 one (mapped, NAT64, 6to4, v4-compatible), else `address` itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64 or address in _V4_COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def is_public(address: Address) -> bool:
    """Return True if `address`, already unwrapped, belongs to one host on the public Internet.

    `is_global` alone is also True for multicast, site-local and unassigned addresses.
    """
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return address.is_global and not address.is_multicast


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
