"""Evidence that an entry belongs to a known article, which a common key alone cannot prove. Pure.

Functions that return a string give the reason in plain words, "" if there is no evidence.
"""

import re
from datetime import timedelta
from typing import NamedTuple

from aggregator.dedupe.bodies import contains, is_stub
from aggregator.dedupe.fingerprint import NEAR, near
from aggregator.dedupe.ownership import Ground, ground_of, owner_of
from aggregator.model import Carrier, Draft, Fingerprint, Keyed, KnownArticle
from aggregator.urls import registrable_name

EDITION = timedelta(hours=12)  # a column, comic or forecast that looks the same comes again after a day, not sooner
NEWS = timedelta(days=7)  # copies of an agency's report follow within days
_RECORDING = re.compile(r"\.(?:aac|flac|m4[abv]|mov|mp[34]|og[agv]|opus|wav|webm)(?:[?#]|$)", re.I)
WITHIN_SOURCE = 0.8  # of the runs of two texts: the next one of a series has much of the last one
TELLING_WORDS = 50  # a shorter text may be boilerplate ("read the full story at ...")


def is_identified(draft: Draft) -> bool:
    """Return whether the source gave the entry a guid or link that no other entry has."""
    return bool(draft.guid_key or draft.link_key)


def same_guid(_keyed: Keyed, _article: KnownArticle, _carrier: Carrier) -> str:
    """Return the reason at once: a guid is the source's own statement of identity and needs no other evidence."""
    return "same guid"


def same_title_and_date(keyed: Keyed, article: KnownArticle, _carrier: Carrier) -> str:
    """Match an entry without guid and link; a date without a time of day may be that of several entries."""
    if _is_dated(keyed.draft) and not _has_time(keyed.draft) and not _has_same_text(keyed, article):
        return ""
    return "same title and date"


def same_link(keyed: Keyed, article: KnownArticle, carrier: Carrier) -> str:
    """Match by the link if title or text confirm it; within a source the day does, if all else changed.

    Articles of other sources that were not published yet are joined before their first publication.
    """
    if keyed.draft.source_id not in article.credited:
        draft = keyed.draft
        if not article.is_published or _has_moved(article, draft.link_key or ""):
            return ""
        version = Version(draft.link, draft.html, keyed.fingerprint, carrier)
        return same_page(version, Version(article.link, article.html, article.fingerprint, owner_of(article)))
    if _is_other_episode(keyed, article):
        return ""
    if evidence := _title_or_text(keyed, article):
        return f"same canonical link and {evidence}"
    if _has_other_guid(keyed, article):
        return "same canonical link and day" if _is_close(keyed, article) else ""
    return "same canonical link"


def _has_moved(article: KnownArticle, link_key: str) -> bool:
    """Return whether the article was at the link of this key once, and is at another host's now.

    Else a source could have the link of an article to come, move it to its own host, and get that article too.
    """
    return bool(article.link_key) and registrable_name(article.link_key or "") != registrable_name(link_key)


class Version(NamedTuple):
    """One source's version of an article."""

    link: str
    html: str  # clean
    fingerprint: Fingerprint
    carrier: Carrier  # the source


def same_page(first: Version, second: Version) -> str:
    """Match the versions of two sources under one canonical link.

    Equal titles prove nothing unless both sources belong to the site: a comment repeats the title of its subject.
    """
    if near(first.fingerprint, second.fingerprint):
        return "same canonical link and text"
    if is_stub(first.html) or is_stub(second.html):
        return "same canonical link, one is a stub"
    grounds = {ground_of(version.carrier, version.link) for version in (first, second)}
    if first.fingerprint.title == second.fingerprint.title and grounds == {Ground.CONFIGURED}:
        return "same canonical link and title in feeds of its site"
    return "same canonical link, one holds the other" if contains(first.html, second.html) else ""


def same_text(keyed: Keyed, article: KnownArticle, _carrier: Carrier) -> str:
    """Match by near-equal text within a source, with the same title or time, or if the text is long enough.

    Entries without any text are matched by both title and time.
    """
    if keyed.draft.source_id != article.source_id or _is_other_edition(keyed, article):
        return ""
    if _is_other_episode(keyed, article):
        return ""
    if not near(keyed.fingerprint, article.fingerprint, WITHIN_SOURCE):
        return "same title and time, no text" if _has_only_title(keyed, article) else ""
    if _has_same_title(keyed, article):
        return "same title and text"
    if _has_same_time(keyed, article):
        return "same text and time"
    return "same text" if _is_telling(keyed.fingerprint) else ""


def is_republication(keyed: Keyed, article: KnownArticle) -> bool:
    """Return whether title, and text or date, are those of the article, whatever the guid and link.

    It proves nothing of a single entry: columns have one title, and some of them one text.
    """
    if keyed.draft.source_id != article.source_id or _is_other_episode(keyed, article):
        return False
    if not _has_same_title(keyed, article):
        return False
    has_same_text = _is_telling(keyed.fingerprint) and near(keyed.fingerprint, article.fingerprint, WITHIN_SOURCE)
    return has_same_text or (_is_dated(keyed.draft) and keyed.draft.published == article.published)


