"""Documents by chance: RSS and Atom of every element that anybody reads, in any order, doubled, empty, nested."""

import re
from random import Random

from aggregator.parse.fast.namespaces import PREFIXES
from aggregator.parse.fast.supported import ENTRY, FEED, RESERVED
from tests.parse.documents import NAMESPACES

_MORE = """
    xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:georss="http://www.georss.org/georss"
    xmlns:xhtml="http://www.w3.org/1999/xhtml" xmlns:slash="http://purl.org/rss/1.0/modules/slash/"
    xmlns:wfw="http://wellformedweb.org/CommentAPI/" xmlns:thr="http://purl.org/syndication/thread/1.0"
    xmlns:admin="http://webns.net/mvcb/" xmlns:gd="http://schemas.google.com/g/2005" xmlns:x="urn:example:x"
    xmlns:cc="http://web.resource.org/cc/" xmlns:psc="http://podlove.org/simple-chapters"
    xmlns:creativeCommons="http://backend.userland.com/creativeCommonsRssModule" xmlns:gml="http://www.opengis.net/gml"
"""
_ROOTS = {
    "rss": (
        f'<rss version="2.0" {NAMESPACES} {_MORE}>',
        f'<rss version="2.0" {NAMESPACES} {_MORE} xml:lang="en_GB">',
        f'<rss version="0.91" {NAMESPACES} {_MORE}>',
        f'<rss {NAMESPACES} {_MORE} xml:base="https://example.net/base/">',
        f'<rss version="2.0" xmlns="http://backend.userland.com/rss2" {NAMESPACES} {_MORE}>',
        f'<rss version="2.0" xmlns="http://purl.org/rss/1.0/" {NAMESPACES} {_MORE}>',
    ),
    "feed": (
        f'<feed xmlns="http://www.w3.org/2005/Atom" {NAMESPACES} {_MORE} xml:lang="de">',
        f'<feed xmlns="http://www.w3.org/2005/Atom" {NAMESPACES} {_MORE} xml:base="sub/">',
        f'<feed xmlns="http://www.w3.org/2005/Atom" {NAMESPACES} {_MORE} lang="de" xmlns:xlink="http://www.w3.org/1999/xlink">',
        f'<feed version="0.3" xmlns="http://purl.org/atom/ns#" {NAMESPACES} {_MORE}>',
    ),
    "rdf:RDF": (f'<rdf:RDF xmlns="http://purl.org/rss/1.0/" {NAMESPACES} {_MORE}>',),
}
_PREFIXES = frozenset(re.findall(r"xmlns:(\w+)=", NAMESPACES + _MORE))
_UNKNOWN = (
    "x:other",
    "gd:image",
    "wfw:commentrss",
    "slash:comments",
    "thr:total",
    "skipHours",
    "media:community",
)
_URLS = (
    "https://example.org/1",
    "http://example.org/a?b=1&amp;c=2",
    "http://example.org/a?b=1&amp;amp;c;=2",
    " /relative ",
    "other",
    "?q",
    "#f",
    "//example.net/x",
    "http:////example.org/x",
    "HTTPS://EXAMPLE.org/A b",
    "http://example.org/a;",
    "http://example.org/?",
    "http://example.org/a/../b#",
    "javascript:alert(1)",
    "http://[bad",
    "mailto:jane@example.org",
    "picture.jpg",
    "http://example.org/é",
)
_TEXTS = (
    *_URLS,
    "",
    " ",
    "\n  words \n",
    "One",
    "Two",
    "A &amp; B",
    "A &amp;amp; B &amp;lt;b&amp;gt;",
    "<![CDATA[<p>text</p>]]>",
    "<![CDATA[<p>one</p>]]> and <![CDATA[two &amp; three]]>",
    "&lt;p&gt;text&lt;/p&gt;",
    "x<!-- comment -->y",
    "x<?instruction y?>z",
    "Jane Doe",
    "jane@example.org (Jane Doe)",
    "Jane &lt;jane@example.org&gt;",
    "7",
    "24",
    "daily",
    "Sunday",
    "fr",
    "a, b,, c",
    "48.1 11.5",
    "Fri, 06 Sep 2024 10:00:00 GMT",
    "2024-09-06T10:00:00Z",
    "\u00a0Größe\u2003",
    "日本語",
    "&#8217;&#x2014;",
    'it\'s "quoted" \\ \t tab',
)
_ODD_TEXTS = ("&#150;", "&#x85;", "\x85", "&nbsp;", "Ã©Ã¼", "<b>bold</b>", "\x7f", "\u2028")
_CONSTRUCTS = frozenset(
    [
        "title",
        "summary",
        "content",
        "description",
        "rights",
        "subtitle",
        "content:encoded",
        "itunes:summary",
        "media:title",
    ]
)
_VALUES = {
    "type": (
        "text",
        "html",
        "xhtml",
        "plain",
        "text/html",
        "TEXT/HTML",
        "text/plain",
        "application/xhtml+xml",
        "image/png",
        "audio/mpeg",
        "application/atom+xml",
        "application/xml",
        "",
        "video/mp4",
    ),
    "rel": ("alternate", "self", "hub", "enclosure", "Next", "", "license"),
    "href": _URLS,
    "url": _URLS,
    "uri": _URLS,
    "src": _URLS,
    "length": ("", "12", "x"),
    "fileSize": ("12",),
    "isPermaLink": ("true", "false", " False ", ""),
    "term": ("", "News", "One"),
    "scheme": ("", "http://example.org/s"),
    "domain": ("http://example.org/d",),
    "label": ("Label",),
    "text": ("Arts",),
    "medium": ("image", "video", "audio"),
    "startTime": ("1.5", "", "x"),
    "duration": ("30", "1:00"),
    "role": ("guest",),
    "img": _URLS,
    "language": ("en",),
    "width": ("1", "900"),
    "title": ("A title",),
    "xml:base": ("", "#f", "deep/", "https://example.com/b/", "//example.net/"),
    "base": ("old/",),
    "xml:lang": ("", "en", "pt_BR"),
    "lang": ("fr",),
    "mode": ("escaped", "base64"),
    "rdf:about": ("https://example.org/about", ""),
    "rdf:resource": ("https://example.org/about",),
    "x:href": ("https://example.org/x",),
    "thr:count": ("1",),
    "gd:etag": ("e",),
    "datetime": ("2024-09-06",),
    "version": ("1",),
    "class": ("a&amp;&lt;&quot;'",),
}
_USUAL = {  # what these elements are mostly written with
    "link": ("href", "rel", "type"),
    "enclosure": ("url", "type", "length"),
    "guid": ("isPermaLink",),
    "category": ("term", "scheme", "domain", "label"),
    "itunes:category": ("text",),
    "itunes:image": ("href",),
    "podcast:transcript": ("url", "type", "language", "rel"),
    "podcast:chapters": ("url", "type"),
    "podcast:person": ("role", "img", "href"),
    "podcast:soundbite": ("startTime", "duration"),
    "source": ("url",),
    "media:content": ("url", "type", "medium", "width", "fileSize"),
    "media:thumbnail": ("url", "width"),
    "content": ("type",),
    "summary": ("type",),
    "title": ("type",),
    "item": ("rdf:about", "xml:base", "xml:lang"),
    "entry": ("xml:base", "xml:lang"),
}
_MARKUP = (
    '<div xmlns="http://www.w3.org/1999/xhtml"><p class="a">x &amp; y</p>z</div>',
    '<div xmlns="http://www.w3.org/1999/xhtml">one</div> <div xmlns="http://www.w3.org/1999/xhtml">two</div>',
    '\n <xhtml:div xml:lang="en"> <xhtml:br/>a &lt;b&gt;<xhtml:a href="/?a&amp;b" rel="A">l</xhtml:a></xhtml:div> ',
    '<div xmlns="http://www.w3.org/1999/xhtml"><svg xmlns="http://www.w3.org/2000/svg"><title>t</title></svg></div>',
    "<p>bare</p>",
    "before <xhtml:div>inside</xhtml:div> after",
    "<xhtml:div/>",
)
_PARTS = {
    "author": ("name", "email", "uri", "url", "title", "gd:image", "x:other"),
    "contributor": ("name", "email", "uri"),
    "itunes:owner": ("itunes:name", "itunes:email", "name"),
    "image": ("url", "title", "link", "width", "description"),
    "textinput": ("title", "link", "name", "description"),
    "source": ("title", "id", "updated", "link", "author", "x:other"),
    "media:group": ("media:title", "media:description", "media:content", "media:thumbnail", "media:community", "title"),
    "media:content": ("media:title", "media:description", "media:thumbnail", "media:credit", "media:rating"),
    "skipHours": ("hour",),
    "skipDays": ("day",),
    "itunes:category": ("itunes:category",),
}


