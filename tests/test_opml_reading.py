"""OPML as other programs write it, and our sources there and back."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Failure
from aggregator.opml import OpmlOutline, sources_opml, subscriptions
from tests.cases import for_each
from tests.sources import source
from tests.thorough import examples

NESTED = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>Mine</title></head><body>
  <outline text="Top" type="rss" xmlUrl="https://top.example/feed"/>
  <outline text="News" title="News">
    <outline title="World only has a title" xmlUrl="https://world.example/feed" language="en-US"/>
    <outline text="Europe">
      <outline text="  Le
        Monde " TYPE="rss" XMLURL=" https://lemonde.example/rss "/>
    </outline>
  </outline>
  <outline text="Europe"><outline text="Again" xmlurl="https://world.example/feed"/></outline>
  <outline text="Just a note"/>
</body></opml>"""


def read(data: bytes | str) -> tuple[OpmlOutline, ...]:
    outlines = subscriptions(data.encode() if isinstance(data, str) else data)
    assert not isinstance(outlines, Failure), outlines
    return outlines


def refusal(data: bytes | str) -> str:
    answer = subscriptions(data.encode() if isinstance(data, str) else data)
    assert isinstance(answer, Failure)
    return answer.reason


def test_nested_folders_and_attributes_in_any_case_are_read() -> None:
    assert read(NESTED) == (
        OpmlOutline(url="https://top.example/feed", text="Top"),
        OpmlOutline(
            url="https://world.example/feed",
            text="World only has a title",
            folders=("News", "Europe"),
            language="en-US",
        ),
        OpmlOutline(url="https://lemonde.example/rss", text="Le Monde", folders=("News", "Europe")),
        OpmlOutline(url="", text="Just a note", skip_reason="it has no xmlUrl"),
    )


def test_version_1_without_head_and_version_is_read() -> None:
    assert read('<opml><body><outline text="A" xmlUrl="https://a.example/"/></body></opml>') == (
        OpmlOutline(url="https://a.example/", text="A"),
    )


def test_ampersands_that_nobody_escaped_are_read() -> None:
    (outline,) = read(
        '<opml version="1.1"><body><outline text="A & B" xmlUrl="https://a.example/?x=1&amp;y=2"/></body>'
    )
    assert outline.url == "https://a.example/?x=1&y=2"
    assert outline.text.startswith("A")


def test_other_encodings_are_read() -> None:
    text = '<?xml version="1.0" encoding="{}"?><opml><body><outline text="Вести" xmlUrl="https://a.example/"/></body></opml>'
    for encoding in ("windows-1251", "utf-16", "koi8-r"):
        assert read(text.format(encoding).encode(encoding))[0].text == "Вести"


def test_outlines_that_are_comments_are_left_out_with_all_below_them() -> None:
    off = '<outline text="Off" isComment="true"><outline text="A" xmlUrl="https://a.example/"/></outline>'
    assert read(f"<opml><body>{off}<!-- no --></body></opml>") == (
        OpmlOutline(url="", text="Off", skip_reason="it is a comment"),
    )


def test_a_title_that_is_another_than_the_text_is_read() -> None:
    outline = '<outline text="times" title="The Times" xmlUrl="https://a.example/"/>'
    assert read(f"<opml><body>{outline}</body></opml>") == (
        OpmlOutline(url="https://a.example/", text="times", title="The Times"),
    )


LAUGHS = '<!DOCTYPE opml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><opml><body><outline text="&b;"/></body></opml>'


@pytest.mark.parametrize(
    "data", [LAUGHS.encode(), LAUGHS.encode("utf-16"), LAUGHS.replace("ENTITY", "ENTITY %").encode()]
)
def test_entities_are_refused(data: bytes) -> None:
    assert "entities" in refusal(data)


@for_each("data", ["", "words", "<html><body/></html>", "<rss/>", "{}", "\0\1"])
def test_what_is_no_opml_is_refused(data: str) -> None:
    assert "no OPML" in refusal(data)


def test_depth_beyond_reason_is_read_as_far_as_it_goes() -> None:
    folders = '<outline text="x">' * 100_000
    assert isinstance(subscriptions(f"<opml><body>{folders}</body></opml>".encode()), tuple | Failure)


@settings(max_examples=examples(100), deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet="<>/\"'=! opmlbodyutnexrU&;", max_size=200).map(str.encode))
def test_no_document_makes_it_raise(data: bytes) -> None:
    subscriptions(data)
    subscriptions(b"<opml><body>" + data)


