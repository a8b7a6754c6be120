"""A customer's answer to a delay: they wait, or what is waited for is canceled. The first answer stands."""

from collections.abc import Sequence

import msgspec

from crossdock.core.errors import Code, NotFound
from crossdock.core.orders.events import Backordered, Edited, Event, Noted, OrderEvent, decode_event
from crossdock.core.orders.model import Order
from crossdock.core.orders.status import Verb
from crossdock.flows import event_payloads, orders
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.flows.event_payloads import Notification
from crossdock.flows.orders import Step
from crossdock.flows.unit_of_work import Unit
from crossdock.store import event_log, tenants

# Who answers: whoever has the link.
ACTOR = "customer"
TOPIC = "backorder_consent"
_WORDS = {"accept": "The customer waits.", "cancel": "The customer does not want to wait."}


async def consent_request(
    context: Context, organization_id: int, *, order_id: int, number: int
) -> tuple[Caller, Notification, Backordered, str | None]:
    """Give what event `number` of an order asks its customer, and the answer (accept, cancel) if there is one.

    Refuses with Missing `no_order` where it asks nothing.
    """
    async with context.store.reading() as tx:
        organization = await tenants.get_organization(tx, organization_id)
        if organization is not None:
            caller = msgspec.structs.replace(await event_payloads.worker_of(tx, organization), actor=ACTOR)
            told = await event_payloads.of_event(tx, organization, order_id=order_id, number=number)
            if told is not None and isinstance(told.order_event, Backordered):
                recorded = await event_log.events(tx, organization_id, order_id=order_id)
                return caller, told, told.order_event, _answer_in(recorded, number)
    raise NotFound(Code.NO_ORDER, "nothing is asked")


async def answer(context: Context, caller: Caller, *, order_id: int, number: int, said: str) -> str:
    """Write down what the customer says (accept, cancel) to event `number`, and give the answer that stands.

    Appends `order.noted`, and `order.canceled` for what is still open of what is waited for. Refuses with Missing `no_order`,
    Conflict `state_forbids` where the order cannot be canceled any more.
    """
    _, _, order_event, known = await consent_request(context, caller.organization_id, order_id=order_id, number=number)
    if known is not None:
        return known

    async def decide(work: Unit, order: Order) -> Sequence[OrderEvent]:
        recorded = await event_log.events(work.tx, caller.organization_id, order_id=order_id)
        if _answer_in(recorded, number) is not None:  # somebody was quicker
            return []
        note = Noted(text=_WORDS[said], topic=TOPIC, data={"number": number, "answer": said})
        if said == "accept":
            return [note]
        later = [event for event in recorded if event.number > number]
        edits = [edit for event in later if isinstance(edit := decode_event(event), Edited)]
        lines = _still_open(order, order_event, edits)
        cancel = orders.cancel(order_id, lines=lambda _: lines, reason=_WORDS["cancel"])
        return [note, *await cancel.decide(work, order)]

    verb = Verb.CANCEL if said == "cancel" else Verb.NOTE
    await orders.perform(context, caller, [Step(order_id, verb, decide)], door="hub")
    _, _, _, known = await consent_request(context, caller.organization_id, order_id=order_id, number=number)
    assert known is not None, "it was just written down"
    return known


def _still_open(order: Order, order_event: Backordered, edits: Sequence[Edited]) -> dict[int, int | None]:
    """Give what is still open of what was waited for, by the lines' positions after the edits made since."""
    waiting = dict(order_event.lines)
    for edit in edits:
        waiting = {edit.now_at[line]: quantity for line, quantity in waiting.items() if line in edit.now_at}
    return {line: min(quantity, found) for line, quantity in waiting.items() if (found := order.counters[line].open)}


def _answer_in(recorded: Sequence[Event], number: int) -> str | None:
    for event in recorded:
        order_event = decode_event(event) if event.name == Noted.name else None
        if isinstance(order_event, Noted) and order_event.topic == TOPIC and order_event.data["number"] == number:
            return str(order_event.data["answer"])
    return None
