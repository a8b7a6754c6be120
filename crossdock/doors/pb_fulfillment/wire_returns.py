"""Pitney Bowes Fulfillment's wire types of returns.

Source: the vendor's page of the create call (known up to `updateDate`) and its pages of the objects inside.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from crossdock.core.json.value_types import NonEmpty, Number, Quantity
from crossdock.doors.pb_fulfillment.wire import (
    MAX_BULK,
    MAX_SEARCH_VALUES,
    SORTS,
    ClientId,
    OptionalDateTime,
    Reference,
    Text20,
    Text50,
    Text100,
)
from crossdock.doors.pb_fulfillment.wire_answers import (
    ClientTime,
    Error,
    PageNumber,
    ReferenceResponse,
    ServerTime,
    ShippingDetailsResponse,
    TotalElements,
)

Text25 = Annotated[str, Meta(max_length=25)]
Text30 = Annotated[str, Meta(max_length=30)]
Text35 = Annotated[str, Meta(max_length=35)]
Text40 = Annotated[str, Meta(max_length=40)]
Text70 = Annotated[str, Meta(max_length=70)]
STATUSES = ("CREATED", "INPROGRESS", "COMPLETE", "CLOSED", "CANCELED")
OPERATIONS = ("CREATE", "UPDATE")
ADDRESS_FIELDS = ("cityTown", "stateProvince", "postalCode", "countryCode", "company", "name", "phone", "email")
DATES = ("createDate", "updateDate", "pbCreateDate", "pbUpdateDate")


class ItemDetail(Struct, kw_only=True):
    """What comes back."""

    sku: Text30 | None = None
    unitPrice: Number | None = None
    description: Text100 | None = None


class ReturnLine(Struct, kw_only=True):
    """Units that come back; of an order of the book, `orderLineId` or `itemDetail.sku` names its line."""

    orderLineId: Annotated[int, Meta(description="The `lineId` of the original order.")] | None = None
    itemDetail: ItemDetail | None = None
    lineTotal: Number | None = None
    returnReason: Annotated[list[str], Meta(description="One or more reasons.")] | None = None
    quantity: Annotated[Quantity, Meta(description="1 where it is missing.")] | None = None


class ReturnAddress(Struct, kw_only=True):
    """The address that the parcel comes from."""

    addressLines: Annotated[list[Text100], Meta(max_length=3)] | None = None
    cityTown: Text50 | None = None
    stateProvince: Text50 | None = None
    postalCode: Text20 | int | None = None
    countryCode: Annotated[str, Meta(max_length=2)] | None = None
    company: Text50 | None = None
    name: Text100 | None = None
    phone: Text25 | None = None
    email: Text70 | None = None


class ReturnShipping(Struct, kw_only=True):
    """How the parcel comes back."""

    carrier: Annotated[str, Meta(min_length=1, max_length=30)]
    serviceId: Annotated[str, Meta(min_length=1, max_length=30)]
    serviceName: Text30 | None = None
    trackingNumber: Text40 | None = None


_Lines = Annotated[list[ReturnLine], Meta(min_length=1)]


class ReturnCreate(Struct, kw_only=True):
    """A return. It names its order, or has an RMA number."""

    clientId: ClientId
    brand: Text30 | None = None
    orderId: Annotated[str, Meta(description="The id of the original order.")] | None = None
    returnClientOrderId: (
        Annotated[Text50, Meta(description="Your id of the return, unique for a client id.")] | None
    ) = None
    originalClientOrderId: Annotated[Text50, Meta(description="Your number of the original order.")] | None = None
    rmaNumber: Annotated[Text35, Meta(description="The tracking number of the parcel that comes back.")] | None = None
    references: list[Reference] | None = None
    createDate: OptionalDateTime | None = None
    updateDate: OptionalDateTime | None = None
    returnType: Annotated[str, Meta(description="`RETURN` where it is missing.")] | None = None
    shippingDetails: ReturnShipping | None = None
    fromAddress: ReturnAddress | None = None
    returnOrderLines: _Lines | None = None
    returnLines: Annotated[_Lines, Meta(description="Another name of `returnOrderLines`.")] | None = None


class BulkReturn(ReturnCreate, kw_only=True):
    """A return of a bulk call."""

    operation: (
        Annotated[Literal[OPERATIONS], Meta(description="Without one, a known return is updated.")] | None  # type: ignore[valid-type]
    ) = None


class ReturnsBulk(Struct):
    """The bulk body, for the documentation; each return is parsed by itself."""

    returns: Annotated[list[BulkReturn], Meta(min_length=1, max_length=MAX_BULK)]


class ReturnsEnvelope(Struct):
    """The bulk body, its returns not parsed."""

    returns: Annotated[list[Any], Meta(min_length=1, max_length=MAX_BULK)]


SEARCH_NAMES = ("returnOrders", "orders", "sku", "returnType", *DATES, *ADDRESS_FIELDS)


class ReturnSearchField(Struct):
    """A condition on returns: one of the values; of a date, from and to."""

    name: Annotated[Literal[SEARCH_NAMES], Meta(description="Each name may occur once.")]  # type: ignore[valid-type]
    values: Annotated[list[NonEmpty], Meta(min_length=1, max_length=MAX_SEARCH_VALUES)]


class ReturnSearchBody(Struct, kw_only=True):
    """The body of the search of returns; a return must match all fields."""

    clientId: ClientId
    sort: list[Literal[SORTS]] | None = None  # type: ignore[valid-type]
    searchFields: list[ReturnSearchField] | None = None


# ------------------------------------------------------------------------------------------------------------- answers
class ItemDetailResponse(Struct, kw_only=True):
    """What comes back."""

    sku: str | None = None
    unitPrice: Number | None = None
    description: str | None = None


class ReturnLineResponse(Struct, kw_only=True):
    """Units that come back."""

    orderLineId: int | None = None
    itemDetail: ItemDetailResponse | None = None
    lineTotal: Number | None = None
    returnReason: list[str] | None = None
    quantity: int


class ReturnAddressResponse(Struct, kw_only=True):
    """The address that the parcel comes from."""

    addressLines: list[str] | None = None
    cityTown: str | None = None
    stateProvince: str | None = None
    postalCode: str | None = None
    countryCode: str | None = None
    company: str | None = None
    name: str | None = None
    phone: str | None = None
    email: str | None = None


class ReturnResponse(Struct, kw_only=True):
    """A return: as it was sent, with the server-owned fields. Optional fields without a value are left out."""

    clientId: str
    brand: str | None = None
    orderId: str | None = None
    returnClientOrderId: str | None = None
    originalClientOrderId: str | None = None
    returnOrderId: Annotated[str, Meta(description="`RET`, 19 digits, `US`.")]
    rmaNumber: str | None = None
    references: list[ReferenceResponse] | None = None
    createDate: ClientTime | None = None
    updateDate: ClientTime | None = None
    pbCreateDate: ServerTime
    pbUpdateDate: ServerTime | None = None
    returnType: str
    status: Annotated[str, Meta(extra_json_schema={"enum": list(STATUSES)})]
    shippingDetails: ShippingDetailsResponse | None = None
    fromAddress: ReturnAddressResponse | None = None
    returnOrderLines: list[ReturnLineResponse]


class RefusedReturn(Struct, kw_only=True, omit_defaults=True):
    """A refused return of a bulk call, with its ids as sent."""

    clientId: Any = None
    returnClientOrderId: Any = None
    orderId: Any = None
    errors: list[Error]


class ReturnPage(Struct, kw_only=True):
    """A page of returns."""

    totalPages: int
    totalElements: TotalElements
    first: bool
    last: bool
    size: int
    number: PageNumber
    numberOfElements: int
    returns: list[ReturnResponse]
