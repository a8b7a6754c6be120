"""Orders, their lines and search terms: core objects to rows and back; orders by id, by number and by due hold."""

from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from itertools import starmap
from operator import itemgetter
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Column, Table, bindparam, case, delete, func, select, update

from crossdock.core.ids import index_key
from crossdock.core.money import is_balanced
from crossdock.core.orders import events
from crossdock.core.orders.allocations import Allocation
from crossdock.core.orders.fulfillments import Fulfillment
from crossdock.core.orders.model import Content, Hold, Order, Source
from crossdock.core.orders.payments import Payment, Refund
from crossdock.core.orders.returns import Return
from crossdock.core.orders.status import Counters
from crossdock.core.search_terms import contact_email, content_terms, fold_email
from crossdock.store.dialect import AnyOf, ChildRows, child_rows
from crossdock.store.protocols import Row, Statement, Transaction
from crossdock.store.records import check_columns, columns_of
from crossdock.store.tables import (
    allocation,
    event,
    fulfillment,
    order_line,
    order_return,
    order_term,
    orders,
    package,
    submission,
)

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_CONTENT = msgspec.json.Decoder(Content, float_hook=Decimal)
_HOLDS = msgspec.json.Decoder(tuple[Hold, ...])
_TAGS = msgspec.json.Decoder(tuple[str, ...])
_ALLOCATIONS = msgspec.json.Decoder(tuple[Allocation, ...])
_LINE = itemgetter(0)
_TERM = itemgetter(1)
# Words of one order that are indexed; more are not worth what they cost each order that has them.
MAX_TERMS = 40


# -------------------------------------------------------------------------------------------------------------- writing
class OrderRow(Struct, frozen=True):
    """A row of `orders`: JSON columns as bytes, keys as the indexes hold them."""

    organization_id: int
    order_id: int
    version: int
    status: str
    created_at: int
    updated_at: int
    door: str
    submission_id: int
    actor: str
    country: str | None
    number_key: str
    email_key: str | None
    holds: bytes | None
    event_number: int
    event_hash: bytes
    content: bytes
    tags: bytes | None
    archived: bool
    due_at: int | None
    balanced: bool
    allocations: bytes | None = None
    progress: bytes | None = None


check_columns(orders, OrderRow)


class OrderRows(Struct, frozen=True):
    """An order as rows: one of `orders`, one of `order_line` for each line, one of `order_term` for each search term, and by
    name of their table, those of its allocations, fulfillments, packages and returns."""

    order: OrderRow
    lines: list[Row]
    terms: list[tuple[int, str, int]]
    parts: dict[str, list[Row]] = {}

    @property
    def status(self) -> str:
        """The order's status, as it is stored."""
        return self.order.status

    @property
    def counted_as(self) -> tuple[str, str]:
        """Door and status: what the order is counted as."""
        return self.order.door, self.order.status

    @property
    def head(self) -> tuple[int, bytes]:
        """Number and hash of the order's last event."""
        return self.order.event_number, bytes(self.order.event_hash)


def rows_of(order: Order, *, content: bytes | None = None) -> OrderRows:
    """Turn an order into its rows; `content` is the encoded content, where the caller has it already."""
    terms: list[tuple[int, str, int]] = [(order.organization_id, term, order.order_id) for term in terms_of(order)]
    return OrderRows(order_row(order, encoded=content), line_rows(order), terms, part_rows(order))


# Tables of what belongs to orders, written whenever it changes.
PARTS = {table.name: table for table in (allocation, fulfillment, package, order_return)}


def part_rows(order: Order) -> dict[str, list[Row]]:
    """Turn an order into its rows of the tables in PARTS, by name; tables without rows are left out."""
    if not order.allocations and not order.fulfillments and not order.returns:
        return {}
    of = order.organization_id, order.order_id
    rows: dict[str, list[Row]] = {
        "allocation": [(of[0], each.allocation_id, of[1], each.location, each.is_open) for each in order.allocations],
        "fulfillment": [
            (of[0], each.fulfillment_id, of[1], each.location, str(each.status), _key(each.reference))
            for each in order.fulfillments
        ],
        "package": [
            (of[0], index_key(box.number) if box.number else "", box.package_id, of[1])
            for each in order.fulfillments
            for box in each.packages
            if box.package_id is not None
        ],
        "order_return": [
            (of[0], each.return_id, of[1], str(each.status), _key(each.reference)) for each in order.returns
        ],
    }
    return {name: found for name, found in rows.items() if found}


