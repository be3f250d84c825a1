"""Wording of values on pages. Pure."""

import re
from datetime import UTC, datetime, tzinfo
from urllib.parse import quote, urlsplit

from markupsafe import Markup, escape

from aggregator.model import Enclosure
from aggregator.names import counted
from aggregator.status import Condition
from aggregator.timestamps import rfc3339
from aggregator.urls import is_http

CONDITION_HEADINGS: dict[Condition, str] = {
    "failing": "Failing",
    "paused": "Not polled",
    "new": "Not asked yet",
    "working": "Working",
}
DUE_REASONS = {
    "interval": "its interval",
    "min_interval": "the shortest interval allowed",
    "max-age": "the server’s max-age",
    "expires": "the server’s Expires",
    "ttl": "the feed’s own wish",
    "lost push": "a push of its hub that could not be taken",
    "push": "its hub, which pushes what is new: once a day will do",
    "skipHours or skipDays": "the feed’s hours or days to skip",
    "retry-after": "the server’s Retry-After",
    "back-off": "its failures in a row",
    "outage": "an outage of this machine’s network",
}
READERS = (
    ("Feedly", "https://feedly.com/i/subscription/feed/{}"),
    ("Inoreader", "https://www.inoreader.com/?add_feed={}"),
    ("NewsBlur", "https://www.newsblur.com/?url={}"),
    ("The Old Reader", "https://theoldreader.com/feeds/subscribe?url={}"),
)
MEDIA = {"audio": "Audio", "video": "Video", "image": "Picture"}
SOUND_SUFFIXES = (".mp3", ".m4a", ".ogg", ".oga", ".opus", ".aac", ".flac", ".wav")
HTTP_ERRORS: dict[int, tuple[str, str]] = {  # heading and sentence
    404: ("Not found", "There is no such page here."),
    405: ("Not allowed", "Pages here can be read, with GET or HEAD, and nothing else."),
    410: ("Gone", "This is not here any more: the category was dropped, or the article was withdrawn or is too old."),
    503: ("Not now", "The database cannot be read at the moment. Please try again in a minute."),
}
INTERNAL_ERROR = ("Internal error", "An internal error prevented this page from being shown. See the log for details.")

_CODE = re.compile(r"`([^`]+)`")
_FIRST_WORD = re.compile(r"^[a-z]+(?=[ ,])")  # not a name or an address, whose case matters


def time_element(moment: datetime, zone: tzinfo = UTC) -> Markup:
    """Return `moment` as a `time` element: in the time zone for people, in UTC for programs."""
    local = moment.astimezone(zone)
    text = f"{local.day} {local:%b %Y, %H:%M %Z}"
    return Markup('<time datetime="{}">{}</time>').format(rfc3339(moment), text)


def clock_time(moment: datetime, zone: tzinfo = UTC) -> Markup:
    """Return the time of day as a `time` element, for lists with the day in their headings."""
    return Markup('<time datetime="{}">{:%H:%M}</time>').format(rfc3339(moment), moment.astimezone(zone))


def short_time(moment: datetime, now: datetime, zone: tzinfo = UTC) -> Markup:
    """Return `moment` as a `time` element without what goes without saying: today, this year, the hour of years ago."""
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        text = f"{local:%H:%M}"
    else:
        text = f"{local.day} {local:%b, %H:%M}" if local.year == today.year else f"{local.day} {local:%b %Y}"
    return Markup('<time datetime="{}">{}</time>').format(rfc3339(moment), text)


def readers(address: str) -> tuple[tuple[str, str], ...]:
    """Return names of feed readers on the web, and URLs at which each subscribes to the feed at `address`."""
    quoted = quote(address, safe="")
    return tuple((name, url.format(quoted)) for name, url in READERS)


def enclosure_name(enclosure: Enclosure) -> str:
    """Return a media file's title; without one its kind and host, since its URL is long and says little."""
    kind = MEDIA.get((enclosure.type or "").lower().partition("/")[0], "File")
    return enclosure.title or f"{kind} at {urlsplit(enclosure.url).hostname or enclosure.url}"


def is_sound(enclosure: Enclosure) -> bool:
    """Return True for a sound that a browser can play; without a media type its name says so."""
    if not is_http(enclosure.url):
        return False
    if enclosure.type:
        return enclosure.type.lower().startswith("audio/")
    return urlsplit(enclosure.url).path.lower().endswith(SOUND_SUFFIXES)


def duration(seconds: int) -> str:
    """Return a length of time in its largest units: "1 h 12 min", "47 min", "38 s"."""
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min" if seconds >= 60 else f"{seconds} s"
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"


def sentence(message: str) -> Markup:
    """Return a log message as a sentence of a page: with a capital, a full stop, and `code` as a code element."""
    text = message if message.endswith((".", "!", "?", "…")) else f"{message}."
    escaped = str(escape(_FIRST_WORD.sub(lambda word: word[0].title(), text)))
    return Markup(_CODE.sub(r"<code>\1</code>", escaped))  # noqa: S704  # escaped before


def differences_notice(number: int) -> str:
    """Return a sentence about the differences that a comparison found, "" if there are none."""
    if not number:
        return ""
    return (
        f"{counted(number, 'difference')} between the database and its files; `aggregator verify --repair` repairs "
        "what it can, and the log has the details"
    )
