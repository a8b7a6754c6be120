"""The commands that allocate an order to locations, give units back, and move them; pure.

What is decided rests on a plan (core/allocation/plan.py). Lines whose SKU has no stock level anywhere are left alone: an
organization that only uses orders sees no difference.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import msgspec

from crossdock.core.allocation.plan import Assignment, Demand, DemandLine, StockKey, plan
from crossdock.core.errors import Code, Conflict, Fault, Invalid
from crossdock.core.orders.allocations import AllocatedUnits, Allocation, StockMovement, UnitsTaken, lines_of, take_all
from crossdock.core.orders.commands import Command, State, allocate, check_units
from crossdock.core.orders.events import Allocated, Backordered, Canceled, Deallocated, OrderEvent, evolve
from crossdock.core.orders.model import Content, Order
from crossdock.core.orders.status import Counters, Verb
from crossdock.core.orders.supply import Decision, Supply
from crossdock.core.stock.model import Level, LevelKey

_replace = msgspec.structs.replace
# What a location without a limit of stock can serve at a time; more than any line asks for.
UNLIMITED = 1_000_000_000


class AllocateOrder(Command, frozen=True, kw_only=True):
    """Allocate open units to locations: of the `lines` named (units by position), or all.

    At `location_ref`, or where the rules say: at one of the locations `only`, and at none of `excluded`. At `expires_at`
    (microseconds since 1970) what is open then is given back. `retry` is for units that wait for stock: nothing happens where
    there is none.
    """

    verb: ClassVar[Verb] = Verb.ALLOCATE
    reads_supply: ClassVar[bool] = True
    location_ref: str | None = None
    lines: Mapping[int, int] | None = None
    only: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    expires_at: int | None = None
    retry: bool = False

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.allocated` for each location, and `order.backordered` for units that no stock is left for.

        Refuses with Invalid `invalid` more units than are left, and a time to expire that has passed.
        """
        check_units(state.order, self.lines, lambda line: line.unallocated)
        if self.expires_at is not None and self.expires_at <= state.now:
            fault = Fault(("expires_at",), "must be in the future")
            raise Invalid(Code.INVALID, "the request has faults", faults=(fault,))
        events = allocation_events(self, state)
        return events if self.location_ref is None else [*events, *self._without_stock(state, events)]

    def _without_stock(self, state: State, events: Sequence[OrderEvent]) -> list[OrderEvent]:
        """Return the event that allocates lines to the location named for which no stock is tracked."""
        assert self.location_ref is not None
        order, supply = state.order, state.supply
        tracked = {position for position, _ in _tracked_lines(order, supply)} if supply is not None else set()
        lines = {
            position: line.unplanned if self.lines is None else self.lines.get(position, 0)
            for position, line in enumerate(order.counters)
            if position not in tracked
        }
        for event in events:
            order = evolve(order, event, at=max(state.now, order.updated_at))
        return allocate(order, location_ref=self.location_ref, lines=lines)

    def decision(self, state: State) -> Decision | None:
        """See Command."""
        if state.supply is None:
            return None
        demand = demand_of(self, state.order, state.supply)
        return make_decision(demand, state) if demand.lines else None


class DeallocateOrder(Command, frozen=True, kw_only=True):
    """Give allocated units back: those of the `allocations` named by id, or of the `lines` named, or all."""

    verb: ClassVar[Verb] = Verb.ALLOCATE
    allocations: tuple[int, ...] | None = None

    def check(self, order: Order) -> None:
        """Allow it whatever the order's status is: a held order may give units back."""

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.deallocated`. Refuses with Invalid an allocation that is not the order's, or has nothing open."""
        chosen = _chosen(state.order, self.allocations)
        return give_back(state.order, chosen, reason=self.reason)


class ExpireAllocations(Command, frozen=True, kw_only=True):
    """Give back what is open of allocations that have expired."""

    verb: ClassVar[Verb] = Verb.ALLOCATE

    def check(self, order: Order) -> None:
        """Allow it whatever the order's status is."""

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.deallocated`."""
        due = [
            each
            for each in state.order.allocations
            if each.is_open and each.expires_at is not None and each.expires_at <= state.now
        ]
        return give_back(state.order, due, reason=self.reason)


class ReallocateOrder(Command, frozen=True, kw_only=True):
    """Move allocations (by id, or all) to other locations: to one of `only`, to none of `excluded`, never to the same.

    What no other location can serve waits for stock.
    """

    verb: ClassVar[Verb] = Verb.EDIT
    reads_supply: ClassVar[bool] = True
    allocations: tuple[int, ...] | None = None
    only: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.deallocated`, `order.allocated` for each location and `order.backordered`.

        Refuses with Invalid an allocation that is not the order's or has nothing open, with Conflict `state_forbids` where
        nothing is allocated.
        """
        chosen = _chosen(state.order, self.allocations)
        if not chosen:
            raise Conflict(Code.STATE_FORBIDS, "nothing of the order is allocated", status=str(state.order.status))
        begin, request, after = self._after_giving_back(state)
        return [*begin, *request.decide(after)]

    def decision(self, state: State) -> Decision | None:
        """See Command: it meets the order, and the stock, as they are when the units were given back."""
        _, request, after = self._after_giving_back(state)
        return request.decision(after)

    def _after_giving_back(self, state: State) -> tuple[list[OrderEvent], AllocateOrder, State]:
        chosen = _chosen(state.order, self.allocations)
        begin = give_back(state.order, chosen, reason=self.reason)
        request = AllocateOrder(
            order_id=self.order_id,
            lines=_units_by_line(state.order, begin),
            only=self.only,
            excluded=tuple(sorted({*self.excluded, *(each.location for each in chosen)})),
            reason=self.reason,
        )
        order, supply = state.order, state.supply
        for event in begin:
            if supply is not None:
                supply = _replace(supply, levels=after_movements(supply.levels, event.stock_movements(order)))
            order = evolve(order, event, at=max(state.now, order.updated_at))
        return begin, request, _replace(state, order=order, supply=supply)


