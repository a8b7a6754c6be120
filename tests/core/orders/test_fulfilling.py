"""Fulfillments: what a location picks, packs and ships of an order, and what carriers report."""

from itertools import permutations
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.errors import Conflict, Invalid, NotFound, Refusal
from crossdock.core.orders.allocating import DeallocateOrder
from crossdock.core.orders.commands import CancelOrder
from crossdock.core.orders.delivering import ExpirePickups, MakeReady, RecordTracking, ReshipPackage
from crossdock.core.orders.fulfilling import (
    CancelFulfillment,
    CreateFulfillment,
    MergeFulfillments,
    MoveFulfillment,
    PackUnits,
    PickUnits,
    ShipFulfillment,
    SplitFulfillment,
)
from crossdock.core.orders.fulfillments import (
    DeliveryStatus,
    Fulfillment,
    FulfillmentLine,
    FulfillmentStatus,
    Package,
)
from crossdock.core.orders.status import Status
from crossdock.core.stock.model import LevelKey
from tests.core.orders.book import Book

STOCK = {("A", "W1"): 5, ("B", "W1"): 5, ("A", "W2"): 5}


def created(book: Book, location: str = "W1", **fields: object) -> int:
    """Create a fulfillment and return its id."""
    book.do(CreateFulfillment, location_ref=location, new_id=book.new_id, **fields)
    return book.fulfillments[-1].fulfillment_id


def shipped(book: Book, fulfillment_id: int, **fields: object) -> list[str]:
    return book.do(ShipFulfillment, fulfillment_id=fulfillment_id, new_id=book.new_id, **fields)


class TestCreate:
    def test_it_takes_what_is_allocated_to_its_location(self) -> None:
        book = Book([("A", 2), ("B", 1)], STOCK)
        book.allocate()
        assert book.do(CreateFulfillment, location_ref="W1", new_id=book.new_id) == ["order.fulfillment_created"]
        (made,) = book.fulfillments
        assert [(line.line, line.quantity) for line in made.lines] == [(0, 2), (1, 1)]
        assert made.status is FulfillmentStatus.OPEN
        with pytest.raises(Conflict):
            book.do(CreateFulfillment, location_ref="W1", new_id=book.new_id)

    def test_what_is_not_allocated_yet_is_allocated_with_it(self) -> None:
        book = Book([("A", 2)], STOCK)
        names = book.do(CreateFulfillment, location_ref="W2", new_id=book.new_id, lines={0: 1})
        assert names == ["order.allocated", "order.fulfillment_created"]
        assert book.level("A", "W2") == (5, 1)

    def test_it_is_refused_where_the_location_has_not_enough(self) -> None:
        book = Book([("A", 9)], STOCK)
        with pytest.raises(Conflict, match="does not have enough"):
            book.do(CreateFulfillment, location_ref="W1", new_id=book.new_id, lines={0: 9})
        assert book.level("A", "W1") == (5, 0)

    def test_without_stock_any_location_fulfills_what_is_open(self) -> None:
        book = Book([("X", 3)])
        created(book, "ANY", lines={0: 2})
        created(book, "OTHER", lines={0: 1})
        assert shipped(book, book.fulfillments[0].fulfillment_id) == ["order.shipped"]
        assert book.order.counters[0].shipped == 2


