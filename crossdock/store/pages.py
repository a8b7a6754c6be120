"""Pages, searches and counts of orders, newest first or by their last change.

No query's cost grows with the table: a page walks one index from where it begins, what else it is narrowed to is looked at
in at most SCAN rows of it, and counts are kept, or stop at COUNT_MOST.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    Select,
    Table,
    Text,
    bindparam,
    exists,
    func,
    select,
    text,
    true,
    union,
)

from crossdock.core.identity import MOST, floor_id, search_key
from crossdock.core.order import Order
from crossdock.store.orders import by_ids, fold, line_rows, order_row, tag_term, terms_of
from crossdock.store.port import Row, Statement, Transaction
from crossdock.store.tables import order_count, order_line, order_term, orders

# Rows of the driving index a page looks through for what it is narrowed to besides; 10,000 take about 10 ms.
SCAN = 10_000
# Looked through first: most pages are full after fewer, and all that is looked through is sorted again before a page is cut.
_SCANS_FIRST = (500, 2_500)
# Where counting stops which index a page should walk; so many entries take about 0.1 ms.
PROBED = 1_000
# Where a count that is not kept stops; walking so many index entries takes about 10 ms.
COUNT_MOST = 10_000
# Rows that share a count; more of them make fewer transactions wait for each other, and a sum dearer.
SLOTS = 8


class Filters(Struct, frozen=True):
    """What a page is narrowed to; None does not narrow. `created_from` is included, `created_to` is not (microseconds).

    `terms` are words an order must have all of (see `terms_of`), `tags` likewise.
    """

    door: str | None = None
    number: str | None = None
    status: str | None = None
    email: str | None = None
    sku: str | None = None
    location: str | None = None
    created_from: int | None = None
    created_to: int | None = None
    updated_from: int | None = None
    updated_to: int | None = None
    archived: bool | None = None
    term: str | None = None
    tag: str | None = None


class Page(Struct, frozen=True):
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
) -> Page:
    """Give at most `limit` orders after passing over `offset`: by receipt or (`sort` updated) by change, newest first.

    `before` (only without an offset, sorted by receipt, newest first) goes on after an order id.
    """
    places, last = await _places(
        tx, organization_id, filters, before=before, limit=limit, offset=offset, sort=sort, ascending=ascending
    )
    return Page(await by_ids(tx, organization_id, [place[-1] for place in places]), last)


async def page_of_any(
    tx: Transaction,
    organization_id: int,
    choices: Sequence[Filters],
    *,
    limit: int,
    offset: int = 0,
    sort: str = "created",
    ascending: bool = False,
) -> Page:
    """As `page`, of the orders that fit one of `choices`; no order fits two. Only the page's own orders are read."""
    if len(choices) == 1:
        return await page(tx, organization_id, choices[0], limit=limit, offset=offset, sort=sort, ascending=ascending)
    merged: list[tuple[int, ...]] = []
    ends: list[int] = []
    for filters in choices:
        places, last = await _places(
            tx, organization_id, filters, before=None, limit=limit + offset, offset=0, sort=sort, ascending=ascending
        )
        merged += places
        ends += [] if last is None else [last]
    merged.sort(reverse=not ascending)
    wanted = [place[-1] for place in merged[offset : offset + limit]]
    return Page(await by_ids(tx, organization_id, wanted), ends[0] if ends else None)


