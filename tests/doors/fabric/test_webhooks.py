"""Every event of fabric's: which fact it is sent for, and that the door's page says so."""

import re
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from crossdock.core.events import Event
from crossdock.core.orders.allocations import UnitsTaken
from crossdock.core.orders.events import (
    Allocated,
    Archived,
    Backordered,
    Canceled,
    Deallocated,
    Delivered,
    Edited,
    FulfillmentCanceled,
    FulfillmentCreated,
    Held,
    Noted,
    OrderEvent,
    ReadyForPickup,
    Received,
    Refunded,
    Released,
    Reshipped,
    Returned,
    ReturnJudged,
    ReturnRequested,
    Shipped,
    Tagged,
    Tracked,
)
from crossdock.core.orders.fulfillments import DeliveryStatus, Fulfillment, FulfillmentLine
from crossdock.core.orders.model import Content, Destination, Hold, Line
from crossdock.core.orders.payments import Refund
from crossdock.core.orders.returns import Return, ReturnLine
from crossdock.core.orders.status import Counters
from crossdock.doors.fabric import stock_webhooks, webhooks
from crossdock.store.event_log import LogEntry
from tests.doors.fabric.test_routes import PAGE

UNITS: dict[str, Any] = {"lines": ((0, 1),), "counters": (Counters(2),)}


def content(lines: int = 1, **more: Any) -> Content:
    return Content(number="N-1", lines=tuple(Line(sku="A", quantity=1) for _ in range(lines)), **more)


def held(*reasons: str) -> Held:
    return Held(holds=tuple(Hold(reason=reason, at=0) for reason in reasons))


def released(*reasons: str) -> Released:
    return Released(holds=tuple((1, reason) for reason in reasons))


def entry(order_event: OrderEvent, status: str, door: str = "fabric") -> LogEntry:
    payload = msgspec.json.Encoder(decimal_format="number").encode(order_event)
    return LogEntry(
        1,
        status,
        "fabric",
        Event(1, "order", 1, 1, 1, order_event.name, order_event.version, 0, "a", door, payload, b""),
    )


BY_POST, BY_PICKUP = Destination(method="Ground"), Destination(method="STORE_PICKUP")
TAKEN = (UnitsTaken(7, 0, 1),)
CANCELED = ("ORDER_CANCELLED", "ORDER_CANCELLATION_EMAIL_WEBCSC_ORDER_CANCEL")
IN_PART = ("ORDER_PARTIALLY_CANCELLED", "ORDER_CANCELLATION_EMAIL_WEBCSC_ORDER_ITEM_CANCEL")
SHIPPED = ("SHIPMENT_CREATED", "SHIPPING_CONFIRMATION_EMAIL")
PICKUP = Fulfillment(1, "W1", 0, (FulfillmentLine(0, 1),), "pickup")
PARCEL = Fulfillment(2, "W1", 0, (FulfillmentLine(0, 1),))
EXCHANGE = Return(3, 0, (ReturnLine(0, 1),), exchange=True)
GOODWILL = Refund(4, 0, Decimal(1), "appeasement")


def tracked(status: DeliveryStatus) -> Tracked:
    return Tracked(fulfillments=(PARCEL,), package_id=5, status=status, reported_at=0)


