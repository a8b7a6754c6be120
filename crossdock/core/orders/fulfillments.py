"""The fulfillments of an order: what a location picks, packs and ships of it, and what became of the packages; pure.

A fulfillment is one location's work on an order. Its status follows from its lines and packages. Packages carry tracking; what
carriers report is appended, and a late report never undoes a delivery.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Literal

import msgspec
from msgspec import Struct

from crossdock.core.orders.allocations import Allocations
from crossdock.core.orders.status import Counters

_replace = msgspec.structs.replace
Kind = Literal["ship", "pickup", "reship"]


class FulfillmentStatus(StrEnum):
    """The summary of a fulfillment."""

    OPEN = "open"
    PICKING = "picking"
    PICKED = "picked"
    PACKED = "packed"
    READY_FOR_PICKUP = "ready_for_pickup"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELED = "canceled"


class DeliveryStatus(StrEnum):
    """What a carrier reports of a package."""

    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    ATTEMPTED = "attempted"
    READY_FOR_PICKUP = "ready_for_pickup"
    EXCEPTION = "exception"
    DELIVERED = "delivered"
    RETURNED_TO_SENDER = "returned_to_sender"
    LOST = "lost"


class Dimensions(Struct, frozen=True, omit_defaults=True):
    """Length, width and height in a unit such as MM or IN."""

    length: Decimal
    width: Decimal
    height: Decimal
    unit: str | None = None


class Package(Struct, frozen=True, omit_defaults=True):
    """What leaves in one piece: `lines` are (position, quantity); `number` and `url` are the carrier's, for tracking.

    `weight` is a number with its unit, such as ("1.5", "KG"). `status` is what the carrier reported, as of `reported_at`
    (microseconds since 1970 UTC); None before the first report. `shipped_at` is when it left; None before that, and of packages
    that left before events had it. `arrived`: a delivery was reported once, whatever came after.
    """

    lines: tuple[tuple[int, int], ...]
    carrier: str | None = None
    service: str | None = None
    number: str | None = None
    url: str | None = None
    package_id: int | None = None
    weight: tuple[Decimal, str] | None = None
    size: Dimensions | None = None
    shipped: bool = False
    status: DeliveryStatus | None = None
    reported_at: int = 0
    shipped_at: int | None = None
    arrived: bool = False

    @property
    def is_delivered(self) -> bool:
        """Whether it reached the customer."""
        return self.status is DeliveryStatus.DELIVERED

    def after_report(self, status: DeliveryStatus, at: int) -> "Package":
        """Return the package after a report: the latest one counts.

        A delivery outweighs later reports that came earlier, and nothing but a return to the sender undoes it.
        """
        is_late = at < self.reported_at
        if self.is_delivered and status is not DeliveryStatus.RETURNED_TO_SENDER:
            return self
        outweighs = status is DeliveryStatus.DELIVERED and self.status is not DeliveryStatus.RETURNED_TO_SENDER
        if is_late and not outweighs:
            return self
        arrived = self.arrived or self.is_delivered or status is DeliveryStatus.DELIVERED
        return _replace(self, status=status, reported_at=max(at, self.reported_at), arrived=arrived)


class FulfillmentLine(Struct, frozen=True, omit_defaults=True):
    """Units of one line of the order. `line` is a position in the content, -1 for a line that an edit has removed since."""

    line: int
    quantity: int
    picked: int = 0
    shipped: int = 0
    canceled: int = 0

    @property
    def open(self) -> int:
        """Units that are neither shipped nor canceled."""
        return self.quantity - self.shipped - self.canceled

    @property
    def unpicked(self) -> int:
        """Units that are open and not picked; units may ship without having been reported as picked."""
        return max(0, min(self.open, self.quantity - self.canceled - self.picked))

    def is_sound(self) -> bool:
        """Tell whether the numbers can be true together."""
        return min(self.picked, self.shipped, self.canceled, self.open) >= 0 and self.picked <= self.quantity


class Fulfillment(Struct, frozen=True, omit_defaults=True):
    """One location's work on an order. Times are microseconds since 1970 UTC.

    `reference` is the sender's own id for it. Of a pickup, `ready_at` is when the customer could come and `pickup_by` until
    when. `reships` is the package that a reshipment replaces.
    """

    fulfillment_id: int
    location: str
    at: int
    lines: tuple[FulfillmentLine, ...]
    kind: Kind = "ship"
    destination: int = 0
    reference: str | None = None
    packages: tuple[Package, ...] = ()
    shipped_at: int | None = None
    ready_at: int | None = None
    pickup_by: int | None = None
    reships: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether units of it are neither shipped nor canceled."""
        return any(line.open for line in self.lines)

    def left_at(self, package: Package) -> int | None:
        """Return when a package of it left; when its last one did where the package does not say it. None before that."""
        if not package.shipped or package.shipped_at is not None:
            return package.shipped_at
        return self.shipped_at

    @property
    def status(self) -> FulfillmentStatus:
        """The summary, derived from lines and packages."""
        shipped = sum(line.shipped for line in self.lines)
        if not self.is_open:
            return self._ended(shipped)
        if shipped:
            return FulfillmentStatus.PARTIALLY_SHIPPED
        if self.ready_at is not None:
            return FulfillmentStatus.READY_FOR_PICKUP
        if packed_units(self) and all(packed_units(self).get(line.line, 0) >= line.open for line in self.lines):
            return FulfillmentStatus.PACKED
        if all(line.picked >= line.open for line in self.lines):
            return FulfillmentStatus.PICKED
        return FulfillmentStatus.PICKING if any(line.picked for line in self.lines) else FulfillmentStatus.OPEN

    def _ended(self, shipped: int) -> FulfillmentStatus:
        if not shipped:
            return FulfillmentStatus.CANCELED
        sent = [package for package in self.packages if package.shipped]
        if sent and all(package.is_delivered for package in sent):
            return FulfillmentStatus.DELIVERED
        return FulfillmentStatus.SHIPPED


