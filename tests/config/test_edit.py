"""A configuration edited for the user: what was not asked for stays, byte by byte."""

import os
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.config import editing, load
from aggregator.config.yaml_document import parse_document
from aggregator.config.yaml_edit import source_content, with_sources, without_source
from aggregator.errors import AggregatorError, ConfigError
from aggregator.settings import SourceSettings
from tests.cases import for_each
from tests.thorough import examples

NEW = SourceSettings(name="new", url="https://new.example/feed")
COMMENTED = """\
# The daily reader
title: 'The "daily"'   # as it is called

sources:
    # ---- politics
    -   name: a   # first
        url: "https://a.example/feed"
        tags:
            - x   # why

    # ---- world
    -   https://b.example/feed

    # yours:
    # - https://c.example/feed

# the rest
fetch: {timeout: 5s}
"""


def edited(file: Path, *new: SourceSettings, remove: int | None = None) -> str:
    with editing(file, {}) as draft:
        draft.append(new)
        if remove is not None:
            draft.remove(remove)
    return file.read_bytes().decode()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "feeds.yaml"
    path.write_text(COMMENTED)
    return path


def test_a_source_is_put_in_behind_the_others_and_laid_out_like_them(file: Path) -> None:
    new = "\n    -   name: new\n        url: https://new.example/feed\n"
    mark = "    # - https://c.example/feed\n"
    assert edited(file, NEW) == COMMENTED.replace(mark, mark + new)


def test_a_source_is_taken_out_and_the_comments_around_it_stay(file: Path) -> None:
    assert edited(file, remove=1) == COMMENTED.replace("    -   https://b.example/feed\n", "")


def test_sources_without_a_name_keep_theirs_when_one_before_goes(tmp_path: Path) -> None:
    file = tmp_path / "feeds.yaml"
    for before, after in (
        (
            "sources:\n- https://a.example/1  # I\n- https://a.example/2  # II\n"
            "-   url: https://a.example/3\n    tags: []\n- {url: 'https://a.example/4'}\n- https://b.example/\n",
            "sources:\n- name: a-example-2\n  url: https://a.example/2  # II\n-   name: a-example-3\n"
            "    url: https://a.example/3\n    tags: []\n- {name: a-example-4, url: 'https://a.example/4'}\n"
            "- https://b.example/\n",
        ),
        (
            "sources: [https://a.example/1, 'https://a.example/2', { url: https://a.example/3 }]\n",
            'sources: [{name: a-example-2, url: "https://a.example/2"}, '
            "{name: a-example-3, url: https://a.example/3 }]\n",
        ),
    ):
        file.write_text(before)
        names = [source.name for source in load(file, {}).sources]
        assert edited(file, remove=0) == after
        assert [source.name for source in load(file, {}).sources] == names[1:]


def test_putting_in_and_taking_out_gives_the_file_back(tmp_path: Path) -> None:
    file = tmp_path / "feeds.yaml"
    for text in (
        COMMENTED,
        "sources:\n- https://a.example/\n# end\n",
        "sources: [https://a.example/]\n",
        "sources:\n  - http://a.example\n\n  - http://b.example\n",
    ):
        file.write_text(text)
        edited(file, NEW)
        number = len(load(file, {}).sources) - 1
        assert edited(file, remove=number) == text


LAYOUTS = [
    "",
    "title: x",
    "# nothing yet\n",
    "sources:\n",
    "title: x\nsources: # none\nstorage: y\n",
    "sources: []  # none\nstorage: y\n",
    "sources: ~\n",
    "sources:\n  []\nstorage: y\n",
    "sources: [ # none\n]\n",
    "sources: [a, 'b', {name: c, url: \"d\"}]\nstorage: y\n",
    "sources: [\n  a,  # of a\n  {name: b},  # of b\n]\n",
    "sources: [\n  a  # of a\n  ,\n  b\n]\n",
    "{title: x, sources: [a, b]}\n",
    "sources:\n- a\n- b: c  # of b\n# end\n",
    "sources:\n  - a\r\n  - b",
    "sources:\r\n  - a: b\r\n\r\n  - b: c\r\n\r\ntitle: x\r\n",
    "sources:\n  -\n    name: a\n  -\n    # of b\n    name: b\n",
    "sources:\n  - url: |\n      a\n\n  # of b\n  - name: >-\n      b\n\ntitle: x\n",
    "sources:\n  - a: [b,\n      c]  # of a\n  - d: {e: f}\n    g:\n      - h\n      - i: j  # of i\n",
    'sources:\n  - "Ünïcode 😀": x\n  - b #not\n',
    "---\nsources:\n  - a\n  - b\n",
]


@for_each("text", LAYOUTS)
def test_every_layout_holds_what_it_held_and_the_change(text: str) -> None:
    before = content(text) or {}
    old = before.get("sources") or []
    old = old if isinstance(old, list) else []
    more = with_sources(text, (NEW, NEW))
    assert content(more) == {
        **before,
        "sources": [*old, source_content(NEW), source_content(NEW)],
    }
    assert comments(more) == comments(text)
    added = source_content(NEW)
    for number in range(len(old)):
        less = without_source(more, number)
        assert content(less)["sources"] == [*old[:number], *old[number + 1 :], added, added]
    assert ("\r\n" in more) == ("\r\n" in text)


