"""The feeds' folder over HTTP."""

import os
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from aggregator.serve.folder import FeedFolder

RSS = b"<rss>" + b"story " * 1000 + b"</rss>"


def folder_of(root: Path) -> FeedFolder:
    return FeedFolder(root, lambda _: 900, lambda _: PlainTextResponse("not here", 404), lambda _: "")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "feeds"
    folder.mkdir()
    (folder / "all.rss").write_bytes(RSS)
    (folder / "all.atom").write_bytes(b"<feed/>")
    (folder / "all.json").write_bytes(b"{}")
    (folder / "feeds.opml").write_bytes(b"<opml/>")
    (folder / "note.txt").write_bytes(b"not a feed")
    (folder / ".all.rss").write_bytes(b"half a feed")
    (tmp_path / "secret.rss").write_bytes(b"outside")
    return folder


@pytest.fixture
def client(root: Path) -> TestClient:
    folder = folder_of(root)
    return TestClient(Starlette(routes=[Route("/feeds/{name}", folder)]))


PLAIN = {"Accept-Encoding": "identity"}


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("all.rss", "application/rss+xml; charset=utf-8"),
        ("all.atom", "application/atom+xml; charset=utf-8"),
        ("all.json", "application/feed+json; charset=utf-8"),
        ("feeds.opml", "text/x-opml; charset=utf-8"),
    ],
)
def test_each_format_has_its_media_type_and_may_be_kept_for_a_while(
    client: TestClient, name: str, media_type: str
) -> None:
    answer = client.get(f"/feeds/{name}", headers=PLAIN)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["cache-control"] == "public, max-age=900"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["vary"] == "Accept-Encoding"


