"""Recorded cases: what a call answers and what it does to the order, exactly, one file each.

A file holds what is `given` (requests done first), the `request`, and as recorded the `response` and the order's hub document
`before` and `after` it. Ids and times differ from run to run and stand as placeholders: `<A>` is the hub id of the order that
the given request named A made, `<A.s2>` its S2 id, `<A.updated_at>` its time, `<time 1>` the earliest of the server's times.
With `GOLDEN=record` in the environment the files are written anew, to be read by whoever did that.
"""

import json
import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from crossdock.core.identity import from_base32, from_uuid, to_base32, to_uuid
from tests.vendors import VENDORS
from tests.world import World

Tree = Any
_TIMES = ("created_at", "updated_at", "at", "createdAt", "updatedAt")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
_IN_TEXT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
)  # a body that is not JSON: the server's times have 6 digits
_SHOWN = ("etag", "dry-run", "idempotent-replayed", "link", "allow", "content-disposition", "content-type")


async def check(world: World, path: Path) -> None:
    """Do what a file says and compare; or, when asked to, record."""
    case = json.loads(path.read_text())  # noqa: ASYNC240 - a test may wait for its file
    told = await played(world, case)
    whole = {"given": case["given"], "request": case["request"]} | told
    if os.environ.get("GOLDEN") == "record":
        path.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n")  # noqa: ASYNC240
        return
    assert json.dumps(whole, indent=1) == json.dumps(case, indent=1)  # as text, because the order of members counts


async def played(world: World, case: Tree) -> dict[str, Tree]:
    """Do a case's requests and give what came of the last: its answer, and the order before and after."""
    token = await world.bearer()
    names: dict[str, str] = {}
    for step in case["given"]:
        answer = await _ask(world, token, step, names)
        assert answer.status_code < 300, answer.text
        if "name" in step:
            await _remember(world, token, step["name"], answer.json()["id"], names)
    before = await _document(world, token, names)
    answer = await _ask(world, token, case["request"], names)
    if "name" in case["request"]:
        await _remember(world, token, case["request"]["name"], answer.json()["id"], names)
    after = await _document(world, token, names)
    told = {"response": _shown(answer), "before": before, "after": "as before" if after == before else after}
    return _masked(told, names)  # type: ignore[no-any-return]


async def _ask(world: World, token: dict[str, str], step: Tree, names: dict[str, str]) -> httpx.Response:
    door = "hub" if step["path"].startswith("/hub") else "s2"
    body = step.get("body")
    if "sample" in step:
        body = json.loads(json.dumps(VENDORS[step["sample"]].body(step["number"]))) | step.get("with", {})
        door = step["sample"]
    headers = VENDORS[door].headers("golden") | step.get("headers", {})
    content = None if body is None else _named(json.dumps(body), names).encode()
    return await world.http.request(
        step["method"], _named(step["path"], names), content=content,
        headers={name: _named(value, names) for name, value in headers.items()} | token,
    )  # fmt: skip


async def _remember(world: World, token: dict[str, str], name: str, spelled: str, names: dict[str, str]) -> None:
    order_id = from_base32(spelled) or from_uuid(spelled)
    assert order_id is not None
    document = (await world.http.get(f"/hub/v1/orders/{to_base32(order_id)}", headers=token)).json()
    names |= {f"<{name}>": to_base32(order_id), f"<{name}.s2>": to_uuid(order_id)}
    names[f"<{name}.updated_at>"] = document["updated_at"]


async def _document(world: World, token: dict[str, str], names: dict[str, str]) -> Tree:
    """Give the hub's document of the first order made, which is the one a case is about; None where none was."""
    order_id = next(iter(names.values()), None)
    return order_id and (await world.http.get(f"/hub/v1/orders/{order_id}", headers=token)).json()


def _named(text: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(name, value)
    return text


def _shown(answer: httpx.Response) -> dict[str, Tree]:
    headers = {name: answer.headers[name] for name in _SHOWN if name in answer.headers}
    is_json = answer.headers.get("content-type", "").endswith("json") and answer.content
    return {"status": answer.status_code, "headers": headers, "body": answer.json() if is_json else answer.text}


# ------------------------------------------------------------------------------------------------------------ placeholders
def _masked(told: Tree, names: dict[str, str]) -> Tree:
    times = sorted({_moment(each) for each in _found_times(told)})
    spelled = {value: name for name, value in names.items() if not name.endswith("_at>")}
    return _replaced(told, (), spelled, {time: f"<time {place}>" for place, time in enumerate(times, 1)})


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _is_time(name: str | int, value: Tree) -> bool:
    return name in _TIMES and isinstance(value, str) and _TIME.fullmatch(value) is not None


def _found_times(node: Tree) -> list[str]:
    rows = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    found: list[str] = []
    for name, value in rows:
        if name == "body" and isinstance(value, str):
            found += _IN_TEXT.findall(value)
        else:
            found += [value] if _is_time(name, value) else _found_times(value)
    return found


def _replaced(node: Tree, path: tuple[str | int, ...], names: dict[str, str], times: dict[datetime, str]) -> Tree:
    if isinstance(node, dict):
        return {name: _replaced(value, (*path, name), names, times) for name, value in node.items()}
    if isinstance(node, list):
        return [_replaced(value, (*path, place), names, times) for place, value in enumerate(node)]
    if not isinstance(node, str) or not path:
        return node
    if _is_time(path[-1], node):
        return times[_moment(node)]
    if path[-1] in ("submission_id", "request_id", "next", "link"):
        return f"<{path[-1]}>"
    if path[-1] == "id" and "attachments" in path:
        return "<uuid>"
    for value, name in names.items():
        node = node.replace(value, name)
    return _IN_TEXT.sub(lambda found: times[_moment(found[0])], node) if path[-1] == "body" else node