def _key(reference: str | None) -> str | None:
    return index_key(reference) if reference else None


def tag_term(tag: str) -> str:
    """Return the search term of a tag."""
    return index_key(" " + tag)  # no other term begins with a space


def terms_of(order: Order) -> list[str]:
    """List the terms an order is indexed by: words of names; whole references, customer and tracking numbers; tags. Folded.

    Number, e-mail and SKU have columns of their own.
    """
    return [*map(tag_term, order.tags), *content_terms(order.content, limit=MAX_TERMS)]


def decode_content(content: bytes) -> Content:
    """Decode an order's stored content."""
    return _CONTENT.decode(content)


async def add(tx: Transaction, placed: Sequence[OrderRows]) -> None:
    """Insert new orders with their lines and terms."""
    await tx.insert(orders, [msgspec.structs.astuple(rows.order) for rows in placed])
    await tx.insert(order_line, [line for rows in placed for line in rows.lines])
    # Sorted by key, so that neighbors fall on one page of the table.
    terms = [term for rows in placed for term in rows.terms]
    terms.sort(key=_TERM)
    await tx.insert(order_term, terms)
    with_parts = [rows.parts for rows in placed if rows.parts]  # few: of orders that were allocated on arrival
    for name, table in PARTS.items() if with_parts else ():
        await tx.insert(table, [row for parts in with_parts for row in parts.get(name, ())])


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
_DROP_PARTS = {
    name: Statement(
        delete(table).where(
            table.c.organization_id == bindparam("organization_id"), table.c.order_id == bindparam("order_id")
        )
    )
    for name, table in PARTS.items()
}
_DROP_TERM = Statement(
    delete(order_term).where(
        order_term.c.organization_id == bindparam("organization_id"),
        order_term.c.term == bindparam("term"),
        order_term.c.order_id == bindparam("order_id"),
    )
)


async def replace(tx: Transaction, rows: OrderRows, *, before: Order) -> bool:
    """Update an order if its version is still that of `before`; False where another transaction changed it first."""
    row = msgspec.structs.asdict(rows.order)
    organization_id, order_id = row.pop("organization_id"), row.pop("order_id")
    changed = await tx.run(
        _REPLACE, p_organization_id=organization_id, p_order_id=order_id, p_seen=before.version, **row
    )
    if not changed:
        return False
    old = rows_of(before)
    if old.lines != rows.lines:
        await tx.run(_DROP_LINES, organization_id=organization_id, order_id=order_id)
        await tx.insert(order_line, rows.lines)
    for row_of_term in old.terms:
        if row_of_term not in rows.terms:
            await tx.run(_DROP_TERM, organization_id=organization_id, term=_TERM(row_of_term), order_id=order_id)
    await tx.insert(order_term, [each for each in rows.terms if each not in old.terms])
    for name in old.parts | rows.parts:
        if old.parts.get(name) != rows.parts.get(name):
            await tx.run(_DROP_PARTS[name], organization_id=organization_id, order_id=order_id)
            await tx.insert(PARTS[name], rows.parts.get(name, []))
    return True


def order_row(order: Order, *, encoded: bytes | None = None) -> OrderRow:
    """Turn an order into its row of `orders`; `encoded` is its encoded content, where the caller has it already."""
    content, source = order.content, order.source
    return OrderRow(  # by position, which takes a fifth of the time that 20 names take
        order.organization_id,
        order.order_id,
        order.version,
        str(order.status),
        order.created_at,
        order.updated_at,
        source.door,
        source.submission_id,
        source.actor,
        source.country,
        index_key(content.number),
        email_key_of(order),
        _ENCODER.encode(order.holds) if order.holds else None,
        order.event_number,
        order.event_hash,
        encoded or events.encode_content(content),
        _ENCODER.encode(order.tags) if order.tags else None,
        order.archived,
        order.due_at if order.holds or order.allocations or order.fulfillments else None,
        is_balanced(content),
        _ENCODER.encode(order.allocations) if order.allocations else None,
        _progress(order),
    )


