"""Where fuzzing starts: for each property, inputs that reach far into the code."""

from pathlib import Path

from tests.conftest import SHARED
from tests.normalise.harmless import BODIES
from tests.normalise.test_dates import READABLE
from tests.parse.test_properties import WHOLE
from tests.vectors import VECTORS

FOUND = Path(__file__).parent / "found"  # a folder for each property: what it once failed with
_CORPUS = 40  # documents: the smaller ones, since speed is what finds
_PAGE = (
    b"<!doctype html><html><head><base href='/x/'><link rel='alternate' type='application/rss+xml' title='a' href='f'>"
    b"<link rel=alternate type=application/atom+xml href=//b.example/feed></head><body><a href='feed.xml'>RSS</a>"
)
_OPML = (
    b"<?xml version='1.0'?><opml version='2.0'><head><title>t</title></head><body><outline text='Folder'>"
    b"<outline type='rss' text='a' title='b' xmlUrl='https://a.example/f' htmlUrl='https://a.example/'/></outline></body></opml>"
)
_HEADERS = (
    b"max-age=60, s-maxage=10, no-cache, private",
    b"Tue, 24 Nov 2026 12:00:00 GMT",
    b"120",
    b"<https://a.example/feed>; rel=\"self hub\"; type='application/rss+xml', <x>; rel=next",
    b"hub.mode=subscribe&hub.topic=https%3A%2F%2Fa.example%2F&hub.challenge=x&hub.lease_seconds=864000",
    b"sha256=0123456789abcdef",
    b"en-US",
    b"https://news.example/",
)


def seeds(name: str) -> list[bytes]:
    """Inputs of the property, what it once failed with among them."""
    return [*found(name), *_SEEDS[name]()]


def found(name: str) -> list[bytes]:
    """What the property once failed with."""
    return [path.read_bytes() for path in sorted((FOUND / name).glob("*"))]


def _encoded(texts: list[str]) -> list[bytes]:
    return [text.encode("utf-8", "surrogatepass") for text in texts]


def _documents() -> list[bytes]:
    paths = sorted(SHARED.glob("corpus/*"), key=lambda path: path.stat().st_size)[:_CORPUS]
    return [*_encoded(WHOLE), *(path.read_bytes() for path in paths)]


_VALUES = [vector.value for vector in VECTORS]
_SEEDS = {
    "parse": lambda: [body for body in _documents() if not body.lstrip().startswith(b"{")],
    "jsonfeed": lambda: [body for body in _documents() if body.lstrip().startswith(b"{")],
    "clean": lambda: _encoded([*BODIES, *(vector.as_html for vector in VECTORS)]),
    "dates": lambda: _encoded([text for text, *_ in READABLE]),
    "titles": lambda: _encoded(_VALUES),
    "links": lambda: _encoded([vector.value for vector in VECTORS if vector.kind == "address"]),
    "page": lambda: [_PAGE, *_encoded(_VALUES[:100])],
    "opml": lambda: [_OPML],
    "headers": lambda: [*_HEADERS, *_encoded([text for text, *_ in READABLE])],
    "article": lambda: _encoded(_VALUES),
}
