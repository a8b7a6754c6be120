"""Wire types of fabric OMS v2's order in responses; no logic.

Each type lists its fields in the vendor's order, in which responses.py renders them. A field that the create type lacks is
a service field: only the server sets it. Source: the answer sample of the vendor's create-order page for the order, the
published API description for what is inside; where that puts required members first, so does this door.
Nothing is required to be filled here: orders of other doors lack fields that this door requires in requests.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct

from crossdock.core.json.value_types import Number
from crossdock.doors.fabric import wire
from crossdock.doors.fabric.wire import Amount, Attributes, ChannelId, Currency, Note, OrderFee, PaymentToken

DateTime = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Zero = Annotated[Number, Meta(description="0: Crossdock does not do this yet.")]
ZeroUnits = Annotated[int, Meta(description="0: Crossdock does not do this yet.")]
Original = Annotated[Number, Meta(description="The total as stated when the order was received.")]


# ---------------------------------------------------------------------------------------------------------------- parts
class Address(wire.AddressCreate, kw_only=True):
    """A billing or shipping address; the first line is empty where another door's order has none."""

    address1: str


class ItemFee(Amount):
    """A line's fee."""

    invoiceQuantity: ZeroUnits = 0
    refundAmount: Zero = 0
    quantity: Annotated[int, Meta(description="The units of the line.")] = 0


class Discount(wire.DiscountCreate):
    """A discount of the order or of a line."""

    invoiceQuantity: ZeroUnits = 0
    returnQuantity: ZeroUnits = 0
    cancelQuantity: ZeroUnits = 0


class AppeasementPayment(Struct):
    """A payment that was refunded for an appeasement."""

    paymentCounter: int
    refundAmount: Number


class Appeasement(Struct):
    """A goodwill refund."""

    appeasementCounter: int
    reasonCode: str | None
    subReasonCode: str | None
    value: Number
    invoiceValue: Number
    payments: list[AppeasementPayment]


class ItemReturn(Struct):
    """A return of units of a line."""

    shipmentId: str
    shipmentLineId: str
    shipmentQuantity: int
    refundAmount: Number
    invoicedAmount: Number
    returnsCreatedAt: DateTime


class TransactionBody(Struct):
    """The report of a payment service."""

    transactionId: Annotated[str, Meta(description="The `eventId` that the service gave.")] | None
    transactionTimestamp: DateTime
    responseCode: str | None
    status: str
    attributes: Attributes
    errors: list[dict[str, Any]]


class Transaction(Struct):
    """A status of a payment, and the report that gave it."""

    status: str
    body: TransactionBody


class PaymentLog(Struct):
    """One report of a payment service."""

    paymentId: str
    status: str
    data: Transaction


class Payment(Struct):
    """A payment."""

    paymentCounter: int | None = None
    paymentDate: wire.DateTime | None = None
    billToId: str | None = None
    paymentIdentifier: wire.PaymentIdentifier | None = None
    paymentProvider: str | None = None
    paymentToken: PaymentToken | None = None
    paymentMethod: str | None = None
    authAmount: Number | None = None
    chargedAmount: Number | None = None
    refundAmount: Annotated[Number, Meta(description="The money refunded, as payment services reported it.")] = 0
    currency: Currency | None = None
    conversion: Number | None = None
    paymentStatus: Annotated[str, Meta(description="The newest status, of a report or of an update.")] | None = None
    partialCapture: str | None = None
    finalCapture: str | None = None
    paymentLog: list[PaymentLog] = []
    billToAddress: Address | None = None
    attributes: Attributes | None = None


class ShipInfo(wire.ShipInfoCreate, kw_only=True):
    """The destination of the items with its `shipToId`."""

    shipToId: str
    shipToAddress: Address | None = None


