"""The candidates of one document that have found their article, looked up by key as those of the store are. Pure."""

from collections import defaultdict

from aggregator.dedupe.similarity import same_entry
from aggregator.model import Keyed, KnownArticle

MOST = 16  # articles looked at under one key: boilerplate makes keys that thousands share


class Companions:
    """What stands in the document beside an entry; each `KnownArticle` has an article's id and a candidate's words."""

    def __init__(self) -> None:
        self._by_key: dict[bytes, list[KnownArticle]] = defaultdict(list)

    def add(self, keyed: Keyed, id_: str, story: str, stored: KnownArticle | None = None) -> None:
        """Remember `keyed` as the article `id_`; `stored` is what the store knows of it, None of a new one."""
        draft = keyed.draft
        known = KnownArticle(
            id=id_,
            source_id=draft.source_id,
            credited=frozenset({draft.source_id}),
            guid=draft.guid,
            link=draft.link,
            link_key=draft.link_key,
            title=draft.title,
            published=draft.published,
            fingerprint=keyed.fingerprint,
            cluster=story,
            keys=stored.keys if stored else frozenset(),
            pruned=stored.pruned if stored else False,
        )
        for key in keyed.keys:
            if len(self._by_key[key.digest]) < MOST:
                self._by_key[key.digest].append(known)

    def under(self, digest: bytes) -> tuple[KnownArticle, ...]:
        """Those that have this key."""
        found = self._by_key.get(digest)
        return tuple(found) if found else ()

    def original(self, keyed: Keyed) -> KnownArticle | None:
        """The one of which `keyed` is a copy; None where the document says its story once."""
        namesakes = (known for key in keyed.keys if key.strong for known in self.under(key.digest))
        return next((known for known in namesakes if same_entry(keyed, known)), None)
