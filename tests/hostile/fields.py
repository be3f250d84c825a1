"""Hostile values of fields: dates, links, paths, and text that would be markup."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import count
from typing import Any

from tests.hostile.rows import Row, atom, failed, fetched, json_feed, stories, story, written
from tests.newsroom import rss
from tests.normalise.hostile import ADDRESSES, MARKUP, TEXTS
from tests.thorough import THOROUGH

DATES = (
    *("0000-00-00T00:00:00Z", "0000-01-01", "0001-01-01T00:00:00Z", "-0001-01-01", "9999-12-31T23:59:59-23:59"),
    *("10000-01-01", "99999999-01-01", "1e20", "100000000000000000000", "-1", "0", "nan", "inf", "Infinity"),
    *("Mon, 01 Jan 0000 00:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 +9999", "Mon, 32 Foo 2026 25:61:61 +9999"),
    *(
        "Tue, 31 Feb 2026 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "2026-13-45T99:99:99Z",
        "20261350",
        "9" * 10_000,
    ),
    *("2026-11-24T12:00:00" + "0" * 10_000 + "Z", "2026-11-24T12:00:00.99999999999999Z", "2026-W99-9", "2026-366"),
    *("<time>", "\u0662\u0660\u0662\u0666-\u0661\u0661-\u0662\u0664", "٩" * 5000, " ", "+" * 20_000, "1:" * 20_000),
)
LINKS = (
    *(
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "\x01javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
    ),
    *(
        "vbscript:x",
        "file:///etc/passwd",
        "//",
        "http://",
        "http://[",
        "https://a.example:99999/",
        "mailto:a@a.example",
    ),
    *("https://u:p@a.example/", "https://a.example/\r\nSet-Cookie: x", "https://a.example/)[x](javascript:alert(1))"),
    *(
        "https://a.example/{{<x>}}",
        "https://a.example/\u202e",
        "?",
        "#",
        "..",
        "https:/\\a.example",
        "blob:https://a.example/1",
    ),
)
TRAVERSALS = (
    *("../../../../../../tmp/hostile-was-here", "/etc/cron.d/hostile", "..\\..\\hostile", "....//....//hostile"),
    *(
        "%2e%2e%2fhostile",
        "..%c0%afhostile",
        ".",
        "..",
        "/",
        "C:\\hostile",
        "CON",
        "nul.md",
        "~/hostile",
        "$(touch hostile)",
    ),
    *("`touch hostile`", "hostile\0.md", "a/b/c", "-rf", "index.html", "feeds.yaml", "aggregator.db", "x" * 5000),
    *("\u2025/\u2025/hostile", "．．／hostile", "..;/hostile", "con:stream", ".htaccess", "日本語" * 200),
)
YAML = (
    '"\nalias: [pwned]\n---\n',
    "---\ntitle: pwned\n---",
    "!!python/object/apply:os.system ['touch hostile']",
    "&anchor *alias",
    "{a: b}",
    "yes",
    "2024-01-01",
    "null",
    "'",
    '\\"',
    "\\",
    "+++\ntitle = 'pwned'\n+++",
    "%YAML 1.2",
    "a: b # c",
    "| \n x",
    "\u2028---\u2028draft: true",
    "\x85draft: true",
)


def share(values: Sequence[str], place: int) -> Sequence[str]:
    """A third of the values, another one at each place; all of them in a thorough run."""
    return values if THOROUGH else values[place % 3 :: 3]


def values() -> Iterator[Row]:
    """Dates, guids, links and names that are none, or lead somewhere."""
    yield fetched("/value/dates", stories("/value/dates", "pubDate", DATES), len(DATES))
    entries = (
        f"<id>tag:hostile.example,2026:{n}</id><title>Dated {n}</title><content>{n * 'x '}</content>"
        f"<updated>{written(date)}</updated><published>{written(date)}</published>"
        for n, date in enumerate(DATES)
    )
    yield fetched("/value/dates-atom", atom(*entries), len(DATES))
    dates: list[Any] = [*DATES, 1e300, -1, True, [], {}, None]
    items = [
        {
            "id": f"https://hostile.example/dates/{n}",
            "title": f"Dated in JSON {n}",
            "content_text": f"{n} y " * n,
            "date_published": date,
        }
        for n, date in enumerate(dates)
    ]
    yield fetched("/value/dates-json", json_feed(items), len(items))
    doubled = [story("/value/guids-doubled", n, guid="one") for n in range(10)]
    yield fetched("/value/guids-doubled", rss(*doubled), 10, shows=("Story 0 of", "Story 9 of"))
    empty = [story("/value/guids-empty", n, guid=" ") for n in range(10)]
    yield fetched("/value/guids-empty", rss(*empty), 10, shows=("Story 0 of", "Story 9 of"))
    yield fetched(
        "/value/links", stories("/value/links", "link", LINKS), len(LINKS), hides=("](javascript", "](data:", "u:p@")
    )
    guids = [
        f'<guid isPermaLink="true">{written(link)}</guid><title>Guid {n}</title><description>{n * "z "}</description>'
        for n, link in enumerate(LINKS)
    ]
    yield fetched("/value/guids-links", rss(*guids), len(LINKS), hides=("](javascript", "](data:", "u:p@"))
    for place, field_ in enumerate(("title", "category", "guid", "author", "link")):
        path, paths = f"/path/{field_}", share(TRAVERSALS, place)
        yield fetched(path, stories(path, field_, paths), len(paths))
    for place, field_ in enumerate(("title", "category", "author", "description")):
        path, lines = f"/yaml/{field_}", share(YAML, place)
        yield fetched(path, stories(path, field_, lines), len(lines))
    logged = 'a\nfake: line\r\n\x1b[2J\x9b31m{"level": "fake"}\u2028b'
    yield failed(
        "/value/log", "truncated", rss(story("/value/log", title=written(logged)))[:-30].replace(b"</item>", b"")
    )


def injections() -> Iterator[Row]:
    """Markdown, shortcodes and HTML that acts, in every field."""
    places = count()
    for field_ in ("title", "description", "category", "author"):
        path = f"/text/{field_}"
        texts = share(TEXTS, next(places))
        values = [escape(text) for text in texts] if field_ == "description" else texts
        yield fetched(path, stories(path, field_, values), len(values))
    for field_ in ("title", "description", "content:encoded"):
        path = f"/html/{field_.replace(':', '-')}"
        values = share(MARKUP, next(places))
        yield fetched(path, stories(path, field_, values), len(values))
    for field_ in ("category", "author", "comments", "pubDate", "source", "media:description"):
        path = f"/html/{field_.replace(':', '-').lower()}"
        form = "x@example.org ({})" if field_ == "author" else "{}"
        place = next(places)
        values = share(MARKUP[place % 3 :: 3], place // 3)
        yield fetched(path, stories(path, field_, values, form), len(values))
    path = "/html/enclosure"
    values = (*share(MARKUP, next(places)), *LINKS)
    several = (
        story(path, n) + f'<enclosure url="{written(v)}" type="{written(v)}" length="{written(v)}"/>'
        for n, v in enumerate(values)
    )
    yield fetched(path, rss(*several), len(values))
    path = "/html/image"
    several = (
        story(path, n, description=escape(f'<p>a<img src="{escape(v)}" alt="{escape(v)}" title="{escape(v)}"></p>'))
        for n, v in enumerate((*ADDRESSES, *LINKS))
    )
    yield fetched(path, rss(*several), len(ADDRESSES) + len(LINKS))
    path = "/html/link"
    several = (
        story(path, n, description=escape(f'<p><a href="{escape(v)}" title="{escape(v)}">{escape(v)}</a></p>'))
        for n, v in enumerate((*ADDRESSES, *LINKS))
    )
    yield fetched(path, rss(*several), len(ADDRESSES) + len(LINKS))
    path = "/html/feed"
    head = "".join(
        f"<{name}>{written(''.join(MARKUP[:20]))}</{name}>"
        for name in ("language", "generator", "copyright", "managingEditor", "docs")
    )
    document = (
        rss(story(path), head=head)
        .replace(b"A source", written("".join(MARKUP[:40])).encode())
        .replace(b"https://source.example/<", b"javascript:alert(1)<")
    )
    yield fetched(path, document)
    values = share(MARKUP, next(places))
    entries = (
        f"<id>tag:hostile.example,2026:atom-{n}</id><title type='html'>{v}</title><summary type='html'>{v}</summary>"
        f"<content type='html'>{v} {n * 'w '}</content><author><name>{v}</name><uri>{v}</uri></author>"
        f"<category term='{v}' label='{v}' scheme='{v}'/><link href='{v}'/><rights>{v}</rights>"
        for n, v in enumerate(map(written, values))
    )
    yield fetched("/html/atom", atom(*entries), len(values))
    div, script = '<div xmlns="http://www.w3.org/1999/xhtml" onclick="alert(1)">', "<script>alert(1)</script>"
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">{script}</svg>'
    xhtml = (
        f'<id>tag:hostile.example,2026:xhtml</id><title type="xhtml">{div}{script}A title</div></title>'
        f'<content type="xhtml">{div}{script}<style>x</style>{svg}Shown</div></content>'
    )
    shows, hides = ("A title", "Shown"), ("onclick", "onload", "<svg", "<style")
    yield fetched("/html/xhtml", atom(xhtml), shows=shows, hides=hides)
    values = share(MARKUP, next(places))
    items = [
        {
            "id": f"https://hostile.example/json/{n}",
            "content_html": f"{v} {n * 'v '}",
            "authors": [{"name": v, "url": v}],
            "tags": [v],
            "attachments": [{"url": v, "mime_type": v, "title": v}],
            **dict.fromkeys(("title", "summary", "url", "external_url", "image", "banner_image", "language"), v),
        }
        for n, v in enumerate(values)
    ]
    yield fetched(
        "/html/json", json_feed(items, home_page_url="javascript:alert(1)", icon="javascript:alert(1)"), len(values)
    )
