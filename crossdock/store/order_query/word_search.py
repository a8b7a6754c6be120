"""Search by words: the orders that have all of them, found by scanning the index of each word side by side."""

from collections.abc import Callable, Sequence
from functools import cache

from sqlalchemy import ColumnElement, Table, Text, bindparam, select, union

from crossdock.core.ids import MAX_ID, index_key
from crossdock.core.money import is_balanced
from crossdock.core.orders.model import Order
from crossdock.core.search_terms import fold, fold_email, words_of
from crossdock.store.order_query.query import (
    INDEXED_FILTERS,
    PARTIAL_INDEXES,
    Filters,
    OrderPage,
    filter_names,
    filter_values,
)
from crossdock.store.order_query.statements import IndexScan, leading_rows
from crossdock.store.orders import by_ids, email_key_of, line_keys, terms_of
from crossdock.store.protocols import Statement, Transaction
from crossdock.store.tables import order_line, order_term, orders

# Ids read of each word's index in one round, and rounds of one page: 10,000 ids a word take about 20 ms.
IDS_A_ROUND = 1_000
MAX_ROUNDS = 10
_PORTION = 64  # orders read at a time while they are examined


async def search(
    tx: Transaction, organization_id: int, words: Sequence[str], filters: Filters, *, before: int | None, limit: int
) -> OrderPage:
    """Read at most `limit` orders that have all `words` and match `filters`, newest first, older than the id `before`.

    A word is a whole number, e-mail, SKU, reference, customer or tracking number, or a word of a name; case does not matter
    (of numbers and SKUs, where they are stored in one case).
    """
    found: list[Order] = []
    names = [name for name in filter_names(filters) if name in INDEXED_FILTERS and name not in PARTIAL_INDEXES]
    for _ in range(MAX_ROUNDS):
        streams = [await _with_word(tx, organization_id, word, before) for word in words]
        for name in names:
            streams.append(_Stream(await _with_filter(tx, organization_id, filters, name, before)))
        # Below the lowest id of a stream that was cut, nothing is known yet.
        floor = max((stream.floor for stream in streams if stream.floor is not None), default=None)
        common = set.intersection(*(stream.ids for stream in streams))
        candidates = sorted((each for each in common if floor is None or each >= floor), reverse=True)
        for start in range(0, len(candidates), _PORTION):
            some = await by_ids(tx, organization_id, candidates[start : start + _PORTION])
            found += [order for order in some if matches(order, filters)]
            if len(found) >= limit:
                return OrderPage(found[:limit], found[limit - 1].order_id)
        if floor is None:
            return OrderPage(found)
        before = floor
    return OrderPage(found, before)


class _Stream:
    """Ids of orders, newest first, and the lowest one down to which they are complete; None where they all are."""

    def __init__(self, ids: Sequence[int]) -> None:
        self.ids = set(ids)
        self.floor = ids[-1] if len(ids) == IDS_A_ROUND else None


async def _with_word(tx: Transaction, organization_id: int, word: str, before: int | None) -> _Stream:
    """Read the orders that a word of a search finds: those with such a value, or with all the words of names in it."""
    stream = _Stream(await _with_value(tx, organization_id, word, before))
    parts = words_of(word)
    if parts in ([], [fold(word)]):
        return stream
    of_parts = [_Stream(await _with_value(tx, organization_id, part, before, is_name=True)) for part in parts]
    floors = [each.floor for each in (stream, *of_parts) if each.floor is not None]
    stream.ids |= set.intersection(*(each.ids for each in of_parts))
    stream.floor = max(floors, default=None)
    return stream


async def _with_value(
    tx: Transaction, organization_id: int, word: str, before: int | None, *, is_name: bool = False
) -> list[int]:
    variants = {"exact": word, "upper": word.upper(), "lower": word.lower()}
    rows = await tx.rows(
        _name_statement() if is_name else _word_statement(), organization_id=organization_id,
        before=MAX_ID if before is None else before, limit=IDS_A_ROUND, term=index_key(fold(word)),
        **({} if is_name else {"email": index_key(fold_email(word))}),
        **({} if is_name else {name: index_key(variant) for name, variant in variants.items()}),
    )  # fmt: skip
    return [row["order_id"] for row in rows]


async def _with_filter(
    tx: Transaction, organization_id: int, filters: Filters, name: str, before: int | None
) -> list[int]:
    rows = await tx.rows(
        _filter_statement(name), organization_id=organization_id, cursor=MAX_ID if before is None else before,
        limit=IDS_A_ROUND, **filter_values(filters, (name,)),
    )  # fmt: skip
    return [row["order_id"] for row in rows]


@cache
def _filter_statement(name: str) -> Statement:
    return Statement(leading_rows(IndexScan((name,), continued=True, leading_index=name)).limit(bindparam("limit")))


@cache
def _name_statement() -> Statement:
    return _union_of((order_term, order_term.c.term == bindparam("term")))


@cache
def _word_statement() -> Statement:
    variants = [bindparam(name, type_=Text()) for name in ("exact", "upper", "lower")]
    return _union_of(
        *((orders, orders.c.number_key == each) for each in variants),
        *((order_line, order_line.c.sku_key == each) for each in variants),
        (orders, orders.c.email_key == bindparam("email")),
        (order_term, order_term.c.term == bindparam("term")),
    )


def _union_of(*sources: tuple[Table, ColumnElement[bool]]) -> Statement:
    parts = []
    for table, condition in sources:
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


def matches(order: Order, filters: Filters) -> bool:
    """Tell whether an order matches filters, as the database decides it."""
    names = filter_names(filters)
    values = filter_values(filters, names)
    tests: dict[str, Callable[[], bool]] = {
        "door": lambda: order.source.door == values["door"],
        "number": lambda: index_key(order.content.number) == values["number"],
        "status": lambda: order.status == values["status"],
        "email": lambda: email_key_of(order) == values["email"],
        "archived": lambda: order.archived == values["archived"],
        "balanced": lambda: is_balanced(order.content) == values["balanced"],
        "sku": lambda: any(sku == values["sku"] for sku, _ in line_keys(order)),
        "location": lambda: any(location == values["location"] for _, location in line_keys(order)),
        "term": lambda: values["term"] in terms_of(order),
        "tag": lambda: values["tag"] in terms_of(order),
        "created_from": lambda: order.created_at >= values["created_from"],
        "created_to": lambda: order.created_at < values["created_to"],
        "updated_from": lambda: order.updated_at >= values["updated_from"],
        "updated_to": lambda: order.updated_at < values["updated_to"],
    }
    return all(tests[name]() for name in names)
