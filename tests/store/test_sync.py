import dataclasses
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import create_engine, text

from aggregator.model import Source
from aggregator.settings import Fetch
from aggregator.store import Store
from aggregator.urls import lease_name
from tests.store.values import (
    LEASE,
    MINUTE,
    NOW,
    article,
    category_feed,
    duplicate,
    marked_articles,
    marked_categories,
    new,
    publish_everything,
    record,
    source,
    state,
    sync_sources,
    titles,
)


def sync(store: Store, *sources: Source) -> None:
    sync_sources(store, sources, NOW)


def names(store: Store) -> list[str]:
    return [stored.source.name for stored in store.sources.all()]


def stored_source(store: Store, name: str) -> Any:
    return next(stored for stored in store.sources.all() if stored.source.name == name)


def article_of(store: Store, number: int = 1, source_id: int = 1) -> Any:
    return store.articles.get(article(number, source_id).id)


def test_sources_come_back_as_configured_in_the_order_of_the_file(store: Store) -> None:
    configured = (
        source("b", categories=("Politics", "US"), tags=(), language="en", interval=7 * MINUTE, enabled=False),
        source("a", headers={"Authorization": "Bearer ${TOKEN}"}),
    )
    sync(store, *configured)
    assert [dataclasses.replace(stored.source, id=0) for stored in store.sources.all()] == list(configured)
    assert all(stored.source.id for stored in store.sources.all())
    assert all(stored.state == type(stored.state)() for stored in store.sources.all())


def test_headers_are_stored_as_written_with_references_unresolved(url: str) -> None:
    with Store.open(url) as store:
        sync(store, source(headers={"Authorization": "Bearer ${TOKEN}"}))
    with Store.open(url) as store:
        assert store.sources.all()[0].source.settings.headers == {"Authorization": "Bearer ${TOKEN}"}
        sync(store, source(headers={"Authorization": "Bearer ${OTHER}"}))
        (claimed,) = store.leases.claim(NOW, limit=1, lease=LEASE)
        assert claimed.source.settings.headers == {"Authorization": "Bearer ${OTHER}"}
        assert store.outbox.articles(9) == ()


def test_syncing_the_same_again_keeps_ids_states_and_marks(store: Store) -> None:
    sync(store, source("a"), source("b"))
    record(store, by=1)
    publish_everything(store)
    before = store.sources.all()
    sync(store, source("a"), source("b"))
    assert store.sources.all() == before
    assert marked_categories(store) == set()


def test_a_source_that_is_left_out_keeps_its_articles_and_comes_back_with_them(store: Store) -> None:
    sync(store, source("a"), source("b"))
    record(store, new(article()))
    sync(store, source("b"))
    assert names(store) == ["b"]
    assert article_of(store).credits[0].source == "a"
    sync(store, source("b"), source("a"))
    assert names(store) == ["b", "a"]
    assert stored_source(store, "a").source.id == 1


def test_a_source_with_another_url_keeps_its_articles_and_forgets_what_the_old_url_said(store: Store) -> None:
    sync(store, source("a"))
    record(store, new(article()), paused="the server says it is gone for good (410 Gone)")
    publish_everything(store)
    sync(store, source("a", url="https://new.example/feed"))
    now_known = stored_source(store, "a")
    assert now_known.source.id == 1
    assert now_known.state == replace(
        state(),
        moved_to=None,
        validators=type(now_known.state.validators)(),
        digest=b"",
        seen=b"",
        next_fetch=None,
        due_reason="",
        failures=0,
        error=None,
        paused=None,
        unmodified_since=None,
        requested_interval=timedelta(0),
        skip_hours=(),
        skip_days=(),
    )
    assert article_of(store).credits[0].feed_url == "https://new.example/feed"
    assert marked_categories(store) == {"a", "all"}


