"""What an entry is called."""

from aggregator.normalise.identity import EntryIdentity, identities
from tests.normalise.entries import SOURCE, entry, feed

A, B = "https://example.org/a", "https://example.org/b"


def keys(*called: EntryIdentity) -> list[tuple[str | None, str | None]]:
    return [(identity.guid_key, identity.link_key) for identity in called]


def test_guid_and_link_name_an_entry() -> None:
    assert keys(*identities(feed(entry("A", A, guid="1"), entry("B", B, guid="2")), SOURCE)) == [("1", A), ("2", B)]


def test_a_guid_on_entries_of_other_links_or_titles_is_no_key() -> None:
    assert keys(*identities(feed(entry("A", A, guid="1"), entry("A", B, guid="1")), SOURCE)) == [(None, A), (None, B)]
    assert keys(*identities(feed(entry("A", A, guid="1"), entry("B", A, guid="1")), SOURCE)) == [(None, None)] * 2


def test_a_link_on_entries_of_other_guids_or_titles_is_no_key() -> None:
    assert keys(*identities(feed(entry("A", A, guid="1"), entry("A", A, guid="2")), SOURCE)) == [
        ("1", None),
        ("2", None),
    ]
    assert keys(*identities(feed(entry("A", A), entry("B", A + "/?utm_source=x#1")), SOURCE)) == [(None, None)] * 2


def test_notes_without_title_are_told_apart_by_their_text() -> None:
    notes = feed(entry(None, A, "one", guid="1"), entry(" ", A, "two", guid="1"))
    assert keys(*identities(notes, SOURCE)) == [(None, None)] * 2


def test_an_entry_that_stands_twice_in_the_document_keeps_its_identities() -> None:
    twice = feed(entry("A", A, "old", guid="1"), entry("A", A, "new", guid="1"))
    assert keys(*identities(twice, SOURCE)) == [("1", A)] * 2


def test_an_empty_guid_is_none_and_a_guid_is_printable() -> None:
    called = identities(feed(entry("A", guid=" \n"), entry("B", guid=" x\x00\ud800y ")), SOURCE)
    assert [identity.guid for identity in called] == [None, "xy"]


def test_an_endless_guid_is_told_apart_by_its_digest() -> None:
    long = "tag:example.org,2026:" + "x" * 2_000_000
    first, second = identities(feed(entry("A", A, guid=long), entry("B", B, guid=f"{long}y")), SOURCE)
    assert first.guid_key != second.guid_key
    assert {len(identity.guid or "") for identity in (first, second)} == {len("blake2b:") + 32}
