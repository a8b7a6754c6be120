"""Pitney Bowes Fulfillment's wire types: request and response bodies.

The rules are those of the vendor's create-order page; docs/doors/pb_fulfillment.md says what is required beyond its flags.
Lengths are in characters. Every optional member may be null.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from crossdock.core.json.value_types import Country, Currency, DateTime, NonEmpty, Number, Quantity

MAX_BULK = 200  # orders in one bulk call, the vendor's own limit
Id = Annotated[str, Meta(min_length=1, max_length=50)]
Sku = Annotated[str, Meta(min_length=1, max_length=30)]
Text20 = Annotated[str, Meta(max_length=20)]
Text50 = Annotated[str, Meta(max_length=50)]
Text100 = Annotated[str, Meta(max_length=100)]
Text255 = Annotated[str, Meta(max_length=255)]
Text1024 = Annotated[str, Meta(max_length=1024)]


class Reference(Struct):
    """Another number of the order; `values` is one string, despite its name."""

    name: Text50 | None = None
    values: Text255 | None = None


class ShippingDetails(Struct):
    """How the order is to be shipped; a carrier or a serviceId is required."""

    carrier: str | None = None
    serviceId: str | None = None
    serviceName: str | None = None
    trackingNumber: str | None = None


class OrderLine(Struct, kw_only=True):
    lineId: int
    sku: Sku
    originCountryCode: str | None = None
    originStateProvince: str | None = None
    unitPrice: Number | None = None
    orderedQuantity: Quantity
    lineTotal: Number | None = None
    inventoryType: str | None = None


class ChargeDetail(Struct):
    """One duty, tax, discount or other charge."""

    name: str | None = None
    fee: Number | None = None
    currency: Currency | None = None
    percentage: Number | None = None


class OrderCharges(Struct):
    orderCurrency: Currency | None = None
    shippingAmount: Number | None = None
    totalItemAmount: Number | None = None
    dutyDetails: list[ChargeDetail] | None = None
    totalTaxAmount: Number | None = None
    taxDetails: list[ChargeDetail] | None = None
    totalDiscountAmount: Number | None = None
    discountDetails: list[ChargeDetail] | None = None
    otherChargeDetails: list[ChargeDetail] | None = None
    totalOrderAmount: Number | None = None


class Address(Struct):
    """An address that may be partial (billingAddress); the vendor's sample sends postalCode as a number."""

    name: str | None = None
    company: str | None = None
    phone: str | None = None
    email: str | None = None
    addressLines: list[str] | None = None
    cityTown: str | None = None
    stateProvince: str | None = None
    postalCode: str | int | None = None
    countryCode: Country | None = None


class ShippingAddress(Struct, kw_only=True):
    """The address that the order ships to."""

    name: str | None = None
    company: str | None = None
    phone: str | None = None
    email: str | None = None
    addressLines: Annotated[list[str], Meta(min_length=1)]
    cityTown: NonEmpty
    stateProvince: str | None = None
    postalCode: str | int | None = None
    countryCode: Country


class CustomsInfo(Struct):
    customsDeclaredValue: Number | None = None
    importerCustomsReference: Text100 | None = None
    importerCustomsReferenceType: Text50 | None = None


class DropShipInfo(Struct):
    """The company on whose behalf the order is shipped; `address` is one string, unlike `addressLines`."""

    companyName: Text50 | None = None
    address: Text100 | None = None
    city: Text50 | None = None
    state: Text50 | None = None
    postalCode: Text20 | None = None


class OrderCreate(Struct, kw_only=True):
    """The create-order body."""

    clientId: NonEmpty
    clientOrderId: Id
    customerOrderId: Text50 | None = None
    brand: Text50 | None = None
    references: list[Reference] | None = None
    salesChannel: dict[str, Any] | None = None
    inputShippingDetails: ShippingDetails
    orderType: Literal["eCom", "Retail"] | None = None
    createDate: DateTime
    updateDate: DateTime | None = None
    fromNode: str | None = None
    shipOnDate: DateTime | None = None
    fulfillmentReleaseDate: DateTime | None = None
    promisedDeliveryDate: DateTime | None = None
    orderHandling: str | None = None
    orderLines: Annotated[list[OrderLine], Meta(min_length=1)]
    orderCharges: OrderCharges | None = None
    toAddress: ShippingAddress
    billingAddress: Address | None = None
    isGift: bool | None = None
    giftMessageText: Text1024 | None = None
    valueAddedServices: list[dict[str, Any]] | None = None
    paymentDetails: list[dict[str, Any]] | None = None
    customsInfo: CustomsInfo | None = None
    internalNotes: Text255 | None = None
    dropShipInfo: DropShipInfo | None = None