class Progress(Struct, frozen=True, omit_defaults=True):
    """What was done with an order after it was allocated, as it is stored."""

    fulfillments: tuple[Fulfillment, ...] = ()
    returns: tuple[Return, ...] = ()
    payments: tuple[Payment, ...] = ()
    refunds: tuple[Refund, ...] = ()


_PROGRESS = msgspec.json.Decoder(Progress, float_hook=Decimal)
_NOTHING_DONE = Progress()


def _progress(order: Order) -> bytes | None:
    if not (order.fulfillments or order.returns or order.payments or order.refunds):
        return None
    return _ENCODER.encode(Progress(order.fulfillments, order.returns, order.payments, order.refunds))


def email_key_of(order: Order) -> str | None:
    """Return the e-mail address an order is indexed by, folded."""
    email = contact_email(order.content)
    return index_key(fold_email(email)) if email else None


# The columns of `orders` that are JSON: two texts may have the same value.
_JSON_COLUMNS: dict[str, msgspec.json.Decoder[Any]] = {"content": _CONTENT, "holds": _HOLDS, "tags": _TAGS,
                                                        "allocations": _ALLOCATIONS, "progress": _PROGRESS}  # fmt: skip


def differing(stored: OrderRow, expected: OrderRow) -> list[str]:
    """Name the columns whose values differ."""
    return [
        name
        for name in OrderRow.__struct_fields__
        if (one := getattr(stored, name)) != (other := getattr(expected, name)) and not _is_same_json(name, one, other)
    ]


def _is_same_json(name: str, one: Any, other: Any) -> bool:
    if name not in _JSON_COLUMNS or one is None or other is None:
        return False
    try:
        return bool(_JSON_COLUMNS[name].decode(one) == _JSON_COLUMNS[name].decode(other))
    except msgspec.MsgspecError:
        return False


def line_keys(order: Order) -> list[tuple[str | None, str | None]]:
    """Return the keys of SKU and location that each line is indexed by."""
    destinations = order.content.destinations
    keys = []
    for line in order.content.lines:
        location = destinations[line.destination].location_ref if line.destination < len(destinations) else None
        keys.append((index_key(line.sku) if line.sku else None, index_key(location) if location else None))
    return keys


def line_rows(order: Order) -> list[Row]:
    """Turn an order into its rows of `order_line`; of every line of every new order, so these are tuples at once."""
    return [
        (order.organization_id, order.order_id, line, *keys, *msgspec.structs.astuple(counters))
        for line, (keys, counters) in enumerate(zip(line_keys(order), order.counters, strict=True))
    ]


assert order_line.columns.keys() == [
    "organization_id", "order_id", "line", "sku_key", "location_key", *Counters.__struct_fields__
]  # fmt: skip


# -------------------------------------------------------------------------------------------------------------- reading
class _Stored(Struct, frozen=True):
    """What is read of an order: columns of `orders`, the counters of its lines, and what was sent, where it is asked for."""

    organization_id: int
    order_id: int
    version: int
    created_at: int
    updated_at: int
    door: str
    submission_id: int
    actor: str
    country: str | None
    holds: bytes | None
    event_number: int
    event_hash: bytes
    content: bytes
    tags: bytes | None
    archived: bool
    allocations: bytes | None
    progress: bytes | None
    lines: Any
    body: bytes | None = None


