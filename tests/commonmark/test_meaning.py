"""Meaning that HTML carries by tags alone is kept by characters in Markdown and plain text."""

import re

import pytest

from aggregator.commonmark import converted
from aggregator.normalise.html import annotated
from tests.cases import for_each
from tests.commonmark.writing import markdown

BASE = "https://a.example/"


def converted_html(html: str, language: str | None = None) -> tuple[str, str]:
    return converted(annotated(html, BASE), language)


@for_each(
    ("html", "text"),
    [
        ("5 m<sup>2</sup>, 10<sup>-9</sup>, 10<sup>\u22129</sup>, 2<sup>(3+1)</sup>", "5 m², 10⁻⁹, 10⁻⁹, 2⁽³⁺¹⁾"),
        ("H<sub>2</sub>O, SO<sub>4</sub><sup>2-</sup>, <sup>14</sup>C", "H₂O, SO₄²⁻, ¹⁴C"),
        ("x<sup>n+1</sup>, v<sub>q</sub>, Z<sub>in</sub>", "x^(n+1), v_(q), Z_(in)"),
        ("10<sup>10<sup>2</sup></sup>, x<sub>a<sub>b</sub></sub>", "10^(10²), x_(a_(b))"),
        ("1<sup>st</sup>, 2<sup>ND</sup>, 1<sup>er</sup>, M<sup>me</sup>, n<sup>o</sup>", "1st, 2ND, 1er, Mme, no"),
        ("a<sup>o</sup>, x<sup>e</sup>, k<sup>th</sup>", "a^(o), x^(e), k^(th)"),
        ("Name<sup>®</sup>, Name<sup>TM</sup>, note<sup>*</sup>, note<sup>[1]</sup>", "Name®, Name™, note*, note[1]"),
        ("a<sup>some small print</sup>, <sub>low</sub>, a/<sub>b</sub>", "asome small print, low, a/b"),
        (
            "end.<sup>1,2</sup> word<sup>3, 5–7</sup> 10<sup>1,5</sup> x<sub>1,2</sub>",
            "end.¹,² word³, ⁵⁻⁷ 10^(1,5) x_(1,2)",
        ),
        ("a<sup> </sup>b<sub></sub>c", "a bc"),
        ("<code>x<sup>2</sup></code>", "`x²`"),
    ],
)
def test_raised_and_lowered_text(html: str, text: str) -> None:
    written, plain = converted_html(html)
    assert written == text
    assert plain == text.replace("`", "")


def test_code_keeps_the_lines_in_raised_text_and_quotations() -> None:
    assert markdown("<pre>a<sub>b<br>c</sub></pre>") == "```\na_(b\nc)\n```"
    assert markdown("<pre><q><div>a</div><div>b</div></q>c</pre>") == "```\n“\na\nb\n”c\n```"


def test_a_link_in_raised_text_stays_a_link() -> None:
    assert markdown("<p>Genres<sup><a href='https://a.example/#2'>2</a></sup></p>") == (
        "Genres[²](https://a.example/#2)"
    )


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<ruby>虐待<rt>ぎゃくたい</rt></ruby>は", "虐待(ぎゃくたい)は"),
        ("<ruby>東京<rp>(</rp><rt>とうきょう</rt><rp>)</rp></ruby>", "東京(とうきょう)"),
        ("<ruby>漢<rt>かん</rt>字<rt>じ</rt></ruby>", "漢(かん)字(じ)"),
        ("<ruby><rb>漢<rp>（<rt>かん<rp>）</ruby>", "漢(かん)"),
        ("<ruby>漢<rt> </rt></ruby>", "漢"),
    ],
)
def test_ruby(html: str, text: str) -> None:
    assert converted_html(html) == (text, text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (None, "He “said ‘no’ to **that**”."),
        ("xx", "He “said ‘no’ to **that**”."),
        ("de", "He „said ‚no‘ to **that**“."),
        ("fr", "He «said ‹no› to **that**»."),
        ("ja", "He 「said 『no』 to **that**」."),
    ],
)
def test_quotations_have_the_marks_of_their_language(language: str | None, text: str) -> None:
    assert converted_html("He <q>said <q>no</q> to <b>that</b></q>.", language)[0] == text


def test_a_quotation_with_marks_gets_no_others() -> None:
    assert converted_html("<q>“yes”</q> <q>'no'</q>", "de") == ("“yes” 'no'", "“yes” 'no'")


def test_struck_text_is_struck_and_no_part_of_the_plain_text() -> None:
    assert converted_html("<p>It costs <del>5</del> <ins>6</ins> euros, <s>or</s>.</p>") == (
        "It costs ~~5~~ 6 euros, ~~or~~.",
        "It costs  6 euros, .",
    )
    assert converted_html("<p><s>All of it</s></p><del><p>All</p></del>") == (
        "~~All of it~~\n\n~~All~~",
        "All of it\nAll",
    )


