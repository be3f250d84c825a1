"""What went wrong with a request, in a sentence for the operator. Pure."""

import errno
import socket
import ssl
from http import HTTPStatus

import aiohttp
import httpx

from aggregator.fetch.guard import PrivateAddressError

STATUS_ADVICE = {
    401: "it wants credentials: set the source's headers",
    403: "it keeps us out: ask its owner, or remove the source",
    404: "check the source's URL",
    410: "it is gone for good: remove the source, or change its URL",
    429: "it is asked less often for a while",
}


def status_reason(status: int) -> str:
    """The sentence for an HTTP status; the phrase is the standard's, not the server's."""
    try:
        return f"the server answered {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"the server answered {status}"


def error_reason(error: BaseException) -> tuple[str, str]:
    """Reason and advice for what a transport raised."""
    found = (_reason(cause) for cause in _causes(error))
    return next((reason for reason in found if reason), ("the connection broke off", ""))


def _causes(error: BaseException | None) -> tuple[BaseException, ...]:
    """The error and what caused it, innermost first: libraries wrap what the system said."""
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__
    return tuple(reversed(chain))


def _reason(error: BaseException) -> tuple[str, str] | None:
    match error:
        case PrivateAddressError():
            return (
                f"its address {error.address} lies in a private network",
                f"if that is meant, add {error.address} to fetch.allow_private",
            )
        case socket.gaierror() | UnicodeError():
            return "its host name does not resolve", "check the source's URL, and this machine's DNS"
        case ssl.SSLCertVerificationError():
            return f"its TLS certificate is not valid: {error.verify_message}", ""
        case ssl.SSLError():
            return "no TLS connection came about", ""
        case aiohttp.ClientProxyConnectionError() | aiohttp.ClientHttpProxyError() | httpx.ProxyError():
            return "the proxy does not let us through", "check fetch.proxy"
        case ConnectionRefusedError():
            return "the connection was refused", "nothing listens at its port, or a firewall says no"
        case httpx.RemoteProtocolError() | aiohttp.ClientResponseError():
            return "what answers there does not keep to HTTP", ""
        case OSError(errno=errno.EMFILE | errno.ENFILE):
            return "this machine has no socket left", "raise its limit of open files, or lower fetch.concurrency"
        case OSError(errno=errno.ENETUNREACH | errno.EHOSTUNREACH | errno.ETIMEDOUT):
            return "its address cannot be reached", ""
        case ValueError() | httpx.InvalidURL():
            return "its URL or its headers cannot be sent", "check both"
        case _:
            return None
