"""The text of a configuration with sources put in or taken out: every other character stays as it is. Pure.

Rule: text is spliced at the marks that YAML's parser gives, never written anew, so comments, order, quotes and
indentation are the user's. What goes in is laid out like what is there. The text is one that `document` could read.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import yaml

from aggregator.config.document import LOADER
from aggregator.settings import SourceSettings

KEYS = ("name", "url", "category", "categories", "language")  # what a new source may say, in this order

_RESOLVER: Any = yaml.resolver.Resolver()
_SURELY_TEXT = re.compile(r"[^\W_][^\[\]{},]*")  # no sign of YAML can stand in it but ": " and " #"
_BLANK_LINE = re.compile(r"\n[ \t]*\r?\n")
_LINE_END = re.compile(r"[ \t]*\r?\n")
_BLANK_LAST_LINE = re.compile(r"(?:\A|\n)([ \t]*\r?\n)\Z")
_EMPTY_LINE_START = re.compile(r"\n *\Z")
_BEFORE_ANOTHER = re.compile(r"\A +(?=[^\s#])")
_GAP = re.compile(r"(?:\s|#[^\n]*)*")  # blanks and comments


class _Layout(NamedTuple):
    """How the sources of a block list are written."""

    dash: int  # column of the dashes
    step: int  # from a dash to what follows it
    apart: bool  # with a blank line between them


_FIRST = _Layout(2, 2, False)


def with_sources(text: str, sources: Sequence[SourceSettings]) -> str:
    """`text` with these sources behind those that are there; a list of sources is begun where there is none."""
    newline = "\r\n" if "\r\n" in text else "\n"
    listed = _sources(text)
    if listed is None:
        return _ended(text, newline) + f"sources:{newline}" + _block(sources, _FIRST, newline)
    if not isinstance(listed, yaml.SequenceNode) or _is_empty(text, listed):
        return _begun(text, listed, sources, newline)
    if listed.flow_style:
        return _in_flow(text, listed, sources)
    at = _end_of_list(text, listed)
    layout = _layout(text, listed)
    before = newline if layout.apart else ""
    return _ended(text[:at], newline) + before + _block(sources, layout, newline) + text[at:]


def without_source(text: str, number: int) -> str:
    """`text` without the source at this place in the list, from 0; comments above it stay, those within it go."""
    listed = _sources(text)
    assert isinstance(listed, yaml.SequenceNode)
    return _without_flow(text, listed, number) if listed.flow_style else _without_block(text, listed, number)


def written(source: SourceSettings) -> dict[str, Any]:
    """What a new source says, by its keys, as `document` would read it: texts, and lists of texts."""
    said = {key: getattr(source, key) for key in KEYS}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in said.items() if value is not None}


def _sources(text: str) -> Any:
    """The node behind `sources`, None where the key is missing."""
    root: Any = yaml.compose(text, Loader=LOADER)
    pairs = root.value if isinstance(root, yaml.MappingNode) else ()
    return next((value for key, value in pairs if key.value == "sources"), None)


def _is_empty(text: str, listed: Any) -> bool:
    return not listed.value and not text[listed.start_mark.index + 1 : listed.end_mark.index - 1].strip()


def _begun(text: str, nothing: Any, sources: Sequence[SourceSettings], newline: str) -> str:
    """`text` with the first sources where nothing, or an empty list, stands behind the key."""
    key = text[: nothing.start_mark.index].rstrip(" ")
    emptied = key + text[nothing.end_mark.index :]
    at = _end_of_line(emptied, len(key))
    return _ended(emptied[:at], newline) + _block(sources, _FIRST, newline) + emptied[at:]


# ------------------------------------------------------------------------------------- lists of one source a line


def _layout(text: str, listed: Any) -> _Layout:
    dash = listed.start_mark.column
    last = listed.value[-1]
    between = text[_leaf_end(listed.value[-2]) : last.start_mark.index] if len(listed.value) > 1 else ""
    return _Layout(dash, max(last.start_mark.column - dash, 2), bool(_BLANK_LINE.search(between)))


def _block(sources: Sequence[SourceSettings], layout: _Layout, newline: str) -> str:
    margin = " " * layout.dash
    first, other = margin + "-".ljust(layout.step), margin + " " * layout.step
    blocks = (newline.join(_lines(source, first, other)) + newline for source in sources)
    return (newline if layout.apart else "").join(blocks)


def _lines(source: SourceSettings, first: str, other: str) -> list[str]:
    said = (f"{key}: {_value(value)}" for key, value in written(source).items())
    return [(other if number else first) + line for number, line in enumerate(said)]


def _end_of_list(text: str, listed: Any) -> int:
    """Where the next source's line begins: behind the last one, and behind comments indented like the list."""
    at = _end_of_line(text, _leaf_end(listed))
    dash = listed.start_mark.column
    behind = re.compile(rf"(?:[ \t]*\r?\n)*[ ]{{{dash},}}#[^\n]*(?:\n|\Z)")
    while dash and (comment := behind.match(text, at)):
        at = comment.end()
    return at


