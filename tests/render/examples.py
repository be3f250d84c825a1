"""Articles and feeds to render, plain but for what a test changes."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import settings as hypothesis_settings

from aggregator.model import CategoryFeed, Credit, StoredArticle
from aggregator.settings import Settings
from tests.thorough import examples

modestly = hypothesis_settings(max_examples=examples(60), deadline=None)  # the machine may be busy

PUBLISHED = datetime(2025, 2, 8, 4, 51, 1, tzinfo=UTC)
UPDATED = datetime(2025, 2, 9, 10, 0, 0, tzinfo=UTC)


def article(number: int = 1, **changes: Any) -> StoredArticle:
    values: dict[str, Any] = {
        "id": f"{number:032x}",
        "uid": f"https://example.org/?p={number}",
        "source_id": 1,
        "source": "example",
        "guid": f"https://example.org/?p={number}",
        "guid_key": f"https://example.org/?p={number}",
        "link": f"https://example.org/{number}/",
        "link_key": f"https://example.org/{number}",
        "title": f"Article {number}",
        "html": f"<p>Body of <b>article</b> {number}.</p>",
        "markdown": f"Body of **article** {number}.",
        "summary": f"Body of article {number}.",
        "language": "en",
        "published": PUBLISHED,
        "updated": PUBLISHED,
        "first_seen": UPDATED,
        "position": 0,
        "credits": (
            Credit(
                source="example",
                link=f"https://example.org/{number}/",
                feed_title="The Example",
                feed_link="https://example.org/",
                feed_url="https://example.org/feed.xml",
            ),
        ),
        "categories": ("news",),
        "tags": ("example",),
        "path": f"example/2025/02/08-article-{number}.md",
    }
    return StoredArticle(**(values | changes))


def category_feed(*articles: StoredArticle, name: str = "news", label: str = "News") -> CategoryFeed:
    return CategoryFeed(name=name, label=label, updated=UPDATED, articles=articles)


def settings(**changes: Any) -> Settings:
    values = {
        "title": "My newsroom",
        "base_url": "https://news.example.org/",
        "sources": ({"url": "https://example.org/feed.xml", "name": "example"},),
    }
    return Settings.model_validate(values | changes)
