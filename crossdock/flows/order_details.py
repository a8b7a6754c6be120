"""Everything about one order for people: the order with its history, explanation, decisions, invoices, deliveries and mails.

All of it is read in one transaction, by a fixed number of statements.
"""

from collections.abc import Sequence

from msgspec import Struct

from crossdock.core.errors import Code, NotFound
from crossdock.core.events import Event
from crossdock.core.explanation import Circumstances, Explanation, actions_of, explain
from crossdock.core.ids import index_key
from crossdock.core.invoicing.invoices import Invoice, decode_invoice
from crossdock.core.money import Reconciliation, reconcile
from crossdock.core.orders.events import rebuild
from crossdock.core.orders.model import Order
from crossdock.core.returns.refunds import Balance, balance
from crossdock.core.stock.model import Level
from crossdock.core.subscription import MAIL_ENDPOINT
from crossdock.flows import allocation, allocation_setup
from crossdock.flows.access import READ, Caller
from crossdock.flows.allocation import ExplainedDecision
from crossdock.flows.context import Context
from crossdock.flows.large_orders import compute
from crossdock.store import deliveries, emails, event_log, invoices, stock
from crossdock.store import orders as order_store
from crossdock.store.deliveries import Delivery, Endpoint
from crossdock.store.emails import MailHead
from crossdock.store.orders import LatestChange as LatestChange
from crossdock.store.protocols import Transaction

MAX_DECISIONS = 5
MAX_DELIVERIES = 50
# SKUs whose stock is looked up for an order that waits: who looks at more lines than that looks at a list of stock.
MAX_SKUS = 50


class DeliveryOfOrder(Struct, frozen=True):
    """A delivery of an event of an order, and its endpoint; of a mail that was stored instead of sent, also the mail."""

    delivery: Delivery
    endpoint: Endpoint
    mail: MailHead | None = None


class OrderDetails(Struct, frozen=True):
    """An order and all that people ask about it. `explanations` and `actions` are empty for an order as it was."""

    order: Order
    history: Sequence[Event]
    balance: Balance
    reconciliation: Reconciliation
    explanations: Sequence[Explanation] = ()
    actions: Sequence[str] = ()
    decisions: Sequence[ExplainedDecision] = ()
    invoices: Sequence[Invoice] = ()
    deliveries: Sequence[DeliveryOfOrder] = ()
    mails: Sequence[DeliveryOfOrder] = ()
    levels: Sequence[Level] = ()


async def read(context: Context, caller: Caller, *, order_id: int | None) -> OrderDetails:
    """Read an order with everything about it. Refuses with NotFound `no_order`, Denied `no_scope`."""
    caller.require(READ)
    async with context.store.reading() as tx:
        order, history = await _order(tx, caller, order_id)
        within = context.within(tx)
        decisions = await allocation.decisions_of(within, caller, order, limit=MAX_DECISIONS)
        made = await invoices.of_order(tx, caller.organization_id, order_id=order.order_id)
        setup = await allocation_setup.read(tx, context, caller.organization_id)
        levels = await _levels(tx, caller, order)
        sent = await _deliveries(tx, caller, order)
    computed, reconciliation = await compute(order, lambda: (_balance(order), reconcile(order.content)))
    known = Circumstances(
        computed, reconciliation, history, _unserved(decisions), levels, bool(setup.locations), setup.settings.mode != "manual"
    )  # fmt: skip
    explanations = await compute(order, lambda: explain(order, known))
    return OrderDetails(
        order, history, computed, reconciliation, explanations, actions_of(order, computed), decisions,
        [decode_invoice(each.document) for each in made],
        [each for each in sent if each.endpoint.kind == "webhook"], [each for each in sent if each.endpoint.kind == "email"],
        levels,
    )  # fmt: skip


async def read_as_of(context: Context, caller: Caller, *, order_id: int | None, number: int) -> OrderDetails:
    """Read an order as it was right after its event `number`. Refuses with NotFound `no_order`, also for another number."""
    caller.require(READ)
    async with context.store.reading() as tx:
        order, recorded = await _order(tx, caller, order_id)
    if not 1 <= number <= len(recorded):
        raise NotFound(Code.NO_ORDER, "the order has no such event")
    history = recorded[:number]
    earlier = await compute(order, lambda: rebuild(history))
    assert earlier is not None, "an order begins with an event"
    computed, reconciliation = await compute(order, lambda: (_balance(earlier), reconcile(earlier.content)))
    return OrderDetails(earlier, history, computed, reconciliation)


async def latest_change(context: Context, caller: Caller, *, order_id: int | None) -> LatestChange:
    """Return an order's version and who changed it last. Refuses with NotFound `no_order`."""
    caller.require(READ)
    if order_id is not None:
        async with context.store.reading() as tx:
            found = await order_store.latest_change(tx, caller.organization_id, order_id=order_id)
        if found is not None:
            return found
    raise NotFound(Code.NO_ORDER, "there is no such order")


async def _order(tx: Transaction, caller: Caller, order_id: int | None) -> tuple[Order, list[Event]]:
    if order_id is not None:
        order = await order_store.get(tx, caller.organization_id, order_id=order_id)
        if order is not None:
            return order, await event_log.events(tx, caller.organization_id, aggregate_id=order_id)
    raise NotFound(Code.NO_ORDER, "there is no such order")


def _balance(order: Order) -> Balance:
    return balance(order.content, order.payments, order.refunds)


def _unserved(decisions: Sequence[ExplainedDecision]) -> dict[int, str]:
    """Return why units had no location in the newest decision, by line."""
    return {line: reason for line, _, reason in decisions[0].plan.unserved} if decisions else {}


async def _levels(tx: Transaction, caller: Caller, order: Order) -> list[Level]:
    """Read the stock of the SKUs that the order waits for, or has no location for."""
    lines = zip(order.content.lines, order.counters, strict=True)
    skus = dict.fromkeys(line.sku for line, units in lines if line.sku and (units.backordered or units.unplanned))
    keys = [index_key(sku) for sku in list(skus)[:MAX_SKUS]]
    found = await stock.by_skus(tx, caller.organization_id, keys) if keys else []
    return [each for each in found if each.sku in skus]


async def _deliveries(tx: Transaction, caller: Caller, order: Order) -> list[DeliveryOfOrder]:
    """Read the newest deliveries of an order's events, newest first, to webhooks and by mail."""
    endpoints = {each.endpoint_id: each for each in await deliveries.endpoints(tx, caller.organization_id)}
    found = await deliveries.of_order(
        tx, caller.organization_id, order_id=order.order_id, limit=MAX_DELIVERIES
    )  # fmt: skip
    mail_ids = [each.event_id for each in found if each.endpoint_id == MAIL_ENDPOINT]
    mails = await emails.heads(tx, caller.organization_id, mail_ids=mail_ids)
    return [
        DeliveryOfOrder(each, endpoints[each.endpoint_id], mails.get(each.event_id))
        for each in found
        if each.endpoint_id in endpoints
    ]
