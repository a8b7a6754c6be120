"""Fulfillments of Ventmere S2, as they are stored and as they are returned; pure.

What the order does not know of a fulfillment (address, notes, attachments, …) is a catalog document of the kind `KIND`, by the
fulfillment's id. One that another door made has no document; the order then fills the members.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

import msgspec
from msgspec import Struct

from crossdock.core.orders.fulfillments import Fulfillment, FulfillmentStatus, Package
from crossdock.core.orders.model import Line, Order
from crossdock.doors import encode_json
from crossdock.doors.s2 import wire, wire_fulfillments
from crossdock.doors.s2.catalog import (
    PRODUCT,
    PRODUCT_BY_SKU,
    format_id,
    format_time,
    product_response,
    render_product,
    unknown_product_document,
    unknown_product_id,
    with_version_4,
)
from crossdock.flows.formats import ReferenceData
from crossdock.flows.locations import location_id_for
from crossdock.flows.tenants import Organization

Tree = Any
KIND = "s2/fulfillment"
# An entry for each channelFulfillmentId, because it is unique in the organization.
CHANNEL_ID = "s2/channel_fulfillment_id"
_STATUS = {
    FulfillmentStatus.OPEN: "CREATED",
    FulfillmentStatus.PICKING: "PENDING",
    FulfillmentStatus.PICKED: "PENDING",
    FulfillmentStatus.PACKED: "PENDING",
    FulfillmentStatus.READY_FOR_PICKUP: "PENDING",
    FulfillmentStatus.PARTIALLY_SHIPPED: "PARTIALLY_SHIPPED",
    FulfillmentStatus.SHIPPED: "SHIPPED",
    FulfillmentStatus.DELIVERED: "SHIPPED",
    FulfillmentStatus.CANCELED: "CANCELLED",
}


class StoredAttachment(Struct):
    """A file of a fulfillment; `at` is when it was added, in microseconds since 1970."""

    file_name: str
    path: str
    type: str
    at: int


class StoredFulfillment(Struct, omit_defaults=True):
    """What the order does not know of a fulfillment. `order_id` is its order's; the others are of the create body."""

    order_id: int
    address: dict[str, Tree] | None = None
    shipping_method: str | None = None
    signature_required: bool = False
    notes: list[str] = []
    attachments: list[StoredAttachment] = []
    reference_ids: list[str] = []
    ship_by: str | None = None
    deliver_by: str | None = None
    order_date: str | None = None
    customer_note: str | None = None
    order_type: int = 0
    meta: Tree = None


_STORED = msgspec.json.Decoder(StoredFulfillment)


def decode_stored(document: bytes) -> StoredFulfillment:
    """Read a stored document."""
    return _STORED.decode(document)


def erase_stored(document: bytes) -> bytes:
    """Take a person out of a stored document: the address, what somebody wrote, and files."""
    stored = decode_stored(document)
    left = msgspec.structs.replace(
        stored, address=None, notes=[], attachments=[], reference_ids=[], customer_note=None, meta=None
    )
    return document if left == stored else encode_json(left)


def to_stored(body: wire_fulfillments.FulfillmentCreate, order_id: int, now: int) -> bytes:
    """Make the stored document of a create body."""
    notes = [body.notes] if isinstance(body.notes, str) and body.notes else body.notes or []
    stored = StoredFulfillment(
        order_id, msgspec.structs.asdict(body.address), body.shippingMethod, bool(body.signatureRequired), [*notes],
        [StoredAttachment(each.fileName, each.path, each.type, now) for each in body.attachments or ()],
        [*(body.referenceIds or body.additionalReferenceIds or ())], body.shipByDate or None,
        body.deliverByDate or None, body.orderDate or None, body.customerNote, body.orderType or 0, body.meta,
    )  # fmt: skip
    return encode_json(stored)


def with_attachments(
    document: bytes | None, order_id: int, attachments: Sequence[wire_fulfillments.FulfillmentAttachment], now: int
) -> StoredFulfillment:
    """Return a stored document, or a new one, with more attachments."""
    stored = decode_stored(document) if document is not None else StoredFulfillment(order_id)
    stored.attachments += [StoredAttachment(each.fileName, each.path, each.type, now) for each in attachments]
    return stored


# ------------------------------------------------------------------------------------------------------------- products
def line_product(line: Line, order: Order, reference_data: ReferenceData) -> tuple[str, Tree]:
    """Return the id and the response of a line's product; flagged `unknown` where the catalog does not have it."""
    organization, entries = reference_data.organization, reference_data.entries
    entry = entries.get((PRODUCT, line.product_ref or "")) or entries.get((PRODUCT_BY_SKU, line.sku or ""))
    if entry is not None:
        return entry.key, product_response(entry, organization)
    sku, name = line.sku or "", line.description or ""
    key = line.product_ref if line.product_ref and wire.is_uuid(line.product_ref) else None
    key = key or unknown_product_id(organization, sku, name)
    document = encode_json(unknown_product_document(sku, name, order.created_at))
    times = (order.created_at, order.created_at)
    return key, render_product(document, organization, key=key, times=times, unknown=True)


# ------------------------------------------------------------------------------------------------------------ rendering
def part_id(owner: str, part: str) -> str:
    """Compute the UUID of a part of a fulfillment, so that all responses have the same."""
    return with_version_4(uuid5(UUID(owner), part))


