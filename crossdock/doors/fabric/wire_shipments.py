"""Wire types of shipments; no logic.

Source of every rule: the vendor's published API description, which marks no member as required; docs/doors/fabric.md lists what
is required here. Optional fields may be null.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from crossdock.core.json.value_types import MAX_QUANTITY, NonEmpty, Number
from crossdock.doors.fabric.wire import Attributes, Name, Phone
from crossdock.doors.fabric.wire import DateTime as AnyDateTime

STATUSES = (
    "SHIPMENT_CREATED", "SHIPMENT_CANCELLED", "PICKUP_CREATED", "PICKUP_COMPLETED", "SHIPMENT_RETURN_PENDING",
    "SHIPMENT_RETURN_RECEIVED", "SHIPMENT_PARTIALLY_DELIVERED", "SHIPMENT_DELIVERED",
)  # fmt: skip
TYPES = ("STANDARD", "RESHIP", "RETURN", "SCRATCH", "PICKUP")
MAX_CARTONS = 500
Units = Annotated[int, Meta(ge=1, le=MAX_QUANTITY)]
Text = str | None


class GiftCard(Struct, kw_only=True):
    """A gift card of a shipped item."""

    giftCardNum: NonEmpty
    amount: Number | None = None
    giftCardStatus: Text = None
    giftCardActiveRequestDate: Annotated[str, Meta(description="Set by the activation.")] | None = None
    giftCardActiveDate: Annotated[str, Meta(description="Set by the acknowledgment of the activation.")] | None = None


class ShipmentItemFee(Struct, kw_only=True):
    """A fee of a shipped item; stored as it is sent."""

    type: Text = None
    value: Number | None = None
    quantity: int | None = None
    refundAmount: Number | None = None


class CartonItemCreate(Struct, kw_only=True):
    """Units of an order line in a carton."""

    lineItemId: NonEmpty
    shippedQuantity: Units
    itemId: Text = None
    sku: Text = None
    orderId: Text = None
    orderNumber: Text = None
    channelId: Text = None
    segment: Text = None
    vendorId: Text = None
    orderedQuantity: int | None = None
    returnQuantity: int | None = None
    returnAmount: Number | None = None
    fees: list[ShipmentItemFee] | None = None
    giftCard: list[GiftCard] | None = None
    attributes: Attributes | None = None
    uom: Text = None


class TrackingDetail(Struct, kw_only=True):
    """A report of a carrier."""

    event: Annotated[NonEmpty, Meta(description="What happened, such as `picked up` or `delivered`.")]
    eventId: Text = None
    timestamp: AnyDateTime | None = None
    shipmentCarrier: Text = None
    location: Text = None
    notes: dict[str, Any] | None = None


class CartonCreate(Struct, kw_only=True):
    """A carton with what is in it."""

    cartonNum: Text = None
    cartonType: Text = None
    promisedDeliveryDate: AnyDateTime | None = None
    estimatedShipDate: AnyDateTime | None = None
    estimatedDeliveryDate: AnyDateTime | None = None
    shipmentMethod: Text = None
    shipmentCarrier: Text = None
    weight: Text = None
    trackingNumber: Text = None
    trackingURL: Text = None
    trackingDetails: list[TrackingDetail] | None = None
    items: Annotated[list[CartonItemCreate], Meta(min_length=1)]


class CartonItemUpdate(CartonItemCreate, kw_only=True):
    """Details of an item to store; the quantity stays."""

    shippedQuantity: Annotated[int, Meta(description="If present, as it was shipped.")] | None = None  # type: ignore[assignment]


class CartonUpdate(CartonCreate, kw_only=True):
    """Details of a carton to store."""

    items: list[CartonItemUpdate] | None = None  # type: ignore[assignment]


class ScratchedItemCreate(Struct, kw_only=True):
    """Units that the location could not find; they are allocated elsewhere if that is possible."""

    lineItemId: NonEmpty
    quantity: Units
    itemId: Text = None
    sku: Text = None
    reasonCode: Text = None
    subReasonCode: Text = None
    attributes: Attributes | None = None
    uom: Text = None


class ShipmentAddress(Struct, kw_only=True):
    """The address that a shipment goes to; addresses of shipments name their lines differently from those of orders."""

    addressLine1: Text = None
    addressLine2: Text = None
    addressLine3: Text = None
    addressLine4: Text = None
    city: Text = None
    state: Text = None
    country: Text = None
    postalCode: Text = None
    type: Text = None
    latitude: Number | None = None
    longitude: Number | None = None


class Recipient(Struct, kw_only=True):
    """A person who gets the goods."""

    name: Name | None = None
    email: Text = None
    phone: Phone | None = None


class ShipmentCreate(Struct, kw_only=True):
    """A shipment of an allocation. At least one carton or one scratched item is required."""

    shipmentNum: Annotated[str, Meta(description="The sender's number, unique in the organization.")] | None = None
    invoiceId: Text = None
    allocationId: NonEmpty
    poNumber: Text = None
    vendorId: Text = None
    statusCode: (
        Annotated[str, Meta(description="SHIPMENT_CREATED, PICKUP_CREATED or PICKUP_COMPLETED; follows `type`.")] | None
    ) = None
    type: Literal["STANDARD", "RESHIP", "RETURN", "SCRATCH", "PICKUP"] | None = None
    reshipmentReasonCode: Text = None
    shipDate: AnyDateTime | None = None
    locationNum: Annotated[str, Meta(description="If present, the location of the allocation.")] | None = None
    locationType: Text = None
    totalCartons: int | None = None
    masterTrackingNumber: Annotated[str, Meta(description="That of cartons without a number of their own.")] | None = (
        None
    )
    shipToId: Text = None
    shipToAddress: ShipmentAddress | None = None
    recipient: list[Recipient] | None = None
    cartons: Annotated[list[CartonCreate], Meta(max_length=MAX_CARTONS)] | None = None
    scratchedItems: Annotated[list[ScratchedItemCreate], Meta(max_length=MAX_CARTONS)] | None = None
    attributes: Attributes | None = None


class ShipmentUpdate(Struct, kw_only=True):
    """The new state of a shipment; it can be a complete answer that was changed. Items and quantities stay as they are."""

    shipmentId: Annotated[str, Meta(description="If present, that of the path.")] | None = None
    shipmentNum: Text = None
    poNumber: Text = None
    vendorId: Text = None
    statusCode: (
        Annotated[
            str,
            Meta(
                description="Another than before: PICKUP_COMPLETED hands over a pickup, SHIPMENT_CANCELLED cancels one "
                "that was not handed over, SHIPMENT_DELIVERED reports the delivery of all cartons."
            ),
        ]
        | None
    ) = None
    reshipmentReasonCode: Text = None
    totalCartons: int | None = None
    masterTrackingNumber: Text = None
    cartons: list[CartonUpdate] | None = None
    recipient: list[Recipient] | None = None
    attributes: Attributes | None = None


class GiftCardItem(Struct, kw_only=True):
    """The gift cards of a line."""

    lineItemId: NonEmpty
    giftCard: Annotated[list[GiftCard], Meta(min_length=1)]
    itemId: Text = None
    sku: Text = None
    channelId: Text = None
    orderId: Text = None
    orderNumber: Text = None


class GiftCards(Struct, kw_only=True):
    """Gift cards of a shipment."""

    shipmentId: NonEmpty
    items: Annotated[list[GiftCardItem], Meta(min_length=1)]


class ShipmentAcknowledgment(Struct, kw_only=True):
    """Says that the tracking of a shipment was set up."""

    shipmentId: NonEmpty
    attributes: Attributes | None = None


# ------------------------------------------------------------------------------------------------------------- responses
class CartonItem(Struct, kw_only=True):
    """Units of an order line in a carton."""

    shipmentLineItemId: Annotated[str, Meta(description="A UUID that the service makes.")]
    orderId: str
    orderNumber: str
    lineItemId: str
    itemId: Text
    sku: Text
    channelId: Text
    segment: Text
    vendorId: Text
    orderedQuantity: int | None
    shippedQuantity: int
    returnQuantity: Annotated[int, Meta(description="Units of the line that came back.")]
    returnAmount: Annotated[Number, Meta(description="Money refunded for units of the line.")]
    fees: list[ShipmentItemFee]
    giftCard: list[GiftCard]
    attributes: Attributes
    uom: Text


class Carton(Struct, kw_only=True):
    """A carton."""

    cartonNum: Text
    cartonType: Text
    promisedDeliveryDate: Text
    estimatedShipDate: Text
    estimatedDeliveryDate: Text
    shipmentMethod: Text
    shipmentCarrier: Text
    weight: Text
    trackingNumber: Text
    trackingURL: Text
    trackingDetails: list[TrackingDetail]
    items: list[CartonItem]


class ScratchedItem(Struct, kw_only=True):
    """Units that the location could not find."""

    orderId: str
    lineItemId: str
    itemId: Text
    sku: Text
    quantity: int
    reasonCode: Text
    subReasonCode: Text
    attributes: Attributes
    uom: Text


class ShipmentAudit(Struct, kw_only=True):
    """A change of a shipment."""

    auditType: str
    employeeId: Text
    auditTimestamp: str
    source: Text
    note: Text
    attributes: Attributes
    updatedFields: list[dict[str, Any]]


class Shipment(Struct, kw_only=True):
    """A shipment."""

    shipmentId: Annotated[str, Meta(description="24 hexadecimal digits.")]
    shipmentNum: Text
    invoiceId: Annotated[str, Meta(description="The invoice of the shipment.")] | None
    allocationId: Text
    orderNumber: list[str]
    poNumber: Text
    vendorId: Text
    statusCode: Literal[STATUSES]  # type: ignore[valid-type]
    type: Literal[TYPES]  # type: ignore[valid-type]
    reshipmentReasonCode: Text
    shipDate: Text
    locationNum: str
    locationType: Text
    totalCartons: int
    masterTrackingNumber: Text
    shipToId: Text
    shipToAddress: ShipmentAddress | None
    recipient: list[Recipient]
    cartons: list[Carton]
    scratchedItems: list[ScratchedItem]
    createdAt: str
    updatedAt: str
    auditLogs: list[ShipmentAudit]
    attributes: Attributes


class ShipmentPage(Struct):
    """A page of shipments."""

    count: int
    limit: int
    offset: int
    shipments: list[Shipment]