CASES: list[tuple[OrderEvent, str, tuple[str, ...]]] = [
    (Received(submission_id=1, content=content(1)), "open", ("ORDER_CREATE", "SINGLE_ITEM_ORDER_CONFIRMATION_EMAIL")),
    (Received(submission_id=1, content=content(2)), "open", ("ORDER_CREATE", "MULTI_ITEM_ORDER_CONFIRMATION_EMAIL")),
    (
        Received(submission_id=1, content=content(2, destinations=(BY_PICKUP,))), "open",
        ("ORDER_CREATE", "BOPIS_ORDER_CONFIRMATION_EMAIL"),
    ),
    (
        Received(submission_id=1, content=content(2, destinations=(BY_PICKUP, BY_POST))), "open",
        ("ORDER_CREATE", "MULTI_ITEM_ORDER_CONFIRMATION_EMAIL"),
    ),
    (held("ORDER_HOLD_FRAUD"), "on_hold", ("ORDER_HOLD_FRAUD",)),
    (held("cross-border", "address", "stock"), "on_hold", ("ORDER_HOLD_CROSSBORDER", "ORDER_HOLD_CSR")),
    (held("ORDER_HOLD_OTHER"), "on_hold", ("ORDER_HOLD_CSR",)),
    (released("stock", "fraud"), "open", ("FRAUD_RELEASE",)),
    (released("stock"), "open", ()),
    (Canceled(**UNITS), "canceled", CANCELED),
    (Canceled(**UNITS, reason="FRAUD"), "canceled", ("FRAUD_CANCEL", *CANCELED)),
    (Canceled(**UNITS), "partially_allocated", IN_PART),
    (Canceled(**UNITS), "delivered", (*IN_PART, "ORDER_SHIPPED")),
    (Edited(content=content(), counters=(Counters(1),)), "open", ()),
    (Edited(content=content(), counters=(Counters(1),)), "canceled", CANCELED),
    (Edited(content=content(), counters=(Counters(1),)), "shipped", ("ORDER_SHIPPED",)),
    (Allocated(location_ref="L", counters=(Counters(1),)), "allocated", ("ALLOCATION_CREATE",)),
    (Canceled(**UNITS, deallocated=TAKEN), "partially_allocated", (*IN_PART, "ALLOCATION_CANCELLED")),
    (Deallocated(**UNITS, units=TAKEN), "open", ("ALLOCATION_CANCELLED",)),
    (Deallocated(**UNITS), "open", ()),
    (Shipped(**UNITS), "partially_shipped", SHIPPED),
    (Shipped(**UNITS), "shipped", (*SHIPPED, "ORDER_SHIPPED")),
    (Delivered(**UNITS), "shipped", ("SHIPMENT_UPDATE",)),
    (Backordered(**UNITS), "open", ("BACKORDER_NOTIFICATION_EMAIL",)),
    (Backordered(**UNITS, notice=1), "open", ("BACKORDER_30_DAYS_CONSENT_TO_DELAY_EMAIL",)),
    (Backordered(**UNITS, notice=2), "open", ("BACKORDER_53_DAYS_CONSENT_TO_DELAY_EMAIL",)),
    (Backordered(**UNITS, notice=3), "open", ("BACKORDER_53_DAYS_CONSENT_TO_DELAY_EMAIL",)),
    (Canceled(**UNITS, backorder=True), "canceled", ("ORDER_CANCELLED", "BACKORDER_CANCEL_EMAIL")),
    (Canceled(**UNITS, backorder=True), "open", ("ORDER_PARTIALLY_CANCELLED", "BACKORDER_CANCEL_EMAIL")),
    (ReturnRequested(**UNITS, return_id=1), "shipped", ("RETURN_PENDING", "RETURN_NOTIFICATION_EMAIL")),
    (Returned(**UNITS, return_id=1), "delivered", ("RETURN_PROCESSING", "ORDER_PARTIALLY_RETURNED")),
    (Returned(**UNITS, return_id=1), "returned", ("RETURN_PROCESSING", "ORDER_RETURNED")),
    (Refunded(amount=Decimal("1.50")), "shipped", ("REFUND_NOTIFICATION_EMAIL",)),
    (FulfillmentCreated(fulfillments=(PICKUP,)), "allocated", ("PICKUP_CREATED",)),
    (FulfillmentCreated(fulfillments=(PARCEL,)), "allocated", ()),
    (ReadyForPickup(fulfillments=(PICKUP,)), "allocated", ("BOPIS_ORDER_READY_FOR_PICKUP",)),
    (ReadyForPickup(fulfillments=(PICKUP,), reminder=True), "allocated", ("BOPIS_REMINDER_EMAIL",)),
    (Shipped(**UNITS, fulfillment=PICKUP), "partially_shipped", ("PICKUP_COMPLETED", "BOPIS_ORDER_COMPLETED")),
    (Delivered(**UNITS, reason="picked up"), "delivered", ()),
    (FulfillmentCanceled(fulfillments=(PICKUP,)), "allocated", ("SHIPMENT_CANCELLED",)),
    (Reshipped(fulfillments=(PARCEL,)), "shipped", SHIPPED),
    (tracked(DeliveryStatus.IN_TRANSIT), "shipped", ("SHIPMENT_UPDATE",)),
    (tracked(DeliveryStatus.DELIVERED), "shipped", ()),  # `order.delivered` follows
    (ReturnRequested(**UNITS, return_id=1, state=EXCHANGE), "shipped", (
        "EXCHANGE_PENDING", "EXCHANGE_NOTIFICATION_EMAIL", "RETURN_PENDING", "RETURN_NOTIFICATION_EMAIL",
    )),
    (ReturnJudged(state=EXCHANGE, reason="rejected"), "delivered", ("RETURN_REJECTED",)),
    (ReturnJudged(state=EXCHANGE), "delivered", ()),
    (Edited(content=content(), counters=(Counters(1),), reason="replaces line a"), "open", ("EXCHANGE_TO_SHIPMENT",)),
    (Refunded(amount=Decimal(1), refund=GOODWILL), "shipped", ("APPEASEMENT_NOTIFICATION_EMAIL",)),
    (Noted(text="t", topic="gift card activation", data={}), "shipped", ("GIFTCARD_ACTIVATE",)),
    (Noted(text="t", topic="invoice posted", data={}), "shipped", ("INVOICE_POSTING", "INVOICE_POSTED")),
    (Noted(text="t", topic="cross-border validation", data={}), "open", ("CROSS_BORDER_VALIDATION",)),
    (Noted(text="t", topic=webhooks.REQUESTED, data={"notificationType": "ORDER_CREATED"}), "open", ("ORDER_CREATE",)),
    (Noted(text="t", topic=webhooks.ACKNOWLEDGED, data={}), "open", ()),
    (Noted(text="t"), "open", ()),
    (Tagged(tags=("a",)), "open", ()),
    (Archived(), "shipped", ()),
]  # fmt: skip


