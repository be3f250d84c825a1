"""The storage in a bucket: the same bytes as in a folder, the newest ones whoever is paused, and what is away."""

import asyncio
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from obstore.exceptions import BaseError
from starlette.testclient import TestClient

from aggregator.app import App
from aggregator.errors import BucketError, StoreError, SupersededError
from aggregator.maintain.prune import prune_all
from aggregator.maintain.verify import differences
from aggregator.model import OutputFile
from aggregator.objects import BucketFolder
from aggregator.pipeline import run_cycle
from aggregator.publish import publish_all, publish_changed
from aggregator.publish.feeds import feeds_of
from aggregator.serve import Health, Metrics, site
from tests.clusters import Cluster
from tests.commands import aggregator, configure, running, until, working
from tests.newsroom import Newsroom, item, newsroom, prose, rss
from tests.s3 import ObjectStore
from tests.servers import Answer, Request, Server
from tests.thorough import THOROUGH

WRITERS = 8 if THOROUGH else 5
FEED = "feeds/news.rss"


class Client:
    """obstore's client, with a function that is called before and after each PUT."""

    def __init__(self, client: Any, before: Callable[[str], object], after: Callable[[str], object]) -> None:
        self._client, self._before, self._after = client, before, after
        self.refused: list[str] = []  # paths whose condition was not met
        self.reads: list[str] = []

    def put(self, path: str, *args: Any, **options: Any) -> Any:
        self._before(path)
        try:
            result = self._client.put(path, *args, **options)
        except BaseError:
            self.refused.append(path)
            raise
        self._after(path)
        return result

    def get(self, path: str) -> Any:
        self.reads.append(path)
        return self._client.get(path)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def _nothing(_path: str) -> None:
    """The hook that is not used."""


def hooked(app: App, before: Callable[[str], object] = _nothing, after: Callable[[str], object] = _nothing) -> Client:
    assert app.bucket
    client = Client(app.bucket.client, before, after)
    app.bucket.client = client  # type: ignore[assignment]  # it passes on all that a client has
    return client


