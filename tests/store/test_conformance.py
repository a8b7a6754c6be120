"""One suite for every engine: what a store and a transaction promise, and what the store's functions do with them."""

import asyncio
import inspect
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from sqlalchemy import text

from crossdock.core.errors import Busy, Code, Fault
from crossdock.core.events import CHAIN_START, Held, Received, record
from crossdock.core.identity import Mint, minted_us
from crossdock.core.lifecycle import Counters
from crossdock.core.order import (
    Address,
    Charge,
    Content,
    Customer,
    Customs,
    Destination,
    Gift,
    Hold,
    ItemCustoms,
    Line,
    Measure,
    Order,
    Reference,
    Shipping,
    Source,
    Totals,
)
from crossdock.store import log, orders, registry, sqlite
from crossdock.store.log import Claim, SubmissionRecord
from crossdock.store.orders import Filters
from crossdock.store.port import Statement, Store, Transaction
from crossdock.store.registry import Client, Entry, Membership, Organization, Person
from crossdock.store.schema import open_store
from crossdock.store.tables import installation, order_line, request_key

ONE, OTHER = 11, 12
NOW_US = 1_767_225_600_000_000
D = Decimal
_FACTS = Statement(text("SELECT value FROM installation WHERE name LIKE 'test%' ORDER BY value"))


async def facts(tx: Transaction) -> list[str]:
    return [row[0] for row in await tx.rows(_FACTS)]


async def facts_in(store: Store) -> list[str]:
    async with store.reading() as tx:
        return await facts(tx)


def full_content(number: str = "A-1") -> Content:
    """Give a content with every field filled."""
    address = Address(
        name="Ann Lee", company="Acme", lines=("1 Main St", "Floor 2"), city="Oslo", region="03", postal_code="0150",
        country="NO", phone="+47 1", email="Ann@Example.com", residential=True,
    )  # fmt: skip
    totals = Totals(D("123.45"), D("0.10"), D("1E+2"), D("0.000"), D("9" * 38 + ".1"), D("-1"), D("25"), D("0"))
    charge = Charge("tax", D("1.230"), "VAT", "NOK", D("25.0"))
    line = Line(
        quantity=2, sku="sku-é", line_ref="1", product_ref="p", description="a \U0001f600 thing", unit_price=D("61.72"),
        totals=totals, charges=(charge,), customs=ItemCustoms("6109", "NO", "CN", "GD"),
        weight=Measure(D("1.50"), "OZ"), destination=1,
        leftovers={"m": {"x": {"s": [1, D("1.0"), None, True, "a", {"b": []}], "w": 2**63 - 1}}},
    )  # fmt: skip
    return Content(
        number=number,
        lines=(line, Line(1)),
        destinations=(Destination("d0", address, "W1", "ground", "leave it"), Destination(location_ref="W2")),
        account_ref="acc", channel="web", customer_number="c-1", references=(Reference("po", "7"),),
        placed_at="2026-01-30T10:53:24.554Z", currency="NOK",
        customer=Customer("cu", "Ann Lee", "Ann@Example.com", "+47 1", "Acme"),
        ship_from=address, bill_to=address, totals=totals, charges=(charge, Charge("fee", D("3"))),
        shipping=Shipping("UPS", "03", "Ground", "1Z"), gift=Gift(True, "Hi"),
        customs=Customs(D("10.00"), "NOK", "gift", "imp", "inv"), ship_by="2026-02-01", release_at="2026-01-31",
        deliver_by="2026-02-03", notes="n", leftovers={"m": {"y": {"d": D("25.00")}}},
    )  # fmt: skip


def full_order(organization_id: int = ONE, order_id: int = 1) -> Order:
    """Give an order with every field filled."""
    return Order(
        organization_id=organization_id, order_id=order_id, version=3, created_at=NOW_US, updated_at=NOW_US + 1,
        source=Source("s2", 2**63 - 1, "me", "NO"), content=full_content(),
        counters=(Counters(8, 1, 1, 1, 5, 4, 3, 2), Counters(1)),
        holds=(Hold("fraud", NOW_US, "looks odd"), Hold("stock", NOW_US + 2)),
        event_number=4, event_hash=bytes(range(32)),
    )  # fmt: skip


def order(order_id: int, organization_id: int = ONE, **changes: Any) -> Order:
    """Give a small order; `changes` are those of its content, or of the order where it has a field of that name."""
    given = {name: changes.pop(name) for name in Order.__struct_fields__ if name in changes}
    content = msgspec.structs.replace(Content(number=f"N{order_id}", lines=(Line(1),)), **changes)
    fields: dict[str, Any] = {
        "organization_id": organization_id, "order_id": order_id, "version": 1, "created_at": NOW_US,
        "updated_at": NOW_US, "source": Source("s2", order_id, "me"), "content": content,
        "counters": tuple(Counters(line.quantity) for line in content.lines),
    }  # fmt: skip
    return Order(**fields | given)


async def put(store: Store, *placed: Order) -> None:
    async with store.writing() as tx:
        await orders.add(tx, [orders.rows_of(each) for each in placed])


def submission(submission_id: int, organization_id: int = ONE, **changes: Any) -> SubmissionRecord:
    fields: dict[str, Any] = {
        "organization_id": organization_id, "submission_id": submission_id, "door": "s2", "operation": "create",
        "actor": "me", "received_at": NOW_US, "status": "accepted", "order_id": None, "code": None, "faults": (),
        "redrive_of": None, "size": 2, "body": b"{}", "reply": None,
    }  # fmt: skip
    return SubmissionRecord(**fields | changes)


