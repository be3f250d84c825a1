"""Subscriptions to the hubs that sources name, and feeds of ours of which a hub is to be told (WebSub).

A row of `subscription` is a wish and, while `source.pushed_until` lies ahead, a fact; a source has one. Asking a hub
counts as a failure until the hub verifies it, so that a crash in between asks again later. Who locks rows of both
tables begins with `source`, as recording does, or two would wait for each other.
"""

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    ScalarSelect,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    select,
    update,
)

from aggregator.model import SourceState, Subscription, Topic
from aggregator.schedule.backoff import subscribe_backoff
from aggregator.schedule.due import due_without_push
from aggregator.settings import Fetch
from aggregator.store.columns import EPOCH
from aggregator.store.dialect import Dialect
from aggregator.store.leases import reschedule
from aggregator.store.rows import listed, slices, state_from, stored_source
from aggregator.store.schema import pollable, source, subscription, topic, untold
from aggregator.websub import DENIED_FOR, HubTopic, callback_url, callbacks_url, renewal_delay

RANDOM_BYTES = 32  # 43 characters: more than any hub needs, and less than the 200 it may refuse

_ROW = (
    *subscription.c["source_id", "token", "secret", "hub", "topic", "failures", "error"],
    source.c.name,
    source.c.pushed_until,
)
_by_token = subscription.c.token == bindparam("of_token")
_WANTED = select(*_ROW).join(source).where(_by_token, pollable)
_DUE = (
    select(*_ROW)
    .join(source)
    .where(subscription.c.due <= bindparam("now"), pollable)
    .order_by(subscription.c.due, subscription.c.source_id)
    .limit(bindparam("most"))
)
_ANY_DUE = _DUE.with_only_columns(subscription.c.source_id)
_CLAIM_DUE = _DUE.with_for_update(skip_locked=True, key_share=True)
_ASKED = (
    update(subscription)
    .where(_by_token)
    .values(due=bindparam("at"), failures=bindparam("times"), callback=bindparam("told"))
)
_GRANTED = update(subscription).where(_by_token).values(due=bindparam("at"), failures=0, error=None)
_DENIED = update(subscription).where(_by_token).values(due=bindparam("at"), failures=0, error=bindparam("why"))
_FAILED = (
    update(subscription)
    .where(_by_token, subscription.c.failures > 0)  # not where the hub verified us all the same
    .values(error=bindparam("why"))
)
_ALL_PUSHED = (
    select(source).where(source.c.pushed_until.is_not(None)).order_by(source.c.id).with_for_update(key_share=True)
)
_PUSHED_OF = _ALL_PUSHED.where(source.c.id.in_(listed("ids")))
_ANY_PUSHED = select(source.c.id).where(source.c.pushed_until.is_not(None)).limit(1)
_PUSHED = update(source).where(source.c.id == bindparam("of_id")).values(pushed_until=bindparam("until"))
_SEEN = (
    update(source)
    .where(source.c.id == bindparam("source_id"), source.c.readdressed.is_(False))
    .values(seen=bindparam("digests"))
)
_FORGET = delete(subscription).where(subscription.c.source_id.in_(listed("ids")))
_ANEW = (
    update(subscription).where(subscription.c.source_id.in_(listed("ids"))).values(due=EPOCH, failures=0, error=None)
)
_ALL_ANEW = update(subscription).values(due=EPOCH, failures=0, error=None, callback=None)
_elsewhere = and_(
    subscription.c.callback.is_not(None),
    func.substr(subscription.c.callback, 1, bindparam("length")) != bindparam("here"),
)
_READDRESS = update(subscription).where(_elsewhere).values(due=bindparam("now"), failures=0)

_DUE_TOPICS = (
    select(*topic.c["path", "digest", "failures"])
    .where(untold, topic.c.due <= bindparam("now"))
    .order_by(topic.c.due, topic.c.path)
    .limit(bindparam("most"))
)
_same_news = and_(topic.c.path == bindparam("of_path"), topic.c.digest == bindparam("told"))
_TOLD = update(topic).where(_same_news).values(due=None)
_REACHED = update(topic).where(topic.c.path == bindparam("of_path")).values(failures=0)
_UNTOLD = (
    update(topic).where(topic.c.path == bindparam("of_path")).values(due=bindparam("at"), failures=topic.c.failures + 1)
)
_KNOWN_TOPICS = select(*topic.c["path", "digest"]).where(topic.c.path.in_(listed("paths")))
_DROP_TOPICS = delete(topic).where(topic.c.path.in_(listed("paths")))


