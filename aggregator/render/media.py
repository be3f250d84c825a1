"""Audio, video and images of an article, as article files show them."""

import re

from aggregator.commonmark.escape import destination, markdown_link
from aggregator.model import Enclosure, StoredArticle

MAX_LINKS = 10  # of audio or video in the text of one article

_EXTENSIONS = {
    "audio": re.compile(r"\.(?:mp3|m4a|aac|og[ag]|opus|flac|wav)$", re.IGNORECASE),
    "video": re.compile(r"\.(?:mp4|m4v|webm|mov|ogv)$", re.IGNORECASE),
    "image": re.compile(r"\.(?:jpe?g|png|gif|webp|avif)$", re.IGNORECASE),
}


def urls_of(article: StoredArticle, kind: str) -> tuple[str, ...]:
    """Return the URLs of its enclosures of this kind ("audio", "video", "image"), each once."""
    return tuple(dict.fromkeys(file.url for file in article.enclosures if _is_of_kind(file, kind)))


def images(article: StoredArticle) -> tuple[str, ...]:
    """Return the URLs of its images, the most representative first."""
    return tuple(dict.fromkeys(url for url in (article.image, *urls_of(article, "image")) if url))


def image_credit(article: StoredArticle) -> str:
    """Return the credit of its representative image, or that of all its images; "" if the source names none."""
    by_url = {file.url: file.credit for file in article.enclosures if file.credit and _is_of_kind(file, "image")}
    common = next(iter(by_url.values())) if article.image and len(set(by_url.values())) == 1 else ""
    return by_url.get(article.image or "", common)


def media_links(article: StoredArticle) -> list[str]:
    """Return a Markdown link for each audio file that its text does not link, else for its first video."""
    audio, video = urls_of(article, "audio"), urls_of(article, "video")
    label, urls = ("Audio", audio) if audio else ("Video", video[:1])
    unlinked = (url for url in urls[:MAX_LINKS] if f"]({destination(url)})" not in article.markdown)
    return [markdown_link(label, url) for url in unlinked]


def _is_of_kind(file: Enclosure, kind: str) -> bool:
    if file.type and not file.type.startswith("application/"):
        return file.type.startswith(f"{kind}/")
    return bool(_EXTENSIONS[kind].search(file.url.partition("?")[0].partition("#")[0]))
