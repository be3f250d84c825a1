"""URLs as text: made absolute, freed of tracking, compared, attributed to a host. Pure.

Nothing here raises on any `str`: strangers write URLs. "URL" means an absolute http or https one with a host;
everything else is none. What goes out is a valid URI (RFC 3986), so that every validator and every client takes it.
"""

import re
from collections.abc import Collection
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, ip_address
from typing import Any, NamedTuple
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_LENGTH = 8192  # characters; no common server takes a longer URL
MAX_HOST_KEY = 300  # characters; a name in the DNS has 253 at most

# Names that only ever serve to follow a reader (lower case). `ref`, `id`, `p`, `lang`, `cid` and the like are not among
# them: they lead to another page on too many sites.
TRACKING_PREFIXES = ("utm_", "mtm_", "matomo_", "piwik_", "hsa_", "ns_mail_", "at_custom", "at_link_", "at_ptr_")
_TRACKING = """
    _branch_match_id _ga _gl _hsenc _hsmi _kx _openstat __hsfp __hssc __hstc __s __twitter_impression
    at_bbc_team at_campaign at_campaign_type at_creation at_format at_medium
    dclid echobox epik fb_action_ids fb_action_types fb_ref fb_source fbclid ftag
    gad_campaignid gad_source gbraid gclid gclsrc guccounter guce_referrer guce_referrer_sig
    hsctatracking igsh igshid li_fat_id mc_cid mc_eid mkt_tok ml_subscriber ml_subscriber_hash msclkid
    ns_campaign ns_fee ns_linkname ns_mchannel ns_source oly_anon_id oly_enc_id
    pk_campaign pk_content pk_kwd pk_keyword pk_medium pk_source rb_clickid rdt_cid s_cid sccid srsltid
    trk_contact trk_module trk_msg trk_sid ttclid twclid vero_conv vero_id wbraid wickedid wt_mc wt_zmc
    xtor xtref yclid ymclid ysclid
"""
TRACKING_NAMES = frozenset(_TRACKING.split())
# What is tracking on one site alone, by registrable name.
TRACKING_OF_SITE = {
    "aljazeera.com": frozenset({"traffic_source"}),
    "bbc.co.uk": frozenset({"ocid"}),
    "bbc.com": frozenset({"ocid"}),
    "biorxiv.org": frozenset({"rss"}),
    "bloomberg.com": frozenset({"sref", "srnd"}),
    "derstandard.at": frozenset({"ref"}),
    "dw.com": frozenset({"maca"}),
    "marketwatch.com": frozenset({"mod", "siteid"}),
    "medrxiv.org": frozenset({"rss"}),
    "medscape.com": frozenset({"src"}),
    "msn.com": frozenset({"ocid"}),
    "nytimes.com": frozenset({"_r", "emc", "mwrsm", "partner", "smid", "smtyp"}),
    "pcmag.com": frozenset({"kc"}),
    "reuters.com": frozenset({"feedname", "feedtype"}),
    "slashdot.org": frozenset({"from"}),
    "techcrunch.com": frozenset({"ncid"}),
    "theguardian.com": frozenset({"cmp"}),
    "washingtonpost.com": frozenset({"itid", "postshare"}),
    "wsj.com": frozenset({"mod"}),
    "youtube.com": frozenset({"feature", "si"}),
}
MOBILE_LABELS = frozenset({"www", "m", "mobile", "amp"})

