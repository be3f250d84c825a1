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
            if self._mode == "direct":
                return ShownImage(src=url)
            if not self._is_served(url):
                return None
            if sizes is None:
                sizes = self._pictures.sizes(article_id)
            name = self._pictures.name(article_id, url, "page")
            return ShownImage(src=f"{root}picture/{name}", size=sizes.get(name))

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
        if url and self._mode == "direct":
            return thumbnail(ShownImage(src=url))
        if url and self._is_served(url):
            return thumbnail(ShownImage(src=self._address(root, article.id, url, "thumbnail")))
        return ""

    def open_graph(self, article: StoredArticle) -> str:
        """Return the URL of the image that stands for an article elsewhere, "" if there is none."""
        url = article.image or next(sources_in(article.html), None)
        if url and self._mode == "direct":
            return url
        return self._address(self._public_url, article.id, url, "page") if url and self._is_served(url) else ""

    def files(self, article: StoredArticle) -> list[Enclosure]:
        """Return the article's media files but for images that its page shows."""
        shown = {url_key(url) for url in filter(None, (article.image, *sources_in(article.html)))}
        return [
            file
            for file in article.enclosures
            if url_key(file.url) not in shown or not self.of_page(article.id, "")(file.url)
        ]

    def _is_served(self, url: str) -> bool:
        """Return True if there may be such a picture here: no SVG, and none that could not be had lately."""
        is_svg = urlsplit(url).path.lower().endswith(".svg")
        return self._mode == "proxy" and not is_svg and not self._pictures.is_missing(url)

    def _address(self, root: str, article_id: str, url: str, size: PictureSize) -> str:
        return f"{root}picture/{self._pictures.name(article_id, url, size)}"


def url_key(url: str) -> tuple[str, str]:
    """Return host and path of an image's URL without its size: the same for one picture in several sizes."""
    parts = urlsplit(url)
    return parts.netloc.lower(), _SIZE.sub("", parts.path)
