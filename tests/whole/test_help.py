"""Help, completion, and the settings that are in force, as the command line shows them."""

import re
from pathlib import Path

import pytest

from tests.commands import aggregator, configure

FEEDS = """\
title: News
fetch:
  timeout: 5s
sources:
  - https://example.org/feed.xml
  - name: good
    url: https://reader:s3cret@example.org/good?token=s3cret
    category: World
    headers: {Authorization: "Bearer ${NEWS_TOKEN}", X-Key: s3cret}
"""


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Names of all commands, from the panels of the help."""
    text = aggregator("--help", cwd=tmp_path_factory.mktemp("help")).stdout
    assert [panel for panel in ("Run", "Sources", "Articles", "Upkeep") if f"─ {panel} ─" in text] != []
    assert "<bool>" not in text
    return re.findall(r"^│ ([a-z]+) +[A-Z]", text, re.MULTILINE)


def test_each_command_has_two_examples(commands: list[str], tmp_path: Path) -> None:
    assert len(commands) >= 15
    for command in commands:
        text = aggregator(command, "--help", cwd=tmp_path).stdout
        assert len(re.findall(rf"^ aggregator {command}\b", text, re.MULTILINE)) == 2, text
        assert "<bool>" not in text
        assert "<list" not in text
        assert not re.search(r"Usage:.*[\[{][\[{]|Usage:.*\.\.\..*\.\.\.", text), text  # "[[SOURCE]...]..."


@pytest.mark.parametrize("words", ["aggregator once go", "aggregator remove go"])
def test_names_of_sources_are_completed(tmp_path: Path, words: str) -> None:
    configure(tmp_path, sources=[{"name": name, "url": f"https://{name}.example/"} for name in ("good", "gone", "bad")])
    environ = {"_AGGREGATOR_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": "2"}
    assert aggregator(cwd=tmp_path, status=0, **environ).stdout.split() == ["good", "gone"]
    (tmp_path / "feeds.yaml").write_text("sources:")
    assert aggregator(cwd=tmp_path, status=0, **environ).stdout.split() == []


def test_a_misspelt_source_gets_the_nearest_name(tmp_path: Path) -> None:
    configure(tmp_path, sources=[{"name": "good", "url": "https://good.example/"}])
    assert "did you mean good?" in aggregator("once", "goood", cwd=tmp_path, status=2).stderr
    assert "did you mean good?" in aggregator("remove", "goood", cwd=tmp_path, status=2).stderr


def test_check_shows_every_setting_with_its_origin(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text(FEEDS)
    environ = {"NEWS_TOKEN": "s3cret-from-outside", "AGGREGATOR_FETCH__PER_HOST": "3"}
    done = aggregator("check", "--show", cwd=tmp_path, status=0, **environ)
    lines = done.stdout.splitlines()
    for line in (
        "title: News  # feeds.yaml:1",
        "fetch.timeout: 5s  # feeds.yaml:3",
        "fetch.per_host: 3  # AGGREGATOR_FETCH__PER_HOST",
        "fetch.concurrency: 64  # default",
        "retention: null  # default",
        "sources.example-org.url: https://example.org/feed.xml  # feeds.yaml:5",
        "sources.example-org.name: example-org  # default",
        "sources.good.categories: [World]  # feeds.yaml:8",
        "sources.good.interval: 30m  # default",
    ):
        assert line in lines
    assert "${NEWS_TOKEN}" in done.stdout
    assert "s3cret" not in done.stdout + done.stderr
    aggregator("check", "--show", cwd=tmp_path, status=2)  # without the token


@pytest.mark.parametrize(
    ("arguments", "environ", "begins"),
    [
        ((), {}, "{"),
        (("--log", "text"), {}, "20"),
        ((), {"AGGREGATOR_LOG": "text"}, "20"),
        (("--log", "json"), {"AGGREGATOR_LOG": "text"}, "{"),
    ],
)
def test_the_form_of_the_log_can_be_chosen(
    tmp_path: Path, arguments: tuple[str, ...], environ: dict[str, str], begins: str
) -> None:
    configure(tmp_path, sources=[{"name": "good", "url": "http://127.0.0.1:9/"}])
    (line,) = aggregator(*arguments, "once", cwd=tmp_path, status=0, **environ).stderr.splitlines()
    assert line.startswith(begins)
    assert "xml is no form of the log" in aggregator("--log", "xml", "once", cwd=tmp_path, status=2).stderr.replace(
        "`", ""
    )
