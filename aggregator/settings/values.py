"""The kinds of values that settings take: each a type that reads its text and says what is wrong with it.

A setting gets its text as it stands in the file, never as YAML guessed it: `no` is the code of Norwegian until a
yes-or-no setting reads it. A reader raises ValueError with what is wrong and what to write; a message that does not
open with a quoted value is about the setting, whose name `config` puts before it. A URL is never quoted: it may hold
a password.
"""

import re
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from aggregator import characters
from aggregator.names import ALL, category_name, slug
from aggregator.urls import is_http, without_credentials

UNPRINTABLE = re.compile(f"[{characters.UNPRINTABLE}]")

_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})  # YAML 1.2, 10.3.2
_FLAGS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SIZES = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}
_CENTURY = timedelta(days=36_500)  # longer than any use; adding one to today stays within the calendar
_DATABASES = ("sqlite", "postgresql", "postgresql+psycopg")
_OURS = re.compile(  # headers by which fetching keeps its promises: who asks, for what, in which encoding
    "host|connection|content-length|transfer-encoding|user-agent|accept-encoding|range|if-none-match|if-modified-since",
    re.IGNORECASE,
)


class Plain(str):
    """A scalar of YAML that stands without quotes: it may mean nothing, a number or a truth value."""

    __slots__ = ()


def quoted(value: object) -> str:
    """`value` as a message shows it: short, printable, between backticks; a list or mapping by its kind."""
    if isinstance(value, dict):
        return "settings"
    if isinstance(value, list | tuple):
        return "a list"
    text = without_credentials(str(value))
    text = UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text if len(text) <= 40 else text[:39] + "…")
    return f"`{text}`" if text else "nothing"


def is_nothing(value: object) -> bool:
    """Whether nothing stands behind a key, or YAML's null; the latter is text to a setting that takes any."""
    return type(value) is Plain and value in _NOTHING


def flag(value: Any) -> bool:
    """Whether `value` is true; `yes`, `on` and quoted words are refused."""
    if isinstance(value, bool):
        return value
    if isinstance(value, Plain) and value in _FLAGS:
        return _FLAGS[value]
    raise ValueError(f"takes true or false, not {quoted(value)}")


def whole(value: Any) -> int:
    """The whole number that the plain digits of `value` name."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, Plain) and re.fullmatch(r"[0-9]{1,9}", value):
        return int(value)
    raise ValueError(f"takes a whole number such as 50, without quotes, not {quoted(value)}")


def text(value: Any) -> str:
    """One line of text, blanks around it dropped."""
    if not isinstance(value, str):
        raise ValueError(f"takes text, not {quoted(value)}")
    line = str(value).strip()
    if not line:
        raise ValueError("has no text; write some, or leave the line out")
    if UNPRINTABLE.search(line):
        raise ValueError("holds a control character; write it as one line of printable text")
    return line


def span(value: Any) -> timedelta:
    """The span that `30s`, `15m`, `6h` or `7d` names."""
    if isinstance(value, timedelta):
        return value
    match = re.fullmatch(r"([0-9]{1,9})(ms|s|m|h|d)", text(value))
    if not match:
        raise ValueError(f"{quoted(value)} is no duration; write a whole number and a unit, such as 30s, 15m, 6h or 7d")
    length = timedelta(milliseconds=int(match[1]) * _UNITS[match[2]])
    if length > _CENTURY:
        raise ValueError(f"{quoted(value)} is longer than a century; write at most 36500d")
    return length


def duration(value: Any) -> timedelta:
    """A span that is not zero."""
    length = span(value)
    if not length:
        raise ValueError(f"{quoted(value)} is no time at all; write a duration such as 30s")
    return length


def interval(value: Any) -> timedelta:
    """A duration that a source can bear between two polls, and a back-off can double."""
    length = duration(value)
    if length < timedelta(seconds=1):
        raise ValueError(f"{quoted(value)} is too short to poll a source by; write 1s or more")
    return length


def timeout(value: Any) -> timedelta:
    """A duration that a request may hold its place for."""
    length = duration(value)
    if length > timedelta(hours=1):
        raise ValueError(f"{quoted(value)} is too long to wait for one request; write 1h or less")
    return length


def size(value: Any) -> int:
    """The bytes that `10MB` names (powers of 1000), up to 1GB."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = re.fullmatch(r"([0-9]{1,9})(B|KB|MB|GB)", text(value), re.IGNORECASE)
    if not match:
        raise ValueError(f"{quoted(value)} is no size; write a whole number and a unit, such as 500KB or 10MB")
    length = int(match[1]) * _SIZES[match[2].upper()]
    if not 0 < length <= 10**9:
        raise ValueError(f"{quoted(value)} is out of range; write a size from 1B to 1GB, such as 10MB")
    return length


