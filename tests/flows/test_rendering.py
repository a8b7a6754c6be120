"""Every door can spell every state an order can be in, whatever door it came through."""

import itertools
import json

import pytest
from msgspec.structs import replace

from crossdock.core.orders.model import Hold, Order
from crossdock.core.orders.status import Counters, Status
from crossdock.doors import DOORS, encode_json
from crossdock.flows import rendering
from crossdock.flows.context import Context
from tests.core.orders.test_status import sound
from tests.flows.state_machine import Moving, caller_in

IDS = itertools.count(1)
HOLDS = (
    (),
    (Hold("fraud", 1, number=2),),
    (Hold("ORDER_HOLD_CSR", 1, "odd", 2, (1,), 99, "me"), Hold("", 1, number=3), Hold("Zoë ' \"", 1, number=3)),
)


def states(order: Order) -> list[Order]:
    """Return the order in every small state: all sound counters of two lines of at most two units, held and not."""
    lines = [line for line in sound(2) if line.ordered == 2]
    few = [line for line in sound(2) if line in (Counters(2), Counters(2, canceled=2), Counters(2, shipped=2))]
    found = []
    for counters, holds in itertools.product([*itertools.product(lines, few), *itertools.product(few, lines)], HOLDS):
        if not holds or any(line.open for line in counters):
            marks = {"tags": ("a", "b"), "archived": True} if holds else {}
            # No two are one order: documents are kept by order and last event.
            found.append(replace(order, order_id=next(IDS), counters=counters, holds=holds, **marks))
    return found


async def spell(context: Context, *, every: int) -> set[Status]:
    """Format every so-manieth state of an order of each door, as it was sent and edited, in the words of each door."""
    at = Moving(context, await caller_in(context))
    seen: set[Status] = set()
    for door in DOORS:
        order = at.known[await at.place(door, f"S-{door}", [2, 2])]
        edited = replace(order, content=replace(order.content, unmapped={"m": {}}))
        for place, reader in enumerate(DOORS):
            one_each = {each.status: each for each in states(order)}.values()
            some = [*one_each, *states(order)[place::every], *states(edited)[place :: every * 3]]
            seen |= {each.status for each in some}
            renderings = await rendering.render_all(at.context, at.caller, some, door=reader)
            rendered = [json.loads(encode_json(rendered.document)) for rendered in renderings]
            for _ in range(2):  # written, and kept
                document = await rendering.render_json_all(at.context, at.caller, some, door=reader)
                assert [json.loads(bytes(each)) for each in document] == rendered
    return seen


@pytest.mark.parametrize("engine", ["sqlite"])  # spelling is pure; the engine has no say in it
class TestEveryDoor:
    async def test_every_door_can_spell_small_states_of_an_order_of_every_door(self, context: Context) -> None:
        assert await spell(context, every=150) == set(Status)

    @pytest.mark.prove
    async def test_every_door_can_spell_every_small_state_of_an_order_of_every_door(self, context: Context) -> None:
        assert await spell(context, every=1) == set(Status)
