"""State of a source whose entries wait because of its limit of new articles. Pure."""

from collections.abc import Collection, Set

from msgspec.structs import replace

from aggregator.model import SourceState, Validators


def after_limit(
    state: SourceState, *, unread: Set[bytes], waiting: Collection[bytes], listed: Set[bytes], is_part: bool
) -> SourceState:
    """Return the state after a document of which some entries wait, so that the next poll reads it again.

    `unread` holds the digests of entries that were not recorded, `waiting` the names of those of them that would be new
    articles, `listed` the names of all entries of the document. If it `is_part` of the source's document, the others
    that waited wait still; else those that are not listed any more are lost.
    """
    before = _split(state.waiting or b"")
    left = [name for name in before if name not in listed]
    names = dict.fromkeys([*waiting, *(left if is_part else ())])
    state = replace(state, waiting=b"".join(names) or None, lost=state.lost + (0 if is_part else len(left)))
    if unread:
        state = replace(state, seen=b"".join(digest for digest in _split(state.seen) if digest not in unread))
    if names:
        state = replace(state, validators=Validators(), digest=b"", truncated_digest=None)
    return state


def _split(joined: bytes) -> list[bytes]:
    """Return the digests or names, of 8 bytes each, that were joined."""
    return [joined[start : start + 8] for start in range(0, len(joined), 8)]
