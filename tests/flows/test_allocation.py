"""Orders find their goods: on arrival, by hand, when stock comes; and give them back."""

import asyncio
import json
from random import Random
from typing import Any
from uuid import UUID

import pytest

from crossdock.core.allocation.rules import Filter, RuleSet, Score
from crossdock.core.errors import Conflict, Invalid
from crossdock.core.orders.allocating import AllocateOrder, DeallocateOrder, ReallocateOrder
from crossdock.core.orders.commands import CancelOrder, HoldRequest, PlaceHolds, ReleaseHolds, ShipOrder
from crossdock.core.orders.model import Address
from crossdock.core.orders.status import Status
from crossdock.core.stock.commands import AdjustStock, ReceiveStock
from crossdock.core.stock.model import LevelKey
from crossdock.flows import allocation, backorders, hold_expiry, queries, stock, tenants, verification
from crossdock.flows.access import Caller
from crossdock.flows.execute import execute
from crossdock.flows.intake import Intake, Submission
from crossdock.store.protocols import Statement
from tests.flows.allocating import add_locations, configure, count, levels, order, read, served
from tests.notifications.world import caller_of
from tests.world import World

DAY = 86_400_000_000
RULES = (
    RuleSet("canada", countries=("CA",), filters=(Filter("country"),), scores=(Score("cost", 2), Score("coverage", 3))),
    RuleSet("whole", countries=("FR",), scores=(Score("priority"), Score("stock")), split=False),
    RuleSet("nearest", scores=(Score("distance", 5), Score("coverage", 4))),
)


async def do(world: World, caller: Caller, command: object) -> list[str]:
    (change,) = await execute(world.context, caller, [command], door="hub")  # type: ignore[list-item]
    return [event.name for event in change.events]


@pytest.fixture
async def caller(world: World) -> Caller:
    found = await caller_of(world)
    await add_locations(world, found, "W1", "W2")
    return found


class TestOnArrival:
    async def test_an_order_gets_the_units_of_the_location_that_has_them_all(
        self, world: World, caller: Caller
    ) -> None:
        await count(world, caller, "MUG", "W1", 1)
        await count(world, caller, "MUG", "W2", 5)
        one = await order(world, caller, "A-1", ("MUG", 2))
        assert (one.status, served(one), one.version) == (Status.ALLOCATED, [("W2", 0, 2)], 1)
        found = await levels(world, caller, "MUG")
        assert [(each.on_hand, each.allocated) for each in found.values()] == [(1, 0), (5, 2)]

    async def test_what_is_not_in_stock_waits(self, world: World, caller: Caller) -> None:
        await count(world, caller, "MUG", "W1", 3)
        one = await order(world, caller, "A-1", ("MUG", 5))
        assert served(one) == [("W1", 0, 3)]
        assert (one.counters[0].allocated, one.counters[0].backordered) == (3, 2)
        names = [event.name for event in await queries.history(world.context, caller, order_id=one.order_id)]
        assert names == ["order.received", "order.allocated", "order.backordered"]

    async def test_lines_without_a_stock_level_are_left_alone(self, world: World, caller: Caller) -> None:
        one = await order(world, caller, "A-1", ("NEVER-COUNTED", 5))
        assert (one.status, one.allocations, one.counters[0].backordered) == (Status.OPEN, (), 0)

    async def test_an_organization_that_allocates_by_hand_is_left_alone(self, world: World, caller: Caller) -> None:
        await configure(world, caller, mode="manual")
        await count(world, caller, "MUG", "W1", 3)
        one = await order(world, caller, "A-1", ("MUG", 2))
        assert one.status is Status.OPEN
        assert await do(world, caller, AllocateOrder(order_id=one.order_id)) == ["order.allocated"]

    async def test_a_pool_is_used_before_the_common_stock_and_no_other_pool_is(
        self, world: World, caller: Caller
    ) -> None:
        for pool, units in (("web", 2), ("", 2), ("store", 9)):
            await count(world, caller, "MUG", "W1", units, pool)
        one = await order(world, caller, "A-1", ("MUG", 5), channel="web")
        (allocated,) = one.allocations
        assert [(each.pool, each.quantity) for each in allocated.units] == [("web", 2), ("", 2)]
        assert one.counters[0].backordered == 1

    async def test_orders_that_race_for_few_units_get_each_once(self, world: World, caller: Caller) -> None:
        await count(world, caller, "MUG", "W1", 7)
        await count(world, caller, "MUG", "W2", 6)
        made = await asyncio.gather(*(order(world, caller, f"A-{n}", ("MUG", 2)) for n in range(12)))
        found = await levels(world, caller, "MUG")
        assert sum(level.allocated for level in found.values()) == 13
        assert sum(one.counters[0].allocated for one in made) == 13
        assert not (await verification.verify(world.context)).broken

    async def test_a_held_order_is_allocated_when_it_is_released(self, world: World, caller: Caller) -> None:
        await configure(world, caller, mode="manual")
        await count(world, caller, "MUG", "W1", 3)
        one = await order(world, caller, "A-1", ("MUG", 2))
        await do(world, caller, PlaceHolds(order_id=one.order_id, holds=(HoldRequest("fraud"),)))
        await configure(world, caller, mode="arrival")
        names = await do(world, caller, ReleaseHolds(order_id=one.order_id))
        assert names == ["order.released", "order.allocated"]

    async def test_a_location_at_its_capacity_takes_no_more_orders(self, world: World, caller: Caller) -> None:
        await add_locations(world, caller, "W0", capacity=2, priority=100)
        for place in ("W0", "W1"):
            await count(world, caller, "MUG", place, 9)
        made = [await order(world, caller, f"A-{n}", ("MUG", 1)) for n in range(3)]
        assert [served(one)[0][0] for one in made] == ["W0", "W0", "W1"]


