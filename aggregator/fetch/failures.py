"""What went wrong with a request, in a sentence for the operator. Pure."""

import errno
import socket
import ssl
from http import HTTPStatus

import aiohttp
import httpx

from aggregator.fetch.guard import PrivateAddressError, SpellingError

STATUS_ADVICE = {
    401: "it wants credentials: set the source's headers",
    403: "it keeps us out: ask its owner, or remove the source",
    404: "check the source's URL",
    410: "it is gone for good: remove the source, or change its URL",
    429: "it is asked less often for a while",
}
PROXY_ERRORS = (aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError, httpx.ProxyError)


class AnswerError(Exception):
    """The answer breaks a bound or a promise; reason and advice are sentences for the operator."""

    def __init__(self, reason: str, advice: str = "", status: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.advice, self.status = reason, advice, status


def status_reason(status: int) -> str:
    """The sentence for an HTTP status; the phrase is the standard's, not the server's."""
    try:
        return f"the server answered {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"the server answered {status}"


def error_reason(error: Exception) -> tuple[str, str]:
    """Reason and advice for what a transport raised: its innermost cause, since libraries wrap what the system said."""
    causes = [error]
    while isinstance(cause := causes[-1].__cause__, Exception):
        causes.append(cause)
    if any(isinstance(cause, PROXY_ERRORS) for cause in causes):
        return "the proxy does not let us through", "check fetch.proxy"
    found = (_reason(cause) for cause in reversed(causes))
    return next((reason for reason in found if reason), ("the connection broke off", ""))


def _reason(error: Exception) -> tuple[str, str] | None:
    match error:
        case PrivateAddressError():
            return (
                f"its address {error.address} lies in a private network",
                f"if that is meant, add {error.address} to fetch.allow_private",
            )
        case SpellingError():
            return (
                f"its host {error.host} is no valid name; some programs read it as the address {error.address}",
                "write an IPv4 address as four decimal numbers",
            )
        case socket.gaierror() | UnicodeError():
            return "its host name does not resolve", "check the source's URL, and this machine's DNS"
        case ssl.SSLCertVerificationError():
            return f"its TLS certificate is not valid: {error.verify_message}", ""
        case ssl.SSLError():
            return "no TLS connection came about", ""
        case ConnectionRefusedError():
            return "the connection was refused", "nothing listens at its port, or a firewall says no"
        case httpx.RemoteProtocolError() | aiohttp.ClientResponseError():
            return "what answers there does not keep to HTTP", ""
        case OSError(errno=errno.EMFILE | errno.ENFILE):
            return "this machine has no socket left", "raise its limit of open files, or lower fetch.concurrency"
        case OSError(errno=errno.ENETUNREACH | errno.EHOSTUNREACH | errno.ETIMEDOUT):
            return "its address cannot be reached", ""
        case ValueError() | httpx.InvalidURL():
            return "its URL or one of its headers cannot be sent", "check both for odd characters"
        case _:
            return None
