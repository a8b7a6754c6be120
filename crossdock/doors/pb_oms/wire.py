"""Wire types of Pitney Bowes OMS: the bodies of the create and update calls.

The names and types of members come from the vendor's pages of the calls; members have the order of the vendor's sample, which
is also their order in every response. Those pages do not settle required members, checked vocabularies and limits;
docs/doors/pb_oms.md lists what this door decided. Every optional member may be null, and "" where it is text.
"""

from typing import Annotated

from msgspec import Meta, Struct, field

from crossdock.core.json.value_types import (
    Country,
    NonEmpty,
    Number,
    OptionalCountry,
    OptionalCurrency,
    OptionalDate,
    Quantity,
)

Carrier = Annotated[str, Meta(description="Carrier, such as UPS, USPS or FEDEX; any text is accepted.")]
ParcelType = Annotated[str, Meta(description="Type of the parcel, such as PKG or LTR; any text is accepted.")]
Service = Annotated[str, Meta(description="Service of the carrier, such as 2DA or GRD; any text is accepted.")]
LengthUnit = Annotated[str, Meta(description="IN or CM in the vendor's samples; any text is accepted.")]
WeightUnit = Annotated[str, Meta(description="OZ or GM in the vendor's samples; any text is accepted.")]
ItemId = Annotated[str, Meta(description="SKU of the item; items are updated and removed by it.")]
CustomProductId = Annotated[str, Meta(description="Id of a customs product, as addCustomsProduct returned it.")]
OrderNumber = Annotated[NonEmpty, Meta(description="Number of the order at the client, unique for this API.")]


class Message(Struct):
    """A message printed for the receiver."""

    type: Annotated[str, Meta(description="GIFT in the vendor's samples; any text is accepted.")] | None = None
    message: str | None = None


class Metadatum(Struct):
    """A name with a value, such as the name of a cost account."""

    name: str | None = None
    value: str | None = None


class Charges(Struct):
    """The amounts of the order: `gmv` is its total, `subTotal` that of the items, `totalPaid` what the customer has paid."""

    currency: OptionalCurrency | None = None
    billingStatus: Annotated[str, Meta(description="Paid in the vendor's samples; any text is accepted.")] | None = None
    gmv: Number | None = None
    subTotal: Number | None = None
    totalPaid: Number | None = None
    paymentType: Annotated[str, Meta(description="Such as Credit Card; any text is accepted.")] | None = None


class ShippingReference(Struct):
    """References printed on the label or passed to the carrier, and notes for the warehouse."""

    reference1: str | None = None
    reference2: str | None = None
    reference3: str | None = None
    reference4: str | None = None
    shipperReference: str | None = None
    transportationReference: str | None = None
    shippingNotes: str | None = None


class CustomerInfo(Struct):
    """Who ordered."""

    firstName: str | None = None
    lastName: str | None = None
    email: str | None = None
    customerId: str | None = None


class Address(Struct):
    """A change to the address that a parcel is shipped from or to."""

    name: str | None = None
    company: str | None = None
    addressLine1: str | None = None
    addressLine2: str | None = None
    addressLine3: str | None = None
    cityTown: str | None = None
    stateProvince: str | None = None
    postalCode: str | None = None
    countryCode: OptionalCountry | None = None
    phone: str | None = None
    email: str | None = None
    residential: bool | None = None


class ShippingAddress(Struct, kw_only=True):
    """The address that a parcel is shipped from or to."""

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
    unitOfMeasurement: WeightUnit | None = None
    weight: Number | None = None


class Item(Struct):
    """An item with properties of its own (`itemId` or `description`, and `quantity`), or with only a `customProductId`."""

    customProductId: CustomProductId | None = None
    itemId: ItemId | None = None
    description: str | None = None
    hSTariffCode: Annotated[str, Meta(description="Code of the Harmonized System.")] | None = None
    hSTariffCodeCountry: Annotated[str, Meta(description="Country whose tariff the code is of.")] | None = None
    originCountryCode: Annotated[str, Meta(description="Country the item was made in.")] | None = None
    originStateProvince: str | None = None
    quantity: Quantity | None = None
    unitPrice: Number | None = None
    unitWeight: Weight | None = None


