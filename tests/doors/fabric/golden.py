"""The player of this door's recorded cases; tests/doors/golden.py describes the cases.

The state is that of the order created first: version, status, holds, counters, and the events since. A given step is a
request, a `create` of a sample of this door or another, or a `do` of the hub. `<id>` is the first order's id, `<made id>` any
other id of Crossdock, `<audit>` an audit id, `<time>` a time. `<answer>` as a body is the order's read response, updated with
the step's `with`; `<webhook>` in a path is the id of the only webhook, `<network>` and `<upload>` that of the network or upload
that was created last, `<key>` the end of the URL that was given last. A body that is a `file` is sent as it stands.
"""

import json
import re
import time
from typing import Any

import httpx
import msgspec

from crossdock.core.ids import from_hex24, to_hex24
from crossdock.core.orders.commands import (
    AddNote,
    ArchiveOrder,
    CancelOrder,
    ChangeTags,
    Command,
    HoldRequest,
    PlaceHolds,
    ReleaseHolds,
    ShipOrder,
)
from crossdock.core.orders.events import decode_event
from crossdock.core.orders.model import Order
from crossdock.flows import queries
from crossdock.flows.access import Caller
from crossdock.flows.execute import execute
from crossdock.store.order_query.query import Filters
from tests.doors import golden
from tests.doors.fabric.conftest import CONTEXT, ORDERS, shirts, smallest
from tests.vendors import VENDORS
from tests.world import World

Tree = Any
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_ID = re.compile(r"[0-9a-f]{24}")


class Player(golden.Player):
    """Plays the cases of this door."""

    actor = "ops"
    shown = ("idempotent-replayed", "allow", "location", "content-type")

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._began = time.time()
        self._first: Order | None = None
        self._seen = 0
        self._named: dict[str, str] = {}

    async def ask(self, step: Tree) -> httpx.Response:
        """See golden.Player."""
        if "create" in step:
            return await self._create(step)
        headers = self.token | CONTEXT
        first = await self._find_first()
        identity = to_hex24(first.order_id) if first else ""
        body = step.get("body")
        if body == "<answer>":
            read = await self.world.http.get(ORDERS, params={"orderId": identity}, headers=headers)
            body = {name: value for name, value in read.json().items() if name not in step.get("without", ())}
            body |= step.get("with", {})
        content = b"" if body is None else json.dumps(body).replace("<id>", identity).encode()
        content = step["file"].encode() if "file" in step else content
        path = step["path"].replace("<id>", identity)
        for name, value in self._named.items():
            path = path.replace(name, value)
            content = content.replace(name.encode(), value.encode())
        if "<webhook>" in path:
            (webhook,) = (await self.world.http.get("/api/v2/webhook", headers=headers)).json()
            path = path.replace("<webhook>", webhook["webhookId"])
        return await self.world.http.request(
            step["method"], "/api/v2" + path, content=content, headers=headers | step.get("headers", {})
        )

    async def remember(self, step: Tree, answer: httpx.Response) -> None:
        """See golden.Player; of the ids in an answer."""
        body = self.body(answer)
        if not isinstance(body, dict):
            return
        for member, name in (("networkId", "<network>"), ("keyId", "<upload>")):
            if member in body:
                self._named[name] = body[member]
        if "url" in body:
            self._named["<key>"] = body["url"].rpartition("/")[2]

    async def _create(self, step: Tree) -> httpx.Response:
        door, more = step["create"], step.get("with", {})
        own = {"shirts": shirts, "smallest": smallest}.get(door)
        if own is not None:
            return await self.world.http.post(ORDERS, json=own(**more), headers=self.token | CONTEXT)
        vendor = VENDORS[door]
        headers = self.token | vendor.headers("golden")
        return await self.world.http.post(vendor.create, json=vendor.body("N-1") | more, headers=headers)

    async def verb(self, step: Tree) -> None:
        """See golden.Player."""
        order = await self._find_first()
        assert order is not None, step
        await by_hub(self.world, self.caller, step["do"], order, step.get("reason"))

    async def _find_first(self) -> Order | None:
        """Read the order that was created first, the subject of the case."""
        page = await queries.page(self.world.context, self.caller, Filters(), limit=1, ascending=True)
        return page.orders[0] if page.orders else None

    async def state(self) -> Tree:
        """See golden.Player; with the events since the previous call."""
        self._first = self._first or await self._find_first()
        if self._first is None:
            return None
        now = await queries.order(self.world.context, self.caller, order_id=self._first.order_id)
        recorded = await queries.history(self.world.context, self.caller, order_id=self._first.order_id)
        entries = list(queries.timeline(recorded))
        seen, self._seen = self._seen, len(entries)
        return {
            "version": now.version,
            "status": str(now.status),
            "holds": [hold.reason for hold in now.holds],
            "counters": [msgspec.to_builtins(each) for each in now.counters],
            "events": [_event(entry) for entry in entries[seen:]],
        }

    def body(self, answer: httpx.Response) -> Tree:
        """See golden.Player."""
        is_json = bool(answer.content) and answer.headers["content-type"] == "application/json"
        return answer.json() if is_json else answer.text

    def masked(self, response: Tree, before: Tree, after: Tree) -> dict[str, Tree]:
        """See golden.Player."""
        if before and after and after == before | {"events": []}:
            after = "as before"
        if before:
            del before["events"]
        record = {"response": response, "before": before, "after": after}
        return _masked(record, self._began, self._first and to_hex24(self._first.order_id))  # type: ignore[no-any-return]


