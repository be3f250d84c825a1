"""Styles that mean what a tag does: editors write spans for bold, italic, struck, raised and lowered text. Pure."""

import re
from collections.abc import Mapping

MAX_LENGTH = 1000  # characters of a style that are looked at
STYLED = frozenset({"span", "font"})  # elements that mean nothing by themselves
PLAIN = {  # what takes the meaning from an element: editors wrap whole texts so
    **dict.fromkeys(("b", "strong"), ("font-weight", re.compile(r"normal|[1-5]00"))),
    **dict.fromkeys(("i", "em"), ("font-style", re.compile("normal"))),
}
_TAGS = (
    ("font-weight", re.compile(r"bold(?:er)?|[6-9]00"), "b"),
    ("font-style", re.compile(r"italic|oblique.*"), "i"),
    ("text-decoration", re.compile(r".*\bline-through\b.*"), "s"),
    ("text-decoration-line", re.compile(r".*\bline-through\b.*"), "s"),
    ("vertical-align", re.compile("super"), "sup"),
    ("vertical-align", re.compile("sub"), "sub"),
)
# Searched for one by one, in the cases that editors write: an expression takes ten times as long.
_PROPERTIES = ("font-weight", "font-style", "line-through", "vertical-align")
_WRITTEN = (*_PROPERTIES, *map(str.upper, _PROPERTIES))
_HINT = re.compile(
    r"<(?:b|i|strong|em)\s[^<>]*font-(?:weight|style)|font-weight\s*:\s*(?:bold|[6-9]00)"
    r"|font-style\s*:\s*(?:italic|oblique)|line-through|vertical-align\s*:\s*su[bp]",
    re.IGNORECASE,
)


def may_be_styled(source: str) -> bool:
    """Return True if `source` may hold styles that mean something: a cheap test."""
    return any(word in source for word in _WRITTEN) and bool(_HINT.search(source))


def declarations(attributes: Mapping[str, str]) -> dict[str, str]:
    """Return the values of the properties that the style of an element sets."""
    parts = attributes.get("style", "")[:MAX_LENGTH].lower().replace("!important", "").split(";")
    return {name.strip(): value.strip() for name, _, value in (part.partition(":") for part in parts)}


def style_tags(attributes: Mapping[str, str]) -> list[str]:
    """Return the names of the tags that mean what the style of an element does."""
    style = declarations(attributes)
    return [tag for name, value, tag in _TAGS if value.fullmatch(style.get(name, ""))]


def is_plain(name: str, attributes: Mapping[str, str]) -> bool:
    """Return True if the style of an element of this name takes its meaning."""
    property_name, value = PLAIN[name]
    return bool(value.fullmatch(declarations(attributes).get(property_name, "")))
