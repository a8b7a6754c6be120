"""Invoices through the door: those of shipments and refunds, requested once, posted and acknowledged."""

from typing import Any

import pytest

from tests.doors.fabric.shipping_client import Client
from tests.vendors import FABRIC_ACCOUNT
from tests.world import World

Tree = Any


@pytest.fixture
async def client(world: World, headers: dict[str, str]) -> Client:
    made = Client(world, headers)
    await made.stock("W1")
    await made.order()
    return made


def request_of(document_id: str, kind: str = "SHIPMENT", document: str = "SHIPMENT", **changes: Tree) -> Tree:
    detail = {"channel": 12, "tenant": FABRIC_ACCOUNT, "id": document_id, "documentType": document, "invoiceType": kind}
    return {"detailType": "ORDER_CREATE", "detail": detail | changes}


class TestCreate:
    async def test_the_invoice_of_a_shipment_is_requested_once(self, client: Client) -> None:
        sent = await client.shipped(units=2)
        made = await client.post("/invoice/", request_of(sent["shipmentId"]), 201)
        assert (made["invoiceId"], made["invoiceType"], made["statusCode"]) == (
            sent["invoiceId"],
            "SHIPPING",
            "CREATED",
        )
        assert made["invoiceTotal"] == 40
        (order,) = made["orders"]
        (item,) = order["items"]
        assert (item["lineItemId"], item["invoiceQuantity"], item["invoiceLineTotal"]) == ("a", 2, 40)
        assert item["shipmentLineItemId"] == sent["cartons"][0]["items"][0]["shipmentLineItemId"]
        again = await client.call("POST", "/invoice/", request_of(sent["shipmentId"]))
        assert (again.status_code, again.json()["message"]) == (
            400, "detail.id: an invoice was requested for it already",
        )  # fmt: skip

    async def test_each_fault_has_its_answer(self, client: Client) -> None:
        order = await client.read()
        nothing = await client.call("POST", "/invoice/", request_of(order["orderId"], "RETURN", "ORDER"))
        assert (nothing.status_code, nothing.json()["message"]) == (
            400, "detail.invoiceType: there is nothing of this type to invoice",
        )  # fmt: skip
        assert (await client.call("POST", "/invoice/", request_of("0" * 24))).status_code == 404
        assert (await client.call("POST", "/invoice/", request_of("0" * 24, document="ORDER"))).status_code == 404
        other = await client.call("POST", "/invoice/", request_of(order["orderId"], document="ORDER", tenant="x"))
        assert other.status_code == 400
        answer = await client.call("POST", "/invoice/", {"detail": {}})
        assert answer.json()["message"].count("is required") == 5


class TestPost:
    async def test_an_invoice_is_posted_and_acknowledged(self, client: Client) -> None:
        sent = await client.shipped()
        body = {"invoiceIds": [sent["invoiceId"]]}
        early = await client.call("POST", "/invoice/acknowledgement", {"invoiceId": sent["invoiceId"]})
        assert early.status_code == 400
        (posted,) = await client.post("/invoice/post", body, 201)
        assert (posted["statusCode"], posted["postedAt"] is None) == ("POSTED", False)
        again = await client.call("POST", "/invoice/post", body)
        assert again.json()["message"] == "invoiceIds[0]: is POSTED; only a CREATED invoice can be posted"
        note = {"invoiceId": sent["invoiceId"], "acknowledgedAt": "2030-01-01T00:00:00Z", "attributes": {"at": "SAP"}}
        assert await client.post("/invoice/post/acknowledge", note, 201) == {"message": "Invoice acknowledged"}
        read = (await client.call("GET", f"/invoice/{sent['invoiceId']}")).json()
        assert (read["statusCode"], read["acknowledgedAt"]) == ("ACKNOWLEDGED", "2030-01-01T00:00:00.000Z")
        assert read["attributes"] == {"at": "SAP"}
        assert (await client.call("POST", "/invoice/post/acknowledge", note)).status_code == 400

    async def test_an_acknowledgment_without_attributes_returns_the_invoice(self, client: Client) -> None:
        sent = await client.shipped()
        await client.post("/invoice/post", {"invoiceIds": [sent["invoiceId"]]}, 201)
        after = await client.post("/invoice/acknowledgement", {"invoiceId": sent["invoiceId"]}, 201)
        assert after["statusCode"] == "ACKNOWLEDGED"

    async def test_one_unknown_invoice_refuses_all(self, client: Client) -> None:
        sent = await client.shipped()
        answer = await client.call("POST", "/invoice/post", {"invoiceIds": [sent["invoiceId"], "0" * 24]})
        assert (answer.status_code, answer.json()["message"]) == (404, "invoiceIds[1]: is not the id of an invoice")
        assert (await client.call("GET", f"/invoice/{sent['invoiceId']}")).json()["statusCode"] == "CREATED"


class TestQuery:
    async def test_invoices_are_found_by_any_field(self, client: Client) -> None:
        first, second = await client.shipped(units=1), await client.shipped(units=2)
        page = await client.post("/invoice/query", {"filters": {"invoiceTotal": {"gte": 40}}})
        assert (page["count"], page["invoices"][0]["invoiceId"]) == (1, second["invoiceId"])
        one = await client.post("/invoice/query", {"filters": {"invoiceId": first["invoiceId"]}})
        assert one["invoices"][0]["shipmentId"] == first["shipmentId"]
        none = await client.call("POST", "/invoice/query", {"filters": {"invoiceNumber": "x"}})
        assert (none.status_code, none.json()) == (404, {"message": "Invoice not found"})
        assert (await client.call("GET", f"/invoice/{'0' * 24}")).status_code == 404
