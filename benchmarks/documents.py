"""Generated feeds: equal arguments give equal bytes."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import blake2b
from random import Random
from xml.sax.saxutils import escape

ATOM_SHARE = 5  # every fifth source is Atom, the others RSS
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
SYLLABLES = [a + b for a in "bcdfglmnprstv" for b in ("a", "e", "i", "o", "u", "an", "er", "on", "is")]


class Generated:
    """Feeds of `number` sources with `entries` entries of `body_bytes` of HTML each, in plain paragraphs of English."""

    def __init__(self, number: int, entries: int, body_bytes: int) -> None:
        self._number, self._entries, self._body_bytes = number, entries, body_bytes

    def __len__(self) -> int:
        return self._number

    def content_type(self, number: int) -> str:
        return "application/atom+xml" if number % ATOM_SHARE == 0 else "application/rss+xml"

    def body(self, number: int, newer: int) -> bytes:
        """Return the feed of source `number`. Its oldest `newer` entries have made room for as many new ones."""
        entries = range(self._entries + newer - 1, newer - 1, -1)
        write = _atom if number % ATOM_SHARE == 0 else _rss
        return write(number, entries, self._body_bytes).encode()


def _rss(source: int, numbers: range, body_bytes: int) -> str:
    items = "".join(
        f"<item><title>{_title(source, n)}</title><link>{_link(source, n)}</link>"
        f'<guid isPermaLink="false">{source}-{n}</guid><pubDate>{format_datetime(_date(n))}</pubDate>'
        f"<dc:creator>Reporter {n % 7}</dc:creator><category>news</category>"
        f"<content:encoded><![CDATA[{_body(source, n, body_bytes)}]]></content:encoded></item>"
        for n in numbers
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>Source {source}</title><link>http://s{source}.example/</link><language>en</language>"
        f"<description>Benchmark</description>{items}</channel></rss>"
    )


def _atom(source: int, numbers: range, body_bytes: int) -> str:
    entries = "".join(
        f'<entry><title>{_title(source, n)}</title><link href="{_link(source, n)}"/><id>tag:s{source}.example:{n}</id>'
        f"<published>{_date(n).isoformat()}</published><updated>{_date(n).isoformat()}</updated>"
        f"<author><name>Reporter {n % 7}</name></author>"
        f'<content type="html">{escape(_body(source, n, body_bytes))}</content></entry>'
        for n in numbers
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">'
        f'<title>Source {source}</title><id>tag:s{source}.example</id><link href="http://s{source}.example/"/>'
        f"<updated>2026-01-01T00:00:00Z</updated>{entries}</feed>"
    )


def _link(source: int, number: int) -> str:
    return f"http://s{source}.example/stories/{number}"


def _date(number: int) -> datetime:
    return FIRST_DAY + timedelta(hours=number)


def _random(source: int, number: int) -> Random:
    return Random(blake2b(f"{source}/{number}".encode()).digest())


def _title(source: int, number: int) -> str:
    return _words(_random(source, number), 9).capitalize()


def _words(random: Random, count: int) -> str:
    return " ".join("".join(random.choices(SYLLABLES, k=random.randint(1, 3))) for _ in range(count))


def _body(source: int, number: int, size: int) -> str:
    random, parts, length = _random(source, number), [], 0
    while length < size:
        link = f'<a href="http://s{source}.example/topics/{random.randint(1, 99)}">{_words(random, 2)}</a>'
        part = f"<p>{_words(random, 30).capitalize()}, {link}, <em>{_words(random, 2)}</em> {_words(random, 25)}.</p>"
        parts.append(part)
        length += len(part)
    return "\n".join(parts)
