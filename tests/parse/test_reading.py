"""Malformed, cut off and hostile documents."""

from pathlib import Path

import pytest

from aggregator.model import Feed
from aggregator.parse import parse
from tests.cases import for_each
from tests.parse.documents import atom, document, entry_of, feed_of, rss, title_of

ITEMS = "".join(f"<item><title>{number}</title><description>text</description></item>" for number in range(3))


def titles(feed: Feed) -> list[str]:
    return [entry.title.value if entry.title else "" for entry in feed.entries]


@pytest.mark.parametrize("blanks", ["\n", "\r\n\r\n", "  \t", "\ufeff\n", "\n\ufeff"])
def test_blanks_before_the_declaration_are_no_fault(blanks: str) -> None:
    feed = feed_of(blanks + '<?xml version="1.0" encoding="utf-8"?>' + rss(ITEMS))
    assert (titles(feed), feed.problem) == (["0", "1", "2"], None)


@for_each(
    "tail",
    [
        "<item><title>half</title><description>&lt;p>Once",
        "<item><title>half</title><description><![CDATA[<p>Once",
        "<item><title>half</tit",
        "<item><title>half</title><link>https://example.org/1</link><description>x</description>",
        "<item",
        "",
    ],
)
def test_of_a_document_that_was_cut_off_the_whole_entries_are_kept(tail: str) -> None:
    feed = feed_of(rss(ITEMS).removesuffix("</channel></rss>") + "\n" + tail)
    assert titles(feed) == ["0", "1", "2"]
    assert feed.problem is not None
    assert feed.problem.stage == "parse"
    assert "truncated in line 2" in feed.problem.reason


def test_of_a_malformed_document_that_was_cut_off_the_whole_entries_are_kept() -> None:
    feed = feed_of(rss(f"<item><title>Fish & chips</title></item>{ITEMS}").removesuffix("</item></channel></rss>"))
    assert titles(feed) == ["Fish & chips", "0", "1"]
    assert feed.problem is not None


def test_an_atom_document_that_was_cut_off_says_so() -> None:
    complete = atom("<entry><title>One</title></entry><entry><title>Two</title></entry>")
    feed = feed_of(complete[: complete.index("Two")])
    assert titles(feed) == ["One"]
    assert feed.problem is not None


def test_an_rdf_document_that_was_cut_off_says_so_though_its_channel_is_whole() -> None:
    complete = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
        f"<channel><title>A feed</title></channel>{ITEMS}</rdf:RDF>"
    )
    assert feed_of(complete).problem is None
    for tail in ("</rdf:RDF>", "<description>text</description></item></rdf:RDF>"):
        assert feed_of(complete.removesuffix(tail)).problem is not None


@pytest.mark.parametrize("broken", ["", "<category>Fish & chips</category>"])
def test_a_feed_that_only_lacks_its_last_end_tag_is_whole(broken: str) -> None:
    feed = feed_of(rss(f"<item><title>One</title>{broken}</item>").removesuffix("</rss>"))
    assert (titles(feed), feed.problem) == (["One"], None)


@pytest.mark.parametrize("element", ["author", "source url='https://example.com/'"])
def test_an_element_that_is_never_closed_spoils_one_entry_at_most(element: str) -> None:
    feed = feed_of(rss(f"<item><title>One</title><{element}>x</item>{ITEMS}"))
    assert titles(feed) == ["One", "0", "1", "2"]


@for_each(
    "broken",
    [
        "<category>Fish & chips</category>",
        "<link>https://example.org/?a=1&b=2</link>",
        "<description>1 < 2</description>",
        "<undeclared:thing>x</undeclared:thing>",
        "<description><p>never closed</description>",
        "<guid isPermaLink=false>x</guid>",
    ],
)
def test_a_fault_in_mid_document_loses_no_entry_and_is_no_problem(broken: str) -> None:
    feed = feed_of(rss(f"<item><title>broken</title>{broken}</item>{ITEMS}"))
    assert (titles(feed), feed.problem) == (["broken", "0", "1", "2"], None)