def entry(key: str, position: int, organization_id: int = ONE, **changes: Any) -> Entry:
    name = changes.pop("name", key)
    fields: dict[str, Any] = {
        "organization_id": organization_id, "kind": "product", "key": key, "name": name, "search": name.casefold(),
        "position": position, "created_at": NOW_US, "updated_at": NOW_US, "document": b'{"a":1}',
    }  # fmt: skip
    return Entry(**fields | changes)


def key(number: int) -> bytes:
    return bytes([number]) * 32


# ----------------------------------------------------------------------------------------------------------- the blocks
class TestWriting:
    async def test_makes_everything_durable_for_others_when_its_block_ends(self, store: Store, database: str) -> None:
        async with store.writing() as tx:
            await tx.insert(installation, [("test1", "a"), ("test2", "b")])
        another = await open_store(database)
        assert await facts_in(another) == ["a", "b"]
        await another.close()

    async def test_shows_nothing_to_others_before_its_block_ends(self, store: Store, database: str) -> None:
        another = await open_store(database)
        async with store.writing() as tx:
            await tx.insert(installation, [("test1", "a")])
            assert await facts(tx) == ["a"]
            assert await facts_in(another) == []
        assert await facts_in(another) == ["a"]
        await another.close()

    @pytest.mark.parametrize("error", [RuntimeError, KeyError, asyncio.CancelledError])
    async def test_takes_everything_back_on_an_exception(self, store: Store, error: type[BaseException]) -> None:
        with pytest.raises(error):
            async with store.writing() as tx:
                await tx.insert(installation, [("test1", "a")])
                raise error
        assert await facts_in(store) == []
        async with store.writing() as tx:
            await tx.insert(installation, [("test1", "b")])
        assert await facts_in(store) == ["b"]

    async def test_takes_everything_back_when_a_statement_fails(self, store: Store) -> None:
        with pytest.raises((sqlite3.IntegrityError, asyncpg.UniqueViolationError)):
            async with store.writing() as tx:
                await tx.insert(installation, [("test1", "a")])
                await tx.insert(installation, [("test2", "b"), ("test1", "c")])
        assert await facts_in(store) == []

    async def test_counts_the_rows_it_touched(self, store: Store) -> None:
        statement = Statement(text("UPDATE installation SET value = 'z' WHERE name LIKE 'test%'"))
        async with store.writing() as tx:
            assert await tx.run(statement) == 0
            await tx.insert(installation, [("test1", "a"), ("test2", "b")])
            assert await tx.run(statement) == 2

    async def test_inserts_no_rows_without_complaint(self, store: Store) -> None:
        async with store.writing() as tx:
            await tx.insert(installation, [])
            assert await tx.claim(installation, []) == set()

    async def test_lets_a_fault_in_a_statement_show_as_the_bug_it_is(self, store: Store) -> None:
        with pytest.raises(Exception, match="nowhere") as caught:
            async with store.writing() as tx:
                await tx.run(Statement(text("DELETE FROM nowhere")))
        assert not isinstance(caught.value, Busy)

    async def test_lets_a_value_no_column_can_take_show_as_the_bug_it_is(self, store: Store) -> None:
        with pytest.raises(Exception) as caught:
            async with store.writing() as tx:
                await orders.get(tx, ONE, order_id=2**63)
        assert not isinstance(caught.value, Busy)

    async def test_runs_blocks_of_many_tasks(self, store: Store) -> None:
        async def one(number: int) -> None:
            async with store.writing() as tx:
                await tx.insert(installation, [(f"test{number}", f"{number:02}")])
                await asyncio.sleep(0)

        await asyncio.gather(*(one(number) for number in range(20)))
        assert await facts_in(store) == [f"{number:02}" for number in range(20)]


class TestReading:
    async def test_sees_one_state_while_a_writer_commits(self, store: Store) -> None:
        async with store.writing() as tx:
            await tx.insert(installation, [("test1", "a")])
        async with store.reading() as reader:
            assert await facts(reader) == ["a"]
            async with store.writing() as tx:
                await tx.insert(installation, [("test2", "b")])
                await tx.run(Statement(text("UPDATE installation SET value = 'c' WHERE name = 'test1'")))
            assert await facts(reader) == ["a"]
        assert await facts_in(store) == ["b", "c"]

    async def test_can_go_on_in_two_blocks_at_once(self, store: Store) -> None:
        async with store.reading() as one, store.reading() as other:
            assert await facts(one) == await facts(other) == []

    async def test_ends_with_an_exception_and_begins_anew(self, store: Store) -> None:
        with pytest.raises(RuntimeError):
            async with store.reading():
                raise RuntimeError
        assert await facts_in(store) == []


