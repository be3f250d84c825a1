"""Answers to paths that no route has: a redirect for a slash at the end, 404 for all others. Edge."""

from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from aggregator.serve.folder import CROSS_ORIGIN, PREFIX

MAX_PATH = 1000  # bytes of a path that is repeated in a redirect


class SlashRedirects:
    """ASGI application for paths without a route.

    A redirect is relative to the path, so that it holds below any path of a proxy and repeats no Host of the request.
    """

    def __init__(self, routes: list[BaseRoute]) -> None:
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Redirect to the path without its slash if a route has it. Raises HTTPException."""
        location = self._location(scope)
        if location is None:
            raise HTTPException(404)
        headers = {"X-Content-Type-Options": "nosniff"} | (CROSS_ORIGIN if scope["path"].startswith(PREFIX) else {})
        await RedirectResponse(location, 308, headers=headers)(scope, receive, send)

    def _location(self, scope: Scope) -> str | None:
        path = scope["raw_path"].decode("latin-1")
        if len(path) > MAX_PATH or not path.endswith("/") or "//" in path:
            return None
        candidate = {**scope, "path": scope["path"].removesuffix("/")}
        if not any(route.matches(candidate)[0] is not Match.NONE for route in self._routes):
            return None
        name = quote(path[:-1].rpartition("/")[2], safe="%:@!$&'()*+,;=~")
        query = quote(scope["query_string"].decode("latin-1"), safe="%:@!$&'()*+,;=~/?")
        return f"../{name}" + (f"?{query}" if query else "")
