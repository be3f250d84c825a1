"""The fast reader gives the same feed as feedparser, or does not support the document."""

import subprocess
import sys
from functools import cache
from random import Random
from xml.parsers import expat

import pytest
from feedparser.urls import _urljoin
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Feed
from aggregator.parse import parse_slowly
from aggregator.parse.encoding import decode
from aggregator.parse.fast import Unsupported, read_fast
from aggregator.parse.fast.actions import join
from aggregator.parse.fast.namespaces import PREFIXES
from aggregator.parse.fast.supported import ENTRY, FEED, RESERVED
from aggregator.parse.handlers import StrictHandler
from aggregator.parse.rss_atom import to_feed
from tests.cases import for_each
from tests.conftest import SHARED
from tests.parse.documents import NAMESPACES, URL, atom, document, item, rss
from tests.parse.generated import estranged, generated, mutated
from tests.parse.test_corpus import CORPUS, manifest
from tests.thorough import examples, some

EXAMPLES = settings(max_examples=examples(500), deadline=None)
RDF = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
    '<channel rdf:about="/"><title>A feed</title><link>/</link><items><rdf:Seq><rdf:li rdf:resource="/1"/></rdf:Seq>'
    "</items></channel>%s</rdf:RDF>"
)


def is_supported(body: bytes | str, url: str = URL, max_entries: int = 10_000) -> bool:
    try:
        read_fast(decode(document(body).body), url, max_entries)
    except Unsupported:
        return False
    return True


def read_both_ways(body: bytes | str, url: str = URL) -> Feed | None:
    """Return the feed as `fast` reads it, None if it does not; it must be the feed as feedparser reads it."""
    text = decode(document(body).body)
    try:
        fast = to_feed(read_fast(text, url, 10_000), url)
    except Unsupported:
        return None
    slow = parse_slowly(text, url, 10_000)
    assert isinstance(slow, Feed), slow
    assert [entry.digest for entry in fast.entries] == [entry.digest for entry in slow.entries]
    assert fast == slow
    return fast


# ----------------------------------------------------------------------------------------------------- real documents


@cache
def corpus() -> dict[str, bytes]:
    return {row["file"]: (CORPUS / row["file"]).read_bytes() for row in manifest()}


@cache
def small_supported_documents() -> list[str]:
    return [decode(body) for body in corpus().values() if len(body) < 20_000 and is_supported(body)]


def is_well_formed(body: bytes) -> bool:
    try:
        expat.ParserCreate("UTF-8").Parse(decode(body).strip().encode(), True)
    except expat.ExpatError:
        return False
    return True


def test_real_feeds_are_read_alike_and_most_of_them_are_supported() -> None:
    if not corpus():
        pytest.skip("the corpus of real feeds is not beside this clone")
    feeds = some(list(corpus().items()), 3)
    supported = [name for name, body in feeds if read_both_ways(body, f"https://{name.partition('--')[0]}/feed")]
    well_formed = [name for name, body in feeds if is_well_formed(body)]
    assert len(supported) >= 0.8 * len(well_formed), f"{len(supported)} of {len(well_formed)}"


@given(st.integers(min_value=0))
@EXAMPLES
def test_real_feeds_with_changes_are_read_alike(seed: int) -> None:
    if not small_supported_documents():
        pytest.skip("the corpus of real feeds is not beside this clone")
    random = Random(seed)
    read_both_ways(mutated(random.choice(small_supported_documents()), random))


@pytest.mark.parametrize("name", ["thehill.rss", "thehill.atom", "thehill-description.rss"])
def test_the_seed_is_supported(name: str) -> None:
    paths = [folder / name for folder in (SHARED / "seed", SHARED.parent / "main" / "tests" / "seed")]
    path = next((path for path in paths if path.exists()), None)
    if path is None:
        pytest.skip("the seed article is not beside this clone")
    assert read_both_ways(path.read_bytes())


# ------------------------------------------------------------------------------------------------- documents by chance


