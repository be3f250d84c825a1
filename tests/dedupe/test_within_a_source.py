"""BEHAVIOUR, section 5: one source, fetched again and again."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.cases import for_each
from tests.dedupe.memory import DATE, NOW, OTHER, STORY, Duplicate, E, New, Store, Unchanged, Updated, edited, kinds

BRIDGE = E(guid="1", link="https://example.org/bridge")
STORKS = E(guid="2", link="https://example.org/storks", title="More storks than ever", text=OTHER)
LATER = NOW + timedelta(hours=1)


def test_an_entry_never_seen_is_new() -> None:
    store = Store()
    (decision,) = store.fetch(BRIDGE)
    assert isinstance(decision, New)
    assert (store.cluster(decision), decision.reason) == (None, "not seen before")


def test_the_same_document_twice_writes_nothing() -> None:
    store = Store()
    store.fetch(BRIDGE, STORKS)
    assert kinds(store.fetch(BRIDGE, STORKS, skip_seen=False, now=LATER)) == [Unchanged, Unchanged]
    assert store.written == 0


def test_an_edited_text_or_title_updates_the_article_in_place() -> None:
    store = Store()
    (first,) = store.fetch(BRIDGE)
    title = "Old bridge to close"
    for change in (replace(BRIDGE, text=edited(STORY)), replace(BRIDGE, title=title), replace(BRIDGE, text=OTHER)):
        (decision,) = store.fetch(change, now=LATER)
        assert isinstance(decision, Updated)
        assert (decision.id, decision.text_changed) == (first.keyed.id, True)
        assert decision.reason == "same guid, edited"
    assert len(store.rows) == 1


def test_an_audio_file_that_changed_updates_the_article_but_not_its_text() -> None:
    store = Store()
    store.fetch(E(guid="1", audio="https://cdn.example/1.mp3"))
    (decision,) = store.fetch(E(guid="1", audio="https://cdn.example/2.mp3"))
    assert isinstance(decision, Updated)
    assert not decision.text_changed
    assert kinds(store.fetch(E(guid="1", audio="https://cdn.example/2.mp3"), skip_seen=False)) == [Unchanged]


def test_dates_that_are_stamped_anew_at_each_fetch_change_nothing() -> None:
    store = Store()
    store.fetch(BRIDGE, STORKS)
    for hours in range(1, 50, 7):
        stamped = [replace(entry, published=NOW + timedelta(hours=hours)) for entry in (BRIDGE, STORKS)]
        assert kinds(store.fetch(*stamped, now=NOW + timedelta(hours=hours))) == [Unchanged, Unchanged]
        assert store.written == 0


def test_nameless_entries_whose_dates_are_stamped_anew_change_nothing() -> None:
    store = Store()
    entries = [E(), E(title="More storks than ever", text=OTHER)]
    store.fetch(*entries)
    for hours in range(1, 50, 7):
        now = NOW + timedelta(hours=hours)
        stamped = [replace(entry, published=now - timedelta(minutes=1)) for entry in entries]
        assert kinds(store.fetch(*stamped, now=now)) == [Unchanged, Unchanged]
        assert store.written == 0


@for_each("title", ["Council closes the old bridge", "Old bridge to close for two years"])
@for_each("published", [DATE, DATE + timedelta(hours=2), None])
def test_a_guid_that_was_rewritten_under_the_same_link_is_the_same_article(
    title: str, published: datetime | None
) -> None:
    store = Store()
    (first,) = store.fetch(BRIDGE)
    (decision,) = store.fetch(replace(BRIDGE, guid="uuid-1", title=title, published=published), now=LATER)
    assert isinstance(decision, Unchanged | Updated)
    assert decision.id == first.keyed.id
    (decision,) = store.fetch(replace(BRIDGE, guid="uuid-1", link=None, title="Other", text=OTHER), now=LATER)
    assert decision.reason == "same guid, edited"


def test_http_guids_that_become_https_are_the_same_articles() -> None:
    store = Store()
    before = [replace(entry, guid=f"http://example.org/?p={entry.guid}", link=None) for entry in (BRIDGE, STORKS)]
    after = [replace(entry, guid=f"https://example.org/?p={entry.guid}", link=None) for entry in (BRIDGE, STORKS)]
    store.fetch(*before)
    assert kinds(store.fetch(*after)) == [Unchanged, Unchanged]
    assert store.written == 0


def test_an_entry_with_new_guid_and_link_is_known_by_title_and_text() -> None:
    store = Store()
    store.fetch(BRIDGE, STORKS)
    moved = E(guid="new-1", link="https://new.example/1", text=edited(STORY))
    (decision,) = store.fetch(moved, STORKS, now=LATER)
    assert isinstance(decision, Updated)
    assert decision.reason == "same title and text, edited"
    assert kinds(store.fetch(moved, STORKS, skip_seen=False)) == [Unchanged, Unchanged]
    assert store.written == 0


@for_each("guid", ["new-1", None])
def test_an_entry_without_text_is_known_by_title_and_time(guid: str | None) -> None:
    store = Store()
    bare = replace(BRIDGE, text="")
    store.fetch(bare, STORKS)
    moved = replace(bare, guid=guid, link="https://new.example/1" if guid else None)
    assert kinds(store.fetch(moved, STORKS, now=LATER)) == [Updated if guid else Unchanged]
    another = replace(moved, guid="new-2", link="https://new.example/2", published=DATE + timedelta(seconds=1))
    assert kinds(store.fetch(another, STORKS, now=LATER)) == [New]


def _story(number: int, **changes: Any) -> E:
    """One of a blog's, a day each."""
    text = " ".join(f"word{number}x{place}" for place in range(80))
    entry = E(guid=f"{number}", link=f"https://example.org/{number}", title=f"Story {number}", text=text)
    return replace(entry, published=DATE - timedelta(days=number), **changes)


