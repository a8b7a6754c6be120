"""Definitions of locations' `attributes`: create, list, read, replace, delete. Locations are validated against them."""

from typing import Any

import msgspec

from crossdock.doors import Reply, Request, Route, json_reply
from crossdock.doors.fabric import examples_stock as examples
from crossdock.doors.fabric import wire_calls
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE
from crossdock.doors.fabric.routes.common import CONTEXT, paths, read_body
from crossdock.doors.fabric.routes.definitions import Definitions, code_faults
from crossdock.flows import access

Tree = Any
ATTRIBUTES = Definitions("fabric/location_attribute", "location attribute")


def _fields(body: wire_calls.AttributeDefinition) -> dict[str, Tree]:
    return msgspec.structs.asdict(body) | {"required": bool(body.required)}


async def add_attribute(request: Request) -> Reply:
    """Create a definition: 200 and the definition; 409 where its code is taken."""
    body = read_body(request, wire_calls.AttributeDefinition)
    return json_reply(200, await ATTRIBUTES.add(request, _fields(body)))


async def list_attributes(request: Request) -> Reply:
    """List all definitions as an array, oldest first."""
    return json_reply(200, await ATTRIBUTES.all(request))


async def get_attribute(request: Request) -> Reply:
    """Read a definition."""
    return json_reply(200, await ATTRIBUTES.get(request, request.params["code"]))


async def update_attribute(request: Request) -> Reply:
    """Replace a definition: 200 and the new definition. Its code cannot change."""
    code = request.params["code"]
    body = read_body(request, wire_calls.AttributeDefinition, lambda tree: code_faults(tree, code))
    return json_reply(200, await ATTRIBUTES.change(request, code, lambda stored: stored | _fields(body)))


async def delete_attribute(request: Request) -> Reply:
    """Delete a definition: 200 and the deleted definition."""
    return json_reply(200, await ATTRIBUTES.remove(request, request.params["code"]))


_LIST, _ITEM = paths("/location/attribute"), paths("/location/attribute/{code}")
_ANSWERS: dict[int, Any] = {200: wire_calls.StoredAttribute, **ERRORS, **ABSENT}
_CREATE_ANSWERS: dict[int, Any] = {200: wire_calls.StoredAttribute, **ERRORS, 409: wire_calls.ErrorResponse, **LARGE}
ROUTES = (
    Route(
        "POST", _LIST, add_attribute, access.WRITE, "createLocationAttribute", "Define an attribute of locations",
        request=wire_calls.AttributeDefinition, answers=_CREATE_ANSWERS, parameters=(CONTEXT,),
        description="Locations must have a required attribute when they are created, and each attribute its type.",
        examples={
            "request": examples.LOCATION_ATTRIBUTE, 200: examples.STORED_LOCATION_ATTRIBUTE,
            409: examples.LOCATION_ATTRIBUTE_EXISTS,
        },
    ),
    Route(
        "GET", _LIST, list_attributes, access.READ, "listLocationAttributes", "List the attributes of locations",
        answers={200: {"type": "array", "items": wire_calls.StoredAttribute}, **ERRORS}, parameters=(CONTEXT,),
        description="Returns all definitions, oldest first.",
        examples={200: [examples.STORED_LOCATION_ATTRIBUTE]},
    ),
    Route(
        "GET", _ITEM, get_attribute, access.READ, "getLocationAttribute", "Read an attribute of locations",
        answers=_ANSWERS, parameters=(CONTEXT,), description="Returns the definition with this code.",
        examples={200: examples.STORED_LOCATION_ATTRIBUTE, 404: examples.NO_LOCATION_ATTRIBUTE},
    ),
    Route(
        "PUT", _ITEM, update_attribute, access.WRITE, "updateLocationAttribute", "Replace an attribute of locations",
        request=wire_calls.AttributeDefinition, answers={**_ANSWERS, **LARGE}, parameters=(CONTEXT,),
        description="Replaces the definition with this code; locations that exist are not checked again.",
        examples={
            "request": examples.LOCATION_ATTRIBUTE, 200: examples.STORED_LOCATION_ATTRIBUTE,
            404: examples.NO_LOCATION_ATTRIBUTE,
        },
    ),
    Route(
        "DELETE", _ITEM, delete_attribute, access.WRITE, "deleteLocationAttribute", "Delete an attribute of locations",
        answers=_ANSWERS, parameters=(CONTEXT,),
        description="Returns the deleted definition. Locations keep their attributes.",
        examples={200: examples.STORED_LOCATION_ATTRIBUTE, 404: examples.NO_LOCATION_ATTRIBUTE},
    ),
)  # fmt: skip
