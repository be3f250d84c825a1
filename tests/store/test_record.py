import pytest
from msgspec.structs import replace

from aggregator.model import Draft, FeedInfo, RecordCounts, StoredArticle
from aggregator.store import RacedError, Store
from aggregator.store.identifiers import MAX_PER_WEAK_KEY
from tests.store.values import (
    LEASE,
    MINUTE,
    NOW,
    article,
    category_feed,
    digest,
    duplicate,
    keyed,
    marked_articles,
    marked_categories,
    new,
    path,
    publish_everything,
    record,
    record_as,
    source,
    state,
    sync_sources,
    titles,
    unchanged,
    updated,
)

LATER = NOW + 60 * MINUTE


@pytest.fixture
def store(store: Store) -> Store:
    """Three sources that are known: a in x, b in y and c in y."""
    sync_sources(
        store, [source("a", categories=("x",)), source("b", categories=("y",)), source("c", categories=("y",))], NOW
    )
    publish_everything(store)
    return store


def stored_article(store: Store, number: int = 1, source_id: int = 1) -> StoredArticle:
    stored = store.articles.get(article(number, source_id).id)
    assert stored
    return stored


# ------------------------------------------------------------------------------------------------------------------ new


def test_a_new_article_is_kept_as_it_is_but_for_its_text_and_what_the_store_gives_it(store: Store) -> None:
    given = article()
    recorded = record(store, new(given))
    assert recorded == RecordCounts(new=1, rows=3)
    stored = stored_article(store)
    assert stored == replace(
        given, source="a", path=path(given), categories=("x",), tags=("a",), credits=stored.credits
    )
    (credit,) = stored.credits
    assert (credit.source, credit.link, credit.feed_title) == ("a", given.link, "The Hill")
    assert (credit.feed_link, credit.feed_url) == ("https://thehill.example/", "https://a.example/feed")


def test_recording_writes_the_state_ends_the_lease_and_marks_what_is_to_be_published(store: Store) -> None:
    store.leases.claim(NOW, limit=1, lease=LEASE)
    record(store, new(article()), next_fetch=NOW)
    assert store.sources.all()[0].state == state(next_fetch=NOW)
    assert [stored.source.name for stored in store.leases.claim(NOW, limit=9, lease=LEASE)] == ["b", "c", "a"]
    assert marked_articles(store) == {article().id}
    assert marked_categories(store) == {"all", "x"}


def test_the_same_new_article_again_writes_nothing(store: Store) -> None:
    decisions = [new(keyed(article(number), weak=["text"])) for number in range(20)]
    assert record(store, *decisions).rows == 80
    publish_everything(store)
    assert record(store, *decisions) == RecordCounts()
    assert (marked_articles(store), marked_categories(store)) == (set(), set())


def test_clashing_paths_are_numbered(store: Store) -> None:
    decisions = [new(article(number, title="Same", published=NOW)) for number in range(20)]
    assert record(store, *decisions[:5]).new == 5
    assert record(store, *decisions[5:]).new == 15
    paths = [stored_article(store, number).path for number in range(20)]
    assert paths[:3] == ["thehill/2026/11/24-same.md", "thehill/2026/11/24-same-2.md", "thehill/2026/11/24-same-3.md"]
    assert len(set(paths)) == 20


def test_a_numbered_path_that_is_taken_is_left_out(store: Store) -> None:
    def by_title(draft: Draft) -> str:
        return f"{draft.title}.md"

    first = [new(article(number, title=title)) for number, title in enumerate(("x-2", "x", "x-3", "x"))]
    record_as(store, state(), *first, name=by_title)
    assert [stored_article(store, number).path for number in range(4)] == ["x-2.md", "x.md", "x-3.md", "x-4.md"]


def test_a_thousand_clashing_paths_are_numbered(store: Store) -> None:
    decisions = [new(article(number, title="Same")) for number in range(1000)]
    record_as(store, state(), *decisions, name=lambda _: "x.md")
    record_as(store, state(), new(article(1000)), name=lambda _: "x.md")
    assert stored_article(store, 999).path == "x-1000.md"
    assert stored_article(store, 1000).path == "x-1001.md"


