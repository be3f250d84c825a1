"""Hidden parts, line numbers and signs of permanent links go; fallbacks of what cannot be shown stay."""

import pytest

from aggregator.normalise.html import clean
from tests.cases import for_each

BASE = "https://a.example/posts/one"


@for_each(
    "hidden",
    [
        "<div hidden>x</div>",
        "<p id=a hidden=''>x</p>",
        "<div style='display:none'>x<div>y</div><p>z</div>",
        '<span style="color:red; DISPLAY : none !important">x</span>'.replace(" : ", ": "),
        "<div style='mso-hide:all;display:none'>x</div>",
        "<div style='max-height:0;overflow:hidden'>x</div>",
        "<div hidden><!-- </div> -->x</div>",
    ],
)
def test_hidden_parts_go(hidden: str) -> None:
    assert clean(f"<p>a</p>{hidden}<p>b</p>") == "<p>a</p><p>b</p>"


@for_each(
    ("html", "cleaned"),
    [
        ("<div hidden>a", "<div>a</div>"),  # where would it end?
        ("<p hidden>a<p>b</p>", "<p>a</p><p>b</p>"),
        ("<!-- <div hidden> -->a</div>b", "ab"),
        ("<body style='display:none'>a</body>", "a"),
        ("<p style='overflow:hidden'>a</p>", "<p>a</p>"),
        ("<p title='display:none'>a</p>", "<p>a</p>"),
        ("<p>style='display:none'</p>", "<p>style='display:none'</p>"),
        ("<p aria-hidden=true>a</p>", "<p>a</p>"),
    ],
)
def test_what_is_not_surely_hidden_stays(html: str, cleaned: str) -> None:
    assert clean(html) == cleaned


@pytest.mark.parametrize(
    "gutter",
    [
        "<div class=gutter><div class=ln>1</div></div>",
        "<span class='lnt'>1\n</span><span class='lnt'>2\n</span>",
        "<span class='line-number'> 12 </span>",
        "<div class='linenodiv'><pre><span></span>1\n2</pre></div>",
    ],
)
def test_line_numbers_go(gutter: str) -> None:
    assert clean(f"<pre>{gutter}a</pre>") == "<pre>a</pre>"


def test_numbers_stay_where_there_is_no_code_or_other_text() -> None:
    assert clean("<p class=gutter>2024</p>") == "<p>2024</p>"
    assert clean("<pre><b class=gutter>1 a</b></pre>") == "<pre><b>1 a</b></pre>"


@for_each(
    "sign",
    [
        "¶",
        "#",
        " # ",
        "&para;",
        "<span>🔗</span>",
        "§",
        "<span aria-hidden=true>#</span>",
        "&#182;",
        "\u200b",
        "&#8203;",
    ],
)
def test_signs_of_permanent_links_go(sign: str) -> None:
    assert clean(f"<h2>One <a href='#x' title=y>{sign}</a></h2>", BASE) == "<h2>One </h2>"
    assert clean(f"<dt>One<a class=headerlink href='/p#x'>{sign}</a></dt>", BASE) == "<dt>One</dt>"


@pytest.mark.parametrize(
    "html",
    [
        '<h2>The <a href="https://a.example/x#y">¶ sign</a></h2>',
        '<h2>The <a href="https://a.example/x">#</a></h2>',
        '<p>The <a href="https://a.example/x#y">#</a></p>',
        "<h2>C#</h2>",
    ],
)
def test_other_links_and_signs_stay(html: str) -> None:
    assert clean(html, BASE) == html


@for_each(
    "button",
    [
        "<button class='copy-btn'><span>Kopieren</span></button>",
        "<button aria-label='Copy code to clipboard'>⧉</button>",
        "<button type=button> Copy </button>",
        "<button>Copied!</button>",
        "<button data-clipboard-target=x>C</button>",
    ],
)
def test_buttons_that_copy_code_go(button: str) -> None:
    assert clean(f"<div>{button}<pre>a</pre></div>") == "<div><pre>a</pre></div>"


def test_other_buttons_stay() -> None:
    assert clean("<h3><button class=accordion>Copy right?</button></h3><button>Copy") == "<h3>Copy right?</h3>Copy"


@for_each(
    ("mark", "cleaned"),
    [
        ("<a class=footnote-anchor data-component-name=FootnoteAnchorToDOM href=#f>1</a>", "<sup>{}1</a></sup>"),
        ("<a role=doc-noteref href=#f> [12] </a>", "<sup>{} [12] </a></sup>"),
        ("<a class='footnoteRef' href=#f>*</a>", "<sup>{}*</a></sup>"),
        ("<sup id=x> <a class=footnote-ref href=#f>1</a></sup>", "<sup> {}1</a></sup>"),
        ("<a class=footnote-ref href=#f><sup>1</sup></a>", "{}<sup>1</sup></a>"),
        ("<a class=footnote-number href=#footnote-anchor-1>1</a>", "{}1</a>"),
        ("<a class=footnote-ref href=#f>see below</a>", "{}see below</a>"),
    ],
)
def test_the_mark_of_a_footnote_is_raised(mark: str, cleaned: str) -> None:
    html = clean(f"word{mark}", BASE).replace("#footnote-anchor-1", "#f")
    link = f'<a href="{BASE}#f">'
    assert html == f"word{cleaned.format(link)}"


