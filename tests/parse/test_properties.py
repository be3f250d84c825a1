"""Whatever comes, `parse` answers with a value."""

import json
import pickle
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Failure, Feed
from aggregator.parse import parse
from tests.parse.documents import NAMESPACES, atom, document, rss
from tests.thorough import examples

EXAMPLES = settings(max_examples=examples(150), deadline=None)

WHOLE = [
    rss(
        '<item><title>Été &amp; <![CDATA[<b>x</b>]]></title><link>/1</link><guid isPermaLink="false">g</guid>'
        "<description>&lt;p>x&#233;&lt;/p></description><author>j@example.org (J)</author><category>c</category>"
        '<media:group><media:content url="/a.jpg" medium="image"/></media:group><pubDate>x</pubDate></item>' * 2
    ),
    atom(
        '<entry xml:base="x/"><title type="html">a</title><id>1</id><link href="1"/><content type="xhtml">'
        '<div xmlns="http://www.w3.org/1999/xhtml"><p>b<br/></p></div></content><author><name>J</name></author></entry>'
        * 2
    ),
    json.dumps(
        {"version": "https://jsonfeed.org/version/1.1", "items": [{"id": 1, "title": "a", "authors": [{"name": "J"}]}]}
    ),
]
TOKENS = [
    *("<", ">", "&", '"', "'", "]]>", "<![CDATA[", "<!--", "-->", "<?xml", "?>", "<!DOCTYPE x [", "&#xD800;", "&nbsp;"),
    *("<item>", "</item>", "<entry>", "</entry>", "<title>", "</title>", "<link>", "</link>", "<guid>", "</guid>"),
    *(
        "<description>",
        "</description>",
        "<author>",
        "</author>",
        "</category>",
        "<content type='xhtml'>",
        "</content>",
    ),
    *("<div>", "</div>", "<svg>", "</svg>", "<image>", "</image>", "<source url='x'>", "</source>", "<media:group>"),
    *(
        "<links a='b'/>",
        "<time datetime='x'>",
        "<itunes:image href='x'/>",
        "<hour>",
        "</hour>",
        "\x00",
        "\ufeff",
        "é",
        "Ã©",
    ),
]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["id", "url", "title", "items", "tags", "authors", "author", "name", "attachments", "hubs", "type"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


def answer(body: bytes, content_type: str | None = None) -> Feed | Failure:
    """The answer of `parse`, which must be a value that crosses to another process."""
    value = parse(document(body, content_type=content_type))
    assert isinstance(value, Feed | Failure)
    assert pickle.loads(pickle.dumps(value)) == value
    return value


@EXAMPLES
@given(st.binary(max_size=300), st.none() | st.text(max_size=30))
def test_any_bytes_have_an_answer(body: bytes, content_type: str | None) -> None:
    answer(body, content_type)


@EXAMPLES
@given(st.sampled_from(WHOLE), st.data())
def test_a_feed_with_bytes_exchanged_has_an_answer(text: str, data: st.DataObject) -> None:
    body = bytearray(text.encode())
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(body)))
        body[place : place + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=4))
    answer(bytes(body))


@EXAMPLES
@given(st.sampled_from(WHOLE), st.lists(st.tuples(st.floats(0, 1), st.sampled_from(TOKENS)), max_size=8))
def test_a_feed_with_markup_thrown_in_has_an_answer(text: str, thrown: list[tuple[float, str]]) -> None:
    for where, token in thrown:
        place = int(where * len(text))
        text = text[:place] + token + text[place:]
    answer(text.encode("utf-8", "surrogatepass"))


@EXAMPLES
@given(st.lists(st.sampled_from(TOKENS), max_size=25))
def test_any_sequence_of_tags_has_an_answer(tokens: list[str]) -> None:
    answer(f'<rss version="2.0" {NAMESPACES}><channel><item>{"".join(tokens)}</item></channel></rss>'.encode())


@EXAMPLES
@given(json_values, st.sampled_from([dict, lambda value: {"items": value}, lambda value: {"items": [value] * 2}]))
def test_any_json_has_an_answer(value: Any, shape: Callable[[Any], dict[str, Any]]) -> None:
    values = shape(value) if isinstance(value, dict) or shape is not dict else {"items": value}
    answer(json.dumps({"version": "https://jsonfeed.org/version/1"} | values).encode())


@EXAMPLES
@given(st.sampled_from(WHOLE[:2]), st.floats(0, 1))
def test_a_cut_never_adds_an_entry_and_always_shows(text: str, where: float) -> None:
    cut = parse(document(text[: int(where * (len(text) - 7))]))
    full = parse(document(text))
    assert isinstance(full, Feed)
    if isinstance(cut, Feed):
        assert cut.entries == full.entries[: len(cut.entries)]
        assert cut.problem is not None
