"""Links of one sign: permanent links of headings, which go, and references to footnotes, which are raised. Pure."""

import re

from aggregator.normalise.tags import HtmlTag

_WITHIN_A_SIGN = r"(?:\s|</?(?:span|i|b|small|sup)\b[^<>]*>){0,8}+"
_SIGN = re.compile(
    rf"{_WITHIN_A_SIGN}(?:[¶#§🔗]\ufe0f?|\u200b|&(?:para|sect|ZeroWidthSpace|#182|#128279|#8203|#x200b);)"
    rf"{_WITHIN_A_SIGN}</a\s*>",
    re.IGNORECASE,
)
_SIGNS = ("¶", "🔗", "§", "&para;", "&#182;", "&#128279;", "#<", "# <", "\u200b<", "&ZeroWidthSpace;<", "&#8203;<")
_SIGN_CLASS = re.compile(r"(?:header|hash)-?link|header-?anchor|heading-?anchor|anchor-?js|permalink", re.IGNORECASE)
_NOTES = ("noteref", "ootnote-anchor", "ootnote-ref", "ootnoteAnchor", "ootnoteRef")
_NOTE = re.compile(r"noteref|footnote-?(?:anchor|ref)", re.IGNORECASE)
_NOTE_ATTRIBUTES = ("class", "role", "epub:type", "data-component-name")
_MARK = re.compile(r"\s*\[?(?:\d{1,3}|[a-z]|[*†‡])\]?\s*</a\s*>", re.IGNORECASE)
_RAISED = re.compile(r"<sup\b[^<>]*>\s*\Z", re.IGNORECASE)
_RAISED_REACH = 200  # characters before a mark that are looked at


def may_have_small_links(source: str) -> bool:
    """Return True if `source` may hold such links: a cheap test."""
    return any(sign in source for sign in _SIGNS) or any(name in source for name in _NOTES)


def end_of_permanent_link(source: str, tag: HtmlTag, *, in_heading: bool) -> int | None:
    """Return the end of the link that starts with `tag` if it is but the sign of a permanent link, else None."""
    if not (sign := _SIGN.match(source, tag.end)):
        return None
    attributes = tag.attributes
    is_one = "#" in attributes.get("href", "") and (in_heading or _SIGN_CLASS.search(attributes.get("class", "")))
    return sign.end() if is_one else None


def end_of_reference(source: str, tag: HtmlTag) -> int | None:
    """Return the end of the link that starts with `tag` if it is the mark of a footnote, and not raised, else None."""
    if not (mark := _MARK.match(source, tag.end)):
        return None
    attributes = tag.attributes
    is_one = any(_NOTE.search(attributes.get(name, "")) for name in _NOTE_ATTRIBUTES)
    return mark.end() if is_one and not _RAISED.search(source[max(0, tag.start - _RAISED_REACH) : tag.start]) else None
