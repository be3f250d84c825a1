"""Images that load late, images that only count readers, and players of video and sound, found by their tags. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from aggregator.normalise.emoji import emoji_of
from aggregator.normalise.links import safe_url
from aggregator.normalise.srcset import PLACEHOLDER, candidates_of
from aggregator.normalise.tags import HtmlTag, html_element


class ReadableImage(NamedTuple):
    """An image, or a text in its place, as HTML; `late` if a script was to put another image there."""

    html: str
    url: str  # "" of a text
    late: bool


_LATE = ("data-src", "data-lazy-src", "data-original", "data-orig-src", "data-actualsrc", "nitro-lazy-src")
_LATE_SETS = ("data-srcset", "data-lazy-srcset")

_PIXEL = re.compile(r"\s*+[012](?:\.\d+)?\s*+(?:px)?\s*+")
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

# Elements of AMP and others that a script is to make a player: the attribute that says what they play, and the address
# of its frame. Two of AMP say it as HTML's do.
_ELEMENTS = {
    "amp-dailymotion": ("data-videoid", "https://www.dailymotion.com/embed/video/{}"),
    "amp-facebook": ("data-href", "{}"),
    "amp-gist": ("data-gistid", "https://gist.github.com/{}"),
    "amp-instagram": ("data-shortcode", "https://www.instagram.com/p/{}/embed"),
    "amp-soundcloud": ("data-trackid", "https://w.soundcloud.com/player/?url=https://api.soundcloud.com/tracks/{}"),
    "amp-twitter": ("data-tweetid", "https://twitter.com/i/status/{}"),
    "amp-vimeo": ("data-videoid", "https://player.vimeo.com/video/{}"),
    "amp-youtube": ("data-videoid", "https://www.youtube.com/embed/{}"),
    "lite-vimeo": ("videoid", "https://player.vimeo.com/video/{}"),
    "lite-youtube": ("videoid", "https://www.youtube.com/embed/{}"),
}
PLAYER_ELEMENTS = frozenset({"amp-video", "amp-audio", *_ELEMENTS})
_RATIO_LAYOUTS = frozenset({"responsive", "intrinsic"})  # of AMP: width and height are but a ratio


def readable_image(
    attributes: Mapping[str, str], base: str | None, pictures: Iterable[Mapping[str, str]] = ()
) -> ReadableImage | None:
    """Return the image of an `img` with `attributes`, its URL joined to `base`; None if there is nothing to see.

    `pictures` are the attributes of the sources of a `<picture>` around it. An emoji's picture gives the emoji, and an
    image that cannot be loaded (`data:`, `cid:`, `blob:`) its alternative text.
    """
    if emoji := emoji_of(attributes):
        return ReadableImage(escape(emoji, quote=False), "", late=False)
    if _is_pixel(attributes):
        return None
    texts = {name: attributes.get(name, "") for name in ("alt", "title")}
    for late, source in _sources(attributes, pictures):
        if url := image_url(source, base):
            return ReadableImage(html_element("img", {"src": url, **texts}), url, late)
    source, text = attributes.get("src", "").strip(), " ".join(texts["alt"].split())
    if text and source and (PLACEHOLDER.match(source) or not safe_url(source, base)):
        return ReadableImage(escape(text, quote=False), "", late=True)
    return None


def image_url(source: str, base: str | None) -> str | None:
    """Return the `source` of an image as an absolute URL, None if it is a placeholder, counts readers or is no URL."""
    source = source.strip()
    url = safe_url(source, base) if source and not PLACEHOLDER.match(source) else None
    return None if url is None or _TRACKER.match(url) else url


def _sources(attributes: Mapping[str, str], pictures: Iterable[Mapping[str, str]]) -> Iterator[tuple[bool, str]]:
    """Yield the sources of an image, the best first, each with True if a script was to set it.

    An image of known width comes before one of unknown width, unless it is too large.
    """
    late_sets = [candidates_of(attributes.get(name, ""), attributes) for name in _LATE_SETS]
    yield from ((True, candidates.fitting) for candidates in late_sets)
    yield from ((True, attributes.get(name, "")) for name in _LATE)
    yield from ((True, candidates.any) for candidates in late_sets)
    source = attributes.get("src", "").strip()
    is_late = bool(PLACEHOLDER.match(source))
    own = candidates_of(attributes.get("srcset", ""), attributes)
    alternatives = [(candidates_of(each.get("srcset", ""), attributes), "media" in each) for each in pictures]
    yield is_late, own.fitting
    yield from ((is_late, candidates.fitting) for candidates, is_crop in alternatives if not is_crop)
    yield False, source
    yield is_late, own.any
    yield from ((is_late, candidates.any) for candidates, _ in alternatives)
    yield from ((True, url) for url in _late_urls(attributes))


def _late_urls(attributes: Mapping[str, str]) -> Iterator[str]:
    """Yield the URLs in attributes by which plug-ins have images and frames load late, or after a consent."""
    for name, value in attributes.items():
        if (
            ("src" in name or "lazy" in name)
            and "srcset" not in name
            and value.startswith(("https://", "http://", "//"))
        ):
            yield value


def _is_pixel(attributes: Mapping[str, str]) -> bool:
    is_ratio = attributes.get("layout", "").strip().lower() in _RATIO_LAYOUTS
    sides = () if is_ratio else (attributes.get("width", ""), attributes.get("height", ""))
    return any(map(_PIXEL.fullmatch, sides)) or bool(_PIXEL_STYLE.search(attributes.get("style", "").lower()))


def player_link(tag: HtmlTag, inside: Iterable[HtmlTag], base: str | None, *, any_host: bool = True) -> str:
    """Return a paragraph with a link to what a frame, an object, a video or a sound plays; "" if that is unknown.

    `inside` are the tags within: of several sources the first counts. With `any_host` a frame of an unknown site is a
    link to it, named by its title, else by its host.
    """
    sources = (part for part in inside if part.name in {"source", "embed", "param"})
    urls = [url for part in (tag, *sources) if (url := _played(part, base))]
    title = " ".join(tag.attributes.get("title", "").split())
    for url in urls:
        for frame, page, site in _PLAYERS:
            if frame.fullmatch(url):
                return _link(unquote(frame.sub(page, url)), title or site, base)
    if urls and (kind := {"video": "Video", "audio": "Audio"}.get(tag.name.removeprefix("amp-"))):
        return _link(urls[0], title or kind, base)
    page_url = _played(tag, base)
    if not any_host or page_url is None or _is_pixel(tag.attributes) or _TRACKER.match(page_url):
        return ""
    parts = urlsplit(page_url)
    return "" if parts.path.endswith(".swf") else _link(page_url, title or parts.hostname or page_url, base)


def _played(tag: HtmlTag, base: str | None) -> str | None:
    attributes = tag.attributes
    names = ("data-src", "src", "data", "value")
    sources = (*(attributes.get(name, "").strip() for name in names), *_late_urls(attributes))
    source = next((value for value in sources if value and not value.startswith("about:")), "")
    if tag.name in _ELEMENTS:
        name, frame = _ELEMENTS[tag.name]
        source = frame.format(attributes[name].strip()) if attributes.get(name) else ""
    return safe_url(source, base) if source else None


def _link(url: str, text: str, base: str | None) -> str:
    page = safe_url(url, base)
    return html_element("p", {}, html_element("a", {"href": page}, escape(text, quote=False))) if page else ""