_ORDER_COLUMNS: list[Column[Any]] = [
    orders.c[name] for name in _Stored.__struct_fields__ if name not in ("lines", "body")
]
_LINE_COLUMNS = (order_line.c.line, *columns_of(order_line, Counters))
_OF_ORDER = (
    orders.c.organization_id == bindparam("organization_id"),
    orders.c.order_id == bindparam("order_id"),
)
# An order with the counters of its lines.
_WITH_LINES = (
    *_ORDER_COLUMNS,
    ChildRows(
        _LINE_COLUMNS,
        order_line.c.organization_id == bindparam("organization_id"),
        order_line.c.order_id == orders.c.order_id,
    ),
)
_GET = Statement(select(*_WITH_LINES).where(*_OF_ORDER))
# Until the transaction ends nobody else changes the order; SQLite has one writer at a time anyway. The lines are read when
# PostgreSQL has the lock: in one statement with it, they would be as they were before another change was waited for.
_LOCK = Statement(select(*_ORDER_COLUMNS).where(*_OF_ORDER).with_for_update())
_LINES = Statement(
    select(*_LINE_COLUMNS).where(
        order_line.c.organization_id == bindparam("organization_id"), order_line.c.order_id == bindparam("order_id")
    )
)
_BY_NUMBER = Statement(
    select(*_WITH_LINES)
    .where(
        orders.c.organization_id == bindparam("organization_id"),
        orders.c.number_key == bindparam("number_key"),
        orders.c.door.concat("") == bindparam("door"),  # else SQLite scans the index of the door, with all its orders
    )
    .order_by(orders.c.order_id.desc())
    .limit(1)
)


_BY_IDS = Statement(
    select(*_WITH_LINES).where(
        orders.c.organization_id == bindparam("organization_id"), AnyOf(orders.c.order_id, "ids")
    )
)


async def get(tx: Transaction, organization_id: int, *, order_id: int, for_update: bool = False) -> Order | None:
    """Read an order, or None; `for_update` keeps others from changing it until the transaction ends."""
    of_order = {"organization_id": organization_id, "order_id": order_id}
    if not for_update:
        rows = await tx.rows(_GET, **of_order)
        return _order(_Stored(*rows[0])) if rows else None
    locked = await tx.rows(_LOCK, **of_order)
    if not locked:
        return None
    lines = await tx.rows(_LINES, **of_order)
    return _order(_Stored(**dict(locked[0]), lines=lines))


_OF_EMAIL = Statement(
    select(orders.c.order_id)
    .where(orders.c.organization_id == bindparam("organization_id"), orders.c.email_key == bindparam("email_key"))
    .order_by(orders.c.order_id)
)
_OF_NUMBER = Statement(
    select(*_WITH_LINES).where(
        orders.c.organization_id == bindparam("organization_id"), orders.c.number_key == bindparam("number_key")
    )
)
_CONTENTS_AFTER = Statement(
    select(orders.c.order_id, orders.c.content)
    .where(orders.c.organization_id == bindparam("organization_id"), orders.c.order_id > bindparam("after"))
    .order_by(orders.c.order_id)
    .limit(bindparam("limit"))
)


async def of_email(tx: Transaction, organization_id: int, *, email: str) -> list[int]:
    """Find the ids of all orders that are indexed by an e-mail address, oldest first."""
    rows = await tx.rows(_OF_EMAIL, organization_id=organization_id, email_key=index_key(fold_email(email)))
    return [int(row["order_id"]) for row in rows]


async def of_number(tx: Transaction, organization_id: int, *, number: str) -> list[Order]:
    """Read the orders of all doors that have a number, oldest first."""
    rows = await tx.rows(_OF_NUMBER, organization_id=organization_id, number_key=index_key(number))
    found = [_order(_Stored(*row)) for row in rows]
    return sorted((each for each in found if each.content.number == number), key=lambda each: each.order_id)


async def contents_after(tx: Transaction, organization_id: int, *, after: int, limit: int) -> list[tuple[int, bytes]]:
    """Read at most `limit` ids and stored contents of orders with ids above `after`, oldest first."""
    rows = await tx.rows(_CONTENTS_AFTER, organization_id=organization_id, after=after, limit=limit)
    return [(int(row["order_id"]), bytes(row["content"])) for row in rows]


