"""Statements that select sources to be claimed."""

from sqlalchemy import bindparam, func, or_, select

from aggregator.store.rows import listed
from aggregator.store.schema import host, pollable, source

_NOT_IN_STATE = {"present", "first_seen", "name", "enabled"}
_STORED_SOURCE = [column for column in source.c if column.name not in _NOT_IN_STATE]  # what `rows.stored_source` reads

_is_due = source.c.next_fetch <= bindparam("now")
IS_NAMED = source.c.name.in_(listed("names"))
_queue_order = source.c.next_fetch, source.c.ordinal

WANTED = select(source.c.name).where(pollable)
WANTED_DUE = WANTED.join(host, host.c.name == source.c.host).where(host.c.due <= bindparam("now"), _is_due)
WANTED_NAMED = WANTED.where(IS_NAMED)

_of_hosts = select(*_STORED_SOURCE).where(source.c.host.in_(listed("hosts")), pollable)
DUE_SOURCES = _of_hosts.where(_is_due).order_by(*_queue_order)
ALL_SOURCES = _of_hosts.order_by(*_queue_order)
NAMED_SOURCES = _of_hosts.where(IS_NAMED).order_by(*_queue_order)
_ranked = (
    select(source.c.id, func.row_number().over(partition_by=source.c.host, order_by=_queue_order).label("rank"))
    .where(source.c.host.in_(listed("hosts")), pollable, _is_due)
    .subquery()
)
DUE_SHARES = (
    select(*_STORED_SOURCE)
    .join(_ranked, _ranked.c.id == source.c.id)
    .where(_ranked.c.rank <= bindparam("share"))
    .order_by(*_queue_order)
)
_urls = listed("urls")
_stayed = func.coalesce(source.c.moved_to, "") == ""  # for `IS NULL` SQLite would read all of them by their index
SAME_URL = (
    select(*_STORED_SOURCE)
    .where(pollable, or_(source.c.moved_to.in_(_urls), _stayed & source.c.url.in_(_urls)))
    .order_by(*_queue_order)
)
