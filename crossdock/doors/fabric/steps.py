"""Steps of flows.orders put together as this door's calls need them: several facts of one change, one version."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from crossdock.core.errors import Code, Conflict, Fault, Invalid
from crossdock.core.ids import json_equal
from crossdock.core.orders.events import Edited, Noted, OrderEvent, decode_event
from crossdock.core.orders.model import Content, Line, Order
from crossdock.core.orders.status import Status, Verb, allowed_verbs
from crossdock.doors.fabric.responses import DOOR
from crossdock.flows import orders
from crossdock.flows.orders import Step
from crossdock.flows.unit_of_work import Unit
from crossdock.store import event_log

Tree = Any
_replace = msgspec.structs.replace
# The vendor's guide: addresses and items may change in Created, Hold, Confirmed and Partially allocated.
AMENDABLE = frozenset({Status.OPEN, Status.ON_HOLD, Status.PARTIALLY_ALLOCATED})


def together(first: Step, *others: Step) -> Step:
    """Make one change of several verbs: what the others do joins what the first does."""

    async def decide(work: Unit, order: Order) -> Sequence[OrderEvent]:
        order_events = list(await first.decide(work, order))
        for other in others:
            orders.check(order, other.verb)
            for order_event in await other.decide(work, order):
                order_events.append(_replace(order_event, joined=bool(order_events)))
        return order_events

    return _replace(first, decide=decide)


def amendable(step: Step) -> Step:
    """Refuse an edit of addresses or items where the vendor does not allow it any more, with Conflict `state_forbids`."""

    async def decide(work: Unit, order: Order) -> Sequence[OrderEvent]:
        order_events = await step.decide(work, order)
        if order.status not in AMENDABLE:
            for order_event in order_events:
                if isinstance(order_event, Edited) and _bound(order_event.content) != _bound(order.content):
                    reason = f"the order is {order.status.replace('_', ' ')}; its addresses and items cannot change"
                    raise Conflict(Code.STATE_FORBIDS, reason, status=str(order.status))
        return order_events

    return _replace(step, decide=decide)


def _bound(content: Content) -> tuple[list[Line], list[Any]]:
    """Give the lines and addresses, without what has no home and may always change."""
    return [_replace(line, unmapped=None) for line in content.lines], [each.address for each in content.destinations]


def not_in_vain(step: Step, reason: str, *path: str | int) -> Step:
    """Refuse an edit that an order of another door has no place for, instead of answering as if it had been done."""

    async def decide(work: Unit, order: Order) -> Sequence[OrderEvent]:
        order_events = await step.decide(work, order)
        if not order_events and order.source.door != DOOR:
            raise Invalid(Code.INVALID, "the body has faults", faults=(Fault(path, reason),))
        return order_events

    return _replace(step, decide=decide)


def cancel(
    order_id: int | None,
    *,
    lines: Callable[[Order], dict[int, int | None]] | None,
    reason: str | None,
    note: str | None,
    topic: str,
    asked: Tree,
) -> Step:
    """Cancel, and keep with it what was asked beyond reason and note."""
    return together(
        orders.cancel(order_id, lines=lines, reason=reason, note=note),
        orders.note(order_id, note or reason or "canceled", topic=topic, data=asked),
    )


def report(order_id: int | None, text: str, *, topic: str, data: Tree, edit: Step | None = None) -> Step:
    """Note what another service reports, once: the same report as before, or as the last one of its topic, is passed over.

    A report with an event id (`connectorInfo.eventId`) or of package tracking is the same whenever it came; any other may
    come again after a different one. `edit` takes it over into the order, as long as the order can be edited.
    """

    async def decide(work: Unit, order: Order) -> Sequence[OrderEvent]:
        known = await _reports(work, order, topic)
        is_event = (
            not isinstance(data, dict) or "status" not in data or bool((data.get("connectorInfo") or {}).get("eventId"))
        )
        if any(json_equal(data, each) for each in (known if is_event else known[-1:])):
            return []
        order_events = list(await edit.decide(work, order)) if edit and Verb.EDIT in allowed_verbs(order.status) else []
        return [*order_events, Noted(text=text, topic=topic, data=data, joined=bool(order_events))]

    return Step(order_id, Verb.NOTE, decide)


async def _reports(work: Unit, order: Order, topic: str) -> list[Tree]:
    recorded = await event_log.events(work.tx, work.organization_id, order_id=order.order_id)
    order_events = [decode_event(event) for event in recorded if event.name == Noted.name]
    return [
        order_event.data
        for order_event in order_events
        if isinstance(order_event, Noted) and order_event.topic == topic
    ]
