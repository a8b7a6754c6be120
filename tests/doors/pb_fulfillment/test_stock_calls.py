"""Products, inventory, receiving notices and work orders: what recorded cases do not show."""

import asyncio
from typing import Any

import httpx
import pytest

from crossdock.core.catalog.products import KitComponent, Product, encode_product, search_text
from crossdock.core.inbound.documents import LineUnits
from crossdock.core.inbound.notices import NoticeLine, ReceiveNotice, ReceivingNotice
from crossdock.core.orders.status import Status
from crossdock.doors.pb_fulfillment import document_search, examples_calls
from crossdock.doors.pb_fulfillment.inbound import parse_id
from crossdock.flows import catalog, inbound, products, tenants
from crossdock.flows.catalog import Draft
from tests.doors.pb_fulfillment.client import BASE, CLIENT_ID, VendorClient, parameters, sample
from tests.doors.pb_fulfillment.test_examples import is_alike
from tests.flows.allocating import add_locations, count, levels
from tests.notifications.world import caller_of
from tests.world import World

SECOND = "second"


async def post(client: VendorClient, path: str, body: Any, **more: Any) -> httpx.Response:
    return await client.create(body, path=f"{BASE}/{path}", **more)


async def made(client: VendorClient, path: str, body: Any) -> Any:
    answer = await post(client, path, body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def put(client: VendorClient, path: str, body: Any = None) -> httpx.Response:
    return await client.http.put(f"{BASE}/{path}", json=body, headers=client.headers())


async def get(client: VendorClient, path: str) -> httpx.Response:
    return await client.http.get(f"{BASE}/{path}", headers=client.headers())


def product(sku: str, **more: Any) -> dict[str, Any]:
    return {"clientId": CLIENT_ID, "productType": "ITEM", "sku": sku, "details": {"description": sku}} | more


def asn(number: str, sku: str = "MUG", **more: Any) -> dict[str, Any]:
    lines = [{"sku": sku, "expectedQuantity": 5}]
    return {"clientId": CLIENT_ID, "clientASNId": number, "receivingNode": "160", "asnLines": lines} | more


def work_order(number: str, **more: Any) -> dict[str, Any]:
    return {
        "clientId": CLIENT_ID, "clientWorkOrderId": number, "workOrderName": "Sets", "type": "KIT", "node": "160",
        "sku": "MUG-SET", "workOrderQuantity": 3,
    } | more  # fmt: skip


@pytest.fixture
async def facility(world: World, client: VendorClient) -> VendorClient:
    """Open the facility 160, with the products MUG and MUG-SET."""
    await add_locations(world, await caller_of(world), "160")
    await tenants.add_vendor_reference(
        world.context, (await world.demo_organization()).organization_id, kind="pb_fulfillment_client", value=SECOND
    )
    for sku in ("MUG", "MUG-SET"):
        await made(client, "products", product(sku))
    return client


class TestProducts:
    async def test_a_product_of_another_api_is_shown_and_can_be_replaced(
        self, world: World, client: VendorClient
    ) -> None:
        kit = Product(sku="SET", name="A set", brand="Acme", components=(KitComponent("MUG", 2),), weight=None)
        await products.add(world.context, await caller_of(world), kit, product_id=products.new_product_id())
        shown = (await get(client, f"products/SET?clientId={CLIENT_ID}")).json()
        assert (shown["productType"], shown["details"]) == ("KIT", {"brand": "Acme", "description": "A set"})
        assert (await put(client, "products/SET", product("SET", productType="KIT"))).status_code == 200
        entry = await catalog.get(world.context, await caller_of(world), kind="product", key="SET", by="name")
        assert b'"components":[{"sku":"MUG","quantity":2}]' in entry.document

    async def test_a_product_that_another_api_changed_shows_the_change(
        self, world: World, client: VendorClient
    ) -> None:
        body = product("MUG", details={"description": "Mug", "brand": "Acme", "originCountryCode": "XX", "size": "L"})
        await made(client, "products", body)
        caller = await caller_of(world)
        entry = await catalog.get(world.context, caller, kind="product", key="MUG", by="name")
        changed = products.decode_product(entry.document)
        changed = Product(sku="MUG", name="Mug", description="Big mug", door_fields=changed.door_fields)
        draft = Draft(encode_product(changed), search_text(changed))
        await catalog.change(world.context, caller, kind="product", key=entry.key, make=lambda _: draft)
        shown = (await get(client, f"products/MUG?clientId={CLIENT_ID}")).json()["details"]
        assert shown == {"description": "Big mug", "originCountryCode": "XX", "size": "L"}

    async def test_products_created_at_once_exist_once(self, client: VendorClient) -> None:
        answers = await asyncio.gather(*(post(client, "products", product("MUG")) for _ in range(5)))
        assert sorted(each.status_code for each in answers) == [201, 400, 400, 400, 400]

    async def test_a_bulk_call_that_is_repeated_gets_its_first_answer(self, client: VendorClient) -> None:
        body = {"products": [product("MUG", operation="CREATE"), product("MUG", operation="CREATE")]}
        first, again = [await post(client, "products/bulk", body, transaction="T1") for _ in range(2)]
        assert [row["status"] for row in first.json()["products"]] == ["PUBLISHED", "UNPUBLISHED"]
        assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")

    async def test_more_than_200_products_are_refused_as_a_whole(self, client: VendorClient) -> None:
        answer = await post(client, "products/bulk", {"products": [product(f"S{number}") for number in range(201)]})
        assert (answer.status_code, parameters(answer)) == (400, {"products"})
        assert (await get(client, f"products/S1?clientId={CLIENT_ID}")).status_code == 404

    async def test_a_search_without_a_date_leaves_out_what_did_not_change_for_half_a_year(
        self, world: World, client: VendorClient
    ) -> None:
        clock = world.context.clock
        world.context.clock = lambda: clock() - document_search.PERIOD_US - 1_000_000
        old = Product(sku="OLD", description="OLD")
        await products.add(world.context, await caller_of(world), old, product_id=products.new_product_id())
        world.context.clock = clock
        await made(client, "products", product("NEW"))

        async def found(*fields: dict[str, Any]) -> list[str]:
            body = {"clientId": CLIENT_ID, "searchFields": list(fields)}
            return [each["sku"] for each in (await post(client, "products/search", body)).json()["products"]]

        assert "OLD" not in await found()
        assert await found({"name": "sku", "values": ["OLD", "NEW"]}) == ["NEW"]
        dated = {"name": "pbCreateDate", "values": ["2020-01-01T00:00:00Z"]}
        assert {"OLD", "NEW"} <= set(await found(dated))

    async def test_pages_follow_each_other(self, client: VendorClient) -> None:
        for number in range(5):
            await made(client, "products", product(f"S{number}", createDate=f"2026-01-0{9 - number}T00:00:00Z"))
        for sort, skus in (("pbCreateDate-desc", ["S4", "S3"]), ("createDate-asc", ["S4", "S3"])):
            body = {"clientId": CLIENT_ID, "sort": [sort]}
            page = (await post(client, "products/search?size=2", body)).json()
            assert ([each["sku"] for each in page["products"]], page["first"], page["last"]) == (skus, True, False)
            assert page["totalPages"] * 2 >= page["totalElements"] > 4

    async def test_a_product_is_found_by_the_time_it_shows(self, client: VendorClient) -> None:
        shown = await made(client, "products", product("MUG"))
        at = shown["pbCreateDate"]
        field = {"name": "pbCreateDate", "values": [at, at]}
        for more in ([], [{"name": "sku", "values": ["MUG"]}]):
            body = {"clientId": CLIENT_ID, "searchFields": [field, *more]}
            assert [each["sku"] for each in (await post(client, "products/search", body)).json()["products"]] == ["MUG"]

    async def test_a_search_that_compares_too_many_is_refused(
        self, client: VendorClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("crossdock.doors.pb_fulfillment.routes.documents.MAX_EXAMINED", 1)
        body = {"clientId": CLIENT_ID, "searchFields": [{"name": "active", "values": [True]}]}
        answer = await post(client, "products/search", body)
        assert (answer.status_code, parameters(answer)) == (400, {"searchFields"})


class TestInventory:
    async def test_pages_go_both_ways_and_filters_narrow(self, world: World, facility: VendorClient) -> None:
        caller = await caller_of(world)
        await add_locations(world, caller, "170")
        for sku, node, pool in (("A", "160", ""), ("B", "160", ""), ("B", "170", "B-GRADE"), ("C", "170", "")):
            await count(world, caller, sku, node, 3, pool)

        async def rows(query: str = "", sort: str = "sku-asc", **fields: list[str]) -> list[str]:
            wanted = [{"name": name, "values": values} for name, values in fields.items()]
            body = {"clientId": CLIENT_ID, "sort": [sort], "searchFields": wanted}
            page = (await post(facility, f"inventory/snapshot{query}", body)).json()
            return [f"{row['sku']} {row['node']} {row['inventoryType']}" for row in page["inventory"]]

        everything = ["A 160 NEW", "B 160 NEW", "B 170 B-GRADE", "C 170 NEW"]
        assert await rows() == everything
        assert await rows(sort="sku-desc") == everything[::-1]
        assert await rows("?size=3&page=2", "sku-desc") == everything[:1]
        assert await rows("?size=3&page=3", "sku-desc") == []
        assert await rows("?size=3&page=2") == everything[3:]
        assert await rows(nodes=["170"]) == everything[2:]
        assert await rows(nodes=["160", "170"], inventoryType=["NEW"]) == [*everything[:2], everything[3]]
        assert await rows(inventoryType=["NEW"]) == [*everything[:2], everything[3]]
        assert await rows(skus=["A", "C"], sku=["C"]) == everything[3:]
        assert await rows(skus=["A"], sku=["C"]) == []
        assert await rows(brands=["None"]) == []

    async def test_units_on_hold_and_allocated_are_not_available(self, world: World, facility: VendorClient) -> None:
        caller = await caller_of(world)
        await count(world, caller, "MUG", "160", 10)
        line = {"lineId": 1, "sku": "MUG", "orderedQuantity": 2, "inventoryType": "NEW"}
        assert (await facility.create(sample(orderLines=[line]))).json()["status"] == "RELEASED"
        notice = await made(facility, "receiving-asn", asn("ASN-1"))
        await receive(world, notice["receivingASNId"], 5, damaged=1)
        (row,) = (await post(facility, "inventory/snapshot", {"clientId": CLIENT_ID})).json()["inventory"]
        assert [row[f"{name}Quantity"] for name in ("onHand", "available", "allocated", "onHold")] == [15, 12, 2, 1]


async def receive(world: World, asn_id: str, quantity: int, damaged: int = 0, line: int = 0) -> None:
    """Receive units of a notice, as the facility does."""
    await inbound.change(
        world.context, await caller_of(world), ReceiveNotice(lines=(LineUnits(line, quantity, damaged),)), door="hub",
        kind="receiving_notice", document_id=parse_id("ASN", asn_id), render=lambda _: b"{}",
    )  # fmt: skip


class TestReceivingNotices:
    async def test_received_units_go_to_the_pool_of_the_inventory_type(
        self, world: World, facility: VendorClient
    ) -> None:
        lines = [{"sku": "MUG", "expectedQuantity": 5, "inventoryType": kind} for kind in ("NEW", "B-GRADE")]
        notice = await made(facility, "receiving-asn", asn("ASN-1", asnLines=lines))
        for line in (0, 1):
            await receive(world, notice["receivingASNId"], 5, line=line)
        found = (await get(facility, f"receiving-asn/{notice['receivingASNId']}?clientId={CLIENT_ID}")).json()
        assert (found["status"], [line["receivedQuantity"] for line in found["asnLines"]]) == ("COMPLETE", [5, 5])
        body = {"clientId": CLIENT_ID, "searchFields": [{"name": "inventoryType", "values": ["B-GRADE"]}]}
        (row,) = (await post(facility, "inventory/snapshot", body)).json()["inventory"]
        assert (row["inventoryType"], row["onHandQuantity"]) == ("B-GRADE", 5)

    async def test_two_clients_may_use_one_id_and_neither_sees_the_notice_of_the_other(
        self, world: World, facility: VendorClient
    ) -> None:
        first = await made(facility, "receiving-asn", asn("ASN-1"))
        second = await made(facility, "receiving-asn", asn("ASN-1", clientId=SECOND))
        assert (first["clientASNId"], second["clientASNId"]) == ("ASN-1", "ASN-1")
        again = await post(facility, "receiving-asn", asn("ASN-1", clientId=SECOND))
        assert (again.status_code, parameters(again)) == (400, {"clientASNId"})
        path = f"receiving-asn/{second['receivingASNId']}"
        assert (await get(facility, f"{path}?clientId={CLIENT_ID}")).status_code == 404
        assert (await put(facility, path, asn("ASN-1"))).status_code == 404
        assert (await put(facility, f"{path}/cancel?clientId={CLIENT_ID}")).status_code == 404
        assert (await put(facility, path, asn("ASN-1", clientId=SECOND, notes="x"))).json()["notes"] == "x"
        for client in (CLIENT_ID, SECOND):
            for fields in ([], [{"name": "clientASNIds", "values": ["ASN-1"]}]):
                body = {"clientId": client, "searchFields": fields}
                found = (await post(facility, "receiving-asn/search", body)).json()
                assert ([each["clientId"] for each in found["receivingASNs"]], found["totalElements"]) == ([client], 1)

    async def test_a_notice_of_the_hub_is_shown_to_every_client(self, world: World, facility: VendorClient) -> None:
        line = NoticeLine(sku="MUG", expected=5)
        notice = ReceivingNotice(number="H-1", location="160", lines=(line,), supplier="Acme", carrier="UPS")
        await inbound.create(world.context, await caller_of(world), notice, render=lambda _: b"", door="hub")
        body = {"clientId": SECOND, "searchFields": [{"name": "receivingNode", "values": ["160"]}]}
        (found,) = (await post(facility, "receiving-asn/search", body)).json()["receivingASNs"]
        assert (found["clientId"], found["clientASNId"], found["vendorDetails"], found["shippingDetails"]) == (
            SECOND, "H-1", {"name": "Acme"}, {"carrier": "UPS"},
        )  # fmt: skip

    async def test_searches_combine_fields_pages_and_sorts(self, world: World, facility: VendorClient) -> None:
        ids = {}
        for number in range(4):
            body = asn(
                f"A-{number}", "MUG" if number % 2 else "MUG-SET", brand=f"B{number % 2}",
                purchaseOrderNumber=f"PO-{number}", createDate=f"2026-01-0{9 - number}T00:00:00Z",
            )  # fmt: skip
            ids[number] = (await made(facility, "receiving-asn", body))["receivingASNId"]
        await receive(world, ids[3], 1)

        async def numbers(query: str = "", sort: tuple[str, ...] = (), **fields: list[str]) -> list[str]:
            wanted = [{"name": name, "values": values} for name, values in fields.items()]
            body = {"clientId": CLIENT_ID, "sort": list(sort), "searchFields": wanted}
            found = await post(facility, f"receiving-asn/status/search{query}", body)
            assert found.status_code == 200, found.text
            return [each["clientASNId"] for each in found.json()["receivingASNs"]]

        assert await numbers() == ["A-0", "A-1", "A-2", "A-3"]
        assert await numbers("?size=2&page=2") == ["A-2", "A-3"]
        assert await numbers("?size=3", ("pbUpdateDate-desc",)) == ["A-3", "A-2", "A-1"]
        assert await numbers("?size=3", ("createDate-asc",)) == ["A-3", "A-2", "A-1"]
        assert await numbers(status=["INPROGRESS"]) == ["A-3"]
        assert await numbers(status=["INPROGRESS", "CREATED"], sku=["MUG"]) == ["A-1", "A-3"]
        assert await numbers(purchaseOrderNumbers=["PO-1", "PO-2", "PO-9"]) == ["A-1", "A-2"]
        assert await numbers(brands=["B0"]) == ["A-0", "A-2"]
        assert await numbers(receivingASNIds=[ids[1], "X"], sku=["MUG"]) == ["A-1"]
        assert await numbers(createDate=["2026-01-07T00:00:00Z", "2026-01-08T00:00:00Z"]) == ["A-1", "A-2"]

    async def test_a_notice_that_is_sent_back_changes_nothing(self, facility: VendorClient) -> None:
        notice = await made(facility, "receiving-asn", examples_calls.CREATE_ASN)
        again = await put(facility, f"receiving-asn/{notice['receivingASNId']}", notice)
        assert (again.status_code, again.json()) == (200, notice)


class TestWorkOrders:
    async def test_components_default_to_those_of_the_product(self, world: World, facility: VendorClient) -> None:
        kit = Product(sku="BOX-SET", components=(KitComponent("MUG", 2),))
        await products.add(world.context, await caller_of(world), kit, product_id=products.new_product_id())
        order = await made(facility, "work-orders", work_order("WO-1", sku="BOX-SET"))
        assert order["components"] == [{"sku": "MUG", "quantity": 2}]

    async def test_a_work_order_that_is_sent_back_changes_nothing(self, facility: VendorClient) -> None:
        order = await made(facility, "work-orders", work_order("WO-1", quantity=4, workOrderQuantity=None))
        assert order["workOrderQuantity"] == 4
        again = await put(facility, f"work-orders/{order['workOrderId']}", order)
        assert (again.status_code, again.json()) == (200, order)

    async def test_another_client_or_brand_does_not_find_it(self, facility: VendorClient) -> None:
        order = await made(facility, "work-orders", work_order("WO-1", brand="Acme"))
        path = f"work-orders/{order['workOrderId']}"
        assert (await get(facility, f"{path}?clientId={SECOND}")).status_code == 404
        assert (await get(facility, f"{path}?clientId={CLIENT_ID}&brand=Other")).status_code == 404
        cancel = {"clientId": CLIENT_ID, "clientWorkOrderId": "WO-1"}
        assert (await put(facility, f"{path}/cancel", cancel | {"clientId": SECOND})).status_code == 404
        assert (await put(facility, f"{path}/cancel", cancel | {"brand": "Other"})).status_code == 404
        assert (await put(facility, f"{path}/cancel", cancel)).json()["clientWorkOrderId"] == "WO-1"


class TestOrders:
    async def test_an_order_is_served_from_the_pool_of_its_inventory_type(
        self, world: World, facility: VendorClient
    ) -> None:
        caller = await caller_of(world)
        await count(world, caller, "MUG", "160", 5, "B-GRADE")
        await count(world, caller, "MUG-SET", "160", 5)
        lines = [
            {"lineId": 1, "sku": "MUG", "orderedQuantity": 2, "inventoryType": "B-GRADE"},
            {"lineId": 2, "sku": "MUG-SET", "orderedQuantity": 1, "inventoryType": "NEW"},
        ]
        order = (await facility.create(sample(orderLines=lines))).json()
        assert (order["status"], [line["inventoryType"] for line in order["orderLines"]]) == (
            "RELEASED", ["B-GRADE", "NEW"],
        )  # fmt: skip
        assert (await levels(world, caller, "MUG"))["160"].allocated == 2

    async def test_an_order_with_too_little_stock_is_accepted_and_says_that_it_waits(
        self, world: World, facility: VendorClient
    ) -> None:
        await count(world, await caller_of(world), "MUG", "160", 1)
        line = {"lineId": 1, "sku": "MUG", "orderedQuantity": 2}
        order = (await facility.create(sample(orderLines=[line]))).json()
        assert (order["status"], order["isOnHold"], order["holdReason"]) == ("RECEIVED", True, ["BACKORDERED"])
        listed = (await facility.http.get("/hub/v1/orders", headers=facility.authorization)).json()["items"]
        assert [(each["status"], each["holds"]) for each in listed] == [(str(Status.PARTIALLY_ALLOCATED), [])]


class TestExamples:
    async def test_each_example_is_answered_as_it_says(self, world: World, client: VendorClient) -> None:
        caller = await caller_of(world)
        await add_locations(world, caller, "160")
        e = examples_calls
        assert is_alike(await post(client, "products", e.CREATE_PRODUCT), e.PRODUCT)
        assert is_alike(await get(client, "products/MUG?clientId=1234"), e.PRODUCT)
        assert is_alike(await put(client, "products/MUG", e.UPDATE_PRODUCT), e.UPDATED_PRODUCT)
        assert is_alike(await post(client, "products/bulk", e.PUT_PRODUCTS), e.PRODUCTS_PUT)
        asn_made = await post(client, "receiving-asn", e.CREATE_ASN)
        assert is_alike(asn_made, e.ASN)
        assert is_alike(await post(client, "receiving-asn/search", e.SEARCH_ASN), e.ASN_PAGE)
        assert is_alike(await post(client, "receiving-asn/status/search", e.SEARCH_ASN), e.ASN_STATUS_PAGE)
        path = f"receiving-asn/{asn_made.json()['receivingASNId']}"
        assert is_alike(await get(client, f"{path}?clientId=1234"), e.ASN)
        assert is_alike(await put(client, path, e.UPDATE_ASN), e.UPDATED_ASN)
        assert is_alike(await put(client, f"{path}/cancel?clientId=1234"), e.CANCELED_ASN)
        order_made = await post(client, "work-orders", e.CREATE_WORK_ORDER)
        assert is_alike(order_made, e.WORK_ORDER)
        path = f"work-orders/{order_made.json()['workOrderId']}"
        assert is_alike(await post(client, "work-orders/search", e.SEARCH_WORK_ORDERS), e.WORK_ORDER_PAGE)
        statuses = await post(client, "work-orders/status/search", e.SEARCH_WORK_ORDERS)
        assert is_alike(statuses, e.WORK_ORDER_STATUS_PAGE)
        assert is_alike(await get(client, f"{path}?clientId=1234"), e.WORK_ORDER)
        assert is_alike(await put(client, path, e.UPDATE_WORK_ORDER), e.UPDATED_WORK_ORDER)
        assert is_alike(await put(client, f"{path}/cancel", e.CANCEL_WORK_ORDER), e.CANCELED_WORK_ORDER)
        await count(world, caller, "MUG", "160", 50)
        line = {"lineId": 1, "sku": "MUG", "orderedQuantity": 2}
        await client.create(sample(orderLines=[line]))
        snapshot = (await post(client, "inventory/snapshot", e.SEARCH_INVENTORY)).json()
        snapshot["inventory"][0]["updateDate"] = e.INVENTORY_PAGE["inventory"][0]["updateDate"]
        assert snapshot == e.INVENTORY_PAGE

    async def test_each_example_of_an_error_is_what_the_door_answers(self, world: World, client: VendorClient) -> None:
        await add_locations(world, await caller_of(world), "160")
        e = examples_calls
        await made(client, "products", e.CREATE_PRODUCT)
        await made(client, "products", product("MUG-SET"))
        wrong = e.CREATE_ASN | {"receivingNode": "999", "asnLines": [{"sku": "CUP", "expectedQuantity": 1}]}
        unknown = "0914521228495032321US"
        for response, status, example in (
            (await post(client, "products", {"clientId": "1234", "sku": "MUG"}), 400, e.PRODUCT_FAULTS),
            (await post(client, "products/bulk", {}), 400, e.NO_PRODUCTS),
            (await get(client, "products/X?clientId=1234"), 404, e.NO_PRODUCT),
            (await post(client, "receiving-asn", wrong), 400, e.ASN_FAULTS),
            (await get(client, f"receiving-asn/ASN{unknown}?clientId=1234"), 404, e.NO_ASN),
            (await post(client, "work-orders", e.CREATE_WORK_ORDER | {"node": "999"}), 400, e.WORK_ORDER_FAULTS),
            (await put(client, f"work-orders/WRK{unknown}/cancel", {"clientId": "1234"}), 400, e.CANCEL_FAULTS),
            (await get(client, f"work-orders/WRK{unknown}?clientId=1234"), 404, e.NO_WORK_ORDER),
        ):
            assert response.status_code == status
            assert is_alike(response, example), response.text
