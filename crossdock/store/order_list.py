"""Pages and counts of orders, newest first or by their last change.

No query's cost grows with the table: a page walks one index from where it begins (store/walks.py), what else it is narrowed
to is looked at in a bounded number of its rows, and counts are kept, or stop at COUNT_MOST.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import BigInteger, Integer, Text, bindparam, func, select, text

from crossdock.core.orders.model import Order
from crossdock.store import index_scan
from crossdock.store.index_scan import Filters, IndexScan
from crossdock.store.orders import by_ids
from crossdock.store.protocols import Row, Statement, Transaction
from crossdock.store.tables import order_count, orders

# Rows of the walked index a page looks through for what it is narrowed to besides, where its reader can go on from where it
# ended; 4,000 take 5 to 10 ms.
SCAN = 4_000
# The same where the page must be whole or is refused.
SCAN_WHOLE = 10_000
# What counts are kept of.
COUNTED_FIELDS = frozenset({"door", "status"})
# Where a count that is not kept stops; walking so many index entries takes about 10 ms.
MAX_COUNT = 10_000
# Offset from which a page asks how many orders there are, where that is kept, and is walked to from the nearer end; passing
# over so many takes about as long as asking.
DEEP_OFFSET = 5_000
# Rows that share a count; more of them make fewer transactions wait for each other, and a sum dearer.
SLOTS = 8


class OrderPage(Struct, frozen=True):
    """Orders in their order. `last` is set where the page ended because enough was looked at: go on after that place."""

    orders: list[Order]
    last: int | None = None


async def page(
    tx: Transaction,
    organization_id: int,
    filters: Filters,
    *,
    before: int | None = None,
    limit: int,
    offset: int = 0,
    sort: str = "created",
    ascending: bool = False,
    whole: bool = False,
) -> OrderPage:
    """Give at most `limit` orders after passing over `offset`: by receipt or (`sort` updated) by change, newest first.

    `before` (only without an offset, sorted by receipt, newest first) goes on after an order id. `whole`: the reader cannot go
    on from where a page ends early, so more is looked through before it does.
    """
    places, last = await _places(
        tx, organization_id, filters, before=before, limit=limit, offset=offset, sort=sort, ascending=ascending,
        scan=SCAN_WHOLE if whole else SCAN,
    )  # fmt: skip
    return OrderPage(await by_ids(tx, organization_id, [place[-1] for place in places]), last)


async def find(
    tx: Transaction, organization_id: int, filters: Filters, *, before: int | None, limit: int, offset: int = 0
) -> tuple[dict[int, bytes], int | None]:
    """Give the ids of the orders of a `page` by receipt, newest first, each with the hash of its last event; and its `last`."""
    rows, last = await _rows(
        tx, organization_id, filters, before=before, limit=limit, offset=offset, sort="created", ascending=False,
        scan=SCAN, statement=index_scan.states_statement,
    )  # fmt: skip
    return {row[0]: bytes(row[1]) for row in rows}, last


async def page_of_any(
    tx: Transaction,
    organization_id: int,
    choices: Sequence[Filters],
    *,
    limit: int,
    offset: int = 0,
    sort: str = "created",
    ascending: bool = False,
) -> OrderPage:
    """As a whole `page`, of the orders that fit one of `choices`; no order fits two. Only the page's own orders are read."""
    if len(choices) == 1:
        return await page(
            tx, organization_id, choices[0], limit=limit, offset=offset, sort=sort, ascending=ascending, whole=True
        )
    merged: list[tuple[int, ...]] = []
    ends: list[int] = []
    for filters in choices:
        places, last = await _places(
            tx, organization_id, filters, before=None, limit=limit + offset, offset=0, sort=sort, ascending=ascending,
            scan=SCAN_WHOLE,
        )  # fmt: skip
        merged += places
        ends += [] if last is None else [last]
    merged.sort(reverse=not ascending)
    wanted = [place[-1] for place in merged[offset : offset + limit]]
    return OrderPage(await by_ids(tx, organization_id, wanted), ends[0] if ends else None)


async def _places(
    tx: Transaction, organization_id: int, filters: Filters, **rest: Any
) -> tuple[list[tuple[int, ...]], int | None]:
    """Give what a page's orders are sorted by, their ids last, and where the page ended because enough was looked at."""
    rows, last = await _rows(tx, organization_id, filters, statement=index_scan.ids_statement, **rest)
    return [tuple(row)[::-1] for row in rows], last