def _item_responses(fulfillment: Fulfillment, products: Sequence[Tree]) -> list[dict[str, Tree]]:
    owner = format_id(fulfillment.fulfillment_id)
    return [
        {
            "id": part_id(owner, f"item/{position}"),
            "product": products[line.line] if line.line >= 0 else None,
            "quantity": line.quantity - line.canceled,
            "shippedQuantity": line.shipped,
        }
        for position, line in enumerate(fulfillment.lines)
    ]


def _shipment_response(package: Package, fulfillment: Fulfillment, products: Sequence[Tree]) -> dict[str, Tree]:
    shipped_at = fulfillment.left_at(package)
    return {
        "id": format_id(package.package_id or 0),
        "status": "SHIPPED" if package.shipped else "PENDING",
        "carrier": package.carrier,
        "shippingMethod": package.service,
        "trackingNumber": package.number,
        "trackingNumbers": [package.number] if package.number else [],
        "labels": [],
        "items": [
            {"product": products[line] if line >= 0 else None, "quantity": quantity} for line, quantity in package.lines
        ],
        "createdAt": format_time(shipped_at or fulfillment.at),
        "updatedAt": format_time(max(package.reported_at, shipped_at or fulfillment.at)),
    }


def _shipments(fulfillment: Fulfillment, products: Sequence[Tree]) -> list[dict[str, Tree]]:
    return [_shipment_response(each, fulfillment, products) for each in fulfillment.packages]


def _updated_at(fulfillment: Fulfillment) -> int:
    reported = max((each.reported_at for each in fulfillment.packages), default=0)
    return max(fulfillment.at, fulfillment.shipped_at or 0, fulfillment.ready_at or 0, reported)


def fulfillments_of_order(order: Order, products: Sequence[Tree], organization: Organization) -> list[dict[str, Tree]]:
    """Render the fulfillments of an order in short; `products` are the responses of its lines' products."""
    responses = []
    for each in order.fulfillments:
        numbers = [package.number for package in each.packages if package.number]
        responses.append(
            {
                "id": format_id(each.fulfillment_id),
                "status": _STATUS[each.status],
                "channelFulfillmentId": each.reference,
                "warehouseId": location_id_for(organization, each.location),
                "items": _item_responses(each, products),
                "shipments": _shipments(each, products),
                "trackingNumber": numbers[0] if numbers else None,
                "trackingNumbers": numbers,
                "purchaseLabels": [],
                "createdAt": format_time(each.at),
                "updatedAt": format_time(_updated_at(each)),
            }
        )
    return responses


def _pick_status(fulfillment: Fulfillment) -> str:
    if all(line.picked >= line.quantity - line.canceled for line in fulfillment.lines):
        return "PICKED" if any(line.picked for line in fulfillment.lines) else "PENDING"
    return "PICKING" if any(line.picked for line in fulfillment.lines) else "PENDING"


class Rendered(Struct, frozen=True):
    """What a fulfillment is rendered of: it and its order, the order's document and products, its stored document, its
    warehouse as it is returned."""

    fulfillment: Fulfillment
    order: Order
    document: dict[str, Tree]
    products: Sequence[Tree]
    organization: Tree
    stored: StoredFulfillment | None = None
    stored_at: int = 0
    warehouse: Tree = None


def fulfillment_response(parts: Rendered) -> dict[str, Tree]:
    """Render a fulfillment, its members in the vendor's order."""
    fulfillment, document = parts.fulfillment, parts.document
    stored = parts.stored or StoredFulfillment(parts.order.order_id)
    fulfillment_id, pick_status = format_id(fulfillment.fulfillment_id), _pick_status(fulfillment)
    return {
        "id": fulfillment_id,
        "status": _STATUS[fulfillment.status],
        "address": stored.address or document["shippingAddress"],
        "channelFulfillmentId": fulfillment.reference,
        "meta": stored.meta if stored.meta is not None else {},
        "warehouse": parts.warehouse,
        "warehousePickId": part_id(fulfillment_id, "pick") if pick_status != "PENDING" else None,
        "warehousePickStatus": pick_status,
        "shippingMethod": document["channelShippingMethod"]
        if stored.shipping_method is None
        else stored.shipping_method,
        "signatureRequired": stored.signature_required,
        "items": _item_responses(fulfillment, parts.products),
        "notes": stored.notes,
        "attachments": [
            {
                "id": part_id(fulfillment_id, f"attachment/{position}"),
                "fileName": each.file_name,
                "path": each.path,
                "type": each.type,
                "createdAt": format_time(each.at),
                "updatedAt": format_time(each.at),
            }
            for position, each in enumerate(stored.attachments)
        ],
        "shipments": _shipments(fulfillment, parts.products),
        "shippingQuotes": [],
        "orderOrganization": parts.organization,
        "shipByDate": stored.ship_by or document["shipByDate"],
        "deliverByDate": stored.deliver_by or document["deliverByDate"],
        "customerNote": document["customerNote"] if stored.customer_note is None else stored.customer_note,
        "referenceIds": stored.reference_ids,
        "orderId": format_id(parts.order.order_id),
        "rmaId": None,
        "orderDate": stored.order_date or document["channelOrderDate"],
        "orderAccountId": account if wire.is_uuid(account := parts.order.content.account_ref or "") else None,
        "orderChannelOrderId": document["channelOrderId"],
        "orderType": wire_fulfillments.ORDER_TYPES[stored.order_type],
        "createdAt": format_time(fulfillment.at),
        "updatedAt": format_time(max(parts.stored_at, _updated_at(fulfillment))),
    }
