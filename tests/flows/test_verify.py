"""The log is checked against itself and against the orders: whatever is changed behind its back is found."""

from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from crossdock.core.identity import from_base32
from crossdock.flows import queries
from crossdock.store.port import Statement
from crossdock.store.tables import event, orders
from tests.vendors import VENDORS
from tests.world import World


async def filled(world: World) -> list[int]:
    """Put an order through every door, one of them with two events, and give the order ids, oldest first."""
    headers = await world.bearer()
    for vendor in VENDORS.values():
        body = vendor.body(f"V-{vendor.door}")
        if vendor.door == "fabric":
            body["statusCode"] = "ORDER_HOLD_FRAUD"  # a hold: the order has a second event
        answer = await world.http.post(vendor.create, json=body, headers=headers | vendor.headers(f"t-{vendor.door}"))
        assert answer.status_code == vendor.ok, answer.text
    listed = (await world.http.get("/hub/v1/orders", headers=headers)).json()["items"]
    return [from_base32(order["id"]) or 0 for order in listed][::-1]


async def run(world: World, expression: Any) -> None:
    """Change the database behind the log's back: one statement that must touch exactly one row."""
    async with world.book.store.writing() as tx:
        assert await tx.run(Statement(expression)) == 1


async def rows(world: World, expression: Any) -> list[Any]:
    """Look into the database."""
    async with world.book.store.reading() as tx:
        return [tuple(row) for row in await tx.rows(Statement(expression))]


async def broken(world: World) -> list[tuple[int, str]]:
    """Verify, and give what is broken."""
    return [(each.order_id, each.reason) for each in (await queries.verify(world.book)).broken]


async def held(world: World) -> int:
    """Fill the book and give the order that has two events."""
    await filled(world)
    ((order_id, count),) = await rows(
        world, select(event.c.order_id, func.count()).group_by(event.c.order_id).having(func.count() > 1)
    )
    assert count == 2
    return int(order_id)


class TestVerify:
    async def test_holds_on_an_empty_book(self, world: World) -> None:
        found = await queries.verify(world.book)
        assert (found.orders, found.events, found.broken) == (0, 0, ())

    async def test_holds_on_orders_of_every_door(self, world: World) -> None:
        ids = await filled(world)
        found = await queries.verify(world.book)
        ((events,),) = await rows(world, select(func.count()).select_from(event))
        assert (found.orders, found.events, found.broken) == (len(ids), events, ())
        assert (len(ids), events) == (5, 6)

    async def test_holds_on_several_organizations(self, world: World) -> None:
        await filled(world)
        stranger = await world.stranger()
        hub = VENDORS["hub"]
        assert (await world.http.post(hub.create, json=hub.body("S-1"), headers=stranger)).status_code == 201
        found = await queries.verify(world.book)
        assert (found.orders, found.broken) == (6, ())


class TestTampering:
    async def test_with_a_payload_is_found(self, world: World) -> None:
        for order_id in await filled(world):
            first = (event.c.order_id == order_id, event.c.number == 1)
            ((payload,),) = await rows(world, select(event.c.payload).where(*first))
            await run(world, update(event).where(*first).values(payload=bytes(payload) + b" "))
            assert await broken(world) == [(order_id, "event 1 was changed")]
            await run(world, update(event).where(*first).values(payload=bytes(payload)))
            assert await broken(world) == []

    @pytest.mark.parametrize(
        ("column", "value"),
        [("actor", "mallory"), ("door", "s2"), ("name", "order.edited"), ("version", 2), ("at", 1), ("event_id", 1)],
    )
    async def test_with_anything_an_event_says_is_found(self, world: World, column: str, value: Any) -> None:
        order_id = await held(world)
        await run(world, update(event).where(event.c.order_id == order_id, event.c.number == 1).values({column: value}))
        assert await broken(world) == [(order_id, "event 1 was changed")]

    async def test_with_a_hash_is_found(self, world: World) -> None:
        order_id = await held(world)
        await run(world, update(event).where(event.c.order_id == order_id, event.c.number == 2).values(hash=bytes(32)))
        assert await broken(world) == [(order_id, "event 2 was changed")]

    async def test_that_swaps_two_hashes_of_an_order_is_found(self, world: World) -> None:
        order_id = await held(world)
        one, two = (
            (event.c.order_id == order_id, event.c.number == 1),
            (event.c.order_id == order_id, event.c.number == 2),
        )
        ((first,),) = await rows(world, select(event.c.hash).where(*one))
        ((second,),) = await rows(world, select(event.c.hash).where(*two))
        await run(world, update(event).where(*one).values(hash=bytes(second)))
        await run(world, update(event).where(*two).values(hash=bytes(first)))
        assert await broken(world) == [(order_id, "event 1 was changed")]

    async def test_that_swaps_the_hashes_of_two_orders_is_found(self, world: World) -> None:
        ids = (await filled(world))[:2]
        hashes = [
            (await rows(world, select(event.c.hash).where(event.c.order_id == order_id, event.c.number == 1)))[0][0]
            for order_id in ids
        ]
        for order_id, other in zip(ids, reversed(hashes), strict=True):
            await run(
                world,
                update(event).where(event.c.order_id == order_id, event.c.number == 1).values(hash=bytes(other)),
            )
        assert sorted(order_id for order_id, _ in await broken(world)) == sorted(ids)

    @pytest.mark.parametrize(
        ("number", "reason"),
        [
            (1, "event 1 is missing"),
            (2, "the order remembers 2 events, the log holds 1, or their heads differ"),
        ],
    )
    async def test_that_deletes_an_event_is_found(self, world: World, number: int, reason: str) -> None:
        order_id = await held(world)
        await run(world, delete(event).where(event.c.order_id == order_id, event.c.number == number))
        assert await broken(world) == [(order_id, reason)]

    async def test_that_deletes_all_events_of_an_order_is_found(self, world: World) -> None:
        order_id = (await filled(world))[0]
        await run(world, delete(event).where(event.c.order_id == order_id))
        ((found, reason),) = await broken(world)
        assert found == order_id
        assert "the log holds 0" in reason

    async def test_that_deletes_an_order_is_found(self, world: World) -> None:
        order_id = await held(world)
        await run(world, delete(orders).where(orders.c.order_id == order_id))
        assert await broken(world) == [(order_id, "has events but no order")]

    async def test_with_the_head_an_order_remembers_is_found(self, world: World) -> None:
        order_id = await held(world)
        await run(world, update(orders).where(orders.c.order_id == order_id).values(event_hash=bytes(32)))
        ((found, reason),) = await broken(world)
        assert (found, "heads differ" in reason) == (order_id, True)

    async def test_with_how_many_events_an_order_remembers_is_found(self, world: World) -> None:
        order_id = await held(world)
        await run(world, update(orders).where(orders.c.order_id == order_id).values(event_number=1))
        ((found, reason),) = await broken(world)
        assert (found, "remembers 1 events" in reason) == (order_id, True)
