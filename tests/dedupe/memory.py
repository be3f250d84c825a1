"""A store in memory, and entries of documents, small enough to play many fetches in a test."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from aggregator.dedupe import clusters, decide, keyed, text_keys
from aggregator.model import (
    Carrier,
    Decision,
    Draft,
    Duplicate,
    Enclosure,
    Key,
    Keyed,
    KnownArticle,
    New,
    Unchanged,
    Updated,
)

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
DATE = NOW - timedelta(hours=5, seconds=17)

STORY = (
    "The city council voted on Tuesday night to close the old bridge over the river for at least two years, after "
    "engineers had found cracks in three of its seven piers. Traffic will be led over the northern ring until a new "
    "crossing is ready, and shopkeepers on both banks fear for their trade. The mayor promised help, but gave no "
    "figure; the opposition called the vote a scandal that a decade of neglect had made inevitable. A first public "
    "hearing is planned for the week after next, and plans will be shown in the town hall until the end of January."
)
OTHER = (
    "Researchers at the institute have counted more storks this spring than in any year since records began. Mild "
    "winters in Spain keep many birds from crossing to Africa, and wet meadows restored along the lower valley feed "
    "their young. Farmers who were sceptical at first now rent out nesting poles, and a webcam on the church tower "
    "drew two million visitors in May alone, a figure that surprised even the team which had put it there for science."
)


class E(Struct, frozen=True, kw_only=True):
    """One entry of a document, as a test needs it."""

    guid: str | None = None
    link: str | None = None
    title: str = "Council closes the old bridge"
    text: str = STORY
    published: datetime | None = DATE
    audio: str | None = None


class TextDraft(Draft, frozen=True, kw_only=True):
    """A draft with the text of its body, and its date as published."""

    text: str
    date: str


def keyed_entry(draft: TextDraft) -> Keyed:
    return keyed(draft, draft.text, draft.date)


def articles(entries: Sequence[E], *, source: int = 1, now: datetime = NOW) -> tuple[TextDraft, ...]:
    """What normalise makes of a document: a guid or link that stands for different entries is nobody's name."""
    shared_guids = _shared((entry.guid, (entry.link, entry.title)) for entry in entries)
    shared_links = _shared((entry.link, (entry.guid, entry.title)) for entry in entries)
    return tuple(
        _article(
            entry,
            None if entry.guid in shared_guids else entry.guid,
            None if entry.link in shared_links else entry.link,
            position,
            source,
            now,
        )
        for position, entry in enumerate(entries)
    )


def _shared(named: Iterable[tuple[str | None, tuple[str | None, str]]]) -> frozenset[str | None]:
    things: dict[str | None, set[tuple[str | None, str]]] = {}
    for name, thing in named:
        things.setdefault(name, set()).add(thing)
    return frozenset(name for name, distinct in things.items() if len(distinct) > 1)


def _article(
    entry: E, guid_key: str | None, link_key: str | None, position: int, source: int, now: datetime
) -> TextDraft:
    published = entry.published or now
    return TextDraft(
        source_id=source,
        guid=entry.guid,
        guid_key=guid_key,
        link=entry.link or f"https://source-{source}.example/",
        link_key=link_key,
        title=entry.title,
        html=f"<p>{entry.text}</p>" if entry.text else "",
        markdown="",
        summary="",
        language=None,
        published=published,
        updated=published,
        first_seen=now,
        position=position,
        text=entry.text,
        date=str(entry.published),
        enclosures=(Enclosure(url=entry.audio),) if entry.audio else (),
    )


@dataclass
class _Row:
    article: KnownArticle
    keys: dict[bytes, bool] = field(default_factory=dict)  # digest: strong