@given(st.integers(min_value=0))
@EXAMPLES
def test_documents_by_chance_are_read_alike(seed: int) -> None:
    read_both_ways(generated(Random(seed)))


@given(st.integers(min_value=0))
@EXAMPLES
def test_documents_with_other_names_are_read_alike(seed: int) -> None:
    random = Random(seed)
    read_both_ways(estranged(generated(random), random))


def test_of_documents_by_chance_many_are_supported() -> None:
    supported = [seed for seed in range(100) if is_supported(generated(Random(seed)))]
    assert len(supported) > 30


# ----------------------------------------------------------------------------------------------------- kinds of cases

INNER = [
    # order, repetition, emptiness
    "<title>Two</title>",
    "<title/><title>Two</title>",
    "<dc:title>Two</dc:title><media:title>Three</media:title>",
    "<image/><title>Two</title>",
    "<source url='/s'>S</source><title>Two</title>",
    "<description/><content:encoded/><dc:creator/><category/><pubDate>Friday</pubDate>",
    "<description>a</description><description>b</description><content:encoded>c</content:encoded>",
    "<description>a</description><content:encoded>a</content:encoded><itunes:summary>a</itunes:summary>",
    "<guid>1</guid><guid isPermaLink='false'>2</guid><guid/>",
    "<link>/1</link><link>/2</link><link/>",
    "<link href='/1'/><link href=''/><link rel='enclosure'>/2</link><atom:link rel='SELF' href='/3'/>",
    "<link>http://e.org/?a=1&amp;b=2</link>",
    "<enclosure/><enclosure url='/a' length='1'/><enclosure href='/b' uri=''/><enclosure url='/a'/>",
    # dates
    "<pubDate>1</pubDate><dc:date>2</dc:date><dcterms:modified>3</dcterms:modified><dcterms:created>4</dcterms:created>",
    "<dc:date>2</dc:date>",
    "<atom:published>1</atom:published><atom:updated>2</atom:updated><lastBuildDate/>",
    # persons
    "<author>j@e.org (J)</author><dc:creator>K &lt;k@e.org&gt;</dc:creator><itunes:author>L</itunes:author>",
    "<author><name>J</name><email>j@e.org</email><uri>/j</uri><title>Dr</title></author><managingEditor>M</managingEditor>",
    "<author> <name>J</name> <gd:x xmlns:gd='urn:x' a='1'/> </author><author><x/>c</author>",
    "<author><name/></author><contributor><name>C</name><url>/c</url></contributor><dc:contributor>D</dc:contributor>",
    # categories
    "<category domain='d'>a</category><category domain='d'/><category>a</category><category domain='d'>a</category>",
    "<category term='t' label='l' scheme='s'>u</category><dc:subject>a</dc:subject>",
    "<itunes:keywords>a, b,,a</itunes:keywords>",
    "<itunes:category text='A'/>",
    "<comments>/c</comments><itunes:title>A &amp;amp; B</itunes:title><itunes:explicit>yes</itunes:explicit>",
    "<itunes:episode> 7 </itunes:episode><itunes:season>2</itunes:season>",
    "<itunes:episodeType>Bonus</itunes:episodeType>",
    "<podcast:transcript url='/t.vtt' type='Text/VTT' language='en' rel='CAPTIONS'/><podcast:transcript url='t.srt'/>",
    "<podcast:chapters url='/c.json' type='application/json+chapters'/>",
    "<podcast:person role='guest' href='/p' img='/i' group='cast'>Jane &amp; Joe</podcast:person><podcast:person/>",
    "<podcast:soundbite startTime='1.5' duration='30'>A</podcast:soundbite><podcast:soundbite startTime='x'/>",
    "<source url='/feed'>Elsewhere</source><title>b</title>",
    "<source>Elsewhere</source>",
    "<source><title>t</title><title>u</title><link rel='self' href='/s'/><link href='/p'/><id>urn:x</id></source>",
    "<source><link>/s</link><atom:other>z</atom:other> u </source>",
    "<source url='/feed'/><title>c</title>",
    "<category>" + "</category><category>".join(map(str, range(120))) + "</category>",
    # media
    "<media:group><media:title>T</media:title><media:content url='/a.jpg'><media:thumbnail url='/t' width='9'/>"
    "<media:title>U</media:title></media:content><media:description type='html'>D</media:description></media:group>",
    "<media:content url='/b'><media:title/><media:description>D</media:description></media:content><media:title>V"
    "</media:title>",
    "<media:content url='/c' medium='image'><media:content url='/d'/><media:title>W</media:title></media:content>",
    "<media:credit>No file's</media:credit><media:content url='/a.jpg'><media:credit role='author'> A &amp;amp; B "
    "</media:credit><media:credit scheme='s'><![CDATA[<C>]]></media:credit></media:content>"
    "<media:credit>D</media:credit>",
    "<itunes:duration>1:02:03</itunes:duration><enclosure url='/e.mp3'/>",
    "<media:thumbnail url='/u' WIDTH='20'/><itunes:image href='/i'/>",
    "<media:community><media:starRating average='1'/><media:statistics views='1'/></media:community>",
    # bases and languages
    "<atom:link xml:base='b/' href='x'/><description xml:base='/c/' xml:lang='fr'>x</description><link>y</link>",
    "<description base='old/' lang='fr'>x</description><link>y</link>",
    "<description xml:base=''>x</description><description xml:base='#f'>y</description>",
    # texts
    "<description><![CDATA[<b>a</b>]]> &amp;amp; <![CDATA[]]>b</description><title>&#x2019;\u00a0</title>",
    "<description type='text'>a &amp;lt;</description><content:encoded type='TEXT/PLAIN'>b</content:encoded>",
    "<atom:content type='text'>plain</atom:content><atom:summary type='html'>a</atom:summary>",
    "<description>a<!-- c -->b<?p i?>c</description>",
    # unknown ones
    "<comments>/c</comments><wfw:commentRss xmlns:wfw='http://wellformedweb.org/CommentAPI/'>/w</wfw:commentRss>",
    "<site xmlns='com-wordpress:feed-additions:1'>1</site><x:y xmlns:x='urn:x'><z a='1'>t</z></x:y>",
    "<georss:point xmlns:georss='http://www.georss.org/georss'>1 2</georss:point>",
]


