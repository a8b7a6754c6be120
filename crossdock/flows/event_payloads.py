"""What is told of an event: the event with its order as it was then, and the shapes (payloads) doors bring to tell it in."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from msgspec import Struct

from crossdock.core.orders import events
from crossdock.core.orders.events import OrderEvent
from crossdock.core.orders.model import Order
from crossdock.core.subscription import message_id
from crossdock.core.time import format_time
from crossdock.flows import rendering
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.flows.formats import encode_json
from crossdock.store import event_log, tenants
from crossdock.store.deliveries import Delivery, Endpoint
from crossdock.store.event_log import LogEntry
from crossdock.store.protocols import Transaction
from crossdock.store.tenants import Organization

Tree = Any
_log = structlog.get_logger("crossdock.notification")
# Who makes what is told; no token stands behind it.
ACTOR = "worker"
# The topic of the message that tries an endpoint out.
TEST = "endpoint.test"
# What is said of an event that this server cannot tell, to those who would have heard of it.
UNREADABLE = "the message could not be made; the server's log says why"


class Notification(Struct, frozen=True):
    """An entry of the feed with what is needed to tell it: `order` is the order as it was after the event."""

    organization: Organization
    entry: LogEntry
    order_event: OrderEvent
    order: Order


def event_name(entry: LogEntry) -> tuple[str, ...]:
    """Tell every event under its own name."""
    return (entry.event.name,)


def test_body(_: Organization, event_id: int, at: int) -> bytes:
    """Make what an endpoint is tried out with, at a time in microseconds since 1970."""
    told = {"id": message_id(event_id), "type": TEST, "at": format_time(at, digits=6), "data": {"text": "It works."}}
    return encode_json(told)


class PayloadFormat(Struct, frozen=True):
    """A shape in which webhooks tell of events.

    `topics` says under which names an entry is told, none for not at all; each is a delivery of its own. `known` are all
    topics there are. `body` gets the telling, the topic, and the order's document in the words of `door`;
    `test` makes what endpoints are tried out with (see plain_test).
    """

    name: str
    door: str
    body: Callable[[Notification, str, Tree], bytes]
    topics: Callable[[LogEntry], Sequence[str]] = event_name
    known: tuple[str, ...] = tuple(events.ORDER_EVENTS)
    content_type: str = "application/json"
    test: Callable[[Organization, int, int], bytes] = test_body


async def notifications(
    tx: Transaction, endpoint: Endpoint, deliveries: Sequence[Delivery]
) -> tuple[Organization, dict[int, Notification]]:
    """Give an endpoint's organization and, by delivery id, what deliveries are about.

    Those about no order are left out, and those whose order's log cannot be read.
    """
    organization = await tenants.get_organization(tx, endpoint.organization_id)
    assert organization is not None, "an endpoint's organization is never removed"
    wanted = {
        (each.order_id, each.number) for each in deliveries if each.order_id is not None and each.number is not None
    }
    made = await _made(tx, organization, wanted)
    found = {each.delivery_id: made.get((each.order_id or 0, each.number or 0)) for each in deliveries}
    return organization, {
        delivery_id: notification for delivery_id, notification in found.items() if notification is not None
    }


async def of_entries(
    tx: Transaction, organization: Organization, entries: Sequence[LogEntry]
) -> list[Notification | None]:
    """Give entries of the feed with their orders as they were after each; None where an order's log cannot be read."""
    wanted = {(entry.event.aggregate_id, entry.event.number) for entry in entries}
    made = await _made(tx, organization, wanted)
    return [made.get((entry.event.aggregate_id, entry.event.number)) for entry in entries]


async def of_event(tx: Transaction, organization: Organization, *, order_id: int, number: int) -> Notification | None:
    """Give one event with its order as it was after it, or None where there is none."""
    return (await _made(tx, organization, {(order_id, number)})).get((order_id, number))


async def _made(
    tx: Transaction, organization: Organization, wanted: set[tuple[int, int]]
) -> dict[tuple[int, int], Notification]:
    """Rebuild orders of the log, as far as is wanted, and give them after each wanted event (order id, number).

    An order whose log cannot be read is left out: it must not keep others from being told of.
    """
    last: dict[int, int] = {}
    for order_id, number in sorted(wanted):
        last[order_id] = number
    histories_of = await event_log.histories(tx, organization.organization_id, aggregate_ids=list(last))
    made: dict[tuple[int, int], Notification] = {}
    for order_id, story in histories_of.items():
        told = [entry for entry in story if entry.event.number <= last[order_id]]
        try:
            for entry, (event, order) in zip(told, events.replay(entry.event for entry in told), strict=True):
                if (order_id, event.number) in wanted:
                    made[order_id, event.number] = Notification(organization, entry, events.decode_event(event), order)
        except Exception:  # noqa: BLE001 - found in the log of one order
            _log.exception("bug", order_id=order_id)
    return made


async def bodies(
    tx: Transaction, context: Context, payload: PayloadFormat, told: Mapping[int, tuple[Notification, str]]
) -> dict[int, bytes]:
    """Give, by delivery id, what is sent: each telling under its topic, in the shape of a payload, for one organization."""
    if not told:
        return {}
    organization = next(iter(told.values()))[0].organization
    caller = await worker_of(tx, organization)
    orders = [notification.order for notification, _ in told.values()]
    render = await rendering.render_in(tx, context, caller, orders, door=payload.door)
    return {
        delivery_id: payload.body(notification, topic, rendered.document)
        for (delivery_id, (notification, topic)), rendered in zip(told.items(), render, strict=True)
    }


async def worker_of(tx: Transaction, organization: Organization) -> Caller:
    """Give the caller in whose name an organization's events are told."""
    references = await tenants.vendor_references(tx, organization.organization_id)
    return Caller(organization, ACTOR, frozenset(), frozenset(references))


def document_payload(door: str) -> PayloadFormat:
    """Give the payload that is nothing but the order's document in a door's words."""
    return PayloadFormat(door, door, lambda _, __, document: encode_json(document))
