"""Calls of a client below /shipping: the bodies that they take, and what has to exist before them."""

from typing import Any

from tests.doors.pb_oms.client import ORDERS, PRODUCT, Headers, add_product, create
from tests.world import World

BASE = "/shipping/api/v1"
CARRIER_CODE: dict[str, Any] = {"code": "C1", "carrier": "UPS", "carrierAccountId": "1"}
DEFAULTS: dict[str, Any] = {"name": "Domestic", "defaultID": "D1", "sendingOptions": {"carrier": "FedEx"}}
PRINTER: dict[str, Any] = {"alias": "P1", "serialNumber": "S1", "printerName": "Brother QL-1110NWB"}


async def ship(world: World, headers: Headers, number: str, **package: Any) -> str:
    """Create an order, record all of it as shipped in one package, and return the id of the shipment."""
    await create(world, headers, orderNumber=number)
    return await ship_order(world, headers, number, **package)


async def ship_order(world: World, headers: Headers, number: str, **package: Any) -> str:
    """Record an order as shipped in one package, and return the id of the shipment."""
    found = (await world.http.get(f"/hub/v1/orders?number={number}", headers=headers)).json()["items"]
    recorded = {"carrier": "UPS", "service": "2DA", "tracking_number": f"1Z-{number}"} | package
    path = f"/hub/v1/orders/{found[0]['id']}/ship"
    (await world.http.post(path, json=recorded, headers=headers)).raise_for_status()
    listed = (await world.http.get(f"{BASE}/shipments", headers=headers)).json()["data"]
    return next(each["shipmentId"] for each in listed if {"name": "orderNumber", "value": number} in each["metadata"])


async def prepare(world: World, headers: Headers, number: str) -> dict[str, str]:
    """Create an order and one of everything below /shipping; returns the path parameters that name them."""
    path = await create(world, headers, orderNumber=number, items=[{"itemId": name, "quantity": 1} for name in "AB"])
    for name, body in (("custom-carrier-codes", CARRIER_CODE), ("defaults", DEFAULTS), ("printer/mapping", PRINTER)):
        (await world.http.post(f"{BASE}/{name}", json=body, headers=headers)).raise_for_status()
    return {
        "orderId": path.removeprefix(f"{ORDERS}/"),
        "customsProductId": await add_product(world, headers),
        "shipmentId": await ship(world, headers, f"{number}-shipped"),
        "code": CARRIER_CODE["code"],
        "defaultID": DEFAULTS["defaultID"],
    }


__all__ = ["BASE", "CARRIER_CODE", "DEFAULTS", "PRINTER", "PRODUCT", "prepare", "ship", "ship_order"]