def _republished(entry: E, **changes: Any) -> E:
    return replace(entry, guid=f"new-{entry.guid}", link=f"https://new.example/{entry.guid}", **changes)


@for_each("title", ["Story {}", "Weekly notes"])
@for_each("footer", ["", " The post appeared first on the blog."])
@for_each("stories", [3, 10])
def test_entries_that_new_software_publishes_with_new_guids_links_and_dates_are_known(
    stories: int, footer: str, title: str
) -> None:
    store = Store()
    before = [replace(_story(number), title=title.format(number)) for number in range(stories)]
    store.fetch(*before)
    after = [_republished(entry, published=NOW, text=entry.text + footer) for entry in before]
    decisions = store.fetch(E(guid="x", link="https://new.example/x", title="We have moved"), *after, now=LATER)
    assert kinds(decisions) == [New, *[Updated] * stories]
    assert len(store.rows) == stories + 1


def test_entries_that_new_software_cuts_short_are_known_by_title_and_time() -> None:
    store = Store()
    before = [_story(number) for number in range(5)]
    store.fetch(*before)
    after = [_republished(entry, text=" ".join(entry.text.split()[:20])) for entry in before]
    assert kinds(store.fetch(*after, now=LATER)) == [Updated] * 5


def test_forecasts_that_look_the_same_are_new_each_day() -> None:
    store = Store()
    for day in range(4):
        forecasts = [
            replace(
                _story(number),
                guid=f"{day} {number}",
                link=f"https://example.org/{day}/{number}",
                published=DATE + timedelta(days=day, minutes=number),
            )
            for number in range(5)
        ]
        assert kinds(store.fetch(*forecasts, now=NOW + timedelta(days=day))) == [New] * 5


def test_offers_that_come_again_among_others_are_new() -> None:
    store = Store()
    jobs = [_story(number) for number in range(12)]
    store.fetch(*jobs)
    again = [_republished(job, published=NOW) for job in jobs[8:]]
    assert kinds(store.fetch(*again, *jobs[:8], now=LATER)) == [New] * 4


