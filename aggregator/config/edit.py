"""Changes `feeds.yaml` for the user: adds or removes sources, and leaves everything else as it is. Edge.

The new text is read again, and must hold the content of the old one and the change, before it replaces the file by a
rename in the same folder. One process at a time edits.
"""

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from aggregator.config.load import read_text, settings_from
from aggregator.config.yaml_document import NotReadableError, parse_document
from aggregator.config.yaml_edit import source_content, with_names, with_sources, without_source
from aggregator.errors import AggregatorError
from aggregator.settings import Settings, SourceSettings
from aggregator.settings.values import is_null

_PLACEHOLDER = SourceSettings(name="stand-in", url="https://example.org/")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # some editors write it, and may want it back
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


class FeedsFileEdit:
    """A configuration file that is being edited: its text and its settings, with the changes so far."""

    def __init__(self, text: str, path: Path, environ: Mapping[str, str]) -> None:
        self._path, self._environ = path, environ
        self.text, self.settings = text, _extensible_settings(text, path, environ)
        self._content = _content(text, path)

    def append(self, sources: Sequence[SourceSettings]) -> None:
        """Put these sources behind the others. Raises ConfigError if they are wrong together."""
        if sources:
            self._replace(with_sources(self.text, sources), [*self._sources, *map(source_content, sources)])

    def remove(self, number: int) -> tuple[str, ...]:
        """Remove the source at this place in the file, from 0; another one must be left.

        Sources of its host that have no name would get others: theirs are written, and returned.
        """
        names = [source.name or "" for source in self.settings.sources]
        del names[number]
        self._replace(without_source(self.text, number), self._sources[:number] + self._sources[number + 1 :])
        changed = {place: name for place, name in enumerate(names) if self.settings.sources[place].name != name}
        if changed:
            self._write_names(changed)
        return tuple(changed.values())

    def _write_names(self, names: Mapping[int, str]) -> None:
        """Write these names, by place, of sources that have none in the file."""
        sources = list(self._sources)
        for place, name in names.items():
            source = sources[place]
            sources[place] = {"name": name, **(source if isinstance(source, dict) else {"url": source})}
        self._replace(with_names(self.text, names), sources)

    @property
    def _sources(self) -> list[Any]:
        return self._content.get("sources") or []

    def _replace(self, text: str, sources: list[Any]) -> None:
        """Continue with `text` if it holds the previous content with `sources`."""
        content = {**self._content, "sources": sources}
        _check_content(text, content, self._path)
        self.settings = settings_from(text, self._path, self._environ)
        self.text, self._content = text, content


@contextmanager
def editing(path: Path, environ: Mapping[str, str]) -> Iterator[FeedsFileEdit]:
    """Give the configuration at `path` to be changed; it is written if the block ends well and changed it.

    A missing file counts as empty. Raises ConfigError if the file has faults already (a list of sources that is empty
    or missing is none here), AggregatorError if it cannot be written.
    """
    target = path.resolve()  # a link stays a link
    try:
        with _locked(target.parent):
            edit = FeedsFileEdit(_text(target, path), path, environ)
            before = edit.text
            yield edit
            if edit.text != before:
                _write(target, edit.text)
    except OSError as error:
        advice = "; let this user write to the file and to its folder" if isinstance(error, PermissionError) else ""
        reason = (error.strerror or str(error)).lower()
        raise AggregatorError(f"{path}: it cannot be changed ({reason}){advice}") from error


def load_extensible(path: Path, environ: Mapping[str, str]) -> Settings:
    """Return the settings of a file to which sources can be added: as `load` does, or without any source."""
    return _extensible_settings(_text(path, path), path, environ)


def _text(target: Path, path: Path) -> str:
    return read_text(path) if target.exists() else ""


def _extensible_settings(text: str, path: Path, environ: Mapping[str, str]) -> Settings:
    if not _lacks_sources(text, path):
        return settings_from(text, path, environ)
    extended = with_sources(text, (_PLACEHOLDER,))
    _check_content(extended, {**_content(text, path), "sources": [source_content(_PLACEHOLDER)]}, path)
    return settings_from(extended, path, environ).model_copy(update={"sources": ()})


def _lacks_sources(text: str, path: Path) -> bool:
    try:
        value = parse_document(text, str(path)).value
    except NotReadableError:
        return False  # loading reports the faults
    if value is None or is_null(value):
        return True
    sources = value.get("sources") if isinstance(value, dict) else value
    return sources is None or sources == [] or is_null(sources)


def _content(text: str, path: Path) -> dict[str, Any]:
    value = parse_document(text, str(path)).value
    return value if isinstance(value, dict) else {}


def _check_content(text: str, expected: dict[str, Any], path: Path) -> None:
    """Raise AggregatorError if the new `text` does not hold exactly the expected content."""
    with suppress(NotReadableError):  # then the edit broke the document: the message below
        if parse_document(text, str(path)).value == expected:
            return
    raise AggregatorError(f"{path}: it is laid out in a way that cannot be edited; change it by hand")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: two commands must not overwrite each other's sources."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write(target: Path, text: str) -> None:
    temporary = target.with_name(f".{target.name}-{os.getpid()}.tmp")
    try:
        with os.fdopen(os.open(temporary, _NEW, 0o666), "wb") as file:
            if target.exists():
                file.write(_copy_attributes(target, file.fileno()))
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())  # this file cannot be made from anything else
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _copy_attributes(target: Path, descriptor: int) -> bytes:
    """Give the open file the mode and owner of `target`; return the byte order mark of its text, or b""."""
    state = target.stat()
    with suppress(PermissionError):  # only root may give files away
        os.fchown(descriptor, state.st_uid, state.st_gid)
    os.fchmod(descriptor, state.st_mode & 0o7777)
    with target.open("rb") as old:
        return _BYTE_ORDER_MARK if old.read(len(_BYTE_ORDER_MARK)) == _BYTE_ORDER_MARK else b""
