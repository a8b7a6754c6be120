"""Amounts out of range: refused at every entrance, and harmless in a database that an earlier version wrote them into."""

import csv
import io
import json
from copy import deepcopy
from typing import Any

import pytest

from crossdock.core.json.request_body import ParsedBody
from crossdock.core.json.strict_json import parse
from crossdock.core.json.validation import unchecked
from crossdock.core.money import Reconciliation, reconcile
from crossdock.core.orders.model import Content
from crossdock.doors.hub import format, mapping, wire
from crossdock.doors.hub.format import HubFormat
from crossdock.flows.document_cache import DocumentCache
from tests.doors.hub.conftest import LINE, ORDERS, create, one_of_each, pointers, smallest
from tests.doors.hub.test_feed import Following, position_of
from tests.doors.hub.test_moves import BODIES, do, read, ready
from tests.vendors import VENDORS
from tests.world import World

Headers = dict[str, str]
EVENTS = "/hub/v1/events"
HUGE = "1E+98"
HUGE_ROUNDED = "1" + "0" * 98 + ".00"
# Every member of the create body that takes an amount, with a body around it.
PLACES: dict[str, Any] = {
    **{f"/totals/{name}": {"totals": {name: HUGE}} for name in wire.Totals.__struct_fields__},
    "/charges/0/amount": {"charges": [{"kind": "tax", "amount": HUGE}]},
    "/charges/0/rate": {"charges": [{"kind": "tax", "amount": "1", "rate": HUGE}]},
    "/lines/0/unit_price": {"lines": [LINE | {"unit_price": HUGE}]},
    "/lines/0/totals/items": {"lines": [LINE | {"totals": {"items": HUGE}}]},
    "/lines/0/charges/0/amount": {"lines": [LINE | {"charges": [{"kind": "tax", "amount": HUGE}]}]},
    "/lines/0/weight/value": {"lines": [LINE | {"weight": {"value": HUGE}}]},
    "/customs/declared_value": {"customs": {"declared_value": HUGE}},
}


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("9" * 24 + "." + "9" * 16, True),
        ("1E+23", True),
        ("1e24", False),
        ("1" + "0" * 23 + "E+1", False),
        ("1" + "0" * 23 + "E-16", True),
        ("1E-16", True),
        ("1E-17", False),
        ("0.0000000000000001E-1", False),
        ("0E+99", False),
        ("-1E+98", False),
        ("1E+100", False),
        ("9" * 25, False),
    ],
)
def test_an_amount_with_an_exponent_has_the_range_of_one_without(text: str, fits: bool) -> None:
    assert wire.is_amount(text) is fits


@pytest.mark.parametrize("pointer", PLACES)
async def test_an_amount_of_more_than_24_digits_is_refused_with_its_path(
    world: World, headers: Headers, pointer: str
) -> None:
    refused = await world.http.post(ORDERS, json=smallest(**PLACES[pointer]), headers=headers)
    assert (refused.status_code, pointers(refused)) == (422, [pointer])
    order = await create(world, headers, smallest())
    for query in ("", "?dry_run=true"):
        edited = await do(world, headers, order["id"], "edit", PLACES[pointer], query)
        assert (edited.status_code, pointers(edited)) == (422, [pointer])
    assert await read(world, headers, order["id"]) == order


async def test_a_submission_driven_again_with_an_amount_out_of_range_is_refused_with_its_path(
    world: World, headers: Headers
) -> None:
    body = smallest(totals={"items": HUGE})
    await world.http.post(ORDERS, json=body, headers=headers)
    (refused,) = (await world.http.get("/hub/v1/submissions", headers=headers)).json()["items"]
    again = await world.http.post(f"/hub/v1/submissions/{refused['id']}/redrive", headers=headers)
    assert (again.status_code, pointers(again)) == (422, ["/totals/items"])


@pytest.mark.parametrize("door", [name for name in VENDORS if name != "hub"])
async def test_a_number_above_40_digits_is_refused_by_the_doors_of_the_vendors(
    world: World, headers: Headers, door: str
) -> None:
    vendor = VENDORS[door]
    raw = json.dumps(vendor.body("N-1") | {"own": "<huge>"}).replace('"<huge>"', HUGE)
    answer = await world.http.post(vendor.create, content=raw, headers=headers | vendor.headers("t-1"))
    assert answer.status_code in (400, 422)
    assert (await world.http.get(ORDERS, headers=headers)).json()["items"] == []


