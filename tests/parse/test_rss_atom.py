"""What RSS and Atom say is told as published."""

from datetime import timedelta

import pytest

from aggregator.model import Enclosure, Link, Person, Rendition, Term, TextConstruct, Tombstone
from tests.cases import for_each
from tests.parse.documents import URL, atom, entry_of, feed_of, item, rss

# ----------------------------------------------------------------------------------------------------- guid and links


@for_each(
    ("guid", "raw", "is_link"),
    [
        ("<guid>/2024/one</guid>", "/2024/one", True),
        ('<guid isPermaLink="true"> https://example.org/1 </guid>', "https://example.org/1", True),
        ('<guid isPermaLink="false">tag:example.org,2024:1</guid>', "tag:example.org,2024:1", False),
        ('<guid isPermaLink="False">https://example.org/?p=1</guid>', "https://example.org/?p=1", False),
        ("<guid/>", None, False),
        ("", None, False),
    ],
)
def test_a_guid_stays_raw_and_says_whether_it_is_a_link(guid: str, raw: str | None, is_link: bool) -> None:
    entry = entry_of(item(guid))
    assert (entry.guid, entry.guid_is_link) == (raw, is_link)
    assert entry.links == ()  # a podcast's uuid would else become a page


def test_a_link_before_the_guid_does_not_change_what_the_guid_is() -> None:
    assert entry_of(item("<link>https://example.org/1</link><guid>https://example.org/1</guid>")).guid_is_link


def test_an_atom_id_is_never_a_link() -> None:
    entry = entry_of(atom("<entry><id>relative id</id><title>One</title></entry>"))
    assert (entry.guid, entry.guid_is_link) == ("relative id", False)


def test_rdf_about_is_the_guid_of_rss_1() -> None:
    body = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
        "<channel><title>A feed</title></channel>"
        '<item rdf:about="https://example.org/1"><title>One</title></item></rdf:RDF>'
    )
    feed = feed_of(body)
    assert feed.format == "rss10"
    assert (feed.entries[0].guid, feed.entries[0].guid_is_link) == ("https://example.org/1", True)


@pytest.mark.parametrize(
    ("href", "absolute"),
    [
        ("/en/games/1", "https://example.org/en/games/1"),
        ("../1", "https://example.org/1"),
        ("\n  https://example.com/a?b=1&amp;c=2\n ", "https://example.com/a?b=1&c=2"),
        ("//cdn.example.org/1", "https://cdn.example.org/1"),
        ("https://example.org/a b", "https://example.org/a%20b"),
    ],
)
def test_a_link_is_absolute_against_the_documents_url(href: str, absolute: str) -> None:
    assert entry_of(item(f"<link>{href}</link>")).links == (Link(rel="alternate", href=absolute, type="text/html"),)


@pytest.mark.parametrize("href", ["", " ", "javascript:alert(1)", "htpt:/:s://example.org", "mailto:a@example.org"])
def test_a_link_that_leads_to_no_page_is_none(href: str) -> None:
    assert entry_of(item(f"<link>{href}</link>")).links == ()


def test_credentials_of_the_source_do_not_reach_relative_links() -> None:
    feed = feed_of(item("<link>/1</link>"), url="https://me:secret@example.org/feed")
    assert "secret" not in repr(feed)


@pytest.mark.parametrize(
    ("base", "href"),
    [
        ('xml:base=""', "https://example.org/blog/one"),
        ('xml:base="#fragment"', "https://example.org/blog/one"),
        ('xml:base="https://example.com/x/"', "https://example.com/x/one"),
        ('xml:base="y/"', "https://example.org/blog/y/one"),
    ],
)
def test_xml_base_of_the_feed_is_the_base_of_links(base: str, href: str) -> None:
    entry = entry_of(atom('<entry><title>One</title><link href="one"/></entry>', attributes=base))
    assert entry.links[0].href == href


def test_bases_nest() -> None:
    entry = entry_of(
        atom(
            '<entry xml:base="2013/"><title>One</title><link href="one" xml:base="06/27/"/>'
            '<content type="html" xml:base="text/">&lt;a href="two"></content></entry>',
            attributes='xml:base="https://example.com/ongoing/"',
        )
    )
    assert entry.links[0].href == "https://example.com/ongoing/2013/06/27/one"
    assert entry.contents[0].base == "https://example.com/ongoing/2013/text/"


