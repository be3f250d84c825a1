"""The types of values that settings take, each with a reader of its text. Pure.

A setting gets its text as it stands in the file, never as YAML guessed it: `no` is the code of Norwegian until a
yes-or-no setting reads it. A reader raises ValueError with the fault and what to write; a message that does not open
with a quoted value is about the setting, whose name `config` puts before it. A URL is never quoted: it may hold a
password.
"""

import re
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from aggregator import characters
from aggregator.names import ALL, category_name, slug
from aggregator.secret_urls import is_secret, masked_url
from aggregator.urls import is_http, without_credentials

UNPRINTABLE = re.compile(f"[{characters.UNPRINTABLE}]")

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})  # YAML 1.2, 10.3.2
_FLAGS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SIZES = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}
_CENTURY = timedelta(days=36_500)  # longer than any use; adding one to today stays within the calendar
_DATABASES = ("sqlite", "postgresql", "postgresql+psycopg")
_OWN_HEADERS = re.compile(  # that fetching sets itself: who asks, for what, in which encoding
    "host|connection|content-length|transfer-encoding|user-agent|accept-encoding|range|if-none-match|if-modified-since",
    re.IGNORECASE,
)
_HOST_FIRST = re.compile(r"(//)?([a-z0-9-]+\.)+[a-z][a-z0-9-]+(/[^\s?#@]*)?", re.IGNORECASE)  # example.org/feed


class UnquotedText(str):
    """A scalar of YAML without quotes: it may mean null, a number or a truth value."""

    __slots__ = ()


def quoted(value: object) -> str:
    """Return `value` as messages show it: short, printable, between backticks; a list or mapping by its kind."""
    if isinstance(value, dict):
        return "settings"
    if isinstance(value, list | tuple):
        return "a list"
    text = masked_url(without_credentials(str(value)))
    text = UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text if len(text) <= 40 else text[:39] + "…")
    return f"`{text}`" if text else "nothing"


def is_null(value: object) -> bool:
    """Return whether `value` is YAML's null, which is text to a setting that takes any, or nothing at all."""
    return type(value) is UnquotedText and value in _NULLS


def boolean(value: Any) -> bool:
    """Return whether `value` is true; `yes`, `on` and quoted words are refused."""
    if isinstance(value, bool):
        return value
    if isinstance(value, UnquotedText) and value in _FLAGS:
        return _FLAGS[value]
    raise ValueError(f"takes true or false, not {quoted(value)}")


def whole_number(value: Any) -> int:
    """Return the whole number that the unquoted digits of `value` name."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, UnquotedText) and re.fullmatch(r"[0-9]{1,9}", value):
        return int(value)
    raise ValueError(f"takes a whole number such as 50, without quotes, not {quoted(value)}")


def text(value: Any) -> str:
    """Return one line of text, without blanks around it."""
    if not isinstance(value, str):
        raise ValueError(f"takes text, not {quoted(value)}")
    line = str(value).strip()
    if not line:
        raise ValueError("has no text; write some, or leave the line out")
    if UNPRINTABLE.search(line):
        raise ValueError("holds a control character; write it as one line of printable text")
    return line


def duration(value: Any) -> timedelta:
    """Return the duration, which may be zero, that `30s`, `15m`, `6h` or `7d` names."""
    if isinstance(value, timedelta):
        return value
    match = re.fullmatch(r"([0-9]{1,9})(ms|s|m|h|d)", text(value))
    if not match:
        raise ValueError(f"{quoted(value)} is no duration; write a whole number and a unit, such as 30s, 15m, 6h or 7d")
    length = timedelta(milliseconds=int(match[1]) * _UNITS[match[2]])
    if length > _CENTURY:
        raise ValueError(f"{quoted(value)} is longer than a century; write at most 36500d")
    return length


def positive_duration(value: Any) -> timedelta:
    """Return a duration that is not zero."""
    length = duration(value)
    if not length:
        raise ValueError(f"{quoted(value)} is no time at all; write a duration such as 30s")
    return length


def interval(value: Any) -> timedelta:
    """Return the time between two polls of a source."""
    length = positive_duration(value)
    if length < timedelta(seconds=1):
        raise ValueError(f"{quoted(value)} is too short to poll a source by; write 1s or more")
    return length


def timeout(value: Any) -> timedelta:
    """Return the time that a request may take."""
    length = positive_duration(value)
    if length > timedelta(hours=1):
        raise ValueError(f"{quoted(value)} is too long to wait for one request; write 1h or less")
    return length


def size(value: Any) -> int:
    """Return the bytes that `10MB` names (powers of 1000), up to 1GB."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = re.fullmatch(r"([0-9]{1,9})(B|KB|MB|GB)", text(value), re.IGNORECASE)
    if not match:
        raise ValueError(f"{quoted(value)} is no size; write a whole number and a unit, such as 500KB or 10MB")
    length = int(match[1]) * _SIZES[match[2].upper()]
    if not 0 < length <= 10**9:
        raise ValueError(f"{quoted(value)} is out of range; write a size from 1B to 1GB, such as 10MB")
    return length


