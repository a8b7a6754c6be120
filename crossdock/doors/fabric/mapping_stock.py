"""Stock records: the vendor's inventory body as commands on a stock level and a document, and back; pure.

The level has the units: on hand, safety stock (`safetyStock`), threshold (`lowStock`), `infiniteInventory`, and counters. The
`allocated` and `shipped` that a client sets are counters of these names; the units that orders have allocated, and shipped
since the last count, are added when a record is shown, and subtracted when a client sets the sum. The document has the rest,
and the names of the counters as they were sent.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from crossdock.core.errors import Fault
from crossdock.core.ids import to_hex24
from crossdock.core.json.strict_json import parse_trusted
from crossdock.core.json.value_types import MAX_QUANTITY
from crossdock.core.stock.commands import AdjustStock, CountStock, SetLimits, StockCommand
from crossdock.core.stock.model import Counter, Level, LevelKey
from crossdock.doors import encode_json
from crossdock.doors.fabric.errors import faulty
from crossdock.doors.fabric.wire_stock import MAX_COUNTERS
from crossdock.flows.catalog import Draft
from crossdock.flows.stock_records import RecordChange, StockRecord

Tree = Any
KIND = "fabric/inventory"
ON_HAND, ALLOCATED, SHIPPED = "onHand", "allocated", "shipped"
# The vendor's samples write on-hand, its guides onHand.
_BASE = {"onhand": ON_HAND, "allocated": ALLOCATED, "shipped": SHIPPED}
_SIGNED = re.compile(r"[+-]?[0-9]{1,10}\Z")
MAX_COUNTER_NAME = 100
# Members of the body that the level has; the document has all others.
_OF_LEVEL = ("sku", "locationNum", "infiniteInventory", "safetyStock", "lowStock")
_SHOWN = ("vendorId", "leadTime", "inventoryType")


def counter_code(name: str) -> str:
    """Return the code of a counter: the vendor's spellings of its own counters are one."""
    return _BASE.get(name.replace("-", "").replace("_", "").replace(" ", "").lower(), name)


def location_num(code: str) -> int | None:
    """Return the number of a location by its code; None where the code is not a number as this door writes it."""
    is_number = code.isascii() and code.isdigit() and len(code) <= 18 and str(int(code)) == code
    return int(code) if is_number else None


def item_name(item_id: Tree) -> str:
    """Return the second key of the documents about an item."""
    return f"item {item_id}"


# ------------------------------------------------------------------------------------------------------------- checking
def identity_faults(tree: Tree) -> Iterator[Fault]:
    """Yield a fault where a body has neither `sku` nor `itemId`."""
    if isinstance(tree, dict) and tree.get("sku") is None and tree.get("itemId") is None:
        yield Fault(("sku",), "is required where there is no itemId")


def counter_faults(tree: Tree) -> Iterator[Fault]:
    """Yield a fault for each counter whose value is not a whole number from 0."""
    return _counter_faults(tree, 0, f"a whole number from 0 to {MAX_QUANTITY}")


def delta_faults(tree: Tree) -> Iterator[Fault]:
    """Yield a fault for each counter whose value is not a whole number with or without a sign."""
    return _counter_faults(tree, -MAX_QUANTITY, "a whole number such as +10 or -10")


def _counter_faults(tree: Tree, least: int, described: str) -> Iterator[Fault]:
    counters = tree.get("counters") if isinstance(tree, dict) else None
    if not isinstance(counters, dict):
        return
    if len(counters) > MAX_COUNTERS:
        yield Fault(("counters",), f"must have at most {MAX_COUNTERS} counters")
    seen: dict[str, str] = {}
    for name, value in counters.items():
        if not 1 <= len(name) <= MAX_COUNTER_NAME:
            yield Fault(("counters", name), f"must have a name of 1 to {MAX_COUNTER_NAME} characters")
        earlier = seen.setdefault(counter_code(name), name)
        if earlier != name:
            yield Fault(("counters", name), f"is the same counter as {earlier}")
        if isinstance(value, int | str) and not isinstance(value, bool):
            number = _number(value)
            if number is None or not least <= number <= MAX_QUANTITY:
                yield Fault(("counters", name), f"must be {described}")


