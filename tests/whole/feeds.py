"""What all formats of a feed have in common, read back as a reader would."""

import json
from calendar import timegm
from datetime import UTC, datetime
from typing import Any

import feedparser


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
            "enclosures": [(one.href, one.type, int(one.get("length", 0))) for one in entry.enclosures],
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
            "title": entry["title"],
            "published": datetime.fromisoformat(entry["date_published"]),
            "updated": datetime.fromisoformat(entry["date_modified"]),
            "categories": entry.get("tags", []),
            "enclosures": [
                (one["url"], one["mime_type"], one.get("size_in_bytes", 0)) for one in entry.get("attachments", ())
            ],
        }
        for entry in json.loads(document)["items"]
    ]