def span_text(length: timedelta) -> str:
    """The shortest way to write `length`: 30m, not 1800s."""
    count = length // timedelta(milliseconds=1)
    unit = max((unit for unit in _UNITS if count % _UNITS[unit] == 0), key=_UNITS.__getitem__) if count else "s"
    return f"{count // _UNITS[unit]}{unit}"


def size_text(length: int) -> str:
    """The shortest way to write `length` bytes: 10MB, not 10000KB."""
    unit = max((unit for unit in _SIZES if length % _SIZES[unit] == 0), key=_SIZES.__getitem__)
    return f"{length // _SIZES[unit]}{unit}"


def source_name(value: Any) -> str:
    """A name that can stand in links, files and commands."""
    name = text(value)
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,79}", name):
        better = slug(name) or "my-source"
        raise ValueError(f"{quoted(name)} is no name; write small letters, digits and dashes (at most 80): {better}")
    return name


def label(value: Any) -> str:
    """A category as people read it: it must give a file name, and not the one that holds everything."""
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
    """A language tag (BCP 47), such as en or pt-BR."""
    tag = text(value)
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,8}", tag):
        raise ValueError(f"{quoted(tag)} is no language tag; write its code, such as en or pt-BR")
    return tag


def web_url(value: Any) -> str:
    """An http or https URL with a host, exactly as written."""
    url = text(value)
    if "${" in url:
        raise ValueError("takes no `${NAME}`; only `headers` read the environment")
    if re.search(r"\s", url):
        raise ValueError("has a blank in it; write it as %20")
    if not re.match(r"https?://", url, re.IGNORECASE):
        raise ValueError("is no web address; write it in full, such as https://example.org/feed.xml")
    if not is_http(url):
        raise ValueError("has a host or port that cannot be; write them as in https://example.org:8080/feed.xml")
    return url


def public_url(value: Any) -> str:
    """A web URL that paths can be appended to, fit to be shown to everybody."""
    url = web_url(value)
    parts = urlsplit(url)
    if parts.query or parts.fragment or parts.username is not None:
        raise ValueError("goes before the path of every feed; write it without password, `?` and `#`")
    return url


def database_url(value: Any) -> str:
    """A URL of SQLite with a file, or of PostgreSQL."""
    url = text(value)
    scheme, _, rest = url.partition("://")
    if scheme not in _DATABASES or not rest:
        raise ValueError("names no database; write sqlite:///storage/aggregator.db or postgresql://user@host/name")
    if scheme == "sqlite" and (not rest.startswith("/") or rest.partition("?")[0] in ("/", "/:memory:")):
        raise ValueError("names no file; write sqlite:/// and its path, such as sqlite:///storage/aggregator.db")
    host = rest.partition("/")[0].rpartition("@")[2]  # none where the server is reached by a socket in the file system
    if scheme != "sqlite" and host and not is_http(f"http://{rest}"):
        raise ValueError("has a host or port that cannot be; write them as in postgresql://user@example.org:5432/name")
    return url


def network(value: Any) -> str:
    """A network in CIDR notation; a single address is a network of one."""
    cidr = text(value)
    try:
        found = ip_network(cidr, strict=False)
    except ValueError:
        raise ValueError(f"{quoted(cidr)} is no network; write numbers, such as 127.0.0.0/8 or fd00::/8") from None
    if not found.prefixlen:
        raise ValueError(f"{quoted(cidr)} is every address there is; write your own networks alone, such as 10.0.0.0/8")
    if ip_address(cidr.partition("/")[0]) != found.network_address:
        raise ValueError(f"{quoted(cidr)} names a host within a network; write {found}, or the host alone")
    return str(found)


def host(value: Any) -> str:
    """A host, with a port where one is meant, in lower case."""
    name = text(value).lower()
    if not re.fullmatch(r"(\[[0-9a-f:.]+\]|[^\s:/@\[\]?#*]+)(:[0-9]{1,5})?", name):
        raise ValueError(
            f"{quoted(name)} is no host; write a name such as example.org or 127.0.0.1:8080, without http://"
        )
    return name