class TestPickAndPack:
    def test_units_are_picked_packed_and_shipped_in_parts(self) -> None:
        book = Book([("A", 3), ("B", 1)], STOCK)
        one = created(book)
        book.do(PickUnits, fulfillment_id=one, lines={0: 1})
        assert book.fulfillments[0].status is FulfillmentStatus.PICKING
        book.do(PickUnits, fulfillment_id=one)
        assert book.fulfillments[0].status is FulfillmentStatus.PICKED
        boxes = (Package(((0, 2),), number="T1"), Package(((0, 1), (1, 1)), number="T2"))
        book.do(PackUnits, fulfillment_id=one, packages=boxes, new_id=book.new_id)
        assert book.fulfillments[0].status is FulfillmentStatus.PACKED
        first, second = book.fulfillments[0].packages
        shipped(book, one, packages=(first,))
        assert book.fulfillments[0].status is FulfillmentStatus.PARTIALLY_SHIPPED
        assert (book.order.status, book.level("A", "W1")) == (Status.PARTIALLY_SHIPPED, (3, 1))
        shipped(book, one)
        assert {package.number for package in book.fulfillments[0].packages} == {"T1", "T2"}
        assert (book.order.status, book.fulfillments[0].status) == (Status.SHIPPED, FulfillmentStatus.SHIPPED)
        assert second.package_id is not None

    def test_a_short_pick_gives_back_and_takes_from_elsewhere(self) -> None:
        book = Book([("A", 4)], STOCK)
        one = created(book)
        names = book.do(PickUnits, fulfillment_id=one, lines={0: 1}, short={0: 3})
        assert names == ["order.picked", "order.deallocated", "order.allocated"]
        assert (book.level("A", "W1"), book.level("A", "W2")) == ((2, 1), (5, 3))
        assert [line.open for line in book.fulfillments[0].lines] == [1]

    def test_what_is_short_comes_out_of_the_packages(self) -> None:
        book = Book([("A", 1), ("B", 1)], STOCK)
        one = created(book)
        packed = Package(((0, 1), (1, 1)))
        book.do(PackUnits, fulfillment_id=one, packages=(packed,), new_id=book.new_id)
        book.do(PickUnits, fulfillment_id=one, lines={}, short={0: 1})
        assert [box.lines for box in book.fulfillments[0].packages] == [((1, 1),)]
        book.do(PickUnits, fulfillment_id=one, lines={}, short={1: 1})
        assert book.fulfillments[0].packages == ()

    def test_what_is_left_to_pick_does_not_count_shipped_or_canceled_units_twice(self) -> None:
        book = Book([("A", 5)], STOCK)
        one = created(book)
        book.do(PickUnits, fulfillment_id=one, lines={0: 3})
        shipped(book, one, lines={0: 2})
        book.do(PickUnits, fulfillment_id=one, lines={0: 2})
        book.do(CancelOrder, lines={0: 1})
        assert book.do(PickUnits, fulfillment_id=one) == []
        with pytest.raises(Invalid) as refused:
            book.do(PickUnits, fulfillment_id=one, short={0: 1})
        assert refused.value.faults[0].reason == "must be at most 0, which are left to pick"

    def test_after_a_part_has_shipped_the_rest_is_picked(self) -> None:
        book = Book([("A", 3)], STOCK)
        one = created(book)
        book.do(PickUnits, fulfillment_id=one, lines={0: 2})
        shipped(book, one, lines={0: 2})
        book.do(PickUnits, fulfillment_id=one, lines={0: 1})
        assert [(line.picked, line.unpicked) for line in book.fulfillments[0].lines] == [(3, 0)]

    def test_packages_must_fit(self) -> None:
        book = Book([("A", 2)], STOCK)
        one = created(book)
        with pytest.raises(Invalid) as refused:
            book.do(
                PackUnits, fulfillment_id=one, packages=(Package(((0, 3),)), Package(((1, 1),))), new_id=book.new_id
            )
        assert [fault.path for fault in refused.value.faults] == [
            ("packages", 0, "lines", 0, "quantity"), ("packages", 1, "lines", 0, "line"),
        ]  # fmt: skip

    def test_what_is_short_leaves_the_fulfillment_also_where_more_is_allocated_there(self) -> None:
        book = Book([("A", 4)], STOCK)
        book.allocate()
        one = created(book, lines={0: 3})
        book.do(PickUnits, fulfillment_id=one, lines={0: 2}, short={0: 1})
        (line,) = book.fulfillments[0].lines
        assert (line.open, line.picked, line.canceled) == (2, 2, 1)

    def test_more_short_units_than_are_left_are_refused(self) -> None:
        book = Book([("A", 3)], STOCK)
        one = created(book)
        for short, path in (({0: 9}, ("short", 0, "quantity")), ({5: 1}, ("short", 0, "line"))):
            with pytest.raises(Invalid) as refused:
                book.do(PickUnits, fulfillment_id=one, short=short)
            assert [fault.path for fault in refused.value.faults] == [path]


