"""The tour and the glossary name only what exists."""

import importlib
import re
from pathlib import Path

import pytest

from tests.cases import for_each

ROOT = Path(__file__).parent.parent
TOUR = (ROOT / "docs" / "tour.md").read_text(encoding="utf-8")
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
MODEL = ("FeedDocument", "NotModified", "Failure", "Feed", "Entry", "Draft")


@for_each("name", sorted(set(re.findall(r"`(aggregator(?:\.\w+)+)`", TOUR + GLOSSARY))))
def test_each_name_exists(name: str) -> None:
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            member = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[length:]:
            member = getattr(member, attribute)
        return
    pytest.fail(f"{name} is nowhere")


@for_each("path", sorted(set(re.findall(r"`(aggregator/[\w/.]+)`", TOUR))))
def test_each_path_exists(path: str) -> None:
    assert (ROOT / path).exists()


@for_each("name", MODEL)
def test_the_types_of_the_flow_are_on_the_tour(name: str) -> None:
    assert f"`{name}`" in TOUR
    assert hasattr(importlib.import_module("aggregator.model"), name)


def test_each_term_of_the_glossary_is_one_row_with_its_place() -> None:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in GLOSSARY.splitlines() if line[:2] == "| "]
    terms = [row[0] for row in rows[1:]]
    assert len(set(terms)) == len(terms)
    assert all(len(row) == 5 and row[2].startswith("`aggregator.") for row in rows[1:])
