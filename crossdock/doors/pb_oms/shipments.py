"""Shipments of Pitney Bowes OMS: the packages of orders that have left, as rows of the vendor's shipments calls; pure.

The vendor's shipments are labels that were bought. Crossdock buys none: it shows what was recorded as shipped, through any API,
and leaves out what only a label has.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from crossdock.core.ids import from_digits, to_digits
from crossdock.core.orders.fulfillments import Fulfillment, Package
from crossdock.core.orders.model import Address, Order
from crossdock.core.orders.status import Status
from crossdock.doors.pb_oms import mapping
from crossdock.doors.pb_oms.list_query import ListQuery
from crossdock.flows.order_search import Filters, OrderQuery, Overflow, Residual

Tree = Any
# Orders of which something has left; that outweighs a hold.
_SHIPPED = (Status.PARTIALLY_SHIPPED, Status.SHIPPED, Status.DELIVERED, Status.RETURNED)
_DIGITS = 19
MAX_ORDERS = 2_000  # examined by one list
# Orders that were deleted through this door do not exist for it.
RESIDUAL = Residual(lambda order, _: not mapping.is_deleted(order), overflow=Overflow.REFUSE)


class Shipment(Struct, frozen=True):
    """A package that has left, with its order and its fulfillment."""

    order: Order
    fulfillment: Fulfillment
    package: Package

    @property
    def at(self) -> int:
        """When it left, in microseconds since 1970 UTC."""
        return self.fulfillment.left_at(self.package) or self.fulfillment.at

    @property
    def shipment_id(self) -> str:
        """Its id: the carrier and digits, as at the vendor (USPS2200579677758143), but 19 digits: the id of the package."""
        return re.sub("[^A-Z0-9]", "", (self.package.carrier or "").upper()) + to_digits(self.package.package_id or 0)


def package_id_of(shipment_id: str) -> int | None:
    """Return the id of the package in a shipment id; None where there is none."""
    return from_digits(shipment_id[-_DIGITS:])


def shipments_of(order: Order) -> Iterator[Shipment]:
    """Yield the shipments of an order."""
    for fulfillment in order.fulfillments:
        for package in fulfillment.packages:
            if package.shipped:
                yield Shipment(order, fulfillment, package)


def find(order: Order, shipment_id: str) -> Shipment | None:
    """Return the shipment of an order with an id, unless the order is hidden from this door."""
    if mapping.is_deleted(order):
        return None
    return next((each for each in shipments_of(order) if each.shipment_id == shipment_id), None)


def order_query(asked: ListQuery) -> OrderQuery:
    """Make the query of the orders whose packages left in a period: an order that was not changed since has none."""
    any_of = tuple(Filters(status=str(status), updated_from=asked.start) for status in _SHIPPED)
    return OrderQuery(any_of=any_of, limit=MAX_ORDERS)


def select(asked: ListQuery, orders: Iterable[Order]) -> list[Shipment]:
    """Return the shipments of orders in a period, the last that left first; those of one moment by id."""
    start, end = asked.start or 0, asked.end
    every = (each for order in orders for each in shipments_of(order))
    found = [each for each in every if start <= each.at and (end is None or each.at < end)]
    return sorted(found, key=lambda each: (each.at, each.shipment_id), reverse=True)


def shipment_row(shipment: Shipment) -> dict[str, Tree]:
    """Render a shipment; members without a value are left out."""
    package, order = shipment.package, shipment.order
    destinations, place = order.content.destinations, shipment.fulfillment.destination
    to_address = destinations[place].address if place < len(destinations) else None
    rate = mapping.without_none(carrier=package.carrier, serviceId=package.service)
    return mapping.without_none(
        parcel=_parcel(package),
        metadata=[
            {"name": "orderId", "value": mapping.format_id(order.order_id)},
            {"name": "orderNumber", "value": order.content.number},
        ],
        rate=rate or None,
        service=package.service,
        shipmentId=shipment.shipment_id,
        fromAddress=_address(order.content.ship_from),
        toAddress=_address(to_address),
        parcelTrackingNumber=package.number,
        status="COMPLETE",
    )


def _parcel(package: Package) -> dict[str, Tree] | None:
    size, weight = package.size, package.weight
    parcel: dict[str, Tree] = {}
    if size is not None:
        parcel |= {"length": size.length, "width": size.width, "height": size.height, "dimUnit": size.unit}
    if weight is not None:
        parcel |= {"weight": weight[0], "weightUnit": weight[1]}
    return mapping.without_none(**parcel) or None


def _address(address: Address | None) -> dict[str, Tree] | None:
    return (mapping.address_document(address) or None) if address else None
