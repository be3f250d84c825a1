"""Two processes that write one article at the same moment: the second one goes by what the first one wrote."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from aggregator.model import ArticleRuling, PublishedText, Ruling, StoredEntry
from aggregator.store import Store
from tests.store.values import (
    NOW,
    article,
    digest,
    keyed,
    new,
    publish_everything,
    record,
    source,
    sync_sources,
    updated,
)

ID = article(1).id


@pytest.fixture
def two(url: str) -> Iterator[tuple[Store, Store]]:
    """Two processes on one database, with an article that is published."""
    with Store.open(url) as first, Store.open(url) as second:
        sync_sources(first, [source("a")], NOW)
        record(first, new(keyed(article(1), "key")))
        publish_everything(first)
        yield first, second


def meanwhile(first: Store, write: Callable[[], object], then: Callable[[], object]) -> None:
    """Begin what the second process does after the first one wrote, and before it commits that."""
    with ThreadPoolExecutor(1) as pool:
        with first.together():
            write()
            waiting = pool.submit(then)
            time.sleep(0.5)
            assert not waiting.done()
        waiting.result(30)


def test_an_edit_brings_no_article_back_that_is_pruned_meanwhile(two: tuple[Store, Store]) -> None:
    first, second = two
    edit = updated(keyed(article(1, title="Edited"), "key"))
    meanwhile(first, lambda: first.maintenance.prune([ID]), lambda: record(second, edit))
    assert first.articles.lookup([digest("key")])[digest("key")][0].pruned
    assert first.maintenance.pending([ID]) == frozenset()


def ruled(store: Store) -> tuple[StoredEntry, ArticleRuling]:
    """The entry, and a ruling that gives it another text."""
    (entry,) = store.rulings.entries([ID])
    text = PublishedText(title="Ruled", html="<p>Ruled</p>", markdown="Ruled", summary="Ruled")
    return entry, ArticleRuling(rulings={1: Ruling(text=text)}, text=text)


def test_rules_put_no_earlier_text_in_the_place_of_an_edit(two: tuple[Store, Store]) -> None:
    first, second = two
    judged = ruled(second)
    edit = updated(keyed(article(1, title="Edited", html="<p>Edited</p>"), "key"))
    meanwhile(first, lambda: record(first, edit), lambda: second.rulings.apply([judged], NOW))
    stored = first.articles.get(ID)
    assert stored
    assert (stored.title, stored.html) == ("Edited", "<p>Edited</p>")
    assert first.maintenance.pending([ID]) == {ID}


def test_an_edit_keeps_the_whole_text_that_it_replaces_as_a_revision(two: tuple[Store, Store]) -> None:
    first, second = two
    judged = ruled(first)
    edit = updated(keyed(article(1, title="Edited", html="<p>Edited</p>"), "key"))
    meanwhile(first, lambda: first.rulings.apply([judged], NOW), lambda: record(second, edit))
    replaced = first.articles.revision(ID, 1)
    assert replaced
    assert (replaced.title, replaced.html) == ("Ruled", "<p>Ruled</p>")
