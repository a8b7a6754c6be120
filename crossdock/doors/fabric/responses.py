"""Read responses: the full order, with service fields added, in the vendor's order of fields; pure.

The input is a document in the shape of the create body. Service fields are never copied from it, and `authExpirationDate` is
not rendered. Amounts of things that have not happened are 0, their dates null. Fields that follow from the event history of a
changed order are added in history.py.
"""

import hashlib
from decimal import Decimal, localcontext
from functools import cache
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType, defstruct, inspect

from crossdock.core.errors import Path
from crossdock.core.ids import to_hex24
from crossdock.core.money import PRECISION, to_minor_unit
from crossdock.core.orders.model import Order
from crossdock.core.orders.status import Counters, Status
from crossdock.core.time import format_time
from crossdock.doors import encode_json
from crossdock.doors.fabric import wire, wire_responses
from crossdock.doors.fabric.fulfillment_fields import set_fulfillment_fields

Tree = Any
# The attribute of a line that replaces returned units: the number of their line.
EXCHANGED = "exchangedLineItemNumber"
# Reasons of events: of returned units that were refused, and of an edit that adds a replacement.
REJECTED, REPLACES = "rejected", "replaces line "
UnknownFields = list[tuple[Path, dict[str, Tree]]]  # fields the vendor does not define, by the path of their object
DOOR = "fabric"

# The vendor's status code of each status; that of a partially allocated order is in its console and its next version.
# A hold is ORDER_HOLD_CSR unless its reason has a more specific code, see `hold_code`.
_STATUS = {
    Status.OPEN: "ORDER_CREATED",
    Status.ON_HOLD: "ORDER_HOLD_CSR",
    Status.PARTIALLY_ALLOCATED: "ORDER_PARTIALLY_ALLOCATED",
    Status.ALLOCATED: "ORDER_ALLOCATED",
    Status.PARTIALLY_SHIPPED: "ORDER_PARTIALLY_SHIPPED",
    Status.SHIPPED: "ORDER_SHIPPED",
    Status.DELIVERED: "ORDER_DELIVERED",
    Status.RETURNED: "ORDER_RETURNED",
    Status.CANCELED: "ORDER_CANCELLED",
}
_HOLD_CODES = {
    "FRAUD": "ORDER_HOLD_FRAUD",
    "CROSSBORDER": "ORDER_HOLD_CROSSBORDER",
    "REVALIDATION": "ORDER_HOLD_REVALIDATION",
}


# --------------------------------------------------------------------------------------------------------------- status
def order_status(order: Order) -> str:
    """Derive the status code from the lifecycle."""
    status = order.status
    if status is Status.ON_HOLD:
        return hold_code(order.holds[-1].reason)
    if status is Status.OPEN and any(each.canceled for each in order.counters):
        return "ORDER_PARTIALLY_CANCELLED"
    if status in (Status.SHIPPED, Status.DELIVERED) and any(each.returned for each in order.counters):
        return "ORDER_PARTIALLY_RETURNED"
    if status is Status.SHIPPED and any(each.delivered for each in order.counters):
        return "ORDER_PARTIALLY_DELIVERED"
    return _STATUS[status]


def hold_code(reason: str) -> str:
    """Derive the code of a hold: a reason that is a hold code itself, else the code whose keyword the reason contains."""
    if reason.startswith("ORDER_HOLD"):
        return reason
    plain = reason.upper().replace("-", "").replace("_", "").replace(" ", "")
    return next((code for keyword, code in _HOLD_CODES.items() if keyword in plain), _STATUS[Status.ON_HOLD])


def line_status(line: Counters) -> str:
    """Derive a line's `lineOrderStatus` from its units that have progressed furthest."""
    live = line.ordered - line.canceled
    if live == 0:
        return "CANCELLED"
    if line.returned:
        return "RETURN" if line.returned == live else "PARTIAL_RETURN"
    if line.return_requested:
        return "PENDING_RETURN"
    for quantity, status in ((line.delivered, "DELIVERED"), (line.shipped, "SHIPPED"), (line.allocated, "ALLOCATED")):
        if quantity:
            return status if quantity == live else f"PARTIALLY_{status}"
    return "PARTIALLY_CANCELLED" if line.canceled else "ORDER_LINE_VALID"


