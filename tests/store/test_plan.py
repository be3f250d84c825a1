"""The plan of a configuration: it predicts what a reload does, and does nothing."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from sqlalchemy import text

from aggregator.config import load
from aggregator.maintain.plan import Plan, plan
from aggregator.maintain.prune import allow_retention, prune_all, retention_problem
from aggregator.publish import publish_changed
from aggregator.store import Store
from tests.newsroom import Newsroom, item, newsroom, rss
from tests.servers import Server
from tests.thorough import THOROUGH

STEPS = 7 if THOROUGH else 4
CATEGORIES = (None, ["World"], ["World", "US"], ["us"], ["Sport"], ["world"])
RULES: tuple[list[dict[str, Any]], ...] = (
    [],
    [{"if": {"title": "number 1$"}, "drop": True}],
    [{"if": {"title": "number [23]$"}, "tags": ["ruled"], "categories": ["Ruled"]}],
)


@pytest.fixture
def web() -> Iterator[Server]:
    with Server() as web:
        yield web


@pytest.fixture
def room(tmp_path: Path, web: Server, url: str) -> Newsroom:
    """Articles of three sources, two of which share one, and their translations; on each database."""
    for place, numbers in enumerate([(1, 2, 3), (3, 4), (5,)]):
        web.put(f"/{place}", rss(*map(item, numbers)))
    web.put("/translate", lambda request: json.dumps({"translatedText": json.loads(request.body)["q"]}).encode())
    sources = [{"name": f"s{place}", "url": web.url(f"/{place}"), "translate": ["de"]} for place in range(3)]
    room = newsroom(tmp_path, sources, database=url, translate={"url": web.url("/")})
    room.once()
    room.translate()
    return room


def planned(room: Newsroom) -> Plan:
    """The plan of the room's configuration as it is now in memory."""
    path = room.root / "new.yaml"
    path.write_text(yaml.safe_dump(room.configuration, sort_keys=False), encoding="utf-8")
    return plan(load(path, {}), {}, lambda: room.now)


def rows(url: str) -> tuple[dict[int, Any], dict[str, Any]]:
    """Sources by id and categories by name, as stored."""
    with Store.open(url) as store:
        sources = {row.id: row for row in store.configuration.sources(())}
        categories = {row.name: row.present for row in store.configuration.categories()}
        successors = store.feeds.dropped_categories()
    return sources, {name: (present, successors.get(name)) for name, present in categories.items()}


def dropped_articles(url: str) -> set[str]:
    with Store.open(url) as store, store.database.reading() as connection:
        return set(connection.scalars(text("SELECT id FROM article WHERE dropped IS NOT NULL")))


def number_of_translations(url: str) -> int:
    with Store.open(url) as store:
        return store.translations.count()


def reload(room: Newsroom) -> None:
    with room.opened() as app:
        publish_changed(app)


def feeds_of(files: Mapping[str, tuple[int, bytes]]) -> dict[str, bytes]:
    """The bytes of the feeds among the files."""
    return {path: data for path, (_, data) in files.items() if path.startswith("feeds/")}


def changed_files(before: Mapping[str, str | bytes], after: Mapping[str, str | bytes]) -> int:
    return sum(path in after and after[path] != text for path, text in before.items())


def configuration(random: Random, web: Server, url: str) -> dict[str, Any]:
    """Any configuration of the three sources, or some of them."""
    sources: list[dict[str, Any]] = []
    for place in random.sample(range(3), random.randint(1, 3)):
        source: dict[str, Any] = {"name": f"{random.choice('st')}{place}", "url": web.url(f"/{place}")}
        if random.random() < 0.2:
            source["url"] += "?moved"
        if categories := random.choice(CATEGORIES):
            source["categories"] = [*categories]
        source |= random.choice([{}, {"tags": ["a"]}, {"language": "de"}, {"interval": "1h"}, {"enabled": False}])
        if place:
            source["translate"] = ["de"]
        sources.append(source)
    return {
        "translate": {"url": web.url("/")},
        "fetch": {"allow_private": ["127.0.0.1/32"], "host_gap": "0s", "timeout": "5s"},
        "database": url,
        "articles": random.choice([{}, {}, {}, {"keys": ["author"]}, {"front_matter": "hugo"}]),
        "rules": random.choice(RULES),
        "sources": sources,
    }


