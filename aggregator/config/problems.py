"""What pydantic found wrong, said for people and put where it stands in the file."""

import difflib
from collections.abc import Iterable
from typing import NamedTuple

from pydantic_core import ErrorDetails

from aggregator.config.document import Location, Places
from aggregator.errors import Fault
from aggregator.settings import Settings, SourceSettings, setting_paths
from aggregator.settings.values import quoted

_SOURCE = "https://example.org/feed.xml"
_MISSING = {
    "sources": f"`sources` is missing; write `sources:` and, one line each, `  - {_SOURCE}`",
    "url": f"`url` is missing: a source needs its feed's address; write `url: {_SOURCE}`",
}


class Trouble(NamedTuple):
    """A fault of the value at `location`, or of its key."""

    location: Location
    message: str
    of_key: bool = False


def troubles(errors: Iterable[ErrorDetails]) -> list[Trouble]:
    """What is wrong by pydantic's reckoning, in our words."""
    return [_trouble(error) for error in errors if not _follows(error)]


def _follows(error: ErrorDetails) -> bool:
    """Whether it only follows from others: pydantic calls a list too short whose items are all bad."""
    return error["type"] == "too_short" and bool(error["input"])


def located(trouble: Trouble, file: str, places: Places, variables: dict[Location, str]) -> Fault:
    """The fault with its place: the variable that gave the value, else where it stands in the file."""
    for end in range(len(trouble.location), 0, -1):
        if variable := variables.get(trouble.location[:end]):
            return Fault(file=variable, line=0, column=0, message=trouble.message)
    line, column = places.of(trouble.location, key=trouble.of_key)
    return Fault(file=file, line=line, column=column, message=trouble.message)


def setting(location: Location) -> str:
    """The name of the setting at `location`: `fetch.timeout`, `sources.tags`."""
    return ".".join(part for part in location if isinstance(part, str))


def _trouble(error: ErrorDetails) -> Trouble:
    location = error["loc"]
    if location[-1:] == ("[key]",):  # a header's name
        return Trouble(location[:-1], _sentence(error, location[:-2]), of_key=True)
    if error["type"] == "extra_forbidden":
        return Trouble(location, _unknown(location), of_key=True)
    if error["type"] == "missing":
        return Trouble(location[:-1], _MISSING[str(location[-1])])
    return Trouble(location, _sentence(error, location))


def _sentence(error: ErrorDetails, location: Location) -> str:
    name, given, limits = setting(location), error["input"], error.get("ctx", {})
    match error["type"]:
        case "value_error":
            message = str(limits["error"])
            return message if message.startswith("`") else f"`{name}` {message}"
        case "literal_error":
            return f"{quoted(given)} is no value of `{name}`; write {limits['expected']}"
        case "greater_than_equal":
            return f"{quoted(given)} is too little for `{name}`; write {limits['ge']} or more"
        case "less_than_equal":
            return f"{quoted(given)} is too much for `{name}`; write {limits['le']} or less"
        case "tuple_type":
            return f"`{name}` takes a list, such as [one, two], not {quoted(given)}"
        case "too_short" if name == "sources":
            return f"`sources` is an empty list; write at least one, such as [{_SOURCE}]"
        case "too_short":
            return f"`{name}` is an empty list; write at least one, or leave the line out"
        case "model_type" if location[:1] == ("sources",):
            return f"a source is its settings, each `key: value`, or its URL alone, not {quoted(given)}"
        case "model_type" | "dict_type":
            return f"`{name or 'the file'}` takes settings below it, each `key: value`, not {quoted(given)}"
    return f"`{name}`: {error['msg']}"


def _unknown(location: Location) -> str:
    key = str(location[-1])
    elsewhere = [".".join(path) for path, _ in setting_paths() if path[-1] == key]
    near = elsewhere[0] if elsewhere else difflib.get_close_matches(key, _known(location), n=1, cutoff=0)[0]
    return f"{quoted(setting(location))} is no setting; did you mean `{near}`?"


def _known(location: Location) -> list[str]:
    """The keys that may stand where the unknown one does."""
    if location[0] == "sources":
        return list(SourceSettings.model_fields)
    if len(location) == 1:
        return list(Settings.model_fields)
    return [path[1] for path, _ in setting_paths() if path[0] == location[0]]
