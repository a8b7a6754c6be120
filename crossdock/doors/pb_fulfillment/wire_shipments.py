"""Pitney Bowes Fulfillment's wire types of the shipments search."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from crossdock.core.json.value_types import NonEmpty, Number
from crossdock.doors.pb_fulfillment.wire import MAX_SEARCH_VALUES, ClientId
from crossdock.doors.pb_fulfillment.wire_answers import (
    AddressResponse,
    OrderId,
    PageNumber,
    ServerTime,
    ShippingDetailsResponse,
    TotalElements,
)

# The vendor's page has three p; the usual spelling is accepted too.
SORTS = ("shipppedDate-asc", "shipppedDate-desc", "shippedDate-asc", "shippedDate-desc")
NAMES = ("orderIds", "shipmentIds", "shippedDate", "brands")


class ShipmentSearchField(Struct):
    """A condition on shipments: one of the values; of the date, from and to."""

    name: Annotated[Literal[NAMES], Meta(description="Each name may occur once.")]  # type: ignore[valid-type]
    values: Annotated[list[NonEmpty], Meta(min_length=1, max_length=MAX_SEARCH_VALUES)]


class ShipmentSearchBody(Struct, kw_only=True):
    """The body of the shipments search; a shipment must match all fields."""

    clientId: ClientId
    sort: list[Literal[SORTS]] | None = None  # type: ignore[valid-type]
    searchFields: list[ShipmentSearchField] | None = None


class ShipmentItem(Struct):
    """Units of an order line."""

    lineId: int
    sku: str
    quantity: int


class Weight(Struct):
    """The weight of a package."""

    value: Number
    unitOfMeasurement: str


class ShipmentPackage(Struct, kw_only=True):
    """A package."""

    packageId: str
    trackingNumber: str | None = None
    weight: Weight | None = None
    items: list[ShipmentItem]


class ShipmentRow(Struct, kw_only=True):
    """A shipment: a package that has left."""

    clientId: str
    shipmentId: Annotated[str, Meta(description="`SHP`, 19 digits, and the number of the package.")]
    orderId: OrderId
    clientOrderId: str
    customerOrderId: str | None = None
    brand: str | None = None
    fromNode: str
    shippedDate: ServerTime
    status: Annotated[str, Meta(extra_json_schema={"enum": ["SHIPPED", "DELIVERED"]})]
    shippingDetails: ShippingDetailsResponse
    packages: list[ShipmentPackage]
    toAddress: AddressResponse


class ShipmentPage(Struct, kw_only=True):
    """A page of shipments."""

    totalPages: int
    totalElements: TotalElements
    first: bool
    last: bool
    size: int
    number: PageNumber
    numberOfElements: int
    shipments: list[ShipmentRow]
