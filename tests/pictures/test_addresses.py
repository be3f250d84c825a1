"""Names of pictures."""

import re

import pytest

from aggregator.model import ArticleImages
from aggregator.pictures.addresses import named_image, signed_name
from tests.cases import for_each

ID, OTHER = "0" * 32, "1" * 32
URL = "https://a.example/1.png?a=1&b"
IMAGES = ArticleImages(
    image="https://a.example/lead.jpg",
    html='<p><img src="https://a.example/1.png?a=1&amp;b" alt="x"><img alt="" title="src=" src="https://a.example/2"></p>',
)


@pytest.mark.parametrize("url", ["https://a.example/lead.jpg", URL, "https://a.example/2"])
def test_a_name_stands_for_an_image_of_its_article_in_one_size(url: str) -> None:
    page, thumbnail = signed_name("key", ID, url, "page"), signed_name("key", ID, url, "thumbnail")
    assert named_image("key", page, IMAGES) == (url, "page")
    assert named_image("key", thumbnail, IMAGES) == (url, "thumbnail")
    assert re.fullmatch(rf"{ID}-[0-9a-f]{{32}}", page)


@for_each(
    "name",
    [
        signed_name("another key", ID, URL, "page"),
        signed_name("key", OTHER, URL, "page").replace(OTHER, ID),
        signed_name("key", ID, "https://a.example/3", "page"),
        signed_name("key", ID, URL, "page")[:-1],
        f"{ID}-{URL}",
        f"{ID}-ä",
        "",
    ],
)
def test_no_other_name_stands_for_anything(name: str) -> None:
    assert named_image("key", name, IMAGES) is None
