"""Addresses of pictures: signed names, and the images of an article that they stand for. Pure."""

import hmac
import re
from collections.abc import Iterator
from html import unescape
from itertools import product

from aggregator.model import PICTURE_SIZES, ArticleImages, PictureSize

# Exact on clean HTML: the cleaner leaves no "<", ">" or bare quote in attributes, and quotes them all by `"`.
_SOURCE = re.compile(r'<img(?: [^>]*)? src="([^"]*)"')
_NAME = re.compile(r"([0-9a-f]{32})-[0-9a-f]{32}")


def signed_name(key: str, article_id: str, url: str, size: PictureSize) -> str:
    """Return the name of a picture: the id of its article, and a signature of its URL that only `key` can make."""
    signature = hmac.digest(key.encode(), f"{size} {article_id} {url}".encode(), "sha256")
    return f"{article_id}-{signature.hex()[:32]}"


def article_of(name: str) -> str | None:
    """Return the id of the article in a picture's name, None if it is no such name."""
    parts = _NAME.fullmatch(name)
    return parts[1] if parts else None


def named_image(key: str, name: str, images: ArticleImages) -> tuple[str, PictureSize] | None:
    """Return the URL and the size of the picture with this name, None unless it is one of the article's images."""
    article_id = article_of(name)
    if article_id is None:
        return None
    for url, size in product(image_urls(images), PICTURE_SIZES):
        if hmac.compare_digest(name, signed_name(key, article_id, url, size)):
            return url, size
    return None


def image_urls(images: ArticleImages) -> Iterator[str]:
    """Yield the URLs of the article's images, that of the entry first."""
    if images.image:
        yield images.image
    yield from sources_in(images.html)


def sources_in(clean_html: str) -> Iterator[str]:
    """Yield the URLs of the images in clean HTML."""
    return (unescape(image[1]) for image in _SOURCE.finditer(clean_html))
