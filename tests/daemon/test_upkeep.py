"""What the daemon does by itself for what it keeps: when, in which steps, and what it leaves alone."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from aggregator.app import App
from aggregator.daemon import upkeep
from aggregator.daemon.upkeep import Upkeep
from aggregator.errors import FilesError
from aggregator.maintain.prune import allow_retention, prune_batch
from aggregator.normalise import language
from aggregator.publish import publish_changed
from aggregator.serve import Health, Metrics, site
from tests.newsroom import Newsroom, item, newsroom, rss
from tests.servers import Server

ANCIENT = {"pubDate": "Tue, 24 Nov 2015 10:00:00 +0000"}


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Newsroom:
    """Six stories, four of them from 2015, fetched and published."""
    server.put("/good", rss(item(1), item(2), *(item(number, **ANCIENT) for number in range(3, 7))))
    room = newsroom(tmp_path, [{"name": "good", "url": server.url("/good")}], retention="3650d")
    room.once()
    with room.opened() as app:
        allow_retention(app)  # as `aggregator prune` does
    return room


@pytest.fixture
def app(room: Newsroom) -> Iterator[App]:
    with room.opened() as app:
        yield app


def status_page(app: App) -> str:
    return TestClient(site(app, Health(app.clock), Metrics())).get("/status").text


def kept(app: App, *, unclean: bool = False, stopped: bool = False) -> Upkeep:
    """The upkeep of a daemon that just started."""
    return Upkeep(lambda: app, lambda: stopped, unclean=unclean)


def done(of: Upkeep) -> list[str]:
    """Do what is due; the names of it."""

    async def do_it() -> list[str]:
        names: list[str] = []
        for work, do in of.due():
            names.append(work)
            await do()
        return names

    return asyncio.run(do_it())


def test_it_prunes_at_the_start_and_once_a_day(room: Newsroom, app: App, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    daemon = kept(app)
    assert done(daemon) == ["prune"]
    assert len(room.articles()) == 2
    assert caplog.messages == ["4 articles older than `retention`, or dropped long ago, pruned"]
    assert done(daemon) == []
    room.later(hours=23, minutes=59)
    assert done(daemon) == []
    room.later(minutes=1)
    assert done(daemon) == ["prune"]
    assert len(caplog.messages) == 1


def test_a_retention_that_was_set_or_shortened_waits_if_it_removes_much(
    room: Newsroom, caplog: pytest.LogCaptureFixture
) -> None:
    room.configuration["retention"] = "3000d"
    with room.opened() as app:
        done(kept(app))
        assert len(room.articles()) == 6
        (message,) = caplog.messages
        assert "would remove 4 of 6 articles" in message
        assert "`aggregator prune`" in message
        assert "would remove 4 of 6 articles" in (page := status_page(app))
        assert "you run <code>aggregator prune</code> once (<code>--dry-run</code> shows what goes).</p>" in page
    room.configuration["retention"] = "7300d"  # a longer one waits for nobody
    with room.opened() as app:
        assert "would remove" not in status_page(app)
        done(kept(app))
    room.configuration["retention"] = "3000d"
    with room.opened() as app:
        done(kept(app))
        assert len(room.articles()) == 6
        assert "would remove 4 of 6 articles" in status_page(app)
        allow_retention(app)
        assert "would remove" not in status_page(app)
        done(kept(app))
        assert len(room.articles()) == 2


def test_a_retention_that_removes_little_waits_for_nobody(tmp_path: Path, server: Server) -> None:
    server.put("/good", rss(*map(item, range(1, 6)), item(6, **ANCIENT)))
    room = newsroom(tmp_path, [{"name": "good", "url": server.url("/good")}], retention="3650d")
    room.once()
    with room.opened() as app:
        done(kept(app))
    assert len(room.articles()) == 5


def test_a_restart_does_not_prune_again_before_its_time(room: Newsroom, app: App, server: Server) -> None:
    done(kept(app))
    server.put("/good", rss(item(7, **ANCIENT)))
    room.once()
    room.later(hours=1)
    again = kept(app)
    done(again)
    assert len(room.articles()) == 3
    assert done(again) == []  # nor does it ask once more
    room.later(hours=23)
    done(again)
    assert len(room.articles()) == 2


def test_another_retention_holds_at_once(room: Newsroom, app: App) -> None:
    daemon = kept(app)
    done(daemon)
    app.settings.__dict__["retention"] = timedelta(hours=1)  # as if the file had been changed: settings are frozen
    allow_retention(app)
    assert done(daemon) == ["prune"]
    assert room.articles() == {}


def test_a_clock_that_was_put_back_keeps_nobody_from_pruning(room: Newsroom, app: App) -> None:
    room.later(days=400)
    daemon = kept(app)
    done(daemon)
    room.later(days=-400)
    assert done(daemon) == ["prune"]


def test_without_retention_nothing_is_due(room: Newsroom) -> None:
    room.configuration.pop("retention")
    with room.opened() as app:
        assert done(kept(app)) == []


def test_it_prunes_in_steps_and_leaves_off_when_told_to(
    room: Newsroom, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.maintain.prune.BATCH", 1)
    numbers: list[int] = []

    def counting_prune(app: App, failures: dict[str, FilesError]) -> int:
        numbers.append(prune_batch(app, failures))
        return numbers[-1]

    monkeypatch.setattr(upkeep, "prune_batch", counting_prune)
    done(Upkeep(lambda: app, lambda: len(numbers) == 2, unclean=False))
    assert len(room.articles()) == 4
    done(kept(app))  # no note was left: it goes on
    assert len(room.articles()) == 2


def test_after_an_unclean_stop_files_of_the_last_day_are_repaired(
    room: Newsroom, app: App, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    done(kept(app))
    old = next(iter(room.articles()))
    room.later(days=2)
    server.put("/good", rss(item(1), item(2), item(8), item(9)))
    room.once()
    before = room.files()
    articles, feeds = room.storage / "articles", room.storage / "feeds"
    new = sorted(name for name in room.articles() if "number-8" in name or "number-9" in name)
    for name in (old, new[0]):
        (articles / name).write_bytes(b"")
    (articles / new[1]).unlink()
    (feeds / "good.rss").write_bytes(before["feeds/good.rss"][1][:100])
    (feeds / "all.json").unlink()
    (feeds / "feeds.opml").write_bytes(b"")
    daemon = kept(app, unclean=True)
    assert "mend" in done(daemon)
    after = room.files()
    assert after.pop(f"articles/{old}")[1] == b""  # not of the last day: `verify` looks at it
    assert {name: data for name, (_, data) in after.items()} == {
        name: data for name, (_, data) in before.items() if name != f"articles/{old}"
    }
    (line,) = (message for message in caplog.messages if "unclean stop" in message)
    assert "2 files of articles and 3 of feeds" in line
    assert done(daemon) == []


def test_an_edited_article_is_of_the_last_day_too(room: Newsroom, app: App, server: Server) -> None:
    room.later(days=2)
    server.put("/good", rss(item(1, description="Edited since, and told in quite other words than before.")))
    room.once()
    (name,) = (name for name, text in room.articles().items() if "Edited since" in text)
    (room.storage / "articles" / name).write_bytes(b"")
    done(kept(app, unclean=True))
    assert "Edited since" in room.articles()[name]


def test_where_all_is_well_nothing_is_written_or_said(
    room: Newsroom, app: App, caplog: pytest.LogCaptureFixture
) -> None:
    publish_changed(app)
    done(kept(app))
    publish_changed(app)
    caplog.clear()
    before = room.files()
    assert done(kept(app, unclean=True)) == ["mend", "prune"]
    assert (room.files(), caplog.messages) == (before, [])


def test_the_language_model_is_unloaded_when_it_was_not_used_for_a_minute(room: Newsroom, app: App) -> None:
    text = "The quick brown fox jumps over the lazy dog, and nobody in the village was surprised."
    language.unload_model()
    daemon = kept(app)
    assert language.detected_language(text) == "en"
    done(daemon)
    for _ in range(3):
        room.later(seconds=50)
        assert language.detected_language(text) == "en"
        done(daemon)
    assert language.model_uses() == 4
    room.later(seconds=59)
    done(daemon)
    assert language.model_uses() == 4
    room.later(seconds=1)
    done(daemon)
    assert language.model_uses() == 0
    assert language.detected_language(text) == "en"
    assert language.model_uses() == 1
