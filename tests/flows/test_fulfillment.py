"""From an allocated order to the customer and back: stored, invoiced, verified."""

import asyncio
from decimal import Decimal

import pytest

from crossdock.core.errors import Conflict, NotFound
from crossdock.core.orders.commands import Command
from crossdock.core.orders.delivering import MakeReady, RecordTracking
from crossdock.core.orders.events import Invoiced, decode_event
from crossdock.core.orders.fulfilling import CreateFulfillment, PackUnits, PickUnits, ShipFulfillment
from crossdock.core.orders.fulfillments import DeliveryStatus, FulfillmentStatus, Package
from crossdock.core.orders.model import Order
from crossdock.core.orders.shipping import ShipUnits
from crossdock.core.orders.status import Status
from crossdock.core.returns.commands import JudgeReturn, ReceiveReturn, RecordPayment, RefundOrder, RequestReturn
from crossdock.flows import fulfillment, hold_expiry, invoicing, queries, verification
from crossdock.flows.access import Caller
from crossdock.flows.execute import execute, execute_each
from tests.flows.allocating import add_locations, count, levels, order, read
from tests.notifications.world import caller_of
from tests.world import World

PRICED = {"currency": "USD", "totals": {"items": "30.00", "shipping": "5.00", "tax": "3.00", "total": "38.00"}}


@pytest.fixture
async def caller(world: World) -> Caller:
    found = await caller_of(world)
    await add_locations(world, found, "W1", "W2")
    for place in ("W1", "W2"):
        await count(world, found, "MUG", place, 5)
    return found


async def do(world: World, caller: Caller, command: Command) -> Order:
    (change,) = await execute(world.context, caller, [command], door="hub")
    return change.order


async def shipped(world: World, caller: Caller, number: str = "A-1", units: int = 3) -> Order:
    """Create an order and ship it whole, in one package."""
    new = fulfillment.new_ids(world.context)
    one = await order(world, caller, number, ("MUG", units), **PRICED)
    one = await do(world, caller, CreateFulfillment(order_id=one.order_id, location_ref="W1", new_id=new))
    ship = ShipFulfillment(
        order_id=one.order_id, fulfillment_id=one.fulfillments[0].fulfillment_id, new_id=new, number=f"T-{number}"
    )
    return await do(world, caller, ship)


class TestStored:
    async def test_an_order_is_read_as_it_was_left_and_verified(self, world: World, caller: Caller) -> None:
        one = await shipped(world, caller)
        assert await read(world, caller, one.order_id) == one
        assert (one.status, (await levels(world, caller, "MUG"))["W1"].on_hand) == (Status.SHIPPED, 2)
        assert not (await verification.verify(world.context)).broken

    async def test_parts_are_found_by_id_number_and_reference(self, world: World, caller: Caller) -> None:
        one = await shipped(world, caller)
        new = fulfillment.new_ids(world.context)
        two = await order(world, caller, "A-2", ("MUG", 4))
        await do(
            world, caller, CreateFulfillment(order_id=two.order_id, location_ref="W2", new_id=new, reference="mine")
        )
        for part, value, found in (
            ("fulfillment", one.fulfillments[0].fulfillment_id, one), ("package", "T-A-1", one),
            ("fulfillment_reference", "mine", two),
        ):  # fmt: skip
            assert (
                await fulfillment.order_of(world.context, caller, part=part, value=value)
            ).order_id == found.order_id
        with pytest.raises(NotFound):
            await fulfillment.order_of(world.context, caller, part="package", value="nobody's")
        listed = await fulfillment.page(world.context, caller, part="fulfillment", before=2**62, limit=9, location="W2")
        assert [each.order.order_id for each in listed] == [two.order_id]

    async def test_the_whole_way_to_the_customer_and_back(self, world: World, caller: Caller) -> None:
        one = await shipped(world, caller)
        new = fulfillment.new_ids(world.context)
        tracked = RecordTracking(
            order_id=one.order_id, number="T-A-1", status=DeliveryStatus.DELIVERED, reported_at=world.context.clock()
        )
        one = await do(world, caller, tracked)
        assert one.status is Status.DELIVERED
        one = await do(
            world, caller, RequestReturn(order_id=one.order_id, new_id=new, lines={0: 2}, reason="too small")
        )
        return_id = one.returns[0].return_id
        await do(world, caller, ReceiveReturn(order_id=one.order_id, return_id=return_id, location="W1"))
        await do(world, caller, JudgeReturn(order_id=one.order_id, return_id=return_id, restock={0: 2}))
        one = await do(
            world, caller, RefundOrder(order_id=one.order_id, return_id=return_id, kind="return", new_id=new)
        )
        assert (await levels(world, caller, "MUG"))["W1"].on_hand == 4
        assert one.refunds[0].amount == Decimal("25.33")
        made = await invoicing.of_order(world.context, caller, order_id=one.order_id)
        assert [(each.kind, each.total, each.number[-6:]) for each in made] == [
            ("shipment", Decimal("38.00"), "000001"), ("return", Decimal("-25.33"), "000002"),
        ]  # fmt: skip
        await do(world, caller, RefundOrder(order_id=one.order_id, lines={0: 1}, new_id=new))
        made = await invoicing.of_order(world.context, caller, order_id=one.order_id)
        assert sum(each.total for each in made) == 0
        assert not (await verification.verify(world.context)).broken
        names = [event.name for event in await queries.history(world.context, caller, order_id=one.order_id)]
        assert names[-6:] == [
            "order.returned", "order.return_judged", "order.refunded", "order.invoiced", "order.refunded", "order.invoiced",
        ]  # fmt: skip


