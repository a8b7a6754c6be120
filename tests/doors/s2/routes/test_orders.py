"""Create, read and list orders."""

import asyncio
import json
from typing import Any

import msgspec
import pytest

from crossdock.doors.s2 import catalog, wire
from tests.doors.s2.client import (
    ACCOUNT_ID,
    PRODUCT_ID,
    RESPONSE,
    SAMPLE,
    UNKNOWN_ID,
    Headers,
    add_account,
    sample,
    with_placeholders,
)
from tests.slowness import processor_time_below
from tests.world import World


def item(**changes: Any) -> dict[str, Any]:
    return {"channelOrderItemId": "0", "productId": PRODUCT_ID, "quantity": 1, "unitPrice": 1, "meta": {}} | changes


class TestCreate:
    async def test_the_response_to_create_has_the_members_of_the_vendors_sample(
        self, world: World, headers: Headers
    ) -> None:
        response = await world.http.post("/order", content=SAMPLE, headers=headers)
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json"
        assert json.dumps(with_placeholders(response.json(), RESPONSE), indent=1) == json.dumps(RESPONSE, indent=1)
        msgspec.json.decode(response.content, type=wire.Order)

    async def test_create_returns_numbers_as_they_were_written(self, world: World, headers: Headers) -> None:
        body = SAMPLE.replace(b"9.99", b"10.00").replace(b"8.89", b"7")
        text = (await world.http.post("/order", content=body, headers=headers)).text
        for rendered in ('"packageLengthMm":1500.0,', '"caseWeightKg":0.0,', '"caseWeightKg":0.35708416,',
                        '"unitPrice":10.00,', '"unitPrice":7,', '"quantity":2,', '"casePack":2,'):  # fmt: skip
            assert rendered in text

    async def test_a_quantity_with_a_fraction_of_zero_is_returned_as_a_whole_number(
        self, world: World, headers: Headers
    ) -> None:
        created = await world.http.post(
            "/order", content=SAMPLE.replace(b'"quantity": 2', b'"quantity": 2.0'), headers=headers
        )
        assert '"quantity":2,' in created.text
        read = await world.http.get(f"/order/{created.json()['id']}", headers=headers)
        assert read.content == created.content

    async def test_an_order_and_its_attachments_have_the_same_time(self, world: World, headers: Headers) -> None:
        document = (await world.http.post("/order", content=SAMPLE, headers=headers)).json()
        attachment = document["attachments"][0]
        assert {document["createdAt"], attachment["createdAt"], attachment["updatedAt"]} == {document["updatedAt"]}

    async def test_a_read_returns_the_response_to_create(self, world: World, headers: Headers) -> None:
        body = sample(
            meta=[],
            attachments=[{"fileName": "听雨 (24 x 26.25).jpg", "path": "a/听雨.jpg", "size": 1.50, "id": "mine"}] * 2,
        )
        created = await world.http.post("/order", json=body, headers=headers)
        read = await world.http.get(f"/order/{created.json()['id']}", headers=headers)
        assert (read.status_code, read.content) == (200, created.content)
        first, second = read.json()["attachments"]
        assert list(first) == ["id", "fileName", "path", "createdAt", "updatedAt", "size"]
        assert first["fileName"] == "听雨 (24 x 26.25).jpg"
        assert len({first["id"], second["id"], "mine"}) == 3

    @pytest.mark.parametrize("meta", [{}, [], {"a": {"b": [1, None]}}, [1, {"x": "y"}]])
    async def test_meta_is_returned_as_the_object_or_array_that_was_sent(
        self, world: World, headers: Headers, meta: Any
    ) -> None:
        body = sample(meta=meta, items=[item(meta={"m": meta})])
        document = (await world.http.post("/order", json=body, headers=headers)).json()
        assert document["meta"] == meta
        assert document["items"][0]["meta"] == {"m": meta}

    async def test_unknown_members_are_returned_after_the_known_ones(self, world: World, headers: Headers) -> None:
        address = sample()["shippingAddress"] | {"doorCode": "12"}
        body = sample(mine={"x": [1]}, shippingAddress=address, items=[item(gift=True)])
        document = (await world.http.post("/order", json=body, headers=headers)).json()
        assert list(document)[-2:] == ["customerNote", "mine"]
        assert document["mine"] == {"x": [1]}
        assert document["shippingAddress"]["doorCode"] == "12"
        assert list(document["items"][0])[-1] == "gift"

    async def test_server_owned_members_of_a_body_are_ignored(self, world: World, headers: Headers) -> None:
        plain = (await world.http.post("/order", content=SAMPLE, headers=headers)).json()
        forged = dict.fromkeys(
            ("id", "organization", "account", "status", "assignStatus", "archived", "fulfillments", "createdAt",
             "updatedAt", "accountSubChannel", "shippingOverrideAddress"), "forged",
        )  # fmt: skip
        items = [each | {"product": "forged"} for each in sample()["items"]]
        body = forged | sample(channelOrderId="another", items=items)
        document = await world.http.post("/order", json=body, headers=headers)
        assert "forged" not in document.text
        assert list(document.json()) == list(plain)

    async def test_missing_optional_members_are_returned_as_null(self, world: World, headers: Headers) -> None:
        body = sample()
        for name in ("channelOrderIdAlt", "channelOrderIdAlt2", "billingAddress"):
            del body[name]
        document = (await world.http.post("/order", json=body, headers=headers)).json()
        assert list(document) == list(RESPONSE)
        assert (document["channelOrderIdAlt"], document["channelOrderIdAlt2"], document["billingAddress"]) == (
            None,
            None,
            None,
        )

    async def test_empty_strings_in_addresses_method_and_note_are_accepted(
        self, world: World, headers: Headers
    ) -> None:
        nowhere = dict.fromkeys(sample()["shippingAddress"], "")
        body = sample(shippingAddress=nowhere, billingAddress=nowhere, channelShippingMethod="", customerNote="")
        document = (await world.http.post("/order", json=body, headers=headers)).json()
        assert {name: document[name] for name in body if name in ("shippingAddress", "billingAddress")} == {
            "shippingAddress": nowhere,
            "billingAddress": nowhere,
        }
        assert (document["channelShippingMethod"], document["customerNote"]) == ("", "")

    async def test_the_response_has_the_vendors_member_order_not_the_clients(
        self, world: World, headers: Headers
    ) -> None:
        address = dict(reversed(sample()["shippingAddress"].items())) | {"address1": ""}
        body = sample(shippingAddress=address, items=[dict(reversed(item(x=1, y=2).items()))])
        created = await world.http.post("/order", json=body, headers=headers)
        document = created.json()
        assert list(document["shippingAddress"]) == list(RESPONSE["shippingAddress"])
        assert document["shippingAddress"] == address
        assert (await world.http.get(f"/order/{document['id']}", headers=headers)).content == created.content

    async def test_create_accepts_the_dates_and_the_note_of_update(self, world: World, headers: Headers) -> None:
        given = {"shipByDate": "2024-05-01T00:00:00Z", "deliverByDate": "2024-05-02T00:00:00.5+00:00",
                "customerNote": "Ring twice"}  # fmt: skip
        document = (await world.http.post("/order", json=sample(**given), headers=headers)).json()
        assert {name: document[name] for name in given} == given

    async def test_ids_in_upper_case_are_accepted(self, world: World, headers: Headers) -> None:
        body = sample(accountId=ACCOUNT_ID.upper(), items=[item(productId=PRODUCT_ID.upper())])
        document = (await world.http.post("/order", json=body, headers=headers)).json()
        assert document["account"]["id"] == ACCOUNT_ID
        assert document["items"][0]["product"]["id"] == PRODUCT_ID

    async def test_a_new_order_is_assigned_to_the_warehouse_of_its_account(
        self, world: World, headers: Headers
    ) -> None:
        key = "2ac48942-405a-4841-a7d8-708f50dbe888"
        await add_account(world, key=key, name="Auto", warehouse="warehouse-1")
        created = await world.http.post("/order", json=sample(accountId=key), headers=headers)
        assert created.json()["assignStatus"] == "ASSIGNED"
        assert created.json()["status"] == "UNFULFILLED"
        assert created.json()["account"]["autoAssignOrdersToWarehouse"] == "warehouse-1"
        assert (await world.http.get(f"/order/{created.json()['id']}", headers=headers)).content == created.content


