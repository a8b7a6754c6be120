"""A database that orders came into before they could move is brought to the newest schema: nothing lost, all made good."""

import asyncio
import os
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from functools import cache
from itertools import count, islice
from pathlib import Path
from typing import Any

import msgspec
import pytest
from alembic import command
from sqlalchemy import Column, MetaData, Table, func, select

from crossdock import app
from crossdock.core.catalog import shipping_methods
from crossdock.core.catalog.shipping_methods import ShippingMethod, decode_method
from crossdock.core.events import CHAIN_START, ORDER, Event
from crossdock.core.money import reconcile
from crossdock.core.orders import events
from crossdock.core.orders.events import Received
from crossdock.core.orders.model import (
    Content,
    Customer,
    Destination,
    Hold,
    Line,
    Order,
    Reference,
    Source,
    Totals,
    initial_counters,
)
from crossdock.core.orders.status import Counters
from crossdock.core.retry_policy import State
from crossdock.core.stock.model import Level
from crossdock.doors.fabric import examples_lists
from crossdock.doors.fabric.mapping_shipping import body_of
from crossdock.flows import verification
from crossdock.settings import load
from crossdock.store import (
    access_log,
    allocations,
    catalog,
    deliveries,
    event_log,
    order_counts,
    orders,
    schema,
    stock,
    tenants,
)
from crossdock.store.access_log import AccessEntry, AccessFilter
from crossdock.store.deliveries import Delivery
from crossdock.store.event_log import NewEvent
from crossdock.store.order_query import pages, word_search
from crossdock.store.order_query.query import Filters, OrderQuery
from crossdock.store.protocols import Statement, Store
from crossdock.store.schema import open_store
from crossdock.store.tables import catalog_entry, order_count, order_line, order_term, stock_level
from crossdock.store.tables import event as event_table
from crossdock.store.tables import orders as order_table
from tests.databases import administer, renamed
from tests.store.samples import NOW_US, ONE, OTHER, full_content, full_order, order

# What 0002, 0006, 0009 and 0010 added to the orders of 0001.
NEW = ("tags", "archived", "due_at", "balanced", "allocations", "progress")
OLD = Table(
    "orders", MetaData(), *(Column(each.name, each.type) for each in order_table.columns if each.name not in NEW)
)
OF_0004 = Table(
    "orders",
    MetaData(),
    *(
        Column(each.name, each.type)
        for each in order_table.columns
        if each.name not in ("balanced", "allocations", "progress")
    ),
)
# What 0009 added to the catalog, and to the stock levels of 0008.
OF_0008 = Table(
    "catalog_entry",
    MetaData(),
    *(Column(each.name, each.type) for each in catalog_entry.columns if each.name != "version"),
)
LEVEL_OF_0008 = Table(
    "stock_level",
    MetaData(),
    *(Column(each.name, each.type) for each in stock_level.columns if each.name != "unlimited"),
)
# What 0003 and 0004 added to the events of 0001, which were of orders alone.
NEW_OF_EVENT = ("position", "status", "source", "aggregate_type")
OLD_EVENT = Table(
    "event",
    MetaData(),
    *(
        Column("order_id" if each.name == "aggregate_id" else each.name, each.type)
        for each in event_table.columns
        if each.name not in NEW_OF_EVENT
    ),
)
_REAL = Statement(
    select(order_table.c.organization_id, order_table.c.door, order_table.c.status, func.count()).group_by(
        order_table.c.organization_id, order_table.c.door, order_table.c.status
    )
)
_KEPT = Statement(select(*(order_count.c[name] for name in ("organization_id", "door", "status", "orders"))))
_TERMS = Statement(select(order_term))
_EMAILS = Statement(select(order_table.c.email_key))
_TYPES = Statement(select(event_table.c.aggregate_type, func.count()).group_by(event_table.c.aggregate_type))
_encode = msgspec.json.Encoder(decimal_format="number").encode
_replace = msgspec.structs.replace


