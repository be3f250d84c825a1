"""The JSON Schema of `feeds.yaml`, for editors and other programs. Pure."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from aggregator.settings import Settings

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _WithoutTitles(GenerateJsonSchema):
    """Leaves out the title of each key, which would only repeat the key."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def schema() -> dict[str, Any]:
    """Return the schema, with every setting's default and meaning, as people write them."""
    generated = Settings.model_json_schema(schema_generator=_WithoutTitles, mode="serialization")
    return {"$schema": DIALECT, **generated, "title": "feeds.yaml", "description": "Configuration of aggregator."}
