"""Actions at the starts and ends of supported elements, of which `supported` makes its tables. Pure.

They do what feedparser and `handlers` do, oddities included: the first title counts, the last of most other elements;
after a picture the next title counts again.
"""

import re
from urllib.parse import urljoin

from aggregator.parse.fast.namespaces import Unsupported
from aggregator.parse.fast.parser_state import Attributes, Begin, Finish, ParserState
from aggregator.parse.raw import MAX_TERMS, MAX_TOMBSTONES, RawBody, RawEntry
from aggregator.urls import MAX_LENGTH

_MEDIA_TYPES = {"text": "text/plain", "plain": "text/plain", "html": "text/html"}
_VERSIONS = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}
_REFERENCE = re.compile(r"&[A-Za-z0-9_]+;")  # left by an address that was escaped twice
_LIKE_HTML = re.compile(r"</\w+>|&#?\w+;")  # makes feedparser look whether a plain text is HTML
_SLASHES = re.compile(r"([A-Za-z][A-Za-z0-9+-.]*://)/+")
_ITUNES = "http://www.itunes.com/"


def join(base: str, address: str) -> str:
    """Return `address` made absolute as feedparser does it, "" if it is no URL."""
    try:
        return urljoin(base, _SLASHES.sub(r"\1", address, count=1) if _SLASHES.match(address) else address)
    except ValueError:
        return ""


def join_base(base: str, stated: str) -> str:
    """Return the base inside an element with this xml:base; raise Unsupported if it would change further inside."""
    joined = join(base, stated)
    if len(joined) > MAX_LENGTH or not joined.startswith(("http://", "https://")) or join(joined, joined) != joined:
        raise Unsupported(stated)
    return joined


def _with_href(attributes: Attributes) -> Attributes:
    href = attributes.get("url", attributes.get("uri", attributes.get("href")))
    if not href:
        return dict(attributes)
    return {key: value for key, value in attributes.items() if key not in ("url", "uri")} | {"href": href}


def end_value(key: str) -> Finish:
    """Return the action for an element whose text is the value `key` of the entry or feed."""

    def finish(state: ParserState, text: str) -> None:
        state.values[key] = text

    return finish


def forbid_attributes(_state: ParserState, attributes: Attributes) -> None:
    """Raise Unsupported for attributes, with which feedparser does not read the element's text."""
    if attributes:
        raise Unsupported("attributes")


def forbid_text(state: ParserState, _given: object) -> None:
    """Raise Unsupported for text before the element that begins, or in the one that ends."""
    if state.pieces and "".join(state.pieces).strip():
        raise Unsupported("text")


def begin_text(default: str) -> Begin:
    """Return the action for a text construct whose media type is `default` if it names none."""

    def begin(state: ParserState, attributes: Attributes) -> None:
        state.text_type, state.text_base = default, state.base
        if attributes:
            kind = attributes.get("type", default)
            state.text_type = _MEDIA_TYPES.get(kind, kind)
            if state.text_type not in ("text/plain", "text/html") or "mode" in attributes:
                raise Unsupported(kind)

    return begin


def end_body(element: str) -> Finish:
    """Return the action for a text that may be the entry's body."""
    may_be_html = element in ("content", "media_description")

    def finish(state: ParserState, text: str) -> None:
        is_plain = state.text_type == "text/plain" and not state.feed.version.startswith("atom")
        if may_be_html and is_plain and _LIKE_HTML.search(text):
            raise Unsupported(element)
        if element == "media_description":
            state.keep_media_text(element, text)
        if text:
            body = RawBody(element=element, media_type=state.text_type, value=text, base=state.text_base)
            state.feed.entries[-1].bodies.append(body)

    return finish


def begin_titled(state: ParserState, _attributes: Attributes) -> None:
    """Begin a thing with a title of its own, after which the next title counts again."""
    state.has_title = False


def end_title(state: ParserState, text: str) -> None:
    """Store the title of the entry or feed, unless there is one."""
    if not state.has_title:
        state.values["title"] = text
        state.values["title_detail"] = {"type": state.text_type, "base": state.text_base}
    state.has_title |= bool(text)