@pytest.mark.parametrize("url", ["sqlite", "postgresql"] if THOROUGH else ["sqlite"], indirect=True)
def test_a_plan_is_what_a_reload_does(room: Newsroom, web: Server, url: str) -> None:
    random, kinds = Random(4), set()
    for step in range(STEPS):
        sources, categories = rows(url)
        files, everything, translations = room.articles(), room.files(), number_of_translations(url)
        was_dropped = dropped_articles(url)
        room.configuration = configuration(random, web, url)
        if step >= STEPS - 2:  # at last a rule drops an article, and is taken out
            room.configuration["rules"] = RULES[STEPS - 1 - step]
        predicted = planned(room)
        assert (rows(url), room.files()) == ((sources, categories), everything)  # nothing was changed

        reload(room)
        new_sources, new_categories = rows(url)
        was, now = ({key for key, row in table.items() if row.present} for table in (sources, new_sources))
        name_before = {key: row.settings.name for key, row in sources.items()}
        name_now = {key: row.settings.name for key, row in new_sources.items()}
        assert sorted(predicted.added) == sorted(name_now[key] for key in now - was)
        assert sorted(predicted.removed) == sorted(name_before[key] for key in was - now)
        stayed = was & now
        assert sorted(predicted.renamed) == sorted(
            (name_before[key], name_now[key]) for key in stayed if name_before[key] != name_now[key]
        )
        assert set(predicted.changed) <= {name_now[key] for key in stayed}
        for key in stayed:
            before, after = (table[key].settings.model_dump() for table in (sources, new_sources))
            differing = {name for name in after if name != "name" and before[name] != after[name]}
            derived = {name for name in ("categories", "tags") if after[name] == (name_now[key],)}
            listed = set(predicted.changed.get(name_now[key], ()))
            assert differing - derived <= listed <= differing

        appeared = {
            name for name, (present, _) in new_categories.items() if present and not categories.get(name, (0,))[0]
        }
        vanished = {
            name: new_categories[name][1]
            for name, (present, _) in categories.items()
            if present and not new_categories[name][0]
        }
        assert dict(predicted.renamed_categories) == {old: new for old, new in vanished.items() if new}
        assert sorted(predicted.removed_categories) == sorted(old for old, new in vanished.items() if not new)
        assert set(predicted.added_categories) == appeared - set(vanished.values())
        assert predicted.rewritten == changed_files(files, room.articles())
        assert predicted.rewritten_feeds == changed_files(feeds_of(everything), feeds_of(room.files()))
        assert (predicted.written, predicted.removed_feeds) == (0, 0)
        assert predicted.removed_translations == translations - number_of_translations(url)
        is_dropped = dropped_articles(url)
        assert (predicted.dropped, predicted.returned) == (len(is_dropped - was_dropped), len(was_dropped - is_dropped))
        kinds |= {name for name in Plan.__dataclass_fields__ if getattr(predicted, name)}
    assert planned(room) == Plan(changed={})
    # Each other field was put to the test.
    assert kinds == set(Plan.__dataclass_fields__) - {"pruned", "written", "removed_feeds"}


def test_a_retention_that_is_set_or_shortened_prunes(room: Newsroom) -> None:
    room.later(days=40)
    for retention, articles in (("30d", 5), ("60d", 0), ("1d", 5)):
        room.configuration["retention"] = retention
        assert planned(room).pruned == articles
    room.configuration["rules"] = RULES[1]
    assert planned(room) == Plan(changed={}, dropped=1, pruned=5, rewritten_feeds=planned(room).rewritten_feeds)
    room.configuration["rules"] = []
    room.configuration["retention"] = "60d"
    with room.opened() as app:
        assert retention_problem(app) == ""
    assert planned(room).pruned == 0
    room.configuration["retention"] = "30d"
    assert planned(room).pruned == 5
    with room.opened() as app:
        allow_retention(app)
        assert prune_all(app) == 5
    assert planned(room) == Plan(changed={})


def test_what_shapes_all_files_is_planned_too(room: Newsroom) -> None:
    room.configuration["articles"] = {"front_matter": "hugo"}
    assert planned(room) == Plan(changed={}, rewritten=10)  # with the translations
    room.configuration["articles"] = {"path": "elsewhere"}
    assert planned(room) == Plan(changed={}, written=5)
    room.configuration["articles"] = {}
    others = sum(path.endswith((".rss", ".json")) for path in room.files())
    assert others > 1
    room.configuration["feeds"] = {"formats": ["atom"]}
    assert planned(room) == Plan(changed={}, rewritten_feeds=1, removed_feeds=others)  # and the list of feeds
