"""Every call of the hub, made once in a sequence that makes sense, with its answers: for examples and schemas."""

import re
from typing import Any

import httpx
import msgspec

from crossdock import demo
from crossdock.doors.hub import DOOR
from crossdock.doors.hub.routes.feed import _STREAM
from tests.doors.hub.inbound_calls import inbound_calls
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
        csv = more.pop("csv", None)
        sent = {"json": body} if body is not None else {"content": csv.encode()} if csv is not None else more
        params = more.get("params")
        answer = await self._world.http.request(method, path, **sent | {"params": params}, headers=headers)
        fixed = [route for route, pattern in _PATHS if route.method == method and path in route.paths]
        route = (fixed or [route for route, pattern in _PATHS if route.method == method and pattern.fullmatch(path)])[0]
        self.made.append(Call(route.operation, body if body is not None else more.get("data") or csv, answer))
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
    await _locations(calls)
    await _products(calls)
    await _shipping_methods(calls)
    await _stock(calls)
    await _allocation(calls)
    await inbound_calls(world, calls)
    await _fulfillment(calls)
    await _returns(calls)
    await _access_log(world, calls, order_id)
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


async def _access_log(world: World, calls: Calls, order_id: str) -> None:
    world.context.access_log.is_on = True
    await calls.make("GET", f"/orders/{order_id}")
    await world.context.access_log.store()
    world.context.access_log.is_on = False
    await calls.make("GET", "/access-log", params={"order_id": order_id})
    await calls.make("GET", "/access-log", params={"kind": "write"})


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


# ------------------------------------------------------------------------------------------------ catalog, stock, allocation
LOCATION = {
    "code": "VAN",
    "name": "Vancouver",
    "address": {"lines": ["638 Manitoba Ave"], "city": "Vancouver", "region": "BC", "country": "CA"},
    "latitude": 49.28,
    "longitude": -123.12,
    "capacity": 200,
}
LOCATIONS = """code,name,city,country,latitude,longitude,priority
WPG,Winnipeg,Winnipeg,CA,49.9,-97.14,60
TOR,Toronto,Toronto,Canada,,,
"""
_CSV = {"Accept": "text/csv"}


async def _locations(calls: Calls) -> None:
    await calls.make("POST", "/locations", LOCATION)
    await calls.make("POST", "/locations", LOCATION)
    await calls.make("POST", "/locations", LOCATION | {"code": "a/b", "priority": 101})
    await calls.make("POST", "/locations/import", csv=LOCATIONS)
    await calls.make("POST", "/locations/import", csv="name,size\nToronto,5\n")
    await calls.make("PUT", "/locations/TOR", {"code": "TOR", "name": "Toronto", "type": "store"})
    await calls.make("PUT", "/locations/TOR", {"code": "MTL"})
    await calls.make("PATCH", "/locations/TOR", {"active": False}, more_headers={"If-Match": '"1"'})
    await calls.make("PATCH", "/locations/TOR", {"active": True}, more_headers={"If-Match": '"1"'})
    await calls.make("PATCH", "/locations/MTL", {"active": True})
    await calls.make("GET", "/locations/VAN")
    await calls.make("GET", "/locations/MTL")
    await calls.make("GET", "/locations", params={"q": "van", "limit": 1})
    await calls.make("GET", "/locations", params={"limit": 0})
    await calls.make("GET", "/locations", more_headers=_CSV)
    await calls.make("DELETE", "/locations/TOR")
    await calls.make("DELETE", "/locations/TOR")


PRODUCT = {
    "sku": "MUG",
    "name": "Mug",
    "gtin": "4006381333931",
    "weight": "0.35",
    "customs": {"tariff_code": "6912.00", "origin_country": "PT", "value": "4.20", "currency": "EUR"},
}
PRODUCTS = "sku,name,gtin,weight\nSPOON,Spoon,,0.05\nFORK,Fork,123,\n"


