"""Ventmere S2's wire types: request and response bodies.

The rules are those of the vendor's create-order and create-product pages; docs/doors/s2.md says what was decided where they
are silent. An absent value is an empty string in an address and null elsewhere. Numbers keep their fraction.
"""

import re
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from crossdock.core.iso import COUNTRIES
from crossdock.core.json.validation import rule
from crossdock.core.json.value_types import Count, Currency, NonEmpty, Number, Quantity, UtcDateTime, is_utc_date_time

# Written out, because a repeated group and re.IGNORECASE take more than twice as long, and every order has three or more.
_HEX = "[0-9a-fA-F]"
_UUID = re.compile(rf"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}\Z")


def is_uuid(text: str) -> bool:
    """Tell whether `text` is a UUID in the form 8-4-4-4-12, in either case."""
    return _UUID.match(text) is not None


def is_country(text: str) -> bool:
    """Tell whether `text` is an ISO 3166-1 alpha-2 country, or empty as any member of an address may be."""
    return not text or text in COUNTRIES


def is_optional_time(text: str) -> bool:
    """Tell whether `text` is a date and time in UTC, or empty, which some clients send for a value they do not have."""
    return not text or is_utc_date_time(text)


def _described(description: str, **schema: Any) -> Meta:
    """Describe a member in the OpenAPI document; `schema` are keywords for readers, which no code checks."""
    return Meta(description=description, extra_json_schema=schema or None)


# Patterns instead of lists of codes: a generated client with a list refuses a code that is new.
_COUNTRY_PATTERN, _CURRENCY_PATTERN = "^([A-Z]{2})?$", "^[A-Z]{3}$"
_TIME_PATTERN = (
    r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?"
    r"([Zz]|[+-]00:?00)"
)
_TIME = "Date and time in UTC (`Z` or a zero offset); seconds and their fraction are optional."

Uuid = Annotated[str, rule("s2_uuid", is_uuid, "a UUID"), Meta(extra_json_schema={"format": "uuid"})]
CountryOrEmpty = Annotated[
    str,
    rule("s2_country", is_country, "an ISO 3166-1 alpha-2 country code, or empty"),
    _described("ISO 3166-1 alpha-2 country code, or empty.", pattern=_COUNTRY_PATTERN),
]
Time = Annotated[UtcDateTime, _described(_TIME, pattern=f"^{_TIME_PATTERN}$")]
OptionalTime = Annotated[
    str,
    rule("s2_optional_time", is_optional_time, "a date and time in UTC such as 2026-01-30T10:53:24.554Z, or empty"),
    _described(f"{_TIME} Empty says as little as null.", pattern=f"^({_TIME_PATTERN})?$"),
]
FreeForm = Annotated[
    dict[str, Any] | Annotated[list[Any], Meta(extra_json_schema={"items": {}})],
    _described("Any object or array, for the client's own use; `{}` or `[]` if there is none."),
]


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
    """An ordered product."""

    channelOrderItemId: Annotated[
        str, _described("The sales channel's id of the item. Empty if there is none; otherwise unique in its order.")
    ]
    productId: Annotated[Uuid, _described("The product, which must exist.")]
    quantity: Annotated[Quantity, _described("Ordered units.")]
    unitPrice: Annotated[Number, _described("Price of one unit in the order's currency; 0 if there is none.")]
    meta: FreeForm


class Attachment(Struct):
    """A file of the order."""

    fileName: str
    path: Annotated[str, _described("Storage key or URL of the file; it is stored as sent and not opened.")]


_ALTERNATIVE = _described("Another id that the sales channel has for the order.")
_NUMBER = _described("The sales channel's id of the order, unique in its account.")
_METHOD = _described("The shipping method in the sales channel's words; empty if there is none.")
_CURRENCY = _described("ISO 4217 currency code.", pattern=_CURRENCY_PATTERN)


