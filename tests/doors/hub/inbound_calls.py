"""Every call of the hub's inbound, made once in a sequence that makes sense, and some that are refused."""

from typing import Any

from tests.flows.allocating import add_locations, count
from tests.notifications.world import caller_of
from tests.world import World

NOTICE: dict[str, Any] = {
    "number": "ASN-1",
    "location": "TORONTO",
    "reference": "PO-7700",
    "supplier": "Mugs and more",
    "expected_at": "2026-02-01",
    "lines": [{"sku": "MUG", "expected": 50}, {"sku": "BOX", "expected": 20, "pool": "web"}],
}
WORK_ORDER: dict[str, Any] = {
    "number": "WO-1", "location": "TORONTO", "sku": "MUG-SET", "quantity": 5, "name": "Sets for the holidays",
    "components": [{"sku": "MUG", "quantity": 2}],
}  # fmt: skip
TRANSFER: dict[str, Any] = {
    "number": "T-1", "source": "TORONTO", "target": "MONTREAL", "lines": [{"sku": "MUG", "quantity": 10}],
}  # fmt: skip
UNKNOWN = "0" * 13


async def inbound_calls(world: World, calls: Any) -> None:
    """Make the calls; `calls` is tests.doors.hub.calls.Calls."""
    caller = await caller_of(world)
    await add_locations(world, caller, "TORONTO", "MONTREAL")
    await count(world, caller, "MUG", "TORONTO", 0)
    await _notices(calls)
    await _work_orders(calls)
    await _transfers(calls)
    await calls.make("GET", "/expected-units", params={"location": "MONTREAL"})
    await calls.make("GET", "/expected-units", params={"sku": ""})


async def _notices(calls: Any) -> None:
    made = await calls.make("POST", "/receiving-notices", NOTICE)
    await calls.make("POST", "/receiving-notices", NOTICE)
    await calls.make("POST", "/receiving-notices", NOTICE | {"number": "ASN-2", "location": "NOWHERE"})
    one = f"/receiving-notices/{made['id']}"
    await calls.make("PUT", one, NOTICE | {"notes": "Dock 4"}, more_headers={"If-Match": '"1"'})
    received = {"lines": [{"line": 0, "quantity": 30, "damaged": 1}]}
    await calls.make("POST", f"{one}/receive", received, more_headers={"Idempotency-Key": "receipt-1"})
    await calls.make("POST", f"{one}/receive", {"lines": [{"line": 7, "quantity": 0}]})
    await calls.make("PUT", one, NOTICE, more_headers={"If-Match": '"1"'})
    await calls.make("PUT", one, NOTICE)
    await calls.make("GET", one)
    await calls.make("POST", f"{one}/cancel", {"reason": "Wrong supplier"})
    await calls.make("POST", f"{one}/close", {})
    await calls.make("POST", f"{one}/close", {})
    other = await calls.make("POST", "/receiving-notices", NOTICE | {"number": "ASN-3"})
    await calls.make("POST", f"/receiving-notices/{other['id']}/cancel", {"reason": "Wrong supplier"})
    await _refused(calls, "/receiving-notices", NOTICE, "receive", "close", "cancel")


async def _work_orders(calls: Any) -> None:
    made = await calls.make("POST", "/work-orders", WORK_ORDER)
    await calls.make("POST", "/work-orders", WORK_ORDER)
    one = f"/work-orders/{made['id']}"
    await calls.make("PUT", one, WORK_ORDER | {"expected_at": "2026-02-03"})
    await calls.make("POST", f"{one}/complete", {"quantity": 2})
    await calls.make("POST", f"{one}/complete", {"quantity": 99})
    await calls.make("PUT", one, WORK_ORDER)
    await calls.make("GET", one)
    await calls.make("POST", f"{one}/cancel", {"reason": "Not needed"})
    await calls.make("POST", f"{one}/close", {})
    await calls.make("POST", f"{one}/close", {})
    await calls.make("POST", f"{one}/complete", {})
    other = await calls.make("POST", "/work-orders", WORK_ORDER | {"number": "WO-2"})
    await calls.make("POST", f"/work-orders/{other['id']}/cancel", {"reason": "Not needed"})
    await _refused(calls, "/work-orders", WORK_ORDER, "complete", "close", "cancel")


async def _transfers(calls: Any) -> None:
    made = await calls.make("POST", "/transfers", TRANSFER)
    await calls.make("POST", "/transfers", TRANSFER)
    await calls.make("POST", "/transfers", TRANSFER | {"target": "TORONTO"})
    one = f"/transfers/{made['id']}"
    await calls.make("PUT", one, TRANSFER | {"carrier": "Own truck"})
    await calls.make("POST", f"{one}/ship", {"lines": [{"line": 0, "quantity": 6}]})
    await calls.make("POST", f"{one}/ship", {"lines": [{"line": 0, "quantity": 99}]})
    await calls.make("PUT", one, TRANSFER)
    await calls.make("POST", f"{one}/receive", {"lines": [{"line": 0, "quantity": 5}]})
    await calls.make("GET", one)
    await calls.make("POST", f"{one}/cancel", {"reason": "Not needed"})
    other = await calls.make("POST", "/transfers", TRANSFER | {"number": "T-2"})
    await calls.make("POST", f"/transfers/{other['id']}/receive", {})
    await calls.make("POST", f"/transfers/{other['id']}/cancel", {"reason": "Not needed"})
    await calls.make("POST", f"/transfers/{other['id']}/close", {})
    await calls.make("POST", f"/transfers/{other['id']}/ship", {})
    await calls.make("POST", f"/transfers/{other['id']}/receive", {})
    third = await calls.make("POST", "/transfers", TRANSFER | {"number": "T-3"})
    await calls.make("POST", f"/transfers/{third['id']}/close", {})
    await _refused(calls, "/transfers", TRANSFER, "ship", "receive", "close", "cancel")


async def _refused(calls: Any, path: str, body: Any, *verbs: str) -> None:
    await calls.make("GET", path, params={"status": "canceled", "limit": 1})
    await calls.make("GET", path, params={"status": "lost"})
    await calls.make("GET", f"{path}/{UNKNOWN}")
    await calls.make("PUT", f"{path}/{UNKNOWN}", body)
    for verb in verbs:
        await calls.make("POST", f"{path}/{UNKNOWN}/{verb}", {})
        await calls.make("POST", f"{path}/{UNKNOWN}/{verb}", content=b"{")
