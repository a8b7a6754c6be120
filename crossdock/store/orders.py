"""Orders and their lines: rows to core objects and back, one order by id or number, and pages newest first."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, delete, exists, func, select, update

from crossdock.core.identity import floor_id, search_key
from crossdock.core.lifecycle import Counters
from crossdock.core.order import Content, Hold, Order, Source
from crossdock.store.port import Row, Statement, Transaction
from crossdock.store.tables import order_line, orders

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_CONTENT = msgspec.json.Decoder(Content, float_hook=Decimal)
_HOLDS = msgspec.json.Decoder(tuple[Hold, ...])


class Filters(Struct, frozen=True):
    """What a page is narrowed to; None does not narrow. `created_from` is included, `created_to` is not (microseconds)."""

    door: str | None = None
    number: str | None = None
    status: str | None = None
    email: str | None = None
    sku: str | None = None
    location: str | None = None
    created_from: int | None = None
    created_to: int | None = None


# -------------------------------------------------------------------------------------------------------------- writing
class OrderRows(Struct, frozen=True):
    """An order as rows: one of `orders`, and one of `order_line` for each line."""

    order: Row
    lines: list[Row]


def rows_of(order: Order) -> OrderRows:
    """Turn an order into its rows."""
    return OrderRows(_order_row(order), _line_rows(order))


async def add(tx: Transaction, placed: Sequence[OrderRows]) -> None:
    """Insert new orders with their lines."""
    await tx.insert(orders, [rows.order for rows in placed])
    await tx.insert(order_line, [line for rows in placed for line in rows.lines])


_REPLACE = Statement(
    update(orders)
    .where(
        orders.c.organization_id == bindparam("p_organization_id"),
        orders.c.order_id == bindparam("p_order_id"),
        orders.c.version == bindparam("p_seen"),
    )
    .values({name: bindparam(name) for name in orders.columns.keys() if name not in ("organization_id", "order_id")})  # noqa: SIM118
)
_DROP_LINES = Statement(
    delete(order_line).where(
        order_line.c.organization_id == bindparam("organization_id"), order_line.c.order_id == bindparam("order_id")
    )
)


async def replace(tx: Transaction, rows: OrderRows, *, seen: int) -> bool:
    """Write an order's new state if its version is still `seen`; False when somebody else was first."""
    row = dict(zip(orders.columns.keys(), rows.order, strict=True))
    organization_id, order_id = row.pop("organization_id"), row.pop("order_id")
    touched = await tx.run(_REPLACE, p_organization_id=organization_id, p_order_id=order_id, p_seen=seen, **row)
    if touched:
        await tx.run(_DROP_LINES, organization_id=organization_id, order_id=order_id)
        await tx.insert(order_line, rows.lines)
    return touched == 1


def _order_row(order: Order) -> Row:
    content = order.content
    email = (content.customer and content.customer.email) or (order.ship_to and order.ship_to.email)
    return (
        order.organization_id,
        order.order_id,
        order.version,
        str(order.status),
        order.created_at,
        order.updated_at,
        order.source.door,
        order.source.submission_id,
        order.source.actor,
        order.source.country,
        search_key(content.number),
        search_key(email.lower()) if email else None,
        _ENCODER.encode(order.holds) if order.holds else None,
        order.event_number,
        order.event_hash,
        _ENCODER.encode(content),
    )


def _line_rows(order: Order) -> list[Row]:
    destinations = order.content.destinations
    rows: list[Row] = []
    for position, (line, counters) in enumerate(zip(order.content.lines, order.counters, strict=True)):
        location = destinations[line.destination].location_ref if line.destination < len(destinations) else None
        rows.append(
            (
                order.organization_id,
                order.order_id,
                position,
                search_key(line.sku) if line.sku else None,
                search_key(location) if location else None,
                counters.ordered,
                counters.canceled,
                counters.allocated,
                counters.backordered,
                counters.shipped,
                counters.delivered,
                counters.return_requested,
                counters.returned,
            )
        )
    return rows


# -------------------------------------------------------------------------------------------------------------- reading
_OF_ORDER = (
    orders.c.organization_id == bindparam("organization_id"),
    orders.c.order_id == bindparam("order_id"),
)
_GET = Statement(select(orders).where(*_OF_ORDER))
_BY_NUMBER = Statement(
    select(orders)
    .where(
        orders.c.organization_id == bindparam("organization_id"),
        orders.c.number_key == bindparam("number_key"),
        orders.c.door == bindparam("door"),
    )
    .order_by(orders.c.order_id.desc())
    .limit(1)
)


async def get(tx: Transaction, organization_id: int, *, order_id: int) -> Order | None:
    """Give one order of an organization, or None."""
    found = await _orders(tx, organization_id, await tx.rows(_GET, organization_id=organization_id, order_id=order_id))
    return found[0] if found else None


