"""Every call of the hub, made once in a sequence that makes sense, with its answers: for examples and schemas."""

import re
from typing import Any

import httpx
import msgspec

from crossdock import demo
from crossdock.doors.hub import DOOR
from crossdock.doors.hub.routes.feed import _STREAM
from tests.doors.hub.telling import over
from tests.notifications.receiver import Receiver
from tests.notifications.world import eventually, working
from tests.world import World

ORDERS = "/hub/v1/orders"
ORDER = {
    "number": "H-1",
    "currency": "USD",
    "placed_at": "2026-01-30T10:53:24Z",
    "customer": {"name": "Jane Smith", "email": "jane@example.com"},
    "destinations": [
        {"address": {"name": "Jane Smith", "lines": ["1822 Franklin Street"], "city": "Vancouver", "country": "CA"}}
    ],
    "lines": [{"sku": "SKU-RED-M", "quantity": 2, "unit_price": "25.00"}],
    "totals": {"items": "50.00"},
}
REFUSED = {"number": "H-2", "currency": "XYZ", "lines": [{"sku": "SKU-RED-M", "quantity": 1}]}
_PATHS = [
    (route, re.compile(re.sub(r"\{\w+\}", "[^/]+", path))) for route in DOOR.routes for path in sorted(route.paths)
]


class Call(msgspec.Struct):
    """One call: the operation, what was sent and what came back."""

    operation: str
    sent: Any
    answer: httpx.Response


