"""Subscriptions follow what sources say and what hubs answer; topics are told exactly once what is new."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from aggregator import hub_subscriptions
from aggregator.model import FeedInfo, StoredSource, Subscription
from aggregator.settings import Fetch
from aggregator.store import Store
from aggregator.websub import callbacks_url
from tests.store.values import (
    LEASE,
    MINUTE,
    NOW,
    article,
    new,
    publish_everything,
    record,
    record_as,
    source,
    state,
    sync_sources,
)

HUB, TOPIC = "https://hub.example/", "https://thehill.example/self"
US = "https://news.example/"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PUSHED: dict[str, Any] = {  # a poll of a source whose hub pushes
    "next_fetch": NOW + DAY,
    "due_reason": "push",
    "requested_interval": timedelta(0),
    "skip_hours": (),
    "skip_days": (),
}


@pytest.fixture
def subscribed(store: Store) -> Store:
    """A store whose one source names a hub."""
    sync_sources(store, [source()], NOW)
    says_hub(store)
    return store


def says_hub(store: Store, at: datetime = NOW, **changes: Any) -> None:
    facts = {"title": "T", "hub": HUB, "self_link": TOPIC, **changes.pop("feed_info", {})}
    record(store, at=at, **{"moved_to": None, "feed_info": FeedInfo(**facts), **changes})


def asked(store: Store, now: datetime = NOW, address: str = US) -> tuple[Subscription, ...]:
    return hub_subscriptions.claim_due(store, now, limit=10, public_url=address, fetch=Fetch())


def seen(store: Store) -> StoredSource:
    (stored,) = store.sources.all()
    return stored


def polled_after(store: Store, wait: timedelta, now: datetime = NOW) -> bool:
    """Whether the source is asked so long after `now`, or, by its jitter, a little later."""
    due = seen(store).state.next_fetch
    return due is not None and now + wait <= due <= now + 1.05 * wait


def test_a_source_that_names_a_hub_is_to_be_subscribed_once(subscribed: Store) -> None:
    (subscription,) = asked(subscribed)
    assert (subscription.source, subscription.hub, subscription.topic, subscription.failures) == (
        "thehill",
        HUB,
        TOPIC,
        1,
    )
    assert len(subscription.token) == len(subscription.secret) == 43
    assert subscription.token != subscription.secret
    assert asked(subscribed, NOW + HOUR - MINUTE) == ()
    says_hub(subscribed, feed_info={"title": "Other"})
    assert asked(subscribed, NOW + HOUR - MINUTE) == ()
    assert subscribed.hubs.subscription(subscription.token) == subscription
    assert subscribed.hubs.subscription("") is None


def test_without_a_hub_there_is_nothing_to_ask(store: Store) -> None:
    sync_sources(store, [source()], NOW)
    says_hub(store, feed_info={"hub": None})
    assert asked(store) == ()


def test_the_topic_of_a_feed_without_self_link_is_its_url(store: Store) -> None:
    sync_sources(store, [source("a"), source("b"), source("c", url="https://user:pass@c.example/feed")], NOW)
    for number, moved in ((1, None), (2, "https://moved.example/b"), (3, None)):
        says_hub(store, by=number, moved_to=moved, feed_info={"self_link": None})
    assert [subscription.topic for subscription in asked(store)] == [
        "https://a.example/feed",
        "https://moved.example/b",
    ]


def test_a_hub_that_does_not_verify_is_asked_again_more_and_more_seldom(subscribed: Store) -> None:
    now = NOW
    for hours in (1, 2, 4, 8, 16, 24, 24):
        (subscription,) = asked(subscribed, now)
        subscribed.hubs.fail(subscription.token, "connection refused")
        assert asked(subscribed, now + hours * HOUR - MINUTE) == ()
        now += hours * HOUR
    assert subscription.failures == 7


def test_a_lease_is_renewed_before_it_ends(subscribed: Store) -> None:
    (subscription,) = asked(subscribed)
    hub_subscriptions.grant(subscribed, subscription.token, 8 * DAY, NOW)
    assert seen(subscribed).state.pushed_until == NOW + 8 * DAY
    subscribed.hubs.fail(subscription.token, "too late: it was verified")
    assert asked(subscribed, NOW + 6 * DAY - MINUTE) == ()
    (again,) = asked(subscribed, NOW + 6 * DAY)
    assert (again.token, again.secret, again.failures) == (subscription.token, subscription.secret, 1)
    hub_subscriptions.grant(subscribed, subscription.token, 8 * DAY, NOW + 6 * DAY)
    assert seen(subscribed).state.pushed_until == NOW + 14 * DAY


def test_a_poll_leaves_the_lease_and_a_lease_the_poll(subscribed: Store) -> None:
    (subscription,) = asked(subscribed)
    hub_subscriptions.grant(subscribed, subscription.token, 8 * DAY, NOW)
    assert seen(subscribed).state.next_fetch == NOW + 30 * MINUTE
    says_hub(subscribed, next_fetch=NOW + DAY)
    subscribed.sources.record_states([(1, state(next_fetch=NOW + DAY, moved_to=None))], {})
    assert seen(subscribed).state.pushed_until == NOW + 8 * DAY
    assert seen(subscribed).state.next_fetch == NOW + DAY


def test_when_a_lease_ends_polling_takes_over_again(subscribed: Store) -> None:
    (subscription,) = asked(subscribed)
    hub_subscriptions.grant(subscribed, subscription.token, DAY, NOW)
    says_hub(subscribed, **PUSHED | {"next_fetch": NOW + 3 * DAY})
    now = NOW + timedelta(hours=18)
    for hours in (1, 2, 3):  # three hours of back-off go beyond the end, which is noticed at its minute
        assert len(asked(subscribed, now)) == 1
        assert seen(subscribed).state.next_fetch == NOW + 3 * DAY
        now += hours * HOUR
    assert now == NOW + DAY
    assert len(asked(subscribed, now)) == 1
    assert seen(subscribed).state.pushed_until is None
    assert polled_after(subscribed, 30 * MINUTE, now)


def test_an_end_delays_no_poll_that_comes_sooner(subscribed: Store) -> None:
    (subscription,) = asked(subscribed)
    hub_subscriptions.grant(subscribed, subscription.token, DAY, NOW)
    says_hub(subscribed, **PUSHED | {"next_fetch": NOW + MINUTE})
    hub_subscriptions.deny(subscribed, subscription.token, "no", NOW, Fetch())
    assert seen(subscribed).state.next_fetch == NOW + MINUTE


@pytest.mark.parametrize("reason", ["back-off", "retry-after", "max-age", "ttl"])
def test_an_end_hastens_no_poll_that_the_hub_did_not_put_off(subscribed: Store, reason: str) -> None:
    (subscription,) = asked(subscribed)
    hub_subscriptions.grant(subscribed, subscription.token, 8 * DAY, NOW)
    says_hub(subscribed, **PUSHED | {"due_reason": reason})
    hub_subscriptions.deny(subscribed, subscription.token, "no", NOW, Fetch())
    assert seen(subscribed).state.pushed_until is None
    assert (seen(subscribed).state.next_fetch, seen(subscribed).state.due_reason) == (NOW + DAY, reason)


@pytest.mark.parametrize(
    ("changes", "wait"),
    [({"requested_interval": 6 * HOUR}, 6 * HOUR), ({"skip_hours": (NOW.hour, NOW.hour + 1)}, 2 * HOUR)],
)
def test_after_an_end_the_documents_wishes_hold(subscribed: Store, changes: dict[str, Any], wait: timedelta) -> None:
    (subscription,) = asked(subscribed)
    hub_subscriptions.grant(subscribed, subscription.token, 8 * DAY, NOW)
    says_hub(subscribed, **PUSHED | changes)
    hub_subscriptions.deny(subscribed, subscription.token, "no", NOW, Fetch())
    due = seen(subscribed).state.next_fetch
    assert due is not None
    assert (NOW + wait).replace(minute=0) <= due <= NOW + 1.05 * wait


def test_after_an_end_min_interval_holds(subscribed: Store) -> None:
    fetch = Fetch(min_interval="10m")
    sync_sources(subscribed, [source(interval=MINUTE)], NOW, fetch)
    (subscription,) = asked(subscribed)
    hub_subscriptions.grant(subscribed, subscription.token, 8 * DAY, NOW)
    says_hub(subscribed, **PUSHED)
    hub_subscriptions.deny(subscribed, subscription.token, "no", NOW, fetch)
    assert polled_after(subscribed, 10 * MINUTE)


def test_a_denial_ends_it_for_a_week(subscribed: Store) -> None:
    (subscription,) = asked(subscribed)
    hub_subscriptions.grant(subscribed, subscription.token, 8 * DAY, NOW)
    says_hub(subscribed, **PUSHED)
    hub_subscriptions.deny(subscribed, subscription.token, "its hub denies it", NOW, Fetch())
    assert seen(subscribed).state.pushed_until is None
    assert polled_after(subscribed, 30 * MINUTE)
    assert asked(subscribed, NOW + 7 * DAY - MINUTE) == ()
    assert len(asked(subscribed, NOW + 7 * DAY)) == 1


def hub_error(store: Store) -> str | None:
    (stored,) = store.sources.overview(NOW)
    return stored.state.hub_error


def test_why_a_hub_does_not_push_is_known_until_it_does(subscribed: Store) -> None:
    (subscription,) = asked(subscribed)
    assert hub_error(subscribed) is None
    subscribed.hubs.fail(subscription.token, "its hub takes no subscription (no answer)")
    assert hub_error(subscribed) == "its hub takes no subscription (no answer)"
    assert hub_subscriptions.deny(subscribed, subscription.token, "its hub denies it", NOW, Fetch())
    assert not hub_subscriptions.deny(subscribed, subscription.token, "its hub denies it", NOW, Fetch())
    assert hub_error(subscribed) == "its hub denies it"
    hub_subscriptions.grant(subscribed, subscription.token, 8 * DAY, NOW)
    assert hub_error(subscribed) is None
    asked(subscribed, NOW + 6 * DAY)
    subscribed.hubs.fail(subscription.token, "its hub takes no subscription (no answer)")
    assert hub_error(subscribed) is None  # the lease goes on for two days
    assert len(asked(subscribed, NOW + 9 * DAY)) == 1
    assert hub_error(subscribed) == "its hub takes no subscription (no answer)"
    assert hub_subscriptions.deny(subscribed, subscription.token, "its hub denies it", NOW + 9 * DAY, Fetch())


@pytest.mark.parametrize("changed", [{"hub": "https://other.example/"}, {"self_link": "https://thehill.example/new"}])
def test_another_hub_or_topic_starts_anew(subscribed: Store, changed: dict[str, str]) -> None:
    (before,) = asked(subscribed)
    hub_subscriptions.grant(subscribed, before.token, 8 * DAY, NOW)
    says_hub(subscribed, feed_info=changed, **PUSHED)
    assert seen(subscribed).state.pushed_until is None
    assert polled_after(subscribed, 30 * MINUTE)
    (now,) = asked(subscribed)
    assert now.token != before.token
    assert now.secret != before.secret
    assert subscribed.hubs.subscription(before.token) is None


def test_a_hub_that_is_named_no_more_is_not_asked(subscribed: Store) -> None:
    (subscription,) = asked(subscribed)
    hub_subscriptions.grant(subscribed, subscription.token, 8 * DAY, NOW)
    says_hub(subscribed, feed_info={"hub": None})
    assert subscribed.hubs.subscription(subscription.token) is None
    assert seen(subscribed).state.pushed_until is None
    assert asked(subscribed, NOW + 300 * DAY) == ()


@pytest.mark.parametrize("away", [[], [source(enabled=False)]])
def test_a_source_that_is_not_asked_is_not_pushed_until_it_is_back(subscribed: Store, away: list[Any]) -> None:
    (subscription,) = asked(subscribed)
    hub_subscriptions.grant(subscribed, subscription.token, 8 * DAY, NOW)
    says_hub(subscribed, **PUSHED)
    sync_sources(subscribed, away, NOW)
    assert asked(subscribed, NOW + 300 * DAY) == ()
    assert subscribed.hubs.subscription(subscription.token) is None
    assert subscribed.sources.pushed(subscription.token) is None
    hub_subscriptions.grant(subscribed, subscription.token, 8 * DAY, NOW)
    sync_sources(subscribed, [source()], NOW)
    assert seen(subscribed).state.pushed_until is None
    assert polled_after(subscribed, 30 * MINUTE)
    assert [again.token for again in asked(subscribed)] == [subscription.token]


def test_another_url_drops_the_subscription(subscribed: Store) -> None:
    (subscription,) = asked(subscribed)
    hub_subscriptions.grant(subscribed, subscription.token, 8 * DAY, NOW)
    subscribed.leases.claim(NOW + HOUR, limit=5, lease=LEASE)
    sync_sources(subscribed, [source(url="https://thehill.example/other")], NOW)
    assert subscribed.hubs.subscription(subscription.token) is None
    assert seen(subscribed).state.pushed_until is None
    says_hub(subscribed)  # an answer of the old URL, under way meanwhile
    assert asked(subscribed, NOW + 300 * DAY) == ()


def test_a_paused_source_is_not_pushed(subscribed: Store) -> None:
    (subscription,) = asked(subscribed)
    subscribed.sources.record_states([(1, state(paused="gone", moved_to=None))], {})
    assert subscribed.hubs.subscription(subscription.token) is None


def test_a_new_address_is_told_at_once_and_only_then(subscribed: Store) -> None:
    (subscription,) = asked(subscribed)
    hub_subscriptions.grant(subscribed, subscription.token, 8 * DAY, NOW)
    subscribed.hubs.readdress(callbacks_url(US), NOW)
    assert asked(subscribed) == ()
    subscribed.hubs.readdress(callbacks_url("https://news.example/a_b%/"), NOW)
    (again,) = asked(subscribed, address="https://news.example/a_b%/")
    assert again.token == subscription.token
    assert seen(subscribed).state.pushed_until == NOW + 8 * DAY  # hubs go on with the old one meanwhile
    subscribed.hubs.readdress(callbacks_url("https://news.example/a_b%/"), NOW)
    assert asked(subscribed) == ()


def test_all_subscriptions_can_be_ended(subscribed: Store) -> None:
    (subscription,) = asked(subscribed)
    hub_subscriptions.grant(subscribed, subscription.token, 8 * DAY, NOW)
    says_hub(subscribed, **PUSHED)
    hub_subscriptions.end_all(subscribed, NOW, Fetch())
    assert seen(subscribed).state.pushed_until is None
    assert polled_after(subscribed, 30 * MINUTE)
    assert [again.token for again in asked(subscribed)] == [subscription.token]


def test_ending_what_there_is_none_of_asks_nobody_sooner(subscribed: Store) -> None:
    asked(subscribed)
    hub_subscriptions.end_all(subscribed, NOW, Fetch())
    assert asked(subscribed) == ()


def test_the_longest_due_come_first_and_no_more_than_asked_for(store: Store) -> None:
    sync_sources(store, [source(name) for name in "abc"], NOW)
    for number, minutes in ((1, 2), (2, 0), (3, 1)):
        says_hub(store, by=number, at=NOW + minutes * MINUTE)

    def claim_two(store: Store) -> tuple[Subscription, ...]:
        return hub_subscriptions.claim_due(store, NOW + HOUR, limit=2, public_url=US, fetch=Fetch())

    assert [subscription.source for subscription in claim_two(store)] == ["b", "c"]
    assert [subscription.source for subscription in claim_two(store)] == ["a"]


def test_a_push_is_recorded_beside_a_poll_and_changes_nothing_of_it(subscribed: Store) -> None:
    (subscription,) = asked(subscribed)
    claimed = subscribed.leases.claim(NOW + HOUR, limit=5, lease=LEASE)
    pushed = subscribed.sources.pushed(subscription.token)
    assert pushed
    assert pushed.source == claimed[0].source
    before = seen(subscribed).state
    pushed_state = state(seen=b"n" * 8, failures=9, feed_info=FeedInfo(title="Partial"), next_fetch=NOW + 9 * DAY)
    recorded = record_as(subscribed, pushed_state, new(article(1)), pushed=True)
    assert recorded.new == 1
    after = seen(subscribed).state
    assert after.seen == b"n" * 8
    assert (after.feed_info, after.failures, after.next_fetch) == (before.feed_info, before.failures, before.next_fetch)
    assert subscribed.leases.claim(NOW + HOUR, limit=5, lease=LEASE) == ()  # it is still being polled
    assert len(asked(subscribed, NOW + HOUR)) == 1


# ------------------------------------------------------------------------------------------------------------- topics


def paths(store: Store, now: datetime = NOW) -> list[str]:
    return [topic.path for topic in store.hubs.due_topics(now, 10)]


def test_what_is_new_is_due_until_it_was_told(store: Store) -> None:
    store.outbox.published((), NOW, {"all.rss": b"1", "news.rss": b"1"})
    assert paths(store, NOW - MINUTE) == []
    first, second = store.hubs.due_topics(NOW, 10)
    assert (first.path, first.digest, first.failures) == ("all.rss", b"1", 0)
    store.hubs.topic_notified(first)
    assert paths(store) == ["news.rss"]
    store.hubs.topic_notified(second)
    store.outbox.published((), NOW + MINUTE, {"all.rss": b"1", "news.rss": b"1"})
    assert paths(store, NOW + HOUR) == []
    store.outbox.published((), NOW + MINUTE, {"all.rss": b"2", "news.rss": b"1"})
    assert paths(store, NOW + HOUR) == ["all.rss"]


def test_what_changed_while_it_was_told_is_told_again(store: Store) -> None:
    store.outbox.published((), NOW, {"all.rss": b"1"})
    (topic,) = store.hubs.due_topics(NOW, 10)
    store.outbox.published((), NOW, {"all.rss": b"2"})
    store.hubs.topic_notified(topic)
    (left,) = store.hubs.due_topics(NOW, 10)
    assert left.digest == b"2"


def test_what_could_not_be_told_waits_and_news_does_not_shorten_that(store: Store) -> None:
    store.outbox.published((), NOW, {"all.rss": b"1"})
    store.hubs.postpone_topics({"all.rss": NOW + HOUR})
    store.outbox.published((), NOW + MINUTE, {"all.rss": b"2"})
    assert paths(store, NOW + HOUR - MINUTE) == []
    (left,) = store.hubs.due_topics(NOW + HOUR, 10)
    assert (left.digest, left.failures) == (b"2", 1)
    store.hubs.topic_notified(left)
    store.outbox.published((), NOW + HOUR, {"all.rss": b"3"})
    (fresh,) = store.hubs.due_topics(NOW + HOUR, 10)
    assert fresh.failures == 0


def test_a_feed_that_is_gone_is_not_told_of(store: Store) -> None:
    store.outbox.published((), NOW, {"all.rss": b"1", "news.rss": b"1"})
    store.hubs.drop_topics(["news.rss", "news.atom"])
    assert paths(store) == ["all.rss"]


def test_marks_go_and_news_comes_in_one_step(store: Store) -> None:
    sync_sources(store, [source()], NOW)
    marks = [mark for _, mark in store.outbox.categories()]
    assert marks
    store.outbox.published(marks, NOW, {"all.rss": b"1"})
    assert store.outbox.categories() == ()
    assert paths(store) == ["all.rss"]
    publish_everything(store)
    assert paths(store) == ["all.rss"]


def test_no_requests_need_no_note(subscribed: Store) -> None:
    """Another process may have taken all that were due between the look at them and their lock."""
    subscribed.hubs.requested(())
    assert len(asked(subscribed)) == 1
