"""Pages, counts and searches against plain Python over the same orders: every filter, every pair, every way to scan."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
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
    Totals,
)
from crossdock.core.orders.status import Counters
from crossdock.store import order_counts
from crossdock.store.order_query import pages, planner, query
from crossdock.store.order_query.query import Filters, OrderPage
from crossdock.store.order_query.statements import UPDATED_INDEX
from crossdock.store.protocols import Row, Statement, Store, Transaction
from tests.store.samples import NOW_US, ONE, OTHER, put, read_hashes, read_page, read_page_of

NAMES = Filters.__struct_fields__
FILTERS_CHOSEN = 1 + len(NAMES) + 91 + 10  # none, each, every pair of them, and ten of three
# Few values, so that they meet: in one case and the other, one inside another, and some that look like something else.
NUMBERS = ("A-1", "a-1", "B-2", "PO 7", "#vip")
EMAILS = ("Ann@Example.com", "ann@example.com", "bob@example.com", None)
SKUS = ("s-1", "S-1", "s-2", None)
LOCATIONS = ("W1", "W2", None)
PEOPLE = ("Ann Lee", "ann", "Zoë  van Lee", "Lee, Ann (work)", "", None)
REFERENCES = ("po-7", "PO-7", "vip", "#vip", "s-1", " ", "1Z 999")
TAGS = ("vip", "VIP", "rush")
LINES = (
    Counters(3), Counters(3, canceled=3), Counters(3, allocated=1), Counters(3, allocated=3), Counters(3, shipped=1),
    Counters(3, shipped=3), Counters(3, shipped=3, delivered=3), Counters(3, backordered=2, canceled=1),
)  # fmt: skip


def random_order(random: Random, id_generator: IdGenerator, at: int, organization_id: int = ONE) -> Order:
    """Make a random order received at a time."""
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
        totals=random.choice((None, BALANCED, UNBALANCED)),
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


BALANCED = Totals(items=Decimal("5.00"), total=Decimal(5))
UNBALANCED = Totals(items=Decimal("5.00"), total=Decimal("5.01"))


def random_orders(random: Random, size: int) -> list[Order]:
    id_generator, at, placed = IdGenerator(1), NOW_US, []
    for _ in range(size):
        at += random.choice((0, 1, 400, 1000, 2500))
        placed.append(random_order(random, id_generator, at))
    return placed


# --------------------------------------------------------------------------------------------------------- plain Python
def words(order: Order) -> set[str]:
    """Return the terms that find an order: words of names, and whole numbers of other kinds."""
    content = order.content
    names = [content.customer.name] if content.customer else []
    names += [place.address.name for place in content.destinations if place.address]
    whole = [content.customer_number, *(each.value for each in content.references)]
    whole += [content.customer.customer_ref] if content.customer else []
    whole += [content.shipping.tracking_number] if content.shipping else []
    found = {word for name in names if name for word in re.findall(r"\w+", name.casefold())}
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
    "balanced": lambda order, value: (order.content.totals != UNBALANCED) == value,
    "term": lambda order, value: value.strip().casefold() in words(order),
    "tag": lambda order, value: value in order.tags,
}


def value_of(random: Random, name: str, placed: list[Order]) -> Any:
    """Choose a value for a filter, mostly one that some order has."""
    some = random.choice(placed)
    moment = random.choice((some.created_at, some.updated_at)) + random.choice((0, 0, 1, -1))
    simple = {
        "door": ("s2", "hub", "pb_oms"), "number": (*NUMBERS, "a"), "status": (str(some.status),),
        "email": ("ann@example.com", "BOB@example.com", "x"), "sku": ("s-1", "S-1", "s"), "location": ("W1", "W3"),
        "archived": (True, False), "balanced": (True, False),
        "term": ("LEE", "zoë", "po-7", "vip", "#vip", "c-1", "1z 999", "van lee"),
        "tag": (*TAGS, "Rush"),
    }  # fmt: skip
    return random.choice(simple[name]) if name in simple else moment


def model(placed: list[Order], filters: Filters, *, sort: str = "created", ascending: bool = False) -> list[Order]:
    left = [
        order
        for order in placed
        if all(
            TESTS[name](order, value) for name in NAMES if (value := getattr(filters, name)) is not None
        )
    ]  # fmt: skip
    key = (lambda each: (each.updated_at, each.order_id)) if sort == "updated" else (lambda each: (each.order_id,))
    return sorted(left, key=key, reverse=not ascending)


def choices(random: Random, placed: list[Order], *, pairs: int = 91) -> Iterator[Filters]:
    """Return no filter, every filter, pairs of filters (there are 91), and some of three."""
    chosen = [(), *((name,) for name in NAMES), *random.sample(list(combinations(NAMES, 2)), pairs)]
    chosen += random.sample(list(combinations(NAMES, 3)), 10)
    for names in chosen:
        yield Filters(**{name: value_of(random, name, placed) for name in names})


def numbers(found: list[Order]) -> list[int]:
    return [order.order_id for order in found]


async def store_random_orders(store: Store, seed: int, size: int) -> tuple[Random, list[Order]]:
    """Store random orders, and half of them for another organization too."""
    random = Random(seed)
    placed = random_orders(random, size)
    await put(store, *placed, *(msgspec.structs.replace(each, organization_id=OTHER) for each in placed[::2]))
    return random, placed


def hashes_of(some: list[Order]) -> list[tuple[int, bytes]]:
    """Return the orders' ids and the hashes of their last events, in the same order."""
    return [(order.order_id, order.event_hash) for order in some]


