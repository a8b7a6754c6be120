"""What happened to an order, in the hub's words: events with their data, and what each changed. Pure."""

from collections.abc import Callable
from typing import Any

import msgspec
import structlog

from crossdock.core.errors import Path
from crossdock.core.events import Event
from crossdock.core.orders import events
from crossdock.core.orders.events import (
    Allocated,
    Archived,
    Backordered,
    Canceled,
    Deallocated,
    Delivered,
    Edited,
    Erased,
    FulfillmentCanceled,
    FulfillmentChanged,
    FulfillmentCreated,
    FulfillmentsChanged,
    Held,
    Invoiced,
    Noted,
    OrderEvent,
    Packed,
    PaymentRecorded,
    Picked,
    ReadyForPickup,
    Received,
    Refunded,
    Released,
    Reshipped,
    ReturnCanceled,
    Returned,
    ReturnJudged,
    ReturnRequested,
    Shipped,
    Tagged,
    Tracked,
    Unarchived,
)
from crossdock.core.orders.fulfillments import Fulfillment, Package
from crossdock.core.orders.model import Hold
from crossdock.core.orders.returns import Return
from crossdock.core.stock.events import LEVEL, STOCK_EVENTS
from crossdock.doors import encode_json
from crossdock.doors.hub import errors, event_schemas
from crossdock.doors.hub.event_schemas import Data, Units
from crossdock.doors.hub.mapping import format_id, hold_answer, time_answer
from crossdock.doors.hub.wire import UnreadableEntry
from crossdock.flows.queries import TimelineEntry

Tree = Any
_log = structlog.get_logger("crossdock.timeline")
_HOLD_TIMES = ("at", "release_at")
_UNREADABLE = "this event cannot be shown; the server's log says why"


def _units(lines: tuple[tuple[int, int], ...]) -> list[Units]:
    return [Units(line, quantity) for line, quantity in lines]


def _id(identity: int | None) -> str | None:
    return None if identity is None else format_id(identity)


def _held(order_event: Held, number: int) -> event_schemas.HeldData:
    return event_schemas.HeldData(
        holds=[
            event_schemas.PlacedHold(
                number, hold.reason, hold.note, list(hold.lines),
                None if hold.release_at is None else time_answer(hold.release_at),
            )
            for hold in order_event.holds
        ]
    )  # fmt: skip


def _edited(order_event: Edited, _: int) -> event_schemas.EditedData:
    from_lines = [None if line < 0 else line for line in order_event.from_lines]
    return event_schemas.EditedData(
        from_lines=from_lines, submission_id=_id(order_event.submission_id), reason=order_event.reason
    )


def _released(order_event: Released, _: int) -> event_schemas.ReleasedData:
    holds = [event_schemas.EndedHold(number, reason) for number, reason in order_event.holds]
    return event_schemas.ReleasedData(holds=holds, reason=order_event.reason)


def _allocated(order_event: Allocated, _: int) -> event_schemas.AllocatedData:
    allocation = order_event.allocation
    return event_schemas.AllocatedData(
        location_ref=order_event.location_ref,
        allocation_id=_id(None if allocation is None else allocation.allocation_id),
        units=[
            event_schemas.UnitsOfStock(each.line, each.quantity, each.sku, each.pool or None)
            for each in (allocation.units if allocation else ())
        ],
        expires_at=None if allocation is None or allocation.expires_at is None else time_answer(allocation.expires_at),
        decision_id=_id(None if allocation is None else allocation.decision_id),
        reason=order_event.reason,
    )


def _deallocated(order_event: Deallocated, _: int) -> event_schemas.DeallocatedData:
    return event_schemas.DeallocatedData(
        lines=_units(order_event.lines),
        allocation_ids=[format_id(each) for each in dict.fromkeys(unit.allocation_id for unit in order_event.units)],
        missing=order_event.missing,
        reason=order_event.reason,
    )


def _backordered(order_event: Backordered, _: int) -> event_schemas.BackorderedData:
    return event_schemas.BackorderedData(
        lines=_units(order_event.lines),
        expected_at=order_event.expected_at,
        consent_by=order_event.consent_by,
        reason=order_event.reason,
    )


def _shipped(order_event: Shipped, _: int) -> event_schemas.ShippedData:
    packages = [
        event_schemas.PackageData(_units(package.lines), package.carrier, package.service, package.number, package.url)
        for package in order_event.packages
    ]
    return event_schemas.ShippedData(
        lines=_units(order_event.lines),
        location_ref=order_event.location_ref,
        packages=packages,
        fulfillment_id=_id(order_event.fulfillment_id),
        reason=order_event.reason,
    )


def _delivered(order_event: Delivered, _: int) -> event_schemas.DeliveredData:
    return event_schemas.DeliveredData(
        lines=_units(order_event.lines),
        tracking_number=order_event.tracking_number,
        fulfillment_id=_id(order_event.fulfillment_id),
        reason=order_event.reason,
    )


