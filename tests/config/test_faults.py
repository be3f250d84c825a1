"""Every fault in one run, each with line and column, what is wrong and what to write."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from aggregator import config
from aggregator.config.yaml_document import Positions
from aggregator.errors import ConfigError, Fault
from tests.config.conftest import Faults
from tests.thorough import examples

SOURCES = "sources: [https://example.org/feed.xml]\n"
DATABASE = "database: postgresql://user@host/news\n"
BUCKET = DATABASE + "storage: s3://bucket\n"


def test_every_fault_comes_in_one_run_in_the_order_of_the_file(faults: Faults) -> None:
    messages = faults(
        """\
titel: News
fetch:
  timout: 5s
  timeout: 5 parsecs
  per_host: 5000
  timeout: 5s
sources:
  - name: The Hill
    url: https://thehill.com/news/feed/
  - url: https://example.org/a b
    categry: x
  - name: b
"""
    )
    assert messages == [
        "1:1: `titel` is no setting; did you mean `title`?",
        "3:3: `fetch.timout` is no setting; did you mean `timeout`?",
        "4:12: `5 parsecs` is no duration; write a whole number and a unit, such as 30s, 15m, 6h or 7d",
        "5:13: `5000` is too much for `fetch.per_host`; write 100 or less",
        "6:3: `timeout` stands here again, first in line 4; keep one of them",
        "8:11: `The Hill` is no name; write small letters, digits and dashes (at most 80): the-hill",
        "10:10: `sources.url` has a blank in it; write it as %20",
        "11:5: `sources.categry` is no setting; did you mean `category`?",
        "12:5: `url` is missing: a source needs its feed's address; write `url: https://example.org/feed.xml`",
    ]


def test_faults_of_rules_say_where_they_are_and_what_to_write(faults: Faults) -> None:
    messages = faults(
        r"""
rules:
  - if: {title: "(a"}
    drop: true
  - if: {title: [good, "(?=x)"], titel: x}
    drp: true
  - if: {words: 100, age: ">7"}
    drop: false
  - if: {}
    keep: true
  - unless: {source: x}
  - title: x
    drop: true
  - replace: {in: body, find: "(a)", with: \2}
  - replace: {in: text, find: a, with: \n}
  - replace: {in: title}
sources:
  - url: https://example.org/
    rules:
      - categories: [all]
        if: {text: []}
      - drop
