"""Settings from variables of the environment, and the references of sources to it. Pure.

`AGGREGATOR_FETCH__TIMEOUT` is `timeout` under `fetch`.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aggregator.config.checks import headers_of, sources_of
from aggregator.config.problems import Problem, setting_name, variable_fault
from aggregator.config.yaml_document import Location, NotReadableError, parse_document
from aggregator.errors import Fault
from aggregator.secret_urls import has_literal_secret
from aggregator.settings import FILE_ONLY, Settings, setting_paths
from aggregator.settings.references import reference_problems, referenced_names, resolved
from aggregator.settings.values import UnquotedText, header_value, is_null

PREFIX = "AGGREGATOR_"

# The command line reads these, and the engine of jobs.
_NO_SETTINGS = ("AGGREGATOR_CONFIG", "AGGREGATOR_LOG", "AGGREGATOR_DATABASE_DIRECT")
# Kubernetes announces a service called "aggregator" to every container in this way.
_KUBERNETES = re.compile(r"AGGREGATOR_(SERVICE_HOST|SERVICE_PORT\w*|PORT|PORT_\d+_\w+)")


@dataclass(frozen=True, slots=True)
class Override:
    """A setting that a variable of the environment gives."""

    variable: str
    path: tuple[str, ...]
    value: Any  # text, or the content of its YAML if the setting is a list


_VARIABLES = {
    PREFIX + "__".join(path).upper(): (path, is_list) for path, is_list in setting_paths() if path not in FILE_ONLY
}


def overrides(environ: Mapping[str, str], used: frozenset[str]) -> tuple[list[Override], list[Fault]]:
    """Return the settings that `environ` gives, and the faults of variables that look like settings and are none.

    A variable without text counts as not set. `used` are names that sources of the file refer to.
    """
    settings: list[Override] = []
    faults: list[Fault] = []
    for variable in sorted(name for name in environ if name.startswith(PREFIX) and environ[name]):
        if variable not in _VARIABLES:
            if variable not in (*_NO_SETTINGS, *used) and not _KUBERNETES.fullmatch(variable):
                faults.append(variable_fault(variable, _unknown_variable(variable)))
            continue
        path, is_list = _VARIABLES[variable]
        text = environ[variable]
        if not is_list:
            settings.append(Override(variable, path, UnquotedText(text)))
            continue
        try:
            document = parse_document(text, variable)
            settings.append(Override(variable, path, document.value))
            wrong = document.repeated_keys
        except NotReadableError as error:
            wrong = error.faults
        faults.extend(variable_fault(variable, fault.message) for fault in wrong)
    return settings, faults


def names_used(data: Any) -> frozenset[str]:
    """Return the names of the environment that headers and URLs of sources refer to."""
    referring = (*_referring_headers(data), *_referring_urls(data), *_referring_key(data))
    return frozenset(name for _, value in referring for name in referenced_names(value))


def _referring_key(data: Any) -> Iterator[tuple[Location, str]]:
    """Yield the key of the translation server, if it is a text."""
    section = data.get("translate") if isinstance(data, dict) else None
    key = section.get("key") if isinstance(section, dict) else None
    if isinstance(key, str):
        yield ("translate", "key"), key


def reference_faults(data: Any, environ: Mapping[str, str] | None) -> Iterator[Problem]:
    """Yield the problems of references in URLs and headers, and of the environment's text in their place, if known."""
    for location, value in (*_referring_urls(data), *_referring_key(data)):
        yield from (Problem(location, message) for message in reference_problems(value, environ))
    for location, value in _referring_headers(data):
        if problems := reference_problems(value, environ):
            yield from (Problem(location, message) for message in problems)
            continue
        with suppress(ValueError):  # a value that is wrong as written is reported by its setting
            header_value(value)
            try:
                header_value(resolved(value, environ) if environ is not None else value)
            except ValueError as error:
                yield Problem(location, f"`{setting_name(location)}` {error}")


def literal_secrets(data: Any) -> Iterator[Problem]:
    """Yield the URLs of sources that hold a secret as it is."""
    for location, url in _urls(data):
        if has_literal_secret(url):
            message = "this URL holds a secret; write ${NAME} in its place, and set NAME in the environment"
            yield Problem(location, message)


def _urls(data: Any) -> Iterator[tuple[Location, str]]:
    """Yield the location and URL of each source that has one."""
    sources = data.get("sources") if isinstance(data, dict) else None
    for number, source in enumerate(sources if isinstance(sources, list) else ()):
        location: Location = ("sources", number) if isinstance(source, str) else ("sources", number, "url")
        url = source.get("url") if isinstance(source, dict) else source
        if isinstance(url, str):
            yield location, url


def _referring_urls(data: Any) -> Iterator[tuple[Location, str]]:
    """Yield the location and URL of each source with a `${` in its URL."""
    yield from ((location, url) for location, url in _urls(data) if "${" in url)


def _referring_headers(data: Any) -> Iterator[tuple[Location, str]]:
    """Yield the location and value of each header with a `${` in it."""
    for number, source in sources_of(data):
        for name, value in headers_of(source).items():
            if isinstance(value, str) and "${" in value:
                yield ("sources", number, "headers", name), value


def overlaid(data: Any, path: tuple[str, ...], value: Any) -> Any:
    """Return `data` with `value` at `path`, missing sections added; unchanged if a section is not a mapping."""
    if not path:
        return value
    section = {} if data is None or is_null(data) else data
    if not isinstance(section, dict):
        return data
    name, *subpath = path
    return {**section, name: overlaid(section.get(name), tuple(subpath), value)}


def _unknown_variable(variable: str) -> str:
    section = variable.removeprefix(PREFIX).lower()
    if section == "sources":
        return "sources stand in the file alone; take the variable out"
    if tuple(section.split("__")) in FILE_ONLY:
        return "stands in the file alone; take the variable out"
    if section in Settings.model_fields:
        return f"names a section; write one of its settings, such as {_nearest(variable + '__')}"
    return f"is no setting; did you mean {_nearest(variable)}?"


def _nearest(variable: str) -> str:
    return difflib.get_close_matches(variable.upper(), _VARIABLES, n=1, cutoff=0)[0]
