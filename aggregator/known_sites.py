"""Feeds of well-known sites by the form of their addresses. Pure.

A form is a regular expression of an address without its scheme and `www.`. The caller fetches what is given here to see
whether it is a feed.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

_REST = r"(?:[/?].*)?"  # of an address whose further parts do not matter
_YOUTUBE = r"(?:(?:m|music)\.)?youtube\.com"
_REDDIT = r"(?:old\.|new\.|np\.|m\.)?reddit\.com"
_GITHUB_PAGES = (
    "about|apps|collections|explore|features|login|marketplace|notifications|orgs|search|settings|sponsors|topics|"
    "trending|users"
)
_GITHUB = rf"github\.com/(?!(?:{_GITHUB_PAGES})(?:/|$))(?P<owner>[a-z0-9-]+)"
_REPOSITORY = rf"{_GITHUB}/(?P<name>[\w.-]+?)(?:\.git)?"
_PROJECT = r"(?P<host>gitlab\.[^/]+)/(?P<project>[^/?]+(?:/(?!-/)[^/?]+?)+?)(?:\.git)?"
_SUBSTACK = r"(?!www\.|open\.|api\.)(?P<name>[\w-]+)\.substack\.com"
_SUBSTACK_USER = r"(?:substack\.com/@|open\.substack\.com/pub/)(?P<name>[\w-]+)"
_HANDLE = r"(?P<user>[\w.-]+)@(?P<host>[\w.-]+\.\w+)"
_QUERY = r"(?:\?.*)?"  # that does not matter
_MEDIUM = r"(?!www\.|help\.|policy\.)(?P<name>[\w-]+)\.medium\.com"

# Forms, each with its feeds by title, the likeliest first. The first form that matches counts.
_FEEDS: tuple[tuple[str, dict[str, str]], ...] = (
    (
        rf"{_YOUTUBE}/channel/(?P<id>[\w-]+){_REST}",
        {"channel": "https://www.youtube.com/feeds/videos.xml?channel_id={id}"},
    ),
    (
        rf"{_YOUTUBE}/playlist\?(?:.*&)?list=(?P<id>[\w-]+)(?:&.*)?",
        {"playlist": "https://www.youtube.com/feeds/videos.xml?playlist_id={id}"},
    ),
    (rf"{_YOUTUBE}/user/(?P<user>[\w-]+){_REST}", {"channel": "https://www.youtube.com/feeds/videos.xml?user={user}"}),
    (rf"{_YOUTUBE}/.*", {}),  # the page of an @handle names its channel
    (rf"bsky\.app/profile/(?P<handle>[^/?]+){_REST}(?<!/rss)", {"posts": "https://bsky.app/profile/{handle}/rss"}),
    (r"(?P<handle>[\w-]+\.bsky\.social)/?", {"posts": "https://bsky.app/profile/{handle}/rss"}),
    (
        rf"{_REDDIT}/(?P<path>(?:r|u|user)/[^?]*[^?/])(?<!\.rss)/?(?P<query>\?.*)?",
        {"posts": "https://www.reddit.com/{path}/.rss{query}"},
    ),
    (
        rf"{_REPOSITORY}/?{_QUERY}",
        {title: f"https://github.com/{{owner}}/{{name}}/{title}.atom" for title in ("releases", "tags", "commits")},
    ),
    (
        rf"{_REPOSITORY}/(?P<list>releases|tags|discussions|wiki|commits(?:/[^?]+?)?)(?<!\.atom)/?{_QUERY}",
        {"list": "https://github.com/{owner}/{name}/{list}.atom"},
    ),
    (rf"{_REPOSITORY}/releases/(?:latest|tag/.*)", {"releases": "https://github.com/{owner}/{name}/releases.atom"}),
    (
        rf"{_REPOSITORY}/tree/(?P<place>[^?]+?)/?{_QUERY}",
        {"commits": "https://github.com/{owner}/{name}/commits/{place}.atom"},
    ),
    (rf"{_GITHUB}/?{_QUERY}", {"activity": "https://github.com/{owner}.atom"}),
    (
        rf"{_PROJECT}(?<!\.atom)/?(?!\?.*\bformat=atom){_QUERY}",
        {
            "releases": "https://{host}/{project}/-/releases.atom",
            "tags": "https://{host}/{project}/-/tags?format=atom",
            "activity": "https://{host}/{project}.atom",
        },
    ),
    (rf"{_PROJECT}/-/releases/?", {"releases": "https://{host}/{project}/-/releases.atom"}),
    (
        rf"{_PROJECT}/-/(?P<list>tags|commits/[^?]+?)/?",
        {"list": "https://{host}/{project}/-/{list}?format=atom"},
    ),
    (
        rf"{_PROJECT}/-/tree/(?P<place>[^?]+?)/?{_QUERY}",
        {"commits": "https://{host}/{project}/-/commits/{place}?format=atom"},
    ),
    (rf"{_SUBSTACK}{_REST}(?<!/feed)", {"posts": "https://{name}.substack.com/feed"}),
    (rf"{_SUBSTACK_USER}{_REST}", {"posts": "https://{name}.substack.com/feed"}),
    (rf"medium\.com/(?!(?:feed|m|me|p)/)(?P<path>(?:tag/)?[^/?]+){_REST}", {"posts": "https://medium.com/feed/{path}"}),
    (rf"{_MEDIUM}{_REST}(?<!/feed)", {"posts": "https://{name}.medium.com/feed"}),
    # Mastodon, and others of the Fediverse, on any host.
    (rf"[^/]+/@{_HANDLE}/?", {"posts": "https://{host}/@{user}.rss"}),  # a profile of another server
    (
        r"(?P<host>[^/]+)/(?:web/)?(?:@|users/)(?P<user>\w(?:[\w.-]*\w)?)(?<!\.rss)(?:/with_replies|/media)?/?",
        {"posts": "{scheme}://{host}/@{user}.rss"},
    ),
)

# Addresses that are not URLs, each with the URL of its page.
_ADDRESSES: tuple[tuple[str, str], ...] = (
    (rf"(?:acct:)?@?{_HANDLE}", "https://{host}/@{user}"),
    (r"@(?P<handle>[\w-]+(?:\.[\w-]+)+)", "https://bsky.app/profile/{handle}"),
    (r"/?(?P<path>(?:r|u)/[\w+-]+)/?", "https://www.reddit.com/{path}/"),
    (r"(?:ssh://)?git@(?P<host>[\w.-]+)[:/](?P<path>.+)", "https://{host}/{path}"),
)

# Forms of pages that do not always name their feed, each with the place where its URL can be found.
_ELSEWHERE: tuple[tuple[str, str], ...] = (
    (
        r"(?:podcasts|itunes)\.apple\.com/.*\bid(?P<id>\d+)\b.*",
        "look for it on the podcast's own site, or for `feedUrl` at https://itunes.apple.com/lookup?id={id}",
    ),
    (
        rf"{_YOUTUBE}/.*",
        "give the channel's URL, such as https://www.youtube.com/channel/UC…; “Share channel” on its page has it",
    ),
)


def page_url(address: str) -> str:
    """Return the URL of the page that `address` means: a URL, with or without its scheme, or a handle such as @a@b.c.

    The URL is not checked: an address of no known form gets `https://` before it.
    """
    address = address.strip()
    for form, url in _ADDRESSES:
        if match := re.fullmatch(form, address, re.IGNORECASE):
            return url.format(**match.groupdict())
    return address if "://" in address else f"https://{address}"


def known_feeds(url: str) -> Mapping[str, str]:
    """Return the URLs of the feeds that an address of this form has, by title; none if no form is known."""
    for form, feeds in _FEEDS:
        if match := _match(form, url):
            parts = {"scheme": urlsplit(url).scheme} | match.groupdict(default="")
            return {title: feed.format(**parts) for title, feed in feeds.items()}
    return {}


def where_to_look(url: str) -> str:
    """Return the advice for a page at which no feed was found; "" if its form is not known."""
    for form, advice in _ELSEWHERE:
        if match := _match(form, url):
            return advice.format(**match.groupdict())
    return ""


def _match(form: str, url: str) -> re.Match[str] | None:
    address = re.sub(r"(?i)^www\.", "", url.partition("://")[2].partition("#")[0])
    return re.fullmatch(form, address, re.IGNORECASE)
