import tomllib
from datetime import datetime
from typing import Any, get_args

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from aggregator.commonmark.escape import markdown_line
from aggregator.model import Enclosure, Person, StoredArticle
from aggregator.render.front_matter import LAYOUTS, front_matter
from aggregator.settings import Articles
from tests.cases import for_each
from tests.render.examples import PUBLISHED, UPDATED, article, modestly

STORY = article(
    title='A "title" with <b>, \\ and ’',
    summary="Some *stressed* words...",
    categories=("politics", "us"),
    tags=("example",),
    image="https://example.org/image.jpg",
    edited=UPDATED,
    authors=(Person(name='Ann "A." Lee'), Person(email="x@example.org"), Person(name="Bob")),
    enclosures=(
        Enclosure(url="https://example.org/1.mp3", type="audio/mpeg", length=1000),
        Enclosure(url="https://example.org/2.ogg?x=1"),
        Enclosure(url="https://example.org/film.mp4", type="video/mp4"),
        Enclosure(url="https://example.org/large.png", type="image/png"),
        Enclosure(url="https://example.org/image.jpg", type="image/jpeg", credit="Ann Lee / Agency"),
    ),
)

KEYS = r"""author: "Ann \"A.\" Lee, Bob"
canonical: "https://example.org/1/"
audio:
  - "https://example.org/1.mp3"
  - "https://example.org/2.ogg?x=1"
image_credit: "Ann Lee / Agency"
"""
IMAGES = """images:
  - "https://example.org/image.jpg"
  - "https://example.org/large.png"
"""

MAINROAD = r"""---
title: "A \"title\" with <b>, \\ and ’"
date: "2025-02-08 04:51:01"
lastmod: "2025-02-09 10:00:00"
summary: "Some \\*stressed\\* words..."
categories:
  - "politics"
  - "us"
lang:
  - "en"
translations:
  - "en"
tags:
  - "example"
menu: ""
thumbnail: "https://example.org/image.jpg"
lead: ""
comments: false
authorbox: false
pager: true
toc: false
mathjax: false
sidebar: "right"
widgets:
  - "search"
  - "recent"
  - "taglist"
---
"""

HUGO = rf"""---
title: "A \"title\" with <b>, \\ and ’"
date: "2025-02-08T04:51:01+00:00"
lastmod: "2025-02-09T10:00:00+00:00"
summary: "Some \\*stressed\\* words..."
categories:
  - "politics"
  - "us"
lang:
  - "en"
translations:
  - "en"
tags:
  - "example"
{KEYS}{IMAGES}---
"""

JEKYLL = rf"""---
layout: "post"
title: "A \"title\" with <b>, \\ and ’"
date: "2025-02-08 04:51:01 +0000"
last_modified_at: "2025-02-09 10:00:00 +0000"
description: "Some *stressed* words..."
categories:
  - "politics"
  - "us"
tags:
  - "example"
lang: "en"
{KEYS}image: "https://example.org/image.jpg"
{IMAGES}render_with_liquid: false
---
"""

ZOLA = r"""+++
title = "A \"title\" with <b>, \\ and ’"
date = 2025-02-08T04:51:01Z
updated = 2025-02-09T10:00:00Z
description = "Some *stressed* words..."
[taxonomies]
categories = ["politics", "us"]
tags = ["example"]
[extra]
lang = "en"
author = "Ann \"A.\" Lee, Bob"
canonical = "https://example.org/1/"
audio = ["https://example.org/1.mp3", "https://example.org/2.ogg?x=1"]
image_credit = "Ann Lee / Agency"
thumbnail = "https://example.org/image.jpg"
images = ["https://example.org/image.jpg", "https://example.org/large.png"]
+++
"""


@pytest.mark.parametrize(
    ("layout", "expected"), [("mainroad", MAINROAD), ("hugo", HUGO), ("jekyll", JEKYLL), ("zola", ZOLA)]
)
def test_each_layout_writes_its_own_form(layout: str, expected: str) -> None:
    assert front_matter(STORY, layout) == expected