# --------------------------------------------------------------------------------------------------- fields and their order
_CREATE_OF: dict[type[Struct], type[Struct]] = {
    wire_responses.Order: wire.OrderCreate,
    wire_responses.Item: wire.ItemCreate,
    wire_responses.Payment: wire.PaymentCreate,
    wire_responses.Address: wire.AddressCreate,
    wire_responses.ShipInfo: wire.ShipInfoCreate,
    wire_responses.Discount: wire.DiscountCreate,
    wire_responses.ItemFee: wire.Amount,
}
# Fields of features that no flow has yet: constant in every response.
_CONSTANTS: dict[type[Struct], dict[str, Tree]] = {
    wire_responses.Discount: {"invoiceQuantity": 0, "returnQuantity": 0, "cancelQuantity": 0},
    wire_responses.ItemFee: {"invoiceQuantity": 0, "refundAmount": 0},
    wire_responses.Payment: {"refundAmount": 0, "partialCapture": None, "finalCapture": None, "paymentLog": []},
    wire_responses.Item: {
        "pendingShippedBackOrderQuantity": 0,
        "invoiceQuantity": 0,
        "processingReturnQuantity": 0,
        "rejectedReturnQuantity": 0,
        "reshippedQuantity": 0,
        "pendingExchangeQuantity": 0,
        "exchangeQuantity": 0,
        "itemShippingTotal": 0,
        "originalShippingTotal": 0,
        "appeasementTotal": 0,
        "invoiceTotal": 0,
        "refundAmount": 0,
        "appeasements": [],
        "returns": [],
        "exchangeItem": False,
        "infiniteConsent": False,
        "gifting": False,
        "parentLineItemNumber": None,
    },
    wire_responses.Order: {
        "cancellationDate": None,
        "allocationDate": None,
        "processName": None,
        "appeasementTotal": 0,
        "returnTotal": 0,
        "cancelTotal": 0,
        "invoiceTotal": 0,
        "appeasements": [],
        "orderReleaseTimestamp": None,
    },
}
# Totals that are rendered under other names too, where the body has them.
ITEM_COPIES = {
    "originalItemSubTotal": "itemSubTotal",
    "originalFeeTotal": "itemFeeTotal",
    "originalDiscounts": "itemDiscountsTotal",
    "originalTaxTotal": "itemTaxTotal",
    "originalItemTotal": "itemTotal",
    "outstandingItemTotal": "itemTotal",
    "originalOutstandingItemTotal": "itemTotal",
}
ORDER_COPIES = {
    "originalSubTotal": "orderSubTotal",
    "originalDiscounts": "orderDiscount",
    "originalFeeTotal": "feeTotal",
    "originalTaxTotal": "taxTotal",
    "originalOrderTotal": "orderTotal",
}


class ResponseType(Struct, frozen=True):
    """The type of an object in a response.

    `struct` has all fields in the vendor's order; documents are converted to it. Fields are unset where the document lacks
    them, except for constants. It has no `service_fields`: fields that only the service sets. `body_fields` are the names of
    the fields it accepts, `nested` the types of its fields that are objects or arrays of objects.
    """

    struct: type[Struct]
    body_fields: frozenset[str]
    service_fields: frozenset[str]
    nested: dict[str, "ResponseType"]


@cache
def _response_type(wire_type: type[Struct]) -> ResponseType:
    body_fields, constants = _CREATE_OF.get(wire_type, wire_type).__struct_fields__, _CONSTANTS.get(wire_type, {})
    nested: dict[str, ResponseType] = {}
    fields: dict[str, tuple[str, Any, Any]] = {}
    for field in inspect.type_info(wire_type).fields:  # type: ignore[attr-defined]
        name, (response_type, is_array) = field.name, _nested_response_type(field.type)
        if name not in body_fields:
            fields[name] = (name, UnsetType, constants.get(name, UNSET))
        elif response_type is None:
            fields[name] = (name, Any, UNSET)
        else:
            nested[name] = response_type
            kind: Any = list[response_type.struct] if is_array else response_type.struct  # type: ignore[name-defined]
            fields[name] = (name, kind | None | UnsetType, UNSET)
    service_fields = frozenset(fields).difference(body_fields)
    fields |= {name: (name, Any, UNSET) for name in body_fields if name not in fields}  # accepted, not rendered
    return ResponseType(
        struct=defstruct(f"{wire_type.__name__}Response", fields.values(), forbid_unknown_fields=True),
        body_fields=frozenset(body_fields),
        service_fields=service_fields,
        nested=nested,
    )


