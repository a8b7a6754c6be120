"""A list as one parameter: the same rows on every engine, however long the list is."""

import pytest
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

from crossdock.store import idempotency_keys, protocols
from crossdock.store.dialect import AnyOf
from crossdock.store.protocols import Statement, Store
from crossdock.store.tables import orders, request_key
from tests.store.samples import ONE, key

_KEYS = Statement(
    select(request_key.c.key)
    .where(
        AnyOf(request_key.c.key, "keys"),
        request_key.c.organization_id == bindparam("organization_id"),
        request_key.c.order_id >= bindparam("least"),
    )
    .order_by(request_key.c.key)
)


@pytest.mark.parametrize(
    "size", [0, 1, 2, 3, protocols.MAX_LIST_VALUES, protocols.MAX_LIST_VALUES + 1, 3 * protocols.MAX_LIST_VALUES]
)
async def test_a_list_of_any_length_gives_its_rows(store: Store, size: int) -> None:
    keys = [number.to_bytes(32, "big") for number in range(size)]
    async with store.writing() as tx:
        await idempotency_keys.claim(
            tx, [idempotency_keys.Claim(ONE, each, 1, place) for place, each in enumerate(keys)]
        )
        rows = await tx.rows(_KEYS, organization_id=ONE, keys=keys, least=1)
        assert [bytes(row[0]) for row in rows] == keys[1:]


async def test_a_value_twice_in_a_list_gives_its_row_once(store: Store) -> None:
    async with store.writing() as tx:
        await idempotency_keys.claim(tx, [idempotency_keys.Claim(ONE, key(1), 1, 1)])
        assert len(await tx.rows(_KEYS, organization_id=ONE, keys=[key(1), key(2), key(1)], least=1)) == 1


def test_an_sqlite_list_is_expanded_to_few_lengths() -> None:
    dialect, values = sqlite_dialect(paramstyle="qmark"), {"organization_id": ONE, "least": 4}
    three = _KEYS.bind(dialect, values | {"keys": [b"a", b"b", b"c"]})
    assert three == (_KEYS.bind(dialect, values | {"keys": [b"a"] * 4})[0], [b"a", b"b", b"c", b"c", ONE, 4])
    assert three[0].count("?") == 6


def test_a_postgresql_list_is_one_array() -> None:
    text, values = _KEYS.bind(asyncpg.dialect(), {"organization_id": ONE, "least": 4, "keys": [b"a", b"b"]})  # type: ignore[no-untyped-call]
    assert "= ANY ($1::BYTEA[])" in text
    assert values == [[b"a", b"b"], ONE, 4]


def test_a_statement_with_two_lists_is_refused() -> None:
    two = Statement(
        select(orders.c.order_id).where(AnyOf(orders.c.order_id, "ids"), AnyOf(orders.c.number_key, "numbers"))
    )
    with pytest.raises(AssertionError, match="one list"):
        two.text(sqlite_dialect())
