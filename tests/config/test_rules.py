"""Rules as settings: read as written, and stored as JSON without a loss."""

from aggregator.settings import SourceSettings
from aggregator.settings.rules import ACTIONS, CONDITIONS, Rule
from aggregator.store.columns import settings_from_text, settings_text
from tests.config.conftest import Load

# As in the contract, section 5.
EXAMPLE = r"""
rules:
  - if: {title: sponsored}
    drop: true
  - unless: {category: [python, django]}
    drop: true
  - if: {author: "^Jane D", words: "<300"}
    tags: [brief]
    categories: [notes]
  - if: {source: example}
    replace: {in: title, find: " \\| The Site$", with: ""}
  - if: {language: de, age: ">7d"}
    keep: true
sources: ['https://example.org/feed.xml']
"""


def test_the_example_is_read(load: Load) -> None:
    first, second, third, fourth, fifth = load(EXAMPLE).rules
    assert first.if_ is not None
    assert (first.if_.title, first.drop) == (("sponsored",), True)
    assert second.unless is not None
    assert second.unless.category == ("python", "django")
    assert (third.tags, third.categories) == (("brief",), ("notes",))
    assert third.if_ is not None
    assert third.if_.words == "<300"
    assert fourth.replace is not None
    assert (fourth.replace.where, fourth.replace.find, fourth.replace.template) == ("title", r" \| The Site$", "")
    assert fifth.if_ is not None
    assert (fifth.if_.age, fifth.keep) == (">7d", True)


def test_rules_of_a_source_are_stored_with_its_settings(load: Load) -> None:
    rules = EXAMPLE.partition("sources:")[0]
    (source,) = load(
        f"sources:\n  - url: https://example.org/\n    {rules.strip().replace(chr(10), chr(10) + '    ')}"
    ).sources
    text = settings_text(source)
    assert '"if":{"title":["sponsored"]}' in text
    del source
    stored = settings_from_text(text)
    assert stored.rules == load(EXAMPLE).rules


def test_rules_can_come_from_the_environment(load: Load) -> None:
    settings = load("sources: ['https://example.org/']", {"AGGREGATOR_RULES": "[{if: {title: x}, drop: true}]"})
    assert settings.rules == (Rule.model_validate({"if": {"title": ["x"]}, "drop": True}),)


def test_names_of_conditions_and_actions_are_those_of_the_file() -> None:
    assert CONDITIONS[:3] == ("title", "text", "author")
    assert ACTIONS == ("drop", "tags", "categories", "replace", "keep")
    assert SourceSettings.model_fields["rules"].default == ()
