"""Pages, counts and searches against plain Python over the same orders: every filter, every pair, every way to walk."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, product
from random import Random
from typing import Any

import msgspec
import pytest

from crossdock.core.ids import IdGenerator
from crossdock.core.orders.model import (
    Address,
    Content,
    Customer,
    Destination,
    Hold,
    Line,
    Order,
    Reference,
    Shipping,
    Source,
)
from crossdock.core.orders.status import Counters
from crossdock.store import order_counts, orders
from crossdock.store.order_query import pages, planner, query
from crossdock.store.order_query.query import Filters, OrderPage
from crossdock.store.order_query.statements import UPDATED_INDEX
from crossdock.store.protocols import Row, Statement, Store, Transaction
from tests.store.samples import NOW_US, ONE, OTHER, put, read_hashes, read_page, read_page_of

NAMES = Filters.__struct_fields__
FILTERS_CHOSEN = 1 + len(NAMES) + 78 + 10  # none, each, every pair of them, and ten of three
# Few values, so that they meet: in one case and the other, one inside another, and some that look like something else.
NUMBERS = ("A-1", "a-1", "B-2", "PO 7", "#vip")
EMAILS = ("Ann@Example.com", "ann@example.com", "bob@example.com", None)
SKUS = ("s-1", "S-1", "s-2", None)
LOCATIONS = ("W1", "W2", None)
PEOPLE = ("Ann Lee", "ann", "Zoë  van Lee", "", None)
REFERENCES = ("po-7", "PO-7", "vip", "#vip", "s-1", " ", "1Z 999")
TAGS = ("vip", "VIP", "rush")
LINES = (
    Counters(3), Counters(3, canceled=3), Counters(3, allocated=1), Counters(3, allocated=3), Counters(3, shipped=1),
    Counters(3, shipped=3), Counters(3, shipped=3, delivered=3), Counters(3, backordered=2, canceled=1),
)  # fmt: skip


def made(random: Random, id_generator: IdGenerator, at: int, organization_id: int = ONE) -> Order:
    """Make up an order received at a time."""
    places = tuple(
        Destination(
            address=random.choice((None, Address(name=random.choice(PEOPLE), email=random.choice(EMAILS)))),
            location_ref=random.choice(LOCATIONS),
        )
        for _ in range(random.randrange(3))
    )
    lines = tuple(
        Line(3, sku=random.choice(SKUS), destination=random.randrange(2)) for _ in range(random.choice((1, 1, 2, 3)))
    )
    customer = Customer(random.choice(("C-1", None)), random.choice(PEOPLE), random.choice(EMAILS))
    content = Content(
        number=random.choice(NUMBERS), lines=lines, destinations=places, customer=random.choice((None, customer)),
        customer_number=random.choice(("C-1", None)), shipping=random.choice((None, Shipping(tracking_number="1Z 999"))),
        references=tuple(Reference("r", value) for value in random.sample(REFERENCES, random.randrange(3))),
    )  # fmt: skip
    counters = tuple(random.choice(LINES) for _ in lines)
    held = random.random() < 0.3 and any(line.open for line in counters)
    release_at = random.choice((None, NOW_US + random.randrange(9) * 1000))
    return Order(
        organization_id=organization_id, order_id=id_generator.new(at), version=1, created_at=at,
        updated_at=at + random.choice((0, 0, 500, 1000, 7000)),
        source=Source(random.choice(("s2", "hub", "fabric")), 1, "me"), content=content, counters=counters,
        holds=(Hold("stock", at, release_at=release_at),) if held else (),
        tags=tuple(random.sample(TAGS, random.choice((0, 0, 1, 2)))), archived=random.random() < 0.3,
        event_hash=random.randbytes(32),
    )  # fmt: skip


def made_book(random: Random, size: int) -> list[Order]:
    id_generator, at, context = IdGenerator(1), NOW_US, []
    for _ in range(size):
        at += random.choice((0, 1, 400, 1000, 2500))
        context.append(made(random, id_generator, at))
    return context


# --------------------------------------------------------------------------------------------------------- plain Python
def words(order: Order) -> set[str]:
    """Give what a term finds: words of names, and whole numbers of other kinds."""
    content = order.content
    names = [content.customer.name] if content.customer else []
    names += [place.address.name for place in content.destinations if place.address]
    whole = [content.customer_number, *(each.value for each in content.references)]
    whole += [content.customer.customer_ref] if content.customer else []
    whole += [content.shipping.tracking_number] if content.shipping else []
    found = {word for name in names if name for word in name.casefold().split()}
    return found | {value.strip().casefold() for value in whole if value and value.strip()}


def email(order: Order) -> str | None:
    content = order.content
    mine = content.customer.email if content.customer else None
    theirs = content.destinations[0].address.email if content.destinations and content.destinations[0].address else None
    return mine or theirs


def places(order: Order) -> set[str | None]:
    where = order.content.destinations
    return {where[line.destination].location_ref for line in order.content.lines if line.destination < len(where)}


TESTS: dict[str, Callable[[Order, Any], bool]] = {
    "door": lambda order, value: order.source.door == value,
    "number": lambda order, value: order.content.number == value,
    "status": lambda order, value: str(order.status) == value,
    "email": lambda order, value: (email(order) or "").lower() == value.lower(),
    "sku": lambda order, value: any(line.sku == value for line in order.content.lines),
    "location": lambda order, value: value in places(order),
    "created_from": lambda order, value: order.created_at >= value,
    "created_to": lambda order, value: order.created_at < value,
    "updated_from": lambda order, value: order.updated_at >= value,
    "updated_to": lambda order, value: order.updated_at < value,
    "archived": lambda order, value: order.archived == value,
    "term": lambda order, value: value.strip().casefold() in words(order),
    "tag": lambda order, value: value in order.tags,
}


def value_of(random: Random, name: str, context: list[Order]) -> Any:
    """Think of a value for a filter, mostly one that is there."""
    some = random.choice(context)
    moment = random.choice((some.created_at, some.updated_at)) + random.choice((0, 0, 1, -1))
    simple = {
        "door": ("s2", "hub", "pb_oms"), "number": (*NUMBERS, "a"), "status": (str(some.status),),
        "email": ("ann@example.com", "BOB@example.com", "x"), "sku": ("s-1", "S-1", "s"), "location": ("W1", "W3"),
        "archived": (True, False), "term": ("LEE", "zoë", "po-7", "vip", "#vip", "c-1", "1z 999", "van lee"),
        "tag": (*TAGS, "Rush"),
    }  # fmt: skip
    return random.choice(simple[name]) if name in simple else moment


def model(context: list[Order], filters: Filters, *, sort: str = "created", ascending: bool = False) -> list[Order]:
    left = [
        order
        for order in context
        if all(
            TESTS[name](order, value) for name in NAMES if (value := getattr(filters, name)) is not None
        )
    ]  # fmt: skip
    key = (lambda each: (each.updated_at, each.order_id)) if sort == "updated" else (lambda each: (each.order_id,))
    return sorted(left, key=key, reverse=not ascending)


def choices(random: Random, context: list[Order], *, pairs: int = 78) -> Iterator[Filters]:
    """Give no filter, every filter, pairs of filters (there are 78), and some of three."""
    chosen = [(), *((name,) for name in NAMES), *random.sample(list(combinations(NAMES, 2)), pairs)]
    chosen += random.sample(list(combinations(NAMES, 3)), 10)
    for names in chosen:
        yield Filters(**{name: value_of(random, name, context) for name in names})


def numbers(found: list[Order]) -> list[int]:
    return [order.order_id for order in found]


async def stocked(store: Store, seed: int, size: int) -> tuple[Random, list[Order]]:
    """Fill a book, and that of another organization with the like of it."""
    random = Random(seed)
    context = made_book(random, size)
    await put(store, *context, *(msgspec.structs.replace(each, organization_id=OTHER) for each in context[::2]))
    return random, context


def states_of(some: list[Order]) -> list[tuple[int, bytes]]:
    """Give the orders' ids and the hashes of their last events, in the same order."""
    return [(order.order_id, order.event_hash) for order in some]


