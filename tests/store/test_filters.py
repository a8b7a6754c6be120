"""What narrows a page of orders, and how pages go on, on every engine."""

import pytest

from crossdock.core.ids import IdGenerator, created_us
from crossdock.core.orders.model import Address, Customer, Destination, Hold, Line, Order, Source
from crossdock.store.order_query.query import Filters
from crossdock.store.protocols import Store
from tests.store.samples import NOW_US, ONE, order, put, read_page


async def ids(store: Store, filters: Filters, *, before: int | None = None, limit: int = 100, **rest: int) -> list[int]:
    async with store.reading() as tx:
        return [
            each.order_id for each in (await read_page(tx, ONE, filters, before=before, limit=limit, **rest)).orders
        ]


# Filters over the six orders of the first test, and which of them they leave.
FILTERED: list[tuple[Filters, list[int]]] = [
    (Filters(), [6, 5, 4, 3, 2, 1]),
    (Filters(door="hub"), [2]),
    (Filters(number="X"), [3]),
    (Filters(number="x"), []),
    (Filters(status="on_hold"), [4]),
    (Filters(status="open"), [6, 5, 3, 2, 1]),
    (Filters(email="ann@example.com"), [6, 5]),
    (Filters(email="ANN@EXAMPLE.COM"), [6, 5]),
    (Filters(email="bob@example.com"), []),
    (Filters(sku="s-1"), [6, 1]),
    (Filters(sku="s"), []),
    (Filters(location="W2"), [6]),
    (Filters(location="W1"), [5]),
    (Filters(sku="s-1", location="W2", door="s2", status="open"), [6]),
    (Filters(sku="s-1", location="W1"), []),
]


class TestPage:
    async def test_each_filter_selects_its_orders(self, store: Store) -> None:
        ann = Address(email="Ann@Example.com")
        await put(
            store,
            order(1, lines=(Line(1, sku="s-1"), Line(1, sku="s-1"))),
            order(2, source=Source("hub", 1, "me")),
            order(3, number="X"),
            order(4, holds=(Hold("stock", NOW_US),)),
            order(5, destinations=(Destination(address=ann, location_ref="W1"),)),
            order(
                6,
                customer=Customer(email="ann@example.COM"),
                destinations=(Destination(), Destination(location_ref="W2")),
                lines=(Line(1), Line(1, sku="s-1", destination=1)),
            ),
        )
        for filters, found in FILTERED:
            assert await ids(store, filters) == found, filters

    @pytest.mark.parametrize("name", ["number", "email", "sku", "location"])
    async def test_values_of_any_length_are_found(self, store: Store, name: str) -> None:
        def long(number: int) -> Order:
            value = "ä" * 3000 + str(number)
            customer, line = Customer(email=value), Line(1, sku=value)
            places = (Destination(location_ref=value),)
            return order(number, number=value, customer=customer, lines=(line,), destinations=places)

        await put(store, long(1), long(2))
        assert await ids(store, Filters(**{name: "ä" * 3000 + "2"})) == [2]
        assert await ids(store, Filters(**{name: "ä" * 3000})) == []

    async def test_a_range_of_times_includes_its_beginning_and_excludes_its_end(self, store: Store) -> None:
        id_generator = IdGenerator(1)
        times = [NOW_US + step for step in (0, 1, 999, 1000, 1001, 5000)]
        made = [order(id_generator.new(at), created_at=at) for at in times]
        await put(store, *made)
        for start in times:
            for end in [*times, NOW_US + 9000]:
                wanted = [each.order_id for each in made if start <= each.created_at < end]
                assert await ids(store, Filters(created_from=start, created_to=end)) == wanted[::-1]
        assert await ids(store, Filters(created_from=0)) == [each.order_id for each in made][::-1]
        assert await ids(store, Filters(created_to=2**62)) == [each.order_id for each in made][::-1]

    async def test_a_range_of_times_holds_for_ids_made_after_the_clock_was_set_back(self, store: Store) -> None:
        id_generator = IdGenerator(1)
        id_generator.new(NOW_US + 60_000_000)
        identity = id_generator.new(NOW_US)
        received = created_us(identity)  # intake gives such an order the time of its id
        await put(store, order(identity, created_at=received))
        assert await ids(store, Filters(created_from=received, created_to=received + 1)) == [identity]
        assert await ids(store, Filters(created_from=NOW_US, created_to=received)) == []

    async def test_a_page_continues_where_the_one_before_ended_while_orders_arrive(self, store: Store) -> None:
        await put(store, *(order(number) for number in range(1, 11)))
        walked = await ids(store, Filters(), limit=4)
        await put(store, order(11))
        while rest := await ids(store, Filters(), before=walked[-1], limit=4):
            walked += rest
        assert walked == list(range(10, 0, -1))

    @pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 8, 9])
    async def test_a_page_of_any_size_has_whole_orders(self, store: Store, limit: int) -> None:
        placed = [order(number, lines=(Line(number), Line(1))) for number in range(1, 9)]
        await put(store, *placed)
        async with store.reading() as tx:
            assert (await read_page(tx, ONE, Filters(), before=None, limit=limit)).orders == placed[::-1][:limit]

    async def test_an_offset_skips_orders(self, store: Store) -> None:
        await put(store, *(order(number) for number in range(1, 6)))
        assert await ids(store, Filters(), limit=2, offset=1) == [4, 3]
        assert await ids(store, Filters(), limit=2, offset=9) == []

    async def test_a_limit_of_zero_gives_no_orders(self, store: Store) -> None:
        await put(store, order(1))
        assert await ids(store, Filters(), limit=0) == []
