"""What all formats of a feed have in common, read back as a reader would."""

import json
from calendar import timegm
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import feedparser

from tests.newsroom import Newsroom


def read_xml(document: bytes) -> list[dict[str, Any]]:
    """What the documents say all formats have in common, of RSS or Atom."""
    parsed = feedparser.parse(document, sanitize_html=False, resolve_relative_uris=False)
    assert not parsed.bozo, parsed.get("bozo_exception")
    return [
        {
            "id": entry.id,
            "url": entry.link,
            "title": entry.title,
            "published": moment(entry.published_parsed),
            "updated": moment(entry.updated_parsed),
            "categories": [tag.term for tag in entry.get("tags", ())],
            "enclosures": [
                (enclosure.href, enclosure.type, int(enclosure.get("length", 0))) for enclosure in entry.enclosures
            ],
        }
        for entry in parsed.entries
    ]


def moment(parsed: Any) -> datetime:
    return datetime.fromtimestamp(timegm(parsed), UTC)


def read_json(document: bytes) -> list[dict[str, Any]]:
    return [
        {
            "id": entry["id"],
            "url": entry["url"],
            "title": as_feedparser_reads(entry["title"]),
            "published": datetime.fromisoformat(entry["date_published"]),
            "updated": datetime.fromisoformat(entry["date_modified"]),
            "categories": entry.get("tags", []),
            "enclosures": [
                (attachment["url"], attachment["mime_type"], attachment.get("size_in_bytes", 0))
                for attachment in entry.get("attachments", ())
            ],
        }
        for entry in json.loads(document)["items"]
    ]


def as_feedparser_reads(title: str) -> str:
    """Return the title of an XML document as feedparser has it, which mends UTF-8 that was read as ISO 8859-1."""
    with suppress(UnicodeError):
        return title.encode("iso-8859-1").decode()
    return title


def alike(room: Newsroom, name: str) -> list[dict[str, Any]]:
    """The entries of a feed, which all three formats must give alike."""
    first, second, third = (room.feed(f"{name}.{suffix}") for suffix in ("rss", "atom", "json"))
    entries = read_json(third)
    assert read_xml(first) == read_xml(second) == entries
    return entries
