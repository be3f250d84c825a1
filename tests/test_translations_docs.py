"""The example of docs/translations.md does what the page says."""

import json
import re
from pathlib import Path

import yaml

from tests.commands import aggregator, configure
from tests.newsroom import item, rss
from tests.servers import Answer, Request, Server

PAGE = (Path(__file__).parent.parent / "docs" / "translations.md").read_text(encoding="utf-8")


def translated(request: Request) -> Answer:
    """The answer of a server that marks each text with its language, and takes the key of the example alone."""
    fields = json.loads(request.body)
    if fields["api_key"] != "s3cret-key":
        return Answer(status=403)
    return Answer(body=json.dumps({"translatedText": f"{fields['q']} ({fields['target']})"}).encode())


def test_the_example_publishes_two_translations(tmp_path: Path, server: Server) -> None:
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for host in ("https://news.example.org", "https://translate.example.org"):
        example = example.replace(host, server.url("/site").removesuffix("/site"))
    server.put("/feed.xml", rss(item(1, title="The bridge", description="It is open.")))
    server.put("/translate", translated)
    configure(tmp_path, **yaml.safe_load(example))
    result = aggregator("once", "--json", cwd=tmp_path, TRANSLATE_KEY="s3cret-key")
    assert json.loads(result.stdout)["new"] == 1
    paths = sorted((tmp_path / "storage" / "articles").rglob("*.md"))
    assert [path.name.split(".", 1)[1] for path in paths] == ["de.md", "fr.md", "md"]
    for path, title in zip(paths, ("The bridge (de)", "The bridge (fr)", "The bridge"), strict=True):
        text = path.read_text(encoding="utf-8")
        assert f'title: "{title}"' in text
        assert 'translations:\n  - "en"\n  - "de"\n  - "fr"\n' in text
        assert "s3cret-key" not in text
    assert {path.name for path in (tmp_path / "storage" / "feeds").glob("town.*.atom")} == {
        "town.de.atom",
        "town.fr.atom",
    }
