"""The work of a location: fulfillments and returns by status, orders to start, and what a scanned code belongs to."""

import pytest

from crossdock.core.errors import Denied
from crossdock.core.ids import to_base32
from crossdock.core.orders.fulfilling import CreateFulfillment, PackUnits, PickUnits, ShipFulfillment
from crossdock.core.orders.fulfillments import Package
from crossdock.core.orders.model import Order
from crossdock.core.returns.commands import RequestReturn
from crossdock.flows import fulfillment, stock_lists, warehouse
from crossdock.flows.access import Caller
from crossdock.flows.execute import execute
from crossdock.store import sqlite
from crossdock.store import warehouse as warehouse_store
from crossdock.store.protocols import Statement
from tests.flows.allocating import add_locations, count, order
from tests.notifications.world import caller_of
from tests.world import World


@pytest.fixture
async def caller(world: World) -> Caller:
    found = await caller_of(world)
    await add_locations(world, found, "W1", "W2")
    await count(world, found, "MUG", "W1", 20)
    await count(world, found, "CUP", "W2", 20)
    return found


async def started(world: World, caller: Caller, number: str, sku: str = "MUG", units: int = 2) -> Order:
    one = await order(world, caller, number, (sku, units))
    new = fulfillment.new_ids(world.context)
    create = CreateFulfillment(order_id=one.order_id, location_ref="W1" if sku == "MUG" else "W2", new_id=new)
    (change,) = await execute(world.context, caller, [create], door="hub")
    return change.order


async def listed(
    world: World, caller: Caller, *statuses: str, location: str | None = "W1", **page: object
) -> list[str]:
    found = await warehouse.fulfillments(
        world.context,
        caller,
        statuses=statuses,
        location=location,
        **({"limit": 9} | page),  # type: ignore[arg-type]
    )
    return [each.order.content.number for each in found]


async def test_work_is_listed_oldest_first_and_by_location(world: World, caller: Caller) -> None:
    numbers = [(await started(world, caller, f"A-{place}")).content.number for place in range(3)]
    last = await started(world, caller, "B-1", "CUP")
    assert await listed(world, caller, "open") == numbers
    assert await listed(world, caller, "open", location="W2") == ["B-1"]
    assert await listed(world, caller, "open", location=None) == [*numbers, "B-1"]
    first = (await warehouse.fulfillments(world.context, caller, statuses=["open"], limit=1, location="W1"))[0].part
    assert await listed(world, caller, "open", past=first.fulfillment_id) == numbers[1:]
    new = fulfillment.new_ids(world.context)
    ship = ShipFulfillment(
        order_id=last.order_id, fulfillment_id=last.fulfillments[0].fulfillment_id, new_id=new, number="T-1"
    )
    await execute(world.context, caller, [ship], door="hub")
    assert await listed(world, caller, "shipped", "delivered", location="W2", newest=True) == ["B-1"]
    assert await listed(world, caller, "shipped", location="W2", newest=True, past=1) == []
    counts = await warehouse.counts(world.context, caller, location="W1")
    assert (counts["open"], counts["picking"], counts["unstarted"]) == (3, 0, 0)
    assert (await warehouse.counts(world.context, caller, location=None))["open"] == 3


async def test_orders_without_work_are_listed_until_they_are_started(world: World, caller: Caller) -> None:
    one = await order(world, caller, "A-1", ("MUG", 2))
    two = await order(world, caller, "A-2", ("MUG", 1), ("CUP", 1))
    found, more = await warehouse.unstarted(world.context, caller, location="W1", limit=9)
    assert [(each.order.order_id, each.units) for each in found] == [(one.order_id, {0: 2}), (two.order_id, {0: 1})]
    assert more is None
    found, more = await warehouse.unstarted(world.context, caller, location="W1", limit=1)
    assert more == found[0].allocation_id
    found, _ = await warehouse.unstarted(world.context, caller, location="W1", limit=9, past=more or 0)
    assert [each.order.order_id for each in found] == [two.order_id]
    assert (await warehouse.counts(world.context, caller, location="W1"))["unstarted"] == 2
    new = fulfillment.new_ids(world.context)
    create = CreateFulfillment(order_id=one.order_id, location_ref="W1", new_id=new, lines={0: 1})
    (change,) = await execute(world.context, caller, [create], door="hub")
    found, _ = await warehouse.unstarted(world.context, caller, location="W1", limit=9)
    assert [each.order.order_id for each in found] == [two.order_id]
    part = change.order.fulfillments[0].fulfillment_id
    ship = ShipFulfillment(order_id=one.order_id, fulfillment_id=part, new_id=new)
    await execute(world.context, caller, [ship], door="hub")
    found, _ = await warehouse.unstarted(world.context, caller, location="W1", limit=9)
    assert [each.units for each in found] == [{0: 1}, {0: 1}]  # the rest of the first order is to be started


