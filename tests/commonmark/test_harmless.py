"""Honest bodies keep their text, their links and their images, in clean HTML and in Markdown."""

import re
from urllib.parse import unquote, urljoin

from aggregator.commonmark import safety_check
from aggregator.normalise.html import clean
from tests.cases import for_each
from tests.commonmark.writing import markdown
from tests.normalise.harmless import BODIES
from tests.normalise.rendering import Page, active, rendered

BASE = "https://a.example/posts/one"
_LINK = re.compile(r"<a\s[^>]*href='([^']*)'")


def letters(page: Page) -> str:
    """Everything but white space: which tag parts words, and which does not, is the next test's."""
    return "".join(page.words.split())


@for_each("body", BODIES)
def test_text_links_and_images_stay(body: str) -> None:
    html = clean(body, BASE)
    text = markdown(html)
    before, cleaned, shown = Page(body), Page(html), Page(rendered(text))
    assert letters(cleaned) == letters(before)
    assert shown.words == cleaned.words
    links = [unquote(urljoin(BASE, href.replace("&amp;", "&"))) for href in _LINK.findall(body)]
    assert cleaned.links == links
    # A link around blocks is one in each of them, and an address in the text may be one more.
    assert [*dict.fromkeys(link for link in shown.links if link in links)] == [*dict.fromkeys(links)]
    assert shown.images == cleaned.images
    assert len(cleaned.images) == body.count("<img")
    assert active(html) == active(rendered(text)) == []
    assert safety_check.active(text) is None


@for_each("body", BODIES)
def test_once_clean_it_stays_as_it_is(body: str) -> None:
    html = clean(body, BASE)
    assert clean(html, BASE) == clean(html) == html
    again = clean(rendered(markdown(html)))
    assert markdown(again) == markdown(html)


def test_there_are_enough_of_them() -> None:
    assert len({*BODIES}) >= 50