"""
    )
    refused = "put it right (RE2 has no look-around and no backreferences)"
    assert messages == [
        f"3:17: `(a` is no expression in RE2's syntax: missing ): (a; {refused}",
        f"5:24: `(?=x)` is no expression in RE2's syntax: invalid perl operator: (?=; {refused}",
        "5:34: `rules.if.titel` is no setting; did you mean `title`?",
        "6:5: `rules.drp` is no setting; did you mean `drop`?",
        '7:17: `100` is no number of words to compare with; write "<100" or ">2000"',
        '7:27: `>7` is no age to compare with; write ">7d" or "<12h"',
        "8:11: `rules.drop` takes true; leave the line out if it is not wanted",
        "9:9: `rules.if` holds no condition; write one, such as {title: sponsored}, or leave it out",
        "11:5: `rules` has a rule without an action; write one of drop, tags, categories, replace, keep",
        "12:5: `rules.title` is no setting; did you mean `if.title`?",
        "14:19: `body` is no value of `rules.replace.in`; write 'title' or 'text'",
        "14:44: `rules.replace.with` refers to group 2, but `find` has 1; put parentheses around that part of it",
        r"15:40: `rules.replace.with` has a backslash before something else than a digit or a backslash; "
        r"write \\ for a backslash",
        "16:14: `find` is missing: write the expression of what is replaced",
        '16:14: `with` is missing: write the text that takes its place, `with: ""` for none',
        "20:22: `all` is taken: that feed holds the articles of all categories; write another name",
        "21:20: `sources.rules.if.text` is an empty list; write at least one, or leave the line out",
        "22:9: `sources.rules` takes settings below it, each `key: value`, not `drop`",
    ]


def test_an_expression_of_several_lines_is_a_fault_on_one(faults: Faults) -> None:
    (message,) = faults("rules:\n  - drop: true\n    if:\n      title: |\n        (a\n        b\n" + SOURCES)
    assert message == (
        r"4:14: `(a\u000ab\u000a` is no expression in RE2's syntax: missing ): (a b; "
        "put it right (RE2 has no look-around and no backreferences)"
    )


def test_a_rule_outside_a_list_is_explained(faults: Faults) -> None:
    messages = faults("rules: {drop: true}\n" + SOURCES)
    assert messages == ["1:8: `rules` takes a list; write `- ` before each rule: `  - if: {title: sponsored}`"]


def test_a_comparison_without_quotes_is_explained(faults: Faults) -> None:
    messages = faults("rules:\n  - if: {words: >2000}\n    drop: true\n" + SOURCES)
    assert messages == ["2:17: a value cannot begin with `>`; put it in quotes"]


class _Counted(list[Any]):
    """A list that counts how often it was gone through."""

    times = 0

    def __iter__(self) -> Iterator[Any]:
        self.times += 1
        return super().__iter__()

    def __reversed__(self) -> Iterator[Any]:
        self.times += 1
        return super().__reversed__()


def test_a_thousand_faults_are_placed_by_going_through_the_file_once() -> None:
    positions = Positions("".join(f"k{number}: x\n" for number in range(1000)))
    pairs = positions._root.value = _Counted(positions._root.value)
    lines = [positions.of((f"k{number}",), key=True).line for number in range(1000)]
    assert lines == list(range(1, 1001))
    assert pairs.times == 1  # each time anew, 100,000 unknown keys took six minutes


def test_an_error_is_status_2_and_its_faults_are_values(tmp_path: Path) -> None:
    file = tmp_path / "feeds.yaml"
    file.write_text("sources: []\n")
    with pytest.raises(ConfigError) as caught:
        config.load(file, {})
    assert caught.value.status == 2
    message = "`sources` is an empty list; write at least one, such as [https://example.org/feed.xml]"
    assert caught.value.faults == (Fault(file=str(file), line=1, column=10, message=message),)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("title: x\n", "1:1: `sources` is missing; write `sources:`"),
        ("sources:\n", "1:1: `sources` is missing"),
        (
            "sources: https://example.org/\n",
            "1:10: `sources` takes a list; write `sources:` and, below it, `  - https://example.org/`",
        ),
        (
            "sources: {a: 'https://a.example/'}\n",
            "1:10: `sources` takes a list; write `- ` before each source: `  - name: a` and, below it, "
            "`    url: https://a.example/`",
        ),
        (
            "sources:\n  url: https://a:b@a.example/\n  name: a\n",
            "2:3: `sources` takes a list; write `- ` before each source: `  - name: a` and, below it, "
            "`    url: https://a.example/`",
        ),
        (
            "sources:\n  a:\n    url: https://example.org/a\n",
            "2:3: `sources` takes a list; write `- ` before each source: `  - name: a` and, below it, "
            "`    url: https://example.org/a`",
        ),
        ("sources: {}\n", "1:10: `sources` takes a list; write `- ` before each source: `  - name: example` and"),
        ("fetch:\n  timeout:5s\n" + SOURCES, "2:3: a space is missing after `timeout:`; write `timeout: 5s`"),
        ("title:My news\n" + SOURCES, "1:6: a space is missing after `title:`; write `title: My news`"),
        ("sources:\n  - name:a\n", "2:5: a space is missing after `name:`; write `name: a`"),
        (
            "sources:\n  - name:a\n    url: https://a.example/\n",
            "2:9: a space is missing after `name:`; write `name: a`",
        ),
        (
            "sources:\n  - name: a\n    url:https://a.example/\n",
            "3:8: a space is missing after `url:`; write `url: http",
        ),
        ("sources: [{name:a, url: 'https://a.example/'}]\n", "1:12: a space is missing after `name:`; write `name: a`"),
        ("base_url: news.example.org\n" + SOURCES, "1:11: `base_url` lacks its scheme; write https://news.example.org"),
        (
            "base_url: 5\n" + SOURCES,
            "1:11: `base_url` is no web address; write it in full, such as https://news.example",
        ),
        ("feeds: {hub: 5}\n" + SOURCES, "1:14: `feeds.hub` is no web address; write it in full, such as https://hub."),
        ("feeds: {formats: rss}\n" + SOURCES, "1:18: `feeds.formats` takes a list; write [rss]"),
        ("feeds:\n  formats: rss, atom\n" + SOURCES, "2:12: `feeds.formats` takes a list; write [rss, atom]"),
        ("- https://example.org/\n", "1:1: `the file` takes settings below it, each `key: value`, not a list"),
        ("https://example.org/\n", "1:1: `the file` takes settings below it"),
        ("", "1:1: the file holds no setting; write `sources:`"),
        ("# nothing\n---\n", "1:1: the file holds no setting"),
        ("fetch: 5\n" + SOURCES, "1:8: `fetch` takes settings below it, each `key: value`, not `5`"),
        ("timeout: 5s\n" + SOURCES, "1:1: `timeout` is no setting; did you mean `fetch.timeout`?"),
        ("TITLE: x\n" + SOURCES, "1:1: `TITLE` is no setting; did you mean `title`?"),
        ("fetch: {TIMEOUT: 5s}\n" + SOURCES, "1:9: `fetch.TIMEOUT` is no setting; did you mean `timeout`?"),
        ("BaseURL: https://a.example/\n" + SOURCES, "1:1: `BaseURL` is no setting; did you mean `base_url`?"),
        ("foo: bar\n" + SOURCES, "1:1: `foo` is no setting; did you mean `"),
        ("foo:\n" + SOURCES, "1:1: `foo` is no setting"),
        ("<<: {title: x}\n" + SOURCES, "1:1: `<<` is no setting"),
        ("title: [a]\n" + SOURCES, "1:8: `title` takes text, not a list"),
        ("title: ''\n" + SOURCES, "1:8: `title` has no text; write some, or leave the line out"),
        ('title: "a\\nb"\n' + SOURCES, "1:8: `title` holds a control character"),
        ("dedupe: nearly\n" + SOURCES, "1:9: `nearly` is no value of `dedupe`; write 'near' or 'exact'"),
        ("websub: yes\n" + SOURCES, "1:9: `yes` is no value of `websub`; write 'auto', 'always' or 'never'"),
        ("retention: 0d\n" + SOURCES, "1:12: `0d` is no time at all"),
        ("retention: 40000d\n" + SOURCES, "1:12: `40000d` is longer than a century"),
        ("retention: forever\n" + SOURCES, "1:12: `forever` is no duration"),
        ("base_url: https://a.example/?b\n" + SOURCES, "1:11: `base_url` goes before the path of every feed"),
        (
            "storage: ~nobody-here/x\n" + SOURCES,
            "1:10: `~nobody-here/x` begins at a home that this machine does not know",
        ),
        (
            "database: sqlite:///~nobody-here/news.db\n" + SOURCES,
            "1:11: `~nobody-here/news.db` begins at a home that this machine does not know; write the folder",
        ),
        (
            "articles: {path: feeds}\n" + SOURCES,
            "1:18: `feeds` lies in the folder of the feeds in `storage`; write another, such as articles",
        ),
        (
            "articles: {path: ./x/../feeds/world}\n" + SOURCES,
            "1:18: `./x/../feeds/world` lies in the folder of the feeds",
        ),
        (
            "storage: a\narticles: {path: ../a/pictures/}\n" + SOURCES,
            "2:18: `../a/pictures/` lies in the folder of the",
        ),
        (BUCKET + "articles: {path: feeds}\n" + SOURCES, "3:18: `feeds` lies in the folder of the feeds"),
        ("database: mysql://x\n" + SOURCES, "1:11: `database` names no database; write sqlite:///"),
        ("database: 'sqlite://'\n" + SOURCES, "1:11: `database` names no database"),
        ("database: 'sqlite:///:memory:'\n" + SOURCES, "1:11: `database` names no file"),
        ("database: 'postgresql://h:x/n'\n" + SOURCES, "1:11: `database` has a host or port that cannot be"),
        ("fetch: {interval: 0s}\n" + SOURCES, "1:19: `0s` is no time at all"),
        ("fetch: {interval: 20ms}\n" + SOURCES, "1:19: `20ms` is too short to poll a source by; write 1s or more"),
        ("fetch: {timeout: 2h}\n" + SOURCES, "1:18: `2h` is too long to wait for one request; write 1h or less"),
        ("fetch: {timeout: [5s]}\n" + SOURCES, "1:18: `fetch.timeout` takes text, not a list"),
        ("fetch: {concurrency: many}\n" + SOURCES, "1:22: `fetch.concurrency` takes a whole number such as 50"),
        (
            "fetch: {concurrency: '8'}\n" + SOURCES,
            "1:22: `fetch.concurrency` takes a whole number such as 50, without quotes",
        ),
        ("fetch: {concurrency: 0}\n" + SOURCES, "1:22: `0` is too little for `fetch.concurrency`; write 1 or more"),
        ("fetch: {concurrency: -1}\n" + SOURCES, "1:22: `fetch.concurrency` takes a whole number"),
        ("fetch: {max_bytes: 10}\n" + SOURCES, "1:20: `10` is no size; write a whole number and a unit"),
        ("fetch: {max_bytes: 0MB}\n" + SOURCES, "1:20: `0MB` is out of range; write a size from 1B to 1GB"),
        ("fetch: {max_bytes: 2GB}\n" + SOURCES, "1:20: `2GB` is out of range"),
        ("fetch: {contact: my page}\n" + SOURCES, "1:18: `fetch.contact` is no page or mail address"),
        ("fetch: {allow_private: [localhost]}\n" + SOURCES, "1:25: `localhost` is no network; write numbers"),
        ("fetch: {allow_private: ['*']}\n" + SOURCES, "1:25: `*` is no network"),
        ("fetch: {allow_private: [0.0.0.0/0]}\n" + SOURCES, "1:25: `0.0.0.0/0` is every address there is"),
        (
            "fetch: {allow_private: [10.0.0.1/8]}\n" + SOURCES,
            "1:25: `10.0.0.1/8` names a host within a network; write 10.0.0.0/8",
        ),
        (
            "articles:\n  after: hugo --source /srv\n" + SOURCES,
            '2:10: `articles.after` takes a list; write [hugo, "--source", /srv]',
        ),
        (
            "storage: s3://bucket/news\n" + SOURCES,
            "1:10: a bucket needs PostgreSQL: set `database` to postgresql://user@host/name, or name a folder",
        ),
        (BUCKET + "articles: {after: [hugo]}\n" + SOURCES, "3:19: `articles.after` finds no files where `storage` is"),
        (BUCKET + "articles: {path: ../site}\n" + SOURCES, "3:18: `../site` is no folder in the bucket of `storage`"),
        (BUCKET + "articles: {path: /srv/site}\n" + SOURCES, "3:18: `/srv/site` is no folder in the bucket"),
        ("storage: gs://bucket/news\n" + SOURCES, "1:10: `storage` names neither a folder nor a bucket; write storage"),
        (DATABASE + "storage: s3://Bucket\n" + SOURCES, "2:10: `storage` names neither a folder nor a bucket"),
        (DATABASE + "storage: s3://bucket//news\n" + SOURCES, "2:10: `storage` names neither a folder nor a bucket"),
        (DATABASE + "storage: s3://bucket/../news\n" + SOURCES, "2:10: `storage` names neither a folder nor a bucket"),
        ("articles: {after: []}\n" + SOURCES, "1:19: `articles.after` is an empty list; write at least one, or leave"),
        ("fetch: {allow_private: 127.0.0.0/8}\n" + SOURCES, "1:24: `fetch.allow_private` takes a list"),
        ("fetch: {unpaced: ['http://a.example/']}\n" + SOURCES, "1:19: `http://a.example/` is no host"),
        (
            "fetch: {proxy: socks5://a}\n" + SOURCES,
            "1:16: `socks5` is no kind of proxy that is supported; write an HTTP",
        ),
        ("fetch: {proxy: proxy}\n" + SOURCES, "1:16: `fetch.proxy` is no web address"),
        ("articles: {name: '{foo}.md'}\n" + SOURCES, "1:18: `articles.name` has no field {foo}"),
        ("articles: {name: '../{slug}.md'}\n" + SOURCES, "1:18: `articles.name` leads out of its folder"),
        ("articles: {summary_words: 5000}\n" + SOURCES, "1:27: `5000` is too much for `articles.summary_words`"),
        ("articles: {front_matter: toml}\n" + SOURCES, "1:26: `toml` is no value of `articles.front_matter`"),
        ("feeds: {formats: []}\n" + SOURCES, "1:18: `feeds.formats` is an empty list"),
        ("feeds: {formats: [rss, atm]}\n" + SOURCES, "1:24: `atm` is no value of `feeds.formats`"),
        ("feeds: {limit: 1.5}\n" + SOURCES, "1:16: `feeds.limit` takes a whole number"),
        (
            "feeds: {hub: hub.example.org}\n" + SOURCES,
            "1:14: `feeds.hub` lacks its scheme; write https://hub.example.org",
        ),
    ],
)
def test_a_bad_setting_is_said(faults: Faults, text: str, fault: str) -> None:
    (message,) = faults(text)
    assert message.startswith(fault)


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("", "1:12: `url` is missing"),
        ("5", "1:12: `sources.url` is no web address; write it in full"),
        ("[a]", "1:12: a source is its settings, each `key: value`, or its URL alone, not a list"),
        ("example.org/feed", "1:12: `sources.url` lacks its scheme; write https://example.org/feed"),
        ("a:b@example.org/feed", "1:12: `sources.url` is no web address; write it in full"),
        ("ftp://example.org/", "1:12: `sources.url` is no web address"),
        ("file:///etc/passwd", "1:12: `sources.url` is no web address"),
        ("https:///feed", "1:12: `sources.url` has a host or port that cannot be"),
        ("https://.example..org/", "1:12: `sources.url` has a host or port that cannot be"),
        ("https://example.org:99999/", "1:12: `sources.url` has a host or port that cannot be"),
        ("https://example.org:port/", "1:12: `sources.url` has a host or port that cannot be"),
        ("'https://[::1/'", "1:12: `sources.url` has a host or port that cannot be"),
        ("https://example.org/a b", "1:12: `sources.url` has a blank in it"),
        (
            "'https://${HOME}/feed'",
            "1:12: `sources.url` takes no `${NAME}` in its scheme and host; write them out",
        ),
        ("'${HOME}'", "1:12: `sources.url` takes no `${NAME}` in its scheme and host; write them out"),
        ("'https://example.org/?token=${NOPE}'", "1:12: `${NOPE}` is not in the environment; set NOPE there"),
        ("{url: 'https://example.org/${NOPE}'}", "1:18: `${NOPE}` is not in the environment; set NOPE there"),
        ("'https://example.org/${}'", "1:12: the `${` here opens no name"),
        ("'https://exa mple.org/${HOME}'", "1:12: `sources.url` has a blank in it"),
        ("{url: [a]}", "1:18: `sources.url` takes text, not a list"),
        ("{name: all, url: 'https://a.example/'}", "1:19: `all` would be its category too"),
        ("{name: -a, url: 'https://a.example/'}", "1:19: `-a` is no name"),
        (
            "{name: Ünder, url: 'https://a.example/'}",
            "1:19: `Ünder` is no name; write small letters, digits and dashes (at most 80): under",
        ),
        ("{url: 'https://a.example/', category: ALL}", "1:50: `ALL` is taken"),
        (
            "{url: 'https://a.example/', category: '!?'}",
            "1:50: `!?` is no category; write a name with a letter or digit",
        ),
        ("{url: 'https://a.example/', category: ''}", "1:50: `sources.category` has no text"),
        ("{url: 'https://a.example/', category: [a]}", "1:50: `sources.category` takes text, not a list"),
        ("{url: 'https://a.example/', categories: a}", "1:52: `sources.categories` takes a list"),
        ("{url: 'https://a.example/', categories: []}", "1:52: `sources.categories` is an empty list"),
        (
            "{url: 'https://a.example/', category: a, categories: [b]}",
            "1:53: `category` and `categories` exclude each other",
        ),
        ("{url: 'https://a.example/', tags: a}", "1:46: `sources.tags` takes a list"),
        ("{url: 'https://a.example/', language: English}", "1:50: `English` is no language tag; write its code"),
        ("{url: 'https://a.example/', interval: 15}", "1:50: `15` is no duration"),
        ("{url: 'https://a.example/', enabled: no}", "1:49: `sources.enabled` takes true or false, not `no`"),
        ("{url: 'https://a.example/', enabled: 'true'}", "1:49: `sources.enabled` takes true or false"),
        (
            "{url: 'https://a.example/', timeout: 5s}",
            "1:40: `sources.timeout` is no setting; did you mean `fetch.timeout`?",
        ),
        ("{url: 'https://a.example/', remove: .ad}", "1:48: `sources.remove` takes a list"),
        ("{url: 'https://a.example/', remove: [.ad, 'p..x']}", "1:54: `p..x` is no CSS selector (Expected ident"),
        ("{url: 'https://a.example/', remove: ['p::before']}", "1:49: `p::before` is no CSS selector (Pseudo-elem"),
        ("{url: 'https://a.example/', remove: ['a[href']}", "1:49: `a[href` is no CSS selector (Operator expected"),
        ("{url: 'https://a.example/', remove: ['svg|a']}", "1:49: `svg|a` is no CSS selector (Undefined namespace"),
        ("{url: 'https://a.example/', headers: x}", "1:49: `sources.headers` takes settings below it"),
        (
            "{url: 'https://a.example/', headers: [x]}",
            "1:49: `sources.headers` takes settings below it, each `key: value`, not a list",
        ),
        ("{url: 'https://a.example/', headers: {'a b': x}}", "1:50: `a b` is no name of a header"),
        ("{url: 'https://a.example/', headers: {host: x}}", "1:50: `host` is the program's own header"),
        ("{url: 'https://a.example/', headers: {X-A: }}", "1:55: `sources.headers.X-A` has no text"),
        (
            "{url: 'https://a.example/', headers: {X-A: ü}}",
            "1:55: `sources.headers.X-A` holds a character that is not ASCII",
        ),
        (
            "{url: 'https://a.example/', headers: {X-A: '${NOPE}'}}",
            "1:55: `${NOPE}` is not in the environment; set NOPE there",
        ),
        ("{url: 'https://a.example/', headers: {X-A: '${}'}}", "1:55: the `${` here opens no name"),
        ("{url: 'https://a.example/', headers: {X-A: '${HOME'}}", "1:55: the `${` here opens no name"),
    ],
)
def test_a_bad_source_is_said(faults: Faults, source: str, fault: str) -> None:
    (message,) = faults(f"sources: [ {source} ]" if source else "sources:\n  -\n", {"HOME": "/home/reader"})
    assert message.startswith(fault if source else fault.replace("1:12", "2:4"))


def test_what_clashes_is_said_at_the_later_place(faults: Faults) -> None:
    assert faults(
        "sources:\n"
        "  - {name: a, url: 'https://a.example/', headers: {X-A: b, x-a: c}}\n"
        "  - {name: a, url: 'https://b.example/'}\n"
        "  - {name: b, url: 'https://b.example/'}\n"
    ) == [
        "2:52: `X-A` stands here in two spellings, and means one header; keep one",
        "2:60: `x-a` stands here in two spellings, and means one header; keep one",
        "3:12: `a` is the name of source 1 already; change one",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("fetch:\n\ttimeout: 5s\n", "2:1: a tab stands here; YAML is indented with blanks"),
        ("title: @home\n", "1:8: a value cannot begin with `@`; put it in quotes"),
        ("title: a: b\n", "1:9: a `:` stands where none can; put the text before it in quotes"),
        ("title: 'open\n", "2:1: a quotation mark is missing at the end of this text, begun in line 1"),
        ("fetch: {timeout: 5s\n", "2:1: this is no YAML: "),
        ("sources: [a, b\n", "2:1: this is no YAML: "),
        ("title: a\x07b\n", "1:9: a control character (U+0007) stands here; take it out"),
        ("title: a\n---\ntitle: b\n", "2:1: a second document begins here; keep one"),
        ("title: !!python/object:os.system x\n", "1:8: tags are not read; write the value without its `!`"),
        ("title: !secret x\n", "1:8: tags are not read"),
        ("{[a]: b}\n", "1:2: a key is text, not a list or mapping; put it in quotes"),
        ("title: &a x\n", "1:8: anchors are not read; take out `&a`"),
        ("a: " + "[" * 30 + "]" * 30, "1:23: this is nested deeper than 20 levels"),
    ],
)
def test_what_is_no_yaml_of_ours_is_said(faults: Faults, text: str, fault: str) -> None:
    (message,) = faults(text)
    assert message.startswith(fault)


def test_each_anchor_and_alias_is_said(faults: Faults) -> None:
    assert faults("a: &x 1\nb: *x\n<<: *x\n") == [
        "1:4: anchors are not read; take out `&x`",
        "2:4: aliases are not read; write the value of `*x` here",
        "3:5: aliases are not read; write the value of `*x` here",
    ]


@pytest.mark.parametrize("text", ["[" * 200_000, "- " * 200_000, "{a: " * 200_000, "? " * 200_000])
def test_depth_that_would_end_the_process_is_a_fault(faults: Faults, text: str) -> None:
    (message,) = faults(text)
    assert "deeper than 20 levels" in message


def test_laughs_are_not_multiplied(faults: Faults) -> None:
    lines = ["a0: &a0 lol", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12))]
    assert len(faults("\n".join(lines))) == 12 + 110


def test_a_file_in_another_encoding_is_said_with_its_place(faults: Faults) -> None:
    assert faults("title: x\nü: Zürich\n".encode("latin-1")) == [
        "2:1: this is not UTF-8; save the file in that encoding"
    ]
    assert faults("title: ü ".encode() + b"\xff\n") == ["1:10: this is not UTF-8; save the file in that encoding"]


def test_a_file_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="this is a folder; name the file in it"):
        config.load(tmp_path, {})
    with pytest.raises(ConfigError, match="this file cannot be read: "):
        config.load(tmp_path / ("x" * 300), {})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_said(tmp_path: Path) -> None:
    file = tmp_path / "feeds.yaml"
    file.write_text(SOURCES)
    file.chmod(0)
    with pytest.raises(ConfigError, match="this file may not be read"):
        config.load(file, {})


def test_a_file_that_is_no_configuration_by_its_length_is_said(tmp_path: Path) -> None:
    file = tmp_path / "feeds.yaml"
    with file.open("wb") as sparse:
        sparse.truncate(100_000_000)
    with pytest.raises(ConfigError, match="is over 64 MB long"):
        config.load(file, {})


def test_no_fault_shows_a_secret(faults: Faults) -> None:
    secret = "canary"
    text = (
        f"database: mysql://u:{secret}@h/n\n"
        f"fetch: {{proxy: 'ftp://u:{secret}@h/'}}\n"
        "sources:\n"
        f"  - http//u:{secret}@h/\n"
        f"  - https://u:{secret}@h:99999/\n"
        f"  - https://u:{secret} @h/\n"
        f"  - {{url: https://a.example/, headers: {{Authorization: {secret}ü, X-A: '${{TOKEN}}'}}}}\n"
    )
    messages = faults(text, {"TOKEN": f"{secret}\nX-B: c", "AGGREGATOR_BASE_URL": f"https://u:{secret}@h/"})
    assert len(messages) == 8
    messages += faults(f"sources: https://u:{secret}@h/\nfetch: {{interval: https://u:{secret}@h/}}\n")
    for line in (
        f"sources: https://a.example/?token={secret}",
        f"sources: [{{name: a, url:https://a.example/?token={secret}}}]",
        f"translate: key:{secret}\n{SOURCES}",
        f"translate:\n  url: https://t.example/\n  key:{secret}\n{SOURCES}",
        *(
            f"sources:\n  - url: https://a.example/\n    headers:{headers}"
            for headers in (
                f" {{Authorization:Bearer {secret}}}",
                f"\n      Authorization:Bearer {secret}",
                f"\n      authorization:Bearer {secret}",
                f"\n      authorization:Bearer {secret}\n      accept: x",
                f"\n      X-Token:{secret}\n      Accept: x",
            )
        ),
    ):
        of_line = faults(f"{line}\n")
        assert of_line, line
        messages += of_line
    assert secret not in "".join(messages)


@given(st.text(alphabet="abt:-[]{}&*!|>'\"#%@` \n\t,?~$é\x00\ufeff\u2028", max_size=60))
@hypothesis_settings(max_examples=examples(300))
def test_any_text_gives_settings_or_faults(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.mktemp("any") / "feeds.yaml"
    file.write_text(text, encoding="utf-8", newline="")
    with pytest.raises(ConfigError) as caught:  # none of them can spell `sources`
        config.load(file, {})
    assert all(fault.line >= 1 and fault.column >= 1 and fault.message.isprintable() for fault in caught.value.faults)