def test_a_renamed_source_is_known_by_its_url(store: Store) -> None:
    sync(store, source("a"))
    record(store, new(article()))
    path = article_of(store).path
    publish_everything(store)
    sync(store, source("b", url=source("a").url))
    assert stored_source(store, "b").source.id == 1
    assert stored_source(store, "b").state == state()
    renamed = article_of(store)
    assert (renamed.source, renamed.credits[0].source, renamed.categories, renamed.path) == ("b", "b", ("b",), path)
    assert marked_articles(store) == {renamed.id}


def test_names_go_before_urls_and_present_sources_before_those_that_left(store: Store) -> None:
    sync(store, source("a"), source("b"), source("gone"))
    sync(store, source("a"), source("b"))
    sync(store, source("a", url=source("b").url), source("b", url=source("a").url))
    assert [stored.source.id for stored in store.sources.all()] == [1, 2]
    sync(store, source("a", url=source("b").url), source("gone", url=source("a").url))
    assert [stored.source.id for stored in store.sources.all()] == [1, 2]


def test_two_sources_may_have_one_url(store: Store) -> None:
    url = "https://example.org/feed"
    sync(store, source("a", url=url), source("b", url=url))
    sync(store, source("b", url=url), source("c", url=url), source("d", url=url))
    assert {stored.source.name: stored.source.id for stored in store.sources.all()} == {"b": 2, "c": 1, "d": 3}


def test_categories_exist_while_a_source_names_them_and_all_always_does(store: Store) -> None:
    sync(store, source("a", categories=("World News", "US")), source("b", categories=("us",)))
    assert store.feeds.categories() == ("all", "us", "world-news")
    assert category_feed(store, "us", 5).label == "US"
    assert category_feed(store, "us", 5).updated == NOW
    assert marked_categories(store) == {"all", "us", "world-news"}
    sync_sources(store, (source("b", categories=("us",)),), NOW + MINUTE)
    assert store.feeds.categories() == ("all", "us")
    assert store.feeds.dropped_categories() == {"world-news": None}
    assert category_feed(store, "us", 5).label == "us"
    sync_sources(store, (source("b", categories=("US", "World News")),), NOW + 2 * MINUTE)
    assert store.feeds.dropped_categories() == {}
    assert category_feed(store, "world-news", 5).updated == NOW


def test_a_category_that_all_its_sources_left_for_one_other_is_renamed(store: Store) -> None:
    sync(store, source("a", categories=("x", "y")), source("b", categories=("x",)))
    sync(store, source("a", categories=("z", "y")), source("b", categories=("z",)))
    assert store.feeds.dropped_categories() == {"x": "z"}
    sync(store, source("a", categories=("z", "y")), source("b", categories=("w",)))
    assert store.feeds.dropped_categories() == {"x": "z"}
    sync(store, source("a", categories=("y",)), source("b", categories=("w",)))
    assert store.feeds.dropped_categories() == {"x": "z", "z": "y"}


def test_articles_of_a_source_that_left_stay_in_categories_that_another_source_names(store: Store) -> None:
    sync(store, source("a", categories=("x",)), source("b", categories=("x",)))
    record(store, new(article()))
    sync(store, source("b", categories=("x",)))
    assert titles(store, "x") == titles(store, "all") == ["Title 1"]


def test_changed_categories_and_tags_hold_for_articles_too(store: Store) -> None:
    sync(store, source("a", categories=("x", "y")))
    record(store, new(article()))
    publish_everything(store)
    sync(store, source("a", categories=("y", "z"), tags=("t",)))
    moved = article_of(store)
    assert (moved.categories, moved.tags) == (("y", "z"), ("t",))
    assert (titles(store, "x"), titles(store, "y"), titles(store, "z")) == ([], ["Title 1"], ["Title 1"])
    assert titles(store, "all") == ["Title 1"]
    assert marked_articles(store) == {moved.id}
    assert marked_categories(store) == {"all", "x", "y", "z"}  # the feeds of x are to be taken away


