"""Atom 1.0 (RFC 4287) with media."""

from collections.abc import Iterable
from functools import partial

from lxml.etree import SubElement
from lxml.etree import _Element as Element

from aggregator.model import StoredArticle
from aggregator.render.channel import Channel, contributors
from aggregator.render.podcast import add_origin
from aggregator.render.xml_feed import NAMESPACES, add_archive_mark, add_media, document, markup, xml_entry, xml_feed
from aggregator.timestamps import rfc3339

TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"  # RFC 6721
END = b"</feed>"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def atom(channel: Channel, entries: Iterable[bytes]) -> bytes:
    """Return an Atom 1.0 document in UTF-8: the channel with these entries as `atom_entry` returns them."""
    feed = xml_feed(channel)
    feed.extra.add = partial(_extend_feed, channel)
    if channel.retractions:
        feed.extra.namespaces["at"] = TOMBSTONES
    return document(feed.atom_str(), entries, END)


def atom_entry(article: StoredArticle) -> bytes:
    """Return the element of the article as it stands in a document."""
    entry = xml_entry(article)
    entry.id(article.uid)
    if article.summary:
        entry.summary(article.summary, type="text")
    entry.author([{"name": person.name, "email": person.email, "uri": person.url} for person in article.authors])
    entry.category([{"term": term.term, "scheme": term.scheme, "label": term.label} for term in article.terms])
    entry.extra.add = partial(_extend_entry, article)
    return markup(entry.atom_entry(), NAMESPACES)


def _extend_entry(article: StoredArticle, entry: Element) -> None:
    _set_title_type(entry)
    if article.language:
        entry.set(LANGUAGE, article.language)
    _add_files(entry, article)
    add_media(article, entry)
    if article.details.comments:
        SubElement(entry, "link", rel="replies", type="text/html", href=article.details.comments)
    add_origin(article, entry, "link")
    for member in article.also:
        SubElement(entry, "link", rel="related", href=member.link, title=member.title)
    for credit in contributors(article):
        contributor = SubElement(entry, "contributor")
        SubElement(contributor, "name").text = credit.feed_title
        if credit.feed_link:
            SubElement(contributor, "uri").text = credit.feed_link
        if site := credit.feed_link or credit.feed_url:
            SubElement(entry, "link", rel="via", href=site, title=credit.feed_title)
    if article.credits and article.credits[0].feed_url:
        _add_source(entry, article)


def _extend_feed(channel: Channel, feed: Element) -> None:
    _set_title_type(feed)
    add_archive_mark(channel, feed)
    for retraction in channel.retractions:
        SubElement(feed, f"{{{TOMBSTONES}}}deleted-entry", ref=retraction.uid, when=rfc3339(retraction.when))


def _add_files(entry: Element, article: StoredArticle) -> None:
    for enclosure in article.enclosures:
        link = SubElement(entry, "link", rel="enclosure", href=enclosure.url, type=enclosure.type or "")
        if enclosure.length:
            link.set("length", str(enclosure.length))
        if enclosure.title:
            link.set("title", enclosure.title)


def _set_title_type(parent: Element) -> None:
    """Mark the title of a feed or entry as plain text: `Vec<T>` in it is no tag."""
    for title in parent.iterchildren("title"):
        title.set("type", "text")


def _add_source(entry: Element, article: StoredArticle) -> None:
    """Add the owner (RFC 4287, 4.2.11). Its feed's own date is not stored, the article's replaces it."""
    credit = article.credits[0]
    source = SubElement(entry, "source")
    SubElement(source, "id").text = credit.feed_url
    SubElement(source, "title", type="text").text = credit.feed_title
    SubElement(source, "updated").text = article.updated.isoformat()
    SubElement(source, "link", rel="self", href=credit.feed_url)
    if credit.feed_link:
        SubElement(source, "link", rel="alternate", href=credit.feed_link)
