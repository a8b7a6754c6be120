"""Render orders as Pitney Bowes Fulfillment's read responses: ids, statuses, the order of members, number formats; pure.

The document in the create shape has the values. Here its members are put in the vendor's order, amounts get decimal points, and
server-owned fields are added.
"""

import re
from collections.abc import Callable
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any

from msgspec import Struct

from crossdock.core.ids import from_digits, to_digits
from crossdock.core.orders.model import Order
from crossdock.core.orders.status import Status, status_of
from crossdock.core.time import format_time
from crossdock.doors.pb_fulfillment import wire

Tree = Any
Object = dict[str, Tree]
_ORDER_ID = re.compile(r"ORA([0-9]{19})[A-Za-z]{2}\Z")
# The vendor shows a hold as a flag beside the status. It has no status for an order that is partly released, so an order is
# released when all of it is. INPROGRESS would need to know of picking.
STATUS = {
    Status.OPEN: "RECEIVED",
    Status.ON_HOLD: "RECEIVED",
    Status.PARTIALLY_ALLOCATED: "RECEIVED",
    Status.ALLOCATED: "RELEASED",
    Status.PARTIALLY_SHIPPED: "PARTIALLYSHIPPED",
    Status.SHIPPED: "SHIPPED",
    Status.DELIVERED: "DELIVERED",
    Status.RETURNED: "DELIVERED",
    Status.CANCELED: "CANCELED",
}
# The order of the vendor's response table up to isGift; isGift, status and the hold are last, as in the vendor's sample.
_LEADING = (
    "clientId", "clientOrderId", "orderId", "customerOrderId", "brand", "references", "salesChannel",
    "inputShippingDetails", "orderType", "createDate", "updateDate", "pbCreateDate", "pbUpdateDate", "fromNode",
    "shipOnDate", "fulfillmentReleaseDate", "promisedDeliveryDate", "orderHandling", "orderLines", "orderCharges",
    "toAddress", "billingAddress", "giftMessageText", "valueAddedServices", "paymentDetails", "customsInfo",
    "internalNotes", "dropShipInfo",
)  # fmt: skip
_TRAILING = ("isGift", "status", "isOnHold", "holdReason")
_KNOWN = frozenset({*_LEADING, *_TRAILING, "actualShippingDetails"})
# Server-owned fields: ignored in requests.
SERVER_FIELDS = frozenset(
    {"orderId", "pbCreateDate", "pbUpdateDate", "actualShippingDetails", "status", "isOnHold", "holdReason"}
)
_EXACT, _ONE = Context(prec=100), Decimal("1.0")  # more digits than any number of a body has
_STATUS_MEMBERS = (
    "clientId", "clientOrderId", "orderId", "customerOrderId", "status", "isOnHold", "holdReason", "createDate",
    "pbCreateDate", "updateDate", "pbUpdateDate",
)  # fmt: skip
# Values in the response of fields that were not sent.
DEFAULTS: Object = {"references": [], "orderType": "eCom", "isGift": False}
# The lists of details among the charges; each detail has a fee and a percentage.
CHARGE_DETAILS = ("dutyDetails", "taxDetails", "discountDetails", "otherChargeDetails")


def format_order_id(order: Order) -> str:
    """Format an order's id as the vendor does: ORA, 19 digits, and the country the order was first sent to."""
    return f"ORA{to_digits(order.order_id)}{order.source.country or 'US'}"


def parse_order_id(text: str) -> int | None:
    """Parse an order id, whatever country it ends in; None where it is not valid."""
    match = _ORDER_ID.match(text)
    return from_digits(match[1]) if match else None


def status_of_order(order: Order) -> str:
    """Return the vendor's status of an order; holds do not count."""
    return STATUS[status_of(order.counters, held=False)]


