"""Ventmere S2: the shapes and spelling of its bodies, no logic.

Source of every rule: the vendor's create-order and create-product pages; what they leave open was decided for this door
(docs/doors/s2.md). Absent is an empty string in an address and null elsewhere; numbers with a fraction keep it.
"""

import re
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from crossdock.core.iso import COUNTRIES
from crossdock.core.json.validation import rule
from crossdock.core.json.value_types import Count, Currency, NonEmpty, Number, Quantity, UtcDateTime

# Written out: a group that repeats, and letters of either case by a flag, take more than twice as long, and every order
# has three or more.
_HEX = "[0-9a-fA-F]"
_UUID = re.compile(rf"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}\Z")


def is_uuid(text: str) -> bool:
    """Tell whether `text` is a UUID in the form 8-4-4-4-12, in either case."""
    return _UUID.match(text) is not None


def is_country(text: str) -> bool:
    """Tell whether `text` is a country of ISO 3166-1 alpha-2, or empty as any member of an address may be."""
    return not text or text in COUNTRIES


Uuid = Annotated[str, rule("s2_uuid", is_uuid, "a UUID")]
CountryOrEmpty = Annotated[str, rule("s2_country", is_country, "an ISO 3166-1 alpha-2 country code, or empty")]


# ------------------------------------------------------------------------------------------------------------- requests
class Address(Struct):
    """A postal address: every member is there, empty where there is nothing to say."""

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
    """One ordered product; `meta` is the sender's own."""

    channelOrderItemId: NonEmpty
    productId: Uuid
    quantity: Quantity
    unitPrice: Number
    meta: dict[str, Any]


class Attachment(Struct):
    """A file of the order: its name as people know it, and where it is stored."""

    fileName: NonEmpty
    path: NonEmpty


class OrderCreate(Struct, kw_only=True):
    """The create-order body. The three last members are documented for update only, and taken here too."""

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
    """The update-order body: members of the vendor's list replace the order's, left out they become empty.

    `deliveryByDate` is what answers call `deliverByDate`; that name is understood too. The account and the order numbers are
    not on the vendor's list, only in its sample; left out they stay, and so does the shipping address.
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
    """The create-product body; `brand` is a name, empty for a product without one."""

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
    """The sign-in body."""

    email: str
    password: str


# -------------------------------------------------------------------------------------------------------------- answers
class Organization(Struct):
    id: str
    name: str
    createdAt: str
    updatedAt: str


class Account(Struct):
    """A sales channel's account."""

    id: str
    organization: Organization
    name: str
    type: str
    autoAssignOrdersToWarehouse: str | None
    createdAt: str
    updatedAt: str


class Brand(Struct):
    """A brand; it has no time of change."""

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
    """An ordered product, whole."""

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
    """An order as create, read and list answer it; members the sender added follow at the end."""

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
    """The answer to a sign-in; the vendor documents no other `type`."""

    type: Literal["SUCCESS"]
    accessToken: str
    user: User


class ErrorAnswer(Struct):
    """Every error of this door."""

    code: str
    message: str
