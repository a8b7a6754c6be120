"""Creating, reading, updating and canceling orders through the Pitney Bowes Fulfillment door."""

import asyncio
import json
import re
from typing import Any

import httpx
import pytest

from crossdock.core.events import Event
from crossdock.core.ids import from_digits, from_short_base62, to_digits
from crossdock.core.orders.status import Status
from crossdock.flows import access, queries, tenants
from crossdock.flows.access import SCOPES, Caller
from tests.doors.pb_fulfillment.client import (
    CLIENT_ID,
    FOLDER,
    ORDERS,
    SAMPLE,
    TRANSACTION,
    VendorClient,
    parameters,
    sample,
)
from tests.world import World

# The date in the vendor's sample response is not valid, so it cannot be compared.
_SERVER_FIELDS = re.compile(r'("orderId":)"[^"]*"|("pbCreateDate":)"[^"]*"')


def compact(text: str) -> str:
    """Remove the indentation of a sample without changing its values."""
    return re.sub(r"\n *", "", text).replace('": ', '":')


def without_server_fields(text: str) -> str:
    return _SERVER_FIELDS.sub(lambda match: (match[1] or match[2]) + '"…"', text)


async def put(
    client: VendorClient, order_id: str, body: Any, *, end: str = "", query: str = "", **rest: Any
) -> httpx.Response:
    content = b"" if body is None else json.dumps(body).encode()
    return await client.http.put(f"{ORDERS}/{order_id}{end}{query}", content=content, headers=client.headers(**rest))


async def cancel(client: VendorClient, order_id: str, **rest: Any) -> httpx.Response:
    return await put(client, order_id, None, end="/cancel", query=f"?clientId={CLIENT_ID}", **rest)


async def history(world: World, order_id: str) -> list[Event]:
    caller = Caller(await world.demo_organization(), "demo", frozenset(SCOPES))
    return await queries.history(world.context, caller, order_id=from_digits(order_id[3:22]))


