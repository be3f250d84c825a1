"""BEHAVIOUR, section 5: one story in several sources."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.dedupe.memory import DATE, OTHER, STORY, Duplicate, E, New, Store, Unchanged, Updated, edited, kinds

BRIDGE = E(guid="1", link="https://example.org/bridge")
EXCERPT = " ".join(STORY.split()[:40]) + " Continue reading on example.org"
COMMENT = (
    "I walked over it each morning for twenty years and never saw a soul look at the piers, which says all there is to "
    "say about the people who ran this town, and about those of us who let them run it"
)
COPY = E(guid="x", link="https://copy.example/9", text=edited(STORY))


@pytest.mark.parametrize(
    ("copy", "reason"),
    [
        (replace(BRIDGE, text="In short."), "same canonical link, one is a stub"),
        (replace(BRIDGE, title="Bridge to close", text=edited(STORY)), "same canonical link and text"),
        (replace(BRIDGE, title="Closed", text=EXCERPT), "same canonical link, one holds the other"),
    ],
)
def test_the_same_link_with_a_stub_or_the_text_is_one_article(copy: E, reason: str) -> None:
    store = Store()
    (first,) = store.fetch(BRIDGE)
    (decision,) = store.fetch(copy, source=2)
    assert isinstance(decision, Duplicate)
    assert (decision.id, decision.reason) == (first.keyed.id, reason)
    assert store.rows[decision.id].article.credited == {1, 2}
    assert kinds(store.fetch(copy, source=2, skip_seen=False)) == [Unchanged]
    assert store.written == 0


def test_a_comment_under_the_same_link_is_an_article_of_its_own() -> None:
    store = Store()
    store.fetch(BRIDGE)
    comment = E(guid="c", link=BRIDGE.link, title=BRIDGE.title, text=COMMENT)
    assert kinds(store.fetch(comment, source=2)) == [New]
    for source, entry in ((1, BRIDGE), (2, comment)):
        assert kinds(store.fetch(entry, source=source, skip_seen=False)) == [Unchanged]
        assert store.written == 0


def test_the_same_guid_in_two_sources_means_nothing() -> None:
    store = Store()
    store.fetch(BRIDGE)
    assert kinds(store.fetch(E(guid="1", link="https://b.example/", title="Storks", text=OTHER), source=2)) == [New]


def test_two_sources_do_not_edit_one_article_in_turn() -> None:
    store = Store()
    store.fetch(BRIDGE)
    cut = replace(BRIDGE, text="In short.")
    store.fetch(cut, source=2)
    for _ in range(2):
        assert kinds(store.fetch(BRIDGE, skip_seen=False)) == [Unchanged]
        assert kinds(store.fetch(replace(cut, title="Other"), source=2, skip_seen=False)) == [Unchanged]
    assert kinds(store.fetch(replace(BRIDGE, text=OTHER))) == [Updated]
    assert kinds(store.fetch(replace(cut, guid=None, title="Third"), source=2)) == [Unchanged]


def test_near_equal_texts_under_different_links_are_one_story() -> None:
    store = Store()
    (first,) = store.fetch(BRIDGE)
    for source in (2, 3):
        (decision,) = store.fetch(replace(COPY, link=f"https://copy.example/{source}"), source=source)
        assert isinstance(decision, New)
        assert store.cluster(decision) == first.keyed.id


def test_near_equal_texts_of_one_document_are_one_story() -> None:
    store = Store()
    first, second = store.fetch(BRIDGE, COPY)
    assert isinstance(first, New)
    assert isinstance(second, New)
    assert (store.cluster(first), store.cluster(second)) == (None, first.keyed.id)


def test_exact_marks_no_story() -> None:
    store = Store()
    store.fetch(BRIDGE, COPY, near_duplicates=False)
    (decision,) = store.fetch(COPY, source=2, near_duplicates=False)
    assert isinstance(decision, Duplicate)
    assert {row.article.cluster for row in store.rows.values()} == set(store.rows)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Watch live now", "Watch live now"),
        ("", ""),
        (STORY, OTHER),
    ],
)
def test_what_is_short_or_other_is_no_story(first: str, second: str) -> None:
    store = Store()
    store.fetch(replace(BRIDGE, text=first))
    (decision,) = store.fetch(E(guid="x", link="https://b.example/1", text=second), source=2)
    assert isinstance(decision, New)
    assert store.cluster(decision) is None


def test_boilerplate_under_different_titles_is_no_story() -> None:
    boilerplate = (
        "Listen to the new episode wherever you get your podcasts and leave us a rating or a comment if you like it"
    )
    store = Store()
    store.fetch(replace(BRIDGE, text=boilerplate))
    (decision,) = store.fetch(E(guid="x", link="https://b.example/1", title="Storks", text=boilerplate), source=2)
    assert isinstance(decision, New)
    assert store.cluster(decision) is None


def test_one_description_of_many_entries_of_a_source_is_no_story() -> None:
    second = E(guid="2", link="https://example.org/2", title="Second evening of the conference")
    store = Store()
    decisions = store.fetch(BRIDGE, second)
    assert list(map(store.cluster, decisions)) == [None, None]


def test_a_report_under_another_headline_in_another_source_is_one_story() -> None:
    store = Store()
    (first,) = store.fetch(BRIDGE)
    (decision,) = store.fetch(replace(COPY, title="Old bridge to be shut"), source=2)
    assert isinstance(decision, New)
    assert store.cluster(decision) == first.keyed.id


def test_a_short_report_under_one_headline_is_one_story() -> None:
    store = Store()
    store.fetch(replace(BRIDGE, text="Cracks in three piers close the bridge for two years."))
    (decision,) = store.fetch(
        E(guid="x", link="https://b.example/1", text="Cracks in three piers close the bridge for two years."), source=2
    )
    assert isinstance(decision, New)
    assert store.cluster(decision)


def test_a_text_that_comes_again_a_week_later_is_no_story() -> None:
    store = Store()
    store.fetch(BRIDGE)
    (decision,) = store.fetch(replace(COPY, published=DATE + timedelta(days=7)), source=2)
    assert isinstance(decision, New)
    assert store.cluster(decision) is None


def test_a_pruned_article_leads_no_story_and_takes_no_credit() -> None:
    store = Store()
    (first,) = store.fetch(BRIDGE)
    store.prune(first.keyed.id)
    (near,) = store.fetch(COPY, source=2)
    assert isinstance(near, New)
    assert store.cluster(near) is None
    assert kinds(store.fetch(BRIDGE, source=3)) == [Unchanged]
