"""Wire types of fabric OMS v2's order; no logic.

Source of every rule: the vendor's create-order page and published API description; what is required, and which
vocabularies are checked, was decided for this door (docs/doors/fabric.md). Optional fields may be null.
Response types list their fields in the vendor's order, in which responses.py renders them; a field of a response type that
its create type lacks is a service field: only the server sets it.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from crossdock.core.iso import ALPHA2_OF, COUNTRIES
from crossdock.core.json.validation import rule
from crossdock.core.json.value_types import Currency, DateTime, NonEmpty, Number, Quantity

# The vendor's samples write alpha-3 and have empty strings for unknown values.
_COUNTRIES = COUNTRIES | ALPHA2_OF.keys() | {""}
_COUNTRY = "an ISO 3166-1 alpha-2 or alpha-3 country code, or empty"
Country = Annotated[str, rule("fabric_country", _COUNTRIES.__contains__, _COUNTRY)]
Attributes = dict[str, Any]


# -------------------------------------------------------------------------------------------------------------- parties
class Name(Struct):
    first: str | None = None
    middle: str | None = None
    last: str | None = None


class Phone(Struct):
    number: str | None = None
    type: str | None = None


class Customer(Struct):
    name: Name | None = None
    email: str | None = None
    phone: Phone | None = None
    userId: str | None = None
    accountId: str | None = None
    employeeId: str | None = None
    company: str | None = None


class Address(Struct, kw_only=True):
    """A billing or shipping address; only its first line is required."""

    name: Name | None = None
    email: str | None = None
    phone: Phone | None = None
    address1: NonEmpty
    address2: str | None = None
    address3: str | None = None
    address4: str | None = None
    city: str | None = None
    state: str | None = None
    country: Country | None = None
    postalCode: str | None = None
    type: str | None = None
    latitude: Number | None = None
    longitude: Number | None = None


class Pickup(Struct):
    """The person who picks up the goods; `pickupType` is Primary or Alternate in the vendor's lists, and not checked."""

    name: Name | None = None
    email: str | None = None
    phone: Phone | None = None
    pickupType: str | None = None


# ---------------------------------------------------------------------------------------------------------------- parts
class Retail(Struct):
    """The register of a retail order; here `locationNum` is a whole number, in `shipInfo` it is a string."""

    locationNum: int | None = None
    cashierId: str | None = None
    registerId: str | None = None
    transactionId: str | None = None


class OrderFee(Struct):
    type: str | None = None
    value: Number | None = None
    invoiceValue: Number | None = None


class Amount(Struct):
    """A line's fee in the create body, or a tax."""

    type: str | None = None
    value: Number | None = None


class ItemFee(Amount):
    invoiceQuantity: int = 0
    refundAmount: Number = 0
    quantity: int = 0


class DiscountCreate(Struct):
    quantity: int | None = None
    amount: Number | None = None
    unit: str | None = None
    value: Number | None = None
    promoId: str | None = None
    promoCode: str | None = None
    promoTitle: str | None = None
    type: str | None = None


class Discount(DiscountCreate):
    invoiceQuantity: int = 0
    returnQuantity: int = 0
    cancelQuantity: int = 0


class Note(Struct):
    timestamp: str | None = None
    user: str | None = None
    notes: str | None = None


class PaymentIdentifier(Struct):
    cardIdentifier: str | None = None
    expirationYear: str | None = None
    expirationMonth: str | None = None
    paymentId: str | None = None
    fabricPaymentReference: str | None = None


class PaymentToken(Struct):
    token: str | None = None
    paymentType: str | None = None


class PaymentCreate(Struct):
    """A payment in the create body; `authExpirationDate` is the one field that is accepted and never rendered."""

    paymentCounter: int | None = None
    paymentDate: DateTime | None = None
    billToId: str | None = None
    paymentIdentifier: PaymentIdentifier | None = None
    paymentProvider: str | None = None
    paymentToken: PaymentToken | None = None
    paymentMethod: str | None = None
    authAmount: Number | None = None
    chargedAmount: Number | None = None
    currency: Currency | None = None
    conversion: Number | None = None
    paymentStatus: str | None = None
    authExpirationDate: DateTime | None = None
    billToAddress: Address | None = None
    attributes: Attributes | None = None


class Payment(Struct):
    """A payment in responses."""

    paymentCounter: int | None = None
    paymentDate: DateTime | None = None
    billToId: str | None = None
    paymentIdentifier: PaymentIdentifier | None = None
    paymentProvider: str | None = None
    paymentToken: PaymentToken | None = None
    paymentMethod: str | None = None
    authAmount: Number | None = None
    chargedAmount: Number | None = None
    refundAmount: Number = 0
    currency: Currency | None = None
    conversion: Number | None = None
    paymentStatus: str | None = None
    partialCapture: str | None = None
    finalCapture: str | None = None
    paymentLog: list[dict[str, Any]] = []
    billToAddress: Address | None = None
    attributes: Attributes | None = None


class ShipInfo(Struct, kw_only=True):
    """The destination of the items with its `shipToId`; rendered as received."""

    shipToId: NonEmpty
    taxCode: str | None = None
    locationNum: str | None = None
    pickup: list[Pickup] | None = None
    shipToAddress: Address | None = None
    taxDetail: list[Amount] | None = None
    shipMethod: str | None = None
    shipToType: str | None = None
    shipmentInstructions: str | None = None
    estimatedShipDate: DateTime | None = None
    estimatedDeliveryDate: DateTime | None = None
    shipToPrice: Number | None = None
    shipToDiscount: Number | None = None
    shipToTaxTotal: Number | None = None
    attributes: Attributes | None = None


