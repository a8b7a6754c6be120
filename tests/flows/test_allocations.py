"""Allocations are found by id and by time, with their orders; units of them move between locations with their stock."""

import pytest

from crossdock.core.errors import Conflict, NotFound
from crossdock.core.orders.allocations import UnitsTaken, take_all
from crossdock.core.orders.reallocating import ReallocateUnits
from crossdock.flows import allocations, tenants, verification
from crossdock.flows.access import Caller
from crossdock.flows.execute import execute
from tests.flows.allocating import add_locations, count, levels, order, read, served
from tests.notifications.world import caller_of
from tests.world import STRANGERS_UUID, World


@pytest.fixture
async def caller(world: World) -> Caller:
    found = await caller_of(world)
    await add_locations(world, found, "W1", "W2")
    await count(world, found, "MUG", "W1", 9)
    return found


class TestReading:
    async def test_an_order_is_found_by_the_id_of_its_allocation(self, world: World, caller: Caller) -> None:
        one = await order(world, caller, "A-1", ("MUG", 2))
        (allocation,) = one.allocations
        found = await allocations.order_of_allocation(world.context, caller, allocation.allocation_id)
        assert (found, allocations.allocation_of(found, allocation.allocation_id)) == (one, allocation)

    @pytest.mark.parametrize("allocation_id", [None, 7])
    async def test_an_unknown_id_is_refused(self, world: World, caller: Caller, allocation_id: int | None) -> None:
        one = await order(world, caller, "A-1", ("MUG", 2))
        with pytest.raises(NotFound):
            await allocations.order_of_allocation(world.context, caller, allocation_id)
        with pytest.raises(NotFound):
            allocations.allocation_of(one, 7)

    async def test_another_organization_finds_nothing(self, world: World, caller: Caller) -> None:
        one = await order(world, caller, "A-1", ("MUG", 2))
        other = await tenants.add_organization(world.context, name="Other", uuid=STRANGERS_UUID)
        stranger = Caller(other, "x", caller.scopes)
        with pytest.raises(NotFound):
            await allocations.order_of_allocation(world.context, stranger, one.allocations[0].allocation_id)
        assert await allocations.page(world.context, stranger, limit=10) == ([], None)

    async def test_pages_have_the_newest_first_and_say_where_to_go_on(self, world: World, caller: Caller) -> None:
        made = [await order(world, caller, f"A-{number}", ("MUG", 1)) for number in range(3)]
        first, last = await allocations.page(world.context, caller, limit=2)
        assert [each.order.content.number for each in first] == ["A-2", "A-1"]
        assert last == made[1].allocations[0].allocation_id
        second, end = await allocations.page(world.context, caller, before=last or 0, limit=2)
        assert ([each.order.content.number for each in second], end) == (["A-0"], None)
        assert await allocations.page(world.context, caller, limit=2, location="W2") == ([], None)

    async def test_an_order_is_described_with_its_events(self, world: World, caller: Caller) -> None:
        one = await order(world, caller, "A-1", ("MUG", 2))
        described = (await allocations.describe(world.context, caller, [one, one], door="fabric"))[one.order_id]
        assert described.document["orderNumber"] == "A-1"
        assert [event.name for event in described.history] == ["order.received", "order.allocated"]


class TestMoving:
    async def test_some_units_move_with_their_stock(self, world: World, caller: Caller) -> None:
        one = await order(world, caller, "A-1", ("MUG", 3))
        await count(world, caller, "MUG", "W2", 5)
        taken = (UnitsTaken(one.allocations[0].allocation_id, 0, 2),)
        await execute(
            world.context, caller, [ReallocateUnits(order_id=one.order_id, units=lambda _: taken)], door="hub"
        )
        assert served(await read(world, caller, one.order_id)) == [("W1", 0, 1), ("W2", 0, 2)]
        found = await levels(world, caller, "MUG")
        assert {code: level.allocated for code, level in found.items()} == {"W1": 1, "W2": 2}
        assert not (await verification.verify(world.context)).broken

    async def test_a_complete_move_without_enough_stock_changes_nothing(self, world: World, caller: Caller) -> None:
        one = await order(world, caller, "A-1", ("MUG", 3))
        await count(world, caller, "MUG", "W2", 2)
        command = ReallocateUnits(
            order_id=one.order_id, units=lambda order: take_all(order.allocations), only=("W2",), complete=True
        )
        with pytest.raises(Conflict, match="only 2 of 3 units of MUG are available"):
            await execute(world.context, caller, [command], door="hub")
        assert await read(world, caller, one.order_id) == one
