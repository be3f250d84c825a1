"""Evidence that an article and a known one are the same: what a shared key alone cannot prove. Pure.

Each function gives the reason in plain words, "" where there is none.
"""

from datetime import timedelta

from aggregator.dedupe.fingerprint import near
from aggregator.model import Draft, Keyed, KnownArticle

EDITION = timedelta(hours=12)  # a column, comic or forecast that looks the same comes again after a day, no sooner
NEWS = timedelta(days=7)  # copies of an agency's report follow within days
TELLING_WORDS = 50  # a shorter text may be all boilerplate ("read the full story at ...")


def is_named(draft: Draft) -> bool:
    """Whether its source gave the article a name of its own: a guid or a link that no other entry has."""
    return bool(draft.guid_key or draft.link_key)


def same_guid(keyed: Keyed, known: KnownArticle) -> str:
    """A guid is what the source itself calls identity: nothing needs to confirm it."""
    return "same guid"


def is_another(keyed: Keyed, known: KnownArticle) -> bool:
    """Whether link, title and text all say: another article, whatever its guid."""
    links = (keyed.draft.link_key, known.link_key)
    return None not in links and links[0] != links[1] and not is_alike(keyed, known)


def is_alike(keyed: Keyed, known: KnownArticle) -> bool:
    """Whether the titles are the same or the texts nearly equal."""
    return bool(_title_or_text(keyed, known))


def same_title_and_date(keyed: Keyed, known: KnownArticle) -> str:
    """All the name that an entry without guid and link has; a date without a time may be that of several entries."""
    if _is_dated(keyed.draft) and not _has_time(keyed.draft) and not _same_text(keyed, known):
        return ""
    return "same title and date"


def same_link(keyed: Keyed, known: KnownArticle) -> str:
    """Across sources, title or text bear the link out; within one, so does the day if guid, title and text changed."""
    if borne_out := _title_or_text(keyed, known):
        return f"same canonical link and {borne_out}"
    if keyed.draft.source_id not in known.credited:
        return ""
    if _has_other_guid(keyed, known):
        return "same canonical link and day" if _is_close(keyed, known) else ""
    return "same canonical link"


def same_article(keyed: Keyed, known: KnownArticle) -> str:
    """Within a source, without guid or link: near-equal text under the same title, of the same time or long enough."""
    if keyed.draft.source_id != known.source_id or _is_apart(keyed, known):
        return ""
    if not near(keyed.fingerprint, known.fingerprint):
        return ""
    if _same_title(keyed, known):
        return "same title and text"
    if _same_moment(keyed, known):
        return "same text and time"
    return "same text" if _is_telling(keyed) else ""


def same_entry(keyed: Keyed, known: KnownArticle) -> str:
    """Of two entries of one document that share a strong key: whether one is a copy of the other."""
    same_time = is_named(keyed.draft) or keyed.draft.published == known.published
    return "copy of another entry" if same_time and _same_text(keyed, known) else ""


def same_story(keyed: Keyed, known: KnownArticle) -> str:
    """Near-equal texts, published close to one another, under the same title unless the text speaks for itself.

    Within one source no text does: its entries under other titles share boilerplate (each such pair of 213 feeds).
    """
    within = keyed.draft.source_id == known.source_id
    if known.pruned or abs(keyed.draft.published - known.published) >= (EDITION if within else NEWS):
        return ""
    if not _same_title(keyed, known) and (within or not _is_telling(keyed)):
        return ""
    return "near-equal text" if near(keyed.fingerprint, known.fingerprint) else ""


def _title_or_text(keyed: Keyed, known: KnownArticle) -> str:
    if _same_title(keyed, known):
        return "title"
    return "text" if near(keyed.fingerprint, known.fingerprint) else ""


def _same_title(keyed: Keyed, known: KnownArticle) -> bool:
    return keyed.fingerprint.title == known.fingerprint.title


def _same_text(keyed: Keyed, known: KnownArticle) -> bool:
    """Whether the texts are nearly equal, or both absent under one title."""
    return keyed.fingerprint.digest == known.fingerprint.digest or near(keyed.fingerprint, known.fingerprint)


def _is_telling(keyed: Keyed) -> bool:
    return keyed.fingerprint.words >= TELLING_WORDS


def _has_other_guid(keyed: Keyed, known: KnownArticle) -> bool:
    """Whether the entry has a guid by which the known article, which has one too, never went."""
    guids = {key.digest for key in keyed.keys if key.rule == "guid"}
    had_guid = known.guid is not None or known.source_id != keyed.draft.source_id
    return bool(guids) and had_guid and guids.isdisjoint(known.keys)


def _is_dated(draft: Draft) -> bool:
    """Whether the source gave a date that could be believed; others count as first seen."""
    return draft.published != draft.first_seen


def _is_close(keyed: Keyed, known: KnownArticle) -> bool:
    """Whether the dates say: the same edition."""
    draft = keyed.draft
    return _is_dated(draft) and abs(draft.published - known.published) < EDITION


def _is_apart(keyed: Keyed, known: KnownArticle) -> bool:
    """Whether the dates of an entry that has a name of its own say: another edition."""
    draft = keyed.draft
    return is_named(draft) and _is_dated(draft) and not _is_close(keyed, known)


def _has_time(draft: Draft) -> bool:
    published = draft.published
    return bool(published.hour or published.minute or published.second)


def _same_moment(keyed: Keyed, known: KnownArticle) -> bool:
    """Whether both were published at the same second; a date without a time of day proves nothing."""
    draft = keyed.draft
    return _is_dated(draft) and _has_time(draft) and draft.published == known.published
