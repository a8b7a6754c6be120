"""Pitney Bowes Fulfillment's wire types of requests; wire_answers.py has those of answers.

The rules are those of the vendor's create-order page and of its pages of objects; docs/doors/pb_fulfillment.md says what is
required beyond its flags. Lengths are in characters. Every optional member may be null, and every optional text may be "".
A number is accepted where text belongs (see format.py).
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from crossdock.core.json import value_types
from crossdock.core.json.value_types import NonEmpty, Number, Quantity

MAX_BULK = 200  # orders in one bulk call, the vendor's own limit
Id = Annotated[str, Meta(min_length=1, max_length=50)]
Sku = Annotated[str, Meta(min_length=1, max_length=60)]
Text2 = Annotated[str, Meta(max_length=2)]
Text14 = Annotated[str, Meta(max_length=14)]
Text20 = Annotated[str, Meta(max_length=20)]
Text50 = Annotated[str, Meta(max_length=50)]
Text64 = Annotated[str, Meta(max_length=64)]
Text100 = Annotated[str, Meta(max_length=100)]
Text255 = Annotated[str, Meta(max_length=255)]
Text1024 = Annotated[str, Meta(max_length=1024)]
PostalCode = str | int  # the vendor's sample sends a number
# The value types with what a JSON Schema can say of them.
_DAY = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = (
    _DAY + r"[Tt]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?([Zz]|[+-]([01][0-9]|2[0-3]):?[0-5][0-9])"
)
DateTime = Annotated[value_types.DateTime, Meta(extra_json_schema={"pattern": f"^{_TIME}$"})]
OptionalDateTime = Annotated[value_types.OptionalDateTime, Meta(extra_json_schema={"pattern": f"^({_TIME})?$"})]
Country = Annotated[value_types.Country, Meta(extra_json_schema={"pattern": "^[A-Z]{2}$"})]
OptionalCountry = Annotated[value_types.OptionalCountry, Meta(extra_json_schema={"pattern": "^([A-Z]{2})?$"})]
OptionalCurrency = Annotated[value_types.OptionalCurrency, Meta(extra_json_schema={"pattern": "^([A-Z]{3})?$"})]

ClientId = Annotated[NonEmpty, Meta(description="One of your organization's client ids.")]
ClientOrderId = Annotated[Id, Meta(description="Your number of the order, unique for a client id.")]
CustomerOrderId = Annotated[Text50, Meta(description="The number by which your customer knows the order.")]
OrderType = Annotated[Literal["eCom", "Retail", ""], Meta(description="`eCom` where it is missing or empty.")]
FromNode = Annotated[str, Meta(description="The id of the warehouse that the order is to leave from, such as `160`.")]
OrderHandling = Annotated[str, Meta(description="How the order is to be handled; the vendor's sample sends `E`.")]
GiftMessage = Annotated[Text1024, Meta(description="Printed on the packing slip.")]
Reserved = Annotated[dict[str, Any], Meta(description="Reserved by the vendor; returned as it was sent.")]
LineId = Annotated[int, Meta(description="Your number of the line; updates find the line by it.")]
OriginCountry = Annotated[Text2, Meta(description="The country the goods come from, ISO 3166-1 alpha-2.")]
TariffCountry = Annotated[Text2, Meta(description="The country whose tariff code it is, ISO 3166-1 alpha-2.")]
TariffCode = Annotated[Text14, Meta(description="The code of the goods in the harmonized system.")]
InventoryType = Annotated[str, Meta(description="The condition of the goods; the vendor's sample sends `NEW`.")]


class Reference(Struct):
    """Another number of the order; `values` is one string, despite its name."""

    name: Text50 | None = None
    values: Text255 | None = None


class ShippingDetails(Struct):
    """How the order is to be shipped; a carrier or a serviceId is required."""

    carrier: Text50 | None = None
    serviceId: Text50 | None = None
    serviceName: Text64 | None = None
    trackingNumber: Text50 | None = None


class OrderLine(Struct, kw_only=True):
    """Something that is ordered; unitPrice is of one unit, lineTotal of all of them, without shipping and taxes."""

    lineId: LineId
    sku: Sku
    originCountryCode: OriginCountry | None = None
    originStateProvince: Text50 | None = None
    unitPrice: Number | None = None
    orderedQuantity: Quantity
    lineTotal: Number | None = None
    hSTariffCode: TariffCode | None = None
    hSTariffCodeCountry: TariffCountry | None = None
    inventoryType: InventoryType | None = None


class ChargeDetail(Struct):
    """One duty, tax, discount or other charge."""

    name: str | None = None
    fee: Number | None = None
    currency: OptionalCurrency | None = None
    percentage: Number | None = None


# The lists of details among the charges; each detail has a fee and a percentage.
CHARGE_DETAILS = ("dutyDetails", "taxDetails", "discountDetails", "otherChargeDetails")


class OrderCharges(Struct):
    """The amounts of the order, as the client states them; they are not compared with each other."""

    orderCurrency: OptionalCurrency | None = None
    shippingAmount: Number | None = None
    totalItemAmount: Number | None = None
    dutyDetails: list[ChargeDetail] | None = None
    totalTaxAmount: Number | None = None
    taxDetails: list[ChargeDetail] | None = None
    totalDiscountAmount: Number | None = None
    discountDetails: list[ChargeDetail] | None = None
    cashOnDeliveryAmount: Number | None = None
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
    postalCode: PostalCode | None = None
    countryCode: OptionalCountry | None = None


class ShippingAddress(Struct, kw_only=True):
    """The address that the order ships to; one of its addressLines must not be empty."""

    name: str | None = None
    company: str | None = None
    phone: str | None = None
    email: str | None = None
    addressLines: Annotated[list[str], Meta(min_length=1)]
    cityTown: NonEmpty
    stateProvince: str | None = None
    postalCode: PostalCode | None = None
    countryCode: Country


class CustomsInfo(Struct):
    """What customs asks about the order."""

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

    clientId: ClientId
    clientOrderId: ClientOrderId
    customerOrderId: CustomerOrderId | None = None
    brand: Text50 | None = None
    references: list[Reference] | None = None
    salesChannel: Reserved | None = None
    inputShippingDetails: ShippingDetails
    orderType: OrderType | None = None
    createDate: DateTime
    updateDate: OptionalDateTime | None = None
    fromNode: FromNode | None = None
    shipOnDate: OptionalDateTime | None = None
    fulfillmentReleaseDate: OptionalDateTime | None = None
    promisedDeliveryDate: OptionalDateTime | None = None
    orderHandling: OrderHandling | None = None
    orderLines: Annotated[list[OrderLine], Meta(min_length=1)]
    orderCharges: OrderCharges | None = None
    toAddress: ShippingAddress
    billingAddress: Address | None = None
    isGift: bool | None = None
    giftMessageText: GiftMessage | None = None
    valueAddedServices: list[Reserved] | None = None
    paymentDetails: list[Reserved] | None = None
    customsInfo: CustomsInfo | None = None
    internalNotes: Text255 | None = None
    dropShipInfo: DropShipInfo | None = None


class ItemChange(Struct, kw_only=True):
    """A line of an update of items; members that are missing keep the value of the line with this lineId."""

    lineId: LineId
    sku: Sku | None = None
    originCountryCode: OriginCountry | None = None
    originStateProvince: Text50 | None = None
    unitPrice: Number | None = None
    orderedQuantity: Quantity | None = None
    lineTotal: Number | None = None
    hSTariffCode: TariffCode | None = None
    hSTariffCodeCountry: TariffCountry | None = None
    inventoryType: InventoryType | None = None


class OrderItems(Struct, kw_only=True):
    """The body of an update of items: an order of which only the ids are required."""

    clientId: ClientId
    clientOrderId: ClientOrderId
    customerOrderId: CustomerOrderId | None = None
    brand: Text50 | None = None
    references: list[Reference] | None = None
    salesChannel: Reserved | None = None
    inputShippingDetails: ShippingDetails | None = None
    orderType: OrderType | None = None
    createDate: OptionalDateTime | None = None
    updateDate: OptionalDateTime | None = None
    fromNode: FromNode | None = None
    shipOnDate: OptionalDateTime | None = None
    fulfillmentReleaseDate: OptionalDateTime | None = None
    promisedDeliveryDate: OptionalDateTime | None = None
    orderHandling: OrderHandling | None = None
    orderLines: Annotated[list[ItemChange], Meta(min_length=1)] | None = None
    orderCharges: OrderCharges | None = None
    toAddress: ShippingAddress | None = None
    billingAddress: Address | None = None
    isGift: bool | None = None
    giftMessageText: GiftMessage | None = None
    valueAddedServices: list[Reserved] | None = None
    paymentDetails: list[Reserved] | None = None
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

    clientId: ClientId
    clientOrderId: Text50 | None = None
    orderId: Annotated[str, Meta(description="Required where there is no clientOrderId.")] | None = None


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
SearchName = Annotated[Literal[SEARCH_NAMES], Meta(description="Each name may occur once.")]  # type: ignore[valid-type]


class SearchField(Struct):
    """A condition on one member of an order: it is any of the values.

    A date is between two values, which are dates and times with offset, or not before one value. A status is one of those that
    orders are returned with.
    """

    name: SearchName
    values: Annotated[list[NonEmpty], Meta(min_length=1, max_length=MAX_SEARCH_VALUES)]


class OrderSearch(Struct, kw_only=True):
    """The body of both searches; an order must match all fields."""

    clientId: ClientId
    sort: list[Literal[SORTS]] | None = None  # type: ignore[valid-type]
    searchFields: list[SearchField] | None = None


class TokenForm(Struct):
    """The form of a token call; the key and secret are sent as Basic authorization."""

    grant_type: Literal["client_credentials"]
