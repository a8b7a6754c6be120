"""The edits that Ventmere S2's update asks for: the command, and the changed document; pure.

Source: the vendor's update page. It lists the members that are replaced, each with its value if it is missing; its sample also
has the account and the three order numbers. All other members of the order stay as they are.
"""

from typing import Any

from crossdock.core.errors import Conflict, Fault, Invalid, Path
from crossdock.core.orders.commands import EditOrder
from crossdock.core.orders.model import Order
from crossdock.doors.s2 import responses, wire
from crossdock.doors.s2.catalog import format_time
from crossdock.doors.s2.format import FORMAT

Tree = Any
Document = dict[str, Tree]
# Listed as required: if one is missing, that is a fault, as in a create body.
_REQUIRED = ("meta", "channelShippingMethod", "channelOrderDate", "currencyId", "items", "attachments")
# Not in the page's list, only in its sample: if one is missing, the order's stays.
_NUMBERS = ("accountId", "channelOrderId", "channelOrderIdAlt", "channelOrderIdAlt2")
# Other members of an update are unknown: they are stored.
_KNOWN_FIELDS = frozenset(wire.OrderUpdate.__struct_fields__) | responses.RESPONSE_FIELDS
# The vendor's names of canonical fields, for the faults of an edit that contradicts what was allocated, shipped or canceled.
_VENDOR_NAMES = {"lines": "items", "currency": "currencyId", "sku": "productId", "product_ref": "productId"}


def update_order(order_id: int | None, body: Document) -> EditOrder:
    """Make the command that updates an order with the body of an update."""
    return EditOrder(
        order_id=order_id, door=FORMAT.name, change=lambda before, order: apply_update(before, body, order)
    )


def apply_update(before: Document, body: Document, order: Order) -> Document:
    """Apply the body of an update to an order's document, which has the shape of the create body.

    If the shipping address is missing or null, the order's stays, because an order must have one.
    """
    after = {name: value for name, value in before.items() if name not in _REQUIRED}
    after |= {name: body[name] for name in _REQUIRED if name in body}
    after |= {name: body[name] for name in _NUMBERS if name in body}
    after |= {name: value for name, value in body.items() if name not in _KNOWN_FIELDS}
    if body.get("shippingAddress") is not None:
        after["shippingAddress"] = body["shippingAddress"]
    for name, value in {
        "billingAddress": body.get("billingAddress"),
        "shipByDate": body.get("shipByDate"),
        "deliverByDate": body["deliveryByDate"] if "deliveryByDate" in body else body.get("deliverByDate"),
        "customerNote": _note(before, body),
    }.items():
        if value is not None:
            after[name] = value
        elif after.get(name) is not None:
            del after[name]
    if not before["channelOrderDate"] and after.get("channelOrderDate") == format_time(order.created_at):
        after["channelOrderDate"] = ""  # an order of another door that does not say it, sent back as it was read
    if isinstance(after.get("items"), list):
        after["items"] = _items(before, after["items"], is_own=order.source.door == FORMAT.name)
    if isinstance(after.get("attachments"), list):
        after["attachments"] = [
            _without(each, responses.ATTACHMENT_RESPONSE_FIELDS - {"fileName", "path"}) for each in after["attachments"]
        ]
    return after


def _note(before: Document, body: Document) -> str | None:
    """Return the customer's note: "" if it is missing, but null in an answer that a client sends back stays null."""
    if "customerNote" in body and body["customerNote"] is None and before.get("customerNote") is None:
        return None
    return body.get("customerNote") or ""


def _items(before: Document, items: list[Tree], *, is_own: bool) -> list[Tree]:
    """Restore the `product` of items whose product is not in the catalog, as of an order of another door."""
    unknown = {} if is_own else {item["productId"]: item["product"] for item in before["items"] if "product" in item}
    after = []
    for item in items:
        changed = _without(item, frozenset({"product"}))
        product_id = item.get("productId") if isinstance(item, dict) else None
        if isinstance(product_id, str) and (product := unknown.get(product_id.lower())) is not None:
            changed["product"] = product
        after.append(changed)
    return after


def _without(row: Tree, names: frozenset[str]) -> Tree:
    """Remove server-owned members, which a client sends back with a response it has read."""
    return {name: value for name, value in row.items() if name not in names} if isinstance(row, dict) else row


def with_update_names(invalid: Invalid, body: Document) -> Invalid:
    """Translate the paths of faults from the create body to the update, where the delivery date has another name."""
    delivery_date = "deliveryByDate" if "deliveryByDate" in body else "deliverByDate"
    faults = tuple(
        Fault((delivery_date,), fault.reason) if fault.path == ("deliverByDate",) else fault for fault in invalid.faults
    )
    return Invalid(invalid.code, invalid.reason, faults=faults, **invalid.facts)


def with_vendor_names(conflict: Conflict) -> Conflict:
    """Translate the paths of faults from canonical content to the vendor's members."""
    faults = tuple(Fault(_path(fault.path), fault.reason) for fault in conflict.faults)
    return Conflict(conflict.code, conflict.reason, faults=faults, **conflict.facts)


def _path(path: Path) -> Path:
    if path[:1] == ("destinations",):
        return ("shippingAddress",)
    return tuple(_VENDOR_NAMES.get(part, part) if isinstance(part, str) else part for part in path)