class TestTopics:
    @pytest.mark.parametrize(("order_event", "status", "names"), CASES)
    def test_an_event_has_the_vendors_names(self, order_event: OrderEvent, status: str, names: tuple[str, ...]) -> None:
        assert tuple(webhooks.topics(entry(order_event, status))) == names

    def test_a_note_of_another_door_has_no_name(self) -> None:
        note = Noted(text="t", topic=webhooks.REQUESTED, data={"notificationType": "ORDER_CREATED"})
        assert webhooks.topics(entry(note, "open", door="hub")) == ()

    def test_the_cases_cover_every_emitted_event(self) -> None:
        of_orders = set(webhooks.EMITTED_EVENTS) - set(stock_webhooks.EMITTED_EVENTS)  # those: test_stock_webhooks.py
        assert {name for _, _, names in CASES for name in names} == of_orders

    @pytest.mark.parametrize(
        ("heading", "names"),
        [
            ("Events that are sent", webhooks.EMITTED_EVENTS),
            ("Events that are sent only on request", webhooks.REQUESTED_EVENTS),
            ("Events that are not sent yet", webhooks.UNSUPPORTED_EVENTS),
        ],
    )
    def test_every_event_is_in_one_table_of_the_page(self, heading: str, names: tuple[str, ...]) -> None:
        section = PAGE.read_text().split(f"\n### {heading}\n")[1].split("\n##")[0]
        cells = [line.strip("|").split("|")[0] for line in section.splitlines() if line.startswith("| `")]
        listed = section.partition("```\n")[2].partition("```")[0].split()  # events of one kind, below their table
        assert sorted([*re.findall("`([^`]+)`", " ".join(cells)), *listed]) == sorted(names)
