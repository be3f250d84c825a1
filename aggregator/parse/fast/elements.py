"""What each listed element adds to what is said: the functions of which `listed` makes its tables. Pure.

What feedparser and `handlers` make of such an element is done here in the same way, its oddities included: the first
title counts, the last of most others; a title after a picture begins anew; a deeper element never replaces a text.
"""

import re

from aggregator.parse.fast.addresses import joined, with_href
from aggregator.parse.fast.names import NotListed
from aggregator.parse.fast.state import Attributes, Begin, Finish, State
from aggregator.parse.raw import MAX_TERMS, Body, Extra, Values

_KINDS = {"text": "text/plain", "plain": "text/plain", "html": "text/html", "xhtml": "application/xhtml+xml"}
_TYPES = frozenset(_KINDS.values())
_VERSIONS = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}
_REFERENCE = re.compile(r"&([A-Za-z0-9_]+);")
_LIKE_HTML = re.compile(r"</\w+>|&#?\w+;")  # only then feedparser looks closer
ITUNES = "http://www.itunes.com/"
_MEDIA = "http://search.yahoo.com/mrss/category_schema"


# ----------------------------------------------------------------------------------------------------- texts


def end_value(key: str) -> Finish:
    """The element's text is the entry's `key`: the last one's, but none that stands deeper than another."""

    def finish(state: State, text: str) -> None:
        depth = state.depth
        if depth <= state.depths.get(key, depth):
            state.depths[key] = depth
            state.values[key] = text

    return finish


def end_feed_value(key: str, *, is_address: bool = False) -> Finish:
    """The element's text is the feed's `key`, made absolute where it is an address."""

    def finish(state: State, text: str) -> None:
        if state.in_feed:
            state.values[key] = joined(state.base, text) if is_address and text else text

    return finish


def without_attributes(_state: State, attributes: Attributes) -> None:
    """With attributes feedparser takes the element for a thing, not for its text."""
    if attributes:
        raise NotListed("attributes")


def begin_text(default: str) -> Begin:
    """A text construct, of the media type `default` where it does not say otherwise."""

    def begin(state: State, attributes: Attributes) -> None:
        state.type = default
        state.text_base = state.base
        if attributes:
            kind = attributes.get("type", default)
            state.type = _KINDS.get(kind, kind)
            if state.type not in _TYPES or "mode" in attributes:
                raise NotListed(kind)

    return begin


def _value(state: State, text: str) -> str:
    return state.markup() if state.type == "application/xhtml+xml" else text


def drop_text(state: State, text: str) -> None:
    """A text that nobody reads."""
    _value(state, text)
    state.type = ""


def end_body(element: str) -> Finish:
    """A text that may be the entry's body."""
    guesses = element in ("content", "media_description")  # what these are is told by their type, in RSS too

    def finish(state: State, text: str) -> None:
        value, kind = _value(state, text), state.type
        state.type = ""
        if guesses and kind == "text/plain" and not state.version.startswith("atom") and _LIKE_HTML.search(value):
            raise NotListed(element)
        if value:
            state.extras[-1].bodies.append(Body(element=element, type=kind, value=value, base=state.text_base))

    return finish


def _detail(state: State) -> Values:
    detail = {"type": state.type, "base": state.text_base}
    state.type = ""
    return detail


def end_title(state: State, text: str) -> None:
    """The first title counts, unless one stands less deep."""
    value, depth = _value(state, text), state.depth
    detail = _detail(state)
    if not -1 < state.title_depth <= depth:
        if depth <= state.depths.get("title", depth):
            state.depths["title"] = depth
            state.values["title"] = value
        state.values["title_detail"] = detail
    if value:
        state.title_depth = depth


def end_feed_title(state: State, text: str) -> None:
    """The same for the feed's."""
    value, depth = _value(state, text), state.depth
    detail = _detail(state)
    if state.in_feed and not -1 < state.title_depth <= depth:
        state.values["title"] = value
        state.values["title_detail"] = detail
    if value:
        state.title_depth = depth


def end_others_title(state: State, text: str) -> None:
    """A title of a picture, a source or a search box: nobody's, but another may follow it."""
    value = _value(state, text)
    state.type = ""
    if value:
        state.title_depth = state.depth


