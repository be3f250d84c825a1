"""URLs as text: resolving, removal of tracking, comparison, and the host they belong to. Pure.

No function raises on any `str`. "URL" means an absolute http or https URL with a host. Results are valid URIs
(RFC 3986), so that every validator and client accepts them.
"""

import re
from collections.abc import Callable, Collection
from functools import lru_cache
from hashlib import blake2b
from ipaddress import ip_address
from typing import Any, NamedTuple
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from aggregator.addresses import is_unusual_ipv4

DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_LENGTH = 8192  # characters; no common server takes a longer URL
MAX_HOST_KEY = 300  # characters; a DNS name has 253 at most

# Parameters that only serve tracking, in lower case. `ref`, `id`, `p`, `lang`, `cid` and the like are not among them:
# they select another page on too many sites. The last line names sessions, which are others at each request.
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
    cfid cftoken jsessionid phpsessid
"""
TRACKING_NAMES = frozenset(_TRACKING.split())
# Parameters that are tracking on one site alone, by registrable name.
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
_SESSION = re.compile(r";jsessionid=[^/?#;]*", re.IGNORECASE)  # of Java's servers
MOBILE_LABELS = frozenset({"www", "m", "mobile", "amp"})

# Most URLs, which `absolute` need not change. Possessive quantifiers make it linear on all others.
_ORDINARY = re.compile(
    r"https?://[A-Za-z0-9][A-Za-z0-9.-]*+(?::[1-9][0-9]{0,3})?"
    r"(?:/(?:[A-Za-z0-9\-._~:/@!$&'()*+,;=]++|%[0-9A-Fa-f]{2})*+)?"
    r"(?:\?(?:[A-Za-z0-9\-._~:/?@!$&'()*+,;=]++|%[0-9A-Fa-f]{2})++)?"
    r"(?:#(?:[A-Za-z0-9\-._~:/?@!$&'()*+,;=]++|%[0-9A-Fa-f]{2})++)?"
)
_TO_QUOTE = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~:/?@!$&'()*+,;=%]")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_UNRESERVED = re.compile(r"[A-Za-z0-9\-._~]")
_HOST_NAME = re.compile(r"[a-z0-9_][a-z0-9_.-]*")
_NO_LINE_BREAKS = str.maketrans("", "", "\t\r\n")  # as browsers do (WHATWG URL, 4.4)
_EDGES = "".join(map(chr, range(0x21))) + "\xa0\ufeff"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")  # urljoin would read "https:///a" as a path on the base's host
_NUMERIC_HOST = re.compile(r"https?://(?:[^/?#]*@)?(\d[0-9A-Fa-fXx.]*)(?![^:/?#])", re.IGNORECASE)
_CREDENTIALS = re.compile(r"^([^/?#]*//)[^/?#]*@")
_AMP_CACHE = re.compile(
    r"https?://(?:(?i:(?:www\.)?(google\.[a-z.]+))/amp|(?i:[a-z0-9-]+\.cdn\.ampproject\.org)/[a-z])/(s/)?(.+)"
)
_AMP_SUFFIX = re.compile(r"(?<!\.amp)(?:\.amp)++(?=(?:\.html?)?$)")
_AMP_QUERY = frozenset({"amp", "amp=1", "amp=true", "outputtype=amp", "m=1"})


class _Authority(NamedTuple):
    """Authority of a URL (RFC 3986, 3.2): host in lower case and ASCII, IPv6 in brackets."""

    scheme: str
    credentials: str  # including the "@", or ""
    host: str
    port: int  # explicit, or the scheme's


def is_http(url: str) -> bool:
    """Return True if `url` is absolute, http or https, with a host and a valid port."""
    return _authority(_split(url)) is not None


def absolute(href: str, base: str | None = None) -> str | None:
    """Return `href` as an absolute URL, resolved against `base` (RFC 3986, 5); None if it is not http or https.

    Characters that a URI may not contain are percent-encoded (blanks, other scripts, stray "%"), host names in other
    scripts become IDNA, an empty query or fragment is dropped; all else stays as published, the case of the host among
    it. Credentials of `base` are inherited, as in the RFC: see `without_credentials`.
    """
    if len(href) > MAX_LENGTH:
        return None
    if _ORDINARY.fullmatch(href):
        return href
    href = href.strip(_EDGES).translate(_NO_LINE_BREAKS)
    try:
        joined = urljoin(base, href) if base and not _SCHEME.match(href) else href
    except ValueError:  # an invalid IPv6 host
        return None
    parts = _split(joined)
    authority = _authority(parts)
    if parts is None or authority is None:
        return None
    url = _rebuilt(parts, authority)
    return url if len(url) <= MAX_LENGTH else None


def without_credentials(url: str) -> str:
    """Return `url` without `user:password@`; safe to print."""
    return _CREDENTIALS.sub(r"\1", url) if "@" in url else url


def without_tracking(url: str) -> str:
    """Return `url` without tracking parameters in query and fragment, and sessions; all else is unchanged."""
    if ";" in url:
        url = _SESSION.sub("", url)
    if "?" not in url and "#" not in url:
        return url
    site_names = _tracking_of_site(url)
    before_fragment, _, fragment = url.partition("#")
    path, _, query = before_fragment.partition("?")
    clean_query = _untracked(query, site_names)
    clean_fragment = _untracked(fragment, site_names) if "=" in fragment else fragment  # else an anchor
    if fragment.startswith("tk.rss"):  # one publisher's "#tk.rss_all"
        clean_fragment = ""
    if (clean_query, clean_fragment) == (query, fragment):
        return url
    return path + (f"?{clean_query}" if clean_query else "") + (f"#{clean_fragment}" if clean_fragment else "")


def canonical_key(url: str) -> str | None:
    """Return the form of `url` that all links to one page share, for comparison only; None if it is not a URL.

    http and https, `www.`, mobile and AMP forms, default port, trailing slash, case of the host, spelling of escapes,
    order of parameters, tracking and fragment make no difference; but a fragment that starts with "!" is a page of its
    own. The key of a key is itself.
    """
    page = cached_page(url)
    parts = _split(without_tracking(page)) if page else None
    authority = _authority(parts)
    if parts is None or authority is None:
        return None
    host = _folded_host(authority.host)
    port = "" if authority.port in DEFAULT_PORTS.values() else f":{authority.port}"
    fragment = "#" + _normalised_escapes(parts.fragment) if parts.fragment.startswith("!") else ""
    return f"https://{host}{port}{_folded_path(parts.path)}{_folded_query(parts.query)}{fragment}"


def cached_page(url: str) -> str | None:
    """Return the URL of the page that `url` shows: for an AMP cache that of its site; None if it is not a URL."""
    page = absolute(without_credentials(url))
    while page and (cached := _AMP_CACHE.fullmatch(page)):
        google = (cached[1] or "").lower()
        if google != _registrable(google):  # a name below google.com, or google.evil.example
            break
        page = absolute(f"http{'s' if cached[2] else ''}://{cached[3]}")
    return page


def host_key(url: str) -> str:
    """Return the unit of rate limits: the registrable name ("example.co.uk"); "" if `url` is not a URL.

    So a thousand blogs on one service share a limit. An IP address or a name without a dot counts with its port.
    """
    return _owner(url, _registrable)


def registrable_name(url: str) -> str:
    """Return the name that the owner of the URL's host registered; "" if `url` is not a URL.

    A blog on a service that gives each user a name of their own counts for itself, unlike in `host_key`. An IP address
    or a name without a dot counts with its port.
    """
    return _owner(url, _registered)


def _owner(url: str, owned_part: Callable[[str], str]) -> str:
    authority = _authority(_split(url))
    if authority is None:
        return ""
    host = authority.host.rstrip(".")
    if "." not in host or host.startswith("[") or host.rpartition(".")[2].isdigit():
        return f"{host}:{authority.port}"
    return owned_part(host)


def paced_host(url: str, unpaced: Collection[str]) -> str | None:
    """Return the `host_key` of the URL, None if it has no rate limit or is not a URL.

    It has none if `unpaced` lists, in lower case, that key, the host's name, or its name with the port.
    """
    key = host_key(url)
    if unpaced and (parts := _split(url)):
        names = {key, parts.hostname or "", parts.netloc.rpartition("@")[2].lower()}
        if not names.isdisjoint(unpaced):
            return None
    return key if 0 < len(key) <= MAX_HOST_KEY else None


def lease_name(url: str, unpaced: Collection[str]) -> str:
    """Return the name under which processes lease the URL: its `paced_host`, or one of its own where it has none."""
    return paced_host(url, unpaced) or f"url:{blake2b(url.encode(errors='replace'), digest_size=16).hexdigest()}"


def same_origin(first: str, second: str) -> bool:
    """Return True if both are URLs of one scheme, host and port (RFC 6454, 5): a secret for one may go to the other."""
    origins = [
        (authority.scheme, authority.host, authority.port)
        for authority in (_authority(_split(first)), _authority(_split(second)))
        if authority
    ]
    return len(origins) == 2 and origins[0] == origins[1]


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url.strip(_EDGES)) if len(url) <= MAX_LENGTH else None
    except ValueError:  # not a URL, which the callers say
        return None


def _authority(parts: SplitResult | None) -> _Authority | None:
    if parts is None or parts.scheme not in DEFAULT_PORTS:
        return None
    try:
        host, port = _ascii_host(parts.hostname or ""), parts.port
        port = DEFAULT_PORTS[parts.scheme] if port is None else port
    except ValueError:  # an invalid port
        return None
    credentials, at, _ = parts.netloc.rpartition("@")
    return _Authority(parts.scheme, credentials + at, host, port) if host else None


def _ascii_host(host: str) -> str:
    """Return `host` in ASCII, "" if it is not a host."""
    if ":" in host:
        return f"[{ip_address(host).compressed}]"
    return host if _HOST_NAME.fullmatch(host) else _idna(host)


@lru_cache(maxsize=1024)
def _idna(host: str) -> str:
    """Return `host` encoded by IDNA 2008, else 2003; "" if it is not a host."""
    if host.isascii():
        return ""
    from yarl import URL  # slow to load, and few hosts need it

    try:
        ascii_host = URL.build(scheme="http", host=host).raw_host or ""
    except ValueError:  # IDNA does not know it
        return ""
    return ascii_host if _HOST_NAME.fullmatch(ascii_host) else ""


def _rebuilt(parts: SplitResult, authority: _Authority) -> str:
    published_host = parts.netloc[len(authority.credentials) :][: len(authority.host)]
    host = published_host if published_host.lower() == authority.host and ":" not in published_host else authority.host
    port = "" if parts.port is None else f":{parts.port}"
    credentials = _quoted(authority.credentials[:-1]) + "@" if authority.credentials else ""
    query = f"?{_quoted(parts.query)}" if parts.query else ""
    fragment = f"#{_quoted(parts.fragment)}" if parts.fragment else ""
    return f"{authority.scheme}://{credentials}{host}{port}{_quoted(parts.path)}{query}{fragment}"


def _quoted(text: str) -> str:
    return _TO_QUOTE.sub(lambda match: quote(match[0], safe="", errors="replace"), text)


def _untracked(query: str, site_names: frozenset[str]) -> str:
    return "&".join(pair for pair in query.split("&") if not _is_tracking(pair, site_names))


def _is_tracking(pair: str, site_names: frozenset[str]) -> bool:
    name, _, value = pair.partition("=")
    name = unquote(name).lower().removeprefix("amp;")  # in a URL that was escaped twice
    if name == "source":
        return value.startswith("rss-")  # Medium, also on its customers' hosts
    return name in TRACKING_NAMES or name in site_names or name.startswith(TRACKING_PREFIXES)


def _tracking_of_site(url: str) -> frozenset[str]:
    parts = _split(url)
    host = (parts.hostname or "") if parts else ""
    labels = host.split(".")
    names = (".".join(labels[-count:]) for count in (2, 3))
    return next((TRACKING_OF_SITE[name] for name in names if name in TRACKING_OF_SITE), frozenset())


@lru_cache(maxsize=1024)  # the links of a document share theirs
def _folded_host(host: str) -> str:
    """Return `host` without the labels of `www`, mobile and AMP forms: en.m.example.org becomes en.example.org."""
    if host.startswith("["):
        return host
    host = host.rstrip(".")
    if MOBILE_LABELS.isdisjoint(host.split(".")[:-2]):
        return host
    name = _registered(host)
    labels = host.removesuffix(name).split(".")
    return ".".join([*(label for label in labels[:-1] if label not in MOBILE_LABELS), name])


def _folded_path(path: str) -> str:
    """Return `path` without AMP's segments at its ends and suffixes, and without the empty segments that end it."""
    path = _normalised_escapes(path)
    segments = _without_dot_segments(path) if "/." in path else path.split("/")[1:]
    while segments:
        last = _AMP_SUFFIX.sub("", _AMP_SUFFIX.sub("", segments.pop()))  # twice for "x.amp.html.amp"
        if last == "..":  # of "...amp"
            del segments[-1:]
        elif last not in {"", ".", "amp"}:
            segments.append(last)
            break
    start = next((number for number, segment in enumerate(segments) if segment != "amp"), 0)
    return f"/{'/'.join(segments[start:])}"


