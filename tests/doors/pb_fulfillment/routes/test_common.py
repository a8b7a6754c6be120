"""The headers of requests to the Pitney Bowes Fulfillment door."""

from typing import Any

import pytest

from tests.doors.pb_fulfillment.client import ORDERS, SAMPLE, TRANSACTION, VendorClient, parameters
from tests.world import World

UNIFIED = "X-PB-UnifiedErrorStructure"


class TestHeaders:
    @pytest.mark.parametrize(("method", "end"), [("POST", ""), ("POST", "/bulk"), ("GET", "/X"), ("GET", "/X/status")])
    @pytest.mark.parametrize("sent", [None, "", "x" * 26, "a b", "a.b", "ä".encode("latin-1")])
    async def test_a_request_without_a_valid_transaction_id_is_refused(
        self, client: VendorClient, method: str, end: str, sent: str | bytes | None
    ) -> None:
        headers: dict[str, Any] = dict(client.authorization)
        if sent is not None:
            headers[TRANSACTION] = sent
        response = await client.http.request(method, ORDERS + end, headers=headers)
        assert response.status_code == 400
        assert [each["errorCode"] for each in response.json()] == ["1000045"]
        assert parameters(response) == {TRANSACTION}

    async def test_a_transaction_id_may_have_25_characters(self, client: VendorClient) -> None:
        assert (await client.create(SAMPLE, transaction="Az09-_" + "x" * 19)).status_code == 201

    async def test_the_token_is_checked_before_the_other_headers(self, world: World, client: VendorClient) -> None:
        for headers in ({}, {"Authorization": "Bearer nonsense"}, {UNIFIED: "true"}):
            response = await world.http.post(ORDERS, content=SAMPLE, headers=headers)
            assert response.status_code == 401
            assert response.json() == {
                "errors": [{"errorCode": "PB-APIM-ERR-1002", "errorDescription": "Invalid Access Token"}]
            }
            assert response.headers["www-authenticate"].startswith("Bearer ")

    async def test_a_read_or_search_ignores_that_its_transaction_id_was_used(self, client: VendorClient) -> None:
        order_id = (await client.create(SAMPLE, transaction="T1")).json()["orderId"]
        for _ in range(2):
            for end in ("", "/status"):
                url = f"{ORDERS}/{order_id}{end}?clientId=1234"
                assert (await client.http.get(url, headers=client.headers("T1"))).status_code == 200
            for end in ("/search", "/status/search"):
                response = await client.create({"clientId": "1234"}, path=ORDERS + end, transaction="T1")
                assert (response.status_code, response.json()["totalElements"]) == (200, 1)

    async def test_a_header_selects_the_unified_errors(self, client: VendorClient) -> None:
        for value, unified in (("true", True), ("TRUE", True), ("false", False), ("AAA", False)):
            response = await client.create(b"{}", **{UNIFIED: value})
            assert response.status_code == 400
            if unified:
                assert list(response.json()) == ["errors"]
                for each in response.json()["errors"]:
                    assert list(each) == ["errorCode", "errorDescription", "additionalInfo", "parameters"]
            else:
                assert isinstance(response.json(), list)

    async def test_create_without_the_write_scope_is_a_403(self, world: World) -> None:
        reader = VendorClient(world, await world.bearer(scope="orders:read"))
        response = await reader.create(SAMPLE)
        assert (response.status_code, response.json()[0]["errorCode"]) == (403, "1000033")
