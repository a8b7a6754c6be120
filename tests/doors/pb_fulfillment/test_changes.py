"""Updates and cancels of the Pitney Bowes Fulfillment door: races, repeats, and what an update does to a document."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from hypothesis import given

from crossdock.core.errors import Invalid
from crossdock.core.events import Event
from crossdock.core.ids import from_digits
from crossdock.core.json.strict_json import parse
from crossdock.core.orders.commands import HoldRequest, PlaceHolds
from crossdock.core.orders.status import Status
from crossdock.doors import encode_json
from crossdock.doors.pb_fulfillment import edits
from crossdock.doors.pb_fulfillment.mapping import FORMAT, PbFulfillmentFormat
from crossdock.flows import queries, tenants
from crossdock.flows.access import SCOPES, Caller
from crossdock.flows.execute import execute
from tests.doors.pb_fulfillment.desk import CLIENT, ORDERS, SAMPLE, TRANSACTION, Desk, places, sample
from tests.doors.pb_fulfillment.test_mapping import FOUND, bodies, order
from tests.world import World

DOOR = PbFulfillmentFormat(frozenset({CLIENT}))


async def put(desk: Desk, order_id: str, body: Any, *, end: str = "", query: str = "", **rest: Any) -> httpx.Response:
    content = b"" if body is None else json.dumps(body).encode()
    return await desk.http.put(f"{ORDERS}/{order_id}{end}{query}", content=content, headers=desk.headers(**rest))


async def cancel(desk: Desk, order_id: str, **rest: Any) -> httpx.Response:
    return await put(desk, order_id, None, end="/cancel", query=f"?clientId={CLIENT}", **rest)


async def history(world: World, order_id: str) -> list[Event]:
    caller = Caller(await world.demo_organization(), "demo", frozenset(SCOPES))
    return await queries.history(world.context, caller, order_id=from_digits(order_id[3:22]))


class TestUpdate:
    async def test_reads_back_to_the_digit(self, desk: Desk) -> None:
        made = (await desk.create(SAMPLE)).json()
        body = SAMPLE.replace(b'"unitPrice": 10', b'"unitPrice": 12345678901234567890.10').replace(b'"E"', b'"N"')
        answer = await desk.http.put(f"{ORDERS}/{made['orderId']}", content=body, headers=desk.headers())
        assert '"unitPrice":12345678901234567890.10,' in answer.text
        assert (await desk.view(made["orderId"])).text == answer.text

    async def test_is_done_once_when_the_same_call_races(self, world: World, desk: Desk) -> None:
        made = (await desk.create(SAMPLE)).json()
        calls = [put(desk, made["orderId"], sample(brand="B"), transaction="T1") for _ in range(8)]
        answers = await asyncio.gather(*calls)
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        assert sum("idempotent-replayed" in answer.headers for answer in answers) == 7
        assert [event.name for event in await history(world, made["orderId"])] == ["order.received", "order.edited"]

    @pytest.mark.parametrize("end", ["", "/orderItems"])
    @pytest.mark.parametrize(
        "inside", [b"[" * 5_000 + b"]" * 5_000, b'"\xff"', b'"\xff', b"NaN"], ids=["deep", "not_utf8", "cut", "nan"]
    )
    async def test_refuses_what_is_no_json(self, desk: Desk, inside: bytes, end: str) -> None:
        """Who asks is read from the body before the body itself is."""
        made = (await desk.create(SAMPLE)).json()
        url, sent = f"{ORDERS}/{made['orderId']}{end}", b'{"clientId":"1234","x":' + inside + b"}"
        answer = await desk.http.put(url, content=sent, headers=desk.headers())
        assert answer.status_code == 400, answer.text
        assert {each["errorCode"] for each in answer.json()} <= {"1000050", "1000045"}

    async def test_leaves_the_transaction_id_free_when_it_is_refused(self, desk: Desk) -> None:
        made = (await desk.create(SAMPLE)).json()
        assert (await put(desk, made["orderId"], sample(createDate="soon"), transaction="T1")).status_code == 400
        assert (await put(desk, made["orderId"], sample(brand="B"), transaction="T1")).status_code == 200

    async def test_is_no_repeat_where_it_is_another_orders(self, desk: Desk) -> None:
        one = (await desk.create(SAMPLE)).json()["orderId"]
        other = (await desk.create(sample(clientOrderId="other"))).json()["orderId"]
        assert (await cancel(desk, one, transaction="T1")).status_code == 200
        answer = await cancel(desk, other, transaction="T1")
        assert (answer.status_code, places(answer)) == (400, {TRANSACTION})

    async def test_keeps_a_read_from_using_its_transaction_id(self, desk: Desk) -> None:
        made = (await desk.create(SAMPLE)).json()
        await put(desk, made["orderId"], sample(brand="B"), transaction="T1")
        for method, url in (("GET", f"{ORDERS}/{made['orderId']}?clientId={CLIENT}"), ("POST", f"{ORDERS}/search")):
            answer = await desk.http.request(method, url, json={"clientId": CLIENT}, headers=desk.headers("T1"))
            assert (answer.status_code, places(answer)) == (400, {TRANSACTION})

    async def test_does_not_touch_what_is_anothers(self, world: World, desk: Desk) -> None:
        made = (await desk.create(SAMPLE)).json()
        stranger = Desk(world, await world.stranger())
        for answer in (
            await put(stranger, made["orderId"], sample(brand="B")),
            await put(stranger, made["orderId"], sample(), end="/orderItems"),
            await cancel(stranger, made["orderId"]),
        ):
            assert (answer.status_code, places(answer)) == (404, {"orderId"})
        assert (await desk.view(made["orderId"])).json() == made

    async def test_tells_the_clients_of_an_organization_apart(self, world: World, desk: Desk) -> None:
        organization = (await world.demo_organization()).organization_id
        await tenants.add_vendor_reference(world.context, organization, kind="pb_fulfillment_client", value="second")
        made = (await desk.create(SAMPLE)).json()
        answer = await put(desk, made["orderId"], sample(clientId="second"))
        assert (answer.status_code, places(answer)) == (404, {"orderId"})

    async def test_wants_the_scope(self, world: World, desk: Desk) -> None:
        made = (await desk.create(SAMPLE)).json()
        reader = Desk(world, await world.bearer(scope="orders:read"))
        for end in ("", "/orderItems", "/cancel"):
            answer = await put(reader, made["orderId"], {}, end=end)
            assert (answer.status_code, answer.json()[0]["errorCode"]) == (403, "1000033")

    async def test_lets_a_create_meet_its_first_content_again(self, desk: Desk) -> None:
        made = await desk.create(SAMPLE)
        await put(desk, made.json()["orderId"], sample(brand="B"))
        again = await desk.create(SAMPLE)
        assert (again.content, again.headers["idempotent-replayed"]) == (made.content, "true")
        assert places(await desk.create(sample(brand="B"))) == {"clientOrderId"}


class TestCancel:
    async def test_is_done_by_one_of_those_who_race(self, world: World, desk: Desk) -> None:
        made = (await desk.create(SAMPLE)).json()
        answers = await asyncio.gather(*(cancel(desk, made["orderId"]) for _ in range(6)))
        assert sorted(answer.status_code for answer in answers) == [200] + [400] * 5
        assert [event.name for event in await history(world, made["orderId"])] == ["order.received", "order.canceled"]

    async def test_passes_over_whatever_body_comes_with_it(self, desk: Desk) -> None:
        made = (await desk.create(SAMPLE)).json()
        answer = await put(desk, made["orderId"], {"x": 1}, end="/cancel", query=f"?clientId={CLIENT}")
        assert answer.json()["status"] == "CANCELED"

    async def test_is_shown_to_the_other_doors(self, world: World, desk: Desk) -> None:
        made = (await desk.create(SAMPLE)).json()
        await cancel(desk, made["orderId"])
        caller = Caller(await world.demo_organization(), "demo", frozenset(SCOPES))
        found = await queries.order(world.context, caller, order_id=from_digits(made["orderId"][3:22]))
        assert found.status is Status.CANCELED


class TestBulk:
    async def test_keeps_the_holds_of_an_order_and_of_its_lines(self, world: World, desk: Desk) -> None:
        lines = sample()["orderLines"]
        made = (await desk.create(sample(orderLines=[*lines, lines[0] | {"lineId": 2, "sku": "B"}]))).json()
        caller = Caller(await world.demo_organization(), "demo", frozenset(SCOPES))
        holds = (HoldRequest("FRAUD"), HoldRequest("PART", lines=(1,)))
        command = PlaceHolds(order_id=from_digits(made["orderId"][3:22]), holds=holds)
        await execute(world.context, caller, [command], door="hub")
        turned = [lines[0] | {"lineId": 2, "sku": "B"}, lines[0]]
        (told,) = (await desk.bulk([sample(orderLines=turned)])).json()["orders"]
        assert told["holdReason"] == ["FRAUD", "PART"]
        after = await queries.order(world.context, caller, order_id=from_digits(made["orderId"][3:22]))
        assert [hold.lines for hold in after.holds] == [(), (0,)]

    async def test_cuts_a_bug_of_one_off_from_the_others(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        await desk.bulk([sample(), sample(clientOrderId="stone")])
        content = PbFulfillmentFormat.to_content

        def stumble(self: PbFulfillmentFormat, reading: Any, found: Any) -> Any:
            if reading.tree["clientOrderId"] == "stone":
                raise RuntimeError("stumbled")
            return content(self, reading, found)

        changed = [sample(brand="B"), sample(clientOrderId="stone", brand="B")]
        with monkeypatch.context() as broken:
            broken.setattr(PbFulfillmentFormat, "to_content", stumble)
            good, bad = (await desk.bulk(changed, transaction="T1")).json()["orders"]
        assert good["brand"] == "B"
        assert (bad["clientOrderId"], bad["errors"][0]["errorCode"]) == ("stone", "1000005")
        again = (await desk.bulk(changed, transaction="T1")).json()["orders"]
        assert again[0] == good
        assert again[1]["brand"] == "B"

    async def test_cancels_each_once_when_it_was_cut_off(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        await desk.bulk([sample(), sample(clientOrderId="two")])
        body = {"CancelOrdersRequest": [{"clientId": CLIENT, "clientOrderId": sample()["clientOrderId"]},
                                        {"clientId": CLIENT, "clientOrderId": "two"}]}  # fmt: skip

        async def call() -> httpx.Response:
            return await desk.http.put(f"{ORDERS}/bulk/cancel", json=body, headers=desk.headers("T1"))

        async def die(*_: Any, **__: Any) -> None:
            raise RuntimeError("power cut")

        with monkeypatch.context() as broken:
            broken.setattr("crossdock.flows.idempotency.finish_bulk_call", die)
            assert (await call()).status_code == 500
        answer = await call()
        assert [each["status"] for each in answer.json()["orders"]] == ["CANCELED", "CANCELED"]
        again = await call()
        assert (again.content, again.headers["idempotent-replayed"]) == (answer.content, "true")

    async def test_cancels_two_hundred_and_no_more(self, desk: Desk) -> None:
        wanted = [{"clientId": CLIENT, "clientOrderId": f"N{number}"} for number in range(201)]
        body = {"CancelOrdersRequest": wanted}
        answer = await desk.http.put(f"{ORDERS}/bulk/cancel", json=body, headers=desk.headers())
        assert (answer.status_code, places(answer)) == (400, {"CancelOrdersRequest"})


class TestDocument:
    @given(bodies())
    def test_that_was_answered_changes_nothing_when_it_is_sent_back(self, body: dict[str, Any]) -> None:
        reading = DOOR.read(json.dumps(body).encode())
        if reading.faults:
            return
        answer = parse(encode_json(FORMAT.to_response(reading.tree, order(), FOUND)))
        assert edits.taken_up(reading.tree, answer) == reading.tree

    @given(bodies(), bodies())
    def test_is_answered_as_the_one_wanted(self, before: dict[str, Any], wanted: dict[str, Any]) -> None:
        first, second = (DOOR.read(json.dumps(body).encode()) for body in (before, wanted))
        if first.faults or second.faults:
            return
        made = edits.taken_up(first.tree, second.tree)
        told, expected = (FORMAT.to_response(document, order(), FOUND) for document in (made, second.tree))
        assert json.loads(encode_json(told)) == json.loads(encode_json(expected))

    def test_may_have_two_lines_of_one_id(self) -> None:
        lines = [{"lineId": 1, "sku": "A", "orderedQuantity": 1, "unitPrice": 1},
                 {"lineId": 1, "sku": "B", "orderedQuantity": 1, "unitPrice": 2}]  # fmt: skip
        sent = {"clientId": CLIENT, "clientOrderId": "N", "orderLines": [
            {"lineId": 1, "orderedQuantity": 4}, {"lineId": 1, "orderedQuantity": 5}]}  # fmt: skip
        change = edits.items(json.dumps(sent).encode(), format=DOOR, is_own=True)
        made = change(sample(clientOrderId="N", orderLines=lines))["orderLines"]
        assert [(line["sku"], line["orderedQuantity"], line["unitPrice"]) for line in made] == [
            ("A", 4, 1), ("B", 5, 2)]  # fmt: skip

    @pytest.mark.parametrize("sent", [b"[]", b"5", b'"x"', b"null", b'{"orderLines":[[]]}', b'{"orderLines":{}}'])
    def test_of_another_shape_is_refused(self, sent: bytes) -> None:
        for make in (edits.whole, edits.items):
            with pytest.raises(Invalid):
                make(sent, format=DOOR, is_own=True)(sample())
