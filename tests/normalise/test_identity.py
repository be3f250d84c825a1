"""What an entry is called."""

import pytest

from aggregator.normalise.identity import Names, article_id, names, public_id
from tests.normalise.entries import SOURCE, entry, feed

A, B = "https://example.org/a", "https://example.org/b"


def keys(*called: Names) -> list[tuple[str | None, str | None]]:
    return [(one.guid_key, one.link_key) for one in called]


def test_guid_and_link_name_an_entry() -> None:
    assert keys(*names(feed(entry("A", A, guid="1"), entry("B", B, guid="2")), SOURCE)) == [("1", A), ("2", B)]


def test_a_guid_on_entries_of_other_links_or_titles_is_no_key() -> None:
    assert keys(*names(feed(entry("A", A, guid="1"), entry("A", B, guid="1")), SOURCE)) == [(None, A), (None, B)]
    assert keys(*names(feed(entry("A", A, guid="1"), entry("B", A, guid="1")), SOURCE)) == [(None, None)] * 2


def test_a_link_on_entries_of_other_guids_or_titles_is_no_key() -> None:
    assert keys(*names(feed(entry("A", A, guid="1"), entry("A", A, guid="2")), SOURCE)) == [("1", None), ("2", None)]
    assert keys(*names(feed(entry("A", A), entry("B", A + "/?utm_source=x#1")), SOURCE)) == [(None, None)] * 2


def test_notes_without_title_are_told_apart_by_their_text() -> None:
    notes = feed(entry(None, A, "one", guid="1"), entry(" ", A, "two", guid="1"))
    assert keys(*names(notes, SOURCE)) == [(None, None)] * 2


def test_an_entry_that_stands_twice_in_the_document_keeps_its_names() -> None:
    twice = feed(entry("A", A, "old", guid="1"), entry("A", A, "new", guid="1"))
    assert keys(*names(twice, SOURCE)) == [("1", A)] * 2


def test_an_empty_guid_is_none_and_a_guid_is_printable() -> None:
    called = names(feed(entry("A", guid=" \n"), entry("B", guid=" x\x00\ud800y ")), SOURCE)
    assert [one.guid for one in called] == [None, "xy"]


def test_our_id_is_of_the_strongest_name() -> None:
    one = entry("A", published="2025-02-08")

    def ours(guid: str | None, link: str | None, title: str = "A", body: str = "text", source_id: int = 1) -> str:
        return article_id(source_id, Names(guid, guid, A, link), one, title, body)

    assert ours("1", A) == ours("1", B, "edited", "edited")
    assert ours(None, A) == ours(None, A, "edited", "edited")
    assert ours(None, None) != ours(None, None, "edited")
    distinct = {ours("1", A), ours("2", A), ours(None, A), ours(None, B), ours(None, None), ours("1", A, source_id=2)}
    assert len(distinct) == 6
    assert all(len(name) == 32 and int(name, 16) for name in distinct)


OURS = "00112233445566778899aabbccddeeff"


@pytest.mark.parametrize(
    "guid",
    [
        "https://example.org/?p=1",
        "http://example.org/a#b",
        "tag:blogger.com,1999:blog-123.post-456",
        "tag:someone@example.org,2025-02-08:/a?b=c",
        "urn:uuid:0d9c7d6e-1f2a-4c57-9d0f-0d6f0c3d8a11",
        "urn:isbn:0451450523",
        "URN:sha256:abc",
    ],
)
def test_a_guid_that_is_a_valid_uri_is_the_public_id(guid: str) -> None:
    assert public_id(Names(guid, guid, A, A), OURS) == guid
    assert public_id(Names(guid, None, A, A), OURS) == "urn:uuid:00112233-4455-6677-8899-aabbccddeeff"


@pytest.mark.parametrize(
    "guid",
    [
        "1234",
        "/a",
        "https://example.org/a b",
        "https://example.org/ü",
        "https://user:secret@example.org/",
        "https://example.org:99999/",
        "tag:example.org:a",
        "tag:example.org,2025:a b",
        "urn:uuid:1234",
        "urn:x:1",
        "urn:example:ü",
        "javascript:alert(1)",
        "http://0x7f000001/",
    ],
)
def test_any_other_guid_gives_way_to_our_id(guid: str) -> None:
    assert public_id(Names(guid, guid, A, A), OURS) == "urn:uuid:00112233-4455-6677-8899-aabbccddeeff"
