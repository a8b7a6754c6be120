"""The examples of the event catalog: one order with every event there is, rendered by the code that renders real ones."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from crossdock.core.events import Event
from crossdock.core.ids import IdGenerator
from crossdock.core.orders import events
from crossdock.core.orders.events import (
    Allocated,
    Archived,
    Backordered,
    Canceled,
    Delivered,
    Edited,
    Held,
    Noted,
    OrderEvent,
    Package,
    Received,
    Refunded,
    Released,
    Returned,
    ReturnRequested,
    Shipped,
    Tagged,
    Unarchived,
)
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
from crossdock.core.orders.status import Counters
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


def _facts(id_generator: IdGenerator) -> list[OrderEvent]:
    """Return what happens after the order was received: two of three units reach the customer, one of them comes back."""
    return_id = id_generator.new(_BEGAN)

    def line(**units: int) -> tuple[Counters]:
        return (Counters(ordered=3, **units),)

    package = Package(
        ((0, 2),), carrier="UPS", service="Ground", number="1Z999AA10123456784",
        url="https://example.com/track/1Z999AA10123456784",
    )  # fmt: skip
    gone = line(canceled=1, shipped=2)
    there = line(canceled=1, shipped=2, delivered=2)
    requested = line(canceled=1, shipped=2, delivered=2, return_requested=1)
    back = line(canceled=1, shipped=2, delivered=2, return_requested=1, returned=1)
    return [
        Held(holds=(Hold("fraud", _BEGAN + _HOUR, note="Card of another country", actor="demo"),)),
        Released(holds=((2, "fraud"),), reason="The bank called back"),
        Edited(content=_EDITED, counters=line(), from_lines=(0,), reason="The customer called"),
        Tagged(tags=("vip",)),
        Noted(text="Prefers the back door"),
        Allocated(location_ref="W1", counters=line(allocated=2)),
        Backordered(
            lines=((0, 1),), counters=line(allocated=2, backordered=1), expected_at="2026-02-20", consent_by="2026-02-10"
        ),
        Canceled(lines=((0, 1),), counters=line(canceled=1, allocated=2), reason="No stock", note="Will not wait"),
        Shipped(lines=((0, 2),), counters=gone, packages=(package,), location_ref="W1"),
        Delivered(lines=((0, 2),), counters=there, tracking_number="1Z999AA10123456784"),
        ReturnRequested(
            lines=((0, 1),), counters=requested, return_id=return_id, reason="Too small",
            label_url="https://example.com/labels/1",
        ),
        Returned(lines=((0, 1),), counters=back, return_id=return_id),
        Refunded(amount=Decimal("25.00"), currency="USD", return_id=return_id, reason="Came back"),
        Archived(reason="Done"),
        Unarchived(),
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
    if form != "feed":
        test = test_message(_HOUSE, event.event_id, event.at)
        payload = cloud_event(_HOUSE, test) if form == "cloudevents" else test
        examples[TEST] = msgspec.json.decode(encode_json(payload))
    return examples
