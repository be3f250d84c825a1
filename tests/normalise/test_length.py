"""Bodies that are too long to be stored whole."""

from aggregator.normalise.body import CleanBody, clean_body
from aggregator.normalise.html import clean
from aggregator.normalise.length import MAX_BYTES, exceeds, shortened
from tests.cases import for_each
from tests.normalise.rendering import rendered

LINK = "https://example.org/a?b=1&c=2"
NOTE = (
    "<p>This text is too long to be shown whole."
    ' <a href="https://example.org/a?b=1&amp;c=2">Read it at example.org</a></p>'
)


def body(html: str) -> CleanBody:
    return clean_body(clean(html), LINK)


def test_a_body_of_a_megabyte_is_whole() -> None:
    html = "<p>" + "word " * 199_998 + "ab</p>"
    assert len(html) < MAX_BYTES
    assert body(html).html == html


@for_each(
    "html",
    [
        f"<p>{'A sentence. ' * 20}</p>" * 5_000,
        "<div>" + f"<p>{'é' * 100}</p>" * 6_000 + "</div>",
        "<h2>Title</h2><div>" + f"{'word ' * 20}<br>" * 11_000 + "</div>",
        "<ul>" + f"<li><b>word</b> {'word ' * 100}</li>" * 2_500 + "</ul>",
        "<p>Too many tags.</p>" * 100_000,
        "<table><tr>" + "<td>cell</td>" * 900 + "</tr></table>" + "<p>word &amp; " + "word " * 220_000 + "</p>",
        "x" * 1_200_000,
        "<p>" + "&lt;" * 300_000,
        "<p><b>" + "*_`[" * 260_000,  # each character is escaped in Markdown
        "<pre>" + "line\n" * 220_000 + "</pre>",
    ],
)
def test_a_longer_body_is_cut_at_a_block_and_links_to_its_source(html: str) -> None:
    cut = body(html)
    assert not exceeds(cut.html)
    assert not exceeds(cut.markdown)
    assert len(cut.html) > MAX_BYTES / 5
    assert cut.html.endswith(NOTE)
    assert clean(cut.html) == cut.html  # all elements are closed, none is divided
    assert cut.markdown.endswith("[Read it at example.org](https://example.org/a?b=1&c=2)")
    assert "Read it at example.org</a>" in rendered(cut.markdown.rpartition("\n\n")[2])


def test_the_cut_is_between_blocks() -> None:
    paragraph = "<p>A paragraph of some length.</p>"
    cut = shortened(paragraph * 1000, LINK, 10_000)
    assert cut.removesuffix(NOTE).replace(paragraph, "") == ""


def test_a_block_that_is_longer_than_all_others_is_cut_at_a_blank() -> None:
    cut = shortened(
        "<h2>Title</h2><p><i>" + 'word <a href="https://example.org/">a b</a> ' * 1000 + "</i></p>", LINK, 10_000
    )
    assert cut.removesuffix(NOTE).endswith(("</a></i></p>", "word</i></p>"))
