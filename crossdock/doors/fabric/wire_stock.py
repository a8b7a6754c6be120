"""Wire types of the inventory calls: records, adjustments, networks, counters, attributes, bulk uploads; no logic.

Source of every rule: the vendor's published API description and its guide on inventory; docs/doors/fabric.md lists the
decisions where they are silent. Optional fields may be null.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct

from crossdock.core.json.value_types import MAX_QUANTITY, NonEmpty, Number
from crossdock.doors.fabric.wire import Attributes, DateTime
from crossdock.doors.fabric.wire_locations import LocationNum, Pagination

MAX_SKU = 200
Sku = Annotated[str, Meta(min_length=1, max_length=MAX_SKU)]
ItemId = Annotated[str, Meta(min_length=1, max_length=MAX_SKU)] | Annotated[int, Meta(ge=0, le=10**18 - 1)]
Channel = Annotated[str, Meta(min_length=1, max_length=100)] | Annotated[int, Meta(ge=0, le=10**18 - 1)]
Units = Annotated[int, Meta(ge=0, le=MAX_QUANTITY)]
MAX_COUNTERS = 100
CounterName = Annotated[str, Meta(min_length=1, max_length=100)]
Counters = Annotated[
    dict[str, int | str],
    Meta(
        description="Units by counter: onHand (also on-hand), allocated, shipped, and those of the organization's own. Whole "
        "numbers, or text of digits.",
    ),
]
Deltas = Annotated[
    dict[str, int | str],
    Meta(
        description="Units to add by counter, or to take away: whole numbers, or text such as +10 or -10.",
    ),
]


# --------------------------------------------------------------------------------------------------------------- records
class InventoryBody(Struct, kw_only=True):
    """A stock record: a product at a location, for a channel. `sku` or `itemId` is required."""

    sku: Sku | None = None
    itemId: ItemId | None = None
    locationNum: LocationNum
    channelId: Channel
    vendorId: str | int | None = None
    leadTime: str | int | None = None
    inventoryType: str | None = None
    infiniteInventory: Annotated[bool, Meta(description="Whether orders never run out of it.")] | None = None
    backOrderDate: DateTime | None = None
    preOrderDate: DateTime | None = None
    backOrderLimit: Units | None = None
    preOrderLimit: Units | None = None
    safetyStock: Annotated[Units, Meta(description="Units reserved from sale.")] | None = None
    lowStock: Annotated[Units, Meta(description="The stock is low below this number of available units.")] | None = None
    segment: str | None = None
    region: str | None = None
    counters: Counters | None = None
    attributes: Attributes | None = None


class Adjustment(Struct, kw_only=True):
    """Units to add to the counters of a record, or to take away. `sku` or `itemId` is required."""

    sku: Sku | None = None
    itemId: ItemId | None = None
    locationNum: LocationNum
    channelId: Channel
    leadTime: str | int | None = None
    counters: Deltas | None = None
    attributes: Attributes | None = None


VirtualCounters = Annotated[
    dict[str, int],
    Meta(
        description="availableToPurchase: on hand, less allocated, shipped, safety stock and all other counters; "
        "availableBackorder and availablePreorder where the record has such a limit."
    ),
]


class Inventory(Struct, kw_only=True):
    """A stock record. Dates, limits, segment and region are stored and not returned."""

    virtualCounters: VirtualCounters
    id: Annotated[str, Meta(description="24 hexadecimal digits.")]
    sku: str
    itemId: str | int | None
    locationNum: int
    channelId: str | int
    vendorId: str | int | None
    leadTime: str | int | None
    inventoryType: str | None
    infiniteInventory: bool
    counters: Annotated[dict[str, int], Meta(description="Units by counter, under the names that were sent.")]
    attributes: Attributes


class InventoryPage(Struct):
    """A page of stock records, by SKU, location and channel."""

    pagination: Pagination
    inventory: list[Inventory]


class Distance(Struct):
    """A location with its distance in miles."""

    locationNum: int
    distance: Number


class NearInventory(Struct):
    """Stock records at the locations near a place, and these locations, the nearest first."""

    inventory: list[Inventory]
    locations: list[Distance]


# -------------------------------------------------------------------------------------------------------------- networks
class NetworkBody(Struct, kw_only=True):
    """A network: the stock records that meet all rules, shown as one figure."""

    code: Annotated[str, Meta(min_length=1, max_length=MAX_SKU)]
    name: str | None = None
    safetyStock: Annotated[Units, Meta(description="Subtracted from the sum; 0 where it is missing.")] | None = None
    rules: (
        Annotated[
            dict[str, Any],
            Meta(
                description="Values by path: `locationData.` and a member of the location, or `productData.attributes.` and an "
                "attribute of the record. A record must meet all."
            ),
        ]
        | None
    ) = None


class Network(Struct, kw_only=True):
    """A network with its id."""

    networkId: Annotated[str, Meta(description="24 hexadecimal digits.")]
    code: str
    name: str | None
    safetyStock: int
    rules: dict[str, Any]


class NetworkPage(Struct):
    """A page of networks, the newest first."""

    pagination: Pagination
    network: list[Network]


class Aggregation(Struct):
    """The stock of a product in a network."""

    networkCode: str
    sku: str
    virtualCounters: dict[str, int]


class AggregationPage(Struct):
    """A page of the stock of products in networks."""

    pagination: Pagination
    networkAggregation: list[Aggregation]


# -------------------------------------------------------------------------------------------------- counters, attributes
class CounterBody(Struct, kw_only=True):
    """A counter of the organization's own."""

    code: CounterName
    name: NonEmpty


class CounterChange(Struct, kw_only=True):
    """The new name of a counter."""

    name: NonEmpty


class Counter(Struct, kw_only=True):
    """A counter with its id."""

    id: str
    name: str
    code: str


class InventoryAttributeBody(Struct, kw_only=True):
    """An attribute of stock records."""

    code: CounterName


class InventoryAttribute(Struct, kw_only=True):
    """An attribute of stock records with its id."""

    id: str
    code: str


# --------------------------------------------------------------------------------------------------------------- uploads
class FileBody(Struct, kw_only=True):
    """The name of a file to upload, or of one whose errors are asked for; there also its keyId."""

    fileName: Annotated[str, Meta(min_length=1, max_length=200)]


class FileUrl(Struct):
    """A URL that works for 15 minutes without a token, and the key of the upload."""

    keyId: str
    url: str


class UploadLog(Struct, kw_only=True):
    """The state of an upload."""

    id: str
    keyId: str
    status: Annotated[str, Meta(description="INITIATED, PROCESSING, COMPLETED or SYSTEM_ERROR.")]
    totalRows: int
    totalRowsUploaded: int
    totalRowsErrors: int


class UploadLogPage(Struct):
    """A page of uploads, the newest first, under the vendor's name for the array."""

    pagination: Pagination
    networkAggregation: list[UploadLog]
