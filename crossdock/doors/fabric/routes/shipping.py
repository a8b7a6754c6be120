"""Shipping methods: create, read, change, delete and search them, and link them to items. A method is the organization's."""

from collections.abc import Callable
from typing import Any

import msgspec

from crossdock.core.catalog.shipping_methods import ShippingMethod
from crossdock.core.errors import Conflict, Fault, Invalid, NotFound
from crossdock.core.ids import hashed_key, index_key, to_hex24
from crossdock.core.json.request_body import validate
from crossdock.core.json.strict_json import parse
from crossdock.doors import Reply, Request, Route, encode_json, in_one_view, json_reply
from crossdock.doors.fabric import examples_lists, wire_calls, wire_lists
from crossdock.doors.fabric.documents import DocumentSearch, query_rule, range_faults, read_part
from crossdock.doors.fabric.edits import merge
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE, faulty, not_found
from crossdock.doors.fabric.mapping_shipping import body_of, method_response, to_method
from crossdock.doors.fabric.routes.common import CONTEXT, parameter, paths, read_body, read_document
from crossdock.flows import access, catalog, catalog_batches
from crossdock.flows import shipping_methods as flow
from crossdock.flows.catalog import Draft
from crossdock.flows.shipping_methods import StoredShippingMethod

Tree = Any
LINKS = "fabric/shipping_item"
_RANGES = (("weight",), ("cartValue",), ("dimension",))
_MAX_DIGITS = 15  # read of an offset or limit
_WHAT = "shipping method"


# ------------------------------------------------------------------------------------------------------------- documents
def _reply(stored: StoredShippingMethod) -> Reply:
    return json_reply(200, method_response(stored))


def _rule_faults(tree: Tree) -> list[Fault]:
    """Check what belongs together: days, ranges, and that the cut-off time is one."""
    if not isinstance(tree, dict):
        return []
    faults = range_faults(tree, _RANGES)
    least, most, cut_off = tree.get("minimumDays"), tree.get("maximumDays"), tree.get("cutOffTime")
    if isinstance(least, int) and isinstance(most, int) and most < least:
        faults.append(Fault(("maximumDays",), f"must be at least minimumDays, {least}"))
    if isinstance(cut_off, int) and cut_off % 100 > 59:
        faults.append(Fault(("cutOffTime",), "must be a time of day, such as 1330 for 13:30"))
    return faults


async def all_methods(request: Request) -> list[dict[str, Tree]]:
    """Return all shipping methods, newest first, also deleted ones."""
    return [method_response(each) for each in await flow.all_of(request.context, request.caller)]


async def _stored(request: Request) -> StoredShippingMethod:
    """Read the method in the path, also a deleted one."""
    found = await flow.find(request.context, request.caller, [request.params["id"]])
    if not found:
        raise not_found(_WHAT)
    return found[0]


async def _change(request: Request, make: Callable[[ShippingMethod], ShippingMethod]) -> Reply:
    """Change the method in the path to what `make` returns for it: 200 and the method."""

    def made(before: ShippingMethod | None) -> ShippingMethod:
        assert before is not None, "a missing method is refused"
        return make(before)

    try:
        return _reply(await flow.change(request.context, request.caller, request.params["id"], made))
    except NotFound:
        raise not_found(_WHAT) from None


# ----------------------------------------------------------------------------------------------------------------- calls
async def create_method(request: Request) -> Reply:
    """Create a shipping method: 200 and the method."""
    body, tree = read_document(request, wire_lists.ShippingMethod, _rule_faults)
    context = request.context
    method_id = body.shippingMethodId or to_hex24(context.id_generator.new(context.clock()))
    try:
        return _reply(await flow.add(context, request.caller, to_method(method_id, tree)))
    except Conflict:
        raise faulty(Fault(("shippingMethodId",), "is that of another shipping method")) from None


async def get_method(request: Request) -> Reply:
    """Read a shipping method, also a deleted one."""
    return _reply(await _stored(request))


async def change_method(request: Request) -> Reply:
    """Change the fields of a shipping method that are in the body: 200 and the method."""
    method_id = request.params["id"]
    part = read_part(request.body, wire_lists.ShippingMethodChange)

    def make(before: ShippingMethod) -> ShippingMethod:
        body = body_of(before)
        merged = merge(body, part) | {"shippingMethodId": before.code}
        known = _faults(body, [])
        if new := tuple(fault for fault in _faults(merged, _id_faults(part, method_id)) if fault not in known):
            raise faulty(*new)
        return to_method(before.code, merged, before)

    return await _change(request, make)