def end_media_title(state: State, text: str) -> None:
    """A title that counts where there is no other."""
    value = _value(state, text)
    state.values["media_title_detail"] = _detail(state)
    end_value("media_title")(state, value)


def begin_titles(state: State, _attributes: Attributes) -> None:
    """From here on the next title counts again."""
    state.title_depth = -1


# ----------------------------------------------------------------------------------------------------- the document


def begin_rss(state: State, attributes: Attributes) -> None:
    """RSS by its root."""
    _take_language(state, attributes)
    if not state.version.startswith("rss"):
        version = attributes.get("version", "")
        state.version = _VERSIONS.get(version) or ("rss20" if version.startswith("2.") else "rss")


def begin_feed(state: State, attributes: Attributes) -> None:
    """Atom by its root."""
    _take_language(state, attributes)
    begin_rdf(state, attributes)
    state.in_feed = state.is_feed = True


def begin_rdf(state: State, _attributes: Attributes) -> None:
    """RSS 1.0 by its root; NotListed where no namespace said a version."""
    if not state.version:
        raise NotListed("version")


def _take_language(state: State, attributes: Attributes) -> None:
    language = attributes.get("xml:lang", attributes.get("lang"))
    if language:
        state.feeddata["language"] = language.replace("_", "-")


def begin_channel(state: State, attributes: Attributes) -> None:
    """The feed of RSS; NotListed where it is one of Microsoft's channels (CDF)."""
    if "lastmod" in attributes or "href" in attributes:
        raise NotListed("channel")
    state.in_feed = state.is_feed = True


def end_channel(state: State, _text: str) -> None:
    """The end of the feed's own element."""
    state.in_feed = False


def begin_entry(state: State, attributes: Attributes) -> None:
    """One entry more; NotListed where it is one too many, or one of a CDF."""
    if len(state.entries) == state.max_entries or "lastmod" in attributes or "href" in attributes:
        raise NotListed("entry")
    about = attributes.get("rdf:about")
    state.values = {"id": about} if about else {}
    state.depths = {}
    state.title_depth = -1
    state.entries.append(state.values)
    language = attributes.get("xml:lang") or None
    state.extras.append(Extra(base=state.base, language=language, guid_is_link=bool(about)))


def end_entry(state: State, _text: str) -> None:
    """What follows is said of the feed."""
    state.values = state.feeddata


# ----------------------------------------------------------------------------------------------------- names and links


def begin_guid(state: State, attributes: Attributes) -> None:
    """A guid of RSS."""
    state.guid_is_link = attributes.get("ispermalink", "").strip().lower() != "false"


def begin_id(state: State, _attributes: Attributes) -> None:
    """An id of Atom, which is no link."""
    state.guid_is_link = False


def end_guid(state: State, text: str) -> None:
    """The name that the source gave the entry."""
    end_value("id")(state, text)
    if text:
        state.extras[-1].guid_is_link = state.guid_is_link


def begin_link(state: State, attributes: Attributes) -> None:
    """A link, whose address may follow as text."""
    link = with_href(attributes) if attributes else {}
    link.setdefault("rel", "alternate")
    link.setdefault("type", "application/atom+xml" if link["rel"] == "self" else "text/html")
    state.link_is_open = "href" not in link
    if not state.link_is_open:
        link["href"] = joined(state.base, link["href"])
    state.values.setdefault("links", []).append(link)


def end_link(state: State, text: str) -> None:
    """The address of an entry's link, where its text is one; references in it were escaped twice."""
    if state.link_is_open and text:
        address = joined(state.base, text)
        if "&" in address:
            address = _REFERENCE.sub(r"&\1", address.replace("&amp;", "&"))
        if address:
            state.values["links"][-1]["href"] = address


def end_feed_link(state: State, text: str) -> None:
    """The same for the feed's, whose link may become empty."""
    if state.link_is_open and state.in_feed:
        address = joined(state.base, text) if text else ""
        state.values["links"][-1]["href"] = _REFERENCE.sub(r"&\1", address)


def begin_enclosure(state: State, attributes: Attributes) -> None:
    """A file of the entry."""
    state.values.setdefault("links", []).append(with_href(attributes) | {"rel": "enclosure"})


