"""Wire types of fabric OMS v2's create-order body, and what requests and responses share; no logic.

Source of every rule: the vendor's create-order page and published API description; what is required, and which
vocabularies are checked, was decided for this door (docs/doors/fabric.md). Optional fields may be null, and optional text
may be empty. Responses are in wire_responses.py.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct

from crossdock.core.iso import ALPHA2_OF, COUNTRIES
from crossdock.core.json.validation import rule
from crossdock.core.json.value_types import NonEmpty, Number, OptionalCurrency, OptionalDateTime, Quantity

# The vendor's samples write alpha-3 and have empty strings for unknown values.
_COUNTRIES = COUNTRIES | ALPHA2_OF.keys() | {""}
_COUNTRY = "an ISO 3166-1 alpha-2 or alpha-3 country code, or empty"
Country = Annotated[
    str,
    rule("fabric_country", _COUNTRIES.__contains__, _COUNTRY),
    Meta(extra_json_schema={"pattern": "^([A-Z]{2,3})?$"}),
]
Currency = Annotated[OptionalCurrency, Meta(extra_json_schema={"pattern": "^([A-Z]{3})?$"})]
# No `format`, because an empty one is answered as it was sent, which no date-time type of a client could read.
DateTime = Annotated[
    OptionalDateTime,
    Meta(
        extra_json_schema={
            "pattern": "^([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?"
            "([Zz]|[+-][0-9]{2}:?[0-9]{2}))?$"
        }
    ),
]
ORDER_TYPES = ("WEB", "CSC", "MOBILE_APP", "POS")
OrderType = Annotated[
    str,
    rule("fabric_order_type", {*ORDER_TYPES, ""}.__contains__, f"{', '.join(ORDER_TYPES[:-1])} or POS, or empty"),
    Meta(extra_json_schema={"enum": [*ORDER_TYPES, ""]}),
]
# Text of digits, because the same member is text in `shipInfo`, and the vendor's own import sample has it so.
Digits = Annotated[
    str,
    rule("fabric_digits", lambda text: text.isascii() and text.isdigit() and len(text) <= 18, "a whole number"),
    Meta(extra_json_schema={"pattern": "^[0-9]{1,18}$"}),
]
Attributes = Annotated[dict[str, Any], Meta(description="Values of the sender's own, by name.")]
StatusCode = Annotated[
    NonEmpty,
    Meta(description="Any text. A code that begins with ORDER_HOLD puts the order on hold."),
]
OrderNumber = Annotated[NonEmpty, Meta(description="The merchant's number, unique in the organization.")]
ChannelId = Annotated[str, Meta(description="The sales channel, such as 12.")]


# -------------------------------------------------------------------------------------------------------------- parties
class Name(Struct):
    """The name of a person."""

    first: str | None = None
    middle: str | None = None
    last: str | None = None


class Phone(Struct):
    """A telephone number."""

    number: str | None = None
    type: Annotated[str, Meta(description="MOBILE, HOME or BUSINESS in the vendor's list; not checked.")] | None = None


class Customer(Struct):
    """Who placed the order. Messages about the order go to `email`."""

    name: Name | None = None
    email: str | None = None
    phone: Phone | None = None
    userId: Annotated[str, Meta(description="The customer's id in the merchant's shop.")] | None = None
    accountId: str | None = None
    employeeId: str | None = None
    company: str | None = None


class AddressCreate(Struct, kw_only=True):
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
    type: Annotated[str, Meta(description="`residence` marks a residential address.")] | None = None
    latitude: Number | None = None
    longitude: Number | None = None


class Pickup(Struct):
    """The person who picks up the goods."""

    name: Name | None = None
    email: str | None = None
    phone: Phone | None = None
    pickupType: Annotated[str, Meta(description="Primary or Alternate in the vendor's list; not checked.")] | None = (
        None
    )


# ---------------------------------------------------------------------------------------------------------------- parts
class Retail(Struct):
    """The register of a retail order; here `locationNum` is a whole number, in `shipInfo` it is a string."""

    locationNum: int | Digits | None = None
    cashierId: str | None = None
    registerId: str | None = None
    transactionId: str | None = None


class OrderFee(Struct):
    """A fee of the whole order."""

    type: str | None = None
    value: Number | None = None
    invoiceValue: Number | None = None


class Amount(Struct):
    """A line's fee in the create body, or a tax."""

    type: str | None = None
    value: Number | None = None


class DiscountCreate(Struct):
    """A discount of the order or of a line."""

    quantity: int | None = None
    amount: Annotated[Number, Meta(description="The money taken off.")] | None = None
    unit: Annotated[str, Meta(description="The unit of `value`, such as AMOUNT_OFF.")] | None = None
    value: Number | None = None
    promoId: str | None = None
    promoCode: str | None = None
    promoTitle: str | None = None
    type: Annotated[str, Meta(description="The kind of discount, such as promotion.")] | None = None


class Note(Struct):
    """A note for service staff; its timestamp is free text."""

    timestamp: str | None = None
    user: str | None = None
    notes: str | None = None


class PaymentIdentifier(Struct):
    """How a payment is recognized."""

    cardIdentifier: Annotated[str, Meta(description="The last digits of the card.")] | None = None
    expirationYear: str | None = None
    expirationMonth: str | None = None
    paymentId: str | None = None
    fabricPaymentReference: str | None = None


