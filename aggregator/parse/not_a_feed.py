"""Failures of documents that are not feeds. Pure."""

import re

from aggregator.model import Failure

_SEE_PAGE = "run `aggregator add URL` to find its feed"
_ASK = "ask its owner to let feed readers in"
# Possessive throughout: a page of nothing but comments must not take for ever.
_ROOT = re.compile(
    r"(?>\s+|<!--(?>.*?-->)|<\?(?>.*?\?>)|<!doctype(?>[^\[>]*)(?>\[.*?\]\s*)?>)*+<([\w:.-]+)", re.DOTALL | re.IGNORECASE
)
_HTML = frozenset(
    {"html", "head", "body", "title", "meta", "link", "script", "style", "base", "div", "p", "h1", "br", "center"}
)
_FEED = re.compile(r"<(?:\w+:)?(?:rss|feed|rdf)[\s>]", re.IGNORECASE)
_CAPTCHA = re.compile(r"cf-chl|challenge-platform|_incapsula_|ddos-guard|captcha|just a moment\.\.\.", re.IGNORECASE)
_HEAD = 100_000  # characters of a page in which a bot check is recognised


def root(text: str) -> str | None:
    """Return the name of the first element of `text` in lower case, None if no element comes first."""
    match = _ROOT.match(text)
    return match[1].lower() if match else None


def is_web_page(text: str) -> bool:
    """Return whether `text` is HTML; a feed that is wrapped in a page is not."""
    return root(text) in _HTML and not _FEED.search(text)


def not_a_feed(url: str, text: str) -> Failure:
    """Return the failure of a document `text` that is not a feed."""
    name = root(text)
    if not text.strip():
        return parse_failure(url, "the server returned an empty document")
    if name in _HTML and _CAPTCHA.search(text[:_HEAD]):
        return parse_failure(url, "the server returned a bot check (CAPTCHA), not a feed", _ASK)
    if name in _HTML:
        return parse_failure(url, "the server returned a web page, not a feed", _SEE_PAGE)
    if name:
        return parse_failure(url, f"the server returned XML of another kind (<{name[:40]}>), not a feed")
    return parse_failure(url, "the server returned text or data of another kind, not a feed")


def parse_failure(url: str, reason: str, advice: str = "") -> Failure:
    """Return a failure of parsing the document at `url`."""
    return Failure(stage="parse", subject=url, reason=reason, advice=advice)