async def compared(store: Store, seed: int) -> tuple[int, int]:
    """Compare pages with plain Python for every filter; give how many pages there were, and how many with an order."""
    random, context = await stocked(store, seed, 70)
    compared, filled = 0, 0
    for filters in choices(random, context):
        ways = [("created", False), ("created", True), ("updated", False), ("updated", True)]
        for sort, ascending in random.sample(ways, 1):
            wanted = model(context, filters, sort=sort, ascending=ascending)
            offset, limit = random.randrange(len(wanted) + 2), random.choice((1, 7, 99))
            way: dict[str, Any] = {"sort": sort, "ascending": ascending}
            async with store.reading() as tx:
                whole = await read_page(tx, ONE, filters, limit=500, **way)
                part = await read_page(tx, ONE, filters, limit=limit, offset=offset, **way)
            assert numbers(whole.orders) == numbers(wanted), (filters, way)
            assert whole == OrderPage(wanted)
            assert part.orders == wanted[offset : offset + limit], (filters, way)
            if (sort, ascending) == ("created", False):
                async with store.reading() as tx:
                    states = await read_hashes(tx, ONE, filters, before=None, limit=limit, offset=offset)
                assert list(states[0].items()) == states_of(part.orders)
                assert states[1] == part.last
            compared += 1
            filled += bool(wanted)
    return compared, filled


