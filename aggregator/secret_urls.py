"""Secrets in URLs: credentials, and parameters such as `token`; how such a URL is shown, and made a link. Pure.

`${NAME}`, which the environment gives, is no secret as it is written.
"""

import re
from urllib.parse import urlsplit

from aggregator.urls import without_credentials

HIDDEN = "***"
TELLING = 8  # characters from which on a text can only be the secret

_CREDENTIALS = re.compile(r"^([^/?#]*//)([^/?#]*)@")
# A semicolon belongs to the value unless it begins another parameter.
_PARAMETER = re.compile(r"([?&#;]([^=&#;?]*)=)([^&#;]*(?:;(?![^=&#;?]*=)[^&#;]*)*)")
_NAMES = frozenset({"apikey", "auth", "authkey", "key", "passwd", "password", "secret", "sig", "signature", "token"})
_ENDINGS = ("token", "secret", "password", "signature", "apikey")  # access_token, feed_token, X-Amz-Signature
_REFERENCES = re.compile(r"(?:\$\{[^}]*\}|:)+")


def masked_url(url: str) -> str:
    """Return `url` as it is shown: `***` in place of each literal secret; the rest as it is written."""
    masked = _CREDENTIALS.sub(_masked_credentials, url) if "@" in url else url
    return _PARAMETER.sub(masked_parameter, masked) if "=" in masked else masked


def has_secret(url: str) -> bool:
    """Return True if `url` holds credentials or a parameter with a secret, literal or from the environment."""
    return "${" in url or has_literal_secret(url)


def has_literal_secret(url: str) -> bool:
    """Return True if `url` holds a secret that could be in the environment instead."""
    return masked_url(url) != url


def literal_secrets(url: str) -> tuple[str, ...]:
    """Return the values of the parameters of `url` that are secrets."""
    values = ((match[2], match[3]) for match in _PARAMETER.finditer(url))
    return tuple(value for name, value in values if is_secret(name, value))


def shown_parameters(url: str) -> dict[str, str]:
    """Return the parameters of `url` that hold secrets, `token=abc`, each with how it is shown: `token=***`.

    In a URL within another one they have `%3D`. Left out are short values, which need not be secrets: `key=news`.
    """
    pairs = [(match[2], match[3]) for match in _PARAMETER.finditer(url) if is_secret(match[2], match[3])]
    pairs = [(name, value) for name, value in pairs if len(value) >= TELLING]
    return {f"{name}{sign}{value}": f"{name}{sign}{HIDDEN}" for name, value in pairs for sign in ("=", "%3D")}


def without_secrets(url: str) -> str:
    """Return `url` as a link that everybody may see: without credentials, and without a query that holds a secret."""
    link = without_credentials(url)
    if not has_secret(link):
        return link
    path = re.split("[?#]", link, maxsplit=1)[0]
    if "${" not in path:
        return path
    try:
        parts = urlsplit(path)
    except ValueError:  # an invalid IPv6 host
        return ""
    return f"{parts.scheme}://{parts.netloc}/"


def masked_parameter(match: re.Match[str]) -> str:
    """Return a parameter as it is shown; the groups of the match are `?name=`, `name` and its value."""
    return match[1] + HIDDEN if is_secret(match[2], match[3]) else match[0]


def is_secret(name: str, value: str) -> bool:
    """Return True if the value of a parameter, or of a setting, with this name is a literal secret."""
    letters = re.sub("[^a-z]", "", name.lower())
    is_named = letters in _NAMES or letters.endswith(_ENDINGS)
    return is_named and value not in ("", HIDDEN) and not _REFERENCES.fullmatch(value)


def _masked_credentials(match: re.Match[str]) -> str:
    return match[0] if _REFERENCES.fullmatch(match[2]) else f"{match[1]}{HIDDEN}@"
