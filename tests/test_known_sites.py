"""Addresses of well-known sites, and the feeds that they have."""

from hypothesis import given
from hypothesis import strategies as st

from aggregator.known_sites import known_feeds, page_url, where_to_look
from tests.cases import for_each

CHANNEL = "UCBR8-60-B28hp2BmDPdntcQ"
VIDEOS = "https://www.youtube.com/feeds/videos.xml"


@for_each(
    ("address", "feeds"),
    [
        (f"https://www.youtube.com/channel/{CHANNEL}", [f"{VIDEOS}?channel_id={CHANNEL}"]),
        (f"youtube.com/channel/{CHANNEL}/videos", [f"{VIDEOS}?channel_id={CHANNEL}"]),
        (f"https://m.youtube.com/channel/{CHANNEL}?view=0", [f"{VIDEOS}?channel_id={CHANNEL}"]),
        ("https://www.youtube.com/playlist?list=PLx0-9_a", [f"{VIDEOS}?playlist_id=PLx0-9_a"]),
        ("https://www.youtube.com/playlist?app=desktop&list=PLx&si=1", [f"{VIDEOS}?playlist_id=PLx"]),
        ("https://www.youtube.com/@someone", []),
        ("https://www.youtube.com/watch?v=abc", []),
        (f"https://music.youtube.com/channel/{CHANNEL}", [f"{VIDEOS}?channel_id={CHANNEL}"]),
        (f"HTTPS://WWW.YouTube.com/channel/{CHANNEL}", [f"{VIDEOS}?channel_id={CHANNEL}"]),
        ("https://www.youtube.com/user/someone/videos", [f"{VIDEOS}?user=someone"]),
        ("Mastodon@mastodon.social", ["https://mastodon.social/@Mastodon.rss"]),
        ("acct:Mastodon@mastodon.social", ["https://mastodon.social/@Mastodon.rss"]),
        ("https://mastodon.social/@jane.doe@other.example", ["https://other.example/@jane.doe.rss"]),
        ("https://mastodon.social/@jane.doe/with_replies", ["https://mastodon.social/@jane.doe.rss"]),
        ("https://mastodon.social/users/jane", ["https://mastodon.social/@jane.rss"]),
        ("@Mastodon@mastodon.social", ["https://mastodon.social/@Mastodon.rss"]),
        ("https://mastodon.social/@Mastodon", ["https://mastodon.social/@Mastodon.rss"]),
        ("http://127.0.0.1:8081/@someone/", ["http://127.0.0.1:8081/@someone.rss"]),
        ("@bsky.app", ["https://bsky.app/profile/bsky.app/rss"]),
        ("@jay.bsky.team", ["https://bsky.app/profile/jay.bsky.team/rss"]),
        ("someone.bsky.social", ["https://bsky.app/profile/someone.bsky.social/rss"]),
        ("https://bsky.app/profile/did:plc:abc/post/3k", ["https://bsky.app/profile/did:plc:abc/rss"]),
        ("r/python", ["https://www.reddit.com/r/python/.rss"]),
        ("/r/python+rust/", ["https://www.reddit.com/r/python+rust/.rss"]),
        ("https://old.reddit.com/r/Python", ["https://www.reddit.com/r/Python/.rss"]),
        ("https://www.reddit.com/r/python/top/?t=week", ["https://www.reddit.com/r/python/top/.rss?t=week"]),
        ("https://www.reddit.com/user/spez/", ["https://www.reddit.com/user/spez/.rss"]),
        (
            "https://github.com/python/cpython",
            [f"https://github.com/python/cpython/{name}.atom" for name in ("releases", "tags", "commits")],
        ),
        (
            "git@github.com:python/cpython.git",
            [f"https://github.com/python/cpython/{name}.atom" for name in ("releases", "tags", "commits")],
        ),
        (
            "ssh://git@github.com/python/cpython.git",
            [f"https://github.com/python/cpython/{name}.atom" for name in ("releases", "tags", "commits")],
        ),
        (
            "https://github.com/python/cpython?tab=readme-ov-file",
            [f"https://github.com/python/cpython/{name}.atom" for name in ("releases", "tags", "commits")],
        ),
        ("https://github.com/a/b/releases/tag/v1.0", ["https://github.com/a/b/releases.atom"]),
        ("https://github.com/a/b/tree/main", ["https://github.com/a/b/commits/main.atom"]),
        ("https://github.com/a/b/wiki", ["https://github.com/a/b/wiki.atom"]),
        ("https://github.com/torvalds?tab=repositories", ["https://github.com/torvalds.atom"]),
        ("https://github.com/vuejs/vue.js/releases", ["https://github.com/vuejs/vue.js/releases.atom"]),
        ("https://github.com/a/b/commits/release/1.x/", ["https://github.com/a/b/commits/release/1.x.atom"]),
        ("github.com/torvalds", ["https://github.com/torvalds.atom"]),
        (
            "https://gitlab.com/gitlab-org/cli",
            [
                "https://gitlab.com/gitlab-org/cli/-/releases.atom",
                "https://gitlab.com/gitlab-org/cli/-/tags?format=atom",
                "https://gitlab.com/gitlab-org/cli.atom",
            ],
        ),
        (
            "git@gitlab.gnome.org:a/b/c.git",
            [
                "https://gitlab.gnome.org/a/b/c/-/releases.atom",
                "https://gitlab.gnome.org/a/b/c/-/tags?format=atom",
                "https://gitlab.gnome.org/a/b/c.atom",
            ],
        ),
        ("https://gitlab.com/a/b/-/tree/main?ref_type=heads", ["https://gitlab.com/a/b/-/commits/main?format=atom"]),
        ("https://gitlab.gnome.org/a/b/c/-/releases", ["https://gitlab.gnome.org/a/b/c/-/releases.atom"]),
        ("https://gitlab.com/a/b/-/commits/main", ["https://gitlab.com/a/b/-/commits/main?format=atom"]),
        ("https://example.substack.com", ["https://example.substack.com/feed"]),
        ("https://example.substack.com/p/a-post?utm=1", ["https://example.substack.com/feed"]),
        ("https://substack.com/@example/posts", ["https://example.substack.com/feed"]),
        ("https://medium.com/@someone/a-post-1a2b", ["https://medium.com/feed/@someone"]),
        ("https://medium.com/netflix-techblog", ["https://medium.com/feed/netflix-techblog"]),
        ("https://medium.com/tag/python", ["https://medium.com/feed/tag/python"]),
        ("https://someone.medium.com/", ["https://someone.medium.com/feed"]),
    ],
)
def test_an_address_of_a_known_form_has_its_feeds(address: str, feeds: list[str]) -> None:
    assert list(known_feeds(page_url(address)).values()) == feeds


