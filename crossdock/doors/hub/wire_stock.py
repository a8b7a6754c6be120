"""Shapes of the hub's stock: levels, commands, the ledger, availability; no logic."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from crossdock.core.catalog.codes import MAX_CODE
from crossdock.core.errors import Fault
from crossdock.core.json.request_body import objects_in
from crossdock.core.json.value_types import MAX_QUANTITY
from crossdock.core.stock.count_rows import MAX_SKU, MAX_WORD
from crossdock.core.stock.model import MAX_UNITS, Counter, Kind, Level, Movement
from crossdock.doors.hub.mapping import format_id, time_answer
from crossdock.doors.hub.wire import EventAnswer, Id, Reason, Time, about
from crossdock.doors.hub.wire_catalog import RowFault
from crossdock.flows.stock_availability import Availability

Tree = Any
# A body of the size limit holds more; a transaction that locks so many levels is already a long one.
MAX_ITEMS = 1_000
MAX_COUNTERS = 50
Sku = Annotated[str, Meta(min_length=1, max_length=MAX_SKU)]
CodeOfLocation = Annotated[str, Meta(min_length=1, max_length=MAX_CODE)]
Pool = Annotated[str, Meta(max_length=MAX_WORD)]
Units = Annotated[int, Meta(ge=0, le=MAX_UNITS)]


# --------------------------------------------------------------------------------------------------------------- commands
class Item(Struct, kw_only=True):
    """A stock level that a command is for; one that is not there yet begins with nothing in it."""

    sku: Annotated[Sku, about("the product")]
    location: Annotated[CodeOfLocation, about("the code of a location that exists")]
    pool: Annotated[Pool, about("the pool; empty for the common stock")] = ""


class CountItem(Item, kw_only=True):
    quantity: Annotated[Units, about("units that were counted")]
    reason: Annotated[Reason | None, about("why, for the ledger")] = None


class AdjustItem(Item, kw_only=True):
    delta: Annotated[
        Annotated[int, Meta(ge=-MAX_QUANTITY, le=MAX_QUANTITY)], about("units to add, or negative ones to take away")
    ]
    reason: Annotated[Reason | None, about("why, for the ledger")] = None


class ReceiveItem(Item, kw_only=True):
    quantity: Annotated[Annotated[int, Meta(ge=1, le=MAX_UNITS)], about("units that arrived")]
    reason: Annotated[Reason | None, about("why, for the ledger")] = None


class CounterBody(Struct):
    name: Annotated[Annotated[str, Meta(min_length=1, max_length=MAX_WORD)], about("a name such as `damaged`")]
    quantity: Annotated[Units, about("units kept back under it; 0 removes it")]


class LimitsItem(Item, kw_only=True):
    safety: Annotated[Units | UnsetType, about("units kept back from sale")] = UNSET
    threshold: Annotated[Units | UnsetType | None, about("fewer available units are low; null for none")] = UNSET
    counters: Annotated[
        Annotated[list[CounterBody], Meta(max_length=MAX_COUNTERS)] | UnsetType, about("all counters there should be")
    ] = UNSET
    unlimited: Annotated[bool | UnsetType, about("true: orders never run out of it, and take nothing of it")] = UNSET


class CountBody(Struct):
    """Counts, all or none."""

    items: Annotated[list[CountItem], Meta(min_length=1, max_length=MAX_ITEMS), about("what was counted")]


class AdjustBody(Struct):
    """Adjustments, all or none."""

    items: Annotated[list[AdjustItem], Meta(min_length=1, max_length=MAX_ITEMS), about("what to add or take away")]


class ReceiveBody(Struct):
    """Receipts, all or none."""

    items: Annotated[list[ReceiveItem], Meta(min_length=1, max_length=MAX_ITEMS), about("what arrived")]


class LimitsBody(Struct):
    """Limits, all or none; what an item leaves out stays."""

    items: Annotated[list[LimitsItem], Meta(min_length=1, max_length=MAX_ITEMS), about("the limits to set")]


def adjust_rules(tree: Tree) -> list[Fault]:
    """An adjustment adds or takes away something."""
    return [
        Fault(("items", place, "delta"), "must not be 0")
        for place, item in objects_in(tree, "items")
        if item.get("delta") == 0 and item["delta"] is not False
    ]


_LIMITS = ("safety", "threshold", "counters", "unlimited")


def limits_rules(tree: Tree) -> list[Fault]:
    """An item sets something."""
    return [
        Fault(("items", place), f"must have at least one of {', '.join(_LIMITS)}")
        for place, item in objects_in(tree, "items")
        if not any(name in item for name in _LIMITS)
    ]


# ---------------------------------------------------------------------------------------------------------------- answers
class CounterAnswer(Struct):
    name: Annotated[str, about("a name of the organization's own")]
    quantity: Annotated[int, about("units kept back under it")]


class LevelAnswer(Struct):
    """Units of a product at a location, in a pool. available = on_hand - allocated - reserved, never negative."""

    sku: Annotated[str, about("the product")]
    location: Annotated[str, about("the location")]
    pool: Annotated[str, about("the pool; empty for the common stock")]
    on_hand: Annotated[int, about("units that lie there")]
    allocated: Annotated[int, about("of them promised to orders")]
    reserved: Annotated[int, about("kept back: safety stock and counters")]
    available: Annotated[int, about("units that can be promised")]
    safety: Annotated[int, about("units kept back from sale")]
    counters: Annotated[list[CounterAnswer], about("units kept back under names of the organization's own")]
    threshold: Annotated[int | None, about("fewer available units are low; null where nobody asked")]
    low: Annotated[bool, about("whether fewer units are available than the threshold asks for")]
    unlimited: Annotated[bool, about("whether orders never run out of it")]
    counted: Annotated[int | None, about("units of the last count")]
    counted_at: Annotated[Time | None, about("when that was")]
    shipped: Annotated[int, about("units shipped since the last count")]
    updated_at: Annotated[Time, about("when it last changed")]


class StockAnswer(Struct):
    """The levels after a command, in the order of its items, and what was recorded."""

    items: Annotated[list[LevelAnswer], about("each level as it is now")]
    events: Annotated[list[EventAnswer], about("what the call recorded")]


class CountsImported(Struct):
    """What became of the rows of a file. Rows with faults are left out; the same file can be imported again."""

    counted: Annotated[int, about("levels that were counted")]
    faults: Annotated[list[RowFault], about("every fault, by row")]


class MovementAnswer(Struct):
    """A row of the ledger of a level. on_hand and allocated of a level are the sums of its movements."""

    id: Annotated[Id, about("the movement's id")]
    at: Annotated[Time, about("when it happened")]
    kind: Annotated[Kind, about("the cause")]
    on_hand: Annotated[int, about("units added to those on hand")]
    allocated: Annotated[int, about("units added to those promised")]
    order_id: Annotated[Id | None, about("the order it was for")]
    event_id: Annotated[str | None, about("the event it belongs to, as the feed names it")]
    reason: Annotated[str | None, about("the reason that was given")]


class AvailableAt(Struct):
    location: Annotated[str, about("the location")]
    available: Annotated[int, about("units that can be promised there, over all pools")]
    unlimited: Annotated[bool, about("whether orders never run out of it there")]
    expected: Annotated[int, about("units that open receiving notices, work orders and transfers still expect there")]


class AvailableIn(Struct):
    pool: Annotated[str, about("the pool; empty for the common stock")]
    available: Annotated[int, about("units that can be promised from it, over all locations")]


class AvailableByNetwork(Struct):
    network: Annotated[str, about("the code of the network")]
    available: Annotated[int, about("units that can be promised from its stock, less the safety stock of the network")]
    unlimited: Annotated[bool, about("whether orders never run out of it there")]


class AvailabilityAnswer(Struct):
    """What of a product can be promised. Inactive locations do not count, and nothing that the query leaves out."""

    sku: Annotated[str, about("the product")]
    available: Annotated[int, about("units that can be promised")]
    unlimited: Annotated[bool, about("whether a location never runs out of it")]
    on_hand: Annotated[int, about("units that lie at active locations")]
    allocated: Annotated[int, about("of them promised to orders")]
    expected: Annotated[int, about("units that are expected at active locations; they cannot be promised yet")]
    locations: Annotated[list[AvailableAt], about("by location")]
    pools: Annotated[list[AvailableIn], about("by pool")]
    networks: Annotated[list[AvailableByNetwork], about("by network that has stock of it; they may share units")]


class AvailabilityList(Struct):
    items: Annotated[list[AvailabilityAnswer], about("one for each SKU that was asked for, in their order")]


# Columns of the export; an import takes the first five.
LEVEL_COLUMNS = ("sku", "location", "pool", "on_hand", "allocated", "reserved", "available", "safety", "threshold",
                 "unlimited", "updated_at")  # fmt: skip


def level_cells(level: Level) -> list[Tree]:
    """Return the values of a level in the order of the columns."""
    return [*(getattr(level, name) for name in LEVEL_COLUMNS[:-1]), time_answer(level.updated_at)]


def level_answer(level: Level) -> dict[str, Tree]:
    """Format a stock level."""
    return {
        "sku": level.sku,
        "location": level.location,
        "pool": level.pool,
        "on_hand": level.on_hand,
        "allocated": level.allocated,
        "reserved": level.reserved,
        "available": level.available,
        "safety": level.safety,
        "counters": [{"name": each.name, "quantity": each.quantity} for each in level.counters],
        "threshold": level.threshold,
        "low": level.is_low,
        "unlimited": level.unlimited,
        "counted": level.counted,
        "counted_at": None if level.counted_at is None else time_answer(level.counted_at),
        "shipped": level.shipped,
        "updated_at": time_answer(level.updated_at),
    }


def to_counters(counters: list[CounterBody] | UnsetType) -> tuple[Counter, ...] | UnsetType:
    """Make counters of a level."""
    if counters is UNSET:
        return UNSET
    return tuple(Counter(each.name, each.quantity) for each in counters)


def movement_answer(movement: Movement) -> dict[str, Tree]:
    """Format a movement of the ledger."""
    return {
        "id": format_id(movement.movement_id),
        "at": time_answer(movement.at),
        "kind": movement.kind,
        "on_hand": movement.on_hand,
        "allocated": movement.allocated,
        "order_id": None if movement.order_id is None else format_id(movement.order_id),
        "event_id": None if movement.event_id is None else f"evt_{format_id(movement.event_id)}",
        "reason": movement.reason,
    }


def availability_answer(available: Availability) -> AvailabilityAnswer:
    """Format what of a product can be promised."""
    levels = available.levels
    codes = sorted({level.location for level in levels} | available.expected.keys())
    at = {code: AvailableAt(code, 0, False, available.expected.get(code, 0)) for code in codes}
    pools = {level.pool: AvailableIn(level.pool, 0) for level in sorted(levels, key=lambda level: level.pool)}
    for level in levels:
        at[level.location].available += level.available
        at[level.location].unlimited |= level.unlimited
        pools[level.pool].available += level.available
    return AvailabilityAnswer(
        available.sku, available.available, available.unlimited, sum(level.on_hand for level in levels),
        sum(level.allocated for level in levels), sum(available.expected.values()), list(at.values()),
        list(pools.values()),
        [AvailableByNetwork(each.code, each.available, each.unlimited) for each in available.networks],
    )  # fmt: skip
