"""What came instead of a feed, in one sentence each. Pure."""

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
_CHALLENGE = re.compile(r"cf-chl|challenge-platform|_incapsula_|ddos-guard|captcha|just a moment\.\.\.", re.IGNORECASE)
_LOOK = 100_000  # characters of a page in which a challenge gives itself away


def root(text: str) -> str | None:
    """Name of the first element of `text`, in lower case, None where no element comes first."""
    found = _ROOT.match(text)
    return found[1].lower() if found else None


def is_page(text: str) -> bool:
    """Whether `text` is HTML; one source wraps its feed in a page, which is none then."""
    return root(text) in _HTML and not _FEED.search(text)


def refusal(url: str, text: str) -> Failure:
    """The failure of a document `text` that is no feed."""
    name = root(text)
    if not text.strip():
        return failure(url, "the answer is empty")
    if name in _HTML and _CHALLENGE.search(text[:_LOOK]):
        return failure(url, "the answer is a test for browsers, not a feed", _ASK)
    if name in _HTML:
        return failure(url, "the answer is a web page, not a feed", _SEE_PAGE)
    if name:
        return failure(url, f"the answer is XML of another kind (<{name[:40]}>), not a feed")
    return failure(url, "the answer is no feed, but text or data of another kind")


def failure(url: str, reason: str, advice: str = "") -> Failure:
    """A failure of this stage."""
    return Failure(stage="parse", subject=url, reason=reason, advice=advice)
