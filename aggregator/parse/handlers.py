"""feedparser's two parsers, made to tell what was published and to bear hostile input. Pure.

`feedparser.parse` has no switch for most of this: it joins guids to the feed's URL, repairs encodings value by value,
reads dates, lets an element of one name overwrite another's text, keeps the last of several hours. So its handlers are
overridden here, and driven by ourselves. Names and signatures of methods are feedparser's and SAX's.
"""

from collections.abc import Mapping
from functools import lru_cache
from html.entities import html5
from typing import Any
from xml.sax import SAXParseException
from xml.sax.expatreader import ExpatParser

from feedparser import mixin
from feedparser.api import LooseFeedParser, StrictFeedParser

from aggregator.parse.raw import BODIES, MAX_TERMS, Body, Extra

Attributes = dict[str, str]

# feedparser repairs each value that looks doubly encoded, but only where the encoding is called "utf-8"; under its
# other name a title that is mojibake on purpose stays, and `characters` has repaired whole documents by now.
_ENCODING = "utf8"
# At every start tag feedparser joins the base URL to itself, a quarter of all its time: let it remember the last ones.
mixin.make_safe_absolute_uri = lru_cache(maxsize=32)(mixin.make_safe_absolute_uri)

_MAX_ATTRIBUTES = 200  # of an element; SAX's look-up by name is quadratic in them
_BUFFER = 1 << 18  # bytes; expat hands out text in pieces of this size instead of line by line


class _Feedparser:
    """What is used here of feedparser's parsers, which have no types; nothing but names, so that theirs are found."""

    baseuri: str
    contentparams: dict[str, str]
    entries: list[dict[str, Any]]
    feeddata: dict[str, Any]
    guidislink: bool
    incontent: int
    inauthor: int
    inentry: int
    infeed: int
    insource: int
    version: str  # "" where it is no feed
    handle_data: Any
    pop: Any
    push: Any
    push_content: Any
    unknown_endtag: Any
    unknown_starttag: Any
    _add_tag: Any
    _end_title: Any
    _get_context: Any
    _start_channel: Any
    _start_feed: Any
    _start_item: Any
    _start_title: Any


