"""What pages ask of the store."""

from datetime import timedelta

from aggregator.store import Store
from tests.store.values import MINUTE, NOW, article, duplicate, keyed, new, record, source, sync_sources, updated

DAY = timedelta(days=1)


def test_revisions_are_what_an_article_said_before_each_edit_latest_first(store: Store) -> None:
    sync_sources(store, [source("a")], NOW)
    record(store, new(keyed(article(1, title="First", html="<p>1</p>"), "a")))
    record(store, updated(keyed(article(1, title="Second", html="<p>2</p>"), "a")), at=NOW + DAY)
    record(store, updated(keyed(article(1, title="Third", html="<p>3</p>"), "a")), at=NOW + 2 * DAY)
    revisions = store.articles.revisions(article(1).id)
    assert [(revision.number, revision.title, revision.at) for revision in revisions] == [
        (2, "Second", NOW + 2 * DAY),
        (1, "First", NOW + DAY),
    ]
    texts = [store.articles.revision(article(1).id, number) for number in (1, 2, 3)]
    assert [text and text.html for text in texts] == ["<p>1</p>", "<p>2</p>", None]
    assert store.articles.revisions("none") == ()


def test_the_last_ten_revisions_stay_and_their_numbers_never_change(store: Store) -> None:
    sync_sources(store, [source("a")], NOW)
    record(store, new(keyed(article(1, title="Title 0"), "a")))
    for number in range(1, 24):
        edit = article(1, title=f"Title {number}", html=f"<p>{number}</p>")
        record(store, updated(keyed(edit, "a")), at=NOW + number * MINUTE)
    heads = store.articles.revisions(article(1).id)
    assert [(head.number, head.title) for head in heads] == [(n, f"Title {n - 1}") for n in range(23, 13, -1)]
    assert store.articles.revision(article(1).id, 13) is None


def test_days_count_the_articles_of_each_source_that_carried_them(store: Store) -> None:
    sync_sources(store, [source("a"), source("b")], NOW)
    record(store, *(new(keyed(article(number, published=NOW - number * DAY), str(number))) for number in range(5)))
    record(store, duplicate(keyed(article(9, 2), "b"), of=article(1).id), by=2)
    days = store.sources.published_by_day(NOW + 25 * DAY, [1, 2])
    assert days == {
        1: {(NOW - number * DAY).date(): 1 for number in range(3)},
        2: {NOW.date(): 1},  # its own date of the article
    }
    assert [stored.state.new_per_day for stored in store.sources.overview(NOW)] == [0.18, 0.04]  # 5 and 1 in 28 days