class ItemChange(Struct, kw_only=True):
    """A line of an update of items; members that are missing keep the value of the line with this lineId."""

    lineId: int
    sku: Sku | None = None
    originCountryCode: str | None = None
    originStateProvince: str | None = None
    unitPrice: Number | None = None
    orderedQuantity: Quantity | None = None
    lineTotal: Number | None = None
    inventoryType: str | None = None


class OrderItems(Struct, kw_only=True):
    """The body of an update of items: an order of which only the ids are required."""

    clientId: NonEmpty
    clientOrderId: Id
    customerOrderId: Text50 | None = None
    brand: Text50 | None = None
    references: list[Reference] | None = None
    salesChannel: dict[str, Any] | None = None
    inputShippingDetails: ShippingDetails | None = None
    orderType: Literal["eCom", "Retail"] | None = None
    createDate: DateTime | None = None
    updateDate: DateTime | None = None
    fromNode: str | None = None
    shipOnDate: DateTime | None = None
    fulfillmentReleaseDate: DateTime | None = None
    promisedDeliveryDate: DateTime | None = None
    orderHandling: str | None = None
    orderLines: Annotated[list[ItemChange], Meta(min_length=1)] | None = None
    orderCharges: OrderCharges | None = None
    toAddress: ShippingAddress | None = None
    billingAddress: Address | None = None
    isGift: bool | None = None
    giftMessageText: Text1024 | None = None
    valueAddedServices: list[dict[str, Any]] | None = None
    paymentDetails: list[dict[str, Any]] | None = None
    customsInfo: CustomsInfo | None = None
    internalNotes: Text255 | None = None
    dropShipInfo: DropShipInfo | None = None


class BulkCreate(Struct):
    """The bulk body, for the documentation; each order is parsed by itself."""

    orders: Annotated[list[OrderCreate], Meta(min_length=1, max_length=MAX_BULK)]


class BulkEnvelope(Struct):
    """The bulk body, its orders not parsed."""

    orders: Annotated[list[Any], Meta(min_length=1, max_length=MAX_BULK)]


class CancelOrder(Struct, kw_only=True):
    """One order to cancel, by its id, by the client's number, or by both."""

    clientId: NonEmpty
    clientOrderId: Id | None = None
    orderId: NonEmpty | None = None


class BulkCancel(Struct):
    """The bulk cancel body, for the documentation; its member begins with a capital letter."""

    CancelOrdersRequest: Annotated[list[CancelOrder], Meta(min_length=1, max_length=MAX_BULK)]


class CancelEnvelope(Struct):
    """The bulk cancel body, its orders not parsed."""

    CancelOrdersRequest: Annotated[list[Any], Meta(min_length=1, max_length=MAX_BULK)]


# --------------------------------------------------------------------------------------------------------------- search
# Values of one search field: as many as orders in a bulk call, so that all orders of one call can be searched at once.
MAX_SEARCH_VALUES = 200
SEARCH_NAMES = (
    "orderIds", "clientOrderIds", "customerOrderIds", "status", "skus", "brands",
    "createDate", "updateDate", "pbCreateDate", "pbUpdateDate",
)  # fmt: skip
SORTS = tuple(
    f"{name}-{direction}"
    for name in ("createDate", "updateDate", "pbCreateDate", "pbUpdateDate")
    for direction in ("asc", "desc")
)


class SearchField(Struct):
    """A condition on one member of an order: it is any of the values; a date is between the two values."""

    name: Literal[SEARCH_NAMES]  # type: ignore[valid-type]
    values: Annotated[list[NonEmpty], Meta(min_length=1, max_length=MAX_SEARCH_VALUES)]


