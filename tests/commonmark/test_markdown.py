"""Markdown shows what the HTML showed, is written as people write it, and does nothing."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.commonmark import html_tree, safety_check
from aggregator.commonmark.blocks import MAX_NESTING, Writer
from aggregator.model import Feed, FeedDocument, TextConstruct
from aggregator.normalise.html import clean, paragraphs
from aggregator.parse import parse
from tests.cases import for_each
from tests.commonmark.writing import markdown
from tests.conftest import SHARED
from tests.normalise.fragments import broken_html
from tests.normalise.harmless import BODIES
from tests.normalise.hostile import ADDRESSES, MARKUP, TEXTS
from tests.normalise.rendering import BY_HUGO, Page, rendered
from tests.thorough import examples, some
from tests.vectors import VECTORS

# Places in which a text is written by other rules.
PLACES = (
    "<p>{0}</p>",
    "<p>a<br>{0}</p>",
    "<p>{0}<br>=-|</p>",
    "<p>a <b>{0}</b> c</p>",
    "<p>a<em>b</em>{0}<em>c</em></p>",
    "<p>!{0}<a href='https://a.example/'>(c)</a>{0}</p>",
    "<p><a href='https://a.example/'>{0}</a></p>",
    "<ul><li>{0}</li><li>b {0}</li></ul>",
    "<ol><li>{0}</li></ol>",
    "<blockquote>{0}</blockquote>",
    "<h2>{0}</h2>",
    "<table><tr><th>a</th><th>{0}</th></tr><tr><td>{0}</td><td>b</td></tr></table>",
    "<dl><dt>{0}</dt><dd>{0}</dd></dl>",
    "<p><code>{0}</code></p>",
    "<pre>{0}</pre>",
    "<ul><li><pre>a\n{0}</pre></li></ul>",
    "<em><pre>{0}</pre></em>",
    "<h2><pre>{0}</pre></h2>",
    '<h2><code>{0} {{style="</code> x"}}</h2>',
    "<p><s>{0}</s><code>`</code></p>",
    "<p>[{0}</p><p>{0}]</p>",
)
HARMLESS = (
    "One paragraph.",
    "<p>One.</p><p>Two.</p>",
    "<p>Line one<br>line two<br/>line three</p>",
    "<p>Para one<br><br>para two</p>",
    "<h1>Title</h1><p>Text</p><h2>Sub</h2><h6>Deep</h6>",
    "<p>C# and F#, #1 of 5 # all</p>",
    "<h3>C#</h3><h3>Ends with #</h3><h3>#</h3>",
    "<p><b>bold</b>, <i>italic</i>, <strong><em>both</em></strong>, <s>gone</s>, <u>under</u></p>",
    "<p>un<b>believ</b>able and in<i>tra</i>word</p>",
    "<p>said<b>“quoted.”</b>next, (<i>in brackets</i>), <b>Note:</b>text, 5<b>$</b>x</p>",
    "<p><b> spaced </b>out<i> here </i>.</p>",
    "<p>これは<b>「重要」</b>です。<b>太字。</b>次</p>",
    "<p>한국어<b>(중요)</b>입니다</p>",
    "<p><b>a</b><b>b</b> <b>c</b><i>d</i> <i>e</i><b>f</b></p>",
    "<p><b>a <i>b</i></b> <i>c <b>d</b></i> <b><i>e</i></b><i>f</i></p>",
    "<p><b></b>x<i> </i>y<a href='https://a.example/'></a>z</p>",
    "<p>5 * 3 * 2 = 30; a*b; 2 ** 3; **; * </p>",
    "<p>*each* word and _this_ too; snake_case_name; __init__; ~5 or ~~6~~; 2~3</p>",
    "<p>price* is net</p><p>*without tax</p>",
    "<p>`code` and ``more`` and a lone ` tick</p>",
    "<p>C:\\Users\\new\\_x_ and \\* and \\\\ and \\</p>",
    "<p>AT&amp;T, R&amp;D; &amp;amp; &amp;lt;b&amp;gt; &amp;copy; &amp; &amp;#39;</p>",
    "<p>Vec&lt;T&gt; a &lt; b &gt; c, &lt;3, &lt;- x</p>",
    '<p>Use &lt;div class="x"&gt; and &lt;!-- comments --&gt;</p>',
    "<p>[1] and [text](with brackets) and [ref][x] and ![no image](x)</p>",
    "<p>[1]: a definition</p><p>[^1]: a note</p><p>see [^1]</p>",
    "<p>1. Not a list</p><p>2025. Was a year</p><p>1) neither</p><p>10.5 is a number</p>",
    "<p>- not</p><p>+ a</p><p>* list</p><p>&gt; no quote</p><p># no heading</p><p>: no definition</p>",
    "<p>---</p><p>***</p><p>* * *</p><p>===</p><p>___</p><p>+++</p>",
    "<p>Title<br>===</p><p>Title<br>---</p><p>a|b<br>-|-</p><p>a<br>: b</p>",
    "<p>| a | b |</p><p>x | y</p>",
    "<p>{{ .Title }} {{&lt; x &gt;}} {{% y %}} {x} {.c}</p><h2>x {#id .c}</h2>",
    "<p>{.class}</p><p>a<br>{#id}</p>",
    "<p>See https://a.example/a_b_c and https://a.example/_x_ and (https://a.example/*z*), ok</p>",
    "<p>Mail a_b@a.example or www.a_b.example</p>",
    "<p><a href='https://a.example/x_y_(z)?a=1&amp;b=2#c'>a link</a>!<a href='https://b.example/'>more</a></p>",
    "<p><a href='https://a.example/'>https://a.example/_x_</a></p>",
    "<p><a href='https://a.example/'>[in] brackets *and* `ticks`</a></p>",
    "<p>wow!<a href='https://a.example/'>not an image</a></p>",
    "<p><a href='mailto:a@a.example'>mail</a></p>",
    "<p><a href='https://a.example/'><img src='https://a.example/i.png' alt='alt [x] *y*' title='a \"t\"'></a></p>",
    "<p><img src='https://a.example/i.png' alt='a\nb &lt;c&gt; ](x)'><img src='https://a.example/j.png'></p>",
    "<a href='https://a.example/'><h2>Linked title</h2><p>Linked text</p></a>",
    "<b><p>one</p><p>two</p></b><i>three<div>four</div>five</i>",
    "<figure><img src='https://a.example/i.png'><figcaption>A caption</figcaption></figure>",
    "<ul><li>one</li><li>two<ul><li>deep</li></ul></li><li>three</li></ul>",
    "<ul><li><p>one</p><p>more</p></li><li>two</li></ul>",
    "<ol start='7'><li>seven</li><li>eight<ol><li>inner</li></ol></li></ol>",
    "<ul><li>a</li></ul><ul><li>b</li></ul><ol><li>c</li></ol><ol><li>d</li></ol>",
    "<ul><li>text<pre>code\n\n  more</pre></li><li><blockquote>q</blockquote></li></ul>",
    "<ul><li>[ ] not a box</li><li>[x] nor this</li><li>- nor a list</li><li>1. nor this</li></ul>",
    "<ul>stray<li>a</li>text<ul><li>nested wrongly</li></ul></ul>",
    "<blockquote><p>a</p><blockquote>b</blockquote><ul><li>c</li></ul></blockquote><blockquote>d</blockquote>",
    "<pre><code>if a &lt; b:\n    c = `d`\n\n\n# {{ x }} ```\n~~~</code></pre>",
    "<pre>line one<br>line two</pre><pre>\n</pre>",
    "<p><code>a`b</code> <code>``</code> <code>`</code> <code>&lt;b&gt;</code> <code><a href='https://a.example/'>f()</a></code></p>",
    "<p><code>a</code><code>b</code> x<code> y</code></p>",
    "<table><tr><th>A</th><th>B|C</th></tr><tr><td>1<br>2</td><td><code>x|y</code> \\| z</td></tr></table>",
    "<table><tr><td colspan=2>wide</td></tr><tr><td>a</td><td>b</td></tr></table>",
    "<table><tr><td rowspan=2>tall</td><td>a</td></tr><tr><td>b</td></tr></table>",
    "<table><caption>Cap</caption><tr><td>a</td><td>b</td></tr><tr><td></td><td>d</td></tr></table>",
    "<table><tr><td>a</td><td>b</td></tr><caption>Cap</caption><tr><td>c</td><td>d</td></tr></table>",
    "<p>&lt;-@ul&gt; &lt;12@a.example&gt; &lt;1/2!?@a.example&gt; &lt;3 a@b.example</p>",
    "<table><tr><td><table><tr><td>laid</td><td>out</td></tr></table></td><td><p>with</p><p>tables</p></td></tr></table>",
    "<dl><dt>Term</dt><dd>Meaning</dd><dt><b>Other</b></dt><dd><p>a</p><p>b</p></dd></dl>",
    "<p>a</p><hr><p>b</p>",
    "<p>&nbsp;</p><p>a&nbsp;b</p><p> &nbsp; </p>",
    "<p>شما نمی‌دانید</p><p>שלום <b>עולם</b>!</p><p>👩‍💻 emoji 🏴</p>",
    "<p>H<sub>2</sub>O and E=mc<sup>2</sup>, <q>quoted</q> <mark>marked</mark> <abbr>HTML</abbr></p>",
    "<p>Long " + "word " * 300 + "</p>",
)


def written(html: str, *, strict: bool = False) -> str:
    """The Markdown before the gate has seen it."""
    return "\n\n".join(Writer(strict=strict).blocks(html_tree(html)))


def same(html: str, markdown: str) -> bool:
    """Return True if `markdown` shows the words, links and images of clean `html`, and nothing acts."""
    before, after = Page(html), Page(rendered(markdown))
    assert after.active == []
    return (before.unnumbered, before.images) == (after.unnumbered, after.images)


# ---------------------------------------------------------------------------------------------------- how it is written


@for_each(
    ("html", "expected"),
    [
        ("", ""),
        (" \n ", ""),
        ("<p>a</p>\n\n\n<p>b  c\n d</p>", "a\n\nb c d"),
        ("<p>the country&nbsp;would</p>", "the country\xa0would"),
        ("U.S.-produced, “giving away”, 5% - 10% (1776)", "U.S.-produced, “giving away”, 5% - 10% (1776)"),
        ("<a href='https://a.example/' title='x'>“Plan,”</a>", "[“Plan,”](https://a.example/)"),
        ("<a href='https://a.example/'> a </a>b", "[a](https://a.example/) b"),
        ("<a href='https://a.example/a_(b)'>c</a>", "[c](https://a.example/a_(b))"),
        ("<a href='https://a.example/a(b'>c</a>", "[c](https://a.example/a%28b)"),
        ("<a href='http://[2001:db8::1]:80/a[1]'>c</a>", "[c](http://[2001:db8::1]:80/a%5B1%5D)"),
        ("a<br>b<br><br>c", "a  \nb\n\nc"),
        (
            "<i>a<br> <br>b <a href='https://a.example/'>c<br><br>d</a></i> e",
            "*a*\n\n*b [c](https://a.example/)*\n\n*[d](https://a.example/)* e",
        ),
        ("<b>a</b> <i>b</i> <s>c</s>", "**a** *b* ~~c~~"),
        ("said<b>“quoted.”</b>next", "said“**quoted**.”next"),
        ("<b>Note:</b> text", "**Note:** text"),
        ("<b>a</b><b>b</b>", "**ab**"),
        ("<i>a</i><b><i>b</i></b>", "*a*b"),
        ("<h2>a {b}</h2>", "## a &#123;b&#125;"),
        ("<p>a</p><p>{#b}]</p><p>{c</p>", "a\n\n&#123;#b}]\n\n{c"),
        ("<h2>a #</h2><h2>C#</h2>", "## a \\#\n\n## C#"),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n  - b\n- c"),
        ("<ol start='9'><li>a</li><li>b</li></ol>", "9. a\n10. b"),
        ("<ul><li>a</li></ul><ul><li>b</li></ul>", "- a\n\n+ b"),
        ("<ul><li><p>a</p><p>b</p></li></ul>", "- a\n\n  b"),
        ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b"),
        ("<pre><code>a\n  b</code></pre>", "```\na\n  b\n```"),
        ("<pre>```</pre>", "````\n```\n````"),
        ("<pre>a<ul><li>b</li></ul>c</pre><ul><li>d</li></ul>", "```\na\nb\nc\n```\n\n- d"),
        ("<ul><li>[x] a</li></ul>", "- \\[x] a"),
        ("<ul><li><a href='https://x.example/'>X</a> a</li></ul>", "- [&#88;](https://x.example/) a"),
        ("https:///*x* https://@/*x*", "https:///\\*x\\* https://@/\\*x\\*"),
        ("<code>a`b</code>", "``a`b``"),
        ("<pre>{{&lt; x &gt;}}</pre>", "```\n{\u2060{< x >}}\n```"),
        ("{{&lt; x &gt;}} {{%", "&#123;{< x >}} &#123;{%"),
        ("<hr>", "***"),
        ("<dl><dt>a</dt><dd>b</dd></dl>", "**a**\n\nb"),
        (
            "<table><tr><th>a</th><th>b</th></tr><tr><td>c|d</td><td></td></tr></table>",
            "| a | b |\n| --- | --- |\n| c\\|d |  |",
        ),
        ("<img src='https://a.example/i.png' alt='a' title='b \"c\"'>", '![a](https://a.example/i.png "b \\"c\\"")'),
        ("<img src='https://a.example/i.png' alt='a' title='a'>", "![a](https://a.example/i.png)"),
        ("1. a - b # c", "1\\. a - b # c"),
        ("- a", "\\- a"),
        ("a *b* c_d 5 * 3", "a \\*b\\* c_d 5 * 3"),
        ("price* and *more", "price* and *more"),
        ("a &lt; b &lt;b", "a < b &lt;b"),
        ("AT&amp;T &amp;amp;", "AT&T &amp;amp;"),
        ("[a] (b) [c](d)", "[a] (b) [c\\](d)"),
        ("https://a.example/a_b", "https://a.example/a_b"),
        ("https://a.example/_b_/c.", "<https://a.example/_b_/c>."),
    ],
)
def test_markdown_is_written_as_people_write_it(html: str, expected: str) -> None:
    assert markdown(clean(html)) == expected


def test_what_is_nested_too_deep_for_renderers_is_flat() -> None:
    html = clean("<blockquote>" * 30 + "a" + "<ul><li>b" * 30)
    assert max(line.count(">") for line in markdown(html).splitlines()) == MAX_NESTING
    assert same(html, markdown(html))


# ------------------------------------------------------------------------------------------------------ nothing is lost


@for_each("html", HARMLESS)
def test_a_harmless_body_shows_the_same_and_passes_the_gate(html: str) -> None:
    cleaned = clean(html)
    assert safety_check.active(written(cleaned)) is None
    assert same(cleaned, markdown(cleaned))
    empty = set(re.findall(r'href="([^"]*)"></a>', cleaned))  # nothing to click on
    links, shown = Page(cleaned).links, Page(rendered(markdown(cleaned))).links
    assert {*links} - empty <= {*shown}
    assert all(link in links or link in html for link in shown)  # a URL in the text may be one more


@for_each("text", TEXTS)
def test_any_text_is_shown_verbatim_at_any_place(text: str) -> None:
    for place in PLACES:
        html = clean(place.format(paragraphs(text).removeprefix("<p>").removesuffix("</p>")))
        assert safety_check.active(written(html)) is None
        assert same(html, markdown(html))


@for_each(
    "html",
    [
        "<b>[x]</b><b>(javascript:alert(1))</b>",
        "[x]<u></u>(javascript:alert(1))",
        "[x<i></i>](javascript:alert(1))",
        "[x]<b> </b><u>(</u>javascript:alert(1))",
        "<b>[x].</b>(javascript:alert(1))",
        "[x<b>]</b>(javascript:alert(1))",
        "{<u>{</u>&lt; x &gt;}}",
        "&lt;<u>script&gt;",
        "&lt;<b></b>script&gt;",
        "<b>&lt;</b><b>script&gt;</b>",
        "!<a href='https://a.example/'>x</a>",
        "&amp;<u>lt;</u>",
        "[y<b>]</b>: javascript:alert(1)",
        "\\<b>*x*</b>",
        "`<u>`</u>` &lt;b>",
    ],
)
def test_what_acts_cannot_be_put_together_from_parts(html: str) -> None:
    cleaned = clean(html)
    assert safety_check.active(written(cleaned)) is None
    assert same(cleaned, markdown(cleaned))


@for_each("url", ADDRESSES)
def test_any_address_is_kept(url: str) -> None:
    html = clean(f"<a href='{escape(url)}'>a <b>b</b></a> <img src='{escape(url)}' alt=c>")
    page = Page(rendered(markdown(html)))
    assert page.active == []
    assert (page.links, page.images) == (Page(html).links, Page(html).images)


# --------------------------------------------------------------------------------------------------------- nothing acts


@for_each("vector", MARKUP)
def test_nothing_acts_in_markdown(vector: str) -> None:
    for value in (vector, vector.replace("&", "&amp;").replace("<", "&lt;")):
        html = clean(value, "https://a.example/")
        assert safety_check.active(markdown(html)) is None
        assert same(html, markdown(html))


@for_each(
    "active",
    [
        "<b>",
        "a <script>",
        "<!-- a -->",
        "<?a",
        "[a](javascript:b)",
        "![a](data:b)",
        "[a](b)",
        "[a](<javascript:b>)",
        "\\\\[a](javascript:b)",
        "[a][b]\n\n[b]: javascript:c",
        "> [b]: https://a.example/",
        "a  \n[^b]: c",
        "- [^b]: c",
        "```goat\na\n```",
        "- ~~~ mermaid\n  a",
        "```go {a=b}\na\n```",
        "~~~ math\na\n~~~",
        "# a {#b}",
        '# `{style="` a"}',
        "a {{< b >}}",
        "`{{% b %}}`",
        "```\n<!--more-->\n```",
        "<javascript:a>",
        "<a@b.example>\n<i>",
    ],
)
def test_the_gate_stops_what_acts(active: str) -> None:
    assert safety_check.active(active) is not None


@for_each(
    "inert",
    [
        "a < b",
        "\\<b>",
        "&lt;b>",
        "`<b>`",
        "```\n<b>[a](javascript:b)\n```",
        "<https://a.example/>",
        "\\[a\\](javascript:b)",
        "[a](https://b.example/)",
        "[a](mailto:b@c.example)",
        "# a &#123;b}",
        "{ { < }",
        "a[1]: b \\[c\\]:",
    ],
)
def test_the_gate_lets_text_and_code_pass(inert: str) -> None:
    assert safety_check.active(inert) is None


def test_what_the_gate_stops_is_escaped_strictly(monkeypatch: pytest.MonkeyPatch) -> None:
    html = '<p>a *b* <a href="https://a.example/">c</a> <code>d`e</code></p><pre>f\ng</pre>'
    monkeypatch.setattr(safety_check, "active", lambda text: None if "\\*" in text and "`d" not in text else "a test")
    strict = markdown(html)
    assert strict == "a \\*b\\* [c](https://a.example/) d\\`e\n\nf  \ng"
    assert same(html, strict)


def test_what_the_gate_stops_twice_is_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safety_check, "active", lambda text: "a test")
    html = '<p>a <b>b</b> <a href="https://a.example/">{{&lt; c &gt;}}</a></p><p>d</p>'
    assert markdown(html) == "a b \\{\\{\\< c \\>\\}\\}\n\nd"


# ------------------------------------------------------------------------------------------------------------ any input


@settings(max_examples=examples(150), deadline=None)
@given(broken_html())
def test_any_fragment_becomes_inert_markdown_with_its_words(value: str) -> None:
    html = clean(value, "https://a.example/")
    for strict in (False, True):
        assert safety_check.active(written(html, strict=strict)) is None
    assert same(html, markdown(html))


@settings(max_examples=examples(150), deadline=None)
@given(st.text(alphabet="*_~`[]()<>!&;#{}%\\|-+=:.1 ab\n東“", max_size=60))
def test_any_punctuation_is_shown_verbatim(text: str) -> None:
    html = clean(paragraphs(text))
    assert same(html, markdown(html))


@pytest.mark.parametrize(
    "html",
    [
        "[" * 50_000 + "](" * 20_000,
        "<pre>" + "`" * 100_000 + "</pre>",
        "<p>" + "*a " * 50_000,
        "<p>" + "_a_ " * 30_000,
        "<p><b>*</b>a" * 3000,
        "<table>" + "<tr><td colspan=999 rowspan=999>x" * 3000,
        "<table><tr>" + "<td>x" * 3000 + "</tr>" + "<tr><td>x" * 2000,
        "x<br>" * 9000,
        "<b>" + "!" * 50_000 + "</b>x",
        "<p>" + "- " * 50_000,
        "<p>" + "\\" * 50_000 + "](",
    ],
    ids=range(11),
)
def test_hostile_sizes_end_and_stay_bounded(html: str) -> None:
    cleaned = clean(html)
    assert len(markdown(cleaned)) < 4 * len(cleaned) + 100


# ------------------------------------------------------------------------------------------------------------- for real


def hugo() -> str:
    """Path of Hugo, from the environment of the tests."""
    return shutil.which("hugo", path=str(Path(sys.executable).parent)) or pytest.skip(
        "the hugo package is not installed"
    )


def test_hugo_builds_every_case_and_shows_it_verbatim(tmp_path: Path) -> None:
    bodies = [*HARMLESS, *BODIES, *(vector.as_html for vector in VECTORS if vector.kind != "text")]
    # Goldmark makes a link of what looks like an address, marks of emphasis and references behind it included.
    texts = [
        vector.value for vector in VECTORS if vector.kind == "text" and not re.search(r"://|www\.|@", vector.value)
    ]
    for text in (*TEXTS, *texts):
        inner = paragraphs(text).removeprefix("<p>").removesuffix("</p>")
        bodies.append("".join(place.format(inner) for place in PLACES))
    cases = [clean(body, "https://a.example/") for body in some(bodies, 6)]
    posts = tmp_path / "content" / "post"
    posts.mkdir(parents=True)
    for number, html in enumerate(cases):
        front = f'---\ntitle: "{number}"\n---\n\n'
        (posts / f"c{number}.md").write_text(
            f"{front}{markdown(html)}\n\n[source](https://a.example/)\n", encoding="utf-8"
        )
    (tmp_path / "hugo.toml").write_text(
        'baseURL = "http://a.example/"\n[markup.goldmark.renderer]\nunsafe = true\n'
        "[markup.goldmark.parser.attribute]\nblock = true\n"
        "[markup.goldmark.extensions.typographer]\ndisable = true\n"
        "[markup.highlight]\ncodeFences = false\n"  # it colours code with spans
    )
    (tmp_path / "layouts" / "_default").mkdir(parents=True)
    (tmp_path / "layouts" / "_default" / "single.html").write_text("{{ .Content }}")
    (tmp_path / "layouts" / "_default" / "list.html").write_text("{{ range .RegularPages }}{{ .Summary }}{{ end }}")
    built = subprocess.run([hugo(), "--source", str(tmp_path)], capture_output=True, text=True, check=False)
    output = built.stdout + built.stderr
    assert (built.returncode, "WARN" in output, "ERROR" in output) == (0, False, False), output
    for number, html in enumerate(cases):
        page = Page((tmp_path / "public" / "post" / f"c{number}" / "index.html").read_text(encoding="utf-8"))
        assert {*page.active} <= BY_HUGO, html
        assert page.words == f"{Page(html).words} source".strip(), html
        assert page.images == Page(html).images


def test_every_body_of_the_corpus_shows_the_same() -> None:
    corpus = SHARED / "corpus"
    if not corpus.is_dir():
        pytest.skip("the corpus of real feeds is not beside this folder")
    values = {text.value for path in sorted(corpus.iterdir()) for text in html_of(path.read_bytes())}
    assert len(values) > 4000
    for value in some(sorted(values), 18):  # all of them take half a minute
        html = clean(value, "https://a.example/")
        text = written(html)
        assert safety_check.active(text) is None
        assert same(html, text)


def html_of(body: bytes) -> Iterator[TextConstruct]:
    """The HTML of the entries that `body`, a feed's document, holds."""
    url = "https://a.example/feed"
    feed = parse(FeedDocument(url=url, final_url=url, body=body, digest=b""))
    for entry in feed.entries if isinstance(feed, Feed) else ():
        yield from (text for text in entry.contents if text.kind != "plain")