async def _places(
    tx: Transaction,
    organization_id: int,
    filters: Filters,
    *,
    before: int | None,
    limit: int,
    offset: int,
    sort: str,
    ascending: bool,
) -> tuple[list[tuple[int, ...]], int | None]:
    """Give what a page's orders are sorted by, their ids last, and where the page ended because enough was looked at."""
    names = _names(filters)
    values = _values(filters, names) | ({} if before is None else {"before": before})
    driver = await _walked(tx, organization_id, names, values, sort)
    shape = _Shape(names, sort, ascending, before is not None, driver)
    cut: dict[str, Any] = {"limit": limit, "offset": offset}
    rows: Sequence[Row] = []
    # Sorted by change, the first rows of a filter's index are not the first of the page.
    at_once = offset or (sort == "updated" and driver is not None)
    scans = (SCAN,) if at_once else (*(scan for scan in _SCANS_FIRST if scan < SCAN), SCAN)
    if driver == CHANGES:
        scans = (_most_scanned(shape),)
    for scan in scans if _has_residue(shape) else (0,):
        most_scanned = {"scan": scan} if scan else {}
        rows = await tx.rows(_ids_statement(shape), organization_id=organization_id, **values, **cut, **most_scanned)
        if len(rows) == limit:
            break
    last = None
    is_sorted_after = sort == "updated" and driver is not None
    if driver != CHANGES and _has_residue(shape) and (len(rows) < limit or is_sorted_after):
        values["scan"] = SCAN
        ((scanned, least, most),) = await tx.rows(_scanned_statement(shape), organization_id=organization_id, **values)
        last = (most if ascending else least) if scanned == SCAN else None
    if is_sorted_after and last is not None:  # those not looked at may belong before those found
        rows = []
    return [tuple(row)[::-1] for row in rows], last


async def count(tx: Transaction, organization_id: int, filters: Filters) -> int:
    """Count orders; exact where only door and status narrow, else it stops at COUNT_MOST."""
    names = _names(filters)
    if set(names) <= {"door", "status"}:
        kept = await counts(tx, organization_id)
        return sum(
            number
            for (door, status), number in kept.items()
            if filters.door in (None, door) and filters.status in (None, status)
        )
    values = _values(filters, names)
    if _OF_CHANGES.issuperset(names):
        shape = _Shape(names, sort="updated")  # counted in the index of changes
    else:
        shape = _Shape(names, driver=await _walked(tx, organization_id, names, values, "created"))
    if _has_residue(shape):
        values["scan"] = _most_scanned(shape)
    rows = await tx.rows(_count_statement(shape), organization_id=organization_id, **values)
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


# ------------------------------------------------------------------------------------------------- pages as statements
# Which index a page walks: the first of these it is narrowed by, most selective first.
_DRIVERS = ("number", "email", "term", "tag", "archived", "sku", "location", "status", "door")
# Those that leave so few orders that they are sorted by change afterwards.
_SELECTIVE = _DRIVERS[:7]
# The index of changes, as what a page by receipt walks: only where few changed in the time asked for, because all of them are
# sorted by receipt before the page is cut.
CHANGES = "changes"
_OF_CHANGES = frozenset({"updated_from", "updated_to"})


class _Shape(Struct, frozen=True):
    """What a statement for a page depends on."""

    names: tuple[str, ...]
    sort: str = "created"
    ascending: bool = False
    continued: bool = False
    driver: str | None = None


async def _walked(
    tx: Transaction, organization_id: int, names: Sequence[str], values: Mapping[str, Any], sort: str
) -> str | None:
    """Choose the filter whose index a page walks: that of the fewest rows, as far as they are counted.

    Sorted by change, only one that leaves few orders is worth it; None is the index of all orders, or of changes.
    """
    drivers = _DRIVERS if sort == "created" else _SELECTIVE
    some = [name for name in drivers if name in names and (name != "archived" or values[name])]
    changes = tuple(name for name in names if name in _OF_CHANGES) if sort == "created" else ()
    if some[:1] == ["number"]:  # of one number there are few
        return "number"
    if len(some) < 2 and not changes:
        return some[0] if some else None
    given = {name: values[name] for name in (*some, *changes)}
    ((*found,),) = await tx.rows(_probe_statement(tuple(some), changes), organization_id=organization_id, **given)
    counted = dict(zip((*some, CHANGES), found, strict=False))
    if counted.get(CHANGES) == PROBED:  # or more
        del counted[CHANGES]
    return min(counted, key=counted.__getitem__, default=None)


