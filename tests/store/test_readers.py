"""What pages ask of the store."""

from datetime import timedelta

from aggregator.store import Store
from tests.store.values import NOW, article, duplicate, keyed, new, record, source, sync_sources, updated

DAY = timedelta(days=1)


def test_revisions_are_what_an_article_said_before_each_edit_latest_first(store: Store) -> None:
    sync_sources(store, [source("a")], NOW)
    record(store, new(keyed(article(1, title="First", html="<p>1</p>"), "a")))
    record(store, updated(keyed(article(1, title="Second", html="<p>2</p>"), "a")), at=NOW + DAY)
    record(store, updated(keyed(article(1, title="Third", html="<p>3</p>"), "a")), at=NOW + 2 * DAY)
    kept = store.articles.revisions(article(1).id)
    assert [(one.title, one.html, one.at) for one in kept] == [
        ("Second", "<p>2</p>", NOW + 2 * DAY),
        ("First", "<p>1</p>", NOW + DAY),
    ]
    assert store.articles.revisions("none") == ()


def test_days_count_the_articles_of_each_source_that_carried_them(store: Store) -> None:
    sync_sources(store, [source("a"), source("b")], NOW)
    record(store, *(new(keyed(article(number, published=NOW - number * DAY), str(number))) for number in range(5)))
    record(store, duplicate(keyed(article(9, 2), "b"), of=article(1).id), by=2)
    days = store.feeds.days(NOW - 2 * DAY)
    assert days == {
        1: {(NOW - number * DAY).date(): 1 for number in range(3)},
        2: {(NOW - DAY).date(): 1},
    }