class TestByHand:
    async def test_units_are_given_back_and_reallocated_elsewhere(self, world: World, caller: Caller) -> None:
        for place in ("W1", "W2"):
            await count(world, caller, "MUG", place, 5)
        one = await order(world, caller, "A-1", ("MUG", 2))
        assert served(one) == [("W1", 0, 2)]
        names = await do(world, caller, ReallocateOrder(order_id=one.order_id))
        assert names == ["order.deallocated", "order.allocated"]
        one = await read(world, caller, one.order_id)
        assert served(one) == [("W2", 0, 2)]
        assert await do(world, caller, DeallocateOrder(order_id=one.order_id)) == ["order.deallocated"]
        found = await levels(world, caller, "MUG")
        assert {level.allocated for level in found.values()} == {0}
        assert not (await verification.verify(world.context)).broken

    async def test_the_location_named_serves_or_nobody(self, world: World, caller: Caller) -> None:
        await configure(world, caller, mode="manual")
        await count(world, caller, "MUG", "W1", 5)
        await count(world, caller, "MUG", "W2", 1)
        one = await order(world, caller, "A-1", ("MUG", 2))
        await do(world, caller, AllocateOrder(order_id=one.order_id, location_ref="W2"))
        one = await read(world, caller, one.order_id)
        assert (served(one), one.counters[0].backordered) == ([("W2", 0, 1)], 1)

    async def test_an_allocation_expires(self, world: World, caller: Caller) -> None:
        await configure(world, caller, mode="manual")
        await count(world, caller, "MUG", "W1", 5)
        one = await order(world, caller, "A-1", ("MUG", 2))
        now = world.context.clock()
        await do(world, caller, AllocateOrder(order_id=one.order_id, expires_at=now + 60_000_000))
        assert await hold_expiry.release_due(world.context) == 0
        world.context.clock = lambda: now + 61_000_000
        assert await hold_expiry.release_due(world.context) == 1
        one = await read(world, caller, one.order_id)
        assert (one.status, served(one)) == (Status.OPEN, [])

    async def test_foreign_allocations_are_refused(self, world: World, caller: Caller) -> None:
        one = await order(world, caller, "A-1", ("MUG", 2))
        with pytest.raises(Invalid):
            await do(world, caller, DeallocateOrder(order_id=one.order_id, allocations=(4711,)))
        with pytest.raises(Conflict):
            await do(world, caller, ReallocateOrder(order_id=one.order_id))


