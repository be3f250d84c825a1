"""The search, in both databases: the same articles from each."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from aggregator.model import PageText
from aggregator.search_terms import query_terms
from aggregator.store import Store, search_index
from aggregator.store.unpublished import Join
from tests.store.values import MINUTE, NOW, article, keyed, new, record, source, sync_sources, updated

TEXTS = {
    1: ("Café au lait", "<p>The <b>q</b>uick brown fox doesn’t jump &amp; run; C++ state-of-the-art</p>"),
    2: ("CAFE closed", "<p>brown quick</p><ul><li>fox</li></ul><a href='/secretword' title='a &gt; b'>link</a>"),
    3: ("北京烤鸭", "<p>我在北京大学学习。iPhone手机</p>"),
    4: ("ร้านกาแฟในกรุงเทพ", "<p>กาแฟดำ</p>"),
    5: ("東京タワー", "<p>ガラスの塔 ひらがな</p>"),
    6: ("हिन्दी समाचार", "<p>Straße Łódź ﬁne the " + "the " * 400 + "needle end</p>"),
    7: ("Ελλάδα Москва", "<p>الْعَرَبِيَّة 서울 뉴스 İstanbul " + "word " * 20_000 + "hay stack</p>"),
}
QUERIES = {
    "cafe": [1, 2],
    "CAFÉ": [1, 2],
    "cafes": [],  # nothing is stemmed
    "quick brown": [1, 2],
    '"quick brown"': [1],
    '"brown fox"': [1],
    '"closed brown"': [],  # a title and a text are no phrase
    "quick -brown": [],
    'quick -"brown fox"': [2],
    "cafe -closed": [1],
    "-brown": [3, 4, 5, 6, 7],
    '-brown -"北京" -東': [4, 6, 7],
    "doesn't": [1],
    "c++": [1],
    "state-of-the-art": [1],
    '"quick brown': [1],
    "secretword": [],  # an address is no text
    "link": [2],
    "北京": [3],
    "京": [3, 5],
    "鸭": [3],
    "北大": [],
    "北京大学": [3],
    "京烤": [3],
    "iphone": [3],
    "iPhone手机": [3],
    '"iphone 手"': [3],
    "กาแฟ": [4],
    "กรุงเทพ": [4],
    "タワー": [5],
    "ガラス": [5],
    "カラス": [],  # another letter, no accent
    "हिन्दी": [6],
    "हिन": [],
    "strasse lodz fine": [6],
    '"the needle"': [6],
    '"the end"': [],
    "ελλαδα МОСКВА": [7],
    "العربية": [7],
    "서울": [7],
    "istanbul": [7],
    '"hay stack"': [7],
    "the -needle": [1],
}
ODD = [
    *(
        "",
        " ",
        "-",
        '"',
        '""',
        '-""',
        "*",
        "' OR 1=1 --",
        "NEAR(a b)",
        "a AND OR NOT",
        "title:x",
        "^a",
        "a*",
        "\\",
        "%_",
    ),
    *("\x00", "\ud800", "¶", "🦊", "(" * 600, "a " * 400, '"' + "b " * 300, "x" * 10_000, "é" * 499, ":*", "'a':*"),
]


@pytest.fixture
def store(store: Store) -> Store:
    sync_sources(store, [source("a")], NOW)
    articles = (article(number, title=title, html=html) for number, (title, html) in TEXTS.items())
    record(store, *(new(keyed(each, each.id)) for each in articles))
    return store


def found(store: Store, query: str) -> list[int]:
    """Numbers of the articles that a query finds, in the order of the answer."""
    numbers = {article(number).id: number for number in range(1, 60)}
    return [numbers[each.id] for each in store.search.find(query_terms(query), 50).articles]


def test_words_are_found_without_regard_to_case_and_accents(store: Store) -> None:
    assert {query: found(store, query) for query in QUERIES} == QUERIES


def test_every_text_is_a_query(store: Store) -> None:
    for query in ODD:
        assert found(store, query) in ([], [1], [2], [1, 2]), query


@pytest.mark.parametrize("newest", [1, 2, 6, 7])
def test_articles_older_than_the_newest_are_found_too(
    store: Store, newest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_index, "NEWEST", newest)
    for query, numbers in (("cafe", [1, 2]), ("-brown", [3, 4, 5, 6, 7]), ('quick -"brown fox"', [2]), ("北京", [3])):
        assert found(store, query) == numbers
    first = store.search.find(query_terms("-brown"), 2)
    assert first.older
    assert [each.title for each in store.search.find(query_terms("-brown"), 2, first.older).articles] == [
        TEXTS[5][0],
        TEXTS[6][0],
    ]


def test_a_search_without_words_finds_nothing(store: Store) -> None:
    assert [found(store, query) for query in ("", "-", "¶", "🦊")] == [[], [], [], []]


def test_an_edit_replaces_what_is_found(store: Store) -> None:
    edited = article(1, title="Tea", html="<p>green</p>")
    record(store, updated(keyed(edited, edited.id)), at=NOW + MINUTE)
    assert (found(store, "cafe"), found(store, "tea green")) == ([2], [1])


def test_what_is_pruned_is_not_found(store: Store) -> None:
    store.maintenance.prune([article(1).id])
    assert found(store, "cafe") == [2]


def test_a_transaction_that_fails_takes_the_terms_back(store: Store) -> None:
    def fail() -> None:
        with store.together():
            store.maintenance.prune([article(1).id])
            record(store, new(keyed(article(9, title="Café nine"), "9")))
            assert found(store, "cafe") == [2, 9]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert found(store, "cafe") == [1, 2]


def test_older_articles_come_page_by_page_and_a_pruned_one_keeps_its_place(store: Store) -> None:
    dates = {number: NOW - timedelta(seconds=number // 3) for number in range(20, 50)}
    texts = [article(number, html="<p>serial</p>", published=date) for number, date in dates.items()]
    record(store, *(new(keyed(each, each.id)) for each in texts))
    terms, pages, before = query_terms("serial"), [], None
    while True:
        listing = store.search.find(terms, 7, before)
        pages += [each.id for each in listing.articles]
        if listing.older is None:
            break
        before = listing.older
    assert len(pages) == len(set(pages)) == len(texts)
    moments = {each.id: each.published for each in texts}
    assert [moments[each] for each in pages] == sorted(dates.values(), reverse=True)
    store.maintenance.prune([pages[9]])
    assert [each.id for each in store.search.find(terms, 5, pages[9]).articles] == pages[10:15]
    with pytest.raises(KeyError):
        store.search.find(terms, 5, "none")


def test_articles_of_one_place_are_all_found(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.store.article_numbers.crc32", lambda _: 0)
    texts = [article(number, html="<p>equal</p>", published=NOW) for number in range(20, 25)]
    record(store, *(new(keyed(each, each.id)) for each in texts))
    assert sorted(found(store, "equal")) == [20, 21, 22, 23, 24]


def test_terms_that_are_lost_or_wrong_are_named_and_repaired(store: Store) -> None:
    assert store.search.differing(None) == (article(7).id, [])
    with store.database.writing() as connection:
        lost, wrong = (
            connection.scalars(text("SELECT number FROM article WHERE id = :id"), {"id": article(number).id}).one()
            for number in (1, 2)
        )
        delete = text("DELETE FROM searchable WHERE number = :number")
        connection.execute(delete, [{"number": lost}, {"number": wrong}])
        connection.execute(text("INSERT INTO searchable (number, terms) VALUES (:number, 'cafe')"), {"number": wrong})
        if connection.dialect.name == "sqlite":
            connection.execute(text("INSERT INTO search_index (search_index) VALUES ('delete-all')"))
    assert store.search.differing(None)[1] == [article(1).id, article(2).id]
    store.search.repair()
    assert (found(store, "cafe"), found(store, "北京"), found(store, "closed")) == ([1, 2], [3], [2])
    assert store.search.differing(None) == (article(7).id, [])


def test_the_text_of_a_page_is_found(store: Store) -> None:
    store.pages.mark([article(1).id], 1, NOW)
    (claimed,) = store.pages.claim([article(1).id], NOW, MINUTE)
    store.pages.record(claimed, PageText(html="<p>whole story</p>", markdown="whole story", summary="whole story"))
    assert (found(store, "whole story"), found(store, "fox")) == ([1], [2])


def test_an_article_that_joins_another_before_its_publication_leaves_its_terms(store: Store) -> None:
    sync_sources(store, [source("a"), source("b")], NOW)
    joined = keyed(article(8, 2, title="Café eight"), "8")
    record(store, new(joined), by=2)
    assert len(store.search.find(query_terms("cafe"), 50).articles) == 3
    store.unpublished.join([Join(id=joined.id, into=article(1).id)])
    assert found(store, "cafe") == [1, 2]
