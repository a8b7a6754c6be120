"""Responses of Pitney Bowes OMS to the create and read calls; pure."""

from typing import Any

from crossdock.core.orders.model import Line, Order
from crossdock.core.time import format_time
from crossdock.doors.pb_oms import wire_read
from crossdock.doors.pb_oms.mapping import format_id, item_document, status_of
from crossdock.doors.pb_oms.member_order import MemberOrder
from crossdock.doors.pb_oms.wire_calls import DELETED
from crossdock.doors.pb_oms.wire_read import OrderCreated

Tree = Any
_INFO, _SHIPPING_INFO = MemberOrder(wire_read.OrderInfo), MemberOrder(wire_read.OrderShippingInfo)
# Orders of other doors are rendered in the right order but for the outermost members.
_OUTER_INFO = MemberOrder(wire_read.OrderInfo, is_deep=False)
_OUTER_SHIPPING_INFO = MemberOrder(wire_read.OrderShippingInfo, is_deep=False)


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
    is_own = order.source.door == "pb_oms"
    info = {name: value for name, value in document.items() if name not in _SHIPPING_INFO} | {
        "orderId": format_id(order.order_id),
        "status": status_of(order),
        "orderCreateDate": format_time(order.created_at),
        "sourceFlowType": "API",
        "createdBy": order.source.actor,
        "items": [item_response(*each) for each in zip(document["items"], order.content.lines, strict=True)],
        "tags": [tag for tag in order.tags if tag != DELETED],
    }
    shipping_info = {name: value for name, value in document.items() if name in _SHIPPING_INFO}
    return {
        "orderInfo": (_INFO if is_own else _OUTER_INFO).arrange(info),
        "orderShippingInfo": (_SHIPPING_INFO if is_own else _OUTER_SHIPPING_INFO).arrange(shipping_info),
    }


def created_response(order: Order) -> OrderCreated:
    """Render the create response; its `status` is the outcome of the call, not the status of the order."""
    return OrderCreated(format_id(order.order_id), order.content.number, "Success", format_time(order.created_at))
