"""JSON Schemas as readers see them: the fields of an object with type, limits and description, nested, without references."""

from typing import Any

from msgspec import Struct

Schema = dict[str, Any]

# Deeper fields are not shown; the deepest of the doors has 6 levels.
_MAX_DEPTH = 10
_LIMITS = (
    ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"),
    ("minimum", "at least {}"),
    ("exclusiveMinimum", "more than {}"),
    ("maximum", "at most {}"),
    ("exclusiveMaximum", "less than {}"),
    ("minItems", "at least {} elements"),
    ("maxItems", "at most {} elements"),
    ("pattern", "pattern {}"),
    ("default", "default {}"),
)


def _code(value: Any) -> str:
    """Show a value as code; an empty text in words, because a code span cannot be empty."""
    return "empty" if value == "" else f"`{value}`"


class Field(Struct, frozen=True):
    """One field of an object. `groups` are the fields inside it: one group for each kind of object that it may be."""

    name: str
    kind: str
    is_required: bool
    description: str
    limits: str
    groups: "list[Group]"


class Group(Struct, frozen=True):
    """The fields of one kind of object; `title` is the name of its schema."""

    title: str
    fields: list[Field]


class SchemaViewer:
    """Views of the schemas of one OpenAPI document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._schemas: dict[str, Schema] = document["components"]["schemas"]

    def groups(self, schema: Schema, above: tuple[str, ...] = ()) -> list[Group]:
        """Return the fields of each object inside a schema: of an array's elements, of alternatives, of a map's values.

        `above` are the names of the schemas around it; inside itself, a schema is not shown again.
        """
        schema, name = self._resolve(schema)
        if len(above) > _MAX_DEPTH or name in above:
            return []
        above = (*above, name) if name else above
        if arms := schema.get("anyOf") or schema.get("oneOf"):
            return [group for arm in arms for group in self.groups(arm, above)]
        if isinstance(schema.get("items"), dict):
            return self.groups(schema["items"], above)
        if "properties" in schema:
            required = schema.get("required", ())
            fields = [
                self._field(field, inner, field in required, above) for field, inner in schema["properties"].items()
            ]
            return [Group(name or schema.get("title", ""), fields)]
        values = schema.get("additionalProperties")
        return self.groups(values, above) if isinstance(values, dict) else []

    def _field(self, name: str, schema: Schema, is_required: bool, above: tuple[str, ...]) -> Field:
        description = schema.get("description") or self._resolve(schema)[0].get("description", "")
        return Field(name, self.kind(schema), is_required, description, self.limits(schema), self.groups(schema, above))

    def kind(self, schema: Schema) -> str:
        """Describe the type of a schema in a few words."""
        schema, name = self._resolve(schema)
        if arms := schema.get("anyOf") or schema.get("oneOf"):
            return " or ".join(dict.fromkeys(self.kind(arm) for arm in arms))
        kind = schema.get("type", "")
        if kind == "array":
            inner = self.kind(schema.get("items") or {})
            return "array" if inner == "any value" else f"array of {inner}"
        if isinstance(kind, list):
            return " or ".join(kind)
        if "const" in schema:
            return f'"{schema["const"]}"'
        if kind == "object":
            values = schema.get("additionalProperties")
            if isinstance(values, dict) and values and "properties" not in schema:
                return name or f"map of {self.kind(values)}"
            return name or "object"
        if schema.get("format"):
            return f"{kind} ({schema['format']})"
        return str(kind or ("string" if "enum" in schema else "any value"))

    def limits(self, schema: Schema) -> str:
        """Describe the allowed values of a schema in a few words."""
        schema, _ = self._resolve(schema)
        arms = schema.get("anyOf") or schema.get("oneOf") or [schema]
        found = []
        for each in arms:
            arm, _ = self._resolve(each)
            if "enum" in arm:
                values = [_code(value) for value in arm["enum"] if value is not None]
                found.append("one of " + ", ".join(values))
            found += [text.format(_code(arm[key])) for key, text in _LIMITS if key in arm]
        return "; ".join(dict.fromkeys(found))

    def _resolve(self, schema: Schema) -> tuple[Schema, str]:
        """Return a schema that is no reference, and its name if it had one."""
        name = ""
        while "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[-1]
            schema = self._schemas[name]
        return schema, name