def test_entries_that_look_like_those_that_are_listed_still_are_new() -> None:
    store = Store()
    before = [_story(number) for number in range(5)]
    store.fetch(*before)
    again = [_republished(entry, published=NOW) for entry in before]
    assert kinds(store.fetch(*again, *before, now=LATER)) == [New] * 5


def test_a_headline_in_guid_and_link_is_the_same_article_when_it_changes() -> None:
    store = Store()
    store.fetch(replace(BRIDGE, guid="https://example.org/closes", link="https://example.org/closes"), STORKS)
    (decision,) = store.fetch(
        E(guid="https://example.org/to-close", link="https://example.org/to-close", title="Bridge to close"), STORKS
    )
    assert isinstance(decision, Updated)
    assert decision.reason == "same text and time, edited"
    moved_up = E(guid="https://example.org/shut", link="https://example.org/shut", title="Shut", published=LATER)
    (decision,) = store.fetch(moved_up, STORKS, now=LATER + timedelta(minutes=1))
    assert isinstance(decision, Updated)
    assert decision.reason == "same text, edited"


def test_a_short_entry_with_new_guid_link_and_title_is_known_by_text_and_time() -> None:
    text = " ".join(STORY.split()[:24])
    store = Store()
    store.fetch(replace(BRIDGE, text=text))
    (decision,) = store.fetch(E(guid="9", link="https://example.org/9", title="Bridge to close", text=text))
    assert decision.reason == "same text and time, edited"


def test_a_headline_guid_and_description_that_changed_within_the_day_are_one_article_under_one_link() -> None:
    store = Store()
    store.fetch(replace(BRIDGE, guid="https://example.org/bridge#0", text="Cracks were found."))
    (decision,) = store.fetch(
        E(guid="https://example.org/bridge#1", link=BRIDGE.link, title="Other", text="Two years, says the mayor.")
    )
    assert isinstance(decision, Updated)
    assert decision.reason == "same canonical link and day, edited"


def test_a_new_entry_every_day_under_one_link_is_new() -> None:
    store = Store()
    store.fetch(BRIDGE)
    tomorrow = DATE + timedelta(days=1)
    decisions = store.fetch(replace(STORKS, link=BRIDGE.link, published=tomorrow), now=NOW + timedelta(days=1))
    assert kinds(decisions) == [New]
    assert kinds(store.fetch(replace(STORKS, link=BRIDGE.link, published=tomorrow), skip_seen=False)) == [Unchanged]


def test_a_source_that_moved_keeps_its_articles() -> None:
    store = Store()
    store.fetch(BRIDGE, STORKS)
    moved = [replace(entry, link=f"https://new.example/{entry.guid}") for entry in (BRIDGE, STORKS)]
    decisions = store.fetch(*moved)
    assert kinds(decisions) == [Updated, Updated]
    assert not any(decision.text_changed for decision in decisions if isinstance(decision, Updated))
    assert kinds(store.fetch(*moved, skip_seen=False)) == [Unchanged, Unchanged]


def test_a_link_that_is_no_longer_a_name_leaves_the_better_link() -> None:
    store = Store()
    store.fetch(BRIDGE)
    assert kinds(store.fetch(replace(BRIDGE, link=None))) == [Unchanged]


def test_one_guid_on_all_entries_is_no_key() -> None:
    store = Store()
    entries = [replace(entry, guid="feed") for entry in (BRIDGE, STORKS)]
    assert kinds(store.fetch(*entries)) == [New, New]
    assert kinds(store.fetch(*entries, skip_seen=False)) == [Unchanged, Unchanged]
    third = E(guid="feed", link="https://example.org/3", title="Third", text="Third text")
    assert kinds(store.fetch(third, *entries)) == [New]


def test_one_link_on_all_entries_is_no_key() -> None:
    store = Store()
    entries = [replace(entry, guid=None, link="https://example.org/news") for entry in (BRIDGE, STORKS)]
    assert kinds(store.fetch(*entries)) == [New, New]
    assert kinds(store.fetch(*entries, skip_seen=False)) == [Unchanged, Unchanged]
    assert store.written == 0