class ExpireBackorder(Command, frozen=True, kw_only=True):
    """Cancel units that have waited for stock too long."""

    verb: ClassVar[Verb] = Verb.CANCEL

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.canceled` for the units that wait."""
        waiting = {place: line.backordered for place, line in enumerate(state.order.counters) if line.backordered}
        counters = tuple(
            _replace(line, canceled=line.canceled + line.backordered, backordered=0) for line in state.order.counters
        )
        lines = tuple(waiting.items())
        return [Canceled(lines=lines, counters=counters, reason=self.reason, backorder=True)] if waiting else []


class AskForDelay(Command, frozen=True, kw_only=True):
    """Ask the customer whether they wait on for what is backordered; `consent_by` is the last day for an answer, `notice` the
    number of the organization's `consent_days` that passed."""

    verb: ClassVar[Verb] = Verb.NOTE
    consent_by: str | None = None
    notice: int | None = None

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.backordered`, with the units that wait already."""
        counters = state.order.counters
        waiting = tuple((place, line.backordered) for place, line in enumerate(counters) if line.backordered)
        return [
            Backordered(
                lines=waiting, counters=counters, consent_by=self.consent_by, notice=self.notice, reason=self.reason
            )
        ]


# ---------------------------------------------------------------------------------------------------------------- deciding
def demand_of(command: AllocateOrder, order: Order, supply: Supply) -> Demand:
    """Return what is to be allocated of an order, and what the rules ask about it."""
    content = order.content
    ship_to = order.ship_to
    return Demand(
        lines=tuple(
            DemandLine(position, sku, units, _named_location(command, content, position), pool_of(content, position))
            for position, sku in _tracked_lines(order, supply)
            if (units := _units_asked(command, order.counters[position], position))
        ),
        door=order.source.door,
        tags=order.tags,
        country=ship_to.country if ship_to else None,
        value=content.totals.total if content.totals else None,
        postal_code=ship_to.postal_code if ship_to else None,
        city=ship_to.city if ship_to else None,
        region=ship_to.region if ship_to else None,
        only=command.only,
        excluded=command.excluded,
    )


def _units_asked(command: AllocateOrder, line: Counters, position: int) -> int:
    if command.lines is not None:
        return command.lines.get(position, 0)
    return line.backordered if command.retry else line.unallocated


def _tracked_lines(order: Order, supply: Supply) -> list[tuple[int, str]]:
    tracked = supply.tracked
    return [
        (position, line.sku)
        for position, line in enumerate(order.content.lines)
        if line.sku is not None and line.sku in tracked
    ]


def pool_of(content: Content, position: int) -> str:
    """Return the pool of stock that a line is to come from: its own, or that of the order's channel; the common one too."""
    return content.lines[position].pool or content.channel or ""


def pools_of(content: Content, position: int) -> tuple[str, ...]:
    """Return the pools that a line may be served from, in order: its own, and the common one."""
    return tuple(dict.fromkeys((pool_of(content, position), "")))


def _named_location(command: AllocateOrder, content: Content, position: int) -> str | None:
    if command.location_ref is not None:
        return command.location_ref
    destination = content.lines[position].destination
    return content.destinations[destination].location_ref if destination < len(content.destinations) else None


def available_for(levels: Mapping[LevelKey, Level], demand: Demand) -> dict[StockKey, int]:
    """Return the units that each location has for each SKU and pool: those of the pool, and those of the common one."""
    pools: dict[str, set[str]] = {}
    for line in demand.lines:
        pools.setdefault(line.sku, set()).add(line.pool)
    units: dict[StockKey, int] = {}
    for key, level in levels.items():
        have = UNLIMITED if level.unlimited else level.available
        for pool in pools.get(key.sku, ()):
            if have and key.pool in (pool, ""):
                place = key.sku, pool, key.location
                units[place] = units.get(place, 0) + have
    return units


