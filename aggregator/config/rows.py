"""The settings of a worker: those that its environment gives, else those that are stored in the database."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from aggregator.config.checks import conflicts
from aggregator.config.environment import PREFIX, overlaid, overrides, reference_faults
from aggregator.config.load import NO_SOURCE
from aggregator.config.problems import located_fault, validation_problems, variable_fault
from aggregator.config.resolve import resolve
from aggregator.config.yaml_document import Location
from aggregator.errors import ConfigError, Fault
from aggregator.settings import Settings
from aggregator.settings.stored import StoredSettings

PLACE = "stored settings"  # in place of a file's name


def settings_from_rows(stored: StoredSettings, environ: Mapping[str, str], folder: Path) -> Settings:
    """Return the settings above the sources; paths of the environment start from `folder`.

    Raises ConfigError with every fault of both, and with every setting that has to come from the environment.
    """
    environment, faults = overrides(environ, used=frozenset(stored.variables))
    data: Any = stored.settings | {"sources": [NO_SOURCE]}
    for override in environment:
        data = overlaid(data, override.path, override.value)
    missing = set(stored.secret) - {".".join(override.path) for override in environment}
    faults += (_secret_fault(name) for name in sorted(missing))
    problems = [*reference_faults(data, environ), *conflicts(data, folder)]
    settings = None
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        problems += validation_problems(error)
    variables: dict[Location, str] = {override.path: override.variable for override in environment}
    faults += (located_fault(problem, PLACE, None, variables) for problem in problems)
    if settings is None or faults:
        raise ConfigError(faults)
    return resolve(settings.model_copy(update={"sources": ()}), folder)


def _secret_fault(name: str) -> Fault:
    variable = PREFIX + name.replace(".", "__").upper()
    return variable_fault(variable, f"`{name}` of feeds.yaml is a secret, which is not stored; set {variable} here too")
