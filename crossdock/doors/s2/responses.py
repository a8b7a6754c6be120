"""Responses of Ventmere S2: an order with its account and its products, members in the vendor's order; pure."""

import hashlib
from collections.abc import Iterable
from typing import Any

from msgspec import Raw

from crossdock.core.orders.model import Line, Order
from crossdock.core.orders.status import Counters, Status
from crossdock.doors import encode_json
from crossdock.doors.s2 import wire
from crossdock.doors.s2.catalog import (
    ACCOUNT,
    NO_ID,
    Products,
    account_response,
    format_id,
    format_time,
    organization_response,
    product_response,
    render_product,
    unknown_product_document,
)
from crossdock.doors.s2.fulfillments import fulfillments_of_order
from crossdock.flows.formats import ReferenceData
from crossdock.flows.tenants import Organization

Tree = Any
# Members that the server sets in responses; what a client sends under these names is ignored.
RESPONSE_FIELDS = frozenset(wire.Order.__struct_fields__) | {"accountId"}
_ITEM_RESPONSE_FIELDS = frozenset(wire.OrderItem.__struct_fields__) | {"productId"}
ATTACHMENT_RESPONSE_FIELDS = frozenset(wire.OrderAttachment.__struct_fields__)
_STATUS = {
    Status.OPEN: "UNFULFILLED",
    Status.ON_HOLD: "UNFULFILLED",
    Status.PARTIALLY_ALLOCATED: "UNFULFILLED",
    Status.ALLOCATED: "UNFULFILLED",
    Status.PARTIALLY_SHIPPED: "PARTIALLY_FULFILLED",
    Status.SHIPPED: "FULFILLED",
    Status.DELIVERED: "FULFILLED",
    Status.RETURNED: "FULFILLED",
    Status.CANCELED: "CANCELLED",
}


def _derive_assign_status(counters: Iterable[Counters]) -> str:
    """Derive how many of the units that are not canceled are assigned to a warehouse; shipped units were."""
    open_units = assigned = 0
    for each in counters:
        open_units += each.ordered - each.canceled
        assigned += each.allocated + each.shipped
    if not assigned:
        return "PENDING"
    return "ASSIGNED" if assigned >= open_units else "PARTIALLY_ASSIGNED"


def _unknown_product(key: str, line: Line, order: Order, organization: Organization) -> Raw:
    """Render a product that is not in the catalog: flagged `unknown`, with the SKU and name of the order line only."""
    document = unknown_product_document(line.sku or "", line.description or "", order.created_at)
    times = (order.created_at, order.created_at)
    return render_product(encode_json(document), organization, key=key, times=times, unknown=True)


def _unknown_account(order: Order, organization: Organization) -> dict[str, Tree]:
    """Render the account of an order of another door: the vendor's generic type, without a name."""
    return {
        "id": NO_ID,
        "organization": organization_response(organization),
        "name": "",
        "type": "MARKETPLACE_GENERIC",
        "autoAssignOrdersToWarehouse": None,
        "createdAt": format_time(order.created_at),
        "updatedAt": format_time(order.created_at),
    }


def _address_response(address: dict[str, Tree] | None) -> dict[str, Tree] | None:
    """Render an address with its members in the vendor's order."""
    if address is None or tuple(address) == wire.Address.__struct_fields__:
        return address
    return {name: address[name] for name in wire.Address.__struct_fields__} | address


def _item_response(
    item: dict[str, Tree], line: Line, order: Order, products: Products, organization: Organization
) -> dict[str, Tree]:
    key = item["productId"].lower()
    entry = products.find(key)
    product = (
        product_response(entry, organization) if entry is not None else _unknown_product(key, line, order, organization)
    )
    response = {
        "channelOrderItemId": item["channelOrderItemId"],
        "product": product,
        "quantity": int(item["quantity"]),  # may be sent as 2.0, which not every client's integer takes
        "unitPrice": item["unitPrice"],
        "meta": item["meta"],
    }
    return _with_unknown_fields(response, item, _ITEM_RESPONSE_FIELDS)


def attachment_id(order_id: str, position: int) -> str:
    """Compute the UUID of an attachment from the order's id and its position, so that all responses have the same.

    It has version 4, as its order's id has; attachments of orders of earlier releases keep version 5.
    """
    # uuid5 written out, which takes a third of its time: some orders have one for each create and each read.
    name = bytes.fromhex(order_id.replace("-", "")) + f"attachment/{position}".encode()
    digits = hashlib.sha1(name, usedforsecurity=False).hexdigest()
    version, variant = "4" if order_id[14] == "4" else "5", "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-{version}{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"


def _attachment_response(attachment: dict[str, Tree], file_id: str, time: str) -> dict[str, Tree]:
    response = {
        "id": file_id,
        "fileName": attachment["fileName"],
        "path": attachment["path"],
        "createdAt": time,
        "updatedAt": time,
    }
    return _with_unknown_fields(response, attachment, ATTACHMENT_RESPONSE_FIELDS)


def _with_unknown_fields(
    response: dict[str, Tree], document: dict[str, Tree], known: frozenset[str]
) -> dict[str, Tree]:
    """Add the members of a document that the vendor does not know to its response."""
    if not known.issuperset(document):
        response |= {name: value for name, value in document.items() if name not in known}
    return response


def order_response(document: dict[str, Tree], order: Order, reference_data: ReferenceData) -> dict[str, Tree]:
    """Render the response of an order from its document; unknown members come last.

    An order of another door that does not say when it was placed was placed when it was received.
    """
    account = reference_data.entries.get((ACCOUNT, document["accountId"].lower()))
    organization, products = reference_data.organization, Products(reference_data)
    order_id, created = format_id(order.order_id), format_time(order.created_at)
    items = [
        _item_response(item, line, order, products, organization)
        for item, line in zip(document["items"], order.content.lines, strict=True)
    ]
    response = {
        "id": order_id,
        "organization": organization_response(organization),
        "account": account_response(account, organization) if account else _unknown_account(order, organization),
        "accountSubChannel": None,
        "channelOrderId": document["channelOrderId"],
        "channelOrderIdAlt": document.get("channelOrderIdAlt"),
        "channelOrderIdAlt2": document.get("channelOrderIdAlt2"),
        "channelShippingMethod": document["channelShippingMethod"],
        "shippingAddress": _address_response(document["shippingAddress"]),
        "shippingOverrideAddress": None,
        "billingAddress": _address_response(document.get("billingAddress")),
        "meta": document["meta"],
        "channelOrderDate": document["channelOrderDate"] or created,
        "status": _STATUS[order.status],
        "assignStatus": _derive_assign_status(order.counters),
        "archived": order.archived,
        "currencyId": document["currencyId"],
        "items": items,
        "attachments": [
            _attachment_response(each, attachment_id(order_id, position), created)
            for position, each in enumerate(document["attachments"])
        ],
        "fulfillments": (
            fulfillments_of_order(order, [item["product"] for item in items], organization)
            if order.fulfillments
            else []
        ),
        "createdAt": created,
        "updatedAt": format_time(order.updated_at),
        "shipByDate": document.get("shipByDate"),
        "deliverByDate": document.get("deliverByDate"),
        "customerNote": document.get("customerNote"),
    }
    return _with_unknown_fields(response, document, RESPONSE_FIELDS)
