"""The commands on the fulfillments of an order until they leave: create, pick, pack, ship, cancel, split, move; pure.

A fulfillment takes units that are allocated to its location; what is not allocated yet is allocated there with it. Where no
stock is tracked a location can fulfill whatever is open.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import msgspec

from crossdock.core.errors import Code, Conflict, Fault, Invalid, NotFound
from crossdock.core.orders.allocating import AllocateOrder, after_movements
from crossdock.core.orders.allocations import UnitsTaken, take
from crossdock.core.orders.commands import Command, State, check_not_held, check_units, taken_units
from crossdock.core.orders.events import (
    Deallocated,
    Delivered,
    FulfillmentCanceled,
    FulfillmentChanged,
    FulfillmentCreated,
    OrderEvent,
    Packed,
    Picked,
    Shipped,
    evolve,
)
from crossdock.core.orders.fulfillments import (
    DeliveryStatus,
    Fulfillment,
    FulfillmentLine,
    Kind,
    Package,
    open_units,
    packed_units,
    without_surplus,
)
from crossdock.core.orders.model import Order
from crossdock.core.orders.status import Verb
from crossdock.core.orders.supply import Decision

_replace = msgspec.structs.replace
Units = Mapping[int, int]  # by line


class FulfillmentCommand(Command, frozen=True, kw_only=True):
    """A command on one fulfillment of an order."""

    verb: ClassVar[Verb] = Verb.SHIP
    fulfillment_id: int | None

    def check(self, order: Order) -> None:
        """Refuse also while the order is held, but not a cancelation."""
        super().check(order)
        if self.verb is not Verb.CANCEL:
            check_not_held(order)

    def of(self, order: Order) -> Fulfillment:
        """Return the fulfillment. Refuses with NotFound `not_found`, and with Conflict `state_forbids` where nothing of it is
        open."""
        found = next((each for each in order.fulfillments if each.fulfillment_id == self.fulfillment_id), None)
        if found is None:
            raise NotFound(Code.NOT_FOUND, "the order has no such fulfillment")
        if not found.is_open:
            reason = f"the fulfillment is {found.status}; nothing of it is open"
            raise Conflict(Code.STATE_FORBIDS, reason, status=str(found.status))
        return found


class CreateFulfillment(Command, frozen=True, kw_only=True):
    """Let a location ship units, or hand them over (`kind` pickup): those of the `lines` named, or all it can.

    Without `lines`, those allocated there; where nothing is allocated, all that is open. `new_id` gives it its id.
    """

    verb: ClassVar[Verb] = Verb.SHIP
    reads_supply: ClassVar[bool] = True
    location_ref: str
    new_id: Callable[[], int]
    lines: Units | None = None
    kind: Kind = "ship"
    reference: str | None = None

    def check(self, order: Order) -> None:
        """Refuse also while the order is held."""
        super().check(order)
        check_not_held(order)

    def decision(self, state: State) -> Decision | None:
        """See Command: it is about what has to be allocated first."""
        missing = self._missing(state.order)
        return self._allocate(missing).decision(state) if missing else None

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.allocated` where needed, and `order.fulfillment_created`.

        Refuses with Invalid more units than are left, with Conflict `state_forbids` where the location has not enough.
        """
        order = state.order
        check_units(order, self.lines, lambda line: line.open)
        missing = self._missing(order)
        begin = [
            event
            for event in (self._allocate(missing).decide(state) if missing else ())
            if event.name == "order.allocated"
        ]
        for event in begin:
            order = evolve(order, event, at=max(state.now, order.updated_at))
        units = free_units(order, self.location_ref)
        wanted = dict(self.lines) if self.lines is not None else units
        short = {
            line: quantity - units.get(line, 0) for line, quantity in wanted.items() if quantity > units.get(line, 0)
        }
        if short or not any(wanted.values()):
            raise Conflict(
                Code.STATE_FORBIDS, _why_short(state.order, self.location_ref, short), status=str(order.status)
            )
        lines = tuple(FulfillmentLine(line, quantity) for line, quantity in sorted(wanted.items()) if quantity)
        destination = order.content.lines[lines[0].line].destination
        created = Fulfillment(
            self.new_id(), self.location_ref, state.now, lines, self.kind, destination, self.reference
        )
        return [*begin, FulfillmentCreated(fulfillments=(created,), reason=self.reason)]

    def _missing(self, order: Order) -> dict[int, int]:
        """Return the units that are not allocated to the location yet."""
        free = free_units(order, self.location_ref)
        if self.lines is not None:
            return {
                line: min(quantity - free.get(line, 0), order.counters[line].unallocated)
                for line, quantity in self.lines.items()
                if line < len(order.counters) and quantity > free.get(line, 0) and order.counters[line].unallocated
            }
        return (
            {} if free else {place: line.unallocated for place, line in enumerate(order.counters) if line.unallocated}
        )

    def _allocate(self, lines: Units) -> AllocateOrder:
        return AllocateOrder(order_id=self.order_id, location_ref=self.location_ref, lines=lines)


