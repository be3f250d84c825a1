"""Passwords in URLs, tokens in headers and cookies: who gets to see them, and in which bytes they never turn up."""

import re
import signal
import sqlite3
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.commands import aggregator, daemon, until
from tests.newsroom import item, newsroom, prose, rss
from tests.servers import Server

PASSWORD, TOKEN, COOKIE = "p4ss-c4nary", "t0ken-c4nary", "c00kie-c4nary"
BASIC = b64encode(f"reader:{PASSWORD}".encode()).decode()
SECRETS = (PASSWORD, TOKEN, COOKIE, BASIC)
PATHS = ("good", "moved", "elsewhere", "lost", "cut", "private", "broken", "odd")


@pytest.fixture
def second_server() -> Iterator[Server]:
    """Another origin, to which the first one redirects."""
    with Server() as running:
        running.put("/moved", rss(item(20)), headers={"Set-Cookie": f"b={COOKIE}"})
        running.put("/elsewhere", rss(item(21)), headers={"ETag": '"1"'})
        yield running


@pytest.fixture
def folder(tmp_path: Path, server: Server, second_server: Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sources with a password and a token each, which answer well, move, fail and lead astray."""
    monkeypatch.setenv("HOSTILE_TOKEN", TOKEN)
    bare = f"<title>No link of its own</title><description>{prose(99)}</description>"
    document = rss(item(1), bare).replace(b"<link>https://source.example/</link>", b"")
    server.put("/good", document, headers={"Set-Cookie": f"a={COOKIE}; Path=/", "ETag": '"1"'})
    server.put("/moved", status=301, headers={"Location": second_server.url("/moved"), "Set-Cookie": f"a={COOKIE}"})
    server.put("/elsewhere", status=302, headers={"Location": second_server.url("/elsewhere")})
    server.put("/lost", status=401, headers={"WWW-Authenticate": f'Basic realm="{TOKEN}"'})
    server.put("/cut", rss(item(2), item(3))[:-60])
    server.put("/private", status=302, headers={"Location": "http://10.0.0.1/"})
    server.put("/broken", raw=b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<rss>")
    server.put("/odd", status=302, headers={"Location": f"javascript:{TOKEN}"})
    sources: list[dict[str, Any]] = [
        {
            "name": path,
            "url": server.url(f"/{path}").replace("//", f"//reader:{PASSWORD}@"),
            "headers": {"X-Token": "${HOSTILE_TOKEN}"},
        }
        for path in PATHS
    ]
    fetch = {"allow_private": ["127.0.0.1/32"], "host_gap": "0s", "interval": "1s", "min_interval": "0s"}
    (tmp_path / "feeds.yaml").write_text(yaml.safe_dump({"fetch": fetch, "sources": sources}))
    return tmp_path


def test_secrets_turn_up_nowhere(folder: Path, server: Server) -> None:
    processes = [
        aggregator(*words, cwd=folder)
        for words in (
            *(("once", "--all", "--json"), ("--debug", "once", "--all"), ("sources",), ("sources", "--json")),
            *(("export",), ("verify",), ("publish",), ("check",)),
        )
    ]
    before = len(server.requests)
    with daemon(folder) as (process, url):
        until(lambda: len(server.requests) > before)
        paths = (
            "",
            "status",
            "status.json",
            "metrics",
            "healthz",
            "category/good",
            "feeds/all.rss",
            "feeds/feeds.opml",
        )
        pages = [httpx.get(url + path).text for path in paths]
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=60)
    seen = "\n".join([*(done.stdout + done.stderr for done in processes), *pages, log])
    assert [secret for secret in SECRETS if secret in seen] == []
    assert "401" in seen
    assert "No link of its own" in seen

    storage = {path: path.read_bytes() for path in (folder / "storage").rglob("*") if path.is_file()}
    assert len(storage) > 10
    for path, data in storage.items():
        leaked = [secret for secret in SECRETS if secret.encode() in data]
        assert leaked == ([PASSWORD] if "aggregator.db" in path.name and leaked else []), path


def test_the_database_holds_passwords_in_the_sources_urls_alone(folder: Path) -> None:
    """Settings are stored as written: a URL with its password, and of headers the names of variables."""
    aggregator("once", "--all", cwd=folder)
    columns: set[tuple[str, str]] = set()
    secrets: set[str] = set()
    with closing(sqlite3.connect(folder / "storage" / "aggregator.db")) as database:
        database.row_factory = sqlite3.Row
        tables = [row["name"] for row in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        for table in tables:
            for row in database.execute(f'SELECT * FROM "{table}"'):
                columns.update((table, column) for column in row.keys() if "c4nary" in _text(row[column]))  # noqa: SIM118  # a Row without it gives its values
                secrets.update(secret for secret in SECRETS if any(secret in _text(value) for value in tuple(row)))
    assert columns == {("source", "url"), ("source", "settings")}
    assert secrets == {PASSWORD}


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def test_secrets_go_to_their_own_origin_alone(folder: Path, server: Server, second_server: Server) -> None:
    for _ in range(2):
        aggregator("once", "--all", cwd=folder)
    assert server.asked("/good")[-1].header("Authorization") == f"Basic {BASIC}"
    assert server.asked("/good")[-1].header("X-Token") == TOKEN
    assert {request.path for request in second_server.requests} == {"/moved", "/elsewhere"}
    for request in second_server.requests:
        assert not re.search("c4nary|Basic", repr(request))
    for request in (*server.requests, *second_server.requests):
        assert request.header("Cookie") is None
        assert request.header("Referer") is None


GIVEN, LITERAL = "g1ven-c4nary", "l1teral-c4nary"


@pytest.fixture
def queries(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sources with a token in the query, from the environment and literal, which answer well, move and fail."""
    monkeypatch.setenv("HOSTILE_TOKEN", GIVEN)
    bare = f'<title>No link of its own</title><description>{prose(99)} &lt;a href=""&gt;here&lt;/a&gt;</description>'
    document = rss(item(1), bare).replace(b"<link>https://source.example/</link>", b"")
    echo = (
        "<link>{url}</link><item><title>Its own address</title><guid>{url}#1</guid><link>{url}&amp;id=1</link>"
        '<description>{url} &lt;img src="{url}"&gt; login?to=%2Ff%3Ftoken%3D{secret}</description>'
        '<enclosure url="{url}" type="audio/mpeg" length="1"/></item>'
    )
    sources: list[dict[str, Any]] = []
    for name, token in (("given", "${HOSTILE_TOKEN}"), ("literal", LITERAL)):
        secret = GIVEN if name == "given" else LITERAL
        echoed = echo.format(url=f"{server.url(f'/{name}')}?a=b&amp;token={secret}", secret=secret)
        server.put(
            f"/{name}",
            document.replace(b"<item>", f"{echoed}<item>".encode(), 1),
            headers={"Link": '<>; rel="self", <http://127.0.0.1:9/hub>; rel="hub"'},
        )
        server.put(f"/{name}-moved", status=301, headers={"Location": f"/{name}?token={secret}"})
        server.put(f"/{name}-lost", status=301, headers={"Location": f"/lost?token={secret}"})
        server.put(f"/{name}-page", f"<html>{secret}</html>")
        paths = (name, f"{name}-moved", f"{name}-lost", f"{name}-page")
        sources += [{"name": path, "url": f"{server.url(f'/{path}')}?a=b&token={token}"} for path in paths]
    fetch = {"allow_private": ["127.0.0.1/32"], "host_gap": "0s", "interval": "1s", "min_interval": "0s"}
    configuration = {"fetch": fetch, "websub": "always", "sources": sources}
    (tmp_path / "feeds.yaml").write_text(yaml.safe_dump(configuration))
    return tmp_path


def test_tokens_in_queries_turn_up_nowhere(queries: Path, server: Server) -> None:
    processes = [
        aggregator(*words, cwd=queries)
        for words in (
            *(("once", "--all", "--json"), ("--debug", "once", "--all"), ("sources",), ("sources", "--json")),
            *(("export",), ("verify",), ("publish",), ("check",), ("check", "--show")),
        )
    ]
    assert {request.target for request in server.requests} >= {f"/given?a=b&token={GIVEN}", f"/lost?token={GIVEN}"}
    before = len(server.requests)
    with daemon(queries) as (process, url):
        until(lambda: len(server.requests) > before)
        paths = ("", "status", "status.json", "metrics", "healthz", "category/given", "feeds/all.rss", "feeds/all.atom")
        pages = [httpx.get(url + path).text for path in paths]
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=60)
    seen = "\n".join([*(done.stdout + done.stderr for done in processes), *pages, log])
    assert [secret for secret in (GIVEN, LITERAL) if secret in seen] == []
    assert "No link of its own" in seen
    assert "Its own address" in seen
    export = processes[4].stdout
    assert f'xmlUrl="{server.url("/given")}?a=b&amp;token=${{HOSTILE_TOKEN}}"' in export
    assert f'xmlUrl="{server.url("/literal")}?a=b&amp;token=***"' in export
    shown = dict(line.split("  # ")[0].split(": ", 1) for line in processes[8].stdout.splitlines())
    assert shown["sources.given.url"] == f"{server.url('/given')}?a=b&token=${{HOSTILE_TOKEN}}"
    assert shown["sources.literal.url"] == f"{server.url('/literal')}?a=b&token=***"
    moved = {source["name"]: source["moved_to"] for source in yaml.safe_load(processes[3].stdout)}
    assert moved["given-moved"] is None
    assert moved["literal-moved"] == f"{server.url('/literal')}?token=***"
    advice = "this URL holds a secret; write ${NAME} in its place, and set NAME in the environment"
    assert [line.partition(" ")[2] for line in processes[7].stderr.splitlines()] == [advice] * 4

    for path in (path for path in (queries / "storage").rglob("*") if path.is_file()):
        data = path.read_bytes()
        assert GIVEN.encode() not in data, path
        assert "aggregator.db" in path.name or LITERAL.encode() not in data, path
    with closing(sqlite3.connect(queries / "storage" / "aggregator.db")) as database:
        assert database.execute("SELECT count(*) FROM subscription").fetchone() == (0,)


def test_links_that_are_followed_keep_the_token_that_the_server_repeats(tmp_path: Path, server: Server) -> None:
    url = f"{server.url('/feed')}?token={LITERAL}"
    links = f'<atom:link rel="self" href="{url}"/><atom:link rel="next" href="{url}&amp;page=2"/>'
    server.put("/feed", rss(item(1, link=f"{url}&amp;id=1"), head=links))
    server.put(f"/feed?token={LITERAL}&page=2", rss(item(2, link=f"{url}&amp;id=2")))
    room = newsroom(tmp_path, [{"name": "paper", "url": url, "backfill": "all"}])
    room.once()
    room.backfill()
    assert server.requests[-1].target == f"/feed?token={LITERAL}&page=2"
    assert room.state("paper").state.feed_info.self_link == url
    assert [text.rpartition("(")[2] for text in room.articles().values()] == [
        f"{server.url('/feed')}?token=***&id={number})\n" for number in (1, 2)
    ]
