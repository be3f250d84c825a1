"""feedparser's two parsers, changed to give texts as published and to withstand hostile input. Pure.

`feedparser.parse` has no switch for most of this: it joins guids to the feed's URL, repairs encodings value by value,
reads dates, overwrites the text of one element by another's, keeps only the last of several hours. Names and signatures
of the methods are feedparser's and SAX's.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from html.entities import html5
from typing import Any, ClassVar
from xml.sax import SAXParseException
from xml.sax.expatreader import ExpatParser

from feedparser import mixin
from feedparser.api import LooseFeedParser, StrictFeedParser

from aggregator.parse.raw import (
    BODIES,
    MAX_TERMS,
    MAX_TOMBSTONES,
    PODCAST_NAMESPACES,
    TOMBSTONES,
    RawBody,
    RawEntry,
    RawFeed,
    in_media_group,
)
from aggregator.parse.references import referenced_number

# feedparser repairs each value that looks encoded twice, but only if the encoding is called "utf-8". Under its other
# name a title that shows mojibake on purpose stays; whole documents were repaired by `encoding.decode` before.
_ENCODING = "utf8"
# At every start tag feedparser joins the base URL to itself, a quarter of all its time: cache the last results.
mixin.make_safe_absolute_uri = lru_cache(maxsize=32)(mixin.make_safe_absolute_uri)

_MAX_ATTRIBUTES = 200  # of an element; SAX's look-up by name is quadratic in them
_BUFFER = 1 << 18  # bytes; expat hands out text in pieces of this size instead of line by line


def _text_construct(element: str, media_type: str) -> tuple[Callable[..., None], Callable[..., None]]:
    """Return the start and end method of an element whose text is kept apart from those of similar elements."""

    def start(self: "FeedHandler", attrs_d: dict[str, str]) -> None:
        self.push_content(element, attrs_d, media_type, 1)

    def end(self: "FeedHandler") -> None:
        self.pop_content(element)

    return start, end


def _end_date(element: str) -> Callable[..., None]:
    """Return the end method of an element with a date, which is kept as written."""

    def end(self: "FeedHandler") -> None:
        self.pop(element)

    return end


def _podcast_element(element: str) -> tuple[Callable[..., None], Callable[..., None]]:
    """Return the start and end method of an element of an entry, all of which are kept: attributes and `text`."""

    def start(self: "FeedHandler", attrs_d: dict[str, str]) -> None:
        if self.inentry and not self.insource:
            self._get_context().setdefault(element, []).append(attrs_d)
        self.push("podcast_text", 1)

    def end(self: "FeedHandler") -> None:
        text = self.pop("podcast_text")
        if text and self.inentry and not self.insource:
            self._get_context()[element][-1]["text"] = text

    return start, end


_ENTRIES = frozenset({"item", "entry"})
# Elements that no title holds: one that begins in a title says that it was never closed.
_BESIDE_TITLES = frozenset({"link", "guid", "id", "author", "category", "pubdate", "published", "updated"}) | {
    *("description", "content:encoded", "content", "summary")
}


class FeedHandler(mixin._FeedParserMixin):  # type: ignore[misc]  # feedparser has no types
    """Changes that both parsers share."""

    contentparams: dict[str, str]
    handle_data: Any
    unknown_starttag: Any
    unknown_endtag: Any
    can_be_relative_uri = StrictFeedParser.can_be_relative_uri - {"id", "comments"}
    namespaces = mixin._FeedParserMixin.namespaces | dict.fromkeys(PODCAST_NAMESPACES, "podcast") | {TOMBSTONES: "at"}
    _matchnamespaces: ClassVar[dict[str, str]] = {}  # filled from those above
    resolve_relative_uris = False
    sanitize_html = False

    def __init__(self, base: str, max_entries: int) -> None:
        self.max_entries = max_entries
        self.has_channel = False  # feedparser tells a version by a namespace alone
        self.raw = RawFeed()
        self.categories_open = 0  # of iTunes' module
        self.media_groups = self.media_group = 0  # number of the groups of files, and of the open one
        self.media: dict[str, str] | None = None  # the media:content that has begun
        super().__init__(base, None, _ENCODING)

    @property
    def is_feed(self) -> bool:
        """True if feedparser found a version, and not only by a namespace that other documents declare too."""
        return bool(self.version and (self.has_channel or self.raw.entries))

    def _start_channel(self, attrs_d: dict[str, str]) -> None:
        self.has_channel = True
        super()._start_channel(attrs_d)

    def _start_feed(self, attrs_d: dict[str, str]) -> None:
        self.has_channel = True
        super()._start_feed(attrs_d)

    def _start_item(self, attrs_d: dict[str, str]) -> None:
        if len(self.entries) == self.max_entries:
            self._only_count()
            return
        self.inauthor = self.insource = 0  # one that was never closed must not swallow all that follows
        self.media, self.categories_open, self.media_group = None, 0, 0
        super()._start_item(attrs_d)
        values = self.entries[-1]
        language = attrs_d.get("xml:lang") or None
        is_link = bool(dict.get(values, "id"))  # rdf:about of RSS 1.0, which is the link by its specification
        self.raw.entries.append(RawEntry(values=values, base=self.baseuri, language=language, guid_is_link=is_link))

    _start_entry = _start_item

    def _only_count(self) -> None:
        """Count the entries from here on, and do nothing else: that is most of the time of a huge document."""
        self.raw.left_out = 1
        self.unknown_starttag = self._count
        self.unknown_endtag = self.handle_data = lambda *_: None

    def _count(self, tag: str, _attributes: object) -> None:
        self.raw.left_out += tag in _ENTRIES

    def begin_tombstone(self, attrs_d: dict[str, str]) -> None:
        """Store a tombstone of the feed, and leave out all that is in it: its author and links are not the feed's."""
        if not self.inentry and len(self.raw.tombstones) < MAX_TOMBSTONES:
            self.raw.tombstones.append(attrs_d)
        self.unknown_starttag = self._begin_in_tombstone
        self.unknown_endtag = self._finish_in_tombstone
        self.handle_data = lambda *_: None

    def _begin_in_tombstone(self, tag: str, attributes: Any) -> None:
        if tag.endswith(("entry", "item")):  # the tombstone was never closed
            self._leave_tombstone()
            self.unknown_starttag(tag, attributes)

    def _finish_in_tombstone(self, tag: str) -> None:
        if tag.endswith("deleted-entry"):
            self._leave_tombstone()
            super().unknown_endtag(tag)

    def _leave_tombstone(self) -> None:
        del self.unknown_starttag, self.unknown_endtag, self.handle_data  # the class's methods are in force again

    def _start_guid(self, attrs_d: dict[str, str]) -> None:
        self.guidislink = attrs_d.get("ispermalink", "").strip().lower() != "false"
        self.push("id", 1)

    def _start_id(self, attrs_d: dict[str, str]) -> None:
        self.guidislink = False
        self.push("id", 1)

    def _end_guid(self) -> None:
        if self.pop("id") and self.inentry and not self.insource:
            self.raw.entries[-1].guid_is_link = self.guidislink

    _end_id = _end_guid

    def _start_title(self, attrs_d: dict[str, str]) -> None:
        if self.inauthor:  # an author's academic title, in one source
            self.push("author_title", 0)
        else:
            super()._start_title(attrs_d)

    def _end_title(self) -> None:
        if self.inauthor:
            self.pop("author_title")
        else:
            super()._end_title()

    _start_media_title, _end_media_title = _text_construct("media_title", "text/plain")
    _start_description, _end_description = _text_construct("description", "text/html")
    _start_summary, _end_summary = _text_construct("summary", "text/plain")
    _start_media_description, _end_media_description = _text_construct("media_description", "text/plain")
    _start_itunes_summary, _end_itunes_summary = _text_construct("itunes_summary", "text/plain")

    def _start_media_content(self, attrs_d: dict[str, str]) -> None:
        in_media_group(attrs_d, self.media_group)
        super()._start_media_content(attrs_d)
        self.media = attrs_d

    def _start_media_group(self, _attrs_d: dict[str, str]) -> None:
        self.media_groups += 1
        self.media_group = self.media_groups

    def _end_media_group(self) -> None:
        self.media_group = 0

    def _end_media_content(self) -> None:
        self.media = None

    def _end_media_credit(self) -> None:
        self._keep_media_text("media_credit", self.pop("credit"))

    def _keep_media_text(self, element: str, text: str | None) -> None:
        if text and self.media is not None:
            self.media.setdefault(element, text)
        elif text and self.inentry:
            self.raw.entries[-1].add_media_text(self.media_group, element, text)

    _start_podcast_transcript, _end_podcast_transcript = _podcast_element("podcast_transcript")
    _start_podcast_chapters, _end_podcast_chapters = _podcast_element("podcast_chapters")
    _start_podcast_person, _end_podcast_person = _podcast_element("podcast_person")
    _start_podcast_soundbite, _end_podcast_soundbite = _podcast_element("podcast_soundbite")

    def _start_source(self, attrs_d: dict[str, str]) -> None:
        super()._start_source(attrs_d)
        if href := attrs_d.get("url"):
            self.sourcedata["source_url"] = href  # `href` may become that of an author inside

    def _end_itunes_explicit(self) -> None:
        self.pop("itunes_explicit")

    def _end_itunes_author(self) -> None:
        self._end_author()
        context = self._get_context()
        context["podcast_author"] = dict.get(context, "author")

    def _start_itunes_image(self, attrs_d: dict[str, str]) -> None:
        super()._start_itunes_image(attrs_d)
        if href := attrs_d.get("href"):
            self._get_context()["podcast_image"] = href

    def _start_itunes_category(self, attrs_d: dict[str, str]) -> None:
        super()._start_itunes_category(attrs_d)
        categories = self._get_context().setdefault("podcast_categories", [])
        if len(categories) < MAX_TERMS:
            categories.append({"text": attrs_d.get("text"), "is_inside": self.categories_open > 0})
        self.categories_open += 1

    def _end_itunes_category(self) -> None:
        self.categories_open = max(0, self.categories_open - 1)
        super()._end_itunes_category()

    def push_content(self, *element: Any) -> None:
        """Begin a text construct; its parameters are read at every tag, so they move to a faster dictionary."""
        super().push_content(*element)
        self.contentparams = dict(self.contentparams)

    def pop_content(self, tag: str) -> str | None:
        """Return the text of the element `tag`, which ends here, and add it to the bodies if it may be one."""
        value: str | None = self.pop(tag)
        if tag.startswith("media_"):
            self._keep_media_text(tag, value)
        if value and tag in BODIES and self.inentry and not self.insource:
            kind, base = self.contentparams.get("type", ""), self.contentparams.get("base", "")
            self.raw.entries[-1].bodies.append(RawBody(element=tag, media_type=kind, value=value, base=base))
        self.incontent -= 1
        self.contentparams.clear()
        return value

    _end_published = _end_issued = _end_pubdate = _end_date("published")
    _end_updated = _end_modified = _end_lastbuilddate = _end_date("updated")
    _end_created = _end_date("created")
    _end_dc_date = _end_date("dc_date")

    def _start_dc_date(self, _attrs_d: dict[str, str]) -> None:
        self.push("dc_date", 1)

    def _end_author(self) -> None:
        text = self.pop("author")
        self.inauthor = 0
        authors = dict.get(self._get_context(), "authors")
        if text and authors and not authors[-1]:
            authors[-1]["name"] = text

    _end_managingeditor = _end_author

    def _sync_author_detail(self, key: str = "author") -> None:
        """Do nothing: its regular expression takes minutes on a long name, and `constructs.persons` reads names."""

    def _add_tag(self, term: str | None, scheme: str | None, label: str | None) -> None:
        if len(self._get_context().setdefault("tags", [])) < MAX_TERMS:
            super()._add_tag(term, scheme, label)

    def _end_hour(self) -> None:
        self.raw.skip_hours.append(self.pop("hour") or "")

    def _end_day(self) -> None:
        self.raw.skip_days.append(self.pop("day") or "")