def test_a_uid_that_is_taken_gives_way_to_ours(store: Store) -> None:
    record(store, new(article(1)), new(keyed(article(2, uid=article(1).uid), "two")))
    record(store, new(keyed(article(3, uid=article(1).uid), "three")))
    assert stored_article(store, 1).uid == article(1).uid
    assert stored_article(store, 2).uid == "urn:uuid:00000001-0000-0000-0000-000000000002"
    assert stored_article(store, 3).uid == "urn:uuid:00000001-0000-0000-0000-000000000003"


def test_a_stranger_who_claims_our_uid_stops_no_article(store: Store) -> None:
    ours = "urn:uuid:00000001-0000-0000-0000-000000000002"
    record(store, new(keyed(article(1, uid=ours), "one")), new(keyed(article(2, uid=ours), "two")))
    assert stored_article(store, 1).uid == ours
    assert stored_article(store, 2).uid.startswith("urn:uuid:")
    assert stored_article(store, 2).uid != ours


def test_texts_that_a_database_refuses_are_kept_without_what_it_refuses(store: Store) -> None:
    odd = article(guid="a\0b\ud800c", uid="https://x.example/" + "".join(f"{number:x}" for number in range(3000)))
    record(store, new(odd))
    assert stored_article(store).guid == "ab?c"
    assert stored_article(store).uid.startswith("urn:uuid:")


def test_an_article_whose_strong_key_another_took_meanwhile_is_decided_anew(store: Store) -> None:
    record(store, new(keyed(article(1), "link")))
    publish_everything(store)
    with pytest.raises(RacedError):
        record(store, new(article(5, 2)), new(keyed(article(2, 2), "link")), by=2)
    assert store.articles.get(article(5, 2).id) is None
    assert (marked_articles(store), marked_categories(store)) == (set(), set())
    assert store.sources.all()[1].state == type(state())()


def test_a_strong_key_of_one_document_is_the_first_ones(store: Store) -> None:
    record(store, new(keyed(article(1), "link")), new(keyed(article(2), "link")))
    (owner,) = store.articles.lookup([digest("link")])[digest("link")]
    assert owner.id == article(1).id


# -------------------------------------------------------------------------------------------------------------- updated


def test_an_edited_text_moves_updated_and_keeps_what_names_and_places_the_article(store: Store) -> None:
    record(store, new(article()))
    before = stored_article(store)
    publish_everything(store)
    edit = article(
        id="f" * 32,
        uid="https://other.example/",
        title="Better title",
        html="<p>Better</p>",
        link="https://thehill.example/better",
        published=LATER,
        updated=LATER - MINUTE,
        first_seen=LATER,
        position=9,
    )
    assert record(store, updated(edit, of=before.id), at=LATER) == RecordCounts(updated=1, rows=4)
    after = stored_article(store)
    assert (after.id, after.uid, after.path, after.published, after.first_seen, after.position) == (
        before.id,
        before.uid,
        before.path,
        before.published,
        before.first_seen,
        before.position,
    )
    assert (after.title, after.html, after.link) == ("Better title", "<p>Better</p>", "https://thehill.example/better")
    assert (after.updated, after.edited) == (LATER - MINUTE, LATER - MINUTE)
    assert after.credits[0].link == after.link
    assert marked_articles(store) == {before.id}
    assert marked_categories(store) == {"all", "x"}


def test_an_edit_that_is_dated_no_later_than_the_old_text_is_dated_now(store: Store) -> None:
    record(store, new(article()))
    record(store, updated(article(title="Better title")), at=LATER)
    assert (stored_article(store).updated, stored_article(store).edited) == (LATER, LATER)


def test_the_same_edit_again_writes_nothing(store: Store) -> None:
    record(store, new(article()))
    edit = updated(article(title="Better title"))
    assert record(store, edit, at=LATER).rows == 2
    publish_everything(store)
    assert record(store, edit, at=LATER + MINUTE) == RecordCounts()
    assert marked_articles(store) == set()


def test_texts_that_alternate_are_kept_and_count_as_edits_of_the_first_return_alone(store: Store) -> None:
    record(store, new(article()))
    versions = article(), article(html="<p>“Ü” 😀</p>")
    for number in range(1, 6):
        counts = record(store, updated(versions[number % 2]), at=LATER + number * MINUTE)
        assert (counts.updated, stored_article(store).html) == (1 if number <= 2 else 0, versions[number % 2].html)
        assert stored_article(store).edited == LATER + min(number, 2) * MINUTE
    assert [revision.number for revision in store.articles.revisions(article().id)] == [2, 1]
    assert record(store, updated(article(html="<p>Another</p>")), at=LATER + 9 * MINUTE).updated == 1


