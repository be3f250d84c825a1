"""What the documentation says is so."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from aggregator import config
from aggregator.errors import ConfigError
from aggregator.render.article import FIELDS

ROOT = Path(__file__).parent.parent
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([a-z_.]+)` \| (?:`([^`]+)`|–) \| (.+) \|$", re.MULTILINE)
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

YAML = [body for language, body in FENCE.findall(CONFIGURATION) if language == "yaml"]
*GOOD, BAD = YAML


def settings_of(schema: dict[str, Any], part: dict[str, Any], under: str = "") -> dict[str, Any]:
    """Each setting below `part`, with its own schema."""
    settings: dict[str, Any] = {}
    for name, setting in part["properties"].items():
        if "$ref" in setting:
            settings |= settings_of(schema, schema["$defs"][setting["$ref"].rpartition("/")[2]], f"{under}{name}.")
        elif name == "sources":
            _, source = schema["$defs"]["SourceSettings"]["anyOf"]
            settings |= settings_of(schema, source, "sources.")
        else:
            settings[under + name] = setting
    return settings


def written(default: Any) -> str:
    """A default as the table writes it; nothing where there is none."""
    if default is None:
        return ""
    if isinstance(default, list):
        return f"[{', '.join(default)}]"
    return default if isinstance(default, str) else json.dumps(default)


def test_configuration_names_every_setting_with_its_default() -> None:
    schema = config.schema()
    defaults = {name: written(setting.get("default")) for name, setting in settings_of(schema, schema).items()}
    documented = {name: default for name, default, _ in ROW.findall(CONFIGURATION)}
    assert documented == defaults


def test_choices_and_bounds_are_documented() -> None:
    meanings = {name: f"{default} {meaning}" for name, default, meaning in ROW.findall(CONFIGURATION)}
    schema = config.schema()
    for name, setting in settings_of(schema, schema).items():
        words = setting.get("enum") or [setting[bound] for bound in ("minimum", "maximum") if bound in setting]
        assert all(str(word) in meanings[name] for word in words), name


def test_fields_of_an_articles_name_are_documented() -> None:
    (meaning,) = (meaning for name, _, meaning in ROW.findall(CONFIGURATION) if name == "articles.name")
    assert set(re.findall(r"`\{(\w+)\}`", meaning)) == set(FIELDS)


@pytest.mark.parametrize("example", GOOD)
def test_examples_of_the_configuration_are_good(tmp_path: Path, example: str) -> None:
    file = tmp_path / "feeds.yaml"
    file.write_text(example, encoding="utf-8")
    assert config.load(file, {"MEMBERS_TOKEN": "secret"}).sources
    Draft202012Validator(config.schema()).validate(yaml.safe_load(example))


def test_the_faults_of_the_bad_example_are_as_documented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "feeds.yaml").write_text(BAD, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        config.load(Path("feeds.yaml"), {})
    (documented,) = (body for language, body in FENCE.findall(CONFIGURATION) if language == "text")
    assert str(caught.value) + "\n" == documented


def test_the_environment_of_the_documentation_is_read(tmp_path: Path) -> None:
    (shell,) = (body for language, body in FENCE.findall(CONFIGURATION) if language == "sh")
    environ = dict(line.replace("'", "").split("=", 1) for line in shell.splitlines())
    file = tmp_path / "feeds.yaml"
    file.write_text(GOOD[0], encoding="utf-8")
    assert config.load(file, environ).fetch.allow_private == ("10.0.0.0/8",)
