"""Rules by which a stored article is recognised, and the keys that they give to drafts. Pure.

A key is one row in the database, and an article has at most eleven: guid, link, title, eight bands of its text; or, if
its source gave it neither guid nor link, its title with its date instead of the two. A new rule is one in `RULES`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

from aggregator.dedupe.fingerprint import SIGNED_WORDS, bands, fingerprint
from aggregator.dedupe.ids import article_id, public_id
from aggregator.dedupe.similarity import is_identified, same_guid, same_link, same_text, same_title_and_date
from aggregator.model import Carrier, Draft, Fingerprint, Key, Keyed, KnownArticle

BRIEF_WORDS = 8  # below that, equal texts of two sources are chance ("Watch live")


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRule:
    """A way to recognise an article: keys that find candidates, and the evidence that confirms one."""

    name: str
    strong: bool  # its keys identify an article
    values: Callable[[Draft, Fingerprint], tuple[bytes, ...]]  # a key for each
    evidence: Callable[[Keyed, KnownArticle, Carrier], str]  # the reason to take both for one article, "" for none
    only_if_gone: bool  # does not match an article whose own entry is still in the document


def fold_scheme(id_: str) -> str:
    """Return a guid or link with https for http, which sources change for all entries at once."""
    scheme, separator, path = id_.strip().partition("://")
    return f"https://{path}" if separator and scheme.lower() == "http" else id_.strip()


def guid(draft: Draft, _: Fingerprint) -> tuple[bytes, ...]:
    """Return the guid within its source: an equal guid of another source means nothing."""
    return (_scoped(draft, fold_scheme(draft.guid_key)),) if draft.guid_key else ()


def link(draft: Draft, _: Fingerprint) -> tuple[bytes, ...]:
    """Return the canonical link, over all sources."""
    return (_bytes(draft.link_key),) if draft.link_key else ()


def title_and_date(draft: Draft, fingerprint: Fingerprint) -> tuple[bytes, ...]:
    """Return title and date, or title and text without a date, of an entry with neither guid nor link."""
    if is_identified(draft):
        return ()
    undated = draft.published == draft.first_seen
    date_or_text = fingerprint.digest if undated else _bytes(draft.published.isoformat())
    return (_scoped(draft, "") + fingerprint.title + date_or_text,)


def title(draft: Draft, fingerprint: Fingerprint) -> tuple[bytes, ...]:
    """Return the title within its source."""
    return (_scoped(draft, "") + fingerprint.title,)


def text(_: Draft, fingerprint: Fingerprint) -> tuple[bytes, ...]:
    """Return bands of the text's signature, over all sources; of a short text its words with its title."""
    return _text_values(fingerprint)


def _text_values(fingerprint: Fingerprint) -> tuple[bytes, ...]:
    if fingerprint.words >= SIGNED_WORDS:
        return bands(fingerprint.signature)
    return (fingerprint.title + fingerprint.signature,) if fingerprint.words >= BRIEF_WORDS else ()


RULES = (
    MatchRule(name="guid", strong=True, values=guid, evidence=same_guid, only_if_gone=False),
    MatchRule(name="link", strong=True, values=link, evidence=same_link, only_if_gone=True),
    MatchRule(name="entry", strong=True, values=title_and_date, evidence=same_title_and_date, only_if_gone=False),
    MatchRule(name="title", strong=False, values=title, evidence=same_text, only_if_gone=True),
    MatchRule(name="text", strong=False, values=text, evidence=same_text, only_if_gone=True),
)


def keyed(draft: Draft, text: str, date: str | None = None) -> Keyed:
    """Return the draft with its ids, its keys and the fingerprint of its title and `text`.

    `text` is the plain text of its body, `date` its publication date as written in the entry.
    """
    text_fingerprint = fingerprint(draft.title, text)
    id_ = article_id(draft, text, date)
    return Keyed(
        id=id_, uid=public_id(draft, id_), draft=draft, keys=keys(draft, text_fingerprint), fingerprint=text_fingerprint
    )


def keys(draft: Draft, text_fingerprint: Fingerprint) -> tuple[Key, ...]:
    """Return all keys of the draft, of whose text only the fingerprint `text_fingerprint` is needed."""
    return tuple(
        Key(
            rule=rule.name,
            digest=_key_digest(rule.name, value),
            strong=rule.strong,
        )
        for rule in RULES
        for value in rule.values(draft, text_fingerprint)
    )


def guid_key(source_id: int, guid: str) -> bytes:
    """Return the digest of the key of the source's entry with this guid."""
    return _key_digest("guid", _bytes(f"{source_id} {fold_scheme(guid)}"))


def text_keys(text_fingerprint: Fingerprint) -> frozenset[bytes]:
    """Return the digests of the keys of the text alone, by which near-equal texts are found."""
    return frozenset(_key_digest("text", value) for value in _text_values(text_fingerprint))


def _key_digest(rule: str, value: bytes) -> bytes:
    return blake2b(value, digest_size=16, person=rule.encode()).digest()


def _scoped(draft: Draft, value: str) -> bytes:
    return _bytes(f"{draft.source_id} {value}")


def _bytes(value: str) -> bytes:
    return value.encode(errors="replace")  # JSON can put a lone surrogate into a guid
