"""Pitney Bowes Fulfillment's wire types of answers; their members stand in the order of the vendor's tables.

responses.py renders orders from them. They have no limits: an order of another door may have longer values.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct, field

from crossdock.core.json.value_types import Number
from crossdock.doors.pb_fulfillment.wire import DropShipInfo, OrderCharges

# The vendor's statuses.
STATUSES = ("RECEIVED", "RELEASED", "INPROGRESS", "PARTIALLYSHIPPED", "SHIPPED", "DELIVERED", "CANCELED")
OrderId = Annotated[
    str,
    Meta(description="`ORA`, 19 digits and a country.", extra_json_schema={"pattern": "^ORA[0-9]{19}[A-Za-z]{2}$"}),
]
ServerTime = Annotated[
    str,
    Meta(
        description="A time of the server, in UTC.",
        extra_json_schema={"format": "date-time", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"},
    ),
]
ClientTime = Annotated[str, Meta(description="As it was sent; of an order of another API, a time in UTC.")]
OrderStatusName = Annotated[str, Meta(extra_json_schema={"enum": list(STATUSES)})]
IsOnHold = Annotated[bool, Meta(description="Whether a hold stops the order, beside its status.")]
HoldReasons = Annotated[list[str], Meta(description="The reasons of the holds, where there are any.")]


class ReferenceResponse(Struct):
    """Another number of the order."""

    name: str | None = None
    values: str | None = None


class ShippingDetailsResponse(Struct):
    """How the order is to be shipped."""

    carrier: str | None = None
    serviceId: str | None = None
    serviceName: str | None = None
    trackingNumber: str | None = None


class OrderLineResponse(Struct, kw_only=True):
    """Something that is ordered; unitPrice is of one unit, lineTotal of all of them, without shipping and taxes."""

    lineId: int
    sku: str
    originCountryCode: str | None = None
    originStateProvince: str | None = None
    unitPrice: Number | None = None
    orderedQuantity: int
    lineTotal: Number | None = None
    hSTariffCode: str | None = None
    hSTariffCodeCountry: str | None = None
    inventoryType: str | None = None


class AddressResponse(Struct):
    """An address."""

    name: str | None = None
    company: str | None = None
    phone: str | None = None
    email: str | None = None
    addressLines: list[str] | None = None
    cityTown: str | None = None
    stateProvince: str | None = None
    postalCode: str | None = None
    countryCode: str | None = None


class CustomsInfoResponse(Struct):
    """What customs asks about the order."""

    customsDeclaredValue: Number | None = None
    importerCustomsReference: str | None = None
    importerCustomsReferenceType: str | None = None


class Order(Struct, kw_only=True):
    """The whole order: as it was sent, with the server-owned fields. Optional fields without a value are left out."""

    clientId: str
    clientOrderId: str
    orderId: OrderId
    customerOrderId: str | None = None
    brand: str | None = None
    references: list[ReferenceResponse]
    salesChannel: dict[str, Any] | None = None
    inputShippingDetails: ShippingDetailsResponse
    actualShippingDetails: ShippingDetailsResponse | None = None
    orderType: str
    createDate: ClientTime
    updateDate: ClientTime | None = None
    pbCreateDate: ServerTime
    pbUpdateDate: ServerTime | None = None
    fromNode: str | None = None
    shipOnDate: ClientTime | None = None
    fulfillmentReleaseDate: ClientTime | None = None
    promisedDeliveryDate: ClientTime | None = None
    orderHandling: str | None = None
    orderLines: list[OrderLineResponse]
    orderCharges: OrderCharges | None = None
    toAddress: AddressResponse
    billingAddress: AddressResponse | None = None
    isGift: bool
    giftMessageText: str | None = None
    valueAddedServices: list[dict[str, Any]] | None = None
    paymentDetails: list[dict[str, Any]] | None = None
    customsInfo: CustomsInfoResponse | None = None
    status: OrderStatusName
    isOnHold: IsOnHold
    holdReason: HoldReasons | None = None
    internalNotes: str | None = None
    dropShipInfo: DropShipInfo | None = None


class StatusResponse(Struct, kw_only=True):
    """An order's status."""

    clientId: str
    clientOrderId: str
    orderId: OrderId
    customerOrderId: str | None = None
    status: OrderStatusName
    isOnHold: IsOnHold
    holdReason: HoldReasons | None = None
    createDate: ClientTime
    pbCreateDate: ServerTime
    updateDate: ClientTime | None = None
    pbUpdateDate: ServerTime | None = None


TotalElements = Annotated[int, Meta(description="The number of rows that match.")]
PageNumber = Annotated[int, Meta(description="The page, counted from 1.")]


class OrderPage(Struct, kw_only=True):
    """A page of orders."""

    totalPages: int
    totalElements: TotalElements
    first: bool
    last: bool
    size: int
    number: PageNumber
    numberOfElements: int
    orders: list[Order]


class StatusPage(Struct, kw_only=True):
    """A page of statuses."""

    totalPages: int
    totalElements: TotalElements
    first: bool
    last: bool
    size: int
    number: PageNumber
    numberOfElements: int
    orders: list[StatusResponse]


class Token(Struct, kw_only=True):
    """A token. All members are strings."""

    access_token: str
    tokenType: Annotated[str, Meta(description="`BearerToken`, although the header uses `Bearer`.")]
    issuedAt: Annotated[str, Meta(description="Milliseconds since 1970.")]
    expiresIn: Annotated[str, Meta(description="Seconds.")]
    client_id: str = field(name="clientID")
    org: str


# --------------------------------------------------------------------------------------------------------------- errors
ErrorCode = Annotated[str, Meta(description="A code that the vendor's other APIs document, such as `1000045`.")]
AdditionalInfo = Annotated[str, Meta(description="What is wrong, and where.")]
Parameters = Annotated[list[str], Meta(description="The member, header or query parameter that has the fault.")]


class Error(Struct):
    """One fault; errors are a bare array of these."""

    errorCode: ErrorCode
    message: str
    additionalInfo: AdditionalInfo
    parameters: Parameters


class UnifiedError(Struct):
    """One fault, in the unified structure that a client can ask for."""

    errorCode: ErrorCode
    errorDescription: str
    additionalInfo: AdditionalInfo
    parameters: Parameters


class UnifiedErrors(Struct):
    """All faults, where the client asked for the unified structure."""

    errors: list[UnifiedError]


class GatewayError(Struct):
    """A fault that the gateway in front of the service reports."""

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
