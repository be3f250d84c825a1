"""RSS 2.0 with content, dc, dcterms, media and atom:link."""

import re
from collections.abc import Iterable
from functools import partial
from html import escape, unescape

from lxml.etree import SubElement
from lxml.etree import _Element as Element

from aggregator.model import StoredArticle
from aggregator.render.channel import Channel, contributors, sources_paragraph
from aggregator.render.podcast import add_origin, add_podcast
from aggregator.render.xml_feed import NAMESPACES, add_archive_mark, add_media, document, markup, xml_entry, xml_feed

ATOM = "{http://www.w3.org/2005/Atom}"
DCTERMS = "http://purl.org/dc/terms/"
END = b"</channel></rss>"
ITEM_NAMESPACES = NAMESPACES | {  # the last three under feedgen's prefixes
    "dcterms": DCTERMS,
    "dc": "http://purl.org/dc/elements/1.1/",
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
}

_TITLE = re.compile(rb"<title>[^<]+</title>")  # never inside a body, where each < is escaped
_NUMERIC = ((b"&amp;", b"&#x26;"), (b"&lt;", b"&#x3C;"), (b"&gt;", b"&#x3E;"))


def rss(channel: Channel, items: Iterable[bytes]) -> bytes:
    """Return an RSS 2.0 document in UTF-8: the channel with these items as `rss_item` returns them."""
    from feedgen.ext.dc import DcExtension

    feed = xml_feed(channel)
    feed.register_extension("dc", DcExtension)
    feed.description(channel.title)
    feed.extra.namespaces["dcterms"] = DCTERMS
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
    from feedgen.ext.dc import DcEntryExtension

    entry = xml_entry(article)
    entry.register_extension("dc", DcEntryExtension)
    entry.guid(article.uid, permalink=article.uid == article.link)
    entry.summary(_as_html(article.summary or article.title))  # feedgen writes a body only beside a description
    entry.category([{"term": term.term, "scheme": term.scheme} for term in article.terms])
    entry.dc.dc_creator([person.name for person in article.authors])
    if several := contributors(article):
        entry.dc.dc_contributor([credit.feed_title for credit in several])
        entry.content(article.html + sources_paragraph(article), type="html")
    if article.language:
        entry.dc.dc_language(article.language)
    if article.credits and article.credits[0].feed_url:
        entry.source(article.credits[0].feed_url, article.credits[0].feed_title)
    if article.details.comments:
        entry.comments(article.details.comments)
    entry.extra.add = partial(_extend_item, article)
    return _TITLE.sub(_numeric_references, markup(entry.rss_entry(), ITEM_NAMESPACES))


def _extend_item(article: StoredArticle, item: Element) -> None:
    SubElement(item, f"{{{DCTERMS}}}modified").text = article.updated.isoformat()
    for enclosure in article.enclosures:
        SubElement(item, "enclosure", url=enclosure.url, type=enclosure.type or "", length=str(enclosure.length or 0))
    add_media(article, item)
    add_origin(article, item, f"{ATOM}link")


def _as_html(text: str) -> str:
    """Return plain text for a description, which readers parse as HTML: escaped only if that would change it."""
    return escape(text, quote=False) if "<" in text or unescape(text) != text else text


def _numeric_references(title: re.Match[bytes]) -> bytes:
    """Return a title with `&#x3C;` for `&lt;`: no reader takes that for a tag, and the W3C's validator accepts it."""
    text = title[0][len(b"<title>") : -len(b"</title>")]
    for named, numeric in _NUMERIC:
        text = text.replace(named, numeric)
    return b"<title>%b</title>" % text
