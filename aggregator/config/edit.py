"""Changes `feeds.yaml` for the user: sources put in, a source taken out, everything else as it was. Edge.

Rule: whole or not at all. The new text is read again, and must hold what the old one held and the change, before it
takes the file's place by a rename in the same folder. One process at a time edits.
"""

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from aggregator.config.document import NotReadableError, document
from aggregator.config.load import loaded, read
from aggregator.config.yaml_edit import with_sources, without_source, written
from aggregator.errors import AggregatorError
from aggregator.settings import Settings, SourceSettings
from aggregator.settings.values import is_nothing

_STAND_IN = SourceSettings(name="stand-in", url="https://example.org/")
_MARK = b"\xef\xbb\xbf"  # of UTF-8; some editors write it, and may want it back
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


class Draft:
    """A configuration while it is edited: its text and its settings, with the changes so far."""

    def __init__(self, text: str, path: Path, environ: Mapping[str, str]) -> None:
        self._path, self._environ = path, environ
        self.text, self.settings = text, _settings(text, path, environ)
        self._value = _value(text)

    def append(self, sources: Sequence[SourceSettings]) -> None:
        """Put these sources behind the others. Raises ConfigError where they are wrong together."""
        if sources:
            self._take(with_sources(self.text, sources), [*self._sources, *map(written, sources)])

    def remove(self, number: int) -> None:
        """Take out the source at this place in the file, from 0; another one must be left."""
        others = [source for place, source in enumerate(self._sources) if place != number]
        self._take(without_source(self.text, number), others)

    @property
    def _sources(self) -> list[Any]:
        return self._value.get("sources") or []

    def _take(self, text: str, sources: list[Any]) -> None:
        """Go on with `text` if it holds what the one before held, and `sources`."""
        expected = {**self._value, "sources": sources}
        _check(text, expected, self._path)
        self.settings = loaded(text, self._path, self._environ)
        self.text, self._value = text, expected


@contextmanager
def editing(path: Path, environ: Mapping[str, str]) -> Iterator[Draft]:
    """The configuration at `path` to be changed; written when the block ends well, and only if it changed.

    A file that is not there yet counts as empty. Raises ConfigError where the file has faults already (a list of
    sources that is empty or missing is none here), AggregatorError where it cannot be written.
    """
    place = path.resolve()  # a link stays a link
    try:
        with _alone(place.parent):
            draft = Draft(_text(place, path), path, environ)
            before = draft.text
            yield draft
            if draft.text != before:
                _replace(place, draft.text)
    except OSError as error:
        advice = "; let this user write to the file and to its folder" if isinstance(error, PermissionError) else ""
        reason = (error.strerror or str(error)).lower()
        raise AggregatorError(f"{path}: it cannot be changed ({reason}){advice}") from error


def extensible(path: Path, environ: Mapping[str, str]) -> Settings:
    """The settings at `path` for who is about to add a source: as `load` gives them, or still without any source."""
    return _settings(_text(path, path), path, environ)


def _text(place: Path, path: Path) -> str:
    return read(path) if place.exists() else ""


def _settings(text: str, path: Path, environ: Mapping[str, str]) -> Settings:
    if not _lacks_sources(text):
        return loaded(text, path, environ)
    begun = with_sources(text, (_STAND_IN,))
    _check(begun, {**_value(text), "sources": [written(_STAND_IN)]}, path)
    return loaded(begun, path, environ).model_copy(update={"sources": ()})


def _lacks_sources(text: str) -> bool:
    try:
        value = document(text).value
    except NotReadableError:
        return False  # who loads it says why
    if value is None or is_nothing(value):
        return True
    sources = value.get("sources") if isinstance(value, dict) else value
    return sources is None or sources == [] or is_nothing(sources)


def _value(text: str) -> dict[str, Any]:
    value = document(text).value
    return value if isinstance(value, dict) else {}


def _check(text: str, expected: dict[str, Any], path: Path) -> None:
    """Raises AggregatorError where the new `text` does not hold just what is expected of it."""
    with suppress(NotReadableError):
        if document(text).value == expected:
            return
    raise AggregatorError(f"{path}: it is laid out in a way that cannot be edited; change it by hand")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, waiting for who has it: two commands must not overwrite each other's sources."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(place: Path, text: str) -> None:
    temporary = place.with_name(f".{place.name}-{os.getpid()}.tmp")
    try:
        with os.fdopen(os.open(temporary, _NEW, 0o666), "wb") as file:
            if place.exists():
                file.write(_like(place, file.fileno()))
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())  # nothing can make this file again
        temporary.replace(place)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _like(place: Path, descriptor: int) -> bytes:
    """Give the open file the rights and the owner of the one at `place`; give back the mark before its text, or b""."""
    state = place.stat()
    with suppress(PermissionError):  # only root may give files away
        os.fchown(descriptor, state.st_uid, state.st_gid)
    os.fchmod(descriptor, state.st_mode & 0o7777)
    with place.open("rb") as old:
        return _MARK if old.read(len(_MARK)) == _MARK else b""
