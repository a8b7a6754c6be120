"""Refused is not lost: every authenticated submission is kept with its bytes and fate, and can be driven again."""

import asyncio
import base64
import json
from typing import Any

import pytest

from crossdock.core.errors import Busy, Code
from crossdock.flows import access
from crossdock.store import submissions
from tests.vendors import VENDORS
from tests.world import World

SUBMISSIONS = "/hub/v1/submissions"
HUB = VENDORS["hub"]


@pytest.fixture
async def headers(world: World) -> dict[str, str]:
    return await world.bearer()


async def refused(world: World, headers: dict[str, str]) -> list[dict[str, Any]]:
    answer = await world.http.get(f"{SUBMISSIONS}?status=refused", headers=headers)
    assert answer.status_code == 200
    return answer.json()["items"]  # type: ignore[no-any-return]


class TestRefused:
    @pytest.mark.parametrize("door", VENDORS)
    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (b"{", "not_json"),
            (b"", "not_json"),
            (b"[" * 10_000, "too_deep"),
            (b"x" * 2_000_000, "too_large"),
            (b'{"a":1,"a":2}', "invalid"),
            (b'{"items":[]}', "invalid"),
        ],
        ids=["broken", "empty", "deep", "large", "duplicate", "faulty"],
    )
    async def test_refused_is_kept_with_its_bytes(
        self, world: World, headers: dict[str, str], door: str, body: bytes, code: str
    ) -> None:
        vendor = VENDORS[door]
        answer = await world.http.post(vendor.create, content=body, headers=headers | vendor.headers("t-1"))
        assert 400 <= answer.status_code < 500
        assert answer.json()
        (only,) = await refused(world, headers)
        assert (only["door"], only["code"], only["size"]) == (door, code, len(body))
        full = (await world.http.get(f"{SUBMISSIONS}/{only['id']}", headers=headers)).json()
        kept = base64.b64decode(full["body_base64"])
        assert kept == body[: len(kept)]
        assert only["complete"] == (kept == body)
        assert kept == body or code == "too_large"

    async def test_refused_is_not_kept_of_strangers(self, world: World, headers: dict[str, str]) -> None:
        answer = await world.http.post(HUB.create, content=b"{")
        assert answer.status_code == 401
        assert await refused(world, headers) == []


class TestRefusedBeforeIntake:
    """Whatever the reason, an order somebody known sent is not gone."""

    @pytest.mark.parametrize(
        ("door", "extra", "code"),
        [
            ("pb_fulfillment", {"X-PB-TransactionId": ""}, "invalid"),
            ("fabric", {"x-site-context": "no json"}, "invalid"),
            ("fabric", {"x-site-context": '{"account":"somebody"}'}, "foreign_organization"),
            ("hub", {"Idempotency-Key": "k" * 300}, "invalid"),
        ],
    )
    async def test_refused_before_intake_for_its_headers_is_kept(
        self, world: World, headers: dict[str, str], door: str, extra: dict[str, str], code: str
    ) -> None:
        vendor = VENDORS[door]
        body = json.dumps(vendor.body("A-1")).encode()
        answer = await world.http.post(vendor.create, content=body, headers=headers | vendor.headers("t-1") | extra)
        assert 400 <= answer.status_code < 500
        (only,) = await refused(world, headers)
        assert (only["door"], only["code"]) == (door, code)
        full = (await world.http.get(f"{SUBMISSIONS}/{only['id']}", headers=headers)).json()
        assert full["body"] == body.decode()
        again = await world.http.post(f"{SUBMISSIONS}/{only['id']}/redrive", headers=headers)
        assert (again.status_code, again.json()["status"]) == (200, "accepted")

    @pytest.mark.parametrize("door", VENDORS)
    async def test_refused_before_intake_for_a_scope_is_kept(
        self, world: World, headers: dict[str, str], door: str
    ) -> None:
        vendor, reader = VENDORS[door], await world.bearer(scope=access.READ)
        answer = await world.http.post(vendor.create, json=vendor.body("A-1"), headers=reader | vendor.headers("t-1"))
        assert answer.status_code == 403
        (only,) = await refused(world, headers)
        assert (only["door"], only["code"]) == (door, "no_scope")

    async def test_refused_before_intake_as_a_call_of_too_many_orders_is_kept_whole(
        self, world: World, headers: dict[str, str]
    ) -> None:
        vendor = VENDORS["pb_fulfillment"]
        orders = [{"clientOrderId": str(place)} for place in range(201)]
        answer = await world.http.post(
            f"{vendor.create}/bulk", json={"orders": orders}, headers=headers | vendor.headers("t-1")
        )
        assert answer.status_code == 400
        (only,) = await refused(world, headers)
        assert only["operation"] == "bulk_call"
        again = await world.http.post(f"{SUBMISSIONS}/{only['id']}/redrive", headers=headers)
        assert again.status_code == 409