class TestEmptyValues:
    """The create page tells clients to send "", 0 or {} for a value that they do not have."""

    async def test_item_ids_may_be_empty_in_several_items(self, world: World, headers: Headers) -> None:
        items = [item(channelOrderItemId="", unitPrice=price) for price in (1, 2, 1)]
        created = await world.http.post("/order", json=sample(items=items), headers=headers)
        assert created.status_code == 200, created.text
        assert [each["channelOrderItemId"] for each in created.json()["items"]] == ["", "", ""]
        assert [each["unitPrice"] for each in created.json()["items"]] == [1, 2, 1]
        read = await world.http.get(f"/order/{created.json()['id']}", headers=headers)
        assert read.content == created.content

    async def test_item_ids_that_are_not_empty_are_unique(self, world: World, headers: Headers) -> None:
        items = [item(channelOrderItemId=name) for name in ("", "a", "", "a")]
        response = await world.http.post("/order", json=sample(items=items), headers=headers)
        assert (response.status_code, response.json()["message"]) == (
            400,
            "items[3].channelOrderItemId: must be unique, 'a' is there already",
        )

    async def test_the_meta_of_an_item_may_be_an_array(self, world: World, headers: Headers) -> None:
        items = [item(meta=[]), item(channelOrderItemId="1", meta=[{"a": 1}])]
        document = (await world.http.post("/order", json=sample(items=items), headers=headers)).json()
        assert [each["meta"] for each in document["items"]] == [[], [{"a": 1}]]

    async def test_a_file_name_and_a_path_may_be_empty(self, world: World, headers: Headers) -> None:
        attachment = {"fileName": "", "path": ""}
        document = (await world.http.post("/order", json=sample(attachments=[attachment]), headers=headers)).json()
        assert {name: document["attachments"][0][name] for name in attachment} == attachment

    async def test_optional_dates_may_be_empty(self, world: World, headers: Headers) -> None:
        dates = {"shipByDate": "", "deliverByDate": ""}
        created = await world.http.post("/order", json=sample(**dates), headers=headers)
        assert {name: created.json()[name] for name in dates} == dates

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"quantity": 0}, "items[0].quantity: must be at least 1, not 0"),
            ({"productId": ""}, "items[0].productId: must be a UUID, not ''"),
        ],
    )
    async def test_an_item_that_orders_nothing_is_refused(
        self, world: World, headers: Headers, change: Any, message: str
    ) -> None:
        response = await world.http.post("/order", json=sample(items=[item(**change)]), headers=headers)
        assert (response.status_code, response.json()) == (400, {"code": "INVALID_ARGUMENT", "message": message})

    @pytest.mark.parametrize("sent", ["2024-04-24T06:00Z", "2024-04-24t06:00:00.5z", "2024-04-24T06:00+0000"])
    async def test_a_time_without_seconds_or_in_lower_case_is_returned_as_it_was_sent(
        self, world: World, headers: Headers, sent: str
    ) -> None:
        document = (await world.http.post("/order", json=sample(channelOrderDate=sent), headers=headers)).json()
        assert document["channelOrderDate"] == sent


