"""The text of a configuration with sources added or removed: every other character stays as it is. Pure.

Text is inserted and cut at the marks that YAML's parser gives, never written anew, so that comments, order, quotes and
indentation stay the user's. New sources are laid out like those that are there. `parse_document` has read the text.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from aggregator.config.yaml_document import LOADER
from aggregator.settings import SourceSettings
from aggregator.settings.values import UnquotedText

_RESOLVER: Any = yaml.resolver.Resolver()
_SURELY_TEXT = re.compile(r"[^\W_][^\[\]{},]*")  # no sign of YAML can stand in it but ": " and " #"
_BLANK_LINE = re.compile(r"\n[ \t]*\r?\n")
_LINE_END = re.compile(r"[ \t]*\r?\n")
_BLANK_LAST_LINE = re.compile(r"(?:\A|\n)([ \t]*\r?\n)\Z")
_EMPTY_LINE_START = re.compile(r"\n *\Z")
_BLANKS_BEFORE_TEXT = re.compile(r"\A +(?=[^\s#])")
_BLANKS_AND_COMMENTS = re.compile(r"(?:\s|#[^\n]*)*")


class ListLayout(NamedTuple):
    """Layout of the sources of a block list."""

    dash_column: int
    step: int  # columns from a dash to the text behind it
    spaced: bool  # with a blank line between sources


_DEFAULT_LAYOUT = ListLayout(2, 2, False)


def source_content(source: SourceSettings) -> dict[str, Any]:
    """Return the settings of a new source as `parse_document` reads them when they are written."""
    return {name: _read_back(value) for name, value in source.model_dump(mode="json", exclude_defaults=True).items()}


def _read_back(value: Any) -> Any:
    return value if isinstance(value, str | list | dict) else UnquotedText(json.dumps(value))


def with_sources(text: str, sources: Sequence[SourceSettings]) -> str:
    """Return `text` with these sources behind the present ones; a list of sources is begun if there is none."""
    newline = "\r\n" if "\r\n" in text else "\n"
    node = _sources_node(text)
    if node is None:
        return _terminated(text, newline) + f"sources:{newline}" + _block(sources, _DEFAULT_LAYOUT, newline)
    if not isinstance(node, yaml.SequenceNode) or _is_empty(text, node):
        return _with_first_sources(text, node, sources, newline)
    if node.flow_style:
        return _with_flow_sources(text, node, sources)
    end, layout = _end_of_list(text, node), _layout(text, node)
    gap = newline if layout.spaced else ""
    return _terminated(text[:end], newline) + gap + _block(sources, layout, newline) + text[end:]


def without_source(text: str, number: int) -> str:
    """Return `text` without the source at this place in the list, from 0; comments above it stay."""
    node = _sources_node(text)
    assert isinstance(node, yaml.SequenceNode)
    return _without_flow_source(text, node, number) if node.flow_style else _without_block(text, node, number)


def with_names(text: str, names: Mapping[int, str]) -> str:
    """Return `text` with names of sources that have none, by their places in the list, from 0."""
    node = _sources_node(text)
    for number in sorted(names, reverse=True):  # from the end, so that the marks before stay right
        text = _with_name(text, node.value[number], names[number], in_flow=node.flow_style)
    return text


def _with_name(text: str, source: Any, name: str, *, in_flow: bool) -> str:
    start, is_url = source.start_mark.index, isinstance(source, yaml.ScalarNode)
    if is_url and in_flow:
        return text[:start] + _value({"name": name, "url": source.value}) + text[source.end_mark.index :]
    if not is_url and source.flow_style:
        return f"{text[: start + 1]}name: {_scalar(name, in_flow=True)}, {text[start + 1 :].lstrip(' ')}"
    newline = "\r\n" if "\r\n" in text else "\n"
    margin, key = newline + " " * source.start_mark.column, "url: " if is_url else ""
    return f"{text[:start]}name: {_scalar(name, in_flow=False)}{margin}{key}{text[start:]}"


def _sources_node(text: str) -> Any:
    """Return the node behind `sources`, None if the key is missing."""
    root: Any = yaml.compose(text, Loader=LOADER)
    pairs = root.value if isinstance(root, yaml.MappingNode) else ()
    return next((value for key, value in pairs if key.value == "sources"), None)


def _is_empty(text: str, node: Any) -> bool:
    return not node.value and not text[node.start_mark.index + 1 : node.end_mark.index - 1].strip()


def _with_first_sources(text: str, node: Any, sources: Sequence[SourceSettings], newline: str) -> str:
    """Return `text` with the first sources in place of nothing, or of an empty list, behind the key."""
    key = text[: node.start_mark.index].rstrip(" ")
    emptied = key + text[node.end_mark.index :]
    end = _end_of_line(emptied, len(key))
    return _terminated(emptied[:end], newline) + _block(sources, _DEFAULT_LAYOUT, newline) + emptied[end:]


# ------------------------------------------------------------------------------------- lists of one source a line


def _layout(text: str, node: Any) -> ListLayout:
    dash, last = node.start_mark.column, node.value[-1]
    between = text[_leaf_end(node.value[-2]) : last.start_mark.index] if len(node.value) > 1 else ""
    return ListLayout(dash, max(last.start_mark.column - dash, 2), bool(_BLANK_LINE.search(between)))


def _block(sources: Sequence[SourceSettings], layout: ListLayout, newline: str) -> str:
    margin = " " * layout.dash_column
    indents = margin + "-".ljust(layout.step), margin + " " * layout.step
    blocks = []
    for source in sources:
        lines = (f"{key}: {_value(value)}" for key, value in source_content(source).items())
        blocks.append("".join(indents[number > 0] + line + newline for number, line in enumerate(lines)))
    return (newline if layout.spaced else "").join(blocks)


def _end_of_list(text: str, node: Any) -> int:
    """Return the index of the next source's line: behind the last one, and behind comments indented like the list."""
    end = _end_of_line(text, _leaf_end(node))
    dash = node.start_mark.column
    comment = re.compile(rf"(?:[ \t]*\r?\n)*[ ]{{{dash},}}#[^\n]*(?:\n|\Z)")
    while dash and (match := comment.match(text, end)):
        end = match.end()
    return end