setattr(FeedHandler, "_start_at_deleted-entry", FeedHandler.begin_tombstone)  # feedparser looks it up by this name


class StrictHandler(FeedHandler, StrictFeedParser):  # type: ignore[misc]  # feedparser has no types
    """Handler for well-formed XML."""

    def skippedEntity(self, name: str) -> None:  # noqa: N802  # SAX's name
        """Replace a named entity that the document does not define, mostly `&nbsp;`, by HTML's."""
        self.handle_data(html5.get(f"{name};", f"&{name};"))


class LooseHandler(FeedHandler, LooseFeedParser):  # type: ignore[misc]  # feedparser has no types
    """Handler for all else."""

    def unknown_starttag(self, tag: str, attrs: Any) -> None:
        """Begin an element; an entry ends a text before it that was never closed, its elements a title."""
        if tag in _ENTRIES or (tag in _BESIDE_TITLES and self._open_text == "title"):
            self._end_open_text()
        super().unknown_starttag(tag, attrs)

    def unknown_endtag(self, tag: str) -> None:
        """End an element, and with an entry a text in it that was never closed."""
        if tag in _ENTRIES:
            self._end_open_text()
        super().unknown_endtag(tag)

    def _end_open_text(self) -> None:
        """End the text that is open: it would go on to the end of the document, and swallow all entries in it."""
        if end := getattr(self, f"_end_{self._open_text}", None):
            end()

    @property
    def _open_text(self) -> str:
        """Element whose text is being read, "" if it is none."""
        return self.elementstack[-1][0] if self.incontent and self.elementstack else ""

    def handle_charref(self, ref: str) -> None:
        """Replace a numeric reference, unless it names no character: feedparser raises for a surrogate's."""
        code = referenced_number(ref)
        if code in range(0x20, 0xD800) or code in range(0xE000, 0xFFFE) or code in range(0x10000, 0x110000):
            super().handle_charref(ref)


class ExpatDriver(ExpatParser):
    """SAX over expat for one document: text in large pieces, no entity but HTML's, no access to files or network."""

    def reset(self) -> None:
        """Make the parser anew; called by the first `feed`."""
        super().reset()
        parser: Any = self._parser  # type: ignore[attr-defined]  # expat's own, which SAX hides
        parser.buffer_text = True
        parser.buffer_size = _BUFFER
        parser.UseForeignDTD(True)  # an undefined entity is then reported as skipped, instead of a fatal error
        parser.EntityDeclHandler = self._refuse_entity

    def start_element_ns(self, name: str, attrs: Mapping[str, str]) -> None:
        """Pass an element on, with at most 200 of its attributes."""
        if len(attrs) > _MAX_ATTRIBUTES:
            attrs = dict(list(attrs.items())[:_MAX_ATTRIBUTES])
        super().start_element_ns(name, attrs)

    def _refuse_entity(self, *_declaration: object) -> None:
        raise SAXParseException("the document declares entities of its own", None, self)
