"""Entries as kept: the stage as a whole."""

import unicodedata
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import fields, replace

from aggregator.model import Enclosure, Entry, Feed, Link, Person, SourceContext, StoredArticle, Term, TextConstruct
from aggregator.normalise import normalise
from aggregator.urls import is_http
from tests.cases import for_each
from tests.normalise.entries import NOW, SOURCE, articles, entry, feed, rss, text
from tests.thorough import examples

A = "https://example.org/a"
BODY = "<p>" + "The council met on Friday to speak about the budget of the coming year. " * 6 + "</p>"


def article_of(given: Entry, source: SourceContext = SOURCE, **more: Any) -> StoredArticle:
    (article,) = articles(feed(given, **more), source)
    return article


def text_of_body(given: Entry) -> str:
    (normalised,) = normalise(feed(given), SOURCE, NOW).entries
    return normalised.text


def test_an_entry_becomes_an_article_with_all_that_readers_need() -> None:
    article = article_of(
        entry(
            "A&#8217;s title",
            A + "?utm_source=rss",
            BODY,
            guid="tag:example.org,2025:1",
            published="2025-02-08T04:51:01Z",
        ),
        title=rss("The &amp;amp; Paper"),
        authors=(Person(name="The Paper"),),
    )
    assert (article.title, article.link, article.link_key) == ("A’s title", A, A)
    assert (article.uid, article.guid, article.guid_key) == ("tag:example.org,2025:1",) * 3
    assert article.published == article.updated == datetime(2025, 2, 8, 4, 51, 1, tzinfo=UTC)
    assert (article.first_seen, article.position, article.flags) == (NOW, 0, ())
    assert article.source_id == 7
    assert article.summary.endswith("...")
    assert len(article.summary.split()) == 50
    assert article.authors == (Person(name="The Paper"),)


def test_what_was_seen_last_time_or_stands_twice_is_left_out_and_places_stay() -> None:
    first, second, third = (entry(title, f"{A}/{title}", BODY) for title in ("one", "two", "three"))
    made = articles(feed(first, second, second, third), seen=frozenset({first.digest}))
    assert [(article.title, article.position) for article in made] == [("two", 1), ("three", 3)]
    assert articles(feed(first, second), seen=frozenset({first.digest, second.digest})) == ()
    assert articles(feed()) == ()


def test_shared_names_are_found_among_seen_entries_too() -> None:
    old, new = entry("old", f"{A}/1", guid="1"), entry("new", f"{A}/2", guid="1")
    (article,) = articles(feed(old, new), seen=frozenset({old.digest}))
    assert article.guid_key is None


def test_one_guid_on_all_entries_makes_distinct_articles() -> None:
    made = articles(feed(*(entry(f"Title {n}", f"{A}/{n}", guid="same") for n in range(20))))
    assert len({article.id for article in made}) == len({article.uid for article in made}) == 20


def test_entries_without_guid_link_and_date_are_told_apart_by_their_text_and_stay_the_same() -> None:
    document = feed(*(entry(f"Title {n}", body=f"<p>Text {n}</p>") for n in range(20)))
    first = articles(document)
    later = articles(document, now=NOW + timedelta(days=1))
    assert len({article.id for article in first}) == 20
    assert [article.id for article in first] == [article.id for article in later]
    assert {article.published for article in first} == {NOW}
    assert {article.link for article in first} == {"https://example.org/"}
    assert {article.link_key for article in first} == {None}
    assert {article.flags for article in first} == {("undated",)}


LONG = "The full text of it. " * 20 + "End."
LONGER = LONG + " And a caption." * 15


