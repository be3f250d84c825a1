"""The files that a new installation begins with."""

import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from aggregator import config
from aggregator.errors import AggregatorError
from aggregator.scaffold import write_feeds_file
from tests.commands import aggregator


def test_a_new_file_is_valid_and_begins_with_the_defaults(tmp_path: Path) -> None:
    file = write_feeds_file(tmp_path / "news")
    settings = config.load(file, {})
    assert file == tmp_path / "news" / "feeds.yaml"
    assert [source.name for source in settings.sources] == ["nasa"]
    Draft202012Validator(config.schema()).validate(yaml.safe_load(file.read_text()))
    shown = re.sub(r"^# (?=[ a-z_]+:)", "", file.read_text(), flags=re.MULTILINE)
    shown = re.sub(r"^(base_url|retention|  contact):.*$", "", shown, flags=re.MULTILINE)
    file.write_text(shown)
    assert config.load(file, {}) == settings  # what comments show are the defaults


def test_a_file_that_exists_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text("mine")
    with pytest.raises(AggregatorError, match=r"feeds\.yaml exists already"):
        write_feeds_file(tmp_path)
    assert (tmp_path / "feeds.yaml").read_text() == "mine"


def test_init_is_where_a_user_begins(tmp_path: Path) -> None:
    missing = aggregator("run", cwd=tmp_path, status=2).stderr
    assert "`aggregator init`" in missing
    assert "`aggregator add URL`" in missing
    assert aggregator("init", cwd=tmp_path).stdout.startswith("wrote feeds.yaml; `aggregator add URL` adds")
    assert aggregator("check", cwd=tmp_path).stdout == "feeds.yaml: OK: 1 source\n"
    assert "exists already" in aggregator("init", cwd=tmp_path, status=1).stderr
    assert "--config there/feeds.yaml run" in aggregator("init", "there", cwd=tmp_path).stdout
    assert "takes one file" in aggregator("import", cwd=tmp_path, status=2).stderr