async def _rows(
    tx: Transaction,
    organization_id: int,
    filters: Filters,
    *,
    before: int | None,
    limit: int,
    offset: int,
    sort: str,
    ascending: bool,
    scan: int,
    statement: Callable[[IndexScan], Statement],
) -> tuple[Sequence[Row], int | None]:
    """Give a page's rows as a statement of walks.py gives them, and where it ended because enough was looked at."""
    names = index_scan.names_of(filters)
    values = index_scan.values_of(filters, names)
    leading_index, length = await index_scan.choose_index(tx, organization_id, names, values, sort)
    values |= {"organization_id": organization_id, "limit": limit, "offset": offset, "mark": before}
    walk = IndexScan(names, sort, ascending, before is not None, leading_index)
    walk, values, last = await _ended(tx, walk, values, scan, length)
    if walk.is_sorted_after and last is not None:  # those not looked at may belong before those that are
        return [], last
    is_turned = False
    if offset >= DEEP_OFFSET and not walk.has_remaining_filters and COUNTED_FIELDS.issuperset(names):
        left = await count(tx, organization_id, filters) - offset
        values["limit"] = limit = max(0, min(limit, left))
        if is_turned := left - limit < offset:
            walk = msgspec.structs.replace(walk, ascending=not ascending)
            values["offset"] = max(0, left - limit)
    rows = await tx.rows(statement(walk), **values)
    return rows[::-1] if is_turned else rows, last if len(rows) < limit else None


async def _ended(
    tx: Transaction, walk: IndexScan, values: dict[str, Any], scan: int, length: int | None
) -> tuple[IndexScan, dict[str, Any], int | None]:
    """End a walk after `scan` rows where what it looks for may be rare; give its values, and the id it ends with, if any.

    `length` is the number of rows of the walked index, where it is known.
    """
    is_short = walk.leading_index == index_scan.CHANGES or (length is not None and length < scan)
    if is_short or not walk.has_remaining_filters:
        return walk, values, None
    rows = await tx.rows(index_scan.end_statement(walk), **values, passed=scan - 1)
    if not rows:
        return walk, values, None
    end = rows[0]
    return msgspec.structs.replace(walk, ended=True), values | {"end": end[-1]}, end[0]


async def count(tx: Transaction, organization_id: int, filters: Filters) -> int:
    """Count orders; exact where only door and status narrow, else it stops at COUNT_MOST."""
    names = index_scan.names_of(filters)
    if COUNTED_FIELDS.issuperset(names):
        kept = await counts(tx, organization_id)
        return sum(
            number
            for (door, status), number in kept.items()
            if filters.door in (None, door) and filters.status in (None, status)
        )
    values = index_scan.values_of(filters, names)
    values |= {"organization_id": organization_id, "limit": MAX_COUNT}
    if index_scan.OF_CHANGES.issuperset(names):
        walk, length = IndexScan(names, sort="updated"), None  # counted in the index of changes
    else:
        leading_index, length = await index_scan.choose_index(tx, organization_id, names, values, "created")
        walk = IndexScan(names, leading_index=leading_index)
    walk, values, _ = await _ended(tx, walk, values, SCAN_WHOLE, length)
    rows = await tx.rows(index_scan.count_statement(walk), **values)
    return int(rows[0][0])


# -------------------------------------------------------------------------------------------------------- counts kept
_COUNTS = Statement(
    select(order_count.c.door, order_count.c.status, func.sum(order_count.c.orders))
    .where(order_count.c.organization_id == bindparam("organization_id"))
    .group_by(order_count.c.door, order_count.c.status)
)


async def counts(tx: Transaction, organization_id: int) -> dict[tuple[str, str], int]:
    """Give the number of orders by (door, status)."""
    rows = await tx.rows(_COUNTS, organization_id=organization_id)
    return {(row[0], row[1]): int(row[2]) for row in rows if row[2]}


_DUE = Statement(
    select(orders.c.order_id)
    .where(orders.c.organization_id == bindparam("organization_id"), orders.c.due_at <= bindparam("now"))
    .order_by(orders.c.due_at)
    .limit(bindparam("limit"))
)


async def due(tx: Transaction, organization_id: int, *, now: int, limit: int) -> list[int]:
    """Give the ids of orders with a hold that ends by itself at `now` or before."""
    return [row[0] for row in await tx.rows(_DUE, organization_id=organization_id, now=now, limit=limit)]


@cache
def _counts_statement(size: int) -> Statement:
    """Add to `size` counts at once; spelled by hand because an upsert is each dialect's own word for the same text."""
    names = ("organization_id", "door", "status", "slot", "orders")
    rows = ", ".join("(" + ", ".join(f":{name}_{place}" for name in names) + ")" for place in range(size))
    kinds = {"organization_id": BigInteger, "door": Text, "status": Text, "slot": Integer, "orders": BigInteger}
    binds = [bindparam(f"{name}_{place}", type_=kinds[name]()) for place in range(size) for name in names]
    return Statement(
        text(
            f"INSERT INTO order_count ({', '.join(names)}) VALUES {rows} "
            "ON CONFLICT (organization_id, door, status, slot) DO UPDATE SET orders = order_count.orders + excluded.orders"
        ).bindparams(*binds)
    )


async def add_counts(tx: Transaction, organization_id: int, changes: Mapping[tuple[str, str], int]) -> None:
    """Add to the numbers of orders by (door, status); in one order everywhere, so that no two wait for each other."""
    slot = random.randrange(SLOTS)
    values: dict[str, Any] = {}
    for place, ((door, status), change) in enumerate(sorted(changes.items())):
        row = {"organization_id": organization_id, "door": door, "status": status, "slot": slot, "orders": change}
        values |= {f"{name}_{place}": value for name, value in row.items()}
    await tx.run(_counts_statement(len(changes)), **values)