@pytest.fixture(params=[1_000, 6])
def probed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Let the probe for the index to walk stop after all there is, and after little."""
    monkeypatch.setattr(planner, "PROBE_LIMIT", request.param)
    number: int = request.param
    return number


@pytest.fixture
def scan(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Give a function that sets how many rows a page looks through, whole or not."""

    def few(rows: int) -> None:
        monkeypatch.setattr(planner, "MAX_ENTRIES_SCANNED", rows)
        monkeypatch.setattr(planner, "MAX_ENTRIES_SCANNED_COMPLETE", rows)

    return few


class Noting:
    """A transaction that notes the most rows it was asked to pass over."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self.passed = 0

    async def rows(self, statement: Statement, /, **values: Any) -> Sequence[Row]:
        self.passed = max(self.passed, values.get("offset", 0))
        return await self._tx.rows(statement, **values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)


class TestPage:
    @pytest.mark.parametrize("seed", [1])
    async def test_is_what_plain_python_finds(self, store: Store, seed: int, probed: int) -> None:
        pages_compared, with_orders = await compared(store, seed)
        assert pages_compared == FILTERS_CHOSEN
        assert with_orders > FILTERS_CHOSEN // 2

    @pytest.mark.prove
    @pytest.mark.parametrize("seed", range(100, 120))
    async def test_is_what_plain_python_finds_in_larger_books(self, store: Store, seed: int, probed: int) -> None:
        pages_compared, with_orders = await compared(store, seed)
        assert pages_compared == FILTERS_CHOSEN
        assert with_orders > FILTERS_CHOSEN // 2

    @pytest.mark.parametrize("sort", ["created", "updated"])
    async def test_lies_no_deeper_than_half_way(self, store: Store, monkeypatch: pytest.MonkeyPatch, sort: str) -> None:
        """Where it is known how many orders there are, a page is walked to from the nearer end."""
        monkeypatch.setattr(pages, "DEEP_OFFSET", 1)
        _, context = await stocked(store, 21, 40)
        status = str(context[0].status)
        for filters in (Filters(), Filters(door="s2"), Filters(status=status), Filters(door="hub", status=status)):
            for ascending in (False, True):
                wanted = model(context, filters, sort=sort, ascending=ascending)
                for offset, limit in product(range(len(wanted) + 3), (1, 7, 50)):
                    async with store.reading() as tx:
                        noting = Noting(tx)
                        found = await read_page(
                            noting, ONE, filters, limit=limit, offset=offset, sort=sort, ascending=ascending
                        )
                    assert found == OrderPage(wanted[offset : offset + limit])
                    if filters in (Filters(), Filters(door="s2")) and (sort == "created" or filters == Filters()):
                        assert noting.passed <= len(wanted) // 2

    async def test_of_any_of_several_choices_is_what_plain_python_finds(self, store: Store) -> None:
        random, context = await stocked(store, 10, 70)
        for _ in range(30):
            name = random.choice(("status", "door", "archived"))
            there = sorted({getattr(order, name) if name != "door" else order.source.door for order in context})
            beside = {
                each: value_of(random, each, context)
                for each in random.sample(NAMES, random.randrange(2))
                if each != name
            }
            values = random.sample(there, random.randrange(1, min(3, len(there)) + 1))
            asked = [Filters(**{name: value if name == "archived" else str(value)} | beside) for value in values]
            sort, ascending = random.choice(("created", "updated")), random.random() < 0.5
            fitting = [order for filters in asked for order in model(context, filters)]
            wanted = model(fitting, Filters(), sort=sort, ascending=ascending)
            offset, limit = random.randrange(len(wanted) + 2), random.choice((1, 7, 99))
            async with store.reading() as tx:
                found = await read_page_of(tx, ONE, asked, limit=limit, offset=offset, sort=sort, ascending=ascending)
            assert found.orders == wanted[offset : offset + limit], (asked, sort, ascending)

    @pytest.mark.parametrize("rows", [1, 8])
    async def test_is_walked_to_the_end_while_orders_arrive(
        self, store: Store, scan: Callable[[int], None], rows: int, probed: int
    ) -> None:
        random, context = await stocked(store, 3 + rows, 40)
        id_generator, at = IdGenerator(2), context[-1].created_at + 1000
        scan(rows)
        for filters in choices(random, context, pairs=15):
            wanted, walked = model(context, filters), []
            before, limit, turns = None, random.choice((1, 2, 5, 50)), 0
            while True:
                async with store.reading() as tx:
                    some = await read_page(tx, ONE, filters, before=before, limit=limit)
                    states, last = await read_hashes(tx, ONE, filters, before=before, limit=limit)
                assert (list(states.items()), last) == (states_of(some.orders), some.last)
                walked += some.orders
                assert len(some.orders) <= limit
                turns += 1
                assert turns < 200, "it never ends"
                if len(some.orders) == limit:
                    before = some.orders[-1].order_id
                elif some.last is not None:
                    before = some.last
                else:
                    break
                if turns == 1:
                    at += 1000
                    context.append(made(random, id_generator, at))
                    await put(store, context[-1])
            assert numbers(walked) == numbers(wanted), (filters, limit)

    async def test_looks_through_more_where_it_must_be_whole(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        random, context = await stocked(store, 14, 40)
        monkeypatch.setattr(planner, "MAX_ENTRIES_SCANNED", 5)
        ended = 0
        for filters in choices(random, context, pairs=20):
            async with store.reading() as tx:
                whole = await read_page(tx, ONE, filters, limit=500, is_complete=True)
                some = await read_page(tx, ONE, filters, limit=500)
            assert whole == OrderPage(model(context, filters))
            ended += some.last is not None
        assert ended > 10

    async def test_says_where_it_stopped_looking_and_never_leaves_out_silently(
        self, store: Store, scan: Callable[[int], None], probed: int
    ) -> None:
        random, context = await stocked(store, 9, 40)
        scan(10)
        stopped = 0
        for filters in choices(random, context, pairs=10):
            for sort, ascending in (("created", True), ("updated", False), ("updated", True)):
                wanted = model(context, filters, sort=sort, ascending=ascending)
                async with store.reading() as tx:
                    some = await read_page(tx, ONE, filters, limit=500, sort=sort, ascending=ascending)
                assert some.orders == wanted[: len(some.orders)]
                assert some.last is not None or some.orders == wanted
                stopped += some.last is not None
        assert stopped > 20


class TestChanges:
    """Pages by receipt of what changed in some time."""

    async def test_are_walked_only_where_they_are_few(self, store: Store, probed: int) -> None:
        _, context = await stocked(store, 11, 40)
        by_change = sorted(order.updated_at for order in context)
        for first, last in ((by_change[0], by_change[-1] + 1), (by_change[10], by_change[12])):
            filters = Filters(updated_from=first, updated_to=last)
            few = sum(first <= at < last for at in by_change) < probed
            for given, other in ((filters, None), (msgspec.structs.replace(filters, status="open"), "status")):
                names = query.filter_names(given)
                async with store.reading() as tx:
                    walked, length = await planner.choose_index(
                        tx, ONE, names, query.filter_values(given, names), "created"
                    )
                if not few:
                    assert walked == other
                elif other is None:
                    assert (walked, length) == (UPDATED_INDEX, sum(first <= at < last for at in by_change))

    async def test_are_found_whatever_the_filters_beside_them(self, store: Store, probed: int) -> None:
        random, context = await stocked(store, 12, 60)
        for name in NAMES:
            moments = sorted(value_of(random, "updated_from", context) for _ in range(2))
            filters = Filters(
                **{"updated_from": moments[0], "updated_to": moments[1]} | {name: value_of(random, name, context)}
            )
            wanted, limit = model(context, filters), random.choice((1, 3, 50))
            walked: list[Order] = []
            async with store.reading() as tx:
                while len(walked) < len(wanted):
                    before = walked[-1].order_id if walked else None
                    some = await read_page(tx, ONE, filters, before=before, limit=limit)
                    assert some.orders
                    walked += some.orders
                assert await pages.count(tx, ONE, filters) == len(wanted)
            assert numbers(walked) == numbers(wanted), filters

    async def test_are_counted_without_looking_at_orders(self, store: Store, scan: Callable[[int], None]) -> None:
        _, context = await stocked(store, 13, 40)
        scan(3)
        middle = sorted(order.updated_at for order in context)[20]
        async with store.reading() as tx:
            for filters in (Filters(updated_from=middle), Filters(updated_to=middle)):
                assert await pages.count(tx, ONE, filters) == len(model(context, filters))


class TestCount:
    async def test_is_what_plain_python_counts(self, store: Store, probed: int) -> None:
        random, context = await stocked(store, 4, 70)
        async with store.reading() as tx:
            for filters in choices(random, context):
                assert await pages.count(tx, ONE, filters) == len(model(context, filters)), filters
            kept = Counter((order.source.door, str(order.status)) for order in context)
            assert await order_counts.counts(tx, ONE) == kept

    async def test_stops_where_it_would_cost_too_much(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        _, context = await stocked(store, 5, 40)
        monkeypatch.setattr(planner, "MAX_COUNT", 7)
        async with store.reading() as tx:
            assert await pages.count(tx, ONE, Filters(archived=False)) == 7
            assert await pages.count(tx, ONE, Filters()) == len(context)

    async def test_is_kept_through_any_changes_of_it(self, store: Store) -> None:
        random, kept = Random(6), Counter[tuple[str, str]]()
        async with store.writing() as tx:
            for _ in range(40):
                keys = random.sample([(door, status) for door in ("a", "b") for status in ("x", "y")], 2)
                changes = {key: random.choice((1, 2, -1)) for key in keys}
                kept.update(changes)
                await order_counts.add_counts(tx, ONE, changes)
            assert await order_counts.counts(tx, ONE) == {key: number for key, number in kept.items() if number}
            assert await order_counts.counts(tx, OTHER) == {}


class TestDue:
    async def test_gives_the_orders_whose_time_has_come_the_most_overdue_first(self, store: Store) -> None:
        _, context = await stocked(store, 7, 70)
        timed = sorted((order.due_at, order.order_id) for order in context if order.due_at is not None)
        assert len(timed) > 5
        async with store.reading() as tx:
            for now in {at for at, _ in timed} | {NOW_US - 1}:
                found = await orders.due(tx, ONE, now=now, limit=100)
                assert sorted(found) == sorted(each for at, each in timed if at <= now)
                first = await orders.due(tx, ONE, now=now, limit=2)
                by_id = {each: at for at, each in timed}
                assert [by_id[each] for each in first] == [at for at, _ in timed if at <= now][:2]
