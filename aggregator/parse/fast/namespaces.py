"""Names of elements and attributes as feedparser spells them. Pure.

`pubdate`, `dc_creator`: the prefix is the usual one of the namespace, or the document's own if feedparser does not know
the namespace. Documents in which one name has two meanings are not supported.
"""

from aggregator.parse.raw import PODCAST_NAMESPACES, TOMBSTONES

# Usual prefixes by namespace in lower case, as feedparser has them; RSS and Atom have none.
_FORMATS = """
    http://backend.userland.com/rss http://blogs.law.harvard.edu/tech/rss http://example.com/necho
    http://example.com/newformat# http://my.netscape.com/rdf/simple/0.9/ http://purl.org/atom/ns# http://purl.org/echo/
    http://purl.org/pie/ http://purl.org/rss/1.0/ http://purl.org/rss/1.0/modules/rss091# http://www.w3.org/2005/atom
    uri/of/echo/namespace#
"""
_MODULES = """
    admin http://webns.net/mvcb/  ag http://purl.org/rss/1.0/modules/aggregation/
    annotate http://purl.org/rss/1.0/modules/annotate/  audio http://media.tangent.org/rss/1.0/
    blogChannel http://backend.userland.com/blogchannelmodule  cc http://creativecommons.org/ns#license
    cc http://web.resource.org/cc/  co http://purl.org/rss/1.0/modules/company
    content http://purl.org/rss/1.0/modules/content/  cp http://my.theinfo.org/changed/1.0/rss/
    creativeCommons http://backend.userland.com/creativecommonsrssmodule
    creativeCommons http://cyber.law.harvard.edu/rss/creativecommonsrssmodule.html
    dc http://purl.org/dc/elements/1.1/  dcterms http://purl.org/dc/terms/
    email http://purl.org/rss/1.0/modules/email/  ev http://purl.org/rss/1.0/modules/event/
    feedburner http://rssnamespace.org/feedburner/ext/1.0  fm http://freshmeat.net/rss/fm/
    foaf http://xmlns.com/foaf/0.1/  geo http://www.w3.org/2003/01/geo/wgs84_pos#  georss http://www.georss.org/georss
    gml http://www.opengis.net/gml  icbm http://postneo.com/icbm/  image http://purl.org/rss/1.0/modules/image/
    itunes http://example.com/dtds/podcast-1.0.dtd  itunes http://www.itunes.com/dtds/podcast-1.0.dtd
    l http://purl.org/rss/1.0/modules/link/  media http://search.yahoo.com/mrss  media http://search.yahoo.com/mrss/
    pingback http://madskills.com/public/xml/rss/module/pingback/
    prism http://prismstandard.org/namespaces/1.2/basic/  psc http://podlove.org/simple-chapters
    rdf http://www.w3.org/1999/02/22-rdf-syntax-ns#  rdfs http://www.w3.org/2000/01/rdf-schema#
    ref http://purl.org/rss/1.0/modules/reference/  reqv http://purl.org/rss/1.0/modules/richequiv/
    search http://purl.org/rss/1.0/modules/search/  slash http://purl.org/rss/1.0/modules/slash/
    soap http://schemas.xmlsoap.org/soap/envelope/  ss http://purl.org/rss/1.0/modules/servicestatus/
    str http://hacks.benhammersley.com/rss/streaming/  sub http://purl.org/rss/1.0/modules/subscription/
    sy http://purl.org/rss/1.0/modules/syndication/  szf http://schemas.pocketsoap.com/rss/mydescmodule/
    taxo http://purl.org/rss/1.0/modules/taxonomy/  thr http://purl.org/rss/1.0/modules/threading/
    ti http://purl.org/rss/1.0/modules/textinput/  trackback http://madskills.com/public/xml/rss/module/trackback/
    wfw http://wellformedweb.org/commentapi/  wiki http://purl.org/rss/1.0/modules/wiki/
    xhtml http://www.w3.org/1999/xhtml  xlink http://www.w3.org/1999/xlink  xml http://www.w3.org/xml/1998/namespace
"""
PREFIXES = dict.fromkeys(["", *_FORMATS.split()], "")
PREFIXES |= dict(zip(_MODULES.split()[1::2], _MODULES.split()[::2], strict=True))
PREFIXES |= {uri.lower(): "podcast" for uri in PODCAST_NAMESPACES} | {TOMBSTONES: "at"}
_USUAL = frozenset(prefix.lower() for prefix in PREFIXES.values() if prefix)
_VERSIONS = {"http://purl.org/rss/1.0/": "rss10", "http://www.w3.org/2005/atom": "atom10"}
_NETSCAPE = "http://my.netscape.com/rdf/simple/0.9/"
_USERLAND = "backend.userland.com/rss"  # followed by anything


class Unsupported(Exception):  # noqa: N818  # not an error: feedparser reads the document
    """The document has something that only feedparser reads."""


class Namespaces(dict[str, str]):
    """Names of a document's elements by what expat calls them ("uri local prefix"), and its namespaces."""

    def __init__(self) -> None:
        super().__init__()
        self.version = ""  # of the format, by the first namespace that tells it
        self._owners: dict[str, str] = {}  # by prefix: the namespace, or the usual prefix of a known one
        self._prefixes: dict[str, str] = {}  # of namespaces that feedparser does not know

    def __missing__(self, name: str) -> str:
        uri, _, qualified = name.partition(" ")
        local = qualified.partition(" ")[0].lower()
        prefix = _usual_prefix(uri)
        if prefix is None:
            prefix = self._prefixes.get(uri, "")
        self[name] = key = f"{prefix.lower()}_{local}" if qualified and prefix else local or name.lower()
        return key

    def declare(self, prefix: str | None, uri: str | None) -> None:
        """Record a declaration of a namespace; raise Unsupported if a name could have two meanings."""
        if not uri:
            return
        if not self.version:
            is_netscape = prefix is None and uri.lower() == _NETSCAPE
            self.version = "rss090" if is_netscape else _VERSIONS.get(uri.lower(), "")
        prefix, usual = (prefix or "").lower(), _usual_prefix(uri)
        owner = uri if usual is None else usual.lower()
        names = {prefix} if usual is None else {prefix, owner}
        if uri.split() != [uri] or any(self._owners.setdefault(name, owner) != owner for name in names if name):
            raise Unsupported(uri)
        if usual is None:
            if bool(self._prefixes.setdefault(uri, prefix)) != bool(prefix):
                raise Unsupported(uri)
        elif prefix in _USUAL and prefix != owner:
            raise Unsupported(uri)


def attribute_names(attributes: dict[str, str]) -> dict[str, str]:
    """Return attributes by the names that feedparser gives them: those in a namespace have two."""
    named: dict[str, str] = {}
    for name, value in attributes.items():
        uri, _, qualified = name.partition(" ")
        prefix, local = _usual_prefix(uri) if qualified else "", qualified.partition(" ")[0] or name
        named[(f"{prefix}:{local}" if prefix else local).lower()] = value
    for name, value in attributes.items():
        parts = name.split(" ")
        named[(f"{parts[2]}:{parts[1]}" if len(parts) == 3 else parts[-1]).lower()] = value
    return named


def _usual_prefix(uri: str) -> str | None:
    """Return the usual prefix of a namespace, "" for RSS and Atom, None if feedparser does not know it."""
    lower = uri.lower()
    return "" if _USERLAND in lower else PREFIXES.get(lower)