def content(text: str) -> Any:
    return parse_document(text, "feeds.yaml").value


def comments(text: str) -> list[str]:
    return [line.partition(" # ")[2] for line in text.splitlines() if " # " in line]


LETTERS = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cn", "Co", "Cf"))
VALUES = st.text(LETTERS, min_size=1, max_size=20).map(str.strip).filter(bool)  # settings strip theirs too


@settings(max_examples=examples(150), deadline=None)
@given(VALUES, st.lists(VALUES, min_size=1, max_size=3), st.sampled_from(LAYOUTS))
def test_every_value_is_written_so_that_it_is_read_again(url: str, categories: list[str], text: str) -> None:
    source = SourceSettings.model_construct(
        name="no", url=url, category=None, categories=tuple(categories), language=None
    )
    more = with_sources(text, (source,))
    assert content(more)["sources"][-1] == source_content(source)
    written: Any = yaml.safe_load(more.replace("\r\n", "\n"))["sources"][-1]
    assert written == source_content(source)


def test_what_is_certain_stands_without_quotes() -> None:
    source = SourceSettings(name="a", url="https://a.example/f?x=1", categories=("World news", "Ünï"), language="en")
    assert with_sources("sources:\n", (source,)) == (
        "sources:\n  - name: a\n    url: https://a.example/f?x=1\n    categories: [World news, Ünï]\n    language: en\n"
    )


def test_what_other_readers_would_take_for_something_else_stands_in_quotes() -> None:
    source = SourceSettings(name="2025", url="https://a.example/f:", category="no", language="no")
    assert with_sources("sources:\n", (source,)) == (
        'sources:\n  - name: "2025"\n    url: "https://a.example/f:"\n    category: "no"\n    language: "no"\n'
    )


def test_a_file_that_is_not_there_is_begun(tmp_path: Path) -> None:
    file = tmp_path / "feeds.yaml"
    assert edited(file, NEW) == "sources:\n  - name: new\n    url: https://new.example/feed\n"


def test_rights_link_and_byte_order_mark_are_kept(tmp_path: Path) -> None:
    real, link = tmp_path / "real.yaml", tmp_path / "feeds.yaml"
    real.write_bytes(b"\xef\xbb\xbfsources:\r\n  - https://a.example/\r\n")
    real.chmod(0o640)
    link.symlink_to(real)
    edited(link, NEW)
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert real.read_bytes() == (
        b"\xef\xbb\xbfsources:\r\n  - https://a.example/\r\n  - name: new\r\n    url: https://new.example/feed\r\n"
    )
    assert {path.name for path in tmp_path.iterdir()} == {"real.yaml", "feeds.yaml"}


def test_a_file_with_faults_is_not_touched(file: Path) -> None:
    file.write_text(COMMENTED.replace("timeout", "timeuot"))
    with pytest.raises(ConfigError, match="timeuot"):
        edited(file, NEW)
    assert file.read_text() == COMMENTED.replace("timeout", "timeuot")


def test_a_source_that_clashes_with_another_leaves_the_file_alone(file: Path) -> None:
    with pytest.raises(ConfigError, match="change one"):
        edited(file, SourceSettings(name="a", url="https://x.example/"))
    assert file.read_text() == COMMENTED


def test_a_layout_that_cannot_be_spliced_is_refused_in_a_sentence(file: Path) -> None:
    for text in ("{title: x}\n", "~\n", "title: x\n...\n"):
        file.write_text(text)
        with pytest.raises(AggregatorError, match="laid out in a way that cannot be edited"):
            edited(file, NEW)
        assert file.read_text() == text


def test_line_ends_that_only_yaml_knows_end_no_search(file: Path) -> None:
    """U+0085 and U+2028 end lines of YAML 1.1; editors show none there."""
    for end in ("\x85", "\u2028"):
        text = f"sources:{end}  - https://a.example/{end}  - https://b.example/\n"
        file.write_text(text)
        with (
            pytest.raises(AggregatorError, match="laid out in a way that cannot be edited"),
            editing(file, {}) as draft,
        ):
            draft.remove(1)
        assert file.read_text() == text


def test_what_fails_in_the_middle_leaves_nothing_behind(file: Path) -> None:
    with pytest.raises(IndexError), editing(file, {}) as draft:  # noqa: PT012  # the block is what is tested
        draft.append((NEW,))
        draft.remove(9)
    assert file.read_text() == COMMENTED
    assert [path.name for path in file.parent.iterdir()] == ["feeds.yaml"]


def test_a_file_that_nothing_changed_is_not_written(file: Path) -> None:
    before = file.stat()
    edited(file)
    assert file.stat().st_ino == before.st_ino


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_folder_that_may_not_be_written_is_said(file: Path) -> None:
    file.parent.chmod(0o555)
    try:
        with pytest.raises(AggregatorError, match=r"denied\); let this user write to the file and to its folder"):
            edited(file, NEW)
    finally:
        file.parent.chmod(0o755)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(AggregatorError, match="cannot be changed"):
        edited(tmp_path / "nowhere" / "feeds.yaml", NEW)


def test_two_at_a_time_lose_nothing(file: Path) -> None:
    def add(number: int) -> None:
        edited(file, SourceSettings(name=f"n{number}", url=f"https://n.example/{number}"))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(load(file, {}).sources) == 10