def write_seen(connection: Connection, source_id: int, state: SourceState) -> None:
    """Write which entries of a pushed source were seen, and nothing else: who polls it goes on doing so."""
    connection.execute(_SEEN, {"source_id": source_id, "digests": state.seen})


def stored_wish(column: str) -> ScalarSelect[Any]:
    """A column of the subscription of the source that the enclosing query reads; NULL without one."""
    return select(subscription.c[column]).where(subscription.c.source_id == source.c.id).scalar_subquery()


def stored_error() -> ScalarSelect[Any]:
    """Why the hub of the source that the enclosing query reads does not push; NULL while it does, or was not asked."""
    return stored_wish("error").where(source.c.pushed_until.is_(None))


def follow(
    connection: Connection, source_id: int, before: HubTopic | None, wish: HubTopic | None, now: datetime, fetch: Fetch
) -> None:
    """Subscribe to what the source names now; another hub or topic starts anew, under another token."""
    if wish == before:
        return
    if before:
        end(connection, [source_id], now, fetch)
        connection.execute(_FORGET, {"ids": [source_id]})
    if wish:
        token, secret = secrets.token_urlsafe(RANDOM_BYTES), secrets.token_urlsafe(RANDOM_BYTES)
        row = {"source_id": source_id, "token": token, "secret": secret, "hub": wish.hub, "topic": wish.topic}
        connection.execute(insert(subscription).values(row | {"due": now, "failures": 0}))


def forget(connection: Connection, ids: Collection[int]) -> None:
    """Drop the subscriptions of sources whose URL is another now."""
    for part in slices(ids):
        connection.execute(_FORGET, {"ids": part})


def let_go(connection: Connection, ids: Collection[int], now: datetime, fetch: Fetch) -> None:
    """Sources that are not asked any more are not pushed either; back again, they are subscribed at once."""
    end(connection, ids, now, fetch)
    for part in slices(ids):
        connection.execute(_ANEW, {"ids": part})


def any_pushed(connection: Connection) -> bool:
    """Whether a hub is counted on."""
    return connection.execute(_ANY_PUSHED).first() is not None


def let_all_go(connection: Connection, now: datetime, fetch: Fetch) -> None:
    """No source is pushed any more."""
    _end(connection, connection.execute(_ALL_PUSHED).mappings().all(), now, fetch)
    connection.execute(_ALL_ANEW)


def end(connection: Connection, ids: Collection[int], now: datetime, fetch: Fetch) -> None:
    """These sources are not pushed any more: they are polled by their interval again."""
    for part in slices(ids):
        _end(connection, connection.execute(_PUSHED_OF, {"ids": part}).mappings().all(), now, fetch)


def _end(connection: Connection, rows: Sequence[RowMapping], now: datetime, fetch: Fetch) -> None:
    if rows:
        connection.execute(_PUSHED, [{"of_id": row["id"], "until": None} for row in rows])
        due = ((row["id"], due_without_push(stored_source(row).source, state_from(row), fetch, now)) for row in rows)
        reschedule(connection, due)


def any_due(connection: Connection, now: datetime) -> bool:
    """Whether a hub is to be asked."""
    return connection.execute(_ANY_DUE, {"now": now, "most": 1}).first() is not None


def claim(connection: Connection, now: datetime, limit: int, public_url: str, fetch: Fetch) -> tuple[Subscription, ...]:
    """Subscriptions to ask hubs for, longest due first; each is asked again later unless it is granted."""
    rows = connection.execute(_CLAIM_DUE, {"now": now, "most": limit}).mappings().all()
    if not rows:
        return ()
    end(
        connection, [row["source_id"] for row in rows if row["pushed_until"] and row["pushed_until"] <= now], now, fetch
    )
    asked = [_asked(row, now, public_url) for row in rows]
    connection.execute(_ASKED, asked)
    return tuple(_subscription(row, row["failures"] + 1) for row in rows)


