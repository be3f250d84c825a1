"""Parts of untrusted HTML that are not shown, or are no text: hidden elements, line numbers, doubles. Pure."""

import re
from collections.abc import Mapping

from aggregator.normalise.styles import declarations

# Words are searched for one by one, in their usual case, and expressions start with what is rare: anything else takes
# ten times as long.
_NOT_DISPLAYED = ("isplay:none", "isplay: none", "DISPLAY")
# Each match begins at the last place that it can, or a text of nothing but its first word would take quadratic time.
_HIDDEN = re.compile(r"""hidden(?<=[\s"']hidden)(?=[\s=>/])(?:[^<>\s"']++|[\s"'](?!hidden[\s=>/]))*+>""")
_GUTTER_CLASS = re.compile(r"""class=["']?(?:[^"'<>=]|(?<!class)=)*(?:gutter|ineno|inenum|ine-num|\bln)""")
_HINT = re.compile(r"hidden|display|mso-hide|gutter|line-?n|\blnt?\b", re.IGNORECASE)
_GUTTER = re.compile(
    r"(?:^|[\s_-])(?:gutter|linenos?|linenodiv|line-?num(?:ber)?s?|lnt|ln|lnum|lntd)(?:$|[\s_-])", re.IGNORECASE
)
_COPY = re.compile(r"cop(?:y|ied)(?: code| to clipboard)?!?", re.IGNORECASE)
_COPIES = re.compile(r"(?<![a-z])copy(?!right)|clipboard", re.IGNORECASE)
_NUMBERS = re.compile(r"(?:[\d\s]|&nbsp;|<[^<>]*>)*+")
_NEAR = r"(?:\s|</?(?!(?:\w+:)?math\b)[A-Za-z][^<>]*>){0,8}+"  # a few tags and blanks
_FORMULA_AHEAD = re.compile(rf"{_NEAR}<(?:\w+:)?math\b", re.IGNORECASE)
_NEAR_TAGS = re.compile(_NEAR)


def may_be_unseen(source: str) -> bool:
    """Return True if `source` may hold parts that are no text: a cheap test."""
    if any(word in source for word in _NOT_DISPLAYED):
        return True
    if "hidden" in source and (
        "max-height:" in source or ("aria-hidden" in source and "math" in source) or _HIDDEN.search(source)
    ):
        return True
    return "<pre" in source and bool(_GUTTER_CLASS.search(source))


def has_hint(attributes_text: str) -> bool:
    """Return True if the attributes of an element may say that it is no text."""
    return bool(_HINT.search(attributes_text))


def is_hidden(attributes: Mapping[str, str]) -> bool:
    """Return True if an element with `attributes` is not shown, whatever style sheets say."""
    if "hidden" in attributes:
        return True
    style = declarations(attributes)
    return (
        style.get("display") == "none"
        or style.get("mso-hide") == "all"
        or (style.get("max-height") in {"0", "0px"} and style.get("overflow") == "hidden")
    )


def is_hidden_from_readers(attributes: Mapping[str, str]) -> bool:
    """Return True if an element is shown, and not read aloud: beside a formula it is the copy that is drawn."""
    return attributes.get("aria-hidden", "").strip().lower() == "true"


def is_gutter(attributes: Mapping[str, str]) -> bool:
    """Return True if the class of an element is that of line numbers."""
    return bool(_GUTTER.search(attributes.get("class", "")))


def copies_code(attributes: Mapping[str, str], text: str) -> bool:
    """Return True if a button with `attributes` and `text` in it copies code, and says nothing to a reader."""
    if "data-clipboard-target" in attributes or "data-clipboard-text" in attributes:
        return True
    names = (attributes.get(name, "") for name in ("class", "aria-label", "title"))
    return bool(_COPY.fullmatch(text.strip())) or any(map(_COPIES.search, names))


def end_of_numbers(source: str, position: int) -> int:
    """Return the end of the numbers, blanks and tags from `position` on."""
    match = _NUMBERS.match(source, position)
    assert match is not None  # it may be empty
    return match.end()


def precedes_formula(source: str, position: int) -> bool:
    """Return True if a formula starts at `position` or a few tags behind."""
    return bool(_FORMULA_AHEAD.match(source, position))


def end_of_tags(source: str, position: int) -> int:
    """Return the end of the few tags and blanks that follow `position`."""
    match = _NEAR_TAGS.match(source, position)
    assert match is not None  # it may be empty
    return match.end()