@for_each(
    ("html", "expected"),
    [
        ("<ol start=0><li>a<li>b</ol>", "0. a\n1. b"),
        ("<ol reversed><li>a<li>b<li>c</ol>", "3. a\n\n2) b\n\n1. c"),
        ("<ol reversed start=9><li>a<li>b</ol>", "9. a\n\n8) b"),
        ("<ol><li value=10>a<li>b<li value=20>c</ol>", "10. a\n11. b\n\n20) c"),
        ("<ol><li>a</li><li></li><li>c</ol>", "1. a\n\n3) c"),
        ("<ol start=-1><li>a<li>b</ol>", "1. a\n2. b"),
        ("<ol><li value=99999999999>a<li value=x>b</ol>", "1. a\n2. b"),
        ("<ul><li value=3>a</ul>", "- a"),
        ("a<li>b<li>c<p>d</p><p>e</p>", "a\n\n- b\n\n- c\n\n  d\n\n  e"),
        ("<ul><div><li>a</li></div><b><li>b</b></ul>", "- a\n\n+ **b**"),
        ("<ol>x<li>a</ol><ol><li>b</ol>", "x\n\n1. a\n\n1) b"),
        ("<ol><li>a<ul><li>b</ul><li>c</ol>", "1. a\n   - b\n2. c"),
        ("<ol><li>a</li><ul><li>b</li></ul><li>c</li>d</ol>", "1. a\n\n   - b\n\n2. c\n\n   d"),
    ],
)
def test_items_keep_their_numbers(html: str, expected: str) -> None:
    assert converted_html(html)[0] == expected


@for_each(
    ("html", "code"),
    [
        ("<pre><code><div><div>a</div></div><div><div>  b</div></div></code></pre>", "a\n  b"),
        ("<pre><p>a</p><p>b</p></pre>", "a\nb"),
        ("<pre><ol><li>a</li>\n <li>b</li>\n</ol></pre>", "a\nb"),
        ("<pre><div>a\n</div>\n<div>b</div></pre>", "a\nb"),
        ("<pre><div>a</div><div><br></div><div>\n</div><div>b</div><div></div>c</pre>", "a\n\n\nb\nc"),
        ("<pre>a<br>b\nc<br>\nd</pre>", "a\nb\nc\n\nd"),
        ("<pre>x<sup>2</sup> <q>a</q> <ruby>b<rp>[<rt>c<rp>]</ruby> <math><mi>d</mi></math></pre>", "x² “a” b(c) d"),
    ],
)
def test_preformatted_text_has_one_line_for_each_block(html: str, code: str) -> None:
    written, plain = converted_html(html)
    assert written == f"```\n{code}\n```"
    assert plain == code.replace("\n", " ")


@for_each(
    ("html", "language"),
    [
        ("<pre><code class='language-go'>a</code></pre>", "go"),
        ("<pre class='lang-C++ x'><code>a</code></pre>", "c++"),
        ("<pre class='brush: php; toolbar: false'>a</pre>", "php"),
        ("<div class='highlight highlight-source-ruby'><pre>a</pre></div>", "ruby"),
        ("<div class='language-ruby highlighter-rouge'><div class=highlight><pre>a</pre></div></div>", "ruby"),
        ("<figure class='highlight bash'><table><tr><td><pre>a</pre></td></tr></table></figure>", "bash"),
        ("<pre class=sourceCode><code class='sourceCode python'>a</code></pre>", "python"),
        ("<pre class='src src-elisp'>a</pre>", "elisp"),
        ("<pre lang=python>a</pre>", "python"),
        ("<pre data-language=js>a</pre>", "js"),
        ("<pre lang=pl>a</pre>", ""),
        ("<pre class='language-mermaid'>a</pre>", ""),
        ("<pre class='mermaid'><code class='language-goat'>a</code></pre>", ""),
        ("<pre class='language-math'>a</pre>", ""),
        ("<pre class='language-go`{a=b}'>a</pre>", "go"),
        ("<div class=go><pre class='x'>a</pre></div>", ""),
    ],
)
def test_a_fence_names_a_language_that_is_known(html: str, language: str) -> None:
    assert converted_html(html)[0] == f"```{language}\na\n```"


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("<ul><li>a</li><li>b</li></ul>", "• a • b"),
        ("<ol><li>a<li>b<ul><li>c</ul><li></li><li>d<ol><li>e</ol></ol>", "1. a 2. b • c 4. d 1. e"),
        ("<ol start=7 reversed><li>a<li>b</ol>", "7. a 6. b"),
        ("<pre>x = 1\n  y | 2</pre>", "`x = 1` `y \\| 2`"),
        ("<h4>a</h4>b", "a b"),
        ("<dl><dt>a</dt><dd>b</dd></dl>", "a b"),
        (
            "<figure><img src='https://a.example/a' alt=a><figcaption>b</figcaption></figure>",
            "![a](https://a.example/a) b",
        ),
        ("<blockquote><p>a</p><p><b>b</b></p></blockquote>", "a **b**"),
        ("a<hr>b", "a b"),
    ],
)
def test_a_table_stays_one_with_short_blocks_in_its_cells(cell: str, written: str) -> None:
    html = f"<table{{0}}><tr><th>h</th><th>i</th></tr><tr><td>{cell}</td><td>c</td></tr></table>"
    assert converted_html(html.format(""))[0] == f"| h | i |\n| --- | --- |\n| {written} | c |"
    assert "|" not in converted_html(html.format(" role=presentation"))[0].replace("y | 2", "")


