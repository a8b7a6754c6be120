"""A database that orders came into before they could move is brought to the newest schema: nothing lost, all made good."""

from collections import Counter
from decimal import Decimal
from itertools import islice
from typing import Any

import msgspec
import pytest
from alembic import command
from sqlalchemy import Column, MetaData, Table, func, select

from crossdock import app
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
from crossdock.flows import verification
from crossdock.settings import load
from crossdock.store import event_log, order_counts, orders, schema, tenants
from crossdock.store.event_log import NewEvent
from crossdock.store.order_query import pages, word_search
from crossdock.store.order_query.query import Filters, OrderQuery
from crossdock.store.protocols import Statement, Store
from crossdock.store.schema import open_store
from crossdock.store.tables import event as event_table
from crossdock.store.tables import order_count, order_line, order_term
from crossdock.store.tables import orders as order_table
from tests.store.samples import NOW_US, ONE, OTHER, full_content, full_order

# What 0002 and 0006 added to the orders of 0001.
NEW = ("tags", "archived", "due_at", "balanced")
OLD = Table(
    "orders", MetaData(), *(Column(each.name, each.type) for each in order_table.columns if each.name not in NEW)
)
OF_0004 = Table(
    "orders", MetaData(), *(Column(each.name, each.type) for each in order_table.columns if each.name != "balanced")
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


@pytest.fixture
async def migrated(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a store that was filled at 0001 and brought to the newest schema since."""
    old = await open_at("0001", empty_database, monkeypatch)
    await fill(old, old_book())
    await old.close()
    store = await open_store(empty_database)
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

    async def test_a_migrated_database_passes_verification(self, migrated: Store, empty_database: str) -> None:
        async with migrated.writing() as tx:
            for organization_id in (ONE, OTHER):
                of_name = f"org-{organization_id}"
                await tenants.add_organization(tx, tenants.Organization(organization_id, of_name, of_name, 1, 1))
        async with app.open_context(load({}, database=empty_database)) as context:
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

    def test_every_migration_has_a_test(self) -> None:
        assert schema.HEAD == "0008", "write a test for the newer migration too"
