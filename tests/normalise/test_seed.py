"""The model article, from each of the five feeds that carry it."""

from datetime import datetime
from pathlib import Path

import pytest

from aggregator.model import Feed, FeedDocument, SourceContext
from aggregator.parse import parse
from tests.normalise.entries import articles

SEED = Path(__file__).parent.parent / "seed"
SOURCE = SourceContext(id=1, url="https://thehill.com/news/feed/", language="en")
LINK = "https://thehill.com/policy/energy-environment/5133463-zelensky-trump-rare-earth-minerals-deal-russia-putin/"


@pytest.mark.parametrize(
    "name", ["thehill.rss", "thehill-description.rss", "thehill.atom", "thehill-xhtml.atom", "thehill.json"]
)
def test_every_seed_feed_gives_the_model_article(name: str, now: datetime) -> None:
    expected = (SEED / "zelensky.md").read_text(encoding="utf-8")
    document = FeedDocument(url=SOURCE.url, final_url=SOURCE.url, body=(SEED / name).read_bytes(), digest=b"")
    feed = parse(document)
    assert isinstance(feed, Feed)
    (article,) = articles(feed, SOURCE, now, name="thehill")
    assert f'\ntitle: "{article.title}"\n' in expected
    assert f'\ndate: "{article.published:%Y-%m-%d %H:%M:%S}"\n' in expected
    assert f'\nsummary: "{article.summary}"\n' in expected
    assert expected.endswith(f"---\n\n{article.markdown}\n\n[thehill]({article.link})\n")
    assert (article.language, article.link, article.image, article.flags) == ("en", LINK, None, ())
