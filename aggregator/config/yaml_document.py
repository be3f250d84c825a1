"""YAML text as dicts, lists and text, and the positions of its parts. Nothing is guessed, nothing shared. Pure.

YAML's own types are left out on purpose (`no` is Norwegian, 12:30 a time, 1.0 a version): settings give the types.
Anchors, aliases and tags are faults: a file without them cannot grow while it is read, and `add` can insert into it.
PyYAML's events are read, not its nodes: the C code behind `compose` recurses without a bound, so that 200,000 brackets
end the process, and takes three times as long. Positions are computed only for faults.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import yaml

from aggregator.errors import Fault
from aggregator.settings.values import UnquotedText, quoted, without_space

MAX_DEPTH = 20  # four are needed: the file, its sources, one of them, its headers

LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # libyaml's is 15 times as fast, if it was built in

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # YAML 1.2, 5.1

Location = tuple[str | int, ...]  # keys and numbers of items, from 0


class Position(NamedTuple):
    """Line and column, from 1."""

    line: int
    column: int


class NotReadableError(Exception):
    """The text is not YAML of the kind that is read here; no value of it can be trusted."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__()


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """The content of a text, and a fault for each key that is repeated; its first value counts."""

    value: Any  # None if there is none; text without quotes is `UnquotedText`
    repeated_keys: tuple[Fault, ...] = ()


def parse_document(text: str, file: str) -> YamlDocument:
    """Return the content of `text`, that of `file`.

    Raises NotReadableError with a fault for each part that is not allowed, or for the first syntax error.
    """
    if bad := _UNPRINTABLE.search(text):
        position = Position(text.count("\n", 0, bad.start()) + 1, bad.start() - text.rfind("\n", 0, bad.start()))
        message = f"a control character (U+{ord(bad[0]):04X}) stands here; take it out"
        raise NotReadableError(fault_at(file, position, message))
    builder = _Builder(yaml.parse(text, Loader=LOADER), file)
    try:
        value = builder.root()
    except yaml.YAMLError as error:
        raise NotReadableError(_syntax_fault(error, text, file)) from None
    if builder.refused:
        raise NotReadableError(*builder.refused)
    return YamlDocument(value, tuple(builder.repeated_keys))


def fault_at(file: str, position: Position, message: str) -> Fault:
    """Return a fault at a position of a file."""
    return Fault(file=file, line=position.line, column=position.column, message=message)


class Positions:
    """The positions of the parts of a text that `parse_document` could read, so that its depth is bounded."""

    def __init__(self, text: str) -> None:
        self._root: Any = yaml.compose(text, Loader=LOADER)
        self._pairs: dict[int, dict[str, tuple[Any, Any]]] = {}  # by the id of their mapping, which lives as long

    def of(self, location: Location, *, key: bool = False) -> Position:
        """Return where the value at `location`, or its key, begins; of a missing part, where its parent does."""
        value = name = self._root
        for part in location:
            if isinstance(value, yaml.MappingNode):
                name, value = self._pairs_of(value).get(str(part), (name, value))
            elif isinstance(value, yaml.SequenceNode) and isinstance(part, int):
                value = value.value[part]
        return _position((name if key else value).start_mark)

    def _pairs_of(self, mapping: Any) -> dict[str, tuple[Any, Any]]:
        """Return the nodes of a mapping by key; of a repeated key the first, as in `YamlDocument`.

        They are collected once: a search for each of 100,000 wrong keys took six minutes.
        """
        if id(mapping) not in self._pairs:
            self._pairs[id(mapping)] = {pair[0].value: pair for pair in reversed(mapping.value)}
        return self._pairs[id(mapping)]


class _Builder:
    def __init__(self, events: Iterator[Any], file: str) -> None:
        self._events, self._file = events, file
        self.refused: list[Fault] = []
        self.repeated_keys: list[Fault] = []

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
            return event.value if event.style else UnquotedText(event.value)
        if depth > MAX_DEPTH:
            self._refuse(event, f"this is nested deeper than {MAX_DEPTH} levels; take a level out")
            raise NotReadableError(*self.refused)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return [self._value(item, depth + 1) for item in self._items()]
        return None  # an alias

    def _mapping(self, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        marks: dict[str, Any] = {}
        for event in self._items():
            key, value = self._value(event, depth + 1), self._value(next(self._events), depth + 1)
            if not isinstance(event, yaml.ScalarEvent):
                self._refuse(event, "a key is text, not a list or mapping; put it in quotes")
            elif key in values:
                message = f"{quoted(key)} stands here again, first in line {marks[key].line + 1}; keep one of them"
                self.repeated_keys.append(fault_at(self._file, _position(event.start_mark), message))
            else:
                values[str(key)], marks[str(key)] = value, event.start_mark
        return values

    def _items(self) -> Iterator[Any]:
        """Yield the events up to the end of the list or mapping, without those that are consumed meanwhile."""
        while not isinstance(event := next(self._events), yaml.CollectionEndEvent):
            yield event

    def _refuse(self, event: Any, message: str) -> None:
        self.refused.append(fault_at(self._file, _position(event.start_mark), message))


def _refusal(event: Any) -> str:
    if isinstance(event, yaml.AliasEvent):
        return f"aliases are not read; write the value of `*{event.anchor}` here"
    if event.anchor:
        return f"anchors are not read; take out `&{event.anchor}`"
    return "tags are not read; write the value without its `!`"


def _position(mark: Any) -> Position:
    return Position(mark.line + 1, mark.column + 1)


def _syntax_fault(error: Any, text: str, file: str) -> Fault:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return fault_at(file, Position(1, 1), f"this is no YAML: {error}")
    character = (text.split("\n")[mark.line : mark.line + 1] or [""])[0][mark.column : mark.column + 1]
    problem = str(error.problem)
    begun = f", begun in line {error.context_mark.line + 1}" if error.context_mark else ""
    if fault := _missing_space(text, mark.line, file):
        return fault
    if "cannot start any token" in problem and character == "\t":
        message = "a tab stands here; YAML is indented with blanks"
    elif "cannot start any token" in problem:
        message = f"a value cannot begin with {quoted(character)}; put it in quotes"
    elif "mapping values are not allowed" in problem:
        message = "a `:` stands where none can; put the text before it in quotes, or check the indentation"
    elif "quoted scalar" in str(error.context) and "end of stream" in problem:
        message = f"a quotation mark is missing at the end of this text{begun}"
    else:
        message = f"this is no YAML: {problem}{begun}; check indentation, brackets and quotes"
    return fault_at(file, _position(mark), message)


def _missing_space(text: str, number: int, file: str) -> Fault | None:
    """Return the fault of a line `name:a` that is line `number`, from 0, or the one before; None if neither is."""
    lines = text.split("\n")[: number + 1]
    for line_number in range(len(lines) - 1, max(-1, len(lines) - 3), -1):
        line = lines[line_number]
        content = line.lstrip(" -")
        if message := without_space(content.rstrip()):
            position = Position(line_number + 1, len(line) - len(content) + content.index(":") + 1)
            return fault_at(file, position, message)
    return None