# The bulk of all URLs needs no repair; possessive, so that it takes linear time on the others.
_ORDINARY = re.compile(
    r"https?://[A-Za-z0-9][A-Za-z0-9.-]*+(?::\d{1,4})?"
    r"(?:[/?](?:[A-Za-z0-9\-._~:/?@!$&'()*+,;=]++|%[0-9A-Fa-f]{2})*+)?"
    r"(?:#(?:[A-Za-z0-9\-._~:/?@!$&'()*+,;=]++|%[0-9A-Fa-f]{2})*+)?"
)
# A link whose key is in sight: without port, escape, query, fragment, and dots that lead elsewhere. Most are such.
_SIMPLE = re.compile(r"https?://([a-z0-9][a-z0-9.-]*+)((?:/(?!\.)[A-Za-z0-9\-._~!$'()*+,;:@]*+)*+)")
_TO_QUOTE = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~:/?@!$&'()*+,;=%]")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_UNRESERVED = re.compile(r"[A-Za-z0-9\-._~]")
_HOST_NAME = re.compile(r"[a-z0-9_][a-z0-9_.-]*")
_DROPPED = str.maketrans("", "", "\t\r\n")  # as browsers do (WHATWG URL, 4.4)
_EDGES = "".join(map(chr, range(0x21))) + "\xa0\ufeff"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")  # urljoin would take "https:///a" for a path on the base's host
_CREDENTIALS = re.compile(r"^([^/?#]*//)[^/?#]*@")
_AMP_CACHE = re.compile(r"https?://(?:www\.google\.[a-z.]+/amp|[a-z0-9-]+\.cdn\.ampproject\.org/[a-z])/(s/)?(.+)")
_AMP_PATH = re.compile(r"^(?:/amp)+(?=/.)|(?:/amp)+$|\.amp(?=\.html?$)|\.amp$")
_AMP_QUERY = frozenset({"amp", "amp=1", "amp=true", "outputtype=amp", "m=1"})


class _Authority(NamedTuple):
    """The part of a URL that says which server: host in lower case and ASCII, IPv6 in brackets."""

    scheme: str
    credentials: str  # up to and with the "@", or ""
    host: str
    port: int  # explicit, or the scheme's


def is_http(url: str) -> bool:
    """Whether `url` is absolute, http or https, with a host and a possible port."""
    return _authority(_split(url)) is not None


def absolute(href: str, base: str | None = None) -> str | None:
    """`href` as an absolute URL, relative ones joined to `base` (RFC 3986, 5); None where it is not http or https.

    What a URI may not hold is percent-encoded (blanks, other scripts, stray "%"), host names become IDNA; all else
    stays as published. Credentials of `base` are inherited, as by the RFC: see `without_credentials`.
    """
    if len(href) > MAX_LENGTH:
        return None
    if _ORDINARY.fullmatch(href):
        return href
    href = href.strip(_EDGES).translate(_DROPPED)
    try:
        joined = urljoin(base, href) if base and not _SCHEME.match(href) else href
    except ValueError:  # brackets that are no IPv6 address
        return None
    parts = _split(joined)
    authority = _authority(parts)
    url = _rebuilt(parts, authority) if parts and authority else ""
    return url if 0 < len(url) <= MAX_LENGTH else None


def without_credentials(url: str) -> str:
    """`url` without `user:password@`; safe to print."""
    return _CREDENTIALS.sub(r"\1", url) if "@" in url else url


def without_tracking(url: str) -> str:
    """The link as printed: without tracking parameters, in query and fragment; all else byte for byte as published."""
    if "?" not in url and "#" not in url:
        return url
    site = _tracking_of_site(url)
    rest, hash_, fragment = url.partition("#")
    path, mark, query = rest.partition("?")
    kept_query = _untracked(query, site)
    kept_fragment = _untracked(fragment, site) if "=" in fragment else fragment  # else an anchor
    if fragment.startswith("tk.rss"):  # one publisher's "#tk.rss_all"
        kept_fragment = ""
    if (kept_query, kept_fragment) == (query, fragment):
        return url
    return path + (mark + kept_query if kept_query else "") + (hash_ + kept_fragment if kept_fragment else "")


