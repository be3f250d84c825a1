"""Text, code and URLs as Markdown that shows them verbatim and does nothing else. Pure.

The rules are CommonMark's, GitHub's tables and strikethrough, and what goldmark and Hugo add: a shortcode in an
article's text would fail the whole site, or run. Nothing is escaped that would not act.
"""

import re

# None of \\ ` * _ ~ [ ] < & { in it: nothing to escape. As ranges, since this looks at every text of every article.
PLAIN = r"[a-z\x20-%'-)+-;=-Z^|}\x7f-\U0010ffff]"
_PLAIN = re.compile(f"{PLAIN}*+")
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")

_BACKSLASH = re.compile(r"\\(?=[!-/:-@\[-`{-~]|$)")  # at the end markup may follow
_REFERENCE = re.compile(r"&(?=#?\w+;)")
_TAG = re.compile(r"<(?=[A-Za-z/!?])|<$")
_LINK_MIDDLE = re.compile(r"\](?=\()")
_BRACKET = re.compile(r"[\[\]]")
_SHORTCODE = re.compile(r"\{(?=\{(?:[<%]|$))")

# Renderers make a link of a URL in text: an escape in it would cut the link short, a reference behind it join it.
_BARE_URL = re.compile(r"(https?://(?=\w)[^\s<>\[\]{}|\\`]*[^\s<>\[\]{}|\\`.,;:!?\"'”’»)*_~])")
_WHOLE_URL = re.compile(r"https?://(?=\w)[^\s<>\[\]{}|\\`]*+")
_TO_LAST_REFERENCE = re.compile(r".*&#?\w+;")
_TO_REFERENCE = re.compile(r"\S*&")

# A mark acts only in pairs: a run that something follows, and later one that something precedes. Each run is looked at
# from its start alone, or a text of nothing but stars would take the square of its length.
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
    r"|(?=[#]{1,6}(?:\s|$)|[-+*](?:\s|$)|[>:]|~~~|[-=|:+ ]+$"  # heading, list, quotation, definition, fence, underline
    r"|(?P<rule>[-*_])(?:\s*(?P=rule)){2,}\s*$)"
)

PLAIN_URL = r"[A-Za-z0-9:/._~?#@!$*+,=%-]++"
_PLAIN_URL = re.compile(PLAIN_URL)
_NOT_IN_URL = re.compile(r"[\x00-\x20\"<>\\\[\]`{}|^\x7f]")
_UNBALANCED = re.compile(r"[()]")
_BALANCED = re.compile(r"[^()]*+(?:\([^()]*+\)[^()]*+)*+")
_BACKTICKS = re.compile(r"`+")
_ACTIVE_CODE = re.compile(r"(\{)(?=\{[<%])|(<!)(?=--more-->)")


def is_plain(text: str) -> bool:
    """Whether `text` holds no character that could act within a line."""
    return bool(_PLAIN.fullmatch(text))


def acting_marks(text: str) -> str:
    """Those of `*`, `_` and `~` that would emphasise or strike something in `text`, one block's text."""
    return "".join(mark for mark in "*_~" if mark in text and _paired(text, mark))


def _paired(text: str, mark: str) -> bool:
    opening, closing = _PAIRS[mark]
    opened = opening.search(text)
    return bool(opened and closing.search(text, opened.end()))


def edge_underscores(text: str) -> int:
    """How many `_` in `text` stand at the edge of a word; beside a URL too, which may have to be put in angles."""
    return len(_RUNS["_"].findall(_BARE_URL.sub("<>", text)))


def text_escaped(text: str, marks: str = "", *, in_brackets: bool = False) -> str:
    """`text` (one line, a part of a block) as Markdown; of `*`, `_`, `~` only `marks` are escaped.

    `in_brackets` is for a link's text and an image's alternative: there no bracket may stand free.
    """
    if is_plain(text):
        return text
    if "://" not in text or in_brackets:
        return _escaped(text, marks, in_brackets=in_brackets)
    parts = _split_at_references(text) if _REFERENCE.search(text) else _BARE_URL.split(text)
    escaped = [_escaped(part, marks) for part in parts]
    for index in range(1, len(parts), 2):  # the URLs
        if escaped[index] != parts[index] or _TO_REFERENCE.match(escaped[index + 1]):
            escaped[index] = f"<{parts[index]}>"
    return "".join(escaped)


