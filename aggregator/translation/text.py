"""The article in the other language, made of the server's texts. Pure.

The server is the operator's, but its texts may be anything: they are cleaned as those of a source are. Translators lose
or invent markup, so links, images and code are put back from the original, in their order.
"""

from collections import Counter
from copy import deepcopy
from html import escape

from lxml.etree import _Element as Element

from aggregator.model import AnswerQuestion, TextConstruct, TranslatedText
from aggregator.normalise.body import preferred_content
from aggregator.normalise.removal import html_text, html_tree
from aggregator.normalise.text import one_line
from aggregator.normalise.titles import plain_title

_CODE = ("pre", "code")
_URLS = (("a", "href"), ("img", "src"))


def texts_of(title: str, summary: str, html: str) -> tuple[str, str, str]:
    """Return the texts of an article as they are sent: title and summary escaped, the clean HTML whole."""
    return escape(title, quote=False), escape(summary, quote=False), html


def article_text(question: AnswerQuestion) -> TranslatedText:
    """Return the article of the server's texts, or why they are not used."""
    tree, original = html_tree(question.html), html_tree(question.original_html)
    if original is None:
        body_html = ""
    elif tree is None:
        return TranslatedText(refusal="the server's text is empty")
    elif lost := _restored(tree, original):
        return TranslatedText(refusal=f"the server's text has not as many {lost} as the article")
    else:
        body_html = "".join(map(html_text, tree.iter("body"))) or html_text(tree)
    body = preferred_content((TextConstruct(value=body_html, kind="html"),), question.link, question.language)
    title = plain_title(TextConstruct(value=_plain(question.title), kind="plain"))
    if (question.original_html and not body.html) or (question.original_title and not title):
        return TranslatedText(refusal="the server's text is empty")
    return TranslatedText(
        title=title, summary=one_line(_plain(question.summary)), html=body.html, markdown=body.markdown
    )


def _restored(tree: Element, original: Element) -> str:
    """Put code and URLs of the original back into `tree`; return what cannot be put back, "" if all was."""
    code, code_before = _outermost(tree), _outermost(original)
    if [element.tag for element in code] != [element.tag for element in code_before]:
        return "code elements"
    if Counter(map(_words, code)) == Counter(map(_words, code_before)):  # equal: words changed their order
        code = code_before = []
    for element, before in zip(code, code_before, strict=True):
        copy, parent = deepcopy(before), element.getparent()
        assert parent is not None  # neither is a root
        copy.tail = element.tail
        parent.replace(element, copy)
    for tag, name in _URLS:
        elements, befores = list(tree.iter(tag)), list(original.iter(tag))
        if len(elements) != len(befores):
            return "links" if tag == "a" else "images"
        urls = [before.get(name) for before in befores]
        if Counter(element.get(name) for element in elements) != Counter(urls):
            for element, before in zip(elements, befores, strict=True):
                element.attrib.clear()
                element.attrib.update(dict(before.attrib))
    return ""


def _outermost(tree: Element) -> list[Element]:
    """Return the elements of code that stand in no other one."""
    return [each for each in tree.iter(*_CODE) if not any(above.tag in _CODE for above in each.iterancestors())]


def _words(element: Element) -> str:
    return "".join(map(str, element.itertext()))


def _plain(html: str) -> str:
    """Return a line of plain text."""
    tree = html_tree(html)
    return "" if tree is None else " ".join(_words(tree).split())
