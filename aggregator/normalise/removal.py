"""Parts of HTML that CSS selectors name, taken out before cleaning, which drops classes and ids. Pure; never raises."""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from lxml import etree
from lxml.etree import _Element as Element

if TYPE_CHECKING:
    from lxml.cssselect import CSSSelector


def without_selected(html: str, selectors: Sequence[str]) -> str:
    """Return `html` without the elements that any of `selectors` matches, unchanged if none does."""
    tree = html_tree(html)
    if tree is None or not remove_selected(tree, selectors):
        return html
    return html_text(tree)


def html_tree(html: str) -> Element | None:
    """Return `html`, a page or a part of one, as an `html` element; None if there is nothing in it."""
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, no_network=True, remove_comments=True, remove_pis=True)
    try:
        return etree.fromstring(html.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:  # no element and no text
        return None


def html_text(element: Element) -> str:
    """Return an element as HTML."""
    return etree.tostring(element, encoding="unicode", method="html", with_tail=False)


def selected(tree: Element, selector: str) -> list[Element]:
    """Return the elements of `tree` that `selector` matches, in their order."""
    return cast(list[Element], _compiled(selector)(tree))  # a selector matches elements alone


def remove_selected(tree: Element, selectors: Sequence[str]) -> bool:
    """Take the elements that any of `selectors` matches out of `tree`; return True if there are any."""
    matched = [element for selector in selectors for element in selected(tree, selector)]
    for element in matched:
        take_out(element)
    return bool(matched)


@lru_cache(maxsize=256)
def _compiled(selector: str) -> "CSSSelector":
    from lxml.cssselect import CSSSelector  # slow to load, and few sources need it

    return CSSSelector(selector, translator="html")


def take_out(element: Element) -> None:
    """Remove the element; the text behind it stays."""
    parent, tail = element.getparent(), element.tail
    if parent is None:
        element.clear()  # the root
        return
    before = element.getprevious()
    if tail and before is not None:
        before.tail = (before.tail or "") + tail
    elif tail:
        parent.text = (parent.text or "") + tail
    parent.remove(element)
