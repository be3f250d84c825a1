"""Rules: conditions on entries, and the actions on those that meet them. Pure.

A condition here is a field of `Conditions` and a line in `aggregator.rules.conditions`; an action is a field of `Rule`
and a line in `aggregator.rules.actions`.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from aggregator.settings.expressions import compiled, template_fault
from aggregator.settings.section import Section
from aggregator.settings.values import UNPRINTABLE, CategoryLabel, TextLine, boolean, duration, quoted, text

_NO_SUPPORT = "RE2 has no look-around and no backreferences"  # the two things that people miss
_LIMIT = re.compile(r"([<>])\s*([0-9]{1,9}(?:ms|s|m|h|d)?)")


def expression(value: Any) -> str:
    """Return an expression that RE2 accepts, blanks at its ends included."""
    if not isinstance(value, str):
        raise ValueError(f"takes a regular expression, not {quoted(value)}")
    if not value:
        raise ValueError("has no expression; write one, or leave the line out")
    try:
        compiled(str(value))
    except ValueError as error:
        reason = UNPRINTABLE.sub(" ", str(error)).strip()  # it repeats the expression
        message = f"is no expression in RE2's syntax: {reason}; put it right ({_NO_SUPPORT})"
        raise ValueError(f"{quoted(value)} {message}") from None
    return str(value)


def expressions(value: Any) -> Any:
    """Return a single expression as a list of one."""
    return [value] if isinstance(value, str) else value


def word_limit(value: Any) -> str:
    """Return a comparison with a number of words, such as `<100`."""
    match = _LIMIT.fullmatch(text(value))
    if not match or not match[2].isdecimal():
        raise ValueError(f'{quoted(value)} is no number of words to compare with; write "<100" or ">2000"')
    return f"{match[1]}{match[2]}"


def age_limit(value: Any) -> str:
    """Return a comparison with a duration, such as `>7d`."""
    match = _LIMIT.fullmatch(text(value))
    if not match or match[2].isdecimal():
        raise ValueError(f'{quoted(value)} is no age to compare with; write ">7d" or "<12h"')
    duration(match[2])
    return f"{match[1]}{match[2]}"


def limit_parts(limit: str) -> tuple[str, timedelta | int]:
    """Return the sign of a valid comparison, and the number or duration behind it."""
    sign, length = limit[0], limit[1:]
    return sign, int(length) if length.isdecimal() else duration(length)


def replacement_text(value: Any) -> str:
    """Return the text that takes a match's place; it may be empty."""
    if not isinstance(value, str):
        raise ValueError(f"takes text, not {quoted(value)}")
    if UNPRINTABLE.search(value):
        raise ValueError("holds a control character; write it as one line of printable text")
    return str(value)


def true(value: Any) -> bool:
    """Return True; an action that is not wanted is left out."""
    if not boolean(value):
        raise ValueError("takes true; leave the line out if it is not wanted")
    return True


_EXPRESSION: dict[str, Any] = {"type": "string", "minLength": 1}
_EXPRESSIONS = WithJsonSchema({"anyOf": [_EXPRESSION, {"type": "array", "items": _EXPRESSION, "minItems": 1}]})
_WORDS = WithJsonSchema({"type": "string", "pattern": r"^\s*[<>]\s*[0-9]{1,9}\s*$", "examples": ["<100", ">2000"]})
_AGE = WithJsonSchema(
    {"type": "string", "pattern": r"^\s*[<>]\s*[0-9]{1,9}(ms|s|m|h|d)\s*$", "examples": [">7d", "<12h"]}
)

ExpressionText = Annotated[str, BeforeValidator(expression), WithJsonSchema(_EXPRESSION)]
Expressions = Annotated[
    tuple[ExpressionText, ...], BeforeValidator(expressions), Field(min_length=1), _EXPRESSIONS
]  # one of which must match
WordLimit = Annotated[str, BeforeValidator(word_limit), _WORDS]
AgeLimit = Annotated[str, BeforeValidator(age_limit), _AGE]
ReplacementText = Annotated[str, BeforeValidator(replacement_text), WithJsonSchema({"type": "string"})]
OnlyTrue = Annotated[bool, BeforeValidator(true), WithJsonSchema({"const": True})]


class Conditions(Section):
    """Conditions on an entry, all of which must hold; expressions ignore case."""

    title: Expressions | None = Field(None, description="Title.")
    text: Expressions | None = Field(None, description="Plain text of the body, a line for each paragraph.")
    author: Expressions | None = Field(None, description="Name or mail address of an author.")
    category: Expressions | None = Field(None, description="A category of the entry, as its source gives it.")
    link: Expressions | None = Field(None, description="Link.")
    source: Expressions | None = Field(None, description="Name of the source.")
    language: Expressions | None = Field(None, description="Language, such as de.")
    enclosure: Expressions | None = Field(None, description="Media type of an enclosure, such as audio/mpeg.")
    words: WordLimit | None = Field(None, description="Number of words of the body.")
    age: AgeLimit | None = Field(None, description="Time from its publication until it was first seen.")

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if all(getattr(self, name) is None for name in CONDITIONS):
            raise ValueError("holds no condition; write one, such as {title: sponsored}, or leave it out")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(core_schema) | {"minProperties": 1}


class Replacement(Section):
    """Replacement of text in an entry; markup and links stay."""

    where: Literal["title", "text"] = Field(alias="in", description="Title, or text of the body.")
    find: ExpressionText = Field(description="Expression of what is replaced; case counts.")
    template: ReplacementText = Field(
        alias="with", description=r"Text in its place; \1 is what the first group of `find` matched."
    )

    @field_validator("template")
    @classmethod
    def _refers_to_groups(cls, template: str, info: ValidationInfo) -> str:
        find = info.data.get("find")
        if find and (fault := template_fault(template, compiled(find, ignore_case=False).groups)):
            raise ValueError(fault)
        return template


class Rule(Section):
    """A rule: its conditions, and what happens to entries that meet them."""

    if_: Conditions | None = Field(None, alias="if", description="Conditions, all of which must hold.")
    unless: Conditions | None = Field(None, description="Conditions, not all of which may hold.")
    drop: OnlyTrue = Field(False, description="true: do not publish the entry.")
    tags: tuple[TextLine, ...] = Field((), description="Tags for its article, besides those of the source.")
    categories: tuple[CategoryLabel, ...] = Field((), description="Categories of its article, instead of the source's.")
    replace: Replacement | None = Field(None, description="Replace text in its title or body.")
    keep: OnlyTrue = Field(False, description="true: look at no later rule.")

    @model_validator(mode="after")
    def _has_an_action(self) -> Self:
        if not any(getattr(self, action) for action in ACTIONS):
            raise ValueError(f"has a rule without an action; write one of {', '.join(ACTIONS)}")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core_schema)
        lists = {name: {**schema["properties"][name], "minItems": 1} for name in ("tags", "categories")}
        actions = [{"required": [action]} for action in ACTIONS]
        return {**schema, "properties": {**schema["properties"], **lists}, "anyOf": actions}


def labels_of(rules: Iterable[Rule]) -> Iterator[str]:
    """Yield the categories that rules give, as written."""
    for rule in rules:
        yield from rule.categories


CONDITIONS = tuple(Conditions.model_fields)
ACTIONS = tuple(name for name in Rule.model_fields if name not in ("if_", "unless"))