def is_near_duplicate(article: KnownArticle, candidate: KnownArticle) -> bool:
    """Match near-equal texts published close to each other, under one title unless the text is long enough.

    Within one source the title must be the same: its entries share boilerplate (each such pair in 213 feeds).
    """
    is_one_source = article.source_id == candidate.source_id
    if candidate.pruned or abs(article.published - candidate.published) >= (EDITION if is_one_source else NEWS):
        return False
    if article.published != candidate.published and _have_other_recordings(article, candidate):
        return False
    if article.fingerprint.title != candidate.fingerprint.title and (
        is_one_source or not _is_telling(article.fingerprint)
    ):
        return False
    return near(article.fingerprint, candidate.fingerprint, WITHIN_SOURCE if is_one_source else NEAR)


def is_copy(keyed: Keyed, article: KnownArticle) -> bool:
    """Return whether one of two entries of a document that share a strong key is a copy of the other."""
    same_date = is_identified(keyed.draft) or keyed.draft.published == article.published
    return same_date and _has_same_text(keyed, article)


def is_different(keyed: Keyed, article: KnownArticle) -> bool:
    """Return whether link, title and text all differ, whatever the guid."""
    links = (keyed.draft.link_key, article.link_key)
    return None not in links and links[0] != links[1] and not is_similar(keyed, article)


def is_similar(keyed: Keyed, article: KnownArticle) -> bool:
    """Return whether the titles are equal or the texts near-equal."""
    return bool(_title_or_text(keyed, article))


def _title_or_text(keyed: Keyed, article: KnownArticle) -> str:
    if _has_same_title(keyed, article):
        return "title"
    return "text" if near(keyed.fingerprint, article.fingerprint, WITHIN_SOURCE) else ""


def _has_same_title(keyed: Keyed, article: KnownArticle) -> bool:
    return keyed.fingerprint.title == article.fingerprint.title


def _has_same_text(keyed: Keyed, article: KnownArticle) -> bool:
    """Return whether the texts are near-equal, or both absent under one title."""
    fingerprints = keyed.fingerprint, article.fingerprint
    return fingerprints[0].digest == fingerprints[1].digest or near(*fingerprints, WITHIN_SOURCE)


def _has_only_title(keyed: Keyed, article: KnownArticle) -> bool:
    """Return whether neither has a body, but both have one title and time, and no other pictures.

    Pictures that were put up together have one time, and often one title.
    """
    draft = keyed.draft
    if draft.html or article.fingerprint.words or not _has_same_title(keyed, article):
        return False
    pictures = _pictures(draft), _pictures(article)
    return _has_same_time(keyed, article) and not (all(pictures) and pictures[0].isdisjoint(pictures[1]))


def _pictures(entry: Draft | KnownArticle) -> frozenset[str]:
    """Return the URLs of the pictures beside the body."""
    pictures = {enclosure.url for enclosure in entry.enclosures if enclosure.is_image}
    return frozenset(pictures | {entry.image} if entry.image else pictures)


def _is_telling(fingerprint: Fingerprint) -> bool:
    return fingerprint.words >= TELLING_WORDS


def _has_other_guid(keyed: Keyed, article: KnownArticle) -> bool:
    """Return whether the entry has a guid that is none of the known article's, which has one too."""
    guids = {key.digest for key in keyed.keys if key.rule == "guid"}
    had_guid = article.guid is not None or article.source_id != keyed.draft.source_id
    return bool(guids) and had_guid and guids.isdisjoint(article.keys)


def _is_other_episode(keyed: Keyed, article: KnownArticle) -> bool:
    """Return whether the entry is another episode of its source: hourly bulletins share link, title and text.

    It has another guid, another recording and another date. Newsrooms that count the versions of an article in its
    guid keep the recording.
    """
    draft = keyed.draft
    if not _is_dated(draft) or draft.published == article.published or not _has_other_guid(keyed, article):
        return False
    return _have_other_recordings(draft, article)


def _have_other_recordings(first: Draft | KnownArticle, second: Draft | KnownArticle) -> bool:
    """Return whether both have audio or video, but none in common."""
    recordings = _recordings(first), _recordings(second)
    return all(recordings) and recordings[0].isdisjoint(recordings[1])


def _recordings(entry: Draft | KnownArticle) -> frozenset[str]:
    """Return the URLs of the audio and video files."""
    return frozenset(
        enclosure.url
        for enclosure in entry.enclosures
        if (enclosure.type or "").startswith(("audio/", "video/")) or _RECORDING.search(enclosure.url)
    )


def _is_dated(draft: Draft) -> bool:
    """Return whether the source gave a credible date; other entries are dated by their first sight."""
    return draft.published != draft.first_seen


def _has_time(draft: Draft) -> bool:
    published = draft.published
    return bool(published.hour or published.minute or published.second)


def _is_close(keyed: Keyed, article: KnownArticle) -> bool:
    return _is_dated(keyed.draft) and abs(keyed.draft.published - article.published) < EDITION


def _is_other_edition(keyed: Keyed, article: KnownArticle) -> bool:
    """Return whether an identified entry is dated too far from the article to be the same edition."""
    return is_identified(keyed.draft) and _is_dated(keyed.draft) and not _is_close(keyed, article)


def _has_same_time(keyed: Keyed, article: KnownArticle) -> bool:
    """Return whether both were published in the same second; a date without a time of day proves nothing."""
    draft = keyed.draft
    return _is_dated(draft) and _has_time(draft) and draft.published == article.published
