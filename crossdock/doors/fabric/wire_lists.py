"""Wire types of shipping methods and lists; no logic.

Source of every rule: the vendor's published API description; docs/doors/fabric.md lists the decisions where it is silent.
Optional fields may be null.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct

from crossdock.core.json.value_types import NonEmpty, Number
from crossdock.doors.fabric.wire import Attributes
from crossdock.doors.fabric.wire_calls import QueryRequest
from crossdock.doors.fabric.wire_responses import DateTime

MAX_ITEMS = 1_000  # of one list, or linked by one call; a list is one document of at most about 100 kB


# ------------------------------------------------------------------------------------------------------ shipping methods
class IntegerRange(Struct, kw_only=True):
    """A smallest and a largest value; neither is required."""

    min: int | None = None
    max: int | None = None


class Size(Struct, kw_only=True):
    """The size of a parcel."""

    height: int | None = None
    width: int | None = None
    length: int | None = None


class SizeRange(Struct, kw_only=True):
    """A smallest and a largest size."""

    min: Size | None = None
    max: Size | None = None


class ShippingMethod(Struct, kw_only=True):
    """A shipping method in a request."""

    shippingMethodId: Annotated[NonEmpty, Meta(description="Made by the server where it is missing.")] | None = None
    name: NonEmpty
    description: NonEmpty
    taxCode: NonEmpty
    minimumDays: Annotated[int, Meta(ge=0)]
    maximumDays: Annotated[int, Meta(ge=0, description="At least minimumDays.")]
    cutOffTime: Annotated[int, Meta(ge=0, le=2359, description="A time of day: 1330 is 13:30.")]
    cost: Number
    channel: NonEmpty
    region: str | None = None
    deleted: Annotated[bool, Meta(description="true: queries leave the method out.")] | None = None
    createdBy: NonEmpty
    updatedBy: str | None = None
    configuredBy: str | None = None
    addressType: Annotated[NonEmpty, Meta(description="Such as APO, MPO, PO, Business or Residence; not checked.")]
    weight: IntegerRange | None = None
    cartValue: IntegerRange | None = None
    dimension: SizeRange | None = None


class ShippingMethodChange(ShippingMethod, kw_only=True):
    """The fields of a shipping method to change; the others stay."""

    name: NonEmpty | None = None  # type: ignore[assignment]
    description: NonEmpty | None = None  # type: ignore[assignment]
    taxCode: NonEmpty | None = None  # type: ignore[assignment]
    minimumDays: int | None = None  # type: ignore[assignment]
    maximumDays: int | None = None  # type: ignore[assignment]
    cutOffTime: int | None = None  # type: ignore[assignment]
    cost: Number | None = None  # type: ignore[assignment]
    channel: NonEmpty | None = None  # type: ignore[assignment]
    createdBy: NonEmpty | None = None  # type: ignore[assignment]
    addressType: NonEmpty | None = None  # type: ignore[assignment]


class StoredShippingMethod(ShippingMethod, kw_only=True):
    """A shipping method in a response; what one that another API added does not have is null."""

    shippingMethodId: str
    name: str
    description: str | None  # type: ignore[assignment]
    taxCode: str | None  # type: ignore[assignment]
    minimumDays: int | None  # type: ignore[assignment]
    maximumDays: int | None  # type: ignore[assignment]
    cutOffTime: int | None  # type: ignore[assignment]
    cost: Number | None  # type: ignore[assignment]
    channel: str | None  # type: ignore[assignment]
    deleted: bool
    createdBy: str | None  # type: ignore[assignment]
    addressType: str | None  # type: ignore[assignment]
    createdAt: DateTime
    updatedAt: DateTime


class ShippingItems(Struct, kw_only=True):
    """Items that a shipping method is for."""

    itemIds: Annotated[list[NonEmpty], Meta(min_length=1, max_length=MAX_ITEMS)]


class ShippingItem(Struct, kw_only=True):
    """An item that a shipping method is for."""

    itemId: str
    shippingMethodId: str
    deleted: bool


class ShippingItemPage(Struct, kw_only=True):
    """A page of the items that a shipping method is for."""

    count: int
    limit: int
    offset: int
    itemIds: list[str]


class ShippingMethods(Struct, kw_only=True):
    """The shipping methods of an item."""

    shippingMethods: list[StoredShippingMethod]


class ShippingMethodPage(Struct, kw_only=True):
    """A page of shipping methods."""

    count: int
    limit: int
    offset: int
    shippingMethods: list[StoredShippingMethod]


class ShippingQuery(QueryRequest, kw_only=True):
    """A search for shipping methods, sorted by createdAt and ascending where it does not say otherwise."""


# ----------------------------------------------------------------------------------------------------------------- lists
class List(Struct, kw_only=True):
    """A list in a request, such as a wish list."""

    name: NonEmpty
    userId: Annotated[str, Meta(description="Whose list it is.")] | None = None
    listId: Annotated[NonEmpty, Meta(description="Made by the server where it is missing.")] | None = None
    listType: str | None = None
    notes: str | None = None
    attributes: Attributes | None = None
    count: Annotated[Any, Meta(description="Ignored: the number of items.")] = None


class ListChange(List, kw_only=True):
    """The fields of a list to change; the others, and the items, stay."""

    name: NonEmpty | None = None  # type: ignore[assignment]


class StoredList(Struct, kw_only=True):
    """A list in a response."""

    name: str
    userId: str | None
    listId: str
    listType: str | None
    notes: str | None
    attributes: Attributes | None
    count: Annotated[int, Meta(description="The number of its items, not of their units.")]
    createdAt: DateTime
    updatedAt: DateTime


class ListItem(Struct, kw_only=True):
    """An item to add to a list."""

    listId: Annotated[str, Meta(description="If present, that of the path.")] | None = None
    sku: NonEmpty
    itemId: str | None = None
    quantity: (
        Annotated[int, Meta(description="Units to add, 1 where it is missing; 0 or less removes the item.")] | None
    ) = None


class ListItems(Struct, kw_only=True):
    """The items of a request."""

    items: Annotated[list[ListItem], Meta(min_length=1, max_length=MAX_ITEMS)]


class StoredListItem(Struct, kw_only=True):
    """An item of a list in a response."""

    listId: str
    sku: str
    itemId: str | None
    quantity: int
