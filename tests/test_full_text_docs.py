"""The example of docs/full-text.md does what the page says."""

import json
import re
from pathlib import Path

import yaml

from tests.commands import aggregator, configure
from tests.full_text.pages import PARAGRAPHS, TEXT, html
from tests.newsroom import item, rss
from tests.normalise.rendering import Page as Rendered
from tests.servers import Server

PAGE = (Path(__file__).parent.parent / "docs" / "full-text.md").read_text(encoding="utf-8")
LAST = Rendered(PARAGRAPHS[3]).words


def test_the_example_publishes_the_full_text(tmp_path: Path, server: Server) -> None:
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for host in ("https://news.example.org", "https://example.org"):
        example = example.replace(host, server.url("/site").removesuffix("/site"))
    newsletter = '<p class="newsletter">Our newsletter is free.</p>'
    server.put("/feed.xml", rss(item(1, link=server.url("/stories/1"), description="The first words.")))
    server.put("/stories/1", html(TEXT + newsletter), headers={"Content-Type": "text/html"})
    configure(tmp_path, **yaml.safe_load(example))
    figures = json.loads(aggregator("once", "--json", cwd=tmp_path).stdout)
    assert figures["new"] == 1
    (path,) = (tmp_path / "storage" / "articles").rglob("*.md")
    text = path.read_text(encoding="utf-8")
    assert LAST in text
    assert "newsletter is free" not in text
    assert len(server.asked("/stories/1")) == 1