@pytest.fixture
def room(tmp_path: Path, server: Server, postgresql: Cluster, object_store: ObjectStore) -> Newsroom:
    """A newsroom with a story in one category, on PostgreSQL and a bucket."""
    server.put("/feed", rss(item(1)))
    source = {"name": "a", "url": server.url("/feed"), "category": "News"}
    storage = {"storage": object_store.bucket(), "database": postgresql.database()}
    room = newsroom(tmp_path, [source], base_url="https://news.example/", **storage)
    room.environ = {**object_store.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    return room


def objects(room: Newsroom, object_store: ObjectStore) -> dict[str, bytes]:
    return object_store.objects(room.configuration["storage"])


def writers(room: Newsroom, stack: ExitStack, tmp_path: Path, count: int = 2) -> list[App]:
    """Apps as in as many processes on as many machines: no lock is shared."""
    apps = []
    for number in range(count):
        room.environ = room.environ | {"XDG_CACHE_HOME": str(tmp_path / f"machine{number}")}
        apps.append(stack.enter_context(room.opened()))
    return apps


def test_the_newest_bytes_stay_whoever_is_paused(
    room: Newsroom, server: Server, object_store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All have lost their turns, as a process does that was paused longer than the database keeps its connection."""
    monkeypatch.setattr("aggregator.store.jobs.JobStore.all_turns", lambda _: nullcontext())
    room.once()
    numbers = list(range(1, WRITERS))
    random.Random(15).shuffle(numbers)
    is_read, may_go_on = threading.Event(), threading.Event()

    def pause(path: str) -> None:
        if path == FEED and not is_read.is_set():
            is_read.set()
            assert may_go_on.wait(60)

    with ExitStack() as stack, ThreadPoolExecutor(WRITERS) as pool:
        apps = writers(room, stack, tmp_path, WRITERS)
        paused = hooked(apps[0], pause)
        running = [hooked(app) for app in apps[1:]]
        _record(apps[0], server, 2)
        first = pool.submit(publish_changed, apps[0])
        assert is_read.wait(60)
        runs = []
        for story, number in enumerate(numbers, 3):
            _record(apps[number], server, story)
            runs.append(pool.submit(publish_changed, apps[number]))
        for run in runs:
            run.result(60)
        last = 2 + len(numbers)
        assert b"Story number %d<" % last in objects(room, object_store)[FEED]
        may_go_on.set()
        first.result(60)
        assert paused.refused
        assert FEED in {path for client in (paused, *running) for path in client.refused}
        for app in apps:
            publish_changed(app)  # marks that were left to the next time
        present = objects(room, object_store)
        for feed in feeds_of(apps[0], "news"):
            assert present[f"feeds/{feed.path}"] == feed.data
        assert list(differences(apps[3])) == []
    assert sum(path.startswith("articles/") for path in present) == last


def _record(app: App, server: Server, stories: int) -> None:
    """Record one more story, as a worker does."""
    server.put("/feed", rss(*map(item, range(1, stories + 1))))
    asyncio.run(run_cycle(app, lambda outcome: None, everything=True))


def test_bytes_that_were_confirmed_meanwhile_do_not_give_way_to_older_ones(
    room: Newsroom, object_store: ObjectStore, tmp_path: Path
) -> None:
    """A process reads a state of the database that is taken back before it writes."""
    file, changed = OutputFile(path="x.rss", data=b"right"), OutputFile(path="x.rss", data=b"taken back")
    with ExitStack() as stack:
        late, quick = writers(room, stack, tmp_path)
        quick.begin_output()
        quick.feed_folder.write([file])
        late.begin_output()

        def confirm(_path: str) -> None:
            quick.begin_output()
            assert quick.feed_folder.write([file]) == ()

        hooked(late, confirm)
        with pytest.raises(SupersededError):
            late.feed_folder.write([changed])
        assert list(quick.feed_folder.differing([file])) == [(file, True)]  # it is known not to be there
        quick.begin_output()
        assert quick.feed_folder.write([file]) == ("x.rss",)
    assert objects(room, object_store)["feeds/x.rss"] == b"right"


def test_an_older_state_does_not_bring_back_a_removed_object(
    room: Newsroom, object_store: ObjectStore, tmp_path: Path
) -> None:
    file = OutputFile(path="x.rss", data=b"removed")
    with ExitStack() as stack:
        late, quick = writers(room, stack, tmp_path)
        quick.begin_output()
        quick.feed_folder.write([file])
        late.begin_output()
        quick.begin_output()
        assert quick.feed_folder.remove(["x.rss", "never.rss"]) == ("x.rss",)
        with pytest.raises(SupersededError):
            late.feed_folder.write([file])
        assert objects(room, object_store) == {}
        late.begin_output()
        assert late.feed_folder.write([file]) == ("x.rss",)


def test_a_kill_between_object_and_row_is_made_good_by_the_next_process(
    room: Newsroom, server: Server, object_store: ObjectStore
) -> None:
    room.once()

    def die(path: str) -> None:
        if path == FEED:
            raise KeyboardInterrupt

    with room.opened() as app:
        _record(app, server, 2)
        hooked(app, after=die)
        with pytest.raises(KeyboardInterrupt):
            publish_changed(app)
    with room.opened() as app:
        client = hooked(app)
        publish_changed(app)
        assert client.refused
        assert list(differences(app)) == []
    assert b"Story number 2<" in objects(room, object_store)[FEED]


def test_what_others_did_to_objects_is_seen_and_repaired(room: Newsroom, object_store: ObjectStore) -> None:
    room.once()
    before, url = objects(room, object_store), room.configuration["storage"]
    client = object_store.client(url)
    (article,) = (path for path in before if path.endswith(".md"))
    client.delete(article)
    client.put(FEED, b"changed")
    client.put("feeds/foreign.txt", b"not ours")
    with room.opened() as app:
        assert publish_changed(app).feeds == 0  # only a list of the objects tells
        foreign = f"{url}/feeds/foreign.txt: nothing in the database has this file; move it away yourself"
        assert {str(difference) for difference in differences(app)} == {
            f"{url}/{article}: missing",
            f"{url}/{FEED}: its bytes are not those of the database",
            foreign,
        }
        assert {difference.action for difference in differences(app, repair=True)} == {"written", ""}
        assert [str(difference) for difference in differences(app)] == [foreign]
        client.delete(FEED)
        assert publish_all(app).feeds == 1
    client.delete("feeds/foreign.txt")
    assert objects(room, object_store) == before


def test_prune_removes_objects(room: Newsroom, object_store: ObjectStore) -> None:
    room.once()
    room.configuration["retention"] = "1d"
    room.later(days=2)
    with room.opened() as app:
        assert prune_all(app) == 1
        assert list(differences(app)) == []
    assert not [path for path in objects(room, object_store) if path.startswith("articles/")]


def test_another_prefix_gets_all_files(room: Newsroom, object_store: ObjectStore) -> None:
    room.once()
    before = objects(room, object_store)
    room.configuration["storage"] += "/moved"
    with room.opened() as app:
        publish_changed(app)
    assert objects(room, object_store) == before


def test_each_storage_has_the_same_bytes(
    tmp_path: Path, server: Server, postgresql: Cluster, object_store: ObjectStore
) -> None:
    """Both databases with a folder, PostgreSQL with a bucket; odd names of categories, an edit, a drop."""
    url = object_store.bucket()
    storages: list[dict[str, Any]] = [
        {},
        {"database": postgresql.database()},
        {"database": postgresql.database(), "storage": url},
    ]
    stories = [item(number, category="Größe &amp; Maß" if number % 3 else "Essen") for number in range(1, 16)]
    results = []
    for number, storage in enumerate(storages):
        root = tmp_path / str(number)
        root.mkdir()
        server.put("/feed", rss(*stories))
        server.put("/copy", rss(*stories[5:10], item(40)))
        sources: list[dict[str, Any] | str] = [
            {"name": "a", "url": server.url("/feed"), "categories": ["Größe & Maß", "Essen"]},
            {"name": "b", "url": server.url("/copy"), "category": "Essen"},
        ]
        room = newsroom(root, sources, base_url="https://news.example/", feeds={"limit": 3}, **storage)
        room.environ = {**object_store.environ, "XDG_CACHE_HOME": str(root / "cache")}
        room.once()
        room.later(hours=1)
        server.put("/feed", rss(item(1, description=prose(77)), *stories[1:], item(31)))
        room.configuration["rules"] = [{"if": {"title": "number 7$"}, "drop": True}]
        room.once()
        files = {path: data for path, (_, data) in room.files().items()}
        results.append(object_store.objects(url) if "storage" in storage else files)
    assert len(results[0]) > 40
    assert results[0] == results[1] == results[2]


def test_two_servers_give_the_same_answers_and_read_an_object_once(
    room: Newsroom, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.once()
    with ExitStack() as stack:
        apps = [stack.enter_context(room.opened()) for _ in range(2)]
        gets = [hooked(app) for app in apps]
        answers = [asyncio.run(_get(app, "/feeds/news.rss", "/feeds/news.rss", "/feeds/all.json")) for app in apps]
        for first, second in zip(*answers, strict=True):
            assert first.status_code == 200
            assert (first.content, first.headers) == (second.content, second.headers)
        assert [client.reads for client in gets] == [["feeds/news.rss", "feeds/all.json"]] * 2
        absent = asyncio.run(_get(apps[0], "/feeds/nothing.rss", "/feeds/news/1.rss", "/feeds/.rss", "/feeds/a.txt"))
        assert [answer.status_code for answer in absent] == [404] * 4
        monkeypatch.setattr("aggregator.serve.folder.MAX_BYTES", 1)  # the last one stays
        asyncio.run(_get(apps[0], "/feeds/news.rss", "/feeds/all.rss", "/feeds/all.rss", "/feeds/news.rss"))
        assert gets[0].reads[2:] == ["feeds/news.rss", "feeds/all.rss", "feeds/news.rss"]


def test_names_that_are_asked_for_while_the_database_is_away_take_no_memory(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.once()
    with room.opened() as app:
        served = site(app, Health(app.clock), Metrics())
        client = TestClient(served)
        assert client.get("/feeds/news.rss").status_code == 200

        def away(_folder: BucketFolder, _path: str) -> None:
            raise StoreError("away")

        monkeypatch.setattr(BucketFolder, "state", away)
        assert [client.get(f"/feeds/{number}.rss").status_code for number in range(9)] == [503] * 9
        assert served.state.feeds._checked.keys() == {"news.rss"}


async def _get(app: App, *paths: str) -> list[httpx.Response]:
    """Answers of a server that starts with nothing in memory."""
    transport = httpx.ASGITransport(site(app, Health(app.clock), Metrics()))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return [await client.get(path) for path in paths]


def test_serving_goes_on_while_the_bucket_is_away(
    tmp_path: Path, server: Server, postgresql: Cluster, object_store: ObjectStore
) -> None:
    server.put("/feed", rss(item(1)))
    url = object_store.bucket()
    source = {"name": "a", "url": server.url("/feed"), "category": "News"}
    configure(tmp_path, sources=[source], storage=url, database=postgresql.database())
    environ = {**object_store.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    with running(tmp_path, tick=None, **environ) as daemon:
        until(lambda: "Story number 1" in daemon.get(FEED).text)
        before = daemon.get(FEED)
        with object_store.away():
            server.put("/feed", rss(item(1), item(2)))
            sentence = aggregator("once", "--all", cwd=tmp_path, status=1, **environ).stderr
            assert f"{url} cannot be reached at {object_store.endpoint}" in sentence
            until(lambda: daemon.get("healthz").status_code == 503)
            assert f"{url} cannot be reached" in daemon.get("healthz").text
            assert daemon.get(FEED).content == before.content
            assert daemon.get("feeds/all.json").status_code == 503  # it is not in memory
            assert daemon.get("").status_code == 200
            # Not one for each request; a job that found nothing to write in between may end the first failure.
            assert 1 <= len(daemon.said("cannot be reached")) <= 2
        until(lambda: "Story number 2" in daemon.get(FEED).text)
        until(lambda: daemon.get("healthz").status_code == 200)
        assert daemon.get("feeds/all.json").status_code == 200
        after = daemon.get(FEED)
        assert after.headers["etag"] != before.headers["etag"]
        again = daemon.get(FEED)
        assert (again.headers["etag"], again.headers["last-modified"]) == (
            after.headers["etag"],
            after.headers["last-modified"],
        )


def test_a_worker_writes_what_a_server_serves(
    tmp_path: Path, server: Server, postgresql: Cluster, object_store: ObjectStore
) -> None:
    server.put("/feed", rss(item(1)))
    database, folder = postgresql.database(), tmp_path / "worker"
    folder.mkdir()
    source = {"name": "a", "url": server.url("/feed"), "category": "News"}
    configure(tmp_path, sources=[source], storage=object_store.bucket(), database=database)
    environ = {**object_store.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    with running(tmp_path, "--no-fetch", tick=None, **environ) as daemon:
        assert daemon.get(FEED).status_code == 404
        environ |= {"AGGREGATOR_DATABASE": database}
        missing = {**environ, "AGGREGATOR_STORAGE": "s3://missing-bucket"}
        assert "there is no bucket missing-bucket" in aggregator("worker", cwd=folder, status=1, **missing).stderr
        with working(folder, **environ):
            until(lambda: "Story number 1" in daemon.get(FEED).text)


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (404, "NoSuchBucket", "there is no bucket {bucket} at {endpoint}; create it, or correct `storage`"),
        (
            403,
            "SignatureDoesNotMatch",
            "{endpoint} refuses access to {url} (SignatureDoesNotMatch); see that AWS_ACCESS",
        ),
        (403, "AccessDenied", "{endpoint} refuses access to {url} (AccessDenied); see that AWS_ACCESS_KEY_ID and"),
        (400, "AuthorizationHeaderMalformed", "{url} cannot be reached at {endpoint} (AuthorizationHeaderMalformed)"),
    ],
)
def test_a_refusal_is_one_sentence_with_the_bucket_and_what_to_do(
    room: Newsroom, server: Server, status: int, code: str, sentence: str
) -> None:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>".encode()
    url = room.configuration["storage"]
    name = url.split("/")[2]
    server.put(f"/{name}", status=status, body=body)
    endpoint = server.url("")
    room.environ = room.environ | {"AWS_ENDPOINT_URL": endpoint}
    with pytest.raises(BucketError) as failure:
        room.once()
    assert sentence.format(url=url, endpoint=endpoint, bucket=name) in str(failure.value)


def _by_method(answers: dict[str, Answer], request: Request) -> Answer:
    return answers[request.method]


def test_each_refused_condition_has_the_work_done_again(
    room: Newsroom, server: Server, object_store: ObjectStore
) -> None:
    """As stores answer that know of the other writer sooner or later than ours."""
    room.once()
    old, new = (OutputFile(path="x.rss", data=data) for data in (b"old", b"new"))
    with room.opened() as app:
        app.begin_output()
        app.feed_folder.write([old])
    path = f"/{room.configuration['storage'].removeprefix('s3://')}/feeds/x.rss"
    room.environ = room.environ | {"AWS_ENDPOINT_URL": server.url("").rstrip("/")}
    with room.opened() as app:
        for status, code in ((412, "PreconditionFailed"), (409, "ConditionalRequestConflict"), (404, "NoSuchKey")):
            refusal = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>".encode()
            present = {"ETag": f'"{code}"', "Content-Length": "3", "Last-Modified": "Tue, 24 Nov 2026 12:00:00 GMT"}
            answers = {"PUT": Answer(status=status, body=refusal), "HEAD": Answer(headers=present)}
            server.put(path, partial(_by_method, answers))
            app.begin_output()
            with pytest.raises(SupersededError):
                app.feed_folder.write([new])
            assert app.store.objects.get(["feeds/x.rss"])["feeds/x.rss"].etag == f'"{code}"'
    puts = [request.header("If-Match") for request in server.asked(path) if request.method == "PUT"]
    assert list(dict.fromkeys(puts))[1:] == ['"PreconditionFailed"', '"ConditionalRequestConflict"']


def test_names_that_no_object_can_have_do_not_keep_others_from_being_written(
    room: Newsroom, object_store: ObjectStore
) -> None:
    with room.opened() as app:
        app.begin_output()
        outputs = [OutputFile(path=path, data=b"x") for path in ("a//b.md", "grün & 100% [#1].md", "../c.md")]
        with pytest.raises(Exception, match="cannot be the name of an object"):
            app.article_folder.write(outputs)
    assert list(objects(room, object_store)) == ["articles/grün & 100% [#1].md"]