# ------------------------------------------------------------------------------------------------------------- claiming
class TestClaim:
    async def test_takes_what_is_free_and_leaves_what_is_taken(self, store: Store) -> None:
        async with store.writing() as tx:
            assert await log.claim(tx, [Claim(ONE, key(2), 1, 1)]) == {key(2)}
        async with store.writing() as tx:
            wanted = [Claim(ONE, key(number), 9, 9) for number in (3, 2, 1)]
            assert await log.claim(tx, wanted) == {key(1), key(3)}
            held = await log.holders(tx, ONE, [key(number) for number in range(5)])
        assert {taken: claim.submission_id for taken, claim in held.items()} == {key(1): 9, key(2): 1, key(3): 9}

    async def test_gives_positions(self, store: Store) -> None:
        rows = [(ONE, key(number), 1, 1) for number in (1, 2, 3)]
        async with store.writing() as tx:
            assert await tx.claim(request_key, rows[1:2]) == {0}
            assert await tx.claim(request_key, rows) == {0, 2}
            assert await tx.claim(request_key, rows) == set()

    async def test_gives_one_position_of_a_key_wanted_twice(self, store: Store) -> None:
        async with store.writing() as tx:
            assert await tx.claim(request_key, [(ONE, key(1), 1, 1), (ONE, key(1), 2, 2)]) == {0}
            assert (await log.holders(tx, ONE, [key(1)]))[key(1)].submission_id == 1

    async def test_keeps_organizations_apart(self, store: Store) -> None:
        async with store.writing() as tx:
            assert await log.claim(tx, [Claim(ONE, key(1), 1, 1)]) == {key(1)}
            assert await log.claim(tx, [Claim(OTHER, key(1), 2, 2)]) == {key(1)}

    async def test_is_undone_with_its_transaction(self, store: Store) -> None:
        with pytest.raises(RuntimeError):
            async with store.writing() as tx:
                await log.claim(tx, [Claim(ONE, key(1), 1, 1)])
                raise RuntimeError
        async with store.writing() as tx:
            assert await log.claim(tx, [Claim(ONE, key(1), 2, 2)]) == {key(1)}

    async def test_can_be_released_and_repointed(self, store: Store) -> None:
        async with store.writing() as tx:
            await log.claim(tx, [Claim(ONE, key(1), 1, 1), Claim(ONE, key(2), 1, 1)])
            await log.release(tx, ONE, key=key(1))
            await log.repoint(tx, Claim(ONE, key(2), 7, 8))
            assert await log.holders(tx, ONE, [key(1), key(2)]) == {key(2): Claim(ONE, key(2), 7, 8)}

    @pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 130])
    async def test_names_holders_of_any_number_of_keys(self, store: Store, size: int) -> None:
        keys = [number.to_bytes(32, "big") for number in range(size)]
        async with store.writing() as tx:
            assert await log.claim(tx, [Claim(ONE, each, 1, 1) for each in keys]) == set(keys)
            assert set(await log.holders(tx, ONE, [*keys, b"other"])) == set(keys)


async def claimed_elsewhere(url: str, started: threading.Event, submission_id: int) -> set[bytes]:
    """Claim a key through a store of one's own."""
    store = await open_store(url)
    try:
        started.set()
        async with store.writing() as tx:
            return await log.claim(tx, [Claim(ONE, key(1), submission_id, submission_id)])
    finally:
        await store.close()


class TestRacingClaims:
    async def test_that_only_look_first_would_both_win(self, store: Store, database: str) -> None:
        """The fault without the guard: two that look before they write both find the key free."""
        another = await open_store(database)
        async with store.reading() as one, another.reading() as other:
            assert await log.holders(one, ONE, [key(1)]) == await log.holders(other, ONE, [key(1)]) == {}
        await another.close()

    async def test_wait_for_the_first_to_commit_and_then_see_it_taken(self, store: Store, database: str) -> None:
        started = threading.Event()
        async with store.writing() as tx:
            assert await log.claim(tx, [Claim(ONE, key(1), 1, 1)]) == {key(1)}
            second = asyncio.create_task(asyncio.to_thread(asyncio.run, claimed_elsewhere(database, started, 2)))
            await asyncio.to_thread(started.wait)
            await asyncio.wait([second], timeout=0.2)  # time to take the key, if nothing made it wait
            assert not second.done()
        assert await second == set()
        async with store.reading() as reader:
            assert (await log.holders(reader, ONE, [key(1)]))[key(1)].submission_id == 1

    async def test_win_when_the_first_takes_its_claim_back(self, store: Store, database: str) -> None:
        started = threading.Event()
        with pytest.raises(RuntimeError):
            async with store.writing() as tx:
                await log.claim(tx, [Claim(ONE, key(1), 1, 1)])
                second = asyncio.create_task(asyncio.to_thread(asyncio.run, claimed_elsewhere(database, started, 2)))
                await asyncio.to_thread(started.wait)
                await asyncio.wait([second], timeout=0.2)
                raise RuntimeError
        assert await second == {key(1)}
        async with store.reading() as reader:
            assert (await log.holders(reader, ONE, [key(1)]))[key(1)].submission_id == 2

    async def test_of_many_stores_give_each_key_to_exactly_one(self, database: str) -> None:
        keys = [key(number) for number in range(20)]
        barrier = threading.Barrier(4)

        async def racer(number: int) -> list[bytes]:
            store = await open_store(database)
            barrier.wait()
            won: list[bytes] = []
            for start in range(0, 20, 5):
                wanted = [Claim(ONE, each, number, number) for each in keys[start : start + 5]]
                async with store.writing() as tx:
                    won += await log.claim(tx, wanted if number % 2 else wanted[::-1])
            await store.close()
            return won

        won = await asyncio.gather(*(asyncio.to_thread(asyncio.run, racer(number)) for number in range(4)))
        assert sorted(each for some in won for each in some) == keys