def canonical_key(url: str) -> str | None:
    """The form of `url` that two links to one page share, for comparing only, never for printing; None for no URL.

    http and https, `www.`, mobile and AMP forms, default port, trailing slash, case of the host, spelling of escapes,
    order of parameters, tracking and fragment make no difference (a fragment that starts with "!" is a page of its
    own). The key of a key is itself.
    """
    has_amp = "/amp" in url or ".amp" in url
    if not has_amp and len(url) <= MAX_LENGTH and (simple := _SIMPLE.fullmatch(url)):
        return f"https://{_folded_host(simple[1])}{simple[2].rstrip('/') or '/'}"
    whole = absolute(without_credentials(url))
    while whole and (cached := _AMP_CACHE.fullmatch(whole)):
        whole = absolute(f"http{'s' if cached[1] else ''}://{cached[2]}")
    parts = _split(without_tracking(whole)) if whole else None
    authority = _authority(parts)
    if parts is None or authority is None:
        return None
    port = "" if authority.port in DEFAULT_PORTS.values() else f":{authority.port}"
    fragment = "#" + _respelt(parts.fragment) if parts.fragment.startswith("!") else ""
    return (
        f"https://{_folded_host(authority.host)}{port}{_folded_path(parts.path)}{_folded_query(parts.query)}{fragment}"
    )


def host_key(url: str) -> str:
    """What counts as one host for politeness: the registrable name ("example.co.uk"); "" for no URL.

    So a thousand blogs on one service queue up. An IP address or a name without a dot counts with its port.
    """
    authority = _authority(_split(url))
    if authority is None:
        return ""
    host = authority.host.rstrip(".")
    if "." not in host or host.startswith("[") or host.rpartition(".")[2].isdigit():
        return f"{host}:{authority.port}"
    return _registrable(host)


def paced_host(url: str, unpaced: Collection[str]) -> str | None:
    """`host_key` of the URL; None where it needs no pace, and for no URL.

    It needs none where `unpaced` lists, in lower case, that key, the host's name, or its name with the port.
    """
    key = host_key(url)
    if unpaced and (parts := _split(url)):
        names = {key, parts.hostname or "", parts.netloc.rpartition("@")[2].lower()}
        if not names.isdisjoint(unpaced):
            return None
    return key if 0 < len(key) <= MAX_HOST_KEY else None


def same_origin(one: str, other: str) -> bool:
    """Whether both are URLs of one scheme, host and port (RFC 6454, 5): a secret for one may go to the other."""
    first, second = _authority(_split(one)), _authority(_split(other))
    if first is None or second is None:
        return False
    return first._replace(credentials="") == second._replace(credentials="")


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url.strip(_EDGES)) if len(url) <= MAX_LENGTH else None
    except ValueError:
        return None


def _authority(parts: SplitResult | None) -> _Authority | None:
    if parts is None or parts.scheme not in DEFAULT_PORTS:
        return None
    try:
        host, port = _ascii_host(parts.hostname or ""), parts.port
        port = DEFAULT_PORTS[parts.scheme] if port is None else port
    except ValueError:  # port beyond 65535 or no number
        return None
    credentials, at, _ = parts.netloc.rpartition("@")
    return _Authority(parts.scheme, credentials + at, host, port) if host else None


def _ascii_host(host: str) -> str:
    """`host` in ASCII, "" where it is none."""
    if ":" in host:
        return f"[{ip_address(host).compressed}]"
    return host if _HOST_NAME.fullmatch(host) else _idna(host)


@lru_cache(maxsize=1024)
def _idna(host: str) -> str:
    """`host`, which holds other letters, by IDNA 2008, else 2003; "" where it is no host at all."""
    if host.isascii():
        return ""
    from yarl import URL  # slow to load, and few hosts need it

    try:
        ascii_host = URL.build(scheme="http", host=host).raw_host or ""
    except ValueError:
        return ""
    return ascii_host if _HOST_NAME.fullmatch(ascii_host) else ""