async def _products(calls: Calls) -> None:
    await calls.make("POST", "/products", PRODUCT)
    await calls.make("POST", "/products", PRODUCT)
    await calls.make("POST", "/products", PRODUCT | {"gtin": "4006381333932"})
    await calls.make("POST", "/products/import", csv=PRODUCTS)
    await calls.make("POST", "/products/import", csv="name\nFork\n")
    await calls.make(
        "PUT", "/products/SET", {"sku": "SET", "name": "Set", "components": [{"sku": "MUG", "quantity": 2}]}
    )
    await calls.make("PUT", "/products/SET", {"sku": "SET", "components": [{"sku": "PLATE", "quantity": 2}]})
    await calls.make("PATCH", "/products/SET", {"name": "Set of two mugs"}, more_headers={"If-Match": '"1"'})
    await calls.make("PATCH", "/products/SET", {"name": "Set"}, more_headers={"If-Match": '"1"'})
    await calls.make("PATCH", "/products/PLATE", {"name": "Plate"})
    await calls.make("GET", "/products/MUG")
    await calls.make("GET", "/products/PLATE")
    await calls.make("GET", "/products", params={"q": "mug", "limit": 1})
    await calls.make("GET", "/products", params={"limit": 0})
    await calls.make("GET", "/products", more_headers=_CSV)
    await calls.make("DELETE", "/products/SET")
    await calls.make("DELETE", "/products/SET")


METHOD = {
    "code": "EXPRESS",
    "name": "Express",
    "carrier": "UPS",
    "service": "Worldwide Express",
    "min_days": 2,
    "max_days": 5,
    "cost": "9.50",
    "currency": "EUR",
    "countries": ["CA", "US"],
    "cutoff_time": "13:30",
}
METHODS = (
    "code,name,cost,currency,countries,cutoff_time\nGROUND,Ground,4.00,EUR,CA US,\nNIGHT,Overnight,many,EUR,,25:00\n"
)


async def _shipping_methods(calls: Calls) -> None:
    path = "/shipping-methods"
    await calls.make("POST", path, METHOD)
    await calls.make("POST", path, METHOD)
    await calls.make("POST", path, METHOD | {"max_days": 1, "currency": None, "cutoff_time": "1330"})
    await calls.make("POST", f"{path}/import", csv=METHODS)
    await calls.make("POST", f"{path}/import", csv="name,size\nGround,5\n")
    await calls.make("PUT", f"{path}/PICKUP", {"code": "PICKUP", "name": "Pickup in the shop"})
    await calls.make("PUT", f"{path}/PICKUP", {"code": "EXPRESS"})
    await calls.make("PATCH", f"{path}/PICKUP", {"active": False}, more_headers={"If-Match": '"1"'})
    await calls.make("PATCH", f"{path}/PICKUP", {"active": True}, more_headers={"If-Match": '"1"'})
    await calls.make("PATCH", f"{path}/NIGHT", {"active": True})
    await calls.make("GET", f"{path}/EXPRESS")
    await calls.make("GET", f"{path}/NIGHT")
    await calls.make("GET", path, params={"q": "ups", "limit": 1})
    await calls.make("GET", path, params={"limit": 0})
    await calls.make("GET", path, more_headers=_CSV)
    await calls.make("DELETE", f"{path}/PICKUP")
    await calls.make("DELETE", f"{path}/PICKUP")


def _at(location: str, **more: Any) -> dict[str, Any]:
    return {"items": [{"sku": "MUG", "location": location, **more}]}


async def _stock(calls: Calls) -> None:
    await calls.make("POST", "/stock/receive", _at("VAN", quantity=8, reason="Purchase order 7"))
    await calls.make("POST", "/stock/receive", _at("MTL", quantity=8))
    await calls.make("POST", "/stock/count", _at("WPG", quantity=3, reason="Inventory"))
    await calls.make("POST", "/stock/count", _at("WPG", quantity=-1))
    await calls.make("POST", "/stock/adjust", _at("VAN", delta=-1, reason="Broken"))
    await calls.make("POST", "/stock/adjust", _at("VAN", delta=-100))
    limits = {"safety": 1, "threshold": 10, "counters": [{"name": "damaged", "quantity": 1}]}
    await calls.make("POST", "/stock/limits", _at("VAN", **limits))
    await calls.make("POST", "/stock/limits", _at("VAN"))
    await calls.make("POST", "/stock/import", csv="sku,location,on_hand,reason\nSPOON,WPG,40,Inventory\nSPOON,MTL,4,\n")
    await calls.make("POST", "/stock/import", csv="sku,location\nSPOON,WPG\n")
    await calls.make("GET", "/stock", params={"low": "true"})
    await calls.make("GET", "/stock", params={"low": "yes"})
    await calls.make("GET", "/stock", more_headers=_CSV)
    await calls.make("GET", "/stock/movements", params={"sku": "MUG", "location": "VAN", "limit": 2})
    await calls.make("GET", "/stock/movements", params={"sku": "MUG"})
    await calls.make("GET", "/stock/movements", params={"sku": "PLATE", "location": "VAN"})
    await calls.make("GET", "/stock/availability", params={"sku": ["MUG", "SPOON"]})
    await calls.make("GET", "/stock/availability")
    await calls.make("DELETE", "/products/MUG")
    await calls.make("DELETE", "/locations/VAN")


