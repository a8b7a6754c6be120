"""Whatever is asked of orders of all doors, in whatever order: what must hold does, on both engines.

A state machine makes up long stories of verbs; tests/flows/moving.py says what must hold after each.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from copy import deepcopy
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, currently_in_test_context, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from crossdock.core.errors import Refusal
from crossdock.core.events import Event
from crossdock.core.orders.commands import (
    AddNote,
    ArchiveOrder,
    CancelOrder,
    ChangeTags,
    Command,
    EditOrder,
    HoldRequest,
    PlaceHolds,
    ReleaseHolds,
    ShipOrder,
)
from crossdock.core.orders.events import Invoiced, Released
from crossdock.core.orders.model import Order
from crossdock.core.orders.status import allowed_verbs
from crossdock.doors import DOORS
from crossdock.flows import hold_expiry
from crossdock.flows.execute import Change
from crossdock.flows.idempotency import IdempotentRequest
from crossdock.flows.intake import Submission
from crossdock.store.protocols import Transaction
from tests.flows import state_machine
from tests.flows.state_machine import QUANTITY, Moving, Opened, Refused
from tests.vendors import VENDORS

Body = dict[str, Any]
# A verb and what it is asked with; numbers count from whatever the order has, so that all of them mean something.
Plan = tuple[str, tuple[Any, ...]]
_replace = msgspec.structs.replace

# What comes up how often: what ends an order seldom, so that stories go on.
VERBS = {
    "edit": 8, "hold": 4, "release": 4, "cancel": 1, "cancel_lines": 4, "ship": 1, "ship_part": 2, "allocate": 4,
    "backorder": 2, "tag": 2, "note": 1, "archive": 1,
}  # fmt: skip
EDITS = {
    "quantity": 6,
    "remove": 2,
    "add": 3,
    "turn": 2,
    "text": 3,
    "unknown": 3,
    "number": 2,
    "break": 1,
    "nothing": 1,
}
REASONS = ("fraud", "stock", "ORDER_HOLD_CSR")
# Hypothesis draws a seed for each turn, so that a scenario can be repeated; drawn from it, requests vary more.
seeds = st.integers(0, 2**32)


def one_of(random: Random, weights: dict[str, int]) -> str:
    return random.choices(list(weights), list(weights.values()))[0]


def plan_of(random: Random, order: Order) -> Plan:
    """Think of something to ask of an order, more often of what it allows than of what it does not."""
    allowed = {str(verb): 8 for verb in allowed_verbs(order.status)}
    weights = {
        verb: weight * allowed.get(verb.split("_")[0].replace("backorder", "allocate"), 1)
        for verb, weight in VERBS.items()
    }
    verb = one_of(random, weights)
    if verb == "edit":
        return verb, (random.choice((*DOORS, "own", "own")), edit_of(random))
    if verb == "hold":
        return verb, tuple(
            (reason, tuple(random.sample(range(3), random.choice((0, 0, 1, 2)))), random.choice((None, None, -1, 1, 5)))
            for reason in random.choices(REASONS, k=random.choice((0, 1, 1, 1, 2)))
        )
    if verb == "release":
        return verb, (random.choice(("all", *REASONS)),)
    if verb == "cancel_lines":
        lines = random.sample(range(3), random.choice((0, 1, 1, 1, 2)))
        return verb, tuple((line, random.choice((None, 0, 1, 1, 1, 2, 3))) for line in lines)
    if verb in ("ship_part", "allocate", "backorder"):
        return verb, tuple(random.choices(range(3), k=3))
    if verb == "tag":
        return verb, tuple(random.choices(("a", "A", "vip", "Zoë"), k=random.randrange(3)))
    if verb == "note":
        return verb, (random.choice(("", "n", "Zoë")),)
    return verb, (random.random() < 0.5,) if verb == "archive" else ()


def edit_of(random: Random) -> tuple[Any, ...]:
    kind = one_of(random, EDITS)
    return kind, random.randrange(4), random.choice((0, 1, 2, 3, 3, 4, 5))


def step_of(at: Moving, order: Order, plan: Plan, *, version: int | None = None) -> Command:
    """Make the step that a plan means for an order; `version` is the one its caller saw."""
    verb, given = plan
    order_id = order.order_id
    if verb == "edit":
        door = order.source.door if given[0] == "own" else given[0]
        return EditOrder(order_id=order_id, door=door, change=mutation(door, given[1]), version=version)
    if verb == "hold":
        holds = tuple(
            HoldRequest(reason, lines=lines, release_at=None if end is None else at.clock.now + end * 60_000_000)
            for reason, lines, end in given
        )
        return PlaceHolds(order_id=order_id, holds=holds, version=version)
    if verb == "release":
        return ReleaseHolds(order_id=order_id, matches=lambda hold: given[0] in ("all", hold.reason), version=version)
    if verb == "cancel":
        return CancelOrder(order_id=order_id, reason="why", version=version)
    if verb == "cancel_lines":
        return CancelOrder(order_id=order_id, lines=dict(given), version=version)
    if verb == "ship":
        return ShipOrder(order_id=order_id, version=version)
    if verb == "tag":
        return ChangeTags(order_id=order_id, replace=tuple(given), version=version)
    if verb == "note":
        return AddNote(order_id=order_id, text=given[0], topic="t", data={"a": 1}, version=version)
    if verb == "archive":
        return ArchiveOrder(order_id=order_id, archived=given[0], version=version)
    return getattr(state_machine, verb)(order_id, given, version=version)  # type: ignore[no-any-return]


def mutation(door: str, change: tuple[Any, ...]) -> Callable[[Body, Order], Body]:
    """Make what an editor does to a document of a door."""
    member, quantity = state_machine.line_member(door), QUANTITY.get(door, "quantity")

    def changed(body: Body, _: Order) -> Body:
        kind, *given = change
        lines = body[member]
        place = given[0] % len(lines) if given and lines else 0
        if kind == "quantity":
            lines[place][quantity] = given[1]
        elif kind == "remove":
            del lines[place]
        elif kind == "add":
            lines.append(state_machine.renamed(door, deepcopy(lines[place]), given[1] + 7))
        elif kind == "turn":
            lines.reverse()
        elif kind == "unknown":
            body["x-unknown"] = lines[place]["x-line"] = given[0]
        elif kind == "number":
            body[VENDORS[door].number] = f"N-{given[0]}"
        elif kind == "break":
            body[member] = given[0]
        elif kind == "text":
            return VENDORS[door].changed(body)
        return body

    return changed


def comparable(changes: list[Change] | Refused) -> Any:
    """Leave out of an answer what cannot be the same twice: ids of events and invoices, and the hashes made of them."""
    if isinstance(changes, Refused):
        return changes
    return [
        (
            _replace(change.order, event_hash=b""),
            [_replace(event, event_id=0, hash=b"", payload=_without_ids(event)) for event in change.events],
            change.replayed,
        )
        for change in changes
    ]


def _without_ids(event: Event) -> bytes:
    if event.name != Invoiced.name:
        return event.payload
    return msgspec.json.encode(msgspec.json.decode(event.payload) | {"invoice_id": None})


async def rendered(_: Transaction, change: Change) -> bytes:
    """The answer that is kept for a request made once."""
    return f"{change.order.order_id} {change.order.version} {len(change.events)}".encode()


class Scenario(RuleBasedStateMachine):
    """Orders of five doors, and what is asked of them. `fresh` is set by the test."""

    fresh: Callable[[], str]

    def __init__(self) -> None:
        super().__init__()
        self.opened = Opened(type(self).fresh())
        self.at = self.opened.moving
        self.answers: dict[int, tuple[Any, bytes]] = {}
        self.requests: dict[int, tuple[int, Plan]] = {}
        self.turns = 0
        self.outcomes: Counter[str] = Counter()

    @initialize(quantities=st.lists(st.integers(1, 4), min_size=1, max_size=3), held=st.booleans())
    def receive(self, quantities: list[int], held: bool) -> None:
        self.opened.run(self._receive(quantities, held))

    async def _receive(self, quantities: list[int], held: bool) -> None:
        for door in DOORS:
            more = {"statusCode": "ORDER_HOLD_FRAUD"} if held and door == "fabric" else {}
            await self.at.place(door, f"N-{len(self.at.ids)}", quantities, **more)
        await self.at.check(*self.at.ids)

    @rule(seed=seeds)
    def act(self, seed: int) -> None:
        random = self._random(seed)
        places = random.choices(range(5), k=random.choice((1, 1, 1, 1, 2, 3)))
        requested = [(place, plan_of(random, self.at.known[self.at.ids[place]])) for place in places]
        seen = one_of(random, {"none": 3, "right": 2, "stale": 1})
        dry = one_of(random, {"first": 4, "only": 1, "never": 2})
        self._say(f"{requested} version {seen}, dry run {dry}")
        self.opened.run(self._act(requested, seen, dry, random.choice((0, 0, 1, 3, -2))))

    @rule(seed=seeds)
    def act_again(self, seed: int) -> None:
        """The same once more, so that it happens more often than the other rules."""
        self.act(seed)

    @rule(seed=seeds)
    def act_once_more(self, seed: int) -> None:
        """And again."""
        self.act(seed)

    async def _act(self, plans: list[tuple[int, Plan]], seen: str, dry: str, minutes: int) -> None:
        at = self.at
        self._turn(minutes)
        targets = [at.known[at.ids[place]] for place, _ in plans]
        steps = self._steps(targets, [plan for _, plan in plans], seen)
        before = await at.dump()
        if dry != "never":
            foreseen = comparable(await at.perform(steps, dry_run=True))
            assert await at.dump() == before, "a dry run writes nothing"
        if dry == "only":
            return
        found = await at.perform(steps)
        if dry == "first":
            assert comparable(found) == foreseen
        await self._judge(found, targets, before)

    def _say(self, what: str) -> None:
        if currently_in_test_context():
            note(what)
        else:
            print(what)  # noqa: T201 - shown where the test fails

    def _random(self, seed: int) -> Random:
        self.turns += 1
        return Random(f"{seed} {self.turns}")

    def _steps(self, targets: Sequence[Order], planned: Sequence[Plan], seen: str) -> list[Command]:
        versions: list[int | None] = [None] * len(targets)
        if seen != "none":  # of several steps for one order only the first can know the version
            first = {target.order_id: place for place, target in reversed(list(enumerate(targets)))}
            for place in first.values():
                versions[place] = targets[place].version - (seen == "stale")
        return [
            step_of(self.at, target, plan, version=version)
            for target, plan, version in zip(targets, planned, versions, strict=True)
        ]

    async def _judge(self, found: list[Change] | Refused, targets: Sequence[Order], before: state_machine.Dump) -> None:
        """Check that a refusal changed nothing, and that what was done was one event and one version for each step."""
        at = self.at
        if isinstance(found, Refused):
            assert await at.dump() == before, "what is refused changes nothing"
            self.outcomes["refused"] += 1
            return
        assert [change.order.order_id for change in found] == [target.order_id for target in targets]
        for order_id in {target.order_id for target in targets}:
            was = at.known[order_id]
            mine = [change for change in found if change.order.order_id == order_id]
            verbs = [[each for each in change.events if each.name != Invoiced.name] for change in mine]
            follow_ups = [each.name for some in verbs for each in some[1:]]
            assert set(follow_ups) <= {Released.name}, "a verb is one event; a cancelation may end a hold besides"
            moved = sum(len(change.events) for change in mine)
            now = await at.learn(order_id) if moved else was
            # What follows from a verb is of the same version; that it was billed is no other version of the order.
            assert (now.version, now.event_number) == (was.version + sum(map(bool, verbs)), was.event_number + moved)
            assert max((change.order for change in mine), key=lambda each: each.version) == now
        if not any(change.events for change in found):
            claims = {"request_key"}  # an edit may say again which number is the order's
            after = await at.dump()
            assert {name for name in after if after[name] != before[name]} <= claims
        await at.check(*{target.order_id for target in targets})
        self.outcomes["done" if any(change.events for change in found) else "nothing to do"] += 1

    def _turn(self, minutes: int) -> None:
        """Turn the clock, perhaps back: an order's times never fall."""
        self.at.clock.now += minutes * 60_000_000 if minutes >= 0 else minutes
        latest = max(at for past in self.at.past.values() for at in past)
        self.at.clock.now = max(self.at.clock.now, latest) + 1_000

    @rule(seed=seeds)
    def ask_once(self, seed: int) -> None:
        random = self._random(seed)
        place, key = random.randrange(5), random.randrange(6)
        plan = plan_of(random, self.at.known[self.at.ids[place]])
        if key in self.answers and random.random() < 0.5:
            place, plan = self.requests[key]
        self._say(f"once {key}: {place} {plan}")
        self.opened.run(self._ask_once(place, plan, key))

    async def _ask_once(self, place: int, plan: Plan, key: int) -> None:
        at = self.at
        self._turn(0)
        target, raw = at.known[at.ids[place]], json.dumps([place, plan]).encode()
        once = IdempotentRequest(bytes([key]) * 32, "verb", raw, rendered)
        before = await at.dump()
        found = await at.perform([step_of(at, target, plan)], once=once)
        requested = (target.order_id, raw)
        if key in self.answers:
            assert await at.dump() == before, "a repeat changes nothing"
            if self.answers[key][0] == requested:
                assert not isinstance(found, Refused)
                assert (found[0].reply, found[0].replayed) == (self.answers[key][1], True)
            else:
                assert isinstance(found, Refused)
                assert found.code == "key_reused"
            return
        if not isinstance(found, Refused):
            assert found[0].reply is not None
            self.answers[key], self.requests[key] = (requested, found[0].reply), (place, plan)
            if found[0].events:
                await at.learn(target.order_id)
            await at.check(target.order_id)

    @rule(door=st.sampled_from(DOORS), replaces=st.booleans(), other=st.booleans())
    def send_again(self, door: str, replaces: bool, other: bool) -> None:
        self.opened.run(self._send_again(door, replaces, other))

    async def _send_again(self, door: str, replaces: bool, other: bool) -> None:
        """A late repeat of the create call, or other content under its number."""
        at = self.at
        self._turn(0)
        order = at.known[at.ids[DOORS.index(door)]]
        body = state_machine.body_of(door, f"N-{DOORS.index(door)}", [2, 3] if other else [1])
        raw = json.dumps(body).encode()
        try:
            await at.intake.submit(Submission(at.caller, at.context.formats[door], raw, replaces=replaces))
        except Refusal:
            pass
        else:
            await at.learn(order.order_id)
        await at.check(order.order_id)

    @rule(minutes=st.integers(0, 10))
    def wait(self, minutes: int) -> None:
        self.opened.run(self._wait(minutes))

    async def _wait(self, minutes: int) -> None:
        at = self.at
        self._turn(minutes)
        due = [order_id for order_id, order in at.known.items() if order.due_at and order.due_at <= at.clock.now]
        assert await hold_expiry.release_due(at.context) == len(due)
        for order_id in due:
            was, now = at.known[order_id], await at.learn(order_id)
            assert now.version == was.version + 1
            assert now.holds == tuple(
                hold for hold in was.holds if hold.release_at is None or hold.release_at > at.clock.now
            )
        await at.check(*due)

    def teardown(self) -> None:
        if self.at.ids:
            self.opened.run(self.at.verify())
            self.outcomes["verified"] += 1
        self.opened.close()


