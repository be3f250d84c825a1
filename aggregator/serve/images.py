"""An article's pictures as links. Pure."""

import re

# Exact on clean HTML: the cleaner leaves no "<", ">" or bare quote in attributes, and quotes them all by `"`.
_LINK_OR_PICTURE = re.compile(r"<(?P<end>/?)a(?: [^>]*)?>|<img(?P<attributes> [^>]*)>")
_ATTRIBUTE = re.compile(r' (src|alt)="([^"]*)"')


def pictures_as_links(clean_html: str) -> str:
    """Clean HTML with a link in the place of each picture, or its words alone where it stands in a link already.

    Reading a page here must tell no other host who reads what, so none of a source's pictures is loaded.
    """
    in_link = False

    def shown(found: re.Match[str]) -> str:
        nonlocal in_link
        if found["attributes"] is None:
            in_link = not found["end"]
            return found[0]
        attributes = dict(_ATTRIBUTE.findall(found["attributes"]))
        words = f"Picture: {attributes['alt']}" if attributes.get("alt") else "Picture"
        if in_link or "src" not in attributes:
            return f'<span class="picture">{words}</span>'
        return f'<a class="picture" href="{attributes["src"]}">{words}</a>'

    return _LINK_OR_PICTURE.sub(shown, clean_html)