async def compare_pages(store: Store, seed: int) -> tuple[int, int]:
    """Compare pages with plain Python for every filter; give how many pages there were, and how many with an order."""
    random, placed = await store_random_orders(store, seed, 70)
    compared, filled = 0, 0
    for filters in choices(random, placed):
        ways = [("created", False), ("created", True), ("updated", False), ("updated", True)]
        for sort, ascending in random.sample(ways, 1):
            wanted = model(placed, filters, sort=sort, ascending=ascending)
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
                    hashes = await read_hashes(tx, ONE, filters, before=None, limit=limit, offset=offset)
                assert list(hashes[0].items()) == hashes_of(part.orders)
                assert hashes[1] == part.last
            compared += 1
            filled += bool(wanted)
    return compared, filled


@pytest.fixture(params=[1_000, 6])
def probe_limit(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Let the choice of an index count all its entries, or only few."""
    monkeypatch.setattr(planner, "PROBE_LIMIT", request.param)
    monkeypatch.setattr(planner, "MAX_CHANGES_SORTED", request.param)
    number: int = request.param
    return number


@pytest.fixture
def limit_scan(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return a function that sets how many index entries a page scans, complete or not."""

    def few(rows: int) -> None:
        monkeypatch.setattr(planner, "MAX_ENTRIES_SCANNED", rows)
        monkeypatch.setattr(planner, "MAX_ENTRIES_SCANNED_COMPLETE", rows)

    return few


class OffsetRecorder:
    """A transaction that records the largest offset of its statements."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self.most_skipped = 0

    async def rows(self, statement: Statement, /, **values: Any) -> Sequence[Row]:
        self.most_skipped = max(self.most_skipped, values.get("offset", 0))
        return await self._tx.rows(statement, **values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)


class TestPage:
    @pytest.mark.parametrize("seed", [1])
    async def test_a_page_is_what_plain_python_finds(self, store: Store, seed: int, probe_limit: int) -> None:
        pages_compared, with_orders = await compare_pages(store, seed)
        assert pages_compared == FILTERS_CHOSEN
        assert with_orders > FILTERS_CHOSEN // 2

    @pytest.mark.prove
    @pytest.mark.parametrize("seed", range(100, 120))
    async def test_a_page_of_many_orders_is_what_plain_python_finds(
        self, store: Store, seed: int, probe_limit: int
    ) -> None:
        pages_compared, with_orders = await compare_pages(store, seed)
        assert pages_compared == FILTERS_CHOSEN
        assert with_orders > FILTERS_CHOSEN // 2

    @pytest.mark.parametrize("sort", ["created", "updated"])
    async def test_a_deep_page_is_read_from_the_nearer_end(
        self, store: Store, monkeypatch: pytest.MonkeyPatch, sort: str
    ) -> None:
        """Where the number of orders is stored, no statement skips more than half of them."""
        monkeypatch.setattr(pages, "DEEP_OFFSET", 1)
        _, placed = await store_random_orders(store, 21, 40)
        status = str(placed[0].status)
        for filters in (Filters(), Filters(door="s2"), Filters(status=status), Filters(door="hub", status=status)):
            for ascending in (False, True):
                wanted = model(placed, filters, sort=sort, ascending=ascending)
                for offset, limit in product(range(len(wanted) + 3), (1, 7, 50)):
                    async with store.reading() as tx:
                        recorder = OffsetRecorder(tx)
                        found = await read_page(
                            recorder, ONE, filters, limit=limit, offset=offset, sort=sort, ascending=ascending
                        )
                    assert found == OrderPage(wanted[offset : offset + limit])
                    if filters in (Filters(), Filters(door="s2")) and (sort == "created" or filters == Filters()):
                        assert recorder.most_skipped <= len(wanted) // 2

    async def test_a_page_of_several_alternatives_is_what_plain_python_finds(self, store: Store) -> None:
        random, placed = await store_random_orders(store, 10, 70)
        for _ in range(30):
            name = random.choice(("status", "door", "archived"))
            there = sorted({getattr(order, name) if name != "door" else order.source.door for order in placed})
            beside = {
                each: value_of(random, each, placed)
                for each in random.sample(NAMES, random.randrange(2))
                if each != name
            }
            values = random.sample(there, random.randrange(1, min(3, len(there)) + 1))
            requested = [Filters(**{name: value if name == "archived" else str(value)} | beside) for value in values]
            sort, ascending = random.choice(("created", "updated")), random.random() < 0.5
            fitting = [order for filters in requested for order in model(placed, filters)]
            wanted = model(fitting, Filters(), sort=sort, ascending=ascending)
            offset, limit = random.randrange(len(wanted) + 2), random.choice((1, 7, 99))
            async with store.reading() as tx:
                found = await read_page_of(
                    tx, ONE, requested, limit=limit, offset=offset, sort=sort, ascending=ascending
                )
            assert found.orders == wanted[offset : offset + limit], (requested, sort, ascending)

    async def test_an_order_of_two_alternatives_is_on_the_page_once(self, store: Store) -> None:
        random, placed = await store_random_orders(store, 15, 60)
        for sort, ascending in product(("created", "updated"), (False, True)):
            any_of = [Filters(sku="s-1"), Filters(location="W1"), Filters(tag="vip")]
            fitting = {order.order_id for filters in any_of for order in model(placed, filters)}
            wanted = [
                each for each in model(placed, Filters(), sort=sort, ascending=ascending) if each.order_id in fitting
            ]
            offset, limit = random.randrange(9), random.choice((1, 7, 99))
            async with store.reading() as tx:
                found = await read_page_of(tx, ONE, any_of, limit=limit, offset=offset, sort=sort, ascending=ascending)
                ids = await pages.candidates(tx, ONE, any_of, limit=len(fitting))
                assert await pages.candidates(tx, ONE, any_of, limit=len(fitting) - 1) is None
            assert found == OrderPage(wanted[offset : offset + limit])
            assert ids == fitting

    async def test_a_page_of_alternatives_that_end_early_leaves_nothing_out_before(
        self, store: Store, limit_scan: Callable[[int], None], probe_limit: int
    ) -> None:
        random, placed = await store_random_orders(store, 16, 60)
        limit_scan(12)
        ended = 0
        for sort, ascending, limit in product(("created", "updated"), (False, True), (2, 50)):
            any_of = [Filters(door=door, archived=False, tag=random.choice(TAGS)) for door in ("s2", "hub", "fabric")]
            fitting = [order for filters in any_of for order in model(placed, filters)]
            wanted = model(fitting, Filters(), sort=sort, ascending=ascending)
            async with store.reading() as tx:
                found = await read_page_of(tx, ONE, any_of, limit=limit, sort=sort, ascending=ascending)
            assert found.orders == wanted[: len(found.orders)]
            assert found.last is not None or found.orders == wanted[:limit]
            ended += found.last is not None
        assert ended > 2

    @pytest.mark.parametrize("rows", [1, 8])
    async def test_following_pages_reads_every_order_once_while_orders_arrive(
        self, store: Store, limit_scan: Callable[[int], None], rows: int, probe_limit: int
    ) -> None:
        random, placed = await store_random_orders(store, 3 + rows, 40)
        id_generator, at = IdGenerator(2), placed[-1].created_at + 1000
        limit_scan(rows)
        for filters in choices(random, placed, pairs=6):
            wanted, seen = model(placed, filters), []
            before, limit, turns = None, random.choice((1, 2, 5, 50)), 0
            while True:
                async with store.reading() as tx:
                    some = await read_page(tx, ONE, filters, before=before, limit=limit)
                    hashes, last = await read_hashes(tx, ONE, filters, before=before, limit=limit)
                assert (list(hashes.items()), last) == (hashes_of(some.orders), some.last)
                seen += some.orders
                assert len(some.orders) <= limit
                turns += 1
                assert turns < 200, "the pages never end"
                if len(some.orders) == limit:
                    before = some.orders[-1].order_id
                elif some.last is not None:
                    before = some.last
                else:
                    break
                if turns == 1:
                    at += 1000
                    placed.append(random_order(random, id_generator, at))
                    await put(store, placed[-1])
            assert numbers(seen) == numbers(wanted), (filters, limit)

    async def test_a_page_that_must_be_complete_scans_more(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        random, placed = await store_random_orders(store, 14, 40)
        monkeypatch.setattr(planner, "MAX_ENTRIES_SCANNED", 5)
        ended = 0
        for filters in choices(random, placed, pairs=20):
            async with store.reading() as tx:
                whole = await read_page(tx, ONE, filters, limit=500, is_complete=True)
                some = await read_page(tx, ONE, filters, limit=500)
            assert whole == OrderPage(model(placed, filters))
            ended += some.last is not None
        assert ended > 10

    async def test_a_page_that_ends_early_says_where_and_leaves_nothing_out_before(
        self, store: Store, limit_scan: Callable[[int], None], probe_limit: int
    ) -> None:
        random, placed = await store_random_orders(store, 9, 40)
        limit_scan(10)
        stopped = 0
        for filters in choices(random, placed, pairs=10):
            for sort, ascending in (("created", True), ("updated", False), ("updated", True)):
                wanted = model(placed, filters, sort=sort, ascending=ascending)
                async with store.reading() as tx:
                    some = await read_page(tx, ONE, filters, limit=500, sort=sort, ascending=ascending)
                assert some.orders == wanted[: len(some.orders)]
                assert some.last is not None or some.orders == wanted
                stopped += some.last is not None
        assert stopped > 20


class TestChanges:
    """Pages by receipt of orders that changed in a range of time."""

    async def test_the_index_of_changes_is_scanned_only_for_few_changes(self, store: Store, probe_limit: int) -> None:
        _, placed = await store_random_orders(store, 11, 40)
        by_change = sorted(order.updated_at for order in placed)
        for first, last in ((by_change[0], by_change[-1] + 1), (by_change[10], by_change[12])):
            filters = Filters(updated_from=first, updated_to=last)
            few = sum(first <= at < last for at in by_change) < probe_limit
            for given, other in ((filters, None), (msgspec.structs.replace(filters, status="open"), "status")):
                names = query.filter_names(given)
                async with store.reading() as tx:
                    seen, length = await planner.choose_index(
                        tx, ONE, names, query.filter_values(given, names), "created"
                    )
                if not few:
                    assert seen == other
                elif other is None:
                    assert (seen, length) == (UPDATED_INDEX, sum(first <= at < last for at in by_change))

    async def test_changes_are_found_with_any_other_filter(self, store: Store, probe_limit: int) -> None:
        random, placed = await store_random_orders(store, 12, 60)
        for name in NAMES:
            moments = sorted(value_of(random, "updated_from", placed) for _ in range(2))
            filters = Filters(
                **{"updated_from": moments[0], "updated_to": moments[1]} | {name: value_of(random, name, placed)}
            )
            wanted, limit = model(placed, filters), random.choice((1, 3, 50))
            seen: list[Order] = []
            async with store.reading() as tx:
                while len(seen) < len(wanted):
                    before = seen[-1].order_id if seen else None
                    some = await read_page(tx, ONE, filters, before=before, limit=limit)
                    assert some.orders
                    seen += some.orders
                assert await pages.count(tx, ONE, filters) == len(wanted)
            assert numbers(seen) == numbers(wanted), filters

    async def test_changes_are_counted_in_their_index_alone(
        self, store: Store, limit_scan: Callable[[int], None]
    ) -> None:
        _, placed = await store_random_orders(store, 13, 40)
        limit_scan(3)
        middle = sorted(order.updated_at for order in placed)[20]
        async with store.reading() as tx:
            for filters in (Filters(updated_from=middle), Filters(updated_to=middle)):
                assert await pages.count(tx, ONE, filters) == len(model(placed, filters))


class TestCount:
    async def test_a_count_is_what_plain_python_counts(self, store: Store, probe_limit: int) -> None:
        random, placed = await store_random_orders(store, 4, 70)
        async with store.reading() as tx:
            for filters in choices(random, placed):
                assert await pages.count(tx, ONE, filters) == len(model(placed, filters)), filters
            kept = Counter((order.source.door, str(order.status)) for order in placed)
            assert await order_counts.counts(tx, ONE) == kept

    async def test_counting_stops_where_it_would_cost_too_much(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, placed = await store_random_orders(store, 5, 40)
        monkeypatch.setattr(planner, "MAX_COUNT", 7)
        async with store.reading() as tx:
            assert await pages.count(tx, ONE, Filters(archived=False)) == 7
            assert await pages.count(tx, ONE, Filters()) == len(placed)
