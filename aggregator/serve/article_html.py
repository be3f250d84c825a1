"""The clean HTML of an article as its page shows it. Pure; exact on the cleaner's output, which has no bare "<"."""

import re

from aggregator.serve.images import ImageOf, shown_images

_HEADING = re.compile(r"<(/?)h([1-6])\b")
_TABLE = re.compile(r"<table\b|</table>")
_SCROLL_BOX = '<div class="wide" role="group" aria-label="Table" tabindex="0">'  # the keyboard can scroll it


def page_body(clean_html: str, image_of: ImageOf) -> str:
    """Return clean HTML with its images, headings from h2 on, and each table in a box that scrolls by itself.

    The page's only h1 is its title, as screen readers expect. A table wider than the screen must not make the whole
    page scroll sideways.
    """
    html = shown_images(clean_html, image_of)
    if "<h1" in html:
        html = _HEADING.sub(lambda tag: f"<{tag[1]}h{min(int(tag[2]) + 1, 6)}", html)
    return _TABLE.sub(lambda tag: tag[0] + "</div>" if tag[0] == "</table>" else _SCROLL_BOX + tag[0], html)