class TestCancel:
    def test_canceled_units_leave_fulfillments_and_packages(self) -> None:
        book = Book([("A", 3)], STOCK)
        one = created(book)
        book.do(PackUnits, fulfillment_id=one, packages=(Package(((0, 3),)),), new_id=book.new_id)
        book.do(CancelOrder, lines={0: 2})
        assert [line.open for line in book.fulfillments[0].lines] == [1]
        assert book.fulfillments[0].packages[0].lines == ((0, 1),)
        book.do(CancelOrder)
        assert book.fulfillments[0].status is FulfillmentStatus.CANCELED

    def test_a_canceled_fulfillment_gives_its_units_back_or_keeps_them(self) -> None:
        for keep, allocated in ((False, 0), (True, 2)):
            book = Book([("A", 2)], STOCK)
            one = created(book)
            book.do(CancelFulfillment, fulfillment_id=one, keep=keep)
            assert book.order.counters[0].allocated == allocated == book.level("A", "W1")[1]
            with pytest.raises(Conflict):
                shipped(book, one)

    def test_units_that_are_given_back_leave_the_fulfillment(self) -> None:
        book = Book([("A", 2)], STOCK)
        created(book)
        book.do(DeallocateOrder)
        assert book.fulfillments[0].status is FulfillmentStatus.CANCELED

    def test_it_is_moved_split_and_merged(self) -> None:
        book = Book([("A", 4)], STOCK)
        one = created(book)
        book.do(SplitFulfillment, fulfillment_id=one, lines={0: 3}, new_id=book.new_id)
        first, second = book.fulfillments
        assert ([line.open for line in first.lines], [line.open for line in second.lines]) == ([1], [3])
        book.do(MergeFulfillments, fulfillment_id=one, other_id=second.fulfillment_id)
        assert [line.open for line in book.fulfillments[0].lines] == [4]
        book.do(MoveFulfillment, fulfillment_id=one, location_ref="W2", new_id=book.new_id)
        assert (book.level("A", "W1"), book.level("A", "W2")) == ((5, 0), (5, 4))
        assert book.fulfillments[-1].location == "W2"


REPORTS = [
    (DeliveryStatus.IN_TRANSIT, 10), (DeliveryStatus.OUT_FOR_DELIVERY, 20), (DeliveryStatus.DELIVERED, 30),
    (DeliveryStatus.EXCEPTION, 15),
]  # fmt: skip


