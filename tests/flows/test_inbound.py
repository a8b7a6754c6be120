"""Inbound documents and the stock they move: together, once, and also where several requests come at the same time."""

import asyncio
from typing import Any

import msgspec
import pytest

from crossdock.core.catalog.products import KitComponent, Product
from crossdock.core.errors import Code, Conflict, Invalid, NotFound
from crossdock.core.inbound import notices, transfers, work_orders
from crossdock.core.inbound.documents import Close, InboundDocument, LineUnits
from crossdock.core.inbound.notices import NoticeLine, ReceiveNotice, ReceivingNotice
from crossdock.core.inbound.transfers import ReceiveTransfer, ShipTransfer, Transfer, TransferLine
from crossdock.core.inbound.work_orders import CompleteWorkOrder, WorkOrder
from crossdock.core.orders.status import Status
from crossdock.core.stock.model import LevelKey
from crossdock.flows import backorders, inbound, products, stock, verification
from crossdock.flows.access import Caller
from crossdock.flows.inbound import Stored
from crossdock.flows.single_calls import Answer, SingleCall
from tests.flows.allocating import add_locations, count, levels, order, read
from tests.notifications.world import caller_of
from tests.world import World

KIND = notices.KIND


def render(found: Stored[Any]) -> bytes:
    return msgspec.json.encode({"id": found.document_id, "version": found.version, "status": found.document.status})


@pytest.fixture
async def caller(world: World) -> Caller:
    found = await caller_of(world)
    await add_locations(world, found, "W1", "W2")
    return found


async def create(world: World, caller: Caller, document: InboundDocument, **more: Any) -> str:
    answer = await inbound.create(world.context, caller, document, render=render, door="hub", **more)
    return str(msgspec.json.decode(answer.body)["id"])


def notice(number: str = "ASN-1", *lines: tuple[str, int], location: str = "W1") -> ReceivingNotice:
    made = tuple(NoticeLine(sku=sku, expected=units) for sku, units in lines or (("MUG", 5),))
    return ReceivingNotice(number=number, location=location, lines=made, expected_at="2026-02-01")


async def change(
    world: World, caller: Caller, command: Any, document_id: str, *, kind: str = KIND, **more: Any
) -> Answer:
    return await inbound.change(
        world.context, caller, command, kind=kind, document_id=document_id, render=render, door="hub", **more
    )


def receipt(quantity: int, damaged: int = 0, line: int = 0) -> ReceiveNotice:
    return ReceiveNotice(lines=(LineUnits(line, quantity, damaged),))


