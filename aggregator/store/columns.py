"""Column types: values of `model` on one side, types that both databases have on the other."""

import json
from abc import abstractmethod
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from weakref import WeakValueDictionary

import msgspec
from pydantic import ValidationError
from sqlalchemy import JSON, BigInteger, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from aggregator.settings import SourceSettings

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class _Direct(TypeDecorator[Any]):
    """Type whose values are converted by plain functions, without SQLAlchemy's layers: a poll binds 300,000 values."""

    to_database: ClassVar[Any]
    from_database: ClassVar[Any] = None

    def bind_processor(self, dialect: Dialect) -> Any:
        """Return the function for values on their way to the database."""
        return self.to_database

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Return the function for values from the database."""
        return self.from_database


def _microseconds_since_epoch(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - EPOCH) // _MICROSECOND


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else EPOCH + timedelta(microseconds=microseconds)


class Moment(_Direct):
    """A UTC datetime as microseconds since 1970: SQLite has no type for times, and text would lose the zone."""

    impl = BigInteger
    cache_ok = True
    to_database = staticmethod(_microseconds_since_epoch)
    from_database = staticmethod(_moment)


def _microseconds(duration: timedelta | None) -> int | None:
    return None if duration is None else duration // _MICROSECOND


def _duration(microseconds: int | None) -> timedelta | None:
    return None if microseconds is None else timedelta(microseconds=microseconds)


class Span(_Direct):
    """A timedelta as microseconds."""

    impl = BigInteger
    cache_ok = True
    to_database = staticmethod(_microseconds)
    from_database = staticmethod(_duration)


def direct_value(kind: TypeEngine[Any], value: Any) -> Any:
    """Return the number or text that is stored for a value in a column of such a type."""
    return kind.to_database(value) if isinstance(kind, _Direct) else value


def _storable(text: str | None) -> str | None:
    if text is None:
        return None
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            text = text.encode("utf-8", "replace").decode()
    return text.replace("\0", "")


class Words(_Direct):
    """Text without what a database refuses: NUL (PostgreSQL) and lone surrogates (both), which a JSON Feed can hold."""

    impl = Text
    cache_ok = True
    to_database = staticmethod(_storable)


class _InJSON(TypeDecorator[Any]):
    """Type whose values are kept as JSON. Both databases keep its text, and the engines give and take texts."""

    impl = JSON

    @abstractmethod
    def _text(self, value: Any) -> str:
        """Return the JSON of a value."""

    @abstractmethod
    def _value(self, text: str) -> Any:
        """Return the value of a JSON text."""

    def bind_processor(self, dialect: Dialect) -> Any:
        """Return the function for values on their way to the database."""
        return self._text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Return the function for values from the database."""
        return self._value if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Return the text that PostgreSQL's driver takes."""
        return self._text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Return the value of a text from PostgreSQL's driver."""
        return self._value(value)


class Value(_InJSON):
    """One dataclass value, as a JSON object without its Nones and empty lists; most details are empty."""

    cache_ok = True

    def __init__(self, kind: type) -> None:
        self.kind = kind
        self.empty = kind()
        self.decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(kind)
        super().__init__()

    def _text(self, value: Any) -> str:
        return "{}" if value == self.empty else json.dumps(_present(msgspec.to_builtins(value)))

    def _value(self, text: str) -> Any:
        return self.empty if text == "{}" else self.decoder.decode(text)


class Several(_InJSON):
    """A short tuple of scalars, or of dataclass values of one kind, as a JSON list; most are empty."""

    cache_ok = True

    def __init__(self, kind: Any = Any) -> None:
        self.kind = kind  # by which SQLAlchemy tells types apart
        self.decoder: msgspec.json.Decoder[tuple[Any, ...]] = msgspec.json.Decoder(tuple[kind, ...])
        super().__init__()

    def _text(self, value: Any) -> str:
        return json.dumps(_present(msgspec.to_builtins(value))) if value else "[]"

    def _value(self, text: str) -> tuple[Any, ...]:
        return () if text == "[]" else self.decoder.decode(text)


class SettingsJSON(_InJSON):
    """Settings of a source, as a JSON object of those that differ from their defaults.

    Equal texts give one object: reading one takes 60 µs, and a daemon reads all of them each time it shows its state.
    """

    cache_ok = True

    def _text(self, value: SourceSettings) -> str:
        return settings_text(value)

    def _value(self, text: str) -> SourceSettings:
        return settings_from_text(text)


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


def _present(value: Any) -> Any:
    """Return a value for JSON without the Nones and empty tuples in it, which are the defaults."""
    if isinstance(value, dict):
        return {name: _present(field) for name, field in value.items() if field not in (None, ())}
    return list(map(_present, value)) if isinstance(value, tuple | list) else value