# --------------------------------------------------------------------------------------------------------------- orders
class TestOrders:
    async def test_come_back_with_every_field(self, store: Store) -> None:
        await put(store, full_order())
        async with store.reading() as tx:
            found = await orders.get(tx, ONE, order_id=1)
        assert found == full_order()
        encoder = msgspec.json.Encoder(decimal_format="number")
        assert encoder.encode(found.content) == encoder.encode(full_order().content)

    def test_fill_every_field_in_that_proof(self) -> None:
        def unfilled(value: Any) -> list[str]:
            if isinstance(value, msgspec.Struct):
                names = [
                    each
                    for each in value.__struct_fields__
                    if getattr(value, each) in (None, ()) or getattr(value, each) is False
                ]
                return names + [name for each in value.__struct_fields__ for name in unfilled(getattr(value, each))]
            return [name for each in value for name in unfilled(each)] if isinstance(value, tuple) else []

        full = full_order()
        first = msgspec.structs.replace(
            full.content,
            lines=full.content.lines[:1],
            destinations=full.content.destinations[:1],
            charges=full.content.charges[:1],
        )
        whole = msgspec.structs.replace(full, content=first, counters=full.counters[:1], holds=full.holds[:1])
        assert unfilled(whole) == []

    async def test_come_back_with_almost_nothing(self, store: Store) -> None:
        await put(store, order(1))
        async with store.reading() as tx:
            assert await orders.get(tx, ONE, order_id=1) == order(1)
            assert await orders.get(tx, ONE, order_id=2) is None

    async def test_are_found_by_number_the_newest_first_and_by_door(self, store: Store) -> None:
        long = "n" * 500
        await put(store, *(order(number, number="A") for number in (1, 3, 2)), order(4, number=long))
        async with store.reading() as tx:
            found = await orders.by_number(tx, ONE, door="s2", number="A")
            assert found is not None
            assert found.order_id == 3
            assert await orders.by_number(tx, ONE, door="fabric", number="A") is None
            assert await orders.by_number(tx, ONE, door="s2", number="a") is None
            assert (await orders.by_number(tx, ONE, door="s2", number=long)) == order(4, number=long)
            assert await orders.by_number(tx, ONE, door="s2", number=long + "n") is None

    async def test_are_refused_a_second_time_under_one_id(self, store: Store) -> None:
        await put(store, order(1))
        with pytest.raises((sqlite3.IntegrityError, asyncpg.UniqueViolationError)):
            await put(store, order(1))

    async def test_are_replaced_only_by_who_saw_the_newest_version(self, store: Store) -> None:
        await put(store, full_order())
        newer = msgspec.structs.replace(
            full_order(), version=4, content=Content(number="B", lines=(Line(1), Line(2), Line(3))), holds=(),
            counters=(Counters(1), Counters(2, canceled=2), Counters(3)),
        )  # fmt: skip
        async with store.writing() as tx:
            assert not await orders.replace(tx, orders.rows_of(newer), seen=2)
            assert await orders.get(tx, ONE, order_id=1) == full_order()
            assert await orders.replace(tx, orders.rows_of(newer), seen=3)
            assert not await orders.replace(tx, orders.rows_of(newer), seen=3)
        async with store.reading() as tx:
            assert await orders.get(tx, ONE, order_id=1) == newer
            assert (await orders.page(tx, ONE, Filters(number="B"), before=None, limit=9)) == [newer]
            assert (await orders.page(tx, ONE, Filters(sku="sku-é"), before=None, limit=9)) == []

    async def test_are_counted_by_door(self, store: Store) -> None:
        await put(store, order(1), order(2), order(3, source=Source("hub", 1, "me")))
        async with store.reading() as tx:
            assert [await orders.count(tx, ONE, door=door) for door in ("s2", "hub", "fabric")] == [2, 1, 0]


OVERSOLD = [
    {"ordered": 0},
    {"shipped": 3},
    {"canceled": 1, "shipped": 2},
    {"canceled": -1},
    {"allocated": -1},
    {"backordered": -1},
    {"delivered": 1},
    {"delivered": -1},
    {"returned": 1},
    {"returned": -1},
    {"return_requested": 1},
]


class TestLines:
    async def test_cannot_be_inserted_with_counters_that_cannot_be(self, store: Store) -> None:
        for change in OVERSOLD:
            counters = Counters(**{"ordered": 2} | change)
            with pytest.raises((sqlite3.IntegrityError, asyncpg.CheckViolationError)):
                await put(store, order(1, counters=(counters,)))
            async with store.reading() as tx:
                assert await orders.get(tx, ONE, order_id=1) is None, change

    async def test_cannot_be_shipped_further_than_ordered(self, store: Store) -> None:
        await put(store, order(1, counters=(Counters(2),)))
        ship = Statement(order_line.update().values(shipped=order_line.c.shipped + 1))
        async with store.writing() as tx:
            assert await tx.run(ship) == 1
            assert await tx.run(ship) == 1
        with pytest.raises((sqlite3.IntegrityError, asyncpg.CheckViolationError)):
            async with store.writing() as tx:
                await tx.run(ship)
        async with store.reading() as tx:
            found = await orders.get(tx, ONE, order_id=1)
        assert found is not None
        assert found.counters == (Counters(2, shipped=2),)

    async def test_stay_in_their_order(self, store: Store) -> None:
        lines = tuple(Line(quantity) for quantity in range(1, 31))
        await put(store, order(1, lines=lines))
        async with store.reading() as tx:
            found = await orders.get(tx, ONE, order_id=1)
        assert found is not None
        assert [counters.ordered for counters in found.counters] == list(range(1, 31))


async def ids(store: Store, filters: Filters, *, before: int | None = None, limit: int = 100, **rest: int) -> list[int]:
    async with store.reading() as tx:
        return [each.order_id for each in await orders.page(tx, ONE, filters, before=before, limit=limit, **rest)]


# Filters over the six orders of the first test, and which of them they leave.
FILTERED: list[tuple[Filters, list[int]]] = [
    (Filters(), [6, 5, 4, 3, 2, 1]),
    (Filters(door="hub"), [2]),
    (Filters(number="X"), [3]),
    (Filters(number="x"), []),
    (Filters(status="on_hold"), [4]),
    (Filters(status="open"), [6, 5, 3, 2, 1]),
    (Filters(email="ann@example.com"), [6, 5]),
    (Filters(email="ANN@EXAMPLE.COM"), [6, 5]),
    (Filters(email="bob@example.com"), []),
    (Filters(sku="s-1"), [6, 1]),
    (Filters(sku="s"), []),
    (Filters(location="W2"), [6]),
    (Filters(location="W1"), [5]),
    (Filters(sku="s-1", location="W2", door="s2", status="open"), [6]),
    (Filters(sku="s-1", location="W1"), []),
]