class TestCreate:
    async def test_create_returns_the_vendors_sample_response_byte_for_byte(self, client: VendorClient) -> None:
        response = await client.create(SAMPLE)
        assert response.status_code == 201
        expected = (FOLDER / "create.response.json").read_text()
        assert without_server_fields(response.text) == without_server_fields(compact(expected))
        assert re.fullmatch(r"ORA\d{19}US", response.json()["orderId"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", response.json()["pbCreateDate"])

    async def test_create_ignores_the_content_type(self, client: VendorClient) -> None:
        headers = client.headers() | {"Content-Type": "application/x-www-form-urlencoded"}
        response = await client.http.post(ORDERS, content=SAMPLE, headers=headers)
        assert response.status_code == 201

    async def test_create_returns_amounts_exactly_with_a_decimal_point(self, client: VendorClient) -> None:
        body = SAMPLE
        for name, sent in (
            ("unitPrice", "10.50"),
            ("lineTotal", "1e1"),
            ("totalOrderAmount", "12345678901234567890.1"),
        ):
            body = re.sub(rf'"{name}": [0-9.]+'.encode(), f'"{name}": {sent}'.encode(), body)
        response = await client.create(body)
        for amount in ('"unitPrice":10.50,', '"lineTotal":10.0,', '"totalOrderAmount":12345678901234567890.1}'):
            assert amount in response.text
        assert (await client.view(response.json()["orderId"])).text == response.text

    async def test_create_returns_members_in_the_vendors_order(self, client: VendorClient) -> None:
        def reverse_members(value: Any) -> Any:
            if isinstance(value, dict):
                return {name: reverse_members(value[name]) for name in reversed(value)}
            return [reverse_members(each) for each in value] if isinstance(value, list) else value

        response = await client.create(reverse_members(sample()))
        expected = (FOLDER / "create.response.json").read_text()
        assert without_server_fields(response.text) == without_server_fields(compact(expected))
        assert (await client.view(response.json()["orderId"])).text == response.text

    async def test_create_returns_every_optional_member_in_the_vendors_order(self, client: VendorClient) -> None:
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
        order = (await client.create(sample(**more))).json()
        assert {name: order[name] for name in more} == more
        assert list(order)[3:8] == ["customerOrderId", "brand", "references", "salesChannel", "inputShippingDetails"]
        assert list(order)[-10:] == [
            "isGift", "giftMessageText", "valueAddedServices", "paymentDetails", "customsInfo", "status", "isOnHold",
            "internalNotes", "dropShipInfo", "loyaltyPoints",
        ]  # fmt: skip

    async def test_create_returns_lines_and_charges_in_the_vendors_order(self, client: VendorClient) -> None:
        line = {
            "lineId": 1, "sku": "A", "originCountryCode": "CN", "originStateProvince": "GD", "unitPrice": 1.5,
            "orderedQuantity": 2, "lineTotal": 3.0, "hSTariffCode": "610910", "hSTariffCodeCountry": "US",
            "inventoryType": "NEW", "additionalDetails": {"a": 1},
        }  # fmt: skip
        charges = {
            "orderCurrency": "USD", "totalDiscountAmount": 0.0, "discountDetails": [], "cashOnDeliveryAmount": 2.0,
            "otherChargeDetails": [], "totalOrderAmount": 3.0,
        }  # fmt: skip
        sent = sample(orderLines=[dict(reversed(line.items()))], orderCharges=dict(reversed(charges.items())))
        order = (await client.create(sent)).json()
        assert list(order["orderLines"][0].items()) == list(line.items())
        assert list(order["orderCharges"].items()) == list(charges.items())
        assert (await client.view(order["orderId"])).json() == order

    async def test_create_fills_in_defaults_and_leaves_out_the_rest(self, client: VendorClient) -> None:
        left_out = ("customerOrderId", "orderType", "orderCharges", "billingAddress", "fromNode", "orderHandling")
        order = (await client.create(sample(**dict.fromkeys(left_out)))).json()
        assert (order["orderType"], order["references"], order["isGift"]) == ("eCom", [], False)
        assert not set(order) & (set(left_out) - {"orderType"})
        assert not {"holdReason", "pbUpdateDate", "actualShippingDetails"} & set(order)

    async def test_create_replaces_null_by_the_default(self, client: VendorClient) -> None:
        body = json.loads(SAMPLE) | dict.fromkeys(("references", "orderType", "isGift", "orderCharges"))
        order = (await client.create(body)).json()
        assert (order["orderType"], order["references"], order["isGift"]) == ("eCom", [], False)

    async def test_create_replaces_an_empty_order_type_by_the_default(self, client: VendorClient) -> None:
        assert (await client.create(sample(orderType=""))).json()["orderType"] == "eCom"

    async def test_create_ignores_server_owned_members(self, client: VendorClient) -> None:
        forged = {
            "orderId": "ORA1", "pbCreateDate": "x", "pbUpdateDate": "x", "status": "SHIPPED", "isOnHold": True,
            "holdReason": ["x"], "actualShippingDetails": {"carrier": "X"},
        }  # fmt: skip
        order = (await client.create(sample(**forged))).json()
        assert order["orderId"] != "ORA1" and order["pbCreateDate"] != "x"
        assert (order["status"], order["isOnHold"]) == ("RECEIVED", False)
        assert not {"holdReason", "pbUpdateDate", "actualShippingDetails"} & set(order)

    async def test_create_adds_the_order_currency_to_other_charges_without_one(self, client: VendorClient) -> None:
        details = [{"name": "A", "fee": 1, "currency": "CAD"}, {"name": "B", "fee": 2, "currency": None}, {"name": "C"}]
        charges = {"orderCurrency": "USD", "otherChargeDetails": details}
        order = (await client.create(sample(orderCharges=charges))).json()
        assert [each["currency"] for each in order["orderCharges"]["otherChargeDetails"]] == ["CAD", "USD", "USD"]
        assert "fee" not in order["orderCharges"]["otherChargeDetails"][2]

    async def test_create_returns_a_number_as_text_where_the_vendor_has_text(self, client: VendorClient) -> None:
        sent = SAMPLE
        for old, new in (
            (b'"clientId": "1234"', b'"clientId": 1234'),
            (b'"clientOrderId": "OR12345645678"', b'"clientOrderId": 10'),
            (b'"customerOrderId": "000-111-222-4444"', b'"customerOrderId": 12345678901234567890.50'),
            (b'"fromNode": "160"', b'"fromNode": 160, "references": [{"name": 1, "values": 2.0}]'),
            (b'"sku": "0001-0001"', b'"sku": 10001'),
            (b'"lineId": 1', b'"lineId": 1.0'),
            (b'"orderedQuantity": 5', b'"orderedQuantity": 5.0'),
            (b'"phone": "111-111-1111"', b'"phone": 1111111111'),
            (b'"postalCode": 36830', b'"postalCode": 36830.5'),
            (b'"2352 Bent Creek Rd"', b"2352"),
        ):
            assert old in sent
            sent = sent.replace(old, new)
        created = await client.create(sent)
        assert created.status_code == 201, created.text
        order = created.json()
        address = order["toAddress"]
        assert (order["clientId"], order["clientOrderId"], order["fromNode"]) == ("1234", "10", "160")
        assert order["customerOrderId"] == "12345678901234567890.50"
        assert order["references"] == [{"name": "1", "values": "2.0"}]
        assert (address["phone"], address["postalCode"], address["addressLines"]) == ("1111111111", "36830.5", ["2352"])
        assert b'"lineId":1,"sku":"10001"' in created.content
        assert b'"orderedQuantity":5,' in created.content
        assert (await client.view(order["orderId"])).content == created.content
        # in other bytes it is the same order, and so is the order with the text itself
        for again in (sent.replace(b"10001", b" 10001"), sent.replace(b"10001", b'"10001"')):
            repeat = await client.create(again)
            assert (repeat.status_code, repeat.content) == (201, created.content), repeat.text
        (bulk,) = (await client.create(b'{"orders":[' + sent + b"]}", path=f"{ORDERS}/bulk")).json()["orders"]
        assert bulk == order
        url = f"{ORDERS}/{order['orderId']}"
        for unchanged in (sent, created.content):
            updated = await client.http.put(url, content=unchanged, headers=client.headers())
            assert updated.content == created.content
        changed = await put(client, order["orderId"], order | {"brand": 7})
        assert changed.json()["brand"] == "7"
        less = {"clientId": 1234, "clientOrderId": 10, "orderLines": [{"lineId": 1.0, "orderedQuantity": 3.0}]}
        items = await put(client, order["orderId"], less, end="/orderItems")
        line = items.json()["orderLines"][0]
        assert (line["sku"], line["orderedQuantity"], line["unitPrice"]) == ("10001", 3, 10)

    @pytest.mark.parametrize("wrong", [True, {}, [], [7]])
    async def test_create_refuses_other_values_where_the_vendor_has_text(
        self, client: VendorClient, wrong: Any
    ) -> None:
        refused = await client.create(sample(fromNode=wrong, billingAddress={"postalCode": wrong}))
        assert (refused.status_code, parameters(refused)) == (400, {"fromNode", "billingAddress.postalCode"})

    async def test_create_accepts_empty_text_for_what_is_optional(self, client: VendorClient) -> None:
        empty = dict.fromkeys(
            ("customerOrderId", "brand", "orderType", "updateDate", "fromNode", "shipOnDate", "fulfillmentReleaseDate",
             "promisedDeliveryDate", "orderHandling", "giftMessageText", "internalNotes"), "",
        )  # fmt: skip
        charges = {
            "orderCurrency": "", "taxDetails": [{"name": "", "fee": 1, "currency": ""}],
            "otherChargeDetails": [{"fee": 1, "currency": ""}],
        }  # fmt: skip
        billing = dict.fromkeys(("name", "cityTown", "postalCode", "countryCode"), "")
        created = await client.create(sample(**empty, orderCharges=charges, billingAddress=billing))
        assert created.status_code == 201, created.text
        order = created.json()
        assert {name: order[name] for name in empty} == empty | {"orderType": "eCom"}
        assert order["orderCharges"] == charges
        assert order["billingAddress"] == billing
        for end in ("", "/orderItems"):
            unchanged = await put(client, order["orderId"], order, end=end)
            assert unchanged.content == created.content
        ids = {"clientId": CLIENT_ID, "clientOrderId": order["clientOrderId"]}
        unchanged = await put(client, order["orderId"], ids | {"createDate": ""}, end="/orderItems")
        assert unchanged.content == created.content

    async def test_create_leaves_out_what_was_sent_as_null(self, client: VendorClient) -> None:
        plain = await client.create(sample(clientOrderId="plain", orderCharges={"otherChargeDetails": [{"fee": 1}]}))
        line = sample()["orderLines"][0] | {"hSTariffCode": None}
        nulls = dict.fromkeys(
            ("brand", "references", "salesChannel", "updateDate", "isGift", "giftMessageText", "valueAddedServices",
             "paymentDetails", "customsInfo", "internalNotes", "dropShipInfo", "actualShippingDetails", "holdReason",
             "unknown"),
        )  # fmt: skip
        charges = {"orderCurrency": None, "otherChargeDetails": [{"name": None, "fee": 1, "currency": None}]}
        body = json.loads(SAMPLE) | nulls
        body |= {"clientOrderId": "empty", "orderLines": [line], "orderCharges": charges}
        created = await client.create(body)
        assert b"null" not in created.content
        assert (await client.view(created.json()["orderId"])).content == created.content
        same = {"orderId", "clientOrderId", "pbCreateDate"}
        assert {name: value for name, value in created.json().items() if name not in same} == {
            name: value for name, value in plain.json().items() if name not in same
        }
        unchanged = await put(client, created.json()["orderId"], body | {"pbUpdateDate": None, "other": None})
        assert unchanged.content == created.content

    async def test_create_returns_a_null_inside_a_reserved_member_as_it_was_sent(self, client: VendorClient) -> None:
        order = (await client.create(sample(salesChannel={"a": None}, paymentDetails=[{"b": None}]))).json()
        assert (order["salesChannel"], order["paymentDetails"]) == ({"a": None}, [{"b": None}])

    async def test_create_returns_a_numeric_postal_code_as_a_string(self, client: VendorClient) -> None:
        address = sample()["toAddress"] | {"postalCode": 1234}
        order = (await client.create(sample(toAddress=address, billingAddress={"postalCode": "00501"}))).json()
        assert (order["toAddress"]["postalCode"], order["billingAddress"]) == ("1234", {"postalCode": "00501"})

    async def test_an_order_id_ends_in_the_ship_to_country(self, client: VendorClient) -> None:
        order = (await client.create(sample(toAddress=sample()["toAddress"] | {"countryCode": "DE"}))).json()
        assert order["orderId"].endswith("DE")
        other = order["orderId"][:-2] + "us"
        assert (await client.view(other)).json() == order


class TestRepeats:
    async def test_create_with_the_same_content_returns_the_first_response(self, client: VendorClient) -> None:
        first = await client.create(SAMPLE)
        again = await client.create(sample(), path="/v1/orders")
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["idempotent-replayed"] == "true"
        assert "idempotent-replayed" not in first.headers

    async def test_create_under_the_same_transaction_id_returns_the_first_response(self, client: VendorClient) -> None:
        first = await client.create(SAMPLE, transaction="T_1-a")
        again = await client.create(SAMPLE, transaction="T_1-a")
        assert again.content == first.content
        assert again.headers["idempotent-replayed"] == "true"

    async def test_create_under_the_transaction_id_of_another_request_is_refused(self, client: VendorClient) -> None:
        await client.create(SAMPLE, transaction="T1")
        response = await client.create(sample(clientOrderId="other"), transaction="T1")
        assert response.status_code == 400
        assert [each["errorCode"] for each in response.json()] == ["1000045"]
        assert parameters(response) == {TRANSACTION}
        # the refused request stored nothing: its number is free
        assert (await client.create(sample(clientOrderId="other", brand="B"))).status_code == 201

    async def test_create_with_a_used_number_and_other_content_is_refused(self, client: VendorClient) -> None:
        await client.create(SAMPLE)
        response = await client.create(sample(orderHandling="N"))
        assert response.status_code == 400
        assert response.json()[0]["errorCode"] == "1000045"
        assert parameters(response) == {"clientOrderId"}

    async def test_a_refused_create_does_not_use_up_the_transaction_id(self, client: VendorClient) -> None:
        assert (await client.create(sample(createDate="today"), transaction="T1")).status_code == 400
        assert (await client.create(SAMPLE, transaction="T1")).status_code == 201

    async def test_two_clients_may_use_the_same_number(self, world: World, client: VendorClient) -> None:
        organization = (await world.demo_organization()).organization_id
        await tenants.add_vendor_reference(
            world.context, organization, kind="pb_fulfillment_client", value="other-client"
        )
        first, second = await client.create(SAMPLE), await client.create(sample(clientId="other-client"))
        assert second.status_code == 201
        assert first.json()["orderId"] != second.json()["orderId"]
        other = second.json()["orderId"]
        assert (await client.view(other, clientId="other-client")).json() == second.json()
        assert (await client.view(other)).status_code == 404


class TestClient:
    async def test_a_client_id_of_another_organization_is_refused(self, client: VendorClient) -> None:
        response = await client.create(sample(clientId="9999"))
        assert response.status_code == 400
        assert [(each["errorCode"], each["parameters"]) for each in response.json()] == [("1000004", ["clientId"])]

    async def test_the_callers_own_client_id_is_accepted(self, client: VendorClient) -> None:
        response = await client.create(sample(clientId="demo"))
        assert response.status_code == 201
        assert (await client.view(response.json()["orderId"], clientId="demo")).status_code == 200

    async def test_a_foreign_client_id_is_reported_with_the_other_faults(self, client: VendorClient) -> None:
        response = await client.create(sample(clientId="9999", createDate="soon"))
        assert {each["parameters"][0]: each["errorCode"] for each in response.json()} == {
            "clientId": "1000004",
            "createDate": "1000045",
        }


class TestFaults:
    async def test_all_faults_are_reported_at_once(self, client: VendorClient) -> None:
        body = sample(
            clientOrderId="",
            customerOrderId=True,
            inputShippingDetails={"serviceName": "x"},
            orderType="ecom",
            orderLines=[{"lineId": "1", "sku": "s" * 61, "orderedQuantity": 0}, {}],
            orderCharges={"orderCurrency": "XXZ", "taxDetails": [{"fee": "5"}]},
            toAddress={"addressLines": [], "countryCode": "USA"},
            billingAddress={"postalCode": {}},
        )
        response = await client.create(body)
        assert response.status_code == 400
        assert parameters(response) == {
            "clientOrderId", "customerOrderId", "inputShippingDetails.carrier", "orderType", "orderLines[0].lineId",
            "orderLines[0].sku", "orderLines[0].orderedQuantity", "orderLines[1].lineId", "orderLines[1].sku",
            "orderLines[1].orderedQuantity", "orderCharges.orderCurrency", "orderCharges.taxDetails[0].fee",
            "toAddress.addressLines", "toAddress.cityTown", "toAddress.countryCode", "billingAddress.postalCode",
        }  # fmt: skip
        for each in response.json():
            assert list(each) == ["errorCode", "message", "additionalInfo", "parameters"]
            assert each["errorCode"] == "1000045"
            assert len(each["parameters"]) == 1

    @pytest.mark.parametrize(
        "name", ["clientId", "clientOrderId", "inputShippingDetails", "createDate", "orderLines", "toAddress"]
    )
    async def test_a_missing_required_member_is_reported(self, client: VendorClient, name: str) -> None:
        response = await client.create(sample(**{name: None}))
        assert response.status_code == 400
        assert parameters(response) == {name}

    @pytest.mark.parametrize(
        ("path", "limit"),
        [
            ("clientOrderId", 50), ("customerOrderId", 50), ("brand", 50), ("references.0.name", 50),
            ("references.0.values", 255), ("giftMessageText", 1024), ("internalNotes", 255),
            ("customsInfo.importerCustomsReference", 100), ("customsInfo.importerCustomsReferenceType", 50),
            ("dropShipInfo.companyName", 50), ("dropShipInfo.address", 100), ("dropShipInfo.city", 50),
            ("dropShipInfo.state", 50), ("dropShipInfo.postalCode", 20), ("orderLines.0.sku", 60),
            ("orderLines.0.originCountryCode", 2),
            ("orderLines.0.originStateProvince", 50), ("orderLines.0.hSTariffCode", 14),
            ("orderLines.0.hSTariffCodeCountry", 2), ("inputShippingDetails.carrier", 50),
            ("inputShippingDetails.serviceId", 50), ("inputShippingDetails.serviceName", 64),
            ("inputShippingDetails.trackingNumber", 50),
        ],
    )  # fmt: skip
    async def test_the_length_of_a_text_is_limited_in_characters(
        self, client: VendorClient, path: str, limit: int
    ) -> None:
        body = sample(references=[{}], customsInfo={}, dropShipInfo={})
        *parents, last = path.split(".")
        container: Any = body
        for parent in parents:
            container = container[int(parent) if parent.isdigit() else parent]
        container[last] = "🚚" * (limit + 1)
        refused = await client.create(body)
        assert refused.status_code == 400
        assert parameters(refused) == {re.sub(r"\.(\d+)", r"[\1]", path)}
        container[last] = "🚚" * limit
        assert (await client.create(body)).status_code == 201

    @pytest.mark.parametrize("body", [b"", b"{", b"no", b"\xff{}"])
    async def test_a_body_that_is_not_json_is_refused(self, client: VendorClient, body: bytes) -> None:
        response = await client.create(body)
        assert response.status_code == 400
        assert [each["errorCode"] for each in response.json()] == ["1000050"]

    async def test_a_ship_to_address_without_a_street_is_refused(self, client: VendorClient) -> None:
        address = sample()["toAddress"]
        assert parameters(await client.create(sample(toAddress=address | {"addressLines": ["", ""]}))) == {
            "toAddress.addressLines[0]"
        }
        response = await client.create(sample(toAddress=address | {"addressLines": ["", "1 Road", ""]}))
        assert response.json()["toAddress"]["addressLines"] == ["", "1 Road", ""]

    async def test_a_service_id_is_accepted_in_place_of_a_carrier(self, client: VendorClient) -> None:
        response = await client.create(sample(inputShippingDetails={"serviceId": "PARCEL"}))
        assert response.status_code == 201
        assert response.json()["inputShippingDetails"] == {"serviceId": "PARCEL"}


class TestView:
    async def test_get_returns_the_order_as_create_did(self, client: VendorClient) -> None:
        created = await client.create(SAMPLE)
        order_id = created.json()["orderId"]
        for path in (ORDERS, "/v1/orders"):
            read = await client.view(order_id, path=path)
            assert (read.status_code, read.text) == (200, created.text)

    @pytest.mark.parametrize("end", ["", "/status"])
    async def test_get_requires_the_client_id_of_the_order(self, client: VendorClient, end: str) -> None:
        order_id = (await client.create(SAMPLE)).json()["orderId"]
        missing = await client.http.get(f"{ORDERS}/{order_id}{end}", headers=client.headers())
        foreign = await client.view(order_id, end=end, clientId="9999")
        other = await client.view(order_id, end=end, clientId="demo")
        assert (missing.status_code, missing.json()[0]["errorCode"]) == (400, "1000045")
        assert parameters(missing) == {"clientId"}
        assert (foreign.status_code, foreign.json()[0]["errorCode"]) == (400, "1000004")
        assert (other.status_code, parameters(other)) == (404, {"orderId"})

    async def test_get_does_not_find_an_order_of_another_brand(self, client: VendorClient) -> None:
        order_id = (await client.create(sample(brand="B"))).json()["orderId"]
        assert (await client.view(order_id, brand="B")).status_code == 200
        assert (await client.view(order_id, brand="C")).status_code == 404

    @pytest.mark.parametrize(
        "order_id", ["ORA0000000000000000001US", "ORA1US", "PB0000000000", "ORA" + "9" * 19 + "US"]
    )
    async def test_get_does_not_find_an_order_that_does_not_exist(self, client: VendorClient, order_id: str) -> None:
        assert (await client.view(order_id)).status_code == 404

    async def test_get_does_not_find_an_order_of_another_organization(self, world: World, client: VendorClient) -> None:
        order_id = (await client.create(SAMPLE)).json()["orderId"]
        stranger = VendorClient(world, await world.stranger())
        # with the same client id, which the vendor may have given to both organizations, or with one of its own
        assert (await stranger.view(order_id)).status_code == 404
        assert (await stranger.view(order_id, clientId=await _own_client(world, stranger))).status_code == 404

    async def test_get_status_returns_part_of_the_order(self, client: VendorClient) -> None:
        created = (await client.create(sample(updateDate="2022-02-07T01:20:01Z"))).json()
        names = [
            "clientId", "clientOrderId", "orderId", "customerOrderId", "status", "isOnHold", "createDate",
            "pbCreateDate", "updateDate",
        ]  # fmt: skip
        for path in (ORDERS, "/v1/orders"):
            response = await client.view(created["orderId"], end="/status", path=path)
            assert list(response.json().items()) == [(name, created[name]) for name in names]

    async def test_get_renders_an_order_of_another_door(self, world: World, client: VendorClient) -> None:
        address = {"addressLine1": "1 Road", "cityTown": "Winnipeg", "countryCode": "CA"}
        body = {
            "orderNumber": "A1",
            "fromAddress": address,
            "toAddress": address,
            "items": [{"itemId": "S", "quantity": 2}],
        }
        created = await client.http.post("/ordermanagement/api/v1/orders", json=body, headers=client.authorization)
        order_id = from_short_base62(created.json()["orderId"][2:])
        assert order_id is not None
        order = (await client.view(f"ORA{to_digits(order_id)}CA")).json()
        assert (order["clientId"], order["clientOrderId"]) == (CLIENT_ID, "A1")
        assert order["createDate"] == order["pbCreateDate"]  # this vendor requires one
        assert order["inputShippingDetails"] == {"carrier": ""}
        assert order["orderLines"] == [{"lineId": 1, "sku": "S", "orderedQuantity": 2}]
        assert order["toAddress"] == {"addressLines": ["1 Road"], "cityTown": "Winnipeg", "countryCode": "CA"}


async def _own_client(world: World, client: VendorClient) -> str:
    token = client.authorization["Authorization"].removeprefix("Bearer ")
    return (await access.recognize(world.context, token=token)).actor


class TestUpdate:
    async def test_an_updated_amount_is_read_back_exactly(self, client: VendorClient) -> None:
        created = (await client.create(SAMPLE)).json()
        body = SAMPLE.replace(b'"unitPrice": 10', b'"unitPrice": 12345678901234567890.10').replace(b'"E"', b'"N"')
        response = await client.http.put(f"{ORDERS}/{created['orderId']}", content=body, headers=client.headers())
        assert '"unitPrice":12345678901234567890.10,' in response.text
        assert (await client.view(created["orderId"])).text == response.text

    async def test_concurrent_repeats_of_an_update_change_the_order_once(
        self, world: World, client: VendorClient
    ) -> None:
        created = (await client.create(SAMPLE)).json()
        calls = [put(client, created["orderId"], sample(brand="B"), transaction="T1") for _ in range(8)]
        responses = await asyncio.gather(*calls)
        assert {response.status_code for response in responses} == {200}
        assert len({response.content for response in responses}) == 1
        assert sum("idempotent-replayed" in response.headers for response in responses) == 7
        assert [event.name for event in await history(world, created["orderId"])] == ["order.received", "order.edited"]

    @pytest.mark.parametrize("client_id", [b'"second"', b"77"])
    @pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
    async def test_a_client_of_the_organization_cannot_update_an_order_of_another_one(
        self, world: World, client: VendorClient, client_id: bytes, mark: bytes
    ) -> None:
        """Also where the client id is a number, or the body begins with a byte order mark."""
        organization = (await world.demo_organization()).organization_id
        await tenants.add_vendor_reference(
            world.context, organization, kind="pb_fulfillment_client", value=client_id.strip(b'"').decode()
        )
        created = (await client.create(SAMPLE)).json()
        body = mark + SAMPLE.replace(b'"clientId": "1234"', b'"clientId": ' + client_id)
        for end in ("", "/orderItems"):
            url = f"{ORDERS}/{created['orderId']}{end}"
            response = await client.http.put(url, content=body, headers=client.headers())
            assert (response.status_code, parameters(response)) == (404, {"orderId"})

    @pytest.mark.parametrize("end", ["", "/orderItems"])
    @pytest.mark.parametrize(
        "inside", [b"[" * 5_000 + b"]" * 5_000, b'"\xff"', b'"\xff', b"NaN"], ids=["deep", "not_utf8", "cut", "nan"]
    )
    async def test_an_update_that_is_not_json_is_refused(self, client: VendorClient, inside: bytes, end: str) -> None:
        """The client id is read from the body before the body is parsed strictly."""
        created = (await client.create(SAMPLE)).json()
        url, sent = f"{ORDERS}/{created['orderId']}{end}", b'{"clientId":"1234","x":' + inside + b"}"
        response = await client.http.put(url, content=sent, headers=client.headers())
        assert response.status_code == 400, response.text
        assert {each["errorCode"] for each in response.json()} <= {"1000050", "1000045"}

    async def test_a_refused_update_does_not_use_up_the_transaction_id(self, client: VendorClient) -> None:
        created = (await client.create(SAMPLE)).json()
        assert (await put(client, created["orderId"], sample(createDate="soon"), transaction="T1")).status_code == 400
        assert (await put(client, created["orderId"], sample(brand="B"), transaction="T1")).status_code == 200

    async def test_a_cancel_under_the_transaction_id_of_another_orders_cancel_is_refused(
        self, client: VendorClient
    ) -> None:
        one = (await client.create(SAMPLE)).json()["orderId"]
        other = (await client.create(sample(clientOrderId="other"))).json()["orderId"]
        assert (await cancel(client, one, transaction="T1")).status_code == 200
        response = await cancel(client, other, transaction="T1")
        assert (response.status_code, parameters(response)) == (400, {TRANSACTION})

    async def test_an_order_of_another_organization_cannot_be_changed(self, world: World, client: VendorClient) -> None:
        created = (await client.create(SAMPLE)).json()
        stranger = VendorClient(world, await world.stranger())
        for response in (
            await put(stranger, created["orderId"], sample(brand="B")),
            await put(stranger, created["orderId"], sample(), end="/orderItems"),
            await cancel(stranger, created["orderId"]),
        ):
            assert (response.status_code, parameters(response)) == (404, {"orderId"})
        assert (await client.view(created["orderId"])).json() == created

    async def test_an_update_by_another_client_of_the_organization_is_a_404(
        self, world: World, client: VendorClient
    ) -> None:
        organization = (await world.demo_organization()).organization_id
        await tenants.add_vendor_reference(world.context, organization, kind="pb_fulfillment_client", value="second")
        created = (await client.create(SAMPLE)).json()
        response = await put(client, created["orderId"], sample(clientId="second"))
        assert (response.status_code, parameters(response)) == (404, {"orderId"})

    async def test_a_change_without_the_write_scope_is_a_403(self, world: World, client: VendorClient) -> None:
        created = (await client.create(SAMPLE)).json()
        reader = VendorClient(world, await world.bearer(scope="orders:read"))
        for end in ("", "/orderItems", "/cancel"):
            response = await put(reader, created["orderId"], {}, end=end)
            assert (response.status_code, response.json()[0]["errorCode"]) == (403, "1000033")

    async def test_create_after_an_update_is_compared_with_the_first_content(self, client: VendorClient) -> None:
        created = await client.create(SAMPLE)
        await put(client, created.json()["orderId"], sample(brand="B"))
        again = await client.create(SAMPLE)
        assert (again.content, again.headers["idempotent-replayed"]) == (created.content, "true")
        assert parameters(await client.create(sample(brand="B"))) == {"clientOrderId"}


class TestCancel:
    async def test_one_of_several_concurrent_cancels_succeeds(self, world: World, client: VendorClient) -> None:
        created = (await client.create(SAMPLE)).json()
        responses = await asyncio.gather(*(cancel(client, created["orderId"]) for _ in range(6)))
        assert sorted(response.status_code for response in responses) == [200] + [400] * 5
        events = [event.name for event in await history(world, created["orderId"])]
        assert events == ["order.received", "order.canceled"]

    async def test_cancel_ignores_the_body(self, client: VendorClient) -> None:
        created = (await client.create(SAMPLE)).json()
        response = await put(client, created["orderId"], {"x": 1}, end="/cancel", query=f"?clientId={CLIENT_ID}")
        assert response.json()["status"] == "CANCELED"

    async def test_a_cancel_changes_the_canonical_status(self, world: World, client: VendorClient) -> None:
        created = (await client.create(SAMPLE)).json()
        await cancel(client, created["orderId"])
        caller = Caller(await world.demo_organization(), "demo", frozenset(SCOPES))
        order = await queries.order(world.context, caller, order_id=from_digits(created["orderId"][3:22]))
        assert order.status is Status.CANCELED