@cache
def _probe_statement(names: tuple[str, ...], changes: tuple[str, ...]) -> Statement:
    shapes = [_Shape((name,), driver=name) for name in names] + [_Shape(changes, driver=CHANGES)] * bool(changes)
    counted = []
    for shape in shapes:
        some = _driven(shape).limit(PROBED).subquery(f"some_{shape.driver}")
        counted.append(select(func.count()).select_from(some).scalar_subquery())
    return Statement(select(*counted))


def _names(filters: Filters) -> tuple[str, ...]:
    return tuple(name for name in Filters.__struct_fields__ if getattr(filters, name) is not None)


def _values(filters: Filters, names: Iterable[str]) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(filters, name) for name in names}
    for name in ("number", "sku", "location"):
        if name in values:
            values[name] = search_key(values[name])
    if "email" in values:
        values["email"] = search_key(values["email"].lower())
    if "term" in values:
        values["term"] = fold(values["term"])
    if "tag" in values:
        values["tag"] = tag_term(values["tag"])
    if "created_from" in values:  # ids sort by time, so every index that ends in the id narrows the range
        values["floor_id"] = floor_id(values["created_from"])
    ends = [values[name] for name in ("created_to", "updated_to") if name in values]
    if ends:  # no order changes before it is received
        values["ceiling_id"] = floor_id(min(ends) + 1000)
    return values


def _has_residue(shape: _Shape) -> bool:
    """Say whether rows of the walked index can fail a filter that the index does not know, or are in another order."""
    driver = shape.driver
    if driver == CHANGES:
        return True
    if shape.sort == "updated":
        return driver is not None or not set(shape.names) <= {"updated_from", "updated_to"}
    return not set(shape.names) <= {driver, "created_from", "created_to"}


def _most_scanned(shape: _Shape) -> int:
    """Give how many rows of the walked index are looked at; changes are only walked where there are fewer than PROBED."""
    return PROBED if shape.driver == CHANGES else SCAN


def _driven(shape: _Shape) -> Select[Any]:
    """Select the ids of the walked index in order; times by receipt narrow it, so does the place to go on from."""
    driver = shape.driver
    tables: dict[str, tuple[Table, Column[Any]]] = {
        "sku": (order_line, order_line.c.sku_key),
        "location": (order_line, order_line.c.location_key),
        "term": (order_term, order_term.c.term),
        "tag": (order_term, order_term.c.term),
        "number": (orders, orders.c.number_key),
        "email": (orders, orders.c.email_key),
        "status": (orders, orders.c.status),
        "door": (orders, orders.c.door),
        "archived": (orders, orders.c.archived),
    }
    table, column = tables.get(driver or "", (orders, None))
    query = select(table.c.order_id).where(table.c.organization_id == bindparam("organization_id"))
    if column is not None and driver is not None:
        # A partial index is only seen by a condition that is written out.
        query = query.where(column == (true() if driver == "archived" else bindparam(driver)))
    if table is order_line:  # several lines of one order may match
        query = query.distinct()
    is_by_change = driver == CHANGES or (shape.sort == "updated" and driver is None)
    if not is_by_change:
        if "created_from" in shape.names:
            query = query.where(table.c.order_id >= bindparam("floor_id"))
        if "created_to" in shape.names or "updated_to" in shape.names:
            query = query.where(table.c.order_id < bindparam("ceiling_id"))
        if shape.continued:
            query = query.where(table.c.order_id < bindparam("before"))
        return query.order_by(table.c.order_id.asc() if shape.ascending else table.c.order_id.desc())
    # What was received when is not looked at here: the ids would be looked for in rows that SCAN does not count.
    if "updated_from" in shape.names:
        query = query.where(orders.c.updated_at >= bindparam("updated_from"))
    if "updated_to" in shape.names:
        query = query.where(orders.c.updated_at < bindparam("updated_to"))
    if driver == CHANGES and shape.continued:  # these are few
        query = query.where(orders.c.order_id < bindparam("before"))
    keys = (orders.c.updated_at, orders.c.order_id)
    return query.add_columns(orders.c.updated_at).order_by(
        *(key.asc() if shape.ascending else key.desc() for key in keys)
    )


