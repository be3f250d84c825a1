"""The kinds of marks in the outbox, each with the function that does its work. Shell.

A new kind of work that follows a record is a new kind of mark here. Its function may be called again after a crash.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aggregator.app import App
from aggregator.model import Mark
from aggregator.publish.articles import Written, remove_articles, write_articles
from aggregator.publish.feeds import write_feeds
from aggregator.store import Moments


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkKind:
    """Kind of mark: `work` writes the files of subjects, `pending` gives up to so many behind an id, with their marks.

    They are those of a shard of articles, or of a category, if it is named; of categories, those whose feeds were not
    rendered between two moments, if these are given.
    """

    pending: Callable[[App, int, str, str, Moments | None], Sequence[tuple[Any, Mark]]]
    work: Callable[[App, Sequence[Any]], Written]


KINDS_OF_TASK: Mapping[str, Sequence[str]] = {"articles": ("article", "dropped"), "category": ("category",)}
KINDS: Mapping[str, MarkKind] = {  # in the order in which they are worked off
    "article": MarkKind(
        pending=lambda app, limit, after, shard, _: app.store.outbox.articles(limit, after, named=True, shard=shard),
        work=write_articles,
    ),
    "dropped": MarkKind(
        pending=lambda app, limit, after, shard, _: [
            ((mark.id, path), mark) for path, mark in app.store.rulings.dropped(limit, after, shard)
        ],
        work=remove_articles,
    ),
    "category": MarkKind(
        pending=lambda app, _, after, name, unrendered: app.store.outbox.categories(after, name, unrendered),
        work=write_feeds,
    ),
}
