"""Every setting with its value and its origin: default, line of the file, or variable of the environment. Edge."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from aggregator.config.environment import names_used, overrides
from aggregator.config.load import read_text, settings_from
from aggregator.config.yaml_document import Location, Positions, parse_document
from aggregator.secret_urls import HIDDEN, masked_url
from aggregator.settings import SourceSettings, setting_paths
from aggregator.settings.references import referenced_names
from aggregator.settings.rules import Rule


class EffectiveSetting(NamedTuple):
    """A setting as it is in force."""

    name: str  # such as fetch.timeout, or sources.thehill.url
    value: str  # as it would be written in the file, without literal secrets of headers and URLs
    origin: str  # "default", FILE:LINE, or the name of a variable


def effective_settings(path: Path, environ: Mapping[str, str]) -> tuple[EffectiveSetting, ...]:
    """Return every setting of the file at `path` and `environ`, those of the sources last. Raises ConfigError."""
    text = read_text(path)
    settings = settings_from(text, path, environ)
    data = parse_document(text, str(path)).value
    variables = {override.path: override.variable for override in overrides(environ, names_used(data))[0]}
    positions = Positions(text)

    def origin(location: Location) -> str:
        if not _is_written(data, location):
            return "default"
        return f"{path}:{positions.of(location, key=isinstance(location[-1], str)).line}"

    values = settings.model_dump(mode="json")
    values["rules"] = _written_rules(settings.rules)
    for shown, source in zip(values["sources"], settings.sources, strict=True):
        shown["rules"] = _written_rules(source.rules)
    rows = []
    for setting, _ in setting_paths():
        value = values
        for part in setting:
            value = value[part]
        shown = _masked_header(str(value)) if setting == ("translate", "key") and value else value
        place = variables.get(setting) or origin(setting)
        rows.append(EffectiveSetting(".".join(setting), _yaml(_masked_text(shown)), place))
    for number, source in enumerate(values["sources"]):
        rows.extend(
            EffectiveSetting(f"sources.{source['name']}.{name}", shown, origin(location))
            for name, shown, location in _source_rows(source, ("sources", number), data)
        )
    return tuple(rows)


def _written_rules(rules: Iterable[Rule]) -> list[Any]:
    """Return rules with those of their keys that are written."""
    return [rule.model_dump(mode="json", exclude_defaults=True) for rule in rules]


def _source_rows(source: dict[str, Any], location: Location, data: Any) -> Iterator[tuple[str, str, Location]]:
    """Yield name, text and location of each setting of a source."""
    is_url_alone = not isinstance(data["sources"][location[1]], dict)
    for name in SourceSettings.model_fields:
        if name == "category":  # is the only one of `categories`
            continue
        written = "category" if name == "categories" and not _is_written(data, (*location, name)) else name
        if name == "headers":
            shown = _yaml({header: _masked_header(text) for header, text in source[name].items()})
        else:
            shown = _yaml(_masked_text(source[name]))
        yield name, shown, location if name == "url" and is_url_alone else (*location, written)


def _is_written(data: Any, location: Location) -> bool:
    for part in location:
        if not isinstance(data, list) and not (isinstance(data, dict) and part in data):
            return False
        data = data[part]  # type: ignore[index]  # a number for a list, text for a mapping
    return True


def _masked_header(value: str) -> str:
    """Return a header's value as written if its secret is in the environment, else without it."""
    return value if referenced_names(value) else HIDDEN


def _masked_text(value: Any) -> Any:
    """Return the value, a URL without its literal secrets."""
    return masked_url(value) if isinstance(value, str) and "://" in value else value


def _yaml(value: Any) -> str:
    """Return the value as one line of YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**9)
    return text.removesuffix("\n").removesuffix("\n...")
