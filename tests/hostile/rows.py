"""One row of the table of hostile sources, and the words that rows are written in."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from typing import Any, Literal
from zlib import crc32

from tests.newsroom import item, rss
from tests.servers import Answer, Request
from tests.thorough import THOROUGH

READING = 8 if THOROUGH else 2  # seconds that a document may be read for: the program's limit, or a shorter one
CANARY = "b4d-c4nary"  # what the canaries serve; nothing of it may come out anywhere
PASSWD = "root:x:0:0"
_IMPOSSIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One bad input: where it is, what is answered there, and what becomes of a source that has it as its URL."""

    path: str
    answer: Answer | Callable[[Request], Answer]
    kind: Literal["fetched", "failed"] = "fetched"
    entries: int = 0  # as `sources --json` counts them
    says: str = ""  # a pattern found in the failure's sentence
    shows: tuple[str, ...] = ()  # in its articles, front matter included
    hides: tuple[str, ...] = ()  # not in its articles
    waits: tuple[timedelta, timedelta] | None = None  # until the next fetch, at least and at most
    alone: bool = False  # on a server of its own: a Retry-After holds for the whole host
    url: str = ""  # of its source, where that is not the server's own

    @property
    def is_slow(self) -> bool:
        """Whether a slow machine may give up before the row is read to its end."""
        return self.path.startswith(("/killed/", "/size/"))

    @property
    def name(self) -> str:
        """Of its source."""
        return "bad" + "".join(c if c.isalnum() and c.isascii() and not c.isupper() else "-" for c in self.path)


def fetched(path: str, body: bytes | Answer | Callable[[Request], Answer], entries: int = 1, **more: Any) -> Row:
    """A row whose source is read, with so many entries."""
    answer = Answer(body=body) if isinstance(body, bytes) else body
    return Row(path=path, answer=answer, kind="fetched", entries=entries, **more)


def failed(path: str, says: str, answer: bytes | Answer | Callable[[Request], Answer], **more: Any) -> Row:
    """A row whose source fails with a sentence in which the pattern `says` is found."""
    if isinstance(answer, bytes):
        answer = Answer(body=answer)
    return Row(path=path, answer=answer, kind="failed", says=says, **more)


def number(path: str) -> int:
    """Of the first story of `path`: no two rows share a link, a guid or a text."""
    return crc32(path.encode()) % 900_000 * 1000


def story(path: str, place: int = 0, **fields: str) -> str:
    """Inner XML of an item of `path`; its title says which."""
    return item(number(path) + place, **{"title": f"Story {place} of {path}", **fields})


def stories(path: str, field_: str, values: Sequence[str], form: str = "{}") -> bytes:
    """An RSS document with one item a value, which stands in `field_`, XML-escaped, within `form`."""
    return rss(*(story(path, place, **{field_: form.format(written(value))}) for place, value in enumerate(values)))


def written(text: str) -> str:
    """`text` as character data of an XML document; what XML cannot hold is written as a character reference."""
    return _IMPOSSIBLE.sub(lambda character: f"&#{ord(character[0])};", escape(text))


def atom(*entries: str, head: str = "") -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>A feed</title><id>tag:hostile.example,2026:feed</id>{head}"
        + "".join(f"<entry>{entry}</entry>" for entry in entries)
        + "</feed>"
    ).encode()


def json_feed(items: Any, **more: Any) -> bytes:
    return json.dumps(
        {"version": "https://jsonfeed.org/version/1.1", "title": "A feed", **more, "items": items}
    ).encode()
