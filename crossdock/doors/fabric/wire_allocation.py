"""Wire types of allocations and of backorder and preorder reservations; no logic.

Source of every rule: the vendor's published API description; the fields stand in the order of its samples. Optional fields
may be null. docs/doors/fabric.md lists the decisions where the description is silent.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from crossdock.core.json.value_types import MAX_QUANTITY, NonEmpty, Number
from crossdock.doors.fabric.wire import Attributes, Pickup
from crossdock.doors.fabric.wire import DateTime as AnyDateTime
from crossdock.doors.fabric.wire_responses import AuditLog, DateTime

Units = Annotated[int, Meta(ge=0, le=MAX_QUANTITY)]


# ------------------------------------------------------------------------------------------------------------ allocations
class AllocationItem(Struct, kw_only=True):
    """The units of one order line in an allocation."""

    orderLineId: str
    itemId: str
    sku: str
    orderId: str
    orderDate: str | None
    estimatedDeliveryDate: str | None
    quantity: int
    allocationLineNumber: Annotated[int, Meta(description="The position in the allocation, from 1.")]
    parentAllocationLineNumber: int | None
    reallocationRequestId: str | None
    shippedQuantity: int
    scratchQuantity: Annotated[int, Meta(description="0: Crossdock does not do this yet.")]
    scratchedReasonCode: str | None
    reshipReasonCode: str | None
    reallocationReasonCode: str | None
    channelId: str | None
    segment: str | None
    vendorId: str | None
    title: str | None
    weight: Number | None
    cost: Number | None
    price: Number | None
    itemStatus: Annotated[str, Meta(description="ALLOCATED, PARTIALLY_ALLOCATED or CANCELLED.")]
    attributes: Attributes
    uom: str | None


class Allocation(Struct, kw_only=True):
    """One location's share of an order, in a response."""

    allocationId: str
    version: Annotated[int, Meta(description="0, and one more with each change of it.")]
    allocationRequestId: Annotated[str, Meta(description="The same for all allocations that were made at once.")]
    allocationNum: str | None
    parentAllocationId: Annotated[str, Meta(description="The allocation that it was moved from, else empty.")]
    sentToPPSDate: DateTime | None
    allocationDate: DateTime
    updatedAt: DateTime
    type: str
    previousAllocationLocationNum: int | str | None
    poNumber: str | None
    itemsType: str | None
    orderSubType: str | None
    vendorId: str | None
    shipDate: DateTime | None
    shipType: str | None
    shipMethod: str | None
    shipToId: str | None
    statusCode: Annotated[
        str,
        Meta(
            description="PENDING_PICK, PARTIALLY_SHIPPED, SHIPPED, PARTIALLY_CANCELLED, CANCELLED, or REALLOCATED once "
            "it was moved elsewhere."
        ),
    ]
    locationNum: str
    locationType: str | None
    shipToAddress: dict[str, Any] | None
    recipient: list[Pickup]
    items: list[AllocationItem]
    auditLogs: list[AuditLog]


class AllocationItemUpdate(Struct, kw_only=True):
    """The details of an item to store; the line number says which one is meant."""

    allocationLineNumber: int
    itemId: str
    sku: str
    quantity: Annotated[int, Meta(description="That of the allocation.")]
    estimatedDeliveryDate: AnyDateTime | None = None
    parentAllocationLineNumber: int | None = None
    reallocationRequestId: str | None = None
    reshipReasonCode: str | None = None
    reallocationReasonCode: str | None = None
    segment: str | None = None
    vendorId: str | None = None
    title: str | None = None
    weight: Number | None = None
    cost: Number | None = None
    price: Number | None = None
    attributes: Attributes | None = None
    uom: str | None = None


class AllocationUpdate(Struct, kw_only=True):
    """The new state of an allocation; it can be a complete answer that was changed. Other fields follow from the order."""

    allocationId: Annotated[str, Meta(description="If present, that of the path.")] | None = None
    version: Annotated[int, Meta(description="If present, the version that the sender read.")] | None = None
    allocationNum: Annotated[str, Meta(description="The number of an external system.")] | None = None
    poNumber: str | None = None
    itemsType: str | None = None
    orderSubType: str | None = None
    vendorId: str | None = None
    shipMethod: str | None = None
    locationNum: Annotated[NonEmpty, Meta(description="Another location than before moves the units there.")]
    items: Annotated[list[AllocationItemUpdate], Meta(min_length=1)]