class TestWhatOrdersDoToStock:
    async def test_canceled_units_are_free_again(self, world: World, caller: Caller) -> None:
        await count(world, caller, "MUG", "W1", 5)
        one = await order(world, caller, "A-1", ("MUG", 4))
        await do(world, caller, CancelOrder(order_id=one.order_id, lines={0: 3}))
        assert (await levels(world, caller, "MUG"))["W1"].allocated == 1
        await do(world, caller, CancelOrder(order_id=one.order_id))
        assert (await levels(world, caller, "MUG"))["W1"].allocated == 0

    async def test_shipped_units_leave_the_stock(self, world: World, caller: Caller) -> None:
        await count(world, caller, "MUG", "W1", 5)
        one = await order(world, caller, "A-1", ("MUG", 4))
        await do(world, caller, ShipOrder(order_id=one.order_id, lines={0: 3}))
        level = (await levels(world, caller, "MUG"))["W1"]
        assert (level.on_hand, level.allocated, level.shipped) == (2, 1, 3)
        assert not (await verification.verify(world.context)).broken

    async def test_allocated_units_cannot_be_counted_away(self, world: World, caller: Caller) -> None:
        await count(world, caller, "MUG", "W1", 5)
        await order(world, caller, "A-1", ("MUG", 4))
        with pytest.raises(Conflict):
            await count(world, caller, "MUG", "W1", 3)
        command = AdjustStock(key=LevelKey("MUG", "W1"), delta=-1)
        await stock.execute_stock(world.context, caller, [command], door="hub")


