"""What happens, for whoever runs the program: one line an event, on one stream. Edge.

Text on a terminal, JSON elsewhere. No line holds a secret or a control character, whatever a source sends or a
library says: both are dealt with in the formatter, the last thing that a line passes.
"""

import json as json_format
import logging
import re
import traceback
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from aggregator import characters
from aggregator.errors import AggregatorError
from aggregator.timestamps import rfc3339

HIDDEN = "***"

# They tell each request, job and query; what goes wrong there reaches us as an error anyway.
_CHATTY = ("aiohttp", "alembic", "apscheduler", "asyncio", "httpcore", "httpx", "sqlalchemy", "uvicorn")
_SHORTEST_SECRET = 4  # characters
_LONGEST = 8000  # characters of a text; an exception may quote a whole document

_CREDENTIALS = re.compile(r"(?<=://)[^/?#\s]*@")
_AUTHORIZATION = re.compile(r"(?i)\b((?:proxy-)?authorization|cookie|x-api-key)(['\"]?\s*[:=,]\s*b?['\"]?)[^'\"\r\n]+")
_SCHEME = re.compile(r"(?i)\b(bearer|basic)\s+(?=\S*[\d=])[\w.~+/-]{8,}=*")  # with a digit: "the basic plan" is none
_PARAMETER = re.compile(
    r"(?i)([?&](?:access_token|api_?key|auth|key|passw(?:or)?d|secret|sig|signature|token)=)[^&#\s'\"]+"
)
_UNPRINTABLE = re.compile(f"[{characters.UNPRINTABLE}\u200e\u200f\ufff9-\ufffd]")


def setup(stream: TextIO, *, json: bool | None = None, debug: bool = False) -> None:
    """Send the log to `stream`, and to nothing else: as JSON, as text, or (None) as text where it is a terminal."""
    as_json = not stream.isatty() if json is None else json
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_JsonLines() if as_json else _TextLines())
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    logging.getLogger("aggregator").setLevel(logging.DEBUG if debug else logging.INFO)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # warns of ticks left out while the last one still works
    logging.captureWarnings(True)


def hide(secrets: Iterable[str]) -> None:
    """Keep these texts out of every line of the log that `setup` began, in place of those of the last call.

    Texts of less than four characters are shown: without them no line could be read.
    """
    known = sorted({secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, known))) if known else None
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, _Lines):
            handler.formatter.secrets = pattern


def masked(text: str) -> str:
    """`text` without credentials of URLs, values of headers that authorise, and telling parameters."""
    text = _CREDENTIALS.sub(f"{HIDDEN}@", text)
    text = _AUTHORIZATION.sub(rf"\1\2{HIDDEN}", text)
    text = _SCHEME.sub(rf"\1 {HIDDEN}", text)
    return _PARAMETER.sub(rf"\1{HIDDEN}", text)


def one_line(text: str) -> str:
    r"""`text` with each control character written as an escape: a line feed is \n, an escape \x1b."""
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape", "surrogatepass").decode(), text)


class _Lines(logging.Formatter):
    """What both forms share: time and text of an event, and what no line may show."""

    secrets: re.Pattern[str] | None = None

    def safe(self, text: str) -> str:
        """`text` without secrets, and not too long for a line."""
        shown = masked(self.secrets.sub(HIDDEN, text) if self.secrets else text)
        return shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "…"

    def moment(self, record: logging.LogRecord) -> str:
        """When it happened, by RFC 3339, to the second."""
        return rfc3339(datetime.fromtimestamp(record.created, UTC))


class _TextLines(_Lines):
    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if error := _error(record):
            message = f"{message}: {_described(error)}"
        return f"{self.moment(record)} {record.levelname.lower()} {record.name}: {one_line(self.safe(message))}"


class _JsonLines(_Lines):
    def format(self, record: logging.LogRecord) -> str:
        event = {
            "time": self.moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.safe(record.getMessage()),
        }
        if error := _error(record):
            event["error"] = self.safe(_described(error))
            if not isinstance(error, AggregatorError):
                event["traceback"] = self.safe("".join(traceback.format_exception(error)))
        return json_format.dumps(event).replace("\x7f", "\\u007f")  # the one control character that JSON lets stand


def _error(record: logging.LogRecord) -> BaseException | None:
    return record.exc_info[1] if record.exc_info else None


def _described(error: BaseException) -> str:
    """What went wrong, in one line; of a bug also where, so that a report of it is of use."""
    if isinstance(error, AggregatorError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"
