"""Creating orders through the fabric door."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from crossdock.core.errors import Busy, Code, Conflict, Denied, Fault, Invalid, NotFound, Refusal
from crossdock.core.orders.status import Status
from crossdock.doors import Headers, Request
from crossdock.doors.fabric import DOOR, wire_responses
from crossdock.flows import access, queries
from crossdock.flows.access import Caller
from tests.doors.fabric.conftest import ORDERS, SAMPLE, SMALLEST, smallest
from tests.world import World

HERE = Path(__file__).parent


def sample(**changes: Any) -> dict[str, Any]:
    return json.loads(SAMPLE) | changes


def assert_contains(sent: Any, response: Any) -> None:
    """Assert that everything in `sent` is in `response`, at any depth; lists have the same length."""
    if isinstance(sent, dict):
        for name, value in sent.items():
            assert name in response, name
            assert_contains(value, response[name])
    elif isinstance(sent, list):
        assert len(sent) == len(response)
        for one, other in zip(sent, response, strict=True):
            assert_contains(one, other)
    else:
        assert type(sent) is type(response)
        assert sent == response


class TestCreate:
    async def test_the_response_is_the_recorded_order_with_its_order_of_fields(
        self, world: World, headers: dict[str, str]
    ) -> None:
        answer = await world.http.post(ORDERS, content=SAMPLE, headers=headers)
        assert answer.status_code == 200
        assert "location" not in answer.headers
        expected, got = json.loads((HERE / "create.answer.json").read_text()), answer.json()
        for name in ("orderId", "createdAt", "updatedAt"):
            expected[name] = got[name]
        for name in ("auditId", "auditTimestamp"):
            expected["auditLogs"][0][name] = got["auditLogs"][0][name]
        assert json.dumps(got, indent=1) == json.dumps(expected, indent=1)
        assert len(got["orderId"]) == 24
        assert got["createdAt"] == got["updatedAt"] == got["auditLogs"][0]["auditTimestamp"]

    async def test_the_response_has_everything_that_was_sent_but_the_authorization_expiry(
        self, world: World, headers: dict[str, str]
    ) -> None:
        got = (await world.http.post(ORDERS, content=SAMPLE, headers=headers)).json()
        sent = sample()
        del sent["payments"][0]["authExpirationDate"]
        assert_contains(sent, got)
        assert "authExpirationDate" not in got["payments"][0]

    async def test_the_response_matches_its_documented_type(self, world: World, headers: dict[str, str]) -> None:
        for body in (sample(), smallest(orderNumber="2")):
            answer = await world.http.post(ORDERS, json=body, headers=headers)
            decoder = msgspec.json.Decoder(wire_responses.Order, float_hook=Decimal)
            assert decoder.decode(answer.content).orderNumber == body["orderNumber"]

    async def test_the_smallest_body_gets_the_defaults(self, world: World, headers: dict[str, str]) -> None:
        got = (await world.http.post(ORDERS, json=SMALLEST, headers=headers)).json()
        assert_contains(SMALLEST, got)
        assert got["orderDate"] == got["createdAt"]
        assert got["version"] == 0
        assert got["appeasements"] == []
        assert [got[name] for name in ("appeasementTotal", "returnTotal", "cancelTotal", "invoiceTotal")] == [0] * 4
        for name in ("cancellationDate", "allocationDate", "orderReleaseTimestamp", "processName"):
            assert got[name] is None
        assert "originalOrderTotal" not in got  # there is no total to copy
        assert got["items"][0]["orderedQuantity"] == 1
        assert got["items"][0]["lineOrderStatus"] == "ORDER_LINE_VALID"
        assert [each["auditType"] for each in got["auditLogs"]] == ["CREATE"]

    @pytest.mark.parametrize("path", ["/api/v2/order/", "/api/v2/order", "/order/", "/order"])
    async def test_every_path_answers_without_redirect(self, world: World, headers: dict[str, str], path: str) -> None:
        answer = await world.http.post(path, content=SAMPLE, headers=headers)
        assert answer.status_code == 200
        assert answer.json()["orderNumber"] == "309019176"

    async def test_the_short_path_is_not_this_doors_without_the_header(self, world: World) -> None:
        answer = await world.http.post("/order/", content=SAMPLE, headers=await world.bearer())
        assert "x-site-context" not in answer.text
        assert answer.status_code != 200

    async def test_a_repeated_create_is_a_replay(self, world: World, headers: dict[str, str]) -> None:
        first = await world.http.post(ORDERS, content=SAMPLE, headers=headers)
        again = await world.http.post("/order", json=sample(), headers=headers)
        assert again.status_code == 200
        assert again.content == first.content
        assert again.headers["idempotent-replayed"] == "true"
        assert "idempotent-replayed" not in first.headers

    async def test_different_content_with_the_same_number_is_refused(
        self, world: World, headers: dict[str, str]
    ) -> None:
        await world.http.post(ORDERS, content=SAMPLE, headers=headers)
        answer = await world.http.post(ORDERS, json=sample(cartId="another"), headers=headers)
        assert answer.status_code == 400
        assert answer.json() == {"message": "orderNumber: is taken by another order: '309019176'"}


class TestFaults:
    async def test_all_faults_are_reported_with_their_paths(self, world: World, headers: dict[str, str]) -> None:
        body = sample(
            orderNumber=[], type="FAX", statusCode="", orderDate="yesterday", currency="ZZZ", orderTotal="146.90",
            retail={"locationNum": "Reno"},
        )  # fmt: skip
        del body["channelId"]
        body["items"] += [{"lineItemId": "1", "lineItemNumber": 1.5, "shipToId": "nowhere", "orderedQuantity": 0}]
        body["shipInfo"] += [{"shipToId": "ship-1", "locationNum": {}, "shipToAddress": {"country": "Oz"}}]
        body["payments"][0]["billToAddress"]["address1"] = ""
        answer = await world.http.post(ORDERS, json=body, headers=headers)
        assert answer.status_code == 400
        assert list(answer.json()) == ["message"]
        assert answer.json()["message"].split("; ") == [
            "orderNumber: must be a string, not an array",
            "orderDate: must be a date and time with offset such as 2026-01-30T10:53:24Z, or empty, not 'yesterday'",
            "channelId: is required",
            "type: must be WEB, CSC, MOBILE_APP or POS, or empty, not 'FAX'",
            "retail.locationNum: must be a whole number, not 'Reno'",
            "orderTotal: must be a number, not a string",
            "currency: must be an ISO 4217 currency code, or empty, not 'ZZZ'",
            "statusCode: must not be empty",
            "payments[0].billToAddress.address1: must not be empty",
            "items[1].lineItemNumber: must be a whole number, not the number '1.5'",
            "items[1].itemId: is required",
            "items[1].sku: is required",
            "items[1].orderedQuantity: must be at least 1, not 0",
            "shipInfo[1].locationNum: must be a string, not an object",
            "shipInfo[1].shipToAddress.address1: is required",
            "shipInfo[1].shipToAddress.country: must be an ISO 3166-1 alpha-2 or alpha-3 country code, or empty, "
            "not 'Oz'",
            "shipInfo[1].shipToId: must be unique, 'ship-1' is there already",
            "items[1].lineItemId: must be unique, '1' is there already",
            "items[1].shipToId: must be one of shipInfo's shipToId, not 'nowhere'",
        ]

    async def test_the_faults_of_an_empty_object_are_the_required_fields(
        self, world: World, headers: dict[str, str]
    ) -> None:
        answer = await world.http.post(ORDERS, json={}, headers=headers)
        required = ("orderNumber", "channelId", "statusCode", "items", "shipInfo")
        assert answer.json()["message"] == "; ".join(f"{name}: is required" for name in required)

    async def test_faults_of_empty_arrays_are_reported(self, world: World, headers: dict[str, str]) -> None:
        answer = await world.http.post(ORDERS, json=smallest(items=[], shipInfo=[]), headers=headers)
        assert answer.json()["message"] == (
            "items: must have at least 1 element; shipInfo: must have at least 1 element"
        )

    @pytest.mark.parametrize("body", [b"", b"[", b"{]", b"\xff", b"nonsense"])
    async def test_a_body_that_is_not_json_has_one_message(
        self, world: World, headers: dict[str, str], body: bytes
    ) -> None:
        answer = await world.http.post(ORDERS, content=body, headers=headers)
        assert answer.status_code == 400
        assert answer.json()["message"].startswith("the body is")

    async def test_no_fault_is_reported_twice(self, world: World, headers: dict[str, str]) -> None:
        answer = await world.http.post(ORDERS, content=b'{"orderNumber":"1","orderNumber":"2"}', headers=headers)
        assert "orderNumber: must not be given twice" in answer.json()["message"]


class TestEcho:
    @pytest.mark.parametrize("number", ["10.10", "1e2", "0.000001", "60", "0", "123456789.123456789", "-5.0", "1E-7"])
    async def test_numbers_are_returned_to_the_digit(self, world: World, headers: dict[str, str], number: str) -> None:
        body = json.dumps(smallest(orderTotal=0, attributes={"n": 0})).replace('Total": 0', f'Total": {number}')
        body = body.replace('"n": 0', f'"n": {number}')
        answer = await world.http.post(ORDERS, content=body.encode(), headers=headers)
        assert answer.status_code == 200
        read = await world.http.get(f"{ORDERS}?orderNumber=309019176", headers=headers)
        assert read.content == answer.content
        got = json.loads(read.content, parse_float=Decimal, parse_int=Decimal)
        for value in (got["orderTotal"], got["originalOrderTotal"], got["attributes"]["n"]):
            assert str(value) == str(Decimal(number))

    async def test_big_whole_numbers_in_attributes_are_returned(self, world: World, headers: dict[str, str]) -> None:
        body = smallest(attributes={"big": 123456789012345678901234567890})
        assert (await world.http.post(ORDERS, json=body, headers=headers)).json()["attributes"] == body["attributes"]

    async def test_unusual_values_and_unknown_fields_are_returned(self, world: World, headers: dict[str, str]) -> None:
        address = {
            "name": {"first": "Mary Ann", "middle": "", "last": "Ó Müller"}, "email": "", "phone": {"number": ""},
            "address1": "北京路 1", "address2": "", "address3": "door 3", "city": "", "country": "",
            "type": "residence ", "planet": "Terra",
        }  # fmt: skip
        body = smallest(
            subType="Domestic", cartId="", employeeId=None, statusDescription="",
            attributes={"": {"deep": [1, [None]]}},
            fees=[{"type": "", "value": None}, {}, {"type": "gift", "value": 1.50, "why": "wrap"}],
            discounts=[{"amount": None}, {"amount": 2, "promoCode": "😀"}], retail={}, notes=[{"notes": ""}, {}],
            customer={"name": {"last": "Only"}, "email": "", "phone": {}, "loyal": True}, payments=[{}, {"mine": 1}],
            x_custom={"a": [1.0, "b"]},
        )  # fmt: skip
        body["items"][0] |= {"title": "", "fees": [], "notes": None, "attributes": {}, "color": "crème"}
        body["shipInfo"] = [
            {"shipToId": "1", "shipToAddress": address, "locationNum": ""},
            {"shipToId": "2", "shipToAddress": address | {"country": "DE"}, "pickup": [], "extra": ""},
        ]
        posted = await world.http.post(ORDERS, json=body, headers=headers)
        assert posted.status_code == 200, posted.text
        assert_contains(body, posted.json())
        assert list(posted.json())[-1] == "x_custom"
        read = await world.http.get(ORDERS, params={"orderNumber": "309019176"}, headers=headers)
        assert read.content == posted.content

    async def test_empty_text_is_accepted_wherever_a_value_is_optional(
        self, world: World, headers: dict[str, str]
    ) -> None:
        body = smallest(
            orderDate="", cartId="", type="", subType="", employeeId="", currency="", statusDescription="",
            payments=[{"paymentDate": "", "currency": "", "authExpirationDate": "", "paymentStatus": ""}],
            customer={"email": "", "phone": {"type": ""}}, notes=[{"timestamp": ""}],
        )  # fmt: skip
        body["items"][0] |= {"currency": "", "type": "", "title": ""}
        body["shipInfo"][0] |= {"estimatedShipDate": "", "estimatedDeliveryDate": "", "locationNum": "", "taxCode": ""}
        posted = await world.http.post(ORDERS, json=body, headers=headers)
        assert posted.status_code == 200, posted.text
        assert posted.json()["orderDate"] == posted.json()["createdAt"]
        assert posted.json()["currency"] == posted.json()["type"] == ""
        read = await world.http.get(ORDERS, params={"orderNumber": "309019176"}, headers=headers)
        assert read.content == posted.content
        changed = await world.http.put(f"{ORDERS}309019176", json=read.json(), headers=headers)
        assert changed.json()["version"] == 0
        seen = await world.http.get("/hub/v1/orders", headers=await world.bearer())
        assert not seen.json()["items"][0].get("currency")

    async def test_numbers_are_accepted_as_text_and_whole_numbers_with_a_fraction_of_zero(
        self, world: World, headers: dict[str, str]
    ) -> None:
        """The vendor's samples have channels and locations as numbers in one place and as text in another."""
        body = smallest(orderNumber=309019176, channelId=12, retail={"locationNum": "831"})
        body["items"][0] |= {"lineItemId": 1, "orderedQuantity": 2.0, "channelId": 12, "shipToId": 1}
        body["shipInfo"] = [
            {"shipToId": 1, "locationNum": 123, "shipToAddress": {"address1": "x", "postalCode": 98101}}
        ]
        posted = await world.http.post(ORDERS, json=body, headers=headers)
        assert posted.status_code == 200, posted.text
        got = posted.json()
        (item,), (info,) = got["items"], got["shipInfo"]
        assert (got["orderNumber"], got["channelId"], got["retail"]) == ("309019176", "12", {"locationNum": "831"})
        assert (item["lineItemId"], item["orderedQuantity"], item["channelId"]) == ("1", 2, "12")
        assert (info["locationNum"], info["shipToAddress"]["postalCode"]) == ("123", "98101")
        read = await world.http.get(ORDERS, params={"orderNumber": "309019176"}, headers=headers)
        assert read.content == posted.content
        assert '"orderedQuantity":2,' in read.text
        as_text = json.dumps(body | {"channelId": "12"}, indent=1)
        for again in (json.dumps(body, indent=1), as_text):
            replayed = await world.http.post(ORDERS, content=again.encode(), headers=headers)
            assert (replayed.status_code, replayed.headers.get("idempotent-replayed")) == (200, "true")
        changed = await world.http.put(f"{ORDERS}309019176", json=read.json(), headers=headers)
        assert changed.json()["version"] == 0

    async def test_service_fields_of_the_body_are_ignored(self, world: World, headers: dict[str, str]) -> None:
        body = smallest(
            version=9, orderId="x", createdAt="x", updatedAt="x", auditLogs="x", originalOrderTotal=5, invoiceTotal=5,
            cancellationDate="x", processName="x", appeasements=[1], discounts=[{"amount": 1, "returnQuantity": 9}],
            payments=[{"refundAmount": 5, "paymentLog": 1, "partialCapture": "x", "authExpirationDate": None}],
        )  # fmt: skip
        body["items"][0] |= {"shippedQuantity": 9, "originalItemTotal": 9, "lineOrderStatus": "x", "returns": 1}
        body["items"][0]["fees"] = [{"value": 1, "refundAmount": 9}]
        got = (await world.http.post(ORDERS, json=body, headers=headers)).json()
        assert got["version"] == 0
        assert len(got["orderId"]) == 24
        assert got["createdAt"] == got["updatedAt"] != "x"
        assert len(got["auditLogs"]) == 1
        assert "originalOrderTotal" not in got
        assert (got["invoiceTotal"], got["cancellationDate"], got["processName"], got["appeasements"]) == (
            0, None, None, [],
        )  # fmt: skip
        assert got["discounts"] == [{"amount": 1, "invoiceQuantity": 0, "returnQuantity": 0, "cancelQuantity": 0}]
        assert got["payments"] == [{"refundAmount": 0, "partialCapture": None, "finalCapture": None, "paymentLog": []}]
        item = got["items"][0]
        assert (item["shippedQuantity"], item["lineOrderStatus"], item["returns"]) == (0, "ORDER_LINE_VALID", [])
        assert "originalItemTotal" not in item
        assert item["fees"][0]["refundAmount"] == 0

    async def test_each_of_several_destinations_has_its_lines(self, world: World, headers: dict[str, str]) -> None:
        body = smallest(shipInfo=[{"shipToId": "a"}, {"shipToId": "b", "shipMethod": "AIR"}, {"shipToId": "c"}])
        line = body["items"][0]
        body["items"] = [
            line | {"lineItemId": str(number), "lineItemNumber": number * 10, "shipToId": where}
            for number, where in enumerate(("b", "a", "b"), 1)
        ]
        got = (await world.http.post(ORDERS, json=body, headers=headers)).json()
        assert_contains(body, got)
        assert [item["shipToId"] for item in got["items"]] == ["b", "a", "b"]


