"""A translation server that fails: what is held off, for how long, and what the log says."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from aggregator.pipeline.translate import Translator
from tests.newsroom import item, rss
from tests.servers import Answer, Request, Server
from tests.whole.test_translations import room_of, rows, sent, translated

KEY = "s3cret-key-of-the-server"


def titles(room: Any) -> list[str]:
    """Titles of the stored translations, those that are still to be made left out."""
    return sorted(row["title"] for row in rows(room) if row["title"])


@pytest.mark.parametrize("status", [429, 503, 500])
@pytest.mark.parametrize(("seconds", "wait"), [(90, 90), (7 * 86_400, 3600)])
def test_retry_after_is_observed_by_the_next_run_too(
    tmp_path: Path, server: Server, status: int, seconds: int, wait: int
) -> None:
    room = room_of(tmp_path, server)
    server.put("/translate", status=status, headers={"Retry-After": str(seconds)})
    room.once()
    room.translate()
    server.put("/translate", translated)
    room.later(seconds=wait - 1)
    room.translate()
    assert len(sent(server)) == 1
    room.later(seconds=1)
    room.translate()
    assert titles(room) == ["[de] The bridge"]


def test_the_waits_grow_from_a_second_to_an_hour(tmp_path: Path, server: Server) -> None:
    room = room_of(tmp_path, server)
    server.put("/translate", status=503)
    room.once()
    for attempts, wait in enumerate([*(2**power for power in range(12)), 3600, 3600], start=1):
        room.translate()
        assert len(sent(server)) == attempts
        room.later(seconds=wait - 1)
        room.translate()
        assert len(sent(server)) == attempts
        room.later(seconds=1)


def test_another_server_or_key_is_asked_at_once(tmp_path: Path, server: Server) -> None:
    room = room_of(tmp_path, server)
    server.put("/translate", status=403)
    room.once()
    room.translate()
    server.put("/translate", translated)
    room.translate()
    assert titles(room) == []
    room.configuration["translate"]["key"] = KEY
    room.later(seconds=1)
    server.put("/translate", status=403, headers={"Retry-After": "3600"})
    room.translate()
    server.put("/other/translate", translated)
    room.configuration["translate"]["url"] = server.url("/other")
    room.later(seconds=3)
    room.translate()
    assert titles(room) == ["[de] The bridge"]


BAD_ANSWERS: dict[str, dict[str, Any]] = {
    "not JSON": {"body": b"<html>"},
    "another type": {"body": b'{"translatedText": ["a"]}'},
    "too long": {"body": json.dumps({"translatedText": "a" * 100_000}).encode()},
    "endless": {"chunks": (b"x" * 100_000 for _ in range(10_000))},
    "an internal error": {"status": 500},
    "refused": {"status": 400},
}


@pytest.mark.parametrize("answer", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_one_text_that_cannot_be_translated_holds_off_no_other(
    tmp_path: Path, server: Server, answer: dict[str, Any]
) -> None:
    room = room_of(tmp_path, server, fetch={"max_bytes": "1MB"})
    server.put("/feed", rss(item(1, title="The bridge"), item(2, title="The harbour")))

    def answered(request: Request) -> Answer:
        return Answer(**answer) if b"bridge" in request.body else translated(request)

    server.put("/translate", answered)
    room.once()
    room.translate()
    assert titles(room) == ["[de] The harbour"]
    (bad,) = (row for row in rows(room) if not row["title"])
    assert (bad["failures"], bad["lease_until"]) == (1, None)
    assert bad["error"]


def test_a_bad_text_alone_for_hours_delays_no_new_article(tmp_path: Path, server: Server) -> None:
    room = room_of(tmp_path, server)

    def answered(request: Request) -> Answer:
        return Answer(body=b"<html>") if b"bridge" in request.body else translated(request)

    server.put("/translate", answered)
    room.once()
    with room.opened() as app:
        translator = Translator(app)  # of a daemon
        for _ in range(12):
            asyncio.run(translator.translate_due())
            room.later(hours=1)
    assert len(sent(server)) == 12
    server.put("/feed", rss(item(2, title="The harbour")))
    room.later(hours=1)
    room.once()
    with room.opened() as app:
        asyncio.run(Translator(app).translate_due())
    assert titles(room) == ["[de] The harbour"]


def test_bad_answers_to_several_articles_are_the_servers_fault(tmp_path: Path, server: Server) -> None:
    room = room_of(tmp_path, server)
    server.put("/feed", rss(*(item(number) for number in range(9))))
    server.put("/translate", b"<html>")
    room.once()
    room.translate()
    assert len(sent(server)) == 3
    room.translate()
    assert len(sent(server)) == 3
    server.put("/translate", translated)
    room.later(seconds=1)
    room.translate()
    assert len(titles(room)) == 9


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"status": 403}, "the server answered 403 Forbidden; check `translate.key`; the translation server is"),
        ({"status": 404}, "the server answered 404 Not Found; check `translate.url`; the translation server is"),
        ({"status": 307, "headers": {"Location": f"/x?{KEY}"}}, "the server answered 307 Temporary Redirect; the"),
        ({"status": 400, "body": KEY.encode()}, "the server answered 400 Bad Request; no translation of https://"),
        (
            {"body": KEY.encode()},
            "the response is not JSON; no translation of https://source.example/stories/1 into de",
        ),
        ({"raw": f"{KEY}\r\n\r\n".encode()}, "the server sent an invalid HTTP response; check `translate.url`; the"),
        (
            {"reset": True, "raw": b""},
            "check `translate.url`; the translation server is asked again at 2026-11-24T12:00",
        ),
    ],
    ids=lambda value: str(value)[:20],
)
def test_the_key_is_in_no_message_file_or_row(
    tmp_path: Path, server: Server, caplog: pytest.LogCaptureFixture, answer: dict[str, Any], reason: str
) -> None:
    room = room_of(tmp_path, server)
    url = server.url("/").replace("//", "//name:s3cret-word@")
    room.configuration["translate"] = {"url": url, "key": KEY}
    server.put("/translate", **{"body": b"", **answer})
    caplog.set_level(logging.DEBUG)
    room.once()
    room.translate()
    assert json.loads(server.asked("/translate")[0].body)["api_key"] == KEY
    assert reason in caplog.text
    (row,) = rows(room)
    assert row["error"]
    stored = b"".join(path.read_bytes() for path in room.storage.rglob("*") if path.is_file())
    for secret in (KEY, "s3cret-word"):
        assert secret not in caplog.text
        assert secret.encode() not in stored
    assert len(server.requests) == 2  # no redirect is followed


def test_a_server_elsewhere_is_asked_through_the_proxy(tmp_path: Path, server: Server) -> None:
    room = room_of(tmp_path, server)
    room.once()
    room.configuration["fetch"]["proxy"] = server.url("/").rstrip("/")
    room.configuration["translate"]["url"] = "http://translate.example.org/"
    server.put("*", translated)
    room.translate()
    assert [request.target for request in server.requests[1:]] == ["http://translate.example.org/translate"] * 3
    assert titles(room) == ["[de] The bridge"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "a.localhost", "[::ffff:127.0.0.1]"])
def test_a_server_in_this_network_is_asked_directly(tmp_path: Path, server: Server, host: str) -> None:
    room = room_of(tmp_path, server)
    room.once()
    with Server() as proxy:
        room.configuration["fetch"]["proxy"] = proxy.url("/").rstrip("/")
        room.configuration["translate"]["url"] = f"http://{host}:{server.port}/"
        room.translate()
        assert proxy.requests == []


def test_an_article_that_changes_meanwhile_is_translated_as_it_is(tmp_path: Path, server: Server) -> None:
    room = room_of(tmp_path, server)
    room.once()

    def answered(request: Request) -> Answer:
        if len(sent(server)) == 1:
            with room.opened() as app:
                app.store.translations.renew([app.store.articles.page(None, 1)[0].id], app.clock())
        return translated(request)

    server.put("/translate", answered)
    room.translate()
    (row,) = rows(room)
    assert (row["title"], row["due"], row["lease_until"]) == ("[de] The bridge", None, None)
    assert len(sent(server)) == 3  # remembered