def test_a_table_with_long_blocks_lays_out_a_page() -> None:
    cell = f"<ul><li>{'word ' * 60}</li></ul>"
    assert (
        "|" not in converted_html(f"<table><tr><td>{cell}</td><td>a</td></tr><tr><td>b</td><td>c</td></tr></table>")[0]
    )


@for_each("cell", ["<table><tr><td>a</table>", f"<blockquote>{'word ' * 30}</blockquote>", "a<hr>b"])
def test_a_table_without_a_head_lays_out_a_page_if_its_cells_do(cell: str) -> None:
    assert "|" not in converted_html(f"<table><tr><td>{cell}<td>a<tr><td>b<td>c</table>")[0]


@for_each(
    ("html", "text"),
    [
        ("<math><msup><mi>e</mi><mrow><mi>k</mi><mi>t</mi></mrow></msup></math>", "e^(kt)"),
        ("<math><mi>x</mi><mo>&gt;</mo><mn>0</mn></math>", "x > 0"),
        ("<math><mfrac><mn>1</mn><mrow><mn>2</mn><mi>a</mi></mrow></mfrac></math>", "1/(2a)"),
        ("<math><msub><mi>x</mi><mn>1</mn></msub><msubsup><mi>y</mi><mi>i</mi><mn>2</mn></msubsup></math>", "x₁y_(i)²"),
        ("<math><msqrt><mi>x</mi></msqrt><mroot><mi>y</mi><mn>3</mn></mroot></math>", "√(x)(y)^(1/3)"),
        ("<math><munderover><mo>∑</mo><mn>0</mn><mi>n</mi></munderover><mi>k</mi></math>", "∑₀^(n)k"),
        (
            "<math><mmultiscripts><mi>C</mi><mn>6</mn><none/><mprescripts/><none/><mn>14</mn></mmultiscripts></math>",
            "¹⁴C₆",
        ),
        ("<math><mfenced open='['><mi>x</mi></mfenced><mphantom><mi>y</mi></mphantom></math>", "[x)"),
        ("<math><mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr></mtable></math>", "(1, 2)"),
        ("<math><apply><ci>f</ci></apply> a</math>", "f a"),
        ("<math alttext='x &lt; *y*'><mi>z</mi></math>", "$x < *y*$"),
        (
            "<math><semantics><mi>z</mi><annotation encoding=TeX>$\\frac 1 2$</annotation></semantics></math>",
            "$\\frac 1 2$",
        ),
        ("<math alttext='{\\displaystyle E=mc^{2}}'></math>", "$E=mc^{2}$"),
        ("<mml:math><mml:mi>x</mml:mi></mml:math>", "x"),
        ("<script type='math/tex'>a < b</script>", "$a < b$"),
        ("<script type='math/tex; mode=display'>a</script>", "$a$"),
    ],
)
def test_formulas_are_tex_or_text_in_reading_order(html: str, text: str) -> None:
    written, plain = converted_html(f"<p>{html}</p>")
    assert plain == text
    assert re.sub(r"\\([*_])", r"\1", written) == text


@for_each(
    ("image", "text"),
    [
        ("src='https://s0.wp.example/latex.php?latex=x' alt='{E = mc^2}'", "a ${E = mc^2}$ b"),
        ("src='https://a.example/mathtex/1.png' alt='$x$'", "a $x$ b"),
        ("src='https://a.example/latex/1.png' alt='an equation'", "a  b"),
        ("src='https://a.example/latex/1.png'", "a  b"),
        ("src='https://a.example/i.png' alt='{E = mc^2}'", "a  b"),
    ],
)
def test_the_picture_of_a_formula_is_its_tex_in_plain_text(image: str, text: str) -> None:
    written, plain = converted_html(f"a <img {image}> b")
    assert plain == text
    assert "![" in written
