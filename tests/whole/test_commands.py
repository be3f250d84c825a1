"""The command as a user types it, in a process of its own."""

import json
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.commands import COMMAND, aggregator, configure
from tests.forks import fork_server
from tests.newsroom import item, rss
from tests.servers import Server


@pytest.fixture
def folder(tmp_path: Path, server: Server) -> Path:
    server.put("/good", rss(item(1), item(2)), headers={"ETag": '"1"'})
    server.put("/bad", status=404)
    configure(
        tmp_path,
        sources=[
            {"name": "good", "url": server.url("/good"), "category": "World News"},
            {"name": "bad", "url": server.url("/bad").replace("//", "//user:s3cret@"), "category": "World News"},
        ],
    )
    return tmp_path


def test_once_says_what_it_did(folder: Path) -> None:
    done = aggregator("once", cwd=folder)
    assert "2 sources: 1 fetched, 0 not modified, 0 skipped, 1 failed" in done.stdout
    assert "2 new" in done.stdout
    (line,) = done.stderr.splitlines()
    assert "bad" in line
    assert "404" in line
    assert "s3cret" not in done.stderr + done.stdout


def test_once_json_is_one_object_of_the_agreed_form(folder: Path) -> None:
    figures = json.loads(aggregator("once", "--json", cwd=folder).stdout)
    assert list(figures) == [
        "sources", "fetched", "not_modified", "skipped", "failed", "entries", "new", "updated", "duplicates",
        "articles_written", "feeds_written", "seconds", "failures",
    ]  # fmt: skip
    assert {name: figures[name] for name in ("sources", "fetched", "failed", "entries", "new")} == {
        "sources": 2, "fetched": 1, "failed": 1, "entries": 2, "new": 2,
    }  # fmt: skip
    assert (figures["articles_written"], figures["feeds_written"]) == (2, 6)
    (failure,) = figures["failures"]
    assert failure["source"] == "bad"
    assert "s3cret" not in failure["url"]
    again = json.loads(aggregator("once", "--json", cwd=folder).stdout)
    assert (again["skipped"], again["articles_written"], again["feeds_written"]) == (2, 0, 0)
    everything = json.loads(aggregator("once", "--all", "--json", cwd=folder).stdout)
    assert (everything["not_modified"], everything["failed"]) == (1, 1)


def test_once_takes_names_and_refuses_unknown_ones(folder: Path) -> None:
    figures = json.loads(aggregator("once", "good", "--json", cwd=folder).stdout)
    assert (figures["sources"], figures["fetched"]) == (1, 1)
    assert "nobody" in aggregator("once", "nobody", cwd=folder, status=2).stderr


def test_strict_makes_a_failed_source_an_exit_status(folder: Path) -> None:
    aggregator("once", "--all", cwd=folder)
    aggregator("once", "--all", "--strict", cwd=folder, status=1)
    aggregator("once", "good", "--strict", cwd=folder)


def test_sources_tells_each_state(folder: Path) -> None:
    aggregator("once", cwd=folder)
    good, bad = json.loads(aggregator("sources", "--json", cwd=folder).stdout)
    assert list(good) == [
        "name", "title", "url", "moved_to", "categories", "last_fetch", "last_new", "next_fetch", "due_reason",
        "http_status", "failures", "entries", "new_per_day", "paused", "error",
    ]  # fmt: skip
    assert (good["name"], good["http_status"], good["failures"], good["entries"], good["error"]) == (
        "good", 200, 0, 2, None,
    )  # fmt: skip
    assert good["last_fetch"] < good["next_fetch"]
    assert (bad["http_status"], bad["failures"]) == (404, 1)
    assert "404" in bad["error"]
    plain = aggregator("sources", cwd=folder).stdout
    assert [line.split("\t")[-1] for line in plain.splitlines()] == ["interval", "back-off"]
    assert "s3cret" not in plain + json.dumps(bad)


def test_publish_brings_back_what_was_deleted_and_touches_nothing_else(folder: Path) -> None:
    aggregator("once", cwd=folder)
    storage = folder / "storage"
    files = {path: path.read_bytes() for part in ("articles", "feeds") for path in (storage / part).rglob("*.*")}
    assert len(files) == 2 + 6 + 1
    aggregator("publish", cwd=folder)
    assert {path: path.stat().st_mtime_ns for path in files} == {path: path.stat().st_mtime_ns for path in files}
    for path in files:
        path.unlink()
    done = aggregator("publish", cwd=folder)
    assert done.stdout.startswith("2 articles and 6 feeds written")
    assert {path: path.read_bytes() for path in files} == files


