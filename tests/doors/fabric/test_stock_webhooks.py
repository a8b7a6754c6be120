"""The vendor's names and messages for events of stock levels."""

import json

import pytest

from crossdock.core.events import Event
from crossdock.core.stock.events import (
    LEVEL,
    Adjusted,
    BecameLow,
    BecameSufficient,
    Counted,
    LimitsChanged,
    ReceivedStock,
    StockEvent,
    record,
)
from crossdock.core.stock.model import Level
from crossdock.doors.fabric import stock_webhooks, webhooks
from crossdock.flows.feed import LogEntry
from crossdock.store.tenants import Organization

HEAD = {"sku": "MUG", "location": "13", "pool": "12", "on_hand": 10, "available": 7}
COUNTED = Counted(**HEAD, delta=10)
UPLOAD = f"{stock_webhooks.BULK_REASON} 697c8a34"


def entry(stock_event: StockEvent, *, number: int = 2, door: str = "fabric") -> LogEntry:
    level = Level(1, 2**62, "MUG", "13", "12", event_number=number - 1)
    _, event = record(level, stock_event, event_id=3, at=4, actor="wms", door=door)
    return LogEntry(1, "", "", event)


CASES: list[tuple[StockEvent, int, str, tuple[str, ...]]] = [
    (COUNTED, 1, "fabric", ("INVENTORY_CREATE",)),
    (COUNTED, 1, "hub", ("INVENTORY_CREATE",)),
    (COUNTED, 2, "fabric", ("INVENTORY_UPDATE",)),
    (Adjusted(**HEAD, delta=1, reason="broken"), 2, "hub", ("INVENTORY_UPDATE",)),
    (ReceivedStock(**HEAD, delta=1), 2, "hub", ("INVENTORY_UPDATE",)),
    (LimitsChanged(**HEAD, safety=1), 2, "fabric", ("INVENTORY_UPDATE",)),
    (Counted(**HEAD, delta=1, reason=UPLOAD), 1, "fabric", ("INVENTORY_BULK",)),
    (LimitsChanged(**HEAD, safety=1, reason=UPLOAD), 2, "fabric", ("INVENTORY_BULK",)),
    (Adjusted(**HEAD, delta=1, reason=UPLOAD), 2, "hub", ("INVENTORY_UPDATE",)),
    (BecameLow(**HEAD, threshold=8), 3, "fabric", ("LOW_ALERT_NOTIFICATION_EMAIL",)),
    (BecameSufficient(**HEAD, threshold=8), 3, "fabric", ()),
]


@pytest.mark.parametrize(("stock_event", "number", "door", "names"), CASES)
def test_an_event_has_the_vendors_name(stock_event: StockEvent, number: int, door: str, names: tuple[str, ...]) -> None:
    assert tuple(webhooks.topics(entry(stock_event, number=number, door=door))) == names


def test_the_cases_cover_every_emitted_event() -> None:
    assert {name for *_, names in CASES for name in names} == set(stock_webhooks.EMITTED_EVENTS)
    assert set(stock_webhooks.EMITTED_EVENTS) <= set(webhooks.EMITTED_EVENTS)


def test_an_event_of_another_aggregate_or_of_a_newer_release_has_no_name() -> None:
    for aggregate, name in (("transfer", "stock.counted"), (LEVEL, "stock.painted")):
        event = Event(1, aggregate, 2, 1, 3, name, 1, 4, "wms", "hub", b"{}", b"")
        assert webhooks.topics(LogEntry(1, "", "", event)) == ()


def test_the_message_has_the_level_right_after_the_event_and_what_is_special_about_it() -> None:
    organization = Organization(1, "Demo", "7b7e9a52-65a1-4a0e-8a5c-0b54c0a7d001", 0, 0)
    (payload,) = webhooks.PAYLOADS
    assert payload.aggregate_body is not None
    message = json.loads(payload.aggregate_body(organization, entry(BecameLow(**HEAD, threshold=8))))
    assert message["payload"].pop("id").endswith("4000000000000000")
    assert message == {
        "event": "LOW_ALERT_NOTIFICATION_EMAIL",
        "payload": {
            "virtualCounters": {"availableToPurchase": 7}, "sku": "MUG", "locationNum": 13, "channelId": "12",
            "counters": {"onHand": 10},
        },
        "details": {"threshold": 8},
    }  # fmt: skip
