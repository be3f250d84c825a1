"""Text, code and URLs as Markdown that shows them verbatim and does nothing else. Pure.

The rules are those of CommonMark, GitHub's tables and strikethrough, and the additions of goldmark and Hugo: a
shortcode in an article's text would fail the whole site, or run. No character is escaped that would not act.
"""

import re

_PLAIN = re.compile(r"[a-z\x20-%'-)+-;=-Z^|}\x7f-\U0010ffff]*+")  # none of \ ` * _ ~ [ ] < & {, nor controls
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")

_BACKSLASH = re.compile(r"\\(?=[!-/:-@\[-`{-~]|$)")  # at the end markup may follow
_REFERENCE = re.compile(r"&(?=#?\w+;)")
_TAG = re.compile(r"<(?=[A-Za-z/!?]|[\w.!#$%&'*+/=?^`{|}~-]++@)|<$", re.ASCII)  # or an address, which becomes a link
_LINK_MIDDLE = re.compile(r"\](?=\()")
_BRACKET = re.compile(r"[\[\]]")
_SHORTCODE = re.compile(r"\{(?=\{(?:[<%]|$))")
_CODE_SPAN = re.compile("`[^`]+`")

# Renderers make a link of a URL in text: an escape in it would cut the link short, a reference behind it join it.
_BARE_URL = re.compile(r"(https?://(?=\w)[^\s<>\[\]{}|\\`]*[^\s<>\[\]{}|\\`.,;:!?\"'”’»)*_~])")
_WHOLE_URL = re.compile(r"https?://(?=\w)[^\s<>\[\]{}|\\`]*+")
_TO_LAST_REFERENCE = re.compile(r".*&#?\w+;")
_TO_REFERENCE = re.compile(r"\S*&")

# A delimiter acts only in pairs: a run that something follows, and later one that something precedes. Each run is
# looked at from its start alone, or a text of nothing but stars would take the square of its length.
_PAIRS = {
    "*": (re.compile(r"(?<!\*)\*++(?=[^\s*])"), re.compile(r"(?<=[^\s*])\*")),
    "_": (re.compile(r"(?<![^\W_])(?<!__)_++(?=[^\s_])"), re.compile(r"(?<=[^\s_])_+(?![^\W_])")),
    "~": (re.compile(r"(?<!~)~++(?=[^\s~])"), re.compile(r"(?<=[^\s~])~")),
}
_INERT = {"*": r"\\*", "_": r"\\_", "~": "&#126;"}  # goldmark sees no "~~" behind "\\~"
_RUNS = {
    "*": re.compile(r"(?<!\s)\*|\*(?!\s)"),
    "_": re.compile(r"(?<![^\W_])_|_(?![^\W_])"),
    "~": re.compile(r"(?<!\s)~|~(?!\s)"),
}

_LINE_START = re.compile(
    r"(?P<number>\d{1,9})(?=[.)](?:\s|$))"
    r"|(?=[#]{1,6}(?:\s|$)|[-+*](?:\s|$)|[>:]|~~~|```"  # heading, list, quotation, definition, fence
    r"|[-=|:+ ]+$"  # underline of a heading or a table
    r"|(?P<rule>[-*_])(?:\s*(?P=rule)){2,}\s*$)"
)

_PLAIN_URL = re.compile(r"[A-Za-z0-9:/._~?#@!$*+,=%-]++")
_IPV6_HOST = re.compile(r"https?://\[[0-9A-Fa-f:.]+\]")  # its brackets would be no host if they were encoded
_NOT_IN_URL = re.compile(r"[\x00-\x20\"<>\\\[\]`{}|^\x7f]")
_PARENTHESIS = re.compile(r"[()]")
_BALANCED = re.compile(r"[^()]*+(?:\([^()]*+\)[^()]*+)*+")
_IN_LABEL = re.compile(r"[\\`*_~\[\]<>&{}!]")
_BACKTICKS = re.compile(r"`+")
_ACTIVE_CODE = re.compile(r"(\{)(?=\{[<%])|(<!)(?=--more-->)")


def is_plain(text: str) -> bool:
    """Return True if `text` holds no character that could act within a line."""
    return bool(_PLAIN.fullmatch(text))


def acting_delimiters(text: str) -> str:
    """Return those of `*`, `_` and `~` that would emphasise or strike something in `text`, the text of one block."""
    return "".join(
        mark for mark, (opening, closing) in _PAIRS.items() if mark in text and _paired(text, opening, closing)
    )


def _paired(text: str, opening: re.Pattern[str], closing: re.Pattern[str]) -> bool:
    opened = opening.search(text)
    return bool(opened and closing.search(text, opened.end()))


def edge_underscores(text: str) -> int:
    """Count the `_` at the edge of a word of `text`; beside a URL too, which may have to be put in angles."""
    return len(_RUNS["_"].findall(_BARE_URL.sub("<>", text)))