class TestStatus:
    @pytest.mark.parametrize("code", ["ORDER_CONFIRMED", "my own word", "ORDER_HOLD_FRAUD", "ORDER_HOLD"])
    async def test_the_status_code_is_the_one_that_was_sent(
        self, world: World, headers: dict[str, str], code: str
    ) -> None:
        got = await world.http.post(ORDERS, json=smallest(statusCode=code, statusDescription="d"), headers=headers)
        assert (got.json()["statusCode"], got.json()["statusDescription"]) == (code, "d")
        read = await world.http.get(ORDERS, params={"orderId": got.json()["orderId"]}, headers=headers)
        assert read.content == got.content

    async def test_a_hold_status_code_places_a_hold(self, world: World, headers: dict[str, str]) -> None:
        for code, status in (("ORDER_HOLD_FRAUD", Status.ON_HOLD), ("ORDER_CREATED", Status.OPEN)):
            await world.http.post(ORDERS, json=smallest(orderNumber=code, statusCode=code), headers=headers)
            caller = Caller(await world.demo_organization(), "test", frozenset(access.SCOPES))
            order = await queries.order_by_number(world.context, caller, door="fabric", number=code)
            assert order.status is status
            assert [hold.reason for hold in order.holds] == ([code] if status is Status.ON_HOLD else [])