class TestTracking:
    def test_each_package_has_the_time_at_which_it_left(self) -> None:
        book = Book([("A", 3)], STOCK)
        one = created(book)
        shipped(book, one, lines={0: 1})
        first = book.now
        book.now += 60
        shipped(book, one, at=first + 30)
        (fulfillment,) = book.fulfillments
        assert [fulfillment.left_at(package) for package in fulfillment.packages] == [first, first + 30]

    def test_a_package_that_left_before_events_had_its_time_left_with_its_fulfillment(self) -> None:
        payload = b'{"lines":[[0,1]],"shipped":true}'
        package = msgspec.json.decode(payload, type=Package)
        fulfillment = Fulfillment(1, "W1", 5, (FulfillmentLine(0, 1, 1, 1),), packages=(package,), shipped_at=9)
        assert (package.shipped_at, fulfillment.left_at(package)) == (None, 9)
        assert fulfillment.left_at(Package(((0, 1),))) is None

    @pytest.mark.parametrize("reports", list(permutations(REPORTS)))
    def test_reports_in_any_order_lead_to_the_same_state(self, reports: list[tuple[DeliveryStatus, int]]) -> None:
        book = Book([("A", 2)], STOCK)
        shipped(book, created(book), number="T1")
        for status, at in (*reports, *reports):
            book.do(RecordTracking, number="T1", status=status, reported_at=at)
        assert book.fulfillments[0].status is FulfillmentStatus.DELIVERED
        assert (book.order.status, book.order.counters[0].delivered) == (Status.DELIVERED, 2)
        assert [event.name for event in book.events].count("order.delivered") == 1

    def test_a_report_is_about_all_packages_with_its_number(self) -> None:
        book = Book([("A", 3)], STOCK)
        shipped(book, created(book), packages=(Package(((0, 1),)), Package(((0, 2),))), number="T1")
        report = {"number": "T1", "status": DeliveryStatus.DELIVERED, "reported_at": 1}
        assert book.do(RecordTracking, **report) == ["order.tracked", "order.delivered"] * 2
        assert (book.order.status, book.do(RecordTracking, **report)) == (Status.DELIVERED, [])

    def test_a_package_that_goes_back_and_is_delivered_again_is_counted_once(self) -> None:
        book = Book([("A", 4)], STOCK)
        packages = (Package(((0, 2),), number="T1"), Package(((0, 2),), number="T2"))
        shipped(book, created(book), packages=packages)
        for status, at, expected in (
            (DeliveryStatus.DELIVERED, 10, ["order.tracked", "order.delivered"]),
            (DeliveryStatus.RETURNED_TO_SENDER, 20, ["order.tracked"]),
            (DeliveryStatus.DELIVERED, 10, []),  # a repeat of the first report
            (DeliveryStatus.RETURNED_TO_SENDER, 20, []),
            (DeliveryStatus.DELIVERED, 30, ["order.tracked"]),
        ):
            assert book.do(RecordTracking, number="T1", status=status, reported_at=at) == expected
        assert (book.order.counters[0].delivered, book.order.status) == (2, Status.SHIPPED)

    def test_unknown_packages_are_refused(self) -> None:
        book = Book([("A", 2)], STOCK)
        with pytest.raises(NotFound):
            book.do(RecordTracking, number="T1", status=DeliveryStatus.DELIVERED, reported_at=1)

    def test_a_lost_package_is_shipped_once_more(self) -> None:
        book = Book([("A", 2)], STOCK)
        shipped(book, created(book), number="T1")
        package_id = book.fulfillments[0].packages[0].package_id
        book.do(ReshipPackage, package_id=package_id, new_id=book.new_id, lines={0: 1}, number="T2")
        assert (book.order.counters[0].shipped, book.level("A", "W1")) == (2, (2, 0))
        book.do(RecordTracking, number="T2", status=DeliveryStatus.DELIVERED, reported_at=1)
        assert book.fulfillments[1].status is FulfillmentStatus.DELIVERED

    def test_units_of_a_channels_stock_are_shipped_once_more_from_it_and_from_the_common_one(self) -> None:
        book = Book([("A", 3)], {("A", "W1", "web"): 5, ("A", "W1"): 4}, channel="web")
        shipped(book, created(book), number="T1")
        package_id = book.fulfillments[0].packages[0].package_id
        book.do(ReshipPackage, package_id=package_id, new_id=book.new_id)
        assert (book.level("A", "W1", "web"), book.level("A", "W1")) == ((0, 0), (3, 0))
        book.do(ReshipPackage, package_id=package_id, new_id=book.new_id)
        with pytest.raises(Conflict, match="W1 has 0 of 3 units of A to ship once more"):
            book.do(ReshipPackage, package_id=package_id, new_id=book.new_id)

    def test_a_package_is_shipped_once_more_from_the_pool_of_its_line(self) -> None:
        book = Book([("A", 3), ("A", 3)], {("A", "W1"): 8}, channel="VIP")
        shipped(book, created(book), number="T1")
        level = book.levels[LevelKey("A", "W1")]
        vip = LevelKey("A", "W1", "VIP")
        book.levels[vip] = msgspec.structs.replace(level, level_id=77, pool="VIP", on_hand=3)
        package_id = book.fulfillments[0].packages[0].package_id
        reship = {"package_id": package_id, "new_id": book.new_id}
        book.do(ReshipPackage, lines={0: 2, 1: 2}, **reship)
        assert (book.levels[vip].on_hand, book.level("A", "W1")) == (0, (1, 0))
        with pytest.raises(Conflict, match="1 of 3 units"):
            book.do(ReshipPackage, lines={0: 3}, **reship)
        book.levels[vip] = msgspec.structs.replace(book.levels[vip], unlimited=True)
        book.do(ReshipPackage, lines={0: 3}, **reship)
        assert book.levels[vip].on_hand == 0


