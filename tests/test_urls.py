"""URLs as strangers write them."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import urls
from tests.cases import for_each
from tests.thorough import examples

VALID_URI = re.compile(r"https?://[^\s/?#]+(?:[A-Za-z0-9\-._~:/?#@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*")

BASE = "https://example.org/news/feed.xml"


@for_each(
    ("href", "url"),
    [
        ("https://example.org/a?b=c&d=%20#e", "https://example.org/a?b=c&d=%20#e"),
        ("/a", "https://example.org/a"),
        ("a/b", "https://example.org/news/a/b"),
        ("../a", "https://example.org/a"),
        ("//cdn.example.net/x.png", "https://cdn.example.net/x.png"),
        ("?p=1", "https://example.org/news/feed.xml?p=1"),
        ("  https://example.org/a b \n", "https://example.org/a%20b"),
        ("https://example.org/a\n/b", "https://example.org/a/b"),
        ("https://example.org/日本?ü=é#ß", "https://example.org/%E6%97%A5%E6%9C%AC?%C3%BC=%C3%A9#%C3%9F"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
        ("https://example.org/100%/[1]", "https://example.org/100%25/%5B1%5D"),
        ("HTTPS://Example.ORG/Path", "https://Example.ORG/Path"),
        ("http://[2001:DB8::1]:8080/x y", "http://[2001:db8::1]:8080/x%20y"),
        ("https://example.org/\ud800", "https://example.org/%3F"),
        ("https://example.org/a#b#c", "https://example.org/a#b%23c"),
    ],
)
def test_a_link_becomes_an_absolute_valid_uri(href: str, url: str) -> None:
    assert urls.absolute(href, BASE) == url
    assert urls.absolute(url) == url


@for_each(
    ("before", "after"),
    [
        ("http://Example.org/a{}", "http://Example.org/a{}"),
        ("http://user@Example.org:8080/a{}", "http://user@Example.org:8080/a{}"),
        ("http://example.org:0080/a{}", "http://example.org:80/a{}"),
        ("http://example.org/a{}?", "http://example.org/a{}"),
        ("http://example.org/a{}#", "http://example.org/a{}"),
        ("http://example.org/a{}?#b", "http://example.org/a{}#b"),
    ],
)
def test_a_url_that_needs_no_repair_ends_like_one_that_does(before: str, after: str) -> None:
    assert urls.absolute(before.format("")) == after.format("")
    assert urls.absolute(before.format(" b")) == after.format("%20b")


@for_each(
    "href",
    [
        "htpt:/:s://example.org",
        "javascript:alert(1)",
        "mailto:someone@example.org",
        "urn:uuid:1",
        "https://",
        "http:///path",
        "http://example.org:99999/",
        "http://example.org:port/",
        "http://example.org:8\u0661/",  # a digit of Arabic
        "http://[::1",
        "http://exa mple.org/",
        "http://%65xample.org/",
        "https://example.org/" + "a" * urls.MAX_LENGTH,
    ],
)
def test_what_is_not_http_is_no_link(href: str) -> None:
    assert urls.absolute(href, BASE) is None
    assert not urls.is_http(href)
    assert urls.canonical_key(href) is None
    assert urls.host_key(href) == ""


def test_a_relative_link_without_a_base_is_none() -> None:
    assert urls.absolute("/a") is None
    assert urls.absolute("/a", "not a url") is None


@for_each(
    ("url", "printed"),
    [
        ("https://e.org/a?utm_source=rss&id=3&utm_medium=feed", "https://e.org/a?id=3"),
        ("https://e.org/a?UTM_Source=rss", "https://e.org/a"),
        ("https://e.org/a?b=1&amp;utm_source=rss", "https://e.org/a?b=1"),
        ("https://e.org/a?z=1&a=%c3%a9&fbclid=x", "https://e.org/a?z=1&a=%c3%a9"),
        ("https://e.org/a#utm_source=rss", "https://e.org/a"),
        ("https://e.org/a#xtor=RSS-3208", "https://e.org/a"),
        ("https://e.org/a#section-2", "https://e.org/a#section-2"),
        ("https://e.org/a?ref=home&p=2&lang=de", "https://e.org/a?ref=home&p=2&lang=de"),
        ("https://medium.example/p?source=rss----abc---4", "https://medium.example/p"),
        ("https://e.org/a?source=agency", "https://e.org/a?source=agency"),
        ("https://www.wsj.com/articles/x?mod=rss_markets", "https://www.wsj.com/articles/x"),
        ("https://it.slashdot.org/story?sid=1&from=rss", "https://it.slashdot.org/story?sid=1"),
        ("https://e.org/view?mod=3", "https://e.org/view?mod=3"),
        ("https://e.org/?a&&b=", "https://e.org/?a&&b="),
        ("https://e.org/?#", "https://e.org/?#"),
        ("https://e.org/plain", "https://e.org/plain"),
        ("https://example.org/story;jsessionid=0A1B.node2?a=1", "https://example.org/story?a=1"),
        ("https://example.org/a;v=1;JSESSIONID=0A1B/b#c", "https://example.org/a;v=1/b#c"),
        ("https://example.org/?PHPSESSID=0a1b&p=2&CFID=1&CFTOKEN=2", "https://example.org/?p=2"),
    ],
)
def test_tracking_goes_and_everything_else_stays_as_published(url: str, printed: str) -> None:
    assert urls.without_tracking(url) == printed


@for_each(
    "url",
    [
        "http://example.org/story?a=1&b=2",
        "https://EXAMPLE.org:443/story?b=2&a=1",
        "https://www.example.org/story/?a=1&b=2#comments",
        "https://m.example.org/story?a=1&b=2&utm_source=x",
        "https://amp.example.org/story?a=1&b=2",
        "https://example.org/story/amp/?a=1&b=2",
        "https://example.org/amp/story?a=1&b=2",
        "https://example.org/story?a=1&amp=1&b=2",
        "https://example.org/./x/../story?a=1&b=2",
        "https://example.org/%73tory?a=1&b=2",
        "https://user:secret@example.org/story?a=1&b=2",
        "https://www.google.com/amp/s/example.org/story?a=1&b=2",
        "https://example-org.cdn.ampproject.org/c/s/example.org/story?a=1&b=2",
        "https://Example-Org.CDN.ampproject.org/c/s/example.org/story?a=1&b=2",
        "https://www.Google.com/amp/s/example.org/story?a=1&b=2",
    ],
)
def test_links_to_one_page_share_a_key(url: str) -> None:
    assert urls.canonical_key(url) == "https://example.org/story?a=1&b=2"


def test_links_to_different_pages_have_different_keys() -> None:
    different = [
        "https://example.org/",
        "https://example.org/Story",
        "https://example.org/story",
        "https://example.org/story?id=1",
        "https://example.org/story?id=2",
        "https://example.org/#!/story",
        "https://example.org:8080/story",
        "https://blog.example.org/story",
        "https://example.org/a%2Fb",
        "https://example.org/a/b",
        "https://amp.dev/story",
    ]
    keys = [urls.canonical_key(url) for url in different]
    assert len(set(keys)) == len(keys)


@for_each(
    ("url", "key"),
    [
        ("https://feeds.bbci.co.uk/news/rss.xml", "bbci.co.uk"),
        ("https://one.blogspot.com/feed", "blogspot.com"),
        ("https://user:secret@WWW.Example.ORG./x", "example.org"),
        ("https://bücher.example/x", "xn--bcher-kva.example"),
        ("http://127.0.0.1:8080/x", "127.0.0.1:8080"),
        ("http://127.0.0.1/x", "127.0.0.1:80"),
        ("http://[::1]:8080/x", "[::1]:8080"),
        ("https://localhost/x", "localhost:443"),
        ("https://co.uk/x", "co.uk"),
    ],
)
def test_a_host_is_its_registrable_name(url: str, key: str) -> None:
    assert urls.host_key(url) == key


def test_credentials_go_from_what_is_printed() -> None:
    assert urls.without_credentials("https://user:p@ss@example.org/a@b") == "https://example.org/a@b"
    assert urls.without_credentials("https://example.org/a@b") == "https://example.org/a@b"
    assert urls.without_credentials("//user@example.org/a") == "//example.org/a"


def test_one_origin_is_scheme_host_and_port() -> None:
    assert urls.same_origin("https://Example.org/a", "https://user:secret@example.org:443/b")
    assert not urls.same_origin("https://example.org/", "http://example.org/")
    assert not urls.same_origin("https://example.org/", "https://example.org:8443/")
    assert not urls.same_origin("https://example.org/", "https://www.example.org/")
    assert not urls.same_origin("nonsense", "nonsense")


_PIECES = (
    "http:// https:// HTTP: // / example.org www. m. [::1] [ ] : :80 :443 :x @ ? # ! & = % %41 %2f utm_source=x amp "
    ".amp /amp/ .. . \0 é 日 \ud800 \\ a B ; \ufeff ℀ www.google.com/amp/s/ xn-- m=1"
)
PIECES = st.sampled_from([*_PIECES.split(), " ", "\n"])
URLS = st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=12).map("".join))


@settings(max_examples=examples(400), deadline=None)
@given(URLS, URLS)
def test_no_text_makes_it_raise(href: str, base: str) -> None:
    url = urls.absolute(href, base)
    assert url is None or (VALID_URI.fullmatch(url) and urls.is_http(url) and urls.absolute(url) == url)
    key = urls.canonical_key(href)
    assert key is None or urls.canonical_key(key) == key
    printed = urls.without_tracking(href)
    assert urls.without_tracking(printed) == printed
    assert urls.is_http(href) == bool(urls.host_key(href))
    assert urls.same_origin(href, href) == urls.is_http(href)
    urls.without_credentials(href)


@for_each(
    ("url", "host"),
    [
        ("https://blog.example.org/feed", "example.org"),
        ("https://user:secret@Mine.example.net/feed", None),
        ("https://other.example.net/feed", "example.net"),
        ("http://127.0.0.1:8081/", None),
        ("http://127.0.0.1:8082/", "127.0.0.1:8082"),
        ("https://a.whole.example/", None),
        ("https://" + "a" * 301 + "/", None),
        ("no URL", None),
    ],
)
def test_a_host_that_is_paced_has_a_key(url: str, host: str | None) -> None:
    assert urls.paced_host(url, {"mine.example.net", "127.0.0.1:8081", "whole.example"}) == host


@pytest.mark.parametrize("path", ["/a/..//..%2f..", "//./x", "/..//..//x", "///../..//.a", "/a/./b/../c"])
def test_dots_in_a_path_leave_a_key_of_the_same_host(path: str) -> None:
    key = urls.canonical_key(f"https://a.example{path}")
    assert key is not None
    assert key.startswith("https://a.example/")
    assert urls.canonical_key(key) == key


@settings(max_examples=examples(400), deadline=None)
@given(URLS)
def test_the_short_cut_for_ordinary_urls_changes_no_result(href: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        quick = urls.absolute(href)
        patch.setattr(urls, "_ORDINARY", re.compile(r"(?!)"))
        assert urls.absolute(href) == quick


@pytest.mark.parametrize(
    "url",
    [
        "https://www.google.evil.example/amp/s/victim.example/story",
        "https://google.com.evil.example/amp/s/victim.example/story",
        "https://google.github.io/amp/s/victim.example/story",
        "https://cdn.ampproject.org.evil.example/c/s/victim.example/story",
        "https://www.evil.example/amp/s/victim.example/story",
    ],
)
def test_only_google_and_its_cache_have_amp_forms_of_other_hosts(url: str) -> None:
    key = urls.canonical_key(url)
    assert key is not None
    assert urls.host_key(key) == urls.host_key(url)


@for_each(
    ("url", "key"),
    [
        ("https://www.google.co.uk/amp/s/example.org/a", "https://example.org/a"),
        ("https://google.de/amp/example.org/a", "http://example.org/a"),
        ("https://en.m.example.co.uk/a", "https://en.example.co.uk/a"),
        ("https://m.co.uk/a", "https://m.co.uk/a"),
        ("https://amp.github.io/a", "https://amp.github.io/a"),
        ("https://www.amp.github.io/a", "https://amp.github.io/a"),
        ("https://example.m.co/a", "https://example.m.co/a"),
    ],
)
def test_labels_are_removed_above_the_registrable_name_only(url: str, key: str) -> None:
    assert urls.canonical_key(url) == urls.canonical_key(key)
    assert urls.host_key(urls.canonical_key(url) or "") == urls.host_key(key)
