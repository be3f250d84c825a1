"""The examples in all Markdown files are right: configurations, commands, JSON, TOML."""

import json
import re
import shlex
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from aggregator import config
from aggregator.settings import Settings
from tests.cases import for_each
from tests.docs.generated import CONTEXT, GROUP
from tests.docs.markdown import FILES, ROOT, Example, code_spans, examples

EXAMPLES = [example for file in FILES for example in examples(file)]
FAULTY = "titel: My newsroom"  # in the example of faults, which tests/test_docs.py checks
MORE_SOURCES = "\nsources: [https://example.org/feed.xml]\n"
READERS: dict[str, Callable[[str], Any]] = {"json": json.loads, "toml": tomllib.loads}
SEPARATORS = frozenset({"&&", "||", ";", "|", ">", ">>", "<", "&"})
OPTIONS = {
    name: {option for param in command.get_params(CONTEXT) for option in param.opts}
    for name in GROUP.list_commands(CONTEXT)
    for command in [GROUP.get_command(CONTEXT, name)]
}
TARGETS = frozenset(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def _of(*languages: str) -> list[Example]:
    return [example for example in EXAMPLES if example.language in languages]


def test_each_example_names_its_language() -> None:
    assert [str(example) for example in EXAMPLES if not example.language] == []


@pytest.mark.parametrize("example", _of("yaml"))
def test_configurations_are_read_without_a_fault(example: Example, tmp_path: Path) -> None:
    keys = yaml.safe_load(example.text).keys()
    if FAULTY in example.text or not keys & Settings.model_fields.keys():
        return  # of another program, and well-formed
    file = tmp_path / "feeds.yaml"
    file.write_text(example.text + ("" if "sources" in keys else MORE_SOURCES), encoding="utf-8")
    variables = dict.fromkeys(re.findall(r"\$\{(\w+)\}", example.text), "value")
    assert config.load(file, variables).sources


@pytest.mark.parametrize("example", _of(*READERS))
def test_json_and_toml_are_well_formed(example: Example) -> None:
    assert READERS[example.language](example.text)


@for_each("example", _of("sh"))
def test_shell_examples_name_existing_commands(example: Example) -> None:
    if not example.file.endswith("commands.md") or "[" not in example.text:
        for line in example.text.replace("\\\n", " ").splitlines():
            _check(line)


@for_each("file", FILES)
def test_commands_within_lines_exist(file: str) -> None:
    for span in code_spans(file):
        if name := re.match(r"aggregator ([a-z]+)\b", span):
            assert name[1] in OPTIONS, span
            assert set(re.findall(r"(?<![\w-])--[a-z-]+", span)) <= OPTIONS[name[1]], span


def _check(line: str) -> None:
    """Assert that what a line calls of ours exists: the command with its options, the target of make."""
    command: list[str] = []
    for word in [*_words(line), ";"]:
        if word in SEPARATORS:
            _check_command(command)
            command = []
        else:
            command.append(word)


def _words(line: str) -> list[str]:
    lexer = shlex.shlex(re.sub(r"\$\(.*?\)", "output", line), posix=True, punctuation_chars="&|;<>")
    lexer.whitespace_split = True
    return list(lexer)


def _check_command(words: list[str]) -> None:
    while words and re.match(r"[A-Z_]+=", words[0]):
        words = words[1:]
    if words[:1] == ["make"]:
        assert {word for word in words[1:] if word.isalpha()} <= TARGETS, words
    starts = [place for place, word in enumerate(words) if word.endswith("/bin/aggregator")]
    if words[:1] == ["aggregator"]:
        starts.append(0)
    if starts and len(words) > starts[-1] + 1:
        _parse(words[starts[-1] + 1 :])


def _parse(words: list[str]) -> None:
    """Have the command line parse these words, without running anything."""
    try:
        context = GROUP.make_context("aggregator", list(words))
        name, command, arguments = GROUP.resolve_command(context, [*context._protected_args, *context.args])
        command.make_context(name, arguments, parent=context)
    except typer.Exit:
        pass  # after --help and --version
    except Exception as error:  # noqa: BLE001  # of the copy of click that Typer carries
        pytest.fail(f"aggregator {shlex.join(words)}: {error}")
