from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import delete, func, insert, select

from aggregator.dedupe import keyed as all_names
from aggregator.dedupe import keys
from aggregator.first_publication import prepare
from aggregator.model import StoredArticle
from aggregator.store import Placement, Store
from aggregator.store.schema import article as articles
from aggregator.store.schema import article_category, article_text, revision
from aggregator.store.schema import key as key_table
from tests.store.test_queries import statements
from tests.store.values import (
    MINUTE,
    NOW,
    article,
    category_feed,
    digest,
    duplicate,
    keyed,
    new,
    path,
    publish_everything,
    record,
    source,
    sync_sources,
    updated,
)

DAY = timedelta(days=1)


@pytest.fixture
def store(store: Store) -> Store:
    sync_sources(store, [source("a", categories=("News",)), source("b", categories=("Other",))], NOW)
    return store


def old(number: int, source_id: int = 1) -> StoredArticle:
    return article(number, source_id, published=NOW - 10 * DAY - number * MINUTE)


def shown(store: Store, name: str) -> list[str]:
    return [stored.title for stored in category_feed(store, name, 50).articles]


def also(store: Store, article_id: str) -> list[str]:
    stored = store.articles.get(article_id)
    assert stored is not None
    return [member.title for member in stored.also]


def test_the_oldest_articles_come_first_without_those_that_are_pruned(store: Store) -> None:
    record(store, new(article(1)), *(new(old(number)) for number in (2, 3, 4)), new(old(5), cluster=old(4).id))
    first = store.maintenance.old_articles(NOW - DAY, 2)
    assert first == {old(4).id: path(old(4)), old(3).id: path(old(3))}
    assert set(store.maintenance.old_articles(NOW - DAY, 9)) == {old(number).id for number in (2, 3, 4, 5)}
    store.maintenance.prune(tuple(first))
    assert set(store.maintenance.old_articles(NOW - DAY, 9)) == {old(2).id, old(5).id}
    store.maintenance.prune((old(2).id, old(5).id))
    assert store.maintenance.old_articles(NOW - DAY, 9) == {}


def test_what_is_too_old_is_found_by_its_date(store: Store) -> None:
    with statements(store) as captured:
        store.maintenance.old_articles(NOW - DAY, 2)
    if store.has_one_writer:
        with store.database.reading() as connection:
            steps = [
                row.detail
                for statement in captured
                for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", (0,) * statement.count("?"))
            ]
        assert {step for step in steps if "article_category" in step} == {
            "SEARCH article_category USING INDEX ix_article_category_newest (category=? AND published<?)",
            "SEARCH article_category USING INDEX ix_article_category_hidden (category=? AND published<?)",
        }
        assert not any("TEMP B-TREE" in step for step in steps)


def test_what_is_pruned_loses_its_text_and_its_places_and_keeps_its_names(store: Store) -> None:
    record(store, new(keyed(old(1), "key")), new(article(2)))
    record(store, updated(keyed(old(1), "key", text="edited")))
    publish_everything(store)
    store.maintenance.prune([old(1).id])
    assert store.articles.get(old(1).id) is None
    assert [stored.id for stored in store.articles.page(None, 10)] == [article(2).id]
    assert store.articles.revisions(old(1).id) == ()
    assert [name for name, _ in store.outbox.categories()] == ["all", "news"]
    assert store.outbox.articles(10) == ()
    assert shown(store, "all") == shown(store, "news") == ["Title 2"]
    (candidate,) = store.articles.lookup([digest("key")])[digest("key")]
    assert candidate.pruned
    assert candidate.fingerprint.digest == digest("edited")
    with store.database.reading() as connection:
        row = connection.execute(select(articles).where(articles.c.id == old(1).id)).one()
        assert connection.scalar(select(func.count()).where(article_text.c.number == row.number)) == 0
        assert connection.scalar(select(func.count()).select_from(revision)) == 0


def test_what_is_pruned_takes_no_edit_and_no_credit_as_news(store: Store) -> None:
    record(store, new(old(1)))
    store.maintenance.prune([old(1).id])
    publish_everything(store)
    record(store, updated(keyed(old(1), text="edited")), new(old(1)))
    record(store, duplicate(old(1, 2), of=old(1).id), by=2)
    assert store.articles.get(old(1).id) is None
    assert (shown(store, "all"), shown(store, "other"), store.outbox.articles(9)) == ([], [], ())


def test_what_is_pruned_before_its_publication_is_never_marked_again(store: Store) -> None:
    record(store, new(old(1)))
    store.maintenance.prune([old(1).id])
    prepare(store, near_duplicates=True)
    assert store.maintenance.pending([old(1).id]) == frozenset()
    assert not store.unpublished.exist()


def test_what_is_pruned_while_another_process_prepares_it_is_not_marked_again(store: Store) -> None:
    record(store, new(old(1)))
    ids = store.unpublished.all()
    store.maintenance.prune(ids)
    store.unpublished.clear(ids)
    assert store.maintenance.pending(ids) == frozenset()