@pytest.mark.parametrize("attributes", ["", 'xml:base=""', 'xml:base="#top"'])
def test_a_text_has_no_base_where_only_the_documents_url_would_be_one(attributes: str) -> None:
    entry = entry_of(atom('<entry><title>One</title><content type="html">x</content></entry>', attributes=attributes))
    assert entry.contents[0].base is None


def test_alternate_links_come_first_and_keep_their_order() -> None:
    entry = entry_of(
        atom(
            '<entry><title>One</title><link rel="self" href="/self"/><link rel="alternate" href="/a"/>'
            '<link rel="replies" type="text/html" href="/r"/><link href="/b"/></entry>'
        )
    )
    assert [(link.rel, link.href.rpartition("/")[2]) for link in entry.links] == [
        ("alternate", "a"),
        ("alternate", "b"),
        ("self", "self"),
        ("replies", "r"),
    ]


def test_the_page_comes_before_an_alternate_that_is_a_feed() -> None:
    feed = feed_of(rss(channel='<atom:link href="/rss" type="application/rss+xml"/><link>/</link>'))
    assert feed.link == "https://example.org/"


def test_an_enclosure_written_as_the_text_of_a_link_is_not_the_entrys_page() -> None:
    entry = entry_of(
        atom(
            '<entry><title>One</title><link rel="alternate" href="/page"/>'
            '<link rel="enclosure" type="image/jpeg">https://example.org/p.jpg</link></entry>'
        )
    )
    assert [link.href for link in entry.links] == ["https://example.org/page"]
    assert entry.enclosures == (Enclosure(url="https://example.org/p.jpg", type="image/jpeg"),)
    assert entry.image == "https://example.org/p.jpg"


def test_the_original_link_of_feedburner_is_told() -> None:
    entry = entry_of(item("<feedburner:origLink>https://example.com/1</feedburner:origLink>"))
    assert entry.original_link == "https://example.com/1"


# ----------------------------------------------------------------------------------------------------- texts


@pytest.mark.parametrize(
    ("title", "value"),
    [
        ("Fish &amp; chips", "Fish & chips"),
        ("&amp;lt;pre&amp;gt; &amp;#8211;", "&lt;pre&gt; &#8211;"),  # XML decodes once, nobody here a second time
        ("<![CDATA[<b>Bold</b> &amp; brave]]>", "<b>Bold</b> &amp; brave"),
    ],
)
def test_an_rss_title_is_as_xml_left_it(title: str, value: str) -> None:
    assert entry_of(rss(f"<item><title>{title}</title></item>")).title == TextConstruct(value=value, kind="rss")


@pytest.mark.parametrize(
    ("construct", "text"),
    [
        ("<title>a &lt;b&gt;</title>", TextConstruct(value="a <b>", kind="plain")),
        ('<title type="text">a &amp;amp; b</title>', TextConstruct(value="a &amp; b", kind="plain")),
        ('<title type="html">a &lt;b>b&lt;/b></title>', TextConstruct(value="a <b>b</b>", kind="html")),
        (
            '<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">a <em>&amp; b</em></div></title>',
            TextConstruct(value="a <em>&amp; b</em>", kind="html"),
        ),
    ],
)
def test_an_atom_title_says_what_it_is_written_in(construct: str, text: TextConstruct) -> None:
    assert entry_of(atom(f"<entry>{construct}</entry>")).title == text


def test_a_title_inside_another_element_is_not_the_entrys() -> None:
    inner = "<author><name>Jane</name><title>Editor</title></author><media:title>Picture</media:title>"
    assert entry_of(rss(f"<item><title>One</title>{inner}</item>")).title == TextConstruct(value="One", kind="rss")
    assert entry_of(rss(f"<item>{inner}<title>One</title></item>")).title == TextConstruct(value="One", kind="rss")


def test_bodies_are_all_told_best_first() -> None:
    entry = entry_of(
        item(
            "<itunes:summary>five</itunes:summary><media:group><media:description>four</media:description></media:group>"
            "<description>two</description><content:encoded>&lt;p>one&lt;/p></content:encoded>"
        )
    )
    assert entry.contents == (
        TextConstruct(value="<p>one</p>", kind="html"),
        TextConstruct(value="two", kind="rss"),
        TextConstruct(value="five", kind="rss"),
        TextConstruct(value="four", kind="plain"),
    )


