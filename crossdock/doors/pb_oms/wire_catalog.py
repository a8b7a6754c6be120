"""Wire types of Pitney Bowes OMS: customs products and carrier codes."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from crossdock.core.json.value_types import Count, Country, NonEmpty, Number
from crossdock.doors.pb_oms.wire import InputParameter
from crossdock.doors.pb_oms.wire_calls import PageInfo, SubscriptionId, Time


class CarrierSpecialService(Struct):
    """A special service of a carrier code; its id has a capital S here, other than in orders."""

    specialServiceId: str | None = None
    inputParameters: list[InputParameter] | None = None
    fee: Number | None = None


class CarrierCodeCreate(Struct, kw_only=True):
    """A code that stands for a carrier account with a parcel type, a service and special services."""

    code: Annotated[str, Meta(min_length=1, max_length=200)]
    carrier: NonEmpty
    carrierAccountId: NonEmpty
    parcelType: str | None = None
    parcelName: str | None = None
    serviceId: str | None = None
    serviceName: str | None = None
    specialServices: list[CarrierSpecialService] | None = None


class CarrierCodeCreated(Struct):
    code: str


class CustomsProductCreate(Struct, kw_only=True):
    """A customs product, with `productDimensions` (newest version of the vendor's page), `productDetails` (the one before) or
    `weight` (the first)."""

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
    """The id of a new customs product, under the names of both versions of the vendor's page."""

    customsProductId: str
    productId: str


class CustomsProductUpdate(CustomsProductCreate, kw_only=True):
    """The new properties of a customs product, in place of all that it has."""


class CustomsProductRead(Struct, kw_only=True):
    """A product of the organization as a customs product. One that another API created may lack what this API requires."""

    customsProductId: str
    description: str | None = None
    originCountryCode: str | None = None
    hsTariffCode: str | None = None
    quantity: Annotated[int, Meta(description="1 where nothing else was sent to this API.")]
    unitPrice: Number | None = None
    itemId: Annotated[str, Meta(description="The SKU of the product.")] | None = None
    url: str | None = None
    productDetails: dict[str, Any] | None = None
    productDimensions: dict[str, Any] | None = None
    weightUnit: str | None = None
    weight: Number | None = None


class CustomsProducts(Struct):
    """A page of customs products, newest first."""

    data: list[CustomsProductRead]
    pageInfo: PageInfo


class CarrierCodeUpdate(Struct, kw_only=True):
    """The new content of a carrier code, in place of all that it has; a `code` in it is ignored."""

    carrier: NonEmpty
    carrierAccountId: NonEmpty
    parcelType: str | None = None
    parcelName: str | None = None
    serviceId: str | None = None
    serviceName: str | None = None
    specialServices: list[CarrierSpecialService] | None = None


class CarrierCodeRead(Struct, kw_only=True):
    """A carrier code, with members of the server."""

    id: str
    code: str
    subID: SubscriptionId
    carrier: str
    carrierAccountId: str
    parcelType: str | None = None
    parcelName: str | None = None
    serviceId: str | None = None
    serviceName: str | None = None
    specialServices: list[CarrierSpecialService] | None = None
    residential: Annotated[bool, Meta(description="As it was sent, else false.")]
    insertTimestamp: Time
    updateTimestamp: Annotated[Time, Meta(description="That of the creation, until the code is changed.")]
    archived: Annotated[bool, Meta(description="Always false: carrier codes are not archived.")]