def refusal_of(code: Code) -> Refusal:
    kind = next(kind for kind in (Invalid, NotFound, Denied, Conflict, Busy) if code in kind.allowed)
    return kind(code, "something is so")


class TestRefuse:
    def request(self) -> Request:
        return Request(
            context=None, intake=None, route=DOOR.routes[0], method="POST", path=ORDERS, params={}, query_string=b"",  # type: ignore[arg-type]
            headers=Headers([]), body=b"", request_id="f00d",
        )  # fmt: skip

    @pytest.mark.parametrize("code", list(Code))
    def test_every_refusal_code_is_rendered_as_a_message(self, code: Code) -> None:
        reply = DOOR.refuse(refusal_of(code), self.request())
        assert reply.status in (400, 401, 403, 404, 405, 408, 409, 413, 429, 431, 501, 503)
        assert list(json.loads(reply.body)) == ["message"]
        assert json.loads(reply.body)["message"] in ("Something is so", "Order not found")

    def test_an_unexpected_error_is_rendered_with_its_reference(self) -> None:
        reply = DOOR.refuse(None, self.request())
        assert reply.status == 500
        assert json.loads(reply.body) == {"message": "An unexpected error occurred, reference f00d"}

    def test_faults_are_joined_in_one_message(self) -> None:
        faults = (Fault(("items", 0, "sku"), "is required"), Fault((), "is odd"))
        reply = DOOR.refuse(Invalid(Code.INVALID, "x", faults=faults), self.request())
        assert json.loads(reply.body) == {"message": "items[0].sku: is required; is odd"}