class TestReceiving:
    async def test_received_units_are_in_stock_and_the_ledger_names_the_notice(
        self, world: World, caller: Caller
    ) -> None:
        one = await create(world, caller, notice())
        await change(world, caller, receipt(3, damaged=1), one)
        level = (await levels(world, caller, "MUG"))["W1"]
        assert (level.on_hand, level.available) == (3, 2)
        (movement,) = await stock.movements(world.context, caller, LevelKey("MUG", "W1"), before=2**63 - 1, limit=9)
        assert (movement.kind, movement.reason) == ("receive", "receiving notice ASN-1")
        assert not (await verification.verify(world.context)).broken

    async def test_two_receipts_at_once_both_count(self, world: World, caller: Caller) -> None:
        one = await create(world, caller, notice())
        answers = await asyncio.gather(*(change(world, caller, receipt(1), one) for _ in range(6)))
        found = await inbound.get(world.context, caller, kind=KIND, document_id=one)
        assert (found.document.lines[0].received, found.version) == (6, 7)
        assert (await levels(world, caller, "MUG"))["W1"].on_hand == 6
        assert sorted(msgspec.json.decode(each.body)["version"] for each in answers) == [2, 3, 4, 5, 6, 7]

    async def test_a_receipt_under_one_key_happens_once_and_under_another_again(
        self, world: World, caller: Caller
    ) -> None:
        one = await create(world, caller, notice())
        call = SingleCall(b"k" * 32, f"receive {one}", b'{"lines":1}')
        answers = await asyncio.gather(*(change(world, caller, receipt(2), one, call=call) for _ in range(4)))
        assert sorted(each.replayed for each in answers) == [False, True, True, True]
        assert len({each.body for each in answers}) == 1
        await change(world, caller, receipt(2), one, call=SingleCall(b"l" * 32, f"receive {one}", b'{"lines":1}'))
        assert (await levels(world, caller, "MUG"))["W1"].on_hand == 4
        with pytest.raises(Conflict) as refusal:
            await change(world, caller, receipt(1), one, call=SingleCall(call.key, call.operation, b"{}"))
        assert refusal.value.code is Code.KEY_REUSED

    async def test_a_dry_run_answers_the_same_and_writes_nothing(self, world: World, caller: Caller) -> None:
        dry = await inbound.create(world.context, caller, notice("DRY"), render=render, door="hub", dry_run=True)
        assert msgspec.json.decode(dry.body)["status"] == "created"
        assert await inbound.by_number(world.context, caller, kind=KIND, number="DRY") is None
        one = await create(world, caller, notice())
        answer = await change(world, caller, receipt(5), one, dry_run=True)
        assert msgspec.json.decode(answer.body) == {"id": one, "version": 2, "status": "complete"}
        assert (await inbound.get(world.context, caller, kind=KIND, document_id=one)).version == 1
        assert await levels(world, caller, "MUG") == {}

    async def test_a_receipt_of_a_version_that_has_passed_is_refused(self, world: World, caller: Caller) -> None:
        one = await create(world, caller, notice())
        await change(world, caller, receipt(1), one, versions=frozenset({1}))
        with pytest.raises(Conflict) as refusal:
            await change(world, caller, receipt(1), one, versions=frozenset({1}))
        assert refusal.value.code is Code.STALE_VERSION

    async def test_what_is_received_serves_orders_that_wait(self, world: World, caller: Caller) -> None:
        await count(world, caller, "MUG", "W1", 0)
        waiting = await order(world, caller, "A-1", ("MUG", 2))
        await change(world, caller, receipt(2), await create(world, caller, notice()))
        await backorders.serve_all(world.context)
        assert (await read(world, caller, waiting.order_id)).status is Status.ALLOCATED


class TestCreating:
    async def test_unknown_locations_and_skus_are_named_together(self, world: World, caller: Caller) -> None:
        with pytest.raises(Invalid) as refusal:
            await create(world, caller, notice("A", ("MUG", 1), location="W9"), only_known_skus=True)
        assert [fault.path for fault in refusal.value.faults] == [("location",), ("lines", 0, "sku")]
        assert refusal.value.code is Code.UNKNOWN_REFERENCE

    async def test_a_number_is_taken_once(self, world: World, caller: Caller) -> None:
        await create(world, caller, notice())
        for dry_run in (True, False):
            with pytest.raises(Conflict) as refusal:
                await create(world, caller, notice(), dry_run=dry_run)
            assert refusal.value.code is Code.EXISTS

    async def test_an_unknown_document_is_not_found(self, world: World, caller: Caller) -> None:
        with pytest.raises(NotFound):
            await change(world, caller, Close(), "0000000000000")
        with pytest.raises(NotFound):
            await inbound.get(world.context, caller, kind=KIND, document_id="0000000000000")


class TestWorkOrders:
    async def test_components_come_from_the_product_and_are_taken_or_nothing_happens(
        self, world: World, caller: Caller
    ) -> None:
        kit = Product(sku="SET", components=(KitComponent("MUG", 2), KitComponent("BOX", 1)))
        await products.add(world.context, caller, kit, product_id=products.new_product_id())
        await count(world, caller, "MUG", "W1", 5)
        made = WorkOrder(number="WO-1", location="W1", sku="SET", quantity=2)
        one = await create(world, caller, made)
        with pytest.raises(Conflict) as refusal:
            await change(world, caller, CompleteWorkOrder(), one, kind=work_orders.KIND)
        assert "BOX" in refusal.value.faults[0].reason
        assert (await levels(world, caller, "MUG"))["W1"].on_hand == 5
        await count(world, caller, "BOX", "W1", 1)
        await change(world, caller, CompleteWorkOrder(quantity=1), one, kind=work_orders.KIND)
        left = {sku: (await levels(world, caller, sku))["W1"].on_hand for sku in ("MUG", "BOX", "SET")}
        assert left == {"MUG": 3, "BOX": 0, "SET": 1}
        assert not (await verification.verify(world.context)).broken


