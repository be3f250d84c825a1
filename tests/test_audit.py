"""The audit of dependencies finds what the database knows, and is skipped, never failed, where that cannot be asked."""

import json
from pathlib import Path

import pytest

from tests import audit
from tests.servers import Answer, Request, Server

LOCKED = """
first==1.0 \\
    --hash=sha256:00
second[extra]==2.0.1 ; sys_platform == 'win32' \\
    --hash=sha256:11
# third==3
"""


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "some.lock"
    path.write_text(LOCKED)
    return path


def test_it_asks_for_every_locked_package_and_names_what_is_found(
    lock: Path, server: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = server.put("/", json.dumps({"results": [{}, {"vulns": [{"id": "GHSA-a"}, {"id": "GHSA-b"}]}]}))
    assert audit.main(lock, url) == 1
    output = capsys.readouterr().out
    assert "some.lock: second 2.0.1 has a known vulnerability, https://osv.dev/GHSA-a" in output
    assert "2 packages, 2 open advisories" in output
    (request,) = server.requests
    assert [(query["package"]["name"], query["version"]) for query in json.loads(request.body)["queries"]] == [
        ("first", "1.0"),
        ("second", "2.0.1"),
    ]
    monkeypatch.setattr(audit, "ACCEPTED", {"GHSA-a": "not reached", "GHSA-b": "not reached"})
    assert audit.main(lock, url) == 0


def test_nothing_known_is_good_news(lock: Path, server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main(lock, server.put("/", json.dumps({"results": [{}, {}]}))) == 0
    assert capsys.readouterr().out == "dependency audit: 2 packages, 0 open advisories\n"


@pytest.mark.parametrize(
    "answer",
    [
        *(Answer(status=503), Answer(body=b"<html>"), Answer(body=b"[]"), Answer(body=b'{"results": 5}')),
        *(Answer(body=b'{"results": [{}]}'), Answer(raw=b"no HTTP"), Answer(hang=True), Answer(reset=True, raw=b"")),
    ],
)
def test_without_an_answer_it_is_skipped(
    lock: Path, server: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, answer: Answer
) -> None:
    def always(_request: Request) -> Answer:
        return answer

    monkeypatch.setattr(audit, "PATIENCE", 0.5)
    assert audit.main(lock, server.put("/", always)) == 0
    assert capsys.readouterr().out == "dependency audit skipped: the advisory database cannot be reached\n"


def test_the_lock_of_this_project_can_be_read() -> None:
    names = {name for name, _ in audit.pinned(audit.LOCK.read_text())}
    assert {"aiohttp", "feedparser", "lxml", "nh3", "sqlalchemy"} <= names
