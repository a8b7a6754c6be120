"""Live answers of the Pitney Bowes Fulfillment door against its OpenAPI document, for orders of every door.

A client that is generated from the document, or written from the vendor's pages, must be able to parse all of them.
"""

import json
import re
from typing import Any

import httpx
import jsonschema
import pytest

from crossdock.core.ids import from_base32, from_digits, from_hex24, from_short_base62, from_uuid, to_digits
from crossdock.doors.pb_fulfillment import DOOR
from tests.doors.pb_fulfillment.client import CLIENT_ID, ORDERS, VendorClient
from tests.doors.pb_fulfillment.documents import FULL
from tests.vendors import VENDORS, sample
from tests.world import World

Body = dict[str, Any]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
DATES = (
    "createDate", "updateDate", "pbCreateDate", "pbUpdateDate", "shipOnDate", "fulfillmentReleaseDate",
    "promisedDeliveryDate",
)  # fmt: skip
PB_ADDRESS = {"addressLine1": "1 Road", "cityTown": "Winnipeg", "countryCode": "CA"}
ACCOUNT, PRODUCT = "1ac48942-405a-4841-a7d8-708f50dbe888", "3775cc37-30e7-4579-a58e-c9adda6fa888"
S2_ADDRESS = dict.fromkeys(
    ("name", "company", "address1", "address2", "city", "state", "postalCode", "countryId", "phone", "email"), ""
)
LONG = "x" * 300
MINIMAL: dict[str, Body] = {
    "pb_oms": {
        "fromAddress": PB_ADDRESS,
        "toAddress": PB_ADDRESS,
        "items": [{"itemId": "S", "quantity": 1}],
    },
    "pb_fulfillment": {
        "clientId": CLIENT_ID,
        "inputShippingDetails": {"carrier": "UPS"},
        "createDate": "2026-01-30T10:53Z",
        "orderLines": [{"lineId": 1, "sku": "S", "orderedQuantity": 1}],
        "toAddress": {"addressLines": ["1 Road"], "cityTown": "Winnipeg", "countryCode": "CA"},
    },
    "fabric": {
        "channelId": "12",
        "statusCode": "X",
        "items": [{"lineItemId": "a", "lineItemNumber": 1, "itemId": "I", "sku": "S", "shipToId": "s"}],
        "shipInfo": [{"shipToId": "s"}],
    },
    "s2": {
        "accountId": ACCOUNT,
        "channelShippingMethod": "",
        "shippingAddress": S2_ADDRESS,
        "meta": {},
        "channelOrderDate": "2026-01-30T10:53:24.1Z",
        "currencyId": "USD",
        "items": [
            {"channelOrderItemId": "9" * 30, "productId": PRODUCT, "quantity": 1, "unitPrice": 0, "meta": {}},
            {"channelOrderItemId": "x", "productId": PRODUCT, "quantity": 1, "unitPrice": 1e-7, "meta": {}},
        ],
        "attachments": [],
    },
    "hub": {"lines": [{"sku": "S", "quantity": 1}]},
}
MORE: dict[str, Body] = {
    "pb_oms": {},
    "pb_fulfillment": FULL,
    "fabric": {},
    "s2": {"shipByDate": "2026-02-01T00:00Z", "deliverByDate": "0001-01-01T00:00:00+00:00"},
    "hub": {
        "placed_at": "2026-01-30t10:53:24.554-05:00",
        "ship_by": "2026-02-01",
        "release_at": "0001-01-01T14:00:00+14:00",
        "deliver_by": "9999-12-31T18:59:59-05:00",
        "notes": LONG,
        "references": [{"name": LONG, "value": LONG}],
        "shipping": {"carrier": LONG, "service": LONG, "service_name": LONG, "tracking_number": LONG},
    },
}
BODIES = [*MINIMAL.items(), *((door, sample(door) | more) for door, more in MORE.items())]