def _rebuilt(parts: SplitResult, authority: _Authority) -> str:
    port = "" if parts.port is None else f":{parts.port}"
    credentials = _quoted(authority.credentials[:-1]) + "@" if authority.credentials else ""
    query = f"?{_quoted(parts.query)}" if parts.query else ""
    fragment = f"#{_quoted(parts.fragment)}" if parts.fragment else ""
    return f"{authority.scheme}://{credentials}{authority.host}{port}{_quoted(parts.path)}{query}{fragment}"


def _quoted(text: str) -> str:
    return _TO_QUOTE.sub(lambda found: quote(found[0], safe="", errors="replace"), text)


def _untracked(query: str, site: frozenset[str]) -> str:
    return "&".join(pair for pair in query.split("&") if not _is_tracking(pair, site))


def _is_tracking(pair: str, site: frozenset[str]) -> bool:
    name, _, value = pair.partition("=")
    name = unquote(name).lower().removeprefix("amp;")  # of a URL that was escaped twice
    if name == "source":
        return value.startswith("rss-")  # Medium's, on its customers' hosts too
    return name in TRACKING_NAMES or name in site or name.startswith(TRACKING_PREFIXES)


def _tracking_of_site(url: str) -> frozenset[str]:
    parts = _split(url)
    host = (parts.hostname or "") if parts else ""
    labels = host.split(".")
    names = (".".join(labels[-count:]) for count in (2, 3))
    return next((TRACKING_OF_SITE[name] for name in names if name in TRACKING_OF_SITE), frozenset())


@lru_cache(maxsize=1024)  # the links of a document share theirs
def _folded_host(host: str) -> str:
    """`host` without the labels of mobile and AMP forms, `www` among them: en.m.example.org is en.example.org."""
    if host.startswith("["):
        return host
    labels = host.rstrip(".").split(".")
    name = labels[-2:]
    return ".".join([*(label for label in labels[:-2] if label not in MOBILE_LABELS), *name])


def _folded_path(path: str) -> str:
    # With the dot before it, "//x" is not taken for a host.
    resolved = urljoin("https://host/", f".{path}").removeprefix("https://host") if "/." in path else path
    folded = _respelt(resolved).rstrip("/")
    while (shorter := _AMP_PATH.sub("", folded).rstrip("/")) != folded:
        folded = shorter
    return folded or "/"


def _folded_query(query: str) -> str:
    pairs = sorted(pair for pair in _respelt(query).split("&") if pair and pair.lower() not in _AMP_QUERY)
    return "?" + "&".join(pairs) if pairs else ""


def _respelt(text: str) -> str:
    """`text` with each escape in its one canonical spelling (RFC 3986, 6.2.2)."""
    return _ESCAPE.sub(_canonical_escape, text) if "%" in text else text


def _canonical_escape(escape: re.Match[str]) -> str:
    character = chr(int(escape[0][1:], 16))
    return character if _UNRESERVED.fullmatch(character) else escape[0].upper()


@lru_cache(maxsize=16_384)
def _registrable(host: str) -> str:
    return str(_public_suffixes().privatesuffix(host) or host)


@lru_cache(maxsize=1)
def _public_suffixes() -> Any:  # publicsuffixlist ships no types
    """Only ICANN's part of the list: blogs under one service share its servers, so they share its pace."""
    from publicsuffixlist import PublicSuffixList  # its list takes 20 ms to load

    return PublicSuffixList(only_icann=True)


_NUMBER = r"(?:0x[0-9a-f]*|\d+)"
_NUMERIC_HOST = re.compile(rf"https?://(?:[^/?#]*@)?({_NUMBER}(?:\.{_NUMBER})*\.?)(?![^:/?#])", re.IGNORECASE)


def has_disguised_address(url: str) -> bool:
    """Return True if the host is an IPv4 address in a form such as 2130706433 or 0x7f.1, which hides what it is."""
    if host := _NUMERIC_HOST.match(url):
        try:
            IPv4Address(host[1])
        except AddressValueError:
            return True
    return False
