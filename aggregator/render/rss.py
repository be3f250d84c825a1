"""RSS 2.0 with content, dc, dcterms, media and atom:link."""

import re
from collections.abc import Iterable
from email.utils import format_datetime
from functools import partial
from html import escape, unescape

from lxml.etree import SubElement
from lxml.etree import _Element as Element

from aggregator.model import StoredArticle
from aggregator.render.channel import Channel, contributors, sources_paragraph
from aggregator.render.podcast import add_origin, add_podcast
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

END = b"</channel></rss>"
ITEM_NAMESPACES = NAMESPACES | {  # the last three under feedgen's prefixes
    "dcterms": "http://purl.org/dc/terms/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
}
DCTERMS, DC, ATOM, CONTENT = (f"{{{ITEM_NAMESPACES[prefix]}}}" for prefix in ("dcterms", "dc", "atom", "content"))

_TITLE = re.compile(rb"<title>[^<]+</title>")  # never inside a body, where each < is escaped
_NUMERIC = ((b"&amp;", b"&#x26;"), (b"&lt;", b"&#x3C;"), (b"&gt;", b"&#x3E;"))


def rss(channel: Channel, items: Iterable[bytes]) -> bytes:
    """Return an RSS 2.0 document in UTF-8: the channel with these items as `rss_item` returns them."""
    from feedgen.ext.dc import DcExtension

    feed = xml_feed(channel)
    feed.register_extension("dc", DcExtension)
    feed.description(channel.title)
    feed.extra.namespaces["dcterms"] = ITEM_NAMESPACES["dcterms"]
    feed.extra.add = partial(_extend_channel, channel)
    return document(_TITLE.sub(_numeric_references, feed.rss_str()), items, END)


def _extend_channel(channel: Channel, root: Element) -> None:
    if channel.hub:
        SubElement(root[0], f"{ATOM}link", rel="hub", href=channel.hub)
    for relation, url in channel.links:
        SubElement(root[0], f"{ATOM}link", rel=relation, href=url, type=channel.media_type)
    add_archive_mark(channel, root[0])
    if channel.podcast:
        add_podcast(channel.podcast, root[0])


def rss_item(article: StoredArticle) -> bytes:
    """Return the element of the article as it stands in a document."""
    item = new_entry("item", ITEM_NAMESPACES)
    several = contributors(article)
    add_text(item, "title", article.title)
    add_text(item, "link", article.link)
    add_text(item, "description", _as_html(article.summary or article.title))
    if article.html or several:
        add_text(item, f"{CONTENT}encoded", article.html + sources_paragraph(article))
    add_text(item, "guid", article.uid, isPermaLink="true" if article.uid == article.link else "false")
    for term in article.terms:
        add_text(item, "category", term.term, **({"domain": term.scheme} if term.scheme else {}))
    if article.details.comments:
        add_text(item, "comments", article.details.comments)
    add_text(item, "pubDate", format_datetime(article.published))
    if article.credits and article.credits[0].feed_url:
        add_text(item, "source", article.credits[0].feed_title, url=article.credits[0].feed_url)
    add_text(item, f"{DCTERMS}modified", article.updated.isoformat())
    for enclosure in article.enclosures:
        SubElement(item, "enclosure", url=enclosure.url, type=enclosure.type or "", length=str(enclosure.length or 0))
    add_media(article, item)
    add_origin(article, item, f"{ATOM}link")
    for credit in several:
        add_text(item, f"{DC}contributor", credit.feed_title)
    for person in article.authors:
        add_text(item, f"{DC}creator", person.name)
    if article.language:
        add_text(item, f"{DC}language", article.language)
    return _TITLE.sub(_numeric_references, markup(item))


def _as_html(text: str) -> str:
    """Return plain text for a description, which readers parse as HTML: escaped only if that would change it."""
    return escape(text, quote=False) if "<" in text or unescape(text) != text else text


def _numeric_references(title: re.Match[bytes]) -> bytes:
    """Return a title with `&#x3C;` for `&lt;`: no reader takes that for a tag, and the W3C's validator accepts it."""
    text = title[0][len(b"<title>") : -len(b"</title>")]
    for named, numeric in _NUMERIC:
        text = text.replace(named, numeric)
    return b"<title>%b</title>" % text
