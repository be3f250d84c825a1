"""The reference describes every command, option, address, key of the front matter and exit status."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from starlette.routing import Route

from aggregator.errors import AggregatorError
from aggregator.render.front_matter import LAYOUTS, front_matter
from aggregator.serve import Health, Metrics, site
from aggregator.status import source_status
from tests.docs import generated
from tests.docs.markdown import first_cells
from tests.newsroom import newsroom
from tests.render.examples import UPDATED, article

KEYS = ("author", "canonical", "audio", "image_credit")  # the values of articles.keys


@pytest.mark.parametrize("path", generated.PAGES, ids=lambda path: path.parent.name + "/" + path.name)
def test_generated_pages_are_current(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == generated.PAGES[path](), "run `make docs`"


def test_every_address_is_described(tmp_path: Path) -> None:
    with newsroom(tmp_path, ["https://example.org/feed.xml"]).opened() as app:
        routes = site(app, Health(app.clock), Metrics()).routes
        (source,) = app.store.sources.overview(app.clock())
    paths = {route.path for route in routes if isinstance(route, Route)}
    described = first_cells("docs/http.md")
    assert {cell for cell in described if cell.startswith("/")} == paths
    keys = [cell for cell in described if re.fullmatch("[a-z_]+", cell)]
    assert sorted(keys) == sorted(source_status(source))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_key_of_the_front_matter_is_described(layout: str) -> None:
    described = first_cells("docs/front-matter.md", layout)
    assert set(described) == _keys(front_matter(article(edited=UPDATED), layout, KEYS))
    assert set(first_cells("docs/front-matter.md", "Keys of articles.keys")) == set(KEYS)


def test_every_exit_status_is_described() -> None:
    statuses, classes = {0, 130}, [AggregatorError]
    for error in classes:
        statuses.add(error.status)
        classes += error.__subclasses__()
    assert {int(cell) for cell in first_cells("docs/exit-codes.md")} == statuses


def _keys(text: str) -> set[str]:
    if text.startswith("+++"):
        head = tomllib.loads(text.strip("+\n"))
        tables = {name: head.pop(name) for name in ("taxonomies", "extra")}
        return {*head, *(f"{name}.{key}" for name, table in tables.items() for key in table)}
    return set(yaml.safe_load(text.strip("-\n")))
