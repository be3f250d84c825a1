"""What holds for every document."""

from datetime import timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.dedupe.memory import DATE, NOW, OTHER, STORY, E, New, Store, Updated, edited
from tests.thorough import examples

few = settings(max_examples=examples(60), deadline=None)

texts = st.sampled_from(["", "Down.", "Eight words that tell of something else here", STORY, edited(STORY), OTHER])
dates = st.one_of(st.none(), st.integers(0, 3).map(lambda days: DATE - timedelta(hours=10 * days)))
guids = st.one_of(st.none(), st.sampled_from(["1", "2", "http://example.org/1", "https://example.org/1"]))
links = st.one_of(st.none(), st.sampled_from([f"https://example.org/{number}" for number in range(4)]))
entries = st.builds(E, guid=guids, link=links, title=st.sampled_from(["One", "Two"]), text=texts, published=dates)
documents = st.lists(entries, max_size=7)


@few
@given(documents, st.randoms(use_true_random=False), st.booleans())
def test_the_same_document_twice_writes_nothing_in_any_order(document: list[E], random: Random, near: bool) -> None:
    store = Store()
    store.fetch(*document, near_duplicates=near)
    random.shuffle(document)
    decisions = store.fetch(*document, skip_seen=False, now=NOW + timedelta(days=2), near_duplicates=near)
    assert [decision for decision in decisions if isinstance(decision, New | Updated)] == []
    assert store.written == 0


@few
@given(documents, documents, st.integers(1, 2))
def test_any_two_documents_then_settle(first: list[E], second: list[E], source: int) -> None:
    store = Store()
    store.fetch(*first)
    store.fetch(*second, source=source, skip_seen=False)
    decisions = store.fetch(*second, source=source, skip_seen=False)
    assert [decision for decision in decisions if isinstance(decision, New | Updated)] == []
    assert store.written == 0


@few
@given(documents, documents, st.randoms(use_true_random=False))
def test_the_order_of_dated_entries_does_not_matter(first: list[E], second: list[E], random: Random) -> None:
    def new(document: list[E]) -> int:
        store = Store()
        store.fetch(*dated(first))
        return sum(isinstance(decision, New) for decision in store.fetch(*document))

    shuffled = dated(second)
    random.shuffle(shuffled)
    assert new(dated(second)) == new(shuffled)


def dated(document: list[E]) -> list[E]:
    return [replace(entry, published=entry.published or DATE) for entry in document]


@few
@given(st.lists(st.sets(st.integers(0, 11), max_size=8), max_size=4))
def test_entries_with_guid_link_and_text_of_their_own_are_never_lost(rounds: list[set[int]]) -> None:
    store = Store()
    for hours, numbers in enumerate(rounds):
        document = [
            E(guid=str(number), link=f"https://example.org/{number}", title="Weather", text=f"{number} degrees")
            for number in numbers
        ]
        store.fetch(*document, now=NOW + timedelta(hours=hours))
    assert len(store.rows) == len(set().union(*rounds))
