"""What a command does not need it does not load: most of what a round of nothing new costs is loading."""

from pathlib import Path

from tests.commands import aggregator, configure
from tests.newsroom import item, rss
from tests.servers import Server

READING = {"aggregator.parse", "aggregator.normalise", "aggregator.dedupe", "feedparser", "nh3", "rensa"}
WRITING = {"aggregator.render", "aggregator.opml", "lxml.etree"}
CLUSTER = {"obstore", "aggregator.objects", "procrastinate"}
CLUSTER = {"procrastinate", "psycopg", "obstore"}
SERVING = {"uvicorn", "starlette", "jinja2", "apscheduler", "prometheus_client"}


def test_a_round_in_which_nothing_is_new_loads_neither_parser_nor_renderer(tmp_path: Path, server: Server) -> None:
    server.put("/feed", rss(item(1)), headers={"ETag": '"1"'})
    configure(tmp_path, sources=[{"name": "a", "url": server.url("/feed"), "category": "News"}])
    first, second = (_loaded("once", "--all", cwd=tmp_path) for _ in range(2))
    assert {"aggregator.parse", "aggregator.normalise", "aggregator.render", "aggregator.opml"} <= first
    assert "feedparser" not in first  # the document is plain
    assert "aggregator.store" in second
    assert not (first | second) & CLUSTER
    assert sorted(second & (READING | WRITING | SERVING)) == []
    assert not first & CLUSTER


def test_help_loads_no_large_library(tmp_path: Path) -> None:
    loaded = _loaded("--help", cwd=tmp_path)
    assert "typer" in loaded
    assert not loaded & (READING | WRITING | SERVING | {"sqlalchemy", "aiohttp", "httpx", "pydantic", "yaml"})


def _loaded(*words: str, cwd: Path) -> set[str]:
    """Names of the modules that the command loads."""
    report = aggregator(*words, cwd=cwd, PYTHONPROFILEIMPORTTIME="1").stderr
    return {line.rpartition("|")[2].strip() for line in report.splitlines() if line.startswith("import time:")}
