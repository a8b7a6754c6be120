"""Wire types of Pitney Bowes OMS: customs products and carrier codes."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from crossdock.core.json.value_types import Count, Country, NonEmpty, Number
from crossdock.doors.pb_oms.wire import InputParameter


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
