"""The documents of the sources of `schema-0003`, as that version read them; `edition` 1 has one edited entry."""

from tests.newsroom import item, prose, rss

PORT = 18799  # in feeds.yaml and database.sql, in place of the port of the test's server
STORY = prose(1, 120)


def documents(edition: int, extra: str = "") -> dict[str, bytes]:
    """Return what each path serves; each entry ends with `extra`."""
    copy = STORY.replace("word1x7 ", "other ")
    edited = f"{prose(2)} and more" if edition else prose(2)
    shared = {"link": "https://shared.example/story", "title": "A shared story", "description": prose(5, 80)}
    items = {
        "a": [item(1, description=STORY), item(2, description=edited), item(5, **shared | {"guid": "a5"})],
        "b": [
            item(3, link="https://b.example/3", guid="https://b.example/3", title="The same story", description=copy),
            item(4, link="https://b.example/4", guid="b4", title="Another"),
            item(5, **shared | {"guid": "b5"}),
        ],
        "c": [item(6, guid="c6", link="https://c.example/6", category="world"), item(7, guid="", link="", pubDate="")],
    }
    return {f"/{name}.xml": rss(*(entry + extra for entry in entries)) for name, entries in items.items()}
