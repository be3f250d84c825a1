"""Images of an article as links. Pure."""

import re

# Exact on clean HTML: the cleaner leaves no "<", ">" or bare quote in attributes, and quotes them all by `"`.
_LINK_OR_IMAGE = re.compile(r"<(?P<end>/?)a(?: [^>]*)?>|<img(?P<attributes> [^>]*)>")
_ATTRIBUTE = re.compile(r' (src|alt)="([^"]*)"')


def images_as_links(clean_html: str) -> str:
    """Return clean HTML with a link in place of each image, or with its text alone inside another link.

    No image is loaded from a source, so that reading a page here tells no other host who reads what.
    """
    in_link = False

    def replacement(tag: re.Match[str]) -> str:
        nonlocal in_link
        if tag["attributes"] is None:
            in_link = not tag["end"]
            return tag[0]
        attributes = dict(_ATTRIBUTE.findall(tag["attributes"]))
        text = f"Picture: {attributes['alt']}" if attributes.get("alt") else "Picture"
        if in_link or "src" not in attributes:
            return f'<span class="picture">{text}</span>'
        return f'<a class="picture" href="{attributes["src"]}">{text}</a>'

    return _LINK_OR_IMAGE.sub(replacement, clean_html)