NOT_SUPPORTED_INNER = [  # too rare to be worth the code
    "<link>http://e.org/?a=1&amp;amp;b;=2</link>",
    "<author> a <name>J</name> b </author>",
    "<author> a <x>J</x> b <gd:x xmlns:gd='urn:x' a='1'/> c</author>",
    "<media:category>m</media:category>",
    "<media:keywords>c,d</media:keywords>",
    "<itunes:category text='A'> <itunes:category text='B'/> </itunes:category>",
    "<media:thumbnail>/t.jpg</media:thumbnail>",
    "<itunes:duration a='b'>1:02:03</itunes:duration><enclosure url='/e.mp3'/>",
    "<x:y xmlns:x='urn:x'><title>in</title></x:y>",
]


@for_each("inner", INNER)
def test_what_is_in_an_entry_is_supported_and_read_alike(inner: str) -> None:
    assert read_both_ways(item(inner))
    assert read_both_ways(atom(f"<entry {NAMESPACES.replace('xmlns:media=', 'xmlns:m=')}>{inner}</entry>"))
    assert read_both_ways(rss(f"<item>{inner}</item><item><title>Next</title></item>", channel="<title/><ttl>5</ttl>"))


@for_each("inner", NOT_SUPPORTED_INNER)
def test_rare_elements_of_an_entry_are_left_to_feedparser(inner: str) -> None:
    assert not is_supported(item(inner))


XHTML = '<div xmlns="http://www.w3.org/1999/xhtml">%s</div>'


