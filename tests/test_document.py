"""What a document costs: plain ones no more than their size says, and the same is read of all of them anywhere."""

import asyncio
import pickle
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from aggregator.app import READ
from aggregator.document import ReadResult, Subscriber, read, subscriber
from aggregator.model import Failure, FeedDocument
from aggregator.parse import is_cheap
from aggregator.parse.cost import MAX_BYTES
from aggregator.sandbox import Aborted, Limits, Sandbox
from tests.cases import for_each
from tests.conftest import SHARED
from tests.sources import source
from tests.thorough import THOROUGH, some

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CORPUS = SHARED / "corpus"
SMALL, GROWTH = 16_000, 4  # bytes of a hostile document, and how many times as long the other is
MOST = 10  # times as long it may take: less would be a test of the machine
NOTHING = 0.05  # CPU seconds that are nobody's concern
TRIES = 3
LONGEST = 2  # CPU seconds of a cheap document of 100 kB; most take a hundredth

HEAD = (
    '<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    ' xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>t</title><link>http://s.example/</link>'
)
TAIL = "</channel></rss>"


def document(body: str | bytes) -> FeedDocument:
    data = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    return FeedDocument(url="http://s.example/f", final_url="http://s.example/f", body=data, digest=b"")


def takers(language: str | None = "en") -> tuple[Subscriber, ...]:
    return (subscriber(source("s", "http://u:p@s.example/f", source_id=1, language=language), b""),)


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def times(unit: str, size: int) -> str:
    return unit * (size // len(unit.encode("utf-8", "surrogatepass")))


def body(unit: str) -> Callable[[int], str]:
    """Documents with one entry whose text, HTML, is nothing but `unit`."""
    return lambda size: (
        f"{HEAD}<item><title>x</title><description>{escaped(times(unit, size))}</description></item>{TAIL}"
    )


def html(before: str, unit: str, after: str = "") -> Callable[[int], str]:
    """Documents with one entry whose text, HTML, has `unit` again and again between `before` and `after`."""
    return lambda size: (
        f"{HEAD}<item><title>x</title><description>"
        f"{escaped(before + times(unit, size) + after)}</description></item>{TAIL}"
    )


def field(name: str, unit: str) -> Callable[[int], str]:
    """Documents with one entry whose field `name` is nothing but `unit`."""
    return lambda size: f"{HEAD}<item><title>x</title><{name}>{escaped(times(unit, size))}</{name}></item>{TAIL}"


def inside(unit: str, before: str = "<item><title>x</title>", after: str = "</item>") -> Callable[[int], str]:
    """Documents with `unit`, XML, again and again."""
    return lambda size: f"{HEAD}{before}{times(unit, size)}{after}{TAIL}"


def nested(name: str, attributes: str = "") -> Callable[[int], str]:
    """Documents with elements `name` in each other."""

    def make(size: int) -> str:
        start, end = f"<{name} {attributes}>", f"</{name}>"
        count = size // len(start + end)
        return f"{HEAD}<item><title>x</title>{start * count}{end * count}</item>{TAIL}"

    return make


def numbered(template: str, around: str = "{}") -> Callable[[int], str]:
    """Documents with `template` again and again, each time with another number."""

    def make(size: int) -> str:
        return HEAD + around.format("".join(template.format(n=n) for n in range(size // len(template)))) + TAIL

    return make


MARKS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
UNITS = (
    "<", "<!", "<!-- -->", "<?", "</", "&", "&#", "&amp;", "&amp;amp;", "&lt;", "&nbsp;", "&#60;", "&#xD800;",
    '<a href="', '<a href="http://x/">a</a>', '<a href="http://x/">[', "<img src=http://a/b>",
    "&bogus;", '<img srcset="a 1w, b 2w">',
    "\n", "\n\n", " \n", " ", "\u2028", "\u200b", "\u202e", "\ufeff", "\u0301", "\u4e00", "\U0001f600", "\ud800",
    "``` ", "```\n", "~~~\n", "[x](", "](", "![", "**a", "*a**", "a*b_c~", "_a ", "> ", "- ", "1. ", "# ", "| a ",
    "\\", "<b>a</b>*", "<b><i>", "<code>`", "<pre>```", "<b>*<i>_", "<table><tr><td>", "<td colspan=99 rowspan=99>",
    "<ul><li>", "<ol><li>x", "<blockquote>x", "<dl><dt>", "<h1><b>", "<p><b>", "<b><p>", "<i><h1>", "<button><p>",
    "{{<", "{{%", "{#a}", "# a {", "http://", "http://a ", "http://a &amp;amp; ", "<p>[x]: ", "[x]: y\n", "[^1]: ",
    "<b>\u2019<i>\u201c", "a<b>,</b>b", "!<a href='http://x/'>y</a>", "x<wbr>", "<br><br>", "<nobr>", "<svg><p>",
    "<math><mi>",
    "<picture><source srcset='a 1w'><img src=b></picture>", "<img data-src=a><noscript><img src=a></noscript>",
    "<object><param name=a value='http://x/'>", "<iframe src='http://x/'>", "<select><option>", "<script>", "<style>",
    "<textarea>", "<title>", "<plaintext>", "<frameset>", "<form>", "<center>", "<section>",
)  # fmt: skip
TAGS = (
    "a", "b", "blockquote", "br", "code", "dd", "div", "dl", "dt", "em", "h1", "hr", "img", "li", "ol", "p",
    "pre", "q", "s", "table", "td", "th", "tr", "u", "ul",
)  # fmt: skip
FIELDS = (
    "title", "author", "dc:creator", "pubDate", "dc:date", "category", "guid", "link", "enclosure", "comments",
    "dc:language", "media:title",
)  # fmt: skip
FILLINGS = ("a", "a@b.c (", "1", " ", "(a) ", "http://a/", "../", 'datetime="', "%", "\u4e00")
ELEMENTS = (
    "item", "category", "guid", "link", "title", "description", "enclosure", "dc:creator", "media:content",
    "media:group", "content:encoded",
)  # fmt: skip

HOSTILE: dict[str, Callable[[int], str]] = {
    **{f"text of {mark}": body(mark + " ") for mark in MARKS},
    **{f"text of x{mark}": body("x" + mark) for mark in MARKS},
    **{f"text of {mark * 400}": body(mark * 400 + "\n") for mark in MARKS},
    **{f"text of {unit!r}": body(unit) for unit in UNITS},
    **{f"title of {unit!r}": field("title", unit) for unit in UNITS[:45]},
    **{f"open {tag}": body(f"<{tag}>") for tag in TAGS},
    **{f"pairs of {tag}": body(f"<{tag}>x</{tag}>") for tag in TAGS},
    **{f"{name} of {unit!r}": field(name, unit) for name in FIELDS for unit in FILLINGS},
    **{f"many {name}": inside(f"<{name}>x</{name}>") for name in ELEMENTS},
    **{f"many different {name}": numbered(f'<{name} url="http://x/{{n}}" term="t{{n}}" rel="enclosure">x{{n}}</{name}>',
                                          "<item><title>x</title>{}</item>") for name in ELEMENTS},
    **{f"nested {name}": nested(name) for name in ELEMENTS},
    "entries": numbered("<item><title>{n}</title><guid>{n}</guid><link>http://x/{n}</link></item>"),
    "entries of one guid": numbered("<item><title>{n}</title><guid>1</guid><link>http://x/{n}</link></item>"),
    "entries of one title": numbered("<item><title>1</title><guid>{n}</guid><link>http://x/{n}</link></item>"),
    "entries of one link": numbered("<item><title>{n}</title><guid>{n}</guid><link>http://x/1</link></item>"),
    "elements of all names": numbered("<t{n}>x</t{n}>", "<item><title>x</title>{}</item>"),
    "attributes": numbered(' a{n}="b"', "<item><title>x</title><link{}/></item>"),
    "comments": inside("<!-- x -->", "", ""),
    "instructions": inside("<?x y?>", "", ""),
    "sections": inside("<![CDATA[x]]>", "<item><description>", "</description></item>"),
    "hours": inside("<hour>1</hour>", "<skipHours>", "</skipHours>"),
    "malformed, open": inside("<b>", "<item><title>x</wrong>"),
    "malformed, ends": inside("</b>", "<item><title>x</wrong>"),
    "malformed, half a tag": inside("<a ", "<item><title>x</wrong>"),
    "malformed, half an attribute": inside('<a b="', "<item><title>x</wrong>"),
    "malformed, half a comment": inside("<!--", "<item><title>x</wrong>"),
    "malformed, half a section": inside("<![CDATA[", "<item><title>x</wrong>"),
    "malformed, references": inside("&amp;", "<item><title>x</wrong>"),
    "malformed, half a reference": inside("&", "<item><title>x</wrong>"),
    "xhtml": inside("<div>", '<item><atom:content type="xhtml">', ""),
    "comments before": lambda size: times("<!-- x -->", size) + HEAD + TAIL,
    "blanks before": lambda size: times(" ", size) + HEAD + TAIL,
    "half comments alone": lambda size: times("<!--", size),
    "JSON nested": lambda size: '{"version":"https://jsonfeed.org/version/1","items":' + times("[", size),
    "JSON entries": lambda size: '{"version":"https://jsonfeed.org/version/1","items":['
    + ",".join(f'{{"id":"{n}","title":"a"}}' for n in range(size // 22)) + "]}",
    "JSON tags": lambda size: '{"version":"https://jsonfeed.org/version/1","items":[{"id":"1","title":"a","tags":['
    + ",".join(f'"{n}"' for n in range(size // 7)) + "]}]}",
}  # fmt: skip


# What looks harmless in short texts: each of these once took minutes, or with a few characters more for ever.
SLOW_ONCE: dict[str, Callable[[int], str]] = {
    "words of hidden": body(" hidden"),
    "classes before code": html("<pre>", "class="),
    "late images": html("", f"<img src=//a.example/b srcset='{'a' * 8000} b'>"),
    "width of blanks": html("<img src=//a.example/b width='1", " ", "x'>"),
    "emoji": html("", "<img class=emoji src=//a.example/b alt='" + "\u2139\ufe0f" * 20 + "b'>"),
    "empty posts": html(f"<blockquote><a href='https://{'a' * 8000}'>", " ", "x</a></blockquote>"),
    "links of AMP": numbered("<item><title>{n}</title><link>https://a.example/{n}" + ".amp" * 2000 + "</link></item>"),
    "folders of AMP": numbered(
        "<item><title>{n}</title><link>https://a.example/{n}" + "/..amp" * 1300 + "</link></item>"
    ),
}


def seconds(made: FeedDocument) -> float:
    started = time.thread_time()
    read(made, takers(), NOW, 50)
    return time.thread_time() - started


@for_each("name", some(list(HOSTILE), 8))
def test_a_plain_document_takes_time_in_proportion_to_its_size(name: str) -> None:
    short, long = (document(HOSTILE[name](size)) for size in (SMALL, SMALL * GROWTH))
    if not is_cheap(long):
        return  # it is for `test_what_is_not_plain` and the processes
    for _ in range(TRIES):
        if seconds(long) <= MOST * seconds(short) + NOTHING:
            return
    pytest.fail("it takes more than its share of time")


@for_each("name", list(SLOW_ONCE))
def test_a_cheap_document_takes_little_time(name: str) -> None:
    made = document(SLOW_ONCE[name](100_000))
    assert is_cheap(made)
    assert seconds(made) < LONGEST


@for_each(
    "body",
    [
        HEAD + " " * MAX_BYTES + TAIL,
        "<!DOCTYPE rss [<!ENTITY a 'b'>]>" + HEAD + TAIL,
        f"{HEAD}<item><title>{'*' * 600}</title></item>{TAIL}",
        HEAD + '<a xmlns:b="c">' * 1100,
        HEAD + '<a xml:base="c/">' * 1100,
        (HEAD + TAIL).encode("utf-16"),
        (HEAD + TAIL).encode("utf-32-be"),
        b"\0" * 100,
    ],
)
def test_what_is_not_plain(body: str | bytes) -> None:
    assert not is_cheap(document(body))


def test_plain_is_what_sources_publish() -> None:
    entry = f"<item><title>x</title><description>{escaped('<p>Some words.</p>' * 100)}</description></item>"
    assert is_cheap(document(f"{HEAD}<!-- a comment --><![CDATA[ ]]>{entry * 50}{TAIL}"))


def test_nearly_all_real_feeds_of_usual_size_are_plain() -> None:
    bodies = [path.read_bytes() for path in CORPUS.glob("*") if path.suffix != ".tsv"] if CORPUS.is_dir() else []
    if not bodies:
        pytest.skip("the corpus of real feeds is not beside this clone")
    usual = [body for body in bodies if len(body) <= MAX_BYTES]
    assert sum(is_cheap(document(body)) for body in usual) > 0.95 * len(usual)


def test_what_is_read_needs_no_secret() -> None:
    made = subscriber(source("s", "http://user:word@s.example/f", headers={"X-Key": "hidden"}), b"")
    assert "word" not in repr(made)
    assert b"word" not in pickle.dumps(made)
    assert b"hidden" not in pickle.dumps(made)


def test_entries_seen_before_and_texts_that_have_served_stay_behind() -> None:
    made = document(HOSTILE["entries"](2_000))
    first = read(made, takers(), NOW, 50)
    assert isinstance(first, tuple)
    (drafts,) = first
    assert drafts.keyed
    seen = b"".join(entry.digest for entry in drafts.feed.entries)
    again = read(made, (replace(takers()[0], seen=seen),), NOW, 50)
    assert isinstance(again, tuple)
    assert again[0].keyed == ()
    assert len(again[0].feed.entries) == len(drafts.feed.entries)


def read_sandboxed(*documents: FeedDocument, **limits: Any) -> list[ReadResult | Aborted]:
    async def all_of_them() -> list[ReadResult | Aborted]:
        return await asyncio.gather(*(calls.call(body, takers(None), NOW, 50) for body in documents))

    with Sandbox[ReadResult](READ, limits=Limits(deadline=600, **limits)) as calls:
        return asyncio.run(all_of_them())


def sample() -> list[Path]:
    return (
        sorted(path for path in CORPUS.glob("*") if path.suffix != ".tsv")[:: 7 if THOROUGH else 14]
        if CORPUS.is_dir()
        else []
    )


def test_the_same_is_read_in_a_process_and_here() -> None:
    documents = [document(path.read_bytes()) for path in sample()]
    documents += [document(make(5_000)) for make in list(HOSTILE.values())[:: 20 if THOROUGH else 80]]
    documents += [document("no feed"), document(b"\xff\xfe")]
    here = [read(body, takers(None), NOW, 50) for body in documents]
    assert read_sandboxed(*documents, seconds=600) == here
    assert any(isinstance(answer, Failure) for answer in here)


def test_what_takes_too_long_is_stopped_in_a_process() -> None:
    assert read_sandboxed(document(HOSTILE["text of '<p>[x]: '"](9_000_000)), seconds=0.5) == [Aborted(cause="time")]


def test_what_takes_too_much_memory_is_stopped_in_a_process() -> None:
    made = document(HOSTILE["elements of all names"](9_000_000))
    assert read_sandboxed(made, seconds=600, memory=40_000_000) == [Aborted(cause="memory")]
