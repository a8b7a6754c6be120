"""Wire types of invoices; no logic. Source of every rule: the vendor's published API description."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from crossdock.core.json.value_types import NonEmpty, Number
from crossdock.doors.fabric.wire import Attributes
from crossdock.doors.fabric.wire import DateTime as AnyDateTime

MAX_POSTED = 100  # invoices of one call; all are one transaction
Text = str | None


class InvoiceDetail(Struct, kw_only=True):
    """What an invoice is for."""

    channel: str | int
    tenant: Annotated[NonEmpty, Meta(description="The organization's fabric account.")]
    id: Annotated[NonEmpty, Meta(description="The id of the order or of the shipment.")]
    documentType: Literal["ORDER", "SHIPMENT"]
    invoiceType: Annotated[
        Literal["SHIPPING", "SHIPMENT", "APPEASEMENT", "RETURN"], Meta(description="SHIPMENT means SHIPPING.")
    ]
    orderNumber: Annotated[str, Meta(description="If present, that of the order.")] | None = None


class InvoiceRequest(Struct, kw_only=True):
    """The request for an invoice."""

    detailType: Annotated[str, Meta(description="Such as ORDER_CREATE or ORDER_RETURNS; has no effect.")] | None = None
    detail: InvoiceDetail


class PostRequest(Struct, kw_only=True):
    """Invoices to post."""

    invoiceIds: Annotated[list[NonEmpty], Meta(min_length=1, max_length=MAX_POSTED)]


class PostAcknowledgment(Struct, kw_only=True):
    """Says that a posted invoice has arrived."""

    invoiceId: NonEmpty
    acknowledgedAt: AnyDateTime | None = None
    attributes: Attributes | None = None


class InvoiceAcknowledgment(Struct, kw_only=True):
    """Says that a posted invoice has arrived."""

    invoiceId: NonEmpty


class Message(Struct):
    """A message."""

    message: str


# -------------------------------------------------------------------------------------------------------------- response
class InvoiceOrder(Struct, kw_only=True):
    """What of an order was billed. Items, payments and the rest have the fields that the vendor describes."""

    orderId: str
    orderNumber: str
    orderDate: Text
    orderType: Text
    orderSubType: Text
    invoiceOrderTotal: Number
    items: list[dict[str, Any]]
    payments: list[dict[str, Any]]
    fees: list[dict[str, Any]]
    appeasements: list[dict[str, Any]]
    discounts: list[dict[str, Any]]
    taxDetail: list[dict[str, Any]]
    attributes: Attributes


class Invoice(Struct, kw_only=True):
    """An invoice; of money that goes back, its amounts are negative."""

    invoiceId: Annotated[str, Meta(description="24 hexadecimal digits.")]
    invoiceNumber: str
    invoiceStatus: Annotated[str, Meta(description="ISSUED, or CREDITED for money that goes back.")]
    invoiceType: Literal["SHIPPING", "APPEASEMENT", "RETURN"]
    invoiceDate: str
    shipmentId: Annotated[str, Meta(description="Empty where it is of no shipment.")]
    shipmentNumber: Text
    shippedOn: Text
    orders: list[InvoiceOrder]
    locationNum: int | str | None
    location: dict[str, Any] | None
    retail: dict[str, Any] | None
    channelId: str
    invoiceTotal: Number
    totalTaxAmount: Number
    currency: Annotated[str, Meta(description="Empty where the order has none.")]
    statusCode: Literal["CREATED", "POSTED", "ACKNOWLEDGED"]
    createdAt: str
    updatedAt: str
    postedAt: Text
    acknowledgedAt: Text
    customer: dict[str, Any] | None
    auditLogs: list[dict[str, Any]]
    shipInfo: dict[str, Any] | None
    attributes: Attributes


class InvoicePage(Struct):
    """A page of invoices."""

    count: int
    limit: int
    offset: int
    invoices: list[Invoice]
