"""Pitney Bowes OMS: the shapes and spelling of its bodies, no logic.

Source of every rule: the vendor's pages of the calls; what is required, which vocabularies are checked, and every limit, was
decided for this door (docs/doors/pb_oms.md). Every optional member may be null.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from crossdock.core.json.value_types import MAX_QUANTITY, Count, Country, Currency, Date, NonEmpty, Number, Quantity


class Message(Struct):
    """The words printed for the receiver; `type` is GIFT in every sample."""

    type: str | None = None
    message: str | None = None


class Metadatum(Struct):
    name: str | None = None
    value: str | None = None


class Charges(Struct):
    currency: Currency | None = None
    billingStatus: str | None = None
    gmv: Number | None = None
    subTotal: Number | None = None
    totalPaid: Number | None = None
    paymentType: str | None = None


class ShippingReference(Struct):
    reference1: str | None = None
    reference2: str | None = None
    reference3: str | None = None
    reference4: str | None = None
    shipperReference: str | None = None
    transportationReference: str | None = None
    shippingNotes: str | None = None


class CustomerInfo(Struct):
    firstName: str | None = None
    lastName: str | None = None
    email: str | None = None
    customerId: str | None = None


class Address(Struct):
    """An address that may be partial (additionalAddresses)."""

    name: str | None = None
    company: str | None = None
    addressLine1: str | None = None
    addressLine2: str | None = None
    addressLine3: str | None = None
    cityTown: str | None = None
    stateProvince: str | None = None
    postalCode: str | None = None
    countryCode: Country | None = None
    phone: str | None = None
    email: str | None = None
    residential: bool | None = None


class ShippingAddress(Struct, kw_only=True):
    """An address a parcel goes from or to."""

    name: str | None = None
    company: str | None = None
    addressLine1: NonEmpty
    addressLine2: str | None = None
    addressLine3: str | None = None
    cityTown: NonEmpty
    stateProvince: str | None = None
    postalCode: str | None = None
    countryCode: Country
    phone: str | None = None
    email: str | None = None
    residential: bool | None = None


class Weight(Struct):
    unitOfMeasurement: str | None = None
    weight: Number | None = None


class Item(Struct):
    """Its own properties, or only a `customProductId`."""

    customProductId: str | None = None
    itemId: str | None = None
    description: str | None = None
    hSTariffCode: str | None = None
    hSTariffCodeCountry: str | None = None
    originCountryCode: str | None = None
    originStateProvince: str | None = None
    quantity: Quantity | None = None
    unitPrice: Number | None = None
    unitWeight: Weight | None = None


class AdditionalAddress(Struct):
    address: Address | None = None
    addressType: str | None = None


class Parcel(Struct):
    length: Number | None = None
    width: Number | None = None
    height: Number | None = None
    dimUnit: str | None = None
    weightUnit: str | None = None
    weight: Number | None = None


class InputParameter(Struct):
    name: str | None = None
    value: str | None = None


class SpecialService(Struct):
    inputParameters: list[InputParameter] | None = None
    specialserviceId: str | None = None


class CustomsInfo(Struct):
    certificateNumber: str | None = None
    comments: str | None = None
    currencyCode: Currency | None = None
    customsDeclaredValue: Number | None = None
    eel_pfc: str | None = field(default=None, name="EELPFC")
    fromCustomsReference: str | None = None
    importerCustomsReference: str | None = None
    insuredAmount: Number | None = None
    invoiceNumber: str | None = None
    licenseNumber: str | None = None
    reasonForExport: str | None = None


class Customs(Struct):
    customsInfo: CustomsInfo | None = None


class ShipmentProvider(Struct):
    shipViaCode: str | None = None


class ShipmentOptions(Struct):
    packageDescription: str | None = None


class ShippingPreferences(Struct):
    customCarrierCode: str | None = None
    carrier: str | None = None
    parcelId: str | None = None
    parcelType: str | None = None
    service: str | None = None
    parcel: Parcel | None = None
    specialServices: list[SpecialService] | None = None
    customs: Customs | None = None
    shipmentProvider: ShipmentProvider | None = None
    shipmentOptions: ShipmentOptions | None = None
    dateOfShipment: Date | None = None


class OrderCreate(Struct, kw_only=True):
    """The create-order body."""

    orderNumber: NonEmpty
    orderMessage: Message | None = None
    metadata: list[Metadatum] | None = None
    charges: Charges | None = None
    shippingReference: ShippingReference | None = None
    customerInfo: CustomerInfo | None = None
    fromAddress: ShippingAddress
    toAddress: ShippingAddress
    items: Annotated[list[Item], Meta(min_length=1)]
    additionalAddresses: list[AdditionalAddress] | None = None
    shippingPreferences: ShippingPreferences | None = None


class OrderCreated(Struct):
    """The answer to create: four members, the order is not echoed."""

    orderId: str
    orderNumber: str
    status: str
    transactionCreateDate: str


class OrderInfo(Struct, kw_only=True):
    orderId: str
    orderNumber: str
    status: str
    orderCreateDate: str
    sourceFlowType: str
    createdBy: str
    customerInfo: CustomerInfo | None = None
    orderMessage: Message | None = None
    metadata: list[Metadatum] | None = None
    tags: list[str]
    items: list[Item]
    charges: Charges | None = None


class OrderShippingInfo(Struct, kw_only=True):
    fromAddress: ShippingAddress
    toAddress: ShippingAddress
    additionalAddresses: list[AdditionalAddress] | None = None
    shippingReference: ShippingReference | None = None
    shippingPreferences: ShippingPreferences | None = None


class OrderRead(Struct):
    """The answer to a read: the flat create body split in two."""

    orderInfo: OrderInfo
    orderShippingInfo: OrderShippingInfo


class OrderPatch(Struct, kw_only=True):
    """The body of a change: any of these, of which `items` are matched with the order's by their ids."""

    orderNumber: NonEmpty | None = None
    orderMessage: Message | None = None
    charges: Charges | None = None
    shippingReference: ShippingReference | None = None
    customerInfo: CustomerInfo | None = None
    fromAddress: ShippingAddress | None = None
    toAddress: ShippingAddress | None = None
    items: Annotated[list[Item], Meta(min_length=1)] | None = None
    shippingPreferences: ShippingPreferences | None = None


