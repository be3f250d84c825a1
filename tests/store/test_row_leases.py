"""Marks that several processes work off: each is one process's, and what a former owner writes is dropped."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from aggregator.model import BackfillStep, PageText, TranslatedText
from aggregator.store import Store
from aggregator.store.columns import EPOCH
from aggregator.store.schema import article as article_table
from aggregator.store.schema import backfill, page, page_text, translation, unpublished
from tests.store.values import LEASE, MINUTE, NOW, article, new, record, source, sync_sources

ID = article(1).id
PAGE = "https://thehill.example/archive/2"
TEXT = PageText(html="<p>Whole.</p>", markdown="Whole.", summary="Whole.")


@pytest.fixture
def two(url: str) -> Iterator[tuple[Store, Store]]:
    """Two processes on one database, and an article with all three marks."""
    with Store.open(url) as first, Store.open(url) as second:
        sync_sources(first, [source(backfill="all", full_text=True)], NOW)
        record(first, new(article(1)), by=1)
        with first.database.writing() as connection:
            connection.execute(unpublished.delete())
            connection.execute(update(article_table).values(path="2026/11/24/one.md"))
        first.pages.mark([ID], 1, NOW)
        first.backfills.begin(1, BackfillStep(url=PAGE), NOW)
        first.translations.mark([ID], 1, ["de"], NOW)
        yield first, second


def let_leases_run_out(store: Store) -> None:
    """Have as much time pass as leases last: PostgreSQL measures it by its own clock."""
    with store.database.writing() as connection:
        for table in (page, backfill, translation):
            connection.execute(update(table).where(table.c.lease_until.is_not(None)).values(lease_until=EPOCH))


def claim_page(store: Store) -> Any:
    return next(iter(store.pages.claim([ID], NOW, LEASE)), None)


def claim_archive(store: Store) -> Any:
    return next(iter(store.backfills.claim([1], NOW, LEASE)), None)


def claim_translation(store: Store) -> Any:
    return store.translations.claim(NOW, LEASE)


def test_a_page_is_one_processs(two: tuple[Store, Store]) -> None:
    late, second = two
    claimed = claim_page(late)
    assert claim_page(second) is None
    second.pages.release([ID])  # of another one's
    assert claim_page(second) is None
    let_leases_run_out(late)
    again = claim_page(second)
    late.pages.postpone(claimed, None, "it came late", failures=1)
    late.pages.record(claimed, TEXT)
    late.pages.extend([ID], NOW, LEASE)
    late.pages.release([ID])
    assert claim_page(late) is None
    second.pages.record(again, TEXT)
    late.pages.postpone(claimed, NOW + MINUTE, "it came later", failures=1)
    with second.database.reading() as connection:
        row = connection.execute(page.select()).one()
        html = connection.scalars(select(page_text.c.html)).one()
    assert (html, row.has_text, row.due, row.error) == ("<p>Whole.</p>", True, None, None)


def test_a_page_of_an_archive_is_one_processs(two: tuple[Store, Store]) -> None:
    late, second = two
    claimed = claim_archive(late)
    assert claim_archive(second) is None
    let_leases_run_out(late)
    again = claim_archive(second)
    late.backfills.move(claimed, BackfillStep(url=None, pages=9), NOW)
    late.backfills.postpone(claimed, None, "it came late", failures=1)
    late.backfills.postpone(claimed, NOW + MINUTE, "it came late", failures=1)
    late.backfills.extend([1], NOW, LEASE)
    late.backfills.release([1])
    assert claim_archive(late) is None
    second.backfills.postpone(again, NOW + MINUTE, "its host is down", failures=1)
    assert second.backfills.progress([1])[1].problem == "its host is down"


def test_archives_that_are_not_read_any_more_hold_off_no_other(store: Store) -> None:
    sources = [source(f"s{number}", backfill="all") for number in range(3)]
    sync_sources(store, sources)
    for id_ in (1, 2, 3):
        store.backfills.begin(id_, BackfillStep(url=PAGE), NOW + id_ * timedelta(seconds=1))
    sync_sources(store, [source("s0"), source("s1"), sources[2]])
    for names in (None, ["s0", "s1", "s2"]):
        assert [page.source_id for page in store.backfills.due(NOW + MINUTE, 2, names)] == [3]


def test_a_translation_is_one_processs(two: tuple[Store, Store]) -> None:
    late, second = two
    late.pages.drop([ID])  # it waits for the page
    claimed = claim_translation(late)
    assert claim_translation(second) is None
    let_leases_run_out(late)
    again = claim_translation(second)
    text = TranslatedText(title="Eins", html="<p>Eins.</p>", markdown="Eins.", summary="Eins.")
    late.translations.postpone(claimed, None, "it came late", failures=1)
    late.translations.record(claimed, text, b"digest", NOW)
    late.translations.give_up(claimed)
    late.translations.extend(claimed, NOW, LEASE)
    late.translations.release(claimed)
    assert claim_translation(late) is None
    assert second.translations.count() == 0
    second.translations.record(again, text, b"digest", NOW)
    assert second.translations.count() == 1


@pytest.mark.parametrize("claim", [claim_page, claim_archive, claim_translation])
def test_a_lease_that_is_extended_goes_on(two: tuple[Store, Store], claim: Any) -> None:
    first, second = two
    if claim is claim_translation:
        first.pages.drop([ID])
    claimed = claim(first)
    let_leases_run_out(first)
    now = NOW + timedelta(hours=1)
    if claim is claim_translation:
        first.translations.extend(claimed, now, LEASE)
    else:
        first.pages.extend([ID], now, LEASE)
        first.backfills.extend([1], now, LEASE)
    assert claim(second) is None
