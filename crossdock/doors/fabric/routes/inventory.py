"""Stock records: list, create, replace, merge, adjust, read one, and search by distance."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from crossdock.core.errors import Fault
from crossdock.core.geography import KM_PER_MILE
from crossdock.core.json.request_body import DocumentRule
from crossdock.core.stock.model import LevelKey
from crossdock.doors import Reply, Request, Route, json_reply
from crossdock.doors.fabric import examples_stock as examples
from crossdock.doors.fabric import mapping_stock as mapping
from crossdock.doors.fabric import wire_stock as wire
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE, faulty, not_found
from crossdock.doors.fabric.mapping_stock import KIND, Planner, document_of, inventory, item_name
from crossdock.doors.fabric.responses import DOOR
from crossdock.doors.fabric.routes import networks
from crossdock.doors.fabric.routes.common import CONTEXT, parameter, paths, read_document
from crossdock.doors.fabric.routes.locations import distance_from, numbered
from crossdock.doors.fabric.routes.parameters import LIMIT, OFFSET, Query, comma_list, pagination
from crossdock.doors.fabric.routes.site_context import channel_of
from crossdock.doors.fabric.stock_networks import is_in
from crossdock.flows import access, stock_records
from crossdock.flows import locations as location_flow
from crossdock.flows.locations import StoredLocation
from crossdock.flows.stock_records import LevelFilter, RecordChange, StockRecord

Tree = Any
MAX_RADIUS = 20_000  # miles; no two places are further apart than 12,451


# --------------------------------------------------------------------------------------------------------------- changes
async def create_inventory(request: Request) -> Reply:
    """Create a record: 200 and the record. One that exists is refused."""
    return await _change(request, wire.InventoryBody, mapping.counter_faults, _only_new(mapping.replacement))


async def replace_inventory(request: Request) -> Reply:
    """Replace a record, or create it: 200 and the record."""
    return await _change(request, wire.InventoryBody, mapping.counter_faults, mapping.replacement)


async def change_inventory(request: Request) -> Reply:
    """Merge a body into a record: 200 and the record."""
    return await _change(request, wire.InventoryBody, mapping.counter_faults, _only_known(mapping.merge))


async def adjust_or_create(request: Request) -> Reply:
    """Add units to the counters of a record, which is created where there is none: 200 and the record."""
    return await _change(request, wire.Adjustment, mapping.delta_faults, mapping.adjustment)


async def adjust(request: Request) -> Reply:
    """Add units to the counters of a record: 200 and the record."""
    return await _change(request, wire.Adjustment, mapping.delta_faults, _only_known(mapping.adjustment))


def _only_new(plan: Planner) -> Planner:
    def planned(key: LevelKey, tree: dict[str, Tree], before: StockRecord | None) -> RecordChange:
        if before is not None:
            raise faulty(Fault((), "There is a record of this product, location and channel already"))
        return plan(key, tree, before)

    return planned


def _only_known(plan: Planner) -> Planner:
    def planned(key: LevelKey, tree: dict[str, Tree], before: StockRecord | None) -> RecordChange:
        if before is None:
            raise not_found("inventory")
        return plan(key, tree, before)

    return planned


async def _change(request: Request, wire_type: type[Any], rule: DocumentRule, plan: Planner) -> Reply:
    _, tree = read_document(request, wire_type, mapping.identity_faults, rule)
    key = (await Identities.read(request, [tree])).key_of(tree)
    record = await stock_records.change(
        request.context, request.caller, key, lambda before: plan(key, tree, before), kind=KIND, door=DOOR
    )
    return json_reply(200, inventory(record))


class Identities:
    """The locations and the items that bodies name, read at once."""

    def __init__(self, locations: frozenset[str], items: dict[str, list[LevelKey]]) -> None:
        self._locations, self._items = locations, items

    @classmethod
    async def read(cls, request: Request, trees: Sequence[dict[str, Tree]]) -> "Identities":
        """Read the locations and items of some bodies."""
        codes = sorted({str(tree["locationNum"]) for tree in trees})
        found = await location_flow.find(request.context, request.caller, codes)
        names = sorted({item_name(tree["itemId"]) for tree in trees if tree.get("itemId") is not None})
        items: dict[str, list[LevelKey]] = {}
        for record in await stock_records.named(request.context, request.caller, names, kind=KIND):
            items.setdefault(item_name(document_of(record).get("itemId")), []).append(record.level.key)
        return cls(frozenset(each.location.code for each in found), items)

    def key_of(self, tree: dict[str, Tree]) -> LevelKey:
        """Return the level that a body is about.

        An `itemId` alone means the record of this item at this location and channel, else the SKU that the item has elsewhere;
        one that no record has is the SKU too. Raises Invalid for an unknown location, and for an item of another SKU.
        """
        sku, item_id, faults = tree.get("sku"), tree.get("itemId"), []
        place = LevelKey("", str(tree["locationNum"]), str(tree["channelId"]))
        if place.location not in self._locations:
            faults.append(Fault(("locationNum",), "is not the number of a location"))
        known = [] if item_id is None else self._items.get(item_name(item_id), [])
        here = [each for each in known if (each.location, each.pool) == (place.location, place.pool)]
        if sku is None:
            sku = (here or known)[0].sku if known else str(item_id)
        elif here and all(each.sku != sku for each in here):
            faults.append(Fault(("itemId",), f"is that of the SKU {here[0].sku} at this location and channel"))
        if faults:
            raise faulty(*faults)
        return LevelKey(sku, place.location, place.pool)


# ----------------------------------------------------------------------------------------------------------------- reads
async def _of_items(request: Request, item_ids: Sequence[str]) -> set[LevelKey]:
    names = [item_name(each) for each in item_ids]
    return {record.level.key for record in await stock_records.named(request.context, request.caller, names, kind=KIND)}


async def list_inventory(request: Request) -> Reply:
    """List records by SKU, location and channel: 200 and a page, also where it is empty."""
    query = Query(request)
    skus, items, channels = (query.listed(name) for name in ("skus", "itemIds", "channels"))
    numbers, codes = query.numbers("locationNums"), query.listed("networkCodes")
    limit, offset = query.page()
    query.check()
    places = {each.location.code: each for each in await numbered(request)}
    at = tuple(code for code in places if numbers is None or code in numbers)
    filters = LevelFilter(at, skus, channels)
    if items is None and codes is None:
        records, total = await stock_records.page(
            request.context, request.caller, filters, kind=KIND, limit=limit, offset=offset
        )
        return _page(records, total, limit, offset)
    keys = None if items is None else await _of_items(request, items)
    if keys is not None:
        filters = LevelFilter(at, tuple({key.sku for key in keys if skus is None or key.sku in skus}), channels)
    matches = await _in_networks(request, codes, places)
    found = [
        record
        async for record in stock_records.each(request.context, request.caller, filters, kind=KIND)
        if (keys is None or record.level.key in keys) and matches(record)
    ]
    return _page(found[offset : offset + limit], len(found), limit, offset)


async def _in_networks(
    request: Request, codes: tuple[str, ...] | None, places: Mapping[str, StoredLocation]
) -> Callable[[StockRecord], bool]:
    """Return the condition that a record is in any of some networks; of all records where none are named."""
    if codes is None:
        return lambda _: True
    rules = [each["rules"] for each in await networks.NETWORKS.all(request) if each["code"] in codes]
    return lambda record: any(is_in(record, each, places.get(record.level.location)) for each in rules)


def _page(records: list[StockRecord], total: int, limit: int, offset: int) -> Reply:
    return json_reply(
        200, {"pagination": pagination(total, limit, offset), "inventory": [inventory(each) for each in records]}
    )


async def get_inventory(request: Request) -> Reply:
    """Read the record of an item at the lowest location number, in the channel of `x-site-context` if it names one."""
    channel = channel_of(request)
    records = await stock_records.named(
        request.context, request.caller, [item_name(request.params["itemId"])], kind=KIND
    )
    known = {each.location.code for each in await numbered(request)}
    levels = [(each.level, each) for each in records if each.level.location in known]
    shown = [(int(level.location), level.pool, each) for level, each in levels if channel in (None, level.pool)]
    if not shown:
        raise not_found("inventory")
    return json_reply(200, inventory(min(shown, key=lambda each: each[:2])[2]))


async def search_inventory(request: Request) -> Reply:
    """Search records with available units near a place: 200 with the records and their locations, the nearest first."""
    query = Query(request)
    skus = query.listed("skus", required=True) or ()
    for name in ("city", "state", "country", "postalCode"):
        query.text(name, required=True)
    origin = (query.decimal("lat", -90, 90), query.decimal("lng", -180, 180))
    radius, limit = query.decimal("radius", 0, MAX_RADIUS), query.whole("limit", 10, least=1, required=True)
    query.check()
    distances = {
        each.location.code: miles
        for each in await numbered(request)
        if each.location.active
        and (km := distance_from(origin, each.location)) is not None
        and (miles := km / KM_PER_MILE) <= radius
    }
    channel = channel_of(request)
    filters = LevelFilter(tuple(distances), skus, None if channel is None else (channel,))
    by_location: dict[str, list[StockRecord]] = {}
    async for record in stock_records.each(request.context, request.caller, filters, kind=KIND):
        if record.level.unlimited or mapping.available(record.level) > 0:
            by_location.setdefault(record.level.location, []).append(record)
    nearest = sorted(by_location, key=lambda code: (distances[code], int(code)))[:limit]
    found = [inventory(record) for code in nearest for record in by_location[code]]
    places = [{"locationNum": int(code), "distance": Decimal(str(round(distances[code], 3)))} for code in nearest]
    return json_reply(200, {"inventory": found, "locations": places})


# ---------------------------------------------------------------------------------------------------------------- routes
_LIST, _ADJUSTMENT = paths("/inventory"), paths("/inventory/adjustment")
_ANSWERS: dict[int, Any] = {200: wire.Inventory, **ERRORS, **LARGE}
_TEXT = {"required": True}
_NUMBER = {"required": True, "schema": {"type": "number"}}
_GEOGRAPHY = (
    CONTEXT,
    comma_list("skus", "SKUs", required=True, example="SKU-RED-M"),
    parameter("city", "query", "The city of the place; has no effect.", **_TEXT),
    parameter("state", "query", "The state of the place; has no effect.", **_TEXT),
    parameter("country", "query", "The country of the place; has no effect.", **_TEXT),
    parameter("postalCode", "query", "The postal code of the place; has no effect.", **_TEXT),
    parameter("lat", "query", "The latitude of the place.", **_NUMBER),
    parameter("lng", "query", "The longitude of the place.", **_NUMBER),
    parameter("radius", "query", f"Miles; at most {MAX_RADIUS}.", **_NUMBER),
    parameter("limit", "query", "Locations to show.", required=True, schema={"type": "integer"}),
)
ROUTES = (
    Route(
        "GET", _LIST, list_inventory, access.READ, "listInventory", "List stock records",
        answers={200: wire.InventoryPage, **ERRORS},
        parameters=(
            CONTEXT, comma_list("skus", "SKUs"), comma_list("itemIds", "Item ids"), comma_list("channels", "Channels"),
            comma_list("locationNums", "Numbers of locations"), comma_list("networkCodes", "Codes of networks"), LIMIT, OFFSET,
        ),
        description="Lists the stock records that all given filters leave, by SKU, location and channel.",
        examples={200: examples.INVENTORY_PAGE},
    ),
    Route(
        "POST", _LIST, create_inventory, access.WRITE, "createInventory", "Create a stock record",
        request=wire.InventoryBody, answers=_ANSWERS, parameters=(CONTEXT,),
        description="Creates the record of a product at a location, for a channel; one that exists already is a 400.",
        examples={"request": examples.INVENTORY, 200: examples.STORED_INVENTORY},
    ),
    Route(
        "PUT", _LIST, replace_inventory, access.WRITE, "replaceInventory", "Replace a stock record",
        request=wire.InventoryBody, answers=_ANSWERS, parameters=(CONTEXT,),
        description="Replaces a record, or creates it; members that the body leaves out become null or zero, also on hand.",
        examples={"request": examples.INVENTORY, 200: examples.STORED_INVENTORY},
    ),
    Route(
        "PATCH", _LIST, change_inventory, access.WRITE, "updateInventory", "Change a stock record",
        request=wire.InventoryBody, answers={**_ANSWERS, **ABSENT}, parameters=(CONTEXT,),
        description="Changes the members that the body has; counters and attributes are merged by name.",
        examples={"request": examples.INVENTORY_CHANGE, 200: examples.CHANGED_INVENTORY, 404: examples.NO_INVENTORY},
    ),
    Route(
        "PUT", _ADJUSTMENT, adjust_or_create, access.WRITE, "adjustOrCreateInventory", "Adjust a stock record, or create it",
        request=wire.Adjustment, answers=_ANSWERS, parameters=(CONTEXT,),
        description="Adds units to counters, or takes them away; a record that does not exist begins at 0.",
        examples={"request": examples.ADJUSTMENT, 200: examples.ADJUSTED_INVENTORY},
    ),
    Route(
        "PATCH", _ADJUSTMENT, adjust, access.WRITE, "adjustInventory", "Adjust a stock record",
        request=wire.Adjustment, answers={**_ANSWERS, **ABSENT}, parameters=(CONTEXT,),
        description="Adds units to the counters of a record that exists, or takes them away.",
        examples={"request": examples.ADJUSTMENT, 200: examples.ADJUSTED_INVENTORY, 404: examples.NO_INVENTORY},
    ),
    Route(
        "GET", paths("/inventory/geography"), search_inventory, access.READ, "searchInventoryByGeography",
        "Search stock near a place",
        answers={200: wire.NearInventory, **ERRORS}, parameters=_GEOGRAPHY,
        description=(
            "Finds the active locations within a radius of the coordinates that have units of any of the SKUs, the nearest "
            "first; in the channel of `x-site-context` if it names one. No match is an empty answer."
        ),
        examples={200: examples.NEAR_INVENTORY},
    ),
    Route(
        "GET", paths("/inventory/{itemId}"), get_inventory, access.READ, "getInventory", "Read the stock record of an item",
        answers={200: wire.Inventory, **ERRORS, **ABSENT}, parameters=(CONTEXT,),
        description="Of several records, that of the lowest location number in the channel of `x-site-context`.",
        examples={200: examples.STORED_INVENTORY, 404: examples.NO_INVENTORY},
    ),
)  # fmt: skip
