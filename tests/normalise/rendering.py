"""What readers get to see of HTML and Markdown, and what acts in it; independent of the code under test."""

import re
from html.parser import HTMLParser
from urllib.parse import unquote

from markdown_it import MarkdownIt

_ALLOWED = """
    a abbr b blockquote br caption cite code dd del dfn div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins
    kbd li mark ol p pre q s samp small strong sub sup table tbody td tfoot th thead tr u ul var
"""
ALLOWED = frozenset(_ALLOWED.split())
ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "td": {"colspan", "rowspan", "style"},  # renderers align with style
    "th": {"colspan", "rowspan", "style"},
}
_WITHIN_WORDS = "a abbr b cite code del dfn em i img ins kbd mark q s samp small strong sub sup u var"
_INLINE = frozenset(_WITHIN_WORDS.split())
_URL = re.compile(r"(?:https?://[^/\s]|mailto:)", re.IGNORECASE)

_RENDERER = MarkdownIt("commonmark", {"html": True, "maxNesting": 200}).enable(["table", "strikethrough"])
_RENDERER.validateLink = lambda url: True  # type: ignore[method-assign]  # the Markdown has to be harmless by itself


class Page(HTMLParser):
    """What HTML shows (words, links, images) and what of it acts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.links: list[str] = []
        self.images: list[tuple[str, str]] = []
        self.active: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag not in ALLOWED:
            self.active.append(tag)
        for name, value in attrs:
            if name not in ATTRIBUTES.get(tag, set()):
                self.active.append(f"{tag} {name}")
            if name in {"href", "src"} and not _URL.match(value or ""):
                self.active.append(f"{name} {value}")
        if tag == "a" and values.get("href"):
            self.links.append(unquote(values["href"] or ""))
        if tag == "img":
            self.images.append((unquote(values.get("src") or ""), " ".join((values.get("alt") or "").split())))
        if tag not in _INLINE:
            self.text += " "

    def handle_endtag(self, tag: str) -> None:
        if tag not in _INLINE:
            self.text += " "

    def handle_data(self, data: str) -> None:
        self.text += data

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
        """The text, one blank between words; U+2060 keeps Hugo from code and is nothing to see."""
        return " ".join(self.text.replace("\u2060", "").split())


def rendered(markdown: str) -> str:
    """HTML of `markdown` by a renderer that lets raw HTML and every address pass."""
    return str(_RENDERER.render(markdown))
