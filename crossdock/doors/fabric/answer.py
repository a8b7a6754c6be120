"""The full order as fabric answers it: what was sent, what the service adds, in the vendor's order of members; pure.

A document spelled in the create shape comes in. Members that are the service's alone are never taken from it, and
`authExpirationDate` is not answered. Amounts of things that have not happened are 0, their dates null. What only the log
knows of an order that has changed is added in story.py.
"""

import hashlib
from decimal import Decimal, localcontext
from functools import cache, lru_cache
from typing import Any

from msgspec import Struct, inspect

from crossdock.core.formats import iso_time
from crossdock.core.identity import to_hex24
from crossdock.core.lifecycle import Counters, Status
from crossdock.core.money import to_minor_unit
from crossdock.core.order import Order
from crossdock.doors.fabric import wire

Tree = Any
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


class Plan(Struct, frozen=True):
    """What an object of an answer looks like.

    `blank` are all members in the vendor's order, with the value that those have which are the same in every answer, and
    `open` the names of the others; `known` are the names of all. `inside` are the plans of what has members of its own.
    `ours` are the members a document never supplies: the service's alone, and those taken and never answered.
    """

    blank: dict[str, Tree]
    names: tuple[str, ...]
    known: frozenset[str]
    open: frozenset[str]
    inside: dict[str, "Plan"]
    ours: frozenset[str]


_NOTHING: dict[str, Tree] = {}


@cache
def _plan(shape: type[Struct]) -> Plan:
    names, sent, always = (
        shape.__struct_fields__,
        _CREATE_OF.get(shape, shape).__struct_fields__,
        _ALWAYS.get(shape, {}),
    )
    ours = frozenset(sent) ^ {*names}
    inside = {field.name: _plan_of(field.type) for field in inspect.type_info(shape).fields}  # type: ignore[attr-defined]
    return Plan(
        blank={name: always.get(name) for name in names},
        names=names,
        known=frozenset(names),
        open=frozenset(names) - always.keys(),
        inside={name: plan for name, plan in inside.items() if plan is not None and name not in ours},
        ours=ours,
    )


def _plan_of(kind: inspect.Type) -> Plan | None:
    for arm in kind.types if isinstance(kind, inspect.UnionType) else (kind,):
        inner = arm.item_type if isinstance(arm, inspect.ListType) else arm
        if isinstance(inner, inspect.StructType):
            return _plan(inner.cls)
    return None


def _arranged(tree: Tree, plan: Plan, made: dict[str, Tree] = _NOTHING) -> Tree:
    """Copy an object, or each of an array, with `made` in it and members in the vendor's order, unknown ones last."""
    if type(tree) is list:
        return [_arranged(each, plan, made) for each in tree]
    if type(tree) is not dict:
        return tree
    if made or plan.ours or not (plan.known.issuperset(tree) and _is_ordered(tuple(tree), plan.names)):
        told = _filled(tree, plan, made)
    elif plan.inside:
        told = tree.copy()
    else:
        return tree
    for name, inner in plan.inside.items():
        if name not in made and (value := tree.get(name)):
            told[name] = _arranged(value, inner)
    return told


@lru_cache(1024)  # senders' programs leave out and order members in few ways, and a page asks some hundred times
def _is_ordered(members: tuple[str, ...], names: tuple[str, ...]) -> bool:
    """Say whether members, all of them the vendor's, are in the vendor's order."""
    return members == names or [*members] == [name for name in names if name in members]


def _filled(tree: dict[str, Tree], plan: Plan, made: dict[str, Tree]) -> dict[str, Tree]:
    """Lay an object and what was made for it over a copy of the blank, and take out what neither of them says.

    The copy has the vendor's order already. To ask for each name in turn costs several times as much, and an order's answer
    has some two hundred.
    """
    if not plan.ours.isdisjoint(tree):
        tree = {name: value for name, value in tree.items() if name not in plan.ours}
    told = plan.blank.copy()
    told.update(tree)
    told.update(made)
    for name in plan.open.difference(tree, made):
        del told[name]
    return told


def taken_back(answer: Tree) -> Tree:
    """Undress an order of the members that are the service's alone, as an answer has them when it is sent back changed."""
    return _taken_back(answer, _plan(wire.Order))


def _taken_back(tree: Tree, plan: Plan | None) -> Tree:
    if plan is None:
        return tree
    if type(tree) is list:
        return [_taken_back(each, plan) for each in tree]
    if type(tree) is not dict:
        return tree
    return {
        name: _taken_back(value, plan.inside.get(name))
        for name, value in tree.items()
        if name not in plan.ours or name not in plan.blank
    }


# --------------------------------------------------------------------------------------------------------------- parts
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


