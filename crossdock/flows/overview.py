"""The figures of the console's first page: what came in, and what needs somebody's attention. None grows with the orders."""

from collections import Counter
from datetime import datetime

from msgspec import Struct

from crossdock.core.orders.status import Status
from crossdock.flows import order_lists, queries
from crossdock.flows.access import READ, Caller
from crossdock.flows.context import Context
from crossdock.flows.order_lists import MOST, UNSHIPPED, Figure, figure
from crossdock.store import deliveries, order_counts
from crossdock.store import overview as overview_store
from crossdock.store.protocols import Transaction

DAY_US = 86_400_000_000
# Orders of one door in the chart of a day; counting so many entries of the index takes about 5 ms.
MOST_ARRIVALS = 50_000
# A delivery that has not succeeded for so long is stuck, rather than between two attempts.
STUCK_AFTER_US = 900_000_000
_MOST_WAITING = 5_000
_MOST_LEVELS = 20_000
_TOP = 5


class Arrivals(Struct, frozen=True):
    """Orders of a door since a time, by the quarter of an hour in which they came (microseconds since 1970 UTC)."""

    door: str
    by_quarter: dict[int, int]
    is_more: bool

    @property
    def number(self) -> int:
        """How many there are."""
        return sum(self.by_quarter.values())


class Ranking(Struct, frozen=True):
    """The most frequent values with their counts, and how many values there are."""

    top: list[tuple[str, int]]
    values: int = 0


class Overview(Struct, frozen=True):
    """The figures. `by_status` is None where archived orders are too many; `oldest` the id of the oldest unshipped order."""

    orders: int
    arrivals: list[Arrivals]
    by_status: dict[str, Figure]
    oldest: int | None
    on_hold: Ranking
    late: Figure
    rejected: Figure
    unbalanced: Figure
    dead: Figure
    stuck: Figure
    waiting: Figure
    waiting_by_sku: Ranking
    low: Figure


async def overview(context: Context, caller: Caller, *, at: datetime, since: int) -> Overview:
    """Read the figures at a time, which has the reader's zone; `since` is when the chart of arrivals begins."""
    caller.require(READ)
    organization_id, now = caller.organization_id, context.clock()
    by_status = await order_lists.counts_by_status(context, caller)
    async with context.store.reading() as tx:
        stored = await order_counts.counts(tx, organization_id)
        doors = sorted({door for door, _ in stored})
        late = await order_lists.find_late(tx, organization_id, at)
        dead, stuck = await _deliveries(tx, organization_id, now)
        low, levels = await overview_store.low_levels(tx, organization_id, scanned=_MOST_LEVELS)
        waiting = await overview_store.waiting_orders(tx, organization_id, before=None, limit=MOST + 1)
        return Overview(
            orders=sum(stored.values()),
            arrivals=[await _arrivals(tx, organization_id, door, since) for door in doors],
            by_status=by_status or {},
            oldest=await _oldest(tx, organization_id),
            on_hold=await _on_hold(tx, organization_id),
            late=figure(len(late.order_ids), is_more=late.is_cut and bool(late.order_ids)),
            rejected=figure(await overview_store.refused(tx, organization_id, since=now - DAY_US, limit=MOST + 1)),
            unbalanced=figure(await overview_store.unbalanced(tx, organization_id, limit=MOST + 1)),
            dead=dead,
            stuck=stuck,
            waiting=figure(len(waiting)),
            waiting_by_sku=_ranked(
                Counter(await overview_store.waiting_by_sku(tx, organization_id, scanned=_MOST_WAITING))
            ),
            low=Figure(low, levels == _MOST_LEVELS),
        )


async def newest_order(context: Context, caller: Caller) -> int | None:
    """Return the id of the newest order, or None where there is none."""
    found = await queries.page(context, caller, limit=1)
    return found.orders[0].order_id if found.orders else None


async def _arrivals(tx: Transaction, organization_id: int, door: str, since: int) -> Arrivals:
    counts = await overview_store.arrivals(tx, organization_id, door=door, since=since, limit=MOST_ARRIVALS)
    return Arrivals(door, counts, sum(counts.values()) == MOST_ARRIVALS)


async def _oldest(tx: Transaction, organization_id: int) -> int | None:
    found: list[int] = []
    for status in UNSHIPPED:
        found += await overview_store.oldest(tx, organization_id, status=str(status), scanned=MOST, limit=1)
    return min(found, default=None)


async def _on_hold(tx: Transaction, organization_id: int) -> Ranking:
    holds = await overview_store.holds(tx, organization_id, status=str(Status.ON_HOLD), limit=MOST)
    return _ranked(Counter(reason for each in holds for reason in {hold.reason for hold in each}))


async def _deliveries(tx: Transaction, organization_id: int, now: int) -> tuple[Figure, Figure]:
    endpoints = await deliveries.endpoints(tx, organization_id)
    ids = [each.endpoint_id for each in endpoints if each.kind == "webhook" and each.state != "removed"]
    dead = await overview_store.dead_deliveries(tx, organization_id, endpoint_ids=ids, limit=MOST + 1)
    stuck = await overview_store.stuck_deliveries(
        tx, organization_id, endpoint_ids=ids, before=now - STUCK_AFTER_US, limit=MOST + 1
    )
    return figure(dead), figure(stuck)


def _ranked(counts: Counter[str]) -> Ranking:
    return Ranking(counts.most_common(_TOP), len(counts))