@for_each(
    "content",
    [
        XHTML % "<p class='A' title='&quot;&lt;&amp;'>a &lt; b<br/></p> ",
        f"\n {XHTML % 'a'}\n ",
        XHTML % "a" + XHTML % "b",
        XHTML % "a" + "b",
        "a" + XHTML % "b",
        XHTML % "<div>a</div><div>b</div>",
        XHTML % "",
        "<p>no namespace of its own</p>",
        "<x:div xmlns:x='http://www.w3.org/1999/xhtml' xml:lang='en'><x:I TITLE='a'>b</x:I></x:div>",
    ],
)
def test_xhtml_is_left_to_feedparser(content: str) -> None:
    for element in ("content", "summary", "title", "rights"):
        inner = f'<%s{element} type="xhtml" xml:base="b/">{content}</%s{element}><author><name>after</name></author>'
        assert not is_supported(atom(f"<entry>{inner % ('', '')}</entry>"))
        assert not is_supported(item(inner % ("atom:", "atom:")))


@for_each(
    "body",
    [
        rss(channel="<title>A</title><image><url>/i</url><title>B</title><link>/</link></image><title>C</title>"),
        rss("<item><title>i</title></item><title>last</title>", channel="<title>A</title><itunes:link href='/p'/>"),
        rss(channel="<textInput><title>A</title><name>n</name><link>/t</link></textInput><title>B</title>"),
        rss(channel="<itunes:owner><itunes:name>O</itunes:name></itunes:owner><itunes:author>P</itunes:author>"),
        rss(channel="<author>P</author><itunes:owner><itunes:email>o@e.org</itunes:email></itunes:owner>"),
        rss(channel="<link>/a</link><link>/b</link><atom:link href='/s' rel='self'/><link/>"),
        rss(channel="<language>a</language><dc:language>b</dc:language><ttl>1</ttl><ttl>2</ttl>"),
        atom(
            head="<icon>i</icon><logo/><subtitle type='html'>s</subtitle>",
            attributes="xml:lang='a_B'",
        ),
        RDF % '<image><title>I</title><url>/i</url></image><item rdf:about="/1"><title>1</title><dc/></item>',
        RDF % '<item rdf:about=""><guid>g</guid></item><textinput><title>t</title></textinput>',
        '<rss version="0.92" xmlns="http://purl.org/rss/1.0/"><channel><title>A</title></channel></rss>',
        '<rss version="2.1" xmlns="http://backend.userland.com/rss2"><channel><title>A</title></channel></rss>',
        '<rss version="0.91"><channel/></rss>',
        '<?xml version="1.1"?><?xml-stylesheet href="/s.css"?><rss version="2.0"><channel/></rss>',
        '<a:feed xmlns:a="http://www.w3.org/2005/ATOM"><a:entry><a:title>A</a:title></a:entry></a:feed>',
        '\n\ufeff <?xml version="1.0" encoding="ISO-8859-1"?><rss><channel><title>é日</title></channel></rss> ',
        '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1"><channel><item><title>A</title>'
        "<dc:creator>by a namespace misspelt</dc:creator></item></channel></rss>",
        rss(channel="<title>Ã©Ã¼ twice</title>"),
        rss(channel="<title>\x0b</title>"),
        "<?xml version='1.0' encoding='\x1b'?><rss version='2.0'><channel/></rss>",
    ],
)
def test_kinds_of_feeds_are_supported_and_read_alike(body: str) -> None:
    assert read_both_ways(body)


