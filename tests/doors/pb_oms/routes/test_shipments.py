"""Shipments of the Pitney Bowes OMS door: the packages of the order book that have left."""

from typing import Any

import pytest

from crossdock.flows import order_search
from tests.doors.pb_oms.client import ORDERS, Headers, create, is_shipping_error
from tests.doors.pb_oms.shipping import BASE, ship, ship_order
from tests.vendors import VENDORS
from tests.world import World


async def listed(world: World, headers: Headers, query: str = "") -> Any:
    response = await world.http.get(f"{BASE}/shipments{query}", headers=headers)
    assert response.status_code == 200, response.text
    return response.json()


class TestList:
    async def test_packages_of_orders_of_every_api_are_listed_the_last_that_left_first(
        self, world: World, headers: Headers
    ) -> None:
        ids = []
        for door, vendor in VENDORS.items():
            sent = headers | vendor.headers(f"ship-{door}")
            (await world.http.post(vendor.create, json=vendor.body(f"N-{door}"), headers=sent)).raise_for_status()
            body = {"carrier": "DHL Express", "tracking_number": door, "location": "W1"}
            ids.append(await ship_order(world, headers, f"N-{door}", **body))
        found = await listed(world, headers)
        assert [each["shipmentId"] for each in found["data"]] == ids[::-1]
        assert [each["parcelTrackingNumber"] for each in found["data"]] == [*VENDORS][::-1]
        assert all(each.startswith("DHLEXPRESS") for each in ids)
        for each in ids:
            read = await world.http.get(f"{BASE}/shipments/{each}", headers=headers)
            assert read.json() in found["data"]

    async def test_pages_cut_the_list(self, world: World, headers: Headers) -> None:
        ids = [await ship(world, headers, f"N-{number}") for number in range(3)]
        found = await listed(world, headers, "?page=2&size=2")
        assert [each["shipmentId"] for each in found["data"]] == ids[:1]
        assert found["pageInfo"] == {"total": 3, "pages": 2, "page": 2}

    async def test_a_period_has_the_packages_that_left_in_it(self, world: World, headers: Headers) -> None:
        shipped_at = "2026-01-30T23:59:59Z"
        await ship(world, headers, "N-1", shipped_at=shipped_at)
        for query, total in (("startDate=2026-01-30&endDate=2026-01-30", 1), ("endDate=2026-01-29", 0),
                             ("startDate=2026-01-31", 0), ("startDate=2026-01-01", 1)):  # fmt: skip
            assert (await listed(world, headers, f"?{query}"))["pageInfo"]["total"] == total, query

    async def test_a_period_in_which_too_many_orders_changed_is_refused_with_what_to_send(
        self, world: World, headers: Headers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(2):
            await ship(world, headers, f"N-{number}")
        monkeypatch.setattr(order_search, "MAX_SCANNED", 1)
        refused = await world.http.get(f"{BASE}/shipments", headers=headers)
        assert is_shipping_error(refused, 400, "validation_error")
        assert refused.json()["errors"][0]["additionalInfo"] == (
            "startDate: must be later: more than 1 orders with shipped units were changed since"
        )

    async def test_units_that_were_only_counted_as_shipped_have_no_package_to_list(
        self, world: World, headers: Headers
    ) -> None:
        path = await create(world, headers, orderNumber="N-1")
        body = {"orders": [{"orderId": path.removeprefix(f"{ORDERS}/")}], "status": "FULFILLED"}
        (await world.http.patch(f"{ORDERS}/bulk/status", json=body, headers=headers)).raise_for_status()
        assert (await listed(world, headers))["data"] == []

    async def test_packages_of_a_deleted_order_are_hidden(self, world: World, headers: Headers) -> None:
        shipment_id = await ship(world, headers, "N-1")
        (order,) = (await world.http.get("/hub/v1/orders?number=N-1", headers=headers)).json()["items"]
        tagged = await world.http.post(
            f"/hub/v1/orders/{order['id']}/tag", json={"add": ["deleted:pb_oms"]}, headers=headers
        )
        assert tagged.status_code == 200, tagged.text
        assert (await listed(world, headers))["data"] == []
        read = await world.http.get(f"{BASE}/shipments/{shipment_id}", headers=headers)
        assert is_shipping_error(read, 404, "not_found")


class TestRead:
    async def test_an_id_with_another_carrier_or_package_is_not_found(self, world: World, headers: Headers) -> None:
        shipment_id = await ship(world, headers, "N-1")
        digits = shipment_id.removeprefix("UPS")
        for other in (f"USPS{digits}", digits, f"UPS{int(digits) + 1:019d}", "UPS", "0" * 19, "x" * 500):
            read = await world.http.get(f"{BASE}/shipments/{other}", headers=headers)
            assert is_shipping_error(read, 404, "not_found"), other

    async def test_a_package_that_has_not_left_is_not_found(self, world: World, headers: Headers) -> None:
        await create(world, headers, orderNumber="N-1")
        (order,) = (await world.http.get("/hub/v1/orders?number=N-1", headers=headers)).json()["items"]
        made = await world.http.post(
            "/hub/v1/fulfillments", json={"order_id": order["id"], "location": "W1"}, headers=headers
        )
        fulfillment = made.json()["fulfillment"]["id"]
        packages = [{"lines": [{"line": 0, "quantity": 1}], "carrier": "UPS"}]
        packed = await world.http.post(
            f"/hub/v1/fulfillments/{fulfillment}/pack", json={"packages": packages}, headers=headers
        )
        assert packed.status_code == 200, packed.text
        assert (await listed(world, headers))["data"] == []

    async def test_a_package_without_carrier_and_weight_has_only_what_is_known(
        self, world: World, headers: Headers
    ) -> None:
        shipment_id = await ship(world, headers, "N-1", carrier=None, service=None, tracking_number=None)
        (row,) = (await listed(world, headers))["data"]
        assert shipment_id.isdigit()
        assert list(row) == ["metadata", "shipmentId", "fromAddress", "toAddress", "status"]