def test_one_text_in_two_elements_is_told_once() -> None:
    entry = entry_of(item("<itunes:summary>same</itunes:summary><description>same</description>"))
    assert entry.contents == (TextConstruct(value="same", kind="rss"),)


def test_atom_content_comes_before_its_summary() -> None:
    entry = entry_of(
        atom(
            '<entry><title>One</title><summary>two</summary><content type="html">&lt;p>one&lt;/p></content>'
            '<media:group><media:description type="html">&lt;i>3&lt;/i></media:description></media:group></entry>'
        )
    )
    assert entry.contents == (
        TextConstruct(value="<p>one</p>", kind="html"),
        TextConstruct(value="two", kind="plain"),
        TextConstruct(value="<i>3</i>", kind="html"),
    )


def test_xhtml_is_serialised_so_that_html_reads_the_same() -> None:
    entry = entry_of(
        atom(
            '<entry><title>One</title><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">'
            '<p>1 &lt; 2<br/>three<img src="a.png" alt="&quot;"/></p></div></content></entry>'
        )
    )
    assert entry.contents[0] == TextConstruct(
        value='<p>1 &lt; 2<br/>three<img src="a.png" alt="&quot;"></img></p>', kind="html"
    )


def test_a_picture_in_base64_is_no_text() -> None:
    entry = entry_of(atom('<entry><title>One</title><content type="image/png">iVBORw0KGgo=</content></entry>'))
    assert entry.contents == ()


@pytest.mark.parametrize("empty", ["<category/>", "<dc:creator/>", "<description/>", "<content:encoded/>", "<guid/>"])
def test_an_empty_element_is_absent_and_the_next_one_counts(empty: str) -> None:
    entry = entry_of(item(f"{empty}<pubDate>Fri, 06 Sep 2024 10:00:00 GMT</pubDate><description>two</description>"))
    assert entry.published == "Fri, 06 Sep 2024 10:00:00 GMT"
    assert [content.value for content in entry.contents] == ["two"]
    assert (entry.terms, entry.authors, entry.guid) == ((), (), None)


def test_html_entities_that_the_document_does_not_define_are_characters() -> None:
    entry = entry_of(item("<description>caf&eacute;&nbsp;&hellip;&unheard;</description>"))
    assert entry.contents[0].value == "café\xa0…&unheard;"


# ----------------------------------------------------------------------------------------------------- dates, language


@for_each(
    ("elements", "published", "updated"),
    [
        ("<pubDate>p</pubDate>", "p", None),
        ("<dc:date>d</dc:date>", "d", None),
        ("<dc:date>d</dc:date><pubDate>p</pubDate>", "p", "d"),
        ("<pubDate>p</pubDate><atom:updated>u</atom:updated><dc:date>d</dc:date>", "p", "u"),
        ("<dcterms:created>c</dcterms:created><dcterms:modified>m</dcterms:modified>", "c", "m"),
        ("<dcterms:issued>i</dcterms:issued>", "i", None),
        ("<pubDate/>", None, None),
        (
            '<pubDate>\n<time datetime="2019-05-03T19:21:28Z">Fri, 05/03/2019 - 15:21</time>\n</pubDate>',
            "2019-05-03T19:21:28Z",
            None,
        ),
        ("<pubDate>2020/1/10 14:33:00</pubDate>", "2020/1/10 14:33:00", None),
    ],
)
def test_dates_are_raw(elements: str, published: str | None, updated: str | None) -> None:
    entry = entry_of(item(elements))
    assert (entry.published, entry.updated) == (published, updated)


def test_dates_of_atom_0_3_are_told() -> None:
    entry = entry_of(
        '<feed version="0.3" xmlns="http://purl.org/atom/ns#"><entry><title>One</title>'
        "<issued>i</issued><modified>m</modified><created>c</created></entry></feed>"
    )
    assert (entry.published, entry.updated) == ("i", "m")


def test_an_entry_has_only_a_language_of_its_own() -> None:
    feed = feed_of(
        atom(
            '<entry xml:lang="de-AT"><title>Eins</title></entry><entry><title>One</title></entry>',
            attributes='xml:lang="en-GB"',
        )
    )
    assert feed.language == "en-GB"
    assert [entry.language for entry in feed.entries] == ["de-AT", None]
    assert entry_of(item("<dc:language>fr</dc:language>")).language == "fr"