def _nested_response_type(kind: inspect.Type) -> tuple[ResponseType | None, bool]:
    """Return the type of a field that is an object or an array of objects (else None), and whether it is an array."""
    for member in kind.types if isinstance(kind, inspect.UnionType) else (kind,):
        inner = member.item_type if isinstance(member, inspect.ListType) else member
        if isinstance(inner, inspect.StructType):
            return _response_type(inner.cls), inner is not member
    return None, False


_ORDER = _response_type(wire_responses.Order)


def _convert(document: dict[str, Tree]) -> tuple[Any, UnknownFields]:
    """Convert a document to its response type; fields without a place there are returned beside it."""
    unknown: UnknownFields = []
    try:
        return msgspec.convert(document, _ORDER.struct), unknown
    except msgspec.ValidationError:
        return msgspec.convert(_select_known(document, _ORDER, (), unknown), _ORDER.struct), unknown


def _select_known(
    tree: dict[str, Tree], response_type: ResponseType, path: Path, unknown: UnknownFields
) -> dict[str, Tree]:
    """Select the body fields of an object; unknown fields are appended to `unknown`, service fields dropped."""
    if response_type.body_fields.issuperset(tree):
        if not response_type.nested:
            return tree
        known = tree.copy()
    else:
        known = {name: value for name, value in tree.items() if name in response_type.body_fields}
        if rest := {
            name: value
            for name, value in tree.items()
            if name not in response_type.body_fields and name not in response_type.service_fields
        }:
            unknown.append((path, rest))
    for name, inner in response_type.nested.items():
        value = known.get(name)
        if type(value) is dict:
            known[name] = _select_known(value, inner, (*path, name), unknown)
        elif value:
            known[name] = [_select_known(each, inner, (*path, name, at), unknown) for at, each in enumerate(value)]
    return known


def _to_builtins(typed: Any, unknown: UnknownFields) -> dict[str, Tree]:
    """Convert a response to plain objects, with the unknown fields last in each."""
    response: dict[str, Tree] = msgspec.to_builtins(typed, builtin_types=(Decimal,))
    for path, fields in unknown:
        node: Tree = response
        for part in path:
            node = node[part]
        node.update(fields)
    return response


def without_service_fields(response: Tree) -> Tree:
    """Remove the service fields from a response that a client sends back."""
    return _without_service_fields(response, _ORDER)


def _without_service_fields(tree: Tree, response_type: ResponseType | None) -> Tree:
    if response_type is None:
        return tree
    if type(tree) is list:
        return [_without_service_fields(each, response_type) for each in tree]
    if type(tree) is not dict:
        return tree
    return {
        name: _without_service_fields(value, response_type.nested.get(name))
        for name, value in tree.items()
        if name not in response_type.service_fields
    }


# --------------------------------------------------------------------------------------------------------------- parts
def _copy_totals(response: Any, copies: dict[str, str]) -> None:
    """Copy totals to their other names; unset ones stay unset."""
    for name, source in copies.items():
        if (total := getattr(response, source)) is not None:
            setattr(response, name, total)


def _canceled_amount(item: Any, line: Counters, currency: str | None) -> Decimal | None:
    """Compute the amount of a line's canceled units: a share of its total, else by its price; None if neither is known."""
    total, price = item.itemTotal, item.itemUnitPrice
    with localcontext(prec=PRECISION):
        if total is not None and total is not UNSET:
            if line.canceled == line.ordered:
                return Decimal(total)
            return to_minor_unit(Decimal(total) * line.canceled / line.ordered, currency)
        if price is not None and price is not UNSET:
            return to_minor_unit(Decimal(price) * line.canceled, currency)
    return None