class TestRaces:
    async def test_of_two_packers_one_wins(self, world: World, caller: Caller) -> None:
        new = fulfillment.new_ids(world.context)
        one = await order(world, caller, "A-1", ("MUG", 2))
        one = await do(world, caller, CreateFulfillment(order_id=one.order_id, location_ref="W1", new_id=new))
        place = one.fulfillments[0].fulfillment_id
        pack = PackUnits(order_id=one.order_id, fulfillment_id=place, packages=(Package(((0, 2),)),), new_id=new)
        ship = ShipFulfillment(order_id=one.order_id, fulfillment_id=place, new_id=new)
        await do(world, caller, pack)
        results = await asyncio.gather(*(execute_each(world.context, caller, [ship], door="hub") for _ in range(4)))
        refused = [each for (each,) in results if isinstance(each, Conflict)]
        assert len(refused) == 3
        one = await read(world, caller, one.order_id)
        assert one.fulfillments[0].status is FulfillmentStatus.SHIPPED
        assert not (await verification.verify(world.context)).broken

    async def test_invoice_numbers_have_no_gaps(self, world: World, caller: Caller) -> None:
        await asyncio.gather(*(shipped(world, caller, f"A-{number}", 1) for number in range(5)))
        made = await invoicing.page(world.context, caller, before=2**62, limit=99)
        assert sorted(int(each.number[-6:]) for each in made) == [1, 2, 3, 4, 5]


class TestInvoices:
    async def test_they_are_posted_and_acknowledged_once(self, world: World, caller: Caller) -> None:
        one = await shipped(world, caller)
        (made,) = await invoicing.of_order(world.context, caller, order_id=one.order_id)
        ids = [made.invoice_id]
        with pytest.raises(Conflict):
            await invoicing.acknowledge(world.context, caller, invoice_ids=ids)
        await invoicing.post(world.context, caller, invoice_ids=ids)
        with pytest.raises(Conflict):
            await invoicing.post(world.context, caller, invoice_ids=ids)
        (done,) = await invoicing.acknowledge(world.context, caller, invoice_ids=ids)
        assert (done.status, await invoicing.get(world.context, caller, invoice_id=ids[0])) == ("acknowledged", done)

    async def test_a_dry_run_foresees_the_number_and_the_amount_of_each(self, world: World, caller: Caller) -> None:
        await shipped(world, caller, "A-0", 1)
        orders = [(await order(world, caller, f"A-{number}", ("MUG", 2), **PRICED)).order_id for number in (1, 2)]
        new = fulfillment.new_ids(world.context)
        halves = [ShipUnits(order_id=orders[place], new_id=new, lines={0: 1}) for place in (0, 1, 0)]
        told = []
        for dry_run in (True, False):
            changes = await execute(world.context, caller, halves, door="hub", dry_run=dry_run)
            said = [decode_event(event) for change in changes for event in change.events]
            told.append([(each.number[-6:], each.amount) for each in said if isinstance(each, Invoiced)])
        assert told[0] == told[1]
        assert [number for number, _ in told[1]] == ["000002", "000003", "000004"]


class TestTimers:
    async def test_a_pickup_expires(self, world: World, caller: Caller) -> None:
        new, now = fulfillment.new_ids(world.context), world.context.clock()
        one = await order(world, caller, "A-1", ("MUG", 2))
        create = CreateFulfillment(order_id=one.order_id, location_ref="W1", new_id=new, kind="pickup")
        place = (await do(world, caller, create)).fulfillments[0].fulfillment_id
        await do(world, caller, MakeReady(order_id=one.order_id, fulfillment_id=place, pickup_by=now + 60_000_000))
        assert await hold_expiry.release_due(world.context) == 0
        world.context.clock = lambda: now + 61_000_000
        assert await hold_expiry.release_due(world.context) == 1
        assert (await levels(world, caller, "MUG"))["W1"].allocated == 0
        assert not (await verification.verify(world.context)).broken

    async def test_a_short_pick_takes_the_units_from_elsewhere(self, world: World, caller: Caller) -> None:
        new = fulfillment.new_ids(world.context)
        one = await order(world, caller, "A-1", ("MUG", 2))
        place = (
            (await do(world, caller, CreateFulfillment(order_id=one.order_id, location_ref="W1", new_id=new)))
            .fulfillments[0]
            .fulfillment_id
        )
        await do(world, caller, PickUnits(order_id=one.order_id, fulfillment_id=place, lines={}, short={0: 2}))
        found = await levels(world, caller, "MUG")
        assert [(each.on_hand, each.allocated) for each in found.values()] == [(3, 0), (5, 2)]
        assert not (await verification.verify(world.context)).broken


class TestPayments:
    async def test_payments_are_kept_with_the_order(self, world: World, caller: Caller) -> None:
        new = fulfillment.new_ids(world.context)
        one = await order(world, caller, "A-1", ("MUG", 2), **PRICED)
        record = RecordPayment(order_id=one.order_id, new_id=new, reference="p", changes={"captured": Decimal("38.00")})
        one = await do(world, caller, record)
        assert (await read(world, caller, one.order_id)).payments[0].captured == Decimal("38.00")
