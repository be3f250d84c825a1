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
    def _with_nulls(cls, values: Any) -> Any:
        """Leave out known keys without a value; a null that is written is None where the setting can be, else text."""
        if not isinstance(values, dict):
            return values
        fields = {field.alias or name: field for name, field in cls.model_fields.items()}
        nulls = {key for key, value in values.items() if is_null(value) and key in fields}
        empty = {key for key in nulls if not values[key]}
        nones = {key for key in nulls if NoneType in get_args(fields[key].annotation)}
        return {key: None if key in nones else value for key, value in values.items() if key not in empty}