def test_an_article_stays_in_a_category_that_another_of_its_sources_names(store: Store) -> None:
    sync(store, source("a", categories=("x",)), source("b", categories=("x",)))
    record(store, new(article()))
    record(store, duplicate(article(9, 2), of=article().id), by=2)
    sync(store, source("a", categories=("y",)), source("b", categories=("x",)))
    assert titles(store, "x") == titles(store, "y") == ["Title 1"]
    assert article_of(store).categories == ("y", "x")
    sync(store, source("a", categories=("y",)), source("b", categories=("z",)))
    assert (titles(store, "x"), titles(store, "z")) == ([], ["Title 1"])


def test_a_story_shows_its_first_article_in_the_category_that_its_source_moved_to(store: Store) -> None:
    sync(store, source("a", categories=("x",)), source("b", categories=("y",)))
    record(store, new(article(1)))
    record(store, new(article(2, 2), cluster=article(1).id), by=2)
    assert titles(store, "y") == ["Title 2"]
    sync(store, source("a", categories=("y",)), source("b", categories=("y",)))
    assert titles(store, "y") == ["Title 1"]
    sync(store, source("a", categories=("x",)), source("b", categories=("y",)))
    assert titles(store, "y") == ["Title 2"]


def test_a_language_given_holds_for_articles_too_and_one_taken_away_leaves_them(store: Store) -> None:
    sync(store, source("a"))
    record(store, new(article()))
    sync(store, source("a", language="fr"))
    assert article_of(store).language == "fr"
    sync(store, source("a"))
    assert article_of(store).language == "fr"


def test_what_changes_no_article_marks_none(store: Store) -> None:
    sync(store, source("a"), source("b"))
    record(store, new(article()))
    publish_everything(store)
    sync(store, source("b"), source("a", interval=5 * MINUTE, enabled=False))
    assert stored_source(store, "a").source.interval == 5 * MINUTE
    assert (marked_articles(store), marked_categories(store)) == (set(), set())


def test_an_answer_from_the_old_url_leaves_the_state_of_the_new_one(store: Store) -> None:
    sync(store, source("a"))
    store.leases.claim(NOW, limit=1, lease=LEASE)
    sync(store, source("a", url="https://new.example/feed"))
    store.sources.record_states([(1, state())], {})
    assert stored_source(store, "a").state.validators.etag is None
    store.leases.claim(NOW, limit=1, lease=LEASE)
    sync(store, source("a", url="https://newer.example/feed"))
    record(store, new(article()))
    assert stored_source(store, "a").state.validators.etag is None
    assert article_of(store) is not None
    store.leases.claim(NOW, limit=1, lease=LEASE)
    record(store)
    assert stored_source(store, "a").state == state()


def test_a_thousand_sources_are_synced(store: Store) -> None:
    many: Sequence[Source] = [source(f"s{number}", categories=("x",)) for number in range(1000)]
    sync(store, *many)
    assert len(store.sources.all()) == 1000
    sync(store, *many[500:])
    assert names(store) == [configured.name for configured in many[500:]]


