"""Reading one order: as the hub says it, unchanged since, and in the words of every door."""

import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.doors.hub.conftest import ORDERS, create, one_of_each, parameters, smallest
from tests.vendors import VENDORS
from tests.world import World

Headers = dict[str, str]
# What may stand where a format demands what an order lacks (docs/doors/hub.md): empty, zero, or the position counted from 1.
EMPTY = ("", 0, [""], "00000000-0000-0000-0000-000000000000")


def at(document: Any, pointer: str) -> Any:
    """Follow a JSON Pointer; raises where it leads nowhere."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        document = document[int(name)] if isinstance(document, list) else document[name]
    return document


def is_position(pointer: str, value: Any, order: dict[str, Any]) -> bool:
    """Tell whether a filled value is the position of its row counted from 1; a line's ship-to is that of its destination."""
    if pointer.startswith("/items/") and pointer.endswith("/shipToId"):
        return value in [info["shipToId"] for info in order["shipInfo"]]
    return str(value) in {str(int(part) + 1) for part in pointer.split("/") if part.isdigit()}


def is_computed(pointer: str, value: Any, order: dict[str, Any]) -> bool:
    """Tell whether a filled value is an id that S2 computes for a product, or the time at which the order was received."""
    if pointer == "/channelOrderDate":
        return bool(value == order["createdAt"])
    return pointer.endswith("/product/id") and UUID(value).version == 4


