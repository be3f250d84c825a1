"""The text of a page: what of it is the article's, when it is better than the feed's, and when it may be used."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.full_text import answer
from aggregator.model import Link, PageText, RobotsQuestion
from aggregator.sandbox import Sandbox
from tests.cases import for_each
from tests.full_text.pages import LINK, PARAGRAPHS, TEASER, TEXT, TITLE, html, question
from tests.normalise.fragments import broken_html
from tests.normalise.hostile import MARKUP
from tests.normalise.rendering import Page as Rendered
from tests.thorough import examples

PROMOTION = '<p class="promo">Subscribe to our newsletter today, and get more news every single morning.</p>'


def text_of(page: str | bytes, **changes: Any) -> PageText:
    text = answer(question(page, **changes))
    assert isinstance(text, PageText)
    return text


def words(clean_html: str) -> str:
    return Rendered(clean_html).words


# ------------------------------------------------------------------------------------------------------------- the text


def test_the_text_of_a_page_is_found_without_what_stands_around_it() -> None:
    text = text_of(html())
    for paragraph in PARAGRAPHS:
        assert words(paragraph) in words(text.html)
    for around in ("cookies", "Log in", "Related", "First!", "rights reserved", "tracking", "Sport"):
        assert around not in text.html
    assert '<a href="https://paper.example/ferry">ferry</a>' in text.html
    assert '<img src="https://paper.example/images/bridge.jpg" alt="The bridge">' in text.html
    assert "## Four millions" in text.markdown
    assert "> We waited long enough." in text.markdown
    assert text.summary.startswith("The bridge over the river was closed")
    assert len(text.summary.split()) == 50
    assert TITLE not in text.html  # it stands above the text anyway


def test_the_feeds_text_stays_if_it_is_the_longer() -> None:
    text = text_of(html(), html=f"{TEXT}<p>{'And much more than that. ' * 50}</p>")
    assert (text.html, text.markdown, text.summary) == ("", "", "")


def test_a_second_opinion_is_asked_for_if_the_first_is_shorter_than_the_feeds(monkeypatch: pytest.MonkeyPatch) -> None:
    shorter = "<p>Four words, no more.</p>"
    monkeypatch.setattr("trafilatura.extract", lambda *args, **options: shorter)
    assert words(text_of(html(), html="<p>Three words here</p>").html) == "Four words, no more."
    assert words(PARAGRAPHS[3]) in words(text_of(html(), html=f"<p>{PARAGRAPHS[0]}</p>").html)


def test_an_extractor_that_fails_leaves_it_to_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **options: object) -> str:
        raise ValueError("unreadable")

    monkeypatch.setattr("trafilatura.extract", fail)
    assert words(PARAGRAPHS[3]) in words(text_of(html()).html)
    monkeypatch.setattr("readability.Document", fail)
    assert words(PARAGRAPHS[3]) in words(text_of(html()).html)  # the page's only article


@pytest.mark.parametrize("extractor", ["trafilatura.extract", "readability.Document"])
def test_an_extractor_that_runs_out_of_memory_is_a_failure(monkeypatch: pytest.MonkeyPatch, extractor: str) -> None:
    """The sandbox reports it, and ends a process that has no memory left."""

    def fail(*args: object, **options: object) -> str:
        raise MemoryError

    monkeypatch.setattr("trafilatura.extract", lambda *args, **options: None)
    monkeypatch.setattr(extractor, fail)
    with pytest.raises(MemoryError):
        answer(question(html()))


def test_content_names_the_text() -> None:
    boxes = "".join(f'<div class="box"><p>Box {number} has a text.</p></div>' for number in range(3))
    page = html("<p>Short.</p>", aside=f'<div class="text">{boxes}<div class="text"><p>Inner.</p></div></div>')
    text = text_of(page, content=".text, .box")
    assert words(text.html) == "Box 0 has a text. Box 1 has a text. Box 2 has a text. Inner."
    nothing = text_of(html(), content=".no-such-class")
    assert nothing == text_of(html())  # the extractors find it


def test_remove_drops_parts_of_the_text() -> None:
    page = html(TEXT + PROMOTION)
    assert "newsletter" in text_of(page, content=".body").html
    for content in (".body", None):
        text = text_of(page, content=content, remove=(".promo", "figure"))
        assert "newsletter" not in text.html
        assert "bridge.jpg" not in text.html
        assert words(PARAGRAPHS[3]) in words(text.html)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (html(f"<p>{'Straße über Fluß. ' * 40}</p>").encode(), "text/html; charset=utf-8"),
        (html(f"<p>{'Straße über Fluß. ' * 40}</p>").encode("cp1252"), "text/html; charset=iso-8859-1"),
        (html(f"<p>{'Мост через реку. ' * 40}</p>").replace("utf-8", "windows-1251").encode("cp1251", "replace"), None),
    ],
)
def test_encodings(body: bytes, content_type: str | None) -> None:
    text = text_of(body, content_type=content_type)
    assert "Straße über Fluß." in text.markdown or "Мост через реку." in text.markdown


def test_a_page_without_text_gives_none() -> None:
    for page in ("", "<!-- -->", "<html><body></body></html>", "\0", "%PDF-1.7 \0\0"):
        assert text_of(page, html=TEASER).html == ""


def test_a_file_of_another_type_gives_none() -> None:
    assert text_of(html(), content_type="application/pdf") == PageText(refusal="the page is not HTML")
    assert text_of(html(), content_type="application/xhtml+xml; charset=utf-8").html


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (html("<p>Walk over it.</p>"), "By Ann Author Walk over it."),
        ("<nav>Home Sport</nav><main><p>Walk.</p></main><footer>Imprint</footer>", "Walk."),
        ("<nav>Home Sport</nav><div><p>Walk.</p><p>And run.</p></div><footer>Imprint</footer>", "Walk. And run."),
        ("<p>Walk.</p>", "Walk."),
    ],
)
def test_of_a_page_that_is_too_short_for_the_extractors_the_landmarks_tell_what_is_text(
    page: str, expected: str
) -> None:
    assert words(text_of(page, html="").html) == expected


# --------------------------------------------------------------------------------------------------- the canonical link


@for_each(
    ("head", "link"),
    [
        ('<link rel="canonical" href="https://www.paper.example/bridge">', "https://www.paper.example/bridge"),
        ('<link rel="canonical" href="/bridge?utm_source=x">', "https://paper.example/bridge"),
        ('<link href="b" rel="CANONICAL shortlink"><base href="/c/">', "https://paper.example/c/b"),
        (f'<link rel="canonical" href="{LINK}">', None),  # the article's own
        ('<link rel="canonical" href="https://other.example/bridge">', None),
        ('<link rel="canonical" href="https://paper.example/">', None),  # the home page
        ('<link rel="canonical" href="javascript:alert(1)">', None),
        ('<link rel="canonical">', None),
        ("", None),
    ],
)
def test_the_canonical_link_counts_on_the_same_registrable_host(head: str, link: str | None) -> None:
    assert text_of(html(head=head)).link == link
    assert text_of(html(head=head), html=f"<p>{'more ' * 1000}</p>").link == link  # whatever text is the better


@for_each(("blog", "link"), [("other", None), ("paper", "https://paper.blogspot.com/bridge")])
def test_a_blog_names_no_canonical_link_of_another_blog_of_its_service(blog: str, link: str | None) -> None:
    page = html(head=f'<link rel="canonical" href="https://{blog}.blogspot.com/bridge">')
    assert text_of(page, link="https://paper.blogspot.com/2026/bridge").link == link


@pytest.mark.parametrize(
    ("href", "link"),
    [
        ("https://www.paper.example/bridge?utm_source=x", "https://www.paper.example/bridge"),
        (LINK, None),
        ("https://other.example/bridge", None),
        ("https://paper.example/", None),
        ("javascript:alert(1)", "https://paper.example/in-page"),
    ],
)
def test_the_canonical_link_of_a_header_counts_before_that_of_the_page(href: str, link: str | None) -> None:
    page = html(head='<link rel="canonical" href="/in-page">')
    assert text_of(page, links=(Link(rel="shortlink", href="/s"), Link(rel="canonical", href=href))).link == link


# --------------------------------------------------------------------------------------------------------------- robots


@for_each(
    "directive",
    [
        "noindex",
        "NOINDEX, nofollow",
        "none",
        "noarchive",
        "max-snippet:5, nosnippet",
        "max-snippet: 0",
        "unavailable_after: 25 Jun 2010 15:00:00 PST",
        "unavailable_after: Wednesday, 25-Jun-10 15:00:00 GMT, nofollow",
        "nofollow, Unavailable_After:Mon, 01 Jun 2026 11:59:59 GMT",
        "unavailable_after: 2026-06-01T12:59:59+01:00",
        "unavailable_after: 2026-06-01",
    ],
)
def test_a_page_that_forbids_it_gives_no_text(directive: str) -> None:
    refused = text_of(html(head=f'<meta name="robots" content="{directive}">'))
    assert refused == PageText(refusal="the page asks robots not to use its text")
    assert text_of(html(head=f'<META CONTENT="{directive}" NAME="Aggregator">')) == refused
    assert text_of(html(), robots_tag=directive) == refused
    assert text_of(html(), robots_tag=f"otherbot: nofollow, aggregator: {directive}") == refused


@for_each(
    "directive",
    [
        "",
        "index, follow",
        "nofollow",
        "max-image-preview:large",
        "all",
        "unavailable_after: 25 Jun 2030",
        "unavailable_after: Mon, 01 Jun 2026 12:00:01 GMT",
        "unavailable_after:, follow",
        "unavailable_after: never",
        "otherbot: unavailable_after: 2010-06-25",
    ],
)
def test_other_directives_forbid_nothing(directive: str) -> None:
    assert text_of(html(head=f'<meta name="robots" content="{directive}">'), robots_tag=directive).html
    assert text_of(html(head='<meta name="otherbot" content="noindex">'), robots_tag="otherbot: noindex").html


ROBOTS = """
User-agent: otherbot
Disallow: /

