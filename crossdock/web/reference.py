"""The API reference: the operations of a door as the pages show them, from its OpenAPI document, and a curl command of each."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

from msgspec import Struct

from crossdock.doors import Door
from crossdock.web.schema_view import Group, SchemaViewer

Tree = Any

PATH = "/docs"
FORM = "application/x-www-form-urlencoded"
# Headers that must have a new value in every request; the page makes one.
_UNIQUE = frozenset({"X-PB-TransactionId"})


class Parameter(Struct, frozen=True):
    """A parameter of an operation. `value` is an example, empty if there is none; `options` are all allowed values."""

    name: str
    place: str
    is_required: bool
    kind: str
    limits: str
    description: str
    value: str
    options: list[str]
    is_unique: bool


class Body(Struct, frozen=True):
    """A request or response body: its media type, its fields, and an example as text."""

    media: str
    kind: str
    groups: list[Group]
    example: str


class Response(Struct, frozen=True):
    """A response. `same_as` is an earlier status with the same fields, empty if there is none."""

    status: str
    meaning: str
    bodies: list[Body]
    same_as: str


class Operation(Struct, frozen=True):
    """One operation of a door. It takes a token with `scope` (any if empty), a client's id and secret, or nothing."""

    id: str
    method: str
    path: str
    aliases: list[str]
    tag: str
    summary: str
    description: str
    scope: str
    takes_token: bool
    takes_client: bool
    parameters: list[Parameter]
    request: Body | None
    responses: list[Response]
    url: str


def operations(door: Door, document: dict[str, Any]) -> list[Operation]:
    """Return the operations of a door's document, in its order."""
    viewer = SchemaViewer(document)
    return [
        _operation(door, viewer, method.upper(), path, described)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    ]


def _operation(door: Door, viewer: SchemaViewer, method: str, path: str, described: dict[str, Any]) -> Operation:
    request, security = described.get("requestBody"), described["security"]
    return Operation(
        id=described["operationId"],
        method=method,
        path=path,
        aliases=described.get("x-aliases", []),
        tag=described["tags"][0],
        summary=described["summary"],
        description=described.get("description", ""),
        scope=next((scope for each in security for scope in each.get("bearer", ())), ""),
        takes_token=any("bearer" in each for each in security),
        takes_client=any("client" in each for each in security),
        parameters=[_parameter(viewer, each) for each in described["parameters"]],
        request=next(_bodies(viewer, request["content"])) if request else None,
        responses=list(_responses(viewer, described["responses"])),
        url=f"{PATH}/{door.name}/{described['operationId']}",
    )


def _parameter(viewer: SchemaViewer, described: dict[str, Any]) -> Parameter:
    schema = described.get("schema", {})
    return Parameter(
        name=described["name"],
        place=described["in"],
        is_required=described.get("required", False),
        kind=viewer.kind(schema),
        limits=viewer.limits(schema),
        description=described.get("description", ""),
        value=str(described.get("example", "")),
        options=[str(each) for each in schema.get("enum", ())],
        is_unique=described["name"] in _UNIQUE,
    )


def _bodies(viewer: SchemaViewer, content: dict[str, Any]) -> Iterator[Body]:
    for media, described in content.items():
        schema = described["schema"]
        examples = described.get("examples", {})
        example = _text(next(iter(examples.values()))["value"], media) if examples else ""
        yield Body(media, viewer.kind(schema), viewer.groups(schema), example)


def _responses(viewer: SchemaViewer, described: dict[str, Any]) -> Iterator[Response]:
    known: dict[str, str] = {}
    for status, each in described.items():
        bodies = list(_bodies(viewer, each.get("content", {})))
        schemas = repr([content["schema"] for content in each.get("content", {}).values()])
        same_as = known.get(schemas, "") if bodies else ""
        known.setdefault(schemas, status)
        yield Response(status, each["description"], bodies, same_as)


def _text(example: Tree, media: str) -> str:
    if isinstance(example, str):
        return example
    return urlencode(example) if media == FORM else json.dumps(example, indent=2, ensure_ascii=False)


# ------------------------------------------------------------------------------------------------------------------- curl
def curl(operation: Operation, base: str, client: str) -> str:
    """Write a shell command that makes the call with its examples; the token is in TOKEN, `client` is an id and a secret."""
    body = operation.request.example if operation.request else ""
    usual = "POST" if body else "GET"
    options = [] if operation.method == usual else [f"-X {operation.method}"]
    if operation.takes_token:
        options.append('-H "Authorization: Bearer $TOKEN"')
    elif operation.takes_client:
        options.append(f"-u {client}")
    options += [f"-H {_quoted(f'{name}: {value}')}" for name, value in _given(operation, "header")]
    if operation.request:
        options.append(f"-H {_quoted(f'Content-Type: {operation.request.media}')}")
    if body:
        options.append(f"-d {_quoted(body)}")
    return " \\\n  ".join([f"curl -s {_quoted(base + _target(operation))}", *options])


def _target(operation: Operation) -> str:
    """Return the path and query of an example call."""
    path = operation.path
    for name, value in _given(operation, "path"):
        path = path.replace(f"{{{name}}}", value)
    query = "&".join(f"{name}={quote(value)}" for name, value in _given(operation, "query"))
    return path + (f"?{query}" if query else "")


def _given(operation: Operation, place: str) -> Iterator[tuple[str, str]]:
    """Yield the parameters of an example call with their values; a name in capitals stands for one without an example."""
    for each in operation.parameters:
        if each.place == place and (each.value or each.is_required):
            yield each.name, each.value or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", each.name).upper()


def _quoted(text: str) -> str:
    """Quote a text for a shell."""
    return "'" + text.replace("'", "'\\''") + "'"
