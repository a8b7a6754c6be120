"""Schemas as the documentation shows them."""

from typing import Any

import pytest

from crossdock.web.schema_view import SchemaViewer

SCHEMAS: dict[str, Any] = {
    "Order": {
        "type": "object",
        "required": ["number"],
        "properties": {
            "number": {"type": "string", "maxLength": 30, "description": "The number."},
            "lines": {"type": "array", "items": {"$ref": "#/components/schemas/Line"}},
            "parent": {"anyOf": [{"$ref": "#/components/schemas/Order"}, {"type": "null"}]},
        },
    },
    "Line": {"type": "object", "properties": {"sku": {"type": "string"}}},
}
VIEWER = SchemaViewer({"components": {"schemas": SCHEMAS}})
ORDER = {"$ref": "#/components/schemas/Order"}


class TestGroups:
    def test_an_object_has_its_fields_with_those_inside(self) -> None:
        (group,) = VIEWER.groups(ORDER)
        number, lines, _ = group.fields
        assert group.title == "Order"
        assert (number.name, number.kind, number.is_required, number.description) == (
            "number",
            "string",
            True,
            "The number.",
        )
        assert number.limits == "at most `30` characters"
        assert (lines.kind, lines.is_required) == ("array of Line", False)
        assert [field.name for field in lines.groups[0].fields] == ["sku"]

    def test_a_schema_inside_itself_is_not_shown_again(self) -> None:
        parent = VIEWER.groups(ORDER)[0].fields[2]
        assert (parent.kind, parent.groups) == ("Order or null", [])

    def test_alternatives_are_a_group_each(self) -> None:
        groups = VIEWER.groups({"oneOf": [ORDER, {"$ref": "#/components/schemas/Line"}]})
        assert [group.title for group in groups] == ["Order", "Line"]

    def test_the_values_of_a_map_are_shown(self) -> None:
        (group,) = VIEWER.groups({"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Line"}})
        assert group.title == "Line"


@pytest.mark.parametrize(
    ("schema", "kind", "limits"),
    [
        ({}, "any value", ""),
        ({"type": "array", "items": {}}, "array", ""),
        ({"type": ["string", "null"]}, "string or null", ""),
        ({"enum": ["a", "", None]}, "string", "one of `a`, empty"),
        ({"type": "string", "format": "date-time"}, "string (date-time)", ""),
        (
            {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
            "integer",
            "at least `1`; at most `200`; default `50`",
        ),
        ({"type": "string", "default": ""}, "string", "default empty"),
        ({"anyOf": [{"type": "number", "minimum": 0}, {"type": "null"}]}, "number or null", "at least `0`"),
        ({"type": "object"}, "object", ""),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "map of integer", ""),
        ({"const": "paid"}, '"paid"', ""),
    ],
)
def test_a_schema_is_described_in_a_few_words(schema: dict[str, Any], kind: str, limits: str) -> None:
    assert (VIEWER.kind(schema), VIEWER.limits(schema)) == (kind, limits)