def hosts(url: str) -> list[str | None]:
    """The host column, in the order of the ids."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))
    with engine.connect() as connection:
        column = list(connection.scalars(text("SELECT host FROM source ORDER BY id")))
    engine.dispose()
    return column


def test_each_source_is_leased_with_its_host_unpaced_ones_by_themselves(url: str) -> None:
    configured = [
        source("a", url="https://blog.a.example/feed"),
        source("b", url="http://127.0.0.1:8081/feed"),
        source("c", url="https://user:secret@mine.example/feed"),
    ]
    with Store.open(url) as store:
        sync_sources(store, configured, NOW)
        assert hosts(url) == ["a.example", "127.0.0.1:8081", "mine.example"]
        sync_sources(store, configured, NOW, Fetch(unpaced=("127.0.0.1", "blog.a.example")))
        unpaced = [lease_name(stored.url, ("127.0.0.1", "blog.a.example")) for stored in configured[:2]]
        assert all(name.startswith("url:") for name in unpaced)
        assert hosts(url) == [*unpaced, "mine.example"]
        sync_sources(store, configured[1:], NOW)
        assert hosts(url) == [unpaced[0], "127.0.0.1:8081", "mine.example"]
        sync_sources(store, [source(configured[1].name, url="https://elsewhere.example/")], NOW)
        assert hosts(url)[1] == "elsewhere.example"


def test_a_source_that_moved_keeps_its_host_until_its_url_is_edited(url: str) -> None:
    with Store.open(url) as store:
        sync_sources(store, [source("a")], NOW)
        store.sources.record_states([(1, state(moved_to="https://www.moved.example/feed"))], {})
        assert hosts(url) == ["moved.example"]
        sync_sources(store, [source("a", tags=("other",))], NOW)
        assert hosts(url) == ["moved.example"]
        sync_sources(store, [source("a")], NOW, Fetch(unpaced=("moved.example",)))
        store.sources.record_states([(1, state(moved_to="https://www.moved.example/feed"))], {})
        assert hosts(url) == [lease_name("https://www.moved.example/feed", ("moved.example",))]
        sync_sources(store, [source("a", url="https://a.example/other")], NOW)
        assert hosts(url) == ["a.example"]


def test_a_database_from_before_hosts_were_kept_gets_them_with_the_first_sync(url: str) -> None:
    with Store.open(url) as store:
        sync_sources(store, [source("a"), source("b")], NOW)
        store.sources.record_states([(2, state())], {})
        before = store.sources.all()
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))
        with engine.begin() as connection:
            connection.execute(text("UPDATE source SET host = NULL"))
        engine.dispose()
        sync_sources(store, [source("a"), source("b")], NOW)
        assert hosts(url) == ["a.example", "moved.example"]
        assert store.sources.all() == before


def test_a_host_longer_than_an_index_takes_has_no_pace(store: Store) -> None:
    long = ".".join(f"{number:x}" * 9 for number in range(900))
    sync_sources(store, [source("a", url=f"https://{long[:7000]}/")], NOW)
    assert len(store.leases.claim(NOW, limit=9, lease=LEASE)) == 1


def test_a_shorter_interval_moves_the_next_fetch_and_a_longer_one_does_not(store: Store) -> None:
    day, hour = timedelta(days=1), timedelta(hours=1)
    sync_sources(store, [source(name, interval=day) for name in "abc"], NOW)
    plain = state(moved_to=None, requested_interval=timedelta(0), skip_hours=(), skip_days=(), next_fetch=NOW + day)
    store.sources.record_states([(1, plain), (2, replace(plain, due_reason="max-age")), (3, plain)], {})
    sync_sources(
        store, [source("a", interval=hour), source("b", interval=hour), source("c", interval=2 * day)], NOW + 5 * hour
    )
    due = {stored.source.name: stored.state.next_fetch for stored in store.sources.all()}
    assert due["a"]
    assert NOW + hour <= due["a"] <= NOW + 1.05 * hour
    assert due["b"] == due["c"] == NOW + day


@pytest.mark.parametrize(
    "stored",
    [
        '{"name":"a","url":"https://a.example/feed","categories":["a"],"tags":["a"],"interval":"30m","unknown":1}',
        '{"name":"a","url":"https://a.example/feed","categories":["a"],"tags":["a"],"interval":"3 parsecs"}',
        '{"name":"a","url":"gopher://a.example/feed","categories":["a"],"tags":["a"]}',
    ],
)
def test_settings_that_another_version_stored_do_not_stop_this_one(url: str, stored: str) -> None:
    with Store.open(url) as store:
        sync(store, source("a"))
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))
    with engine.begin() as connection:
        value = "CAST(:stored AS JSON)" if engine.name == "postgresql" else ":stored"
        connection.execute(text(f"UPDATE source SET settings = {value}").bindparams(stored=stored))
    engine.dispose()
    with Store.open(url) as store:
        assert [stored.source.name for stored in store.sources.all()] == ["a"]
        sync(store, source("a"))
        assert [stored.source.settings for stored in store.sources.all()] == [source("a").settings]
