"""Subscriptions to the hubs that sources name, and feeds of ours that a hub is to be notified of (WebSub).

A row of `subscription` is a wish and, while `source.pushed_until` lies ahead, a fact; a source has one. Transactions
that lock rows of both tables lock `source` first, as recording does, or two would wait for each other.
"""

import secrets
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, ScalarSelect, and_, bindparam, case, delete, func, insert, select, update

from aggregator.model import HubTopic, Job, StoredSource, Subscription, Topic
from aggregator.store.columns import EPOCH
from aggregator.store.database import Database
from aggregator.store.due_hosts import refresh_due_of_sources
from aggregator.store.rows import listed, slices, stored_source
from aggregator.store.schema import pollable, source, subscription, topic, unnotified

RANDOM_BYTES = 32  # 43 characters: more than any hub needs, and less than the 200 it may refuse

Due = tuple[datetime, str]  # time of a fetch, and its reason

_SUBSCRIPTIONS = select(
    *subscription.c["source_id", "token", "secret", "hub", "topic", "failures", "error"],
    source.c.name.label("source"),
    source.c.pushed_until,
).join(source)
_by_token = subscription.c.token == bindparam("of_token")
_BY_TOKEN = _SUBSCRIPTIONS.where(_by_token, pollable)
_DUE = (
    _SUBSCRIPTIONS.where(subscription.c.due <= bindparam("now"), pollable)
    .order_by(subscription.c.due, subscription.c.source_id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True, key_share=True)
)
_FOLLOWED = select(*subscription.c["hub", "topic"]).where(subscription.c.source_id == bindparam("id"))
_REQUESTED = (
    update(subscription)
    .where(_by_token)
    .values(due=bindparam("at"), failures=subscription.c.failures + 1, callback=bindparam("url"))
)
_SETTLED = update(subscription).where(_by_token).values(due=bindparam("at"), failures=0, error=bindparam("why"))
_FAILED = (
    update(subscription)
    .where(_by_token, subscription.c.failures > 0)  # not if the hub verified the subscription all the same
    .values(error=bindparam("why"))
)
_PUSHED = select(source).where(source.c.pushed_until.is_not(None)).order_by(source.c.id).with_for_update(key_share=True)
_PUSHED_OF = _PUSHED.where(source.c.id.in_(listed("ids")))
_SET_PUSHED_UNTIL = update(source).where(source.c.id == bindparam("of_id")).values(pushed_until=bindparam("until"))
_RESCHEDULE = (
    update(source)
    .where(source.c.id == bindparam("of_id"))
    .values(next_fetch=bindparam("at"), due_reason=bindparam("reason"))
)
_FORGET = delete(subscription).where(subscription.c.source_id.in_(listed("ids")))
_RESET = update(subscription).values(due=EPOCH, failures=0, error=None)
_RESET_OF = _RESET.where(subscription.c.source_id.in_(listed("ids")))
_RESET_ALL = _RESET.values(callback=None)
_READDRESS = (
    update(subscription)
    .where(
        subscription.c.callback.is_not(None),
        func.substr(subscription.c.callback, 1, bindparam("length")) != bindparam("prefix"),
    )
    .values(due=bindparam("now"), failures=0)
)

_DUE_TOPICS = (
    select(*topic.c["path", "digest", "failures"])
    .where(unnotified, topic.c.due <= bindparam("now"))
    .order_by(topic.c.due, topic.c.path)
    .limit(bindparam("limit"))
)
_by_path = topic.c.path == bindparam("of_path")
_NOTIFIED = update(topic).where(_by_path, topic.c.digest == bindparam("of_digest")).values(due=None)
_REACHED = update(topic).where(_by_path).values(failures=0)
_POSTPONE = update(topic).where(_by_path).values(due=bindparam("at"), failures=topic.c.failures + 1)
_DIGESTS = select(*topic.c["path", "digest"]).where(topic.c.path.in_(listed("paths")))
_DROP_TOPICS = delete(topic).where(topic.c.path.in_(listed("paths")))


