"""Render orders as Pitney Bowes Fulfillment's read responses: ids, statuses, the order of members, number formats; pure.

The document in the create shape has the values. Here its members are put in the order of the vendor's table (wire_answers.py),
nulls are left out, amounts get decimal points, numbers become text where the vendor has text, server-owned fields are added.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any

from msgspec import Raw, Struct, inspect

from crossdock.core.ids import from_digits, to_digits
from crossdock.core.json.value_types import is_date, is_date_time, parse_date_time
from crossdock.core.orders.fulfillments import FulfillmentStatus
from crossdock.core.orders.model import Order
from crossdock.core.orders.status import Status, status_of
from crossdock.core.time import format_time
from crossdock.doors import encode_json
from crossdock.doors.pb_fulfillment import wire_answers
from crossdock.doors.pb_fulfillment.mapping import DOOR, numbers_for

Tree = Any
Object = dict[str, Tree]
Convert = Callable[[Tree], Tree]
RenderObject = Callable[[Object], Object]
_ORDER_ID = re.compile(r"ORA([0-9]{19})[A-Za-z]{2}\Z")
# The vendor shows a hold as a flag beside the status. It has no status for an order that is partly released, so an order is
# released when all of it is. An order that is being picked or packed, and of which nothing has left, is INPROGRESS.
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
IN_PROGRESS = "INPROGRESS"
_WAITING = frozenset(("RECEIVED", "RELEASED"))
_AT_WORK = frozenset(
    (
        FulfillmentStatus.PICKING, FulfillmentStatus.PICKED, FulfillmentStatus.PACKED,
        FulfillmentStatus.READY_FOR_PICKUP,
    )
)  # fmt: skip
# Server-owned fields: ignored in requests.
SERVER_FIELDS = frozenset(
    {"orderId", "pbCreateDate", "pbUpdateDate", "actualShippingDetails", "status", "isOnHold", "holdReason"}
)
# Values in the response of fields that were not sent.
DEFAULTS: Object = {"references": [], "orderType": "eCom", "isGift": False}
BACKORDERED = "BACKORDERED"  # the hold reason of an order that waits for stock
_STATUS_MEMBERS = wire_answers.StatusResponse.__struct_encode_fields__
_CLIENT_DATES = ("createDate", "shipOnDate", "fulfillmentReleaseDate", "promisedDeliveryDate")
_EXACT, _ONE = Context(prec=100), Decimal("1.0")  # more digits than any number of a body has
_MAX_LINE_ID = 2**63  # integers of typed clients


# ---------------------------------------------------------------------------------------------------------------- orders
def format_order_id(order: Order) -> str:
    """Format an order's id as the vendor does: ORA, 19 digits, and the country the order was first sent to."""
    return f"ORA{to_digits(order.order_id)}{order.source.country or 'US'}"


def parse_order_id(text: str) -> int | None:
    """Parse an order id, whatever country it ends in; None where it is not valid."""
    match = _ORDER_ID.match(text)
    return from_digits(match[1]) if match else None


def status_of_order(order: Order) -> str:
    """Return the vendor's status of an order; holds do not count."""
    status = STATUS[status_of(order.counters, held=False)]
    if order.fulfillments and status in _WAITING and any(each.status in _AT_WORK for each in order.fulfillments):
        return IN_PROGRESS
    return status


def _actual_shipping(order: Order) -> Object | None:
    """Return how the first package left; the others are in the shipments search."""
    for fulfillment in order.fulfillments:
        for package in fulfillment.packages:
            if package.shipped and (package.carrier or package.service or package.number):
                return {
                    "carrier": package.carrier,
                    "serviceId": package.service,
                    "trackingNumber": package.number,
                }
    return None


