"""Names of elements and attributes as feedparser keeps them, for a document that means no two things by one name. Pure.

A name is written as in feedparser's methods and keys: `pubdate`, `dc_creator`, the prefix being the usual one of the
namespace whatever the document calls it, and the document's own where the namespace is not known.
"""

from functools import lru_cache

# Prefixes by namespace, in lower case; those of RSS and Atom have none.
_FORMATS = """
    http://backend.userland.com/rss http://blogs.law.harvard.edu/tech/rss http://example.com/necho
    http://example.com/newformat# http://my.netscape.com/rdf/simple/0.9/ http://purl.org/atom/ns# http://purl.org/echo/
    http://purl.org/pie/ http://purl.org/rss/1.0/ http://purl.org/rss/1.0/modules/rss091# http://www.w3.org/2005/atom
    uri/of/echo/namespace#
"""
_MODULES = """
    admin http://webns.net/mvcb/
    ag http://purl.org/rss/1.0/modules/aggregation/
    annotate http://purl.org/rss/1.0/modules/annotate/
    audio http://media.tangent.org/rss/1.0/
    blogChannel http://backend.userland.com/blogchannelmodule
    cc http://creativecommons.org/ns#license
    cc http://web.resource.org/cc/
    co http://purl.org/rss/1.0/modules/company
    content http://purl.org/rss/1.0/modules/content/
    cp http://my.theinfo.org/changed/1.0/rss/
    creativeCommons http://backend.userland.com/creativecommonsrssmodule
    creativeCommons http://cyber.law.harvard.edu/rss/creativecommonsrssmodule.html
    dc http://purl.org/dc/elements/1.1/
    dcterms http://purl.org/dc/terms/
    email http://purl.org/rss/1.0/modules/email/
    ev http://purl.org/rss/1.0/modules/event/
    feedburner http://rssnamespace.org/feedburner/ext/1.0
    fm http://freshmeat.net/rss/fm/
    foaf http://xmlns.com/foaf/0.1/
    geo http://www.w3.org/2003/01/geo/wgs84_pos#
    georss http://www.georss.org/georss
    gml http://www.opengis.net/gml
    icbm http://postneo.com/icbm/
    image http://purl.org/rss/1.0/modules/image/
    itunes http://example.com/dtds/podcast-1.0.dtd
    itunes http://www.itunes.com/dtds/podcast-1.0.dtd
    l http://purl.org/rss/1.0/modules/link/
    media http://search.yahoo.com/mrss
    media http://search.yahoo.com/mrss/
    pingback http://madskills.com/public/xml/rss/module/pingback/
    prism http://prismstandard.org/namespaces/1.2/basic/
    psc http://podlove.org/simple-chapters
    rdf http://www.w3.org/1999/02/22-rdf-syntax-ns#
    rdfs http://www.w3.org/2000/01/rdf-schema#
    ref http://purl.org/rss/1.0/modules/reference/
    reqv http://purl.org/rss/1.0/modules/richequiv/
    search http://purl.org/rss/1.0/modules/search/
    slash http://purl.org/rss/1.0/modules/slash/
    soap http://schemas.xmlsoap.org/soap/envelope/
    ss http://purl.org/rss/1.0/modules/servicestatus/
    str http://hacks.benhammersley.com/rss/streaming/
    sub http://purl.org/rss/1.0/modules/subscription/
    sy http://purl.org/rss/1.0/modules/syndication/
    szf http://schemas.pocketsoap.com/rss/mydescmodule/
    taxo http://purl.org/rss/1.0/modules/taxonomy/
    thr http://purl.org/rss/1.0/modules/threading/
    ti http://purl.org/rss/1.0/modules/textinput/
    trackback http://madskills.com/public/xml/rss/module/trackback/
    wfw http://wellformedweb.org/commentapi/
    wiki http://purl.org/rss/1.0/modules/wiki/
    xhtml http://www.w3.org/1999/xhtml
    xlink http://www.w3.org/1999/xlink
    xml http://www.w3.org/xml/1998/namespace
"""
PREFIXES = dict.fromkeys(["", *_FORMATS.split()], "")
PREFIXES |= {uri: prefix for prefix, uri in (line.split() for line in _MODULES.strip().splitlines())}
_USUAL = frozenset(prefix.lower() for prefix in PREFIXES.values() if prefix)
_VERSIONS = {"http://purl.org/rss/1.0/": "rss10", "http://www.w3.org/2005/atom": "atom10"}
_NETSCAPE = "http://my.netscape.com/rdf/simple/0.9/"
_LONGEST = 200  # characters of a name that is worth remembering; strangers write names of a megabyte
_USERLAND = "backend.userland.com/rss"  # whatever follows


