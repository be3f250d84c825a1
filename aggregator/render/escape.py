"""Text that stays text inside YAML, TOML and Markdown, and URLs that stay one URL."""

import json
import re
from urllib.parse import quote

from aggregator.characters import BYTE_ORDER_MARK, LINE_SEPARATORS, SURROGATES

# ------------------------------------------------------------------------------------------------------ YAML and TOML

_UNQUOTABLE = re.compile(
    f"[\x7f-\x9f{LINE_SEPARATORS}{BYTE_ORDER_MARK}\ufffe\uffff]"
)  # JSON leaves them raw, YAML and TOML trip
_SURROGATE = re.compile(f"[{SURROGATES}]")  # no character: Hugo would write a page that is not UTF-8
_literal = json.JSONEncoder(ensure_ascii=False).encode  # made once: json.dumps makes one at each call


def quoted(text: str) -> str:
    """`text` as a double-quoted string of one line that YAML 1.1, YAML 1.2 and TOML 1.0 read alike."""
    if text.isascii() and "\x7f" not in text:
        return _literal(text)
    literal = _literal(_SURROGATE.sub("\ufffd", text))
    return _UNQUOTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", literal)


# ---------------------------------------------------------------------------------------------------------- Markdown

_INLINE = re.compile(
    r"\\(?=[!-/:-@\[-`{-~])"  # an escape
    r"|<(?=[A-Za-z/!?])"  # a tag or an autolink
    r"|&(?=#?\w+;)"  # a character reference
    r"|\](?=\()"  # the middle of a link or an image
)
_LINE_START = re.compile(
    r"(?P<digits>\d{1,9})(?=[.)](?:\s|$))"  # a numbered list
    r"|(?=#{1,6}(?:\s|$)|>|[-+*](?:\s|$)"  # a heading, a quotation, a list
    r"|```|~~~"  # a fence
    r"|(?P<rule>[-*_])(?:\s*(?P=rule)){2,}\s*$"  # a line across the page
    r"|\[[^\]]+\]:)"  # a definition of a link or a footnote
)
# A mark acts only in pairs: a run of it before a character that is no blank, and a later one behind such a character.
_PAIRS = tuple((mark, re.compile(rf"{mark}(?=[^\s{mark}]).*?[^\s{mark}]{mark}")) for mark in (r"\*", "_", "~"))
_CODE = re.compile("`[^`]+`")


def markdown_line(text: str) -> str:
    """One line of plain text as Markdown (CommonMark and what goldmark adds to it) that shows the same text.

    A backslash stands before each character that would act, and before no other: `5 * 3`, `snake_case`, `#1` stay.
    """
    inert = _INLINE.sub(r"\\\g<0>", text)
    for mark, pair in _PAIRS:
        if pair.search(text):
            inert = _without_emphasis(inert, mark)
    if _CODE.search(text):
        inert = inert.replace("`", "\\`")
    start = _LINE_START.match(inert)
    return f"{start[0]}\\{inert[start.end() :]}" if start else inert


def _without_emphasis(text: str, mark: str) -> str:
    """`text` with each run of `mark` escaped that could open or close an emphasis."""

    def escaped(run: re.Match[str]) -> str:
        before, after = text[: run.start()][-1:], text[run.end() :][:1]
        within_word = mark == "_" and before.isalnum() and after.isalnum()
        between_blanks = not before.strip() and not after.strip()
        return run[0] if within_word or between_blanks else re.sub("(.)", r"\\\1", run[0])

    return re.sub(f"{mark}+", escaped, text)


_IN_LINK_TEXT = re.compile(r"[\\`*_~\[\]<>&{}!]")
_NOT_IN_LINK = re.compile(r"""[\x00-\x20"'<>\\\[\]`{}|^\x7f-\x9f\u2028\u2029\ufeff]|&(?=#?\w+;)""")
_BALANCED = re.compile(r"[^()]*(?:\([^()]*\)[^()]*)*")
_PARENTHESIS = re.compile("[()]")


def markdown_link(text: str, url: str) -> str:
    """A link in Markdown: `text` inert, and nothing in `url` that could end the link or start a shortcode of Hugo."""
    target = _NOT_IN_LINK.sub(_percent_encoded, url)
    if not _BALANCED.fullmatch(target):
        target = _PARENTHESIS.sub(_percent_encoded, target)
    inert = _IN_LINK_TEXT.sub(r"\\\g<0>", text)
    return f"[{inert}]({target})"


# --------------------------------------------------------------------------------------------------------------- URLs

_AUTHORITY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
_NOT_IN_URI = re.compile(r"[^!#$%&'()*+,\-./0-9:;=?@A-Z_a-z~]|%(?![0-9A-Fa-f]{2})")


def uri(text: str) -> str:
    """`text`, a URL or a tag:, as RFC 3986 allows it to be written; what is right already stays as it is."""
    authority = _AUTHORITY.match(text)
    end = authority.end() if authority else 0  # an IPv6 address keeps its brackets
    return re.sub(r"[^\x21-\x7e]", _percent_encoded, text[:end]) + _NOT_IN_URI.sub(_percent_encoded, text[end:])


def _percent_encoded(match: re.Match[str]) -> str:
    return quote(match[0], safe="", errors="replace")
