"""Creating an order through the hub's own API."""

from typing import Any

import pytest

from tests.doors.hub.conftest import LINE, ORDERS, create, parameters, pointers, smallest
from tests.vendors import sample
from tests.world import World

Headers = dict[str, str]


class TestCreate:
    async def test_answers_201_with_address_and_etag(self, world: World, headers: Headers) -> None:
        answer = await world.http.post(ORDERS, json=smallest(), headers=headers)
        assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
        assert answer.headers["location"] == f"{ORDERS}/{answer.json()['id']}"
        read = await world.http.get(answer.headers["location"], headers=headers)
        assert read.json() == answer.json()

    async def test_echoes_the_canonical_order(self, world: World, headers: Headers) -> None:
        sent, answer = sample("hub"), await create(world, headers, sample("hub"))
        lines = [{name: value for name, value in line.items() if name != "counters"} for line in answer["lines"]]
        assert {name: answer[name] for name in sent} | {"lines": lines} == sent
        assert (answer["version"], answer["status"], answer["holds"]) == (1, "open", [])
        assert (answer["source"]["door"], answer["source"]["actor"]) == ("hub", "demo")
        assert answer["created_at"] == answer["updated_at"]

    async def test_starts_every_counter(self, world: World, headers: Headers) -> None:
        answer = await create(world, headers, smallest(lines=[LINE | {"quantity": 7}]))
        counters = answer["lines"][0]["counters"]
        assert counters.pop("ordered") == 7
        assert set(counters.values()) == {0}

    async def test_keeps_members_it_does_not_know(self, world: World, headers: Headers) -> None:
        body = smallest(**{"x-own": {"deep": [1, None, "1"]}}) | {"lines": [LINE | {"color": "red"}]}
        answer = await create(world, headers, body)
        assert answer["x-own"] == {"deep": [1, None, "1"]}
        assert answer["lines"][0]["color"] == "red"

    @pytest.mark.parametrize("text", ["25.00", "25", "0.10", "-3.5", "1E+2", "0.0000000000000001", "9" * 24 + ".5"])
    async def test_keeps_the_digits_of_an_amount(self, world: World, headers: Headers, text: str) -> None:
        body = smallest(
            lines=[LINE | {"unit_price": text, "weight": {"value": text, "unit": "G"}}],
            totals={"items": text}, charges=[{"kind": "fee", "amount": text, "rate": text}],
        )  # fmt: skip
        made = await create(world, headers, body)
        read = (await world.http.get(f"{ORDERS}/{made['id']}", headers=headers)).json()
        assert (read["lines"][0]["unit_price"], read["lines"][0]["weight"]["value"]) == (text, text)
        assert (read["totals"]["items"], read["charges"][0]["amount"], read["charges"][0]["rate"]) == (text,) * 3

    @pytest.mark.parametrize("value", [25, 25.5, "", "25,00", " 25", "NaN", "Infinity", "0x10", "1e400", "9" * 25, "٣"])
    async def test_refuses_what_is_no_string_of_digits(self, world: World, headers: Headers, value: Any) -> None:
        answer = await world.http.post(ORDERS, json=smallest(totals={"tax": value}), headers=headers)
        assert (answer.status_code, pointers(answer)) == (422, ["/totals/tax"])

    async def test_ignores_members_only_the_book_can_say(self, world: World, headers: Headers) -> None:
        document = {"id": "mine", "version": 9, "status": "shipped", "holds": [1], "source": "me", "created_at": "x"}
        answer = await create(world, headers, smallest(**document))
        assert (answer["version"], answer["status"], answer["holds"]) == (1, "open", [])
        assert answer["id"] != "mine"
        assert answer["source"]["door"] == "hub"


