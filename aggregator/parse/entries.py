"""Entries of RSS and Atom: RawEntry -> Entry. Pure."""

from typing import Literal

from aggregator.model import NO_DETAILS, Entry, Term, TextConstruct
from aggregator.parse.constructs import (
    HTML_TYPES,
    links,
    part,
    parts,
    persons,
    stated_base,
    string,
    title,
    unique,
    url,
    without_cdata_marks,
)
from aggregator.parse.digest import with_digest
from aggregator.parse.media import enclosures, image
from aggregator.parse.podcast import details
from aggregator.parse.raw import BODIES, RawBody, RawEntry, Values


def to_entry(raw: RawEntry, document: str, *, atom: bool) -> Entry | None:
    """Return the entry of the document at `document`, None if it has neither title, link nor text."""
    values = raw.values
    entry_title = title(values, document, atom=atom)
    entry_links = links(values, raw.base)
    contents = _contents(raw.bodies, document, atom=atom)
    if not (entry_title or entry_links or contents):
        return None
    published, updated = _dates(values)
    files = enclosures(values, raw.base, raw.media_texts)
    return with_digest(
        Entry(
            digest=b"",
            guid=string(values, "id"),
            guid_is_link=raw.guid_is_link,
            links=entry_links,
            original_link=url(values, "feedburner_origlink", base=raw.base),
            title=entry_title,
            contents=contents,
            published=published,
            updated=updated,
            language=raw.language or string(values, "language"),
            authors=persons(values),
            enclosures=files,
            image=image(values, raw.base, files),
            terms=_terms(values),
            details=details(values, raw.base, entry_links) or NO_DETAILS,
        )
    )


def _dates(values: Values) -> tuple[str | None, str | None]:
    """Return the dates of publication and update as written; dc:date is the first of them that is missing."""
    # one source writes <pubDate><time datetime="...">words</time></pubDate>
    published = string(part(values, "time"), "datetime") or string(values, "published", "created")
    updated, date = string(values, "updated"), string(values, "dc_date")
    return published or date, updated or (date if published else None)


def _contents(bodies: list[RawBody], document: str, *, atom: bool) -> tuple[TextConstruct, ...]:
    """Return every text once, the best first; Atom also allows pictures in base64, which are no texts."""
    bodies = [body for body in bodies if not body.media_type.startswith(("image/", "audio/", "video/"))]
    if len(bodies) > 1:
        bodies = sorted(bodies, key=lambda body: BODIES.index(body.element))
    texts: dict[str, TextConstruct] = {}
    for body in bodies:
        if value := without_cdata_marks(body.value):
            texts.setdefault(value, _text(body, value, document, atom=atom))
    return tuple(texts.values())


def _text(body: RawBody, value: str, document: str, *, atom: bool) -> TextConstruct:
    if body.media_type == "application/xhtml+xml":
        value = value.replace("></br>", "/>")  # feedparser writes <br></br>, which HTML reads as two
    kind: Literal["plain", "html", "rss"] = "html" if body.media_type in HTML_TYPES else "plain"
    if not atom and body.element in ("description", "summary", "itunes_summary"):
        kind = "rss"
    return TextConstruct(value=value, kind=kind, base=stated_base(body.base, document))


def _terms(values: Values) -> tuple[Term, ...]:
    """Return the categories, each once."""
    return unique(
        Term(term=term, scheme=string(tag, "scheme"), label=string(tag, "label"))
        for tag in parts(values, "tags")
        if (term := string(tag, "term", "label"))
    )
