"""A YAML text as dicts, lists and text, and the places of their parts: nothing is guessed, nothing shared.

YAML's own types are left out on purpose (`no` is Norwegian, 12:30 a time, 1.0 a version): settings give the types.
Anchors, aliases and tags are faults: a file without them cannot grow while it is read, and `add` can splice into it.
PyYAML's events are read, not its nodes: the C code behind `compose` recurses without a bound, 200,000 brackets end the
process, and it takes three times as long. Places are looked for only where there is a fault to place.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import yaml

from aggregator.settings.values import Plain, quoted

MAX_DEPTH = 20  # four are ever needed: the file, its sources, one of them, its headers

LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # libyaml's is 15 times as fast, where it was built in

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # YAML 1.2, 5.1

Location = tuple[str | int, ...]  # keys and numbers of items, from 0


class Place(NamedTuple):
    """Line and column, from 1."""

    line: int
    column: int


class Problem(NamedTuple):
    """What is wrong at a place."""

    place: Place
    message: str


class NotReadableError(Exception):
    """The text is not the YAML that is read here; no value of it can be trusted."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__()


@dataclass(frozen=True, slots=True)
class Document:
    """What a text holds, and its keys that stand twice, of which the first counts."""

    value: Any  # None where it holds nothing; text without quotes is `Plain`
    repeated: tuple[Problem, ...]


def document(text: str) -> Document:
    """What `text` holds. Raises NotReadableError with every place that cannot be read, or the first bad syntax."""
    if bad := _UNPRINTABLE.search(text):
        place = Place(text.count("\n", 0, bad.start()) + 1, bad.start() - text.rfind("\n", 0, bad.start()))
        raise NotReadableError(Problem(place, f"a control character (U+{ord(bad[0]):04X}) stands here; take it out"))
    builder = _Builder(yaml.parse(text, Loader=LOADER))
    try:
        value = builder.root()
    except yaml.YAMLError as error:
        raise NotReadableError(_syntax_problem(error, text)) from None
    if builder.refused:
        raise NotReadableError(*builder.refused)
    return Document(value, tuple(builder.repeated))


class Places:
    """The places of the parts of a text that `document` could read, so that its depth is known to be bounded."""

    def __init__(self, text: str) -> None:
        self._root: Any = yaml.compose(text, Loader=LOADER)
        self._pairs: dict[int, dict[str, tuple[Any, Any]]] = {}  # by the id of their mapping, which lives as long

    def of(self, location: Location, *, key: bool = False) -> Place:
        """Where the value at `location` begins, or its key; of what stands nowhere, the innermost part that does."""
        value = name = self._root
        for part in location:
            if isinstance(value, yaml.MappingNode):
                name, value = self._pairs_of(value).get(str(part), (name, value))
            elif isinstance(value, yaml.SequenceNode) and isinstance(part, int):
                value = value.value[part]
        return _place((name if key else value).start_mark)

    def _pairs_of(self, mapping: Any) -> dict[str, tuple[Any, Any]]:
        """Its keys with their nodes, gone through once: 100,000 wrong keys took six minutes to be found one by one.

        Of a key that stands twice the first counts, as in `Document`.
        """
        if id(mapping) not in self._pairs:
            self._pairs[id(mapping)] = {pair[0].value: pair for pair in reversed(mapping.value)}
        return self._pairs[id(mapping)]


class _Builder:
    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self.refused: list[Problem] = []
        self.repeated: list[Problem] = []

    def root(self) -> Any:
        starts = (event for event in self._events if isinstance(event, yaml.DocumentStartEvent))
        if next(starts, None) is None:
            return None
        root = self._value(next(self._events), 1)
        if second := next(starts, None):
            self._refuse(second, "a second document begins here; keep one")
        return root

    def _value(self, event: Any, depth: int) -> Any:
        if event.anchor or event.tag:
            self._refuse(event, _refusal(event))
        if isinstance(event, yaml.ScalarEvent):
            return event.value if event.style else Plain(event.value)
        if depth > MAX_DEPTH:
            self._refuse(event, f"this is nested deeper than {MAX_DEPTH} levels; take a level out")
            raise NotReadableError(*self.refused)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return [self._value(item, depth + 1) for item in self._inside()]
        return None  # an alias

    def _mapping(self, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        marks: dict[str, Any] = {}
        for event in self._inside():
            key, value = self._value(event, depth + 1), self._value(next(self._events), depth + 1)
            if not isinstance(event, yaml.ScalarEvent):
                self._refuse(event, "a key is text, not a list or mapping; put it in quotes")
            elif key in values:
                message = f"{quoted(key)} stands here again, first in line {marks[key].line + 1}; keep one of them"
                self.repeated.append(Problem(_place(event.start_mark), message))
            else:
                values[str(key)], marks[str(key)] = value, event.start_mark
        return values

    def _inside(self) -> Iterator[Any]:
        """The events up to the end of the list or mapping, less those that were taken meanwhile."""
        while not isinstance(event := next(self._events), yaml.CollectionEndEvent):
            yield event

    def _refuse(self, event: Any, message: str) -> None:
        self.refused.append(Problem(_place(event.start_mark), message))


def _refusal(event: Any) -> str:
    if isinstance(event, yaml.AliasEvent):
        return f"aliases are not read; write the value of `*{event.anchor}` here"
    if event.anchor:
        return f"anchors are not read; take out `&{event.anchor}`"
    return "tags are not read; write the value without its `!`"


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1)


def _syntax_problem(error: yaml.YAMLError, text: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return Problem(Place(1, 1), f"this is no YAML: {error}")
    character = (text.split("\n")[mark.line : mark.line + 1] or [""])[0][mark.column : mark.column + 1]
    return Problem(_place(mark), _syntax_message(error, character))


def _syntax_message(error: Any, character: str) -> str:
    problem = str(error.problem)
    begun = f", begun in line {error.context_mark.line + 1}" if error.context_mark else ""
    if "cannot start any token" in problem:
        if character == "\t":
            return "a tab stands here; YAML is indented with blanks"
        return f"a value cannot begin with {quoted(character)}; put it in quotes"
    if "mapping values are not allowed" in problem:
        return "a `:` stands where none can; put the text before it in quotes, or check the indentation"
    if "quoted scalar" in str(error.context) and "end of stream" in problem:
        return f"a quotation mark is missing at the end of this text{begun}"
    return f"this is no YAML: {problem}{begun}; check indentation, brackets and quotes"
