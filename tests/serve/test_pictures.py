"""Pictures and sounds on pages, and the address that gives pictures."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from starlette.testclient import TestClient

from aggregator.config import load
from aggregator.model import Enclosure
from aggregator.pictures.pictures import Pictures
from aggregator.serve import Health, Metrics, site
from aggregator.serve.page_images import url_key
from aggregator.serve.phrases import duration, is_sound
from tests.cases import for_each
from tests.newsroom import Newsroom, item, newsroom, prose, rss
from tests.pictures.drawings import drawing
from tests.serve.test_pages import client_of, elements, links
from tests.servers import Server

ELSEWHERE = "https://pictures.example"


def images(html: str) -> list[dict[str, str | None]]:
    return elements(html, "img")


def with_media(number: int, body: str, media: str = "") -> str:
    return item(number, description=f"<![CDATA[{body}]]>") + media


def room_with(root: Path, server: Server, *items: str, **pages: Any) -> Newsroom:
    server.put("/feed", rss(*items))
    room = newsroom(root, [{"name": "paper", "url": server.url("/feed")}], pages=pages)
    assert room.once().new == len(items)
    return room


def article_page(client: TestClient, number: int) -> str:
    """The address of an article."""
    html = client.get("/").text
    address = re.search(rf'href="\./(article/[0-9a-f]+)">Story number {number}<', html)
    assert address
    return f"/{address[1]}"


def policy(client: TestClient, page: str) -> dict[str, str]:
    parts = client.get(page).headers["Content-Security-Policy"].split("; ")
    return {name: values for name, _, values in (part.partition(" ") for part in parts)}


THUMBNAIL = f'<media:content url="{ELSEWHERE}/lead.jpg" medium="image"/>'
ITEMS = (
    with_media(1, f"<p>{prose(1)}</p><p><img src='{ELSEWHERE}/1.png' alt='a cat'></p>", THUMBNAIL),
    with_media(2, f"<p><img src='{ELSEWHERE}/2-300x200.png' alt='a dog'></p><p>{prose(2)}</p>"),
    with_media(3, f"<p>{prose(3)}</p>"),
    with_media(4, f"<p><img src='{ELSEWHERE}/4.svg' alt='a map'></p><p>{prose(4)}</p>"),
)


def test_pages_load_pictures_from_here_alone(tmp_path: Path, server: Server) -> None:
    with client_of(room_with(tmp_path, server, *ITEMS)) as client:
        listed = images(client.get("/").text)
        assert len(listed) == 2
        for thumbnail in listed:
            assert (thumbnail["width"], thumbnail["height"], thumbnail["loading"]) == ("120", "80", "lazy")
            assert thumbnail["alt"] == ""
        first, second, third, fourth = (article_page(client, number) for number in (1, 2, 3, 4))
        lead, inside = images(client.get(first).text)
        assert f"{ELSEWHERE}/lead.jpg" not in links(client.get(first).text)  # among its media
        assert lead["class"] == "lead unsized"
        assert (inside["alt"], inside["loading"]) == ("a cat", "lazy")
        assert [image["alt"] for image in images(client.get(second).text)] == ["a dog"]  # no lead above it
        assert not images(client.get(third).text)
        drawn = client.get(fourth).text
        assert not images(drawn)
        assert f'<a class="picture" href="{ELSEWHERE}/4.svg">Picture: a map</a>' in drawn
        for page in ("/", first, second, fourth):
            html = client.get(page).text
            sources = [urljoin(page, image["src"] or "") for image in images(html)]
            assert all(re.fullmatch(r"/picture/[0-9a-f]{32}-[0-9a-f]{32}", source) for source in sources)
            assert policy(client, page)["img-src"] == "'self'"
            assert "media-src" not in policy(client, page)
            assert not elements(html, "script", "style", "iframe", "audio")
            assert {each["rel"] for each in elements(html, "link")} <= {
                "stylesheet", "icon", "apple-touch-icon", "alternate", "canonical"
            }  # fmt: skip
        shared = {each.get("property"): each.get("content") for each in elements(client.get(first).text, "meta")}
        assert (shared["og:image"] or "").startswith("http://127.0.0.1:8080/picture/")
        assert 'property="og:image"' not in client.get(third).text


def test_pages_load_pictures_from_their_sources_if_they_are_to(tmp_path: Path, server: Server) -> None:
    with client_of(room_with(tmp_path, server, *ITEMS, pictures="direct")) as client:
        first = article_page(client, 1)
        assert {image["src"] for image in images(client.get("/").text)} == {
            f"{ELSEWHERE}/lead.jpg",
            f"{ELSEWHERE}/2-300x200.png",
            f"{ELSEWHERE}/4.svg",
        }
        html = client.get(first).text
        assert [image["src"] for image in images(html)] == [f"{ELSEWHERE}/lead.jpg", f"{ELSEWHERE}/1.png"]
        assert f'<meta property="og:image" content="{ELSEWHERE}/lead.jpg">' in html
        assert policy(client, first)["img-src"] == "'self' https: http:"
        assert client.get(first).headers["Referrer-Policy"] == "no-referrer"
        assert client.get(f"/picture/{'0' * 32}-{'0' * 32}").status_code == 404


def test_pictures_are_links_if_they_are_off(tmp_path: Path, server: Server) -> None:
    with client_of(room_with(tmp_path, server, *ITEMS, pictures="off")) as client:
        first = article_page(client, 1)
        html = client.get(first).text
        assert f"{ELSEWHERE}/lead.jpg" in links(html)
        assert not images(html) + images(client.get("/").text)
        assert f'<a class="picture" href="{ELSEWHERE}/1.png">Picture: a cat</a>' in html
        assert "og:image" not in html
        assert policy(client, first)["img-src"] == "'self'"


def test_off_needs_no_quotes(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text("pages: {pictures: off, picture_cache: 20MB}\nsources: [https://a.example/feed]\n")
    pages = load(path, {}).pages
    assert (pages.pictures, pages.picture_cache) == ("off", 20_000_000)


def test_the_example_of_the_docs_is_a_configuration(tmp_path: Path) -> None:
    page = (Path(__file__).parent.parent.parent / "docs" / "pictures.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "feeds.yaml").write_text(example)
    assert load(tmp_path / "feeds.yaml", {}).pages.picture_cache == 200_000_000


def test_a_podcast_can_be_heard_and_says_how_long_it_is(tmp_path: Path, server: Server) -> None:
    episode = '<enclosure url="https://sounds.example/1.mp3" type="audio/mpeg" length="1000"/>'
    length = '<itunes:duration xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">1:12:10</itunes:duration>'
    room = room_with(tmp_path, server, with_media(1, prose(1), episode + length), with_media(2, prose(2)))
    with client_of(room) as client:
        page = article_page(client, 1)
        html = client.get(page).text
        (sound,) = elements(html, "audio")
        assert (sound["src"], sound["preload"]) == ("https://sounds.example/1.mp3", "none")
        assert {"controls", "aria-label"} <= set(sound)
        assert "1 h 12 min" in html
        assert policy(client, page)["media-src"] == "https: http:"
        assert "https://sounds.example/1.mp3" in links(html)
        assert "media-src" not in policy(client, article_page(client, 2))
        assert "media-src" not in policy(client, "/")


@pytest.fixture
def served(tmp_path: Path, server: Server) -> Any:
    """A client of one article's page, its pictures, and the addresses of three of them on it."""
    urls = [server.put("/1.png", drawing("PNG")), server.url("/lost.png"), server.url("/busy.png")]
    server.put("/busy.png", status=429, headers={"Retry-After": "90"})
    body = "".join(f"<p><img src='{url}' alt='x'></p>" for url in urls)
    room = room_with(tmp_path, server, with_media(1, f"<p>{prose(1)}</p>{body}"))
    with room.opened() as app:
        metrics = Metrics()
        pictures = Pictures(app, metrics.count_picture)
        application = site(app, Health(app.clock), metrics, None, pictures)
        with TestClient(application, raise_server_exceptions=False) as client:
            page = article_page(client, 1)
            addresses = [urljoin(page, image["src"] or "") for image in images(client.get(page).text)]
            yield client, page, addresses
            assert client.portal
            client.portal.call(pictures.close)


