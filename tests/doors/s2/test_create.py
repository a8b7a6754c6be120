"""Creating orders through the Ventmere S2 door."""

import json
from typing import Any

import msgspec
import pytest

from crossdock.doors.s2 import wire
from tests.doors.s2.signing import ACCOUNT_ID, ANSWER, NOBODY, PRODUCT_ID, SAMPLE, add_account, masked, sample
from tests.world import World


def item(**changes: Any) -> dict[str, Any]:
    return {"channelOrderItemId": "0", "productId": PRODUCT_ID, "quantity": 1, "unitPrice": 1, "meta": {}} | changes


class TestCreate:
    async def test_answers_the_vendors_sample_member_by_member(self, world: World, headers: dict[str, str]) -> None:
        answer = await world.http.post("/order", content=SAMPLE, headers=headers)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert json.dumps(masked(answer.json(), ANSWER), indent=1) == json.dumps(ANSWER, indent=1)
        msgspec.json.decode(answer.content, type=wire.Order)

    async def test_keeps_numbers_as_they_are_spelled(self, world: World, headers: dict[str, str]) -> None:
        body = SAMPLE.replace(b"9.99", b"10.00").replace(b"8.89", b"7")
        text = (await world.http.post("/order", content=body, headers=headers)).text
        for rendered in ('"packageLengthMm":1500.0,', '"caseWeightKg":0.0,', '"caseWeightKg":0.35708416,',
                        '"unitPrice":10.00,', '"unitPrice":7,', '"quantity":2,', '"casePack":2,'):  # fmt: skip
            assert rendered in text

    async def test_has_one_time_for_order_and_attachments(self, world: World, headers: dict[str, str]) -> None:
        document = (await world.http.post("/order", content=SAMPLE, headers=headers)).json()
        attachment = document["attachments"][0]
        assert {document["createdAt"], attachment["createdAt"], attachment["updatedAt"]} == {document["updatedAt"]}

    async def test_reads_back_what_it_answered(self, world: World, headers: dict[str, str]) -> None:
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
    async def test_echoes_meta_as_object_or_array(self, world: World, headers: dict[str, str], meta: Any) -> None:
        body = sample(meta=meta, items=[item(meta={"m": meta})])
        document = (await world.http.post("/order", json=body, headers=headers)).json()
        assert document["meta"] == meta
        assert document["items"][0]["meta"] == {"m": meta}

    async def test_gives_back_members_it_does_not_know(self, world: World, headers: dict[str, str]) -> None:
        address = sample()["shippingAddress"] | {"doorCode": "12"}
        body = sample(mine={"x": [1]}, shippingAddress=address, items=[item(gift=True)])
        document = (await world.http.post("/order", json=body, headers=headers)).json()
        assert list(document)[-2:] == ["customerNote", "mine"]
        assert document["mine"] == {"x": [1]}
        assert document["shippingAddress"]["doorCode"] == "12"
        assert list(document["items"][0])[-1] == "gift"

    async def test_lets_no_sender_say_what_is_the_servers_to_say(self, world: World, headers: dict[str, str]) -> None:
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

    async def test_writes_null_for_what_may_be_left_out(self, world: World, headers: dict[str, str]) -> None:
        body = sample()
        for name in ("channelOrderIdAlt", "channelOrderIdAlt2", "billingAddress"):
            del body[name]
        document = (await world.http.post("/order", json=body, headers=headers)).json()
        assert list(document) == list(ANSWER)
        assert (document["channelOrderIdAlt"], document["channelOrderIdAlt2"], document["billingAddress"]) == (
            None,
            None,
            None,
        )

    async def test_takes_empty_strings_where_there_is_nothing_to_say(
        self, world: World, headers: dict[str, str]
    ) -> None:
        nowhere = dict.fromkeys(sample()["shippingAddress"], "")
        body = sample(shippingAddress=nowhere, billingAddress=nowhere, channelShippingMethod="", customerNote="")
        document = (await world.http.post("/order", json=body, headers=headers)).json()
        assert {name: document[name] for name in body if name in ("shippingAddress", "billingAddress")} == {
            "shippingAddress": nowhere,
            "billingAddress": nowhere,
        }
        assert (document["channelShippingMethod"], document["customerNote"]) == ("", "")

    async def test_answers_in_the_vendors_order_not_the_senders(self, world: World, headers: dict[str, str]) -> None:
        address = dict(reversed(sample()["shippingAddress"].items())) | {"address1": ""}
        body = sample(shippingAddress=address, items=[dict(reversed(item(x=1, y=2).items()))])
        created = await world.http.post("/order", json=body, headers=headers)
        document = created.json()
        assert list(document["shippingAddress"]) == list(ANSWER["shippingAddress"])
        assert document["shippingAddress"] == address
        assert (await world.http.get(f"/order/{document['id']}", headers=headers)).content == created.content

    async def test_takes_dates_and_note_of_the_update_call(self, world: World, headers: dict[str, str]) -> None:
        given = {"shipByDate": "2024-05-01T00:00:00Z", "deliverByDate": "2024-05-02T00:00:00.5+00:00",
                "customerNote": "Ring twice"}  # fmt: skip
        document = (await world.http.post("/order", json=sample(**given), headers=headers)).json()
        assert {name: document[name] for name in given} == given

    async def test_takes_ids_in_upper_case(self, world: World, headers: dict[str, str]) -> None:
        body = sample(accountId=ACCOUNT_ID.upper(), items=[item(productId=PRODUCT_ID.upper())])
        document = (await world.http.post("/order", json=body, headers=headers)).json()
        assert document["account"]["id"] == ACCOUNT_ID
        assert document["items"][0]["product"]["id"] == PRODUCT_ID

    async def test_assigns_to_the_accounts_warehouse(self, world: World, headers: dict[str, str]) -> None:
        key = "2ac48942-405a-4841-a7d8-708f50dbe888"
        await add_account(world, key=key, name="Auto", warehouse="warehouse-1")
        created = await world.http.post("/order", json=sample(accountId=key), headers=headers)
        assert created.json()["assignStatus"] == "ASSIGNED"
        assert created.json()["status"] == "UNFULFILLED"
        assert created.json()["account"]["autoAssignOrdersToWarehouse"] == "warehouse-1"
        assert (await world.http.get(f"/order/{created.json()['id']}", headers=headers)).content == created.content