class ItemCreate(Struct, kw_only=True):
    """An order line in the create body."""

    lineItemId: NonEmpty
    lineItemNumber: int
    itemId: NonEmpty
    sku: NonEmpty
    shipToId: NonEmpty
    channelId: str | None = None
    segment: str | None = None
    vendorId: str | None = None
    title: str | None = None
    type: str | None = None
    subType: str | None = None
    backorder: bool | None = None
    orderedQuantity: Quantity | None = None
    uom: str | None = None
    itemUnitPrice: Number | None = None
    itemSubTotal: Number | None = None
    itemFeeTotal: Number | None = None
    itemDiscountsTotal: Number | None = None
    itemTaxTotal: Number | None = None
    itemTotal: Number | None = None
    currency: Currency | None = None
    employeeId: str | None = None
    associateId: str | None = None
    taxCode: str | None = None
    fees: list[Amount] | None = None
    taxDetail: list[Amount] | None = None
    discounts: list[DiscountCreate] | None = None
    attributes: Attributes | None = None
    notes: list[Note] | None = None


class Item(ItemCreate, kw_only=True):
    """An order line in responses: the body's fields, quantities by state, and totals."""

    fees: list[ItemFee] | None = None  # type: ignore[assignment]  # with service fields
    discounts: list[Discount] | None = None  # type: ignore[assignment]
    backOrderedQuantity: int
    pendingShippedQuantity: int
    pendingShippedBackOrderQuantity: int
    shippedQuantity: int
    deliveredQuantity: int
    invoiceQuantity: int
    cancelledQuantity: int
    pendingReturnQuantity: int
    processingReturnQuantity: int
    rejectedReturnQuantity: int
    returnedQuantity: int
    reshippedQuantity: int
    pendingExchangeQuantity: int
    exchangeQuantity: int
    originalItemSubTotal: Number | None = None
    originalFeeTotal: Number | None = None
    itemShippingTotal: Number
    originalShippingTotal: Number
    appeasementTotal: Number
    originalDiscounts: Number | None = None
    originalTaxTotal: Number | None = None
    originalItemTotal: Number | None = None
    outstandingItemTotal: Number | None = None
    originalOutstandingItemTotal: Number | None = None
    invoiceTotal: Number
    refundAmount: Number
    appeasements: list[dict[str, Any]]
    returns: list[dict[str, Any]]
    exchangeItem: bool
    infiniteConsent: bool
    gifting: bool
    parentLineItemNumber: int | None
    lineOrderStatus: str


class AuditLog(Struct, kw_only=True):
    """One change of the order."""

    auditId: str
    auditType: str
    employeeId: str | None = None
    auditTimestamp: DateTime
    source: str
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
    updatedFields: list[dict[str, Any]] = []
    attributes: Attributes = {}


# ---------------------------------------------------------------------------------------------------------------- order
class OrderCreate(Struct, kw_only=True):
    """The create-order body."""

    orderNumber: NonEmpty
    orderDate: DateTime | None = None
    channelId: NonEmpty
    cartId: str | None = None
    type: Literal["WEB", "CSC", "MOBILE_APP", "POS"] | None = None
    subType: str | None = None
    employeeId: str | None = None
    retail: Retail | None = None
    orderSubTotal: Number | None = None
    orderDiscount: Number | None = None
    feeTotal: Number | None = None
    taxTotal: Number | None = None
    orderTotal: Number | None = None
    currency: Currency | None = None
    statusCode: NonEmpty
    statusDescription: str | None = None
    attributes: Attributes | None = None
    fees: list[OrderFee] | None = None
    discounts: list[DiscountCreate] | None = None
    customer: Customer | None = None
    payments: list[PaymentCreate] | None = None
    items: Annotated[list[ItemCreate], Meta(min_length=1)]
    shipInfo: Annotated[list[ShipInfo], Meta(min_length=1)]
    notes: list[Note] | None = None


class Order(Struct, kw_only=True):
    """The full order, the response to create and read."""

    version: int
    orderId: str
    orderNumber: str
    orderDate: DateTime
    cancellationDate: DateTime | None
    allocationDate: DateTime | None
    channelId: str
    cartId: str | None = None
    type: str | None = None
    subType: str | None = None
    processName: str | None
    employeeId: str | None = None
    retail: Retail | None = None
    orderSubTotal: Number | None = None
    orderDiscount: Number | None = None
    feeTotal: Number | None = None
    taxTotal: Number | None = None
    orderTotal: Number | None = None
    originalSubTotal: Number | None = None
    originalDiscounts: Number | None = None
    originalFeeTotal: Number | None = None
    originalTaxTotal: Number | None = None
    originalOrderTotal: Number | None = None
    appeasementTotal: Number
    returnTotal: Number
    cancelTotal: Number
    invoiceTotal: Number
    currency: Currency | None = None
    statusCode: str
    statusDescription: str | None = None
    attributes: Attributes | None = None
    fees: list[OrderFee] | None = None
    discounts: list[Discount] | None = None
    appeasements: list[dict[str, Any]]
    customer: Customer | None = None
    payments: list[Payment] | None = None
    items: list[Item]
    shipInfo: list[ShipInfo]
    auditLogs: list[AuditLog]
    notes: list[Note] | None = None
    orderReleaseTimestamp: DateTime | None
    createdAt: DateTime
    updatedAt: DateTime
