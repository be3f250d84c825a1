"""Column types: values of `model` on one side, what both databases keep alike on the other."""

import json
from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from weakref import WeakValueDictionary

from pydantic import ValidationError
from sqlalchemy import JSON, BigInteger, Dialect, Text
from sqlalchemy.types import TypeDecorator

from aggregator.settings import SourceSettings

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """A UTC datetime, kept as microseconds since 1970: SQLite has no type for times, and text would lose the zone."""

    impl = BigInteger
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Any:
        """Microseconds since 1970; straight, as all of this module: a poll binds 300,000 values."""
        return _since_epoch

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """The moment, in UTC."""
        return _moment


def _since_epoch(value: datetime | None) -> int | None:
    return None if value is None else (value - EPOCH) // _MICROSECOND


def _moment(value: int | None) -> datetime | None:
    return None if value is None else EPOCH + timedelta(microseconds=value)


class Span(TypeDecorator[timedelta]):
    """A timedelta, kept as microseconds."""

    impl = BigInteger
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Any:
        """Microseconds."""
        return _microseconds

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """The span."""
        return _span


def _microseconds(value: timedelta | None) -> int | None:
    return None if value is None else value // _MICROSECOND


def _span(value: int | None) -> timedelta | None:
    return None if value is None else timedelta(microseconds=value)


class Words(TypeDecorator[str]):
    """Text without what a database refuses: NUL (PostgreSQL) and lone surrogates (both), which a JSON Feed can hold."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Any:
        """The text as both databases take it."""
        return _storable


def _storable(text: str | None) -> str | None:
    if text is None:
        return None
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            text = text.encode("utf-8", "replace").decode()
    return text.replace("\0", "")


class Value(TypeDecorator[Any]):
    """One dataclass value of scalars, kept as a JSON object without its Nones."""

    impl = JSON
    cache_ok = True

    def __init__(self, kind: type) -> None:
        self.kind = kind
        super().__init__()

    def process_bind_param(self, value: Any, dialect: Dialect) -> dict[str, Any]:
        """The JSON object."""
        return _object(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """The dataclass value."""
        return self.kind(**value)


class Several(TypeDecorator[tuple[Any, ...]]):
    """A short tuple, of scalars or of dataclass values of one kind, kept as a JSON list; most are empty."""

    impl = JSON
    cache_ok = True

    def __init__(self, kind: type | None = None) -> None:
        self.kind = kind
        super().__init__()

    def bind_processor(self, dialect: Dialect) -> Any:
        """For SQLite our own, which knows the empty list."""
        return self._text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """For SQLite our own."""
        return self._from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_bind_param(self, value: Iterable[Any] | None, dialect: Dialect) -> list[Any]:
        """The JSON list."""
        return [one if self.kind is None else _object(one) for one in value or ()]

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[Any, ...]:
        """The tuple."""
        kind = self.kind
        return tuple(value if kind is None else [kind(**one) for one in value])

    def _text(self, value: Iterable[Any] | None) -> str:
        return json.dumps([one if self.kind is None else _object(one) for one in value]) if value else "[]"

    def _from_text(self, value: str) -> tuple[Any, ...]:
        if value == "[]":
            return ()
        kind, listed = self.kind, json.loads(value)
        return tuple(listed if kind is None else [kind(**one) for one in listed])


class SettingsJSON(TypeDecorator[SourceSettings]):
    """Settings of a source, kept as a JSON object of those that differ from their defaults.

    Equal texts give one object: reading one takes 60 µs, and a daemon reads all of them each time it shows its state.
    """

    impl = JSON
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Any:
        """For SQLite our own, which leaves the text as pydantic writes it."""
        return settings_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """For SQLite our own."""
        return settings_from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Return the JSON object."""
        return json.loads(settings_text(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Return the settings."""
        return settings_from_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


_settings: WeakValueDictionary[str, SourceSettings] = WeakValueDictionary()  # by their text


def settings_text(settings: SourceSettings) -> str:
    """Return settings as JSON."""
    text = settings.model_dump_json(exclude_defaults=True)
    _settings[text] = settings
    return text


def settings_from_text(text: str) -> SourceSettings:
    """Return settings from JSON. A value that this version does not know, or accept any more, is left out."""
    if (settings := _settings.get(text)) is not None:
        return settings
    values = json.loads(text)
    try:
        settings = SourceSettings.model_validate(values)
    except ValidationError as error:
        refused = {problem["loc"][0] for problem in error.errors()} | {"url"}
        accepted = {name: value for name, value in values.items() if name not in refused}
        settings = SourceSettings.model_validate(accepted | {"url": "https://example.org/"})
        settings = settings.model_copy(update={"url": values["url"]})
    _settings[text] = settings
    return settings


def _object(value: Any) -> dict[str, Any]:
    pairs = ((name, getattr(value, name)) for name in _names(value.__class__))
    return {name: held for name, held in pairs if held is not None}


@cache  # a settled source's state holds one, and 500 may be written at once
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
