"""Creating and replacing many orders in one call of the Pitney Bowes Fulfillment door."""

import asyncio
import json

import pytest

from crossdock.core.json.request_body import ParsedBody
from crossdock.core.orders.model import Content
from crossdock.doors.pb_fulfillment.mapping import PbFulfillmentFormat
from crossdock.flows.formats import ReferenceData
from tests.doors.pb_fulfillment.desk import CLIENT, ORDERS, SAMPLE, TRANSACTION, Desk, places, sample


class TestBulk:
    async def test_answers_good_and_bad_ones_in_their_order(self, desk: Desk) -> None:
        bad = sample(clientOrderId="bad", orderLines=[])
        foreign = sample(clientOrderId="foreign", clientId="9999")
        answer = await desk.bulk([sample(clientOrderId="one"), bad, 5, foreign, sample(clientOrderId="two")])
        assert answer.status_code == 200
        one, refused, nothing, other, two = answer.json()["orders"]
        assert (one["clientOrderId"], one["status"]) == ("one", "RECEIVED")
        assert (two["clientOrderId"], two["status"]) == ("two", "RECEIVED")
        assert list(refused) == ["clientId", "clientOrderId", "errors"]
        assert (refused["clientId"], refused["clientOrderId"]) == (CLIENT, "bad")
        assert refused["errors"][0]["parameters"] == ["orderLines"]
        assert list(nothing) == ["errors"]
        assert other["errors"][0]["errorCode"] == "1000004"

    async def test_answers_each_as_create_would(self, desk: Desk) -> None:
        made = await desk.create(SAMPLE)
        answer = await desk.create(b'{ "orders" : [ ' + SAMPLE + b" ] }", path="/v1/orders/bulk")
        assert answer.content == b'{"orders":[' + made.content + b"]}"

    async def test_shapes_errors_as_asked(self, desk: Desk) -> None:
        answer = await desk.bulk([{}], **{"X-PB-UnifiedErrorStructure": "true"})
        error = answer.json()["orders"][0]["errors"][0]
        assert list(error) == ["errorCode", "errorDescription", "additionalInfo", "parameters"]

    async def test_creates_repeats_and_replaces(self, desk: Desk) -> None:
        (first,) = (await desk.bulk([sample()])).json()["orders"]
        (again,) = (await desk.bulk([sample()])).json()["orders"]
        (changed,) = (await desk.bulk([sample(orderHandling="N", fromNode=None)])).json()["orders"]
        assert again == first
        assert changed["orderId"] == first["orderId"]
        assert (changed["orderHandling"], changed["pbCreateDate"]) == ("N", first["pbCreateDate"])
        assert "fromNode" not in changed and "pbUpdateDate" in changed
        assert (await desk.view(first["orderId"])).json() == changed
        (back,) = (await desk.bulk([sample()])).json()["orders"]
        assert (back["orderHandling"], back["fromNode"]) == ("E", "160")

    async def test_takes_the_later_of_two_under_one_number(self, desk: Desk) -> None:
        answer = await desk.bulk([sample(brand="1"), sample(brand="2"), sample(brand="2")])
        one, two, again = answer.json()["orders"]
        assert one["orderId"] == two["orderId"]
        assert (one["brand"], two["brand"], again) == ("1", "2", two)
        assert (await desk.view(one["orderId"])).json()["brand"] == "2"

    async def test_takes_two_hundred_and_no_more(self, desk: Desk) -> None:
        bodies = [sample(clientOrderId=f"N{number}") for number in range(201)]
        refused = await desk.bulk(bodies, transaction="T1")
        assert refused.status_code == 400
        assert places(refused) == {"orders"}
        # none is stored, the last is still to be had, and the transaction id is free
        accepted = await desk.bulk(bodies[1:], transaction="T1")
        told = accepted.json()["orders"]
        assert [each["clientOrderId"] for each in told] == [each["clientOrderId"] for each in bodies[1:]]
        assert {each["status"] for each in told} == {"RECEIVED"}
        assert all("pbUpdateDate" not in each for each in told)

    @pytest.mark.parametrize(
        ("body", "code", "place"),
        [
            (b"", "1000050", None),
            (b"[]", "1000045", None),
            (b"{}", "1000045", "orders"),
            (b'{"orders":{}}', "1000045", "orders"),
            (b'{"orders":[]}', "1000045", "orders"),
            (b'{"orders":[{}],"orders":[{}]}', "1000045", "orders"),
            (b'{"orders":[{"fee":NaN}]}', "1000045", "orders[0].fee"),
            (b'{"orders":[{}],"note":1e999}', "1000045", "note"),
            (b'{"orders":[' + b"[" * 70 + b"]" * 70 + b"]}", "1000050", None),
        ],
    )
    async def test_refuses_a_body_it_cannot_cut(self, desk: Desk, body: bytes, code: str, place: str | None) -> None:
        answer = await desk.create(body, path=f"{ORDERS}/bulk")
        assert answer.status_code == 400
        assert [each["errorCode"] for each in answer.json()] == [code]
        assert places(answer) == ({place} if place else set())

    async def test_leaves_faults_inside_an_order_to_that_order(self, desk: Desk) -> None:
        twice = SAMPLE.replace(b'"fromNode": "160"', b'"fromNode": "160", "fromNode": "161", "a": "\\u0000"')
        body = b'{"orders":[' + twice + b"," + json.dumps(sample(clientOrderId="ok")).encode() + b"]}"
        answer = await desk.create(body, path=f"{ORDERS}/bulk")
        bad, good = answer.json()["orders"]
        assert {each["parameters"][0] for each in bad["errors"]} == {"fromNode", "a"}
        assert good["status"] == "RECEIVED"