def test_a_picture_is_served_so_that_it_can_do_nothing(served: Any) -> None:
    client, _, (present, lost, busy) = served
    answer = client.get(present)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["Cache-Control"] == "public, max-age=604800"
    assert client.get(present, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert client.head(present).headers["Content-Length"] == str(len(answer.content))
    missing, later = client.get(lost), client.get(busy)
    assert missing.status_code == client.get(busy.replace("-", "-0")[:-1]).status_code == 404
    assert client.get(busy).status_code == 503
    assert client.get(busy).headers["Retry-After"] == "90"
    for each in (answer, missing, later, client.get(busy)):
        assert each.headers["X-Content-Type-Options"] == "nosniff"
        assert each.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert each.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Disallow: /picture/\n" in client.get("/robots.txt").text


def test_requests_for_pictures_are_counted(served: Any) -> None:
    client, _, (present, lost, busy) = served

    def figures() -> dict[str, float]:
        lines = re.findall(r"^aggregator_picture(\S+) (\S+)$", client.get("/metrics").text, re.MULTILINE)
        return {name: float(value) for name, value in lines}

    assert set(figures().values()) == {0}
    first, *_ = [client.get(address) for address in (present, present, lost, lost, busy, present[:-1] + "x")]
    outcomes = {"cached": 1, "fetched": 1, "failed": 2, "held": 1}
    counted = {f's_total{{outcome="{name}"}}': number for name, number in outcomes.items()}
    assert figures() == counted | {"_cache_bytes": len(first.content)}


def test_a_page_leaves_room_for_what_is_here_and_links_to_what_cannot_be_had(served: Any) -> None:
    client, page, (present, lost, _) = served
    assert [image.get("class") for image in images(client.get(page).text)] == ["unsized"] * 3
    assert client.get(present).status_code == 200
    assert client.get(lost).status_code == 404
    html = client.get(page).text
    sized, _ = images(html)
    assert (sized["width"], sized["height"], sized.get("class")) == ("600", "400", None)
    assert re.search(r'<a class="picture" href="[^"]*/lost.png">Picture: x</a>', html)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/u/cat-300x200.jpg?w=9", ("a.example", "/u/cat.jpg")),
        ("http://A.example/u/cat-scaled.jpg", ("a.example", "/u/cat.jpg")),
        ("https://a.example/cat-2024.jpg", ("a.example", "/cat-2024.jpg")),
    ],
)
def test_one_picture_in_several_sizes_is_the_same(url: str, expected: tuple[str, str]) -> None:
    assert url_key(url) == expected


@for_each(
    ("seconds", "text"),
    [(38, "38 s"), (60, "1 min"), (2840, "47 min"), (3570, "1 h"), (3599, "1 h"), (3600, "1 h"), (4330, "1 h 12 min")],
)
def test_a_length_is_told_in_its_largest_units(seconds: int, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("url", "kind", "expected"),
    [
        ("https://a.example/1", "audio/mpeg", True),
        ("https://a.example/1.MP3?a=b", None, True),
        ("https://a.example/1.mp3", "video/mp4", False),
        ("https://a.example/1.jpg", None, False),
        ("ftp://a.example/1.mp3", "audio/mpeg", False),
    ],
)
def test_a_sound_is_one_that_a_browser_can_play(url: str, kind: str | None, expected: bool) -> None:
    assert is_sound(Enclosure(url=url, type=kind)) is expected
