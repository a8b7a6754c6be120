"""The commands on what is on its way to the customer: ready for pickup, not picked up, tracked, delivered, reshipped; pure."""

from collections.abc import Callable, Sequence
from typing import ClassVar

import msgspec

from crossdock.core.errors import Code, Conflict, NotFound
from crossdock.core.orders.allocating import pools_of
from crossdock.core.orders.commands import Command, State
from crossdock.core.orders.events import Delivered, OrderEvent, ReadyForPickup, Reshipped, Tracked
from crossdock.core.orders.fulfilling import CancelFulfillment, FulfillmentCommand, Units, after_events, check_within
from crossdock.core.orders.fulfillments import DeliveryStatus, Fulfillment, FulfillmentLine, Package
from crossdock.core.orders.model import Order
from crossdock.core.orders.status import Verb
from crossdock.core.stock.model import LevelKey

_replace = msgspec.structs.replace


# ------------------------------------------------------------------------------------------------------------------ pickup
class MakeReady(FulfillmentCommand, frozen=True, kw_only=True):
    """Say that the customer can fetch a pickup, until `pickup_by` (microseconds since 1970); once more, it is a reminder."""

    pickup_by: int | None = None

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.ready_for_pickup`. Refuses with Conflict `state_forbids` what is no pickup."""
        fulfillment = self.of(state.order)
        if fulfillment.kind != "pickup":
            raise Conflict(
                Code.STATE_FORBIDS, "the fulfillment is shipped, not picked up", status=str(fulfillment.status)
            )
        is_reminder = fulfillment.ready_at is not None
        changed = _replace(
            fulfillment, ready_at=fulfillment.ready_at or state.now, pickup_by=self.pickup_by or fulfillment.pickup_by
        )
        return [ReadyForPickup(fulfillments=(changed,), reminder=is_reminder, reason=self.reason)]


class ExpirePickups(Command, frozen=True, kw_only=True):
    """Cancel pickups that nobody fetched in time; their units are given back."""

    verb: ClassVar[Verb] = Verb.CANCEL

    def check(self, order: Order) -> None:
        """Allow it whatever the order's status is."""

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return the events of the cancelations."""
        events: list[OrderEvent] = []
        for each in state.order.fulfillments:
            if each.is_open and each.pickup_by is not None and each.pickup_by <= state.now:
                cancel = CancelFulfillment(
                    order_id=self.order_id,
                    fulfillment_id=each.fulfillment_id,
                    expired=True,
                    reason="not picked up in time",
                )
                events += cancel.decide(after_events(state, events))
        return events


# ---------------------------------------------------------------------------------------------------------------- delivery
class RecordTracking(Command, frozen=True, kw_only=True):
    """Record what a carrier reports of a package, found by id, or of all packages with a tracking number; reports may be late,
    doubled or out of order."""

    verb: ClassVar[Verb] = Verb.NOTE
    status: DeliveryStatus
    reported_at: int
    package_id: int | None = None
    number: str | None = None
    place: str | None = None
    text: str | None = None

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.tracked` of each package, and `order.delivered` where it has reached the customer by it.

        Refuses with NotFound `not_found` an unknown package. A report that changes nothing is no event.
        """
        packages = [
            package.package_id
            for fulfillment in state.order.fulfillments
            for package in fulfillment.packages
            if package.shipped and self._is_meant(package)
        ]
        if not packages:
            raise NotFound(Code.NOT_FOUND, "the order has no such package")
        events: list[OrderEvent] = []
        for package_id in packages:
            events += self._report(after_events(state, events).order, package_id)
        return events

    def _report(self, order: Order, package_id: int | None) -> list[OrderEvent]:
        fulfillment, package = next(
            (each, package)
            for each in order.fulfillments
            for package in each.packages
            if package.package_id == package_id
        )
        after = package.after_report(self.status, self.reported_at)
        if after == package:
            return []
        assert package.package_id is not None
        packages = tuple(after if each is package else each for each in fulfillment.packages)
        tracked = Tracked(
            fulfillments=(_replace(fulfillment, packages=packages),), package_id=package.package_id, status=self.status,
            reported_at=self.reported_at, place=self.place, text=self.text, reason=self.reason,
        )  # fmt: skip
        # A package that went back and is delivered again was counted the first time.
        is_first = after.is_delivered and not (package.arrived or package.is_delivered)
        delivered = _delivered(order, fulfillment, package) if is_first and fulfillment.kind != "reship" else None
        return [tracked] if delivered is None else [tracked, delivered]

    def _is_meant(self, package: Package) -> bool:
        if self.package_id is not None:
            return package.package_id == self.package_id
        return self.number is not None and package.number == self.number


def _delivered(order: Order, fulfillment: Fulfillment, package: Package) -> Delivered | None:
    """Return the event that a package's units have reached the customer; None where all of them are counted already."""
    units = {
        line: min(quantity, order.counters[line].shipped - order.counters[line].delivered)
        for line, quantity in package.lines
        if 0 <= line < len(order.counters)
    }
    lines = tuple((line, quantity) for line, quantity in units.items() if quantity)
    if not lines:
        return None
    counters = tuple(
        _replace(line, delivered=line.delivered + units.get(place, 0)) for place, line in enumerate(order.counters)
    )
    return Delivered(
        lines=lines, counters=counters, tracking_number=package.number, fulfillment_id=fulfillment.fulfillment_id
    )


