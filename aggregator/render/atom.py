"""Atom 1.0 (RFC 4287) with media."""

from functools import partial
from typing import Any

from lxml.etree import SubElement
from lxml.etree import _Element as Element

from aggregator.model import Credit, StoredArticle
from aggregator.render.generated import generated_entry, generated_feed
from aggregator.render.outgoing import Channel

LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def atom(channel: Channel) -> bytes:
    """The channel as an Atom 1.0 document in UTF-8."""
    feed = generated_feed(channel)
    feed.parts.add = _type_title
    for article in channel.articles:
        _add_entry(feed, article)
    document: bytes = feed.atom_str()
    return document


def _add_entry(feed: Any, article: StoredArticle) -> None:
    entry = generated_entry(feed, article)
    entry.id(article.uid)
    if article.summary:
        entry.summary(article.summary, type="text")
    entry.author([{"name": person.name, "email": person.email, "uri": person.url} for person in article.authors])
    entry.category([{"term": term.term, "scheme": term.scheme, "label": term.label} for term in article.terms])
    entry.parts.add = partial(_add_parts, article)


def _add_parts(article: StoredArticle, entry: Element) -> None:
    _type_title(entry)
    if article.language:
        entry.set(LANGUAGE, article.language)
    for enclosure in article.enclosures:
        link = SubElement(entry, "link", rel="enclosure", href=enclosure.url, type=enclosure.type or "")
        if enclosure.length:
            link.set("length", str(enclosure.length))
    for other in article.also:
        SubElement(entry, "link", rel="related", href=other.link, title=other.title)
    for credit in article.credits[:1]:
        if credit.feed_url:
            _add_source(entry, credit, article)


def _type_title(parent: Element) -> None:
    """Say that the title of a feed or entry is plain text: `Vec<T>` in it is no tag."""
    for title in parent.iterchildren("title"):
        title.set("type", "text")


def _add_source(entry: Element, credit: Credit, article: StoredArticle) -> None:
    """Credit the source (RFC 4287, 4.2.11). Its feed's own date is not kept: the article's stands in."""
    source = SubElement(entry, "source")
    SubElement(source, "id").text = credit.feed_url
    SubElement(source, "title", type="text").text = credit.feed_title
    SubElement(source, "updated").text = article.updated.isoformat()
    SubElement(source, "link", rel="self", href=credit.feed_url)
    if credit.feed_link:
        SubElement(source, "link", rel="alternate", href=credit.feed_link)
