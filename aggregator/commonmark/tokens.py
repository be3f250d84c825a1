"""What a block's text is made of before it is Markdown. Pure."""

from typing import Final, Literal

# Constants, not an Enum: to look up a member costs five times as much, and each article does it a thousand times.
Kind = Literal["text", "code", "image", "break", "open", "close", "link", "link end"]
TEXT: Final = "text"
CODE: Final = "code"
IMAGE: Final = "image"  # its value is Markdown
BREAK: Final = "break"
OPEN: Final = "open"  # its value is a mark
CLOSE: Final = "close"
LINK: Final = "link"  # its value is a URL
LINK_END: Final = "link end"

Piece = tuple[Kind, str]
Line = list[Piece]

STRONG, EMPHASIS, STRUCK = "**", "*", "~~"


def append(line: Line, piece: Piece) -> None:
    """Put `piece` behind `line`; text merges with text and code with code, since escaping looks at neighbours."""
    kind, value = piece
    if line and line[-1][0] == kind and kind in (TEXT, CODE):
        line[-1] = (kind, line[-1][1] + value)
    else:
        line.append(piece)
