"""What readers get to see of HTML and Markdown, and what acts in it; independent of the code under test."""

import re
from collections.abc import Iterable, Iterator
from html import escape
from html.parser import HTMLParser
from urllib.parse import unquote

from markdown_it import MarkdownIt
from selectolax.lexbor import LexborHTMLParser

from aggregator.commonmark import html_tree
from aggregator.commonmark.formulas import formula_text
from aggregator.commonmark.languages import LANGUAGES
from aggregator.commonmark.meaning import text_of
from aggregator.commonmark.notation import quotation_marks, script_marks

_ALLOWED = """
    a abbr b blockquote br caption cite code dd del dfn div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins
    kbd li mark ol p pre q rp rt ruby s samp small strong sub sup table tbody td tfoot th thead tr u ul var
"""
_MATHML = """
    math mfrac mi mmultiscripts mn mo mover mphantom mprescripts mroot mrow ms mspace msqrt msub msubsup msup mtable mtd
    mtext mtr munder munderover
"""
ALLOWED = frozenset(f"{_ALLOWED} {_MATHML}".split())
ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "li": {"value"},
    "ol": {"start", "reversed"},
    "td": {"colspan", "rowspan", "style"},  # renderers align with style
    "th": {"colspan", "rowspan", "style"},
}
BY_HUGO = {"pre tabindex", *(f"h{level} id" for level in range(1, 7))}  # attributes that goldmark adds
# 2130706433, 0x7f.1 and 0177.0.0.1 are 127.0.0.1 to a browser, and a name to whoever checks names.
DISGUISED = re.compile(
    r"https?://(?:0|[1-9]\d{3,}|0[0-7x][\da-f]*|\d+\.\d+|[\dx.]*\b0[\dx][\dx.]*)\.?(?:[:/]|$)", re.IGNORECASE
)
_WITHIN_WORDS = "a abbr b cite code del dfn em i img input ins kbd mark q rp rt ruby s samp small strong sub sup u var"
_INLINE = frozenset(_WITHIN_WORDS.split())
_URL = re.compile(r"(?:https?://[^/\s]|mailto:)", re.IGNORECASE)
_NOT_IN_URL = re.compile(r"[\x00-\x20\x7f-\xa0\ud800-\udfff]")
_ITEM_NUMBER = re.compile(r"(?<!\S)-?\d{1,9}\. ")
_FRAME = frozenset({"html", "head", "body"})  # a browser puts them around every fragment
_MARKED = frozenset({"sub", "sup", "q", "rt", "rp"})  # elements that readers see by more than their text
_FORMULA = re.compile("<math>.*?</math>", re.DOTALL)  # as our own code writes it
_SEEN_FORMULA = "x-formula"  # what a reader of the Markdown sees of one
_READINGS = 2  # what a browser writes of its tree and reads again may be another tree: mutation XSS

_RENDERER = MarkdownIt("commonmark", {"html": True, "maxNesting": 200}).enable(["table", "strikethrough"])
_RENDERER.validateLink = lambda url: True  # type: ignore[method-assign]  # the Markdown has to be harmless by itself
_RENDERER.normalizeLinkText = lambda link: link  # type: ignore[method-assign]  # shown as written


def _formula(math: re.Match[str]) -> str:
    element = html_tree(math[0])[0]
    return f'<{_SEEN_FORMULA} shown="{escape(formula_text(element))}" raw="{escape(text_of(element))}">'