class TestTwins:
    async def test_replays_the_same_content(self, world: World, headers: dict[str, str]) -> None:
        first = await world.http.post("/order", content=SAMPLE, headers=headers)
        again = await world.http.post("/order", json=dict(reversed(sample().items())), headers=headers)
        assert (again.status_code, again.content) == (200, first.content)
        assert again.headers["idempotent-replayed"] == "true"
        assert "idempotent-replayed" not in first.headers

    async def test_refuses_other_content_under_a_number(self, world: World, headers: dict[str, str]) -> None:
        await world.http.post("/order", content=SAMPLE, headers=headers)
        answer = await world.http.post("/order", json=sample(currencyId="EUR"), headers=headers)
        assert answer.status_code == 409
        assert answer.json() == {
            "code": "ALREADY_EXISTS",
            "message": "Order with channelOrderId 'test_order_id2' already exists for this account",
        }

    async def test_keeps_numbers_of_two_accounts_apart(self, world: World, headers: dict[str, str]) -> None:
        key = "2ac48942-405a-4841-a7d8-708f50dbe888"
        await add_account(world, key=key, name="Second", warehouse=None)
        first = await world.http.post("/order", content=SAMPLE, headers=headers)
        second = await world.http.post("/order", json=sample(accountId=key), headers=headers)
        assert second.status_code == 200
        assert second.json()["id"] != first.json()["id"]


class TestFaults:
    async def test_names_every_fault_at_once(self, world: World, headers: dict[str, str]) -> None:
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
            items=[item(quantity=0), item(quantity=1.5, productId=NOBODY, meta=[])],
            attachments=[{"fileName": "x"}],
            shipByDate="tomorrow",
        )
        answer = await world.http.post("/order", json=body, headers=headers)
        assert answer.status_code == 400
        assert list(answer.json()) == ["code", "message"]
        assert answer.json()["code"] == "INVALID_ARGUMENT"
        paths = {part.partition(": ")[0] for part in answer.json()["message"].split("; ")}
        assert paths == {
            "accountId", "channelOrderId", "channelShippingMethod", "shippingAddress.countryId",
            "shippingAddress.phone", "shippingAddress.email", "meta", "channelOrderDate", "currencyId",
            "items[0].quantity", "items[1].quantity", "items[1].productId", "items[1].channelOrderItemId",
            "items[1].meta", "attachments[0].path", "shipByDate",
        }  # fmt: skip

    @pytest.mark.parametrize("name", [name for name in sample() if name not in (
        "channelOrderIdAlt", "channelOrderIdAlt2", "billingAddress")])  # fmt: skip
    async def test_requires_a_member(self, world: World, headers: dict[str, str], name: str) -> None:
        body = sample()
        del body[name]
        answer = await world.http.post("/order", json=body, headers=headers)
        assert (answer.status_code, answer.json()["message"]) == (400, f"{name}: is required")

    async def test_wants_at_least_one_item(self, world: World, headers: dict[str, str]) -> None:
        answer = await world.http.post("/order", json=sample(items=[]), headers=headers)
        assert (answer.status_code, answer.json()["message"]) == (400, "items: must have at least 1 element")

    @pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"x"', b"\xff", b'{"items":' + b"[" * 100 + b"]" * 100 + b"}"])
    async def test_refuses_what_is_no_order(self, world: World, headers: dict[str, str], raw: bytes) -> None:
        answer = await world.http.post("/order", content=raw, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_ARGUMENT")

    async def test_names_an_unknown_account_and_product(self, world: World, headers: dict[str, str]) -> None:
        body = sample(accountId=NOBODY, items=[item(), item(channelOrderItemId="1", productId=NOBODY)])
        answer = await world.http.post("/order", json=body, headers=headers)
        assert answer.status_code == 404
        assert answer.json() == {
            "code": "NOT_FOUND",
            "message": f"accountId: there is no account '{NOBODY}'; items[1].productId: there is no product '{NOBODY}'",
        }

    async def test_does_not_know_another_organizations_account(self, world: World) -> None:
        answer = await world.http.post("/order", content=SAMPLE, headers=await world.stranger())
        assert answer.status_code == 404
        assert "accountId: " in answer.json()["message"]