class TestFaults:
    async def test_are_all_named_at_once(self, world: World, headers: Headers) -> None:
        body = {
            "currency": "XYZ",
            "placed_at": "2026-02-30T00:00:00Z",
            "destinations": [{"address": {"country": "Canada"}}],
            "lines": [{"sku": "A", "quantity": 0}],
        }
        answer = await world.http.post(ORDERS, json=body, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
        assert sorted(pointers(answer)) == [
            "/currency", "/destinations/0/address/country", "/lines/0/quantity", "/number", "/placed_at",
        ]  # fmt: skip

    async def test_have_their_pointers_escaped(self, world: World, headers: Headers) -> None:
        body = b'{"number":"H-1","lines":[{"sku":"A","quantity":1}],"a/b":{"c~d":"\\u0000"},"~1":1e400}'
        answer = await world.http.post(ORDERS, content=body, headers=headers)
        assert (answer.status_code, sorted(pointers(answer))) == (422, ["/a~1b/c~0d", "/~01"])

    @pytest.mark.parametrize(
        ("line", "pointer"),
        [
            ({"quantity": 1}, "/lines/0"),
            ({"quantity": 1, "sku": ""}, "/lines/0"),
            ({"quantity": 1, "sku": "A", "destination": 1}, "/lines/0/destination"),
            ({"quantity": 1, "sku": "A", "destination": -1}, "/lines/0/destination"),
            ({"quantity": 1.5, "sku": "A"}, "/lines/0/quantity"),
            ({"quantity": "1", "sku": "A"}, "/lines/0/quantity"),
            ({"quantity": 2**31, "sku": "A"}, "/lines/0/quantity"),
        ],
    )
    async def test_of_a_line_point_at_it(
        self, world: World, headers: Headers, line: dict[str, Any], pointer: str
    ) -> None:
        answer = await world.http.post(
            ORDERS, json=smallest(lines=[line], destinations=[{"method": "GROUND"}]), headers=headers
        )
        assert (answer.status_code, pointers(answer)) == (422, [pointer])

    async def test_of_no_lines_points_at_the_array(self, world: World, headers: Headers) -> None:
        answer = await world.http.post(ORDERS, json=smallest(lines=[]), headers=headers)
        assert (answer.status_code, pointers(answer)) == (422, ["/lines"])

    async def test_of_a_taken_number_is_a_conflict(self, world: World, headers: Headers) -> None:
        await create(world, headers, smallest())
        answer = await world.http.post(ORDERS, json=smallest(notes="other"), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "number_taken")

    @pytest.mark.parametrize("key", ["", "k" * 256])
    async def test_of_an_idempotency_key_name_the_header(self, world: World, headers: Headers, key: str) -> None:
        answer = await world.http.post(ORDERS, json=smallest(), headers=headers | {"Idempotency-Key": key})
        assert parameters(answer) == ["Idempotency-Key"]


class TestReconciliation:
    async def test_shows_a_line_that_does_not_add_up(self, world: World, headers: Headers) -> None:
        """The sample order of fabric: 2 x 61.72 is 123.44, its sender states 123.45."""
        answer = await create(
            world, headers,
            smallest(currency="USD", lines=[{"sku": "A", "quantity": 2, "unit_price": "61.72",
                                             "totals": {"items": "123.45"}}]),
        )  # fmt: skip
        found = answer["reconciliation"]
        assert (found["currency"], found["exponent"], found["balanced"]) == ("USD", 2, False)
        line = {"component": "items", "line": 0, "stated": "123.45", "computed": "123.44", "difference": "0.01"}
        assert line in found["components"]

    @pytest.mark.parametrize(
        ("currency", "price", "stated", "exponent", "computed", "difference"),
        [
            ("JPY", "333", "1000", 0, "999", "1"),
            ("JPY", "333.5", "1001", 0, "1001", "0"),
            ("KWD", "0.333", "1", 3, "0.999", "0.001"),
            ("KWD", "0.3335", "1.001", 3, "1.001", "0.000"),
            ("USD", "0.335", "1.01", 2, "1.01", "0.00"),
        ],
    )
    async def test_counts_in_the_currencys_minor_unit(
        self, world: World, headers: Headers, currency: str, price: str, stated: str, exponent: int, computed: str,
        difference: str,
    ) -> None:  # fmt: skip
        line = {"sku": "A", "quantity": 3, "unit_price": price}
        answer = await create(world, headers, smallest(currency=currency, lines=[line], totals={"items": stated}))
        found = answer["reconciliation"]
        (items,) = found["components"]
        assert (found["exponent"], found["balanced"]) == (exponent, not float(difference))
        assert (items["computed"], items["difference"]) == (computed, difference)
        assert answer["totals"] == {"items": stated}

    async def test_balances_the_sample(self, world: World, headers: Headers) -> None:
        found = (await create(world, headers, sample("hub")))["reconciliation"]
        assert found["balanced"]
        assert [each["component"] for each in found["components"]] == ["items", "tax", "total"]
        assert {each["difference"] for each in found["components"]} == {"0.00"}

    async def test_of_no_money_is_balanced_and_empty(self, world: World, headers: Headers) -> None:
        answer = await create(world, headers, smallest(lines=[{"sku": "A", "quantity": 1}]))
        assert answer["reconciliation"] == {"currency": None, "exponent": 2, "balanced": True, "components": []}