@for_each(
    ("contents", "shown"),
    [
        ((rss(""), rss("<p>Short but all</p>")), "Short but all"),
        ((rss("<p>Teaser</p>"), rss(f"<p>{LONG}</p>")), LONG),
        ((rss(f"<p>{LONG}</p>"), rss("<p>Teaser</p>")), LONG),
        ((rss("<p>Teaser</p>"), rss(f"<p>{LONG}</p>"), rss(f"<p>{LONGER}</p>")), LONG),  # not twice as long
        ((rss("<p>Teaser</p>"), rss(f"<p>{'x' * 205}</p>")), "Teaser"),  # longer by 199 characters
        ((rss("<p>Teaser</p>"), rss(f"<p>{'x' * 206}</p>")), "x" * 206),
        ((rss(f"<p>{LONG}</p>"), rss(f"<p>{'x' * (2 * len(LONG) - 1)}</p>")), LONG),
        ((rss("<p>Words</p>"), rss(f'<a href="{A}?{"x" * 300}">W</a>')), "Words"),
        ((rss("<p>Words</p>"), rss(f"<style>{'x' * 300}</style><p>w</p>")), "Words"),
        ((rss("<p>Words</p>"), text(f"w {' ' * 300} w", "plain")), "Words"),
        ((rss(f"<p>Words</p><!--{'x' * 300}-->"), text("w" * 300, "plain")), "w" * 300),
        ((text("a < b & c", "plain"),), "a < b & c"),
        ((rss('<img src="https://example.org/a.png">'),), ""),
        ((rss('<img src="https://example.org/a.png">'), rss("Words")), ""),
        ((rss('<img src="https://example.org/a.png">'), rss("x" * 199)), ""),
        ((rss('<img src="https://example.org/a.png">'), rss("x" * 200)), "x" * 200),
        ((rss("<script>" + "x" * 300 + "</script>"), rss("<p>Words</p>")), "Words"),
        ((), ""),
    ],
)
def test_the_first_text_is_the_body_unless_another_is_clearly_longer(
    contents: tuple[TextConstruct, ...], shown: str
) -> None:
    assert text_of_body(entry("A", A, contents=contents)) == shown


def test_a_comic_without_words_keeps_its_image() -> None:
    article = article_of(entry("A", A, '<img src="https://example.org/a.png" alt="">'))
    assert "https://example.org/a.png" in article.html
    assert article.summary == ""


@pytest.mark.parametrize(
    "value", ["<p></p>", "<p>", "<div><br></div>", "<hr>", '<p><a href="https://a.example/"></a></p>']
)
def test_a_body_with_nothing_to_see_is_none(value: str) -> None:
    assert article_of(entry("A", A, value)).html == ""


MEANT = '<div>\n<p>AT&amp;T, <a href="https://example.org/b">b</a> and <code>&lt;p&gt;</code></p>\n</div>'


@pytest.mark.parametrize(
    "content",
    [
        text(MEANT, "plain"),  # Atom's content without a type, HTML in CDATA
        text(f" {MEANT.replace('div', 'DIV')}\n", "plain"),
        text(escape(MEANT), "html"),  # JSON Feed's content_html, escaped though nothing asks for it
        rss(escape(MEANT)),
        rss(escape(MEANT, quote=False)),
    ],
)
def test_a_body_that_is_wholly_markup_is_meant_as_html_whatever_it_is_called(content: TextConstruct) -> None:
    article = article_of(entry("A", A, contents=(content,)))
    assert article.html == MEANT
    assert text_of_body(entry("A", A, contents=(content,))) == "AT&T, b and <p>"


@for_each(
    ("content", "shown"),
    [
        (text("Use <p> and </p> around it", "plain"), "Use <p> and </p> around it"),
        (text("<p> opens a paragraph, and </p> ends", "plain"), "<p> opens a paragraph, and </p> ends"),
        (text("<b>bold</b>", "plain"), "<b>bold</b>"),
        (rss("&lt;p&gt; opens a paragraph"), "<p> opens a paragraph"),
        (rss("<p>&lt;p&gt;so&lt;/p&gt;</p>"), "<p>so</p>"),
        (rss("&lt;em&gt;so&lt;/em&gt;"), "<em>so</em>"),
    ],
)
def test_a_body_that_speaks_of_markup_shows_it(content: TextConstruct, shown: str) -> None:
    assert text_of_body(entry("A", A, contents=(content,))) == shown


def test_a_body_that_was_escaped_is_cleaned_as_any() -> None:
    hostile = "<p onclick=x>a<script>alert(1)</script></p>"
    for content in (text(hostile, "plain"), text(escape(hostile), "html")):
        assert article_of(entry("A", A, contents=(content,))).html == "<p>a</p>"


def test_relative_urls_in_the_body_are_joined_to_xml_base_else_the_entrys_link() -> None:
    body = '<a href="b">b</a><img data-src="/c.png" src="data:image/gif;base64,x" alt="c">'
    linked = article_of(entry("A", "https://user:secret@example.org/news/a", body))
    assert 'href="https://example.org/news/b"' in linked.html
    assert 'src="https://example.org/c.png"' in linked.html
    based = article_of(entry("A", A, contents=(text(body, "html", base="https://cdn.example.net/x/"),)))
    assert 'href="https://cdn.example.net/x/b"' in based.html


def test_the_language_is_the_sources_else_the_entrys_else_the_feeds_else_detected() -> None:
    given = entry("A", A, BODY, language="pt-BR")
    german = replace(SOURCE, language="de")
    assert article_of(given, german, language="fr").language == "de"
    assert article_of(given, language="fr").language == "pt"
    assert article_of(entry("A", A, BODY, language="junk"), language="fr_FR").language == "fr"
    assert article_of(entry("A", A, BODY)).language == "en"
    assert article_of(entry("A", A)).language is None


