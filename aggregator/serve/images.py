"""Images of an article as its page shows them. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape, unescape

# Exact on clean HTML: the cleaner leaves no "<", ">" or bare quote in attributes, and quotes them all by `"`.
_LINK_OR_IMAGE = re.compile(r"<(?P<end>/?)a(?: [^>]*)?>|<img(?P<attributes> [^>]*)>")
_ATTRIBUTE = re.compile(r' (src|alt|title)="([^"]*)"')
_BLOCK = r"(?:p|div|figure|li|td|th|dd|blockquote|section|article)"
# An image that has a block for itself, perhaps within a link, and not one among words.
_BEFORE = re.compile(rf"(?:\A|</?{_BLOCK}(?: [^>]*)?>|<br>)\s*(?:<a(?: [^>]*)?>\s*)?\Z")
_AFTER = re.compile(rf"\s*(?:</a>\s*)?(?:\Z|</?{_BLOCK}\b|<figcaption|<br>|<[ou]l|<h[1-6])")
LEAD_HEIGHT = 416  # pixels
_NEAR = 1000  # characters before an image: the address of a link is among them


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownImage:
    """An image that a page loads; without a size if that is not known before."""

    src: str
    size: tuple[int, int] | None = None  # width and height in pixels


ImageOf = Callable[[str], ShownImage | None]


def shown_images(clean_html: str, image_of: ImageOf) -> str:
    """Return clean HTML with the image that `image_of` gives for the URL of each image.

    Where it gives none there is a link, or the text alone inside another link. An image of unknown size that stands
    alone has a place of a fixed size, so that the text below it does not jump.
    """
    in_link = False

    def replacement(tag: re.Match[str]) -> str:
        nonlocal in_link
        if tag["attributes"] is None:
            in_link = not tag["end"]
            return tag[0]
        attributes = dict(_ATTRIBUTE.findall(tag["attributes"]))
        if "src" in attributes and (image := image_of(unescape(attributes["src"]))):
            if in_link and not attributes.get("alt"):
                attributes["alt"] = "Picture"  # else the link has no words
            return _element(image, attributes, in_place=_is_alone(tag))
        text = f"Picture: {attributes['alt']}" if attributes.get("alt") else "Picture"
        if in_link or "src" not in attributes:
            return f'<span class="picture">{text}</span>'
        return f'<a class="picture" href="{attributes["src"]}">{text}</a>'

    return _LINK_OR_IMAGE.sub(replacement, clean_html)


def lead_image(image: ShownImage, alt: str) -> str:
    """Return the image above an article's text, which is to be seen too: a tall image is made smaller."""
    if image.size and image.size[1] > LEAD_HEIGHT:
        width, height = image.size
        image = ShownImage(src=image.src, size=(max(1, width * LEAD_HEIGHT // height), LEAD_HEIGHT))
    return _element(image, {"alt": escape(alt)}, in_place=True, name="lead", loading="eager")


def thumbnail(src: str) -> str:
    """Return the image beside an article in a list; its place has the same size for all."""
    return f'<img class="thumbnail" src="{escape(src)}" alt="" width="120" height="80" loading="lazy">'


def _element(
    image: ShownImage, attributes: dict[str, str], *, in_place: bool, name: str = "", loading: str = "lazy"
) -> str:
    """Return an `img` element; `attributes` are escaped."""
    names = " ".join(filter(None, (name, "unsized" if in_place and not image.size else "")))
    classes = f'class="{names}" ' if names else ""
    size = f' width="{image.size[0]}" height="{image.size[1]}"' if image.size else ""
    title = f' title="{attributes["title"]}"' if attributes.get("title") else ""
    alt = attributes.get("alt", "")
    return f'<img {classes}src="{escape(image.src)}" alt="{alt}"{title}{size} loading="{loading}">'


def _is_alone(tag: re.Match[str]) -> bool:
    before = tag.string[max(0, tag.start() - _NEAR) : tag.start()]
    return bool(_BEFORE.search(before) and _AFTER.match(tag.string, tag.end()))