def test_a_changed_title_is_taken_up_by_the_next_cycle(folder: Path) -> None:
    aggregator("once", cwd=folder)
    aggregator("once", cwd=folder, AGGREGATOR_TITLE="Another name")
    assert b"<title>Another name</title>" in (folder / "storage/feeds/all.rss").read_bytes()


def test_check_finds_every_fault_in_one_run(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text("title: T\nfetch:\n  timout: 5s\nsources:\n  - url: ftp://x/\n  - name: a\n")
    done = aggregator("check", cwd=tmp_path, status=2)
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("feeds.yaml:3:3: ")
    assert "timeout" in lines[0]


def test_check_is_content_with_a_good_file(folder: Path) -> None:
    assert aggregator("check", cwd=folder).stdout == "feeds.yaml: OK: 2 sources\n"


def test_a_missing_configuration_is_one_sentence(tmp_path: Path) -> None:
    done = aggregator("once", cwd=tmp_path, status=2)
    (line,) = done.stderr.splitlines()
    assert "feeds.yaml" in line


def test_the_configuration_can_be_named_by_option_and_environment(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    path = str(folder / "feeds.yaml")
    assert "2 sources" in aggregator("--config", path, "check", cwd=elsewhere).stdout
    assert "2 sources" in aggregator("check", cwd=elsewhere, AGGREGATOR_CONFIG=path).stdout


def test_schema_is_a_json_schema(tmp_path: Path) -> None:
    assert "sources" in json.loads(aggregator("schema", cwd=tmp_path).stdout)["properties"]


def test_version_and_help(tmp_path: Path) -> None:
    assert aggregator("--version", cwd=tmp_path).stdout.startswith("aggregator ")
    listed = aggregator("--help", cwd=tmp_path).stdout
    for command in ("run", "once", "check", "sources", "publish", "schema"):
        assert command in listed


@pytest.mark.parametrize("words", [("nonsense",), ("once", "--nonsense"), ("run", "--port", "many")])
def test_bad_usage_exits_with_2(folder: Path, words: tuple[str, ...]) -> None:
    aggregator(*words, cwd=folder, status=2)


def test_a_database_that_is_none_is_one_sentence(folder: Path) -> None:
    (folder / "storage").mkdir()
    (folder / "storage" / "aggregator.db").write_bytes(b"this is no database, but long enough to look like one" * 50)
    done = aggregator("once", cwd=folder, status=1)
    (line,) = done.stderr.splitlines()
    assert "aggregator.db" in line


def test_a_storage_that_is_a_file_is_one_sentence(folder: Path) -> None:
    (folder / "storage").write_bytes(b"")
    done = aggregator("once", cwd=folder, status=1)
    (line,) = done.stderr.splitlines()
    assert "storage" in line


def test_streams_that_are_closed_or_full_give_no_bug_of_ours(folder: Path) -> None:
    """As `>&-` closes them, and as a full disk is met by what is redirected to a file there."""
    shell = f"cd {folder}; '{sys.executable}' -m aggregator"
    for command, status in (
        ("sources >&-", 0),
        ("check >&- 2>&-", 0),
        ("once good <&- >&-", 0),
        ("export >/dev/full", 1),
    ):
        done = subprocess.run(
            ["sh", "-c", f"{shell} {command}"], capture_output=True, text=True, check=False, timeout=60
        )
        assert (done.returncode, "internal error" in done.stderr) == (status, False), (command, done.stderr)
    assert done.stderr == (
        "aggregator: cannot write the result to standard output: the disk is full; free some space\n"
    )


def test_a_locale_without_the_characters_of_a_category_is_said(tmp_path: Path, server: Server) -> None:
    configure(tmp_path, sources=[{"name": "a", "url": server.put("/a", rss(item(1))), "category": "Öffentliches"}])
    ascii_alone = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    (line,) = aggregator("once", cwd=tmp_path, status=1, **ascii_alone).stderr.splitlines()
    assert "cannot write '\\xf6ffentliches.rss'" in line
    assert "LC_ALL=C.UTF-8" in line
    assert aggregator("once", cwd=tmp_path).stdout.endswith("seconds\n")
    assert (tmp_path / "storage/feeds/öffentliches.rss").exists()


def test_what_a_locale_lacks_is_printed_nevertheless(tmp_path: Path) -> None:
    title = "Zeitung für Österreich 日本"
    configure(tmp_path, title=title, sources=["https://example.org/feed.xml"])
    for variables in (
        {"PYTHONIOENCODING": "latin-1"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ):
        assert f"title: {title} " in aggregator("check", "--show", cwd=tmp_path, status=0, **variables).stdout
        assert title in aggregator("export", cwd=tmp_path, status=0, **variables).stdout
        assert json.loads(aggregator("schema", cwd=tmp_path, status=0, **variables).stdout)


@pytest.mark.parametrize("name", ["100%25 news", "what? now", "a #1"])
def test_the_database_is_in_the_storage_whatever_the_names_of_folders(
    tmp_path: Path, server: Server, name: str
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    configure(folder, storage=f"of {name}", sources=[{"name": "a", "url": server.put("/a", rss(item(1)))}])
    aggregator("once", cwd=folder)
    assert (folder / f"of {name}" / "aggregator.db").is_file()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    aggregator("verify", cwd=folder)
    assert "`aggregator restore 'copy?%41.db'`" in aggregator("backup", "copy?%41.db", cwd=folder).stdout
    aggregator("migrate", "--to", "sqlite:///moved%3F.db", cwd=folder)
    assert {path.name for path in folder.iterdir()} == {"feeds.yaml", f"of {name}", "copy?%41.db", "moved?.db"}


def test_a_file_whose_name_is_no_text_is_named_nevertheless(tmp_path: Path) -> None:
    path = configure(tmp_path, sources=["https://example.org/feed.xml"])
    named = os.fsencode(tmp_path) + b"/\xff.yaml"
    path.rename(os.fsdecode(named))
    done = subprocess.run([*COMMAND, "--config", named, "check"], capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.endswith(b"/\\udcff.yaml: OK: 1 source\n")


def on_terminal(*words: str, cwd: Path, columns: int) -> str:
    """Run the command at a terminal of so many columns, and return what it shows, without colours."""
    ours, theirs = pty.openpty()
    environ = os.environ | {"COLUMNS": str(columns), "TERM": "xterm"}
    process = fork_server().start(*words, cwd=cwd, stdout=theirs, stderr=theirs, environ=environ)
    os.close(theirs)
    shown = b""
    with open(ours, "rb", buffering=0) as screen, suppress(OSError):  # the end of a terminal is an error on Linux
        while chunk := screen.read(4000):
            shown += chunk
    assert process.wait(60) == 0, shown
    return re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", shown.decode()).replace("\r\n", "\n")


def test_once_on_a_terminal_ends_with_what_to_do_next(folder: Path) -> None:
    shown = on_terminal("once", cwd=folder, columns=80)
    assert "1 failed: `aggregator sources --failing` shows them\n" in shown
    assert re.search(r"\nthe next source is due in \d+ [mhd]; `aggregator run` fetches on schedule\n$", shown)
    assert re.search(r"[\r\n]20\S+Z warning aggregator: bad: ", shown)  # on a line of its own
    assert "/2 sources" in shown
    assert "/1 sources" in on_terminal("once", "good", cwd=folder, columns=80)


def test_sources_on_a_terminal_are_two_lines_each_failing_first(folder: Path) -> None:
    aggregator("once", cwd=folder)
    lines = on_terminal("sources", cwd=folder, columns=80).splitlines()
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == ["bad", "good"]
    assert re.match(r"bad +failing \(1 in a row\), fetched (now|.* ago), next in .* \(back-off\)$", lines[0])
    assert "404" in lines[1]
    assert len(lines) == 3
    assert all(len(line) <= 80 for line in lines)


def test_the_reason_of_a_pause_is_said_once(tmp_path: Path, server: Server) -> None:
    configure(tmp_path, sources=[{"name": "gone", "url": server.put("/gone", b"", status=410)}])
    aggregator("once", cwd=tmp_path)
    assert aggregator("sources", cwd=tmp_path).stdout.count("410 Gone") == 1
    (source,) = json.loads(aggregator("sources", "--json", cwd=tmp_path).stdout)
    assert source["paused"] == "the server answered 410 Gone"


def test_sources_can_be_named_and_narrowed_to_failing_ones(folder: Path) -> None:
    aggregator("once", cwd=folder)
    assert aggregator("sources", "--failing", cwd=folder).stdout.startswith("bad\t404")
    (good,) = json.loads(aggregator("sources", "good", "--json", cwd=folder).stdout)
    assert good["name"] == "good"
    details = aggregator("sources", "good", cwd=folder).stdout
    assert re.search(r"^next fetch +20\S+Z \(in \d+ m\)$", details, re.MULTILINE)
    assert re.search(r"^categories +World News$", details, re.MULTILINE)
    assert "did you mean good?" in aggregator("sources", "goood", cwd=folder, status=2).stderr


@pytest.mark.parametrize("columns", [40, 60, 120])
def test_names_and_notes_are_seen_on_a_terminal_of_any_width(folder: Path, columns: int) -> None:
    aggregator("once", cwd=folder)
    shown = on_terminal("sources", cwd=folder, columns=columns)
    assert all(len(line) <= columns for line in shown.splitlines())
    assert re.search(r"^ *good\b", shown, re.MULTILINE)
    assert "404" in shown
    assert "theserveranswered404NotFound" in "".join(shown.split())