class TestPickup:
    def test_a_pickup_is_ready_reminded_and_handed_over(self) -> None:
        book = Book([("A", 2)], STOCK)
        one = created(book, kind="pickup")
        for _ in range(2):
            assert book.do(MakeReady, fulfillment_id=one, pickup_by=book.now + 10) == ["order.ready_for_pickup"]
        assert book.fulfillments[0].status is FulfillmentStatus.READY_FOR_PICKUP
        assert shipped(book, one) == ["order.shipped", "order.delivered"]
        assert book.order.status is Status.DELIVERED

    def test_a_pickup_that_nobody_fetches_expires(self) -> None:
        book = Book([("A", 2)], STOCK)
        book.do(MakeReady, fulfillment_id=created(book, kind="pickup"), pickup_by=book.now + 10)
        assert book.order.due_at == book.now + 10
        book.now += 11
        assert book.do(ExpirePickups) == ["order.fulfillment_canceled", "order.deallocated"]
        assert (book.level("A", "W1"), book.order.due_at) == ((5, 0), None)


class TestAnySequence:
    @given(st.integers(0, 2**32), st.booleans())
    def test_whatever_is_done_the_numbers_stay_sound(self, seed: int, has_stock: bool) -> None:
        luck = Random(seed)
        book = Book([("A", 4), ("B", 3)], STOCK if has_stock else {})
        for _ in range(25):
            places = [each.fulfillment_id for each in book.fulfillments] or [0]
            packages = [box for each in book.fulfillments for box in each.packages if box.shipped]
            one, units = luck.choice(places), {luck.randrange(2): luck.randint(1, 3)}
            commands = (
                book.allocate,
                lambda: created(book, luck.choice(("W1", "W2")), lines=units),
                lambda: created(book),
                lambda: book.do(PickUnits, fulfillment_id=one, lines={}, short=units),
                lambda: book.do(PickUnits, fulfillment_id=one),
                lambda: shipped(book, one, lines=units),
                lambda: book.do(
                    PackUnits, fulfillment_id=one, packages=(Package(tuple(units.items())),), new_id=book.new_id
                ),
                lambda: book.do(CancelFulfillment, fulfillment_id=one, keep=luck.random() < 0.5),
                lambda: book.do(SplitFulfillment, fulfillment_id=one, lines=units, new_id=book.new_id),
                lambda: book.do(MergeFulfillments, fulfillment_id=one, other_id=luck.choice(places)),
                lambda: book.do(MoveFulfillment, fulfillment_id=one, location_ref="W2", new_id=book.new_id),
                lambda: book.do(CancelOrder, lines=units),
                lambda: book.do(DeallocateOrder),
                lambda: book.do(
                    RecordTracking, package_id=luck.choice(packages).package_id if packages else 0,
                    status=luck.choice(list(DeliveryStatus)), reported_at=luck.randint(0, 99),
                ),
            )  # fmt: skip
            try:
                luck.choice(commands)()
            except Refusal:
                book.check()