def begin_rss(state: ParserState, attributes: Attributes) -> None:
    """Begin RSS."""
    _set_language(state, attributes)
    if not state.feed.version.startswith("rss"):
        version = attributes.get("version", "")
        state.feed.version = _VERSIONS.get(version) or ("rss20" if version.startswith("2.") else "rss")


def begin_feed(state: ParserState, attributes: Attributes) -> None:
    """Begin Atom."""
    _set_language(state, attributes)
    state.has_channel = True


def _set_language(state: ParserState, attributes: Attributes) -> None:
    if language := attributes.get("xml:lang", attributes.get("lang")):
        state.values["language"] = language.replace("_", "-")


def begin_channel(state: ParserState, attributes: Attributes) -> None:
    """Begin the feed of RSS, as the first element; Microsoft's channels (CDF) are not supported."""
    if state.depth or "lastmod" in attributes or "href" in attributes:
        raise Unsupported("channel")
    state.has_channel = True


def begin_entry(state: ParserState, attributes: Attributes) -> None:
    """Begin an entry, unless feedparser would only count it."""
    if len(state.feed.entries) == state.max_entries or "lastmod" in attributes or "href" in attributes:
        raise Unsupported("entry")
    about, language = attributes.get("rdf:about"), attributes.get("xml:lang") or None
    state.values = {"id": about} if about else {}
    state.has_title, state.media_group = False, 0
    entry = RawEntry(values=state.values, base=state.base, language=language, guid_is_link=bool(about))
    state.feed.entries.append(entry)


def end_entry(state: ParserState, _text: str) -> None:
    """End an entry; the elements that follow are the feed's."""
    state.values = state.feed.values
    state.has_title = False


def begin_tombstone(state: ParserState, attributes: Attributes) -> None:
    """Store the tombstone of an entry."""
    if len(state.feed.tombstones) < MAX_TOMBSTONES:
        state.feed.tombstones.append(attributes)


def begin_guid(state: ParserState, attributes: Attributes) -> None:
    """Begin a guid of RSS."""
    state.guid_is_link = attributes.get("ispermalink", "").strip().lower() != "false"


def begin_id(state: ParserState, _attributes: Attributes) -> None:
    """Begin an id of Atom, which is no link."""
    state.guid_is_link = False


def end_guid(state: ParserState, text: str) -> None:
    """Store the guid or id of the entry."""
    state.values["id"] = text
    if text:
        state.feed.entries[-1].guid_is_link = state.guid_is_link


def begin_link(state: ParserState, attributes: Attributes) -> None:
    """Store a link, whose address may follow as text."""
    link = _with_href(attributes)
    link.setdefault("rel", "alternate")
    link.setdefault("type", "application/atom+xml" if link["rel"] == "self" else "text/html")
    state.link_is_open = "href" not in link
    if not state.link_is_open:
        link["href"] = join(state.base, link["href"])
    state.values.setdefault("links", []).append(link)


def end_link(state: ParserState, text: str) -> None:
    """Complete the link by the address in its text."""
    if state.link_is_open and text:
        if _REFERENCE.search(text):
            raise Unsupported("link")
        state.values["links"][-1]["href"] = join(state.base, text)


def begin_enclosure(state: ParserState, attributes: Attributes) -> None:
    """Store a file of the entry."""
    state.values.setdefault("links", []).append(_with_href(attributes) | {"rel": "enclosure"})


def begin_author(state: ParserState, _attributes: Attributes) -> None:
    """Begin another author."""
    state.values.setdefault("authors", []).append({})


def end_author(state: ParserState, text: str) -> None:
    """Complete the author by its text, which must not stand beside elements."""
    author = state.values["authors"][-1]
    if text and author:
        raise Unsupported("author")
    if text:
        author["name"] = text


def end_of_person(key: str) -> Finish:
    """Return the action for a part of the last author; a podcast's owner completes it, or is the first."""

    def finish(state: ParserState, text: str) -> None:
        author = state.values.setdefault("authors", [{}])[-1]
        author[key] = join(state.base, text) if key == "href" and text else text

    return finish


def _add_term(state: ParserState, term: str | None, scheme: str | None, label: str | None) -> None:
    tags = state.values.setdefault("tags", [])
    tag = {"term": term, "scheme": scheme, "label": label}
    if len(tags) < MAX_TERMS and (term or scheme or label) and tag not in tags:
        tags.append(tag)


