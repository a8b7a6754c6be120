"""The filtered list as a file: everything in it, in portions, and nothing a spreadsheet would run."""

import csv
import io
import json
import re
from typing import Any

import pytest

from crossdock.doors.hub.routes import export
from tests.doors.hub.conftest import ORDERS, create, one_of_each, parameters, smallest
from tests.doors.hub.test_moves import do
from tests.world import World

Headers = dict[str, str]
EXPORT = f"{ORDERS}/export"


async def rows(world: World, headers: Headers, **query: Any) -> list[dict[str, str]]:
    answer = await world.http.get(EXPORT, params={"format": "csv"} | query, headers=headers)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


async def documents(world: World, headers: Headers, **query: Any) -> list[dict[str, Any]]:
    answer = await world.http.get(EXPORT, params={"format": "ndjson"} | query, headers=headers)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.content.decode().splitlines()]


def values_of(cell: str) -> list[str]:
    """Read the values in a cell that holds several."""
    (values,) = csv.reader(io.StringIO(cell, newline=""))
    return values


class TestNdjson:
    async def test_an_ndjson_export_has_the_documents_of_the_list(self, world: World, headers: Headers) -> None:
        await one_of_each(world, headers)
        listed = (await world.http.get(ORDERS, headers=headers)).json()["items"]
        assert await documents(world, headers) == listed
        assert await documents(world, headers, door="s2", status="open", q="ONE-s2") == [
            each for each in listed if each["source"]["door"] == "s2"
        ]

    async def test_an_export_without_orders_is_empty(self, world: World, headers: Headers) -> None:
        answer = await world.http.get(f"{EXPORT}?format=ndjson", headers=headers)
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["content-type"] == "application/x-ndjson"


