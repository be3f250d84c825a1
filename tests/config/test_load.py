"""What a file means: defaults, values, names, paths."""

import sys
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from aggregator import config
from aggregator.errors import ConfigError
from aggregator.model import Source
from aggregator.settings import SourceSettings, secrets
from tests.config.conftest import Faults, Load

MINIMAL = "sources:\n  - https://example.org/feed.xml\n"


def test_a_url_alone_is_enough_and_everything_else_has_its_default(load: Load, tmp_path: Path) -> None:
    settings = load(MINIMAL)
    assert settings.title == "aggregator"
    assert settings.public_url == "http://127.0.0.1:8080/"
    assert settings.storage == str(tmp_path / "storage")
    assert settings.database == f"sqlite:///{tmp_path}/storage/aggregator.db"
    assert settings.articles.path == str(tmp_path / "storage" / "articles")
    assert settings.fetch.interval == timedelta(minutes=30)
    assert settings.fetch.max_bytes == 10_000_000
    assert settings.feeds.formats == ("rss", "atom", "json")
    assert settings.retention is None
    (source,) = settings.sources
    assert (source.name, source.url) == ("example-org", "https://example.org/feed.xml")
    assert source.categories == source.tags == ("example-org",)
    assert source.interval == timedelta(minutes=30)
    assert source.enabled


def test_every_setting_is_read(load: Load) -> None:
    settings = load(
        """
        title: My newsroom                    # of the feeds that go out
        base_url: https://news.example.org/news
        storage: data
        database: postgresql://user:secret@host/name
        fetch:
          interval: 1h
          timeout: 500ms
          concurrency: 8
          per_host: 1
          host_gap: 0s
          min_interval: 0s
          max_bytes: 500kb
          contact: https://example.org/about
          allow_private: [127.0.0.0/8, "::1"]
          unpaced: [News.example.org, "127.0.0.1:8080", "[::1]:80"]
          proxy: http://user:secret@proxy.example.org:3128
        articles:
          path: /srv/blog/content/post
          name: "{year}/{slug}.md"
          front_matter: hugo
          summary_words: 20
        feeds:
          formats: [json]
          limit: 10
          hub: https://hub.example.org/
        dedupe: exact
        websub: never
        retention: 365d
        sources:
          - name: thehill
            url: https://thehill.com/news/feed/
            categories: [Politics, U.S., politics]
            tags: [thehill, news]
            language: en
            interval: 15m
            headers: {Authorization: "Bearer ${HILL_TOKEN}", X-Version: 1.0}
            enabled: false
        """,
        {"HILL_TOKEN": "hill-secret"},
    )
    assert settings.public_url == "https://news.example.org/news/"
    assert settings.database == "postgresql://user:secret@host/name"
    assert settings.fetch.timeout == timedelta(milliseconds=500)
    assert settings.fetch.host_gap == timedelta(0)
    assert settings.fetch.max_bytes == 500_000
    assert settings.fetch.allow_private == ("127.0.0.0/8", "::1/128")
    assert settings.fetch.unpaced == ("news.example.org", "127.0.0.1:8080", "[::1]:80")
    assert settings.articles.path == "/srv/blog/content/post"
    assert settings.retention == timedelta(days=365)
    (source,) = settings.sources
    assert source.categories == ("Politics", "U.S.")  # the third gives the file name of the first
    assert source.tags == ("thehill", "news")
    assert source.headers == {"Authorization": "Bearer ${HILL_TOKEN}", "X-Version": "1.0"}
    assert not source.enabled


def test_secrets_are_known_and_never_shown(load: Load) -> None:
    settings = load(
        "database: postgresql://u:database-canary@h/n\n"
        "fetch: {proxy: 'http://u:proxy-canary@h/'}\n"
        "sources: [{url: 'https://u:url-canary@example.org/', headers: {X-Key: 'Bearer ${KEY}'}}]\n",
        {"KEY": "header-canary"},
    )
    hidden = secrets(settings, {"KEY": "header-canary"})
    assert {"database-canary", "proxy-canary", "url-canary", "header-canary"} <= set(hidden)
    for shown in (repr(settings), str(settings), repr(Source(settings=settings.sources[0]))):
        assert "header-canary" not in shown
        assert "database-canary" not in shown
        assert "proxy-canary" not in shown


