"""The figures of the first page, and searches by the beginning of a word."""

import msgspec
import pytest

from crossdock.core.ids import EPOCH_MS, IdGenerator
from crossdock.core.orders.model import Customer, Hold, Line, Order, Totals
from crossdock.core.orders.status import Counters
from crossdock.core.retry_policy import Health, State
from crossdock.core.stock.model import Level
from crossdock.store import allocations, deliveries, overview, sqlite, stock, submissions
from crossdock.store.allocations import Backorder
from crossdock.store.deliveries import Delivery, Endpoint
from crossdock.store.order_query import prefix_search
from crossdock.store.protocols import Statement, Store
from tests.store.samples import NOW_US, ONE, OTHER, D, order, put, submission

HOUR_US = 3_600_000_000


class TestArrivals:
    async def test_orders_are_counted_by_door_and_quarter_of_an_hour(self, store: Store) -> None:
        ids = IdGenerator(1)
        minutes = (0, 1, 14, 15, 59)
        placed = [order(ids.new(NOW_US + minute * 60_000_000)) for minute in minutes]
        placed.append(order(ids.new(NOW_US), OTHER))
        await put(store, *placed)
        door = placed[0].source.door
        async with store.reading() as tx:
            found = await overview.arrivals(tx, ONE, door=door, since=NOW_US, limit=9)
            assert found == {NOW_US: 3, NOW_US + 900_000_000: 1, NOW_US + 2_700_000_000: 1}
            later = await overview.arrivals(tx, ONE, door=door, since=NOW_US + 900_000_000, limit=9)
            assert sum(later.values()) == 2
            assert sum((await overview.arrivals(tx, ONE, door=door, since=NOW_US, limit=2)).values()) == 2
            assert await overview.arrivals(tx, ONE, door="none", since=NOW_US, limit=9) == {}
        assert NOW_US % 900_000_000 == 0
        assert EPOCH_MS % overview.QUARTER_MS == 0


def held(order_id: int, *reasons: str, **changes: object) -> Order:
    return order(order_id, holds=tuple(Hold(reason, NOW_US) for reason in reasons), **changes)


class TestOrders:
    async def test_archived_orders_are_left_out(self, store: Store) -> None:
        wrong = Totals(total=D("9"), items=D("1"))
        await put(
            store, order(1, archived=True), order(2, ship_by="2026-01-01"), order(3), held(4, "fraud", "stock"),
            held(5, "fraud", archived=True), order(6, totals=wrong), order(7, totals=wrong, archived=True), order(8, OTHER),
        )  # fmt: skip
        async with store.reading() as tx:
            assert await overview.oldest(tx, ONE, status="open", scanned=9, limit=2) == [2, 3]
            assert await overview.oldest(tx, ONE, status="open", scanned=1, limit=2) == []
            assert await overview.unarchived(tx, ONE, status="open", scanned=9, limit=9) == 3
            assert await overview.unarchived(tx, ONE, status="open", scanned=9, limit=2) == 2
            assert sorted(status for _, status in await overview.archived(tx, ONE, limit=9)) == [
                "on_hold",
                "open",
                "open",
            ]
            found = await overview.holds(tx, ONE, status="on_hold", limit=9)
            assert [[hold.reason for hold in holds] for holds in found] == [["fraud", "stock"]]
            assert await overview.unbalanced(tx, ONE, limit=9) == 1
            assert await overview.ship_by_dates(tx, ONE, [1, 2, 3, 8]) == {2: "2026-01-01"}
            assert await overview.ship_by_dates(tx, ONE, []) == {}

    async def test_waiting_orders_are_found_by_sku_and_counted(self, store: Store) -> None:
        lines = (Line(2, sku="A"), Line(1, sku="B"), Line(1, sku="A"))
        waiting = (Counters(2, backordered=1), Counters(1), Counters(1, backordered=1))
        await put(store, *(order(number, lines=lines, counters=waiting) for number in (1, 2)), order(3, lines=lines))
        async with store.writing() as tx:
            for number in (1, 2):
                await allocations.put_backorder(tx, Backorder(ONE, number, NOW_US, "", 0, 0, None))
            assert await overview.waiting_orders(tx, ONE, before=None, limit=9) == [2, 1]
            assert await overview.waiting_orders(tx, ONE, before=2, limit=9) == [1]
            assert await overview.waiting_orders(tx, ONE, sku="A", before=None, limit=9) == [2, 1]
            assert await overview.waiting_orders(tx, ONE, sku="B", before=None, limit=9) == []
            assert await overview.waiting_by_sku(tx, ONE, scanned=9) == {"A": 2}

    async def test_low_levels_are_counted(self, store: Store) -> None:
        async with store.writing() as tx:
            for number, (sku, threshold) in enumerate((("A", 5), ("B", 1), ("C", None))):
                level = Level(ONE, number + 1, sku, "W", on_hand=3, threshold=threshold)
                await stock.add(tx, level)
            assert await overview.low_levels(tx, ONE, scanned=9) == (1, 3)
            assert await overview.low_levels(tx, ONE, scanned=2) in ((1, 2), (0, 2))