def _faults(body: dict[str, Tree], more: list[Fault]) -> tuple[Fault, ...]:
    """Find the faults of a method's body; one that another door has made may lack what the vendor requires."""
    try:
        validate(body, wire_lists.ShippingMethod, _rule_faults, lambda _: more)
    except Invalid as invalid:
        return invalid.faults
    return ()


def _id_faults(tree: Tree, method_id: str) -> list[Fault]:
    sent = tree.get("shippingMethodId") if isinstance(tree, dict) else None
    is_other = isinstance(sent, str) and sent not in ("", method_id)
    return [Fault(("shippingMethodId",), "must be that of the path")] if is_other else []


async def delete_method(request: Request) -> Reply:
    """Mark a shipping method as deleted: 200 and the method."""

    def make(before: ShippingMethod) -> ShippingMethod:
        if not before.active:
            raise not_found(_WHAT)
        return msgspec.structs.replace(before, active=False)

    return await _change(request, make)


@in_one_view
async def query_methods(request: Request) -> Reply:
    """Search shipping methods: 200 and a page; 404 where it is empty. Deleted ones only where a filter names `deleted`."""
    body = read_body(request, wire_lists.ShippingQuery, query_rule(wire_lists.StoredShippingMethod))
    search = DocumentSearch(body, sort_by="createdAt", ascending=True)
    methods = await all_methods(request)
    documents = reversed(methods) if search.ascending else methods
    with_deleted = "deleted" in search.filters
    page, count = search.page(each for each in documents if with_deleted or not each["deleted"])
    if not page:
        raise not_found(_WHAT)
    return json_reply(200, {"count": count, "limit": search.limit, "offset": search.offset, "shippingMethods": page})


# ----------------------------------------------------------------------------------------------------------------- items
def _links_of(method_id: str) -> str:
    """Return the text by which the links of one method are listed: a hash, because a list finds whatever contains it."""
    return hashed_key(LINKS, method_id).hex()


async def add_items(request: Request) -> Reply:
    """Link a shipping method to items: 200 and the links. Items that are linked already stay linked."""
    body = read_body(request, wire_lists.ShippingItems)
    method_id = await _live_id(request)
    items = list(dict.fromkeys(body.itemIds))
    links = [{"itemId": item, "shippingMethodId": method_id, "deleted": False} for item in items]
    drafts = {
        f"{_links_of(method_id)}/{index_key(item)}": Draft(encode_json(link), _links_of(method_id), index_key(item))
        for item, link in zip(items, links, strict=True)
    }
    await catalog_batches.add_missing(request.context, request.caller, kind=LINKS, drafts=drafts)
    return json_reply(200, links)


async def _live_id(request: Request) -> str:
    method = (await _stored(request)).method
    if not method.active:
        raise not_found(_WHAT)
    return method.code


@in_one_view
async def list_items(request: Request) -> Reply:
    """Read a page of the items that a shipping method is for, newest link first."""
    faults: list[Fault] = []
    limit = min(_whole_number(request, "limit", 10, 1, faults), wire_calls.MAX_PAGE)
    offset = _whole_number(request, "offset", 0, 0, faults)
    if faults:
        raise faulty(*faults)
    term = _links_of(await _live_id(request))
    entries, count = await catalog.page(
        request.context, request.caller, kind=LINKS, term=term, limit=limit, offset=offset
    )
    items = [parse(entry.document)["itemId"] for entry in entries]
    return json_reply(200, {"count": count, "limit": limit, "offset": offset, "itemIds": items})


def _whole_number(request: Request, name: str, default: int, least: int, faults: list[Fault]) -> int:
    text = request.query.get(name)
    if not text:
        return default
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else -1
    if number < least:
        faults.append(Fault((name,), f"must be a whole number from {least}, of at most {_MAX_DIGITS} digits"))
    return number


@in_one_view
async def list_methods_of_item(request: Request) -> Reply:
    """List the shipping methods of an item, oldest first, without deleted ones; 404 where it has none."""
    context, caller = request.context, request.caller
    item = request.params["itemId"]
    links = [
        parse(each.document)
        for each in await catalog.find(context, caller, kind=LINKS, keys=[index_key(item)], by="name")
    ]
    codes = [link["shippingMethodId"] for link in links if link["itemId"] == item]
    methods = await flow.find(context, caller, codes) if codes else []
    live = [each for each in sorted(methods, key=lambda each: each.position) if each.method.active]
    if not live:
        raise not_found(_WHAT)
    return json_reply(200, {"shippingMethods": [method_response(each) for each in live]})


