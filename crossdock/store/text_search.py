"""Search by words: the orders that have all of them, found by walking each word's index side by side."""

from collections.abc import Callable, Sequence
from functools import cache

from sqlalchemy import Text, bindparam, select, union

from crossdock.core.ids import MAX_ID, index_key
from crossdock.core.orders.model import Order
from crossdock.store import index_scan
from crossdock.store.index_scan import Filters, IndexScan
from crossdock.store.order_list import OrderPage
from crossdock.store.orders import by_ids, fold, line_rows, order_row, terms_of
from crossdock.store.protocols import Statement, Transaction
from crossdock.store.tables import order_line, order_term, orders

# Ids looked at for each word of a search in one round, and rounds in one page: 10,000 ids a word take about 20 ms.
_WORD_IDS = 1_000
_ROUNDS = 10


async def search(
    tx: Transaction, organization_id: int, words: Sequence[str], filters: Filters, *, before: int | None, limit: int
) -> OrderPage:
    """Give at most `limit` orders that have all `words`, newest first, older than the id `before`, narrowed by `filters`.

    A word is a whole number, e-mail, SKU, reference, customer or tracking number, or a word of a name; case does not matter
    (of numbers and SKUs, where they are written in one case).
    """
    found: list[Order] = []
    narrowing = [
        name for name in index_scan.names_of(filters) if name in index_scan.LEADING_INDEXES and name != "archived"
    ]
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
                return OrderPage(found[:limit], found[limit - 1].order_id)
        if floor is None:
            return OrderPage(found)
        before = floor
    return OrderPage(found, before)


_PORTION = 64  # orders read at a time while they are looked through


async def _with_word(tx: Transaction, organization_id: int, word: str, before: int | None) -> list[int]:
    spellings = {"exact": word, "upper": word.upper(), "lower": word.lower()}
    rows = await tx.rows(
        _word_statement(), organization_id=organization_id, before=MAX_ID if before is None else before, limit=_WORD_IDS,
        term=fold(word), email=index_key(word.lower()),
        **{name: index_key(spelling) for name, spelling in spellings.items()},
    )  # fmt: skip
    return [row[0] for row in rows]


async def _with_filter(
    tx: Transaction, organization_id: int, filters: Filters, name: str, before: int | None
) -> list[int]:
    rows = await tx.rows(
        _filter_statement(name), organization_id=organization_id, mark=MAX_ID if before is None else before,
        limit=_WORD_IDS, **index_scan.values_of(filters, (name,)),
    )  # fmt: skip
    return [row[0] for row in rows]


@cache
def _filter_statement(name: str) -> Statement:
    return Statement(
        index_scan.leading_rows(IndexScan((name,), continued=True, leading_index=name)).limit(bindparam("limit"))
    )


@cache
def _word_statement() -> Statement:
    rendered = [bindparam(name, type_=Text()) for name in ("exact", "upper", "lower")]
    parts = []
    for table, condition in (
        *((orders, orders.c.number_key == each) for each in rendered),
        *((order_line, order_line.c.sku_key == each) for each in rendered),
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
    values = index_scan.values_of(filters, index_scan.names_of(filters))
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
    return all(tests[name]() for name in index_scan.names_of(filters))