def _split_at_references(text: str) -> list[str]:
    """`text` in parts, every second of them a URL up to the last reference in it; in one pass, whatever it repeats."""
    parts, end = [], 0
    for url in _WHOLE_URL.finditer(text):
        if found := _TO_LAST_REFERENCE.match(text, url.start(), url.end()):
            parts += [text[end : url.start()], found[0]]
            end = found.end()
    return [*parts, text[end:]]


def _escaped(text: str, marks: str, *, in_brackets: bool = False) -> str:
    text = _BACKSLASH.sub(r"\\\\", text)
    text = _TAG.sub("&lt;", _REFERENCE.sub("&amp;", text))
    text = _SHORTCODE.sub("&#123;", text).replace("`", "\\`")
    text = _BRACKET.sub(r"\\\g<0>", text) if in_brackets else _LINK_MIDDLE.sub(r"\\]", text)
    for mark in marks:
        text = _RUNS[mark].sub(_INERT[mark], text)
    return text


def strictly_escaped(text: str, _in_brackets: bool = False) -> str:
    """`text` with a backslash before every ASCII punctuation: ugly, and inert whatever it holds."""
    return _PUNCTUATION.sub(r"\\\g<0>", text)


def line_start_escaped(line: str) -> str:
    """`line`, escaped text at the start of a line, without the power to start a block there."""
    if line[:1].isalpha():
        return line
    line = _LINE_START.sub(r"\g<number>\\", line, count=1) if _LINE_START.match(line) else line
    # Attributes to goldmark, which gives them to the block before and drops what follows.
    return f"&#123;{line[1:]}" if line.startswith("{") and "}" in line else line


def code_neutral(code: str) -> str:
    """`code` in which Hugo sees no shortcode and no end of the summary: entities do not work there, U+2060 does."""
    return _ACTIVE_CODE.sub("\\g<0>\u2060", code)


def fence(code: str, shortest: int) -> str:
    """A run of backticks longer than any in `code`, and not shorter than `shortest`."""
    return "`" * max(shortest, 1 + max(map(len, _BACKTICKS.findall(code)), default=0))


def fenced(code: str) -> str:
    """`code` as a block, without a language: some renderers draw pictures of some."""
    mark = fence(code, 3)
    return f"{mark}\n{code_neutral(code)}\n{mark}"


def code_span(code: str) -> str:
    """`code` (one line) as a code span."""
    mark = fence(code, 1)
    edge = " " if code[:1] == "`" or code[-1:] == "`" else ""
    return f"{mark}{edge}{code_neutral(code)}{edge}{mark}"


def destination(url: str) -> str:
    """`url` for the parentheses of a link: nothing in it ends the link, is decoded, or starts a shortcode."""
    if _PLAIN_URL.fullmatch(url):
        return url
    target = _NOT_IN_URL.sub(_percent, url.strip())
    if not _BALANCED.fullmatch(target):
        target = _UNBALANCED.sub(_percent, target)
    return _REFERENCE.sub("&amp;", target)


def _percent(match: re.Match[str]) -> str:
    return f"%{ord(match[0]):02X}"


def image(url: str, alternative: str, title: str) -> str:
    """An image; its title (a comic's second joke) only where it says something else than the alternative."""
    alternative, title = " ".join(alternative.split()), " ".join(title.split())
    shown = text_escaped(alternative, "*_~", in_brackets=True)
    caption = text_escaped(title, "*_~").replace('"', '\\"') if title != alternative else ""
    return f'![{shown}]({destination(url)} "{caption}")' if caption else f"![{shown}]({destination(url)})"
