"""A document that is no feed says what it is instead."""

from tests.cases import for_each
from tests.parse.documents import failure_of, feed_of, rss

PAGE = "<!doctype html><html><head><title>{}</title></head><body><p>Hello</p></body></html>"


@for_each(
    ("body", "reason"),
    [
        ("", "empty"),
        (" \r\n\t\ufeff", "empty"),
        (PAGE.format("News"), "a web page"),
        ("<!-- x --> <!-- y -->\n<HTML><body>x</body></HTML>", "a web page"),
        (
            '<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD" "u"><html xmlns="http://www.w3.org/1999/xhtml"/>',
            "a web page",
        ),
        ("<script>location = '/'</script>", "a web page"),
        (PAGE.format("Just a moment..."), "a bot check (CAPTCHA)"),
        (PAGE.format("x") + "<script src='/cdn-cgi/challenge-platform/x.js'></script>", "a bot check (CAPTCHA)"),
        ("<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url/></urlset>", "<urlset>"),
        ("<opml xmlns:atom='http://www.w3.org/2005/Atom'><head><title>x</title></head></opml>", "<opml>"),
        ("Not found", "text or data"),
        ("\x89PNG\r\n\x1a\n\x00\x00", "text or data"),
        ("<" * 1000, "text or data"),
        ("<!--" * 1000, "text or data"),
        ("{}", "not a JSON Feed"),
        ("[1, 2]", "not a JSON Feed"),
        ('{"error": "not found"}', "not a JSON Feed"),
        ('{"version": "https://jsonfeed.org/version/1.1", "items": [', "invalid JSON (line 1, column 59)"),
        ("{" * 100_000, "invalid JSON"),
        ("[" * 1_000_000, "nested too deeply"),
    ],
)
def test_a_refusal_tells_what_came_instead(body: str, reason: str) -> None:
    failure = failure_of(body)
    assert failure.stage == "parse"
    assert reason in failure.reason


def test_a_web_page_leads_to_the_command_that_finds_its_feed() -> None:
    assert failure_of(PAGE.format("News")).advice == "run `aggregator add URL` to find its feed"


def test_a_refusal_does_not_tell_credentials() -> None:
    assert failure_of("", url="https://me:secret@example.org/feed").subject == "https://example.org/feed"


@for_each("content_type", ["text/html", "text/plain", "application/json", "image/png", "", None])
def test_a_feed_is_a_feed_under_any_media_type(content_type: str | None) -> None:
    assert feed_of(rss("<item><title>One</title></item>"), content_type=content_type).format == "rss20"


def test_a_feed_behind_a_warning_of_its_server_is_a_feed() -> None:
    body = (
        "<br />\n<b>Warning</b>: deprecated in <b>x.php</b><br />\n"
        + '<?xml version="1.0"?>'
        + rss("<item><title>One</title></item>")
    )
    assert len(feed_of(body).entries) == 1
