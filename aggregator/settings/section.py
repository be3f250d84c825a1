"""The base of all sections of settings. Pure."""

from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, model_validator

from aggregator.settings.values import is_null


class Section(BaseModel):
    """A mapping of settings without unknown keys; its dump has the keys of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)

    @model_validator(mode="before")
    @classmethod
    def _without_unset(cls, values: Any) -> Any:
        """Leave out known keys without a value, and with null if their default is None; null is None for other keys."""
        if not isinstance(values, dict):
            return values
        fields = {field.alias or name: field for name, field in cls.model_fields.items()}
        nulls = {key: fields[key] for key, value in values.items() if is_null(value) and key in fields}
        unset = {key for key, field in nulls.items() if not values[key] or field.default is None}
        nones = {key for key, field in nulls.items() if NoneType in get_args(field.annotation)}
        return {key: None if key in nones else value for key, value in values.items() if key not in unset}