@for_each(
    "url",
    [
        "https://example.org/blog/",
        f"{VIDEOS}?channel_id={CHANNEL}",
        "https://mastodon.social/@Mastodon.rss",
        "https://mastodon.social/@Mastodon/1234",
        "https://bsky.app/profile/bsky.app/rss",
        "https://www.reddit.com/r/python/.rss",
        "https://github.com/python/cpython/releases.atom",
        "https://github.com/python/cpython/issues/1",
        "https://github.com/torvalds.atom",
        "https://github.com/topics/rss",
        "https://github.com/features",
        "https://gitlab.com/a/b/-/releases.atom",
        "https://gitlab.com/a/b/-/tags?format=atom",
        "https://gitlab.com/a/b.atom",
        "https://gitlab.com/explore",
        "https://example.substack.com/feed",
        "https://www.substack.com/",
        "https://medium.com/feed/@someone",
        "https://medium.com/",
        "https://medium.com/p/1a2b3c",
        "https://someone.medium.com/feed",
    ],
)
def test_other_addresses_and_feeds_themselves_have_none(url: str) -> None:
    assert known_feeds(url) == {}


def test_addresses_without_a_scheme_are_urls() -> None:
    assert page_url("example.org/feed") == "https://example.org/feed"
    assert page_url("http://example.org/@a@b") == "http://example.org/@a@b"


def test_pages_that_do_not_name_their_feed_have_advice() -> None:
    podcast = "https://podcasts.apple.com/us/podcast/a-title/id123456?i=1"
    assert where_to_look(podcast).endswith("https://itunes.apple.com/lookup?id=123456")
    assert "youtube.com/channel/" in where_to_look("https://www.youtube.com/@someone")
    assert where_to_look("https://example.org/") == ""


@given(st.text(max_size=80) | st.from_regex(r"(@|r/|github\.com/|gitlab\.x/|@a@)[\w/.{}@?=-]{0,40}", fullmatch=True))
def test_no_text_is_an_error(address: str) -> None:
    assert all("{" not in feed or "{" in address for feed in known_feeds(page_url(address)).values())
    where_to_look(page_url(address))
