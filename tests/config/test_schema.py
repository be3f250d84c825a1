"""The JSON Schema of `feeds.yaml`: what it allows is what `load` takes."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from aggregator import config
from aggregator.config.load import settings_from
from aggregator.config.schema import DIALECT
from aggregator.render import FORMATS, LAYOUTS
from aggregator.settings import Settings, setting_paths
from tests.config.conftest import Faults

SHIPPED = Path(__file__).parent.parent.parent / "feeds.yaml"
SCHEMA = Draft202012Validator(config.schema())

SOURCES = "sources: ['https://example.org/feed.xml']\n"


def objects(schema: Any) -> list[dict[str, Any]]:
    """Every object with properties in the schema."""
    if isinstance(schema, list):
        return [below for part in schema for below in objects(part)]
    if not isinstance(schema, dict):
        return []
    here = [schema] if "properties" in schema else []
    return here + [below for part in schema.values() for below in objects(part)]


def test_it_is_a_schema_of_the_draft_it_names() -> None:
    schema = config.schema()
    assert schema["$schema"] == DIALECT == Draft202012Validator.META_SCHEMA["$id"]
    assert schema["title"] == "feeds.yaml"
    Draft202012Validator.check_schema(schema)


def test_every_object_is_closed_and_every_key_described() -> None:
    parts = objects(config.schema())
    # the file, fetch, articles, feeds, pages, translate, a rule, its conditions, its replacement, a source
    assert len(parts) == 10
    for part in parts:
        assert part["additionalProperties"] is False
        assert part["description"]
        assert all("description" in setting or "$ref" in setting for setting in part["properties"].values())


def test_defaults_are_written_as_in_the_file() -> None:
    fetch = config.schema()["$defs"]["Fetch"]["properties"]
    assert fetch["interval"]["default"] == "30m"
    assert fetch["max_bytes"]["default"] == "10MB"
    assert fetch["allow_private"]["default"] == []


def test_every_setting_is_in_it() -> None:
    schema = config.schema()
    for path, is_list in setting_paths(Settings):
        properties = schema["properties"]
        for section in path[:-1]:
            properties = schema["$defs"][properties[section]["$ref"].rpartition("/")[2]]["properties"]
        assert (properties[path[-1]].get("type") == "array") == is_list


def test_the_limit_of_new_articles_is_a_number_or_null(faults: Faults) -> None:
    for value in ("null", "~", "1", "10000"):
        text = f"sources: [{{url: https://example.org/feed, max_new: {value}}}]"
        assert SCHEMA.is_valid(yaml.safe_load(text)), value
        assert faults(text) == []
    for value in ("0", "-1", "1.5", "many", '"5"'):
        text = f"sources: [{{url: https://example.org/feed, max_new: {value}}}]"
        assert not SCHEMA.is_valid(yaml.safe_load(text)), value
        assert len(faults(text)) == 1
    assert settings_from(text.replace('"5"', "null"), SHIPPED, {}).sources[0].max_new is None
    assert settings_from(text.replace('"5"', ""), SHIPPED, {}).sources[0].max_new == 500


def test_the_choices_are_what_render_offers() -> None:
    schema = config.schema()["$defs"]
    assert schema["Feeds"]["properties"]["formats"]["items"]["enum"] == [offered.name for offered in FORMATS]
    assert schema["Articles"]["properties"]["front_matter"]["enum"] == list(LAYOUTS)


def test_the_shipped_file_is_valid_and_loads() -> None:
    SCHEMA.validate(yaml.safe_load(SHIPPED.read_text(encoding="utf-8")))
    settings = config.load(SHIPPED, {})
    assert 15 <= len(settings.sources) <= 20
    assert settings.sources[0].name == "thehill"
    assert settings.sources[0].url == "https://thehill.com/news/feed/"
    categories = {source.category or (source.categories or ("",))[0] for source in settings.sources}
    assert 4 <= len(categories) <= 6  # The Hill's is its name, as in the model article
    assert settings.storage == str(SHIPPED.parent / "storage")


@pytest.mark.parametrize(
    "text",
    [
        SOURCES,
        "sources: [{url: 'https://example.org/'}]",
        "sources: ['HTTP://EXAMPLE.org/', {url: 'https://a.example/', category: null, tags: []}]",
        "base_url: null\nretention: null\ndatabase: 'sqlite:///a.db'\n" + SOURCES,
        "fetch: {host_gap: 0s, max_bytes: 1b, allow_private: ['10.0.0.0/8', '::1'], proxy: null}\n" + SOURCES,
        "feeds: {formats: [json], limit: 1, hub: null}\narticles: {front_matter: zola}\n" + SOURCES,
        "sources: [{url: 'https://a.example/', language: pt-BR, enabled: false, headers: {X-A: b}}]",
        "rules: [{if: {title: a, words: '<5', age: '> 7d'}, drop: true}, {unless: {text: [a, b]}, keep: true}]\n"
        + SOURCES,
        "sources: [{url: 'https://a.example/', rules: [{tags: [a], replace: {in: title, find: ' b', with: ''}}]}]",
    ],
)
def test_what_it_allows_is_read(faults: Faults, text: str) -> None:
    assert SCHEMA.is_valid(yaml.safe_load(text))
    assert faults(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "sources: []",
        "sources: null",
        "title: x",
        "sources: 'https://example.org/'",
        "sources: [5]",
        "sources: [[]]",
        "sources: [example.org]",
        "sources: [{name: a}]",
        "sources: [{url: 'ftp://example.org/'}]",
        "sources: [{url: 'https://a.example/', name: The Hill}]",
        "sources: [{url: 'https://a.example/', category: a, categories: [b]}]",
        "sources: [{url: 'https://a.example/', categories: []}]",
        "sources: [{url: 'https://a.example/', categories: a}]",
        "sources: [{url: 'https://a.example/', category: '!?'}]",
        "sources: [{url: 'https://a.example/', category: [a]}]",
        "sources: [{url: 'https://a.example/', tags: a}]",
        "sources: [{url: 'https://a.example/', enabled: 'true'}]",
        "sources: [{url: 'https://a.example/', language: English}]",
        "sources: [{url: 'https://a.example/', interval: 15}]",
        "sources: [{url: 'https://a.example/', headers: x}]",
        "sources: [{url: 'https://a.example/', headers: {'a b': x}}]",
        "sources: [{url: 'https://a.example/', headers: {a: [x]}}]",
        "sources: [{url: 'https://a.example/', timeout: 5s}]",
        "titel: x\n" + SOURCES,
        "title: [x]\n" + SOURCES,
        "title: ''\n" + SOURCES,
        "base_url: news.example.org\n" + SOURCES,
        "database: mysql://x\n" + SOURCES,
        "dedupe: nearly\n" + SOURCES,
        "retention: forever\n" + SOURCES,
        "retention: 0d\n" + SOURCES,
        "fetch: 5\n" + SOURCES,
        "fetch: [x]\n" + SOURCES,
        "fetch: {interval: 5 parsecs}\n" + SOURCES,
        "fetch: {interval: [5s]}\n" + SOURCES,
        "fetch: {concurrency: '8'}\n" + SOURCES,
        "fetch: {concurrency: 0}\n" + SOURCES,
        "fetch: {concurrency: 1.5}\n" + SOURCES,
        "fetch: {concurrency: many}\n" + SOURCES,
        "fetch: {max_bytes: 10}\n" + SOURCES,
        "fetch: {contact: my page}\n" + SOURCES,
        "fetch: {allow_private: 127.0.0.0/8}\n" + SOURCES,
        "fetch: {allow_private: [localhost]}\n" + SOURCES,
        "fetch: {unpaced: [a b]}\n" + SOURCES,
        "fetch: {proxy: 'socks5://a'}\n" + SOURCES,
        "articles: {summary_words: 5000}\n" + SOURCES,
        "articles: {front_matter: toml}\n" + SOURCES,
        "feeds: {formats: []}\n" + SOURCES,
        "feeds: {formats: [rss, atm]}\n" + SOURCES,
        "feeds: {limit: yes}\n" + SOURCES,
        "rules: {drop: true}\n" + SOURCES,
        "rules: [{if: {title: a}}]\n" + SOURCES,
        "rules: [{if: {}, drop: true}]\n" + SOURCES,
        "rules: [{if: {titel: a}, drop: true}]\n" + SOURCES,
        "rules: [{if: {title: []}, drop: true}]\n" + SOURCES,
        "rules: [{if: {words: 100}, drop: true}]\n" + SOURCES,
        "rules: [{if: {age: '>7'}, drop: true}]\n" + SOURCES,
        "rules: [{drop: false}]\n" + SOURCES,
        "rules: [{tags: []}]\n" + SOURCES,
        "rules: [{replace: {in: body, find: a, with: b}}]\n" + SOURCES,
        "rules: [{replace: {in: text, find: a}}]\n" + SOURCES,
        "sources: [{url: 'https://a.example/', rules: [{drp: true}]}]",
    ],
)
def test_what_load_refuses_it_refuses(faults: Faults, text: str) -> None:
    assert faults(text)
    assert not SCHEMA.is_valid(yaml.safe_load(text))
