"""What is the hub's own, and S2's, in their recorded cases; tests/doors/golden.py says what they are.

The state is the hub's document of the order that was made first. A step is a request, or a `sample` of a door; its `name` names
the order it makes: `<A>` is the hub id of the order that the step named A made, `<A.s2>` its S2 id, `<A.updated_at>` its time,
`<time 1>` the earliest of the server's times.
"""

import json
import re
from datetime import datetime
from typing import Any

import httpx

from crossdock.core.ids import from_base32, from_uuid, to_base32, to_uuid
from tests.doors import golden
from tests.vendors import VENDORS
from tests.world import World

Tree = Any
_TIMES = ("created_at", "updated_at", "at", "createdAt", "updatedAt", "shipped_at", "reported_at", "posted_at")
# Of parts of orders, which no step names.
_IDS = (
    "id", "allocation_id", "allocation_ids", "decision_id", "replaces", "fulfillment_id", "package_id", "return_id",
    "payment_id", "refund_id", "invoice_id",
)  # fmt: skip
_INVOICE_NUMBER = re.compile(r"\d{4}(-\d{6})")
_ID = re.compile("[0-9a-hjkmnp-tv-z]{13}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
_IN_TEXT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
)  # a body that is not JSON: the server's times have 6 digits


class Player(golden.Player):
    """See above."""

    shown = ("etag", "dry-run", "idempotent-replayed", "link", "allow", "content-disposition", "content-type")

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.names: dict[str, str] = {}

    async def ask(self, step: Tree) -> httpx.Response:
        """See golden.Player."""
        door = "hub" if step["path"].startswith("/hub") else "s2"
        body = step.get("body")
        if "sample" in step:
            body = json.loads(json.dumps(VENDORS[step["sample"]].body(step["number"]))) | step.get("with", {})
            door = step["sample"]
        headers = VENDORS[door].headers("golden") | step.get("headers", {})
        content = None if body is None else self._named(json.dumps(body)).encode()
        return await self.world.http.request(
            step["method"], self._named(step["path"]), content=content,
            headers={name: self._named(value) for name, value in headers.items()} | self.token,
        )  # fmt: skip

    async def remember(self, step: Tree, answer: httpx.Response) -> None:
        """See golden.Player."""
        if "name" not in step:
            return
        name, rendered = step["name"], answer.json()["id"]
        order_id = from_base32(rendered) or from_uuid(rendered)
        assert order_id is not None
        document = await self._document(to_base32(order_id))
        self.names |= {f"<{name}>": to_base32(order_id), f"<{name}.s2>": to_uuid(order_id)}
        self.names[f"<{name}.updated_at>"] = document["updated_at"]

    async def state(self) -> Tree:
        """See golden.Player; None where no order was made."""
        order_id = next(iter(self.names.values()), None)
        return order_id and await self._document(order_id)

    async def _document(self, order_id: str) -> Tree:
        return (await self.world.http.get(f"/hub/v1/orders/{order_id}", headers=self.token)).json()

    def _named(self, text: str) -> str:
        for name, value in self.names.items():
            text = text.replace(name, value)
        return text

    def body(self, answer: httpx.Response) -> Tree:
        """See golden.Player."""
        is_json = answer.headers.get("content-type", "").endswith("json") and answer.content
        return answer.json() if is_json else answer.text

    def masked(self, response: Tree, before: Tree, after: Tree) -> dict[str, Tree]:
        """See golden.Player."""
        document = {"response": response, "before": before, "after": "as before" if after == before else after}
        return _masked(document, self.names)  # type: ignore[no-any-return]


# ------------------------------------------------------------------------------------------------------------ placeholders
def _masked(document: Tree, names: dict[str, str]) -> Tree:
    times = sorted({_moment(each) for each in _found_times(document)})
    rendered = {value: name for name, value in names.items() if not name.endswith("_at>")}
    return _replaced(document, (), rendered, {time: f"<time {place}>" for place, time in enumerate(times, 1)})


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
    if numbered := _INVOICE_NUMBER.fullmatch(node):
        return f"<year>{numbered[1]}"
    if path[-1] in ("submission_id", "request_id", "next", "link"):
        return f"<{path[-1]}>"
    if path[-1] == "id" and "attachments" in path:
        return "<uuid>"
    for value, name in names.items():
        node = node.replace(value, name)
    of = next(part for part in reversed(path) if isinstance(part, str))
    if of in _IDS and _ID.fullmatch(node):
        return f"<{of}>"
    return _IN_TEXT.sub(lambda found: times[_moment(found[0])], node) if path[-1] == "body" else node