def begin_category(state: ParserState, attributes: Attributes) -> None:
    """Add a category by its attributes."""
    scheme = attributes.get("scheme", attributes.get("domain"))
    _add_term(state, attributes.get("term"), scheme, attributes.get("label"))


def begin_itunes_category(state: ParserState, attributes: Attributes) -> None:
    """Add a category of iTunes' module."""
    _add_term(state, attributes.get("text"), _ITUNES, None)


def end_category(state: ParserState, text: str) -> None:
    """Add a category by its text, or complete the last one if it has no term."""
    tags = state.values["tags"]
    if text and tags and not tags[-1]["term"]:
        tags[-1]["term"] = text
    elif text:
        _add_term(state, text, None, None)


def end_itunes_keywords(state: ParserState, text: str) -> None:
    """Add categories separated by commas."""
    for term in text.split(","):
        if term.strip():
            _add_term(state, term.strip(), _ITUNES, None)


def begin_podcast_image(state: ParserState, attributes: Attributes) -> None:
    """Store the picture of a podcast."""
    if href := attributes.get("href"):
        state.values["podcast_image"] = href


def end_podcast_author(state: ParserState, text: str) -> None:
    """Complete the author, who is also that of the podcast."""
    end_author(state, text)
    state.values["podcast_author"] = text


def begin_podcast_category(state: ParserState, attributes: Attributes) -> None:
    """Store a category of a podcast, which may stand in another one."""
    categories = state.values.setdefault("podcast_categories", [])
    if len(categories) < MAX_TERMS:
        categories.append({"text": attributes.get("text"), "is_inside": state.categories_open > 0})
    state.categories_open += 1


def end_podcast_category(state: ParserState, _text: str) -> None:
    """End a category of a podcast."""
    state.categories_open -= 1


def begin_podcast_element(element: str) -> Begin:
    """Return the action for an element of which an entry may have several: its attributes, and `text`."""

    def begin(state: ParserState, attributes: Attributes) -> None:
        state.values.setdefault(element, []).append(attributes)

    return begin


def end_podcast_element(element: str) -> Finish:
    """Return the action at the end of the last `element`."""

    def finish(state: ParserState, text: str) -> None:
        if text:
            state.values[element][-1]["text"] = text

    return finish


def begin_source(state: ParserState, attributes: Attributes) -> None:
    """Begin the feed that the entry comes from, of which the elements inside tell."""
    state.has_title = False
    state.values = {"source_url": attributes["url"]} if "url" in attributes else {}


def end_source(state: ParserState, text: str) -> None:
    """Store the feed that the entry comes from."""
    source, state.values = state.values, state.feed.entries[-1].values
    if text:
        source["title"] = text
    state.values["source"] = source
    state.has_title = False


def begin_source_title(state: ParserState, attributes: Attributes) -> None:
    """Begin the title of the source."""
    forbid_text(state, attributes)
    begin_text("text/plain")(state, attributes)


def begin_in_source(state: ParserState, attributes: Attributes) -> None:
    """Begin any other element of the source."""
    forbid_text(state, attributes)
    state.has_attributes = bool(attributes)


def end_in_source(state: ParserState, text: str) -> None:
    """Raise Unsupported for a text that feedparser gives to the source, as it does if there are attributes."""
    if text and state.has_attributes:
        raise Unsupported("source")


def begin_source_link(state: ParserState, attributes: Attributes) -> None:
    """Begin a link of the source."""
    begin_in_source(state, attributes)
    begin_link(state, attributes)


def end_source_link(state: ParserState, text: str) -> None:
    """Complete a link of the source."""
    end_in_source(state, text)
    end_link(state, text)


def begin_itunes_image(state: ParserState, attributes: Attributes) -> None:
    """Store the picture of an episode."""
    if href := attributes.get("href") or attributes.get("url"):
        state.values["image"] = {"href": href}


def begin_thumbnail(state: ParserState, attributes: Attributes) -> None:
    """Store a picture of the entry."""
    state.values.setdefault("media_thumbnail", []).append(attributes)