def old_story(
    organization_id: int, order_id: int, *, holds: int, allocated: bool, number: str
) -> tuple[Order, list[Event]]:
    """Return an order and its events as intake of 0001 wrote them: one event a hold, in the first version of its payload."""
    content = full_content(number) if order_id % 7 == 0 else Content(
        number=number, lines=(Line(2, sku="s"), Line(1)), customer=Customer("C-1", f"Ann Lee{order_id}"),
        totals=Totals(items=Decimal(3), total=Decimal(order_id % 5)),
        destinations=(Destination(location_ref="W1"),), references=(Reference("po", f"PO {order_id}"),),
    )  # fmt: skip
    placed = tuple(Hold(f"h{place}", NOW_US) for place in range(holds))
    counters = tuple(
        Counters(each.ordered, allocated=each.ordered) if allocated else each for each in initial_counters(content)
    )
    country = content.destinations[0].address.country if content.destinations[0].address else None
    order_events: list[tuple[str, bytes]] = [("order.received", _encode(Received(submission_id=5, content=content)))]
    order_events += [("order.held", _encode({"hold": hold})) for hold in placed]
    if allocated:
        order_events.append(("order.allocated", _encode({"location_ref": "W1", "counters": counters})))
    document, before = [], CHAIN_START
    for place, (name, payload) in enumerate(order_events, 1):
        event = Event(organization_id, ORDER, order_id, place, place, name, 1, NOW_US, "me", "s2", payload, b"")
        before = events.chain_hash(before, event)
        document.append(_replace(event, hash=before))
    order = Order(
        organization_id=organization_id, order_id=order_id, version=1, created_at=NOW_US, updated_at=NOW_US,
        source=Source("s2", 5, "me", country), content=content, counters=counters, holds=placed,
        event_number=len(document), event_hash=before,
    )  # fmt: skip
    return order, document


@cache
def old_book() -> list[tuple[Order, list[Event]]]:
    """Return more orders than the migration holds in memory at a time, of two organizations."""
    return [
        old_story(
            organization_id, order_id, holds=order_id % 3, allocated=order_id % 2 == 0, number=f"N-{order_id % 50}"
        )
        for organization_id, most in ((ONE, 700), (OTHER, 40))
        for order_id in range(1, most)
    ]


async def fill(store: Store, context: list[tuple[Order, list[Event]]]) -> None:
    """Insert orders as migration 0001 stored them."""
    async with store.writing() as tx:
        rows = []
        for order, _ in context:
            row = list(msgspec.structs.astuple(orders.order_row(order)))[: -len(NEW)]
            plain = [{"reason": hold.reason, "at": hold.at} for hold in order.holds]
            row[order_table.columns.keys().index("holds")] = _encode(plain) if plain else None
            rows.append(row)
        await tx.insert(OLD, rows)
        await tx.insert(order_line, [line for order, _ in context for line in orders.line_rows(order)])
        await tx.insert(OLD_EVENT, [_old_row(event) for _, document in context for event in document])


def _old_row(event: Event) -> tuple[Any, ...]:
    fields = msgspec.structs.asdict(event)
    del fields["aggregate_type"]
    return tuple(fields.values())


