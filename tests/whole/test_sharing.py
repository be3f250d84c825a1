"""BEHAVIOUR, section 9, "One story, once": several sources carry an article, whoever answers first."""

import random
from pathlib import Path

import pytest

from tests.newsroom import Newsroom, item, newsroom, prose, rss
from tests.servers import Server
from tests.whole.feeds import read_json

STORY, COMMENT = prose(1, 120), prose(2, 40)


def near(text: str, number: int) -> str:
    """The text with one word replaced."""
    words = text.split()
    words[7 * number] = f"edit{number}"
    return " ".join(words)


def described(text: str) -> str:
    return f"&lt;p&gt;{text}&lt;/p&gt;"


def documents(server: Server) -> dict[str, bytes]:
    """Documents of the sources; the paper alone is at the host of its link."""
    story, wire = server.url("/story"), "https://wire.example/9"
    bridge = {"link": story, "title": "Bridge closed", "pubDate": "Tue, 24 Nov 2026 08:00:00 +0000"}
    return {
        "aggregator": rss(item(1, **bridge | {"guid": "a", "description": 'See &lt;a href="x"&gt;it&lt;/a&gt;'})),
        "blog": rss(item(1, **bridge | {"guid": "b", "description": described(COMMENT)})),
        "thief": rss(item(1, **bridge | {"guid": "t", "description": described(f"{STORY} {prose(9, 50)}")})),
        "paper": rss(
            item(1, **bridge | {"guid": "p", "description": described(STORY)}),
            item(3, guid="https://same.example/guid", title="Same name", description=described(prose(3))),
        ),
        "copy": rss(
            item(
                1, link="https://copy.example/1", guid="c", title="Bridge shut", description=described(near(STORY, 1))
            ),
            item(4, guid="https://same.example/guid", title="Same name", description=described(prose(4))),
        ),
        "agency": rss(item(1, link="https://agency.example/1", guid="g", description=described(near(STORY, 2)))),
        "short": rss(item(5, link=wire, guid="w", title="Wire", description=described(prose(5, 60)))),
        "long": rss(item(5, link=wire, guid="l", title="Wire", description=described(prose(5, 60) + prose(6, 9)))),
        "name": rss(item(7, guid="n", title="Same name 2", description=described(prose(7)))),
    }


def room(folder: Path, server: Server, order: list[str]) -> Newsroom:
    """A newsroom whose sources answer in this order."""
    bodies = documents(server)
    folder.mkdir()
    sources = []
    for name, body in bodies.items():
        pause = 0.03 * order.index(name)
        server.put(f"/{name}", body, pause=pause)
        host = "127.0.0.1" if name == "paper" else "localhost"
        sources.append({"name": name, "url": server.url(f"/{name}", host), "category": "x"})
    fetch = {"per_host": 32, "allow_private": ["127.0.0.0/8", "::1/128"]}
    return newsroom(folder, sources, fetch=fetch, articles={"name": "{year}/{slug}.md"})


@pytest.fixture
def orders(server: Server) -> list[list[str]]:
    names = list(documents(server))
    return [names, names[::-1], *(random.Random(seed).sample(names, len(names)) for seed in range(3))]


def test_the_order_of_the_answers_makes_no_difference(tmp_path: Path, server: Server, orders: list[list[str]]) -> None:
    results = []
    for number, order in enumerate(orders):
        newsroom = room(tmp_path / str(number), server, order)
        done = newsroom.once()
        assert not done.report.failures
        files = {path: data for path, (_, data) in newsroom.files().items()}
        results.append((done.new, done.duplicates, files))
        assert newsroom.once().rows == 0
    assert results[0][:2] == (8, 3)
    for result in results[1:]:
        assert result == results[0]


def test_the_owner_follows_from_the_link(tmp_path: Path, server: Server, orders: list[list[str]]) -> None:
    newsroom = room(tmp_path / "room", server, orders[1])
    newsroom.once()
    articles = {path: text for path, text in newsroom.articles().items() if "bridge-closed" in path}
    assert list(articles) == ["2026/bridge-closed-2.md", "2026/bridge-closed.md"]  # the blog is first in feeds.yaml
    paper, blog = articles.values()
    assert STORY in paper
    assert COMMENT in blog
    story = server.url("/story")
    assert paper.endswith(f"\n\n[paper]({story})\n\n[aggregator]({story})\n\n[thief]({story})\n")
    (wire,) = [text for path, text in newsroom.articles().items() if "wire" in path]
    assert prose(6, 9).split()[-1] in wire