def test_gzip_where_it_is_accepted_with_an_etag_of_its_own(client: TestClient) -> None:
    plain, packed = client.get("/feeds/all.rss", headers=PLAIN), client.get("/feeds/all.rss")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert plain.content == packed.content == RSS
    assert int(packed.headers["content-length"]) < len(RSS)
    assert plain.headers["etag"] != packed.headers["etag"]


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_each_representation_answers_304_to_its_own_etag_with_all_that_a_cache_needs(
    client: TestClient, encoding: str
) -> None:
    first = client.get("/feeds/all.rss", headers={"Accept-Encoding": encoding})
    again = client.get("/feeds/all.rss", headers={"Accept-Encoding": encoding, "If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    for name in ("etag", "last-modified", "cache-control", "vary"):
        assert again.headers[name] == first.headers[name]


FORMS = ["{own}", "W/{own}", '"other", {own}', '"other" , W/{own},"third"', "*"]


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_its_own_etag_answers_304(client: TestClient, encoding: str, form: str) -> None:
    accepted = {"Accept-Encoding": encoding}
    own = client.get("/feeds/all.rss", headers=accepted).headers["etag"]
    assert own.startswith('"')  # strong
    again = client.get("/feeds/all.rss", headers=accepted | {"If-None-Match": form.format(own=own)})
    assert again.status_code == 304


def test_an_etag_on_the_second_line_of_its_header_counts_too(client: TestClient) -> None:
    own = client.get("/feeds/all.rss").headers["etag"]
    assert client.get("/feeds/all.rss", headers=[("If-None-Match", '"x"'), ("If-None-Match", own)]).status_code == 304


def test_the_etag_of_one_encoding_is_not_the_others(client: TestClient) -> None:
    plain, packed = client.get("/feeds/all.rss", headers=PLAIN), client.get("/feeds/all.rss")
    assert client.get("/feeds/all.rss", headers={"If-None-Match": plain.headers["etag"]}).status_code == 200
    headers = PLAIN | {"If-None-Match": packed.headers["etag"]}
    assert client.get("/feeds/all.rss", headers=headers).status_code == 200


SINCE = {
    "Tue, 14 Nov 2023 22:13:20 GMT": 304,
    "Tuesday, 14-Nov-23 22:13:20 GMT": 304,
    "Tue Nov 14 22:13:20 2023": 304,
    "Wed, 15 Nov 2023 00:00:00 GMT": 304,  # later
    "Tue, 14 Nov 2023 22:13:19 GMT": 200,
    "some day": 200,
}


@pytest.mark.parametrize(("since", "status"), SINCE.items())
def test_if_modified_since_in_every_form(client: TestClient, root: Path, since: str, status: int) -> None:
    os.utime(root / "all.rss", (1_700_000_000, 1_700_000_000))
    assert client.get("/feeds/all.rss", headers={"If-Modified-Since": since}).status_code == status


def test_if_none_match_beats_if_modified_since_both_ways(client: TestClient) -> None:
    first = client.get("/feeds/all.rss").headers
    modified = {"If-None-Match": '"other"', "If-Modified-Since": first["last-modified"]}
    assert client.get("/feeds/all.rss", headers=modified).status_code == 200
    headers = {"If-None-Match": first["etag"], "If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"}
    assert client.get("/feeds/all.rss", headers=headers).status_code == 304


@pytest.mark.parametrize("accepted", ["gzip;q=0", "gzip;q=0, *", "br, deflate", ""])
def test_gzip_is_not_forced_on_anybody(client: TestClient, accepted: str) -> None:
    answer = client.get("/feeds/all.rss", headers={"Accept-Encoding": accepted})
    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "Accept-Encoding"


def test_equal_files_are_packed_to_equal_bytes_whenever_that_is(root: Path) -> None:
    def packed() -> bytes:
        folder = folder_of(root)
        answer = folder.answer("GET", "all.rss", [(b"accept-encoding", b"gzip")])
        assert answer is not None
        return answer.body

    first = packed()
    assert first[4:8] == bytes(4)  # no time in it
    os.utime(root / "all.rss", (1_700_000_000, 1_700_000_000))
    assert packed() == first


def test_last_modified_is_the_files_and_answers_304(client: TestClient, root: Path) -> None:
    os.utime(root / "all.rss", (1_700_000_000, 1_700_000_000))
    first = client.get("/feeds/all.rss")
    assert first.headers["last-modified"] == "Tue, 14 Nov 2023 22:13:20 GMT"
    again = client.get("/feeds/all.rss", headers={"If-Modified-Since": first.headers["last-modified"]})
    assert again.status_code == 304


def test_a_changed_file_is_served_at_once(client: TestClient, root: Path) -> None:
    before = client.get("/feeds/all.rss").headers["etag"]
    (root / "new").write_bytes(b"<rss/>")
    (root / "new").replace(root / "all.rss")
    after = client.get("/feeds/all.rss")
    assert after.content == b"<rss/>"
    assert after.headers["etag"] != before


def test_head_is_get_without_the_body(client: TestClient) -> None:
    head, get = client.head("/feeds/all.rss"), client.get("/feeds/all.rss")
    assert head.content == b""
    assert {**head.headers} == {**get.headers}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused_by_name(client: TestClient, method: str) -> None:
    answer = client.request(method, "/feeds/all.rss")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "name", ["none.rss", "note.txt", ".all.rss", "..%2Fsecret.rss", "%2e%2e/secret.rss", "a%00.rss"]
)
def test_nothing_but_feeds_of_the_folder_is_served(client: TestClient, name: str) -> None:
    assert client.get(f"/feeds/{name}").status_code == 404


def test_memory_holds_what_was_read_last(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of(root)
    (root / "news").mkdir()
    names = [*(f"{number}.rss" for number in range(20)), *(f"news/{number}.rss" for number in range(1, 20))]
    for name in names:
        (root / name).write_bytes(os.urandom(10_000))
    monkeypatch.setattr("aggregator.serve.folder.MAX_BYTES", 200_000)  # nine of them, each also compressed
    for name in names:
        for _ in range(2):
            response = folder.answer("GET", name, [])
            assert response is not None
            assert response.body == (root / name).read_bytes()
    assert list(folder._files) == names[-9:]
    for name in names[-9:]:
        (root / name).unlink()
        assert folder.answer("GET", name, []) is None
    assert (folder._files, folder._bytes) == ({}, 0)


def test_a_feed_that_was_taken_away_is_gone(client: TestClient, root: Path) -> None:
    assert client.get("/feeds/all.rss").status_code == 200
    (root / "all.rss").unlink()
    assert client.get("/feeds/all.rss").status_code == 404