class TestRedrive:
    async def test_redrive_mended_becomes_an_order(self, world: World, headers: dict[str, str]) -> None:
        body = HUB.body("A-1") | {"currency": "XYZ"}
        await world.http.post(HUB.create, json=body, headers=headers)
        (only,) = await refused(world, headers)
        assert [error["pointer"] for error in only["errors"]] == ["/currency"]
        answer = await world.http.post(
            f"{SUBMISSIONS}/{only['id']}/redrive", json=body | {"currency": "USD"}, headers=headers
        )
        assert answer.status_code == 200
        order = await world.http.get(f"/hub/v1/orders/{answer.json()['order_id']}", headers=headers)
        assert order.json()["number"] == "A-1"
        assert await refused(world, headers) == []
        again = (await world.http.get(f"{SUBMISSIONS}/{only['id']}", headers=headers)).json()
        assert (again["status"], again["order_id"]) == ("redriven", answer.json()["order_id"])

    async def test_redrive_as_it_was_works_once_the_reason_is_gone(self, world: World, headers: dict[str, str]) -> None:
        vendor = VENDORS["pb_oms"]
        product = {"description": "Mug", "originCountryCode": "US", "quantity": 1, "unitPrice": 5, "productDetails": {}}
        body = vendor.body("A-1") | {"items": [{"customProductId": "cp00000000000"}]}
        assert (await world.http.post(vendor.create, json=body, headers=headers)).status_code == 400
        (only,) = await refused(world, headers)
        path = f"{SUBMISSIONS}/{only['id']}/redrive"
        still = await world.http.post(path, headers=headers)
        assert still.status_code == 422
        assert len(await refused(world, headers)) == 2
        from crossdock.flows import reference_data
        from crossdock.flows.access import Caller

        caller = Caller(await world.demo_organization(), "demo", frozenset({"admin"}))
        await reference_data.add(
            world.context, caller, kind="pb_oms/customs_product", key="cp00000000000", name="cp00000000000",
            document=json.dumps(product).encode(),
        )  # fmt: skip
        answer = await world.http.post(path, headers=headers)
        assert (answer.status_code, answer.json()["status"]) == (200, "accepted")

    async def test_redrive_of_an_accepted_one_is_refused(self, world: World, headers: dict[str, str]) -> None:
        await world.http.post(HUB.create, json=HUB.body("A-1"), headers=headers)
        listed = (await world.http.get(SUBMISSIONS, headers=headers)).json()["items"]
        answer = await world.http.post(f"{SUBMISSIONS}/{listed[0]['id']}/redrive", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "state_forbids")

    async def test_redrive_wants_the_write_scope(self, world: World, headers: dict[str, str]) -> None:
        await world.http.post(HUB.create, content=b"{", headers=headers)
        (only,) = await refused(world, headers)
        reader = await world.bearer(scope=access.READ)
        assert (await world.http.post(f"{SUBMISSIONS}/{only['id']}/redrive", headers=reader)).status_code == 403