@pytest.mark.parametrize("text", [STORY, "Short", ""])
def test_an_entry_with_neither_guid_nor_link_nor_date_is_known_again(text: str) -> None:
    store = Store()
    store.fetch(E(text=text, published=None))
    for hours in (1, 48):
        assert kinds(store.fetch(E(text=text, published=None), now=NOW + timedelta(hours=hours))) == [Unchanged]
        assert store.written == 0


def test_a_nameless_entry_may_be_edited() -> None:
    store = Store()
    store.fetch(E())
    for text in (edited(STORY), OTHER):
        (decision,) = store.fetch(E(text=text), now=LATER)
        assert isinstance(decision, Updated)
        assert decision.reason == "same title and date, edited"


def test_nameless_entries_of_one_title_and_day_without_a_time_are_told_apart_by_their_text() -> None:
    store = Store()
    day = DATE.replace(hour=0, minute=0, second=0)
    store.fetch(E(title="Update", text="Down.", published=day))
    assert kinds(store.fetch(E(title="Update", text="Up again.", published=day), now=LATER)) == [New]
    assert kinds(store.fetch(E(title="Update", text="Down.", published=day), now=LATER)) == [Unchanged]


def test_nameless_entries_that_say_the_same_on_two_days_are_two() -> None:
    store = Store()
    monday, tuesday = E(text="Down."), E(text="Down.", published=DATE + timedelta(days=1))
    assert kinds(store.fetch(monday, tuesday)) == [New, New]
    assert kinds(store.fetch(tuesday, monday, now=LATER)) == [Unchanged, Unchanged]
    wednesday = E(text="Down.", published=DATE + timedelta(days=2))
    assert kinds(store.fetch(wednesday, tuesday, monday, now=LATER)) == [New, Unchanged, Unchanged]


@pytest.mark.parametrize("entry", [BRIDGE, replace(BRIDGE, guid=None), E(), E(published=None), E(text="")])
def test_the_second_copy_of_an_entry_is_a_duplicate_of_the_first_and_then_nothing(entry: E) -> None:
    store = Store()
    new, copy = store.fetch(entry, entry)
    assert isinstance(new, New)
    assert isinstance(copy, Duplicate)
    assert copy.id == new.keyed.id
    for document in ([entry, entry], [entry], [entry, entry]):
        assert set(kinds(store.fetch(*document, skip_seen=False))) == {Unchanged}
        assert store.written == 0


def test_entries_that_share_all_names_but_not_the_text_are_two() -> None:
    store = Store()
    first, second = BRIDGE, replace(BRIDGE, text=OTHER)
    new = store.fetch(first, second)
    assert kinds(new) == [New, New]
    assert len({decision.keyed.id for decision in new}) == 2
    assert kinds(store.fetch(second, first, skip_seen=False)) == [Unchanged, Unchanged]
    assert store.written == 0


def test_near_equal_entries_of_one_document_stay_as_they_are() -> None:
    store = Store()
    first = E(guid="1", link="https://example.org/1")
    second = E(guid="2", link="https://example.org/2", text=edited(STORY))
    assert kinds(store.fetch(first, second)) == [New, New]
    for order in ((first, second), (second, first)):
        assert kinds(store.fetch(*order, skip_seen=False)) == [Unchanged, Unchanged]
        assert store.written == 0


def test_near_equal_nameless_entries_stay_as_they_are() -> None:
    store = Store()
    first, second = E(published=None), E(text=edited(STORY), published=None)
    store.fetch(first, second)
    for hours, order in enumerate(((first, second), (second, first))):
        assert kinds(store.fetch(*order, now=NOW + timedelta(hours=hours))) == [Unchanged, Unchanged]
        assert store.written == 0


def test_one_guid_written_with_http_and_https_names_two_entries_if_they_say_different_things() -> None:
    store = Store()
    first = replace(BRIDGE, guid="http://example.org/1")
    second = replace(STORKS, guid="https://example.org/1")
    assert kinds(store.fetch(first, second)) == [New, New]
    assert kinds(store.fetch(second, first, skip_seen=False)) == [Unchanged, Unchanged]
    assert store.written == 0


