"""Many callers at once: no change is lost, none is made twice, nobody waits for ever."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from crossdock import app
from crossdock.core.errors import Busy, Code, Conflict, Invalid, Refusal
from crossdock.core.orders.commands import (
    AddNote,
    CancelOrder,
    ChangeTags,
    Command,
    EditOrder,
    HoldRequest,
    PlaceHolds,
    ReleaseHolds,
    ShipOrder,
)
from crossdock.core.orders.model import Order
from crossdock.doors import DOORS
from crossdock.doors.pb_oms.edits import delete_order
from crossdock.flows import execute as execute_flow
from crossdock.flows import hold_expiry, rendering
from crossdock.flows.context import Context
from crossdock.flows.execute import Change, execute
from crossdock.flows.idempotency import IdempotentRequest
from crossdock.flows.intake import Intake, Outcome, Submission
from crossdock.settings import load
from crossdock.store import idempotency_keys
from crossdock.store import orders as order_store
from crossdock.store.idempotency_keys import Claim
from crossdock.store.protocols import Transaction
from tests.flows.state_machine import Moving, body_of, caller_in

MANY = 24


@pytest.fixture
async def at(context: Context) -> Moving:
    return Moving(context, await caller_in(context))


async def at_once(
    at: Moving,
    calls: Sequence[Sequence[Command]],
    *,
    others: Sequence[Context] = (),
    once: IdempotentRequest | None = None,
) -> list[Any]:
    """Make all the calls at the same time, in turn through this process's book and through others."""
    books = [at.context, *others]

    async def call(place: int) -> list[Change]:
        return await execute(books[place % len(books)], at.caller, calls[place], door="hub", request=once)

    return await asyncio.gather(*map(call, range(len(calls))), return_exceptions=True)


def outcomes(found: Sequence[Any]) -> tuple[list[Change], list[Refusal]]:
    """Tell what was done from what was refused; anything else is a bug and is raised."""
    done = [each[0] for each in found if isinstance(each, list)]
    refused = [each for each in found if isinstance(each, Refusal)]
    for bug in found:
        if isinstance(bug, BaseException) and not isinstance(bug, Refusal):
            raise bug
    return done, refused


def step(at: Moving, verb: str, order: Order, place: int, *, version: int | None) -> Command:
    """Make one of many like verbs; each leaves a mark of its own."""
    order_id = order.order_id
    if verb == "hold":
        return PlaceHolds(order_id=order_id, holds=(HoldRequest(f"h{place}"),), version=version)
    if verb == "cancel":
        return CancelOrder(order_id=order_id, lines={0: 1}, version=version)
    if verb == "tag":
        return ChangeTags(order_id=order_id, add=(f"t{place}",), version=version)
    if verb == "edit":

        def noted(body: dict[str, Any], _: Order) -> dict[str, Any]:
            return body | {f"x-{place}": place}

        return EditOrder(order_id=order_id, door=order.source.door, change=noted, version=version)
    return AddNote(order_id=order_id, text=f"n{place}", version=version)


VERBS = ("edit", "hold", "cancel", "tag", "note")