def free_units(order: Order, location: str) -> dict[int, int]:
    """Return the allocated units of each line that a location could fulfill: those allocated to it that no fulfillment has.

    Units that were allocated where no stock is tracked belong to any location.
    """
    elsewhere: dict[int, int] = {}
    here: dict[int, int] = {}
    for allocation in order.allocations:
        side = here if allocation.location == location else elsewhere
        for part in allocation.units:
            side[part.line] = side.get(part.line, 0) + part.open
    taken_here, taken = open_units(order.fulfillments, location=location), open_units(order.fulfillments)
    units = {}
    for place, line in enumerate(order.counters):
        known = here.get(place, 0) + elsewhere.get(place, 0)
        untracked = line.allocated - known
        used_elsewhere = max(0, taken.get(place, 0) - taken_here.get(place, 0) - elsewhere.get(place, 0))
        free = here.get(place, 0) + untracked - taken_here.get(place, 0) - used_elsewhere
        if free > 0:
            units[place] = free
    return units


def _why_short(order: Order, location: str, short: Units) -> str:
    if not short:
        return f"nothing of the order is left for {location} to fulfill"
    named = ", ".join(f"{quantity} of line {line}" for line, quantity in sorted(short.items()))
    return f"{location} does not have enough: {named} cannot be allocated to it, or is in another fulfillment"