class LatestChange(Struct, frozen=True):
    """The version of an order, and the last event of it: who caused what, at `at` (microseconds since 1970 UTC)."""

    version: int
    name: str
    at: int
    actor: str


_LATEST_CHANGE = Statement(
    select(orders.c.version, event.c.name, event.c.at, event.c.actor)
    .select_from(
        orders.join(
            event,
            (event.c.organization_id == orders.c.organization_id)
            & (event.c.aggregate_id == orders.c.order_id)
            & (event.c.number == orders.c.event_number),
        )
    )
    .where(*_OF_ORDER)
)


async def latest_change(tx: Transaction, organization_id: int, *, order_id: int) -> LatestChange | None:
    """Read who changed an order last, without the order; None where there is none."""
    rows = await tx.rows(_LATEST_CHANGE, organization_id=organization_id, order_id=order_id)
    return LatestChange(*rows[0]) if rows else None


def _owner(table: Table, column: str) -> Statement:
    return Statement(
        select(table.c.order_id)
        .where(table.c.organization_id == bindparam("organization_id"), table.c[column] == bindparam("value"))
        .order_by(table.c.order_id.desc())
        .limit(1)
    )


# How the order of a part is found: by what, and in which column.
_OWNERS = {
    "allocation": _owner(allocation, "allocation_id"),
    "fulfillment": _owner(fulfillment, "fulfillment_id"),
    "fulfillment_reference": _owner(fulfillment, "reference_key"),
    "package": _owner(package, "number_key"),
    "package_id": _owner(package, "package_id"),
    "return": _owner(order_return, "return_id"),
}


async def owner(tx: Transaction, organization_id: int, *, part: str, value: int | str) -> int | None:
    """Find the order that a part is of, or None: `part` is one of allocation, fulfillment, return, package_id (by id),
    fulfillment_reference, package (by tracking number); of several the newest."""
    value = index_key(value) if isinstance(value, str) else value
    rows = await tx.rows(_OWNERS[part], organization_id=organization_id, value=value)
    return int(rows[0]["order_id"]) if rows else None


_PART_TABLES = {"fulfillment": fulfillment, "return": order_return}


@cache
def _part_page(part: str, names: tuple[str, ...]) -> Statement:
    table = _PART_TABLES[part]
    identity = table.c[f"{part}_id"]
    return Statement(
        select(identity.label("part_id"), table.c.order_id)
        .where(
            table.c.organization_id == bindparam("organization_id"), identity < bindparam("before"),
            *(table.c[name] == bindparam(name) for name in names),
        )
        .order_by(identity.desc())
        .limit(bindparam("limit"))
    )  # fmt: skip


async def part_ids(
    tx: Transaction, organization_id: int, *, part: str, before: int, limit: int, **filters: str | None
) -> list[tuple[int, int]]:
    """Read ids of fulfillments or returns with their orders' ids, newest first; `filters` are of status and location."""
    given = {name: value for name, value in filters.items() if value is not None}
    statement = _part_page(part, tuple(sorted(given)))
    rows = await tx.rows(statement, organization_id=organization_id, before=before, limit=limit, **given)
    return [(int(row["part_id"]), int(row["order_id"])) for row in rows]


async def by_number(tx: Transaction, organization_id: int, *, door: str, number: str) -> Order | None:
    """Read the newest order a door received under the sender's number, or None."""
    key = index_key(number)
    rows = await tx.rows(_BY_NUMBER, organization_id=organization_id, door=door, number_key=key)
    return _order(_Stored(*rows[0])) if rows else None


async def by_ids(tx: Transaction, organization_id: int, order_ids: Sequence[int]) -> list[Order]:
    """Read orders by their ids, in that order; ids without an order are left out."""
    if not order_ids:
        return []
    rows = await tx.rows(_BY_IDS, organization_id=organization_id, ids=order_ids)
    found = {stored.order_id: _order(stored) for stored in starmap(_Stored, rows)}
    return [found[order_id] for order_id in order_ids if order_id in found]


