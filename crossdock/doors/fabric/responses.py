"""The full order as fabric answers it: what was sent, what the service adds, in the vendor's order of members; pure.

A document spelled in the create shape comes in. Members that are the service's alone are never taken from it, and
`authExpirationDate` is not answered. Amounts of things that have not happened are 0, their dates null. What only the log
knows of an order that has changed is added in story.py.
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
from crossdock.doors.fabric import wire

Tree = Any
Unknown = list[tuple[Path, dict[str, Tree]]]  # members nobody knows, by the place of the object they were sent in
DOOR = "fabric"

# The vendor's order status codes for every summary there is; an order allocated in part has none and is confirmed.
# A hold is ORDER_HOLD_CSR unless its reason says more, see `hold_code`.
_STATUS = {
    Status.OPEN: "ORDER_CREATED",
    Status.ON_HOLD: "ORDER_HOLD_CSR",
    Status.PARTIALLY_ALLOCATED: "ORDER_CONFIRMED",
    Status.ALLOCATED: "ORDER_ALLOCATED",
    Status.PARTIALLY_SHIPPED: "ORDER_PARTIALLY_SHIPPED",
    Status.SHIPPED: "ORDER_SHIPPED",
    Status.DELIVERED: "ORDER_DELIVERED",
    Status.RETURNED: "ORDER_RETURNED",
    Status.CANCELED: "ORDER_CANCELLED",
}
_HOLD_WORDS = {
    "FRAUD": "ORDER_HOLD_FRAUD",
    "CROSSBORDER": "ORDER_HOLD_CROSSBORDER",
    "REVALIDATION": "ORDER_HOLD_REVALIDATION",
}


# --------------------------------------------------------------------------------------------------------------- status
def order_status(order: Order) -> str:
    """Give the status code that follows from the lifecycle."""
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
    """Give the code for a hold: a reason that is such a code itself, else the one its words point at."""
    if reason.startswith("ORDER_HOLD"):
        return reason
    plain = reason.upper().replace("-", "").replace("_", "").replace(" ", "")
    return next((code for word, code in _HOLD_WORDS.items() if word in plain), _STATUS[Status.ON_HOLD])


def line_status(line: Counters) -> str:
    """Give a line's `lineOrderStatus`: what has come furthest outweighs the rest."""
    live = line.ordered - line.canceled
    if live == 0:
        return "CANCELLED"
    if line.returned:
        return "RETURN" if line.returned == live else "PARTIAL_RETURN"
    if line.return_requested:
        return "PENDING_RETURN"
    for done, whole in ((line.delivered, "DELIVERED"), (line.shipped, "SHIPPED"), (line.allocated, "ALLOCATED")):
        if done:
            return whole if done == live else f"PARTIALLY_{whole}"
    return "PARTIALLY_CANCELLED" if line.canceled else "ORDER_LINE_VALID"


