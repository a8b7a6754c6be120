"""Stock commands of one request: all faults at once, once under a key; counts of a file, each for itself."""

import pytest

from crossdock.core.errors import Code, Conflict, Invalid
from crossdock.core.stock.commands import AdjustStock, CountStock, ReceiveStock, StockCommand
from crossdock.core.stock.model import LevelKey
from crossdock.flows import stock, stock_requests
from crossdock.flows.access import Caller
from crossdock.flows.idempotency import IdempotentRequest
from tests.flows.allocating import add_locations, levels, order
from tests.notifications.world import caller_of
from tests.world import World


@pytest.fixture
async def caller(world: World) -> Caller:
    found = await caller_of(world)
    await add_locations(world, found, "W1", "W2")
    return found


def key(location: str = "W1", sku: str = "MUG") -> LevelKey:
    return LevelKey(sku, location)


async def execute(world: World, caller: Caller, *commands: StockCommand, name: bytes | None = None) -> list[int]:
    async def reply(*_: object) -> bytes:
        raise NotImplementedError

    request = None if name is None else IdempotentRequest(name, "receiveStock", b"{}", reply)
    done = await stock_requests.execute_request(
        world.context, caller, commands, door="hub", request=request,
        render=lambda changes: ",".join(str(change.level.on_hand) for change in changes).encode(),
    )  # fmt: skip
    return [int(number) for number in done.body.decode().split(",")]


async def test_commands_on_one_level_follow_each_other(world: World, caller: Caller) -> None:
    commands = [
        CountStock(key=key(), quantity=5),
        AdjustStock(key=key(), delta=-2),
        ReceiveStock(key=key(), quantity=1),
    ]
    assert await execute(world, caller, *commands) == [5, 3, 4]


async def test_one_fault_undoes_all_and_every_fault_is_named(world: World, caller: Caller) -> None:
    commands = [
        ReceiveStock(key=key(), quantity=5), AdjustStock(key=key("W2"), delta=-2), ReceiveStock(key=key("W9"), quantity=1),
    ]  # fmt: skip
    with pytest.raises(Invalid) as refused:
        await execute(world, caller, *commands)
    assert [fault.path for fault in refused.value.faults] == [("items", 1, "delta"), ("items", 2, "location")]
    assert await levels(world, caller, "MUG") == {}


async def test_refusals_of_the_state_alone_are_a_conflict(world: World, caller: Caller) -> None:
    with pytest.raises(Conflict) as refused:
        await execute(world, caller, AdjustStock(key=key(), delta=-1))
    assert refused.value.code is Code.STATE_FORBIDS


async def test_a_request_under_a_key_happens_once_also_after_a_refusal(world: World, caller: Caller) -> None:
    with pytest.raises(Conflict):
        await execute(world, caller, AdjustStock(key=key(), delta=-1), name=b"k")
    assert await execute(world, caller, ReceiveStock(key=key(), quantity=2), name=b"k") == [2]
    assert await execute(world, caller, ReceiveStock(key=key(), quantity=2), name=b"k") == [2]
    assert (await levels(world, caller, "MUG"))["W1"].on_hand == 2


async def test_counts_of_a_file_are_done_but_for_those_with_faults(world: World, caller: Caller) -> None:
    await execute(world, caller, CountStock(key=key(), quantity=3))
    await order(world, caller, "A-1", ("MUG", 2))
    rows = [
        (2, CountStock(key=key(), quantity=1)), (3, CountStock(key=key("W9"), quantity=1)),
        *((number, CountStock(key=key("W2", f"S{number}"), quantity=number)) for number in range(4, 1_200)),
    ]  # fmt: skip
    done, faults = await stock_requests.import_counts(world.context, caller, rows, door="hub")
    assert done == 1_196
    assert [(number, fault.path) for number, fault in sorted(faults, key=lambda each: each[0])] == [
        (2, ("on_hand",)), (3, ("location",)),
    ]  # fmt: skip
    assert await stock.count(world.context, caller, location="W2") == 1_196