def test_without_a_title_the_body_gives_one_else_the_link() -> None:
    assert article_of(entry(None, A, "<p>Just a note.</p>")).title == "Just a note."
    assert article_of(entry("  ", A)).title == "example.org/a"
    assert article_of(entry(None, enclosures=(Enclosure(url="https://example.org/a.mp3"),))).title == "example.org/"


def test_media_lie_on_the_web() -> None:
    given = entry(
        "A",
        A,
        image="/i.png",
        enclosures=(Enclosure(url="/a.mp3"), Enclosure(url="javascript:x")),
        terms=(Term(term="x\n"),),
    )
    article = article_of(given)
    assert article.image == "https://example.org/i.png"
    assert article.enclosures == (Enclosure(url="https://example.org/a.mp3"),)
    assert article.terms == (Term(term="x"),)
    assert article_of(entry("A", A, image="data:image/png;base64,x")).image is None


def test_credentials_of_the_source_appear_nowhere() -> None:
    secret = SourceContext(id=7, url="https://user:secret@example.org/feed.xml")
    assert "secret" not in repr(article_of(entry("A", body=BODY), secret, url=secret.url, link=None))


STRINGS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [A, "https://example.org/", "x y", "\x00\x07", "\ud800", "<b>&amp;lt;x", "http://[", "2025-02-08", "\u202e"]
    ),
)
MAYBE = st.none() | STRINGS
TEXTS = st.builds(
    TextConstruct, value=STRINGS, kind=st.sampled_from(["plain", "html", "rss"]), base=st.none() | st.just(A)
)
PEOPLE = st.lists(st.builds(Person, name=MAYBE, email=MAYBE, url=MAYBE), max_size=2).map(tuple)
ENTRIES = st.builds(
    Entry,
    digest=st.binary(min_size=8, max_size=8),
    guid=MAYBE,
    guid_is_link=st.booleans(),
    links=st.lists(
        st.builds(Link, rel=st.sampled_from(["alternate", "self"]), href=STRINGS, type=MAYBE), max_size=2
    ).map(tuple),
    original_link=MAYBE,
    title=st.none() | TEXTS,
    contents=st.lists(TEXTS, max_size=2).map(tuple),
    published=MAYBE,
    updated=MAYBE,
    language=MAYBE,
    authors=PEOPLE,
    enclosures=st.lists(
        st.builds(Enclosure, url=STRINGS, type=MAYBE, length=st.integers(), title=MAYBE), max_size=2
    ).map(tuple),
    image=MAYBE,
    terms=st.lists(st.builds(Term, term=STRINGS, scheme=MAYBE, label=MAYBE), max_size=2).map(tuple),
)
FEEDS = st.builds(
    Feed,
    format=st.sampled_from(["rss20", "atom10", "rss10", "json11"]),
    url=st.just(SOURCE.url),
    title=st.none() | TEXTS,
    link=MAYBE,
    language=MAYBE,
    authors=PEOPLE,
    entries=st.lists(ENTRIES, max_size=3).map(tuple),
)


def strings_of(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        return [string for part in value for string in strings_of(part)]
    if isinstance(value, Struct):
        return [string for field in fields(value) for string in strings_of(getattr(value, field.name))]
    return []


@settings(max_examples=examples(150), deadline=None)
@given(FEEDS)
def test_whatever_a_feed_holds_its_articles_are_safe_to_print_and_the_same_every_time(document: Feed) -> None:
    made = articles(document)
    assert made == articles(document)
    for article in made:
        assert is_http(article.link)
        assert article.title
        assert article.published <= article.updated <= NOW
        for string in strings_of(article):
            assert not any(unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\t" for c in string)


@settings(max_examples=examples(100), deadline=None)
@given(FEEDS)
def test_an_article_fed_back_as_an_entry_stays_as_it_is(document: Feed) -> None:
    for article in articles(document):
        again = article_of(
            Entry(
                digest=b"",
                guid=article.guid,
                links=(Link(rel="alternate", href=article.link),),
                title=text(article.title, "plain"),
                contents=(text(article.html, "html"),) if article.html else (),
                published=article.published.isoformat(),
                updated=article.updated.isoformat(),
                authors=article.authors,
                enclosures=article.enclosures,
                terms=article.terms,
                image=article.image,
            ),
            format="json11",  # where names stand as they are
        )
        for name in (
            "link",
            "title",
            "html",
            "markdown",
            "summary",
            "published",
            "updated",
            "enclosures",
            "terms",
            "image",
        ):
            assert getattr(again, name) == getattr(article, name)
