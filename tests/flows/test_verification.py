"""The book is checked against its log, and the log against itself: whatever is changed behind their back is found."""

import json
from typing import Any

import msgspec
import pytest
from sqlalchemy import Table, delete, func, insert, select, update

from crossdock.core.allocation.rules import RuleSet
from crossdock.core.events import chain_hash
from crossdock.core.ids import from_base32
from crossdock.flows import verification
from crossdock.store import event_log, order_counts
from crossdock.store.protocols import Statement
from crossdock.store.tables import (
    allocation,
    backorder,
    event,
    feed,
    order_line,
    order_term,
    orders,
    stock_level,
    stock_movement,
)
from tests.flows.allocating import add_locations, configure, count, order
from tests.notifications.world import caller_of
from tests.vendors import VENDORS
from tests.world import World


async def filled(world: World) -> list[int]:
    """Put an order through every door, one of them with two events, and return the order ids, oldest first."""
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
    async with world.context.store.writing() as tx:
        assert await tx.run(Statement(expression)) == 1


async def rows(world: World, expression: Any) -> list[Any]:
    """Look into the database."""
    async with world.context.store.reading() as tx:
        return [tuple(row) for row in await tx.rows(Statement(expression))]


async def broken(world: World) -> list[tuple[int | None, str]]:
    """Verify, and return what is broken."""
    return [(each.order_id, each.reason) for each in (await verification.verify(world.context)).broken]


async def broken_orders(world: World) -> list[tuple[int | None, str]]:
    """Verify, and return what is broken of single orders."""
    return [each for each in await broken(world) if each[0] is not None]


async def held(world: World) -> int:
    """Fill the book and give the order that has two events."""
    await filled(world)
    ((order_id, count),) = await rows(
        world, select(event.c.aggregate_id, func.count()).group_by(event.c.aggregate_id).having(func.count() > 1)
    )
    assert count == 2
    return int(order_id)


class TestVerify:
    async def test_verify_holds_on_an_empty_book(self, world: World) -> None:
        found = await verification.verify(world.context)
        assert (found.orders, found.events, found.broken) == (0, 0, ())

    async def test_verify_holds_on_orders_of_every_door(self, world: World) -> None:
        ids = await filled(world)
        found = await verification.verify(world.context)
        ((events,),) = await rows(world, select(func.count()).select_from(event))
        assert (found.orders, found.events, found.broken) == (len(ids), events, ())
        assert (len(ids), events) == (5, 6)

    async def test_verify_holds_on_several_organizations(self, world: World) -> None:
        await filled(world)
        stranger = await world.stranger()
        hub = VENDORS["hub"]
        assert (await world.http.post(hub.create, json=hub.body("S-1"), headers=stranger)).status_code == 201
        found = await verification.verify(world.context)
        assert (found.orders, found.broken) == (6, ())


