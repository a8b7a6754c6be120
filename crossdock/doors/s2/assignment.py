"""What a fulfillment call of Ventmere S2 takes of an order, and the warehouses that have it; pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crossdock.core.catalog.locations import Location
from crossdock.core.errors import Fault
from crossdock.core.orders.allocating import AllocateOrder, DeallocateOrder, pool_of
from crossdock.core.orders.commands import Command
from crossdock.core.orders.fulfilling import free_units
from crossdock.core.orders.fulfillments import open_units
from crossdock.core.orders.model import Order
from crossdock.core.stock.model import Level
from crossdock.doors.s2 import wire_fulfillments
from crossdock.doors.s2.inventory import DROPSHIPPER

Units = dict[int, int]  # by position of the line


def units_of(
    items: Sequence[wire_fulfillments.FulfillmentItem], order: Order, product_ids: Sequence[str]
) -> tuple[Units, list[Fault]]:
    """Divide the items' quantities among the lines of an order with their products, in the lines' order.

    Returns with it a fault for each product that the order does not have, or of which fewer units are without a fulfillment.
    """
    taken = open_units(order.fulfillments)
    left = {place: line.open - taken.get(place, 0) for place, line in enumerate(order.counters)}
    units: Units = {}
    faults = []
    for position, item in enumerate(items):
        places = [place for place, product_id in enumerate(product_ids) if product_id == item.productId.lower()]
        most, wanted = sum(left[place] for place in places), item.quantity
        if not places:
            faults.append(Fault(("items", position, "productId"), "is not a product of the order"))
        elif wanted > most:
            reason = f"must be at most {most}, which no fulfillment has yet, not {wanted}"
            faults.append(Fault(("items", position, "quantity"), reason))
            continue
        for place in places:
            part = min(wanted, left[place])
            wanted -= part
            left[place] -= part
            if part:
                units[place] = units.get(place, 0) + part
    return units, faults


def is_fulfillment_center(location: Location) -> bool:
    """Tell whether fulfillments can be made at a location; see inventory.warehouse_response."""
    return location.active and location.type != DROPSHIPPER


def with_enough(order: Order, units: Mapping[int, int], locations: Iterable[str], levels: Iterable[Level]) -> list[str]:
    """Return the locations that have all units, with those that are allocated to the order there already.

    Of a SKU that no stock is tracked of, every location has enough. Where some locations have all units allocated to the order,
    only those are returned.
    """
    levels = [*levels]
    found, allocated = [], []
    for location in locations:
        free = free_units(order, location) if order.allocations else {}
        missing = {place: quantity - free.get(place, 0) for place, quantity in units.items()}
        if all(quantity <= 0 for quantity in missing.values()):
            allocated.append(location)
        elif _has(order, missing, [each for each in levels if each.location == location], levels):
            found.append(location)
    return allocated or found


def _has(order: Order, missing: Mapping[int, int], here: Sequence[Level], everywhere: Sequence[Level]) -> bool:
    wanted: dict[tuple[str, str], int] = {}
    tracked = {level.sku for level in everywhere}
    for place, quantity in missing.items():
        sku = order.content.lines[place].sku
        if sku in tracked and quantity > 0:
            key = sku, pool_of(order.content, place)
            wanted[key] = wanted.get(key, 0) + quantity
    for (sku, pool), quantity in wanted.items():
        fitting = [level for level in here if level.sku == sku and level.pool in (pool, "")]
        if not any(level.unlimited for level in fitting) and sum(level.available for level in fitting) < quantity:
            return False
    return True


def freeing(order: Order, units: Mapping[int, int], location: str) -> list[Command]:
    """Return the command that gives back what is allocated to the order elsewhere and is needed at a location.

    Allocations at locations where the order has an open fulfillment stay.
    """
    free = free_units(order, location)
    needed = {
        place for place, quantity in units.items() if quantity > free.get(place, 0) + order.counters[place].unallocated
    }
    if not needed:
        return []
    busy = {each.location for each in order.fulfillments if each.is_open}
    chosen = tuple(
        each.allocation_id
        for each in order.allocations
        if each.location != location
        and each.location not in busy
        and any(part.line in needed and part.open for part in each.units)
    )
    return [DeallocateOrder(order_id=order.order_id, allocations=chosen)] if chosen else []


def rest_of(order: Order, units: Mapping[int, int], given_back: bool) -> list[Command]:
    """Return the command that allocates by the rules what else was given back, where something was."""
    rest = {
        place: line.open - units.get(place, 0) - open_units(order.fulfillments).get(place, 0)
        for place, line in enumerate(order.counters)
        if line.allocated
    }
    rest = {place: quantity for place, quantity in rest.items() if quantity > 0}
    return [AllocateOrder(order_id=order.order_id, retry=False)] if given_back and rest else []


def unknown(path: str, what: str, value: Any) -> Fault:
    """Return the fault of a reference to something that is not there."""
    return Fault((path,), f"there is no {what} {str(value)[:60]!r}")
