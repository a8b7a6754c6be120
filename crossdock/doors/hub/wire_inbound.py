"""Shapes and spelling of the hub's receiving notices, work orders and transfers."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from crossdock.core.catalog.products import KitComponent
from crossdock.core.inbound.documents import MAX_LINES, Expected, InboundDocument, InboundStatus, LineUnits
from crossdock.core.inbound.notices import NoticeLine, ReceivingNotice
from crossdock.core.inbound.transfers import Transfer, TransferLine
from crossdock.core.inbound.work_orders import WorkOrder
from crossdock.core.json.value_types import AnyDate, Quantity
from crossdock.core.stock.model import MAX_UNITS
from crossdock.doors.hub.mapping import time_answer
from crossdock.doors.hub.wire import Id, Time, about
from crossdock.flows.inbound import Stored

Tree = Any
MAX_COMPONENTS = 100  # of a kit
Number = Annotated[str, Meta(min_length=1, max_length=100)]
Code = Annotated[str, Meta(min_length=1, max_length=100)]
Sku = Annotated[str, Meta(min_length=1, max_length=200)]
Pool = Annotated[str, Meta(max_length=100)]
Text = Annotated[str, Meta(max_length=1_000)]
Reason = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S")]
Units = Annotated[int, Meta(ge=0, le=MAX_UNITS)]
Position = Annotated[int, Meta(ge=0, le=MAX_LINES - 1)]
_SKU, _POOL = about("the SKU"), about("the pool of the stock; empty for the common stock")
_NUMBER, _REFERENCE = about("your number, unique"), about("another number, such as that of the purchase order")
_EXPECTED_AT, _NOTES = about("when it is expected, a date or a time"), about("notes for people")
_STATUS = about("follows from the units; `closed` and `canceled` are set by calls")
# ------------------------------------------------------------------------------------------------------------ requests


class NoticeLineBody(Struct):
    """Units of one SKU that are expected."""

    sku: Annotated[Sku, _SKU]
    expected: Annotated[Quantity, about("units that are expected")]
    pool: Annotated[Pool, _POOL] = ""
    expected_at: Annotated[AnyDate | None, about("when, if not with the whole notice")] = None


class NoticeBody(Struct):
    """Goods that are expected at a location."""

    number: Annotated[Number, _NUMBER]
    location: Annotated[Code, about("the code of the location that receives them")]
    lines: Annotated[list[NoticeLineBody], Meta(min_length=1, max_length=MAX_LINES), about("what is expected")]
    reference: Annotated[Number | None, _REFERENCE] = None
    supplier: Annotated[Text | None, about("who sends the goods")] = None
    carrier: Annotated[Text | None, about("who carries them")] = None
    tracking_number: Annotated[Text | None, about("the carrier's number")] = None
    expected_at: Annotated[AnyDate | None, _EXPECTED_AT] = None
    notes: Annotated[Text | None, _NOTES] = None


class KitComponentBody(Struct):
    """Units of a product in one kit."""

    sku: Annotated[Sku, _SKU]
    quantity: Annotated[Quantity, about("units in one kit")]


Components = Annotated[list[KitComponentBody], Meta(max_length=MAX_COMPONENTS)]


class WorkOrderBody(Struct):
    """Kits that a location is to assemble."""

    number: Annotated[Number, _NUMBER]
    location: Annotated[Code, about("the code of the location that assembles them")]
    sku: Annotated[Sku, about("the SKU of the kit")]
    quantity: Annotated[Quantity, about("kits to assemble")]
    components: Annotated[Components | None, about("what one kit has; null for the product's own")] = None
    pool: Annotated[Pool, about("the pool of the components and of the kits; empty for the common stock")] = ""
    name: Annotated[Text | None, about("a name for people")] = None
    reference: Annotated[Number | None, _REFERENCE] = None
    expected_at: Annotated[AnyDate | None, _EXPECTED_AT] = None
    notes: Annotated[Text | None, _NOTES] = None


class TransferLineBody(Struct):
    """Units of one SKU that move."""

    sku: Annotated[Sku, _SKU]
    quantity: Annotated[Quantity, about("units that move")]
    pool: Annotated[Pool, _POOL] = ""


class TransferBody(Struct):
    """Units that move from one location to another."""

    number: Annotated[Number, _NUMBER]
    source: Annotated[Code, about("the code of the location they leave")]
    target: Annotated[Code, about("the code of the location they go to")]
    lines: Annotated[list[TransferLineBody], Meta(min_length=1, max_length=MAX_LINES), about("what moves")]
    reference: Annotated[Number | None, _REFERENCE] = None
    carrier: Annotated[Text | None, about("who carries them")] = None
    tracking_number: Annotated[Text | None, about("the carrier's number")] = None
    expected_at: Annotated[AnyDate | None, _EXPECTED_AT] = None
    notes: Annotated[Text | None, _NOTES] = None


class ReceivedLine(Struct):
    """Units of a line that arrived."""

    line: Annotated[Position, about("the position of the line, from 0")]
    quantity: Annotated[Quantity, about("units that arrived, damaged ones included")]
    damaged: Annotated[Units, about("damaged units among them; they are in stock and not available")] = 0


ReceivedLines = Annotated[list[ReceivedLine], Meta(min_length=1, max_length=MAX_LINES)]


class ReceiptBody(Struct):
    """What arrived; without lines everything that is still expected, and of a transfer everything in transit."""

    lines: Annotated[ReceivedLines | None, about("what arrived; null for everything")] = None


class ShippedLine(Struct):
    """Units of a line that leave."""

    line: Annotated[Position, about("the position of the line, from 0")]
    quantity: Annotated[Quantity, about("units that leave")]


ShippedLines = Annotated[list[ShippedLine], Meta(min_length=1, max_length=MAX_LINES)]


class ShipBody(Struct):
    """What leaves; without lines everything that has not left."""

    lines: Annotated[ShippedLines | None, about("what leaves; null for everything")] = None


class CompleteBody(Struct):
    """How many kits are done; without a quantity all that are left."""

    quantity: Annotated[Quantity | None, about("kits that are done; null for all that are left")] = None


class CloseBody(Struct):
    """Nothing needs to be said."""


class CancelDocumentBody(Struct):
    """Why it is canceled."""

    reason: Annotated[Reason | None, about("why, for people")] = None


# ------------------------------------------------------------------------------------------------------------- answers
class NoticeLineAnswer(NoticeLineBody, kw_only=True):
    """A line with what has arrived of it."""

    received: Annotated[int, about("units that arrived, damaged ones included")]
    damaged: Annotated[int, about("damaged units among them")]


class NoticeAnswer(Struct, kw_only=True):
    """A receiving notice."""

    id: Annotated[Id, about("the notice's id")]
    version: Annotated[int, about("counts the changes from 1; also the ETag")]
    status: Annotated[InboundStatus, _STATUS]
    number: Annotated[str, _NUMBER]
    location: Annotated[str, about("the code of the location that receives them")]
    reference: Annotated[str | None, _REFERENCE]
    supplier: Annotated[str | None, about("who sends the goods")]
    carrier: Annotated[str | None, about("who carries them")]
    tracking_number: Annotated[str | None, about("the carrier's number")]
    expected_at: Annotated[str | None, _EXPECTED_AT]
    notes: Annotated[str | None, _NOTES]
    lines: Annotated[list[NoticeLineAnswer], about("what is expected and what arrived")]
    door: Annotated[str, about("the API that created it")]
    cancel_reason: Annotated[str | None, about("why it was canceled")]
    created_at: Annotated[Time, about("when it was created")]
    updated_at: Annotated[Time, about("when it was last changed")]


class WorkOrderAnswer(Struct, kw_only=True):
    """A work order."""

    id: Annotated[Id, about("the work order's id")]
    version: Annotated[int, about("counts the changes from 1; also the ETag")]
    status: Annotated[InboundStatus, _STATUS]
    number: Annotated[str, _NUMBER]
    location: Annotated[str, about("the code of the location that assembles them")]
    sku: Annotated[str, about("the SKU of the kit")]
    quantity: Annotated[int, about("kits to assemble")]
    completed: Annotated[int, about("kits that are done")]
    components: Annotated[list[KitComponentBody], about("what one kit has")]
    pool: Annotated[str, about("the pool of the components and of the kits; empty for the common stock")]
    name: Annotated[str | None, about("a name for people")]
    reference: Annotated[str | None, _REFERENCE]
    expected_at: Annotated[str | None, _EXPECTED_AT]
    notes: Annotated[str | None, _NOTES]
    door: Annotated[str, about("the API that created it")]
    cancel_reason: Annotated[str | None, about("why it was canceled")]
    created_at: Annotated[Time, about("when it was created")]
    updated_at: Annotated[Time, about("when it was last changed")]


class TransferLineAnswer(TransferLineBody, kw_only=True):
    """A line with what has left and what has arrived of it; the difference is in transit."""

    shipped: Annotated[int, about("units that have left the source")]
    received: Annotated[int, about("units that arrived, damaged ones included")]
    damaged: Annotated[int, about("damaged units among them")]


class TransferAnswer(Struct, kw_only=True):
    """A transfer."""

    id: Annotated[Id, about("the transfer's id")]
    version: Annotated[int, about("counts the changes from 1; also the ETag")]
    status: Annotated[InboundStatus, _STATUS]
    number: Annotated[str, _NUMBER]
    source: Annotated[str, about("the code of the location they leave")]
    target: Annotated[str, about("the code of the location they go to")]
    reference: Annotated[str | None, _REFERENCE]
    carrier: Annotated[str | None, about("who carries them")]
    tracking_number: Annotated[str | None, about("the carrier's number")]
    expected_at: Annotated[str | None, _EXPECTED_AT]
    notes: Annotated[str | None, _NOTES]
    lines: Annotated[list[TransferLineAnswer], about("what moves")]
    door: Annotated[str, about("the API that created it")]
    cancel_reason: Annotated[str | None, about("why it was canceled")]
    created_at: Annotated[Time, about("when it was created")]
    updated_at: Annotated[Time, about("when it was last changed")]


class ExpectedAnswer(Struct):
    """Units that are expected at a location."""

    sku: Annotated[str, _SKU]
    location: Annotated[str, about("the code of the location")]
    pool: Annotated[str, _POOL]
    quantity: Annotated[int, about("units that are still expected")]
    expected_at: Annotated[str | None, about("when; null where nobody said")]
    kind: Annotated[Literal["receiving_notice", "work_order", "transfer"], about("what says so")]
    number: Annotated[str, about("its number")]


# ------------------------------------------------------------------------------------------------------------- mapping
def to_notice(body: NoticeBody) -> ReceivingNotice:
    """Map a body to a new notice."""
    return ReceivingNotice(
        number=body.number, location=body.location, reference=body.reference, supplier=body.supplier,
        carrier=body.carrier, tracking_number=body.tracking_number, expected_at=body.expected_at, notes=body.notes,
        lines=tuple(
            NoticeLine(sku=line.sku, expected=line.expected, pool=line.pool, expected_at=line.expected_at)
            for line in body.lines
        ),
    )  # fmt: skip


def to_work_order(body: WorkOrderBody) -> WorkOrder:
    """Map a body to a new work order."""
    return WorkOrder(
        number=body.number, location=body.location, sku=body.sku, quantity=body.quantity, pool=body.pool,
        name=body.name, reference=body.reference, expected_at=body.expected_at, notes=body.notes,
        components=tuple(KitComponent(each.sku, each.quantity) for each in body.components or ()),
    )  # fmt: skip


def to_transfer(body: TransferBody) -> Transfer:
    """Map a body to a new transfer."""
    return Transfer(
        number=body.number, source=body.source, target=body.target, reference=body.reference, carrier=body.carrier,
        tracking_number=body.tracking_number, expected_at=body.expected_at, notes=body.notes,
        lines=tuple(TransferLine(sku=line.sku, quantity=line.quantity, pool=line.pool) for line in body.lines),
    )  # fmt: skip


def units_of(lines: list[ReceivedLine] | list[ShippedLine] | None) -> tuple[LineUnits, ...] | None:
    """Map the lines of a receipt or of a shipment; None for everything."""
    if lines is None:
        return None
    return tuple(
        LineUnits(each.line, each.quantity, each.damaged if isinstance(each, ReceivedLine) else 0) for each in lines
    )


def _plain(value: Any) -> Tree:
    if isinstance(value, Struct):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__ if name != "door_fields"}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def document_answer(found: Stored[Any], shape: type[Struct]) -> Tree:
    """Format a document as `shape` says, whose members have the names of the document's."""
    document: InboundDocument = found.document
    members = {
        "id": found.document_id,
        "version": found.version,
        "status": str(document.status),
        "created_at": time_answer(found.created_at),
        "updated_at": time_answer(found.updated_at),
    }
    return {
        name: members[name] if name in members else _plain(getattr(document, name)) for name in shape.__struct_fields__
    }


def expected_answer(expected: Expected) -> Tree:
    """Format units that are expected."""
    return {
        "sku": expected.sku, "location": expected.location, "pool": expected.pool, "quantity": expected.quantity,
        "expected_at": expected.at, "kind": expected.kind, "number": expected.number,
    }  # fmt: skip
