"""The examples of the event catalog: one order with every event there is, rendered by the code that renders real ones."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from crossdock.core.events import Event
from crossdock.core.ids import IdGenerator
from crossdock.core.orders import events
from crossdock.core.orders.allocations import AllocatedUnits, Allocation, UnitsTaken
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
from crossdock.core.orders.fulfillments import DeliveryStatus, Fulfillment, FulfillmentLine, Package
from crossdock.core.orders.model import (
    Address,
    Content,
    Customer,
    Destination,
    Hold,
    Line,
    Order,
    Source,
    initial_counters,
)
from crossdock.core.orders.payments import Payment
from crossdock.core.orders.returns import Return, ReturnLine
from crossdock.core.orders.status import Counters
from crossdock.core.stock.events import (
    Adjusted,
    BecameLow,
    BecameSufficient,
    Counted,
    LimitsChanged,
    ReceivedStock,
    StockEvent,
    record,
)
from crossdock.core.stock.model import Counter, Level
from crossdock.doors import encode_json
from crossdock.doors.hub.format import FORMAT
from crossdock.doors.hub.webhooks import cloud_event, message, test_message
from crossdock.flows.event_payloads import TEST
from crossdock.flows.feed import LogEntry
from crossdock.flows.formats import MissingFields, ReferenceData
from crossdock.flows.tenants import Organization

Tree = Any
_BEGAN = 1_769_770_404_554_000  # 2026-01-30T10:53:24.554Z
_HOUR = 3_600_000_000
_replace = msgspec.structs.replace
_HOUSE = Organization(1, "Example", "5e2f1c9a-7d43-4a6e-9b1f-2c8d0e7a6b55", _BEGAN, _BEGAN)
_CONTENT = Content(
    number="H-1",
    currency="USD",
    customer=Customer(name="Jane Smith", email="jane@example.com"),
    destinations=(
        Destination(
            address=Address(name="Jane Smith", lines=("1822 Franklin Street",), city="Vancouver", country="CA")
        ),
    ),
    lines=(Line(quantity=3, sku="SKU-RED-M", unit_price=Decimal("25.00")),),
)
_EDITED = msgspec.structs.replace(_CONTENT, notes="Ring twice")


def _line(**units: int) -> tuple[Counters]:
    return (Counters(ordered=3, **units),)


_GONE = _line(canceled=1, shipped=2)
_THERE = _line(canceled=1, shipped=2, delivered=2)
_REQUESTED = _line(canceled=1, shipped=2, delivered=2, return_requested=1)
_BACK = _line(canceled=1, shipped=2, delivered=2, return_requested=1, returned=1)


def _facts(id_generator: IdGenerator) -> list[OrderEvent]:
    """Return what happens after the order was received: two of three units reach the customer, one of them comes back."""
    allocation = Allocation(
        id_generator.new(_BEGAN),
        "W1",
        _BEGAN,
        (AllocatedUnits(0, 2, "SKU-RED-M"),),
        decision_id=id_generator.new(_BEGAN),
    )
    return [
        Held(holds=(Hold("fraud", _BEGAN + _HOUR, note="Card of another country", actor="demo"),)),
        Released(holds=((2, "fraud"),), reason="The bank called back"),
        Edited(content=_EDITED, counters=_line(), from_lines=(0,), reason="The customer called"),
        Tagged(tags=("vip",)),
        Noted(text="Prefers the back door"),
        *_fulfillment(id_generator, allocation),
        *_return(id_generator),
    ]  # fmt: skip


def _fulfillment(id_generator: IdGenerator, allocation: Allocation) -> list[OrderEvent]:
    """Return the events from the allocation of two units to their delivery."""
    package = Package(
        ((0, 2),), carrier="UPS", service="Ground", number="1Z999AA10123456784",
        url="https://example.com/track/1Z999AA10123456784", package_id=id_generator.new(_BEGAN),
    )  # fmt: skip
    work = Fulfillment(id_generator.new(_BEGAN), "W1", _BEGAN, (FulfillmentLine(0, 2),))
    sent = _replace(work, lines=(FulfillmentLine(0, 2, 2, 2),), packages=(_replace(package, shipped=True),))
    return [
        Allocated(location_ref="W2", counters=_line(allocated=2)),
        Deallocated(lines=((0, 2),), counters=_line(), reason="W2 is closed"),
        Allocated(location_ref="W1", counters=_line(allocated=2), allocation=allocation),
        FulfillmentCreated(fulfillments=(work,)),
        Picked(fulfillments=(_replace(work, lines=(FulfillmentLine(0, 2, 2),)),)),
        FulfillmentChanged(fulfillments=(work,), reason="W1 and W2 were merged"),
        FulfillmentCanceled(fulfillments=(_replace(work, lines=(FulfillmentLine(0, 2, canceled=2),)),), reason="Wrong"),
        ReadyForPickup(fulfillments=(_replace(work, kind="pickup", ready_at=_BEGAN + _HOUR),)),
        Packed(fulfillments=(_replace(work, packages=(package,)),)),
        Backordered(
            lines=((0, 1),), counters=_line(allocated=2, backordered=1), expected_at="2026-02-20", consent_by="2026-02-10"
        ),
        Canceled(lines=((0, 1),), counters=_line(canceled=1, allocated=2), reason="No stock", note="Will not wait"),
        Shipped(
            lines=((0, 2),), counters=_GONE, packages=(package,), location_ref="W1",
            allocated=(UnitsTaken(allocation.allocation_id, 0, 2),), fulfillment_id=work.fulfillment_id, fulfillment=sent,
        ),
        Tracked(
            fulfillments=(sent,), package_id=package.package_id or 0, status=DeliveryStatus.IN_TRANSIT,
            reported_at=_BEGAN + _HOUR, place="Portland, OR", text="Departed from the facility",
        ),
        Reshipped(fulfillments=(_replace(sent, kind="reship"),), reason="Lost on the way"),
        PaymentRecorded(
            payment=Payment(
                id_generator.new(_BEGAN), _BEGAN, "pay_123", "card", "USD", Decimal("75.00"), Decimal("75.00"),
                status="captured",
            )
        ),
        Invoiced(
            invoice_id=id_generator.new(_BEGAN), number="2026-000001", kind="shipment", amount=Decimal("50.00"), currency="USD"
        ),
        Delivered(lines=((0, 2),), counters=_THERE, tracking_number="1Z999AA10123456784"),
    ]  # fmt: skip


def _return(id_generator: IdGenerator) -> list[OrderEvent]:
    """Return the events of a return, and what ends the example."""
    return_id = id_generator.new(_BEGAN)
    came_back = Return(return_id, _BEGAN, (ReturnLine(0, 1, "Too small", 1, 1),), location="W1")
    return [
        ReturnRequested(
            lines=((0, 1),), counters=_REQUESTED, return_id=return_id, reason="Too small",
            label_url="https://example.com/labels/1",
        ),
        ReturnCanceled(state=came_back, counters=_REQUESTED, reason="Sent by mistake"),
        Returned(lines=((0, 1),), counters=_BACK, return_id=return_id),
        ReturnJudged(state=came_back),
        Refunded(amount=Decimal("25.00"), currency="USD", return_id=return_id, reason="Came back"),
        Archived(reason="Done"),
        Unarchived(),
        Erased(events=((1, "5f" * 32),), reason="Request of 2026-03-01"),
    ]  # fmt: skip


def _events() -> Iterator[tuple[Event, Order]]:
    id_generator = IdGenerator(0)
    order = Order(
        organization_id=_HOUSE.organization_id, order_id=id_generator.new(_BEGAN), version=1, created_at=_BEGAN,
        updated_at=_BEGAN, source=Source("hub", id_generator.new(_BEGAN), "demo", "CA"), content=_CONTENT,
        counters=initial_counters(_CONTENT),
    )  # fmt: skip
    received = Received(submission_id=order.source.submission_id, content=_CONTENT)
    order, event = events.append(
        order, received, event_id=id_generator.new(_BEGAN), at=_BEGAN, actor="demo", door="hub"
    )
    yield event, order
    for hours, order_event in enumerate(_facts(id_generator), 1):
        at = _BEGAN + hours * _HOUR
        order, event = events.record(order, order_event, event_id=id_generator.new(at), at=at, actor="demo", door="hub")
        yield event, order


_STOCK_EVENTS: tuple[tuple[type[StockEvent], dict[str, Tree]], ...] = (
    (Counted, {"on_hand": 12, "available": 12, "delta": 12, "reason": "Inventory"}),
    (LimitsChanged, {"on_hand": 12, "available": 9, "safety": 2, "threshold": 5, "counters": (Counter("damaged", 1),)}),
    (Adjusted, {"on_hand": 7, "available": 4, "delta": -5, "reason": "Broken"}),
    (BecameLow, {"on_hand": 7, "available": 4, "threshold": 5}),
    (ReceivedStock, {"on_hand": 27, "available": 24, "delta": 20}),
    (BecameSufficient, {"on_hand": 27, "available": 24, "threshold": 5}),
)


def _stock_events() -> Iterator[Event]:
    """Yield the events of a stock level: counted, limited, adjusted until it is low, received until it is not."""
    id_generator = IdGenerator(0)
    level = Level(_HOUSE.organization_id, id_generator.new(_BEGAN), "SKU-RED-M", "W1")
    for hours, (kind, members) in enumerate(_STOCK_EVENTS, 30):
        at = _BEGAN + hours * _HOUR
        stock_event = kind(sku=level.sku, location=level.location, **members)
        level, event = record(level, stock_event, event_id=id_generator.new(at), at=at, actor="demo", door="hub")
        yield event


def messages(form: str) -> dict[str, Tree]:
    """Return an example of each event by its name, in a form: `feed`, `webhook`, `cloudevents`."""
    examples = {}
    for position, (event, order) in enumerate(_events(), 4711):
        entry = LogEntry(position, str(order.status), order.source.door, event)
        found = ReferenceData(_HOUSE)
        document = FORMAT.to_response(FORMAT.from_content(order.content, found, MissingFields()), order, found)
        whole = message(entry, document)
        payload: Any = {"feed": message(entry), "webhook": whole, "cloudevents": cloud_event(_HOUSE, whole)}[form]
        examples[event.name] = msgspec.json.decode(encode_json(payload))
    for position, event in enumerate(_stock_events(), 4711 + len(examples)):
        about_stock = message(LogEntry(position, "", "", event))
        payload = cloud_event(_HOUSE, about_stock) if form == "cloudevents" else about_stock
        examples[event.name] = msgspec.json.decode(encode_json(payload))
    if form != "feed":
        test = test_message(_HOUSE, event.event_id, event.at)
        payload = cloud_event(_HOUSE, test) if form == "cloudevents" else test
        examples[TEST] = msgspec.json.decode(encode_json(payload))
    return examples
