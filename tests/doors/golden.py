"""Recorded cases: what a call answers and what it does to orders, exactly, one file each.

A case is what is `given` (steps done first), the `request`, and as recorded the `response` and the state `before` and `after`
it. What differs from run to run stands as a placeholder. Each door has a player in its own `golden.py`, which says how a step
is done, what the state is, and which placeholders there are.

Of each operation one file holds a full case. The other cases of the operation name it as `like` and hold only what differs:

    {
      "like": "cancel",
      "request": {"body": {"like": null, "lines": [{"line": 0, "quantity": 1}]}},
      "after": {"status": "open", "lines": [{"like": "<0>", "counters": {"canceled": 1}}, "<1>"]}
    }

How to read it; before a case is played, its file is expanded to the whole case, and that is compared as text, with the order
of members:

- A part that is not there (`given`, `before`, ...) is that of the full case.
- An object holds the members that differ, again each as its difference. `"<removed>"`: the full case has this member, here it
  is gone. A new member comes right after the one named before it, or at the end where none is; `"<same>"` is the value of a
  member that is named only to show the place. A member that is named later than it stood has moved there.
- An array is always listed to its end. `"<0>"` is the first item of the array in the full case, `"<1..3>"` its second to
  fourth, `{"like": "<0>", ...}` its first with differences.
- `"<name>"` is a value of the door's `constants.json`, such as the sample order, or the `before` or `after` of the same case;
  `"<before.A.read>"` is a member of such a value, and `{"like": "<name>", ...}` is one with differences.
- `{"like": null, ...}` is an object like nothing: all of its members are listed.
- `{"exactly": ...}` is a value to be taken as it stands, because it looks like one of these signs.

Any other value, and `"<A>"` or `"<time>"` that no constant has as its name, is what is recorded. To see the whole of a case:
`python -m tests.doors.golden_format tests/doors/hub/golden/cancel_lines.json`.

To add a case, write its `given` and `request`, and `like` if another full case than the nearest of the operation is wanted.
With `GOLDEN=record` in the environment the files are written anew, to be read by whoever did that: a full case stays one, the
others stay like theirs, `constants.json` is left alone. Where all orders of a door change, change `constants.json` first.
"""

import json
import os
import re
from collections.abc import Callable, Sequence
from difflib import unified_diff
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from crossdock.core.ids import from_base32, from_digits, from_hex24, from_uuid
from crossdock.core.orders.allocating import AllocateOrder
from crossdock.core.orders.commands import (
    CancelOrder,
    Command,
    HoldRequest,
    PlaceHolds,
    ReleaseHolds,
    ShipOrder,
)
from crossdock.core.orders.model import Order
from crossdock.flows import queries
from crossdock.flows.access import SCOPES, Caller
from crossdock.flows.execute import execute
from tests.doors import golden_format
from tests.vendors import VENDORS
from tests.world import World

Tree = Any


def cases(beside: str) -> pytest.MarkDecorator:
    """Return a test every case recorded beside it as `path`."""
    return pytest.mark.parametrize("path", files(beside), ids=lambda path: path.stem)


def files(beside: str) -> list[Path]:
    """Return the files of the cases recorded beside a test."""
    return sorted((Path(beside).parent / "golden").glob("*.json"))


class Player:
    """Plays one case; of each door its own kind."""

    actor: ClassVar[str] = "demo"
    # The headers of an answer that are recorded, where it has them.
    shown: ClassVar[Sequence[str]] = ("allow", "idempotent-replayed", "retry-after")

    def __init__(self, world: World) -> None:
        self.world = world
        self.token: dict[str, str] = {}
        self.caller: Caller

    @classmethod
    async def check(cls, world: World, path: Path) -> None:
        """Do what a file says and compare; or, when asked to, record."""
        case = golden_format.read(path)
        whole = {"given": case["given"], "request": case["request"]} | await cls(world).played(case)
        if os.environ.get("GOLDEN") == "record":
            golden_format.write(path, whole)
            return
        now, expected = (json.dumps(each, indent=1).splitlines() for each in (whole, case))
        assert now == expected, "\n".join(unified_diff(expected, now, "recorded", "now"))  # as text: the order counts

    async def played(self, case: Tree) -> dict[str, Tree]:
        """Do a case's steps and its request, and return what came of it."""
        self.token = await self.world.bearer()
        self.caller = Caller(await self.world.demo_organization(), self.actor, frozenset(SCOPES))
        for step in case["given"]:
            await self._given(step)
        before = await self.state()
        answer = await self.ask(case["request"])
        await self.remember(case["request"], answer)
        after = await self.state()
        headers = {name: answer.headers[name] for name in self.shown if name in answer.headers}
        response = {"status": answer.status_code, "headers": headers, "body": self.body(answer)}
        return self.masked(response, before, after)

    async def _given(self, step: Tree) -> None:
        if "verb" in step or "do" in step:
            await self.verb(step)
            return
        answer = await self.ask(step)
        assert answer.status_code < 300, answer.text
        await self.remember(step, answer)

    def body(self, answer: httpx.Response) -> Tree:
        """Return an answer's body as it is recorded."""
        return answer.json()

    async def ask(self, step: Tree) -> httpx.Response:
        """Send one request of a case."""
        raise NotImplementedError

    async def remember(self, step: Tree, answer: httpx.Response) -> None:
        """Note the id of an order that a step has made, where it gives that order a name."""

    async def verb(self, step: Tree) -> None:
        """Do a verb of the house to an order."""
        raise NotImplementedError

    async def state(self) -> Tree:
        """Return the state of the orders a case is about."""
        raise NotImplementedError

    def masked(self, response: Tree, before: Tree, after: Tree) -> dict[str, Tree]:
        """Return what is recorded of a case, with placeholders where runs differ."""
        raise NotImplementedError


