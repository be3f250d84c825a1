"""Rulings in both databases: what rules do to articles, and that nothing of it stays when they go."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from aggregator.app import App
from aggregator.config import RuleLines
from aggregator.maintain import prune
from aggregator.maintain.prune import prune_all
from aggregator.maintain.rule_effects import rule_effects
from aggregator.maintain.verify import differences
from aggregator.model import StoredSource
from aggregator.names import ALL
from aggregator.publish import publish_changed
from aggregator.publish.outbox import publishing_lock
from aggregator.search_terms import query_terms
from aggregator.store import Store
from aggregator.store.rulings import RulingStore
from aggregator.store.schema import article_source
from tests.newsroom import Newsroom, item, newsroom, rss
from tests.servers import Server

RULES: list[dict[str, Any]] = [
    {"if": {"title": "number 1"}, "drop": True},
    {"if": {"title": "number 2"}, "tags": ["brief"], "categories": ["Notes"]},
    {"replace": {"in": "title", "find": "^Story ", "with": ""}},
    {"if": {"title": "number 3"}, "replace": {"in": "text", "find": "word", "with": "term"}},
]


@pytest.fixture
def room(tmp_path: Path, url: str) -> Iterator[Newsroom]:
    with Server() as papers:
        papers.put("/feed", rss(*map(item, (1, 2, 3))))
        yield newsroom(tmp_path, [{"name": "example", "url": papers.url("/feed")}], database=url)


def bytes_of(room: Newsroom) -> dict[str, bytes]:
    return {name: data for name, (_, data) in room.files().items()}


def test_rules_come_and_go(room: Newsroom, url: str) -> None:
    room.once()
    before = bytes_of(room)
    room.configuration["rules"] = RULES
    room.later(minutes=1)
    room.once(everything=False)
    assert room.titles() == ["number 2", "number 3"]
    with Store.open(url) as store:
        articles = {article.title: article for article in store.articles.page(None, 10)}
        assert articles["number 2"].categories == ("Notes",)
        assert articles["number 2"].tags == ("example", "brief")
        assert "term3x" in articles["number 3"].markdown
        assert "word3x" not in articles["number 3"].html + articles["number 3"].summary
        (dropped,) = (entry for entry in entries(store) if entry.draft.title == "Story number 1")
        assert store.rulings.dropped_among([dropped.id]) == {dropped.id}
        assert {"word3x" in entry.draft.html for entry in entries(store) if "3" in entry.draft.title} == {True}
        assert [article.title for article in store.feeds.category_feed(ALL, 10, max_body=9_999).articles] == [
            "number 3",
            "number 2",
        ]
        assert [searched(store, words) for words in ("number", "story", "term3x3")] == [
            ["number 3", "number 2"],
            [],
            ["number 3"],
        ]
    with room.opened() as app:
        assert list(differences(app)) == []
    room.configuration["rules"] = []
    room.later(minutes=1)
    room.once(everything=False)
    assert bytes_of(room) == before
    with room.opened() as app:
        assert list(differences(app)) == []


def test_effects_of_rules_leave_out_an_article_that_its_source_left_meanwhile(
    room: Newsroom, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.once()
    of_source = RulingStore.of_source

    def left(store: RulingStore, source_id: int, after: str | None, limit: int) -> tuple[str, ...]:
        ids = of_source(store, source_id, after, limit)
        with Store.open(url) as other, other.database.writing() as connection:
            connection.execute(delete(article_source).where(article_source.c.article_id == "".join(ids[:1])))
        return ids

    monkeypatch.setattr(RulingStore, "of_source", left)
    with room.opened() as app:
        effects = list(rule_effects(app.settings, RuleLines((), ((),)), ["example"]))
    assert len(effects) == 2


def test_what_rules_drop_leaves_the_search_and_returns_to_it(room: Newsroom, url: str) -> None:
    for rules, titles in ((RULES, ["number 3", "number 2"]), ([], [f"Story number {n}" for n in (3, 2, 1)])):
        room.configuration["rules"] = rules
        room.later(minutes=1)
        room.once(everything=False)
        with Store.open(url) as store:
            assert searched(store, "number") == titles


def test_what_was_dropped_is_in_no_count(room: Newsroom) -> None:
    def per_day() -> float | None:
        return overview(room).state.new_per_day

    room.configuration["rules"] = [{"drop": True}]
    room.once()
    assert overview(room).state.last_new is None
    assert per_day() == 0
    room.configuration["rules"] = RULES
    room.later(minutes=1)
    room.once(everything=False)
    assert per_day() == round(2 / 28, 2)
    room.configuration["rules"] = []
    room.later(minutes=1)
    room.once(everything=False)
    assert per_day() == round(3 / 28, 2)


def test_what_was_dropped_is_pruned(room: Newsroom, url: str) -> None:
    room.configuration["rules"] = RULES
    room.once()
    room.later(days=91)
    with room.opened() as app:
        assert prune_all(app) == 1
        assert len(entries(app.store)) == 2


def test_what_returned_while_pruning_waited_for_its_turn_stays(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    room.configuration["rules"] = RULES
    room.once()
    room.later(days=91)

    @contextmanager
    def taken(app: App) -> Iterator[None]:
        monkeypatch.undo()
        room.configuration["rules"] = []
        with room.opened() as other:
            publish_changed(other)
        with publishing_lock(app):
            yield

    with room.opened() as app:
        monkeypatch.setattr(prune, "publishing_lock", taken)
        assert prune_all(app) == 0
        assert len(entries(app.store)) == 3


def searched(store: Store, query: str) -> list[str]:
    return [article.title for article in store.search.find(query_terms(query), 10).articles]


def entries(store: Store) -> tuple[Any, ...]:
    return store.rulings.entries(store.rulings.of_source(1, None, 100))


def overview(room: Newsroom) -> StoredSource:
    with room.opened() as app:
        (stored,) = app.store.sources.overview(app.clock())
        return stored