class TestPage:
    async def test_is_narrowed_by_each_filter(self, store: Store) -> None:
        ann = Address(email="Ann@Example.com")
        await put(
            store,
            order(1, lines=(Line(1, sku="s-1"), Line(1, sku="s-1"))),
            order(2, source=Source("hub", 1, "me")),
            order(3, number="X"),
            order(4, holds=(Hold("stock", NOW_US),)),
            order(5, destinations=(Destination(address=ann, location_ref="W1"),)),
            order(
                6,
                customer=Customer(email="ann@example.COM"),
                destinations=(Destination(), Destination(location_ref="W2")),
                lines=(Line(1), Line(1, sku="s-1", destination=1)),
            ),
        )
        for filters, found in FILTERED:
            assert await ids(store, filters) == found, filters

    @pytest.mark.parametrize("name", ["number", "email", "sku", "location"])
    async def test_finds_values_of_any_length(self, store: Store, name: str) -> None:
        def long(number: int) -> Order:
            value = "ä" * 3000 + str(number)
            customer, line = Customer(email=value), Line(1, sku=value)
            places = (Destination(location_ref=value),)
            return order(number, number=value, customer=customer, lines=(line,), destinations=places)

        await put(store, long(1), long(2))
        assert await ids(store, Filters(**{name: "ä" * 3000 + "2"})) == [2]
        assert await ids(store, Filters(**{name: "ä" * 3000})) == []

    async def test_is_narrowed_to_a_time_from_included_to_excluded(self, store: Store) -> None:
        mint = Mint(1)
        times = [NOW_US + step for step in (0, 1, 999, 1000, 1001, 5000)]
        made = [order(mint.new(at), created_at=at) for at in times]
        await put(store, *made)
        for start in times:
            for end in [*times, NOW_US + 9000]:
                wanted = [each.order_id for each in made if start <= each.created_at < end]
                assert await ids(store, Filters(created_from=start, created_to=end)) == wanted[::-1]
        assert await ids(store, Filters(created_from=0)) == [each.order_id for each in made][::-1]
        assert await ids(store, Filters(created_to=2**62)) == [each.order_id for each in made][::-1]

    async def test_ends_at_a_time_for_ids_minted_after_the_clock_was_set_back(self, store: Store) -> None:
        mint = Mint(1)
        mint.new(NOW_US + 60_000_000)
        identity = mint.new(NOW_US)
        received = minted_us(identity)  # intake gives such an order the time of its id
        await put(store, order(identity, created_at=received))
        assert await ids(store, Filters(created_from=received, created_to=received + 1)) == [identity]
        assert await ids(store, Filters(created_from=NOW_US, created_to=received)) == []

    async def test_goes_on_where_the_one_before_ended_while_orders_arrive(self, store: Store) -> None:
        await put(store, *(order(number) for number in range(1, 11)))
        walked = await ids(store, Filters(), limit=4)
        await put(store, order(11))
        while rest := await ids(store, Filters(), before=walked[-1], limit=4):
            walked += rest
        assert walked == list(range(10, 0, -1))

    @pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 8, 9])
    async def test_has_whole_orders_in_any_size(self, store: Store, limit: int) -> None:
        placed = [order(number, lines=(Line(number), Line(1))) for number in range(1, 9)]
        await put(store, *placed)
        async with store.reading() as tx:
            assert await orders.page(tx, ONE, Filters(), before=None, limit=limit) == placed[::-1][:limit]

    async def test_passes_over_an_offset(self, store: Store) -> None:
        await put(store, *(order(number) for number in range(1, 6)))
        assert await ids(store, Filters(), limit=2, offset=1) == [4, 3]
        assert await ids(store, Filters(), limit=2, offset=9) == []

    async def test_passes_over_nothing_for_a_limit_of_nothing(self, store: Store) -> None:
        await put(store, order(1))
        assert await ids(store, Filters(), limit=0) == []


# ----------------------------------------------------------------------------------------------------- submissions, log
class TestSubmissions:
    async def test_come_back_with_every_field(self, store: Store) -> None:
        full = submission(
            5, status="refused", order_id=6, code="invalid", faults=(Fault(("a", 0), "é"), Fault((), "b")),
            redrive_of=4, size=2**40, body=bytes(range(256)), reply=b"\x00\xff",
        )  # fmt: skip
        async with store.writing() as tx:
            await log.add_submissions(tx, [full, submission(6)])
            assert await log.get_submission(tx, ONE, submission_id=5) == full
            assert await log.get_submission(tx, ONE, submission_id=6) == submission(6)
            assert await log.get_submission(tx, ONE, submission_id=7) is None

    async def test_are_paged_newest_first(self, store: Store) -> None:
        async with store.writing() as tx:
            await log.add_submissions(tx, [submission(number) for number in range(1, 8)])
        walked: list[int] = []
        before: int | None = None
        async with store.reading() as tx:
            while found := await log.submissions(tx, ONE, status=None, before=before, limit=3):
                walked += [each.submission_id for each in found]
                before = walked[-1]
        assert walked == list(range(7, 0, -1))

    async def test_are_paged_by_status(self, store: Store) -> None:
        async with store.writing() as tx:
            states = ("refused", "accepted", "refused", "replayed", "refused")
            await log.add_submissions(tx, [submission(number, status=state) for number, state in enumerate(states, 1)])
        async with store.reading() as tx:
            first = await log.submissions(tx, ONE, status="refused", before=None, limit=2)
            second = await log.submissions(tx, ONE, status="refused", before=3, limit=2)
            accepted = await log.submissions(tx, ONE, status="accepted", before=None, limit=9)
        assert [each.submission_id for each in (*first, *second, *accepted)] == [5, 3, 1, 2]

    async def test_are_marked_redriven_only_when_refused(self, store: Store) -> None:
        async with store.writing() as tx:
            await log.add_submissions(tx, [submission(1, status="refused"), submission(2)])
            for number in (1, 2):
                await log.mark_redriven(tx, ONE, submission_id=number, order_id=77)
            one, two = [await log.get_submission(tx, ONE, submission_id=number) for number in (1, 2)]
        assert one == submission(1, status="redriven", order_id=77)
        assert two == submission(2)

    async def test_keep_their_reply(self, store: Store) -> None:
        async with store.writing() as tx:
            await log.add_submissions(tx, [submission(1), submission(2)])
            await log.set_reply(tx, ONE, submission_id=1, reply=b"done")
            found = [await log.get_submission(tx, ONE, submission_id=number) for number in (1, 2)]
        assert found == [submission(1, reply=b"done"), submission(2)]