def _narrowed(shape: _Shape) -> Select[Any]:
    """Select the ids of a page: of the walked index, or, where that is not all, of its first rows those that fit."""
    driven = _driven(shape)
    if not _has_residue(shape) and "created_from" not in shape.names and "created_to" not in shape.names:
        return driven
    scanned = driven.limit(bindparam("scan")).subquery("scanned") if _has_residue(shape) else driven.subquery("scanned")
    by_change = (orders.c.updated_at,) if shape.sort == "updated" else ()
    query = (
        select(scanned.c.order_id, *by_change)
        .select_from(scanned.join(orders, orders.c.order_id == scanned.c.order_id))
        .where(orders.c.organization_id == bindparam("organization_id"), *_residue(shape))
    )
    if shape.driver == CHANGES and _OF_CHANGES.issuperset(shape.names):  # the index says it all
        query = select(scanned.c.order_id)
    keys = (*by_change, scanned.c.order_id)
    return query.order_by(*(key.asc() if shape.ascending else key.desc() for key in keys))


def _residue(shape: _Shape) -> list[Any]:
    """Give the conditions the walked index does not settle by itself."""
    columns = {
        "door": orders.c.door, "number": orders.c.number_key, "status": orders.c.status, "email": orders.c.email_key,
        "archived": orders.c.archived,
    }  # fmt: skip
    joined: dict[str, tuple[Any, Any]] = {
        "sku": (order_line, order_line.c.sku_key),
        "location": (order_line, order_line.c.location_key),
        "term": (order_term, order_term.c.term),
        "tag": (order_term, order_term.c.term),
    }
    found: list[Any] = []
    for name in shape.names:
        if name == shape.driver or (shape.driver == CHANGES and name in _OF_CHANGES):
            continue
        if name in columns:
            found.append(columns[name] == bindparam(name))
        elif name in joined:
            table, column = joined[name][0].alias(f"of_{name}"), joined[name][1].name
            found.append(
                exists().where(
                    table.c.organization_id == orders.c.organization_id,
                    table.c.order_id == orders.c.order_id,
                    table.c[column] == bindparam(name),
                )
            )
        else:
            moment = orders.c.created_at if name.startswith("created") else orders.c.updated_at
            found.append(moment >= bindparam(name) if name.endswith("from") else moment < bindparam(name))
    return found


@cache
def _ids_statement(shape: _Shape) -> Statement:
    return Statement(_narrowed(shape).limit(bindparam("limit")).offset(bindparam("offset")))


@cache
def _scanned_statement(shape: _Shape) -> Statement:
    scanned = _driven(shape).limit(bindparam("scan")).subquery("scanned")
    return Statement(
        select(func.count(), func.min(scanned.c.order_id), func.max(scanned.c.order_id)).select_from(scanned)
    )


@cache
def _count_statement(shape: _Shape) -> Statement:
    some = _narrowed(shape).limit(COUNT_MOST).subquery("some")
    return Statement(select(func.count()).select_from(some))


# Ids looked at for each word of a search in one round, and rounds in one page: 10,000 ids a word take about 20 ms.
_WORD_IDS = 1_000
_ROUNDS = 10


async def search(
    tx: Transaction, organization_id: int, words: Sequence[str], filters: Filters, *, before: int | None, limit: int
) -> Page:
    """Give at most `limit` orders that have all `words`, newest first, older than the id `before`, narrowed by `filters`.

    A word is a whole number, e-mail, SKU, reference, customer or tracking number, or a word of a name; case does not matter
    (of numbers and SKUs, where they are written in one case).
    """
    found: list[Order] = []
    narrowing = [name for name in _names(filters) if name in _DRIVERS and name != "archived"]
    for _ in range(_ROUNDS):
        streams = [await _with_word(tx, organization_id, word, before) for word in words]
        streams += [await _with_filter(tx, organization_id, filters, name, before) for name in narrowing]
        # Below the lowest id of a stream that was cut, nothing is known yet.
        floor = max((ids[-1] for ids in streams if len(ids) == _WORD_IDS), default=None)
        common = set(streams[0]).intersection(*streams[1:])
        wanted = sorted((each for each in common if floor is None or each >= floor), reverse=True)
        for start in range(0, len(wanted), _PORTION):
            for order in await by_ids(tx, organization_id, wanted[start : start + _PORTION]):
                if fits(order, filters):
                    found.append(order)
            if len(found) >= limit:
                return Page(found[:limit], found[limit - 1].order_id)
        if floor is None:
            return Page(found)
        before = floor
    return Page(found, before)