# ----------------------------------------------------------------------------------------------------- persons, terms


@for_each(
    ("elements", "authors"),
    [
        ("<dc:creator>Jane Doe</dc:creator>", [Person(name="Jane Doe")]),
        ("<author>jane@example.org (Jane Doe)</author>", [Person(name="Jane Doe", email="jane@example.org")]),
        ("<author>jane@example.org</author>", [Person(email="jane@example.org")]),
        ("<author>Jane Doe &lt;jane@example.org></author>", [Person(name="Jane Doe", email="jane@example.org")]),
        ("<author>@jane and others</author>", [Person(name="@jane and others")]),
        ("<dc:creator>Jane</dc:creator><itunes:author>Jane</itunes:author>", [Person(name="Jane")]),
        ("<author>Jane</author><dc:creator>John</dc:creator>", [Person(name="Jane"), Person(name="John")]),
        (
            "<atom:author><atom:name>Jane</atom:name><atom:email>j@example.org</atom:email>"
            "<atom:uri>/jane</atom:uri></atom:author>",
            [Person(name="Jane", email="j@example.org", url="https://example.org/jane")],
        ),
    ],
)
def test_authors_are_persons(elements: str, authors: list[Person]) -> None:
    assert list(entry_of(item(elements)).authors) == authors


def test_an_entry_does_not_inherit_the_feeds_author() -> None:
    feed = feed_of(
        atom("<entry><title>One</title></entry>", head="<title>A feed</title><author><name>Jane</name></author>")
    )
    assert feed.authors == (Person(name="Jane"),)
    assert feed.entries[0].authors == ()


def test_what_stands_in_atoms_source_is_not_the_entrys() -> None:
    entry = entry_of(
        atom(
            "<entry><source><id>other</id><title>Other</title><author><name>Jane</name></author>"
            '<link href="/other"/></source><title>One</title><id>mine</id></entry>'
        )
    )
    assert (entry.title, entry.guid, entry.authors, entry.links) == (
        TextConstruct(value="One", kind="plain"),
        "mine",
        (),
        (),
    )


def test_categories_keep_scheme_and_label() -> None:
    entry = entry_of(
        item(
            '<category domain="https://example.org/t">News</category><category><![CDATA[News]]></category>'
            '<atom:category term="p" label="Politics"/><dc:subject>World</dc:subject>'
            "<itunes:keywords>one, two</itunes:keywords><category>News</category>"
        )
    )
    assert entry.terms == (
        Term(term="News", scheme="https://example.org/t"),
        Term(term="News"),
        Term(term="p", label="Politics"),
        Term(term="World"),
        Term(term="one", scheme="http://www.itunes.com/"),
        Term(term="two", scheme="http://www.itunes.com/"),
    )


# ----------------------------------------------------------------------------------------------------- media


def test_enclosures_of_all_kinds_are_told_once() -> None:
    entry = entry_of(
        item(
            '<enclosure url="/a.mp3" type="audio/mpeg" length="1234"/>'
            '<atom:link rel="enclosure" href="/b.pdf" length="many" title="Slides"/>'
            '<media:group><media:content url="/a.mp3" type="audio/mpeg"/>'
            '<media:content url="/c.mp4" medium="video" fileSize="99"/>'
            '<media:content url="/d.swf" type="application/x-shockwave-flash"/></media:group>'
        )
    )
    assert entry.enclosures == (
        Enclosure(url="https://example.org/a.mp3", type="audio/mpeg", length=1234),
        Enclosure(url="https://example.org/b.pdf", title="Slides"),
        Enclosure(url="https://example.org/c.mp4", length=99),
    )


def test_a_medium_says_that_a_file_is_a_recording_where_nothing_else_does() -> None:
    entry = entry_of(
        item(
            '<media:content url="/play?id=1" medium="audio"/><media:content url="/watch/2" medium="video"/>'
            '<media:content url="/3.ogg" medium="audio"/><media:content url="/4" type="audio/ogg" medium="audio"/>'
        )
    )
    assert [file.type for file in entry.enclosures] == ["audio/mpeg", "video/mp4", None, "audio/ogg"]