def _copies(tree: dict[str, Tree], names: dict[str, str]) -> dict[str, Tree]:
    """Copy totals under their other names, where they were stated."""
    return {name: tree[source] for name, source in names.items() if tree.get(source) is not None}


def canceled_amount(item: dict[str, Tree], line: Counters, currency: str | None) -> Decimal | None:
    """Say what the canceled units of a line are worth: a share of its total, else of its price; None if neither is known."""
    total, price = item.get("itemTotal"), item.get("itemUnitPrice")
    if not line.canceled or (total is None and price is None):
        return None
    with localcontext(prec=100):
        if total is None:
            return to_minor_unit(Decimal(price or 0) * line.canceled, currency)
        if line.canceled == line.ordered:
            return Decimal(total)
        return to_minor_unit(Decimal(total) * line.canceled / line.ordered, currency)


def _outstanding(item: dict[str, Tree], line: Counters, currency: str | None) -> dict[str, Tree]:
    gone, total = canceled_amount(item, line, currency), item.get("itemTotal")
    if gone is None or total is None:
        return {}
    with localcontext(prec=100):
        return {"outstandingItemTotal": Decimal(total) - gone}


def _cancel_total(document: dict[str, Tree], order: Order) -> dict[str, Tree]:
    """Sum what was canceled; 0 stays where nothing was."""
    currency = document.get("currency")
    gone = [
        amount
        for item, line in zip(document["items"], order.counters, strict=True)
        if (amount := canceled_amount(item, line, currency)) is not None
    ]
    if not gone:
        return {}
    with localcontext(prec=100):
        return {"cancelTotal": sum(gone)}


def _item(item: dict[str, Tree], line: Counters, currency: str | None) -> Tree:
    made = {
        **_copies(item, ITEM_COPIES),
        **_outstanding(item, line, currency),
        "backOrderedQuantity": line.backordered,
        "pendingShippedQuantity": line.allocated,
        "shippedQuantity": line.shipped,
        "deliveredQuantity": line.delivered,
        "cancelledQuantity": line.canceled,
        "pendingReturnQuantity": line.return_requested - line.returned,
        "returnedQuantity": line.returned,
        "lineOrderStatus": line_status(line),
    }
    if item.get("orderedQuantity") is None:
        made["orderedQuantity"] = line.ordered
    if item.get("fees"):
        made["fees"] = _arranged(item["fees"], _plan(wire.ItemFee), {"quantity": line.ordered})
    return _arranged(item, _plan(wire.Item), made)


def audit_id(order_id: int, what: str) -> str:
    """Make the id of an audit entry: a fixed function of the order's id and what the entry is about."""
    return hashlib.sha256(f"fabric/audit/{what}/{order_id}".encode()).hexdigest()[:24]


def _creation(document: dict[str, Tree], order: Order, created_at: str) -> dict[str, Tree]:
    """Make the audit entry of the order's creation."""
    return {
        "auditId": audit_id(order.order_id, "create"),
        "auditType": "CREATE",
        "employeeId": document.get("employeeId"),
        "auditTimestamp": created_at,
        "source": order.source.actor,
        "reasonCode": None,
        "subReasonCode": None,
        "policyCode": None,
        "note": None,
        "lineItemId": None,
        "lineItemNumber": None,
        "sku": None,
        "quantity": None,
        "amount": document.get("orderTotal"),
        "paymentToken": None,
        "success": True,
        "paymentResponse": None,
        "updatedFields": [],
        "attributes": {},
    }


def status_words(order: Order) -> dict[str, Tree]:
    """Give the status as sent until the order's first change (a hold placed with it is none), then by the lifecycle."""
    if order.version == 1 and order.source.door == DOOR:
        return {}
    code = order_status(order)
    return {"statusCode": code, "statusDescription": code.replace("_", " ").capitalize()}


def answered(document: dict[str, Tree], order: Order) -> dict[str, Tree]:
    """Turn a spelled document into the order as this door answers it; the document is left as it is."""
    created_at, currency = iso_time(order.created_at), document.get("currency")
    made = {
        **_copies(document, ORDER_COPIES),
        **_cancel_total(document, order),
        **status_words(order),
        "version": order.version - 1,
        "orderId": to_hex24(order.order_id),
        "items": [_item(item, line, currency) for item, line in zip(document["items"], order.counters, strict=True)],
        "auditLogs": [_creation(document, order, created_at)],
        "createdAt": created_at,
        "updatedAt": created_at if order.updated_at == order.created_at else iso_time(order.updated_at),
    }
    if document.get("orderDate") is None:
        made["orderDate"] = created_at
    answer: dict[str, Tree] = _arranged(document, _plan(wire.Order), made)
    return answer
