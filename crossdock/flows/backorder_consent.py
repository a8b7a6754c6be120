"""A customer's answer to a delay: they wait, or what is waited for is canceled. The first answer stands."""

import msgspec

from crossdock.core.errors import Code, NotFound
from crossdock.core.orders.commands import AnswerBackorder, consent_answer
from crossdock.core.orders.events import Backordered
from crossdock.flows import event_payloads
from crossdock.flows.access import Caller
from crossdock.flows.context import SYSTEM_DOOR, Context
from crossdock.flows.event_payloads import Notification
from crossdock.flows.execute import execute
from crossdock.store import event_log, tenants

# Who answers: whoever has the link.
ACTOR = "customer"


async def consent_request(
    context: Context, organization_id: int, *, order_id: int, number: int
) -> tuple[Caller, Notification, Backordered, str | None]:
    """Return what event `number` of an order asks its customer, and the answer (accept, cancel) if there is one.

    Refuses with NotFound `no_order` where it asks nothing.
    """
    async with context.store.reading() as tx:
        organization = await tenants.get_organization(tx, organization_id)
        if organization is not None:
            caller = msgspec.structs.replace(await event_payloads.worker_of(tx, organization), actor=ACTOR)
            notification = await event_payloads.of_event(tx, organization, order_id=order_id, number=number)
            if notification is not None and isinstance(notification.order_event, Backordered):
                history = await event_log.events(tx, organization_id, aggregate_id=order_id)
                return caller, notification, notification.order_event, consent_answer(history, number)
    raise NotFound(Code.NO_ORDER, "nothing is asked")


async def answer(context: Context, caller: Caller, *, order_id: int, number: int, choice: str) -> str:
    """Record what the customer says (accept, cancel) to event `number`, and return the answer that stands.

    Refuses with NotFound `no_order`, Conflict `state_forbids` where the order cannot be canceled any more.
    """
    _, _, _, known = await consent_request(context, caller.organization_id, order_id=order_id, number=number)
    if known is not None:
        return known
    await execute(context, caller, [AnswerBackorder(order_id=order_id, number=number, answer=choice)], door=SYSTEM_DOOR)
    _, _, _, known = await consent_request(context, caller.organization_id, order_id=order_id, number=number)
    assert known is not None, "it was just recorded"
    return known
