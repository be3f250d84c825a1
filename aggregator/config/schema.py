"""The JSON Schema of `feeds.yaml`, for editors and other programs."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from aggregator.settings import Settings

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Untitled(GenerateJsonSchema):
    """Without a title at each key, which would only spell the key again."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def schema() -> dict[str, Any]:
    """The schema, with every setting's default and meaning. Environment variables follow it: `setting_paths`."""
    made = Settings.model_json_schema(schema_generator=_Untitled, mode="serialization")  # defaults as people write them
    return {"$schema": DIALECT, **made, "title": "feeds.yaml", "description": "Configuration of aggregator."}