@pytest.mark.parametrize("after", ["<!-- cached -->", "\n<script>track()</script>", "Warning: in line 3", "\x00\x00"])
def test_what_follows_the_end_of_the_feed_is_no_problem(after: str) -> None:
    feed = feed_of(rss(ITEMS) + after)
    assert (titles(feed), feed.problem) == (["0", "1", "2"], None)


def test_an_entry_without_title_link_and_text_is_dropped() -> None:
    feed = feed_of(
        rss("<item><title>One</title><description>text</description><item /></item><item><guid>x</guid></item>")
    )
    assert titles(feed) == ["One"]


@pytest.mark.parametrize("broken", ["", "<category>Fish & chips</category>"])
def test_entries_beyond_the_limit_are_left_out_and_counted(broken: str) -> None:
    items = "".join(f"<item><title>{number}</title>{broken}</item>" for number in range(7))
    feed = parse(document(rss(items)), max_entries=4)
    assert isinstance(feed, Feed)
    assert (titles(feed), feed.left_out) == (["0", "1", "2", "3"], 3)
    unlimited = parse(document(rss(items)), max_entries=7)
    assert isinstance(unlimited, Feed)
    assert (len(unlimited.entries), unlimited.left_out) == (7, 0)


@for_each(
    "malformed",
    [
        "<title>One</title><description>Text</item>",
        "<title>One</title><description>Text",  # nor is its entry closed
        "<title>One</title><description><p>Text</item>",
        "<title>One</title><description>Text/description></item>",
        "<title>One</title><content:encoded>Text <b>x</item>",
        "<title>One</titel><description>Text</description></item>",
        "<title>One<description>Text</description></item>",
        "<description>Text</description><title>One</item>",
    ],
)
def test_an_element_that_is_never_closed_ends_with_its_entry(malformed: str) -> None:
    feed = feed_of(rss(f"<item>{malformed}{ITEMS}"))
    first = feed.entries[0]
    assert (len(feed.entries), feed.problem) == (4, None)
    assert titles(feed)[0].startswith("One")
    assert titles(feed)[1:] == ["0", "1", "2"]
    assert "Text" in first.contents[0].value
    assert [entry.contents[0].value for entry in feed.entries[1:]] == ["text"] * 3


@for_each(
    "form",
    [
        "<![CDATA[<![CDATA[{}]]>]]>",
        "<![CDATA[ <![CDATA[{}]]]]><![CDATA[> ]]>",
        "<![CDATA[<![CDATA[<![CDATA[{}]]>]]>]]>",
        "&lt;![CDATA[{}]]&gt;",
        "<![CDATA[{}]]>]]>",
        "{}]]&gt;",
    ],
)
def test_marks_of_cdata_around_a_text_are_none_of_it(form: str) -> None:
    title = form.format("One")
    body = form.format("Some &amp; text" if form[0] in "&{" else "Some & text")
    (entry,) = feed_of(rss(f"<item><title>{title}</title><description>{body}</description></item>")).entries
    assert entry.title
    assert entry.title.value == "One"
    assert [content.value for content in entry.contents] == ["Some & text"]


@for_each(
    "text",
    [
        "a &lt;![CDATA[b]]&gt;",
        "<![CDATA[c <![CDATA[d]]]]><![CDATA[>]]>",
        "]]&gt; ends it",
        "&lt;![CDATA[a]]&gt; &lt;![CDATA[b]]&gt;",
    ],
)
def test_marks_of_cdata_within_a_text_stay(text: str) -> None:
    assert "]]>" in title_of(rss(f"<item><title>{text}</title></item>"))