class PickUnits(FulfillmentCommand, frozen=True, kw_only=True):
    """Record what was picked: of the `lines` named, or all. `short` are units that were not found: they are given back, and
    allocated to another location if there is one."""

    reads_supply: ClassVar[bool] = True
    lines: Units | None = None
    short: Units = msgspec.field(default_factory=dict)

    def decision(self, state: State) -> Decision | None:
        """See Command: it is about what has to come from elsewhere."""
        if not self.short:
            return None
        begin = self._begin(state.order)
        return self._reallocate(state.order, begin).decision(after_events(state, begin))

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.picked`, and for what is short `order.deallocated`, `order.allocated`, `order.backordered`.

        Refuses with Invalid more units than the fulfillment has left.
        """
        begin = self._begin(state.order)
        if not self.short:
            return begin
        return [*begin, *self._reallocate(state.order, begin).decide(after_events(state, begin))]

    def _begin(self, order: Order) -> list[OrderEvent]:
        fulfillment = self.of(order)
        left = {line.line: line.unpicked for line in fulfillment.lines}
        picked = dict(self.lines) if self.lines is not None else {
            line: quantity - self.short.get(line, 0) for line, quantity in left.items()
        }  # fmt: skip
        both = {line: picked.get(line, 0) + self.short.get(line, 0) for line in dict.fromkeys((*picked, *self.short))}
        check_within(self.short, left, "short", "are left to pick")
        check_within(both, left, "lines", "are left to pick")
        lines = tuple(
            _replace(
                line,
                picked=line.picked + picked.get(line.line, 0),
                canceled=line.canceled + self.short.get(line.line, 0),
            )
            for line in fulfillment.lines
        )
        events: list[OrderEvent] = []
        if lines != fulfillment.lines:
            changed = without_surplus(_replace(fulfillment, lines=lines))
            events.append(Picked(fulfillments=(changed,), reason=self.reason))
        if any(self.short.values()):
            units = _at_location(order, fulfillment.location, self.short)
            counters = tuple(line.deallocate(self.short.get(place, 0)) for place, line in enumerate(order.counters))
            events.append(
                Deallocated(
                    lines=tuple(sorted(self.short.items())), counters=counters, units=units, missing=True,
                    reason=self.reason or "short pick",
                )
            )  # fmt: skip
        return events

    def _reallocate(self, order: Order, begin: Sequence[OrderEvent]) -> AllocateOrder:
        location = self.of(order).location
        return AllocateOrder(order_id=self.order_id, lines=self.short, excluded=(location,), reason="short pick")


def _at_location(order: Order, location: str, units: Units) -> tuple[UnitsTaken, ...]:
    """Choose open units of allocations at a location."""
    here = tuple(each for each in order.allocations if each.location == location)
    return take(here, units)


def after_events(state: State, events: Sequence[OrderEvent]) -> State:
    """Return the state after events: the order, and the stock."""
    order, supply = state.order, state.supply
    for event in events:
        if supply is not None:
            supply = _replace(supply, levels=after_movements(supply.levels, event.stock_movements(order)))
        order = evolve(order, event, at=max(state.now, order.updated_at))
    return _replace(state, order=order, supply=supply)


def check_within(units: Units, left: Units, member: str, words: str) -> None:
    """Refuse with Invalid units of lines that a fulfillment does not have, or more than it has."""
    faults = []
    for place, (line, quantity) in enumerate(units.items()):
        if line not in left:
            faults.append(Fault((member, place, "line"), "is not a line of the fulfillment"))
        elif not 0 <= quantity <= left[line]:
            faults.append(Fault((member, place, "quantity"), f"must be at most {left[line]}, which {words}"))
    if faults:
        raise Invalid(Code.INVALID, "not so many units are left", faults=tuple(faults))


class PackUnits(FulfillmentCommand, frozen=True, kw_only=True):
    """Put open units of a fulfillment into packages, in place of those it had that were not shipped."""

    new_id: Callable[[], int]
    packages: tuple[Package, ...]

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.packed`. Refuses with Invalid more units than the fulfillment has left."""
        fulfillment = self.of(state.order)
        packages = _numbered(self.packages, self.new_id)
        _check_packages(fulfillment, packages)
        sent = tuple(package for package in fulfillment.packages if package.shipped)
        changed = _replace(fulfillment, packages=(*sent, *packages))
        return [Packed(fulfillments=(changed,), reason=self.reason)]


def _numbered(packages: Sequence[Package], new_id: Callable[[], int]) -> tuple[Package, ...]:
    return tuple(
        package if package.package_id is not None else _replace(package, package_id=new_id()) for package in packages
    )


def _check_packages(fulfillment: Fulfillment, packages: Sequence[Package]) -> None:
    units: dict[int, int] = {}
    faults = []
    left = {line.line: line.open for line in fulfillment.lines}
    for place, package in enumerate(packages):
        if not package.lines:
            faults.append(Fault(("packages", place, "lines"), "must have at least one line"))
        for at, (line, quantity) in enumerate(package.lines):
            units[line] = units.get(line, 0) + quantity
            path = ("packages", place, "lines", at)
            if line not in left:
                faults.append(Fault((*path, "line"), "is not a line of the fulfillment"))
            elif quantity < 1 or units[line] > left[line]:
                faults.append(
                    Fault((*path, "quantity"), f"must be at least 1, and all packages together at most {left[line]}")
                )
    if faults:
        raise Invalid(Code.INVALID, "the packages do not fit the fulfillment", faults=tuple(faults))


class ShipFulfillment(FulfillmentCommand, frozen=True, kw_only=True):
    """Ship units of a fulfillment: in the `packages` given, in those that are packed, or else all in one package.

    A pickup is handed over by this. `carrier` … `url` are for packages that do not say it themselves.
    """

    new_id: Callable[[], int]
    packages: tuple[Package, ...] = ()
    lines: Units | None = None
    carrier: str | None = None
    service: str | None = None
    number: str | None = None
    url: str | None = None
    at: int | None = None

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.shipped`; of a pickup `order.delivered` too. Refuses with Invalid more units than are left."""
        order, fulfillment = state.order, self.of(state.order)
        packages = self._packages(fulfillment)
        _check_packages(fulfillment, packages)
        units: dict[int, int] = {}
        for package in packages:
            for line, quantity in package.lines:
                units[line] = units.get(line, 0) + quantity
        counters = tuple(line.ship(units.get(place, 0)) for place, line in enumerate(order.counters))
        ids = {package.package_id for package in packages}
        waiting = tuple(package for package in fulfillment.packages if package.package_id not in ids)
        is_pickup = fulfillment.kind == "pickup"
        handed_over = {"status": DeliveryStatus.DELIVERED, "reported_at": state.now} if is_pickup else {}
        shipped_at = self.at if self.at is not None else state.now
        sent = tuple(_replace(package, shipped=True, shipped_at=shipped_at, **handed_over) for package in packages)
        changed = without_surplus(
            _replace(
                fulfillment,
                lines=tuple(_shipped_line(line, units.get(line.line, 0)) for line in fulfillment.lines),
                packages=(*waiting, *sent),
                shipped_at=shipped_at,
            )
        )
        taken = taken_units(order, counters, to_ship_from=fulfillment.location)
        lines = tuple(sorted(units.items()))
        events: list[OrderEvent] = [
            Shipped(
                lines=lines, counters=counters, reason=self.reason, packages=sent, location_ref=fulfillment.location,
                fulfillment_id=fulfillment.fulfillment_id, allocated=taken, fulfillment=changed,
            )
        ]  # fmt: skip
        if is_pickup:
            delivered = tuple(
                _replace(line, delivered=line.delivered + units.get(place, 0)) for place, line in enumerate(counters)
            )
            events.append(
                Delivered(
                    lines=lines, counters=delivered, fulfillment_id=fulfillment.fulfillment_id, reason="picked up"
                )
            )
        return events

    def _packages(self, fulfillment: Fulfillment) -> tuple[Package, ...]:
        packages = self.packages
        if not packages and self.lines is None:
            packages = tuple(package for package in fulfillment.packages if not package.shipped)
        if not packages:
            left = {line.line: line.open for line in fulfillment.lines if line.open}
            units = dict(self.lines) if self.lines is not None else left
            packages = (Package(tuple((line, quantity) for line, quantity in sorted(units.items()) if quantity)),)
        named = {name: getattr(self, name) for name in ("carrier", "service", "number", "url")}
        return _numbered(
            [
                _replace(package, **{name: value for name, value in named.items() if getattr(package, name) is None})
                for package in packages
            ],
            self.new_id,
        )