class Item(Struct, kw_only=True):
    """An order line: the body's fields, quantities by state, and totals."""

    lineItemId: str
    lineItemNumber: int
    itemId: str
    sku: str
    shipToId: str
    channelId: str | None = None
    segment: str | None = None
    vendorId: str | None = None
    title: str | None = None
    type: str | None = None
    subType: str | None = None
    backorder: bool | None = None
    orderedQuantity: int
    backOrderedQuantity: Annotated[int, Meta(description="Units that wait for stock.")]
    pendingShippedQuantity: Annotated[int, Meta(description="Units that are allocated and not shipped.")]
    pendingShippedBackOrderQuantity: ZeroUnits
    shippedQuantity: int
    deliveredQuantity: int
    invoiceQuantity: ZeroUnits
    cancelledQuantity: int
    pendingReturnQuantity: Annotated[int, Meta(description="Units of requested returns that did not come back.")]
    processingReturnQuantity: ZeroUnits
    rejectedReturnQuantity: ZeroUnits
    returnedQuantity: int
    reshippedQuantity: ZeroUnits
    uom: str | None = None
    itemUnitPrice: Number | None = None
    itemSubTotal: Number | None = None
    originalItemSubTotal: Original | None = None
    itemFeeTotal: Number | None = None
    originalFeeTotal: Original | None = None
    itemShippingTotal: Annotated[Number, Meta(description="0: no field of the create body states it.")]
    originalShippingTotal: Annotated[Number, Meta(description="0: no field of the create body states it.")]
    appeasementTotal: Zero
    itemDiscountsTotal: Number | None = None
    originalDiscounts: Original | None = None
    itemTaxTotal: Number | None = None
    originalTaxTotal: Original | None = None
    itemTotal: Number | None = None
    originalItemTotal: Original | None = None
    outstandingItemTotal: Annotated[Number, Meta(description="`itemTotal` less what was canceled of it.")] | None = None
    originalOutstandingItemTotal: Original | None = None
    invoiceTotal: Zero
    currency: Currency | None = None
    employeeId: str | None = None
    associateId: str | None = None
    fees: list[ItemFee] | None = None
    appeasements: list[Appeasement]
    returns: list[ItemReturn]
    taxCode: str | None = None
    taxDetail: list[Amount] | None = None
    discounts: list[Discount] | None = None
    attributes: Attributes | None = None
    exchangeItem: bool
    parentLineItemNumber: int | None
    pendingExchangeQuantity: ZeroUnits
    exchangeQuantity: ZeroUnits
    refundAmount: Zero
    lineOrderStatus: Annotated[str, Meta(description="Follows the quantities, such as PARTIALLY_SHIPPED.")]
    infiniteConsent: bool
    notes: list[Note] | None = None
    gifting: bool


class UpdatedField(Struct):
    """A field that an edit changed, with its value before."""

    fieldName: str
    fieldOriginalValue: Any


class AuditLog(Struct, kw_only=True):
    """One change of the order, or of one of its lines."""

    auditId: str
    auditType: Annotated[str, Meta(description="CREATE, UPDATE, CANCEL or SHIP.")]
    employeeId: str | None = None
    auditTimestamp: DateTime
    source: Annotated[str, Meta(description="The client or person who made the change.")]
    reasonCode: str | None = None
    subReasonCode: str | None = None
    policyCode: str | None = None
    note: str | None = None
    lineItemId: str | None = None
    lineItemNumber: int | None = None
    sku: str | None = None
    quantity: int | None = None
    amount: Number | None = None
    paymentToken: PaymentToken | None = None
    success: bool
    paymentResponse: dict[str, Any] | None = None
    updatedFields: list[UpdatedField] = []
    attributes: Attributes = {}


# ---------------------------------------------------------------------------------------------------------------- order
class Order(Struct, kw_only=True):
    """The full order, the response to create and read."""

    version: Annotated[int, Meta(description="0 for a new order; one more with each change.")]
    orderId: Annotated[str, Meta(description="24 hexadecimal digits.")]
    orderNumber: str
    orderDate: DateTime
    cancellationDate: Annotated[DateTime, Meta(description="The time of the last cancelation.")] | None
    allocationDate: Annotated[DateTime, Meta(description="The time of the last allocation.")] | None
    channelId: Annotated[ChannelId, Meta(description="The sales channel; empty where another door's order has none.")]
    cartId: str | None = None
    type: str | None = None
    subType: str | None = None
    processName: Annotated[str, Meta(description="The type of the newest audit entry after the first.")] | None
    employeeId: str | None = None
    retail: wire.Retail | None = None
    orderSubTotal: Number | None = None
    originalSubTotal: Original | None = None
    orderDiscount: Number | None = None
    originalDiscounts: Original | None = None
    feeTotal: Number | None = None
    originalFeeTotal: Original | None = None
    taxTotal: Number | None = None
    appeasementTotal: Zero
    originalTaxTotal: Original | None = None
    returnTotal: Zero
    cancelTotal: Annotated[Number, Meta(description="The value of the canceled units.")]
    invoiceTotal: Zero
    orderTotal: Number | None = None
    originalOrderTotal: Original | None = None
    currency: Currency | None = None
    statusCode: Annotated[str, Meta(description="As sent until the first change, then derived from the order's state.")]
    statusDescription: str | None = None
    attributes: Attributes | None = None
    fees: list[OrderFee] | None = None
    appeasements: list[Appeasement]
    discounts: list[Discount] | None = None
    customer: wire.Customer | None = None
    payments: list[Payment] | None = None
    items: list[Item]
    shipInfo: list[ShipInfo]
    auditLogs: list[AuditLog]
    notes: list[Note] | None = None
    orderReleaseTimestamp: Annotated[DateTime, Meta(description="The time of the last release from a hold.")] | None
    createdAt: DateTime
    updatedAt: DateTime