# --------------------------------------------------------------------------------------------------- members and their order
_CREATE_OF: dict[type[Struct], type[Struct]] = {
    wire.Order: wire.OrderCreate,
    wire.Item: wire.ItemCreate,
    wire.Payment: wire.PaymentCreate,
    wire.Discount: wire.DiscountCreate,
    wire.ItemFee: wire.Amount,
}
# What no flow does yet, or nothing has been done of: the same in every answer.
_ALWAYS: dict[type[Struct], dict[str, Tree]] = {
    wire.Discount: {"invoiceQuantity": 0, "returnQuantity": 0, "cancelQuantity": 0},
    wire.ItemFee: {"invoiceQuantity": 0, "refundAmount": 0},
    wire.Payment: {"refundAmount": 0, "partialCapture": None, "finalCapture": None, "paymentLog": []},
    wire.Item: {
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
    wire.Order: {
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
# Totals answered under other names too, where they were stated.
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


class Plan(Struct, frozen=True):
    """What an object of an answer looks like.

    `shape` is what one sent is read into: all members in the vendor's order, unset where they were not sent, with the values
    of those that are the same in every answer. It takes no other members, and none of `ours`, those a document never supplies
    because they are the service's alone. `sent` are the names it takes, `inside` the plans of what has members of its own.
    """

    shape: type[Struct]
    sent: frozenset[str]
    ours: frozenset[str]
    inside: dict[str, "Plan"]


@cache
def _plan(shape: type[Struct]) -> Plan:
    sent, always = _CREATE_OF.get(shape, shape).__struct_fields__, _ALWAYS.get(shape, {})
    inside: dict[str, Plan] = {}
    fields: dict[str, tuple[str, Any, Any]] = {}
    for field in inspect.type_info(shape).fields:  # type: ignore[attr-defined]
        name, (plan, is_listed) = field.name, _plan_of(field.type)
        if name not in sent:
            fields[name] = (name, UnsetType, always.get(name, UNSET))
        elif plan is None:
            fields[name] = (name, Any, UNSET)
        else:
            inside[name] = plan
            kind: Any = list[plan.shape] if is_listed else plan.shape  # type: ignore[name-defined]
            fields[name] = (name, kind | None | UnsetType, UNSET)
    ours = frozenset(fields).difference(sent)
    fields |= {name: (name, Any, UNSET) for name in sent if name not in fields}  # taken, and not answered
    return Plan(
        shape=defstruct(f"Answered{shape.__name__}", fields.values(), forbid_unknown_fields=True),
        sent=frozenset(sent),
        ours=ours,
        inside=inside,
    )


def _plan_of(kind: inspect.Type) -> tuple[Plan | None, bool]:
    """Give the plan of what a member holds, None where it has no members of its own, and whether it is an array of such."""
    for arm in kind.types if isinstance(kind, inspect.UnionType) else (kind,):
        inner = arm.item_type if isinstance(arm, inspect.ListType) else arm
        if isinstance(inner, inspect.StructType):
            return _plan(inner.cls), inner is not arm
    return None, False


_ORDER = _plan(wire.Order)


def _read(document: dict[str, Tree]) -> tuple[Any, Unknown]:
    """Read a document into the shape of its answer; give what that has no place for besides."""
    unknown: Unknown = []
    try:
        return msgspec.convert(document, _ORDER.shape), unknown
    except msgspec.ValidationError:
        return msgspec.convert(_known(document, _ORDER, (), unknown), _ORDER.shape), unknown


def _known(tree: dict[str, Tree], plan: Plan, path: Path, unknown: Unknown) -> dict[str, Tree]:
    """Leave out of an object the members that are the service's alone, and those nobody knows; `unknown` gets the latter."""
    if plan.sent.issuperset(tree):
        if not plan.inside:
            return tree
        known = tree.copy()
    else:
        known = {name: value for name, value in tree.items() if name in plan.sent}
        if rest := {name: value for name, value in tree.items() if name not in plan.sent and name not in plan.ours}:
            unknown.append((path, rest))
    for name, inner in plan.inside.items():
        value = known.get(name)
        if type(value) is dict:
            known[name] = _known(value, inner, (*path, name), unknown)
        elif value:
            known[name] = [_known(each, inner, (*path, name, at), unknown) for at, each in enumerate(value)]
    return known


def _objects(answer: Any, unknown: Unknown) -> dict[str, Tree]:
    """Make an answer of Structs one of plain objects, the members nobody knows last in each."""
    told: dict[str, Tree] = msgspec.to_builtins(answer, builtin_types=(Decimal,))
    for path, members in unknown:
        place: Tree = told
        for part in path:
            place = place[part]
        place.update(members)
    return told


def taken_back(answer: Tree) -> Tree:
    """Undress an order of the members that are the service's alone, as an answer has them when it is sent back changed."""
    return _taken_back(answer, _ORDER)


def _taken_back(tree: Tree, plan: Plan | None) -> Tree:
    if plan is None:
        return tree
    if type(tree) is list:
        return [_taken_back(each, plan) for each in tree]
    if type(tree) is not dict:
        return tree
    return {
        name: _taken_back(value, plan.inside.get(name)) for name, value in tree.items() if name not in plan.ours
    }  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- parts
def _copy_totals(answer: Any, copies: dict[str, str]) -> None:
    """Tell totals under their other names too; what is unset stays so."""
    for name, source in copies.items():
        if (total := getattr(answer, source)) is not None:
            setattr(answer, name, total)


def _canceled_amount(item: Any, line: Counters, currency: str | None) -> Decimal | None:
    """Say what the canceled units of a line are worth: a share of its total, else of its price; None if neither is known."""
    total, price = item.itemTotal, item.itemUnitPrice
    with localcontext(prec=PRECISION):
        if total is not None and total is not UNSET:
            if line.canceled == line.ordered:
                return Decimal(total)
            return to_minor_unit(Decimal(total) * line.canceled / line.ordered, currency)
        if price is not None and price is not UNSET:
            return to_minor_unit(Decimal(price) * line.canceled, currency)
    return None


def _tell_line(item: Any, line: Counters) -> None:
    """Fill in an item of an answer what was not sent of it, and how far its line has come."""
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


def _tell_canceled(answer: Any, order: Order) -> None:
    """Fill in what the canceled units are worth, and what is left of their lines; 0 stays where nothing was canceled."""
    currency = answer.currency or None
    gone = []
    for item, line in zip(answer.items, order.counters, strict=True):
        amount = _canceled_amount(item, line, currency) if line.canceled else None
        if amount is None:
            continue
        gone.append(amount)
        if item.outstandingItemTotal is not UNSET:
            with localcontext(prec=PRECISION):
                item.outstandingItemTotal = Decimal(item.itemTotal) - amount
    if gone:
        with localcontext(prec=PRECISION):
            answer.cancelTotal = sum(gone)


def audit_id(order_id: int, what: str) -> str:
    """Make the id of an audit entry: a fixed function of the order's id and what the entry is about."""
    return hashlib.sha256(f"fabric/audit/{what}/{order_id}".encode()).hexdigest()[:24]


def _creation(document: dict[str, Tree], order: Order, created_at: str) -> wire.AuditLog:
    """Make the audit entry of the order's creation."""
    return wire.AuditLog(
        auditId=audit_id(order.order_id, "create"),
        auditType="CREATE",
        employeeId=document.get("employeeId"),
        auditTimestamp=created_at,
        source=order.source.actor,
        amount=document.get("orderTotal"),
        success=True,
    )


def status_words(order: Order) -> dict[str, Tree]:
    """Give the status as sent until the order's first change (a hold placed with it is none), then by the lifecycle."""
    if order.version == 1 and order.source.door == DOOR:
        return {}
    code = order_status(order)
    return {"statusCode": code, "statusDescription": code.replace("_", " ").capitalize()}


def _told(document: dict[str, Tree], order: Order) -> tuple[Any, Unknown]:
    """Give the answer as a Struct, and the members that it has no place for."""
    answer, unknown = _read(document)
    answer.version = order.version - 1
    answer.orderId = to_hex24(order.order_id)
    answer.createdAt = answer.updatedAt = format_time(order.created_at)
    if order.updated_at != order.created_at:
        answer.updatedAt = format_time(order.updated_at)
    answer.orderDate = answer.orderDate or answer.createdAt
    for name, word in status_words(order).items():
        setattr(answer, name, word)
    _copy_totals(answer, ORDER_COPIES)
    for payment in answer.payments or ():
        payment.authExpirationDate = UNSET  # taken, and never answered
    for item, line in zip(answer.items, order.counters, strict=True):
        _tell_line(item, line)
    if any(line.canceled for line in order.counters):
        _tell_canceled(answer, order)
    answer.auditLogs = [_creation(document, order, answer.createdAt)]
    return answer, unknown


def answered(document: dict[str, Tree], order: Order) -> dict[str, Tree]:
    """Turn a spelled document into the order as this door answers it; the document is left as it is."""
    return _objects(*_told(document, order))


def encoded(document: dict[str, Tree], order: Order) -> bytes:
    """Turn a spelled document into the order as this door answers it, as JSON."""
    answer, unknown = _told(document, order)
    return encode_json(_objects(answer, unknown) if unknown else answer)
