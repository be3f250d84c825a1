"""Articles before their first publication, one by one and tens of thousands at once."""

import pytest
from sqlalchemy import delete, select

from aggregator.source_changes import SourceChanges
from aggregator.store import Join, RacedError, Store, rows
from aggregator.store.schema import key as key_table
from tests.store.values import (
    NOW,
    article,
    digest,
    keyed,
    marked_articles,
    marked_categories,
    new,
    publish_everything,
    record,
    source,
    sync_sources,
    titles,
    unchanged,
    updated,
)

MANY = 70_000  # more than a statement of PostgreSQL has parameters


@pytest.fixture
def store(store: Store) -> Store:
    """Two sources that are known, a in x and b in y."""
    sync_sources(store, [source("a", categories=("x",)), source("b", categories=("y",))], NOW)
    publish_everything(store)
    return store


def test_all_keys_of_an_article_go_to_the_one_that_it_joins(store: Store) -> None:
    earlier, joining = keyed(article(1), "guid", weak=["link"]), keyed(article(1, 2), "other guid", weak=["link"])
    record(store, new(earlier))
    record(store, new(joining), by=2)
    record(store, unchanged(keyed(article(1, 2), "rewritten guid")), by=2)
    store.unpublished.join([Join(id=joining.id, into=earlier.id)])
    names = ["guid", "link", "other guid", "rewritten guid"]
    known = store.articles.lookup(map(digest, names))
    assert {name: [match.id for match in known[digest(name)]] for name in names} == {
        name: [earlier.id] for name in names
    }
    with store.database.reading() as connection:
        strong = connection.scalars(select(key_table.c.digest).where(key_table.c.strong)).all()
    assert sorted(strong) == sorted(digest(name) for name in names if name != "link")
    assert titles(store, "y") == [article(1).title]


def test_a_published_article_that_others_join_stays_behind_the_head_of_its_cluster(store: Store) -> None:
    record(store, new(article(1), cluster=article(1).id), new(article(2), cluster=article(1).id))
    record(store, new(article(1, 2)), new(article(2, 2)), by=2)
    joins = [Join(id=article(number, 2).id, into=article(number).id, is_published=True) for number in (1, 2)]
    store.unpublished.join(joins)
    assert titles(store, "y") == [article(1).title]


def test_decisions_on_an_article_that_has_joined_another_meanwhile_are_made_again(store: Store) -> None:
    record(store, new(article(1)))
    record(store, new(article(1, 2)), by=2)
    store.unpublished.join([Join(id=article(1, 2).id, into=article(1).id)])
    for decision in (updated(article(1, 2, title="Edited")), unchanged(keyed(article(1, 2), "rewritten guid"))):
        with pytest.raises(RacedError):
            record(store, decision, by=2)


def test_an_article_without_keys_may_join_another(store: Store) -> None:
    record(store, new(article(1)))
    record(store, new(article(1, 2)), by=2)
    with store.database.writing() as connection:
        connection.execute(delete(key_table))
    store.unpublished.join([Join(id=article(1, 2).id, into=article(1).id)])
    assert titles(store, "y") == [article(1).title]


def test_any_number_of_articles_may_be_put_into_clusters_at_once(store: Store) -> None:
    record(store, new(article(1)), new(article(2)))
    publish_everything(store)
    strangers = [f"{number:032x}" for number in range(MANY)]
    store.unpublished.set_clusters({article(2).id: article(1).id} | dict(zip(strangers, strangers, strict=True)))
    assert titles(store, "x") == [article(1).title]
    assert (marked_articles(store), marked_categories(store)) == ({article(1).id, article(2).id}, {"all", "x"})


def test_any_number_of_sources_may_be_taken_out_at_once(store: Store) -> None:
    changes = SourceChanges(
        added=(), updated=(), removed=tuple(range(1, MANY)), new_categories=(), updated_categories=()
    )
    store.configuration.apply(changes, NOW)
    assert store.sources.all() == ()


def test_what_takes_several_statements_is_done_as_by_one(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_PARAMETERS", 1)
    record(store, *(new(article(number), cluster=article(1).id) for number in (1, 2, 3)))
    record(store, new(article(1, 2)), new(article(2, 2)), by=2)
    publish_everything(store)
    joins = [Join(id=article(number, 2).id, into=article(number).id, is_published=True) for number in (1, 2)]
    store.unpublished.join(joins)
    assert titles(store, "all") == titles(store, "x") == [article(1).title]
    assert titles(store, "y") == [article(1).title]
    publish_everything(store)
    sync_sources(store, [source("a", categories=("z",)), source("b", categories=("z",))], NOW)
    assert marked_articles(store) == {article(number).id for number in (1, 2, 3)}
    assert marked_categories(store) == {"all", "x", "y", "z"}
    sync_sources(store, [], NOW)
    assert store.sources.all() == ()
