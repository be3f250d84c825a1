"""Entries of one document that have their article already, found by key as stored articles are. Pure."""

from collections import defaultdict

from aggregator.dedupe.similarity import is_copy
from aggregator.model import Keyed, KnownArticle

MAX_ARTICLES = 16  # looked at under one key: boilerplate gives thousands of articles the same key


class BatchMatches:
    """Articles of the document's other entries; each `KnownArticle` has an article's id and an entry's text."""

    def __init__(self) -> None:
        self._by_key: dict[bytes, list[KnownArticle]] = defaultdict(list)

    def add(self, keyed: Keyed, id_: str, stored: KnownArticle | None = None) -> None:
        """Add `keyed` as the article `id_`; `stored` is its row, None if the article is new."""
        draft = keyed.draft
        article = KnownArticle(
            id=id_,
            source_id=draft.source_id,
            credited=frozenset({draft.source_id}),
            guid=draft.guid,
            link=draft.link,
            link_key=draft.link_key,
            title=draft.title,
            published=draft.published,
            fingerprint=keyed.fingerprint,
            cluster=id_,
            keys=stored.keys if stored else frozenset(),
            enclosures=draft.enclosures,
            pruned=stored.pruned if stored else False,
        )
        for key in keyed.keys:
            if len(self._by_key[key.digest]) < MAX_ARTICLES:
                self._by_key[key.digest].append(article)

    def with_key(self, digest: bytes) -> tuple[KnownArticle, ...]:
        """Return the articles that have this key."""
        return tuple(self._by_key.get(digest, ()))

    def original(self, keyed: Keyed) -> KnownArticle | None:
        """Return the article of another entry of which `keyed` is a copy, None if there is none."""
        articles = (article for key in keyed.keys if key.strong for article in self.with_key(key.digest))
        return next((article for article in articles if is_copy(keyed, article)), None)
