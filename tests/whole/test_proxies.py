"""The examples of Caddy and nginx, run before a real daemon where these are installed: on a host and below a path."""

import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from tests.commands import configure, running, until
from tests.newsroom import item, rss
from tests.servers import Server

DEPLOY = Path(__file__).parents[2] / "deploy"
DOCS = (DEPLOY.parent / "docs" / "reverse-proxy.md").read_text(encoding="utf-8")
EXAMPLES = {
    "deploy/caddy/own-host.Caddyfile": "/",
    "deploy/caddy/sub-path.Caddyfile": "/news/",
    "deploy/nginx/own-host.conf": "/",
    "deploy/nginx/sub-path.conf": "/news/",
}


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Host and port of a daemon with an article."""
    folder = tmp_path_factory.mktemp("backend")
    with Server() as server:
        server.put("/feed", rss(item(1)))
        configure(
            folder,
            base_url="https://www.example.org/news/",
            sources=[{"name": "paper", "url": server.url("/feed"), "category": "press"}],
        )
        with running(folder) as daemon:
            (address,) = {
                address_of_line
                for line in daemon.said("listening on")
                for address_of_line in re.findall(r"127[\d.]+:\d+", line)
            }
            until(lambda: httpx.get(f"http://{address}/feeds/press.rss").status_code == 200)
            yield address


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@contextmanager
def proxy(example: str, backend: str, folder: Path) -> Iterator[str]:
    """The proxy with the example, but without TLS, at the URL that is yielded; of two servers the second is away."""
    text = (DEPLOY.parent / example).read_text(encoding="utf-8")
    text = re.sub(r"127\.0\.0\.1:8080|server-1:8080", backend, text)
    text = text.replace("server-2:8080", f"127.0.0.1:{free_port()}").replace("fail_duration", "# forgotten at once:")
    url = f"http://127.0.0.1:{(port := free_port())}"
    file = folder / "configuration"
    if "Caddyfile" in example:
        text = re.sub(r"(?m)^[\w.:]+ \{", f"{url} {{", text, count=1)
        file.write_text("{\n\tadmin off\n\tauto_https off\n}\n" + text)
        words = ["caddy", "run", "--config", str(file), "--adapter", "caddyfile"]
    else:
        text = text.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
        text = re.sub(r"(?m)^ *ssl_.*\n", "", text)
        temporary = " ".join(
            f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        file.write_text(
            f"{'user root; ' if os.geteuid() == 0 else ''}daemon off; pid {folder}/pid; error_log stderr; events {{}}\n"
            f"http {{ access_log off; {temporary}\n{text}\n}}\n"
        )
        words = ["nginx", "-p", str(folder), "-c", str(file), "-e", "stderr"]
    if not shutil.which(words[0]):
        pytest.skip(f"there is no {words[0]} here")
    environ = {"PATH": "/usr/bin:/usr/sbin:/bin:/usr/local/bin", "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log, env=environ)
    try:
        until(lambda: answers(url) or process.poll() is not None)
        assert process.poll() is None, (folder / "log").read_text()
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def answers(url: str) -> bool:
    """Return True once something accepts connections."""
    try:
        httpx.get(url)
    except httpx.TransportError:
        return False
    return True


def test_readers_of_a_cluster_are_answered_where_a_server_is_away(backend: str, tmp_path: Path) -> None:
    with proxy("deploy/cluster/Caddyfile", backend, tmp_path) as url:
        assert {httpx.get(f"{url}/feeds/press.rss", timeout=60).status_code for _ in range(10)} == {200}


class Links(HTMLParser):
    """Addresses that a page names on its own host."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found |= {value for name, value in attributes if name in ("href", "src", "action") and value}


@pytest.mark.parametrize(("example", "path"), EXAMPLES.items())
def test_every_page_is_within_reach_and_what_is_private_is_not(
    example: str, path: str, backend: str, tmp_path: Path
) -> None:
    with proxy(example, backend, tmp_path) as url, httpx.Client(base_url=url) as client:
        front = client.get(path)
        assert "Story number 1" in front.text
        links = {urljoin(f"{url}{path}", link) for link in Links(front.text).found}
        own = {link.partition("#")[0] for link in links if urlsplit(link).netloc == urlsplit(url).netloc}
        assert f"{url}{path}category/press" in own
        assert any(link.startswith(f"{url}{path}style.css") for link in own)
        assert [link for link in sorted(own) if client.get(link, follow_redirects=True).status_code != 200] == []
        assert [link for link in own if not link.startswith(url + path)] == []
        slash = client.get(f"{path}category/press/", follow_redirects=True)
        assert (slash.status_code, slash.url.path) == (200, f"{path}category/press")
        feed = client.get(f"{path}feeds/press.rss")
        assert feed.status_code == 200
        again = client.get(f"{path}feeds/press.rss", headers={"If-None-Match": feed.headers["etag"]})
        assert again.status_code == 304
        push = client.post(f"{path}websub/unknown", content=b" " * 2_000_000)
        assert push.status_code in (404, 410), "what hubs push does not arrive"
        assert [name for name in ("metrics", "healthz") if client.get(path + name).status_code != 404] == []
        if path != "/":
            bare = client.get(path.rstrip("/"))
            assert (bare.status_code, urlsplit(bare.headers["location"]).path) == (308, path)


def test_the_documentation_names_each_example() -> None:
    assert [example for example in EXAMPLES if f"](../{example})" not in DOCS] == []
