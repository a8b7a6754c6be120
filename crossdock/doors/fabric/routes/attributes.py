"""Definitions of orders' `attributes`: create, list, read, replace, delete. Orders are not validated against them."""

from typing import Any

import msgspec

from crossdock.core.errors import Code, Conflict, Fault
from crossdock.core.ids import json_equal, to_hex24
from crossdock.core.json.strict_json import parse
from crossdock.doors import Reply, Request, Route, encode_json, replayed_header
from crossdock.doors.fabric import examples, wire_calls
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE, not_found
from crossdock.doors.fabric.routes.common import CONTEXT, paths, read_body
from crossdock.flows import access, reference_data
from crossdock.flows.reference_data import CatalogEntry

Tree = Any
KIND = "fabric/order_attribute"
# The vendor does not page the list; a merchant has dozens.
MAX_ATTRIBUTES = 1_000


def _document(definition: wire_calls.AttributeDefinition, attribute_id: str) -> dict[str, Tree]:
    stored = wire_calls.StoredAttribute(
        id=attribute_id, code=definition.code, name=definition.name, description=definition.description, type=definition.type,
        required=bool(definition.required),
    )  # fmt: skip
    return msgspec.structs.asdict(stored)


async def add_attribute(request: Request) -> Reply:
    """Create a definition: 200 and the definition. An equal one is a replay; a different one with the same code is an error."""
    definition = read_body(request, wire_calls.AttributeDefinition)
    document = _document(definition, to_hex24(request.context.id_generator.new(request.context.clock())))
    try:
        await reference_data.add(
            request.context,
            request.caller,
            kind=KIND,
            key=definition.code,
            name=definition.name,
            document=encode_json(document),
        )
    except Conflict:
        return await _add_again(request, definition, document)
    return Reply(200, encode_json(document))


async def _add_again(request: Request, definition: wire_calls.AttributeDefinition, document: dict[str, Tree]) -> Reply:
    entry = await _look_up(request, definition.code)
    if entry is None:  # deleted meanwhile
        return await add_attribute(request)
    stored = parse(entry.document)
    if not json_equal(stored, document | {"id": stored["id"]}):
        raise Conflict(
            Code.EXISTS, "there is another definition with this code",
            faults=(Fault(("code",), "is taken by another definition"),),
        )  # fmt: skip
    return Reply(200, entry.document, headers=replayed_header(True))


async def _look_up(request: Request, code: str) -> CatalogEntry | None:
    key = (KIND, code)
    return (await reference_data.look_up(request.context, request.caller, [key])).entries.get(key)


async def list_attributes(request: Request) -> Reply:
    """List all definitions as an array, oldest first."""
    entries, _ = await reference_data.page(
        request.context, request.caller, kind=KIND, term=None, limit=MAX_ATTRIBUTES, offset=0
    )  # fmt: skip
    return Reply(200, encode_json([parse(entry.document) for entry in reversed(entries)]))


async def get_attribute(request: Request) -> Reply:
    """Read a definition."""
    return Reply(200, _require(await _look_up(request, request.params["code"])).document)


def _require(entry: CatalogEntry | None) -> CatalogEntry:
    if entry is None:
        raise not_found("attribute")
    return entry


async def update_attribute(request: Request) -> Reply:
    """Replace a definition: 200 and the new definition. Its code cannot change."""
    code = request.params["code"]
    definition = read_body(request, wire_calls.AttributeDefinition, lambda tree: _code_faults(tree, code))

    def changed(stored: bytes) -> bytes:
        return encode_json(_document(definition, parse(stored)["id"]))

    organization_id = request.caller.organization_id
    entry = await reference_data.change(request.context, organization_id, kind=KIND, key=code, changed=changed)
    return Reply(200, _require(entry).document)


def _code_faults(tree: Tree, code: str) -> list[Fault]:
    body_code = tree.get("code") if isinstance(tree, dict) else None
    return (
        [Fault(("code",), "must be that of the path")]
        if isinstance(body_code, str) and body_code not in ("", code)
        else []
    )


async def delete_attribute(request: Request) -> Reply:
    """Delete a definition: 200 and the deleted definition."""
    organization_id, code = request.caller.organization_id, request.params["code"]
    entry = _require(await _look_up(request, code))
    if not await reference_data.remove(request.context, organization_id, kind=KIND, key=code):
        raise not_found("attribute")  # deleted by a concurrent call
    return Reply(200, entry.document)


_CREATE_ANSWERS: dict[int, Any] = {200: wire_calls.StoredAttribute, **ERRORS, **LARGE}
_ANSWERS: dict[int, Any] = {200: wire_calls.StoredAttribute, **ERRORS, **ABSENT}
_LIST_ANSWERS: dict[int, Any] = {200: {"type": "array", "items": wire_calls.StoredAttribute}, **ERRORS}
_COLLECTION, _ITEM = paths("/order/attribute"), paths("/order/attribute/{code}")
ROUTES = (
    Route(
        "POST", _COLLECTION, add_attribute, access.WRITE, "createOrderAttribute", "Define an attribute of orders",
        request=wire_calls.AttributeDefinition, answers=_CREATE_ANSWERS, parameters=(CONTEXT,),
        description=(
            "Stores the definition of an entry in orders' `attributes`; no order is validated against it. The same definition "
            "again is answered as it is stored; a different one under its code is a 400."
        ),
        examples={"request": examples.ATTRIBUTE, 200: examples.STORED_ATTRIBUTE},
    ),
    Route(
        "GET", _COLLECTION, list_attributes, access.READ, "listOrderAttributes", "List the attributes of orders",
        answers=_LIST_ANSWERS, parameters=(CONTEXT,),
        description=f"The oldest definition comes first; the array ends after {MAX_ATTRIBUTES}.",
        examples={200: [examples.STORED_ATTRIBUTE]},
    ),
    Route(
        "GET", _ITEM, get_attribute, access.READ, "getOrderAttribute", "Read an attribute of orders",
        answers=_ANSWERS, parameters=(CONTEXT,), description="Returns the definition with this code.",
        examples={200: examples.STORED_ATTRIBUTE, 404: examples.NO_ATTRIBUTE},
    ),
    Route(
        "PUT", _ITEM, update_attribute, access.WRITE, "updateOrderAttribute", "Replace an attribute of orders",
        request=wire_calls.AttributeDefinition, answers={**_ANSWERS, **LARGE}, parameters=(CONTEXT,),
        description="Replaces the definition with this code. The code cannot change; the body's must be that of the path.",
        examples={"request": examples.ATTRIBUTE, 200: examples.STORED_ATTRIBUTE, 404: examples.NO_ATTRIBUTE},
    ),
    Route(
        "DELETE", _ITEM, delete_attribute, access.WRITE, "deleteOrderAttribute", "Delete an attribute of orders",
        answers=_ANSWERS, parameters=(CONTEXT,),
        description="Returns the deleted definition. Orders keep their attributes, and the code can be defined again.",
        examples={200: examples.STORED_ATTRIBUTE, 404: examples.NO_ATTRIBUTE},
    ),
)  # fmt: skip
