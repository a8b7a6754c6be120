"""Everything about one order, read at once on both engines, as it is and as it was, with few statements."""

from decimal import Decimal
from typing import Any

import pytest

from crossdock.core.errors import NotFound
from crossdock.core.orders.commands import AddNote, HoldRequest, PlaceHolds
from crossdock.core.orders.shipping import ShipUnits
from crossdock.core.orders.status import Status
from crossdock.core.returns.commands import RecordPayment
from crossdock.flows import endpoints, fulfillment, order_details
from crossdock.flows.execute import execute
from crossdock.store import deliveries, emails
from crossdock.store.emails import MailHead, StoredMail
from tests.flows.allocating import add_locations, count, order
from tests.notifications.world import caller_of
from tests.world import World

# order, events, decisions, invoices, locations and settings (2), stock, endpoints, deliveries, mails
STATEMENTS = 10


async def test_an_order_is_read_with_all_that_belongs_to_it(world: World) -> None:
    caller = await caller_of(world)
    await add_locations(world, caller, "W1")
    await count(world, caller, "MUG", "W1", 3)
    placed = await order(world, caller, "A-1", ("MUG", 5))
    new_id = fulfillment.new_ids(world.context)
    for command in (
        ShipUnits(order_id=placed.order_id, new_id=new_id, lines={0: 3}),
        RecordPayment(order_id=placed.order_id, new_id=new_id, reference="p", changes={"captured": Decimal(1)}),
    ):
        await execute(world.context, caller, [command], door="hub")
    event_id = new_id()
    await endpoints.send(
        world.context, caller, endpoint_id=1, event_id=event_id, topic="mail.shipped", body=b"", order=(placed.order_id, 1)
    )  # fmt: skip
    mail = StoredMail(caller.organization_id, event_id, placed.order_id, "shipped", "a@b.c", "On its way", 1, b"")
    async with world.context.store.writing() as tx:
        await emails.add(tx, [mail])

    found = await order_details.read(world.context, caller, order_id=placed.order_id)
    assert found.order.status is Status.PARTIALLY_SHIPPED
    assert [each.number for each in found.invoices] == [found.invoices[0].number]
    assert found.decisions[0].plan.unserved[0][1] == 2
    assert [(each.delivery.topic, each.mail) for each in found.mails] == [
        ("mail.shipped", MailHead(event_id, "a@b.c", "On its way"))
    ]
    assert found.deliveries == []
    assert [each.sku for each in found.levels] == ["MUG"]
    assert found.balance.captured == 1
    assert "Stock is missing for {n} of {ordered} units." in [each.text for each in found.explanations]
    assert {"cancel", "refund", "return"} <= set(found.actions)


async def test_an_order_is_read_as_it_was_after_each_event(world: World) -> None:
    caller = await caller_of(world)
    placed = await order(world, caller, "A-1", ("MUG", 1))
    for command in (
        PlaceHolds(order_id=placed.order_id, holds=(HoldRequest("x"),)),
        AddNote(order_id=placed.order_id, text="y"),
    ):
        await execute(world.context, caller, [command], door="hub")
    states = [
        (await order_details.read_as_of(world.context, caller, order_id=placed.order_id, number=number)).order.status
        for number in (1, 2, 3)
    ]
    assert states == [Status.OPEN, Status.ON_HOLD, Status.ON_HOLD]
    latest = await order_details.latest_change(world.context, caller, order_id=placed.order_id)
    assert (latest.version, latest.name, latest.actor) == (3, "order.noted", caller.actor)
    for number in (0, 4):
        with pytest.raises(NotFound):
            await order_details.read_as_of(world.context, caller, order_id=placed.order_id, number=number)
    for order_id in (None, 1):
        with pytest.raises(NotFound):
            await order_details.read(world.context, caller, order_id=order_id)
        with pytest.raises(NotFound):
            await order_details.latest_change(world.context, caller, order_id=order_id)


async def test_an_order_takes_the_same_few_statements_however_much_belongs_to_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = await caller_of(world)
    placed = await order(world, caller, "A-1", *((f"S{place}", 1) for place in range(30)))
    for place in range(20):
        await execute(world.context, caller, [AddNote(order_id=placed.order_id, text=str(place))], door="hub")
    asked: list[Any] = []
    async with world.context.store.reading() as tx:
        kind = type(tx)
    rows = kind.rows

    async def counted(self: Any, statement: Any, **values: Any) -> Any:
        asked.append(statement)
        return await rows(self, statement, **values)

    monkeypatch.setattr(kind, "rows", counted)
    await order_details.read(world.context, caller, order_id=placed.order_id)
    assert len(asked) <= STATEMENTS
    assert deliveries._OF_ORDER in asked
