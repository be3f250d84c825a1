"""Decisions on entries: new, edited, a duplicate or unchanged. Pure.

Keys find candidates among the stored articles, and evidence confirms them: a false match is worse than a miss, since it
loses an article. Within a source an article is recognised by its guid, else by its canonical link, else by its title
with near-equal text; across sources by its canonical link if title or text confirm it. Each entry of a document matches
at most one article and each article at most one entry, the surest match first, so that two entries never change one
article in turn.
"""

from aggregator.dedupe.archived import dated_before, known_entries, without_edits
from aggregator.dedupe.decide import decide
from aggregator.dedupe.first_publication import clusters, joined
from aggregator.dedupe.key_rules import RULES, guid_key, keyed, keys, text_keys
from aggregator.dedupe.new_limit import Limited, entry_name, key_name, limited
from aggregator.dedupe.withdrawals import entries_in_force, guid_digest, kept_tombstones, listed_articles, withdrawals

__all__ = [
    "RULES",
    "Limited",
    "clusters",
    "dated_before",
    "decide",
    "entries_in_force",
    "entry_name",
    "guid_digest",
    "guid_key",
    "joined",
    "kept_tombstones",
    "key_name",
    "keyed",
    "keys",
    "known_entries",
    "limited",
    "listed_articles",
    "text_keys",
    "withdrawals",
    "without_edits",
]