class OrderSearch(Struct, kw_only=True):
    """The body of both searches; an order must match all fields."""

    clientId: NonEmpty
    sort: list[Literal[SORTS]] | None = None  # type: ignore[valid-type]
    searchFields: list[SearchField] | None = None


# -------------------------------------------------------------------------------------------------------------- responses
class Order(Struct, kw_only=True):
    """The whole order: as it was sent, with the server-owned fields. Optional fields without a value are left out."""

    clientId: str
    clientOrderId: str
    orderId: str
    customerOrderId: str | None = None
    brand: str | None = None
    references: list[Reference]
    salesChannel: dict[str, Any] | None = None
    inputShippingDetails: ShippingDetails
    orderType: str
    createDate: str
    updateDate: str | None = None
    pbCreateDate: str
    pbUpdateDate: str | None = None
    fromNode: str | None = None
    shipOnDate: str | None = None
    fulfillmentReleaseDate: str | None = None
    promisedDeliveryDate: str | None = None
    orderHandling: str | None = None
    orderLines: list[OrderLine]
    orderCharges: OrderCharges | None = None
    toAddress: Address
    billingAddress: Address | None = None
    giftMessageText: str | None = None
    valueAddedServices: list[dict[str, Any]] | None = None
    paymentDetails: list[dict[str, Any]] | None = None
    customsInfo: CustomsInfo | None = None
    internalNotes: str | None = None
    dropShipInfo: DropShipInfo | None = None
    isGift: bool
    status: str
    isOnHold: bool
    holdReason: list[str] | None = None


class OrderStatus(Struct, kw_only=True):
    """An order's status."""

    clientId: str
    clientOrderId: str
    orderId: str
    customerOrderId: str | None = None
    status: str
    isOnHold: bool
    holdReason: list[str] | None = None
    createDate: str
    pbCreateDate: str
    updateDate: str | None = None
    pbUpdateDate: str | None = None


class OrderPage(Struct, kw_only=True):
    """A page of orders; `number` counts from 1."""

    totalPages: int
    totalElements: int
    first: bool
    last: bool
    size: int
    number: int
    numberOfElements: int
    orders: list[Order]


class StatusPage(Struct, kw_only=True):
    """A page of statuses."""

    totalPages: int
    totalElements: int
    first: bool
    last: bool
    size: int
    number: int
    numberOfElements: int
    orders: list[OrderStatus]


class TokenForm(Struct):
    """The form of a token call; the key and secret are sent as Basic authorization."""

    grant_type: Literal["client_credentials"]


class Token(Struct, kw_only=True):
    """A token. All members are strings; `issuedAt` is in milliseconds since 1970, `expiresIn` in seconds."""

    access_token: str
    tokenType: str
    issuedAt: str
    expiresIn: str
    client_id: str = field(name="clientID")
    org: str


class Error(Struct):
    """One fault; errors are a bare array of these."""

    errorCode: str
    message: str
    additionalInfo: str
    parameters: list[str]


class UnifiedError(Struct):
    """One fault, in the unified structure that a client can ask for."""

    errorCode: str
    errorDescription: str
    additionalInfo: str
    parameters: list[str]


class UnifiedErrors(Struct):
    errors: list[UnifiedError]


class GatewayError(Struct):
    errorCode: str
    errorDescription: str


class GatewayErrors(Struct):
    """The errors of the gateway in front of the service: there is no token, or it is not valid."""

    errors: list[GatewayError]


class Refused(Struct, kw_only=True, omit_defaults=True):
    """A refused order of a bulk call, with its ids as sent, if they could be read."""

    clientId: Any = None
    clientOrderId: Any = None
    orderId: Any = None
    errors: list[Error]


class UnifiedRefused(Struct, kw_only=True, omit_defaults=True):
    """A refused order of a bulk call, where the client asked for the unified structure of errors."""

    clientId: Any = None
    clientOrderId: Any = None
    orderId: Any = None
    errors: list[UnifiedError]
