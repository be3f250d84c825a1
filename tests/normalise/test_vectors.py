"""Every attack of `tests/vectors`, in every place of an entry: nothing acts, in HTML or in Markdown.

Each stands in two surroundings, in `make hostile` in all of them.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Literal
from zlib import crc32

import pytest

from aggregator.commonmark import safety_check
from aggregator.model import Enclosure, Entry, Link, Person, StoredArticle, Term
from aggregator.normalise.html import clean, paragraphs
from tests.commonmark.writing import markdown
from tests.normalise.entries import articles, entry, feed, text
from tests.normalise.rendering import DISGUISED, Page, active, rendered
from tests.thorough import THOROUGH
from tests.vectors import CLASSES, VECTORS, Vector

BASE = "https://a.example/posts/one"
TextKind = Literal["plain", "html", "rss"]
KINDS_OF_TEXT: tuple[TextKind, ...] = ("plain", "rss", "html")
# What may stand around an attack, and change how it is read.
AROUND = (
    "{0}",
    "<p>{0}</p>",
    "<b>{0}",
    "<table><tr><td>{0}",
    "<ul><li>{0}<li>b</ul>",
    "<h2>{0}</h2>",
    "<pre><code>{0}</code></pre>",
    "<blockquote><a href='https://a.example/'>{0}</a></blockquote>",
    "x{0}{0}y",
)


def surroundings(vector: Vector) -> Sequence[str]:
    """Nothing, and one of the others, which change from attack to attack; all of them in a thorough run."""
    return AROUND if THOROUGH else (AROUND[0], AROUND[1 + crc32(vector.place.encode()) % (len(AROUND) - 1)])


def kind(*kinds: str) -> list[Vector]:
    return [vector for vector in VECTORS if vector.kind in kinds]


@cache  # many attacks leave the same harmless HTML
def wrong(html: str) -> list[object]:
    """What is not as it should be in clean `html` and in the Markdown made of it."""
    text = markdown(html)
    shown = rendered(text)
    before, after = Page(html), Page(shown)
    faults: list[object] = [*active(html), *active(shown)]
    faults += [safety_check.active(text)] if safety_check.active(text) else []
    faults += [url for url in (*before.links, *(source for source, _ in before.images)) if DISGUISED.match(url)]
    faults += ["cleaned anew"] if clean(html, BASE) != html else []
    faults += [before.unnumbered, after.unnumbered] if before.unnumbered != after.unnumbered else []
    faults += [before.images, after.images] if before.images != after.images else []
    return faults


def test_there_are_enough_of_them_and_each_stands_once() -> None:
    assert len(VECTORS) > 1400
    assert len({(vector.kind, vector.value) for vector in VECTORS}) == len(VECTORS)
    assert all(sum(vector.place.startswith(name) for vector in VECTORS) > 25 for name in CLASSES)


def test_html_that_acts_is_cleaned_wherever_it_stands() -> None:
    for vector in kind("html", "address"):
        for around in surroundings(vector):
            assert wrong(clean(around.format(vector.as_html), BASE)) == [], (vector, around)
        assert wrong(clean(vector.as_html)) == [], vector


def test_text_that_would_act_is_shown_verbatim() -> None:
    for vector in kind("text"):
        written = paragraphs(vector.value).removeprefix("<p>").removesuffix("</p>")
        for around in surroundings(vector):
            html = clean(around.format(written), BASE)
            assert wrong(html) == [], (vector, around)
        assert wrong(clean(vector.value, BASE)) == [], vector  # the same, taken for HTML


@pytest.mark.parametrize("kind_of_text", KINDS_OF_TEXT)
def test_an_entry_made_of_nothing_but_attacks_is_safe_in_every_field(kind_of_text: TextKind) -> None:
    """Each attack as each kind of text; in `make test` a third of them as each."""
    place, kinds = KINDS_OF_TEXT.index(kind_of_text), len(KINDS_OF_TEXT)
    chosen = VECTORS if THOROUGH else VECTORS[place::kinds]
    made = articles(feed(*(_entry(vector, kind_of_text) for vector in chosen)))
    assert len(made) > (1400 if THOROUGH else 1400 / kinds)
    for article in made:
        assert wrong(article.html) == [], article.guid
        assert unsafe_fields(article) == [], article


def unsafe_fields(article: StoredArticle) -> list[object]:
    """Texts of more than a line or with characters that no text may hold, and addresses that are not of the web."""
    people = [(person.name, person.email) for person in article.authors]
    media = [(enclosure.title, enclosure.type) for enclosure in article.enclosures]
    named = [(term.term, term.label) for term in article.terms]
    lines = [article.title, *(part for pair in (*people, *media, *named) for part in pair if part is not None)]
    faults: list[object] = [line for line in lines if not line or _UNPRINTABLE.search(line)]
    faults += [article.summary] if _FORBIDDEN.search(article.summary) else []
    urls = [article.link, article.image, *(person.url for person in article.authors)]
    urls += [enclosure.url for enclosure in article.enclosures] + [credit.link for credit in article.credits]
    faults += [url for url in urls if url is not None and not _WEB.fullmatch(url)]
    faults += [url for url in urls if url is not None and DISGUISED.match(url)]
    return faults + [term.scheme for term in article.terms if term.scheme and not _URI.fullmatch(term.scheme)]


_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")
_UNPRINTABLE = re.compile(f"[\n\t\u200b\u2060]|{_FORBIDDEN.pattern}")
_WEB = re.compile(r"https?://[^/?#\s\"'<>\\`]+(?:[/?#][!-~]*)?")
_URI = re.compile(r"(?:https?://|tag:|urn:)[!-~]+")


def _entry(vector: Vector, kind_of_text: TextKind) -> Entry:
    """An entry with the attack in every field that a source fills."""
    value = vector.value
    return entry(
        title=text(value, kind_of_text),
        contents=(text(vector.as_html, kind_of_text),),
        guid=vector.place,
        links=(Link(rel="alternate", href=value),),
        original_link=value,
        authors=(Person(name=value, email=value, url=value), Person(url=value)),
        enclosures=(Enclosure(url=value, type=value, title=value), Enclosure(url=BASE, type=value, title=value)),
        image=value,
        terms=(Term(term=value, scheme=value, label=value), Term(term="x", scheme=value)),
        language=value,
        published=value,
    )
