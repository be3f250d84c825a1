from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.dedupe.memory import DATE, NOW, STORY, E, TextDraft, articles, keyed_entry


def made(entry: E, source: int = 1) -> TextDraft:
    return articles([entry], source=source)[0]


def named(article: TextDraft, rule: str) -> set[bytes]:
    return {key.digest for key in keyed_entry(article).keys if key.rule == rule}


def test_keys_come_strongest_first_and_are_few() -> None:
    keys = keyed_entry(made(E(guid="a", link="https://example.org/a"))).keys
    assert [key.rule for key in keys] == ["guid", "link", "title", *["text"] * 8]
    assert [key.strong for key in keys] == [True, True, *[False] * 9]
    assert {len(key.digest) for key in keys} == {16}


def test_a_guid_names_an_article_within_its_source_only() -> None:
    assert named(made(E(guid="1")), "guid") != named(made(E(guid="1"), source=2), "guid")


def test_a_link_names_an_article_in_every_source() -> None:
    entry = E(link="https://example.org/a")
    assert named(made(entry), "link") == named(made(entry, source=2), "link")


@pytest.mark.parametrize("guid", ["http://example.org/1", "HTTP://example.org/1", " https://example.org/1\n"])
def test_http_and_https_are_one_guid(guid: str) -> None:
    assert named(made(E(guid=guid)), "guid") == named(made(E(guid="https://example.org/1")), "guid")


def test_a_guid_that_is_no_url_is_taken_as_it_is() -> None:
    assert named(made(E(guid="http-1")), "guid") != named(made(E(guid="https-1")), "guid")


def test_a_guid_or_link_that_is_nobodys_name_gives_no_key() -> None:
    article = replace(made(E(guid="a", link="https://example.org/")), guid_key=None, link_key=None)
    assert not named(article, "guid") | named(article, "link")


def test_an_entry_without_guid_and_link_is_named_by_title_and_date() -> None:
    nameless = made(E())
    assert named(nameless, "entry") == named(made(E(text="Edited")), "entry")
    assert named(nameless, "entry") != named(made(E(title="Another")), "entry")
    assert named(nameless, "entry") != named(made(E(published=DATE + timedelta(days=1))), "entry")
    assert named(nameless, "entry") != named(made(E(), source=2), "entry")


def test_an_entry_without_a_date_either_is_named_by_title_and_text_whenever_it_is_seen() -> None:
    undated = E(published=None)
    later = articles([undated], now=NOW + timedelta(days=1))[0]
    assert named(made(undated), "entry") == named(later, "entry")
    assert named(made(undated), "entry") != named(made(E(published=None, text="Another")), "entry")


def test_every_article_has_a_strong_key() -> None:
    for entry in (E(guid="a"), E(link="https://example.org/a"), E(title="-", text="", published=None)):
        assert keyed_entry(made(entry)).keys[0].strong


def test_a_short_text_has_one_key_with_its_title_and_a_few_words_have_none() -> None:
    brief = "Nine words are enough to tell of something"
    assert len(named(made(E(text=brief)), "text")) == 1
    assert named(made(E(text=brief)), "text") == named(made(E(text=brief), source=2), "text")
    assert named(made(E(text=brief)), "text") != named(made(E(text=brief, title="Another")), "text")
    assert not named(made(E(text="Watch live")), "text")


def test_a_guid_of_lone_surrogates_is_a_name_too() -> None:
    assert named(made(E(guid="\ud800")), "guid")


def test_near_equal_texts_share_a_key() -> None:
    assert named(made(E(text=STORY)), "text") & named(made(E(text=STORY + " Read on."), source=2), "text")