def duration_text(length: timedelta) -> str:
    """Return the shortest way to write `length`: 30m, not 1800s."""
    count = length // timedelta(milliseconds=1)
    unit = max((unit for unit in _UNITS if count % _UNITS[unit] == 0), key=_UNITS.__getitem__) if count else "s"
    return f"{count // _UNITS[unit]}{unit}"


def size_text(length: int) -> str:
    """Return the shortest way to write `length` bytes: 10MB, not 10000KB."""
    unit = max((unit for unit in _SIZES if length % _SIZES[unit] == 0), key=_SIZES.__getitem__)
    return f"{length // _SIZES[unit]}{unit}"


def without_space(line: str) -> str | None:
    """Return what is wrong with `name:a`, which was meant to be `name: a`; None if `line` is of another form."""
    match = re.fullmatch(r"([a-z_]+):(?!//)(\S.*)", line)
    if not match:
        return None
    name, value = match.groups()
    is_hidden = name in ("authorization", "cookie") or is_secret(name, value)
    return f"a space is missing after `{name}:`; write `{name}: {'…' if is_hidden else quoted(value)[1:-1]}`"


def _matching(value: Any, pattern: str, advice: str) -> str:
    """Return the text if the pattern matches it; `advice` follows the text in the message of the error."""
    line = text(value)
    if not re.fullmatch(pattern, line):
        raise ValueError(f"{quoted(line)} {advice}")
    return line


def source_name(value: Any) -> str:
    """Return a name that can stand in links, files and commands."""
    name = text(value)
    suggestion = slug(name) or "my-source"
    advice = f"is no name; write small letters, digits and dashes (at most 80): {suggestion}"
    return _matching(name, r"[a-z0-9][a-z0-9-]{0,79}", advice)


def label(value: Any) -> str:
    """Return a category as people read it: it must give a file name, and not that of the feed of all articles."""
    words = text(value)
    name = category_name(words)
    if not name:
        raise ValueError(f"{quoted(words)} is no category; write a name with a letter or digit in it")
    if name == ALL:
        raise ValueError(
            f"{quoted(words)} is taken: that feed holds the articles of all categories; write another name"
        )
    return words


def language_tag(value: Any) -> str:
    """Return a language tag (BCP 47), such as en or pt-BR."""
    pattern = r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,8}"
    return _matching(value, pattern, "is no language tag; write its code, such as en or pt-BR")


def web_url(value: Any, example: str = "https://example.org/feed.xml") -> str:
    """Return an http or https URL with a host, exactly as written; `example` stands in the message if it is none."""
    url = text(value)
    if "${" in url:
        raise ValueError(
            "takes no `${NAME}`; only `url` and `headers` of a source, and `translate.key`, read the environment"
        )
    if re.search(r"\s", url):
        raise ValueError("has a blank in it; write it as %20")
    if not re.match(r"https?://", url, re.IGNORECASE):
        if _HOST_FIRST.fullmatch(url):
            raise ValueError(f"lacks its scheme; write https://{url.removeprefix('//')}")
        raise ValueError(f"is no web address; write it in full, such as {example}")
    if not is_http(url):
        raise ValueError("has a host or port that cannot be; write them as in https://example.org:8080/feed.xml")
    return url


def source_url(value: Any) -> str:
    """Return the URL of a source, in which `${NAME}` may stand anywhere but in the scheme and host."""
    url = text(value)
    if "${" in url:
        scheme_and_host = re.match(r"[^?#]*?//(?:[^/?#]*@)?([^/?#]*)|", url)
        if not scheme_and_host or not scheme_and_host[0] or "${" in url.partition("//")[0] + (scheme_and_host[1] or ""):
            raise ValueError("takes no `${NAME}` in its scheme and host; write them out")
        web_url(re.sub(r"\$\{[^}]*\}?", "NAME", url))
        return url
    return web_url(url)


def hub_url(value: Any) -> str:
    """Return the URL of a WebSub hub."""
    return web_url(value, "https://hub.example.org/")