async def test_codes_of_papers_are_found(world: World, caller: Caller) -> None:
    one = await started(world, caller, "A-1")
    part = one.fulfillments[0]
    new = fulfillment.new_ids(world.context)
    commands = [
        PickUnits(order_id=one.order_id, fulfillment_id=part.fulfillment_id),
        PackUnits(
            order_id=one.order_id, fulfillment_id=part.fulfillment_id, new_id=new,
            packages=(Package(((0, 2),), number="1Z-é"),),
        ),
    ]  # fmt: skip
    changes = await execute(world.context, caller, commands, door="hub")
    package_id = changes[-1].order.fulfillments[0].packages[0].package_id
    assert package_id is not None
    codes = [to_base32(each) for each in (part.fulfillment_id, one.order_id, package_id)]
    for code in (*codes, codes[1].upper(), f"{codes[1]}-1", "A-1", " 1Z-é "):
        found = await warehouse.scan(world.context, caller, code, location="W1")
        assert found is not None, code
        assert found.fulfillment is not None, code
        assert found.fulfillment.fulfillment_id == part.fulfillment_id
    two = await order(world, caller, "A-2", ("MUG", 1))
    assert await warehouse.scan(world.context, caller, "A-2") == warehouse.Scanned(two, None)
    for code in ("", "nobody", "0" * 13):
        assert await warehouse.scan(world.context, caller, code) is None


async def test_returns_are_listed_and_counted_by_status(world: World, caller: Caller) -> None:
    one = await started(world, caller, "A-1")
    new = fulfillment.new_ids(world.context)
    ship = ShipFulfillment(order_id=one.order_id, fulfillment_id=one.fulfillments[0].fulfillment_id, new_id=new)
    asked = [RequestReturn(order_id=one.order_id, new_id=new, lines={0: 1}) for _ in range(2)]
    changes = await execute(world.context, caller, [ship, *asked], door="hub")
    first, second = changes[-1].order.returns
    found = await warehouse.returns(world.context, caller, statuses=["requested", "partially_received"], limit=9)
    assert [each.part for each in found] == [first, second]
    found = await warehouse.returns(world.context, caller, statuses=["requested"], limit=9, newest=True)
    assert [each.part for each in found] == [second, first]
    assert await warehouse.return_counts(world.context, caller, ["requested", "received"]) == {
        "requested": 2,
        "received": 0,
    }


async def test_a_caller_who_may_not_read_orders_sees_no_work(world: World, caller: Caller) -> None:
    import msgspec

    nobody = msgspec.structs.replace(caller, scopes=frozenset())
    with pytest.raises(Denied):
        await warehouse.counts(world.context, nobody, location=None)
    with pytest.raises(Denied):
        await warehouse.scan(world.context, nobody, "A-1")


async def test_skus_are_searched_by_their_beginning(world: World, caller: Caller) -> None:
    await count(world, caller, "MUG-BLUE", "W1", 1)
    assert await stock_lists.search(world.context, caller, "mug") == ["MUG", "MUG-BLUE"]
    assert await stock_lists.search(world.context, caller, "M%") == []
    found = await stock_lists.page(world.context, caller, limit=9, skus=["MUG-BLUE", "é"], location="W1")
    assert [level.sku for level in found] == ["MUG-BLUE"]


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (warehouse_store._page("fulfillment", True, False), "ix_fulfillment_status"),
        (warehouse_store._page("fulfillment", True, True), "ix_fulfillment_location"),
        (warehouse_store._page("return", False, True), "ix_order_return_status"),
        (warehouse_store._counts("fulfillment", ("open",), True), "ix_fulfillment_status"),
        (warehouse_store._UNSTARTED_PAGE, "ix_allocation_location"),
        (warehouse_store._OWNERS, "sqlite_autoindex_fulfillment_1"),
    ],
)
def test_a_statement_uses_the_index_made_for_it(sqlite_template: object, statement: Statement, index: str) -> None:
    names = statement.names(sqlite._DIALECT)
    text, values = statement.bind(sqlite._DIALECT, {name: [1, 2] if name == "ids" else 1 for name in names})
    connection = sqlite.connect(str(sqlite_template))
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", values)]
    connection.close()
    assert any(f"INDEX {index}" in line for line in plan), plan
    assert not any("SCAN fulfillment" in line or "B-TREE FOR ORDER" in line for line in plan), plan
