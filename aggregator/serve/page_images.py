"""Images of articles on pages, as `pages.pictures` wants them. Edge: it looks into the cache of pictures."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from aggregator.model import Enclosure, ListedArticle, PictureSize, StoredArticle
from aggregator.pictures.addresses import sources_in
from aggregator.pictures.pictures import Pictures
from aggregator.serve.images import ImageOf, ShownImage, lead_image, thumbnail
from aggregator.settings import Settings

OPENING = 500  # characters of an article's HTML: a picture there is the one above the text
_SIZE = re.compile(r"[-_]\d{2,4}x\d{2,4}(?=\.\w+$)|-scaled(?=\.\w+$)")  # in names of WordPress


class PageImages:
    """Images of articles; `root` is the path from the page to the front page."""

    def __init__(self, settings: Settings, pictures: Pictures) -> None:
        self._mode, self._public_url, self._pictures = settings.pages.pictures, settings.public_url, pictures

    @property
    def origins(self) -> str:
        """Origins of images on pages with articles, for the Content-Security-Policy."""
        return "'self' https: http:" if self._mode == "direct" else "'self'"

    def of_page(self, article_id: str, root: str) -> ImageOf:
        """Return the function that gives the images of an article's page, None for those that are to be links."""
        sizes: Mapping[str, tuple[int, int]] | None = None

        def image_of(url: str) -> ShownImage | None:
            nonlocal sizes
            if not self._is_shown(url):
                return None
            address = self._address(root, article_id, url, "page")
            if self._mode == "direct":
                return ShownImage(src=address)
            if sizes is None:
                sizes = self._pictures.sizes(article_id)
            return ShownImage(src=address, size=sizes.get(address.rpartition("/")[2]))

        return image_of

    def lead(self, article: StoredArticle, root: str) -> str:
        """Return the image above an article's text, "" if there is none, or if the text shows it."""
        url, inside = article.image, map(url_key, sources_in(article.html))
        if not url or next(sources_in(article.html[:OPENING]), None) or url_key(url) in inside:
            return ""
        image = self.of_page(article.id, root)(url)
        alt = next((file.title for file in article.enclosures if file.url == url and file.title), "")
        return lead_image(image, alt) if image else ""

    def thumbnail(self, article: ListedArticle, root: str) -> str:
        """Return the image beside an article in a list, "" if there is none."""
        url = article.image or next(sources_in(article.opening), None)
        if not url or not self._is_shown(url):
            return ""
        return thumbnail(self._address(root, article.id, url, "thumbnail"))

    def open_graph(self, article: StoredArticle) -> str:
        """Return the URL of the image that stands for an article elsewhere, "" if there is none."""
        url = article.image or next(sources_in(article.html), None)
        return self._address(self._public_url, article.id, url, "page") if url and self._is_shown(url) else ""

    def files(self, article: StoredArticle) -> list[Enclosure]:
        """Return the article's media files but for images that its page shows."""
        images = {url_key(url) for url in filter(None, (article.image, *sources_in(article.html)))}
        return [file for file in article.enclosures if url_key(file.url) not in images or not self._is_shown(file.url)]

    def _is_shown(self, url: str) -> bool:
        """Return True unless there is to be a link; we serve no SVG, and nothing that could not be had lately."""
        if self._mode != "proxy":
            return self._mode == "direct"
        return not urlsplit(url).path.lower().endswith(".svg") and not self._pictures.is_missing(url)

    def _address(self, root: str, article_id: str, url: str, size: PictureSize) -> str:
        """Return the URL from which a page loads the image: its own, or that of its picture here."""
        return url if self._mode == "direct" else f"{root}picture/{self._pictures.name(article_id, url, size)}"


def url_key(url: str) -> tuple[str, str]:
    """Return host and path of an image's URL without its size: the same for one picture in several sizes."""
    parts = urlsplit(url)
    return parts.netloc.lower(), _SIZE.sub("", parts.path)