@for_each(
    "body",
    [
        "",
        " ",
        "{}",
        "text",
        "<html><body/></html>",
        "<rss version='2.0'><channel><title>cut off",
        "<rss version='2.0'><channel/></rss>after",
        "<!DOCTYPE rss><rss version='2.0'><channel/></rss>",
        "<rss version='0.91'><!-- Netscape --><channel/></rss>",
        "<feed><title>no namespace</title></feed>",
        "<rss version='2.0'/>",
        RDF.partition("<channel")[0] + "</rdf:RDF>",
        '<feed version="0.3"/>',
        "<?xml version='1.0'?><?xml version='1.0' encoding='latin-1'?><rss version='2.0'><channel/></rss>",
        rss(channel="<title>A &nbsp; B</title>"),
        rss(channel="<title>&#129;</title>"),
        rss(channel="<title>&#x0081;</title>"),
        rss(channel="<title>\x81</title>"),
        rss(channel="<skipHours><hour>1</hour><hour/></skipHours><skipDays><day>Sunday</day></skipDays>"),
        RDF.partition("<channel")[0]
        + '<item rdf:about="/1"><title>1</title></item><channel><title>A</title></channel></rdf:RDF>',
        item("<description><p>markup</p></description>"),
        item("<description type='image/png'>AAAA</description>"),
        item("<title mode='base64'>QQ==</title>"),
        item("<item><title>inside</title></item>"),
        item("<date>2024</date>"),
        item("<links a='b'/>"),
        item("<pubDate><time datetime='2024'>x</time></pubDate>"),
        item("<media:description>a &lt;b>bold&lt;/b></media:description>"),
        item("<atom:link xml:base='javascript:x' href='y'/>"),
        item(f"<atom:link xml:base='{'deeper/' * 2000}' href='y'/>"),
        item("<author><x a='1'>words</x></author>"),
        item("<itunes:keywords a='1'>a,b</itunes:keywords>"),
        item("<x:a xmlns:x='urn:one'/><x:a xmlns:x='urn:two'/>"),
        item("<dc:creator xmlns:dc='http://search.yahoo.com/mrss/'>x</dc:creator>"),
        atom(attributes='xmlns:p="http://purl.org/dc/elements/1.1/" xmlns:dc="urn:other"'),
        atom('<entry><content type="xhtml"><svg xmlns="http://www.w3.org/2000/svg"/></content></entry>'),
        atom("<entry><content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml' media:a='b'/></content></entry>"),
        item("".join(f"<link a{number}='1'" if not number else f" a{number}='1'" for number in range(60)) + "/>"),
    ],
)
def test_what_is_not_supported_is_left_to_feedparser(body: str) -> None:
    assert not is_supported(body)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-8-sig"])
def test_other_encodings_are_supported_and_read_alike(encoding: str) -> None:
    assert read_both_ways(rss(channel="<title>é</title>").encode(encoding))


def test_too_many_entries_and_a_base_that_is_not_http_are_left_to_feedparser() -> None:
    assert not is_supported(rss("<item/><item/>"), max_entries=1)
    assert not is_supported(rss(), "file:///etc/hostname")


# ----------------------------------------------------------------------------------------------------- its foundations


def test_every_name_that_feedparser_knows_is_supported_or_reserved() -> None:
    methods = {
        name.partition("_start_")[2] or name.partition("_end_")[2] for name in dir(StrictHandler) if name[:1] == "_"
    }
    names = {name.lower() for name in methods if name}
    assert {"pubdate", "itunes_keywords", "media_group"} <= names
    assert names - RESERVED == set()
    assert (ENTRY.keys() | FEED.keys()) - RESERVED - {"sy_updateperiod"} == set()


def test_namespaces_are_feedparsers() -> None:
    assert {uri.lower(): prefix for uri, prefix in StrictHandler.namespaces.items()} == PREFIXES


@given(
    st.text("ahtps:/?#;.[]%&=\\@ \té日", max_size=30) | st.from_regex(r"https?://[a-z./?#;:\[\]]{0,20}", fullmatch=True)
)
@settings(max_examples=examples(500), deadline=None)
def test_addresses_are_joined_as_feedparser_joins_them(address: str) -> None:
    for base in (URL, "http://example.com", "https://example.org/a/b/?c#d"):
        assert join(base, address) == _urljoin(base, address)


def test_feedparser_is_not_loaded_for_supported_documents() -> None:
    program = (
        "import sys\n"
        "from aggregator.model import FeedDocument\n"
        "from aggregator.parse import parse\n"
        f"body = {rss().encode()!r}\n"
        "found = parse(FeedDocument(url='https://e.org/', final_url='https://e.org/', body=body, digest=b''))\n"
        "print(type(found).__name__, 'feedparser' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "Feed False\n"