def _without_block(text: str, listed: Any, number: int) -> str:
    node = listed.value[number]
    head = text[: _dash_line(text, node.start_mark.index)]
    tail = text[_end_of_line(text, _leaf_end(node)) :]
    if blank := _BLANK_LAST_LINE.search(head):  # one blank line between its neighbours is enough, none at the end
        if not tail:
            head = head[: blank.start(1)]
        elif line_end := _LINE_END.match(tail):
            tail = tail[line_end.end() :]
    return head + tail


def _dash_line(text: str, at: int) -> int:
    """Where the line begins whose dash opens the source at `at`, mostly the same line."""
    start = text.rfind("\n", 0, at) + 1
    while not text[start:].lstrip(" ").startswith("-"):
        start = text.rfind("\n", 0, start - 1) + 1
    return start


# ------------------------------------------------------------------------------------- lists in brackets


def _in_flow(text: str, listed: Any, sources: Sequence[SourceSettings]) -> str:
    braced = ", ".join(map(_braced, sources))
    at = listed.value[-1].end_mark.index if listed.value else listed.start_mark.index + 1
    return f"{text[:at]}{', ' if listed.value else ''}{braced}{text[at:]}"


def _braced(source: SourceSettings) -> str:
    return f"{{{', '.join(f'{key}: {_value(value, in_flow=True)}' for key, value in written(source).items())}}}"


def _without_flow(text: str, listed: Any, number: int) -> str:
    """`text` without a source and one comma: the one behind it, else the one before."""
    node = listed.value[number]
    head, tail = text[: node.start_mark.index], text[node.end_mark.index :]
    if (comma := _comma(tail, 0)) is not None:
        tail = tail[:comma] + _BEFORE_ANOTHER.sub("", tail[comma + 1 :])
    elif number:
        before = _comma(text, listed.value[number - 1].end_mark.index)
        assert before is not None
        head = (head[:before] + head[before + 1 :]).rstrip(" ")
    if _EMPTY_LINE_START.search(head) and (line_end := _LINE_END.match(tail)):
        head, tail = head.rstrip(" "), tail[line_end.end() :]
    return head + tail


def _comma(text: str, at: int) -> int | None:
    """Where the comma stands that is next after `at`, None where the list ends first."""
    gap = _GAP.match(text, at)
    at = gap.end() if gap else at
    return at if text[at : at + 1] == "," else None


# ------------------------------------------------------------------------------------- values and places


def _value(value: str | Sequence[str], *, in_flow: bool = False) -> str:
    if isinstance(value, str):
        return _scalar(value, in_flow=in_flow)
    return f"[{', '.join(_scalar(one, in_flow=True) for one in value)}]"


def _scalar(text: str, *, in_flow: bool) -> str:
    """`text` without quotes where every reader of YAML takes it for this text, else in double quotes."""
    is_plain = (
        _SURELY_TEXT.fullmatch(text)
        and not (text.endswith(":") or ": " in text or " #" in text or (in_flow and {":", "?"} & set(text)))
        and _RESOLVER.resolve(yaml.ScalarNode, text, (True, False)) == "tag:yaml.org,2002:str"  # `no`, 12:30, 2025
    )
    return text if is_plain else json.dumps(text, ensure_ascii=False)


def _leaf_end(node: Any) -> int:
    """Where the last character of a node stands; the mark of a block list's end lies behind comments that follow."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.index)


def _end_of_line(text: str, at: int) -> int:
    if text[at - 1 : at] == "\n":  # a text of several lines ends with its last line
        return at
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _ended(text: str, newline: str) -> str:
    return text if not text or text.endswith("\n") else text + newline
