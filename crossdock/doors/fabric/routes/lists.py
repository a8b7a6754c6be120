"""Lists of users, such as wish lists: create, read, change and delete them, and their items."""

from typing import Any

from crossdock.core.errors import Conflict, Fault, Invalid
from crossdock.core.ids import index_key, to_hex24
from crossdock.core.json.request_body import validate
from crossdock.core.json.strict_json import parse
from crossdock.core.json.validation import normalize
from crossdock.core.json.value_types import MAX_QUANTITY
from crossdock.core.time import format_time
from crossdock.doors import Reply, Request, Route, encode_json, json_reply
from crossdock.doors.fabric import examples_lists, wire_lists
from crossdock.doors.fabric.documents import in_order, read_part
from crossdock.doors.fabric.edits import merge
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE, faulty, not_found
from crossdock.doors.fabric.routes.common import CONTEXT, paths, read_document
from crossdock.flows import access, catalog
from crossdock.flows.catalog import CatalogEntry, Draft

Tree = Any
KIND = "fabric/list"
_ITEMS = "items"  # of the stored document; answers show them by a call of their own
_COMPUTED = ("count", "createdAt", "updatedAt")


# ------------------------------------------------------------------------------------------------------------- documents
def _rendered(entry: CatalogEntry) -> dict[str, Tree]:
    document = parse(entry.document)
    own = {
        "count": len(document.pop(_ITEMS)),
        "createdAt": format_time(entry.created_at),
        "updatedAt": format_time(entry.updated_at),
    }
    return in_order(wire_lists.StoredList, document | own)


def _draft(document: dict[str, Tree]) -> Draft:
    """Make the catalog entry of a list; its second key is its user."""
    user = document.get("userId")
    kept = {name: value for name, value in document.items() if value is not None and name not in _COMPUTED}
    return Draft(encode_json(kept), name=index_key(user) if user else None)


async def _entry(request: Request) -> CatalogEntry:
    found = await catalog.find(request.context, request.caller, kind=KIND, keys=[index_key(request.params["listId"])])
    if not found:
        raise not_found("list")
    return found[0]


# ----------------------------------------------------------------------------------------------------------------- calls
async def create_list(request: Request) -> Reply:
    """Create a list without items: 200 and the list."""
    body, tree = read_document(request, wire_lists.List)
    context = request.context
    list_id = body.listId or to_hex24(context.id_generator.new(context.clock()))
    draft = _draft(tree | {"listId": list_id, _ITEMS: []})
    try:
        added = await catalog.add(context, request.caller, kind=KIND, key=index_key(list_id), draft=draft)
    except Conflict:
        raise faulty(Fault(("listId",), "is that of another list")) from None
    return json_reply(200, _rendered(added))


async def get_list(request: Request) -> Reply:
    """Read a list."""
    return json_reply(200, _rendered(await _entry(request)))


async def change_list(request: Request) -> Reply:
    """Change the fields of a list that are in the body: 200 and the list. Its items stay."""
    list_id = request.params["listId"]
    part = read_part(request.body, wire_lists.ListChange)

    def make(before: CatalogEntry | None) -> Draft:
        assert before is not None
        stored = parse(before.document)
        items = stored.pop(_ITEMS)
        merged = merge(stored, {name: value for name, value in part.items() if name != _ITEMS})
        merged["listId"] = stored["listId"]
        validate(merged, wire_lists.List, lambda _: _id_faults(part, list_id, ()))
        return _draft(merged | {_ITEMS: items})

    key = (await _entry(request)).key
    return json_reply(
        200, _rendered(await catalog.change(request.context, request.caller, kind=KIND, key=key, make=make))
    )


def _id_faults(tree: Tree, list_id: str, path: tuple[str | int, ...]) -> list[Fault]:
    sent = tree.get("listId") if isinstance(tree, dict) else None
    is_other = isinstance(sent, str) and sent not in ("", list_id)
    return [Fault((*path, "listId"), "must be that of the path")] if is_other else []


async def delete_list(request: Request) -> Reply:
    """Delete a list with its items: 200 and the list as it was."""
    key = (await _entry(request)).key
    return json_reply(200, _rendered(await catalog.remove(request.context, request.caller, kind=KIND, key=key)))


async def lists_of_user(request: Request) -> Reply:
    """Read the lists of a user as an array, oldest first; 404 where there are none."""
    user = request.params["userId"]
    entries = await catalog.find(request.context, request.caller, kind=KIND, keys=[index_key(user)], by="name")
    lists = [_rendered(entry) for entry in sorted(entries, key=lambda each: each.position)]
    found = [each for each in lists if each["userId"] == user]
    if not found:
        raise not_found("list")
    return json_reply(200, found)


# ----------------------------------------------------------------------------------------------------------------- items
def _items(entry: CatalogEntry) -> list[dict[str, Tree]]:
    document = parse(entry.document)
    return [in_order(wire_lists.StoredListItem, {"listId": document["listId"]} | item) for item in document[_ITEMS]]


async def get_items(request: Request) -> Reply:
    """Read the items of a list as an array."""
    return json_reply(200, _items(await _entry(request)))


async def add_items(request: Request) -> Reply:
    """Add items to a list: 200 and all its items. An SKU that is on the list gets the quantity added."""
    sent = _read_items(request)
    key = (await _entry(request)).key

    def make(before: CatalogEntry | None) -> Draft:
        assert before is not None
        document = parse(before.document)
        items = _added(document[_ITEMS], sent)
        if len(items) > wire_lists.MAX_ITEMS:
            raise faulty(Fault((), f"a list has at most {wire_lists.MAX_ITEMS} items"))
        return _draft(document | {_ITEMS: items})

    changed = await catalog.change(request.context, request.caller, kind=KIND, key=key, make=make)
    return json_reply(200, _items(changed))