class PaymentToken(Struct):
    """The payment provider's token."""

    token: str | None = None
    paymentType: Annotated[str, Meta(description="The brand of the card, such as VISA.")] | None = None


class PaymentCreate(Struct):
    """A payment in the create body; `authExpirationDate` is the one field that is accepted and never rendered."""

    paymentCounter: Annotated[int, Meta(description="The number by which refunds name the payment.")] | None = None
    paymentDate: DateTime | None = None
    billToId: str | None = None
    paymentIdentifier: PaymentIdentifier | None = None
    paymentProvider: str | None = None
    paymentToken: PaymentToken | None = None
    paymentMethod: Annotated[str, Meta(description="Such as CREDIT_CARD.")] | None = None
    authAmount: Annotated[Number, Meta(description="The money authorized.")] | None = None
    chargedAmount: Annotated[Number, Meta(description="The money captured.")] | None = None
    currency: Currency | None = None
    conversion: Annotated[Number, Meta(description="The rate into the order's currency.")] | None = None
    paymentStatus: Annotated[str, Meta(description="Such as AUTHORIZED.")] | None = None
    authExpirationDate: DateTime | None = None
    billToAddress: AddressCreate | None = None
    attributes: Attributes | None = None


class ShipInfoCreate(Struct, kw_only=True):
    """The destination of the items with its `shipToId`."""

    shipToId: NonEmpty
    taxCode: str | None = None
    locationNum: Annotated[str, Meta(description="The location that serves the destination.")] | None = None
    pickup: list[Pickup] | None = None
    shipToAddress: AddressCreate | None = None
    taxDetail: list[Amount] | None = None
    shipMethod: Annotated[str, Meta(description="The shipping method, such as GROUND.")] | None = None
    shipToType: Annotated[str, Meta(description="Such as SHIP_TO_ADDRESS.")] | None = None
    estimatedShipDate: DateTime | None = None
    estimatedDeliveryDate: DateTime | None = None
    shipToPrice: Annotated[Number, Meta(description="The price of shipping.")] | None = None
    shipToDiscount: Number | None = None
    shipToTaxTotal: Number | None = None
    shipmentInstructions: str | None = None
    attributes: Attributes | None = None


class ItemCreate(Struct, kw_only=True):
    """An order line in the create body."""

    lineItemId: Annotated[NonEmpty, Meta(description="The merchant's id of the line, unique in the order.")]
    lineItemNumber: int
    itemId: Annotated[NonEmpty, Meta(description="The product's id.")]
    sku: NonEmpty
    shipToId: Annotated[NonEmpty, Meta(description="The `shipToId` of the line's destination in `shipInfo`.")]
    channelId: str | None = None
    segment: str | None = None
    vendorId: str | None = None
    title: str | None = None
    type: Annotated[str, Meta(description="How the line is fulfilled, such as WEB_SHIP.")] | None = None
    subType: str | None = None
    backorder: Annotated[bool, Meta(description="Whether the line may wait for stock.")] | None = None
    orderedQuantity: Annotated[Quantity, Meta(description="1 where it is missing.")] | None = None
    uom: Annotated[str, Meta(description="The unit of measure, such as EA.")] | None = None
    itemUnitPrice: Number | None = None
    itemSubTotal: Number | None = None
    itemFeeTotal: Number | None = None
    itemDiscountsTotal: Number | None = None
    itemTaxTotal: Number | None = None
    itemTotal: (
        Annotated[Number, Meta(description="The subtotal and fees, less discounts, plus tax; stored as stated.")] | None
    ) = None
    currency: Currency | None = None
    employeeId: str | None = None
    associateId: str | None = None
    taxCode: str | None = None
    fees: list[Amount] | None = None
    taxDetail: list[Amount] | None = None
    discounts: list[DiscountCreate] | None = None
    attributes: Attributes | None = None
    notes: list[Note] | None = None


# ---------------------------------------------------------------------------------------------------------------- order
class OrderCreate(Struct, kw_only=True):
    """The create-order body."""

    orderNumber: OrderNumber
    orderDate: (
        Annotated[DateTime, Meta(description="When the customer ordered; the time of creation where it is missing.")]
        | None
    ) = None
    channelId: Annotated[ChannelId, Meta(min_length=1)]
    cartId: str | None = None
    type: OrderType | None = None
    subType: Annotated[str, Meta(description="Such as IOS, Android, International; not checked.")] | None = None
    employeeId: str | None = None
    retail: Retail | None = None
    orderSubTotal: Annotated[Number, Meta(description="Before discount and tax.")] | None = None
    orderDiscount: Number | None = None
    feeTotal: Annotated[Number, Meta(description="The sum of all fees.")] | None = None
    taxTotal: Number | None = None
    orderTotal: (
        Annotated[Number, Meta(description="The subtotal less the discount, plus fees and tax; stored as stated.")]
        | None
    ) = None
    currency: Currency | None = None
    statusCode: StatusCode
    statusDescription: str | None = None
    attributes: Attributes | None = None
    fees: list[OrderFee] | None = None
    discounts: list[DiscountCreate] | None = None
    customer: Customer | None = None
    payments: list[PaymentCreate] | None = None
    items: Annotated[list[ItemCreate], Meta(min_length=1)]
    shipInfo: Annotated[list[ShipInfoCreate], Meta(min_length=1)]
    notes: list[Note] | None = None
