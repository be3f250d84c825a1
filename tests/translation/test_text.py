"""The server's texts become an article that is clean, and has the links and code of the original."""

import pytest

from aggregator.model import AnswerQuestion, TranslatedText
from aggregator.translation import MessageError, article_text, request_body, text_digest, texts_of, translated_text

ORIGINAL = '<p>See <a href="https://a.example/x">here</a> and <code>run()</code>.</p>\n<pre><code>a = 1\n</code></pre>'


def text(html: str, original: str = ORIGINAL, title: str = "Titel", summary: str = "Kurz") -> TranslatedText:
    return article_text(
        AnswerQuestion(
            title=title,
            summary=summary,
            html=html,
            original_title="Title",
            original_html=original,
            link="https://a.example/article",
            language="de",
        )
    )


def test_code_and_links_are_those_of_the_original() -> None:
    html = (
        '<p>Siehe <a href="https://b.example/evil">hier</a> und <code>lauf()</code>.</p><pre><code>b = 2</code></pre>'
    )
    translated = text(html)
    assert translated.refusal == ""
    assert '<a href="https://a.example/x">hier</a>' in translated.html
    assert "<code>run()</code>" in translated.html
    assert "a = 1" in translated.html
    assert "lauf()" not in translated.html + translated.markdown
    assert "Siehe [hier](https://a.example/x) und `run()`" in translated.markdown


def test_links_may_change_their_order_with_the_words() -> None:
    original = '<p><a href="https://a.example/1">one</a> then <a href="https://a.example/2">two</a></p>'
    html = '<p><a href="https://a.example/2">zwei</a> nach <a href="https://a.example/1">eins</a></p>'
    assert '<a href="https://a.example/2">zwei</a>' in text(html, original).html


@pytest.mark.parametrize(
    ("html", "refusal"),
    [
        ("", "the server's text is empty"),
        ("<p>Siehe hier</p>", "the server's text has not as many code elements as the article"),
        (
            "<p>Siehe <code>run()</code></p><pre>a = 1</pre>",
            "the server's text has not as many links as the article",
        ),
    ],
)
def test_a_text_that_lost_markup_is_not_used(html: str, refusal: str) -> None:
    assert text(html) == TranslatedText(refusal=refusal)


def test_the_servers_text_is_cleaned_like_that_of_a_source() -> None:
    html = '<p onclick="x()">Hallo<script>alert(1)</script><iframe src="https://b.example/"></iframe></p>'
    translated = text(html, "<p>Hello</p>", title="A <b>B</b> &lt;c&gt; <script>x</script>")
    assert "script" not in translated.html + translated.markdown
    assert "onclick" not in translated.html
    assert "Hallo" in translated.html
    assert "\n" not in translated.title


def test_title_and_summary_are_sent_escaped_and_come_back_plain() -> None:
    sent = texts_of("a < b & c", "x > y", "<p>z</p>")
    assert sent == ("a &lt; b &amp; c", "x &gt; y", "<p>z</p>")
    translated = text("<p>z</p>", "<p>z</p>", title=sent[0], summary=sent[1])
    assert (translated.title, translated.summary) == ("a < b & c", "x > y")


def test_a_request_names_the_language_or_has_it_detected() -> None:
    assert request_body("<p>a</p>", "en", "de", "k") == (
        b'{"q": "<p>a</p>", "source": "en", "target": "de", "format": "html", "api_key": "k"}'
    )
    assert b'"source": "auto"' in request_body("a", None, "de", None)
    assert b"api_key" not in request_body("a", None, "de", None)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"translatedText": 1}',
        b"\xff",
        b"[" * 100_000,
        b'{"translatedText": "%s"}' % (b"a" * 1_011),
    ],
    ids=lambda body: repr(body[:30]),
)
def test_a_response_of_another_form_is_refused(body: bytes) -> None:
    with pytest.raises(MessageError, match=r"the response|more than 10 times as long"):
        translated_text(body, "a")


def test_a_translation_may_be_longer_than_its_text() -> None:
    assert translated_text(b'{"translatedText": "%s"}' % (b"a" * 1_010), "a") == "a" * 1_010


def test_a_title_is_one_bounded_line_that_is_not_empty() -> None:
    assert text("<p>z</p>", "<p>z</p>", title="a\u202eb\nc <br> d").title == "ab c d"
    assert len(text("<p>z</p>", "<p>z</p>", title="word " * 1000).title) <= 500
    assert text("<p>z</p>", "<p>z</p>", title="<b> </b>").refusal == "the server's text is empty"


def test_a_text_is_remembered_by_its_languages() -> None:
    digests = {text_digest("a", "en", "de"), text_digest("a", None, "de"), text_digest("a", "en", "fr")}
    assert len(digests) == 3
    assert text_digest("a", "en", "de") in digests
