import pytest
from msgspec.structs import replace

from aggregator.model import Mark
from aggregator.store import Store, stored_articles
from tests.store.values import (
    MINUTE,
    NOW,
    article,
    category_feed,
    marked_articles,
    marked_categories,
    new,
    publish_everything,
    record,
    source,
    sync_sources,
    titles,
    updated,
)


@pytest.fixture
def store(store: Store) -> Store:
    """One source that is known, a in x."""
    sync_sources(store, [source("a", categories=("x",))], NOW)
    return store


def test_marked_articles_come_in_batches_until_their_marks_are_gone(store: Store) -> None:
    record(store, *(new(article(number)) for number in range(5)))
    batches = []
    while batch := store.outbox.articles(2):
        batches.append([stored.id for stored, _ in batch])
        store.outbox.published([mark for _, mark in batch], NOW)
    assert batches == [
        [article(0).id, article(1).id],
        [article(2).id, article(3).id],
        [article(4).id],
    ]


def test_a_mark_that_was_renewed_meanwhile_stays(store: Store) -> None:
    record(store, new(article()))
    articles, categories = store.outbox.articles(9), store.outbox.categories()
    record(store, updated(article(title="Edited")))
    store.outbox.published([mark for _, mark in articles], NOW)
    store.outbox.published([mark for _, mark in categories], NOW)
    assert marked_articles(store) == {article().id}
    assert marked_categories(store) == {"all", "x"}
    publish_everything(store)
    assert (marked_articles(store), marked_categories(store)) == (set(), set())


def test_an_old_mark_takes_no_later_one_away(store: Store) -> None:
    record(store, new(article()))
    ((_, old),) = store.outbox.articles(9)
    publish_everything(store)
    record(store, updated(article(title="Edited")))
    store.outbox.published([old, Mark(kind="article", id="nobody", version=1)], NOW)
    assert marked_articles(store) == {article().id}
    store.outbox.published([], NOW)


def test_all_articles_come_in_pages(store: Store) -> None:
    record(store, *(new(article(number)) for number in range(5)))
    pages = [store.articles.page(None, 2)]
    while pages[-1]:
        pages.append(store.articles.page(pages[-1][-1].id, 2))
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert [stored.title for page in pages for stored in page] == [f"Title {number}" for number in range(5)]


def test_an_article_that_is_not_there_is_none(store: Store) -> None:
    assert store.articles.get("nobody") is None


def test_a_feed_leaves_out_articles_whose_ids_may_change(store: Store) -> None:
    record(store, new(article(1)))
    assert store.feeds.category_feed("x", 3, max_body=1000).articles == ()
    assert len(category_feed(store, "x", 3, max_body=1000).articles) == 1


def test_a_feed_holds_the_newest_articles_newest_first(store: Store) -> None:
    record(store, *(new(article(number)) for number in (3, 1, 4, 2)))
    feed = category_feed(store, "x", 3, max_body=1000)
    assert [stored.title for stored in feed.articles] == ["Title 1", "Title 2", "Title 3"]
    assert (feed.name, feed.label, feed.updated) == ("x", "x", article(1).updated)
    (stored,) = store.articles.by_ids([article(1).id])
    assert feed.articles[0] == replace(stored, markdown="")


def test_bodies_of_a_feed_are_read_until_they_fill_it(store: Store) -> None:
    sizes = (40, 70, 200, 30, 10)
    record(store, *(new(article(number, html="x" * size)) for number, size in enumerate(sizes)))
    read = category_feed(store, "x", 5, max_body=145).articles
    assert [len(stored.html) for stored in read] == [40, 70, 146, 30]  # the third passes the bound by itself
    assert category_feed(store, "x", 5, max_body=10).updated == category_feed(store, "x", 5).updated


def test_long_articles_come_in_smaller_batches(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    record(store, *(new(article(number, markdown="x" * 100)) for number in range(5)))
    monkeypatch.setattr(stored_articles, "MAX_CHARACTERS", 250)
    assert len(store.outbox.articles(5)) == len(store.articles.page(None, 5)) == 2
    monkeypatch.setattr(stored_articles, "MAX_CHARACTERS", 50)
    assert len(store.articles.page(None, 5)) == 1


def test_articles_of_one_moment_stand_as_the_document_lists_them_those_seen_last_in_front(store: Store) -> None:
    def record_at(number: int, position: int, seen: int) -> None:
        seen_article = article(number, published=NOW, position=position, first_seen=NOW + seen * MINUTE)
        record(store, new(seen_article))

    record_at(1, 1, seen=0)
    record_at(2, 0, seen=0)
    record_at(3, 1, seen=1)
    record_at(4, 0, seen=1)
    assert titles(store, "x") == ["Title 4", "Title 3", "Title 2", "Title 1"]


def test_a_feed_is_dated_by_the_newest_text_in_it_and_an_empty_one_by_its_category(store: Store) -> None:
    assert category_feed(store, "x", 9).updated == NOW
    record(store, new(article(1)), new(article(2)))
    record(store, updated(article(2, title="Edited", updated=NOW + MINUTE)))
    assert category_feed(store, "x", 9).updated == NOW + MINUTE


def test_a_category_that_was_never_seen_is_no_category(store: Store) -> None:
    with pytest.raises(KeyError):
        category_feed(store, "nobody", 1)


def test_heads_are_those_of_feeds_of_one_article(store: Store) -> None:
    sync_sources(store, [source("a", categories=("x", "Y y")), source("b", categories=("z",))], NOW)
    record(store, *(new(article(number)) for number in range(3)))
    publish_everything(store)
    record(store, updated(article(0, title="Edited")))
    names = store.feeds.categories()
    assert names == ("all", "x", "y-y", "z")
    feeds = tuple(replace(category_feed(store, name, 1), articles=()) for name in names)
    assert store.feeds.category_heads(names) == feeds
    assert store.feeds.category_heads(["z", "x"]) == (feeds[3], feeds[1])
    assert store.feeds.category_heads([]) == ()
    with pytest.raises(KeyError):
        store.feeds.category_heads(["nobody"])


def test_credits_show_no_credentials(store: Store) -> None:
    sync_sources(store, [source("a", url="https://user:secret@a.example/feed", categories=("x",))], NOW)
    record(store, new(article()))
    assert [credit.feed_url for stored in store.articles.page(None, 9) for credit in stored.credits] == [
        "https://a.example/feed"
    ]
