"""One line an event, no secret in it, no control character."""

import io
import json
import logging
import os
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator import logs
from aggregator.errors import StoreError
from aggregator.model import RecordCounts
from aggregator.pipeline import SourceOutcome
from aggregator.secret_urls import HIDDEN

DEPLOY = Path(__file__).parent.parent / "deploy" / "README.md"
CANARY = "canary-7f3a9c"
LOG = logging.getLogger("aggregator.test")


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in ("aggregator", *logs._CHATTY)}
    yield
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(params=["text", "json"])
def stream(request: pytest.FixtureRequest) -> io.StringIO:
    stream = io.StringIO()
    logs.setup(stream, request.param)
    return stream


def test_text_goes_to_a_terminal_and_json_elsewhere() -> None:
    terminal, file = Terminal(), io.StringIO()
    logs.setup(terminal)
    LOG.info("fetched %d", 3)
    logs.setup(file)
    LOG.warning("late")

    assert terminal.getvalue().endswith("Z info aggregator.test: fetched 3\n")
    event = json.loads(file.getvalue())
    assert event.pop("time").endswith("Z")
    assert event == {"level": "warning", "logger": "aggregator.test", "event": "test", "message": "late"}


def test_fields_of_an_event_are_keys_of_its_json() -> None:
    stream = io.StringIO()
    logs.setup(stream, "json")
    fields = {"event": "poll", "source": "a", "url": f"https://u:{CANARY}@a.example/", "status": 200, "new": 2}
    LOG.info("a: 2 new", extra={**fields, "updated": 0, "seconds": 0.125, "unrelated": 1})
    event = json.loads(stream.getvalue())
    assert event["event"] == "poll"
    assert event["url"] == "https://***@a.example/"
    assert [event[name] for name in ("source", "status", "new", "updated", "seconds")] == ["a", 200, 2, 0, 0.125]
    assert "unrelated" not in event


