"""Formulas of untrusted HTML, written anew as presentation MathML that can do nothing. Pure; takes linear time.

None passes the cleaner: a placeholder stands for it there, and what is written here takes the placeholder's place. It
is built from a closed list of elements, and all text in it is escaped. The one attribute, `alttext` with the TeX, is
for the Markdown; `html.published` takes it away.
"""

import re
from html import escape, unescape

from aggregator.characters import strip_unsafe
from aggregator.normalise.tags import HtmlTag, html_tags

MAX_TAGS = 5_000  # of a formula; above it the text alone is kept
MAX_DEPTH = 30
MAX_TEX = 2_000  # characters

_TOKENS = frozenset({"mi", "mn", "mo", "ms", "mtext"})  # hold text alone: HTML within would be HTML to a browser
_LAYOUT_NAMES = """
    mfrac mmultiscripts mover mphantom mprescripts mroot mrow mspace msqrt msub msubsup msup mtable mtd mtr munder
    munderover
"""
_LAYOUTS = frozenset(_LAYOUT_NAMES.split())
_FENCED = "mfenced"  # browsers do not know it any longer
_ANNOTATIONS = frozenset({"annotation", "annotation-xml"})
_GROUPS = ("maction", "menclose", "merror", "mpadded", "mstyle", "none", "semantics", _FENCED)
_RENAMED = {**dict.fromkeys(_GROUPS, "mrow"), "mlabeledtr": "mtr"}
_NAMES = frozenset({*_TOKENS, *_LAYOUTS, *_ANNOTATIONS, *_RENAMED})
_PREFIXED = re.compile(r"(</?)(?:mml|m|math):", re.IGNORECASE)
_TEX_ENCODING = re.compile(r"tex", re.IGNORECASE)
_DISPLAY_STYLE = re.compile(r"\{\\(?:displaystyle|textstyle)\s(.*)\}", re.DOTALL)
_ANY_TAG = re.compile(r"<[^<>]*>?")


def presentation(start: HtmlTag, content: str) -> str:
    """Return a new `math` of one that starts with the tag `start` and holds `content`, "" if there is nothing in it."""
    writing = _Writing(_PREFIXED.sub(r"\1", content))
    mathml = writing.result()
    tex = tex_text(writing.tex or start.attributes.get("alttext", ""))
    if not mathml:
        mathml = f"<mtext>{escape(f'${tex}$')}</mtext>" if tex else ""
    attribute = f' alttext="{escape(tex)}"' if tex else ""
    return f"<math{attribute}>{mathml}</math>" if mathml else ""


def tex_text(tex: str) -> str:
    """Return TeX on one line, without marks of a formula around it, "" if it is too long to read."""
    line = " ".join(strip_unsafe(tex).split()).strip("$").strip()
    if style := _DISPLAY_STYLE.fullmatch(line):
        line = style[1].strip()
    return line if len(line) <= MAX_TEX else ""


class _Writing:
    """Writes the content of one formula, in one pass over its tags."""

    def __init__(self, content: str) -> None:
        self.tex = ""
        self._content = content
        self._written: list[str] = []
        self._open: list[tuple[str, str]] = []  # names as published, and what ends them
        self._position = 0  # of the content, up to where it is read

    def result(self) -> str:
        """Return the elements of the formula, "" if it has no text."""
        tags = [*html_tags(self._content, _NAMES)]
        for tag in tags:
            if tag.start >= self._position:
                self._add_text(self._content[self._position : tag.start])
                self._position = tag.end
                self._write(tag)
        self._add_text(self._content[self._position :])
        self._close(0)
        mathml = "".join(self._written)
        text = " ".join(_ANY_TAG.sub(" ", mathml).split())
        if not text:
            return ""
        return mathml if mathml.count("<") <= MAX_TAGS else f"<mtext>{text}</mtext>"

    def _write(self, tag: HtmlTag) -> None:
        if tag.name in _ANNOTATIONS:
            self._skip_annotation(tag)
        elif tag.ends:
            self._end(tag.name)
        elif len(self._open) < MAX_DEPTH and not self._in_token():
            self._start(tag)

    def _skip_annotation(self, tag: HtmlTag) -> None:
        """Read past the annotation that starts with `tag`, and keep its TeX."""
        if tag.ends:
            return
        end = self._content.find(f"</{tag.name}", tag.end)
        end = len(self._content) if end < 0 else end
        if tag.name == "annotation" and not self.tex and _TEX_ENCODING.search(tag.attributes.get("encoding", "")):
            self.tex = unescape(_ANY_TAG.sub("", self._content[tag.end : end]))
        self._position = end

    def _start(self, tag: HtmlTag) -> None:
        name = _RENAMED.get(tag.name, tag.name)
        before, behind = "", ""
        if tag.name == _FENCED:
            before, behind = (_operator(tag.attributes.get(*fence)) for fence in (("open", "("), ("close", ")")))
        self._written.append(f"<{name}>{before}")
        end = f"{behind}</{name}>"
        if tag.attributes_text.endswith("/"):
            self._written.append(end)
        else:
            self._open.append((tag.name, end))

    def _end(self, name: str) -> None:
        for depth in range(len(self._open) - 1, -1, -1):
            if self._open[depth][0] == name:
                self._close(depth)
                return

    def _close(self, depth: int) -> None:
        while len(self._open) > depth:
            self._written.append(self._open.pop()[1])

    def _in_token(self) -> bool:
        return bool(self._open) and self._open[-1][0] in _TOKENS

    def _add_text(self, source: str) -> None:
        text = " ".join(strip_unsafe(unescape(_ANY_TAG.sub("", source))).split())
        if text and self._in_token():
            self._written.append(escape(text))
        elif text:  # of content MathML, or of a formula that is none
            self._written.append(f"<mtext>{escape(text)}</mtext>")


def _operator(text: str) -> str:
    text = " ".join(strip_unsafe(text[:8]).split())
    return f"<mo>{escape(text)}</mo>" if text else ""