def created_id(door: str, created: Body) -> int:
    """Return the id of an order from the answer to its create call."""
    decode: dict[str, Any] = {
        "pb_oms": lambda: from_short_base62(created["orderId"][2:]),
        "pb_fulfillment": lambda: from_digits(created["orderId"][3:22]),
        "fabric": lambda: from_hex24(created["orderId"]),
        "s2": lambda: from_uuid(created["id"]),
        "hub": lambda: from_base32(created["id"]),
    }
    order_id = decode[door]()
    assert isinstance(order_id, int)
    return order_id


async def create(world: World, door: str, body: Body) -> str:
    """Create an order through any door; returns its id as this vendor's clients know it."""
    vendor = VENDORS[door]
    headers = await world.bearer() | vendor.headers("create")
    response = await world.http.post(vendor.create, json={vendor.number: "A1"} | body, headers=headers)
    assert response.status_code == vendor.ok, response.text
    return f"ORA{to_digits(created_id(door, response.json()))}US"


class Schemas:
    """The schemas of the door's answers, by operation and status."""

    def __init__(self, document: Body) -> None:
        self._components = document["components"]
        self._operations = {
            operation["operationId"]: operation
            for methods in document["paths"].values()
            for operation in methods.values()
        }

    def check(self, response: httpx.Response, operation: str, status: int = 200) -> Any:
        """Check an answer against the schema of its operation; returns its body."""
        assert response.status_code == status, response.text
        (media,) = self._operations[operation]["responses"][str(status)]["content"].values()
        validator = jsonschema.Draft202012Validator(media["schema"] | {"components": self._components})
        faults = [f"{fault.json_path}: {fault.message[:200]}" for fault in validator.iter_errors(response.json())]
        assert faults == []
        return response.json()


@pytest.fixture
async def schemas(world: World) -> Schemas:
    return Schemas((await world.http.get(f"/openapi/{DOOR.name}.json")).json())


def check_strictly(order: Body, door: str) -> None:
    """Check what a client that knows the vendor's pages relies on."""
    assert order["clientId"] == CLIENT_ID
    assert order["clientOrderId"]
    assert re.fullmatch(r"ORA\d{19}[A-Z]{2}", order["orderId"])
    dates = [order[name] for name in DATES if name in order]
    if door == "pb_fulfillment":  # a client gets its own dates as it sent them
        dates = [order["pbCreateDate"]]
    assert [date for date in dates if not TIME.fullmatch(date)] == []
    for line in order.get("orderLines", ()):
        assert -(2**63) <= line["lineId"] < 2**63
        assert 0 < line["orderedQuantity"] < 2**31


@pytest.mark.parametrize(("door", "body"), BODIES, ids=lambda value: value if isinstance(value, str) else "")
class TestOrdersOfEveryDoor:
    async def test_reads_and_searches_fit_the_schemas(
        self, world: World, client: VendorClient, schemas: Schemas, door: str, body: Body
    ) -> None:
        order_id = await create(world, door, body)
        search = {"clientId": CLIENT_ID}
        order = schemas.check(await client.view(order_id), "getOrder")
        status = schemas.check(await client.view(order_id, end="/status"), "getOrderStatus")
        orders = schemas.check(await client.create(search, path=f"{ORDERS}/search"), "searchOrders")
        statuses = schemas.check(await client.create(search, path=f"{ORDERS}/status/search"), "searchOrderStatuses")
        assert (orders["orders"], statuses["orders"]) == ([order], [status])
        check_strictly(order, door)
        check_strictly(status, door)

    async def test_an_order_can_be_found_by_the_date_that_it_shows(
        self, world: World, client: VendorClient, door: str, body: Body
    ) -> None:
        order = (await client.view(await create(world, door, body))).json()
        for name in ("createDate", "pbCreateDate"):
            field = {"name": name, "values": [order[name], order[name]]}
            search = {"clientId": CLIENT_ID, "searchFields": [field], "sort": [f"{name}-desc"]}
            found = await client.create(search, path=f"{ORDERS}/status/search")
            assert [each["orderId"] for each in found.json()["orders"]] == [order["orderId"]], found.text

    async def test_changes_fit_the_schemas_and_an_answer_sent_back_changes_nothing(
        self, world: World, client: VendorClient, schemas: Schemas, door: str, body: Body
    ) -> None:
        order_id = await create(world, door, body)
        order = (await client.view(order_id)).json()
        url = f"{ORDERS}/{order['orderId']}"
        same = schemas.check(await client.http.put(url, json=order, headers=client.headers()), "updateOrder")
        assert same == order
        items = await client.http.put(f"{url}/orderItems", json=order, headers=client.headers())
        assert schemas.check(items, "updateOrderItems") == order
        less = order | {"internalNotes": "ring"}
        changed = schemas.check(await client.http.put(url, json=less, headers=client.headers()), "updateOrder")
        assert changed | {"pbUpdateDate": ""} == less | {"pbUpdateDate": ""}
        canceled = await client.http.put(f"{url}/cancel?clientId={CLIENT_ID}", headers=client.headers())
        assert schemas.check(canceled, "cancelOrder")["status"] == "CANCELED"
        check_strictly(canceled.json(), door)

    async def test_a_bulk_cancel_fits_the_schemas(
        self, world: World, client: VendorClient, schemas: Schemas, door: str, body: Body
    ) -> None:
        entry = {"clientId": CLIENT_ID, "orderId": await create(world, door, body)}
        for unified in ("true", "false"):  # the second time, the order is canceled already
            response = await client.http.put(
                f"{ORDERS}/bulk/cancel",
                json={"CancelOrdersRequest": [entry, {"clientId": CLIENT_ID}]},
                headers=client.headers(**{"X-PB-UnifiedErrorStructure": unified}),
            )
            schemas.check(response, "cancelOrders")


