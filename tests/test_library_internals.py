"""The inside of libraries that `docs/library-internals.md` lists, as far as no other test looks at it."""

import asyncio
import inspect
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import feedparser
import pytest
import uvicorn
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from feedparser import mixin
from feedparser.api import LooseFeedParser, StrictFeedParser
from lxml import etree
from sqlalchemy import Boolean, Column, Integer, LargeBinary, MetaData, Table, Text, create_engine

from aggregator.commonmark import safety_check
from aggregator.daemon.ticks import TickTrigger, keep_ticking
from aggregator.normalise import html
from aggregator.parse.handlers import FeedHandler
from aggregator.store.columns import Moment, Span
from aggregator.store.statements import InsertRows
from tests.cases import for_each
from tests.normalise.harmless import BODIES
from tests.normalise.hostile import MARKUP

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/library-internals.md").read_text(encoding="utf-8")
ROWS = [row for row in PAGE.splitlines() if row.startswith("| `")]
TICK = timedelta(milliseconds=20)


@for_each("row", ROWS)
def test_every_place_and_test_on_the_page_exists(row: str) -> None:
    for path, _, name in re.findall(r"`((?:aggregator|tests)/[\w/.]+)(::(\w+))?`", row):
        assert (ROOT / path).exists(), path
        assert not name or f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), name


def test_httpx_loads_without_its_command_line() -> None:
    code = (
        "import sys, aggregator.fetch, httpx; httpx.Client; print(*{'click', 'rich', 'pygments'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "\n"


def test_feedparser_has_what_is_overridden() -> None:
    methods = {name for name, value in vars(FeedHandler).items() if callable(value) and not name.startswith("__")}
    # feedparser has no such methods.
    own = {
        "_count",
        "_only_count",
        "_end_hour",
        "_end_day",
        "_end_media_content",
        "_end_media_group",
        "_keep_media_text",
    }
    own |= {name for name in methods if "_podcast_" in name or "tombstone" in name or "_at_deleted" in name}
    own |= {name for name in methods if "_media_" in name and name.endswith("_title")}
    for parser in (StrictFeedParser, LooseFeedParser):
        assert {name for name in methods - own if not hasattr(parser, name)} == set()


def test_feedparser_uses_the_cached_join_of_urls() -> None:
    before = mixin.make_safe_absolute_uri.cache_info()
    headers = {"content-location": "http://e.org/"}
    feedparser.parse(b"<rss version='2.0'><channel><link>a</link></channel></rss>", response_headers=headers)
    after = mixin.make_safe_absolute_uri.cache_info()
    assert after.hits + after.misses > before.hits + before.misses


@pytest.mark.parametrize(("quote", "opposite"), ["'\"", "\"'"])
def test_the_cleaner_writes_attributes_in_one_form(quote: str, opposite: str) -> None:
    value = f"{quote}https://e.org/?a=<b>&c={opposite}{quote}"
    clean = html.clean(f"<p><a href={value} title={value}>x</a><img src=/i alt={value}></p>", "http://e.org/")
    assert re.fullmatch(r'<p><a(?: [a-z]+="[^"<>]*")+>x</a><img(?: [a-z]+="[^"<>]*")+></p>', clean), clean


def test_the_cleaner_asks_for_each_url() -> None:
    links = "".join(f"<a href='/{n}'>a</a><img src='/{n}.png'>" for n in range(3))
    cleaned = html.clean(f"{links}<a href='ftp://a.example/'>b</a>", "https://a.example/")
    assert cleaned == "".join(
        f'<a href="https://a.example/{n}">a</a><img src="https://a.example/{n}.png">' for n in range(3)
    ) + ("<a>b</a>")


@for_each("body", [*BODIES, *MARKUP])
def test_the_cleaner_writes_xml_but_for_void_elements(body: str) -> None:
    cleaned = html.clean(body, "https://a.example/")
    xml = re.sub(r"<((?:br|hr|img)\b[^>]*)>", r"<\1/>", cleaned).replace("&nbsp;", "\xa0")
    etree.fromstring(f"<div>{xml}</div>", etree.XMLParser(recover=False, huge_tree=True))


def test_the_safety_check_sees_every_link() -> None:
    definitions: dict[str, object] = {}
    (_, inline, _) = safety_check._parser().parse("[a](javascript:b) [c][d]\n\n[d]: data:e", definitions)
    assert [token.attrGet("href") for token in inline.children or () if token.attrGet("href")] == [
        "javascript:b",
        "data:e",
    ]
    assert definitions["references"]


def test_uvicorn_takes_signals_in_the_method_that_is_overridden() -> None:
    assert "self.capture_signals()" in inspect.getsource(uvicorn.Server.serve)


async def test_the_scheduler_asks_the_trigger_for_each_tick() -> None:
    ticks: list[None] = []
    scheduler = AsyncIOScheduler(timezone=UTC)
    job = scheduler.add_job(lambda: ticks.append(None), TickTrigger(TICK))
    scheduler.start()
    ticking = asyncio.create_task(keep_ticking(scheduler, TICK))
    try:
        while len(ticks) < 3:
            await asyncio.sleep(0.01)
        job.modify(next_run_time=datetime.now(UTC) + timedelta(days=1))  # as after a clock that is put back
        seen = len(ticks)
        while len(ticks) < seen + 3:
            await asyncio.sleep(0.01)
    finally:
        ticking.cancel()
        scheduler.shutdown(wait=False)


def test_quick_inserts_store_what_sqlalchemy_stores() -> None:
    names = ("number", "words", "data", "flag", "moment", "span")
    kinds = (Integer, Text, LargeBinary, Boolean, Moment, Span)
    quick, slow = (
        Table(name, MetaData(), *(Column(column, kind) for column, kind in zip(names, kinds, strict=True)))
        for name in ("quick", "order")  # the second name is a keyword
    )
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    rows = [(1, "é", b"\0", True, now, timedelta(minutes=1)), (2, None, None, False, None, None)]
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        for table in (quick, slow):
            table.create(connection)
        InsertRows(quick, names)(connection, rows)
        connection.execute(slow.insert(), [dict(zip(names, row, strict=True)) for row in rows])
        stored = [connection.exec_driver_sql(f'SELECT * FROM "{table.name}"').all() for table in (quick, slow)]
    engine.dispose()
    assert stored[0] == stored[1]
    assert len(stored[0]) == 2


def test_the_engines_schema_is_the_one_that_the_migrations_know() -> None:
    """Another one needs a migration of ours that brings databases there: docs/decisions/0041-jobs.md."""
    spec = find_spec("procrastinate")
    assert spec is not None
    assert spec.origin is not None
    migrations = Path(spec.origin).parent / "sql" / "migrations"
    assert max(path.name for path in migrations.glob("*.sql")) == "03.04.00_50_post_add_retry_failed_job_procedure.sql"
