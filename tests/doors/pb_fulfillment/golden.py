"""Recorded cases: what a call answers and what it does to the orders, exactly, one file each.

A file holds what is `given` (done first), the `request`, and as recorded the `response` and the state of every order `before`
and `after` it: status, version, counters, holds, the names of its events, and how this door reads it. A given step is a
request, a `sample` of another door, or a `verb` of the house; `number` names the order it makes. Ids and times differ from
run to run: `<A>` stands for this door's id of the order A, `<time>` for a time of the server. Each request has a transaction id
of its own unless it says which. With `GOLDEN=record` in the environment the files are written anew, to be read by whoever
did that.
"""

import json
import os
import re
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import msgspec

from crossdock.core.events import Allocated, Fact, Shipped
from crossdock.core.identity import from_base32, from_digits, from_uuid
from crossdock.core.lifecycle import Verb
from crossdock.core.order import Order
from crossdock.doors.pb_fulfillment.answering import spell_id
from crossdock.flows import orders, queries
from crossdock.flows.access import SCOPES, Caller
from crossdock.flows.unit import Unit
from tests.doors.pb_fulfillment.desk import ORDERS, TRANSACTION
from tests.vendors import VENDORS
from tests.world import World

Tree = Any
_OURS = re.compile(r'("pb(?:Create|Update)Date": )"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"')
_SHOWN = ("allow", "idempotent-replayed", "retry-after")


async def check(world: World, path: Path) -> None:
    """Do what a file says and compare; or, when asked to, record."""
    case = json.loads(path.read_text())  # noqa: ASYNC240 - a test may wait for its file
    whole = {"given": case["given"], "request": case["request"]} | await Play(world).done(case)
    if os.environ.get("GOLDEN") == "record":
        path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")  # noqa: ASYNC240
        return
    assert json.dumps(whole, indent=1) == json.dumps(case, indent=1)  # as text, because the order of members counts