def test_a_changed_link_moves_no_date_and_keeps_the_text(store: Store) -> None:
    record(store, new(article()))
    publish_everything(store)
    moved = article(link="https://thehill.example/moved", html="<p>Body 1 <b>“ü”</b></p>", image=None)
    change = updated(keyed(moved, article().link, "moved"), text_changed=False)
    assert record(store, change, at=LATER) == RecordCounts(rows=3)
    after = stored_article(store)
    assert (after.link, after.credits[0].link, after.image) == (moved.link, moved.link, None)
    assert (after.html, after.updated, after.edited) == (article().html, article().updated, None)
    assert marked_articles(store) == {after.id}
    publish_everything(store)
    assert record(store, change, at=LATER) == RecordCounts()
    assert marked_articles(store) == set()


def test_another_source_changes_the_text_alone(store: Store) -> None:
    record(store, new(article()))
    record(store, duplicate(article(9, 2), of=article().id), by=2)
    better = article(9, 2, title="Better title", image="https://b.example/b.jpg", link="https://b.example/")
    record(store, updated(keyed(better, "b"), of=article().id), by=2, at=LATER)
    after = stored_article(store)
    assert (after.title, after.link, after.image) == ("Better title", article().link, article().image)
    assert [credit.link for credit in after.credits] == [article().link, "https://b.example/"]


# ------------------------------------------------------------------------------------------------- duplicate, unchanged


def test_an_article_of_two_sources_credits_both_and_stands_in_the_categories_of_both(store: Store) -> None:
    record(store, new(article()))
    publish_everything(store)
    copy = duplicate(keyed(article(9, 2), "guid of b"), of=article().id)
    assert record(store, copy, by=2, at=LATER) == RecordCounts(duplicates=1, rows=2)
    both = stored_article(store)
    assert [credit.source for credit in both.credits] == ["a", "b"]
    assert (both.categories, both.tags, both.source) == (("x", "y"), ("a", "b"), "a")
    assert titles(store, "x") == titles(store, "y") == titles(store, "all") == ["Title 1"]
    assert marked_articles(store) == {both.id}
    assert marked_categories(store) == {"all", "x", "y"}
    publish_everything(store)
    assert record(store, copy, by=2, at=LATER).rows == 0
    assert (marked_articles(store), marked_categories(store)) == (set(), set())


def test_a_second_entry_of_the_same_source_gives_its_article_a_key_and_nothing_to_publish(store: Store) -> None:
    record(store, new(article(1)), duplicate(keyed(article(2), "second"), of=article(1).id))
    publish_everything(store)
    assert record(store, duplicate(keyed(article(3), "third"), of=article(1).id)).rows == 1
    assert [candidate.id for candidate in store.articles.lookup([digest("third")])[digest("third")]] == [article(1).id]
    assert marked_articles(store) == set()


def test_an_unchanged_entry_leaves_its_new_keys_alone(store: Store) -> None:
    record(store, new(keyed(article(), "http guid")))
    publish_everything(store)
    rewritten = unchanged(keyed(article(), "http guid", "https guid"))
    assert record(store, rewritten) == RecordCounts(rows=1)
    assert record(store, rewritten) == RecordCounts()
    assert (marked_articles(store), marked_categories(store)) == (set(), set())


def test_a_strong_key_that_is_another_articles_stays_so(store: Store) -> None:
    record(store, new(keyed(article(1), "one")), new(keyed(article(2), "two")))
    assert record(store, unchanged(keyed(article(1), "one", "two"))).rows == 0
    (owner,) = store.articles.lookup([digest("two")])[digest("two")]
    assert owner.id == article(2).id


# -------------------------------------------------------------------------------------------------------------- stories


def test_in_a_category_the_first_of_a_story_is_shown_with_the_others_beside_it(store: Store) -> None:
    record(store, new(article(1)))
    publish_everything(store)
    record(store, new(article(2, 2, title="Copy two"), cluster=article(1).id), by=2, at=LATER)
    assert titles(store, "all") == titles(store, "x") == ["Title 1"]
    assert titles(store, "y") == ["Copy two"]
    assert marked_categories(store) == {"all", "x", "y"}
    assert marked_articles(store) == {article(1).id, article(2, 2).id}  # each file names the other
    (lead,) = category_feed(store, "x", 5).articles
    assert [(also.title, also.link, also.source) for also in lead.also] == [("Copy two", article(2, 2).link, "b")]
    record(store, new(article(3, 3, title="Copy three", first_seen=LATER), cluster=article(1).id), by=3)
    assert titles(store, "y") == ["Copy two"]
    assert [also.title for also in category_feed(store, "y", 5).articles[0].also] == ["Title 1", "Copy three"]