def _set_item(item: Any, line: Counters) -> None:
    """Set the service fields of an item: copies of totals, quantities, status."""
    _copy_totals(item, ITEM_COPIES)
    item.orderedQuantity = item.orderedQuantity or line.ordered
    for fee in item.fees or ():
        fee.quantity = line.ordered
    item.backOrderedQuantity = line.backordered
    item.pendingShippedQuantity = line.allocated
    item.shippedQuantity = line.shipped
    item.deliveredQuantity = line.delivered
    item.cancelledQuantity = line.canceled
    item.pendingReturnQuantity = line.return_requested - line.returned
    item.returnedQuantity = line.returned
    item.lineOrderStatus = line_status(line)
    parent = (item.attributes or {}).get(EXCHANGED) if item.attributes is not UNSET else None
    if isinstance(parent, int):
        item.exchangeItem, item.parentLineItemNumber = True, parent


def _set_canceled_amounts(response: Any, order: Order) -> None:
    """Set the amount of canceled units, and the outstanding totals of their lines; `cancelTotal` is 0 without any."""
    currency = response.currency or None
    canceled_amounts = []
    for item, line in zip(response.items, order.counters, strict=True):
        amount = _canceled_amount(item, line, currency) if line.canceled else None
        if amount is None:
            continue
        canceled_amounts.append(amount)
        if item.outstandingItemTotal is not UNSET:
            with localcontext(prec=PRECISION):
                item.outstandingItemTotal = Decimal(item.itemTotal) - amount
    if canceled_amounts:
        with localcontext(prec=PRECISION):
            response.cancelTotal = sum(canceled_amounts)


def audit_id(order_id: int, subject: str) -> str:
    """Derive the id of an audit entry from the order's id and the entry's subject (`create`, `<event>/<entry>`)."""
    return hashlib.sha256(f"fabric/audit/{subject}/{order_id}".encode()).hexdigest()[:24]


def _creation_entry(document: dict[str, Tree], order: Order, created_at: str) -> wire_responses.AuditLog:
    """Make the audit entry of the order's creation."""
    return wire_responses.AuditLog(
        auditId=audit_id(order.order_id, "create"),
        auditType="CREATE",
        employeeId=document.get("employeeId"),
        auditTimestamp=created_at,
        source=order.source.actor,
        amount=document.get("orderTotal"),
        success=True,
    )


def status_fields(order: Order) -> dict[str, Tree]:
    """Render the status from the lifecycle; empty where the sender's status still holds.

    That is until the order's first change, for an order of this door; a hold that the sent status places is no change. An
    allocation on receipt is one, and so is a hold that a rule places, which has a note.
    """
    is_untouched = order.version == 1 and not any(line.allocated for line in order.counters)
    if is_untouched and order.source.door == DOOR and not any(hold.note for hold in order.holds):
        return {}
    code = order_status(order)
    return {"statusCode": code, "statusDescription": code.replace("_", " ").capitalize()}


def _response(document: dict[str, Tree], order: Order, *, is_new: bool = False) -> tuple[Any, UnknownFields]:
    """Build the response as a Struct; unknown fields are returned beside it. That of a new order has the status as sent."""
    response, unknown = _convert(document)
    response.version = order.version - 1
    response.orderId = to_hex24(order.order_id)
    response.createdAt = response.updatedAt = format_time(order.created_at)
    if order.updated_at != order.created_at:
        response.updatedAt = format_time(order.updated_at)
    response.orderDate = response.orderDate or response.createdAt
    for name, value in () if is_new else status_fields(order).items():
        setattr(response, name, value)
    _copy_totals(response, ORDER_COPIES)
    for payment in response.payments or ():
        payment.authExpirationDate = UNSET  # accepted, never rendered
    for item, line in zip(response.items, order.counters, strict=True):
        _set_item(item, line)
    if any(line.canceled for line in order.counters):
        _set_canceled_amounts(response, order)
    if order.returns or order.refunds or any(line.shipped for line in order.counters):
        set_fulfillment_fields(response, order)
    response.auditLogs = [_creation_entry(document, order, response.createdAt)]
    return response, unknown


def order_response(document: dict[str, Tree], order: Order) -> dict[str, Tree]:
    """Render the read response of a document in the create shape; the document is not changed."""
    return _to_builtins(*_response(document, order))


def create_response_json(document: dict[str, Tree], order: Order) -> bytes:
    """Render the response to the creation of an order, as JSON."""
    response, unknown = _response(document, order, is_new=True)
    return encode_json(_to_builtins(response, unknown) if unknown else response)