def order_response(document: Object, order: Order) -> Object:
    """Render the whole order: the vendor's members in its order, then unknown ones, then isGift, status and the hold."""
    members = document | {
        "orderId": format_order_id(order),
        "references": document.get("references") or DEFAULTS["references"],
        "orderType": document.get("orderType") or DEFAULTS["orderType"],
        "pbCreateDate": format_time(order.created_at, digits=0),
    }
    if order.version > 1:
        members["pbUpdateDate"] = format_time(order.updated_at, digits=0)
    else:
        members.pop("pbUpdateDate", None)
    response = {name: members[name] for name in _LEADING if name in members}
    for name, render in _MEMBER_RENDERERS.items():
        value = response.get(name)
        if value is not None:
            response[name] = render(value)
    if not _KNOWN.issuperset(members):
        response |= {name: value for name, value in members.items() if name not in _KNOWN}
    response["isGift"] = bool(document.get("isGift"))
    response["status"] = status_of_order(order)
    response["isOnHold"] = bool(order.holds)
    if order.holds:
        response["holdReason"] = [hold.reason for hold in order.holds]
    return response


def status_response(response: Object) -> Object:
    """Pick the members of a status response from the response of the whole order."""
    return {name: response[name] for name in _STATUS_MEMBERS if name in response}


def response_value(name: str, value: Tree) -> Tree:
    """Render one member of a document as the response shows it; None stands for one that was not sent."""
    if value is None and name in DEFAULTS:
        return DEFAULTS[name]
    render = _MEMBER_RENDERERS.get(name)
    return render(value) if render is not None and value is not None else value


# ------------------------------------------------------------------------------------------------------------- members
def _with_decimal_point(number: Tree) -> Tree:
    """Add a decimal point to a number that has none, without an exponent; exact."""
    if type(number) is int:
        return _EXACT.multiply(number, _ONE)
    if type(number) is Decimal:
        text = f"{number:f}"
        return Decimal(text if "." in text else f"{text}.0")
    return number


def _renderer(wire_type: type[Struct], *amounts: str) -> Callable[[Object], Object]:
    """Make a function that copies an object with its members in the vendor's order, unknown ones last, and formats its amounts.

    The response to create is made of the body, whose order of members is the sender's.
    """
    names = wire_type.__struct_encode_fields__
    known = frozenset(names)

    @lru_cache(256)  # a sender's program leaves out and orders members in few ways
    def sorted_names(members: tuple[str, ...]) -> list[str]:
        return [name for name in names if name in members]

    def render(value: Object) -> Object:
        if known.issuperset(value):  # names that senders invent must not fill the cache
            response = {name: value[name] for name in sorted_names(tuple(value))}
        else:
            response = {name: value[name] for name in names if name in value} | value
        for name in amounts:
            if name in response:
                response[name] = _with_decimal_point(response[name])
        return response

    return render


_render_shipping = _renderer(wire.ShippingDetails)
_render_line = _renderer(wire.OrderLine, "unitPrice", "lineTotal")
_render_detail = _renderer(wire.ChargeDetail, "fee", "percentage")
_render_known_address = _renderer(wire.Address)
_render_customs = _renderer(wire.CustomsInfo, "customsDeclaredValue")
_render_known_charges = _renderer(
    wire.OrderCharges, "shippingAmount", "totalItemAmount", "totalTaxAmount", "totalDiscountAmount", "totalOrderAmount"
)


def _render_lines(lines: list[Object]) -> list[Object]:
    return [_render_line(line) for line in lines]


def _render_charges(charges: Object) -> Object:
    """Format every amount, and add the order's currency to other charges without one."""
    response = _render_known_charges(charges)
    currency = response.get("orderCurrency")
    for name in CHARGE_DETAILS:
        details = response.get(name)
        if not details:
            continue
        if name == "otherChargeDetails" and currency is not None:
            details = [each if each.get("currency") is not None else each | {"currency": currency} for each in details]
        response[name] = [_render_detail(each) for each in details]
    return response


def _render_address(address: Object) -> Object:
    response = _render_known_address(address)
    if type(response.get("postalCode")) is int:
        response["postalCode"] = str(response["postalCode"])
    return response


_MEMBER_RENDERERS: dict[str, Callable[[Tree], Tree]] = {
    "inputShippingDetails": _render_shipping,
    "orderLines": _render_lines,
    "orderCharges": _render_charges,
    "toAddress": _render_address,
    "billingAddress": _render_address,
    "customsInfo": _render_customs,
}