class TestReplay:
    async def test_the_same_content_again_is_replayed(self, world: World, headers: Headers) -> None:
        first = await world.http.post("/order", content=SAMPLE, headers=headers)
        again = await world.http.post("/order", json=dict(reversed(sample().items())), headers=headers)
        assert (again.status_code, again.content) == (200, first.content)
        assert again.headers["idempotent-replayed"] == "true"
        assert "idempotent-replayed" not in first.headers

    async def test_other_content_under_the_same_number_is_refused(self, world: World, headers: Headers) -> None:
        await world.http.post("/order", content=SAMPLE, headers=headers)
        response = await world.http.post("/order", json=sample(currencyId="EUR"), headers=headers)
        assert response.status_code == 409
        assert response.json() == {
            "code": "ALREADY_EXISTS",
            "message": "Order with channelOrderId 'test_order_id2' already exists for this account",
        }

    async def test_two_accounts_may_use_the_same_number(self, world: World, headers: Headers) -> None:
        key = "2ac48942-405a-4841-a7d8-708f50dbe888"
        await add_account(world, key=key, name="Second", warehouse=None)
        first = await world.http.post("/order", content=SAMPLE, headers=headers)
        second = await world.http.post("/order", json=sample(accountId=key), headers=headers)
        assert second.status_code == 200
        assert second.json()["id"] != first.json()["id"]