def test_a_story_that_loses_its_lead_is_led_by_the_earliest_left(store: Store) -> None:
    lead, second, third = old(1), article(2), article(3)
    record(store, new(lead))
    record(store, new(second, cluster=lead.id), new(third, cluster=lead.id))
    assert shown(store, "all") == [lead.title]
    publish_everything(store)
    store.maintenance.prune([lead.id])
    assert shown(store, "all") == [second.title]
    assert also(store, second.id) == [third.title]
    assert [name for name, _ in store.outbox.categories()] == ["all", "news"]
    (candidate,) = store.articles.lookup([digest(third.link)])[digest(third.link)]
    assert candidate.cluster == second.id


def test_a_story_that_loses_another_keeps_its_lead(store: Store) -> None:
    lead, second, third = article(1), old(2), article(3)
    record(store, new(lead), new(second, cluster=lead.id), new(third, cluster=lead.id))
    store.maintenance.prune([second.id])
    assert shown(store, "all") == [lead.title]
    assert also(store, lead.id) == [third.title]


def test_the_owner_of_a_path_is_told_and_whether_it_has_a_file(store: Store) -> None:
    record(store, new(article(1)), new(old(2)))
    store.maintenance.prune([old(2).id])
    wanted = [path(article(1)), path(old(2)), "stranger.md"]
    assert store.maintenance.owned_paths(wanted) == {path(article(1)): True, path(old(2)): False}


def test_marked_articles_are_told_from_the_others(store: Store) -> None:
    record(store, new(article(1)))
    publish_everything(store)
    record(store, new(article(2)))
    assert store.maintenance.pending([article(1).id, article(2).id]) == {article(2).id}


def test_articles_without_keys_are_found_and_get_the_names_they_had(store: Store) -> None:
    all_keyed = [
        replace(all_names(article(number), "some words of a text " * 20), id=article(number).id) for number in (1, 2, 3)
    ]
    record(store, *map(new, all_keyed))
    store.maintenance.prune([article(3).id])
    with store.database.writing() as connection:
        before = set(connection.execute(select(key_table)))
        connection.execute(delete(key_table).where(key_table.c.article_id != article(1).id))
    first = store.maintenance.articles_without_keys(None, 1)
    second = store.maintenance.articles_without_keys(article(2).id, 9)
    unnamed = {**first, **second}
    assert {path: keyless.id for path, keyless in unnamed.items()} == {
        path(article(2)): article(2).id,
        path(article(3)): article(3).id,
    }
    assert second[path(article(3))].fingerprint == all_keyed[2].fingerprint
    named = [replace(keyless, keys=keys(keyless.draft, keyless.fingerprint)) for keyless in unnamed.values()]
    store.maintenance.add_keys(named)
    assert store.maintenance.articles_without_keys(None, 9) == {}
    with store.database.reading() as connection:
        assert set(connection.execute(select(key_table))) == before


def test_categories_that_do_not_fit_are_found_and_set_right(store: Store) -> None:
    first, second, gone = article(1), article(2), old(3)
    record(store, new(first), new(second), new(gone))
    record(store, duplicate(article(9, 2), of=second.id), by=2)
    store.maintenance.prune([gone.id])
    publish_everything(store)
    assert all(placed.actual == placed.expected for placed in store.maintenance.placements(None, 9))
    row = {"published": first.published, "first_seen": NOW, "position": 1, "hidden": False}
    with store.database.writing() as connection:
        connection.execute(delete(article_category).where(article_category.c.article_id == second.id))
        connection.execute(insert(article_category).values(article_id=first.id, category="other", **row))
        connection.execute(insert(article_category).values(article_id=gone.id, category="news", **row))
    wrong = [placed for placed in store.maintenance.placements(None, 9) if placed.actual != placed.expected]
    assert wrong == [
        Placement(id=first.id, actual=frozenset({"all", "news", "other"}), expected=frozenset({"all", "news"})),
        Placement(id=second.id, actual=frozenset(), expected=frozenset({"all", "news", "other"})),
        Placement(id=gone.id, actual=frozenset({"news"}), expected=frozenset()),
    ]
    store.maintenance.place(wrong)
    assert all(placed.actual == placed.expected for placed in store.maintenance.placements(None, 9))
    assert (shown(store, "other"), shown(store, "news")) == ([second.title], [first.title, second.title])
    assert [name for name, _ in store.outbox.categories()] == ["all", "news", "other"]


def test_places_come_in_pages(store: Store) -> None:
    record(store, *(new(article(number)) for number in (1, 2, 3)))
    first = store.maintenance.placements(None, 2)
    assert len(first) == 2
    assert [placement.id for placement in store.maintenance.placements(first[-1].id, 2)] == [article(3).id]
    assert store.maintenance.placements(article(3).id, 2) == ()
