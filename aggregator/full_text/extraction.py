"""The text of a page, found by selector or by the extractors, and its canonical link. Pure.

trafilatura goes first. Where it finds less than the feed has, readability gives a second opinion, and the longest of
all, the feed's text included, is the better one.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from lxml.etree import _Element as Element

from aggregator.commonmark import converted
from aggregator.full_text.robots import ROBOT, forbids_use
from aggregator.model import Link, PageQuestion, PageText, TextConstruct
from aggregator.normalise import text
from aggregator.normalise.body import CleanBody, preferred_content
from aggregator.normalise.links import clean_url
from aggregator.normalise.removal import html_text, html_tree, remove_selected, selected, take_out
from aggregator.parse.encoding import decode
from aggregator.urls import absolute, registrable_name, without_credentials

_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_HEAD = 2048  # bytes of a page in which its encoding is declared; 1,024 in the standard
# Where the extractors give up, trafilatura gives the words of the whole page, tags and all, and readability its body.
_WHOLE_PAGE = re.compile(r"<html>\s*<body>\s*<p>[^<\n]*\n[^<]*</p>\s*</body>\s*</html>\s*")
_WHOLE_BODY = 'id="readabilityBody"'
_AROUND = ("nav", "header", "footer", "aside", "form", "dialog", "button")
_HTML = ("text/html", "application/xhtml+xml", "application/xml", "text/xml", "")
_NOT_HTML = "the page is not HTML"
_REFUSAL = "the page asks robots not to use its text"


def page_text(question: PageQuestion) -> PageText:
    """Return the text of the page if it is better than the feed's, and the page's canonical link."""
    page = question.page
    if (page.content_type or "text/html").partition(";")[0].strip().lower() not in _HTML:
        return PageText(refusal=_NOT_HTML)
    tree = html_tree(decode(page.body, _content_type(page.body, page.content_type)))
    if tree is None:
        return PageText()
    if forbids_use((page.robots_tag, *_robots_meta(tree)), question.now):
        return PageText(refusal=_REFUSAL)
    base = _base(tree, without_credentials(page.url))
    link = _canonical_link(_canonical_targets(page.links, tree), base, question.link)
    remove_selected(tree, question.remove)
    _remove_title(tree, question.title)
    feed_length = _length(converted(question.html).plain)
    best, length = CleanBody(), feed_length
    for html in _texts(tree, question.content, base):
        body = preferred_content((TextConstruct(value=html, kind="html"),), base)
        if _length(body.text) > length:
            best, length = body, _length(body.text)
        if length > feed_length:
            break
    summary = text.summary(best.text, question.summary_words)
    return PageText(html=best.html, markdown=best.markdown, summary=summary, link=link)


def _texts(tree: Element, content: str | None, base: str) -> Iterator[str]:
    """Yield the texts that may be the page's, the most trustworthy first."""
    if content and (elements := _outermost(selected(tree, content))):
        yield "".join(map(html_text, elements))
        return
    page = html_text(tree)
    gave_up = True
    for extract in (_by_trafilatura, _by_readability):
        if text := extract(page, base):
            gave_up = False
            yield text
    if gave_up:
        yield _by_landmarks(tree)


@contextmanager
def _allowed_to_give_up() -> Iterator[None]:
    """Ignore any error of an extractor but MemoryError: for it, a page that it cannot read has no text."""
    try:
        yield
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  # they raise anything on malformed pages, and the next one has its turn
        return


def _by_trafilatura(page: str, base: str) -> str:
    """Return the text that trafilatura finds, "" if it gives up."""
    from trafilatura import extract

    text = None
    with _allowed_to_give_up():
        text = extract(
            page,
            url=base,
            output_format="html",
            include_comments=False,
            include_formatting=True,
            include_images=True,
            include_links=True,
        )
    return "" if text is None or _WHOLE_PAGE.fullmatch(text) else text


def _by_readability(page: str, base: str) -> str:
    """Return the text that readability finds, "" if it gives up."""
    from readability import Document

    text = ""
    with _allowed_to_give_up():
        text = Document(page, url=base).summary(html_partial=True)
    return "" if _WHOLE_BODY in text else text


def _by_landmarks(tree: Element) -> str:
    """Return the page's only article, else its main content, else all that is not around it."""
    for name in ("article", "main"):
        if len(elements := [*tree.iter(name)]) == 1:
            return html_text(elements[0])
    for element in [*tree.iter(*_AROUND)]:
        take_out(element)
    return html_text(tree)


def _outermost(elements: list[Element]) -> list[Element]:
    """Return the elements that do not stand in another of them."""
    chosen = set(elements)
    return [element for element in elements if chosen.isdisjoint(element.iterancestors())]


def _content_type(body: bytes, content_type: str | None) -> str | None:
    """Return the Content-Type, with the charset that the page declares if HTTP names none."""
    declared = _META_CHARSET.search(body[:_HEAD])
    if declared is None or "charset" in (content_type or "").lower():
        return content_type
    return f"text/html; charset={declared[1].decode('ascii', 'replace')}"


def _robots_meta(tree: Element) -> list[str]:
    names = ("robots", ROBOT)
    return [meta.get("content", "") for meta in tree.iter("meta") if meta.get("name", "").strip().lower() in names]


def _base(tree: Element, url: str) -> str:
    """Return the URL that relative links of the page are joined to."""
    hrefs = (href for element in tree.iter("base") if (href := element.get("href")))
    return absolute(next(hrefs, ""), url) or url


def _canonical_targets(links: Iterable[Link], tree: Element) -> Iterator[str]:
    """Yield the targets of canonical links: those of Link headers, then those of the page, which its base joins."""
    yield from (link.href for link in links if link.rel == "canonical")
    for element in tree.iter("link"):
        if "canonical" in element.get("rel", "").lower().split():
            yield element.get("href", "")


def _canonical_link(targets: Iterable[str], base: str, link: str) -> str | None:
    """Return the page's canonical link (RFC 6596) if it is on the registrable host of the article's link.

    Of its `targets` in HTTP headers and in the page the first that is a URL counts. The home page is no article's: some
    templates name it on every page.
    """
    for target in targets:
        if url := clean_url(target, base):
            is_home = urlsplit(url).path in ("", "/") and not urlsplit(url).query
            is_of_site = registrable_name(url) == registrable_name(link)
            return url if is_of_site and not is_home and url != link else None
    return None


def _remove_title(tree: Element, title: str) -> None:
    """Take the headline out of the page, since the article's title stands above the text anyway."""
    headlines = [*tree.iter("h1")]
    equal = [each for each in tree.iter("h1", "h2") if _words("".join(map(str, each.itertext()))) == _words(title)]
    for element in {*equal, *(headlines if len(headlines) == 1 else ())}:
        take_out(element)


def _words(text: str) -> str:
    return " ".join(text.split()).casefold()


def _length(plain: str) -> int:
    return len(" ".join(plain.split()))
