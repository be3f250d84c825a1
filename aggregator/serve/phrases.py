"""How values are said on pages. Pure."""

import re
from datetime import datetime
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from aggregator.model import Enclosure
from aggregator.status import Condition, rfc3339

CONDITION_WORDS: dict[Condition, str] = {
    "failing": "Failing",
    "paused": "Not polled",
    "new": "Not asked yet",
    "working": "Working",
}
REASONS = {
    "interval": "its interval",
    "min_interval": "the shortest interval allowed",
    "max-age": "the server’s max-age",
    "expires": "the server’s Expires",
    "ttl": "the feed’s own wish",
    "push": "its hub, which pushes what is new: once a day will do",
    "skipHours or skipDays": "the feed’s hours or days to skip",
    "retry-after": "the server’s Retry-After",
    "back-off": "its failures in a row",
}
MEDIA = {"audio": "Audio", "video": "Video", "image": "Picture"}
REFUSALS: dict[int, tuple[str, str]] = {
    404: ("Not found", "There is no such page here."),
    405: ("Not allowed", "Pages here can be read, with GET or HEAD, and nothing else."),
    410: ("Gone", "No source names this category any more."),
    503: ("Not now", "The database cannot be read at the moment. Please try again in a minute."),
}
_CODE = re.compile(r"`([^`]+)`")
_FIRST_WORD = re.compile(r"^[a-z]+(?=[ ,])")  # and no name or address, whose letters matter
BROKEN = ("Broken", "An error of ours kept this page from you. The log has the details.")


def moment(when: datetime) -> Markup:
    """A time for people, in UTC, with the exact one for programs."""
    return Markup('<time datetime="{}">{} UTC</time>').format(rfc3339(when), f"{when.day} {when:%b %Y, %H:%M}")


def medium(enclosure: Enclosure) -> str:
    """A media file by its title; where it has none by its kind and host, since its URL says little and is long."""
    kind = MEDIA.get((enclosure.type or "").lower().partition("/")[0], "File")
    return enclosure.title or f"{kind} at {urlsplit(enclosure.url).hostname or enclosure.url}"


def sentence(said: str) -> Markup:
    """What logs and commands say of a source as a sentence of a page: a capital, a full stop, and `code` as code."""
    whole = said if said.endswith((".", "!", "?", "…")) else f"{said}."
    escaped = str(escape(_FIRST_WORD.sub(lambda found: found[0].title(), whole)))
    return Markup(_CODE.sub(r"<code>\1</code>", escaped))  # noqa: S704  # escaped before


def reason(due_reason: str) -> str:
    """Who asked for the next fetch, in words."""
    return REASONS.get(due_reason, due_reason)
