"""Problems of settings in people's words, and their positions in the file."""

import difflib
import json
import re
from collections.abc import Mapping
from typing import NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from aggregator.config.yaml_document import Location, Positions, fault_at
from aggregator.errors import Fault
from aggregator.settings import SourceSettings, keys_at, setting_paths
from aggregator.settings.rules import CONDITIONS
from aggregator.settings.values import quoted, without_space

_SOURCE = "https://example.org/feed.xml"
_MISSING = {
    "sources": f"`sources` is missing; write `sources:` and, one line each, `  - {_SOURCE}`",
    "url": f"`url` is missing: a source needs its feed's address; write `url: {_SOURCE}`",
    "in": "`in` is missing: write `in: title` or `in: text`",
    "find": "`find` is missing: write the expression of what is replaced",
    "with": '`with` is missing: write the text that takes its place, `with: ""` for none',
}
_TWO_LINES = (("name", "example"), ("url", _SOURCE))
_PLAIN_ITEM = re.compile(r"[\w./][\w ./:+-]*(?<!:)")  # can stand in a list without quotes


class Problem(NamedTuple):
    """A problem of the value at `location`, or of its key."""

    location: Location
    message: str
    of_key: bool = False


def validation_problems(error: ValidationError) -> list[Problem]:
    """Return pydantic's errors as problems."""
    return [
        _problem(details)
        for details in error.errors(include_url=False)
        if not (details["type"] == "too_short" and details["input"])  # a list whose items are all bad
    ]


def variable_fault(variable: str, message: str) -> Fault:
    """Return a fault of a variable of the environment, which has no position in the file."""
    return Fault(file=variable, line=0, column=0, message=message)


def located_fault(problem: Problem, file: str, positions: Positions | None, variables: Mapping[Location, str]) -> Fault:
    """Return the problem as a fault of the variable that gave the value, else at its position in the file, if any."""
    for end in range(len(problem.location), 0, -1):
        if variable := variables.get(problem.location[:end]):
            return variable_fault(variable, problem.message)
    if positions is None:
        return Fault(file=file, line=0, column=0, message=problem.message)
    return fault_at(file, positions.of(problem.location, key=problem.of_key), problem.message)


def setting_name(location: Location) -> str:
    """Return the name of the setting at `location`: `fetch.timeout`, `sources.tags`.

    Of a key such as `Authorization:Bearer abc`, which lacks a blank, only what is before the colon.
    """
    return ".".join(part.partition(":")[0] for part in location if isinstance(part, str))


def _problem(error: ErrorDetails) -> Problem:
    location = error["loc"]
    if location[-1:] == ("[key]",):  # a header's name
        return Problem(location[:-1], _message(error, location[:-2]), of_key=True)
    if error["type"] == "extra_forbidden":
        return Problem(location, _unknown_setting(location), of_key=True)
    if error["type"] == "missing":
        return Problem(location[:-1], _MISSING[str(location[-1])])
    return Problem(location, _missing_space(error) or _message(error, location))


def _missing_space(error: ErrorDetails) -> str | None:
    """Return the message for text such as `name:a` in place of settings; None if the value is something else."""
    value = error["input"]
    if not isinstance(value, str) or error["type"] not in ("value_error", "model_type", "dict_type"):
        return None
    is_setting = error["type"] != "value_error" or value.partition(":")[0] in SourceSettings.model_fields
    return without_space(value) if is_setting else None


def _message(error: ErrorDetails, location: Location) -> str:
    name, value, context = setting_name(location), error["input"], error.get("ctx", {})
    match error["type"]:
        case "value_error":
            message = str(context["error"])
            return message if message.startswith("`") else f"`{name}` {message}"
        case "literal_error":
            return f"{quoted(value)} is no value of `{name}`; write {context['expected']}"
        case "greater_than_equal":
            return f"{quoted(value)} is too little for `{name}`; write {context['ge']} or more"
        case "less_than_equal":
            return f"{quoted(value)} is too much for `{name}`; write {context['le']} or less"
        case "tuple_type":
            return f"`{name}` takes a list; write {_as_list(value, name)}"
        case "too_short" if name == "sources":
            return f"`sources` is an empty list; write at least one, such as [{_SOURCE}]"
        case "too_short":
            return f"`{name}` is an empty list; write at least one, or leave the line out"
        case "model_type" if location[:1] == ("sources",) and len(location) == 2:
            return f"a source is its settings, each `key: value`, or its URL alone, not {quoted(value)}"
        case "model_type" | "dict_type":
            return f"`{name or 'the file'}` takes settings below it, each `key: value`, not {_shown(value, name)}"
    return f"`{name}`: {error['msg']}"


def _shown(value: object, name: str) -> str:
    """Return a value as messages show it; what stands in place of headers may be a secret."""
    return "text" if name.endswith("headers") and isinstance(value, str) else quoted(value)


def _as_list(value: object, name: str) -> str:
    """Return the list to write in place of `value`: [rss, atom] for `rss, atom`; an example if it is no text."""
    if name == "sources":
        return _sources_as_list(value)
    if name.endswith("rules"):
        return "`- ` before each rule: `  - if: {title: sponsored}`"
    if not isinstance(value, str):
        return "one such as [rss, atom]"
    if name == "articles.after":
        value = ",".join(value.split())
    items = (quoted(item.strip())[1:-1] for item in value.split(","))
    return f"[{', '.join(item if _PLAIN_ITEM.fullmatch(item) else json.dumps(item) for item in items)}]"


def _sources_as_list(value: object) -> str:
    """Return the two lines to write in place of text or settings."""
    if not isinstance(value, dict):
        return f"`sources:` and, below it, `  - {quoted(value)[1:-1]}`"
    if value and "url" not in value:  # names and their URLs
        name, source = next(iter(value.items()))
        url = source.get("url") if isinstance(source, dict) else source
        value = {"name": name, "url": url if isinstance(url, str) else _SOURCE}
    first, second = (f"{key}: {quoted(value.get(key, example))[1:-1]}" for key, example in _TWO_LINES)
    return f"`- ` before each source: `  - {first}` and, below it, `    {second}`"


def _unknown_setting(location: Location) -> str:
    key = str(location[-1])
    candidates = keys_at(location[:-1])
    elsewhere = [".".join(path) for path, _ in setting_paths() if path[-1] == key]
    if key.partition(":")[0] in candidates and (message := without_space(key)):
        return message
    if "rules" in location:
        elsewhere = [f"if.{key}"] if key in CONDITIONS else []
    suggestion = elsewhere[0] if elsewhere else difflib.get_close_matches(key.lower(), candidates, n=1, cutoff=0)[0]
    return f"{quoted(setting_name(location))} is no setting; did you mean `{suggestion}`?"