class TestOtherAnswers:
    async def test_a_create_and_a_bulk_call_fit_the_schemas(self, client: VendorClient, schemas: Schemas) -> None:
        schemas.check(await client.create(FULL), "createOrder", 201)
        for unified in ("true", "false"):
            bulk = await client.bulk([FULL, {}, 5], **{"X-PB-UnifiedErrorStructure": unified})
            schemas.check(bulk, "createOrders")

    async def test_refusals_fit_the_schemas(self, world: World, client: VendorClient, schemas: Schemas) -> None:
        reader = VendorClient(world, await world.bearer(scope="orders:read"))
        for unified in ("true", "false"):
            header = {"X-PB-UnifiedErrorStructure": unified}
            schemas.check(await client.create({}, **header), "createOrder", 400)
            schemas.check(await client.create(b"{", path=f"{ORDERS}/bulk", **header), "createOrders", 400)
            schemas.check(await world.http.post(ORDERS, headers=header), "createOrder", 401)
            schemas.check(await reader.create(FULL, **header), "createOrder", 403)
            url = f"{ORDERS}/ORA1?clientId={CLIENT_ID}"
            schemas.check(await client.http.get(url, headers=client.headers(**header)), "getOrder", 404)
            schemas.check(await client.create(b" " * 1_048_577, **header), "createOrder", 413)

    async def test_a_token_fits_the_schema(self, world: World, schemas: Schemas) -> None:
        form = {"grant_type": "client_credentials"}
        for secret, status in (("demo-secret", 200), ("wrong", 401)):
            schemas.check(await world.http.post("/oauth/token", data=form, auth=("demo", secret)), "getToken", status)


class TestDocument:
    async def test_each_documented_example_fits_its_schema(self, world: World) -> None:
        document = (await world.http.get(f"/openapi/{DOOR.name}.json")).json()
        schemas = Schemas(document)
        for route in DOOR.routes:
            for status, example in route.examples.items():
                if status != "request":
                    assert isinstance(status, int)
                    response = httpx.Response(status, content=json.dumps(example))
                    schemas.check(response, route.operation, status)

    async def test_no_array_is_without_its_items(self, world: World) -> None:
        document = (await world.http.get(f"/openapi/{DOOR.name}.json")).json()

        def arrays(node: Any) -> list[Body]:
            inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
            own = [node] if isinstance(node, dict) and node.get("type") == "array" else []
            return own + [each for child in inner for each in arrays(child)]

        assert [each for each in arrays(document) if "items" not in each] == []