def _shipped_line(line: FulfillmentLine, quantity: int) -> FulfillmentLine:
    shipped = line.shipped + quantity
    return _replace(line, shipped=shipped, picked=max(line.picked, shipped))


class CancelFulfillment(FulfillmentCommand, frozen=True, kw_only=True):
    """Cancel what a fulfillment has not shipped. Its units are given back, or stay allocated to the location (`keep`).

    `expired`: nobody fetched them in time.
    """

    verb: ClassVar[Verb] = Verb.CANCEL
    keep: bool = False
    expired: bool = False

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.fulfillment_canceled` and, where units are given back, `order.deallocated`."""
        order, fulfillment = state.order, self.of(state.order)
        units = {line.line: line.open for line in fulfillment.lines if line.open}
        lines = tuple(_replace(line, canceled=line.canceled + line.open) for line in fulfillment.lines)
        packages = tuple(package for package in fulfillment.packages if package.shipped)
        changed = _replace(fulfillment, lines=lines, packages=packages)
        expired = tuple(sorted(units.items())) if self.expired else ()
        events: list[OrderEvent] = [
            FulfillmentCanceled(fulfillments=(changed,), expired=expired, reason=self.reason),
        ]
        if not self.keep and fulfillment.kind != "reship":
            taken = _at_location(order, fulfillment.location, units)
            counters = tuple(line.deallocate(units.get(place, 0)) for place, line in enumerate(order.counters))
            given = Deallocated(lines=tuple(sorted(units.items())), counters=counters, units=taken, reason=self.reason)
            events.append(given)
        return events


class MoveFulfillment(FulfillmentCommand, frozen=True, kw_only=True):
    """Let another location do what a fulfillment has not shipped."""

    reads_supply: ClassVar[bool] = True
    location_ref: str
    new_id: Callable[[], int]

    def decision(self, state: State) -> Decision | None:
        """See Command."""
        begin, request = self._begin(state.order)
        return request.decision(after_events(state, begin))

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return the events of a cancelation, and of a fulfillment at the other location."""
        begin, request = self._begin(state.order)
        return [*begin, *request.decide(after_events(state, begin))]

    def _begin(self, order: Order) -> tuple[list[OrderEvent], CreateFulfillment]:
        fulfillment = self.of(order)
        cancel = CancelFulfillment(
            order_id=self.order_id,
            fulfillment_id=self.fulfillment_id,
            reason=self.reason or f"moved to {self.location_ref}",
        )
        request = CreateFulfillment(
            order_id=self.order_id, location_ref=self.location_ref, new_id=self.new_id, kind=fulfillment.kind,
            lines={line.line: line.open for line in fulfillment.lines if line.open}, reference=fulfillment.reference,
        )  # fmt: skip
        return list(cancel.decide(State(order, 0, ""))), request


class SplitFulfillment(FulfillmentCommand, frozen=True, kw_only=True):
    """Make a second fulfillment of units that are not packed."""

    lines: Units
    new_id: Callable[[], int]

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.fulfillment_changed`. Refuses with Invalid units that are packed, or all there are."""
        fulfillment = self.of(state.order)
        packed = packed_units(fulfillment)
        left = {line.line: line.open - packed.get(line.line, 0) for line in fulfillment.lines}
        check_within(self.lines, left, "lines", "are not packed")
        if sum(self.lines.values()) >= sum(line.open for line in fulfillment.lines) or not any(self.lines.values()):
            fault = Fault(("lines",), "must leave something in both fulfillments")
            raise Invalid(Code.INVALID, "the request has faults", faults=(fault,))
        lines = tuple(
            _replace(
                line, quantity=line.quantity - self.lines.get(line.line, 0),
                picked=min(line.picked, line.quantity - self.lines.get(line.line, 0)),
            )
            for line in fulfillment.lines
        )  # fmt: skip
        second = Fulfillment(
            self.new_id(), fulfillment.location, state.now,
            tuple(FulfillmentLine(line, units) for line, units in sorted(self.lines.items()) if units),
            fulfillment.kind, fulfillment.destination,
        )  # fmt: skip
        first = _replace(fulfillment, lines=tuple(line for line in lines if line.quantity))
        return [FulfillmentChanged(fulfillments=(first, second), reason=self.reason)]


class MergeFulfillments(FulfillmentCommand, frozen=True, kw_only=True):
    """Take another fulfillment of the same location, of which nothing was packed or shipped, into this one."""

    other_id: int

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.fulfillment_changed`. Refuses with Conflict `state_forbids` fulfillments that do not go together."""
        one = self.of(state.order)
        other = MergeFulfillments(order_id=self.order_id, fulfillment_id=self.other_id, other_id=0).of(state.order)
        alike = one.location == other.location and one.kind == other.kind and one.destination == other.destination
        if one is other or not alike or other.packages or any(line.shipped for line in other.lines):
            raise Conflict(
                Code.STATE_FORBIDS, "only two fulfillments of one location and address can be merged, and nothing of the"
                " second may be packed or shipped", status=str(other.status),
            )  # fmt: skip
        lines = {line.line: line for line in one.lines}
        for line in other.lines:
            if line.open:
                have = lines.get(line.line, FulfillmentLine(line.line, 0))
                lines[line.line] = _replace(
                    have, quantity=have.quantity + line.open, picked=have.picked + min(line.picked, line.open)
                )
        merged = _replace(one, lines=tuple(lines[place] for place in sorted(lines)))
        gone = _replace(other, lines=tuple(_replace(line, canceled=line.quantity) for line in other.lines))
        return [FulfillmentChanged(fulfillments=(merged, gone), reason=self.reason)]