_BODY = (
    select(submission.c.body)
    .where(
        submission.c.organization_id == bindparam("organization_id"),
        submission.c.submission_id == orders.c.submission_id,
    )
    .scalar_subquery()
)
_WITH_BODIES = Statement(
    select(*_WITH_LINES, case((orders.c.door == bindparam("door"), _BODY))).where(
        orders.c.organization_id == bindparam("organization_id"), AnyOf(orders.c.order_id, "ids")
    )
)


async def with_bodies(
    tx: Transaction, organization_id: int, order_ids: Sequence[int], *, door: str
) -> tuple[list[Order], dict[int, bytes]]:
    """Read orders as `by_ids` does, and the bodies of those that came through `door`, by the ids of their submissions."""
    if not order_ids:
        return [], {}
    rows = await tx.rows(_WITH_BODIES, organization_id=organization_id, ids=order_ids, door=door)
    found, bodies = {}, {}
    for stored in starmap(_Stored, rows):
        found[stored.order_id] = _order(stored)
        if stored.body is not None:
            bodies[stored.submission_id] = bytes(stored.body)
    return [found[order_id] for order_id in order_ids if order_id in found], bodies


_SIZES = Statement(
    select(orders.c.order_id, func.length(orders.c.content).label("bytes")).where(
        orders.c.organization_id == bindparam("organization_id"), AnyOf(orders.c.order_id, "ids")
    )
)


async def content_sizes(tx: Transaction, organization_id: int, order_ids: Sequence[int]) -> dict[int, int]:
    """Return the size of each order's stored content in bytes, without reading the content."""
    if not order_ids:
        return {}
    rows = await tx.rows(_SIZES, organization_id=organization_id, ids=order_ids)
    return {row["order_id"]: row["bytes"] for row in rows}


_DUE = Statement(
    select(orders.c.order_id)
    .where(orders.c.organization_id == bindparam("organization_id"), orders.c.due_at <= bindparam("now"))
    .order_by(orders.c.due_at)
    .limit(bindparam("limit"))
)


_ORGANIZATIONS_WITH_DUE = Statement(
    select(orders.c.organization_id)
    .where(AnyOf(orders.c.organization_id, "organizations"), orders.c.due_at <= bindparam("now"))
    .distinct()
    .order_by(orders.c.organization_id)
)


async def organizations_with_due(tx: Transaction, organization_ids: Sequence[int], *, now: int) -> set[int]:
    """Find those of the organizations that have an order with a hold that expires at `now` or before."""
    rows = await tx.rows(_ORGANIZATIONS_WITH_DUE, organizations=organization_ids, now=now)
    return {row["organization_id"] for row in rows}


async def due(tx: Transaction, organization_id: int, *, now: int, limit: int) -> list[int]:
    """Find the ids of orders with a hold that expires at `now` or before, the longest overdue first."""
    rows = await tx.rows(_DUE, organization_id=organization_id, now=now, limit=limit)
    return [row["order_id"] for row in rows]


def _order(stored: _Stored) -> Order:
    """Make an order of what is stored."""
    progress = _PROGRESS.decode(stored.progress) if stored.progress else _NOTHING_DONE
    return Order(
        organization_id=stored.organization_id,
        order_id=stored.order_id,
        version=stored.version,
        created_at=stored.created_at,
        updated_at=stored.updated_at,
        source=Source(stored.door, stored.submission_id, stored.actor, stored.country),
        content=_CONTENT.decode(stored.content),
        counters=tuple([Counters(*line[1:]) for line in sorted(child_rows(stored.lines), key=_LINE)]),
        holds=_HOLDS.decode(stored.holds) if stored.holds else (),
        event_number=stored.event_number,
        event_hash=stored.event_hash,
        tags=_TAGS.decode(stored.tags) if stored.tags else (),
        archived=bool(stored.archived),
        allocations=_ALLOCATIONS.decode(stored.allocations) if stored.allocations else (),
        fulfillments=progress.fulfillments,
        returns=progress.returns,
        payments=progress.payments,
        refunds=progress.refunds,
    )