class TestRepeatedCall:
    async def test_gets_the_first_answer(self, desk: Desk) -> None:
        first = await desk.bulk([sample(), {}], transaction="T1")
        await desk.bulk([sample(brand="later")], transaction="T2")
        again = await desk.create({"orders": [sample(), {}]}, path="/v1/orders/bulk", transaction="T1")
        assert again.content == first.content
        assert again.headers["idempotent-replayed"] == "true"
        (order,) = [each for each in first.json()["orders"] if "orderId" in each]
        assert (await desk.view(order["orderId"])).json()["brand"] == "later"

    async def test_is_refused_where_it_is_another(self, desk: Desk) -> None:
        await desk.bulk([sample()], transaction="T1")
        for answer in (
            await desk.bulk([sample(brand="B")], transaction="T1"),
            await desk.create(SAMPLE, transaction="T1"),
            await desk.create(b'{"orders":[{"a":1,"a":1}]}', path=f"{ORDERS}/bulk", transaction="T1"),
        ):
            assert answer.status_code == 400
            assert places(answer) == {TRANSACTION}

    async def test_is_refused_under_the_transaction_of_a_create(self, desk: Desk) -> None:
        await desk.create(SAMPLE, transaction="T1")
        answer = await desk.bulk([sample(clientOrderId="new")], transaction="T1")
        assert (answer.status_code, places(answer)) == (400, {TRANSACTION})

    async def test_is_done_over_where_a_bug_had_cut_it_short(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        content = PbFulfillmentFormat.to_content

        def stumble(self: PbFulfillmentFormat, reading: ParsedBody, found: ReferenceData) -> Content:
            if reading.shape.clientOrderId == "stone":
                raise RuntimeError("stumbled")
            return content(self, reading, found)

        bodies = [sample(), sample(clientOrderId="stone")]
        with monkeypatch.context() as broken:
            broken.setattr(PbFulfillmentFormat, "to_content", stumble)
            good, bad = (await desk.bulk(bodies, transaction="T1")).json()["orders"]
        assert good["status"] == "RECEIVED"
        assert (bad["clientOrderId"], bad["errors"][0]["errorCode"]) == ("stone", "1000005")
        again = await desk.bulk(bodies, transaction="T1")
        assert again.json()["orders"][0] == good
        assert again.json()["orders"][1]["status"] == "RECEIVED"

    async def test_makes_each_order_once_when_calls_race(self, desk: Desk) -> None:
        bodies = [sample(clientOrderId=f"N{number}") for number in range(20)]
        answers = await asyncio.gather(*(desk.bulk(bodies, transaction="T1") for _ in range(4)))
        assert len({answer.content for answer in answers}) == 1
        singles = await asyncio.gather(*(desk.create(sample(), transaction="T2") for _ in range(8)))
        assert len({answer.content for answer in singles}) == 1
        assert {answer.status_code for answer in singles} == {201}
        assert sum("idempotent-replayed" in answer.headers for answer in singles) == 7