def _read_items(request: Request) -> list[dict[str, Tree]]:
    """Read the array of the body. Raises Invalid with all faults, at their places in the array."""
    list_id = request.params["listId"]
    tree = normalize({_ITEMS: parse(request.body)}, wire_lists.ListItems, numbers_as_text=True)

    def rule(tree: Tree) -> list[Fault]:
        rows = tree[_ITEMS] if isinstance(tree[_ITEMS], list) else []
        return [fault for place, row in enumerate(rows) for fault in _id_faults(row, list_id, (_ITEMS, place))]

    try:
        validate(tree, wire_lists.ListItems, rule)
    except Invalid as invalid:
        raise faulty(*(Fault(fault.path[1:], fault.reason) for fault in invalid.faults)) from None
    return [{name: value for name, value in row.items() if name != "listId"} for row in tree[_ITEMS]]


def _added(items: list[dict[str, Tree]], sent: list[dict[str, Tree]]) -> list[dict[str, Tree]]:
    """Add items to those of a list; a quantity of 0 or less removes the SKU, and so does a sum that is not above 0."""
    by_sku = {item["sku"]: item for item in items}
    for row in sent:
        quantity = 1 if row.get("quantity") is None else row["quantity"]
        before = by_sku.get(row["sku"], {})
        if quantity <= 0:
            by_sku.pop(row["sku"], None)
            continue
        filled = {name: value for name, value in row.items() if value is not None}
        total = min(before.get("quantity", 0) + quantity, MAX_QUANTITY)
        by_sku[row["sku"]] = before | filled | {"quantity": total}
    return list(by_sku.values())


# ---------------------------------------------------------------------------------------------------------------- routes
_ONE: dict[int, Any] = {200: wire_lists.StoredList, **ERRORS, **ABSENT}
_ITEM, _OF_LIST = paths("/list/{listId}"), paths("/list/{listId}/items")
_ITEM_ANSWERS: dict[int, Any] = {200: {"type": "array", "items": wire_lists.StoredListItem}, **ERRORS, **ABSENT}
_ITEM_SCHEMA = {
    "type": "array", "items": wire_lists.ListItem, "minItems": 1, "maxItems": wire_lists.MAX_ITEMS,
}  # fmt: skip
_EXAMPLES: dict[int | str, Any] = {200: examples_lists.STORED_LIST, 404: examples_lists.NO_LIST}
ROUTES = (
    Route(
        "POST", paths("/list")[::-1], create_list, access.WRITE, "createList", "Create a list",
        request=wire_lists.List, answers={200: wire_lists.StoredList, **ERRORS, **LARGE}, parameters=(CONTEXT,),
        description="Stores a list without items. A `listId` that is in use is a 400.",
        examples={"request": examples_lists.LIST, 200: examples_lists.NEW_LIST},
    ),
    Route(
        "GET", paths("/list/user/{userId}"), lists_of_user, access.READ, "getListsOfUser", "List the lists of a user",
        answers={200: {"type": "array", "items": wire_lists.StoredList}, **ERRORS, **ABSENT}, parameters=(CONTEXT,),
        description="The oldest list comes first; a user without lists is a 404, as a search without a match.",
        examples={200: [examples_lists.STORED_LIST], 404: examples_lists.NO_LIST},
    ),
    Route(
        "GET", _ITEM, get_list, access.READ, "getList", "Read a list", answers=_ONE, parameters=(CONTEXT,),
        description="Returns the list without its items; `count` is their number.", examples=_EXAMPLES,
    ),
    Route(
        "PATCH", _ITEM, change_list, access.WRITE, "updateList", "Change a list",
        request=wire_lists.ListChange, answers={**_ONE, **LARGE}, parameters=(CONTEXT,),
        description="Merges the body into the list. Its items and its `listId` stay.",
        examples={
            "request": examples_lists.LIST_CHANGE, 200: examples_lists.CHANGED_LIST, 404: examples_lists.NO_LIST,
        },
    ),
    Route(
        "DELETE", _ITEM, delete_list, access.WRITE, "deleteList", "Delete a list", answers=_ONE, parameters=(CONTEXT,),
        description="Removes the list with its items, and returns it as it was.", examples=_EXAMPLES,
    ),
    Route(
        "GET", _OF_LIST, get_items, access.READ, "getListItems", "List the items of a list", answers=_ITEM_ANSWERS,
        parameters=(CONTEXT,), description="Returns all items of the list, in the order in which they were added.",
        examples={200: [examples_lists.STORED_ITEM], 404: examples_lists.NO_LIST},
    ),
    Route(
        "POST", _OF_LIST, add_items, access.WRITE, "addListItems", "Add items to a list",
        request=_ITEM_SCHEMA, answers={**_ITEM_ANSWERS, **LARGE}, parameters=(CONTEXT,),
        description=(
            "Adds items, and returns all items of the list. The quantity of an SKU that is on the list is added to; 0 or less "
            f"removes it. A list has at most {wire_lists.MAX_ITEMS} items."
        ),
        examples={"request": [examples_lists.ITEM], 200: [examples_lists.STORED_ITEM], 404: examples_lists.NO_LIST},
    ),
)  # fmt: skip
