"""Inbound through the hub: receiving notices, work orders and transfers, tried, guarded, named and listed."""

from typing import Any

import httpx
import pytest

from tests.doors.hub.conftest import parameters, pointers
from tests.doors.hub.inbound_calls import NOTICE, TRANSFER, WORK_ORDER
from tests.flows.allocating import add_locations, count, levels
from tests.notifications.world import caller_of
from tests.world import World

NOTICES, WORK_ORDERS, TRANSFERS = "/hub/v1/receiving-notices", "/hub/v1/work-orders", "/hub/v1/transfers"
Headers = dict[str, str]


@pytest.fixture(autouse=True)
async def places(world: World) -> None:
    await add_locations(world, await caller_of(world), "TORONTO", "MONTREAL")


async def post(world: World, headers: Headers, path: str, body: Any = None, **more: str) -> httpx.Response:
    return await world.http.post(path, json=body, headers=headers | {k.replace("_", "-"): v for k, v in more.items()})


async def made(world: World, headers: Headers, path: str, body: Any) -> str:
    answer = await post(world, headers, path, body)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"{path}/{answer.json()['id']}"
    return str(answer.headers["location"])


class TestReceiving:
    async def test_a_receipt_is_answered_with_the_notice_and_is_in_stock(self, world: World, headers: Headers) -> None:
        one = await made(world, headers, NOTICES, NOTICE)
        answer = await post(world, headers, f"{one}/receive", {"lines": [{"line": 1, "quantity": 25, "damaged": 2}]})
        assert (answer.status_code, answer.headers["etag"], answer.json()["status"]) == (200, '"2"', "in_progress")
        assert answer.json()["lines"][1] | {} == {
            "sku": "BOX", "expected": 20, "pool": "web", "expected_at": None, "received": 25, "damaged": 2,
        }  # fmt: skip
        level = (await levels(world, await caller_of(world), "BOX"))["TORONTO"]
        assert (level.pool, level.on_hand, level.available) == ("web", 25, 23)
        rest = await post(world, headers, f"{one}/receive")
        assert (rest.json()["status"], rest.json()["lines"][0]["received"]) == ("complete", 50)

    async def test_one_key_receives_once(self, world: World, headers: Headers) -> None:
        one, other = [await made(world, headers, NOTICES, NOTICE | {"number": number}) for number in ("ASN-1", "ASN-2")]
        body = {"lines": [{"line": 0, "quantity": 1}]}
        first, again = [await post(world, headers, f"{one}/receive", body, Idempotency_Key="k") for _ in range(2)]
        assert (first.content, again.headers["idempotent-replayed"]) == (again.content, "true")
        for path, sent in ((f"{one}/receive", {}), (f"{other}/receive", body), (f"{one}/close", {})):
            reused = await post(world, headers, path, sent, Idempotency_Key="k")
            assert (reused.status_code, reused.json()["code"]) == (422, "key_reused"), path
        await post(world, headers, f"{one}/receive", body, Idempotency_Key="l")
        assert (await levels(world, await caller_of(world), "MUG"))["TORONTO"].on_hand == 2

    async def test_a_dry_run_changes_nothing(self, world: World, headers: Headers) -> None:
        dry = await post(world, headers, f"{NOTICES}?dry_run=true", NOTICE, Idempotency_Key="k")
        assert (dry.status_code, dry.headers["dry-run"], "location" in dry.headers) == (201, "true", False)
        one = await made(world, headers, NOTICES, NOTICE)
        dry = await post(world, headers, f"{one}/receive?dry_run=true", {})
        assert (dry.headers["dry-run"], dry.json()["status"], dry.headers.get("etag")) == ("true", "complete", None)
        assert (await world.http.get(one, headers=headers)).json()["version"] == 1

    async def test_a_stale_version_is_refused(self, world: World, headers: Headers) -> None:
        one = await made(world, headers, NOTICES, NOTICE)
        await post(world, headers, f"{one}/receive", {}, If_Match='"1"')
        stale = await post(world, headers, f"{one}/close", {}, If_Match='"1"')
        assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")

    async def test_a_closed_notice_receives_nothing(self, world: World, headers: Headers) -> None:
        one = await made(world, headers, NOTICES, NOTICE)
        assert (await post(world, headers, f"{one}/close")).json()["status"] == "closed"
        refused = await post(world, headers, f"{one}/receive", {})
        assert (refused.status_code, refused.json()["code"]) == (409, "state_forbids")
        assert "allowed" not in refused.json()


