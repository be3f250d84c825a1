"""Actions of Media RSS. Pure."""

from aggregator.parse.fast.parser_state import Attributes, ParserState
from aggregator.parse.raw import in_media_group


def end_media_title(state: ParserState, text: str) -> None:
    """Store the title that counts if there is no other: the last of the least deep."""
    state.keep_media_text("media_title", text)
    state.values["media_title_detail"] = {"type": state.text_type, "base": state.text_base}
    if state.depth <= state.media_title_depth or "media_title" not in state.values:
        state.media_title_depth = state.depth
        state.values["media_title"] = text


def end_media_credit(state: ParserState, text: str) -> None:
    """Store the first credit of the file, the group or the entry that has begun."""
    state.keep_media_text("media_credit", text)


def begin_media_content(state: ParserState, attributes: Attributes) -> None:
    """Store a file of the entry, whose title and description may follow inside."""
    in_media_group(attributes, state.media_group)
    state.values.setdefault("media_content", []).append(attributes)
    state.media = attributes


def begin_media_group(state: ParserState, _attributes: Attributes) -> None:
    """Begin a group of files that are the same but for their form."""
    state.media_groups += 1
    state.media_group = state.media_groups


def end_media_group(state: ParserState, _text: str) -> None:
    """End a group of files."""
    state.media_group = 0


def end_media_content(state: ParserState, _text: str) -> None:
    """End a file of the entry."""
    state.media = None
