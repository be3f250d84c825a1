"""A daemon and a worker behind a real PgBouncer in transaction mode, where one is installed."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.clusters import Cluster, rows
from tests.commands import configure, running, until, working
from tests.newsroom import item, rss
from tests.servers import Server

SOURCES, EDITIONS = 12, 2
SETTINGS = """[databases]
{name} = host={host} dbname={name} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 10
"""


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        return int(server.getsockname()[1])


@contextmanager
def bouncer(database: str) -> Iterator[str]:
    """PgBouncer before this database, whose few sessions all transactions share; yields the URL behind it."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if not program:
        pytest.skip("there is no pgbouncer here")
    url, port = make_url(database), free_port()
    folder = Path(tempfile.mkdtemp(prefix="aggregator-pgbouncer-"))
    folder.chmod(0o755)
    file = folder / "pgbouncer.ini"
    file.write_text(SETTINGS.format(name=url.database, host=url.query["host"], user=url.username, port=port))
    owner = Path(str(url.query["host"])).owner()  # of the server's socket; PgBouncer refuses to run as root
    words = [program, *(["-u", owner] if os.geteuid() == 0 else []), str(file)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: is_open(port) or process.poll() is not None)
        assert process.poll() is None
        yield url.set(host="127.0.0.1", port=port, query={}).render_as_string(hide_password=False)
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def test_sessions_that_transactions_share_serve_a_daemon_and_a_worker(
    folders: list[Path], server: Server, postgresql: Cluster
) -> None:
    database = postgresql.database()
    with bouncer(database) as url:
        sources = [
            {"name": f"s{number}", "url": server.url(f"/{number}"), "category": "news"} for number in range(SOURCES)
        ]
        fetch = {"allow_private": ["127.0.0.1/32"], "host_gap": "0s", "interval": "2s", "min_interval": "2s"}
        configure(folders[0], database=url, sources=sources, fetch=fetch, feeds={"limit": 100})
        with running(folders[0]) as daemon, working(folders[1], AGGREGATOR_DATABASE=url) as worker:
            for count in range(1, EDITIONS + 1):
                for number in range(SOURCES):
                    server.put(f"/{number}", rss(*(item(100 * number + story) for story in range(count))))
                expected = count * SOURCES
                until(lambda: daemon.get("feeds/news.json").text.count('"id"') == expected, 60)  # noqa: B023 - called at once
            assert daemon.get("healthz").status_code == 200
            for process in (daemon, worker):
                assert [line for line in process.said() if '"error"' in line or "prepared statement" in line] == []
    assert rows(database, "SELECT count(*) FROM article") == [(EDITIONS * SOURCES,)]