class TestRead:
    async def test_gives_the_etag(self, world: World, headers: Headers) -> None:
        made = await create(world, headers, smallest())
        answer = await world.http.get(f"{ORDERS}/{made['id']}", headers=headers)
        assert (answer.status_code, answer.headers["etag"], answer.json()) == (200, '"1"', made)

    @pytest.mark.parametrize("known", ['"1"', '"7", "1"', 'W/"1"'])
    async def test_of_an_unchanged_order_is_304(self, world: World, headers: Headers, known: str) -> None:
        made = await create(world, headers, smallest())
        answer = await world.http.get(f"{ORDERS}/{made['id']}", headers=headers | {"If-None-Match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"1"')

    @pytest.mark.parametrize("known", ['"2"', '"11"', "1", ""])
    async def test_of_a_changed_order_is_200(self, world: World, headers: Headers, known: str) -> None:
        made = await create(world, headers, smallest())
        answer = await world.http.get(f"{ORDERS}/{made['id']}", headers=headers | {"If-None-Match": known})
        assert (answer.status_code, answer.json()) == (200, made)

    @pytest.mark.parametrize(
        "order_id", ["0", "nonsense", "0000000000000", "zzzzzzzzzzzzzzzzzzzz", "-1", "%F0%9F%8E%81"]
    )
    async def test_of_no_order_is_404(self, world: World, headers: Headers, order_id: str) -> None:
        answer = await world.http.get(f"{ORDERS}/{order_id}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "no_order")

    async def test_refuses_a_parameter_it_does_not_know(self, world: World, headers: Headers) -> None:
        made = await create(world, headers, smallest())
        assert parameters(await world.http.get(f"{ORDERS}/{made['id']}?AS=s2", headers=headers)) == ["AS"]

    @pytest.mark.parametrize("door", ["shopify", "", "HUB", "s2,hub"])
    async def test_refuses_a_format_it_does_not_know(self, world: World, headers: Headers, door: str) -> None:
        made = await create(world, headers, smallest())
        answer = await world.http.get(f"{ORDERS}/{made['id']}?as={door}", headers=headers)
        assert parameters(answer) == ["as"]


class TestReadAs:
    async def test_answers_every_door_for_every_door(self, world: World, headers: Headers) -> None:
        ids = await one_of_each(world, headers)
        assert set(ids) == set(VENDORS)
        for source, order_id in ids.items():
            for door in VENDORS:
                answer = await world.http.get(f"{ORDERS}/{order_id}?as={door}", headers=headers)
                assert (answer.status_code, answer.headers["etag"]) == (200, f'"1-{door}"'), (source, door, answer.text)
                document = answer.json()
                assert set(document) == {"format", "order", "losses"}
                assert document["format"] == door
                flat = document["order"].get("orderInfo", document["order"])
                assert flat[VENDORS[door].number] == f"ONE-{source}", (source, door)
                assert source != door or document["losses"] == [], (source, door)

    async def test_says_what_the_doors_own_read_says(self, world: World, headers: Headers) -> None:
        ids = await one_of_each(world, headers)
        for door, order_id in ids.items():
            document = (await world.http.get(f"{ORDERS}/{order_id}?as={door}", headers=headers)).json()["order"]
            own_id = document.get("orderInfo", document)["id" if door in ("hub", "s2") else "orderId"]
            path = VENDORS[door].read({"id": own_id, "orderId": own_id})
            read = await world.http.get(path, headers=headers | VENDORS[door].headers(f"r-{door}"))
            assert read.status_code == 200, (door, read.text)
            assert document == read.json(), door

    async def test_names_its_losses_truly(self, world: World, headers: Headers) -> None:
        ids = await one_of_each(world, headers)
        kinds = {"filled": 0, "dropped": 0}
        wrong: list[tuple[str, str, dict[str, Any]]] = []
        for source, order_id in ids.items():
            own = (await world.http.get(f"{ORDERS}/{order_id}", headers=headers)).json()
            for door in VENDORS:
                document = (await world.http.get(f"{ORDERS}/{order_id}?as={door}", headers=headers)).json()
                for loss in document["losses"]:
                    kinds[loss["kind"]] += 1
                    if not self._holds(loss, document["order"], own):
                        wrong.append((source, door, loss))
        assert wrong == []
        assert min(kinds.values()) > 10

    def _holds(self, loss: dict[str, Any], order: dict[str, Any], own: dict[str, Any]) -> bool:
        pointer, value = loss["pointer"], loss["value"]
        try:
            if loss["kind"] == "dropped":
                return value is None and at(own, pointer) not in (None, "", [], {})
            is_made = value in EMPTY or is_position(pointer, value, order) or is_computed(pointer, value, order)
            # Fulfillment requires a time of creation; of an order that has none it is the time of receipt.
            is_made = is_made or (pointer == "/createDate" and value == f"{own['created_at'][:19]}Z")
            return at(order, pointer) == value and is_made
        except (KeyError, IndexError, TypeError, ValueError):
            return False

    async def test_loses_nothing_without_saying_so(self, world: World, headers: Headers) -> None:
        """A rich order of the hub, said as S2: whatever S2 has no word for is named, and nothing else is."""
        body = smallest(
            currency="USD", placed_at="2026-01-30T10:53:24Z", channel="web", customer={"name": "Jane"},
            destinations=[{"address": {"name": "Jane", "lines": ["1 A St"], "city": "X", "country": "CA"}}],
            lines=[{"sku": "test", "line_ref": "1", "quantity": 1, "unit_price": "5.00", "weight": {"value": "2"}}],
            totals={"items": "5.00"}, notes="careful",
        )  # fmt: skip
        made = await create(world, headers, body)
        document = (await world.http.get(f"{ORDERS}/{made['id']}?as=s2", headers=headers)).json()
        dropped = {loss["pointer"] for loss in document["losses"] if loss["kind"] == "dropped"}
        assert dropped == {"/channel", "/customer/name", "/lines/0/weight/value", "/totals/items"}
        assert document["order"]["customerNote"] == "careful"
        assert document["order"]["items"][0]["product"]["name"] == "Test Product"

    async def test_keeps_digits_in_every_door(self, world: World, headers: Headers) -> None:
        line = {"sku": "test", "quantity": 1, "unit_price": "25.00"}
        made = await create(world, headers, smallest(lines=[line]))
        places = {
            "pb_oms": ("orderInfo", "items"), "pb_fulfillment": ("orderLines",), "fabric": ("items",), "s2": ("items",),
        }  # fmt: skip
        for door, path in places.items():
            answer = await world.http.get(f"{ORDERS}/{made['id']}?as={door}", headers=headers)
            document = json.loads(answer.content, parse_float=Decimal)["order"]
            for name in path:
                document = document[name]
            assert str(document[0]["itemUnitPrice" if door == "fabric" else "unitPrice"]) == "25.00", door


class TestReconciliation:
    async def test_of_the_fabric_sample_shows_the_cent(self, world: World, headers: Headers) -> None:
        ids = await one_of_each(world, headers)
        found = (await world.http.get(f"{ORDERS}/{ids['fabric']}", headers=headers)).json()["reconciliation"]
        assert not found["balanced"]
        assert {
            "component": "items",
            "line": 0,
            "stated": "123.45",
            "computed": "123.44",
            "difference": "0.01",
        } in found["components"]

    async def test_of_the_pb_oms_sample_shows_both_totals(self, world: World, headers: Headers) -> None:
        """It states subTotal 90 and gmv 100 for one line of 2 x 25."""
        ids = await one_of_each(world, headers)
        order = (await world.http.get(f"{ORDERS}/{ids['pb_oms']}", headers=headers)).json()
        assert order["totals"] == {"items": "90", "total": "100", "paid": "100"}
        found = {(each["component"], each["line"]): each for each in order["reconciliation"]["components"]}
        assert not order["reconciliation"]["balanced"]
        assert found["items", None]["difference"] == "40.00"
        assert found["total", None]["difference"] == "10.00"
