"""The model article, byte for byte, from all five forms of its source."""

from pathlib import Path

import pytest

from tests.newsroom import newsroom
from tests.servers import Server

SEED = Path(__file__).parent.parent / "seed"
FORMS = ("thehill.rss", "thehill-description.rss", "thehill.atom", "thehill-xhtml.atom", "thehill.json")
PATH = "thehill/2025/02/08-zelensky-says-hes-open-to-trumps-rare-earth-request-lets-do-a-deal.md"


@pytest.mark.parametrize("form", FORMS)
def test_each_form_gives_the_article_and_nothing_touches_it_again(form: str, tmp_path: Path, server: Server) -> None:
    source = {"name": "thehill", "url": server.url(f"/{form}"), "category": "thehill", "language": "en"}
    room = newsroom(tmp_path, [source | {"tags": ["thehill"]}])
    server.put(f"/{form}", (SEED / form).read_bytes())
    first = room.once()
    assert (first.new, first.published.articles) == (1, 1)
    assert {path: text.encode() for path, text in room.articles().items()} == {
        PATH: (SEED / "zelensky.md").read_bytes()
    }
    before = room.files()
    assert room.once().published.articles == 0
    assert room.files() == before


def test_all_five_forms_are_one_article(tmp_path: Path, server: Server) -> None:
    room = newsroom(tmp_path, [{"name": f"form-{n}", "url": server.url(f"/{n}")} for n in range(len(FORMS))])
    for number, form in enumerate(FORMS):
        server.put(f"/{number}", (SEED / form).read_bytes())
    first = room.once()
    assert (first.new, first.duplicates) == (1, 4)
    assert len(room.articles()) == 1
