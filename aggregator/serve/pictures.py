"""`/picture/<name>`: a picture of an article. Edge; all that blocks is done in threads, by `Pictures`."""

from collections.abc import Awaitable, Callable
from hashlib import blake2b
from math import ceil

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from aggregator.pictures.pictures import Pictures
from aggregator.pictures.source import PictureHeldError
from aggregator.serve.negotiation import is_not_modified
from aggregator.settings import Settings

# A picture is bytes of strangers, even if we wrote them: whatever a browser takes it for, it may do nothing.
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}
KEEP = {"Cache-Control": "public, max-age=604800"}  # the address is that of one picture; a week, as it may be pruned


def picture_endpoint(settings: Settings, pictures: Pictures) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint; it gives nothing unless pages show its pictures."""

    async def picture(request: Request) -> Response:
        try:
            name = request.path_params["name"]
            cached = await pictures.get(name) if settings.pages.pictures == "proxy" else None
        except PictureHeldError as error:
            later = {"Retry-After": str(max(1, ceil(error.wait.total_seconds()))), "Cache-Control": "no-store"}
            return PlainTextResponse("not now\n", 503, headers={**HEADERS, **later})
        if cached is None:
            return PlainTextResponse("no such picture\n", 404, headers={**HEADERS, "Cache-Control": "no-cache"})
        etag = f'"{blake2b(cached.data, digest_size=12).hexdigest()}"'
        headers = {**HEADERS, **KEEP, "ETag": etag}
        if is_not_modified(request.headers, etag, None):
            return Response(status_code=304, headers=headers)
        return Response(cached.data, headers=headers, media_type=cached.media_type)

    return picture