RULES = [{"name": "one parcel", "countries": ["CA"], "scores": [{"kind": "distance"}], "split": False}]


async def _allocation(calls: Calls) -> None:
    await calls.make("GET", "/allocation-settings")
    order = await calls.make("POST", "/orders", ORDER | {"number": "H-4", "lines": [{"sku": "MUG", "quantity": 4}]})
    one = f"/orders/{order['id']}"
    await calls.make("GET", f"{one}/allocations")
    await calls.make("POST", f"{one}/reallocate", {"excluded": ["VAN"], "reason": "VAN is short of staff"})
    await calls.make("POST", f"{one}/reallocate", {"only": ["MTL"]})
    await calls.make("POST", f"{one}/deallocate", {"reason": "Wait for the customer"})
    await calls.make("POST", f"{one}/deallocate", {"allocations": ["0" * 13]})
    await calls.make("POST", f"{one}/reallocate", {})
    await calls.make("POST", f"{one}/allocate", {"location": "VAN", "lines": [{"line": 0, "quantity": 2}]})
    await calls.make("POST", f"{one}/allocate", {"location": "MTL", "only": ["VAN"]})
    await calls.make("POST", "/orders/allocate", {"ids": [order["id"], "0" * 13]})
    await calls.make("POST", "/orders/allocate", {"ids": []})
    await calls.make("GET", "/allocations", params={"location": "VAN"})
    await calls.make("GET", "/allocations")
    for verb in ("allocate", "deallocate", "reallocate"):
        await calls.make("POST", f"/orders/{'0' * 13}/{verb}", {})
        await calls.make("POST", f"{one}/{verb}", {"reason": "again"}, more_headers={"If-Match": '"99"'})
    await calls.make("GET", f"/orders/{'0' * 13}/allocations")
    settings = {"mode": "arrival", "rule_sets": RULES, "consent_days": [7, 14], "max_wait_days": 30}
    await calls.make("PUT", "/allocation-settings", settings)
    await calls.make("PUT", "/allocation-settings", {"mode": "sometimes"})
    await calls.make("PUT", "/allocation-settings", {}, more_headers={"If-Match": '"99"'})
    await calls.make("POST", "/allocation-settings/try", {"rule_sets": RULES, "limit": 100})
    await calls.make("POST", "/allocation-settings/try", {"rule_sets": [{"name": ""}]})


# ------------------------------------------------------------------------------------------ fulfillment, returns, invoices
NOTHING = "0" * 13
STALE = {"If-Match": '"99"'}
UPS = {"carrier": "UPS", "service": "Ground"}


def _units(quantity: int, line: int = 0) -> list[dict[str, int]]:
    return [{"line": line, "quantity": quantity}]


async def _priced_order(calls: Calls, number: str, quantity: int) -> str:
    lines = [{"sku": "SPOON", "quantity": quantity, "unit_price": "25.00"}]
    order = await calls.make("POST", "/orders", ORDER | {"number": number, "lines": lines, "totals": None})
    return str(order["id"])