def _return_requested(order_event: ReturnRequested, _: int) -> event_schemas.ReturnRequestedData:
    return event_schemas.ReturnRequestedData(
        lines=_units(order_event.lines),
        label_url=order_event.label_url,
        return_id=format_id(order_event.return_id),
        reason=order_event.reason,
    )


def _returned(order_event: Returned, _: int) -> event_schemas.ReturnedData:
    return event_schemas.ReturnedData(
        lines=_units(order_event.lines), return_id=format_id(order_event.return_id), reason=order_event.reason
    )


def _refunded(order_event: Refunded, _: int) -> event_schemas.RefundedData:
    return event_schemas.RefundedData(
        amount=str(order_event.amount),
        currency=order_event.currency,
        return_id=_id(order_event.return_id),
        refund_id=_id(None if order_event.refund is None else order_event.refund.refund_id),
        reason=order_event.reason,
    )


def package_state(package: Package, fulfillment: Fulfillment) -> event_schemas.PackageState:
    """Format a package of a fulfillment."""
    left_at = fulfillment.left_at(package)
    return event_schemas.PackageState(
        id=format_id(package.package_id or 0),
        lines=_units(package.lines),
        carrier=package.carrier,
        service=package.service,
        tracking_number=package.number,
        tracking_url=package.url,
        shipped=package.shipped,
        shipped_at=None if left_at is None else time_answer(left_at),
        status=package.status,
    )


def fulfillment_state(fulfillment: Fulfillment) -> event_schemas.FulfillmentState:
    """Format a fulfillment."""
    return event_schemas.FulfillmentState(
        id=format_id(fulfillment.fulfillment_id),
        location_ref=fulfillment.location,
        kind=fulfillment.kind,
        status=fulfillment.status,
        reference=fulfillment.reference,
        lines=[
            event_schemas.FulfillmentLineState(line.line, line.quantity, line.picked, line.shipped, line.canceled)
            for line in fulfillment.lines
        ],
        packages=[package_state(package, fulfillment) for package in fulfillment.packages],
        ready_at=None if fulfillment.ready_at is None else time_answer(fulfillment.ready_at),
        pickup_by=None if fulfillment.pickup_by is None else time_answer(fulfillment.pickup_by),
    )


def return_state(state: Return) -> event_schemas.ReturnState:
    """Format a return."""
    return event_schemas.ReturnState(
        id=format_id(state.return_id),
        status=state.status,
        reference=state.reference,
        location_ref=state.location,
        exchange=state.exchange,
        lines=[
            event_schemas.ReturnLineState(
                line.line, line.quantity, line.reason, line.received, line.restocked, line.scrapped, line.rejected,
                line.canceled,
            )
            for line in state.lines
        ],
    )  # fmt: skip


def _fulfillments(order_event: FulfillmentsChanged) -> dict[str, Any]:
    return {"fulfillments": list(map(fulfillment_state, order_event.fulfillments)), "reason": order_event.reason}


def _tracked(order_event: Tracked, _: int) -> event_schemas.TrackedData:
    return event_schemas.TrackedData(
        **_fulfillments(order_event),
        package_id=format_id(order_event.package_id),
        status=order_event.status,
        reported_at=time_answer(order_event.reported_at),
        place=order_event.place,
        text=order_event.text,
    )


def _payment_recorded(order_event: PaymentRecorded, _: int) -> event_schemas.PaymentRecordedData:
    payment = order_event.payment
    return event_schemas.PaymentRecordedData(
        payment_id=format_id(payment.payment_id),
        reference=payment.reference,
        method=payment.method,
        status=payment.status,
        currency=payment.currency,
        authorized=str(payment.authorized),
        captured=str(payment.captured),
        refunded=str(payment.refunded),
        voided=str(payment.voided),
        settled=str(payment.settled),
        reason=order_event.reason,
    )


def _invoiced(order_event: Invoiced, _: int) -> event_schemas.InvoicedData:
    return event_schemas.InvoicedData(
        invoice_id=format_id(order_event.invoice_id),
        invoice_number=order_event.number,
        kind=order_event.kind,
        amount=str(order_event.amount),
        currency=order_event.currency,
    )


