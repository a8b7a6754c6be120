"""The catalog of what entries in orders' `attributes` mean. It describes; no order is checked against it."""

from typing import Any

import msgspec

from crossdock.core.errors import Code, Conflict, Fault
from crossdock.core.ids import json_equal, to_hex24
from crossdock.core.json.request_body import decode_body
from crossdock.core.json.strict_json import parse
from crossdock.doors import Reply, Request, Route, encode_json, replayed_header
from crossdock.doors.fabric import wire_calls
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE, not_found
from crossdock.doors.fabric.routes.common import CONTEXT, paths
from crossdock.flows import access, reference_data
from crossdock.flows.reference_data import CatalogEntry

Tree = Any
KIND = "fabric/order_attribute"
# Of a list the vendor does not page; a merchant has dozens.
MAX_ATTRIBUTES = 1_000


def _document(sent: wire_calls.AttributeDefinition, identity: str) -> dict[str, Tree]:
    stored = wire_calls.StoredAttribute(
        id=identity, code=sent.code, name=sent.name, description=sent.description, type=sent.type,
        required=bool(sent.required),
    )  # fmt: skip
    return msgspec.structs.asdict(stored)


async def add_attribute(request: Request) -> Reply:
    """Keep a definition: 200 and what was kept. The same one again is answered as it is; another under its code is refused."""
    sent = decode_body(request.body, wire_calls.AttributeDefinition)
    made = _document(sent, to_hex24(request.context.id_generator.new(request.context.clock())))
    try:
        await reference_data.add(
            request.context, request.caller, kind=KIND, key=sent.code, name=sent.name, document=encode_json(made)
        )
    except Conflict:
        return await _add_again(request, sent, made)
    return Reply(200, encode_json(made))


async def _add_again(request: Request, sent: wire_calls.AttributeDefinition, made: dict[str, Tree]) -> Reply:
    entry = await _look_up(request, sent.code)
    if entry is None:  # deleted meanwhile
        return await add_attribute(request)
    stored = parse(entry.document)
    if not json_equal(stored, made | {"id": stored["id"]}):
        raise Conflict(
            Code.EXISTS, "there is another definition under this code",
            faults=(Fault(("code",), "is taken by another definition"),),
        )  # fmt: skip
    return Reply(200, entry.document, headers=replayed_header(True))


async def _look_up(request: Request, code: str) -> CatalogEntry | None:
    wanted = (KIND, code)
    return (await reference_data.look_up(request.context, request.caller, [wanted])).entries.get(wanted)


async def list_attributes(request: Request) -> Reply:
    """Answer all definitions as an array, oldest first."""
    entries, _ = await reference_data.page(
        request.context, request.caller, kind=KIND, term=None, limit=MAX_ATTRIBUTES, offset=0
    )  # fmt: skip
    return Reply(200, encode_json([parse(entry.document) for entry in reversed(entries)]))


async def get_attribute(request: Request) -> Reply:
    """Answer one definition."""
    return Reply(200, _found(await _look_up(request, request.params["code"])).document)


def _found(entry: CatalogEntry | None) -> CatalogEntry:
    if entry is None:
        raise not_found("attribute")
    return entry


async def update_attribute(request: Request) -> Reply:
    """Replace a definition: 200 and what it is now. Its code stays."""
    code = request.params["code"]
    sent = decode_body(request.body, wire_calls.AttributeDefinition, lambda tree: _code_faults(tree, code))

    def changed(document: bytes) -> bytes:
        return encode_json(_document(sent, parse(document)["id"]))

    organization_id = request.caller.organization_id
    entry = await reference_data.change(request.context, organization_id, kind=KIND, key=code, changed=changed)
    return Reply(200, _found(entry).document)


def _code_faults(tree: Tree, code: str) -> list[Fault]:
    given = tree.get("code") if isinstance(tree, dict) else None
    return [Fault(("code",), "must be that of the path")] if isinstance(given, str) and given not in ("", code) else []


async def delete_attribute(request: Request) -> Reply:
    """Delete a definition: 200 and what it was."""
    organization_id, code = request.caller.organization_id, request.params["code"]
    entry = _found(await _look_up(request, code))
    if not await reference_data.remove(request.context, organization_id, kind=KIND, key=code):
        raise not_found("attribute")  # somebody else was quicker
    return Reply(200, entry.document)


_KEPT: dict[int, Any] = {200: wire_calls.StoredAttribute, **ERRORS, **LARGE}
_ONE: dict[int, Any] = {200: wire_calls.StoredAttribute, **ERRORS, **ABSENT}
_LIST: dict[int, Any] = {200: {"type": "array", "items": wire_calls.StoredAttribute}, **ERRORS}
_ALL, _EACH = paths("/order/attribute"), paths("/order/attribute/{code}")
ROUTES = (
    Route(
        "POST", _ALL, add_attribute, access.WRITE, "createOrderAttribute", "Define an attribute of orders",
        request=wire_calls.AttributeDefinition, answers=_KEPT, parameters=(CONTEXT,),
    ),
    Route(
        "GET", _ALL, list_attributes, access.READ, "listOrderAttributes", "List the attributes of orders",
        answers=_LIST, parameters=(CONTEXT,),
    ),
    Route(
        "GET", _EACH, get_attribute, access.READ, "getOrderAttribute", "Read an attribute of orders",
        answers=_ONE, parameters=(CONTEXT,),
    ),
    Route(
        "PUT", _EACH, update_attribute, access.WRITE, "updateOrderAttribute", "Replace an attribute of orders",
        request=wire_calls.AttributeDefinition, answers={**_ONE, **LARGE}, parameters=(CONTEXT,),
    ),
    Route(
        "DELETE", _EACH, delete_attribute, access.WRITE, "deleteOrderAttribute", "Delete an attribute of orders",
        answers=_ONE, parameters=(CONTEXT,),
    ),
)  # fmt: skip