Fulfillments = tuple[Fulfillment, ...]


def packed_units(fulfillment: Fulfillment) -> dict[int, int]:
    """Return the units in packages that have not been shipped, by line."""
    return _sum(pair for package in fulfillment.packages if not package.shipped for pair in package.lines)


def _sum(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    units: dict[int, int] = {}
    for line, quantity in pairs:
        units[line] = units.get(line, 0) + quantity
    return units


def open_units(fulfillments: Fulfillments, *, location: str | None = None) -> dict[int, int]:
    """Return the open units of each line in fulfillments, at a location or at all."""
    return _sum(
        (line.line, line.open)
        for each in fulfillments
        if location in (None, each.location) and each.kind != "reship"
        for line in each.lines
        if line.open
    )


def with_changed(fulfillments: Fulfillments, changed: Iterable[Fulfillment]) -> Fulfillments:
    """Return fulfillments with new states, by id; those that were not there are added."""
    states = {each.fulfillment_id: each for each in changed}
    kept = tuple(states.pop(each.fulfillment_id, each) for each in fulfillments)
    return (*kept, *states.values())


def with_lines_moved(fulfillments: Fulfillments, positions: Mapping[int, int]) -> Fulfillments:
    """Return the fulfillments after an edit, with the lines' new positions."""
    return tuple(
        _replace(
            each,
            lines=tuple(_replace(line, line=positions.get(line.line, -1)) for line in each.lines),
            packages=tuple(
                _replace(package, lines=tuple((positions.get(line, -1), units) for line, units in package.lines))
                for package in each.packages
            ),
        )
        for each in fulfillments
    )


def trimmed(fulfillments: Fulfillments, counters: tuple[Counters, ...], allocations: Allocations) -> Fulfillments:
    """Return the fulfillments without units that are no longer allocated: canceled ones, and those given back.

    Of several fulfillments the newest loses them first. What is packed comes out of its packages.
    """
    allocated = {place: line.allocated for place, line in enumerate(counters)}
    at_location: dict[tuple[str, int], int] = {}
    for allocation in allocations:
        for part in allocation.units:
            key = allocation.location, part.line
            at_location[key] = at_location.get(key, 0) + part.open
    kept: list[Fulfillment] = []
    for each in fulfillments:
        if each.kind == "reship" or not each.is_open:
            kept.append(each)
            continue
        lines = []
        for line in each.lines:
            key = each.location, line.line
            stays = max(0, min(line.open, allocated.get(line.line, 0), at_location.get(key, line.open)))
            allocated[line.line] = allocated.get(line.line, 0) - stays
            if key in at_location:
                at_location[key] -= stays
            lines.append(_replace(line, canceled=line.canceled + line.open - stays) if stays < line.open else line)
        kept.append(without_surplus(_replace(each, lines=tuple(lines))))
    return tuple(kept)


def without_surplus(fulfillment: Fulfillment) -> Fulfillment:
    """Take out of packages that have not been shipped what the fulfillment has not open any more."""
    left = {line.line: line.open for line in fulfillment.lines}
    packages = []
    for package in fulfillment.packages:
        if package.shipped:
            packages.append(package)
            continue
        kept = []
        for line, quantity in package.lines:
            stays = min(quantity, left.get(line, 0))
            left[line] = left.get(line, 0) - stays
            if stays:
                kept.append((line, stays))
        if kept:
            packages.append(_replace(package, lines=tuple(kept)))
    return _replace(fulfillment, packages=tuple(packages))