def escaped_text(text: str, delimiters: str = "", *, in_brackets: bool = False) -> str:
    """Return `text` (one line, a part of a block) as Markdown; of `*`, `_`, `~` only `delimiters` are escaped.

    `in_brackets` is for the label of a link and the alternative of an image: there no bracket may stand free.
    """
    if is_plain(text):
        return text
    if "://" not in text or in_brackets:
        return _escaped(text, delimiters, in_brackets=in_brackets)
    parts = _split_at_references(text) if _REFERENCE.search(text) else _BARE_URL.split(text)
    escaped = [_escaped(part, delimiters) for part in parts]
    for index in range(1, len(parts), 2):  # the URLs
        if escaped[index] != parts[index] or _TO_REFERENCE.match(escaped[index + 1]):
            escaped[index] = f"<{parts[index]}>"
    return "".join(escaped)


def _split_at_references(text: str) -> list[str]:
    """Return `text` in parts, every second a URL up to its last reference; in one pass, whatever the text repeats."""
    parts, end = [], 0
    for url in _WHOLE_URL.finditer(text):
        if with_reference := _TO_LAST_REFERENCE.match(text, url.start(), url.end()):
            parts += [text[end : url.start()], with_reference[0]]
            end = with_reference.end()
    return [*parts, text[end:]]


def _escaped(text: str, delimiters: str, *, in_brackets: bool = False) -> str:
    text = _BACKSLASH.sub(r"\\\\", text)
    text = _TAG.sub("&lt;", _REFERENCE.sub("&amp;", text))
    text = _SHORTCODE.sub("&#123;", text).replace("`", "\\`")
    text = _BRACKET.sub(r"\\\g<0>", text) if in_brackets else _LINK_MIDDLE.sub(r"\\]", text)
    for delimiter in delimiters:
        text = _RUNS[delimiter].sub(_INERT[delimiter], text)
    return text


def escaped_strictly(text: str) -> str:
    """Return `text` with a backslash before every ASCII punctuation: ugly, and inert whatever it holds."""
    return _PUNCTUATION.sub(r"\\\g<0>", text)


def escaped_at_line_start(line: str) -> str:
    """Return `line`, escaped text at the start of a line, so that it starts no block."""
    if line[:1].isalpha():
        return line
    line = _LINE_START.sub(r"\g<number>\\", line, count=1) if _LINE_START.match(line) else line
    # Attributes to goldmark, which gives them to the block before and drops what follows.
    return f"&#123;{line[1:]}" if line.startswith("{") and "}" in line else line


def markdown_line(text: str) -> str:
    """Return plain text of one line as a line of Markdown of its own that shows it, escaped with backslashes alone.

    It is for a text that is also shown as it stands, in the head of an article, where Hugo reads no shortcodes.
    """
    line = text
    for active in (_BACKSLASH, _TAG, _REFERENCE, _LINK_MIDDLE, *(_RUNS[mark] for mark in acting_delimiters(text))):
        line = active.sub(r"\\\g<0>", line)
    line = line.replace("`", "\\`") if _CODE_SPAN.search(text) else line
    if line.startswith("{"):
        return line
    return f"\\{line}" if line.startswith("[") and "]:" in line else escaped_at_line_start(line)


def markdown_link(label: str, url: str) -> str:
    """Return a link to `url` with the plain text `label`."""
    escaped = _IN_LABEL.sub(r"\\\g<0>", label)
    return f"[{escaped}]({destination(url)})"


def _neutral(code: str) -> str:
    """Return `code` without shortcode or end of the summary for Hugo: references do not work there, U+2060 does."""
    return _ACTIVE_CODE.sub("\\g<0>\u2060", code)


def fenced(code: str, language: str = "") -> str:
    """Return `code` as a block; `language` must be one of LANGUAGES: renderers draw pictures of others."""
    fence = _fence(code, 3)
    return f"{fence}{language}\n{_neutral(code)}\n{fence}"


def code_span(code: str) -> str:
    """Return `code` (one line) as a code span."""
    fence = _fence(code, 1)
    edge = " " if code[:1] == "`" or code[-1:] == "`" else ""
    return f"{fence}{edge}{_neutral(code)}{edge}{fence}"


def _fence(code: str, shortest: int) -> str:
    """Return a run of backticks longer than any in `code`, and not shorter than `shortest`."""
    return "`" * max(shortest, 1 + max(map(len, _BACKTICKS.findall(code)), default=0))


def destination(url: str) -> str:
    """Return `url` for the parentheses of a link: nothing in it ends the link, is decoded, or starts a shortcode."""
    if _PLAIN_URL.fullmatch(url):
        return url
    url = url.strip()
    host = _IPV6_HOST.match(url)
    start = host.end() if host else 0
    target = url[:start] + _NOT_IN_URL.sub(_percent_encoded, url[start:])
    if not _BALANCED.fullmatch(target):
        target = _PARENTHESIS.sub(_percent_encoded, target)
    return _REFERENCE.sub("&amp;", target)


def _percent_encoded(character: re.Match[str]) -> str:
    return f"%{ord(character[0]):02X}"


def image(url: str, alternative: str, title: str) -> str:
    """Return an image; its title (a comic's second joke) only if it says something else than the alternative."""
    alternative, title = " ".join(alternative.split()), " ".join(title.split())
    label = escaped_text(alternative, "*_~", in_brackets=True)
    caption = escaped_text(title, "*_~").replace('"', '\\"') if title != alternative else ""
    return f'![{label}]({destination(url)} "{caption}")' if caption else f"![{label}]({destination(url)})"
