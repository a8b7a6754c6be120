"""Wire types of returns, exchanges and appeasements; no logic.

Source of every rule: the vendor's published API description, whose spelling of `policyOveride` and `userID` stays.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from crossdock.core.json.value_types import MAX_QUANTITY, NonEmpty, Number
from crossdock.doors.fabric.wire import Customer
from crossdock.doors.fabric.wire import DateTime as AnyDateTime

MAX_ITEMS = 500
Units = Annotated[int, Meta(ge=1, le=MAX_QUANTITY)]
Text = str | None


class ReturnFee(Struct, kw_only=True):
    """A fee that is kept back from a refund: `refundAmount`, or else `value`."""

    type: Text = None
    value: Number | None = None
    quantity: int | None = None
    refundAmount: Number | None = None


class ExchangeItem(Struct, kw_only=True):
    """A replacement; it becomes a new line of the order."""

    itemId: NonEmpty
    sku: NonEmpty
    quantity: Units
    itemUnitPrice: Number | None = None
    initiateReshipment: (
        Annotated[bool, Meta(description="Ship it at once, not when the returned units arrive.")] | None
    ) = None


class ExchangeRefund(Struct, kw_only=True):
    """A price difference that is given back."""

    amount: Number | None = None
    currency: Text = None
    conversion: Number | None = None


class Exchange(Struct, kw_only=True):
    """What the customer gets for the returned units."""

    disableRefunding: bool | None = None
    refund: ExchangeRefund | None = None
    items: list[ExchangeItem] | None = None


class ReturnItem(Struct, kw_only=True):
    """Units of a line that are to come back, or have."""

    returnType: Literal["PENDING", "PROCESSING", "RECEIVED", "REJECTED"]
    orderLineItemId: NonEmpty
    quantity: Units
    scanTimeStamp: AnyDateTime | None = None
    shipmentId: Text = None
    shipmentLineId: Text = None
    reasonCode: Text = None
    subReasonCode: Text = None
    policyOveride: Annotated[bool, Meta(description="Do not check the return policy.")] | None = None
    returnAmount: (
        Annotated[Number, Meta(description="The refund; the units' share of the order's money where missing.")] | None
    ) = None
    fees: list[ReturnFee] | None = None
    exchange: Exchange | None = None


class ReturnRequest(Struct, kw_only=True):
    """Returns of an order's lines."""

    orderId: NonEmpty
    items: Annotated[list[ReturnItem], Meta(min_length=1, max_length=MAX_ITEMS)]
    employeeId: str | int | None = None
    returnTimeStamp: AnyDateTime | None = None
    source: Text = None
    attributes: Annotated[dict[str, Any] | str, Meta(description="An object, or the text of one.")] | None = None
    exchange: bool | None = None


class ReturnedItem(Struct, kw_only=True):
    """What became of an item."""

    returnStatus: Literal["VALID", "PENDING", "PROCESSING", "REJECTED", "POLICY_VIOLATION"]
    policyCode: str
    lineItemId: str
    returnQuantity: int
    refundAmount: Number


class ReturnResponse(Struct, kw_only=True):
    """What became of the items, each for itself."""

    refundStatus: Literal["REFUND_INITIATED", "REFUND_PENDING", "REFUND_SUCCESS", "REFUND_FAILURE"]
    totalRefund: Number
    items: list[ReturnedItem]


# ----------------------------------------------------------------------------------------------------------- appeasements
class AppeasementRefund(Struct, kw_only=True):
    """How much of an appeasement goes to a payment."""

    paymentCounter: int | None = None
    refundAmount: Number | None = None


class AppeasementEntry(Struct, kw_only=True):
    """Money given back in goodwill."""

    value: Number
    appeasementCounter: (
        Annotated[int, Meta(description="An appeasement with a number that was given before is not repeated.")] | None
    ) = None
    reasonCode: Text = None
    subReasonCode: Text = None
    notes: Text = None
    payments: list[AppeasementRefund] | None = None


class AppeasedItem(Struct, kw_only=True):
    """Appeasements of a line."""

    lineItemId: NonEmpty
    appeasements: Annotated[list[AppeasementEntry], Meta(max_length=MAX_ITEMS)] | None = None


class AppeasementRequest(Struct, kw_only=True):
    """Appeasements of an order and of its lines."""

    orderNumber: NonEmpty
    source: NonEmpty
    userID: NonEmpty
    appeasementType: Text = None
    customer: Customer | None = None
    appeasements: Annotated[list[AppeasementEntry], Meta(max_length=MAX_ITEMS)] | None = None
    items: Annotated[list[AppeasedItem], Meta(max_length=MAX_ITEMS)] | None = None


class AppeasementData(Struct, kw_only=True):
    """What was given back."""

    orderNumber: Text
    totalAmountRefunded: Number
    channel: Text
    tenant: Text


class AppeasementResponse(Struct, kw_only=True):
    """The outcome."""

    responseCode: Literal[
        "SUCCESS", "PARTIAL_SUCCESS", "ERROR", "INVALID_REQUEST", "NOT_FOUND", "AMOUNT_EXCEEDS", "PAYMENT_NOT_FOUND"
    ]
    responseMessage: str
    responseData: AppeasementData
