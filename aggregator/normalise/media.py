"""Images that load late, images that only count readers, and players of video and sound, found by their tags. Pure."""

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import NamedTuple
from urllib.parse import unquote

from aggregator.normalise.links import safe_url
from aggregator.normalise.tags import HtmlTag, html_element


class ReadableImage(NamedTuple):
    """An image that a reader can load, as HTML; `late` if a script was to put it in place of another."""

    html: str
    url: str
    late: bool


_LATE = ("data-src", "data-lazy-src", "data-original", "data-orig-src")
_LATE_SETS = ("data-srcset", "data-lazy-srcset")
_PLACEHOLDER = re.compile(r"data:|.*\b(?:blank|spacer|placeholder|transparent|grey|1x1|pixel)\.(?:gif|png|svg|jpe?g)\b")
_CANDIDATE = re.compile(r"([^\s,]\S*[^\s,])(?:\s+([0-9.]{1,9})[wx])?\s*(?:,|$)")

_PIXEL = re.compile(r"\s*[012](?:\.\d+)?\s*(?:px)?\s*")
_PIXEL_STYLE = re.compile(r"(?:^|[;\s])(?:(?:width|height)\s*:\s*[012](?:px|\s*;|\s*$)|display\s*:\s*none)")
# They count readers, or serve the badges and buttons below each entry.
_TRACKER_HOSTS = (
    "2mdn.net 2o7.net doubleclick.net feedsportal.com google-analytics.com googleadservices.com imrworldwide.com"
    " pheedo.com pixel.wp.com quantserve.com rss.buysellads.com scorecardresearch.com stats.wordpress.com"
)
_TRACKER = re.compile(
    rf"https?://(?:(?:[\w-]+\.)*(?:{'|'.join(map(re.escape, _TRACKER_HOSTS.split()))})[:/]"
    r"|feeds\d?\.feedburner\.com/~|feeds\.wordpress\.com/1\.0/|(?:www\.)?facebook\.com/tr\b|medium\.com/_/stat\b"
    r"|(?:feeds|rss)\.[^/?#]+/(?:~|[^?#]*\?g=\d+$)"  # FeedBurner under a name of the source's own
    r"|[^?#]*/(?:matomo|piwik|p)\.php\?(?:[^#]*&)?idsite="  # Matomo, which each runs at home
    r"|(?:[\w-]+\.)*list-manage\.com/track/|blogger\.googleusercontent\.com/tracker/|cpx\.golem\.de/)",
    re.IGNORECASE,
)

# The address of a player's frame, the page that it stands for, and the site's name.
_PLAYERS = tuple(
    (re.compile(rf"https?://{frame}"), page, site)
    for frame, page, site in (
        (r"(?:www\.)?youtube(?:-nocookie)?\.com/(?:embed|v)/videoseries\?(?:.*&)?list=([\w-]+).*",
         r"https://www.youtube.com/playlist?list=\1", "YouTube"),
        (r"(?:www\.)?youtube(?:-nocookie)?\.com/(?:embed|v|shorts)/([\w-]+).*",
         r"https://www.youtube.com/watch?v=\1", "YouTube"),
        (r"player\.vimeo\.com/video/(\d+).*", r"https://vimeo.com/\1", "Vimeo"),
        (r"(?:www\.|geo\.)?dailymotion\.com/embed/video/(\w+).*",
         r"https://www.dailymotion.com/video/\1", "Dailymotion"),
        (r"open\.spotify\.com/embed(?:-podcast)?/(\w+/\w+).*", r"https://open.spotify.com/\1", "Spotify"),
        (r"w\.soundcloud\.com/player/?\?(?:.*&)?url=(https?(?::|%3A)[^&]+).*", r"\1", "SoundCloud"),
        (r"embed\.ted\.com/(talks/[\w/]+).*", r"https://www.ted.com/\1", "TED"),
        (r"embed\.podcasts\.apple\.com/(.*)", r"https://podcasts.apple.com/\1", "Apple Podcasts"),
        (r"(?:www\.)?instagram\.com/((?:p|reel)/[\w-]+)/embed.*", r"https://www.instagram.com/\1/", "Instagram"),
        (r"(?:www\.)?archive\.org/embed/([\w.-]+).*", r"https://archive.org/details/\1", "Internet Archive"),
        (r"((?:[\w-]+\.)?bandcamp\.com/EmbeddedPlayer/.*)", r"https://\1", "Bandcamp"),
        (r"((?:player|clips)\.twitch\.tv/.*)", r"https://\1", "Twitch"),
        (r"([\w.-]+)/videos/embed/([\w-]+).*", r"https://\1/videos/watch/\2", "PeerTube"),
    )
)  # fmt: skip