# ---------------------------------------------------------------------------------------------------------------- routes
_ONE: dict[int, Any] = {200: wire_lists.StoredShippingMethod, **ERRORS, **ABSENT}
_ITEM = paths("/shipping/{id}")
_EXAMPLES: dict[int | str, Any] = {200: examples_lists.STORED_METHOD, 404: examples_lists.NO_METHOD}
_WHOLE = {"type": "integer"}
ROUTES = (
    Route(
        "POST", paths("/shipping/query"), query_methods, access.READ, "queryShippingMethods", "Search shipping methods",
        request=wire_lists.ShippingQuery, answers={200: wire_lists.ShippingMethodPage, **ERRORS, **LARGE, **ABSENT},
        parameters=(CONTEXT,),
        description=(
            "Searches shipping methods by any field; no match is a 404. Deleted methods are found only where a filter names "
            "`deleted`. Sorted by `createdAt`, ascending, where the body does not say otherwise."
        ),
        examples={"request": examples_lists.METHOD_QUERY, 200: examples_lists.METHOD_PAGE, 404: examples_lists.NO_METHOD},
    ),
    Route(
        "POST", paths("/shipping")[::-1], create_method, access.WRITE, "createShippingMethod", "Create a shipping method",
        request=wire_lists.ShippingMethod, answers={200: wire_lists.StoredShippingMethod, **ERRORS, **LARGE},
        parameters=(CONTEXT,),
        description="Stores a shipping method. An id that is in use, also by a deleted method, is a 400.",
        examples={"request": examples_lists.METHOD, 200: examples_lists.STORED_METHOD},
    ),
    Route(
        "GET", paths("/shipping/shippingMethods/{itemId}"), list_methods_of_item, access.READ, "getShippingMethodsOfItem",
        "List the shipping methods of an item", answers={200: wire_lists.ShippingMethods, **ERRORS, **ABSENT},
        parameters=(CONTEXT,), description="The oldest method comes first; deleted ones are left out. None is a 404.",
        examples={200: {"shippingMethods": [examples_lists.STORED_METHOD]}, 404: examples_lists.NO_METHOD},
    ),
    Route(
        "GET", _ITEM, get_method, access.READ, "getShippingMethod", "Read a shipping method", answers=_ONE,
        parameters=(CONTEXT,), description="Returns the method, also where it is deleted.", examples=_EXAMPLES,
    ),
    Route(
        "PATCH", _ITEM, change_method, access.WRITE, "updateShippingMethod", "Change a shipping method",
        request=wire_lists.ShippingMethodChange, answers={**_ONE, **LARGE}, parameters=(CONTEXT,),
        description="Merges the body into the method. `deleted` false brings a deleted method back.",
        examples={
            "request": examples_lists.METHOD_CHANGE, 200: examples_lists.CHANGED_METHOD, 404: examples_lists.NO_METHOD,
        },
    ),
    Route(
        "DELETE", _ITEM, delete_method, access.WRITE, "deleteShippingMethod", "Delete a shipping method", answers=_ONE,
        parameters=(CONTEXT,),
        description="Marks the method as deleted: it can be read, and is in no query and in no list of an item.",
        examples={200: examples_lists.DELETED_METHOD, 404: examples_lists.NO_METHOD},
    ),
    Route(
        "POST", paths("/shipping/{id}/item"), add_items, access.WRITE, "addShippingMethodItems",
        "Link a shipping method to items",
        request=wire_lists.ShippingItems,
        answers={200: {"type": "array", "items": wire_lists.ShippingItem}, **ERRORS, **LARGE, **ABSENT},
        parameters=(CONTEXT,),
        description="Links the method to items by their ids, which are not checked. An item that is linked already stays so.",
        examples={"request": {"itemIds": ["20000000"]}, 200: [examples_lists.LINK], 404: examples_lists.NO_METHOD},
    ),
    Route(
        "GET", paths("/shipping/{id}/items"), list_items, access.READ, "getShippingMethodItems",
        "List the items of a shipping method", answers={200: wire_lists.ShippingItemPage, **ERRORS, **ABSENT},
        parameters=(
            CONTEXT,
            parameter("limit", "query", "Items to return; 10 by default, at most 250.", schema=_WHOLE | {"minimum": 1}),
            parameter("offset", "query", "Items to skip; 0 by default.", schema=_WHOLE | {"minimum": 0}),
        ),
        description="Lists the ids of the items that the method was linked to, the newest link first.",
        examples={200: examples_lists.ITEM_PAGE, 404: examples_lists.NO_METHOD},
    ),
)  # fmt: skip
