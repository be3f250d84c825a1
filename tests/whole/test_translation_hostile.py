"""Hostile sources that are translated, by a hostile server: once ends well, and nothing that it writes can act."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import yaml
from lxml import etree

from tests.hostile import CANARY, hostile
from tests.hostile.rows import PASSWD
from tests.hostile.watched import configure, running
from tests.newsroom import front_matter, item, rss
from tests.normalise.rendering import active, rendered
from tests.servers import Answer, Request, Server
from tests.thorough import some
from tests.vectors import VECTORS

MOST_MEMORY = 250_000_000  # bytes, of the main process
HARMFUL = [vector.as_html for vector in VECTORS[::5]]
NO_TRANSLATIONS: list[dict[str, Any]] = [
    {"body": b'{"translatedText": null}'},
    {"body": b'{"translatedText": ' + b"[" * 100_000},
    {"body": json.dumps({"translatedText": "<b>" * 500_000}).encode()},
    {"body": b"\x1f\x8b\x08\x00"},
    {"body": b"<html>"},
    {"status": 500},
    {"status": 413},
]


def server_of_translations() -> Callable[[Request], Answer]:
    """A server that adds an attack to each text, the same one each time; now and then it sends something else.

    The attack follows from the text and not from the order of the requests: which articles are refused, as the attack
    adds an image or a link, is the same in each run.
    """
    bad = iter([Answer(**fields) for fields in NO_TRANSLATIONS])
    count = 0

    def answer(request: Request) -> Answer:
        nonlocal count
        count += 1
        if count % 10 == 0 and (unusable := next(bad, None)):
            return unusable
        text = json.loads(request.body)["q"]
        words = f"\ud800\x00\u202e{text} {HARMFUL[crc32(text.encode()) % len(HARMFUL)]}"
        return Answer(body=json.dumps({"translatedText": words}).encode())

    return answer


def texts(value: Any) -> Iterator[str]:
    """All texts in front matter, as they are after YAML."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from texts(part)
    elif isinstance(value, str):
        yield value


def test_hostile_sources_are_translated(tmp_path: Path, server: Server) -> None:
    server.put("/translate", server_of_translations())
    server.put("/feed", rss(*(item(number) for number in range(40))))
    with hostile() as sources:
        slow = {row.name for row in sources.rows if row.is_slow}
        configured = some([source for source in sources.configured(0) if source["name"] not in slow], 30)
        configured.append({"name": "good", "url": server.url("/feed"), "language": "en"})
        path = configure(tmp_path, [source | {"translate": ["de"]} for source in configured])
        settings = yaml.safe_load(path.read_text()) | {"translate": {"url": server.url("/")}}
        path.write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True))
        with running(tmp_path, sources, "once", "--json") as watched:
            assert watched.process.stdout is not None
            assert json.loads(watched.process.stdout.read())["new"] > 40
            assert watched.process.wait() == 0
        assert sources.touched() == {}
    log = "".join(watched.log)
    assert "Traceback" not in log
    assert "asked again" not in log  # no text held off the others
    assert watched.peak < MOST_MEMORY
    translations = list((tmp_path / "storage" / "articles").rglob("*.de.md"))
    # An article that met an unusable answer is translated only if the run still lasts when it is asked for again.
    assert len(translations) > 40 - len(NO_TRANSLATIONS)
    for path in translations:
        text = path.read_text(encoding="utf-8")
        for word in (CANARY, PASSWD):
            assert word not in text
        assert active(rendered(text.partition("\n---\n")[2])) == []
        assert not any("\u202e" in value for value in texts(front_matter(text)))
    for name in ("all.de.rss", "all.de.atom"):
        assert len(etree.parse(tmp_path / "storage" / "feeds" / name).getroot()) > 0
    assert json.loads((tmp_path / "storage" / "feeds" / "all.de.json").read_text())["items"]
