"""Shipments of Pitney Bowes Fulfillment: a package that has left is a shipment; their ids, rows and searches; pure.

Source: the vendor's page of the shipments search, which shows the request and the beginning of the answer;
docs/doors/pb_fulfillment.md says what was decided.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from crossdock.core.ids import from_digits, to_digits
from crossdock.core.orders.fulfillments import Fulfillment, Package
from crossdock.core.orders.model import Order
from crossdock.core.orders.status import Status
from crossdock.core.time import format_time
from crossdock.doors.pb_fulfillment import mapping, responses, search, wire_shipments
from crossdock.doors.pb_fulfillment.search import Search
from crossdock.flows.order_search import Filters, OrderQuery, Overflow, Residual

Tree = Any
_SHIPMENT_ID = re.compile(r"SHP([0-9]{19})-([1-9][0-9]{0,5})\Z")
# Orders of which something has left; that outweighs a hold.
SHIPPED = (Status.PARTIALLY_SHIPPED, Status.SHIPPED, Status.DELIVERED, Status.RETURNED)
PERIOD_US = 183 * 86_400_000_000  # six months, where a search names no date
MAX_ORDERS = 2_000  # examined by one search


class Shipment(Struct, frozen=True):
    """A package that has left, with its order and its fulfillment; `number` counts those of the fulfillment from 1."""

    order: Order
    fulfillment: Fulfillment
    package: Package
    number: int

    @property
    def at(self) -> int:
        """When it left, in microseconds since 1970."""
        return self.fulfillment.left_at(self.package) or self.fulfillment.at

    @property
    def shipment_id(self) -> str:
        """Its id: SHP, the 19 digits of the fulfillment, and its number."""
        return f"SHP{to_digits(self.fulfillment.fulfillment_id)}-{self.number}"


def fulfillment_of(shipment_id: str) -> int | None:
    """Return the id of the fulfillment in a shipment id; None where it is not valid."""
    match = _SHIPMENT_ID.match(shipment_id)
    return from_digits(match[1]) if match else None


def shipments_of(order: Order) -> Iterator[Shipment]:
    """Yield the shipments of an order."""
    for fulfillment in order.fulfillments:
        sent = [package for package in fulfillment.packages if package.shipped]
        for number, package in enumerate(sent, 1):
            yield Shipment(order, fulfillment, package, number)


def read(raw: bytes, clients: frozenset[str]) -> Search:
    """Parse the body of a search. Refuses with Invalid all its faults."""
    return search.read(raw, clients, wire_shipments.ShipmentSearchBody, default_sort=(("shippedDate", True),))


def order_query(sought: Search, *, now: int, of_fulfillments: tuple[int, ...] | None) -> OrderQuery:
    """Translate a search into a query of orders; `of_fulfillments` are the orders of the shipments that it names."""
    ids: set[int] | None = None
    if "orderIds" in sought.fields:
        ids = {each for text in sought.fields["orderIds"] if (each := responses.parse_order_id(text)) is not None}
    if of_fulfillments is not None:
        ids = set(of_fulfillments) if ids is None else ids & set(of_fulfillments)
    first, _ = span(sought, now)
    any_of = tuple(Filters(status=str(status), updated_from=first) for status in SHIPPED)
    order_ids = None if ids is None else tuple(sorted(ids))
    return OrderQuery(any_of=any_of, order_ids=order_ids, limit=MAX_ORDERS)


def span(sought: Search, now: int) -> tuple[int, int | None]:
    """Return the first moment that a search asks for and the first after it; the last six months where it names none.

    A search for orders or shipments by id has no default period.
    """
    if "shippedDate" in sought.fields:
        return search.span_of(sought.fields["shippedDate"])
    return (0 if sought.fields.keys() & {"orderIds", "shipmentIds"} else now - PERIOD_US), None


def residual(sought: Search) -> Residual:
    """Make the part of a search that the query of orders does not say: the client, and the brand of the order."""
    brands = frozenset(sought.fields.get("brands", ()))

    def matches(order: Order, document: Tree) -> bool:
        return mapping.is_visible_to(order, sought.client) and (not brands or document.get("brand") in brands)

    return Residual(matches, door=mapping.DOOR if brands else None, overflow=Overflow.REFUSE)


def select(sought: Search, orders: list[Order], *, now: int) -> list[Shipment]:
    """Return the shipments of orders that a search asks for, sorted as it says; those of one moment by id."""
    first, after = span(sought, now)
    ids = frozenset(sought.fields.get("shipmentIds", ()))
    found = [
        each
        for order in orders
        for each in shipments_of(order)
        if (not ids or each.shipment_id in ids) and first <= each.at and (after is None or each.at < after)
    ]
    found.sort(key=lambda each: (each.at, each.shipment_id), reverse=not sought.sort[0][1])
    return found


def shipment_row(shipment: Shipment, response: Mapping[str, Tree], client: str) -> dict[str, Tree]:
    """Render a shipment; `response` is that of its order. Members without a value are left out."""
    package, order = shipment.package, shipment.order
    lines = response["orderLines"]
    details = {"carrier": package.carrier, "serviceId": package.service, "trackingNumber": package.number}
    weight = package.weight
    box = {
        "packageId": to_digits(package.package_id or 0),
        "trackingNumber": package.number,
        "weight": {"value": weight[0], "unitOfMeasurement": weight[1]} if weight else None,
        "items": [
            {"lineId": lines[line]["lineId"], "sku": lines[line]["sku"], "quantity": quantity}
            for line, quantity in package.lines
            if line >= 0
        ],
    }
    row = {
        "clientId": order.content.account_ref if order.source.door == mapping.DOOR else client,
        "shipmentId": shipment.shipment_id,
        "orderId": response["orderId"],
        "clientOrderId": response["clientOrderId"],
        "customerOrderId": response.get("customerOrderId"),
        "brand": response.get("brand"),
        "fromNode": shipment.fulfillment.location,
        "shippedDate": format_time(shipment.at, digits=0),
        "status": "DELIVERED" if package.is_delivered else "SHIPPED",
        "shippingDetails": _present(details),
        "packages": [_present(box)],
        "toAddress": response["toAddress"],
    }
    return _present(row)


def _present(members: dict[str, Tree]) -> dict[str, Tree]:
    return {name: value for name, value in members.items() if value is not None}