# ---------------------------------------------------------------------------------------------------- earlier databases
@pytest.fixture
def earlier(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Let the hub take any amount, as earlier versions did, until this is undone."""

    def unlimited(_: HubFormat, raw: bytes) -> ParsedBody:
        tree = parse(raw)
        return ParsedBody(tree, unchecked(tree, wire.OrderCreate), (), (tree["number"],))

    monkeypatch.setattr(HubFormat, "parse", unlimited)
    return monkeypatch


async def stored_earlier(world: World, headers: Headers, earlier: pytest.MonkeyPatch) -> dict[str, Any]:
    """Put an order with an amount out of range between two others, edit it once more, and return it."""
    await create(world, headers, smallest("BEFORE"))
    order = await create(world, headers, smallest("HUGE", lines=[LINE | {"unit_price": "9E97"}]))
    order = (await do(world, headers, order["id"], "edit", {"totals": {"items": HUGE}})).json()["order"]
    await create(world, headers, smallest("AFTER"))
    earlier.undo()
    return order


async def test_an_order_with_an_amount_out_of_range_is_readable_everywhere(
    world: World, headers: Headers, earlier: pytest.MonkeyPatch
) -> None:
    order = await stored_earlier(world, headers, earlier)
    document = await read(world, headers, order["id"])
    assert document["totals"]["items"] == HUGE
    assert document["reconciliation"]["components"] == [
        {"component": "items", "line": None, "stated": HUGE_ROUNDED, "computed": "18" + "0" * 97 + ".00",
         "difference": "-8" + "0" * 97 + ".00"},
    ]  # fmt: skip
    for query in ("", "?number=HUGE", "?q=HUGE", "?status=open"):
        items = (await world.http.get(ORDERS + query, headers=headers)).json()["items"]
        assert document in items
        assert not [each for each in items if "error" in each]
    lines = (await world.http.get(f"{ORDERS}/export?format=ndjson", headers=headers)).content.splitlines()
    assert [json.loads(line)["number"] for line in lines] == ["AFTER", "HUGE", "BEFORE"]
    feed = (await world.http.get(f"{EVENTS}?include=order", headers=headers)).json()["items"]
    assert [each["order"]["number"] for each in feed] == ["BEFORE", "HUGE", "HUGE", "AFTER"]
    for door in VENDORS:
        answer = await world.http.get(f"{ORDERS}/{order['id']}?as={door}", headers=headers)
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("verb", BODIES)
async def test_every_verb_works_on_an_order_with_an_amount_out_of_range(
    world: World, headers: Headers, earlier: pytest.MonkeyPatch, verb: str
) -> None:
    order = await ready(world, headers, verb)
    if verb != "unarchive":
        await do(world, headers, order["id"], "edit", {"totals": {"items": HUGE}})
    earlier.undo()
    answer = await do(world, headers, order["id"], verb)
    assert answer.status_code == 200, answer.text
    assert answer.json()["order"] == await read(world, headers, order["id"])


async def test_an_amount_out_of_range_can_be_corrected_but_not_replaced_by_another(
    world: World, headers: Headers, earlier: pytest.MonkeyPatch
) -> None:
    order = await stored_earlier(world, headers, earlier)
    other = await do(world, headers, order["id"], "edit", {"totals": {"items": "1E+97"}})
    assert (other.status_code, pointers(other)) == (422, ["/totals/items"])
    corrected = await do(world, headers, order["id"], "edit", {"totals": {"items": "50"}, "lines": [LINE]})
    assert (corrected.status_code, corrected.json()["order"]["reconciliation"]["balanced"]) == (200, True)


async def test_an_amount_out_of_range_cannot_hide_behind_one_with_the_same_beginning(
    world: World, headers: Headers
) -> None:
    """A fault quotes only the beginning of a long value: those of both documents are equal."""
    vendor = VENDORS["fabric"]
    body = json.dumps(vendor.body("F-1") | {"orderTotal": "<long>"}).replace('"<long>"', "1" * 39 + ".5")
    sent = await world.http.post(vendor.create, content=body, headers=headers | vendor.headers("t"))
    assert sent.status_code == vendor.ok, sent.text
    (order,) = (await world.http.get(ORDERS, headers=headers)).json()["items"]
    assert order["totals"]["total"] == "1" * 39 + ".5"
    assert (await do(world, headers, order["id"], "edit", {"notes": "as before"})).status_code == 200
    answer = await do(world, headers, order["id"], "edit", {"totals": {"total": "1" * 39 + ".5E+99999"}})
    assert (answer.status_code, pointers(answer)) == (422, ["/totals/total"])


# ------------------------------------------------------------------------------------------- orders that nobody can render
def break_rendering(monkeypatch: pytest.MonkeyPatch, *numbers: str) -> None:
    """Let the reconciliation of the orders of these numbers raise."""

    def stumble(content: Content) -> Reconciliation:
        if content.number in numbers:
            raise ArithmeticError(content.number)
        return reconcile(content)

    for module in (mapping, format):
        monkeypatch.setattr(module, "reconcile", stumble)


@pytest.mark.parametrize("verb", BODIES)
@pytest.mark.parametrize("key", [{}, {"Idempotency_Key": "k"}])
async def test_a_verb_whose_answer_cannot_be_rendered_changes_nothing(
    world: World, headers: Headers, monkeypatch: pytest.MonkeyPatch, verb: str, key: dict[str, str]
) -> None:
    order = await ready(world, headers, verb)
    with monkeypatch.context() as broken:
        break_rendering(broken, "H-1")
        answer = await do(world, headers, order["id"], verb, **key)
        assert (answer.status_code, answer.json()["code"]) == (500, "bug")
    assert await read(world, headers, order["id"]) == order
    events = (await world.http.get(f"{ORDERS}/{order['id']}/events", headers=headers)).json()["items"]
    assert len(events) == order["version"]
    again = await do(world, headers, order["id"], verb, **key)
    assert (again.status_code, again.json()["order"]["version"]) == (200, order["version"] + 1)


async def test_an_order_that_cannot_be_rendered_says_so_in_its_place_of_a_list(
    world: World, headers: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await one_of_each(world, headers)
    sound = (await world.http.get(ORDERS, headers=headers)).json()
    world.context.document_cache = DocumentCache()  # without the documents rendered for the list above
    numbers = {each["id"]: each["number"] for each in sound["items"]}
    with monkeypatch.context() as broken:
        break_rendering(broken, numbers[ids["hub"]], numbers[ids["s2"]])
        found = (await world.http.get(ORDERS, headers=headers)).json()
        searched = (await world.http.get(f"{ORDERS}?q={numbers[ids['s2']]}", headers=headers)).json()
        alone = await world.http.get(f"{ORDERS}/{ids['s2']}", headers=headers)
    expected = deepcopy(sound)
    for place, each in enumerate(sound["items"]):
        if each["id"] in (ids["hub"], ids["s2"]):
            document = {name: each[name] for name in ("id", "number", "version", "status")}
            expected["items"][place] = document | {"error": mapping.UNREADABLE}
    assert found == expected
    assert [each["error"] for each in searched["items"]] == [mapping.UNREADABLE]
    assert (alone.status_code, alone.json()["code"]) == (500, "bug")
    assert (await world.http.get(ORDERS, headers=headers)).json() == sound


async def test_an_order_that_cannot_be_rendered_says_so_in_its_place_of_an_export(
    world: World, headers: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in ("A", "B", "C"):
        await create(world, headers, smallest(number))
    break_rendering(monkeypatch, "B")
    lines = (await world.http.get(f"{ORDERS}/export?format=ndjson", headers=headers)).content.splitlines()
    assert [(document["number"], document.get("error")) for document in map(json.loads, lines)] == [
        ("C", None), ("B", mapping.UNREADABLE), ("A", None),
    ]  # fmt: skip
    text = (await world.http.get(f"{ORDERS}/export?format=csv", headers=headers)).text
    assert [(row["number"], row["status"]) for row in csv.DictReader(io.StringIO(text))] == [
        ("C", "open"), ("B", mapping.UNREADABLE), ("A", "open"),
    ]  # fmt: skip


async def test_an_order_that_cannot_be_rendered_says_so_in_its_place_of_the_feed(
    world: World, headers: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in ("A", "B", "C"):
        await create(world, headers, smallest(number))
    break_rendering(monkeypatch, "B")
    found = (await world.http.get(f"{EVENTS}?include=order", headers=headers)).json()
    assert [each.get("order", {}).get("number") for each in found["items"]] == ["A", None, "C"]
    assert found["items"][1]["error"] == "the message could not be made; the server's log says why"
    async with Following(world, headers, "include=order") as stream:
        assert [position_of((await stream.event())["id"]) for _ in range(3)] == [1, 2, 3]
