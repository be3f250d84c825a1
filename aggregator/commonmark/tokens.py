"""Tokens that a paragraph, a heading or a cell consists of before it is written. Pure."""

from typing import Final, Literal

# Constants, not an Enum: looking up a member takes five times as long, and an article needs a thousand.
Kind = Literal["text", "code", "image", "break", "open", "close", "link", "link end"]
TEXT: Final = "text"
CODE: Final = "code"
IMAGE: Final = "image"  # its value is Markdown
BREAK: Final = "break"  # its value is a line feed
OPEN: Final = "open"  # its value is a delimiter of emphasis
CLOSE: Final = "close"
LINK: Final = "link"  # its value is a URL
LINK_END: Final = "link end"

Token = tuple[Kind, str]
Tokens = list[Token]

STRONG, EMPHASIS, STRIKETHROUGH = "**", "*", "~~"
LINE_BREAK: Token = (BREAK, "\n")


def closing(token: Token) -> Token:
    """Return the token that ends what `token` opens."""
    kind, value = token
    return (CLOSE if kind == OPEN else LINK_END, value)


def append(tokens: Tokens, token: Token) -> None:
    """Append `token`, merged with a last token of text or code of its kind, or with the same emphasis ended there."""
    kind, value = token
    if tokens and kind in (TEXT, CODE) and tokens[-1][0] == kind:
        tokens[-1] = (kind, tokens[-1][1] + value)
    elif tokens and kind == OPEN and tokens[-1] == (CLOSE, value):
        tokens.pop()  # <b>a</b><b>b</b> is one emphasis
    else:
        tokens.append(token)


def delimiter_pairs(tokens: Tokens) -> list[tuple[int, int]]:
    """Return the indexes of each pair of delimiters, the inner pairs before those around them."""
    pairs: list[tuple[int, int]] = []
    opened: list[int] = []
    for index, (kind, _) in enumerate(tokens):
        if kind == OPEN:
            opened.append(index)
        elif kind == CLOSE:
            pairs.append((opened.pop(), index))
    return pairs