class Store:
    """Articles under their keys, as the database keeps them: a strong key has one owner."""

    def __init__(self) -> None:
        self.rows: dict[str, _Row] = {}
        self.carriers: dict[int, Carrier] = {}  # by id of the source
        self._last: dict[int, frozenset[E]] = {}

    def known(self, candidates: Iterable[Keyed]) -> dict[bytes, tuple[KnownArticle, ...]]:
        digests = {key.digest for keyed in candidates for key in keyed.keys}
        rows = [replace(row.article, keys=frozenset(digests & row.keys.keys())) for row in self.rows.values()]
        candidates_by_key = {digest: tuple(row for row in rows if digest in row.keys) for digest in digests}
        return {digest: several for digest, several in candidates_by_key.items() if several}

    def fetch(
        self,
        *entries: E,
        source: int = 1,
        now: datetime = NOW,
        skip_seen: bool = True,
        near_duplicates: bool = True,
    ) -> tuple[Decision, ...]:
        """Decide and record a document; named entries that stood in the last one are passed over, as in a cycle."""
        made = articles(entries, source=source, now=now)
        last = self._last.get(source, frozenset()) if skip_seen else frozenset()
        self._last[source] = frozenset(entries)
        unseen = [
            keyed_entry(article)
            for entry, article in zip(entries, made, strict=True)
            if entry not in last or not (article.guid_key or article.link_key)
        ]
        decisions = decide(
            unseen,
            self.known(unseen),
            still_listed=[name for article in made for name in (article.guid_key, article.link_key) if name],
            carrier=self.carrier(source),
        )
        self.written = sum(map(self._record, decisions))
        if near_duplicates:
            self._join_clusters()
        for row in self.rows.values():
            row.article = replace(row.article, is_published=True)
        return decisions

    def carrier(self, source: int) -> Carrier:
        """The source's, whose URL and page are nobody's; its id is its place."""
        return self.carriers.get(source, Carrier(source_id=source, ordinal=source, host="", site=""))

    def cluster(self, decision: Decision) -> str | None:
        """The cluster that a new article joined, None if it joined none."""
        assert isinstance(decision, New)
        article = self.rows[decision.keyed.id].article
        return None if article.cluster == article.id else article.cluster

    def _join_clusters(self) -> None:
        """As before a publication: the articles of one fetch are unpublished."""
        articles = [replace(row.article, keys=text_keys(row.article.fingerprint)) for row in self.rows.values()]
        for id_, cluster in clusters(articles).items():
            self.rows[id_].article = replace(self.rows[id_].article, cluster=cluster)

    def prune(self, id_: str) -> None:
        self.rows[id_].article = replace(self.rows[id_].article, pruned=True)

    def _record(self, decision: Decision) -> int:
        """Rows written."""
        if isinstance(decision, New):
            assert decision.keyed.id not in self.rows
            if decision.leaves:
                self._leave(decision)
            self.rows[decision.keyed.id] = _Row(_first_known(decision, self.carrier(decision.keyed.draft.source_id)))
            return 1 + self._add_keys(decision.keyed.id, decision.keyed.keys)
        row = self.rows[decision.id]
        written = self._add_keys(decision.id, decision.keyed.keys)
        article = decision.keyed.draft
        if isinstance(decision, Updated):
            if decision.takes_over:
                self._credit(row, article.source_id)
                row.article = replace(row.article, source_id=article.source_id, guid=article.guid)
            row.article = replace(
                row.article, link=article.link, link_key=article.link_key, enclosures=article.enclosures
            )
            if decision.text_changed:
                row.article = replace(
                    row.article, title=article.title, html=article.html, fingerprint=decision.keyed.fingerprint
                )
            return written + 1
        if isinstance(decision, Duplicate):
            self._credit(row, article.source_id)
            return written + 1
        return written

    def _leave(self, new: New) -> None:
        assert new.leaves
        row, source = self.rows[new.leaves.id], new.keyed.draft.source_id
        carriers = tuple(carrier for carrier in row.article.carriers if carrier.source_id != source)
        credited = row.article.credited - {source}
        row.article = replace(row.article, source_id=new.leaves.next_owner, credited=credited, carriers=carriers)
        for key in new.keyed.keys:
            if key.rule in {"guid", "entry", "title"}:
                row.keys.pop(key.digest, None)

    def _credit(self, row: _Row, source: int) -> None:
        carriers = {carrier.source_id: carrier for carrier in (*row.article.carriers, self.carrier(source))}
        row.article = replace(row.article, credited=row.article.credited | {source}, carriers=tuple(carriers.values()))

    def _add_keys(self, id_: str, keys: Iterable[Key]) -> int:
        own_keys = self.rows[id_].keys
        missing = {key.digest: key.strong for key in keys if key.digest not in own_keys}
        for owner, row in self.rows.items():
            owned = {digest for digest, strong in row.keys.items() if strong}
            assert owner == id_ or owned.isdisjoint(digest for digest, strong in missing.items() if strong)
        own_keys.update(missing)
        return len(missing)


def _first_known(new: New, carrier: Carrier) -> KnownArticle:
    article = new.keyed.draft
    return KnownArticle(
        id=new.keyed.id,
        source_id=article.source_id,
        credited=frozenset({article.source_id}),
        guid=article.guid,
        link=article.link,
        link_key=article.link_key,
        title=article.title,
        published=article.published,
        fingerprint=new.keyed.fingerprint,
        cluster=new.keyed.id,
        carriers=(carrier,),
        is_published=False,
        html=article.html,
        position=article.position,
        keys=frozenset(),
        enclosures=article.enclosures,
    )


def kinds(decisions: Iterable[Decision]) -> list[type[Decision]]:
    return [type(decision) for decision in decisions]


def edited(text: str, words: int = 1) -> str:
    """The text with so many words replaced, far from one another."""
    parts = text.split()
    for number in range(words):
        parts[(number * len(parts)) // words] = f"other{number}"
    return " ".join(parts)


__all__ = ["DATE", "NOW", "OTHER", "STORY", "Duplicate", "E", "New", "Store", "Unchanged", "Updated", "articles"]
