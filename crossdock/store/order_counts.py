"""Stored numbers of orders by door and status, so that no count scans the orders."""

import random
from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Integer, Text, bindparam, func, select, text

from crossdock.store.protocols import Statement, Transaction
from crossdock.store.tables import order_count

# Rows that share a count; more of them make fewer transactions wait for each other, and a sum slower.
SLOTS = 8

_COUNTS = Statement(
    select(order_count.c.door, order_count.c.status, func.sum(order_count.c.orders).label("orders"))
    .where(order_count.c.organization_id == bindparam("organization_id"))
    .group_by(order_count.c.door, order_count.c.status)
)


async def counts(tx: Transaction, organization_id: int) -> dict[tuple[str, str], int]:
    """Give the number of orders by (door, status); pairs without orders are left out."""
    rows = await tx.rows(_COUNTS, organization_id=organization_id)
    return {(row["door"], row["status"]): int(row["orders"]) for row in rows if row["orders"]}


@cache
def _add_statement(size: int) -> Statement:
    """Add to `size` counts at once; as text because SQLAlchemy has an upsert of its own for each dialect, for the same SQL."""
    names = ("organization_id", "door", "status", "slot", "orders")
    rows = ", ".join("(" + ", ".join(f":{name}_{position}" for name in names) + ")" for position in range(size))
    types = {"organization_id": BigInteger, "door": Text, "status": Text, "slot": Integer, "orders": BigInteger}
    binds = [bindparam(f"{name}_{position}", type_=types[name]()) for position in range(size) for name in names]
    return Statement(
        text(
            f"INSERT INTO order_count ({', '.join(names)}) VALUES {rows} "
            "ON CONFLICT (organization_id, door, status, slot) DO UPDATE SET orders = order_count.orders + excluded.orders"
        ).bindparams(*binds)
    )


async def add_counts(tx: Transaction, organization_id: int, changes: Mapping[tuple[str, str], int]) -> None:
    """Add to the numbers of orders by (door, status); sorted, so that no two transactions wait for each other."""
    slot = random.randrange(SLOTS)
    values: dict[str, Any] = {}
    for position, ((door, status), change) in enumerate(sorted(changes.items())):
        row = {"organization_id": organization_id, "door": door, "status": status, "slot": slot, "orders": change}
        values |= {f"{name}_{position}": value for name, value in row.items()}
    await tx.run(_add_statement(len(changes)), **values)