class OrderCreate(Struct, kw_only=True):
    """An order to create. The last three members are documented for update only and accepted here too."""

    accountId: Annotated[Uuid, _described("The sales account, which must exist.")]
    channelOrderId: Annotated[NonEmpty, _NUMBER]
    channelOrderIdAlt: Annotated[str | None, _ALTERNATIVE] = None
    channelOrderIdAlt2: Annotated[str | None, _ALTERNATIVE] = None
    channelShippingMethod: Annotated[str, _METHOD]
    shippingAddress: Address
    billingAddress: Address | None = None
    meta: FreeForm
    channelOrderDate: Time
    currencyId: Annotated[Currency, _CURRENCY]
    items: Annotated[list[Item], Meta(min_length=1)]
    attachments: list[Attachment]
    shipByDate: OptionalTime | None = None
    deliverByDate: OptionalTime | None = None
    customerNote: str | None = None


class OrderUpdate(Struct, kw_only=True):
    """An update of an order: its members replace those of the order; missing ones become empty.

    `deliveryByDate` is named `deliverByDate` in responses; both names are accepted. If the account, an order number or the
    shipping address is missing, the order's stays.
    """

    accountId: (
        Annotated[Uuid, _described("The sales account, which must exist. If it is missing, it stays.")] | UnsetType
    ) = UNSET
    channelOrderId: Annotated[NonEmpty, _NUMBER] | UnsetType = UNSET
    channelOrderIdAlt: Annotated[str, _ALTERNATIVE] | UnsetType | None = UNSET
    channelOrderIdAlt2: Annotated[str, _ALTERNATIVE] | UnsetType | None = UNSET
    shippingAddress: Annotated[Address | None, _described("If it is missing or null, it stays.")] = None
    billingAddress: Annotated[Address | None, _described("If it is missing, it becomes null.")] = None
    meta: FreeForm
    channelShippingMethod: Annotated[str, _METHOD]
    channelOrderDate: Time
    currencyId: Annotated[Currency, _CURRENCY]
    shipByDate: OptionalTime | None = None
    deliveryByDate: OptionalTime | None = None
    customerNote: str | None = ""
    items: Annotated[list[Item], Meta(min_length=1)]
    attachments: list[Attachment]


class ProductCreate(Struct):
    """A product to create. Lengths are in millimeters, weights in kilograms."""

    sku: Annotated[NonEmpty, _described("Stock keeping unit, unique in the organization.")]
    brand: Annotated[
        str, _described("Name of the brand, which is created if there is none of this name; empty if none.")
    ]
    gtin: Annotated[str, _described("Global Trade Item Number, not checked; empty if there is none.")]
    name: NonEmpty
    remarks: str
    imageMain: Annotated[str, _described("Storage key or URL of an image; empty if there is none.")]
    packageLengthMm: Number
    packageWidthMm: Number
    packageHeightMm: Number
    shippingWeightKg: Number
    caseUnit: Annotated[NonEmpty, _described("Such as `EACH` or `CARTON`.")]
    casePack: Annotated[Count, _described("Units in a case.")]
    caseLengthMm: Number
    caseWidthMm: Number
    caseHeightMm: Number
    caseWeightKg: Number
    condition: Annotated[NonEmpty, _described("Such as `NEW`.")]
    serialNumberRequired: bool
    expiryDateRequired: bool


class Login(Struct):
    """The e-mail and password of a user."""

    email: str
    password: str


# ------------------------------------------------------------------------------------------------------------ responses
Id = Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
ServerTime = Annotated[str, _described("Date and time in UTC, with up to 6 fractional digits.", format="date-time")]


class Organization(Struct):
    """An organization: the tenant that owns accounts, products and orders."""

    id: Id
    name: str
    createdAt: ServerTime
    updatedAt: ServerTime


