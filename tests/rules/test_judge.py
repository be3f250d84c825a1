"""Rules by a table: an entry, rules as in the file, and what is published of it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from aggregator.model import AppliedRule, Draft, Enclosure, Person, Ruling, Term
from aggregator.rules import ACTIONS, CONDITIONS, judge
from aggregator.settings import rules as settings
from aggregator.settings.rules import Rule
from tests.cases import for_each

PUBLISHED = datetime(2026, 11, 20, 12, tzinfo=UTC)
RULES = TypeAdapter(tuple[Rule, ...])


def draft(**changes: Any) -> Draft:
    values: dict[str, Any] = {
        "source_id": 1,
        "guid": None,
        "guid_key": None,
        "link": "https://example.org/2026/a-story",
        "link_key": "https://example.org/2026/a-story",
        "title": "A Story | The Site",
        "html": "<p>One <b>bold</b> word, and\nmore.</p>\n<ul><li>Café</li></ul>",
        "markdown": "One **bold** word, and more.\n\n- Café",
        "summary": "One bold word, and more. Café",
        "language": "en",
        "published": PUBLISHED,
        "updated": PUBLISHED,
        "first_seen": PUBLISHED + timedelta(days=3),
        "position": 0,
        "authors": (Person(name="Jane Doe"), Person(email="joe@example.org")),
        "enclosures": (Enclosure(url="https://example.org/a.mp3", type="audio/mpeg"),),
        "terms": (Term(term="tech/python", label="Python"), Term(term="news")),
    }
    return Draft(**(values | changes))


def ruling(rules: list[Any], entry: Draft | None = None) -> Ruling:
    return judge(entry or draft(), "example", RULES.validate_python(rules), 50)


@for_each(
    ("condition", "value", "holds"),
    [
        ("title", "STORY", True),  # searched, without regard to case
        ("title", "^story", False),
        ("title", ["nothing", "^a"], True),  # one of a list
        ("title", ["nothing", "none"], False),
        ("text", "one bold word", True),  # across markup
        ("text", "and more", True),  # across a line end of the HTML
        ("text", "CAFÉ", True),
        ("text", "more.*Café", False),  # blocks are lines
        ("text", "(?s)more.*Café", True),
        ("text", "(?m)^café$", True),
        ("text", "<b>", False),
        ("author", "^Jane D", True),
        ("author", "joe@", True),
        ("author", "smith", False),
        ("category", "^python$", True),  # its label
        ("category", "^news$", True),
        ("category", ["django", "^tech/"], True),
        ("category", "sports", False),
        ("link", "/2026/", True),
        ("link", "^http:", False),
        ("source", "^example$", True),
        ("source", "other", False),
        ("language", "^en$", True),
        ("language", "de", False),
        ("enclosure", "^audio/", True),
        ("enclosure", "video", False),
        ("words", "<7", True),
        ("words", "<6", False),
        ("words", ">5", True),
        ("words", ">6", False),
        ("age", ">2d", True),
        ("age", ">3d", False),
        ("age", "<73h", True),
        ("age", "<1h", False),
    ],
)
def test_conditions(condition: str, value: Any, holds: bool) -> None:
    assert ruling([{"if": {condition: value}, "drop": True}]).dropped is holds
    assert ruling([{"unless": {condition: value}, "drop": True}]).dropped is not holds


@pytest.mark.parametrize("condition", ["author", "category", "language", "enclosure"])
def test_nothing_matches_what_an_entry_does_not_have(condition: str) -> None:
    bare = draft(authors=(), terms=(), language=None, enclosures=(Enclosure(url="https://example.org/a"),))
    assert not ruling([{"if": {condition: ".*"}, "drop": True}], bare).dropped


def test_an_empty_text_can_be_matched() -> None:
    assert ruling([{"if": {"text": "^$", "words": "<1"}, "drop": True}], draft(html="")).dropped


def test_words_of_scripts_without_blanks_are_counted_by_characters() -> None:
    assert ruling([{"if": {"words": ">5"}, "drop": True}], draft(html="<p>漢字漢字漢字</p>")).dropped


def test_an_entry_from_the_future_has_no_age() -> None:
    entry = draft(published=PUBLISHED + timedelta(days=9))
    assert ruling([{"if": {"age": "<1s"}, "drop": True}], entry).dropped
    assert not ruling([{"if": {"age": ">0s"}, "drop": True}], entry).dropped


def test_a_lone_surrogate_of_a_json_feed_does_no_harm() -> None:
    assert ruling([{"if": {"title": "story"}, "drop": True}], draft(title="\ud800 story")).dropped


@for_each(
    ("rule", "applies"),
    [
        ({}, True),
        ({"if": {"title": "story", "language": "en"}}, True),
        ({"if": {"title": "story", "language": "de"}}, False),  # all must hold
        ({"unless": {"title": "story", "language": "de"}}, True),  # not all hold
        ({"unless": {"title": "story", "language": "en"}}, False),
        ({"if": {"title": "story"}, "unless": {"language": "de"}}, True),
        ({"if": {"title": "story"}, "unless": {"language": "en"}}, False),
        ({"if": {"title": "none"}, "unless": {"language": "de"}}, False),
    ],
)
def test_if_and_unless(rule: dict[str, Any], applies: bool) -> None:
    assert ruling([{**rule, "drop": True}]).dropped is applies


@for_each(
    ("rules", "expected"),
    [
        ([], Ruling()),
        ([{"tags": ["a", "b"]}, {"tags": ["b", "c"]}], Ruling(tags=("a", "b", "c"))),
        ([{"categories": ["Notes"]}, {"categories": ["notes", "Long"]}], Ruling(categories=("Notes", "Long"))),
        ([{"keep": True}, {"drop": True}], Ruling()),
        ([{"tags": ["a"], "keep": True}, {"tags": ["b"]}], Ruling(tags=("a",))),
        ([{"drop": True}, {"keep": True, "tags": ["a"]}], Ruling(dropped=True)),
        ([{"tags": ["a"]}, {"drop": True}], Ruling(dropped=True, tags=("a",))),
        ([{"if": {"title": "none"}, "keep": True}, {"drop": True}], Ruling(dropped=True)),
    ],
)
def test_actions_in_their_order(rules: list[Any], expected: Ruling) -> None:
    actual = ruling(rules)
    assert (actual.dropped, actual.tags, actual.categories) == (expected.dropped, expected.tags, expected.categories)
    assert actual.text is None


def test_it_says_which_rules_applied_and_what_they_do() -> None:
    rules = [
        {"if": {"title": "none"}, "drop": True},
        {"tags": ["a"], "categories": ["b"]},
        {"keep": True},
        {"drop": True},
    ]
    assert ruling(rules).applied == (
        AppliedRule(number=1, actions=("tags", "categories")),
        AppliedRule(number=2, actions=("keep",)),
    )


@for_each(
    ("find", "template", "title"),
    [
        (r" \| The Site$", "", "A Story"),
        ("story", "x", "A Story | The Site"),  # case counts
        ("(A) (Story)", r"\2 \1", "Story A | The Site"),
        ("(A)(x)? ", r"\1\2-", "A-Story | The Site"),
        ("A", r"\0\\", "A\\ Story | The Site"),
        ("$", "!", "A Story | The Site!"),
        ("^", "é: ", "é: A Story | The Site"),
        ("Story", "<b>  x", "A <b> x | The Site"),  # one line of plain text
        (".*", "", "One bold word, and more. Café"),  # a title there must be
    ],
)
def test_replacement_in_a_title(find: str, template: str, title: str) -> None:
    text = ruling([{"replace": {"in": "title", "find": find, "with": template}}]).text
    if title == draft().title:
        assert text is None
    else:
        assert text is not None
        assert (text.title, text.html, text.summary) == (title, draft().html, draft().summary)


@for_each(
    ("html", "find", "template", "expected"),
    [
        ("<p>Hi you</p>", "you", "all", "<p>Hi all</p>"),
        ("<p>A b</p>\n<p>A c</p>", "^A ", "", "<p>b</p>\n<p>c</p>"),  # block by block
        ("<p>Read <b>all</b> of it</p>", "Read all of", "See", "<p>See<b></b> it</p>"),  # across markup, which stays
        ("<p>x\n y</p>", "x y", "z", "<p>z</p>"),  # white space is one blank
        ("<pre>x\n y</pre>", "x\n y", "z", "<pre>z</pre>"),  # but where it counts
        ('<p><a href="https://x.example/b">b</a> b</p>', "b", "c", '<p><a href="https://x.example/b">c</a> c</p>'),
        ("<p>p</p>", "p", "q", "<p>q</p>"),
        ("<p>a &lt; b</p>", "<", "<script>", "<p>a &lt;script&gt; b</p>"),  # never markup
        ("<p>a &amp; b</p>", "&amp;", "x", None),  # what is seen is searched
        ("<p>a&nbsp;b c</p>", "c", "d", "<p>a&nbsp;b d</p>"),
        ("<p>a<br>b</p>", "b$", "c", "<p>a<br>c</p>"),
        ("<p>1</p>\n<p>2</p>", "3", "4", None),
    ],
)
def test_replacement_in_a_text(html: str, find: str, template: str, expected: str | None) -> None:
    text = ruling([{"replace": {"in": "text", "find": find, "with": template}}], draft(html=html)).text
    assert (text and text.html) == expected


def test_markdown_and_summary_follow_a_replaced_text() -> None:
    text = ruling([{"replace": {"in": "text", "find": "bold", "with": "*new*"}}]).text
    assert text is not None
    assert text.title == draft().title
    assert text.markdown == "One **\\*new\\*** word, and more.\n\n- Café"
    assert text.summary == "One *new* word, and more. Café"


def test_later_rules_see_what_earlier_ones_replaced() -> None:
    replacement = {"replace": {"in": "text", "find": "bold", "with": "sponsored"}}
    assert ruling([replacement, {"if": {"text": "one sponsored word"}, "drop": True}]).dropped
    assert not ruling([{"if": {"text": "sponsored"}, "drop": True}, replacement]).dropped


@pytest.mark.parametrize(
    ("letters", "template"), [(100, "x" * 20_000), (6000, "y")], ids=["too long", "too many replacements"]
)
def test_a_text_that_replacements_would_blow_up_stays(letters: int, template: str) -> None:
    entry = draft(html=f"<p>{'a' * letters}</p>", title="b" * 10)
    assert ruling([{"replace": {"in": "text", "find": "a", "with": template}}], entry).text is None


def test_a_long_text_with_many_parts_is_replaced_in_time() -> None:
    html = "<p>" + "<b>a</b> " * 4000 + "</p>"
    text = ruling([{"replace": {"in": "text", "find": "a", "with": "b"}}], draft(html=html)).text
    assert text is not None
    assert text.html == html.replace("a", "b").replace(" </p>", " </p>")


def test_every_condition_and_action_of_the_settings_is_in_the_registries() -> None:
    assert set(CONDITIONS) == set(settings.CONDITIONS)
    assert set(ACTIONS) == set(settings.ACTIONS)
    assert json.loads(RULES.validate_python([{"drop": True}])[0].model_dump_json(exclude_defaults=True)) == {
        "drop": True
    }