class ReshipPackage(Command, frozen=True, kw_only=True):
    """Ship a package's units, or those of the `lines` named, once more: it was lost, or came damaged."""

    verb: ClassVar[Verb] = Verb.NOTE
    reads_supply: ClassVar[bool] = True
    package_id: int
    new_id: Callable[[], int]
    lines: Units | None = None
    location_ref: str | None = None
    carrier: str | None = None
    service: str | None = None
    number: str | None = None
    url: str | None = None

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.reshipped`. Refuses with NotFound an unknown package, with Conflict stock that is short."""
        order = state.order
        found = next(
            (
                (fulfillment, package)
                for fulfillment in order.fulfillments
                for package in fulfillment.packages
                if package.shipped and package.package_id == self.package_id
            ),
            None,
        )
        if found is None:
            raise NotFound(Code.NOT_FOUND, "the order has no such package")
        fulfillment, package = found
        units = dict(package.lines)
        if self.lines is not None:
            check_within(self.lines, units, "lines", "were in the package")
            units = {line: quantity for line, quantity in self.lines.items() if quantity}
        location = self.location_ref or fulfillment.location
        taken = self._taken(state, location, units)
        again = Package(
            tuple(sorted(units.items())), self.carrier or package.carrier, self.service or package.service, self.number,
            self.url, self.new_id(), package.weight, package.size, True, shipped_at=state.now,
        )  # fmt: skip
        lines = tuple(FulfillmentLine(line, quantity, quantity, quantity) for line, quantity in sorted(units.items()))
        made = Fulfillment(
            self.new_id(), location, state.now, lines, "reship", fulfillment.destination, packages=(again,),
            shipped_at=state.now, reships=self.package_id,
        )  # fmt: skip
        return [Reshipped(fulfillments=(made,), taken=taken, reason=self.reason)]

    def _taken(self, state: State, location: str, units: Units) -> tuple[tuple[str, str, int], ...]:
        """Choose units at a location as an allocation does: of a line's own pool first, then of the common one."""
        supply, content = state.supply, state.order.content
        if supply is None:
            return ()
        taken: dict[tuple[str, str], int] = {}
        for line, quantity in sorted(units.items()):
            sku, left = content.lines[line].sku, quantity
            if sku is None or sku not in supply.tracked:
                continue
            for pool in pools_of(content, line):
                level = supply.levels.get(LevelKey(sku, location, pool))
                if level is not None and level.unlimited:  # nothing is taken of it
                    left = 0
                used = taken.get((sku, pool), 0)
                part = 0 if level is None else max(0, min(left, level.available - used))
                left -= part
                if part:
                    taken[sku, pool] = used + part
            if left:
                reason = f"{location} has {quantity - left} of {quantity} units of {sku} to ship once more"
                raise Conflict(Code.STATE_FORBIDS, reason, status=str(state.order.status))
        return tuple((sku, pool, quantity) for (sku, pool), quantity in taken.items())