def _asked(row: RowMapping, now: datetime, public_url: str) -> dict[str, Any]:
    again, until = now + subscribe_backoff(row["failures"] + 1), row["pushed_until"]
    return {
        "of_token": row["token"],
        "at": min(again, until) if until and until > now else again,  # at the lease's end it is noticed
        "times": row["failures"] + 1,
        "told": callback_url(public_url, row["token"]),
    }


def _subscription(row: RowMapping, failures: int) -> Subscription:
    kept = {name: row[name] for name in ("source_id", "token", "secret", "hub", "topic")}
    return Subscription(source=row["name"], failures=failures, **kept)


def wanted(connection: Connection, token: str) -> Subscription | None:
    """The subscription with this token; None for none, or of a source that is not asked at all."""
    row = connection.execute(_WANTED, {"of_token": token}).mappings().one_or_none()
    return _subscription(row, row["failures"]) if row else None


def grant(connection: Connection, token: str, lease: timedelta, now: datetime) -> None:
    """The hub verified that we mean it, and pushes from now on."""
    if row := connection.execute(_WANTED, {"of_token": token}).mappings().one_or_none():
        connection.execute(_PUSHED, {"of_id": row["source_id"], "until": now + lease})
        connection.execute(_GRANTED, {"of_token": token, "at": now + renewal_delay(lease)})


def deny(connection: Connection, token: str, reason: str, now: datetime, fetch: Fetch) -> bool:
    """The hub will not push, or not any more; it is asked again much later. False where it said the same before."""
    row = connection.execute(_WANTED, {"of_token": token}).mappings().one_or_none()
    if row is None:
        return False
    end(connection, [row["source_id"]], now, fetch)
    connection.execute(_DENIED, {"of_token": token, "at": now + DENIED_FOR, "why": reason})
    return bool(row["error"] != reason)


def fail(connection: Connection, token: str, reason: str) -> None:
    """Asking the hub came to nothing."""
    connection.execute(_FAILED, {"of_token": token, "why": reason})


def readdress(connection: Connection, public_url: str, now: datetime) -> None:
    """Ask again at once for those subscriptions whose hubs know a callback that is not ours any more."""
    here = callbacks_url(public_url)
    connection.execute(_READDRESS, {"here": here, "length": len(here), "now": now})


# ------------------------------------------------------------------------------------------------------------- topics


def note_news(connection: Connection, dialect: Dialect, digests: Mapping[str, bytes], now: datetime) -> None:
    """The hub is to be told of those of these files, by path, whose bytes it was not told of.

    Where it could not be told before, it waits as long as it would have.
    """
    if not digests:
        return
    rows = connection.execute(_KNOWN_TOPICS, {"paths": tuple(digests)})
    known = {row.path: row.digest for row in rows}
    news = {path: digest for path, digest in sorted(digests.items()) if known.get(path) != digest}
    if not news:
        return
    written = dialect.insert(topic)
    due = case((and_(topic.c.failures > 0, untold), topic.c.due), else_=written.excluded.due)
    upsert = written.on_conflict_do_update(
        index_elements=[topic.c.path], set_={"digest": written.excluded.digest, "due": due}
    )
    fresh = [{"path": path, "digest": digest, "due": now, "failures": 0} for path, digest in news.items()]
    connection.execute(upsert, fresh)


def drop_topics(connection: Connection, paths: Iterable[str]) -> None:
    """Nobody is told of these files any more: they are gone."""
    for part in slices(paths):
        connection.execute(_DROP_TOPICS, {"paths": part})


def due_topics(connection: Connection, now: datetime, limit: int) -> tuple[Topic, ...]:
    """Files of which the hub is to be told now, longest due first."""
    rows = connection.execute(_DUE_TOPICS, {"now": now, "most": limit})
    return tuple(Topic(path=row.path, digest=row.digest, failures=row.failures) for row in rows)


def told(connection: Connection, one: Topic) -> None:
    """The hub knows of this state of the file; of a newer one it is told again."""
    connection.execute(_TOLD, {"of_path": one.path, "told": one.digest})
    connection.execute(_REACHED, {"of_path": one.path})


def not_told(connection: Connection, again: Mapping[str, datetime]) -> None:
    """The hub could not be told of these; `again` says when to try next, by path."""
    if rows := [{"of_path": path, "at": when} for path, when in sorted(again.items())]:
        connection.execute(_UNTOLD, rows)