async def by_hub(world: World, caller: Caller, verb: str, order: Order, reason: str | None = None) -> None:
    """Execute a command of the hub on an order."""
    order_id = order.order_id
    commands: dict[str, Command] = {
        "hold": PlaceHolds(order_id=order_id, holds=(HoldRequest(reason or "address"),)),
        "release": ReleaseHolds(order_id=order_id),
        "ship": ShipOrder(order_id=order_id),
        "cancel": CancelOrder(order_id=order_id, reason=reason),
        "cancel one": CancelOrder(order_id=order_id, lines={0: 1}, reason=reason),
        "tag": ChangeTags(order_id=order_id, add=("vip",)),
        "archive": ArchiveOrder(order_id=order_id),
        "note": AddNote(order_id=order_id, text=reason or "seen"),
    }
    await execute(world.context, caller, [commands[verb]], door="hub")


def _event(entry: queries.TimelineEntry) -> dict[str, Tree]:
    order_event = decode_event(entry.event)
    record: dict[str, Tree] = {"name": order_event.name, "actor": entry.event.actor, "door": entry.event.door}
    for name in ("joined", "reason", "note", "text", "topic", "data"):
        value = getattr(order_event, name, None)
        if value:
            record[name] = _plain(value)
    record["changes"] = [
        [".".join(map(str, path)), *(["<time>"] * 2 if path[-1] == "at" else _plain([was, now]))]
        for path, was, now in entry.changes
    ]
    return record


def _plain(value: Any) -> Tree:
    return json.loads(msgspec.json.Encoder(decimal_format="number").encode(value))


def _masked(node: Tree, began: float, first: str | None, name: str = "") -> Tree:
    if isinstance(node, dict):
        return {key: _masked(value, began, first, key) for key, value in node.items()}
    if isinstance(node, list):
        return [_masked(value, began, first) for value in node]
    if not isinstance(node, str):
        return "<time>" if isinstance(node, int) and name == "at" else node
    if name == "auditId":
        return "<audit>"
    if name == "url":
        return node.rpartition("/")[0] + "/<key>"
    if _TIME.fullmatch(node) and node >= time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(began)):
        return "<time>"
    if _ID.fullmatch(node) and from_hex24(node) is not None and int(node[:8], 16) >= int(began):
        return "<id>" if node == first else "<made id>"
    return node