def contact(value: Any) -> str:
    """A page or mail address that can stand in the comment of a User-Agent (RFC 9110, 10.1.5)."""
    address = text(value)
    if not re.fullmatch(r"[!-'*-\[\]-~]+", address):
        raise ValueError("is no page or mail address; write one in ASCII, without blanks and brackets")
    return address


def header_name(value: Any) -> str:
    """The name of a request header (RFC 9110, 5.1) that is not the program's own business."""
    name = text(value)
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
        raise ValueError(f"{quoted(name)} is no name of a header; write one such as Authorization")
    if _OURS.fullmatch(name):
        raise ValueError(f"{quoted(name)} is the program's own header; take it out")
    return name


def header_value(value: Any) -> str:
    """The value of a request header, ASCII as every server can read it; never shown, it may be a secret."""
    line = text(value)
    if not line.isascii():
        raise ValueError("holds a character that is not ASCII; write it as the server wants it encoded")
    return line


# ------------------------------------------------------------------------------------- the types, as fields name them

_HEADER = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
_WEB = r"^\s*[hH][tT][tT][pP][sS]?://\S+$"

_SPAN_TEXT = PlainSerializer(span_text, return_type=str)
_DURATION = WithJsonSchema(
    {"type": "string", "pattern": "^0*[1-9][0-9]{0,8}(ms|s|m|h|d)$", "examples": ["30s", "15m", "6h", "7d"]}
)

Flag = Annotated[bool, BeforeValidator(flag)]
Whole = Annotated[int, BeforeValidator(whole)]
Text = Annotated[str, BeforeValidator(text), WithJsonSchema({"type": "string", "pattern": r"\S"})]
Span = Annotated[
    timedelta,
    BeforeValidator(span),
    _SPAN_TEXT,
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,9}(ms|s|m|h|d)$", "examples": ["0s", "500ms", "1s"]}),
]
Duration = Annotated[timedelta, BeforeValidator(duration), _SPAN_TEXT, _DURATION]
Interval = Annotated[timedelta, BeforeValidator(interval), _SPAN_TEXT, _DURATION]
Timeout = Annotated[timedelta, BeforeValidator(timeout), _SPAN_TEXT, _DURATION]
Size = Annotated[
    int,
    BeforeValidator(size),
    PlainSerializer(size_text, return_type=str),
    WithJsonSchema(
        {"type": "string", "pattern": "^0*[1-9][0-9]{0,8}([bB]|[kKmMgG][bB])$", "examples": ["500KB", "10MB"]}
    ),
]
SourceName = Annotated[
    str,
    BeforeValidator(source_name),
    WithJsonSchema({"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,79}$"}),
]
Label = Annotated[str, BeforeValidator(label), WithJsonSchema({"type": "string", "pattern": r"[^\W_]"})]
LanguageTag = Annotated[
    str,
    BeforeValidator(language_tag),
    WithJsonSchema(
        {"type": "string", "pattern": "^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,8}$", "examples": ["en", "pt-BR"]}
    ),
]
WebUrl = Annotated[str, BeforeValidator(web_url), WithJsonSchema({"type": "string", "format": "iri", "pattern": _WEB})]
PublicUrl = Annotated[
    str, BeforeValidator(public_url), WithJsonSchema({"type": "string", "format": "iri", "pattern": _WEB})
]
DatabaseUrl = Annotated[
    str,
    BeforeValidator(database_url),
    WithJsonSchema({"type": "string", "pattern": r"^(sqlite|postgresql(\+psycopg)?)://"}),
]
Network = Annotated[
    str,
    BeforeValidator(network),
    WithJsonSchema({"type": "string", "pattern": "^[0-9A-Fa-f.:]+(/[0-9.]+)?$", "examples": ["127.0.0.0/8"]}),
]
Host = Annotated[
    str,
    BeforeValidator(host),
    WithJsonSchema({"type": "string", "pattern": r"^\S+$", "examples": ["news.example.org", "127.0.0.1:8080"]}),
]
Contact = Annotated[str, BeforeValidator(contact), WithJsonSchema({"type": "string", "pattern": r"^[!-'*-\[\]-~]+$"})]
HeaderName = Annotated[str, BeforeValidator(header_name), WithJsonSchema({"type": "string", "pattern": _HEADER})]
HeaderValue = Annotated[str, BeforeValidator(header_value), WithJsonSchema({"type": "string", "pattern": r"\S"})]
