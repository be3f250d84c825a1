"""Compression of pages by what a request's Accept-Encoding says. Edge."""

from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Receive, Scope, Send

from aggregator.serve.negotiation import accepts_gzip

_FIELD = b"accept-encoding"


class Compression(GZipMiddleware):
    """ASGI middleware that compresses for whom accepts it; Starlette's own overlooks `gzip;q=0` and `*`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        fields = [field for field in scope["headers"] if field[0] != _FIELD]
        if accepts_gzip(", ".join(Headers(scope=scope).getlist("accept-encoding"))):
            fields.append((_FIELD, b"gzip"))
        await super().__call__({**scope, "headers": fields}, receive, send)
