import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Credit, Enclosure, StoredArticle
from aggregator.render import article_file, article_path, pattern_fault
from aggregator.settings import Articles
from tests.cases import for_each
from tests.conftest import SHARED
from tests.render.examples import article, modestly
from tests.sources import source as configured

DEFAULT = Articles().name


def test_the_model_article_comes_out_byte_for_byte() -> None:
    seed = SHARED / "seed" / "zelensky.md"
    if not seed.exists():
        pytest.skip("the model article is not beside this clone")
    expected = seed.read_text()
    _, head, remaining = expected.split("---\n", 2)
    values = yaml.safe_load(head)
    body, _, link = remaining.strip("\n").rpartition("\n\n")
    story = article(
        title=values["title"],
        summary=values["summary"],
        markdown=body,
        categories=("thehill",),
        tags=("thehill",),
        credits=(Credit(source="thehill", link=link.removeprefix("[thehill](").removesuffix(")")),),
    )
    assert article_file(story, Articles()).data.decode() == expected


def test_a_file_is_its_head_its_body_and_its_source() -> None:
    file = article_file(article(path="a/b.md"), Articles())
    assert file.path == "a/b.md"
    assert file.data.decode().endswith("\n---\n\nBody of **article** 1.\n\n[example](https://example.org/1/)\n")


def test_every_source_that_carried_the_article_is_credited() -> None:
    carried = (Credit(source="one", link="https://one.example/"), Credit(source="two", link="https://two.example/"))
    data = article_file(article(credits=(*carried, carried[0])), Articles()).data
    assert data.endswith(b"\n\n[one](https://one.example/)\n\n[two](https://two.example/)\n")


def test_without_credits_the_first_source_is_credited() -> None:
    data = article_file(article(credits=()), Articles()).data
    assert data.endswith(b"\n\n[example](https://example.org/1/)\n")


EPISODE = (
    Enclosure(url="https://cdn.example/a (1).mp3", type="audio/mpeg"),
    Enclosure(url="https://cdn.example/b.m4a", type="audio/mp4"),
    Enclosure(url="https://cdn.example/b.mp4", type="video/mp4"),
    Enclosure(url="https://cdn.example/notes.pdf", type="application/pdf"),
)


def test_an_episode_links_its_audio_before_its_sources() -> None:
    data = article_file(article(markdown="Hello", enclosures=EPISODE), Articles()).data
    assert data.endswith(
        b"\n\nHello\n\n[Audio](https://cdn.example/a%20(1).mp3)\n\n[Audio](https://cdn.example/b.m4a)\n\n"
        b"[example](https://example.org/1/)\n"
    )


def test_audio_that_the_text_links_is_linked_once() -> None:
    body = "Hello [listen](https://cdn.example/b.m4a)"
    data = article_file(article(markdown=body, enclosures=EPISODE[1:]), Articles()).data
    assert data.endswith(f"\n\n{body}\n\n[example](https://example.org/1/)\n".encode())


def test_a_film_without_audio_of_its_own_links_one_video() -> None:
    films = tuple(Enclosure(url=f"https://cdn.example/{size}.mp4") for size in (360, 1080))
    data = article_file(article(markdown="Hello", enclosures=films), Articles()).data
    assert data.endswith(b"\n\nHello\n\n[Video](https://cdn.example/360.mp4)\n\n[example](https://example.org/1/)\n")


def test_an_empty_body_leaves_no_gap() -> None:
    data = article_file(article(markdown=""), Articles()).data
    assert data.endswith(b"\n---\n\n[example](https://example.org/1/)\n")


def test_an_indented_first_line_stays_indented() -> None:
    assert b"\n---\n\n    code\n\n[" in article_file(article(markdown="\n    code\n\n"), Articles()).data


def test_a_lone_surrogate_does_not_stop_the_file() -> None:
    assert b"a?b" in article_file(article(markdown="a\ud800b"), Articles()).data


def path_of(article: StoredArticle, pattern: str) -> str:
    source = configured(article.source, "https://example.org/feed", categories=article.categories)
    return article_path(article, article.id, source, pattern)


def test_the_default_name_is_the_day_and_the_title() -> None:
    story = article(title="Zażółć: “gęślą” jaźń!")
    assert path_of(story, DEFAULT) == "example/2025/02/08-zazolc-gesla-jazn.md"


def test_every_field_can_be_in_a_name() -> None:
    story = article(2, title="A title", language=None, categories=("World News", "b"))
    pattern = "{lang}/{category}/{source}/{year}{month}{day}{hour}{minute}/{slug}-{id}.md"
    assert pattern_fault(pattern) is None
    assert path_of(story, pattern) == f"und/world-news/example/202502080451/a-title-{2:032x}.md"


@pytest.mark.parametrize("title", ["🚀", "...", "index", "../..", "∆"])
def test_a_title_without_words_or_with_a_reserved_one_gives_a_name_all_the_same(title: str) -> None:
    stem = path_of(article(1, title=title), "{slug}.md").removesuffix(".md")
    assert stem
    assert stem not in {"index", "..", "."}
    assert stem.replace("-", "").isalnum()


def test_articles_without_words_in_their_titles_get_different_names() -> None:
    assert path_of(article(1, title="!"), DEFAULT) != path_of(article(2, title="?"), DEFAULT)


@modestly
@given(st.text(), st.text(max_size=300), st.text(max_size=300))
def test_a_path_never_leaves_its_folder(title: str, source: str, category: str) -> None:
    story = article(title=title, source=source, categories=(category,))
    path = path_of(story, "{category}/{source}/{slug}-{source}-{category}-{slug}.md")
    names = path.split("/")
    assert len(names) == 3
    assert all(name.isascii() and 0 < len(name) <= 200 and name[0] not in ".-_" for name in names)
    assert path.endswith(".md")


def test_long_words_around_the_fields_are_cut_between_characters() -> None:
    path = path_of(article(), f"{'é' * 150}/{'ü' * 150}{{slug}}.md")
    assert [len(name.encode()) for name in path.split("/")] == [200, 199]


@for_each(
    ("pattern", "fault"),
    [
        ("{titel}.md", "has no field {titel}; write one of {source}, {category}, "),
        ("{}.md", "has no field {}; write one of"),
        ("{slug!r}.md", "has a brace"),
        ("{slug.md", "has a brace"),
        ("/etc/{slug}.md", "leads out of its folder"),
        ("../{slug}.md", "leads out of its folder"),
        ("a/../{slug}.md", "leads out of its folder"),
        ("a//{slug}.md", "leads out of its folder"),
        (".hidden/{slug}.md", "leads out of its folder"),
        ("a\\{slug}.md", "has a backslash"),
        ("a\n{slug}.md", "has a backslash or a control character"),
        ("{slug}.html", "does not end in .md"),
        ("{slug}/.md", "leads out of its folder"),
        ("{year}/index.md", "is index.md"),
        ("", "leads out of its folder"),
    ],
)
def test_a_pattern_with_a_fault_is_told(pattern: str, fault: str) -> None:
    assert (pattern_fault(pattern) or "").startswith(fault)


@pytest.mark.parametrize("pattern", [DEFAULT, "{slug}.md", "_posts/{year}-{month}-{day}-{slug}.md", "статьи/{id}.md"])
def test_a_good_pattern_has_no_fault(pattern: str) -> None:
    assert pattern_fault(pattern) is None
