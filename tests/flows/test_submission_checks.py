"""A dry run of a submission says what sending it would do, and stores nothing."""

import json
from typing import Any

import pytest

from crossdock.flows import access, submission_checks
from crossdock.flows.access import Caller
from crossdock.flows.submission_checks import SubmissionCheck
from crossdock.store import tenants
from tests.vendors import VENDORS
from tests.world import World


@pytest.fixture
async def caller(world: World) -> Caller:
    organization = await world.demo_organization()
    async with world.context.store.reading() as tx:
        references = await tenants.vendor_references(tx, organization.organization_id)
    return Caller(organization, "demo", frozenset({access.READ}), frozenset(references))


async def submission_count(world: World, headers: dict[str, str]) -> int:
    return len((await world.http.get("/hub/v1/submissions?limit=100", headers=headers)).json()["items"])


@pytest.mark.parametrize("door", VENDORS)
async def test_a_check_says_what_the_door_would_do(world: World, caller: Caller, door: str) -> None:
    vendor, headers = VENDORS[door], await world.bearer()

    async def check(body: dict[str, Any]) -> SubmissionCheck:
        return await submission_checks.check(world.context, caller, door=door, raw=json.dumps(body).encode())

    body = vendor.body("A-1")
    new = await check(body)
    assert (new.fate, new.number, new.order_id) == ("accepted", "A-1", None)
    answer = await world.http.post(vendor.create, json=body, headers=headers | vendor.headers("t-1"))
    assert answer.status_code == vendor.ok
    again, other = await check(body), await check(vendor.changed(body))
    assert (again.fate, again.number) == ("replayed", "A-1")
    assert again.order_id
    assert (other.fate, other.code, other.order_id) == ("refused", "number_taken", again.order_id)
    assert [fault.path for fault in other.faults] == [(vendor.number,)]
    assert await submission_count(world, headers) == 1


@pytest.mark.parametrize(
    ("door", "body"),
    [
        ("hub", b"{"),
        ("hub", b""),
        ("hub", b'{"number": "A-1", "currency": "XYZ", "lines": [{"quantity": 0}]}'),
        ("fabric", b'{"items": [], "items": 1}'),
        ("pb_oms", b'{"orderNumber": "A-1", "items": [{"customProductId": "cp00000000000"}]}'),
        ("s2", b"[" * 10_000),
        ("s2", b'"' + b"x" * 2_000_000 + b'"'),
    ],
    ids=["broken", "empty", "faulty", "duplicate", "unknown reference", "deep", "large"],
)
async def test_a_check_finds_the_faults_that_the_door_finds(
    world: World, caller: Caller, door: str, body: bytes
) -> None:
    headers = await world.bearer()
    found = await submission_checks.check(world.context, caller, door=door, raw=body)
    vendor = VENDORS[door]
    await world.http.post(vendor.create, content=body, headers=headers | vendor.headers("t-1"))
    (listed,), _ = await submission_checks.filtered(
        world.context, caller, status="refused", wanted=submission_checks.SubmissionFilter(), before=2**62, first=0, limit=9
    )  # fmt: skip
    assert found.fate == "refused"
    assert found.code == listed.code
    assert found.faults == listed.faults or found.code in ("too_deep", "too_large")
    (stored,) = await submission_checks.by_ids(world.context, caller, [listed.submission_id, 5])
    assert stored.submission_id == listed.submission_id