def tell(fresh: Callable[[], str], *, examples: int, steps: int) -> Counter[str]:
    """Tell stories that Hypothesis makes up, and return how often what came of them."""
    outcomes: Counter[str] = Counter()

    def teardown(self: Scenario) -> None:
        Scenario.teardown(self)
        outcomes.update(self.outcomes)

    scenario = type("Scenario", (Scenario,), {"fresh": staticmethod(fresh), "teardown": teardown})
    run_state_machine_as_test(
        scenario,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, suppress_health_check=list(HealthCheck), deadline=None
        ),
    )
    return outcomes


def wander(fresh: Callable[[], str], *, seed: int, steps: int) -> Counter[str]:
    """Run a long scenario without Hypothesis, which likes to repeat itself, and return how often what came of it."""
    random = Random(seed)
    scenario = type("Scenario", (Scenario,), {"fresh": staticmethod(fresh)})()
    try:
        scenario.receive(random.choices(range(1, 5), k=random.choice((1, 2, 3))), seed % 2 == 0)
        for _ in range(steps):
            turn = one_of(random, {"act": 12, "ask_once": 2, "send_again": 1, "wait": 2})
            if turn == "send_again":
                scenario.send_again(random.choice(DOORS), random.random() < 0.5, random.random() < 0.5)
            elif turn == "wait":
                scenario.wait(random.randrange(8))
            else:
                getattr(scenario, turn)(random.getrandbits(64))
    finally:
        scenario.teardown()
    return scenario.outcomes


