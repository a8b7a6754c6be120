"""Calls for stock: the overview of the inventory, and the list of warehouses."""

from crossdock.core.stock.model import Level
from crossdock.doors import Reply, Request, encode_json, in_one_view
from crossdock.doors.s2.catalog import PRODUCT_BY_SKU
from crossdock.doors.s2.inventory import overview_response, warehouse_response
from crossdock.doors.s2.routes.common import list_reply, read_window
from crossdock.flows import locations, reference_data, stock_lists
from crossdock.flows.reference_data import CatalogEntry

_BATCH = 500  # products looked up at a time


@in_one_view
async def get_overview(request: Request) -> Reply:
    """Return all stock with its warehouses and products; the vendor has neither pages nor filters here."""
    context, caller = request.context, request.caller
    levels: list[Level] = []
    async for portion in stock_lists.portions(context, caller):
        levels += portion
    expected = await stock_lists.expected(context, caller)
    by_code = {each.location.code: each for each in await locations.all_of(context, caller)}
    skus = sorted({level.sku for level in levels} | {sku for sku, _ in expected})
    products: dict[str, CatalogEntry] = {}
    for start in range(0, len(skus), _BATCH):
        references = [(PRODUCT_BY_SKU, sku) for sku in skus[start : start + _BATCH]]
        found = await reference_data.look_up(context, caller, references)
        products |= {sku: entry for (_, sku), entry in found.entries.items()}
    return Reply(200, encode_json(overview_response(levels, expected, by_code, products, caller.organization)))


async def list_warehouses(request: Request) -> Reply:
    """List warehouses, newest first; `term` is a part of the code, name or city."""
    limit, offset, term = read_window(request)
    found, total = await locations.page(request.context, request.caller, limit=limit, offset=offset, term=term or None)
    return list_reply([warehouse_response(each, request.caller.organization) for each in found], total)
