"""An entry of RSS or Atom, from what was read of it. Pure."""

import re
from collections.abc import Iterator
from typing import Literal

from aggregator.model import Enclosure, Entry, Term, TextConstruct
from aggregator.parse.constructs import (
    HTML_TYPES,
    each_once,
    links,
    part,
    parts,
    persons,
    stated_base,
    string,
    title,
    url,
)
from aggregator.parse.digest import with_digest
from aggregator.parse.raw import BODIES, Body, Extra, Values

_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)$", re.IGNORECASE)


def entry(values: Values, extra: Extra, document: str, *, atom: bool) -> Entry | None:
    """The entry of the document at `document`; None where it has neither title, link nor text."""
    heading = title(values, document, atom=atom)
    to_pages = links(values, extra.base)
    contents = _contents(extra, document, atom=atom)
    if not (heading or to_pages or contents):
        return None
    published, updated = _dates(values)
    enclosures = _enclosures(values, extra.base)
    return with_digest(
        guid=string(values, "id"),
        guid_is_link=extra.guid_is_link,
        links=to_pages,
        original_link=url(values, "feedburner_origlink", base=extra.base),
        title=heading,
        contents=contents,
        published=published,
        updated=updated,
        language=extra.language or string(values, "language"),
        authors=persons(values),
        enclosures=enclosures,
        image=next(_images(values, extra.base, enclosures), None),
        terms=_terms(values),
    )


def _dates(values: Values) -> tuple[str | None, str | None]:
    """Published and updated, as written; dc:date is the first of them that nothing else gives."""
    # one source writes <pubDate><time datetime="...">words</time></pubDate>
    published = string(part(values, "time"), "datetime") or string(values, "published", "created")
    updated, date = string(values, "updated"), string(values, "dc_date")
    return published or date, updated or (date if published else None)


# ----------------------------------------------------------------------------------------------------- bodies


def _contents(extra: Extra, document: str, *, atom: bool) -> tuple[TextConstruct, ...]:
    """Every body once, the best first."""
    if len(extra.bodies) == 1 and _is_text(extra.bodies[0]):
        return (_text(extra.bodies[0], document, atom=atom),)
    bodies = sorted(extra.bodies, key=lambda body: BODIES.index(body.element))
    texts = {body.value: _text(body, document, atom=atom) for body in reversed(bodies) if _is_text(body)}
    return tuple(reversed(texts.values()))


def _is_text(body: Body) -> bool:
    """False for what Atom allows besides: a picture in base64."""
    return not body.type.startswith(("image/", "audio/", "video/"))


def _text(body: Body, document: str, *, atom: bool) -> TextConstruct:
    value = body.value
    if body.type == "application/xhtml+xml":
        value = value.replace("></br>", "/>")  # feedparser writes <br></br>, which HTML reads as two
    return TextConstruct(value=value, kind=_kind(body, atom=atom), base=stated_base(body.base, document))


def _kind(body: Body, *, atom: bool) -> Literal["plain", "html", "rss"]:
    if not atom and body.element in ("description", "summary", "itunes_summary"):
        return "rss"
    return "html" if body.type in HTML_TYPES else "plain"


# ----------------------------------------------------------------------------------------------------- media


def _enclosures(values: Values, base: str) -> tuple[Enclosure, ...]:
    """Files of `enclosure`, `link rel=enclosure`, and `media:content` that is played; each URL once."""
    linked = (link for link in parts(values, "links") if dict.get(link, "rel") == "enclosure")
    played = (media for media in parts(values, "media_content") if _medium(media) in ("audio", "video"))
    found: dict[str, Enclosure] = {}
    for file in (*linked, *played):
        if href := url(file, "href", "url", base=base):
            found.setdefault(href, _enclosure(file, href))
    return tuple(found.values())


def _enclosure(file: Values, href: str) -> Enclosure:
    media_type = string(file, "type")
    return Enclosure(
        url=href,
        type=None if media_type == "text/html" else media_type,  # feedparser's guess for a link that does not say
        length=_number(string(file, "length", "filesize")),
        title=string(file, "title"),
    )


def _images(values: Values, base: str, enclosures: tuple[Enclosure, ...]) -> Iterator[str]:
    """URLs of the entry's pictures, in order of how surely each stands for the entry."""
    pictures = [media for media in parts(values, "media_content") if _medium(media) == "image"]
    for candidates in (parts(values, "media_thumbnail"), pictures):
        for candidate in sorted(candidates, key=lambda picture: -(_number(string(picture, "width")) or 0)):
            if href := url(candidate, "url", base=base):
                yield href
    if href := url(part(values, "image"), "href", base=base):
        yield href
    yield from (file.url for file in enclosures if (file.type or "").startswith("image/"))


def _medium(media: Values) -> str | None:
    """audio, video, image, ... as declared, else by the media type, else image by the name's ending."""
    declared = string(media, "medium") or (string(media, "type") or "").partition("/")[0]
    if declared:
        return declared
    return "image" if _PICTURE.search((string(media, "url") or "").partition("?")[0]) else None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 18 else None


# ----------------------------------------------------------------------------------------------------- categories


def _terms(values: Values) -> tuple[Term, ...]:
    """The categories, each once."""
    found = (
        Term(term=term, scheme=string(tag, "scheme"), label=string(tag, "label"))
        for tag in parts(values, "tags")
        if (term := string(tag, "term", "label"))
    )
    return each_once(found)
