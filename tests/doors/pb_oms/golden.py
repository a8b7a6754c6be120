"""Recorded cases: what a call answers and what it does to the orders, exactly, one file each.

A file holds what is `given` (done first), the `request`, and as recorded the `response` and the state of every order `before`
and `after` it: status, version, counters, holds, tags, the names of its events, and how this door reads it. A given step is a
request, a `sample` of a door under a `number`, or a `verb` of the house. Ids and times differ from run to run: `<A>` stands
for the id, in this door's spelling, of the order made under the number A, `<time>` for a time of the server.
With `GOLDEN=record` in the environment the files are written anew, to be read by whoever did that.
"""

import json
import os
import re
from collections.abc import Sequence
from difflib import unified_diff
from pathlib import Path
from typing import Any

import httpx
import msgspec

from crossdock.core.events import Allocated, Fact, Shipped
from crossdock.core.identity import from_base32, from_digits, from_hex24, from_uuid
from crossdock.core.lifecycle import Verb
from crossdock.core.order import Order
from crossdock.doors.pb_oms.mapping import read_id, spell_id
from crossdock.flows import orders, queries
from crossdock.flows.access import SCOPES, Caller
from crossdock.flows.unit import Unit
from tests.vendors import VENDORS
from tests.world import World

Tree = Any
ORDERS = "/ordermanagement/api/v1/orders"
_TIME = re.compile(r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"')
_SHOWN = ("allow", "idempotent-replayed", "retry-after")


async def check(world: World, path: Path) -> None:
    """Do what a file says and compare; or, when asked to, record."""
    case = _read(path)
    whole = {"given": case["given"], "request": case["request"]} | await _Play(world).done(case)
    if os.environ.get("GOLDEN") == "record":
        _write(path, whole)
        return
    told, expected = (json.dumps(each, indent=1).splitlines() for each in (whole, case))
    assert told == expected, "\n".join(unified_diff(expected, told, "recorded", "now"))  # as text: the order counts


def _read(path: Path) -> Tree:
    return json.loads(path.read_text())


def _write(path: Path, whole: Tree) -> None:
    path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")


class _Play:
    """One case being done."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ids: dict[str, int] = {}
        self.token: dict[str, str] = {}
        self.caller: Caller

    async def done(self, case: Tree) -> dict[str, Tree]:
        self.token = await self.world.bearer()
        organization = await self.world.demo_organization()
        self.caller = Caller(organization, "demo", frozenset(SCOPES))
        for step in case["given"]:
            if "verb" in step:
                await self._verb(step)
                continue
            answer = await self._ask(step)
            assert answer.status_code < 300, answer.text
            if "number" in step:
                self.ids[step["number"]] = _identity(answer.json())
        before = await self._states()
        answer = await self._ask(case["request"])
        if "number" in case["request"] and answer.status_code < 300:
            self.ids[case["request"]["number"]] = _identity(answer.json())
        after = await self._states()
        headers = {name: answer.headers[name] for name in _SHOWN if name in answer.headers}
        response = {"status": answer.status_code, "headers": headers, "body": answer.json()}
        return self._masked({"response": response, "before": before, "after": _changed(before, after)})

    async def _ask(self, step: Tree) -> httpx.Response:
        if "sample" in step:
            vendor = VENDORS[step["sample"]]
            body = vendor.body(step["number"]) | step.get("with", {})
            headers = self.token | vendor.headers(f"golden-{step['number']}")
            return await self.world.http.post(vendor.create, json=body, headers=headers)
        content = json.dumps(step["body"]) if "body" in step else step.get("raw")
        return await self.world.http.request(
            step["method"], self._named(step["path"]), content=content and self._named(content).encode(),
            headers=self.token | {"Content-Type": "application/json"},
        )  # fmt: skip

    async def _verb(self, step: Tree) -> None:
        order_id = self.ids[step["order"]]
        made = {
            "hold": lambda: orders.hold(self.caller, order_id, [orders.HoldWish(step["reason"])]),
            "cancel": lambda: orders.cancel(order_id, lines=lambda _: {step["line"]: step["quantity"]}),
            "allocate": lambda: _moved(order_id, Verb.ALLOCATE, step),
            "ship": lambda: _moved(order_id, Verb.SHIP, step) if "line" in step else orders.ship(order_id),
        }[step["verb"]]()
        await orders.perform(self.world.book, self.caller, [made], door="hub")

    async def _states(self) -> dict[str, Tree]:
        return {name: await self._state(order_id) for name, order_id in self.ids.items()}

    async def _state(self, order_id: int) -> dict[str, Tree]:
        order = await queries.order(self.world.book, self.caller, order_id=order_id)
        recorded = await queries.history(self.world.book, self.caller, order_id=order_id)
        read = await self.world.http.get(f"{ORDERS}/{spell_id(order_id)}", headers=self.token)
        return _state_of(order) | {
            "events": [f"{event.name} by {event.door}" for event in recorded],
            "read": read.json() if read.status_code == 200 else read.status_code,
        }

    def _named(self, text: str) -> str:
        for name, order_id in self.ids.items():
            text = text.replace(f"<{name}>", spell_id(order_id))
        return text

    def _masked(self, told: Tree) -> Tree:
        text = _TIME.sub('"<time>"', json.dumps(told, ensure_ascii=False))
        for name, order_id in self.ids.items():
            text = text.replace(spell_id(order_id), f"<{name}>")
        return json.loads(text)


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


def _identity(answer: Tree) -> int:
    """Give the order id in any door's create answer."""
    spelled = str(answer.get("orderId") or answer.get("id"))
    digits = from_digits(spelled[3:22]) if spelled.startswith("ORA") else None
    found = read_id(spelled) or digits or from_hex24(spelled) or from_uuid(spelled) or from_base32(spelled)
    assert found is not None, answer
    return found


def _state_of(order: Order) -> dict[str, Tree]:
    lines = [
        f"{line.sku}: "
        + ", ".join(f"{name} {value}" for name in each.__struct_fields__ if (value := getattr(each, name)))
        for line, each in zip(order.content.lines, order.counters, strict=True)
    ]
    return {
        "status": str(order.status), "version": order.version, "lines": lines,
        "holds": [f"{hold.reason} by {hold.actor}" for hold in order.holds], "tags": list(order.tags),
        "archived": order.archived,
    }  # fmt: skip


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
