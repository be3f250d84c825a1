"""Alert rules and dashboard of `deploy/` name metrics that exist; promtool, where there is one, runs the rules."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cases import for_each
from tests.serve.test_metrics_docs import DESCRIBED

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus" / "alerts.yaml"
SCRAPE = ROOT / "deploy" / "prometheus" / "scrape.yaml"
DASHBOARD = ROOT / "deploy" / "grafana" / "dashboard.json"
MONITORING = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
METRIC = re.compile(r"\b(?:aggregator|process)_\w+")
SELECTOR = re.compile(r"(\w+)\{([^}]*)\}")
OF_PROMETHEUS = {"job", "instance", "le"}  # labels that it adds itself, and those of histograms


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return list(group["rules"])


def panels() -> list[dict[str, Any]]:
    return list(json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"])


EXPRESSIONS = [
    *(rule["expr"] for rule in rules()),
    *(target["expr"] for panel in panels() for target in panel["targets"]),
]


@for_each("expression", EXPRESSIONS)
def test_expressions_name_metrics_and_labels_that_exist(expression: str) -> None:
    names = METRIC.findall(expression)
    assert names or expression.startswith("up{")
    assert [name for name in names if name.removesuffix("_bucket") not in DESCRIBED] == []
    for name, matchers in SELECTOR.findall(expression):
        described = DESCRIBED.get(name.removesuffix("_bucket"))
        for label, _, values in re.findall(r'(\w+)(=~?)"([^"]*)"', matchers):
            if label in OF_PROMETHEUS:
                continue
            assert described is not None
            assert described.label == label
            assert [value for value in values.split("|") if f"`{value}`" not in described.meaning] == []


def test_legends_name_labels_of_their_metrics() -> None:
    for panel in panels():
        for target in panel["targets"]:
            labels = {DESCRIBED[name.removesuffix("_bucket")].label for name in METRIC.findall(target["expr"])}
            assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= labels | OF_PROMETHEUS


def test_five_rules_say_what_to_do_and_are_explained() -> None:
    assert len(rules()) == 5
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert rule["annotations"].keys() == {"summary", "description"}
        assert f"`{rule['alert']}`" in MONITORING


def test_the_job_of_the_rules_is_the_one_that_is_scraped() -> None:
    scrape = yaml.safe_load(SCRAPE.read_text(encoding="utf-8"))
    (job,) = scrape["scrape_configs"]
    assert {f'job="{job["job_name"]}"'} == {
        match for rule in rules() for match in re.findall(r'job="\w+"', rule["expr"])
    }
    assert scrape["rule_files"] == [RULES.name]


def test_panels_do_not_overlap() -> None:
    cells = [
        (place["x"] + column, place["y"] + row)
        for place in (panel["gridPos"] for panel in panels())
        for column in range(place["w"])
        for row in range(place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_promtool_reads_all_expressions_and_fires_each_alert_when_it_should(tmp_path: Path) -> None:
    if not shutil.which("promtool"):
        pytest.skip("there is no promtool here")
    for file in (RULES, SCRAPE, Path(__file__).parent / "alerts_test.yaml"):
        shutil.copy(file, tmp_path)
    for words in (
        ("check", "rules", RULES.name),
        ("check", "config", SCRAPE.name),
        ("test", "rules", "alerts_test.yaml"),
    ):
        done = subprocess.run(
            ["promtool", *words], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
