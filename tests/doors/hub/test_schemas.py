"""What the hub answers fits its OpenAPI document: every call, and orders of every other door."""

import json
from functools import cache
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from crossdock.doors.hub import DOOR
from crossdock.web import openapi
from tests.doors.hub.calls import ORDERS, Call, all_calls
from tests.doors.hub.conftest import create, one_of_each, smallest
from tests.doors.hub.test_moves import do
from tests.notifications.world import ALLOWED
from tests.vendors import VENDORS
from tests.world import World

Headers = dict[str, str]
Tree = Any


@cache
def operations() -> tuple[Tree, dict[str, Tree]]:
    """Return the document as it is served (tests/web/test_openapi.py), and its operations by id."""
    document = json.loads(msgspec.json.encode(openapi.document(DOOR, server="/")))
    found = {each["operationId"]: each for path in document["paths"].values() for each in path.values()}
    return document, found


def faults(document: Tree, schema: Tree, value: Tree) -> list[str]:
    validator = Draft202012Validator(schema | {"components": document["components"]})
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]


def faults_of(document: Tree, operation: Tree, call: Call) -> list[str]:
    """Return what of an answer does not fit the document."""
    answer = call.answer
    response = operation["responses"].get(str(answer.status_code))
    if response is None:
        return [f"{call.operation} {answer.status_code} is not documented"]
    if not answer.content:
        return []
    media = answer.headers["content-type"].partition(";")[0]
    if media not in response.get("content", {}):
        return [f"{call.operation} {answer.status_code} {media} is not documented"]
    value = answer.json() if media.endswith(("/json", "+json")) else answer.text
    return [f"{call.operation} {each}" for each in faults(document, response["content"][media]["schema"], value)]


@pytest.mark.parametrize("context", [ALLOWED], indirect=True)
async def test_every_answer_of_every_call_fits_the_document(world: World, headers: Headers) -> None:
    calls = await all_calls(world, headers)
    document, found = operations()
    assert {call.operation for call in calls} == set(found)
    assert [fault for call in calls for fault in faults_of(document, found[call.operation], call)] == []


@pytest.mark.parametrize("context", [ALLOWED], indirect=True)
async def test_every_accepted_body_fits_the_document(world: World, headers: Headers) -> None:
    calls = await all_calls(world, headers)
    document, found = operations()
    for call in calls:
        if call.sent is not None and call.answer.is_success:
            (content,) = found[call.operation]["requestBody"]["content"].values()
            assert faults(document, content["schema"], call.sent) == [], call.operation


async def test_orders_of_every_door_fit_the_document(world: World, headers: Headers) -> None:
    """Also sparse ones, changed ones, and every read of them."""
    ids = await one_of_each(world, headers)
    ids["sparse"] = (await create(world, headers, {"number": "S", "lines": [{"description": "x", "quantity": 1}]}))[
        "id"
    ]
    document, found = operations()
    calls: list[Call] = []
    for order_id in ids.values():
        for verb, body in (
            ("hold", {"holds": [{"reason": "x", "lines": [0]}]}), ("release", {}), ("edit", {"notes": "x"}),
            ("tag", {"set": ["a"]}), ("cancel", {}),
        ):  # fmt: skip
            calls.append(Call(f"{verb}Order", body, await do(world, headers, order_id, verb, body)))
        for query in ("", *(f"?as={door}" for door in VENDORS)):
            path = f"{ORDERS}/{order_id}{query}"
            calls.append(Call("getOrder", None, await world.http.get(path, headers=headers)))
        events = await world.http.get(f"{ORDERS}/{order_id}/events", headers=headers)
        calls.append(Call("listEvents", None, events))
    for path, operation in ((ORDERS, "listOrders"), ("/hub/v1/events?include=order&limit=200", "followEvents")):
        calls.append(Call(operation, None, await world.http.get(path, headers=headers)))
    assert {call.answer.status_code for call in calls} == {200}
    assert [fault for call in calls for fault in faults_of(document, found[call.operation], call)] == []


# Query parameters and headers that are refused, and one that is not.
PARAMETERS = {
    "door": ("x", "s2"),
    "as": ("x", "s2"),
    "status": ("lost", None),  # of an order, of the feed, of a submission
    "state": ("lost", "dead"),
    "format": ("xlsx", "csv"),
    "include": ("x", "order"),
    "archived": ("1", "true"),
    "balanced": ("1", "false"),
    "dry_run": ("1", "true"),
    "created_from": ("2026-01-30", "2026-01-30T10:53:24Z"),
    "updated_to": ("now", "2026-01-30T10:53:24.5+01:00"),
    "as_of": ("", "2026-01-30t10:53z"),
    "cursor": ("x", None),
    "after": ("x", "newest"),
    "q": ("", "jane smith"),
    "reason": (" ", "why"),
    "order_id": ("x", "0sc4hpz780801"),
    "If-Match": ("1", '"1", W/"x"'),
    "Idempotency-Key": ("", "key"),
    "Last-Event-ID": ("x", "3-0123abcd"),
    "type": ("Order", "order.re*,order.held"),
}


@pytest.mark.parametrize("operation", sorted(route.operation for route in DOOR.routes))
def test_a_refused_parameter_does_not_fit_its_schema(operation: str) -> None:
    _, found = operations()
    for parameter in found[operation]["parameters"]:
        if parameter["name"] in PARAMETERS:
            bad, good = PARAMETERS[parameter["name"]]
            validator = Draft202012Validator(parameter["schema"])
            assert not validator.is_valid(bad), parameter
            assert good is None or validator.is_valid(good), parameter
        if parameter["name"] in ("limit", "wait"):
            for value in (-1, 201):
                assert not Draft202012Validator(parameter["schema"]).is_valid(value), parameter


def test_no_array_of_the_document_is_without_a_type_of_its_items() -> None:
    document, _ = operations()
    assert [path for path, each in walked(document, "") if each.get("type") == "array" and "items" not in each] == []


def test_every_member_of_a_body_is_described() -> None:
    document, _ = operations()
    assert [
        f"{name}.{member}"
        for name, schema in document["components"]["schemas"].items()
        for member, described in schema.get("properties", {}).items()
        if "description" not in described
    ] == []


def walked(value: Tree, path: str) -> list[tuple[str, dict[str, Tree]]]:
    """Return every object of a document by its path."""
    if isinstance(value, dict):
        inner = [pair for name, each in value.items() for pair in walked(each, f"{path}/{name}")]
        return [(path, value), *inner]
    return [pair for each in value for pair in walked(each, path)] if isinstance(value, list) else []


async def test_amounts_outside_the_range_do_not_fit_the_schema(world: World, headers: Headers) -> None:
    document, _ = operations()
    for price in ("9" * 25, "1.", "1,5", "x", "1" * 40, "0." + "1" * 17):
        body = smallest(lines=[{"sku": "A", "quantity": 1, "unit_price": price}])
        assert faults(document, document["components"]["schemas"]["OrderCreate"], body) != []
        assert (await world.http.post(ORDERS, json=body, headers=headers)).status_code == 422
