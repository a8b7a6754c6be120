"""The order as this door answers it: what was sent, with its account and products whole, in the vendor's order; pure."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid5

from msgspec import Raw

from crossdock.core.orders.model import Order
from crossdock.core.orders.status import Counters, Status
from crossdock.doors import encode_json
from crossdock.doors.s2 import wire
from crossdock.doors.s2.catalog import (
    ACCOUNT,
    account_answer,
    brand_document,
    format_id,
    instant,
    organization_answer,
    product_answer,
    product_document,
    product_of,
    render_product,
)
from crossdock.flows.formats import ReferenceData
from crossdock.flows.tenants import Organization

Tree = Any
# Members of the answers that are the server's to say; what a sender puts there is not answered.
ANSWERED = frozenset(wire.Order.__struct_fields__) | {"accountId"}
_ITEM_ANSWERED = frozenset(wire.OrderItem.__struct_fields__) | {"productId"}
ATTACHMENT_ANSWERED = frozenset(wire.OrderAttachment.__struct_fields__)
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


def _assign_status(counters: Iterable[Counters]) -> str:
    """Derive how much of what is still wanted has a warehouse; what was shipped had one."""
    wanted = assigned = 0
    for each in counters:
        wanted += each.ordered - each.canceled
        assigned += each.allocated + each.shipped
    if not assigned:
        return "PENDING"
    return "ASSIGNED" if assigned >= wanted else "PARTIALLY_ASSIGNED"


_UNKNOWN_PRODUCT = product_document(
    wire.ProductCreate(
        sku="", brand="", gtin="", name="", remarks="", imageMain="",
        packageLengthMm=0, packageWidthMm=0, packageHeightMm=0, shippingWeightKg=0,
        caseUnit="EACH", casePack=1, caseLengthMm=0, caseWidthMm=0, caseHeightMm=0, caseWeightKg=0,
        condition="NEW", serialNumberRequired=False, expiryDateRequired=False,
    ),
    brand={},
)  # fmt: skip


def _unknown_product(known: Tree, order: Order, organization: Organization) -> Raw:
    """Format a product this door has never been told about, marked as such: empty but for what its order line says."""
    brand = {"id": "", **brand_document("", order.created_at)}
    document = _UNKNOWN_PRODUCT | {"sku": known["sku"], "brand": brand, "name": known["name"]}
    times = (order.created_at, order.created_at)
    return render_product(encode_json(document), organization, key="", times=times, unknown=True)


def _unknown_account(order: Order, organization: Organization) -> dict[str, Tree]:
    """Format the account of an order that came from elsewhere: the vendor's generic kind, without id and name."""
    return {
        "id": "",
        "organization": organization_answer(organization),
        "name": "",
        "type": "MARKETPLACE_GENERIC",
        "autoAssignOrdersToWarehouse": None,
        "createdAt": instant(order.created_at),
        "updatedAt": instant(order.created_at),
    }


def _address_answer(address: dict[str, Tree] | None) -> dict[str, Tree] | None:
    """Put an address in the vendor's order, whatever order it was sent in."""
    if address is None or tuple(address) == wire.Address.__struct_fields__:
        return address
    return {name: address[name] for name in wire.Address.__struct_fields__} | address


def _item_answer(item: dict[str, Tree], order: Order, reference_data: ReferenceData) -> dict[str, Tree]:
    key = item["productId"].lower()
    entry = product_of(reference_data, key) if key else None
    product = (
        product_answer(entry, reference_data.organization)
        if entry is not None
        else _unknown_product(item["product"], order, reference_data.organization)
    )
    answer = {
        "channelOrderItemId": item["channelOrderItemId"],
        "product": product,
        "quantity": item["quantity"],
        "unitPrice": item["unitPrice"],
        "meta": item["meta"],
    }
    return _with_own(answer, item, _ITEM_ANSWERED)


def attachment_id(order_id: str, place: int) -> str:
    """Make the UUID of a file of an order from the order's id and the file's place, so that every answer has the same."""
    return str(uuid5(UUID(order_id), f"attachment/{place}"))


def _attachment_answer(attachment: dict[str, Tree], file_id: str, time: str) -> dict[str, Tree]:
    answer = {
        "id": file_id,
        "fileName": attachment["fileName"],
        "path": attachment["path"],
        "createdAt": time,
        "updatedAt": time,
    }
    return _with_own(answer, attachment, ATTACHMENT_ANSWERED)


def _with_own(answer: dict[str, Tree], document: dict[str, Tree], answered: frozenset[str]) -> dict[str, Tree]:
    """Add to an answer the members the sender added to what the vendor knows."""
    if not answered.issuperset(document):
        answer |= {name: value for name, value in document.items() if name not in answered}
    return answer


def answered(document: dict[str, Tree], order: Order, reference_data: ReferenceData) -> dict[str, Tree]:
    """Turn a spelled document into the order as this door answers it; what the sender added comes last."""
    account = reference_data.entries.get((ACCOUNT, document["accountId"].lower()))
    organization = reference_data.organization
    order_id, created = format_id(order.order_id), instant(order.created_at)
    answer = {
        "id": order_id,
        "organization": organization_answer(organization),
        "account": account_answer(account, organization) if account else _unknown_account(order, organization),
        "accountSubChannel": None,
        "channelOrderId": document["channelOrderId"],
        "channelOrderIdAlt": document.get("channelOrderIdAlt"),
        "channelOrderIdAlt2": document.get("channelOrderIdAlt2"),
        "channelShippingMethod": document["channelShippingMethod"],
        "shippingAddress": _address_answer(document["shippingAddress"]),
        "shippingOverrideAddress": None,
        "billingAddress": _address_answer(document.get("billingAddress")),
        "meta": document["meta"],
        "channelOrderDate": document["channelOrderDate"],
        "status": _STATUS[order.status],
        "assignStatus": _assign_status(order.counters),
        "archived": order.archived,
        "currencyId": document["currencyId"],
        "items": [_item_answer(item, order, reference_data) for item in document["items"]],
        "attachments": [
            _attachment_answer(each, attachment_id(order_id, place), created)
            for place, each in enumerate(document["attachments"])
        ],
        "fulfillments": [],
        "createdAt": created,
        "updatedAt": instant(order.updated_at),
        "shipByDate": document.get("shipByDate"),
        "deliverByDate": document.get("deliverByDate"),
        "customerNote": document.get("customerNote"),
    }
    return _with_own(answer, document, ANSWERED)