class ReallocateItem(Struct, kw_only=True):
    """Units to move: of a line, by its id or its number in the allocation; all that is open without a quantity."""

    lineItemId: str | None = None
    allocationLineNumber: int | None = None
    quantity: Annotated[int, Meta(ge=1, le=MAX_QUANTITY)] | None = None


MAX_MOVED = 100  # allocations or orders of one call; all are one transaction


class ReallocateRequest(Struct, kw_only=True):
    """What to move to other locations."""

    orderNumber: Annotated[str, Meta(description="If present, that of the order.")] | None = None
    channel: str | int
    tenant: Annotated[NonEmpty, Meta(description="The organization's fabric account.")]
    id: Annotated[
        str | list[str], Meta(description=f"An id, or an array of 1 to {MAX_MOVED}, of what `documentType` says.")
    ]
    documentType: Annotated[
        Literal["ALLOCATION", "ORDER", "SHIPMENT", "ALLOCATION ORDER"],
        Meta(description="Shipments do not exist yet; ALLOCATION ORDER takes ids of both."),
    ]
    items: Annotated[list[ReallocateItem], Meta(description="If present, only these units are moved.")] | None = None


class Reallocated(Struct):
    """The outcome of a reallocation, with the ids of the new allocations."""

    message: str


# ----------------------------------------------------------------------------------------------------------- reservations
class ReservationUpdate(Struct, kw_only=True):
    """The fields of a reservation to change; the others stay. `backOrderedQuantity` is how many units are to wait."""

    backOrderedQuantity: Units | None = None
    toReleaseQuantity: Units | None = None
    locationNum: int | None = None
    channelId: str | None = None
    vendorId: str | None = None
    consentToDelay: Annotated[str, Meta(description='"true" or "false".')] | None = None
    consentDate: AnyDateTime | None = None
    lastNotificationDate: AnyDateTime | None = None
    toNotify: Annotated[str, Meta(description='"true" or "false".')] | None = None
    orderStatusCode: str | None = None
    lineItemStatus: str | None = None
    paymentStatus: str | None = None


class ReservationRequest(ReservationUpdate, kw_only=True):
    """Units of an order line that are to wait for stock."""

    id: Annotated[str, Meta(description="Ignored: made by the server.")] | None = None
    orderNumber: NonEmpty
    sku: NonEmpty
    lineItemId: NonEmpty
    itemId: str | None = None
    type: Literal["BACKORDER", "PREORDER"]
    cartId: str | None = None
    orderDate: AnyDateTime
    backOrderedQuantity: Annotated[int, Meta(ge=1, le=MAX_QUANTITY)]
    locationNum: int
    channelId: NonEmpty
    orderStatusCode: NonEmpty


class Reservation(Struct, kw_only=True):
    """Units of an order line that wait for stock, in a response."""

    id: str
    orderNumber: str
    sku: str
    lineItemId: str
    itemId: str | None
    type: str
    cartId: str | None
    orderDate: str
    backOrderedQuantity: int
    toReleaseQuantity: int
    locationNum: int | None
    channelId: str
    vendorId: str | None
    consentToDelay: str | None
    consentDate: str | None
    lastNotificationDate: str | None
    toNotify: str | None
    orderStatusCode: str
    lineItemStatus: str
    paymentStatus: str | None


class ConsentRequest(Struct, kw_only=True):
    """What the customer says to the delay."""

    action: Annotated[Literal["ACCEPT", "DECLINE"], Meta(description="DECLINE cancels the units that wait.")]
    backOrderId: Annotated[NonEmpty, Meta(description="The id of the reservation.")]


class OrderNotice(Struct, kw_only=True):
    """An order whose units that wait are to be looked at again: only its id or its number is read."""

    orderId: str | None = None
    orderNumber: str | None = None


class Nothing(Struct):
    """An empty object."""