def test_images_of_media_content_are_enclosures_with_their_alternative_text() -> None:
    entry = entry_of(
        item(
            '<media:content url="/a.png" medium="image" fileSize="9"><media:title>A</media:title></media:content>'
            '<media:group><media:description>of all</media:description><media:content url="/b" medium="image">'
            "<media:title>B</media:title><media:description>a bee</media:description></media:content></media:group>"
            '<media:content url="/v.mp4" type="video/mp4" duration="61.5"><media:title>V</media:title></media:content>'
            '<media:content url="/c.jpg?w=140" width="140"/><media:content url="/c.jpg?w=460" width="460"/>'
            '<media:content url="/i.jpg?id=1"/><media:content url="/i.jpg?id=2"/>'
        )
    )
    assert entry.enclosures == (
        Enclosure(url="https://example.org/v.mp4", type="video/mp4", title="V", duration=61),
        Enclosure(url="https://example.org/a.png", type="image/png", length=9, title="A"),
        Enclosure(url="https://example.org/b", type="image/jpeg", title="a bee"),
        Enclosure(
            url="https://example.org/c.jpg?w=460",
            type="image/jpeg",
            renditions=(
                Rendition(url="https://example.org/c.jpg?w=460", type="image/jpeg", width=460),
                Rendition(url="https://example.org/c.jpg?w=140", type="image/jpeg", width=140),
            ),
        ),
        Enclosure(url="https://example.org/i.jpg?id=1", type="image/jpeg"),
        Enclosure(url="https://example.org/i.jpg?id=2", type="image/jpeg"),
    )
    assert [content.value for content in entry.contents] == ["of all", "a bee"]


def test_a_group_of_pictures_is_one_picture_in_several_sizes() -> None:
    sizes = (
        '<media:content url="/a.jpg?c=1" medium="image" width="80" height="60"/>'
        '<media:content url="/b" type="image/webp" width="862" fileSize="9"/>'
        '<media:content url="/c" type="image/png" width="862" isDefault="true"><media:title>Gulls</media:title>'
        "</media:content>"
    )
    entry = entry_of(item(f"<media:group>{sizes}<media:credit>Ann</media:credit></media:group>"))
    (picture,) = entry.enclosures
    assert (picture.url, picture.type, picture.title, picture.credit) == (
        "https://example.org/c",
        "image/png",
        "Gulls",
        "Ann",
    )
    assert picture.renditions == (
        Rendition(url="https://example.org/c", type="image/png", width=862),
        Rendition(url="https://example.org/b", type="image/webp", width=862, length=9),
        Rendition(url="https://example.org/a.jpg?c=1", type="image/jpeg", width=80, height=60),
    )
    assert entry.image == picture.url


@pytest.mark.parametrize(
    "pictures",
    [
        pytest.param(
            '<media:group><media:content url="/a.jpg" width="9"><media:title>A</media:title></media:content>'
            '<media:content url="/b.jpg" width="9"><media:title>B</media:title></media:content></media:group>',
            id="other-texts",
        ),
        pytest.param(
            '<media:group><media:content url="/a.jpg"/></media:group>'
            '<media:group><media:content url="/b.jpg"/></media:group>',
            id="other-groups",
        ),
        pytest.param(
            '<media:content url="/a.jpg" media_group="1"/><media:content url="/b.jpg" media_group="1"/>', id="none"
        ),
    ],
)
def test_pictures_that_are_not_the_same_are_no_sizes_of_one(pictures: str) -> None:
    files = entry_of(item(pictures)).enclosures
    assert [(file.url, file.renditions) for file in files] == [
        ("https://example.org/a.jpg", ()),
        ("https://example.org/b.jpg", ()),
    ]


def test_renditions_are_bounded() -> None:
    sizes = "".join(f'<media:content url="/{width}.jpg" width="{width}"/>' for width in range(1, 500))
    (picture,) = entry_of(item(f"<media:group>{sizes}</media:group>")).enclosures
    assert len(picture.renditions) == 20
    assert picture.renditions[0].width == 499


def test_a_file_has_the_first_credit_inside_it_else_that_of_the_entry() -> None:
    entry = entry_of(
        item(
            '<media:credit>the entry</media:credit><media:content url="/a.png"><media:credit scheme="urn:ebu">Ann / '
            'Agency</media:credit><media:credit role="editor">Bob</media:credit></media:content>'
            '<media:content url="/b.png"/>'
        )
    )
    assert [file.credit for file in entry.enclosures] == ["Ann / Agency", "the entry"]


