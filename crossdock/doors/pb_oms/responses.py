"""Responses of Pitney Bowes OMS to the create and read calls; pure."""

from typing import Any

from crossdock.core.orders.model import Line, Order
from crossdock.core.time import format_time
from crossdock.doors.pb_oms.mapping import DELETED, SERVER_OWNED, format_id, item_document, status_of
from crossdock.doors.pb_oms.wire import OrderCreated

Tree = Any
_SHIPPING_INFO = ("fromAddress", "toAddress", "additionalAddresses", "shippingReference", "shippingPreferences")
# Members of `orderInfo` that come before tags and items; those without a name here come after them.
_LEADING_INFO = ("customerInfo", "orderMessage", "metadata")


def item_response(item: dict[str, Tree], line: Line) -> dict[str, Tree]:
    """Render an item, with the properties of its customs product where it named only that.

    Properties of the item take precedence, unless they are empty.
    """
    if not line.product_ref or item.get("itemId"):
        return item
    product = item_document(line)
    return product | {name: value for name, value in item.items() if name not in product or value not in (None, "")}


def order_response(document: dict[str, Tree], order: Order) -> dict[str, Tree]:
    """Render the read response: the document in two objects, with unknown members in `orderInfo`."""
    document = dict(document)
    info = {
        "orderId": format_id(order.order_id),
        "orderNumber": document.pop("orderNumber"),
        "status": status_of(order),
        "orderCreateDate": format_time(order.created_at),
        "sourceFlowType": "API",
        "createdBy": order.source.actor,
    }
    shipping_info = {name: document.pop(name) for name in _SHIPPING_INFO if name in document}
    leading = {name: document.pop(name) for name in _LEADING_INFO if name in document}
    items = [item_response(*each) for each in zip(document.pop("items"), order.content.lines, strict=True)]
    tags = [tag for tag in order.tags if tag != DELETED]
    others = {name: value for name, value in document.items() if name not in SERVER_OWNED}
    return {"orderInfo": info | leading | {"tags": tags, "items": items} | others, "orderShippingInfo": shipping_info}


def created_response(order: Order) -> OrderCreated:
    """Render the create response; its `status` is the outcome of the call, not the status of the order."""
    return OrderCreated(format_id(order.order_id), order.content.number, "Success", format_time(order.created_at))