class TestTampering:
    async def test_tampering_with_a_payload_is_found(self, world: World) -> None:
        for order_id in await filled(world):
            first = (event.c.aggregate_id == order_id, event.c.number == 1)
            ((payload,),) = await rows(world, select(event.c.payload).where(*first))
            await run(world, update(event).where(*first).values(payload=bytes(payload) + b" "))
            assert await broken_orders(world) == [(order_id, "event 1 was changed")]
            await run(world, update(event).where(*first).values(payload=bytes(payload)))
            assert await broken_orders(world) == []

    @pytest.mark.parametrize(
        ("column", "value"),
        [("actor", "mallory"), ("door", "s2"), ("name", "order.edited"), ("version", 2), ("at", 1), ("event_id", 1)],
    )
    async def test_tampering_with_anything_an_event_says_is_found(self, world: World, column: str, value: Any) -> None:
        order_id = await held(world)
        await run(
            world, update(event).where(event.c.aggregate_id == order_id, event.c.number == 1).values({column: value})
        )
        assert await broken_orders(world) == [(order_id, "event 1 was changed")]

    async def test_tampering_with_a_hash_is_found(self, world: World) -> None:
        order_id = await held(world)
        await run(
            world, update(event).where(event.c.aggregate_id == order_id, event.c.number == 2).values(hash=bytes(32))
        )
        assert await broken_orders(world) == [(order_id, "event 2 was changed")]

    async def test_tampering_that_swaps_two_hashes_of_an_order_is_found(self, world: World) -> None:
        order_id = await held(world)
        one, two = (
            (event.c.aggregate_id == order_id, event.c.number == 1),
            (event.c.aggregate_id == order_id, event.c.number == 2),
        )
        ((first,),) = await rows(world, select(event.c.hash).where(*one))
        ((second,),) = await rows(world, select(event.c.hash).where(*two))
        await run(world, update(event).where(*one).values(hash=bytes(second)))
        await run(world, update(event).where(*two).values(hash=bytes(first)))
        assert await broken_orders(world) == [(order_id, "event 1 was changed")]

    async def test_tampering_that_swaps_the_hashes_of_two_orders_is_found(self, world: World) -> None:
        ids = (await filled(world))[:2]
        hashes = [
            (await rows(world, select(event.c.hash).where(event.c.aggregate_id == order_id, event.c.number == 1)))[0][0]
            for order_id in ids
        ]
        for order_id, other in zip(ids, reversed(hashes), strict=True):
            await run(
                world,
                update(event).where(event.c.aggregate_id == order_id, event.c.number == 1).values(hash=bytes(other)),
            )
        assert [order_id for order_id, _ in await broken_orders(world)] == sorted(ids)

    @pytest.mark.parametrize(
        ("number", "reason"),
        [
            (1, "event 1 is missing"),
            (2, "the order remembers 2 events, the log holds 1, or their heads differ"),
        ],
    )
    async def test_tampering_that_deletes_an_event_is_found(self, world: World, number: int, reason: str) -> None:
        order_id = await held(world)
        await run(world, delete(event).where(event.c.aggregate_id == order_id, event.c.number == number))
        assert await broken_orders(world) == [(order_id, reason)]

    async def test_tampering_that_deletes_all_events_of_an_order_is_found(self, world: World) -> None:
        order_id = (await filled(world))[0]
        await run(world, delete(event).where(event.c.aggregate_id == order_id))
        ((found, reason),) = await broken_orders(world)
        assert found == order_id
        assert "the log holds 0" in reason

    async def test_tampering_that_deletes_an_order_is_found(self, world: World) -> None:
        order_id = await held(world)
        await run(world, delete(orders).where(orders.c.order_id == order_id))
        assert await broken_orders(world) == [(order_id, "has events but no order")]

    async def test_tampering_with_the_head_an_order_remembers_is_found(self, world: World) -> None:
        order_id = await held(world)
        await run(world, update(orders).where(orders.c.order_id == order_id).values(event_hash=bytes(32)))
        ((found, reason),) = await broken_orders(world)
        assert (found, "heads differ" in reason) == (order_id, True)

    async def test_tampering_with_how_many_events_an_order_remembers_is_found(self, world: World) -> None:
        order_id = await held(world)
        await run(world, update(orders).where(orders.c.order_id == order_id).values(event_number=1))
        ((found, reason),) = await broken_orders(world)
        assert (found, "remembers 1 events" in reason) == (order_id, True)

    async def test_tampering_that_leaves_an_event_nobody_can_read_is_found(self, world: World) -> None:
        order_id = await held(world)
        of_event = (event.c.aggregate_id == order_id, event.c.number == 2)
        organization = await world.demo_organization()
        async with world.context.store.reading() as tx:
            first, second = await event_log.events(tx, organization.organization_id, aggregate_id=order_id)
        newer = msgspec.structs.replace(second, name="order.teleported")
        hashed = chain_hash(first.hash, newer)
        await run(world, update(event).where(*of_event).values(name=newer.name, hash=hashed))
        await run(world, update(orders).where(orders.c.order_id == order_id).values(event_hash=hashed))
        ((found, reason),) = await broken_orders(world)
        assert found == order_id
        assert "cannot be read" in reason
        assert "order.teleported" in reason


# What is kept beside the log, of the order with two events: columns with another value.
OTHERWISE: list[tuple[Table, str, Any, str]] = [
    (orders, "version", 3, "is stored otherwise than its events say: version"),
    (orders, "status", "open", "events say: status"),
    (orders, "door", "hub", "events say: door"),
    (orders, "number_key", "other", "events say: number_key"),
    (orders, "email_key", "other", "events say: email_key"),
    (orders, "holds", b"[]", "events say: holds"),
    (orders, "tags", b'["a"]', "events say: tags"),
    (orders, "content", b"{}", "events say: content"),
    (orders, "content", b"nonsense", "events say: content"),
    (orders, "archived", True, "events say: archived"),
    (orders, "due_at", 5, "events say: due_at"),
    (order_line, "sku_key", "other", "line 0 is stored otherwise"),
    (order_line, "location_key", "other", "line 0 is stored otherwise"),
    (order_line, "canceled", 1, "line 0 is stored otherwise"),
    (event, "status", "shipped", "event 1 is recorded as fabric shipped, but was fabric open"),
    (event, "source", "s2", "event 1 is recorded as s2 open, but was fabric open"),
]


