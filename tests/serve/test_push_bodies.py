"""Bodies of pushes from real clients: a hub that is slow, or sends much, leaves room for the others."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from aggregator.serve import push_bodies
from aggregator.serve.push_bodies import NoRoomError, PushBodies, TooLargeError
from aggregator.settings import Fetch
from tests.commands import until

SETTINGS = Fetch.model_validate({"max_bytes": "1KB", "timeout": "30s"})


@contextmanager
def served(settings: Fetch = SETTINGS) -> Iterator[tuple[int, PushBodies]]:
    bodies = PushBodies()

    async def receive(request: Request) -> PlainTextResponse:
        try:
            body = await bodies.receive(request, f"http://{request.query_params['hub']}/", settings)
        except NoRoomError:
            return PlainTextResponse("no room", 503)
        except TooLargeError:
            return PlainTextResponse("too large", 413)
        except (TimeoutError, ClientDisconnect):
            return PlainTextResponse("too slow", 408)
        return PlainTextResponse(f"{len(body)} bytes")

    site = Starlette(routes=[Route("/", receive, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(site, lifespan="off", log_config=None, timeout_graceful_shutdown=1))
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        thread.start()
        try:
            yield listener.getsockname()[1], bodies
        finally:
            server.should_exit = True
            thread.join(30)


def push(port: int, hub: str, sent: bytes, length: int) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=30)
    head = f"POST /?hub={hub} HTTP/1.1\r\nHost: here\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    client.sendall(head.encode() + sent)
    return client


def answer(client: socket.socket) -> str:
    with client:
        return b"".join(iter(lambda: client.recv(65536), b"")).decode().rpartition("\r\n\r\n")[2]


def test_slow_bodies_of_one_hub_leave_room_for_anothers() -> None:
    with served() as (port, bodies), ExitStack() as clients:
        slow = [clients.enter_context(push(port, "slow", b"x", 9)) for _ in range(push_bodies.MAX_BODIES_OF_HUB)]
        until(lambda: bodies._numbers["slow"] == len(slow))
        assert answer(push(port, "slow", b"x", 1)) == "no room"
        assert answer(push(port, "other", b"x", 1)) == "1 bytes"
        for client in slow:
            client.sendall(b"x" * 8)
        assert {answer(client) for client in slow} == {"9 bytes"}
        assert answer(push(port, "slow", b"x", 1)) == "1 bytes"


def test_the_bytes_of_one_hub_leave_room_for_anothers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_bodies, "MAX_DRAIN", 0.1)
    with served() as (port, bodies), ExitStack() as clients:
        for _ in range(push_bodies.MAX_BYTES_OF_HUB):
            clients.enter_context(push(port, "large", b"x" * 999, 1000))
        until(lambda: bodies._bytes["large"] == 999 * push_bodies.MAX_BYTES_OF_HUB)
        assert answer(push(port, "large", b"x" * 999, 999)) == "no room"
        assert answer(push(port, "other", b"x" * 1000, 1000)) == "1000 bytes"
        assert bodies._bytes["large"] == 999 * push_bodies.MAX_BYTES_OF_HUB


def test_nothing_is_counted_once_bodies_came_were_refused_or_broke_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_bodies, "MAX_DRAIN", 0.1)
    with served(SETTINGS.model_copy(update={"timeout": SETTINGS.timeout / 100})) as (port, bodies):
        assert answer(push(port, "a", b"x" * 1000, 1000)) == "1000 bytes"
        assert answer(push(port, "a", b"x" * 1001, 1001)) == "too large"
        assert answer(push(port, "a", b"x", 2)) == "too slow"
        push(port, "a", b"x", 2).close()
        until(lambda: not bodies._numbers.total() and not bodies._bytes.total())