def test_an_empty_or_null_setting_is_as_if_left_out(load: Load) -> None:
    settings = load("title:\nfetch:\nretention: null\nbase_url: ~\nfeeds: {hub: Null}\n" + MINIMAL)
    assert settings.title == "aggregator"
    assert settings.retention is None
    assert settings.base_url is None
    assert settings.feeds.hub is None


@pytest.mark.parametrize(
    "word",
    ["no", "yes", "on", "off", "true", "12:30", "1.0", "0x1F", "1_000", "2024-01-01", "null", "~1", "NaN", "=", "010"],
)
def test_words_that_yaml_takes_for_something_else_are_text(load: Load, word: str) -> None:
    settings = load(f"title: {word}\nsources: [{{url: 'https://example.org/', tags: [{word}], category: x-{word}}}]\n")
    assert settings.title == word
    assert settings.sources[0].tags == (word,)


def test_no_is_norwegian(load: Load) -> None:
    assert load("sources: [{url: 'https://example.org/', language: no}]").sources[0].language == "no"


def test_text_in_any_script_and_with_a_byte_order_mark_is_read(load: Load) -> None:
    text = "\ufefftitle: Новости 新闻 📰\r\n" + MINIMAL.replace("\n", "\r\n")
    assert load(text).title == "Новости 新闻 📰"


@pytest.mark.parametrize(
    ("urls", "names"),
    [
        (["https://example.org/feed.xml"], ["example-org"]),
        (["https://www.example.co.uk/a", "https://example.co.uk/b"], ["example-co-uk", "example-co-uk-2"]),
        (
            ["http://127.0.0.1:1/a", "http://127.0.0.1:2/b", "http://127.0.0.1:3/c"],
            ["127-0-0-1", "127-0-0-1-2", "127-0-0-1-3"],
        ),
        (["http://[::1]:8080/feed"], ["1"]),
        (["https://xn--bcher-kva.example/", "https://bücher.example/"], ["bucher-example", "bucher-example-2"]),
        (["https://EXAMPLE.org/"], ["example-org"]),
        (["https://例え.jp/feed"], ["lie-jp"]),
        (["http://all/"], ["all-2"]),  # "all" would be its category, and is taken
        (["http://index/"], ["source"]),
    ],
)
def test_a_source_without_a_name_is_named_by_its_host(load: Load, urls: list[str], names: list[str]) -> None:
    settings = load("sources:\n" + "".join(f"- {url}\n" for url in urls))
    assert [source.name for source in settings.sources] == names


def test_a_written_name_wins_over_a_made_one_wherever_it_stands(load: Load) -> None:
    settings = load(MINIMAL + "  - {name: example-org, url: https://example.net/}\n  - {url: https://example.org/2}\n")
    assert [source.name for source in settings.sources] == ["example-org-2", "example-org", "example-org-3"]