def test_the_documented_line_is_one_of_a_poll() -> None:
    (documented,) = re.findall(r"^```json\n(.*?)^```", DEPLOY.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    outcome = SourceOutcome(
        source="thehill",
        url="https://thehill.com/",
        kind="fetched",
        recorded=RecordCounts(new=2),
        status=200,
        seconds=0.4,
    )
    stream = io.StringIO()
    logs.setup(stream, "json")
    LOG.info("thehill: 2 new", extra=outcome.log_fields())
    assert list(json.loads(documented)) == list(json.loads(stream.getvalue()))


def test_systemd_gets_text_with_priorities(tmp_path: Path) -> None:
    with (tmp_path / "journal").open("w+", encoding="utf-8") as stream:
        status = os.fstat(stream.fileno())
        logs.setup(stream, environ={"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"})
        LOG.info("fetched %d", 3)
        LOG.error("broken\nline")
        logs.setup(stream, environ={"JOURNAL_STREAM": "1:1"})
        LOG.info("elsewhere")
        stream.seek(0)
        lines = stream.read().splitlines()
    assert lines[:2] == ["<6>fetched 3", "<3>broken\\nline"]
    assert json.loads(lines[2])["message"] == "elsewhere"


def test_a_second_setup_replaces_the_first() -> None:
    first, second = io.StringIO(), io.StringIO()
    logs.setup(first)
    logs.setup(second)
    LOG.info("once")
    assert first.getvalue() == ""
    assert len(second.getvalue().splitlines()) == 1


@pytest.mark.parametrize(
    "line",
    [
        f"cannot reach https://reader:{CANARY}@example.org/feed.xml",
        f"cannot reach https://{CANARY}@example.org/feed.xml",
        f"cannot open postgresql+psycopg://news:p@{CANARY}@db.example.org/news",
        f"GET https://example.org/feed.xml?user=1&token={CANARY}&x=1",
        f"GET https://example.org/feed.xml?api_key={CANARY}",
        f"GET https://example.org/feed.xml?client_secret={CANARY}&amp;feed-token={CANARY}&X-Amz-Signature={CANARY}",
        f"GET https://example.org/feed.xml?token=abc;{CANARY};page=2",
        f"Authorization: Bearer {CANARY}",
        f"X-Goog-Authorization: {CANARY}",
        f"headers {{'Authorization': 'Bearer {CANARY}', 'Accept': '*/*'}}",
        f"headers [(b'authorization', b'Basic {CANARY}')]",
        f"PROXY-AUTHORIZATION = {CANARY}",
        f"Cookie: session={CANARY}",
        f"set-cookie: session={CANARY}",
        f"X-API-Key: {CANARY}",
        f"sent bearer {CANARY} to the host",
    ],
)
def test_secrets_that_show_by_their_form_are_masked(stream: io.StringIO, line: str) -> None:
    LOG.warning("%s", line)
    assert CANARY not in stream.getvalue()
    assert HIDDEN in stream.getvalue()


def test_secrets_of_the_configuration_are_masked_wherever_they_stand(stream: io.StringIO) -> None:
    logs.hide(["", "ab", CANARY, CANARY[:8]])
    try:
        raise ValueError(f"bad value {CANARY}")
    except ValueError:
        LOG.exception("absurd: %s", CANARY)
    assert CANARY[:8] not in stream.getvalue()
    assert "absurd" in stream.getvalue()


def test_what_is_no_secret_stays(stream: io.StringIO) -> None:
    lines = [
        "https://example.org/@someone/feed?author=a@example.org&page=2",
        "the server answered 401 Unauthorized; the basic plan has no feeds",
        "the server may want the cookie back that it sets: copy it from a browser to the source's headers: {Cookie: …}",
        "https://example.org/feed.xml?token=${TOKEN}&page=2",
        "fortune-cookie: 12 new articles",  # a source
    ]
    for line in lines:
        LOG.info(line)
    assert HIDDEN not in stream.getvalue()


@pytest.mark.parametrize(
    "character", ["\n", "\r", "\t", "\x00", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u202e", "\ufeff"]
)
def test_one_event_is_one_line_without_control_characters(stream: io.StringIO, character: str) -> None:
    LOG.info("title %s", f"one{character}two")
    line = stream.getvalue().removesuffix("\n")
    assert line.isprintable()
    assert len(line.splitlines()) == 1


def test_a_lone_surrogate_can_be_written(stream: io.StringIO) -> None:
    root = logging.getLogger()  # without pytest's own handlers: pytest-xdist cannot carry what they would note
    root.handlers = [handler for handler in root.handlers if getattr(handler, "stream", None) is stream]
    LOG.info("title \ud800")
    stream.getvalue().encode()


def test_text_in_any_script_stays_readable() -> None:
    stream = Terminal()
    logs.setup(stream)
    LOG.info("Überschrift 見出し عنوان")
    assert "Überschrift 見出し عنوان" in stream.getvalue()


def test_an_expected_error_is_its_sentence_and_a_bug_says_where(stream: io.StringIO) -> None:
    for error in (StoreError("the disk is full"), KeyError("absent")):
        try:
            raise error
        except Exception:
            LOG.exception("not published")
    expected, bug = stream.getvalue().splitlines()
    assert "not published" in expected
    assert "the disk is full" in expected
    assert "StoreError" not in expected
    assert "KeyError: 'absent' (test_logs.py:" in bug


def test_json_carries_the_whole_traceback_of_a_bug() -> None:
    stream = io.StringIO()
    logs.setup(stream, "json")
    try:
        raise KeyError("absent")
    except KeyError:
        LOG.exception("not published")
    event = json.loads(stream.getvalue())
    assert event["traceback"].startswith("Traceback (most recent call last):\n")


@pytest.mark.parametrize(
    "error", [KeyError("absent\nhttps://user:secret@example.org/"), StoreError("the disk is full")]
)
def test_debug_shows_each_traceback_whatever_the_form(error: Exception) -> None:
    for form in logs.FORMATS:
        stream = io.StringIO()
        logs.setup(stream, form, debug=True)
        try:
            raise error
        except Exception:
            LOG.debug("not published", exc_info=True)
        shown = stream.getvalue()
        assert "Traceback (most recent call last):" in shown
        assert "in test_debug_shows_each_traceback" in shown
        assert "secret" not in shown
        assert form == "text" or shown.count("\n") == 1
        assert form == "json" or all(re.match(r"\S+Z debug \S+: ", line) for line in shown.splitlines())


def test_a_long_traceback_keeps_its_end() -> None:
    def sink(depth: int) -> None:
        if not depth:
            raise KeyError("absent")
        sink(depth - 1) if depth % 2 else sink(depth=depth - 1)  # else Python says that a line is repeated

    stream = io.StringIO()
    logs.setup(stream, "json")
    try:
        sink(300)
    except KeyError:
        LOG.exception("not published")
    shown = json.loads(stream.getvalue())["traceback"]
    assert len(shown) < 9_000
    assert shown.endswith("KeyError: 'absent'\n")


def test_a_long_message_is_cut(stream: io.StringIO) -> None:
    LOG.info("x" * 100_000)
    assert len(stream.getvalue()) < 9_000


def test_libraries_are_quiet_until_something_is_wrong(stream: io.StringIO) -> None:
    for name in ("httpx", "apscheduler.executors.default", "uvicorn.access", "aiohttp.client"):
        logging.getLogger(name).info("chatter")
    logging.getLogger("httpx").warning("trouble")
    assert len(stream.getvalue().splitlines()) == 1


def test_debug_lines_come_when_asked_for(stream: io.StringIO) -> None:
    LOG.debug("hidden")
    logs.setup(stream, "text", debug=True)
    LOG.debug("shown")
    assert len(stream.getvalue().splitlines()) == 1
    assert "shown" in stream.getvalue()


def test_warnings_become_lines(stream: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logs.setup(stream, "text")
        warnings.warn("old way\nof doing it", DeprecationWarning, stacklevel=1)
        logging.captureWarnings(False)
    assert len(stream.getvalue().splitlines()) == 1
    assert "old way" in stream.getvalue()