def test_mainroad_has_further_keys_where_they_are_asked_for() -> None:
    keys = ("author", "canonical", "audio", "image_credit")
    assert front_matter(STORY, "mainroad", keys) == MAINROAD.replace("menu:", f"{KEYS}menu:")
    assert "audio" not in front_matter(STORY, "mainroad", ("author",))
    head = _yaml_head(article(), "mainroad", keys)
    assert [head[key] for key in keys] == ["", "https://example.org/1/", [], ""]
    (offered,) = (get_args(kind) for kind in get_args(Articles.model_fields["keys"].annotation) if kind is not ...)
    assert offered == keys


def test_renditions_of_an_image_share_its_credit() -> None:
    files = tuple(Enclosure(url=f"https://e.example/{size}.jpg", type="image/jpeg", credit="Ann") for size in (1, 2))
    distinct = Enclosure(url="https://e.example/3.jpg", type="image/jpeg", credit="Bob")
    image = "https://e.example/thumbnail.jpg"
    assert _yaml_head(article(image=image, enclosures=files), "hugo")["image_credit"] == "Ann"
    assert _yaml_head(article(image=image, enclosures=(*files, distinct)), "hugo")["image_credit"] == ""
    assert _yaml_head(article(image=distinct.url, enclosures=(*files, distinct)), "hugo")["image_credit"] == "Bob"


def test_the_settings_offer_exactly_these_layouts() -> None:
    offered = get_args(Articles.model_fields["front_matter"].annotation)
    assert tuple(LAYOUTS) == offered


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_an_article_that_was_not_edited_has_one_date(layout: str) -> None:
    head = front_matter(article(updated=UPDATED), layout)
    assert "2025-02-08" in head
    assert "2025-02-09" not in head


@pytest.mark.parametrize("layout", ["mainroad", "hugo"])
def test_lists_stay_lists_when_nothing_is_in_them(layout: str) -> None:
    head = _yaml_head(article(language=None, tags=()), layout)
    assert (head["lang"], head["translations"], head["tags"]) == ([], [], [])


def test_a_missing_image_is_an_empty_thumbnail() -> None:
    assert _yaml_head(article(), "mainroad")["thumbnail"] == ""


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
LISTS = st.lists(TEXT, max_size=3).map(tuple)


@modestly
@given(TEXT, TEXT, LISTS, LISTS)
@pytest.mark.parametrize("layout", ["mainroad", "hugo", "jekyll"])
def test_yaml_gives_back_strings_as_strings(
    layout: str, title: str, summary: str, categories: tuple[str, ...], tags: tuple[str, ...]
) -> None:
    head = _yaml_head(article(title=title, summary=summary, categories=categories, tags=tags), layout)
    assert (head["title"], tuple(head["categories"]), tuple(head["tags"])) == (title, categories, tags)
    assert head["description" if layout == "jekyll" else "summary"] == (
        summary if layout == "jekyll" else markdown_line(summary)
    )


@modestly
@given(TEXT, TEXT, LISTS, LISTS)
def test_toml_gives_back_strings_as_strings(
    title: str, summary: str, categories: tuple[str, ...], tags: tuple[str, ...]
) -> None:
    text = front_matter(article(title=title, summary=summary, categories=categories, tags=tags), "zola")
    head = tomllib.loads(text.removeprefix("+++\n").removesuffix("+++\n"))
    assert (head["title"], head["description"], head["date"]) == (title, summary, PUBLISHED)
    assert (tuple(head["taxonomies"]["categories"]), tuple(head["taxonomies"]["tags"])) == (categories, tags)


@for_each("word", ["null", "~", "yes", "no", "1.0", "0x1f", "2024-01-01", "12:30", "a: b", "!!str x"])
def test_words_with_a_meaning_in_yaml_are_text(word: str) -> None:
    assert _yaml_head(article(title=word, categories=(word,)), "mainroad")["title"] == word


def test_a_date_carries_its_offset_unless_the_theme_wants_none() -> None:
    assert datetime.fromisoformat(_yaml_head(article(), "hugo")["date"]) == PUBLISHED
    assert datetime.fromisoformat(_yaml_head(article(), "mainroad")["date"] + "Z") == PUBLISHED


def _yaml_head(story: StoredArticle, layout: str, keys: tuple[str, ...] = ()) -> dict[str, Any]:
    (head,) = [document for document in yaml.safe_load_all(front_matter(story, layout, keys)) if document is not None]
    assert isinstance(head, dict)
    return head
