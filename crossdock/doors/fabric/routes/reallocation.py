"""Move allocations, or units of them, to other locations: `PUT /allocation/reallocate`."""

from collections.abc import Callable, Sequence
from typing import Any

from crossdock.core.errors import Fault, NotFound
from crossdock.core.ids import from_hex24, to_hex24
from crossdock.core.orders.allocations import Allocation, UnitsTaken
from crossdock.core.orders.commands import Command
from crossdock.core.orders.model import Order, line_ids
from crossdock.core.orders.reallocating import ReallocateUnits
from crossdock.doors import Reply, Request, Route, json_reply
from crossdock.doors.fabric import allocations, examples_allocation
from crossdock.doors.fabric import wire_allocation as wire
from crossdock.doors.fabric.demo import ACCOUNT
from crossdock.doors.fabric.errors import LARGE, faulty
from crossdock.doors.fabric.responses import DOOR
from crossdock.doors.fabric.routes.allocations import TEXT_400, find_allocation, open_units, unknown_allocation
from crossdock.doors.fabric.routes.common import CONTEXT, order_by_number, paths, read_body
from crossdock.flows import access, queries
from crossdock.flows.execute import execute

Tree = Any


async def reallocate(request: Request) -> Reply:
    """Move allocations to other locations: 200 and a message with the ids of the new ones."""
    body = read_body(request, wire.ReallocateRequest, _document_faults)
    if (ACCOUNT, body.tenant) not in request.caller.references:
        raise faulty(Fault(("tenant",), "is not this organization's account"))
    chosen = await _chosen(request, body)
    commands = _commands(body, chosen)
    known = {each.allocation_id for order, _ in chosen.values() for each in order.allocations}
    changes = await execute(request.context, request.caller, commands, door=DOOR)
    made = [
        to_hex24(each.allocation_id)
        for change in changes
        for each in change.order.allocations
        if each.allocation_id not in known
    ]
    message = f"Reallocation process completed Successfully with !! allocation Ids [{', '.join(made)}]"
    return json_reply(200, {"message": message})


def _document_faults(tree: Tree) -> list[Fault]:
    """Check the ids and the kind of document; the vendor types `id` as an array, and its sample is a text."""
    if not isinstance(tree, dict):
        return []
    faults, ids = [], tree.get("id")
    if isinstance(ids, list) and not 1 <= len(ids) <= wire.MAX_MOVED:
        faults.append(Fault(("id",), f"must have 1 to {wire.MAX_MOVED} elements"))
    if tree.get("documentType") == "SHIPMENT":
        faults.append(Fault(("documentType",), "must be ALLOCATION or ORDER: what was shipped is not moved"))
    rows = tree.get("items")
    for place, row in enumerate(rows if isinstance(rows, list) else []):
        if isinstance(row, dict) and row.get("lineItemId") is None and row.get("allocationLineNumber") is None:
            faults.append(Fault(("items", place), "must have a lineItemId or an allocationLineNumber"))
    return faults


Chosen = dict[int, tuple[Order, list[Allocation]]]


async def _chosen(request: Request, body: wire.ReallocateRequest) -> Chosen:
    """Find the open allocations that the ids mean, by order. Refuses with Invalid what is closed or of another order."""
    chosen: Chosen = {}
    faults: list[Fault] = []
    ids = [body.id] if isinstance(body.id, str) else body.id
    for place, text in enumerate(dict.fromkeys(ids)):
        path = ("id",) if isinstance(body.id, str) else ("id", place)
        order, meant = await _meant(request, text, body.documentType)
        if body.orderNumber and order.content.number != body.orderNumber:
            faults.append(Fault(path, f"is not of the order {body.orderNumber[:100]}"))
        elif not meant:
            faults.append(Fault(path, "has nothing that is allocated and not shipped"))
        listed = chosen.setdefault(order.order_id, (order, []))[1]
        listed += [each for each in meant if each not in listed]
    if faults:
        raise faulty(*faults)
    return chosen