class TestTransfers:
    async def test_units_are_in_no_level_while_they_are_in_transit(self, world: World, caller: Caller) -> None:
        await count(world, caller, "MUG", "W1", 5)
        made = Transfer(number="T-1", source="W1", target="W2", lines=(TransferLine(sku="MUG", quantity=4),))
        one = await create(world, caller, made)
        await change(world, caller, ShipTransfer(), one, kind=transfers.KIND)
        assert {code: each.on_hand for code, each in (await levels(world, caller, "MUG")).items()} == {"W1": 1}
        arrived = ReceiveTransfer(lines=(LineUnits(0, 4, damaged=1),))
        await change(world, caller, arrived, one, kind=transfers.KIND)
        found = await levels(world, caller, "MUG")
        assert {code: (each.on_hand, each.available) for code, each in found.items()} == {"W1": (1, 1), "W2": (4, 3)}
        assert not (await verification.verify(world.context)).broken

    async def test_each_level_that_has_too_few_units_is_named(self, world: World, caller: Caller) -> None:
        lines = tuple(TransferLine(sku=sku, quantity=4) for sku in ("MUG", "CUP"))
        one = await create(world, caller, Transfer(number="T-1", source="W1", target="W2", lines=lines))
        with pytest.raises(Conflict) as refusal:
            await change(world, caller, ShipTransfer(), one, kind=transfers.KIND)
        assert [fault.path for fault in refusal.value.faults] == [("lines", 0, "quantity"), ("lines", 1, "quantity")]


class TestReading:
    async def test_lists_are_filtered_by_whole_values_and_continue_after_a_position(
        self, world: World, caller: Caller
    ) -> None:
        one = await create(world, caller, notice("ASN-1", ("MUG", 5), ("CUP_1", 1)))
        await create(world, caller, notice("ASN-2", ("MUG-2", 5), location="W2"))
        await change(world, caller, receipt(1), one)

        async def numbers(**terms: str) -> list[str]:
            found = await inbound.page(world.context, caller, kind=KIND, limit=9, **terms)
            return [each.document.number for each in found]

        assert await numbers() == ["ASN-2", "ASN-1"]
        assert await numbers(sku="MUG") == ["ASN-1"]
        assert await numbers(sku="CUP_1") == ["ASN-1"]
        assert await numbers(sku="CUP%1") == []
        assert await numbers(location="W2", status="created") == ["ASN-2"]
        assert await numbers(status="in_progress") == ["ASN-1"]
        first, second = await inbound.page(world.context, caller, kind=KIND, limit=2)
        (after,) = await inbound.page(world.context, caller, kind=KIND, limit=2, before=first.position)
        assert after.document_id == second.document_id

    async def test_expected_units_are_those_of_open_documents(self, world: World, caller: Caller) -> None:
        one = await create(world, caller, notice("ASN-1", ("MUG", 5)))
        over = await create(world, caller, notice("ASN-2", ("MUG", 7)))
        lines = (TransferLine(sku="MUG", quantity=4), TransferLine(sku="CUP", quantity=1))
        await create(world, caller, Transfer(number="T-1", source="W1", target="W2", lines=lines))
        await change(world, caller, receipt(2), one)
        await change(world, caller, Close(), over)

        async def expected(**narrow: Any) -> list[tuple[str, str, int, str | None, str]]:
            found = await inbound.expected_units(world.context, caller, **narrow)
            return [(each.sku, each.location, each.quantity, each.at, each.number) for each in found]

        mug, cup = ("MUG", "W1", 3, "2026-02-01", "ASN-1"), ("CUP", "W2", 1, None, "T-1")
        assert await expected() == [cup, mug, ("MUG", "W2", 4, None, "T-1")]
        assert await expected(skus=["MUG"], location="W1") == [mug]
        assert await expected(skus=["CUP", "NONE"]) == [cup]
