"""Failed requests as one sentence for the operator. Pure."""

import errno
import os
import socket
import ssl
from http import HTTPStatus

import aiohttp
import httpx

from aggregator.fetch.guard import PrivateAddressError

STATUS_ADVICE = {
    401: "authentication is required: set the source's headers",
    403: "access is denied: ask the feed's owner, or remove the source",
    404: "check the source's URL",
    410: "the feed was removed for good: remove the source, or change its URL",
    429: "it is polled less often for a while",
}
_CERTIFICATE_ADVICE = (
    "ask the feed's owner to mend the certificate; if it is your own or your network's, name a file with its "
    "certificate authority in SSL_CERT_FILE"
)
_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.ENETDOWN})
PROXY_ERRORS = (aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError, httpx.ProxyError)


class ResponseError(Exception):
    """A URL or response that is not acceptable; reason and advice are sentences for the operator."""

    def __init__(self, reason: str, advice: str = "", status: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.advice, self.status = reason, advice, status


def status_reason(status: int) -> str:
    """Return the sentence for an HTTP status, with the standard's phrase instead of the server's."""
    try:
        return f"the server answered {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"the server answered {status}"


def is_unreachable(error: Exception) -> bool:
    """Return whether name resolution failed or there is no route, which may be the fault of our own network."""
    return any(
        isinstance(cause, socket.gaierror) or (isinstance(cause, OSError) and cause.errno in _NO_ROUTE)
        for cause in _causes(error)
    )


def _causes(error: Exception) -> list[Exception]:
    """Return the error and what caused it: libraries wrap system errors."""
    causes = [error]
    while isinstance(cause := causes[-1].__cause__, Exception):
        causes.append(cause)
    return causes


def error_reason(error: Exception) -> tuple[str, str]:
    """Return reason and advice for an error of a transport, from its innermost cause."""
    causes = _causes(error)
    if any(isinstance(cause, PROXY_ERRORS) for cause in causes):
        return "the proxy refused the connection", "check fetch.proxy"
    reasons = (_reason(cause) for cause in reversed(causes))
    return next(filter(None, reasons), ("the server closed the connection before the response was complete", ""))


def _reason(error: Exception) -> tuple[str, str] | None:
    match error:
        case PrivateAddressError():
            return (
                f"the address {error.address} is in a private network",
                f"if that is intended, add {error.address} to fetch.allow_private",
            )
        case OSError():
            return _system_reason(error)
        case UnicodeError():
            return "DNS lookup failed: invalid host name", "check the source's URL"
        case httpx.RemoteProtocolError() | aiohttp.ClientResponseError():
            return "the server sent an invalid HTTP response", ""
        case ValueError() | httpx.InvalidURL():
            return "the URL or a header contains invalid characters", "check the source's URL and headers"
        case _:
            return None


def _system_reason(error: OSError) -> tuple[str, str] | None:
    match error:
        case socket.gaierror():
            return f"DNS lookup failed: {error.strerror}", "check the source's URL, and this machine's DNS"
        case ssl.SSLCertVerificationError():
            return f"TLS handshake failed: {error.verify_message.removesuffix('.')}", _CERTIFICATE_ADVICE
        case ssl.SSLError():
            return f"TLS handshake failed: {(error.reason or 'unknown reason').lower().replace('_', ' ')}", ""
        case ConnectionRefusedError():
            return "connection refused", "no server listens on that port, or a firewall rejects the connection"
        case OSError(errno=errno.EMFILE | errno.ENFILE):
            return "too many open files", "raise the limit on open files, or lower fetch.concurrency"
        case OSError(errno=errno.ENETUNREACH | errno.EHOSTUNREACH | errno.ETIMEDOUT):
            return os.strerror(error.errno or 0).lower(), ""
        case _:
            return None
