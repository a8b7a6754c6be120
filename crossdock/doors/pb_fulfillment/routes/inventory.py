"""The inventory snapshot: the stock of each product at each facility, by inventory type."""

from typing import Any

from crossdock.core.catalog.products import KIND, decode_product
from crossdock.core.errors import Code, Fault, Invalid
from crossdock.core.ids import index_key
from crossdock.core.stock.model import Level
from crossdock.core.time import format_time
from crossdock.doors import Reply, Request, in_one_view, json_reply
from crossdock.doors.pb_fulfillment import search, wire_call_answers, wire_calls
from crossdock.doors.pb_fulfillment.document_search import MAX_EXAMINED
from crossdock.doors.pb_fulfillment.mapping import inventory_type_of, pool_of
from crossdock.doors.pb_fulfillment.responses import renderer_of
from crossdock.doors.pb_fulfillment.routes.search import read_paged
from crossdock.doors.pb_fulfillment.search import Search
from crossdock.flows import catalog, stock

_SORT = (("sku", True),)
_render = renderer_of(wire_call_answers.InventoryRow)
_FILTERS = {"sku": "sku", "skus": "sku", "nodes": "location", "inventoryType": "pool"}


@in_one_view
async def snapshot(request: Request) -> Reply:
    """Answer a page of the inventory, by sku, facility and inventory type."""
    sought, page, size = read_paged(
        request,
        lambda raw, clients: search.read(raw, clients, wire_calls.InventorySearch, statuses=(), default_sort=_SORT),
    )
    levels, total = await _levels(request, sought, offset=(page - 1) * size, limit=size)
    brands = await _brands(request, levels)
    rows = [_row(level, sought.client, brands.get(index_key(level.sku))) for level in levels]
    return json_reply(200, search.envelope(rows, total=total, page=page, size=size, rows="inventory"))


async def _levels(request: Request, sought: Search, *, offset: int, limit: int) -> tuple[list[Level], int]:
    """Find the levels of a page, and count all: from the index where each filter has one value, else one by one."""
    wanted = _wanted(sought)
    ascending = sought.sort[0][1]
    filters: dict[str, Any] = {name: next(iter(values)) for name, values in wanted.items() if len(values) == 1}
    if len(filters) < len(wanted) or "brands" in sought.fields:
        found = await _examined(request, sought, wanted, filters)
        found.sort(key=lambda level: level.key, reverse=not ascending)
        return found[offset : offset + limit], len(found)
    total = await stock.count(request.context, request.caller, **filters)
    if ascending:
        return await stock.page(request.context, request.caller, limit=limit, offset=offset, **filters), total
    first = max(0, total - offset - limit)
    rows = max(0, min(limit, total - offset))
    levels = await stock.page(request.context, request.caller, limit=rows, offset=first, **filters) if rows else []
    return levels[::-1], total


def _wanted(sought: Search) -> dict[str, set[str]]:
    """Return the values that the search leaves of SKU, location and pool."""
    wanted: dict[str, set[str]] = {}
    for name, values in sought.fields.items():
        if name in _FILTERS:
            given = {pool_of(value) for value in values} if name == "inventoryType" else set(values)
            own = _FILTERS[name]
            wanted[own] = wanted[own] & given if own in wanted else given
    return wanted


async def _examined(
    request: Request, sought: Search, wanted: dict[str, set[str]], filters: dict[str, Any]
) -> list[Level]:
    """Compare levels one by one. Refuses with Invalid where there are more than MAX_EXAMINED."""
    if len(wanted.get("sku", ())) > 1:
        found = await stock.levels_of(request.context, request.caller, sorted(wanted["sku"]))
    else:
        found = await stock.page(request.context, request.caller, limit=MAX_EXAMINED + 1, **filters)
    if len(found) > MAX_EXAMINED:
        reason = f"must not leave more than {MAX_EXAMINED} rows to be compared one by one; name the skus"
        raise Invalid(Code.INVALID, "the request has faults", faults=(Fault(("searchFields",), reason),))
    found = [
        level
        for level in found
        if all(
            value in wanted[name]
            for name, value in (("sku", level.sku), ("location", level.location), ("pool", level.pool))
            if name in wanted
        )
    ]
    if "brands" not in sought.fields:
        return found
    brands = await _brands(request, found)
    return [level for level in found if brands.get(index_key(level.sku)) in sought.fields["brands"]]


async def _brands(request: Request, levels: list[Level]) -> dict[str, str | None]:
    """Return the brands of the products of levels, by the form of their SKUs that is indexed."""
    names = sorted({index_key(level.sku) for level in levels})
    entries = await catalog.find(request.context, request.caller, kind=KIND, keys=names, by="name")
    return {entry.name: decode_product(entry.document).brand for entry in entries}


def _row(level: Level, client: str, brand: str | None) -> dict[str, object]:
    return _render(
        {
            "clientId": client,
            "sku": level.sku,
            "brand": brand,
            "node": level.location,
            "inventoryType": inventory_type_of(level.pool),
            "onHandQuantity": level.on_hand,
            "availableQuantity": level.available,
            "allocatedQuantity": level.allocated,
            "onHoldQuantity": level.reserved,
            "updateDate": format_time(level.updated_at, digits=0),
        }
    )
