"""Log: one line for each event, on one stream. Edge.

Text on a terminal, JSON elsewhere. The formatter removes secrets and control characters from every line, whatever a
source or a library put into it.
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

# Libraries that log each request, job and query; their failures reach us as errors anyway.
_CHATTY = ("aiohttp", "alembic", "apscheduler", "asyncio", "httpcore", "httpx", "sqlalchemy", "uvicorn")
_MIN_SECRET = 4  # characters
_MAX_TEXT = 8000  # characters; an exception may quote a whole document

_CREDENTIALS = re.compile(r"(?<=://)[^/?#\s]*@")
_AUTHORIZATION = re.compile(r"(?i)\b((?:proxy-)?authorization|cookie|x-api-key)(['\"]?\s*[:=,]\s*b?['\"]?)[^'\"\r\n]+")
_SCHEME = re.compile(r"(?i)\b(bearer|basic)\s+(?=\S*[\d=])[\w.~+/-]{8,}=*")  # with a digit, unlike "the basic plan"
_PARAMETER = re.compile(
    r"(?i)([?&](?:access_token|api_?key|auth|key|passw(?:or)?d|secret|sig|signature|token)=)[^&#\s'\"]+"
)
_UNPRINTABLE = re.compile(f"[{characters.UNPRINTABLE}\u200e\u200f\ufff9-\ufffd]")


def setup(stream: TextIO, *, json: bool | None = None, debug: bool = False) -> None:
    """Send the log to `stream` alone: as JSON, as text, or (None) as text if it is a terminal."""
    as_json = not stream.isatty() if json is None else json
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_LineFormatter(as_json=as_json))
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    logging.getLogger("aggregator").setLevel(logging.DEBUG if debug else logging.INFO)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # it warns of skipped ticks
    logging.captureWarnings(True)


def hide(secrets: Iterable[str]) -> None:
    """Mask these texts, and no longer those of the last call, in every line.

    Texts of less than four characters are not masked, because lines would become unreadable.
    """
    longest_first = sorted({secret for secret in secrets if len(secret) >= _MIN_SECRET}, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, _LineFormatter):
            handler.formatter.secrets = pattern


def masked(text: str) -> str:
    """Return `text` with credentials of URLs, values of authorising headers, and secret parameters masked."""
    text = _CREDENTIALS.sub(f"{HIDDEN}@", text)
    text = _AUTHORIZATION.sub(rf"\1\2{HIDDEN}", text)
    text = _SCHEME.sub(rf"\1 {HIDDEN}", text)
    return _PARAMETER.sub(rf"\1{HIDDEN}", text)


def one_line(text: str) -> str:
    r"""Return `text` with each control character as an escape sequence: a line feed becomes \n."""
    return _UNPRINTABLE.sub(lambda match: match[0].encode("unicode_escape", "surrogatepass").decode(), text)


class _LineFormatter(logging.Formatter):
    """Formats an event as one line of text or JSON."""

    secrets: re.Pattern[str] | None = None

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        time, level = rfc3339(datetime.fromtimestamp(record.created, UTC)), record.levelname.lower()
        message, error = record.getMessage(), record.exc_info[1] if record.exc_info else None
        if not self._as_json:
            text = f"{message}: {_described(error)}" if error else message
            return f"{time} {level} {record.name}: {one_line(self._safe(text))}"
        event = {"time": time, "level": level, "logger": record.name, "message": self._safe(message)}
        if error:
            event["error"] = self._safe(_described(error))
            if not isinstance(error, AggregatorError):
                event["traceback"] = self._safe("".join(traceback.format_exception(error)))
        return json_format.dumps(event).replace("\x7f", "\\u007f")  # JSON does not escape it

    def _safe(self, text: str) -> str:
        """Return `text` with secrets masked, shortened if it is too long for a line."""
        shown = masked(self.secrets.sub(HIDDEN, text) if self.secrets else text)
        return shown if len(shown) <= _MAX_TEXT else shown[:_MAX_TEXT] + "…"


def _described(error: BaseException) -> str:
    """Return the error in one line, a bug with its file and line number."""
    if isinstance(error, AggregatorError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"
