"""IP addresses: those that belong to the public Internet. Pure."""

from ipaddress import IPv4Address, IPv6Address, ip_network

Address = IPv4Address | IPv6Address

_GLOBAL_UNICAST = ip_network("2000::/3")  # RFC 4291, 2.4
_NAT64 = ip_network("64:ff9b::/96")  # RFC 6052
_V4_COMPATIBLE = ip_network("::/96")  # RFC 4291, 2.5.5.1


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
