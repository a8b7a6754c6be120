"""Pitney Bowes Fulfillment's wire types of requests about products, inventory, receiving notices and work orders.

wire_call_answers.py has those of answers. The rules are those of the vendor's pages; docs/doors/pb_fulfillment.md says what is
required beyond its flags. As in orders, every optional member may be null, every optional text "", and a number is accepted
where text belongs.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from crossdock.core.inbound.documents import MAX_LINES
from crossdock.core.json.value_types import MAX_QUANTITY, NonEmpty, Number, Quantity
from crossdock.doors.pb_fulfillment.wire import (
    MAX_BULK,
    MAX_SEARCH_VALUES,
    ClientId,
    OptionalDateTime,
    Reserved,
    Text2,
    Text50,
    Text100,
    Text255,
)

Sku = Annotated[str, Meta(min_length=1, max_length=30)]
Text10 = Annotated[str, Meta(max_length=10)]
Text30 = Annotated[str, Meta(max_length=30)]
Text35 = Annotated[str, Meta(max_length=35)]
Text250 = Annotated[str, Meta(max_length=250)]
Node = Annotated[
    str, Meta(min_length=1, max_length=100, description="The id of a facility, such as `160`: a location.")
]
InventoryType = Annotated[
    str, Meta(max_length=100, description="The kind of stock; `NEW`, and none, is the common stock.")
]
ClientDate = Annotated[OptionalDateTime, Meta(description="The client's date; returned as it was sent.")]


# ------------------------------------------------------------------------------------------------------------ products
class ProductVendor(Struct):
    """The vendor of a product."""

    name: Annotated[str, Meta(min_length=1, max_length=50)]
    number: Annotated[str, Meta(min_length=1, max_length=30)]


class Hazmat(Struct):
    """How a product is classified as a hazard."""

    dotHazmatCode: Text10 | None = None
    unHazmatCode: Text10 | None = None
    hazmatDescription: Text100 | None = None


class HsClassification(Struct):
    """The code of a product in the harmonized system of a country."""

    hsTariffCode: Text30 | None = None
    countryCode: Text2 | None = None


class ProductIdentifier(Struct):
    """Another number of a product, such as a UPC."""

    number: Text100 | None = None
    source: Text10 | None = None


class ProductDetails(Struct, kw_only=True):
    """What a product is. Members that are not listed are stored and returned."""

    brand: Text50 | None = None
    category: Text50 | None = None
    description: Annotated[str, Meta(min_length=1, max_length=100)]
    hazmatClassification: list[Hazmat] | None = None
    hsClassification: list[HsClassification] | None = None
    identifiers: list[ProductIdentifier] | None = None
    manufacturer: Text255 | None = None
    originCountryCode: Text2 | None = None
    originStateProvince: Text50 | None = None


ProductType = Literal["ITEM", "KIT"]
Region = Annotated[
    Literal["PB_ONLY", "THIRD_PARTY", "ALL", ""], Meta(description="`PB_ONLY` where it is missing or empty.")
]


class ProductCreate(Struct, kw_only=True):
    """A product."""

    clientId: ClientId
    vendorDetails: ProductVendor | None = None
    productType: ProductType
    sku: Sku
    createDate: ClientDate | None = None
    updateDate: ClientDate | None = None
    fulfillmentRegion: Region | None = None
    details: ProductDetails
    options: list[Reserved] | None = None
    active: bool | None = None


class ProductUpdate(Struct, kw_only=True):
    """A product as a whole; its sku is that of the path."""

    clientId: ClientId
    vendorDetails: ProductVendor | None = None
    productType: ProductType
    sku: Sku | None = None
    createDate: ClientDate | None = None
    updateDate: ClientDate | None = None
    fulfillmentRegion: Region | None = None
    details: ProductDetails
    options: list[Reserved] | None = None
    active: bool | None = None


class BulkProduct(ProductCreate, kw_only=True):
    """A product of a bulk call. Without `operation` it is updated where its sku exists, and created otherwise."""

    operation: Literal["CREATE", "UPDATE", ""] | None = None


class ProductBulk(Struct):
    """The bulk body, for the documentation; each product is parsed by itself."""

    products: Annotated[list[BulkProduct], Meta(min_length=1, max_length=MAX_BULK)]


class ProductEnvelope(Struct):
    """The bulk body, its products not parsed."""

    products: Annotated[list[Any], Meta(min_length=1, max_length=MAX_BULK)]


# --------------------------------------------------------------------------------------------------------- receiving ASN
class AsnVendor(Struct):
    """The supplier of goods."""

    name: Annotated[str, Meta(min_length=1, max_length=50)]
    code: Annotated[str, Meta(min_length=1, max_length=50)]


class AsnShipping(Struct, kw_only=True):
    """How the goods come."""

    carrier: Annotated[str, Meta(min_length=1, max_length=30)]
    serviceId: Text50 | None = None
    serviceName: str | None = None
    trackingNumber: str | None = None


class AsnCost(Struct):
    """What one unit costs; `wholeSalePrice` has a capital S, and `currency` has two or three letters."""

    retailPrice: Number | None = None
    wholeSalePrice: Number | None = None
    unitCost: Number | None = None
    currency: Annotated[str, Meta(max_length=3)] | None = None


LineNumber = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]


class AsnLine(Struct, kw_only=True):
    """Units of a product that are expected."""

    lineId: LineNumber | None = None
    purchaseOrderNumberLineId: LineNumber | None = None
    sku: Sku
    alternateSKU: str | None = None
    inventoryType: InventoryType | None = None
    originCountryCode: Text2 | None = None
    expectedQuantity: Quantity
    unitOfMeasurement: str | None = None
    estimatedDeliveryDate: ClientDate | None = None
    costDetails: AsnCost | None = None
    licensePlateDetails: list[Reserved] | None = None


AsnLines = Annotated[list[AsnLine], Meta(min_length=1, max_length=MAX_LINES)]


class AsnCreate(Struct, kw_only=True):
    """A receiving notice. The lines may be named `asnLines`, `receivingASNLines` or `lines`."""

    clientId: ClientId
    brand: Text30 | None = None
    inboundType: Annotated[Literal["PO", "ASN", ""], Meta(description="`ASN` where it is missing or empty.")] | None = (
        None
    )
    clientASNId: Annotated[Text35, Meta(description="Your id, unique; required for an ASN.")] | None = None
    purchaseOrderNumber: Annotated[Text35, Meta(description="Required for a PO.")] | None = None
    invoiceNumber: str | None = None
    receivingNode: Node
    vendorDetails: AsnVendor | None = None
    shippingDetails: AsnShipping | None = None
    createDate: ClientDate | None = None
    updateDate: ClientDate | None = None
    asnLines: AsnLines | None = None
    receivingASNLines: AsnLines | None = None
    lines: AsnLines | None = None


ASN_LINES = ("asnLines", "receivingASNLines", "lines")


# ---------------------------------------------------------------------------------------------------------- work orders
class Component(Struct):
    """Units of a product in one kit."""

    sku: Sku
    quantity: Quantity


class WorkOrderCreate(Struct, kw_only=True):
    """An order to assemble kits. The number of kits may be named `workOrderQuantity` or `quantity`."""

    clientId: ClientId
    clientWorkOrderId: Annotated[str, Meta(min_length=1, max_length=35, description="Your id, unique.")]
    workOrderName: Annotated[str, Meta(min_length=1, max_length=30)]
    description: Text250 | None = None
    type: Annotated[Literal["KIT"], Meta(description="The vendor's other types are reserved.")]
    node: Node
    createDate: ClientDate | None = None
    updateDate: ClientDate | None = None
    sku: Annotated[Sku, Meta(description="The kit; a product.")]
    brand: Text50 | None = None
    workOrderQuantity: Annotated[int, Meta(ge=1, le=MAX_QUANTITY)] | None = None
    quantity: Annotated[int, Meta(ge=1, le=MAX_QUANTITY)] | None = None
    components: Annotated[list[Component], Meta(max_length=100, description="Those of one kit.")] | None = None


class WorkOrderCancel(Struct, kw_only=True):
    """The body of the call that cancels a work order."""

    clientId: ClientId
    clientWorkOrderId: Annotated[str, Meta(min_length=1, max_length=35)]
    brand: Text30 | None = None
    cancelReason: Text50 | None = None
    cancelDate: ClientDate | None = None


# ------------------------------------------------------------------------------------------------------------- searches
DATES = ("createDate", "updateDate", "pbCreateDate", "pbUpdateDate")
DATE_SORTS = tuple(f"{name}-{direction}" for name in DATES for direction in ("asc", "desc"))
PRODUCT_NAMES = ("sku", "productType", "active", "fulfillmentRegion", *DATES)
ASN_NAMES = (
    "receivingASNIds", "clientASNIds", "purchaseOrderNumbers", "status", "sku", "receivingNode", "brands", *DATES,
)  # fmt: skip
WORK_ORDER_NAMES = ("workOrderIds", "clientWorkOrderIds", "status", "sku", "node", "brands", *DATES)
INVENTORY_NAMES = ("sku", "skus", "nodes", "inventoryType", "brands")
Values = Annotated[list[NonEmpty], Meta(min_length=1, max_length=MAX_SEARCH_VALUES)]
ProductValues = Annotated[list[NonEmpty | bool], Meta(min_length=1, max_length=MAX_SEARCH_VALUES)]


class ProductField(Struct):
    """A condition on one member of a product: it is any of the values, or a date between two values."""

    name: Annotated[Literal[PRODUCT_NAMES], Meta(description="Each name may occur once.")]  # type: ignore[valid-type]
    values: ProductValues


class ProductSearch(Struct, kw_only=True):
    """A product must match all fields."""

    clientId: ClientId
    sort: list[Literal[DATE_SORTS]] | None = None  # type: ignore[valid-type]
    searchFields: list[ProductField] | None = None


class AsnField(Struct):
    """A condition on one member of a notice: it is any of the values, or a date between two values."""

    name: Annotated[Literal[ASN_NAMES], Meta(description="Each name may occur once.")]  # type: ignore[valid-type]
    values: Values


class AsnSearch(Struct, kw_only=True):
    """A notice must match all fields."""

    clientId: ClientId
    sort: list[Literal[DATE_SORTS]] | None = None  # type: ignore[valid-type]
    searchFields: list[AsnField] | None = None


class WorkOrderField(Struct):
    """A condition on one member of a work order: it is any of the values, or a date between two values."""

    name: Annotated[Literal[WORK_ORDER_NAMES], Meta(description="Each name may occur once.")]  # type: ignore[valid-type]
    values: Values


class WorkOrderSearch(Struct, kw_only=True):
    """A work order must match all fields."""

    clientId: ClientId
    sort: list[Literal[DATE_SORTS]] | None = None  # type: ignore[valid-type]
    searchFields: list[WorkOrderField] | None = None


class InventoryField(Struct):
    """A condition on one member of a row: it is any of the values."""

    name: Annotated[Literal[INVENTORY_NAMES], Meta(description="Each name may occur once.")]  # type: ignore[valid-type]
    values: Values


class InventorySearch(Struct, kw_only=True):
    """A row must match all fields."""

    clientId: ClientId
    sort: list[Literal["sku-asc", "sku-desc"]] | None = None
    searchFields: list[InventoryField] | None = None
