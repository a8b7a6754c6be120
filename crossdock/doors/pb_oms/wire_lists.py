"""Wire types of Pitney Bowes OMS: the reference lists. Rows of an organization may have more members."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from crossdock.core.json.value_types import Number

_Rules = list[dict[str, Any]]


class CarrierProperties(Struct):
    """What a carrier can do."""

    futureShipmentSupported: bool
    internationalSupported: bool
    domesticNotSupported: Annotated[bool, Meta(description="True for a carrier that ships abroad only.")]


class Carrier(Struct, kw_only=True):
    """A carrier."""

    carrierID: Annotated[str, Meta(description="Spelled with a capital ID.")]
    name: str
    originCountry: str | None = None
    properties: CarrierProperties | None = None


class Carriers(Struct):
    """The carriers."""

    carriers: list[Carrier]


class CarrierAccount(Struct, kw_only=True):
    """An account with a carrier."""

    carrierAccountId: str
    carrierName: str
    description: str | None = None


class CarrierAccounts(Struct):
    """The accounts with carriers."""

    carrierAccounts: list[CarrierAccount]


class Country(Struct):
    """A country."""

    countryCode: str
    countryName: str


class Service(Struct):
    """A service of a carrier."""

    serviceId: str
    brandedName: str


class WeightRule(Struct, kw_only=True):
    """The weights that a parcel may have."""

    maxWeight: Number | None = None
    minWeight: Number | None = None
    required: bool | None = None
    unitOfMeasurement: str | None = None


class ParcelType(Struct, kw_only=True):
    """A parcel type of a service."""

    brandedName: str | None = None
    carrier: Annotated[str | None, Meta(description="In lower case.")] = None
    dimensionRules: _Rules = []
    groupName: str | None = None
    brandedDimensions: dict[str, Any] | None = None
    parcelId: str | None = None
    isBranded: bool | None = None
    parcelType: str
    serviceId: str
    serviceName: str | None = None
    suggestedTrackableSpecialserviceId: str | None = None
    weightRules: list[WeightRule] = []


class SpecialServiceRule(Struct, kw_only=True):
    """A special service; lists that are empty are left out."""

    specialserviceId: str
    brandedName: str | None = None
    categoryId: str | None = None
    categoryName: str | None = None
    incompatibleSpecialServices: list[str] | None = None
    inputParameterRules: _Rules | None = None
    prerequisiteRules: _Rules | None = None
    trackable: bool | None = None


class ParcelTypeRule(Struct, kw_only=True):
    """The special services of a parcel type."""

    parcelType: str
    brandedName: str | None = None
    trackable: str | None = None
    suggestedTrackableSpecialService: str | None = None
    specialServiceRules: list[SpecialServiceRule] = []


class ServiceWithSpecialServices(Struct, kw_only=True):
    """A service with the special services of its parcel types."""

    serviceId: str
    brandedName: str | None = None
    parcelTypeRules: list[ParcelTypeRule]


class SpecialServices(Struct):
    """The special services, by service."""

    services: list[ServiceWithSpecialServices]
