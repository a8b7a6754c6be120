"""Creating and reading orders through the Pitney Bowes Fulfillment door."""

import json
import re
from typing import Any

import pytest

from crossdock.core.ids import from_base62, to_digits
from crossdock.flows import access, tenants
from tests.doors.pb_fulfillment.desk import FOLDER, ORDERS, SAMPLE, TRANSACTION, Desk, places, sample
from tests.world import World

# The sample's own date is no valid one, so this side's differs.
_OURS = re.compile(r'("orderId":)"[^"]*"|("pbCreateDate":)"[^"]*"')


def compact(text: str) -> str:
    """Take the indentation out of a sample, touching no value."""
    return re.sub(r"\n *", "", text).replace('": ', '":')


def without_ours(text: str) -> str:
    return _OURS.sub(lambda match: (match[1] or match[2]) + '"…"', text)


class TestCreate:
    async def test_answers_the_sample_letter_for_letter(self, desk: Desk) -> None:
        answer = await desk.create(SAMPLE)
        assert answer.status_code == 201
        expected = (FOLDER / "create.response.json").read_text()
        assert without_ours(answer.text) == without_ours(compact(expected))
        assert re.fullmatch(r"ORA\d{19}US", answer.json()["orderId"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", answer.json()["pbCreateDate"])

    async def test_is_indifferent_to_the_content_type(self, desk: Desk) -> None:
        headers = desk.headers() | {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await desk.http.post(ORDERS, content=SAMPLE, headers=headers)
        assert answer.status_code == 201

    async def test_writes_numbers_with_a_point_and_exactly(self, desk: Desk) -> None:
        body = SAMPLE
        for name, sent in (
            ("unitPrice", "10.50"),
            ("lineTotal", "1e1"),
            ("totalOrderAmount", "12345678901234567890.1"),
        ):
            body = re.sub(rf'"{name}": [0-9.]+'.encode(), f'"{name}": {sent}'.encode(), body)
        answer = await desk.create(body)
        for told in ('"unitPrice":10.50,', '"lineTotal":10.0,', '"totalOrderAmount":12345678901234567890.1}'):
            assert told in answer.text
        assert (await desk.view(answer.json()["orderId"])).text == answer.text

    async def test_keeps_to_its_own_order_whatever_order_was_sent(self, desk: Desk) -> None:
        def turned(value: Any) -> Any:
            if isinstance(value, dict):
                return {name: turned(value[name]) for name in reversed(value)}
            return [turned(each) for each in value] if isinstance(value, list) else value

        answer = await desk.create(turned(sample()))
        expected = (FOLDER / "create.response.json").read_text()
        assert without_ours(answer.text) == without_ours(compact(expected))
        assert (await desk.view(answer.json()["orderId"])).text == answer.text

    async def test_echoes_every_optional_in_the_order_of_the_table(self, desk: Desk) -> None:
        more = {
            "brand": "B", "references": [{"name": "PO", "values": "77"}], "salesChannel": {"name": "web"},
            "updateDate": "2022-02-07T01:21:00.5+01:00", "isGift": True, "giftMessageText": "Enjoy",
            "valueAddedServices": [{"code": "WRAP"}], "paymentDetails": [{"amount": 10}],
            "customsInfo": {"customsDeclaredValue": 7, "importerCustomsReference": "IOSS1",
                            "importerCustomsReferenceType": "IOSS"},
            "internalNotes": "fragile",
            "dropShipInfo": {"companyName": "C", "address": "1 Road", "city": "X", "state": "AL", "postalCode": "1"},
            "loyaltyPoints": 12,
        }  # fmt: skip
        told = (await desk.create(sample(**more))).json()
        assert {name: told[name] for name in more} == more
        assert list(told)[3:8] == ["customerOrderId", "brand", "references", "salesChannel", "inputShippingDetails"]
        assert list(told)[-9:] == [
            "valueAddedServices", "paymentDetails", "customsInfo", "internalNotes", "dropShipInfo", "loyaltyPoints",
            "isGift", "status", "isOnHold",
        ]  # fmt: skip

    async def test_fills_in_what_was_not_sent_and_leaves_out_the_rest(self, desk: Desk) -> None:
        left_out = ("customerOrderId", "orderType", "orderCharges", "billingAddress", "fromNode", "orderHandling")
        told = (await desk.create(sample(**dict.fromkeys(left_out)))).json()
        assert (told["orderType"], told["references"], told["isGift"]) == ("eCom", [], False)
        assert not set(told) & (set(left_out) - {"orderType"})
        assert not {"holdReason", "pbUpdateDate", "actualShippingDetails"} & set(told)

    async def test_takes_null_for_not_sent_where_it_has_a_default(self, desk: Desk) -> None:
        body = json.loads(SAMPLE) | dict.fromkeys(("references", "orderType", "isGift", "orderCharges"))
        told = (await desk.create(body)).json()
        assert (told["orderType"], told["references"], told["isGift"]) == ("eCom", [], False)

    async def test_never_takes_its_own_members_from_the_sender(self, desk: Desk) -> None:
        forged = {
            "orderId": "ORA1", "pbCreateDate": "x", "pbUpdateDate": "x", "status": "SHIPPED", "isOnHold": True,
            "holdReason": ["x"], "actualShippingDetails": {"carrier": "X"},
        }  # fmt: skip
        told = (await desk.create(sample(**forged))).json()
        assert told["orderId"] != "ORA1" and told["pbCreateDate"] != "x"
        assert (told["status"], told["isOnHold"]) == ("RECEIVED", False)
        assert not {"holdReason", "pbUpdateDate", "actualShippingDetails"} & set(told)

    async def test_keeps_a_currency_of_its_own_on_other_charges(self, desk: Desk) -> None:
        details = [{"name": "A", "fee": 1, "currency": "CAD"}, {"name": "B", "fee": 2, "currency": None}, {"name": "C"}]
        told = (await desk.create(sample(orderCharges={"orderCurrency": "USD", "otherChargeDetails": details}))).json()
        assert [each["currency"] for each in told["orderCharges"]["otherChargeDetails"]] == ["CAD", "USD", "USD"]
        assert "fee" not in told["orderCharges"]["otherChargeDetails"][2]

    async def test_answers_a_numeric_postal_code_as_text(self, desk: Desk) -> None:
        there = sample()["toAddress"] | {"postalCode": 1234}
        told = (await desk.create(sample(toAddress=there, billingAddress={"postalCode": "00501"}))).json()
        assert (told["toAddress"]["postalCode"], told["billingAddress"]) == ("1234", {"postalCode": "00501"})

    async def test_ends_the_id_in_the_country_it_goes_to(self, desk: Desk) -> None:
        told = (await desk.create(sample(toAddress=sample()["toAddress"] | {"countryCode": "DE"}))).json()
        assert told["orderId"].endswith("DE")
        other = told["orderId"][:-2] + "us"
        assert (await desk.view(other)).json() == told


class TestRepeats:
    async def test_get_the_first_answer_for_the_same_content(self, desk: Desk) -> None:
        first = await desk.create(SAMPLE)
        again = await desk.create(sample(), path="/v1/orders")
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["idempotent-replayed"] == "true"
        assert "idempotent-replayed" not in first.headers

    async def test_get_the_first_answer_under_the_same_transaction(self, desk: Desk) -> None:
        first = await desk.create(SAMPLE, transaction="T_1-a")
        again = await desk.create(SAMPLE, transaction="T_1-a")
        assert again.content == first.content
        assert again.headers["idempotent-replayed"] == "true"

    async def test_are_refused_where_the_transaction_was_another_request(self, desk: Desk) -> None:
        await desk.create(SAMPLE, transaction="T1")
        answer = await desk.create(sample(clientOrderId="other"), transaction="T1")
        assert answer.status_code == 400
        assert [each["errorCode"] for each in answer.json()] == ["1000045"]
        assert places(answer) == {TRANSACTION}
        # nothing of the refused one was kept: its number is free
        assert (await desk.create(sample(clientOrderId="other", brand="B"))).status_code == 201

    async def test_are_refused_where_the_number_has_other_content(self, desk: Desk) -> None:
        await desk.create(SAMPLE)
        answer = await desk.create(sample(orderHandling="N"))
        assert answer.status_code == 400
        assert answer.json()[0]["errorCode"] == "1000045"
        assert places(answer) == {"clientOrderId"}

    async def test_leave_a_transaction_id_free_when_the_body_was_refused(self, desk: Desk) -> None:
        assert (await desk.create(sample(createDate="today"), transaction="T1")).status_code == 400
        assert (await desk.create(SAMPLE, transaction="T1")).status_code == 201

    async def test_are_told_apart_by_client(self, world: World, desk: Desk) -> None:
        made = await world.demo_organization()
        await tenants.add_vendor_reference(
            world.context, made.organization_id, kind="pb_fulfillment_client", value="other-client"
        )
        first, second = await desk.create(SAMPLE), await desk.create(sample(clientId="other-client"))
        assert second.status_code == 201
        assert first.json()["orderId"] != second.json()["orderId"]
        other = second.json()["orderId"]
        assert (await desk.view(other, clientId="other-client")).json() == second.json()
        assert (await desk.view(other)).status_code == 404


class TestClient:
    async def test_must_be_one_of_the_organization(self, desk: Desk) -> None:
        answer = await desk.create(sample(clientId="9999"))
        assert answer.status_code == 400
        assert [(each["errorCode"], each["parameters"]) for each in answer.json()] == [("1000004", ["clientId"])]

    async def test_may_be_the_id_the_call_was_made_with(self, desk: Desk) -> None:
        answer = await desk.create(sample(clientId="demo"))
        assert answer.status_code == 201
        assert (await desk.view(answer.json()["orderId"], clientId="demo")).status_code == 200

    async def test_is_named_together_with_other_faults(self, desk: Desk) -> None:
        answer = await desk.create(sample(clientId="9999", createDate="soon"))
        assert {each["parameters"][0]: each["errorCode"] for each in answer.json()} == {
            "clientId": "1000004",
            "createDate": "1000045",
        }


class TestFaults:
    async def test_are_all_named_at_once(self, desk: Desk) -> None:
        body = sample(
            clientOrderId="",
            customerOrderId=7,
            inputShippingDetails={"serviceName": "x"},
            orderType="ecom",
            orderLines=[{"lineId": "1", "sku": "s" * 31, "orderedQuantity": 0}, {}],
            orderCharges={"orderCurrency": "XXZ", "taxDetails": [{"fee": "5"}]},
            toAddress={"addressLines": [], "countryCode": "USA"},
            billingAddress={"postalCode": 1.5},
        )
        answer = await desk.create(body)
        assert answer.status_code == 400
        assert places(answer) == {
            "clientOrderId", "customerOrderId", "inputShippingDetails.carrier", "orderType", "orderLines[0].lineId",
            "orderLines[0].sku", "orderLines[0].orderedQuantity", "orderLines[1].lineId", "orderLines[1].sku",
            "orderLines[1].orderedQuantity", "orderCharges.orderCurrency", "orderCharges.taxDetails[0].fee",
            "toAddress.addressLines", "toAddress.cityTown", "toAddress.countryCode", "billingAddress.postalCode",
        }  # fmt: skip
        for each in answer.json():
            assert list(each) == ["errorCode", "message", "additionalInfo", "parameters"]
            assert each["errorCode"] == "1000045"
            assert len(each["parameters"]) == 1

    @pytest.mark.parametrize(
        "name", ["clientId", "clientOrderId", "inputShippingDetails", "createDate", "orderLines", "toAddress"]
    )
    async def test_name_a_required_member(self, desk: Desk, name: str) -> None:
        answer = await desk.create(sample(**{name: None}))
        assert answer.status_code == 400
        assert places(answer) == {name}

    @pytest.mark.parametrize(
        ("path", "most"),
        [
            ("clientOrderId", 50), ("customerOrderId", 50), ("brand", 50), ("references.0.name", 50),
            ("references.0.values", 255), ("giftMessageText", 1024), ("internalNotes", 255),
            ("customsInfo.importerCustomsReference", 100), ("customsInfo.importerCustomsReferenceType", 50),
            ("dropShipInfo.companyName", 50), ("dropShipInfo.address", 100), ("dropShipInfo.city", 50),
            ("dropShipInfo.state", 50), ("dropShipInfo.postalCode", 20), ("orderLines.0.sku", 30),
        ],
    )  # fmt: skip
    async def test_name_a_text_that_is_too_long_in_characters(self, desk: Desk, path: str, most: int) -> None:
        body = sample(references=[{}], customsInfo={}, dropShipInfo={})
        *way, last = path.split(".")
        place: Any = body
        for step in way:
            place = place[int(step) if step.isdigit() else step]
        place[last] = "🚚" * (most + 1)
        refused = await desk.create(body)
        assert refused.status_code == 400
        assert places(refused) == {re.sub(r"\.(\d+)", r"[\1]", path)}
        place[last] = "🚚" * most
        assert (await desk.create(body)).status_code == 201

    @pytest.mark.parametrize("body", [b"", b"{", b"no", b"\xff{}"])
    async def test_say_that_it_is_no_json(self, desk: Desk, body: bytes) -> None:
        answer = await desk.create(body)
        assert answer.status_code == 400
        assert [each["errorCode"] for each in answer.json()] == ["1000050"]

    async def test_want_a_street_that_is_not_empty(self, desk: Desk) -> None:
        there = sample()["toAddress"]
        assert places(await desk.create(sample(toAddress=there | {"addressLines": ["", ""]}))) == {
            "toAddress.addressLines[0]"
        }
        told = await desk.create(sample(toAddress=there | {"addressLines": ["", "1 Road", ""]}))
        assert told.json()["toAddress"]["addressLines"] == ["", "1 Road", ""]

    async def test_take_a_service_for_a_carrier(self, desk: Desk) -> None:
        answer = await desk.create(sample(inputShippingDetails={"serviceId": "PARCEL"}))
        assert answer.status_code == 201
        assert answer.json()["inputShippingDetails"] == {"serviceId": "PARCEL"}


class TestView:
    async def test_answers_as_create_did(self, desk: Desk) -> None:
        made = await desk.create(SAMPLE)
        order_id = made.json()["orderId"]
        for path in (ORDERS, "/v1/orders"):
            read = await desk.view(order_id, path=path)
            assert (read.status_code, read.text) == (200, made.text)

    @pytest.mark.parametrize("end", ["", "/status"])
    async def test_wants_the_client(self, desk: Desk, end: str) -> None:
        order_id = (await desk.create(SAMPLE)).json()["orderId"]
        missing = await desk.http.get(f"{ORDERS}/{order_id}{end}", headers=desk.headers())
        foreign = await desk.view(order_id, end=end, clientId="9999")
        not_its_own = await desk.view(order_id, end=end, clientId="demo")
        assert (missing.status_code, missing.json()[0]["errorCode"], places(missing)) == (400, "1000045", {"clientId"})
        assert (foreign.status_code, foreign.json()[0]["errorCode"]) == (400, "1000004")
        assert (not_its_own.status_code, places(not_its_own)) == (404, {"orderId"})

    async def test_does_not_find_an_order_of_another_brand(self, desk: Desk) -> None:
        order_id = (await desk.create(sample(brand="B"))).json()["orderId"]
        assert (await desk.view(order_id, brand="B")).status_code == 200
        assert (await desk.view(order_id, brand="C")).status_code == 404

    @pytest.mark.parametrize(
        "order_id", ["ORA0000000000000000001US", "ORA1US", "PB0000000000", "ORA" + "9" * 19 + "US"]
    )
    async def test_does_not_find_what_is_not_there(self, desk: Desk, order_id: str) -> None:
        assert (await desk.view(order_id)).status_code == 404

    async def test_does_not_find_what_is_anothers(self, world: World, desk: Desk) -> None:
        order_id = (await desk.create(SAMPLE)).json()["orderId"]
        stranger = Desk(world, await world.stranger())
        # neither the same client id, which the vendor may have given the other organization too, nor one of its own helps
        assert (await stranger.view(order_id)).status_code == 404
        made = await stranger.view(order_id, clientId=(await _own_client(world, stranger)))
        assert made.status_code == 404

    async def test_answers_the_status_in_part(self, desk: Desk) -> None:
        made = (await desk.create(sample(updateDate="2022-02-07T01:20:01Z"))).json()
        names = [
            "clientId", "clientOrderId", "orderId", "customerOrderId", "status", "isOnHold", "createDate",
            "pbCreateDate", "updateDate",
        ]  # fmt: skip
        for path in (ORDERS, "/v1/orders"):
            told = await desk.view(made["orderId"], end="/status", path=path)
            assert list(told.json().items()) == [(name, made[name]) for name in names]

    async def test_spells_an_order_of_another_door(self, world: World, desk: Desk) -> None:
        there = {"addressLine1": "1 Road", "cityTown": "Winnipeg", "countryCode": "CA"}
        body = {
            "orderNumber": "A1",
            "fromAddress": there,
            "toAddress": there,
            "items": [{"itemId": "S", "quantity": 2}],
        }
        made = await desk.http.post("/ordermanagement/api/v1/orders", json=body, headers=desk.authorization)
        identity = from_base62(made.json()["orderId"][2:])
        assert identity is not None
        told = (await desk.view(f"ORA{to_digits(identity)}CA")).json()
        assert (told["clientId"], told["clientOrderId"], told["createDate"]) == ("", "A1", "")
        assert told["inputShippingDetails"] == {"carrier": ""}
        assert told["orderLines"] == [{"lineId": 1, "sku": "S", "orderedQuantity": 2}]
        assert told["toAddress"] == {"addressLines": ["1 Road"], "cityTown": "Winnipeg", "countryCode": "CA"}


async def _own_client(world: World, desk: Desk) -> str:
    token = desk.authorization["Authorization"].removeprefix("Bearer ")
    return (await access.recognize(world.context, token=token)).actor
