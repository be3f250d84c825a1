"""Texts on PostgreSQL are in partitions of their month of publication, which retention drops."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, text, update

from aggregator.maintain.prune import prune_all
from aggregator.maintain.verify import differences
from aggregator.model import ArticleRuling, PageText, PublishedText, Ruling, StoredArticle, TranslatedText
from aggregator.names import ALL
from aggregator.search_terms import query_terms
from aggregator.store import RacedError, Store, transfer
from aggregator.store.partitions import PARTITIONED
from aggregator.store.schema import article as articles
from aggregator.store.stored_articles import ARTICLES
from tests.newsroom import item, newsroom, rss
from tests.servers import Server
from tests.store.conftest import database
from tests.store.values import LEASE, NOW, article, keyed, new, record, source, sync_sources, updated

SOURCES = 4
NOVEMBER, OCTOBER, SEPTEMBER = (datetime(2026, month, 15, tzinfo=UTC) for month in (11, 10, 9))
CUT = datetime(2026, 11, 2, tzinfo=UTC)  # all of October is older


@pytest.fixture
def url(server: Engine) -> Iterator[str]:
    """URL of a new database: partitions stay in one that tests share."""
    with database(server) as made:
        yield made


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store.open(url) as opened:
        sync_sources(opened, [source(f"s{number}") for number in range(SOURCES)], NOW)
        yield opened


def dated(number: int, published: datetime, source_id: int = 1) -> StoredArticle:
    return article(number, source_id, published=published, updated=published)


def partitions(store: Store, table: str) -> dict[str, int]:
    """The partitions of a table, by the ends of their names, with the numbers of their rows."""
    with store.database.reading() as connection:
        names = connection.scalars(
            text(f"SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = '{table}'::regclass")
        ).all()
        counts = {name: connection.scalar(text(f"SELECT count(*) FROM {name}")) or 0 for name in names}
    return {name.removeprefix(f"{table}_"): count for name, count in counts.items()}


def test_rows_are_in_the_partition_of_the_month_of_their_article(store: Store) -> None:
    ends = [datetime(2026, 10, 31, 23, 59, 59, 999_999, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)]
    old = [datetime(1969, 1, 1, tzinfo=UTC), datetime(2011, 5, 1, tzinfo=UTC), datetime(2019, 12, 31, tzinfo=UTC)]
    dates = [NOVEMBER, *ends, datetime(2026, 12, 31, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC), *old]
    record(store, *(new(dated(number, published)) for number, published in enumerate(dates)))
    record(store, updated(keyed(dated(0, NOVEMBER), text="edited")), updated(keyed(dated(5, old[0]), text="edited")))
    months = {"2026_11": 2, "2026_10": 1, "2026_12": 1, "2020_01": 1, "0000_01": 3}
    assert partitions(store, "article_text") == partitions(store, "searchable") == months
    assert partitions(store, "revision") == dict.fromkeys(months, 0) | {"2026_11": 1, "0000_01": 1}


def test_retention_drops_the_texts_of_whole_months_and_their_articles_stay_away(store: Store) -> None:
    october = [dated(number, OCTOBER) for number in range(3)]
    both = [*october, dated(3, NOVEMBER), dated(4, CUT - timedelta(days=1))]
    record(store, *map(new, both))
    record(store, updated(keyed(october[0], text="edited")))
    old = store.maintenance.old_articles(CUT, 9)
    store.maintenance.prune(tuple(old), CUT)
    assert partitions(store, "article_text") == {"2026_10": 3, "2026_11": 1}  # of November row by row
    assert [store.articles.get(each.id) for each in october] == [None] * 3
    assert store.maintenance.drop_old_months(CUT) == 1
    for table in ("article_text", "searchable"):
        assert partitions(store, table) == {"2026_11": 1}
    assert partitions(store, "revision") == {"2026_11": 0}
    assert store.search.differing(None)[1] == []

    assert record(store, *map(new, both)).new == 0
    assert set(store.articles.page(None, 9)) == {store.articles.get(both[3].id)}
    assert partitions(store, "article_text") == {"2026_11": 1}
    record(store, new(dated(5, OCTOBER)))  # a new article of a month that is gone
    assert partitions(store, "article_text") == {"2026_10": 1, "2026_11": 1}


def give_all_texts(store: Store, article_id: str) -> None:
    """Have a rule give it another text, its page a full one, a server a translation, and a closed page show it."""
    (entry,) = store.rulings.entries([article_id])
    draft = entry.draft
    text_of_rule = PublishedText(
        title="As the rule has it", html=draft.html, markdown=draft.markdown, summary=draft.summary
    )
    rulings = {carried.id: Ruling() for carried in entry.sources}
    store.rulings.apply([(entry, ArticleRuling(rulings=rulings, text=text_of_rule))], NOW)
    store.unpublished.clear([article_id])
    store.pages.mark([article_id], 1, NOW)
    (page,) = store.pages.claim([article_id], NOW, LEASE)
    assert page.title == entry.draft.title
    store.pages.record(page, PageText(html="<p>Whole.</p>", markdown="Whole.", summary="Whole."))
    store.translations.mark([article_id], 1, ["de"], NOW)
    translation = store.translations.claim(NOW, LEASE)
    assert translation is not None
    made = TranslatedText(title="Eins", html="<p>Eins.</p>", markdown="Eins.", summary="Eins.")
    store.translations.record(translation, made, b"digest", NOW)
    store.archive.number(ALL)
    store.archive.close(store.archive.open_page(ALL, 1, 10_000)[0])


def all_partitions(store: Store) -> dict[str, dict[str, int]]:
    return {table.name: partitions(store, table.name) for table in PARTITIONED}


def test_every_text_of_an_article_goes_with_its_month(store: Store) -> None:
    october, november = dated(1, OCTOBER), dated(2, NOVEMBER)
    for each in (october, november):
        record(store, new(each))
        give_all_texts(store, each.id)
    record(store, *(updated(keyed(each, text="edited")) for each in (october, november)))
    both = {"2026_10": 1, "2026_11": 1}
    expected = {table.name: both for table in PARTITIONED}
    assert all_partitions(store) == expected | {"original": dict.fromkeys(both, 0)}  # until they are judged again
    store.maintenance.prune([october.id], CUT)
    assert store.maintenance.drop_old_months(CUT) == 1
    assert all_partitions(store) == {table: {"2026_11": int(table != "original")} for table in expected}
    store.maintenance.prune([november.id])
    assert all_partitions(store) == {table: {"2026_11": 0} for table in expected}


def test_prune_drops_the_months_before_the_retention_and_polls_bring_nothing_back(url: str, tmp_path: Path) -> None:
    october, ancient = ({"pubDate": f"Tue, 13 {date} 10:00:00 +0000"} for date in ("Oct 2026", "Oct 2015"))
    stories = item(1), item(2, **october), item(3, **ancient)
    with Server() as http:
        http.put("/a", rss(*stories))
        room = newsroom(tmp_path, [{"name": "a", "url": http.url("/a"), "category": "News"}], database=url)
        assert room.once().new == 3
        with room.opened() as app:
            assert partitions(app.store, "article_text") == {"2026_11": 1, "2026_10": 1, "0000_01": 1}
        room.configuration["retention"] = "22d"  # before 2 November
        with room.opened() as app:
            assert prune_all(app) == 2
            for table in ("article_text", "searchable"):
                assert partitions(app.store, table) == {"2026_11": 1}
            assert list(differences(app, repair=False)) == []
        http.put("/a", rss(*stories, item(4)))
        again = room.once()
        assert (again.new, again.updated) == (1, 0)
        with room.opened() as app:
            assert prune_all(app) == 0
            assert partitions(app.store, "article_text") == {"2026_11": 2}


def test_a_month_with_an_article_that_is_not_pruned_stays(store: Store) -> None:
    record(store, new(dated(1, OCTOBER)), new(dated(2, OCTOBER)), new(dated(3, SEPTEMBER)))
    store.maintenance.prune([dated(1, OCTOBER).id, dated(3, SEPTEMBER).id], CUT)
    assert store.maintenance.drop_old_months(CUT) == 1
    assert partitions(store, "article_text") == {"2026_10": 2}
    assert store.articles.get(dated(2, OCTOBER).id) is not None
    assert store.maintenance.drop_old_months(datetime(2026, 10, 31, tzinfo=UTC)) == 0


def test_what_is_withdrawn_or_pruned_without_a_retention_goes_at_once(store: Store) -> None:
    record(store, new(dated(1, OCTOBER)), new(dated(2, OCTOBER)))
    store.maintenance.prune([dated(1, OCTOBER).id])
    assert partitions(store, "article_text") == partitions(store, "searchable") == {"2026_10": 1}


def test_a_withdrawn_article_comes_back_whether_its_month_was_dropped_or_not(store: Store) -> None:
    withdrawn = [dated(number, month) for number, month in enumerate((OCTOBER, SEPTEMBER))]
    for returning in withdrawn:
        record(store, new(returning))
        with store.database.writing() as connection:
            connection.execute(update(articles).values(withdrawn=NOW, text_digest=b""))
        store.maintenance.prune([returning.id], CUT)
    store.maintenance.drop_old_months(datetime(2026, 10, 2, tzinfo=UTC))
    assert set(partitions(store, "article_text")) == {"2026_10"}
    record(store, *(updated(keyed(returning)) for returning in withdrawn))
    assert partitions(store, "article_text") == {"2026_10": 1, "2026_09": 1}
    for returning in withdrawn:
        stored = store.articles.get(returning.id)
        assert stored is not None
        assert stored.html == returning.html


def test_a_month_that_is_in_use_is_dropped_the_next_time(store: Store) -> None:
    record(store, new(dated(1, OCTOBER)))
    store.maintenance.prune([dated(1, OCTOBER).id], CUT)
    with store.database.engine.connect() as reader:
        reader.execute(select(articles.c.id))
        reader.execute(text("SELECT 1 FROM article_text"))
        assert store.maintenance.drop_old_months(CUT) == 0
    assert store.search.differing(None)[1] == []
    assert store.search.find(query_terms("body"), 9).articles == ()
    assert store.maintenance.drop_old_months(CUT) == 1


def test_an_article_that_a_poll_records_meanwhile_keeps_its_month(store: Store, url: str) -> None:
    record(store, new(dated(1, OCTOBER)))
    store.maintenance.prune([dated(1, OCTOBER).id], CUT)
    with Store.open(url) as poller, ThreadPoolExecutor(1) as pool:
        with poller.database.writing():
            record(poller, new(dated(2, OCTOBER)))
            dropping = pool.submit(store.maintenance.drop_old_months, CUT)
            assert dropping.result() == 0  # it does not wait for the poll's end
        assert store.maintenance.drop_old_months(CUT) == 0
    assert store.articles.get(dated(2, OCTOBER).id) is not None


def test_a_poll_whose_month_is_dropped_under_it_is_told_to_try_again(store: Store, url: str) -> None:
    record(store, new(dated(1, OCTOBER)))
    store.maintenance.prune([dated(1, OCTOBER).id], CUT)
    with Store.open(url) as other:
        dropped: list[int] = []

        def drop(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if statement.startswith("INSERT INTO article_text") and not dropped:
                dropped.append(other.maintenance.drop_old_months(CUT))

        event.listen(store.database.engine, "before_cursor_execute", drop)
        with pytest.raises(RacedError):
            record(store, new(dated(2, OCTOBER)))
    assert dropped == [1]
    assert store.articles.get(dated(2, OCTOBER).id) is None
    record(store, new(dated(2, OCTOBER)))
    assert store.articles.get(dated(2, OCTOBER).id) is not None


def test_workers_that_need_a_month_at_the_same_time_make_it_once(store: Store, url: str) -> None:
    months = [datetime(2026, month, 1, tzinfo=UTC) for month in range(1, 12)]

    def work(worker: int) -> None:
        with Store.open(url) as own:
            for number, published in enumerate(months):
                record(own, new(dated(number, published, worker)), by=worker)

    with ThreadPoolExecutor(SOURCES) as pool:
        list(pool.map(work, range(1, SOURCES + 1)))
    assert partitions(store, "article_text") == {f"2026_{month:02}": SOURCES for month in range(1, 12)}


def test_the_search_goes_through_the_months_from_the_newest_on(store: Store) -> None:
    dates = [SEPTEMBER, NOVEMBER, OCTOBER, datetime(2011, 1, 1, tzinfo=UTC)]
    record(store, *(new(dated(number, published)) for number, published in enumerate(dates)))
    listing = store.search.find(query_terms("body"), 2)
    assert [listed.id for listed in listing.articles] == [article(1).id, article(2).id]
    rest = store.search.find(query_terms("body"), 9, before=listing.older)
    assert [listed.id for listed in rest.articles] == [article(0).id, article(3).id]


def test_an_article_is_read_from_its_month_alone(store: Store) -> None:
    months = [datetime(2026, month, 1, tzinfo=UTC) for month in range(1, 12)]
    record(store, *(new(dated(number, published)) for number, published in enumerate(months)))
    with store.database.reading() as connection:
        connection.exec_driver_sql("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")
        read = ARTICLES.where(articles.c.id.in_([article(1).id, article(2).id]))
        plan = connection.scalar(
            text(f"EXPLAIN (ANALYZE, FORMAT JSON) {read.compile(connection, compile_kwargs={'literal_binds': True})}")
        )
    steps = list(_steps((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]))
    executed = {
        step["Relation Name"]
        for step in steps
        if step.get("Relation Name", "").startswith("article_text") and step["Actual Loops"]
    }
    assert executed == {"article_text_2026_02", "article_text_2026_03"}


def _steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _steps(part)


def test_a_copy_from_sqlite_has_the_months_and_gives_them_back(url: str, tmp_path: Path) -> None:
    dates = [SEPTEMBER, NOVEMBER, OCTOBER, datetime(2011, 1, 1, tzinfo=UTC)]
    with Store.open(f"sqlite:///{tmp_path / 'from.db'}") as origin, Store.open(url) as target:
        sync_sources(origin, [source("a")], NOW)
        record(origin, *(new(dated(number, published)) for number, published in enumerate(dates)))
        record(origin, updated(keyed(dated(2, OCTOBER), text="edited")))
        with Store.open(f"sqlite:///{tmp_path / 'back.db'}") as back:
            for before, after in ((origin, target), (target, back)):
                transfer.begin(after.database)
                transfer.copy_rows(before.database, after.database, lambda *_: None)
                transfer.finish(after.database)
                assert transfer.contents(after.database) == transfer.contents(before.database)
        assert partitions(target, "article_text") == dict.fromkeys(["2026_09", "2026_10", "2026_11", "0000_01"], 1)
        assert partitions(target, "revision")["2026_10"] == 1
