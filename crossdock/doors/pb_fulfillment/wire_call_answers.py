"""Pitney Bowes Fulfillment's wire types of answers about products, inventory, receiving notices and work orders; their members
stand in the order of the vendor's tables. They have no limits: what another API created may have longer values."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from crossdock.core.json.value_types import Number
from crossdock.doors.pb_fulfillment.wire_answers import ClientTime, Error, PageNumber, ServerTime, UnifiedError

ProductTime = Annotated[
    str,
    Meta(
        description="A time of the server, in UTC.",
        extra_json_schema={"pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}[+-]\d{4}$"},
    ),
]
AsnId = Annotated[str, Meta(extra_json_schema={"pattern": "^ASN[0-9]{19}[A-Za-z]{2}$"})]
WorkOrderId = Annotated[str, Meta(extra_json_schema={"pattern": "^WRK[0-9]{19}[A-Za-z]{2}$"})]
DocumentStatus = Literal["CREATED", "INPROGRESS", "COMPLETE", "CLOSED", "CANCELED"]
TotalElements = Annotated[int, Meta(description="The number of rows that match.")]


# ------------------------------------------------------------------------------------------------------------ products
class ProductVendorAnswer(Struct):
    """The vendor of a product."""

    name: str | None = None
    number: str | None = None


class HazmatAnswer(Struct):
    """How a product is classified as a hazard."""

    dotHazmatCode: str | None = None
    unHazmatCode: str | None = None
    hazmatDescription: str | None = None


class HsClassificationAnswer(Struct):
    """The code of a product in the harmonized system of a country."""

    hsTariffCode: str | None = None
    countryCode: str | None = None


class ProductIdentifierAnswer(Struct):
    """Another number of a product."""

    number: str | None = None
    source: str | None = None


class ProductDetailsAnswer(Struct, kw_only=True):
    """What a product is."""

    brand: str | None = None
    category: str | None = None
    description: str
    hazmatClassification: list[HazmatAnswer] | None = None
    hsClassification: list[HsClassificationAnswer] | None = None
    identifiers: list[ProductIdentifierAnswer] | None = None
    manufacturer: str | None = None
    originCountryCode: str | None = None
    originStateProvince: str | None = None


class ProductAnswer(Struct, kw_only=True):
    """A product."""

    clientId: str
    vendorDetails: ProductVendorAnswer | None = None
    productType: Literal["ITEM", "KIT"]
    sku: str
    createDate: ClientTime | None = None
    updateDate: ClientTime | None = None
    pbCreateDate: ProductTime
    pbUpdateDate: ProductTime | None = None
    fulfillmentRegion: str
    details: ProductDetailsAnswer
    options: list[dict[str, Any]] | None = None
    active: bool


class BulkProductAnswer(Struct, kw_only=True):
    """A product of a bulk call that was stored."""

    clientId: str
    sku: str
    status: Literal["PUBLISHED"]


class RefusedProduct(Struct, kw_only=True, omit_defaults=True):
    """A product of a bulk call that was refused, with its ids as sent, if they could be read."""

    clientId: Any = None
    sku: Any = None
    status: Literal["UNPUBLISHED"]
    errors: list[Error]


class UnifiedRefusedProduct(Struct, kw_only=True, omit_defaults=True):
    """A refused product, where the client asked for the unified structure of errors."""

    clientId: Any = None
    sku: Any = None
    status: Literal["UNPUBLISHED"]
    errors: list[UnifiedError]


class ProductPage(Struct, kw_only=True):
    """A page of products."""

    totalPages: int
    totalElements: TotalElements
    first: bool
    last: bool
    size: int
    number: PageNumber
    numberOfElements: int
    products: list[ProductAnswer]


# ----------------------------------------------------------------------------------------------------------- inventory
class InventoryRow(Struct, kw_only=True):
    """The stock of one product at one facility, of one type; `availableQuantity` is what is neither allocated nor on hold."""

    clientId: str
    sku: str
    brand: str | None = None
    node: str
    inventoryType: str
    onHandQuantity: int
    availableQuantity: int
    allocatedQuantity: int
    onHoldQuantity: int
    updateDate: ServerTime


class InventoryPage(Struct, kw_only=True):
    """A page of the inventory."""

    totalPages: int
    totalElements: TotalElements
    first: bool
    last: bool
    size: int
    number: PageNumber
    numberOfElements: int
    inventory: list[InventoryRow]


# --------------------------------------------------------------------------------------------------------- receiving ASN
class AsnVendorAnswer(Struct):
    """The supplier of goods."""

    name: str | None = None
    code: str | None = None


class AsnShippingAnswer(Struct):
    """How the goods come."""

    carrier: str | None = None
    serviceId: str | None = None
    serviceName: str | None = None
    trackingNumber: str | None = None


class AsnCostAnswer(Struct):
    """What one unit costs."""

    retailPrice: Number | None = None
    wholeSalePrice: Number | None = None
    unitCost: Number | None = None
    currency: str | None = None


class AsnLineAnswer(Struct, kw_only=True):
    """A line with what has arrived of it."""

    lineId: int | None = None
    purchaseOrderNumberLineId: int | None = None
    PBlineId: int
    sku: str
    alternateSKU: str | None = None
    inventoryType: str
    originCountryCode: str | None = None
    expectedQuantity: int
    unitOfMeasurement: str
    estimatedDeliveryDate: ClientTime | None = None
    costDetails: AsnCostAnswer | None = None
    licensePlateDetails: list[dict[str, Any]] | None = None
    receivedQuantity: int


class Asn(Struct, kw_only=True):
    """A receiving notice."""

    clientId: str
    brand: str | None = None
    inboundType: Literal["PO", "ASN"]
    clientASNId: str | None = None
    purchaseOrderNumber: str | None = None
    invoiceNumber: str | None = None
    receivingNode: str
    vendorDetails: AsnVendorAnswer | None = None
    receivingASNId: AsnId
    shippingDetails: AsnShippingAnswer | None = None
    status: DocumentStatus
    createDate: ClientTime | None = None
    updateDate: ClientTime | None = None
    pbCreateDate: ServerTime
    pbUpdateDate: ServerTime | None = None
    asnLines: list[AsnLineAnswer]


class AsnStatusRow(Struct, kw_only=True):
    """The status of a receiving notice."""

    clientId: str
    brand: str | None = None
    inboundType: Literal["PO", "ASN"]
    clientASNId: str | None = None
    purchaseOrderNumber: str | None = None
    receivingASNId: AsnId
    status: DocumentStatus
    createDate: ClientTime | None = None
    updateDate: ClientTime | None = None
    pbCreateDate: ServerTime
    pbUpdateDate: ServerTime | None = None


class AsnPage(Struct, kw_only=True):
    """A page of receiving notices."""

    totalPages: int
    totalElements: TotalElements
    first: bool
    last: bool
    size: int
    number: PageNumber
    numberOfElements: int
    receivingASNs: list[Asn]


class AsnStatusPage(Struct, kw_only=True):
    """A page of statuses of receiving notices."""

    totalPages: int
    totalElements: TotalElements
    first: bool
    last: bool
    size: int
    number: PageNumber
    numberOfElements: int
    receivingASNs: list[AsnStatusRow]


# ---------------------------------------------------------------------------------------------------------- work orders
class ComponentAnswer(Struct):
    """Units of a product in one kit."""

    sku: str
    quantity: int


class WorkOrderAnswer(Struct, kw_only=True):
    """A work order; `completedQuantity` kits are done."""

    clientId: str
    clientWorkOrderId: str
    workOrderId: WorkOrderId
    workOrderName: str
    description: str | None = None
    type: Literal["KIT"]
    status: DocumentStatus
    node: str
    createDate: ClientTime | None = None
    updateDate: ClientTime | None = None
    sku: str
    brand: str | None = None
    workOrderQuantity: int
    completedQuantity: int
    components: list[ComponentAnswer]
    pbCreateDate: ServerTime
    pbUpdateDate: ServerTime | None = None


class WorkOrderStatusRow(Struct, kw_only=True):
    """The status of a work order."""

    clientId: str
    clientWorkOrderId: str
    workOrderId: WorkOrderId
    workOrderName: str
    status: DocumentStatus
    createDate: ClientTime | None = None
    updateDate: ClientTime | None = None
    pbCreateDate: ServerTime
    pbUpdateDate: ServerTime | None = None


class WorkOrderCanceled(Struct, kw_only=True):
    """What the call that cancels a work order answers, which is not the whole work order."""

    clientId: str
    clientWorkOrderId: str
    workOrderId: WorkOrderId
    brand: str | None = None
    cancelReason: str | None = None
    cancelDate: ClientTime | None = None
    pbCancelDate: ServerTime


class WorkOrderPage(Struct, kw_only=True):
    """A page of work orders."""

    totalPages: int
    totalElements: TotalElements
    first: bool
    last: bool
    size: int
    number: PageNumber
    numberOfElements: int
    workOrders: list[WorkOrderAnswer]


class WorkOrderStatusPage(Struct, kw_only=True):
    """A page of statuses of work orders."""

    totalPages: int
    totalElements: TotalElements
    first: bool
    last: bool
    size: int
    number: PageNumber
    numberOfElements: int
    workOrders: list[WorkOrderStatusRow]
