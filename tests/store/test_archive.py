"""Numbers and closed pages of categories, on both databases."""

import pytest
from msgspec.structs import replace

from aggregator.model import StoredArticle
from aggregator.store import Store
from tests.store.values import MINUTE, NOW, article, new, record, source, sync_sources, updated


@pytest.fixture
def store(store: Store) -> Store:
    """Seven published articles of the category x; their numbers grow with their age."""
    sync_sources(store, [source("a", categories=("x",))], NOW)
    record(store, *(new(article(number)) for number in range(7)))
    store.unpublished.clear(store.unpublished.all())
    store.archive.number("x")
    return store


def close(store: Store, count: int) -> tuple[StoredArticle, ...]:
    opened, _ = store.archive.open_page("x", count, 10_000)
    store.archive.close(opened)
    return opened.articles


def titles(articles: tuple[StoredArticle, ...]) -> list[str]:
    return [article.title.removeprefix("Title ") for article in articles]


def test_articles_join_in_the_order_of_first_sight_and_then_the_oldest_first(store: Store) -> None:
    record(store, new(article(20, first_seen=NOW + MINUTE)), new(article(21, first_seen=NOW + MINUTE)))
    store.archive.number("x")  # none of the two: they have no names yet
    opened, has_more = store.archive.open_page("x", 9, 10_000)
    assert (titles(opened.articles), has_more) == (["6", "5", "4", "3", "2", "1", "0"], False)
    store.unpublished.clear(store.unpublished.all())
    store.archive.number("x")
    opened, has_more = store.archive.open_page("x", 8, 10_000)
    assert (titles(opened.articles), has_more) == (["6", "5", "4", "3", "2", "1", "0", "21"], True)
    assert (opened.number, opened.label, opened.is_closed) == (1, "x", False)


def test_bodies_are_read_until_they_fill_a_page(store: Store) -> None:
    size = len(article(1).html)
    opened, has_more = store.archive.open_page("x", 9, 3 * size)
    assert (titles(opened.articles), has_more) == (["6", "5", "4"], True)
    opened, has_more = store.archive.open_page("x", 9, size - 1)  # pages show summaries of such articles
    assert (len(opened.articles), has_more) == (7, False)


def test_a_closed_page_keeps_its_articles_as_they_were(store: Store) -> None:
    before = close(store, 3)
    assert store.archive.closed_pages("x") == store.archive.last_shown("x") == 1
    assert store.archive.open_articles("x", 9) == {article(number).id for number in range(4)}
    record(store, updated(article(6, title="Edited", html="<p>Another</p>", updated=NOW + MINUTE)))
    assert store.archive.page("x", 1).articles == before
    assert [replace(article, markdown="") for article in before] == list(before)
    with pytest.raises(KeyError):
        store.archive.page("x", 2)


def test_marks_of_pages_go_unless_they_were_renewed(store: Store) -> None:
    close(store, 3)
    close(store, 3)
    assert list(store.archive.pending("x")) == [1, 2]
    store.archive.written([store.archive.page("x", 1)])
    assert list(store.archive.pending("x")) == [2]
    second = store.archive.page("x", 2)
    store.archive.mark_all()
    store.archive.written([second])
    assert list(store.archive.pending("x")) == [1, 2]


def test_pruned_articles_mark_their_page_and_leave_it(store: Store) -> None:
    close(store, 2)
    close(store, 2)
    for number in (1, 2):
        store.archive.written([store.archive.page("x", number)])
    store.maintenance.prune([article(3).id, article(4).id])
    assert list(store.archive.pending("x")) == [2]
    assert store.archive.page("x", 2).articles == ()
    assert store.archive.shown_pages("x") == {1}
    assert (store.archive.closed_pages("x"), store.archive.last_shown("x")) == (2, 1)


def test_an_edit_behind_the_closing_shows_for_as_many_articles_as_a_feed_has(store: Store) -> None:
    close(store, 3)
    record(store, updated(article(6, title="Edited 6", updated=NOW + MINUTE)), at=NOW + MINUTE)
    record(store, updated(article(1, title="Edited 1", updated=NOW + MINUTE)), at=NOW + MINUTE)
    for number in range(3):
        feed = store.feeds.category_feed("x", 2, max_body=10_000)
        expected = ["Edited 6"] if number < 2 else []
        assert [article.title for article in feed.articles if article.title.startswith("Edited 6")] == expected
        record(store, new(article(30 + number, first_seen=NOW + MINUTE)))
        store.unpublished.clear(store.unpublished.all())
        store.archive.number("x")


def test_hidden_members_of_clusters_are_on_no_page(store: Store) -> None:
    close(store, 3)
    store.archive.written([store.archive.page("x", 1)])
    store.unpublished.set_clusters({article(5).id: article(6).id})
    assert list(store.archive.pending("x")) == [1]
    assert titles(store.archive.page("x", 1).articles) == ["6", "4"]
    store.archive.written([store.archive.page("x", 1)])
    store.articles.dissolve_clusters()
    assert list(store.archive.pending("x")) == [1]
    assert titles(store.archive.page("x", 1).articles) == ["6", "5", "4"]
