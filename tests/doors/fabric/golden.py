"""Recorded cases: what a call answers and what it does to the order, exactly, one file each.

A file holds what is `given` (steps done first), the `request`, and as recorded the `response` and the order's state `before`
and `after`: version, status, holds, counters, and the events since. What differs from run to run stands as a placeholder:
`<id>` for the first order's id, `<made id>` for other ids of ours, `<audit>`, `<time>`. A step is a request, or a `do` of the
hub. `<answer>` as a body is the order's own answer, laid over with the step's `with`; `<webhook>` in a path is the id of the
only webhook.
With `GOLDEN=record` in the environment the files are written anew, to be read by whoever did that.
"""

import json
import os
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec

from crossdock.core.events import fact_of
from crossdock.core.identity import from_hex24, to_hex24
from crossdock.core.order import Order
from crossdock.flows import access, orders, queries
from crossdock.flows.access import Caller
from crossdock.store.pages import Filters
from tests.doors.fabric.conftest import CONTEXT, ORDERS, shirts, smallest
from tests.vendors import VENDORS
from tests.world import World

Tree = Any
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_ID = re.compile(r"[0-9a-f]{24}")
_SHOWN = ("idempotent-replayed", "allow", "location", "content-type")


async def check(world: World, path: Path) -> None:
    """Do what a file says and compare; or, when asked to, record."""
    case = json.loads(path.read_text())  # noqa: ASYNC240 - a test may wait for its file
    told = await played(world, case)
    whole = {"given": case["given"], "request": case["request"]} | told
    if os.environ.get("GOLDEN") == "record":
        path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")  # noqa: ASYNC240
        return
    assert json.dumps(whole, indent=1) == json.dumps(case, indent=1)  # as text, because the order of members counts


async def played(world: World, case: Tree) -> dict[str, Tree]:
    """Do a case's steps and its request, and give what came of it."""
    began = time.time()
    headers = await world.bearer() | CONTEXT
    caller = Caller(await world.demo_organization(), "ops", frozenset(access.SCOPES))
    for step in case["given"]:
        await _given(world, caller, headers, step)
    first = await _first(world, caller)
    before = first and await _state(world, caller, first, 0)
    answer = await _ask(world, caller, headers, case["request"])
    first = first or await _first(world, caller)
    after = first and await _state(world, caller, first, before["events"] if before else 0)
    if before and after and after == before | {"events": []}:
        after = "as before"
    shown = {name: answer.headers[name] for name in _SHOWN if name in answer.headers}
    is_json = bool(answer.content) and answer.headers["content-type"] == "application/json"
    response = {"status": answer.status_code, "headers": shown, "body": answer.json() if is_json else answer.text}
    if before:
        del before["events"]
    told = {"response": response, "before": before, "after": after}
    return _masked(told, began, first and to_hex24(first.order_id))  # type: ignore[no-any-return]


async def _given(world: World, caller: Caller, headers: dict[str, str], step: Tree) -> None:
    if "create" in step:
        door = step["create"]
        body = {"shirts": shirts, "smallest": smallest}.get(door)
        if body is not None:
            answer = await world.http.post(ORDERS, json=body(**step.get("with", {})), headers=headers)
        else:
            vendor = VENDORS[door]
            token = {"Authorization": headers["Authorization"]}
            answer = await world.http.post(
                vendor.create, json=vendor.body("N-1") | step.get("with", {}), headers=token | vendor.headers("golden")
            )
        assert answer.status_code < 300, answer.text
    elif "do" in step:
        await by_hub(world, caller, step["do"], await _named(world, caller, step), step.get("reason"))
    else:
        answer = await _ask(world, caller, headers, step)
        assert answer.status_code < 300, answer.text


async def _named(world: World, caller: Caller, step: Tree) -> Order:
    found = await _first(world, caller)
    assert found is not None, step
    return found


async def by_hub(world: World, caller: Caller, verb: str, order: Order, reason: str | None = None) -> None:
    """Do a verb of the hub to an order."""
    steps = {
        "hold": lambda: orders.hold(caller, order.order_id, [orders.HoldWish(reason or "address")]),
        "release": lambda: orders.release(order.order_id),
        "ship": lambda: orders.ship(order.order_id),
        "cancel": lambda: orders.cancel(order.order_id, reason=reason),
        "cancel one": lambda: orders.cancel(order.order_id, lines=lambda _: {0: 1}, reason=reason),
        "tag": lambda: orders.tag(order.order_id, lambda tags: [*tags, "vip"]),
        "archive": lambda: orders.archive(order.order_id),
        "note": lambda: orders.note(order.order_id, reason or "seen"),
    }
    await orders.perform(world.book, caller, [steps[verb]()], door="hub")


async def _first(world: World, caller: Caller) -> Order | None:
    """Give the order that was made first, which is the one a case is about."""
    page = await queries.page(world.book, caller, Filters(), limit=1, ascending=True)
    return page.orders[0] if page.orders else None


async def _ask(world: World, caller: Caller, headers: dict[str, str], step: Tree) -> httpx.Response:
    first = await _first(world, caller)
    identity = to_hex24(first.order_id) if first else ""
    body = step.get("body")
    if body == "<answer>":
        read = await world.http.get(ORDERS, params={"orderId": identity}, headers=headers)
        body = {name: value for name, value in read.json().items() if name not in step.get("without", ())}
        body |= step.get("with", {})
    content = b"" if body is None else json.dumps(body).replace("<id>", identity).encode()
    path = step["path"].replace("<id>", identity)
    if "<webhook>" in path:
        (webhook,) = (await world.http.get("/api/v2/webhook", headers=headers)).json()
        path = path.replace("<webhook>", webhook["webhookId"])
    return await world.http.request(
        step["method"], "/api/v2" + path, content=content, headers=headers | step.get("headers", {})
    )


async def _state(world: World, caller: Caller, order: Order, seen: Any) -> dict[str, Tree]:
    """Give an order's state, with the events it has had since it had `seen` (a number, or the events told before)."""
    now = await queries.order(world.book, caller, order_id=order.order_id)
    recorded = await queries.history(world.book, caller, order_id=order.order_id)
    known = seen if isinstance(seen, int) else len(seen)
    entries = queries.timeline(recorded)
    return {
        "version": now.version,
        "status": str(now.status),
        "holds": [hold.reason for hold in now.holds],
        "counters": [msgspec.to_builtins(each) for each in now.counters],
        "events": [_event(entry) for entry in entries[known:]],
    }


def _event(entry: queries.Entry) -> dict[str, Tree]:
    fact = fact_of(entry.event)
    told: dict[str, Tree] = {"name": fact.name, "actor": entry.event.actor, "door": entry.event.door}
    for name in ("joined", "reason", "note", "text", "topic", "data"):
        value = getattr(fact, name, None)
        if value:
            told[name] = _plain(value)
    told["changes"] = [
        [".".join(map(str, path)), *(["<time>"] * 2 if path[-1] == "at" else _plain([was, now]))]
        for path, was, now in entry.changes
    ]
    return told


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
    if _TIME.fullmatch(node) and node >= time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(began)):
        return "<time>"
    if _ID.fullmatch(node) and from_hex24(node) is not None and int(node[:8], 16) >= int(began):
        return "<id>" if node == first else "<made id>"
    return node


def stems(files: Sequence[Path]) -> list[str]:
    """Give the names of cases."""
    return [path.stem for path in files]