class OrderUpdated(Struct):
    """The answer to a change; its time has the name that create's has."""

    orderId: str
    orderNumber: str
    status: str
    transactionCreateDate: str


class OrderMarked(Struct):
    """The answer to the calls that name an order and answer nothing else of it; their time has another name."""

    orderId: str
    status: str
    transactionDateTime: str


Word = Literal["UNFULFILLED", "FULFILLED", "ONHOLD", "CANCELED"]
# Orders of one call: they move in one transaction, and whoever else wants one of them waits for it.
MAX_BULK = 200
# Tags of an order; each is an entry of an index.
MAX_TAGS = 100


class OrderName(Struct):
    orderId: str


class BulkStatus(Struct, kw_only=True):
    """Many orders and the status all of them shall have."""

    orders: Annotated[list[OrderName], Meta(min_length=1, max_length=MAX_BULK)]
    reason: str | None = None
    status: Word


class BulkDone(Struct):
    """The answer to the calls for many orders; `status` of a move is the new status, not an outcome."""

    status: str
    message: str
    transactionDateTime: str


Tags = Annotated[list[NonEmpty], Meta(max_length=MAX_TAGS)]


class TagsPut(Struct):
    """All the tags an order shall have; an empty array takes them away."""

    tagIds: Tags


class OrderTags(Struct):
    orderId: str
    tagIds: Tags


class BulkTagsPut(Struct):
    tags: Annotated[list[OrderTags], Meta(min_length=1, max_length=MAX_BULK)]


FilterName = Literal[
    "orderId",
    "orderNumber",
    "status",
    "customerId",
    "email",
    "itemId",
    "tag",
    "orderCreateDateFrom",
    "orderCreateDateTo",
]
# Values of one filter; each is looked up by itself.
MAX_VALUES = 100
PAGE_SIZE = 20
MAX_PAGE_SIZE = 100


class Filter(Struct):
    """One condition; any of the values will do."""

    name: FilterName
    value: Annotated[list[str], Meta(min_length=1, max_length=MAX_VALUES)]


class Search(Struct):
    """Orders that meet all filters; pages 0 and 1 are the first, a size of 0 is the usual one."""

    filters: Annotated[list[Filter], Meta(max_length=9)] | None = None
    page: Annotated[int, Meta(ge=0, le=MAX_QUANTITY)] | None = None
    size: Annotated[int, Meta(ge=0, le=MAX_PAGE_SIZE)] | None = None


class PageInfo(Struct):
    total: int
    pages: int
    page: int


class ReferenceData(Struct):
    """The answer to a search: orders as a read answers them, newest first."""

    orders: list[OrderRead]
    pageInfo: PageInfo


class CarrierCodeCreate(Struct, kw_only=True):
    """A name for a carrier, an account, a parcel, a service and its extras together."""

    code: Annotated[str, Meta(min_length=1, max_length=200)]
    carrier: NonEmpty
    carrierAccountId: NonEmpty
    parcelType: str | None = None
    parcelName: str | None = None
    serviceId: str | None = None
    serviceName: str | None = None
    specialServices: list[Any] | None = None


class CarrierCodeCreated(Struct):
    code: str


class CustomsProductCreate(Struct, kw_only=True):
    """A customs product; the physical details are `productDetails` in one version of the page, `productDimensions` in the
    newer, and one of them is required."""

    description: NonEmpty
    originCountryCode: Country
    quantity: Count
    unitPrice: Number
    productDetails: dict[str, Any] | None = None
    productDimensions: dict[str, Any] | None = None
    hsTariffCode: str | None = None
    itemId: str | None = None
    url: str | None = None
    weightUnit: str | None = None
    weight: Number | None = None


class CustomsProductCreated(Struct):
    """Both versions' name for the id."""

    customsProductId: str
    productId: str


class TokenAnswer(Struct):
    access_token: str
    expires_in: int
    scope: str
    token_type: str


class ErrorAnswer(Struct):
    """Every error of this door: a bare object."""

    errorCode: str
    message: str
    additionalInfo: str
