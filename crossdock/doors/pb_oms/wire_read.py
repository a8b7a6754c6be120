"""Wire types of Pitney Bowes OMS: responses with an order.

Members have the order in which they are sent. An order that came through another API has "" in required members it lacks.
"""

from typing import Annotated

from msgspec import Meta, Struct

from crossdock.core.json.value_types import Number
from crossdock.doors.pb_oms import wire
from crossdock.doors.pb_oms.wire_calls import OrderId, OrderStatus, Time

PossiblyEmpty = Annotated[str, Meta(description="Empty where an order of another API has none.")]


class AddressRead(Struct, kw_only=True):
    """The address that a parcel is shipped from or to."""

    name: str | None = None
    company: str | None = None
    addressLine1: PossiblyEmpty
    addressLine2: str | None = None
    addressLine3: str | None = None
    cityTown: PossiblyEmpty
    stateProvince: str | None = None
    postalCode: str | None = None
    countryCode: PossiblyEmpty
    phone: str | None = None
    email: str | None = None
    residential: bool | None = None


class ItemRead(Struct):
    """An item; one that named only a customs product has the properties of that product."""

    customProductId: wire.CustomProductId | None = None
    itemId: wire.ItemId | None = None
    description: str | None = None
    hSTariffCode: str | None = None
    hSTariffCodeCountry: str | None = None
    originCountryCode: str | None = None
    originStateProvince: str | None = None
    quantity: int | None = None
    unitPrice: Number | None = None
    unitWeight: wire.Weight | None = None


class OrderCreated(Struct):
    """The response to the create call; the vendor does not return the order."""

    orderId: OrderId
    orderNumber: str
    status: Annotated[str, Meta(description="Always Success: the outcome of the call, not the status of the order.")]
    transactionCreateDate: Time


class OrderInfo(Struct, kw_only=True):
    """The order without its shipping."""

    orderId: OrderId
    orderNumber: str
    status: OrderStatus
    orderCreateDate: Time
    sourceFlowType: Annotated[str, Meta(description="Always API.")]
    createdBy: Annotated[str, Meta(description="Id of the client that created the order.")]
    customerInfo: wire.CustomerInfo | None = None
    orderMessage: wire.Message | None = None
    items: list[ItemRead]
    charges: wire.Charges | None = None
    metadata: list[wire.Metadatum] | None = None
    tags: list[str]


class OrderShippingInfo(Struct, kw_only=True):
    """How the order is shipped, from where and to where."""

    shippingReference: wire.ShippingReference | None = None
    shippingPreferences: wire.ShippingPreferences | None = None
    fromAddress: AddressRead
    toAddress: AddressRead
    additionalAddresses: list[wire.AdditionalAddress] | None = None


class OrderRead(Struct):
    """The response to the read call: the members of the create body, in two objects."""

    orderInfo: OrderInfo
    orderShippingInfo: OrderShippingInfo