def _written(key: str) -> str:
    prefix, _, local = key.partition("_")
    return f"{prefix}:{local}" if local and prefix in _PREFIXES else key


_IN_FEED = sorted(map(_written, FEED.keys() - {"item", "entry"}))
_IN_ENTRY = sorted(map(_written, ENTRY))
_ANYWHERE = sorted({*map(_written, RESERVED)} - {"rss", "feed", "channel"})


def generated(random: Random) -> str:
    """A document; equal states of `random` give equal ones."""
    root = random.choice(("rss", "rss", "feed", "feed", "rdf:RDF"))
    opening = random.choice(_ROOTS[root])
    odd = random.choice((0.0, 0.0, 0.03, 0.2))
    head = "".join(_element(random, _name(random, _IN_FEED, odd), odd) for _ in range(random.randrange(8)))
    entries = "".join(_entry(random, root, odd) for _ in range(random.randrange(4)))
    foot = "".join(_element(random, _name(random, _IN_FEED, odd), odd) for _ in range(random.choice((0, 0, 0, 2))))
    if root == "feed":
        inner = head + entries + foot
    elif root == "rss":
        inner = random.choices(
            (
                f"<channel>{head}{entries}{foot}</channel>",
                f"<channel>{head}</channel>{entries}",
                entries,
                f"<channel>{foot}</channel>" * 2,
            ),
            (40, 1, 1, 1),
        )[0]
    else:
        pictures = "".join(_element(random, "image", odd) for _ in range(random.randrange(2)))
        channel = random.choices((f'<channel rdf:about="https://example.org/">{head}</channel>', ""), (20, 1))[0]
        inner = random.choice((channel + pictures + entries, pictures + channel + entries, entries + channel))
    start = random.choice(("", "", '<?xml version="1.0" encoding="utf-8"?>\n', "\n<!-- x -->", "\ufeff"))
    return f"{start}{opening}{inner}</{root}>"