class Play:
    """One case being done."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ids: dict[str, str] = {}
        self.token: dict[str, str] = {}
        self.caller: Caller
        self._numbers = count(1)

    async def done(self, case: Tree) -> dict[str, Tree]:
        """Do a case and give what came of it."""
        self.token = await self.world.bearer()
        self.caller = Caller(await self.world.demo_organization(), "demo", frozenset(SCOPES))
        for step in case["given"]:
            await self._prepared(step)
        before = await self._states()
        answer = await self.ask(case["request"])
        if answer.status_code < 300:
            await self._remember(case["request"], answer.json())
        after = await self._states()
        headers = {name: answer.headers[name] for name in _SHOWN if name in answer.headers}
        response = {"status": answer.status_code, "headers": headers, "body": answer.json()}
        return {"response": self._masked(response), "before": before, "after": _changed(before, after)}

    async def _prepared(self, step: Tree) -> None:
        if "verb" in step:
            await self._verb(step)
            return
        answer = await self.ask(step)
        assert answer.status_code < 300, answer.text
        await self._remember(step, answer.json())

    async def ask(self, step: Tree) -> httpx.Response:
        """Send one request of a case."""
        if "sample" in step:
            vendor = VENDORS[step["sample"]]
            body = vendor.body(step["number"]) | step.get("with", {})
            return await self.world.http.post(vendor.create, json=body, headers=self.token | vendor.headers("golden"))
        content = json.dumps(step["body"]) if "body" in step else step.get("raw")
        transaction = step.get("transaction") or f"golden-{next(self._numbers)}"
        return await self.world.http.request(
            step["method"], self._named(step["path"]), content=content and self._named(content).encode(),
            headers=self.token | {TRANSACTION: transaction} | step.get("headers", {}),
        )  # fmt: skip

    async def _remember(self, step: Tree, answer: Tree) -> None:
        """Note the id of the order that a step has made, be it alone in the answer or one of several."""
        if "number" not in step:
            return
        name = step["number"]
        answer = next((each for each in answer.get("orders", ()) if each["clientOrderId"] == name), answer)
        spelled = str(answer.get("orderId") or answer.get("id"))
        order_id = from_digits(spelled[3:22]) if spelled.startswith("ORA") else from_uuid(spelled)
        order_id = order_id or from_base32(spelled)
        order = await queries.order(self.world.book, self.caller, order_id=order_id)
        self.ids[name] = spell_id(order)

    async def _verb(self, step: Tree) -> None:
        order_id = self._id(step["order"])
        made = {
            "hold": lambda: orders.hold(self.caller, order_id, [orders.HoldWish(step["reason"])]),
            "release": lambda: orders.release(order_id),
            "cancel": lambda: orders.cancel(order_id, lines=lambda _: {step["line"]: step["quantity"]}),
            "allocate": lambda: _moved(order_id, Verb.ALLOCATE, step),
            "ship": lambda: _moved(order_id, Verb.SHIP, step) if "line" in step else orders.ship(order_id),
        }[step["verb"]]()
        await orders.perform(self.world.book, self.caller, [made], door="hub")

    def _id(self, name: str) -> int:
        found = from_digits(self.ids[name][3:22])
        assert found is not None
        return found

    async def _states(self) -> dict[str, Tree]:
        # Masked before they are compared, because a change may fall into the second of the one before it.
        return self._masked({name: await self._state(name) for name in self.ids})

    async def _state(self, name: str) -> dict[str, Tree]:
        order = await queries.order(self.world.book, self.caller, order_id=self._id(name))
        recorded = await queries.history(self.world.book, self.caller, order_id=self._id(name))
        client = order.content.account_ref if order.source.door == "pb_fulfillment" else "1234"
        read = await self.ask({"method": "GET", "path": f"{ORDERS}/{self.ids[name]}?clientId={client}"})
        return _state_of(order) | {
            "events": [f"{event.name} by {event.door}" for event in recorded],
            "read": read.json() if read.status_code == 200 else read.status_code,
        }

    def _named(self, text: str) -> str:
        for name, spelled in self.ids.items():
            text = text.replace(f"<{name}>", spelled)
        return text

    def _masked(self, told: dict[str, Tree]) -> dict[str, Tree]:
        text = _OURS.sub(r'\1"<time>"', json.dumps(told, ensure_ascii=False))
        for name, spelled in self.ids.items():
            text = text.replace(spelled, f"<{name}>")
        masked: dict[str, Tree] = json.loads(text)
        return masked


def _moved(order_id: int, verb: Verb, step: Tree) -> orders.Step:
    """Allocate or ship some units of one line, for which there is no call yet."""

    async def decide(work: Unit, order: Order) -> Sequence[Fact]:
        line, quantity = step["line"], step["quantity"]
        name = "allocated" if verb is Verb.ALLOCATE else "shipped"
        counters = [*order.counters]
        counters[line] = msgspec.structs.replace(counters[line], **{name: quantity})
        if verb is Verb.ALLOCATE:
            return [Allocated(location_ref="W1", counters=tuple(counters))]
        return [Shipped(lines=((line, quantity),), counters=tuple(counters))]

    return orders.Step(order_id, verb, decide)


def _state_of(order: Order) -> dict[str, Tree]:
    lines = [
        f"{line.sku}: "
        + ", ".join(f"{name} {value}" for name in each.__struct_fields__ if (value := getattr(each, name)))
        for line, each in zip(order.content.lines, order.counters, strict=True)
    ]
    holds = [f"{hold.reason} by {hold.actor}" for hold in order.holds]
    return {"status": str(order.status), "version": order.version, "lines": lines, "holds": holds}


def _changed(before: dict[str, Tree], after: dict[str, Tree]) -> dict[str, Tree]:
    """Give of each order what is another after than before; all of one that is new."""
    return {
        name: {member: _news(before[name][member], now) for member, now in state.items() if before[name][member] != now}
        if name in before
        else state
        for name, state in after.items()
    }


def _news(was: Tree, now: Tree) -> Tree:
    """Give an object's members that are new or other, and those that are gone."""
    if not isinstance(was, dict) or not isinstance(now, dict):
        return now
    gone = {name: "<gone>" for name in was if name not in now}
    return {name: _news(was.get(name), value) for name, value in now.items() if was.get(name) != value} | gone
