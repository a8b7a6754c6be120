"""Ventmere S2's wire types of fulfillments.

Source: the vendor's pages of the fulfillment create call (known up to `orderType`), of the detail call and of the attachments.
docs/doors/s2.md says what was decided for the rest.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct

from crossdock.core.json.validation import rule
from crossdock.core.json.value_types import NonEmpty, Quantity
from crossdock.doors.s2 import wire
from crossdock.doors.s2.wire import (
    Address,
    FreeForm,
    FulfillmentItemResponse,
    FulfillmentStatus,
    Id,
    OptionalTime,
    ServerTime,
    Shipment,
)

MAX_ATTACHMENTS = 1_000  # of one fulfillment
ORDER_TYPES = ("B2C", "B2B", "FBA")


def _is_optional_uuid(text: str) -> bool:
    return not text or wire.is_uuid(text)


OptionalUuid = Annotated[
    str,
    rule("s2_optional_uuid", _is_optional_uuid, "a UUID, or empty"),
    Meta(extra_json_schema={"pattern": "^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?$"}),
]
ChannelFulfillmentId = Annotated[
    str, Meta(max_length=200, description="The client's id of the fulfillment, unique in the organization.")
]


class FulfillmentItem(Struct):
    """A product to ship."""

    productId: Annotated[wire.Uuid, Meta(description="A product of the order; without an order, one of the catalog.")]
    quantity: Quantity


class FulfillmentAttachment(Struct):
    """A file of the fulfillment."""

    fileName: NonEmpty
    path: Annotated[NonEmpty, Meta(description="Storage key or URL of the file; it is stored as sent and not opened.")]
    type: Annotated[NonEmpty, Meta(description="Such as `OTHER`, the only one that the vendor names.")]


class FulfillmentCreate(Struct, kw_only=True):
    """Units for a warehouse to ship: of an order, or without one."""

    orderId: Annotated[OptionalUuid, Meta(description="The order; without one an order is made.")] | None = None
    rmaId: Annotated[str, Meta(description="S2's returns have no documented calls, so none is known.")] | None = None
    address: Address
    warehouseId: Annotated[OptionalUuid, Meta(description="Without one, a warehouse is chosen.")] | None = None
    channelFulfillmentId: ChannelFulfillmentId | None = None
    orderAccountId: Annotated[OptionalUuid, Meta(description="The account, where there is no orderId.")] | None = None
    accountCode: Annotated[str, Meta(description="The code of the account: its name.")] | None = None
    orderType: Annotated[int, Meta(ge=0, le=2, description="0 is B2C, 1 is B2B, 2 is FBA.")] | None = None
    shippingMethod: str | None = None
    signatureRequired: bool | None = None
    items: Annotated[list[FulfillmentItem], Meta(min_length=1)]
    notes: list[str] | str | None = None
    attachments: list[FulfillmentAttachment] | None = None
    referenceIds: list[str] | None = None
    additionalReferenceIds: Annotated[list[str], Meta(description="Another name of `referenceIds`.")] | None = None
    shipByDate: OptionalTime | None = None
    deliverByDate: OptionalTime | None = None
    orderDate: OptionalTime | None = None
    customerNote: str | None = None
    orderChannelOrderId: (
        Annotated[str, Meta(description="The sales channel's order number, where there is no orderId.")] | None
    ) = None
    meta: FreeForm | None = None


class AttachmentsCreate(Struct):
    """Files to add to a fulfillment."""

    attachments: Annotated[list[FulfillmentAttachment], Meta(max_length=MAX_ATTACHMENTS)]


# ------------------------------------------------------------------------------------------------------------ responses
class FulfillmentAttachmentResponse(Struct):
    """A file of the fulfillment."""

    id: Id
    fileName: str
    path: str
    type: str
    createdAt: ServerTime
    updatedAt: ServerTime


class Fulfillment(Struct):
    """A fulfillment."""

    id: Id
    status: FulfillmentStatus
    address: Address
    channelFulfillmentId: str | None
    meta: FreeForm
    warehouse: wire.Warehouse | None
    warehousePickId: Id | None
    warehousePickStatus: Annotated[str, Meta(extra_json_schema={"enum": ["PENDING", "PICKING", "PICKED"]})]
    shippingMethod: str
    signatureRequired: bool
    items: list[FulfillmentItemResponse]
    notes: list[str]
    attachments: list[FulfillmentAttachmentResponse]
    shipments: list[Shipment]
    shippingQuotes: Annotated[list[dict[str, Any]], Meta(description="Empty: there are no quotes.")]
    orderOrganization: wire.Organization
    shipByDate: str | None
    deliverByDate: str | None
    customerNote: str | None
    referenceIds: list[str]
    orderId: Annotated[Id, Meta(description="The order; of a standalone fulfillment, the one that was made for it.")]
    rmaId: str | None
    orderDate: str | None
    orderAccountId: Id | None
    orderChannelOrderId: str
    orderType: Annotated[str, Meta(extra_json_schema={"enum": list(ORDER_TYPES)})]
    createdAt: ServerTime
    updatedAt: ServerTime


class FulfillmentPage(Struct):
    """A page of fulfillments."""

    items: list[Fulfillment]
    total: Annotated[int, Meta(description="Number of all rows that the list has, on all pages.")]
