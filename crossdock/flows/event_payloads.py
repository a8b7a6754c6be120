"""Payloads of events: each event with its order right after it, rendered in the payload formats of the doors."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from crossdock.core.events import ORDER, Event
from crossdock.core.orders import events
from crossdock.flows import rendering
from crossdock.flows.access import Caller, system_caller
from crossdock.flows.context import Context
from crossdock.flows.formats import encode_json
from crossdock.flows.payload_formats import TEST as TEST
from crossdock.flows.payload_formats import AggregateNotification as AggregateNotification
from crossdock.flows.payload_formats import Notification as Notification
from crossdock.flows.payload_formats import PayloadFormat as PayloadFormat
from crossdock.flows.payload_formats import event_name as event_name
from crossdock.flows.payload_formats import test_body as test_body
from crossdock.store import event_log, tenants
from crossdock.store.deliveries import Delivery, Endpoint
from crossdock.store.event_log import LogEntry
from crossdock.store.protocols import Transaction
from crossdock.store.tenants import Organization

Tree = Any
_log = structlog.get_logger("crossdock.notification")
# The actor that renders payloads; it has no token.
ACTOR = "worker"
# The error of a delivery whose event or order cannot be read; a newer version of this program may have written it.
UNREADABLE = "the message could not be made; the server's log says why"


async def notifications(
    tx: Transaction, endpoint: Endpoint, deliveries: Sequence[Delivery]
) -> tuple[Organization, dict[int, Notification | AggregateNotification]]:
    """Return an endpoint's organization and the notifications of deliveries, by delivery id.

    Deliveries about no order are left out, and those whose order's log cannot be read.
    """
    organization = await tenants.get_organization(tx, endpoint.organization_id)
    assert organization is not None, "an organization is removed together with its endpoints"
    by_event = await _replay(
        tx,
        organization,
        {(each.order_id, each.number) for each in deliveries if each.order_id is not None and each.number is not None},
    )
    return organization, {
        each.delivery_id: notification
        for each in deliveries
        if (notification := by_event.get((each.order_id or 0, each.number or 0))) is not None
    }


async def of_entries(
    tx: Transaction, organization: Organization, entries: Sequence[LogEntry]
) -> list[Notification | None]:
    """Return the notification of each entry of the feed; None if it is about no order, or the order's log cannot be read."""
    by_event = await _replay(tx, organization, {(entry.event.aggregate_id, entry.event.number) for entry in entries})
    found = [by_event.get((entry.event.aggregate_id, entry.event.number)) for entry in entries]
    return [each if isinstance(each, Notification) else None for each in found]


async def of_event(tx: Transaction, organization: Organization, *, order_id: int, number: int) -> Notification | None:
    """Return the notification of one event, None if there is no such event."""
    found = (await _replay(tx, organization, {(order_id, number)})).get((order_id, number))
    return found if isinstance(found, Notification) else None


async def _replay(
    tx: Transaction, organization: Organization, keys: set[tuple[int, int]]
) -> dict[tuple[int, int], Notification | AggregateNotification]:
    """Replay the logs of orders, and return the notifications of the events with the given keys (order id, number).

    An order whose log cannot be read is left out, so that it does not block others.
    """
    last: dict[int, int] = {}
    for order_id, number in sorted(keys):
        last[order_id] = number
    histories = await event_log.histories(tx, organization.organization_id, aggregate_ids=list(last))
    by_event: dict[tuple[int, int], Notification | AggregateNotification] = {}
    for order_id, history in histories.items():
        entries = [entry for entry in history if entry.event.number <= last[order_id]]
        if entries[0].event.aggregate_type != ORDER:
            by_event |= {
                (order_id, entry.event.number): AggregateNotification(organization, entry)
                for entry in entries
                if (order_id, entry.event.number) in keys
            }
            continue
        try:
            recorded = [entry.event for entry in entries]
            orders = events.replay(recorded)
            for entry, (event, order) in zip(entries, orders, strict=True):
                if (order_id, event.number) in keys:
                    by_event[order_id, event.number] = Notification(
                        organization, entry, events.decode_event(event), order, history=recorded[: event.number]
                    )
        except Exception:  # noqa: BLE001 - the log of one order may be unreadable in any way
            _log.exception("bug", order_id=order_id)
    return by_event


async def bodies(
    tx: Transaction,
    context: Context,
    payload: PayloadFormat,
    named: Mapping[int, tuple[Notification | AggregateNotification, str]],
) -> dict[int, bytes]:
    """Render the bodies of notifications under their topics, by delivery id; all must be of one organization."""
    if not named:
        return {}
    organization = next(iter(named.values()))[0].organization
    caller = await worker_of(tx, organization)
    of_orders = [each for each, _ in named.values() if isinstance(each, Notification)]
    histories: dict[int, Sequence[Event]] = {}
    for each in of_orders:
        if len(each.history) > len(histories.get(each.order.order_id, ())):
            histories[each.order.order_id] = each.history
    orders = [each.order for each in of_orders]
    documents = iter(await rendering.render_in(tx, context, caller, orders, door=payload.door, histories=histories))
    made: dict[int, bytes] = {}
    for delivery_id, (notification, topic) in named.items():
        if isinstance(notification, Notification):
            made[delivery_id] = payload.body(notification, topic, next(documents).document)
        elif payload.aggregate_body is not None:
            made[delivery_id] = payload.aggregate_body(organization, notification.entry)
    return made


async def worker_of(tx: Transaction, organization: Organization) -> Caller:
    """Return the caller in whose name the payloads of an organization are rendered."""
    references = await tenants.vendor_references(tx, organization.organization_id)
    return system_caller(organization, ACTOR, frozenset(references))


def document_payload(door: str) -> PayloadFormat:
    """Return the payload format that is the plain order document as a door renders it."""
    return PayloadFormat(door, door, lambda _, __, document: encode_json(document))
