"""Settings as a cluster stores them, and as its workers read them."""

from pathlib import Path
from typing import Any

import pytest

from aggregator import config
from aggregator.config.rows import settings_from_rows
from aggregator.errors import ConfigError
from aggregator.settings import Settings
from aggregator.settings.features import Features
from aggregator.settings.stored import StoredSettings, stored_settings
from tests.config.conftest import Load

FULL = """
title: My newsroom
base_url: https://news.example.org/
storage: shared
database: postgresql://user:pass@db/news
fetch: {interval: 7m, timeout: 9s, concurrency: 5, per_host: 3, host_gap: 250ms, min_interval: 1m, max_bytes: 3MB,
  contact: https://example.org/us, allow_private: [127.0.0.0/8], unpaced: [own.example], max_in_flight_bytes: 50MB}
articles: {path: posts, front_matter: hugo, summary_words: 30, after: [hugo]}
feeds: {formats: [rss, atom], limit: 7, hub: https://hub.example/}
dedupe: exact
websub: never
retention: 365d
pages: {pictures: off, timezone: Europe/Berlin, picture_cache: 20MB}
translate: {url: https://translate.example/, key: "${TRANSLATE_KEY}"}
rules: [{if: {title: sponsored, words: "<30"}, drop: true}]
sources:
  - {url: "https://example.org/feed.xml?key=${FEED_KEY}", full_text: true}
  - {url: https://example.com/feed.xml, headers: {Authorization: "Bearer ${TOKEN}"}, translate: [de]}
"""
VALUES = {"FEED_KEY": "feed-secret", "TOKEN": "token-secret", "TRANSLATE_KEY": "translate-secret"}


def read(text: str, folder: Path, **environ: str) -> Settings:
    return settings_from_rows(StoredSettings.model_validate_json(text), environ, folder)


def test_a_worker_has_the_settings_of_the_file(load: Load, tmp_path: Path) -> None:
    settings = load(FULL, VALUES)
    text = stored_settings(settings)
    elsewhere = tmp_path / "elsewhere"
    worker = read(text, elsewhere, AGGREGATOR_DATABASE="postgresql://worker@db/news", TRANSLATE_KEY="of the worker")
    of_file = settings.model_copy(
        update={
            "sources": (),
            "database": "postgresql://worker@db/news",
            "articles": settings.articles.model_copy(update={"after": None}),
        }
    )
    assert worker.model_dump() == of_file.model_dump()
    assert StoredSettings.model_validate_json(text).features == Features.of(settings)
    assert Features.of(settings) == Features(rules=True, rules_on_text=True, full_text=True, translations=True)


def test_nothing_secret_and_nothing_of_the_environment_is_stored(load: Load) -> None:
    environ = VALUES | {"AGGREGATOR_TITLE": "Of the environment", "AGGREGATOR_FETCH__TIMEOUT": "3s"}
    text = stored_settings(load(FULL, environ))
    for absent in (*VALUES.values(), "Of the environment", "user:pass", "3s", "hugo]"):
        assert absent not in text
    assert "${TRANSLATE_KEY}" in text
    stored = StoredSettings.model_validate_json(text)
    assert stored.settings["title"] == "My newsroom"
    assert stored.settings["fetch"]["timeout"] == "9s"
    assert stored.variables == ("FEED_KEY", "TOKEN", "TRANSLATE_KEY")


def test_what_only_the_environment_mends_in_the_file_is_left_out(load: Load) -> None:
    file = "title: Mine\nfetch: {timeout: soon}\nsources: [https://example.org/]\n"
    text = stored_settings(load(file, {"AGGREGATOR_FETCH__TIMEOUT": "3s"}))
    assert StoredSettings.model_validate_json(text).settings.keys() == {"title", "storage"}


@pytest.mark.parametrize(
    ("section", "setting", "secret"),
    [
        ("fetch: {proxy: 'http://me:hidden@proxy.example:3128'}", "AGGREGATOR_FETCH__PROXY", "http://proxy.example/"),
        ("translate: {url: 'http://me:hidden@t.example/'}", "AGGREGATOR_TRANSLATE__URL", "http://t.example/"),
        ("translate: {url: http://t.example/, key: hidden}", "AGGREGATOR_TRANSLATE__KEY", "key"),
    ],
)
def test_a_worker_is_told_which_secret_it_lacks(
    load: Load, tmp_path: Path, section: str, setting: str, secret: str
) -> None:
    text = stored_settings(load(f"{section}\nsources: [https://example.org/]\n"))
    assert "hidden" not in text
    with pytest.raises(ConfigError, match=f"{setting}: .* is a secret, which is not stored; set {setting} here too"):
        read(text, tmp_path)
    assert read(text, tmp_path, **{setting: secret})


def test_the_environment_of_a_worker_wins_and_its_faults_are_named(load: Load, tmp_path: Path) -> None:
    text = stored_settings(load("fetch: {timeout: 9s}\nsources: ['https://example.org/?k=${AGGREGATOR_K}']\n", K))
    worker = read(text, tmp_path, AGGREGATOR_FETCH__CONCURRENCY="7", AGGREGATOR_STORAGE="own", AGGREGATOR_K="x")
    assert (worker.fetch.concurrency, worker.storage) == (7, str(tmp_path / "own"))
    with pytest.raises(ConfigError, match=r"AGGREGATOR_FETCH__TIMEOUT: .*`soon` is no duration"):
        read(text, tmp_path, AGGREGATOR_FETCH__TIMEOUT="soon")
    with pytest.raises(ConfigError, match="AGGREGATOR_TITEL: is no setting"):
        read(text, tmp_path, AGGREGATOR_TITEL="x")
    with pytest.raises(ConfigError, match=r"AGGREGATOR_ARTICLES__NAME: .*has no field \{foo\}"):
        read(text, tmp_path, AGGREGATOR_ARTICLES__NAME="{foo}.md")
    with pytest.raises(ConfigError, match=r"AGGREGATOR_STORAGE: .*`~nobody-here/x` begins at a home"):
        read(text, tmp_path, AGGREGATOR_STORAGE="~nobody-here/x")


K: dict[str, Any] = {"AGGREGATOR_K": "value"}


def test_who_does_not_fetch_needs_no_secrets(load: Load, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="FEED_KEY"):
        load(FULL)
    settings = config.load(tmp_path / "feeds.yaml", {}, has_secrets=False)
    assert stored_settings(settings) == stored_settings(load(FULL, VALUES))