def make_decision(demand: Demand, state: State) -> Decision:
    """Plan an allocation and draw the units from stock levels: first from a line's own pool, then from the common one."""
    supply = state.supply
    assert supply is not None
    stock = available_for(supply.levels, demand)
    planned = plan(demand, stock, supply.locations, supply.rule_sets)
    left = {key: UNLIMITED if level.unlimited else level.available for key, level in supply.levels.items()}
    pools = {line.position: line.pool for line in demand.lines}
    skus = {line.position: line.sku for line in demand.lines}
    shares: dict[tuple[str, int], list[AllocatedUnits]] = {}
    served: dict[int, int] = {}
    for each in planned.assignments:
        drawn = _draw(each, skus[each.line], pools[each.line], supply.levels, left)
        served[each.line] = served.get(each.line, 0) + sum(part.quantity for part in drawn)
        destination = state.order.content.lines[each.line].destination
        shares.setdefault((each.location, destination), []).extend(drawn)
    allocations = tuple(
        Allocation(
            supply.new_id(), location, state.now, tuple(parts), destination=destination, decision_id=supply.decision_id
        )
        for (location, destination), parts in sorted(shares.items())
        if parts
    )
    short = tuple(
        (line.position, missing)
        for line in demand.lines
        if (missing := line.quantity - served.get(line.position, 0)) > 0
    )
    return Decision(demand, tuple(sorted(stock.items())), planned, allocations, short)


def _draw(
    assigned: Assignment, sku: str, pool: str, levels: Mapping[LevelKey, Level], left: dict[LevelKey, int]
) -> list[AllocatedUnits]:
    drawn, open_units = [], assigned.quantity
    for each in dict.fromkeys((pool, "")):
        key = LevelKey(sku, assigned.location, each)
        units = min(open_units, left.get(key, 0))
        if units:
            left[key] -= units
            open_units -= units
            is_unlimited = levels[key].unlimited
            drawn.append(
                AllocatedUnits(assigned.line, units, None if is_unlimited else sku, "" if is_unlimited else each)
            )
    return drawn


def allocation_events(command: AllocateOrder, state: State) -> list[OrderEvent]:
    """Return the events that the state's decision leads to."""
    decision = state.decision
    if decision is None:
        return []
    events: list[OrderEvent] = []
    counters = list(state.order.counters)
    for allocation in decision.allocations:
        for part in allocation.units:
            counters[part.line] = counters[part.line].allocate(part.quantity)
        events.append(
            Allocated(
                location_ref=allocation.location, counters=tuple(counters), reason=command.reason,
                allocation=_replace(allocation, expires_at=command.expires_at),
            )
        )  # fmt: skip
    assert state.supply is not None
    waiting = {line: units for line, missing in decision.short if (units := min(missing, counters[line].unplanned)) > 0}
    if waiting and state.supply.backorder and not command.retry:
        for line, units in waiting.items():
            counters[line] = counters[line].backorder(units)
        events.append(
            Backordered(
                lines=tuple(waiting.items()), counters=tuple(counters), decision_id=state.supply.decision_id,
                reason="; ".join(dict.fromkeys(reason for _, _, reason in decision.plan.unserved)) or None,
            )
        )  # fmt: skip
    return events


def give_back(order: Order, allocations: Sequence[Allocation], *, reason: str | None) -> list[OrderEvent]:
    """Return the event that gives back everything open of some allocations of an order."""
    units = take_all(allocations)
    if not units:
        return []
    lines = lines_of(order.allocations, units)
    counters = tuple(line.deallocate(lines.get(position, 0)) for position, line in enumerate(order.counters))
    return [Deallocated(lines=tuple(sorted(lines.items())), counters=counters, units=units, reason=reason)]


def after_movements(levels: Mapping[LevelKey, Level], movements: Sequence[StockMovement]) -> dict[LevelKey, Level]:
    """Return stock levels after movements."""
    after = dict(levels)
    for movement in movements:
        if (level := after.get(movement.key)) is not None:
            after[movement.key] = _replace(
                level, on_hand=level.on_hand + movement.on_hand, allocated=level.allocated + movement.allocated,
                shipped=level.shipped - movement.on_hand if movement.kind == "ship" else level.shipped,
            )  # fmt: skip
    return after


def _units_by_line(order: Order, events: Sequence[OrderEvent]) -> dict[int, int]:
    units: tuple[UnitsTaken, ...] = tuple(
        unit for event in events if isinstance(event, Deallocated) for unit in event.units
    )
    return lines_of(order.allocations, units)


def _chosen(order: Order, allocation_ids: Sequence[int] | None) -> list[Allocation]:
    """Return the order's open allocations, or those with the given ids; refuses with Invalid ids that are none of them."""
    open_ones = {each.allocation_id: each for each in order.allocations if each.is_open}
    if allocation_ids is None:
        return list(open_ones.values())
    faults = tuple(
        Fault(("allocations", place), "is not an allocation of this order with open units")
        for place, each in enumerate(allocation_ids)
        if each not in open_ones
    )
    if faults:
        raise Invalid(Code.INVALID, "the request has faults", faults=faults)
    return [open_ones[each] for each in dict.fromkeys(allocation_ids)]
