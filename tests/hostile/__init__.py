"""Hostile sources: a server with one bad input a path, and what is expected of each source that asks there.

    with hostile() as sources:              # the servers, the canaries, healthy feeds beside them
        sources.rows                         # the table: path, answer, expectation
        sources.configured()                 # the same as `sources:` of a feeds.yaml
        sources.touched()                    # connections that nobody may make: {}

Those that are long to read are a few of them, in a thorough run (`make hostile`) all.
`python -m tests.hostile [SECONDS]` runs it beside 200 healthy sources with a daemon, and prints a table at the end.
"""

import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from typing import Any

from tests.hostile import answers, documents, extensions, fields
from tests.hostile.rows import CANARY, Row, failed, number, story
from tests.newsroom import item, rss
from tests.servers import Answer, Server
from tests.thorough import some

__all__ = ["CANARY", "Hostile", "Row", "hostile"]

HEALTHY = 20


@dataclass(slots=True)
class Hostile:
    """The servers while they run."""

    rows: tuple[Row, ...]
    server: Server
    healthy: Server
    canaries: tuple[Server, ...]
    urls: dict[str, str]  # of the rows' sources, by their path
    authority: Path | None = None  # file of a certificate to be trusted, where there is TLS
    editions: dict[str, int] = field(default_factory=dict)  # how many stories a healthy path has, where not one

    def configured(self, healthy: int = HEALTHY, *, slow_interval: str = "5s") -> list[dict[str, Any]]:
        """All sources as in feeds.yaml, the healthy ones spread among the rows; some are slow to be read."""
        bad = [
            {
                "name": row.name,
                "url": self.urls[row.path],
                "category": f"bad {place % 5}",
                "language": "en",
                "interval": slow_interval if row.is_slow else "5s",
                "backfill": "all" if row.path.startswith("/archive/") else "none",
            }
            for place, row in enumerate(self.rows)
        ]
        good = iter(self.healthy_ones(healthy))
        share = -(-len(bad) // max(healthy, 1))
        mixed = [entry for place, row in enumerate(bad) for entry in (*islice(good, place % share == 0), row)]
        return [*mixed, *good]

    def healthy_ones(self, healthy: int = HEALTHY) -> list[dict[str, Any]]:
        """The healthy sources alone."""
        return [
            {"name": f"good-{place}", "url": self.healthy.url(f"/good-{place}"), "category": "good", "language": "en"}
            for place in range(healthy)
        ]

    def touched(self) -> dict[str, int]:
        """How often which canary was connected to."""
        return {f"{canary.host}:{canary.port}": canary.connections for canary in self.canaries if canary.connections}

    def healthy_feed(self, path: str) -> bytes:
        """What is at a healthy path now, the newest story first."""
        return rss(*(story(path, place) for place in reversed(range(self.editions.get(path, 1)))))


@contextmanager
def hostile() -> Iterator[Hostile]:
    """All rows on their servers; any path on the healthy one is a feed."""
    with ExitStack() as stack:
        server, healthy, canary = (stack.enter_context(Server()) for _ in range(3))
        neighbour = stack.enter_context(Server("127.0.0.2"))
        canaries = [canary, neighbour]
        if _has_ipv6():
            canaries.append(stack.enter_context(Server("::1", neighbour.port)))
        for canary in canaries:
            canary.put("*", rss(item(1, title=CANARY)))
        rows = tuple(_rows(canary.url(""), neighbour))
        collection = Hostile(rows, server, healthy, tuple(canaries), {})
        healthy.put("*", lambda request: collection.healthy_feed(request.path))
        for row in rows:
            at = stack.enter_context(Server()) if row.alone else server
            collection.urls[row.path] = row.url or _put(at, row)
        if which("openssl"):
            _add_tls(collection, stack)
        yield collection


def _rows(canary: str, neighbour: Server) -> Iterator[Row]:
    yield from some(tuple(documents.killed())[::-1], 8)  # the one that is surely killed
    yield from documents.entities(canary, neighbour.url(""))
    yield from answers.compressions()
    yield from answers.bodies()
    yield from answers.headers(neighbour.url("/hub"))
    yield from answers.waits()
    yield from answers.redirects(neighbour.port)
    yield from documents.characters()
    yield from some(tuple(documents.sizes()), 3)
    yield from documents.not_feeds()
    yield from documents.cuts()
    yield from extensions.media()
    yield from extensions.tombstones(f"https://source.example/?p={number('/good-0')}")
    yield from extensions.archives(neighbour.url("/"))
    yield from fields.values()
    yield from fields.injections()


def _put(server: Server, row: Row) -> str:
    answer = row.answer
    return server.put(row.path, answer if callable(answer) else lambda _request: answer)


def _add_tls(collection: Hostile, stack: ExitStack) -> None:
    """Rows with a certificate that nobody vouches for, with one of another name, and with no TLS at all."""
    folder = Path(stack.enter_context(TemporaryDirectory()))
    document = Answer(body=rss(story("/tls")))
    for name, host in (("unknown", "IP:127.0.0.1"), ("misnamed", "DNS:other.example")):
        certificate, key = _certificate(folder, name, host)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        row = failed(f"/tls/{name}", "TLS handshake failed", document)
        collection.urls[row.path] = _put(stack.enter_context(Server(tls=context)), row)
        collection.rows += (row,)
        collection.authority = certificate  # in the end that of the other name
    plain = failed("/tls/plain", f"TLS|{answers.LATE}", document)  # the server waits for the rest of a request
    collection.urls[plain.path] = collection.server.url(plain.path).replace("http:", "https:")
    collection.rows += (plain,)


def _certificate(folder: Path, name: str, host: str) -> tuple[Path, Path]:
    """A certificate for `host` (a subjectAltName) that signs itself, and its key."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=hostile"
    options = f"-addext subjectAltName={host} -keyout {key} -out {certificate}"
    subprocess.run(f"{command} {options}".split(), check=True, capture_output=True)
    return certificate, key


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