class NotListed(Exception):  # noqa: N818  # no error: the document is for feedparser
    """The document holds what is not on the list."""


def prefix_of(uri: str) -> str | None:
    """The usual prefix of a namespace, "" for those of RSS and Atom, None for one that feedparser does not know."""
    lower = uri.lower()
    return "" if _USERLAND in lower else PREFIXES.get(lower)


def known(name: str) -> str | None:
    """The name of the element that expat calls `name`, None where its namespace is not known."""
    return _remembered(name) if len(name) <= _LONGEST else _known(name)


def _known(name: str) -> str | None:
    uri, _, rest = name.partition(" ")
    if not rest:
        return name.lower()
    prefix = prefix_of(uri)
    local = rest.partition(" ")[0].lower()
    return None if prefix is None else f"{prefix.lower()}_{local}" if prefix else local


_remembered = lru_cache(maxsize=2048)(_known)


class Namespaces:
    """The namespaces of one document. NotListed where one prefix is used for two of them, or for another's."""

    def __init__(self) -> None:
        self.version = ""  # what the first namespace that tells one says
        self._uris: dict[str, str] = {}  # by prefix in lower case
        self._prefixes: dict[str, str] = {}  # of namespaces not known
        self._usual: set[str] = set()  # prefixes of namespaces known
        self._bare: set[str] = set()  # namespaces not known whose elements had no prefix
        self._claimed: set[str] = set()  # usual prefixes that stand for a namespace not known

    def declare(self, prefix: str | None, uri: str | None) -> None:
        """Takes note of a declaration, as expat tells it."""
        if not uri:
            return
        lower = uri.lower()
        if not self.version:
            self.version = "rss090" if (prefix, lower) == (None, _NETSCAPE) else _VERSIONS.get(lower, "")
        usual = prefix_of(uri)
        mine = (prefix or "").lower()
        if uri.split() != [uri] or (mine and self._uris.setdefault(mine, uri) != uri):
            raise NotListed(uri)
        if usual is None:
            self._declare_unknown(mine, uri)
        elif (mine in _USUAL and mine != usual.lower()) or usual.lower() in self._claimed:
            raise NotListed(uri)
        else:
            self._usual.add(usual.lower())

    def _declare_unknown(self, prefix: str, uri: str) -> None:
        if prefix and prefix in self._usual:
            raise NotListed(uri)
        if prefix in _USUAL:
            self._claimed.add(prefix)
        if prefix and uri in self._bare:
            raise NotListed(uri)
        if prefix:
            self._prefixes.setdefault(uri, prefix)

    def unknown(self, name: str) -> str:
        """The name of the element that expat calls `name` and whose namespace is not known."""
        parts = name.split()
        prefix = self._prefixes.get(parts[0])
        if prefix is None:
            self._bare.add(parts[0])
        return f"{prefix}_{parts[1].lower()}" if prefix else parts[1].lower()

    def attributes(self, given: dict[str, str]) -> dict[str, str]:
        """Attributes under the names that feedparser has for them, some of them twice."""
        found: dict[str, str] = {}
        for name, value in given.items():
            uri, _, local = name.partition(" ")
            if local and self._prefixes.get(uri) == "rdf":
                raise NotListed(name)
            prefix = prefix_of(uri) if local else ""
            bare = local.partition(" ")[0] if local else uri
            found[(f"{prefix}:{bare}" if prefix else bare).lower()] = value
        for name, value in given.items():
            parts = name.split(" ")
            found[(f"{parts[2]}:{parts[1]}" if len(parts) == 3 else parts[-1]).lower()] = value
        return {key: value.lower() if key in ("rel", "type") else value for key, value in found.items()}
