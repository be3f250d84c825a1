"""Digests of entries, by which the next fetch recognises them. Pure."""

from hashlib import blake2b

from msgspec.structs import replace

from aggregator.model import NO_DETAILS, Enclosure, Entry

DIGEST_BYTES = 8  # of an entry; `SourceState.seen` joins them


def with_digest(entry: Entry) -> Entry:
    """Return `entry` with the digest of all that readers see of it.

    Its dates count only if neither guid nor link identifies it: many sources date their entries anew at each fetch,
    which alone must change nothing.
    """
    title = entry.title
    fields: tuple[object, ...] = (
        entry.guid,
        entry.guid_is_link,
        [(link.rel, link.href) for link in entry.links],
        entry.original_link,
        (title.value, title.kind, title.base) if title else None,
        [(text.value, text.kind, text.base) for text in entry.contents],
        () if entry.guid or entry.links else (entry.published, entry.updated),
        entry.language,
        [(author.name, author.email, author.url) for author in entry.authors],
        [_file_fields(file) for file in entry.enclosures],
        entry.image,
        [(term.term, term.scheme, term.label) for term in entry.terms],
    )
    if entry.details != NO_DETAILS:  # without them digests stay as they were before there were details
        fields = (*fields, entry.details)
    digest = blake2b(repr(fields).encode(), digest_size=DIGEST_BYTES).digest()  # repr is unambiguous
    return replace(entry, digest=digest)


def _file_fields(file: Enclosure) -> tuple[object, ...]:
    later: list[object] = [file.duration, file.credit, file.renditions]
    while later and not later[-1]:  # without them digests stay as they were before there were such fields
        later.pop()
    return (file.url, file.type, file.length, file.title, *later)
