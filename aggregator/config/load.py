"""Reads `feeds.yaml` and the environment into settings, or says all that is wrong with both."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from aggregator.config.checks import clashes
from aggregator.config.document import Document, Location, NotReadableError, Place, Places, Problem, document
from aggregator.config.environment import header_problems, names_used, overlaid, overrides
from aggregator.config.problems import Trouble, located, troubles
from aggregator.config.resolve import settled
from aggregator.errors import ConfigError, Fault
from aggregator.settings import Settings
from aggregator.settings.values import is_nothing

MAX_BYTES = 64_000_000  # some 400,000 sources; whatever is longer is no configuration

_EMPTY = "the file holds no setting; write `sources:` and, one line each, `  - https://example.org/feed.xml`"


def load(path: Path, environ: Mapping[str, str]) -> Settings:
    """The settings that the file at `path` and `environ` give: each source named, each path absolute.

    Raises ConfigError with every fault of both.
    """
    return loaded(read(path), path, environ)


def loaded(text: str, path: Path, environ: Mapping[str, str]) -> Settings:
    """The settings that `text` gives as the content of the file at `path`. Raises ConfigError."""
    written = _document(path, text)
    data = written.value
    given, strangers = overrides(environ, used=names_used(data))
    found = list(header_problems(data, environ))
    for override in given:
        data = overlaid(data, override.path, override.value)
    found += clashes(data)
    settings = _validated(data, found)
    faults = [*(_fault(path, problem) for problem in written.repeated), *strangers]
    if found:
        places = Places(text)
        variables: dict[Location, str] = {override.path: override.variable for override in given}
        faults += (located(trouble, str(path), places, variables) for trouble in found)
    if settings is None or faults:
        raise ConfigError(sorted(faults, key=lambda fault: (not fault.line, fault.line, fault.column)))
    return settled(settings, path.absolute().parent)


def read(path: Path) -> str:
    """The text of the file at `path`, without a byte order mark, line ends as they stand. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError([Fault(file=str(path), line=0, column=0, message=_unopened(error))]) from None
    if len(data) > MAX_BYTES:
        raise ConfigError([Fault(file=str(path), line=0, column=0, message=f"is over {MAX_BYTES // 10**6} MB long")])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig")
        place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise ConfigError([_fault(path, Problem(place, "this is not UTF-8; save the file in that encoding"))]) from None


def _document(path: Path, text: str) -> Document:
    try:
        written = document(text)
    except NotReadableError as error:
        raise ConfigError([_fault(path, problem) for problem in error.problems]) from None
    if written.value is None or is_nothing(written.value):
        raise ConfigError([_fault(path, Problem(Place(1, 1), _EMPTY))])
    return written


def _unopened(error: OSError) -> str:
    match error:
        case FileNotFoundError():
            return "there is no such file; name another with --config or AGGREGATOR_CONFIG"
        case IsADirectoryError():
            return "this is a folder; name the file in it with --config or AGGREGATOR_CONFIG"
        case PermissionError():
            return "this file may not be read; give whoever runs aggregator the right to"
    return f"this file cannot be read: {error.strerror}"


def _validated(data: Any, found: list[Trouble]) -> Settings | None:
    """The settings, or None with what is wrong added to `found`."""
    try:
        return Settings.model_validate(data)
    except ValidationError as error:
        found += troubles(error.errors(include_url=False))
        return None


def _fault(path: Path, problem: Problem) -> Fault:
    return Fault(file=str(path), line=problem.place.line, column=problem.place.column, message=problem.message)
