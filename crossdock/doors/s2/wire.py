"""Ventmere S2's wire types: request and response bodies.

The rules are those of the vendor's create-order and create-product pages; docs/doors/s2.md says what was decided where they
are silent. An absent value is an empty string in an address and null elsewhere. Numbers keep their fraction.
"""

import re
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from crossdock.core.iso import COUNTRIES
from crossdock.core.json.validation import rule
from crossdock.core.json.value_types import Count, Currency, NonEmpty, Number, Quantity, UtcDateTime

# Written out, because a repeated group and re.IGNORECASE take more than twice as long, and every order has three or more.
_HEX = "[0-9a-fA-F]"
_UUID = re.compile(rf"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}\Z")


def is_uuid(text: str) -> bool:
    """Tell whether `text` is a UUID in the form 8-4-4-4-12, in either case."""
    return _UUID.match(text) is not None


def is_country(text: str) -> bool:
    """Tell whether `text` is an ISO 3166-1 alpha-2 country, or empty as any member of an address may be."""
    return not text or text in COUNTRIES


Uuid = Annotated[str, rule("s2_uuid", is_uuid, "a UUID")]
CountryOrEmpty = Annotated[str, rule("s2_country", is_country, "an ISO 3166-1 alpha-2 country code, or empty")]


# ------------------------------------------------------------------------------------------------------------- requests
class Address(Struct):
    """A postal address. Every member is required and may be empty."""

    name: str
    company: str
    address1: str
    address2: str
    city: str
    state: str
    postalCode: str
    countryId: CountryOrEmpty
    phone: str
    email: str


class Item(Struct):
    """An ordered product. `meta` is free for the client."""

    channelOrderItemId: NonEmpty
    productId: Uuid
    quantity: Quantity
    unitPrice: Number
    meta: dict[str, Any]


class Attachment(Struct):
    """A file of the order: its name, and the path where it is stored."""

    fileName: NonEmpty
    path: NonEmpty


class OrderCreate(Struct, kw_only=True):
    """An order to create. The last three members are documented for update only and accepted here too."""

    accountId: Uuid
    channelOrderId: NonEmpty
    channelOrderIdAlt: str | None = None
    channelOrderIdAlt2: str | None = None
    channelShippingMethod: str
    shippingAddress: Address
    billingAddress: Address | None = None
    meta: dict[str, Any] | list[Any]
    channelOrderDate: UtcDateTime
    currencyId: Currency
    items: Annotated[list[Item], Meta(min_length=1)]
    attachments: list[Attachment]
    shipByDate: UtcDateTime | None = None
    deliverByDate: UtcDateTime | None = None
    customerNote: str | None = None


class OrderUpdate(Struct, kw_only=True):
    """An update of an order: its members replace those of the order; missing ones become empty.

    `deliveryByDate` is named `deliverByDate` in responses; both names are accepted. If the account, an order number or the
    shipping address is missing, the order's stays.
    """

    accountId: Uuid | UnsetType = UNSET
    channelOrderId: NonEmpty | UnsetType = UNSET
    channelOrderIdAlt: str | UnsetType | None = UNSET
    channelOrderIdAlt2: str | UnsetType | None = UNSET
    shippingAddress: Address | None = None
    billingAddress: Address | None = None
    meta: dict[str, Any] | list[Any]
    channelShippingMethod: str
    channelOrderDate: UtcDateTime
    currencyId: Currency
    shipByDate: UtcDateTime | None = None
    deliveryByDate: UtcDateTime | None = None
    customerNote: str | None = ""
    items: Annotated[list[Item], Meta(min_length=1)]
    attachments: list[Attachment]


class ProductCreate(Struct):
    """A product to create. `brand` is a name, or empty for a product without a brand."""

    sku: NonEmpty
    brand: str
    gtin: str
    name: NonEmpty
    remarks: str
    imageMain: str
    packageLengthMm: Number
    packageWidthMm: Number
    packageHeightMm: Number
    shippingWeightKg: Number
    caseUnit: NonEmpty
    casePack: Count
    caseLengthMm: Number
    caseWidthMm: Number
    caseHeightMm: Number
    caseWeightKg: Number
    condition: NonEmpty
    serialNumberRequired: bool
    expiryDateRequired: bool


class Login(Struct):
    """The e-mail and password of a user."""

    email: str
    password: str


# ------------------------------------------------------------------------------------------------------------ responses
class Organization(Struct):
    id: str
    name: str
    createdAt: str
    updatedAt: str


class Account(Struct):
    """A sales account."""

    id: str
    organization: Organization
    name: str
    type: str
    autoAssignOrdersToWarehouse: str | None
    createdAt: str
    updatedAt: str


class Brand(Struct):
    """A brand. Brands never change, so there is no `updatedAt`."""

    id: str
    name: str
    nameNormalized: str
    createdAt: str


class Product(Struct):
    id: str
    organization: Organization
    sku: str
    brand: Brand
    gtin: str
    name: str
    remarks: str
    imageMain: str
    packageLengthMm: Number
    packageWidthMm: Number
    packageHeightMm: Number
    shippingWeightKg: Number
    caseUnit: str
    casePack: int
    caseLengthMm: Number
    caseWidthMm: Number
    caseHeightMm: Number
    caseWeightKg: Number
    condition: str
    serialNumberRequired: bool
    expiryDateRequired: bool
    unknown: bool
    createdAt: str
    updatedAt: str
    otherIds: list[Any]


class OrderItem(Struct):
    """An ordered product with all its members."""

    channelOrderItemId: str
    product: Product
    quantity: int
    unitPrice: Number
    meta: dict[str, Any]


class OrderAttachment(Struct):
    id: str
    fileName: str
    path: str
    createdAt: str
    updatedAt: str


class Order(Struct):
    """An order. Unknown members of the request follow at the end."""

    id: str
    organization: Organization
    account: Account
    accountSubChannel: str | None
    channelOrderId: str
    channelOrderIdAlt: str | None
    channelOrderIdAlt2: str | None
    channelShippingMethod: str
    shippingAddress: Address
    shippingOverrideAddress: Address | None
    billingAddress: Address | None
    meta: dict[str, Any] | list[Any]
    channelOrderDate: str
    status: str
    assignStatus: str
    archived: bool
    currencyId: str
    items: list[OrderItem]
    attachments: list[OrderAttachment]
    fulfillments: list[Any]
    createdAt: str
    updatedAt: str
    shipByDate: str | None
    deliverByDate: str | None
    customerNote: str | None


class OrderPage(Struct):
    items: list[Order]
    total: int


class ProductPage(Struct):
    items: list[Product]
    total: int


class AccountPage(Struct):
    items: list[Account]
    total: int


class Membership(Struct):
    organization: Organization
    role: str
    permissions: list[str]


class User(Struct):
    id: str
    name: str
    email: str
    active: bool
    inactiveReason: str | None
    createdAt: str
    updatedAt: str
    organizations: list[Membership]
    workspaces: list[Any]
    hostRole: str


class LoggedIn(Struct):
    """The token and the user. The vendor documents no other `type`."""

    type: Literal["SUCCESS"]
    accessToken: str
    user: User


class ErrorAnswer(Struct):
    """An error."""

    code: str
    message: str