@for_each("name", ["lang", "copy", "image", "part", "region", "sect", "x", "amp"])
def test_an_ampersand_that_is_not_escaped_is_one(name: str) -> None:
    link = f"https://example.org/?a=1&{name}=2&b"
    item = (
        f"<item><title>R&D, A & B&nbsp;C, 5 &lt; 6 &amp;amp; &bogus;</title><link>{link}</link>"
        f'<enclosure url="{link}" type="audio/mpeg"/>'
        f"<comments><![CDATA[{link}&amp;]]></comments><!-- & --><description>1 < 2</description></item>"
    )
    for body in (item, item.replace("1 < 2", "1 &lt; 2")):  # the loose parser's, and what is well-formed but for that
        (entry,) = feed_of(rss(body)).entries
        assert entry.title
        assert entry.title.value == "R&D, A & B\xa0C, 5 < 6 &amp; &bogus;"
        assert [found.href for found in entry.links if found.rel == "alternate"] == [link]
        assert [file.url for file in entry.enclosures] == [link]
        assert [content.value for content in entry.contents] == ["1 < 2"]


@pytest.mark.parametrize(
    "reference", ["&#xD800;", "&#0;", "&#x110000;", "&#x0000000;", "&#99999999999999999;", "&#xFFFF;"]
)
def test_a_reference_to_no_character_costs_no_more_than_itself(reference: str) -> None:
    feed = feed_of(rss(f"<item><title>a{reference}b</title></item>{ITEMS}"))
    assert titles(feed) == ["ab", "0", "1", "2"]


def test_an_endless_reference_in_a_malformed_document_costs_no_more_than_itself() -> None:
    feed = feed_of(rss(f"<item><link>http://a.example/</wrong><title>a&#{'9' * 5000};b</title></item>{ITEMS}"))
    assert titles(feed) == ["ab", "0", "1", "2"]


# ----------------------------------------------------------------------------------------------------- document types


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">\n' for n in range(1, 10))


@pytest.mark.parametrize(
    "subset",
    [
        f'<!ENTITY l0 "ha">\n{LAUGHS}',
        f'<!ENTITY l0 "ha">{LAUGHS}'.replace("\n", ""),
        f'<!ENTITY l9 "{"x" * 100_000}">',
        '<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;',
    ],
)
def test_entities_of_the_document_are_never_expanded(subset: str) -> None:
    body = f"<!DOCTYPE rss [{subset}]>" + rss("<item><title>One</title><description>&l9;</description></item>")
    assert entry_of(body).contents[0].value == "&l9;"


def test_no_external_entity_and_no_dtd_is_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("<!ENTITY leak 'leaked'>")
    for doctype in (
        f'<!DOCTYPE rss SYSTEM "{secret.as_uri()}">',
        f'<!DOCTYPE rss [<!ENTITY leak SYSTEM "{secret.as_uri()}">]>',
    ):
        feed = feed_of(doctype + rss("<item><title>a&leak;b</title></item>"))
        assert titles(feed) == ["a&leak;b"]


def test_bytes_that_are_a_path_open_no_file(tmp_path: Path) -> None:
    stored = tmp_path / "feed.xml"
    stored.write_text(rss(ITEMS))
    assert not isinstance(parse(document(str(stored))), Feed)


def test_entities_of_a_doctype_that_is_not_read_are_still_characters() -> None:
    doctype = (
        '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/rss-0.91.dtd">'
    )
    assert title_of(doctype + rss("<item><title>caf&eacute;</title></item>")) == "café"


# ----------------------------------------------------------------------------------------------------- size


@for_each(
    "inner",
    [
        "<a>" * 5_000 + "</a>" * 5_000,
        "<a " + " ".join(f'a{number}="1"' for number in range(5_000)) + "/>",
        "".join(f"<category>{number}</category>" for number in range(5_000)),
        f"<author>{'a.' * 30_000}</author>",
        f"<author>{'a@' * 30_000}</author>",
        f"<author>{' ' * 400}&lt;</author>",
    ],
)
def test_too_much_of_anything_is_still_an_entry(inner: str) -> None:
    entry = entry_of(rss(f"<item><title>One</title>{inner}</item>"))
    assert len(entry.terms) <= 100


def test_what_feedparser_raises_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")

    monkeypatch.setattr("aggregator.parse.handlers.FeedHandler._start_guid", broken)
    failure = parse(document("<!DOCTYPE rss>" + rss("<item><title>One</title><guid>x</guid></item>")))
    assert not isinstance(failure, Feed)
    assert "UnicodeEncodeError" in failure.reason