def _without_block(text: str, node: Any, number: int) -> str:
    source = node.value[number]
    start = text.rfind("\n", 0, source.start_mark.index) + 1
    while start and not text[start:].lstrip(" ").startswith("-"):  # the dash may stand in a line of its own
        start = text.rfind("\n", 0, start - 1) + 1
    head, tail = text[:start], text[_end_of_line(text, _leaf_end(source)) :]
    if blank := _BLANK_LAST_LINE.search(head):  # one blank line between its neighbours is enough, none at the end
        if not tail:
            head = head[: blank.start(1)]
        elif line_end := _LINE_END.match(tail):
            tail = tail[line_end.end() :]
    return head + tail


# ------------------------------------------------------------------------------------- lists in brackets


def _with_flow_sources(text: str, node: Any, sources: Sequence[SourceSettings]) -> str:
    written = ", ".join(_value(source_content(source)) for source in sources)
    end = node.value[-1].end_mark.index if node.value else node.start_mark.index + 1
    return f"{text[:end]}{', ' if node.value else ''}{written}{text[end:]}"


def _without_flow_source(text: str, node: Any, number: int) -> str:
    """Return `text` without a source and one comma: the one behind it, else the one before."""
    source = node.value[number]
    head, tail = text[: source.start_mark.index], text[source.end_mark.index :]
    if (comma := _next_comma(tail, 0)) is not None:
        tail = tail[:comma] + _BLANKS_BEFORE_TEXT.sub("", tail[comma + 1 :])
    elif number:
        before = _next_comma(text, node.value[number - 1].end_mark.index)
        assert before is not None
        head = (head[:before] + head[before + 1 :]).rstrip(" ")
    if _EMPTY_LINE_START.search(head) and (line_end := _LINE_END.match(tail)):
        head, tail = head.rstrip(" "), tail[line_end.end() :]
    return head + tail


def _next_comma(text: str, start: int) -> int | None:
    """Return the index of the comma that is next after `start`, None if the list ends first."""
    gap = _BLANKS_AND_COMMENTS.match(text, start)
    end = gap.end() if gap else start
    return end if text[end : end + 1] == "," else None


# ------------------------------------------------------------------------------------- values and positions


def _value(value: Any, *, in_flow: bool = False) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_value(item, in_flow=True) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_value(item, in_flow=True)}' for key, item in value.items())}}}"
    return value if isinstance(value, UnquotedText) else _scalar(value, in_flow=in_flow)


def _scalar(text: str, *, in_flow: bool) -> str:
    """Return `text` without quotes if every reader of YAML takes it for this text, else in double quotes."""
    is_plain = (
        _SURELY_TEXT.fullmatch(text)
        and not (text.endswith(":") or ": " in text or " #" in text or (in_flow and {":", "?"} & set(text)))
        and _RESOLVER.resolve(yaml.ScalarNode, text, (True, False)) == "tag:yaml.org,2002:str"  # `no`, 12:30, 2025
    )
    return text if is_plain else json.dumps(text, ensure_ascii=False)


def _leaf_end(node: Any) -> int:
    """Return the end of a node's last character; the mark of a block list's end lies behind comments that follow."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.index)


def _end_of_line(text: str, index: int) -> int:
    if text[index - 1 : index] == "\n":  # a text of several lines ends with its last line
        return index
    end = text.find("\n", index)
    return len(text) if end < 0 else end + 1


def _terminated(text: str, newline: str) -> str:
    return text if not text or text.endswith("\n") else text + newline
