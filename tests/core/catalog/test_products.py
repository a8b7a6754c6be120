"""Products: GTINs, and rows of a CSV file read as products."""

from decimal import Decimal
from typing import Any

import pytest

from crossdock.core.catalog.products import (
    COLUMNS,
    Identifier,
    KitComponent,
    Product,
    ProductCustoms,
    column_faults,
    decode_product,
    encode_product,
    is_gtin,
    merge_row,
    read_row,
    search_text,
)
from crossdock.core.errors import Fault

WHOLE = {
    "id": "3775cc37-30e7-4579-a58e-c9adda6fa888", "sku": "MUG", "name": "Mug", "description": "A mug", "brand": "Acme",
    "gtin": "4006381333931", "image": "mug.jpg", "length": "100", "width": "80.5", "height": "95", "weight": "0.350",
    "tariff_code": "6912.00", "tariff_country": "US", "origin_country": "PT", "origin_region": "13", "value": "4.20",
    "currency": "EUR",
}  # fmt: skip


class TestDocument:
    def test_a_product_is_read_as_it_was_stored_to_the_digit(self) -> None:
        product = Product(
            sku="MUG", weight=Decimal("0.350"), customs=ProductCustoms(origin_country="PT", value=Decimal("4.20")),
            identifiers=(Identifier("UPC", "1"),), components=(KitComponent("CUP", 2),), active=False,
            door_fields={"s2": {"casePack": 2, "caseWeightKg": Decimal("0.0")}},
        )  # fmt: skip
        again = decode_product(encode_product(product))
        assert again == product
        assert str(again.door_fields["s2"]["caseWeightKg"]) == "0.0"

    def test_lists_search_sku_and_name(self) -> None:
        assert search_text(Product(sku="MUG", name="Blue mug")) == "MUG\nBlue mug"
        assert search_text(Product()) == ""


class TestIsGtin:
    @pytest.mark.parametrize("text", ["96385074", "036000291452", "4006381333931", "00012345600012", "10614141000415"])
    def test_digits_with_a_right_check_digit_are_a_gtin(self, text: str) -> None:
        assert is_gtin(text)

    @pytest.mark.parametrize(
        "text", ["", "4006381333932", "400638133393", "4006381333931 ", "40063813339310", "\uff14006381333931"]
    )
    def test_anything_else_is_no_gtin(self, text: str) -> None:
        assert not is_gtin(text)


class TestReadRow:
    def test_every_column_is_read(self) -> None:
        assert set(WHOLE) == set(COLUMNS)
        row, faults = read_row(WHOLE)
        assert faults == []
        assert row is not None
        assert row.product_id == WHOLE["id"]
        assert row.product == Product(
            sku="MUG", name="Mug", description="A mug", brand="Acme", gtin="4006381333931", image="mug.jpg",
            length=Decimal(100), width=Decimal("80.5"), height=Decimal(95), weight=Decimal("0.350"),
            customs=ProductCustoms("6912.00", "US", "PT", "13", Decimal("4.20"), "EUR"),
        )  # fmt: skip

    def test_empty_cells_say_nothing(self) -> None:
        row, faults = read_row({"sku": " MUG ", "name": "", "weight": " ", "origin_country": ""})
        assert faults == []
        assert row is not None
        assert (row.product, row.product_id) == (Product(sku="MUG"), None)

    @pytest.mark.parametrize(
        ("cells", "columns"),
        [
            ({"name": "Mug"}, ["sku"]),
            ({"sku": "A", "gtin": "123", "weight": "heavy", "origin_country": "UK", "currency": "euro"},
             ["gtin", "weight", "origin_country", "currency"]),
            ({"sku": "A", "length": "-1", "width": "NaN", "height": "1e99", "weight": "Infinity"},
             ["length", "width", "height", "weight"]),
            ({"sku": "A" * 1001}, ["sku"]),
        ],
    )  # fmt: skip
    def test_every_wrong_cell_is_a_fault_with_its_column(self, cells: dict[str, str], columns: list[str]) -> None:
        row, faults = read_row(cells)
        assert row is None
        assert [fault.path for fault in faults if fault.reason != "is required" or fault.path == ("sku",)][
            : len(columns)
        ] == [(column,) for column in columns]


class TestColumnFaults:
    def test_unknown_and_repeated_columns_and_a_missing_sku_are_faults(self) -> None:
        faults = column_faults(["name", "price", "name"])
        assert [fault.path for fault in faults] == [("price",), ("name",), ("sku",)]
        assert faults[2] == Fault(("sku",), "is required")

    def test_the_columns_of_a_product_are_right_in_any_order(self) -> None:
        assert column_faults([*reversed(COLUMNS)]) == []


class TestMergeRow:
    @pytest.mark.parametrize(
        ("row", "changes"),
        [
            (Product(sku="MUG"), {}),
            (Product(sku="MUG", name="New"), {"name": "New"}),
            (Product(sku="MUG", customs=ProductCustoms(tariff_code="1")),
             {"customs": ProductCustoms(tariff_code="1", origin_country="PT")}),
        ],
    )  # fmt: skip
    def test_what_a_row_leaves_empty_stays(self, row: Product, changes: dict[str, Any]) -> None:
        before = Product(
            sku="MUG", name="Mug", customs=ProductCustoms(origin_country="PT"), door_fields={"s2": {"a": 1}}
        )
        after = merge_row(before, row)
        assert after == Product(
            sku="MUG", name=changes.get("name", "Mug"), door_fields={"s2": {"a": 1}},
            customs=changes.get("customs", before.customs),
        )  # fmt: skip
