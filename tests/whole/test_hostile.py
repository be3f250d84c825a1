"""Every hostile source at once, healthy ones among them: one cycle, then a daemon that goes on from there.

Of those that are long to read it has a few, and of values each in some of the fields; `make hostile` has all.

The table is in tests/hostile; here it is held to what it says, and the program to what holds whatever a source does.
"""

import json
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from aggregator.logs import one_line
from tests.commands import aggregator, forked
from tests.hostile import CANARY, Hostile, Row, hostile
from tests.hostile.rows import PASSWD, READING
from tests.hostile.watched import Watched, configure, running
from tests.normalise.rendering import Page, rendered
from tests.thorough import THOROUGH
from tests.whole.feeds import read_json, read_xml
from tests.whole.hugo import build

MOST_MEMORY = 200_000_000  # bytes, of the main process
PATIENCE = 30.0  # seconds that a busy machine may add to a deadline
GIVES_UP = f"took longer than {READING} s|not read within|more than 1.5 GB|no complete response within"
HUB_REFUSED = re.compile("bad-header-hub: its hub takes no subscription.* is in a private network")
SEARCH_FORMS = [{"class": "search", "role": "search", "action": f"{root}/search"} for root in (".", "..")]
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """What `aggregator once --all --json` said and left behind."""

    folder: Path
    report: dict[str, Any]
    log: tuple[str, ...]
    peak: int
    seconds: float
    states: dict[str, dict[str, Any]]  # of `sources --json`, by name
    ended: datetime
    asked: dict[str, float]  # healthy paths: seconds until the first request

    @property
    def errors(self) -> dict[str, str]:
        return {failure["source"]: failure["error"] for failure in self.report["failures"]}

    def wait(self, name: str) -> timedelta:
        """From the source's last fetch to its next one, however long the rest of the cycle takes."""
        last, following = (datetime.fromisoformat(self.states[name][field]) for field in ("last_fetch", "next_fetch"))
        return following - last

    def articles(self, name: str) -> dict[Path, str]:
        root = self.folder / "storage" / "articles" / name
        return {path: path.read_text(encoding="utf-8") for path in root.rglob("*") if path.is_file()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What the daemon said and left behind."""

    log: tuple[str, ...]
    peak: int
    status: int
    seconds: float  # until every healthy source's new story was published
    unread: set[str]  # names of sources that were due and could not be read again
    pages: dict[str, httpx.Response]
    states: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def sources() -> Iterator[Hostile]:
    with hostile() as running_sources:
        yield running_sources


@pytest.fixture(scope="module")
def alone(sources: Hostile, tmp_path_factory: pytest.TempPathFactory) -> Cycle:
    """The healthy sources by themselves."""
    folder = tmp_path_factory.mktemp("alone")
    configure(folder, sources.healthy_ones())
    return cycle(folder, sources)


@pytest.fixture(scope="module")
def folder(sources: Hostile, alone: Cycle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all of them are configured. A machine that is busy just now gets longer to answer itself."""
    folder = tmp_path_factory.mktemp("hostile")
    configured = sources.configured(slow_interval="5s" if THOROUGH else "1h")  # `once` reads them too
    timeout = f"{ceil(max(8.0, 2 * alone.seconds))}s"
    configure(folder, configured, timeout=timeout, interval="1s", min_interval="0s")
    return folder


@pytest.fixture(scope="module")
def together(sources: Hostile, folder: Path) -> Cycle:
    """All sources, once."""
    return cycle(folder, sources)


@pytest.fixture(scope="module")
def daemon(sources: Hostile, folder: Path, together: Cycle) -> Running:
    """A daemon on the same storage, until it has published what the healthy sources have new."""
    for source in sources.healthy_ones():
        sources.editions["/" + source["name"]] = 2
    with running(folder, sources, "run", "--port", "0") as watched:
        started = time.monotonic()
        until(lambda: any("serving http" in line for line in watched.log), watched)
        url = next(address[0] for line in watched.log if (address := re.search(r"http://[\d.:]+/", line)))
        until(lambda: healthy_titles(folder) == 2 * len(sources.healthy_ones()), watched)
        seconds = time.monotonic() - started
        unread = due_soon(sources, together)

        def all_are_read_again() -> bool:
            unread.difference_update(read_since(url, together.ended))
            return not unread

        happens(all_are_read_again, watched)
        until(lambda: any(HUB_REFUSED.search(line) for line in watched.log), watched)
        pages = {
            path: httpx.get(url + path, timeout=60) for path in ("", "status", "healthz", "metrics", "category/good")
        }
        watched.process.send_signal(signal.SIGTERM)
        status = watched.process.wait(60)
    return Running(
        log=tuple(watched.log),
        peak=watched.peak,
        status=status,
        seconds=seconds,
        unread=unread,
        pages=pages,
        states=states(folder),
    )


def cycle(folder: Path, sources: Hostile) -> Cycle:
    heard = len(sources.healthy.requests)
    started = time.monotonic()
    with running(folder, sources, "once", "--all", "--json") as watched:
        assert watched.process.stdout is not None
        output = watched.process.stdout.read()
        assert watched.process.wait(120) == 0, watched.log
    seconds = time.monotonic() - started
    return Cycle(
        folder=folder,
        report=json.loads(output),
        log=tuple(watched.log),
        peak=watched.peak,
        seconds=seconds,
        ended=datetime.now(UTC),
        states=states(folder),
        asked={request.path: request.at - started for request in reversed(sources.healthy.requests[heard:])},
    )


def states(folder: Path) -> dict[str, dict[str, Any]]:
    return {source["name"]: source for source in json.loads(aggregator("sources", "--json", cwd=folder).stdout)}


def due_soon(sources: Hostile, together: Cycle) -> set[str]:
    """Names of the sources that could be read, healthy ones among them, and that are asked again within a minute."""
    names = {row.name for row in sources.rows if is_read(row)} | {source["name"] for source in sources.healthy_ones()}
    return {name for name in names if together.wait(name) < timedelta(minutes=1)}


def read_since(url: str, time: datetime) -> set[str]:
    """Names of the sources whose last request came after `time` and did not fail."""
    rows = httpx.get(f"{url}status.json", timeout=60).json()["sources"]
    return {row["name"] for row in rows if not row["error"] and datetime.fromisoformat(row["last_fetch"]) > time}


def is_read(row: Row) -> bool:
    return row.kind == "fetched" and not row.is_slow


def healthy_titles(folder: Path) -> int:
    return sum(1 for root in (folder / "storage" / "articles").glob("good-*") for _ in root.rglob("*.md"))


def until(true: Callable[[], bool], watched: Watched) -> None:
    """Wait for something to become true while the process runs."""
    assert happens(true, watched), "it did not happen in time"


def happens(true: Callable[[], bool], watched: Watched, seconds: float = 4 * PATIENCE) -> bool:
    """Whether something becomes true in time while the process runs."""
    deadline = time.monotonic() + seconds
    while not (is_true := true()) and time.monotonic() < deadline:
        assert watched.process.poll() is None, watched.log[-20:]
        time.sleep(0.3)  # the daemon answers for hundreds of sources
    return is_true


def test_every_row_ends_as_the_table_says(sources: Hostile, together: Cycle) -> None:
    wrong = [f"{row.path}: {difference}" for row in sources.rows if (difference := unlike(row, together))]
    assert not wrong, "\n".join(wrong)
    assert len(sources.rows) >= 60


def unlike(row: Row, together: Cycle) -> str | None:
    """What differs from the row's expectation, None where nothing does."""
    error, entries = together.errors.get(row.name, ""), together.states[row.name]["entries"]
    if row.is_slow and re.search(GIVES_UP, error):
        return None
    if (("failed" if error else "fetched"), entries) != (row.kind, row.entries) or not re.search(row.says, error):
        return f"{error or 'fetched'}, {entries} entries, instead of {row.kind} ({row.says}), {row.entries}"
    text = "".join(together.articles(row.name).values())
    if missing := [shown for shown in row.shows if shown not in text]:
        return f"its articles lack {missing}"
    if present := [hidden for hidden in row.hides if hidden in text]:
        return f"its articles hold {present}"
    if row.waits:
        wait = together.wait(row.name)
        least, most = row.waits
        if not least - timedelta(minutes=2) <= wait <= most:
            return f"it waits {wait}"
    return None


def test_every_article_is_dated_named_and_inert(together: Cycle) -> None:
    root = together.folder / "storage" / "articles"
    seen = 0
    for path in root.rglob("*.md"):
        text = path.read_text(encoding="utf-8")
        head = yaml.load(
            text.removeprefix("---\n").partition("\n---\n")[0], Loader=yaml.CSafeLoader
        )  # 10 times as fast
        assert all(FILE_NAME.fullmatch(part) for part in path.relative_to(root).parts), path
        date = datetime.strptime(head["date"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        assert datetime(1990, 1, 1, tzinfo=UTC) <= date <= together.ended, path
        assert {"title", "date", "summary", "categories"} <= head.keys() <= KEYS, path
        assert one_line(head["title"]) == head["title"], path
        assert Page(rendered(text.partition("\n---\n")[2])).active == [], path
        seen += 1
    assert seen == together.report["articles_written"]


KEYS = {
    *("title", "date", "lastmod", "summary", "categories", "tags", "lang", "translations", "menu", "thumbnail", "lead"),
    *("comments", "authorbox", "pager", "toc", "mathjax", "sidebar", "widgets"),
}


def test_every_feed_parses_to_the_same_inert_entries(together: Cycle, daemon: Running) -> None:
    feeds = together.folder / "storage" / "feeds"
    names = sorted(path.stem for path in feeds.glob("*.rss"))
    assert {"all", "good", "bad-0", "bad-4"} <= set(names)
    for name in names if THOROUGH else ("all", "bad-0"):
        xml, atom = (read_xml((feeds / f"{name}.{suffix}").read_bytes()) for suffix in ("rss", "atom"))
        document = (feeds / f"{name}.json").read_bytes()
        json_feed = read_json(document)
        for entry in (*xml, *atom, *json_feed):
            del entry["url"]  # feedparser takes "&lt" within a link's text for an entity
        assert xml == atom == json_feed, name
        for entry in json.loads(document)["items"]:
            assert Page(entry.get("content_html", "")).active == [], (name, entry["id"])
            assert re.match(r"https?://[^/]", entry["url"]), (name, entry["id"])


def test_hugo_builds_every_article_and_nothing_acts(together: Cycle, daemon: Running, tmp_path: Path) -> None:
    root = together.folder / "storage" / "articles"
    public, output = build(tmp_path / "site", root, now=datetime.now(UTC), unsafe=True)
    assert "ERROR" not in output
    pages = list((public / "post").rglob("index.html"))
    assert len(pages) >= sum(1 for _ in root.rglob("*.md"))
    for page in pages:
        assert Acting(page.read_text()).found == [], page


def test_healthy_sources_are_asked_and_published_in_time(alone: Cycle, together: Cycle, daemon: Running) -> None:
    assert together.asked.keys() == alone.asked.keys()
    assert max(together.asked.values()) <= 2 * max(alone.asked.values()) + PATIENCE
    assert daemon.seconds <= 2 * alone.seconds + 2 * PATIENCE  # its start, and ticks that others share
    for name in alone.states:
        assert together.states[name]["error"] is None
    assert {name for name in daemon.unread if name.startswith("good-")} == set()


def test_memory_stays_small(together: Cycle, daemon: Running) -> None:
    assert 0 < together.peak < MOST_MEMORY
    assert 0 < daemon.peak < MOST_MEMORY


def test_the_log_is_one_clean_line_a_source(sources: Hostile, together: Cycle, daemon: Running) -> None:
    for log in (together.log, daemon.log):
        for line in log:
            assert line.isascii(), line
            assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]|Traceback|traceback|internal error", line), line
            assert json.loads(line)["level"] in {"info", "warning"}, line
    lines_by_source = Counter(json.loads(line)["message"].partition(":")[0] for line in together.log)
    assert lines_by_source.keys() <= together.states.keys()
    several = {name for name, count in lines_by_source.items() if count > 1}
    assert several <= {"bad-killed-entries"}  # it also leaves some out


def test_nothing_is_written_outside_the_storage_folder(folder: Path, together: Cycle, daemon: Running) -> None:
    outside = {path for path in folder.rglob("*") if path.is_file() and folder / "storage" not in path.parents}
    assert outside == {folder / "feeds.yaml"}
    for trace in ("/tmp/hostile-was-here", "/etc/cron.d/hostile"):
        assert not Path(trace).exists()


def test_nobody_connects_where_nobody_may(sources: Hostile, together: Cycle, daemon: Running) -> None:
    assert sources.touched() == {}


def test_nothing_of_other_files_and_hosts_comes_out(together: Cycle, daemon: Running) -> None:
    """The cookie that was set is not kept either."""
    for path in (together.folder / "storage").rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert PASSWD.encode() not in data, path
            assert CANARY.encode() not in data, path


def test_requests_carry_no_cookie_and_no_header_that_a_server_made_up(
    sources: Hostile, together: Cycle, daemon: Running
) -> None:
    names = {name for request in sources.server.requests for name, _ in request.headers}
    allowed = {"Host", "User-Agent", "Accept", "Accept-Encoding", "If-None-Match", "If-Modified-Since", "Connection"}
    assert names <= allowed


def test_what_was_read_once_is_read_again(sources: Hostile, together: Cycle, daemon: Running) -> None:
    """No validator that a server gave makes the next request fail; on a busy machine one may come too late."""
    assert len(due_soon(sources, together)) > 70
    assert {name: daemon.states[name]["error"] for name in daemon.unread} == {}


def test_the_daemon_stays_well_and_ends_in_good_order(daemon: Running) -> None:
    assert daemon.status == 0
    assert {path: page.status_code for path, page in daemon.pages.items()} == dict.fromkeys(daemon.pages, 200)
    for path in ("", "status", "category/good"):
        page = daemon.pages[path]
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert Acting(page.text).found == [], path


class Acting(HTMLParser):
    """Elements, handlers and addresses of a whole page that would act."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "form" and dict(attrs) in SEARCH_FORMS:
            return
        if tag in {"script", "iframe", "object", "embed", "form", "base", "template", "math"}:
            self.found.append(tag)
        for name, value in attrs:
            if name.startswith("on") or re.match(r"\s*(?:javascript|data|vbscript):", value or "", re.IGNORECASE):
                self.found.append(f"{tag} {name}={value}")


@pytest.mark.parametrize("links", ["private", "private-then-feed"])
def test_a_page_with_10000_feed_links_is_looked_at_in_bounds(sources: Hostile, tmp_path: Path, links: str) -> None:
    forbidden = sources.canaries[1].url("/")
    link = '<link rel="alternate" type="application/rss+xml" title="{0}" href="{1}">'
    hrefs = [f"{forbidden}{n}" for n in range(10_000)]
    if links != "private":
        hrefs.insert(0, sources.healthy.url("/found"))
    page = "<html><head>" + "".join(link.format(f"\x1b[2J{n}", href) for n, href in enumerate(hrefs)) + "</head></html>"
    configure(tmp_path, [{"name": "a", "url": sources.healthy.url("/a")}])
    url = sources.server.put("/page", page.encode(), headers={"Content-Type": "text/html"})
    done = aggregator("add", url, cwd=tmp_path, status=int(links == "private"))
    assert len(done.stdout.splitlines()) + len(done.stderr.splitlines()) <= 21  # one is what was found
    assert "\x1b" not in done.stdout + done.stderr
    assert sources.touched() == {}
    assert (sources.healthy.url("/found") in (tmp_path / "feeds.yaml").read_text()) == (links != "private")


@pytest.mark.parametrize("url", ["private", "redirect"])
def test_add_goes_to_no_private_network(sources: Hostile, tmp_path: Path, url: str) -> None:
    configure(tmp_path, [{"name": "a", "url": sources.healthy.url("/a")}])
    forbidden = sources.canaries[1].url("/feed.xml")
    asked = forbidden if url == "private" else sources.server.put("/away", status=301, headers={"Location": forbidden})
    done = aggregator("add", asked, cwd=tmp_path, status=1)
    (line,) = done.stderr.splitlines()
    assert "is in a private network" in line
    assert sources.touched() == {}


LAUGHS = "".join(f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in pairwise("abcdefghij"))


def test_entities_in_opml_do_not_grow(sources: Hostile, tmp_path: Path) -> None:
    declare(f'<!ENTITY a "aaaaaaaaaa">{LAUGHS}', sources, tmp_path)
    with running(tmp_path, sources, "import", "list.opml") as watched:
        assert watched.process.stdout is not None
        output = watched.process.stdout.read()
        assert watched.process.wait(60) in {0, 1}
    assert watched.peak < MOST_MEMORY
    assert len(output.splitlines()) + len(watched.log) == 1
    assert len((tmp_path / "feeds.yaml").read_text()) < 5000


@pytest.mark.parametrize(
    "declared",
    [
        '<!ENTITY j SYSTEM "file:///etc/passwd">',
        '<!ENTITY j SYSTEM "{canary}">',
        '<!ENTITY % p SYSTEM "{canary}">%p;<!ENTITY j "x">',
    ],
)
def test_entities_in_opml_ask_for_nothing(sources: Hostile, tmp_path: Path, declared: str) -> None:
    declare(declared, sources, tmp_path)
    with forked("import", "list.opml", cwd=tmp_path) as process:
        output, errors = process.communicate()
    assert process.returncode in {0, 1}
    assert len((output + errors).splitlines()) == 1
    assert PASSWD not in output + errors + (tmp_path / "feeds.yaml").read_text()
    assert sources.touched() == {}


def declare(declared: str, sources: Hostile, folder: Path) -> None:
    """Write `list.opml`, which uses the entity `j`, and a configuration to import it into."""
    configure(folder, [{"name": "a", "url": sources.healthy.url("/a")}])
    outline = f'<outline text="&j;" xmlUrl="{sources.healthy.url("/b")}"/>'
    document = f'<?xml version="1.0"?><!DOCTYPE opml [{declared}]><opml version="2.0"><body>{outline}</body></opml>'
    (folder / "list.opml").write_text(document.replace("{canary}", sources.canaries[0].url("/x.dtd")))
