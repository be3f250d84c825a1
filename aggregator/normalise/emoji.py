"""Pictures of emoji, which scripts put in place of the characters. Pure."""

import re
from collections.abc import Mapping

_CLASSES = re.compile(
    r"(?:^|\s)(?:(?:custom-|wp-|tw)?emoji(?:one)?|wp-smiley|smil(?:ie|ies|ey))(?:\s|$)", re.IGNORECASE
)
_SOURCE = re.compile(  # of WordPress, Twitter, Facebook, GitHub, Google, Discourse
    r"(?:https?:)?//(?:s\.w\.org/images/core/emoji/|abs(?:-0)?\.twimg\.com/emoji/|emoji\.discourse-cdn\.com/"
    r"|[^?#]*/(?:twemoji|notoemoji|emojione|emoji\.php)[/@]|[^?#]*/images/(?:icons/)?emoji/)",
    re.IGNORECASE,
)
_NAMED_BY_CODE_POINTS = re.compile(
    r".*/(?:emoji_?)?u?([0-9a-f]{2,6}(?:[-_][0-9a-f]{2,6})*)\.(?:png|svg|gif|webp)(?:[?#].*)?", re.IGNORECASE
)
# No text fits two ways: the selector behind U+2139, a letter, belongs to the last class.
_EMOJI = re.compile(r"(?:[0-9#*]\ufe0f?\u20e3|\u2139|[^\w\s\x00-\xa8])+")
_MAX_LENGTH = 64  # characters; a longer text describes something else


def emoji_of(attributes: Mapping[str, str]) -> str:
    """Return the characters that an `img` with `attributes` is a picture of, "" if it is another picture.

    They are an emoji, or what its author typed (`:)`, `:tada:`) where the picture has the class of one.
    """
    source, text = attributes.get("src", ""), attributes.get("alt", "").strip()
    has_class = bool(_CLASSES.search(attributes.get("class", "")))
    if not (has_class or _SOURCE.match(source)) or len(text) > _MAX_LENGTH:
        return ""
    if _EMOJI.fullmatch(text):
        return text
    return _from_name(source) or (text if has_class else "")


def _from_name(source: str) -> str:
    """Return the emoji whose code points are the name of the file."""
    name = _NAMED_BY_CODE_POINTS.fullmatch(source)
    codes = [int(code, 16) for code in re.split("[-_]", name[1])] if name else []
    text = "".join(map(chr, codes)) if all(code < 0x110000 for code in codes) else ""
    return text if _EMOJI.fullmatch(text) else ""