def _entry(random: Random, root: str, odd: float) -> str:
    name = "entry" if root == "feed" else "item"
    inner = "".join(_element(random, _name(random, _IN_ENTRY, odd), odd) for _ in range(random.randrange(12)))
    return f"<{name}{_attributes(random, name, odd / 2)}>{inner}</{name}>"


def _name(random: Random, usual: list[str], odd: float) -> str:
    chance = random.random()
    if chance < odd:
        return random.choice(_ANYWHERE)
    return random.choice(_UNKNOWN) if chance < odd + 0.05 else random.choice(usual)


def _element(random: Random, name: str, odd: float, depth: int = 0) -> str:
    written = name.upper() if random.random() < odd / 10 and name.islower() else name
    parts = _PARTS.get(name)
    chance = random.random()
    if parts and depth < 4 and chance < 0.8:
        inner = "".join(_inside(random, random.choice(parts), odd, depth) for _ in range(random.randrange(5)))
    elif chance < odd / 3 and depth < 4:
        inner = _inside(random, _name(random, _IN_ENTRY, odd), odd, depth)
    elif (chance > 0.85 and name in _CONSTRUCTS) or chance > 1 - odd / 20:
        return f'<{written} type="xhtml">{random.choice(_MARKUP)}</{written}>'
    else:
        inner = random.choice(_ODD_TEXTS if random.random() < odd / 10 else _TEXTS)
    return f"<{written}{_attributes(random, name, odd)}>{inner}</{written}>"


