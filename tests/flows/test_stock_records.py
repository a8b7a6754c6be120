"""Stock records: a level and its document change together."""

import asyncio

import pytest

from crossdock.core.errors import Code, Fault, Invalid, Refusal
from crossdock.core.stock.commands import AdjustStock, CountStock, SetLimits, StockCommand
from crossdock.core.stock.model import LevelKey
from crossdock.flows import stock, stock_records
from crossdock.flows.access import Caller
from crossdock.flows.catalog import Draft
from crossdock.flows.stock_records import Decide, LevelFilter, RecordChange, StockRecord
from tests.notifications.world import caller_of
from tests.world import World

KEY = LevelKey("MUG", "1", "12")
KIND = "toy/record"


@pytest.fixture
async def caller(world: World) -> Caller:
    return await caller_of(world)


def to(document: bytes, *commands: StockCommand, name: str | None = None) -> Decide:
    return lambda _: RecordChange(commands, Draft(document, name=name))


def adding(delta: int, key: LevelKey = KEY) -> Decide:
    """Add units, and write down in the document how often that was done."""

    def made(before: StockRecord | None) -> RecordChange:
        times = int(before.document or b"0") if before else 0
        return RecordChange((AdjustStock(key=key, delta=delta),), Draft(str(times + 1).encode()))

    return made


async def change(world: World, caller: Caller, change_of: Decide, key: LevelKey = KEY) -> StockRecord:
    return await stock_records.change(world.context, caller, key, change_of, kind=KIND, door="toy")


async def read(world: World, caller: Caller) -> list[StockRecord]:
    found, total = await stock_records.page(
        world.context, caller, LevelFilter(("1", "2")), kind=KIND, limit=100, offset=0
    )  # fmt: skip
    assert total == len(found)
    return found


class TestChange:
    async def test_a_new_record_has_what_was_decided_without_one(self, world: World, caller: Caller) -> None:
        record = await change(world, caller, to(b"one", CountStock(key=KEY, quantity=5)))
        assert (record.level.on_hand, record.document) == (5, b"one")
        assert await read(world, caller) == [record]

    async def test_a_decision_sees_the_level_of_another_door_without_a_document(
        self, world: World, caller: Caller
    ) -> None:
        await stock.execute_stock(world.context, caller, [CountStock(key=KEY, quantity=5)], door="hub")
        seen: list[StockRecord | None] = []

        def made(before: StockRecord | None) -> RecordChange:
            seen.append(before)
            return RecordChange((), Draft(b"one"))

        record = await change(world, caller, made)
        assert [(each.level.on_hand, each.document) for each in seen if each] == [(5, None)]
        assert (record.level.on_hand, record.document) == (5, b"one")

    async def test_neither_level_nor_document_changes_where_a_later_command_is_refused(
        self, world: World, caller: Caller
    ) -> None:
        await change(world, caller, to(b"one", CountStock(key=KEY, quantity=5)))
        before = await read(world, caller)
        with pytest.raises(Invalid):
            await change(world, caller, to(b"two", CountStock(key=KEY, quantity=6), SetLimits(key=KEY, safety=-1)))
        assert await read(world, caller) == before

    async def test_nothing_is_left_of_a_new_record_that_is_refused(self, world: World, caller: Caller) -> None:
        with pytest.raises(Invalid):
            await change(world, caller, to(b"two", SetLimits(key=KEY, safety=-1)))
        assert await read(world, caller) == []

    async def test_an_unchanged_document_keeps_its_version(self, world: World, caller: Caller) -> None:
        for _ in range(2):
            await change(world, caller, to(b"one", AdjustStock(key=KEY, delta=1)))
        (record,) = await read(world, caller)
        assert (record.level.on_hand, record.document) == (2, b"one")


class TestChangeEach:
    async def test_each_change_is_done_or_refused_for_itself(self, world: World, caller: Caller) -> None:
        def refused(_: StockRecord | None) -> RecordChange:
            raise Invalid(Code.INVALID, "no", faults=(Fault(("x",), "is wrong"),))

        other = LevelKey("CUP", "1")
        changes = [
            (KEY, adding(2)), (other, adding(-1, other)), (KEY, refused), (KEY, adding(3)), (other, adding(4, other)),
        ]  # fmt: skip
        results = await stock_records.change_each(world.context, caller, changes, kind=KIND, door="toy")
        assert [isinstance(each, Refusal) for each in results] == [False, True, True, False, False]
        found = {each.level.key: (each.level.on_hand, each.document) for each in await read(world, caller)}
        assert found == {KEY: (5, b"2"), other: (4, b"1")}

    async def test_changes_at_the_same_time_add_up(self, world: World, caller: Caller) -> None:
        """Also those that add the record: each sees the document that the one before it wrote."""
        changes = [change(world, caller, adding(1 + each)) for each in range(12)]
        await asyncio.gather(*changes)
        (record,) = await read(world, caller)
        assert (record.level.on_hand, record.document) == (sum(range(13)), b"12")
        assert record.level.event_number == 12

    async def test_batches_in_opposite_order_wait_for_each_other(self, world: World, caller: Caller) -> None:
        keys = [LevelKey(f"S{number}", "1") for number in range(10)]

        async def batch(order: list[LevelKey]) -> None:
            changes = [(key, adding(1, key)) for key in order]
            await stock_records.change_each(world.context, caller, changes, kind=KIND, door="toy")

        await batch(keys)
        await asyncio.gather(*(batch(order) for order in (keys, keys[::-1]) * 4))
        assert {each.level.on_hand for each in await read(world, caller)} == {9}


class TestReads:
    async def test_records_are_found_by_the_second_key_of_their_documents(self, world: World, caller: Caller) -> None:
        name, other = "item " + "9" * 300, LevelKey("CUP", "2")
        await change(world, caller, to(b"one", name=name))
        await change(world, caller, to(b"two", name=name), other)
        await change(world, caller, to(b"three"), LevelKey("POT", "2"))
        found = await stock_records.named(world.context, caller, [name, "nope"], kind=KIND)
        assert [(each.level.key, each.document) for each in found] == [(other, b"two"), (KEY, b"one")]

    async def test_all_records_are_read_batch_by_batch(
        self, world: World, caller: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(stock_records, "_BATCH", 2)
        keys = [LevelKey(sku, location) for sku in ("A", "B") for location in ("1", "2", "3")]
        for key in keys:
            await change(world, caller, to(b"x"), key)
        filters = LevelFilter(("1", "2"))
        found = [each.level.key async for each in stock_records.each(world.context, caller, filters, kind=KIND)]
        assert found == [key for key in keys if key.location != "3"]

    def test_the_key_of_a_document_can_be_read_back(self) -> None:
        key = LevelKey('"\\,[]', "1", "Ü/\u2028")
        assert stock_records.level_key(stock_records.document_key(key)) == key