def test_a_story_may_begin_in_the_same_document(store: Store) -> None:
    record(store, new(article(1)), new(article(2), cluster=article(1).id), new(article(3), cluster=article(2).id))
    assert titles(store, "x") == ["Title 1"]


def test_a_lead_that_enters_a_category_hides_the_others_there(store: Store) -> None:
    record(store, new(article(1)))
    record(store, new(article(2, 2), cluster=article(1).id), by=2)
    assert titles(store, "y") == ["Title 2"]
    record(store, duplicate(keyed(article(9, 3), "c"), of=article(1).id), by=3)
    assert titles(store, "y") == ["Title 1"]


def test_an_edit_marks_the_categories_that_list_the_article_beside_another(store: Store) -> None:
    record(store, new(article(1)))
    record(store, new(article(2, 2), cluster=article(1).id), by=2)
    publish_everything(store)
    record(store, updated(article(2, 2, title="Edited")), by=2, at=LATER)
    assert marked_categories(store) == {"all", "x", "y"}


# ---------------------------------------------------------------------------------------------------------------- known


def test_what_is_known_of_an_article(store: Store) -> None:
    given = keyed(article(), "guid", "link", weak=["title"])
    record(store, new(given))
    record(store, duplicate(keyed(article(9, 2), "other"), of=article().id), by=2)
    asked = [digest(name) for name in ("link", "title", "nobody")]
    candidates = store.articles.lookup(asked)
    assert set(candidates) == {digest("link"), digest("title")}
    (candidate,) = candidates[digest("link")]
    assert candidates[digest("title")] == (candidate,)
    assert (candidate.id, candidate.source_id, candidate.credited, candidate.cluster) == (
        article().id,
        1,
        frozenset({1, 2}),
        article().id,
    )
    assert (candidate.guid, candidate.link, candidate.link_key) == ("guid 1", article().link, article().link_key)
    assert (candidate.title, candidate.published, candidate.pruned) == ("Title 1", article().published, False)
    assert (candidate.fingerprint, candidate.keys) == (given.fingerprint, frozenset({digest("link"), digest("title")}))


def test_more_keys_than_one_query_takes_are_looked_up(store: Store) -> None:
    record(store, new(keyed(article(), "name")))
    asked = [digest(str(number)) for number in range(10_001)]
    assert set(store.articles.lookup([*asked, digest("name")])) == {digest("name")}


def test_a_weak_key_that_very_many_bear_finds_the_newest(store: Store) -> None:
    for number in range(MAX_PER_WEAK_KEY + 5):
        seen = NOW + number * MINUTE
        record(store, new(keyed(article(number, first_seen=seen), str(number), weak=["Open thread"])))
    candidates = store.articles.lookup([digest("Open thread")])[digest("Open thread")]
    assert [candidate.id for candidate in candidates] == [
        article(number).id for number in range(5, MAX_PER_WEAK_KEY + 5)
    ]
    assert record(store, unchanged(keyed(article(0), "0", weak=["Open thread"]))).rows == 0


# ----------------------------------------------------------------------------------------------------------- the source


def test_a_feed_with_a_new_title_has_the_categories_that_credit_it_published_anew(store: Store) -> None:
    record(store, new(article()))
    record(store, duplicate(keyed(article(9, 2), "b"), of=article().id), by=2)
    publish_everything(store)
    record(store, by=2)
    assert marked_categories(store) == set()
    record(store, by=2, feed_info=FeedInfo(title="Renamed"))
    assert marked_categories(store) == {"all", "x", "y"}
    assert marked_articles(store) == set()
    assert stored_article(store).credits[1].feed_title == "Renamed"


def test_an_article_of_a_source_that_left_meanwhile_is_kept(store: Store) -> None:
    sync_sources(store, [source("b", categories=("y",))], NOW)
    record(store, new(article()))
    assert stored_article(store).categories == ("x",)
    assert titles(store, "all") == ["Title 1"]
    assert store.feeds.categories() == ("all", "y")
