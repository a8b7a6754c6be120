"""Build the OpenAPI 3.1 document of a door, from its routes and the types that validate its bodies."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec import Struct

from crossdock import __version__
from crossdock.doors import Door, Media, Route

Schema = dict[str, Any]

_REFERENCE = "#/components/schemas/{name}"
_LICENSE = {"name": "Apache License 2.0", "identifier": "Apache-2.0"}
_SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "The token that the token call of this API returns."},
    "client": {"type": "http", "scheme": "basic", "description": "The id and the secret of an API client."},
}
# What a status means where a door answers it; other statuses have the phrase of HTTP.
_MEANINGS = {
    200: "Success",
    201: "Created",
    202: "Accepted",
    204: "Success, without a body",
    304: "Not changed since the ETag that was sent",
    400: "The request is invalid; each fault is named",
    401: "The token or the credentials are missing or invalid",
    403: "The caller lacks a permission",
    404: "There is no such resource",
    409: "The request contradicts what is stored",
    410: "No longer available",
    412: "Changed by another request since the version that was sent",
    413: "The body is too large",
    422: "The body is invalid; each fault is named",
    428: "The version of the order must be sent",
    429: "Too many requests",
    500: "A bug; the answer has a reference for the log",
    501: "Not offered",
    503: "Busy, or the database is unavailable; try again later",
}
# Keywords whose values are data, not schemas.
_DATA = frozenset({"example", "examples", "default", "const", "enum", "required"})


def document(door: Door, *, server: str = "/") -> dict[str, Any]:
    """Build a door's document: the first path of every route, with parameters, bodies, responses, examples and security.

    `server` is the base URL of the API, absolute or relative to the document.
    """
    types = list(
        dict.fromkeys(kind for route in door.routes for kind in _types([route.request, *route.answers.values()]))
    )
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    known = dict(zip(types, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in door.routes:
        paths.setdefault(route.paths[0], {})[route.method.lower()] = _adapt(_operation(route, known))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": door.title,
            "version": __version__,
            "description": f"The API of {door.title}, served by Crossdock.",
            "license": _LICENSE,
        },
        "servers": [{"url": server, "description": "The Crossdock server that this document belongs to"}],
        "tags": [{"name": name} for name in dict.fromkeys(map(tag_of, door.routes))],
        "paths": paths,
        "components": {
            "schemas": {name: _adapt(schema) for name, schema in components.items()},
            "securitySchemes": _SECURITY,
        },
    }


def tag_of(route: Route) -> str:
    """Return the tag of a route: the resource its path begins with, after the version.

    The resource of `/hub/v1/orders/{id}` is `orders`, that of `/oauth2/{server}/v1/token` is `token`.
    """
    segments = [each for each in route.paths[0].split("/") if each]
    versions = [place for place, each in enumerate(segments) if re.fullmatch(r"v\d+", each)]
    return next(each for each in segments[versions[-1] + 1 if versions else 0 :] if not each.startswith("{"))


def _types(parts: Any) -> Iterator[type]:
    for part in parts:
        if isinstance(part, Media):
            yield from _types(part.schemas.values())
        elif isinstance(part, dict):
            yield from _types(part.values())
        elif isinstance(part, list | tuple):
            yield from _types(part)
        elif isinstance(part, type) and issubclass(part, Struct):
            yield part


def _operation(route: Route, known: dict[type, Any]) -> dict[str, Any]:
    named = [part.split("}")[0] for part in route.paths[0].split("{")[1:]]
    declared = {parameter["name"] for parameter in route.parameters if parameter["in"] == "path"}
    described: dict[str, Any] = {
        "operationId": route.operation,
        "summary": route.summary,
        "description": route.description,
        "tags": [tag_of(route)],
        "parameters": [_path_parameter(name) for name in named if name not in declared] + list(route.parameters),
        "responses": {str(status): _response(route, status, known) for status in sorted(route.answers)},
        "security": _security(route),
    }
    if not route.description:
        del described["description"]
    if len(route.paths) > 1:
        described["x-aliases"] = list(route.paths[1:])
    if route.request is not None:
        content = {"schema": _schema(route.request, known)} | _examples(route, "request")
        described["requestBody"] = {"content": {route.request_media: content}} | (
            {"required": True} if route.request else {}
        )
    return described


def _security(route: Route) -> list[dict[str, list[str]]]:
    """Return what a call is authenticated by: a token with a scope, or a client; or nothing but its JSON body (a sign-in)."""
    if route.scope is not None:
        return [{"bearer": [route.scope] if route.scope else []}]
    return [] if route.request is not None and route.request_media == "application/json" else [{"client": []}, {}]


def _path_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _response(route: Route, status: int, known: dict[type, Any]) -> dict[str, Any]:
    kind = route.answers[status]
    described: dict[str, Any] = {"description": _MEANINGS.get(status) or HTTPStatus(status).phrase}
    if isinstance(kind, Media):
        described["content"] = {media: {"schema": _schema(each, known)} for media, each in kind.schemas.items()}
    elif kind is not None:
        media = "application/problem+json" if getattr(kind, "__name__", "") == "Problem" else "application/json"
        described["content"] = {media: {"schema": _schema(kind, known)}}
    if examples := _examples(route, status):
        next(iter(described.get("content", {"": {}}).values())).update(examples)
    return described


def _examples(route: Route, place: int | str) -> dict[str, Any]:
    """Return the example of the request (`place` is "request") or of a status, as a part of a media type."""
    for key in (place, str(place)):
        if key in route.examples:
            return {"examples": {"example": {"value": route.examples[key]}}}
    return {}


def _schema(kind: Any, known: dict[type, Any]) -> Any:
    if isinstance(kind, dict):
        return {name: _schema(part, known) for name, part in kind.items()}
    if isinstance(kind, list | tuple):
        return [_schema(part, known) for part in kind]
    return known[kind] if isinstance(kind, type) and kind in known else kind


def _adapt(schema: Any) -> Any:
    """Correct the schemas in a part of the document.

    - Decimals are numbers, as they are in our JSON, and without bounds; msgspec describes them as strings.
    - Arrays have `items`; client generators leave out operations with arrays of anything.
    """
    if isinstance(schema, list):
        return [_adapt(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "string" and schema.get("format") == "decimal":
        return {"type": "number"} | ({"description": schema["description"]} if "description" in schema else {})
    adapted = {name: _adapt_member(name, each) for name, each in schema.items()}
    if adapted.get("type") == "array" and "items" not in adapted:
        adapted["items"] = {}
    arms = adapted.get("anyOf")
    if isinstance(arms, list):
        if {"type": "number"} in arms:
            arms = [arm for arm in arms if arm != {"type": "integer"}]
        del adapted["anyOf"]
        return adapted | ({"anyOf": arms} if len(arms) > 1 else arms[0])
    return adapted


def _adapt_member(name: str, value: Any) -> Any:
    if name in _DATA:
        return value
    if name == "properties":  # its keys are names of fields, among them `default` and `example`
        return {field: _adapt(each) for field, each in value.items()}
    return _adapt(value)