async def _fulfillment(calls: Calls) -> None:
    await calls.make("POST", "/stock/count", {"items": [{"sku": "SPOON", "location": "WPG", "quantity": 40}]})
    await calls.make("POST", "/stock/count", {"items": [{"sku": "SPOON", "location": "VAN", "quantity": 40}]})
    order_id = await _priced_order(calls, "H-5", 6)
    await calls.make("POST", f"/orders/{order_id}/reallocate", {"only": ["WPG"]})
    body = {"order_id": order_id, "location": "WPG", "reference": "PICK-1"}
    made = await calls.make("POST", "/fulfillments", body | {"lines": _units(4)})
    one = f"/fulfillments/{made['fulfillment']['id']}"
    await calls.make("POST", "/fulfillments", body | {"location": ""})
    await calls.make("POST", "/fulfillments", body | {"lines": _units(7)})
    await calls.make("POST", "/fulfillments", body | {"lines": _units(6)})
    await calls.make("POST", "/fulfillments", body | {"order_id": NOTHING})
    await calls.make("POST", "/fulfillments", body, more_headers=STALE)
    split = await calls.make("POST", f"{one}/split", {"lines": _units(1)})
    other = split["order"]["fulfillments"][-1]["id"]
    await calls.make("POST", f"{one}/split", {"lines": _units(9)})
    await calls.make("POST", f"{one}/merge", {"other_id": other})
    await calls.make("POST", f"{one}/merge", {"other_id": other})
    await calls.make("POST", f"{one}/merge", {"other_id": "x"})
    await calls.make("POST", f"{one}/pick", {"lines": _units(2), "short": _units(1)})
    await calls.make("POST", f"{one}/pick", {"short": _units(9)})
    packages = [{"lines": _units(2), "weight": {"value": "0.1", "unit": "KG"}}]
    await calls.make("POST", f"{one}/pack", {"packages": packages})
    await calls.make("POST", f"{one}/pack", {"packages": [{"lines": _units(9)}]})
    shipped = await calls.make("POST", f"{one}/ship", UPS | {"tracking_number": "1Z999AA10123456784"})
    await calls.make("POST", f"{one}/ship", {"lines": _units(9)})
    await calls.make("POST", f"{one}/ready", {"pickup_by": "2099-01-01T00:00:00Z"})
    await calls.make("POST", f"{one}/ready", {"pickup_by": "tomorrow"})
    moved = await calls.make("POST", f"{one}/move", {"location": "VAN", "reason": "WPG is short of staff"})
    await calls.make("POST", f"{one}/move", {"location": "VAN"})
    await calls.make("POST", f"{one}/move", {"location": "MTL"})
    new = moved["fulfillment"]["id"]
    await calls.make("POST", f"/fulfillments/{new}/cancel", {"reason": "The customer waits"})
    await calls.make("POST", f"/fulfillments/{new}/cancel", {})
    await calls.make("POST", f"/fulfillments/{new}/cancel", {"keep": "yes"})
    await calls.make("GET", one)
    await calls.make("GET", f"/fulfillments/{NOTHING}")
    await calls.make("GET", "/fulfillments", params={"location": "WPG", "status": "shipped", "limit": 1})
    await calls.make("GET", "/fulfillments", params={"status": "lost"})
    await _packages(calls, shipped["fulfillment"]["packages"][0]["id"])
    await _other_ways(calls)
    for verb, sent in (("pick", {}), ("pack", {"packages": packages}), ("ship", {}), ("cancel", {}),
                       ("move", {"location": "VAN"}), ("split", {"lines": _units(1)}), ("merge", {"other_id": other}),
                       ("ready", {})):  # fmt: skip
        await calls.make("POST", f"/fulfillments/{NOTHING}/{verb}", sent)
        await calls.make("POST", f"{one}/{verb}", sent, more_headers=STALE)


async def _packages(calls: Calls, package_id: str) -> None:
    report = {"tracking_number": "1Z999AA10123456784", "status": "in_transit", "at": "2026-02-01T08:00:00Z"}
    await calls.make("POST", "/tracking", report | {"place": "Winnipeg", "text": "Departed from the facility"})
    await calls.make(
        "POST", "/tracking", {"items": [{"package_id": NOTHING, "status": "lost"}, report | {"status": "delivered"}]}
    )
    await calls.make("POST", "/tracking", {"items": [{"status": "eaten"}]})
    again = f"/packages/{package_id}/reship"
    await calls.make("POST", again, UPS | {"lines": _units(1), "reason": "One arrived broken"})
    await calls.make("POST", again, {"lines": _units(9)})
    await calls.make("POST", again, {"location": "TOR"})
    await calls.make("POST", f"/packages/{NOTHING}/reship", {})
    await calls.make("POST", again, {}, more_headers=STALE)


async def _other_ways(calls: Calls) -> None:
    order_id = await _priced_order(calls, "H-6", 2)
    body = {"order_id": order_id, "location": "VAN", "kind": "pickup"}
    pickup = (await calls.make("POST", "/fulfillments", body))["fulfillment"]["id"]
    await calls.make("POST", f"/fulfillments/{pickup}/ready", {"pickup_by": "2099-01-01T00:00:00Z"})
    await calls.make("POST", "/fulfillments/ship", {"items": [{"id": pickup}, {"id": NOTHING}]})
    await calls.make("POST", "/fulfillments/ship", {"items": []})


