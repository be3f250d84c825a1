"""Titles as plain text on one line. Pure."""

import re
from html import escape, unescape
from urllib.parse import unquote

from aggregator.commonmark import html_tree
from aggregator.commonmark.formulas import formula_text
from aggregator.commonmark.notation import quotation_marks, script_marks
from aggregator.model import TextConstruct
from aggregator.normalise import text
from aggregator.normalise.emoji import emoji_of
from aggregator.normalise.formulas import presentation
from aggregator.normalise.ruby import may_have_older_ruby, with_present_ruby
from aggregator.normalise.tags import HtmlTag, html_tags

MAX_LENGTH = 500  # characters, with the "..." of a title that is cut; a title is no place for a book
SUBSTITUTE_WORDS = 12
SUBSTITUTE_LENGTH = 123  # characters, for scripts that write no blanks
_ELLIPSIS = "..."

# Only these are markup in a title: "<T>" and "<script>" are what somebody writes about.
_INLINE = re.compile(
    r"</?(?:a|abbr|acronym|b|bdi|bdo|big|br|cite|code|del|dfn|em|font|i|img|ins|kbd|mark|q|s|samp|small|span|strike|strong"
    r"|sub|sup|tt|u|var|wbr|ruby|rb|rp|rt)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
# Tags that say something which characters have to say once they are gone.
_MEANING = re.compile(r"<(?:su[bp]|q|rt|del|s|strike|(?:mml:|m:)?math)\b|<img\b[^<>]{0,500}>", re.IGNORECASE)
_STRUCK = frozenset({"del", "s", "strike"})
_MEANINGFUL = frozenset({"sub", "sup", "q", "rt", "rp", "img", "math", "mml:math", "m:math", *_STRUCK})
MAX_TITLE_MARKUP = 5_000  # characters in which that is looked for
_BEFORE = 200  # characters of markup in which the one before raised text stands
_BLOCK = re.compile(r"</?(?:div|p|h[1-6])(?:\s[^<>]*)?/?>|<br\s*/?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def plain_title(title: TextConstruct | None, language: str | None = None) -> str:
    """Return `title` as plain text on one line, "" if there is none.

    In RSS and Atom's html, HTML's inline tags are dropped and the entities that XML's decoding left are decoded, once:
    a `<` or `&amp;` that then remains is text. Atom's text and JSON Feed's strings stay as they are. Raised and lowered
    text, formulas, quotations in `language`, ruby and pictures of emoji keep their meaning; struck text goes.
    """
    if title is None:
        return ""
    if title.kind == "plain":
        return _bounded(text.one_line(title.value))
    value = with_present_ruby(title.value) if may_have_older_ruby(title.value) else title.value
    if _MEANING.search(value) and (line := _line(_with_meaning(value, language))):
        return line
    return _line(value)


def _line(markup: str) -> str:
    return _bounded(text.one_line(decoded_entities(_INLINE.sub("", _BLOCK.sub(" ", markup)))))


def _with_meaning(value: str, language: str | None) -> str:
    """Return `value` with characters for those of its inline elements whose tags mean something."""
    value = value[:MAX_TITLE_MARKUP]
    written: list[str] = []
    position = 0
    opened: list[tuple[str, int, HtmlTag]] = []  # name, its place in `written`, start tag
    for tag in html_tags(value, _MEANINGFUL):
        written.append(value[position : tag.start])
        position = tag.end
        if tag.name == "img":
            written.append(emoji_of(tag.attributes))
            continue
        if not tag.ends:
            opened.append((tag.name, len(written), tag))
            continue
        depth = next((depth for depth in range(len(opened) - 1, -1, -1) if opened[depth][0] == tag.name), None)
        if depth is not None:
            _, start, start_tag = opened[depth]
            inner = "".join(written[start:])
            before = _visible("".join(written[:start])[-_BEFORE:])[-1:]
            quotations = sum(name == "q" for name, *_ in opened[:depth])
            written[start:] = [_meant(start_tag, inner, before, quotations, language)]
            del opened[depth:]
    return "".join((*written, value[position:]))


def _meant(tag: HtmlTag, inner: str, before: str, quotations: int, language: str | None) -> str:
    """Return the content `inner` of the element that starts with `tag` with the characters that say what it means."""
    if tag.name == "rp":
        return ""
    shown = _visible(inner)
    if not shown.strip():
        return inner
    opening, closing = "", ""
    if tag.name in {"sub", "sup"}:
        opening, characters, closing = script_marks(tag.name, shown, before)
        inner = escape(shown.strip().translate(characters)) if characters else inner
    elif tag.name == "q":
        opening, closing = quotation_marks(shown, language, quotations)
    elif tag.name == "rt":
        opening, closing = "(", ")"
    elif tag.name in _STRUCK:
        return ""
    else:
        formula = presentation(tag, inner)
        return escape(formula_text(html_tree(formula)[0])) if formula else ""
    return f"{opening}{inner}{closing}"


def _visible(markup: str) -> str:
    return decoded_entities(_INLINE.sub("", markup))


def substitute_title(body: str, link: str) -> str:
    """Return a title for an entry without one: the first words of its `body` (plain text), else its link, readable."""
    words = _bounded(text.summary(body, SUBSTITUTE_WORDS), SUBSTITUTE_LENGTH)
    return words or text.one_line(unquote(link.partition("://")[2])) or link


def decoded_entities(value: str) -> str:
    """Return `value` with the entities that XML's decoding left decoded once; impossible characters are dropped."""
    return _ENTITY.sub(lambda entity: unescape(entity[0]).replace("\ufffd", ""), value) if "&" in value else value


def _bounded(line: str, length: int = MAX_LENGTH) -> str:
    return line if len(line) <= length else line[: length - len(_ELLIPSIS)].rstrip() + _ELLIPSIS
