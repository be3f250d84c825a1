"""The digest by which an entry is known again at the next fetch. Pure."""

from dataclasses import replace
from hashlib import blake2b

from aggregator.model import Entry, Text

DIGEST_BYTES = 8


def with_digest(entry: Entry) -> Entry:
    """`entry` with the digest of everything that readers would see of it.

    Its dates count only where neither guid nor link name it: many sources stamp their entries anew at every fetch,
    and that alone must change nothing.
    """
    seen = (
        entry.guid,
        entry.guid_is_link,
        [(link.rel, link.href) for link in entry.links],
        entry.original_link,
        _seen(entry.title) if entry.title else None,
        [_seen(content) for content in entry.contents],
        () if entry.guid or entry.links else (entry.published, entry.updated),
        entry.language,
        [(author.name, author.email, author.url) for author in entry.authors],
        [(file.url, file.type, file.length, file.title) for file in entry.enclosures],
        entry.image,
        [(term.term, term.scheme, term.label) for term in entry.terms],
    )
    # repr is unambiguous, quick, and ASCII enough for any string
    return replace(entry, digest=blake2b(repr(seen).encode(), digest_size=DIGEST_BYTES).digest())


def _seen(text: Text) -> tuple[str, str, str | None]:
    return text.value, text.kind, text.base
