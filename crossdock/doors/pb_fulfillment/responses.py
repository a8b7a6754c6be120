"""Pitney Bowes Fulfillment: how an order is answered: its id, its status, the order of its members, their dressing. Pure.

The document (as it was sent, or spelled by `mapping`) already says what is answered; here it is put in the vendor's order, with
decimal points on amounts and what only this side can say.
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
# One word for every summary; a hold is no status here but a flag beside it. There is no partly released in this
# vocabulary, so an order counts as released when all of it is. INPROGRESS waits for picking to be known.
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
# The order of the vendor's answer table, up to isGift; isGift, status and the hold close the answer as in its sample.
_FIRST = (
    "clientId", "clientOrderId", "orderId", "customerOrderId", "brand", "references", "salesChannel",
    "inputShippingDetails", "orderType", "createDate", "updateDate", "pbCreateDate", "pbUpdateDate", "fromNode",
    "shipOnDate", "fulfillmentReleaseDate", "promisedDeliveryDate", "orderHandling", "orderLines", "orderCharges",
    "toAddress", "billingAddress", "giftMessageText", "valueAddedServices", "paymentDetails", "customsInfo",
    "internalNotes", "dropShipInfo",
)  # fmt: skip
_CLOSING = ("isGift", "status", "isOnHold", "holdReason")
_KNOWN = frozenset({*_FIRST, *_CLOSING, "actualShippingDetails"})
# Members of the answer that a sender cannot set, whatever it sends under their names.
ANSWERED = frozenset(
    {"orderId", "pbCreateDate", "pbUpdateDate", "actualShippingDetails", "status", "isOnHold", "holdReason"}
)
_EXACT, _WITH_POINT = Context(prec=100), Decimal("1.0")  # more digits than any number of a body has
_STATUS_PART = (
    "clientId", "clientOrderId", "orderId", "customerOrderId", "status", "isOnHold", "holdReason", "createDate",
    "pbCreateDate", "updateDate", "pbUpdateDate",
)  # fmt: skip
# What is answered where it was not sent.
DEFAULTS: Object = {"references": [], "orderType": "eCom", "isGift": False}
# The details among the charges; each has a fee and a percentage.
DETAILS = ("dutyDetails", "taxDetails", "discountDetails", "otherChargeDetails")


def spell_id(order: Order) -> str:
    """Spell an order's id as the vendor does: ORA, 19 digits, and the country it was first sent to."""
    return f"ORA{to_digits(order.order_id)}{order.source.country or 'US'}"


def read_id(text: str) -> int | None:
    """Read an order id, whatever country it ends in; None where it cannot be one."""
    match = _ORDER_ID.match(text)
    return from_digits(match[1]) if match else None


def word_of(order: Order) -> str:
    """Give the vendor's word for how far an order has come; a hold does not matter for it."""
    return STATUS[status_of(order.counters, held=False)]


def answer(document: Object, order: Order) -> Object:
    """Give the whole answer: the vendor's members in its order, then unknown ones, then the closing ones."""
    given = document | {
        "orderId": spell_id(order),
        "references": document.get("references") or DEFAULTS["references"],
        "orderType": document.get("orderType") or DEFAULTS["orderType"],
        "pbCreateDate": format_time(order.created_at, digits=0),
    }
    if order.version > 1:
        given["pbUpdateDate"] = format_time(order.updated_at, digits=0)
    else:
        given.pop("pbUpdateDate", None)
    told = {name: given[name] for name in _FIRST if name in given}
    for name, dress in _DRESSES.items():
        value = told.get(name)
        if value is not None:
            told[name] = dress(value)
    if not _KNOWN.issuperset(given):
        told |= {name: value for name, value in given.items() if name not in _KNOWN}
    told["isGift"] = bool(document.get("isGift"))
    told["status"] = word_of(order)
    told["isOnHold"] = bool(order.holds)
    if order.holds:
        told["holdReason"] = [hold.reason for hold in order.holds]
    return told


def status_part(answer: Object) -> Object:
    """Give the members of a whole answer that a status answer has, in its order."""
    return {name: answer[name] for name in _STATUS_PART if name in answer}


def as_told(name: str, value: Tree) -> Tree:
    """Give a member of a document as it is answered: with what is filled in for it where it was not sent, and dressed."""
    if value is None and name in DEFAULTS:
        return DEFAULTS[name]
    dress = _DRESSES.get(name)
    return dress(value) if dress is not None and value is not None else value


# ------------------------------------------------------------------------------------------------------------- dressing
def _pointed(number: Tree) -> Tree:
    """Give a number a decimal point where it has none, and no exponent it can do without; exact."""
    if type(number) is int:
        return _EXACT.multiply(number, _WITH_POINT)
    if type(number) is Decimal:
        text = f"{number:f}"
        return Decimal(text if "." in text else f"{text}.0")
    return number


def _dresser(shape: type[Struct], *money: str) -> Callable[[Object], Object]:
    """Make what copies an object into the vendor's order, unknown members last, with points on its amounts.

    The answer to create is made of what was sent, whose own order must not show.
    """
    names = shape.__struct_encode_fields__
    known = frozenset(names)

    @lru_cache(256)  # senders' programs leave out and order members in few ways
    def arranged(members: tuple[str, ...]) -> list[str]:
        return [name for name in names if name in members]

    def dressed(row: Object) -> Object:
        if known.issuperset(row):  # only then: what senders call their own members is not to be remembered
            told = {name: row[name] for name in arranged(tuple(row))}
        else:
            told = {name: row[name] for name in names if name in row} | row
        for name in money:
            if name in told:
                told[name] = _pointed(told[name])
        return told

    return dressed


_shipping = _dresser(wire.ShippingDetails)
_line = _dresser(wire.OrderLine, "unitPrice", "lineTotal")
_detail = _dresser(wire.ChargeDetail, "fee", "percentage")
_address = _dresser(wire.Address)
_customs = _dresser(wire.CustomsInfo, "customsDeclaredValue")
_charges = _dresser(
    wire.OrderCharges, "shippingAmount", "totalItemAmount", "totalTaxAmount", "totalDiscountAmount", "totalOrderAmount"
)


def _answered_lines(lines: list[Object]) -> list[Object]:
    return [_line(line) for line in lines]


def _answered_charges(charges: Object) -> Object:
    """Put decimal points on every amount, and the order's currency on other charges that name none."""
    answered = _charges(charges)
    currency = answered.get("orderCurrency")
    for name in DETAILS:
        details = answered.get(name)
        if not details:
            continue
        if name == "otherChargeDetails" and currency is not None:
            details = [each if each.get("currency") is not None else each | {"currency": currency} for each in details]
        answered[name] = [_detail(each) for each in details]
    return answered


def _answered_address(address: Object) -> Object:
    answered = _address(address)
    if type(answered.get("postalCode")) is int:
        answered["postalCode"] = str(answered["postalCode"])
    return answered


_DRESSES: dict[str, Callable[[Tree], Tree]] = {
    "inputShippingDetails": _shipping,
    "orderLines": _answered_lines,
    "orderCharges": _answered_charges,
    "toAddress": _answered_address,
    "billingAddress": _answered_address,
    "customsInfo": _customs,
}
