"""BEHAVIOUR, section 9: every source is credited in the article and in all three feeds."""

import json
from typing import Any

import feedparser
from lxml import etree

from aggregator.model import ClusterMember, Credit, StoredArticle
from aggregator.render import article_file, feed_files
from aggregator.settings import Articles
from tests.render.examples import article, category_feed, settings

OWNER, SECOND, THIRD = (
    Credit(
        source=name,
        link=f"https://{name}.example/1?a=b&c=d",
        feed_title=f"{name} & co",
        feed_link=f"https://{name}.example/" if name != "third" else None,
        feed_url=f"https://{name}.example/feed",
    )
    for name in ("owner", "second", "third")
)
ALSO = (
    ClusterMember(title="Bridge *shut* [again]", link="https://copy.example/1", source="copy"),
    ClusterMember(title="# Bridge", link="https://agency.example/1", source="agency"),
)
SHARED = article(credits=(OWNER, SECOND, THIRD), also=ALSO)
NAMES = ["owner & co", "second & co", "third & co"]


def documents(*articles: StoredArticle) -> dict[str, bytes]:
    files = feed_files(category_feed(*articles), settings())
    return {file.path.rpartition(".")[2]: file.data for file in files}


def entry(document: bytes) -> Any:
    parsed = feedparser.parse(document, sanitize_html=False)
    assert not parsed.bozo
    return parsed.entries[0]


def test_an_article_file_names_the_others_in_one_paragraph_before_the_credits() -> None:
    text = article_file(SHARED, Articles()).data.decode()
    body, also, *lines = text.split("\n\n")[-5:]
    assert body == "Body of **article** 1."
    assert also == (
        r"Also: [Bridge \*shut\* \[again\]](https://copy.example/1) (copy), "
        "[# Bridge](https://agency.example/1) (agency)"
    )
    assert [line.split("]")[0] for line in lines] == ["[owner", "[second", "[third"]


def test_rss_ends_the_body_with_the_sources_and_names_them() -> None:
    item = entry(documents(SHARED)["rss"])
    assert item.content[-1].value.endswith(
        '<p>Sources: <a href="https://owner.example/1?a=b&amp;c=d">owner &amp; co</a>, '
        '<a href="https://second.example/1?a=b&amp;c=d">second &amp; co</a>, '
        '<a href="https://third.example/1?a=b&amp;c=d">third &amp; co</a></p>'
    )
    tree = etree.fromstring(documents(SHARED)["rss"])
    namespaces = {"dc": "http://purl.org/dc/elements/1.1/"}
    assert tree.xpath("//item/dc:contributor/text()", namespaces=namespaces) == NAMES
    assert tree.xpath("//item/source/text()") == ["owner & co"]


def test_atom_has_a_contributor_and_a_via_link_to_each_site() -> None:
    item = entry(documents(SHARED)["atom"])
    assert [person["name"] for person in item.contributors] == NAMES
    via = [(link.href, link.title) for link in item.links if link.rel == "via"]
    assert via == list(
        zip(["https://owner.example/", "https://second.example/", "https://third.example/feed"], NAMES, strict=True)
    )


def test_json_has_the_owner_all_sources_and_the_others() -> None:
    (item,) = json.loads(documents(SHARED)["json"])["items"]
    assert item["_source"]["name"] == "owner"
    assert [source["name"] for source in item["_sources"]] == ["owner", "second", "third"]
    assert [source["url"] for source in item["_sources"]] == [OWNER.link, SECOND.link, THIRD.link]
    assert item["_also"] == [{"title": also.title, "url": also.link, "source": also.source} for also in ALSO]


def test_an_article_of_one_source_has_no_list_of_sources() -> None:
    texts = {kind: document.decode() for kind, document in documents(article(1)).items()}
    assert "Sources:" not in "".join(texts.values())
    assert "contributor" not in texts["rss"] + texts["atom"]
    assert 'rel="via"' not in texts["atom"]