# ----------------------------------------------------------------------------------------------------- persons


def begin_author(state: State, _attributes: Attributes) -> None:
    """One author more."""
    state.values.setdefault("authors", []).append({})
    state.outer.clear()


def end_author(state: State, text: str) -> None:
    """An author without elements of its own is its text."""
    if state.outer:
        state.set_aside()
        text = "".join(state.outer).strip()
    author = state.values["authors"][-1]
    if text and not author:
        author["name"] = text


def begin_of_person(state: State, _attributes: Attributes) -> None:
    """The person's own text stands around the element."""
    state.set_aside()


def end_of_person(key: str) -> Finish:
    """What the element says of the last author."""

    def finish(state: State, text: str) -> None:
        state.values["authors"][-1][key] = joined(state.base, text) if key == "href" and text else text

    return finish


def end_of_owner(key: str) -> Finish:
    """The owner of a podcast is taken for its last author, or completes it."""

    def finish(state: State, text: str) -> None:
        state.values.setdefault("authors", [{}])[-1][key] = text

    return finish


# ----------------------------------------------------------------------------------------------------- categories


def _add_term(state: State, term: str | None, scheme: str | None, label: str | None) -> None:
    tags = state.values.setdefault("tags", [])
    tag = {"term": term, "scheme": scheme, "label": label}
    if len(tags) < MAX_TERMS and (term or scheme or label) and tag not in tags:
        tags.append(tag)


def begin_category(state: State, attributes: Attributes) -> None:
    """A category that is told by attributes."""
    scheme = attributes.get("scheme", attributes.get("domain"))
    _add_term(state, attributes.get("term"), scheme, attributes.get("label"))


def begin_media_category(state: State, attributes: Attributes) -> None:
    """The same in Media RSS."""
    begin_category(state, {"scheme": _MEDIA} | attributes)


def begin_itunes_category(state: State, attributes: Attributes) -> None:
    """The same in iTunes' module."""
    _add_term(state, attributes.get("text"), ITUNES, None)


def begin_inner_category(state: State, attributes: Attributes) -> None:
    """The same inside another; NotListed where that has text before."""
    state.forbid_text()
    begin_itunes_category(state, attributes)


def end_category(state: State, text: str) -> None:
    """A category that is told by text; it completes the last one, where that has no term."""
    if text:
        tags = state.values["tags"]
        if tags and not tags[-1]["term"]:
            tags[-1]["term"] = text
        else:
            _add_term(state, text, None, None)


def end_keywords(scheme: str | None) -> Finish:
    """Categories of the given scheme, separated by commas."""

    def finish(state: State, text: str) -> None:
        for term in text.split(","):
            if term.strip():
                _add_term(state, term.strip(), scheme, None)

    return finish


# ----------------------------------------------------------------------------------------------------- pictures


def begin_itunes_image(state: State, attributes: Attributes) -> None:
    """The picture of a podcast or of an episode."""
    if href := attributes.get("href") or attributes.get("url"):
        state.values["image"] = {"href": href}


def begin_feed_image(state: State, _attributes: Attributes) -> None:
    """The picture of the feed."""
    state.feeddata.setdefault("image", {})
    state.title_depth = -1


def end_image_url(state: State, text: str) -> None:
    """The address of the feed's picture."""
    if state.in_feed:
        state.feeddata["image"]["href"] = joined(state.base, text) if text else ""


def begin_media(key: str) -> Begin:
    """What the attributes say is one of `key`."""

    def begin(state: State, attributes: Attributes) -> None:
        state.values.setdefault(key, []).append(attributes)

    return begin


def end_thumbnail(state: State, text: str) -> None:
    """The address of a picture, where its text is one."""
    thumbnail = state.values["media_thumbnail"][-1]
    if text and "url" not in thumbnail:
        address = joined(state.base, text)
        if address.strip():
            thumbnail["url"] = address


# ----------------------------------------------------------------------------------------------------- times of rest


def end_hour(state: State, text: str) -> None:
    """An hour in which the feed rests."""
    state.skip_hours.append(text)


def end_day(state: State, text: str) -> None:
    """A day on which the feed rests."""
    state.skip_days.append(text)
