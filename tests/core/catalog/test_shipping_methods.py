"""Rows of shipping methods: read, merged into what is there, written again."""

from decimal import Decimal

from crossdock.core.catalog.shipping_methods import (
    COLUMNS,
    ShippingMethod,
    cells_of,
    column_faults,
    decode_method,
    encode_method,
    merge_row,
    read_row,
)

CELLS = {
    "code": "EXPRESS", "name": "Express", "carrier": "UPS", "service": "Saver", "active": "false", "min_days": "2",
    "max_days": "5", "cost": "9.50", "currency": "EUR", "countries": "CA US", "cutoff_time": "13:30",
}  # fmt: skip


def test_a_row_makes_a_method_and_is_written_again() -> None:
    row, faults = read_row(CELLS)
    assert row is not None
    method, more = merge_row(None, row)
    assert (faults, more, method.cost, method.countries) == ([], [], Decimal("9.50"), ("CA", "US"))
    written = [str(value).lower() if isinstance(value, bool) else str(value) for value in cells_of(method)]
    assert dict(zip(COLUMNS, written, strict=True)) == CELLS
    assert decode_method(encode_method(method)) == method


def test_an_empty_cell_leaves_what_is_there() -> None:
    before = ShippingMethod("A", name="One", min_days=3, countries=("CA",), door_fields={"x": 1})
    row, _ = read_row({"code": "A", "name": "", "max_days": "4"})
    assert row is not None
    assert merge_row(before, row) == (
        ShippingMethod("A", name="One", min_days=3, max_days=4, countries=("CA",), door_fields={"x": 1}), [],
    )  # fmt: skip


def test_members_that_do_not_fit_are_faults_unless_they_were_there_before() -> None:
    before = ShippingMethod("A", min_days=3, cost=Decimal(5))  # as fabric makes it
    for cells, wrong in (
        ({"max_days": "2"}, [("max_days",)]),
        ({"cost": "6"}, []),
        ({"max_days": "4", "currency": "EUR"}, []),
    ):
        row, _ = read_row({"code": "A"} | cells)
        assert row is not None
        assert [fault.path for fault in merge_row(before, row)[1]] == wrong
        assert bool(merge_row(None, row)[1]) == (cells == {"cost": "6"})


def test_every_wrong_cell_is_named() -> None:
    cells = {"code": "a/b", "active": "yes", "min_days": "-1", "cost": "1,5", "currency": "EURO", "countries": "CA ZZ",
             "cutoff_time": "24:00"}  # fmt: skip
    row, faults = read_row(cells)
    assert row is None
    assert [fault.path[0] for fault in faults] == list(cells)
    assert [fault.path for fault in column_faults(["code", "size"])] == [("size",)]
