"""An article's clean HTML as its page shows it."""

from html.parser import HTMLParser

from aggregator.serve import article_html


def page_body(clean_html: str) -> str:
    return article_html.page_body(clean_html, lambda _: None)


def test_headings_move_down_together_where_one_would_rival_the_title() -> None:
    html = '<h1>a</h1><h2 id="x">b</h2><p>&lt;h1&gt; </p><hr><h6>c</h6>'
    assert page_body(html) == '<h2>a</h2><h3 id="x">b</h3><p>&lt;h1&gt; </p><hr><h6>c</h6>'


def test_headings_that_are_low_enough_stay() -> None:
    assert page_body("<h2>a</h2><h5>b</h5>") == "<h2>a</h2><h5>b</h5>"


def test_each_table_scrolls_by_itself_also_one_within_another() -> None:
    inner = "<table><tr><td>x</td></tr></table>"
    shown = page_body(f"<p>&lt;table&gt;</p><table><tr><td>{inner}</td></tr></table>")
    opened: list[str] = []

    class Nested(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag != "table" or opened[-1] == "div"
            opened.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert opened.pop() == tag

    Nested().feed(shown)
    assert opened == []
    assert shown.count('tabindex="0"') == 2
    assert "&lt;table&gt;" in shown