class Calls:
    """Makes calls and remembers them."""

    def __init__(self, world: World, headers: dict[str, str]) -> None:
        self._world, self._headers = world, headers
        self.made: list[Call] = []

    async def make(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """Make a call below /hub/v1 and return its answer as JSON, if it is."""
        path = f"/hub/v1{path}"
        headers = more.pop("headers", self._headers) | more.pop("more_headers", {})
        sent = {"json": body} if body is not None else more
        params = more.get("params")
        answer = await self._world.http.request(method, path, **sent | {"params": params}, headers=headers)
        fixed = [route for route, pattern in _PATHS if route.method == method and path in route.paths]
        route = (fixed or [route for route, pattern in _PATHS if route.method == method and pattern.fullmatch(path)])[0]
        self.made.append(Call(route.operation, body if body is not None else more.get("data"), answer))
        is_json = answer.headers.get("content-type", "").endswith(("/json", "+json")) and answer.content
        return answer.json() if is_json else None


async def all_calls(world: World, headers: dict[str, str]) -> list[Call]:
    """Make every call of the hub, and some that are refused."""
    calls = Calls(world, headers)
    async with working(world.context):
        await _tokens(world, calls)
        order_id = await _orders(calls)
        await _changes(calls, order_id)
        await _reads(calls, order_id)
        await _submissions(calls)
        await _feed(calls)
        await _mails(world, headers, calls)
        async with Receiver() as receiver:
            await _endpoints(world, headers, calls, receiver)
    await calls.make("POST", "/token/revoke", headers=await world.bearer(scope="orders:read"))
    return calls.made


async def _tokens(world: World, calls: Calls) -> None:
    form = {"grant_type": "client_credentials", "client_id": demo.CLIENT_ID, "client_secret": demo.CLIENT_SECRET}
    await calls.make("POST", "/token", data=form | {"scope": "orders:read"}, headers={})
    await calls.make("POST", "/token", data=form | {"client_secret": "wrong"}, headers={})
    await calls.make("GET", "/orders", headers={})


async def _orders(calls: Calls) -> str:
    order = await calls.make("POST", "/orders", ORDER)
    await calls.make("POST", "/orders", ORDER | {"notes": "other content"})
    await calls.make("POST", "/orders", REFUSED)
    await calls.make("POST", "/orders", content=b"{")
    await calls.make("POST", "/orders", content=b"[" * 2_000_000)
    await calls.make("GET", "/orders", params={"status": "open", "limit": 1})
    await calls.make("GET", "/orders", params={"status": "lost"})
    await calls.make("GET", "/orders/counts")
    return str(order["id"])


async def _changes(calls: Calls, order_id: str) -> None:
    one = f"/orders/{order_id}"
    await calls.make("POST", f"{one}/hold", {"holds": [{"reason": "fraud", "note": "Card of another country"}]})
    await calls.make("POST", f"{one}/hold", {"holds": []})
    await calls.make("POST", f"{one}/release", {"reasons": ["fraud"], "reason": "The bank called back"})
    edit = {"notes": "Ring twice", "customer": {"email": "jane.smith@example.com"}}
    await calls.make("POST", f"{one}/edit", edit, params={"reason": "The customer called"})
    await calls.make("POST", f"{one}/edit", {"notes": "Ring once"}, more_headers={"If-Match": '"1"'})
    await calls.make("POST", f"{one}/tag", {"add": ["vip"]})
    await calls.make("POST", f"{one}/note", {"text": "Prefers the back door"})
    await calls.make("POST", f"{one}/cancel", {"lines": [{"line": 0, "quantity": 1}], "reason": "Out of stock"})
    await calls.make("POST", f"{one}/archive", {"reason": "Done"})
    await calls.make("POST", f"{one}/unarchive", {})
    for verb in ("edit", "hold", "release", "cancel", "tag", "note", "archive", "unarchive"):
        body = {"text": "x"} if verb == "note" else {"holds": [{"reason": "x"}]} if verb == "hold" else {"add": ["x"]}
        await calls.make("POST", f"/orders/{'0' * 13}/{verb}", body if verb in ("note", "hold", "tag") else {})


async def _reads(calls: Calls, order_id: str) -> None:
    one = f"/orders/{order_id}"
    order = await calls.make("GET", one)
    await calls.make("GET", one, more_headers={"If-None-Match": f'"{order["version"]}"'})
    await calls.make("GET", one, params={"as": "s2"})
    await calls.make("GET", f"/orders/{'0' * 13}")
    await calls.make("GET", f"{one}/events", params={"limit": 3})
    await calls.make("GET", f"{one}/events", params={"cursor": "3-00000000"})
    await calls.make("GET", "/orders/export", params={"format": "ndjson"})
    await calls.make("GET", "/orders/export", params={"format": "csv"})
    await calls.make("GET", "/orders/export")


async def _submissions(calls: Calls) -> None:
    page = await calls.make("GET", "/submissions", params={"status": "refused", "limit": 1})
    oversized = page["items"][0]["id"]
    page = await calls.make("GET", "/submissions", params={"status": "refused"})
    refused = next(each["id"] for each in page["items"] if each["code"] == "invalid")
    await calls.make("GET", f"/submissions/{refused}")
    await calls.make("GET", f"/submissions/{'0' * 13}")
    await calls.make("POST", f"/submissions/{refused}/redrive", REFUSED | {"currency": "USD"})
    await calls.make("POST", f"/submissions/{refused}/redrive", REFUSED | {"currency": "USD"})
    await calls.make("POST", f"/submissions/{oversized}/redrive")


async def _feed(calls: Calls) -> None:
    await calls.make("GET", "/events", params={"limit": 2})
    await calls.make("GET", "/events", params={"after": "2", "limit": 1, "include": "order"})
    await calls.make("GET", "/events", params={"after": "500000"})
    await calls.make("GET", "/events", params={"type": "order.lost"}, more_headers={"Accept": _STREAM})


async def _mails(world: World, headers: dict[str, str], calls: Calls) -> None:
    async def are_kept() -> bool:
        return len((await world.http.get("/hub/v1/mails", headers=headers)).json()["items"]) >= 2

    await eventually(are_kept)
    page = await calls.make("GET", "/mails", params={"limit": 1})
    await calls.make("GET", f"/mails/{page['items'][0]['id']}")
    await calls.make("GET", f"/mails/{'0' * 13}")
    await calls.make("PUT", "/mail-settings", {"sender": "orders@shop.example.com", "locale": "en"})
    await calls.make("PUT", "/mail-settings", {"sender": 5})
    await calls.make("GET", "/mail-settings")


async def _endpoints(world: World, headers: dict[str, str], calls: Calls, receiver: Receiver) -> None:
    made = await calls.make("POST", "/endpoints", {"url": receiver.url, "name": "Shop", "types": ["order.*"]})
    await calls.make("POST", "/endpoints", {"url": "ftp://shop.example.com"})
    one = f"/endpoints/{made['id']}"
    sent = await calls.make("POST", f"{one}/test")
    await calls.make("POST", "/orders", ORDER | {"number": "H-3"})
    await over(world, headers, made["id"], 2)
    await calls.make("GET", "/endpoints")
    await calls.make("GET", one)
    await calls.make("PATCH", one, {"types": ["order.held"]}, more_headers={"If-Match": '"1"'})
    await calls.make("PATCH", one, {"types": ["order.lost"]})
    await calls.make("PATCH", one, {"types": []}, more_headers={"If-Match": '"1"'})
    await calls.make("POST", f"{one}/rotate", {})
    await calls.make("GET", f"{one}/deliveries", params={"state": "delivered", "limit": 1})
    await calls.make("GET", f"{one}/deliveries/{sent['id']}")
    await calls.make("POST", f"{one}/deliveries/{sent['id']}/redeliver")
    await over(world, headers, made["id"], 2)
    await calls.make("POST", f"{one}/redeliver", {"since": "2026-01-30T00:00:00Z", "state": "dead"})
    await calls.make("POST", f"{one}/redeliver", {"since": "yesterday"})
    await calls.make("DELETE", one)
    for path in ("", "/rotate", "/test", "/deliveries", f"/deliveries/{sent['id']}"):
        await calls.make("GET" if path in ("", "/deliveries") or "/deliveries/" in path else "POST", one + path)
    await calls.make("DELETE", one)
    await calls.make("POST", f"{one}/deliveries/{sent['id']}/redeliver")
    await calls.make("POST", f"{one}/redeliver", {"since": "2026-01-30T00:00:00Z"})
    await calls.make("PATCH", one, {"types": []})
