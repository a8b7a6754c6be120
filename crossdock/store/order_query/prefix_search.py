"""Search by the beginning of a word, for people who are still typing: a bounded number of values of each index."""

from functools import cache

from sqlalchemy import Column, Table, Text, bindparam, select

from crossdock.core.ids import index_key
from crossdock.core.orders.model import Order
from crossdock.core.search_terms import fold, fold_email, words_of
from crossdock.store.orders import email_key_of, line_keys, terms_of
from crossdock.store.protocols import Statement, Transaction
from crossdock.store.tables import order_line, order_term, orders

# Entries read of each index from where values with the prefix begin.
ENTRIES = 200
# Shorter beginnings find too much to be of use; of Chinese and the like, one character says as much as a syllable.
SHORTEST = 2


def is_long_enough(word: str) -> bool:
    """Tell whether a word is long enough to be looked for by its beginning."""
    return len(word) >= SHORTEST or not word.isascii()


async def with_prefix(tx: Transaction, organization_id: int, word: str) -> tuple[list[int], bool]:
    """Find orders with a number, SKU, e-mail address or search term that begins with `word`, newest first.

    Reads ENTRIES values of each index from the first one on, in the database's collation, and tells whether that may not have
    been all.
    """
    found: set[int] = set()
    is_cut = False
    for table, name, variants in _sources(word):
        for variant in variants:
            rows = await tx.rows(
                _statement(table, name), organization_id=organization_id, prefix=variant, limit=ENTRIES
            )
            matching = [row["order_id"] for row in rows if row["value"].startswith(variant)]
            found.update(matching)
            is_cut = is_cut or len(matching) == ENTRIES
    return sorted(found, reverse=True), is_cut


def _sources(word: str) -> list[tuple[Table, str, list[str]]]:
    """List the indexes, each with the forms in which it may have the word."""
    cases = list(dict.fromkeys((word, word.upper(), word.lower())))
    return [
        (orders, "number_key", cases),
        (order_line, "sku_key", cases),
        (orders, "email_key", [fold_email(word)]),
        (order_term, "term", _beginnings(word)),
    ]


def _beginnings(word: str) -> list[str]:
    """Return the beginnings of search terms that a word stands for: itself, and the word of a name that it is."""
    parts = words_of(word)
    return list(dict.fromkeys((fold(word), *(parts if len(parts) == 1 else ()))))


@cache
def _statement(table: Table, name: str) -> Statement:
    column: Column[str] = table.c[name]
    return Statement(
        select(column.label("value"), table.c.order_id)
        .where(
            table.c.organization_id == bindparam("organization_id"), column >= bindparam("prefix", type_=Text()),
            *((column.is_not(None),) if column.nullable else ()),
        )
        .order_by(column, table.c.order_id)
        .limit(bindparam("limit"))
    )  # fmt: skip


def has_word(order: Order, word: str, *, is_prefix: bool = False) -> bool:
    """Tell whether an order has a word, or a value that begins with it, as the searches decide it."""
    exact = {index_key(each) for each in (word, word.upper(), word.lower())}
    folded = {index_key(fold(word)), index_key(fold_email(word))}
    values = {index_key(order.content.number), *(sku for sku, _ in line_keys(order) if sku)}
    terms = {*terms_of(order), *filter(None, [email_key_of(order)])}
    if not is_prefix:
        return bool(exact & values or folded & terms or _has_parts(word, terms))
    return any(each.startswith(tuple(exact)) for each in values) or any(
        each.startswith((fold_email(word), *_beginnings(word))) for each in terms
    )


def _has_parts(word: str, terms: set[str]) -> bool:
    parts = words_of(word)
    return bool(parts) and parts != [fold(word)] and terms.issuperset(parts)