def test_one_file_in_two_elements_has_what_either_says() -> None:
    entry = entry_of(
        item(
            '<enclosure url="/a.mp3" type="audio/mpeg"/><media:content url="/a.mp3" fileSize="7" duration="60">'
            "<media:title>A</media:title></media:content>"
        )
    )
    expected = Enclosure(url="https://example.org/a.mp3", type="audio/mpeg", length=7, title="A", duration=60)
    assert entry.enclosures == (expected,)


@for_each(
    ("text", "duration"),
    [
        ("1:02:03", 3723),
        ("62:03", 3723),
        (" 3723 ", 3723),
        ("3723.9", 3723),
        ("00:00:09", 9),
        ("0", None),
        ("", None),
        ("an hour", None),
        ("1:2:3:4", None),
        ("-5", None),
        ("9" * 5000, None),
    ],
)
def test_the_duration_of_an_episode_is_that_of_its_file(text: str, duration: int | None) -> None:
    files = '<enclosure url="/a.mp3" type="audio/mpeg"/><enclosure url="/b.jpg" type="image/jpeg"/>'
    entry = entry_of(item(f"<itunes:duration>{text}</itunes:duration>{files}"))
    assert [file.duration for file in entry.enclosures] == [duration, None]


@for_each(
    ("elements", "image"),
    [
        ('<media:content url="/m.jpg" medium="image"/><media:thumbnail url="/t.jpg"/>', "t.jpg"),
        ('<media:group><media:thumbnail url="/t.jpg"/></media:group>', "t.jpg"),
        ('<itunes:image href="/i.jpg"/><media:content url="/m.jpg" type="image/jpeg"/>', "m.jpg"),
        ('<enclosure url="/e.jpg" type="image/jpeg"/><itunes:image href="/i.jpg"/>', "i.jpg"),
        ('<enclosure url="/e.jpg" type="image/jpeg" length="1"/>', "e.jpg"),
        ('<media:content url="/s.jpg" width="140"/><media:content url="/l.jpg" width="460"/>', "l.jpg"),
        ('<media:content url="/v.mp4" medium="video"/><media:content url="/m.webp?x=1"/>', "m.webp?x=1"),
        ('<media:content url="/v.mp4" type="video/mp4"/>', None),
        ('<media:thumbnail url="data:image/png;base64,AAAA"/>', None),
    ],
)
def test_the_image_is_the_picture_that_stands_for_the_entry(elements: str, image: str | None) -> None:
    assert entry_of(item(elements)).image == (f"https://example.org/{image}" if image else None)


# ----------------------------------------------------------------------------------------------------- the feed


def test_a_feed_says_where_it_lives_and_when_it_wants_to_be_asked() -> None:
    feed = feed_of(
        rss(
            channel="<title>A &amp;amp; B</title><link>/blog/</link><language>en-us</language><ttl> 60 </ttl>"
            '<atom:link rel="self" type="application/rss+xml" href="/self"/><atom:link rel="hub" href="/hub"/>'
            '<atom:link rel="next" href="?page=2"/><image><url>/logo.png</url><title>x</title><link>/</link></image>'
            "<managingEditor>jane@example.org (Jane)</managingEditor><webMaster>nobody@example.org</webMaster>"
            "<sy:updatePeriod>\n daily </sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>"
            "<skipHours><hour>0</hour><hour>24</hour><hour>13</hour><hour>x</hour></skipHours>"
            "<skipDays><day>Sunday</day><day>monday</day></skipDays>"
        )
    )
    assert (feed.format, feed.url, feed.entries, feed.problem) == ("rss20", URL, (), None)
    assert feed.title == TextConstruct(value="A &amp; B", kind="rss")
    assert (feed.link, feed.language) == ("https://example.org/blog/", "en-us")
    assert [(link.rel, link.href) for link in feed.links] == [
        ("self", "https://example.org/self"),
        ("hub", "https://example.org/hub"),
        ("next", "https://example.org/blog/feed.xml?page=2"),
    ]
    assert feed.authors == (Person(name="Jane", email="jane@example.org"),)
    assert (feed.ttl, feed.update_period) == (timedelta(hours=1), timedelta(hours=6))
    assert (feed.skip_hours, feed.skip_days) == ((0, 13), (0, 6))


