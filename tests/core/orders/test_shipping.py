"""Shipping units of an order in one change: from which location, through which fulfillment, and what is refused."""

import pytest

from crossdock.core.errors import Conflict, Invalid
from crossdock.core.orders.commands import HoldRequest, PlaceHolds
from crossdock.core.orders.fulfilling import CreateFulfillment
from crossdock.core.orders.fulfillments import Package
from crossdock.core.orders.model import Destination
from crossdock.core.orders.shipping import DEFAULT_LOCATION, ShipUnits
from tests.core.orders.book import Book

STOCK = {("A", "W1"): 5, ("B", "W1"): 5, ("A", "W2"): 5}


def ship(book: Book, **fields: object) -> list[str]:
    return book.do(ShipUnits, new_id=book.new_id, **fields)


def faults(book: Book, **fields: object) -> list[tuple[str | int, ...]]:
    with pytest.raises(Invalid) as refused:
        ship(book, **fields)
    return [fault.path for fault in refused.value.faults]


def test_an_order_without_stock_ships_from_the_default_location() -> None:
    book = Book([("A", 2)])
    assert ship(book) == ["order.allocated", "order.fulfillment_created", "order.shipped"]
    assert [each.location for each in book.fulfillments] == [DEFAULT_LOCATION]


def test_an_order_without_stock_ships_from_where_its_destination_says() -> None:
    book = Book([("A", 2)], destinations=(Destination(location_ref="Shop"),))
    ship(book, lines={0: 1})
    ship(book)
    assert [each.location for each in book.fulfillments] == ["Shop", "Shop"]


def test_the_location_is_that_of_the_allocations() -> None:
    book = Book([("A", 2), ("B", 1)], STOCK)
    book.allocate()
    assert ship(book, carrier="UPS") == ["order.fulfillment_created", "order.shipped"]
    assert (book.level("A", "W1"), book.level("B", "W1")) == ((3, 0), (4, 0))
    assert book.fulfillments[0].packages[0].carrier == "UPS"


def test_the_location_must_be_named_where_several_are_possible() -> None:
    book = Book([("A", 8)], STOCK)
    book.allocate()
    assert faults(book) == [("location",)]
    ship(book, location_ref="W1")
    ship(book)
    assert [each.location for each in book.fulfillments] == ["W1", "W2"]


def test_the_location_must_be_named_where_stock_is_tracked_and_nothing_is_allocated() -> None:
    book = Book([("A", 2)], STOCK)
    assert faults(book) == [("location",)]
    assert ship(book, location_ref="W2") == ["order.allocated", "order.fulfillment_created", "order.shipped"]
    assert book.level("A", "W2") == (3, 0)


def test_the_open_fulfillments_of_the_location_are_shipped_and_what_is_allocated_besides() -> None:
    book = Book([("A", 4)], STOCK)
    book.allocate()
    for _ in range(2):
        book.do(CreateFulfillment, location_ref="W1", new_id=book.new_id, lines={0: 1})
    assert ship(book) == ["order.shipped", "order.shipped", "order.fulfillment_created", "order.shipped"]
    assert [each.status for each in book.fulfillments] == ["shipped"] * 3


def test_units_are_shipped_through_the_fulfillment_that_has_them() -> None:
    book = Book([("A", 4)], STOCK)
    book.allocate()
    book.do(CreateFulfillment, location_ref="W1", new_id=book.new_id, lines={0: 1})
    book.do(CreateFulfillment, location_ref="W1", new_id=book.new_id, lines={0: 2})
    assert ship(book, packages=(Package(((0, 2),)),)) == ["order.shipped"]
    assert [each.status for each in book.fulfillments] == ["open", "shipped"]
    assert ship(book, lines={0: 1}) == ["order.shipped"]
    assert ship(book, lines={0: 1}) == ["order.fulfillment_created", "order.shipped"]


def test_more_units_than_are_open_are_named_by_their_paths() -> None:
    book = Book([("A", 3)])
    packages = (Package(((0, 2),)), Package(((0, 2), (7, 1))))
    assert faults(book, packages=packages) == [
        ("packages", 1, "lines", 0, "quantity"),
        ("packages", 1, "lines", 1, "line"),
    ]
    assert faults(book, lines={0: 4}) == [("lines", 0, "quantity")]


def test_a_location_ships_what_it_has_and_not_more_than_that() -> None:
    book = Book([("A", 6)], STOCK)
    with pytest.raises(Conflict):
        ship(book, location_ref="W2", lines={0: 6})
    ship(book, location_ref="W2")
    assert book.order.counters[0].shipped == 5


def test_a_held_order_is_not_shipped() -> None:
    book = Book([("A", 1)])
    book.do(PlaceHolds, holds=(HoldRequest("fraud", None, (), None),))
    with pytest.raises(Conflict):
        ship(book)
