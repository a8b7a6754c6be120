"""Allocation: gather what a decision is made of, store the decision, explain it, and make it again.

A decision is pure (core/orders/allocating.py). Its inputs are stored with its plan, so that it can be explained in words, made
again with the same result, and compared with what other rules would have decided.
"""

import time
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from crossdock.core.allocation.plan import Demand, Location, Plan, StockKey, plan
from crossdock.core.allocation.rules import RuleSet
from crossdock.core.catalog.locations import candidate
from crossdock.core.events import Event
from crossdock.core.orders.allocating import AllocateOrder
from crossdock.core.orders.commands import Command, State, allocate, decide, is_applicable
from crossdock.core.orders.events import Edited, OrderEvent, Received, Released
from crossdock.core.orders.model import Order
from crossdock.core.orders.status import Verb, allowed_verbs
from crossdock.core.orders.supply import Decision, Supply
from crossdock.flows import allocation_setup
from crossdock.flows.access import Caller
from crossdock.flows.allocation_setup import AllocationSetup
from crossdock.flows.context import SYSTEM_DOOR, Context
from crossdock.flows.measures import count_allocation
from crossdock.flows.unit_of_work import UnitOfWork
from crossdock.store import allocations as allocation_store
from crossdock.store.allocations import StoredDecision

_replace = msgspec.structs.replace
# Deterministic: the same decision is the same bytes.
_ENCODER = msgspec.json.Encoder(decimal_format="number", order="deterministic")
# Events after which units may be there that nothing was planned for yet.
_OCCASIONS = frozenset((Received.name, Released.name, Edited.name))


class Inputs(Struct, frozen=True):
    """What a plan is made of."""

    demand: Demand
    stock: tuple[tuple[StockKey, int], ...]
    locations: tuple[Location, ...]
    rule_sets: tuple[RuleSet, ...]


_INPUTS = msgspec.json.Decoder(Inputs)
_PLAN = msgspec.json.Decoder(Plan)


# ---------------------------------------------------------------------------------------------------------------- gathering
async def with_supply(work: UnitOfWork, command: Command, state: State) -> State:
    """Return the state with the supply that a command asks for and the decision made of it.

    An organization without locations, or without stock of the order's SKUs, has no supply.
    """
    setup = await allocation_setup.read(work.tx, work.context, work.organization_id)
    if not setup.locations:
        return state
    skus = {line.sku for line in state.order.content.lines if line.sku is not None}
    levels = await work.stock.of(skus)
    if not levels:
        return state
    new = work.context.id_generator.new
    supply = Supply(
        levels, await _candidates(work, setup), setup.settings.rule_sets, new(work.now), lambda: new(work.now),
        backorder=setup.settings.backorder,
    )  # fmt: skip
    state = _replace(state, supply=supply)
    began = time.perf_counter()
    decision = command.decision(state)
    if decision is not None:
        if not work.dry_run:
            count_allocation(_outcome(decision), time.perf_counter() - began)
        _keep(work, state.order.order_id, supply, decision)
    return _replace(state, decision=decision)


def _outcome(decision: Decision) -> str:
    if not decision.short:
        return "full"
    return "partial" if decision.allocations else "none"


async def placed_at(work: UnitOfWork, order: Order, location: str, *, actor: str) -> list[OrderEvent]:
    """Return the events that allocate a new order to the location that its door chose."""
    setup = await allocation_setup.read(work.tx, work.context, work.organization_id)
    if not setup.locations:
        return allocate(order, location_ref=location)
    command = AllocateOrder(order_id=order.order_id, location_ref=location)
    return list(command.decide(await with_supply(work, command, State(order, order.created_at, actor))))


async def _candidates(work: UnitOfWork, setup: AllocationSetup) -> tuple[Location, ...]:
    limited = [each.code for each in setup.locations if each.capacity is not None]
    counts = await allocation_store.open_orders(work.tx, work.organization_id, locations=limited)
    return tuple(
        candidate(each, now=work.now, open_orders=counts.get(each.code, 0) + work.orders_at[each.code])
        for each in setup.locations
    )