class TestPortions:
    async def test_portions_of_an_export_follow_one_another_without_a_gap(
        self, world: World, headers: Headers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(export, "PORTION", 2)
        for count in range(5):
            made = await create(world, headers, smallest(f"P-{count}"))
            numbers = [f"P-{place}" for place in range(count, -1, -1)]
            assert [each["number"] for each in await documents(world, headers)] == numbers
            assert [row["number"] for row in await rows(world, headers)] == numbers
            assert (await documents(world, headers, q="SKU-1"))[0] == made
            assert len(await documents(world, headers, q="SKU-1")) == count + 1

    async def test_portions_of_an_export_are_streamed_without_a_content_length(
        self, world: World, headers: Headers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(export, "PORTION", 1)
        for place in range(3):
            await create(world, headers, smallest(f"P-{place}"))
        answer = await world.http.get(f"{EXPORT}?format=csv", headers=headers)
        assert "content-length" not in answer.headers
        assert answer.headers["content-disposition"] == 'attachment; filename="orders.csv"'
        assert (await world.http.head(f"{EXPORT}?format=csv", headers=headers)).content == b""


class TestCsv:
    async def test_a_csv_export_has_a_row_for_each_order(self, world: World, headers: Headers) -> None:
        await one_of_each(world, headers)
        listed = (await world.http.get(ORDERS, headers=headers)).json()["items"]
        found = await rows(world, headers)
        assert list(found[0]) == list(export.COLUMNS)
        assert [row["id"] for row in found] == [each["id"] for each in listed]
        for row, order in zip(found, listed, strict=True):
            assert (row["number"], row["door"], row["status"]) == (
                order["number"], order["source"]["door"], order["status"],
            )  # fmt: skip
            assert int(row["units_ordered"]) == sum(line["counters"]["ordered"] for line in order["lines"])

    async def test_a_csv_export_shows_what_became_of_an_order(self, world: World, headers: Headers) -> None:
        order = await create(world, headers, smallest(totals={"total": "5.00"}))
        await do(world, headers, order["id"], "tag", {"set": ["a", "b"]})
        await do(world, headers, order["id"], "hold", {"holds": [{"reason": "x"}, {"reason": "y"}]})
        await do(world, headers, order["id"], "cancel", {"lines": [{"line": 0, "quantity": 1}]})
        (row,) = await rows(world, headers)
        assert (row["tags"], row["holds"], row["status"], row["units_canceled"]) == ("a,b", "x,y", "on_hold", "1")
        assert (row["total"], row["version"], row["archived"]) == ("5.00", "4", "false")

    async def test_a_csv_value_that_would_break_its_row_is_quoted(self, world: World, headers: Headers) -> None:
        name = 'Ann "the\r\nthird", Öz'
        await create(world, headers, smallest(customer={"name": name}))
        (row,) = await rows(world, headers)
        assert row["customer_name"] == name

    @pytest.mark.parametrize(
        "text",
        [
            "=1+1",
            "+1+1",
            "-1*2",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            "  =1",
            '=HYPERLINK("http://x","y")',
            "-2+3",
            "-",
            "=",
            "\uff1d1+1",
            "\uff20SUM(A1)",
            "\u00a0=1",
            "\u3000\u200b=1",
            "\ufeff+A1",
        ],
    )
    async def test_a_csv_value_that_a_spreadsheet_would_run_is_defused(
        self, world: World, headers: Headers, text: str
    ) -> None:
        body = smallest(
            text, customer={"name": text, "email": text}, lines=[{"sku": text, "quantity": 1}],
            destinations=[{"address": {"name": text, "city": text, "region": text, "postal_code": text}}],
            shipping={"tracking_number": text},
        )  # fmt: skip
        order = await create(world, headers, body)
        if text == text.strip():
            await do(world, headers, order["id"], "tag", {"set": [text]})
            await do(world, headers, order["id"], "hold", {"holds": [{"reason": text}]})
        (row,) = await rows(world, headers)
        named = ("number", "customer_name", "customer_email", "ship_to_name", "ship_to_city", "tracking_number")
        assert {row[name] for name in named} == {"'" + text}
        assert values_of(row["skus"]) in ([text], ["'" + text])
        for value in row.values():
            assert re.match("[\\s\u200b\ufeff]*[-=+@\uff1d\uff20]", value) is None, value
            assert re.match(" *[\t\r\n]", value) is None, value

    async def test_several_values_of_a_csv_cell_can_be_read_again(self, world: World, headers: Headers) -> None:
        tags = ["rush order", "gift, wrap", "=x", 'the "best"', "a;b"]
        order = await create(
            world, headers, smallest(lines=[{"sku": sku, "quantity": 1} for sku in ("A 1", "B,2", "A 1")])
        )
        await do(world, headers, order["id"], "tag", {"set": tags})
        await do(world, headers, order["id"], "hold", {"holds": [{"reason": "x y"}, {"reason": "z,"}]})
        (row,) = await rows(world, headers)
        assert values_of(row["tags"]) == tags
        assert values_of(row["holds"]) == ["x y", "z,"]
        assert values_of(row["skus"]) == ["A 1", "B,2"]

    async def test_a_negative_total_of_a_csv_export_stays_a_number(self, world: World, headers: Headers) -> None:
        await create(world, headers, smallest(totals={"total": "-5.00"}))
        assert [row["total"] for row in await rows(world, headers)] == ["-5.00"]

    async def test_a_csv_value_with_another_separator_is_quoted(self, world: World, headers: Headers) -> None:
        await create(world, headers, smallest(customer={"name": "x;=1+1;y"}))
        answer = await world.http.get(f"{EXPORT}?format=csv", headers=headers)
        assert ',"x;=1+1;y",' in answer.text

    @pytest.mark.parametrize(
        ("value", "rendered"),
        [
            (None, ""),
            ("", ""),
            (" ", " "),
            (True, "true"),
            (0, "0"),
            (-5, "-5"),
            ("-5.00", "-5.00"),
            ("+1E+2", "+1E+2"),
            ("-5-", "'-5-"),
            ("-1e", "'-1e"),
            ("\t", "\t"),
            ("a=b", "a=b"),
            ("5-3", "5-3"),
            ("'=", "'="),
        ],
    )
    def test_a_csv_cell_is_formatted_by_the_type_of_its_value(self, value: Any, rendered: str) -> None:
        assert export.cell(value) == rendered


class TestRefusals:
    async def test_a_refused_export_names_every_faulty_parameter(self, world: World, headers: Headers) -> None:
        query = {"format": "xlsx", "status": "OPEN", "created_to": "x", "archived": "1", "q": ""}
        answer = await world.http.get(EXPORT, params=query, headers=headers)
        assert sorted(parameters(answer)) == sorted(query)
        assert parameters(await world.http.get(EXPORT, headers=headers)) == ["format"]
        answer = await world.http.get(f"{EXPORT}?format=csv&limit=5&cursor=x", headers=headers)
        assert parameters(answer) == ["limit", "cursor"]
