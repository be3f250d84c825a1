"""Attack vectors, our own, one a line in a file for each class; every script in them calls `alert`.

`##` begins a heading, `⟦9⟧` stands for the character with that number (hexadecimal), all else is meant as it stands.
"""

import re
from pathlib import Path
from typing import Literal, NamedTuple

from tests.normalise import hostile

Kind = Literal["html", "text", "address"]

# What the lines of a file are: HTML, plain text that would act if it were taken for HTML or Markdown, or a URL.
CLASSES: dict[str, Kind] = {
    "scripts": "html",
    "handlers": "html",
    "mutation": "html",
    "styles": "html",
    "documents": "html",
    "clobbering": "html",
    "parsing": "html",
    "markdown": "text",
    "hugo": "text",
    "addresses": "address",
}
_CHARACTER = re.compile("⟦([0-9A-F]+)⟧")


class Vector(NamedTuple):
    """One attack; `place` says where it is written."""

    place: str
    kind: Kind
    value: str

    @property
    def as_html(self) -> str:
        """HTML that a source would publish to carry the attack."""
        if self.kind == "address":
            quote = "'" if '"' in self.value else '"'
            return f"<a href={quote}{self.value}{quote}>x</a> <img src={quote}{self.value}{quote} alt=y>"
        return self.value


def _lines(name: str) -> list[Vector]:
    lines = Path(__file__).with_name(f"{name}.txt").read_text(encoding="utf-8").split("\n")
    return [
        Vector(f"{name}.txt:{number}", CLASSES[name], _CHARACTER.sub(lambda escaped: chr(int(escaped[1], 16)), line))
        for number, line in enumerate(lines, 1)
        if line and not line.startswith("## ")
    ]


_ALL = (
    *(vector for name in CLASSES for vector in _lines(name)),
    *(Vector(f"MARKUP[{place}]", "html", value) for place, value in enumerate(hostile.MARKUP)),
    *(Vector(f"TEXTS[{place}]", "text", value) for place, value in enumerate(hostile.TEXTS)),
    *(Vector(f"ADDRESSES[{place}]", "address", value) for place, value in enumerate(hostile.ADDRESSES)),
)
VECTORS = tuple({(vector.kind, vector.value): vector for vector in _ALL}.values())