def _keep(work: UnitOfWork, order_id: int, supply: Supply, decision: Decision) -> None:
    for code in {each.location for each in decision.allocations}:
        work.orders_at[code] += 1
    inputs = Inputs(decision.demand, decision.stock, supply.locations, supply.rule_sets)
    work.decisions.append(
        StoredDecision(
            work.organization_id, supply.decision_id, order_id, work.now, _ENCODER.encode(inputs),
            _ENCODER.encode(decision.plan),
        )
    )  # fmt: skip


async def allocates_on_arrival(work: UnitOfWork) -> bool:
    """Tell whether the organization allocates new orders as they arrive."""
    setup = await allocation_setup.read(work.tx, work.context, work.organization_id)
    return bool(setup.locations) and setup.settings.mode == "arrival"


async def follow_up(
    work: UnitOfWork, order: Order, events: Sequence[Event], *, actor: str, joined: bool = False
) -> Order:
    """Allocate an order on its arrival, and when a hold ends or an edit adds units, where its organization wants that.

    `joined`: as part of the change before it, for a new order.
    """
    setup = await allocation_setup.read(work.tx, work.context, work.organization_id)
    if not setup.locations or setup.settings.mode == "manual":
        return order
    if not any(event.name in _OCCASIONS for event in events) or Verb.ALLOCATE not in allowed_verbs(order.status):
        return order
    if events[0].name == Received.name and setup.settings.mode == "schedule":
        return order
    command = AllocateOrder(order_id=order.order_id)
    state = await with_supply(work, command, State(order, max(work.now, order.updated_at), actor))
    decided = decide(command, state) if is_applicable(command, order) else []
    if joined:
        decided = [_replace(event, joined=True) for event in decided]
    return work.apply(order, decided, actor=actor, door=SYSTEM_DOOR)


# ---------------------------------------------------------------------------------------------------------------- explaining
class ExplainedDecision(Struct, frozen=True):
    """A stored decision, read: when, about which order, of what, and the plan."""

    decision_id: int
    order_id: int
    at: int
    inputs: Inputs
    plan: Plan


def _explained(stored: StoredDecision) -> ExplainedDecision:
    return ExplainedDecision(
        stored.decision_id, stored.order_id, stored.at, _INPUTS.decode(stored.inputs), _PLAN.decode(stored.plan)
    )


async def decisions_of(context: Context, caller: Caller, order: Order, *, limit: int) -> list[ExplainedDecision]:
    """Read the newest decisions about an order."""
    async with context.store.reading() as tx:
        stored = await allocation_store.decisions_of_order(
            tx, caller.organization_id, order_id=order.order_id, limit=limit
        )
    return [_explained(each) for each in stored]


class Difference(Struct, frozen=True):
    """What another set of rules would have decided about an order, beside what was decided."""

    order_id: int
    before: Plan
    after: Plan


class TryOut(Struct, frozen=True):
    """How many decisions were made again, and those that came out otherwise."""

    decisions: int
    differences: tuple[Difference, ...]


async def try_rules(
    context: Context, caller: Caller, *, limit: int, rule_sets: tuple[RuleSet, ...] | None = None
) -> TryOut:
    """Make the last decisions again, with the stock that each saw; by other rules where some are given. Nothing is changed.

    Without other rules every decision must come out the same.
    """
    differences: list[Difference] = []
    count, before = 0, 2**63 - 1
    while count < limit:
        async with context.store.reading() as tx:
            stored = await allocation_store.decisions(
                tx, caller.organization_id, before=before, limit=min(200, limit - count)
            )
        for each in map(_explained, stored):
            inputs = each.inputs
            rules = inputs.rule_sets if rule_sets is None else rule_sets
            again = plan(inputs.demand, dict(inputs.stock), inputs.locations, rules)
            is_same = again == each.plan if rule_sets is None else again.assignments == each.plan.assignments
            if not is_same:
                differences.append(Difference(each.order_id, each.plan, again))
        count += len(stored)
        if not stored:
            break
        before = stored[-1].decision_id
    return TryOut(count, tuple(differences))
