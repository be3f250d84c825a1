"""The digest of an entry changes when readers would see a change, and not otherwise."""

from tests.cases import for_each
from tests.parse.documents import entry_of, item

BASE = "<link>https://example.org/1</link><description>text</description>"


def digest(inner: str) -> bytes:
    return entry_of(item(inner)).digest


def test_a_digest_has_eight_bytes_and_is_the_same_every_time() -> None:
    assert len(digest(BASE)) == 8
    assert digest(BASE) == digest(BASE) == bytes.fromhex("3d16c0b2111333b3")


@for_each(
    "more",
    [
        "<guid>x</guid>",
        "<content:encoded>more</content:encoded>",
        "<dc:creator>Jane</dc:creator>",
        "<category>News</category>",
        '<enclosure url="/a.mp3" type="audio/mpeg"/>',
        '<media:thumbnail url="/t.jpg"/>',
        "<dc:language>fr</dc:language>",
        "<feedburner:origLink>https://example.com/1</feedburner:origLink>",
    ],
)
def test_a_change_that_readers_see_changes_the_digest(more: str) -> None:
    assert digest(BASE + more) != digest(BASE)


def test_a_new_date_alone_changes_nothing() -> None:
    friday, saturday = (
        "<pubDate>Fri, 06 Sep 2024 10:00:00 GMT</pubDate>",
        "<pubDate>Sat, 07 Sep 2024 10:00:00 GMT</pubDate>",
    )
    assert digest(BASE + friday) == digest(BASE + saturday) == digest(BASE)
    assert digest("<guid>x</guid>" + friday) == digest("<guid>x</guid>" + saturday)


def test_a_date_counts_where_nothing_else_names_the_entry() -> None:
    assert digest("<pubDate>Friday</pubDate>") != digest("<pubDate>Saturday</pubDate>")
    assert digest("<dc:date>Friday</dc:date>") != digest("<dc:date>Saturday</dc:date>")


def test_a_text_moved_to_another_element_is_another_digest() -> None:
    assert digest("<description>text</description>") != digest("<content:encoded>text</content:encoded>")
