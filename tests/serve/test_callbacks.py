"""The callbacks of our subscriptions, as a hub meets them."""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from aggregator import hub_subscriptions
from aggregator.app import App
from aggregator.errors import StoreError
from aggregator.model import Push, Subscription
from aggregator.serve import Health, Metrics, site
from aggregator.serve.callbacks import Offer
from tests.newsroom import item, newsroom, rss
from tests.servers import Server

BODY = rss(item(2))


@dataclass
class Desk:
    """An inbox with room for so many, and what a hub knows and asks."""

    app: App
    subscription: Subscription
    room: int = 9
    offers: Offer = "accepted"
    pushes: list[Push] = field(default_factory=list)

    def offer(self, push: Push) -> Offer:
        if len(self.pushes) < self.room:
            self.pushes.append(push)
            return self.offers
        return "refused"

    def client(self, *, subscribed: bool = True) -> TestClient:
        served = site(self.app, Health(self.app.clock), Metrics(), self if subscribed else None)
        return TestClient(served, raise_server_exceptions=False, follow_redirects=False)

    @property
    def path(self) -> str:
        return f"/websub/{self.subscription.token}"

    def query(self, **changes: str) -> dict[str, str]:
        asked = {"mode": "subscribe", "topic": self.subscription.topic, "challenge": "c <b>&", "lease_seconds": "3600"}
        return {f"hub.{name}": value for name, value in (asked | changes).items()}

    def signature(self, body: bytes = BODY) -> dict[str, str]:
        digest = hmac.new(self.subscription.secret.encode(), body, hashlib.sha256).hexdigest()
        return {"X-Hub-Signature": f"sha256={digest}"}

    def pushed_until(self) -> Any:
        (stored,) = self.app.store.sources.all()
        return stored.state.pushed_until


@pytest.fixture
def desk(tmp_path: Path, server: Server) -> Iterator[Desk]:
    links = f'<atom:link rel="self" href="{server.url("/feed")}"/><atom:link rel="hub" href="{server.url("/hub")}"/>'
    server.put("/feed", rss(item(1), head=links))
    room = newsroom(tmp_path, [{"name": "a", "url": server.url("/feed")}], websub="always", fetch={"max_bytes": "20KB"})
    room.once()
    with room.opened() as app:
        (subscription,) = hub_subscriptions.claim_due(
            app.store, app.clock(), limit=1, public_url="http://us.example/", fetch=app.settings.fetch
        )
        yield Desk(app, subscription)


def test_a_challenge_is_echoed_as_plain_text_and_the_lease_begins(desk: Desk) -> None:
    answer = desk.client().get(desk.path, params=desk.query())
    assert (answer.status_code, answer.text) == (200, "c <b>&")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert desk.pushed_until() == desk.app.clock() + timedelta(hours=1)


@pytest.mark.parametrize("wrong", [{"mode": "unsubscribe"}, {"topic": "http://x.example/"}, {"challenge": ""}])
def test_nothing_else_is_confirmed(desk: Desk, wrong: dict[str, str]) -> None:
    assert desk.client().get(desk.path, params=desk.query(**wrong)).status_code == 404
    assert desk.client().get("/websub/other", params=desk.query()).status_code == 404
    assert desk.client().get("/websub/", params=desk.query()).status_code == 404
    assert desk.pushed_until() is None


def test_head_answers_and_changes_nothing(desk: Desk) -> None:
    assert desk.client().head(desk.path, params=desk.query()).status_code == 200
    assert desk.pushed_until() is None


def test_a_denial_of_another_topic_is_none(desk: Desk) -> None:
    client = desk.client()
    client.get(desk.path, params=desk.query())
    denial = desk.query(mode="denied", topic="http://x.example/")
    assert client.get(desk.path, params=denial).status_code == 404
    assert desk.pushed_until()
    assert client.get(desk.path, params=desk.query(mode="denied")).status_code == 200
    assert desk.pushed_until() is None


def test_a_denial_is_told_once_and_stands_on_the_page_of_sources_until_it_is_over(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    client = desk.client()
    assert "hub" not in client.get("/status").text
    for reason in ("<b>full</b>", "<b>full</b>", "<b>full</b>", "closed", "closed"):
        client.get(desk.path, params=desk.query(mode="denied", reason=reason))
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warnings == [
        "a: its hub denies the subscription (<b>full</b>); the source is polled as before",
        "a: its hub denies the subscription (closed); the source is polled as before",
    ]
    assert "Its hub denies the subscription (closed); the source is polled as before" in client.get("/status").text
    (status,) = client.get("/status.json").json()["sources"]
    assert (status["failures"], status["error"], status["paused"]) == (0, None, None)
    client.get(desk.path, params=desk.query(mode="denied", reason="<script>"))
    assert "(&lt;script&gt;)" in client.get("/status").text
    client.get(desk.path, params=desk.query())
    assert "hub denies" not in client.get("/status").text
    client.get(desk.path, params=desk.query(mode="denied", reason="<script>"))
    assert caplog.text.count("(<script>)") == 2


def test_a_push_goes_into_the_inbox_as_it_came(desk: Desk) -> None:
    headers = {**desk.signature(), "Content-Type": "application/rss+xml", "Link": '<x>; rel="self"'}
    assert desk.client().post(desk.path, content=BODY, headers=headers).status_code == 202
    assert desk.pushes == [
        Push(token=desk.subscription.token, body=BODY, content_type="application/rss+xml", link='<x>; rel="self"')
    ]


def test_a_push_that_is_not_signed_rightly_is_answered_and_dropped(desk: Desk) -> None:
    client = desk.client()
    for headers in ({}, {"X-Hub-Signature": "sha256=" + "0" * 64}, desk.signature(b"another body")):
        assert client.post(desk.path, content=BODY, headers=headers).status_code == 202
    assert desk.pushes == []


def test_a_full_inbox_asks_to_come_again(desk: Desk) -> None:
    desk.room = 0
    answer = desk.client().post(desk.path, content=BODY, headers=desk.signature())
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("room", "offers", "is_due"), [(0, "refused", True), (9, "replaced", True), (9, "accepted", False)]
)
def test_what_a_lost_push_had_is_fetched_at_once(desk: Desk, room: int, offers: Offer, is_due: bool) -> None:
    desk.room, desk.offers = room, offers
    desk.client().post(desk.path, content=BODY, headers=desk.signature())
    assert (desk.app.store.leases.wanted(desk.app.clock()) == {"a"}) is is_due


@pytest.mark.parametrize(("size", "status"), [(20_000, 202), (20_001, 413), (3_000_000, 413)])
def test_a_body_has_a_limit(desk: Desk, size: int, status: int) -> None:
    body = b"x" * size
    answer = desk.client().post(desk.path, content=body, headers=desk.signature(body))
    assert answer.status_code == status
    assert (answer.headers.get("connection") == "close") is (status == 413)


def test_where_nobody_subscribes_hubs_hear_so(desk: Desk) -> None:
    client = desk.client(subscribed=False)
    assert client.get(desk.path, params=desk.query()).status_code == 410
    assert client.post(desk.path, content=BODY, headers=desk.signature()).status_code == 410


def test_other_methods_are_refused(desk: Desk) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = desk.client().request(method, desk.path)
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, HEAD, POST"


def test_a_database_that_cannot_be_read_is_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_token: str) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(desk.app.store.hubs, "subscription", broken)
    answer = desk.client().post(desk.path, content=BODY, headers=desk.signature())
    assert answer.status_code == 503
    assert "disk" not in answer.text
