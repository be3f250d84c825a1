"""An article's clean HTML as its page shows it. Pure; exact on what the cleaner wrote, which has no bare "<"."""

import re

from aggregator.serve.images import pictures_as_links

_HEADING = re.compile(r"<(/?)h([1-6])\b")
_TABLE = re.compile(r"<table\b|</table>")
_SCROLLED = '<div class="wide" role="group" aria-label="Table" tabindex="0">'  # the keyboard's way to its far columns


def page_body(clean_html: str) -> str:
    """Clean HTML with pictures as links, headings below the page's own, and tables that scroll by themselves."""
    return _tables_scrolled(_headings_below(pictures_as_links(clean_html)))


def _headings_below(clean_html: str) -> str:
    """Its highest heading is an h2 at the most: the page's h1 is the title, and screen readers expect but one."""
    if "<h1" not in clean_html:
        return clean_html
    return _HEADING.sub(lambda found: f"<{found[1]}h{min(int(found[2]) + 1, 6)}", clean_html)


def _tables_scrolled(clean_html: str) -> str:
    """Each table in a box of its own: one that is wider than the screen must not make the page scroll sideways."""
    return _TABLE.sub(lambda found: found[0] + "</div>" if found[0] == "</table>" else _SCROLLED + found[0], clean_html)
