"""Wire types of Pitney Bowes OMS: the order as the vendor's create, read and update calls have it.

The names and types of members come from the vendor's pages of the calls. Those pages do not settle required members, checked
vocabularies and limits; docs/doors/pb_oms.md lists what this door decided. Every optional member may be null.
"""

from typing import Annotated

from msgspec import Meta, Struct, field

from crossdock.core.json.value_types import Country, Currency, Date, NonEmpty, Number, Quantity


class Message(Struct):
    """A message printed for the receiver; `type` is GIFT in every sample of the vendor."""

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
    """An address of `additionalAddresses`; it may be partial."""

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
    unitOfMeasurement: str | None = None
    weight: Number | None = None


class Item(Struct):
    """An item with properties of its own, or with only a `customProductId`."""

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
    """The body of the create call."""

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
    """The response to the create call; the vendor does not return the order."""

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
    """The response to the read call: the members of the create body, in two objects."""

    orderInfo: OrderInfo
    orderShippingInfo: OrderShippingInfo


class OrderPatch(Struct, kw_only=True):
    """The body of the update call; `items` are matched with the order's items by their ids."""

    orderNumber: NonEmpty | None = None
    orderMessage: Message | None = None
    charges: Charges | None = None
    shippingReference: ShippingReference | None = None
    customerInfo: CustomerInfo | None = None
    fromAddress: ShippingAddress | None = None
    toAddress: ShippingAddress | None = None
    items: Annotated[list[Item], Meta(min_length=1)] | None = None
    shippingPreferences: ShippingPreferences | None = None