def order_response(document: Object, order: Order) -> Object:
    """Render the whole order: the vendor's members in the order of its table, then unknown ones."""
    members = document | {
        "orderId": format_order_id(order),
        "references": document.get("references") or DEFAULTS["references"],
        "actualShippingDetails": _actual_shipping(order) if order.fulfillments else None,
        "orderType": document.get("orderType") or DEFAULTS["orderType"],
        "pbCreateDate": format_time(order.created_at, digits=0),
        "pbUpdateDate": format_time(order.updated_at, digits=0) if order.version > 1 else None,
        "isGift": bool(document.get("isGift")),
        "status": status_of_order(order),
        "isOnHold": bool(order.holds) or order.is_waiting,
        "holdReason": _hold_reasons(order) or None,
    }
    if order.source.door != DOOR:
        members |= {
            name: _for_strict_clients(name, members.get(name), order) for name in (*_CLIENT_DATES, "orderLines")
        }
    return _render_order(members)


def _hold_reasons(order: Order) -> list[str]:
    """Return the reasons of an order's holds; one that waits for stock is accepted, and shown as on hold for that."""
    reasons = [hold.reason for hold in order.holds]
    return [*reasons, BACKORDERED] if order.is_waiting else reasons


def status_response(response: Object) -> Object:
    """Pick the members of a status response from the response of the whole order."""
    return {name: response[name] for name in _STATUS_MEMBERS if name in response}


def response_value(name: str, value: Tree, order: Order) -> Tree:
    """Render one member of an order's document as the response shows it; None stands for one that was not sent."""
    if order.source.door != DOOR:
        value = _for_strict_clients(name, value, order)
    if name in DEFAULTS and not value:
        return DEFAULTS[name]
    convert = _ORDER_CONVERSIONS.get(name, {}).get(type(value))
    return value if convert is None else convert(value)


# ---------------------------------------------------------------------------------------------- orders of other doors
def name_client(response: Object, order: Order, client: str) -> None:
    """Put the client that asks into the response of an order of another door, which belongs to none."""
    if order.source.door != DOOR:
        response["clientId"] = client


def name_client_in_json(response: Raw, order: Order, client: str) -> Raw:
    """As `name_client`, in a response as JSON; its first member is the clientId."""
    if order.source.door == DOOR:
        return response
    own = b'{"clientId":' + encode_json(order.content.account_ref or "")
    return Raw(bytes(response).replace(own, b'{"clientId":' + encode_json(client), 1))


def _for_strict_clients(name: str, value: Tree, order: Order) -> Tree:
    """Render a member of another door's order so that clients can parse it which know this vendor's formats only."""
    if name in _CLIENT_DATES:
        time = _utc_time(value) if isinstance(value, str) else None
        return format_time(order.created_at, digits=0) if time is None and name == "createDate" else time
    if name == "orderLines" and isinstance(value, list):
        sent = [line.get("lineId", 0) for line in value]
        numbers = numbers_for([number if -_MAX_LINE_ID <= number < _MAX_LINE_ID else None for number in sent])
        return [
            line if line.get("lineId") == number else line | {"lineId": number}
            for line, number in zip(value, numbers, strict=True)
        ]
    return value


def _utc_time(text: str) -> str | None:
    """Format a date, or a date and time, as the vendor documents times, YYYY-MM-DDThh:mm:ssZ; None for other text."""
    if is_date(text):
        return f"{text}T00:00:00Z"
    if not is_date_time(text):
        return None
    try:
        moment = parse_date_time(text).astimezone(UTC)
    except OverflowError:  # before the year 1 or after 9999 in UTC
        return None
    return f"{moment.replace(tzinfo=None, microsecond=0).isoformat()}Z"


# --------------------------------------------------------------------------------------------------------------- members
class _Plan(Struct, frozen=True):
    """How an object is rendered: its members in order, or None where they are in order already, and the conversions."""

    names: tuple[str, ...] | None
    conversions: tuple[tuple[str, Convert], ...]


_MAX_PLANS = 256  # of an object; a sender's program leaves out and orders members in few ways


