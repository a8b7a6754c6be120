"""Every door can spell every state an order can be in, whatever door it came through."""

import itertools
import json

import pytest
from msgspec.structs import replace

from crossdock.core.lifecycle import Counters, Status
from crossdock.core.order import Hold, Order
from crossdock.doors import DOORS, encode_json
from crossdock.flows import documents, written
from crossdock.flows.book import Book
from tests.core.test_lifecycle import sound
from tests.flows.moving import Moving, caller_in

IDS = itertools.count(1)
HOLDS = (
    (),
    (Hold("fraud", 1, number=2),),
    (Hold("ORDER_HOLD_CSR", 1, "odd", 2, (1,), 99, "me"), Hold("", 1, number=3), Hold("Zoë ' \"", 1, number=3)),
)


def states(order: Order) -> list[Order]:
    """Give the order in every small state: all sound counters of two lines of at most two units, held and not."""
    lines = [line for line in sound(2) if line.ordered == 2]
    few = [line for line in sound(2) if line in (Counters(2), Counters(2, canceled=2), Counters(2, shipped=2))]
    found = []
    for counters, holds in itertools.product([*itertools.product(lines, few), *itertools.product(few, lines)], HOLDS):
        if not holds or any(line.open for line in counters):
            marks = {"tags": ("a", "b"), "archived": True} if holds else {}
            # No two are one order: documents are kept by order and last event.
            found.append(replace(order, order_id=next(IDS), counters=counters, holds=holds, **marks))
    return found


async def spell(book: Book, *, every: int) -> set[Status]:
    """Spell every so-manieth state of an order of each door, as it was sent and edited, in the words of each door."""
    at = Moving(book, await caller_in(book))
    seen: set[Status] = set()
    for door in DOORS:
        order = at.known[await at.place(door, f"S-{door}", [2, 2])]
        edited = replace(order, content=replace(order.content, leftovers={"m": {}}))
        for place, reader in enumerate(DOORS):
            one_each = {each.status: each for each in states(order)}.values()
            some = [*one_each, *states(order)[place::every], *states(edited)[place :: every * 3]]
            seen |= {each.status for each in some}
            wordings = await documents.worded_all(at.book, at.caller, some, door=reader)
            spelled = [json.loads(encode_json(wording.document)) for wording in wordings]
            for _ in range(2):  # written, and kept
                told = await written.told_all(at.book, at.caller, some, door=reader)
                assert [json.loads(bytes(each)) for each in told] == spelled
    return seen


@pytest.mark.parametrize("engine", ["sqlite"])  # spelling is pure; the engine has no say in it
class TestEveryDoor:
    async def test_can_spell_small_states_of_an_order_of_every_door(self, book: Book) -> None:
        assert await spell(book, every=150) == set(Status)

    @pytest.mark.prove
    async def test_can_spell_every_small_state_of_an_order_of_every_door(self, book: Book) -> None:
        assert await spell(book, every=1) == set(Status)