_DATA: dict[type[OrderEvent], Callable[[Any, int], Data]] = {
    Received: lambda order_event, _: event_schemas.ReceivedData(submission_id=format_id(order_event.submission_id)),
    Edited: _edited,
    Held: _held,
    Released: _released,
    Canceled: lambda order_event, _: event_schemas.CanceledData(
        lines=_units(order_event.lines), note=order_event.note, reason=order_event.reason
    ),
    Allocated: _allocated,
    Deallocated: _deallocated,
    FulfillmentCreated: lambda each, _: event_schemas.FulfillmentCreatedData(**_fulfillments(each)),
    Picked: lambda each, _: event_schemas.PickedData(**_fulfillments(each)),
    Packed: lambda each, _: event_schemas.PackedData(**_fulfillments(each)),
    FulfillmentChanged: lambda each, _: event_schemas.FulfillmentChangedData(**_fulfillments(each)),
    FulfillmentCanceled: lambda each, _: event_schemas.FulfillmentCanceledData(
        **_fulfillments(each), expired=_units(each.expired)
    ),
    ReadyForPickup: lambda each, _: event_schemas.ReadyForPickupData(**_fulfillments(each), reminder=each.reminder),
    Tracked: _tracked,
    Reshipped: lambda each, _: event_schemas.ReshippedData(**_fulfillments(each)),
    ReturnJudged: lambda each, _: event_schemas.ReturnJudgedData(state=return_state(each.state), reason=each.reason),
    ReturnCanceled: lambda each, _: event_schemas.ReturnCanceledData(
        state=return_state(each.state), reason=each.reason
    ),
    PaymentRecorded: _payment_recorded,
    Invoiced: _invoiced,
    Backordered: _backordered,
    Shipped: _shipped,
    Delivered: _delivered,
    ReturnRequested: _return_requested,
    Returned: _returned,
    Refunded: _refunded,
    Tagged: lambda order_event, _: event_schemas.TaggedData(tags=list(order_event.tags), reason=order_event.reason),
    Noted: lambda order_event, _: event_schemas.NotedData(
        text=order_event.text, topic=order_event.topic, data=order_event.data
    ),
    Archived: lambda order_event, _: event_schemas.ArchivedData(reason=order_event.reason),
    Unarchived: lambda order_event, _: event_schemas.UnarchivedData(reason=order_event.reason),
    Erased: lambda order_event, _: event_schemas.ErasedData(
        events=[event_schemas.ReplacedEvent(*each) for each in order_event.events], reason=order_event.reason
    ),
}


def data_of(event: Event) -> Data:
    """Return what an event says besides the order, in the shape of the catalog."""
    order_event = events.decode_event(event)
    return _DATA[type(order_event)](order_event, event.number)


_STOCK_DECODERS = {name: msgspec.json.Decoder(kind) for name, kind in STOCK_EVENTS.items()}


def stock_data_of(event: Event) -> Data | msgspec.Raw:
    """Return what an event says of a stock level, in the shape of the catalog; what it has no shape for, as it is stored."""
    if event.aggregate_type != LEVEL:
        return msgspec.Raw(event.payload)
    stock_event = _STOCK_DECODERS[event.name].decode(event.payload)
    return msgspec.convert(stock_event, event_schemas.STOCK_DATA[event.name], from_attributes=True)


def stock_event_answer(event: Event) -> dict[str, Tree]:
    """Format an event of a stock level."""
    return _event_answer(event, stock_data_of(event))


def event_answer(event: Event) -> dict[str, Tree]:
    """Format an event of an order."""
    return _event_answer(event, data_of(event))


def _event_answer(event: Event, data: Data | msgspec.Raw) -> dict[str, Tree]:
    return {
        "number": event.number,
        "name": event.name,
        "at": time_answer(event.at),
        "actor": event.actor,
        "door": event.door,
        "data": data,
    }


def _reason(order_event: OrderEvent) -> str | None:
    """Return why somebody did it; holds have a reason each."""
    if isinstance(order_event, Held):
        return ", ".join(hold.reason for hold in order_event.holds)
    return getattr(order_event, "reason", None)


def entry_answer(entry: TimelineEntry) -> dict[str, Tree]:
    """Format an event of the timeline, with every value it changed."""
    return event_answer(entry.event) | {
        "reason": _reason(events.decode_event(entry.event)),
        "changes": [
            {"pointer": errors.pointer(path), "old": _value(path, old), "new": _value(path, new)}
            for path, old, new in entry.changes or ()
        ],
    }


def timeline_item(entry: TimelineEntry) -> bytes:
    """Render an event of the timeline as JSON; one that cannot be read is rendered with an error, and hides no other."""
    if entry.changes is not None:
        try:
            return encode_json(entry_answer(entry))
        except Exception:  # noqa: BLE001 - found in the log of one order
            _log.exception("bug", order_id=entry.event.aggregate_id, number=entry.event.number)
    event = entry.event
    at = time_answer(event.at)
    return encode_json(UnreadableEntry(event.number, event.name, at, event.actor, event.door, _UNREADABLE))


def _value(path: Path, value: Tree) -> Tree:
    """Format a value as the order's document does; of holds the log has the times as numbers."""
    if path[0] == "holds" and path[2:] == ("lines",):
        return value or []
    if value is None or path[0] != "holds":
        return value
    if len(path) == 2:
        return hold_answer(Hold(**value))
    return time_answer(value) if path[2] in _HOLD_TIMES else value