# ------------------------------------------------------------------------------------------------------------ fallbacks


@for_each(
    ("html", "cleaned"),
    [
        (
            "<noscript><ol><li><a href=/t>T</a></li></ol></noscript>",
            '<ol><li><a href="https://a.example/t">T</a></li></ol>',
        ),
        (
            "<object data=/d.pdf><p>Read the <a href=/d.pdf>PDF</a>.</p></object>",
            '<p>Read the <a href="https://a.example/d.pdf">PDF</a>.</p>',
        ),
        ("<object data=/d.pdf></object>", '<p><a href="https://a.example/d.pdf">a.example</a></p>'),
        ("<object data=/d.pdf title='A form'/>", '<p><a href="https://a.example/d.pdf">A form</a></p>'),
        ("<object data=/d.swf></object>b", "b"),
        ("<object><object><param name=x value=/y>in</object>ner</object>", "inner"),
        (
            "<video src=/v.mp4>A film about <b>it</b></video>",
            '<p><a href="https://a.example/v.mp4">Video</a></p>A film about <b>it</b>',
        ),
        ("<audio src=/a.mp3><a href=/a.mp3>Listen</a></audio>", '<a href="https://a.example/a.mp3">Listen</a>'),
        (
            "<video><source src=/v.mp4>Your browser is old: <a href=/v.mp4>v</a></video>",
            '<p><a href="https://a.example/v.mp4">Video</a></p>',
        ),
        ("<noscript>Enable JavaScript for <a href=/c>comments</a></noscript>a", "a"),
        ("<noscript><iframe src=//a.example/ns height=0 width=0></iframe></noscript>a", "a"),
        (
            "<blockquote class=wp-embedded-content><a href=/p>P</a></blockquote>"
            "<iframe class=wp-embedded-content src=/p/embed title=P></iframe>",
            '<blockquote><a href="https://a.example/p">P</a></blockquote>',
        ),
    ],
)
def test_the_fallback_of_what_cannot_be_shown_stays(html: str, cleaned: str) -> None:
    assert clean(html, BASE) == cleaned


@for_each(
    ("html", "cleaned"),
    [
        ("<ul><li><input type=checkbox checked> a</li></ul>", "<ul><li>☑ a</li></ul>"),
        ("<ul><li><p><label><input disabled type='CHECKBOX'>a</label></p></li></ul>", "<ul><li><p>☐ a</p></li></ul>"),
        ("<p>a<input class=task-list-item-checkbox type=checkbox>b</p>", "<p>a☐ b</p>"),
        ("<p>a<input type=checkbox>b</p>", "<p>ab</p>"),
        ("<ul><li>a <input type=checkbox></li></ul>", "<ul><li>a </li></ul>"),
        ("<ul><li><input type=text value=x> a</li></ul>", "<ul><li> a</li></ul>"),
    ],
)
def test_the_checkbox_of_an_item_is_a_character(html: str, cleaned: str) -> None:
    assert clean(html) == cleaned


# ----------------------------------------------------------------------------------------------------------- what stays


@for_each(
    ("html", "cleaned"),
    [
        ("<p dir=RTL>a</p><ul dir=rtl><li>b</ul>", '<p dir="rtl">a</p><ul dir="rtl"><li>b</li></ul>'),
        ("<div dir=rtl><p dir=ltr>a</p></div>", '<div dir="rtl"><p dir="ltr">a</p></div>'),
        ("<p dir=ltr>a</p>", "<p>a</p>"),
        ("<p dir='rtl onclick=x'>a</p>", "<p>a</p>"),
        ("<ruby>a<rt>b</ruby>", "<ruby>a<rt>b</rt></ruby>"),
        ("<ol reversed start=3><li value=9>a</ol>", '<ol reversed="" start="3"><li value="9">a</li></ol>'),
        ("<pre class=language-go><code class=go>a</code></pre>", "<pre><code>a</code></pre>"),
        ("<div class='highlight go' dir=rtl>a</div>", '<div dir="rtl">a</div>'),
        ("<table role=presentation><tr><td>a</table>", "<table><tbody><tr><td>a</td></tr></tbody></table>"),
        ("<p>class=\"language-go\" &lt;pre class=\"language-go\"&gt;</p>",
         "<p>class=\"language-go\" &lt;pre class=\"language-go\"&gt;</p>"),
    ],
)  # fmt: skip
def test_meaning_stays_in_the_html_and_annotations_do_not(html: str, cleaned: str) -> None:
    for value in (html, cleaned):
        assert sorted(clean(value)) == sorted(cleaned)  # the order of attributes is nobody's concern


# ---------------------------------------------------------------------------------------------------------------- sizes


@for_each(
    "unit",
    [
        "<div hidden>",
        "<div class=gutter><pre>1",
        "<b class=ln>1",
        "<object data=/x><param value=/y>",
        "<span aria-hidden=true><math>",
        "<math><mi>x</mi></math><i aria-hidden=true>",
        "<!--",
        "<math><annotation>",
        "<noscript><img src=/x>",
        "<h2><a href='#x'>#",
        "<li><input type=checkbox>",
        "<s> </s>",
        "<q>",
        "<sup>1",
    ],
)
def test_many_unclosed_parts_take_their_share_of_time(unit: str) -> None:
    html = unit * (19_000 // unit.count("<"))
    assert len(clean(html, BASE)) <= 8 * len(html) + 1000