async def _meant(request: Request, text: str, document_type: str) -> tuple[Order, list[Allocation]]:
    """Read the order of an id, and the open allocations that it means."""
    if document_type != "ORDER":
        try:
            found = await find_allocation(request, text)
            return found.order, [found.allocation] if found.allocation.is_open else []
        except NotFound:
            if document_type == "ALLOCATION":
                raise
    try:
        order = await queries.order(request.context, request.caller, order_id=from_hex24(text))
    except NotFound:
        try:
            order = await order_by_number(request, text)
        except NotFound:
            raise unknown_allocation() from None
    return order, [each for each in order.allocations if each.is_open]


def _commands(body: wire.ReallocateRequest, chosen: Chosen) -> list[Command]:
    """Build the command of each order. Refuses with Invalid items that none of the allocations has."""
    used: set[int] = set()
    commands: list[Command] = []
    faults: list[Fault] = []
    for order, meant in chosen.values():
        ids = tuple(each.allocation_id for each in meant)
        units = open_units(ids)
        if body.items:
            taken = _taken(body.items, order, meant, used, faults)
            if not taken:
                continue
            units = _as_found(taken)
        commands.append(
            ReallocateUnits(order_id=order.order_id, allocations=ids, units=units, reason="reallocation requested")
        )
    faults += [
        Fault(("items", place), "is none of the allocations' lines")
        for place in range(len(body.items or ()))
        if place not in used
    ]
    if faults:
        raise faulty(*faults)
    return commands


def _taken(
    items: Sequence[wire.ReallocateItem],
    order: Order,
    meant: Sequence[Allocation],
    used: set[int],
    faults: list[Fault],
) -> tuple[UnitsTaken, ...]:
    """Choose the units of allocations that items name; notes the items used, and faults of too many units."""
    ids, taken = line_ids(order.content.lines), dict[tuple[int, int], UnitsTaken]()
    for place, item in enumerate(items):
        left = item.quantity
        for allocation in meant:
            for number, parts in enumerate(allocations.units_by_line(allocation), 1):
                line = parts[0].line
                if item.allocationLineNumber not in (None, number):
                    continue
                if item.lineItemId is not None and (line < 0 or ids[line] != item.lineItemId):
                    continue
                used.add(place)
                for part in parts:
                    units = part.open if left is None else min(part.open, left)
                    if units:
                        at = allocation.units.index(part)
                        taken[allocation.allocation_id, at] = UnitsTaken(allocation.allocation_id, at, units)
                        left = None if left is None else left - units
        if left and place in used:
            faults.append(Fault(("items", place, "quantity"), f"is {left} more than are allocated and not shipped"))
    return tuple(taken.values())


def _as_found(taken: tuple[UnitsTaken, ...]) -> Callable[[Order], tuple[UnitsTaken, ...]]:
    """Return units as far as they are still open when the command is executed."""

    def units(order: Order) -> tuple[UnitsTaken, ...]:
        by_id = {each.allocation_id: each for each in order.allocations}
        left = [(each, by_id[each.allocation_id].units[each.place].open) for each in taken]
        return tuple(
            UnitsTaken(each.allocation_id, each.place, min(each.quantity, units)) for each, units in left if units
        )

    return units


ROUTES = (
    Route(
        "PUT", paths("/allocation/reallocate"), reallocate, access.WRITE, "reallocate", "Move allocations to other locations",
        request=wire.ReallocateRequest, answers={200: wire.Reallocated, **TEXT_400, **LARGE}, parameters=(CONTEXT,),
        description=(
            "Gives the units of allocations back and allocates them again, at other locations than before. The message has the "
            "ids of the new allocations; units that no other location has wait for stock. All is moved, or nothing."
        ),
        examples={"request": examples_allocation.REALLOCATE, 200: examples_allocation.REALLOCATED},
    ),
)  # fmt: skip