async def by_number(tx: Transaction, organization_id: int, *, door: str, number: str) -> Order | None:
    """Give the newest order a door received under the sender's number, or None."""
    key = search_key(number)
    rows = await tx.rows(_BY_NUMBER, organization_id=organization_id, door=door, number_key=key)
    found = await _orders(tx, organization_id, rows)
    return found[0] if found else None


async def page(
    tx: Transaction, organization_id: int, filters: Filters, *, before: int | None, limit: int, offset: int = 0
) -> list[Order]:
    """Give at most `limit` orders, newest first, older than the order id `before`, after passing over `offset`."""
    names = tuple(name for name in Filters.__struct_fields__ if getattr(filters, name) is not None)
    values: dict[str, Any] = {name: getattr(filters, name) for name in names}
    for name in ("number", "sku", "location"):
        if name in values:
            values[name] = search_key(values[name])
    if "email" in values:
        values["email"] = search_key(values["email"].lower())
    if "created_from" in values:
        values["floor_id"] = floor_id(values["created_from"])
    if "created_to" in values:
        values["ceiling_id"] = floor_id(values["created_to"] + 1000)
    if before is not None:
        values["before"] = before
    statement = _page_statement(names, before is not None)
    rows = await tx.rows(statement, organization_id=organization_id, limit=limit, offset=offset, **values)
    return await _orders(tx, organization_id, rows)


@cache
def _page_statement(names: tuple[str, ...], continued: bool) -> Statement:
    columns = {
        "door": orders.c.door,
        "number": orders.c.number_key,
        "status": orders.c.status,
        "email": orders.c.email_key,
    }
    query = select(orders).where(orders.c.organization_id == bindparam("organization_id"))
    for name in names:
        if name in columns:
            query = query.where(columns[name] == bindparam(name))
    for name, column in (("sku", order_line.c.sku_key), ("location", order_line.c.location_key)):
        if name in names:
            query = query.where(
                exists().where(
                    order_line.c.organization_id == orders.c.organization_id,
                    order_line.c.order_id == orders.c.order_id,
                    column == bindparam(name),
                )
            )
    if "created_from" in names:  # ids sort by time, so the primary key narrows the range
        query = query.where(
            orders.c.created_at >= bindparam("created_from"), orders.c.order_id >= bindparam("floor_id")
        )
    if "created_to" in names:
        query = query.where(orders.c.created_at < bindparam("created_to"), orders.c.order_id < bindparam("ceiling_id"))
    if continued:
        query = query.where(orders.c.order_id < bindparam("before"))
    return Statement(query.order_by(orders.c.order_id.desc()).limit(bindparam("limit")).offset(bindparam("offset")))


_COUNT = Statement(
    select(func.count())
    .select_from(orders)
    .where(orders.c.organization_id == bindparam("organization_id"), orders.c.door == bindparam("door"))
)


async def count(tx: Transaction, organization_id: int, *, door: str) -> int:
    """Count the orders a door received."""
    rows = await tx.rows(_COUNT, organization_id=organization_id, door=door)
    return int(rows[0][0])


@cache
def _lines_statement(size: int) -> Statement:
    wanted: list[Any] = [bindparam(f"id_{position}") for position in range(size)]
    return Statement(
        select(order_line)
        .where(order_line.c.organization_id == bindparam("organization_id"), order_line.c.order_id.in_(wanted))
        .order_by(order_line.c.order_id, order_line.c.line)
    )


async def _orders(tx: Transaction, organization_id: int, rows: Sequence[Row]) -> list[Order]:
    if not rows:
        return []
    identities = [row[1] for row in rows]
    size = 1 << (len(identities) - 1).bit_length()  # few sizes, so few statements; the last id fills the rest
    wanted: dict[str, Any] = {f"id_{place}": identities[min(place, len(identities) - 1)] for place in range(size)}
    counters: dict[int, list[Counters]] = {}
    for line in await tx.rows(_lines_statement(size), organization_id=organization_id, **wanted):
        counters.setdefault(line[1], []).append(Counters(*line[5:13]))
    return [_order(row, counters.get(row[1], ())) for row in rows]


def _order(row: Row, counters: Iterable[Counters]) -> Order:
    (organization_id, order_id, version, _status, created_at, updated_at, door, submission_id, actor, country,
     _number, _email, holds, event_number, event_hash, content) = row  # fmt: skip
    return Order(
        organization_id=organization_id,
        order_id=order_id,
        version=version,
        created_at=created_at,
        updated_at=updated_at,
        source=Source(door, submission_id, actor, country),
        content=_CONTENT.decode(content),
        counters=tuple(counters),
        holds=_HOLDS.decode(holds) if holds else (),
        event_number=event_number,
        event_hash=event_hash,
    )
