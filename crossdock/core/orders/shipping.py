"""Ship units of an order in one change: through the fulfillment that has them, or a new one where none has; pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import msgspec

from crossdock.core.errors import Code, Fault, Invalid
from crossdock.core.orders.commands import Command, State, check_not_held
from crossdock.core.orders.events import OrderEvent, evolve
from crossdock.core.orders.fulfilling import CreateFulfillment, ShipFulfillment, free_units
from crossdock.core.orders.fulfillments import Fulfillment, Package
from crossdock.core.orders.model import Order
from crossdock.core.orders.status import Verb
from crossdock.core.orders.supply import Decision

# The location of a fulfillment where nobody names one: nothing is allocated and no destination has a location.
DEFAULT_LOCATION = "default"


class ShipUnits(Command, frozen=True, kw_only=True):
    """Ship units of an order from a location: in the `packages`, of the `lines` named, or all that the location has.

    Without `location_ref`: the only location that has open fulfillments or allocations, else the one that the destinations
    name. `carrier` … `url` are for packages that do not name their own; `reference` is for a fulfillment that is created.
    """

    verb: ClassVar[Verb] = Verb.SHIP
    reads_supply: ClassVar[bool] = True
    new_id: Callable[[], int]
    location_ref: str | None = None
    packages: tuple[Package, ...] = ()
    lines: Mapping[int, int] | None = None
    carrier: str | None = None
    service: str | None = None
    number: str | None = None
    url: str | None = None
    reference: str | None = None
    at: int | None = None

    def check(self, order: Order) -> None:
        """Refuse also while the order is held."""
        super().check(order)
        check_not_held(order)

    def decision(self, state: State) -> Decision | None:
        """See Command: it is about what has to be allocated first."""
        location = self._location(state)
        if self._fulfillments(state.order, location):
            return None
        return self._create(location).decision(state)

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.shipped` for each fulfillment; `order.allocated` and `order.fulfillment_created` come before it.

        Refuses with Invalid `location` where several are possible, and more units than are open; with Conflict
        `state_forbids` where the location has not enough.
        """
        self._check_packages(state.order)
        location = self._location(state)
        chosen = self._fulfillments(state.order, location)
        events: list[OrderEvent] = []
        for each in chosen:
            state = self._ship(state, each.fulfillment_id, events)
        if not chosen or (self._units() is None and free_units(state.order, location)):
            state = _after(state, self._create(location).decide(state), events)
            state = self._ship(state, state.order.fulfillments[-1].fulfillment_id, events)
        return events

    def _units(self) -> dict[int, int] | None:
        if self.lines is not None:
            return dict(self.lines)
        units: dict[int, int] = {}
        for package in self.packages:
            for line, quantity in package.lines:
                units[line] = units.get(line, 0) + quantity
        return units or None

    def _location(self, state: State) -> str:
        if self.location_ref is not None:
            return self.location_ref
        order = state.order
        places = [each.location for each in order.fulfillments if each.is_open and each.kind != "reship"]
        places += [each.location for each in order.allocations if each.is_open]
        if not places:
            open_lines = [line for line, units in zip(order.content.lines, order.counters, strict=True) if units.open]
            named = [order.content.destinations[line.destination] for line in open_lines if order.content.destinations]
            places = [each.location_ref for each in named if each.location_ref]
        found = sorted(set(places))
        if len(found) > 1 or (not found and state.supply is not None):
            where = f"one of {', '.join(found)}" if found else "the location that ships, because nothing is allocated"
            raise Invalid(
                Code.INVALID, "the request has faults", faults=(Fault(("location",), f"is required: {where}"),)
            )
        return found[0] if found else DEFAULT_LOCATION

    def _fulfillments(self, order: Order, location: str) -> list[Fulfillment]:
        """Return the open fulfillments to ship: all of the location, or the first that has the units asked for."""
        found = [
            each for each in order.fulfillments if each.is_open and each.location == location and each.kind != "reship"
        ]
        units = self._units()
        return found if units is None else [each for each in found if _has(each, units)][:1]

    def _create(self, location: str) -> CreateFulfillment:
        return CreateFulfillment(
            order_id=self.order_id, location_ref=location, new_id=self.new_id, lines=self._units(),
            reference=self.reference, reason=self.reason,
        )  # fmt: skip

    def _ship(self, state: State, fulfillment_id: int, events: list[OrderEvent]) -> State:
        command = ShipFulfillment(
            order_id=self.order_id, fulfillment_id=fulfillment_id, new_id=self.new_id, packages=self.packages,
            lines=self.lines, carrier=self.carrier, service=self.service, number=self.number, url=self.url, at=self.at,
            reason=self.reason,
        )  # fmt: skip
        return _after(state, command.decide(state), events)

    def _check_packages(self, order: Order) -> None:
        """Refuse with Invalid packages with more units than are open."""
        units: dict[int, int] = {}
        faults = []
        for place, package in enumerate(self.packages):
            for at, (line, quantity) in enumerate(package.lines):
                path = ("packages", place, "lines", at)
                if not 0 <= line < len(order.counters):
                    faults.append(Fault((*path, "line"), f"must be below {len(order.counters)}, the number of lines"))
                    continue
                units[line] = units.get(line, 0) + quantity
                if units[line] > order.counters[line].open:
                    reason = f"all packages together must have at most {order.counters[line].open}, which are open"
                    faults.append(Fault((*path, "quantity"), reason))
        if faults:
            raise Invalid(Code.INVALID, "the packages do not fit the order", faults=tuple(faults))


def _has(fulfillment: Fulfillment, units: Mapping[int, int]) -> bool:
    left = {line.line: line.open for line in fulfillment.lines}
    return all(left.get(line, 0) >= quantity for line, quantity in units.items())


def _after(state: State, events: Sequence[OrderEvent], done: list[OrderEvent]) -> State:
    """Add events to those done, and return the state with the order after them."""
    order = state.order
    for event in events:
        order = evolve(order, event, at=max(state.now, order.updated_at))
    done += events
    return msgspec.structs.replace(state, order=order)