class TestWhatIsKeptBeside:
    @pytest.mark.parametrize(("table", "column", "value", "reason"), OTHERWISE)
    async def test_what_is_kept_beside_is_found_where_it_says_something_else(
        self, world: World, table: Table, column: str, value: Any, reason: str
    ) -> None:
        order_id = await held(world)
        which = [(table.c.aggregate_id if table is event else table.c.order_id) == order_id]
        if table is order_line:
            which.append(table.c.line == 0)
        if table is event:
            which.append(table.c.number == 1)
        await run(world, update(table).where(*which).values({column: value}))
        ((found, given),) = await broken_orders(world)
        assert found == order_id
        assert reason in given

    async def test_what_is_kept_beside_is_the_same_where_it_is_only_written_otherwise(self, world: World) -> None:
        order_id = await held(world)
        which = orders.c.order_id == order_id
        ((content,),) = await rows(world, select(orders.c.content).where(which))
        spaced = json.dumps(json.loads(content, parse_float=str), indent=1).encode()
        assert spaced != content
        await run(world, update(orders).where(which).values(content=spaced))
        assert await broken(world) == []

    async def test_what_is_kept_beside_is_found_where_a_line_is_too_much_or_too_little(self, world: World) -> None:
        order_id = await held(world)
        which = (order_line.c.order_id == order_id, order_line.c.line == 0)
        ((*line,),) = await rows(world, select(order_line).where(*which))
        await run(world, insert(order_line).values([*line[:2], 9, *line[3:]]))
        ((found, reason),) = await broken(world)
        assert (found, reason) == (order_id, "line 1 is stored otherwise than its events say")
        await run(world, delete(order_line).where(order_line.c.order_id == order_id, order_line.c.line == 9))
        await run(world, delete(order_line).where(*which))
        assert await broken(world) == [(order_id, "line 0 is stored otherwise than its events say")]

    async def test_what_is_kept_beside_is_found_where_an_order_is_lost_with_its_events(self, world: World) -> None:
        order_id = await held(world)
        async with world.context.store.writing() as tx:
            for table, column in ((orders, orders.c.order_id), (event, event.c.aggregate_id)):
                await tx.run(Statement(delete(table).where(column == order_id)))
        found = await broken(world)
        assert (order_id, "has lines but no order") in found
        assert any("feed" in reason for _, reason in found)

    async def test_what_is_kept_beside_is_found_where_words_are_missing_or_left(self, world: World) -> None:
        await filled(world)
        ((organization_id, word, order_id), *_) = await rows(world, select(order_term))
        which = (order_term.c.term == word, order_term.c.order_id == order_id)
        await run(world, delete(order_term).where(*which))
        assert await broken(world) == [(order_id, "1 of its words do not find it")]
        await run(world, insert(order_term).values([organization_id, word, order_id]))
        assert await broken(world) == []
        await run(world, insert(order_term).values([organization_id, "left", order_id]))
        ((about, reason),) = await broken(world)
        assert about is None
        assert "are found by" in reason

    async def test_what_is_kept_beside_is_found_where_orders_are_counted_wrongly(self, world: World) -> None:
        await filled(world)
        organization = await world.demo_organization()
        async with world.context.store.writing() as tx:
            await order_counts.add_counts(tx, organization.organization_id, {("hub", "open"): 1, ("s2", "shipped"): -2})
        assert await broken(world) == [
            (None, "2 orders of hub are counted as open, and 1 are"),
            (None, "-2 orders of s2 are counted as shipped, and 0 are"),
        ]

    async def test_what_is_kept_beside_is_found_where_the_feed_has_a_gap_whatever_else_is_wrong(
        self, world: World
    ) -> None:
        await filled(world)
        ((organization_id, _, order_id), *_) = await rows(world, select(order_term))
        await run(world, insert(order_term).values([organization_id, "left", order_id]))
        await run(world, update(feed).values(position=7))
        words, missing_field = await broken(world)
        assert "are found by" in words[1]
        assert missing_field == (None, "the feed has given 7 positions, the last event is at 6, and there are 6")


class TestStock:
    """Levels are the sums of their movements and of what orders have; whatever is changed of one of the three is found."""

    async def test_sound_stock_has_no_faults(self, world: World) -> None:
        await stocked(world)
        assert await broken(world) == []

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (update(stock_level).where(stock_level.c.sku == "MUG").values(on_hand=9), "has 9 on hand, 2 allocated"),
            (update(stock_level).where(stock_level.c.sku == "MUG").values(allocated=1), "has 5 on hand, 1 allocated"),
            (update(stock_level).where(stock_level.c.sku == "MUG").values(event_number=7), "its events"),
            (delete(stock_movement).where(stock_movement.c.allocated == 2), "its movements add up to 5, 0"),
            (update(stock_movement).where(stock_movement.c.allocated == 2).values(level_id=4711), "have no level"),
            (delete(allocation), "has other rows of allocation than its events say"),
            (update(allocation).values(is_open=False), "has other rows of allocation than its events say"),
            (delete(backorder), "is not among those that wait"),
        ],
    )
    async def test_what_is_changed_is_found(self, world: World, change: Any, reason: str) -> None:
        await stocked(world)
        await run(world, change)
        assert any(reason in each for _, each in await broken(world))

    async def test_units_that_a_removed_level_had_are_found(self, world: World) -> None:
        await stocked(world)
        await run(world, delete(stock_level))
        reasons = [each for _, each in await broken(world)]
        assert "orders have 2 units of MUG at W1 that no stock level has" in reasons


async def stocked(world: World) -> None:
    """Make a location with five mugs, an order that gets two, and one that waits for two of ten."""
    caller = await caller_of(world)
    await add_locations(world, caller, "W1")
    await count(world, caller, "MUG", "W1", 5)
    await order(world, caller, "S-1", ("MUG", 2))
    await configure(world, caller, rule_sets=(RuleSet("whole", split=False),))
    await order(world, caller, "S-2", ("MUG", 10))