_PORTION = 64  # orders read at a time while they are looked through


async def _with_word(tx: Transaction, organization_id: int, word: str, before: int | None) -> list[int]:
    spellings = {"exact": word, "upper": word.upper(), "lower": word.lower()}
    rows = await tx.rows(
        _word_statement(), organization_id=organization_id, before=MOST if before is None else before, limit=_WORD_IDS,
        term=fold(word), email=search_key(word.lower()),
        **{name: search_key(spelling) for name, spelling in spellings.items()},
    )  # fmt: skip
    return [row[0] for row in rows]


async def _with_filter(
    tx: Transaction, organization_id: int, filters: Filters, name: str, before: int | None
) -> list[int]:
    rows = await tx.rows(
        _filter_statement(name), organization_id=organization_id, before=MOST if before is None else before,
        limit=_WORD_IDS, **_values(filters, (name,)),
    )  # fmt: skip
    return [row[0] for row in rows]


@cache
def _filter_statement(name: str) -> Statement:
    return Statement(_driven(_Shape((name,), continued=True, driver=name)).limit(bindparam("limit")))


@cache
def _word_statement() -> Statement:
    spelled = [bindparam(name, type_=Text()) for name in ("exact", "upper", "lower")]
    parts = []
    for table, condition in (
        *((orders, orders.c.number_key == each) for each in spelled),
        *((order_line, order_line.c.sku_key == each) for each in spelled),
        (orders, orders.c.email_key == bindparam("email")),
        (order_term, order_term.c.term == bindparam("term")),
    ):
        part = (
            select(table.c.order_id)
            .where(
                table.c.organization_id == bindparam("organization_id"),
                condition,
                table.c.order_id < bindparam("before"),
            )
            .order_by(table.c.order_id.desc())
            .limit(bindparam("limit"))
        )
        if table is order_line:  # several lines of one order may match, and the limit is of orders
            part = part.distinct()
        parts.append(select(part.subquery().c.order_id))
    some = union(*parts).subquery("some")
    return Statement(select(some.c.order_id).order_by(some.c.order_id.desc()).limit(bindparam("limit")))


def fits(order: Order, filters: Filters) -> bool:
    """Say whether an order is one that `filters` leave; the same as the database says."""
    row = dict(zip(orders.columns.keys(), order_row(order), strict=True))
    lines = line_rows(order)
    values = _values(filters, _names(filters))
    tests: dict[str, Callable[[], bool]] = {
        "door": lambda: row["door"] == values["door"],
        "number": lambda: row["number_key"] == values["number"],
        "status": lambda: row["status"] == values["status"],
        "email": lambda: row["email_key"] == values["email"],
        "archived": lambda: row["archived"] == values["archived"],
        "sku": lambda: any(line[3] == values["sku"] for line in lines),
        "location": lambda: any(line[4] == values["location"] for line in lines),
        "term": lambda: values["term"] in terms_of(order),
        "tag": lambda: values["tag"] in terms_of(order),
        "created_from": lambda: order.created_at >= values["created_from"],
        "created_to": lambda: order.created_at < values["created_to"],
        "updated_from": lambda: order.updated_at >= values["updated_from"],
        "updated_to": lambda: order.updated_at < values["updated_to"],
    }
    return all(tests[name]() for name in _names(filters))