class OtherAddress(Struct):
    """An address of which nothing is required; its members have another order than those of the others, as in the sample."""

    addressLine1: str | None = None
    addressLine2: str | None = None
    addressLine3: str | None = None
    cityTown: str | None = None
    countryCode: OptionalCountry | None = None
    name: str | None = None
    phone: str | None = None
    email: str | None = None
    postalCode: str | None = None
    company: str | None = None
    stateProvince: str | None = None
    residential: bool | None = None


class AdditionalAddress(Struct):
    """Another address of the order, such as the one of the bill."""

    address: OtherAddress | None = None
    addressType: Annotated[str, Meta(description="BILLING in the vendor's samples; any text is accepted.")] | None = (
        None
    )


class Parcel(Struct):
    length: Number | None = None
    width: Number | None = None
    height: Number | None = None
    dimUnit: LengthUnit | None = None
    weightUnit: WeightUnit | None = None
    weight: Number | None = None


class InputParameter(Struct):
    """A parameter of a special service; amounts are text here, as at the vendor."""

    name: Annotated[str, Meta(description="Such as INPUT_VALUE.")] | None = None
    value: str | None = None


class SpecialService(Struct):
    inputParameters: list[InputParameter] | None = None
    specialserviceId: Annotated[str, Meta(description="Such as Ins; any text is accepted.")] | None = None


class CustomsInfo(Struct):
    """What a customs declaration says of the shipment."""

    certificateNumber: str | None = None
    comments: str | None = None
    currencyCode: OptionalCurrency | None = None
    customsDeclaredValue: Number | None = None
    eel_pfc: Annotated[str, Meta(description="Exemption or citation of the US export declaration.")] | None = field(
        default=None, name="EELPFC"
    )
    fromCustomsReference: str | None = None
    importerCustomsReference: str | None = None
    insuredAmount: Number | None = None
    invoiceNumber: str | None = None
    licenseNumber: str | None = None
    reasonForExport: Annotated[str, Meta(description="Such as GIFT or MERCHANDISE; any text is accepted.")] | None = (
        None
    )


class Customs(Struct):
    customsInfo: CustomsInfo | None = None


class ShipmentProvider(Struct):
    shipViaCode: str | None = None


class ShipmentOptions(Struct):
    packageDescription: str | None = None


class ShippingPreferences(Struct):
    """How the order is to be shipped."""

    customCarrierCode: (
        Annotated[str, Meta(description="A carrier code, as createCustomCode stored it; not looked up.")] | None
    ) = None
    carrier: Carrier | None = None
    parcelId: Annotated[str, Meta(description="Id of a branded parcel.")] | None = None
    parcelType: ParcelType | None = None
    service: Service | None = None
    parcel: Parcel | None = None
    specialServices: list[SpecialService] | None = None
    customs: Customs | None = None
    shipmentProvider: ShipmentProvider | None = None
    shipmentOptions: ShipmentOptions | None = None
    dateOfShipment: OptionalDate | None = None


class OrderCreate(Struct, kw_only=True):
    """The body of the create call. Unknown members are stored and returned."""

    orderNumber: OrderNumber
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


class OrderPatch(Struct, kw_only=True):
    """The body of the update call: objects are merged at every depth, null removes a member, arrays are replaced.

    `items` are matched with the order's items by their ids.
    """

    orderNumber: OrderNumber | None = None
    orderMessage: Message | None = None
    charges: Charges | None = None
    shippingReference: ShippingReference | None = None
    customerInfo: CustomerInfo | None = None
    fromAddress: Address | None = None
    toAddress: Address | None = None
    items: Annotated[list[Item], Meta(min_length=1)] | None = None
    shippingPreferences: ShippingPreferences | None = None
