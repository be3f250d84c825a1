"""Log: one line for each event, and for each of a traceback that `--debug` asks for, on one stream. Edge.

Text on a terminal and in systemd's journal, JSON elsewhere. The formatter removes secrets and control characters from
every line, whatever a source or a library put into it.
"""

import json as json_format
import logging
import os
import re
import traceback
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TextIO, get_args

from aggregator import characters
from aggregator.errors import AggregatorError
from aggregator.secret_urls import HIDDEN, masked_parameter
from aggregator.timestamps import rfc3339

LogFormat = Literal["text", "json"]
FORMATS: tuple[LogFormat, ...] = get_args(LogFormat)
FIELDS = ("source", "url", "status", "new", "updated", "seconds")  # of JSON lines, where an event has them

# Libraries that log each request, job and query; their failures reach us as errors anyway.
_CHATTY = ("aiohttp", "alembic", "apscheduler", "asyncio", "httpcore", "httpx", "sqlalchemy", "uvicorn")
_MIN_SECRET = 4  # characters
_MAX_TEXT = 8000  # characters; an exception may quote a whole document

_CREDENTIALS = re.compile(r"(?<=://)[^/?#\s]*@")
_AUTHORIZATION = re.compile(  # a value of "…" is an example of ours
    r"(?i)(\bauthorization|(?<![\w-])(?:(?:set|x)-)?(?:cookie|api-key))(['\"]?\s*[:=,]\s*b?['\"]?)(?!\s*…)[^'\"\r\n]+"
)
_SCHEME = re.compile(r"(?i)\b(bearer|basic)\s+(?=\S*[\d=])[\w.~+/-]{8,}=*")  # with a digit, unlike "the basic plan"
# `${NAME}` is no secret as it is written. A semicolon belongs to the value unless it begins another parameter.
_PARAMETER = re.compile(r"([?&;]([\w.%-]+)=)(?!\$\{)([^&#;\s'\"]+(?:;(?![\w.%-]+=)[^&#;\s'\"]+)*)")
_UNPRINTABLE = re.compile(f"[{characters.UNPRINTABLE}\u200e\u200f\ufff9-\ufffd]")


_PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}  # syslog(3)


def setup(
    stream: TextIO, form: LogFormat | None = None, *, debug: bool = False, environ: Mapping[str, str] = os.environ
) -> None:
    """Send the log to `stream` alone, as text or JSON; None: text on a terminal and in systemd's journal, else JSON."""
    in_journal = _is_journal(stream, environ.get("JOURNAL_STREAM"))
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_LineFormatter(form or ("text" if in_journal or stream.isatty() else "json"), in_journal))
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    logging.getLogger("aggregator").setLevel(logging.DEBUG if debug else logging.INFO)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # it warns of skipped ticks
    logging.captureWarnings(True)


def _is_journal(stream: TextIO, journal: str | None) -> bool:
    """Return True if the stream is the one that systemd.exec(5) names in JOURNAL_STREAM as device:inode."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):  # closed, or in memory
        return False
    return journal == f"{status.st_dev}:{status.st_ino}"


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
    return _PARAMETER.sub(masked_parameter, text)


def one_line(text: str) -> str:
    r"""Return `text` with each control character as an escape sequence: a line feed becomes \n."""
    return _UNPRINTABLE.sub(lambda match: match[0].encode("unicode_escape", "surrogatepass").decode(), text)


class _LineFormatter(logging.Formatter):
    """Formats an event as one line of text or JSON."""

    secrets: re.Pattern[str] | None = None

    def __init__(self, form: LogFormat, in_journal: bool) -> None:
        super().__init__()
        self._form, self._in_journal = form, in_journal

    def format(self, record: logging.LogRecord) -> str:
        return self._text_line(record) if self._form == "text" else self._json_line(record)

    def _text_line(self, record: logging.LogRecord) -> str:
        level, error = record.levelname.lower(), record.exc_info[1] if record.exc_info else None
        text = f"{record.getMessage()}: {_described(error)}" if error else record.getMessage()
        lines = [self._safe(text)]
        if error and record.levelno == logging.DEBUG:
            lines += self._traceback(error).splitlines()
        prefix = f"{_time(record)} {level} {record.name}: "
        if self._in_journal:  # which has the time, and takes the priority from the prefix (sd-daemon(3))
            prefix = f"<{_PRIORITIES.get(level, 6)}>"
        return "\n".join(prefix + one_line(line) for line in lines)

    def _json_line(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        event: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": getattr(record, "event", record.name.rpartition(".")[2]),
            "message": self._safe(record.getMessage()),
        }
        for field in FIELDS:
            value = getattr(record, field, None)
            if value is not None:
                event[field] = self._safe(value) if isinstance(value, str) else value
        if error:
            event["error"] = self._safe(_described(error))
            if record.levelno == logging.DEBUG or not isinstance(error, AggregatorError):
                event["traceback"] = self._traceback(error)
        return json_format.dumps(event).replace("\x7f", "\\u007f")  # JSON does not escape it

    def _traceback(self, error: BaseException) -> str:
        """Return the traceback, shortened at its beginning: the fault is at its end."""
        shown = self._masked("".join(traceback.format_exception(error)))
        return shown if len(shown) <= _MAX_TEXT else "…" + shown[-_MAX_TEXT:]

    def _safe(self, text: str) -> str:
        """Return `text` with secrets masked, shortened if it is too long for a line."""
        shown = self._masked(text)
        return shown if len(shown) <= _MAX_TEXT else shown[:_MAX_TEXT] + "…"

    def _masked(self, text: str) -> str:
        return masked(self.secrets.sub(HIDDEN, text) if self.secrets else text)


def _time(record: logging.LogRecord) -> str:
    return rfc3339(datetime.fromtimestamp(record.created, UTC))


def _described(error: BaseException) -> str:
    """Return the error in one line, a bug with its file and line number."""
    if isinstance(error, AggregatorError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"
