"""One story, once. Pure: names for each article, then a decision for each, from what the store knows by those names.

A cheap key finds candidates, evidence confirms them; a false merge is worse than a miss, since it loses an article.
Within a source an article is known by its guid, else by its canonical link, else by its title with near-equal text;
across sources by its canonical link, if title or text bear it out. One entry of a document claims one known article
and each known article is claimed once, the surest first, so that two entries can never change one article in turn.
"""

from aggregator.dedupe.decide import decide
from aggregator.dedupe.fingerprint import near
from aggregator.dedupe.rules import RULES, keyed, keys

__all__ = ["RULES", "decide", "keyed", "keys", "near"]