def test_an_owner_that_comes_later_takes_over_text_and_title_but_not_id_and_path(
    tmp_path: Path, server: Server
) -> None:
    newsroom = room(tmp_path / "room", server, list(documents(server)))
    newsroom.once("thief")
    before = newsroom.articles()
    (path,) = before
    assert prose(9, 50) in before[path]
    uid = read_json(newsroom.feed("x.json"))[0]["id"]
    newsroom.later(minutes=10)
    done = newsroom.once("paper")
    assert (done.new, done.duplicates) == (1, 1)
    text = newsroom.articles()[path]
    assert STORY in text
    assert prose(9, 50) not in text
    assert [credit.split("]")[0] for credit in text.split("\n\n[")[1:]] == ["paper", "thief"]
    assert uid in {entry["id"] for entry in read_json(newsroom.feed("x.json"))}
    assert newsroom.once("thief", "paper").rows == 0


def test_the_owner_takes_over_from_a_link_into_an_amp_cache(tmp_path: Path, server: Server) -> None:
    newsroom = room(tmp_path / "room", server, list(documents(server)))
    story = server.url("/story")
    cache = story.replace("http://", "https://www.google.com/amp/")
    server.put("/thief", documents(server)["thief"].replace(story.encode(), cache.encode()))
    newsroom.once("thief")
    (path,) = newsroom.articles()
    newsroom.later(minutes=10)
    newsroom.once("paper")
    text = newsroom.articles()[path]
    assert prose(9, 50) not in text
    assert text.endswith(f"\n\n[paper]({story})\n\n[thief]({cache})\n")


def test_a_later_credit_moves_no_date(tmp_path: Path, server: Server) -> None:
    newsroom = room(tmp_path / "room", server, list(documents(server)))
    newsroom.once("paper")
    before = {entry["id"]: entry["updated"] for entry in read_json(newsroom.feed("x.json"))}
    newsroom.later(minutes=10)
    newsroom.once("aggregator", "thief", "copy", "agency")
    after = {entry["id"]: entry["updated"] for entry in read_json(newsroom.feed("x.json"))}
    assert {id_: after[id_] for id_ in before} == before
    assert not any("lastmod" in head for head in newsroom.heads())


def test_a_thief_cannot_move_the_article_to_its_host(tmp_path: Path, server: Server) -> None:
    newsroom = room(tmp_path / "room", server, list(documents(server)))
    newsroom.once()
    articles = newsroom.articles()
    moved = documents(server)["thief"].replace(b"/story", b"/stolen").replace(b"127.0.0.1", b"evil.example")
    server.put("/thief", moved.replace(b"word9x9 ", b"bait "))
    newsroom.later(hours=1)
    done = newsroom.once("thief")
    assert (done.new, done.updated) == (1, 0)
    after = newsroom.articles()
    (path,) = [path for path, text in articles.items() if "[paper]" in text and "bridge" in path]
    assert "[thief]" in articles[path]
    assert "[thief]" not in after[path]
    assert [path for path in after if "evil.example" in after[path] and "[paper]" in after[path]] == []
    assert newsroom.once("thief").rows == 0


def test_a_thief_that_came_first_and_moved_has_nothing_of_the_paper(tmp_path: Path, server: Server) -> None:
    newsroom = room(tmp_path / "room", server, list(documents(server)))
    newsroom.once("thief")
    moved = documents(server)["thief"].replace(b"/story", b"/stolen").replace(b"127.0.0.1", b"evil.example")
    server.put("/thief", moved)
    newsroom.later(minutes=10)
    newsroom.once("thief")
    ((stolen, text),) = newsroom.articles().items()
    assert "evil.example" in text
    newsroom.later(minutes=10)
    newsroom.once("paper")
    after = newsroom.articles()
    assert "[paper]" not in after.pop(stolen)
    (text,) = (text for text in after.values() if STORY in text)
    assert text.endswith(f"\n\n[paper]({server.url('/story')})\n")
    assert newsroom.once("thief", "paper").rows == 0


def test_at_most_twenty_members_of_a_cluster_are_listed(tmp_path: Path, server: Server) -> None:
    items = (item(n, title="One headline", description=described(near(STORY, n % 17))) for n in range(60))
    server.put("/many", rss(*items))
    room_of_many = newsroom(tmp_path, [{"name": "many", "url": server.url("/many")}])
    assert room_of_many.once().new == 60
    listed = [text.count("(many)") for text in room_of_many.articles().values()]
    assert max(listed) == 20
    assert len(read_json(room_of_many.feed("many.json"))) < 60
    assert room_of_many.once().rows == 0
