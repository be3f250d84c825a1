"""What the environment adds to the file: settings by their names, and secrets for headers.

`AGGREGATOR_FETCH__TIMEOUT` is `timeout` under `fetch`. Secrets are never shown.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aggregator.config.checks import headers_of, sources_of
from aggregator.config.document import Location, NotReadableError, document
from aggregator.config.problems import Trouble, setting
from aggregator.errors import Fault
from aggregator.settings import Settings, setting_paths
from aggregator.settings.references import reference_problems, referenced_names, resolved
from aggregator.settings.values import Plain, header_value, is_nothing

PREFIX = "AGGREGATOR_"

_FILE = "AGGREGATOR_CONFIG"  # names the file itself; the command line reads it
# Kubernetes announces a service called "aggregator" to every container in this way.
_ANNOUNCED = re.compile(r"AGGREGATOR_(SERVICE_HOST|SERVICE_PORT\w*|PORT|PORT_\d+_\w+)")


@dataclass(frozen=True, slots=True)
class Override:
    """A setting that a variable of the environment gives."""

    variable: str
    path: tuple[str, ...]
    value: Any  # text, or what its YAML holds where the setting is a list


_VARIABLES = {PREFIX + "__".join(path).upper(): (path, is_list) for path, is_list in setting_paths()}


def overrides(environ: Mapping[str, str], used: frozenset[str]) -> tuple[tuple[Override, ...], tuple[Fault, ...]]:
    """The settings that `environ` gives, and what is wrong with variables that look like settings and are none.

    A variable without text counts as not set. `used` are names that headers of the file refer to.
    """
    found: list[Override] = []
    faults: list[Fault] = []
    for variable in sorted(name for name in environ if name.startswith(PREFIX) and environ[name]):
        if variable not in _VARIABLES:
            if variable != _FILE and variable not in used and not _ANNOUNCED.fullmatch(variable):
                faults.append(fault(variable, _unknown(variable)))
            continue
        path, is_list = _VARIABLES[variable]
        try:
            value = _listed(environ[variable]) if is_list else Plain(environ[variable])
        except NotReadableError as error:
            faults.extend(fault(variable, problem.message) for problem in error.problems)
        else:
            found.append(Override(variable, path, value))
    return tuple(found), tuple(faults)


def fault(variable: str, message: str) -> Fault:
    """A fault of a variable, which has no place in the file."""
    return Fault(file=variable, line=0, column=0, message=message)


def names_used(data: Any) -> frozenset[str]:
    """Return the names of the environment that headers refer to."""
    return frozenset(name for _, value in _headers(data) for name in referenced_names(value))


def header_problems(data: Any, environ: Mapping[str, str]) -> Iterator[Trouble]:
    """Yield what is wrong with the references of headers, and with the environment's text in their place."""
    for location, value in _headers(data):
        if problems := reference_problems(value, environ):
            yield from (Trouble(location, message) for message in problems)
            continue
        with suppress(ValueError):
            header_value(value)  # a value that is wrong as written is pydantic's to report
            try:
                header_value(resolved(value, environ))
            except ValueError as error:
                yield Trouble(location, f"`{setting(location)}` {error}")


def _headers(data: Any) -> Iterator[tuple[Location, str]]:
    """Yield each header with a `${` in it: its location and its value."""
    for number, source in sources_of(data):
        for name, value in headers_of(source).items():
            if isinstance(value, str) and "${" in value:
                yield ("sources", number, "headers", name), value


def overlaid(data: Any, path: tuple[str, ...], value: Any) -> Any:
    """`data` with `value` at `path`, sections made where they are missing; as it is where a section is none."""
    if not path:
        return value
    section = {} if data is None or is_nothing(data) else data
    if not isinstance(section, dict):
        return data
    name, *rest = path
    return {**section, name: overlaid(section.get(name), tuple(rest), value)}


def _listed(value: str) -> Any:
    return document(value).value


def _unknown(variable: str) -> str:
    section = variable.removeprefix(PREFIX).lower()
    if section == "sources":
        return "sources stand in the file alone; take the variable out"
    if section in Settings.model_fields:
        return f"names a section; write one of its settings, such as {_nearest(variable + '__')}"
    return f"is no setting; did you mean {_nearest(variable)}?"


def _nearest(variable: str) -> str:
    return difflib.get_close_matches(variable, _VARIABLES, n=1, cutoff=0)[0]