class TestStories:
    @pytest.mark.parametrize("seed", range(2))
    def test_the_state_machine_holds_on_a_long_way(self, fresh: Callable[[], str], seed: int) -> None:
        outcomes = wander(fresh, seed=seed, steps=45)
        assert outcomes["verified"] == 1
        assert min(outcomes["done"], outcomes["refused"]) >= 5

    @pytest.mark.prove
    @pytest.mark.parametrize("seed", range(100, 140))
    def test_the_state_machine_holds_on_a_very_long_way(self, fresh: Callable[[], str], seed: int) -> None:
        outcomes = wander(fresh, seed=seed, steps=400)
        assert outcomes["verified"] == 1
        assert min(outcomes["done"], outcomes["refused"]) >= 40

    def test_the_state_machine_holds_whatever_is_asked(self, fresh: Callable[[], str]) -> None:
        outcomes = tell(fresh, examples=4, steps=10)
        assert outcomes["verified"] >= 4
        assert min(outcomes["done"], outcomes["refused"]) >= 1

    @pytest.mark.prove
    def test_the_state_machine_holds_for_long(self, fresh: Callable[[], str]) -> None:
        outcomes = tell(fresh, examples=150, steps=40)
        assert outcomes["verified"] >= 150
        assert min(outcomes["done"], outcomes["refused"]) >= 150
