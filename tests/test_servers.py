"""The tests' own server does what its users count on."""

import gc
import http.client
import socket
from contextlib import ExitStack

import pytest

from tests.servers import Answer, Request, Server


def ask(server: Server, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    try:
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def test_it_serves_and_records(server: Server) -> None:
    server.put("/feed.xml", "<rss/>", headers={"X": "y"})
    status, headers, body = ask(server, "/feed.xml?a=1", X_Mine="1")
    assert (status, headers["X"], body) == (200, "y", b"<rss/>")
    assert [(request.target, request.header("x-mine")) for request in server.asked("/feed.xml")] == [
        ("/feed.xml?a=1", "1")
    ]
    assert ask(server, "/other")[0] == 404


def test_it_answers_conditions(server: Server) -> None:
    server.put("/feed.xml", b"<rss/>", headers={"ETag": '"1"', "Last-Modified": "yesterday"})
    assert ask(server, "/feed.xml", If_None_Match='"1"')[0] == 304
    assert ask(server, "/feed.xml", If_None_Match='"2"', If_Modified_Since="yesterday")[0] == 200
    assert ask(server, "/feed.xml", If_Modified_Since="yesterday")[0] == 304


def test_it_sends_chunks_gzip_raw_bytes_and_what_a_function_says(server: Server) -> None:
    def echo(request: Request) -> Answer:
        return Answer(status=418, body=request.target.encode())

    server.put("/chunks", chunks=(b"a", b"b"))
    server.put("/gzip", b"a" * 100, gzip=True)
    server.put("/raw", raw=b"HTTP/1.0 200 Fine\r\n\r\nbytes")
    server.put("/echo", echo)
    assert ask(server, "/chunks")[2] == b"ab"
    assert len(ask(server, "/gzip", Accept_Encoding="gzip")[2]) < 100
    assert ask(server, "/raw")[2] == b"bytes"
    assert ask(server, "/echo")[::2] == (418, b"/echo")


def test_it_cuts_the_connection(server: Server) -> None:
    server.put("/reset", raw=b"HTTP/1.1 200 OK\r\nContent-Le", reset=True)
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        ask(server, "/reset")


def test_it_leaves_no_connection_open_that_comes_while_it_ends(recwarn: pytest.WarningsRecorder) -> None:
    for _ in range(30):
        with ExitStack() as clients, Server() as server:
            for _ in range(4):
                clients.enter_context(socket.create_connection((server.host, server.port)))
    gc.collect()
    assert [str(warning.message) for warning in recwarn] == []
