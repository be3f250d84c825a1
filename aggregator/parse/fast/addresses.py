"""Addresses as feedparser makes them absolute, before `urls` makes good ones of them. Pure."""

import re
from urllib.parse import urljoin

from aggregator.parse.fast.names import NotListed
from aggregator.urls import MAX_LENGTH

_SIMPLE = re.compile(  # joined to any base it stays as it is
    r"https?://[A-Za-z0-9][A-Za-z0-9.-]*+(?::\d{1,4})?(?:/[A-Za-z0-9\-._~:/@!$&'()*+,=%]*+)?"
    r"(?:\?[A-Za-z0-9\-._~:/?@!$&'()*+,;=%]++)?"
)
_SLASHES = re.compile(r"([A-Za-z][A-Za-z0-9+-.]*://)/+")


def joined(base: str, address: str) -> str:
    """`address` made absolute as feedparser does it: "" where it is none."""
    if _SIMPLE.fullmatch(address):
        return address
    try:
        return urljoin(base, _SLASHES.sub(r"\1", address, count=1) if _SLASHES.match(address) else address)
    except ValueError:
        return ""


def based(base: str, stated: str) -> str:
    """The base in force inside an element that states one; NotListed where it would become another further inside."""
    found = joined(base, stated)
    if len(found) > MAX_LENGTH or not found.startswith(("http://", "https://")) or joined(found, found) != found:
        raise NotListed(stated)
    return found


def with_href(attributes: dict[str, str]) -> dict[str, str]:
    """The attributes, with the address as `href` whatever it was called."""
    href = attributes.get("url", attributes.get("uri", attributes.get("href")))
    if not href:
        return dict(attributes)
    kept = {key: value for key, value in attributes.items() if key not in ("url", "uri")}
    return kept | {"href": href}