class AsPublished(_Feedparser):
    """What is common to both parsers; to be mixed in before one of feedparser's."""

    can_be_relative_uri = StrictFeedParser.can_be_relative_uri - {"id"}
    resolve_relative_uris = False
    sanitize_html = False

    def __init__(self, base: str, max_entries: int) -> None:
        self.max_entries = max_entries
        self.left_out = 0
        self.began = False  # a feed's own element was seen: a namespace alone makes feedparser tell a version
        self.extras: list[Extra] = []
        self.skip_hours: list[str] = []
        self.skip_days: list[str] = []
        super().__init__(base, None, _ENCODING)  # type: ignore[call-arg]  # the next class is feedparser's

    @property
    def is_feed(self) -> bool:
        """Whether feedparser recognised a version, and not only by a namespace that other documents declare too."""
        return bool(self.version and (self.began or self.entries))

    def drop_last_entry(self) -> None:
        """Forgets the entry that was begun last."""
        self.entries.pop()
        self.extras.pop()

    def _start_channel(self, attrs_d: Attributes) -> None:
        self.began = True
        super()._start_channel(attrs_d)

    def _start_feed(self, attrs_d: Attributes) -> None:
        self.began = True
        super()._start_feed(attrs_d)

    # ------------------------------------------------------------------------------------------------- entries

    def _start_item(self, attrs_d: Attributes) -> None:
        if len(self.entries) == self.max_entries:
            self._count_on()
            return
        self.inauthor = self.insource = 0  # where one was never closed, it must not swallow all that follows
        super()._start_item(attrs_d)
        about = dict.get(self.entries[-1], "id")  # RSS 1.0: rdf:about, by its specification the link
        language = attrs_d.get("xml:lang") or None
        self.extras.append(Extra(base=self.baseuri, language=language, guid_is_link=bool(about)))

    _start_entry = _start_item

    def _count_on(self) -> None:
        """From here on entries are counted and nothing else is done: that is most of the time a huge document takes."""
        self.left_out = 1
        self.unknown_starttag = self._count
        self.unknown_endtag = self.handle_data = lambda *_: None

    def _count(self, tag: str, _attributes: object) -> None:
        self.left_out += tag in ("item", "entry")

    def _start_guid(self, attrs_d: Attributes) -> None:
        self.guidislink = attrs_d.get("ispermalink", "").strip().lower() != "false"
        self.push("id", 1)

    def _start_id(self, attrs_d: Attributes) -> None:
        self.guidislink = False
        self.push("id", 1)

    def _end_guid(self) -> None:
        if self.pop("id") and self.inentry and not self.insource:
            self.extras[-1].guid_is_link = self.guidislink

    _end_id = _end_guid

    # ------------------------------------------------------------------------------------------------- texts

    def _start_title(self, attrs_d: Attributes) -> None:
        if self.inauthor:  # one source names its authors' titles so
            self.push("author_title", 0)
        else:
            super()._start_title(attrs_d)

    def _end_title(self) -> None:
        if self.inauthor:
            self.pop("author_title")
        else:
            super()._end_title()

    def _start_media_title(self, attrs_d: Attributes) -> None:
        self.push_content("media_title", attrs_d, "text/plain", 1)

    def _end_media_title(self) -> None:
        self.pop_content("media_title")

    def _start_description(self, attrs_d: Attributes) -> None:
        self.push_content("description", attrs_d, "text/html", 1)

    def _end_description(self) -> None:
        self.pop_content("description")

    def _start_summary(self, attrs_d: Attributes) -> None:
        self.push_content("summary", attrs_d, "text/plain", 1)

    def _end_summary(self) -> None:
        self.pop_content("summary")

    def _start_media_description(self, attrs_d: Attributes) -> None:
        self.push_content("media_description", attrs_d, "text/plain", 1)

    def _end_media_description(self) -> None:
        self.pop_content("media_description")

    def _start_itunes_summary(self, attrs_d: Attributes) -> None:
        self.push_content("itunes_summary", attrs_d, "text/plain", 1)

    def _end_itunes_summary(self) -> None:
        self.pop_content("itunes_summary")

    def push_content(self, *element: Any) -> None:
        """Begins a text construct; its parameters are asked at every tag, so they move to a quicker dictionary."""
        super().push_content(*element)
        self.contentparams = dict(self.contentparams)

    def pop_content(self, tag: str) -> str | None:
        """Text of the element `tag`, which ends here; an entry's is put down among its bodies."""
        value: str | None = self.pop(tag)
        if value and tag in BODIES and self.inentry and not self.insource:
            kind, base = self.contentparams.get("type", ""), self.contentparams.get("base", "")
            self.extras[-1].bodies.append(Body(element=tag, type=kind, value=value, base=base))
        self.incontent -= 1
        self.contentparams.clear()
        return value

    # ------------------------------------------------------------------------------------------------- dates

    def _end_published(self) -> None:
        self.pop("published")

    _end_issued = _end_pubdate = _end_published

    def _end_updated(self) -> None:
        self.pop("updated")

    _end_modified = _end_lastbuilddate = _end_updated

    def _end_created(self) -> None:
        self.pop("created")

    def _start_dc_date(self, _attrs_d: Attributes) -> None:
        self.push("dc_date", 1)

    def _end_dc_date(self) -> None:
        self.pop("dc_date")

    # ------------------------------------------------------------------------------------------------- the rest

    def _end_author(self) -> None:
        text = self.pop("author")
        self.inauthor = 0
        authors = dict.get(self._get_context(), "authors")
        if text and authors and not authors[-1]:
            authors[-1]["name"] = text

    _end_managingeditor = _end_author

    def _sync_author_detail(self, key: str = "author") -> None:
        """Nothing: its regular expression takes minutes on a long name, and `persons` reads names itself."""

    def _add_tag(self, term: str | None, scheme: str | None, label: str | None) -> None:
        if len(self._get_context().setdefault("tags", [])) < MAX_TERMS:
            super()._add_tag(term, scheme, label)

    def _end_hour(self) -> None:
        self.skip_hours.append(self.pop("hour") or "")

    def _end_day(self) -> None:
        self.skip_days.append(self.pop("day") or "")


class Strict(AsPublished, StrictFeedParser):  # type: ignore[misc]  # feedparser has no types
    """For well-formed XML."""

    def skippedEntity(self, name: str) -> None:  # noqa: N802  # SAX's name
        """A named entity that the document does not define, `&nbsp;` mostly: HTML's."""
        self.handle_data(html5.get(f"{name};", f"&{name};"))


class Loose(AsPublished, LooseFeedParser):  # type: ignore[misc]  # feedparser has no types
    """For all else."""

    def handle_charref(self, ref: str) -> None:
        """A numeric reference, unless it names no character: feedparser raises on a surrogate's."""
        number = ref.lower()
        code = int(number[1:], 16) if number.startswith("x") else int(number)
        if code in range(0x20, 0xD800) or code in range(0xE000, 0xFFFE) or code in range(0x10000, 0x110000):
            super().handle_charref(ref)


class Driver(ExpatParser):
    """SAX over expat, for one document: text in large pieces, no entity but HTML's, nothing opened."""

    def reset(self) -> None:
        """Makes the parser anew; called by the first `feed`."""
        super().reset()
        parser: Any = self._parser  # type: ignore[attr-defined]  # expat's own, which SAX hides
        parser.buffer_text = True
        parser.buffer_size = _BUFFER
        parser.UseForeignDTD(True)  # an undefined entity is then reported as skipped, where it was a fatal error
        parser.EntityDeclHandler = self._refuse

    def start_element_ns(self, name: str, attrs: Mapping[str, str]) -> None:
        """Passes an element on, with a number of attributes that somebody may have written."""
        if len(attrs) > _MAX_ATTRIBUTES:
            attrs = dict(list(attrs.items())[:_MAX_ATTRIBUTES])
        super().start_element_ns(name, attrs)

    def _refuse(self, *_declaration: object) -> None:
        raise SAXParseException("the document declares entities of its own", None, self)
