"""Clean HTML in one of the forms that it is converted to."""

from aggregator.commonmark import converted


def markdown(clean_html: str) -> str:
    """Markdown of `clean_html`, which is what `html.clean` gives."""
    return converted(clean_html).markdown


def plain_text(clean_html: str) -> str:
    """Plain text of `clean_html`."""
    return converted(clean_html).plain