SOURCES = (
    source("alone", "https://alone.example/feed?a=1&b=2"),
    source("one", "https://one.example/", category="World news", language="en"),
    source("two", "https://two.example/", categories=("World news", "Книги & co")),
    source("secret", "https://user:pass@secret.example/", category="alone", headers={"X": "hidden"}),
)


def test_sources_lie_in_a_folder_for_each_category() -> None:
    assert (
        sources_opml(SOURCES[1:3], "Sources").decode()
        == """\
<?xml version='1.0' encoding='UTF-8'?>
<opml version="2.0">
  <head>
    <title>Sources</title>
  </head>
  <body>
    <outline text="World news" title="World news">
      <outline type="rss" text="one" title="one" xmlUrl="https://one.example/" language="en"/>
      <outline type="rss" text="two" title="two" xmlUrl="https://two.example/"/>
    </outline>
    <outline text="Книги &amp; co" title="Книги &amp; co">
      <outline type="rss" text="two" title="two" xmlUrl="https://two.example/"/>
    </outline>
  </body>
</opml>
"""
    )


def test_sources_come_back_as_they_went() -> None:
    back = {outline.text: outline for outline in read(sources_opml(SOURCES, "Sources"))}
    for sent in SOURCES:
        outline = back[sent.name]
        assert outline.url == re.sub("user:pass@", "", sent.url)
        assert outline.language == sent.settings.language
        assert (outline.folders or (sent.name,)) == sent.categories


def test_no_credentials_go_out() -> None:
    text = sources_opml(SOURCES, "Sources").decode()
    assert "pass" not in text
    assert "hidden" not in text


BARE = '<opml><body><outline text="A & B &eacute; &lt; &unknown;" xmlUrl="{}"/></body></opml>'


@for_each(
    ("written", "url"),
    [
        ("https://a.example/?a=b&format=rss", "https://a.example/?a=b&format=rss"),
        ("https://a.example/?a=b&amp;format=rss", "https://a.example/?a=b&format=rss"),
        ("https://a.example/?a=b&copy=1&lt=2&#38;c=3", "https://a.example/?a=b&copy=1&lt=2&c=3"),
        ("feed://a.example/feed", "http://a.example/feed"),
        ("feed:https://a.example/feed", "https://a.example/feed"),
        ("FEED:http://a.example/feed", "http://a.example/feed"),
        ("https://***@a.example/feed", "https://a.example/feed"),
    ],
)
def test_a_url_is_read_as_it_is_meant(written: str, url: str) -> None:
    (outline,) = read(BARE.format(written))
    assert (outline.url, outline.text) == (url, "A & B é < &unknown;")


@for_each("encoding", ["windows-1252", "iso-8859-15", "koi8-r", "utf-16", "utf-8"])
@for_each("declared", [True, False])
def test_it_is_decoded_like_a_feed(encoding: str, declared: bool) -> None:
    if encoding == "koi8-r" and not declared:
        return
    text = "Новости" if encoding == "koi8-r" else "Café – Übersicht"
    if encoding == "iso-8859-15":
        text = "Café"
    declaration = f'<?xml version="1.0" encoding="{encoding}"?>\n' if declared else ""
    (outline,) = read(
        f'{declaration}<opml><body><outline text="{text}" xmlUrl="https://a.example/"/></body></opml>'.encode(encoding)
    )
    assert outline.text == text


def test_a_wrong_declaration_makes_no_mojibake() -> None:
    text = '<?xml version="1.0" encoding="iso-8859-1"?><opml><body><outline text="Café" xmlUrl="https://a.example/"/>'
    (outline,) = read(text.encode())
    assert outline.text == "Café"


def test_categories_and_disabled_are_kept_both_ways() -> None:
    (outline,) = read(
        '<opml><body><outline text="A" xmlUrl="https://a.example/" category="/News/World, tech,," isDisabled="true"/>'
        '<outline text="A" xmlUrl="https://a.example/" category="tech,more"/></body></opml>'
    )
    assert outline.categories == ("World", "tech", "more")
    assert outline.is_disabled
    sent = source("a", "https://a.example/", enabled=False)
    (back,) = read(sources_opml([sent, source("b", "https://b.example/")], "Sources"))[:1]
    assert back.is_disabled
