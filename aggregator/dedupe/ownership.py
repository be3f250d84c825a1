"""Ownership of an article that several sources carry. Pure.

Whoever answers first must not keep the article of another site: the owner follows from the link and from feeds.yaml.
"""

from enum import IntEnum
from typing import NamedTuple

from aggregator.model import Carrier, KnownArticle
from aggregator.urls import cached_page, registrable_name


class Ground(IntEnum):
    """The ground of a claim to an article, the best first."""

    CONFIGURED = 0  # the source's configured URL has the link's registrable name
    DECLARED = 1  # so has the page that its feed declares
    NONE = 2


class Claim(NamedTuple):
    """A source's claim to an article; the smallest owns it."""

    ground: Ground
    missing_words: int  # minus the number of words; only without a ground the fuller text counts
    ordinal: int


def claim(carrier: Carrier, link: str, words: int) -> Claim:
    """Return the claim of a source to the article at `link`, of which it has a text of so many words."""
    ground = ground_of(carrier, link)
    return Claim(ground, -words if ground is Ground.NONE else 0, carrier.ordinal)


def owner_claim(article: KnownArticle) -> Claim:
    """Return the claim of the article's present owner."""
    return claim(owner_of(article), article.link, article.fingerprint.words)


def owner_of(article: KnownArticle) -> Carrier:
    """Return the article's present owner; nobody carries a withdrawn one, so that its last owner has no ground."""
    last = Carrier(source_id=article.source_id, ordinal=0, host="", site="")
    return next((carrier for carrier in article.carriers if carrier.source_id == article.source_id), last)


def next_owner(article: KnownArticle, leaving: int) -> int | None:
    """Return the source that owns the article once the source `leaving` is gone; None if no other carries it.

    The texts of the others are not stored, so that of two without a ground the earlier in feeds.yaml is next.
    """
    carriers = [carrier for carrier in article.carriers if carrier.source_id != leaving]
    if leaving != article.source_id and carriers:
        return article.source_id
    claims = {claim(carrier, article.link, 0): carrier.source_id for carrier in carriers}
    return claims[min(claims)] if claims else None


def ground_of(carrier: Carrier, link: str) -> Ground:
    """Return the ground on which a source claims the article at `link`; an AMP cache is not where it is."""
    name = registrable_name(cached_page(link) or "")
    if name and name == carrier.host:
        return Ground.CONFIGURED
    return Ground.DECLARED if name and name == carrier.site else Ground.NONE