class TestFaults:
    async def test_every_fault_of_a_create_body_is_named(self, world: World, headers: Headers) -> None:
        address = sample()["shippingAddress"] | {"countryId": "XX", "phone": None}
        del address["email"]
        body = sample(
            accountId="nope",
            channelOrderId=7,
            channelShippingMethod=None,
            shippingAddress=address,
            meta="x",
            channelOrderDate="2024-04-24T06:00:33+02:00",
            currencyId="XYZ",
            items=[item(quantity=0), item(quantity=1.5, productId=UNKNOWN_ID, meta="x")],
            attachments=[{"fileName": "x"}],
            shipByDate="tomorrow",
        )
        response = await world.http.post("/order", json=body, headers=headers)
        assert response.status_code == 400
        assert list(response.json()) == ["code", "message"]
        assert response.json()["code"] == "INVALID_ARGUMENT"
        paths = {part.partition(": ")[0] for part in response.json()["message"].split("; ")}
        assert paths == {
            "accountId", "channelOrderId", "channelShippingMethod", "shippingAddress.countryId",
            "shippingAddress.phone", "shippingAddress.email", "meta", "channelOrderDate", "currencyId",
            "items[0].quantity", "items[1].quantity", "items[1].productId", "items[1].channelOrderItemId",
            "items[1].meta", "attachments[0].path", "shipByDate",
        }  # fmt: skip

    @pytest.mark.parametrize("name", [name for name in sample() if name not in (
        "channelOrderIdAlt", "channelOrderIdAlt2", "billingAddress")])  # fmt: skip
    async def test_a_missing_required_member_is_named(self, world: World, headers: Headers, name: str) -> None:
        body = sample()
        del body[name]
        response = await world.http.post("/order", json=body, headers=headers)
        assert (response.status_code, response.json()["message"]) == (400, f"{name}: is required")

    async def test_an_order_without_items_is_refused(self, world: World, headers: Headers) -> None:
        response = await world.http.post("/order", json=sample(items=[]), headers=headers)
        assert (response.status_code, response.json()["message"]) == (400, "items: must have at least 1 element")

    @pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"x"', b"\xff", b'{"items":' + b"[" * 100 + b"]" * 100 + b"}"])
    async def test_a_body_that_is_not_an_order_is_refused(self, world: World, headers: Headers, raw: bytes) -> None:
        response = await world.http.post("/order", content=raw, headers=headers)
        assert (response.status_code, response.json()["code"]) == (400, "INVALID_ARGUMENT")

    async def test_an_unknown_account_and_an_unknown_product_are_named(self, world: World, headers: Headers) -> None:
        body = sample(accountId=UNKNOWN_ID, items=[item(), item(channelOrderItemId="1", productId=UNKNOWN_ID)])
        response = await world.http.post("/order", json=body, headers=headers)
        assert response.status_code == 404
        assert response.json() == {
            "code": "NOT_FOUND",
            "message": f"accountId: there is no account '{UNKNOWN_ID}'; items[1].productId: there is no product '{UNKNOWN_ID}'",
        }

    async def test_another_organizations_account_is_unknown(self, world: World) -> None:
        response = await world.http.post("/order", content=SAMPLE, headers=await world.stranger())
        assert response.status_code == 404
        assert "accountId: " in response.json()["message"]


class TestOrders:
    async def test_orders_are_listed_newest_first(self, world: World, headers: Headers) -> None:
        created = [
            (await world.http.post("/order", json=sample(channelOrderId=f"n{position}"), headers=headers)).json()
            for position in range(3)
        ]
        response = await world.http.get("/order", headers=headers)
        assert response.json() == {"items": created[::-1], "total": 3}
        page = (await world.http.get("/order", params={"limit": 1, "offset": 1}, headers=headers)).json()
        assert page == {"items": [created[1]], "total": 3}

    async def test_orders_are_searched_by_id_or_number(self, world: World, headers: Headers) -> None:
        first, _ = [
            (await world.http.post("/order", json=sample(channelOrderId=number), headers=headers)).json()
            for number in ("one", "two")
        ]

        async def found(term: str) -> Any:
            return (await world.http.get("/order", params={"term": term}, headers=headers)).json()

        assert await found(first["id"]) == {"items": [first], "total": 1}
        assert await found(first["id"].upper()) == {"items": [first], "total": 1}
        assert await found("one") == {"items": [first], "total": 1}
        for term in ("three", UNKNOWN_ID, "ffffffff-ffff-8fff-bfff-ffffffffffff"):
            assert await found(term) == {"items": [], "total": 0}
        assert (await found(""))["total"] == 2

    async def test_an_order_whose_number_is_its_id_is_listed_once(self, world: World, headers: Headers) -> None:
        order = (await world.http.post("/order", json=sample(), headers=headers)).json()
        body = sample(channelOrderId=order["id"])
        await world.http.put(f"/order/{order['id']}", json=body, headers=headers)
        found = (await world.http.get("/order", params={"term": order["id"]}, headers=headers)).json()
        assert ([each["id"] for each in found["items"]], found["total"]) == ([order["id"]], 1)

    async def test_a_list_has_at_most_100_orders(self, world: World, headers: Headers) -> None:
        posts = (world.http.post("/order", json=sample(channelOrderId=f"n{n}"), headers=headers) for n in range(101))
        assert {response.status_code for response in await asyncio.gather(*posts)} == {200}
        for query in ({}, {"limit": "101"}, {"limit": "100000000000000000000"}):
            response = await world.http.get("/order", params=query, headers=headers)
            assert (len(response.json()["items"]), response.json()["total"]) == (100, 101)

    @pytest.mark.parametrize("path", ["/order", "/product", "/account"])
    @pytest.mark.parametrize(
        ("limit", "offset"), [("0", "0"), ("-1", "0"), ("x", "0"), ("", "0"), ("1", "-1"), ("1", "1.5"), ("1", "٣")]
    )
    async def test_an_invalid_limit_or_offset_is_refused(
        self, world: World, headers: Headers, path: str, limit: str, offset: str
    ) -> None:
        response = await world.http.get(path, params={"limit": limit, "offset": offset}, headers=headers)
        assert (response.status_code, response.json()["code"]) == (400, "INVALID_ARGUMENT")

    @pytest.mark.parametrize("path", ["/order", "/product", "/account"])
    @pytest.mark.parametrize("name", ["limit", "offset"])
    async def test_a_number_of_60000_digits_takes_no_time(
        self, world: World, headers: Headers, path: str, name: str
    ) -> None:
        digits = "1" * 60_000
        with processor_time_below(1):  # both take 0.02 s
            refused = await world.http.get(path, params={name: f"{digits}x"}, headers=headers)
            clamped = await world.http.get(path, params={name: digits}, headers=headers)
        assert (refused.status_code, clamped.status_code) == (400, 200)

    async def test_zeros_before_a_number_do_not_change_it(self, world: World, headers: Headers) -> None:
        await world.http.post("/order", content=SAMPLE, headers=headers)
        response = await world.http.get("/order", params={"limit": "0" * 20 + "1", "offset": "0" * 20}, headers=headers)
        assert (response.status_code, len(response.json()["items"])) == (200, 1)

    def test_an_id_of_an_earlier_release_stays_the_same_and_readable(self) -> None:
        assert catalog.parse_id("20000000-0000-8000-80f2-06e964d647a6") == 2**60
        assert catalog.format_id(2**60) == "20000000-0000-8000-80f2-06e964d647a6"

    async def test_orders_of_another_organization_are_neither_listed_nor_read(
        self, world: World, headers: Headers
    ) -> None:
        order = (await world.http.post("/order", json=sample(), headers=headers)).json()
        stranger = await world.stranger()
        assert (await world.http.get("/order", headers=stranger)).json() == {"items": [], "total": 0}
        response = await world.http.get(f"/order/{order['id']}", headers=stranger)
        assert (response.status_code, response.json()["code"]) == (404, "NOT_FOUND")

    @pytest.mark.parametrize("order_id", [UNKNOWN_ID, "x", ACCOUNT_ID, PRODUCT_ID.replace("-", "")])
    async def test_an_order_that_does_not_exist_is_not_found(
        self, world: World, headers: Headers, order_id: str
    ) -> None:
        response = await world.http.get(f"/order/{order_id}", headers=headers)
        assert response.status_code == 404
        assert response.json() == {"code": "NOT_FOUND", "message": "There is no such order"}
