"""Exported files: which columns a document has, and what its cells say."""

from decimal import Decimal

from msgspec import Struct

from crossdock.doors.fabric.export_csv import Table, columns_of, selected


class Name(Struct):
    first: str
    last: str | None = None


class Item(Struct):
    sku: str
    taxes: list[Name] | None = None
    owner: Name | None = None


class Document(Struct):
    number: str
    customer: Name | None
    items: list[Item]
    notes: list[Name] | None = None
    attributes: dict[str, str] | None = None


COLUMNS = columns_of(Document, "items")


def test_headers_are_dotted_paths_in_the_order_of_the_type() -> None:
    assert [each.header for each in COLUMNS] == [
        "number", "customer.first", "customer.last", "items.sku", "items.taxes", "items.owner.first", "items.owner.last",
        "notes", "attributes",
    ]  # fmt: skip


def test_each_element_is_a_row_and_other_arrays_and_objects_are_json() -> None:
    table = Table(selected(COLUMNS, {"items.owner.first": False, "items.owner.last": False, "notes": False}), "items")
    table.add([
        {
            "number": Decimal("1.50"), "customer": {"first": "Jane", "last": None}, "attributes": {"a": Decimal("2.0")},
            "items": [{"sku": "A", "taxes": [{"first": "x"}]}, {"sku": "B"}],
        },
        {"number": "2", "customer": None, "items": []},
    ])  # fmt: skip
    assert table.bytes().decode().split("\r\n") == [
        "number,customer.first,customer.last,items.sku,items.taxes,attributes",
        '1.50,Jane,,A,"[{""first"":""x""}]","{""a"":2.0}"',
        '1.50,Jane,,B,,"{""a"":2.0}"',
        "2,,,,,",
        "",
    ]
    assert (table.rows, table.records) == (3, 2)


def test_headers_that_are_true_are_chosen_or_else_those_that_are_false_left_out() -> None:
    assert [each.header for each in selected(COLUMNS, {"notes": True, "number": True, "items.sku": False})] == [
        "number", "notes",
    ]  # fmt: skip
    assert len(selected(COLUMNS, {"notes": False})) == len(COLUMNS) - 1
    assert selected(COLUMNS, {}) == COLUMNS