async def open_at(revision: str, url: str, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Open a new database with the schema of an earlier revision."""
    upgrade = command.upgrade
    with monkeypatch.context() as then:
        then.setattr(schema, "_create", schema._upgrade)
        then.setattr(command, "upgrade", lambda config, _: upgrade(config, revision))
        return await open_store(url)


async def migrate(url: str) -> None:
    """Fill a database at 0001 and bring it to the newest schema."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        old = await open_at("0001", url, monkeypatch)
    await fill(old, old_book())
    await old.close()
    await (await open_store(url)).close()


@pytest.fixture(scope="module")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an SQLite file that was migrated."""
    path = tmp_path_factory.mktemp("migrated") / "migrated.db"
    asyncio.run(migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="module")
def migrated_template(postgres_url: str) -> Iterator[str]:
    """Return the name of a PostgreSQL database that was migrated."""
    name = f"migrated_{os.getpid()}"
    asyncio.run(administer(postgres_url, f"CREATE DATABASE {name}"))
    asyncio.run(migrate(renamed(postgres_url, name)))
    yield name
    asyncio.run(administer(postgres_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def migrated_database(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a database like the one that was migrated, which takes a hundredth of the time of migrating."""
    if engine == "sqlite":
        yield f"sqlite:///{shutil.copy(request.getfixturevalue('migrated_file'), tmp_path)}"
        return
    url, template = request.getfixturevalue("postgres_url"), request.getfixturevalue("migrated_template")
    name = f"{template}_{next(_numbers)}"
    asyncio.run(administer(url, f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield renamed(url, name)
    asyncio.run(administer(url, f"DROP DATABASE {name} WITH (FORCE)"))


_numbers = count(1)


@pytest.fixture
async def migrated(migrated_database: str) -> AsyncIterator[Store]:
    """Return a store that was filled at 0001 and brought to the newest schema since."""
    store = await open_store(migrated_database)
    yield store
    await store.close()


class TestToOrdersThatMove:
    async def test_every_order_survives_the_migration_of_orders(self, migrated: Store) -> None:
        context = old_book()
        async with migrated.reading() as tx:
            for order, document in islice(context, 0, None, 13):
                found = await orders.get(tx, order.organization_id, order_id=order.order_id)
                assert found is not None
                unnumbered = tuple(_replace(hold, number=0) for hold in found.holds)
                assert _replace(found, holds=unnumbered) == order
                assert await event_log.events(tx, order.organization_id, aggregate_id=order.order_id) == document

    async def test_the_migration_adds_the_search_terms_of_every_order(self, migrated: Store) -> None:
        wanted = Counter(
            (order.organization_id, term, order.order_id) for order, _ in old_book() for term in orders.terms_of(order)
        )
        async with migrated.reading() as tx:
            assert Counter(tuple(row) for row in await tx.rows(_TERMS)) == wanted
            found = await word_search.search(tx, ONE, ["lee5"], Filters(), before=None, limit=9)
            assert [order.order_id for order in found.orders] == [5]

    async def test_the_migration_counts_the_orders(self, migrated: Store) -> None:
        async with migrated.reading() as tx:
            real = sorted(tuple(row) for row in await tx.rows(_REAL))
            assert sorted(tuple(row) for row in await tx.rows(_KEPT)) == real
            assert sum((await order_counts.counts(tx, ONE)).values()) == await pages.count(tx, ONE, Filters()) == 699
            assert await pages.count(tx, OTHER, Filters()) == 39

    async def test_migrated_orders_are_rebuilt_from_their_log(self, migrated: Store) -> None:
        """Holds have the number of the event that placed them now: a release must find them, here and in the log."""
        async with migrated.reading() as tx:
            for order, document in islice(old_book(), 0, None, 13):
                assert events.rebuild(document) == await orders.get(tx, order.organization_id, order_id=order.order_id)


class TestToOthersHear:
    @pytest.mark.parametrize("organization_id", [ONE, OTHER])
    async def test_the_migration_gives_every_event_a_feed_position(self, migrated: Store, organization_id: int) -> None:
        """Positions from 1 without gaps, in the order of the event ids, and new events go on from there."""
        wanted = [
            event for order, document in old_book() if order.organization_id == organization_id for event in document
        ]
        wanted.sort(key=lambda event: (event.event_id, event.aggregate_id, event.number))
        async with migrated.writing() as tx:
            found, upto = await event_log.feed(tx, organization_id, after=0, limit=5_000)
            assert [entry.event for entry in found] == wanted
            assert [entry.position for entry in found] == list(range(1, len(wanted) + 1))
            assert upto == len(wanted)
            more = _replace(wanted[0], number=99)
            await event_log.add_events(tx, organization_id, [NewEvent(more, "open", "s2")])
            found, _ = await event_log.feed(tx, organization_id, after=len(wanted), limit=9)
            assert [(entry.position, entry.event) for entry in found] == [(len(wanted) + 1, more)]

    async def test_the_migration_stores_with_every_event_the_status_after_it(self, migrated: Store) -> None:
        wanted = {
            (event.organization_id, event.aggregate_id, event.number): (str(order.status), "s2")
            for _, document in old_book()
            for event, order in events.replay(document)
        }
        async with migrated.reading() as tx:
            for organization_id in (ONE, OTHER):
                found, _ = await event_log.feed(tx, organization_id, after=0, limit=5_000)
                for entry in found:
                    key = (organization_id, entry.event.aggregate_id, entry.event.number)
                    assert wanted.pop(key) == (entry.status, entry.source)
        assert not wanted

    async def test_a_migrated_database_passes_verification(self, migrated: Store, migrated_database: str) -> None:
        async with migrated.writing() as tx:
            for organization_id in (ONE, OTHER):
                of_name = f"org-{organization_id}"
                await tenants.add_organization(tx, tenants.Organization(organization_id, of_name, of_name, 1, 1))
        async with app.open_context(load({}, database=migrated_database)) as context:
            found = await verification.verify(context)
        assert (found.orders, found.broken) == (len(old_book()), ())


class TestToOrderBalanced:
    async def test_the_migration_finds_the_orders_whose_totals_do_not_add_up(self, migrated: Store) -> None:
        wanted = {
            order.order_id
            for order, _ in old_book()
            if order.organization_id == ONE and not reconcile(order.content).balanced
        }
        assert 0 < len(wanted) < 600
        async with migrated.reading() as tx:
            found = await pages.page(tx, ONE, OrderQuery(any_of=(Filters(balanced=False),), limit=1_000))
            assert {order.order_id for order in found.orders} == wanted
            assert await pages.count(tx, ONE, Filters(balanced=True)) == 699 - len(wanted)


class TestToAggregates:
    async def test_every_event_of_before_is_of_an_order(self, migrated: Store) -> None:
        number = sum(len(recorded) for _, recorded in old_book())
        async with migrated.reading() as tx:
            assert [tuple(row) for row in await tx.rows(_TYPES)] == [(ORDER, number)]


class TestToSearchTerms:
    async def test_terms_and_addresses_are_made_anew_and_tags_stay(
        self, empty_database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        placed = full_order()
        former = [(ONE, term, placed.order_id) for term in (" vip", "ann", "lee,")]
        old = await open_at("0004", empty_database, monkeypatch)
        async with old.writing() as tx:
            rows = orders.rows_of(placed)
            row = msgspec.structs.asdict(_replace(rows.order, email_key=" Ann@Example.com"))
            await tx.insert(OF_0004, [tuple(row[name] for name in OF_0004.columns.keys())])  # noqa: SIM118
            await tx.insert(order_line, rows.lines)
            await tx.insert(order_term, former)
        await old.close()
        store = await open_store(empty_database)
        async with store.reading() as tx:
            terms = sorted(tuple(row) for row in await tx.rows(_TERMS))
            emails = [row["email_key"] for row in await tx.rows(_EMAILS)]
        await store.close()
        made = [(ONE, term, placed.order_id) for term in orders.terms_of(_replace(placed, tags=("vip",)))]
        assert (terms, emails) == (sorted(made), ["ann@example.com"])


class TestToAllocation:
    async def test_what_was_there_is_as_before_and_nothing_waits(
        self, empty_database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        level = Level(ONE, 7, "MUG", "W1", on_hand=5)
        old = await open_at("0008", empty_database, monkeypatch)
        async with old.writing() as tx:
            await tx.insert(OF_0008, [(ONE, "product", "k", "n", "s", 1, 2, 3, b"{}")])
            values = msgspec.structs.asdict(level) | {"counters": None, "reserved": 0}
            await tx.insert(LEVEL_OF_0008, [tuple(values[name] for name in LEVEL_OF_0008.columns.keys())])  # noqa: SIM118
        await old.close()
        store = await open_store(empty_database)
        async with store.reading() as tx:
            assert await stock.by_skus(tx, ONE, ["MUG"]) == [level]
            (entry,) = await catalog.entries(tx, ONE, kind="product", keys=["k"])
            assert (entry.version, entry.document) == (1, b"{}")
            assert await allocations.waiting_sku_keys(tx, ONE) == set()
        await store.close()


class TestToFulfillment:
    async def test_orders_that_were_there_have_no_fulfillments_and_can_be_changed(
        self, empty_database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        placed = order(5)
        old = await open_at("0009", empty_database, monkeypatch)
        async with old.writing() as tx:
            rows = orders.rows_of(placed)
            row = msgspec.structs.asdict(rows.order)
            columns = [name for name in order_table.columns.keys() if name != "progress"]  # noqa: SIM118
            table = Table("orders", MetaData(), *(Column(name, order_table.c[name].type) for name in columns))
            await tx.insert(table, [tuple(row[name] for name in columns)])
            await tx.insert(order_line, rows.lines)
        await old.close()
        store = await open_store(empty_database)
        async with store.writing() as tx:
            found = await orders.get(tx, ONE, order_id=5)
            assert found == placed
            after = _replace(full_order(order_id=5), version=2)
            assert await orders.replace(tx, orders.rows_of(after), before=placed)
            assert await orders.get(tx, ONE, order_id=5) == after
        await store.close()


class TestToShippingMethods:
    async def test_methods_of_fabric_are_those_of_the_organization_and_stay_linked(
        self, empty_database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent = examples_lists.METHOD | {"shippingMethodId": "m/1", "deleted": False, "mine": {"x": 1}}
        gone = sent | {"shippingMethodId": "m/2", "deleted": True, "cutOffTime": 5, "cost": Decimal("9.50")}
        link = (ONE, "fabric/shipping_item", "a/1", "1", "a", 3, 4, 5, b'{"itemId":"1"}', 1)
        old = await open_at("0010", empty_database, monkeypatch)
        async with old.writing() as tx:
            for organization_id in (ONE, OTHER):
                rows = [
                    (organization_id, "fabric/shipping_method", each["shippingMethodId"], "n", "", place, 2, 3, _encode(each),
                     7)
                    for place, each in enumerate((sent, gone), 1)
                ]  # fmt: skip
                await tx.insert(catalog_entry, rows)
            await tx.insert(catalog_entry, [link])
        await old.close()
        store = await open_store(empty_database)
        async with store.reading() as tx:
            for organization_id in (ONE, OTHER):
                keys = ["m/1", "m/2"]
                found = await catalog.entries(tx, organization_id, kind=shipping_methods.KIND, keys=keys)
                live, deleted = sorted(found, key=lambda each: each.key)
                assert (live.version, live.created_at, live.updated_at, live.search) == (7, 2, 3, "m/1\nexpress")
                method = decode_method(live.document)
                assert method == ShippingMethod(
                    "m/1", name="Express", min_days=2, max_days=5, cost=Decimal("9.5"), cutoff_time="13:30",
                    door_fields=method.door_fields,
                )  # fmt: skip
                assert body_of(method) == sent
                assert body_of(decode_method(deleted.document)) == gone
            (linked,) = await catalog.entries(tx, ONE, kind="fabric/shipping_item", keys=["a/1"])
            assert msgspec.structs.astuple(linked) == link
            assert await catalog.entries(tx, ONE, kind="fabric/shipping_method", keys=keys) == []
        await store.close()


class TestToDeliveriesOfAnOrder:
    async def test_deliveries_of_0011_are_found_by_their_order(
        self, empty_database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        of_order = Delivery(ONE, 7, 9, 5, 2, 11, "order.held", State.DELIVERED, 1, None, None, NOW_US, NOW_US)
        old = await open_at("0011", empty_database, monkeypatch)
        async with old.writing() as tx:
            await deliveries.add(tx, [of_order, _replace(of_order, delivery_id=10, order_id=6)])
        await old.close()
        store = await open_store(empty_database)
        async with store.reading() as tx:
            assert await deliveries.of_order(tx, ONE, order_id=5, limit=9) == [of_order]
            assert await deliveries.of_orders(tx, ONE, endpoint_id=7, order_ids=[5], limit=9) == [of_order]
        await store.close()


class TestToTheAccessLog:
    async def test_a_database_of_0012_takes_entries(self, empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
        entry = AccessEntry(ONE, 7, NOW_US, "c", "client", None, "hub", "getOrder", "read", 5, None, 200)
        await (await open_at("0012", empty_database, monkeypatch)).close()
        store = await open_store(empty_database)
        async with store.writing() as tx:
            await access_log.add(tx, [entry])
            assert await access_log.page(tx, ONE, wanted=AccessFilter(order_id=5), before=99, limit=9) == (
                [entry],
                None,
            )
        await store.close()


def test_every_migration_has_a_test() -> None:
    assert schema.HEAD == "0013", "write a test for the newer migration too"