def _number(value: int | str) -> int | None:
    if isinstance(value, str):
        return int(value) if _SIGNED.match(value.strip()) else None
    return value


# -------------------------------------------------------------------------------------------------------------- changing
def replacement(key: LevelKey, tree: dict[str, Tree], before: StockRecord | None) -> RecordChange:
    """Create or replace a record: members that the body leaves out become null, zero or empty."""
    level = _level_of(before, key)
    counters = tree.get("counters") or {}
    commands = [
        *_count(key, level, counters, absent_is_zero=True),
        SetLimits(
            key=key,
            safety=tree.get("safetyStock") or 0,
            threshold=tree.get("lowStock"),
            unlimited=bool(tree.get("infiniteInventory")),
            counters=_set_counters(level, counters, {}),
        ),
    ]
    return RecordChange(tuple(commands), _draft(_with_item(tree, document_of(before)), list(counters)))


def merge(key: LevelKey, tree: dict[str, Tree], before: StockRecord | None) -> RecordChange:
    """Change the members of a record that the body has; `counters` and `attributes` are merged by name."""
    level, document = _level_of(before, key), document_of(before)
    counters = tree.get("counters") or {}
    limits = SetLimits(
        key=key,
        safety=(tree["safetyStock"] or 0) if "safetyStock" in tree else msgspec.UNSET,
        threshold=tree.get("lowStock", msgspec.UNSET),
        unlimited=bool(tree["infiniteInventory"]) if "infiniteInventory" in tree else msgspec.UNSET,
        counters=_set_counters(level, counters, _own(level)) if counters else msgspec.UNSET,
    )
    commands: list[StockCommand] = [*_count(key, level, counters, absent_is_zero=before is None), limits]
    return RecordChange(tuple(commands), _merged_draft(document, tree, counters))


def adjustment(key: LevelKey, tree: dict[str, Tree], before: StockRecord | None) -> RecordChange:
    """Add the body's units to the counters of a record. Raises Invalid where a counter would fall too low."""
    level, document = _level_of(before, key), document_of(before)
    counters = tree.get("counters") or {}
    own, faults = _own(level), []
    commands: list[StockCommand] = [] if before else [AdjustStock(key=key, delta=0)]
    for name, value in counters.items():
        delta, code = _number(value) or 0, counter_code(name)
        if code == ON_HAND:
            if not level.allocated <= level.on_hand + delta <= MAX_QUANTITY:
                faults.append(Fault(("counters", name), _range_of(level)))
            commands = [AdjustStock(key=key, delta=delta)]
            continue
        own[code] = own.get(code, 0) + delta
        if not 0 <= own[code] <= MAX_QUANTITY:
            faults.append(
                Fault(("counters", name), f"must be at least {delta - own[code]}, which leaves 0")
                if own[code] < 0
                else Fault(("counters", name), f"must leave at most {MAX_QUANTITY}")
            )
    if faults:
        raise faulty(*faults)
    commands.append(SetLimits(key=key, counters=_counters(own)))
    return RecordChange(tuple(commands), _merged_draft(document, tree, counters))


def _range_of(level: Level) -> str:
    least = f"must be at least {level.allocated - level.on_hand}"
    return f"{least}: {level.on_hand} are there, {level.allocated} allocated to orders"


def _level_of(before: StockRecord | None, key: LevelKey) -> Level:
    return before.level if before else Level(0, 0, key.sku, key.location, key.pool)


def _count(key: LevelKey, level: Level, counters: dict[str, Tree], *, absent_is_zero: bool) -> Iterator[CountStock]:
    """Yield the count of the units on hand that a body states. Raises Invalid for fewer than are allocated."""
    name = next((each for each in counters if counter_code(each) == ON_HAND), None)
    if name is None and not (absent_is_zero and (level.event_number == 0 or level.on_hand or level.shipped)):
        return
    quantity = (_number(counters[name]) or 0) if name is not None else 0
    if quantity < level.allocated:
        reason = f"must be at least {level.allocated}, which are allocated to orders"
        raise faulty(Fault(("counters", name or ON_HAND), reason))
    yield CountStock(key=key, quantity=quantity)