def _without_dot_segments(path: str) -> list[str]:
    """Return the segments of `path` without "." and ".." (RFC 3986, 5.2.4), and without empty ones.

    urljoin would take a part of a last segment with ";" for parameters (RFC 1808), and resolve what is before it.
    """
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment not in {"", "."}:
            segments.append(segment)
    return segments


def _folded_query(query: str) -> str:
    pairs = sorted(pair for pair in _normalised_escapes(query).split("&") if pair and pair.lower() not in _AMP_QUERY)
    return "?" + "&".join(pairs) if pairs else ""


def _normalised_escapes(text: str) -> str:
    """Return `text` with each percent-escape in its normal form (RFC 3986, 6.2.2)."""
    return _ESCAPE.sub(_canonical_escape, text) if "%" in text else text


def _canonical_escape(escape: re.Match[str]) -> str:
    character = chr(int(escape[0][1:], 16))
    return character if _UNRESERVED.fullmatch(character) else escape[0].upper()


@lru_cache(maxsize=16_384)
def _registrable(host: str) -> str:
    return str(_public_suffixes().privatesuffix(host) or host)


@lru_cache(maxsize=16_384)
def _registered(host: str) -> str:
    return str(_public_suffixes(only_icann=False).privatesuffix(host) or host)


@lru_cache(maxsize=2)
def _public_suffixes(*, only_icann: bool = True) -> Any:  # publicsuffixlist ships no types
    """ICANN's part of the list by default: blogs on one service share its servers, so they share its rate limit."""
    from publicsuffixlist import PublicSuffixList  # its list takes 20 ms to load

    return PublicSuffixList(only_icann=only_icann)


def has_unusual_ipv4(url: str) -> bool:
    """Return True if the host of `url` is an IPv4 address in a form that hides it, such as 2130706433 or 0x7f.1."""
    host = _NUMERIC_HOST.match(url)
    return host is not None and is_unusual_ipv4(host[1])
