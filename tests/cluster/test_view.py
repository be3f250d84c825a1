"""The cluster as its servers show it."""

from datetime import timedelta
from pathlib import Path

from aggregator.store import Store
from tests.clusters import Cluster
from tests.commands import configure, running, until, working
from tests.newsroom import START
from tests.servers import Server


def test_servers_show_workers_and_jobs(tmp_path: Path, server: Server, postgresql: Cluster) -> None:
    database, folder = postgresql.database(), tmp_path / "worker"
    folder.mkdir()
    server.put("/hangs", hang=True)
    configure(tmp_path, database=database, sources=[{"name": "hangs", "url": server.url("/hangs")}])
    with running(tmp_path, "--no-fetch") as site:
        status = site.get("status.json").json()
        assert status["workers"] == []  # a server is none
        assert status["queue"].keys() == {"todo", "doing", "stalled"}
        with working(folder, "--name", "first", AGGREGATOR_DATABASE=database) as worker:
            until(lambda: bool(server.asked("/hangs")))
            until(lambda: any(each["leases"] for each in site.get("status.json").json()["workers"]))
            (shown,) = site.get("status.json").json()["workers"]
            assert (shown["name"], shown["leases"]) == ("first", 1)
            assert shown["last_seen"].endswith("Z")
            assert site.figure("aggregator_workers") == site.figure("aggregator_leases") == 1
            assert "first: 1 leases" in site.get("status").text
            worker.process.terminate()
            assert worker.process.wait(20) == 0
        assert site.get("status.json").json()["workers"] == []
        assert "Cluster" not in site.get("status").text


def test_a_killed_worker_is_seen_for_an_hour_and_has_no_leases_after_a_minute(postgresql: Cluster) -> None:
    with Store.open(postgresql.database()) as store:
        store.workers.show("killed", 7, "1.0", START)
        store.workers.show("alive", 3, "1.0", START + timedelta(minutes=5))
        state = store.workers.state(START + timedelta(minutes=5))
        assert [(each.name, each.leases) for each in state.workers] == [("alive", 3), ("killed", 0)]
        assert [each.name for each in state.working(START + timedelta(minutes=5))] == ["alive"]
        later = START + timedelta(minutes=62)
        store.workers.show("alive", 2, "1.0", later)
        assert [(each.name, each.leases) for each in store.workers.state(later).workers] == [("alive", 2)]
