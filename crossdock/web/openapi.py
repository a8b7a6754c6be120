"""Build the OpenAPI 3.1 document of a door, from its routes and the types that validate its bodies."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from crossdock import __version__
from crossdock.doors import Door, Media, Route

_REFERENCE = "#/components/schemas/{name}"


def document(door: Door) -> dict[str, Any]:
    """Build a door's document: every path and alias of every route, with parameters, bodies, responses and security."""
    types = [kind for route in door.routes for kind in _types([route.request, *route.answers.values()])]
    schemas, components = msgspec.json.schema_components(list(dict.fromkeys(types)), ref_template=_REFERENCE)
    known = dict(zip(dict.fromkeys(types), map(_numbers, schemas), strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in door.routes:
        for alias, path in enumerate(route.paths):
            paths.setdefault(path, {})[route.method.lower()] = _operation(door, route, known, path, alias)
    return {
        "openapi": "3.1.0",
        "info": {"title": door.title, "version": __version__},
        "paths": paths,
        "components": {
            "schemas": {name: _numbers(schema) for name, schema in components.items()},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "client": {"type": "http", "scheme": "basic"},
            },
        },
    }


def _types(parts: Any) -> Iterator[type]:
    for part in parts:
        if isinstance(part, dict):
            yield from _types(part.values())
        elif isinstance(part, list | tuple):
            yield from _types(part)
        elif isinstance(part, type) and issubclass(part, Struct):
            yield part


def _operation(door: Door, route: Route, known: dict[type, Any], path: str, alias: int) -> dict[str, Any]:
    named = [part.split("}")[0] for part in path.split("{")[1:]]
    parameters: list[Any] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in named
    ]
    described: dict[str, Any] = {
        "operationId": route.operation + (f"_{alias + 1}" if alias else ""),
        "summary": route.summary + (f" (alias of {route.paths[0]})" if alias else ""),
        "tags": [door.title],
        "parameters": parameters + list(route.parameters),
        "responses": {str(status): _response(status, kind, known) for status, kind in sorted(route.answers.items())},
        "security": [{"client": []}, {}] if route.scope is None else [{"bearer": [route.scope] if route.scope else []}],
    }
    if route.request is not None:
        body = {"content": {route.request_media: {"schema": _schema(route.request, known)}}}
        described["requestBody"] = body | ({"required": True} if route.request else {})
    return described


def _response(status: int, kind: Any, known: dict[type, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {"description": "Success" if status < 400 else "Refused"}
    if isinstance(kind, Media):
        described["content"] = {media: {"schema": _schema(each, known)} for media, each in kind.schemas.items()}
    elif kind is not None:
        media = "application/problem+json" if getattr(kind, "__name__", "") == "Problem" else "application/json"
        described["content"] = {media: {"schema": _schema(kind, known)}}
    return described


def _schema(kind: Any, known: dict[type, Any]) -> Any:
    if isinstance(kind, dict):
        return {name: _schema(part, known) for name, part in kind.items()}
    if isinstance(kind, list | tuple):
        return [_schema(part, known) for part in kind]
    return known[kind] if isinstance(kind, type) and kind in known else kind


def _numbers(schema: Any) -> Any:
    """Describe Decimals as numbers, as they are in our JSON and without bounds; the library describes them as strings."""
    if isinstance(schema, list):
        return [_numbers(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "string" and schema.get("format") == "decimal":
        return {"type": "number"}
    if isinstance(schema.get("anyOf"), list):
        arms = [_numbers(arm) for arm in schema["anyOf"]]
        if {"type": "number"} in arms:
            arms = [arm for arm in arms if arm != {"type": "integer"}]
        return schema | {"anyOf": arms} if len(arms) > 1 else arms[0]
    return {name: _numbers(each) for name, each in schema.items()}