class Account(Struct):
    """A sales account. For an order of another door, which has none, the id is all zeros."""

    id: Id
    organization: Organization
    name: str
    type: Annotated[str, _described("Such as `MARKETPLACE_GENERIC`.")]
    autoAssignOrdersToWarehouse: Annotated[
        str | None, _described("The warehouse that new orders of the account are assigned to at once.")
    ]
    createdAt: ServerTime
    updatedAt: ServerTime


class Brand(Struct):
    """A brand. Brands never change, so there is no `updatedAt`."""

    id: Id
    name: str
    nameNormalized: Annotated[str, _described("The name in lower case.")]
    createdAt: ServerTime


class Product(Struct):
    """A product. Lengths are in millimeters, weights in kilograms."""

    id: Id
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
    casePack: Annotated[int, _described("Units in a case.")]
    caseLengthMm: Number
    caseWidthMm: Number
    caseHeightMm: Number
    caseWeightKg: Number
    condition: str
    serialNumberRequired: bool
    expiryDateRequired: bool
    unknown: Annotated[bool, _described("True for a product of an order of another door that is not in the catalog.")]
    createdAt: ServerTime
    updatedAt: ServerTime
    otherIds: Annotated[list[dict[str, Any]], _described("Empty for now.")]


class OrderItem(Struct):
    """An ordered product with all its members."""

    channelOrderItemId: str
    product: Product
    quantity: int
    unitPrice: Annotated[Number, _described("Price of one unit, with the digits that were sent.")]
    meta: FreeForm


class OrderAttachment(Struct):
    """A file of the order."""

    id: Id
    fileName: str
    path: str
    createdAt: ServerTime
    updatedAt: ServerTime