class TestFaults:
    async def test_all_faults_of_a_body_and_its_headers_are_named(self, world: World, headers: Headers) -> None:
        body = {"number": "", "location": "TORONTO", "lines": [{"sku": "x" * 201, "expected": 0, "poool": ""}]}
        answer = await post(world, headers, f"{NOTICES}?dry_run=1", body, Idempotency_Key="k" * 256)
        assert answer.status_code == 422
        named = {error.get("pointer") or error["parameter"] for error in answer.json()["errors"]}
        assert named == {
            "dry_run", "Idempotency-Key", "/number", "/lines/0/sku", "/lines/0/expected", "/lines/0/poool",
        }  # fmt: skip

    async def test_a_position_that_no_line_has_is_named(self, world: World, headers: Headers) -> None:
        one = await made(world, headers, NOTICES, NOTICE)
        for line in (-1, 2, 2**63):
            answer = await post(world, headers, f"{one}/receive", {"lines": [{"line": line, "quantity": 1}]})
            assert (answer.status_code, pointers(answer)) == (422, ["/lines/0/line"])

    async def test_unknown_locations_are_named(self, world: World, headers: Headers) -> None:
        body = TRANSFER | {"source": "NOWHERE", "target": "ELSEWHERE"}
        answer = await post(world, headers, TRANSFERS, body)
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_reference")
        assert pointers(answer) == ["/source", "/target"]

    async def test_a_transfer_goes_to_another_location(self, world: World, headers: Headers) -> None:
        assert pointers(await post(world, headers, TRANSFERS, TRANSFER | {"target": "TORONTO"})) == ["/target"]

    async def test_a_query_that_cannot_be_is_refused(self, world: World, headers: Headers) -> None:
        answer = await world.http.get(f"{NOTICES}?status=lost&sku=&limit=0&cursor=x", headers=headers)
        assert parameters(answer) == ["limit", "cursor", "sku", "status"]


class TestChanging:
    async def test_a_replaced_document_keeps_its_number(self, world: World, headers: Headers) -> None:
        one = await made(world, headers, WORK_ORDERS, WORK_ORDER)
        changed = WORK_ORDER | {"number": "OTHER", "quantity": 7, "location": "MONTREAL"}
        answer = await world.http.put(one, json=changed, headers=headers | {"If-Match": '"1"'})
        assert (answer.json()["number"], answer.json()["quantity"]) == ("WO-1", 7)
        unknown = await world.http.put(one, json=changed | {"location": "NOWHERE"}, headers=headers)
        assert pointers(unknown) == ["/location"]

    async def test_each_component_that_is_missing_is_named(self, world: World, headers: Headers) -> None:
        components = [{"sku": "MUG", "quantity": 2}, {"sku": "BOX", "quantity": 1}]
        one = await made(world, headers, WORK_ORDERS, WORK_ORDER | {"components": components})
        answer = await post(world, headers, f"{one}/complete", {"quantity": 1})
        assert (answer.status_code, answer.json()["code"]) == (409, "state_forbids")
        assert [error["detail"] for error in answer.json()["errors"]] == [
            "needs 2 units of MUG at TORONTO, and 0 are available",
            "needs 1 units of BOX at TORONTO, and 0 are available",
        ]


class TestReading:
    async def test_pages_continue_and_filters_narrow(self, world: World, headers: Headers) -> None:
        for number in range(3):
            body = NOTICE | {"number": f"N-{number}", "location": "TORONTO" if number else "MONTREAL"}
            await made(world, headers, NOTICES, body)
        first = await world.http.get(f"{NOTICES}?limit=2", headers=headers)
        assert [each["number"] for each in first.json()["items"]] == ["N-2", "N-1"]
        second = await world.http.get(f"{NOTICES}?limit=2&cursor={first.json()['next']}", headers=headers)
        assert ([each["number"] for each in second.json()["items"]], second.json()["next"]) == (["N-0"], None)
        for query, numbers in (("location=MONTREAL", ["N-0"]), ("number=n-1&sku=mug", ["N-1"]), ("sku=MU", [])):
            found = (await world.http.get(f"{NOTICES}?{query}", headers=headers)).json()["items"]
            assert [each["number"] for each in found] == numbers

    async def test_expected_units_have_their_date(self, world: World, headers: Headers) -> None:
        await made(world, headers, NOTICES, NOTICE)
        await made(world, headers, WORK_ORDERS, WORK_ORDER)
        await count(world, await caller_of(world), "MUG", "TORONTO", 10)
        one = await made(world, headers, TRANSFERS, TRANSFER)
        await post(world, headers, f"{one}/ship", {"lines": [{"line": 0, "quantity": 4}]})
        found = (await world.http.get("/hub/v1/expected-units?sku=MUG", headers=headers)).json()["items"]
        assert [(each["location"], each["quantity"], each["expected_at"], each["number"]) for each in found] == [
            ("MONTREAL", 10, None, "T-1"),
            ("TORONTO", 50, "2026-02-01", "ASN-1"),
        ]