def translation_url(value: Any) -> str:
    """Return the URL of a translation server."""
    return web_url(value, "https://translate.example.org/")


def proxy_url(value: Any) -> str:
    """Return the URL of an HTTP proxy, reached by http or https."""
    url = text(value)
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", url)
    if scheme and scheme[1].lower() not in ("http", "https"):
        advice = "is no kind of proxy that is supported; write an HTTP proxy, such as http://proxy.example.org:3128"
        raise ValueError(f"{quoted(scheme[1])} {advice}")
    return web_url(url, "http://proxy.example.org:3128")


def public_url(value: Any) -> str:
    """Return a web URL that paths can be appended to and that everybody may see."""
    url = web_url(value, "https://news.example.org/")
    parts = urlsplit(url)
    if parts.query or parts.fragment or parts.username is not None:
        raise ValueError("goes before the path of every feed; write it without password, `?` and `#`")
    return url


def database_url(value: Any) -> str:
    """Return a URL of SQLite with a file, or of PostgreSQL."""
    url = text(value)
    scheme, _, path = url.partition("://")
    if scheme not in _DATABASES or not path:
        raise ValueError("names no database; write sqlite:///storage/aggregator.db or postgresql://user@host/name")
    if scheme == "sqlite" and (not path.startswith("/") or path.partition("?")[0] in ("/", "/:memory:")):
        raise ValueError("names no file; write sqlite:/// and its path, such as sqlite:///storage/aggregator.db")
    host = path.partition("/")[0].rpartition("@")[2]  # none if the server is reached by a socket in the file system
    if scheme != "sqlite" and host and not is_http(f"http://{path}"):
        raise ValueError("has a host or port that cannot be; write them as in postgresql://user@example.org:5432/name")
    return url