def hub_error() -> ScalarSelect[Any]:
    """Select why the hub of the enclosing query's source does not push; NULL while it does, or was not asked."""
    error = select(subscription.c.error).where(subscription.c.source_id == source.c.id)
    return error.scalar_subquery().where(source.c.pushed_until.is_(None))


class HubStore:
    """Subscriptions of sources, and topics of which our hub is to be notified."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, now: datetime, limit: int) -> tuple[Subscription, ...]:
        """Return up to `limit` subscriptions for which hubs are to be asked, longest due first.

        Within a transaction that writes, other processes do not get the same ones.
        """
        with self._database.reading() as connection:
            rows = connection.execute(_DUE, {"now": now, "limit": limit}).mappings()
            return tuple(map(_subscription, rows))

    def requested(self, requests: Iterable[tuple[str, str, datetime]]) -> None:
        """Note that hubs are asked for subscriptions: token, callback, and when the hub is due again.

        It counts as a failure until the hub verifies it, so that after a crash it is asked again.
        """
        if rows := [{"of_token": token, "url": callback, "at": due} for token, callback, due in requests]:
            with self._database.writing() as connection:
                connection.execute(_REQUESTED, rows)

    def subscription(self, token: str) -> Subscription | None:
        """Return the subscription whose callback has this token; None if there is none, or its source is not polled."""
        with self._database.reading() as connection:
            row = connection.execute(_BY_TOKEN, {"of_token": token}).mappings().one_or_none()
        return _subscription(row) if row else None

    def grant(self, subscription: Subscription, until: datetime, due: datetime) -> None:
        """Note that the hub pushes `until` its lease ends, and is asked anew when `due`."""
        with self._database.writing() as connection:
            connection.execute(_SET_PUSHED_UNTIL, {"of_id": subscription.source_id, "until": until})
            connection.execute(_SETTLED, {"of_token": subscription.token, "at": due, "why": None})

    def deny(self, token: str, reason: str, due: datetime) -> None:
        """Note why the hub refused the subscription, and that it is asked again when `due`."""
        with self._database.writing() as connection:
            connection.execute(_SETTLED, {"of_token": token, "at": due, "why": reason})

    def fail(self, token: str, reason: str) -> None:
        """Note why a request to the hub failed, unless it verified the subscription all the same."""
        with self._database.writing() as connection:
            connection.execute(_FAILED, {"of_token": token, "why": reason})

    def readdress(self, callbacks_url: str, now: datetime) -> None:
        """Make subscriptions due at once whose hubs know a callback that is not below `callbacks_url`."""
        parameters = {"prefix": callbacks_url, "length": len(callbacks_url), "now": now}
        with self._database.writing() as connection:
            connection.execute(_READDRESS, parameters)

    def pushed_sources(self, ids: Collection[int] | None = None) -> tuple[StoredSource, ...]:
        """Return the sources with a lease of their hub, of these `ids` or all; a transaction that writes locks them."""
        with self._database.reading() as connection:
            if ids is None:
                rows = connection.execute(_PUSHED).mappings().all()
            else:
                parts = (connection.execute(_PUSHED_OF, {"ids": part}) for part in slices(ids))
                rows = [row for part in parts for row in part.mappings()]
            return tuple(map(stored_source, rows))

    def end_leases(self, due: Mapping[int, Due | None]) -> None:
        """Note that no hub pushes these sources any more, and when each is fetched next; None: as it was."""
        if not due:
            return
        rescheduled = [
            {"of_id": source_id, "at": fetch[0], "reason": fetch[1]} for source_id, fetch in due.items() if fetch
        ]
        with self._database.writing() as connection:
            connection.execute(_SET_PUSHED_UNTIL, [{"of_id": source_id, "until": None} for source_id in due])
            if rescheduled:
                connection.execute(_RESCHEDULE, rescheduled)
                refresh_due_of_sources(connection, due.keys())

    def reset(self, ids: Collection[int] | None = None) -> None:
        """Make subscriptions of these sources due at once, as if their hubs had never been asked.

        Without `ids` it is those of all sources, and the hubs know none of our callbacks any more.
        """
        with self._database.writing() as connection:
            if ids is None:
                connection.execute(_RESET_ALL)
            for part in slices(ids or ()):
                connection.execute(_RESET_OF, {"ids": part})

    def forget(self, ids: Collection[int]) -> None:
        """Delete the subscriptions of these sources."""
        with self._database.writing() as connection:
            for part in slices(ids):
                connection.execute(_FORGET, {"ids": part})

    def follow(self, source_id: int, named: HubTopic | None, due_without_push: Due | None, now: datetime) -> None:
        """Subscribe to the hub and topic that the source names now.

        A subscription to another one is deleted and its lease ends; the source is then fetched at `due_without_push`,
        None: as it was.
        """
        with self._database.writing() as connection:
            row = connection.execute(_FOLLOWED, {"id": source_id}).one_or_none()
            stored = HubTopic(hub=row.hub, topic=row.topic) if row else None
            if stored == named:
                return
            if stored:
                pushed = self.pushed_sources([source_id])
                self.end_leases({source.source.id: due_without_push for source in pushed})
                self.forget([source_id])
            if named:
                token, secret = secrets.token_urlsafe(RANDOM_BYTES), secrets.token_urlsafe(RANDOM_BYTES)
                wish = {"source_id": source_id, "hub": named.hub, "topic": named.topic}
                columns = wish | {"token": token, "secret": secret, "due": now, "failures": 0}
                connection.execute(insert(subscription).values(columns))

    # ----------------------------------------------------------------------------------------------------- topics

    def note_topics(self, digests: Mapping[str, bytes], now: datetime) -> None:
        """Make those of these feeds, by path, due `now` whose digest our hub was not notified of.

        One that is being retried stays due when it was.
        """
        if not digests:
            return
        with self._database.writing() as connection:
            stored = {row.path: row.digest for row in connection.execute(_DIGESTS, {"paths": tuple(digests)})}
            changed = {path: digest for path, digest in sorted(digests.items()) if stored.get(path) != digest}
            if not changed:
                return
            statement = self._database.dialect.insert(topic)
            due = case((and_(topic.c.failures > 0, unnotified), topic.c.due), else_=statement.excluded.due)
            upsert = statement.on_conflict_do_update(
                index_elements=[topic.c.path], set_={"digest": statement.excluded.digest, "due": due}
            )
            rows = [{"path": path, "digest": digest, "due": now, "failures": 0} for path, digest in changed.items()]
            connection.execute(upsert, rows)
            self._database.defer([Job("hubs")])

    def due_topics(self, now: datetime, limit: int) -> tuple[Topic, ...]:
        """Return up to `limit` feeds that our hub is to be notified of now, longest due first."""
        with self._database.reading() as connection:
            rows = connection.execute(_DUE_TOPICS, {"now": now, "limit": limit})
            return tuple(Topic(path=row.path, digest=row.digest, failures=row.failures) for row in rows)

    def topic_notified(self, topic: Topic) -> None:
        """Note that our hub was notified of the feed with this digest; if it changed meanwhile, it stays due."""
        with self._database.writing() as connection:
            connection.execute(_NOTIFIED, {"of_path": topic.path, "of_digest": topic.digest})
            connection.execute(_REACHED, {"of_path": topic.path})

    def postpone_topics(self, due: Mapping[str, datetime]) -> None:
        """Note that our hub could not be notified of the feeds at these paths, and when each is due again."""
        if rows := [{"of_path": path, "at": moment} for path, moment in sorted(due.items())]:
            with self._database.writing() as connection:
                connection.execute(_POSTPONE, rows)

    def drop_topics(self, paths: Iterable[str]) -> None:
        """Forget files of feeds that were removed."""
        with self._database.writing() as connection:
            for part in slices(paths):
                connection.execute(_DROP_TOPICS, {"paths": part})


def _subscription(row: RowMapping) -> Subscription:
    return Subscription(**row)
