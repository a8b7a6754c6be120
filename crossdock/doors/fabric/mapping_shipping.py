"""Shipping methods: the vendor's body as the organization's shipping method and back; pure.

What the organization's shipping method has is not stored twice: the body's other fields, such as its channel and its ranges of
weight, are in `door_fields`. A deleted method of the vendor is one that is not active.
"""

from decimal import Decimal
from typing import Any

import msgspec

from crossdock.core.catalog.shipping_methods import ShippingMethod
from crossdock.core.time import format_time
from crossdock.doors.fabric import wire_lists
from crossdock.doors.fabric.documents import in_order
from crossdock.doors.fabric.responses import DOOR
from crossdock.flows.shipping_methods import StoredShippingMethod

Tree = Any
_SHARED = frozenset({"shippingMethodId", "name", "minimumDays", "maximumDays", "cutOffTime", "cost", "deleted"})


def to_method(code: str, body: dict[str, Tree], before: ShippingMethod | None = None) -> ShippingMethod:
    """Build the shipping method that a checked body describes; fields that this door does not know are those of `before`."""
    base = before or ShippingMethod(code)
    own = {name: value for name, value in body.items() if name not in _SHARED and value is not None}
    cost, cut_off = body.get("cost"), body.get("cutOffTime")
    return msgspec.structs.replace(
        base,
        name=body.get("name"),
        active=not body.get("deleted"),
        min_days=body.get("minimumDays"),
        max_days=body.get("maximumDays"),
        cost=None if cost is None else Decimal(cost),
        cutoff_time=None if cut_off is None else f"{cut_off // 100:02}:{cut_off % 100:02}",
        door_fields=base.door_fields | {DOOR: own},
    )


def body_of(method: ShippingMethod) -> dict[str, Tree]:
    """Render the body of a shipping method, without what it does not have."""
    cut_off = method.cutoff_time
    shared = {
        "shippingMethodId": method.code,
        "name": method.name,
        "minimumDays": method.min_days,
        "maximumDays": method.max_days,
        "cutOffTime": None if cut_off is None else int(cut_off.replace(":", "")),
        "cost": method.cost,
        "deleted": not method.active,
    }
    own: dict[str, Tree] = method.door_fields.get(DOOR) or {}
    return {name: value for name, value in shared.items() if value is not None} | own


def method_response(stored: StoredShippingMethod) -> dict[str, Tree]:
    """Render a shipping method as the vendor answers it, null where it has no value; one without a name has its code."""
    times = {"createdAt": format_time(stored.created_at), "updatedAt": format_time(stored.updated_at)}
    body = {"name": stored.method.code} | body_of(stored.method)
    return in_order(wire_lists.StoredShippingMethod, body | times)