def test_a_column_that_repeats_its_words_is_new_each_day() -> None:
    store = Store()
    for day in range(4):
        now = NOW + timedelta(days=day)
        column = E(guid=f"day-{day}", link=f"https://example.org/{day}", published=DATE + timedelta(days=day))
        (decision,) = store.fetch(column, now=now)
        assert isinstance(decision, New)
        assert store.cluster(decision) is None


def test_an_entry_that_stands_unchanged_is_not_swallowed_by_a_new_one_like_it() -> None:
    store = Store()
    (first,) = store.fetch(BRIDGE)
    assert isinstance(first, New)
    (decision,) = store.fetch(E(guid="2", link="https://example.org/again"), BRIDGE)
    assert isinstance(decision, New)
    assert store.cluster(decision) == first.keyed.id


def test_an_entry_that_stands_edited_is_not_swallowed_by_a_new_one_like_it() -> None:
    store = Store()
    (first,) = store.fetch(BRIDGE)
    new, old = store.fetch(E(guid="2", link="https://example.org/again"), replace(BRIDGE, text=edited(STORY)))
    assert kinds([new, old]) == [New, Updated]
    assert isinstance(old, Updated)
    assert old.id == first.keyed.id


def test_guids_that_changed_places_do_not_lose_an_entry() -> None:
    store = Store()
    store.fetch(BRIDGE, STORKS)
    swapped = (replace(BRIDGE, guid="2"), replace(STORKS, guid="1"))
    store.fetch(*swapped)
    assert {row.article.title for row in store.rows.values()} == {BRIDGE.title, STORKS.title}
    assert kinds(store.fetch(*swapped, skip_seen=False)) == [Unchanged, Unchanged]


def test_gone_from_the_document_is_not_retracted_and_may_come_back() -> None:
    store = Store()
    store.fetch(BRIDGE, STORKS)
    assert store.fetch(STORKS) == ()
    assert kinds(store.fetch(BRIDGE, STORKS)) == [Unchanged]


@pytest.mark.parametrize(
    "again", [BRIDGE, replace(BRIDGE, text=OTHER), replace(BRIDGE, guid="9"), replace(BRIDGE, link=None)]
)
def test_a_pruned_article_never_comes_back(again: E) -> None:
    store = Store()
    (first,) = store.fetch(BRIDGE)
    store.prune(first.keyed.id)
    (decision,) = store.fetch(again, skip_seen=False, now=LATER)
    assert isinstance(decision, Unchanged)
    assert decision.reason.endswith("pruned")


def test_guids_that_count_places_in_the_document_lose_no_entry() -> None:
    stories = [
        E(
            link=f"https://example.org/{n}",
            title=f"Story {n}",
            text=" ".join(f"word{n}x{place}" for place in range(60)),
            published=DATE + timedelta(minutes=n),
        )
        for n in range(9)
    ]
    store = Store()
    for newest in range(3, 9):
        document = [replace(stories[newest - place], guid=f"place-{place}") for place in range(3)]
        decisions = store.fetch(*document, now=NOW + timedelta(hours=newest))
        assert [type(decision) for decision in decisions].count(New) == (3 if newest == 3 else 1)
        assert not any(isinstance(decision, Updated) for decision in decisions)
        assert kinds(store.fetch(*document, skip_seen=False)) == [Unchanged] * 3
    assert {row.article.title for row in store.rows.values()} == {f"Story {n}" for n in range(1, 9)}


def test_an_edit_of_all_but_the_guid_is_an_edit() -> None:
    store = Store()
    store.fetch(BRIDGE, STORKS)
    edit = E(guid="1", link="https://example.org/other", title="Other", text="Another text.", published=LATER)
    assert [decision.reason for decision in store.fetch(edit, STORKS, now=LATER)] == ["same guid, edited"]
    assert len(store.rows) == 2