class OrdersPlayer(Player):
    """Plays cases about several orders, each under a name, whose `after` says what has changed of each.

    The state of an order is its status, version, counters, holds, the names of its events, and how the door reads it. A given
    step is a request, a `sample` of a door under a `number`, or a `verb` of the house; the `number` of a request names the
    order it makes. `<A>` stands for the id, in the door's spelling, of the order A, `<time>` for a time of the server.
    """

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.ids: dict[str, int] = {}
        self.rendered: dict[str, str] = {}

    # ------------------------------------------------------------------------------------------------ what a door says
    def headers(self, step: Tree) -> dict[str, str]:
        """Return the headers of a request besides its token."""
        raise NotImplementedError

    def own_id(self, rendered: str) -> int | None:
        """Return the id that the door spells so, where its spelling is not one of those all doors share."""
        return None

    async def spell(self, order_id: int) -> str:
        """Return the door's spelling of an order's id."""
        raise NotImplementedError

    def read(self, name: str, order: Order) -> Tree:
        """Return the request that reads an order."""
        raise NotImplementedError

    def identity(self, step: Tree, answer: Tree) -> int:
        """Return the id of the order that a step has made, be it answered by this door or the one whose sample was sent."""
        rendered = str(answer.get("orderId") or answer.get("id"))
        digits = from_digits(rendered[3:22]) if rendered.startswith("ORA") else None
        found = self.own_id(rendered) or digits or from_hex24(rendered) or from_uuid(rendered) or from_base32(rendered)
        assert found is not None, answer
        return found

    # ---------------------------------------------------------------------------------------------- what all of them do
    async def ask(self, step: Tree) -> httpx.Response:
        """See Player."""
        if "sample" in step:
            vendor = VENDORS[step["sample"]]
            body = vendor.body(step["number"]) | step.get("with", {})
            headers = self.token | vendor.headers(f"golden-{step['number']}")
            return await self.world.http.post(vendor.create, json=body, headers=headers)
        content = json.dumps(step["body"]) if "body" in step else step.get("raw")
        return await self.world.http.request(
            step["method"], self._named(step["path"]), content=content and self._named(content).encode(),
            headers=self.token | self.headers(step),
        )  # fmt: skip

    async def remember(self, step: Tree, answer: httpx.Response) -> None:
        """See Player."""
        if "number" in step and answer.status_code < 300:
            order_id = self.identity(step, answer.json())
            self.ids[step["number"]] = order_id
            self.rendered[step["number"]] = await self.spell(order_id)

    async def verb(self, step: Tree) -> None:
        """See Player."""
        order_id = self.ids[step["order"]]
        lines = {step["line"]: step["quantity"]} if "line" in step else None
        made: dict[str, Callable[[], Command]] = {
            "hold": lambda: PlaceHolds(order_id=order_id, holds=(HoldRequest(step["reason"]),)),
            "release": lambda: ReleaseHolds(order_id=order_id),
            "cancel": lambda: CancelOrder(order_id=order_id, lines=lines),
            "allocate": lambda: AllocateOrder(order_id=order_id, location_ref="W1", lines=lines),
            "ship": lambda: ShipOrder(order_id=order_id, lines=lines),
        }
        await execute(self.world.context, self.caller, [made[step["verb"]]()], door="hub")

    async def state(self) -> dict[str, Tree]:
        """See Player."""
        return {name: await self._state(name, order_id) for name, order_id in self.ids.items()}

    async def _state(self, name: str, order_id: int) -> dict[str, Tree]:
        order = await queries.order(self.world.context, self.caller, order_id=order_id)
        recorded = await queries.history(self.world.context, self.caller, order_id=order_id)
        read = await self.ask(self.read(name, order))
        return self.state_of(order) | {
            "events": [f"{event.name} by {event.door}" for event in recorded],
            "read": read.json() if read.status_code == 200 else read.status_code,
        }

    def state_of(self, order: Order) -> dict[str, Tree]:
        """Return what is recorded of an order as the house has it."""
        lines = [
            f"{line.sku}: "
            + ", ".join(f"{name} {value}" for name in each.__struct_fields__ if (value := getattr(each, name)))
            for line, each in zip(order.content.lines, order.counters, strict=True)
        ]
        holds = [f"{hold.reason} by {hold.actor}" for hold in order.holds]
        return {"status": str(order.status), "version": order.version, "lines": lines, "holds": holds}

    def _named(self, text: str) -> str:
        for name, rendered in self.rendered.items():
            text = text.replace(f"<{name}>", rendered)
        return text

    def unnamed(self, document: Tree, times: re.Pattern[str], placeholder: str) -> Tree:
        """Return something with placeholders for times of the server and ids."""
        text = times.sub(placeholder, json.dumps(document, ensure_ascii=False))
        for name, rendered in self.rendered.items():
            text = text.replace(rendered, f"<{name}>")
        return json.loads(text)


def changed(before: dict[str, Tree], after: dict[str, Tree]) -> dict[str, Tree]:
    """Return of each order what is another after than before; all of one that is new."""
    return {
        name: {member: _news(before[name][member], now) for member, now in state.items() if before[name][member] != now}
        if name in before
        else state
        for name, state in after.items()
    }


def _news(was: Tree, now: Tree) -> Tree:
    """Return an object's members that are new or other, and those that are gone."""
    if not isinstance(was, dict) or not isinstance(now, dict):
        return now
    gone = {name: "<gone>" for name in was if name not in now}
    return {name: _news(was.get(name), value) for name, value in now.items() if was.get(name) != value} | gone