class TestFates:
    async def test_an_outcome_every_authenticated_submission_has_one(
        self, world: World, headers: dict[str, str]
    ) -> None:
        for body in (HUB.body("A-1"), HUB.body("A-1"), HUB.body("A-1") | {"notes": "other"}, {}):
            await world.http.post(HUB.create, json=body, headers=headers)
        listed = (await world.http.get(SUBMISSIONS, headers=headers)).json()["items"]
        assert [each["status"] for each in listed] == ["refused", "refused", "replayed", "accepted"]

    async def test_an_outcome_one_bad_order_does_not_fail_its_neighbors(
        self, world: World, headers: dict[str, str]
    ) -> None:
        bodies = [HUB.body(f"A-{place}") if place % 3 else {"number": f"A-{place}"} for place in range(30)]
        answers = await asyncio.gather(*(world.http.post(HUB.create, json=body, headers=headers) for body in bodies))
        assert [answer.status_code for answer in answers] == [201 if place % 3 else 422 for place in range(30)]

    async def test_a_bug_in_one_order_does_not_fail_its_neighbors(
        self, world: World, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = type(world.context.formats["hub"]).to_content

        def stumbling(self: Any, reading: Any, found: Any) -> Any:
            if reading.shape.number == "A-3":
                raise ZeroDivisionError
            return real(self, reading, found)

        monkeypatch.setattr(type(world.context.formats["hub"]), "to_content", stumbling)
        answers = await asyncio.gather(
            *(world.http.post(HUB.create, json=HUB.body(f"A-{place}"), headers=headers) for place in range(6))
        )
        assert [answer.status_code for answer in answers] == [201, 201, 201, 500, 201, 201]
        (only,) = await refused(world, headers)
        assert only["code"] == "bug"

    @pytest.mark.parametrize("method", ["to_content", "placement", "create_response"])
    async def test_an_outcome_a_create_that_ends_in_a_bug_keeps_its_submission(
        self, world: World, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch, method: str
    ) -> None:
        def stumble(*_: Any) -> Any:
            raise ZeroDivisionError

        with monkeypatch.context() as broken:
            broken.setattr(type(world.context.formats["hub"]), method, stumble)
            answer = await world.http.post(HUB.create, json=HUB.body("A-1"), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (500, "bug")
        (only,) = await refused(world, headers)
        assert (only["code"], only["order_id"]) == ("bug", None)
        kept = (await world.http.get(f"{SUBMISSIONS}/{only['id']}", headers=headers)).json()
        assert json.loads(kept["body"]) == HUB.body("A-1")
        assert (await world.http.get(HUB.create, headers=headers)).json()["items"] == []
        again = await world.http.post(f"{SUBMISSIONS}/{only['id']}/redrive", headers=headers)
        assert again.json()["status"] == "accepted", again.text

    async def test_a_bug_in_one_reply_does_not_fail_its_neighbors(
        self, world: World, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hub = type(world.context.formats["hub"])
        real = hub.create_response

        def stumbling(self: Any, document: Any, order: Any, found: Any) -> Any:
            if order.content.number == "A-3":
                raise ZeroDivisionError
            return real(self, document, order, found)

        monkeypatch.setattr(hub, "create_response", stumbling)
        answers = await asyncio.gather(
            *(world.http.post(HUB.create, json=HUB.body(f"A-{place}"), headers=headers) for place in range(6))
        )
        assert [answer.status_code for answer in answers] == [201, 201, 201, 500, 201, 201]
        assert [each["code"] for each in await refused(world, headers)] == ["bug"]


class TestIdempotencyKey:
    async def test_idempotency_key_gives_the_first_answer_again(self, world: World, headers: dict[str, str]) -> None:
        keyed = headers | {"Idempotency-Key": "k-1"}
        first = await world.http.post(HUB.create, json=HUB.body("A-1"), headers=keyed)
        again = await world.http.post(HUB.create, json=HUB.body("A-1"), headers=keyed)
        assert again.content == first.content
        assert again.headers["location"] == first.headers["location"]

    async def test_idempotency_key_for_another_request_is_refused(self, world: World, headers: dict[str, str]) -> None:
        keyed = headers | {"Idempotency-Key": "k-1"}
        await world.http.post(HUB.create, json=HUB.body("A-1"), headers=keyed)
        other = await world.http.post(HUB.create, json=HUB.body("A-2"), headers=keyed)
        assert (other.status_code, other.json()["code"]) == (422, "key_reused")
        alone = await world.http.post(HUB.create, json=HUB.body("A-2"), headers=headers)
        assert (alone.status_code, "idempotent-replayed" in alone.headers) == (201, False)

    async def test_idempotency_key_of_a_replay_stands_for_the_first_request(
        self, world: World, headers: dict[str, str]
    ) -> None:
        first = await world.http.post(HUB.create, json=HUB.body("A-1"), headers=headers)
        again = await world.http.post(HUB.create, json=HUB.body("A-1"), headers=headers | {"Idempotency-Key": "k-9"})
        assert again.content == first.content
        other = await world.http.post(HUB.create, json=HUB.body("A-2"), headers=headers | {"Idempotency-Key": "k-9"})
        assert other.json()["code"] == "key_reused"


class TestOverload:
    @pytest.mark.parametrize("context", [{"intake_waiting": 2}], indirect=True)
    async def test_overload_is_named_and_nothing_is_half_done(self, world: World, headers: dict[str, str]) -> None:
        answers = await asyncio.gather(
            *(world.http.post(HUB.create, json=HUB.body(f"A-{place}"), headers=headers) for place in range(12))
        )
        codes = [answer.status_code for answer in answers]
        assert set(codes) == {201, 503}
        assert all(answer.headers["retry-after"] for answer in answers if answer.status_code == 503)

    @pytest.mark.parametrize("context", [{"intake_waiting": 8}], indirect=True)
    async def test_overload_of_one_organization_leaves_room_for_the_others(
        self, world: World, headers: dict[str, str]
    ) -> None:
        other = await world.stranger()
        answers = await asyncio.gather(
            *(world.http.post(HUB.create, json=HUB.body(f"A-{place}"), headers=headers) for place in range(40)),
            *(world.http.post(HUB.create, json=HUB.body(f"B-{place}"), headers=other) for place in range(2)),
        )
        assert 503 in {answer.status_code for answer in answers[:40]}
        assert [answer.status_code for answer in answers[40:]] == [201, 201]

    async def test_overload_a_database_that_is_away_is_503_and_loses_nothing(
        self, world: World, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def away(*_: Any) -> None:
            raise Busy(Code.UNAVAILABLE, "the database cannot take this now")

        monkeypatch.setattr(submissions, "add_submissions", away)
        answer = await world.http.post(HUB.create, json=HUB.body("A-1"), headers=headers)
        assert answer.status_code == 503
        monkeypatch.undo()
        answer = await world.http.post(HUB.create, json=HUB.body("A-1"), headers=headers)
        assert (answer.status_code, "idempotent-replayed" in answer.headers) == (201, False)