async def _returns(calls: Calls) -> None:
    await calls.make("GET", "/return-policy")
    policy = {"name": "30 days", "days": 30, "reasons": ["Too small", "Damaged"], "appeasement_percent": 20}
    await calls.make("PUT", "/return-policy", policy)
    await calls.make("PUT", "/return-policy", {"days": 0})
    await calls.make("PUT", "/return-policy", policy, more_headers=STALE)
    order_id = await _priced_order(calls, "H-7", 3)
    one = f"/orders/{order_id}"
    await calls.make("POST", f"{one}/returns", {})
    shipping = UPS | {"location": "VAN", "tracking_number": "1Z999AA10123456999"}
    await calls.make("POST", f"{one}/ship", shipping | {"lines": _units(9)})
    await calls.make("POST", f"{one}/ship", shipping | {"lines": _units(2)})
    await calls.make("GET", f"{one}/returns/eligibility")
    body = {"reason": "Too small", "location": "VAN", "reference": "RMA-1"}
    made = await calls.make("POST", f"{one}/returns", body | {"lines": _units(2)})
    await calls.make("POST", f"{one}/returns", {"reason": "No reason"})
    back = f"/returns/{made['return']['id']}"
    await calls.make("POST", f"{back}/receive", {"lines": _units(1)})
    await calls.make("POST", f"{back}/receive", {"lines": _units(9)})
    await calls.make("POST", f"{back}/judge", {"restock": _units(1)})
    await calls.make("POST", f"{back}/judge", {"scrap": _units(9)})
    await calls.make("POST", f"{back}/cancel", {"reason": "The customer keeps the other one"})
    await calls.make("POST", f"{back}/cancel", {})
    await calls.make("POST", f"{back}/cancel", {"reason": ""})
    await calls.make("POST", f"{back}/receive", {})
    await calls.make("GET", back)
    await calls.make("GET", f"/returns/{NOTHING}")
    await calls.make("GET", "/returns", params={"status": "judged"})
    await calls.make("GET", "/returns", params={"status": "lost"})
    await _money(calls, one, back)
    for verb, sent in (("receive", {}), ("judge", {"scrap": _units(1)}), ("cancel", {}), ("refund", {})):
        await calls.make("POST", f"/returns/{NOTHING}/{verb}", sent)
        await calls.make("POST", f"{back}/{verb}", sent, more_headers=STALE)
    for verb, sent in (("ship", {}), ("returns", {}), ("refund", {"amount": "1.00"}), ("payments", {"reference": "p"})):
        await calls.make("POST", f"/orders/{NOTHING}/{verb}", sent)
        await calls.make("POST", f"{one}/{verb}", sent, more_headers=STALE)
    for path in ("returns/eligibility", "balance", "invoices"):
        await calls.make("GET", f"/orders/{NOTHING}/{path}")


async def _money(calls: Calls, one: str, back: str) -> None:
    await calls.make("POST", f"{one}/payments", {"reference": "pay_123", "method": "card", "captured": "75.00"})
    await calls.make("POST", f"{one}/payments", {"reference": "pay_123", "refunded": "80.00"})
    await calls.make("POST", f"{back}/refund", {"reason": "Came back"})
    await calls.make("POST", f"{back}/refund", {"amount": "999.00"})
    refund = {"amount": "5.00", "kind": "appeasement", "reason": "Late", "reference": "REFUND-1"}
    await calls.make("POST", f"{one}/refund", refund)
    await calls.make("POST", f"{one}/refund", refund | {"amount": "50.00", "reference": "REFUND-2"})
    await calls.make("GET", f"{one}/balance")
    invoices = (await calls.make("GET", f"{one}/invoices"))["items"]
    await calls.make("GET", f"/invoices/{invoices[0]['id']}")
    await calls.make("GET", f"/invoices/{NOTHING}")
    for path in (
        f"/fulfillments/{NOTHING}/packing-slip",
        f"/fulfillments/{NOTHING}/labels",
        f"/invoices/{NOTHING}/pdf",
    ):
        await calls.make("GET", path)
    await calls.make("GET", "/pick-list")
    await calls.make("GET", "/invoices", params={"limit": 1})
    await calls.make("GET", "/invoices", params={"limit": 0})
    ids = {"ids": [each["id"] for each in invoices[:2]]}
    await calls.make("POST", "/invoices/acknowledge", ids)
    await calls.make("POST", "/invoices/post", ids)
    await calls.make("POST", "/invoices/acknowledge", ids)
    for verb in ("post", "acknowledge"):
        await calls.make("POST", f"/invoices/{verb}", {"ids": [NOTHING]})
        await calls.make("POST", f"/invoices/{verb}", {"ids": []})
