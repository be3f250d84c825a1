"""Atom 1.0 (RFC 4287) with media."""

from collections.abc import Iterable
from functools import partial

from lxml.etree import SubElement
from lxml.etree import _Element as Element

from aggregator.model import Person, StoredArticle, Term
from aggregator.render.channel import Channel, contributors
from aggregator.render.podcast import add_origin
from aggregator.render.xml_feed import (
    NAMESPACES,
    add_archive_mark,
    add_media,
    add_text,
    document,
    markup,
    new_entry,
    xml_feed,
)
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
    entry = new_entry("entry", NAMESPACES)
    if article.language:
        entry.set(LANGUAGE, article.language)
    add_text(entry, "id", article.uid)
    add_text(entry, "title", article.title, type="text")
    add_text(entry, "updated", article.updated.isoformat())
    for person in article.authors:
        _add_author(entry, person)
    if article.html:
        add_text(entry, "content", article.html, type="html")
    SubElement(entry, "link", href=article.link)
    if article.summary:
        add_text(entry, "summary", article.summary, type="text")
    for term in article.terms:
        _add_category(entry, term)
    add_text(entry, "published", article.published.isoformat())
    _add_files(entry, article)
    add_media(article, entry)
    if article.details.comments:
        SubElement(entry, "link", rel="replies", type="text/html", href=article.details.comments)
    add_origin(article, entry, "link")
    for member in article.also:
        SubElement(entry, "link", rel="related", href=member.link, title=member.title)
    _add_credits(entry, article)
    return markup(entry)


def _add_author(entry: Element, person: Person) -> None:
    author = SubElement(entry, "author")
    add_text(author, "name", person.name)
    if person.email:
        add_text(author, "email", person.email)
    if person.url:
        add_text(author, "uri", person.url)


def _add_category(entry: Element, term: Term) -> None:
    category = SubElement(entry, "category", term=term.term)
    if term.scheme:
        category.set("scheme", term.scheme)
    if term.label:
        category.set("label", term.label)


def _extend_feed(channel: Channel, feed: Element) -> None:
    for title in feed.iterchildren("title"):
        title.set("type", "text")  # `Vec<T>` in it is no tag
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


def _add_credits(entry: Element, article: StoredArticle) -> None:
    """Add several sources as contributors, and the owner as the source."""
    for credit in contributors(article):
        contributor = SubElement(entry, "contributor")
        add_text(contributor, "name", credit.feed_title)
        if credit.feed_link:
            add_text(contributor, "uri", credit.feed_link)
        if site := credit.feed_link or credit.feed_url:
            SubElement(entry, "link", rel="via", href=site, title=credit.feed_title)
    if article.credits and article.credits[0].feed_url:
        _add_source(entry, article)


def _add_source(entry: Element, article: StoredArticle) -> None:
    """Add the owner (RFC 4287, 4.2.11). Its feed's own date is not stored, the article's replaces it."""
    credit = article.credits[0]
    source = SubElement(entry, "source")
    add_text(source, "id", credit.feed_url)
    add_text(source, "title", credit.feed_title, type="text")
    add_text(source, "updated", article.updated.isoformat())
    SubElement(source, "link", rel="self", href=credit.feed_url)
    if credit.feed_link:
        SubElement(source, "link", rel="alternate", href=credit.feed_link)
