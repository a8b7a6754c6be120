"""Responses of Pitney Bowes OMS to the create and read calls; pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, inspect

from crossdock.core.orders.model import Line, Order
from crossdock.core.time import format_time
from crossdock.doors.pb_oms import wire_read
from crossdock.doors.pb_oms.mapping import format_id, item_document, status_of
from crossdock.doors.pb_oms.wire_calls import DELETED
from crossdock.doors.pb_oms.wire_read import OrderCreated

Tree = Any
# The members of an object in their order, each with those of the objects in it.
Members = Mapping[str, "Members | None"]


def _members_of(shape: type[Struct]) -> Members:
    """List the members of a wire type in its order."""
    fields = inspect.type_info(shape).fields  # type: ignore[attr-defined]
    return {field.encode_name: next(map(_members_of, _structs_in(field.type)), None) for field in fields}


def _structs_in(kind: inspect.Type) -> Iterator[type[Struct]]:
    if isinstance(kind, inspect.UnionType):
        for arm in kind.types:
            yield from _structs_in(arm)
    elif isinstance(kind, inspect.ListType):
        yield from _structs_in(kind.item_type)
    elif isinstance(kind, inspect.StructType):
        yield kind.cls


_INFO, _SHIPPING_INFO = _members_of(wire_read.OrderInfo), _members_of(wire_read.OrderShippingInfo)


def arrange(node: Tree, members: Members, *, others: bool = True) -> Tree:
    """Put the members of an object, and of each object in it, in the order of the wire type.

    Senders order members as they like, and an edit renders objects anew. Unknown members come last; without `others`, those of
    `node` itself are left out.
    """
    if type(node) is list:
        return [arrange(each, members) for each in node]
    if type(node) is not dict:
        return node
    arranged = {}
    for name, inner in members.items():
        if name in node:
            value = node[name]
            arranged[name] = value if inner is None else arrange(value, inner)
    if others and len(arranged) != len(node):
        arranged |= {name: value for name, value in node.items() if name not in members}
    return arranged


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
    info = {name: value for name, value in document.items() if name not in _SHIPPING_INFO} | {
        "orderId": format_id(order.order_id),
        "status": status_of(order),
        "orderCreateDate": format_time(order.created_at),
        "sourceFlowType": "API",
        "createdBy": order.source.actor,
        "items": [item_response(*each) for each in zip(document["items"], order.content.lines, strict=True)],
        "tags": [tag for tag in order.tags if tag != DELETED],
    }
    return {"orderInfo": arrange(info, _INFO), "orderShippingInfo": arrange(document, _SHIPPING_INFO, others=False)}


def created_response(order: Order) -> OrderCreated:
    """Render the create response; its `status` is the outcome of the call, not the status of the order."""
    return OrderCreated(format_id(order.order_id), order.content.number, "Success", format_time(order.created_at))