def test_a_long_host_gives_a_name_that_fits(load: Load) -> None:
    host = ".".join(["a" * 60] * 4)
    (source,) = load(f"sources: ['https://{host}/']").sources
    assert source.name is not None
    assert SourceSettings(name=source.name, url="https://example.org/").name == source.name


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("data", "{here}/data"),
        ("./a/../b", "{here}/b"),
        ("/srv/news/", "/srv/news"),
        ("~/news", "{home}/news"),
    ],
)
def test_storage_starts_at_the_file(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, meant: str
) -> None:
    monkeypatch.setenv("HOME", "/home/reader")
    settings = load(f"storage: {written}\n{MINIMAL}")
    storage = meant.format(here=tmp_path, home="/home/reader")
    assert settings.storage == storage
    assert settings.database == f"sqlite:///{storage}/aggregator.db"
    assert settings.articles.path == f"{storage}/articles"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("sqlite:///storage/aggregator.db", "sqlite:///{here}/storage/aggregator.db"),
        ("sqlite:////var/lib/news.db", "sqlite:////var/lib/news.db"),
        ("sqlite:///my%20news%3F.db", "sqlite:///{here}/my news%3F.db"),
        ("sqlite:///news.db?timeout=5", "sqlite:///{here}/news.db?timeout=5"),
        ("postgresql+psycopg://host/name", "postgresql+psycopg://host/name"),
    ],
)
def test_the_database_starts_at_the_file_too(load: Load, tmp_path: Path, written: str, meant: str) -> None:
    assert load(f"database: {written}\n{MINIMAL}").database == meant.format(here=tmp_path)


def test_a_relative_path_to_the_file_gives_absolute_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "feeds.yaml").write_text(MINIMAL)
    monkeypatch.chdir(tmp_path)
    settings = config.load(Path("feeds.yaml"), {})
    assert settings.storage == str(tmp_path / "storage")


@pytest.mark.parametrize(
    "host",
    [
        "example.org",
        "EXAMPLE.org.",
        "127.0.0.1:8080",
        "[::1]",
        "u:p@example.org",
        "a_b.example",
        "bücher.example",
        "localhost",
    ],
)
def test_a_url_is_kept_as_it_is_written(load: Load, host: str) -> None:
    url = f"HTTPS://{host}/feed?b=%20&a=b#c"
    assert load(f"sources: ['{url}']").sources[0].url == url


def test_a_bucket_is_the_storage_and_locks_go_to_a_cache(load: Load) -> None:
    bucket = "storage: s3://news.bucket/some/prefix/\ndatabase: postgresql://user@host/news\n" + MINIMAL
    settings = load(bucket)
    assert (settings.storage, settings.articles.path) == ("s3://news.bucket/some/prefix", "articles")
    assert settings.bucket == settings.storage
    folder = config.local_folder(settings, {"XDG_CACHE_HOME": "/caches"})
    assert folder == Path("/caches/aggregator/news.bucket%2Fsome%2Fprefix")
    assert load(bucket + "articles: {path: posts/news/}\n").articles.path == "posts/news"


def test_both_loaders_of_yaml_give_the_same(load: Load, faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = "titel: a\nfetch: {timeout: 5 parsecs}\n" + MINIMAL
    fast, fast_faults = load("title: 12:30\n" + MINIMAL), faults(bad)
    monkeypatch.setattr(sys.modules["aggregator.config.yaml_document"], "LOADER", yaml.BaseLoader)
    assert load("title: 12:30\n" + MINIMAL) == fast
    assert faults(bad) == fast_faults


def test_ten_thousand_sources_load(load: Load) -> None:
    settings = load("sources:\n" + "".join(f"  - https://example.org/{number}\n" for number in range(10_000)))
    assert settings.sources[-1].name == "example-org-10000"


def test_an_error_names_the_file_as_it_was_given() -> None:
    with pytest.raises(ConfigError, match=r"^nowhere/feeds\.yaml: there is no such file; name another with --config"):
        config.load(Path("nowhere/feeds.yaml"), {})


def test_urls_are_shown_without_literal_secrets(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    urls = ("https://me:1234@a.example/?feed_token=1234", "https://a.example/?token=${TOKEN}")
    path.write_text(
        f"feeds: {{hub: '{urls[0]}'}}\nsources: [{{name: a, url: '{urls[0]}'}}, {{name: b, url: '{urls[1]}'}}]\n"
    )
    shown = {setting.name: setting.value for setting in config.effective_settings(path, {"TOKEN": "1234"})}
    hidden = "https://***@a.example/?feed_token=***"
    assert [shown[name] for name in ("feeds.hub", "sources.a.url", "sources.b.url")] == [hidden, hidden, urls[1]]