User-agent: *
Disallow: /private/
Disallow: /*?print=
Allow: /private/open$
"""


@for_each(
    ("robots_txt", "path", "allowed"),
    [
        (ROBOTS, "/a", True),
        (ROBOTS, "/private/a", False),
        (ROBOTS, "/private/open", True),
        (ROBOTS, "/private/opened", False),
        (ROBOTS, "/a?print=1", False),
        (ROBOTS + "\nUser-agent: Aggregator\nDisallow: /a\n", "/a", False),
        (ROBOTS + "\nUser-agent: Aggregator\nDisallow: /a\n", "/private/a", True),  # its own group counts alone
        ("", "/a", True),
        ("<html>no robots.txt</html>", "/a", True),
        ("User-agent: *\nDisallow:", "/a", True),
        ("\ufeffUser-agent: *\nDisallow: /a", "/a", False),
        ("User-agent: *\nAllow: /\n\nUser-Agent: Aggregator/1.0 # ours\nDisallow: /a", "/a", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: aggregator/2\nAllow: /a", "/a", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: aggregators\nAllow: /a", "/a", False),
    ],
)
def test_robots_txt(robots_txt: str, path: str, allowed: bool) -> None:
    assert answer(RobotsQuestion(robots_txt=robots_txt, url=f"https://paper.example{path}")) is allowed


# -------------------------------------------------------------------------------------------------------------- hostile


@for_each("vector", MARKUP)
def test_nothing_that_acts_is_left_of_a_page(vector: str) -> None:
    for content in (".body", None):
        assert Rendered(text_of(html(TEXT + vector), content=content).html).active == []


@settings(max_examples=examples(25))
@given(broken_html(), st.text(), st.sampled_from([None, "p", "div", ".a"]))
def test_any_page_is_taken(fragment: str, robots_txt: str, content: str | None) -> None:
    assert Rendered(text_of(html(fragment), content=content, remove=("b",)).html).active == []
    answer(RobotsQuestion(robots_txt=robots_txt + fragment, url=LINK))


async def test_it_can_be_asked_in_the_sandbox() -> None:
    with Sandbox[PageText | bool]("aggregator.full_text:answer", max_processes=1) as sandbox:
        assert await sandbox.call(question(html())) == answer(question(html()))
        assert await sandbox.call(RobotsQuestion(robots_txt=ROBOTS, url=LINK)) is True