class TestWaiting:
    async def test_stock_that_comes_serves_those_promised_first_then_the_oldest(
        self, world: World, caller: Caller
    ) -> None:
        await count(world, caller, "MUG", "W1", 0)
        old = await order(world, caller, "A-1", ("MUG", 2))
        new = await order(world, caller, "A-2", ("MUG", 2))
        promised = await order(world, caller, "A-3", ("MUG", 2), deliver_by="2026-12-01T00:00:00Z")
        receipt = ReceiveStock(key=LevelKey("MUG", "W1"), quantity=4)
        await stock.execute_stock(world.context, caller, [receipt], door="hub")
        await backorders.serve_all(world.context)
        states = [(await read(world, caller, one.order_id)).counters[0].allocated for one in (old, new, promised)]
        assert states == [2, 0, 2]
        assert not (await verification.verify(world.context)).broken

    async def test_an_order_that_no_attempt_serves_is_put_on_hold(self, world: World, caller: Caller) -> None:
        whole = RuleSet("whole", split=False)
        await configure(world, caller, rule_sets=(whole,), max_attempts=2)
        await count(world, caller, "MUG", "W1", 1)
        one = await order(world, caller, "A-1", ("MUG", 2))
        assert one.counters[0].backordered == 2
        for _ in range(4):
            await backorders.serve_all(world.context)
        one = await read(world, caller, one.order_id)
        assert [hold.reason for hold in one.holds] == [backorders.PARKED]

    async def test_the_customer_is_asked_and_in_the_end_the_units_are_canceled(
        self, world: World, caller: Caller
    ) -> None:
        await configure(world, caller, consent_days=(30, 53), max_wait_days=60)
        await count(world, caller, "MUG", "W1", 1)
        one = await order(world, caller, "A-1", ("MUG", 2))
        begin = world.context.clock()
        for days, name in (
            (0, None),
            (30, "order.backordered"),
            (40, None),
            (53, "order.backordered"),
            (60, "order.canceled"),
        ):
            world.context.clock = lambda days=days: begin + days * DAY + 1_000_000  # type: ignore[misc]
            before = await queries.history(world.context, caller, order_id=one.order_id)
            await backorders.serve_all(world.context)
            history = await queries.history(world.context, caller, order_id=one.order_id)
            assert [event.name for event in history[len(before) :]] == ([name] if name else [])
        one = await read(world, caller, one.order_id)
        assert (one.counters[0].canceled, one.counters[0].allocated) == (1, 1)

    async def test_organizations_without_waiting_orders_cost_nothing_each(
        self, world: World, caller: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def statements() -> int:
            asked = 0
            compiled = Statement.bind

            def bind(statement: Statement, dialect: Any, values: Any) -> Any:
                nonlocal asked
                asked += 1
                return compiled(statement, dialect, values)

            with monkeypatch.context() as counting:
                counting.setattr(Statement, "bind", bind)
                await backorders.serve_all(world.context)
            return asked

        await count(world, caller, "MUG", "W1", 9)
        await order(world, caller, "A-1", ("MUG", 2))
        few = await statements()
        for number in range(20):
            await tenants.add_organization(world.context, name=f"Shop {number}", uuid=str(UUID(int=number + 1)))
        assert await statements() == few
        await order(world, caller, "A-2", ("MUG", 99))
        assert await statements() > few

    async def test_by_schedule_new_orders_are_allocated_together(self, world: World, caller: Caller) -> None:
        await configure(world, caller, mode="schedule", every_minutes=10)
        await count(world, caller, "MUG", "W1", 9)
        made = [await order(world, caller, f"A-{n}", ("MUG", 2)) for n in range(3)]
        assert {one.status for one in made} == {Status.OPEN}
        assert await backorders.serve_all(world.context) == 3
        late = await order(world, caller, "A-9", ("MUG", 1))
        assert await backorders.serve_all(world.context) == 0
        now = world.context.clock()
        world.context.clock = lambda: now + 601_000_000
        assert await backorders.serve_all(world.context) == 1
        assert (await read(world, caller, late.order_id)).status is Status.ALLOCATED


class TestDecisions:
    async def test_a_decision_is_stored_with_its_reasons_and_made_again_the_same(
        self, world: World, caller: Caller
    ) -> None:
        await count(world, caller, "MUG", "W1", 1)
        await count(world, caller, "MUG", "W2", 5)
        one = await order(world, caller, "A-1", ("MUG", 2))
        (decision,) = await allocation.decisions_of(world.context, caller, one, limit=9)
        assert decision.decision_id == one.allocations[0].decision_id
        assert [(each.location, each.score is not None) for each in decision.plan.candidates] == [
            ("W2", True),
            ("W1", True),
        ]
        again = await allocation.try_rules(world.context, caller, limit=100)
        assert (again.decisions, again.differences) == (1, ())
        other = RuleSet("cheap", scores=())
        tried = await allocation.try_rules(world.context, caller, limit=100, rule_sets=(other,))
        assert tried.decisions == 1

    @pytest.mark.parametrize("orders", [150, pytest.param(10_000, marks=pytest.mark.prove)])
    async def test_stored_decisions_are_made_again_the_same(self, world: World, caller: Caller, orders: int) -> None:
        luck = Random(3)
        await configure(world, caller, rule_sets=RULES)
        for number in range(20):
            place = {"latitude": luck.uniform(25, 48), "longitude": luck.uniform(-120, -70), "cost": luck.randint(0, 9)}
            address = Address(country=luck.choice(("US", "CA")), postal_code=str(luck.randint(10, 40)))
            await add_locations(world, caller, f"L{number}", address=address, priority=luck.randint(0, 100), **place)
            for sku in "ABCDE":
                await count(world, caller, sku, f"L{number}", luck.randint(0, orders))
        intake, format = Intake(world.context), world.context.formats["hub"]

        def body(number: int) -> bytes:
            lines = [{"sku": sku, "quantity": luck.randint(1, 9)} for sku in luck.sample("ABCDE", luck.randint(1, 5))]
            ship_to = {
                "address": {"country": luck.choice(("US", "CA", "FR")), "postal_code": str(luck.randint(10, 40))}
            }
            return json.dumps({"number": f"R-{number}", "lines": lines, "destinations": [ship_to]}).encode()

        submissions = [Submission(caller, format, body(number)) for number in range(orders)]
        for start in range(0, orders, 200):
            await intake.submit_all(submissions[start : start + 200])
        again = await allocation.try_rules(world.context, caller, limit=orders)
        assert (again.decisions, again.differences) == (orders, ())