def storage(value: Any) -> str:
    """Return a folder, or a bucket with a prefix in it as s3://bucket/prefix."""
    place = text(value)
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", place):
        return place
    if not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/(?!\.{1,2}(/|$))[^/?#\s]+)*/?", place):
        raise ValueError("names neither a folder nor a bucket; write storage, or s3://bucket/prefix")
    return place.rstrip("/")


def time_zone(value: Any) -> str:
    """Return the name of a time zone of the IANA database."""
    name = text(value)
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # unknown, or no name but a path
        raise ValueError(f"{quoted(name)} is no time zone; write an IANA name, such as UTC or Europe/Berlin") from None
    return name


def network(value: Any) -> str:
    """Return a network in CIDR notation; a single address is a network of one."""
    cidr = text(value)
    try:
        parsed = ip_network(cidr, strict=False)
    except ValueError:
        raise ValueError(f"{quoted(cidr)} is no network; write numbers, such as 127.0.0.0/8 or fd00::/8") from None
    if not parsed.prefixlen:
        raise ValueError(f"{quoted(cidr)} is every address there is; write your own networks alone, such as 10.0.0.0/8")
    if ip_address(cidr.partition("/")[0]) != parsed.network_address:
        raise ValueError(f"{quoted(cidr)} names a host within a network; write {parsed}, or the host alone")
    return str(parsed)


def host(value: Any) -> str:
    """Return a host, with a port if one is given, in lower case."""
    pattern = r"(\[[0-9a-f:.]+\]|[^\s:/@\[\]?#*]+)(:[0-9]{1,5})?"
    advice = "is no host; write a name such as example.org or 127.0.0.1:8080, without http://"
    return _matching(text(value).lower(), pattern, advice)


def contact(value: Any) -> str:
    """Return a page or mail address that can stand in the comment of a User-Agent (RFC 9110, 10.1.5)."""
    address = text(value)
    if not re.fullmatch(r"[!-'*-\[\]-~]+", address):
        raise ValueError("is no page or mail address; write one in ASCII, without blanks and brackets")
    return address


def header_name(value: Any) -> str:
    """Return the name of a request header (RFC 9110, 5.1) that the program does not set itself."""
    if isinstance(value, str) and ":" in value:  # what follows may be a secret
        raise ValueError(f"takes `name: value`; write a space behind {quoted(value.partition(':')[0] + ':')}")
    name = _matching(value, r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", "is no name of a header; write one such as Authorization")
    if _OWN_HEADERS.fullmatch(name):
        raise ValueError(f"{quoted(name)} is the program's own header; take it out")
    return name


def header_value(value: Any) -> str:
    """Return the value of a request header, ASCII as every server can read it; never shown, it may be a secret."""
    line = text(value)
    if not line.isascii():
        raise ValueError("holds a character that is not ASCII; write it as the server wants it encoded")
    return line


def css_selector(value: Any) -> str:
    """Return a CSS selector (Selectors Level 3, without pseudo-elements) that elements of a text can be found by."""
    selector = text(value)
    from lxml import cssselect, etree  # slow to load, and few sources need it

    try:
        cssselect.CSSSelector(selector, translator="html")(etree.Element("p"))
    except (cssselect.SelectorError, etree.XPathError) as error:
        reason = str(error).rstrip(".")
        advice = "write one such as article .body, in quotes if it begins with # or *"
        raise ValueError(f"{quoted(selector)} is no CSS selector ({reason}); {advice}") from None
    return selector


# ------------------------------------------------------------------------------------- the types, as fields name them


def _matches(pattern: str, *examples: str, **schema: str) -> WithJsonSchema:
    shown: dict[str, Any] = {"examples": [*examples]} if examples else {}
    return WithJsonSchema({"type": "string", **schema, "pattern": pattern} | shown)


_WEB = _matches(r"^\s*[hH][tT][tT][pP][sS]?://\S+$", format="iri")
_ANY_TEXT = _matches(r"\S")
_DURATION_TEXT = PlainSerializer(duration_text, return_type=str)
_SIZE_TEXT = PlainSerializer(size_text, return_type=str)
_DURATION = _matches("^[0-9]{1,9}(ms|s|m|h|d)$", "0s", "500ms", "1s")
_POSITIVE = _matches("^0*[1-9][0-9]{0,8}(ms|s|m|h|d)$", "30s", "15m", "6h", "7d")
_SIZE = _matches("^0*[1-9][0-9]{0,8}([bB]|[kKmMgG][bB])$", "500KB", "10MB")
_NETWORK = _matches("^[0-9A-Fa-f.:]+(/[0-9.]+)?$", "127.0.0.0/8")
_HOST = _matches(r"^\S+$", "news.example.org", "127.0.0.1:8080")
_LANGUAGE = _matches("^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,8}$", "en", "pt-BR")
_HEADER_NAME = _matches(r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

Flag = Annotated[bool, BeforeValidator(boolean)]
WholeNumber = Annotated[int, BeforeValidator(whole_number)]
PositiveNumber = Annotated[int, Field(ge=1), BeforeValidator(whole_number)]
StoragePlace = Annotated[str, BeforeValidator(storage), _ANY_TEXT]
TextLine = Annotated[str, BeforeValidator(text), _ANY_TEXT]
Duration = Annotated[timedelta, BeforeValidator(duration), _DURATION_TEXT, _DURATION]
PositiveDuration = Annotated[timedelta, BeforeValidator(positive_duration), _DURATION_TEXT, _POSITIVE]
Interval = Annotated[timedelta, BeforeValidator(interval), _DURATION_TEXT, _POSITIVE]
Timeout = Annotated[timedelta, BeforeValidator(timeout), _DURATION_TEXT, _POSITIVE]
ByteSize = Annotated[int, BeforeValidator(size), _SIZE_TEXT, _SIZE]
SourceName = Annotated[str, BeforeValidator(source_name), _matches("^[a-z0-9][a-z0-9-]{0,79}$")]
CategoryLabel = Annotated[str, BeforeValidator(label), _matches(r"[^\W_]")]
LanguageTag = Annotated[str, BeforeValidator(language_tag), _LANGUAGE]
SourceUrl = Annotated[str, BeforeValidator(source_url), _WEB]
HubUrl = Annotated[str, BeforeValidator(hub_url), _WEB]
TranslationUrl = Annotated[str, BeforeValidator(translation_url), _WEB]
ProxyUrl = Annotated[str, BeforeValidator(proxy_url), _WEB]
PublicUrl = Annotated[str, BeforeValidator(public_url), _WEB]
DatabaseUrl = Annotated[str, BeforeValidator(database_url), _matches(r"^(sqlite|postgresql(\+psycopg)?)://")]
TimeZone = Annotated[str, BeforeValidator(time_zone), _matches(r"^[A-Za-z0-9_+/-]+$", "UTC", "Europe/Berlin")]
Network = Annotated[str, BeforeValidator(network), _NETWORK]
HostName = Annotated[str, BeforeValidator(host), _HOST]
Contact = Annotated[str, BeforeValidator(contact), _matches(r"^[!-'*-\[\]-~]+$")]
HeaderName = Annotated[str, BeforeValidator(header_name), _HEADER_NAME]
HeaderValue = Annotated[str, BeforeValidator(header_value), _ANY_TEXT]
CssSelector = Annotated[str, BeforeValidator(css_selector), _ANY_TEXT]
