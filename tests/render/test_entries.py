"""Entries that are kept for the next document: every document has the bytes that it would have without them."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import fields, replace

from aggregator.model import (
    ClusterMember,
    Credit,
    Details,
    Enclosure,
    OutputFile,
    Person,
    StoredArticle,
    Term,
    Transcript,
)
from aggregator.render import feed_files, formats
from aggregator.render.entries import KEY_BYTES, EntryCache, RenderedEntry
from tests.cases import for_each
from tests.render.examples import PUBLISHED, article, category_feed, settings

LATER = PUBLISHED + timedelta(hours=1)
CHANGES: dict[str, Any] = {  # a different value of each field of `article()`
    "source_id": 2,
    "guid": "other",
    "guid_key": "other",
    "link": "https://example.org/other/",
    "link_key": "https://example.org/other",
    "title": "Another",
    "html": "<p>Another body.</p>",
    "markdown": "Another body.",
    "summary": "Another body.",
    "language": "de",
    "published": LATER,
    "updated": LATER,
    "first_seen": LATER,
    "position": 1,
    "authors": (Person(name="A Writer"),),
    "enclosures": (Enclosure(url="https://example.org/1.mp3", type="audio/mpeg", duration=60),),
    "image": "https://example.org/image.jpg",
    "external_url": "https://example.org/about",
    "terms": (Term(term="World"),),
    "details": Details(episode=1, transcripts=(Transcript(url="https://example.org/1.vtt"),)),
    "flags": ("published unreadable",),
    "id": f"{9:032x}",
    "uid": "https://example.org/?p=9",
    "source": "another",
    "path": "another.md",
    "credits": (Credit(source="another", link="https://example.org/1/", feed_title="Another"),),
    "categories": ("other",),
    "tags": ("other",),
    "edited": LATER,
    "also": (ClusterMember(title="The same", link="https://other.example/1", source="other"),),
    "translations": ("en", "de"),
}
EPISODE = article(2, details=CHANGES["details"], enclosures=CHANGES["enclosures"])


def _without_cache(*articles: StoredArticle) -> tuple[OutputFile, ...]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(formats, "_entries", EntryCache(0))
        return feed_files(category_feed(*articles), settings())


def test_a_change_of_each_field_is_tried() -> None:
    assert set(CHANGES) == {field.name for field in fields(StoredArticle)}


@for_each("credited", [article().credits, ()])
@for_each("field", sorted(CHANGES))
def test_an_article_that_changed_is_shown_as_it_is(field: str, credited: tuple[Credit, ...]) -> None:
    before = article(credits=credited)
    after = replace(before, **{field: CHANGES[field]})
    feed_files(category_feed(before), settings())
    assert feed_files(category_feed(after), settings()) == _without_cache(after)


@pytest.mark.parametrize("articles", [(EPISODE,), (article(), EPISODE), (EPISODE, article()), (article(),), ()])
def test_a_document_is_the_same_from_entries_of_another(articles: tuple[StoredArticle, ...]) -> None:
    feed_files(category_feed(article(), EPISODE, article(3)), settings())
    assert feed_files(category_feed(*articles), settings()) == _without_cache(*articles)


def test_formats_do_not_share_entries() -> None:
    feed_files(category_feed(article()), settings())
    (document,) = feed_files(category_feed(article()), settings(feeds={"formats": ["json"]}))
    assert document == _without_cache(article())[2]


def test_the_entries_used_last_are_kept() -> None:
    cache, rendered = EntryCache(3 * KEY_BYTES), list[int]()

    def use(number: int) -> RenderedEntry:
        def render() -> RenderedEntry:
            rendered.append(number)
            return RenderedEntry(texts=(b"",), language=None, namespaces={})

        return cache.entry(("rss",), article(number), render)

    for number in (1, 2, 3, 1, 4, 1, 3, 2):
        use(number)
    assert rendered == [1, 2, 3, 4, 2]
