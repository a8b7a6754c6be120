"""Steps of flows.orders put together as this door's calls need them: several facts of one change, one version."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from crossdock.core.errors import Code, Conflict, Fault, Invalid
from crossdock.core.events import Edited, Fact, Noted, fact_of
from crossdock.core.identity import is_same_content
from crossdock.core.lifecycle import Status, Verb, legal
from crossdock.core.order import Content, Line, Order
from crossdock.doors.fabric.answer import DOOR
from crossdock.flows import orders
from crossdock.flows.orders import Step
from crossdock.flows.unit import Unit
from crossdock.store import log

Tree = Any
_replace = msgspec.structs.replace
# The vendor's guide: addresses and items may change in Created, Hold, Confirmed and Partially allocated.
AMENDABLE = frozenset({Status.OPEN, Status.ON_HOLD, Status.PARTIALLY_ALLOCATED})


def together(first: Step, *others: Step) -> Step:
    """Make one change of several verbs: what the others do joins what the first does."""

    async def decide(work: Unit, order: Order) -> Sequence[Fact]:
        facts = list(await first.decide(work, order))
        for other in others:
            orders.check(order, other.verb)
            for fact in await other.decide(work, order):
                facts.append(_replace(fact, joined=bool(facts)))
        return facts

    return _replace(first, decide=decide)


def amendable(step: Step) -> Step:
    """Refuse an edit of addresses or items where the vendor does not allow it any more, with Conflict `state_forbids`."""

    async def decide(work: Unit, order: Order) -> Sequence[Fact]:
        facts = await step.decide(work, order)
        if order.status not in AMENDABLE:
            for fact in facts:
                if isinstance(fact, Edited) and _bound(fact.content) != _bound(order.content):
                    reason = f"the order is {order.status.replace('_', ' ')}; its addresses and items cannot change"
                    raise Conflict(Code.STATE_FORBIDS, reason, status=str(order.status))
        return facts

    return _replace(step, decide=decide)


def _bound(content: Content) -> tuple[list[Line], list[Any]]:
    """Give the lines and addresses, without what has no home and may always change."""
    return [_replace(line, leftovers=None) for line in content.lines], [each.address for each in content.destinations]


def not_in_vain(step: Step, reason: str, *path: str | int) -> Step:
    """Refuse an edit that an order of another door has no place for, instead of answering as if it had been done."""

    async def decide(work: Unit, order: Order) -> Sequence[Fact]:
        facts = await step.decide(work, order)
        if not facts and order.source.door != DOOR:
            raise Invalid(Code.INVALID, "the body has faults", faults=(Fault(path, reason),))
        return facts

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

    async def decide(work: Unit, order: Order) -> Sequence[Fact]:
        known = await _reports(work, order, topic)
        is_event = (
            not isinstance(data, dict) or "status" not in data or bool((data.get("connectorInfo") or {}).get("eventId"))
        )
        if any(is_same_content(data, each) for each in (known if is_event else known[-1:])):
            return []
        facts = list(await edit.decide(work, order)) if edit and Verb.EDIT in legal(order.status) else []
        return [*facts, Noted(text=text, topic=topic, data=data, joined=bool(facts))]

    return Step(order_id, Verb.NOTE, decide)


async def _reports(work: Unit, order: Order, topic: str) -> list[Tree]:
    recorded = await log.events(work.tx, work.organization_id, order_id=order.order_id)
    facts = [fact_of(event) for event in recorded if event.name == Noted.name]
    return [fact.data for fact in facts if isinstance(fact, Noted) and fact.topic == topic]