def _own(level: Level) -> dict[str, int]:
    return {counter.name: counter.quantity for counter in level.counters}


def _set_counters(level: Level, counters: dict[str, Tree], own: dict[str, int]) -> tuple[Counter, ...]:
    """Return the level's counters after a client has set some; its numbers include the units of orders."""
    is_counted = any(counter_code(name) == ON_HAND for name in counters)
    of_orders = {ALLOCATED: level.allocated, SHIPPED: 0 if is_counted else level.shipped}
    for name, value in counters.items():
        code = counter_code(name)
        if code != ON_HAND:
            own[code] = max(0, (_number(value) or 0) - of_orders.get(code, 0))
    return _counters(own)


def _counters(own: dict[str, int]) -> tuple[Counter, ...]:
    return tuple(Counter(name, quantity) for name, quantity in sorted(own.items()) if quantity)


# ------------------------------------------------------------------------------------------------------------- documents
def document_of(record: StockRecord | None) -> dict[str, Tree]:
    """Return this door's document about a record; empty where it has none."""
    return parse_trusted(record.document) if record and record.document else {}


def _draft(tree: dict[str, Tree], counters: list[str]) -> Draft:
    document = {name: value for name, value in tree.items() if name not in _OF_LEVEL and value is not None}
    document |= {"counters": counters}
    item_id = document.get("itemId")
    return Draft(encode_json(document), name=None if item_id is None else item_name(item_id))


def _with_item(tree: dict[str, Tree], document: dict[str, Tree]) -> dict[str, Tree]:
    """Return a body with the item of the record where it names none: the item is a part of its identity."""
    known = document.get("itemId")
    return tree if known is None or tree.get("itemId") is not None else tree | {"itemId": known}


def _merged_draft(document: dict[str, Tree], tree: dict[str, Tree], counters: dict[str, Tree]) -> Draft:
    sent = {counter_code(name): name for name in counters}
    names = [sent.pop(counter_code(name), name) for name in document.get("counters", ())]
    names += sent.values()
    merged = document | tree
    if tree.get("attributes") is not None:
        merged["attributes"] = (document.get("attributes") or {}) | tree["attributes"]
    return _draft(_with_item(merged, document), names)


# --------------------------------------------------------------------------------------------------------------- showing
def available(level: Level) -> int:
    """Return availableToPurchase as computed: below 0 where more units are reserved than are on hand."""
    return level.on_hand - level.allocated - level.reserved


def virtual_counters(record: StockRecord) -> dict[str, int]:
    """Return the counters that are computed when a record is read."""
    document = document_of(record)
    virtual = {"availableToPurchase": available(record.level)}
    for name, limit in (("availableBackorder", "backOrderLimit"), ("availablePreorder", "preOrderLimit")):
        if document.get(limit) is not None:
            virtual[name] = document[limit]
    return virtual


def inventory(record: StockRecord) -> dict[str, Tree]:
    """Render a record as the vendor answers it."""
    level, document = record.level, document_of(record)
    return {
        "virtualCounters": virtual_counters(record),
        "id": to_hex24(level.level_id),
        "sku": level.sku,
        "itemId": document.get("itemId"),
        "locationNum": location_num(level.location),
        "channelId": document.get("channelId", level.pool),
        **{name: document.get(name) for name in _SHOWN},
        "infiniteInventory": level.unlimited,
        "counters": shown_counters(level, document.get("counters", ())),
        "attributes": document.get("attributes") or {},
    }


def shown_counters(level: Level, names: list[str]) -> dict[str, int]:
    """Return all counters under the names they were sent with, with the units of orders added."""
    units = _own(level)
    units[ON_HAND] = level.on_hand + level.shipped
    units[ALLOCATED] = units.get(ALLOCATED, 0) + level.allocated
    units[SHIPPED] = units.get(SHIPPED, 0) + level.shipped
    shown = {name: units.pop(counter_code(name), 0) for name in names}
    ordered = [ON_HAND, ALLOCATED, SHIPPED, *sorted(units)]
    return shown | {code: units[code] for code in dict.fromkeys(ordered) if units.get(code)}


Planner = Callable[[LevelKey, dict[str, Tree], StockRecord | None], RecordChange]
