"""Extensions of feeds whose elements come without end, or name what is not the source's: media, podcasts, archives."""

from collections.abc import Iterator

from tests.hostile.rows import Row, atom, fetched, number, story
from tests.newsroom import rss
from tests.servers import Answer, Request

MEDIA = (
    '<media:content url="https://hostile.example/{n}.jpg" medium="image"/>',
    '<media:group><media:content url="https://hostile.example/{n}.mp4"/><media:credit>a{n}</media:credit>',
)
PODCAST = (
    '<podcast:transcript url="javascript:alert({n})" type="text/html"/>',
    '<podcast:person href="javascript:alert({n})">Person {n}</podcast:person>',
    '<podcast:soundbite startTime="1e{n}" duration="-1">bite {n}</podcast:soundbite>',
    '<podcast:chapters url="file:///etc/passwd" type="application/json+chapters"/>',
)
NAMESPACE = b'<rss xmlns:podcast="https://podcastindex.org/namespace/1.0" '


def _many(path: str, elements: tuple[str, ...]) -> bytes:
    """Return a document whose one item has each of the elements 5,000 times."""
    return rss(story(path) + "".join(element.format(n=n) for n in range(5000) for element in elements))


def media() -> Iterator[Row]:
    """Media and podcasts beyond all bounds."""
    yield fetched("/many/media", _many("/many/media", MEDIA[:1]))
    yield fetched("/many/groups", rss(story("/many/groups") + MEDIA[1].format(n=0) * 5000 + "</media:group>" * 5000))
    path = "/many/podcast"
    yield fetched(path, _many(path, PODCAST).replace(b"<rss ", NAMESPACE, 1), hides=("javascript:", "/etc/passwd"))


def _entry(path: str) -> str:
    """Return the content of an Atom entry."""
    link = f"https://hostile.example/stories/{number(path)}"
    return (
        f'<id>{link}</id><title>Story 0 of {path}</title><link href="{link}"/><updated>2026-11-20T10:00:00Z</updated>'
    )


def tombstones(healthy: str) -> Iterator[Row]:
    """Tombstones without end, and of what others published; `healthy` is the id of a story of a healthy source."""
    namespace = b'<feed xmlns:at="http://purl.org/atompub/tombstones/1.0" '
    when = "2026-11-22T10:00:00Z"
    for name, deleted in (
        ("flood", "".join(f'<at:deleted-entry ref="tag:{n}" when="{when}"/>' for n in range(20_000))),
        ("nested", f'<at:deleted-entry ref="tag:0" when="{when}">' * 5000 + "</at:deleted-entry>" * 5000),
        ("long", f'<at:deleted-entry ref="{"r" * 1_000_000}" when="{"2" * 1_000_000}"/>'),
        ("others", f'<at:deleted-entry ref="{healthy}" when="9999-12-31T23:59:59Z"/>'),
    ):
        path = f"/tombstone/{name}"
        yield fetched(path, atom(_entry(path), head=deleted).replace(b"<feed ", namespace, 1))


def archives(private: str) -> Iterator[Row]:
    """Feeds whose archives are to be read, and lead to themselves, to what is no page, or to the `private` address."""
    yield _archive("itself", "{self}", Answer())
    yield _archive("private", private, Answer())
    yield _archive("redirected", "{self}?page=2", Answer(status=302, headers={"Location": private}))
    yield _archive("html", "{self}?page=2", Answer(body=b"<html>No feed</html>", headers={"Content-Type": "text/html"}))
    yield _archive("huge", "{self}?page=2", Answer(chunks=(b"<rss>", *(b"x" * 1_000_000 for _ in range(50)))))


def _archive(name: str, older: str, page: Answer) -> Row:
    path = f"/archive/{name}"
    link = f'<link rel="prev-archive" href="{older.format(self=path)}"/>'
    document = Answer(body=atom(_entry(path), head=link))

    def answer(request: Request) -> Answer:
        return page if "?" in request.target else document

    return fetched(path, answer)
