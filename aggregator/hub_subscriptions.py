"""Subscriptions to the hubs that sources name: requested, granted, refused and ended (WebSub, 5). Shell."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from aggregator.model import StoredSource, Subscription
from aggregator.schedule.backoff import subscribe_backoff
from aggregator.schedule.due import due_without_push
from aggregator.settings import Fetch
from aggregator.store import Store
from aggregator.websub import DENIED_FOR, callback_url, renewal_delay


def claim_due(store: Store, now: datetime, *, limit: int, public_url: str, fetch: Fetch) -> tuple[Subscription, ...]:
    """Return up to `limit` subscriptions whose hubs are to be asked now, longest due first.

    Each counts as a failed request until `grant`, and is due again after a back-off. A lease that is over by now ends:
    its source is polled by its interval again. Callbacks are below `public_url`. Raises StoreError.
    """
    if not store.hubs.due(now, 1):  # without the lock of a transaction that writes
        return ()
    with store.together():
        due = [replace(subscription, failures=subscription.failures + 1) for subscription in store.hubs.due(now, limit)]
        expired = [row.source_id for row in due if row.pushed_until and row.pushed_until <= now]
        _end_leases(store, store.hubs.pushed_sources(expired), now, fetch)
        store.hubs.requested(
            (subscription.token, callback_url(public_url, subscription.token), _due_again(subscription, now))
            for subscription in due
        )
    return tuple(due)


def _due_again(subscription: Subscription, now: datetime) -> datetime:
    again, until = now + subscribe_backoff(subscription.failures), subscription.pushed_until
    return min(again, until) if until and until > now else again  # the end of the lease must not be missed


def grant(store: Store, token: str, lease: timedelta, now: datetime) -> None:
    """Note that the hub verified a subscription and pushes for the time of its `lease`. Raises StoreError."""
    with store.together():
        if subscription := store.hubs.subscription(token):
            store.hubs.grant(subscription, until=now + lease, due=now + renewal_delay(lease))


def deny(store: Store, token: str, reason: str, now: datetime, fetch: Fetch) -> bool:
    """Note that the hub refuses a subscription, or ends it, for this `reason`; it is asked again after a week.

    Returns False if it refused for the same reason before and granted nothing since. Raises StoreError.
    """
    with store.together():
        subscription = store.hubs.subscription(token)
        if subscription is None:
            return False
        _end_leases(store, store.hubs.pushed_sources([subscription.source_id]), now, fetch)
        store.hubs.deny(token, reason, due=now + DENIED_FOR)
    return subscription.error != reason


def end_all(store: Store, now: datetime, fetch: Fetch) -> None:
    """End all leases: every source is polled by its interval again. Raises StoreError."""
    if store.hubs.pushed_sources():
        with store.together():
            _end_leases(store, store.hubs.pushed_sources(), now, fetch)
            store.hubs.reset()


def stop(store: Store, ids: Collection[int], now: datetime, fetch: Fetch) -> None:
    """End the leases of sources that are not polled any more; polled again, they are subscribed at once."""
    with store.together():
        _end_leases(store, store.hubs.pushed_sources(ids), now, fetch)
        store.hubs.reset(ids)


def _end_leases(store: Store, sources: Iterable[StoredSource], now: datetime, fetch: Fetch) -> None:
    due = {stored.source.id: due_without_push(stored.source, stored.state, fetch, now) for stored in sources}
    store.hubs.end_leases(due)
