"""Settings from the environment."""

from datetime import timedelta

import pytest

from tests.config.conftest import Faults, Load

FILE = "title: From the file\nfetch: {timeout: 9s}\nsources: [https://example.org/feed.xml]\n"


def test_the_environment_wins_over_the_file(load: Load) -> None:
    settings = load(
        FILE,
        {
            "AGGREGATOR_TITLE": "yes: no",
            "AGGREGATOR_FETCH__TIMEOUT": "5s",
            "AGGREGATOR_FETCH__PER_HOST": "3",
            "AGGREGATOR_FETCH__ALLOW_PRIVATE": "[127.0.0.0/8, fd00::/8]",
            "AGGREGATOR_FEEDS__FORMATS": "[rss]",
            "AGGREGATOR_DATABASE": "postgresql://u:p@h/n",
        },
    )
    assert settings.title == "yes: no"
    assert settings.fetch.timeout == timedelta(seconds=5)
    assert settings.fetch.per_host == 3
    assert settings.fetch.allow_private == ("127.0.0.0/8", "fd00::/8")
    assert settings.feeds.formats == ("rss",)
    assert settings.database == "postgresql://u:p@h/n"


def test_null_unsets_what_the_file_sets(load: Load) -> None:
    settings = load("retention: 7d\n" + FILE, {"AGGREGATOR_RETENTION": "null"})
    assert settings.retention is None


def test_a_variable_without_text_is_not_set(load: Load) -> None:
    assert load(FILE, {"AGGREGATOR_TITLE": "", "AGGREGATOR_UNKNOWN": ""}).title == "From the file"


@pytest.mark.parametrize(
    ("variable", "value", "fault"),
    [
        ("AGGREGATOR_FETCH__TIMEOUT", "5 parsecs", "`5 parsecs` is no duration"),
        ("AGGREGATOR_FETCH__PER_HOST", "0", "`0` is too little for `fetch.per_host`"),
        ("AGGREGATOR_FETCH__ALLOW_PRIVATE", "127.0.0.0/8", "`fetch.allow_private` takes a list"),
        ("AGGREGATOR_FETCH__ALLOW_PRIVATE", "[10.0.0.0/8, x]", "`x` is no network"),
        ("AGGREGATOR_FETCH__ALLOW_PRIVATE", "[10.0.0.0/8", "this is no YAML"),
        ("AGGREGATOR_FETCH__ALLOW_PRIVATE", "[\udc80]", "a control character"),
        ("AGGREGATOR_TITLE", "a\nb", "`title` holds a control character"),
        ("AGGREGATOR_TITEL", "x", "is no setting; did you mean AGGREGATOR_TITLE?"),
        ("AGGREGATOR_FETCH_TIMEOUT", "5s", "is no setting; did you mean AGGREGATOR_FETCH__TIMEOUT?"),
        ("AGGREGATOR_fetch__timeout", "5s", "is no setting; did you mean AGGREGATOR_FETCH__TIMEOUT?"),
        ("AGGREGATOR_FETCH__TIMOUT", "5s", "is no setting; did you mean AGGREGATOR_FETCH__TIMEOUT?"),
        ("AGGREGATOR_FETCH", "{timeout: 5s}", "names a section; write one of its settings, such as AGGREGATOR_FETCH__"),
        ("AGGREGATOR_SOURCES", "[]", "sources stand in the file alone"),
        ("AGGREGATOR_ARTICLES__AFTER", "[hugo]", "stands in the file alone; take the variable out"),
        ("AGGREGATOR_ARTICLES__NAME", "{foo}.md", "`articles.name` has no field {foo}"),
        ("AGGREGATOR_ARTICLES__PATH", "feeds", "`feeds` lies in the folder of the feeds in `storage`"),
        ("AGGREGATOR_RULES", "[{drop: true, drop: true}]", "`drop` stands here again"),
    ],
)
def test_a_bad_variable_is_a_fault_that_names_it(faults: Faults, variable: str, value: str, fault: str) -> None:
    (message,) = faults(FILE, {variable: value})
    assert message.startswith(f"{variable}: {fault}")


def test_variables_that_mean_something_else_are_left_alone(load: Load) -> None:
    load(
        "sources: [{url: 'https://example.org/', headers: {X-A: '${AGGREGATOR_TOKEN}'}}]",
        {
            "AGGREGATOR_CONFIG": "feeds.yaml",
            "AGGREGATOR_LOG": "json",
            "AGGREGATOR_TOKEN": "a secret that a header uses",
            "AGGREGATOR_SERVICE_HOST": "10.0.0.1",  # Kubernetes says these of a service called "aggregator"
            "AGGREGATOR_SERVICE_PORT_HTTP": "80",
            "AGGREGATOR_PORT": "tcp://10.0.0.1:80",
            "AGGREGATOR_PORT_80_TCP_ADDR": "10.0.0.1",
            "AGGREGATORS": "x",
        },
    )


def test_faults_of_file_and_environment_come_together(faults: Faults) -> None:
    messages = faults("titel: x\n" + FILE, {"AGGREGATOR_X": "1", "AGGREGATOR_FETCH__TIMEOUT": "x"})
    assert [line.partition(" ")[0] for line in messages] == ["1:1:", "AGGREGATOR_X:", "AGGREGATOR_FETCH__TIMEOUT:"]


def test_a_section_that_is_none_keeps_its_fault(faults: Faults) -> None:
    (message,) = faults("fetch: 5\nsources: [https://example.org/]\n", {"AGGREGATOR_FETCH__TIMEOUT": "5s"})
    assert message.startswith("1:8: `fetch` takes settings below it")