class TestEvents:
    async def test_come_back_in_their_order_and_hold_the_chain(self, store: Store) -> None:
        placed = full_order()
        placed = msgspec.structs.replace(placed, event_number=0, event_hash=CHAIN_START)
        made = []
        for place, fact in enumerate((Received(1, placed.content), Held(placed.holds[0]), Held(placed.holds[1]))):
            placed, event = record(placed, fact, event_id=place, at=NOW_US, actor="me", door="s2")
            made.append(event)
        async with store.writing() as tx:
            await log.add_events(tx, made[::-1])
            await orders.add(tx, [orders.rows_of(placed)])
            assert await log.events(tx, ONE, order_id=placed.order_id) == made
            assert [head async for head in log.heads(tx, ONE)] == [(placed.order_id, 3, made[-1].hash)]
            assert [found async for found in log.orders_with_events(tx, ONE)] == [placed.order_id]

    async def test_are_refused_under_a_number_that_is_there(self, store: Store) -> None:
        _, event = record(order(1), Held(Hold("a", 1)), event_id=1, at=1, actor="me", door="s2")
        with pytest.raises((sqlite3.IntegrityError, asyncpg.UniqueViolationError)):
            async with store.writing() as tx:
                await log.add_events(tx, [event])
                await log.add_events(tx, [msgspec.structs.replace(event, event_id=2)])

    async def test_are_walked_in_steps_without_a_gap(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(log, "_STEP", 3)
        await put(store, *(order(number) for number in range(8)))
        async with store.writing() as tx:
            for number in range(8):
                _, event = record(order(number), Held(Hold("a", 1)), event_id=number, at=1, actor="me", door="s2")
                await log.add_events(tx, [event, msgspec.structs.replace(event, number=2)])
            assert [head[0] async for head in log.heads(tx, ONE)] == list(range(8))
            assert [found async for found in log.orders_with_events(tx, ONE)] == list(range(8))


# ------------------------------------------------------------------------------------------------------------- registry
# Terms, and the keys of the entries whose text holds them.
SEARCHED: list[tuple[str | None, list[str]]] = [
    (None, ["5", "4", "3", "2", "1"]),
    ("", ["5", "4", "3", "2", "1"]),
    ("apple", ["4", "1"]),
    ("APPLE", ["4", "1"]),
    ("2", ["2"]),
    ("100%", ["2"]),
    ("%", ["2"]),
    ("_", ["3"]),
    ("\\", ["4"]),
    ("Ärger", ["5"]),
    ("ärger", ["5"]),
    ("pear", []),
]


class TestRegistry:
    async def test_keeps_the_first_value_of_a_fact_until_it_is_changed_knowingly(self, store: Store) -> None:
        async with store.writing() as tx:
            assert await registry.fact(tx, "test", default="a") == "a"
            assert await registry.fact(tx, "test", default="b") == "a"
            assert not await registry.change_fact(tx, "test", seen="b", value="c")
            assert await registry.change_fact(tx, "test", seen="a", value="c")
            assert await registry.fact(tx, "test", default="b") == "c"

    async def test_keeps_organizations_under_one_uuid_each(self, store: Store) -> None:
        one = Organization(ONE, "One", "u-1", 1, 2)
        async with store.writing() as tx:
            assert await registry.add_organization(tx, one)
            assert not await registry.add_organization(tx, Organization(OTHER, "Other", "u-1", 1, 2))
            assert await registry.add_organization(tx, Organization(OTHER, "Other", "u-2", 1, 2))
            assert await registry.get_organization(tx, ONE) == one
            assert await registry.get_organization(tx, 13) is None
            assert [each.organization_id for each in await registry.organizations(tx)][:2] == [ONE, OTHER]
            assert await registry.find_organization(tx, kind="s2_organization", name="u-2") == OTHER
            assert await registry.find_organization(tx, kind="client", name="u-2") is None

    async def test_keeps_clients_and_revokes_them_once(self, store: Store) -> None:
        client = Client(ONE, "c-1", "Client", "hash", "read", 5, None)
        async with store.writing() as tx:
            assert await registry.add_client(tx, client)
            assert not await registry.add_client(tx, msgspec.structs.replace(client, organization_id=OTHER))
            assert await registry.add_client(tx, msgspec.structs.replace(client, client_id="c-0", created_at=4))
            assert [each.client_id for each in await registry.clients(tx, ONE)] == ["c-0", "c-1"]
            assert await registry.find_organization(tx, kind="client", name="c-1") == ONE
            assert await registry.revoke_client(tx, ONE, client_id="c-1", now=9)
            assert not await registry.revoke_client(tx, ONE, client_id="c-1", now=10)
            found = await registry.get_client(tx, ONE, client_id="c-1")
        assert found == msgspec.structs.replace(client, revoked_at=9)

    async def test_revokes_tokens(self, store: Store) -> None:
        async with store.writing() as tx:
            assert not await registry.is_revoked(tx, ONE, token_id="t")
            await registry.revoke_token(tx, ONE, token_id="t", expires_at=9)
            await registry.revoke_token(tx, ONE, token_id="t", expires_at=9)
            assert await registry.is_revoked(tx, ONE, token_id="t")

    async def test_keeps_people_and_their_memberships(self, store: Store) -> None:
        person = Person("a@b.c", 1, "Ann", "hash", 0, 1, 1)
        async with store.writing() as tx:
            assert await registry.add_person(tx, person)
            assert not await registry.add_person(tx, msgspec.structs.replace(person, person_id=2))
            assert await registry.get_person(tx, email="a@b.c") == person
            assert await registry.get_person(tx, email="x@b.c") is None
            for organization_id in (OTHER, ONE):
                assert await registry.add_membership(tx, Membership(organization_id, "a@b.c", "admin", "read"))
            assert not await registry.add_membership(tx, Membership(ONE, "a@b.c", "other", "read"))
            found = await registry.memberships(tx, email="a@b.c")
            assert found == [Membership(each, "a@b.c", "admin", "read") for each in (ONE, OTHER)]
            assert await registry.revoke_person(tx, email="a@b.c", now=7)
            assert not await registry.revoke_person(tx, email="x@b.c", now=7)
            revoked = await registry.get_person(tx, email="a@b.c")
        assert revoked == msgspec.structs.replace(person, token_version=1, updated_at=7)

    async def test_keeps_vendor_references(self, store: Store) -> None:
        async with store.writing() as tx:
            assert await registry.add_vendor_reference(tx, ONE, kind="fabric_account", value="1")
            assert not await registry.add_vendor_reference(tx, ONE, kind="fabric_account", value="1")
            assert await registry.add_vendor_reference(tx, ONE, kind="pb_fulfillment_client", value="1")
            assert await registry.vendor_references(tx, ONE) == {
                ("fabric_account", "1"),
                ("pb_fulfillment_client", "1"),
            }

    async def test_gives_catalog_entries_by_key_and_by_name(self, store: Store) -> None:
        made = [entry(f"k{number}", number, name=f"n{number % 50}") for number in range(100)]
        async with store.writing() as tx:
            for each in made:
                assert await registry.add_entry(tx, each)
            assert not await registry.add_entry(tx, entry("k1", 500))
            wanted = [f"k{number}" for number in range(100)]
            found = await registry.entries(tx, ONE, kind="product", keys=[*wanted, "other"])
            named = await registry.entries(tx, ONE, kind="product", keys=["n7", "other"], by="name")
            assert await registry.entries(tx, ONE, kind="account", keys=wanted) == []
            assert await registry.entries(tx, ONE, kind="product", keys=[]) == []
        assert sorted(found, key=lambda each: each.position) == made
        assert {each.key for each in named} == {"k7", "k57"}

    async def test_lists_catalog_entries_that_hold_a_term(self, store: Store) -> None:
        names = ["Green Apple", "100% wool", "a_b", "apple\\tree", "Ärgernis"]
        async with store.writing() as tx:
            for position, name in enumerate(names, 1):
                await registry.add_entry(tx, entry(str(position), position, name=name))
            for term, found in SEARCHED:
                listed, total = await registry.list_entries(tx, ONE, kind="product", term=term, limit=9, offset=0)
                page, still = await registry.list_entries(tx, ONE, kind="product", term=term, limit=1, offset=1)
                assert [each.key for each in listed] == found, term
                assert total == still == len(found)
                assert page == listed[1:2]


# ------------------------------------------------------------------------------------------------- another organization
Ask = Callable[[Transaction], Awaitable[Any]]


async def drained(walk: Any) -> list[Any]:
    return [each async for each in walk]


# What each function answers to another organization that asks for ONE's things: nothing.
QUESTIONS: dict[str, tuple[Ask, Any]] = {
    "log.bodies": (lambda tx: log.bodies(tx, OTHER, submission_ids=[1]), {}),
    "log.get_submission": (lambda tx: log.get_submission(tx, OTHER, submission_id=1), None),
    "log.submissions": (lambda tx: log.submissions(tx, OTHER, status=None, before=None, limit=9), []),
    "log.holders": (lambda tx: log.holders(tx, OTHER, [key(1)]), {}),
    "log.events": (lambda tx: log.events(tx, OTHER, order_id=1), []),
    "log.heads": (lambda tx: drained(log.heads(tx, OTHER)), []),
    "log.orders_with_events": (lambda tx: drained(log.orders_with_events(tx, OTHER)), []),
    "log.set_reply": (lambda tx: log.set_reply(tx, OTHER, submission_id=1, reply=b"theirs"), None),
    "log.mark_redriven": (lambda tx: log.mark_redriven(tx, OTHER, submission_id=1, order_id=9), None),
    "log.release": (lambda tx: log.release(tx, OTHER, key=key(1)), None),
    "orders.get": (lambda tx: orders.get(tx, OTHER, order_id=1), None),
    "orders.by_number": (lambda tx: orders.by_number(tx, OTHER, door="s2", number="A-1"), None),
    "orders.page": (lambda tx: orders.page(tx, OTHER, Filters(sku="sku-é", location="W2"), before=None, limit=9), []),
    "orders.count": (lambda tx: orders.count(tx, OTHER, door="s2"), 0),
    "registry.get_organization": (lambda tx: registry.get_organization(tx, OTHER), None),
    "registry.get_client": (lambda tx: registry.get_client(tx, OTHER, client_id="c"), None),
    "registry.clients": (lambda tx: registry.clients(tx, OTHER), []),
    "registry.revoke_client": (lambda tx: registry.revoke_client(tx, OTHER, client_id="c", now=1), False),
    "registry.revoke_token": (lambda tx: registry.revoke_token(tx, OTHER, token_id="other", expires_at=1), None),
    "registry.is_revoked": (lambda tx: registry.is_revoked(tx, OTHER, token_id="t"), False),
    "registry.vendor_references": (lambda tx: registry.vendor_references(tx, OTHER), set()),
    "registry.add_vendor_reference": (lambda tx: registry.add_vendor_reference(tx, OTHER, kind="b", value="1"), True),
    "registry.entries": (lambda tx: registry.entries(tx, OTHER, kind="product", keys=["k"]), []),
    "registry.list_entries": (
        lambda tx: registry.list_entries(tx, OTHER, kind="product", term=None, limit=9, offset=0),
        ([], 0),
    ),
}


async def everything_of_one(tx: Transaction) -> list[Any]:
    return [
        await log.submissions(tx, ONE, status=None, before=None, limit=9),
        await log.holders(tx, ONE, [key(1)]),
        await log.events(tx, ONE, order_id=1),
        await orders.page(tx, ONE, Filters(), before=None, limit=9),
        await registry.clients(tx, ONE),
        await registry.is_revoked(tx, ONE, token_id="t"),
        await registry.is_revoked(tx, ONE, token_id="other"),
        await registry.vendor_references(tx, ONE),
        await registry.list_entries(tx, ONE, kind="product", term=None, limit=9, offset=0),
    ]


class TestAnotherOrganization:
    async def test_neither_sees_nor_changes_what_is_not_its_own(self, store: Store) -> None:
        placed, event = record(full_order(), Held(Hold("a", 1)), event_id=1, at=1, actor="me", door="s2")
        async with store.writing() as tx:
            await orders.add(tx, [orders.rows_of(placed)])
            await log.add_events(tx, [event])
            await log.add_submissions(tx, [submission(1, status="refused")])
            await log.claim(tx, [Claim(ONE, key(1), 1, 1)])
            await registry.add_organization(tx, Organization(ONE, "One", "u-1", 1, 2))
            await registry.add_client(tx, Client(ONE, "c", "Client", "hash", "read", 5, None))
            await registry.revoke_token(tx, ONE, token_id="t", expires_at=9)
            await registry.add_vendor_reference(tx, ONE, kind="a", value="1")
            await registry.add_entry(tx, entry("k", 1))
        async with store.writing() as tx:
            before = await everything_of_one(tx)
            assert all(before[place] for place in (0, 1, 2, 3, 4, 5, 7, 8))
            for name, (ask, answer) in QUESTIONS.items():
                assert await ask(tx) == answer, name
                assert await everything_of_one(tx) == before, name

    async def test_may_have_the_same_ids(self, store: Store) -> None:
        await put(store, full_order(), order(1, OTHER))
        async with store.writing() as tx:
            await log.add_submissions(tx, [submission(1), submission(1, OTHER)])
            assert await orders.get(tx, ONE, order_id=1) == full_order()
            assert await orders.get(tx, OTHER, order_id=1) == order(1, OTHER)
            assert await orders.page(tx, OTHER, Filters(), before=None, limit=9) == [order(1, OTHER)]
            assert await orders.page(tx, OTHER, Filters(sku="sku-é"), before=None, limit=9) == []
            newer = msgspec.structs.replace(order(1, OTHER), version=2)
            assert await orders.replace(tx, orders.rows_of(newer), seen=1)
            assert await orders.get(tx, ONE, order_id=1) == full_order()
            await log.claim(tx, [Claim(ONE, key(1), 1, 1), Claim(OTHER, key(1), 2, 2)])
            await log.repoint(tx, Claim(OTHER, key(1), 3, 3))
            assert (await log.holders(tx, ONE, [key(1)]))[key(1)].submission_id == 1

    def test_is_asked_about_every_function_that_takes_an_organization(self) -> None:
        taking = {
            f"{module.__name__.rsplit('.', 1)[-1]}.{name}"
            for module in (log, orders, registry)
            for name, function in inspect.getmembers(module, inspect.isfunction)
            if function.__module__ == module.__name__
            and not name.startswith("_")
            and "organization_id" in inspect.signature(function).parameters
        }
        assert taking == set(QUESTIONS)


# ----------------------------------------------------------------------------------------------------------------- busy
class TestBusy:
    async def test_is_the_answer_of_a_locked_sqlite_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 50)
        path = tmp_path / "crossdock.db"
        store = await open_store(f"sqlite:///{path}")
        locking = sqlite3.connect(path, isolation_level=None)
        locking.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy) as caught:
            async with store.writing():
                pass
        assert caught.value.code is Code.UNAVAILABLE
        assert await facts_in(store) == []  # readers are not held up
        locking.execute("ROLLBACK")
        async with store.writing() as tx:
            await tx.insert(installation, [("test1", "a")])
        assert await facts_in(store) == ["a"]
        locking.close()
        await store.close()

    async def test_is_the_answer_when_postgresql_ends_the_connection(self, request: pytest.FixtureRequest) -> None:
        store = await open_store(request.getfixturevalue("postgres_url"))
        with pytest.raises(Busy) as caught:
            async with store.writing() as tx:
                (row,) = await tx.rows(Statement(text("SELECT pg_backend_pid()")))
                another = await asyncpg.connect(request.getfixturevalue("postgres_url"))
                await another.execute("SELECT pg_terminate_backend($1)", row[0])
                await another.close()
                await facts(tx)
        assert caught.value.code is Code.UNAVAILABLE
        assert await facts_in(store) == []  # the next one gets a new connection
        await store.close()
