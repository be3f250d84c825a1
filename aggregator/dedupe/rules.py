"""Draft -> Keys: the names under which the store finds it again, strongest first. Pure.

A key is one row in the database, and an article has seven at most: guid, link, title, four bands of its text; or, where
its source gave it neither guid nor link, its title with its date instead of the two.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

from aggregator.dedupe.fingerprint import SIGNED_WORDS, bands, fingerprint
from aggregator.dedupe.ids import article_id, public_id
from aggregator.dedupe.similarity import is_named, same_article, same_guid, same_link, same_title_and_date
from aggregator.model import Draft, Fingerprint, Key, Keyed, KnownArticle

BRIEF_WORDS = 8  # below that, equal texts of two sources are chance ("Watch live")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One way to know an article again."""

    name: str
    strong: bool
    values: Callable[[Draft, Fingerprint], tuple[bytes, ...]]  # what the keys are digests of; () where it has none
    same: Callable[
        [Keyed, KnownArticle], str
    ]  # the reason why an article found by such a key is the same, "" if it is not
    only_if_gone: bool  # not the same as an article whose own entry still stands in the document


def folded(name: str) -> str:
    """A guid without the difference between http and https, which sources change for all entries at once."""
    scheme, mark, rest = name.strip().partition("://")
    return f"https://{rest}" if mark and scheme.lower() == "http" else name.strip()


def guid(draft: Draft, _: Fingerprint) -> tuple[bytes, ...]:
    """The guid within its source: across sources an equal guid means nothing."""
    return (_scoped(draft, folded(draft.guid_key)),) if draft.guid_key else ()


def link(draft: Draft, _: Fingerprint) -> tuple[bytes, ...]:
    """The canonical link, over all sources."""
    return (_bytes(draft.link_key),) if draft.link_key else ()


def entry(draft: Draft, fingerprint: Fingerprint) -> tuple[bytes, ...]:
    """Title and date, or title and text where there is no date either, of an entry with neither guid nor link."""
    if is_named(draft):
        return ()
    undated = draft.published == draft.first_seen
    when = fingerprint.digest if undated else _bytes(draft.published.isoformat())
    return (_scoped(draft, "") + fingerprint.title + when,)


def title(draft: Draft, fingerprint: Fingerprint) -> tuple[bytes, ...]:
    """The title within its source."""
    return (_scoped(draft, "") + fingerprint.title,)


def text(_: Draft, fingerprint: Fingerprint) -> tuple[bytes, ...]:
    """Bands of the text's signature, over all sources; of a short text, its words with its title."""
    if fingerprint.words >= SIGNED_WORDS:
        return bands(fingerprint.signature)
    return (fingerprint.title + fingerprint.signature,) if fingerprint.words >= BRIEF_WORDS else ()


RULES = (
    Rule(name="guid", strong=True, values=guid, same=same_guid, only_if_gone=False),
    Rule(name="link", strong=True, values=link, same=same_link, only_if_gone=True),
    Rule(name="entry", strong=True, values=entry, same=same_title_and_date, only_if_gone=False),
    Rule(name="title", strong=False, values=title, same=same_article, only_if_gone=True),
    Rule(name="text", strong=False, values=text, same=same_article, only_if_gone=True),
)
# A digest begun for each rule: to copy it takes two thirds of beginning anew.
_DIGESTS = {rule.name: blake2b(digest_size=16, person=rule.name.encode()) for rule in RULES}


def keyed(draft: Draft, text: str, date: str | None = None) -> Keyed:
    """Return the draft with its ids, its keys and the fingerprint of its title and `text`.

    `text` is the plain text of its body, `date` its publication date as written in the entry.
    """
    marks = fingerprint(draft.title, text)
    own_id = article_id(draft, text, date)
    return Keyed(id=own_id, uid=public_id(draft, own_id), draft=draft, keys=keys(draft, marks), fingerprint=marks)


def keys(draft: Draft, marks: Fingerprint) -> tuple[Key, ...]:
    """Return all keys of the draft whose text has the fingerprint `marks`, even if the text itself is gone."""
    return tuple(_key(rule, value) for rule in RULES for value in rule.values(draft, marks))


def _key(rule: Rule, value: bytes) -> Key:
    digest = _DIGESTS[rule.name].copy()
    digest.update(value)
    return Key(rule=rule.name, digest=digest.digest(), strong=rule.strong)


def _scoped(draft: Draft, value: str) -> bytes:
    return _bytes(f"{draft.source_id} {value}")


def _bytes(value: str) -> bytes:
    return value.encode(errors="replace")  # JSON can put a lone surrogate into a guid
