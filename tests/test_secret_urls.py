"""Secrets in URLs: how they are shown, and what is left of them in a link."""

from aggregator.secret_urls import has_literal_secret, has_secret, literal_secrets, masked_url, without_secrets
from tests.cases import for_each

FEED = "https://example.org/feed"


@for_each(
    ("url", "shown", "link"),
    [
        (f"{FEED}?page=2&id=7", f"{FEED}?page=2&id=7", f"{FEED}?page=2&id=7"),
        ("https://user:p4ss@example.org/feed?a=b", "https://***@example.org/feed?a=b", f"{FEED}?a=b"),
        ("https://user@example.org/feed", "https://***@example.org/feed", FEED),
        (f"{FEED}?a=b&token=s3cret", f"{FEED}?a=b&token=***", FEED),
        (f"{FEED}?token=s3;cret;a=b", f"{FEED}?token=***;a=b", FEED),
        (f"{FEED}?a=b#token=s3cret", f"{FEED}?a=b#token=***", FEED),
        (f"{FEED}?keyword=s3cret&monkey=1&design=2", *[f"{FEED}?keyword=s3cret&monkey=1&design=2"] * 2),
        (f"{FEED}?token=&key", *[f"{FEED}?token=&key"] * 2),
        (f"{FEED}?token=${{TOKEN}}", f"{FEED}?token=${{TOKEN}}", FEED),
        (f"{FEED}?a=${{A}}&token=s3cret", f"{FEED}?a=${{A}}&token=***", FEED),
        (f"{FEED}/${{TOKEN}}?a=b", f"{FEED}/${{TOKEN}}?a=b", "https://example.org/"),
        ("https://${U}:${P}@example.org/feed", "https://${U}:${P}@example.org/feed", FEED),
        ("https://${U}:p4ss@example.org/feed", "https://***@example.org/feed", FEED),
        ("", "", ""),
        ("no url?token=x", "no url?token=***", "no url"),
    ],
)
def test_a_secret_is_masked_where_it_is_shown_and_gone_from_a_link(url: str, shown: str, link: str) -> None:
    assert masked_url(url) == masked_url(shown) == shown
    assert without_secrets(url) == link
    assert has_literal_secret(url) == (shown != url)
    assert has_secret(url) == (link != url)


@for_each(
    "name",
    [
        "token",
        "key",
        "apikey",
        "auth",
        "sig",
        "password",
        "secret",
        "KEY",
        "Api-Key",
        "access_token",
        "feed_token",
        "X-Amz-Signature",
    ],
)
def test_these_parameters_are_secrets(name: str) -> None:
    assert masked_url(f"{FEED}?{name}=s3cret&a=b") == f"{FEED}?{name}=***&a=b"
    assert literal_secrets(f"{FEED}?{name}=s3cret&a=b") == ("s3cret",)
