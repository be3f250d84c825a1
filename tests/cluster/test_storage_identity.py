"""Processes with different storages on one database: the later one is refused, and nothing is written anew for it."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.clock import utc_now
from aggregator.errors import AggregatorError
from aggregator.objects import Bucket
from aggregator.storage_identity import IDENTITY, refuse_other_storage
from aggregator.store import Store
from tests.clusters import Cluster
from tests.commands import aggregator, configure, running, until, working
from tests.newsroom import item, rss
from tests.s3 import ObjectStore
from tests.servers import Server

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
NEW = "is new, and"
OTHER = "is not that of the database"


@pytest.fixture
def url(postgresql: Cluster) -> str:
    return postgresql.database()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store.open(url) as opened:
        yield opened


def use(store: Store, folder: Path, now: datetime = NOW) -> str:
    """Start a process with this storage; return its identity."""
    refuse_other_storage(store, str(folder), None, now)
    return (folder / IDENTITY).read_text()


def refusal(store: Store, folder: Path, now: datetime) -> str:
    with pytest.raises(AggregatorError) as refused:
        use(store, folder, now)
    return str(refused.value)


def test_a_storage_is_known_by_any_path_and_after_a_move(store: Store, tmp_path: Path) -> None:
    identity = use(store, tmp_path / "first")
    assert len(identity.strip()) == 32
    (tmp_path / "mounted").symlink_to(tmp_path / "first")
    assert use(store, tmp_path / "mounted", LATER) == identity
    (tmp_path / "first").rename(tmp_path / "second")
    assert use(store, tmp_path / "second") == identity


def test_a_new_folder_is_refused_while_another_process_works(store: Store, tmp_path: Path) -> None:
    use(store, tmp_path / "first")
    store.workers.show("machine:7", 0, "1.0", LATER)
    sentence = refusal(store, tmp_path / "second", LATER + timedelta(seconds=30))
    assert f"the storage {tmp_path / 'second'} on " in sentence
    assert f"{NEW} machine:7 uses {tmp_path / 'first'} on " in sentence
    assert "stop all processes first" in sentence
    store.workers.end("machine:7")
    use(store, tmp_path / "second", LATER + timedelta(seconds=30))


def test_a_new_folder_takes_the_place_of_the_one_before_which_is_refused_then(store: Store, tmp_path: Path) -> None:
    first = use(store, tmp_path / "first")
    assert NEW in refusal(store, tmp_path / "second", NOW + timedelta(seconds=59))  # its process may have just begun
    second = use(store, tmp_path / "second", LATER)
    assert second != first
    sentence = refusal(store, tmp_path / "first", LATER)
    assert f"{OTHER} {store.database.name}, which is {tmp_path / 'second'} on" in sentence
    assert f"remove {tmp_path / 'first' / IDENTITY} to have all files written here" in sentence
    (tmp_path / "first" / IDENTITY).unlink()
    assert use(store, tmp_path / "first", LATER + timedelta(hours=1)) not in (first, second)


def test_a_folder_that_was_emptied_has_its_identity_again(store: Store, tmp_path: Path) -> None:
    identity = use(store, tmp_path / "storage")
    store.workers.show("machine:7", 0, "1.0", NOW)
    shutil.rmtree(tmp_path / "storage")
    assert use(store, tmp_path / "storage") == identity


def test_a_database_takes_the_identity_of_a_storage_that_has_one(
    store: Store, tmp_path: Path, postgresql: Cluster
) -> None:
    identity = use(store, tmp_path / "storage")
    with Store.open(postgresql.database()) as other:
        assert use(other, tmp_path / "storage") == identity


@pytest.mark.parametrize("is_shared", [True, False])
def test_of_processes_that_start_at_once_those_with_one_storage_go_on(
    url: str, tmp_path: Path, is_shared: bool
) -> None:
    def start(number: int) -> str:
        with Store.open(url) as store:
            try:
                return use(store, tmp_path / ("shared" if is_shared else f"own{number}"))
            except AggregatorError as error:
                return str(error)

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(start, range(4)))
    if is_shared:
        assert len(set(results)) == 1
    else:
        assert sum(NEW in result for result in results) == 3


@contextmanager
def bucket(store: Store, url: str, object_store: ObjectStore) -> Iterator[Bucket]:
    opened = Bucket.open(url, object_store.environ, store.objects, utc_now)
    try:
        yield opened
    finally:
        opened.close()


def test_buckets_are_told_apart_as_folders_are(store: Store, object_store: ObjectStore) -> None:
    urls = object_store.bucket(), object_store.bucket()
    with bucket(store, urls[0], object_store) as first, bucket(store, urls[1], object_store) as second:
        for _ in range(2):
            refuse_other_storage(store, "", first, NOW)
        with pytest.raises(
            AggregatorError, match=f"the storage {urls[1]} at .* {NEW} another process uses {urls[0]} at"
        ):
            refuse_other_storage(store, "", second, NOW)
        refuse_other_storage(store, "", second, LATER)
        with pytest.raises(AggregatorError, match=f"remove {urls[0]}/{IDENTITY} to have all files"):
            refuse_other_storage(store, "", first, LATER)
        assert first.read(IDENTITY) != second.read(IDENTITY)


def test_a_bucket_that_is_away_is_waited_for_later(store: Store, object_store: ObjectStore) -> None:
    away = Bucket.open(
        object_store.bucket(),
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ALLOW_HTTP": "true"},
        store.objects,
        utc_now,
    )
    refuse_other_storage(store, "", away, NOW)
    away.close()


def test_nothing_is_written_beside_sqlite(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path / 'a.db'}") as store:
        refuse_other_storage(store, str(tmp_path), None, NOW)
        assert not (tmp_path / IDENTITY).exists()
        assert store.meta.get("storage") is None


def test_a_worker_with_a_folder_of_its_own_is_refused_in_one_sentence(
    tmp_path: Path, folders: list[Path], server: Server, url: str
) -> None:
    server.put("/feed", rss(item(1)))
    settings: dict[str, Any] = {"database": url, "sources": [{"name": "a", "url": server.url("/feed")}]}
    first, second = folders
    configure(first, **settings)
    with running(first):
        until(lambda: bool(list((first / "storage/articles").rglob("*.md"))))
        elsewhere = {"AGGREGATOR_DATABASE": url, "AGGREGATOR_STORAGE": str(second / "storage")}
        for words in (["worker"], ["publish"], ["run", "--port", "0"]):
            configure(second, **settings)
            refused = aggregator(*words, cwd=second, status=1, **elsewhere).stderr
            assert NEW in refused
            assert f"uses {first / 'storage'} on" in refused
            assert refused.count("\n") == 1
        assert not (second / "storage/articles").exists()
        (second / "mounted").symlink_to(first / "storage")
        with working(second, AGGREGATOR_DATABASE=url, AGGREGATOR_STORAGE=str(second / "mounted")) as worker:
            until(lambda: bool(worker.said("worker on")))