class TestOneVersion:
    async def test_one_version_is_changed_by_exactly_one_of_many(self, at: Moving) -> None:
        order_id = await at.place("hub", "R-1", [MANY])
        for turn, verb in enumerate(VERBS * 2, 1):
            order = at.known[order_id]
            found = await at_once(at, [[step(at, verb, order, turn * 100 + n, version=turn)] for n in range(MANY)])
            done, refused = outcomes(found)
            assert len(done) == 1
            assert [refusal.code for refusal in refused] == [Code.STALE_VERSION] * (MANY - 1)
            assert done[0].order == await at.learn(order_id)
            assert done[0].order.version == turn + 1
        await at.check(order_id)
        await at.verify()

    async def test_one_version_is_changed_by_one_of_two_edits_and_the_other_is_not_there(self, at: Moving) -> None:
        order_id = await at.place("s2", "R-1", [2, 3])
        order = at.known[order_id]
        done, (refusal,) = outcomes(await at_once(at, [[step(at, "edit", order, n, version=1)] for n in (1, 2)]))
        rendered = await rendering.render(at.context, at.caller, await at.learn(order_id), door="s2")
        assert len(done) == 1
        assert sum(name in rendered.document for name in ("x-1", "x-2")) == 1
        assert refusal.facts == {"version": 2, "seen": 1}

    async def test_one_version_is_changed_twice_where_nobody_looks_at_it(
        self, at: Moving, engine: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With the guards off (no lock, and no version in the WHERE clause) one of two changes is lost."""
        order_id = await at.place("hub", "R-1", [MANY])
        unlock(monkeypatch, compares=False)
        met = asyncio.Barrier(2)
        found = await at_once(
            at, [[meeting(step(at, "tag", at.known[order_id], n, version=None), met)] for n in (1, 2)]
        )
        if engine == "sqlite":  # its writers come one by one: they cannot even meet here
            assert [type(each) for each in found] == [TimeoutError, TimeoutError]
            return
        # The primary key of the log is the last guard: two events cannot have one number.
        assert sum(not isinstance(each, list) for each in found) == 1

    async def test_one_version_is_guarded_by_the_where_clause_too(
        self, at: Moving, engine: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Without the lock both load the same version; then one meets nothing to update and is told so."""
        if engine == "sqlite":
            pytest.skip("its writers come one by one")
        order_id = await at.place("hub", "R-1", [MANY])
        unlock(monkeypatch, compares=True)
        met = asyncio.Barrier(2)
        found = await at_once(
            at, [[meeting(step(at, "tag", at.known[order_id], n, version=None), met)] for n in (1, 2)]
        )
        done, refused = outcomes(found)
        assert (len(done), [refusal.code for refusal in refused]) == (1, [Code.STALE_VERSION])
        await at.learn(order_id)
        await at.check(order_id)


def unlock(monkeypatch: pytest.MonkeyPatch, *, compares: bool) -> None:
    """Take away the lock on an order that is to be changed, and perhaps the comparison with the version seen."""
    get, replace = order_store.get, order_store.replace

    async def loose(tx: Transaction, organization_id: int, *, order_id: int, for_update: bool = False) -> Order | None:
        return await get(tx, organization_id, order_id=order_id)

    async def blind(tx: Transaction, rows: Any, *, before: Order) -> bool:
        now = await get(tx, before.organization_id, order_id=before.order_id)
        assert now is not None
        return await replace(tx, rows, before=now)

    monkeypatch.setattr(order_store, "get", loose)
    if not compares:
        monkeypatch.setattr(order_store, "replace", blind)


# Commands that wait, with their orders loaded, until another one has loaded its order too; by identity.
MEETINGS: dict[int, asyncio.Barrier] = {}


@pytest.fixture(autouse=True)
def _meetings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    gather = execute_flow._state

    async def gather_and_wait(work: Any, caller: Any, command: Command, order: Order) -> Any:
        if (met := MEETINGS.get(id(command))) is not None:
            async with asyncio.timeout(0.5):
                await met.wait()
        return await gather(work, caller, command, order)

    monkeypatch.setattr(execute_flow, "_state", gather_and_wait)
    yield
    MEETINGS.clear()


def meeting(command: Command, met: asyncio.Barrier) -> Command:
    """Let a command wait, with its order loaded, until another one has loaded its order too."""
    MEETINGS[id(command)] = met
    return command


class TestWithoutAVersion:
    async def test_without_a_version_all_changes_of_one_order_are_made_one_after_the_other(self, at: Moving) -> None:
        order_id = await at.place("hub", "R-1", [MANY])
        calls = [[step(at, VERBS[n % len(VERBS)], at.known[order_id], n, version=None)] for n in range(MANY)]
        done, refused = outcomes(await at_once(at, calls))
        assert refused == []
        assert sorted(change.order.version for change in done) == list(range(2, MANY + 2))
        now = await at.learn(order_id)
        of = {verb: {n for n in range(MANY) if VERBS[n % len(VERBS)] == verb} for verb in VERBS}
        assert now.version == MANY + 1
        assert {hold.reason for hold in now.holds} == {f"h{n}" for n in of["hold"]}
        assert now.counters[0].canceled == len(of["cancel"])
        assert set(now.tags) == {f"t{n}" for n in of["tag"]}
        rendered = await rendering.render(at.context, at.caller, now, door="hub")
        assert {f"x-{n}" for n in of["edit"]} <= set(rendered.document)
        await at.check(order_id)
        await at.verify()

    async def test_without_a_version_no_more_is_canceled_than_was_ordered(self, at: Moving) -> None:
        order_id = await at.place("hub", "R-1", [10])
        steps = [[CancelOrder(order_id=order_id, lines={0: 3})] for _ in range(MANY)]
        done, refused = outcomes(await at_once(at, steps))
        assert len(done) == 3
        assert all(isinstance(refusal, Invalid) for refusal in refused)
        now = await at.learn(order_id)
        assert (now.counters[0].canceled, now.counters[0].open) == (9, 1)
        await at.check(order_id)

    async def test_without_a_version_cancel_and_ship_at_once_leave_each_unit_with_one_of_them(self, at: Moving) -> None:
        ids = [await at.place("hub", f"R-{n}", [5, 5]) for n in range(8)]
        steps = [[call] for each in ids for call in (CancelOrder(order_id=each), ShipOrder(order_id=each))]
        done, refused = outcomes(await at_once(at, steps))
        assert (len(done), len(refused)) == (8, 8)
        assert {refusal.code for refusal in refused} == {Code.STATE_FORBIDS}
        for each in ids:
            assert str((await at.learn(each)).status) in ("canceled", "shipped")
        await at.check(*ids)

    async def test_without_a_version_callers_of_several_processes_lose_nothing_either(
        self, at: Moving, database: str
    ) -> None:
        order_id = await at.place("hub", "R-1", [MANY])
        async with app.open_context(load({}, database=database)) as other:
            other.clock = at.clock
            steps = [[step(at, "tag", at.known[order_id], n, version=None)] for n in range(MANY)]
            done, refused = outcomes(await within(30, at_once(at, steps, others=[other])))
        assert (len(done), refused) == (MANY, [])
        assert set((await at.learn(order_id)).tags) == {f"t{n}" for n in range(MANY)}
        await at.check(order_id)


async def within(seconds: float, work: Any) -> Any:
    async with asyncio.timeout(seconds):
        return await work


class TestSeveralOrders:
    async def test_several_orders_in_opposite_turns_do_not_wait_for_each_other_for_ever(
        self, at: Moving, database: str
    ) -> None:
        ids = [await at.place("hub", f"R-{n}", [9]) for n in range(6)]
        calls = []
        for n in range(12):
            turned = ids[::-1] if n % 2 else ids
            calls.append([ChangeTags(order_id=each, add=(f"t{n}",)) for each in turned])  # type: ignore[misc]
        async with app.open_context(load({}, database=database)) as other:
            other.clock = at.clock
            done, refused = outcomes(await within(30, at_once(at, calls, others=[other])))
        assert (len(done), refused) == (12, [])
        for each in ids:
            assert set((await at.learn(each)).tags) == {f"t{n}" for n in range(12)}
        await at.check(*ids)

    async def test_several_orders_would_wait_for_ever_if_they_were_not_taken_in_one_order(
        self, at: Moving, engine: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if engine == "sqlite":
            pytest.skip("its writers come one by one")

        async def no_lock(*_: object) -> None:
            return

        monkeypatch.setattr(execute_flow, "_lock", no_lock)
        ids = [await at.place("hub", f"R-{n}", [9]) for n in range(2)]
        met = asyncio.Barrier(2)

        def call(first: int, second: int) -> list[Command]:
            return [meeting(AddNote(order_id=first, text="n"), met), AddNote(order_id=second, text="n")]

        found = await within(30, at_once(at, [call(*ids), call(*ids[::-1])]))
        assert [isinstance(each, Busy) for each in found].count(True) == 1

    async def test_several_orders_are_all_left_alone_where_one_is_refused(self, at: Moving) -> None:
        ids = [await at.place("hub", f"R-{n}", [9]) for n in range(3)]
        before = await at.dump()
        with pytest.raises(Conflict):
            await execute(
                at.context,
                at.caller,
                [*(CancelOrder(order_id=each) for each in ids[:2]), ReleaseHolds(order_id=ids[2])],
                door="hub",
            )
        assert await at.dump() == before


class TestOnce:
    async def test_once_32_at_once_are_one_event_and_one_answer(self, at: Moving) -> None:
        order_id = await at.place("hub", "R-1", [40])

        async def rendered(_: Transaction, change: Change) -> bytes:
            return f"{change.order.version} {change.events[0].event_id}".encode()

        for version, verb in enumerate(VERBS, 1):
            order, once = at.known[order_id], IdempotentRequest(bytes([version]) * 32, verb, b'{"a":1}', rendered)
            calls = [[step(at, verb, order, 0, version=version)]] * 32
            done, refused = outcomes(await at_once(at, calls, once=once))
            assert refused == []
            assert len({change.reply for change in done}) == 1
            assert sum(not change.replayed for change in done) == 1
            now = await at.learn(order_id)
            assert (now.version, now.event_number) == (version + 1, version + 1)
        await at.check(order_id)

    async def test_once_another_request_under_the_key_is_refused_and_a_refused_one_leaves_it_free(
        self, at: Moving
    ) -> None:
        order_id = await at.place("hub", "R-1", [4])

        async def rendered(_: Transaction, change: Change) -> bytes:
            return str(change.order.version).encode()

        def once(raw: bytes, operation: str = "cancel") -> IdempotentRequest:
            return IdempotentRequest(bytes(32), operation, raw, rendered)

        refused = await at.perform([ReleaseHolds(order_id=order_id)], once=once(b"1"))
        assert refused.code == "state_forbids"  # type: ignore[union-attr]
        first = await at.perform([CancelOrder(order_id=order_id, lines={0: 1})], once=once(b'{"a":1,"b":2}'))
        again = await at.perform([CancelOrder(order_id=order_id, lines={0: 1})], once=once(b'{"b":2, "a":1}'))
        assert (first[0].reply, again[0].reply) == (b"2", b"2")  # type: ignore[index]
        for other in (once(b'{"a":2}'), once(b'{"a":1,"b":2}', "hold")):
            found = await at.perform([CancelOrder(order_id=order_id)], once=other)
            assert found.code == "key_reused"  # type: ignore[union-attr]


class TestTimers:
    async def test_timers_release_once_though_every_process_looks(self, at: Moving, database: str) -> None:
        ids = [await at.place(door, f"R-{door}", [1]) for door in DOORS]
        for each in ids:
            hold_request = HoldRequest("stock", release_at=at.clock.now + 5)
            await at.perform([PlaceHolds(order_id=each, holds=(hold_request, HoldRequest("fraud")))])
            await at.learn(each)
        at.clock.now += 10
        async with app.open_context(load({}, database=database)) as other:
            other.clock = at.clock
            found = await asyncio.gather(*(hold_expiry.release_due(each) for each in (at.context, other) * 4))
        assert sum(found) == len(ids)
        for each in ids:
            order = await at.learn(each)
            assert [hold.reason for hold in order.holds] == ["fraud"]
            assert order.version == 3
        await at.check(*ids)


class TestNumberOfADeletedOrder:
    """Two processes receive orders under the number of an order that was deleted through its door."""

    async def _race(
        self, at: Moving, database: str, monkeypatch: pytest.MonkeyPatch, *, is_guarded: bool
    ) -> list[Outcome]:
        order_id = await at.place("pb_oms", "R-1", [1])
        await at.perform([delete_order(order_id)])
        get, take_over, met = order_store.get, idempotency_keys.take_over, asyncio.Barrier(2)

        async def meet(tx: Transaction, organization_id: int, **which: Any) -> Order | None:
            found = await get(tx, organization_id, **which)
            if which["order_id"] == order_id:
                await met.wait()
            return found

        async def without_looking(tx: Transaction, claimed: Claim, *, order_id: int) -> bool:
            await idempotency_keys.repoint(tx, claimed)
            return True

        monkeypatch.setattr(order_store, "get", meet)
        monkeypatch.setattr(idempotency_keys, "take_over", take_over if is_guarded else without_looking)
        async with app.open_context(load({}, database=database)) as other:
            intakes = [at.intake, Intake(other)]
            submissions = [
                Submission(at.caller, at.context.formats["pb_oms"], json.dumps(body_of("pb_oms", "R-1", [n])).encode())
                for n in (2, 3)
            ]
            calls = [intake.submit_all([each]) for intake, each in zip(intakes, submissions, strict=True)]
            return [outcome for (outcome,) in await within(20, asyncio.gather(*calls))]

    async def test_the_number_goes_to_one_of_two_and_the_other_is_refused(
        self, at: Moving, engine: str, database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if engine == "sqlite":
            pytest.skip("writers take turns from their beginning, so they cannot meet")
        outcomes = await self._race(at, database, monkeypatch, is_guarded=True)
        assert sorted(each.status for each in outcomes) == ["accepted", "refused"]

    async def test_the_number_would_go_to_both_if_neither_looked_whose_it_is(
        self, at: Moving, engine: str, database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if engine == "sqlite":
            pytest.skip("writers take turns from their beginning, so they cannot meet")
        outcomes = await self._race(at, database, monkeypatch, is_guarded=False)
        assert [each.status for each in outcomes] == ["accepted", "accepted"]


class TestIntakeAndVerbs:
    async def test_intake_and_verbs_at_once_lose_neither(self, at: Moving) -> None:
        """A door that puts whole orders replaces one while it is held and tagged."""
        order_id = await at.place("pb_fulfillment", "R-1", [4])

        async def put(quantity: int) -> Any:
            raw = json.dumps(body_of("pb_fulfillment", "R-1", [quantity])).encode()
            submission = Submission(at.caller, at.context.formats["pb_fulfillment"], raw, replaces=True)
            return await at.intake.submit_all([submission])

        verbs = [[step(at, "tag", at.known[order_id], n, version=None)] for n in range(8)]
        found = await asyncio.gather(at_once(at, verbs), *map(put, range(1, 9)), return_exceptions=True)
        assert [each for each in found if isinstance(each, BaseException)] == []
        outcome = [each[0] for each in found[1:]]
        assert [each.refusal for each in outcome if each.status == "refused"] == []
        done, refused = outcomes(found[0])
        assert (len(done), refused) == (8, [])
        now = await at.learn(order_id)
        assert set(now.tags) == {f"t{n}" for n in range(8)}
        await at.check(order_id)

    async def test_intake_and_verbs_meet_between_reading_and_writing_and_lose_neither(
        self, at: Moving, engine: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The order is tagged just after the door that replaces it has read it: it must be read again."""
        if engine == "sqlite":
            pytest.skip("its writers come one by one")
        order_id = await at.place("pb_fulfillment", "R-1", [4])
        get, tagged = order_store.get, 0

        async def overtaken(tx: Transaction, organization_id: int, **which: Any) -> Order | None:
            nonlocal tagged
            found = await get(tx, organization_id, **which)
            if not tagged and not which.get("to_change"):
                tagged += 1
                await at.perform([ChangeTags(order_id=order_id, replace=("vip",))])
            return found

        monkeypatch.setattr(order_store, "get", overtaken)
        raw = json.dumps(body_of("pb_fulfillment", "R-1", [9])).encode()
        submission = Submission(at.caller, at.context.formats["pb_fulfillment"], raw, replaces=True)
        (outcome,) = await within(20, at.intake.submit_all([submission]))
        monkeypatch.setattr(order_store, "get", get)
        if not tagged:  # it locks the order it reads: nobody can come between
            return
        assert outcome.status == "accepted"
        now = await at.learn(order_id)
        assert (now.tags, now.counters[0].ordered, now.version) == (("vip",), 9, 3)
        await at.check(order_id)