class TestSubmissionsAndDeliveries:
    async def test_rejected_submissions_since_a_time_are_counted(self, store: Store) -> None:
        ids = IdGenerator(1)
        records = [
            msgspec.structs.replace(submission(1), submission_id=ids.new(NOW_US + hour * HOUR_US), status=status)
            for hour, status in ((0, "refused"), (2, "refused"), (3, "accepted"), (4, "redriven"))
        ]
        async with store.writing() as tx:
            await submissions.add_submissions(tx, records)
            assert await overview.refused(tx, ONE, since=NOW_US, limit=9) == 2
            assert await overview.refused(tx, ONE, since=NOW_US + HOUR_US, limit=9) == 1

    async def test_dead_and_stuck_deliveries_of_endpoints_are_counted(self, store: Store) -> None:
        async with store.writing() as tx:
            await deliveries.add_endpoint(tx, Endpoint(ONE, 7, 1, "webhook", "enabled", None, 0, Health(), 1, 1, b"{}"))
            dead = Delivery(ONE, 7, 1, 1, 1, 1, "t", State.DEAD, 9, None, None, NOW_US, ended_at=5)
            stuck = Delivery(ONE, 7, 2, 1, 2, 2, "t", State.PENDING, 1, 1, None, NOW_US)
            fresh = Delivery(ONE, 7, 3, 1, 3, 3, "t", State.PENDING, 1, 1, None, NOW_US + HOUR_US)
            await deliveries.add(tx, [dead, stuck, fresh])
            assert await overview.dead_deliveries(tx, ONE, endpoint_ids=[7, 8], limit=9) == 1
            assert await overview.stuck_deliveries(tx, ONE, endpoint_ids=[7], before=NOW_US + 1, limit=9) == 1
            assert await overview.dead_deliveries(tx, ONE, endpoint_ids=[], limit=9) == 0
            assert await overview.stuck_deliveries(tx, ONE, endpoint_ids=[], before=NOW_US + 1, limit=9) == 0


class TestPlans:
    @pytest.mark.parametrize(
        ("statement", "index"),
        [
            (overview._ARRIVALS, "ix_orders_organization_id_door_order_id"),
            (overview._OLDEST, "ix_orders_organization_id_status_order_id"),
            (overview._OLDEST, "ix_orders_archived"),
            (overview._UNARCHIVED, "ix_orders_organization_id_status_order_id"),
            (overview._ARCHIVED, "ix_orders_archived"),
            (overview._HELD, "ix_orders_organization_id_status_order_id"),
            (overview._UNBALANCED, "ix_orders_unbalanced"),
            (overview._WAITING_FOR_SKU, "sqlite_autoindex_backorder_1"),
            (overview._WAITING_BY_SKU, "sqlite_autoindex_backorder_1"),
            (overview._REFUSED, "ix_submission_refused"),
            (overview._DEAD, "ix_delivery_dead"),
            (overview._STUCK, "ix_delivery_open"),
            (
                prefix_search._statement(prefix_search.orders, "number_key"),
                "ix_orders_organization_id_number_key_order_id",
            ),
            (prefix_search._statement(prefix_search.orders, "email_key"), "ix_orders_email"),
        ],
    )
    def test_a_figure_is_read_from_the_index_made_for_it(
        self, sqlite_template: object, statement: Statement, index: str
    ) -> None:
        lists = {"ids", "endpoint_ids"}
        names = statement.names(sqlite._DIALECT)
        text, values = statement.bind(sqlite._DIALECT, {name: [1] if name in lists else 1 for name in names})
        connection = sqlite.connect(str(sqlite_template))
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", values)]
        connection.close()
        assert any(f"INDEX {index} " in line for line in plan), plan


class TestPrefixSearch:
    async def test_orders_are_found_by_the_beginning_of_a_number_sku_email_or_name(self, store: Store) -> None:
        customer = Customer("C-77", "Renée O'Connor", "Renee@Example.com")
        await put(
            store, order(1, number="WEB-10"), order(2, number="WEB-2", lines=(Line(1, sku="MUG-RED"),)),
            order(3, number="X", customer=customer), order(4, OTHER, number="WEB-3"),
        )  # fmt: skip
        async with store.reading() as tx:
            for word, expected in (
                ("WEB-1", [1]), ("web-", [2, 1]), ("mug", [2]), ("renee@ex", [3]), ("ren\u00e9", [3]), ("O'CON", [3]),
                ("ocon", [3]), ("c-7", [3]), ("zzz", []), ("%", []), ("web-2x", []),
            ):  # fmt: skip
                found, is_cut = await prefix_search.with_prefix(tx, ONE, word)
                assert (found, is_cut) == (expected, False), word

    async def test_only_so_many_values_are_read(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        await put(store, *(order(number, number=f"WEB-{number}") for number in range(1, 6)))
        monkeypatch.setattr(prefix_search, "ENTRIES", 3)
        async with store.reading() as tx:
            found, is_cut = await prefix_search.with_prefix(tx, ONE, "WEB-")
        assert (len(found), is_cut) == (3, True)

    def test_an_order_has_the_words_that_the_searches_find_it_by(self) -> None:
        sample = order(
            1, number="WEB-10", lines=(Line(1, sku="Mug"),), customer=Customer(name="Ann O'Hara", email="A@b.c")
        )
        for word in ("web-10", "WEB-10", "Mug", "ANN", "o'hara", "a@B.C"):
            assert prefix_search.has_word(sample, word), word
        for word in ("web-1", "mug-", "an", "b.c"):
            assert not prefix_search.has_word(sample, word), word
        for word in ("web-1", "Mu", "OH", "a@b", "an"):
            assert prefix_search.has_word(sample, word, is_prefix=True), word
        assert not prefix_search.has_word(sample, "hara", is_prefix=True)