class Page(HTMLParser):
    """Visible parts of HTML (words, links, images) and what of it acts.

    Formulas and raised text are taken as the Markdown says them: other tests look at how that is done.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.links: list[str] = []
        self.images: list[tuple[str, str]] = []
        self.active: list[str] = []
        self._raw = ""  # text without marks
        self._marked: list[tuple[str, int, int, bool]] = []  # name, starts of its text and raw text, holds raised text
        self.feed(_FORMULA.sub(_formula, html))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == _SEEN_FORMULA:
            self.text += values["shown"] or ""
            self._raw += values["raw"] or ""
            return
        self.active += _acting(tag, attrs)
        if tag == "a" and values.get("href"):
            self.links.append(unquote(values["href"] or ""))
        if tag == "img":
            self.images.append((unquote(values.get("src") or ""), " ".join((values.get("alt") or "").split())))
        if tag == "input" and values.get("type") == "checkbox":
            self.text += "☑" if "checked" in values else "☐"
        if tag in _MARKED:
            self._marked.append((tag, len(self.text), len(self._raw), False))
        if tag not in _INLINE:
            self.text += " "

    def handle_endtag(self, tag: str) -> None:
        if tag in _MARKED and any(name == tag for name, *_ in self._marked):
            while self._end_marked() != tag:
                pass
        if tag not in _INLINE:
            self.text += " "

    def _end_marked(self) -> str:
        tag, start, raw_start, nested = self._marked.pop()
        before, inner, raw = self.text[:start], self.text[start:], self._raw[raw_start:]
        opening, closing = "", ""
        if tag in {"sub", "sup"}:
            opening, characters, closing = script_marks(tag, raw, before[-1:], nested=nested)
            inner = inner.translate(characters) if characters else inner
            self._marked = [(name, place, raw_place, True) for name, place, raw_place, _ in self._marked]
        elif tag == "q":
            opening, closing = quotation_marks(raw, None, sum(name == "q" for name, *_ in self._marked))
        elif tag == "rt" and raw.strip():
            opening, closing = "(", ")"
        self.text = before + ("" if tag == "rp" else f"{opening}{inner}{closing}")
        return tag

    def handle_data(self, data: str) -> None:
        self.text += data
        self._raw += data

    def handle_comment(self, data: str) -> None:
        self.active.append("comment")

    def handle_decl(self, decl: str) -> None:
        self.active.append("declaration")

    def handle_pi(self, data: str) -> None:
        self.active.append("instruction")

    def unknown_decl(self, data: str) -> None:
        self.active.append("section")

    @property
    def words(self) -> str:
        """The text, one blank between words; U+2060 keeps Hugo from code and is nothing to see, nor are bullets."""
        return " ".join(self.text.replace("\u2060", "").replace("•", " ").split())

    @property
    def unnumbered(self) -> str:
        """The words without numbers of items, which are text where a list stands in a cell or a heading of Markdown."""
        return _ITEM_NUMBER.sub("", f"{self.words} ").rstrip()


def rendered(markdown: str) -> str:
    """HTML of `markdown` by a renderer that lets raw HTML and every address pass."""
    return str(_RENDERER.render(markdown))


def active(html: str) -> list[str]:
    """What acts in `html`, a fragment: for a strict reader, for a browser, and for one that reads what it wrote."""
    acting = Page(html).active
    for _ in range(_READINGS):
        tree = LexborHTMLParser(f"<!doctype html><body>{html}")
        for node in tree.css("*") if tree.body else ():
            if node.tag not in _FRAME or node.attributes:
                acting += _acting(node.tag or "", node.attributes.items())
        html = tree.body.inner_html or "" if tree.body else ""
    return acting


def _acting(tag: str, attributes: Iterable[tuple[str, str | None]]) -> Iterator[str]:
    if tag not in ALLOWED:
        yield tag
    for name, value in attributes:
        if name == "dir" and value in {"rtl", "ltr"} and tag not in _MATHML.split():
            continue
        if (tag, name) == ("code", "class") and (value or "").removeprefix("language-") in LANGUAGES:
            continue  # of a fence
        if name not in ATTRIBUTES.get(tag, set()):
            yield f"{tag} {name}"
        if name in {"href", "src"} and (not _URL.match(value or "") or _NOT_IN_URL.search(value or "")):
            yield f"{name} {value}"
