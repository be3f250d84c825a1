"""Links of the HTTP header join those of the document."""

from dataclasses import replace

import pytest

from aggregator.model import Feed, Link
from aggregator.normalise import normalise
from aggregator.parse import parse
from tests.normalise.entries import NOW, SOURCE
from tests.parse.documents import document, rss

WRITTEN = '<atom:link rel="self" href="https://a.example/feed"/><atom:link rel="hub" href="https://hub.example/"/>'
HEADER = (Link(rel="hub", href="https://other.example/"),)


def test_the_headers_come_first() -> None:
    feed = parse(replace(document(rss(channel=WRITTEN)), links=HEADER))
    assert isinstance(feed, Feed)
    assert feed.links[0] == HEADER[0]
    facts = normalise(feed, SOURCE, NOW).feed_info
    assert (facts.hub, facts.self_link) == ("https://other.example/", "https://a.example/feed")


@pytest.mark.parametrize("href", ["ftp://hub.example/", "mailto:a@hub.example", "urn:x", "javascript:alert(1)"])
def test_a_hub_that_is_not_on_the_web_is_none(href: str) -> None:
    feed = parse(
        replace(document(rss(channel=WRITTEN)), links=(Link(rel="hub", href=href), Link(rel="self", href=href)))
    )
    assert isinstance(feed, Feed)
    facts = normalise(feed, SOURCE, NOW).feed_info
    assert (facts.hub, facts.self_link) == ("https://hub.example/", "https://a.example/feed")
