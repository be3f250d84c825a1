"""Our id of an article, and its id in published feeds."""

from aggregator.dedupe.ids import article_id, public_id
from aggregator.model import Draft
from tests.cases import for_each
from tests.dedupe.memory import NOW

A, B = "https://example.org/a", "https://example.org/b"


def draft(guid: str | None, guid_key: str | None, link: str | None = A, title: str = "A", source_id: int = 1) -> Draft:
    return Draft(
        source_id=source_id,
        guid=guid,
        guid_key=guid_key,
        link=A,
        link_key=link,
        title=title,
        html="",
        markdown="",
        summary="",
        language=None,
        published=NOW,
        updated=NOW,
        first_seen=NOW,
        position=0,
    )


def test_our_id_is_of_the_strongest_name() -> None:
    def ours(guid: str | None, link: str | None, title: str = "A", body: str = "text", source_id: int = 1) -> str:
        return article_id(draft(guid, guid, link, title, source_id), body, "2025-02-08")

    assert ours("1", A) == ours("1", B, "edited", "edited")
    assert ours(None, A) == ours(None, A, "edited", "edited")
    assert ours(None, None) != ours(None, None, "edited")
    distinct = {ours("1", A), ours("2", A), ours(None, A), ours(None, B), ours(None, None), ours("1", A, source_id=2)}
    assert len(distinct) == 6
    assert all(len(name) == 32 and int(name, 16) for name in distinct)


OURS = "00112233445566778899aabbccddeeff"


@for_each(
    "guid",
    [
        "https://example.org/?p=1",
        "http://example.org/a#b",
        "tag:blogger.com,1999:blog-123.post-456",
        "tag:someone@example.org,2025-02-08:/a?b=c",
        "urn:uuid:0d9c7d6e-1f2a-4c57-9d0f-0d6f0c3d8a11",
        "urn:isbn:0451450523",
        "URN:sha256:abc",
    ],
)
def test_a_guid_that_is_a_valid_uri_is_the_public_id(guid: str) -> None:
    assert public_id(draft(guid, guid), OURS) == guid
    assert public_id(draft(guid, None), OURS) == "urn:uuid:00112233-4455-6677-8899-aabbccddeeff"


@for_each(
    "guid",
    [
        "1234",
        "/a",
        "https://example.org/a b",
        "https://example.org/ü",
        "https://user:secret@example.org/",
        "https://example.org:99999/",
        "tag:example.org:a",
        "tag:example.org,2025:a b",
        "urn:uuid:1234",
        "urn:x:1",
        "urn:example:ü",
        "javascript:alert(1)",
        "http://0x7f000001/",
    ],
)
def test_any_other_guid_gives_way_to_our_id(guid: str) -> None:
    assert public_id(draft(guid, guid), OURS) == "urn:uuid:00112233-4455-6677-8899-aabbccddeeff"