def _renderer(conversions: Mapping[str, Mapping[type, Convert]]) -> RenderObject:
    """Make a function that copies an object with its members in the given order, unknown ones last, and without nulls.

    `conversions` has for each member what is done to a value of a type. The response to create is made of the body, whose
    order of members is the sender's.
    """
    plans: dict[tuple[str | type, ...], _Plan] = {}

    def make_plan(value: Object) -> _Plan:
        names = [name for name in conversions if value.get(name) is not None]
        names += [name for name in value if name not in conversions and value[name] is not None]
        found = [(name, conversions.get(name, {}).get(type(value[name]))) for name in names]
        converted = tuple([(name, convert) for name, convert in found if convert is not None])
        return _Plan(None if names == list(value) else tuple(names), converted)

    def render(value: Object) -> Object:
        key: tuple[str | type, ...] = (*value, *map(type, value.values()))
        plan = plans.get(key)
        if plan is None:
            plan = make_plan(value)
            if conversions.keys() >= value.keys():  # names that senders invent must not fill the cache
                if len(plans) >= _MAX_PLANS:
                    plans.clear()
                plans[key] = plan
        response = value.copy() if plan.names is None else {name: value[name] for name in plan.names}
        for name, convert in plan.conversions:
            response[name] = convert(response[name])
        return response

    return render


def _list_renderer(conversions: Mapping[type, Convert]) -> Convert:
    def render(values: list[Tree]) -> list[Tree]:
        return [
            value if (convert := conversions.get(type(value))) is None else convert(value)  # in one pass
            for value in values
        ]

    return render


def _conversions_of(kind: inspect.Type) -> dict[type, Convert]:
    """Derive from a member's type what is done to a value of a JSON type; other values stay as they are."""
    if isinstance(kind, inspect.Metadata):
        return _conversions_of(kind.type)
    if isinstance(kind, inspect.UnionType):
        arms = sorted(kind.types, key=lambda arm: isinstance(arm, inspect.DecimalType))  # a number wins over an integer
        return {of: convert for arm in arms for of, convert in _conversions_of(arm).items()}
    if isinstance(kind, inspect.StructType):
        return {dict: _renderer(_members_of(kind.cls))}
    if isinstance(kind, inspect.ListType):
        inner = _conversions_of(kind.item_type)
        return {list: _list_renderer(inner)} if inner else {}
    if isinstance(kind, inspect.DecimalType):
        return {int: _int_with_decimal_point, Decimal: _with_decimal_point}
    if isinstance(kind, inspect.IntType):
        return {Decimal: int}
    return {int: str, Decimal: str} if isinstance(kind, inspect.StrType) else {}


def _members_of(wire_type: type[Struct]) -> dict[str, dict[type, Convert]]:
    fields = inspect.type_info(wire_type).fields  # type: ignore[attr-defined]
    return {field.encode_name: _conversions_of(field.type) for field in fields}


def renderer_of(wire_type: type[Struct]) -> RenderObject:
    """Make a function that renders an object as a wire type says: see `_renderer`."""
    return _renderer(_members_of(wire_type))


@lru_cache(1024)  # amounts such as 0 and 10 are in most orders
def _int_with_decimal_point(number: int) -> Decimal:
    """Make a whole number a decimal with a decimal point; exact."""
    return _EXACT.multiply(number, _ONE)


def _with_decimal_point(number: Decimal) -> Decimal:
    """Add a decimal point to a number that has none, without an exponent; exact."""
    text = f"{number:f}"
    return Decimal(text if "." in text else f"{text}.0")


def _with_currencies(render: Convert) -> Convert:
    """Wrap the renderer of the charges: other charges without a currency get the order's."""

    def render_charges(charges: Object) -> Tree:
        details, currency = charges.get("otherChargeDetails"), charges.get("orderCurrency")
        if details and currency:
            details = [each if each.get("currency") else each | {"currency": currency} for each in details]
            charges = charges | {"otherChargeDetails": details}
        return render(charges)

    return render_charges


_ORDER_CONVERSIONS = _members_of(wire_answers.Order)
_ORDER_CONVERSIONS["orderCharges"] = {dict: _with_currencies(_ORDER_CONVERSIONS["orderCharges"][dict])}
_render_order = _renderer(_ORDER_CONVERSIONS)
