"""Reads `feeds.yaml` and the environment into settings, or reports all faults of both."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from aggregator.config.checks import conflicts
from aggregator.config.environment import literal_secrets, names_used, overlaid, overrides, reference_faults
from aggregator.config.problems import located_fault, validation_problems
from aggregator.config.resolve import resolve
from aggregator.config.yaml_document import Location, NotReadableError, Position, Positions, fault_at, parse_document
from aggregator.errors import ConfigError, Fault
from aggregator.settings import Settings
from aggregator.settings.values import is_null

NO_SOURCE = "http://source.invalid/"  # one is required
MAX_BYTES = 64_000_000  # some 400,000 sources

_PLACE = ("storage", "database")
_EMPTY = "the file holds no setting; write `sources:` and, one line each, `  - https://example.org/feed.xml`"


def load(path: Path, environ: Mapping[str, str], folder: Path | None = None, *, has_secrets: bool = True) -> Settings:
    """Return the settings from the file at `path` and `environ`: sources with their defaults, paths absolute.

    Paths start from `folder`, that of the file if left out. Without `has_secrets` the variables that sources refer to
    may be missing, as other processes fetch. Raises ConfigError with every fault of both.
    """
    return settings_from(read_text(path), path, environ, folder, has_secrets=has_secrets)


def load_place(path: Path, environ: Mapping[str, str]) -> Settings:
    """Return settings of which only `storage` and `database` are as configured, whatever faults the others have.

    A file that cannot be read counts as one without these two. Raises ConfigError if one of them is faulty.
    """
    try:
        data = parse_document(read_text(path), str(path)).value
    except (NotReadableError, ConfigError):
        data = None
    place = {name: data[name] for name in _PLACE if name in data} if isinstance(data, dict) else {}
    given, _ = overrides(environ, used=frozenset())
    place |= {override.path[0]: override.value for override in given if override.path[0] in _PLACE}
    try:
        settings = Settings.model_validate({**place, "sources": [NO_SOURCE]})
    except ValidationError:
        return load(path, environ)
    return resolve(settings, path.parent.absolute())


def advice(path: Path) -> list[Fault]:
    """Return what the file at `path`, which is valid, should better say. Raises ConfigError if it cannot be read."""
    text = read_text(path)
    problems = list(literal_secrets(parse_document(text, str(path)).value))
    if not problems:
        return []  # positions take time in a long file
    positions = Positions(text)
    return [located_fault(problem, str(path), positions, {}) for problem in problems]


def settings_from(
    text: str, path: Path, environ: Mapping[str, str], folder: Path | None = None, *, has_secrets: bool = True
) -> Settings:
    """Return the settings that `text` gives as the content of the file at `path`, as `load` does."""
    file = str(path)
    try:
        document = parse_document(text, file)
    except NotReadableError as error:
        raise ConfigError(error.faults) from None
    data = document.value
    if data is None or is_null(data):
        raise ConfigError([fault_at(file, Position(1, 1), _EMPTY)])
    given, faults = overrides(environ, used=names_used(data))
    problems = list(reference_faults(data, environ if has_secrets else None))
    in_file = data
    for override in given:
        data = overlaid(data, override.path, override.value)
    folder = (folder or path.parent).absolute()
    problems += conflicts(data, folder)
    settings = None
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        problems += validation_problems(error)
    faults += document.repeated_keys
    if problems:
        positions = Positions(text)
        variables: dict[Location, str] = {override.path: override.variable for override in given}
        faults += (located_fault(problem, file, positions, variables) for problem in problems)
    if settings is None or faults:
        raise ConfigError(sorted(faults, key=lambda fault: (not fault.line, fault.line, fault.column)))
    written = _written(in_file) if given else settings.model_copy(update={"sources": ()})
    storage = {"storage": resolve(written, folder).storage}
    return resolve(settings, folder).with_written(written.model_copy(update=storage))


def _written(data: Mapping[str, Any]) -> Settings:
    """Return the settings above the sources as the file alone gives them; faults there were mended by variables."""
    above = {**data, "sources": [NO_SOURCE]}
    try:
        settings = Settings.model_validate(above)
    except ValidationError as error:
        faulty = {str(problem["loc"][0]) for problem in error.errors()}
        settings = Settings.model_validate({name: value for name, value in above.items() if name not in faulty})
    return settings.model_copy(update={"sources": ()})


def read_text(path: Path) -> str:
    """Return the text of the file at `path`, without a byte order mark, line ends unchanged. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError([_file_fault(path, _open_error(error))]) from None
    if len(data) > MAX_BYTES:
        raise ConfigError([_file_fault(path, f"is over {MAX_BYTES // 10**6} MB long")])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig")
        position = Position(before.count("\n") + 1, len(before) - before.rfind("\n"))
        message = "this is not UTF-8; save the file in that encoding"
        raise ConfigError([fault_at(str(path), position, message)]) from None


def _file_fault(path: Path, message: str) -> Fault:
    return Fault(file=str(path), line=0, column=0, message=message)


def _open_error(error: OSError) -> str:
    match error:
        case FileNotFoundError():
            return (
                "there is no such file; name another with --config or AGGREGATOR_CONFIG, or write one with "
                "`aggregator init` or `aggregator add URL`"
            )
        case IsADirectoryError():
            return "this is a folder; name the file in it with --config or AGGREGATOR_CONFIG"
        case PermissionError():
            return "this file may not be read; give whoever runs aggregator the right to"
    return f"this file cannot be read: {error.strerror}"