FulfillmentStatus = Annotated[
    str, Meta(extra_json_schema={"enum": ["CREATED", "PENDING", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED"]})
]


class FulfillmentItemResponse(Struct):
    """A product of a fulfillment; the product is null where the order no longer has it."""

    id: Id
    product: Product | None
    quantity: int
    shippedQuantity: int


class ShipmentItem(Struct):
    """A product in a shipment."""

    product: Product | None
    quantity: int


class Shipment(Struct):
    """A package."""

    id: Id
    status: Annotated[str, Meta(extra_json_schema={"enum": ["PENDING", "SHIPPED"]})]
    carrier: str | None
    shippingMethod: str | None
    trackingNumber: str | None
    trackingNumbers: list[str]
    labels: Annotated[list[dict[str, Any]], Meta(description="Empty: labels are bought elsewhere.")]
    items: list[ShipmentItem]
    createdAt: ServerTime
    updatedAt: ServerTime


class FulfillmentOfOrder(Struct):
    """A fulfillment in its order, in short: its warehouse by id, and its tracking numbers."""

    id: Id
    status: FulfillmentStatus
    channelFulfillmentId: str | None
    warehouseId: Id
    items: list[FulfillmentItemResponse]
    shipments: list[Shipment]
    trackingNumber: str | None
    trackingNumbers: list[str]
    purchaseLabels: Annotated[list[dict[str, Any]], Meta(description="Empty: labels are bought elsewhere.")]
    createdAt: ServerTime
    updatedAt: ServerTime


class Order(Struct):
    """An order. Unknown members of the request follow at the end."""

    id: Id
    organization: Organization
    account: Account
    accountSubChannel: Annotated[str | None, _described("Null for now.")]
    channelOrderId: str
    channelOrderIdAlt: str | None
    channelOrderIdAlt2: str | None
    channelShippingMethod: str
    shippingAddress: Address
    shippingOverrideAddress: Annotated[Address | None, _described("Null for now.")]
    billingAddress: Address | None
    meta: FreeForm
    channelOrderDate: Annotated[str, _described("Date and time in UTC, as it was sent.")]
    status: Literal["UNFULFILLED", "PARTIALLY_FULFILLED", "FULFILLED", "CANCELLED"]
    assignStatus: Annotated[
        Literal["PENDING", "PARTIALLY_ASSIGNED", "ASSIGNED"],
        _described("How many of the units that are not canceled were assigned to a warehouse."),
    ]
    archived: bool
    currencyId: Annotated[
        str, _described("ISO 4217 currency code; empty for an order of another door that names none.")
    ]
    items: list[OrderItem]
    attachments: list[OrderAttachment]
    fulfillments: Annotated[list[FulfillmentOfOrder], _described("Those of all warehouses, in short.")]
    createdAt: ServerTime
    updatedAt: ServerTime
    shipByDate: Annotated[str | None, _described("Date and time in UTC, as it was sent.")]
    deliverByDate: Annotated[str | None, _described("Date and time in UTC, as it was sent.")]
    customerNote: str | None


class OrderPage(Struct):
    """A page of orders."""

    items: list[Order]
    total: Annotated[int, _described("Number of all rows that the list has, on all pages.")]


class ProductPage(Struct):
    """A page of products."""

    items: list[Product]
    total: Annotated[int, _described("Number of all rows that the list has, on all pages.")]


class AccountPage(Struct):
    """A page of sales accounts."""

    items: list[Account]
    total: Annotated[int, _described("Number of all rows that the list has, on all pages.")]


class Warehouse(Struct):
    """A warehouse."""

    id: Id
    organization: Organization
    name: str
    address: Address
    dropshipper: Annotated[bool, _described("Whether it belongs to somebody who ships for the organization.")]
    fulfillmentCenter: Annotated[bool, _described("Whether orders can be assigned to it.")]
    rmaCenter: Annotated[bool, _described("Whether it takes returns.")]
    unitSystem: Annotated[Literal["METRIC"], _described("Always `METRIC`.")]
    createdAt: ServerTime
    updatedAt: ServerTime


class WarehousePage(Struct):
    """A page of warehouses."""

    items: list[Warehouse]
    total: Annotated[int, _described("Number of all rows that the list has, on all pages.")]


class InventoryItem(Struct):
    """The stock of a product in a warehouse."""

    warehouseId: Id
    productId: Id
    quantity: Annotated[int, _described("Units that are there.")]
    quantityAvailable: Annotated[int, _described("Units that can be promised to orders.")]
    quantityPending: Annotated[int, _described("Units on their way to the warehouse.")]
    quantityHold: Annotated[int, _described("Units that are there and promised to orders or kept back.")]


class InventoryOverview(Struct):
    """All stock. Every warehouse and product that an item names is in the other arrays."""

    warehouses: list[Warehouse]
    products: list[Product]
    items: list[InventoryItem]


class Membership(Struct):
    """An organization that the user belongs to."""

    organization: Organization
    role: Annotated[str, _described("Such as `ADMIN`.")]
    permissions: list[str]


class User(Struct):
    """A user."""

    id: Id
    name: str
    email: str
    active: bool
    inactiveReason: Annotated[str | None, _described("Null: only active users can sign in.")]
    createdAt: ServerTime
    updatedAt: ServerTime
    organizations: list[Membership]
    workspaces: Annotated[list[dict[str, Any]], _described("Empty for now.")]
    hostRole: Annotated[str, _described("Always `USER`.")]


class LoggedIn(Struct):
    """The token and the user. The vendor documents no other `type`."""

    type: Literal["SUCCESS"]
    accessToken: Annotated[str, _described("Bearer token for the other calls, valid for 7 days.")]
    user: User


ERROR_CODES = (
    "ALREADY_EXISTS", "FAILED_PRECONDITION", "INTERNAL", "INVALID_ARGUMENT", "NOT_FOUND", "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED", "UNAUTHENTICATED", "UNAVAILABLE", "UNIMPLEMENTED",
)  # fmt: skip


class ErrorAnswer(Struct):
    """An error."""

    code: Annotated[str, _described("What kind of error it is, for programs.", enum=list(ERROR_CODES))]
    message: Annotated[str, _described("What is wrong, for people: all faults as `path: reason`, joined by `; `.")]