def readable_image(attributes: Mapping[str, str], base: str | None, candidate: str = "") -> ReadableImage | None:
    """Return the image of an `img` with `attributes`, its URL joined to `base`; None if there is nothing to see.

    `candidate` is the best that a `<picture>` around it offers.
    """
    late, source = _source(attributes, candidate)
    url = image_url(source, base)
    if url is None or _is_pixel(attributes):
        return None
    texts = {name: attributes.get(name, "") for name in ("alt", "title")}
    return ReadableImage(html_element("img", {"src": url, **texts}), url, late)


def image_url(source: str, base: str | None) -> str | None:
    """Return the `source` of an image as an absolute URL, None if it is a placeholder, counts readers or is no URL."""
    source = source.strip()
    url = safe_url(source, base) if source and not _PLACEHOLDER.match(source) else None
    return None if url is None or _TRACKER.match(url) else url


def _source(attributes: Mapping[str, str], candidate: str) -> tuple[bool, str]:
    """Return True if a script was to set the source of an image, and the source."""
    for name in _LATE:
        if (value := attributes.get(name, "").strip()) and not _PLACEHOLDER.match(value):
            return True, value
    for name in _LATE_SETS:
        if best := best_candidate(attributes.get(name, "")):
            return True, best
    source = attributes.get("src", "").strip()
    if source and not _PLACEHOLDER.match(source):
        return False, source
    return bool(source), best_candidate(attributes.get("srcset", "")) or candidate


def best_candidate(srcset: str) -> str:
    """Return the largest image of a `srcset` (HTML, 4.8.4.2.1), "" if it names none."""
    candidates = _CANDIDATE.findall(srcset[:8192])
    best = max(candidates, key=lambda candidate: _size(candidate[1]), default=("", ""))[0]
    return "" if _PLACEHOLDER.match(best) else str(best)


def _size(descriptor: str) -> float:
    try:
        return float(descriptor or 1)
    except ValueError:
        return 0.0


def _is_pixel(attributes: Mapping[str, str]) -> bool:
    sides = (attributes.get("width", ""), attributes.get("height", ""))
    return any(map(_PIXEL.fullmatch, sides)) or bool(_PIXEL_STYLE.search(attributes.get("style", "").lower()))


def player_link(tag: HtmlTag, inside: Iterable[HtmlTag], base: str | None) -> str:
    """Return a paragraph with a link to what a frame, an object, a video or a sound plays; "" if that is unknown.

    `inside` are the tags within: of several sources the first counts.
    """
    urls = [url for part in (tag, *inside) if (url := _played(part, base))]
    title = tag.attributes.get("title")
    for url in urls:
        for frame, page, site in _PLAYERS:
            if frame.fullmatch(url):
                return _link(unquote(frame.sub(page, url)), title or site, base)
    kind = {"video": "Video", "audio": "Audio"}.get(tag.name)
    return _link(urls[0], title or kind, base) if kind and urls else ""


def _played(tag: HtmlTag, base: str | None) -> str | None:
    attributes = tag.attributes
    names = ("data-src", "src", "data", "value")
    source = next((value for name in names if (value := attributes.get(name, "").strip())), "")
    return safe_url(source, base) if source and not source.startswith("about:") else None


def _link(url: str, text: str, base: str | None) -> str:
    page = safe_url(url, base)
    return html_element("p", {}, html_element("a", {"href": page}, escape(text, quote=False))) if page else ""
