"""Tombstones of a document: the entries that its source deleted (RFC 6721). Pure."""

from collections.abc import Mapping
from datetime import datetime

from aggregator.model import Feed
from aggregator.normalise.dates import EARLIEST, entry_dates, parsed_date
from aggregator.normalise.identity import printable_guid

NO_TOMBSTONES: Mapping[str, datetime] = {}


def deletions(feed: Feed, now: datetime) -> Mapping[str, datetime]:
    """Return the latest time at which each entry, by guid, was deleted; none if the document was cut off.

    Those that the document itself contradicts, with an entry that was updated later, are left out.
    """
    if not feed.tombstones or feed.problem:
        return NO_TOMBSTONES
    times: dict[str, datetime] = {}
    for tombstone in feed.tombstones:
        guid, when = printable_guid(tombstone.ref), parsed_date(tombstone.when)
        if guid and when and when >= EARLIEST:
            times[guid] = max(when, times.get(guid, when))
    for entry in feed.entries:
        guid = printable_guid(entry.guid) if entry.guid else None
        if guid and guid in times and is_later(entry_dates(entry, None, now).updated, times[guid], now):
            del times[guid]
    return times


def is_later(updated: datetime, deleted: datetime, now: datetime) -> bool:
    """Return whether an entry with this update, first seen `now`, is newer than its deletion.

    An entry without a date, or with one in the future, has that of its first sight: that says nothing.
    """
    return deleted < updated < now