def _inside(random: Random, name: str, odd: float, depth: int) -> str:
    around = random.choice(("", "", "", " ", "\n", "words"))
    return around + _element(random, name, odd, depth + 1)


def _attributes(random: Random, name: str, odd: float) -> str:
    names = [each for each in _USUAL.get(name, ()) if random.random() < 0.5]
    names += [each for each in _VALUES if random.random() < odd / 10]
    return "".join(f' {each}="{random.choice(_VALUES[each])}"' for each in dict.fromkeys(names))


def mutated(text: str, random: Random) -> str:
    """`text` with some of its tags and texts left out, doubled, exchanged or replaced; mostly well-formed still."""
    pieces = re.findall(r"<!\[CDATA\[.*?\]\]>|<[^>]*>|[^<]+", text, re.DOTALL)
    leaves = [at for at, piece in enumerate(pieces[:-2]) if re.match("<[a-zA-Z]", piece) and pieces[at + 2][:2] == "</"]
    for at in random.sample(leaves, min(len(leaves), random.randrange(1, 6))):
        pieces[at : at + 3] = _change(random, pieces, at, leaves)
    return "".join(pieces)


def _change(random: Random, pieces: list[str], at: int, leaves: list[int]) -> list[str]:
    leaf, at_other = pieces[at : at + 3], random.choice(leaves)
    match random.randrange(7):
        case 0:
            return ["", "", ""]
        case 1:
            return ["".join(leaf), "", "".join(leaf)]
        case 2:
            return ["".join(leaf), "", "".join(pieces[at_other : at_other + 3])]
        case 3:
            return [leaf[0], "", leaf[2]]
        case 4:
            return [leaf[0], random.choice(_TEXTS), leaf[2]]
        case 5:
            name = leaf[0].strip("</>").split()[0] if leaf[0] else "link"
            return [f"<{name}{_attributes(random, name, 0.3)}>", *leaf[1:]]
        case _:
            return ["".join(leaf), "", _element(random, random.choice(_IN_ENTRY), 0.05)]


_NAMESPACES = (*PREFIXES, "urn:a", "http://www.w3.org/2005/Atom", "http://purl.org/dc/elements/1.1")
_NAMES = ("dc", "DC", "media", "atom", "x", "X", "itunes", "content", "rdf", "xhtml", "title", "creativeCommons", "thr")
_BEFORE = (
    '<?xml version="1.0"?>',
    '<?xml version="1.1" encoding="x"?>\n',
    '\ufeff<?xml version="1.0" standalone="yes"?>',
    "<!-- <html> -->",
    "<?pi <html> ?>",
    "\n\n",
)
_AFTER = ("\n", "<!-- end -->", "<?x y?>", "after", " <a/>")


def estranged(text: str, random: Random) -> str:
    """`text` with other prefixes, namespaces, capitals, and things before and after."""
    for _ in range(random.randrange(1, 5)):
        text = _estranged_once(text, random)
    return text


def _estranged_once(text: str, random: Random) -> str:
    tag = random.choice(list(re.finditer(r"<([a-zA-Z][\w:.-]*)", text)))
    prefix, uri = random.choice(_NAMES), random.choice(_NAMESPACES)
    match random.randrange(6):
        case 0:
            return text[: tag.end()] + f' xmlns:{prefix}="{uri}"' + text[tag.end() :]
        case 1:
            return text[: tag.end()] + f' xmlns="{uri}"' + text[tag.end() :]
        case 2:
            return text[: tag.end()] + f' {prefix}:{random.choice(("about", "lang", "href"))}="v"' + text[tag.end() :]
        case 3:
            declared = random.choice(re.findall(r"xmlns:(\w+)=", text))
            return re.sub(rf"(?<=[<\s/:]){declared}(?=[:=])", prefix, text)
        case 4:
            name = random.choice((tag[1].upper(), tag[1].title(), f"{prefix}:{tag[1].rpartition(':')[2]}"))
            return re.sub(rf"(?<=[</]){re.escape(tag[1])}(?=[\s/>])", name, text)
        case _:
            return random.choice(_BEFORE) + text + random.choice(_AFTER[:1] if random.random() < 0.5 else _AFTER)