@for_each(
    "nonsense",
    [
        "<ttl>soon</ttl>",
        "<ttl>0</ttl>",
        "<ttl>-5</ttl>",
        "<ttl>99999999999999999999</ttl>",
        "<sy:updatePeriod>often</sy:updatePeriod>",
        "<skipHours><hour>25</hour><hour/></skipHours><skipDays><day>Someday</day></skipDays>",
    ],
)
def test_a_wish_that_cannot_be_read_is_none(nonsense: str) -> None:
    feed = feed_of(rss(channel=nonsense))
    assert (feed.ttl, feed.update_period, feed.skip_hours, feed.skip_days) == (None, None, (), ())


@for_each(
    ("body", "name"),
    [
        ('<rss version="0.91"><channel/></rss>', "rss091u"),
        (
            '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" '
            '"http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel/></rss>',
            "rss091n",
        ),
        ('<rss version="0.92"><channel/></rss>', "rss092"),
        ('<rss version="2.0"><channel/></rss>', "rss20"),
        ("<rss><channel/></rss>", "rss"),
        ('<feed version="0.3" xmlns="http://purl.org/atom/ns#"/>', "atom03"),
        ('<feed xmlns="http://www.w3.org/2005/Atom"/>', "atom10"),
        ('<a:feed xmlns:a="http://www.w3.org/2005/Atom"/>', "atom10"),
        ('<?xml version="1.1" encoding="utf-8"?><rss version="2.0"><channel/></rss>', "rss20"),
    ],
)
def test_a_feed_without_entries_is_a_feed(body: str, name: str) -> None:
    feed = feed_of(body)
    assert (feed.format, feed.entries, feed.problem) == (name, (), None)


def test_elements_named_like_the_parsers_own_fields_do_no_harm() -> None:
    keys = ("links", "authors", "tags", "title_detail", "media_content", "media_thumbnail", "image", "time", "id")
    spoof = "".join(f'<{key} a="b"/><{key}>text</{key}>' for key in keys)
    assert [content.value for content in entry_of(item(f"<description>d</description>{spoof}")).contents] == ["d"]


# ----------------------------------------------------------------------------------------------------------- tombstones

AT = 'xmlns:at="http://purl.org/atompub/tombstones/1.0"'


def test_every_tombstone_is_read_and_nothing_in_it_is_the_feeds() -> None:
    inside = (
        "<at:by><name>Jane</name><email>jane@example.org</email><uri>https://jane.example/</uri></at:by>"
        "<at:comment>Sold</at:comment><link rel='alternate' href='https://other.example/'/><title>Gone</title>"
    )
    gone = "".join(
        f'<at:deleted-entry ref="urn:x:{number}" when="2026-11-2{number}">{inside}</at:deleted-entry>'
        for number in (1, 2, 3)
    )
    feed = feed_of(atom(f"{gone}<entry><id>a</id><title>One</title></entry>{gone}", AT))
    assert feed.tombstones == 2 * tuple(
        Tombstone(ref=f"urn:x:{number}", when=f"2026-11-2{number}") for number in (1, 2, 3)
    )
    assert (feed.link, feed.authors, len(feed.entries)) == (None, (), 1)
    assert feed.title is not None
    assert feed.title.value == "A feed"


@pytest.mark.parametrize(
    ("element", "attributes"),
    [
        pytest.param('<at:deleted-entry ref="a" when="2026"/>', 'xmlns:at="urn:else"', id="namespace"),
        pytest.param('<at_deleted-entry ref="a" when="2026"/>', "", id="no-namespace"),
        pytest.param('<at:deleted-entry when="2026"/>', AT, id="no-ref"),
        pytest.param('<at:deleted-entry ref="a"/>', AT, id="no-when"),
        pytest.param(
            '<entry><id>b</id><title>One</title><at:deleted-entry ref="a" when="2026"/></entry>', AT, id="in-an-entry"
        ),
    ],
)
def test_what_is_no_tombstone_of_the_feed(element: str, attributes: str) -> None:
    assert feed_of(atom(element, attributes)).tombstones == ()


def test_a_tombstone_that_is_never_closed_hides_no_entry() -> None:
    document = atom('<at:deleted-entry ref="a" when="2026"><entry><id>b</id><title>One</title></entry>', AT)
    assert [entry.guid for entry in feed_of(document).entries] == ["b"]


def test_tombstones_are_bounded() -> None:
    many = "".join(f'<at:deleted-entry ref="urn:x:{number}" when="2026"/>' for number in range(1500))
    assert len(feed_of(atom(many, AT)).tombstones) == 1000
